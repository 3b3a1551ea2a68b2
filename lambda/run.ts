import type { Task } from '@aws-sdk/client-ecs';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import type { Answer } from './answer';
import { adviceOnError, patienceWithError } from './causes';
import { KnownContainers, withContainers } from './definition';
import { Failed, Job, Progress } from './job';
import { logOf, tail } from './logs';
import { Evidence, explain, notStopped } from './message';
import { judge } from './outcome';
import { persist } from './persist';
import { duration, pollInterval, timeAllowed, TIME_TO_STOP_MS } from './schedule';
import { isWorthATry, marksOf, start, startAnew } from './start';
import { describeTasks, findTasks, stopTasks } from './tasks';
import type { RunTaskProperties } from '../src/contract';

/** ECS is eventually consistent: a task that it has just started can be missing from its answers for a while. */
const MAY_BE_MISSING_MS = 2 * 60_000;

/**
 * Runs the task and waits for it. Gives no answer where the next invocation goes on waiting.
 *
 * Whatever goes wrong, what still runs is stopped before the answer says so.
 */
export async function runTask(job: Job, properties: RunTaskProperties): Promise<Answer | undefined> {
  const { world } = job;
  const progress: Progress = job.event.Progress ?? { Since: world.now(), Attempt: 1, Tries: 0, StartAt: 0, TaskArns: [] };
  let known: KnownContainers = { ...properties, ExitCodeFrom: properties.ExitCodeFrom ?? [] };
  try {
    known = await withContainers(world, properties);
    return await startAndWait(job, known, progress);
  } catch (error) {
    const failed = error instanceof Failed ? error : new Failed({ cause: `the function failed: ${error}`, advice: adviceOnError(error as Error) });
    return fail(job, known, progress, failed);
  }
}

async function startAndWait(job: Job, properties: KnownContainers, progress: Progress): Promise<Answer | undefined> {
  const { world } = job;
  const count = properties.Request.count ?? 1;
  const states = new Map<string, string>();
  for (;;) {
    const tasks = await look(job, properties, progress);
    logChanges(job, progress, tasks, states);
    const standing = settle(job, properties, progress, tasks, count);
    if (standing === 'succeeded') {
      return { status: 'SUCCESS', reason: [] };
    }
    const deadline = progress.Since + timeAllowed(properties.TimeoutSeconds);
    if (world.now() >= deadline) {
      throw timedOut(properties, progress, tasks);
    }
    if (world.now() >= job.handOverAt) {
      return handOver(job, progress);
    }
    if (standing === 'open' && progress.TaskArns.length < count && world.now() >= progress.StartAt) {
      await start(job, properties.Request, progress, count - progress.TaskArns.length);
      continue;
    }
    await world.sleep(Math.min(pollInterval(world.now() - progress.Since), deadline - world.now()));
  }
}

/**
 * How the tasks stand together. Throws once one has failed and no other runs: no task is stopped half-way because its
 * sibling failed. Where nothing ran in those that failed, others can take their place.
 */
function settle(job: Job, properties: KnownContainers, progress: Progress, tasks: Task[], count: number): 'open' | 'failing' | 'succeeded' {
  const outcomes = tasks.map((task) => ({ task, outcome: judge(task, properties) }));
  const failures = outcomes.flatMap(({ task, outcome }) => outcome.state === 'failed' ? [{ task, ...outcome }] : []);
  const final = failures.find(({ failure }) => !isWorthATry(failure.patience, job, progress));
  if (final) {
    if (tasks.length < progress.TaskArns.length || outcomes.some(({ outcome }) => outcome.state === 'running')) {
      return 'failing';
    }
    const { failure, task } = final;
    throw new Failed(count > 1 ? { ...failure, cause: `${failures.length} of ${count} tasks failed: ${failure.cause}` } : failure, task);
  }
  for (const { task, failure } of failures) {
    progress.TaskArns = progress.TaskArns.filter((taskArn) => taskArn !== task.taskArn);
    startAnew(job, progress, failure);
  }
  return outcomes.length >= count && outcomes.every(({ outcome }) => outcome.state === 'succeeded') ? 'succeeded' : 'open';
}

