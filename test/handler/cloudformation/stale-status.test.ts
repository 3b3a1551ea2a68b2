import { create, FakeAws, fails, Fault, MINUTE, passThrough, properties, runs, sentAfter, stale, START, times, unreadable, update } from '../../support/fake-aws';
import { expectFailed, expectNoneStopped, expectStarted, expectStopped, expectSuccess } from '../../support/handler-expectations';

let world: FakeAws;
beforeEach(() => { world = new FakeAws(); });

const readingsAt = () => world.calls.filter(({ name }) => name === 'DescribeStacks').map(({ at }) => at);

describe('a rollback while DescribeStacks still reports the update', () => {
  beforeEach(() => {
    world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    world.lives = [runs(60 * 60, 0)];
  });

  test('starts no task and succeeds when only the first reading is stale', async () => {
    world.faults.DescribeStacks = [stale('UPDATE_IN_PROGRESS')];
    expectSuccess(await world.request(update()), { Reason: 'No task was run: the deployment was cancelled before the task started.' });
    expectStarted(world, 0);
  });

  test('starts no task and succeeds when only the second reading is stale', async () => {
    world.faults.DescribeStacks = [passThrough, stale('UPDATE_IN_PROGRESS'), stale('UPDATE_IN_PROGRESS')];
    expectSuccess(await world.request(update()), { Reason: 'No task was run: this is a rollback.' });
    expectStarted(world, 0);
  });

  test('starts no task and succeeds when the reading right before the start is the first that is not stale', async () => {
    world.faults.DescribeStacks = times(2, stale('UPDATE_IN_PROGRESS'));
    expectSuccess(await world.request(update()), { Reason: 'No task was run: the deployment was cancelled before the task started.' });
    expectStarted(world, 0);
  });

  test('stops the task that it started, and succeeds, when all readings before the start are stale', async () => {
    world.faults.DescribeStacks = times(3, stale('UPDATE_IN_PROGRESS'));
    expectSuccess(await world.request(update()), { Reason: expect.stringMatching(/^The rollback continues without its task\.\nThe deployment already ended \(UPDATE_ROLLBACK_IN_PROGRESS\), and nothing waits for the task\./) });
    expectStarted(world, 1);
    expectStopped(world, 1);
  });

  test('stops the task that ECS has started without an answer, and succeeds, when all readings before the start are stale', async () => {
    world.faults.DescribeStacks = times(3, stale('UPDATE_IN_PROGRESS'));
    world.faults.RunTask = [unreadable(Object.assign(new Error('socket hang up'), { name: 'TimeoutError' }))];
    expectSuccess(await world.request(update()));
    expectStopped(world, 1);
  });

  test('succeeds when its task fails and the reading after that is stale', async () => {
    world.lives = [runs(5, 1)];
    world.faults.DescribeStacks = times(10, (input, proceed) => (world.seconds() < 45 ? stale('UPDATE_IN_PROGRESS') : passThrough)(input, proceed));
    expectSuccess(await world.request(update()), { Reason: expect.stringMatching(/^The rollback continues without its task\.\nContainer "app" exited with code 1\./) });
  });
});

