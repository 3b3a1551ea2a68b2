import type { Answer } from './answer';
import type { Request } from './request';
import { METRICS, METRICS_NAMESPACE, TASK_DIMENSION } from '../../src/contract';

/** The longest cause that a query has to show. */
const CAUSE_LENGTH = 200;

/**
 * The metrics of an answer as a line of the log, from which CloudWatch takes them:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 *
 * Nothing for a task whose metrics the app does not use, and for a success that ran no task or passed it to the next resource.
 */
export function renderMetrics({ world, event, sentAt }: Request, { status, reason, reruns }: Answer): string | undefined {
  const task = world.metricTasks[event.LogicalResourceId];
  if (task === undefined || (status === 'SUCCESS' && reruns === undefined)) {
    return undefined;
  }
  const isFailure = status === 'FAILED';
  const values: Record<keyof typeof METRICS, number> = {
    Failures: isFailure ? 1 : 0,
    Reruns: reruns ?? 0,
    Duration: Math.round((world.now() - sentAt) / 1000),
  };
  return JSON.stringify({
    _aws: {
      Timestamp: world.now(),
      CloudWatchMetrics: [{
        Namespace: METRICS_NAMESPACE,
        Dimensions: [[TASK_DIMENSION]],
        Metrics: Object.entries(METRICS).map(([Name, Unit]) => ({ Name, Unit })),
      }],
    },
    [TASK_DIMENSION]: task,
    ...values,
    Cause: isFailure ? reason[0]?.text.slice(0, CAUSE_LENGTH) : undefined,
  });
}

/** The tasks whose metrics the app uses, by the logical ids of their resources. */
export function readMetricTasks(text: string | undefined): { readonly [logicalId: string]: string } {
  try {
    return Object(JSON.parse(text ?? '{}'));
  } catch {
    return {}; // no reason to fail a deployment
  }
}
