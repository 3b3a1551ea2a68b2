import { MINUTE, SECOND, seconds } from './clock';
import { passedOn, RESPONSE_SECRET, serviceTimeout } from './event';
import * as excuses from './excuses';
import type { Call, History, Put, Request } from './history';
import { who } from './history';
import type { LogLife } from './lives';
import { untruths } from './messages';
import { outputsOf, SECRETS } from './scenario';
import type { Run } from './simulate';
import { decidingOf, isSuccess, SimulatedTask, stateAt } from './task';
import { OUTPUT_PREFIX, RunSpec } from '../../src/contract';
import { LONGEST_SERVICE_TIMEOUT_SECONDS, PASS_ON_MARGIN_SECONDS, STOP_MARGIN_SECONDS } from '../../src/timing';

export interface Violation {
  readonly invariant: string;
  readonly at: number;
  readonly facts: string;
}

type Finding = Omit<Violation, 'invariant'>;

export interface Invariant {
  readonly name: string;
  readonly sentence: string;
  check(run: Run): Finding[];
}

const MOST_BYTES = 4096;
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/;

/** What must never happen, whatever fails. */
export const invariants: readonly Invariant[] = [
  {
    name: 'one answer',
    sentence: 'Every request to whose answer CloudFormation listens gets one in time, if an invocation lives long enough to give it; none is malformed.',
    check: ({ history }) => history.requests.flatMap((request) => [
      ...history.callsOf(request, 'put').flatMap(({ at, input }) => malformed(input.body, request).map((facts) => ({ at, facts: `R${request.number}: ${facts}` }))),
      ...unanswered(request, history),
    ]),
  },
  {
    name: 'no second task',
    sentence: 'A request, with those that go on waiting for it, runs no more tasks than it may, no more than count at the same time, and none after as many have succeeded.',
    check: ({ history }) => history.requests.filter((request) => request.first === request).flatMap((request) => tooManyTasks(request, history)),
  },
  {
    name: 'a correct verdict',
    sentence: 'SUCCESS only if count tasks ended with codes that count, or the next resource goes on waiting; FAILED only for a reason that has happened.',
    check: ({ history }) => history.requests.flatMap((request) => wrongVerdict(request, history)),
  },
  {
    name: 'true results',
    sentence: 'A SUCCESS has every attribute that the stack uses, as it is of the tasks that succeeded, or as it was where none was run.',
    check: ({ history }) => history.requests.flatMap((request) => wrongResults(request, history)),
  },
  {
    name: 'nothing left running',
    sentence: 'After FAILED no task of the request runs or starts; after a Delete or a rollback none of an earlier request; nor where no resource goes on waiting.',
    check: ({ history }) => history.requests.flatMap((request) => [...leftRunning(request, history), ...leftByAll(request, history)]),
  },
  {
    name: 'only what is over is stopped',
    sentence: 'No request stops a task of a later deployment, nor the Delete of what a failed Create has left one of a later request.',
    check: ({ history }) => stoppedWhatIsWanted(history),
  },
  {
    name: 'a rollback gets no worse',
    sentence: 'The rollback of an Update is never answered FAILED, nor a Delete but for its own task, and neither starts a task unless told to.',
    check: ({ history }) => history.requests.flatMap((request) => worseRollback(request, history)),
  },
  {
    name: 'an Update runs the task',
    sentence: 'An Update that is no rollback starts a task, or fails, or is told to run none; no stack is complete whose task has never succeeded.',
    check: ({ history }) => [
      ...history.requests
        .filter(({ type, run, isRollback, isPutBack, answer }) => type === 'Update' && run && !isRollback && !isPutBack && answer?.parsed?.Status === 'SUCCESS')
        .filter((request) => !leavesItToTheNext(request) && history.tasksOf(request).length === 0 && !excuses.rollbackWasTold(request, history))
        .map(({ number, answer }) => ({ at: answer!.at, facts: `R${number} was answered SUCCESS and has started no task` })),
      ...completeForNothing(history),
    ],
  },
  {
    name: 'secrets stay out of logs',
    sentence: 'No line of the log and no answer holds the response URL, an environment value or a command.',
    check: ({ history }) => [
      ...history.logged.map(({ at, line, invocation }) => ({ at, text: line, where: `the log of ${who(invocation)}` })),
      ...history.calls.filter(({ api }) => api === 'put').map(({ at, input, invocation }) => ({ at, text: String(input.body), where: `the answer of ${who(invocation)}` })),
    ].flatMap(({ at, text, where }) => [...SECRETS, RESPONSE_SECRET].filter((secret) => text.includes(secret)).map((secret) => ({ at, facts: `${where} holds "${secret}"` }))),
  },
  {
    name: 'soon and sparing',
    sentence: 'The answer is sent within 4 s of the last exit code if nothing goes wrong, at most 60 DescribeTasks and 2 DescribeStacks a minute, besides those before and in the minute after a start.',
    check: (run) => [...run.history.requests.flatMap((request) => slowAnswer(request, run)), ...tooManyCalls(run)],
  },
  {
    name: 'one generation at a time',
    sentence: 'While a task of a later request runs, none of an earlier one does.',
    check: ({ history }) => generationsAtOnce(history),
  },
  {
    name: 'what is said is true',
    sentence: 'Each sentence of an answer is of a known kind, and is so.',
    check: ({ history }) => history.requests.flatMap((request) => untruths(request, history)),
  },
];

