import { ConflictException, RunTaskCommand, StopTaskCommand } from '@aws-sdk/client-ecs';
import { awsError, CLUSTER, create, doesNotStart, fails, ID, Life, MINUTE, properties, remove, runs, update, FakeAws } from '../support/fake-aws';

let world: FakeAws;
beforeEach(() => { world = new FakeAws(); });

/** The URL of a request that was sent so many minutes after the world began. */
const sentAfter = (minutes: number) => `https://bucket.example/answer?X-Amz-Date=20260101T00${String(minutes).padStart(2, '0')}00Z&X-Amz-Signature=secret`;

const times = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item);

describe('a Create', () => {
  test('runs the task once and succeeds when its container exits with 0', async () => {
    expect(await world.request(create())).toMatchObject({ Status: 'SUCCESS', StackId: create().StackId, RequestId: create().RequestId, LogicalResourceId: 'Migration' });
    expect(world.tasks).toHaveLength(1);
    expect(world.answers).toHaveLength(1);
  });

  test('sends the request with its types put back, a token of its own, and a mark to find the task by', async () => {
    await world.request(create(properties({}, { count: '1', enableExecuteCommand: 'false' })));
    expect(world.callsOf('RunTask')).toEqual([{
      cluster: CLUSTER,
      taskDefinition: 'migrate:7',
      launchType: 'FARGATE',
      count: 1,
      enableExecuteCommand: false,
      clientToken: 'c0ffee00-create-1-1',
      startedBy: expect.stringMatching(/^Shop\/Migration\/[0-9a-f]{12}\/[0-9a-f]{8}\/1\/1$/),
    }]);
  });

  test('answers as soon as the exit code is known, before the task is STOPPED', async () => {
    world.lives = [runs(60, 0)];
    const { at } = await world.request(create());
    expect(at).toBeGreaterThan(90);
    expect(at).toBeLessThan(93);
  });

  test('waits for STOPPED where asked to', async () => {
    world.lives = [runs(60, 0)];
    const { at } = await world.request(create(properties({ CompleteWhen: 'TASK_STOPPED' })));
    expect(at).toBeGreaterThan(110);
  });

  test('fails with the container, its exit code, and its last log lines', async () => {
    world.lives = [runs(60, 3)];
    world.logEvents = ['migrating', 'ERROR: relation "users" already exists\n'];
    expect(await world.request(create())).toMatchObject({
      Status: 'FAILED',
      Reason: [
        'Container "app" exited with code 3.',
        'The end of its log:',
        '  migrating',
        '  ERROR: relation "users" already exists',
        'Log group /shop, stream app/app/1a.',
        'Task arn:aws:ecs:eu-west-1:111122223333:task/shop/1a.',
        'CloudWatch Log Stream: 2026/01/01/[$LATEST]abc',
      ].join('\n'),
    });
  });

  test('stops nothing that has ended by itself', async () => {
    world.lives = [runs(60, 3)];
    await world.request(create());
    expect(world.callsOf('StopTask')).toEqual([]);
  });

  test('prints all of the end of the log to its own log, where cdk deploy shows it, also what the answer has no room for', async () => {
    world.lives = [runs(60, 3)];
    world.logEvents = Array.from({ length: 20 }, (_, line) => `line ${line} ${'x'.repeat(300)}`);
    const { Reason } = await world.request(create());
    expect(Reason).not.toContain('line 0 ');
    expect(world.lines.join('\n')).toContain('  line 0 ');
  });

  test('shows no blank lines of the log', async () => {
    world.lives = [runs(60, 3)];
    world.logEvents = ['one\n\n', '  \n', '\ntwo\n'];
    expect((await world.request(create())).Reason).toContain('The end of its log:\n  one\n  two\nLog group');
  });

  test('waits for the log, which can be late, but not for long', async () => {
    world.lives = [runs(60, 3)];
    world.faults.GetLogEvents = [fails('ResourceNotFoundException'), () => ({ events: [] })];
    world.logEvents = ['out of ideas'];
    expect((await world.request(create())).Reason).toContain('The end of its log:\n  out of ideas\n');
    world.faults.GetLogEvents = times(100, () => ({ events: [] }));
    const before = world.callsOf('GetLogEvents').length;
    expect((await world.request({ ...create(), RequestId: 'another', ResponseURL: sentAfter(2) })).Reason).not.toContain('out of ideas');
    expect(world.callsOf('GetLogEvents').length - before).toBeLessThan(7);
  });

  test('shows as many lines of the log as it was told to, the last ones', async () => {
    world.lives = [runs(60, 3)];
    world.logEvents = ['one\ntwo', 'three\nfour'];
    expect((await world.request(create(properties({ LogTailLines: '3' })))).Reason).toContain('The end of its log:\n  two\n  three\n  four\n');
    expect(world.callsOf('GetLogEvents')).toEqual([{ logGroupName: '/shop', logStreamName: 'app/app/1a', startFromHead: false, limit: 3 }]);
  });

  test('does not read logs where it was told not to', async () => {
    world.lives = [runs(60, 3)];
    await world.request(create(properties({ LogTailLines: '0' })));
    expect(world.callsOf('GetLogEvents')).toEqual([]);
  });

  test('still tells the cause when the log cannot be read', async () => {
    world.lives = [runs(60, 3)];
    world.faults.GetLogEvents = times(10, fails('ResourceNotFoundException', 'The specified log stream does not exist.'));
    expect((await world.request(create())).Reason).toContain('Container "app" exited with code 3.');
  });

  test('accepts the exit codes it was given', async () => {
    world.lives = [runs(5, 3)];
    expect(await world.request(create(properties({ SuccessExitCodes: ['0', '3'] })))).toMatchObject({ Status: 'SUCCESS' });
  });

  test('fails at once for properties that do not fit the request, with their path', async () => {
    expect(await world.request(create(properties({}, { count: 'two' })))).toMatchObject({
      Status: 'FAILED',
      Reason: expect.stringContaining('the property Request.count is not a number'),
    });
    expect(world.tasks).toHaveLength(0);
  });

  test('answers an error that nobody foresaw, and stops the task', async () => {
    world.faults.DescribeTasks = [() => { throw new TypeError('surprise'); }];
    expect(await world.request(create())).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('TypeError: surprise') });
    expect(world.callsOf('StopTask')).toHaveLength(1);
  });
});

describe('several tasks', () => {
  const two = () => create(properties({}, { count: '2' }));

  test('succeed when every one succeeds', async () => {
    world.lives = [runs(5, 0), runs(90, 0)];
    expect(await world.request(two())).toMatchObject({ Status: 'SUCCESS' });
    expect(world.seconds()).toBeGreaterThan(120);
  });

  test('fail when one fails, after the other has ended by itself', async () => {
    world.lives = [runs(5, 1), runs(90, 0)];
    expect(await world.request(two())).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('1 of 2 tasks failed: container "app" exited with code 1') });
    expect(world.seconds()).toBeGreaterThan(120);
    expect(world.callsOf('StopTask')).toEqual([]);
  });

  test('fail when ECS knows one of them no more', async () => {
    world.lives = [runs(90 * 60, 0)];
    world.faults.DescribeTasks = times(1_000, (_, proceed) => ({ tasks: (proceed() as any).tasks.slice(0, 1) }));
    expect(await world.request(two())).toMatchObject({
      Status: 'FAILED', Reason: expect.stringContaining(`ECS does not know the task any more, so its result is unknown.\nTask ${world.tasks[1].taskArn}.`),
    });
    expect(world.seconds()).toBeLessThan(10 * 60);
  });

  test('are not completed any more once one of them has failed', async () => {
    world.lives = [runs(5, 1), doesNotStart('RESOURCE:MEMORY')];
    world.faults.RunTask = [(_, proceed) => proceed(), (_, proceed) => proceed(), ...times(10, () => ({ failures: [{ reason: 'RESOURCE:MEMORY' }] }))];
    expect(await world.request(two())).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('1 of 2 tasks failed: container "app" exited with code 1') });
    expect(world.tasks).toHaveLength(2);
    expect(world.seconds()).toBeLessThan(55);
  });

  test('are not completed either while another still runs', async () => {
    world.lives = [runs(5, 1), runs(90, 0), doesNotStart('RESOURCE:MEMORY')];
    world.faults.RunTask = [...times(3, (_: unknown, proceed: () => unknown) => proceed()), ...times(100, () => ({ failures: [{ reason: 'RESOURCE:MEMORY' }] }))];
    expect(await world.request(create(properties({}, { count: '3' })))).toMatchObject({ Status: 'FAILED' });
    expect(world.seconds()).toBeGreaterThan(120);
    expect(Math.max(...world.calls.filter(({ name }) => name === 'RunTask').map(({ at }) => at))).toBeLessThan(37);
  });

  test('fail only when the one that ECS does not see at the moment has ended too', async () => {
    world.lives = [runs(5, 1), runs(90, 0)];
    world.faults.DescribeTasks = times(60, (_, proceed) => ({ tasks: (proceed() as any).tasks.slice(0, 1) }));
    expect(await world.request(two())).toMatchObject({ Status: 'FAILED' });
    expect(world.callsOf('StopTask')).toEqual([]);
  });

  test('name what kept one of them from being placed', async () => {
    world.lives = [runs(5, 0)];
    world.faults.RunTask = [(_, proceed) => proceed(), ...times(1000, () => ({ failures: [{ reason: 'RESOURCE:MEMORY' }] }))];
    expect(await world.request(two())).toMatchObject({
      Status: 'FAILED',
      Reason: expect.stringContaining('The task did not start within 30 minutes: no container instance has enough room for it.'),
    });
  });

  test('are completed when ECS could place only one of them at first', async () => {
    world.faults.RunTask = [(_, proceed) => proceed(), () => ({ failures: [{ reason: 'RESOURCE:MEMORY' }] })];
    expect(await world.request(two())).toMatchObject({ Status: 'SUCCESS' });
    expect(world.callsOf('RunTask').map(({ count, clientToken }) => [count, clientToken])).toEqual([
      [1, 'c0ffee00-create-1-1'], [1, 'c0ffee00-create-2-1'], [1, 'c0ffee00-create-2-2'],
    ]);
    expect(world.tasks).toHaveLength(2);
  });

  test('are found again one by one after a crash, also when both had lost their capacity', async () => {
    world.lives = [doesNotStart('RESOURCE:MEMORY'), doesNotStart('RESOURCE:CPU'), runs(60, 0), runs(60, 0)];
    await world.invoke(two(), 2 * MINUTE);
    world.handedOver = [];
    expect(await world.request(two())).toMatchObject({ Status: 'SUCCESS' });
    expect(world.tasks).toHaveLength(4);
  });
});

