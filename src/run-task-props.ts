import type { Duration, TagManager } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';

/**
 * When a deployment runs the task.
 *
 * The first deployment always runs it.
 */
export enum RunOn {
  /**
   * When a property of the `RunTask` changed, be it a new revision of the task definition, an override or a trigger.
   */
  CHANGE = 'CHANGE',

  /**
   * Only when the `RunTask` is created.
   */
  CREATE = 'CREATE',

  /**
   * In each deployment. A diff then always shows a change: the time of the synthesis.
   */
  EVERY_DEPLOYMENT = 'EVERY_DEPLOYMENT',
}

/**
 * Whether the rollback of a failed update runs the task.
 */
export enum OnRollback {
  /**
   * It does not: the task of the version before may well fail on what the newer one has changed.
   */
  SKIP = 'SKIP',

  /**
   * It runs the task of the version that is restored. The rollback does not fail because of it: a failure of the task
   * is in the events of the stack only.
   */
  RUN = 'RUN',
}

/**
 * What ends the wait for a task.
 */
export enum CompleteWhen {
  /**
   * The exit codes of the containers that decide are known. With network mode `awsvpc` that is 12 to 25 seconds
   * before the task is `STOPPED`, because ECS removes its network interface in between.
   */
  EXIT_CODES_KNOWN = 'EXIT_CODES_KNOWN',

  /**
   * The task is `STOPPED`, its network interface removed.
   */
  TASK_STOPPED = 'TASK_STOPPED',
}

/**
 * The type of a resource that a container needs.
 */
export enum ResourceType {
  /**
   * A number of GPUs, or `ALL` of the instance, or a share of one.
   */
  GPU = 'GPU',

  /**
   * An Elastic Inference accelerator of the task definition, by its device name.
   *
   * @deprecated AWS has ended Elastic Inference. The API still has this type.
   */
  INFERENCE_ACCELERATOR = 'InferenceAccelerator',

  /**
   * The AWS Neuron devices of a Managed Instance. The value must be `ALL`.
   */
  NEURON_DEVICE = 'NeuronDevice',
}

/**
 * The share of a GPU that a container gets through NVIDIA Multi-Process Service.
 *
 * @see https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ResourceRequirement.html
 */
export interface NvidiaMps {
  /**
   * The GPU memory in MiB. It has to be available on a single GPU.
   */
  readonly memoryMiB: number;

  /**
   * The largest percentage of the GPU's compute capacity that the container may use.
   *
   * @default - no limit
   */
  readonly maxComputePercent?: number;
}

/**
 * How a container shares a GPU with others.
 *
 * @see https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ResourceRequirement.html
 */
export interface SharingStrategy {
  /**
   * Share through NVIDIA Multi-Process Service.
   */
  readonly nvidiaMps: NvidiaMps;
}

/**
 * A resource that a container needs.
 *
 * @see https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ResourceRequirement.html
 */
export interface ResourceRequirement {
  /**
   * The type of the resource.
   */
  readonly type: ResourceType;

  /**
   * How much of it: a number of GPUs or `ALL`, the device name of an accelerator, or `ALL` Neuron devices.
   *
   * @default - none, which only a GPU with a `sharingStrategy` allows
   */
  readonly value?: string;

  /**
   * How the container shares a GPU. It is an error together with `value`, or for another type than GPU.
   *
   * @default - the container has its GPUs for itself
   */
  readonly sharingStrategy?: SharingStrategy;
}

/**
 * What is different in one container of the task.
 *
 * All overrides of a task together have at most 8192 characters as JSON.
 *
 * @see https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerOverride.html
 */
export interface ContainerOverride {
  /**
   * The name of a container in the task definition. A name that the definition does not have is an error.
   */
  readonly containerName: string;

  /**
   * The command, in place of that of the task definition or the image.
   *
   * @default - as in the task definition
   */
  readonly command?: string[];

  /**
   * Environment variables to add or to replace. They are readable in the template. The value of a secret is an error,
   * because CloudFormation does not resolve it in a custom resource: use `secrets` of the container in the task definition.
   *
   * @default - as in the task definition
   */
  readonly environment?: { [name: string]: string };

  /**
   * Files with environment variables, in place of those of the task definition. The execution role gets the
   * permission to read them.
   *
   * @default - as in the task definition
   */
  readonly environmentFiles?: ecs.EnvironmentFile[];

  /**
   * The number of CPU units to reserve for the container. 1024 are one vCPU.
   *
   * @default - as in the task definition
   */
  readonly cpu?: number;

  /**
   * The hard limit of the container's memory, in MiB. A container that exceeds it is killed.
   *
   * @default - as in the task definition
   */
  readonly memoryLimitMiB?: number;

