import type { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import type { ECSClient } from '@aws-sdk/client-ecs';
import type { LambdaClient } from '@aws-sdk/client-lambda';

/** Everything that the handler touches outside itself, passed in: the same code runs in Lambda, on virtual time, and against a local endpoint. */
export interface World {
  readonly ecs: Pick<ECSClient, 'send'>;
  readonly logs: Pick<CloudWatchLogsClient, 'send'>;
  readonly cloudFormation: Pick<CloudFormationClient, 'send'>;
  readonly lambda: Pick<LambdaClient, 'send'>;
  /** The tasks whose metrics the app uses, by the logical ids of their resources. */
  readonly metricTasks: { readonly [logicalId: string]: string };
  /** The client for a log in another Region. */
  logsIn(region: string): Pick<CloudWatchLogsClient, 'send'>;
  /** Sends the body to the URL and returns the HTTP status. */
  put(url: string, body: string): Promise<number>;
  /** Milliseconds since 1970. */
  now(): number;
  sleep(milliseconds: number): Promise<void>;
  /** The same for what is mostly over before: nothing waits for it to resolve. */
  expire(milliseconds: number): Promise<void>;
  /** From 0 to 1, for jitter. */
  random(): number;
  /** One line. Never the event, whose ResponseURL is a secret, nor the ECS request, whose environment may be one. */
  log(line: string): void;
}
