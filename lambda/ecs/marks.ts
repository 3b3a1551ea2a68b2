import type { Task } from '@aws-sdk/client-ecs';
import { RESERVED_TAG, RunSpec } from '../../src/contract';
import { digestOf } from '../cloudformation/identity';
import { isNewerThan, readSentAt, Request } from '../cloudformation/request';

/**
 * The resource, the request that began the run, the number of the task in that run, the number of its token, and when CloudFormation
 * sent that request, if the function knows: in seconds since 1970, to the base 36, which takes six characters.
 */
const MARK = /([0-9a-f]{12}\/[0-9a-f]{8})\/(\d+)\/(\d+)(?:\/([0-9a-z]+))?/;
const IS_MARK = new RegExp(`^${MARK.source}$`);
const ENDS_IN_MARK = new RegExp(`\\((${MARK.source})\\)$`);

/** How the tasks of a resource are found. */
export interface Place {
  readonly cluster?: string;
  readonly family: string;
  /** Chosen by the user, so that the mark is in a tag. */
  readonly startedBy?: string;
}

export function placeOf({ cluster, taskDefinition, startedBy }: Partial<RunSpec['Request']>): Place {
  return { cluster, family: String(taskDefinition ?? '').split('/').pop()!.split(':')[0], startedBy };
}

/** How the marks of all tasks of a resource begin: with the end of its name, which is unique. */
export function markOfResource(id: string): string {
  return `${id.split('/').pop()}/`;
}

/** How the marks of all tasks of one request of a resource begin. */
export function markOfRequest(id: string, requestId: string): string {
  return `${markOfResource(id)}${digestOf(requestId, 8)}/`;
}

/** How the marks of the tasks of a failed Create begin, by its physical id. */
export function markOfFailedCreate(physicalId: string): string {
  return `${physicalId.split('/').slice(-3, -1).join('/')}/`;
}

/** What a mark contains of a run: the request that began it, and when CloudFormation sent that. */
export interface MarkedRun {
  readonly requestId: string;
  readonly sentAt?: number;
}

/** Identifies a task. At most 36 characters: `startedBy` accepts 128 in RunTask today, and accepted no more than that before. */
export function markOf(id: string, { requestId, sentAt }: MarkedRun, number: number, tokenNumber: number): string {
  const time = sentAt === undefined ? '' : `/${Math.floor(sentAt / 1000).toString(36)}`;
  return `${markOfRequest(id, requestId)}${number}/${tokenNumber}${time}`;
}

/**
 * Whether a later request has started the task. The time in the mark decides, because an earlier request can start its task late,
 * and Lambda can deliver it again. Without two different times, the start of the task decides.
 */
export function isOfLaterRequest(request: Request, task: Task, requestId = request.event.RequestId): boolean {
  const later = sentLaterBy(request, task);
  return isOfOtherRequest(request, task, requestId) && (later ? later > 0 : isNewerThan(request.event, task.createdAt));
}

/** Whether an earlier request is certain to have started the task. */
export function isOfEarlierRequest(request: Request, task: Task, requestId: string): boolean {
  return isOfOtherRequest(request, task, requestId) && isOrderKnown(request, task) && !isOfLaterRequest(request, task, requestId);
}

/** Whether the mark of the task shows which of the two requests is the later one. */
export function isOrderKnown(request: Request, task: Task): boolean {
  return Boolean(sentLaterBy(request, task));
}

/** Whether the request has started the task. */
export function isOfRequest({ id }: Request, task: Task, requestId: string): boolean {
  return readMark(task).startsWith(markOfRequest(id, requestId));
}

function isOfOtherRequest(request: Request, task: Task, requestId: string): boolean {
  return readMark(task).startsWith(markOfResource(request.id)) && !isOfRequest(request, task, requestId);
}

/** How much later than this request CloudFormation has sent that of the task, in milliseconds; nothing if one of the times is unknown. */
function sentLaterBy({ event }: Request, task: Task): number | undefined {
  const [own, other] = [readSentAt(event), parseMark(task)?.sentAt];
  return own === undefined || other === undefined ? undefined : other - own;
}

/** The mark that a task has, if it is one of ours. After a stop it is in the reason: StopTask deletes the tags. */
export function readMark({ tags = [], startedBy = '', stoppedReason = '' }: Task): string {
  const candidates = [...tags.filter(({ key }) => key === RESERVED_TAG).map(({ value = '' }) => value), startedBy, ENDS_IN_MARK.exec(stoppedReason)?.[1] ?? ''];
  return candidates.find((candidate) => IS_MARK.test(candidate)) ?? '';
}

/** The parts of a mark. The request is that of the resource, as the mark begins with both. */
export interface ParsedMark {
  readonly request: string;
  readonly number: number;
  readonly tokenNumber: number;
  readonly sentAt?: number;
}

export function parseMark(task: Task): ParsedMark | undefined {
  const [, request, number, tokenNumber, time] = IS_MARK.exec(readMark(task)) ?? [];
  return request === undefined ? undefined
    : { request, number: Number(number), tokenNumber: Number(tokenNumber), sentAt: time === undefined ? undefined : parseInt(time, 36) * 1000 };
}

/** One task of several that a request has started one after the other, until one succeeds. */
export interface Attempt {
  readonly taskArn: string;
  readonly tokenNumber: number;
}

/** The attempts with this number, the latest first. */
export function attemptsOf(tasks: readonly Task[], number: number): Attempt[] {
  return tasks.flatMap((task) => {
    const mark = parseMark(task);
    return mark?.number === number ? { taskArn: task.taskArn!, tokenNumber: mark.tokenNumber } : [];
  }).sort((one, other) => other.tokenNumber - one.tokenNumber);
}

/** The request with the mark in it. */
export function addMark(request: RunSpec['Request'], mark: string): RunSpec['Request'] {
  return request.startedBy
    ? { ...request, tags: [...request.tags ?? [], { key: RESERVED_TAG, value: mark }] }
    : { ...request, startedBy: mark };
}
