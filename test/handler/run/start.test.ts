import { ConflictException } from '@aws-sdk/client-ecs';
import { CLUSTER, create, doesNotStart, fails, type Fault, markOfTask, MINUTE, properties, runs, FakeAws, sentAfter, START, times, passThrough, notPlaced, startedWithoutResponse, startedButReportedAsFailed } from '../../support/fake-aws';
import { expectSuccess, expectFailed, expectNoneStopped, expectStarted, expectStopped } from '../../support/handler-expectations';

let world: FakeAws;
beforeEach(() => { world = new FakeAws(); });

describe('starting a task', () => {
  test('sends the request with its original types, a clientToken and a startedBy that identifies the task', async () => {
    await world.request(create(properties({}, { count: '1', enableExecuteCommand: 'false' })));
    expect(world.callsOf('RunTask')).toEqual([{
      cluster: CLUSTER,
      taskDefinition: 'migrate:7',
      launchType: 'FARGATE',
      count: 1,
      enableExecuteCommand: false,
      clientToken: 'c0ffee00-create-1-1',
      startedBy: 'ec6d70dee764/9efa4dfb/1/1/t85s00', // the resource, the request, the number of the task and of its token
    }]);
  });

  test.each([
    ['throttling', 'ThrottlingException', 'Rate exceeded', 'AWS throttled a request needed to start it'],
    ['throttling of a request to EC2', 'InvalidParameterException', 'Error retrieving subnet information for [subnet-1]: Rate exceeded (ErrorCode: Throttling)', 'AWS throttled a request needed to start it'],
    ['a role that cannot be assumed yet', 'ClientException', "ECS was unable to assume the role 'x' that was provided for this task.", 'ECS is not allowed to assume a role of the task'],
    ['a service-linked role that is still being created', 'InvalidParameterException', 'Unable to assume the service linked role. Please verify that the ECS service linked role exists.', 'ECS cannot use its service-linked role'],
    ['a cluster that has not propagated yet', 'ClusterNotFoundException', 'Cluster not found.', 'ECS cannot find the cluster'],
    ['a capacity provider that has not propagated yet', 'InvalidParameterException', 'The specified capacity provider FARGATE_SPOT was not found.', 'its capacity provider is not associated with the cluster'],
    ['a quota of tasks in PROVISIONING', 'ClientException', 'The limit of tasks in PROVISIONING state is reached', 'too many tasks of the cluster are waiting for capacity'],
    ['container instances that have not joined the cluster yet', 'InvalidParameterException', 'No Container Instances were found in your cluster.', 'no container instance has joined the cluster or its capacity provider'],
  ])('retries with the same clientToken after %s', async (_, name, message, cause) => {
    world.faults.RunTask = times(2, fails(name, message));
    expectSuccess(await world.request(create()));
    expect(world.callsOf('RunTask').map(({ clientToken }) => clientToken)).toEqual(times(3, 'c0ffee00-create-1-1'));
    expect(world.lines.join('\n')).toContain(`\nthe task did not start: ${cause}: ${name}: ${message}\n`);
    expectStarted(world, 1);
  });

  test.each([
    ['a server error', 'ServerException', 'Service Unavailable', 500, 'ECS could not process the request'],
    ['a permission that has not propagated yet', 'AccessDeniedException', 'not authorized to perform: ecs:RunTask', 400, 'ECS rejected the request'],
  ])('retries with the same clientToken after %s', async (_, name, message, status, cause) => {
    world.faults.RunTask = times(2, fails(name, message, status));
    expectSuccess(await world.request(create()));
    expect(world.callsOf('RunTask').map(({ clientToken }) => clientToken)).toEqual(times(3, 'c0ffee00-create-1-1'));
    expect(world.lines.join('\n')).toContain(`\n${cause}: ${name} (RunTask): ${message}\n`);
    expectStarted(world, 1);
  });

  test('starts no second task when the response of RunTask got lost', async () => {
    world.faults.RunTask = [startedWithoutResponse];
    expectSuccess(await world.request(create()));
    expectStarted(world, 1);
  });

  test('retries with a new clientToken when there was no capacity', async () => {
    world.faults.RunTask = times(2, notPlaced('RESOURCE:MEMORY'));
    expectSuccess(await world.request(create()));
    expect(world.callsOf('RunTask').map(({ clientToken }) => clientToken)).toEqual(['c0ffee00-create-1-1', 'c0ffee00-create-1-2', 'c0ffee00-create-1-3']);
  });

  test.each(["You've reached the limit on the number of vCPUs you can run concurrently", "You've reached the limit on the number of tasks you can run concurrently"])('retries until the quota of Fargate is free again: %s', async (reason) => {
    world.faults.RunTask = times(12, notPlaced(reason)); // longer than the three minutes for permissions
    expectSuccess(await world.request(create()));
    expect(world.tasks[0].at - START).toBeGreaterThan(180_000);
    expectStarted(world, 1);
  });

  test('replaces a task that found no capacity after ECS had accepted it', async () => {
    world.lives = [doesNotStart('Capacity is unavailable at this time. Please try again later'), runs(5, 0)];
    expectSuccess(await world.request(create()));
    expectStarted(world, 2);
  });

  test('starts no second task when its clientToken belongs to tasks that ECS does not name', async () => {
    world.faults.RunTask = [() => { throw new ConflictException({ message: 'conflict', $metadata: {} }); }];
    expectFailed(await world.request(create()), 'ConflictException');
    expectStarted(world, 0);
  });

  test('fails at once for an image that does not exist', async () => {
    world.lives = [doesNotStart('CannotPullContainerError: shop:v9: not found')];
    expectFailed(await world.request(create()), 'the image does not exist');
    expectStarted(world, 1);
  });

  test('fails at once for a placement failure that a retry cannot fix', async () => {
    world.faults.RunTask = [notPlaced('ATTRIBUTE', 'gpu')];
    expectFailed(await world.request(create()), 'ATTRIBUTE: gpu');
  });

  test('fails at once when ECS rejects the request', async () => {
    world.faults.RunTask = [fails('InvalidParameterException', 'Override for container named x is not a container in the TaskDefinition.')];
    expectFailed(await world.request(create()), /InvalidParameterException.*\n.*Override for container named x is not a container in the TaskDefinition\./);
    expect(world.seconds()).toBeLessThan(1);
  });

  test('gives up on a missing permission after three minutes', async () => {
    world.faults.RunTask = times(1000, fails('AccessDeniedException', 'not authorized to perform: ecs:RunTask'));
    expectFailed(await world.request(create()), 'the role of the function');
    expect(world.seconds()).toBeGreaterThan(180);
    expect(world.seconds()).toBeLessThan(240);
  });
});

