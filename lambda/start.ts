import { ConflictException, RunTaskCommand } from '@aws-sdk/client-ecs';
import { adviceOnError, knownStartFailure, Patience, patienceWithError, PERMISSIONS_SPREAD_MS } from './causes';
import { Failed, Job, Progress } from './job';
import type { Failure } from './outcome';
import { backoff } from './schedule';
import { isBeingUndone, isDeploying, stackStatus } from './stack';
import { findTasks, Marks, TAG } from './tasks';
import type { RunTaskProperties } from '../src/contract';

/** By what later events find the tasks of this request, should they have to stop them. */
export function marksOf(request: Partial<RunTaskProperties['Request']>, id: string): Marks {
  return { cluster: request.cluster, startedBy: request.startedBy ?? id, tag: request.startedBy ? id : undefined };
}

/** One attempt to start the tasks that are missing. Throws what no further attempt can mend. */
export async function start(job: Job, request: RunTaskProperties['Request'], progress: Progress, missing: number): Promise<void> {
  progress.Tries++;
  try {
    // An event may be late: a Delete or a rollback may have cleaned up already, or the deployment be over.
    const status = await stackStatus(job.world, job.event.StackId);
    if (isBeingUndone(status)) {
      throw new Failed({ cause: 'the deployment was cancelled before the task had started' });
    }
    if (!isDeploying(status)) { // or its beginning has not got about
      startLater(job, progress, { cause: `the task did not start: the stack is ${status}, not being deployed`, patience: 'while permissions spread' });
      return;
    }
    if (progress.Attempt === 1 || !await adoptStrays(job, request, progress, missing)) {
      await callRunTask(job, request, progress, missing);
    }
  } catch (error) {
    if (error instanceof Failed) {
      throw error;
    }
    if (error instanceof ConflictException) { // the token has started tasks already, for another count
      const started = (error.resourceIds ?? []).filter((taskArn) => !progress.TaskArns.includes(taskArn));
      progress.TaskArns.push(...started);
      if (started.length >= missing) {
        return;
      }
    }
    // Whether ECS has started anything is unknown: the same token gets the same tasks.
    const problem = error as Error;
    startLater(job, progress, {
      cause: `AWS did not take the request: ${problem.name}`,
      said: problem.message,
      advice: adviceOnError(problem),
      patience: patienceWithError(problem),
    });
  }
}

async function callRunTask(job: Job, request: RunTaskProperties['Request'], progress: Progress, missing: number): Promise<void> {
  const { startedBy, tag } = marksOf(request, job.id);
  const { tasks = [], failures = [] } = await job.world.ecs.send(new RunTaskCommand({
    ...request,
    startedBy,
    ...(tag ? { tags: [...request.tags ?? [], { key: TAG, value: tag }] } : {}),
    count: missing,
    clientToken: `${job.event.RequestId}-${progress.Attempt}`,
  }));
  progress.TaskArns.push(...tasks.map((task) => task.taskArn!));
  if (tasks.length < missing) {
    const reasons = failures.map(({ reason, detail }) => [reason, detail].filter(Boolean).join(': '));
    const said = [...new Set(reasons)].join('; ');
    const { means = 'ECS did not place it', advice, patience } = knownStartFailure(said) ?? {};
    startAnew(job, progress, { cause: `the task did not start: ${means}`, said, advice, patience });
  }
}

/**
 * ECS has been seen to report failures for tasks that it did start, so look before starting others. A task that is
 * older than this request belongs to another one, whose result says nothing about this one.
 */
async function adoptStrays(job: Job, request: RunTaskProperties['Request'], progress: Progress, missing: number): Promise<boolean> {
  const running = await findTasks(job.world, marksOf(request, job.id), 'RUNNING');
  const strays = running
    .filter(({ taskArn }) => !progress.TaskArns.includes(taskArn!))
    .filter(({ createdAt }) => (createdAt?.getTime() ?? progress.Since) >= progress.Since)
    .slice(0, missing);
  progress.TaskArns.push(...strays.map(({ taskArn }) => taskArn!));
  return strays.length > 0;
}

/** Starts anew after ECS has said that nothing ran: a new token, because the old one would give the old answer. */
export function startAnew(job: Job, progress: Progress, failure: Failure): void {
  startLater(job, progress, failure);
  progress.Attempt++;
}

function startLater(job: Job, progress: Progress, failure: Failure): void {
  if (!isWorthATry(failure.patience, job, progress)) {
    throw new Failed(failure);
  }
  progress.Problem = failure;
  progress.StartAt = job.world.now() + backoff(progress.Tries, job.world.random());
  job.world.log(`${[failure.cause, failure.said].filter(Boolean).join(': ')}; the next attempt follows`);
}

export function isWorthATry(patience: Patience | undefined, job: Job, progress: Progress): boolean {
  return patience === 'until the deadline'
    || (patience === 'while permissions spread' && job.world.now() - progress.Since < PERMISSIONS_SPREAD_MS);
}
