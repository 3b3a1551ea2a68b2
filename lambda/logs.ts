import { GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { printable } from './message';
import type { Surroundings } from './surroundings';
import type { TaskRun } from '../src/contract';

/** The last words of a container can reach CloudWatch some seconds after its exit code reached ECS. */
const PATIENCE_MS = 4_000;

/** Where a container of a task logged to, if that is known. */
export function logOf(run: Pick<TaskRun, 'Logs'>, container: string, taskArn: string): { group: string; stream: string } | undefined {
  const location = run.Logs?.[container];
  const taskId = taskArn.split('/').pop();
  return location && { group: location.Group, stream: `${location.StreamPrefix}/${container}/${taskId}` };
}

/** The last lines of a log stream, oldest first. None where they can't be had: a missing log must not hide the failure. */
export async function tail(world: Surroundings, log: { group: string; stream: string }, lines: number): Promise<string[]> {
  const until = world.now() + PATIENCE_MS;
  for (;;) {
    const events = await lastEvents(world, log, lines);
    if (events.length > 0 || world.now() >= until) {
      return events.flatMap((message) => printable(message).split('\n')).filter((line) => line.trim() !== '').slice(-lines);
    }
    await world.sleep(1_000);
  }
}

async function lastEvents(world: Surroundings, log: { group: string; stream: string }, limit: number): Promise<string[]> {
  try {
    const { events = [] } = await world.logs.send(new GetLogEventsCommand({
      logGroupName: log.group,
      logStreamName: log.stream,
      limit,
      startFromHead: false,
    }));
    return events.map((event) => event.message ?? '');
  } catch (error) {
    world.log(`GetLogEvents of ${log.group}, ${log.stream}: ${error}`);
    return [];
  }
}
