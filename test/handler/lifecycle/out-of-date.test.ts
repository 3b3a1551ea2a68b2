import { CLUSTER, create, fails, MINUTE, runs, update, FakeAws, times, sentAfter, passThrough } from '../../support/fake-aws';
import { expectSuccess, expectFailed, expectStarted, expectStopped, expectNoneStopped } from '../../support/handler-expectations';

let world: FakeAws;
beforeEach(() => { world = new FakeAws(); });

describe('an event that is out of date', () => {
  test.each(['CREATE_IN_PROGRESS', 'UPDATE_IN_PROGRESS'])('starts no task when a later deployment has begun: %s', async (status) => {
    const event = status === 'CREATE_IN_PROGRESS' ? create() : update();
    await world.sleep(5 * MINUTE);
    world.faults.DescribeStacks = times(10, () => ({ Stacks: [{ StackStatus: status, LastUpdatedTime: new Date(Date.UTC(2026, 0, 1, 0, 4)) }] }));
    expectFailed(await world.request(event), /^(The function failed: t|T)his request is out of date: CloudFormation has gone on without it\.\nCloudWatch/);
    expectStarted(world, 0);
    expect(world.callsOf('DescribeStacks')).toContainEqual({ StackName: event.StackId });
  });

  test('stops its own task when a later deployment has begun', async () => {
    world.lives = [runs(60 * 60, 0)];
    world.faults.DescribeStacks = [
      ...times(2, passThrough),
      () => ({ Stacks: [{ StackStatus: 'UPDATE_IN_PROGRESS', LastUpdatedTime: new Date(Date.UTC(2026, 0, 1, 0, 1)) }] }),
    ];
    expectFailed(await world.request(create()), 'This request is out of date');
    expectStopped(world, 1);
  });

  test('does not stop the task of a later request', async () => {
    world.lives = [runs(60 * 60, 0)];
    await world.sleep(5 * MINUTE);
    await world.invokeThenCrash({ ...create(), RequestId: 'later', ResponseURL: sentAfter(5) });
    expectFailed(await world.request(create()), 'This request is out of date');
    expectStarted(world, 1);
    expectNoneStopped(world);
  });
});

describe('the task of an earlier request', () => {
  test('is stopped before the next request starts its own task', async () => {
    world.lives = [runs(60 * 60, 0), runs(5, 0)];
    await world.invokeThenCrash(create());
    expectSuccess(await world.request({ ...create(), RequestId: 'another', ResponseURL: sentAfter(3) }));
    expect(world.callsOf('StopTask')).toEqual([{ cluster: CLUSTER, task: world.tasks[0].taskArn, reason: 'cdk-ecs-run-task: a later deployment runs it anew' }]);
    expect(world.tasks[1].at - world.tasks[0].stoppedAt!).toBeGreaterThanOrEqual(30_000);
  });

  test('prevents the start of another task when it does not stop', async () => {
    world.lives = [runs(60 * 60, 0)];
    await world.invoke(create(), 2 * MINUTE);
    world.faults.StopTask = times(1000, fails('ServerException', '', 500));
    const { Status, Reason } = await world.request({ ...create(), RequestId: 'another', ResponseURL: sentAfter(3) });
    expect(Status).toBe('FAILED');
    expect(Reason.split('\n')).toEqual([
      'The task of an earlier deployment still runs, so no other was started.',
      `May still be running, stop it by hand: ${world.tasks[0].taskArn}.`,
      expect.stringContaining('CloudWatch Log Stream'),
    ]);
    expectStarted(world, 1);
  });
});
