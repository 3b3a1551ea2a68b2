import { Clock, Random, SECOND } from './clock';
import type { Families } from './ecs';
import { delivered, inShort, LOGICAL_ID, parse, responseUrl, SERVICE_TOKEN, serviceTimeout, STACK_ID, URL_EXPIRES_SECONDS, whatToRun } from './event';
import type { History, InvocationFacts, Put, Request } from './history';
import type { Lambda } from './lambda';
import { RESOURCE_TYPE, RunTaskProperties, TaskRun } from '../../src/contract';

/** One deployment, or what else a person does with a stack. */
export interface Operation {
  readonly kind: 'create' | 'update' | 'remove the resource' | 'delete the stack' | 'roll back';
  /** Seconds since the operation before it ended. */
  readonly after: number;
  /** Of a create or an update. */
  readonly properties?: RunTaskProperties;
  /** Leave what failed as it is. */
  readonly noRollback?: boolean;
  readonly disturbance?: Disturbance;
  /** Without rollback: put the failed resource itself back to where it was. */
  readonly putsBack?: boolean;
  /** Without rollback: what the next Update calls old are the properties that failed. */
  readonly oldIsWhatFailed?: boolean;
}

export interface Disturbance {
  readonly what: 'another resource fails' | 'the user cancels' | 'the stack is deleted';
  readonly when: 'while ours runs' | 'after ours';
  /** Seconds since our request was sent, or since it was answered. */
  readonly after: number;
}

type End = 'SUCCESS' | 'FAILED' | 'time-out' | 'cancelled';

/** AWS CloudFormation with one stack, in which one resource is ours and the others may fail. */
export class CloudFormation {
  private status = 'REVIEW_IN_PROGRESS';
  private physicalId?: string;
  /** The properties of the last success. */
  private stable?: RunTaskProperties;
  /** What has failed and was left as it is. */
  private failed?: RunTaskProperties;
  private readonly idsOfSuccess = new Set<string>();
  private readonly waiting = new Map<Request, (end: End) => void>();
  /** When the latest operation on a stack that was there already began. */
  private lastUpdated?: Date;
  /** How the operations went, for the summary. */
  readonly outcomes: string[] = [];
  lambda!: Lambda;

  constructor(
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly history: History,
    private readonly families: Families,
  ) {}

  async run(operations: readonly Operation[]): Promise<void> {
    for (const operation of operations) {
      if (/^(ROLLBACK_COMPLETE|DELETE_COMPLETE|ROLLBACK_FAILED)$/.test(this.status)) {
        return; // a new stack would begin another story
      }
      if (/ROLLBACK_FAILED/.test(this.status) && operation.kind !== 'delete the stack') {
        continue; // takes nothing else
      }
      await this.sleep(operation.after);
      this.history.say('person', `${operation.kind}${operation.noRollback ? ', without rollback' : ''}${operation.properties ? `: ${inShort(operation.properties)}` : ''}`);
      this.lastUpdated = operation.kind === 'create' ? undefined : new Date(this.clock.now);
      await this.carryOut(operation);
      this.outcomes.push(`${operation.kind} -> ${this.status}`);
    }
  }

  describeStacks() {
    return { Stacks: [{ StackName: 'Shop', StackStatus: this.status, LastUpdatedTime: this.lastUpdated }] };
  }

  /** The response URL. Only the first answer counts, and none that comes too late; S3 takes them all. */
  hear(url: string, body: string, invocation: InvocationFacts): number {
    const request = this.history.requests.find(({ event }) => event.ResponseURL === url);
    if (!request || this.clock.now > request.sentAt + URL_EXPIRES_SECONDS * SECOND) {
      return 403;
    }
    const put: Put = { at: this.clock.now, body, invocation, parsed: parse(body), counts: request.closedAt === undefined };
    request.puts.push(put);
    this.history.say('cloudformation', `R${request.number} hears ${put.parsed?.Status}${put.counts ? '' : ', to which nobody listens'}: ${(put.parsed?.Reason ?? body).split('\n')[0]}`);
    if (put.counts) {
      request.answer = put;
      this.close(request, 'answer', put.parsed?.Status === 'SUCCESS' ? 'SUCCESS' : 'FAILED');
    }
    return 200;
  }

  private async carryOut(operation: Operation): Promise<void> {
    switch (operation.kind) {
      case 'create': return this.create(operation);
      case 'update': return this.update(operation);
      case 'remove the resource': return this.remove();
      case 'delete the stack': return this.deleteStack();
      case 'roll back': return this.failed ? this.undo(this.failed) : undefined;
    }
  }

