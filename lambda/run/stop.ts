import { StopTaskCommand, Task } from '@aws-sdk/client-ecs';
import type { Run, TaskProgress } from './progress';
import type { RunTaskProperties } from '../../src/contract';
import { LISTED_WITHIN_MS, NEVER_SEEN_MS, PERMITTED_AGAIN_WITHIN_MS, TIME_TO_STOP_MS } from '../../src/timing';
import type { DeliveredProperties } from '../cloudformation/delivered-properties';
import { logState } from '../cloudformation/log-state';
import { limit, limitOfLook, Request } from '../cloudformation/request';
import { attemptsOf, isOfRequest, markOf, markOfRequest, Place, placeOf, readMark } from '../ecs/marks';
import { describeTasks, findTasks, lastFound, lookOnceListed } from '../ecs/tasks';
import { retry } from '../retry';
import { isDenied, isOfUnknownCluster, isRefusal } from '../verdict/errors';
import { hasEnded, judge, STOPPED_BY } from '../verdict/outcome';

/** The longest reason that StopTask accepts. */
const LONGEST_REASON = 255;

/** What became of tasks that had to end. */
export interface Stopped {
  /** The tasks that were not seen to end. */
  readonly stillRunning: readonly string[];
  /** Why there may be more of them: listing them failed. */
  readonly unseen?: unknown;
}

/** The same for the tasks of a resource, before a request starts its own. */
export interface Cleared extends Stopped {
  /** All tasks of earlier requests that ECS still knows. */
  readonly found: readonly Task[];
  /** Whether ECS has shown a task of this request: an earlier delivery of its event has started it. */
  readonly sawOwn?: boolean;
  /** Whether only tasks of a cluster that the new properties no longer name are unseen, because a permission is missing. */
  readonly hasMoved?: boolean;
}

/** A task that has to end. */
interface Target {
  readonly taskArn: string;
  readonly mark: string;
  readonly cluster?: string;
  /** Whether a StopTask was already sent, so that the function only waits. */
  readonly isStopping?: boolean;
}

/** The same of the tasks of a run. */
export interface OwnStopped extends Stopped {
  /** What ECS has said last about each of them. */
  readonly seen: readonly Task[];
}

/** Stops the tasks and waits until they have ended. Returns those that may still run containers after that time. */
async function stopTasks(request: Request, targets: readonly Target[], reason: string, until: number): Promise<OwnStopped> {
  const { world } = request;
  const open = new Map(targets.map((target) => [target.taskArn, target]));
  const stopRequested = new Set(targets.filter(({ isStopping }) => isStopping).map(({ taskArn }) => taskArn));
  const seen = new Map<string, Task>();
  const isOver = (taskArn: string) => seen.has(taskArn) && nothingRuns(seen.get(taskArn)!, request);
  const knownFrom = world.now() + LISTED_WITHIN_MS;
  for (let pause = 1_000; ; pause = Math.min(1.2 * pause, 5_000)) {
    const hasGone = new Set<string>(); // by the words of StopTask. DescribeTasks has to agree: each of them can be stale
    await Promise.all([...open.values()].filter(({ taskArn }) => !stopRequested.has(taskArn)).map(async ({ taskArn, cluster, mark }) => {
      const calledAt = world.now();
      try {
        await world.ecs.send(new StopTaskCommand({ cluster, task: taskArn, reason: reasonWithMark(reason, mark) }));
        stopRequested.add(taskArn);
        logState(request, 'STOP_REQUESTED', 'stopping the task', { taskArn, details: [reason] });
      } catch (error) {
        world.log(`StopTask of ${taskArn} failed: ${error}`);
        const says = isRefusal(error) ? String(error) : '';
        if (/already stopped/i.test(says) || (/task was not found/i.test(says) && calledAt >= knownFrom)) {
          hasGone.add(taskArn);
        }
      }
    }));
    await Promise.all([...new Set([...open.values()].map(({ cluster }) => cluster))].map(async (cluster) => {
      try {
        const arns = [...open.values()].filter((target) => target.cluster === cluster).map(({ taskArn }) => taskArn);
        const tasks = await describeTasks(request, cluster, arns);
        arns.filter((arn) => hasGone.has(arn) && !tasks.some(({ taskArn }) => taskArn === arn)).forEach((arn) => open.delete(arn));
        tasks.filter(hasEnded).forEach(({ taskArn }) => open.delete(taskArn!));
        tasks.filter((task) => hasEnded(task) || !isOver(task.taskArn!)).forEach((task) => seen.set(task.taskArn!, task));
      } catch (error) {
        world.log(`DescribeTasks failed: ${error}`);
      }
    }));
    if (open.size === 0 || world.now() >= until) {
      return { stillRunning: [...open.keys()].filter((taskArn) => !isOver(taskArn)), seen: [...seen.values()] };
    }
    await world.sleep(Math.min(pause, until - world.now()));
  }
}

/** StopTask deletes the tags of a task, and with them its mark. The reason of StopTask keeps the mark. */
function reasonWithMark(reason: string, mark: string): string {
  const end = ` (${mark})`;
  return `${(STOPPED_BY + reason).slice(0, LONGEST_REASON - end.length)}${end}`;
}