describe('a task that ECS started without reporting it', () => {
  test('is adopted instead of starting another task', async () => {
    world.faults.RunTask = [startedButReportedAsFailed];
    expectSuccess(await world.request(create()));
    expectStarted(world, 1);
    expect(world.callsOf('RunTask')).toHaveLength(1);
  });

  test('is adopted when ECS lists it only after the next attempt has failed', async () => {
    world.faults.RunTask = [startedButReportedAsFailed, notPlaced('RESOURCE:CPU')];
    world.faults.ListTasks = times(4, () => ({ taskArns: [] })); // before the first two attempts
    expectSuccess(await world.request(create()));
    expectStarted(world, 1);
  });

  test('is no longer looked for when a later request has started a task', async () => {
    world.lives = [runs(60 * 60, 0)];
    await world.sleep(60_000);
    await world.invokeThenCrash({ ...create(), RequestId: 'later', ResponseURL: sentAfter(1) });
    world.faults.ListTasks = times(2, () => ({ taskArns: [] })); // in the look for earlier tasks
    world.faults.RunTask = [notPlaced('RESOURCE:CPU')];
    expectFailed(await world.request({ ...create(), ResponseURL: sentAfter(0) }), 'Another request started a task of this resource after this request was sent.');
    expectStarted(world, 1);
  });

  test('is adopted and judged when it has already ended', async () => {
    world.lives = [runs(-25, 3), runs(5, 0)];
    world.faults.RunTask = [startedButReportedAsFailed];
    world.random = () => 60; // the next attempt comes late
    expectFailed(await world.request(create()), 'Container "app" exited with code 3.');
    expectStarted(world, 1);
  });

  test('is not confused with an earlier task that failed', async () => {
    world.lives = [runs(5, 1), runs(5, 0)];
    world.faults.RunTask = [passThrough, startedWithoutResponse];
    expectSuccess(await world.request(create(properties({ RetryAttempts: '1' }))));
    expectStarted(world, 2);
  });

  test('is stopped when ECS lists it only after another task was started', async () => {
    world.lives = [runs(60 * 60, 0), runs(5, 0)];
    world.faults.RunTask = [startedButReportedAsFailed];
    world.faults.ListTasks = [...times(2, passThrough), ...times(2, () => ({ taskArns: [] }))];
    expectSuccess(await world.request(create()));
    expect(world.callsOf('StopTask')).toMatchObject([{ task: world.tasks[0].taskArn, reason: `cdk-ecs-run-task: another task succeeded in its place (${markOfTask(create().RequestId)})` }]);
  });

  test('is named by the answer when it does not stop after another task has succeeded', async () => {
    world.lives = [runs(60 * 60, 0), runs(5, 0)];
    world.faults.RunTask = [startedButReportedAsFailed];
    world.faults.ListTasks = [...times(2, passThrough), ...times(2, () => ({ taskArns: [] }))];
    world.faults.StopTask = times(1000, fails('AccessDeniedException', 'not authorized to perform: ecs:StopTask'));
    expectSuccess(await world.request(create()), {
      Reason: [
        `Could not confirm that this task stopped. Stop it manually: ${world.tasks[0].taskArn}.`,
        'StopTask failed (AccessDeniedException: not authorized to perform: ecs:StopTask).',
      ].join('\n'),
    });
  });

  test('is adopted when ListTasks shows it together with another task, although RunTask no longer answers', async () => {
    world.lives = [runs(5, 0), runs(10, 0)];
    world.faults.RunTask = [startedWithoutResponse, startedButReportedAsFailed, ...times(1000, fails('ThrottlingException', 'Rate exceeded'))];
    expectSuccess(await world.request(create(properties({}, { count: '2' }))));
    expectStarted(world, 2);
  });

  test('is not followed by another one when its response got lost, its token then fails, and one list leaves it out', async () => {
    world.faults.RunTask = [startedWithoutResponse, notPlaced('RESOURCE:MEMORY')];
    let lists = 0;
    world.faults.ListTasks = times(100, ({ desiredStatus }, proceed) => world.tasks.length > 0 && desiredStatus === 'RUNNING' && ++lists === 1 ? { taskArns: [] } : proceed());
    expectSuccess(await world.request(create()));
    expect(lists).toBeGreaterThan(1);
    expectStarted(world, 1);
  });

  test('is adopted from an invocation that has come further, before RunTask is called with an earlier token (seed 12761445)', async () => {
    world.lives = [runs(60, 0)];
    const startedByAnother: Fault = ({ clientToken, startedBy, ...input }) => {
      (world as any).onRunTask({ ...input, clientToken: clientToken.replace(/1$/, '3'), startedBy: startedBy.replace('/2/1/', '/2/3/') });
      return fails('ThrottlingException', 'Rate exceeded')();
    };
    const notPlacedLater: Fault = async (input, proceed) => {
      await new Promise(setImmediate); // the look ends before
      return notPlaced('AGENT')(input, proceed);
    };
    world.faults.RunTask = [notPlaced('RESOURCE:CPU'), startedByAnother, notPlacedLater];
    expectSuccess(await world.request(create(properties({}, { count: '2' }))));
    expectStarted(world, 2);
  });

  test('is adopted from an invocation that has come further, when its hand-over arrives again (seed 9755111)', async () => {
    world.lives = [runs(20 * 60, 0)];
    world.faults.RunTask = times(100, notPlaced('RESOURCE:CPU'));
    await world.invoke(create(), 2 * MINUTE);
    const handedOver = world.handedOver.shift()!;
    world.faults.RunTask = times(2, notPlaced('RESOURCE:CPU'));
    await world.invokeThenCrash(structuredClone(handedOver), 4 * MINUTE);
    expectStarted(world, 1);

    expectSuccess(await world.request(handedOver));
    expectStarted(world, 1);
    expectNoneStopped(world);
  });

  test('is stopped when the task that ECS had reported as failed succeeds after an invocation before has started another (seed 10992539)', async () => {
    world.lives = [runs(60, 0), runs(60 * 60, 0)];
    world.faults.RunTask = [startedButReportedAsFailed];
    world.faults.ListTasks = [...times(2, passThrough), ...times(2, () => ({ taskArns: [] }))];
    await world.invokeThenCrash(create(), MINUTE);
    expectStarted(world, 2);
    world.faults.RunTask = [notPlaced('RESOURCE:MEMORY')];
    expectSuccess(await world.request(create()));
    expectStarted(world, 2);
    expectStopped(world, 2);
  });

  test('is followed by the same task when two invocations of one event find it (seed 10018751)', async () => {
    world.lives = [runs(60, 1), runs(20 * 60, 0)];
    const event = create(properties({ RetryAttempts: '1' }));
    world.faults.RunTask = [notPlaced('RESOURCE:CPU'), startedButReportedAsFailed];
    await world.invoke(event, 2 * MINUTE);
    const [handedOver] = world.handedOver.splice(0);
    world.faults.RunTask = [notPlaced('RESOURCE:CPU'), fails('ThrottlingException', 'Rate exceeded')];
    expectSuccess(await world.request(event));
    expectSuccess(await world.request(handedOver));
    expectStarted(world, 2);
  });

  test('is followed by another one instead of being found again, when an invocation before has found two (seed 9840699)', async () => {
    world.lives = [runs(60, 1), runs(5, 1), runs(5, 0)];
    world.faults.RunTask = [startedButReportedAsFailed, startedButReportedAsFailed];
    world.faults.ListTasks = times(4, () => ({ taskArns: [] }));
    expectSuccess(await world.request(create(properties({ RetryAttempts: '2' }))));
    expectStarted(world, 3);
  });

  test('is followed by the task of a start without a response (seed 10407473)', async () => {
    world.lives = [doesNotStart('Timeout waiting for network interface provisioning to complete.'), runs(10 * 60, 0)];
    world.faults.RunTask = [startedButReportedAsFailed, startedWithoutResponse];
    const onlyFirst: Fault = (_, proceed) => ({ taskArns: proceed().taskArns.filter((arn: string) => arn === world.tasks[0].taskArn) });
    world.faults.ListTasks = [...times(2, passThrough), ...times(2, () => ({ taskArns: [] })), ...times(2, onlyFirst)];
    expectSuccess(await world.request(create()));
    expectStarted(world, 2);
  });

  test('is adopted after the next one, which did not start (seed 10581749)', async () => {
    world.lives = [runs(5 * 60, 0), doesNotStart('RESOURCE:MEMORY'), runs(5, 0)];
    world.faults.RunTask = [startedButReportedAsFailed];
    world.faults.ListTasks = [...times(2, passThrough), ...times(2, () => ({ taskArns: [] }))];
    expectSuccess(await world.request(create()));
    expectStarted(world, 2);
    expectNoneStopped(world);
  });

  test('counts every attempt when an invocation before has made several (seed 10442138)', async () => {
    world.lives = [runs(5, 1), runs(5, 1), runs(5, 0)];
    const event = create(properties({ RetryAttempts: '1' }));
    world.faults.RunTask = [notPlaced('RESOURCE:CPU')];
    expectFailed(await world.request(event), 'After 2 attempts');
    world.faults.RunTask = [notPlaced('RESOURCE:CPU')];
    expectFailed(await world.request(event), 'After 2 attempts');
    expectStarted(world, 2);
  });

  test('is continued although ECS no longer lists it when it describes it', async () => {
    world.lives = [runs(60, 0)];
    world.faults.RunTask = [startedButReportedAsFailed];
    world.faults.ListTasks = [...times(4, passThrough), ...times(1000, () => ({ taskArns: [] }))];
    world.faults.DescribeTasks = [fails('ThrottlingException', 'Rate exceeded')];
    expectSuccess(await world.request(create()));
    expectStarted(world, 1);
  });

  test('is stopped when ECS lists it late and another task of the request started at once', async () => {
    world.lives = [runs(5, 0), runs(60 * 60, 0), runs(5, 0)];
    world.faults.RunTask = [passThrough, startedButReportedAsFailed];
    world.faults.ListTasks = [...times(2, passThrough), ...times(2, () => ({ taskArns: [] }))];
    expectSuccess(await world.request(create(properties({}, { count: '2' }))));
    expectStopped(world, 2);
  });

  test('is stopped when the next attempt fails for good', async () => {
    world.lives = [runs(60 * 60, 0)];
    world.faults.RunTask = [startedWithoutResponse, fails('InvalidParameterException')];
    expectFailed(await world.request(create()));
    expectStopped(world, 1);
  });
});