describe('starting', () => {
  test.each([
    ['throttling', 'ThrottlingException', 'Rate exceeded', 400],
    ['an error of ECS', 'ServerException', 'Service Unavailable', 500],
    ['a permission that is not there yet', 'AccessDeniedException', 'not authorized to perform: ecs:RunTask', 400],
    ['a role that cannot be assumed yet', 'ClientException', "ECS was unable to assume the role 'x' that was provided for this task.", 400],
    ['a service-linked role that is being made', 'InvalidParameterException', 'Unable to assume the service linked role. Please verify that the ECS service linked role exists.', 400],
    ['a cluster that is not known everywhere yet', 'ClusterNotFoundException', 'Cluster not found.', 400],
    ['a capacity provider that is not known everywhere yet', 'InvalidParameterException', 'The specified capacity provider FARGATE_SPOT was not found.', 400],
    ['a quota of tasks in PROVISIONING', 'ClientException', 'The limit of tasks in PROVISIONING state is reached', 400],
  ])('survives %s, with the same token', async (_, name, message, status) => {
    world.faults.RunTask = times(2, fails(name, message, status));
    expect(await world.request(create())).toMatchObject({ Status: 'SUCCESS' });
    expect(world.callsOf('RunTask').map(({ clientToken }) => clientToken)).toEqual(times(3, 'c0ffee00-create-1-1'));
    expect(world.lines).toContain(`AWS did not take the request: ${name}: ${message}; the next attempt follows`);
    expect(world.tasks).toHaveLength(1);
  });

  test('survives an answer that was lost after the task had started', async () => {
    world.faults.RunTask = [(_, proceed) => { proceed(); throw awsError('TimeoutError', 'socket hang up'); }];
    expect(await world.request(create())).toMatchObject({ Status: 'SUCCESS' });
    expect(world.tasks).toHaveLength(1);
  });

  test('tries again with a new token when there was no capacity', async () => {
    world.faults.RunTask = times(2, () => ({ tasks: [], failures: [{ arn: 'x', reason: 'RESOURCE:MEMORY' }] }));
    expect(await world.request(create())).toMatchObject({ Status: 'SUCCESS' });
    expect(world.callsOf('RunTask').map(({ clientToken }) => clientToken)).toEqual(['c0ffee00-create-1-1', 'c0ffee00-create-1-2', 'c0ffee00-create-1-3']);
  });

  test('takes over a task that ECS has started in spite of the failure it reported', async () => {
    world.faults.RunTask = [(_, proceed) => { proceed(); return { tasks: [], failures: [{ reason: 'RESOURCE:MEMORY' }] }; }];
    expect(await world.request(create())).toMatchObject({ Status: 'SUCCESS' });
    expect(world.tasks).toHaveLength(1);
    expect(world.callsOf('RunTask')).toHaveLength(1);
  });

  test('takes over also one that has ended by then, and judges it', async () => {
    world.lives = [runs(-25, 3), runs(5, 0)];
    world.faults.RunTask = [(_, proceed) => { proceed(); return { tasks: [], failures: [{ reason: 'RESOURCE:MEMORY' }] }; }];
    world.random = () => 60; // the next attempt comes late
    expect(await world.request(create())).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('Container "app" exited with code 3.') });
    expect(world.tasks).toHaveLength(1);
  });

  test('does not take over a task that has failed for one whose start got no answer', async () => {
    world.lives = [runs(5, 1), runs(5, 0)];
    world.faults.RunTask = [(_, proceed) => proceed(), (_, proceed) => { proceed(); throw awsError('TimeoutError', 'socket hang up'); }];
    expect(await world.request(create(properties({ RetryAttempts: '1' })))).toMatchObject({ Status: 'SUCCESS' });
    expect(world.tasks).toHaveLength(2);
  });

  test('stops a task that ECS has started in spite of the failure it reported, and that shows up late', async () => {
    world.lives = [runs(60 * 60, 0), runs(5, 0)];
    world.faults.RunTask = [(_, proceed) => { proceed(); return { tasks: [], failures: [{ reason: 'RESOURCE:MEMORY' }] }; }];
    world.faults.ListTasks = [...times(2, (_: unknown, proceed: () => unknown) => proceed()), ...times(2, () => ({ taskArns: [] }))];
    expect(await world.request(create())).toMatchObject({ Status: 'SUCCESS' });
    expect(world.callsOf('StopTask')).toMatchObject([{ task: world.tasks[0].taskArn, reason: 'cdk-ecs-run-task: another task has succeeded in its place' }]);
  });

  test('does so also where another task of the request has started at once', async () => {
    world.lives = [runs(5, 0), runs(60 * 60, 0), runs(5, 0)];
    world.faults.RunTask = [(_, proceed) => proceed(), (_, proceed) => { proceed(); return { tasks: [], failures: [{ reason: 'RESOURCE:MEMORY' }] }; }];
    world.faults.ListTasks = [...times(2, (_: unknown, proceed: () => unknown) => proceed()), ...times(2, () => ({ taskArns: [] }))];
    expect(await world.request(create(properties({}, { count: '2' })))).toMatchObject({ Status: 'SUCCESS' });
    expect(world.callsOf('StopTask').map(({ task }) => task)).toEqual([world.tasks[1].taskArn]);
  });

  test.each(['CREATE_IN_PROGRESS', 'UPDATE_IN_PROGRESS'])('starts nothing for an old event when another deployment has begun: %s', async (status) => {
    const event = status === 'CREATE_IN_PROGRESS' ? create() : update();
    await world.sleep(5 * MINUTE);
    world.faults.DescribeStacks = times(10, () => ({ Stacks: [{ StackStatus: status, LastUpdatedTime: new Date(Date.UTC(2026, 0, 1, 0, 4)) }] }));
    expect(await world.request(event)).toMatchObject({
      Status: 'FAILED', Reason: expect.stringMatching(/^(The function failed: t|T)his request is out of date: CloudFormation has gone on without it\.\nCloudWatch/),
    });
    expect(world.tasks).toHaveLength(0);
    expect(world.callsOf('DescribeStacks')).toContainEqual({ StackName: event.StackId });
  });

  test('stops the task of an old event when another deployment has begun', async () => {
    world.lives = [runs(60 * 60, 0)];
    world.faults.DescribeStacks = [
      ...times(2, (_: unknown, proceed: () => unknown) => proceed()),
      () => ({ Stacks: [{ StackStatus: 'UPDATE_IN_PROGRESS', LastUpdatedTime: new Date(Date.UTC(2026, 0, 1, 0, 1)) }] }),
    ];
    expect(await world.request(create())).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('This request is out of date') });
    expect(world.callsOf('StopTask')).toHaveLength(1);
  });

  test('stops the task of an earlier request, which nobody waits for any more, before it starts its own', async () => {
    world.lives = [runs(60 * 60, 0), runs(5, 0)];
    await world.invoke(create(), 2 * MINUTE);
    world.handedOver = [];
    expect(await world.request({ ...create(), RequestId: 'another', ResponseURL: sentAfter(3) })).toMatchObject({ Status: 'SUCCESS' });
    expect(world.callsOf('StopTask')).toEqual([{ cluster: CLUSTER, task: world.tasks[0].taskArn, reason: 'cdk-ecs-run-task: a later deployment runs it anew' }]);
    expect(world.tasks[1].at - world.tasks[0].stoppedAt!).toBeGreaterThanOrEqual(30_000);
  });

  test('starts nothing where the task of an earlier request cannot be stopped', async () => {
    world.lives = [runs(60 * 60, 0)];
    await world.invoke(create(), 2 * MINUTE);
    world.faults.StopTask = times(1000, fails('ServerException', '', 500));
    const { Status, Reason } = await world.request({ ...create(), RequestId: 'another', ResponseURL: sentAfter(3) });
    expect(Status).toBe('FAILED');
    expect(Reason.split('\n')).toEqual([
      'The task of an earlier deployment still runs, so no other was started.',
      `May still be running, stop it by hand: ${world.tasks[0].taskArn}.`,
      expect.stringContaining('CloudWatch Log Stream'),
    ]);
    expect(world.tasks).toHaveLength(1);
  });

  test('leaves the task of a later request alone when an old event is delivered again', async () => {
    world.lives = [runs(60 * 60, 0)];
    await world.sleep(5 * MINUTE);
    await world.invoke({ ...create(), RequestId: 'later', ResponseURL: sentAfter(5) }, 2 * MINUTE);
    world.handedOver = [];
    expect(await world.request(create())).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('This request is out of date') });
    expect(world.tasks).toHaveLength(1);
    expect(world.callsOf('StopTask')).toEqual([]);
  });

  test('stops a task that was started although its answer was lost, when no further attempt makes sense', async () => {
    world.lives = [runs(60 * 60, 0)];
    world.faults.RunTask = [(_, proceed) => { proceed(); throw awsError('TimeoutError'); }, fails('InvalidParameterException')];
    expect(await world.request(create())).toMatchObject({ Status: 'FAILED' });
    expect(world.callsOf('StopTask').map(({ task }) => task)).toEqual([world.tasks[0].taskArn]);
  });

  test('replaces a task that found no capacity after it was accepted', async () => {
    world.lives = [doesNotStart('Capacity is unavailable at this time. Please try again later'), runs(5, 0)];
    expect(await world.request(create())).toMatchObject({ Status: 'SUCCESS' });
    expect(world.tasks).toHaveLength(2);
  });

  test('fails at once for an image that does not exist', async () => {
    world.lives = [doesNotStart('CannotPullContainerError: shop:v9: not found')];
    expect(await world.request(create())).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('there is no such image') });
    expect(world.tasks).toHaveLength(1);
  });

  test('fails at once for a failure that waiting does not mend', async () => {
    world.faults.RunTask = [() => ({ tasks: [], failures: [{ reason: 'ATTRIBUTE', detail: 'gpu' }] })];
    expect(await world.request(create())).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('AWS says: ATTRIBUTE: gpu') });
  });

  test('fails at once for a request that ECS refuses', async () => {
    world.faults.RunTask = [fails('InvalidParameterException', 'No Container Instances were found in your cluster.')];
    expect(await world.request(create())).toMatchObject({
      Status: 'FAILED',
      Reason: expect.stringContaining('AWS did not take the request: InvalidParameterException.\nAWS says: No Container Instances were found in your cluster.'),
    });
  });

  test('gives up on a missing permission after three minutes', async () => {
    world.faults.RunTask = times(1000, fails('AccessDeniedException', 'not authorized to perform: ecs:RunTask'));
    expect(await world.request(create())).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('Check the role of the function') });
    expect(world.seconds()).toBeGreaterThan(180);
    expect(world.seconds()).toBeLessThan(240);
  });

  test('gives up on capacity at the deadline', async () => {
    world.faults.RunTask = times(1000, () => ({ tasks: [], failures: [{ reason: 'RESOURCE:CPU' }] }));
    expect(await world.request(create())).toMatchObject({
      Status: 'FAILED',
      Reason: expect.stringContaining('The task did not start within 30 minutes: no container instance has enough room for it.'),
    });
    expect(world.seconds()).toBeLessThan(31 * 60);
  });

  test('does not run a second task when its token belongs to tasks that ECS does not name', async () => {
    world.faults.RunTask = [() => { throw new ConflictException({ message: 'conflict', $metadata: {} }); }];
    expect(await world.request(create())).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('ConflictException') });
    expect(world.tasks).toHaveLength(0);
  });

  test.each(['CREATE_COMPLETE', 'CREATE_FAILED', 'UPDATE_FAILED'])('does not start anything for a deployment that is over: %s', async (status) => {
    world.stackStatus = status;
    expect(await world.request(create())).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining(`The task did not start: the stack is ${status}, not being deployed.`) });
    expect(world.tasks).toHaveLength(0);
  });

  test('starts the task when the beginning of the deployment gets about', async () => {
    world.faults.DescribeStacks = times(3, () => ({ Stacks: [{ StackStatus: 'UPDATE_COMPLETE' }] }));
    expect(await world.request(create())).toMatchObject({ Status: 'SUCCESS' });
  });

  test('does not start anything in an invocation that comes after the deadline', async () => {
    world.faults.RunTask = times(1000, () => ({ failures: [{ reason: 'RESOURCE:CPU' }] }));
    await world.invoke(create(), 2 * MINUTE);
    world.faults.RunTask = [];
    await world.sleep(40 * MINUTE);
    await world.invoke(world.handedOver.shift()!);
    expect(world.answers).toMatchObject([{ Status: 'FAILED' }]);
    expect(world.tasks).toHaveLength(0);
  });

  test('says that there was no time to start anything, where there was none', async () => {
    world.faults.ListTasks = times(1000, fails('ThrottlingException'));
    expect(await world.request(create(properties({ TimeoutSeconds: '1' })))).toMatchObject({
      Status: 'FAILED',
      Reason: expect.stringContaining('The task did not start within 1 seconds: that was over before the first attempt.'),
    });
  });

  test('says that ECS did not tell the state of the task, where it never has', async () => {
    world.faults.DescribeTasks = times(10_000, fails('ThrottlingException'));
    world.lives = [runs(60 * 60, 0)];
    const { Reason } = await world.request(create());
    expect(Reason.split('\n')).toEqual([
      'The task did not end within 30 minutes and was stopped; it was unknown to ECS. See what it waited for, or raise timeout.',
      'Log group /shop, stream app/app/1a.',
      'Task arn:aws:ecs:eu-west-1:111122223333:task/shop/1a.',
      'May still be running, stop it by hand: arn:aws:ecs:eu-west-1:111122223333:task/shop/1a.',
      'More of its tasks may still be running: the function could not look for them (ThrottlingException).',
      expect.stringContaining('CloudWatch Log Stream'),
    ]);
  });

  const startsOnlyTheFirst = () => {
    world.faults.RunTask = [(_, proceed) => proceed(), ...times(1000, () => ({ failures: [{ reason: 'RESOURCE:CPU' }] }))];
    world.lives = [runs(60 * 60, 0)];
  };

  test('tells of the task that runs at the deadline, not of another that did not start', async () => {
    startsOnlyTheFirst();
    const { Reason } = await world.request(create(properties({}, { count: '2' })));
    expect(Reason).toMatch(/^The task did not end within 30 minutes and was stopped; it was RUNNING\. See what it waited for, or raise timeout\.\nLog group/);
  });

  test('tells of the task that runs at the deadline, not of another that has ended just before', async () => {
    world.lives = [runs(1_769, 0), runs(60 * 60, 0)]; // the last look is the first that sees it
    const { Reason } = await world.request(create(properties({}, { count: '2' })));
    expect(Reason).toMatch(/^The task did not end within 30 minutes and was stopped; it was RUNNING\./);
  });

  test('tells of the task that ECS does not describe at the deadline, not of another that did not start', async () => {
    startsOnlyTheFirst();
    world.faults.DescribeTasks = times(10_000, fails('ThrottlingException'));
    const { Reason } = await world.request(create(properties({}, { count: '2' })));
    expect(Reason).toMatch(/^The task did not end within 30 minutes and was stopped; it was unknown to ECS\./);
  });

  test('tells of the task that did not start by the deadline, where another has ended', async () => {
    startsOnlyTheFirst();
    world.lives = [runs(60, 0)];
    const { Reason } = await world.request(create(properties({}, { count: '2' })));
    expect(Reason).toMatch(/^The task did not start within 30 minutes: no container instance has enough room for it\./);
  });

  test('stops at the deadline only what still runs', async () => {
    world.lives = [runs(60, 0), runs(29 * 60, 0), runs(60 * 60, 0)];
    await world.request(create(properties({}, { count: '3' })));
    expect(world.callsOf('StopTask')).toEqual([expect.objectContaining({ task: world.tasks[2].taskArn })]);
  });

  test('gives a task whose event has come late only the time after which CloudFormation still waits for the answer', async () => {
    world.lives = [runs(60 * 60, 0)];
    await world.sleep(4 * MINUTE);
    const { Reason, at } = await world.request(create(properties({ TimeoutSeconds: '600' })));
    expect(Reason).toContain('The task did not end within 8 minutes and was stopped');
    expect(at).toBeLessThan(15 * 60);
  });

  test('does not start anything where the event has come too late', async () => {
    await world.sleep(10 * MINUTE);
    const { Reason } = await world.request(create(properties({ TimeoutSeconds: '300' })));
    expect(Reason).toContain('The function was invoked 10 minutes after CloudFormation had asked for the task, when its time was over. Deploy again.');
    expect(world.tasks).toHaveLength(0);
  });

  test.each([0, 1, 59, 60])('answers also a request whose event has come %d minutes late', async (minutes) => {
    await world.sleep(minutes * MINUTE + 1);
    expect(await world.request(create())).toMatchObject({ Status: minutes < 30 ? 'SUCCESS' : 'FAILED' });
  });

  test('does not start anything at the deadline', async () => {
    world.faults.RunTask = times(1000, () => ({ failures: [{ reason: 'RESOURCE:CPU' }] }));
    await world.request(create());
    expect(Math.max(...world.calls.filter(({ name }) => name === 'RunTask').map(({ at }) => at))).toBeLessThan(30 * 60);
  });

  test('does not start anything once the deployment is being undone', async () => {
    world.stackStatus = 'ROLLBACK_IN_PROGRESS';
    expect(await world.request(create())).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('cancelled before the task had started') });
    expect(world.tasks).toHaveLength(0);
  });
});

