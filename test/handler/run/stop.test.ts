import { StopTaskCommand, type Task } from '@aws-sdk/client-ecs';
import { create, doesNotStart, fails, Fault, markOfTask, properties, runs, FakeAws, START, times, notPlaced, passThrough, startedWithoutResponse, startedButReportedAsFailed, unexpectedError } from '../../support/fake-aws';
import { expectFailed, expectStopped, expectNoneStopped } from '../../support/handler-expectations';

let world: FakeAws;
beforeEach(() => { world = new FakeAws(); });

describe('stopping tasks', () => {
  test('leaves out a task that has ended by itself', async () => {
    world.lives = [runs(60, 3)];
    await world.request(create());
    expectNoneStopped(world);
  });

  test('shortens a reason that is too long for StopTask, and keeps the mark at its end', async () => {
    world.faults.DescribeTasks = [unexpectedError('x'.repeat(5_000))];
    await world.request(create());
    const [{ reason }] = world.callsOf('StopTask');
    expect(reason).toHaveLength(255);
    expect(reason).toMatch(new RegExp(`x \\(${markOfTask(create().RequestId)}\\)$`));
  });

  test('names a task that does not stop', async () => {
    world.lives = [runs(60 * 60, 0)];
    world.faults.StopTask = times(1000, fails('ServerException', '', 500));
    expectFailed(await world.request(create()), /stop it .*: arn:aws:ecs:eu-west-1:111122223333:task\/shop\/1a\./i);
  });

  test('repeats a call that took seconds to say that ECS does not know the task yet (seed 9963311)', async () => {
    world.lives = [runs(60 * 60, 0)];
    world.faults.RunTask = [(_, proceed) => { world.stackStatus = 'ROLLBACK_IN_PROGRESS'; return proceed(); }];
    world.faults.StopTask = [async () => {
      await world.sleep(11_000);
      return fails('InvalidParameterException', 'The referenced task was not found.')();
    }];
    expectFailed(await world.request(create()));
    expect(world.tasks[0].stoppedAt).toBeDefined();
  });

  test('polls a task that takes minutes to stop less and less often (seed 8830787)', async () => {
    world.lives = [runs(60 * 60, 0)];
    world.faults.StopTask = times(1000, fails('ServerException', '', 500));
    await world.request(create());
    const [stop] = world.calls.filter(({ name }) => name === 'StopTask');
    const polls = world.calls.filter(({ name, at }) => name === 'DescribeTasks' && at > stop.at);
    expect(polls.filter(({ at }) => at < stop.at + 30).length).toBeGreaterThan(10);
    expect(polls.filter(({ at }) => at > stop.at + 60 && at < stop.at + 120).length).toBeLessThanOrEqual(13);
  });

  test('does not name a task if only the search for other tasks showed its end (seed 8864967)', async () => {
    world.lives = [runs(5, 0), runs(60 * 60, 0)];
    await world.request({ ...create(), RequestId: 'before' });
    const secondsAfterStop = () => world.seconds() - (world.calls.find(({ name }) => name === 'StopTask')?.at ?? Infinity);
    const failsWhen = (isSo: (input: { tasks: string[] }) => boolean): Fault[] => times(1000, (input, proceed) =>
      secondsAfterStop() >= 0 && isSo(input) ? fails('ServerException', '', 500)() : proceed());
    world.faults.ListTasks = failsWhen(() => secondsAfterStop() < 40);
    world.faults.DescribeTasks = failsWhen(({ tasks }) => tasks.length === 1);
    const { Reason } = await world.request(create(properties({ TimeoutSeconds: '120' })));
    expect(Reason).toMatch(/^The task was still RUNNING after 2 minutes, so it was stopped\./);
    expect(Reason).not.toContain('Could not confirm');
  });

  test('includes a task whose start was not confirmed, and retries ListTasks after throttling', async () => {
    world.lives = [runs(60 * 60, 0)];
    world.faults.RunTask = [startedWithoutResponse, fails('InvalidParameterException')];
    world.faults.ListTasks = [...times(2, () => ({ taskArns: [] })), ...times(3, fails('ThrottlingException'))];
    expectFailed(await world.request(create()));
    expectStopped(world, 1);
  });

  test.each<[string, Fault]>([
    ['whose RunTask response got lost', startedWithoutResponse],
    ['that ECS started and reported as not placed', startedButReportedAsFailed],
  ])('includes a task %s and that ECS lists only later', async (_, fault) => {
    world.lives = [runs(60 * 60, 0)];
    world.faults.RunTask = [fault, fails('InvalidParameterException')];
    world.faults.ListTasks = times(100, (_input, proceed) => world.seconds() < 12 ? { taskArns: [] } : proceed());
    expectFailed(await world.request(create()), 'InvalidParameterException');
    expectStopped(world, 1);
  });

  test('includes a task that was starting when a Delete found nothing to stop', async () => {
    world.faults.RunTask = [(_, proceed) => { world.stackStatus = 'ROLLBACK_IN_PROGRESS'; return proceed(); }];
    const { Status, at } = await world.request(create());
    expect(Status).toBe('FAILED');
    expect(world.tasks[0].stoppedAt! - START).toBeGreaterThanOrEqual(15_000); // two readings
    expect(at).toBeLessThan(15 + 30 + 10);
    expectStopped(world, 1);
  });

  test('includes a task that another invocation of the same event has started', async () => {
    world.lives = [runs(60 * 60, 0)];
    await world.invokeThenCrash(create());
    world.faults.DescribeTaskDefinition = [fails('ClientException', 'Unable to describe task definition.')];
    expectFailed(await world.request(create(properties({ ExitCodeFrom: undefined }))));
    expectStopped(world, 1);
  });

  test('includes a task that a look has shown, although all later looks fail (seed 20021953)', async () => {
    world.lives = [runs(60 * 60, 0)];
    await world.invokeThenCrash(create());
    world.stackStatus = 'ROLLBACK_IN_PROGRESS';
    world.faults.ListTasks = [passThrough, passThrough, ...times(1000, fails('AccessDeniedException', 'not authorized to perform: ecs:ListTasks'))];
    expectFailed(await world.request(create()));
    expectStopped(world, 1);
  });

  const olderState: Fault = (_, proceed) => ({ tasks: proceed().tasks.map((task: Task) => ({ ...task, lastStatus: 'RUNNING', desiredStatus: 'RUNNING' })) });
  test.each([
    ['fails (seed 20030842)', fails('AccessDeniedException')],
    ['gives an older state', olderState],
  ])('does not name a task that a look has shown to have ended if DescribeTasks then %s', async (_, then) => {
    world.lives = [runs(5, 0)];
    world.faults.RunTask = [passThrough, ...times(1000, notPlaced('AGENT'))];
    const isLook = () => world.seconds() > 60 && world.calls.at(-2)?.name === 'ListTasks';
    let shown = false;
    world.faults.DescribeTasks = times(10_000, (input, proceed) => {
      if (shown || !isLook()) {
        return (shown ? then : fails('AccessDeniedException'))(input, proceed);
      }
      shown = true;
      return proceed();
    });
    const { Status, Reason, at } = await world.request(create(properties({ TimeoutSeconds: '480' }, { count: 2 })));
    expect(shown && Status).toBe('FAILED');
    expect(at).toBeGreaterThan(8 * 60); // until the deadline
    expect(Reason).not.toContain('Stop it manually');
  });

  test('does not name a task that has ended since a look has shown it (seed 21031722)', async () => {
    world.lives = [doesNotStart('RESOURCE:MEMORY'), runs(60 * 60, 0), runs(60 * 60, 0)];
    world.faults.RunTask = [passThrough, notPlaced('AGENT')];
    const away: Fault = (_, proceed) => world.seconds() > 2 * 60 ? fails('AccessDeniedException')() : proceed();
    world.faults = { ...world.faults, ListTasks: times(10_000, away), DescribeTasks: times(10_000, away), StopTask: times(10_000, away) };
    const { Reason } = await world.request(create(properties({ TimeoutSeconds: '300' }, { count: 2 })));
    expect(Reason!.match(/Stop it manually: .*/g)!.map((line) => line.slice(-3))).toEqual(['3a.', '2a.']);
  });

  test('waits for a task that another invocation of the same event is stopping', async () => {
    world.lives = [runs(60 * 60, 0)];
    await world.invokeThenCrash(create());
    await world.ecs.send(new StopTaskCommand({ task: world.tasks[0].taskArn }));
    const stopRequestedAt = world.seconds();
    world.stackStatus = 'ROLLBACK_IN_PROGRESS';
    const { at } = await world.request(create());
    expect(at).toBeGreaterThanOrEqual(stopRequestedAt + 30);
  });
});