function malformed(body: string, request: Request): string[] {
  const size = Buffer.byteLength(body);
  let parsed: NonNullable<Put['parsed']>;
  try {
    parsed = JSON.parse(body);
  } catch {
    return ['the answer is no JSON'];
  }
  const { event, type } = request;
  const id = parsed.PhysicalResourceId;
  return [
    ...(size > MOST_BYTES ? [`the answer has ${size} bytes`] : []),
    ...(CONTROL.test(parsed.Reason ?? '') || !(parsed.Reason ?? '').isWellFormed() ? ['the reason holds what consoles cannot print'] : []),
    ...(['RequestId', 'StackId', 'LogicalResourceId'] as const).filter((name) => parsed[name] !== event[name]).map((name) => `the ${name} of the answer is ${parsed[name]}`),
    ...(!id || id.length > 1024 ? [`the physical id is ${JSON.stringify(id)}`] : []),
    ...(type !== 'Create' && id !== event.PhysicalResourceId ? [`the physical id has changed from ${event.PhysicalResourceId} to ${id}`] : []),
    ...(!/^(SUCCESS|FAILED)$/.test(parsed.Status) || (parsed.Status === 'FAILED' && !parsed.Reason) ? [`the status is ${parsed.Status}, the reason ${parsed.Reason}`] : []),
  ];
}

function unanswered(request: Request, history: History): Finding[] {
  const { closedBy, deadline, number } = request;
  const stuck = history.invocations
    .filter((invocation) => invocation.request === request && invocation.end === 'ran out of time')
    .filter((invocation) => !excuses.responseUrlWasDown(request, history) && !excuses.diedAnswering(invocation, history))
    .map((invocation) => ({ at: invocation.endedAt!, facts: `${who(invocation)} ran out of time` }));
  if (closedBy !== 'time-out') {
    return stuck;
  }
  if (excuses.everyInvocationDied(request, history) || excuses.responseUrlWasDown(request, history)
    || excuses.wasHeldUp(request, history) || excuses.handOverWasLost(request, history)) {
    return stuck;
  }
  const late = request.puts[0];
  return [...stuck, { at: deadline, facts: `R${number} was not answered in time; ${late ? `the answer came at ${seconds(late.at)} s` : 'no answer came at all'}` }];
}

function tooManyTasks(request: Request, history: History): Finding[] {
  const { run, number } = request; // the first request of the run
  const tasks = history.tasksOf(request).filter((task) => !excuses.unseenGhost(task, history));
  if (!run) {
    return tasks.filter((task) => !excuses.nextBeganAtOnce(task, history))
      .map(({ createdAt, name }) => ({ at: createdAt, facts: `R${number} has nothing to run and started ${name}` }));
  }
  const count = run.Request.count ?? 1;
  const ran = tasks.filter(({ ranFrom }) => ranFrom !== undefined);
  const most = count * (1 + (run.RetryAttempts ?? 0));
  const findings: Finding[] = [];
  if (ran.length > most) {
    findings.push({ at: ran[most].ranFrom!, facts: `R${number} may run ${most} tasks and ran ${ran.length}: ${ran.map(({ name }) => name).join(', ')}` });
  }
  for (const task of ran) {
    const at = task.ranFrom!;
    const there = ran.filter((other) => other !== task && other.ranFrom! <= at
      && (other.endedAt > at || (ended(other, at) && isSuccess(other, request))));
    if (there.length >= count && !there.some((other) => other.ranFrom === at && other.createdAt > task.createdAt)) {
      findings.push({ at, facts: `R${number} runs ${count} at a time, and ${task.name} began to run when ${there.map(({ name }) => name).join(', ')} ran or had succeeded` });
    }
  }
  return findings;
}

