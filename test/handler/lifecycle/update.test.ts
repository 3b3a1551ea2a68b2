import { create, fails, Fault, ID, markOfTask, MINUTE, properties, runs, update, FakeAws, sentAfter, START, times } from '../../support/fake-aws';
import { expectFailed, expectSuccess, expectStarted, expectStopped } from '../../support/handler-expectations';

let world: FakeAws;
beforeEach(() => { world = new FakeAws(); });

describe('Update', () => {
  beforeEach(() => { world.stackStatus = 'UPDATE_IN_PROGRESS'; });

  test('runs the task and keeps the physical id', async () => {
    expectSuccess(await world.request(update()), { PhysicalResourceId: ID });
    expectStarted(world, 1);
  });

  test.each([
    ['in the same cluster', properties()],
    ['in another cluster', properties({}, { cluster: 'other' })],
  ])('stops the task that an earlier deployment left running %s', async (_, old) => {
    world.lives = [runs(60 * 60, 0), runs(5, 0)];
    world.lastUpdated = new Date(START);
    await world.invokeThenCrash({ ...create(old), RequestId: 'earlier' });
    expectSuccess(await world.request({ ...update(properties(), old), ResponseURL: sentAfter(3) }));
    expect(world.callsOf('StopTask')).toEqual([
      { cluster: old.Request.cluster, task: world.tasks[0].taskArn, reason: `cdk-ecs-run-task: CloudFormation sent a newer request (${markOfTask('earlier')})` },
    ]);
  });

  test('starts no task with runOn CREATE', async () => {
    expectSuccess(await world.request(update(properties({ RunOn: 'CREATE' }))), { Reason: 'No task was run: runOn is CREATE.' });
    expectStarted(world, 0);
  });
});

describe('Update in another cluster than before', () => {
  const before = properties({}, { cluster: 'before' });
  const inClusterBefore = (fault: Fault) => times<Fault>(1000, (input, proceed) => input.cluster === 'before' ? fault(input, proceed) : proceed());
  const DENIED = fails('AccessDeniedException', 'not authorized to perform: ecs:ListTasks');
  const MAY_RUN = 'Other tasks may still be running: listing them failed (AccessDeniedException: not authorized to perform: ecs:ListTasks).';
  beforeEach(() => {
    world.stackStatus = 'UPDATE_IN_PROGRESS';
    world.lastUpdated = new Date(START);
  });

  test('runs the task although its role has lost the permission for that cluster, and says what it could not see', async () => {
    world.faults.ListTasks = inClusterBefore(DENIED);
    expectSuccess(await world.request(update(properties(), before)), { Reason: MAY_RUN });
    expect(world.calls.find(({ name }) => name === 'RunTask')!.at).toBeLessThan(20);
  });

  test.each([[20, 0], [40, 0], [20, 3]])('still says so when the task ends after %i minutes, in a later invocation, with exit code %i', async (minutes, exitCode) => {
    world.lives = [runs(minutes * 60, exitCode)];
    world.faults.ListTasks = inClusterBefore(DENIED);
    const { Reason } = await world.request(update(properties({ TimeoutSeconds: '3000' }), before));
    expect(Reason.split(MAY_RUN)).toHaveLength(2);
  });

  test('runs the task when that cluster no longer exists', async () => {
    world.faults.ListTasks = inClusterBefore(fails('ClusterNotFoundException', 'Cluster not found.'));
    expectSuccess(await world.request(update(properties(), before)), { Reason: '' });
    expect(world.calls.find(({ name }) => name === 'RunTask')!.at).toBeLessThan(20);
  });

  test('still stops the task that an earlier deployment left running in the new cluster', async () => {
    world.lives = [runs(60 * 60, 0), runs(5, 0)];
    await world.invokeThenCrash({ ...create(), RequestId: 'earlier' });
    world.lastUpdated = new Date(START + 3 * MINUTE);
    world.faults.ListTasks = inClusterBefore(DENIED);
    expectSuccess(await world.request({ ...update(properties(), before), ResponseURL: sentAfter(3) }), { Reason: MAY_RUN });
    expectStopped(world, 1);
    expectStarted(world, 2);
  });

  test('starts no task while ECS does not answer for that cluster', async () => {
    world.faults.ListTasks = inClusterBefore(fails('ThrottlingException', 'Rate exceeded'));
    expectFailed(await world.request(update(properties(), before)), 'A task of an earlier deployment may still be running, so no new task was started.');
    expectStarted(world, 0);
  });

  test('starts no task in a rollback, in which that of the failed update may still run', async () => {
    world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    world.faults.ListTasks = inClusterBefore(DENIED);
    expectSuccess(await world.request(update(properties({ OnRollback: 'RUN' }), before)), { Reason: expect.stringContaining(MAY_RUN) });
    expectStarted(world, 0);
  });
});
