import type { Task } from '@aws-sdk/client-ecs';
import { knownArns, openArns, Run } from './progress';
import { deadline } from './schedule';
import { stopOwnTasks } from './stop';
import type { Answer } from '../cloudformation/answer';
import { locateLog, readTail } from '../ecs/logs';
import { Evidence, Failed } from '../verdict/failure';
import { explain, formatDuration } from '../verdict/message';
import { judge } from '../verdict/outcome';

/** The failure of a request whose time is up. */
export function timedOut({ request: { sentAt, receivedAt }, spec, progress }: Run, tasks: Task[]): Failed {
  const endsAt = deadline(spec, progress.since, sentAt);
  if (endsAt <= progress.since) { // an earlier invocation has died, or Lambda has delivered the event late
    return new Failed({ cause: `the function was invoked ${formatDuration(receivedAt - sentAt)} after CloudFormation had asked for the task, when its time was over`, advice: 'deploy again' });
  }
  const allowed = formatDuration(endsAt - progress.since);
  const running = tasks.find((task) => judge(task, spec).state === 'running');
  const waiting = progress.tasks.find(({ taskArn }) => !taskArn);
  if (waiting && openArns(progress).length === 0) { // every started task has ended: the rest is still to start
    const { cause = 'that was over before the first attempt', ...rest } = waiting.problem ?? {};
    const didNot = waiting.reruns > 0 ? 'succeed' : 'start';
    return new Failed({ ...rest, cause: `the task did not ${didNot} within ${allowed}: ${cause.replace(/^the task did not start: /, '')}` });
  }
  return new Failed({
    cause: `the task did not end within ${allowed} and was stopped; it was ${running?.lastStatus ?? 'unknown to ECS'}`,
    advice: 'see what it waited for, or raise timeout',
    container: spec.ExitCodeFrom[0],
  }, { taskArn: running?.taskArn ?? knownArns(progress)[0] });
}

/** Stops what still runs, and collects what ends the search for the cause. */
export async function fail(run: Run, { failure, task }: Failed): Promise<Answer> {
  const stillRunning = await stopOwnTasks(run, failure.cause);
  return {
    status: 'FAILED',
    reason: [...explain(failure, await collectEvidence(run, failure.container, task?.taskArn)), ...stillRunning],
  };
}

async function collectEvidence({ request: { world }, spec }: Run, container?: string, taskArn?: string): Promise<Evidence> {
  const log = container && taskArn && locateLog(spec, container, taskArn);
  if (!log || spec.LogTailLines === 0) {
    return { taskArn, log: log || undefined };
  }
  return { taskArn, log, tail: await readTail(world, log, spec.LogTailLines) };
}