  private async create(operation: Operation): Promise<void> {
    const { properties, noRollback, disturbance } = operation;
    this.become('CREATE_IN_PROGRESS');
    await this.sleep(this.random.between(5, 60));
    const { end, request } = await this.ask('Create', properties!, disturbance);
    this.physicalId = end === 'SUCCESS' || end === 'FAILED' ? request.answer!.parsed?.PhysicalResourceId : this.inventedId();
    if (end === 'SUCCESS') {
      this.idsOfSuccess.add(this.physicalId!);
      this.stable = properties;
      if (!await this.fails(disturbance)) {
        return this.become('CREATE_COMPLETE');
      }
    } else {
      this.failed = properties;
    }
    if (end === 'cancelled' && disturbance!.what === 'the stack is deleted') {
      return this.deleteStack(properties);
    }
    await this.pause();
    if (noRollback) {
      return this.become('CREATE_FAILED');
    }
    return this.undo(properties!);
  }

  private async update(operation: Operation): Promise<void> {
    const { properties, noRollback, disturbance, putsBack, oldIsWhatFailed } = operation;
    const { stable, failed } = this;
    if (!stable) {
      return this.createAgain(operation);
    }
    this.become('UPDATE_IN_PROGRESS');
    await this.sleep(this.random.between(2, 30));
    const old = failed && oldIsWhatFailed ? failed : stable;
    if (!failed && JSON.stringify(old) === JSON.stringify(properties)) {
      return this.become('UPDATE_COMPLETE'); // nothing has changed, so nothing is sent
    }
    const { end, request } = await this.ask('Update', properties!, disturbance, old);
    this.failed = end === 'SUCCESS' ? undefined : properties;
    if (end === 'SUCCESS' && !await this.fails(disturbance)) {
      this.stable = properties;
      await this.pause();
      return this.become('UPDATE_COMPLETE');
    }
    await this.pause();
    if (!noRollback) {
      return this.undo(properties!, request.answer?.parsed?.PhysicalResourceId);
    }
    if (end === 'SUCCESS') {
      this.stable = properties;
    } else if (putsBack && end !== 'cancelled') {
      await this.ask('Update', stable, undefined, properties);
    }
    return this.become('UPDATE_FAILED');
  }

  /** After a Create that failed and was left so. */
  private async createAgain({ properties, noRollback, disturbance }: Operation): Promise<void> {
    const oldId = this.physicalId!;
    const old = this.failed!;
    this.become('UPDATE_IN_PROGRESS');
    await this.sleep(this.random.between(2, 30));
    const { end, request } = await this.ask('Create', properties!, disturbance);
    if (end !== 'SUCCESS') {
      this.physicalId = request.answer?.parsed?.PhysicalResourceId ?? this.inventedId();
      this.failed = properties;
      await this.pause();
      return noRollback ? this.become('UPDATE_FAILED') : this.undo(properties!);
    }
    this.physicalId = request.answer!.parsed?.PhysicalResourceId;
    this.idsOfSuccess.add(this.physicalId!);
    this.stable = properties;
    this.failed = undefined;
    this.become('UPDATE_COMPLETE_CLEANUP_IN_PROGRESS');
    if (oldId !== this.physicalId) {
      await this.ask('Delete', old, undefined, undefined, oldId);
    }
    return this.become('UPDATE_COMPLETE');
  }

  /** Goes back to the last success, or to nothing. */
  private async undo(attempted: RunTaskProperties, answeredId = this.physicalId): Promise<void> {
    const isCreate = /^CREATE/.test(this.status) || !this.stable || this.stable === attempted;
    this.become(isCreate ? 'ROLLBACK_IN_PROGRESS' : 'UPDATE_ROLLBACK_IN_PROGRESS');
    await this.pause();
    this.failed = undefined;
    if (isCreate) {
      const { end } = await this.ask('Delete', attempted);
      return this.become(end === 'SUCCESS' ? 'ROLLBACK_COMPLETE' : 'ROLLBACK_FAILED');
    }
    const { end } = await this.ask('Update', this.stable!, undefined, attempted);
    if (end !== 'SUCCESS') {
      return this.become('UPDATE_ROLLBACK_FAILED');
    }
    this.become('UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS');
    if (answeredId !== this.physicalId) {
      await this.ask('Delete', attempted, undefined, undefined, answeredId);
    }
    await this.pause();
    return this.become('UPDATE_ROLLBACK_COMPLETE');
  }

