import { Arn, ArnFormat, IResource, Stack, Token } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';
import { isOutput } from '../contract';
import type { Request, Task } from './render-request';
import { Handler, HandlerProps } from '../function/handler-function';
import { ContainerOverride, OnRollback, ResourceType, RunOn, RunTaskProps } from '../run-task-props';
import {
  containersOf, decidingOf, hasNetworkSettings, ifKnown, isAwsvpc, isOnFargate, launchTypeOf, launchVolumesOf, logStreamsOf, networkModeOf,
  ownedDefinition, placementConstraintsOf, vpcOf,
} from './task-definition';
import { TaskManagedVolume } from '../task-managed-volume';

/** Throws what is wrong with the props, all of it at once. What only the deployment can tell passes. */
export function validate(scope: Construct, { props, request }: Task, deletion?: Task): void {
  const errors = [
    ...environmentErrors(scope, props),
    ...placementErrors(props, request),
    ...networkErrors(props, request),
    ...overrideErrors(props, request),
    ...labelErrors(props),
    ...volumeErrors(props),
    ...timeoutErrors(props, 12),
    ...waitErrors(props),
    ...rollbackErrors(props),
    ...handlerErrors(scope, props),
    ...deletion ? deletionErrors(scope, props, deletion) : [],
  ];
  if (errors.length > 0) {
    throw new Error(errors.map((error) => `[${scope.node.path}] ${error}`).join('\n'));
  }
}

/** What does not fit the task definitions, to which containers, constraints and volumes can be added until synthesis. */
export function validateAgainstDefinitions({ props, request }: Task, deletion?: Task): string[] {
  const owned = ownedDefinition(props.taskDefinition);
  const errors = owned ? [...containerErrors(props, owned), ...constraintErrors(request, owned), ...launchVolumeErrors(props, owned)] : [];
  return deletion ? [...errors, ...deletionDefinitionErrors(props, deletion)] : errors;
}

/** What is wrong with the attributes that the stack uses, which can be asked for until synthesis. */
export function validateResults(props: RunTaskProps, attributes: string[]): string[] {
  if (!usesLogs(attributes)) {
    return [];
  }
  const outputs = attributes.filter(isOutput);
  const deciding = decidingOf(props);
  const streams = logStreamsOf(props);
  const errors = [];
  if (outputs.length > 0 && props.count !== undefined && props.count !== 1) {
    errors.push(`getOutput is for a single task, got: count ${Token.isUnresolved(props.count) ? 'from the deployment' : props.count}; remove count`);
  }
  if (outputs.length > 0 && !deciding?.some((name) => name in streams)) {
    errors.push(`getOutput needs a container that decides, in a taskDefinition of this app, with the awslogs driver and a streamPrefix, got: ${deciding?.join(', ') || 'none'}; give it logging: ecs.LogDrivers.awsLogs({ streamPrefix: '...' })`);
  }
  if (attributes.includes('LogStreamName') && deciding && ownedDefinition(props.taskDefinition) && !(deciding[0] in streams)) {
    errors.push(`logStreamName needs the awslogs driver and a streamPrefix, which the container '${deciding[0]}' of the taskDefinition lacks; give it logging: ecs.LogDrivers.awsLogs({ streamPrefix: '...' })`);
  }
  return errors;
}

/** Whether the function needs to know where the containers log to. */
export function usesLogs(attributes: string[]): boolean {
  return attributes.some((name) => isOutput(name) || name === 'LogStreamName');
}

/** ECS runs a task where the function asks for it: in the account and the Region of the stack. */
function* environmentErrors(scope: Construct, { cluster, taskDefinition, taskOverrides }: Partial<RunTaskProps>): Generator<string> {
  const stack = Stack.of(scope);
  const environments = {
    cluster: cluster && environmentOf(cluster, cluster.clusterArn),
    taskDefinition: taskDefinition && environmentOf(taskDefinition, taskDefinition.taskDefinitionArn),
  };
  for (const [name, environment] of Object.entries(environments)) {
    if (areDifferent(environment?.account, stack.account)) {
      yield `${name} must be in the account of the stack, ${stack.account}, got: ${environment?.account}; put the RunTask into a stack of that account`;
    }
    if (areDifferent(environment?.region, stack.region)) {
      yield `${name} must be in the Region of the stack, ${stack.region}, got: ${environment?.region}; put the RunTask into a stack of that Region`;
    }
  }
  const roles = {
    'taskDefinition.taskRole': taskDefinition && ifKnown(() => taskDefinition.taskRole),
    'taskDefinition.executionRole': taskDefinition?.executionRole,
    'taskOverrides.taskRole': taskOverrides?.taskRole,
    'taskOverrides.executionRole': taskOverrides?.executionRole,
  };
  for (const [name, role] of Object.entries(roles)) {
    if (areDifferent(role?.env.account, stack.account)) {
      yield `${name} must be in the account of the stack, ${stack.account}, got: ${role?.env.account}; take a role of this account, which may assume that one`;
    }
  }
}

