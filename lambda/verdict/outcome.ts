import type { Container, Task } from '@aws-sdk/client-ecs';
import { Explanation, knownStartFailure, meaningOfExitCode, removeSign } from './causes';
import type { Failure, Patience } from './failure';
import { FAILURES, REASONS } from './texts';
import type { RunSpec } from '../../src/contract';

/** Which containers decide, and what counts as success. */
export interface Rules extends Pick<RunSpec, 'SuccessExitCodes' | 'CompleteWhen'> {
  readonly ExitCodeFrom: readonly string[];
  /** The containers of the task definition, if they are known. AWS adds more: a GuardDuty agent runs no code of the user. */
  readonly Containers?: readonly string[];
}

export type Outcome =
  | { readonly state: 'running' }
  | { readonly state: 'succeeded' }
  | { readonly state: 'failed'; readonly failure: Failure };

/** Begins the reason of each StopTask of the function, so that a person who finds a stopped task knows who stopped it. */
export const STOPPED_BY = 'cdk-ecs-run-task: ';

/** The states of a task that has ended. Everything else is on its way. */
const ENDED = ['STOPPED', 'DELETED'];

/**
 * Decides whether a task is running, has succeeded or has failed.
 *
 * Exit codes are final from DEPROVISIONING on, when ECS only has to remove the network interface: 12 to 25 seconds
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
    && deciding.length > 0
    && deciding.every((container) => container.lastStatus === 'STOPPED' && container.exitCode !== undefined);
}

export function hasEnded(task: Task): boolean {
  return ENDED.includes(task.lastStatus ?? '');
}

/** Whether ECS says that the function stopped the task. */
export function wasStopped(task: Task): boolean {
  return stopReasonOf(task) !== undefined;
}

/** Why the function sent StopTask, as ECS has kept it; nothing if it did not. */
export function stopReasonOf({ stoppedReason }: Task): string | undefined {
  return stoppedReason?.startsWith(STOPPED_BY) ? stoppedReason.slice(STOPPED_BY.length).replace(/ \([\w/]+\)$/, '') : undefined;
}

/** Checks the most specific causes first. The last case is for stop codes that are not known yet. */
function failureOf(task: Task, deciding: Container[], rules: Rules): Failure | undefined {
  const { stopCode } = task;
  const awsReason = wordsOf(task);
  const reason = stopReasonOf(task);
  switch (stopCode) {
    case 'TaskFailedToStart':
      return startFailure(task, rules);
    case 'SpotInterruption':
      return { ...FAILURES.spotInterruption, awsReason, patience: lost(task, rules) };
    case 'TerminationNotice':
      return { ...FAILURES.hostTerminated, awsReason, patience: lost(task, rules) };
    case 'InfrastructureHealth':
      return { ...FAILURES.hostFailed, awsReason, patience: lost(task, rules) };
    case 'UserInitiated':
      return { ...reason === undefined ? FAILURES.stoppedByOthers : FAILURES.stopped(reason), awsReason };
    case 'ServiceSchedulerInitiated':
      return { ...FAILURES.stoppedByService, awsReason };
    case 'EssentialContainerExited':
    case undefined:
      return exitFailure(task, deciding, rules);
    default:
      return { ...FAILURES.unknownStopCode(stopCode), awsReason, container: failedContainers(task, rules)[0]?.name };
  }
}

function startFailure(task: Task, rules: Rules): Failure {
  const containers = task.containers ?? [];
  const patience = (known?: Explanation) => nothingRan(task, rules) ? known?.patience : 'as often as retryAttempts allows';
  // A container that ran may have been killed only because another one did not start.
  const known = knownStartFailure(wordsOf({ ...task, containers: containers.filter(({ exitCode }) => exitCode === undefined) }) ?? '');
  const failed = failedContainers(task, rules);
  if (!known && failed.length > 0) {
    const exits = failed.map((container) => describeExit(container, task));
    return {
      ...FAILURES.didNotStart(exits.map(({ cause }) => cause).join('; ')),
      awsReason: wordsOf(task, { exitOf: failed }),
      advice: exits[0].advice,
      container: failed[0].name,
      patience: patience(),
    };
  }
  return {
    ...known ? FAILURES.didNotStart(known.means) : FAILURES.didNotStartUnexplained,
    awsReason: wordsOf(task),
    advice: known?.advice,
    container: containers.find(({ reason }) => reason)?.name,
    patience: patience(known),
  };
}

