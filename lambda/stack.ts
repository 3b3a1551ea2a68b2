import { createHash } from 'node:crypto';
import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import type { Surroundings } from './surroundings';

/** What CloudFormation is doing with the stack. */
export async function stackStatus(world: Surroundings, stackId: string): Promise<string> {
  const { Stacks = [] } = await world.cloudFormation.send(new DescribeStacksCommand({ StackName: stackId }));
  const status = Stacks[0]?.StackStatus;
  if (!status) {
    throw new Error('CloudFormation does not tell the status of the stack');
  }
  return status;
}

/**
 * Whether CloudFormation is undoing this deployment. Its events do not tell: a rollback is an Update like any
 * other, with the properties the other way round.
 */
export function isBeingUndone(status: string): boolean {
  return /ROLLBACK|DELETE/.test(status);
}

/** Whether anybody waits for the result of a task. */
export function isDeploying(status: string): boolean {
  return /^(CREATE|UPDATE)_IN_PROGRESS$/.test(status);
}

/**
 * The name of a resource for its whole life: its physical id, and the `startedBy` of its tasks. It follows from
 * stack and logical id alone, so that a Delete can find the task of a Create that has not answered yet.
 */
export function identity(event: Pick<CloudFormationCustomResourceEvent, 'StackId' | 'LogicalResourceId'>): string {
  const stackName = event.StackId.split('/')[1] ?? event.StackId;
  const digest = createHash('sha256').update(`${event.StackId} ${event.LogicalResourceId}`).digest('hex').slice(0, 12);
  return [stackName.slice(0, 40), event.LogicalResourceId.slice(0, 60), digest].join('/').replace(/[^A-Za-z0-9_/-]/g, '-');
}
