import { Lazy, Size, Stack, Token, Tokenization } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import { Construct } from 'constructs';
import type { RunTaskProperties } from '../contract';
import type { ContainerOverride, ResourceRequirement, RunTaskProps, TaskOverrides } from '../run-task-props';
import { ResourceType } from '../run-task-props';
import { collectTags } from './tags';
import { chooseLaunchType, findDefaultContainer } from './task-definition';
import { TaskManagedVolume } from '../task-managed-volume';

export type Request = RunTaskProperties['Request'];
type Overrides = NonNullable<Request['overrides']>;
type ContainerOverrides = NonNullable<Overrides['containerOverrides']>[number];
type VolumeConfiguration = NonNullable<Request['volumeConfigurations']>[number];

/** The task of a deployment, or the task that a Delete runs, with its request. */
export interface RenderedTask {
  readonly props: RunTaskProps;
  readonly request: Request;
}

/** The network of the task's network interface. */
export interface TaskNetwork {
  readonly vpc: ec2.IVpc;
  readonly subnets: ec2.SelectedSubnets;
  readonly securityGroups: ec2.ISecurityGroup[];
}

export function renderTask(scope: Construct, props: RunTaskProps, network?: TaskNetwork): RenderedTask {
  return { props, request: renderRequest(scope, props, network) };
}

/**
 * The request as ECS gets it. It contains cluster, definition, launch type and network, and otherwise only what the user
 * set: rendering anything else would run the tasks of all users again.
 */
function renderRequest(scope: Construct, props: RunTaskProps, network?: TaskNetwork): Request {
  const fromService: Partial<Request> = props._fromService?.request ?? {};
  return {
    cluster: props.cluster.clusterArn,
    taskDefinition: fromService.taskDefinition ?? props.taskDefinition.taskDefinitionArn,
    count: props.count,
    launchType: fromService.launchType ?? chooseLaunchType(props),
    // ECS treats an empty list as none. Without a strategy and a launch type it uses the default strategy of the cluster.
    capacityProviderStrategy: fromService.capacityProviderStrategy ?? (props.capacityProviderStrategies?.length
      ? props.capacityProviderStrategies.map(({ capacityProvider, base, weight }) => ({ capacityProvider, base, weight }))
      : undefined),
    platformVersion: fromService.platformVersion ?? props.platformVersion,
    networkConfiguration: network && {
      awsvpcConfiguration: {
        subnets: network.subnets.subnetIds,
        securityGroups: network.securityGroups.map((group) => group.securityGroupId),
        assignPublicIp: props.assignPublicIp ? 'ENABLED' : 'DISABLED',
        ...fromService.networkConfiguration?.awsvpcConfiguration,
      },
    },
    overrides: renderOverrides(scope, props),
    placementConstraints: props.placementConstraints?.flatMap((constraint) => constraint.toJson()) as Request['placementConstraints'],
    placementStrategy: props.placementStrategies?.flatMap((strategy) => strategy.toJson()) as Request['placementStrategy'],
    group: props.group,
    startedBy: props.startedBy,
    referenceId: props.referenceId,
    tags: renderTaskTags(props),
    propagateTags: props.propagateTags,
    enableECSManagedTags: props.enableEcsManagedTags,
    enableExecuteCommand: props.enableExecuteCommand,
    volumeConfigurations: props.volumes?.map(renderVolume),
  };
}

function renderOverrides(scope: Construct, props: RunTaskProps): Overrides | undefined {
  const { taskOverrides } = props;
  const containerOverrides = listContainerOverrides(props);
  return containerOverrides || taskOverrides ? {
    containerOverrides: containerOverrides?.map((override) => renderContainerOverride(scope, override)),
    ...taskOverrides && renderTaskOverrides(taskOverrides),
  } : undefined;
}

/** The overrides of the containers, with `command` and `environment` as one of the default container. */
function listContainerOverrides({ taskDefinition, command, environment, containerOverrides }: RunTaskProps): ContainerOverride[] | undefined {
  if (!command && !environment) {
    return containerOverrides;
  }
  const containerName = Lazy.string({ produce: () => findDefaultContainer(taskDefinition) }); // it can be added after the RunTask
  return [{ containerName, command, environment }, ...containerOverrides ?? []];
}

