import { create, fails, properties, runs, update, FakeAws } from '../../support/fake-aws';

let world: FakeAws;
beforeEach(() => { world = new FakeAws(); });

/** The attributes that a stack uses, each with the output that keeps it. */
const using = (...attributes: string[]) => ({ UsedAttributes: Object.fromEntries(attributes.map((name) => [name, `Migration${name}`])) });
const TASK = 'arn:aws:ecs:eu-west-1:111122223333:task/shop/1a';

describe('the answer', () => {
  test('has the attributes that the stack uses', async () => {
    const { Data } = await world.request(create(properties(using('TaskArn', 'ExitCode', 'StartedAt', 'LogStreamName'))));
    expect(Data).toEqual({ TaskArn: TASK, ExitCode: '0', StartedAt: '2026-01-01T00:00:00.000Z', LogStreamName: 'app/app/1a' });
  });

  test('has none where nobody uses any', async () => {
    expect(await world.request(create())).not.toHaveProperty('Data');
  });

  test('has none after a failure', async () => {
    world.lives = [runs(5, 1)];
    expect(await world.request(create(properties(using('TaskArn'))))).not.toHaveProperty('Data');
  });

  test('tells when the containers had stopped, not when the function saw it', async () => {
    const [over, ...rest] = [...runs(5, 0)].reverse();
    const executionStoppedAt = new Date('2026-01-01T00:00:35Z');
    world.lives = [[...rest.reverse(), over].map(([second, state]) => [second, state.stopCode ? { ...state, executionStoppedAt } : state] as const)];
    expect((await world.request(create(properties(using('StoppedAt'))))).Data).toEqual({ StoppedAt: '2026-01-01T00:00:35.000Z' });
  });

  test('has the ARNs of all tasks', async () => {
    const { Data } = await world.request(create(properties(using('TaskArn', 'TaskArns'), { count: '3' })));
    expect(Data!.TaskArns.split(',')).toEqual([1, 2, 3].map((number) => TASK.replace(/1a$/, `${number}a`)));
    expect(Data!.TaskArn).toBe(TASK);
  });

  test('has the exit code that was accepted', async () => {
    world.lives = [runs(5, 3)];
    expect((await world.request(create(properties({ ...using('ExitCode'), SuccessExitCodes: ['0', '3'] })))).Data).toEqual({ ExitCode: '3' });
  });

  test('has the exit code of the container that decides', async () => {
    world.lives = [runs(5, 0).map(([second, state]) => [second, {
      ...state,
      ...(state.containers && { containers: [{ ...state.containers[0], name: 'sidecar', exitCode: 137 }, ...state.containers] }),
    }] as const)];
    expect((await world.request(create(properties(using('ExitCode'))))).Data).toEqual({ ExitCode: '0' });
    expect(world.callsOf('GetLogEvents')).toEqual([]);
  });

  test('of a task that has run twice has the attributes of the second', async () => {
    world.lives = [runs(5, 1), runs(5, 0)];
    const { Data } = await world.request(create(properties({ ...using('TaskArn'), RetryAttempts: '1' })));
    expect(Data).toEqual({ TaskArn: TASK.replace(/1a$/, '2a') });
  });
});

test('a fact that ECS does not tell fails the request', async () => {
  expect(await world.request(create(properties({ ...using('LogStreamName'), Logs: undefined })))).toMatchObject({
    Status: 'FAILED',
    Reason: expect.stringContaining(`The task has succeeded, but its LogStreamName is not known.\nTask ${TASK}.\n`),
  });
});

