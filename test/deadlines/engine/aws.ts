import { createServer, IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Call, readCall } from '../../e2e/proxy/calls';

/** How the next task will live. */
export interface Life {
  /** Runs until it is stopped where absent. */
  readonly seconds?: number;
  readonly exitCode: number;
  readonly prints?: readonly string[];
}

/** What CloudFormation gets as the answer to a request. */
export interface Answer {
  readonly body: Record<string, string>;
  readonly bytes: number;
  readonly contentType?: string;
}

interface Task extends Life {
  readonly arn: string;
  readonly request: Record<string, any>;
  readonly born: number;
  stopped?: { readonly at: number; readonly reason: string };
}

/** AWS as this function needs it, in real seconds: what ECS promises about `clientToken`, and tasks that end by themselves. */
export class Aws {
  readonly tasks: Task[] = [];
  readonly answers: Answer[] = [];
  readonly calls: Call[] = [];
  life: Life = { seconds: 1, exitCode: 0 };
  /** The calls that ECS carries out without ever answering, once each. */
  unanswered: string[] = [];
  private readonly server: Server;
  private readonly tokens = new Map<string, { parameters: string; tasks: Task[] }>();

  /** @param invoke what Lambda does with the event of an asynchronous invocation */
  constructor(private readonly invoke: (event: object) => void) {
    this.server = createServer((message, response) => void this.serve(message, response).catch((error) => {
      response.writeHead(500).end(String(error));
    }));
  }

  listen(): Promise<void> {
    return new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  /** A new deployment: forgets what was before. */
  begin(life: Life): void {
    this.life = life;
    this.unanswered = [];
    [this.tasks, this.answers, this.calls].forEach((list) => { list.length = 0; });
  }

  private async serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of message) {
      chunks.push(chunk);
    }
    const body = Buffer.concat(chunks);
    if (message.method === 'PUT') {
      this.answers.push({ body: JSON.parse(body.toString()), bytes: body.length, contentType: message.headers['content-type'] });
      response.end();
      return;
    }
    const call = readCall(message, body.toString());
    this.calls.push(call);
    if (call.operation === 'InvokeFunction') {
      this.invoke(JSON.parse(body.toString()));
      response.writeHead(202).end();
      return;
    }
    const [status, answer] = this.answer(call);
    const unanswered = this.unanswered.indexOf(call.operation);
    if (unanswered >= 0) {
      this.unanswered.splice(unanswered, 1);
      return;
    }
    response.writeHead(status).end(answer);
  }

  private answer({ operation, input }: Call): [status: number, body: string] {
    switch (operation) {
      case 'DescribeStacks':
        return [200, `<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackId>${input.StackName}</StackId>`
          + '<StackStatus>CREATE_IN_PROGRESS</StackStatus></member></Stacks></DescribeStacksResult></DescribeStacksResponse>'];
      case 'RunTask':
        return this.runTask(input);
      case 'DescribeTasks':
        return ok({ tasks: this.tasks.filter(({ arn }) => input.tasks.includes(arn)).map(describe), failures: [] });
      case 'ListTasks':
        return ok({ taskArns: this.tasks.filter((task) => isListed(task, input)).map(({ arn }) => arn) });
      case 'StopTask': {
        const task = this.tasks.find(({ arn }) => arn === input.task)!;
        task.stopped ??= { at: Date.now(), reason: input.reason };
        return ok({ task: describe(task) });
      }
      case 'GetLogEvents': {
        const task = this.tasks.find(({ arn }) => arn.endsWith(input.logStreamName.split('/').at(-1)));
        return ok({ events: (task?.prints ?? []).slice(-input.limit).map((line) => ({ timestamp: task!.born, message: line })) });
      }
      default:
        return [400, JSON.stringify({ __type: 'UnknownOperationException', message: operation })];
    }
  }

  /** As https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html has it. */
  private runTask({ clientToken, ...request }: Record<string, any>): [status: number, body: string] {
    const parameters = JSON.stringify(request);
    const known = clientToken && this.tokens.get(clientToken);
    if (known && known.parameters !== parameters) {
      return [400, JSON.stringify({ __type: 'ConflictException', message: 'Other parameters.', resourceIds: known.tasks.map(({ arn }: Task) => arn) })];
    }
    const tasks: Task[] = known?.tasks ?? Array.from({ length: request.count ?? 1 }, () => this.start(request));
    this.tokens.set(clientToken, { parameters, tasks });
    return ok({ tasks: tasks.map(describe), failures: [] });
  }

  private start(request: Record<string, any>): Task {
    const id = String(this.tasks.length + 1).padStart(32, '0');
    const task = { ...this.life, arn: `arn:aws:ecs:us-east-1:123456789012:task/deadlines/${id}`, request, born: Date.now() };
    this.tasks.push(task);
    return task;
  }
}

const ok = (body: object): [number, string] => [200, JSON.stringify(body)];

/** When its containers end, in milliseconds since 1970. */
const endOf = ({ born, seconds, stopped }: Task): number => Math.min(born + (seconds ?? Infinity) * 1000, stopped?.at ?? Infinity);

function describe(task: Task): object {
  const { arn, request, born, exitCode, stopped } = task;
  const common = {
    taskArn: arn,
    taskDefinitionArn: `arn:aws:ecs:us-east-1:123456789012:task-definition/${request.taskDefinition}`,
    startedBy: request.startedBy,
    group: request.group,
    tags: request.tags ?? [],
    createdAt: born / 1000,
  };
  if (Date.now() < endOf(task)) {
    return { ...common, lastStatus: 'RUNNING', desiredStatus: 'RUNNING', containers: [{ name: 'app', lastStatus: 'RUNNING', runtimeId: '1' }] };
  }
  const toldToStop = stopped !== undefined && stopped.at === endOf(task);
  return {
    ...common,
    lastStatus: Date.now() < endOf(task) + 1000 ? 'DEPROVISIONING' : 'STOPPED',
    desiredStatus: 'STOPPED',
    stopCode: toldToStop ? 'UserInitiated' : 'EssentialContainerExited',
    stoppedReason: toldToStop ? stopped.reason : 'Essential container in task exited',
    containers: [{ name: 'app', lastStatus: 'STOPPED', exitCode: toldToStop ? 143 : exitCode, runtimeId: '1' }],
  };
}

function isListed(task: Task, { startedBy, family, desiredStatus = 'RUNNING' }: Record<string, any>): boolean {
  const status = Date.now() < endOf(task) ? 'RUNNING' : 'STOPPED';
  return status === desiredStatus
    && [undefined, task.request.startedBy].includes(startedBy)
    && [undefined, task.request.taskDefinition.split('/').at(-1).split(':')[0]].includes(family);
}
