import { Lazy, RemovalPolicy, Stack, Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct, IConstruct } from 'constructs';
import { isFargateProvider } from './request/task-definition';
import { RunTask } from './run-task';
import type { RunTaskOptions } from './run-task-props';

/** The id that aws-ecs-patterns uses, so that its services in the same stack and VPC share the cluster. */
const DEFAULT_CLUSTER_ID = 'EcsDefaultClusterMnL3mNNYN';

/**
 * The image to run on Fargate, and how to run it.
 */
export interface RunFargateTaskProps extends RunTaskOptions {
  /**
   * The image of the container.
   */
  readonly image: ecs.ContainerImage;

  /**
   * The name of the container.
   *
   * @default 'app'
   */
  readonly containerName?: string;

  /**
   * The command of the container.
   *
   * @default - that of the image
   */
  readonly command?: string[];

  /**
   * The entry point of the container.
   *
   * @default - that of the image
   */
  readonly entryPoint?: string[];

  /**
   * Environment variables of the container. They are readable in the template: a secret belongs in `secrets`.
   *
   * @default - none but those of the image
   */
  readonly environment?: { [name: string]: string };

  /**
   * Environment variables of the container whose values ECS reads from Secrets Manager or from SSM parameters. The
   * execution role gets the permission to read them.
   *
   * @default - none
   */
  readonly secrets?: { [name: string]: ecs.Secret };

  /**
   * The CPU units of the task; 1024 are one vCPU. Fargate has sizes of 256 to 16384, each with memory sizes of its own.
   *
   * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
   * @default 256
   */
  readonly cpu?: number;

  /**
   * The memory of the task, in MiB.
   *
   * @default 512
   */
  readonly memoryLimitMiB?: number;

  /**
   * The ephemeral storage of the task in GiB, 21 to 200.
   *
   * @default - 20, by default of the service
   */
  readonly ephemeralStorageGiB?: number;

  /**
   * The operating system and the CPU architecture of the image.
   *
   * @default - Linux on X86_64, by default of the service
   */
  readonly runtimePlatform?: ecs.RuntimePlatform;

  /**
   * The family of the task definition.
   *
   * @default - a name made from the construct's path
   */
  readonly family?: string;

  /**
   * The role of the task's containers, to which grants go.
   *
   * @default - a new role
   */
  readonly taskRole?: iam.IRole;

  /**
   * The role with which ECS pulls the image, reads secrets and writes logs.
   *
   * @default - a new role
   */
  readonly executionRole?: iam.IRole;

  /**
   * Where the container logs to. The error of a task that fails shows the end of an `awslogs` log.
   *
   * @default - a new log group that keeps events for one month. It outlives the stack, so that the log of a first
   * deployment that fails is there after its rollback. The driver has the blocking mode if the stack uses an output of the
   * task, so that no line is lost.
   */
  readonly logDriver?: ecs.LogDriver;

  /**
   * The cluster that runs the task, owned or imported with its VPC. It is an error together with `vpc`.
   *
   * @default - the cluster that `aws-ecs-patterns` makes for the VPC in this stack, or would make
   */
  readonly cluster?: ecs.ICluster;

  /**
   * The VPC that the task runs in. It is an error together with `cluster`.
   *
   * @default - that of the cluster. Without a cluster it is a new one, with the NAT gateways that `ec2.Vpc` has by default.
   */
  readonly vpc?: ec2.IVpc;
}

/**
 * Runs an image on Fargate during the deployment, waits for it, and fails the deployment if it fails.
 *
 * It is a `RunTask` with all that belongs to it: task definition, roles, log group, security group, and a cluster if
 * there is none.
 *
 * @see https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
 */
export class RunFargateTask extends Construct implements ec2.IConnectable, iam.IGrantable {
  /**
   * The run of the task.
   */
  public readonly task: RunTask;

  /**
   * The task definition. Further containers, volumes and permissions can be added to it.
   */
  public readonly taskDefinition: ecs.FargateTaskDefinition;

