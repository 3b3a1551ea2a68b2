import { MINUTE, SECOND } from './clock';
import { passedOn } from './event';
import type { Call, History, InvocationFacts, Request } from './history';
import { outputsOf } from './scenario';
import { isSuccess, SimulatedTask } from './task';
import {
  BETWEEN_READINGS_MS, HAND_OVER_BY, INVOCATION_SECONDS, LAST_CALLS_MS, LOOK_AT_STACK_MS, OVERLAP_MS, PASS_ON_MARGIN_SECONDS, reserveOf,
} from '../../src/timing';

/** For how long an invocation tries to hand over, and watches after that: the rest is for its end. */
const HANDS_OVER_WITHIN = INVOCATION_SECONDS * SECOND - HAND_OVER_BY * reserveOf(INVOCATION_SECONDS * SECOND);

/** Lambda retries an asynchronous event twice. */
const ATTEMPTS_OF_LAMBDA = 3;

/** Within this time, the invocation that started a task notices that nothing waits for the task any more, and stops it. */
const NOTICED_WITHIN = 90 * SECOND;

/** Whether the handler heard what AWS knew. A call that hangs may have been answered, and nobody heard it. */
function wasHeard({ result, error, doneAt }: Call): boolean {
  return result !== undefined && error === undefined && doneAt !== undefined;
}

/** Whether the response shows which operation it belongs to. */
function isDated({ result }: Call): boolean {
  const [stack] = result.Stacks;
  return stack !== undefined && (stack.LastUpdatedTime !== undefined || !stack.StackStatus.startsWith('UPDATE_'));
}

/** Lambda gave up: no invocation of the request that began in time came to its end. */
export function everyInvocationDied(request: Request, history: History): boolean {
  const invocations = history.invocations.filter((invocation) => invocation.request === request && invocation.startedAt < request.deadline);
  const isSo = invocations.some(({ end }) => end === 'crashed') && !invocations.some(({ end, handedOverAt }) => end === 'returned' && handedOverAt === undefined);
  return history.excuse('every invocation died', isSo);
}

/** The handler keeps this much of its margin for delivering the answer, and a last call that hangs may take a third of it. */
const TIME_TO_ANSWER = 30 * SECOND;

/** The answer could not be delivered: each of several attempts met a fault, and the first was made in good time. */
export function responseUrlWasDown(request: Request, history: History): boolean {
  const puts = history.callsOf(request, 'put').filter(({ at }) => at < request.deadline);
  const inTime = request.deadline - TIME_TO_ANSWER;
  const calls = history.calls.filter(({ invocation }) => invocation.request === request);
  const hung = calls.some(({ api, at, doneAt = Infinity }) => api !== 'put' && at < inTime && doneAt > inTime);
  const isInTime = (attempts: number, late: number) => puts.length >= attempts && puts[0].at <= inTime + late;
  const filledTheTime = isInTime(2, 0) && puts.at(-1)!.at > request.deadline - 20 * SECOND; // each attempt took as long as a call may take
  const isSo = (isInTime(3, 0) || filledTheTime || (hung && isInTime(2, LAST_CALLS_MS + SECOND))) && puts.every(({ fault }) => fault);
  return history.excuse('the response URL was down', isSo);
}

/**
 * Lambda lost the event with which the function hands over: "events may be lost" (Invoke, API reference). CloudFormation's
 * time-out then ends the wait. No excuse where the invocation before was still watching when the tasks had succeeded, the first
 * attempt of each, with all that the stack uses of them: that it answers. A failure it leaves to the next one, which stops and starts.
 */
export function handOverWasLost(request: Request, history: History): boolean {
  const lost = history.lost.filter((event) => event.request === request);
  const tasks = history.tasksOf(request);
  const { run } = request;
  const isFirstAttempt = !history.callsOfRun(request, 'RunTask').some(({ result }) => result?.failures.length > 0); // else ECS may have started more
  const hasSucceeded = run && tasks.length === (run.Request.count ?? 1) && isFirstAttempt
    && tasks.every((task) => isSuccess(task, request) && hasAll(task, outputsOf(run.UsedAttributes ?? {})));
  const over = Math.max(...tasks.map(({ codesAt, stoppedAt }) => run?.CompleteWhen === 'TASK_STOPPED' ? stoppedAt : codesAt));
  const watchedUntil = (at: number) => Math.min(at + OVERLAP_MS, ...history.invocations
    .filter((invocation) => invocation.request === request && invocation.startedAt < at && invocation.endedAt! >= at)
    .map(({ startedAt }) => startedAt + HANDS_OVER_WITHIN)); // it can have tried for long
  const hasEnded = (at: number) => over > at && over < watchedUntil(at) - 5 * SECOND;
  const isSo = lost.length > 0 && !(hasSucceeded && lost.some(({ at }) => hasEnded(at)));
  return history.excuse('a hand-over was lost', isSo);
}

