import { awsError, create, fails, FakeAws, Fault, passThrough, properties, remove, runs, startedButReportedAsFailed, times, unexpectedError, update } from '../../support/fake-aws';
import { expectFailed, expectNoneStopped, expectStarted, expectStopped, expectSuccess } from '../../support/handler-expectations';

let world: FakeAws;
beforeEach(() => { world = new FakeAws(); });

const ANY_ERRORS: Array<[string, unknown]> = [
  ['a denied permission', awsError('AccessDeniedException', 'not authorized to perform: ecs:DescribeTasks')],
  ['expired credentials', awsError('ExpiredTokenException', 'The security token included in the request is expired')],
  ['unknown credentials', awsError('UnrecognizedClientException', 'The security token included in the request is invalid.')],
  ['a cluster that is not found', awsError('ClusterNotFoundException', 'Cluster not found.')],
  ['an unknown error of AWS', awsError('NewException', 'never seen')],
  ['the HTML page of a proxy', new SyntaxError('Unexpected token \'<\', "<html>" is not valid JSON')],
  ['JSON that is cut off', new SyntaxError('Unexpected end of JSON input')],
  ['a TLS error', Object.assign(new Error('write EPROTO'), { code: 'EPROTO' })],
  ['a response that ends early', Object.assign(new Error('Premature close'), { code: 'ERR_STREAM_PREMATURE_CLOSE' })],
  ['an error without a code', awsError('Unknown', 'UnknownError', 403)],
  ['an error without a name', Object.assign(new Error('x'), { name: undefined })],
  ['a text that is thrown', 'text'],
  ['an object that is thrown', {}],
  ['an object that is no text', Object.create(null)],
  ['an object whose text fails', { toString() { throw new Error('x'); } }],
  ['a symbol', Symbol('x')],
  ['nothing', undefined],
];

/** The error once, at the first call after so many minutes. */
function onceInMinute(minute: number, thrown: unknown): Fault[] {
  let isOpen = true;
  return times(10_000, (_, proceed) => {
    if (isOpen && world.seconds() >= minute * 60) {
      isOpen = false;
      throw thrown;
    }
    return proceed();
  });
}

describe('one DescribeTasks that fails in minute 20', () => {
  test.each(ANY_ERRORS)('with %s neither stops the task nor fails the request', async (_, thrown) => {
    world.lives = [runs(25 * 60, 0)];
    world.faults.DescribeTasks = onceInMinute(20, thrown);
    expectSuccess(await world.request(create()));
    expectNoneStopped(world);
    expectStarted(world, 1);
  });
});

describe('responses of DescribeTasks that say nothing about the task', () => {
  const responses: Array<[string, Fault]> = [
    ['an empty one', () => ({})],
    ['one with another failure than MISSING', ({ tasks: [arn] }) => ({ tasks: [], failures: [{ arn, reason: 'INTERNAL' }] })],
  ];
  const says = (from: number, to: number, fault: Fault) => times<Fault>(10_000, (input, proceed) =>
    world.seconds() >= from && world.seconds() < to ? fault(input, proceed) : proceed());

  test.each(responses)('for eight minutes do not stop it: %s', async (_, fault) => {
    world.lives = [runs(25 * 60, 0)];
    world.faults.DescribeTasks = says(10 * 60, 18 * 60, fault);
    expectSuccess(await world.request(create()));
    expectNoneStopped(world);
  });

  test.each(responses)('from the start on fail the request after five minutes: %s', async (_, fault) => {
    world.lives = [runs(25 * 60, 0)];
    world.faults.DescribeTasks = says(0, 60 * 60, fault);
    expectFailed(await world.request(create()), 'so its result is unknown (the response of ECS does not contain the task).\nTask ');
    expect(world.tasks[0].stoppedAt! - world.tasks[0].at).toBeGreaterThanOrEqual(300_000);
  });
});

test.each(ANY_ERRORS)('one DescribeStacks or GetLogEvents that fails with %s does not hide how the task ended', async (_, thrown) => {
  world.lives = [runs(60, 3)];
  world.faults.DescribeStacks = [() => { throw thrown; }];
  world.faults.GetLogEvents = [() => { throw thrown; }];
  world.logEvents = ['out of ideas'];
  expectFailed(await world.request(create()), 'Container "app" exited with code 3.\nThe end of its log:\n  out of ideas\n');
});

test.each(ANY_ERRORS)('StopTask that fails with %s, once, is repeated', async (_, thrown) => {
  world.lives = [runs(60 * 60, 0)];
  world.faults.StopTask = [() => { throw thrown; }];
  expectFailed(await world.request(create(properties({ TimeoutSeconds: '600' }))), 'The task was still RUNNING after 10 minutes');
  expect(world.callsOf('StopTask')).toHaveLength(2);
  expect(world.tasks[0].stoppedAt).toBeDefined();
});

