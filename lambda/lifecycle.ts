import type { Task } from '@aws-sdk/client-ecs';
import type { CloudFormationCustomResourceDeleteEvent, CloudFormationCustomResourceUpdateEvent } from 'aws-lambda';
import { Answer, answerBody, Attributes, sendAnswer } from './cloudformation/answer';
import { DeliveredProperties, parseProperties, parseRun } from './cloudformation/delivered-properties';
import { choosePhysicalId, originOf } from './cloudformation/identity';
import { logState } from './cloudformation/log-state';
import { renderMetrics } from './cloudformation/metrics';
import { Event, LambdaContext, limit, receiveRequest, Request } from './cloudformation/request';
import { isRollbackOfDelete, isWaitedFor, Occasion, readStackStatus } from './cloudformation/stack-status';
import { isOfLaterRequest, isOrderKnown, markOfFailedCreate, markOfRequest, markOfResource } from './ecs/marks';
import { retry } from './retry';
import { readKeptAttributes } from './run/attributes';
import { putsBack, readUpdateKind, turnsOutToBeRollback } from './run/occasion';
import { beginProgress, Progress } from './run/progress';
import { attributesOfRun, attributesWithoutRun, isSupersededByNextResource, ReceivedBaton, receiveBaton } from './run/relay';
import { resumeRun } from './run/resume';
import { runTask } from './run/run';
import { Cleared, stopEarlierTasks, StopOptions, Stopped } from './run/stop';
import { Failed, OutOfDate, TurnedBack } from './verdict/failure';
import { explain, notStopped, place, sentence } from './verdict/message';
import { ERRORS, FAILURES, NOTES, STOP_REASONS } from './verdict/texts';
import type { World } from './world';
import type { RunSpec, RunTaskProperties } from '../src/contract';
import { LISTED_WITHIN_MS, PERMITTED_AGAIN_WITHIN_MS, TIME_TO_STOP_MS } from '../src/timing';

/** The handler of `Custom::EcsRunTask`. CloudFormation invokes it, and it answers to CloudFormation itself. */
export function createHandler(world: World) {
  return async (event: Event, context: LambdaContext): Promise<void> => {
    const request = receiveRequest(world, event, context);
    logState(request, event.HandedOver ? 'CONTINUED' : 'RECEIVED', `${event.RequestType} of ${event.LogicalResourceId}`);

    const answer = await answerRequest(request).catch(answerError);
    if (!answer) {
      return;
    }
    const { status, runRequestId } = answer;
    // The CDK CLI finds the log of the function by these words.
    const reason = status === 'FAILED' ? [...answer.reason, place(`CloudWatch Log Stream: ${context.logStreamName}`)] : answer.reason;
    logState(request, status, status, { details: reason.map(({ text }) => text) }); // not shortened: cdk deploy prints this log when the deployment fails
    await sendAnswer(event, answerBody(event, choosePhysicalId(event, request.id, status, runRequestId), { ...answer, reason }), world);
    const metrics = renderMetrics(request, answer);
    if (metrics) {
      world.log(metrics);
    }
    await answer.afterwards?.(world).catch((error) => world.log(String(error)));
  };
}

/** Returns no answer when the next invocation, or the next resource, gives it. */
async function answerRequest(request: Request): Promise<Answer | undefined> {
  const { event, world } = request;
  if (await isSupersededByNextResource(request)) {
    world.log('CloudFormation no longer waits for this request');
    return undefined;
  }
  switch (event.RequestType) {
    case 'Create': return create(request);
    case 'Update': return update(request, event);
    case 'Delete': return remove(request, event);
    default: throw new Error(ERRORS.unknownRequestType((event as Event).RequestType));
  }
}

function answerError(error: unknown): Answer {
  return error instanceof Failed
    ? { status: 'FAILED', reason: explain(error.failure) }
    : { status: 'FAILED', reason: [...explain(FAILURES.unexpected(String(error)))] };
}

async function create(request: Request): Promise<Answer | undefined> {
  const { ResourceProperties } = request.event;
  const properties = parseProperties(ResourceProperties);
  const baton = await receiveBaton(request);
  const stopped = beginsRun(request, baton) ? await stopBeforeRun(request, [ResourceProperties]) : NOTHING_STOPPED;
  return deploy(request, properties, baton, stopped);
}

async function update(request: Request, event: CloudFormationCustomResourceUpdateEvent): Promise<Answer | undefined> {
  const baton = await receiveBaton(request);
  if (baton?.state === 'SUCCEEDED') {
    return succeedWithBaton(request, baton.attributes);
  }
  const delivered = [event.ResourceProperties, event.OldResourceProperties];
  // Both a deployment and a rollback stop earlier tasks first. That takes about as long as finding out which of them this is.
  const [reading, clearing] = await Promise.allSettled([
    readUpdateKind(request, baton),
    beginsRun(request, baton) ? stopBeforeRun(request, delivered) : NOTHING_STOPPED,
  ]);
  const stopped = clearing.status === 'fulfilled' ? clearing.value : NOTHING_STOPPED;
  const kind = reading.status === 'fulfilled' ? reading.value : undefined;
  const run = async () => {
    const failed = [reading, clearing].find((part) => part.status === 'rejected');
    if (failed) {
      return failWithoutRun(request, delivered, failed.reason, stopped, beginsRun(request, baton) ? STOP_REASONS.failed : STOP_REASONS.otherVersion);
    }
    if (kind === 'turned back') {
      return runNothingTurnedBack(request, stopped);
    }
    return kind === 'rollback'
      ? rollBack(request, event, baton, stopped)
      : deployUnlessTurnedBack(request, event, baton, stopped);
  };
  return answerUnlessRollback(request, kind === 'rollback' || kind === 'turned back', run);
}

