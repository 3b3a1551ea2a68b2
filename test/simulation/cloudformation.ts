import { Clock, Random, SECOND, START } from './clock';
import {
  attributesUsed, delivered, inShort, logicalId, parse, passedOn, responseUrl, SERVICE_TOKEN, serviceTimeout, STACK_ID, templatesOf,
  URL_EXPIRES_SECONDS, urlWithoutDate, whatItContinues, whatToRun, withFrom,
} from './event';
import { pastIsKnownToBeUnknown } from './excuses';
import type { Faults, Quirks } from './faults';
import type { History, InvocationFacts, Put, Request } from './history';
import type { Lambda } from './lambda';
import { RESOURCE_TYPE, RunTaskProperties } from '../../src/contract';

/** One deployment, or another action of a person on the stack. */
export interface Operation {
  readonly kind: 'create' | 'update' | 'remove the resource' | 'delete the stack' | 'roll back';
  /** The seconds since the end of the previous operation. */
  readonly after: number;
  /** The properties of a create or an update. */
  readonly properties?: RunTaskProperties;
  /** Leaves failed resources as they are. */
  readonly noRollback?: boolean;
  readonly disturbance?: Disturbance;
  /** Without rollback: restores the previous properties of the failed resource. */
  readonly putsBack?: boolean;
  /** Without rollback: the next Update gets the properties that failed as the old ones. */
  readonly oldIsWhatFailed?: boolean;
}

export interface Disturbance {
  readonly what: 'another resource fails' | 'the user cancels' | 'the stack is deleted';
  readonly when: 'while ours runs' | 'after ours';
  /** The seconds since the function's request was sent, or since it was answered. */
  readonly after: number;
}

interface SimulatedStack {
  readonly StackName: string;
  readonly StackStatus: string;
  readonly LastUpdatedTime?: Date;
  readonly CreationTime: Date;
  readonly Outputs: Array<{ OutputKey: string; OutputValue: string }>;
}

/** How a request ended. 'no such attribute': the answer lacks an attribute that the stack uses. */
type End = 'SUCCESS' | 'FAILED' | 'time-out' | 'cancelled' | 'no such attribute';

/** One of the resources that wait in turn for the same task. */
interface Resource {
  readonly number: number;
  readonly logicalId: string;
  physicalId?: string;
  /** The properties of its last success, and its attributes. */
  current?: RunTaskProperties;
  data: { readonly [attribute: string]: string };
  /** The properties that failed and were left as they are. */
  failed?: RunTaskProperties;
  /** The properties when the stack was last complete, to which a rollback returns. */
  stable?: RunTaskProperties;
}

/** AWS CloudFormation with one stack: the resources of one RunTask, and other resources that can fail. */
export class CloudFormation {
  private status = 'REVIEW_IN_PROGRESS';
  private resources: Resource[] = [];
  /** The resources that were created or updated since the stack was last complete. */
  private readonly touched = new Set<Resource>();
  /** The physical ids that were replaced. */
  private replaced: Array<{ readonly resource: Resource; readonly properties: RunTaskProperties; readonly physicalId: string }> = [];
  private outputs: { readonly [name: string]: string } = {};
  /** The outputs to which a rollback returns, if the stack already has other outputs. */
  private kept?: CloudFormation['outputs'];
  private readonly idsOfSuccess = new Set<string>();
  private readonly waiting = new Map<Request, (end: End) => void>();
  private operation = 0;
  /** Whether the task has ever succeeded. */
  private hasRun = false;
  private isDisturbed = false;
  /** When the latest operation on an existing stack began. */
  private lastUpdated?: Date;
  /** How the operations ended, for the summary. */
  readonly outcomes: string[] = [];
  lambda!: Lambda;
  private readonly quirky: Random;
  private readonly quirks: Quirks;
  /** The states of the stack, each with the time when it began. */
  private readonly views: Array<{ readonly at: number; readonly stack: SimulatedStack }> = [];
  /** The number of stale responses in a row that each invocation got. */
  private readonly staleInARow = new Map<InvocationFacts, number>();