/** Whether the log has each of the outputs, once, and soon. */
function hasAll({ life: { log } }: SimulatedTask, names: readonly string[]): boolean {
  const printed = names.map((name) => new Set(log.lines.filter((line) => line.startsWith(`ecs-run-task-output ${name}=`))));
  const fits = printed.flatMap((lines) => [...lines]).join('').length < 2_500; // else the results are too long for CloudFormation
  return names.length === 0 || (!log.absent && log.late < 5 && printed.every(({ size }) => size === 1) && fits);
}

/** The invocation came to its end while the response URL took no answer, at its third attempt or later: 45 seconds are gone by then. */
export function diedAnswering(invocation: InvocationFacts, history: History): boolean {
  const puts = history.calls.filter((call) => call.invocation === invocation && call.api === 'put');
  return history.excuse('an invocation ended while the response URL was down', puts.length >= 3 && puts.every(({ fault }) => fault));
}

/**
 * Lambda delivered late or had to retry, and used up the margin for that. No excuse if the work had ended long before, and an
 * invocation was running that could have answered.
 */
export function wasHeldUp(request: Request, history: History): boolean {
  const invocations = history.invocations.filter((invocation) => invocation.request === request);
  const first = invocations.find(({ hop }) => hop === 0);
  const late = !first || first.startedAt - request.sentAt > MINUTE
    || invocations.some(({ attempt }) => attempt > 1 && !invocations.some(({ end }) => end === 'ran out of time'))
    || invocations.some(({ hop, startedAt }) => hop > 0
      && !invocations.some(({ handedOverAt, endedAt }) => handedOverAt !== undefined && startedAt - endedAt! < MINUTE));
  const over = Math.max(request.sentAt, ...history.tasksOf(request).map(({ stoppedAt }) => stoppedAt));
  const done = request.properties.HasNextLeg ? Math.min(over, request.deadline - PASS_ON_MARGIN_SECONDS * SECOND) : over;
  const wasThere = invocations.some(({ startedAt, endedAt }) => {
    const from = Math.max(startedAt, done);
    return from + 90 * SECOND < request.deadline && endedAt! - from > 90 * SECOND;
  });
  // Without that, a further invocation cannot know when the first one began.
  const couldSee = history.callsOf(request, 'DescribeTasks').some(({ result, at }) => result && at >= done);
  return history.excuse('Lambda held it up', late && !(wasThere && couldSee));
}

/** Whether ECS could have shown the task then: "eventual consistency" (RunTask, API reference). */
function couldShow({ at, result }: Call, { listedFrom, knownFrom, leftOut, arn }: SimulatedTask): boolean {
  return at >= Math.max(listedFrom, knownFrom) && (leftOut === 0 || result?.taskArns.includes(arn));
}

/** Whether ECS described the task. It can list a task before that. */
function shows({ result }: Call, { arn }: SimulatedTask): boolean {
  return result?.tasks.some(({ taskArn }: any) => taskArn === arn);
}

/**
 * ECS said that it had placed nothing, and did not list the task to the invocation that started the next one, until it did (to
 * repeat the call of an earlier token starts nothing):
 * "eventual consistency" (RunTask, API reference) lets another one see the task earlier. It is listed among those that run.
 */
