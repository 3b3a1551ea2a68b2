import { DescribeStacksCommand, Stack } from '@aws-sdk/client-cloudformation';
import { isNewerThan, Request } from './request';
import { OutOfDate } from '../verdict/failure';

/** What a task is run for. */
export type Occasion = 'deployment' | 'rollback' | 'deletion';

/** The states of the stack in which CloudFormation waits for the result of a task. */
const WAITED_FOR: { readonly [occasion in Occasion]: RegExp } = {
  deployment: /^(CREATE|UPDATE)_IN_PROGRESS$/,
  rollback: /ROLLBACK.*_IN_PROGRESS$/,
  deletion: /_IN_PROGRESS$/,
};

export async function describeStack({ world, event }: Request): Promise<Partial<Stack>> {
  const { Stacks: [stack] = [] } = await world.cloudFormation.send(new DescribeStacksCommand({ StackName: event.StackId }));
  return stack ?? {};
}

/** What CloudFormation is doing with the stack. Throws `OutOfDate` when a later operation has begun since the request was sent. */
export async function readStackStatus(request: Request): Promise<string> {
  const { StackStatus: status, LastUpdatedTime } = await describeStack(request);
  if (!status) {
    throw new Error('CloudFormation does not tell the status of the stack');
  }
  if (isNewerThan(request.event, LastUpdatedTime)) {
    throw new OutOfDate();
  }
  return status;
}

/**
 * Whether CloudFormation is rolling back. Its events do not say so: a rollback is an Update like any other, with the
 * properties the other way round.
 */
export function isRollbackStatus(status: string): boolean {
  return WAITED_FOR.rollback.test(status);
}

/** Whether CloudFormation does nothing more with the stack. */
export function isFinalStatus(status: string): boolean {
  return !/_IN_PROGRESS$/.test(status);
}

/** Whether CloudFormation waits for the result of a task that is run for this. */
export function isWaitedFor(occasion: Occasion, status: string): boolean {
  return WAITED_FOR[occasion].test(status);
}

/** Whether CloudFormation has turned back, so that nobody waits for the result again. */
export function wasCancelled(occasion: Occasion, status: string): boolean {
  return !isWaitedFor(occasion, status) && /(ROLLBACK|DELETE).*_IN_PROGRESS$/.test(status);
}
