import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import type { Passed } from './continuation';
import type { Evidence } from './message';
import type { Failure } from './outcome';
import type { Results } from './results';
import type { Occasion } from './stack';
import type { Surroundings } from './surroundings';

/** A request of CloudFormation, as delivered by it or handed over by the invocation before. */
export type Event = CloudFormationCustomResourceEvent & { readonly Progress?: Progress };

/** What the next invocation has to know. */
export interface Progress {
  readonly Occasion: Occasion;
  /** The request that began it: part of the tokens and marks of its tasks. */
  readonly RequestId: string;
  /** When the run was first worked on, in milliseconds since 1970: the time-out counts from here. */
  Since: number;
  /** When CloudFormation sent the request, or the function first saw it. */
  readonly AskedAt: number;
  /** When to look at the stack again, once something was started. */
  LookAtStackAt?: number;
  /** Whether ECS has been asked too often, so that this request asks less from then on. */
  IsThrottled?: boolean;
  /** One for each task that the request asks for. */
  readonly Tasks: TaskProgress[];
}

/** How far one of the tasks has come, through all its attempts. */
export interface TaskProgress {
  readonly Number: number;
  /** Part of `clientToken`: the same attempt gets the same task. */
  Attempt: number;
  /** How often it was run again after it had run and failed. */
  Retries: number;
  /** How often a start was tried, for the time between two of them. */
  Tries: number;
  /** Not before this time. */
  StartAt: number;
  TaskArn?: string;
  /** Whether a start got no answer, so that ECS may have started a task that is not known here. */
  IsUnanswered?: boolean;
  /** The attempt for which ECS has reported a failure, which it has been seen to do for a task that it did start. */
  DoubtedAttempt?: number;
  /** Since when ECS has not known the task that it had started. */
  MissingSince?: number;
  /** How it ended, when that is certain: ECS forgets a task an hour after that, and others may go on. */
  Ended?: { readonly Failure?: Failure; readonly Facts?: Results };
  /** Why the last start failed. */
  Problem?: Failure;
}

/** One request in one invocation. */
export interface Job {
  readonly world: Surroundings;
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
  return progress.Tasks.flatMap(({ TaskArn, Ended }) => Ended ? [] : TaskArn ?? []);
}

/** The tasks that ECS has answered with. */
export function knownArns(progress: Progress): string[] {
  return progress.Tasks.flatMap(({ TaskArn }) => TaskArn ?? []);
}