function wrongVerdict(request: Request, history: History): Finding[] {
  const { answer, run, isRollback, number, type } = request;
  const { Status, Reason = '' } = answer?.parsed ?? {};
  if (!answer || !run) {
    return [];
  }
  const { at } = answer;
  if (leavesItToTheNext(request)) {
    const passesOnAt = request.sentAt + (LONGEST_SERVICE_TIMEOUT_SECONDS - PASS_ON_MARGIN_SECONDS) * SECOND;
    return request.properties.HasNextLeg && at >= passesOnAt - SECOND - history.clocksDifferBy // the URL contains whole seconds
      ? []
      : [{ at, facts: `R${number} left its task to the next resource, and ${request.properties.HasNextLeg ? `could wait until ${seconds(passesOnAt)} s` : 'is the last'}` }];
  }
  if (Status === 'SUCCESS') {
    const count = run.Request.count ?? 1;
    const good = history.tasksOf(request).filter((task) => ended(task, at) && isSuccess(task, request));
    const forgiven = isRollback || (request.isPutBack && history.tasksOf(request).length === 0) || (type === 'Delete' && /ROLLBACK/.test(history.statusAt(at)));
    return good.length >= count || forgiven || excuses.rollbackWasTold(request, history)
      ? []
      : [{ at, facts: `R${number} was answered SUCCESS when ${good.length} of ${count} tasks had succeeded` }];
  }
  const reasons = [...reasonsToFail(request, history, at), ...reasonsToLackResults(request, history, at)];
  const ours = Reason.replace(/(?<=the task was stopped: ).*/i, ''); // why another request stopped it
  const claimed = [
    ...(/did not (end|start) within|was still \w+ after|after the timeout of the task/.test(ours) && !reasons.includes('time is over') ? ['that time is over'] : []),
    ...(/was cancelled/.test(Reason) && !reasons.includes('the stack is not being deployed') ? ['that it was cancelled'] : []),
  ];
  return [
    ...(reasons.length === 0 ? [{ at, facts: `R${number} was answered FAILED without a reason: ${Reason.split('\n')[0]}` }] : []),
    ...claimed.map((what) => ({ at, facts: `R${number} was answered FAILED and says ${what}, which is not so` })),
  ];
}