export function unseenGhost(task: SimulatedTask, history: History): boolean {
  if (!task.ghost) {
    return false;
  }
  const visible = Math.max(task.listedFrom, task.knownFrom);
  const starts = history.callsOfRun(task.request, 'RunTask');
  const known = new Set(starts.filter(({ at }) => at <= task.createdAt).map(({ input }) => input.clientToken));
  const own = starts.find(({ invocation, effectAt }) => invocation === task.invocation && effectAt === task.createdAt)!.input.clientToken;
  const isNew = (token: string) => !known.has(token) && sameNumber(token, own);
  const next = starts.find(({ effectAt, input: { clientToken } }) => effectAt !== undefined && isNew(clientToken));
  const looks = history.callsOfRun(task.request, 'ListTasks').filter(({ at, invocation, input }) => at > task.createdAt && at < (next?.at ?? Infinity)
    && (!next || invocation === next.invocation) && input.desiredStatus === 'RUNNING');
  const isSo = (next?.at ?? Infinity) < visible || (looks.length > 0 && looks.every((look) => look.error || !couldShow(look, task)));
  return history.excuse('nobody could see that the task had started', isSo);
}

/** Whether both tokens are of the same of the tasks that run at a time. */
function sameNumber(one: string, other: string): boolean {
  return one.replace(/-\d+$/, '') === other.replace(/-\d+$/, '');
}

/**
 * The answer names the task, after a wait that is long enough to end what ends when told to, or in which AWS refused that for a
 * while, or that took all the time since the task could be found, since the last hand-over had failed, or since Lambda delivered it
 * minutes late. Or its time ended before the list of tasks had come to this one, and the answer says so.
 */
export function saidSo(task: SimulatedTask, request: Request, history: History): boolean {
  const { at, parsed, invocation: answering } = request.puts[0];
  const told = history.calls.filter(({ api, input, at: when, result, invocation }) => api === 'StopTask' && input.task === task.arn && when <= at
    && (invocation.request === request || result)); // a task that has been told to stop need not be told again
  const isNamed = new RegExp(`Stop it manually: .*${task.arn}\\b`).test(parsed?.Reason ?? '');
  const canKnowOf = ({ invocation }: Call) => answering.hop > 0 || invocation === answering; // Lambda can repeat the event when it is too late
  const found = history.callsOf(request, 'ListTasks').find((call) => !call.error && couldShow(call, task) && canKnowOf(call));
  const isLate = at > request.deadline - TIME_TO_ANSWER - 2 * SECOND;
  const earlier = history.invocations.filter((one) => one.request === request && one.hop < answering.hop);
  const handedOverAt = Math.max(...earlier.map((one) => one.handedOverAt ?? 0));
  const cameLate = answering.hop > 0 && answering.startedAt - handedOverAt > 2 * MINUTE;
  const knownFrom = cameLate ? answering.startedAt : found?.at;
  const isLastMoment = isLate && knownFrom !== undefined && told.some((call) => call.at - knownFrom < 5 * SECOND);
  const isCut = isLate && /listing them failed/.test(parsed?.Reason ?? '')
    && !history.callsOf(request, 'ListTasks').some((call) => call.invocation === answering && call.result?.taskArns.includes(task.arn));
  const looks = history.callsOf(request, 'DescribeTasks').filter((call) =>
    found && call.input.tasks.includes(task.arn) && call.at >= found.at && call.at < told[0]?.at - SECOND);
  // Those of the clean-up come right after a list. Until one succeeds, nothing shows whose task it is.
  const isOfCleanUp = ({ at: when, invocation }: Call) => history.callsOf(request, 'ListTasks').some((call) =>
    call.invocation === invocation && when >= call.at && when - call.at < SECOND);
  const refused = looks.slice(looks.findLastIndex(({ error }) => !error) + 1).filter(isOfCleanUp);
  const toldFrom = refused[0]?.at ?? told[0]?.at;
  const isAtEnd = at > answering.startedAt + INVOCATION_SECONDS * SECOND - 45 * SECOND;
  const hasWaited = at - toldFrom > (isAtEnd ? 60 : 100) * SECOND;
  const isSo = isCut || (isNamed && told.length > 0 && (hasWaited || told.some(({ error }) => error) || isLastMoment));
  return history.excuse('the answer says that it may still run', isSo);
}

/** An answer that leaves something running says so. */
const NAMES_WHAT_RUNS = /may still be running|Could not confirm that this task stopped/i;

/**
 * Since the task was there, for five seconds at least, or for the last 100 seconds, AWS refused all the time to list tasks, to
 * describe or to stop this one, and the answer says so. A response that could not show the task yet is none. What an invocation saw
 * that died, or one of another version, the next one cannot know, nor what one saw that Lambda invoked with the same event.
 */
