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

/** Kept between the task's deadline and CloudFormation's: the task has to stop, and then the answer has to arrive. */
export const STOP_MARGIN_SECONDS = STOP_SECONDS + 30;

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

/** The clocks of CloudFormation, ECS and the signature may differ by this much, generously. */
export const CLOCKS_DIFFER_BY_MS = 10_000;

/**
 * A new role or policy works some seconds after CloudFormation calls it complete. A permission that is really missing looks
 * the same, and nobody should wait half an hour to hear of it.
 */
export const PERMISSIONS_SPREAD_MS = 3 * 60_000;

/** A role that has lost its permissions with the resource, or its cluster, will not get them back. */
export const PERMITTED_AGAIN_WITHIN_MS = 15_000;

/** How long ECS may take to list a task that it has started. */
export const LISTED_WITHIN_MS = 10_000;

/** ECS is eventually consistent: a task that it has just started can be missing from its answers for this long. */
export const MAY_BE_MISSING_MS = 2 * 60_000;

/** How long to wait for a task that was told to stop. */
export const TIME_TO_STOP_MS = STOP_SECONDS * 1000;

/** How long to look for tasks to stop, at least, after the time to stop them was used up. */
export const LIST_WITHIN_MS = 10_000;

/** How long an Update looks for tasks of earlier deployments: mostly there is none. */
export const UPDATE_LOOKS_WITHIN_MS = 15_000;

/** A rollback has to know that it is one, and CloudFormation waits five minutes at least. */
export const STATUS_WITHIN_MS = 4 * 60_000;

/** How long CloudFormation may take to describe the stack. */
export const STACK_WITHIN_MS = 60_000;

/** The time between two looks at the stack while a task runs. */
export const LOOK_AT_STACK_MS = 60_000;

/** How long an invocation that has passed the baton asks CloudFormation for the status; the rest is for stopping the task. */
export const LOOK_BACK_WITHIN_MS = 20_000;

/** How long the log of a task that has succeeded may take to arrive. */
export const LOG_WITHIN_MS = 60_000;

/** The last words of a container can reach CloudWatch some seconds after its exit code reached ECS. */
export const TAIL_WITHIN_MS = 4_000;

/** When an invocation hands over to the next one and when it stops trying to, as shares of the reserve that is left. */
export const HAND_OVER_FROM = 1.3;
export const HAND_OVER_BY = 0.9;

/**
 * How much of an invocation is kept for ending it: stopping the task at the deadline, or handing over to the next
 * invocation. Half of it if the function's timeout is shorter than anybody would set it in production.
 */
export function reserveOf(remainingMs: number): number {
  return Math.min((STOP_MARGIN_SECONDS + 20) * 1000, remainingMs / 2);
}