describe('an Update while DescribeStacks still reports the rollback before', () => {
  const before = new Date(START - 10 * MINUTE);
  beforeEach(() => {
    world.stackStatus = 'UPDATE_IN_PROGRESS';
    world.lastUpdated = new Date(START);
    world.lives = [runs(60, 0)];
  });

  test.each(['UPDATE_ROLLBACK_IN_PROGRESS', 'ROLLBACK_IN_PROGRESS'])('runs its task when the next response is of a later operation: %s', async (status) => {
    world.faults.DescribeStacks = [stale(status, before)];
    expectSuccess(await world.request(update()), { Reason: '' });
    expectStarted(world, 1);
  });

  test.each(['UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS', 'UPDATE_ROLLBACK_COMPLETE'])('runs its task when the next response shows the end of that rollback: %s', async (status) => {
    world.faults.DescribeStacks = [stale('UPDATE_ROLLBACK_IN_PROGRESS', before), stale(status, before)];
    expectSuccess(await world.request(update()), { Reason: '' });
    expectStarted(world, 1);
  });

  test.each<[string, Fault[]]>([
    ['the next response is as old', times(2, stale('UPDATE_ROLLBACK_IN_PROGRESS', before))],
    ['the next call fails', [stale('UPDATE_ROLLBACK_IN_PROGRESS', before), fails('ThrottlingException', 'Rate exceeded')]],
    ['the next response does not say when the operation began', [stale('UPDATE_ROLLBACK_IN_PROGRESS', before), stale('UPDATE_IN_PROGRESS')]],
    ['no response says when the operation began', times(100, stale('UPDATE_ROLLBACK_IN_PROGRESS'))],
    ['the next response is of an operation that began after the request', [stale('UPDATE_ROLLBACK_IN_PROGRESS', before), stale('UPDATE_IN_PROGRESS', new Date(START + 30_000))]],
  ])('starts no task when %s: a rollback must not fail', async (_, responses) => {
    world.faults.DescribeStacks = responses;
    expectSuccess(await world.request(update()), { Reason: 'No task was run: this is a rollback.' });
    expectStarted(world, 0);
  });

  test('does not ask again more than a minute after the request was sent', async () => {
    world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    world.creationTime = before;
    world.time += 2 * MINUTE;
    const asked = await world.request({ ...update(), ResponseURL: sentAfter(0) });
    expectSuccess(asked, { Reason: 'No task was run: this is a rollback.' });
    expect(readingsAt()).toHaveLength(1);
  });
});

describe('an Update', () => {
  beforeEach(() => { world.stackStatus = 'UPDATE_IN_PROGRESS'; });

  test('reads the status of the stack twice, 4 seconds apart, and again right before the start', async () => {
    expectSuccess(await world.request(update()));
    const [first, second, third] = readingsAt();
    expect(second - first).toBeGreaterThanOrEqual(4);
    expect(second - first).toBeLessThan(5);
    expect(third - second).toBeLessThan(0.5);
    expect((world.tasks[0].at - START) / 1000 - third).toBeLessThan(0.5);
  });

  test('fails with its own task only after another reading of the status', async () => {
    world.lives = [runs(5, 1)];
    expectFailed(await world.request(update()), 'Container "app" exited with code 1.');
    expect(readingsAt().pop()).toBeGreaterThanOrEqual(40);
  });

  test.each(['UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS', 'UPDATE_ROLLBACK_COMPLETE', 'UPDATE_COMPLETE'])('runs its task when DescribeStacks still reports %s at first', async (status) => {
    world.lastUpdated = new Date(START);
    world.faults.DescribeStacks = times(2, stale(status));
    expectSuccess(await world.request(update()), { Reason: '' });
    expectStarted(world, 1);
  });

  test.each([['with its time', new Date(START - 10_000)], ['without a time', undefined]])('starts nothing if its operation seemed to have ended, by a reading %s, and no later reading names its operation', async (_, time) => {
    world.faults.DescribeStacks = [stale('UPDATE_ROLLBACK_COMPLETE', time), ...times(100, stale('UPDATE_IN_PROGRESS'))];
    expectFailed(await world.request(update()), 'This request is out of date: CloudFormation has continued without it.');
    expectStarted(world, 0);
  });

  test('does not stop its running task because of one stale status', async () => {
    world.lives = [runs(5 * 60, 0)];
    world.faults.DescribeStacks = [...times(3, passThrough), stale('UPDATE_COMPLETE')];
    expectSuccess(await world.request(update()));
    expectNoneStopped(world);
  });

  test('does not stop its running task because of stale readings in the first minute of the request', async () => {
    world.lives = [runs(5 * 60, 0)];
    world.faults.DescribeStacks = times(100, (input, proceed) => (world.tasks.length > 0 && world.seconds() < 60 ? stale('UPDATE_COMPLETE') : passThrough)(input, proceed));
    expectSuccess(await world.request(update()));
    expectNoneStopped(world);
  });
});

