import { DescribeTaskDefinitionCommand } from '@aws-sdk/client-ecs';
import type { RunSpec } from '../../src/contract';
import { persist } from '../retry';
import { PERMISSIONS_SPREAD_MS } from '../verdict/causes';
import type { Rules } from '../verdict/outcome';
import type { World } from '../world';

/** A run with everything that the waiting needs. */
export type KnownContainers = RunSpec & Rules;

/** A task definition from elsewhere: only ECS knows its essential containers, and where they log to. */
export async function withContainers(world: World, run: RunSpec): Promise<KnownContainers> {
  if (run.ExitCodeFrom) {
    return { ...run, ExitCodeFrom: run.ExitCodeFrom };
  }
  const { taskDefinition } = run.Request;
  const call = () => world.ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition }));
  const found = await persist(world, world.now() + PERMISSIONS_SPREAD_MS, call);
  const containers = found.taskDefinition?.containerDefinitions ?? [];
  if (containers.length === 0) {
    throw new Error(`ECS does not tell the containers of ${taskDefinition}`); // nobody would decide: any ending would be a success
  }
  return {
    ...run,
    LogTailLines: 0, // the role may read only the logs that the construct knew of; the message tells where this one is
    ExitCodeFrom: containers.filter((container) => container.essential !== false).map((container) => container.name!),
    Logs: Object.fromEntries(containers.flatMap(({ name, logConfiguration }) => {
      const { 'awslogs-group': Group, 'awslogs-stream-prefix': StreamPrefix } = logConfiguration?.options ?? {};
      return Group && StreamPrefix ? [[name!, { Group, StreamPrefix }]] : [];
    })),
  };
}
