import type { Task } from '@aws-sdk/client-ecs';
import { identity } from '../../lambda/cloudformation/identity';
import { Event } from '../../lambda/cloudformation/request';
import { markOf } from '../../lambda/ecs/marks';
import { createHandler } from '../../lambda/lifecycle';
import type { World } from '../../lambda/world';
import { RESOURCE_TYPE } from '../../src/contract';
import { serviceTimeoutFor } from '../../src/timing';

// What tests need of the handler comes from here, so that few files know where it is.
export { identity };
export type { Event };

export const START = Date.UTC(2026, 0, 1);
export const MINUTE = 60_000;
export const CLUSTER = 'arn:aws:ecs:eu-west-1:111122223333:cluster/shop';
const STACK_ID = 'arn:aws:cloudformation:eu-west-1:111122223333:stack/Shop/6d1a2b30-0000-11f1-9f3e-0a1b2c3d4e5f';

/** The state of a task from each of these seconds on. */
export type Life = ReadonlyArray<readonly [second: number, state: Partial<Task>]>;

const app = (container: object) => [{ name: 'app', ...container }];

/** A Fargate task whose container exits with the code after so many seconds; its network interface takes 20 seconds more. */
export function runs(seconds: number, exitCode: number, more: Partial<Task> = {}): Life {
  const over: Partial<Task> = {
    desiredStatus: 'STOPPED',
    stopCode: 'EssentialContainerExited',
    stoppedReason: 'Essential container in task exited',
    containers: app({ lastStatus: 'STOPPED', exitCode, runtimeId: '1' }),
    ...more,
  };
  return [
    [0, { lastStatus: 'PROVISIONING', containers: app({ lastStatus: 'PENDING' }) }],
    [15, { lastStatus: 'PENDING' }],
    [30, { lastStatus: 'RUNNING', startedAt: new Date(START), containers: app({ lastStatus: 'RUNNING', runtimeId: '1' }) }],
    [30 + seconds, { ...over, lastStatus: 'DEPROVISIONING' }],
    [50 + seconds, { ...over, lastStatus: 'STOPPED' }],
  ];
}

/** A Fargate task whose containers never start. */
export function doesNotStart(stoppedReason: string): Life {
  return [
    [0, { lastStatus: 'PROVISIONING', containers: app({ lastStatus: 'PENDING' }) }],
    [20, { lastStatus: 'STOPPED', desiredStatus: 'STOPPED', stopCode: 'TaskFailedToStart', stoppedReason, containers: app({ lastStatus: 'STOPPED' }) }],
  ];
}

/** What happens instead of one API call. */
export type Fault = (input: any, proceed: () => any) => unknown;

interface Started extends Pick<Task, 'taskArn' | 'taskDefinitionArn' | 'startedBy'> {
  tags?: Task['tags'];
  readonly at: number;
  readonly life: Life;
  readonly cluster: string;
  stoppedAt?: number;
  stoppedReason?: string;
}

/** The answer that CloudFormation received. */
export interface Answered {
  readonly RequestId: string;
  readonly Status: string;
  readonly Reason: string;
  readonly PhysicalResourceId: string;
  readonly Data?: { readonly [name: string]: string };
  /** In seconds since the world began. */
  readonly at: number;
}

/** The AWS services that the handler calls, on virtual time: with client tokens, pages of ListTasks, and tasks that end or are stopped. */
export class FakeAws implements World {
  readonly lines: string[] = [];
  readonly answers: Answered[] = [];
  readonly calls: Array<{ name: string; input: any; at: number }> = [];
  readonly tasks: Started[] = [];
  /** The events with which the function invoked itself. */
  handedOver: Event[] = [];
  stackStatus = 'CREATE_IN_PROGRESS';
  lastUpdated?: Date;
  creationTime?: Date;
  /** The lives of the next tasks; the last one repeats. */
  lives: Life[] = [runs(60, 0)];
  logEvents: string[] = [];
  /** The outputs of the stack. */
  outputs: { [name: string]: string } = {};
  taskDefinition: unknown;
  /** The revisions of the task definition, the first one first, for tests that register more. */
  revisions: object[] = [];
  /** For each API call, what happens instead, once each. */
  faults: Record<string, Fault[]> = {};
  putStatuses: number[] = [];
  metricTasks = {};
  time = START;
  private steps = 0;
  private readonly tokens = new Map<string, unknown>();

