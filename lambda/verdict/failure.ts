import { FAILURES } from './texts';

/**
 * How long to retry; undefined for not at all. The first two values are for a start that ran no container, the third for a task
 * that ran.
 */
export type Patience = 'until the deadline' | 'while permissions spread' | 'as often as retryAttempts allows';

/** Why a task failed. */
export interface Failure {
  /** A sentence without its full stop. */
  readonly cause: string;
  /** Why, if AWS has not said it: an error of the network, or what the function found. */
  readonly reason?: string;
  /** The words of AWS. */
  readonly awsReason?: string;
  /** What the reader can do about it. */
  readonly advice?: string;
  /** The container whose log says more. */
  readonly container?: string;
  /** Whether another attempt may help. Without `retryAttempts`, only if no container ran, so that no user code runs twice. */
  readonly patience?: Patience;
  /** Whether the task ran when this was found, so that the message says when it was stopped. */
  readonly wasRunning?: boolean;
}

/** What the reader of a failed deployment gets to see, besides the failure itself. */
export interface Evidence {
  readonly taskArn?: string;
  /** What else failed. */
  readonly others?: readonly string[];
  /** Where the container logged to. */
  readonly log?: { readonly group: string; readonly stream: string; readonly region?: string };
  /** Its last lines, oldest first. */
  readonly tail?: readonly string[];
  /** Why they could not be read. */
  readonly unreadable?: string;
  /** Whether the task was seen to end after the function had stopped it. */
  readonly stopped?: boolean;
}

/** What became of tasks that had to end. */
export interface Stopped {
  /** The tasks that were not seen to end. */
  readonly stillRunning: readonly string[];
  /** Why StopTask failed for one of them. */
  readonly stopError?: unknown;
  /** Why there may be more of them: listing them failed. */
  readonly unseen?: unknown;
}

/** AWS has answered, and the function cannot use the answer. The next one may be better. */
export class Unusable extends Error {
  override toString(): string {
    return this.message;
  }
}

/** The end of a request that no further attempt can fix. */
export class Failed extends Error {
  constructor(readonly failure: Failure, readonly task?: Pick<Evidence, 'taskArn'>) {
    super(failure.cause);
  }
}

/** Lambda may deliver an event again at any time, even after another deployment has begun. Then CloudFormation does not wait for its answer. */
export class OutOfDate extends Failed {
  constructor(failure: Failure = FAILURES.outOfDate) {
    super(failure);
  }
}

/** An Update that started nothing turns out to be the rollback of one. */
export class TurnedBack extends Failed {
  constructor() {
    super(FAILURES.cancelledBeforeStart);
  }
}
