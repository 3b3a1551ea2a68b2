import { ConflictException, Task } from '@aws-sdk/client-ecs';
import { Clock, HOUR, Random, SECOND, START } from './clock';
import type { Faults } from './faults';
import { awsError } from './faults';
import type { History, InvocationFacts, Request } from './history';
import type { ContainerOfTask, Life } from './lives';
import { SimulatedTask, stateAt, unfold } from './task';

/** The prefix of the ARNs of tasks that a service in the same family had. */
const OTHERS = 'arn:aws:ecs:eu-west-1:111122223333:task/shop/other/';

const ACCOUNT = 'arn:aws:ecs:eu-west-1:111122223333';

export interface Consistency {
  /** The longest time in seconds until DescribeTasks knows a new task, and ListTasks lists it. */
  readonly unknown: number;
  readonly unlisted: number;
  /** The longest delay of DescribeTasks in seconds. */
  readonly stale: number;
  readonly pageSize: number;
}

/** The content of a task definition, by its family. */
export interface Families {
  readonly [family: string]: readonly ContainerOfTask[];
}

interface Started {
  readonly input: string;
  readonly result: { tasks: Task[]; failures: Array<{ arn: string; reason: string }> };
  readonly tasks: SimulatedTask[];
  readonly at: number;
}

/** Amazon ECS with one cluster. */
export class Ecs {
  private readonly byArn = new Map<string, SimulatedTask>();
  private readonly byToken = new Map<string, Started>();
  private readonly quirky: Random;

  constructor(
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly faults: Faults,
    private readonly history: History,
    private readonly families: Families,
    private readonly consistency: Consistency,
    /** Returns the life of the next task. */
    private readonly nextLife: (request: Request, containers: readonly ContainerOfTask[]) => Life,
  ) {
    this.quirky = random.fork('quirks');
  }

  answer(api: string, input: any, invocation: InvocationFacts): any {
    switch (api) {
      case 'RunTask': return this.runTask(input, invocation);
      case 'DescribeTasks': return this.describeTasks(input);
      case 'ListTasks': return this.listTasks(input);
      case 'StopTask': return this.stopTask(input);
      case 'DescribeTaskDefinition': return this.describeTaskDefinition(input);
      default: throw awsError('UnknownOperationException', `${api} is not simulated`);
    }
  }

  /** Ends a task like StopTask. */
  stop(task: SimulatedTask, reason: string): void {
    if (this.clock.now < task.moments[task.moments.length - 1].at && !this.now(task).stopCode) {
      const { stopDeletesTags, stopTakes } = this.faults.plan.quirks;
      task.toldToStopAt = this.clock.now;
      if (stopDeletesTags && task.tags.length > 0) {
        this.faults.quirk('stopDeletesTags');
        task.tags = [];
      }
      if (stopTakes !== undefined) {
        this.faults.quirk('stopTakes', stopTakes === Infinity ? 'Infinity' : undefined);
        const { after, exitCode } = task.life.whenToldToStop;
        task.life = { ...task.life, whenToldToStop: { after: Math.max(after, stopTakes), exitCode } };
      }
      unfold(task, { at: this.clock.now, reason });
    }
  }

  private runTask(input: any, invocation: InvocationFacts): Started['result'] {
    const { clientToken, count = 1, startedBy, tags = [], taskDefinition } = input;
    if (typeof count !== 'number' || count < 1 || count > 10 || !/^[\x21-\x7e]{1,64}$/.test(clientToken) || !/^[\w/-]{1,128}$/.test(startedBy)) {
      throw awsError('InvalidParameterException', 'Invalid request'); // also if the SDK would send a wrong type without an error
    }
    const params = JSON.stringify(input);
    const before = this.byToken.get(clientToken);
    if (before && !this.isForgotten(before)) {
      if (before.input !== params) {
        throw new ConflictException({ message: 'The token was used for another request.', $metadata: { httpStatusCode: 400 }, resourceIds: before.tasks.map(({ arn }) => arn) });
      }
      return { ...before.result, tasks: before.result.tasks.map(({ taskArn }) => this.briefly(this.byArn.get(taskArn!)!)) };
    }
    const tasks: SimulatedTask[] = [];
    const result: Started['result'] = { tasks: [], failures: [] };
    for (let number = 0; number < count; number++) {
      const misplaced = this.faults.placement();
      if (misplaced) {
        result.failures.push({ arn: `${ACCOUNT}:container-instance/shop/1`, reason: misplaced.reason });
      }
      if (!misplaced || misplaced.ghost) {
        const task = this.create(invocation, startedBy, tags, taskDefinition, Boolean(misplaced));
        tasks.push(task);
        if (!misplaced) {
          result.tasks.push(task.moments[0].task);
        }
      }
    }
    this.byToken.set(clientToken, { input: params, result, tasks, at: this.clock.now });
    return result;
  }