/** That of the ARN, if it is written out. Of imports, not all know where they are from. */
function environmentOf(resource: IResource, arn: string): { readonly account?: string; readonly region?: string } {
  return isKnown(arn) && arn.startsWith('arn:') ? Arn.split(arn, ArnFormat.SLASH_RESOURCE_NAME) : resource.env;
}

function* placementErrors(props: RunTaskProps, request: Request): Generator<string> {
  const { launchType, capacityProviderStrategies, platformVersion, taskDefinition } = props;
  const owned = ownedDefinition(taskDefinition);
  if (!isIntegerWithin(props.count, 1, 10)) {
    yield `count must be an integer from 1 to 10, got: ${props.count}`;
  }
  if (launchType && capacityProviderStrategies) {
    yield `launchType and capacityProviderStrategies exclude each other, got: ${launchType} and ${capacityProviderStrategies.length} strategies; remove one of the two`;
  }
  if (!launchTypeOf(props) && !capacityProviderStrategies) {
    yield 'capacityProviderStrategies is required: the taskDefinition is compatible with none of the launch types FARGATE, EC2 and EXTERNAL';
  }
  if (owned && launchType && !isCompatible(owned, launchType)) {
    yield `launchType must be one that the taskDefinition is compatible with, got: ${launchType}; remove it, or change the compatibility of '${owned.node.path}'`;
  }
  if (isLongerThan(20, capacityProviderStrategies)) {
    yield `capacityProviderStrategies must have at most 20 items, got: ${capacityProviderStrategies.length}`;
  }
  if (platformVersion && isOnFargate(props) === false) {
    yield `platformVersion is for tasks on Fargate only, got: ${platformVersion}; remove it, or run the task on Fargate`;
  }
  if (isLongerThan(10, request.placementConstraints)) {
    yield `placementConstraints must have at most 10 items, got: ${request.placementConstraints.length}`;
  }
  if (isLongerThan(5, request.placementStrategy)) {
    yield `placementStrategies must have at most 5 items, got: ${request.placementStrategy.length}`;
  }
  for (const name of ['placementConstraints', 'placementStrategies'] as const) {
    if (props[name]?.length && isOnFargate(props)) {
      yield `${name} must not be set for a task on Fargate, got: ${props[name].length}; remove it, or run the task on EC2`;
    }
  }
}

function isCompatible(definition: ecs.TaskDefinition, launchType: ecs.LaunchType): boolean {
  switch (launchType) {
    case ecs.LaunchType.FARGATE: return definition.isFargateCompatible;
    case ecs.LaunchType.EC2: return definition.isEc2Compatible;
    case ecs.LaunchType.EXTERNAL: return definition.isExternalCompatible;
  }
}

function* networkErrors(props: RunTaskProps, request: Request): Generator<string> {
  if (isAwsvpc(props) && !vpcOf(props)) {
    yield 'cluster must have a vpc for network mode awsvpc, got: none; import it with Cluster.fromClusterAttributes and its vpc';
  }
  if (!isAwsvpc(props) && hasNetworkSettings(props)) {
    yield `vpcSubnets, securityGroups and assignPublicIp are for network mode awsvpc only, got: ${networkModeOf(props.taskDefinition)}; remove them, or change the networkMode of the taskDefinition`;
  }
  const { subnets, securityGroups } = request.networkConfiguration?.awsvpcConfiguration ?? {};
  if (subnets?.length === 0) {
    yield 'vpcSubnets must select at least one subnet for network mode awsvpc, got: none';
  }
  if (isLongerThan(16, subnets)) {
    yield `vpcSubnets must select at most 16 subnets, got: ${subnets.length}`;
  }
  if (isLongerThan(5, securityGroups)) {
    yield `securityGroups must have at most 5 items, got: ${securityGroups.length}`;
  }
}

