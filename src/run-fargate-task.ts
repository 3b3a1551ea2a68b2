import { Lazy, RemovalPolicy, Stack, Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct, IConstruct } from 'constructs';
import { checkValues } from './given-values';
import { isFargateProvider } from './request/task-definition';
import { checkSizesOfTask } from './request/validation/overrides';
import { RunTask } from './run-task';
import type { RunTaskOptions } from './run-task-props';
import { throwErrors } from './throw-errors';

/** The id that aws-ecs-patterns uses, so that its services in the same stack and VPC share the cluster. */
const DEFAULT_CLUSTER_ID = 'EcsDefaultClusterMnL3mNNYN';

/**
 * Properties for running an image on Fargate.
 */
export interface RunFargateTaskProps extends RunTaskOptions {
  /**
   * The image used to start the container.
   */
  readonly image: ecs.ContainerImage;

  /**
   * The name of the container.
   *
   * @default 'app'
   */
  readonly containerName?: string;

  /**
   * The command that is passed to the container.
   *
   * @default - the command of the image
   */
  readonly command?: string[];

  /**
   * The entry point that is passed to the container.
   *
   * @default - the entry point of the image
   */
  readonly entryPoint?: string[];

  /**
   * The environment variables to pass to the container. They are visible in the template: use `secrets` for secrets.
   *
   * @default - the environment variables of the image
   */
  readonly environment?: { [name: string]: string };

  /**
   * The secret environment variables to pass to the container. ECS reads their values from Secrets Manager or from SSM parameters.
   *
   * The execution role is granted permission to read them.
   *
   * @default - no secret environment variables
   */
  readonly secrets?: { [name: string]: ecs.Secret };

  /**
   * The number of CPU units used by the task, from 256 to 16384. 1024 CPU units are one vCPU.
   *
   * The CPU units determine which values of `memoryLimitMiB` are valid.
   *
   * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
   * @default 256
   */
  readonly cpu?: number;

  /**
   * The amount (in MiB) of memory used by the task.
   *
   * @default 512
   */
  readonly memoryLimitMiB?: number;

  /**
   * The amount (in GiB) of ephemeral storage for the task, from 21 to 200.
   *
   * @default 20
   */
  readonly ephemeralStorageGiB?: number;

  /**
   * The operating system and the CPU architecture of the image.
   *
   * @default - Linux on X86_64
   */
  readonly runtimePlatform?: ecs.RuntimePlatform;

  /**
   * The name of the family of the task definition.
   *
   * @default - a name made from the path of the construct
   */
  readonly family?: string;

  /**
   * The IAM role that grants the containers of the task permission to call AWS APIs. Grants to the `RunFargateTask` go to this role.
   *
   * @default - a new role
   */
  readonly taskRole?: iam.IRole;

  /**
   * The IAM role that ECS uses to pull the image, read secrets and write logs.
   *
   * @default - a new role
   */
  readonly executionRole?: iam.IRole;

  /**
   * The log driver of the container. The error of a failed task shows the end of the log if the driver is `awslogs`.
   *
   * @default - the `awslogs` driver with a new log group that keeps events for one month. The log group is not deleted with the stack,
   * so the log of a failed first deployment is still available after its rollback. The driver is in blocking mode if the stack uses an
   * output of the task, so that no line is lost.
   */
  readonly logDriver?: ecs.LogDriver;

  /**
   * The cluster on which to run the task, owned or imported with its VPC. Setting it together with `vpc` is an error.
   *
   * @default - the default cluster that `aws-ecs-patterns` uses for the VPC in this stack; it is created if it does not exist
   */
  readonly cluster?: ecs.ICluster;

  /**
   * The VPC in which to run the task. Setting it together with `cluster` is an error.
   *
   * @default - the VPC of the cluster; a new cluster gets a new VPC, with the NAT gateways that `ec2.Vpc` has by default
   */
  readonly vpc?: ec2.IVpc;
}

/**
 * Runs an image on Fargate during the deployment, waits for the task, and fails the deployment if the task fails.
 *
 * Creates a `RunTask` and what it requires: a task definition, roles, a log group and a security group, and a cluster if you do not
 * provide one.
 *
 * @see https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
 */
export class RunFargateTask extends Construct implements ec2.IConnectable, iam.IGrantable {
  /**
   * The `RunTask` that runs the task, with its attributes and outputs.
   */
  public readonly task: RunTask;

  /**
   * The task definition. You can add containers, volumes and permissions to it.
   */
  public readonly taskDefinition: ecs.FargateTaskDefinition;

  /**
   * The cluster on which the task runs.
   */
  public readonly cluster: ecs.ICluster;

  /**
   * The network connections of the task.
   */
  public readonly connections: ec2.Connections;

  /**
   * The principal to grant permissions to: the task role.
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
   * Starts the task after everything in these scopes has been created.
   *
   * @param scopes The scopes to create before the task starts, such as a database.
   */
  public executeAfter(...scopes: IConstruct[]): void {
    this.task.executeAfter(...scopes);
  }

  /**
   * Creates and updates everything in these scopes after the task has succeeded. Resources that the task itself needs do not wait.
   *
   * @param scopes The scopes that wait for the task, such as a service.
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
      // CloudWatch Logs accepts 512 characters without : and *, and the name of the container and the id of the task need up to 289 of them.
      streamPrefix: this.node.id.replace(/[:*]/g, '-').slice(0, 200),
      // By default ECS drops lines when its buffer is full, and an output could be one of them.
      mode: Lazy.string({ produce: () => this.task._usesOutputs() ? ecs.AwsLogDriverMode.BLOCKING : undefined }) as ecs.AwsLogDriverMode,
      logGroup: new logs.LogGroup(this, 'LogGroup', { retention: logs.RetentionDays.ONE_MONTH, removalPolicy: RemovalPolicy.RETAIN }),
    });
  }
}

/** Checks the props that the RunTask does not get. */
function validate(scope: Construct, props: RunFargateTaskProps): void {
  throwErrors(scope.node.path, [...checkValues({ ...props, image: props.image ?? null })]);
  throwErrors(scope.node.path, [...checkSizesOfTask(props, true)]);
  const { cluster, vpc, capacityProviderStrategies = [] } = props;
  if (cluster && vpc) {
    throw new Error(`[${scope.node.path}] cluster and vpc cannot both be set; remove vpc, because the cluster already has a VPC`);
  }
  const isOther = (provider: string) => !Token.isUnresolved(provider) && !isFargateProvider(provider);
  const others = capacityProviderStrategies.map(({ capacityProvider }) => capacityProvider).filter(isOther);
  if (others.length > 0) {
    throw new Error(`[${scope.node.path}] capacityProviderStrategies must name only FARGATE and FARGATE_SPOT, got: ${others.join(', ')}; `
      + 'use RunTask for other capacity providers');
  }
}
