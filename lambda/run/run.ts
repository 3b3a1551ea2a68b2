import type { Task } from '@aws-sdk/client-ecs';
import { advance } from './advance';
import { attributesOf } from './attributes';
import { fail, timedOut } from './fail';
import { handOver } from './hand-over';
import { countReruns, isOnlyAttempt, openArns, Progress, Run } from './progress';
import { attributesOfRun, passBaton } from './relay';
import { judgeTask, resolveBeforeStart, resolveRevisions } from './revisions';
import { deadline, passBatonAt, pollInterval } from './schedule';
import { retryOrFail, startDue } from './start';
import { stopOwnTasks } from './stop';
import { checkStack, watchAfterBaton } from './watch-stack';
import type { RunSpec } from '../../src/contract';
import { NEVER_SEEN_MS, OVERLAP_MS } from '../../src/timing';
import { Answer, bytesOver } from '../cloudformation/answer';
import { LogState, logState } from '../cloudformation/log-state';
import type { Request } from '../cloudformation/request';
import { describeTasks, lookAtTasks } from '../ecs/tasks';
import { backoff } from '../retry';
import { callFailure, isThrottled, reasonOf } from '../verdict/errors';
import { Failed, TurnedBack, Unusable } from '../verdict/failure';
import { formatCount, notStopped } from '../verdict/message';
import { ERRORS, FAILURES, STOP_REASONS } from '../verdict/texts';

/**
 * Runs the task and waits for it. Returns no answer if the next invocation continues waiting.
 *
 * After any failure, tasks that still run are stopped before the answer is sent.
 */
export async function runTask(request: Request, spec: RunSpec, progress: Progress): Promise<Answer | undefined> {
  const containers = Object.values(progress.containers ?? {}).at(-1);
  const run: Run = { request, spec: { ...spec, ExitCodeFrom: spec.ExitCodeFrom ?? [], ...containers }, progress };
  try {
    return await startAndWait(run);
  } catch (error) {
    if (error instanceof TurnedBack) {
      throw error;
    }
    return fail(run, error);
  }
}

async function startAndWait(run: Run): Promise<Answer | undefined> {
  const { request: { world, sentAt, answerBy, handOverAt, handOverBy }, progress } = run;
  const statuses = new Map<string, string>();
  let [handOvers, nextHandOver] = [0, handOverAt];
  for (;;) {
    const tasks = await refresh(run);
    logChanges(run, tasks, statuses);
    const state = advance(run, tasks);
    if (state === 'succeeded') {
      return succeed(run);
    }
    const endsAt = deadline(run.spec, progress.since, answerBy);
    if (world.now() >= endsAt) {
      throw timedOut(run, tasks);
    }
    if (world.now() >= passBatonAt(run.spec, sentAt)) {
      return { ...passBaton(run), afterwards: (after) => watchAfterBaton({ ...run, request: { ...run.request, world: after } }) };
    }
    if (world.now() >= nextHandOver) {
      const problem = await handOver(run);
      if (!problem) {
        return watchAfterHandOver(run);
      }
      nextHandOver = world.now() + backoff(++handOvers, world.random());
      if (nextHandOver >= handOverBy) {
        throw problem;
      }
    }
    if (handOvers === 0) { // then there is time only for the hand-over and for the tasks
      const due = progress.tasks.filter(({ taskArn, startAt }) => !taskArn && world.now() >= startAt);
      if (state === 'open' && due.length > 0 && run.spec.ExitCodeFrom.length > 0) {
        await startDue(run, due);
        continue;
      }
      await checkStack(run);
    }
    await world.sleep(Math.min(pollInterval(tasks, world.now(), progress), endsAt - world.now()));
  }
}

async function succeed(run: Run): Promise<Answer> {
  const { request, spec, progress } = run;
  const attributes = attributesOfRun(request, spec, await attributesOf(run));
  const over = bytesOver(request, attributes);
  if (over > 0) {
    throw new Failed(FAILURES.resultsTooLong(formatCount(over, 'byte')));
  }
  const isOnly = progress.tasks.every(isOnlyAttempt);
  const stopped = isOnly ? { stillRunning: [] } : await stopOwnTasks(run, STOP_REASONS.replaced);
  return { status: 'SUCCESS', reason: notStopped(stopped), data: attributes, reruns: countReruns(progress) };
}

/** What could not be read of a task that was started, and why. */
interface Unread {
  readonly of: NonNullable<Progress['blind']>['of'];
  readonly error: unknown;
}

/**
 * The current state of the tasks; nothing if DescribeTasks fails. What cannot be read says nothing about the task, so the function
 * continues until the deadline, or for some minutes if ECS has never returned the task.
 */