  readonly ecs = this.client();
  readonly logs = this.client();
  /** The Regions whose logs were asked for. */
  readonly logRegions: string[] = [];
  readonly cloudFormation = this.client();
  readonly lambda = this.client();

  logsIn = (region: string) => {
    this.logRegions.push(region);
    return this.logs;
  };


  now = () => this.time;
  sleep = async (milliseconds: number) => { this.pass(milliseconds); };
  /** Time passes only in sleep(), and in the call itself. */
  expire = async (milliseconds: number): Promise<void> => milliseconds > 0 ? new Promise(() => undefined) : undefined;
  random: () => number = () => 0.5;
  log = (line: string) => { this.lines.push(line); };
  put = async (_url: string, body: string) => {
    const status = this.putStatuses.shift() ?? 200;
    if (status === 200) {
      this.answers.push({ ...JSON.parse(body), at: this.seconds() });
    }
    return status;
  };

  /** Seconds since the world began. */
  seconds = () => (this.time - START) / 1000;

  callsOf(name: string) {
    return this.calls.filter((call) => call.name === name).map(({ input }) => input);
  }

  /** One invocation of the function. */
  async invoke(event: Event, remaining = 15 * MINUTE): Promise<void> {
    const ends = this.time + remaining;
    await createHandler(this)(event, {
      invokedFunctionArn: 'arn:aws:lambda:eu-west-1:111122223333:function:Shop-EcsRunTask',
      logStreamName: '2026/01/01/[$LATEST]abc',
      getRemainingTimeInMillis: () => ends - this.time,
    });
  }

  /** Invokes the function with an event of CloudFormation, and again for each hand-over; returns the answer. */
  async request(event: Event) {
    await this.invoke(event);
    while (this.handedOver.length > 0) {
      await this.invoke(this.handedOver.shift()!);
    }
    return this.answers.filter(({ RequestId }) => RequestId === event.RequestId).pop()!;
  }

  /** One invocation that hands over to a next one, which never runs. */
  async invokeThenCrash(event: Event, remaining = 2 * MINUTE): Promise<void> {
    await this.invoke(event, remaining);
    this.handedOver = [];
  }

  /** A handler that never ends must fail the test instead of hanging it. */
  private pass(milliseconds: number): void {
    this.time += Math.max(0, milliseconds);
    if (++this.steps > 10_000) {
      throw new Error('the handler does not end');
    }
  }

  private client(): any {
    return { send: async (command: { constructor: { name: string }; input: any }) => this.send(command.constructor.name.replace('Command', ''), command.input) };
  }

  private async send(name: string, input: any): Promise<unknown> {
    this.calls.push({ name, input, at: this.seconds() });
    this.pass(50);
    const fault = this.faults[name]?.shift();
    const proceed = () => (this as any)[`on${name}`](input);
    return fault ? fault(input, proceed) : proceed();
  }

  protected onRunTask({ clientToken, cluster, count = 1, taskDefinition, startedBy, tags }: any) {
    if (!this.tokens.has(clientToken)) {
      const started = Array.from({ length: count }, (_, index): Started => ({
        taskArn: `arn:aws:ecs:eu-west-1:111122223333:task/shop/${this.tasks.length + 1 + index}a`,
        at: this.time,
        life: this.lives.length > 1 ? this.lives.shift()! : this.lives[0],
        cluster,
        taskDefinitionArn: this.revisionOf(taskDefinition),
        startedBy,
        tags,
      }));
      this.tasks.push(...started);
      this.tokens.set(clientToken, { tasks: started.map(({ taskArn }) => ({ taskArn })), failures: [] });
    }
    return this.tokens.get(clientToken);
  }