  private async remove(): Promise<void> {
    this.become('UPDATE_IN_PROGRESS');
    await this.sleep(this.random.between(2, 30));
    this.become('UPDATE_COMPLETE_CLEANUP_IN_PROGRESS');
    await this.ask('Delete', this.failed ?? this.stable!);
    this.become('UPDATE_COMPLETE');
  }

  private async deleteStack(properties = this.failed ?? this.stable): Promise<void> {
    this.become('DELETE_IN_PROGRESS');
    await this.pause();
    const { end } = await this.ask('Delete', properties!);
    this.become(end === 'SUCCESS' ? 'DELETE_COMPLETE' : 'DELETE_FAILED');
  }

  /** Sends a request and waits for its end, whatever that is. */
  private async ask(
    type: Request['type'], properties: RunTaskProperties, disturbance?: Disturbance, old?: RunTaskProperties, physicalId = this.physicalId,
  ): Promise<{ end: End; request: Request }> {
    const { clock, history } = this;
    const number = history.requests.length + 1;
    const id = `${this.hex(8)}-${this.hex(4)}-4${this.hex(3)}-8${this.hex(3)}-${this.hex(12)}`;
    const isRollback = type === 'Update' && /ROLLBACK/.test(this.status);
    const ofSuccessfulCreate = type !== 'Create' && this.idsOfSuccess.has(physicalId!);
    const run = whatToRun(type, properties, isRollback, ofSuccessfulCreate);
    const request: Request = {
      number,
      id,
      type,
      sentAt: clock.now,
      deadline: clock.now + serviceTimeout(properties) * SECOND,
      stackStatus: this.status,
      isRollback,
      ofSuccessfulCreate,
      properties,
      run,
      deciding: run?.ExitCodeFrom ?? (run ? this.essentialOf(run) : []),
      puts: [],
      event: {
        RequestType: type,
        RequestId: id,
        ServiceToken: SERVICE_TOKEN,
        ResponseURL: responseUrl(number, clock.now),
        StackId: STACK_ID,
        ResourceType: RESOURCE_TYPE,
        LogicalResourceId: LOGICAL_ID,
        ...(type === 'Create' ? {} : { PhysicalResourceId: physicalId }),
        ResourceProperties: delivered(properties),
        ...(old ? { OldResourceProperties: delivered(old) } : {}),
      },
    };
    history.requests.push(request);
    history.say('cloudformation', `sends R${number}: ${isRollback ? 'rollback ' : ''}${type}${type === 'Delete' ? ` of ${physicalId}` : ''}`);
    this.lambda.take(request.event, request);
    const end = await new Promise<End>((resolve) => {
      this.waiting.set(request, resolve);
      clock.after(request.deadline - clock.now, () => this.close(request, 'time-out', 'time-out'));
      if (disturbance?.when === 'while ours runs') {
        clock.after(disturbance.after * SECOND, () => this.close(request, 'cancelled', 'cancelled', disturbance.what));
      }
    });
    return { end, request };
  }

  private close(request: Request, by: NonNullable<Request['closedBy']>, end: End, why = ''): void {
    if (request.closedAt === undefined) {
      request.closedAt = this.clock.now;
      request.closedBy = by;
      if (by !== 'answer') {
        this.history.say('cloudformation', `no longer waits for R${request.number}: ${by}${why ? `, ${why}` : ''}`);
      }
      this.waiting.get(request)!(end);
    }
  }

  private async fails(disturbance?: Disturbance): Promise<boolean> {
    if (disturbance?.when !== 'after ours') {
      return false;
    }
    await this.sleep(disturbance.after);
    this.history.say('cloudformation', disturbance.what);
    return true;
  }

  private become(status: string): void {
    this.status = status;
    this.history.statuses.push({ at: this.clock.now, status });
    this.history.say('stack', status);
  }

  private essentialOf({ Request: { taskDefinition } }: TaskRun): string[] {
    return this.families[taskDefinition!.split('/').pop()!.split(':')[0]].filter(({ essential }) => essential).map(({ name }) => name);
  }

  private inventedId(): string {
    return `Shop-${LOGICAL_ID}-${this.hex(12).toUpperCase()}`;
  }

  private hex(digits: number): string {
    return Array.from({ length: digits }, () => this.random.whole(0, 15).toString(16)).join('');
  }

  private pause(): Promise<void> {
    return this.sleep(this.random.between(0.3, 4));
  }

  private sleep(time: number): Promise<void> {
    return this.clock.sleep(time * SECOND);
  }
}
