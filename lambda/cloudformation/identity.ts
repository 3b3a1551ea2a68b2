import { createHash } from 'node:crypto';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';

type Named = Pick<CloudFormationCustomResourceEvent, 'StackId' | 'LogicalResourceId'> & Partial<Pick<CloudFormationCustomResourceEvent, 'ResourceProperties'>>;

/**
 * The name of a resource for its whole life: its physical id, and how the marks of its tasks begin. It follows from
 * stack and logical id alone, so that a Delete can find the task of a Create that has not answered yet. Resources that
 * wait for the same task have the name of the first one.
 */
export function identity(event: Named): string {
  const stackId = String(event.StackId);
  const stackName = stackId.split('/')[1] ?? stackId;
  const first: unknown = event.ResourceProperties?.PreviousLeg?.First;
  const logicalId = typeof first === 'string' ? first : event.LogicalResourceId;
  const digest = digestOf(`${stackId} ${logicalId}`, 12);
  return [stackName.slice(0, 40), logicalId.slice(0, 55), digest].join('/').replace(/[^A-Za-z0-9_/-]/g, '-');
}

/**
 * The physical id of an answer. An existing one stays, even one that CloudFormation made up: another would be a replacement.
 * The id of a failed Create names the request that started its tasks: CloudFormation may send the Delete for it at any time,
 * even while the next deployment runs the task again.
 */
export function choosePhysicalId(event: CloudFormationCustomResourceEvent, id: string, status: 'SUCCESS' | 'FAILED', requestId = event.RequestId): string {
  if ('PhysicalResourceId' in event && event.PhysicalResourceId) {
    return event.PhysicalResourceId;
  }
  return status === 'FAILED' ? `${id}/${digestOf(requestId, 8)}/failed` : id;
}

/** What created a resource with this physical id. */
export function originOf(physicalId: string | undefined, id: string): 'success' | 'failure' | 'CloudFormation' {
  if (physicalId === id) {
    return 'success';
  }
  return physicalId?.startsWith(`${id}/`) && physicalId.endsWith('/failed') ? 'failure' : 'CloudFormation';
}

export function digestOf(text: string, length: number): string {
  return createHash('sha256').update(String(text)).digest('hex').slice(0, length);
}
