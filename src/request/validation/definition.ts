import type * as ecs from 'aws-cdk-lib/aws-ecs';
import { isKnown } from './limits';
import type { RunTaskProps } from '../../run-task-props';
import type { Request } from '../render-request';
import { listContainers, listLaunchVolumes, countPlacementConstraints } from '../task-definition';

export function* checkContainers(
  { containerOverrides = [], exitCodeFrom }: Partial<RunTaskProps>, definition: ecs.TaskDefinition, owner = 'taskDefinition',
): Generator<string> {
  const names = listContainers(definition).map(({ containerName }) => containerName);
  const unknown = (name: string) => isKnown(name) && !names.includes(name);
  const has = `the ${owner} has: ${names.join(', ') || 'none'}`;
  for (const { containerName } of containerOverrides.filter((override) => unknown(override.containerName))) {
    yield `containerOverrides must name containers of the ${owner}, got: '${containerName}'; ${has}`;
  }
  for (const containerName of isKnown(exitCodeFrom) ? exitCodeFrom.filter(unknown) : []) {
    yield `exitCodeFrom must name containers of the ${owner}, got: '${containerName}'; ${has}`;
  }
}

export function* checkConstraints(request: Request, definition: ecs.TaskDefinition, owner = 'taskDefinition'): Generator<string> {
  const own = request.placementConstraints?.length ?? 0;
  const all = own + countPlacementConstraints(definition);
  if (own > 0 && all > 10) {
    yield `placementConstraints must have at most 10 items, those of the ${owner} included, got: ${all}`;
  }
}

export function* checkLaunchVolumes({ volumes = [] }: RunTaskProps, definition: ecs.TaskDefinition): Generator<string> {
  const atLaunch = listLaunchVolumes(definition);
  for (const { name } of volumes.filter((volume) => !atLaunch.includes(volume.name))) {
    yield `volumes must name volumes that the taskDefinition configures at launch, got: '${name}'; add it with taskDefinition.addVolume`;
  }
  for (const name of atLaunch.filter((volume) => !volumes.some((given) => given.name === volume))) {
    yield `volumes must configure '${name}', which the taskDefinition leaves to be configured at launch, got: ${volumes.map((given) => given.name).join(', ') || 'none'}`;
  }
}
