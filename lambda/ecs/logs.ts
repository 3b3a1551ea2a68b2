import { GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import type { RunSpec } from '../../src/contract';
import { printable } from '../verdict/message';
import type { World } from '../world';

/** The last words of a container can reach CloudWatch some seconds after its exit code reached ECS. */
const PATIENCE_MS = 4_000;

/** Where a container of a task logged to, if that is known. */
export function logOf(run: Pick<RunSpec, 'Logs'>, container: string, taskArn: string): { group: string; stream: string } | undefined {
  const location = run.Logs?.[container];
  const taskId = taskArn.split('/').pop();
  return location && { group: location.Group, stream: `${location.StreamPrefix}/${container}/${taskId}` };
}

/** The last lines of a log stream, oldest first. None where they can't be had: a missing log must not hide the failure. */
export async function tail(world: World, log: { group: string; stream: string }, lines: number): Promise<string[]> {
  const until = world.now() + PATIENCE_MS;
  for (;;) {
    const events = await lastEvents(world, log, lines);
    if (events.length > 0 || world.now() >= until) {
      return events.flatMap((message) => printable(message).split('\n')).filter((line) => line.trim() !== '').slice(-lines);
    }
    await world.sleep(1_000);
  }
}

/** An output that a container prints for the stack, on a line of its own. */
const OUTPUT = /^ecs-run-task-output ([A-Za-z0-9]+)=(.*)$/;

/** CloudWatch gives a page of 1 MB at most. */
const MOST_PAGES = 20;

/** The values of these outputs that stand in the logs, read from their ends on until all are found. */
export async function printedOutputs(
  world: World, logs: ReadonlyArray<{ group: string; stream: string }>, names: readonly string[],
): Promise<Map<string, Set<string>>> {
  const found = new Map<string, Set<string>>();
  for (const log of logs) {
    let nextToken: string | undefined;
    for (let page = 0; page < MOST_PAGES && found.size < names.length; page++) {
      const { messages, earlier } = await readLog(world, log, { nextToken });
      for (const line of messages.flatMap((message) => printable(message).split('\n'))) {
        const [, name, value = ''] = OUTPUT.exec(line) ?? [];
        if (names.includes(name) && value.trim() !== '') {
          found.set(name, (found.get(name) ?? new Set()).add(value.trim()));
        }
      }
      if (!earlier || earlier === nextToken) { // CloudWatch gives the same token again where there is no more
        break;
      }
      nextToken = earlier;
    }
  }
  return found;
}

async function lastEvents(world: World, log: { group: string; stream: string }, limit: number): Promise<string[]> {
  return (await readLog(world, log, { limit })).messages;
}

/** A page of the log from its end, or from before another page. Empty where it can't be had, now or ever. */
async function readLog(
  world: World, log: { group: string; stream: string }, page: { limit?: number; nextToken?: string },
): Promise<{ messages: string[]; earlier?: string }> {
  try {
    const { events = [], nextBackwardToken } = await world.logs.send(new GetLogEventsCommand({
      logGroupName: log.group,
      logStreamName: log.stream,
      startFromHead: false,
      ...page,
    }));
    return { messages: events.map((event) => event.message ?? ''), earlier: nextBackwardToken };
  } catch (error) {
    world.log(`GetLogEvents of ${log.group}, ${log.stream}: ${error}`);
    return { messages: [] };
  }
}
