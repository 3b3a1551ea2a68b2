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
   * Runs the task when a property of the `RunTask` changes, such as the revision of the task definition, an override or a trigger.
   */
  CHANGE = 'CHANGE',

  /**
   * Runs the task only when the `RunTask` is created.
   */
  CREATE = 'CREATE',

  /**
   * Runs the task in every deployment. `cdk diff` then always shows a change, because the template contains the time of the synthesis.
   */
  EVERY_DEPLOYMENT = 'EVERY_DEPLOYMENT',
}

/**
 * Whether the rollback of a failed update runs the task.
 */
export enum OnRollback {
  /**
   * The rollback does not run the task. The previous version of the task might fail on what the newer version changed.
   */
  SKIP = 'SKIP',

  /**
   * The rollback runs the previous version of the task, which it restores. If this task fails, the rollback continues, and only the stack
   * events show the failure.
   */
  RUN = 'RUN',
}

/**
 * When a task counts as complete.
 */
export enum CompleteWhen {
  /**
   * When the exit codes of the deciding containers are known. In network mode `awsvpc`, this is 12 to 25 seconds before the task is
   * `STOPPED`, because ECS first removes the network interface of the task.
   */
  EXIT_CODES_KNOWN = 'EXIT_CODES_KNOWN',

  /**
   * When the task is `STOPPED` and its network interface is removed.
   */
  TASK_STOPPED = 'TASK_STOPPED',
}

/**
 * The type of a resource to assign to a container.
 */
export enum ResourceType {
  /**
   * A number of GPUs, `ALL` GPUs of the instance, or a share of one GPU.
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
   * The amount (in MiB) of GPU memory. It must be available on a single GPU.
   */
  readonly memoryMiB: number;

  /**
   * The maximum percentage of the GPU's compute capacity that the container can use, from 1 to 100.
   *
   * @default - no maximum
   */
  readonly maxComputePercent?: number;
}

/**
 * How a container shares a GPU with other containers.
 *
 * @see https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ResourceRequirement.html
 */
export interface SharingStrategy {
  /**
   * Shares the GPU through NVIDIA Multi-Process Service.
   */
  readonly nvidiaMps: NvidiaMps;
}

/**
 * A resource to assign to a container.
 *
 * @see https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ResourceRequirement.html
 */
export interface ResourceRequirement {
  /**
   * The type of the resource.
   */
  readonly type: ResourceType;

  /**
   * The number of GPUs or `ALL`, the device name of an accelerator, or `ALL` for Neuron devices.
   *
   * Either `value` or `sharingStrategy` must be set.
   *
   * @default - none
   */
  readonly value?: string;

  /**
   * How the container shares a GPU with other containers.
   *
   * Setting it together with `value`, or for a type other than `GPU`, is an error.
   *
   * @default - the container does not share its GPUs
   */
  readonly sharingStrategy?: SharingStrategy;
}

/**
 * Overrides for one container of the task.
 *
 * All overrides of a task together can have at most 8192 characters as JSON.
 *
 * @see https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerOverride.html
 */
export interface ContainerOverride {
  /**
   * The name of the container. The task definition must have a container with this name.
   */
  readonly containerName: string;

  /**
   * The command that is passed to the container, instead of the command of the task definition or the image.
   *
   * @default - the command of the task definition
   */
  readonly command?: string[];

  /**
   * The environment variables to pass to the container. They are added to the variables of the task definition, or replace the
   * variables of the same name.
   *
   * They are visible in the template. Passing the value of a secret is an error, because CloudFormation does not resolve it in a custom
   * resource: use `secrets` of the container in the task definition instead.
   *
   * @default - the environment variables of the task definition
   */
  readonly environment?: { [name: string]: string };

  /**
   * The environment files to pass to the container, at most 10. They replace the environment files of the task definition.
   *
   * The execution role is granted permission to read them.
   *
   * @default - the environment files of the task definition
   */
  readonly environmentFiles?: ecs.EnvironmentFile[];

