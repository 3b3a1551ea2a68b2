/** The timeout of a task whose props set none. */
export const DEFAULT_TIMEOUT_SECONDS = 30 * 60;

/** The longest timeout of a task. */
export const LONGEST_TIMEOUT_SECONDS = 12 * 3600;

/** How long one invocation of the function can last. */
export const INVOCATION_SECONDS = 15 * 60;

/** The longest that CloudFormation waits for one custom resource. */
export const LONGEST_SERVICE_TIMEOUT_SECONDS = 3600;

/** How long to wait for a task after StopTask: Fargate gives a container up to 120 seconds, its network interface takes up to 25 more. */
export const STOP_SECONDS = 150;

/** Reserved for sending the answer: S3 may take a few attempts. */
export const SEND_SECONDS = 30;

/** How much of that the calls may take that are on their way, or come last: one that hangs must not make the answer late. */
export const LAST_CALLS_MS = 10_000;

/** Reserved between the deadline of the task and that of CloudFormation, for stopping the task and sending the answer. */
export const STOP_MARGIN_SECONDS = STOP_SECONDS + SEND_SECONDS;

/** From the task's timeout until CloudFormation gives up on the answer, unless CloudFormation's limit of one hour comes first. */
const ANSWER_MARGIN_SECONDS = 300;

/** At least how long CloudFormation waits for the answer about a task with this timeout. */
export function serviceTimeoutFor(timeoutSeconds: number): number {
  return Math.min(timeoutSeconds + ANSWER_MARGIN_SECONDS, LONGEST_SERVICE_TIMEOUT_SECONDS);
}

/** Reserved at the end of a resource that passes the task to the next resource, for sending the answer. */
export const PASS_ON_MARGIN_SECONDS = 120;

/** How many resources must wait in turn for a task with this timeout: 1 up to one hour, 13 for 12 hours. */
export function resourcesFor(timeoutSeconds: number): number {
  const more = timeoutSeconds - (LONGEST_SERVICE_TIMEOUT_SECONDS - STOP_MARGIN_SECONDS);
  return timeoutSeconds <= LONGEST_SERVICE_TIMEOUT_SECONDS ? 1 : 1 + Math.ceil(more / (LONGEST_SERVICE_TIMEOUT_SECONDS - PASS_ON_MARGIN_SECONDS));
}

/** The clocks of ECS and CloudFormation differ by less than this, two clocks of CloudFormation by less than half of it. */
export const CLOCKS_DIFFER_BY_MS = 20_000;

/** For how long CloudFormation accepts an answer at the response URL. */
export const RESPONSE_URL_SECONDS = 7200;

/** A response of DescribeStacks can be this old. Earlier, an unexpected status proves nothing. */
export const STALE_FOR_MS = 60_000;

/** The time between the two readings that must agree before a running task is stopped, except at its deadline or by a Delete. */
export const BETWEEN_READINGS_MS = 15_000;

/** How long after the first reading an Update reads the status of the stack again, before it starts anything. */
export const SECOND_READING_MS = 4_000;

/**
 * How long to look for a task that ECS has never let the function see, or does not know: it is eventually consistent, and a
 * task that it has just started can be missing from its answers for this long.
 */
export const NEVER_SEEN_MS = 5 * 60_000;

/**
 * A new role or policy works some seconds after CloudFormation reports it as complete. A permission that is really missing looks
 * the same, and should not take half an hour to be reported.
 */
export const PERMISSIONS_SPREAD_MS = 3 * 60_000;

/** A shorter limit: a role whose permissions were deleted with the resource, or whose cluster was, does not get them back. */
export const PERMITTED_AGAIN_WITHIN_MS = 15_000;

/**
 * A Create that is younger than this starts its task without reading the status of the stack, which cannot be newer than the
 * request. An older event may be a repeated one: Lambda delivers most events within a second.
 */
export const JUST_SENT_MS = 2_000;

/** At least how long ECS returns a task after its end. */
export const KEPT_BY_ECS_MS = 3_600_000;

/** How long ECS may take to list a task that it has started. */
export const LISTED_WITHIN_MS = 10_000;

/** How long to wait for a task after StopTask. */
export const TIME_TO_STOP_MS = STOP_SECONDS * 1000;

/** How long to try to find out whether this is a rollback: CloudFormation waits at least five minutes. */
export const STATUS_WITHIN_MS = 4 * 60_000;

/** How long CloudFormation may take to describe the stack. */
export const STACK_WITHIN_MS = 60_000;

/** The time between two readings of the status of the stack while a task runs. */
export const LOOK_AT_STACK_MS = 60_000;

/** When to read the status of the stack after a start: ECS may list the task, and CloudFormation report a cancellation, seconds later. */
export const LOOKS_AFTER_START_MS = [0, 5_000, 15_000, 30_000, 60_000];

/**
 * How long an invocation watches the task after it has handed over, in case the next one is late or lost. When an account has no
 * free concurrent execution, the next one waits for this one to end: Lambda retries a throttled event after 1, 2, 4, 8, 16 and 32
 * seconds, so that it begins three seconds later, and long before the reserve is used up.
 */
export const OVERLAP_MS = 60_000;

/** How long the log of a task that has succeeded may take to arrive. */
export const LOG_WITHIN_MS = 60_000;

/** The last lines of a container can reach CloudWatch some seconds after ECS has its exit code. */
export const TAIL_WITHIN_MS = 4_000;

/** A log counts as complete if no line has arrived for this long. */
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
 * invocation. Half of the invocation if the timeout of the function is shorter, as in tests.
 */
export function reserveOf(remainingMs: number): number {
  return Math.min((STOP_MARGIN_SECONDS + 20) * 1000, remainingMs / 2);
}

/** Before an Update or a Delete is answered FAILED: how often the status is read again, and for how long. */
export const READ_AGAIN_MS = 5_000;
export const READ_AGAIN_WITHIN_MS = 15_000;