  /**
   * The soft limit of the container's memory, in MiB.
   *
   * @default - as in the task definition
   */
  readonly memoryReservationMiB?: number;

  /**
   * The number of GPUs to reserve for the container: short for a requirement of type GPU, and an error beside one.
   *
   * @default - as in the task definition
   */
  readonly gpuCount?: number;

  /**
   * GPUs, shares of a GPU, and other devices for the container.
   *
   * @default - as in the task definition
   */
  readonly resourceRequirements?: ResourceRequirement[];
}

/**
 * What is different in the task as a whole.
 *
 * @see https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskOverride.html
 */
export interface TaskOverrides {
  /**
   * The CPU units of the task. 1024 are one vCPU.
   *
   * @default - as in the task definition
   */
  readonly cpu?: number;

  /**
   * The memory of the task, in MiB.
   *
   * @default - as in the task definition
   */
  readonly memoryLimitMiB?: number;

  /**
   * The ephemeral storage of a Fargate task in GiB, 21 to 200.
   *
   * @default - as in the task definition; 20 where that does not say
   */
  readonly ephemeralStorageGiB?: number;

  /**
   * The role of the task's containers.
   *
   * @default - as in the task definition
   */
  readonly taskRole?: iam.IRole;

  /**
   * The role with which ECS pulls images, reads secrets and writes logs.
   *
   * @default - as in the task definition
   */
  readonly executionRole?: iam.IRole;

  /**
   * Elastic Inference accelerators.
   *
   * @default - as in the task definition
   * @deprecated AWS has ended Elastic Inference. The API still has this parameter.
   */
  readonly inferenceAccelerators?: ecs.InferenceAccelerator[];
}

/**
 * A task to run when the resource is removed.
 *
 * What is not said here is as for the `RunTask`: cluster, capacity, network, tags, what counts as success, retries.
 */
export interface RunOnDelete {
  /**
   * The task definition to run, owned or imported. It is an error if it cannot run where that of the `RunTask` does,
   * with the same launch type and network.
   *
   * Grants to the `RunTask` go to the task role of its own definition, and not to this one's.
   *
   * @default - the task definition of the `RunTask`
   */
  readonly taskDefinition?: ecs.ITaskDefinition;

  /**
   * The command of the default container, which is the first essential container unless the task definition names another
   * one. It is an error together with an override of the same container, and for an imported task definition.
   *
   * @default - as in the task definition; that of the `RunTask` does not apply
   */
  readonly command?: string[];

  /**
   * Environment variables to add to the default container, or to replace in it. They are readable in the template: secrets
   * belong in the task definition. It is an error if `command` would be one.
   *
   * @default - as in the task definition; that of the `RunTask` does not apply
   */
  readonly environment?: { [name: string]: string };

  /**
   * What is different in the task's containers. The overrides of the `RunTask` do not apply.
   *
   * @default - the containers run as defined
   */
  readonly containerOverrides?: ContainerOverride[];

  /**
   * What is different in the task as a whole. The overrides of the `RunTask` do not apply.
   *
   * @default - the task runs as defined
   */
  readonly taskOverrides?: TaskOverrides;

  /**
   * The names of the containers whose exit codes decide. A name that the task definition does not have is an error.
   *
   * @default - the essential containers
   */
  readonly exitCodeFrom?: string[];

  /**
   * How long the task may take from its start to its end, retries included, at most one hour. After that it is
   * stopped, and the deletion fails.
   *
   * @default - the timeout of the `RunTask`, or one hour where that is longer
   */
  readonly timeout?: Duration;
}

/**
 * How to run a task, whatever it is, and how to wait for it.
 */
export interface RunTaskOptions {
  /**
   * How many tasks to start, 1 to 10. Every one of them must succeed.
   *
   * @default 1
   */
  readonly count?: number;

  /**
   * The capacity providers to run the task on, at most 20, in place of a launch type: Fargate Spot, Auto Scaling
   * groups or Managed Instances, not mixed with Fargate. Weights are from 0 to 1000, of several providers at least one above 0;
   * the base is from 0 to 100000, for one provider. An empty list stands for the cluster's default strategy. A warning tells
   * if it names FARGATE or FARGATE_SPOT and the cluster lacks them.
   *
   * @see https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html
   *
   * @default - the task runs with a launch type
   */
  readonly capacityProviderStrategies?: ecs.CapacityProviderStrategy[];

  /**
   * The platform version of a task on Fargate, and an error for any other.
   *
   * @default - LATEST, by default of the service
   */
  readonly platformVersion?: ecs.FargatePlatformVersion;

