import { createHash } from 'node:crypto';
import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import type { Surroundings } from './surroundings';

/**
 * Whether CloudFormation is undoing this deployment. Its events do not tell: a rollback is an Update like any
 * other, with the properties the other way round.
 */
export async function isBeingUndone(world: Surroundings, stackId: string): Promise<boolean> {
  const { Stacks = [] } = await world.cloudFormation.send(new DescribeStacksCommand({ StackName: stackId }));
  return /ROLLBACK|DELETE/.test(Stacks[0]?.StackStatus ?? '');
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
