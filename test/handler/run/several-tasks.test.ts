import { create, doesNotStart, fails, FakeAws, Fault, missing, notPlaced, passThrough, properties, runs, times } from '../../support/fake-aws';
import { expectSuccess, expectFailed, expectStarted, expectNoneStopped } from '../../support/handler-expectations';

let world: FakeAws;
beforeEach(() => { world = new FakeAws(); });

describe('several tasks of one request', () => {
  const two = () => create(properties({}, { count: '2' }));

  test('succeed when every task succeeds', async () => {
    world.lives = [runs(5, 0), runs(90, 0)];
    expectSuccess(await world.request(two()));
    expect(world.seconds()).toBeGreaterThan(120);
  });

  test('fail when one task fails, after the other task has ended by itself', async () => {
    world.lives = [runs(5, 1), runs(90, 0)];
    expectFailed(await world.request(two()), '1 of 2 tasks failed: container "app" exited with code 1');
    expect(world.seconds()).toBeGreaterThan(120);
    expectNoneStopped(world);
  });

  test('fail when ECS no longer knows one of the tasks', async () => {
    world.lives = [runs(90 * 60, 0)];
    const forgets: Fault = ({ tasks: [, second] }, proceed) => ({ tasks: proceed().tasks.slice(0, 1), failures: [{ arn: second, reason: 'MISSING' }] });
    world.faults.DescribeTasks = times(1_000, forgets);
    expectFailed(await world.request(two()), /its result is unknown.*\nTask arn:.*\/2a\./);
    expect(world.seconds()).toBeLessThan(10 * 60);
  });

  test('are not completed after one task has failed', async () => {
    world.lives = [runs(5, 1), doesNotStart('RESOURCE:MEMORY')];
    world.faults.RunTask = [passThrough, passThrough, ...times(10, notPlaced('RESOURCE:MEMORY'))];
    expectFailed(await world.request(two()), '1 of 2 tasks failed: container "app" exited with code 1');
    expectStarted(world, 2);
    expect(world.seconds()).toBeLessThan(55);
  });

  test('are not completed after one task has failed while another task still runs', async () => {
    world.lives = [runs(5, 1), runs(90, 0), doesNotStart('RESOURCE:MEMORY')];
    world.faults.RunTask = [...times(3, passThrough), ...times(100, notPlaced('RESOURCE:MEMORY'))];
    expectFailed(await world.request(create(properties({}, { count: '3' }))));
    expect(world.seconds()).toBeGreaterThan(120);
    expect(Math.max(...world.calls.filter(({ name }) => name === 'RunTask').map(({ at }) => at))).toBeLessThan(37);
  });

  test('fail only after a task that ECS does not describe for a while has ended', async () => {
    world.lives = [runs(5, 1), runs(90, 0)];
    world.faults.DescribeTasks = times(60, (_, proceed) => ({ tasks: (proceed() as any).tasks.slice(0, 1) }));
    expectFailed(await world.request(two()));
    expectNoneStopped(world);
  });

  test.each<[string, Fault, string]>([
    ['is rejected', fails('InvalidParameterException', 'no'), 'ECS rejected the request: InvalidParameterException (RunTask)'],
    ['cannot be placed', notPlaced('ATTRIBUTE'), 'the task did not start: no container instance meets its constraints'],
  ])('fail after the others have ended when the start of one of them %s', async (_, fault, cause) => {
    world.lives = [runs(90, 0)];
    world.faults.RunTask = [passThrough, passThrough, fault];
    expectFailed(await world.request(create(properties({}, { count: '3' }))), `1 of 3 tasks failed: ${cause}`);
    expect(world.seconds()).toBeGreaterThan(120);
    expectNoneStopped(world);
  });

  test('fail after the others have ended when the rerun of one of them is rejected', async () => {
    world.lives = [runs(5, 1), runs(90, 0)];
    world.faults.RunTask = [passThrough, passThrough, fails('InvalidParameterException', 'no')];
    expectFailed(await world.request(create(properties({ RetryAttempts: '2' }, { count: '2' }))), '1 of 2 tasks failed: ECS rejected the request');
    expect(world.seconds()).toBeGreaterThan(120);
    expectNoneStopped(world);
  });

  test('fail with the exit code of the one that has failed when another one is still running at the timeout', async () => {
    world.lives = [runs(5, 3), runs(90 * 60, 0)];
    expectFailed(await world.request(two()), /^The task was still RUNNING after 30 minutes.*\nAnother task: container "app" exited with code 3\.$/m);
  });

  test.each<[string, () => void]>([
    ['whose status can no longer be read', () => {
      world.faults.DescribeTasks = times<Fault>(10_000, (_, proceed) => world.seconds() > 20 * 60 ? fails('ServerException', '', 500)() : proceed());
    }],
    ['that no invocation continues', () => { world.faults.Invoke = times(10_000, fails('AccessDeniedException', 'no')); }],
    ['whose deployment has ended', () => {
      world.faults.DescribeTasks = times<Fault>(10_000, (_, proceed) => {
        world.stackStatus = world.seconds() > 5 * 60 ? 'CREATE_FAILED' : world.stackStatus;
        return proceed();
      });
    }],
    ['that ECS has forgotten', () => {
      world.faults.DescribeTasks = times<Fault>(10_000, (input, proceed) => world.seconds() > 5 * 60 ? missing(input, proceed) : proceed());
    }],
  ])('fail with the exit code of the first one if the other is one %s', async (_, arrange) => {
    world.lives = [runs(5, 3), runs(90 * 60, 0)];
    arrange();
    expectFailed(await world.request(two()), /\nAnother task: container "app" exited with code 3\.$/m);
  });

  test('fail with how each of them failed, once', async () => {
    world.lives = [runs(50, 13), doesNotStart('CannotPullContainerError: ref v9: not found'), runs(50, 13), runs(50, 1)];
    const { Reason } = await world.request(create(properties({}, { count: '4' })));
    expect(Reason.split('\n').slice(0, 4)).toEqual([
      '4 of 4 tasks failed: container "app" exited with code 13.',
      'Another task: the task did not start: the image does not exist. AWS says: CannotPullContainerError: ref v9: not found',
      'Another task: container "app" exited with code 1.',
      expect.stringContaining('Log group'),
    ]);
  });

  test('fail without calling the text of a proxy words of AWS', async () => {
    world.lives = [runs(600, 3)];
    world.faults.RunTask = [passThrough, ...times(1000, () => { throw new SyntaxError('Unexpected token < in JSON'); })];
    const { Reason } = await world.request(two());
    expect(Reason).toContain('\nAnother task: ECS did not answer: SyntaxError: Unexpected token < in JSON (RunTask).\n');
    expect(Reason).not.toContain('AWS says');
  });

  test('fail without a number when none of them was started', async () => {
    world.faults.RunTask = times(3, fails('InvalidParameterException', 'no'));
    expectFailed(await world.request(two()), /^ECS rejected the request/);
  });

  test('fail with the reason why one of the tasks was not placed', async () => {
    world.lives = [runs(5, 0)];
    world.faults.RunTask = [passThrough, ...times(1000, notPlaced('RESOURCE:MEMORY'))];
    expectFailed(await world.request(two()), 'no container instance has enough free resources for it.');
  });

  test('are completed with another RunTask call when ECS placed only one task at first', async () => {
    world.faults.RunTask = [passThrough, notPlaced('RESOURCE:MEMORY')];
    expectSuccess(await world.request(two()));
    expect(world.callsOf('RunTask').map(({ count, clientToken }) => [count, clientToken])).toEqual([
      [1, 'c0ffee00-create-1-1'], [1, 'c0ffee00-create-2-1'], [1, 'c0ffee00-create-2-2'],
    ]);
    expectStarted(world, 2);
  });

  test('are found again after a crash, including the replacements for lost capacity', async () => {
    world.lives = [doesNotStart('RESOURCE:MEMORY'), doesNotStart('RESOURCE:CPU'), runs(60, 0), runs(60, 0)];
    await world.invokeThenCrash(two());
    expectSuccess(await world.request(two()));
    expectStarted(world, 4);
  });
});
