import { markOf } from '../../../lambda/ecs/marks';
import { CLUSTER, create, fails, type Fault, ID, markOfTask, MINUTE, remove, runs, FakeAws, stale, times, update } from '../../support/fake-aws';
import { expectSuccess, expectStarted, expectStopped, expectNoneStopped } from '../../support/handler-expectations';
import { HOURS, nth, sent, deploy, creating, expectAllSucceeded } from '../../support/relay';

let world: FakeAws;
beforeEach(() => { world = new FakeAws(); });

describe('a redelivered event in a relay', () => {
  test('does not touch the task that the resource has handed to the next one', async () => {
    world.lives = [runs(2.5 * HOURS, 0)];
    await deploy(world, creating(), 1);
    const late = { ...sent(world, create(nth(1)), 1), ResponseURL: 'https://cloudformation-custom-resource-response-euwest1.s3.eu-west-1.amazonaws.com/answer?X-Amz-Date=20260101T000000Z&X-Amz-Signature=secret' };
    world.time += 10 * MINUTE;
    await world.invoke(late);
    world.faults.DescribeStacks = [() => { throw new Error('no'); }];
    await world.invoke(late);
    expect(world.answers).toHaveLength(1);
    expectNoneStopped(world);
    expectStarted(world, 1);
  });

  test.each<[string, number, Fault[]]>([
    ['', 0, []],
    [', seen by the second reading (seed 12578891)', 5, []],
    [', seen minutes later, because DescribeStacks failed before (seed 20107041)', 0, times(6, fails('AccessDeniedException'))],
  ])('stops the task after the resource ran out of time and no other resource waits%s', async (_, after, describeStacks) => {
    world.lives = [runs(2.5 * HOURS, 0)];
    let event = sent(world, create(nth(1)), 1);
    while (world.seconds() < 50 * 60) {
      await world.invoke(event);
      event = world.handedOver.shift()!;
    }
    world.time += 12 * MINUTE;
    const failsAt = world.time + after * 1_000;
    const readable: Fault = (_input, proceed) => {
      world.stackStatus = world.time >= failsAt ? 'CREATE_FAILED' : 'CREATE_IN_PROGRESS';
      return proceed();
    };
    world.faults.DescribeStacks = [...describeStacks, ...times(100, readable)];
    await world.invoke(event);
    expectStopped(world, 1);
    expectStarted(world, 1);
  });

  test('leaves the task to the next deployment, once that has begun', async () => {
    world.lives = [runs(2.5 * HOURS, 0)];
    const event = sent(world, create(nth(1)), 1);
    await world.invokeThenCrash(event);
    world.time += 70 * MINUTE;
    world.stackStatus = 'UPDATE_IN_PROGRESS';
    world.lastUpdated = new Date(world.time);
    const readings = world.callsOf('DescribeStacks').length;
    await world.invoke(event);
    expectNoneStopped(world);
    expect(world.answers).toEqual([]);
    expect(world.callsOf('DescribeStacks')).toHaveLength(readings + 1);
  });

  test('stops no task that the resource has handed to the next one, which has started another one (seed 14746983)', async () => {
    world.stackStatus = 'UPDATE_IN_PROGRESS';
    world.lives = [runs(2.5 * HOURS, 0)];
    const event = sent(world, update(nth(1), nth(1)), 1);
    await world.invokeThenCrash(event);
    world.time += 10 * MINUTE;
    const startedBy = markOf(ID, { requestId: 'next', sentAt: world.time }, 1, 2);
    (world as any).onRunTask({ cluster: CLUSTER, taskDefinition: 'migrate:7', clientToken: 'next', startedBy });
    await world.invoke(event);
    expectNoneStopped(world);
    expectStarted(world, 2);
  });

  test('continues with the task of the baton when DescribeStacks is denied', async () => {
    world.lives = [runs(1.2 * HOURS, 0)];
    const [{ Data }] = await deploy(world, creating(), 1);
    world.faults.DescribeStacks = times(1000, fails('AccessDeniedException'));
    expectSuccess(await world.request(sent(world, create(nth(2, Data!.Baton)), 2)));
    expectStarted(world, 1);
  });

  test('finds the task that its resource waits for', async () => {
    world.lives = [runs(1.2 * HOURS, 0)];
    const [{ Data }] = await deploy(world, creating(), 1);
    const event = sent(world, create(nth(2, Data!.Baton)), 2);
    await world.request(event);
    await world.request(event);
    expectAllSucceeded(world.answers);
    expectStarted(world, 1);
  });
});

