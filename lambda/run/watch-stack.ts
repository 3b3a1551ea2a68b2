import type { Progress, Run } from './progress';
import { nextLookAtStack } from './schedule';
import { stopOwnTasks } from './stop';
import { BETWEEN_READINGS_MS, LOOK_AT_STACK_MS, STALE_FOR_MS, TIME_TO_STOP_MS } from '../../src/timing';
import { isLate, Request } from '../cloudformation/request';
import { isFinalStatus, isWaitedFor, readStack, readStackStatus } from '../cloudformation/stack-status';
import { Failed, OutOfDate } from '../verdict/failure';
import { FAILURES } from '../verdict/texts';

/** Nobody waits for the task any more once its deployment was cancelled, or has failed without a rollback. */
export async function checkStack(run: Run): Promise<void> {
  const { request, progress } = run;
  const { world } = request;
  if (progress.lookAtStackAt === undefined || world.now() < progress.lookAtStackAt) {
    return;
  }
  progress.lookAtStackAt = nextLookAtStack(progress.startedAt ?? 0, world.now());
  try {
    const { status, isSuperseded } = await readStack(request);
    // That a later operation has begun proves nothing alone: a later request for this resource stops the task itself.
    if (isWaitedFor(progress.occasion, status) && !(isSuperseded && isLate(request))) {
      progress.doubtedSince = undefined;
    } else if (confirmDoubt(request, progress, status)) {
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
export function confirmDoubt({ world, sentAt }: Request, progress: Progress, status?: string): boolean {
  progress.doubtedSince ??= world.now();
  const mayBeStale = world.now() < sentAt + STALE_FOR_MS && !/^(DELETE|ROLLBACK)_/.test(status ?? ''); // nothing but a deletion follows these
  return world.now() - progress.doubtedSince >= BETWEEN_READINGS_MS && !mayBeStale;
}

/**
 * After it has passed the baton, an invocation watches the stack for as long as it lives: without a rollback, nobody else
 * stops the task of a deployment that fails between two resources.
 */
export async function watchAfterBaton(run: Run): Promise<void> {
  const { request, progress } = run;
  const { world } = request;
  progress.doubtedSince = undefined;
  for (;;) {
    const pause = progress.doubtedSince === undefined ? LOOK_AT_STACK_MS : BETWEEN_READINGS_MS;
    if (world.now() + pause >= request.handOverAt) {
      return;
    }
    await world.sleep(pause);
    try {
      const status = await readStackStatus(request);
      if (!isFinalStatus(status)) {
        progress.doubtedSince = undefined;
      } else if (confirmDoubt(request, progress, status)) {
        await stopOwnTasks(run, FAILURES.deploymentEnded(status).cause, world.now() + TIME_TO_STOP_MS);
        return;
      }
    } catch (error) {
      if (error instanceof OutOfDate) {
        return;
      }
      world.log(`DescribeStacks failed: ${error}`);
    }
  }
}
