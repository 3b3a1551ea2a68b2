import { DescribeTaskDefinitionCommand } from '@aws-sdk/client-ecs';
import type { RunSpec } from '../../src/contract';
import { PERMISSIONS_SPREAD_MS } from '../../src/timing';
import { retry } from '../retry';
import type { Rules } from '../verdict/outcome';
import type { World } from '../world';

/** A run whose deciding containers are known. */
export type ResolvedRun = RunSpec & Rules;

/** Only ECS knows the essential containers of a task definition from elsewhere, and where they log to. */
export async function resolveContainers(world: World, spec: RunSpec): Promise<ResolvedRun> {
  if (spec.ExitCodeFrom) {
    return { ...spec, ExitCodeFrom: spec.ExitCodeFrom };
  }
  const { taskDefinition } = spec.Request;
  const call = () => world.ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition }));
  const found = await retry(world, world.now() + PERMISSIONS_SPREAD_MS, call);
  const containers = found.taskDefinition?.containerDefinitions ?? [];
  if (containers.length === 0) {
    throw new Error(`ECS does not tell the containers of ${taskDefinition}`); // nothing would decide: any ending would be a success
  }
  return {
    ...spec,
    LogTailLines: 0, // the role can read only the logs that the construct knew; the message says where this one is
    ExitCodeFrom: containers.filter((container) => container.essential !== false).map((container) => container.name!),
    Logs: Object.fromEntries(containers.flatMap(({ name, logConfiguration }) => {
      const { 'awslogs-group': Group, 'awslogs-stream-prefix': StreamPrefix } = logConfiguration?.options ?? {};
      return Group && StreamPrefix ? [[name!, { Group, StreamPrefix }]] : [];
    })),
  };
}