describe('a request that Lambda delivers again after its operation has ended', () => {
  const began = new Date(START - 10_000);
  const readings = (...statuses: string[]) => statuses.map((status) => stale(status, status.startsWith('UPDATE') ? began : undefined));

  test.each([
    ['a rollback', update(), ['UPDATE_ROLLBACK_COMPLETE', 'UPDATE_IN_PROGRESS']],
    ['a rollback, whose first reading is older than the second', update(), ['UPDATE_IN_PROGRESS', 'UPDATE_ROLLBACK_COMPLETE', 'UPDATE_IN_PROGRESS']],
    ['a rollback with its task', update(properties({ OnRollback: 'RUN' })), ['UPDATE_ROLLBACK_IN_PROGRESS', 'UPDATE_ROLLBACK_COMPLETE', 'UPDATE_ROLLBACK_IN_PROGRESS']],
    ['an Update that was not rolled back', update(), ['UPDATE_FAILED', 'UPDATE_IN_PROGRESS']],
    ['an Update that has succeeded', update(), ['UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', 'UPDATE_IN_PROGRESS']],
    ['a late Create that was not rolled back', create(), ['CREATE_FAILED', 'CREATE_IN_PROGRESS']],
    ['a late Create that was deleted', create(), ['DELETE_FAILED', 'CREATE_IN_PROGRESS']],
  ])('starts nothing when DescribeStacks reports an earlier state of the operation again: %s', async (_, event, statuses) => {
    await world.sleep(2 * MINUTE);
    world.stackStatus = statuses[statuses.length - 2];
    world.lastUpdated = began;
    const last = readings(...statuses).pop()!;
    const staleForAMinute: Fault = (input, proceed) => (world.seconds() < 3 * 60 ? last : passThrough)(input, proceed);
    world.faults.DescribeStacks = [...readings(...statuses), ...times(100, staleForAMinute)];
    await world.request({ ...event, ResponseURL: sentAfter(0) });
    expectStarted(world, 0);
  });
});

test('a Create whose time ends says that CloudFormation reported an earlier status, instead of that it did not answer (seed 11017764)', async () => {
  const began = new Date(START - 10_000);
  await world.sleep(MINUTE);
  world.faults.DescribeStacks = [stale('ROLLBACK_COMPLETE', began), ...times(100, stale('UPDATE_IN_PROGRESS', began))];
  expectFailed(await world.request(create(properties({ TimeoutSeconds: '40' }))),
    /^The task did not start within 40 seconds: CloudFormation returned an earlier status of the stack than before\.\nCloudWatch/);
});

describe('a running task of a Create', () => {
  test('is not stopped because of one stale status right after the start', async () => {
    world.lives = [runs(5 * 60, 0)];
    world.faults.DescribeStacks = [passThrough, stale('REVIEW_IN_PROGRESS')];
    expectSuccess(await world.request(create()));
    expectNoneStopped(world);
  });

  test('is not stopped because of responses for another stack', async () => {
    world.lives = [runs(5 * 60, 0)];
    const other = { StackId: 'arn:aws:cloudformation:eu-west-1:111122223333:stack/Other/1', StackStatus: 'DELETE_IN_PROGRESS' };
    const isOther = () => world.seconds() >= 2 * 60 && world.seconds() < 3 * 60;
    world.faults.DescribeStacks = times(100, (_, proceed) => isOther() ? { Stacks: [other] } : proceed());
    expectSuccess(await world.request(create()));
    expectNoneStopped(world);
  });

  test('is stopped only when the next reading, 15 seconds later, confirms the status', async () => {
    world.lives = [runs(20 * 60, 0)];
    const isStale = () => world.seconds() >= 5 * 60 && world.seconds() < 5 * 60 + 12;
    world.faults.DescribeStacks = times(100, (input, proceed) => (isStale() ? stale('UPDATE_FAILED') : passThrough)(input, proceed));
    expectSuccess(await world.request(create()));
    expectNoneStopped(world);
  });

  test('is stopped 15 seconds after the first reading that shows that the deployment has ended', async () => {
    world.lives = [runs(20 * 60, 0)];
    world.faults.DescribeStacks = times(100, (input, proceed) => (world.seconds() >= 5 * 60 ? stale('UPDATE_FAILED') : passThrough)(input, proceed));
    expectFailed(await world.request(create()), 'The deployment already ended (UPDATE_FAILED), and nothing waits for the task.');
    const first = readingsAt().find((at) => at >= 5 * 60)!;
    expect(world.tasks[0].stoppedAt! - START).toBeGreaterThanOrEqual((first + 15) * 1000);
    expect(world.tasks[0].stoppedAt! - START).toBeLessThan((first + 20) * 1000);
  });

});

