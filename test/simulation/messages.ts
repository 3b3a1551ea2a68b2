import { MINUTE, SECOND, seconds } from './clock';
import { passedOn, serviceTimeout } from './event';
import { earlierRunWentOn, movedBeforeLateEvent } from './excuses';
import { Call, History, informs, Put, Request } from './history';
import { outputsOf } from './scenario';
import type { SimulatedTask } from './task';
import { STOP_MARGIN_SECONDS } from '../../src/timing';

/** What is known when an answer says something. */
interface Facts {
  readonly request: Request;
  readonly history: History;
  readonly said: Put;
  readonly at: number;
  /** Those of its run that had ended, or were there at all. */
  readonly ended: readonly SimulatedTask[];
  readonly tasks: readonly SimulatedTask[];
  readonly calls: (...apis: string[]) => Call[];
  /** Why ECS did not start a task: reasons of tasks, of failures[], of errors. */
  readonly startReasons: readonly string[];
}

/** One kind of sentence, and when it is true. Where the words of the handler change, they change here too. */
interface Message {
  readonly key: string;
  readonly says: RegExp;
  readonly isTrue: (facts: Facts, words: RegExpMatchArray) => boolean;
}

const always = () => true;

/** What a cause says of ECS, and which of the words of ECS it stands for. */
const didNotStart = (key: string, means: RegExp, of: RegExp): Message => ({
  key,
  says: means,
  isTrue: ({ startReasons }) => startReasons.some((reason) => of.test(reason)),
});

const errorOf = ({ calls }: Facts, name: string) => calls(...ALL).some(({ error }) => error && String(error.name ?? error).includes(name));

/** The text of the error: some thrown values have none. */
const wordsOf = (error: any) => String(typeof error === 'object' ? error.message ?? 'Error' : error);

const ALL = ['RunTask', 'DescribeTasks', 'ListTasks', 'StopTask', 'DescribeStacks', 'GetLogEvents', 'Invoke', 'DescribeTaskDefinition'];

/** What the function says of a response that it cannot use. */
const UNUSABLE = /^CloudFormation (did not return the status|returned an earlier status|returned \S+, so the stack|did not show which update)|^the response of ECS does not contain the task|is about to end$/;

const GAVE_UP = /the function gave up before it reached the beginning of the log/i;

