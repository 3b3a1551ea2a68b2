import type { Task } from '@aws-sdk/client-ecs';
import { countReruns, knownArns, openArns, Run } from './progress';
import { judgeTask } from './revisions';
import { deadline } from './schedule';
import { stopOwnTasks } from './stop';
import { STOP_MARGIN_SECONDS, TAIL_WITHIN_MS } from '../../src/timing';
import type { Answer } from '../cloudformation/answer';
import { limit } from '../cloudformation/request';
import { locateLog, readTail } from '../ecs/logs';
import { adviceOnError } from '../verdict/errors';
import { Evidence, Failed } from '../verdict/failure';
import { explain, formatDuration, notStopped } from '../verdict/message';
import { wordsOf } from '../verdict/outcome';
import { FAILURES, REASONS } from '../verdict/texts';

/** The failure of a request at its deadline. */
export function timedOut(run: Run, tasks: Task[]): Failed {
  const { request: { world, sentAt, receivedAt, answerBy }, spec, progress } = run;
  const endsAt = deadline(spec, progress.since, answerBy);
  if (endsAt <= progress.since) { // an earlier invocation has died, or Lambda has delivered the event late
    const leavesTime = deadline(spec, sentAt, answerBy) > sentAt;
    return new Failed(leavesTime
      ? FAILURES.deliveredLate(formatDuration(receivedAt - sentAt))
      : FAILURES.property('ServiceTimeout', `more than ${STOP_MARGIN_SECONDS}`));
  }
  const allowed = formatDuration(endsAt - progress.since);
  const waiting = progress.tasks.find(({ taskArn }) => !taskArn);
  if (waiting && openArns(progress).length === 0) { // every started task has ended, but some have not started
    const { cause = REASONS.noTimeToStart, ...rest } = waiting.problem ?? {};
    const reason = cause.replace(FAILURES.didNotStart('').cause, '');
    const didNot = waiting.reruns > 0 ? FAILURES.didNotSucceedWithin : FAILURES.didNotStartWithin;
    return new Failed({ ...rest, ...didNot(allowed, reason) });
  }
  const running = tasks.find((task) => judgeTask(run, task).state === 'running');
  const evidence = { taskArn: running?.taskArn ?? openArns(progress)[0] ?? knownArns(progress)[0] };
  if (progress.blind) {
    const blindFor = formatDuration(world.now() - progress.blind.since);
    return new Failed({ ...FAILURES.endNotSeen(allowed, blindFor), awsReason: progress.blind.reason, container: spec.ExitCodeFrom[0] }, evidence);
  }
  const status = running?.lastStatus;
  const failure = status ? { ...FAILURES.stillRunning(status, allowed), wasRunning: true } : FAILURES.didNotEnd(allowed);
  const failed = progress.tasks.flatMap(({ ended }) => ended?.failure ?? []).find(({ cause }) => !cause.startsWith(FAILURES.stopped('').cause));
  const awsReason = [failed?.cause, failed?.awsReason, running && wordsOf(running)].filter(Boolean).join('; ') || undefined;
  return new Failed({ ...failure, awsReason, container: spec.ExitCodeFrom[0] }, evidence);
}

/** Stops tasks that still run, and collects the log and its location for the message. */
export async function fail(run: Run, error: unknown): Promise<Answer> {
  const { failure, task } = error instanceof Failed ? error : new Failed({ ...FAILURES.unexpected(String(error)), advice: adviceOnError(error) });
  const stopped = await stopOwnTasks(run, failure.cause);
  const isStopped = stopped.stillRunning.length === 0 && stopped.unseen === undefined;
  const evidence = await collectEvidence(run, failure.container, task?.taskArn);
  return {
    status: 'FAILED',
    reason: [...explain(failure, { ...evidence, stopped: isStopped }), ...notStopped(stopped.stillRunning, stopped.unseen)],
    runRequestId: run.progress.requestId,
    reruns: countReruns(run.progress),
  };
}

async function collectEvidence({ request, spec }: Run, container?: string, taskArn?: string): Promise<Evidence> {
  const log = container && taskArn && locateLog(spec, container, taskArn);
  if (!log || spec.LogTailLines === 0) {
    return { taskArn, log: log || undefined };
  }
  return { taskArn, log, ...await readTail(request.world, log, spec.LogTailLines, limit(request, TAIL_WITHIN_MS)) };
}
