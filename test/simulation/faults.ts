import { Clock, MINUTE, Random, SECOND, START } from './clock';
import type { History, InvocationFacts } from './history';

/** One call, for a fault that affects only some calls. */
export interface CallFacts {
  readonly api: string;
  readonly number: number;
  readonly at: number;
  readonly input: any;
  readonly invocation: InvocationFacts;
  readonly history: History;
}

/** A fault of calls: by their numbers among the calls of the API, within a time, or by a condition. */
export interface CallFault {
  readonly name: string;
  readonly api: string;
  readonly first?: number;
  readonly last?: number;
  readonly from?: number;
  readonly until?: number;
  readonly when?: (call: CallFacts) => boolean;
  /** How many times it happens; always if absent. */
  readonly times?: number;
  /** The SDK throws Errors; a trap can throw anything. */
  readonly error?: () => unknown;
  /** The result that the handler gets instead. */
  readonly change?: (result: any) => any;
  /** Whether the call takes effect even so. */
  readonly takesEffect?: boolean;
  readonly delay?: number;
}

/** Responses of RunTask that place nothing, or claim to. */
export interface PlacementFault {
  readonly name: string;
  readonly first: number;
  readonly last: number;
  readonly reason: string;
  readonly ghost: boolean;
}

/** Kills the invocation in its n-th await, or all invocations that are alive at a time. */
export interface Crash {
  readonly name: string;
  readonly invocation?: number;
  readonly inAwait?: number;
  readonly at?: number;
}

/** How Lambda treats one of its asynchronous events. */
export interface DeliveryFault {
  readonly name: string;
  readonly event: number;
  readonly delay?: number;
  /** Delivers the event again, this long after the first time. */
  readonly againAfter?: readonly number[];
  /** "events may be lost" (Invoke, API reference): only of an invocation that the function started itself. */
  readonly lost?: boolean;
}

/** Unpleasant behaviour of the world that lasts for the whole run. */
export interface Quirks {
  /** StopTask: "Any tags associated with the task will be deleted." (API reference) */
  stopDeletesTags?: boolean;
  /** The least seconds that every task takes to stop; Infinity for a task that never stops. */
  stopTakes?: number;
  /** The number of tasks of others in each family. ECS still lists some that it no longer describes. */
  othersInFamily?: number;
  /** Signature version 2, as in URLs until 2018: no X-Amz-Date. */
  signsWithoutDate?: boolean;
  /** The number of seconds by which the clocks of ECS and CloudFormation are ahead of the function's clock. */
  clocks?: { readonly ecs: number; readonly cloudFormation: number };
  /** The delay of DescribeStacks: some responses within this many seconds of a change are stale. */
  staleStacks?: { readonly within: number; readonly chance: number; readonly inARow: number };
  /** Some responses of DescribeStacks have no LastUpdatedTime. */
  noLastUpdatedTime?: number;
  /** Some responses of ListTasks lack a task that is younger than this many seconds. */
  listsWithout?: { readonly youngerThan: number; readonly chance: number };
  /** The number of concurrent executions of the account, including those of others. */
  slots?: number;
  /** When CloudFormation deletes what a failed Create left, if the next Create succeeds. AWS does not document when. */
  deletesFailed?: 'before' | 'during' | 'after';
  /** A cleanup attempts a failing Delete three times, and then skips the resource. */
  asksThrice?: boolean;
  /** The seconds by which the deployment continues after the function's resource succeeded. */
  othersTake?: number;
  /** The stack is nested: its siblings can fail long after it is complete. */
  parentFails?: boolean;
  /** The seconds after the start of a run in which LastUpdatedTime changes without a new operation. */
  lastUpdatedMoves?: number;
  /** What another version of the function writes into its hand-over or its baton. */
  anotherVersion?: { readonly version?: number; readonly later?: boolean; readonly HandedOver?: unknown };
  /** The seconds after which another revision of each task definition is registered, with other essential containers. */
  registers?: readonly number[];
  /** What is delivered instead of the properties: by mistake, or by another version of the construct. */
  delivers?: (properties: any) => any;
}

export interface FaultPlan {
  readonly calls: CallFault[];
  readonly placements: PlacementFault[];
  readonly crashes: Crash[];
  readonly deliveries: DeliveryFault[];
  readonly quirks: Quirks;
}

