import type { Progress, Run } from './progress';
import { nextLookAtStack } from './schedule';
import { stopOwnTasks } from './stop';
import { BETWEEN_READINGS_MS, LOOK_AT_STACK_MS, STALE_FOR_MS, TIME_TO_STOP_MS } from '../../src/timing';
import { isLate, Request } from '../cloudformation/request';
import { isFinalStatus, isOfUpdate, isWaitedFor, readStack, StackReading } from '../cloudformation/stack-status';
import { Failed, OutOfDate } from '../verdict/failure';
import { FAILURES } from '../verdict/texts';

/** After a deployment was cancelled, or has failed without a rollback, CloudFormation no longer waits for the task. */
export async function checkStack(run: Run): Promise<void> {
  const { request, progress } = run;
  const { world } = request;
  if (progress.lookAtStackAt === undefined || world.now() < progress.lookAtStackAt) {
    return;
  }
  progress.lookAtStackAt = nextLookAtStack(progress.startedAt ?? 0, world.now());
  try {
    const reading = await readStack(request);
    const { status, isSuperseded } = reading;
    // A later operation alone is no reason to stop the task: a later request for this resource does that itself. It is one after
    // the end of this operation was read: the later request may not name the family of the task.
    const isOver = isSuperseded && (isLate(request) || progress.doubtedSince !== undefined);
    if (isWaitedFor(progress.occasion, status) && !isOver) {
      endDoubt(progress, reading);
    } else if (confirmDoubt(request, progress, reading)) {
      throw isSuperseded ? new OutOfDate() : new Failed(FAILURES.deploymentEnded(status));
    }
  } catch (error) {
    if (error instanceof Failed) {
      throw error;
    }
    world.log(`DescribeStacks failed: ${error}`);
  }
  if (progress.doubtedSince !== undefined) {
    progress.lookAtStackAt = Math.min(progress.lookAtStackAt, world.now() + BETWEEN_READINGS_MS);
  }
}

/**
 * Notes that CloudFormation does not seem to wait for the task. Confirmed by a second reading, later than any report of an
 * earlier operation can be: late by seconds costs cents, and wrong costs a half-run migration.
 */
export function confirmDoubt({ world, sentAt }: Request, progress: Progress, reading?: StackReading): boolean {
  progress.doubtedSince ??= world.now();
  const mayBeStale = world.now() < sentAt + STALE_FOR_MS && !/^(DELETE|ROLLBACK)_/.test(reading?.status ?? ''); // nothing but a deletion follows these
  return world.now() - progress.doubtedSince >= BETWEEN_READINGS_MS && !mayBeStale;
}

/**
 * Whether no doubt is left. After a doubt, a reading without a date, or with a newer date, can belong to the next
 * operation. So can a reading with a newer date before any reading that shows an update.
 */
export function endDoubt(progress: Progress, { status, isDated, isNewer }: StackReading): boolean {
  if ((isNewer && !progress.isOfUpdate) || (progress.doubtedSince !== undefined && (isNewer || !isDated))) {
    return false;
  }
  progress.isOfUpdate ||= isDated && isOfUpdate(status);
  progress.doubtedSince = undefined;
  return true;
}

/**
 * After an invocation has passed the baton, it watches the stack until its time ends. Without a rollback, nothing else stops the
 * task of a deployment that fails between two resources.
 */
export async function watchAfterBaton(run: Run): Promise<void> {
  const { request, progress } = run;
  const { world } = request;
  progress.doubtedSince = undefined;
  let lookAt = progress.lookAtStackAt ?? world.now(); // the answer does not delay it: a deployment can fail and the next begin in between
  for (;;) {
    if (lookAt >= request.doneBy) {
      return;
    }
    await world.sleep(Math.max(0, lookAt - world.now()));
    try {
      const reading = await readStack(request);
      const { status, isSuperseded } = reading;
      if (isSuperseded && progress.doubtedSince === undefined) {
        return; // a later request for this resource stops the task
      }
      if (!isSuperseded && !isFinalStatus(status)) {
        endDoubt(progress, reading);
      } else if (confirmDoubt(request, progress, reading)) {
        const { cause } = isSuperseded ? FAILURES.outOfDate : FAILURES.deploymentEnded(status);
        await stopOwnTasks(run, cause, Math.min(world.now() + TIME_TO_STOP_MS, request.doneBy));
        return;
      }
    } catch (error) {
      world.log(`DescribeStacks failed: ${error}`);
    }
    lookAt = world.now() + (progress.doubtedSince === undefined ? LOOK_AT_STACK_MS : BETWEEN_READINGS_MS);
  }
}
