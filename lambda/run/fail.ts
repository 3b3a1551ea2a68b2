import type { Task } from '@aws-sdk/client-ecs';
import { Failed, Job, knownArns, openArns, Progress } from './progress';
import { deadline, duration, TIME_TO_STOP_MS } from './schedule';
import type { RunSpec } from '../../src/contract';
import type { Answer } from '../cloudformation/answer';
import { logOf, tail } from '../ecs/logs';
import { markOfRequest, placeOf } from '../ecs/marks';
import type { KnownContainers } from '../ecs/resolve-containers';
import { findTasks, LISTED_WITHIN_MS, stopTasks } from '../ecs/tasks';
import { persist } from '../retry';
import { Evidence, explain, notStopped } from '../verdict/message';
import { judge } from '../verdict/outcome';

/** The failure of a request whose time is over. */
export function timedOut(job: Job, run: KnownContainers, progress: Progress, tasks: Task[]): Failed {
  const endsAt = deadline(run, progress.since, job.sentAt);
  if (endsAt <= progress.since) { // an invocation before this one has not lived, or Lambda has let the event wait
    return new Failed({ cause: `the function was invoked ${duration(job.began - job.sentAt)} after CloudFormation had asked for the task, when its time was over`, advice: 'deploy again' });
  }
  const allowed = duration(endsAt - progress.since);
  const running = tasks.find((task) => judge(task, run).state === 'running');
  const waiting = progress.tasks.find(({ taskArn }) => !taskArn);
  if (waiting && openArns(progress).length === 0) { // what is there is over: the rest is still to start
    const { cause = 'that was over before the first attempt', ...rest } = waiting.problem ?? {};
    const didNot = waiting.reruns > 0 ? 'succeed' : 'start';
    return new Failed({ ...rest, cause: `the task did not ${didNot} within ${allowed}: ${cause.replace(/^the task did not start: /, '')}` });
  }
  return new Failed({
    cause: `the task did not end within ${allowed} and was stopped; it was ${running?.lastStatus ?? 'unknown to ECS'}`,
    advice: 'see what it waited for, or raise timeout',
    container: run.ExitCodeFrom[0],
  }, { taskArn: running?.taskArn ?? knownArns(progress)[0] });
}

/** Stops what still runs, and collects what ends the search for the cause. */
export async function fail(job: Job, run: KnownContainers, progress: Progress, { failure, task }: Failed): Promise<Answer> {
  const left = await stopAll(job, run, progress, failure.cause);
  return {
    status: 'FAILED',
    reason: [...explain(failure, await lastWords(job, run, failure.container, task?.taskArn)), ...left],
  };
}

/** Stops the tasks of this request, also those that ECS has started without the function having heard of it. Tells what may still run. */
export async function stopAll(job: Job, run: KnownContainers, progress: Progress, because: string): Promise<string[]> {
  const { world } = job;
  const { cluster } = run.Request;
  const until = world.now() + TIME_TO_STOP_MS;
  const left = await stopTasks(world, cluster, openArns(progress), because, until);
  try {
    const others = await findUnheardOf(job, run, progress, until);
    return notStopped(new Set([...left, ...await stopTasks(world, cluster, others, because, until)]));
  } catch (error) {
    world.log(`could not look for tasks to stop: ${error}`);
    return notStopped(new Set(left), error);
  }
}

/** Another invocation of the same request may have started some too, and may have told them to stop already. */
async function findUnheardOf(job: Job, run: KnownContainers, { tasks }: Progress, until: number): Promise<string[]> {
  const { world } = job;
  if (tasks.some(({ isUnanswered, doubtedTokenNumber }) => isUnanswered || doubtedTokenNumber)) {
    await world.sleep(LISTED_WITHIN_MS);
  }
  const call = () => findTasks(world, placeOf(run.Request), markOfRequest(job));
  const found = await persist(world, Math.max(until, world.now() + 10_000), call, 15_000);
  return found.filter((task) => judge(task, run).state === 'running').map(({ taskArn }) => taskArn!);
}

async function lastWords(job: Job, run: RunSpec, container?: string, taskArn?: string): Promise<Evidence> {
  const log = container && taskArn && logOf(run, container, taskArn);
  if (!log || run.LogTailLines === 0) {
    return { taskArn, log: log || undefined };
  }
  return { taskArn, log, tail: await tail(job.world, log, run.LogTailLines) };
}
