import type { Task } from '@aws-sdk/client-ecs';
import { receiveHandOver } from './hand-over';
import { readOperationTime } from './operation-time';
import { beginProgress, Progress } from './progress';
import type { ReceivedBaton } from './relay';
import { deadline } from './schedule';
import type { RunSpec } from '../../src/contract';
import { BETWEEN_READINGS_MS, CLOCKS_DIFFER_BY_MS, KEPT_BY_ECS_MS, NEVER_SEEN_MS, PERMITTED_AGAIN_WITHIN_MS } from '../../src/timing';
import { limit, Request } from '../cloudformation/request';
import { isFinalStatus, Occasion } from '../cloudformation/stack-status';
import { attemptsOf, isOfLaterRequest, isOrderKnown, markOfResource, parseMark, placeOf, readMark } from '../ecs/marks';
import { findTasks } from '../ecs/tasks';
import { retry } from '../retry';
import { reasonOf } from '../verdict/errors';
import { Failed, Failure, OutOfDate, Unusable } from '../verdict/failure';
import { judge } from '../verdict/outcome';
import { ERRORS, FAILURES } from '../verdict/texts';

/** How far the run has come that this request continues; nothing when the request has to begin a run. */
export async function resumeRun(request: Request, spec: RunSpec, occasion: Occasion, baton?: ReceivedBaton): Promise<Progress | undefined> {
  if (request.event.HandedOver) {
    return receiveHandOver(request) ?? adoptTasks(request, spec, occasion);
  }
  switch (baton?.state) {
    case 'RUNNING': return baton.progress;
    case 'UNKNOWN': return adoptTasks(request, spec, occasion);
    default: return undefined;
  }
}

/**
 * Another version of the function has passed on what this one cannot read: an update or its rollback replaced the function
 * in between. Continues with the tasks of this resource that were created since the operation began, if they are certain to
 * be of one run, and starts nothing.
 */
async function adoptTasks(request: Request, spec: RunSpec, occasion: Occasion): Promise<Progress> {
  const { world } = request;
  const begun = beginProgress(request, spec, occasion);
  const until = Math.min(limit(request, NEVER_SEEN_MS), request.handOverAt, deadline(spec, request.receivedAt, request.answerBy));
  let failure: Failure = FAILURES.otherVersion;
  try {
    const began = Math.min(await readOperationTime(request, until - world.now(), expectOperation), request.sentAt);
    const forgetsSome = world.now() - began > KEPT_BY_ECS_MS;
    const look = () => findTasksSince(request, spec, began, until);
    const found = await look();
    const rules = { ...spec, ExitCodeFrom: spec.ExitCodeFrom ?? [] };
    const mayBeReplaced = found.some((task) => judge(task, rules).state === 'failed'); // the task in its place may not be listed yet
    let progress = mayBeReplaced ? undefined : adopt(begun, found, forgetsSome);
    if (!progress) { // ECS can leave a task out of one list
      await world.sleep(Math.max(0, limit(request, BETWEEN_READINGS_MS) - world.now()));
      progress = adopt(begun, await look(), forgetsSome);
    }
    if (progress) {
      return { ...progress, wasSeen: true, lookAtStackAt: world.now() };
    }
  } catch (error) {
    if (error instanceof OutOfDate) {
      throw error;
    }
    failure = { ...failure, ...reasonOf(error) };
  }
  throw new Failed(failure);
}

/** The response is of an earlier operation, or the request is: in both cases its time is not that of this one. */
function expectOperation(status: string): void {
  if (isFinalStatus(status)) {
    throw new Unusable(ERRORS.notDeployed(status));
  }
}

async function findTasksSince(request: Request, spec: RunSpec, began: number, until: number): Promise<Task[]> {
  const { world, id } = request;
  const found = await retry(world, until, () => findTasks(request, placeOf(spec.Request)), PERMITTED_AGAIN_WITHIN_MS);
  if (found.some((task) => isOrderKnown(request, task) && isOfLaterRequest(request, task))) {
    throw new OutOfDate(FAILURES.supersededByTask);
  }
  return found.filter((task) => readMark(task).startsWith(markOfResource(id))
    && task.createdAt !== undefined && task.createdAt.getTime() > began - CLOCKS_DIFFER_BY_MS);
}

/** The progress with the latest of these tasks for each number; nothing when one is missing, or when two requests have started them. */
function adopt(progress: Progress, candidates: readonly Task[], forgetsSome: boolean): Progress | undefined {
  const attempts = progress.tasks.map(({ number }) => attemptsOf(candidates, number));
  if (attempts.some(({ length }) => length === 0) || new Set(candidates.map((task) => parseMark(task)?.request)).size > 1) {
    return undefined;
  }
  return {
    ...progress,
    since: Math.min(...candidates.map(({ createdAt }) => createdAt!.getTime())), // the event may have been late
    tasks: progress.tasks.map((task, index) => {
      const [latest, ...earlier] = attempts[index];
      const { tokenNumber: oldest } = attempts[index].slice(-1)[0];
      const reruns = earlier.length + (forgetsSome ? oldest - 1 : 0); // at most: some may have run no container
      return { ...task, taskArn: latest.taskArn, tokenNumber: latest.tokenNumber, reruns };
    }),
  };
}