describe('waiting', () => {
  test('survives MISSING right after the start', async () => {
    world.faults.DescribeTasks = times(5, () => ({ tasks: [], failures: [{ reason: 'MISSING' }] }));
    expect(await world.request(create())).toMatchObject({ Status: 'SUCCESS' });
  });

  test('fails when ECS has forgotten the task', async () => {
    world.faults.DescribeTasks = times(1000, () => ({ tasks: [], failures: [{ reason: 'MISSING' }] }));
    expect(await world.request(create())).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('its result is unknown') });
  });

  test('survives throttling and errors of ECS', async () => {
    world.faults.DescribeTasks = [...times(3, fails('ThrottlingException')), ...times(3, fails('ServerException', '', 500))];
    expect(await world.request(create())).toMatchObject({ Status: 'SUCCESS' });
  });

  test('looks more and more seldom at a task that takes long', async () => {
    world.lives = [runs(8 * 60, 0)];
    await world.request(create());
    const looks = world.calls.filter(({ name }) => name === 'DescribeTasks').map(({ at }) => at);
    const gaps = looks.slice(1).map((at, index) => at - looks[index]);
    expect(Math.min(...gaps)).toBeCloseTo(1.05, 1);
    expect(gaps[gaps.length - 1]).toBeCloseTo(2.75, 1);
  });

  test('leaves ECS to others once it has throttled a look', async () => {
    world.lives = [runs(8 * 60, 0)];
    world.faults.DescribeTasks = [fails('ThrottlingException')];
    await world.request(create());
    const looks = world.calls.filter(({ name }) => name === 'DescribeTasks');
    expect(looks.length).toBeLessThan(8 * 60 / 10 + 10);
  });

  test('looks once more exactly at the deadline, however seldom it looks by then', async () => {
    world.lives = [runs(60 * 60, 0)];
    world.faults.DescribeTasks = [fails('ThrottlingException')];
    await world.request(create(properties({ TimeoutSeconds: '1234' })));
    expect(world.calls.find(({ name }) => name === 'StopTask')!.at).toBeCloseTo(1_234, 0);
  });

  test('stops the task at its timeout and waits until it is gone', async () => {
    world.lives = [runs(60 * 60, 0)];
    const answer = await world.request(create());
    expect(answer).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('The task did not end within 30 minutes and was stopped; it was RUNNING. See what it waited for, or raise timeout.') });
    expect(world.callsOf('StopTask')).toEqual([{ cluster: CLUSTER, task: world.tasks[0].taskArn, reason: expect.stringContaining('did not end within 30 minutes') }]);
    expect(answer.at).toBeGreaterThan(30 * 60 + 30);
    expect(answer.at).toBeLessThan(31 * 60);
  });

  test('ends before CloudFormation gives up, at a timeout of one hour', async () => {
    world.lives = [runs(2 * 60 * 60, 0)];
    const { at } = await world.request(create(properties({ TimeoutSeconds: '3600' })));
    expect(at).toBeLessThan(3600 - 60);
  });

  test('stops the task also for a reason that is too long for ECS', async () => {
    world.faults.DescribeTasks = [() => { throw new TypeError('x'.repeat(5_000)); }];
    await world.request(create());
    expect(world.callsOf('StopTask').map(({ reason }) => reason.length)).toEqual([255]);
  });

  test('says so when a task does not stop', async () => {
    world.lives = [runs(60 * 60, 0)];
    world.faults.StopTask = times(1000, fails('ServerException', '', 500));
    expect((await world.request(create())).Reason).toContain('May still be running, stop it by hand: arn:aws:ecs:eu-west-1:111122223333:task/shop/1a.');
  });

  test('goes on in the next invocation before this one runs out of time', async () => {
    world.lives = [runs(28 * 60, 0)];
    expect(await world.request(create())).toMatchObject({ Status: 'SUCCESS' });
    expect(world.callsOf('Invoke')).toMatchObject(times(2, { FunctionName: expect.stringContaining('Shop-EcsRunTask'), InvocationType: 'Event' }));
    expect(world.callsOf('RunTask')).toHaveLength(1);
    expect(world.answers).toHaveLength(1);
  });

  test('needs fewer invocations in an hour than the 16 at which Lambda sees a loop', async () => {
    world.lives = [runs(2 * 60 * 60, 0)];
    await world.request(create(properties({ TimeoutSeconds: '3600' })));
    expect(world.callsOf('Invoke').length).toBeLessThan(8);
  });

  test('keeps the deadline of the first invocation', async () => {
    world.lives = [runs(2 * 60 * 60, 0)];
    const { at } = await world.request(create(properties({ TimeoutSeconds: '1200' })));
    expect(at).toBeLessThan(21 * 60);
  });

  test('stops the task when it cannot hand over', async () => {
    world.lives = [runs(28 * 60, 0)];
    world.faults.Invoke = times(100, fails('AccessDeniedException', 'not authorized to perform: lambda:InvokeFunction'));
    expect(await world.request(create())).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('could not hand over to its next invocation') });
    expect(world.callsOf('StopTask')).toHaveLength(1);
    expect(world.seconds()).toBeLessThan(15 * 60);
  });

  const fromElsewhere = (options: object) => {
    world.taskDefinition = { containerDefinitions: [{ name: 'app', logConfiguration: { options } }, { name: 'sidecar', essential: false }] };
    const { ExitCodeFrom, Logs, ...delivered } = properties();
    return delivered;
  };

  test('asks ECS which containers are essential where the definition comes from elsewhere', async () => {
    const delivered = fromElsewhere({ 'awslogs-group': '/elsewhere', 'awslogs-stream-prefix': 'x' });
    world.lives = [runs(5, 1)];
    world.faults.DescribeTaskDefinition = [fails('ThrottlingException')];
    expect((await world.request(create(delivered))).Reason).toContain('Log group /elsewhere, stream x/app/1a.');
    expect(world.callsOf('DescribeTaskDefinition')).toEqual([{ taskDefinition: 'migrate:7' }, { taskDefinition: 'migrate:7' }]);
    expect(world.callsOf('GetLogEvents')).toEqual([]); // which the role does not allow
    world.lives = [runs(5, 0)];
    expect(await world.request({ ...create(delivered), RequestId: 'another', ResponseURL: sentAfter(1) })).toMatchObject({ Status: 'SUCCESS' });
  });

  test('names no log where that definition does not tell the stream', async () => {
    world.lives = [runs(5, 1)];
    expect((await world.request(create(fromElsewhere({ 'awslogs-group': '/elsewhere' })))).Reason).not.toContain('Log group');
  });

  test.each([undefined, {}])('runs nothing where nobody would decide', async (taskDefinition) => {
    world.taskDefinition = taskDefinition;
    const delivered = properties();
    delete delivered.ExitCodeFrom;
    expect(await world.request(create(delivered))).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('ECS does not tell the containers of migrate:7') });
    expect(world.tasks).toHaveLength(0);
  });
});