  protected onDescribeTasks({ tasks, include }: { tasks: string[]; include?: string[] }) {
    const found = this.tasks.filter(({ taskArn }) => tasks.includes(taskArn!)).map((task) => this.describe(task));
    return { tasks: include?.includes('TAGS') ? found : found.map((task) => ({ ...task, tags: [] })) };
  }

  protected onListTasks({ cluster, family, desiredStatus, nextToken = '0' }: any) {
    const own = this.tasks.filter((task) => task.cluster === cluster && task.taskDefinitionArn!.startsWith(`${family}:`));
    const tasks = own.map((task) => this.describe(task));
    const arns = tasks.filter((task) => (task.desiredStatus ?? 'RUNNING') === desiredStatus).map(({ taskArn }) => taskArn);
    const end = Number(nextToken) + 100;
    return { taskArns: arns.slice(Number(nextToken), end), nextToken: end < arns.length ? String(end) : undefined };
  }

  /** "Any tags associated with the task will be deleted." */
  protected onStopTask({ task, reason }: any) {
    const found = this.tasks.find(({ taskArn }) => taskArn === task)!;
    found.tags = undefined;
    found.stoppedAt ??= this.time;
    found.stoppedReason ??= reason;
    return {};
  }

  protected onDescribeTaskDefinition({ taskDefinition }: { taskDefinition: string }) {
    const taskDefinitionArn = this.revisionOf(taskDefinition);
    const revision = this.revisions[Number(taskDefinitionArn.split(':').pop()) - 1];
    return { taskDefinition: revision ? { ...revision, taskDefinitionArn } : this.taskDefinition };
  }

  private revisionOf(taskDefinition: string): string {
    return this.revisions.length === 0 || taskDefinition.includes(':') ? taskDefinition : `${taskDefinition}:${this.revisions.length}`;
  }

  protected onDescribeStacks() {
    const Outputs = Object.entries(this.outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue }));
    return { Stacks: [{ StackStatus: this.stackStatus, CreationTime: this.creationTime, LastUpdatedTime: this.lastUpdated, Outputs }] };
  }

  protected onGetLogEvents() {
    return { events: this.logEvents.map((message) => ({ message })) };
  }

  protected onInvoke({ Payload }: { Payload: string }) {
    this.handedOver.push(JSON.parse(Payload));
    return { StatusCode: 202, Payload: null }; // as the SDK returns an empty response
  }

  private describe({ at, life, cluster, stoppedAt, stoppedReason, ...known }: Started): Task {
    const lived = (until: number) => life
      .filter(([second]) => at + second * 1000 <= until)
      .reduce((task, [, state]) => ({ ...task, ...state }), { ...known, createdAt: new Date(at) } as Task);
    const natural = lived(this.time);
    if (stoppedAt === undefined || lived(stoppedAt).lastStatus === 'STOPPED') {
      return natural;
    }
    const before = lived(stoppedAt);
    return this.time < stoppedAt + 30_000
      ? { ...before, desiredStatus: 'STOPPED', stoppedReason }
      : { ...before, desiredStatus: 'STOPPED', lastStatus: 'STOPPED', stopCode: 'UserInitiated', stoppedReason, containers: app({ lastStatus: 'STOPPED', exitCode: 143 }) };
  }
}

/** The properties of a RunTask as CloudFormation delivers them: all scalars are strings. */
export function properties(
  more: { TimeoutSeconds?: string; [name: string]: any } = {}, request: object = {},
): { ServiceToken: string; [name: string]: any } {
  return {
    ServiceToken: 'arn:aws:lambda:eu-west-1:111122223333:function:Shop-EcsRunTask',
    ServiceTimeout: String(serviceTimeoutFor(Number(more.TimeoutSeconds ?? 1800))),
    Request: { cluster: CLUSTER, taskDefinition: 'migrate:7', launchType: 'FARGATE', ...request },
    RunOn: 'CHANGE',
    TimeoutSeconds: '1800',
    ExitCodeFrom: ['app'],
    SuccessExitCodes: ['0'],
    CompleteWhen: 'EXIT_CODES_KNOWN',
    LogTailLines: '20',
    Logs: { app: { Group: '/shop', StreamPrefix: 'app' } },
    ...more,
  };
}

