import { DescribeTaskDefinitionCommand } from '@aws-sdk/client-ecs';
import type { RunSpec } from '../../src/contract';
import { Unusable } from '../verdict/failure';
import type { Rules } from '../verdict/outcome';
import { ERRORS } from '../verdict/texts';
import type { World } from '../world';

/** A run whose deciding containers are known. */
export type ResolvedRun = RunSpec & Rules;

/** What only ECS knows of an imported task definition. */
export type Containers = Pick<ResolvedRun, 'ExitCodeFrom' | 'Containers' | 'Logs' | 'LogTailLines'>;

/** The run with the deciding containers of this revision, unless the construct has named them. */
export async function resolveContainers(world: World, spec: RunSpec, taskDefinition = spec.Request.taskDefinition!): Promise<ResolvedRun> {
  if (spec.ExitCodeFrom && spec.ExitCodeFrom.length > 0) {
    return { ...spec, ExitCodeFrom: spec.ExitCodeFrom };
  }
  return { ...spec, ...(await readContainers(world, taskDefinition)).containers };
}

/** The essential containers and their logs. Without a revision in its name, those of the latest one. */
export async function readContainers(world: World, taskDefinition: string): Promise<{ readonly revision: string; readonly containers: Containers }> {
  const found = await world.ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition }));
  const { containerDefinitions = [], taskDefinitionArn = taskDefinition } = found.taskDefinition ?? {};
  if (containerDefinitions.length === 0) {
    throw new Unusable(ERRORS.containersUnknown(taskDefinition)); // without deciding containers, any result would be a success
  }
  const containers = {
    LogTailLines: 0, // the role can read only logs that the construct knows. The message names this log
    Containers: containerDefinitions.map((container) => container.name!),
    ExitCodeFrom: containerDefinitions.filter((container) => container.essential !== false).map((container) => container.name!),
    Logs: Object.fromEntries(containerDefinitions.flatMap(({ name, logConfiguration }) => {
      const { 'awslogs-group': Group, 'awslogs-stream-prefix': StreamPrefix, 'awslogs-region': Region } = logConfiguration?.options ?? {};
      return Group && StreamPrefix ? [[name!, { Group, StreamPrefix, Region }]] : [];
    })),
  };
  return { revision: taskDefinitionArn, containers };
}
