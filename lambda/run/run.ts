import type { Task } from '@aws-sdk/client-ecs';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { isThrottlingError } from '@smithy/core/retry';
import { fail, stopAll, timedOut } from './fail';
import { Failed, Job, openArns, Progress, TaskProgress } from './progress';
import { dataOf, goesOn } from './relay';
import { factsOf, resultsOf } from './results';
import { deadline, LOOK_AT_STACK_MS, passOnAt, pollInterval } from './schedule';
import { isWorthATry, startAnew, startDue } from './start';
import type { RunSpec } from '../../src/contract';
import { Answer, bytesOver } from '../cloudformation/answer';
import { isAwaited, isOver, Occasion, OutOfDate, stackStatus } from '../cloudformation/stack';
import { KnownContainers, withContainers } from '../ecs/resolve-containers';
import { describeTasks } from '../ecs/tasks';
import { persist } from '../retry';
import { adviceOnError, patienceWithError } from '../verdict/causes';
import { Failure, judge, Outcome } from '../verdict/outcome';

/** ECS is eventually consistent: a task that it has just started can be missing from its answers for a while. */
const MAY_BE_MISSING_MS = 2 * 60_000;

/**
 * Runs the task and waits for it. Gives no answer where the next invocation goes on waiting.
 *
 * Whatever goes wrong, what still runs is stopped before the answer says so.
 */
export async function runTask(job: Job, run: RunSpec, occasion: Occasion): Promise<Answer | undefined> {
  const { world, passed } = job;
  const progress = job.event.HandedOver ?? (passed?.state === 'RUNNING' ? { ...passed.progress, requestedAt: job.sentAt } : begin(job, run, occasion));
  let known: KnownContainers = { ...run, ExitCodeFrom: run.ExitCodeFrom ?? [] };
  try {
    known = await withContainers(world, run);
    return await startAndWait(job, known, progress);
  } catch (error) {
    const failed = error instanceof Failed ? error : new Failed({ cause: `the function failed: ${error}`, advice: adviceOnError(error as Error) });
    return fail(job, known, progress, failed);
  }
}

function begin(job: Job, run: RunSpec, occasion: Occasion): Progress {
  const tasks = Array.from({ length: run.Request.count ?? 1 }, (_, index): TaskProgress =>
    ({ number: index + 1, tokenNumber: 1, reruns: 0, startAttempts: 0, startAt: 0 }));
  return { occasion: occasion, requestId: job.requestId, since: job.began, requestedAt: job.sentAt, tasks: tasks };
}

async function startAndWait(job: Job, run: KnownContainers, progress: Progress): Promise<Answer | undefined> {
  const { world } = job;
  const states = new Map<string, string>();
  for (;;) {
    const tasks = await look(job, run, progress);
    logChanges(job, progress, tasks, states);
    const standing = settle(job, run, progress, tasks);
    if (standing === 'succeeded') {
      return succeed(job, run, progress);
    }
    const endsAt = deadline(run, progress.since, job.sentAt);
    if (world.now() >= endsAt) {
      throw timedOut(job, run, progress, tasks);
    }
    if (world.now() >= passOnAt(run, job.sentAt)) {
      return { ...goesOn(job, progress), afterwards: () => lookBack(job, run, progress) };
    }
    if (world.now() >= job.handOverAt) {
      return handOver(job, progress);
    }
    const due = progress.tasks.filter(({ taskArn, startAt }) => !taskArn && world.now() >= startAt);
    if (standing === 'open' && due.length > 0) {
      await startDue(job, run.Request, progress, due);
      continue;
    }
    await lookAtStack(job, progress);
    await world.sleep(Math.min(pollInterval(tasks, world.now(), progress.isThrottled), endsAt - world.now()));
  }
}

async function succeed(job: Job, run: KnownContainers, progress: Progress): Promise<Answer> {
  if (progress.tasks.some(({ startAttempts }) => startAttempts > 1)) { // ECS may have started one that it reported as failed
    await stopAll(job, run, progress, 'another task has succeeded in its place');
  }
  const data = dataOf(run, job, await resultsOf(job, run, progress));
  const over = bytesOver(job, data);
  if (over > 0) {
    throw new Failed({ cause: `the task has succeeded, but its results are ${over} bytes too long for CloudFormation`, advice: 'let it print shorter values, such as the name of a parameter that holds the rest' });
  }
  return { status: 'SUCCESS', reason: [], data };
}

/**
 * How the tasks stand together. Throws once one has failed and no other runs: no task is stopped half-way because its
 * sibling failed. Others take the place of those that may be tried again.
 */
function settle(job: Job, run: KnownContainers, progress: Progress, tasks: Task[]): 'open' | 'failing' | 'succeeded' {
  const outcomes = progress.tasks.map((own) => ({ own, outcome: outcomeOf(job, run, own, tasks) }));
  const failures = outcomes.flatMap(({ own, outcome }) => outcome?.state === 'failed' ? [{ own, failure: outcome.failure }] : []);
  const final = failures.find(({ own, failure }) => !mayRunAgain(job, run, progress, own, failure));
  if (final) {
    if (outcomes.some(({ own, outcome }) => own.taskArn && (!outcome || outcome.state === 'running'))) {
      return 'failing';
    }
    const cause = howMany(progress, failures.length, final.own) + final.failure.cause;
    throw new Failed({ ...final.failure, cause }, { taskArn: final.own.taskArn });
  }
  failures.forEach(({ own, failure }) => startAnew(job, progress, own, failure));
  return outcomes.every(({ outcome }) => outcome?.state === 'succeeded') ? 'succeeded' : 'open';
}

