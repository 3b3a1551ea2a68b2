import type { Task } from '@aws-sdk/client-ecs';
import { LONGEST_SERVICE_TIMEOUT_SECONDS, PASS_ON_MARGIN_SECONDS, serviceTimeoutFor, STOP_MARGIN_SECONDS, RunSpec } from '../../src/contract';
import { hasEnded } from '../verdict/outcome';

type Waiting = Pick<RunSpec, 'TimeoutSeconds' | 'HasNextLeg'>;

/** How long to wait for a task that was told to stop; the rest of the margin is for the answer. */
export const TIME_TO_STOP_MS = (STOP_MARGIN_SECONDS - 30) * 1000;

/** When the task has to be over: at its time-out, and so early that it can be stopped before CloudFormation gives up. */
export function deadline({ TimeoutSeconds, HasNextLeg }: Waiting, since: number, sentAt: number): number {
  const timeout = since + TimeoutSeconds * 1000;
  if (HasNextLeg) {
    return timeout; // the next resource goes on before CloudFormation gives up
  }
  return Math.min(timeout, sentAt + (serviceTimeoutFor(TimeoutSeconds) - STOP_MARGIN_SECONDS) * 1000); // the event may have come late
}

/** When to leave the waiting to the next resource, where there is one. */
export function passOnAt({ HasNextLeg }: Waiting, sentAt: number): number {
  return HasNextLeg ? sentAt + (LONGEST_SERVICE_TIMEOUT_SECONDS - PASS_ON_MARGIN_SECONDS) * 1000 : Infinity;
}

/** Where there is no task to ask for. */
const WITHOUT_TASKS_MS = 1_000;

/** It can't have succeeded yet, and if it can't start, that is told once. */
const WHILE_STARTING_MS = 2_000;

/** Its end is at hand, but the agent may take ten seconds to tell. */
const WHILE_STOPPING_MS = 1_000;

/** Mostly an answer within a second; and one within three, however long the task has run. */
const SHORTEST_MS = 1_000;
const LONGEST_MS = 2_700;

/** Where others ask as well: a hundred tasks then ask eight times a second, of the twenty that ECS allows. */
const WHEN_THROTTLED_MS = 12_000;

/**
 * The time between two looks at the tasks.
 *
 * Nobody knows how long a task will run. If every order of magnitude is as likely as the other, one that has run for t
 * seconds ends in the next one with the probability 1/t, and waiting and calls together cost least with a pause of
 * √(2wt), where w is how many seconds of waiting a call is worth: here 1/128. bench/RESULTS.md compares others.
 */
export function pollInterval(tasks: readonly Task[], now: number, isThrottled = false): number {
  if (isThrottled) {
    return WHEN_THROTTLED_MS;
  }
  const pauses = tasks.filter((task) => !hasEnded(task)).map((task) => pauseFor(task, now));
  return pauses.length > 0 ? Math.min(...pauses) : WITHOUT_TASKS_MS;
}

function pauseFor({ desiredStatus, startedAt }: Task, now: number): number {
  if (desiredStatus === 'STOPPED') {
    return WHILE_STOPPING_MS;
  }
  if (!startedAt) {
    return WHILE_STARTING_MS;
  }
  const seconds = Math.max(0, now - startedAt.getTime()) / 1000;
  return Math.min(Math.max(125 * Math.sqrt(seconds), SHORTEST_MS), LONGEST_MS);
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
