import { GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import type { RunSpec } from '../../src/contract';
import { TAIL_WITHIN_MS } from '../../src/timing';
import { printable } from '../verdict/message';
import type { World } from '../world';

export interface LogStream {
  readonly group: string;
  readonly stream: string;
}

/** An output that a container prints for the stack, on a line of its own. */
const OUTPUT = /^ecs-run-task-output ([A-Za-z0-9]+)=(.*)$/;

/** CloudWatch returns a page of 1 MB at most. */
const MOST_PAGES = 20;

/** Where a container of a task logs to, if that is known. */
export function locateLog(spec: Pick<RunSpec, 'Logs'>, container: string, taskArn: string): LogStream | undefined {
  const location = spec.Logs?.[container];
  const taskId = taskArn.split('/').pop();
  return location && { group: location.Group, stream: `${location.StreamPrefix}/${container}/${taskId}` };
}

/** The last lines of a log stream, oldest first. None when they cannot be read: a missing log must not hide the failure. */
export async function readTail(world: World, log: LogStream, lines: number): Promise<string[]> {
  const until = world.now() + TAIL_WITHIN_MS;
  for (;;) {
    const { messages } = await readPage(world, log, { limit: lines });
    if (messages.length > 0 || world.now() >= until) {
      return messages.flatMap((message) => printable(message).split('\n')).filter((line) => line.trim() !== '').slice(-lines);
    }
    await world.sleep(1_000);
  }
}

/** The values of these outputs in the logs, read from their ends until all are found. */
export async function readOutputs(world: World, logs: readonly LogStream[], names: readonly string[]): Promise<Map<string, Set<string>>> {
  const found = new Map<string, Set<string>>();
  for (const log of logs) {
    let nextToken: string | undefined;
    for (let page = 0; page < MOST_PAGES && found.size < names.length; page++) {
      const { messages, earlier } = await readPage(world, log, { nextToken });
      for (const line of messages.flatMap((message) => printable(message).split('\n'))) {
        const [, name, value = ''] = OUTPUT.exec(line) ?? [];
        if (names.includes(name) && value.trim() !== '') {
          found.set(name, (found.get(name) ?? new Set()).add(value.trim()));
        }
      }
      if (!earlier || earlier === nextToken) { // CloudWatch returns the same token again at the end
        break;
      }
      nextToken = earlier;
    }
  }
  return found;
}

/** A page of the log from its end, or from before another page. Empty when it cannot be read, now or ever. */
async function readPage(
  world: World, { group, stream }: LogStream, page: { limit?: number; nextToken?: string },
): Promise<{ messages: string[]; earlier?: string }> {
  try {
    const { events = [], nextBackwardToken } = await world.logs.send(new GetLogEventsCommand({
      logGroupName: group,
      logStreamName: stream,
      startFromHead: false,
      ...page,
    }));
    return { messages: events.map((event) => event.message ?? ''), earlier: nextBackwardToken };
  } catch (error) {
    world.log(`GetLogEvents of ${group}, ${stream}: ${error}`);
    return { messages: [] };
  }
}
