import { DescribeStacksCommand, Stack } from '@aws-sdk/client-cloudformation';
import { Event, isLate, isNewerThan, Request, StackPoint } from './request';
import { CLOCKS_DIFFER_BY_MS, STALE_FOR_MS } from '../../src/timing';
import { OutOfDate, Unusable } from '../verdict/failure';
import { ERRORS } from '../verdict/texts';

/** What a task is run for. */
export type Occasion = 'deployment' | 'rollback' | 'deletion';

/** The states of the stack in which CloudFormation waits for the result of a task. */
const WAITED_FOR: { readonly [occasion in Occasion]: RegExp } = {
  deployment: /^(CREATE|UPDATE|IMPORT)_IN_PROGRESS$/,
  rollback: /(^|_)ROLLBACK_IN_PROGRESS$/, // no Update is sent in a clean-up
  deletion: /_IN_PROGRESS$/,
};

/** The phases of one operation, in order. */
const PHASES = [
  /^REVIEW_/,
  /^(CREATE|UPDATE)_IN_PROGRESS$/,
  /^(CREATE|UPDATE)_(FAILED|COMPLETE)/,
  /^(UPDATE_)?ROLLBACK_(IN_PROGRESS|FAILED)$/, // also of a nested stack that was complete, and again after a failure
  /^(UPDATE_)?ROLLBACK_COMPLETE/,
];

/** A stack as far as DescribeStacks has returned it. */
export type DescribedStack = Partial<Stack> & { readonly StackStatus: string };

/** What DescribeStacks reports can be a minute old. Throws if it reports less than it did before, or no status of this stack. */
export async function describeStack(request: Request): Promise<DescribedStack> {
  const { world, event, latest } = request;
  const { Stacks = [] } = await world.cloudFormation.send(new DescribeStacksCommand({ StackName: event.StackId }));
  const stack: Partial<Stack> | undefined = Stacks.find(({ StackId = event.StackId }) => StackId === event.StackId);
  if (!hasStatus(stack)) {
    throw new Unusable(ERRORS.noStackStatus);
  }
  const point = findPoint(stack, world.now());
  if (point && latest && isBefore(point, latest) && point.readAt < latest.readAt + STALE_FOR_MS) {
    throw new Unusable(ERRORS.staleStack);
  }
  request.isPast ||= latest && isOver(event, latest.status) && !beganAfter(event, new Date(latest.began)) && beganAfter(event, stack.LastUpdatedTime);
  request.latest = point ?? latest;
  return stack;
}

function hasStatus(stack: Partial<Stack> | undefined): stack is DescribedStack {
  return Boolean(stack?.StackStatus);
}

/** Whether the operation that began then is a later one than that of the request, as far as its time shows that. */
function beganAfter(event: Event, time: Date | undefined): boolean {
  return isNewerThan(event, time, CLOCKS_DIFFER_BY_MS / 2);
}

/** Nothing if the response does not show it: an update without its time, or an import. */
function findPoint(stack: DescribedStack, readAt: number): StackPoint | undefined {
  const { StackStatus: status } = stack;
  const began = timeOfOperation(stack);
  const phase = status.startsWith('DELETE_') ? 0 : PHASES.findIndex((states) => states.test(status));
  return began === undefined || phase < 0 ? undefined : { began, phase, status, outputs: stack.Outputs, readAt };
}

/**
 * When the operation began, in milliseconds since 1970; nothing if the response lacks the time of an update. Nothing comes after
 * a deletion, so its time does not matter.
 */
export function timeOfOperation(stack: DescribedStack): number | undefined {
  const { StackStatus: status, LastUpdatedTime, CreationTime } = stack;
  const began = LastUpdatedTime ?? (isOfUpdate(status) ? undefined : CreationTime ?? new Date(0));
  return status.startsWith('DELETE_') ? Infinity : began?.getTime();
}

function isBefore(one: StackPoint, other: StackPoint): boolean {
  return one.began < other.began || (one.began === other.began && one.phase < other.phase);
}

/** What CloudFormation is doing with the stack. */
export interface StackReading {
  readonly status: string;
  /** Whether a later operation has begun since the request was sent. */
  readonly isSuperseded: boolean;
  /** Whether a later operation may have begun. No document says that LastUpdatedTime does not move within an operation. */
  readonly isNewer: boolean;
  /** Whether it shows which operation it belongs to. */
  readonly isDated: boolean;
}

/** Whether the event, or a response, has shown that the request belongs to an update. */
export function isKnownUpdate({ event, latest }: Request): boolean {
  return event.RequestType !== 'Create' || (latest !== undefined && isOfUpdate(latest.status) && !beganAfter(event, new Date(latest.began)));
}

export async function readStack(request: Request): Promise<StackReading> {
  const { event } = request;
  const { StackStatus: status, LastUpdatedTime } = await describeStack(request);
  const isNewer = beganAfter(event, LastUpdatedTime);
  return {
    status,
    // In the first minute of a request, the time proves nothing alone.
    isSuperseded: isNewer && (request.isPast || isLate(request) || isNewerThan(event, LastUpdatedTime, STALE_FOR_MS)),
    isNewer,
    isDated: LastUpdatedTime !== undefined || !isOfUpdate(status),
  };
}

/** Whether the operation is an update, which only its time identifies: a stack is created and deleted once. */
export function isOfUpdate(status: string): boolean {
  return status.startsWith('UPDATE_');
}

/** The same for a request that must not be older than the operation: throws `OutOfDate` otherwise. */
export async function readStackUpToDate(request: Request): Promise<StackReading> {
  const reading = await readStack(request);
  if (reading.isSuperseded) {
    throw new OutOfDate();
  }
  return reading;
}

export async function readStackStatus(request: Request): Promise<string> {
  return (await readStackUpToDate(request)).status;
}

/** The status, or nothing when it cannot be read now or the request is out of date. */
export async function findStackStatus(request: Request): Promise<string | undefined> {
  return readStackStatus(request).catch((error) => {
    request.world.log(`DescribeStacks failed: ${error}`);
    return undefined;
  });
}

/**
 * Whether CloudFormation is rolling back an update. The event does not show that: in a rollback, CloudFormation sends an ordinary
 * Update with old and new properties swapped.
 */
export function isRollbackStatus(status: string): boolean {
  return isWaitedFor('rollback', status);
}

/** Whether a Delete is part of a rollback, which removes in its clean-up what the update had created. */
export function isRollbackOfDelete(status: string): boolean {
  return /ROLLBACK.*_IN_PROGRESS$/.test(status);
}

/** Whether CloudFormation does nothing more with the stack. */
export function isFinalStatus(status: string): boolean {
  return !/_IN_PROGRESS$/.test(status);
}

/** Whether CloudFormation sends no more requests like this one: only a Delete belongs to a clean-up. */
function isOver({ RequestType }: Event, status: string): boolean {
  return RequestType === 'Delete' ? isFinalStatus(status) : !isWaitedFor('deployment', status) && !isWaitedFor('rollback', status);
}

/** Whether CloudFormation waits for the result of a task that is run for this. */
export function isWaitedFor(occasion: Occasion, status: string): boolean {
  return WAITED_FOR[occasion].test(status);
}

/** Whether CloudFormation cancels what the task is run for, and will not wait for its result again. */
export function wasCancelled(occasion: Occasion, status: string): boolean {
  return !isWaitedFor(occasion, status) && /(ROLLBACK|DELETE).*_IN_PROGRESS$/.test(status);
}