  /**
   * The number of CPU units to reserve for the container. 1024 CPU units are one vCPU.
   *
   * @default - the CPU units of the container in the task definition
   */
  readonly cpu?: number;

  /**
   * The hard limit (in MiB) of memory for the container, at least 4. A container that exceeds its limit is killed.
   *
   * @default - the limit in the task definition
   */
  readonly memoryLimitMiB?: number;

  /**
   * The soft limit (in MiB) of memory to reserve for the container, at least 4.
   *
   * @default - the reservation in the task definition
   */
  readonly memoryReservationMiB?: number;

  /**
   * The number of GPUs to assign to the container.
   *
   * This is a shortcut for a `resourceRequirements` item of type `GPU`. Setting both, or setting it for a task on Fargate, is an error.
   *
   * @default - the GPUs of the container in the task definition
   */
  readonly gpuCount?: number;

  /**
   * The GPUs, shares of a GPU and other devices to assign to the container. Setting them for a task on Fargate is an error.
   *
   * @default - the devices of the container in the task definition
   */
  readonly resourceRequirements?: ResourceRequirement[];
}

/**
 * Overrides for the task as a whole.
 *
 * @see https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskOverride.html
 */
export interface TaskOverrides {
  /**
   * The number of CPU units used by the task. 1024 CPU units are one vCPU.
   *
   * @default - the CPU units of the task definition
   */
  readonly cpu?: number;

  /**
   * The amount (in MiB) of memory used by the task.
   *
   * @default - the memory of the task definition
   */
  readonly memoryLimitMiB?: number;

  /**
   * The amount (in GiB) of ephemeral storage for the task, from 21 to 200.
   *
   * Setting it for a task that does not run on Fargate is an error.
   *
   * @default - the ephemeral storage of the task definition, which is 20 GiB by default
   */
  readonly ephemeralStorageGiB?: number;

  /**
   * The IAM role that grants the containers of the task permission to call AWS APIs.
   *
   * @default - the task role of the task definition
   */
  readonly taskRole?: iam.IRole;

  /**
   * The IAM role that ECS uses to pull images, read secrets and write logs.
   *
   * @default - the execution role of the task definition
   */
  readonly executionRole?: iam.IRole;

  /**
   * The Elastic Inference accelerators for the task.
   *
   * @default - the accelerators of the task definition
   * @deprecated AWS has ended Elastic Inference. The API still has this parameter.
   */
  readonly inferenceAccelerators?: ecs.InferenceAccelerator[];
}

/**
 * The task to run when the `RunTask` is deleted.
 *
 * All other settings are those of the `RunTask`: cluster, capacity, network, tags, success exit codes and retries.
 */
export interface RunOnDelete {
  /**
   * The task definition to run, owned or imported. It must support the launch type and the network mode of the `RunTask`.
   *
   * Permissions that you grant to the `RunTask` go to the task role of the `RunTask`, not to the task role of this task definition.
   *
   * @default - the task definition of the `RunTask`
   */
  readonly taskDefinition?: ecs.ITaskDefinition;

  /**
   * The command that is passed to the default container. The command of the `RunTask` does not apply.
   *
   * The default container is the first essential container, unless the task definition sets another default container. It is an error
   * if `containerOverrides` has the same container, or if the task definition is imported.
   *
   * @default - the command of the task definition
   */
  readonly command?: string[];

  /**
   * The environment variables to pass to the default container. They are added to the variables of the task definition, or replace
   * the variables of the same name. The environment of the `RunTask` does not apply.
   *
   * They are visible in the template: use `secrets` of the task definition for secrets. It is an error if `containerOverrides` has
   * the same container, or if the task definition is imported.
   *
   * @default - the environment variables of the task definition
   */
  readonly environment?: { [name: string]: string };

  /**
   * The overrides for the containers of the task. The overrides of the `RunTask` do not apply.
   *
   * @default - no overrides
   */
  readonly containerOverrides?: ContainerOverride[];

  /**
   * The overrides for the task as a whole. The overrides of the `RunTask` do not apply.
   *
   * @default - no overrides
   */
  readonly taskOverrides?: TaskOverrides;

