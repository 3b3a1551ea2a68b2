import { Answered, create, fails, Fault, properties, runs, passThrough, stale, times, update, FakeAws } from '../../support/fake-aws';
import { expectFailed, expectSuccess, expectStarted, expectStopped, expectNoneStopped } from '../../support/handler-expectations';
import { HOURS, nth, sent, deploy, creating, updating, expectAllSucceeded } from '../../support/relay';

let world: FakeAws;
beforeEach(() => { world = new FakeAws(); });

describe('Update of a task of several hours', () => {
  beforeEach(() => { world.stackStatus = 'UPDATE_IN_PROGRESS'; });

  test('runs the task again and gives the later resources a new baton', async () => {
    world.lives = [runs(60, 0)];
    const before = await deploy(world, creating());
    world.lastUpdated = new Date(world.time);
    const after = await deploy(world, (number, baton) => ({ ...update(nth(number, baton)), RequestId: 'another' }));
    expectAllSucceeded(after);
    expect(after[0].Data!.Baton).not.toBe(before[0].Data!.Baton);
    expectStarted(world, 2);
  });

  test('with runOn CREATE starts no task and returns the attributes that the stack has kept', async () => {
    world.outputs = { MigrationTaskArn: 'kept' };
    const answers = await deploy(world, updating({ RunOn: 'CREATE' }));
    expectAllSucceeded(answers);
    expect(answers[2].Data).toEqual({ TaskArn: 'kept' });
    expectStarted(world, 0);
  });

  test('says in each resource that a task may still run in the previous cluster, in which the function may no longer list tasks', async () => {
    world.lives = [runs(2.5 * HOURS, 0)];
    world.faults.ListTasks = times<Fault>(1000, (input, proceed) => input.cluster === 'before' ? fails('AccessDeniedException', 'x'.repeat(300))() : proceed());
    const answers = await deploy(world, (number, baton) => update(nth(number, baton), properties({}, { cluster: 'before' })));
    expectAllSucceeded(answers);
    answers.forEach(({ Reason }) => expect(Reason).toMatch(/Other tasks may still be running: listing them failed \(AccessDeniedException: x+\)\.$/));
  });

  test.each([
    [1, properties({ RunOn: 'CREATE' })],
    [2, properties({ RunOn: 'CREATE', TimeoutSeconds: '6000', HasNextLeg: 'true' })],
  ])('with runOn CREATE starts no task in the resources that a longer timeout adds to the first %d', async (before, old) => {
    world.outputs = { MigrationTaskArn: 'kept' };
    const answers = await deploy(world, (number, baton) => {
      const delivered = nth(number, baton, { RunOn: 'CREATE' });
      return number > before ? create(delivered) : update(delivered, { ...old, HasNextLeg: number < before ? 'true' : undefined });
    });
    expectAllSucceeded(answers);
    expectStarted(world, 0);
  });
});