  constructor(
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly faults: Faults,
    private readonly history: History,
  ) {
    this.quirky = random.fork('quirks');
    this.quirks = faults.plan.quirks;
    const { clocks, signsWithoutDate } = this.quirks;
    history.clocksDifferBy = Math.max(0, -(clocks?.ecs ?? 0), -(clocks?.cloudFormation ?? 0)) * SECOND;
    if (clocks) {
      faults.quirk('clocks');
    }
    if (signsWithoutDate) {
      faults.quirk('signsWithoutDate');
    }
    this.notice();
  }

  async run(operations: readonly Operation[]): Promise<void> {
    for (const operation of operations) {
      if (/^(ROLLBACK_COMPLETE|DELETE_COMPLETE|ROLLBACK_FAILED)$/.test(this.status)) {
        return; // a new stack would be another story
      }
      if (/(ROLLBACK|DELETE)_FAILED/.test(this.status) && operation.kind !== 'delete the stack') {
        continue; // takes nothing else
      }
      await this.sleep(operation.after);
      this.history.say('person', `${operation.kind}${operation.noRollback ? ', without rollback' : ''}${operation.properties ? `: ${inShort(operation.properties)}` : ''}`);
      this.lastUpdated = operation.kind === 'create' ? undefined : this.dated(this.clock.now);
      this.operation++;
      this.history.operations.push(this.clock.now);
      await this.carryOut(operation);
      this.outcomes.push(`${operation.kind} -> ${this.status}`);
    }
  }

  /** Whether a response of DescribeStacks is current. */
  isNow(answer: any): boolean {
    const { StackStatus, LastUpdatedTime } = answer?.Stacks[0] ?? {};
    return StackStatus === this.status && LastUpdatedTime?.getTime() === this.lastUpdated?.getTime();
  }

  describeStacks(invocation: InvocationFacts) {
    const stack = this.seen(invocation);
    const { noLastUpdatedTime = 0 } = this.quirks;
    if (noLastUpdatedTime > 0 && stack.LastUpdatedTime && this.quirky.chance(noLastUpdatedTime)) {
      this.faults.quirk('noLastUpdatedTime');
      return { Stacks: [{ ...stack, LastUpdatedTime: undefined }] };
    }
    return { Stacks: [stack] };
  }

  /** DescribeStacks is eventually consistent: a response can be stale, even after a current one. */
  private seen(invocation: InvocationFacts): SimulatedStack {
    const { now } = this.clock;
    const { stack, at } = this.views[this.views.length - 1];
    const { staleStacks } = this.quirks;
    const inARow = this.staleInARow.get(invocation) ?? 0;
    const isStale = staleStacks && this.views.length > 1 && now < at + staleStacks.within * SECOND
      && inARow < staleStacks.inARow && this.quirky.chance(staleStacks.chance);
    this.staleInARow.set(invocation, isStale ? inARow + 1 : 0);
    if (!isStale) {
      return stack;
    }
    this.faults.quirk('staleStacks', staleStacks.inARow > 1 ? 'for seconds' : undefined);
    const lag = this.quirky.between(now - at, staleStacks.within * SECOND);
    return this.views.findLast((view) => view.at < now - lag)?.stack ?? this.views[0].stack;
  }