  /**
   * The subnets of the task's network interface, at most 16. An error for a network mode other than `awsvpc`.
   *
   * @default - the VPC's public subnets if `assignPublicIp` is set, otherwise its private subnets
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * The security groups of the task's network interface, at most 5. An error for a network mode other than `awsvpc`.
   *
   * @default - a new security group that allows all outbound traffic
   */
  readonly securityGroups?: ec2.ISecurityGroup[];

  /**
   * Whether the task's network interface gets a public IP address. An error for a network mode other than `awsvpc`.
   *
   * @default false
   */
  readonly assignPublicIp?: boolean;

  /**
   * The name of the task group.
   *
   * @default - `family:` and the family of the task definition, by default of the service
   */
  readonly group?: string;

  /**
   * A mark by which to find the task, at most 128 letters, digits, hyphens, underscores and slashes.
   *
   * Tasks of a deployment that was cancelled are found again by this mark. A mark of your own may be on other tasks
   * as well, so that with one the task gets a tag for this.
   *
   * @default - a mark made from stack and logical id
   */
  readonly startedBy?: string;

  /**
   * The reference id of the task, at most 1024 characters.
   *
   * @default - none
   */
  readonly referenceId?: string;

  /**
   * Tags of the task, at most 50: keys of at most 128 characters, values of at most 256. Both have letters, digits, spaces
   * and `_ . : / = + - @` only. Neither may begin with `aws:`, and the key `cdk-ecs-run-task` is reserved.
   *
   * @default - none
   */
  readonly tags?: { [key: string]: string };

  /**
   * Whether the task also gets the tags that `Tags.of(scope)` adds to the `RunTask`, its stack or its app. For the same key,
   * `tags` wins. The limits hold for all of them together.
   *
   * A tag that is added, changed or removed there is a change of the `RunTask`, so that the task runs. `Tags` knows the task
   * as `Custom::EcsRunTask` in `includeResourceTypes` and `excludeResourceTypes`. The tags in the props of a stack are not
   * included.
   *
   * @default false
   */
  readonly inheritTags?: boolean;

  /**
   * Whether the task gets the tags of its task definition. `SERVICE` is an error: no service starts this task.
   *
   * @default - it does not, by default of the service
   */
  readonly propagateTags?: ecs.PropagatedTagSource;

  /**
   * Whether ECS tags the task with the name of its cluster.
   *
   * @default - false, by default of the service
   */
  readonly enableEcsManagedTags?: boolean;

  /**
   * Whether `aws ecs execute-command` works in the task's containers. The task role gets the permissions for it, including
   * those for the key, the log group and the bucket in the cluster's `executeCommandConfiguration`.
   *
   * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html
   *
   * @default - false, by default of the service
   */
  readonly enableExecuteCommand?: boolean;

  /**
   * The EBS volume of the task, for a volume that the task definition leaves to be configured at launch. Use
   * `TaskManagedVolume` for what only a task's volume can have. ECS attaches at most one to a task.
   *
   * @default - none
   */
  readonly volumes?: ecs.ServiceManagedVolume[];

  /**
   * When a deployment runs the task. A rollback runs it with `onRollback` only.
   *
   * @default RunOn.CHANGE
   */
  readonly runOn?: RunOn;

  /**
   * Whether the rollback of a failed update runs the task of the version that is restored. A rollback never fails
   * because of the task. `RUN` is an error together with `RunOn.CREATE`.
   *
   * @default OnRollback.SKIP
   */
  readonly onRollback?: OnRollback;

  /**
   * A task to run when the resource is removed: the stack is deleted, the `RunTask` is taken out of it, or a deployment
   * that has created it is rolled back. It is always one task, and has volumes only with the same task definition.
   *
   * A `RunTask` with another id, or in another scope, is another resource: CloudFormation first creates it, which runs its
   * task, and then removes the old one, which runs the task of `onDelete`. Take `onDelete` out in a deployment before you
   * rename or move it.
   *
   * It does not run if the `RunTask` has never succeeded: after a first deployment that failed or was cancelled before,
   * there is nothing to undo. If it fails, the deletion of the stack fails; a rollback goes on, and so does the update
   * that takes the `RunTask` out of the stack.
   *
   * @default - none
   */
  readonly onDelete?: RunOnDelete;

  /**
   * Values of your own that run the task when one of them changes, such as the hash of a folder of migrations.
   *
   * @default - none
   */
  readonly triggers?: { [name: string]: string };

  /**
   * What is to be created or updated only after the task has succeeded, such as a service.
   *
   * What the task itself needs does not wait, so that a shared task definition makes no dependency cycle. It is an error
   * if that is everything in one of the scopes. A warning tells if nothing in a scope is a resource of this app, as in
   * something imported.
   *
   * @default - nothing waits
   */
  readonly executeBefore?: IConstruct[];

