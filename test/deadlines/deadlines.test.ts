import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Aws, Life } from './engine/aws';
import { LambdaFunction } from './engine/function';
import { installRuntime } from './engine/install';
import { checkout, folders } from '../e2e/engine/folders';
import { awsEnvironment } from '../e2e/engine/ministack';
import { stopAll, stopOnEveryEnding, takeOver } from '../e2e/engine/processes';
import { until } from '../e2e/engine/until';

/** Of the function, which has 15 minutes elsewhere. It waits for half of them, and keeps the rest for ending. */
const TIMEOUT_SECONDS = 8;

const STACK_ID = 'arn:aws:cloudformation:us-east-1:123456789012:stack/Deadlines/6d1a2b30-0000-11f1-9f3e-0a1b2c3d4e5f';

const aws = new Aws((event) => waits.deliver(event));
let waits: LambdaFunction;
let counts: LambdaFunction;

beforeAll(async () => {
  installRuntime();
  await takeOver();
  stopOnEveryEnding(stopAll);
  await aws.listen();
  const folder = join(folders.run, 'function');
  mkdirSync(folder);
  copyFileSync(join(checkout, 'assets/lambda/handler/index.js'), join(folder, 'index.js'));
  writeFileSync(join(folder, 'count.js'), `exports.handler = async ({ wait }, context) => {
    const left = [context.getRemainingTimeInMillis()];
    await new Promise((resolve) => setTimeout(resolve, wait));
    return [...left, context.getRemainingTimeInMillis()];
  };`);
  waits = await LambdaFunction.start({
    name: 'waits', folder, handler: 'index.handler', timeoutSeconds: TIMEOUT_SECONDS, environment: awsEnvironment(aws.url),
  });
  counts = await LambdaFunction.start({ name: 'counts', folder, handler: 'count.handler', timeoutSeconds: 2 });
}, 15 * 60_000);

afterAll(async () => {
  await stopAll();
  aws.close();
  rmSync(folders.run, { recursive: true, force: true });
});

let round = 0;

/** CloudFormation creates the resource, and the task will live so. */
function create(life: Life, properties: object = {}): void {
  round += 1;
  waits.invocations = [];
  aws.begin(life);
  waits.deliver({
    RequestType: 'Create',
    RequestId: `request-${round}`,
    ResponseURL: `${aws.url}/answer?signature=of-the-url`,
    StackId: STACK_ID,
    LogicalResourceId: `Run${round}`,
    ResourceType: 'Custom::EcsRunTask',
    ServiceToken: 'arn:aws:lambda:us-east-1:123456789012:function:waits',
    // Numbers as strings, as CloudFormation delivers them.
    ResourceProperties: {
      ServiceToken: 'arn:aws:lambda:us-east-1:123456789012:function:waits',
      Request: { cluster: 'deadlines', taskDefinition: 'migrate:7', count: '1' },
      TimeoutSeconds: '40',
      ExitCodeFrom: ['app'],
      SuccessExitCodes: ['0'],
      CompleteWhen: 'EXIT_CODES_KNOWN',
      LogTailLines: '20',
      Logs: { app: { Group: '/migrate', StreamPrefix: 'ecs' } },
      RunOn: 'CHANGE',
      ...properties,
    },
  });
}

/** The answer, when all invocations have ended. One that has handed over may give it, too: CloudFormation takes the first of them. */
async function answer(): Promise<Record<string, string>> {
  await waits.settled();
  expect(aws.answers.length).toBeGreaterThan(0);
  expect(aws.answers.map(({ body }) => body)).toEqual(aws.answers.map(() => aws.answers[0].body));
  const [{ body, bytes, contentType }] = aws.answers;
  expect(body).toMatchObject({ RequestId: `request-${round}`, StackId: STACK_ID, LogicalResourceId: `Run${round}` });
  expect(body.PhysicalResourceId).not.toBe('');
  expect(bytes).toBeLessThanOrEqual(4096);
  expect(contentType).toBe(''); // the signature of the URL covers it
  return body;
}

const taskRuns = () => until('the task runs', () => aws.tasks.length > 0);
const errors = () => waits.invocations.map(({ error }) => error);

test('here the time that an invocation has left goes by, and Lambda ends it there', async () => {
  const { result } = await counts.invoke({ wait: 500 });
  const [first, second] = result as number[];
  expect(first).toBeLessThanOrEqual(2000);
  expect(second).toBeLessThanOrEqual(first - 450);

  expect((await counts.invoke({ wait: 10_000 })).error).toMatch(/timed out/);
  expect((await counts.invoke({ wait: 0 })).error).toBeUndefined();
});

test('a short task is answered for in the invocation that started it', async () => {
  create({ seconds: 1, exitCode: 0 });

  expect(await answer()).toMatchObject({ Status: 'SUCCESS' });
  expect(aws.tasks).toHaveLength(1);
  expect(errors()).toEqual([undefined]);
});

test('a task that fails is answered for with its container, its exit code, and the end of its log', async () => {
  create({ seconds: 1, exitCode: 42, prints: ['first', 'last words'] });

  const { Status, Reason } = await answer();
  expect(Status).toBe('FAILED');
  expect(Reason).toContain('Container "app" exited with code 42.');
  expect(Reason).toContain('first\n  last words\n');
  expect(Reason).toContain(aws.tasks[0].arn);
});

test('a task that outlasts an invocation is waited for by the next ones, and none of them reaches its timeout', async () => {
  create({ seconds: 1.25 * TIMEOUT_SECONDS, exitCode: 0 });

  expect(await answer()).toMatchObject({ Status: 'SUCCESS' });
  expect(aws.tasks).toHaveLength(1);
  expect(waits.invocations.length).toBeGreaterThan(1);
  expect(errors().filter(Boolean)).toEqual([]);
  waits.invocations.forEach(({ milliseconds }) => expect(milliseconds).toBeLessThan(TIMEOUT_SECONDS * 1000));
});

test('a task that does not end is stopped at its deadline, which counts over all invocations', async () => {
  create({ exitCode: 0, prints: ['still here'] }, { TimeoutSeconds: '9' });

  const { Status, Reason } = await answer();
  expect(Status).toBe('FAILED');
  expect(Reason).toMatch(/^The task was still RUNNING after 9 seconds, so it was stopped/);
  expect(aws.tasks).toEqual([expect.objectContaining({ stopped: expect.anything() })]);
  const { born, stopped } = aws.tasks[0];
  expect(stopped!.at - born).toBeGreaterThan(8_000);
  expect(waits.invocations.length).toBeGreaterThan(1);
  expect(errors().filter(Boolean)).toEqual([]);
});

test('when the process dies while it waits, the repeated event finds the same task', async () => {
  create({ seconds: 4, exitCode: 0 });
  await taskRuns();
  await until('it waits', () => aws.calls.filter(({ operation }) => operation === 'DescribeTasks').length > 1);
  await waits.kill();

  expect(await answer()).toMatchObject({ Status: 'SUCCESS' });
  expect(aws.tasks).toHaveLength(1);
  expect(errors()[0]).toMatch(/killed/);
});

test('when its timeout ends it before ECS has named the task, the repeated event finds the same task', async () => {
  create({ seconds: 3, exitCode: 0 });
  aws.unanswered = ['RunTask'];

  expect(await answer()).toMatchObject({ Status: 'SUCCESS' });
  expect(aws.tasks).toHaveLength(1);
  await until('Lambda ends it', () => errors().some((error) => /timed out/.test(String(error)))); // the repeated event may be answered before
});