/** What had happened until then that makes FAILED right. */
function reasonsToFail(request: Request, history: History, at: number): string[] {
  const { run, type, properties } = request as Request & { run: RunSpec };
  const tasks = history.tasksOf(request).filter((task) => task.endedAt <= at && !isSuccess(task, request));
  const ran = tasks.filter(({ life }) => life.runs);
  const isLasting = ({ life, stopCode, toldToStopAt }: SimulatedTask) => toldToStopAt !== undefined || stopCode === 'UserInitiated' || life.name === 'does not start, for good'
    || life.name === 'starts a container but not the next' || life.name === 'has no exit code';
  const began = history.invocations.find((invocation) => invocation.request === request.first)!.startedAt;
  const { HasNextLeg } = properties;
  const wall = HasNextLeg && type !== 'Delete' ? Infinity : request.sentAt + (serviceTimeout({ TimeoutSeconds: run.TimeoutSeconds }) - STOP_MARGIN_SECONDS) * SECOND;
  const deadline = Math.min(began + run.TimeoutSeconds * SECOND, wall);
  const callsOf = (...apis: string[]) => history.callsBehindAnswer(request, ...apis);
  const calls = callsOf('RunTask', 'DescribeTasks', 'DescribeStacks', 'DescribeTaskDefinition', 'ListTasks').filter(({ error }) => error);
  // Only the first rejection of a permanent kind counts immediately; other rejections must continue without a break.
  const isLastingError = ({ fault, error }: Call) =>
    fault === undefined ? !/Throttling|ServerException|TimeoutError/.test(error.name) : /for good|never permitted/.test(fault);
  const refusedFor = (...apis: string[]) => Math.max(0, ...apis.map((api) => longestRow(callsOf(api))));
  // What it learns about the task while stopping it comes too late.
  const gaveUpAt = callsOf('StopTask')[0]?.at ?? at;
  const ofRun = new Set(history.tasksOf(request).map(({ arn }) => arn));
  const ofOthers = history.callsOfRun(request, 'DescribeTasks').filter(({ invocation }) => invocation.request !== request);
  const everSaw = [...ofOthers, ...callsOf('DescribeTasks')].some(({ result, error, at: when }) => when <= Math.min(at, gaveUpAt)
    && !error && result?.tasks.some(({ taskArn }: any) => ofRun.has(taskArn)));
  const continuations = callsOf('Invoke').filter(({ invocation }) => invocation === request.answer!.invocation);
  const decidedAt = history.callsOf(request, 'put').find(({ invocation }) => invocation === request.answer!.invocation)!.at; // it may take several attempts
  const reasons: Array<[string, boolean]> = [
    // Retries end when the next one would come after 15 seconds. Of two families, one can be listed again before the other.
    ['a Delete may not look for tasks', type === 'Delete' && ['ListTasks', 'DescribeTasks'].some((api) =>
      rowsOf(callsOf(api)).some((row) => longestRow(row) >= 7 * SECOND)
      && calls.filter((call) => call.api === api).every(({ error }) => /AccessDenied/.test(error.name)))],
    ['the properties are malformed', request.isMalformed && history.tasksOf(request).length === 0],
    ['another version has handed over or passed on', request.isOfAnotherVersion
      && (request.first !== request || passedOn(properties.PreviousLeg?.Baton).state === 'RUNNING' || history.invocations.some((invocation) => invocation.request === request && invocation.hop > 0))],
    ['a task failed', tasks.some(isLasting) || ran.length > (run.RetryAttempts ?? 0)],
    ['time is over', at >= deadline - SECOND - history.clocksDifferBy || excuses.earlierRunWentOn(request, history)],
    ['AWS refused for good', calls.some((call) => isLastingError(call) && (call.fault !== undefined || ['RunTask', 'DescribeTaskDefinition'].includes(call.api)))],
    ['AWS refused for long', refusedFor('RunTask', 'DescribeStacks', 'DescribeTaskDefinition', 'ListTasks') >= 2 * MINUTE],
    // Three minutes in a row for what may be too new, whatever that is each time.
    ['AWS refused one start after the other', longestRow(callsOf('RunTask', 'DescribeStacks').filter(({ api, error }) => api === 'RunTask' || error)) > 170 * SECOND],
    ['CloudFormation did not show which update it is', excuses.updateWasNotShown(request, history)],
    ['nobody could look for earlier tasks', history.tasksOf(request).every(({ invocation }) => invocation !== request.answer!.invocation) && refusedFor('DescribeTasks') >= MINUTE],
    ['LastUpdatedTime has moved', excuses.movedBeforeLateEvent(request, history)],
    ['nobody could ever look at the task', !everSaw && refusedFor('DescribeTasks') >= 4 * MINUTE],
    ['the function could not go on', continuations.length > 0 && continuations[continuations.length - 1].error !== undefined],
    ['the stack is not being deployed', history.statuses.some((one) => one.at >= request.sentAt && one.at <= at && !/^(CREATE|UPDATE)_IN_PROGRESS$/.test(one.status))],
    ['it is unknown whether the task has succeeded', request.properties.RunOn === 'CREATE' && passedOn(request.properties.PreviousLeg?.Baton).state === 'SKIPPED'],
    ['RunTask placed nothing', history.callsOfRun(request, 'RunTask').some(({ result, doneAt }) => doneAt! <= at && /ATTRIBUTE|LOCATION|MOON/.test(JSON.stringify(result?.failures ?? [])))],
    ['an earlier task does not end', history.tasks.some((task) => task.request.number < request.number && task.request.first !== request.first && task.stoppedAt > decidedAt - SECOND)],
  ];
  return reasons.filter(([, isSo]) => isSo).map(([reason]) => reason);
}

