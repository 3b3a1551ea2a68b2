import { Clock, MINUTE, Random, SECOND, START } from './clock';
import type { CloudFormation } from './cloudformation';
import type { Ecs } from './ecs';
import { awsError, Crash, Faults } from './faults';
import type { Call, History, InvocationFacts, Request } from './history';
import { who } from './history';
import { createHandler } from '../../lambda/lifecycle';
import type { World } from '../../lambda/world';

const FUNCTION = 'arn:aws:lambda:eu-west-1:111122223333:function:Shop-EcsRunTask';
const LONGEST = 15 * MINUTE;
/** Lambda repeats what failed after one minute, then after two. */
const REPEATS = [MINUTE, 2 * MINUTE];
/** From this number on, Lambda detects a loop in a function that invokes itself, and drops the event. */
const LONGEST_CHAIN = 16;

/** Changes what the handler sees: a test of the invariants. */
export interface Change {
  readonly event?: (event: any) => any;
  readonly world?: (world: World, event: any) => World;
}

interface Running extends InvocationFacts {
  alive: boolean;
  awaits: number;
  readonly crashIn?: number;
}

/** AWS Lambda with the one function. */
export class Lambda {
  private events = 0;
  ecs!: Ecs;
  cloudFormation!: CloudFormation;

  constructor(
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly faults: Faults,
    private readonly history: History,
    private readonly change: Change = {},
  ) {}

  /** Accepts an asynchronous event. When and how often the function gets it is decided later. */
  take(event: any, request: Request, hop = 0): void {
    const fault = this.faults.delivery(++this.events, hop);
    const delay = this.coldStart() + (fault?.delay ?? 0);
    if (hop >= LONGEST_CHAIN) {
      this.history.say('lambda', 'sees a loop and drops the event');
      return;
    }
    if (fault?.lost) {
      this.history.say('lambda', 'loses the event');
      this.history.lost.push({ at: this.clock.now, request });
      return;
    }
    for (const after of [0, ...fault?.againAfter ?? []]) {
      this.clock.after(delay + after, () => this.invoke(event, request, 1, hop));
    }
  }

  private coldStart(): number {
    return this.random.chance(0.5) ? this.random.between(30, 100) : this.random.between(200, 3_000);
  }

  private invoke(event: any, request: Request, attempt: number, hop: number, tries = 0): void {
    const { clock, faults, history } = this;
    if (history.invocations.filter(({ endedAt }) => endedAt === undefined).length >= (faults.plan.quirks.slots ?? Infinity)) {
      faults.quirk('slots');
      // Lambda keeps the event and retries, first after a second, later every five minutes.
      clock.after(Math.min(SECOND * 2 ** tries, 5 * MINUTE), () => this.invoke(event, request, attempt, hop, tries + 1));
      return;
    }
    const number = history.invocations.length + 1;
    const crash = faults.crash(number);
    const invocation: Running = { number, request, event, attempt, hop, startedAt: clock.now, alive: true, awaits: 0, crashIn: crash?.inAwait };
    history.invocations.push(invocation);
    history.say(who(invocation), `begins: ${request.type} ${request.id}${attempt > 1 ? `, attempt ${attempt}` : ''}${hop > 0 ? `, continued for the ${hop}. time` : ''}`);
    const ends = clock.now + LONGEST;
    clock.after(LONGEST, () => this.end(invocation, 'ran out of time'));
    for (const timed of faults.crashesBetween(clock.now, ends)) {
      clock.after(START + timed.at! - clock.now, () => this.crash(invocation, timed));
    }

    const own = structuredClone(event); // each invocation parses the payload itself
    const seen = this.change.event?.(own) ?? own;
    const world = this.surroundings(invocation);
    createHandler(this.change.world?.(world, seen) ?? world)(seen, {
      invokedFunctionArn: FUNCTION,
      logStreamName: `2026/01/01/[$LATEST]${number}`,
      getRemainingTimeInMillis: () => ends - clock.now,
    }).then(
      () => this.end(invocation, 'returned'),
      (error) => this.end(invocation, 'threw', error),
    );
  }

  private end(invocation: Running, end: NonNullable<InvocationFacts['end']>, error?: Error): void {
    if (!invocation.alive) {
      return;
    }
    invocation.alive = false;
    invocation.end = end;
    invocation.endedAt = this.clock.now;
    this.history.say(who(invocation), `${end}${error ? ` ${error}` : ''}`);
    const { event, request, attempt, hop } = invocation;
    if (end !== 'returned' && attempt <= REPEATS.length) {
      this.clock.after(REPEATS[attempt - 1] + this.coldStart(), () => this.invoke(event, request, attempt + 1, hop));
    }
  }

  private crash(invocation: Running, crash?: Crash): void {
    if (invocation.alive) {
      this.faults.strikes(crash);
      this.end(invocation, 'crashed');
    }
  }