async function deployUnlessTurnedBack(
  request: Request, event: CloudFormationCustomResourceUpdateEvent, baton: ReceivedBaton | undefined, stopped: Cleared,
): Promise<Answer | undefined> {
  try {
    if (await putsBack(request, stopped.found)) {
      return await runNothing(request, NOTES.putBack, stopped);
    }
    const properties = parseProperties(event.ResourceProperties);
    return await (properties.RunOn === 'CREATE' ? skip(request, properties) : deploy(request, properties, baton, stopped));
  } catch (error) {
    if (error instanceof TurnedBack) {
      return runNothingTurnedBack(request, stopped);
    }
    throw error;
  }
}

/**
 * CloudFormation began to roll back before the function started anything. This is either the cancelled Update, or its rollback
 * after a stale reading. It runs nothing, even with `onRollback`, because the other request may run the task.
 */
function runNothingTurnedBack(request: Request, stopped: Stopped): Promise<Answer> {
  return runNothing(request, NOTES.cancelled, stopped);
}

async function deploy(
  request: Request, properties: RunTaskProperties, baton: ReceivedBaton | undefined, stopped: Cleared,
): Promise<Answer | undefined> {
  switch (baton?.state) {
    case 'SKIPPED': return request.event.RequestType === 'Create' && baton.hadNextLeg ? failForUnknownPast() : skip(request, properties);
    case 'SUCCEEDED': return succeedWithBaton(request, baton.attributes);
  }
  return resumeOrStart(request, properties, 'deployment', stopped, baton);
}

/** The task has succeeded while the previous resource waited for it. */
function succeedWithBaton(request: Request, attributes: Attributes): Answer {
  return { status: 'SUCCESS', reason: [], data: attributesOfRun(request, request.event.ResourceProperties as DeliveredProperties as { HasNextLeg?: true }, attributes) };
}

/** The previous resource was updated, and this one is new: its Create failed in an earlier deployment, or there was none. */
function failForUnknownPast(): Answer {
  return { status: 'FAILED', reason: [sentence(NOTES.everSucceededUnknown)] };
}

/** An Update that runs no task. The attributes that the stack uses must be known from the last run. */
async function skip(request: Request, properties: RunTaskProperties): Promise<Answer> {
  const kept = await readKeptAttributes(request, properties);
  const unknown = Object.keys(properties.UsedAttributes ?? {}).filter((name) => !(name in kept)).join(' and ');
  const isRunOnCreate = properties.RunOn === 'CREATE';
  return unknown
    ? { status: 'FAILED', reason: [sentence(isRunOnCreate ? NOTES.attributesUnknown(unknown) : NOTES.attributesSkipped(unknown))] }
    : { status: 'SUCCESS', reason: [sentence(isRunOnCreate ? NOTES.skipped : NOTES.skippedBefore)], data: attributesWithoutRun(request, properties, kept) };
}

async function rollBack(
  request: Request, event: CloudFormationCustomResourceUpdateEvent, baton: ReceivedBaton | undefined, stopped: Cleared,
): Promise<Answer | undefined> {
  const { OnRollback, RunOn } = event.ResourceProperties as DeliveredProperties;
  if (OnRollback !== 'RUN' || RunOn === 'CREATE' || baton?.state === 'SKIPPED') {
    return runNothing(request, NOTES.rollback, stopped);
  }
  const properties = parseProperties(event.ResourceProperties);
  return resumeOrStart(request, properties, 'rollback', stopped, baton);
}

async function runNothing(request: Request, note: string, { stillRunning, unseen }: Stopped): Promise<Answer> {
  return { status: 'SUCCESS', reason: [sentence(note), ...notStopped(stillRunning, unseen)], data: await restoreAttributes(request) };
}

