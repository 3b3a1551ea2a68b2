import type { CloudFormationCustomResourceUpdateEvent } from 'aws-lambda';
import { resumeOrStart } from './begin';
import type { RunTaskProperties } from '../../src/contract';
import { Answer, answerError, Attributes } from '../cloudformation/answer';
import { DeliveredProperties, parseProperties } from '../cloudformation/delivered-properties';
import type { Request } from '../cloudformation/request';
import { readKeptAttributes } from '../run/attributes';
import { turnsOutToBeRollback } from '../run/occasion';
import { attributesWithoutRun, ReceivedBaton } from '../run/relay';
import type { Cleared } from '../run/stop-earlier';
import type { Stopped } from '../verdict/failure';
import { notStopped, sentence } from '../verdict/message';
import { NOTES } from '../verdict/texts';

/** An Update in a rollback. It runs the task only if `onRollback` says so. */
export async function rollBack(
  request: Request, event: CloudFormationCustomResourceUpdateEvent, baton: ReceivedBaton | undefined, stopped: Cleared,
): Promise<Answer | undefined> {
  const { OnRollback, RunOn } = event.ResourceProperties as DeliveredProperties;
  if (OnRollback !== 'RUN' || RunOn === 'CREATE' || baton?.state === 'SKIPPED') {
    return runNothing(request, NOTES.rollback, stopped);
  }
  const properties = parseProperties(event.ResourceProperties);
  return resumeOrStart(request, properties, 'rollback', stopped, baton);
}

/**
 * CloudFormation began to roll back before the function started anything. This is either the cancelled Update, or its rollback
 * after a stale reading. It runs nothing, even with `onRollback`, because the other request may run the task.
 */
export function runNothingTurnedBack(request: Request, stopped: Stopped): Promise<Answer> {
  return runNothing(request, NOTES.cancelled, stopped);
}

/** Succeeds without a task, with the attributes of the last one. */
export async function runNothing(request: Request, note: string, stopped: Stopped): Promise<Answer> {
  return { status: 'SUCCESS', reason: [sentence(note), ...notStopped(stopped)], data: await restoreAttributes(request) };
}

/** A failure in a rollback would leave the stack stuck, so a rollback always succeeds. The status shows whether this is one. */
export async function answerUnlessRollback(
  request: Request, isRollback: () => boolean, run: () => Promise<Answer | undefined>,
): Promise<Answer | undefined> {
  const answer = await run().catch(answerError);
  if (answer?.status !== 'FAILED' || !(isRollback() || await turnsOutToBeRollback(request))) {
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