describe('the next deployment after a later resource failed', () => {
  beforeEach(() => { world.stackStatus = 'UPDATE_IN_PROGRESS'; });

  test('runs the task again in an Update of that resource, and the later resources continue with that task', async () => {
    world.lives = [runs(1.5 * HOURS, 3), runs(1.5 * HOURS, 0)];
    const [{ Data }] = await deploy(world, creating());
    world.lastUpdated = new Date(world.time);
    const again = await world.request(sent(world, { ...update(nth(2, Data!.Baton), nth(2, Data!.Baton)), RequestId: 'again' }, 2));
    expectSuccess(again, { Data: { Baton: expect.stringContaining('again-2') } });
    expectSuccess(await world.request(sent(world, update(nth(3, again.Data!.Baton), nth(3, 'old')), 3)));
    expectStarted(world, 2);
  });

  test('runs the task again in an Update of that resource after DescribeStacks was throttled', async () => {
    world.lives = [runs(1.5 * HOURS, 3), runs(60, 0)];
    const [{ Data }] = await deploy(world, creating());
    world.lastUpdated = new Date(world.time);
    world.faults.DescribeStacks = [fails('ThrottlingException')];
    const again = await world.request(sent(world, { ...update(nth(2, Data!.Baton), nth(2, Data!.Baton)), RequestId: 'again' }, 2));
    expectSuccess(again, { Data: { Baton: expect.stringContaining('again-2') } });
    expectStarted(world, 2);
  });

  test('continues waiting in an Update of that resource when CloudFormation does not report when the deployment began', async () => {
    world.lives = [runs(1.5 * HOURS, 0)];
    const [{ Data }] = await deploy(world, creating(), 1);
    world.faults.DescribeStacks = [passThrough, () => { throw new Error('no'); }];
    expectSuccess(await world.request(sent(world, update(nth(2, Data!.Baton), nth(2, 'old')), 2)));
    expectStarted(world, 1);
  });

  test('continues waiting in an Update of that resource when LastUpdatedTime moves after the request was sent', async () => {
    world.lives = [runs(1.5 * HOURS, 0)];
    const [{ Data }] = await deploy(world, creating(), 1);
    const request = sent(world, update(nth(2, Data!.Baton), nth(2, 'old')), 2);
    world.lastUpdated = new Date(world.time + 30_000);
    await world.sleep(40_000);
    expectSuccess(await world.request(request));
    expectStarted(world, 1);
  });

  test('runs the task again in a Create of that resource when CloudFormation leaves out at first when the deployment began', async () => {
    world.lives = [runs(1.5 * HOURS, 3), runs(60, 0)];
    const [{ Data }] = await deploy(world, creating());
    world.lastUpdated = new Date(world.time);
    world.faults.DescribeStacks = [stale('UPDATE_IN_PROGRESS')];
    expectSuccess(await world.request(sent(world, { ...create(nth(2, Data!.Baton)), RequestId: 'again' }, 2)));
    expectStarted(world, 2);
  });

  test('runs the task again in a Create of that resource when DescribeStacks still reports the deployment before', async () => {
    world.lives = [runs(1.5 * HOURS, 3), runs(60, 0)];
    const [{ Data }] = await deploy(world, creating());
    world.lastUpdated = new Date(world.time);
    world.faults.DescribeStacks = [() => ({ Stacks: [{ StackStatus: 'CREATE_FAILED', CreationTime: world.creationTime }] })];
    expectSuccess(await world.request(sent(world, { ...create(nth(2, Data!.Baton)), RequestId: 'again' }, 2)));
    expectStarted(world, 2);
  });

  test('runs the task again in a Create of that resource when LastUpdatedTime moves after the first reading (seed 29236465)', async () => {
    world.lives = [runs(1.5 * HOURS, 3), runs(60, 0)];
    const [{ Data }] = await deploy(world, creating());
    world.faults.ListTasks = times(8, fails('ThrottlingException')); // it looks for earlier tasks until the time has moved
    world.faults.DescribeStacks = [stale('UPDATE_IN_PROGRESS', new Date(world.time))];
    world.lastUpdated = new Date(world.time + 25_000);
    expectSuccess(await world.request(sent(world, { ...create(nth(2, Data!.Baton)), RequestId: 'again' }, 2)));
    expectStarted(world, 2);
  });

  test('runs the task again in a Create of that resource', async () => {
    world.lives = [runs(1.5 * HOURS, 3), runs(60, 0)];
    const [{ Data }] = await deploy(world, creating());
    world.lastUpdated = new Date(world.time);
    expectSuccess(await world.request(sent(world, { ...create(nth(2, Data!.Baton)), RequestId: 'again' }, 2)));
    expectStarted(world, 2);
  });

  describe('with runOn CREATE', () => {
    const skipping = { RunOn: 'CREATE', UsedAttributes: undefined };
    const changed = { ...skipping, Triggers: { nonce: '2' } };
    const unknown = 'It is unknown whether the task ever succeeded, and runOn CREATE never runs it again. Set runOn to CHANGE for this deployment.';

    /** The first resource is updated, and those that failed are created. */
    function again(): Promise<Answered[]> {
      world.lastUpdated = new Date(world.time);
      return deploy(world, (number, baton) => ({
        ...number === 1 ? update(nth(1, baton, changed), nth(1, baton, skipping)) : create(nth(number, baton, changed)),
        RequestId: 'again',
      }));
    }

    /** A shorter timeout leaves one resource. */
    function shorten(): Promise<Answered> {
      world.lastUpdated = new Date(world.time);
      return world.request(sent(world, { ...update(properties(skipping), nth(1, undefined, skipping)), RequestId: 'again' }, 1));
    }

    test('fails in a Create of that resource when ECS no longer knows the task', async () => {
      world.lives = [runs(1.5 * HOURS, 3), runs(60, 0)];
      await deploy(world, creating(skipping));
      world.tasks.splice(0);
      const answers = await again();
      expect(answers.map(({ Status }) => Status)).toEqual(['SUCCESS', 'FAILED']);
      expectFailed(answers[1], unknown);
      expect(world.callsOf('RunTask')).toHaveLength(1);
    });

    test('fails in the Update of the first resource when ECS knows that the task failed', async () => {
      world.lives = [runs(1.5 * HOURS, 3), runs(60, 0)];
      await deploy(world, creating(skipping));
      expectFailed((await again())[0], unknown);
      expectStarted(world, 1);
    });

    test('a shorter timeout fails after the task failed', async () => {
      world.lives = [runs(1.5 * HOURS, 3), runs(60, 0)];
      await deploy(world, creating(skipping));
      expectFailed(await shorten(), unknown);
      expectStarted(world, 1);
    });

    test('a shorter timeout stops a task that is still running, and fails (seed 10582755)', async () => {
      world.lives = [runs(2 * HOURS, 0), runs(60, 0)];
      await deploy(world, creating(skipping), 1);
      expectFailed(await shorten(), unknown);
      expectStopped(world, 1);
      expectStarted(world, 1);
    });

    test('a shorter timeout succeeds without a task after the task succeeded', async () => {
      world.lives = [runs(1.5 * HOURS, 0), runs(60, 0)];
      await deploy(world, creating(skipping));
      expectSuccess(await shorten(), { Reason: 'No task was run: runOn is CREATE.' });
      expectStarted(world, 1);
    });
  });
});

