import type { RunSpec } from '../../src/contract';
import { Answer, answerError } from '../cloudformation/answer';
import type { DeliveredProperties } from '../cloudformation/delivered-properties';
import type { Request } from '../cloudformation/request';
import type { Occasion } from '../cloudformation/stack-status';
import { isOfLaterRequest, markOfRequest, markOfResource } from '../ecs/marks';
import { beginProgress, Progress } from '../run/progress';
import type { ReceivedBaton } from '../run/relay';
import { resumeRun } from '../run/resume';
import { runTask } from '../run/run';
import { Cleared, stopEarlierTasks, StopOptions } from '../run/stop-earlier';
import { callFailure, isOfUnknownCluster } from '../verdict/errors';
import { OutOfDate, Stopped } from '../verdict/failure';
import { explain, notStopped } from '../verdict/message';
import { FAILURES, STOP_REASONS } from '../verdict/texts';

export const NOTHING_STOPPED: Cleared = { stillRunning: [], found: [] };

/** Whether the request begins a run, instead of continuing that of another invocation or resource. */
export function beginsRun({ event }: Request, baton: ReceivedBaton | undefined): boolean {
  return !event.HandedOver && (baton === undefined || baton.state === 'SKIPPED');
}

/**
 * Stops the tasks that earlier requests have left running. A failed deployment can leave its task running if there was no rollback,
 * or if the function did not run. A task of a later request shows that CloudFormation no longer waits for this request.
 */
export async function stopBeforeRun(request: Request, delivered: DeliveredProperties[]): Promise<Cleared> {
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

/**
 * Starts no task while an earlier one has not ended, or if it is unknown whether one has. A deployment to another cluster starts
 * its task even if the function may no longer list those of the previous cluster: no later deployment could, either.
 */
export async function resumeOrStart(
  request: Request, spec: RunSpec, occasion: Occasion, stopped: Cleared, baton?: ReceivedBaton,
): Promise<Answer | undefined> {
  let progress: Progress | undefined;
  try {
    progress = await resumeRun(request, spec, occasion, baton);
  } catch (error) {
    return failWithoutRun(request, [request.event.ResourceProperties], error, stopped, STOP_REASONS.otherVersion);
  }
  if (progress) {
    const answer = await runTask(request, spec, progress);
    return answer && withStillRunning(answer, { stillRunning: [], unseen: progress.unseenEarlier });
  }
  const isUnknown = stopped.unseen !== undefined && !(stopped.hasMoved && occasion === 'deployment');
  if (stopped.stillRunning.length > 0 || isUnknown) {
    const failure = isOfUnknownCluster(stopped.unseen) ? callFailure('ListTasks', stopped.unseen) : FAILURES.earlierMayRun;
    return { status: 'FAILED', reason: explain(failure) }; // nameStillRunning adds which
  }
  const unseenEarlier = stopped.unseen === undefined ? undefined : String(stopped.unseen);
  return runTask(request, spec, { ...beginProgress(request, spec, occasion), wasSeen: stopped.sawOwn, unseenEarlier });
}

/** Fails, and stops what an earlier invocation of this request, perhaps of another version, may have started. */
export async function failWithoutRun(
  request: Request, delivered: DeliveredProperties[], error: unknown, stopped: Stopped, reason: string,
): Promise<Answer> {
  const { id, event } = request;
  const isOwn = error instanceof OutOfDate; // what others run is the newer request's
  if (isOwn && error.failure === FAILURES.supersededByTask && event.ResourceProperties.HasNextLeg !== undefined) {
    return withStillRunning(answerError(error), stopped); // the newer request can be of the next resource, which waits for the same tasks
  }
  const mark = isOwn ? markOfRequest(id, event.RequestId) : markOfResource(id);
  const again = await stopUpToNow(request, delivered, { reason, includesOwn: true, mark }).catch(() => stopped);
  const stillRunning = isOwn ? [...new Set([...stopped.stillRunning, ...again.stillRunning])] : again.stillRunning; // some were stopping before
  return withStillRunning(answerError(error), { ...again, stillRunning });
}

/** Names the tasks that may still run, however the request ends. */
export async function nameStillRunning(stopped: Stopped, run: () => Promise<Answer | undefined>): Promise<Answer | undefined> {
  const answer = await run().catch(answerError);
  return answer && withStillRunning(answer, stopped);
}

function withStillRunning(answer: Answer, stopped: Stopped): Answer {
  const said = answer.reason.map(({ text }) => text);
  return { ...answer, reason: [...answer.reason, ...notStopped(stopped).filter(({ text }) => !said.includes(text))] };
}