  /**
   * The names of the deciding containers: their exit codes decide whether the task succeeded. The task definition must have
   * containers with these names.
   *
   * @default - the essential containers
   */
  readonly exitCodeFrom?: string[];

  /**
   * The maximum time for the task, including retries, from 1 second to 1 hour. A task that is still running at the timeout is
   * stopped, and the deletion fails.
   *
   * @default - the timeout of the `RunTask`, at most one hour
   */
  readonly timeout?: Duration;
}

/**
 * Options for running a task and for waiting for it.
 */
export interface RunTaskOptions {
  /**
   * The number of tasks to start, from 1 to 10. All of them must succeed.
   *
   * @default 1
   */
  readonly count?: number;

  /**
   * The capacity provider strategies used to place the task, at most 20. Setting them together with `launchType` is an error.
   *
   * The strategies name either Fargate and Fargate Spot, or Auto Scaling groups and Managed Instances. Weights are from 0 to 1000,
   * and at least one provider must have a weight above 0 if there are several. One provider can have a base, from 0 to 100000. An
   * empty list selects the default strategy of the cluster.
   *
   * If a strategy names FARGATE or FARGATE_SPOT and the app does not add this provider to the cluster, synthesis shows a warning.
   *
   * With `forService`, the task uses the strategy of the service by default.
   *
   * @see https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html
   *
   * @default - the task runs with a launch type
   */
  readonly capacityProviderStrategies?: ecs.CapacityProviderStrategy[];

  /**
   * The Fargate platform version on which to run the task. Setting it for a task that does not run on Fargate is an error.
   *
   * With `forService`, the task uses the platform version of the service by default.
   *
   * @default - the LATEST platform version
   */
  readonly platformVersion?: ecs.FargatePlatformVersion;

  /**
   * The subnets to associate with the task, at most 16. Setting them for a network mode other than `awsvpc` is an error.
   *
   * With `forService`, the task uses the subnets of the service by default.
   *
   * @default - public subnets if `assignPublicIp` is set, otherwise private subnets; if the VPC has none, isolated or else public subnets
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * The security groups to associate with the task, at most 5. Setting them for a network mode other than `awsvpc` is an error.
   *
   * With `forService`, the task uses the security groups of the service by default.
   *
   * @default - a new security group that allows all outbound traffic
   */
  readonly securityGroups?: ec2.ISecurityGroup[];

  /**
   * Whether the task's elastic network interface receives a public IP address. Setting it for a network mode other than `awsvpc` is
   * an error.
   *
   * With `forService`, the task uses the setting of the service by default.
   *
   * @default false
   */
  readonly assignPublicIp?: boolean;

  /**
   * The name of the task group to associate with the task.
   *
   * @default - the family of the task definition: `family:my-family`
   */
  readonly group?: string;

  /**
   * An identifier for finding the task, from 1 to 128 letters, digits, hyphens, underscores and slashes.
   *
   * The function uses it to find the tasks of a cancelled deployment. If you set it, other tasks can have the same identifier, so the
   * function also adds a tag to the task.
   *
   * @default - an identifier made from the stack and the logical ID
   */
  readonly startedBy?: string;

  /**
   * The reference ID of the task, at most 1024 characters.
   *
   * @default - none
   */
  readonly referenceId?: string;

  /**
   * The tags of the task, at most 50, or 49 if `startedBy` is set.
   *
   * Keys have at most 128 characters, values at most 256. Both can contain letters, digits, spaces, at signs and `_ . : / = + -`, and
   * cannot begin with `aws:`. The key `cdk-ecs-run-task` is reserved.
   *
   * @default - none
   */
  readonly tags?: { [key: string]: string };

  /**
   * Whether the task also gets the tags that `Tags.of(scope)` adds to the `RunTask`, its stack or its app.
   *
   * If an inherited tag has the same key as a tag in `tags`, the value in `tags` applies. The limits of `tags` apply to all tags
   * together. Adding, changing or removing an inherited tag changes the `RunTask`, so the task runs.
   *
   * In `includeResourceTypes` and `excludeResourceTypes` of `Tags`, the type of the task is `Custom::EcsRunTask`. The tags in the
   * props of a stack are not inherited.
   *
   * @default false
   */
  readonly inheritTags?: boolean;