describe('a second resource that a cancelled update with runOn CREATE and a longer timeout was to add', () => {
  test('fails in the next deployment and runs no task, although the task may have succeeded', async () => {
    const skipping = { RunOn: 'CREATE', UsedAttributes: undefined };
    world.lives = [runs(60, 0)];
    await world.request(create(properties({ RunOn: 'CREATE' })));
    world.stackStatus = 'UPDATE_IN_PROGRESS';
    const afterCancelled = await deploy(world, (number, baton) =>
      number === 1 ? update(nth(1, baton, skipping), nth(1, baton, skipping)) : create(nth(number, baton, skipping)));
    expect(afterCancelled.map(({ Status }) => Status)).toEqual(['SUCCESS', 'FAILED']);
    expectStarted(world, 1);
  });
});

describe('after a resource that ran no task, although runOn is not CREATE', () => {
  /** What the first resource passes on in a rollback, or when CloudFormation restores its properties. */
  async function batonOfRollback(): Promise<string> {
    world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    const { Data } = await world.request(sent(world, update(nth(1)), 1));
    world.stackStatus = 'UPDATE_IN_PROGRESS';
    world.outputs = { MigrationTaskArn: 'kept' };
    return Data!.Baton;
  }

  test('a new resource runs the task (seed 9309181)', async () => {
    expectSuccess(await world.request(sent(world, create(nth(3, await batonOfRollback())), 3)), { Data: { TaskArn: world.tasks[0].taskArn } });
    expectStarted(world, 1);
  });

  test('an existing resource runs none, and the note does not blame runOn (seed 8504372)', async () => {
    expectSuccess(await world.request(sent(world, update(nth(3, await batonOfRollback())), 3)), {
      Reason: 'No task was run: the previous resource of this task ran none.', Data: { TaskArn: 'kept' },
    });
    expectStarted(world, 0);
  });

  test('an existing resource fails without the attributes that the stack uses', async () => {
    const request = sent(world, update(nth(3, await batonOfRollback())), 3);
    world.outputs = {};
    expectFailed(await world.request(request),
      'The stack has no value for TaskArn: the task last ran before the stack used this value, or in a deployment that failed. Change triggers, so that the task runs again.');
  });
});

describe('a rollback of a task of several hours', () => {
  const rollBack = (more?: object) => (number: number, baton?: string) => ({ ...update(nth(number, baton, more)), RequestId: 'rollback' });

  test('stops the task, starts none and returns the attributes that the stack has kept', async () => {
    world.outputs = { MigrationTaskArn: 'kept' };
    world.lives = [runs(2.5 * HOURS, 0)];
    await deploy(world, creating(), 1);
    world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    const answers = await deploy(world, rollBack());
    expectAllSucceeded(answers);
    expect(answers[2].Data).toEqual({ TaskArn: 'kept' });
    expectStopped(world, 1);
    expectStarted(world, 1);
  });

  test('with onRollback RUN waits for the task with all resources', async () => {
    world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    world.lives = [runs(2.5 * HOURS, 0)];
    const answers = await deploy(world, rollBack({ OnRollback: 'RUN' }));
    expectSuccess(answers[2], { Data: { TaskArn: world.tasks[0].taskArn } });
    expectStarted(world, 1);
    expectNoneStopped(world);
    expect(world.callsOf('ListTasks')).toHaveLength(2); // the first resource has searched for tasks to stop
  });

  test('with onRollback RUN returns the attributes of its run from resources that have nothing to wait for', async () => {
    world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    world.outputs = { MigrationTaskArn: 'kept' };
    world.lives = [runs(60, 0)];
    const answers = await deploy(world, rollBack({ OnRollback: 'RUN' }));
    expectSuccess(answers[2], { Data: { TaskArn: world.tasks[0].taskArn } });
    expectStarted(world, 1);
  });

  test.each([1.5 * HOURS, 60])('with onRollback RUN succeeds without the task when it fails after %d seconds', async (seconds) => {
    world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    world.outputs = { MigrationTaskArn: 'kept' };
    world.lives = [runs(seconds, 1)];
    const running = { OnRollback: 'RUN' };
    const answers = await deploy(world, (number, baton) => ({ ...update(nth(number, baton, running), nth(number, 'old', running)), RequestId: 'rollback' }));
    expectAllSucceeded(answers);
    expect(answers[2].Data).toEqual({ TaskArn: 'kept' });
    expectStarted(world, 1);
  });
});
