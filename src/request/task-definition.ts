import { Fn, Stack, Token } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type { LogLocation } from '../contract';
import type { RunTaskProps } from '../run-task-props';

/** The definition if this app creates it. An imported definition has only the attributes that its import names. */
export function findOwnedDefinition(definition: ecs.ITaskDefinition): ecs.TaskDefinition | undefined {
  return definition instanceof ecs.TaskDefinition ? definition : undefined;
}

/** Imported definitions and clusters throw for what their import does not name. */
export function readIfKnown<T>(attribute: () => T): T | undefined {
  try {
    return attribute();
  } catch {
    return undefined;
  }
}

/** The role of the containers, which an override replaces. */
export function findTaskRole({ taskDefinition, taskOverrides }: RunTaskProps): iam.IRole | undefined {
  return taskOverrides?.taskRole ?? readIfKnown(() => taskDefinition.taskRole);
}

/** All roles that the function passes to ECS for the task. Containers that are added later can bring the execution role. */
export function listRoles({ taskDefinition, taskOverrides }: RunTaskProps): iam.IRole[] {
  const roles = [
    readIfKnown(() => taskDefinition.taskRole), taskDefinition.executionRole, taskOverrides?.taskRole, taskOverrides?.executionRole,
  ];
  return roles.filter((role) => role !== undefined);
}

/** The family, which the revisions of a definition share. */
export function readFamily(definition: ecs.ITaskDefinition): string {
  const owned = findOwnedDefinition(definition);
  if (owned) {
    return owned.family;
  }
  const arn = definition.taskDefinitionArn; // arn:aws:ecs:<region>:<account>:task-definition/<family>:<revision>
  return Token.isUnresolved(arn)
    ? Fn.select(0, Fn.split(':', Fn.select(1, Fn.split('/', arn))))
    : arn.split('/').pop()!.split(':')[0];
}

/** By default a launch type that the definition is compatible with. Managed Instances need a capacity provider instead. */
export function chooseLaunchType({ launchType, capacityProviderStrategies, taskDefinition }: RunTaskProps): ecs.LaunchType | undefined {
  if (launchType || capacityProviderStrategies) {
    return launchType;
  }
  if (taskDefinition.isFargateCompatible) {
    return ecs.LaunchType.FARGATE;
  }
  if (taskDefinition.isEc2Compatible) {
    return ecs.LaunchType.EC2;
  }
  return taskDefinition.isExternalCompatible ? ecs.LaunchType.EXTERNAL : undefined;
}

/** Whether the task runs on Fargate; not known with the cluster's default strategy, or a provider named at deployment. */
export function isOnFargate(props: RunTaskProps): boolean | undefined {
  const { capacityProviderStrategies = [] } = props;
  const launchType = chooseLaunchType(props);
  if (launchType) {
    return launchType === ecs.LaunchType.FARGATE;
  }
  const providers = capacityProviderStrategies.map(({ capacityProvider }) => capacityProvider);
  if (providers.some(isFargateProvider)) {
    return true;
  }
  return providers.length === 0 || providers.some((provider) => Token.isUnresolved(provider)) ? undefined : false;
}

/** Whether ECS offers this capacity provider to every account. */
export function isFargateProvider(name: string): boolean {
  return name === 'FARGATE' || name === 'FARGATE_SPOT';
}

/** Whether the task gets a network interface of its own. */
export function isAwsvpc(props: RunTaskProps): boolean {
  const networkMode = findNetworkMode(props.taskDefinition);
  return networkMode ? networkMode === ecs.NetworkMode.AWS_VPC : isOnFargate(props) || hasNetworkSettings(props);
}

/** The VPC of the cluster, which an import by ARN leaves out. */
export function findVpc({ cluster }: RunTaskProps): ec2.IVpc | undefined {
  return readIfKnown(() => cluster.vpc);
}

/** The network mode, which an import can leave out. */
export function findNetworkMode(definition: ecs.ITaskDefinition): ecs.NetworkMode | undefined {
  return readIfKnown(() => definition.networkMode);
}

/** Whether the user sets something about the network interface. */
export function hasNetworkSettings({ vpcSubnets, securityGroups, assignPublicIp }: RunTaskProps): boolean {
  return (vpcSubnets ?? securityGroups ?? assignPublicIp) !== undefined;
}

/** The containers that are in the definition so far. */
export function listContainers(definition: ecs.TaskDefinition): ecs.ContainerDefinition[] {
  // Protected, but its subtree of constructs lacks containers that are defined elsewhere.
  return definition['containers']; // eslint-disable-line dot-notation
}

/** The number of placement constraints that are in the definition. */
export function countPlacementConstraints(definition: ecs.TaskDefinition): number {
  return renderDefinition(definition).placementConstraints?.length ?? 0;
}

/** The names of the volumes that the definition leaves to be configured at launch. */
export function listLaunchVolumes(definition: ecs.TaskDefinition): string[] {
  const volumes: ecs.CfnTaskDefinition.VolumeProperty[] = renderDefinition(definition).volumes ?? [];
  return volumes.filter((volume) => volume.configuredAtLaunch).map((volume) => volume.name!);
}

/** The keys of the tags that the definition has so far, including those that aspects have added. */
export function listTags(definition: ecs.TaskDefinition): string[] {
  return Object.keys((definition.node.defaultChild as ecs.CfnTaskDefinition).tags.tagValues());
}

/** Reads what the construct keeps private from its resource. Call it at synthesis only: the resource would miss what is added later. */
function renderDefinition(definition: ecs.TaskDefinition) {
  const { placementConstraints, volumes, containerDefinitions } = definition.node.defaultChild as ecs.CfnTaskDefinition;
  return Stack.of(definition).resolve({ placementConstraints, volumes, containerDefinitions });
}

/** The logs that the function reads for the message of a failure. */
export function findLogsToRead(props: RunTaskProps): { [containerName: string]: LogLocation } {
  return props.logTailLines === 0 ? {} : findLogLocations(props);
}

/** Where the containers log to, if it is CloudWatch Logs and the name of the stream can be derived. */
export function findLogLocations({ taskDefinition }: RunTaskProps): { [containerName: string]: LogLocation } {
  const owned = findOwnedDefinition(taskDefinition);
  const containers = owned ? listContainers(owned) : [];
  return Object.fromEntries(containers.flatMap(({ containerName, logDriverConfig }) => {
    const { 'awslogs-group': Group, 'awslogs-stream-prefix': StreamPrefix } = logDriverConfig?.options ?? {};
    return logDriverConfig?.logDriver === 'awslogs' && Group && StreamPrefix ? [[containerName, { Group, StreamPrefix }]] : [];
  }));
}

/** The containers whose exit codes decide, if known: the ones in `exitCodeFrom`, or the essential ones. Call it at synthesis only. */
export function findDecidingContainers({ taskDefinition, exitCodeFrom }: RunTaskProps): string[] | undefined {
  const owned = findOwnedDefinition(taskDefinition);
  if (owned) {
    renderDefinition(owned); // when the CDK renders the definition, it can add a log router of FireLens
  }
  return exitCodeFrom ?? (owned && listContainers(owned).filter((container) => container.essential).map((container) => container.containerName));
}
