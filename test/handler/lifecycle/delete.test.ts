import { CLUSTER, create, fails, ID, markOfTask, MINUTE, passThrough, properties, remove, runs, FakeAws, times, sentAfter, START } from '../../support/fake-aws';
import { expectSuccess, expectStarted, expectStopped, expectNoneStopped } from '../../support/handler-expectations';

let world: FakeAws;
beforeEach(() => { world = new FakeAws(); });

describe('Delete', () => {
  beforeEach(() => { world.stackStatus = 'DELETE_IN_PROGRESS'; });

  test.each([ID, `${ID}/failed`])('starts no task and succeeds at once, with the physical id %s', async (id) => {
    expectSuccess(await world.request(remove(properties(), id)), { PhysicalResourceId: id });
    expectStarted(world, 0);
    expect(world.seconds()).toBeLessThan(1);
  });

  test('stops the task of a Create that is still waiting, with the physical id that CloudFormation generated', async () => {
    world.stackStatus = 'CREATE_IN_PROGRESS';
    world.lives = [runs(60 * 60, 0)];
    await world.invoke(create(), 2 * MINUTE);
    world.stackStatus = 'ROLLBACK_IN_PROGRESS';
    const answer = await world.request(remove(properties(), 'Shop-Migration-1ABCDEF'));
    expect(answer).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: 'Shop-Migration-1ABCDEF' });
    expect(world.callsOf('StopTask')).toEqual([{ cluster: CLUSTER, task: world.tasks[0].taskArn, reason: `cdk-ecs-run-task: the resource is being deleted (${markOfTask(create().RequestId)})` }]);
    expect(world.answers).toContainEqual(expect.objectContaining({
      RequestId: create().RequestId,
      Status: 'FAILED',
      Reason: expect.stringContaining('The task was stopped: the resource is being deleted.'),
    }));
  });

  test('names the task of a Create that is still waiting when it does not stop, and the second look for it fails', async () => {
    world.stackStatus = 'CREATE_IN_PROGRESS';
    world.lives = [runs(60 * 60, 0)];
    await world.invoke(create(), 2 * MINUTE);
    world.stackStatus = 'ROLLBACK_IN_PROGRESS';
    world.faults.StopTask = times(1000, fails('ServerException', '', 500));
    world.faults.ListTasks = [...times(4, passThrough), ...times(100, fails('AccessDeniedException'))];
    const { Reason } = await world.request(remove(properties(), 'Shop-Migration-1ABCDEF'));
    expect(Reason).toContain(`Could not confirm that this task stopped. Stop it manually: ${world.tasks[0].taskArn}.`);
  });

  test('waits until the network interface of the last task is gone', async () => {
    world.stackStatus = 'CREATE_IN_PROGRESS';
    world.lives = [runs(5, 1)];
    const failed = await world.request(create());
    const { at } = await world.request(remove());
    expect(at - failed.at).toBeGreaterThan(10);
  });

  test('looks twice for the task of a Create that has not answered and can still start the task', async () => {
    world.faults.ListTasks = times(2, () => {
      if (world.tasks.length === 0) {
        world.stackStatus = 'CREATE_IN_PROGRESS';
        world.lives = [runs(60 * 60, 0)];
        (world as any).onRunTask({ cluster: CLUSTER, taskDefinition: 'migrate:7', clientToken: 'x', startedBy: markOfTask('late') });
      }
      return { taskArns: [] };
    });
    await world.request(remove(properties(), 'Shop-Migration-1ABCDEF'));
    expectStopped(world, 1);
  });

  test('does not wait for the second look when it has to answer (seed 14226014)', async () => {
    world.stackStatus = 'ROLLBACK_IN_PROGRESS';
    let hanging = 6; // the last ones until after the time of the answer
    world.faults.ListTasks = times(1000, () => {
      world.time += hanging-- > 0 ? 15_000 : 0;
      throw Object.assign(new Error('Connection timed out'), { name: 'TimeoutError' });
    });
    const { at, Reason } = await world.request(remove(properties({ ServiceTimeout: 120 }), 'Shop-Migration-1ABCDEF'));
    expect(Reason).toContain('Other tasks may still be running: listing them failed (TimeoutError: Connection timed out)');
    expect(at).toBeLessThan(100);
  });

  test('does not name the task that it has stopped if every later look fails (seed 22062307)', async () => {
    world.stackStatus = 'CREATE_IN_PROGRESS';
    world.lives = [runs(60 * 60, 0)];
    await world.invoke(create(), 2 * MINUTE);
    world.stackStatus = 'ROLLBACK_IN_PROGRESS';
    world.faults.ListTasks = [passThrough, passThrough, ...times(100, fails('AccessDeniedException'))];
    world.faults.DescribeTasks = times(100, (_, proceed) => world.callsOf('ListTasks').length <= 4 ? proceed() : fails('AccessDeniedException')());
    expectSuccess(await world.request(remove(properties(), 'Shop-Migration-1ABCDEF')), { Reason: 'Other tasks may still be running: listing them failed (AccessDeniedException).' });
    expect(world.tasks[0].stoppedAt).toBeDefined();
  });

  test('does not wait for a task that ECS lists and does not describe when it has to answer', async () => {
    const hangs = () => {
      world.time += 42_000;
      return fails('ServerException', '', 500)();
    };
    world.faults.ListTasks = [hangs, hangs, ...times(1000, () => ({ taskArns: [`${CLUSTER.replace('cluster', 'task')}/1`] }))];
    const { at } = await world.request(remove(properties({ ServiceTimeout: 120 })));
    expect(at).toBeGreaterThan(85);
    expect(at).toBeLessThan(92);
  });

  test('succeeds when the cluster no longer exists', async () => {
    world.faults.ListTasks = times(1000, fails('ClusterNotFoundException', 'Cluster not found.'));
    expectSuccess(await world.request(remove()));
    expect(world.seconds()).toBeLessThan(30);
    expect(world.lines).toContain('could not list the tasks to stop: ClusterNotFoundException: Cluster not found.');
  });

  test('succeeds when its properties are invalid', async () => {
    expectSuccess(await world.request(remove({ ServiceToken: 'x' })));
    expectSuccess(await world.request(remove(properties({}, { taskDefinition: { toString: null } }))));
    expectSuccess(await world.request({ ...remove(), RequestId: 'bare', ResourceProperties: undefined as any }));
  });
});

