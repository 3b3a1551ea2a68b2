import { CLUSTER, create, doesNotStart, fails, Life, MINUTE, properties, runs, FakeAws, times, passThrough, notPlaced } from '../../support/fake-aws';
import { expectFailed, expectStarted, expectStopped } from '../../support/handler-expectations';

let world: FakeAws;
beforeEach(() => { world = new FakeAws(); });

describe('the timeout', () => {
  test('stops the task and waits until the task has stopped', async () => {
    world.lives = [runs(60 * 60, 0)];
    const answer = await world.request(create());
    expectFailed(answer, /30 minutes.*RUNNING|RUNNING.*30 minutes/);
    expect(world.callsOf('StopTask')).toEqual([{ cluster: CLUSTER, task: world.tasks[0].taskArn, reason: expect.stringContaining('30 minutes') }]);
    expect(answer.at).toBeGreaterThan(30 * 60 + 30);
    expect(answer.at).toBeLessThan(31 * 60);
  });

  test('stops only the tasks that still run', async () => {
    world.lives = [runs(60, 0), runs(29 * 60, 0), runs(60 * 60, 0)];
    await world.request(create(properties({}, { count: '3' })));
    expectStopped(world, 3);
  });

  test('is preceded by a last DescribeTasks exactly at the deadline, however long the poll interval is', async () => {
    world.lives = [runs(60 * 60, 0)];
    world.faults.DescribeTasks = [fails('ThrottlingException')];
    await world.request(create(properties({ TimeoutSeconds: '1234' })));
    expect(world.calls.find(({ name }) => name === 'StopTask')!.at).toBeCloseTo(1_234, 0);
  });

  test('of one hour lets the function answer before CloudFormation gives up', async () => {
    world.lives = [runs(2 * 60 * 60, 0)];
    const { at } = await world.request(create(properties({ TimeoutSeconds: '3600' })));
    expect(at).toBeLessThan(3600 - 60);
  });

  test('counts from the first invocation, also after a hand-over', async () => {
    world.lives = [runs(2 * 60 * 60, 0)];
    const { at } = await world.request(create(properties({ TimeoutSeconds: '1200' })));
    expect(at).toBeLessThan(21 * 60);
  });

  test('ends the retries for capacity', async () => {
    world.faults.RunTask = times(1000, notPlaced('RESOURCE:CPU'));
    expectFailed(await world.request(create()), /within 30 minutes: no container instance has enough free resources for it/);
    expect(world.seconds()).toBeLessThan(31 * 60);
  });

  test('is never followed by a RunTask call', async () => {
    world.faults.RunTask = times(1000, notPlaced('RESOURCE:CPU'));
    await world.request(create());
    expect(Math.max(...world.calls.filter(({ name }) => name === 'RunTask').map(({ at }) => at))).toBeLessThan(30 * 60);
  });

  test('prevents a start in an invocation that begins after the deadline', async () => {
    world.faults.RunTask = times(1000, notPlaced('RESOURCE:CPU'));
    await world.invoke(create(), 2 * MINUTE);
    world.faults.RunTask = [];
    await world.sleep(40 * MINUTE);
    await world.invoke(world.handedOver.shift()!);
    expect(world.answers).toMatchObject([{ Status: 'FAILED' }]);
    expectStarted(world, 0);
  });

  test('of one second reports that there was no time for a first attempt', async () => {
    world.faults.ListTasks = times(4, fails('AccessDeniedException'));
    expectFailed(await world.request(create(properties({ TimeoutSeconds: '1' }))), 'The task did not start within 1 second: no time was left for the first attempt.');
  });
});

describe('an event that Lambda delivers late', () => {
  test('gets a shorter timeout, so that CloudFormation still receives the answer', async () => {
    world.lives = [runs(60 * 60, 0)];
    await world.sleep(4 * MINUTE);
    const { Reason, at } = await world.request(create(properties({ TimeoutSeconds: '600' })));
    expect(Reason).toMatch(/^The task .*\b8 minutes\b/);
    expect(at).toBeLessThan(15 * 60);
  });

  test('starts no task when it arrives after the timeout', async () => {
    await world.sleep(10 * MINUTE);
    const { Reason } = await world.request(create(properties({ TimeoutSeconds: '300' })));
    expect(Reason).toContain('Lambda delivered the request 10 minutes late, after the timeout of the task. Deploy again.');
    expectStarted(world, 0);
  });

  test('starts no task when ServiceTimeout leaves no time for one, and the message says so', async () => {
    expectFailed(await world.request(create(properties({ ServiceTimeout: '180' }))), 'The property ServiceTimeout is not more than 180. Correct the parameter or override');
    expectStarted(world, 0);
  });

  test.each([0, 1, 59, 60])('is answered when it arrives %d minutes late', async (minutes) => {
    await world.sleep(minutes * MINUTE + 1);
    expect(await world.request(create())).toMatchObject({ Status: minutes < 30 ? 'SUCCESS' : 'FAILED' });
  });
});

