import { awsError, create, fails, Fault, MINUTE, notPlaced, passThrough, properties, runs, FakeAws, START, times, update } from '../../support/fake-aws';
import { expectSuccess, expectFailed, expectNoneStopped, expectStarted, expectStopped } from '../../support/handler-expectations';

let world: FakeAws;
beforeEach(() => { world = new FakeAws(); });

describe('the hand-over to the next invocation', () => {
  test('happens before the invocation runs out of time', async () => {
    world.lives = [runs(28 * 60, 0)];
    expectSuccess(await world.request(create()));
    expect(world.callsOf('Invoke')).toMatchObject(times(2, { FunctionName: expect.stringContaining('Shop-EcsRunTask'), InvocationType: 'Event' }));
    expect(world.callsOf('RunTask')).toHaveLength(1);
    expect(world.answers).toHaveLength(1);
  });

  test('happens less than the 16 times in an hour after which Lambda detects a loop', async () => {
    world.lives = [runs(2 * 60 * 60, 0)];
    await world.request(create(properties({ TimeoutSeconds: '3600' })));
    expect(world.callsOf('Invoke').length).toBeLessThan(8);
  });

  test('stops the task when the function is not allowed to invoke itself', async () => {
    world.lives = [runs(28 * 60, 0)];
    world.faults.Invoke = times(100, fails('AccessDeniedException', 'not authorized to perform: lambda:InvokeFunction'));
    expectFailed(await world.request(create()), 'could not invoke itself to continue waiting');
    expectStopped(world, 1);
    expect(world.seconds()).toBeLessThan(15 * 60);
  });

  test.each([
    ['another operation on the function', awsError('ResourceConflictException', 'The operation cannot be performed at this time. An update is in progress.', 409)],
    ['an unknown error of AWS', awsError('NewException', 'never seen')],
    ['the HTML page of a proxy', new SyntaxError('Unexpected token \'<\', "<html>" is not valid JSON')],
  ])('is repeated after %s, and the task continues', async (_, thrown) => {
    world.lives = [runs(20 * 60, 0)];
    world.faults.Invoke = times(3, () => { throw thrown; });
    expectSuccess(await world.request(create()));
    expectNoneStopped(world);
  });

  test('is repeated when a page of a proxy answers it with HTTP status 200', async () => {
    world.lives = [runs(20 * 60, 0)];
    world.faults.Invoke = [() => ({ StatusCode: 200, Payload: Buffer.from('<html>') })];
    expectSuccess(await world.request(create()));
    expect(world.callsOf('Invoke')).toHaveLength(2);
  });

  test('is tried for more than 15 seconds before the task is stopped, with any error', async () => {
    world.lives = [runs(28 * 60, 0)];
    world.faults.Invoke = times(100, fails('NewException', 'never seen'));
    expectFailed(await world.request(create()), 'could not invoke itself to continue waiting');
    const [first] = world.calls.filter(({ name }) => name === 'Invoke').map(({ at }) => at);
    expect((world.tasks[0].stoppedAt! - START) / 1000 - first).toBeGreaterThan(15);
  });

  test.each([[0, 'SUCCESS', 'TooManyRequestsException'], [1, 'FAILED', 'TooManyRequestsException'], [0, 'SUCCESS', 'NewException']])(
    'does not hide that the task ends meanwhile, with exit code %i', async (exitCode, status, error) => {
      world.lives = [runs(635, exitCode)]; // 20 seconds after the first attempt
      world.faults.Invoke = times(100, fails(error, 'not now'));
      expect(await world.request(create())).toMatchObject({ Status: status, Reason: expect.not.stringContaining('could not invoke itself') });
      expectNoneStopped(world);
    });

  test('gives no advice about the role or the network when Lambda rejects the event for another reason', async () => {
    world.lives = [runs(28 * 60, 0)];
    world.faults.Invoke = times(100, fails('RequestTooLargeException', 'Request must be smaller than 1048576 bytes', 413));
    expectFailed(await world.request(create()), 'The function could not invoke itself to continue waiting.\nAWS says: RequestTooLargeException: Request must be');
    expectStopped(world, 1);
  });
});

test('the message does not blame the role when a proxy does not let the hand-over through', async () => {
  world.lives = [runs(28 * 60, 0)];
  world.faults.Invoke = times(100, () => { throw new SyntaxError('Unexpected token \'Y\', "You are not authorized" is not valid JSON'); });
  const { Reason } = await world.request(create());
  expect(Reason).toContain('Check that the function can reach AWS Lambda and is not throttled.');
  expect(Reason).not.toContain('Allow the role');
});

