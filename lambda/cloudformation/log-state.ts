import type { Request } from './request';

/** What `filter state = ...` finds in the log: docs/monitoring.md describes them. */
export type LogState =
  | 'RECEIVED'
  | 'CONTINUED'
  | 'CLEARED'
  | 'STARTED'
  | 'PROVISIONING' | 'PENDING' | 'ACTIVATING' | 'RUNNING' | 'DEACTIVATING' | 'STOPPING' | 'DEPROVISIONING' | 'STOPPED' // of ECS
  | 'UNKNOWN'
  | 'RETRYING'
  | 'STOP_REQUESTED'
  | 'HANDED_OVER'
  | 'SUCCESS' | 'FAILED';

/**
 * Logs what happened, for people, with fields for CloudWatch Logs Insights, which reads the first JSON in each entry of the log
 * of a function. So the words of AWS or of the task, which may contain JSON, come after it.
 */
export function logState({ world, event, sentAt }: Request, state: LogState, text: string, { taskArn, details = [] }: {
  readonly taskArn?: string;
  readonly details?: readonly string[];
} = {}): void {
  const fields = {
    state,
    resource: event.LogicalResourceId,
    request: event.RequestId,
    seconds: Math.round((world.now() - sentAt) / 1000),
    task: taskArn,
  };
  world.log([`${text} ${JSON.stringify(fields)}`, ...details].join('\n'));
}
