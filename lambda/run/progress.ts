import type { RunSpec } from '../../src/contract';
import type { Attributes } from '../cloudformation/answer';
import { readSentAt, Request } from '../cloudformation/request';
import { isKnownUpdate, Occasion } from '../cloudformation/stack-status';
import type { Containers, ResolvedRun } from '../ecs/resolve-containers';
import type { Failure } from '../verdict/failure';

/** One run of the tasks that a request asks for, from start to end. */
export interface Run {
  readonly request: Request;
  /** Without deciding containers until ECS has named them: then with those of the revision that was read last. */
  spec: ResolvedRun;
  readonly progress: Progress;
}

/** The state of a run, for the next invocation or the next resource. */
export interface Progress {
  readonly occasion: Occasion;
  /** The request that began the run: part of the tokens and marks of its tasks. */
  readonly requestId: string;
  /** When CloudFormation sent that request, if its URL shows that: part of the marks. */
  readonly sentAt?: number;
  /** When the run began, in milliseconds since 1970: the timeout counts from here. */
  since: number;
  /** When the last task was started. */
  startedAt?: number;
  /** When to read the status of the stack again, after a task was started. */
  lookAtStackAt?: number;
  /** Since when the status of the stack shows that CloudFormation does not wait for the task. One reading alone can be stale. */
  doubtedSince?: number;
  /** Whether the run is known to be of an update, whose time may move. The creation of a stack has none: an update is a later operation. */
  isOfUpdate?: boolean;
  /** Why tasks of earlier requests may still run: listing them failed. The answer says so, in whichever invocation or resource. */
  readonly unseenEarlier?: string;
  /** Whether ECS has ever shown a task of the run. */
  wasSeen?: boolean;
  /** What of a started task could not be read last, since when, and why. */
  blind?: { readonly of: 'status' | 'task definition'; readonly since: number } & Pick<Failure, 'reason' | 'awsReason'>;
  /** Whether ECS has throttled this request, which polls less from then on. */
  isThrottled?: boolean;
  /** What ECS returned for an imported task definition, by the ARN of the revision: without a revision, each start takes the latest one. */
  containers?: { readonly [revision: string]: Containers };
  /** One for each task that the request asks for. */
  readonly tasks: TaskProgress[];
}

/** How far one of the tasks has come, through all its attempts. */
export interface TaskProgress {
  readonly number: number;
  /** Part of `clientToken`: the same number returns the same task. */
  tokenNumber: number;
  /** How many times it was rerun after it had failed. */
  reruns: number;
  /** How many times a start was tried, for the pause between two of them. */
  startAttempts: number;
  /** The next start is not due before this time. */
  startAt: number;
  taskArn?: string;
  /** Whether a call of RunTask got no answer, even if the next one got one: ECS may have started a task that the function does not know. */
  isUnanswered?: boolean;
  /**
   * The tokens for which ECS reported a failure, and those that another invocation has used. ECS has been seen to start a task in
   * spite of a failure, and to list it later.
   */
  doubtedTokens?: readonly number[];
  /** Since when ECS has not known the task that it had started. */
  missingSince?: number;
  /** How it ended, once that is certain: ECS forgets a task after an hour, and others may still run. */
  ended?: { readonly failure?: Failure; readonly attributes?: Attributes };
  /** Since when every start has failed because of something new, such as a permission that may still propagate. */
  spreadsSince?: number;
  /** Why the last start failed, until one succeeds. */
  problem?: Failure;
  /** How its earlier attempts failed: the latest different ones. */
  earlier?: readonly Failure[];
  /** The revision of its task definition, if only ECS knows the containers of that. */
  revision?: string;
}

export function beginProgress(request: Request, { Request: { count = 1 } }: RunSpec, occasion: Occasion): Progress {
  const { event, receivedAt } = request;
  const tasks = Array.from({ length: count }, (_, index): TaskProgress =>
    ({ number: index + 1, tokenNumber: 1, reruns: 0, startAttempts: 0, startAt: 0 }));
  return { occasion, requestId: event.RequestId, sentAt: readSentAt(event), since: receivedAt, isOfUpdate: isKnownUpdate(request), tasks };
}

/** Whether a value is a `Progress`. Another version of the function may have written something else. */
export function isProgress(value: unknown): value is Progress {
  const { requestId, occasion, since, tasks } = (value ?? {}) as Partial<Progress>;
  return typeof requestId === 'string' && typeof occasion === 'string' && Number.isFinite(since)
    && Array.isArray(tasks) && tasks.length > 0 && tasks.every(isTaskProgress);
}

function isTaskProgress(task?: Partial<TaskProgress>): boolean {
  return [task?.number, task?.tokenNumber, task?.reruns, task?.startAttempts, task?.startAt].every(Number.isFinite);
}

/** The tasks whose end only ECS can report. */
export function openArns({ tasks }: Progress): string[] {
  return tasks.flatMap(({ taskArn, ended }) => ended ? [] : taskArn ?? []);
}

/** How many times tasks of the run were rerun. */
export function countReruns({ tasks }: Progress): number {
  return tasks.reduce((sum, { reruns }) => sum + reruns, 0);
}

/** Whether the task is known to be the only one that was started for this number. */
export function isOnlyAttempt({ tokenNumber, doubtedTokens = [] }: TaskProgress): boolean {
  return tokenNumber === 1 && doubtedTokens.length === 0;
}

/** Whether ECS may have started a task, known or not. */
export function mayHaveStarted({ tasks }: Progress): boolean {
  return tasks.some(({ taskArn, isUnanswered, doubtedTokens }) => taskArn || isUnanswered || doubtedTokens?.length);
}

/** The tasks that ECS has named. */
export function knownArns({ tasks }: Progress): string[] {
  return tasks.flatMap(({ taskArn }) => taskArn ?? []);
}