/** All that an answer may say. */
const MESSAGES: readonly Message[] = [
  {
    key: 'exit code',
    says: /container "([^"]+)" exited with (?:exit )?code (\d+)/gi,
    isTrue: ({ tasks, at }, [, name, code]) => tasks.some(({ exitCodes, codesAt }) => exitCodes[name] === Number(code) && codesAt <= at),
  },
  {
    key: 'no exit code',
    says: /container "([^"]+)" has no exit code/gi,
    isTrue: ({ ended }, [, name]) => ended.some(({ exitCodes }) => exitCodes[name] === undefined),
  },
  {
    key: 'how many failed',
    says: /(\d+) of (\d+) tasks failed/gi,
    isTrue: ({ ended, request, calls }, [, failed, count]) => Number(count) === (request.run?.Request.count ?? 1)
      && Number(failed) <= ended.length + countNotStarted(calls('RunTask')) && Number(failed) > 0,
  },
  {
    key: 'how many attempts',
    says: /after (\d+) attempts/gi,
    // Another version of the function has counted them, and after an hour nothing tells those that ran from those that were not placed.
    isTrue: ({ tasks, history, request }, [, attempts]) => tasks.length >= Number(attempts)
      || (request.isOfAnotherVersion && history.callsOfRun(request, 'RunTask').length >= Number(attempts)),
  },
  { key: 'Spot', says: /a Spot interruption stopped the task/i, isTrue: ({ ended }) => ended.some(({ stopCode }) => stopCode === 'SpotInterruption') },
  { key: 'host terminated', says: /host .*(about to be )?terminated/i, isTrue: ({ ended }) => ended.some(({ stopCode }) => stopCode === 'TerminationNotice') },
  { key: 'host failed', says: /host of the task failed/i, isTrue: ({ ended }) => ended.some(({ stopCode }) => stopCode === 'InfrastructureHealth') },
  {
    key: 'stopped from outside',
    says: /another caller of StopTask stopped the task/i,
    isTrue: ({ ended }) => ended.some(({ stopCode, life }) => stopCode === 'UserInitiated' && life.stopCode === 'UserInitiated'),
  },
  {
    key: 'stopped by us', // quotes the reason of StopTask, which another request may have had
    says: /(?:the task was stopped: |an earlier StopTask had the reason: )(.*?)(?:\)\. Check what it was waiting for, or raise timeout|)\.?$/i,
    isTrue: ({ tasks, history, at: now }, [, reason]) => history.calls.some(({ api, input, result, at }) => api === 'StopTask' && result && at <= now
      && tasks.some(({ arn }) => arn === input.task) && input.reason.startsWith(`cdk-ecs-run-task: ${reason.replace(/ \[cut\]$/, '')}`)),
  },
  didNotStart('no such image', /image does not exist/i, /CannotPull.*not found/),
  didNotStart('pull limit', /registry limits how often/i, /toomanyrequests/),
  didNotStart('no way', /cannot reach the image registry/i, /i\/o timeout/),
  didNotStart('log group', /log group of the container does not exist/i, /log group does not exist/),
  didNotStart('room', /no container instance has enough free resources/i, /RESOURCE:(MEMORY|CPU)/),
  didNotStart('constraints', /no container instance meets its constraints/i, /ATTRIBUTE|LOCATION/),
  didNotStart('network interface', /network interface was not ready/i, /network interface|Network Interface/),
  didNotStart('ENI', /no container instance has a free network interface/i, /RESOURCE:ENI/),
  didNotStart('Fargate capacity', /Fargate has no capacity/i, /Capacity is unavailable/),
  didNotStart('quota', /Fargate quota is used up/i, /reached the limit/),
  didNotStart('agent', /ECS agent of the container instance/i, /AGENT/),
  didNotStart('no instance', /no container instance has joined/i, /NO ACTIVE INSTANCES|No Container Instances/),
  didNotStart('not placed', /ECS did not place it/i, /./),
  {
    key: 'not being deployed',
    says: /the stack is not being deployed \((\S+)\)/i,
    isTrue: ({ calls }, [, status]) => calls('DescribeStacks').some(({ result }) => result?.Stacks[0]?.StackStatus === status),
  },
  {
    key: 'did not start',
    says: /the task did not (start|succeed)\b/i,
    isTrue: ({ startReasons, ended, calls, tasks }) => tasks.length === 0 || startReasons.length > 0 || ended.length > 0 || calls('DescribeStacks').length > 0 || calls(...ALL).some(({ error }) => error),
  },
  {
    key: 'time is over',
    says: /did not (?:end|start|succeed) within ([\d.]+) (second|minute)s?|was still \S+ after ([\d.]+) (second|minute)s?/i,
    isTrue: (facts, [, within = '', unit, after = within, other = unit]) => facts.at >= timeIsOver(facts)
      && Number(after) <= (facts.request.run ?? facts.request.properties).TimeoutSeconds / (other === 'minute' ? 60 : 1) + 1,
  },
  {
    key: 'not seen to end',
    says: /did not see the task end within ([\d.]+) (second|minute)s?: reading its status failed for the last ([\d.]+) (second|minute)s?/i,
    isTrue: (facts, [, within, unit, last, other]) => facts.at >= timeIsOver(facts)
      && Number(within) <= (facts.request.run ?? facts.request.properties).TimeoutSeconds / (unit === 'minute' ? 60 : 1) + 1
      && !heardInLast(facts, 'DescribeTasks', last, other).some(({ result, invocation }) => result?.tasks.length > 0 && invocation.request === facts.request),
  },
  {
    key: 'definition not read',
    says: /result of the task is unknown after ([\d.]+) (?:second|minute)s?: reading its task definition failed for the last ([\d.]+) (second|minute)s?/i,
    isTrue: (facts, [, , last, unit]) => facts.at >= timeIsOver(facts)
      && facts.calls('DescribeTaskDefinition').some(({ error }) => error)
      && heardInLast(facts, 'DescribeTaskDefinition', last, unit).length === 0,
  },
  {
    key: 'never seen',
    says: /could never read the status of the task/i,
    isTrue: ({ calls, tasks, said }) => calls('DescribeTasks').some(({ error }) => error) && !calls('DescribeTasks').some((call) => !call.error
      && informs(call, said) && call.result?.tasks.some(({ taskArn }: any) => tasks.some(({ arn }) => arn === taskArn)) && call.at < calls('StopTask')[0]?.at),
  },
  {
    key: 'an earlier task may run',
    says: /task of an earlier deployment may still be running/i,
    isTrue: ({ calls, request, history, at }) => calls('ListTasks', 'DescribeTasks').some(({ error, doneAt = Infinity }) => error || doneAt >= at)
      || history.tasks.some((task) => task.request.number < request.number && (request.type === 'Delete' ? task.stoppedAt : task.endedAt) > at - SECOND),
  },
  {
    key: 'unknown whether it has run',
    says: /unknown whether the task ever succeeded/i,
    isTrue: ({ request }) => request.properties.RunOn === 'CREATE',
  },
  {
    key: 'puts back',
    says: /CloudFormation is restoring the previous properties/i,
    isTrue: ({ request, history }) => request.isRollback || (request.type === 'Update' && history.requests.some((other) => other.number < request.number
      && other.operation === request.operation && other.answer?.parsed?.Status !== 'SUCCESS')),
  },
  {
    key: 'status at the deadline',
    says: /was still ([A-Z]+) after/,
    isTrue: ({ calls }, [, status]) => calls('DescribeTasks').some(({ result }) => result?.tasks.some(({ lastStatus }: any) => lastStatus === status)),
  },
  {
    key: 'was stopped',
    says: /, so it was stopped/i,
    isTrue: ({ tasks, at }) => tasks.some(({ toldToStopAt, endedAt }) => (toldToStopAt ?? endedAt) <= at),
  },
  {
    key: 'invoked late',
    says: /delivered the request ([\d.]+) (second|minute)s? late/i,
    isTrue: ({ request, history }, [, age, unit]) => history.invocations.some((invocation) => invocation.request === request
      && Math.abs(invocation.startedAt - request.sentAt - Number(age) * (unit === 'minute' ? MINUTE : SECOND)) < 8 * SECOND + history.clocksDifferBy), // tenths of a minute,
  },
  {
    key: 'cancelled',
    says: /was cancelled before the task/i,
    isTrue: (facts) => statusesSince(facts.request, facts.history, facts.at).some((status) => !/^(CREATE|UPDATE)_IN_PROGRESS$/.test(status))
      || wasTold(facts, /^(?!CREATE_IN_PROGRESS|UPDATE_IN_PROGRESS)/),
  },
  {
    key: 'the deployment is over',
    says: /the deployment already ended \(([A-Z_]+)\)/i,
    isTrue: ({ request, history, at }, [, status]) => statusesSince(request, history, at).includes(status),
  },
  {
    key: 'out of date',
    says: /request is out of date/i,
    isTrue: ({ request, history, at }) => history.requests.some(({ sentAt }) => sentAt > request.sentAt && sentAt <= at)
      || history.operations.some((began) => began > request.sentAt && began <= at) || movedBeforeLateEvent(request, history),
  },
  {
    key: 'another has started a task',
    says: /another request started a task of this resource after/i,
    isTrue: ({ request, history, at }) => history.tasks // of the next resource, too, which continues the run
      .some((task) => task.request !== request && task.createdAt > request.sentAt && task.createdAt <= at),
  },
  {
    key: 'no answer',
    says: /\w+ did not answer: (?:\w+: )?(.*) \((\w+(?: or \w+)?)\)/,
    isTrue: ({ calls }, [, message, apis]) => calls(...apis.split(' or ')).some(({ error }) => error && message.includes(wordsOf(error).slice(0, 40))),
  },
  {
    key: 'log not read',
    says: /end of its log is missing: reading it failed \((.*)\)/i,
    isTrue: (facts, [, reason]) => GAVE_UP.test(reason) ? gaveUpOnLog(facts, true)
      : facts.calls('GetLogEvents').some(({ error, invocation, doneAt = Infinity }) => (error || doneAt > facts.at) && invocation === facts.said.invocation),
  },
  {
    key: 'refused',
    says: /\b(?:rejected|could not process) the request: (\w+)/i,
    isTrue: (facts, [, name]) => errorOf(facts, name),
  },
  {
    key: 'the function failed',
    says: /The function failed: (.*?)\.?(?: Check the role.*)?$/i,
    isTrue: ({ calls, request }, [, error]) => /^(Error: )?(the )?property /i.test(error) ? request.isMalformed : calls(...ALL).some((call) => call.error && error.includes(String(call.error).slice(0, 60))),
  },
  { key: 'malformed', says: /\bproperty \S+ (is|must|has)/i, isTrue: ({ request }) => request.isMalformed },
  { key: 'hand-over', says: /could not invoke itself/i, isTrue: ({ calls }) => calls('Invoke').some(({ error }) => error) },
  {
    key: 'output missing',
    says: /output "([^"]+)" is not in its log/i,
    isTrue: ({ calls, tasks, said }, [, name]) => {
      const [last] = calls('GetLogEvents').filter(({ invocation, input }) => invocation === said.invocation && input.limit === undefined).slice(-1);
      return !last?.error?.name?.match(/^(?!ResourceNotFound)/)
        && tasks.some(({ life: { log } }) => log.absent || log.late > 0 || log.pageSize !== undefined || !log.lines.some((line) => line.startsWith(`ecs-run-task-output ${name}=`)));
    },
  },
  {
    key: 'output not read',
    says: /output "[^"]+" could not be read: (.*)/i,
    isTrue: (facts, [, reason]) => GAVE_UP.test(reason) ? gaveUpOnLog(facts, false)
      : facts.calls('GetLogEvents').some(({ error, invocation }) => error && invocation === facts.said.invocation),
  },
  {
    key: 'several values',
    says: /printed (\d+) different values for its output "([^"]+)"/i,
    isTrue: ({ tasks }, [, , name]) => tasks.some(({ life }) => new Set(life.log.lines.filter((line) => line.startsWith(`ecs-run-task-output ${name}=`))).size > 1),
  },
  { key: 'too long', says: /results are (\d+) bytes? too long/i, isTrue: ({ request }) => outputsOf(request.run?.UsedAttributes ?? {}).length > 0 },
  { key: 'attribute unknown', says: /but its (\w+) is unknown/i, isTrue: ({ request }, [, name]) => name in (request.run?.UsedAttributes ?? {}) },
  {
    key: 'not kept', // also in an event that comes again after the next deployment has removed the output
    says: /last ran before the stack used/i,
    isTrue: ({ request, history, at }) => Object.values(request.properties.UsedAttributes ?? {}).some((output) => request.kept[output] === undefined
      || history.requests.some(({ operation, sentAt, properties }) => operation > request.operation && sentAt < at
        && !Object.values(properties.UsedAttributes ?? {}).includes(output))),
  },
  { key: 'runs nothing', says: /No task was run: runOn is CREATE/i, isTrue: ({ request, history }) => request.properties.RunOn === 'CREATE' && history.tasksOf(request).every((task) => task.request !== request) },
  {
    key: 'runs nothing after one that ran none',
    says: /No task was run: the previous resource of this task ran none/i,
    isTrue: ({ request, history }) => passedOn(request.properties.PreviousLeg?.Baton).state === 'SKIPPED' && history.tasksOf(request).every((task) => task.request !== request),
  },
  {
    key: 'runs nothing in a rollback', // also in an Update whose event came when it had been cancelled: nothing in it tells it from the rollback
    says: /No task was run: this is a rollback/i,
    isTrue: ({ request, history, tasks, at, calls, said }) => (statusesSince(request, history, at).concat(request.stackStatus).some((status) => /ROLLBACK/.test(status))
        || calls('DescribeStacks').some(({ isStale, result }) => isStale && /ROLLBACK/.test(result?.Stacks[0]?.StackStatus)))
      && tasks.every((task) => task.invocation !== said.invocation),
  },
  {
    key: 'a rollback goes on',
    says: /The rollback continues without/i,
    isTrue: (facts) => facts.request.isRollback || /ROLLBACK/.test(facts.history.statusAt(facts.at)) || wasTold(facts, /ROLLBACK/),
  },
  { key: 'passed on', says: /next resource continues/i, isTrue: ({ request }) => request.properties.HasNextLeg === true },
  {
    key: 'no status',
    says: /Could not find out whether this is a rollback/i,
    isTrue: ({ calls, said }) => calls('DescribeStacks').some(({ error, invocation, result }) => invocation === said.invocation && (error || result?.Stacks.length === 0)),
  },
  {
    key: 'not deployed, says CloudFormation',
    says: /CloudFormation returned (\S+), so the stack is not being deployed/i,
    isTrue: ({ calls }, [, status]) => calls('DescribeStacks').some(({ result }) => result?.Stacks[0]?.StackStatus === status),
  },
  { key: 'earlier status', says: /returned an earlier status of the stack/i, isTrue: ({ calls }) => calls('DescribeStacks').some(({ isStale }) => isStale) },
  { key: 'unknown to ECS', says: /ECS no longer returns the task/i, isTrue: ({ calls }) => calls('DescribeTasks').some(({ result, error }) => error || result?.failures.length > 0) },
  {
    key: 'may still run',
    says: /Could not confirm that this task stopped\. Stop it manually: (\S+?)\.?$/gim,
    isTrue: ({ history, calls, said, at }, [, arn]) => history.tasks.some((task) => task.arn === arn)
      // Another invocation may have seen it before ECS forgot it.
      && !calls('DescribeTasks').some(({ result, error, invocation, doneAt = Infinity }) => !error && doneAt < at && invocation === said.invocation
        && result?.tasks.some(({ taskArn, lastStatus }: any) => taskArn === arn && lastStatus === 'STOPPED')),
  },
  {
    key: 'could not stop',
    says: /^StopTask failed \(/,
    isTrue: ({ calls, request, at }) => calls('StopTask').some(({ error, doneAt = Infinity }) => error || doneAt > at)
      || at > request.deadline - MINUTE, // no call begins then
  },
  {
    key: 'could not look',
    says: /Other tasks may still be running/i,
    isTrue: ({ calls, request, at }) => calls('ListTasks', 'DescribeTasks').some(({ error, doneAt = Infinity }) => error || doneAt > at)
      || at > request.deadline - MINUTE, // no call begins then
  },
  { key: 'another version', says: /another version of the function/i, isTrue: ({ request }) => request.isOfAnotherVersion },
  // The sentences after a cause.
  {
    key: 'words of AWS',
    says: /^AWS says: (.*)/,
    isTrue: ({ calls }, [, words]) => !calls(...ALL).some(({ error }) => error instanceof Error && !('$fault' in error) && words.includes(String(error))),
  },
  { // a rollback that comes again late can look like a deployment
    key: 'another task',
    says: /^Another task: /,
    isTrue: ({ request: { run, properties } }) => [run, properties].some((one) => (one?.Request.count ?? 1) > 1),
  },
  {
    key: 'before that',
    says: /^Before that: (.*)/,
    isTrue: ({ ended, calls, startReasons }, [, failure]) => ended.length > 0 || startReasons.length > 0 || calls(...ALL).some(({ error }) => error)
      || /the stack is not being deployed|which update is running|an earlier status of the stack|is out of date/i.test(failure),
  },
  {
    key: 'no words of AWS',
    says: /^(?!AWS says).*(?:its result is unknown|failed for the last [\d.]+ \w+|so no task was started|invoke itself to continue waiting|which task it is) \((.*)\)/,
    isTrue: ({ calls, startReasons }, [, reason]) => calls(...ALL).some(({ error }) => error && reason.includes(wordsOf(error).slice(0, 40)))
      || UNUSABLE.test(reason) || startReasons.length > 0,
  },
  { key: 'log', says: /^(The end of its log:|Log group .*, stream .*)/, isTrue: always },
  { key: 'task', says: /^Task (arn:\S+?)\.$/, isTrue: ({ history }, [, arn]) => history.tasks.some((task) => task.arn === arn) },
  { key: 'log of the function', says: /^CloudWatch Log Stream: /, isTrue: always },
];

