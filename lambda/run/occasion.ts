import type { Task } from '@aws-sdk/client-ecs';
import { receiveHandOver } from './hand-over';
import { findOperationTime } from './operation-time';
import type { ReceivedBaton } from './relay';
import { BETWEEN_READINGS_MS, READ_AGAIN_MS, READ_AGAIN_WITHIN_MS, SECOND_READING_MS, STALE_FOR_MS, STATUS_WITHIN_MS } from '../../src/timing';
import { limit, limitOfLook, Request } from '../cloudformation/request';
import { findStackStatus, isRollbackOfDelete, isRollbackStatus, isWaitedFor, readStack, StackReading } from '../cloudformation/stack-status';
import { parseMark, readMark } from '../ecs/marks';
import { retry } from '../retry';
import { adviceOnError, reasonOf } from '../verdict/errors';
import { Failed, Failure, OutOfDate, TurnedBack } from '../verdict/failure';
import { FAILURES } from '../verdict/texts';

/** The kind of an Update. It is 'turned back' if only the second reading shows a rollback. */
export type UpdateKind = 'deployment' | 'rollback' | 'turned back';

/**
 * Whether an Update is a rollback: one of two readings is enough, because each can be stale, unless the other is of a later operation.
 * If neither succeeds, the request fails: running the task can break a rollback, and skipping it would hide that an update ran nothing.
 */
export async function readUpdateKind(request: Request, baton?: ReceivedBaton): Promise<UpdateKind> {
  const { world, sentAt } = request;
  const progress = receiveHandOver(request) ?? (baton?.state === 'RUNNING' ? baton.progress : undefined);
  if (progress) {
    return progress.occasion === 'rollback' ? 'rollback' : 'deployment';
  }
  const until = limitOfLook(request, STATUS_WITHIN_MS);
  const certainFrom = Math.max(sentAt + STALE_FOR_MS, world.now()); // its task may run: one reading is not enough, however late
  let wasExpected = false;
  let isDoubted = false;
  for (;;) {
    let reading: StackReading | undefined;
    let outOfDate: OutOfDate | undefined;
    try {
      reading = await retry(world, until, () => readStack(request));
    } catch (error) {
      throw unknownStatus(error, request.event.HandedOver || baton?.state === 'UNKNOWN' ? FAILURES.otherVersion : FAILURES.rollbackUnknown);
    }
    // Before the first reading that is not newer, a repeated event would look the same. Who handed over has had one.
    if (request.event.HandedOver ? reading.isSuperseded : reading.isNewer) {
      outOfDate = new OutOfDate();
      reading = undefined;
    }
    if (reading && isRollbackStatus(reading.status)) {
      if (!wasExpected && reading.isDated && await isOfLaterOperation(request)) {
        continue;
      }
      return wasExpected ? 'turned back' : 'rollback';
    }
    if (wasExpected) {
      return 'deployment';
    }
    wasExpected = reading !== undefined && isWaitedFor('deployment', reading.status);
    if (wasExpected && isDoubted && !reading!.isDated) { // the operation in doubt may have ended, and this may be the next one
      wasExpected = false;
      outOfDate = new OutOfDate();
    }
    isDoubted ||= !wasExpected;
    if (!wasExpected && world.now() >= Math.min(certainFrom + BETWEEN_READINGS_MS, until - SECOND_READING_MS)) {
      if (outOfDate) {
        throw outOfDate;
      }
      return 'deployment'; // nothing starts before the status shows a deployment
    }
    await world.sleep(SECOND_READING_MS);
  }
}

/**
 * Whether the next response shows that the operation of this Update began after the rollback of the response before, which was stale:
 * it shows a later operation, or the end of that rollback.
 * Without this, a deployment right after a rollback would succeed without its task.
 */
async function isOfLaterOperation(request: Request): Promise<boolean> {
  const { world, sentAt, latest: before } = request;
  if (!before || world.now() >= sentAt + STALE_FOR_MS) {
    return false;
  }
  await world.sleep(SECOND_READING_MS);
  const reading = await readStack(request).catch(() => undefined);
  const { began, phase } = request.latest!;
  if (!reading || reading.isNewer) {
    return false;
  }
  // A rollback cannot end before its own Updates are answered.
  return isWaitedFor('deployment', reading.status) ? began > before.began : began === before.began && phase > before.phase;
}

function unknownStatus(error: unknown, failure: Failure): Failed {
  return new Failed({ ...failure, ...reasonOf(error), advice: adviceOnError(error) ?? failure.advice });
}

/** Reads the status again before a failure is answered, which would leave a rollback stuck. */
export async function turnsOutToBeRollback(request: Request): Promise<boolean> {
  const { world, sentAt, event } = request;
  const isRollback = event.RequestType === 'Delete' ? isRollbackOfDelete : isRollbackStatus;
  const until = Math.min(limit(request, READ_AGAIN_WITHIN_MS), Math.max(world.now(), sentAt + STALE_FOR_MS));
  for (;;) {
    const status = await findStackStatus(request) ?? request.latest?.status;
    if (status && isRollback(status)) {
      return true;
    }
    if (world.now() + READ_AGAIN_MS >= until) {
      return false;
    }
    await world.sleep(READ_AGAIN_MS);
  }
}

/**
 * Whether this Update puts the resource back to what it was, in the operation whose own Update has failed: CloudFormation
 * does so without a rollback of the stack, and sends the same kind of event. A task of another request of this operation
 * shows it, if a second reading that cannot be stale says the same of the operation. Throws `TurnedBack` when
 * CloudFormation rolls back in the meantime: the readings afterwards may be of the next operation.
 */
export async function putsBack(request: Request, earlierTasks: readonly Task[]): Promise<boolean> {
  const { world, sentAt, event } = request;
  const newest = Math.max(0, ...earlierTasks.filter(readMark).map(requestedAt));
  if (event.RequestType !== 'Update' || newest === 0 || newest > sentAt || !await beganBefore(request, newest)) {
    return false;
  }
  await world.sleep(Math.max(0, sentAt + STALE_FOR_MS - world.now()));
  return beganBefore(request, newest);
}

/** The end of the second in which CloudFormation sent the request of the task. If the mark does not contain it, when the task was created. */
function requestedAt(task: Task): number {
  const { sentAt } = parseMark(task) ?? {};
  return sentAt === undefined ? task.createdAt?.getTime() ?? 0 : sentAt + 999;
}

async function beganBefore(request: Request, time: number): Promise<boolean> {
  const began = await findOperationTime(request, STATUS_WITHIN_MS, (status) => {
    if (isRollbackStatus(status)) {
      throw new TurnedBack();
    }
  });
  return began !== undefined && began < time;
}
