import type { RunSpec } from '../../src/contract';
import type { Attributes } from '../cloudformation/answer';
import type { Request } from '../cloudformation/request';
import type { Occasion } from '../cloudformation/stack-status';
import type { ResolvedRun } from '../ecs/resolve-containers';
import type { Failure } from '../verdict/failure';

/** One run of the tasks that a request asks for, from start to end. */
export interface Run {
  readonly request: Request;
  /** Without deciding containers until ECS has named them. */
  spec: ResolvedRun;
  readonly progress: Progress;
}

/** What the next invocation, or the next resource, has to know of a run. */
export interface Progress {
  readonly occasion: Occasion;
  /** The request that began the run: part of the tokens and marks of its tasks. */
  readonly requestId: string;
  /** When the run began, in milliseconds since 1970: the timeout counts from here. */
  since: number;
  /** When the last task was started. */
  startedAt?: number;
  /** When to read the stack's status again, once something was started. */
  lookAtStackAt?: number;
  /** Since when the stack's status shows that CloudFormation does not wait for the task: one reading proves nothing. */
  doubtedSince?: number;
  /** Whether that reading has told of which operation it is, so that what does not tell proves nothing against it. */
  isDoubtDated?: boolean;
  /** Whether ECS has ever shown a task of the run. */
  wasSeen?: boolean;
  /** Since when ECS could not be asked, and why. */
  blind?: { readonly since: number; readonly reason: string };
  /** Whether ECS has throttled this request, which polls less from then on. */
  isThrottled?: boolean;
  /** What ECS has said of a task definition from elsewhere. */
  containers?: Pick<ResolvedRun, 'ExitCodeFrom' | 'Containers' | 'Logs' | 'LogTailLines'>;
  /** One for each task that the request asks for. */
  readonly tasks: TaskProgress[];
}

/** How far one of the tasks has come, through all its attempts. */
export interface TaskProgress {
  readonly number: number;
  /** Part of `clientToken`: the same number returns the same task. */
  tokenNumber: number;
  /** How many times it was run again after it had run and failed. */
  reruns: number;
  /** How many times a start was tried, for the pause between two of them. */
  startAttempts: number;
  /** The next start is not due before this time. */
  startAt: number;
  taskArn?: string;
  /** Whether a start got no answer, so that ECS may have started a task that is unknown here. */
  isUnanswered?: boolean;
  /** The token for which ECS reported a failure, which has been seen for a task that it did start. */
  doubtedTokenNumber?: number;
  /** Since when ECS has not known the task that it had started. */
  missingSince?: number;
  /** How it ended, once that is certain: ECS forgets a task after an hour, and others may still run. */
  ended?: { readonly failure?: Failure; readonly attributes?: Attributes };
  /** Since when every start has failed because of something that may still spread, such as a permission. */
  spreadsSince?: number;
  /** Why the last start failed. */
  problem?: Failure;
}

export function beginProgress({ event, receivedAt }: Request, { Request: { count = 1 } }: RunSpec, occasion: Occasion): Progress {
  const tasks = Array.from({ length: count }, (_, index): TaskProgress =>
    ({ number: index + 1, tokenNumber: 1, reruns: 0, startAttempts: 0, startAt: 0 }));
  return { occasion, requestId: event.RequestId, since: receivedAt, tasks };
}

/** Whether something has the shape of a progress: what another version of the function has written may not. */
export function isProgress(value: unknown): value is Progress {
  const { requestId, occasion, since, tasks } = (value ?? {}) as Partial<Progress>;
  return typeof requestId === 'string' && typeof occasion === 'string' && Number.isFinite(since)
    && Array.isArray(tasks) && tasks.length > 0 && tasks.every((task) => Number.isInteger(task?.number) && Number.isInteger(task?.tokenNumber));
}

/** The tasks whose end only ECS can report. */
export function openArns({ tasks }: Progress): string[] {
  return tasks.flatMap(({ taskArn, ended }) => ended ? [] : taskArn ?? []);
}

/** How many times tasks of the run were rerun. */
export function countReruns({ tasks }: Progress): number {
  return tasks.reduce((sum, { reruns }) => sum + reruns, 0);
}

/** The tasks that ECS has named. */
export function knownArns({ tasks }: Progress): string[] {
  return tasks.flatMap(({ taskArn }) => taskArn ?? []);
}
