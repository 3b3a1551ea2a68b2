import { Fn, Stack, Token } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type { LogLocation } from '../contract';
import type { RunTaskProps } from '../run-task-props';

/** The definition if this app makes it. Of an imported one, only the attributes that its import names are known. */
export function ownedDefinition(definition: ecs.ITaskDefinition): ecs.TaskDefinition | undefined {
  return definition instanceof ecs.TaskDefinition ? definition : undefined;
}

/** Imported definitions and clusters throw for what their import does not name. */
export function ifKnown<T>(attribute: () => T): T | undefined {
  try {
    return attribute();
  } catch {
    return undefined;
  }
}

/** The role of the containers, which an override replaces. */
export function taskRoleOf({ taskDefinition, taskOverrides }: RunTaskProps): iam.IRole | undefined {
  return taskOverrides?.taskRole ?? ifKnown(() => taskDefinition.taskRole);
}

/** All roles that ECS may be handed for the task. Containers that are added later can bring the execution role. */
export function rolesOf({ taskDefinition, taskOverrides }: RunTaskProps): iam.IRole[] {
  const roles = [
    ifKnown(() => taskDefinition.taskRole), taskDefinition.executionRole, taskOverrides?.taskRole, taskOverrides?.executionRole,
  ];
  return roles.filter((role) => role !== undefined);
}

/** The family, which the revisions of a definition share. */
export function familyOf(definition: ecs.ITaskDefinition): string {
  const owned = ownedDefinition(definition);
  if (owned) {
    return owned.family;
  }
  const arn = definition.taskDefinitionArn; // arn:aws:ecs:<region>:<account>:task-definition/<family>:<revision>
  return Token.isUnresolved(arn)
    ? Fn.select(0, Fn.split(':', Fn.select(1, Fn.split('/', arn))))
    : arn.split('/').pop()!.split(':')[0];
}

/** By default what the definition is compatible with. Managed Instances are reached through capacity providers only. */
export function launchTypeOf({ launchType, capacityProviderStrategies, taskDefinition }: RunTaskProps): ecs.LaunchType | undefined {
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
  const launchType = launchTypeOf(props);
  if (launchType) {
    return launchType === ecs.LaunchType.FARGATE;
  }
  const providers = capacityProviderStrategies.map(({ capacityProvider }) => capacityProvider);
  if (providers.some(isFargateProvider)) {
    return true;
  }
  return providers.length === 0 || providers.some((provider) => Token.isUnresolved(provider)) ? undefined : false;
}

/** Whether a capacity provider is one of those that ECS has for everybody. */
export function isFargateProvider(name: string): boolean {
  return name === 'FARGATE' || name === 'FARGATE_SPOT';
}

/** Whether the task gets a network interface of its own. */
export function isAwsvpc(props: RunTaskProps): boolean {
  const networkMode = networkModeOf(props.taskDefinition);
  return networkMode ? networkMode === ecs.NetworkMode.AWS_VPC : isOnFargate(props) || hasNetworkSettings(props);
}

/** The VPC of the cluster, which an import by ARN leaves out. */
export function vpcOf({ cluster }: RunTaskProps): ec2.IVpc | undefined {
  return ifKnown(() => cluster.vpc);
}

/** The network mode, which an import may leave out. */
export function networkModeOf(definition: ecs.ITaskDefinition): ecs.NetworkMode | undefined {
  return ifKnown(() => definition.networkMode);
}

/** Whether the user says something about the network interface. */
export function hasNetworkSettings({ vpcSubnets, securityGroups, assignPublicIp }: RunTaskProps): boolean {
  return (vpcSubnets ?? securityGroups ?? assignPublicIp) !== undefined;
}

/** The containers that are in the definition so far. */
export function containersOf(definition: ecs.TaskDefinition): ecs.ContainerDefinition[] {
  // Protected, but its subtree of constructs lacks containers that are defined elsewhere.
  return definition['containers']; // eslint-disable-line dot-notation
}

/** The number of placement constraints that are in the definition. */
export function placementConstraintsOf(definition: ecs.TaskDefinition): number {
  return rendered(definition).placementConstraints?.length ?? 0;
}

/** The names of the volumes that the definition leaves to be configured at launch. */
export function launchVolumesOf(definition: ecs.TaskDefinition): string[] {
  const volumes: ecs.CfnTaskDefinition.VolumeProperty[] = rendered(definition).volumes ?? [];
  return volumes.filter((volume) => volume.configuredAtLaunch).map((volume) => volume.name!);
}

/** The construct keeps these to itself; its resource tells, but only once: what comes later would be lost. So not before synthesis. */
function rendered(definition: ecs.TaskDefinition) {
  const { placementConstraints, volumes, containerDefinitions } = definition.node.defaultChild as ecs.CfnTaskDefinition;
  return Stack.of(definition).resolve({ placementConstraints, volumes, containerDefinitions });
}

/** The logs that the function may have to read for the message of a failure. */
export function logsOf(props: RunTaskProps): { [containerName: string]: LogLocation } {
  return props.logTailLines === 0 ? {} : logStreamsOf(props);
}

/** Where the containers log to, of those in CloudWatch Logs whose stream can be told. */
export function logStreamsOf({ taskDefinition }: RunTaskProps): { [containerName: string]: LogLocation } {
  const owned = ownedDefinition(taskDefinition);
  const containers = owned ? containersOf(owned) : [];
  return Object.fromEntries(containers.flatMap(({ containerName, logDriverConfig }) => {
    const { 'awslogs-group': Group, 'awslogs-stream-prefix': StreamPrefix } = logDriverConfig?.options ?? {};
    return logDriverConfig?.logDriver === 'awslogs' && Group && StreamPrefix ? [[containerName, { Group, StreamPrefix }]] : [];
  }));
}

/** The containers whose exit codes decide, where that is known: those that the user names, or the essential ones. For synthesis. */
export function decidingOf({ taskDefinition, exitCodeFrom }: RunTaskProps): string[] | undefined {
  const owned = ownedDefinition(taskDefinition);
  if (owned) {
    rendered(owned); // the CDK adds a log router of FireLens when it renders the definition
  }
  return exitCodeFrom ?? (owned && containersOf(owned).filter((container) => container.essential).map((container) => container.containerName));
}