/** The sentences of an answer that are false, or that cannot be checked. */
export function untruths(request: Request, history: History): Array<{ at: number; facts: string }> {
  return request.puts.filter(({ parsed }) => parsed?.Reason).flatMap((said) => {
    const facts = factsOf(request, history, said);
    // Lines of the log are not ours, and one that was cut may say too little to be known.
    return said.parsed!.Reason!.split('\n').filter((line) => line !== '' && !line.startsWith('  ')).flatMap((line) => {
      const kinds = MESSAGES.flatMap((message) => {
        const ours = message.key === 'stopped by us' ? line : line.replace(/(?<=the task was stopped: |StopTask had the reason: ).*/i, '');
        const found = message.says.global ? [...ours.matchAll(message.says)] : [ours.match(message.says)].filter((match) => match !== null);
        return found.map((words) => ({ message, words }));
      });
      const wrong = kinds.filter(({ message, words }) => !message.isTrue(facts, words));
      kinds.forEach(({ message }) => history.keys.add(message.key));
      return [
        ...(kinds.length === 0 && !/\[cut\]$/.test(line) ? [`R${request.number} says at ${seconds(said.at)} s what no key knows: ${line.slice(0, 150)}`] : []),
        ...wrong.map(({ message }) => `R${request.number} says at ${seconds(said.at)} s what is not so (${message.key}): ${line.slice(0, 150)}`),
      ].map((what) => ({ at: said.at, facts: what }));
    });
  });
}

