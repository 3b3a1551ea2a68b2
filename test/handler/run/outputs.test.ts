import { using, TASK } from '../../support/attributes';
import { create, fails, Fault, properties, runs, FakeAws, times } from '../../support/fake-aws';
import { expectFailed } from '../../support/handler-expectations';

let world: FakeAws;
beforeEach(() => { world = new FakeAws(); });

describe('an output of the task', () => {
  const output = () => create(properties(using('OutputBucketName')));

  test.each([
    ['among other lines', ['creating', 'ecs-run-task-output BucketName=shop-7', 'done']],
    ['in a message of several lines', ['creating\necs-run-task-output BucketName=shop-7\ndone\n']],
    ['with a carriage return and white space', ['ecs-run-task-output BucketName= shop-7 \r\n']],
    ['after a progress bar that wrote over its line', ['10%\r100%\recs-run-task-output BucketName=shop-7\n']],
    ['twice with the same value', ['ecs-run-task-output BucketName=shop-7', 'ecs-run-task-output BucketName=shop-7']],
    ['with the colours of a terminal', ['\u001b[32mecs-run-task-output BucketName=shop-7\u001b[0m']],
  ])('is read from a log that has it %s', async (_, lines) => {
    world.logEvents = lines;
    expect((await world.request(output())).Data).toEqual({ OutputBucketName: 'shop-7' });
  });

  test('can contain an equals sign', async () => {
    world.logEvents = ['ecs-run-task-output BucketName=a=b=c'];
    expect((await world.request(output())).Data).toEqual({ OutputBucketName: 'a=b=c' });
  });

  test('keeps its tabs, with which the AWS CLI separates the items of a list', async () => {
    world.logEvents = ['ecs-run-task-output BucketName=shop-7\tshop-8'];
    expect((await world.request(output())).Data).toEqual({ OutputBucketName: 'shop-7\tshop-8' });
  });

  test.each([
    ['not in the log', ['done']],
    ['empty', ['ecs-run-task-output BucketName=']],
    ['only white space', ['ecs-run-task-output BucketName=  ']],
    ['in the middle of a line', ['the form is ecs-run-task-output BucketName=shop-7']],
    ['there only under a longer name', ['ecs-run-task-output BucketNames=shop-7']],
  ])('fails the deployment when it is %s, and the message says what to print', async (_, lines) => {
    world.logEvents = lines;
    expect(await world.request(output())).toMatchObject({
      Status: 'FAILED',
      Reason: [
        'The task succeeded, but its output "BucketName" is not in its log. '
          + 'Print the line "ecs-run-task-output BucketName=<value>" in container "app", and check that its log driver does not drop lines (mode non-blocking).',
        'The end of its log:',
        `  ${lines[0]}`,
        'Log group /shop, stream app/app/1a.',
        `Task ${TASK}.`,
        'CloudWatch Log Stream: 2026/01/01/[$LATEST]abc',
      ].join('\n'),
    });
    expect(world.callsOf('RunTask')).toHaveLength(1);
  });

  test.each([
    ['AccessDeniedException', 'not authorized to perform: logs:GetLogEvents', 'Check the role of the function, its permissions boundary, and the service control policies of the account.'],
    ['ResourceNotFoundException', 'The specified log group does not exist.', 'Create it in your app; awslogs-create-group works only if the execution role is allowed logs:CreateLogGroup.'],
    ['InvalidOperationException', 'The operation is not valid on the specified resource.', 'Deploy again; if it happens again, check that its log group has the class STANDARD, and print the output last.'],
  ])('fails the deployment when its log cannot be read (%s), and the message does not say that the output is not printed', async (name, message, advice) => {
    world.logEvents = ['ecs-run-task-output BucketName=shop-7'];
    world.faults.GetLogEvents = times(1000, fails(name, message));
    const { Status, Reason } = await world.request(output());
    expect(Status).toBe('FAILED');
    expect(Reason.split('\n')[0]).toBe(`The task succeeded, but its output "BucketName" could not be read: ${name}: ${message.replace(/\.$/, '')}. ${advice}`);
    expect(Reason).not.toContain('Let container');
  });

  test('fails the deployment when the task prints two different values', async () => {
    world.logEvents = ['ecs-run-task-output BucketName=shop-7', 'ecs-run-task-output BucketName=shop-8'];
    expectFailed(await world.request(output()), /2 different values for its output "BucketName"\. .*\nTask arn/);
  });

  test('is read again while the log is late or cannot be read', async () => {
    const none = () => ({ events: [] });
    world.faults.GetLogEvents = [fails('ResourceNotFoundException'), none, none, fails('ThrottlingException'), none];
    world.logEvents = ['ecs-run-task-output BucketName=shop-7'];
    expect((await world.request(output())).Data).toEqual({ OutputBucketName: 'shop-7' });
  });

  test('is not waited for longer than the function has time', async () => {
    world.lives = [runs(1, 0)];
    world.logEvents = ['nothing'];
    await world.invoke(create(properties(using('OutputBucketName'))), 100_000);
    expect(world.answers).toMatchObject([{ Status: 'FAILED' }]);
    expect(world.seconds()).toBeLessThan(55 + 4 + 0.5); // the reserve begins after 55 seconds, and the end of the log is read for 4
  });

  test('is found far back in a long log', async () => {
    const page = (number: number, message = 'working') => () => ({ events: [{ message }], nextBackwardToken: `b/${number}` });
    world.faults.GetLogEvents = [page(1), page(2), () => ({ events: [], nextBackwardToken: 'b/3' }), page(4, 'ecs-run-task-output BucketName=shop-7')];
    expect((await world.request(output())).Data).toEqual({ OutputBucketName: 'shop-7' });
    expect(world.callsOf('GetLogEvents').map(({ nextToken }) => nextToken)).toEqual([undefined, 'b/1', 'b/2', 'b/3']);
  });

  test('is not searched for beyond the beginning of the log', async () => {
    const pages = times(200, () => ({ events: [], nextBackwardToken: 'b/1' }));
    world.faults.GetLogEvents = pages;
    await world.request(output());
    expect(world.callsOf('GetLogEvents')[1]).toMatchObject({ nextToken: 'b/1' });
    expect(world.callsOf('GetLogEvents')[2].nextToken).toBeUndefined();
  });

  describe('in a log of many pages', () => {
    /** A log with this message on each page, from the last one, which is number 0, to the first one. */
    const log = (length: number, messageOf: (page: number) => string) => times<Fault>(10_000, ({ nextToken = 'b/0' }) => {
      const page = Number(nextToken.slice(2));
      return { events: [{ message: page < length ? messageOf(page) : '' }], nextBackwardToken: `b/${Math.min(page + 1, length)}` };
    });

    test('is found on the first one', async () => {
      world.faults.GetLogEvents = log(100, (page) => page === 99 ? 'ecs-run-task-output BucketName=shop-7' : 'working');
      expect((await world.request(output())).Data).toEqual({ OutputBucketName: 'shop-7' });
    });

    test('is found on the last one, to which its line comes late', async () => {
      let began: number | undefined;
      world.faults.GetLogEvents = log(Infinity, (page) => {
        began ??= world.seconds();
        return page === 0 && world.seconds() > began + 10 ? 'ecs-run-task-output BucketName=shop-7' : 'working';
      });
      expect((await world.request(output())).Data).toEqual({ OutputBucketName: 'shop-7' });
    });

    test('is reported as not in the log if that was read to its beginning', async () => {
      world.faults.GetLogEvents = log(30, () => 'working');
      expectFailed(await world.request(output()), 'The task succeeded, but its output "BucketName" is not in its log.');
    });

    test('is reported as not read if the time is up before the beginning of the log', async () => {
      world.faults.GetLogEvents = log(Infinity, () => 'working');
      const { Status, Reason } = await world.request(output());
      expect(Status).toBe('FAILED');
      expect(Reason.split('\n')[0]).toBe('The task succeeded, but its output "BucketName" could not be read: the function gave up before it reached the beginning of the log. '
        + 'Deploy again; if it happens again, check that its log group has the class STANDARD, and print the output last.');
      const readAt = world.calls.filter(({ name, input }) => name === 'GetLogEvents' && input.limit === undefined).map(({ at }) => at);
      expect(readAt.pop()! - readAt[0]).toBeLessThan(61);
    });
  });

  test('is read without the outputs that the stack does not use', async () => {
    world.logEvents = ['ecs-run-task-output Other=x', 'ecs-run-task-output BucketName=shop-7'];
    const { Data, at } = await world.request(output());
    expect(Data).toEqual({ OutputBucketName: 'shop-7' });
    expect(at).toBeLessThan(100);
  });

  test('is read from any of the containers that decide', async () => {
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

  describe('of a task with several containers that decide', () => {
    const names = ['app', 'worker', 'agent', 'proxy'];
    const Logs = Object.fromEntries(names.map((name) => [name, { Group: '/shop', StreamPrefix: name }]));
    const delivered = properties({ ...using('OutputBucketName'), Logs, ExitCodeFrom: names });
    beforeEach(() => {
      world.lives = [runs(5, 0, { containers: names.map((name) => ({ name, lastStatus: 'STOPPED', exitCode: 0 })) })];
    });

    test('is read from all their logs at the same time', async () => {
      let [open, most] = [0, 0];
      world.faults.GetLogEvents = times(4, async (_, proceed) => {
        most = Math.max(most, ++open);
        await new Promise(setImmediate);
        open--;
        return proceed();
      });
      world.logEvents = ['ecs-run-task-output BucketName=shop-7'];
      expect((await world.request(create(delivered))).Data).toEqual({ OutputBucketName: 'shop-7' });
      expect(most).toBe(4);
    });

    test('fails the deployment when two of them print different values', async () => {
      world.faults.GetLogEvents = names.map((name) => () => ({ events: [{ message: `ecs-run-task-output BucketName=${name}` }] }));
      expectFailed(await world.request(create(delivered)), 'The task printed 4 different values for its output "BucketName".');
    });
  });

  test('fails the deployment when it is too long for the answer, and the message says by how much', async () => {
    world.logEvents = [`ecs-run-task-output BucketName=${'x'.repeat(5_000)}`];
    expectFailed(await world.request(output()), /^The task succeeded, but its results are 1\d\d\d bytes too long for CloudFormation. Print shorter values/);
  });

  test('fails the deployment when it is too long only for the answer of the next resource', async () => {
    const deployWithOutputOf = (length: number) => {
      world = new FakeAws();
      world.logEvents = [`ecs-run-task-output BucketName=${'x'.repeat(length)}`];
      const delivered = properties({ ...using('OutputBucketName'), HasNextLeg: 'true' });
      return world.request({ ...create(delivered), RequestId: `request-${length}` });
    };
    let [fits, over] = [3_000, 4_096];
    while (over - fits > 1) {
      const length = Math.floor((fits + over) / 2);
      [fits, over] = (await deployWithOutputOf(length)).Status === 'SUCCESS' ? [length, over] : [fits, length];
    }
    const { Data } = await deployWithOutputOf(fits);
    const next = create(properties({ ...using('OutputBucketName'), HasNextLeg: 'true', PreviousLeg: { First: 'Migration', Baton: Data!.Baton } }));
    const answer = await world.request({ ...next, LogicalResourceId: 'Migration12', RequestId: 'request-next' });
    expect(JSON.stringify({ ...answer, at: undefined }).length).toBeLessThanOrEqual(4_096);
  });

  test('is never in the log of the function', async () => {
    world.logEvents = ['ecs-run-task-output BucketName=shop-7'];
    await world.request(output());
    expect(world.lines.join('\n')).not.toContain('shop-7');
  });
});