describe('an output', () => {
  const output = () => create(properties(using('OutputBucketName')));

  test.each([
    ['among other lines', ['creating', 'ecs-run-task-output BucketName=shop-7', 'done']],
    ['in a message of several lines', ['creating\necs-run-task-output BucketName=shop-7\ndone\n']],
    ['with a carriage return and white space', ['ecs-run-task-output BucketName= shop-7 \r\n']],
    ['twice the same', ['ecs-run-task-output BucketName=shop-7', 'ecs-run-task-output BucketName=shop-7']],
    ['with the colours of a terminal', ['\u001b[32mecs-run-task-output BucketName=shop-7\u001b[0m']],
  ])('is read from a log that has it %s', async (_, lines) => {
    world.logEvents = lines;
    expect((await world.request(output())).Data).toEqual({ OutputBucketName: 'shop-7' });
  });

  test('may hold an equals sign', async () => {
    world.logEvents = ['ecs-run-task-output BucketName=a=b=c'];
    expect((await world.request(output())).Data).toEqual({ OutputBucketName: 'a=b=c' });
  });

  test.each([
    ['not there', ['done']],
    ['empty', ['ecs-run-task-output BucketName=']],
    ['white space', ['ecs-run-task-output BucketName=  ']],
    ['in the middle of a line', ['the form is ecs-run-task-output BucketName=shop-7']],
    ['another', ['ecs-run-task-output BucketNames=shop-7']],
  ])('that is %s fails the deployment with what to print, and the end of the log', async (_, lines) => {
    world.logEvents = lines;
    expect(await world.request(output())).toMatchObject({
      Status: 'FAILED',
      Reason: [
        'The task has succeeded, but its output "BucketName" is not in its log. '
          + 'Let container "app" print a line "ecs-run-task-output BucketName=<value>" before it ends.',
        'The end of its log:',
        `  ${lines[0]}`,
        'Log group /shop, stream app/app/1a.',
        `Task ${TASK}.`,
        'CloudWatch Log Stream: 2026/01/01/[$LATEST]abc',
      ].join('\n'),
    });
    expect(world.callsOf('RunTask')).toHaveLength(1);
  });

  test('with two values fails the deployment', async () => {
    world.logEvents = ['ecs-run-task-output BucketName=shop-7', 'ecs-run-task-output BucketName=shop-8'];
    expect(await world.request(output())).toMatchObject({
      Status: 'FAILED',
      Reason: expect.stringContaining('The task has printed 2 different values of its output "BucketName". Let it print each output once.\nTask arn'),
    });
  });

  test('is waited for while its log is late, or cannot be read yet', async () => {
    const none = () => ({ events: [] });
    world.faults.GetLogEvents = [fails('ResourceNotFoundException'), none, none, fails('ThrottlingException'), none];
    world.logEvents = ['ecs-run-task-output BucketName=shop-7'];
    expect((await world.request(output())).Data).toEqual({ OutputBucketName: 'shop-7' });
  });

  test('is looked for far back in a long log', async () => {
    const page = (number: number, message = 'working') => () => ({ events: [{ message }], nextBackwardToken: `b/${number}` });
    world.faults.GetLogEvents = [page(1), page(2), () => ({ events: [], nextBackwardToken: 'b/3' }), page(4, 'ecs-run-task-output BucketName=shop-7')];
    expect((await world.request(output())).Data).toEqual({ OutputBucketName: 'shop-7' });
    expect(world.callsOf('GetLogEvents').map(({ nextToken }) => nextToken)).toEqual([undefined, 'b/1', 'b/2', 'b/3']);
  });

  test('is looked for no further than the log reaches', async () => {
    const pages = Array.from({ length: 200 }, () => () => ({ events: [], nextBackwardToken: 'b/1' }));
    world.faults.GetLogEvents = pages;
    await world.request(output());
    expect(world.callsOf('GetLogEvents')[1]).toMatchObject({ nextToken: 'b/1' });
    expect(world.callsOf('GetLogEvents')[2].nextToken).toBeUndefined();
  });

  test('is looked for in the last twenty pages of a log that is longer', async () => {
    let page = 0;
    world.faults.GetLogEvents = Array.from({ length: 5_000 }, () => () => ({ events: [], nextBackwardToken: `b/${++page}` }));
    expect(await world.request(output())).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('is not in its log') });
    const fromTheEnd = world.callsOf('GetLogEvents').map(({ nextToken }) => nextToken === undefined);
    expect(fromTheEnd.slice(0, 21)).toEqual([true, ...Array(19).fill(false), true]);
  });

  test('is all that is taken from a log that has others', async () => {
    world.logEvents = ['ecs-run-task-output Other=x', 'ecs-run-task-output BucketName=shop-7'];
    const { Data, at } = await world.request(output());
    expect(Data).toEqual({ OutputBucketName: 'shop-7' });
    expect(at).toBeLessThan(100);
  });

  test('is printed by any of the containers that decide', async () => {
    world.lives = [runs(5, 0).map(([second, state]) => [second, {
      ...state,
      ...(state.containers && { containers: [...state.containers, { ...state.containers[0], name: 'other' }] }),
    }] as const)];
    world.faults.GetLogEvents = [() => ({ events: [{ message: 'nothing' }] })];
    world.logEvents = ['ecs-run-task-output BucketName=shop-7'];
    const Logs = { app: { Group: '/shop', StreamPrefix: 'app' }, other: { Group: '/other', StreamPrefix: 'o' } };
    expect((await world.request(create(properties({ ...using('OutputBucketName'), Logs, ExitCodeFrom: ['app', 'other'] })))).Data).toEqual({ OutputBucketName: 'shop-7' });
    expect(world.callsOf('GetLogEvents').map(({ logStreamName }) => logStreamName)).toEqual(['app/app/1a', 'o/other/1a']);
  });

  test('that is too long for the answer fails the deployment, and says by how much', async () => {
    world.logEvents = [`ecs-run-task-output BucketName=${'x'.repeat(5_000)}`];
    expect(await world.request(output())).toMatchObject({
      Status: 'FAILED',
      Reason: expect.stringMatching(/^The task has succeeded, but its results are 1\d\d\d bytes too long for CloudFormation. Let it print shorter values/),
    });
  });

  test('that would be too long only for the next resource fails the deployment too', async () => {
    const passing = (length: number) => {
      world = new FakeAws();
      world.logEvents = [`ecs-run-task-output BucketName=${'x'.repeat(length)}`];
      const delivered = properties({ ...using('OutputBucketName'), HasNextLeg: 'true' });
      return world.request({ ...create(delivered), RequestId: `request-${length}` });
    };
    let [fits, over] = [3_000, 4_096];
    while (over - fits > 1) {
      const length = Math.floor((fits + over) / 2);
      [fits, over] = (await passing(length)).Status === 'SUCCESS' ? [length, over] : [fits, length];
    }
    const { Data } = await passing(fits);
    const next = create(properties({ ...using('OutputBucketName'), HasNextLeg: 'true', PreviousLeg: { First: 'Migration', Baton: Data!.Baton } }));
    const answer = await world.request({ ...next, LogicalResourceId: 'Migration12', RequestId: 'request-next' });
    expect(JSON.stringify({ ...answer, at: undefined }).length).toBeLessThanOrEqual(4_096);
  });

  test('is in no line of the function\'s log', async () => {
    world.logEvents = ['ecs-run-task-output BucketName=shop-7'];
    await world.request(output());
    expect(world.lines.join('\n')).not.toContain('shop-7');
  });
});