  /**
   * The cluster that runs the task.
   */
  public readonly cluster: ecs.ICluster;

  /**
   * The network connections of the task.
   */
  public readonly connections: ec2.Connections;

  /**
   * The role of the task's containers.
   */
  public readonly grantPrincipal: iam.IPrincipal;

  constructor(scope: Construct, id: string, props: RunFargateTaskProps) {
    super(scope, id);
    validate(this, props);

    this.cluster = props.cluster ?? this.findOrCreateCluster(props);
    const { cpu, memoryLimitMiB, ephemeralStorageGiB, runtimePlatform, family, taskRole, executionRole } = props;
    this.taskDefinition = new ecs.FargateTaskDefinition(this, 'TaskDefinition', {
      cpu, memoryLimitMiB, ephemeralStorageGiB, runtimePlatform, family, taskRole, executionRole,
    });
    const { image, command, entryPoint, environment, secrets } = props;
    this.taskDefinition.addContainer(props.containerName ?? 'app', {
      image, command, entryPoint, environment, secrets, logging: props.logDriver ?? this.createLogDriver(),
    });
    this.task = new RunTask(this, 'Task', {
      ...props,
      cluster: this.cluster,
      taskDefinition: this.taskDefinition,
      command: undefined, // those of the definition
      environment: undefined,
    });
    this.node.defaultChild = this.task.node.defaultChild; // as RunTask has it
    this.connections = this.task.connections;
    this.grantPrincipal = this.task.grantPrincipal;
  }

  /**
   * Starts the task only when everything in these scopes is there.
   *
   * @param scopes What has to be there, such as a database.
   */
  public executeAfter(...scopes: IConstruct[]): void {
    this.task.executeAfter(...scopes);
  }

  /**
   * Creates and updates what is in these scopes only after the task has succeeded, except for what the task itself needs.
   *
   * @param scopes What has to wait, such as a service.
   */
  public executeBefore(...scopes: IConstruct[]): void {
    this.task.executeBefore(...scopes);
  }

  private findOrCreateCluster({ vpc, capacityProviderStrategies }: RunFargateTaskProps): ecs.Cluster {
    const stack = Stack.of(this);
    const id = `${DEFAULT_CLUSTER_ID}${vpc?.node.id ?? ''}`;
    const cluster = stack.node.tryFindChild(id) as ecs.Cluster | undefined ?? new ecs.Cluster(stack, id, { vpc });
    if (capacityProviderStrategies) {
      cluster.enableFargateCapacityProviders();
    }
    return cluster;
  }

  private createLogDriver(): ecs.LogDriver {
    return ecs.LogDrivers.awsLogs({
      streamPrefix: this.node.id,
      // By default ECS drops lines when its buffer is full, and an output could be one of them.
      mode: Lazy.string({ produce: () => this.task._usesOutputs() ? ecs.AwsLogDriverMode.BLOCKING : undefined }) as ecs.AwsLogDriverMode,
      logGroup: new logs.LogGroup(this, 'LogGroup', { retention: logs.RetentionDays.ONE_MONTH, removalPolicy: RemovalPolicy.RETAIN }),
    });
  }
}

/** Checks the props that the RunTask does not get. */
function validate(scope: Construct, { cluster, vpc, capacityProviderStrategies = [] }: RunFargateTaskProps): void {
  if (cluster && vpc) {
    throw new Error(`[${scope.node.path}] cluster and vpc exclude each other, got both; remove vpc, because the cluster has its own`);
  }
  const isOther = (provider: string) => !Token.isUnresolved(provider) && !isFargateProvider(provider);
  const others = capacityProviderStrategies.map(({ capacityProvider }) => capacityProvider).filter(isOther);
  if (others.length > 0) {
    throw new Error(`[${scope.node.path}] capacityProviderStrategies must name FARGATE and FARGATE_SPOT only, got: ${others.join(', ')}; `
      + 'use RunTask for other capacity');
  }
}