describe('a task that has run and failed', () => {
  const again = (attempts: number, request = {}) => create(properties({ RetryAttempts: String(attempts) }, request));
  const interrupted: Life = [[0, { lastStatus: 'RUNNING', startedAt: new Date(0) }], [10, { lastStatus: 'STOPPED', stopCode: 'SpotInterruption', startedAt: new Date(0) }]];

  test('is not run again by default', async () => {
    world.lives = [interrupted, runs(5, 0)];
    expect(await world.request(create())).toMatchObject({ Status: 'FAILED' });
    expect(world.tasks).toHaveLength(1);
  });

  test.each([['with an exit code', runs(5, 1)], ['because it lost its Spot capacity', interrupted]])('%s is run again as often as retryAttempts allows', async (_, life) => {
    world.lives = [life, life, runs(5, 0)];
    expect(await world.request(again(2))).toMatchObject({ Status: 'SUCCESS', Reason: '' });
    expect(world.tasks).toHaveLength(3);
  });

  test('fails after the last attempt, and says how many there were', async () => {
    world.lives = [runs(5, 1), runs(5, 2), runs(5, 3)];
    const { Status, Reason } = await world.request(again(2));
    expect(Status).toBe('FAILED');
    expect(Reason).toMatch(/^After 3 attempts: container "app" exited with code 3\./);
    expect(world.tasks).toHaveLength(3);
  });

  test('is run again as often after a crash', async () => {
    world.lives = [runs(5, 1), runs(5, 1), runs(10 * 60, 1)];
    await world.invoke(again(2), 4 * MINUTE);
    world.handedOver = [];
    expect(await world.request(again(2))).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('After 3 attempts') });
    expect(world.tasks).toHaveLength(3);
  });

  test('counts for itself where there are several', async () => {
    world.lives = [runs(5, 1), runs(300, 1), runs(5, 0), runs(5, 0)];
    expect(await world.request(again(1, { count: '2' }))).toMatchObject({ Status: 'SUCCESS' });
    expect(world.tasks).toHaveLength(4);
  });

  test('is named with its siblings', async () => {
    world.lives = [runs(5, 1), runs(60, 0), runs(5, 1)];
    expect((await world.request(again(1, { count: '2' }))).Reason).toMatch(/^1 of 2 tasks failed, after 2 attempts: container "app" exited with code 1\./);
  });

  test('is not run again when somebody stopped it', async () => {
    world.lives = [[[0, { lastStatus: 'RUNNING' }], [10, { lastStatus: 'STOPPED', stopCode: 'UserInitiated', stoppedReason: 'no more' }]]];
    expect(await world.request(again(2))).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('stopped from outside') });
    expect(world.tasks).toHaveLength(1);
  });

  test('is not run again after the timeout', async () => {
    world.lives = [runs(29 * 60 + 28, 1)];
    expect(await world.request(again(10))).toMatchObject({
      Status: 'FAILED',
      Reason: expect.stringContaining('The task did not succeed within 30 minutes: container "app" exited with code 1.'),
    });
    expect(world.tasks).toHaveLength(1);
  });
});

