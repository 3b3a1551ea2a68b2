import type { Task } from '@aws-sdk/client-ecs';
import type { Run } from './progress';
import { readContainers, ResolvedRun } from '../ecs/resolve-containers';
import { judge, Outcome } from '../verdict/outcome';

/** For an imported task definition, only ECS can name the deciding containers. A task starts only if they are known. */
export async function resolveBeforeStart(run: Run): Promise<void> {
  const { spec, progress } = run;
  if (spec.ExitCodeFrom.length === 0 && progress.tasks.some(({ taskArn }) => !taskArn)) {
    await resolve(run, spec.Request.taskDefinition!);
  }
}

/** The containers of the revision that each task has: a new one may have been registered before its start, and after it. */
export async function resolveRevisions(run: Run, tasks: readonly Task[]): Promise<void> {
  for (const task of tasks) {
    if (!isResolved(run, task)) {
      await resolve(run, revisionOf(run, task));
    }
  }
}

async function resolve(run: Run, taskDefinition: string): Promise<void> {
  const { revision, containers } = await readContainers(run.request.world, taskDefinition);
  run.progress.containers = { ...run.progress.containers, [taskDefinition]: containers, [revision]: containers }; // a task may lack its revision
  run.spec = { ...run.spec, ...containers };
}

function isResolved(run: Run, task: Task): boolean {
  const { spec, progress: { containers } } = run;
  return containers ? revisionOf(run, task) in containers : spec.ExitCodeFrom.length > 0;
}

function revisionOf({ spec }: Run, { taskDefinitionArn = spec.Request.taskDefinition! }: Task): string {
  return taskDefinitionArn;
}

/** The run with the deciding containers of this task. */
export function specOf(run: Run, task: Task): ResolvedRun {
  return { ...run.spec, ...run.progress.containers?.[revisionOf(run, task)] };
}

/** Judges a task by the revision that it has. Until that is known, it counts as running. */
export function judgeTask(run: Run, task: Task): Outcome {
  return isResolved(run, task) ? judge(task, specOf(run, task)) : { state: 'running' };
}