  private create(
    invocation: InvocationFacts, startedBy: string, tags: SimulatedTask['tags'], taskDefinition: string, ghost: boolean,
  ): SimulatedTask {
    const { now } = this.clock;
    const number = this.history.tasks.length + 1;
    const family = familyOf(taskDefinition);
    const { taskDefinitionArn, containers } = this.revisionOf(taskDefinition);
    const life = this.nextLife(invocation.request, containers);
    const task: SimulatedTask = {
      name: `task ${number}`,
      arn: `${ACCOUNT}:task/shop/${number}`,
      request: invocation.request,
      invocation,
      createdAt: now,
      life,
      dated: (at) => this.date(at),
      family,
      essential: containers.filter(({ essential }) => essential).map(({ name }) => name),
      startedBy,
      tags,
      ghost,
      knownFrom: now + this.random.between(0, this.consistency.unknown) * SECOND,
      listedFrom: now + this.random.between(0, this.consistency.unlisted) * SECOND,
      leftOut: 0,
      moments: [{
        at: now,
        task: {
          taskArn: `${ACCOUNT}:task/shop/${number}`,
          clusterArn: `${ACCOUNT}:cluster/shop`,
          taskDefinitionArn,
          group: `family:${family}`,
          startedBy,
          createdAt: this.date(now),
          lastStatus: life.provisioning > 0 ? 'PROVISIONING' : 'PENDING',
          desiredStatus: 'RUNNING',
          containers: this.random.chance(0.3) ? [] : containers.map(({ name }) => ({ name, lastStatus: 'PENDING' })),
        },
      }],
      endedAt: 0,
      codesAt: 0,
      stoppedAt: 0,
      exitCodes: { ...life.exitCodes },
      stopCode: life.stopCode,
    };
    unfold(task, undefined, containers);
    this.byArn.set(task.arn, task);
    this.history.tasks.push(task);
    return task;
  }

  private describeTasks({ tasks = [], include = [] }: any) {
    if (tasks.length > 100) {
      throw awsError('InvalidParameterException', 'Tasks can have at most 100 items.');
    }
    const result: { tasks: Task[]; failures: Array<{ arn: string; reason: string }> } = { tasks: [], failures: [] };
    for (const arn of tasks as string[]) {
      if (arn.startsWith(OTHERS)) {
        if (numberOf(arn) % 100 === 7) {
          result.failures.push({ arn, reason: 'MISSING' });
        } else {
          result.tasks.push({ taskArn: arn, lastStatus: 'STOPPED', desiredStatus: 'STOPPED', startedBy: 'ecs-svc/1234567890123456789', createdAt: new Date(START), containers: [] });
        }
        continue;
      }
      const task = this.byArn.get(arn);
      if (!task || this.clock.now < task.knownFrom || this.clock.now > task.stoppedAt + HOUR) {
        result.failures.push({ arn, reason: 'MISSING' });
        continue;
      }
      const lag = this.consistency.stale > 0 && this.random.chance(0.3) ? this.random.between(0, this.consistency.stale) * SECOND : 0;
      const state = stateAt(task, this.clock.now - lag);
      result.tasks.push(include.includes('TAGS') ? { ...state, tags: [...task.tags] as Task['tags'] } : state);
    }
    return result;
  }

  private listTasks({ startedBy, family, desiredStatus = 'RUNNING', nextToken, maxResults }: any) {
    if (startedBy !== undefined && family !== undefined) {
      throw awsError('InvalidParameterException', 'startedBy must be the only filter.');
    }
    const arns = this.history.tasks
      .filter((task) => this.clock.now >= task.listedFrom && this.clock.now <= task.stoppedAt + HOUR)
      .filter((task) => startedBy === undefined || task.startedBy === startedBy)
      .filter((task) => family === undefined || task.family === family)
      .filter((task) => this.now(task).desiredStatus === desiredStatus)
      .filter((task) => !this.isLeftOut(task))
      .map(({ arn }) => arn);
    const { othersInFamily = 0 } = this.faults.plan.quirks;
    if (family !== undefined && desiredStatus === 'STOPPED' && othersInFamily > 0) {
      this.faults.quirk('othersInFamily');
      arns.unshift(...Array.from({ length: othersInFamily }, (_, number) => `${OTHERS}${number + 1}`));
    }
    const rest = arns.filter((arn) => nextToken === undefined || orderOf(arn) > orderOf(nextToken)); // a task can leave the list between two pages
    const page = rest.slice(0, Math.min(maxResults ?? 100, this.consistency.pageSize));
    return { taskArns: page, nextToken: page.length < rest.length ? page.at(-1) : undefined };
  }