async function remove(request: Request, event: CloudFormationCustomResourceDeleteEvent): Promise<Answer | undefined> {
  const { world, id } = request;
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
  let stopped: Cleared = request.event.HandedOver ? NOTHING_STOPPED : await stopEarlierTasks(request, [ResourceProperties], options);
  if (origin === 'CloudFormation') { // the Create has not answered, and may be starting its task
    await world.sleep(LISTED_WITHIN_MS);
    const again = await stopEarlierTasks(request, [ResourceProperties], options);
    // What the first look has left is left if nobody could look again.
    stopped = again.unseen === undefined ? again : { ...again, stillRunning: [...new Set([...stopped.stillRunning, ...again.stillRunning])] };
  }
  if (!OnDelete || origin !== 'success') {
    return { status: 'SUCCESS', reason: notStopped(stopped.stillRunning, stopped.unseen) };
  }
  if (isSuperseded) {
    throw new OutOfDate(FAILURES.supersededByTask);
  }
  let isRollback = false;
  try {
    isRollback = isRollbackOfDelete(await retry(world, limit(request, TIME_TO_STOP_MS), () => readStackStatus(request)));
  } catch (error) {
    if (error instanceof OutOfDate && !request.event.HandedOver) { // who waits for a task looks twice
      return failWithoutRun(request, [ResourceProperties], error, stopped, STOP_REASONS.failed);
    }
  }
  return answerUnlessRollback(request, isRollback, async () => resumeOrStart(request, parseRun(OnDelete, 'OnDelete'), 'deletion', stopped));
}

/** Fails, and stops what an earlier invocation of this request, perhaps of another version, may have started. */
async function failWithoutRun(
  request: Request, delivered: DeliveredProperties[], error: unknown, stopped: Stopped, reason: string,
): Promise<Answer> {
  const { id, event } = request;
  const mark = error instanceof OutOfDate ? markOfRequest(id, event.RequestId) : markOfResource(id); // what others run is the newer request's
  return withStillRunning(answerError(error), await stopUpToNow(request, delivered, { reason, includesOwn: true, mark }).catch(() => stopped));
}

/** Starts no task while an earlier one has not ended, or if it is unknown whether one has. */
async function resumeOrStart(
  request: Request, spec: RunSpec, occasion: Occasion, stopped: Cleared, baton?: ReceivedBaton,
): Promise<Answer | undefined> {
  let progress: Progress | undefined;
  try {
    progress = await resumeRun(request, spec, occasion, baton);
  } catch (error) {
    return failWithoutRun(request, [request.event.ResourceProperties], error, stopped, STOP_REASONS.otherVersion);
  }
  if (progress) {
    return runTask(request, spec, progress);
  }
  if (stopped.stillRunning.length > 0 || stopped.unseen !== undefined) {
    return withStillRunning({ status: 'FAILED', reason: explain(FAILURES.earlierMayRun) }, stopped);
  }
  return runTask(request, spec, { ...beginProgress(request, spec, occasion), wasSeen: stopped.sawOwn });
}

function withStillRunning(answer: Answer, { stillRunning, unseen }: Stopped): Answer {
  return { ...answer, reason: [...answer.reason, ...notStopped(stillRunning, unseen)] };
}

/** A failure in a rollback would leave the stack stuck, so a rollback always succeeds. The status shows whether this is one. */
async function answerUnlessRollback(request: Request, isRollback: boolean, run: () => Promise<Answer | undefined>): Promise<Answer | undefined> {
  const answer = await run().catch(answerError);
  if (answer?.status !== 'FAILED' || !(isRollback || await turnsOutToBeRollback(request))) {
    return answer;
  }
  const data = request.event.RequestType === 'Delete' ? undefined : await restoreAttributes(request).catch(() => undefined); // its properties may be malformed
  return { status: 'SUCCESS', reason: [sentence(NOTES.rollbackWithoutTask), ...answer.reason], data };
}

/** The previous attributes. Those that cannot be read are missing: CloudFormation reports an error if it needs them. */
async function restoreAttributes(request: Request): Promise<Attributes> {
  const properties = request.event.ResourceProperties as unknown as RunTaskProperties;
  const kept = await readKeptAttributes(request, properties).catch((error) => {
    request.world.log(`could not read the attributes of the last deployment: ${error}`);
    return {};
  });
  return attributesWithoutRun(request, properties, kept);
}

const NOTHING_STOPPED: Cleared = { stillRunning: [], found: [] };

/** Whether the request begins a run, instead of continuing that of another invocation or resource. */
function beginsRun({ event }: Request, baton: ReceivedBaton | undefined): boolean {
  return !event.HandedOver && (baton === undefined || baton.state === 'SKIPPED');
}

/**
 * Stops the tasks that earlier requests have left running. A failed deployment can leave its task running if there was no rollback,
 * or if the function did not run. A task of a later request shows that CloudFormation no longer waits for this request.
 */
async function stopBeforeRun(request: Request, delivered: DeliveredProperties[]): Promise<Cleared> {
  return stopUpToNow(request, delivered, { reason: STOP_REASONS.newerRequest });
}

type UpToNow = Omit<StopOptions, 'mark' | 'mayStop'> & { readonly mark?: string };

async function stopUpToNow(request: Request, delivered: DeliveredProperties[], options: UpToNow): Promise<Cleared> {
  return stopEarlierTasks(request, delivered, {
    mark: markOfResource(request.id),
    ...options,
    mayStop: async (task) => {
      if (isOfLaterRequest(request, task)) {
        throw new OutOfDate(FAILURES.supersededByTask);
      }
      return true;
    },
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
