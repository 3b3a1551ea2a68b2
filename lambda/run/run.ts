import type { Task } from '@aws-sdk/client-ecs';
import { isThrottlingError } from '@smithy/core/retry';
import { advance } from './advance';
import { attributesOf } from './attributes';
import { fail, timedOut } from './fail';
import { handOver } from './hand-over';
import { openArns, Progress, Run } from './progress';
import { attributesOfRun, passBaton } from './relay';
import { deadline, passBatonAt, pollInterval } from './schedule';
import { isWorthRetrying, startDue } from './start';
import { stopOwnTasks } from './stop';
import type { RunSpec } from '../../src/contract';
import { LOOK_AT_STACK_MS, LOOK_BACK_WITHIN_MS, MAY_BE_MISSING_MS } from '../../src/timing';
import { Answer, bytesOver } from '../cloudformation/answer';
import type { Request } from '../cloudformation/request';
import { isFinalStatus, isWaitedFor, readStackStatus } from '../cloudformation/stack-status';
import { resolveContainers } from '../ecs/resolve-containers';
import { describeTasks } from '../ecs/tasks';
import { retry } from '../retry';
import { adviceOnError, patienceWithError } from '../verdict/causes';
import { Failed, OutOfDate } from '../verdict/failure';

/**
 * Runs the task and waits for it. Returns no answer when the next invocation continues waiting.
 *
 * Whatever goes wrong, what still runs is stopped before the answer says so.
 */
export async function runTask(request: Request, spec: RunSpec, progress: Progress): Promise<Answer | undefined> {
  let run: Run = { request, spec: { ...spec, ExitCodeFrom: spec.ExitCodeFrom ?? [] }, progress };
  try {
    run = { ...run, spec: await resolveContainers(request.world, spec) };
    return await startAndWait(run);
  } catch (error) {
    const failed = error instanceof Failed ? error : new Failed({ cause: `the function failed: ${error}`, advice: adviceOnError(error as Error) });
    return fail(run, failed);
  }
}

async function startAndWait(run: Run): Promise<Answer | undefined> {
  const { request: { world, sentAt, handOverAt }, spec, progress } = run;
  const statuses = new Map<string, string>();
  for (;;) {
    const tasks = await refresh(run);
    logChanges(run, tasks, statuses);
    const state = advance(run, tasks);
    if (state === 'succeeded') {
      return succeed(run);
    }
    const endsAt = deadline(spec, progress.since, sentAt);
    if (world.now() >= endsAt) {
      throw timedOut(run, tasks);
    }
    if (world.now() >= passBatonAt(spec, sentAt)) {
      return { ...passBaton(run), afterwards: () => lookBack(run) };
    }
    if (world.now() >= handOverAt) {
      return handOver(run);
    }
    const due = progress.tasks.filter(({ taskArn, startAt }) => !taskArn && world.now() >= startAt);
    if (state === 'open' && due.length > 0) {
      await startDue(run, due);
      continue;
    }
    await checkStack(run);
    await world.sleep(Math.min(pollInterval(tasks, world.now(), progress.isThrottled), endsAt - world.now()));
  }
}

async function succeed(run: Run): Promise<Answer> {
  const { request, spec, progress } = run;
  if (progress.tasks.some(({ startAttempts }) => startAttempts > 1)) { // ECS may have started one that it reported as failed
    await stopOwnTasks(run, 'another task has succeeded in its place');
  }
  const attributes = attributesOfRun(request, spec, await attributesOf(run));
  const over = bytesOver(request, attributes);
  if (over > 0) {
    throw new Failed({ cause: `the task has succeeded, but its results are ${over} bytes too long for CloudFormation`, advice: 'let it print shorter values, such as the name of a parameter that holds the rest' });
  }
  return { status: 'SUCCESS', reason: [], data: attributes };
}

/** The tasks as ECS sees them now; none when ECS cannot say at the moment. */
async function refresh(run: Run): Promise<Task[]> {
  const { request: { world }, spec, progress } = run;
  try {
    const tasks = await describeTasks(world, spec.Request.cluster, openArns(progress));
    for (const task of progress.tasks.filter(({ ended }) => !ended)) {
      const seen = tasks.find(({ taskArn }) => taskArn === task.taskArn);
      // A repeated invocation must not start the time again: ECS knows when the first one started the task.
      progress.since = Math.min(progress.since, seen?.createdAt?.getTime() ?? progress.since);
      task.missingSince = task.taskArn && !seen ? task.missingSince ?? world.now() : undefined;
      if (task.missingSince !== undefined && world.now() - task.missingSince > MAY_BE_MISSING_MS) {
        throw new Failed({ cause: 'ECS does not know the task any more, so its result is unknown' }, { taskArn: task.taskArn });
      }
    }
    return tasks;
  } catch (error) {
    if (error instanceof Failed || !isWorthRetrying(patienceWithError(error as Error), run)) {
      throw error;
    }
    progress.isThrottled ||= isThrottlingError(error as Parameters<typeof isThrottlingError>[0]);
    world.log(`DescribeTasks: ${error}`);
    return [];
  }
}

/** Nobody waits for the task any more once its deployment was cancelled, or has failed without a rollback. */
async function checkStack({ request, progress }: Run): Promise<void> {
  const { world } = request;
  if (progress.lookAtStackAt === undefined || world.now() < progress.lookAtStackAt) {
    return;
  }
  progress.lookAtStackAt = world.now() + LOOK_AT_STACK_MS;
  const status = await readStackStatus(request).catch((error) => {
    if (error instanceof OutOfDate) {
      throw error;
    }
    world.log(`DescribeStacks: ${error}`);
  });
  if (status && !isWaitedFor(progress.occasion, status)) {
    throw new Failed({ cause: `the deployment is over (${status}), and nobody waits for the task` });
  }
}

/** Without a rollback, nobody else stops the task of a deployment that fails between two resources. */
async function lookBack(run: Run): Promise<void> {
  const { world } = run.request;
  await world.sleep(LOOK_AT_STACK_MS);
  const status = await retry(world, world.now() + LOOK_BACK_WITHIN_MS, () => readStackStatus(run.request));
  if (isFinalStatus(status)) {
    await stopOwnTasks(run, `the deployment is over (${status}), and nobody waits for the task`);
  }
}

function logChanges({ request: { world }, progress }: Run, tasks: Task[], statuses: Map<string, string>): void {
  for (const { taskArn, lastStatus } of tasks) {
    if (statuses.get(taskArn!) !== lastStatus) {
      statuses.set(taskArn!, lastStatus!);
      world.log(`${Math.round((world.now() - progress.since) / 1000)} s: ${taskArn} is ${lastStatus}`);
    }
  }
}