  private isLeftOut(task: SimulatedTask): boolean {
    const { listsWithout } = this.faults.plan.quirks;
    if (!listsWithout || this.clock.now > task.createdAt + listsWithout.youngerThan * SECOND || !this.quirky.chance(listsWithout.chance)) {
      return false;
    }
    this.faults.quirk('listsWithout');
    task.leftOut++;
    return true;
  }

  /** The time on the clock of ECS. */
  private date(at: number): Date {
    return new Date(at + (this.faults.plan.quirks.clocks?.ecs ?? 0) * SECOND);
  }

  private stopTask({ task: arn, reason = '' }: any) {
    const task = this.byArn.get(arn);
    if (!task || this.clock.now < task.knownFrom || this.clock.now > task.stoppedAt + HOUR) {
      throw awsError('InvalidParameterException', 'The referenced task was not found.');
    }
    if (this.clock.now >= task.stoppedAt) {
      throw awsError('InvalidParameterException', 'The referenced task was already stopped.');
    }
    if (reason.length > 255) {
      throw awsError('InvalidParameterException', 'The reason is too long.');
    }
    this.stop(task, reason);
    return { task: this.now(task) };
  }

  private describeTaskDefinition({ taskDefinition }: any) {
    const { taskDefinitionArn, containers } = this.revisionOf(taskDefinition);
    return {
      taskDefinition: {
        taskDefinitionArn,
        containerDefinitions: containers.map(({ name, essential }) => ({
          name,
          ...(essential ? {} : { essential }),
          logConfiguration: { options: { 'awslogs-group': '/shop', 'awslogs-stream-prefix': name } },
        })),
      },
    };
  }

  /** Without a revision, the latest one. Each makes other containers essential, but always the first one. */
  private revisionOf(taskDefinition: string): { readonly taskDefinitionArn: string; readonly containers: readonly ContainerOfTask[] } {
    const containers = this.families[familyOf(taskDefinition)];
    const { registers } = this.faults.plan.quirks;
    if (!registers) {
      return { taskDefinitionArn: taskDefinition, containers };
    }
    const latest = 1 + registers.filter((after) => this.clock.now >= START + after * SECOND).length;
    if (latest > 1) {
      this.faults.quirk('registers');
    }
    const [name, revision = String(latest)] = splitRevision(taskDefinition);
    const isOdd = Number(revision) % 2 === 1;
    return {
      taskDefinitionArn: `${name}:${revision}`,
      containers: containers.map((container, index) => isOdd || index === 0 ? container : { ...container, essential: !container.essential }),
    };
  }

  private isForgotten({ tasks, at }: Started): boolean {
    return this.clock.now > Math.max(at, ...tasks.map(({ stoppedAt }) => stoppedAt)) + HOUR;
  }

  private briefly(task: SimulatedTask): Task {
    const { taskArn, lastStatus, desiredStatus, ...more } = this.now(task);
    return lastStatus === 'STOPPED' ? { taskArn, lastStatus, desiredStatus } : { taskArn, lastStatus, desiredStatus, ...more };
  }

  private now(task: SimulatedTask): Task {
    return stateAt(task, this.clock.now);
  }
}

/** Where ListTasks has a task: those of others first. */
function orderOf(arn: string): number {
  return numberOf(arn) - (arn.startsWith(OTHERS) ? 1_000_000 : 0);
}

function numberOf(arn: string): number {
  return Number(arn.slice(arn.lastIndexOf('/') + 1));
}

function familyOf(taskDefinition: string): string {
  return splitRevision(taskDefinition)[0].split('/').pop()!;
}

/** The name of a task definition, and the revision if it has one. */
function splitRevision(taskDefinition: string): [name: string, revision?: string] {
  const [, name, revision] = /^(.*?)(?::(\d+))?$/.exec(taskDefinition)!;
  return [name, revision];
}
