import { LONGEST_SERVICE_TIMEOUT_SECONDS, PASS_ON_MARGIN_SECONDS, STOP_MARGIN_SECONDS, TaskRun } from '../src/contract';

type Waiting = Pick<TaskRun, 'TimeoutSeconds' | 'IsContinued' | 'Continues'>;

/** How long to wait for a task that was told to stop; the rest of the margin is for the answer. */
export const TIME_TO_STOP_MS = (STOP_MARGIN_SECONDS - 30) * 1000;

/** When the task has to be over: at its time-out, and so early that it can be stopped before CloudFormation gives up. */
export function deadline({ TimeoutSeconds, IsContinued, Continues }: Waiting, since: number, sentAt: number): number {
  const timeout = since + TimeoutSeconds * 1000;
  if (IsContinued) {
    return timeout; // the next resource goes on before CloudFormation gives up
  }
  return Math.min(timeout, (Continues ? sentAt : since) + (LONGEST_SERVICE_TIMEOUT_SECONDS - STOP_MARGIN_SECONDS) * 1000);
}

/** When to leave the waiting to the next resource, where there is one. */
export function passOnAt({ IsContinued }: Waiting, sentAt: number): number {
  return IsContinued ? sentAt + (LONGEST_SERVICE_TIMEOUT_SECONDS - PASS_ON_MARGIN_SECONDS) * 1000 : Infinity;
}

/**
 * The time between two looks at the task: a short one is noticed within a second, a long one within three,
 * at 20 to 60 calls a minute (ECS allows 1,200 a minute in an account and Region).
 */
export function pollInterval(elapsed: number): number {
  if (elapsed < 2 * 60_000) {
    return 1_000;
  }
  return elapsed < 10 * 60_000 ? 2_000 : 3_000;
}

/** The time between two looks at the stack while a task runs. */
export const LOOK_AT_STACK_MS = 60_000;

/** The time before the next attempt at what failed: doubles up to 30 seconds, with jitter so that a crowd spreads. */
export function backoff(attempt: number, random: number): number {
  return Math.min(1_000 * 2 ** Math.min(attempt, 10), 30_000) * (0.5 + random / 2);
}

/**
 * How much of an invocation is kept for ending it: stopping the task at the deadline, or handing over to the next
 * invocation. Half of it where the function's time-out is shorter than anybody would set it in production.
 */
export function reserve(remaining: number): number {
  return Math.min((STOP_MARGIN_SECONDS + 20) * 1000, remaining / 2);
}

/** A duration as a person says it. */
export function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  return seconds < 120 ? `${seconds} seconds` : `${Math.round(seconds / 6) / 10} minutes`;
}
