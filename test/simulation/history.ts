import { Clock, seconds } from './clock';
import type { SimulatedTask } from './task';
import type { RunTaskProperties, RunSpec } from '../../src/contract';

/** One request of CloudFormation, with everything that the invariants need. */
export interface Request {
  readonly number: number;
  readonly id: string;
  readonly type: 'Create' | 'Update' | 'Delete';
  readonly event: any;
  /** The number of the person's operation on the stack. */
  readonly operation: number;
  /** The request that began the run: another request if this one continues its run. */
  first?: Request;
  readonly sentAt: number;
  /** When CloudFormation stops waiting for the answer. */
  readonly deadline: number;
  /** The status of the stack when the request was sent. */
  readonly stackStatus: string;
  /** Whether it undoes an Update. */
  readonly isRollback: boolean;
  /** Whether the event had the physical id of a Create that succeeded. */
  readonly ofSuccessfulCreate: boolean;
  readonly properties: RunTaskProperties;
  /** Whether the properties were delivered in another form than the construct renders. */
  readonly isMalformed: boolean;
  /** Whether the hand-over or baton that it received is of another version of the function. */
  readonly isOfAnotherVersion: boolean;
  /** What the request must run, with its types; absent if it runs nothing. */
  readonly run?: RunSpec;
  /** Whether it restores the previous properties of a failed resource, without a rollback. */
  readonly isPutBack: boolean;
  /** For a Delete: when the Create that failed was requested, if its answer had the physical id. */
  readonly leftAt?: number;
  /** The outputs of the stack. */
  readonly kept: { readonly [name: string]: string };
  closedAt?: number;
  closedBy?: 'answer' | 'time-out' | 'cancelled';
  /** The answer that counts. */
  answer?: Put;
  readonly puts: Put[];
}

/** A body that reached the response URL. */
export interface Put {
  readonly at: number;
  readonly body: string;
  readonly invocation: InvocationFacts;
  /** Absent if the body is not JSON. */
  readonly parsed?: {
    Status: string;
    Reason?: string;
    PhysicalResourceId?: string;
    RequestId?: string;
    StackId?: string;
    LogicalResourceId?: string;
    Data?: { readonly [attribute: string]: string };
  };
  counts: boolean;
}

export interface InvocationFacts {
  readonly number: number;
  readonly request: Request;
  readonly event: any;
  /** 1 to 3: Lambda repeats an invocation that threw or crashed. */
  readonly attempt: number;
  /** The number of self-invocations that led to this one. */
  readonly hop: number;
  readonly startedAt: number;
  endedAt?: number;
  end?: 'returned' | 'threw' | 'crashed' | 'ran out of time';
  /** When it handed over: what it sees afterwards, the next one cannot know. */
  handedOverAt?: number;
}

export interface Call {
  readonly at: number;
  readonly invocation: InvocationFacts;
  readonly api: string;
  readonly input: any;
  /** When it took effect; absent if it did not. */
  effectAt?: number;
  /** When the handler got the response; absent if its invocation had died. */
  doneAt?: number;
  result?: any;
  error?: any;
  /** What went wrong on purpose. */
  fault?: string;
  /** Whether the response was stale. */
  isStale?: boolean;
}

interface Line {
  readonly at: number;
  readonly who: string;
  readonly text: string;
}

/** What happened, as facts for the invariants. It becomes text only when someone reads it. */
export class History {
  readonly requests: Request[] = [];
  readonly invocations: InvocationFacts[] = [];
  readonly calls: Call[] = [];
  readonly tasks: SimulatedTask[] = [];
  readonly statuses: Array<{ readonly at: number; readonly status: string }> = [];
  /** When each operation of the person on the stack began. */
  readonly operations: number[] = [];
  /** The events that Lambda lost. */
  readonly lost: Array<{ readonly at: number; readonly request: Request }> = [];
  /** When LastUpdatedTime changed while CloudFormation waited for a request. */
  readonly moved: Array<{ readonly at: number; readonly request: Request }> = [];
  /** The number of milliseconds by which the other clocks can be behind the function's clock. */
  clocksDifferBy = 0;
  /** What the handler logged. */
  readonly logged: Array<{ readonly at: number; readonly invocation: InvocationFacts; readonly line: string }> = [];
  /** The names of the excuses that were used. */
  readonly excused = new Set<string>();
  /** The kinds of sentences that appeared. */
  readonly keys = new Set<string>();
  private readonly lines: Line[] = [];

  constructor(private readonly clock: Clock) {}

  excuse(name: string, isSo: boolean): boolean {
    if (isSo) {
      this.excused.add(name);
    }
    return isSo;
  }

  say(actor: string, text: string): void {
    this.lines.push({ at: this.clock.now, who: actor, text });
  }

  statusAt(at: number): string {
    let found = this.statuses[0].status;
    for (const { at: since, status } of this.statuses) {
      found = since <= at ? status : found;
    }
    return found;
  }

  callsOf(request: Request, ...apis: string[]): Call[] {
    return this.calls.filter(({ invocation, api }) => invocation.request === request && apis.includes(api));
  }

