import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import type { Passed } from './relay';
import type { Results } from './results';
import type { Occasion } from '../cloudformation/stack';
import type { Evidence } from '../verdict/message';
import type { Failure } from '../verdict/outcome';
import type { World } from '../world';

/** A request of CloudFormation, as delivered by it or handed over by the invocation before. */
export type Event = CloudFormationCustomResourceEvent & { readonly HandedOver?: Progress };

/** What the next invocation has to know. */
export interface Progress {
  readonly occasion: Occasion;
  /** The request that began it: part of the tokens and marks of its tasks. */
  readonly requestId: string;
  /** When the run was first worked on, in milliseconds since 1970: the time-out counts from here. */
  since: number;
  /** When CloudFormation sent the request, or the function first saw it. */
  readonly requestedAt: number;
  /** When to look at the stack again, once something was started. */
  lookAtStackAt?: number;
  /** Whether ECS has been asked too often, so that this request asks less from then on. */
  isThrottled?: boolean;
  /** One for each task that the request asks for. */
  readonly tasks: TaskProgress[];
}

/** How far one of the tasks has come, through all its attempts. */
export interface TaskProgress {
  readonly number: number;
  /** Part of `clientToken`: the same attempt gets the same task. */
  tokenNumber: number;
  /** How often it was run again after it had run and failed. */
  reruns: number;
  /** How often a start was tried, for the time between two of them. */
  startAttempts: number;
  /** Not before this time. */
  startAt: number;
  taskArn?: string;
  /** Whether a start got no answer, so that ECS may have started a task that is not known here. */
  isUnanswered?: boolean;
  /** The attempt for which ECS has reported a failure, which it has been seen to do for a task that it did start. */
  doubtedTokenNumber?: number;
  /** Since when ECS has not known the task that it had started. */
  missingSince?: number;
  /** How it ended, when that is certain: ECS forgets a task an hour after that, and others may go on. */
  ended?: { readonly failure?: Failure; readonly attributes?: Results };
  /** Why the last start failed. */
  problem?: Failure;
}

/** One request in one invocation. */
export interface Job {
  readonly world: World;
  readonly event: Event;
  /** The name of the resource: its physical id, and what its tasks are found by. */
  readonly id: string;
  /** The request that began the run, which another resource may have got. */
  readonly requestId: string;
  /** What the resource before this one has come to. */
  readonly passed?: Passed;
  /** When CloudFormation sent the request, as far as that can be told. */
  readonly sentAt: number;
  readonly functionArn: string;
  /** When this invocation began, hands over to the next one, and gives up trying to. */
  readonly began: number;
  readonly handOverAt: number;
  readonly handOverBy: number;
}

/** The end of a request that no further attempt can mend. */
export class Failed extends Error {
  constructor(readonly failure: Failure, readonly task?: Pick<Evidence, 'taskArn'>) {
    super(failure.cause);
  }
}

/** The tasks of which ECS has to tell how they end. */
export function openArns(progress: Progress): string[] {
  return progress.tasks.flatMap(({ taskArn, ended }) => ended ? [] : taskArn ?? []);
}

/** The tasks that ECS has answered with. */
export function knownArns(progress: Progress): string[] {
  return progress.tasks.flatMap(({ taskArn }) => taskArn ?? []);
}