export const noFaults = (): FaultPlan => ({ calls: [], placements: [], crashes: [], deliveries: [], quirks: {} });

/** An error of AWS, in the form in which the SDK throws it. */
export function awsError(name: string, message = '', status = 400): Error {
  const answer = { $fault: status < 500 ? 'client' : 'server', $metadata: { httpStatusCode: status } };
  return Object.assign(new Error(message), { name, ...name === 'TimeoutError' ? {} : answer }); // a missing response is no error of AWS
}

/** The faults of one run. */
export class Faults {
  /** The names of the faults that happened. */
  readonly struck = new Set<string>();
  private readonly counts = new Map<string, number>();
  private readonly times = new Map<CallFault, number>();
  private placements = 0;

  constructor(private readonly clock: Clock, readonly plan: FaultPlan) {}

  /** What happens to the next call of the API. */
  call(api: string, facts: Omit<CallFacts, 'api' | 'number' | 'at'>): CallFault | undefined {
    const number = (this.counts.get(api) ?? 0) + 1;
    this.counts.set(api, number);
    const { now } = this.clock;
    const age = now - START;
    const found = this.strikes(this.plan.calls.find((fault) => fault.api === api
      && number >= (fault.first ?? 1) && number <= (fault.last ?? Infinity)
      && age >= (fault.from ?? 0) && age < (fault.until ?? Infinity)
      && (this.times.get(fault) ?? 0) < (fault.times ?? Infinity)
      && (fault.when?.({ ...facts, api, number, at: now }) ?? true)));
    if (found?.times !== undefined) {
      this.times.set(found, (this.times.get(found) ?? 0) + 1);
    }
    return found;
  }

  placement(): PlacementFault | undefined {
    const number = ++this.placements;
    return this.strikes(this.plan.placements.find(({ first, last }) => number >= first && number <= last));
  }

  /** In which of its awaits the invocation dies. */
  crash(invocation: number): Crash | undefined {
    return this.plan.crashes.find((crash) => crash.invocation === invocation);
  }

  crashesBetween(from: number, to: number): Crash[] {
    return this.plan.crashes.filter(({ at }) => at !== undefined && START + at > from && START + at < to);
  }

  delivery(event: number, hop: number): DeliveryFault | undefined {
    return this.strikes(this.plan.deliveries.find((delivery) => delivery.lost ? hop > 0 && delivery.event === hop : delivery.event === event));
  }

  /** Records that the quirk made a difference. */
  quirk(name: keyof Quirks, how?: string): void {
    this.note(`quirk: ${name}${how ? ` ${how}` : ''}`);
  }

  note(what: string): void {
    this.struck.add(what);
  }

  strikes<T extends { readonly name: string }>(fault: T | undefined): T | undefined {
    if (fault) {
      this.struck.add(fault.name);
    }
    return fault;
  }
}

const APIS = ['RunTask', 'DescribeTasks', 'ListTasks', 'StopTask', 'DescribeStacks', 'GetLogEvents', 'Invoke', 'DescribeTaskDefinition'];
const ACTIONS: { readonly [api: string]: string } = { DescribeStacks: 'cloudformation', GetLogEvents: 'logs', Invoke: 'lambda' };

const throttled = () => awsError('ThrottlingException', 'Rate exceeded');
const tooMany = () => awsError('TooManyRequestsException', 'Rate Exceeded.', 429);
const broken = () => awsError('ServerException', 'Service Unavailable', 503);
const lost = () => awsError('TimeoutError', 'socket hang up');

/** Most APIs get few calls; DescribeTasks gets hundreds. */
function nth(random: Random, api: string): number {
  return Math.floor(api === 'DescribeTasks' ? random.magnitude(1, 300) : random.magnitude(1, 6));
}

function burst(random: Random, api: string, most: number): { api: string; first: number; last: number } {
  const first = nth(random, api);
  return { api, first, last: first + random.whole(1, most) - 1 };
}