function exitFailure(task: Task, deciding: Container[], rules: Rules): Failure | undefined {
  const successes = rules.SuccessExitCodes.map(removeSign);
  const failed = deciding.filter(({ exitCode }) => exitCode === undefined || !successes.includes(removeSign(exitCode)));
  if (deciding.length > 0 && failed.length === 0) {
    return undefined;
  }
  if (failed.length === 0) {
    return { ...FAILURES.noDecidingContainer, awsReason: wordsOf(task) };
  }
  const exits = failed.map((container) => describeExit(container, task));
  return {
    cause: exits.map(({ cause }) => cause).join('; '),
    awsReason: wordsOf(task, { exitOf: failed }),
    advice: exits[0].advice,
    container: failed[0].name,
    patience: 'as often as retryAttempts allows',
  };
}

/** How a container ended, in words for the reader. */
function describeExit({ name, exitCode, reason }: Container, task: Task): Pick<Failure, 'cause' | 'advice'> {
  if (exitCode === undefined && task.containers?.length && !task.containers.some((container) => container.name === name)) {
    return FAILURES.noSuchContainer(name!);
  }
  if (exitCode === undefined) {
    const known = knownStartFailure(reason ?? task.stoppedReason ?? '');
    return { ...FAILURES.noExitCode(name!, known?.means ?? REASONS.neverRan), advice: known?.advice };
  }
  const awsReason = reason ?? task.stoppedReason ?? '';
  const known = (/OutOfMemory|Cannot\w+Error/.test(awsReason) ? knownStartFailure(awsReason) : undefined) ?? meaningOfExitCode(exitCode);
  return { ...FAILURES.exited(name!, `${exitCode}${known ? `: ${known.means}` : ''}`), advice: known?.advice };
}

/** Says no more than the stop code. */
const ESSENTIAL_EXITED = /^Essential container (in task )?exited\.?$/;

/** All words of ECS about the end of a task, and all exit codes, except for what the cause says already. A reason of the function is not one of ECS. */
export function wordsOf(task: Task, said: { exitOf?: readonly Container[] } = {}): string | undefined {
  const { stoppedReason, attachments = [], containers = [] } = task;
  const words: string[] = [];
  const isNew = (reason: string | undefined): reason is string =>
    !!reason && !words.some((word) => word.includes(reason));
  // Only an attachment has the reason why its volume could not be created or attached.
  const reasons = attachments.flatMap(({ details = [] }) => details.filter(({ name }) => name === 'statusReason').map(({ value }) => value));
  for (const reason of [...wasStopped(task) ? [] : [stoppedReason], ...reasons]) {
    if (isNew(reason)) {
      words.push(reason);
    }
  }
  for (const { name, exitCode, reason } of containers) {
    const exit = exitCode === undefined || said.exitOf?.some((container) => container.name === name) ? [] : [`exited with code ${exitCode}`];
    const text = [...exit, ...isNew(reason) ? [reason] : []].join(': ');
    if (text) {
      words.push(exit.length > 0 ? `container "${name}" ${text}` : containers.length > 1 ? `container "${name}": ${text}` : text);
    }
  }
  const more = words.filter((word) => !ESSENTIAL_EXITED.test(word));
  const isSaid = more.length > 0 || said.exitOf?.some(({ exitCode }) => exitCode !== undefined);
  return (isSaid ? more : words).join('; ') || undefined;
}

/** The containers of the task definition that failed. Those that were killed may only have been stopped with the task. */
function failedContainers({ containers = [] }: Task, rules: Rules): Container[] {
  const failed = containers
    .filter(({ name, exitCode }) => isOfDefinition(name, rules) && exitCode !== undefined && exitCode !== 0)
    .sort((one, other) => String(one.name).localeCompare(String(other.name)));
  const byThemselves = failed.filter(({ exitCode }) => exitCode !== 137 && exitCode !== 143);
  return byThemselves.length > 0 ? byThemselves : failed;
}

/** Lost capacity usually returns. */
function lost(task: Task, rules: Rules): Patience {
  return nothingRan(task, rules) ? 'until the deadline' : 'as often as retryAttempts allows';
}

function nothingRan({ startedAt, containers = [] }: Task, rules: Rules): boolean {
  return startedAt === undefined
    && containers.every(({ name, exitCode, runtimeId }) => !isOfDefinition(name, rules) || (exitCode === undefined && runtimeId === undefined));
}

function isOfDefinition(name: string | undefined, { Containers }: Rules): boolean {
  return Containers ? Containers.includes(name ?? '') : !/^aws-guardduty-agent/.test(name ?? '');
}
