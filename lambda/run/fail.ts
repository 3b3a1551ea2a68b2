import type { Task } from '@aws-sdk/client-ecs';
import { countReruns, knownArns, openArns, Run } from './progress';
import { judgeTask, specOf } from './revisions';
import { deadline } from './schedule';
import { stopOwnTasks } from './stop';
import { STOP_MARGIN_SECONDS, TAIL_WITHIN_MS } from '../../src/timing';
import type { Answer } from '../cloudformation/answer';
import { limit } from '../cloudformation/request';
import { locateLog, readTail } from '../ecs/logs';
import { adviceOnError } from '../verdict/errors';
import { Evidence, Failed, Failure } from '../verdict/failure';
import { explain, formatDuration, notStopped, formatFailure } from '../verdict/message';
import { hasEnded, stopReasonOf, wasStopped, wordsOf } from '../verdict/outcome';
import { FAILURES, NOTES, REASONS } from '../verdict/texts';

/** How many other failures a message names: it has little room. */
const MOST_OTHERS = 8;

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
    const reason = reasonIn(cause);
    const didNot = waiting.reruns > 0 ? FAILURES.didNotSucceedWithin : FAILURES.didNotStartWithin;
    return new Failed({ ...rest, ...didNot(allowed, reason) });
  }
  const running = tasks.find((task) => judgeTask(run, task).state === 'running');
  const evidence = { taskArn: running?.taskArn ?? openArns(progress)[0] ?? knownArns(progress)[0] };
  if (progress.blind) {
    const blindFor = formatDuration(world.now() - progress.blind.since);
    const { of, reason, awsReason } = progress.blind;
    const unread = of === 'task definition' ? FAILURES.definitionUnread : FAILURES.endNotSeen;
    return new Failed({ ...unread(allowed, blindFor), reason, awsReason, container: spec.ExitCodeFrom[0] }, evidence);
  }
  const status = running?.lastStatus;
  const [container] = (running ? specOf(run, running) : spec).ExitCodeFrom;
  const failure = status ? { ...FAILURES.stillRunning(status, allowed), wasRunning: true } : FAILURES.didNotEnd(allowed);
  const stopReason = running && stopReasonOf(running); // of an earlier invocation
  const reason = stopReason && REASONS.earlierStop(stopReason);
  return new Failed({ ...failure, reason, awsReason: running && wordsOf(running), container }, evidence);
}

/** A cause without the words that the task did not start. */
function reasonIn(cause: string): string {
  return cause.replace(FAILURES.didNotStart('').cause, '');
}

/** Stops tasks that still run, and collects what else is known for the message: what else failed, the log and its location. */
export async function fail(run: Run, error: unknown): Promise<Answer> {
  const { failure, task } = error instanceof Failed ? error : new Failed({ ...FAILURES.unexpected(String(error)), advice: adviceOnError(error) });
  const end = await stopOwnTasks(run, failure.cause);
  const { stillRunning, unseen, seen } = end;
  const stopped = stillRunning.length === 0 && unseen === undefined && seen.some((one) => one.taskArn === task?.taskArn && wasStopped(one));
  const words = new Set([failure.awsReason, ...seen.filter((one) => !wasStopped(one)).map(wordsOfEnd)]);
  const awsReason = [...words].filter(Boolean).join('; ') || undefined;
  const evidence = { ...await collectEvidence(run, failure.container, task?.taskArn), others: listOthers(run, failure), stopped };
  return {
    status: 'FAILED',
    reason: [...explain({ ...failure, awsReason }, evidence), ...notStopped(end)],
    runRequestId: run.progress.requestId,
    reruns: countReruns(run.progress),
  };
}

/** A task that was to be stopped can end by itself before. */
function wordsOfEnd(task: Task): string | undefined {
  return hasEnded(task) || task.lastStatus === 'DEPROVISIONING' ? wordsOf(task) : undefined;
}

/** What failed in addition to the reported failure: other tasks, and earlier attempts. */
function listOthers({ progress: { tasks } }: Run, reported: Failure): string[] {
  const isReported = ({ cause, awsReason }: Failure) =>
    awsReason === reported.awsReason && reported.cause.endsWith(reasonIn(cause));
  const isOurs = ({ cause }: Failure) => cause.startsWith(FAILURES.stopped('').cause);
  const formatNew = (failures: readonly Failure[]) => failures.filter((failure) => !isReported(failure) && !isOurs(failure)).map(formatFailure);
  const last = formatNew(tasks.flatMap(({ ended, problem }) => (ended ? ended.failure : problem) ?? []));
  const before = formatNew(tasks.flatMap(({ earlier = [] }) => earlier)).filter((failure) => !last.includes(failure));
  const lines = [...last.map(tasks.length > 1 ? NOTES.anotherTask : NOTES.before), ...before.map(NOTES.before)];
  return [...new Set(lines)].slice(0, MOST_OTHERS);
}

async function collectEvidence(run: Run, container?: string, taskArn?: string): Promise<Evidence> {
  const { request, progress: { tasks } } = run;
  const spec = specOf(run, { taskDefinitionArn: tasks.find((task) => task.taskArn === taskArn)?.revision });
  const log = container && taskArn && locateLog(spec, container, taskArn);
  if (!log || spec.LogTailLines === 0) {
    return { taskArn, log: log || undefined };
  }
  return { taskArn, log, ...await readTail(request.world, log, spec.LogTailLines, limit(request, TAIL_WITHIN_MS)) };
}