describe('a deployment that is over', () => {
  test.each(['ROLLBACK_IN_PROGRESS', 'UPDATE_FAILED'])('stops the task, for which nobody waits any more: %s', async (status) => {
    world.lives = [runs(20 * 60, 0)];
    await world.invoke(create(), 4 * MINUTE);
    world.stackStatus = status;
    const { Status, Reason, at } = await world.request(world.handedOver.shift()!);
    expect(Status).toBe('FAILED');
    expect(Reason).toContain(`The deployment is over (${status}), and nobody waits for the task.`);
    expect(at).toBeLessThan(4 * 60);
    expect(world.callsOf('StopTask')).toHaveLength(1);
  });

  test('stops also what it has not heard of, however often ECS refuses to list it at first', async () => {
    world.lives = [runs(60 * 60, 0)];
    world.faults.RunTask = [(_, proceed) => { proceed(); throw awsError('TimeoutError'); }, fails('InvalidParameterException')];
    world.faults.ListTasks = [...times(2, () => ({ taskArns: [] })), ...times(3, fails('ThrottlingException'))];
    expect(await world.request(create())).toMatchObject({ Status: 'FAILED' });
    expect(world.callsOf('StopTask')).toHaveLength(1);
  });

  test.each<[string, (input: unknown, proceed: () => unknown) => unknown]>([
    ['whose answer got lost', (_, proceed) => { proceed(); throw awsError('TimeoutError'); }],
    ['that ECS has started and reported as not placed', (_, proceed) => { proceed(); return { failures: [{ reason: 'RESOURCE:CPU' }] }; }],
  ])('stops also a task %s, and which is listed only later', async (_, fault) => {
    world.lives = [runs(60 * 60, 0)];
    world.faults.RunTask = [fault, fails('InvalidParameterException')];
    world.faults.ListTasks = times(100, (_input, proceed) => world.seconds() < 12 ? { taskArns: [] } : proceed());
    expect(await world.request(create())).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('InvalidParameterException') });
    expect(world.callsOf('StopTask')).toHaveLength(1);
  });

  test('stops also the task whose start was under way when a Delete found nothing to stop', async () => {
    world.faults.RunTask = [(_, proceed) => { world.stackStatus = 'ROLLBACK_IN_PROGRESS'; return proceed(); }];
    const { Status, at } = await world.request(create());
    expect(Status).toBe('FAILED');
    expect(at).toBeLessThan(40);
    expect(world.callsOf('StopTask')).toHaveLength(1);
  });

  test('stops also what another invocation of the same event has started, where this one fails before its own start', async () => {
    world.lives = [runs(60 * 60, 0)];
    await world.invoke(create(), 2 * MINUTE);
    world.handedOver = [];
    world.faults.DescribeTaskDefinition = [fails('ClientException', 'Unable to describe task definition.')];
    expect(await world.request(create(properties({ ExitCodeFrom: undefined })))).toMatchObject({ Status: 'FAILED' });
    expect(world.callsOf('StopTask')).toHaveLength(1);
  });

  test('waits also for what another invocation of the same event has told to stop', async () => {
    world.lives = [runs(60 * 60, 0)];
    await world.invoke(create(), 2 * MINUTE);
    world.handedOver = [];
    await world.ecs.send(new StopTaskCommand({ task: world.tasks[0].taskArn }));
    const toldAt = world.seconds();
    world.stackStatus = 'ROLLBACK_IN_PROGRESS';
    const { at } = await world.request(create());
    expect(at).toBeGreaterThanOrEqual(toldAt + 30);
  });

  test('is not seen where the status cannot be had at the moment', async () => {
    world.faults.DescribeStacks = [(_, proceed) => proceed(), ...times(3, fails('ThrottlingException'))];
    expect(await world.request(create())).toMatchObject({ Status: 'SUCCESS' });
  });

  test('is looked for once a minute', async () => {
    world.lives = [runs(10 * 60, 0)];
    await world.request(create());
    expect(world.callsOf('DescribeStacks').length).toBeGreaterThan(10);
    expect(world.callsOf('DescribeStacks').length).toBeLessThan(14);
  });
});

describe('a repeated event', () => {
  test('after the answer gives the same answer and starts nothing', async () => {
    world.lives = [runs(60, 3)];
    const first = await world.request(create());
    const second = await world.request(create());
    expect(second).toMatchObject({ Status: 'FAILED', Reason: first.Reason });
    expect(world.tasks).toHaveLength(1);
  });

  test('after a crash goes on waiting for the same task, with the deadline of the first', async () => {
    world.lives = [runs(60 * 60, 0)];
    world.faults.DescribeStacks = [];
    await expect(new Promise((_, reject) => {
      world.sleep = async () => { reject(new Error('the process died')); return new Promise(() => undefined); };
      void world.invoke(create());
    })).rejects.toThrow('died');
    const revived = Object.assign(world, { sleep: new FakeAws().sleep.bind(world) });
    revived.sleep = async (milliseconds: number) => { (world as any).time += milliseconds; };
    await revived.sleep(2 * MINUTE);
    const { at } = await revived.request(create());
    expect(world.tasks).toHaveLength(1);
    expect(at).toBeLessThan(31 * 60);
  });
});

test('a request of a kind that is yet to come is answered', async () => {
  expect(await world.request({ ...create(), RequestType: 'Adopt' } as any)).toMatchObject({
    Status: 'FAILED',
    Reason: expect.stringContaining('The function failed: Error: CloudFormation asks for Adopt, which this version does not know.'),
  });
});

