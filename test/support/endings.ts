import type { Task } from '@aws-sdk/client-ecs';

export const TASK_ARN = 'arn:aws:ecs:eu-west-1:111122223333:task/shop/0f9c1f8e6f4b4d0c';

/** A task that has ended, as DescribeTasks returns it. */
export function ended(task: Partial<Task>): Task {
  return {
    taskArn: TASK_ARN,
    lastStatus: 'STOPPED',
    desiredStatus: 'STOPPED',
    stopCode: 'EssentialContainerExited',
    stoppedReason: 'Essential container in task exited',
    startedAt: new Date('2026-01-01T00:00:30Z'),
    ...task,
  };
}

/** A task that ran and whose only container exited. */
export function exited(exitCode: number, reason?: string): Task {
  return ended({ containers: [{ name: 'app', lastStatus: 'STOPPED', runtimeId: '0f9c-1', exitCode, reason }] });
}

/** A task in which no container ran. */
export function neverStarted(stoppedReason: string, containerReason?: string): Task {
  return ended({
    stopCode: 'TaskFailedToStart',
    stoppedReason,
    startedAt: undefined,
    containers: [{ name: 'app', lastStatus: 'STOPPED', reason: containerReason }],
  });
}