export function wasRefused(task: SimulatedTask, request: Request, history: History): boolean {
  const own = task.request.first === request.first;
  const until = own ? answeredAt(request) : lookedUntil(request, history);
  const answering = request.puts[0]?.invocation;
  const isOfAnother = ({ invocation }: Call) => invocation !== answering
    && (request.isOfAnotherVersion || invocation.end === 'crashed' || answering?.hop === 0);
  const refused = (api: string) => {
    const calls = history.callsOf(request, api).filter((call) => !isOfAnother(call))
      .filter((call) => call.error || (api === 'ListTasks' ? couldShow(call, task) : api === 'StopTask' || shows(call, task)))
      .filter(({ at, doneAt, input }) => doneAt !== undefined && at >= task.createdAt && at <= until
        && (input.family === task.family || input.task === task.arn || input.tasks?.includes(task.arn)));
    const last = calls.filter(({ at }) => at >= until - 100 * SECOND);
    const all = calls.length > 0 && calls.at(-1)!.at - calls[0].at > 5 * SECOND ? calls : [];
    // A look consists of several calls at once, each with its pages, and fails with one of them.
    const lookOf = ({ invocation: who, at: when }: Call) =>
      calls.findLast(({ invocation, at, input }) => invocation === who && at <= when && !input.nextToken)?.at;
    const failed = (call: Call) => call.error || (api === 'ListTasks' && calls.some((other) => other.error && lookOf(other) === lookOf(call)));
    return [last, all].some((some) => some.length > 0 && some.every(failed));
  };
  const isSaid = NAMES_WHAT_RUNS.test(request.puts[0]?.parsed?.Reason ?? '');
  return history.excuse('AWS refused to list, describe or stop', isSaid && ['ListTasks', 'DescribeTasks', 'StopTask'].some(refused));
}

/**
 * The role of the function may not list tasks, which the answer to the earlier request had said. A Create runs its task all the same:
 * it is usually the first one, whose permissions may still be propagating (lambda/lifecycle/deploy.ts, `create`).
 */
export function createMayNotList(task: SimulatedTask, request: Request, history: History): boolean {
  const looks = history.callsOf(request, 'ListTasks').filter(({ at }) => at <= lookedUntil(request, history));
  const isDenied = looks.length > 0 && looks.every(({ error }) => error?.name === 'AccessDeniedException');
  const wasSaid = NAMES_WHAT_RUNS.test(task.request.puts[0]?.parsed?.Reason ?? '');
  return history.excuse('a Create may not list tasks', request.type === 'Create' && isDenied && wasSaid);
}

/**
 * ECS had not started the task, or did not list it yet, whenever the request looked for it, or one before it that had to
 * stop it, and who started it stopped it soon.
 */
export function wasHidden(task: SimulatedTask, request: Request, history: History): boolean {
  const isSo = history.requests
    .filter((one) => one === request || (cleansUp(one) && one.number > task.request.number && one.number < request.number))
    .some((one) => wasHiddenFrom(task, one, history));
  return history.excuse('ECS did not list the task yet', isSo);
}

/** Whether the request has to stop what earlier ones have left. */
export function cleansUp({ type, isRollback }: Request): boolean {
  return type === 'Delete' || isRollback;
}

function wasHiddenFrom(task: SimulatedTask, request: Request, history: History): boolean {
  const starts = history.callsOfRun(task.request, 'RunTask').filter(({ at, invocation }) => invocation === task.invocation && at <= task.createdAt);
  const startedAt = starts[starts.length - 1].at; // ECS may take its time with it
  const all = history.callsOf(request, 'ListTasks');
  const until = task.request.first === request.first ? answeredAt(request) : lookedUntil(request, history);
  const inTime = all.filter(({ at, error, input }) => at >= startedAt && at <= until && !error
    && (input.desiredStatus === 'RUNNING' || at >= (task.toldToStopAt ?? Infinity)));
  const own = inTime.filter(({ invocation }) => invocation === request.puts[0]?.invocation); // of two at once, each knows only what it saw
  const looks = own.length > 0 ? own : inTime;
  return looks.length > 0
    && looks.every((look) => !couldShow(look, task))
    && wasStoppedSoon(task, Math.max(task.createdAt, looks[looks.length - 1].at, own.length > 0 ? request.puts[0].at : 0), history);
}

/** Nothing in the event names the family of the task, and tasks are listed by their family. */
export function familyWasUnknown({ family }: SimulatedTask, { event }: Request, history: History): boolean {
  return history.excuse('the event does not name the family of the task', !JSON.stringify(event).includes(`:task-definition/${family}:`));
}

