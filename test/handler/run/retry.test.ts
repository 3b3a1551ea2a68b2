import { awsError, create, type Fault, type Life, MINUTE, properties, runs, FakeAws, times } from '../../support/fake-aws';
import { expectSuccess, expectFailed, expectStarted } from '../../support/handler-expectations';

let world: FakeAws;
beforeEach(() => { world = new FakeAws(); });

describe('a task that ran and failed', () => {
  const again = (attempts: number, request = {}) => create(properties({ RetryAttempts: String(attempts) }, request));
  const interrupted: Life = [[0, { lastStatus: 'RUNNING', startedAt: new Date(0) }], [10, { lastStatus: 'STOPPED', stopCode: 'SpotInterruption', startedAt: new Date(0) }]];

  test('is not rerun by default', async () => {
    world.lives = [interrupted, runs(5, 0)];
    expectFailed(await world.request(create()));
    expectStarted(world, 1);
  });

  test.each([['with an exit code', runs(5, 1)], ['because it lost its Spot capacity', interrupted]])('that failed %s is rerun as often as retryAttempts allows', async (_, life) => {
    world.lives = [life, life, runs(5, 0)];
    expectSuccess(await world.request(again(2)), { Reason: '' });
    expectStarted(world, 3);
  });

  test('fails the request after the last attempt, and the message counts the attempts', async () => {
    world.lives = [runs(5, 1), runs(5, 2), runs(5, 3)];
    expectFailed(await world.request(again(2)), /^After 3 attempts: container "app" exited with code 3\./);
    expectStarted(world, 3);
  });

  test('is not rerun more often because of a crash', async () => {
    world.lives = [runs(5, 1), runs(5, 1), runs(10 * 60, 1)];
    await world.invokeThenCrash(again(2), 4 * MINUTE);
    expectFailed(await world.request(again(2)), 'After 3 attempts');
    expectStarted(world, 3);
  });

  test('has its own count of attempts when the request has several tasks', async () => {
    world.lives = [runs(5, 1), runs(300, 1), runs(5, 0), runs(5, 0)];
    expectSuccess(await world.request(again(1, { count: '2' })));
    expectStarted(world, 4);
  });

  test('is counted among the tasks of its request in the message', async () => {
    world.lives = [runs(5, 1), runs(60, 0), runs(5, 1)];
    expectFailed(await world.request(again(1, { count: '2' })), /^1 of 2 tasks failed, after 2 attempts: container "app" exited with code 1\./);
  });

  test('has again three minutes for permissions to propagate', async () => {
    world.lives = [runs(2 * 60, 1), runs(5, 0)];
    const denied: Fault = (_, proceed) => {
      if (world.seconds() < 60 || (world.tasks.length > 0 && world.seconds() < 5 * 60)) {
        throw awsError('AccessDeniedException', 'not authorized to perform: ecs:RunTask');
      }
      return proceed();
    };
    world.faults.RunTask = times(100, denied);
    expectSuccess(await world.request(again(1)), { Reason: '' });
    expectStarted(world, 2);
  });

  test('is not rerun if a person stopped the task', async () => {
    world.lives = [[[0, { lastStatus: 'RUNNING' }], [10, { lastStatus: 'STOPPED', stopCode: 'UserInitiated', stoppedReason: 'no more' }]]];
    expectFailed(await world.request(again(2)), 'Another caller of StopTask stopped the task');
    expectStarted(world, 1);
  });

  test('is not rerun after the timeout', async () => {
    world.lives = [runs(29 * 60 + 28, 1)];
    expectFailed(await world.request(again(10)), 'The task did not succeed within 30 minutes: container "app" exited with code 1.');
    expectStarted(world, 1);
  });
});
