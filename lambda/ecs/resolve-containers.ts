import { DescribeTaskDefinitionCommand } from '@aws-sdk/client-ecs';
import type { RunSpec } from '../../src/contract';
import { Unusable } from '../verdict/failure';
import type { Rules } from '../verdict/outcome';
import { ERRORS } from '../verdict/texts';
import type { World } from '../world';

/** A run whose deciding containers are known. */
export type ResolvedRun = RunSpec & Rules;

/** For an imported task definition, only ECS knows the essential containers and their logs. */
export async function resolveContainers(world: World, spec: RunSpec): Promise<ResolvedRun> {
  if (spec.ExitCodeFrom && spec.ExitCodeFrom.length > 0) {
    return { ...spec, ExitCodeFrom: spec.ExitCodeFrom };
  }
  const { taskDefinition } = spec.Request;
  const found = await world.ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition }));
  const containers = found.taskDefinition?.containerDefinitions ?? [];
  if (containers.length === 0) {
    throw new Unusable(ERRORS.containersUnknown(taskDefinition!)); // without deciding containers, any result would be a success
  }
  return {
    ...spec,
    LogTailLines: 0, // the role can read only logs that the construct knows. The message names this log
    Containers: containers.map((container) => container.name!),
    ExitCodeFrom: containers.filter((container) => container.essential !== false).map((container) => container.name!),
    Logs: Object.fromEntries(containers.flatMap(({ name, logConfiguration }) => {
      const { 'awslogs-group': Group, 'awslogs-stream-prefix': StreamPrefix, 'awslogs-region': Region } = logConfiguration?.options ?? {};
      return Group && StreamPrefix ? [[name!, { Group, StreamPrefix, Region }]] : [];
    })),
  };
}
