import type { Task } from '@aws-sdk/client-ecs';
import type { Job } from './progress';
import { TIME_TO_STOP_MS } from './schedule';
import type { RunTaskProperties } from '../../src/contract';
import type { DeliveredProperties } from '../cloudformation/delivered-properties';
import { markedAs, markOfRequest, Place, placeOf } from '../ecs/marks';
import { findTasks, stopTasks } from '../ecs/tasks';
import { persist } from '../retry';
import { hasEnded } from '../verdict/outcome';

/** A role that has lost its permissions with the resource, or its cluster, will not get them back. */
const PERMITTED_WITHIN_MS = 15_000;

/** A task of another request of the same resource, that has not ended. */
interface Leftover {
  readonly cluster?: string;
  readonly task: Task;
}

/**
 * Stops what other requests of this resource have left running, and waits until it is gone. Gives what it could not stop.
 * A Delete must not get stuck on it.
 */
export async function stopLeftovers(
  job: Job, properties: Array<DeliveredProperties | undefined>, because: string,
  options: { lookForMs?: number; inspect(task: Task): Promise<void> },
): Promise<string[]> {
  const { world } = job;
  const until = world.now() + TIME_TO_STOP_MS;
  const lookUntil = world.now() + (options.lookForMs ?? TIME_TO_STOP_MS);
  const seen = new Set<string>();
  const left: string[] = [];
  for (;;) {
    const found = await Promise.all(placesOf(properties).map((place) => find(job, place, lookUntil)));
    const leftovers = found.flat().filter(({ task }) => !seen.has(task.taskArn!));
    if (leftovers.length === 0) {
      return left;
    }
    for (const { task } of leftovers) {
      await options.inspect(task);
      seen.add(task.taskArn!);
    }
    // Who has started these may have started more, which are listed only now: look again afterwards.
    for (const cluster of new Set(leftovers.map((leftover) => leftover.cluster))) {
      const arns = leftovers.filter((leftover) => leftover.cluster === cluster).map(({ task }) => task.taskArn!);
      left.push(...await stopTasks(world, cluster, arns, because, until));
    }
  }
}

async function find(job: Job, place: Place, until: number): Promise<Leftover[]> {
  const { world } = job;
  try {
    const tasks = await persist(world, until, () => findTasks(world, place, `${job.id}/`), PERMITTED_WITHIN_MS);
    return tasks
      .filter((task) => !isOver(task, job) && !markedAs(task).startsWith(markOfRequest(job)))
      .map((task) => ({ cluster: place.cluster, task }));
  } catch (error) {
    world.log(`could not look for tasks to stop: ${error}`);
    return [];
  }
}

/** In DEPROVISIONING nothing runs any more, and only a Delete has to wait for the network interface. */
function isOver(task: Task, { event }: Job): boolean {
  return hasEnded(task) || (event.RequestType !== 'Delete' && task.lastStatus === 'DEPROVISIONING');
}

/** Where the tasks of these properties are. */
function placesOf(properties: Array<DeliveredProperties | undefined>): Place[] {
  const runs = properties.flatMap((one) => [one, one?.OnDelete]) as Array<Partial<RunTaskProperties> | undefined>;
  const places = runs.flatMap((run) => run?.Request ? placeOf(run.Request) : []);
  return [...new Map(places.map((place) => [JSON.stringify(place), place])).values()];
}