  /** Records that the stack has changed. */
  private notice(): void {
    const Outputs = Object.entries(this.outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue }));
    const stack = { StackName: 'Shop', StackStatus: this.status, LastUpdatedTime: this.lastUpdated, CreationTime: this.dated(START), Outputs };
    this.views.push({ at: this.clock.now, stack });
  }

  /** The time on the clock of CloudFormation. */
  private dated(at: number): Date {
    return new Date(at + (this.quirks.clocks?.cloudFormation ?? 0) * SECOND);
  }

  /** The response URL. Only the first answer counts, and no answer that comes too late; S3 accepts all of them. */
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
      this.close(request, 'answer', this.endOf(request, put));
    }
    return 200;
  }

  private endOf(request: Request, { parsed }: Put): End {
    if (parsed?.Status !== 'SUCCESS') {
      return 'FAILED';
    }
    const lacking = attributesUsed(request).filter((name) => parsed.Data?.[name] === undefined);
    if (lacking.length === 0) {
      return 'SUCCESS';
    }
    this.history.say('cloudformation', `does not find ${lacking.join(', ')} in the answer to R${request.number}`);
    return 'no such attribute';
  }

  private async carryOut(operation: Operation): Promise<void> {
    switch (operation.kind) {
      case 'create':
      case 'update': return this.createOrUpdate(operation);
      case 'remove the resource': return this.remove();
      case 'delete the stack': return this.deleteStack();
      case 'roll back': return this.touched.size > 0 ? this.undo() : undefined;
    }
  }

  private async createOrUpdate(operation: Operation): Promise<void> {
    const { kind, properties, noRollback, disturbance, putsBack } = operation;
    const word = kind.toUpperCase();
    this.become(`${word}_IN_PROGRESS`);
    await this.sleep(kind === 'create' ? this.random.between(5, 60) : this.random.between(2, 30));
    const { end, resource } = await this.deploy(operation);
    this.isDisturbed = true; // from now on, a disturbance comes too late
    if (!end || (end === 'SUCCESS' && !await this.fails(disturbance))) {
      await this.sleep(this.quirks.othersTake ?? 0);
      if (this.quirks.othersTake && end) {
        this.faults.quirk('othersTake');
      }
      return this.complete(word, properties!);
    }
    if (end === 'cancelled' && disturbance!.what === 'the stack is deleted') {
      return this.deleteStack();
    }
    await this.pause();
    if (!noRollback) {
      return this.undo();
    }
    if (putsBack && resource?.current && end !== 'SUCCESS' && end !== 'cancelled') {
      await this.update(resource, resource.current, resource.failed!, true);
    }
    return this.become(`${word}_FAILED`);
  }

  /** Deploys the resources in order. Returns how it ended, and at which resource; nothing if no resource changed. */
  private async deploy({ properties, disturbance, oldIsWhatFailed }: Operation): Promise<{ end?: End; resource?: Resource }> {
    const templates = templatesOf(properties!);
    const asked = new Set<Resource>();
    this.isDisturbed = false;
    for (const [index, template] of templates.entries()) {
      const before = this.resources[index - 1];
      const resource = this.resources[index] ??= { number: index + 1, logicalId: logicalId(index + 1), data: {} };
      const target = withFrom(template, before);
      const { current, failed } = resource;
      const isSame = current && !failed && same(withFrom(current), template)
        && (!asked.has(before) || current.PreviousLeg?.Baton === target.PreviousLeg?.Baton);
      if (isSame) {
        continue;
      }
      if (asked.size === 0 && disturbance?.when === 'while ours runs') {
        this.disturb(disturbance);
      }
      asked.add(resource);
      this.touched.add(resource);
      const end = await (current ? this.update(resource, target, failed && oldIsWhatFailed ? failed : current) : this.createOne(resource, target));
      if (end !== 'SUCCESS') {
        return { end, resource };
      }
      this.hasRun ||= index + 1 === templates.length;
      if (index + 1 < templates.length) {
        await this.pause();
        if (this.isDisturbed) {
          return { end: 'cancelled' }; // before the next resource was requested
        }
      }
    }
    return { end: asked.size > 0 ? 'SUCCESS' : undefined };
  }

  private disturb({ what, after }: Disturbance): void {
    const { operation } = this;
    this.clock.after(after * SECOND, () => {
      if (this.operation === operation && !this.isDisturbed) {
        this.isDisturbed = true;
        this.history.say('cloudformation', what);
        this.history.requests.forEach((request) => this.close(request, 'cancelled', 'cancelled', what));
      }
    });
  }

  private async createOne(resource: Resource, properties: RunTaskProperties): Promise<End> {
    const { physicalId, failed } = resource;
    const leftover = physicalId !== undefined && failed ? { resource, properties: failed, physicalId } : undefined;
    const { deletesFailed = 'after' } = this.quirks;
    if (leftover && deletesFailed === 'before') {
      await this.ask('Delete', resource, failed!, undefined, physicalId);
    } else if (leftover && deletesFailed === 'during') {
      this.clock.after(this.quirky.between(5, 60) * SECOND, () => void this.ask('Delete', resource, failed!, undefined, physicalId));
    }
    if (leftover && deletesFailed !== 'after') {
      this.faults.quirk('deletesFailed', deletesFailed);
    }
    const { end, request } = await this.ask('Create', resource, properties);
    resource.physicalId = request.answer?.parsed?.PhysicalResourceId ?? this.inventedId(resource);
    if (request.answer?.parsed?.Status === 'SUCCESS') {
      this.idsOfSuccess.add(resource.physicalId);
    }
    if (end === 'SUCCESS' && leftover && physicalId !== resource.physicalId && deletesFailed === 'after') {
      this.replaced.push(leftover);
    }
    return this.keep(resource, properties, end, request);
  }

  private async update(resource: Resource, properties: RunTaskProperties, old: RunTaskProperties, isPutBack = false): Promise<End> {
    const { end, request } = await this.ask('Update', resource, properties, old, resource.physicalId, isPutBack);
    return this.keep(resource, properties, end, request);
  }

  private keep(resource: Resource, properties: RunTaskProperties, end: End, { answer }: Request): End {
    if (end === 'SUCCESS') {
      Object.assign(resource, { current: properties, failed: undefined, data: answer!.parsed!.Data ?? {} });
    } else {
      resource.failed = properties;
    }
    return end;
  }

  /** Everything succeeded: the outputs get their new values, and resources that the template no longer has are deleted. */
  private async complete(word: string, properties: RunTaskProperties): Promise<void> {
    const gone = this.resources.splice(templatesOf(properties).length);
    const { data } = this.resources[this.resources.length - 1];
    const before = this.outputs;
    this.outputs = Object.fromEntries(Object.entries(properties.UsedAttributes ?? {}).map(([attribute, output]) => [output, data[attribute]]));
    const stable = new Map(this.resources.map((resource) => [resource, resource.stable]));
    this.resources.forEach((resource) => { resource.stable = resource.current; });
    this.touched.clear();
    if (gone.length > 0 || this.replaced.length > 0) {
      this.become('UPDATE_COMPLETE_CLEANUP_IN_PROGRESS');
      await this.deleteReplaced();
      await this.cleanUp(gone);
    }
    if (this.quirks.parentFails && word === 'UPDATE') {
      return this.undoWithParent(stable, before);
    }
    this.become(`${word}_COMPLETE`);
  }

  /** A nested stack that has finished waits for its siblings, with its new outputs. If a sibling fails, the parent rolls it back. */
  private async undoWithParent(stable: ReadonlyMap<Resource, RunTaskProperties | undefined>, outputs: CloudFormation['outputs']): Promise<void> {
    this.faults.quirk('parentFails');
    this.become('UPDATE_COMPLETE_CLEANUP_IN_PROGRESS');
    await this.sleep(this.quirky.between(5, 120));
    this.resources.forEach((resource) => {
      resource.stable = stable.get(resource);
      this.touched.add(resource);
    });
    this.kept = outputs;
    await this.undo();
    this.outputs = outputs;
    this.kept = undefined;
    this.notice();
  }

  private async deleteReplaced(): Promise<void> {
    for (const { resource, properties, physicalId } of this.replaced.splice(0)) {
      await this.ask('Delete', resource, properties, undefined, physicalId);
    }
  }

  /** "CloudFormation attempts to delete three times" in a cleanup, and the stack continues without the resource. */
  private async cleanUp(resources: readonly Resource[]): Promise<void> {
    for (const resource of [...resources].reverse()) {
      for (let tries = this.quirks.asksThrice ? 3 : 1; tries > 0 && !await this.deleteEach([resource]); tries--) {
        if (this.quirks.asksThrice) {
          this.faults.quirk('asksThrice');
        }
        await this.pause();
      }
    }
  }

  /** Returns to the state when the stack was last complete, or to nothing. */
  private async undo(): Promise<void> {
    const isCreate = /^CREATE/.test(this.status) || !this.resources.some(({ stable }) => stable);
    this.become(isCreate ? 'ROLLBACK_IN_PROGRESS' : 'UPDATE_ROLLBACK_IN_PROGRESS');
    await this.pause();
    if (isCreate) {
      return this.become(await this.deleteEach(this.resources) ? 'ROLLBACK_COMPLETE' : 'ROLLBACK_FAILED');
    }
    const touched = this.resources.filter((resource) => this.touched.has(resource));
    for (const resource of touched.filter(({ stable }) => stable)) {
      const target = withFrom(resource.stable!, this.resources[resource.number - 2]);
      if (await this.update(resource, target, resource.failed ?? resource.current!) !== 'SUCCESS') {
        return this.become('UPDATE_ROLLBACK_FAILED');
      }
    }
    this.become('UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS');
    const created = touched.filter(({ stable }) => !stable);
    this.resources = this.resources.filter((resource) => resource.stable);
    this.touched.clear();
    await this.cleanUp(created);
    await this.pause();
    return this.become('UPDATE_ROLLBACK_COMPLETE');
  }

  private async remove(): Promise<void> {
    this.become('UPDATE_IN_PROGRESS');
    await this.sleep(this.random.between(2, 30));
    this.become('UPDATE_COMPLETE_CLEANUP_IN_PROGRESS');
    await this.cleanUp(this.resources);
    this.become('UPDATE_COMPLETE');
  }

  private async deleteStack(): Promise<void> {
    this.become('DELETE_IN_PROGRESS');
    await this.pause();
    this.become(await this.deleteEach(this.resources) ? 'DELETE_COMPLETE' : 'DELETE_FAILED');
  }

  /** Deletes in the reverse order, until one deletion fails. Returns whether all are deleted. */
  private async deleteEach(resources: readonly Resource[]): Promise<boolean> {
    for (const resource of [...resources].reverse().filter(({ physicalId }) => physicalId)) {
      const { end } = await this.ask('Delete', resource, resource.failed ?? resource.current!);
      if (end !== 'SUCCESS') {
        return false;
      }
    }
    return true;
  }

  /** Sends a request, and waits until it ends in any way. */
  private async ask(
    type: Request['type'], resource: Resource, properties: RunTaskProperties, old?: RunTaskProperties, physicalId = resource.physicalId, isPutBack = false,
  ): Promise<{ end: End; request: Request }> {
    const { clock, history, operation } = this;
    const number = history.requests.length + 1;
    const id = `${this.hex(8)}-${this.hex(4)}-4${this.hex(3)}-8${this.hex(3)}-${this.hex(12)}`;
    const isRollback = type === 'Update' && /ROLLBACK/.test(this.status);
    const ofSuccessfulCreate = type !== 'Create' && this.idsOfSuccess.has(physicalId!);
    const { continues, isSkipped } = whatItContinues(type, properties, history.requests, { operation, isRollback });
    const needsNone = () => properties.RunOn === 'CREATE' && (this.hasRun || pastIsKnownToBeUnknown(history));
    const run = isSkipped && (type === 'Update' || needsNone()) ? undefined : whatToRun(type, properties, isRollback, ofSuccessfulCreate);
    if ((run?.Request.count ?? 1) > 4) {
      this.faults.note('up to ten tasks in one request');
    }
    const isMalformed = this.quirks.delivers !== undefined;
    if (isMalformed) {
      this.faults.quirk('delivers');
    }
    const request: Request = {
      number,
      id,
      type,
      operation,
      first: run && continues?.first,
      sentAt: clock.now,
      deadline: clock.now + serviceTimeout(properties) * SECOND,
      stackStatus: this.status,
      isRollback,
      ofSuccessfulCreate,
      properties,
      isPutBack,
      leftAt: type === 'Delete' && !ofSuccessfulCreate
        ? history.requests.find(({ answer }) => answer?.parsed?.PhysicalResourceId === physicalId)?.sentAt
        : undefined,
      isMalformed,
      isOfAnotherVersion: this.quirks.anotherVersion !== undefined,
      run,
      kept: this.kept ?? this.outputs,
      puts: [],
      event: {
        RequestType: type,
        RequestId: id,
        ServiceToken: SERVICE_TOKEN,
        ResponseURL: this.quirks.signsWithoutDate ? urlWithoutDate(number, clock.now) : responseUrl(number, this.dated(clock.now).getTime()),
        StackId: STACK_ID,
        ResourceType: RESOURCE_TYPE,
        LogicalResourceId: resource.logicalId,
        ...(type === 'Create' ? {} : { PhysicalResourceId: physicalId }),
        ResourceProperties: isMalformed ? this.quirks.delivers!(delivered(properties)) : delivered(this.asAnotherVersion(properties)),
        ...(old ? { OldResourceProperties: delivered(old) } : {}),
      },
    };
    request.first ??= request;
    history.requests.push(request);
    this.moveLastUpdated(request);
    history.say('cloudformation', `sends R${number}: ${isRollback ? 'rollback ' : ''}${type} of ${resource.logicalId}${type === 'Delete' ? `, ${physicalId}` : ''}${request.first === request ? '' : `, which continues R${request.first.number}`}`);
    this.lambda.take(request.event, request);
    const end = await new Promise<End>((resolve) => {
      this.waiting.set(request, resolve);
      clock.after(request.deadline - clock.now, () => this.close(request, 'time-out', 'time-out'));
    });
    return { end, request };
  }

  /** An update of the stack may have replaced the function after the previous resource passed on its task. */
  private asAnotherVersion(properties: RunTaskProperties): RunTaskProperties {
    const { anotherVersion } = this.quirks;
    const { PreviousLeg } = properties;
    if (!anotherVersion || passedOn(PreviousLeg?.Baton).state !== 'RUNNING') {
      return properties;
    }
    this.faults.quirk('anotherVersion');
    return { ...properties, PreviousLeg: { ...PreviousLeg!, Baton: JSON.stringify(anotherVersion) } };
  }

  /** AWS does not document that LastUpdatedTime changes only at the start of an operation: it also changes once within. */
  private moveLastUpdated(request: Request): void {
    const { lastUpdatedMoves } = this.quirks;
    if (lastUpdatedMoves !== undefined) {
      this.clock.after(lastUpdatedMoves * SECOND, () => {
        const hasMoved = this.history.moved.some((one) => one.request.operation === request.operation);
        if (request.closedAt === undefined && this.lastUpdated && !hasMoved) {
          this.faults.quirk('lastUpdatedMoves');
          this.history.moved.push({ at: this.clock.now, request });
          this.history.say('stack', 'LastUpdatedTime moves');
          this.lastUpdated = this.dated(this.clock.now);
          this.notice();
        }
      });
    }
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
    this.notice();
    this.history.statuses.push({ at: this.clock.now, status });
    this.history.say('stack', status);
  }

  private inventedId(resource: Resource): string {
    return `Shop-${resource.logicalId}-${this.hex(12).toUpperCase()}`;
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

function same(one: RunTaskProperties, other: RunTaskProperties): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