/** CloudFormation no longer waits for the request, and a Delete or another invocation has stopped its task, or soon does. */
export function othersStopIt(task: SimulatedTask, request: Request, history: History): boolean {
  const { at, counts } = request.puts[0];
  return history.excuse('nobody listens, and others stop the task', task.request.first === request.first && !counts && wasStoppedSoon(task, at, history));
}

/** The start had been decided upon before, and who started the task stopped it soon. */
export function startWasUnderWay(task: SimulatedTask, before: number, history: History): boolean {
  const looks = history.calls.filter(({ invocation, api, at }) => invocation === task.invocation && api === 'DescribeStacks' && at < task.createdAt);
  const last = looks[looks.length - 1];
  const isSo = looks.length > 0 && ((last.at <= before && task.createdAt >= before - 30 * SECOND) || last.isStale);
  return history.excuse('the start was under way', Boolean(isSo) && wasStoppedSoon(task, task.createdAt, history));
}

/**
 * Another invocation of the request, which lived on, saw no change in the stack yet, and its task was stopped soon after the change.
 * A later request whose last look was over before ECS listed the task could not stop it.
 */
export function stackHadNotTurned(task: SimulatedTask, request: Request, history: History): boolean {
  const isOwn = task.request.first === request.first;
  const said = isOwn ? request.puts[0] : task.request.puts[0];
  const turned = history.statuses.find(({ at }) => at >= said?.at)?.at ?? Infinity;
  const looks = history.calls.filter(({ invocation, api, at }) => invocation === task.invocation && api === 'DescribeStacks' && at < task.createdAt);
  const couldFind = !isOwn && Math.max(task.listedFrom, task.knownFrom) <= lookedUntil(request, history);
  const last = looks[looks.length - 1];
  const isSo = said !== undefined && task.invocation !== said.invocation && !couldFind && looks.length > 0 && (last.at <= turned || last.isStale);
  return history.excuse('the stack had not turned', Boolean(isSo) && wasStoppedSoon(task, Math.max(task.createdAt, turned < Infinity ? turned : 0), history));
}

/**
 * The event of a cancelled Update arrived only during the rollback, so it looks like the Update of the rollback. This matters only
 * if the rollback runs the task.
 */
export function lookedLikeTheRollback({ request, invocation, createdAt }: SimulatedTask, history: History): boolean {
  const seen = history.calls.filter((call) => call.invocation === invocation && call.api === 'DescribeStacks' && wasHeard(call) && call.at <= createdAt);
  const isSo = request.type === 'Update' && !request.isRollback && request.properties.OnRollback === 'RUN'
    && seen.some(({ result }) => /ROLLBACK.*IN_PROGRESS/.test(result.Stacks[0]?.StackStatus));
  return history.excuse('a cancelled Update looked like its rollback', isSo);
}

/**
 * DescribeStacks still reported the rollback that had ended shortly before this Update: "eventually consistent". Without a later
 * response that shows a later operation, the function assumes a rollback: to fail one is worse than not to run the task of an Update.
 */
export function rollbackWasTold(request: Request, history: History): boolean {
  const heard = history.callsBehindAnswer(request, 'DescribeStacks').filter(wasHeard);
  const isDisproved = ({ invocation }: Call, later: Call[]) =>
    later.some((call) => call.invocation === invocation && !call.isStale && isDated(call));
  const isSo = request.type === 'Update' && heard.some((call, index) =>
    call.isStale && /ROLLBACK_IN_PROGRESS/.test(call.result.Stacks[0]?.StackStatus) && !isDisproved(call, heard.slice(index + 1)));
  return history.excuse('DescribeStacks told of the rollback before', isSo);
}

/**
 * LastUpdatedTime moved while CloudFormation waited, and afterwards the event came, or came again, or no response before had shown
 * which operation it was. With a deployment that failed at once and a next one within that minute, all answers of AWS would be the same, and
 * the request out of date.
 */
