/**
 * How long it is worth retrying the same thing; nothing when it is not. The first two are for what has run no container, the
 * third for a task that has.
 */
export type Patience = 'until the deadline' | 'while permissions spread' | 'as often as retryAttempts allows';

/** Why a task failed. */
export interface Failure {
  /** A sentence without its full stop. */
  readonly cause: string;
  /** The words of AWS. */
  readonly awsReason?: string;
  /** What the reader can do about it. */
  readonly advice?: string;
  /** The container whose log says more. */
  readonly container?: string;
  /** Whether another try may help. Without `retryAttempts` only if no container ran: no user code runs twice then. */
  readonly patience?: Patience;
  /** Whether the task ran when this was found, so that the message says when it was stopped. */
  readonly wasRunning?: boolean;
}

/** What the reader of a failed deployment gets to see, besides the failure itself. */
export interface Evidence {
  readonly taskArn?: string;
  /** Where the container logged to. */
  readonly log?: { readonly group: string; readonly stream: string };
  /** Its last lines, oldest first. */
  readonly tail?: readonly string[];
  /** Why they could not be read. */
  readonly unreadable?: string;
  /** Whether the task was seen to end after the function had stopped it. */
  readonly stopped?: boolean;
}

/** The failure of a task that did not end in time. */
export function stillRunning(status: string | undefined, allowed: string, container?: string): Failure {
  return {
    cause: status ? `the task was still ${status} after ${allowed}` : `the task did not end within ${allowed}, and ECS did not report its status`,
    advice: 'check what it was waiting for, or raise timeout',
    container,
    wasRunning: true,
  };
}

/** The failure of a task that has succeeded and did not print what the stack uses. */
export function missingOutput(name: string, container: string, unreadable?: { readonly reason: string; readonly advice?: string }): Failure {
  return unreadable
    ? {
      cause: `the task has succeeded, but its output "${name}" could not be read: ${unreadable.reason}`,
      advice: unreadable.advice ?? 'deploy again',
      container,
    }
    : {
      cause: `the task has succeeded, but its output "${name}" is not in its log`,
      advice: `let container "${container}" print a line "ecs-run-task-output ${name}=<value>" before it ends, and check that the log driver drops no lines (mode non-blocking)`,
      container,
    };
}

/** The end of a request that no further attempt can fix. */
export class Failed extends Error {
  constructor(readonly failure: Failure, readonly task?: Pick<Evidence, 'taskArn'>) {
    super(failure.cause);
  }
}

/** Lambda may deliver an event again at any time, even when another deployment has begun. Nobody waits for its answer then. */
export class OutOfDate extends Failed {
  constructor() {
    super({ cause: 'this request is out of date: CloudFormation has gone on without it' });
  }
}

/** An Update that started nothing turns out to be the rollback of one. */
export class TurnedBack extends Failed {
  constructor() {
    super({ cause: 'the deployment was cancelled before the task had started' });
  }
}
