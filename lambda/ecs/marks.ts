import type { Task } from '@aws-sdk/client-ecs';
import type { RunSpec } from '../../src/contract';
import { digestOf } from '../cloudformation/identity';

/** Carries the mark of a task whose `startedBy` the user has chosen. */
export const TAG = 'cdk-ecs-run-task';

/** Where the tasks of a resource are found again. */
export interface Place {
  readonly cluster?: string;
  readonly family: string;
}

export function placeOf({ cluster, taskDefinition }: Partial<RunSpec['Request']>): Place {
  return { cluster, family: (taskDefinition ?? '').split('/').pop()!.split(':')[0] };
}

/** How the marks of all tasks of one request of a resource begin. */
export function markOfRequest(id: string, requestId: string): string {
  return `${id}/${digestOf(requestId, 8)}/`;
}

/**
 * Identifies a task by its resource, the request that started it, its number among the tasks of that request, and the
 * number of its token. At most 128 characters, the limit of `startedBy`.
 */
export function markOf(id: string, requestId: string, number: number, tokenNumber: number): string {
  return `${markOfRequest(id, requestId)}${number}/${tokenNumber}`;
}

/** The mark that a task has, if it is one of ours. */
export function readMark(task: Task): string {
  return task.tags?.find(({ key }) => key === TAG)?.value ?? task.startedBy ?? '';
}

/** The number and the token number that a mark ends in. */
export function parseMark(mark: string): { readonly number: number; readonly tokenNumber: number } | undefined {
  const [, number, tokenNumber] = /\/(\d+)\/(\d+)$/.exec(mark) ?? [];
  return number === undefined ? undefined : { number: Number(number), tokenNumber: Number(tokenNumber) };
}

/** The request with the mark in it. */
export function addMark(request: RunSpec['Request'], mark: string): RunSpec['Request'] {
  return request.startedBy
    ? { ...request, tags: [...request.tags ?? [], { key: TAG, value: mark }] }
    : { ...request, startedBy: mark };
}
