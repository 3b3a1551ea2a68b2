import type { Event } from '../../../lambda/cloudformation/request';
import { create, FakeAws, fails, type Fault, ID, MINUTE, passThrough, properties, runs, sentAfter, stale, START, times, update } from '../../support/fake-aws';
import { expectFailed, expectNoneStopped, expectStopped, expectSuccess } from '../../support/handler-expectations';

let world: FakeAws;
beforeEach(() => {
  world = new FakeAws();
  world.lives = [runs(20 * 60, 0)];
});

/** What the previous invocation has handed over, as another version of the function would write it. */
async function handedOverByOtherVersion(event: Event, change: (handedOver: any) => unknown): Promise<Event> {
  await world.invoke(event, 2 * MINUTE);
  const next = world.handedOver.shift()!;
  return { ...next, HandedOver: change(next.HandedOver) as any };
}

const otherVersions: Array<[string, (handedOver: any) => unknown]> = [
  ['a newer version', ({ progress, ...others }) => ({ ...others, version: 2, state: { arns: progress.tasks.length } })],
  ['an older version, which numbered nothing', ({ progress }) => ({ Occasion: progress.occasion, Tasks: [] })],
  ['an older version, which did not know when a start is due', ({ progress: { tasks: [{ startAt, ...task }], ...others }, ...handedOver }) =>
    ({ ...handedOver, progress: { ...others, tasks: [{ ...task, taskArn: undefined }] } })],
  ['nothing that can be read', () => 'garbage'],
];

describe.each(otherVersions)('an invocation that receives a hand-over from %s', (_, change) => {
  test('continues waiting for the task of its request, and answers', async () => {
    world.creationTime = new Date(START);
    const event = await handedOverByOtherVersion(create(), change);

    expect(await world.request(event)).toMatchObject({ Status: 'SUCCESS' });
    expect(world.tasks).toHaveLength(1);
    expect(world.callsOf('StopTask')).toEqual([]);
  });

  test('fails with the reason and starts nothing when it finds no task', async () => {
    world.creationTime = new Date(START);
    const event = await handedOverByOtherVersion(create(), change);
    world.tasks.splice(0);

    expect(await world.request(event)).toMatchObject({
      Status: 'FAILED',
      Reason: expect.stringMatching(/^Another version of the function started the task, and this version could not find out which task it is\. Deploy again\./),
    });
    expect(world.tasks).toHaveLength(0);
  });
});

test('an invocation that cannot read a hand-over does not continue with a task of an earlier operation', async () => {
  await world.invoke(create(), 2 * MINUTE); // its task runs on
  world.handedOver = [];
  world.time = START + 10 * MINUTE;
  world.lastUpdated = new Date(world.time);
  world.stackStatus = 'UPDATE_IN_PROGRESS';
  const HandedOver = { version: 2, sentAt: world.time, receivedAt: world.time, progress: {} };
  const handedOver = { ...update(), ResponseURL: sentAfter(10), HandedOver };

  expect(await world.request(handedOver)).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('Another version of the function') });
  expect(world.tasks).toHaveLength(1);
});

test('an invocation that cannot read a hand-over takes the event for one that arrived in time', async () => {
  world.lives = [runs(20 * MINUTE / 1000, 0)];
  await world.invoke(update(), 2 * MINUTE);
  const [{ HandedOver, ...event }] = world.handedOver;
  world.lastUpdated = new Date(START + 30_000);
  world.stackStatus = 'UPDATE_IN_PROGRESS';

  expect(await world.request({ ...event, HandedOver: { version: 2 } } as any)).toMatchObject({ Status: 'SUCCESS' });
  expect(world.callsOf('StopTask')).toEqual([]);
});

test('an invocation that cannot read a hand-over counts the timeout from the start of the task, also when the event was late (seed 8514440)', async () => {
  world.creationTime = new Date(START);
  world.lives = [runs(60 * MINUTE / 1000, 0)];
  await world.sleep(MINUTE);
  const event = await handedOverByOtherVersion(create(), () => ({}));

  expect(await world.request(event)).toMatchObject({ Status: 'FAILED', Reason: expect.stringMatching(/^The task was still RUNNING after 30 minutes/) });
  expect(world.tasks[0].stoppedAt! - world.tasks[0].at).toBeGreaterThanOrEqual(30 * MINUTE);
});

test('an invocation that cannot read a hand-over fails if it is not allowed to list tasks', async () => {
  world.creationTime = new Date(START);
  const event = await handedOverByOtherVersion(create(), () => ({ version: 2 }));
  world.faults.ListTasks = Array.from({ length: 100 }, () => fails('AccessDeniedException', 'not authorized to perform: ecs:ListTasks'));

  expect(await world.request(event)).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('not authorized to perform: ecs:ListTasks') });
  expect(world.tasks).toHaveLength(1);
});

