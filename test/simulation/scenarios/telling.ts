import type { RunTaskProperties } from '../../../src/contract';
import { HOUR, MINUTE, SECOND } from '../clock';
import type { Operation } from '../cloudformation';
import { CallFacts, CallFault, FaultPlan, noFaults } from '../faults';
import type { History, Request } from '../history';
import type { Change } from '../lambda';
import { Life, lifeOf } from '../lives';
import type { Scenario } from '../scenario';
import { check, Run } from '../simulate';

/** A scenario with a name, and its expected result in addition to the invariants. */
export interface NamedScenario {
  /** What must be true. */
  readonly name: string;
  readonly seed?: number;
  readonly operations: readonly Operation[];
  /** The lives of the tasks, in the order of their starts; the last one is used for all later tasks. */
  readonly lives?: readonly Life[];
  readonly faults?: Partial<FaultPlan>;
  readonly scenario?: Partial<Scenario>;
  /** Changes what the handler sees. */
  readonly change?: Change;
  readonly expected?: Expected;
}

interface Expected {
  /** The answers to the requests, in order: "Create SUCCESS", "rollback SUCCESS"; null for an answer that is not checked. */
  readonly answers?: ReadonlyArray<string | null>;
  /** What the last accepted answer contains, and what it does not contain. */
  readonly says?: RegExp;
  readonly saysNot?: RegExp;
  /** The number of tasks that were started, and the number of running tasks that were stopped. */
  readonly started?: number;
  readonly stopped?: number;
  readonly others?: (run: Run) => string[];
}

const RULES = { TimeoutSeconds: 1_800, ExitCodeFrom: ['app'], SuccessExitCodes: [0], LogTailLines: 0 };

export const PROPERTIES: RunTaskProperties = {
  Request: {
    cluster: 'arn:aws:ecs:eu-west-1:111122223333:cluster/shop',
    taskDefinition: 'arn:aws:ecs:eu-west-1:111122223333:task-definition/migrate:1',
  },
  RunOn: 'CHANGE',
  CompleteWhen: 'EXIT_CODES_KNOWN',
  ...RULES,
};

export const ON_DELETE: NonNullable<RunTaskProperties['OnDelete']> = {
  Request: { ...PROPERTIES.Request, taskDefinition: 'arn:aws:ecs:eu-west-1:111122223333:task-definition/cleanup:1' },
  CompleteWhen: 'TASK_STOPPED',
  ...RULES,
};

/** The properties with these changes, and another revision of the task definition. */
export function properties(revision: number, changes: Partial<RunTaskProperties> = {}): RunTaskProperties {
  const taskDefinition = PROPERTIES.Request.taskDefinition!.replace(/\d+$/, String(revision));
  return { ...PROPERTIES, ...changes, Request: { ...PROPERTIES.Request, taskDefinition, ...changes.Request } };
}

export function create(changes: Partial<RunTaskProperties> = {}, more: Partial<Operation> = {}): Operation {
  return { kind: 'create', after: 0, properties: properties(1, changes), ...more };
}

export function update(changes: Partial<RunTaskProperties> = {}, more: Partial<Operation> = {}, revision = 2): Operation {
  return { kind: 'update', after: 60, properties: properties(revision, changes), ...more };
}

export const deleteStack: Operation = { kind: 'delete the stack', after: 60 };

export const cancelledAfter = (after: number): Partial<Operation> => ({ disturbance: { what: 'another resource fails', when: 'while ours runs', after } });

/** A task that runs this long, with this exit code. */
export const runs = (running: number, exitCode = 0, more: Partial<Life> = {}): Life => lifeOf('app', running, exitCode, more);

/** A task that takes this many seconds to stop. */
export const obstinate = (running: number, after: number): Life => runs(running, 0, { whenToldToStop: { after, exitCode: 137 } });

/** When this many seconds have passed since the request was sent. */
export function since(request: number, from: number, until = Infinity): NonNullable<CallFault['when']> {
  return ({ at, history }) => {
    const age = at - (history.requests[request - 1]?.sentAt ?? Infinity);
    return age >= from * SECOND && age < until * SECOND;
  };
}

/** For the n-th call of an API within one request. */
export function callOf(request: number, first: number, last = first): NonNullable<CallFault['when']> {
  return ({ api, invocation, history }) => {
    const number = history.calls.filter((call) => call.api === api && call.invocation.request === invocation.request).length + 1;
    return invocation.request.number === request && number >= first && number <= last;
  };
}

export function both(one: NonNullable<CallFault['when']>, other: NonNullable<CallFault['when']>): NonNullable<CallFault['when']> {
  return (call: CallFacts) => one(call) && other(call);
}

/** A response of DescribeStacks instead of the real state. */
export function statusSaid(StackStatus: string): NonNullable<CallFault['change']> {
  return ({ Stacks: [stack] }) => ({ Stacks: [{ ...stack, StackStatus }] });
}

/** Runs the scenario. Returns the violations. */
export function findingsOf(run: Run, { expected = {} }: NamedScenario): string[] {
  const { history } = run;
  const answers = history.requests.map(nameOfAnswer);
  const last = history.requests.findLast(({ answer }) => answer);
  const reason = last?.answer?.parsed?.Reason ?? '';
  const stopped = history.tasks.filter(({ ranFrom, toldToStopAt }) => toldToStopAt !== undefined && ranFrom !== undefined && ranFrom <= toldToStopAt);
  const isAsExpected = expected.answers === undefined
    || (answers.length === expected.answers.length && expected.answers.every((answer, index) => answer === null || answer === answers[index]));
  return [
    ...check(run).map(({ invariant, facts }) => `${invariant}: ${facts}`),
    ...(isAsExpected ? [] : [`the answers are ${answers.join(', ')}, not ${expected.answers!.join(', ')}: ${reason}`]),
    ...(expected.says && !expected.says.test(reason) ? [`the last answer does not say ${expected.says}: ${reason}`] : []),
    ...(expected.saysNot?.test(reason) ? [`the last answer says ${expected.saysNot}: ${reason}`] : []),
    ...differing('tasks were started', history.tasks.length, expected.started),
    ...differing('tasks were stopped while they ran', stopped.length, expected.stopped),
    ...expected.others?.(run) ?? [],
  ];
}

function differing(what: string, count: number, expected = count): string[] {
  return count === expected ? [] : [`${count} ${what}, not ${expected}`];
}

function nameOfAnswer({ type, isRollback, answer, closedBy }: Request): string {
  return `${isRollback ? 'rollback' : type} ${answer?.parsed?.Status ?? closedBy}`;
}

/** The seconds from the request with this number to its answer, for a scenario that measures. */
export function answeredAfter({ history }: { history: History }, number: number): number {
  const { answer, sentAt } = history.requests[number - 1];
  return ((answer?.at ?? Infinity) - sentAt) / SECOND;
}

/** The complete scenario, in the form for play(). */
export function storyOfScenario({ seed = 1, operations, lives = [runs(40)], faults = {}, scenario = {}, change }: NamedScenario) {
  let started = 0;
  return {
    seed,
    scenario: {
      operations,
      families: Object.fromEntries(['migrate', 'seed', 'cleanup'].map((family) => [family, [{ name: 'app', essential: true }]])),
      consistency: { unknown: 0, unlisted: 0, stale: 0, pageSize: 100 },
      fargate: true,
      ...scenario,
    },
    faults: { ...noFaults(), ...faults },
    change,
    nextLife: () => lives[Math.min(started++, lives.length - 1)],
  };
}

export { HOUR, MINUTE, SECOND };