  /** The calls that the first answer can rest on. */
  callsBehindAnswer(request: Request, ...apis: string[]): Call[] {
    const [first] = request.puts;
    return this.callsOf(request, ...apis).filter((call) => !first || (call.at <= first.at && informs(call, first)));
  }

  /** The tasks of all requests that wait for the same run. */
  tasksOf({ first }: Request): SimulatedTask[] {
    return this.tasks.filter((task) => task.request.first === first);
  }

  callsOfRun({ first }: Request, ...apis: string[]): Call[] {
    return this.calls.filter(({ invocation, api }) => invocation.request.first === first && apis.includes(api));
  }

  /** One line per event. Polls without news are left out. */
  toString(): string {
    const seen = new Map<string, string>();
    const lines = [
      ...this.lines,
      ...this.logged.map(({ at, invocation, line }) => ({ at, who: who(invocation), text: `log | ${line.replace(/\n/g, `\n${' '.repeat(37)}log | `)}` })),
      ...this.calls.flatMap((call) => [asLine(call, seen) ?? []].flat()),
      ...this.tasks.flatMap((task) => task.moments.map(({ at, task: state }) => ({ at, who: task.name, text: describe(state) }))),
    ];
    return lines
      .map((line, order) => ({ ...line, order }))
      .sort((one, other) => one.at - other.at || one.order - other.order)
      .map(({ at, who: actor, text }) => `${seconds(at).padStart(9)} s  ${actor.padEnd(22)}  ${printableOnly(text)}`)
      .join('\n');
  }
}

/** Whether the invocation that answered knows what was heard. Of two with the same event, one knows nothing of the other. */
export function informs({ at, invocation }: Call, said: Put): boolean {
  return invocation === said.invocation || at <= (invocation.handedOverAt ?? -Infinity);
}

export function who(invocation: InvocationFacts): string {
  return `invocation ${invocation.number} (R${invocation.request.number})`;
}

function asLine(call: Call, seen: Map<string, string>): Line | undefined {
  const { api, input, result, error, fault, invocation, doneAt } = call;
  const saw = summary(call);
  if (api === 'DescribeTasks' || api === 'DescribeStacks') {
    const key = `${invocation.number} ${api}`;
    if (!error && !fault && doneAt !== undefined && seen.get(key) === saw) {
      return undefined;
    }
    seen.set(key, saw);
  }
  const outcome = error ? `${error.name ?? JSON.stringify(error)}${error.message ? `: ${error.message}` : ''}` : doneAt === undefined && !result ? 'no answer' : saw;
  const late = doneAt !== undefined && doneAt - call.at > 2_000 ? ` after ${((doneAt - call.at) / 1000).toFixed(1)} s` : '';
  const heard = doneAt === undefined ? ' [the invocation did not live to hear it]' : '';
  return { at: call.at, who: who(invocation), text: `${api}${asked(api, input)} -> ${outcome}${late}${heard}${fault ? ` [${fault}]` : ''}` };
}

function asked(api: string, input: any): string {
  switch (api) {
    case 'RunTask': return ` token ${input.clientToken}${(input.count ?? 1) > 1 ? ` count ${input.count}` : ''}`;
    case 'StopTask': return ` ${short(input.task)} (${input.reason})`;
    case 'ListTasks': return ` ${['startedBy', 'family', 'desiredStatus'].filter((key) => input[key]).map((key) => `${key} ${input[key]}`).join(', ')}`;
    case 'GetLogEvents': return ` ${input.logStreamName}`;
    default: return '';
  }
}

function summary({ api, result }: Call): string {
  switch (api) {
    case 'RunTask': return [...result?.tasks ?? [], ...result?.failures ?? []].map((one: any) => one.taskArn ? short(one.taskArn) : `failure ${one.reason}`).join(', ');
    case 'DescribeTasks': return [...result?.tasks ?? [], ...result?.failures ?? []].map((one: any) => `${short(one.taskArn ?? one.arn)} ${one.lastStatus ?? one.reason}`).join(', ');
    case 'ListTasks': return `[${(result?.taskArns ?? []).map(short).join(', ')}]${result?.nextToken ? ' and more' : ''}`;
    case 'DescribeStacks': return result?.Stacks[0]?.StackStatus ?? '';
    case 'GetLogEvents': return `${result?.events?.length ?? 0} lines`;
    case 'put': return `HTTP status ${result}`;
    default: return 'done';
  }
}

function describe(task: SimulatedTask['moments'][number]['task']): string {
  const containers = (task.containers ?? []).map(({ name, lastStatus, exitCode }) => `${name} ${exitCode === undefined ? lastStatus : `exit ${exitCode}`}`);
  const why = task.stopCode ? ` ${task.stopCode}${task.stoppedReason ? ` (${task.stoppedReason})` : ''}` : '';
  return `${task.lastStatus} [${containers.join(', ')}]${task.desiredStatus === 'STOPPED' ? why : ''}`;
}

function short(taskArn: string): string {
  return `task ${taskArn.split('/').pop()}`;
}

function printableOnly(text: string): string {
  return text.toWellFormed().replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, '?');
}
