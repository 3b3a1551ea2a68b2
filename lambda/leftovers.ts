import type { Task } from '@aws-sdk/client-ecs';
import type { Job } from './job';
import { markedAs, markOfRequest, Place, placeOf } from './marks';
import { hasEnded } from './outcome';
import { persist } from './persist';
import type { DeliveredProperties } from './properties';
import { TIME_TO_STOP_MS } from './schedule';
import { findTasks, stopTasks } from './tasks';
import type { RunTaskProperties } from '../src/contract';

/** A task of another request of the same resource, that has not ended. */
export interface Leftover {
  readonly cluster?: string;
  readonly task: Task;
}

/** What other requests of this resource have left running. None where that can't be told: a Delete must not get stuck on it. */
export async function findLeftovers(job: Job, properties: Array<DeliveredProperties | undefined>): Promise<Leftover[]> {
  const found = await Promise.all(placesOf(properties).flatMap((place) => [find(job, place, 'RUNNING'), find(job, place, 'STOPPED')]));
  return found.flat();
}

/**
 * Stops them, and waits until they are gone, because their network interfaces keep subnets and security groups from
 * being deleted. Gives what it could not stop.
 */
export async function stopLeftovers({ world }: Job, leftovers: Leftover[], because: string): Promise<string[]> {
  const until = world.now() + TIME_TO_STOP_MS;
  const left: string[] = [];
  for (const cluster of new Set(leftovers.map((leftover) => leftover.cluster))) {
    const tasks = leftovers.filter((leftover) => leftover.cluster === cluster).map(({ task }) => task.taskArn!);
    left.push(...await stopTasks(world, cluster, tasks, because, until));
  }
  return left;
}

async function find(job: Job, place: Place, desiredStatus: 'RUNNING' | 'STOPPED'): Promise<Leftover[]> {
  const { world } = job;
  try {
    // Not longer: a role that has lost its permissions with the resource will not get them back.
    const tasks = await persist(world, world.now() + 15_000, () => findTasks(world, place, `${job.id}/`, desiredStatus));
    return tasks
      .filter((task) => !hasEnded(task) && !markedAs(task).startsWith(markOfRequest(job)))
      .map((task) => ({ cluster: place.cluster, task }));
  } catch (error) {
    world.log(`could not look for tasks to stop: ${error}`);
    return [];
  }
}

/** Where the tasks of these properties are. */
function placesOf(properties: Array<DeliveredProperties | undefined>): Place[] {
  const runs = properties.flatMap((one) => [one, one?.OnDelete]) as Array<Partial<RunTaskProperties> | undefined>;
  const places = runs.flatMap((run) => run?.Request ? placeOf(run.Request) : []);
  return [...new Map(places.map((place) => [JSON.stringify(place), place])).values()];
}
