import type { Task } from '@aws-sdk/client-ecs';
import type { CloudFormationCustomResourceDeleteEvent } from 'aws-lambda';
import { failWithoutRun, nameStillRunning, NOTHING_STOPPED, resumeOrStart } from './begin';
import { answerUnlessRollback } from './rollback';
import { BETWEEN_READINGS_MS, PERMITTED_AGAIN_WITHIN_MS, TIME_TO_STOP_MS } from '../../src/timing';
import type { Answer } from '../cloudformation/answer';
import { DeliveredProperties, parseRun } from '../cloudformation/delivered-properties';
import { originOf } from '../cloudformation/identity';
import { limit, Request } from '../cloudformation/request';
import { isRollbackOfDelete, isWaitedFor, readStackStatus } from '../cloudformation/stack-status';
import { isOfLaterRequest, isOrderKnown, markOfFailedCreate, markOfResource } from '../ecs/marks';
import { lookOnceListed } from '../ecs/tasks';
import { retry } from '../retry';
import { Cleared, stopEarlierTasks } from '../run/stop-earlier';
import { OutOfDate } from '../verdict/failure';
import { notStopped } from '../verdict/message';
import { FAILURES, STOP_REASONS } from '../verdict/texts';

/** Stops the tasks of the resource, and runs the task of `onDelete`. */
export async function remove(request: Request, event: CloudFormationCustomResourceDeleteEvent): Promise<Answer | undefined> {
  const { id } = request;
  const { PhysicalResourceId, ResourceProperties } = event;
  const OnDelete = (ResourceProperties as DeliveredProperties | undefined)?.OnDelete as DeliveredProperties | undefined;
  const origin = originOf(PhysicalResourceId, id);
  let isCurrent: Promise<boolean> | undefined; // asked once, for all tasks
  let isSuperseded = false;
  const options = {
    mark: origin === 'failure' ? markOfFailedCreate(PhysicalResourceId) : markOfResource(id),
    reason: STOP_REASONS.deleted,
    permittedWithin: PERMITTED_AGAIN_WITHIN_MS,
    mayStop: async (task: Task) => {
      if (!isOfLaterRequest(request, task)) {
        return true;
      }
      isSuperseded ||= isOrderKnown(request, task); // Lambda delivers this event late, or again
      return !isSuperseded && (isCurrent ??= isUpToDate(request)); // the task of a Create whose event was late can look the same
    },
  };
  const stop = () => stopEarlierTasks(request, [ResourceProperties], options);
  let stopped: Cleared = request.event.HandedOver ? NOTHING_STOPPED : await stop();
  if (origin === 'CloudFormation') { // the Create has not answered, and may be starting its task
    stopped = await lookOnceListed(request, stop);
  }
  if (!OnDelete || origin !== 'success') {
    return { status: 'SUCCESS', reason: notStopped(stopped) };
  }
  if (isSuperseded) {
    throw new OutOfDate(FAILURES.supersededByTask);
  }
  let rollback: { readonly began?: number } | undefined;
  try {
    if (isRollbackOfDelete(await readConfirmedStatus(request))) {
      rollback = { began: request.latest?.began };
    }
  } catch (error) {
    if (error instanceof OutOfDate && !request.event.HandedOver) { // who waits for a task looks twice
      return failWithoutRun(request, [ResourceProperties], error, stopped, STOP_REASONS.failed);
    }
  }
  const isRollback = () => rollback !== undefined && rollback.began === request.latest?.began; // a later response may show that it was of the operation before
  const run = async () => resumeOrStart(request, parseRun(OnDelete, 'OnDelete'), 'deletion', stopped);
  return answerUnlessRollback(request, isRollback, async () => nameStillRunning(stopped, run));
}

/** An event that came again may have a task that runs, so a second reading has to confirm that the request is out of date. */
async function readConfirmedStatus(request: Request): Promise<string> {
  const { world, event } = request;
  const read = () => {
    const until = event.HandedOver ? world.now() : limit(request, TIME_TO_STOP_MS); // a task that is known to run must not wait for it
    return retry(world, until, () => readStackStatus(request));
  };
  return read().catch(async (error) => {
    if (event.HandedOver || !(error instanceof OutOfDate)) {
      throw error;
    }
    await world.sleep(BETWEEN_READINGS_MS);
    return read();
  });
}

/** Whether the Delete is certain to belong to what CloudFormation does now. In a deployment it can be of one before, and the task is not. */
async function isUpToDate(request: Request): Promise<boolean> {
  try {
    return !isWaitedFor('deployment', await retry(request.world, limit(request, TIME_TO_STOP_MS), () => readStackStatus(request)));
  } catch (error) {
    request.world.log(`DescribeStacks failed: ${error}`);
    return false;
  }
}
