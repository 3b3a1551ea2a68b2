import { CfnResource, Duration, Lazy, Token } from 'aws-cdk-lib';
import { RunSpec, RunTaskProperties, usesLogs } from '../contract';
import { DEFAULT_TIMEOUT_SECONDS, LONGEST_SERVICE_TIMEOUT_SECONDS, serviceTimeoutFor, STOP_SECONDS } from '../timing';
import type { RenderedTask } from './render-request';
import { readProperties, readResource } from './resource-reader';
import { CompleteWhen, OnRollback, RunOn } from '../run-task-props';
import { findDecidingContainers, findLogLocations, findLogsToRead } from './task-definition';

/** The properties of the custom resource: the task, and the task that a Delete runs. */
export function renderProperties(task: RenderedTask, usedAttributes: { [attribute: string]: string }, deletion?: RenderedTask): RunTaskProperties {
  const { runOn = RunOn.CHANGE, triggers, onRollback } = task.props;
  const { Request, ...wait } = renderRun(task, usedAttributes);
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

/** The request as the template has it, which an escape hatch can change. */
export function readRequest(resource: CfnResource, { request }: RenderedTask, isForDelete = false): RunSpec['Request'] {
  if (!resource['rawOverrides'].Properties) { // eslint-disable-line dot-notation
    return request;
  }
  const { Request, OnDelete } = readProperties(readResource(resource, { only: ['request', 'onDelete'] }));
  return isForDelete ? OnDelete?.Request ?? request : Request;
}

function renderRun({ props, request }: RenderedTask, usedAttributes: { [attribute: string]: string } = {}): RunSpec {
  return {
    Request: request,
    TimeoutSeconds: (props.timeout ?? Duration.seconds(DEFAULT_TIMEOUT_SECONDS)).toSeconds(),
    RetryAttempts: props.retryAttempts || undefined,
    ExitCodeFrom: props.exitCodeFrom ?? Lazy.list({ produce: () => findDecidingContainers(props) }),
    SuccessExitCodes: props.successExitCodes ?? [0],
    CompleteWhen: props.completeWhen ?? CompleteWhen.EXIT_CODES_KNOWN,
    LogTailLines: props.logTailLines ?? 20,
    Logs: Lazy.any({ produce: () => undefinedIfEmpty(usesLogs(Object.keys(usedAttributes)) ? findLogLocations(props) : findLogsToRead(props)) }) as unknown as RunSpec['Logs'],
    UsedAttributes: Lazy.any({ produce: () => undefinedIfEmpty(usedAttributes) }) as unknown as RunSpec['UsedAttributes'],
  };
}

function undefinedIfEmpty<T extends object>(map: T): T | undefined {
  return Object.keys(map).length > 0 ? map : undefined;
}

/** Long enough for Create, Update and Delete: CloudFormation has one limit for all of them. */
export function chooseServiceTimeout({ TimeoutSeconds, OnDelete }: RunTaskProperties): number {
  if (Token.isUnresolved(TimeoutSeconds) || Token.isUnresolved(OnDelete?.TimeoutSeconds)) {
    return LONGEST_SERVICE_TIMEOUT_SECONDS;
  }
  // A Delete may first have to stop a task that is still running.
  const longest = Math.max(TimeoutSeconds, OnDelete ? OnDelete.TimeoutSeconds + STOP_SECONDS : 0);
  return serviceTimeoutFor(longest);
}