/** How often each fault is drawn, and what it adds to the plan. */
const CATALOGUE: ReadonlyArray<readonly [weight: number, add: (random: Random, plan: FaultPlan) => void]> = [
  [4, (random, { calls }) => {
    const api = random.pick(APIS);
    calls.push({ name: `${api} throttled`, ...burst(random, api, 6), error: api === 'Invoke' ? tooMany : throttled });
  }],
  [3, (random, { calls }) => {
    const api = random.pick(APIS);
    calls.push({ name: `${api} fails with 5xx`, ...burst(random, api, 4), error: broken });
  }],
  [4, (random, { calls }) => {
    const api = random.pick(['RunTask', 'RunTask', 'StopTask', 'Invoke']);
    calls.push({ name: `${api} takes effect, its answer is lost`, ...burst(random, api, 2), error: lost, takesEffect: true, delay: random.pick([100, 15_000]) });
  }],
  [2, (random, { calls }) => {
    const api = random.pick(APIS);
    calls.push({ name: `${api} is slow`, ...burst(random, api, 3), takesEffect: true, delay: random.between(3_000, 14_000) });
  }],
  [1, (random, { calls }) => {
    const api = random.pick(APIS);
    const from = random.magnitude(10 * SECOND, 30 * MINUTE);
    calls.push({ name: `${api} refused for minutes`, api, from, until: from + random.between(1, 20) * MINUTE, error: random.pick([throttled, broken]) });
  }],
  [2, (random, { calls }) => {
    const error = () => awsError('ClientException', "ECS was unable to assume the role 'arn:aws:iam::111122223333:role/shop' that was provided for this task.");
    calls.push({ name: 'the role of the task cannot be assumed yet', api: 'RunTask', until: random.magnitude(5, 150) * SECOND, error });
  }],
  [2, (random, { calls }) => {
    const api = random.pick(APIS);
    const error = () => awsError('AccessDeniedException', `not authorized to perform: ${ACTIONS[api] ?? 'ecs'}:${api === 'Invoke' ? 'InvokeFunction' : api}`);
    calls.push({ name: `${api} not permitted yet`, api, until: random.magnitude(5, 100) * SECOND, error });
  }],
  [0.5, (random, { calls }) => {
    const api = random.pick(APIS);
    const error = () => awsError('AccessDeniedException', `not authorized to perform: ${ACTIONS[api] ?? 'ecs'}:${api === 'Invoke' ? 'InvokeFunction' : api}`);
    calls.push({ name: `${api} never permitted`, api, error });
  }],
  [0.5, (random, { calls }) => {
    const error = () => awsError('InvalidParameterException', 'subnet-1 does not exist');
    calls.push({ name: 'RunTask refused for good', ...burst(random, 'RunTask', 1), error });
  }],
  [0.5, (random, { calls }) => {
    const error = () => awsError('ClusterNotFoundException', 'Cluster not found.');
    calls.push({ name: 'the cluster is not known yet', api: 'RunTask', until: random.between(3, 60) * SECOND, error });
  }],
  [3, (random, { placements }) => {
    const first = random.whole(1, 3);
    const reason = random.pick(['RESOURCE:MEMORY', 'RESOURCE:CPU', 'AGENT', 'Capacity is unavailable at this time. Please try again later or in a different availability zone']);
    placements.push({ name: 'no capacity for a while', first, last: first + random.whole(0, 8), reason, ghost: false });
  }],
  [0.7, (random, { placements }) => {
    placements.push({ name: 'no capacity for long', first: 1, last: random.whole(20, 200), reason: 'RESOURCE:MEMORY', ghost: false });
  }],
  [0.5, (random, { placements }) => {
    const first = random.whole(1, 3);
    placements.push({ name: 'cannot be placed', first, last: first, reason: random.pick(['ATTRIBUTE', 'LOCATION', 'THE MOON']), ghost: false });
  }],
  [1, (random, { placements }) => {
    const first = random.whole(1, 3);
    placements.push({ name: 'RunTask reports a failure and starts the task', first, last: first, reason: 'RESOURCE:MEMORY', ghost: true });
  }],
  [5, (random, { crashes }) => {
    crashes.push({ name: 'an invocation crashes', invocation: random.whole(1, 4), inAwait: Math.floor(random.magnitude(1, 250)) });
  }],
  [1, (random, { crashes }) => {
    const first = random.whole(1, 3);
    for (let invocation = first; invocation < first + random.whole(2, 4); invocation++) {
      crashes.push({ name: 'several invocations crash', invocation, inAwait: Math.floor(random.magnitude(1, 60)) });
    }
  }],
  [2, (random, { deliveries }) => {
    deliveries.push({ name: 'the event is late', event: random.whole(1, 5), delay: random.magnitude(5, 300) * SECOND });
  }],
  [3, (random, { deliveries }) => {
    deliveries.push({ name: 'the event comes twice at once', event: random.whole(1, 5), againAfter: [random.between(0, 2_000)] });
  }],
  [3, (random, { deliveries }) => {
    const againAfter = Array.from({ length: random.whole(1, 2) }, () => random.magnitude(2, 2_400) * SECOND);
    deliveries.push({ name: 'the event comes again later', event: random.whole(1, 5), againAfter });
  }],
  [2, (random, { calls }) => {
    calls.push({ name: 'the response URL fails with 5xx', ...burst(random, 'put', 5), error: () => Object.assign(new Error('503'), { status: 503 }) });
  }],
  [1.5, (random, { calls }) => {
    calls.push({ name: 'the answer arrives, its confirmation does not', ...burst(random, 'put', 2), error: lost, takesEffect: true, delay: 15_000 });
  }],
  [1, (random, { calls }) => {
    calls.push({ name: 'the response URL times out', ...burst(random, 'put', 3), error: lost, delay: 15_000 });
  }],
  [1, (random, { calls }) => {
    calls.push({ name: 'the response URL is slow', ...burst(random, 'put', 2), takesEffect: true, delay: random.between(2_000, 14_000) });
  }],
  [0.3, (random, { calls }) => {
    calls.push({ name: 'the response URL has expired', ...burst(random, 'put', 10), error: () => Object.assign(new Error('403'), { status: 403 }) });
  }],
];

