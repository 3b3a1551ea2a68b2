import type { Task } from '@aws-sdk/client-ecs';
import type { RunSpec } from '../../src/contract';
import { LONGEST_SERVICE_TIMEOUT_SECONDS, LOOK_AT_STACK_MS, LOOKS_AFTER_START_MS, PASS_ON_MARGIN_SECONDS, TIME_TO_STOP_MS } from '../../src/timing';
import { hasEnded } from '../verdict/outcome';

type Waiting = Pick<RunSpec, 'TimeoutSeconds' | 'HasNextLeg'>;

/** When the task must have ended: at its timeout, and so early that it can be stopped before CloudFormation gives up. */
export function deadline({ TimeoutSeconds, HasNextLeg }: Waiting, since: number, answerBy: number): number {
  const timeout = since + TimeoutSeconds * 1000;
  return HasNextLeg ? timeout : Math.min(timeout, answerBy - TIME_TO_STOP_MS); // the next resource continues before CloudFormation gives up
}

/** When the next resource, if there is one, continues waiting. */
export function passBatonAt({ HasNextLeg }: Waiting, sentAt: number): number {
  return HasNextLeg ? sentAt + (LONGEST_SERVICE_TIMEOUT_SECONDS - PASS_ON_MARGIN_SECONDS) * 1000 : Infinity;
}

/** When there is no task to ask about. */
const WITHOUT_TASKS_MS = 1_000;

/** It cannot have succeeded yet, and a failed start is reported once. */
const WHILE_STARTING_MS = 2_000;

/** It is about to end, but the agent may take ten seconds to report that. */
const WHILE_STOPPING_MS = 1_000;

/** Mostly an answer within a second; and one within three, however long the task has run. */
const SHORTEST_MS = 1_000;
const LONGEST_MS = 2_700;

/** When others poll, too: a hundred tasks then make eight calls a second, of the twenty that ECS allows. */
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

/** When to read the stack's status next: often after a start, which a Delete may not have seen, and then every minute. */
export function nextLookAtStack(startedAt: number, now: number): number {
  const soon = LOOKS_AFTER_START_MS.map((milliseconds) => startedAt + milliseconds).find((at) => at > now);
  return soon ?? now + LOOK_AT_STACK_MS;
}