/** Whether no reading of the log in this invocation has reached its beginning, where CloudWatch returns the same token again. */
function gaveUpOnLog({ calls, said }: Facts, isOfTail: boolean): boolean {
  const pages = calls('GetLogEvents').filter(({ invocation, input, result }) =>
    result && invocation === said.invocation && (input.limit !== undefined) === isOfTail);
  return pages.length > 0 && pages.every(({ input, result }) => result.nextBackwardToken !== input.nextToken);
}

function factsOf(request: Request, history: History, said: Put): Facts {
  const { at = said.at } = history.calls.find(({ api, invocation }) => api === 'put' && invocation === said.invocation) ?? {}; // it may take several attempts
  const tasks = [...history.tasksOf(request), ...tasksPassedOn(request, history, said)];
  const calls = (...apis: string[]) => history.callsOfRun(request, ...apis).filter((call) => call.at <= at);
  const ended = tasks.filter(({ endedAt }) => endedAt <= at);
  const startReasons = [
    ...ended.flatMap(({ life: { stoppedReason, containerReason = '', stopCode } }) => stopCode === 'TaskFailedToStart' || containerReason ? [`${stoppedReason} ${containerReason}`] : []),
    ...calls('RunTask').flatMap(({ result, error }) => [...(result?.failures ?? []).map(({ reason }: any) => reason), ...(error ? [String(error.message ?? error)] : [])]),
  ];
  return { request, history, said, at, ended, tasks, calls, startReasons };
}