  /**
   * Whether to propagate the tags from the task definition to the task. `SERVICE` is an error, because no service starts this task.
   *
   * @default - no tags are propagated
   */
  readonly propagateTags?: ecs.PropagatedTagSource;

  /**
   * Whether to enable Amazon ECS managed tags for the task. ECS then tags the task with the name of its cluster.
   *
   * @default false
   */
  readonly enableEcsManagedTags?: boolean;

  /**
   * Whether to enable the ability to execute into a container with `aws ecs execute-command`. Enabling it without a task role is an error.
   *
   * The task role is granted the required permissions, including permissions for the KMS key, the log group and the bucket in the
   * cluster's `executeCommandConfiguration`.
   *
   * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html
   *
   * @default false
   */
  readonly enableExecuteCommand?: boolean;

  /**
   * The EBS volume to attach to the task. The task definition must have a volume of this name that is configured at launch. ECS
   * attaches at most one volume to a task.
   *
   * A `TaskManagedVolume` has more settings than a `ServiceManagedVolume`.
   *
   * @default - none
   */
  readonly volumes?: ecs.ServiceManagedVolume[];

  /**
   * When a deployment runs the task. Rollbacks are configured with `onRollback`.
   *
   * @default RunOn.CHANGE
   */
  readonly runOn?: RunOn;

  /**
   * Whether the rollback of a failed update runs the previous version of the task, which it restores. A rollback never fails because of
   * the task.
   *
   * `OnRollback.RUN` together with `RunOn.CREATE` is an error.
   *
   * @default OnRollback.SKIP
   */
  readonly onRollback?: OnRollback;

  /**
   * A task to run when the `RunTask` is deleted: with the stack, when you remove it from the stack, or in the rollback of the
   * deployment that created it.
   *
   * This is always a single task, regardless of `count`. This task has the volumes of the `RunTask` only if it has the same task definition.
   *
   * Renaming the `RunTask`, or moving it to another scope, replaces it. CloudFormation first creates the new `RunTask`, and its task
   * runs. Then CloudFormation deletes the old `RunTask`, and the task of `onDelete` runs. To avoid this, remove `onDelete` in a
   * separate deployment before you rename or move the `RunTask`.
   *
   * The task does not run if the `RunTask` has never succeeded, for example after a failed or cancelled first deployment, because
   * there is nothing to undo. If the task fails, the deletion of the stack fails, but a rollback continues. An update that removes the
   * `RunTask` from the stack also continues.
   *
   * @default - none
   */
  readonly onDelete?: RunOnDelete;

  /**
   * Values that are not passed to the task, but run it again when one of them changes, such as the hash of a folder of migrations.
   *
   * @default - none
   */
  readonly triggers?: { [name: string]: string };

  /**
   * The constructs to create or update after the task has succeeded, such as a service.
   *
   * Resources that the task itself needs do not wait for the task, so sharing a task definition with a service does not cause a
   * dependency cycle. If the task needs every resource of a construct, synthesis fails. If a construct has no resource in this app,
   * for example because it is imported, synthesis shows a warning.
   *
   * With `forService`, the service waits in addition to these constructs.
   *
   * @default - nothing waits for the task
   */
  readonly executeBefore?: IConstruct[];

  /**
   * The constructs to create or update before the task starts, such as a database.
   *
   * You do not need to list the cluster, the task definition, the roles, the routes, the security group rules and the EFS mount
   * targets of the task.
   *
   * If a construct contains neither a resource nor something imported, synthesis shows a warning.
   *
   * @default - the task waits only for the resources that it needs
   */
  readonly executeAfter?: IConstruct[];