function outcomeOf(job: Job, run: KnownContainers, own: TaskProgress, tasks: Task[]): Outcome | undefined {
  const task = tasks.find(({ taskArn }) => taskArn === own.taskArn);
  const outcome = task && judge(task, run);
  switch (outcome?.state) {
    case 'failed':
      own.ended = { failure: outcome.failure };
      break;
    case 'succeeded':
      own.ended = own.number === 1 ? { attributes: factsOf(run, task!, job.world.now()) } : {};
      break;
  }
  if (!own.ended) {
    return outcome;
  }
  return own.ended.failure ? { state: 'failed', failure: own.ended.failure } : { state: 'succeeded' };
}

function mayRunAgain(job: Job, run: RunSpec, progress: Progress, { reruns }: TaskProgress, { patience }: Failure): boolean {
  return isWorthATry(patience, job, progress)
    || (patience === 'as often as retryAttempts allows' && reruns < (run.RetryAttempts ?? 0));
}

function howMany({ tasks }: Progress, failed: number, { reruns }: TaskProgress): string {
  const said = [
    ...(tasks.length > 1 ? [`${failed} of ${tasks.length} tasks failed`] : []),
    ...(reruns > 0 ? [`after ${reruns + 1} attempts`] : []),
  ];
  return said.length > 0 ? `${said.join(', ')}: ` : '';
}

/** The tasks as ECS sees them now; none where it can't tell at the moment. */
async function look(job: Job, run: RunSpec, progress: Progress): Promise<Task[]> {
  const { world } = job;
  try {
    const tasks = await describeTasks(world, run.Request.cluster, openArns(progress));
    for (const own of progress.tasks.filter(({ ended }) => !ended)) {
      const task = tasks.find(({ taskArn }) => taskArn === own.taskArn);
      // A repeated invocation must not start the time anew: ECS knows when the first one started the task.
      progress.since = Math.min(progress.since, task?.createdAt?.getTime() ?? progress.since);
      own.missingSince = own.taskArn && !task ? own.missingSince ?? world.now() : undefined;
      if (own.missingSince !== undefined && world.now() - own.missingSince > MAY_BE_MISSING_MS) {
        throw new Failed({ cause: 'ECS does not know the task any more, so its result is unknown' }, { taskArn: own.taskArn });
      }
    }
    return tasks;
  } catch (error) {
    if (error instanceof Failed || !isWorthATry(patienceWithError(error as Error), job, progress)) {
      throw error;
    }
    progress.isThrottled ||= isThrottlingError(error as Parameters<typeof isThrottlingError>[0]);
    world.log(`DescribeTasks: ${error}`);
    return [];
  }
}

/** Nobody waits for the task any more once its deployment has been cancelled, or has failed without a rollback. */
async function lookAtStack(job: Job, progress: Progress): Promise<void> {
  const { world } = job;
  if (progress.lookAtStackAt === undefined || world.now() < progress.lookAtStackAt) {
    return;
  }
  progress.lookAtStackAt = world.now() + LOOK_AT_STACK_MS;
  const status = await stackStatus(world, job.event).catch((error) => {
    if (error instanceof OutOfDate) {
      throw new Failed({ cause: error.message });
    }
    world.log(`DescribeStacks: ${error}`);
  });
  if (status && !isAwaited(progress.occasion, status)) {
    throw new Failed({ cause: `the deployment is over (${status}), and nobody waits for the task` });
  }
}

/** How long CloudFormation may take to tell; the rest of the invocation is for stopping the task. */
const STACK_WITHIN_MS = 20_000;

/** Without a rollback, nobody else stops the task of a deployment that fails between two resources. */
async function lookBack(job: Job, run: KnownContainers, progress: Progress): Promise<void> {
  const { world } = job;
  await world.sleep(LOOK_AT_STACK_MS);
  const status = await persist(world, world.now() + STACK_WITHIN_MS, () => stackStatus(world, job.event));
  if (isOver(status)) {
    await stopAll(job, run, progress, `the deployment is over (${status}), and nobody waits for the task`);
  }
}

function logChanges(job: Job, progress: Progress, tasks: Task[], states: Map<string, string>): void {
  for (const { taskArn, lastStatus } of tasks) {
    if (states.get(taskArn!) !== lastStatus) {
      states.set(taskArn!, lastStatus!);
      job.world.log(`${Math.round((job.world.now() - progress.since) / 1000)} s: ${taskArn} is ${lastStatus}`);
    }
  }
}

/** The next invocation goes on with the same request. Until it is certain to come, this one holds on to the task. */
async function handOver(job: Job, progress: Progress): Promise<undefined> {
  const { world } = job;
  try {
    await persist(world, job.handOverBy, () => world.lambda.send(new InvokeCommand({
      FunctionName: job.functionArn,
      InvocationType: 'Event',
      Payload: JSON.stringify({ ...job.event, HandedOver: progress }),
    })));
  } catch (error) {
    throw new Failed({
      cause: `the function could not hand over to its next invocation before its time-out (${error})`,
      advice: 'let its role invoke the function itself (lambda:InvokeFunction)',
    });
  }
  world.log('the next invocation of this function goes on waiting');
  return undefined;
}
