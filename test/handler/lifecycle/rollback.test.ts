import { RunTaskCommand } from '@aws-sdk/client-ecs';
import { CLUSTER, create, fails, markOfTask, MINUTE, properties, runs, update, FakeAws, times, sentAfter } from '../../support/fake-aws';
import { expectSuccess, expectStarted, expectNoneStopped } from '../../support/handler-expectations';

let world: FakeAws;
beforeEach(() => { world = new FakeAws(); });

describe('a rollback', () => {
  beforeEach(() => { world.stackStatus = 'UPDATE_IN_PROGRESS'; });

  test('starts no task and succeeds', async () => {
    world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    world.lives = [runs(5, 1)];
    expectSuccess(await world.request(update()), { Reason: 'No task was run: this is a rollback.' });
    expectStarted(world, 0);
  });

  test('does not wait for the network interface of the task that failed', async () => {
    world.lives = [runs(5, 1)];
    const failed = await world.request(update());
    world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    const { at } = await world.request({ ...update(), RequestId: 'rollback' });
    expect(at - failed.at).toBeLessThan(2);
    expectNoneStopped(world);
  });

  test('stops the task of the cancelled update, even in another cluster', async () => {
    const cancelled = properties({}, { cluster: 'other' });
    world.lives = [runs(60 * 60, 0)];
    await world.invoke(update(cancelled), 2 * MINUTE); // still waiting, in its next invocation
    world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    expectSuccess(await world.request({ ...update(properties(), cancelled), RequestId: 'rollback' }));
    expect(world.callsOf('StopTask')[0]).toEqual({ cluster: 'other', task: world.tasks[0].taskArn, reason: `cdk-ecs-run-task: CloudFormation sent a newer request (${markOfTask(update().RequestId)})` });
    expect(world.answers).toContainEqual(expect.objectContaining({
      RequestId: update().RequestId,
      Status: 'SUCCESS',
      Reason: expect.stringMatching(/^The rollback continues without its task\.\nThe task was stopped: CloudFormation sent a newer request\./),
    }));
  });

  test('stops the tasks in the old and in the new cluster', async () => {
    const cancelled = properties({}, { cluster: 'other' });
    world.lives = [runs(60 * 60, 0)];
    await world.invokeThenCrash(create());
    await world.ecs.send(new RunTaskCommand({ cluster: 'other', taskDefinition: 'migrate:7', startedBy: world.tasks[0].startedBy }));
    world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    expectSuccess(await world.request({ ...update(properties(), cancelled), RequestId: 'rollback', ResponseURL: sentAfter(3) }));
    expect(world.callsOf('StopTask').map(({ cluster, task }) => [cluster, task])).toEqual(expect.arrayContaining([
      [CLUSTER, world.tasks[0].taskArn], ['other', world.tasks[1].taskArn],
    ]));
    expect(world.callsOf('StopTask')).toHaveLength(2);
  });

  test.each([
    ['properties', { ResourceProperties: undefined }],
    ['old properties', { OldResourceProperties: null }],
  ])('succeeds without its %s', async (_, without) => {
    world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    expectSuccess(await world.request({ ...update(), ...without } as any), { Reason: 'No task was run: this is a rollback.' });
    expectStarted(world, 0);
  });

  test('succeeds when ECS cannot list the tasks', async () => {
    world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    world.faults.ListTasks = times(1000, fails('AccessDeniedException'));
    expectSuccess(await world.request(update()));
  });
});

describe('a rollback with onRollback RUN', () => {
  beforeEach(() => { world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS'; });
  const run = (more = {}) => update(properties({ OnRollback: 'RUN', ...more }, { taskDefinition: 'migrate:6' }));

  test('runs the task of the version that is restored', async () => {
    expectSuccess(await world.request(run()), { Reason: '' });
    expect(world.callsOf('RunTask')).toMatchObject([{ taskDefinition: 'migrate:6' }]);
  });

  test('succeeds when the task fails or cannot be started', async () => {
    world.lives = [runs(5, 3)];
    expectSuccess(await world.request(run()), { Reason: expect.stringMatching(/^The rollback continues without its task\.\nContainer "app" exited with code 3\./) });
    expectSuccess(await world.request({ ...run({ TimeoutSeconds: 'soon' }), RequestId: 'odd' }), { Reason: expect.stringContaining('TimeoutSeconds is not an integer') });
  });

  test('succeeds when the task fails in a later invocation', async () => {
    world.lives = [runs(20 * 60, 3)];
    expectSuccess(await world.request(run()), { Reason: expect.stringContaining('exited with code 3') });
    expect(world.callsOf('Invoke')).toHaveLength(1);
  });

  test('starts no task with runOn CREATE', async () => {
    expectSuccess(await world.request(run({ RunOn: 'CREATE' })));
    expectStarted(world, 0);
  });
});