export function movedBeforeLateEvent(request: Request, history: History): boolean {
  const isWithin = (at: number) => at > request.sentAt && at <= answeredAt(request);
  const moved = history.moved.find((one) => one.request.operation === request.operation && isWithin(one.at));
  const lateFrom = Math.min(request.sentAt + MINUTE, moved?.at ?? Infinity) - history.clocksDifferBy;
  const isLate = history.invocations.some(({ request: of, hop, startedAt }) => of === request && hop === 0 && startedAt > lateFrom);
  const wasRead = history.callsBehindAnswer(request, 'DescribeStacks').some((call) => moved && wasHeard(call) && isDated(call) && !call.isStale && call.at < moved.at);
  return history.excuse('LastUpdatedTime moved before a late event', moved !== undefined && (isLate || !wasRead));
}

/**
 * The next operation began within a minute after CloudFormation sent the request, and the invocation read nothing of the stack
 * between the two. For that minute, a newer LastUpdatedTime proves nothing (docs/aws-behaviour.md).
 */
export function nextBeganAtOnce({ request, invocation }: SimulatedTask, history: History): boolean {
  const next = history.operations.find((at) => at > request.sentAt) ?? Infinity;
  const endedAt = history.statuses.find(({ at }) => at > request.sentAt)?.at ?? Infinity;
  const wasRead = history.callsOf(request, 'DescribeStacks').some((call) =>
    call.invocation === invocation && wasHeard(call) && !call.isStale && call.at >= endedAt && call.at < next);
  return history.excuse('the next operation began at once', next - request.sentAt < MINUTE && !wasRead);
}

/** The request continues with the task that an earlier deployment has passed on: no response told it that this is another deployment. */
export function earlierRunWentOn(request: Request, history: History): boolean {
  const { state, requestId } = passedOn(request.properties.PreviousLeg?.Baton);
  const giver = history.requests.find(({ id }) => id === requestId);
  const isSo = state === 'RUNNING' && giver?.first !== request.first && !history.callsBehindAnswer(request, 'DescribeStacks').some((call) => wasHeard(call) && isDated(call));
  return history.excuse('nothing told that the task is of an earlier deployment', isSo);
}

/** For tasks of earlier requests; later it looks for tasks of its own. An answer that has been sent cannot know of a later look. */
function lookedUntil(request: Request, history: History): number {
  const sent = history.callsOf(request, 'put').find(({ invocation }) => invocation === request.puts[0]?.invocation);
  return Math.min(answeredAt(request), sent?.at ?? Infinity, history.callsOf(request, 'RunTask')[0]?.at ?? Infinity);
}

/** Or DescribeTasks failed all the time, or each second reading of the stack. The limit is longer if the invocation crashed: Lambda waits minutes before it retries. */
function wasStoppedSoon({ request, arn, endedAt }: SimulatedTask, since: number, history: History): boolean {
  const toldToStopAt = history.calls.find(({ api, input }) => api === 'StopTask' && input.task === arn)?.at;
  const crashes = history.invocations.filter((invocation) => invocation.request.first === request.first && invocation.end === 'crashed').length;
  const isBlind = ([['DescribeTasks', 0], ['DescribeStacks', BETWEEN_READINGS_MS]] as const).some(([api, after]) => {
    const looks = history.callsOfRun(request, api).filter(({ at }) => at > since + after && at < since + NOTICED_WITHIN);
    return looks.length > 0 && looks.every(({ error }) => error);
  });
  const nobodyLives = crashes >= ATTEMPTS_OF_LAMBDA;
  return isBlind || nobodyLives || Math.min(toldToStopAt ?? Infinity, endedAt) < since + NOTICED_WITHIN + crashes * 3 * MINUTE;
}

/**
 * CloudFormation never returned the outputs that the stack has kept, or the invocation had no time left to request them. Outputs
 * that cannot be read are left out, because a rollback that is answered FAILED would be stuck.
 */
export function outputsWereNotTold(request: Request, history: History): boolean {
  const last = history.callsBehindAnswer(request, 'DescribeStacks').at(-1);
  return history.excuse('what the stack keeps was not told', last !== undefined && (last.error !== undefined || last.result === undefined));
}

/**
 * The outputs of a nested stack that its parent rolls back are those of the failed deployment, and this one was not among them:
 * AWS has its value nowhere (docs/outputs.md).
 */
export function outputWasRemoved(output: string, request: Request, history: History): boolean {
  const looks = history.callsBehindAnswer(request, 'DescribeStacks').filter((call) => wasHeard(call) && !call.isStale);
  const isSo = looks.length > 0 && !looks.at(-1)!.result.Stacks[0].Outputs.some(({ OutputKey }: any) => OutputKey === output);
  return history.excuse('the deployment of a nested stack had removed the output', isSo && request.kept[output] !== undefined);
}