/** Stops the tasks of this run, including those that ECS has started without the function knowing. */
export async function stopOwnTasks(run: Run, reason: string, until = limit(run.request, TIME_TO_STOP_MS)): Promise<OwnStopped> {
  const { request, spec, progress } = run;
  const { world, id } = request;
  const { cluster } = spec.Request;
  const place = placeOf(spec.Request);
  const seen = ownOf(run, lastFound(request, place));
  const isAmong = (tasks: readonly Task[], arn: string) => tasks.some(({ taskArn }) => taskArn === arn);
  const open = progress.tasks.flatMap(({ taskArn, ended, number, tokenNumber }) =>
    taskArn && !ended && !isAmong(seen.ended, taskArn) ? [{ taskArn, cluster, mark: markOf(id, progress, number, tokenNumber) }] : []);
  const known = [...open, ...seen.unknown];
  const [stopped, others] = await Promise.all([
    stopTasks(request, known, reason, until),
    stopUnknownTasks(run, known, reason, until).catch((error: unknown): OwnStopped => {
      world.log(`could not list the tasks to stop: ${error}`);
      return { stillRunning: [], seen: [], unseen: error };
    }),
  ]);
  const { ended } = ownOf(run, lastFound(request, place));
  const notSeen = [...new Set([...stopped.stillRunning, ...others.stillRunning])];
  return {
    stillRunning: notSeen.filter((taskArn) => !isAmong(ended, taskArn)),
    seen: [...stopped.seen, ...others.seen, ...ended.filter(({ taskArn }) => notSeen.includes(taskArn!))],
    unseen: others.unseen,
  };
}

/** Another invocation of the same request may also have started tasks, and may already have stopped them. */
async function stopUnknownTasks(run: Run, known: readonly Target[], reason: string, until: number): Promise<OwnStopped> {
  const { request, spec, progress: { tasks } } = run;
  const doubted = tasks.filter(({ taskArn, isUnanswered, doubtedTokens }) => isUnanswered || (!taskArn && doubtedTokens?.length));
  const found = await lookFor(run, doubted, () =>
    retry(request.world, until, () => findTasks(request, placeOf(spec.Request)), PERMITTED_AGAIN_WITHIN_MS));
  const targets = ownOf(run, found).unknown.filter(({ taskArn }) => !known.some((target) => target.taskArn === taskArn)); // those are being stopped
  return stopTasks(request, targets, reason, until);
}

/** Of what a look has found, what belongs to the run: the tasks that run without the run knowing them, and all that have ended. */
function ownOf({ request, spec, progress }: Run, found: readonly Task[]): { readonly unknown: Target[]; readonly ended: Task[] } {
  const own = found.filter((task) => isOfRequest(request, task, progress.requestId));
  const isUnknown = ({ taskArn }: Task) => !progress.tasks.some((task) => task.taskArn === taskArn);
  return {
    unknown: own.filter((task) => isUnknown(task) && judge(task, spec).state === 'running').map((task) => targetOf(task, spec.Request.cluster)),
    ended: own.filter(hasEnded),
  };
}

/** ECS can list a task seconds after its start, and can leave it out of one list: looks twice for what it may have started without saying so. */
export async function lookFor(
  { request, progress: { requestId } }: Run, tasks: readonly TaskProgress[], look: () => Promise<Task[]>,
): Promise<Task[]> {
  for (let looks = 1; ; looks++) {
    const found = await (tasks.length > 0 ? lookOnceListed(request, look) : look());
    const own = found.filter((task) => isOfRequest(request, task, requestId));
    if (looks === 2 || tasks.every(({ number }) => attemptsOf(own, number).length > 0)) {
      return found;
    }
  }
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
      return { stillRunning, unseen: failed[0]?.unseen, hasMoved, found: [...found.values()], sawOwn };
    }
    // The invocation that started these may have started more, which are listed only now: look again afterwards.
    const stopped = await stopTasks(request, targets, options.reason, limit(request, TIME_TO_STOP_MS)); // however long the look took
    stillRunning.push(...stopped.stillRunning);
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

/** Stops those of the tasks that still run, and waits. Returns those that were not seen to end. */
export async function stopListed(request: Request, tasks: readonly Task[], reason: string, cluster?: string): Promise<readonly string[]> {
  const targets = tasks.filter((task) => !nothingRuns(task, request)).map((task) => targetOf(task, cluster));
  return (await stopTasks(request, targets, reason, limit(request, TIME_TO_STOP_MS))).stillRunning;
}

function targetOf(task: Task, cluster?: string): Target {
  return { taskArn: task.taskArn!, cluster, mark: readMark(task), isStopping: task.desiredStatus === 'STOPPED' };
}

/** StopTask deletes the tags of a task, and its mark if that is in a tag. The function only waits for such a task. */
function wasStoppedByOthers({ startedBy, desiredStatus }: Task, place: Place): boolean {
  return place.startedBy !== undefined && startedBy === place.startedBy && desiredStatus === 'STOPPED';
}

/** In DEPROVISIONING no container runs, and only a Delete must wait until the network interface is removed. */
function nothingRuns(task: Task, { event }: Request): boolean {
  return hasEnded(task) || (event.RequestType !== 'Delete' && task.lastStatus === 'DEPROVISIONING');
}

/** Where the tasks of these properties are. */
function placesOf(delivered: Array<DeliveredProperties | undefined>): Place[] {
  const specs = delivered.flatMap((properties) => [properties, properties?.OnDelete]) as Array<Partial<RunTaskProperties> | undefined>;
  const places = specs.flatMap((spec) => typeof spec?.Request?.taskDefinition === 'string' ? placeOf(spec.Request) : []);
  return [...new Map(places.map((place) => [JSON.stringify(place), place])).values()];
}