function renderContainerOverride(scope: Construct, override: ContainerOverride): ContainerOverrides {
  return {
    name: override.containerName,
    command: override.command,
    environment: override.environment && sortedEntries(override.environment).map(([name, value]) => ({ name, value })),
    environmentFiles: override.environmentFiles?.map((file) => {
      // Each file gets its own scope, because a file from the disk becomes an asset there.
      const { fileType, s3Location } = file.bind(new Construct(scope, `EnvironmentFile${scope.node.children.length}`));
      return { type: fileType, value: `arn:${Stack.of(scope).partition}:s3:::${s3Location.bucketName}/${s3Location.objectKey}` };
    }),
    cpu: override.cpu,
    memory: override.memoryLimitMiB,
    memoryReservation: override.memoryReservationMiB,
    resourceRequirements: renderResourceRequirements(override),
  };
}

function renderResourceRequirements({ gpuCount, resourceRequirements }: ContainerOverride): ContainerOverrides['resourceRequirements'] {
  const gpus = gpuCount === undefined ? [] : [{ type: ResourceType.GPU, value: numberAsString(gpuCount) }];
  return gpuCount === undefined && !resourceRequirements ? undefined : [...gpus, ...(resourceRequirements ?? []).map(renderResourceRequirement)];
}

function renderResourceRequirement({ type, value, sharingStrategy }: ResourceRequirement) {
  const { memoryMiB, maxComputePercent } = sharingStrategy?.nvidiaMps ?? {};
  return { type, value, sharingStrategy: memoryMiB === undefined ? undefined : { nvidiaMps: { memory: memoryMiB, maxComputePercent } } };
}

function renderTaskOverrides(overrides: TaskOverrides): Overrides {
  return {
    cpu: overrides.cpu === undefined ? undefined : numberAsString(overrides.cpu),
    memory: overrides.memoryLimitMiB === undefined ? undefined : numberAsString(overrides.memoryLimitMiB),
    ephemeralStorage: overrides.ephemeralStorageGiB === undefined ? undefined : { sizeInGiB: overrides.ephemeralStorageGiB },
    taskRoleArn: overrides.taskRole?.roleArn,
    executionRoleArn: overrides.executionRole?.roleArn,
    inferenceAcceleratorOverrides: overrides.inferenceAccelerators?.map(({ deviceName, deviceType }) => ({ deviceName, deviceType })),
  };
}

function renderVolume(volume: ecs.ServiceManagedVolume): VolumeConfiguration {
  const config: ecs.ServiceManagedEBSVolumeConfiguration & { readonly volumeInitializationRate?: Size } = volume.config!;
  const task = volume instanceof TaskManagedVolume ? volume : undefined;
  // aws-cdk-lib's own volumes have this rate only in later versions than the oldest that this library works with.
  const rate = task?.volumeInitializationRate ?? config.volumeInitializationRate;
  return {
    name: volume.name,
    managedEBSVolume: {
      roleArn: volume.role.roleArn,
      encrypted: config.encrypted,
      kmsKeyId: config.kmsKeyId?.keyArn,
      volumeType: config.volumeType,
      sizeInGiB: config.size?.toGibibytes(),
      snapshotId: config.snapShotId,
      volumeInitializationRate: rate?.toMebibytes(),
      iops: config.iops,
      throughput: config.throughput,
      filesystemType: config.fileSystemType,
      tagSpecifications: config.tagSpecifications?.map(({ tags, propagateTags }) => ({
        resourceType: 'volume',
        tags: tags && renderTags(tags),
        propagateTags,
      })),
      terminationPolicy: task?.deleteOnTermination === undefined ? undefined : { deleteOnTermination: task.deleteOnTermination },
    },
  };
}

function renderTaskTags(props: RunTaskProps): Request['tags'] {
  const late = Lazy.any({ produce: () => renderTags(collectTags(props)) }, { omitEmptyArray: true }) as unknown as Request['tags'];
  return props._inheritedTags ? late : props.tags && renderTags(props.tags);
}

function renderTags(tags: { [key: string]: string }) {
  return sortedEntries(tags).map(([key, value]) => ({ key, value }));
}

/** Sorted, because the order of a map in Java changes with each synthesis, which would run the task again. */
function sortedEntries(map: { [name: string]: string }): [name: string, value: string][] {
  return Object.entries(map).sort(([first], [second]) => first < second ? -1 : 1);
}

/** The API takes some numbers as strings. */
function numberAsString(value: number): string {
  return Token.isUnresolved(value) ? Tokenization.stringifyNumber(value) : String(value);
}
