import type { Task } from '@aws-sdk/client-ecs';
import { countReruns, knownArns, openArns, Run, TaskProgress } from './progress';
import { judgeTask } from './revisions';
import { deadline } from './schedule';
import { stopOwnTasks } from './stop';
import { STOP_MARGIN_SECONDS, TAIL_WITHIN_MS } from '../../src/timing';
import type { Answer } from '../cloudformation/answer';
import { limit } from '../cloudformation/request';
import { locateLog, readTail } from '../ecs/logs';
import { adviceOnError } from '../verdict/errors';
import { Evidence, Failed, Failure } from '../verdict/failure';
import { explain, formatDuration, notStopped } from '../verdict/message';
import { hasEnded, STOPPED_BY, wordsOf } from '../verdict/outcome';
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
    const { reason, awsReason } = progress.blind;
    return new Failed({ ...FAILURES.endNotSeen(allowed, blindFor), reason, awsReason, container: spec.ExitCodeFrom[0] }, evidence);
  }
  const status = running?.lastStatus;
  const failure = status ? { ...FAILURES.stillRunning(status, allowed), wasRunning: true } : FAILURES.didNotEnd(allowed);
  return new Failed({ ...failure, awsReason: running && wordsOf(running), container: spec.ExitCodeFrom[0] }, evidence);
}

/** Stops tasks that still run, and collects what else is known for the message: what ECS said of other tasks, the log and its location. */
export async function fail(run: Run, error: unknown): Promise<Answer> {
  const { failure, task } = error instanceof Failed ? error : new Failed({ ...FAILURES.unexpected(String(error)), advice: adviceOnError(error) });
  const { stillRunning, unseen, seen } = await stopOwnTasks(run, failure.cause);
  const itself = seen.find(({ taskArn }) => taskArn === task?.taskArn);
  const isStopped = stillRunning.length === 0 && unseen === undefined && !(itself && endedByItself(itself));
  const awsReason = [failure.awsReason, ...moreWords(run, failure, seen)].filter(Boolean).join('; ') || undefined;
  const evidence = await collectEvidence(run, failure.container, task?.taskArn);
  return {
    status: 'FAILED',
    reason: [...explain({ ...failure, awsReason }, { ...evidence, stopped: isStopped }), ...notStopped(stillRunning, unseen)],
    runRequestId: run.progress.requestId,
    reruns: countReruns(run.progress),
  };
}

/** What ECS said of other tasks that have failed, of earlier attempts, and of tasks that ended before they could be stopped. */
function moreWords({ progress }: Run, { cause, reason, awsReason }: Failure, seen: readonly Task[]): string[] {
  const said = [cause, reason, awsReason].join('; ');
  const words = [
    ...progress.tasks.flatMap(wordsOfFailure),
    ...seen.filter(endedByItself).map((task) => wordsOf(task)),
  ];
  return [...new Set(words)].filter((word): word is string => word !== undefined && !said.includes(word.replace(FAILURES.didNotStart('').cause, '')));
}

/** Nothing about a task that the function has stopped, or that has succeeded after all. */
function wordsOfFailure({ ended, problem, taskArn }: TaskProgress): Array<string | undefined> {
  const { cause, awsReason, patience } = ended ? ended.failure ?? {} : problem ?? {};
  const isOfEcs = awsReason !== undefined || patience === 'as often as retryAttempts allows';
  if (!cause || cause.startsWith(FAILURES.stopped('').cause) || !(ended || isOfEcs)) {
    return [];
  }
  return [!ended && taskArn ? `${REASONS.earlierAttempt}: ${cause}` : cause, awsReason];
}

/** The function had asked ECS to stop it, but it ended without that. */
function endedByItself(task: Task): boolean {
  return hasEnded(task) && !task.stoppedReason?.startsWith(STOPPED_BY);
}

async function collectEvidence({ request, spec }: Run, container?: string, taskArn?: string): Promise<Evidence> {
  const log = container && taskArn && locateLog(spec, container, taskArn);
  if (!log || spec.LogTailLines === 0) {
    return { taskArn, log: log || undefined };
  }
  return { taskArn, log, ...await readTail(request.world, log, spec.LogTailLines, limit(request, TAIL_WITHIN_MS)) };
}
