import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { createServer, IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { ECSClient, ListClustersCommand } from '@aws-sdk/client-ecs';
import { configuration } from '../../lambda/handler';
import { create } from '../support/fake-aws';

const BUNDLE = path.join(__dirname, '..', '..', 'assets', 'lambda', 'handler', 'index.js');

const FUNCTION = 'arn:aws:lambda:eu-west-1:111122223333:function:shop';

/** Far from the checkout, where no package is within reach: the bundle has to carry its SDK. */
const ALONE = fs.mkdtempSync(path.join(os.tmpdir(), 'cdk-ecs-run-task-'));
beforeAll(() => { fs.copyFileSync(BUNDLE, path.join(ALONE, 'index.js')); });
afterAll(() => { fs.rmSync(ALONE, { recursive: true }); });

let server: Server;
let url: string;
let seen: Array<{ method: string; target: string; headers: IncomingMessage['headers']; body: string }>;
/** What ECS answers, other than a task that has ended well. */
let answers: { [call: string]: { status?: number; body: object } };

/** Stands for AWS and for the place of the answer. */
beforeEach(async () => {
  seen = [];
  answers = {};
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) {
      body += chunk;
    }
    const target = String(request.headers['x-amz-target'] ?? new URLSearchParams(body).get('Action') ?? request.url);
    seen.push({ method: request.method!, target, headers: request.headers, body });
    const given = answers[target.split('.').pop()!];
    if (given) {
      response.writeHead(given.status ?? 200).end(JSON.stringify(given.body));
    } else if (target === 'DescribeStacks') {
      response.end('<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackStatus>CREATE_IN_PROGRESS</StackStatus></member></Stacks></DescribeStacksResult></DescribeStacksResponse>');
    } else if (target.endsWith('RunTask')) {
      response.end(JSON.stringify({ tasks: [{ taskArn: 'arn:aws:ecs:eu-west-1:111122223333:task/shop/1' }], failures: [] }));
    } else if (target.endsWith('DescribeTasks')) {
      response.end(JSON.stringify({ tasks: [{ taskArn: 'arn:aws:ecs:eu-west-1:111122223333:task/shop/1', lastStatus: 'STOPPED', stopCode: 'EssentialContainerExited', containers: [{ name: 'app', exitCode: 0 }] }] }));
    } else {
      response.end();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => { server.close(); });

/** Runs the bundle as Lambda does: a fresh process, and nothing but the bundle. */
async function invoke(event: object, { remaining = 900_000, environment = { AWS_ENDPOINT_URL: url } as NodeJS.ProcessEnv } = {}): Promise<string> {
  const context = `{ invokedFunctionArn: "${FUNCTION}", logStreamName: "stream", getRemainingTimeInMillis: () => ${remaining} }`;
  const script = `require('./index.js').handler(${JSON.stringify(event)}, ${context})`;
  const child = spawn(process.execPath, ['-e', script], {
    cwd: ALONE,
    env: {
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_SESSION_TOKEN: 'token',
      NODE_NO_WARNINGS: '1',
      ...environment,
    },
  });
  let output = '';
  child.stdout.on('data', (chunk) => { output += chunk; });
  child.stderr.on('data', (chunk) => { output += chunk; });
  await once(child, 'close');
  return output;
}

test('the bundle starts by itself, signs its calls, runs the task, and answers', async () => {
  const output = await invoke({ ...create(), ResponseURL: `${url}/answer?signature=secret` });
  const runTask = seen.find(({ target }) => target.endsWith('.RunTask'));
  expect(runTask?.headers.authorization).toContain('Credential=AKIDEXAMPLE/');
  expect(runTask?.headers['x-amz-security-token']).toBe('token');
  expect(runTask?.headers['user-agent']).toMatch(/^aws-sdk-js\/3\.\d+\.\d+ /);
  expect(JSON.parse(runTask!.body)).toMatchObject({ taskDefinition: 'migrate:7', clientToken: 'c0ffee00-create-1-1', count: 1 });

  const answer = seen.find(({ method }) => method === 'PUT');
  expect(answer?.target).toBe('/answer?signature=secret');
  expect(answer?.headers['content-type']).toBe(''); // the signature of the URL covers it
  expect(JSON.parse(answer!.body)).toMatchObject({ Status: 'SUCCESS' });
  expect(output).not.toContain('signature=secret');
});

test('the bundle continues in the next invocation, with each client at its own endpoint', async () => {
  answers.DescribeTasks = { body: { tasks: [{ taskArn: 'arn:aws:ecs:eu-west-1:111122223333:task/shop/1', lastStatus: 'RUNNING' }] } };
  await invoke({ ...create(), ResponseURL: `${url}/answer` }, {
    remaining: 4_000,
    environment: { AWS_ENDPOINT_URL: 'http://127.0.0.1:1', AWS_ENDPOINT_URL_ECS: url, AWS_ENDPOINT_URL_CLOUDFORMATION: url, AWS_ENDPOINT_URL_LAMBDA: url, AWS_ENDPOINT_URL_S3: url },
  });
  const next = seen.find(({ target }) => target.endsWith('/invocations'));
  expect(next?.target).toBe(`/2015-03-31/functions/${encodeURIComponent(FUNCTION)}/invocations`);
  expect(next?.headers['x-amz-invocation-type']).toBe('Event');
  expect(JSON.parse(next!.body).HandedOver.progress.tasks).toMatchObject([{ taskArn: 'arn:aws:ecs:eu-west-1:111122223333:task/shop/1' }]);
});

test.each([
  ['an error that the SDK has a class for', 'ClientException', 'Fargate only supports network mode awsvpc'],
  ['an error that is newer than the SDK', 'BrandNewException', 'something new'],
])('the bundle reports the name and the message of %s', async (_, name, message) => {
  answers.RunTask = { status: 400, body: { __type: `com.amazonaws.ecs#${name}`, message } };
  await invoke({ ...create(), ResponseURL: `${url}/answer` });
  const { Status, Reason } = JSON.parse(seen.find(({ method }) => method === 'PUT')!.body);
  expect(Status).toBe('FAILED');
  expect(Reason).toContain(name);
  expect(Reason).toContain(message);
});

test('the bundle retries a throttled call, and shows the log of a task that failed', async () => {
  answers.RunTask = { status: 400, body: { __type: 'ThrottlingException', message: 'Rate exceeded' } };
  answers.DescribeTasks = { body: { tasks: [{ taskArn: 'arn:aws:ecs:eu-west-1:111122223333:task/shop/1', lastStatus: 'STOPPED', stopCode: 'EssentialContainerExited', containers: [{ name: 'app', exitCode: 1 }] }] } };
  answers.GetLogEvents = { body: { events: [{ message: 'out of luck' }] } };
  const done = invoke({ ...create(), ResponseURL: `${url}/answer` });
  while (!seen.some(({ target }) => target.endsWith('.RunTask'))) {
    await setTimeout(10);
  }
  delete answers.RunTask;
  await done;
  expect(seen.filter(({ target }) => target.endsWith('.RunTask')).length).toBeGreaterThan(1);
  expect(JSON.parse(seen.find(({ method }) => method === 'PUT')!.body).Reason).toContain('out of luck');
});

test('the bundle ignores null in the lists of a response', async () => {
  const task = { taskArn: 'arn:aws:ecs:eu-west-1:111122223333:task/shop/1', attachments: [null, { details: [null] }], containers: [null, { name: 'app', exitCode: 0 }] };
  answers.ListTasks = { body: { taskArns: [null] } };
  answers.RunTask = { body: { tasks: [null, task], failures: [null] } };
  answers.DescribeTasks = { body: { tasks: [null, { ...task, lastStatus: 'STOPPED', stopCode: 'EssentialContainerExited' }], failures: [null] } };
  await invoke({ ...create(), ResponseURL: `${url}/answer` });
  expect(JSON.parse(seen.find(({ method }) => method === 'PUT')!.body)).toMatchObject({ Status: 'SUCCESS' });
});

test('a connection that hangs becomes an error, so that the handler can continue', async () => {
  const silent = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const ecs = new ECSClient({
    region: 'eu-west-1',
    endpoint: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
    maxAttempts: 1,
    requestHandler: { ...configuration.requestHandler, requestTimeout: 200 },
  });
  await expect(ecs.send(new ListClustersCommand())).rejects.toThrow(expect.objectContaining({ name: 'TimeoutError' }));
  silent.closeAllConnections();
  silent.close();
});

test('the bundle is smaller than 400 kB', () => {
  expect(fs.statSync(BUNDLE).size).toBeLessThan(400_000);
});

test('the bundle has only the schemas of the calls that the handler makes, of all those of the SDK', () => {
  const bundle = fs.readFileSync(BUNDLE, 'utf8');
  expect(bundle).toContain('/2015-03-31/functions/{FunctionName}/invocations');
  expect(bundle).not.toContain('CreateFunctionUrlConfig');
});
