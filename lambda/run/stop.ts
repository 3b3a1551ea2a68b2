import { StopTaskCommand, Task } from '@aws-sdk/client-ecs';
import { openArns, Run } from './progress';
import type { RunTaskProperties } from '../../src/contract';
import { LISTED_WITHIN_MS, LIST_WITHIN_MS, PERMITTED_AGAIN_WITHIN_MS, TIME_TO_STOP_MS } from '../../src/timing';
import type { DeliveredProperties } from '../cloudformation/delivered-properties';
import type { Request } from '../cloudformation/request';
import { markOfRequest, Place, placeOf, readMark } from '../ecs/marks';
import { describeTasks, findTasks } from '../ecs/tasks';
import { retry } from '../retry';
import { Line, notStopped } from '../verdict/message';
import { hasEnded, judge, STOPPED_BY } from '../verdict/outcome';
import type { World } from '../world';

/** The longest reason that StopTask accepts. */
const LONGEST_REASON = 255;

/** Stops the tasks and waits until they have ended. Returns those that had not by then. */
async function stopTasks(
  world: World, cluster: string | undefined, taskArns: readonly string[], reason: string, until: number,
): Promise<string[]> {
  const stillRunning = new Set(taskArns);
  const stopRequested = new Set<string>();
  const knownFrom = world.now() + LISTED_WITHIN_MS;
  while (stillRunning.size > 0) {
    for (const taskArn of [...stillRunning].filter((arn) => !stopRequested.has(arn))) {
      try {
        await world.ecs.send(new StopTaskCommand({ cluster, task: taskArn, reason: (STOPPED_BY + reason).slice(0, LONGEST_REASON) }));
        stopRequested.add(taskArn);
        world.log(`told ${taskArn} to stop: ${reason}`);
      } catch (error) {
        world.log(`StopTask of ${taskArn}: ${error}`);
        const isGone = /already stopped/i.test(String(error)) || (/not found/i.test(String(error)) && world.now() >= knownFrom);
        if (isGone) {
          stillRunning.delete(taskArn);
        }
      }
    }
    try {
      const tasks = await describeTasks(world, cluster, [...stillRunning]);
      tasks.filter(hasEnded).forEach((task) => stillRunning.delete(task.taskArn!));
    } catch (error) {
      world.log(`DescribeTasks: ${error}`);
    }
    if (stillRunning.size === 0 || world.now() >= until) {
      break;
    }
    await world.sleep(1_000);
  }
  return [...stillRunning];
}

/** Stops the tasks of this run, including those that ECS has started without the function knowing. Reports what may still run. */
export async function stopOwnTasks(run: Run, reason: string): Promise<Line[]> {
  const { request: { world }, spec: { Request: { cluster } }, progress } = run;
  const until = world.now() + TIME_TO_STOP_MS;
  const stillRunning = await stopTasks(world, cluster, openArns(progress), reason, until);
  try {
    const unknown = await findUnknownTasks(run, until);
    return notStopped(new Set([...stillRunning, ...await stopTasks(world, cluster, unknown, reason, until)]));
  } catch (error) {
    world.log(`could not look for tasks to stop: ${error}`);
    return notStopped(new Set(stillRunning), error);
  }
}

/** Another invocation of the same request may have started some, too, and may have told them to stop already. */
async function findUnknownTasks({ request: { world, id }, spec, progress: { requestId, tasks } }: Run, until: number): Promise<string[]> {
  if (tasks.some(({ isUnanswered, doubtedTokenNumber }) => isUnanswered || doubtedTokenNumber)) {
    await world.sleep(LISTED_WITHIN_MS);
  }
  const call = () => findTasks(world, placeOf(spec.Request), markOfRequest(id, requestId));
  const found = await retry(world, Math.max(until, world.now() + LIST_WITHIN_MS), call, PERMITTED_AGAIN_WITHIN_MS);
  return found.filter((task) => judge(task, spec).state === 'running').map(({ taskArn }) => taskArn!);
}

/** A task of an earlier request of the same resource that has not ended. */
interface EarlierTask {
  readonly cluster?: string;
  readonly task: Task;
}

/**
 * Stops what other requests of this resource have left running, and waits until it is gone. Returns what could not be
 * stopped: a Delete must not get stuck on it.
 */
export async function stopEarlierTasks(
  request: Request, properties: Array<DeliveredProperties | undefined>, reason: string,
  options: { lookForMs?: number; inspect(task: Task): Promise<void> },
): Promise<string[]> {
  const { world } = request;
  const until = world.now() + TIME_TO_STOP_MS;
  const lookUntil = world.now() + (options.lookForMs ?? TIME_TO_STOP_MS);
  const seen = new Set<string>();
  const stillRunning: string[] = [];
  for (;;) {
    const found = await Promise.all(placesOf(properties).map((place) => findEarlierTasks(request, place, lookUntil)));
    const earlier = found.flat().filter(({ task }) => !seen.has(task.taskArn!));
    if (earlier.length === 0) {
      return stillRunning;
    }
    for (const { task } of earlier) {
      await options.inspect(task);
      seen.add(task.taskArn!);
    }
    // The invocation that started these may have started more, which are listed only now: look again afterwards.
    for (const cluster of new Set(earlier.map((each) => each.cluster))) {
      const arns = earlier.filter((each) => each.cluster === cluster).map(({ task }) => task.taskArn!);
      stillRunning.push(...await stopTasks(world, cluster, arns, reason, until));
    }
  }
}

async function findEarlierTasks(request: Request, place: Place, until: number): Promise<EarlierTask[]> {
  const { world, id, event } = request;
  try {
    const tasks = await retry(world, until, () => findTasks(world, place, `${id}/`), PERMITTED_AGAIN_WITHIN_MS);
    return tasks
      .filter((task) => !nothingRuns(task, request) && !readMark(task).startsWith(markOfRequest(id, event.RequestId)))
      .map((task) => ({ cluster: place.cluster, task }));
  } catch (error) {
    world.log(`could not look for tasks to stop: ${error}`);
    return [];
  }
}

/** In DEPROVISIONING nothing runs any more, and only a Delete has to wait for the network interface. */
function nothingRuns(task: Task, { event }: Request): boolean {
  return hasEnded(task) || (event.RequestType !== 'Delete' && task.lastStatus === 'DEPROVISIONING');
}

/** Where the tasks of these properties are. */
function placesOf(properties: Array<DeliveredProperties | undefined>): Place[] {
  const specs = properties.flatMap((each) => [each, each?.OnDelete]) as Array<Partial<RunTaskProperties> | undefined>;
  const places = specs.flatMap((spec) => spec?.Request ? placeOf(spec.Request) : []);
  return [...new Map(places.map((place) => [JSON.stringify(place), place])).values()];
}
