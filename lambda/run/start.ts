import { RunTaskCommand } from '@aws-sdk/client-ecs';
import { mayHaveStarted, Run, TaskProgress } from './progress';
import { lookFor, stopListed } from './stop';
import { confirmDoubt, endDoubt } from './watch-stack';
import { PERMISSIONS_SPREAD_MS, STALE_FOR_MS } from '../../src/timing';
import { logState } from '../cloudformation/log-state';
import { Request, wasJustSent } from '../cloudformation/request';
import { isRollbackStatus, isWaitedFor, readStackUpToDate, wasCancelled } from '../cloudformation/stack-status';
import { addMark, Attempt, attemptsOf, isOfEarlierRequest, isOfLaterRequest, isOfRequest, markOf, placeOf } from '../ecs/marks';
import { findTasks } from '../ecs/tasks';
import { backoff } from '../retry';
import { knownStartFailure } from '../verdict/causes';
import { Api, callFailure, isRefusal } from '../verdict/errors';
import { Failed, Failure, OutOfDate, TurnedBack, Unusable } from '../verdict/failure';
import { ERRORS, FAILURES, REASONS, STOP_REASONS } from '../verdict/texts';

/** How many of the last attempts are remembered, because ECS may list their tasks seconds later. A baton has little room. */
const MOST_DOUBTED = 5;

/** How many different failures of earlier attempts are remembered for the message. */
const MOST_EARLIER = 5;

/** Makes one attempt to start each task that is due. Throws if no further attempt can help. */
export async function startDue(run: Run, due: TaskProgress[]): Promise<void> {
  const { request: { world }, progress } = run;
  due.forEach((task) => task.startAttempts++);
  const problem = await prepareStart(run, due);
  const open = due.filter(({ taskArn }) => !taskArn);
  if (problem) {
    open.forEach((task) => retryOrFail(run, task, problem));
  }
  const starts = await Promise.allSettled(problem ? [] : open.map((task) => start(run, task))); // waits for all calls, even if one fails
  if (due.some(({ taskArn, isUnanswered }) => taskArn || (isUnanswered && progress.startedAt === undefined))) {
    progress.startedAt = progress.lookAtStackAt = world.now(); // a Delete may have found nothing to stop in the meantime
  }
  const failed = starts.find((result) => result.status === 'rejected');
  if (failed) {
    throw failed.reason;
  }
}

/** One look for all, because ECS may list a task in only one of several. It can take long, so the status of the stack is read after it. */
async function prepareStart(run: Run, due: readonly TaskProgress[]): Promise<Failure | undefined> {
  try {
    if (due.some(isDoubted)) {
      await takeOver(run); // also the tasks of starts that are not in doubt: another invocation may have made them
    }
  } catch (error) {
    return problemOf('ListTasks or DescribeTasks', error);
  }
  return due.every(({ taskArn }) => taskArn) ? undefined : checkBeforeStart(run);
}

/** An event may be late: a Delete or a rollback may have cleaned up already, or the deployment may have ended. */
async function checkBeforeStart({ request, progress }: Run): Promise<Failure | undefined> {
  const { occasion } = progress;
  if (request.event.RequestType === 'Create' && wasJustSent(request)) {
    return undefined; // the status cannot be newer than the request, and CloudFormation throttles these calls in a stack with many tasks
  }
  try {
    const reading = await readStackUpToDate(request);
    const { status } = reading;
    if (isWaitedFor(occasion, status)) {
      const isCertain = endDoubt(progress, reading) && (reading.isDated || request.world.now() < request.sentAt + STALE_FOR_MS);
      return isCertain ? undefined : { ...FAILURES.didNotStart(ERRORS.noUpdateTime), patience: 'while permissions spread' };
    }
    if (request.event.RequestType === 'Update' && isRollbackStatus(status) && !mayHaveStarted(progress)) {
      throw new TurnedBack();
    }
    const isConfirmed = confirmDoubt(request, progress, reading);
    if (isConfirmed && wasCancelled(occasion, status)) {
      throw new Failed(FAILURES.cancelledBeforeStart);
    }
    const problem = FAILURES.notDeploying(status);
    return isConfirmed ? problem : { ...problem, patience: 'while permissions spread' }; // the deployment may be about to begin
  } catch (error) {
    if (error instanceof OutOfDate && !confirmDoubt(request, progress)) {
      return { ...error.failure, patience: 'while permissions spread' };
    }
    return problemOf('DescribeStacks', error);
  }
}

async function start(run: Run, task: TaskProgress): Promise<void> {
  try {
    await callRunTask(run, task);
  } catch (error) {
    const problem = problemOf('RunTask', error);
    task.isUnanswered ||= !isRefusal(error); // ECS does not start a task of a call that it rejects
    retryOrFail(run, task, problem); // the same attempt: its token returns the same task
  }
}

/** Whether ECS has reported a failure to start the task, which it may have started anyway. */
function isDoubted({ doubtedTokens = [] }: TaskProgress): boolean {
  return doubtedTokens.length > 0;
}

/**
 * Continues with the tasks that ECS has started in spite of the failure that it reported, and with those of an invocation that has
 * come further: Lambda can deliver a hand-over again, which knows only earlier tokens. The same look shows the other tasks of the
 * run whose start got no answer, and nothing may show them later.
 */
