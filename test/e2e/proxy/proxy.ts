import { createServer, IncomingMessage, request, Server, ServerResponse } from 'node:http';
import { Call, Fault, readCall, Recording } from './calls';
import { EcsModel } from './ecs-model';

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

interface Idempotent {
  readonly parameters: string;
  readonly answer: Promise<Answer>;
}

/** Where a test reads the recording and injects faults. No AWS service has such a path. */
export const CONTROL_PATH = '/_proxy';

/** Where a test waits for the answer of the function: PUT as to S3, GET gives 404 until then. */
export const ANSWERS_PATH = '/_answers/';

/**
 * Stands between the function and AWS. It makes up for what the emulator does not do: it honours `clientToken` as ECS
 * documents it, and judges each request by AWS's own model. And it does what ECS does rarely: faults, on demand.
 */
export class AwsProxy {
  private readonly model = new EcsModel();
  private readonly server: Server;
  private calls: Call[] = [];
  private problems: string[] = [];
  private faults: { -readonly [key in keyof Fault]: Fault[key] }[] = [];
  private readonly answers = new Map<string, string>();
  private readonly tokens = new Map<string, Idempotent>();

  constructor(private readonly upstream: string) {
    this.server = createServer((message, response) => void this.serve(message, response).catch((error) => {
      send(response, { status: 500, contentType: 'text/plain', body: String(error) });
    }));
    this.server.keepAliveTimeout = 0; // the client closes idle connections: on a busy machine both at once is a reset
  }

  listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private async serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await read(message);
    if (message.url === CONTROL_PATH) {
      return send(response, this.control(message.method!, body));
    }
    if (message.url!.startsWith(ANSWERS_PATH)) {
      return send(response, this.keepAnswer(message.method!, message.url!, body));
    }
    const call = readCall(message, body);
    this.calls.push(call);
    if (call.service === 'ecs') {
      this.problems.push(...this.model.problemsWith(call.operation, call.input));
    }

    const fault = this.faults.find(({ operation, times }) => operation === call.operation && times > 0);
    if (fault) {
      fault.times -= 1;
    }
    if (fault?.answer) {
      return send(response, { status: fault.status ?? 200, contentType: 'application/x-amz-json-1.1', body: JSON.stringify(fault.answer) });
    }
    const answer = await this.answer(call, () => this.forward(message, body));
    if (fault?.loseAnswer) {
      response.destroy();
      return;
    }
    send(response, answer);
  }

  /** As https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html has it. */
  private answer(call: Call, forward: () => Promise<Answer>): Promise<Answer> {
    const { clientToken, ...parameters } = call.input;
    if (call.operation !== 'RunTask' || !clientToken) {
      return forward();
    }
    const key = `${parameters.cluster} ${clientToken}`;
    const known = this.tokens.get(key);
    if (!known) {
      const first = { parameters: JSON.stringify(parameters), answer: forward() };
      this.tokens.set(key, first);
      return first.answer;
    }
    return known.parameters === JSON.stringify(parameters) ? known.answer : conflict(known);
  }

  private forward(message: IncomingMessage, body: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { host, ...headers } = message.headers;
      const onward = request(this.upstream + message.url, { method: message.method, headers }, (answer) => {
        read(answer).then((text) => resolve({
          status: answer.statusCode!, contentType: String(answer.headers['content-type'] ?? ''), body: text,
        }), reject);
      });
      onward.on('error', reject).end(body);
    });
  }

  private keepAnswer(method: string, url: string, body: string): Answer {
    if (method === 'PUT') {
      this.answers.set(url, body);
    }
    const kept = this.answers.get(url);
    return { status: kept === undefined ? 404 : 200, contentType: 'application/json', body: kept ?? '' };
  }

  private control(method: string, body: string): Answer {
    const recording: Recording = { calls: this.calls, problems: this.problems };
    if (method === 'PUT') {
      this.faults = JSON.parse(body);
      this.calls = [];
      this.problems = [];
    }
    return { status: 200, contentType: 'application/json', body: JSON.stringify(recording) };
  }
}

async function conflict({ answer }: Idempotent): Promise<Answer> {
  const { tasks } = JSON.parse((await answer).body) as { tasks: { taskArn: string }[] };
  return {
    status: 400,
    contentType: 'application/x-amz-json-1.1',
    body: JSON.stringify({
      __type: 'ConflictException',
      message: 'The request with the same client token has other parameters.',
      resourceIds: tasks.map(({ taskArn }) => taskArn),
    }),
  };
}

async function read(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function send(response: ServerResponse, { status, contentType, body }: Answer): void {
  response.writeHead(status, { 'content-type': contentType }).end(body);
}