function* overrideErrors({ containerOverrides = [], taskOverrides }: Partial<RunTaskProps>, request: Request): Generator<string> {
  // Values that only the deployment knows count as empty: they can make it longer, not shorter.
  const json = JSON.stringify(request.overrides ?? {}, (_, value) => Token.isUnresolved(value) ? '' : value);
  if (json.length > 8192) {
    yield `containerOverrides and taskOverrides must have at most 8192 characters as JSON, got: ${json.length}; move long values to the taskDefinition or to environmentFiles`;
  }
  if (!isIntegerWithin(taskOverrides?.ephemeralStorageGiB, 21, 200)) {
    yield `taskOverrides.ephemeralStorageGiB must be an integer from 21 to 200, got: ${taskOverrides?.ephemeralStorageGiB}`;
  }
  for (const override of containerOverrides) {
    yield* within('containerOverrides', resourceErrors(override));
  }
}

function* resourceErrors({ containerName, gpuCount, resourceRequirements = [] }: ContainerOverride): Generator<string> {
  if (gpuCount !== undefined && resourceRequirements.some(({ type }) => type === ResourceType.GPU)) {
    yield `gpuCount and a resourceRequirement of type GPU exclude each other, got both for container '${containerName}'; remove gpuCount`;
  }
  for (const { type, value, sharingStrategy } of resourceRequirements) {
    if (sharingStrategy && type !== ResourceType.GPU) {
      yield `sharingStrategy is for resourceRequirements of type GPU only, got: ${type} for container '${containerName}'`;
    }
    if ((value === undefined) === (sharingStrategy === undefined)) {
      yield `resourceRequirements must have either a value or a sharingStrategy, got ${value === undefined ? 'neither' : 'both'} for ${type} of container '${containerName}'`;
    }
    if (type === ResourceType.NEURON_DEVICE && isKnown(value) && value !== 'ALL') {
      yield `resourceRequirements of type NeuronDevice must have the value ALL, got: ${value} for container '${containerName}'`;
    }
  }
}

function* labelErrors({ startedBy, referenceId, propagateTags, tags = {} }: RunTaskProps): Generator<string> {
  if (isKnown(startedBy) && !/^[\w/-]{1,128}$/.test(startedBy)) {
    yield `startedBy must have 1 to 128 letters, digits, hyphens, underscores and slashes, got: ${startedBy.length} characters, '${startedBy}'`;
  }
  if (isKnown(referenceId) && referenceId.length > 1024) {
    yield `referenceId must have at most 1024 characters, got: ${referenceId.length}`;
  }
  if (propagateTags === ecs.PropagatedTagSource.SERVICE) {
    yield 'propagateTags must be TASK_DEFINITION or NONE, got: SERVICE; no service starts this task';
  }
  const most = startedBy === undefined ? 50 : 49; // beside a startedBy of the user, the task gets a tag by which it is found
  const names = Object.keys(tags);
  if (names.length > most) {
    yield `tags must have at most ${most} items${most < 50 ? ' together with startedBy' : ''}, got: ${names.length}`;
  }
  for (const [key, value] of Object.entries(tags)) {
    if (isKnown(key) && (key.length === 0 || key.length > 128)) {
      yield `tags must have keys of 1 to 128 characters, got: ${key.length}, '${key}'`;
    }
    if (isKnown(value) && value.length > 256) {
      yield `tags must have values of at most 256 characters, got: ${value.length} for '${key}'`;
    }
    if (/^aws:/i.test(key) || /^aws:/i.test(value)) {
      yield `tags must not have keys or values that begin with 'aws:', got: '${key}' = '${value}'`;
    }
  }
}