describe('the invocation that has handed over', () => {
  const handOverThatIsLost = async (seconds: number, exitCode: number) => {
    world.lives = [runs(seconds, exitCode)];
    await world.invokeThenCrash(create(), 2 * MINUTE);
  };

  test('answers when the task succeeds while it still watches, in case the next invocation is late or lost', async () => {
    await handOverThatIsLost(20, 0); // it hands over after 42 seconds
    expect(world.callsOf('Invoke')).toHaveLength(1);
    expect(world.answers).toMatchObject([{ Status: 'SUCCESS' }]);
  });

  test('answers although ECS rejected the first call of RunTask (seed 9322033)', async () => {
    world.faults.RunTask = [fails('ThrottlingException')];
    await handOverThatIsLost(20, 0);
    expect(world.answers).toMatchObject([{ Status: 'SUCCESS' }]);
    expectNoneStopped(world);
  });

  test('answers nothing when a task that ECS reported as not placed may run, too', async () => {
    world.faults.RunTask = [notPlaced('RESOURCE:MEMORY')];
    await handOverThatIsLost(20, 0);
    expect(world.answers).toEqual([]);
  });

  test.each([['fails while it still watches', 20, 1], ['succeeds later', 40, 0]])('starts, stops and answers nothing when the task %s', async (_, seconds, exitCode) => {
    await handOverThatIsLost(seconds, exitCode);
    expect(world.seconds()).toBeGreaterThan(60);
    expect(world.seconds()).toBeLessThan(68);
    expect(world.answers).toEqual([]);
    expectStarted(world, 1);
    expectNoneStopped(world);
  });
});

describe('a redelivered event', () => {
  test('gets the same answer and starts no task after the first delivery was answered', async () => {
    world.lives = [runs(60, 3)];
    const first = await world.request(create());
    const second = await world.request(create());
    expect(second).toMatchObject({ Status: 'FAILED', Reason: first.Reason });
    expectStarted(world, 1);
  });

  test('continues waiting for the same task after a crash, with the deadline of the first invocation', async () => {
    world.lives = [runs(60 * 60, 0)];
    world.faults.DescribeStacks = [];
    await expect(new Promise((_, reject) => {
      world.sleep = async () => { reject(new Error('the process died')); return new Promise(() => undefined); };
      void world.invoke(create());
    })).rejects.toThrow('died');
    const revived = Object.assign(world, { sleep: new FakeAws().sleep.bind(world) });
    revived.sleep = async (milliseconds: number) => { (world as any).time += milliseconds; };
    await revived.sleep(2 * MINUTE);
    const { at } = await revived.request(create());
    expectStarted(world, 1);
    expect(at).toBeLessThan(31 * 60);
  });

  describe('does not fail while the task of the first delivery is healthy', () => {
    beforeEach(() => { world.lives = [runs(20 * 60, 0)]; });

    /** Fails from so many calls on, for so many seconds. */
    const failsFor = (seconds: number, calls = 0): Fault[] => {
      const until = world.seconds() + seconds;
      return [...times(calls, passThrough), ...times<Fault>(1000, (_, proceed) => world.seconds() < until ? fails('ServerException', 'Service Unavailable', 503)() : proceed())];
    };

    test.each(['ListTasks', 'DescribeTasks'])('because %s fails for eight minutes (seeds 9306367 and 9308063)', async (api) => {
      await world.invokeThenCrash(create());
      world.faults[api] = failsFor(8 * 60);
      expectSuccess(await world.request(create()));
      expectStarted(world, 1);
      expectNoneStopped(world);
    });

    test('because DescribeTasks fails for eight minutes after the first look (seed 8522434)', async () => {
      await world.invokeThenCrash(create());
      world.faults.DescribeTasks = failsFor(8 * 60, 1);
      expectSuccess(await world.request(create()));
      expectStarted(world, 1);
      expectNoneStopped(world);
    });

    test('because DescribeStacks fails for eight minutes, so that it is unknown whether it is a rollback', async () => {
      world.stackStatus = 'UPDATE_IN_PROGRESS';
      await world.invokeThenCrash(update());
      world.lastUpdated = new Date(START);
      world.faults.DescribeStacks = failsFor(8 * 60);
      expectSuccess(await world.request(update()));
      expectStarted(world, 1);
      expectNoneStopped(world);
    });
  });
});

test('an invocation ends in time although every call hangs', async () => {
  world.lives = [runs(60 * 60, 0)];
  const hangs = () => new Promise(() => undefined); // longer than any invocation
  world.expire = async (milliseconds) => { world.time += milliseconds; };
  await world.invoke(create(), 2 * MINUTE);
  const next = world.handedOver.shift()!;
  for (const api of ['RunTask', 'DescribeTasks', 'ListTasks', 'StopTask', 'DescribeStacks', 'Invoke'] as const) {
    world.faults[api] = Array.from({ length: 1_000 }, () => hangs);
  }
  const began = world.time;
  await world.invoke(next, MINUTE / 2);
  expect(world.time - began).toBeLessThan(MINUTE / 2);
  expect(world.answers).toMatchObject([{ Status: 'FAILED', Reason: expect.stringContaining('The function could not invoke itself to continue waiting (TimeoutError: the invocation is about to end).') }]);
});
