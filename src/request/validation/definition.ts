import * as ecs from 'aws-cdk-lib/aws-ecs';
import { findMostTags } from './labels';
import { isKnown, isOutside } from './limits';
import { RESERVED_TAG } from '../../contract';
import type { RunTaskProps } from '../../run-task-props';
import { findDefinitionResource, readDefinition } from '../deployed-definition';
import type { Request } from '../render-request';
import { collectTags } from '../tags';
import { countPlacementConstraints, findDefaultContainer, listContainerNames, listLaunchVolumes, listTags } from '../task-definition';

export function* checkContainers(
  { containerOverrides = [], exitCodeFrom }: Partial<RunTaskProps>, definition: ecs.ITaskDefinition, owner = 'taskDefinition',
): Generator<string> {
  const names = listContainerNames(definition);
  if (!names) {
    return;
  }
  const unknown = (name: string) => isKnown(name) && !names.includes(name);
  const has = `the ${owner} has: ${names.join(', ') || 'none'}`;
  for (const { containerName } of containerOverrides.filter((override) => unknown(override.containerName))) {
    yield `containerOverrides must name containers of the ${owner}, got: '${containerName}'; ${has}`;
  }
  for (const containerName of isKnown(exitCodeFrom) ? exitCodeFrom.filter(unknown) : []) {
    yield `exitCodeFrom must name containers of the ${owner}, got: '${containerName}'; ${has}`;
  }
}

/** Checks `command` and `environment`, which override the default container. */
export function* checkDefaultContainer(
  { command, environment, containerOverrides = [] }: Partial<RunTaskProps>, definition: ecs.ITaskDefinition, owner = 'taskDefinition',
): Generator<string> {
  const name = command ? 'command' : 'environment';
  const container = findDefaultContainer(definition);
  if (!command && !environment) {
    return;
  }
  if (!findDefinitionResource(definition)) {
    yield `${name} cannot be set for an imported ${owner}, because its default container is unknown; use containerOverrides instead`;
  } else if (!container) {
    yield `${name} cannot be set, because the ${owner} has no default container; add an essential container, or use containerOverrides`;
  } else if (containerOverrides.some(({ containerName }) => containerName === container)) {
    yield `${name} and containerOverrides cannot both override the default container '${container}'; move ${name} into containerOverrides`;
  }
}

/** ECS starts no task that allows sessions without the role for them. */
export function* checkTaskRole({ enableExecuteCommand, taskOverrides }: RunTaskProps, definition: ecs.ITaskDefinition, path = ''): Generator<string> {
  const deployed = readDefinition(definition);
  if (enableExecuteCommand === true && deployed && deployed.TaskRoleArn === undefined && !taskOverrides?.taskRole) {
    yield `enableExecuteCommand requires a task role, got: none for '${findDefinitionResource(definition)!.node.path}'; set its taskRole, or ${path}taskOverrides.taskRole`;
  }
}

export function* checkConstraints(request: Request, definition: ecs.TaskDefinition, owner = 'taskDefinition'): Generator<string> {
  const own = request.placementConstraints?.length ?? 0;
  const all = own + countPlacementConstraints(definition);
  if (own > 0 && isOutside('placementConstraints', all)) {
    yield `placementConstraints must have at most 10 items, including the constraints of the ${owner}, got: ${all}`;
  }
}

export function* checkPropagatedTags(
  props: RunTaskProps, definition: ecs.TaskDefinition, owner = 'taskDefinition',
): Generator<string> {
  if (props.propagateTags !== ecs.PropagatedTagSource.TASK_DEFINITION) {
    return;
  }
  const propagated = listTags(definition);
  const all = new Set([...propagated, ...Object.keys(collectTags(props))]).size;
  const most = findMostTags(props);
  if (propagated.length > 0 && all > most) {
    yield `tags must have at most ${most} items together with those that propagateTags adds from the ${owner}, got: ${all}`;
  }
  if (propagated.includes(RESERVED_TAG)) {
    yield `propagateTags must not propagate the reserved tag '${RESERVED_TAG}', got: TASK_DEFINITION; remove the tag from the ${owner}`;
  }
}

export function* checkLaunchVolumes({ volumes = [] }: RunTaskProps, definition: ecs.TaskDefinition): Generator<string> {
  const atLaunch = listLaunchVolumes(definition);
  if (!atLaunch) {
    return;
  }
  for (const { name } of volumes.filter((volume) => !atLaunch.includes(volume.name))) {
    yield `volumes must name volumes that the taskDefinition configures at launch, got: '${name}'; add the volume with taskDefinition.addVolume`;
  }
  for (const name of atLaunch.filter((volume) => !volumes.some((given) => given.name === volume))) {
    yield `volumes must include '${name}', which the taskDefinition configures at launch, got: ${volumes.map((given) => given.name).join(', ') || 'none'}`;
  }
}