/** The calls for each family, or all together if they name none. */
function rowsOf(calls: readonly Call[]): Call[][] {
  return [...new Set(calls.map(({ input }) => input.family))].map((family) => calls.filter(({ input }) => input.family === family));
}

/** The longest time in which each call failed. */
function longestRow(calls: readonly Call[]): number {
  let longest = 0;
  let since: number | undefined;
  for (const { at, doneAt, error } of calls) {
    if (doneAt === undefined) {
      continue; // the response reached no invocation
    }
    since = error ? since ?? at : undefined;
    longest = Math.max(longest, since === undefined ? 0 : doneAt - since);
  }
  return longest;
}

/** What makes FAILED right although the task succeeded. */
function reasonsToLackResults(request: Request, history: History, at: number): string[] {
  const { run, properties, answer } = request;
  const good = history.tasksOf(request).filter((task) => ended(task, at) && isSuccess(task, request));
  const names = outputsOf(request.type === 'Delete' ? {} : run!.UsedAttributes ?? {});
  const reads = history.callsOf(request, 'GetLogEvents').filter(({ invocation }) => invocation === answer!.invocation);
  const reasons: Array<[string, boolean]> = [
    ['an output is not there', good.some(({ life: { log } }) => names.some((name) => printed(log, name).length !== 1 || log.absent || log.late > 55))],
    ['each reading began before the log was complete', reads.length > 0 && at - reads[0].at > 55 * SECOND
      && good.some(({ endedAt, life: { log } }) => reads.every(({ at: began, input }) => input.nextToken || began < endedAt + log.late * SECOND))],
    ['the pages came too slowly to reach the beginning of the log', reads.length > 0 && at - reads[0].at > 55 * SECOND && reads.filter(({ input }) => !input.limit)
      .every(({ input, result }) => result && result.nextBackwardToken !== input.nextToken)],
    ['the log could not be read', reads.some(({ error }) => error && !/ResourceNotFound/.test(error.name))],
    ['the results are too long', good.some(({ life: { log } }) => names.reduce((sum, name) => sum + (printed(log, name)[0]?.length ?? 0), 0) > (properties.HasNextLeg ? 2_500 : 2_900))],
    ['the function had no time left for the log', reads.length > 0 && at - answer!.invocation.startedAt > 11 * MINUTE && good.some(({ life }) => life.log.late > 0)],
  ];
  return reasons.filter(([, isSo]) => isSo).map(([reason]) => reason);
}

/** The different values that the task prints for an output. */
function printed({ lines }: LogLife, name: string): string[] {
  const begin = `ecs-run-task-output ${name}=`;
  return [...new Set(lines.filter((line) => line.startsWith(begin)).map((line) => line.slice(begin.length).trim()))];
}

function wrongResults(request: Request, history: History): Finding[] {
  const { answer, run, number, kept, properties, isRollback, type } = request;
  if (answer?.parsed?.Status !== 'SUCCESS' || type === 'Delete' || properties.HasNextLeg) {
    return answer?.parsed?.Status === 'FAILED' && answer.parsed.Data ? [{ at: answer.at, facts: `R${number} was answered FAILED, with attributes` }] : [];
  }
  const { at, parsed: { Data = {} } } = answer;
  const good = run ? history.tasksOf(request).filter((task) => ended(task, at) && isSuccess(task, request)) : [];
  const wasNotKept = (output: string) => excuses.outputsWereNotTold(request, history) || excuses.outputWasRemoved(output, request, history);
  return [
    ...Object.keys(Data).filter((name) => !properties.UsedAttributes?.[name]).map((name) => ({ at, facts: `R${number} was answered with ${name}, for which nobody asked` })),
    ...Object.entries(properties.UsedAttributes ?? {}).flatMap(([name, output]) => {
      const right = [
        ...run && good.length >= (run.Request.count ?? 1) ? good.flatMap((task) => truly(name, task, good, request)) : [],
        ...!run || isRollback || request.isPutBack ? [kept[output]] : [],
      ];
      const isExcused = Data[name] === undefined && (right.includes(undefined) || (isRollback && wasNotKept(output)));
      return right.includes(Data[name]) || isExcused ? [] : [{ at, facts: `R${number} was answered with the ${name} ${Data[name]}, which is ${right.join(' or ')}` }];
    }),
  ];
}

