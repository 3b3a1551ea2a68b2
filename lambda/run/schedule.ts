import type { Task } from '@aws-sdk/client-ecs';
import type { Progress } from './progress';
import type { RunSpec } from '../../src/contract';
import { LONGEST_SERVICE_TIMEOUT_SECONDS, LOOK_AT_STACK_MS, LOOKS_AFTER_START_MS, PASS_ON_MARGIN_SECONDS, TIME_TO_STOP_MS } from '../../src/timing';
import { hasEnded } from '../verdict/outcome';

type Waiting = Pick<RunSpec, 'TimeoutSeconds' | 'HasNextLeg'>;

/** When the task must have ended: at its timeout, but early enough to stop it before CloudFormation gives up. */
export function deadline({ TimeoutSeconds, HasNextLeg }: Waiting, since: number, answerBy: number): number {
  const timeout = since + TimeoutSeconds * 1000;
  return HasNextLeg ? timeout : Math.min(timeout, answerBy - TIME_TO_STOP_MS); // the next resource continues before CloudFormation gives up
}

/** When the next resource, if there is one, continues waiting. */
export function passBatonAt({ HasNextLeg }: Waiting, sentAt: number): number {
  return HasNextLeg ? sentAt + (LONGEST_SERVICE_TIMEOUT_SECONDS - PASS_ON_MARGIN_SECONDS) * 1000 : Infinity;
}

/** While no task has started. */
const WITHOUT_TASKS_MS = 1_000;

/** While a task starts: it cannot have succeeded yet, and only a failed start could be reported late. */
const WHILE_STARTING_MS = 2_000;

/** While a task stops: it ends soon, but the agent may take ten seconds to report that. */
const WHILE_STOPPING_MS = 1_000;

/** Most answers arrive within a second, all within three, no matter how long the task has run, and also after DescribeTasks has failed. */
const SHORTEST_MS = 1_000;
const LONGEST_MS = 2_700;

/** After ECS has throttled a call: a hundred tasks then make eight calls a second, and ECS allows twenty. */
const WHEN_THROTTLED_MS = 12_000;

/**
 * The time between two polls of the tasks.
 *
 * The length of a task is unknown. If every order of magnitude is equally likely, a task that has run for t seconds ends in the
 * next second with the probability 1/t. The sum of delay and calls is then lowest with a pause of √(2wt), if one call costs as
 * much as w seconds of delay: here 1/128. bench/RESULTS.md compares other schedules.
 */
export function pollInterval(tasks: readonly Task[], now: number, { isThrottled, blind }: Pick<Progress, 'isThrottled' | 'blind'> = {}): number {
  if (isThrottled || blind) {
    return isThrottled ? WHEN_THROTTLED_MS : LONGEST_MS;
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

/** When to read the status of the stack next: often after a start, because a Delete may have missed the task, and then every minute. */
export function nextLookAtStack(startedAt: number, now: number): number {
  const soon = LOOKS_AFTER_START_MS.map((milliseconds) => startedAt + milliseconds).find((at) => at > now);
  return soon ?? now + LOOK_AT_STACK_MS;
}