async function refresh(run: Run): Promise<Task[]> {
  const { progress } = run;
  const { tasks, unread } = await lookAtOpenTasks(run);
  let unresolved: Unread | undefined;
  try {
    await resolveBeforeStart(run);
    await resolveRevisions(run, tasks);
  } catch (error) {
    unresolved = { of: 'task definition', error };
  }
  const problem = unread ?? unresolved;
  if (!problem) {
    progress.blind = undefined;
  } else if (openArns(progress).length === 0) {
    noteUnresolved(run, problem.error);
  } else {
    noteBlind(run, problem);
  }
  return tasks;
}

async function lookAtOpenTasks(run: Run): Promise<{ readonly tasks: Task[]; readonly unread?: Unread }> {
  const { request, spec, progress } = run;
  try {
    const { tasks, unmentioned } = await lookAtTasks(request, spec.Request.cluster, openArns(progress));
    noteMissing(run, tasks, unmentioned);
    progress.wasSeen ||= tasks.length > 0;
    return { tasks, unread: unmentioned.length > 0 ? { of: 'status', error: new Unusable(ERRORS.noTaskStatus) } : undefined };
  } catch (error) {
    if (error instanceof Failed) {
      throw error;
    }
    return { tasks: [], unread: { of: 'status', error } };
  }
}

function noteBlind({ request, progress }: Run, { of, error }: Unread): void {
  const { world } = request;
  const reason = reasonOf(error);
  logState(request, 'UNKNOWN', `could not read the ${of} of the task`, { details: [String(error)] });
  progress.isThrottled ||= isThrottled(error);
  progress.blind = { of, since: progress.blind?.of === of ? progress.blind.since : world.now(), ...reason };
  if (of === 'status' && !progress.wasSeen && world.now() - progress.blind.since >= NEVER_SEEN_MS) {
    throw new Failed({ ...FAILURES.neverSeen, ...reason }, { taskArn: openArns(progress)[0] });
  }
}

/** Nothing was started yet: waiting helps only if the error is temporary. */
function noteUnresolved(run: Run, error: unknown): void {
  const { progress } = run;
  progress.isThrottled ||= isThrottled(error);
  progress.tasks.filter(({ taskArn }) => !taskArn).forEach((task) => retryOrFail(run, task, callFailure('DescribeTaskDefinition', error)));
}

function noteMissing({ request: { world }, progress }: Run, tasks: readonly Task[], unmentioned: readonly string[]): void {
  for (const task of progress.tasks.filter(({ ended }) => !ended)) {
    const seen = tasks.find(({ taskArn }) => taskArn === task.taskArn);
    // A repeated invocation must not begin the timeout again: ECS knows when the first one started the task.
    progress.since = Math.min(progress.since, seen?.createdAt?.getTime() ?? progress.since);
    const isMissing = task.taskArn && !seen && !unmentioned.includes(task.taskArn);
    task.missingSince = isMissing ? task.missingSince ?? world.now() : undefined;
    if (task.missingSince !== undefined && world.now() - task.missingSince >= NEVER_SEEN_MS) {
      throw new Failed(FAILURES.gone, { taskArn: task.taskArn });
    }
  }
}

/** Polls until the next invocation has taken over, which may be late or lost, and answers a success. Only the next one starts and stops tasks. */
async function watchAfterHandOver(run: Run): Promise<Answer | undefined> {
  const { request, spec, progress } = run;
  const { world, handOverBy, sentAt, answerBy } = request;
  // The next invocation may be waiting for this one to end, and must run when something is due.
  const until = Math.min(world.now() + OVERLAP_MS, handOverBy, passBatonAt(spec, sentAt), deadline(spec, progress.since, answerBy));
  const arns = openArns(progress);
  const isSimple = progress.tasks.every((task) => task.taskArn && isOnlyAttempt(task) && !task.ended?.failure);
  while (isSimple && world.now() < until) {
    await world.sleep(1_000);
    const tasks = await describeTasks(request, spec.Request.cluster, arns).catch(() => []);
    if (tasks.length === arns.length && tasks.every((task) => judgeTask(run, task).state === 'succeeded')) {
      advance(run, tasks);
      return succeed(run).catch(() => undefined);
    }
  }
  return undefined;
}

function logChanges({ request }: Run, tasks: Task[], statuses: Map<string, string>): void {
  for (const { taskArn, lastStatus } of tasks) {
    if (statuses.get(taskArn!) !== lastStatus) {
      statuses.set(taskArn!, lastStatus!);
      logState(request, lastStatus as LogState, `the task is ${lastStatus}`, { taskArn });
    }
  }
}
