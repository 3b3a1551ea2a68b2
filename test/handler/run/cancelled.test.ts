import { create, fails, Fault, MINUTE, notPlaced, properties, runs, FakeAws, stale, times, passThrough } from '../../support/fake-aws';
import { expectSuccess, expectFailed, expectStarted, expectStopped } from '../../support/handler-expectations';

let world: FakeAws;
beforeEach(() => { world = new FakeAws(); });

describe('a deployment that has already ended', () => {
  test.each(['CREATE_COMPLETE', 'CREATE_FAILED', 'UPDATE_FAILED'])('starts no task while the stack is %s', async (status) => {
    world.stackStatus = status;
    world.time += MINUTE; // the event is late
    expectFailed(await world.request(create()), `The task did not start: the stack is not being deployed (${status}).`);
    expectStarted(world, 0);
  });

  test('starts no task once the stack rolls back', async () => {
    world.stackStatus = 'ROLLBACK_IN_PROGRESS';
    world.time += MINUTE; // the event is late
    expectFailed(await world.request(create()), 'cancelled before the task started');
    expectStarted(world, 0);
  });

  test('starts no task once the stack rolls back while it looks for those of its earlier attempts (seed 30000915)', async () => {
    world.faults.RunTask = [notPlaced('RESOURCE:MEMORY'), fails('TimeoutError', 'socket hang up')]; // it looks twice, 10 seconds apart
    world.faults.DescribeStacks = times<Fault>(100, (input, proceed) => (world.seconds() > 10 ? stale('ROLLBACK_IN_PROGRESS') : passThrough)(input, proceed));
    expectFailed(await world.request(create(properties({}, { count: '2' }))), 'cancelled before the task started');
    expectStarted(world, 0);
    expect(world.callsOf('RunTask')).toHaveLength(2);
  });

  test.each(['ROLLBACK_IN_PROGRESS', 'UPDATE_FAILED'])('stops the running task when the stack is %s', async (status) => {
    world.lives = [runs(20 * 60, 0)];
    await world.invoke(create(), 4 * MINUTE);
    world.stackStatus = status;
    const { Status, Reason, at } = await world.request(world.handedOver.shift()!);
    expect(Status).toBe('FAILED');
    expect(Reason).toContain(`The deployment already ended (${status}), and nothing waits for the task.`);
    expect(at).toBeLessThan(4 * 60);
    expectStopped(world, 1);
  });

  test('stops the running task although the next deployment has begun when it is checked again (seed 9723097)', async () => {
    world.lives = [runs(20 * 60, 0)];
    await world.invoke(create(), 4 * MINUTE);
    world.stackStatus = 'UPDATE_IN_PROGRESS';
    world.lastUpdated = new Date(world.time);
    world.faults.DescribeStacks = [stale('CREATE_FAILED')];
    expectFailed(await world.request(world.handedOver.shift()!), 'This request is out of date: CloudFormation has continued without it.');
    expectStopped(world, 1);
  });

  test('is checked again, because DescribeStacks can be stale at the beginning of a deployment', async () => {
    world.faults.DescribeStacks = times(3, () => ({ Stacks: [{ StackStatus: 'UPDATE_COMPLETE' }] }));
    world.time += 15_000; // the event is late
    expectSuccess(await world.request(create()));
  });

  test('is not looked for by a Create that was just sent, so that the task starts although DescribeStacks is throttled', async () => {
    world.faults.DescribeStacks = times(1000, fails('ThrottlingException'));
    expectSuccess(await world.request(create()));
    expect(world.calls.find(({ name }) => name === 'RunTask')!.at).toBeLessThan(1);
  });

  test('is looked for by a Create whose URL does not show when it was sent', async () => {
    world.stackStatus = 'CREATE_COMPLETE';
    expectFailed(await world.request({ ...create(), ResponseURL: create().ResponseURL.replace(/X-Amz-Date=[^&]*&/, '') }), 'not being deployed');
    expectStarted(world, 0);
  });

  test('is not assumed while DescribeStacks is throttled', async () => {
    world.time += 15_000; // the event is late
    world.faults.DescribeStacks = [passThrough, ...times(3, fails('ThrottlingException'))];
    expectSuccess(await world.request(create()));
  });

  test('is checked after the start, 5, 15, 30 and 60 seconds later, and then each minute', async () => {
    world.lives = [runs(10 * 60, 0)];
    await world.request(create());
    const looks = world.calls.filter(({ name }) => name === 'DescribeStacks').map(({ at }) => at);
    const expected = [0, 5, 15, 30, ...Array.from({ length: 10 }, (_, minute) => (minute + 1) * 60)];
    expect(looks).toHaveLength(expected.length);
    looks.forEach((at, index) => expect(at - expected[index]).toBeGreaterThanOrEqual(0));
    looks.forEach((at, index) => expect(at - expected[index]).toBeLessThan(25));
  });
});
