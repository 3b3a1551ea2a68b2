import { CLUSTER, create, fails, markOfTask, MINUTE, notPlaced, properties, remove, runs, update, FakeAws, type Fault, START, times, sentAfter, passThrough, stale } from '../../support/fake-aws';
import { expectSuccess, expectFailed, expectStarted, expectStopped, expectNoneStopped } from '../../support/handler-expectations';

const { RunOn, ServiceToken, ServiceTimeout, ...withoutOccasion } = properties();

let world: FakeAws;
beforeEach(() => { world = new FakeAws(); });

describe('an event that is out of date', () => {
  test.each(['CREATE_IN_PROGRESS', 'UPDATE_IN_PROGRESS'])('starts no task when a later deployment has begun: %s', async (status) => {
    const event = status === 'CREATE_IN_PROGRESS' ? create() : update();
    await world.sleep(5 * MINUTE);
    world.faults.DescribeStacks = times(10, () => ({ Stacks: [{ StackStatus: status, LastUpdatedTime: new Date(Date.UTC(2026, 0, 1, 0, 4)) }] }));
    expectFailed(await world.request(event), /^(The function failed: t|T)his request is out of date: CloudFormation has continued without it\.\nCloudWatch/);
    expectStarted(world, 0);
    expect(world.seconds()).toBeLessThan(5 * 60 + 40);
    expect(world.callsOf('DescribeStacks')).toContainEqual({ StackName: event.StackId });
  });

  const laterDeployment: Fault = () => ({ Stacks: [{ StackStatus: 'UPDATE_IN_PROGRESS', LastUpdatedTime: new Date(world.time) }] });

  test('that arrived more than a minute late stops its own task when two readings, 15 seconds apart, say that a later deployment has begun', async () => {
    world.lives = [runs(60 * 60, 0)];
    await world.sleep(61_000);
    world.faults.DescribeStacks = [...times(2, passThrough), ...times(100, laterDeployment)];
    expectFailed(await world.request(create()), 'This request is out of date');
    const firstReading = world.calls.filter(({ name }) => name === 'DescribeStacks')[2].at;
    expectStopped(world, 1);
    expect(world.tasks[0].stoppedAt! - START).toBeGreaterThanOrEqual((firstReading + 15) * 1000);
    expect(world.tasks[0].stoppedAt! - START).toBeLessThan((firstReading + 30) * 1000);
  });

  test('that arrived more than a minute late stops nothing when only one reading says that a later deployment has begun', async () => {
    world.lives = [runs(5 * 60, 0)];
    await world.sleep(61_000);
    world.faults.DescribeStacks = [...times(2, passThrough), laterDeployment];
    expectSuccess(await world.request(create()));
    expectNoneStopped(world);
  });

  test('is no reason to stop the task of an event that arrived in time, for any LastUpdatedTime', async () => {
    world.lives = [runs(5 * 60, 0)];
    world.faults.DescribeStacks = [...times(2, passThrough), ...times(100, laterDeployment)];
    expectSuccess(await world.request(create()));
    expectNoneStopped(world);
  });

  const movesAfter = (seconds: number) => {
    world.stackStatus = 'UPDATE_IN_PROGRESS';
    world.lastUpdated = new Date(START + seconds * 1000);
    world.faults.RunTask = times(12, fails('ThrottlingException', 'Rate exceeded')); // starts after minutes
  };

  test('is not one that arrived in time, when LastUpdatedTime moves within a minute after it was sent', async () => {
    movesAfter(50);
    const before = stale('UPDATE_IN_PROGRESS', new Date(START - 10_000));
    world.faults.DescribeStacks = times(100, (input, proceed) => (world.seconds() < 50 ? before : passThrough)(input, proceed));
    expectSuccess(await world.request(update()));
    expectStarted(world, 1);
  });

  test('is not a Create that arrived in time, when LastUpdatedTime moves after a reading showed its update', async () => {
    movesAfter(50);
    const before = stale('UPDATE_IN_PROGRESS', new Date(START - 10_000));
    world.faults.DescribeStacks = times(100, (input, proceed) => (world.seconds() < 50 ? before : passThrough)(input, proceed));
    expectSuccess(await world.request(create()));
    expectStarted(world, 1);
  });

  test('is a Create of a stack that is updated already, although a reading without a time shows an update', async () => {
    movesAfter(30);
    world.faults.DescribeStacks = [stale('UPDATE_IN_PROGRESS')];
    expectFailed(await world.request({ ...create(), ResponseURL: sentAfter(0) }), 'The task did not start');
    expectStarted(world, 0);
  });

  test('is a Create of a stack that is updated already, within a minute after it was sent', async () => {
    movesAfter(30);
    world.faults.DescribeStacks = times(100, (input, proceed) => (world.seconds() < 30 ? stale('CREATE_IN_PROGRESS') : passThrough)(input, proceed));
    expectFailed(await world.request(create()), 'The task did not start: CloudFormation did not show which update is running');
    expectStarted(world, 0);
  });

  test.each([70, 300])('is one that arrived in time, when LastUpdatedTime is %d seconds after it was sent', async (seconds) => {
    movesAfter(seconds);
    expectFailed(await world.request(update()), 'This request is out of date');
    expectStarted(world, 0);
  });

  test('is one that arrived in time, when LastUpdatedTime moves within a minute after its operation seemed to have ended', async () => {
    movesAfter(50);
    world.faults.RunTask = [];
    world.faults.DescribeStacks = [...times(2, stale('UPDATE_IN_PROGRESS')), stale('UPDATE_FAILED', new Date(START - 10_000))];
    expectFailed(await world.request(update()), 'This request is out of date: CloudFormation has continued without it.');
    expectStarted(world, 0);
  });

  test.each(['UPDATE_FAILED', 'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS'])('starts no task in the next deployment, which begins within a minute after its own has ended: %s', async (end) => {
    world.stackStatus = 'UPDATE_IN_PROGRESS';
    world.lastUpdated = new Date(START + 25_000);
    world.faults.DescribeStacks = ['UPDATE_IN_PROGRESS', end].map((status) => stale(status, new Date(START - 10_000)));
    expectFailed(await world.request(update()), 'This request is out of date: CloudFormation has continued without it.');
    expectStarted(world, 0);
  });

  test('starts no task when it arrived late, and CloudFormation does not return when the update began', async () => {
    world.stackStatus = 'UPDATE_IN_PROGRESS';
    await world.sleep(61_000);
    expectFailed(await world.request(update()), 'The task did not start: CloudFormation did not show which update is running');
    expectStarted(world, 0);
  });

  test.each([
    ['it is out of date', times(100, laterDeployment), 'This request is out of date'],
    ['its kind is unknown', times(1000, fails('AccessDeniedException', 'not now')), 'Could not find out whether this is a rollback'],
  ])('stops the task that a crashed invocation of the request has started, when %s', async (_, faults, cause) => {
    world.stackStatus = 'UPDATE_IN_PROGRESS';
    world.lives = [runs(60 * 60, 0)];
    await world.invokeThenCrash(update());
    await world.sleep(START + 2 * MINUTE - world.time);
    world.faults.DescribeStacks = faults;
    expectFailed(await world.request(update()), cause);
    expectStopped(world, 1);
    expect(world.callsOf('StopTask')[0].reason).toContain('the request failed');
  });

  test.each([
    ['an Update', update()],
    ['a Delete with onDelete', remove(properties({ OnDelete: withoutOccasion }))],
  ])('does not stop the task of %s that arrives again after minutes, when only one reading says that a later deployment has begun', async (_, event) => {
    world.stackStatus = 'UPDATE_IN_PROGRESS';
    world.lastUpdated = new Date(START);
    world.lives = [runs(5 * 60, 0)];
    await world.invokeThenCrash(event);
    await world.sleep(START + 2 * MINUTE - world.time);
    world.faults.DescribeStacks = [laterDeployment];
    expectSuccess(await world.request(event));
    expectStarted(world, 1);
    expectNoneStopped(world);
  });

  test('names the task of an earlier request that it has stopped, and that has not ended (seed 11076419)', async () => {
    world.lives = [runs(60 * 60, 0)];
    await world.invokeThenCrash({ ...create(), RequestId: 'earlier' });
    world.faults.StopTask = times(1000, fails('ServerException', '', 500));
    await world.sleep(START + 4 * MINUTE - world.time);
    world.faults.DescribeStacks = times(1000, laterDeployment);
    const { Reason } = await world.request({ ...update(), ResponseURL: sentAfter(2) });
    expect(Reason).toContain('This request is out of date');
    expect(Reason).toContain(`Could not confirm that this task stopped. Stop it manually: ${world.tasks[0].taskArn}.`);
  });

  test('does not stop the task of another request that was sent within seconds', async () => {
    world.stackStatus = 'UPDATE_IN_PROGRESS';
    world.lives = [runs(60 * 60, 0)];
    await world.invokeThenCrash({ ...create(), RequestId: 'other' });
    world.faults.DescribeStacks = times(100, laterDeployment);
    world.faults.ListTasks = times(2, () => ({ taskArns: [] })); // when it looked for earlier tasks, there was none
    expectFailed(await world.request(update()), 'This request is out of date');
    expectStarted(world, 1);
    expectNoneStopped(world);
  });

  test('does not stop the task of a later request, when its kind is unknown', async () => {
    world.lives = [runs(60 * 60, 0)];
    await world.sleep(5 * MINUTE);
    world.stackStatus = 'UPDATE_IN_PROGRESS';
    await world.invokeThenCrash({ ...update(), RequestId: 'later', ResponseURL: sentAfter(5) });
    world.faults.DescribeStacks = times(1000, fails('AccessDeniedException', 'not now'));
    expectFailed(await world.request(update()), 'Could not find out whether this is a rollback');
    expectStarted(world, 1);
    expectNoneStopped(world);
  });

  test('does not stop the task of a later request', async () => {
    world.lives = [runs(60 * 60, 0)];
    await world.sleep(5 * MINUTE);
    await world.invokeThenCrash({ ...create(), RequestId: 'later', ResponseURL: sentAfter(5) });
    expectFailed(await world.request(create()), 'Another request started a task of this resource after this request was sent.');
    expectStarted(world, 1);
    expectNoneStopped(world);
  });

  test('does not stop the task of a request that was sent seconds later (seed 9802831)', async () => {
    world.lives = [runs(60 * 60, 0)];
    await world.invokeThenCrash({ ...create(), RequestId: 'later', ResponseURL: sentAfter(0.1) });
    expectFailed(await world.request(create()), 'Another request started a task of this resource after this request was sent.');
    expectStarted(world, 1);
    expectNoneStopped(world);
  });

  test.each([['an Update', update], ['a Delete', remove]])('does not stop the task of a later request when it is %s, which arrives again', async (_, event) => {
    world.stackStatus = 'UPDATE_IN_PROGRESS';
    world.lives = [runs(60 * 60, 0)];
    await world.invokeThenCrash({ ...update(), RequestId: 'later', ResponseURL: sentAfter(0.1) });
    await world.request({ ...event(), RequestId: 'earlier' });
    expectNoneStopped(world);
  });
});

