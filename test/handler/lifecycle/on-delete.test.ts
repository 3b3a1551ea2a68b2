import { create, fails, ID, MINUTE, properties, remove, runs, sentAfter, START, update, FakeAws, passThrough, stale, times } from '../../support/fake-aws';
import { expectSuccess, expectFailed, expectNoneStopped, expectStarted } from '../../support/handler-expectations';

let world: FakeAws;
beforeEach(() => { world = new FakeAws(); });

describe('Delete with onDelete', () => {
  beforeEach(() => { world.stackStatus = 'DELETE_IN_PROGRESS'; });
  const { RunOn, ServiceToken, ServiceTimeout, ...run } = properties({ CompleteWhen: 'TASK_STOPPED', RetryAttempts: '1' }, { taskDefinition: 'drop:1' });
  const drop = (id = ID) => remove(properties({ OnDelete: run }), id);

  test('runs the task, and waits until the network interface of the task is gone', async () => {
    world.lives = [runs(10, 0)];
    const { Status, at } = await world.request(drop());
    expect(Status).toBe('SUCCESS');
    expect(at).toBeGreaterThan(60);
    expect(world.callsOf('RunTask')).toMatchObject([{ taskDefinition: 'drop:1' }]);
  });

  test('fails when the task fails, after as many reruns as retryAttempts', async () => {
    world.lives = [runs(10, 3)];
    expectFailed(await world.request(drop()), 'After 2 attempts: container "app" exited with code 3.');
  });

  test('stops the task at its deadline, although DescribeStacks is throttled after the hand-over', async () => {
    world.lives = [runs(60 * 60, 0)];
    world.faults.DescribeStacks = times(1000, (_, proceed) => world.seconds() < 600 ? proceed() : fails('ThrottlingException', 'Rate exceeded')());
    expectFailed(await world.request(remove(properties({ ServiceTimeout: '1000', OnDelete: { ...run, TimeoutSeconds: '700' } }))), 'The task was still RUNNING');
    expect(world.tasks[0].stoppedAt! - START).toBeLessThan(705_000);
  });

  test('starts the task after the previous task has stopped', async () => {
    world.stackStatus = 'UPDATE_IN_PROGRESS';
    world.lives = [runs(60 * 60, 0), runs(10, 0)];
    await world.invokeThenCrash(update());
    world.stackStatus = 'DELETE_IN_PROGRESS';
    await world.request(drop());
    expect(world.tasks[1].at - world.tasks[0].stoppedAt!).toBeGreaterThanOrEqual(30_000);
  });

  test('runs the task only once, across hand-overs and redelivered events', async () => {
    world.lives = [runs(20 * 60, 0)];
    await world.request(drop());
    await world.request(drop());
    expect(world.callsOf('Invoke').length).toBeGreaterThan(0);
    expectStarted(world, 1);
  });

  test.each(['ROLLBACK_IN_PROGRESS', 'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS'])('succeeds in a rollback when the task fails: %s', async (status) => {
    world.stackStatus = status;
    world.lastUpdated = new Date(START);
    world.lives = [runs(12 * 60, 3)];
    expectSuccess(await world.request(drop()), { Reason: expect.stringContaining('exited with code 3') });
  });

  test('fails when the task fails and only a response of the operation before showed a rollback (seed 10930100)', async () => {
    world.stackStatus = 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS';
    world.lastUpdated = new Date(START);
    world.lives = [runs(60, 3)];
    world.faults.DescribeStacks = [stale('UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS', new Date(START - MINUTE))];
    expectFailed(await world.request(drop()), 'exited with code 3');
  });

  test('succeeds when only a reading in the middle showed the rollback, in which the task fails (seed 9939220)', async () => {
    world.lives = [runs(2 * 60, 3)];
    world.stackStatus = 'ROLLBACK_IN_PROGRESS';
    const throttled = times(1000, fails('ThrottlingException', 'Rate exceeded'));
    world.faults.DescribeStacks = [stale('CREATE_IN_PROGRESS'), stale('CREATE_IN_PROGRESS'), passThrough, ...throttled];
    const event = remove(properties({ OnDelete: { ...run, RetryAttempts: '0' } }));
    expectSuccess(await world.request(event), { Reason: expect.stringContaining('The rollback continues without its task.') });
  });

  test('fails when the task fails and DescribeStacks does not know the stack', async () => {
    world.lives = [runs(10, 3)];
    world.faults.DescribeStacks = times(1, fails('ValidationError', 'Stack does not exist'));
    expectFailed(await world.request(drop()), 'exited with code 3');
  });

  test('stops the task that a crashed invocation of the request has started when another deployment has begun', async () => {
    world.lives = [runs(60 * 60, 0)];
    await world.invokeThenCrash(drop());
    await world.sleep(START + 5 * MINUTE - world.time);
    world.stackStatus = 'UPDATE_IN_PROGRESS';
    world.lastUpdated = new Date(START + 4 * MINUTE);
    expectFailed(await world.request(drop()), 'This request is out of date');
    expect(world.callsOf('StopTask')).toEqual([expect.objectContaining({ task: world.tasks[0].taskArn, reason: expect.stringContaining('the request failed') })]);
  });

  test('starts no task next to that of a later Delete, when its event arrives again (seed 10105204)', async () => {
    world.lives = [runs(60 * 60, 0)];
    await world.invokeThenCrash({ ...drop(), RequestId: 'later', ResponseURL: sentAfter(0.5) });
    expectFailed(await world.request(drop()), 'Another request started a task of this resource after this request was sent.');
    expectStarted(world, 1);
    expectNoneStopped(world);
  });

  test('starts no task for an old event when another deployment has begun', async () => {
    await world.sleep(5 * MINUTE);
    world.faults.DescribeStacks = times(100, stale('UPDATE_IN_PROGRESS', new Date(START + 4 * MINUTE)));
    await world.request(drop());
    expectStarted(world, 0);
  });

  test('continues waiting after a hand-over, although one reading says that another deployment has begun', async () => {
    world.lives = [runs(25 * 60, 0)];
    await world.invoke(drop());
    world.lastUpdated = new Date(world.time);
    const [next] = world.handedOver.splice(0);
    expectSuccess(await world.request(next));
    expectNoneStopped(world);
  });

  test('fails with the path of a property that does not fit', async () => {
    const odd = remove(properties({ OnDelete: { ...run, Request: { ...run.Request, count: 'two' } } }));
    expectFailed(await world.request(odd), 'The property OnDelete.Request.count is not a number');
  });

  test('starts no task after a Create that failed or never answered', async () => {
    world.stackStatus = 'CREATE_IN_PROGRESS';
    world.lives = [runs(5, 1)];
    const { PhysicalResourceId } = await world.request(create());
    expect(PhysicalResourceId).toMatch(new RegExp(`^${ID}/[0-9a-f]{8}/failed$`));
    world.stackStatus = 'ROLLBACK_IN_PROGRESS';
    expectSuccess(await world.request(drop(PhysicalResourceId)), { PhysicalResourceId });
    expectSuccess(await world.request({ ...drop('Shop-Migration-1ABCDEF'), RequestId: 'cancelled' }));
    expectStarted(world, 1);
  });
});

test('a RunTask that gets a new logical id runs its task first, and then the task of onDelete of the old one', async () => {
  world.lives = [runs(5, 0)];
  const command = (word: string) => properties({}, { overrides: { containerOverrides: [{ name: 'app', command: [word] }] } });
  const { RunOn, ServiceToken, ServiceTimeout, ...drop } = command('drop-tenant');
  const tenant = { ...command('create-tenant'), OnDelete: { ...drop, CompleteWhen: 'TASK_STOPPED' } };
  world.stackStatus = 'UPDATE_IN_PROGRESS';
  expectSuccess(await world.request({ ...create(tenant), LogicalResourceId: 'Renamed' }));
  world.stackStatus = 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS';
  expectSuccess(await world.request(remove(tenant)));

  expect(world.callsOf('RunTask').map(({ overrides }) => overrides.containerOverrides[0].command)).toEqual([['create-tenant'], ['drop-tenant']]);
});
