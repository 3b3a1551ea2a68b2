import { create, fails, properties, runs, times, FakeAws, unexpectedError } from '../../support/fake-aws';
import { expectSuccess, expectFailed, expectStarted, expectStopped } from '../../support/handler-expectations';

let world: FakeAws;
beforeEach(() => { world = new FakeAws(); });

describe('Create', () => {
  test('runs the task once and succeeds when its container exits with 0', async () => {
    expect(await world.request(create())).toMatchObject({ Status: 'SUCCESS', StackId: create().StackId, RequestId: create().RequestId, LogicalResourceId: 'Migration' });
    expectStarted(world, 1);
    expect(world.answers).toHaveLength(1);
  });

  test('succeeds with another exit code that successExitCodes accepts', async () => {
    world.lives = [runs(5, 3)];
    expectSuccess(await world.request(create(properties({ SuccessExitCodes: ['0', '3'] }))));
  });

  test('fails before a task starts when a property does not fit the RunTask request, and names the path of the property', async () => {
    expectFailed(await world.request(create(properties({}, { count: 'two' }))), 'The property Request.count is not a number');
    expectStarted(world, 0);
  });

  test('fails in a cluster that does not exist, and says that', async () => {
    world.faults.ListTasks = times(1000, fails('ClusterNotFoundException', 'Cluster not found.'));
    expectFailed(await world.request(create()), 'The task did not start: ECS cannot find the cluster. Check that the cluster exists in this account and Region.\nAWS says: ');
    expectStarted(world, 0);
  });

  test('answers FAILED after an unexpected error, and stops the task', async () => {
    world.faults.DescribeTasks = [unexpectedError('surprise')];
    expectFailed(await world.request(create()), 'TypeError: surprise');
    expectStopped(world, 1);
  });
});

describe('a request of an unknown type', () => {
  test('is answered with FAILED', async () => {
    expectFailed(await world.request({ ...create(), RequestType: 'Adopt' } as any), 'The function failed: Error: this version of the function does not know requests of the type Adopt.');
  });
});