describe('the failure message at the deadline', () => {
  const startsOnlyTheFirst = () => {
    world.faults.RunTask = [passThrough, ...times(1000, notPlaced('RESOURCE:CPU'))];
    world.lives = [runs(60 * 60, 0)];
  };

  test('describes the task that still runs, rather than a task that did not start', async () => {
    startsOnlyTheFirst();
    const { Reason } = await world.request(create(properties({}, { count: '2' })));
    expect(Reason).toMatch(/^The task .*\bRUNNING\b.*\nAnother task: the task did not start: .*\. AWS says: RESOURCE:CPU\nLog group/);
  });

  test.each<[string, Life, string]>([
    ['could not start', doesNotStart('Capacity is unavailable at this time.'), 'the task did not start: .*\\. AWS says: Capacity is unavailable at this time\\.'],
    ['failed', runs(600, 4), 'container "app" exited with code 4\\.'],
  ])('says how the attempt before ended that %s', async (_, life, words) => {
    world.lives = [life, runs(60 * 60, 0)];
    const { Reason } = await world.request(create(properties({ RetryAttempts: '1' })));
    expect(Reason).toMatch(new RegExp(`^The task was still RUNNING .*\nBefore that: ${words}\nLog group`));
  });

  test('names no earlier attempt after a start that was only throttled', async () => {
    world.faults.RunTask = [fails('ThrottlingException', 'Rate exceeded')];
    world.lives = [runs(60 * 60, 0)];
    expect((await world.request(create())).Reason).not.toContain('Before that');
  });

  test('says how an earlier attempt ended although the next start was throttled at first', async () => {
    world.lives = [runs(10, 7), runs(60 * 60, 0)];
    world.faults.RunTask = [passThrough, fails('ThrottlingException', 'Rate exceeded')];
    expectFailed(await world.request(create(properties({ RetryAttempts: '1' }))), '\nBefore that: container "app" exited with code 7.\n');
  });

  test('says how a task ended whose network interface is not removed yet when the time to stop it ends', async () => {
    world.lives = [runs(1_910, 3)];
    world.faults.StopTask = times(1000, fails('AccessDeniedException', 'User: x is not authorized to perform: ecs:StopTask'));
    expectFailed(await world.request(create()), /^The task was still RUNNING after 30 minutes\. .*\nAWS says: container "app" exited with code 3/);
  });

  test('says how a task ended that could not be stopped, instead of claiming that it was stopped', async () => {
    world.lives = [runs(31 * 60, 3)];
    world.faults.StopTask = times(1000, fails('AccessDeniedException', 'User: x is not authorized to perform: ecs:StopTask'));
    const { Reason } = await world.request(create());
    expect(Reason).toMatch(/^The task was still RUNNING after 30 minutes\. .*\nAWS says: container "app" exited with code 3/);
  });

  test('describes the task that still runs, rather than a task that ended just before', async () => {
    world.lives = [runs(1_769, 0), runs(60 * 60, 0)]; // the last look is the first that sees it
    const { Reason } = await world.request(create(properties({}, { count: '2' })));
    expect(Reason).toMatch(/^The task .*\bRUNNING\b/);
  });

  test('describes the task whose state is unknown, rather than a task that did not start', async () => {
    startsOnlyTheFirst();
    world.faults.DescribeTasks = [passThrough, ...times(10_000, fails('ThrottlingException'))];
    const { Reason } = await world.request(create(properties({}, { count: '2' })));
    expect(Reason).toMatch(/^The function did not see the task end within 30 minutes\b/);
  });

  test('describes the task that did not start, rather than a task that ended', async () => {
    startsOnlyTheFirst();
    world.lives = [runs(60, 0)];
    const { Reason } = await world.request(create(properties({}, { count: '2' })));
    expect(Reason).toMatch(/^The task did not start .* no container instance has enough free resources for it\./);
  });
});
