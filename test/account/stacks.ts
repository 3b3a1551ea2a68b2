import { App, CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { RunTask, RunTaskProps } from 'cdk-ecs-run-task';
import { Construct } from 'constructs';
import { stackName, TAG } from './tags';

/** The outputs of the shared stack. */
export interface Ground {
  readonly cluster: string;
  readonly logGroup: string;
  readonly vpc: string;
  readonly zones: string[];
  readonly subnets: string[];
  readonly securityGroup: string;
}

export const GROUND = 'ground';

export const createApp = (outdir?: string): App => new App({
  outdir,
  analyticsReporting: false,
  context: { '@aws-cdk/aws-autoscaling:generateLaunchTemplateInsteadOfLaunchConfig': true }, // new accounts cannot create launch configurations
});

/** Builds the stack that all checks share to save time: a network without NAT gateways, a cluster, and a log group. None of them costs anything. */
export function buildGround(app: App, runId: string): void {
  const name = stackName(runId, GROUND);
  const stack = new Stack(app, name, { tags: { [TAG]: runId } });
  const vpc = new ec2.Vpc(stack, 'Vpc', {
    maxAzs: 2,
    natGateways: 0,
    subnetConfiguration: [{ name: 'Public', subnetType: ec2.SubnetType.PUBLIC }],
    restrictDefaultSecurityGroup: false,
  });
  const cluster = new ecs.Cluster(stack, 'Cluster', { vpc, clusterName: name });
  const logGroup = new logs.LogGroup(stack, 'Logs', { logGroupName: `/${name}`, removalPolicy: RemovalPolicy.DESTROY, retention: logs.RetentionDays.ONE_WEEK });
  const securityGroup = new ec2.SecurityGroup(stack, 'SecurityGroup', { vpc });
  const outputs: Record<keyof Ground, string> = {
    cluster: cluster.clusterName,
    logGroup: logGroup.logGroupName,
    vpc: vpc.vpcId,
    zones: vpc.publicSubnets.map(({ availabilityZone }) => availabilityZone).join(),
    subnets: vpc.publicSubnets.map(({ subnetId }) => subnetId).join(),
    securityGroup: securityGroup.securityGroupId,
  };
  Object.entries(outputs).forEach(([key, value]) => new CfnOutput(stack, key, { value }));
}

/**
 * The paths of functions in a stack: the function of the library, and the one of `AnsweringFunction`. An Auto Scaling group of a
 * cluster has another.
 */
const HANDLERS = ['EcsRunTaskHandler/Function/Resource', 'Function/Resource'];

export interface CheckStackProps {
  readonly runId: string;
  readonly check: string;
  readonly ground: Ground;
  readonly image: string;
}

/** One version of the stack of a check. A check deploys its versions one after the other. */
export class CheckStack extends Stack {
  public readonly vpc: ec2.IVpc;
  public readonly cluster: ecs.ICluster;
  public readonly logGroup: logs.ILogGroup;

  constructor(app: App, private readonly props: CheckStackProps) {
    const { runId, check, ground } = props;
    super(app, stackName(runId, check), { tags: { [TAG]: runId } });
    this.vpc = ec2.Vpc.fromVpcAttributes(this, 'Vpc', { vpcId: ground.vpc, availabilityZones: ground.zones, publicSubnetIds: ground.subnets });
    this.cluster = ecs.Cluster.fromClusterAttributes(this, 'Cluster', { clusterName: ground.cluster, vpc: this.vpc, securityGroups: [] });
    this.logGroup = logs.LogGroup.fromLogGroupName(this, 'Logs', ground.logGroup);
  }

  /** Defines a task of one container that runs a shell command. */
  public define(id: string, command: string, scope: Construct = this, logGroup = this.logGroup): ecs.FargateTaskDefinition {
    const definition = new ecs.FargateTaskDefinition(scope, id);
    this.addContainer(definition, command, logGroup);
    return definition;
  }

  public addContainer(definition: ecs.TaskDefinition, command: string, logGroup = this.logGroup): void {
    definition.addContainer('app', {
      image: ecs.ContainerImage.fromRegistry(this.props.image),
      command: ['sh', '-c', command],
      memoryLimitMiB: 128,
      logging: ecs.LogDrivers.awsLogs({ streamPrefix: 'verify', logGroup }),
    });
  }

  public run(id: string, command: string, props: Partial<RunTaskProps> = {}, scope: Construct = this): RunTask {
    return new RunTask(scope, id, {
      cluster: this.cluster,
      taskDefinition: props.taskDefinition ?? this.define(`${id}Definition`, command, scope),
      assignPublicIp: true,
      securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(scope, `${id}SecurityGroup`, this.props.ground.securityGroup, { mutable: false })],
      ...props,
    });
  }

  /** Names the function and its log group. The group outlasts a rollback, so that the log can be read. The clean-up deletes it. */
  public nameFunction(stack: Stack = this, name = this.stackName): void {
    const functions = stack.node.findAll().filter((child): child is lambda.CfnFunction => child instanceof lambda.CfnFunction);
    const handler = functions.find(({ node }) => HANDLERS.includes(node.path.slice(stack.node.path.length + 1)));
    if (handler) {
      handler.functionName = name;
      const logGroup = new logs.CfnLogGroup(stack, 'FunctionLogs', { logGroupName: `/aws/lambda/${name}`, retentionInDays: 7 });
      logGroup.applyRemovalPolicy(RemovalPolicy.RETAIN);
      handler.addDependency(logGroup);
    }
  }
}