/** The values of the attribute that are right for the task. */
function truly(name: string, task: SimulatedTask, all: readonly SimulatedTask[], request: Request): Array<string | undefined> {
  const [container] = decidingOf(task, request);
  switch (name) {
    case 'TaskArn': return [task.arn];
    case 'TaskArns': return permutations(all.map(({ arn }) => arn), request.run!.Request.count ?? 1).map((arns) => arns.join(','));
    case 'ExitCode': return [String(task.exitCodes[container])];
    case 'StartedAt': return [task.dated(task.ranFrom!).toISOString()];
    case 'StoppedAt': return [task.dated(task.endedAt).toISOString()];
    case 'LogStreamName': return [`${container}/${container}/${task.arn.split('/').pop()}`];
    default: {
      const values = printed(task.life.log, name.slice(OUTPUT_PREFIX.length));
      const isSeenInPart = task.life.log.pageSize !== undefined || task.life.log.late > 0;
      return values.length === 1 || isSeenInPart ? values : []; // a request that sees two values fails
    }
  }
}

/** All ways to choose this many in some order. */
function permutations<T>(of: readonly T[], many: number): T[][] {
  const rest = (index: number) => of.filter((_, other) => other !== index);
  return many === 0 ? [[]] : of.flatMap((one, index) => permutations(rest(index), many - 1).map((others) => [one, ...others]));
}

/** A task that one resource passed on, when there was no next resource: the deployment had been cancelled, and is not undone. */
function leftByAll(request: Request, history: History): Finding[] {
  const { puts: [said], number, closedAt } = request;
  const isLast = request.first && !history.requests.some((other) => other.number > number && other.first === request.first);
  const over = history.statuses.find(({ at, status }) => at >= request.sentAt && !/^(CREATE|UPDATE)_IN_PROGRESS$/.test(status));
  const returned = history.invocations.findLast((invocation) => invocation.request === request && invocation.end === 'returned' && invocation.handedOverAt === undefined);
  if (!isLast || closedAt === undefined || !over || /IN_PROGRESS/.test(over.status) || !returned || (said && !leavesItToTheNext(request))) {
    return [];
  }
  const from = Math.max(over.at, returned.endedAt!) + 90 * SECOND;
  return history.tasksOf(request)
    .filter((task) => task.endedAt > from && (task.toldToStopAt ?? Infinity) > from
      && !excuses.failureWasNotTold(request, over.at, history) && !excuses.failedBetweenTwoLooks(task, over.at, history)
      && !excuses.stopWasRefused(task, over.at, history))
    .map((task) => ({ at: from, facts: `${task.name} was left by R${number} to nobody: the stack was ${over.status}` }));
}

function stoppedWhatIsWanted(history: History): Finding[] {
  return history.calls.filter(({ api, result }) => api === 'StopTask' && result).flatMap(({ at, input, invocation }) => {
    const { request: { number, operation, sentAt }, toldToStopAt, name } = history.tasks.find(({ arn }) => arn === input.task)!;
    const { leftAt = Infinity } = invocation.request;
    return toldToStopAt !== undefined && (operation > invocation.request.operation || sentAt > leftAt)
      ? [{ at, facts: `${who(invocation)} stopped ${name} of R${number}: ${input.reason}` }]
      : [];
  });
}

function completeForNothing({ statuses, requests, tasks }: History): Finding[] {
  const done = statuses.find(({ status }) => /^(CREATE|UPDATE)_COMPLETE$/.test(status));
  const hasRun = done && requests.filter(({ sentAt, type, run }) => sentAt < done.at && run && type !== 'Delete').some((request) =>
    tasks.some((task) => task.request.first === request.first && ended(task, done.at) && isSuccess(task, request)));
  const isOurs = done && !requests.some(({ type, sentAt }) => type === 'Delete' && sentAt < done.at);
  return done && isOurs && !hasRun ? [{ at: done.at, facts: `the stack became ${done.status}, and its task has never succeeded` }] : [];
}

