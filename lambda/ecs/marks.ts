import type { Task } from '@aws-sdk/client-ecs';
import { RESERVED_TAG, RunSpec } from '../../src/contract';
import { digestOf } from '../cloudformation/identity';
import { isNewerThan, Request } from '../cloudformation/request';

/** The resource, the request that started the task, its number in that request, and the number of its token. */
const MARK = /([0-9a-f]{12}\/[0-9a-f]{8})\/(\d+)\/(\d+)/;
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

/** Identifies a task. At most 36 characters: `startedBy` accepts 128 in RunTask today, and accepted no more than that before. */
export function markOf(id: string, requestId: string, number: number, tokenNumber: number): string {
  return `${markOfRequest(id, requestId)}${number}/${tokenNumber}`;
}

/** Whether a later request has started the task, or an earlier one that Lambda has delivered again. */
export function isOfLaterRequest({ id, event }: Request, task: Task, requestId = event.RequestId): boolean {
  const mark = readMark(task);
  return isNewerThan(event, task.createdAt) && mark.startsWith(markOfResource(id)) && !mark.startsWith(markOfRequest(id, requestId));
}

/** The mark that a task has, if it is one of ours. After a stop it is in the reason: StopTask deletes the tags. */
export function readMark({ tags = [], startedBy = '', stoppedReason = '' }: Task): string {
  const candidates = [...tags.filter(({ key }) => key === RESERVED_TAG).map(({ value = '' }) => value), startedBy, ENDS_IN_MARK.exec(stoppedReason)?.[1] ?? ''];
  return candidates.find((candidate) => IS_MARK.test(candidate)) ?? '';
}

/** The request of the resource that a mark begins with, and the number and the token number that it ends in. */
export function parseMark(mark: string): { readonly request: string; readonly number: number; readonly tokenNumber: number } | undefined {
  const [, request, number, tokenNumber] = IS_MARK.exec(mark) ?? [];
  return request === undefined ? undefined : { request, number: Number(number), tokenNumber: Number(tokenNumber) };
}

/** The request with the mark in it. */
export function addMark(request: RunSpec['Request'], mark: string): RunSpec['Request'] {
  return request.startedBy
    ? { ...request, tags: [...request.tags ?? [], { key: RESERVED_TAG, value: mark }] }
    : { ...request, startedBy: mark };
}
