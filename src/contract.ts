import type { RunTaskRequest } from '@aws-sdk/client-ecs';

/** One task to run, and how to wait for it. */
export interface RunSpec {
  /** The request as ECS gets it. The handler adds `clientToken`, and `startedBy` if it is absent. */
  readonly Request: Omit<RunTaskRequest, 'clientToken'>;

  /** From the beginning of CloudFormation's request to the end of the task, retries included. */
  readonly TimeoutSeconds: number;

  /** How many times to rerun a task that failed; absent for never. */
  readonly RetryAttempts?: number;

  /** The containers whose exit codes decide; absent if only the task definition in the account knows them. */
  readonly ExitCodeFrom?: readonly string[];

  /** Exit codes that count as success. */
  readonly SuccessExitCodes: readonly number[];

  /** What makes the result final. */
  readonly CompleteWhen: 'EXIT_CODES_KNOWN' | 'TASK_STOPPED';

  /** How many of a container's last log lines the failure shows; 0 reads no logs. */
  readonly LogTailLines: number;

  /** Where each container logs to, if the construct can know it. */
  readonly Logs?: { readonly [containerName: string]: LogLocation };

  /** The attributes that the stack uses: for each name, the output of the stack that keeps its value. */
  readonly UsedAttributes?: { readonly [attribute: string]: string };

  /** Whether another resource continues waiting after the hour of this resource; absent for no. */
  readonly HasNextLeg?: true;

  /** For a resource that continues waiting: the logical id of the first resource, and the attribute `Baton` of the previous one. */
  readonly PreviousLeg?: { readonly First: string; readonly Baton: string };
}

/**
 * What the construct passes to the handler: the properties of one `Custom::EcsRunTask`.
 *
 * Both sides import this type; neither exports it to users. CloudFormation delivers every number and boolean
 * in it as a string (the handler restores the types), and starts an Update whenever one of them changes. So the
 * same props must render the same properties in every later version of the library. Otherwise an upgrade would run
 * the tasks of all users again. A new member must be absent unless the user sets it.
 */
export interface RunTaskProperties extends RunSpec {
  /** When an Update runs the task. */
  readonly RunOn: 'CHANGE' | 'CREATE' | 'EVERY_DEPLOYMENT';

  /** Values of the user that run the task again when they change. */
  readonly Triggers?: { readonly [name: string]: string };

  /** The time of the synthesis, only with `EVERY_DEPLOYMENT`: it makes each deployment an Update. */
  readonly SynthesizedAt?: string;

  /** Whether the rollback of an Update runs the task; absent for no. */
  readonly OnRollback?: 'RUN';

  /** What a Delete runs; absent for nothing. */
  readonly OnDelete?: RunSpec;
}

/** The key of the tag by which the function finds tasks whose `startedBy` the user has chosen. */
export const RESERVED_TAG = 'cdk-ecs-run-task';

/** The prefix of the attributes whose values the task prints. */
export const OUTPUT_PREFIX = 'Output';

/** Whether an attribute is a value that the task prints. */
export function isOutput(attribute: string): boolean {
  return attribute.startsWith(OUTPUT_PREFIX);
}

/** Whether the function needs to know where the containers log to. */
export function usesLogs(attributes: string[]): boolean {
  return attributes.some((attribute) => isOutput(attribute) || attribute === 'LogStreamName');
}

/** Where the `awslogs` driver writes: the stream is `<prefix>/<container name>/<task id>`. */
export interface LogLocation {
  readonly Group: string;
  readonly StreamPrefix: string;
  /** Absent for the Region of the task. */
  readonly Region?: string;
}

/** The environment variable of the function with the tasks whose metrics the app uses: JSON, by the logical ids of their resources. */
export const METRIC_TASKS_VARIABLE = 'ECS_RUN_TASK_METRICS';

export const METRICS_NAMESPACE = 'EcsRunTask';

/** The dimension of the metrics: the path of the construct. */
export const TASK_DIMENSION = 'Task';

/** The metrics of a task, with their units. */
export const METRICS = { Failures: 'Count', Reruns: 'Count', Duration: 'Seconds' } as const;

/** Must never change: CloudFormation replaces a resource whose type changes, which would run the task again. */
export const RESOURCE_TYPE = 'Custom::EcsRunTask';