/** Whether the answer passes the task on instead of judging it. */
function leavesItToTheNext({ puts: [said] }: Request): boolean {
  return said?.parsed?.Status === 'SUCCESS' && passedOn(said.parsed.Data?.Baton).state === 'RUNNING';
}

function leftRunning(request: Request, history: History): Finding[] {
  const { type, number, isRollback } = request;
  const said = request.puts[0];
  if (!said) {
    return [];
  }
  // If several resources wait for a task, the first one runs it in a rollback.
  const hasBeenCleanedUp = isRollback
    && history.requests.some((other) => other.number < number && other.operation === request.operation && other.isRollback);
  const scope = [
    ...(excuses.cleansUp(request) && !hasBeenCleanedUp
      ? history.tasks.filter((task) => task.request.number < number && !belongsToAnother(task, request, history))
      : []),
    ...(said.parsed?.Status === 'FAILED' || type === 'Delete' ? history.tasksOf(request) : []),
  ];
  // A Delete also waits for the network interface, which would block the deletion of its subnets and security groups.
  const end = (task: SimulatedTask) => type === 'Delete' ? task.stoppedAt : task.endedAt;
  const goesDown = (task: SimulatedTask) => type !== 'Delete' && task.toldToStopAt === undefined && stateAt(task, said.at).desiredStatus === 'STOPPED';
  return scope
    .filter((task) => end(task) > said.at && !goesDown(task))
    .filter((task) => !excuses.saidSo(task, request, history)
      && !excuses.wasRefused(task, request, history)
      && !excuses.wasHidden(task, request, history)
      && !excuses.familyWasUnknown(task, request, history)
      && !excuses.othersStopIt(task, request, history)
      && !excuses.startWasUnderWay(task, said.at, history)
      && !excuses.stackHadNotTurned(task, request, history)
      && !excuses.unseenGhost(task, history)
      && !excuses.nextBeganAtOnce(task, history)
      && !excuses.lookedLikeTheRollback(task, history))
    .map((task) => ({
      at: Math.max(said.at, task.createdAt),
      facts: task.createdAt > said.at
        ? `${task.name} of R${task.request.number} was started after the ${said.parsed?.Status} of R${number} at ${seconds(said.at)} s`
        : `${task.name} of R${task.request.number} was left by the ${said.parsed?.Status} of R${number}, until ${seconds(end(task))} s`,
    }));
}

/**
 * A Delete of what a failed Create left comes before, during or after the next Create. It concerns only the tasks of the failed
 * Create, because its physical id names the request.
 */
function belongsToAnother(
  { request }: SimulatedTask, { type, ofSuccessfulCreate, leftAt = Infinity, operation, stackStatus }: Request, { requests }: History,
): boolean {
  const left = requests.find(({ sentAt }) => sentAt === leftAt);
  const isOfNextRun = request.sentAt > leftAt || (request.operation === operation && /^(CREATE|UPDATE)_IN_PROGRESS$/.test(stackStatus));
  return type === 'Delete' && !ofSuccessfulCreate
    && (request.answer?.parsed?.Status === 'SUCCESS' || isOfNextRun || (left !== undefined && request.first !== left.first));
}

function worseRollback(request: Request, history: History): Finding[] {
  const { type, isRollback, run, answer, number } = request;
  if (type !== 'Delete' && !isRollback) {
    return [];
  }
  const mayFail = (type === 'Delete' && run && !/ROLLBACK/.test(request.stackStatus)) || excuses.statusWasUnknown(request, history) || excuses.movedBeforeLateEvent(request, history);
  return [
    ...(answer?.parsed?.Status === 'FAILED' && !mayFail ? [{ at: answer.at, facts: `R${number} was answered FAILED: ${answer.parsed.Reason?.split('\n')[0]}` }] : []),
    ...(run ? [] : history.tasksOf(request).filter((task) => !excuses.nextBeganAtOnce(task, history))
      .map((task) => ({ at: task.createdAt, facts: `R${number}, which ${isRollback ? 'rolls back' : 'deletes'}, started ${task.name}` }))),
  ];
}