describe('a request that runs no task', () => {
  test('of an Update with runOn CREATE, answers with what the stack has kept', async () => {
    world.stackStatus = 'UPDATE_IN_PROGRESS';
    world.outputs = { MigrationTaskArn: TASK, MigrationOutputBucketName: 'shop-7', Other: 'x' };
    const { Status, Data } = await world.request(update(properties({ ...using('TaskArn', 'OutputBucketName'), RunOn: 'CREATE' })));
    expect({ Status, Data }).toEqual({ Status: 'SUCCESS', Data: { TaskArn: TASK, OutputBucketName: 'shop-7' } });
    expect(world.tasks).toHaveLength(0);
  });

  test('of an Update with runOn CREATE, fails where the stack has kept nothing', async () => {
    world.stackStatus = 'UPDATE_IN_PROGRESS';
    expect(await world.request(update(properties({ ...using('TaskArn', 'ExitCode'), RunOn: 'CREATE' })))).toMatchObject({
      Status: 'FAILED',
      Reason: expect.stringContaining('The task ran before the stack asked for its TaskArn and ExitCode, and runOn CREATE lets it run no more. Set runOn to CHANGE for this deployment.'),
    });
  });

  test('of a rollback, answers with what the stack has kept', async () => {
    world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    world.outputs = { MigrationTaskArn: TASK };
    world.faults.DescribeStacks = [(_, proceed) => proceed(), fails('ThrottlingException')];
    const { Status, Data } = await world.request(update(properties(using('TaskArn'))));
    expect({ Status, Data }).toEqual({ Status: 'SUCCESS', Data: { TaskArn: TASK } });
  });

  test('of a rollback, goes on where the stack has kept nothing or does not tell', async () => {
    world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    expect(await world.request(update(properties(using('TaskArn'))))).toMatchObject({ Status: 'SUCCESS' });
    world.faults.DescribeStacks = [(_, proceed) => proceed(), ...Array.from({ length: 100 }, () => fails('ThrottlingException'))];
    expect(await world.request({ ...update(properties(using('TaskArn'))), RequestId: 'again' })).toMatchObject({ Status: 'SUCCESS' });
  });

  test('of a rollback that was to run the task and could not, answers with what the stack has kept', async () => {
    world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    world.outputs = { MigrationTaskArn: TASK };
    world.lives = [runs(5, 1)];
    const { Status, Data } = await world.request(update(properties({ ...using('TaskArn'), OnRollback: 'RUN' })));
    expect({ Status, Data }).toEqual({ Status: 'SUCCESS', Data: { TaskArn: TASK } });
    expect(world.tasks).toHaveLength(1);
  });
});

test('the log is waited for no longer than the function has time', async () => {
  world.lives = [runs(1, 0)];
  world.logEvents = ['nothing'];
  await world.invoke(create(properties(using('OutputBucketName'))), 100_000);
  expect(world.answers).toMatchObject([{ Status: 'FAILED' }]);
  expect(world.seconds()).toBeLessThan(58);
});
