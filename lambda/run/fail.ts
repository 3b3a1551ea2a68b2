import type { Task } from '@aws-sdk/client-ecs';
import { knownArns, openArns, Run } from './progress';
import { deadline } from './schedule';
import { stopOwnTasks } from './stop';
import { TAIL_WITHIN_MS } from '../../src/timing';
import type { Answer } from '../cloudformation/answer';
import { limit } from '../cloudformation/request';
import { locateLog, readTail } from '../ecs/logs';
import { adviceOnError } from '../verdict/causes';
import { Evidence, Failed, stillRunning } from '../verdict/failure';
import { explain, formatDuration, notStopped } from '../verdict/message';
import { judge } from '../verdict/outcome';

/** The failure of a request whose time is up. */
export function timedOut({ request: { world, sentAt, receivedAt, answerBy }, spec, progress }: Run, tasks: Task[]): Failed {
  const endsAt = deadline(spec, progress.since, answerBy);
  if (endsAt <= progress.since) { // an earlier invocation has died, or Lambda has delivered the event late
    return new Failed({ cause: `the function was invoked ${formatDuration(receivedAt - sentAt)} after CloudFormation had asked for the task, when its time was over`, advice: 'deploy again' });
  }
  const allowed = formatDuration(endsAt - progress.since);
  const waiting = progress.tasks.find(({ taskArn }) => !taskArn);
  if (waiting && openArns(progress).length === 0) { // every started task has ended: the rest is still to start
    const { cause = 'that was over before the first attempt', ...rest } = waiting.problem ?? {};
    const didNot = waiting.reruns > 0 ? 'succeed' : 'start';
    return new Failed({ ...rest, cause: `the task did not ${didNot} within ${allowed}: ${cause.replace(/^the task did not start: /, '')}` });
  }
  const running = tasks.find((task) => judge(task, spec).state === 'running');
  const evidence = { taskArn: running?.taskArn ?? openArns(progress)[0] ?? knownArns(progress)[0] };
  if (progress.blind) {
    const blindFor = formatDuration(world.now() - progress.blind.since);
    return new Failed({ cause: `the task was not seen to end within ${allowed}: ECS could not be asked for the last ${blindFor}`, awsReason: progress.blind.reason, container: spec.ExitCodeFrom[0] }, evidence);
  }
  return new Failed(stillRunning(running?.lastStatus, allowed, spec.ExitCodeFrom[0]), evidence);
}

/** Stops what still runs, and collects what ends the search for the cause. */
export async function fail(run: Run, error: unknown): Promise<Answer> {
  const { failure, task } = error instanceof Failed ? error : new Failed({ cause: `the function failed: ${error}`, advice: adviceOnError(error) });
  const stopped = await stopOwnTasks(run, failure.cause);
  const isStopped = stopped.stillRunning.length === 0 && stopped.unseen === undefined;
  const evidence = await collectEvidence(run, failure.container, task?.taskArn);
  return {
    status: 'FAILED',
    reason: [...explain(failure, { ...evidence, stopped: isStopped }), ...notStopped(stopped.stillRunning, stopped.unseen)],
    runRequestId: run.progress.requestId,
  };
}

async function collectEvidence({ request, spec }: Run, container?: string, taskArn?: string): Promise<Evidence> {
  const log = container && taskArn && locateLog(spec, container, taskArn);
  if (!log || spec.LogTailLines === 0) {
    return { taskArn, log: log || undefined };
  }
  return { taskArn, log, ...await readTail(request.world, log, spec.LogTailLines, limit(request, TAIL_WITHIN_MS)) };
}
