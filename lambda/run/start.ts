import { RunTaskCommand } from '@aws-sdk/client-ecs';
import type { Run, TaskProgress } from './progress';
import { PERMISSIONS_SPREAD_MS } from '../../src/timing';
import { isWaitedFor, readStackStatus, wasCancelled } from '../cloudformation/stack-status';
import { addMark, markOf, placeOf, readMark } from '../ecs/marks';
import { findTasks } from '../ecs/tasks';
import { backoff } from '../retry';
import { adviceOnError, knownStartFailure, patienceWithError } from '../verdict/causes';
import { Failed, Failure, Patience } from '../verdict/failure';

/** One attempt to start each task that is due. Throws what no further attempt can fix. */
export async function startDue(run: Run, due: TaskProgress[]): Promise<void> {
  const { request, progress } = run;
  due.forEach((task) => task.startAttempts++);
  const problem = await checkBeforeStart(run);
  for (const task of due) {
    if (problem) {
      retryOrFail(run, task, problem);
    } else {
      await start(run, task);
      progress.lookAtStackAt = request.world.now(); // a Delete may have found nothing to stop while the start was under way
    }
  }
}

/** An event may be late: a Delete or a rollback may have cleaned up already, or the deployment may have ended. */
async function checkBeforeStart({ request, progress: { occasion } }: Run): Promise<Failure | undefined> {
  try {
    const status = await readStackStatus(request);
    if (wasCancelled(occasion, status)) {
      throw new Failed({ cause: 'the deployment was cancelled before the task had started' });
    }
    return isWaitedFor(occasion, status)
      ? undefined
      : { cause: `the task did not start: the stack is ${status}, not being deployed`, patience: 'while permissions spread' }; // it may be about to begin
  } catch (error) {
    return problemOf(error);
  }
}

async function start(run: Run, task: TaskProgress): Promise<void> {
  try {
    if (!await takeOver(run, task)) {
      await callRunTask(run, task);
    }
  } catch (error) {
    const problem = problemOf(error);
    task.isUnanswered ||= problem.patience === 'until the deadline'; // what ECS rejects, it does not start
    retryOrFail(run, task, problem); // the same attempt: its token returns the same task
  }
}

/** Continues with the task that ECS has started in spite of the failure that it reported, if there is one. */
async function takeOver({ request, spec, progress }: Run, task: TaskProgress): Promise<boolean> {
  const { number, doubtedTokenNumber } = task;
  if (doubtedTokenNumber === undefined) {
    return false;
  }
  const mark = markOf(request.id, progress.requestId, number, doubtedTokenNumber);
  const candidates = await findTasks(request.world, placeOf(spec.Request), mark);
  const started = candidates.find((candidate) => readMark(candidate) === mark);
  if (started) {
    Object.assign(task, { taskArn: started.taskArn, tokenNumber: doubtedTokenNumber, doubtedTokenNumber: undefined });
  }
  return started !== undefined;
}

async function callRunTask(run: Run, task: TaskProgress): Promise<void> {
  const { request: { world, id }, spec, progress: { requestId } } = run;
  const { number, tokenNumber } = task;
  const { tasks = [], failures = [] } = await world.ecs.send(new RunTaskCommand({
    ...addMark(spec.Request, markOf(id, requestId, number, tokenNumber)),
    count: 1, // each task has a token of its own, so that a repeated invocation gets back exactly this one
    clientToken: `${requestId}-${number}-${tokenNumber}`,
  }));
  task.isUnanswered = undefined;
  task.taskArn = tasks[0]?.taskArn;
  task.doubtedTokenNumber = task.taskArn ? undefined : tokenNumber;
  if (!task.taskArn) {
    const reasons = failures.map(({ reason, detail }) => [reason, detail].filter(Boolean).join(': '));
    const awsReason = [...new Set(reasons)].join('; ');
    const { means = 'ECS did not place it', advice, patience } = knownStartFailure(awsReason) ?? {};
    prepareNewAttempt(run, task, { cause: `the task did not start: ${means}`, awsReason, advice, patience });
  }
}

/** Replaces a task that is known to have ended or never to have run: the old token would return the old task. */
export function prepareNewAttempt(run: Run, task: TaskProgress, failure: Failure): void {
  task.taskArn = undefined;
  task.ended = undefined;
  task.tokenNumber++;
  if (failure.patience === 'as often as retryAttempts allows') {
    task.reruns++;
    scheduleAttempt(run, task, failure);
  } else {
    retryOrFail(run, task, failure);
  }
}

function retryOrFail(run: Run, task: TaskProgress, problem: Failure): void {
  if (!isWorthRetrying(problem.patience, run)) {
    throw new Failed(problem);
  }
  scheduleAttempt(run, task, problem);
}

function scheduleAttempt({ request: { world } }: Run, task: TaskProgress, problem: Failure): void {
  task.problem = problem;
  task.startAt = world.now() + backoff(task.startAttempts, world.random());
  world.log(`${[problem.cause, problem.awsReason].filter(Boolean).join(': ')}; the next attempt follows`);
}

/** Whether to retry what has run no container. */
export function isWorthRetrying(patience: Patience | undefined, { request: { world }, progress }: Run): boolean {
  return patience === 'until the deadline'
    || (patience === 'while permissions spread' && world.now() - progress.since < PERMISSIONS_SPREAD_MS);
}

function problemOf(error: unknown): Failure {
  if (error instanceof Failed) {
    throw error;
  }
  const { name, message } = error as Error;
  return {
    cause: `AWS did not take the request: ${name}`,
    awsReason: message,
    advice: adviceOnError(error as Error),
    patience: patienceWithError(error as Error),
  };
}