test('a Create runs its task while the stack imports resources', async () => {
  world.stackStatus = 'IMPORT_IN_PROGRESS';
  expectSuccess(await world.request(create()));
  expectStarted(world, 1);
});

describe('an Update that puts the resource back after its own Update failed without a rollback of the stack', () => {
  const putBack = () => world.request({ ...update(), RequestId: 'put-back', ResponseURL: sentAfter(2) });
  beforeEach(async () => {
    world.stackStatus = 'UPDATE_IN_PROGRESS';
    world.lastUpdated = new Date(START);
    world.lives = [runs(5, 1), runs(5, 0)];
    expectFailed(await world.request(update()));
    await world.sleep(START + 2 * MINUTE - world.time);
  });

  test('runs nothing and succeeds', async () => {
    expectSuccess(await putBack(), { Reason: 'No task was run: CloudFormation is restoring the previous properties.' });
    expectStarted(world, 1);
  });

  test('starts nothing in the next deployment when it was cancelled before CloudFormation reported which update is running', async () => {
    world.lastUpdated = new Date(START + 3 * MINUTE);
    const undated = (status: string) => times(2, stale(status));
    world.faults.DescribeStacks = [...undated('UPDATE_IN_PROGRESS'), ...undated('UPDATE_IN_PROGRESS'), ...undated('UPDATE_ROLLBACK_IN_PROGRESS')];
    expectSuccess(await world.request({ ...update(), RequestId: 'cancelled', ResponseURL: sentAfter(2) }), {
      Reason: 'No task was run: the deployment was cancelled before the task started.',
    });
    expectStarted(world, 1);
  });

  test('is not assumed while the stack is being deleted (seed 9528899)', async () => {
    world.stackStatus = 'DELETE_IN_PROGRESS';
    world.lastUpdated = undefined;
    world.creationTime = new Date(START);
    expectFailed(await putBack(), 'cancelled before the task started');
  });

  test('is not assumed of a task that a request of an earlier deployment has started in this one (seed 10006486)', async () => {
    world.lastUpdated = new Date(START + MINUTE / 2);
    world.lives = [runs(60 * 60, 0), runs(5, 0)];
    await world.invokeThenCrash({ ...update(), RequestId: 'late', ResponseURL: sentAfter(1) });
    world.lastUpdated = new Date(START + 2 * MINUTE);
    expectSuccess(await world.request({ ...update(), RequestId: 'next', ResponseURL: sentAfter(3) }), { Reason: '' });
    expectStarted(world, 3);
  });

  test('is not assumed of the next deployment', async () => {
    world.lastUpdated = new Date(START + 2 * MINUTE);
    expectSuccess(await putBack(), { Reason: '' });
    expectStarted(world, 2);
  });

  test('is not assumed of the next deployment when the responses that would show its time contain no stack', async () => {
    world.lastUpdated = new Date(START + 2 * MINUTE);
    world.faults.DescribeStacks = [passThrough, passThrough, () => ({}), () => ({ Stacks: [{}] })];
    expectSuccess(await putBack(), { Reason: '' });
    expectStarted(world, 2);
  });

  test('is not assumed of the next deployment while DescribeStacks reports the time of the previous one', async () => {
    world.lastUpdated = new Date(START + 2 * MINUTE);
    world.faults.DescribeStacks = times(3, stale('UPDATE_IN_PROGRESS', new Date(START)));
    expectSuccess(await putBack(), { Reason: '' });
    expectStarted(world, 2);
  });
});