describe('an Update', () => {
  beforeEach(() => { world.stackStatus = 'UPDATE_IN_PROGRESS'; });

  test('runs the task and keeps the physical id', async () => {
    expect(await world.request(update())).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: ID });
    expect(world.tasks).toHaveLength(1);
  });

  test.each([
    ['where it runs now', properties()],
    ['in another cluster', properties({}, { cluster: 'other' })],
  ])('stops what an earlier deployment has left running %s', async (_, old) => {
    world.lives = [runs(60 * 60, 0), runs(5, 0)];
    await world.invoke({ ...create(old), RequestId: 'earlier' }, 2 * MINUTE);
    world.handedOver = [];
    expect(await world.request({ ...update(properties(), old), ResponseURL: sentAfter(3) })).toMatchObject({ Status: 'SUCCESS' });
    expect(world.callsOf('StopTask')).toEqual([
      { cluster: old.Request.cluster, task: world.tasks[0].taskArn, reason: 'cdk-ecs-run-task: a later deployment runs it anew' },
    ]);
  });

  test('runs nothing where the task runs on creation only', async () => {
    expect(await world.request(update(properties({ RunOn: 'CREATE' })))).toMatchObject({ Status: 'SUCCESS', Reason: 'No task was run: runOn is CREATE.' });
    expect(world.tasks).toHaveLength(0);
  });

  test('in a rollback runs nothing and succeeds', async () => {
    world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    world.lives = [runs(5, 1)];
    expect(await world.request(update())).toMatchObject({ Status: 'SUCCESS', Reason: 'No task was run: this is a rollback.' });
    expect(world.tasks).toHaveLength(0);
  });

  test('in a rollback asks again where the permission to see that is not there yet', async () => {
    world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    world.faults.DescribeStacks = [fails('AccessDenied', 'not authorized to perform: cloudformation:DescribeStacks')];
    expect(await world.request(update())).toMatchObject({ Status: 'SUCCESS', Reason: 'No task was run: this is a rollback.' });
    expect(world.lines).toContain('AccessDenied: not authorized to perform: cloudformation:DescribeStacks; the next attempt follows');
  });

  test('in a rollback does not wait for the network interface of the task that has failed', async () => {
    world.lives = [runs(5, 1)];
    const failed = await world.request(update());
    world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    const { at } = await world.request({ ...update(), RequestId: 'rollback' });
    expect(at - failed.at).toBeLessThan(2);
    expect(world.callsOf('StopTask')).toEqual([]);
  });

  test('in a rollback stops the task of the update that was cancelled, also in another cluster', async () => {
    const cancelled = properties({}, { cluster: 'other' });
    world.lives = [runs(60 * 60, 0)];
    await world.invoke(update(cancelled), 2 * MINUTE); // still waiting, in its next invocation
    world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    expect(await world.request({ ...update(properties(), cancelled), RequestId: 'rollback' })).toMatchObject({ Status: 'SUCCESS' });
    expect(world.callsOf('StopTask')[0]).toEqual({ cluster: 'other', task: world.tasks[0].taskArn, reason: 'cdk-ecs-run-task: the deployment is rolled back' });
    expect(world.answers).toContainEqual(expect.objectContaining({ RequestId: update().RequestId, Status: 'FAILED' }));
  });

  test('in a rollback stops what runs in either cluster, each task in its own', async () => {
    const cancelled = properties({}, { cluster: 'other' });
    world.lives = [runs(60 * 60, 0)];
    await world.invoke(create(), 2 * MINUTE);
    world.handedOver = [];
    await world.ecs.send(new RunTaskCommand({ cluster: 'other', taskDefinition: 'migrate:7', startedBy: world.tasks[0].startedBy }));
    world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    expect(await world.request({ ...update(properties(), cancelled), RequestId: 'rollback', ResponseURL: sentAfter(3) })).toMatchObject({ Status: 'SUCCESS' });
    expect(world.callsOf('StopTask').map(({ cluster, task }) => [cluster, task])).toEqual(expect.arrayContaining([
      [CLUSTER, world.tasks[0].taskArn], ['other', world.tasks[1].taskArn],
    ]));
    expect(world.callsOf('StopTask')).toHaveLength(2);
  });

  describe('in a rollback that is to run the task', () => {
    beforeEach(() => { world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS'; });
    const run = (more = {}) => update(properties({ OnRollback: 'RUN', ...more }, { taskDefinition: 'migrate:6' }));

    test('runs that of the version it goes back to', async () => {
      expect(await world.request(run())).toMatchObject({ Status: 'SUCCESS', Reason: '' });
      expect(world.callsOf('RunTask')).toMatchObject([{ taskDefinition: 'migrate:6' }]);
    });

    test('succeeds also when the task fails, or cannot be started', async () => {
      world.lives = [runs(5, 3)];
      expect(await world.request(run())).toMatchObject({ Status: 'SUCCESS', Reason: expect.stringMatching(/^The rollback goes on without its task\.\nContainer "app" exited with code 3\./) });
      expect(await world.request({ ...run({ TimeoutSeconds: 'soon' }), RequestId: 'odd' })).toMatchObject({ Status: 'SUCCESS', Reason: expect.stringContaining('TimeoutSeconds is not a number') });
    });

    test('succeeds also in a later invocation', async () => {
      world.lives = [runs(20 * 60, 3)];
      expect(await world.request(run())).toMatchObject({ Status: 'SUCCESS', Reason: expect.stringContaining('exited with code 3') });
      expect(world.callsOf('Invoke')).toHaveLength(1);
    });

    test('runs nothing where the task runs on creation only', async () => {
      expect(await world.request(run({ RunOn: 'CREATE' }))).toMatchObject({ Status: 'SUCCESS' });
      expect(world.tasks).toHaveLength(0);
    });
  });

  test('in a rollback succeeds also when nothing can be looked up', async () => {
    world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    world.faults.ListTasks = times(1000, fails('AccessDeniedException'));
    expect(await world.request(update())).toMatchObject({ Status: 'SUCCESS' });
  });

  test('runs nothing and fails where CloudFormation tells no status', async () => {
    world.faults.DescribeStacks = times(1000, () => ({ Stacks: [] }));
    expect(await world.request(update())).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('does not tell the status of the stack') });
    expect(world.tasks).toHaveLength(0);
  });

  test('runs nothing and fails while it cannot tell whether this is a rollback', async () => {
    world.faults.DescribeStacks = times(1000, fails('AccessDenied', 'not authorized to perform: cloudformation:DescribeStacks'));
    const { Status, Reason } = await world.request(update());
    expect(Status).toBe('FAILED');
    expect(Reason.split('\n').slice(0, 2)).toEqual([
      'CloudFormation did not tell whether this is a rollback, so no task was run. Check the role of the function, its permissions boundary, and the service control policies of the account.',
      'AWS says: AccessDenied: not authorized to perform: cloudformation:DescribeStacks',
    ]);
    expect(world.seconds()).toBeLessThan(180);
    expect(world.tasks).toHaveLength(0);
  });

  test('asks for four minutes whether it is a rollback, and says what to do when it has not been told', async () => {
    world.faults.DescribeStacks = times(1000, fails('ThrottlingException', 'Rate exceeded'));
    const { Reason, at } = await world.request(update());
    expect(Reason).toContain('so no task was run. Deploy again, or continue the rollback.\nAWS says: ThrottlingException: Rate exceeded');
    expect(at).toBeGreaterThan(3 * 60);
    expect(at).toBeLessThanOrEqual(4 * 60);
  });
});

