import { Fn, Reference, Stack, Token, Tokenization } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { LogLocation, RunSpec } from '../contract';
import { DeployedContainer, findDefinitionResource, readDefinition, valueAsString } from './deployed-definition';
import { canBeLeftOut, isText, mapBranches } from './intrinsics';
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
export function listRoles({ taskDefinition, taskOverrides }: Pick<RunTaskProps, 'taskDefinition' | 'taskOverrides'>): iam.IRole[] {
  const roles = [
    readIfKnown(() => taskDefinition.taskRole), taskDefinition.executionRole, taskOverrides?.taskRole, taskOverrides?.executionRole,
  ];
  return roles.filter((role) => role !== undefined);
}

/** The ARNs of these roles, as the template has them. */
export function listRoleArns(taskDefinition: ecs.ITaskDefinition, { overrides }: RunSpec['Request']): string[] {
  const deployed = readDefinition(taskDefinition);
  const ofDefinition = deployed
    ? [deployed.TaskRoleArn, deployed.ExecutionRoleArn].map((value) => valueAsString(mapBranches(value, (role) => readRoleArn(taskDefinition, role))))
    : listRoles({ taskDefinition }).map((role) => role.roleArn);
  return [...ofDefinition, overrides?.taskRoleArn, overrides?.executionRoleArn].filter((arn) => arn !== undefined);
}

/** The ARN of a role in a definition, which can also have its name: ECS accepts both, but a policy needs the ARN. */
function readRoleArn(definition: ecs.ITaskDefinition, role: unknown): unknown {
  if (role === undefined || (isText(role) && role.includes(':'))) {
    return role;
  }
  if (isText(role)) {
    return findDefinitionResource(definition)!.stack.formatArn({ service: 'iam', region: '', resource: 'role', resourceName: role });
  }
  const { firstToken, length } = Tokenization.reverseString(valueAsString(role)!);
  const isName = length === 1 && Reference.isReference(firstToken) && firstToken.displayName === 'Ref';
  return isName && firstToken.target instanceof iam.CfnRole ? firstToken.target.attrArn : role;
}

/** The family, which the revisions of a definition share. */
export function readFamily(definition: ecs.ITaskDefinition): string {
  const { Family } = readDefinition(definition) ?? {};
  const family = valueAsString(Family);
  if (family && !canBeLeftOut(Family)) {
    return family;
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

/** Whether the task runs on Fargate; not known with the cluster's default strategy, or what only the deployment knows. */
export function isOnFargate(props: RunTaskProps): boolean | undefined {
  const { capacityProviderStrategies = [] } = props;
  const launchType = chooseLaunchType(props);
  if (launchType) {
    return Token.isUnresolved(launchType) ? undefined : launchType === ecs.LaunchType.FARGATE;
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

/** Whether the task gets its own network interface. */
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

/** The names of the containers, in the template; not known if only the deployment knows one of them. */
export function listContainerNames(definition: ecs.ITaskDefinition): string[] | undefined {
  const names = readContainers(definition)?.map(({ Name }) => Name);
  return names?.every((name) => typeof name === 'string' && !Token.isUnresolved(name)) ? names as string[] : undefined;
}

/** The name, in the template, of the container that `command` and `environment` are for, which only a definition of this app knows. */
export function findDefaultContainer(definition: ecs.ITaskDefinition): string | undefined {
  const containers = readContainers(definition) ?? [];
  const { defaultContainer } = findOwnedDefinition(definition) ?? {};
  // Protected, but in the order of the template.
  const index = defaultContainer && findOwnedDefinition(definition)!['containers'].indexOf(defaultContainer); // eslint-disable-line dot-notation
  const deployed = index === undefined ? containers.find(isEssential) : containers[index];
  return valueAsString(deployed?.Name) ?? defaultContainer?.containerName;
}

/** The number of placement constraints that are in the definition. */
export function countPlacementConstraints(definition: ecs.TaskDefinition): number {
  return readDefinition(definition)!.PlacementConstraints?.length ?? 0;
}

/** The names of the volumes that the definition leaves to be configured at launch, if known. */
export function listLaunchVolumes(definition: ecs.TaskDefinition): string[] | undefined {
  const { Volumes = [] } = readDefinition(definition)!;
  return Array.isArray(Volumes) ? Volumes.filter((volume) => volume.ConfiguredAtLaunch).map((volume) => volume.Name) : undefined;
}

/** The keys of the tags that the definition has so far, including those that aspects have added. */
export function listTags(definition: ecs.TaskDefinition): string[] {
  return Object.keys((definition.node.defaultChild as ecs.CfnTaskDefinition).tags.tagValues());
}

/** The logs that the function reads for the message of a failure. */
export function findLogsToRead(props: RunTaskProps): { [containerName: string]: LogLocation } {
  return props.logTailLines === 0 ? {} : findLogLocations(props);
}

/** Where the containers log to, if it is CloudWatch Logs and the name of the stream can be derived. */
export function findLogLocations({ taskDefinition }: RunTaskProps): { [containerName: string]: LogLocation } {
  return Object.fromEntries((readContainers(taskDefinition) ?? []).flatMap(({ Name, LogConfiguration }) => {
    const { 'awslogs-group': group, 'awslogs-stream-prefix': prefix, 'awslogs-region': region } = LogConfiguration?.Options ?? {};
    const [Group, StreamPrefix, Region] = [valueAsString(group), valueAsString(prefix), findOtherRegion(taskDefinition, valueAsString(region))];
    const hasStream = LogConfiguration?.LogDriver === 'awslogs' && Group && StreamPrefix && ![group, prefix].some(canBeLeftOut);
    return hasStream && !Token.isUnresolved(Name) ? [[Name, { Group, StreamPrefix, Region }]] : []; // a key of a map must be known at synthesis
  }));
}

/** A Region, unless it is that of the definition, in which its tasks run. */
function findOtherRegion(definition: ecs.ITaskDefinition, region?: string): string | undefined {
  const stack = Stack.of(findDefinitionResource(definition)!);
  const isOwn = region === undefined || region === stack.region || stack.resolve(region)?.Ref === 'AWS::Region';
  return isOwn ? undefined : region;
}

/** The containers whose exit codes decide, if known: the ones in `exitCodeFrom`, or the essential ones. Call it at synthesis only. */
export function findDecidingContainers({ taskDefinition, exitCodeFrom }: RunTaskProps): string[] | undefined {
  const containers = readContainers(taskDefinition);
  const areKnown = containers?.every(({ Name, Essential }) => Name && ['true', 'false', 'undefined'].includes(String(Essential)));
  return exitCodeFrom ?? (areKnown ? containers!.filter(isEssential).map(({ Name }) => valueAsString(Name)!) : undefined);
}

/** By default a container is. */
function isEssential({ Essential }: DeployedContainer): boolean {
  return String(Essential) !== 'false';
}

/** The containers in the template; not known if only the deployment knows the list. */
function readContainers(definition: ecs.ITaskDefinition): DeployedContainer[] | undefined {
  const deployed = readDefinition(definition);
  const containers = deployed && (deployed.ContainerDefinitions ?? []);
  return Array.isArray(containers) ? containers : undefined;
}