  /**
   * What has to be there before the task starts, such as a database. The task's cluster, task definition, roles,
   * routes and security group rules need not be named, nor the mount targets of its EFS volumes.
   *
   * @default - only what the task itself needs
   */
  readonly executeAfter?: IConstruct[];

  /**
   * How long the task may take from its start to its end, retries included, at most 12 hours. After that it is
   * stopped, and the deployment fails.
   *
   * CloudFormation waits an hour for one resource. With more than that the stack has several for this task, one for each
   * 58 minutes, of which each goes on waiting where the one before it has to end. A timeout that only the deployment
   * knows is cut at one hour.
   *
   * @default Duration.minutes(30)
   * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-custom-resources.html
   */
  readonly timeout?: Duration;

  /**
   * The names of the containers whose exit codes decide. A name that the task definition does not have is an error.
   *
   * @default - the essential containers
   */
  readonly exitCodeFrom?: string[];

  /**
   * The exit codes that count as success.
   *
   * @default [0]
   */
  readonly successExitCodes?: number[];

  /**
   * How often a task is run again that has run and failed, 0 to 10: by an exit code that is no success, by the loss of
   * its Spot capacity or of its host. With `count`, each of the tasks has this many. All of it is within `timeout`.
   *
   * A task that never started a container is always tried again until `timeout` where the reason is a passing one.
   *
   * @default 0
   */
  readonly retryAttempts?: number;

  /**
   * What ends the wait for the task.
   *
   * @default CompleteWhen.EXIT_CODES_KNOWN
   */
  readonly completeWhen?: CompleteWhen;

  /**
   * How many of the last log lines of a failed container the error shows. With 0 no logs are read, and no permission
   * to read them is asked for.
   *
   * @default 20
   */
  readonly logTailLines?: number;
}

/**
 * The part of a task that its task definition and its service leave open, and how to wait for it.
 */
export interface RunTaskForServiceProps extends RunTaskOptions {
  /**
   * The command of the default container, which is the first essential container unless the task definition names another
   * one. It is an error together with an override of the same container, and for an imported task definition.
   *
   * @default - as in the task definition
   */
  readonly command?: string[];

  /**
   * Environment variables to add to the default container, or to replace in it. They are readable in the template: secrets
   * belong in the task definition. It is an error if `command` would be one.
   *
   * @default - as in the task definition
   */
  readonly environment?: { [name: string]: string };

  /**
   * What is different in the task's containers.
   *
   * @default - the containers run as defined
   */
  readonly containerOverrides?: ContainerOverride[];

  /**
   * What is different in the task as a whole.
   *
   * @default - the task runs as defined
   */
  readonly taskOverrides?: TaskOverrides;

  /**
   * Where the task runs: FARGATE, EC2 or EXTERNAL. It is an error together with `capacityProviderStrategies`.
   *
   * @default - what the task definition is compatible with, FARGATE before EC2 before EXTERNAL; none with
   * `capacityProviderStrategies`; with `forService`, as for the service
   */
  readonly launchType?: ecs.LaunchType;

  /**
   * Which container instances may run the task, at most 10 constraints. An error on Fargate.
   *
   * @default - any
   */
  readonly placementConstraints?: ecs.PlacementConstraint[];

  /**
   * How to choose among container instances, at most 5 strategies. An error on Fargate.
   *
   * @default - as ECS chooses
   */
  readonly placementStrategies?: ecs.PlacementStrategy[];
}

/**
 * The task to run, and how to wait for it.
 */
export interface RunTaskProps extends RunTaskForServiceProps {
  /**
   * The cluster that runs the task, owned or imported.
   *
   * A task with a network interface (`awsvpc`) needs the cluster's VPC: import such a cluster with
   * `Cluster.fromClusterAttributes`.
   */
  readonly cluster: ecs.ICluster;

  /**
   * The task definition to run, owned or imported.
   *
   * Import it with `TaskDefinition.fromTaskDefinitionAttributes` and its roles: starting the task needs the
   * permission to pass them.
   */
  readonly taskDefinition: ecs.ITaskDefinition;

  /**
   * What the task takes from a service, with `forService`.
   *
   * @internal
   */
  readonly _fromService?: TakenFromService;

  /**
   * The tags that the task inherits, with `inheritTags`.
   *
   * @internal
   */
  readonly _inheritedTags?: TagManager;
}

/** A service like whose tasks a task runs. */
export interface TakenFromService {
  readonly service: ecs.BaseService;

  /** The members of the request that the service decides when the template is written. Users cannot compile the type of the request. */
  readonly request: object;
}