describe('a Delete', () => {
  beforeEach(() => { world.stackStatus = 'DELETE_IN_PROGRESS'; });

  test.each([ID, `${ID}/failed`])('starts nothing and succeeds at once: %s', async (id) => {
    expect(await world.request(remove(properties(), id))).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: id });
    expect(world.tasks).toHaveLength(0);
    expect(world.seconds()).toBeLessThan(1);
  });

  test('stops the task of a Create that is still waiting, under the physical id that CloudFormation made up', async () => {
    world.stackStatus = 'CREATE_IN_PROGRESS';
    world.lives = [runs(60 * 60, 0)];
    await world.invoke(create(), 2 * MINUTE);
    world.stackStatus = 'ROLLBACK_IN_PROGRESS';
    const answer = await world.request(remove(properties(), 'Shop-Migration-1ABCDEF'));
    expect(answer).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: 'Shop-Migration-1ABCDEF' });
    expect(world.callsOf('StopTask')).toEqual([{ cluster: CLUSTER, task: world.tasks[0].taskArn, reason: 'cdk-ecs-run-task: the resource is deleted' }]);
    expect(world.answers).toContainEqual(expect.objectContaining({
      RequestId: create().RequestId,
      Status: 'FAILED',
      Reason: expect.stringContaining('The task was stopped: the resource is deleted.'),
    }));
  });

  test('waits until the network interface of the last task is gone', async () => {
    world.stackStatus = 'CREATE_IN_PROGRESS';
    world.lives = [runs(5, 1)];
    const failed = await world.request(create());
    const { at } = await world.request(remove());
    expect(at - failed.at).toBeGreaterThan(10);
  });

  test.each([
    ['where the user has chosen startedBy', { startedBy: 'deployments' }],
    ['among tags of the user', { startedBy: 'deployments', tags: [{ key: 'team', value: 'shop' }] }],
    ['where the user has chosen tags alone', { tags: [{ key: 'team', value: 'shop' }] }],
  ])('stops only its own tasks, %s', async (_, request) => {
    world.stackStatus = 'CREATE_IN_PROGRESS';
    world.lives = [runs(60 * 60, 0)];
    const delivered = properties({}, request);
    await world.invoke(create(delivered), 2 * MINUTE);
    await world.invoke({ ...create(delivered), LogicalResourceId: 'Other', RequestId: 'other' }, 2 * MINUTE);
    world.handedOver = [];
    await world.request(remove(delivered));
    expect(world.callsOf('StopTask').map(({ task }) => task)).toEqual([world.tasks[0].taskArn]);
  });

  test('finds its task among hundreds of others', async () => {
    world.stackStatus = 'CREATE_IN_PROGRESS';
    world.lives = [runs(60 * 60, 0)];
    const others = async () => {
      for (let other = 0; other < 120; other++) {
        await world.ecs.send(new RunTaskCommand({ cluster: CLUSTER, taskDefinition: 'migrate:7', startedBy: 'others', clientToken: `${world.tasks.length}` }));
      }
    };
    await others();
    await world.invoke(create(), 2 * MINUTE);
    await others();
    world.handedOver = [];
    await world.request(remove());
    expect(world.callsOf('StopTask').map(({ task }) => task)).toEqual([world.tasks[120].taskArn]);
    expect(world.callsOf('ListTasks').map(({ nextToken }) => nextToken)).toEqual(expect.arrayContaining([undefined, '100', '200']));
    const described = world.callsOf('DescribeTasks').filter(({ include }) => include);
    expect(described[0].include).toEqual(['TAGS']);
    expect(Math.max(...described.map(({ tasks }) => tasks.length))).toBe(100); // the most that ECS takes
  });

  test('stops also a task that is listed before all of ECS knows it', async () => {
    world.stackStatus = 'CREATE_IN_PROGRESS';
    world.lives = [runs(60 * 60, 0)];
    await world.invoke(create(), 2 * MINUTE);
    world.handedOver = [];
    world.faults.DescribeTasks = times(4, () => ({ tasks: [], failures: [{ reason: 'MISSING' }] }));
    await world.request(remove());
    expect(world.callsOf('StopTask')).toHaveLength(1);
  });

  test('does not wait for long for a task that ECS has forgotten', async () => {
    world.faults.ListTasks = [() => ({ taskArns: ['forgotten'] })];
    world.faults.DescribeTasks = [() => ({ tasks: [{ taskArn: 'forgotten', startedBy: `${ID}/0f9c1f8e/1/1`, lastStatus: 'RUNNING' }] })];
    world.faults.StopTask = times(100, fails('InvalidParameterException', 'The referenced task was not found.'));
    const { at } = await world.request(remove());
    expect(at).toBeGreaterThan(10); // it may be so new that not all of ECS knows it
    expect(at).toBeLessThan(15);
  });

  describe('that comes again, when', () => {
    beforeEach(async () => {
      world.lives = [runs(60 * 60, 0)];
      world.stackStatus = 'UPDATE_IN_PROGRESS';
      await world.sleep(5 * MINUTE);
      await world.invoke({ ...create(), RequestId: 'later', ResponseURL: sentAfter(5) }, 2 * MINUTE);
      world.handedOver = [];
    });

    test('a later deployment runs the task, lets it run', async () => {
      world.lastUpdated = new Date(Date.UTC(2026, 0, 1, 0, 5));
      expect(await world.request(remove())).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('his request is out of date') });
      expect(world.callsOf('StopTask')).toEqual([]);
    });

    test('an event before it was late and has started the task, stops it', async () => {
      expect(await world.request(remove())).toMatchObject({ Status: 'SUCCESS' });
      expect(world.callsOf('StopTask')).toHaveLength(1);
    });

    test('CloudFormation does not tell which, stops the task', async () => {
      world.faults.DescribeStacks = [fails('AccessDeniedException')];
      expect(await world.request(remove())).toMatchObject({ Status: 'SUCCESS' });
      expect(world.callsOf('StopTask')).toHaveLength(1);
    });
  });

  describe('that is to run a task', () => {
    const { RunOn, ServiceToken, ServiceTimeout, ...run } = properties({ CompleteWhen: 'TASK_STOPPED', RetryAttempts: '1' }, { taskDefinition: 'drop:1' });
    const drop = (id = ID) => remove(properties({ OnDelete: run }), id);

    test('runs it, and waits until its network interface is gone', async () => {
      world.lives = [runs(10, 0)];
      const { Status, at } = await world.request(drop());
      expect(Status).toBe('SUCCESS');
      expect(at).toBeGreaterThan(60);
      expect(world.callsOf('RunTask')).toMatchObject([{ taskDefinition: 'drop:1' }]);
    });

    test('fails when it fails, after as many attempts as the task itself', async () => {
      world.lives = [runs(10, 3)];
      expect(await world.request(drop())).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('After 2 attempts: container "app" exited with code 3.') });
    });

    test('starts it once the task that still runs has ended', async () => {
      world.stackStatus = 'UPDATE_IN_PROGRESS';
      world.lives = [runs(60 * 60, 0), runs(10, 0)];
      await world.invoke(update(), 2 * MINUTE);
      world.handedOver = [];
      world.stackStatus = 'DELETE_IN_PROGRESS';
      await world.request(drop());
      expect(world.tasks[1].at - world.tasks[0].stoppedAt!).toBeGreaterThanOrEqual(30_000);
    });

    test('does not run it again in its next invocation, nor when Lambda repeats the event', async () => {
      world.lives = [runs(20 * 60, 0)];
      await world.request(drop());
      await world.request(drop());
      expect(world.callsOf('Invoke').length).toBeGreaterThan(0);
      expect(world.tasks).toHaveLength(1);
    });

    test.each(['ROLLBACK_IN_PROGRESS', 'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS'])('goes on without it in a rollback: %s', async (status) => {
      world.stackStatus = status;
      world.lives = [runs(12 * 60, 3)];
      expect(await world.request(drop())).toMatchObject({ Status: 'SUCCESS', Reason: expect.stringContaining('exited with code 3') });
    });

    test('fails when it fails also where CloudFormation does not tell what it is doing', async () => {
      world.lives = [runs(10, 3)];
      world.faults.DescribeStacks = times(1, fails('ValidationError', 'Stack does not exist'));
      expect(await world.request(drop())).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('exited with code 3') });
    });

    test('does not run it for an old event when another deployment has begun', async () => {
      await world.sleep(5 * MINUTE);
      world.faults.DescribeStacks = [() => ({ Stacks: [{ StackStatus: 'UPDATE_IN_PROGRESS', LastUpdatedTime: new Date(Date.UTC(2026, 0, 1, 0, 4)) }] })];
      await world.request(drop());
      expect(world.tasks).toHaveLength(0);
    });

    test('fails with the path of a property that does not fit', async () => {
      const odd = remove(properties({ OnDelete: { ...run, Request: { ...run.Request, count: 'two' } } }));
      expect(await world.request(odd)).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('the property OnDelete.Request.count is not a number') });
    });

    test('does not run it for a Create that failed, or that never answered', async () => {
      world.stackStatus = 'CREATE_IN_PROGRESS';
      world.lives = [runs(5, 1)];
      const { PhysicalResourceId } = await world.request(create());
      expect(PhysicalResourceId).toBe(`${ID}/failed`);
      world.stackStatus = 'ROLLBACK_IN_PROGRESS';
      expect(await world.request(drop(PhysicalResourceId))).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId });
      expect(await world.request({ ...drop('Shop-Migration-1ABCDEF'), RequestId: 'cancelled' })).toMatchObject({ Status: 'SUCCESS' });
      expect(world.tasks).toHaveLength(1);
    });
  });

  test('looks twice for the task of a Create that has not answered, which may be about to start it', async () => {
    world.faults.ListTasks = times(2, () => {
      if (world.tasks.length === 0) {
        world.stackStatus = 'CREATE_IN_PROGRESS';
        world.lives = [runs(60 * 60, 0)];
        (world as any).onRunTask({ cluster: CLUSTER, taskDefinition: 'migrate:7', clientToken: 'x', startedBy: `${ID}/0f9c1f8e/1/1` });
      }
      return { taskArns: [] };
    });
    await world.request(remove(properties(), 'Shop-Migration-1ABCDEF'));
    expect(world.callsOf('StopTask')).toHaveLength(1);
  });

  test('succeeds when the cluster is gone', async () => {
    world.faults.ListTasks = times(1000, fails('ClusterNotFoundException', 'Cluster not found.'));
    expect(await world.request(remove())).toMatchObject({ Status: 'SUCCESS' });
    expect(world.seconds()).toBeLessThan(30);
    expect(world.lines).toContain('could not look for tasks to stop: ClusterNotFoundException: Cluster not found.');
  });

  test('succeeds when its properties make no sense', async () => {
    expect(await world.request(remove({ ServiceToken: 'x' }))).toMatchObject({ Status: 'SUCCESS' });
    expect(await world.request({ ...remove(), RequestId: 'bare', ResourceProperties: undefined as any })).toMatchObject({ Status: 'SUCCESS' });
  });
});

