import { Duration, Lazy, Token } from 'aws-cdk-lib';
import type { RunTaskProperties, RunSpec } from '../contract';
import { LONGEST_SERVICE_TIMEOUT_SECONDS, serviceTimeoutFor, STOP_SECONDS } from '../timing';
import type { Task } from './render-request';
import { CompleteWhen, OnRollback, RunOn } from '../run-task-props';
import { decidingOf, logsOf, logStreamsOf, ownedDefinition } from './task-definition';
import { usesLogs } from './validation';

/** What the handler is told of a task, and of the one that a Delete runs. */
export function renderProperties(task: Task, results: { [attribute: string]: string }, deletion?: Task): RunTaskProperties {
  const { runOn = RunOn.CHANGE, triggers, onRollback } = task.props;
  const { Request, ...wait } = renderRun(task, results);
  return {
    Request,
    RunOn: runOn,
    Triggers: triggers,
    SynthesizedAt: runOn === RunOn.EVERY_DEPLOYMENT ? new Date().toISOString() : undefined,
    ...wait,
    OnRollback: onRollback === OnRollback.RUN ? 'RUN' : undefined,
    OnDelete: deletion && renderRun(deletion),
  };
}

function renderRun({ props, request }: Task, results: { [attribute: string]: string } = {}): RunSpec {
  const owned = ownedDefinition(props.taskDefinition);
  return {
    Request: request,
    TimeoutSeconds: (props.timeout ?? Duration.minutes(30)).toSeconds(),
    RetryAttempts: props.retryAttempts || undefined,
    ExitCodeFrom: props.exitCodeFrom ?? (owned && Lazy.list({ produce: () => decidingOf(props) })),
    SuccessExitCodes: props.successExitCodes ?? [0],
    CompleteWhen: props.completeWhen ?? CompleteWhen.EXIT_CODES_KNOWN,
    LogTailLines: props.logTailLines ?? 20,
    Logs: Lazy.any({ produce: () => orAbsent(usesLogs(Object.keys(results)) ? logStreamsOf(props) : logsOf(props)) }) as unknown as RunSpec['Logs'],
    UsedAttributes: Lazy.any({ produce: () => orAbsent(results) }) as unknown as RunSpec['UsedAttributes'],
  };
}

function orAbsent<T extends object>(map: T): T | undefined {
  return Object.keys(map).length > 0 ? map : undefined;
}

/** For whichever of the requests takes longest: CloudFormation has one limit for all of them. */
export function serviceTimeout({ TimeoutSeconds, OnDelete }: RunTaskProperties): number {
  if (Token.isUnresolved(TimeoutSeconds) || Token.isUnresolved(OnDelete?.TimeoutSeconds)) {
    return LONGEST_SERVICE_TIMEOUT_SECONDS;
  }
  // A Delete may first have to stop a task that is still running.
  const longest = Math.max(TimeoutSeconds, OnDelete ? OnDelete.TimeoutSeconds + STOP_SECONDS : 0);
  return serviceTimeoutFor(longest);
}
