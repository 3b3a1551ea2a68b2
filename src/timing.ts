/** The timeout of a task whose props set none. */
export const DEFAULT_TIMEOUT_SECONDS = 30 * 60;

/** The longest timeout of a task. */
export const LONGEST_TIMEOUT_SECONDS = 12 * 3600;

/** How long one invocation of the function can last. */
export const INVOCATION_SECONDS = 15 * 60;

/** The longest that CloudFormation waits for one custom resource. */
export const LONGEST_SERVICE_TIMEOUT_SECONDS = 3600;

/** How long to wait for a task that was told to stop: Fargate gives a container up to 120 seconds, its network interface takes up to 25 more. */
export const STOP_SECONDS = 150;

/** Kept for sending the answer: S3 may take a few attempts. */
export const SEND_SECONDS = 30;

/** How much of that the calls may take that are on their way, or come last: one that hangs must not make the answer late. */
export const LAST_CALLS_MS = 10_000;

/** Kept between the task's deadline and CloudFormation's: the task has to stop, and then the answer has to arrive. */
export const STOP_MARGIN_SECONDS = STOP_SECONDS + SEND_SECONDS;

/** From the task's timeout until CloudFormation gives up on the answer, unless CloudFormation's limit of one hour comes first. */
const ANSWER_MARGIN_SECONDS = 300;

/** At least how long CloudFormation waits for the answer about a task with this timeout. */
export function serviceTimeoutFor(timeoutSeconds: number): number {
  return Math.min(timeoutSeconds + ANSWER_MARGIN_SECONDS, LONGEST_SERVICE_TIMEOUT_SECONDS);
}

/** Kept at the end of a resource that passes the task to the next resource: only the answer has to arrive. */
export const PASS_ON_MARGIN_SECONDS = 120;

/** How many resources must wait in turn for a task with this timeout: 1 up to one hour, 13 for 12 hours. */
export function resourcesFor(timeoutSeconds: number): number {
  const more = timeoutSeconds - (LONGEST_SERVICE_TIMEOUT_SECONDS - STOP_MARGIN_SECONDS);
  return timeoutSeconds <= LONGEST_SERVICE_TIMEOUT_SECONDS ? 1 : 1 + Math.ceil(more / (LONGEST_SERVICE_TIMEOUT_SECONDS - PASS_ON_MARGIN_SECONDS));
}

/** The clocks of ECS and CloudFormation may differ by this much, generously; those within CloudFormation by half of it. */
export const CLOCKS_DIFFER_BY_MS = 20_000;

/** For how long CloudFormation accepts an answer at the response URL. */
export const RESPONSE_URL_SECONDS = 7200;

/** What DescribeStacks reports can be this old: before, a status that is not expected proves nothing. */
export const STALE_FOR_MS = 60_000;

/** The time between two readings that have to say the same before a running task is stopped, unless its deadline or a Delete ends it. */
export const BETWEEN_READINGS_MS = 15_000;

/** How long after its first reading an Update reads the stack's status again before it starts anything. */
export const SECOND_READING_MS = 4_000;

/**
 * How long to look for a task that ECS has never let the function see, or does not know: it is eventually consistent, and a
 * task that it has just started can be missing from its answers for this long.
 */
export const NEVER_SEEN_MS = 5 * 60_000;

/**
 * A new role or policy works some seconds after CloudFormation calls it complete. A permission that is really missing looks
 * the same, and nobody should wait half an hour to hear of it.
 */
export const PERMISSIONS_SPREAD_MS = 3 * 60_000;

/** A role that has lost its permissions with the resource, or its cluster, will not get them back. */
export const PERMITTED_AGAIN_WITHIN_MS = 15_000;

/**
 * How old a request can be that starts its task without a look at the stack, which would show nothing newer than the request.
 * Lambda delivers most events within a second.
 */
export const JUST_SENT_MS = 2_000;

/** How long ECS may take to list a task that it has started. */
export const LISTED_WITHIN_MS = 10_000;

/** How long to wait for a task that was told to stop. */
export const TIME_TO_STOP_MS = STOP_SECONDS * 1000;

/** How long a Create looks for tasks of earlier deployments: mostly there is none. */
export const CREATE_LOOKS_WITHIN_MS = 15_000;

/** A rollback has to know that it is one, and CloudFormation waits five minutes at least. */
export const STATUS_WITHIN_MS = 4 * 60_000;

/** How long CloudFormation may take to describe the stack. */
export const STACK_WITHIN_MS = 60_000;

/** The time between two looks at the stack while a task runs. */
export const LOOK_AT_STACK_MS = 60_000;

/** When to look at the stack after a start: ECS may list the task, and CloudFormation report a cancellation, only seconds later. */
export const LOOKS_AFTER_START_MS = [0, 5_000, 15_000, 30_000, 60_000];

/**
 * How long an invocation watches the task after it has handed over, in case the next one is late or lost. When an account has no
 * free concurrent execution, the next one waits for this one to end: Lambda retries a throttled event after 1, 2, 4, 8, 16 and 32
 * seconds, so that it begins three seconds later, and long before the reserve is used up.
 */
export const OVERLAP_MS = 60_000;

/** How long the log of a task that has succeeded may take to arrive. */
export const LOG_WITHIN_MS = 60_000;

/** The last words of a container can reach CloudWatch some seconds after its exit code reached ECS. */
export const TAIL_WITHIN_MS = 4_000;

/** How long no further line has arrived when a log counts as complete. */
export const TAIL_SETTLES_MS = 3_000;

/**
 * When an invocation hands over to the next one, when it stops trying to, and when it is done with everything but the answer, as
 * shares of the reserve that is left.
 */
export const HAND_OVER_FROM = 1.3;
export const HAND_OVER_BY = 0.9;
export const DONE_BY = 0.2;

/**
 * How much of an invocation is kept for ending it: stopping the task at the deadline, or handing over to the next
 * invocation. Half of it if the function's timeout is shorter than anybody would set it in production.
 */
export function reserveOf(remainingMs: number): number {
  return Math.min((STOP_MARGIN_SECONDS + 20) * 1000, remainingMs / 2);
}

/** Before an Update or a Delete is answered FAILED, how often the status is read again, and for how long. */
export const READ_AGAIN_MS = 5_000;
export const READ_AGAIN_WITHIN_MS = 15_000;
