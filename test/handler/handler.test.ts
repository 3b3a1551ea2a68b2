import { once } from 'node:events';
import { createServer, Server, ServerResponse } from 'node:http';
import { globalAgent } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setInterval } from 'node:timers'; // not those of jest
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DescribeTasksCommand, ECSClient } from '@aws-sdk/client-ecs';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { configuration } from '../../lambda/handler';

let server: Server;
let settings: object;
let respond: (response: ServerResponse) => void;
let requests: number;

beforeEach(async () => {
  requests = 0;
  server = createServer((_, response) => {
    requests += 1;
    respond(response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  settings = {
    ...configuration,
    region: 'eu-west-1',
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
    maxAttempts: 1,
  };
});
afterEach(() => {
  jest.useRealTimers();
  server.closeAllConnections();
  server.close();
});

test('the clients use the agent of Node.js, which uses the proxies that the environment sets', () => {
  const configurationWith = (NODE_USE_ENV_PROXY?: string): typeof configuration => {
    let loaded: typeof import('../../lambda/handler');
    jest.replaceProperty(process, 'env', { ...process.env, NODE_USE_ENV_PROXY });
    jest.isolateModules(() => { loaded = jest.requireActual('../../lambda/handler'); });
    jest.restoreAllMocks();
    return loaded!.configuration;
  };

  expect(configurationWith('1').requestHandler).toMatchObject({ httpsAgent: globalAgent });
  expect(configurationWith().requestHandler).not.toHaveProperty('httpsAgent');
});

/** Sends headers and the first bytes, and after them one byte at each tick. */
function startBody(response: ServerResponse, everyMs?: number): void {
  response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).write('{"tasks":[');
  const drip = everyMs && setInterval(() => response.write(' '), everyMs);
  response.once('close', () => drip && clearInterval(drip));
}

/** Stops the clock. Returns what waits until the limit of a body runs, which shows that its headers have arrived. */
function useVirtualTime(): () => Promise<void> {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'performance'] });
  const timers = jest.spyOn(globalThis, 'setTimeout');
  return () => until(() => timers.mock.calls.some(([, milliseconds]) => milliseconds === 10_000));
}

/** Lets the real connection continue until something is so, on a busy machine, too. */
async function until(isSo: () => boolean): Promise<void> {
  const end = performance.now() + 30_000;
  while (!isSo()) {
    if (performance.now() > end) {
      throw new Error(`not so after 30 seconds: ${isSo}`);
    }
    await new Promise(setImmediate);
  }
}

const CALLS: Array<[name: string, send: () => Promise<unknown>]> = [
  ['ECS', () => new ECSClient(settings).send(new DescribeTasksCommand({ tasks: ['1'] }))],
  ['CloudFormation', () => new CloudFormationClient(settings).send(new DescribeStacksCommand())],
  ['CloudWatch Logs', () => new CloudWatchLogsClient(settings).send(new GetLogEventsCommand({ logStreamName: 'app/app/1' }))],
  ['Lambda', () => new LambdaClient(settings).send(new InvokeCommand({ FunctionName: 'shop' }))],
];

describe.each(CALLS)('a response of %s', (_, send) => {
  test.each([
    ['stops after its first bytes', undefined],
    ['drips', 10],
  ])('that %s times out ten seconds after its headers', async (__, everyMs) => {
    respond = (response) => startBody(response, everyMs);
    const limit = useVirtualTime();
    let failure: Error | undefined;
    const sent = send().catch((error) => { failure = error; });

    await limit();
    jest.advanceTimersByTime(9_999);
    await new Promise(setImmediate);
    expect(failure).toBeUndefined();
    jest.advanceTimersByTime(1);
    await sent;
    expect(failure).toMatchObject({ name: 'TimeoutError', message: 'the response did not end within 10000 ms' });
  });
});

test('the SDK repeats a call whose response stopped', async () => {
  respond = (response) => requests === 1 ? startBody(response) : response.end('{"tasks":[{"taskArn":"arn"}]}');
  const limit = useVirtualTime();
  const sent = new ECSClient({ ...settings, maxAttempts: 2 }).send(new DescribeTasksCommand({ tasks: ['1'] }));
  await limit();
  jest.advanceTimersByTime(10_000);
  let waited = 0;
  await until(() => {
    if (waited < 1_000) { // longer than the pause before the second call, and too short for a time limit of that call
      jest.advanceTimersByTime(10);
      waited += 10;
    }
    return requests === 2;
  });
  expect(await sent).toMatchObject({ tasks: [{ taskArn: 'arn' }] });
});

test('a response that ends leaves no timer behind', async () => {
  const limits = jest.spyOn(globalThis, 'setTimeout');
  const cleared = jest.spyOn(globalThis, 'clearTimeout');
  respond = (response) => response.end('{"tasks":[]}');
  await new ECSClient(settings).send(new DescribeTasksCommand({ tasks: ['1'] }));
  const index = limits.mock.calls.findIndex(([, milliseconds]) => milliseconds === 10_000);
  await new Promise(setImmediate);
  expect(cleared).toHaveBeenCalledWith(limits.mock.results[index].value);
});