describe('a redelivered Delete', () => {
  beforeEach(async () => {
    world.lives = [runs(60 * 60, 0)];
    world.stackStatus = 'UPDATE_IN_PROGRESS';
    world.lastUpdated = new Date(START);
    await world.sleep(5 * MINUTE);
  });
  const laterCreate = () => world.invokeThenCrash({ ...create(), RequestId: 'later', ResponseURL: sentAfter(5) });
  const lateCreate = () => world.invokeThenCrash(create());

  test('does not stop the task of a later deployment', async () => {
    await laterCreate();
    world.lastUpdated = new Date(Date.UTC(2026, 0, 1, 0, 5));
    expectSuccess(await world.request(remove()), { Reason: '' });
    expectNoneStopped(world);
  });

  test('does not stop the task of the deployment in which it removes the remains of an earlier Create', async () => {
    await laterCreate();
    expectSuccess(await world.request(remove(properties(), 'Shop-Migration-1ABCDEF')), { Reason: '' });
    expectNoneStopped(world);
  });

  test('stops a task that a late event started', async () => {
    await lateCreate();
    world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    expectSuccess(await world.request(remove()));
    expectStopped(world, 1);
  });

  test('stops the task when DescribeStacks fails', async () => {
    await lateCreate();
    world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    world.faults.DescribeStacks = [fails('AccessDeniedException')];
    expectSuccess(await world.request(remove()));
    expectStopped(world, 1);
  });
});