describe('an invocation that cannot read a hand-over does not stop the healthy task', () => {
  const throttledFor = (seconds: number): Fault[] => {
    const until = world.seconds() + seconds;
    return times<Fault>(1000, (_, proceed) => world.seconds() < until ? fails('ThrottlingException', 'Rate exceeded')() : proceed());
  };
  const unreadable = async (count: string) => {
    world.creationTime = new Date(START);
    return handedOverByOtherVersion(create(properties({}, { count })), () => ({ version: 2 }));
  };

  test.each<[string, string, Fault]>([
    ['no task', '1', () => ({ taskArns: [] })],
    ['two of three tasks', '3', (_, proceed) => ({ taskArns: proceed().taskArns.slice(1) })],
  ])('when its first look finds %s', async (_, count, leavesOut) => {
    const event = await unreadable(count);
    world.faults.ListTasks = times(2, leavesOut);
    expectSuccess(await world.request(event));
    expectNoneStopped(world);
  });

  test.each(['ListTasks', 'DescribeStacks'])('when %s is throttled for four minutes', async (api) => {
    const event = await unreadable('1');
    world.faults[api] = throttledFor(4 * 60);
    expectSuccess(await world.request(event));
    expectNoneStopped(world);
  });

  test('of an Update when one reading alone shows a later operation', async () => {
    world.stackStatus = 'UPDATE_IN_PROGRESS';
    world.lastUpdated = new Date(START);
    const event = await handedOverByOtherVersion(update(), () => ({ version: 2 }));
    world.time += MINUTE; // nothing that it reads can be older than the request
    world.faults.DescribeStacks = [stale('UPDATE_IN_PROGRESS', new Date(START + 10 * MINUTE))];
    expectSuccess(await world.request(event));
    expectNoneStopped(world);
  });

  test('before its timeout, while DescribeStacks is throttled', async () => {
    world.creationTime = new Date(START);
    const event = await handedOverByOtherVersion(create(properties({ TimeoutSeconds: '180' })), () => ({ version: 2 }));
    world.faults.DescribeStacks = throttledFor(10 * 60);
    expectFailed(await world.request(event), 'Another version of the function started the task');
    const [{ at }] = world.calls.filter(({ name }) => name === 'StopTask');
    expect(at).toBeGreaterThan(150);
    expect(at).toBeLessThan(185);
  });
});

test('an Update that can read neither its hand-over nor the status of the stack stops its task, and does not say that none was started', async () => {
  world.stackStatus = 'UPDATE_IN_PROGRESS';
  const event = await handedOverByOtherVersion(update(), () => ({ version: 2 }));
  world.faults.DescribeStacks = times(100, fails('ThrottlingException', 'Rate exceeded'));

  expect(await world.request(event)).toMatchObject({
    Status: 'FAILED',
    Reason: expect.stringMatching(/^Another version of the function started the task, .*\nAWS says: ThrottlingException: Rate exceeded\nCloudWatch/),
  });
  expectStopped(world, 1);
});

test.each([
  ['the network does not let through', fails('TimeoutError', 'socket hang up'), 'TimeoutError: socket hang up'],
  ['has no status', () => ({ Stacks: [] }), 'CloudFormation did not return the status of the stack'],
])('an invocation that can read neither its hand-over nor a response that %s does not call that the words of AWS', async (_, fault, reason) => {
  const event = await handedOverByOtherVersion(create(), () => ({ version: 2 }));
  world.faults.DescribeStacks = times(1000, fault);

  expect(await world.request(event)).toMatchObject({
    Status: 'FAILED',
    Reason: expect.stringContaining(`could not find out which task it is (${reason}). Deploy again.\nCloudWatch`),
  });
});

test('an invocation that cannot read a hand-over waits for all tasks of the request', async () => {
  world.creationTime = new Date(START);
  const event = await handedOverByOtherVersion(create(properties({}, { count: '3' })), () => ({ version: 2 }));

  expect(await world.request(event)).toMatchObject({ Status: 'SUCCESS' });
  expect(world.tasks).toHaveLength(3);
});

test('an invocation that cannot read a hand-over runs no task more often than retryAttempts allows', async () => {
  world.creationTime = new Date(START);
  world.lives = [runs(30, 1), runs(20 * 60, 1), runs(5, 0)];
  const event = await handedOverByOtherVersion(create(properties({ RetryAttempts: '1' })), () => ({ version: 2 }));

  expect(await world.request(event)).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('After 2 attempts') });
  expect(world.tasks).toHaveLength(2);
});

test('an invocation that cannot read a hand-over counts the attempts that ECS has forgotten', async () => {
  world.creationTime = new Date(START - 60 * MINUTE);
  world.lives = [runs(5, 1), runs(20 * 60, 1), runs(5, 0)];
  const event = await handedOverByOtherVersion(create(properties({ RetryAttempts: '1' })), () => ({ version: 2 }));
  const forgotten = world.tasks[0].taskArn; // an hour after its end
  world.faults.ListTasks = times(100, (_, proceed) => {
    const { taskArns, nextToken } = proceed();
    return { taskArns: taskArns.filter((arn: string) => arn !== forgotten), nextToken };
  });

  expect(await world.request(event)).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('After 2 attempts') });
  expect(world.tasks).toHaveLength(2);
});