/** Most runs have few faults, so that the consequences are readable; some have many. */
export function drawFaults(random: Random): FaultPlan {
  const plan = noFaults();
  const count = random.chance(0.08) ? random.whole(6, 16) : random.pick([0, 0, 1, 1, 2, 2, 3, 4]);
  const total = CATALOGUE.reduce((sum, [weight]) => sum + weight, 0);
  for (let number = 0; number < count; number++) {
    let left = random.next() * total;
    const [, add] = CATALOGUE.find(([weight]) => (left -= weight) < 0) ?? CATALOGUE[0];
    add(random, plan);
  }
  return plan;
}

/** Faults near the time when one resource passes its task to the next. */
export function drawFaultsOfHours(random: Random): FaultPlan {
  const plan = noFaults();
  for (let number = random.pick([0, 0, 0, 1, 1, 2]); number > 0; number--) {
    const passingOn = Math.floor(random.magnitude(1, 6)) * 3_490 * SECOND;
    switch (random.weighted({ crash: 3, crashes: 1, refusal: 2, again: 4, late: 2 })) {
      case 'crash':
        plan.crashes.push({ name: 'an invocation crashes late', at: passingOn + random.between(-90, 60) * SECOND });
        break;
      case 'crashes':
        [0, 1].forEach((minute) => plan.crashes.push({ name: 'invocations crash late', at: passingOn + random.between(-5, 40) * SECOND + minute * 65 * SECOND }));
        break;
      case 'refusal': {
        const api = random.pick([...APIS, 'put', 'put']);
        const from = passingOn - random.between(0, 60) * SECOND;
        plan.calls.push({ name: `${api} fails late`, api, from, until: from + random.magnitude(1, 200) * SECOND, error: broken });
        break;
      }
      case 'again':
        plan.deliveries.push({ name: 'the event comes again hours later', event: random.whole(1, 15), againAfter: [random.magnitude(600, 18_000) * SECOND] });
        break;
      case 'late':
        plan.deliveries.push({ name: 'the event is late', event: random.whole(1, 15), delay: random.magnitude(5, 300) * SECOND });
        break;
    }
  }
  return plan;
}

/** The plan as text. */
export function describePlan(plan: FaultPlan): string[] {
  const { quirks, ...faults } = plan;
  return [
    ...Object.values(faults).flatMap((ofKind: Array<{ name: string }>) => ofKind.map(({ name, ...details }) => {
      const given = Object.entries(details).filter(([, value]) => typeof value !== 'function' && value !== undefined);
      return `${name} (${given.map(([key, value]) => `${key} ${typeof value === 'number' ? Math.round(value) : value}`).join(', ')})`;
    })),
    ...Object.entries(quirks).map(([name, value]) => `quirk: ${name} ${JSON.stringify(value)}`),
  ];
}