/**
 * A request that is out of date continues with the task that an earlier deployment has passed on. Only LastUpdatedTime could show
 * that this was another deployment, and alone it proves nothing. So does a request that was told nothing of the stack, or whose baton
 * it cannot read: it looks for the tasks that its resource has started since the operation began.
 */
function tasksPassedOn(request: Request, history: History, said: Put): SimulatedTask[] {
  const { operation, first, isOfAnotherVersion } = request;
  if (isOfAnotherVersion) {
    return history.tasks.filter((task) => task.request.operation === operation && task.request.first !== first);
  }
  const earlier = runPassedOn(request, history, said);
  return earlier === undefined || earlier === first ? [] : history.tasks.filter((task) => task.request.first === earlier);
}

/** The first request of the run that an earlier deployment has passed on, if this answer can be about it. */
function runPassedOn(request: Request, history: History, { counts }: Put): Request | undefined {
  const { state, requestId } = passedOn(request.properties.PreviousLeg?.Baton);
  const isSo = state === 'RUNNING' && (!counts || earlierRunWentOn(request, history));
  return isSo ? history.requests.find(({ id }) => id === requestId)?.first : undefined;
}

/** How many of the tasks that run at a time ECS did not start, at least once. */
function countNotStarted(starts: readonly Call[]): number {
  const failed = starts.filter(({ error, result }) => error || result?.failures.length > 0);
  return new Set(failed.map(({ input }) => input.clientToken.replace(/-\d+$/, ''))).size;
}

