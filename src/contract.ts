import type { RunTaskRequest } from '@aws-sdk/client-ecs';

/** One task to run, and how to wait for it. */
export interface RunSpec {
  /** The request as ECS gets it. The handler adds `clientToken`, and `startedBy` where it is absent. */
  readonly Request: Omit<RunTaskRequest, 'clientToken'>;

  /** From the beginning of CloudFormation's request to the end of the task, retries included. */
  readonly TimeoutSeconds: number;

  /** How often a task runs again that has run and failed; absent for never. */
  readonly RetryAttempts?: number;

  /** The containers whose exit codes decide; absent where only the task definition in the account knows them. */
  readonly ExitCodeFrom?: readonly string[];

  /** Exit codes that count as success. */
  readonly SuccessExitCodes: readonly number[];

  /** What has to be seen before the result is final. */
  readonly CompleteWhen: 'EXIT_CODES_KNOWN' | 'TASK_STOPPED';

  /** How many of a container's last log lines the failure shows; 0 reads no logs. */
  readonly LogTailLines: number;

  /** Where each container logs to, as far as the construct can know it. */
  readonly Logs?: { readonly [containerName: string]: LogLocation };

  /** The attributes of the resource that the stack uses: by the name of each, the output of the stack that keeps its value. */
  readonly UsedAttributes?: { readonly [attribute: string]: string };

  /** Whether another resource goes on waiting when the hour of this one is over; absent for not. */
  readonly HasNextLeg?: true;

  /** For the resource that goes on: the logical id of the first one, and the attribute `Baton` of the one before it. */
  readonly PreviousLeg?: { readonly First: string; readonly Baton: string };
}

/**
 * What the construct tells the handler: the properties of one `Custom::EcsRunTask`.
 *
 * Both sides import this type; neither exports it to users. CloudFormation delivers every number and boolean
 * in it as a string (the handler puts the types back), and starts an Update whenever one of them changes. So
 * the same props must render the same properties in every later version of the library, or upgrading it would
 * run everybody's tasks again: a new member has to be absent where nobody asked for it.
 */
export interface RunTaskProperties extends RunSpec {
  /** When an Update runs the task. */
  readonly RunOn: 'CHANGE' | 'CREATE' | 'EVERY_DEPLOYMENT';

  /** The user's own reasons to run again. */
  readonly Triggers?: { readonly [name: string]: string };

  /** The time of the synthesis, with `EVERY_DEPLOYMENT` only: makes each deployment an Update. */
  readonly SynthesizedAt?: string;

  /** Whether the rollback of an Update runs the task; absent for not. */
  readonly OnRollback?: 'RUN';

  /** What a Delete runs; absent for nothing. */
  readonly OnDelete?: RunSpec;
}

/** Begins the names of those attributes that are values the task has printed. */
export const OUTPUT_PREFIX = 'Output';

/** Whether an attribute is a value that the task prints. */
export function isOutput(attribute: string): boolean {
  return attribute.startsWith(OUTPUT_PREFIX);
}

/** Where the `awslogs` driver writes: the stream is `<prefix>/<container name>/<task id>`. */
export interface LogLocation {
  readonly Group: string;
  readonly StreamPrefix: string;
}

/** For ever: CloudFormation replaces a resource whose type changes, and with it would run the task again. */
export const RESOURCE_TYPE = 'Custom::EcsRunTask';