test.each<[string, Fault[]]>([
  ['', []],
  [', also if only its first look succeeds', [passThrough, passThrough, passThrough, passThrough, ...times(1000, fails('AccessDeniedException'))]],
])('an invocation that does not know whose task runs stops the task, because nothing waits for it%s', async (_, listTasks) => {
  world.creationTime = new Date(START);
  world.lives = [runs(5, 1), runs(20 * 60, 0)];
  await world.request({ ...create(), RequestId: 'another' });
  const event = await handedOverByOtherVersion(create(), () => ({ version: 2 }));
  world.faults.ListTasks = listTasks;

  expect(await world.request(event)).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('Another version of the function') });
  expectStopped(world, 2);
});

test('an invocation that cannot read a hand-over leaves the task of a later request alone, also when the stack looks as before (seed 12226338)', async () => {
  world.creationTime = new Date(START);
  const event = await handedOverByOtherVersion(create(), () => ({ version: 2 }));
  world.tasks.splice(0);
  await world.invoke({ ...create(), RequestId: 'later', ResponseURL: sentAfter(120) }, 2 * MINUTE);

  expect(await world.request(event)).toMatchObject({ Status: 'FAILED', Reason: expect.stringMatching(/^Another request started a task/) });
  expect(world.callsOf('StopTask')).toEqual([]);
});

describe('a resource that receives a baton of another version', () => {
  const nextLeg = (baton: string, more: object = {}) => ({
    ...create(properties({ ServiceTimeout: '3600', TimeoutSeconds: '7000', PreviousLeg: { First: 'Migration', Baton: baton }, ...more })),
    LogicalResourceId: 'Migration2',
    RequestId: 'c0ffee00-second',
    ResponseURL: sentAfter(60),
  });

  test.each(['{"version":2,"legs":[]}', '{"State":"RUNNING"}', '{"version":1,"state":"SUCCEEDED"}', 'not JSON', 'null'])('continues waiting for the task of the previous resource: %s', async (baton) => {
    world.creationTime = new Date(START);
    world.lives = [runs(90 * 60, 0)];
    await world.invoke(create(properties({ ServiceTimeout: '3600', TimeoutSeconds: '7000', HasNextLeg: 'true' })), 2 * MINUTE);
    world.handedOver = [];
    world.time = START + 60 * MINUTE;

    expect(await world.request(nextLeg(baton))).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: ID });
    expect(world.tasks).toHaveLength(1);
    expect(world.callsOf('StopTask')).toEqual([]);
  });

  test('starts no third task while ECS does not list the second one yet (seed 8888586)', async () => {
    world.creationTime = new Date(START);
    world.lives = [runs(30, 1), runs(90 * 60, 0)];
    const long = { ServiceTimeout: '3600', TimeoutSeconds: '7000', RetryAttempts: '2' };
    await world.invokeThenCrash(create(properties({ ...long, HasNextLeg: 'true' })), 4 * MINUTE);
    world.time = START + 60 * MINUTE;
    world.faults.ListTasks = times(2, (_, proceed) => ({ taskArns: proceed().taskArns.filter((arn: string) => arn !== world.tasks[1].taskArn) }));

    expect(await world.request(nextLeg('null', { RetryAttempts: '2' }))).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: ID });
    expect(world.tasks).toHaveLength(2);
    expect(world.callsOf('StopTask')).toEqual([]);
  });

  test('does not continue with the task of an earlier deployment after a stale response (seed 10463922)', async () => {
    world.lives = [runs(30, 0)];
    await world.request(create(properties({ HasNextLeg: 'true' })));
    world.time = START + 60 * MINUTE;
    world.stackStatus = 'UPDATE_IN_PROGRESS';
    world.lastUpdated = new Date(world.time - 10_000);
    world.faults.DescribeStacks = [stale('CREATE_FAILED')];

    expect(await world.request(nextLeg('null'))).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('Another version of the function') });
  });

  test('fails with the reason and starts nothing when no task was created since the operation began', async () => {
    world.creationTime = new Date(START);

    expect(await world.request(nextLeg('{"version":2}'))).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('Another version of the function') });
    expect(world.tasks).toHaveLength(0);
  });
});

test('hand-overs and batons of this version contain their version', async () => {
  await world.invoke(create(), 2 * MINUTE);
  expect(world.handedOver[0].HandedOver).toMatchObject({ version: 1 });

  const answer = await new FakeAws().request(create(properties({ HasNextLeg: 'true' })));
  expect(JSON.parse(answer.Data!.Baton)).toMatchObject({ version: 1 });
});
