import type { Task } from '@aws-sdk/client-ecs';
import type { CloudFormationCustomResourceUpdateEvent } from 'aws-lambda';
import { beginsRun, failWithoutRun, nameStillRunning, NOTHING_STOPPED, resumeOrStart, stopBeforeRun } from './begin';
import { answerUnlessRollback, rollBack, runNothing, runNothingTurnedBack } from './rollback';
import type { RunTaskProperties } from '../../src/contract';
import { STACK_WITHIN_MS } from '../../src/timing';
import type { Answer, Attributes } from '../cloudformation/answer';
import { DeliveredProperties, parseProperties } from '../cloudformation/delivered-properties';
import { limit, Request } from '../cloudformation/request';
import { resolveContainers } from '../ecs/resolve-containers';
import { retry } from '../retry';
import { readKeptAttributes } from '../run/attributes';
import { putsBack, readUpdateKind } from '../run/occasion';
import { attributesOfRun, attributesWithoutRun, receiveBaton, ReceivedBaton } from '../run/relay';
import type { Cleared } from '../run/stop-earlier';
import { TurnedBack } from '../verdict/failure';
import { sentence } from '../verdict/message';
import { judge } from '../verdict/outcome';
import { NOTES, STOP_REASONS } from '../verdict/texts';

/** A Create waits for nothing before it starts its task but the end of earlier ones. */
export async function create(request: Request): Promise<Answer | undefined> {
  const { ResourceProperties } = request.event;
  const baton = await receiveBaton(request);
  const stopped = beginsRun(request, baton) ? await stopBeforeRun(request, [ResourceProperties]) : NOTHING_STOPPED;
  return nameStillRunning(stopped, async () => deploy(request, parseProperties(ResourceProperties), baton, stopped));
}

/** An Update can be a deployment or a rollback: only the status of the stack shows which. */
export async function update(request: Request, event: CloudFormationCustomResourceUpdateEvent): Promise<Answer | undefined> {
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
    return nameStillRunning(stopped, async () => kind === 'rollback'
      ? rollBack(request, event, baton, stopped)
      : deployUnlessTurnedBack(request, event, baton, stopped));
  };
  return answerUnlessRollback(request, () => kind === 'rollback' || kind === 'turned back', run);
}

async function deployUnlessTurnedBack(
  request: Request, event: CloudFormationCustomResourceUpdateEvent, baton: ReceivedBaton | undefined, stopped: Cleared,
): Promise<Answer | undefined> {
  try {
    if (await putsBack(request, stopped.found)) {
      return await runNothing(request, NOTES.putBack, stopped);
    }
    const properties = parseProperties(event.ResourceProperties);
    if (properties.RunOn !== 'CREATE') {
      return await deploy(request, properties, baton, stopped);
    }
    return await hasFailedBefore(request, event, stopped.found) ? failForUnknownPast() : await skip(request, properties);
  } catch (error) {
    if (error instanceof TurnedBack) {
      return runNothingTurnedBack(request, stopped);
    }
    throw error;
  }
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

/** For runOn CREATE, when the task that ran in the Create of the first of several resources has failed or may have failed. */
function failForUnknownPast(): Answer {
  return { status: 'FAILED', reason: [sentence(NOTES.everSucceededUnknown)] };
}

/**
 * Whether the task of the Create is known not to have succeeded. The Create of the first of several resources has succeeded before
 * its task has: a later resource may have failed, and this deployment may just have stopped the task.
 */
async function hasFailedBefore(
  request: Request, { OldResourceProperties }: CloudFormationCustomResourceUpdateEvent, earlierTasks: readonly Task[],
): Promise<boolean> {
  const { world } = request;
  const { RunOn, HasNextLeg } = OldResourceProperties as DeliveredProperties;
  if (RunOn !== 'CREATE' || HasNextLeg === undefined || earlierTasks.length === 0) {
    return false;
  }
  const properties = parseProperties(OldResourceProperties);
  const until = limit(request, STACK_WITHIN_MS);
  const revisions = [...new Set(earlierTasks.map(({ taskDefinitionArn }) => taskDefinitionArn))];
  const rules = new Map(await Promise.all(revisions.map(async (revision) =>
    [revision, await retry(world, until, () => resolveContainers(world, properties, revision))] as const)));
  return !earlierTasks.some((task) => judge(task, rules.get(task.taskDefinitionArn)!).state === 'succeeded');
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