function statusesSince({ sentAt }: Request, { statuses }: History, until: number): string[] {
  return statuses.filter(({ at }) => at >= sentAt && at <= until).map(({ status }) => status);
}

/** What DescribeStacks reported, whether current or stale. */
function wasTold({ calls }: Facts, status: RegExp): boolean {
  return calls('DescribeStacks').some(({ result }) => status.test(result?.Stacks[0]?.StackStatus));
}

/** The calls that succeeded in the last part of the timeout, in which all failed by the words of the message. It rounds that part. */
function heardInLast(facts: Facts, api: string, last: string, unit: string): Call[] {
  const from = facts.at - Number(last) * (unit === 'minute' ? MINUTE : SECOND) + 30 * SECOND;
  return facts.calls(api).filter((call) => !call.error && informs(call, facts.said) && call.at > from && call.at < timeIsOver(facts));
}

/** An Update that rolled back looks like any other when it comes again later: then it has a time, though it ran nothing. */
function timeIsOver({ request, history, said }: Facts): number {
  const { run, properties, sentAt, type } = request;
  const { TimeoutSeconds } = run ?? properties;
  const first = runPassedOn(request, history, said) ?? request.first;
  const began = history.invocations.find((invocation) => invocation.request === first)!.startedAt;
  const wall = properties.HasNextLeg && type !== 'Delete' ? Infinity : sentAt + (serviceTimeout({ TimeoutSeconds }) - STOP_MARGIN_SECONDS) * SECOND;
  return Math.min(began + TimeoutSeconds * SECOND, wall) - SECOND - history.clocksDifferBy;
}