  /**
   * The maximum time for the task, including retries, from 1 second to 12 hours. A task that is still running at the timeout is
   * stopped, and the deployment fails.
   *
   * CloudFormation waits at most one hour for a resource. For longer timeouts, the stack gets one resource per 58 minutes; each
   * continues waiting where the previous one stopped. A timeout whose value is known only in the deployment, such as a
   * parameter, is limited to one hour.
   *
   * @default Duration.minutes(30)
   * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-custom-resources.html
   */
  readonly timeout?: Duration;

  /**
   * The names of the deciding containers: their exit codes decide whether the task succeeded. The task definition must have
   * containers with these names.
   *
   * @default - the essential containers
   */
  readonly exitCodeFrom?: string[];

  /**
   * The exit codes that count as success. An exit code of Windows, such as 3221226505 (0xC0000409), counts with and without its sign.
   *
   * @default [0]
   */
  readonly successExitCodes?: number[];

  /**
   * The number of times to rerun a task that failed, from 0 to 10: because of its exit code, a Spot interruption or a lost host.
   *
   * With `count`, this is the number for each task. All attempts share one `timeout`.
   *
   * A start that fails before a container runs does not count. If its cause can be temporary, the function retries the start until
   * `timeout`.
   *
   * @default 0
   */
  readonly retryAttempts?: number;

  /**
   * When the task counts as complete.
   *
   * @default CompleteWhen.EXIT_CODES_KNOWN
   */
  readonly completeWhen?: CompleteWhen;

  /**
   * The number of log lines of a failed container to show in the error, from 0 to 10000.
   *
   * With 0, the error shows no log lines, and the function gets no permission to read the log unless the stack uses an output of the
   * task.
   *
   * @default 20
   */
  readonly logTailLines?: number;
}

/**
 * Properties for running a task like the tasks of a service.
 */
export interface RunTaskForServiceProps extends RunTaskOptions {
  /**
   * The command that is passed to the default container.
   *
   * The default container is the first essential container, unless the task definition sets another default container. It is an error
   * if `containerOverrides` has the same container, or if the task definition is imported.
   *
   * @default - the command of the task definition
   */
  readonly command?: string[];

  /**
   * The environment variables to pass to the default container. They are added to the variables of the task definition, or replace
   * the variables of the same name.
   *
   * They are visible in the template: use `secrets` of the task definition for secrets. It is an error if `containerOverrides` has
   * the same container, or if the task definition is imported.
   *
   * @default - the environment variables of the task definition
   */
  readonly environment?: { [name: string]: string };

  /**
   * The overrides for the containers of the task.
   *
   * @default - no overrides
   */
  readonly containerOverrides?: ContainerOverride[];

  /**
   * The overrides for the task as a whole.
   *
   * @default - no overrides
   */
  readonly taskOverrides?: TaskOverrides;

  /**
   * The launch type on which to run the task: FARGATE, EC2 or EXTERNAL. Setting it together with `capacityProviderStrategies` is an
   * error.
   *
   * With `forService`, the task uses the launch type of the service by default.
   *
   * @default - the first of FARGATE, EC2 and EXTERNAL that the task definition is compatible with, unless `capacityProviderStrategies`
   * is set
   */
  readonly launchType?: ecs.LaunchType;

  /**
   * The placement constraints to use for the task, at most 10, including the constraints of the task definition. Setting them for a
   * task on Fargate is an error.
   *
   * @default - no constraints
   */
  readonly placementConstraints?: ecs.PlacementConstraint[];

  /**
   * The placement strategies to use for the task, at most 5. Setting them for a task on Fargate is an error.
   *
   * @default - ECS chooses a container instance
   */
  readonly placementStrategies?: ecs.PlacementStrategy[];
}

/**
 * Properties for running a task.
 */
export interface RunTaskProps extends RunTaskForServiceProps {
  /**
   * The cluster on which to run the task, owned or imported.
   *
   * A task in network mode `awsvpc` needs the VPC of the cluster: import such a cluster with `Cluster.fromClusterAttributes`.
   */
  readonly cluster: ecs.ICluster;

  /**
   * The task definition to run, owned or imported.
   *
   * Import it with `TaskDefinition.fromTaskDefinitionAttributes` and its roles, because starting the task requires permission to
   * pass them.
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