describe('after a resource handed its task to the next one, the function', () => {
  const handOn = async (stackStatus: string, later: (answeredAt: number) => void = () => undefined) => {
    const { sleep } = world;
    world.sleep = async (milliseconds) => {
      await sleep(milliseconds);
      world.answers.forEach(({ at }) => later(at));
    };
    world.lives = [runs(2.5 * HOURS, 0)];
    const { put } = world;
    world.put = async (url, body) => {
      world.stackStatus = stackStatus;
      return put(url, body);
    };
    await deploy(world, creating(), 1);
  };

  test.each(['CREATE_FAILED', 'UPDATE_FAILED'])('stops the task when the stack is %s, because no resource will wait for it', async (status) => {
    await handOn(status);
    expect(world.callsOf('StopTask')).toMatchObject([{ reason: `cdk-ecs-run-task: the deployment already ended (${status}), and nothing waits for the task (${markOfTask('c0ffee00-create-1')})` }]);
    expect(world.answers).toHaveLength(1);
  });

  test('stops the task although the next deployment has begun when it reads the stack again (seed 10472119)', async () => {
    await handOn('CREATE_FAILED', (answeredAt) => {
      if (world.seconds() > answeredAt + 5) {
        world.stackStatus = 'UPDATE_IN_PROGRESS';
        world.lastUpdated ??= new Date(world.time);
      }
    });
    expectStopped(world, 1);
  });

  test('retries when DescribeStacks is throttled', async () => {
    const throttled = [fails('ThrottlingException'), fails('ThrottlingException')];
    const throttle = (_: unknown, proceed: () => unknown) => (world.answers.length > 0 ? throttled.shift() ?? proceed : proceed)();
    world.faults.DescribeStacks = times(200, throttle);
    await handOn('CREATE_FAILED');
    expectStopped(world, 1);
  });

  test('keeps watching while DescribeStacks is throttled for two minutes', async () => {
    let answeredAt: number | undefined;
    world.faults.DescribeStacks = times(300, (_, proceed) => {
      answeredAt ??= world.answers.length > 0 ? world.answers[0].at : undefined;
      return answeredAt !== undefined && world.seconds() < answeredAt + 120 ? fails('ThrottlingException')() : proceed();
    });
    await handOn('CREATE_FAILED');
    expectStopped(world, 1);
  });

  test.each([150, 620, 720])('stops the task when the deployment fails only %i seconds later, before the invocation ends (seed 13679625)', async (after) => {
    await handOn('CREATE_IN_PROGRESS', (answeredAt) => { world.stackStatus = world.seconds() < answeredAt + after ? 'CREATE_IN_PROGRESS' : 'CREATE_FAILED'; });
    expectStopped(world, 1);
  });

  test('does not stop the task if only one reading shows that the deployment has failed', async () => {
    let isStale = true;
    world.faults.DescribeStacks = times(300, (input, proceed) => {
      if (world.answers.length > 0 && isStale) {
        isStale = false;
        return stale('UPDATE_FAILED')(input, proceed);
      }
      return proceed();
    });
    await handOn('CREATE_IN_PROGRESS');
    expectNoneStopped(world);
  });

  test.each(['CREATE_IN_PROGRESS', 'UPDATE_ROLLBACK_IN_PROGRESS', 'DELETE_IN_PROGRESS'])('does not stop the task while the stack is %s', async (status) => {
    await handOn(status);
    expectNoneStopped(world);
  });

  test('does not stop the task while DescribeStacks fails', async () => {
    world.faults.DescribeStacks = times(200, (_, proceed) => {
      if (world.answers.length > 0) {
        throw new Error('no');
      }
      return proceed();
    });
    await handOn('CREATE_FAILED');
    expectNoneStopped(world);
    expect(world.answers).toHaveLength(1);
  });
});

describe('Delete in a relay', () => {
  test('stops the task, whichever resource is deleted', async () => {
    world.lives = [runs(2.5 * HOURS, 0)];
    const [{ Data }] = await deploy(world, creating(), 1);
    world.stackStatus = 'DELETE_IN_PROGRESS';
    expectSuccess(await world.request(sent(world, remove(nth(2, Data!.Baton), 'Shop-Migration2-INVENTED'), 2)));
    expectStopped(world, 1);
  });
});
