import { RunTaskCommand } from '@aws-sdk/client-ecs';
import { Failed, Job, Progress, TaskProgress } from './progress';
import { backoff } from './schedule';
import type { RunSpec } from '../../src/contract';
import { isAwaited, isUndone, OutOfDate, stackStatus } from '../cloudformation/stack';
import { marked, markedAs, markOf, placeOf } from '../ecs/marks';
import { findTasks } from '../ecs/tasks';
import { adviceOnError, knownStartFailure, Patience, patienceWithError, PERMISSIONS_SPREAD_MS } from '../verdict/causes';
import type { Failure } from '../verdict/outcome';

/** One attempt to start each task that is due. Throws what no further attempt can mend. */
export async function startDue(job: Job, request: RunSpec['Request'], progress: Progress, due: TaskProgress[]): Promise<void> {
  due.forEach((task) => task.startAttempts++);
  let problem: Failure | undefined;
  try {
    // An event may be late: a Delete or a rollback may have cleaned up already, or the deployment be over.
    const status = await stackStatus(job.world, job.event);
    if (isUndone(progress.occasion, status)) {
      throw new Failed({ cause: 'the deployment was cancelled before the task had started' });
    }
    if (!isAwaited(progress.occasion, status)) { // or its beginning has not got about
      problem = { cause: `the task did not start: the stack is ${status}, not being deployed`, patience: 'while permissions spread' };
    }
  } catch (error) {
    problem = problemOf(error);
  }
  for (const task of due) {
    if (problem) {
      tryLater(job, progress, task, problem);
    } else {
      await start(job, request, progress, task);
      progress.lookAtStackAt = job.world.now(); // a Delete may have found nothing to stop while the start was under way
    }
  }
}

async function start(job: Job, request: RunSpec['Request'], progress: Progress, task: TaskProgress): Promise<void> {
  try {
    if (!await takeOver(job, request, task)) {
      await callRunTask(job, request, progress, task);
    }
  } catch (error) {
    const problem = problemOf(error);
    task.isUnanswered ||= problem.patience === 'until the deadline'; // what ECS refuses, it does not start
    tryLater(job, progress, task, problem); // the same attempt: its token gets the same task
  }
}

/** Goes on with the task that ECS has started in spite of the failure that it reported, if there is one. */
async function takeOver(job: Job, request: RunSpec['Request'], task: TaskProgress): Promise<boolean> {
  const { number, doubtedTokenNumber } = task;
  if (doubtedTokenNumber === undefined) {
    return false;
  }
  const mark = markOf(job, number, doubtedTokenNumber);
  const found = await findTasks(job.world, placeOf(request), mark);
  const own = found.find((one) => markedAs(one) === mark);
  if (own) {
    Object.assign(task, { taskArn: own.taskArn, tokenNumber: doubtedTokenNumber, doubtedTokenNumber: undefined });
  }
  return own !== undefined;
}

async function callRunTask(job: Job, request: RunSpec['Request'], progress: Progress, task: TaskProgress): Promise<void> {
  const { tasks = [], failures = [] } = await job.world.ecs.send(new RunTaskCommand({
    ...marked(request, markOf(job, task.number, task.tokenNumber)),
    count: 1, // each task has a token of its own, so that a repeated invocation gets back just this one
    clientToken: `${job.requestId}-${task.number}-${task.tokenNumber}`,
  }));
  task.isUnanswered = undefined;
  task.taskArn = tasks[0]?.taskArn;
  task.doubtedTokenNumber = task.taskArn ? undefined : task.tokenNumber;
  if (!task.taskArn) {
    const reasons = failures.map(({ reason, detail }) => [reason, detail].filter(Boolean).join(': '));
    const said = [...new Set(reasons)].join('; ');
    const { means = 'ECS did not place it', advice, patience } = knownStartFailure(said) ?? {};
    startAnew(job, progress, task, { cause: `the task did not start: ${means}`, said, advice, patience });
  }
}

/** Starts another task in place of one that is known to have ended or never to have run: the old token would give the old one back. */
export function startAnew(job: Job, progress: Progress, task: TaskProgress, failure: Failure): void {
  task.taskArn = undefined;
  task.ended = undefined;
  task.tokenNumber++;
  if (failure.patience === 'as often as retryAttempts allows') {
    task.reruns++;
    wait(job, task, failure);
  } else {
    tryLater(job, progress, task, failure);
  }
}

function tryLater(job: Job, progress: Progress, task: TaskProgress, problem: Failure): void {
  if (!isWorthATry(problem.patience, job, progress)) {
    throw new Failed(problem);
  }
  wait(job, task, problem);
}

function wait(job: Job, task: TaskProgress, problem: Failure): void {
  task.problem = problem;
  task.startAt = job.world.now() + backoff(task.startAttempts, job.world.random());
  job.world.log(`${[problem.cause, problem.said].filter(Boolean).join(': ')}; the next attempt follows`);
}

/** Whether to try again what has run no container. */
export function isWorthATry(patience: Patience | undefined, job: Job, progress: Progress): boolean {
  return patience === 'until the deadline'
    || (patience === 'while permissions spread' && job.world.now() - progress.since < PERMISSIONS_SPREAD_MS);
}

function problemOf(error: unknown): Failure {
  if (error instanceof Failed) {
    throw error;
  }
  if (error instanceof OutOfDate) {
    throw new Failed({ cause: error.message });
  }
  const { name, message } = error as Error;
  return {
    cause: `AWS did not take the request: ${name}`,
    said: message,
    advice: adviceOnError(error as Error),
    patience: patienceWithError(error as Error),
  };
}