test.each(ANY_ERRORS)('ListTasks that fails with %s, for good, lets no task start', async (_, thrown) => {
  world.faults.ListTasks = times(1_000, () => { throw thrown; });
  expectFailed(await world.request(create()), 'Other tasks may still be running: listing them failed (');
  expectStarted(world, 0);
});

test('the words of an error are without the advice of the SDK for its own developers', async () => {
  world.faults.ListTasks = times(1_000, () => { throw new SyntaxError('Unexpected token <\n  Deserialization error: to see the raw response, inspect it'); });
  expectFailed(await world.request(create()), 'listing them failed (SyntaxError: Unexpected token <).');
});

describe('a call that only reads and fails once with an unknown error of AWS', () => {
  const newError = fails('NewException', 'never seen');

  test.each(['ListTasks', 'DescribeStacks', 'DescribeTaskDefinition'])('does not fail an Update: %s', async (name) => {
    world.stackStatus = 'UPDATE_IN_PROGRESS';
    world.taskDefinition = { containerDefinitions: [{ name: 'app' }] };
    world.faults[name] = [newError];
    expectSuccess(await world.request(update(properties({ ExitCodeFrom: undefined }))));
    expectStarted(world, 1);
  });

  test.each(['ListTasks', 'DescribeStacks'])('does not keep a task from running again: %s', async (name) => {
    world.lives = [runs(60, 1), runs(60, 0)];
    world.faults.RunTask = [passThrough, startedButReportedAsFailed];
    let isOpen = true;
    world.faults[name] = times(10_000, (_, proceed) => {
      if (isOpen && world.tasks.length === 2) {
        isOpen = false;
        return newError();
      }
      return proceed();
    });
    expectSuccess(await world.request(create(properties({ RetryAttempts: '1' }))));
    expect(isOpen).toBe(false);
    expectStarted(world, 2);
  });

  test('does not keep a Delete from stopping the task: ListTasks', async () => {
    world.lives = [runs(60 * 60, 0)];
    await world.invokeThenCrash(create());
    world.faults.ListTasks = [newError];
    expectSuccess(await world.request(remove()), { Reason: '' });
    expectStopped(world, 1);
  });
});

describe('DescribeTasks that keeps failing', () => {
  const failsBetween = (from: number, to: number) => times<Fault>(10_000, (_, proceed) =>
    world.seconds() >= from && world.seconds() < to ? fails('AccessDeniedException')() : proceed());

  test('for ten minutes does not stop a task that ECS has shown before', async () => {
    world.lives = [runs(25 * 60, 0)];
    world.faults.DescribeTasks = failsBetween(5 * 60, 15 * 60);
    expectSuccess(await world.request(create()));
    expectNoneStopped(world);
  });

  test('until the deadline fails the request, and the message says since when', async () => {
    world.lives = [runs(60 * 60, 0)];
    world.faults.DescribeTasks = failsBetween(20 * 60, 30 * 60 + 1);
    expectFailed(await world.request(create()), 'The function did not see the task end within 30 minutes: reading its status failed for the last 10 minutes.');
    expectStopped(world, 1);
  });

  test('for four minutes from the start on does not stop the task', async () => {
    world.faults.DescribeTasks = failsBetween(0, 4 * 60);
    expectSuccess(await world.request(create()));
    expectNoneStopped(world);
  });

  test('for six minutes, after the function found a task that ECS started despite reporting a failure, does not stop the task', async () => {
    world.lives = [runs(25 * 60, 0)];
    world.faults.RunTask = [startedButReportedAsFailed];
    world.faults.DescribeTasks = [passThrough, ...failsBetween(0, 7 * 60)];
    expectSuccess(await world.request(create()));
    expectStarted(world, 1);
    expectNoneStopped(world);
  });

  test('for five minutes from the start on stops the task and fails the request', async () => {
    world.lives = [runs(25 * 60, 0)];
    world.faults.DescribeTasks = failsBetween(0, 6 * 60);
    const answer = await world.request(create());
    expectFailed(answer, 'The function could never read the status of the task, so its result is unknown.\nAWS says: AccessDeniedException');
    expectStopped(world, 1);
    expect(world.tasks[0].stoppedAt! - world.tasks[0].at).toBeGreaterThanOrEqual(300_000);
    expect(world.tasks[0].stoppedAt! - world.tasks[0].at).toBeLessThan(305_000);
  });
});

describe('an unexpected error in the function', () => {
  test.each([
    ['an error without a name', Object.assign(new Error('x'), { name: undefined })],
    ['an object that is no Error', { surprise: true }],
  ])('that is %s stops the task', async (_, thrown) => {
    world.lives = [runs(25 * 60, 0)];
    world.faults.DescribeTasks = [unexpectedError(thrown)];
    expectFailed(await world.request(create()), 'The function failed');
    expectStopped(world, 1);
  });
});
