import type { Task } from '@aws-sdk/client-ecs';
import { factsOf } from './attributes';
import type { Progress, Run, TaskProgress } from './progress';
import { judgeTask, specOf } from './revisions';
import { isWorthRetrying, prepareNewAttempt } from './start';
import { Failed, Failure } from '../verdict/failure';
import type { Outcome } from '../verdict/outcome';

/**
 * Records what ECS reports, and returns the state of all tasks together. Throws if one has failed and no other runs: no task is
 * stopped because another one failed. Another attempt replaces each task that is allowed to run again.
 */
export function advance(run: Run, tasks: Task[]): 'open' | 'failing' | 'succeeded' {
  const { progress } = run;
  const outcomes = progress.tasks.map((task) => ({ task, outcome: recordOutcome(run, task, tasks) }));
  const failures = outcomes.flatMap(({ task, outcome }) => outcome?.state === 'failed' ? [{ task, failure: outcome.failure }] : []);
  const final = failures.find(({ task, failure }) => !mayRunAgain(run, task, failure));
  if (final) {
    if (outcomes.some(({ task, outcome }) => task.taskArn && (!outcome || outcome.state === 'running'))) {
      return 'failing';
    }
    const cause = countFailures(progress, failures.length, final.task) + final.failure.cause;
    throw new Failed({ ...final.failure, cause }, { taskArn: final.task.taskArn });
  }
  failures.forEach(({ task, failure }) => prepareNewAttempt(run, task, failure));
  return outcomes.every(({ outcome }) => outcome?.state === 'succeeded') ? 'succeeded' : 'open';
}

function recordOutcome(run: Run, task: TaskProgress, tasks: Task[]): Outcome | undefined {
  const seen = tasks.find(({ taskArn }) => taskArn === task.taskArn);
  const outcome = seen && judgeTask(run, seen);
  task.revision = run.progress.containers && (seen?.taskDefinitionArn ?? task.revision);
  switch (outcome?.state) {
    case 'failed':
      task.ended = { failure: outcome.failure };
      break;
    case 'succeeded':
      task.ended = task.number === 1 ? { attributes: factsOf(specOf(run, seen!), seen!) } : {};
      break;
  }
  if (!task.ended) {
    return outcome;
  }
  return task.ended.failure ? { state: 'failed', failure: task.ended.failure } : { state: 'succeeded' };
}

function mayRunAgain(run: Run, task: TaskProgress, failure: Failure): boolean {
  return isWorthRetrying(run, task, failure)
    || (failure.patience === 'as often as retryAttempts allows' && task.reruns < (run.spec.RetryAttempts ?? 0));
}

/** How many tasks failed, and after how many attempts. A start that failed is no attempt of the task. */
function countFailures({ tasks }: Progress, failed: number, { reruns, taskArn: started }: TaskProgress): string {
  const counts = [
    ...(tasks.length > 1 && tasks.some(({ taskArn }) => taskArn) ? [`${failed} of ${tasks.length} tasks failed`] : []),
    ...(reruns > 0 && started ? [`after ${reruns + 1} attempts`] : []),
  ];
  return counts.length > 0 ? `${counts.join(', ')}: ` : '';
}