describe('the answer', () => {
  test('is sent again until CloudFormation takes it', async () => {
    world.putStatuses = [500, 503];
    expect(await world.request(create())).toMatchObject({ Status: 'SUCCESS' });
  });

  test('that nobody takes makes Lambda repeat the invocation', async () => {
    world.putStatuses = times(100, 503);
    await expect(world.request(create())).rejects.toThrow('did not take the answer');
  });
});

describe('the whole text', () => {
  const TASK = 'Task arn:aws:ecs:eu-west-1:111122223333:task/shop/1a.';
  const LOG = 'Log group /shop, stream app/app/1a.';
  const cannotStop = () => { world.faults.StopTask = times(1000, fails('ServerException', '', 500)); };
  const cannotHandOver = () => { world.faults.Invoke = times(100, fails('AccessDeniedException', 'no')); };

  test.each<[string, () => void, string[]]>([
    ['of a time-out', () => { world.lives = [runs(60 * 60, 0)]; }, [
      'The task did not end within 30 minutes and was stopped; it was RUNNING. See what it waited for, or raise timeout.',
      LOG,
      TASK,
    ]],
    ['of a task that does not stop', () => { world.lives = [runs(60 * 60, 0)]; cannotStop(); }, [
      'The task did not end within 30 minutes and was stopped; it was RUNNING. See what it waited for, or raise timeout.',
      LOG,
      TASK,
      'May still be running, stop it by hand: arn:aws:ecs:eu-west-1:111122223333:task/shop/1a.',
    ]],
    ['of a task that does not stop, where ECS does not list others at once', () => {
      world.lives = [runs(60 * 60, 0)];
      cannotStop();
      world.faults.ListTasks = [...times(2, (_: unknown, proceed: () => unknown) => proceed()), fails('ThrottlingException')];
    }, [
      'The task did not end within 30 minutes and was stopped; it was RUNNING. See what it waited for, or raise timeout.',
      LOG,
      TASK,
      'May still be running, stop it by hand: arn:aws:ecs:eu-west-1:111122223333:task/shop/1a.',
    ]],
    ['of capacity that never comes', () => { world.faults.RunTask = times(1000, () => ({ failures: [{ reason: 'RESOURCE:MEMORY' }] })); }, [
      'The task did not start within 30 minutes: no container instance has enough room for it. Add instances, or ask for less cpu and memory.',
      'AWS says: RESOURCE:MEMORY',
    ]],
    ['of a placement that cannot be', () => { world.faults.RunTask = [() => ({ failures: [{ reason: 'ATTRIBUTE' }] })]; }, [
      'The task did not start: no container instance meets its constraints. Check placementConstraints, and the attributes that the task definition requires.',
      'AWS says: ATTRIBUTE',
    ]],
    ['of a failure that nobody knows', () => { world.faults.RunTask = [() => ({ failures: [{ reason: 'NEW', detail: 'never seen' }] })]; }, [
      'The task did not start: ECS did not place it.',
      'AWS says: NEW: never seen',
    ]],
    ['of a request that ECS refuses', () => { world.faults.RunTask = [fails('InvalidParameterException', 'subnet-1 does not exist')]; }, [
      'AWS did not take the request: InvalidParameterException.',
      'AWS says: subnet-1 does not exist',
    ]],
    ['of a function without permission', () => { world.faults.RunTask = times(1000, fails('AccessDeniedException', 'not authorized to perform: ecs:RunTask')); }, [
      'AWS did not take the request: AccessDeniedException. Check the role of the function, its permissions boundary, and the service control policies of the account.',
      'AWS says: not authorized to perform: ecs:RunTask',
    ]],
    ['of throttling without end', () => { world.faults.RunTask = times(1000, fails('ThrottlingException', 'Rate exceeded')); }, [
      'The task did not start within 30 minutes: AWS did not take the request: ThrottlingException.',
      'AWS says: Rate exceeded',
    ]],
    ['of a function that may not see its task', () => { world.faults.DescribeTasks = times(1000, fails('AccessDeniedException', 'not authorized to perform: ecs:DescribeTasks')); }, [
      'The function failed: AccessDeniedException: not authorized to perform: ecs:DescribeTasks. Check the role of the function, its permissions boundary, and the service control policies of the account.',
      'May still be running, stop it by hand: arn:aws:ecs:eu-west-1:111122223333:task/shop/1a.',
      'More of its tasks may still be running: the function could not look for them (AccessDeniedException: not authorized to perform: ecs:DescribeTasks).',
    ]],
    ['of a function that may not list tasks', () => {
      world.lives = [runs(5, 3)];
      world.faults.ListTasks = times(1000, fails('AccessDeniedException', 'not authorized to perform: ecs:ListTasks'));
    }, [
      'Container "app" exited with code 3.',
      LOG,
      TASK,
      'More of its tasks may still be running: the function could not look for them (AccessDeniedException: not authorized to perform: ecs:ListTasks).',
    ]],
    ['of a task that ECS has forgotten', () => { world.faults.DescribeTasks = times(1000, () => ({ tasks: [] })); }, [
      'ECS does not know the task any more, so its result is unknown.',
      TASK,
      'May still be running, stop it by hand: arn:aws:ecs:eu-west-1:111122223333:task/shop/1a.',
    ]],
    ['of a function that cannot go on', () => { world.lives = [runs(28 * 60, 0)]; cannotHandOver(); }, [
      'The function could not hand over to its next invocation before its time-out (AccessDeniedException: no). Let its role invoke the function itself (lambda:InvokeFunction).',
    ]],
    ['of a deployment that was cancelled', () => { world.stackStatus = 'ROLLBACK_IN_PROGRESS'; }, [
      'The deployment was cancelled before the task had started.',
    ]],
    ['of an error that nobody foresaw', () => { world.faults.DescribeTasks = [() => { throw new TypeError('surprise'); }]; }, [
      'The function failed: TypeError: surprise.',
    ]],
  ])('%s', async (_, happens, text) => {
    happens();
    const { Status, Reason } = await world.request(create());
    expect(Status).toBe('FAILED');
    expect(Reason.split('\n')).toEqual([...text, 'CloudWatch Log Stream: 2026/01/01/[$LATEST]abc']);
  });
});

test('the log tells of each change, with the seconds since the start, of the next invocation, and of the answer', async () => {
  world.lives = [runs(65, 3)];
  world.logEvents = ['out of ideas'];
  await world.invoke(create(), 2 * MINUTE);
  await world.invoke(world.handedOver.shift()!);
  expect(world.lines).toEqual([
    'Create of Migration, request c0ffee00-create',
    expect.stringMatching(/^0 s: arn:.*\/1a is PROVISIONING$/),
    expect.stringMatching(/^1[5-8] s: arn:.*\/1a is PENDING$/),
    expect.stringMatching(/^3[0-3] s: arn:.*\/1a is RUNNING$/),
    'the next invocation of this function goes on waiting',
    'Create of Migration, request c0ffee00-create, continued',
    expect.stringMatching(/^4\d s: arn:.*\/1a is RUNNING$/),
    expect.stringMatching(/^9[5-9] s: arn:.*\/1a is DEPROVISIONING$/),
    [
      'FAILED',
      'Container "app" exited with code 3.',
      'The end of its log:',
      '  out of ideas',
      'Log group /shop, stream app/app/1a.',
      'Task arn:aws:ecs:eu-west-1:111122223333:task/shop/1a.',
      'CloudWatch Log Stream: 2026/01/01/[$LATEST]abc',
    ].join('\n'),
  ]);
});

test('no line of the log holds the ResponseURL, the environment or the command', async () => {
  world.lives = [runs(5, 1)];
  const overrides = { containerOverrides: [{ name: 'app', command: ['--password=hunter2'], environment: [{ name: 'TOKEN', value: 'swordfish' }] }] };
  await world.request(create(properties({}, { overrides })));
  expect(world.lines.join('\n')).not.toMatch(/X-Amz-Signature|hunter2|swordfish/);
  expect(world.lines.length).toBeGreaterThan(3);
});
