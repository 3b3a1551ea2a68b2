import { createHash } from 'node:crypto';
import { DescribeStacksCommand, Stack } from '@aws-sdk/client-cloudformation';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import type { World } from '../world';

/** Those of CloudFormation, ECS and the signature, generously. */
const CLOCKS_DIFFER_BY_MS = 10_000;

/** What a task is run for. */
export type Occasion = 'deployment' | 'rollback' | 'deletion';

/** The states of the stack in which somebody waits for the result of a task. */
const AWAITED: { readonly [occasion in Occasion]: RegExp } = {
  deployment: /^(CREATE|UPDATE)_IN_PROGRESS$/,
  rollback: /ROLLBACK.*_IN_PROGRESS$/,
  deletion: /_IN_PROGRESS$/,
};

export async function describeStack(world: World, { StackId }: Pick<CloudFormationCustomResourceEvent, 'StackId'>): Promise<Partial<Stack>> {
  const { Stacks: [stack] = [] } = await world.cloudFormation.send(new DescribeStacksCommand({ StackName: StackId }));
  return stack ?? {};
}

/** What CloudFormation is doing with the stack. Throws where that is no longer what this request belongs to. */
export async function stackStatus(world: World, event: CloudFormationCustomResourceEvent): Promise<string> {
  const { StackStatus: status, LastUpdatedTime } = await describeStack(world, event);
  if (!status) {
    throw new Error('CloudFormation does not tell the status of the stack');
  }
  if (isAfter(LastUpdatedTime, event)) {
    throw new OutOfDate();
  }
  return status;
}

/** Lambda may deliver an event again at any time, also when another deployment has begun. Nobody waits for its answer then. */
export class OutOfDate extends Error {
  constructor() {
    super('this request is out of date: CloudFormation has gone on without it');
  }
}

/** Whether CloudFormation had sent this request by then; not where that can't be told. */
export function isAfter(time: Date | undefined, event: CloudFormationCustomResourceEvent): boolean {
  return time !== undefined && time.getTime() > (sentAt(event) ?? Infinity) + CLOCKS_DIFFER_BY_MS;
}

/** When CloudFormation sent the request, in milliseconds since 1970, by the signature of its URL. */
export function sentAt({ ResponseURL }: CloudFormationCustomResourceEvent): number | undefined {
  const signed = new URL(ResponseURL).searchParams.get('X-Amz-Date') ?? '';
  const time = Date.parse(signed.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  return Number.isNaN(time) ? undefined : time;
}

/**
 * Whether CloudFormation is undoing a deployment. Its events do not tell: a rollback is an Update like any other, with
 * the properties the other way round.
 */
export function isRollback(status: string): boolean {
  return AWAITED.rollback.test(status);
}

/** Whether CloudFormation does nothing more with the stack. */
export function isOver(status: string): boolean {
  return !/_IN_PROGRESS$/.test(status);
}

/** Whether anybody waits for the result of a task that is run for this. */
export function isAwaited(occasion: Occasion, status: string): boolean {
  return AWAITED[occasion].test(status);
}

/** Whether CloudFormation has turned back, so that nobody will wait for the result again. */
export function isUndone(occasion: Occasion, status: string): boolean {
  return !isAwaited(occasion, status) && /(ROLLBACK|DELETE).*_IN_PROGRESS$/.test(status);
}

/**
 * The name of a resource for its whole life: its physical id, and how the marks of its tasks begin. It follows from
 * stack and logical id alone, so that a Delete can find the task of a Create that has not answered yet. Resources that
 * wait for the same task have the name of the first one.
 */
export function identity(
  event: Pick<CloudFormationCustomResourceEvent, 'StackId' | 'LogicalResourceId'> & Partial<Pick<CloudFormationCustomResourceEvent, 'ResourceProperties'>>,
): string {
  const stackName = event.StackId.split('/')[1] ?? event.StackId;
  const logicalId: string = event.ResourceProperties?.PreviousLeg?.First ?? event.LogicalResourceId;
  const digest = digestOf(`${event.StackId} ${logicalId}`, 12);
  return [stackName.slice(0, 40), logicalId.slice(0, 55), digest].join('/').replace(/[^A-Za-z0-9_/-]/g, '-');
}

export function digestOf(text: string, length: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length);
}