function* volumeErrors({ volumes = [] }: RunTaskProps): Generator<string> {
  if (volumes.length > 1) {
    yield `volumes must have at most one item, got: ${volumes.length}; ECS attaches one EBS volume to a task`;
  }
  for (const volume of volumes) {
    const { size, snapShotId, tagSpecifications = [] } = volume.config ?? {};
    if (!size && !snapShotId) {
      yield `volumes must have a size or a snapShotId, got neither for '${volume.name}'; set them in its managedEBSVolume`;
    }
    if (tagSpecifications.some(({ propagateTags }) => propagateTags === ecs.EbsPropagatedTagSource.SERVICE)) {
      yield `volumes must take their tags from TASK_DEFINITION, got: SERVICE for '${volume.name}'; no service starts this task`;
    }
    const rate = volume instanceof TaskManagedVolume ? volume.volumeInitializationRate : undefined;
    if (rate && !rate.isUnresolved() && !isIntegerWithin(rate.toMebibytes(), 100, 300)) {
      yield `volumeInitializationRate must be from 100 to 300 MiB per second, got: ${rate.toMebibytes()} for '${volume.name}'`;
    }
    if (rate && !snapShotId) {
      yield `volumeInitializationRate is for volumes with a snapShotId only, got: ${rate.toMebibytes()} for '${volume.name}'; remove it`;
    }
  }
}

function* timeoutErrors({ timeout }: Pick<RunTaskProps, 'timeout'>, hours: number): Generator<string> {
  if (timeout && !timeout.isUnresolved() && !isIntegerWithin(timeout.toSeconds({ integral: false }), 1, hours * 3600)) {
    yield `timeout must be from 1 second to ${hours === 1 ? '1 hour' : `${hours} hours`}, in whole seconds, got: ${timeout.toHumanString()}`;
  }
}

function* waitErrors({ exitCodeFrom, successExitCodes, retryAttempts, logTailLines }: Partial<RunTaskProps>): Generator<string> {
  if (exitCodeFrom?.length === 0) {
    yield 'exitCodeFrom must name at least one container, got: []; remove it to let the essential containers decide';
  }
  if (successExitCodes?.length === 0 || successExitCodes?.some((code) => !isIntegerWithin(code))) {
    yield `successExitCodes must have at least one integer, got: [${successExitCodes.join(', ')}]`;
  }
  if (!isIntegerWithin(retryAttempts, 0, 10)) {
    yield `retryAttempts must be an integer from 0 to 10, got: ${retryAttempts}`;
  }
  if (!isIntegerWithin(logTailLines, 0, 10_000)) {
    yield `logTailLines must be an integer from 0 to 10000, got: ${logTailLines}`;
  }
}

function* rollbackErrors({ onRollback, runOn }: RunTaskProps): Generator<string> {
  if (onRollback === OnRollback.RUN && runOn === RunOn.CREATE) {
    yield 'onRollback RUN has no effect together with runOn CREATE, with which only the creation runs the task; remove one of the two';
  }
}

/** The function is made for the first task of a stack, and shared by the others. */
function* handlerErrors(scope: Construct, props: RunTaskProps): Generator<string> {
  for (const name of ['handlerVpcSubnets', 'handlerSecurityGroups'] as const) {
    if (props[name] && !props.handlerVpc) {
      yield `${name} is for a function in a VPC only, got no handlerVpc; set it, or remove ${name}`;
    }
  }
  const first = Handler.existing(scope)?.props;
  for (const name of first ? ['handlerRole', 'handlerVpc', 'handlerVpcSubnets', 'handlerSecurityGroups'] as const : []) {
    const [own, other] = [pathsOf(props, name), pathsOf(first!, name)];
    if (own && own !== other) {
      yield `${name} must be as for the first RunTask of the stack, since all of them share one function, got: ${own}, and there: ${other ?? 'none'}; set it on the first one only`;
    }
  }
}

function pathsOf({ handlerRole, handlerVpc, handlerVpcSubnets, handlerSecurityGroups }: HandlerProps, name: keyof HandlerProps): string | undefined {
  const constructs = {
    handlerRole: handlerRole && [handlerRole],
    handlerVpc: handlerVpc && [handlerVpc],
    handlerVpcSubnets: handlerVpcSubnets && handlerVpc?.selectSubnets(handlerVpcSubnets).subnets,
    handlerSecurityGroups,
  }[name];
  return constructs?.map(({ node }) => node.path).join(', ');
}

