import { using, TASK } from '../../support/attributes';
import { create, fails, properties, runs, update, FakeAws, passThrough, stale, START, times } from '../../support/fake-aws';
import { expectSuccess, expectFailed, expectStarted } from '../../support/handler-expectations';

let world: FakeAws;
beforeEach(() => { world = new FakeAws(); });

describe('the attributes of a run', () => {
  test('are in the answer when the stack uses them', async () => {
    const { Data } = await world.request(create(properties(using('TaskArn', 'ExitCode', 'StartedAt', 'LogStreamName'))));
    expect(Data).toEqual({ TaskArn: TASK, ExitCode: '0', StartedAt: '2026-01-01T00:00:00.000Z', LogStreamName: 'app/app/1a' });
  });

  test('are not in the answer when the stack uses none', async () => {
    expect(await world.request(create())).not.toHaveProperty('Data');
  });

  test('are not in the answer after a failure', async () => {
    world.lives = [runs(5, 1)];
    expect(await world.request(create(properties(using('TaskArn'))))).not.toHaveProperty('Data');
  });

  test('have the time at which the containers stopped, not the time at which the function noticed', async () => {
    world.lives = [runs(5, 0, { executionStoppedAt: new Date('2026-01-01T00:00:35Z') })];
    expect((await world.request(create(properties(using('StoppedAt'))))).Data).toEqual({ StoppedAt: '2026-01-01T00:00:35.000Z' });
  });

  test('have the ARNs of all tasks', async () => {
    const { Data } = await world.request(create(properties(using('TaskArn', 'TaskArns'), { count: '3' })));
    expect(Data!.TaskArns.split(',')).toEqual([1, 2, 3].map((number) => TASK.replace(/1a$/, `${number}a`)));
    expect(Data!.TaskArn).toBe(TASK);
  });

  test('have an exit code that successExitCodes accepts', async () => {
    world.lives = [runs(5, 3)];
    expect((await world.request(create(properties({ ...using('ExitCode'), SuccessExitCodes: ['0', '3'] })))).Data).toEqual({ ExitCode: '3' });
  });

  test('have the exit code of the container that decides', async () => {
    world.lives = [runs(5, 0).map(([second, state]) => [second, {
      ...state,
      ...(state.containers && { containers: [{ ...state.containers[0], name: 'sidecar', exitCode: 137 }, ...state.containers] }),
    }] as const)];
    expect((await world.request(create(properties(using('ExitCode'))))).Data).toEqual({ ExitCode: '0' });
    expect(world.callsOf('GetLogEvents')).toEqual([]);
  });

  test('come from the last attempt', async () => {
    world.lives = [runs(5, 1), runs(5, 0)];
    const { Data } = await world.request(create(properties({ ...using('TaskArn'), RetryAttempts: '1' })));
    expect(Data).toEqual({ TaskArn: TASK.replace(/1a$/, '2a') });
  });

  test('fail the request when one of them is unknown', async () => {
    expectFailed(await world.request(create(properties({ ...using('LogStreamName'), Logs: undefined }))), `The task succeeded, but its LogStreamName is unknown.\nTask ${TASK}.\n`);
  });
});

test('the time at which a task stopped is not made up when ECS reports none', async () => {
  expectFailed(await world.request(create(properties(using('StoppedAt')))), 'The task succeeded, but its StoppedAt is unknown.');
});

describe('the attributes without a run', () => {
  test('of an Update with runOn CREATE are those that the stack has kept', async () => {
    world.stackStatus = 'UPDATE_IN_PROGRESS';
    world.outputs = { MigrationTaskArn: TASK, MigrationOutputBucketName: 'shop-7', Other: 'x' };
    const { Status, Data } = await world.request(update(properties({ ...using('TaskArn', 'OutputBucketName'), RunOn: 'CREATE' })));
    expect({ Status, Data }).toEqual({ Status: 'SUCCESS', Data: { TaskArn: TASK, OutputBucketName: 'shop-7' } });
    expectStarted(world, 0);
  });

  test('of an Update with runOn CREATE fail the request when the stack has kept none', async () => {
    world.stackStatus = 'UPDATE_IN_PROGRESS';
    expectFailed(await world.request(update(properties({ ...using('TaskArn', 'ExitCode'), RunOn: 'CREATE' }))), 'The stack has no value for TaskArn and ExitCode: the task last ran before the stack used this value, or in a deployment that failed, and runOn CREATE never runs the task again. Set runOn to CHANGE for this deployment.');
  });

  test('of a rollback are those that the stack has kept', async () => {
    world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    world.outputs = { MigrationTaskArn: TASK };
    world.faults.DescribeStacks = [passThrough, fails('ThrottlingException')];
    const { Status, Data } = await world.request(update(properties(using('TaskArn'))));
    expect({ Status, Data }).toEqual({ Status: 'SUCCESS', Data: { TaskArn: TASK } });
  });

  test.each([
    ['an Update with runOn CREATE', 'UPDATE_IN_PROGRESS', 3],
    ['a rollback', 'UPDATE_ROLLBACK_IN_PROGRESS', 2],
  ])('of %s are those that the stack has kept, although DescribeStacks first reports the time before there were any', async (_, stackStatus, number) => {
    world.stackStatus = stackStatus;
    world.outputs = { MigrationTaskArn: TASK };
    world.faults.DescribeStacks = [...times(number - 1, passThrough), stale('CREATE_IN_PROGRESS')];
    const { Status, Data } = await world.request(update(properties({ ...using('TaskArn'), RunOn: 'CREATE' })));
    expect({ Status, Data }).toEqual({ Status: 'SUCCESS', Data: { TaskArn: TASK } });
    expect(world.faults.DescribeStacks).toEqual([]);
  });

  test.each([
    ['a rollback', 'UPDATE_ROLLBACK_IN_PROGRESS', 1, {}],
    ['an Update with runOn CREATE', 'UPDATE_IN_PROGRESS', 2, { RunOn: 'CREATE' }],
  ])('of %s are those that an earlier response contained if no further one comes (seed 28117203)', async (_, stackStatus, readings, more) => {
    world.stackStatus = stackStatus;
    world.lastUpdated = new Date(START);
    world.outputs = { MigrationTaskArn: TASK };
    world.faults.DescribeStacks = [...times(readings, passThrough), ...times(1000, fails('TimeoutError', 'socket hang up'))];
    const { Status, Data } = await world.request(update(properties({ ...using('TaskArn'), ...more })));
    expect({ Status, Data }).toEqual({ Status: 'SUCCESS', Data: { TaskArn: TASK } });
  });

  test('of a rollback are left out when the stack has kept none or DescribeStacks fails', async () => {
    world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    expectSuccess(await world.request(update(properties(using('TaskArn')))));
    world.faults.DescribeStacks = [passThrough, ...times(100, fails('ThrottlingException'))];
    expectSuccess(await world.request({ ...update(properties(using('TaskArn'))), RequestId: 'again' }));
  });

  test('of a rollback whose task fails are those that the stack has kept', async () => {
    world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    world.outputs = { MigrationTaskArn: TASK };
    world.lives = [runs(5, 1)];
    const { Status, Data } = await world.request(update(properties({ ...using('TaskArn'), OnRollback: 'RUN' })));
    expect({ Status, Data }).toEqual({ Status: 'SUCCESS', Data: { TaskArn: TASK } });
    expectStarted(world, 1);
  });
});