/**
 * DescribeStacks failed on every call after the deployment had failed, until the end of the invocation. An invocation has 15
 * minutes (Lambda quotas), and may have used a third of them before.
 */
export function failureWasNotTold(request: Request, failedAt: number, history: History): boolean {
  const looks = history.callsOf(request, 'DescribeStacks').filter(({ at }) => at >= failedAt);
  const lastLook = looks[looks.length - 1];
  const isLongEnough = looks.length > 0 && lastLook.at > lastLook.invocation.startedAt + 9 * MINUTE;
  return history.excuse('the failure of the deployment was not told', isLongEnough && looks.every(({ error }) => error));
}

/** AWS refused to stop the task, each time for as long as the function waits for its end. What it was to say has been said. */
export function stopWasRefused({ arn, request }: SimulatedTask, failedAt: number, history: History): boolean {
  const tries = history.callsOfRun(request, 'StopTask').filter(({ input, at }) => input.task === arn && at >= failedAt);
  const isLongEnough = tries.length > 0 && tries.at(-1)!.at - tries[0].at > 140 * SECOND;
  return history.excuse('AWS refused to stop the task', isLongEnough && tries.every(({ error }) => error));
}

/**
 * The deployment had failed for less than the minute between two looks at the stack when the next one began, whose Create of the
 * resource does not name the family (docs/architecture.md, "What nothing here can promise"), or whose event Lambda delivered late.
 */
export function failedBetweenTwoLooks(task: SimulatedTask, failedAt: number, history: History): boolean {
  const next = history.statuses.find(({ at }) => at > failedAt);
  const isSeen = history.callsOf(task.request, 'DescribeStacks').some(({ at }) => at >= failedAt && at < (next?.at ?? Infinity));
  const later = history.requests.find(({ sentAt, type }) => type !== 'Delete' && sentAt > failedAt);
  const isBrief = next !== undefined && next.at - failedAt < LOOK_AT_STACK_MS;
  const isLate = !history.invocations.some(({ request, startedAt }) => request === later && startedAt < later!.sentAt + MINUTE);
  const isSo = isBrief && !isSeen && later !== undefined && (isLate || familyWasUnknown(task, later, history));
  return history.excuse('the deployment failed between two looks', isSo);
}

/**
 * A deployment failed with the message that nobody knows whether the task ever succeeded and that runOn must be CHANGE, and the person deployed
 * again with CREATE. AWS does not document whose old properties CloudFormation then sends: without the first ones, the function cannot say it again.
 */
export function pastIsKnownToBeUnknown(history: History): boolean {
  const wasTold = history.requests.some(({ answer }) => /unknown whether the task ever succeeded/.test(answer?.parsed?.Reason ?? ''));
  return history.excuse('the person knows that the past is unknown', wasTold);
}

/**
 * The invocation that answered never learned whether this is a rollback: it heard nothing, or only what had been so before. What an
 * invocation before it read was lost in its crash, or handed over by another version of the function.
 */
export function statusWasUnknown(request: Request, history: History): boolean {
  const who = request.puts[0]?.invocation;
  const isFirst = who?.hop === 0 || request.isOfAnotherVersion;
  const calls = history.callsOf(request, 'DescribeStacks').filter(({ at, invocation }) => isFirst && invocation === who && at <= answeredAt(request));
  return history.excuse('the status of the stack was not told', calls.length > 0 && !calls.some((call) => wasHeard(call) && !call.isStale));
}

/** For three minutes, a start came only upon responses without the time of the update. Others can have come upon a start of another task. */
export function updateWasNotShown(request: Request, history: History): boolean {
  const undated = history.callsBehindAnswer(request, 'DescribeStacks').filter((call) => wasHeard(call) && !isDated(call));
  const span = undated.length > 0 ? undated.at(-1)!.at - undated[0].at : 0;
  const isSo = /did not show which update/.test(request.puts[0]?.parsed?.Reason ?? '') && span > 170 * SECOND;
  return history.excuse('CloudFormation did not show which update it is', isSo);
}

/** What a further invocation of the request does after that is no excuse. */
function answeredAt({ puts }: Request): number {
  return puts[0]?.at ?? Infinity;
}