/** The tasks as ECS sees them now; none where it can't tell at the moment. */
async function look(job: Job, properties: RunTaskProperties, progress: Progress): Promise<Task[]> {
  const { world } = job;
  try {
    const tasks = await describeTasks(world, properties.Request.cluster, progress.TaskArns);
    // A repeated invocation must not start the time anew: ECS knows when the first one started the task.
    progress.Since = Math.min(progress.Since, ...tasks.flatMap((task) => task.createdAt?.getTime() ?? []));
    const missing = progress.TaskArns.find((taskArn) => !tasks.some((task) => task.taskArn === taskArn));
    progress.MissingSince = missing ? progress.MissingSince ?? world.now() : undefined;
    if (progress.MissingSince !== undefined && world.now() - progress.MissingSince > MAY_BE_MISSING_MS) {
      throw new Failed({ cause: 'ECS does not know the task any more, so its result is unknown' }, { taskArn: missing });
    }
    return tasks;
  } catch (error) {
    if (error instanceof Failed || !isWorthATry(patienceWithError(error as Error), job, progress)) {
      throw error;
    }
    world.log(`DescribeTasks: ${error}`);
    return [];
  }
}

function logChanges(job: Job, progress: Progress, tasks: Task[], states: Map<string, string>): void {
  for (const { taskArn, lastStatus } of tasks) {
    if (states.get(taskArn!) !== lastStatus) {
      states.set(taskArn!, lastStatus!);
      job.world.log(`${Math.round((job.world.now() - progress.Since) / 1000)} s: ${taskArn} is ${lastStatus}`);
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
      Payload: JSON.stringify({ ...job.event, Progress: progress }),
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

function timedOut(properties: KnownContainers, progress: Progress, tasks: Task[]): Failed {
  const allowed = duration(timeAllowed(properties.TimeoutSeconds));
  const running = tasks.find((task) => judge(task, properties).state === 'running');
  if (!running && tasks.length === progress.TaskArns.length) { // what is there is over: the rest has never been placed
    const { cause = 'ECS gave no reason', ...rest } = progress.Problem ?? {};
    return new Failed({ ...rest, cause: `the task did not start within ${allowed}: ${cause.replace(/^the task did not start: /, '')}` });
  }
  return new Failed({
    cause: `the task did not end within ${allowed} and was stopped; it was ${running?.lastStatus ?? 'unknown to ECS'}`,
    said: progress.Problem?.said,
    advice: 'see what it waited for, or raise timeout',
    container: properties.ExitCodeFrom[0],
  }, running ?? { taskArn: progress.TaskArns[0] });
}

/** Stops what still runs, and collects what ends the search for the cause. */
async function fail(job: Job, properties: KnownContainers, progress: Progress, { failure, task }: Failed): Promise<Answer> {
  const { world } = job;
  const { cluster } = properties.Request;
  const tasks = await describeTasks(world, cluster, progress.TaskArns).catch(() => []);
  const over = tasks.filter((one) => judge(one, properties).state !== 'running').map((one) => one.taskArn!);
  // An answer of ECS may have been lost, and with it the name of a task that it did start.
  const isComplete = progress.TaskArns.length >= (properties.Request.count ?? 1);
  const strays = progress.Tries > 0 && !isComplete ? await findTasks(world, marksOf(properties.Request, job.id), 'RUNNING').catch(() => []) : [];
  const running = [...progress.TaskArns, ...strays.map(({ taskArn }) => taskArn!)].filter((taskArn) => !over.includes(taskArn));
  const left = await stopTasks(world, cluster, running, failure.cause, world.now() + TIME_TO_STOP_MS);
  return {
    status: 'FAILED',
    reason: [
      ...explain(failure, await lastWords(job, properties, failure.container, task?.taskArn)),
      ...notStopped(left),
    ],
  };
}

async function lastWords(job: Job, properties: RunTaskProperties, container?: string, taskArn?: string): Promise<Evidence> {
  const log = container && taskArn && logOf(properties, container, taskArn);
  if (!log || properties.LogTailLines === 0) {
    return { taskArn, log: log || undefined };
  }
  return { taskArn, log, tail: await tail(job.world, log, properties.LogTailLines) };
}
