import { AwsApiCall, ExpectedResult, IntegTest, Match } from '@aws-cdk/integ-tests-alpha';
import { App, Aspects, CfnResource, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

/** An app whose snapshot holds little more than templates. */
export const createApp = (): App => new App({
  analyticsReporting: false,
  treeMetadata: false,
  postCliContext: {
    '@aws-cdk/core:enableAdditionalMetadataCollection': false,
    'aws:cdk:disable-stack-trace': true, // the trace of a warning has paths of the machine
  },
});

/** A network that costs nothing, and a cluster with the name of the stack, by which the assertions find it without changing the template. */
export function createCluster(stack: Stack): ecs.Cluster {
  const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 0, subnetConfiguration: [{ name: 'Public', subnetType: ec2.SubnetType.PUBLIC }] });
  return new ecs.Cluster(stack, 'Cluster', { vpc, clusterName: stack.stackName });
}

export function createDefinition(scope: Construct, family: string, command: string[]): ecs.FargateTaskDefinition {
  const taskDefinition = new ecs.FargateTaskDefinition(scope, 'TaskDefinition', { family });
  addContainer(taskDefinition, command);
  return taskDefinition;
}

export function addContainer(taskDefinition: ecs.TaskDefinition, command: string[], props: Partial<ecs.ContainerDefinitionOptions> = {}): void {
  taskDefinition.addContainer('app', {
    image: ecs.ContainerImage.fromRegistry('public.ecr.aws/docker/library/busybox:stable'),
    command,
    memoryLimitMiB: 128,
    logging: ecs.LogDrivers.awsLogs({ streamPrefix: 'app', logGroup: createLogs(taskDefinition) }),
    ...props,
  });
}

export function createLogs(scope: Construct): logs.LogGroup {
  return new logs.LogGroup(scope, 'Logs', { retention: logs.RetentionDays.ONE_DAY, removalPolicy: RemovalPolicy.DESTROY });
}

/** The integration test of some stacks. Its assertions run one after the other, in a stack that is deployed after these. */
export class Integration {
  private readonly test: IntegTest;
  private readonly stack: Stack;
  private last?: AwsApiCall;

  constructor(app: App, ...testCases: Stack[]) {
    this.stack = new Stack(app, `${testCases[0].stackName}Assertions`);
    testCases.forEach((testCase) => this.stack.addDependency(testCase));
    this.test = new IntegTest(app, 'Integ', {
      testCases,
      assertionStack: this.stack,
      diffAssets: false, // the function's code changes with each commit, and says nothing about the template
      stackUpdateWorkflow: false, // it would need the code of each function in the snapshot
    });
    if (process.env.CDK_INTEG_REGION === 'test-region') { // integ-runner writes or compares the snapshot
      Aspects.of(this.stack).add({ visit: (node) => node instanceof CfnResource && removeSalt(node) });
    }
  }

  /** Calls AWS after the calls before. With `expected`, repeats the call until that is the answer, and fails after five minutes. */
  call(service: string, api: string, parameters: object, expected?: object): AwsApiCall {
    const call = this.test.assertions.awsApiCall(service, api, parameters) as AwsApiCall;
    if (expected) {
      call.expect(ExpectedResult.objectLike(expected as { [key: string]: unknown }))
        .waitForAssertions({ totalTimeout: Duration.minutes(5), interval: Duration.seconds(10) });
    }
    this.last?.next(call);
    this.last = call;
    return call;
  }

  /** Expects of ECS that as many tasks of the family have ended as there are exit codes, with one of these each, and how many are running. */
  expectTasks(cluster: string, family: string, exitCodes: number[], like: object = {}, running = 0): void {
    const arns = (count: number) => ({ taskArns: Array.from({ length: count }, () => Match.stringLikeRegexp(`:task/${cluster}/`)) });
    const stopped = { cluster, family, desiredStatus: 'STOPPED' };
    this.call('ECS', 'listTasks', stopped, arns(exitCodes.length));
    this.call('ECS', 'listTasks', { ...stopped, desiredStatus: 'RUNNING' }, arns(running));
    if (exitCodes.length === 0) {
      return;
    }
    const list = this.call('ECS', 'listTasks', stopped);
    const tasks = exitCodes.map((_, index) => list.getAttString(`taskArns.${index}`)); // in no particular order
    for (const exitCode of new Set(exitCodes)) {
      const expected = Match.objectLike({ ...like, lastStatus: 'STOPPED', containers: [Match.objectLike({ name: 'app', exitCode })] });
      this.call('ECS', 'describeTasks', { cluster, tasks }, { tasks: Match.arrayWith(exitCodes.filter((other) => other === exitCode).map(() => expected)) });
    }
  }

  /** Expects of CloudFormation that these events happened in this order, with others in between. */
  expectEvents(stackName: string, ...events: Array<readonly [type: string, status: string]>): void {
    const newestFirst = events.map(([ResourceType, ResourceStatus]) => Match.objectLike({ ResourceType, ResourceStatus })).reverse();
    this.call('CloudFormation', 'describeStackEvents', { StackName: stackName }, { StackEvents: Match.arrayWith(newestFirst) });
  }
}

/** The time of the synthesis, by which each deployment repeats the calls. */
function removeSalt(resource: CfnResource): void {
  if (resource.cfnResourceType.startsWith('Custom::DeployAssert')) {
    resource.addPropertyDeletionOverride('salt');
  }
}
