import type { Task } from '@aws-sdk/client-ecs';
import type { RunSpec } from '../../src/contract';
import { digestOf } from '../cloudformation/stack';
import type { Job } from '../run/progress';

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

/**
 * Tells a task by its resource, the request that started it, its number among the tasks of that request, and the
 * attempt. At most 128 characters, the limit of `startedBy`.
 */
export function markOf(job: Job, number: number, attempt: number): string {
  return `${markOfRequest(job)}${number}/${attempt}`;
}

/** How the marks of all tasks of this request begin. */
export function markOfRequest({ id, requestId }: Job): string {
  return `${id}/${digestOf(requestId, 8)}/`;
}

/** The mark that a task has, if it is one of ours. */
export function markedAs(task: Task): string {
  return task.tags?.find(({ key }) => key === TAG)?.value ?? task.startedBy ?? '';
}

/** The request with the mark in it. */
export function marked(request: RunSpec['Request'], mark: string): RunSpec['Request'] {
  return request.startedBy
    ? { ...request, tags: [...request.tags ?? [], { key: TAG, value: mark }] }
    : { ...request, startedBy: mark };
}