/** What is wrong with what onDelete says. All the rest is checked with the other task. */
function* deletionErrors(scope: Construct, props: RunTaskProps, { props: { taskDefinition }, request }: Task): Generator<string> {
  yield* within('onDelete', environmentErrors(scope, props.onDelete!));
  yield* within('onDelete', overrideErrors(props.onDelete!, request));
  yield* within('onDelete', timeoutErrors(props.onDelete!, 1));
  yield* within('onDelete', waitErrors(props.onDelete!));
  if (taskDefinition === props.taskDefinition) {
    return;
  }
  const owned = ownedDefinition(taskDefinition);
  const launchType = launchTypeOf(props);
  if (owned && launchType && !isCompatible(owned, launchType)) {
    yield `onDelete.taskDefinition must be compatible with the launch type of the RunTask, ${launchType}, got: '${owned.node.path}'; change its compatibility`;
  }
  const networkMode = networkModeOf(taskDefinition);
  if (networkMode && isAwsvpc(props) !== (networkMode === ecs.NetworkMode.AWS_VPC)) {
    const expected = isAwsvpc(props) ? 'network mode awsvpc' : 'a network mode other than awsvpc';
    yield `onDelete.taskDefinition must have ${expected}, like that of the RunTask, got: ${networkMode}; change its networkMode`;
  }
}

function* containerErrors(
  { containerOverrides = [], exitCodeFrom }: Partial<RunTaskProps>, definition: ecs.TaskDefinition, owner = 'taskDefinition',
): Generator<string> {
  const names = containersOf(definition).map(({ containerName }) => containerName);
  const unknown = (name: string) => isKnown(name) && !names.includes(name);
  const has = `the ${owner} has: ${names.join(', ') || 'none'}`;
  for (const { containerName } of containerOverrides.filter((override) => unknown(override.containerName))) {
    yield `containerOverrides must name containers of the ${owner}, got: '${containerName}'; ${has}`;
  }
  for (const containerName of isKnown(exitCodeFrom) ? exitCodeFrom.filter(unknown) : []) {
    yield `exitCodeFrom must name containers of the ${owner}, got: '${containerName}'; ${has}`;
  }
}

function* constraintErrors(request: Request, definition: ecs.TaskDefinition, owner = 'taskDefinition'): Generator<string> {
  const own = request.placementConstraints?.length ?? 0;
  const all = own + placementConstraintsOf(definition);
  if (own > 0 && all > 10) {
    yield `placementConstraints must have at most 10 items, those of the ${owner} included, got: ${all}`;
  }
}

function* launchVolumeErrors({ volumes = [] }: RunTaskProps, definition: ecs.TaskDefinition): Generator<string> {
  const atLaunch = launchVolumesOf(definition);
  for (const { name } of volumes.filter((volume) => !atLaunch.includes(volume.name))) {
    yield `volumes must name volumes that the taskDefinition configures at launch, got: '${name}'; add it with taskDefinition.addVolume`;
  }
  for (const name of atLaunch.filter((volume) => !volumes.some((given) => given.name === volume))) {
    yield `volumes must configure '${name}', which the taskDefinition leaves to be configured at launch, got: ${volumes.map((given) => given.name).join(', ') || 'none'}`;
  }
}

function* deletionDefinitionErrors(props: RunTaskProps, { props: { taskDefinition }, request }: Task): Generator<string> {
  const owned = ownedDefinition(taskDefinition);
  if (!owned) {
    return;
  }
  const isOther = owned !== props.taskDefinition;
  const owner = isOther ? 'onDelete.taskDefinition' : 'taskDefinition';
  yield* within('onDelete', containerErrors(props.onDelete!, owned, owner));
  if (isOther) {
    yield* constraintErrors(request, owned, owner);
    for (const volume of launchVolumesOf(owned)) {
      yield `onDelete.taskDefinition must not leave volumes to be configured at launch, got: '${volume}'; only the taskDefinition of the RunTask can`;
    }
  }
}

/** The same errors with the path of what they are about: each begins with the name of its prop. */
function* within(path: string, errors: Iterable<string>): Generator<string> {
  for (const error of errors) {
    yield `${path}.${error}`;
  }
}

function isKnown<T>(value: T | undefined): value is T {
  return value !== undefined && !Token.isUnresolved(value);
}

function areDifferent(one: string | undefined, other: string): boolean {
  return isKnown(one) && isKnown(other) && one !== other;
}

function isIntegerWithin(value: number | undefined, least = -Infinity, most = Infinity): boolean {
  return !isKnown(value) || (Number.isInteger(value) && value >= least && value <= most);
}

function isLongerThan<T>(most: number, list: readonly T[] | undefined): list is readonly T[] {
  return isKnown(list) && list.length > most;
}