describe('the task of an earlier request', () => {
  test('is stopped before the next request starts its own task', async () => {
    world.lives = [runs(60 * 60, 0), runs(5, 0)];
    await world.invokeThenCrash(create());
    expectSuccess(await world.request({ ...create(), RequestId: 'another', ResponseURL: sentAfter(3) }));
    expect(world.callsOf('StopTask')).toEqual([{ cluster: CLUSTER, task: world.tasks[0].taskArn, reason: `cdk-ecs-run-task: CloudFormation sent a newer request (${markOfTask(create().RequestId)})` }]);
    expect(world.tasks[1].at - world.tasks[0].stoppedAt!).toBeGreaterThanOrEqual(30_000);
  });

  test('is stopped although it started after the next request was sent (seed 9501921)', async () => {
    world.lives = [runs(60 * 60, 0), runs(5, 0)];
    await world.sleep(MINUTE);
    await world.invokeThenCrash(create());
    expectSuccess(await world.request({ ...create(), RequestId: 'next', ResponseURL: sentAfter(0.5) }));
    expectStopped(world, 1);
  });

  describe('that starts while the next request is starting its own', () => {
    const next = async () => {
      world.lives = [runs(60 * 60, 0), runs(5, 0)];
      await world.sleep(MINUTE);
      await world.invokeThenCrash(create());
      world.faults.ListTasks = times(2, () => ({ taskArns: [] }));
      world.faults.RunTask = [notPlaced('RESOURCE:CPU')];
      return world.request({ ...create(), RequestId: 'next', ResponseURL: sentAfter(0.5) });
    };

    test('is stopped before that (seed 9834670)', async () => {
      expectSuccess(await next());
      expectStopped(world, 1);
      expect(world.tasks[1].at).toBeGreaterThanOrEqual(world.tasks[0].stoppedAt! + 30_000);
    });

    test('prevents that when it does not stop', async () => {
      world.faults.StopTask = times(1000, fails('ServerException', '', 500));
      const { Status, Reason } = await next();
      expect(Status).toBe('FAILED');
      expect(Reason.split('\n')).toEqual([
        'A task of an earlier deployment may still be running, so no new task was started.',
        'Before that: the task did not start: no container instance has enough free resources for it. AWS says: RESOURCE:CPU',
        `Task ${world.tasks[0].taskArn}.`,
        expect.stringContaining('CloudWatch Log Stream'),
      ]);
      expectStarted(world, 1);
    });
  });

  test('prevents the start of another task when it does not stop', async () => {
    world.lives = [runs(60 * 60, 0)];
    await world.invoke(create(), 2 * MINUTE);
    world.faults.StopTask = times(1000, fails('ServerException', '', 500));
    const { Status, Reason } = await world.request({ ...create(), RequestId: 'another', ResponseURL: sentAfter(3) });
    expect(Status).toBe('FAILED');
    expect(Reason.split('\n')).toEqual([
      'A task of an earlier deployment may still be running, so no new task was started.',
      `Could not confirm that this task stopped. Stop it manually: ${world.tasks[0].taskArn}.`,
      'StopTask failed (ServerException).',
      expect.stringContaining('CloudWatch Log Stream'),
    ]);
    expectStarted(world, 1);
  });
});
