import { StopTaskCommand, Task } from '@aws-sdk/client-ecs';
import type { Run, TaskProgress } from './progress';
import { LISTED_WITHIN_MS, PERMITTED_AGAIN_WITHIN_MS, TIME_TO_STOP_MS } from '../../src/timing';
import { logState } from '../cloudformation/log-state';
import { limit, Request } from '../cloudformation/request';
import { attemptsOf, isOfRequest, markOf, placeOf, readMark } from '../ecs/marks';
import { describeTasks, findTasks, lastFound, lookOnceListed } from '../ecs/tasks';
import { retry } from '../retry';
import { isRefusal } from '../verdict/errors';
import type { Stopped } from '../verdict/failure';
import { hasEnded, judge, STOPPED_BY } from '../verdict/outcome';

/** The longest reason that StopTask accepts. */
const LONGEST_REASON = 255;

/** What became of tasks, with what ECS has said last about each of them. */
export interface StoppedWithTasks extends Stopped {
  readonly seen: readonly Task[];
}

/** A task that has to end. */
export interface Target {
  readonly taskArn: string;
  readonly mark: string;
  readonly cluster?: string;
  /** Whether a StopTask was already sent, so that the function only waits. */
  readonly isStopping?: boolean;
}

/** Stops the tasks and waits until they have ended. Returns those that may still run containers after that time. */
export async function stopTasks(request: Request, targets: readonly Target[], reason: string, until: number): Promise<StoppedWithTasks> {
  const { world } = request;
  const open = new Map(targets.map((target) => [target.taskArn, target]));
  const stopRequested = new Set(targets.filter(({ isStopping }) => isStopping).map(({ taskArn }) => taskArn));
  const seen = new Map<string, Task>();
  const stopErrors = new Map<string, unknown>();
  const isOver = (taskArn: string) => seen.has(taskArn) && nothingRuns(seen.get(taskArn)!, request);
  const knownFrom = world.now() + LISTED_WITHIN_MS;
  for (let pause = 1_000; ; pause = Math.min(1.2 * pause, 5_000)) {
    const hasGone = new Set<string>(); // by the words of StopTask. DescribeTasks has to agree: each of them can be stale
    await Promise.all([...open.values()].filter(({ taskArn }) => !stopRequested.has(taskArn)).map(async ({ taskArn, cluster, mark }) => {
      const calledAt = world.now();
      try {
        await world.ecs.send(new StopTaskCommand({ cluster, task: taskArn, reason: reasonWithMark(reason, mark) }));
        stopRequested.add(taskArn);
        stopErrors.delete(taskArn);
        logState(request, 'STOP_REQUESTED', 'stopping the task', { taskArn, details: [reason] });
      } catch (error) {
        world.log(`StopTask of ${taskArn} failed: ${error}`);
        stopErrors.set(taskArn, error);
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
      const stillRunning = [...open.keys()].filter((taskArn) => !isOver(taskArn));
      return { stillRunning, stopError: stillRunning.map((taskArn) => stopErrors.get(taskArn)).find(Boolean), seen: [...seen.values()] };
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
export async function stopOwnTasks(run: Run, reason: string, until = limit(run.request, TIME_TO_STOP_MS)): Promise<StoppedWithTasks> {
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
    stopUnknownTasks(run, known, reason, until).catch((error: unknown): StoppedWithTasks => {
      world.log(`could not list the tasks to stop: ${error}`);
      return { stillRunning: [], seen: [], unseen: error };
    }),
  ]);
  const { ended } = ownOf(run, lastFound(request, place));
  const notSeen = [...new Set([...stopped.stillRunning, ...others.stillRunning])];
  return {
    stillRunning: notSeen.filter((taskArn) => !isAmong(ended, taskArn)),
    stopError: stopped.stopError ?? others.stopError,
    seen: [...stopped.seen, ...others.seen, ...ended.filter(({ taskArn }) => notSeen.includes(taskArn!))],
    unseen: others.unseen,
  };
}

/** Another invocation of the same request may also have started tasks, and may already have stopped them. */
async function stopUnknownTasks(run: Run, known: readonly Target[], reason: string, until: number): Promise<StoppedWithTasks> {
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

/** Stops those of the tasks that still run, and waits. Returns those that were not seen to end. */
export async function stopListed(request: Request, tasks: readonly Task[], reason: string, cluster?: string): Promise<readonly string[]> {
  const targets = tasks.filter((task) => !nothingRuns(task, request)).map((task) => targetOf(task, cluster));
  return (await stopTasks(request, targets, reason, limit(request, TIME_TO_STOP_MS))).stillRunning;
}

export function targetOf(task: Task, cluster?: string): Target {
  return { taskArn: task.taskArn!, cluster, mark: readMark(task), isStopping: task.desiredStatus === 'STOPPED' };
}

/** In DEPROVISIONING no container runs, and only a Delete must wait until the network interface is removed. */
export function nothingRuns(task: Task, { event }: Request): boolean {
  return hasEnded(task) || (event.RequestType !== 'Delete' && task.lastStatus === 'DEPROVISIONING');
}
