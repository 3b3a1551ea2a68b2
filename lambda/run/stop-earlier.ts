import type { Task } from '@aws-sdk/client-ecs';
import { nothingRuns, stopTasks, Target, targetOf } from './stop';
import type { RunTaskProperties } from '../../src/contract';
import { LISTED_WITHIN_MS, NEVER_SEEN_MS, PERMITTED_AGAIN_WITHIN_MS, TIME_TO_STOP_MS } from '../../src/timing';
import type { DeliveredProperties } from '../cloudformation/delivered-properties';
import { logState } from '../cloudformation/log-state';
import { limit, limitOfLook, Request } from '../cloudformation/request';
import { markOfRequest, Place, placeOf, readMark } from '../ecs/marks';
import { findTasks, lastFound } from '../ecs/tasks';
import { retry } from '../retry';
import { isDenied, isOfUnknownCluster } from '../verdict/errors';
import type { Stopped } from '../verdict/failure';

/** What became of the tasks of a resource before a request starts its own. */
export interface Cleared extends Stopped {
  /** All tasks of earlier requests that ECS still knows. */
  readonly found: readonly Task[];
  /** Whether ECS has shown a task of this request: an earlier delivery of its event has started it. */
  readonly sawOwn?: boolean;
  /** Whether only tasks of a cluster that the new properties no longer name are unseen, because a permission is missing. */
  readonly hasMoved?: boolean;
}

export interface StopOptions {
  /** What the marks of the tasks begin with. */
  readonly mark: string;
  readonly reason: string;
  /** How long to wait for a missing permission to list tasks. */
  readonly permittedWithin?: number;
  /** Whether this request's own tasks have to end, too. */
  readonly includesOwn?: boolean;
  /** Whether a task may be stopped: one of a later request must not be. */
  mayStop(task: Task): Promise<boolean>;
}

/** Stops the tasks that requests of this resource have left running, usually other requests, and waits until they have ended. */
export async function stopEarlierTasks(
  request: Request, delivered: Array<DeliveredProperties | undefined>, options: StopOptions,
): Promise<Cleared> {
  const until = limitOfLook(request, NEVER_SEEN_MS);
  const found = new Map<string, Task>();
  let stillRunning: string[] = [];
  let stopError: unknown;
  let sawOwn = false;
  for (;;) {
    const looks = await lookEverywhere(request, placesOf(delivered), until, options);
    const tasks = looks.flatMap(({ earlier }) => earlier);
    sawOwn ||= looks.some(({ hasOwn }) => hasOwn);
    stillRunning = stillRunning.filter((arn) => !tasks.some(({ task }) => task.taskArn === arn && nothingRuns(task, request)));
    const targets: Target[] = [];
    for (const { target, task } of tasks.filter(({ target: { taskArn } }) => !found.has(taskArn))) {
      if (nothingRuns(task, request) || await options.mayStop(task)) {
        found.set(target.taskArn, task);
        targets.push(...nothingRuns(task, request) ? [] : [target]);
      }
    }
    if (targets.length === 0) {
      const failed = looks.filter(({ unseen }) => unseen !== undefined);
      if (stillRunning.length === 0 && failed.length === 0) {
        logState(request, 'CLEARED', 'no other task of the resource is running');
      }
      const hasMoved = failed.every(({ isPrevious, unseen }) => isPrevious && isDenied(unseen));
      return { stillRunning, stopError, unseen: failed[0]?.unseen, hasMoved, found: [...found.values()], sawOwn };
    }
    // The invocation that started these may have started more, which are listed only now: look again afterwards.
    const stopped = await stopTasks(request, targets, options.reason, limit(request, TIME_TO_STOP_MS)); // however long the look took
    stillRunning.push(...stopped.stillRunning);
    stopError = stopped.stopError ?? stopError;
  }
}

/**
 * Looks at all places. Those that were read long before the last one are read again: in between, an event that came again may have
 * started a task there. Only once: a place that is slow each time must not keep the request from its task.
 */
async function lookEverywhere(request: Request, places: readonly Place[], until: number, options: StopOptions): Promise<Look[]> {
  const looks = await Promise.all(places.map((place) => findEarlierTasks(request, place, until, options)));
  const oldUpTo = request.world.now() - LISTED_WITHIN_MS;
  return Promise.all(looks.map((look, index) =>
    look.at > oldUpTo || look.unseen !== undefined ? look : findEarlierTasks(request, places[index], until, options)));
}

/** What ECS has listed in one place. */
interface Look {
  readonly earlier: ReadonlyArray<{ readonly target: Target; readonly task: Task }>;
  readonly hasOwn?: boolean;
  /** Whether the new properties name another cluster. The role has then lost its permissions for this one. */
  readonly isPrevious: boolean;
  readonly unseen?: unknown;
  /** When the look ended: it is repeated for seconds while calls fail. */
  readonly at: number;
}

async function findEarlierTasks(
  request: Request, place: Place, until: number, { permittedWithin, mark, includesOwn }: StopOptions,
): Promise<Look> {
  const { world, id, event } = request;
  const own = markOfRequest(id, event.RequestId);
  const isPrevious = placesOf([event.ResourceProperties]).every(({ cluster }) => cluster !== place.cluster);
  let tasks: readonly Task[];
  let unseen: unknown;
  try {
    tasks = await retry(world, until, () => findTasks(request, place), isPrevious ? PERMITTED_AGAIN_WITHIN_MS : permittedWithin);
  } catch (error) {
    world.log(`could not list the tasks to stop: ${error}`);
    tasks = lastFound(request, place);
    unseen = isPrevious && isOfUnknownCluster(error) ? undefined : error; // ECS deletes no cluster with tasks
  }
  const isEarlier = (of: string) => of.startsWith(mark) && (includesOwn || !of.startsWith(own));
  const earlier = tasks.filter((task) => readMark(task) ? isEarlier(readMark(task)) : wasStoppedByOthers(task, place));
  return {
    earlier: earlier.map((task) => ({ task, target: targetOf(task, place.cluster) })),
    hasOwn: tasks.some((task) => readMark(task).startsWith(own)),
    isPrevious,
    unseen,
    at: world.now(),
  };
}

/** StopTask deletes the tags of a task, and its mark if that is in a tag. The function only waits for such a task. */
function wasStoppedByOthers({ startedBy, desiredStatus }: Task, place: Place): boolean {
  return place.startedBy !== undefined && startedBy === place.startedBy && desiredStatus === 'STOPPED';
}

/** Where the tasks of these properties are. */
function placesOf(delivered: Array<DeliveredProperties | undefined>): Place[] {
  const specs = delivered.flatMap((properties) => [properties, properties?.OnDelete]) as Array<Partial<RunTaskProperties> | undefined>;
  const places = specs.flatMap((spec) => typeof spec?.Request?.taskDefinition === 'string' ? placeOf(spec.Request) : []);
  return [...new Map(places.map((place) => [JSON.stringify(place), place])).values()];
}