async function takeOver(run: Run): Promise<void> {
  const { request, spec, progress } = run;
  const unanswered = progress.tasks.filter(({ isUnanswered }) => isUnanswered);
  const candidates = await lookFor(run, unanswered, () => findTasks(request, placeOf(spec.Request)));
  if (candidates.some((candidate) => isOfLaterRequest(request, candidate, progress.requestId))) {
    throw new OutOfDate(FAILURES.supersededByTask);
  }
  const earlier = candidates.filter((candidate) => isOfEarlierRequest(request, candidate, progress.requestId));
  const left = await stopListed(request, earlier, STOP_REASONS.newerRequest, spec.Request.cluster);
  if (left.length > 0) {
    throw new Failed(FAILURES.earlierMayRun, { taskArn: left[0] });
  }
  const own = candidates.filter((candidate) => isOfRequest(request, candidate, progress.requestId));
  progress.wasSeen ||= own.length > 0;
  progress.tasks.filter(({ taskArn }) => !taskArn).forEach((task) => continueAttempt(run, task, attemptsOf(own, task.number)));
}

function continueAttempt({ request }: Run, task: TaskProgress, attempts: readonly Attempt[]): void {
  const { doubtedTokens = [] } = task;
  const isOpen = ({ tokenNumber }: Attempt) => tokenNumber >= task.tokenNumber || doubtedTokens.includes(tokenNumber);
  const open = attempts.filter(isOpen);
  const started = open.at(-1); // one after the other, as the other invocation has counted them
  if (!started) {
    return;
  }
  task.taskArn = started.taskArn;
  task.tokenNumber = Math.max(started.tokenNumber, task.tokenNumber - 1); // the current token has not been used, or had no answer
  const others = new Set([...doubtedTokens, ...open.map(({ tokenNumber }) => tokenNumber)]);
  others.delete(started.tokenNumber);
  task.doubtedTokens = [...others].slice(-MOST_DOUBTED);
  noteStarted(request, task);
}

function noteStarted(request: Request, task: TaskProgress): void {
  task.isUnanswered = undefined;
  task.problem = undefined;
  logState(request, 'STARTED', 'ECS accepted the task', task);
}

async function callRunTask(run: Run, task: TaskProgress): Promise<void> {
  const { request: { world, id }, spec, progress } = run;
  const { number, tokenNumber, doubtedTokens = [] } = task;
  const { tasks = [], failures = [] } = await world.ecs.send(new RunTaskCommand({
    ...addMark(spec.Request, markOf(id, progress, number, tokenNumber)),
    count: 1, // each task has its own token, so that a repeated invocation gets the same task
    clientToken: `${progress.requestId}-${number}-${tokenNumber}`,
  }));
  task.taskArn = tasks[0]?.taskArn;
  if (!task.taskArn && failures.length === 0) {
    throw new Unusable(ERRORS.noTask);
  }
  if (task.taskArn) {
    noteStarted(run.request, task);
  } else {
    task.doubtedTokens = [...doubtedTokens, tokenNumber].slice(-MOST_DOUBTED);
    const reasons = failures.map(({ reason, detail }) => [reason, detail].filter(Boolean).join(': '));
    const awsReason = [...new Set(reasons)].join('; ');
    const { means = REASONS.notPlaced, advice, patience } = knownStartFailure(awsReason) ?? {};
    prepareNewAttempt(run, task, { ...FAILURES.didNotStart(means), awsReason, advice, patience });
  }
}

/** Replaces a task that is known to have ended or never to have run: the old token would return the old task. */
export function prepareNewAttempt(run: Run, task: TaskProgress, failure: Failure): void {
  const isOther = ({ cause, awsReason }: Failure) => cause !== failure.cause || awsReason !== failure.awsReason;
  task.earlier = [...(task.earlier ?? []).filter(isOther), failure].slice(-MOST_EARLIER);
  task.taskArn = undefined;
  task.ended = undefined;
  task.tokenNumber = 1 + Math.max(task.tokenNumber, ...task.doubtedTokens ?? []);
  if (failure.patience === 'as often as retryAttempts allows') {
    task.reruns++;
    task.spreadsSince = undefined; // its containers ran
    scheduleAttempt(run, task, failure);
  } else {
    retryOrFail(run, task, failure);
  }
}

/** A task that cannot start has failed like one that has run: others that run are not stopped because of it. */
export function retryOrFail(run: Run, task: TaskProgress, problem: Failure): void {
  if (!isWorthRetrying(run, task, problem)) {
    task.ended = { failure: problem };
    return;
  }
  task.spreadsSince = problem.patience === 'while permissions spread' ? task.spreadsSince ?? run.request.world.now() : undefined;
  scheduleAttempt(run, task, problem);
}

function scheduleAttempt({ request }: Run, task: TaskProgress, problem: Failure): void {
  const { world } = request;
  task.problem = problem;
  task.startAt = world.now() + backoff(task.startAttempts, world.random());
  logState(request, 'RETRYING', 'retrying', { details: [[problem.cause, problem.awsReason].filter(Boolean).join(': ')] });
}

/** Whether to retry a start that ran no container. For new resources and permissions, the three minutes begin with the first failure in a row. */
export function isWorthRetrying({ request: { world } }: Run, { spreadsSince = world.now() }: TaskProgress, { patience }: Failure): boolean {
  return patience === 'until the deadline'
    || (patience === 'while permissions spread' && world.now() - spreadsSince < PERMISSIONS_SPREAD_MS);
}

function problemOf(api: Api, error: unknown): Failure {
  if (error instanceof Failed) {
    throw error;
  }
  return callFailure(api, error);
}