function slowAnswer(request: Request, { faults, story, history }: Run): Finding[] {
  const { answer, run, number } = request;
  if (faults.struck.size > 0 || story.scenario.consistency.unlisted > 0 || !answer || !run || answer.parsed?.Status !== 'SUCCESS') {
    return [];
  }
  const tasks = history.tasksOf(request).filter((task) => isSuccess(task, request));
  if (tasks.length < (run.Request.count ?? 1) || (answer.parsed.Reason && !leavesItToTheNext(request))) {
    return []; // a failure that a rollback ignores
  }
  const known = Math.max(...tasks.map((task) => run.CompleteWhen === 'TASK_STOPPED' ? task.stoppedAt : task.codesAt),
    ...outputsOf(run.UsedAttributes ?? {}).length > 0 ? tasks.map((task) => task.endedAt + task.life.log.late * SECOND) : []);
  const began = answer.invocation.startedAt;
  const took = answer.at - Math.max(known, began);
  return took > 4 * SECOND
    ? [{ at: answer.at, facts: `R${number} was answered ${(took / SECOND).toFixed(1)} s after its result was known` }]
    : [];
}

function tooManyCalls({ faults, history: { invocations, calls } }: Run): Finding[] {
  const { othersInFamily = 0 } = faults.plan.quirks;
  const counts = new Map<unknown, { [api: string]: number }>();
  for (const { api, invocation, error, result } of calls) {
    const count = counts.get(invocation) ?? {};
    counts.set(invocation, count);
    count[api] = (count[api] ?? 0) + (api === 'DescribeStacks' && (error || isAttempt(result, invocation.request)) ? 0 : 1);
  }
  return invocations.flatMap((invocation) => {
    const { DescribeTasks = 0, DescribeStacks = 0, RunTask = 0, ListTasks = 0 } = counts.get(invocation) ?? {};
    const minutes = (invocation.endedAt! - invocation.startedAt) / MINUTE;
    const at = invocation.endedAt!;
    // A hundred at a time, and for ten seconds again those that ECS lists but does not know yet.
    const forOthers = othersInFamily > 0 ? ListTasks / 2 * (Math.ceil(othersInFamily / 100) + 10) : 0;
    return [
      ...(DescribeTasks > 60 * minutes + 30 + RunTask + ListTasks / 2 + forOthers ? [{ at, facts: `${who(invocation)} called DescribeTasks ${DescribeTasks} times in ${minutes.toFixed(1)} minutes` }] : []),
      ...(DescribeStacks > 2 * minutes + 5 * RunTask + ListTasks + 10 ? [{ at, facts: `${who(invocation)} called DescribeStacks ${DescribeStacks} times in ${minutes.toFixed(1)} minutes` }] : []),
    ];
  });
}

/** A start that was postponed, because the stack was not being deployed or a later operation may have begun, still counts as an attempt. */
function isAttempt(result: any, { sentAt }: Request): boolean {
  const { StackStatus, LastUpdatedTime } = result?.Stacks[0] ?? {};
  return StackStatus !== 'CREATE_IN_PROGRESS' && (StackStatus !== 'UPDATE_IN_PROGRESS' || !LastUpdatedTime || LastUpdatedTime.getTime() > sentAt);
}

function generationsAtOnce(history: History): Finding[] {
  const ran = history.tasks.filter(({ ranFrom }) => ranFrom !== undefined);
  return ran.flatMap((later) => ran
    .filter((earlier) => earlier.request.first!.number < later.request.first!.number)
    .filter((earlier) => Math.max(earlier.ranFrom!, later.ranFrom!) < Math.min(earlier.endedAt, later.endedAt))
    .filter((earlier) => !excuses.wasRefused(earlier, later.request, history)
      && !excuses.wasHidden(earlier, later.request, history)
      && !excuses.createMayNotList(earlier, later.request, history)
      && !excuses.familyWasUnknown(earlier, later.request, history)
      && !excuses.startWasUnderWay(earlier, later.request.sentAt, history)
      && !excuses.stackHadNotTurned(earlier, later.request, history)
      && !excuses.nextBeganAtOnce(earlier, history)
      && !excuses.lookedLikeTheRollback(earlier, history))
    .map((earlier) => ({
      at: Math.max(earlier.ranFrom!, later.ranFrom!),
      facts: `${earlier.name} of R${earlier.request.number} ran until ${seconds(earlier.endedAt)} s, beside ${later.name} of R${later.request.number}`,
    })));
}

function ended(task: SimulatedTask, at: number): boolean {
  return task.endedAt <= at;
}