const common = {
  ServiceToken: 'arn:aws:lambda:eu-west-1:111122223333:function:Shop-EcsRunTask',
  ResponseURL: 'https://cloudformation-custom-resource-response-euwest1.s3.eu-west-1.amazonaws.com/answer?X-Amz-Date=20260101T000000Z&X-Amz-Signature=secret',
  StackId: STACK_ID,
  ResourceType: RESOURCE_TYPE,
  LogicalResourceId: 'Migration',
};

/** The physical id of the resource. */
export const ID = identity(common);

/** The mark of a task of the resource, by the request that started the task. */
export function markOfTask(requestId: string, number = 1, tokenNumber = 1): string {
  return markOf(ID, { requestId, sentAt: START }, number, tokenNumber);
}

export function create(delivered = properties()): Event {
  return { ...common, RequestType: 'Create', RequestId: 'c0ffee00-create', ResourceProperties: delivered };
}

export function update(delivered = properties(), old = properties()): Event {
  return {
    ...common,
    RequestType: 'Update',
    RequestId: 'c0ffee00-update',
    PhysicalResourceId: ID,
    ResourceProperties: delivered,
    OldResourceProperties: old,
  };
}

export function remove(delivered = properties(), PhysicalResourceId = ID): Event {
  return { ...common, RequestType: 'Delete', RequestId: 'c0ffee00-delete', PhysicalResourceId, ResourceProperties: delivered };
}

/** An error of AWS, as the SDK throws it. */
export function awsError(name: string, message = '', status = 400): Error {
  const answer = { $fault: status < 500 ? 'client' : 'server', $metadata: { httpStatusCode: status } };
  return Object.assign(new Error(message), { name, ...name === 'TimeoutError' ? {} : answer }); // no answer is none of AWS
}

export function fails(name: string, message?: string, status?: number) {
  return () => { throw awsError(name, message, status); };
}

export function times<T>(count: number, item: T): T[] {
  return Array.from({ length: count }, () => item);
}

/** The URL of a request that was sent so many minutes after the world began. */
export function sentAfter(minutes: number): string {
  const time = new Date(START + minutes * MINUTE).toISOString().replace(/[-:]|\.\d+/g, '');
  return `https://cloudformation-custom-resource-response-euwest1.s3.eu-west-1.amazonaws.com/answer?X-Amz-Date=${time}&X-Amz-Signature=secret`;
}

/** No fault: the call does what it would have done. */
export const passThrough: Fault = (_, proceed) => proceed();

/** RunTask does not place the task. */
export function notPlaced(reason: string, detail?: string): Fault {
  return () => ({ tasks: [], failures: [{ arn: 'x', reason, detail }] });
}

/** RunTask starts the task, and its response gets lost. */
export const startedWithoutResponse: Fault = (_, proceed) => {
  proceed();
  throw awsError('TimeoutError', 'socket hang up');
};

/** RunTask starts the task, and reports that it did not. */
export const startedButReportedAsFailed: Fault = (_, proceed) => {
  proceed();
  return { tasks: [], failures: [{ reason: 'RESOURCE:MEMORY' }] };
};

/** DescribeTasks does not know the tasks. */
export const missing: Fault = ({ tasks }) => ({ tasks: [], failures: tasks.map((arn: string) => ({ arn, reason: 'MISSING' })) });

/** DescribeTasks returns what the function cannot process. */
export function unexpectedError(thrown: string | object): Fault {
  const error = typeof thrown === 'string' ? new TypeError(thrown) : thrown;
  return (_, proceed) => ({ tasks: proceed().tasks.map((task: Task) => ({ ...task, get lastStatus() { throw error; } })) });
}

/** The call takes effect, and its response cannot be read. */
export function unreadable(thrown: unknown): Fault {
  return (_, proceed) => {
    proceed();
    throw thrown;
  };
}

/** DescribeStacks reports this status, which is older than what the stack is in now. */
export function stale(StackStatus: string, LastUpdatedTime?: Date): Fault {
  return () => ({ Stacks: [{ StackStatus, LastUpdatedTime }] });
}
