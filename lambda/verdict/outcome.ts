import type { Container, Task } from '@aws-sdk/client-ecs';
import { knownStartFailure, meaningOfExitCode } from './causes';
import type { Failure, Patience } from './failure';
import type { RunSpec } from '../../src/contract';

/** Which containers decide, and what counts as success. */
export interface Rules extends Pick<RunSpec, 'SuccessExitCodes' | 'CompleteWhen'> {
  readonly ExitCodeFrom: readonly string[];
}

export type Outcome =
  | { readonly state: 'running' }
  | { readonly state: 'succeeded' }
  | { readonly state: 'failed'; readonly failure: Failure };

/** Begins the reason of every StopTask of ours, so that a person who finds a stopped task knows by whom. */
export const STOPPED_BY = 'cdk-ecs-run-task: ';

/** The states of a task that has ended. Everything else is on its way. */
const ENDED = ['STOPPED', 'DELETED'];

/**
 * Decides how a task stands.
 *
 * Exit codes are final from DEPROVISIONING on, when only the network interface is still to go: 12 to 25 seconds
 * before STOPPED. A container without an exit code at STOPPED never ran or was lost: a failure.
 */
export function judge(task: Task, rules: Rules): Outcome {
  const deciding = rules.ExitCodeFrom.map((name) => task.containers?.find((container) => container.name === name) ?? { name });
  if (!isFinal(task, deciding, rules)) {
    return { state: 'running' };
  }
  const failure = failureOf(task, deciding, rules);
  return failure ? { state: 'failed', failure } : { state: 'succeeded' };
}

function isFinal(task: Task, deciding: Container[], rules: Rules): boolean {
  if (hasEnded(task)) {
    return true;
  }
  return rules.CompleteWhen === 'EXIT_CODES_KNOWN'
    && task.lastStatus === 'DEPROVISIONING'
    && deciding.every((container) => container.lastStatus === 'STOPPED' && container.exitCode !== undefined);
}

export function hasEnded(task: Task): boolean {
  return ENDED.includes(task.lastStatus ?? '');
}

/** A ladder: the most specific cause first, and a last rung for what nobody has seen yet. */
function failureOf(task: Task, deciding: Container[], rules: Rules): Failure | undefined {
  const awsReason = task.stoppedReason;
  switch (task.stopCode) {
    case 'TaskFailedToStart':
      return startFailure(task);
    case 'SpotInterruption':
      return { cause: 'the task lost its Spot capacity', awsReason, advice: 'run it on capacity that is not interrupted, or set retryAttempts', patience: lost(task) };
    case 'TerminationNotice':
      return { cause: 'the host of the task was about to be terminated', awsReason, advice: 'deploy again, or set retryAttempts', patience: lost(task) };
    case 'InfrastructureHealth':
      return { cause: 'the host of the task failed', awsReason, advice: 'deploy again, or set retryAttempts', patience: lost(task) };
    case 'UserInitiated':
      if (awsReason?.startsWith(STOPPED_BY)) {
        return { cause: `the task was stopped: ${awsReason.slice(STOPPED_BY.length)}` };
      }
      return { cause: 'the task was stopped from outside', awsReason, advice: 'look in CloudTrail for who called StopTask' };
    case 'ServiceSchedulerInitiated':
      return { cause: 'the task was stopped by the scheduler of an ECS service', awsReason };
    case 'EssentialContainerExited':
    case undefined:
      return exitFailure(task, deciding, rules);
    default:
      return { cause: `the task stopped with the code ${task.stopCode}`, awsReason };
  }
}

function startFailure(task: Task): Failure {
  const containers = task.containers ?? [];
  const awsReason = [...new Set([task.stoppedReason, ...containers.map(({ reason }) => reason)].filter(isGiven))].join('; ');
  const known = knownStartFailure(awsReason);
  return {
    cause: known ? `the task did not start: ${known.means}` : 'the task did not start',
    awsReason: awsReason || undefined,
    advice: known?.advice,
    container: containers.find(({ reason }) => reason)?.name,
    patience: nothingRan(task) ? known?.patience : 'as often as retryAttempts allows',
  };
}

function exitFailure(task: Task, deciding: Container[], rules: Rules): Failure | undefined {
  const failures = deciding.map((container) => containerFailure(container, task, rules)).filter(isGiven);
  if (failures.length === 0) {
    return undefined;
  }
  return { ...failures[0], cause: failures.map(({ cause }) => cause).join('; '), patience: 'as often as retryAttempts allows' };
}

function containerFailure({ name, exitCode, reason }: Container, task: Task, rules: Rules): Failure | undefined {
  const awsReason = reason ?? task.stoppedReason;
  if (exitCode === undefined) {
    const known = knownStartFailure(awsReason ?? '');
    return { cause: `container "${name}" has no exit code: ${known?.means ?? 'it never ran, or its host was lost'}`, awsReason, advice: known?.advice, container: name };
  }
  if (rules.SuccessExitCodes.includes(exitCode)) {
    return undefined;
  }
  const known = /OutOfMemory/.test(awsReason ?? '') ? knownStartFailure(awsReason!) : meaningOfExitCode(exitCode);
  return { cause: `container "${name}" exited with code ${exitCode}${known ? `: ${known.means}` : ''}`, awsReason: reason, advice: known?.advice, container: name };
}

/** Capacity that went away comes back. */
function lost(task: Task): Patience {
  return nothingRan(task) ? 'until the deadline' : 'as often as retryAttempts allows';
}

function nothingRan(task: Task): boolean {
  return task.startedAt === undefined
    && (task.containers ?? []).every((container) => container.exitCode === undefined && container.runtimeId === undefined);
}

function isGiven<T>(value: T | undefined): value is T {
  return value !== undefined;
}