  /** The world from the view of this invocation. */
  private surroundings(invocation: Running): World {
    const { clock, history } = this;
    const client = (): any => ({
      send: ({ constructor, input }: { constructor: { name: string }; input: any }) => this.call(invocation, constructor.name.replace('Command', ''), input),
    });
    const clients = client();
    return {
      ecs: clients,
      logs: clients,
      logsIn: () => clients,
      cloudFormation: clients,
      lambda: clients,
      put: (url, body) => this.call(invocation, 'put', { url, body }),
      now: () => clock.now,
      sleep: (milliseconds) => this.hold(invocation, milliseconds, (resolve) => resolve(undefined)),
      metricTasks: {},
      expire: (milliseconds) => new Promise((resolve) => clock.after(milliseconds, () => invocation.alive && resolve())),
      random: this.random.next,
      log: (line) => { history.logged.push({ at: clock.now, invocation, line: String(line) }); },
    };
  }

  /** One call of AWS: sending, effect, response. Each happens unless the invocation has died or a fault strikes. */
  private call(invocation: Running, api: string, input: any): Promise<any> {
    const fault = this.faults.call(api, { input, invocation, history: this.history });
    const call: Call = { at: this.clock.now, invocation, api, input, fault: fault?.name };
    this.history.calls.push(call);
    const takesEffect = !fault?.error || fault.takesEffect;
    const duration = this.random.between(20, 120) + (fault?.delay ?? 0);
    // A call that changes something takes effect half-way; a call that reads returns the state at the time of sending.
    const arrival = ['RunTask', 'StopTask', 'Invoke', 'put'].includes(api) ? duration / 2 : 0;
    const arrive = () => {
      if (takesEffect && (invocation.alive || this.random.chance(0.5))) {
        try {
          call.effectAt = this.clock.now;
          const result = this.effect(invocation, api, input);
          call.result = fault?.change ? fault.change(result) : result;
          call.isStale = api === 'DescribeStacks' && !this.cloudFormation.isNow(call.result);
        } catch (error) {
          call.error = error;
        }
      }
    };
    if (arrival > 0) {
      this.clock.after(arrival, arrive);
    } else {
      arrive();
    }
    return this.hold(invocation, duration, (resolve, reject) => {
      call.doneAt = this.clock.now;
      if (fault?.error) {
        const error: any = fault.error();
        call.error = error;
        if (error?.status) {
          resolve(error.status);
        } else {
          reject(error);
        }
      } else if (call.error) {
        reject(call.error);
      } else {
        resolve(call.result);
      }
    });
  }

  /** Wraps every await of the handler; none returns to an invocation that has died. */
  private hold<T>(
    invocation: Running, milliseconds: number, settle: (resolve: (value: T) => void, reject: (error: unknown) => void) => void,
  ): Promise<T> {
    if (++invocation.awaits === invocation.crashIn) {
      this.clock.after(this.random.between(0, milliseconds), () => this.crash(invocation, this.faults.crash(invocation.number)));
    }
    return new Promise((resolve, reject) => {
      this.clock.after(milliseconds, () => {
        if (invocation.alive) {
          settle(resolve, reject);
        }
      });
    });
  }

  private effect(invocation: Running, api: string, input: any): any {
    switch (api) {
      case 'put': return this.cloudFormation.hear(input.url, input.body, invocation);
      case 'DescribeStacks': return this.cloudFormation.describeStacks(invocation);
      case 'GetLogEvents': return this.logEvents(input);
      case 'Invoke': return this.invokeItself(invocation, input);
      default: return this.ecs.answer(api, input, invocation);
    }
  }

  private invokeItself(invocation: Running, { InvocationType, Payload, FunctionName }: any) {
    if (InvocationType !== 'Event' || FunctionName !== FUNCTION) {
      throw awsError('InvalidParameterValueException', 'not as expected');
    }
    invocation.handedOverAt = this.clock.now;
    const event = JSON.parse(typeof Payload === 'string' ? Payload : Buffer.from(Payload).toString());
    this.take(this.asAnotherVersion(event), invocation.request, invocation.hop + 1);
    return { StatusCode: 202 };
  }

  /** An update of the stack may have replaced the function since then. */
  private asAnotherVersion(event: any): any {
    const { anotherVersion } = this.faults.plan.quirks;
    if (!anotherVersion) {
      return event;
    }
    this.faults.quirk('anotherVersion');
    return { ...event, HandedOver: anotherVersion };
  }

  /** A page of the log: its end, or the part before another page. At the end, the token stays the same. */
  private logEvents({ logStreamName, limit = 10_000, nextToken }: any) {
    const task = this.history.tasks.find(({ arn }) => logStreamName.endsWith(`/${arn.split('/').pop()}`));
    if (!task?.ranFrom || task.life.log.absent || this.clock.now < task.ranFrom) {
      throw awsError('ResourceNotFoundException', 'The specified log stream does not exist.');
    }
    const { lines, late, pageSize = 10_000 } = task.life.log;
    const there = this.clock.now < task.endedAt + late * SECOND ? lines.slice(0, Math.floor(lines.length / 3)) : lines;
    const to = Math.min(Number(nextToken ?? there.length), there.length);
    const from = Math.max(0, to - Math.min(limit, pageSize));
    return { events: there.slice(from, to).map((message) => ({ message })), nextBackwardToken: String(from) };
  }
}
