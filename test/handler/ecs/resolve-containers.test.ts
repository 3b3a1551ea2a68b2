import type { Task } from '@aws-sdk/client-ecs';
import { create, fails, FakeAws, Fault, Life, notPlaced, passThrough, properties, runs, sentAfter, START, times, update } from '../../support/fake-aws';
import { expectFailed, expectNoneStopped, expectStarted, expectSuccess } from '../../support/handler-expectations';
import { creating, deploy, expectAllSucceeded, nth, sent } from '../../support/relay';

let world: FakeAws;
beforeEach(() => { world = new FakeAws(); });

describe('a task definition whose containers the construct does not know', () => {
  const fromElsewhere = (options: object) => {
    world.taskDefinition = { containerDefinitions: [{ name: 'app', logConfiguration: { options } }, { name: 'sidecar', essential: false }] };
    const { ExitCodeFrom, Logs, ...delivered } = properties();
    return delivered;
  };

  test('is read from ECS, for the essential containers and the place of their log', async () => {
    const delivered = fromElsewhere({ 'awslogs-group': '/elsewhere', 'awslogs-stream-prefix': 'x' });
    world.lives = [runs(5, 1)];
    world.faults.DescribeTaskDefinition = [fails('ThrottlingException')];
    expect((await world.request(create(delivered))).Reason).toContain('Log group /elsewhere, stream x/app/1a.');
    expect(world.callsOf('DescribeTaskDefinition')).toEqual([{ taskDefinition: 'migrate:7' }, { taskDefinition: 'migrate:7' }]);
    expect(world.callsOf('GetLogEvents')).toEqual([]); // which the role does not allow
    world.lives = [runs(5, 0)];
    expectSuccess(await world.request({ ...create(delivered), RequestId: 'another', ResponseURL: sentAfter(1) }));
  });

  test('is read again when ECS once returns no containers, also by the second resource, whose task runs', async () => {
    fromElsewhere({});
    world.lives = [runs(80 * 60, 0)];
    const oddOnce: Fault = () => ({});
    world.faults.DescribeTaskDefinition = [oddOnce, passThrough, oddOnce];
    expectAllSucceeded(await deploy(world, creating({ ExitCodeFrom: undefined, Logs: undefined })));
    expectStarted(world, 1);
    expectNoneStopped(world);
  });

  test('names the Region of the log if the task runs in another one', async () => {
    const options = { 'awslogs-group': '/elsewhere', 'awslogs-stream-prefix': 'x' };
    world.lives = [runs(5, 1)];
    expect((await world.request(create(fromElsewhere({ ...options, 'awslogs-region': 'us-east-1' })))).Reason)
      .toContain('Log group /elsewhere, stream x/app/1a, in Region us-east-1.');
    expect((await world.request({ ...create(fromElsewhere({ ...options, 'awslogs-region': 'eu-west-1' })), RequestId: 'another', ResponseURL: sentAfter(1) })).Reason)
      .toMatch(/Log group \/elsewhere, stream x\/app\/[0-9a-z]+\./);
  });

  test('gives the message no log without a stream prefix', async () => {
    world.lives = [runs(5, 1)];
    expect((await world.request(create(fromElsewhere({ 'awslogs-group': '/elsewhere' })))).Reason).not.toContain('Log group');
  });

  test.each([undefined, {}])('starts no task when ECS returns %j instead', async (taskDefinition) => {
    world.taskDefinition = taskDefinition;
    const delivered = properties();
    delete delivered.ExitCodeFrom;
    expectFailed(await world.request(create(delivered)), 'ECS did not return the containers of migrate:7');
    expectStarted(world, 0);
  });
});

describe('a task definition without a revision: a new one that is registered', () => {
  const definition = (...essential: string[]) => ({
    containerDefinitions: ['app', 'worker'].map((name) => ({ name, essential: essential.includes(name) })),
  });
  const exits = (app: number, worker: number, second = 60): Life => [
    [0, { lastStatus: 'RUNNING', startedAt: new Date(START), containers: ['app', 'worker'].map((name) => ({ name, lastStatus: 'RUNNING' })) }],
    [second, {
      lastStatus: 'STOPPED',
      desiredStatus: 'STOPPED',
      stopCode: 'EssentialContainerExited',
      stoppedReason: 'Essential container in task exited',
      containers: [{ name: 'app', lastStatus: 'STOPPED', exitCode: app }, { name: 'worker', lastStatus: 'STOPPED', exitCode: worker }],
    }],
  ];
  const delivered = (request: object = {}) => {
    const { ExitCodeFrom, Logs, ...rest } = properties({}, { taskDefinition: 'migrate', ...request });
    return rest;
  };
  const register = (...essential: string[]) => world.revisions.push(definition(...essential));
  beforeEach(() => { register('app'); });

  test('before the start, is judged by that one', async () => {
    world.faults.RunTask = [notPlaced('RESOURCE:MEMORY'), (_, proceed) => {
      register('app', 'worker');
      return proceed();
    }];
    world.lives = [exits(0, 3)];
    expectFailed(await world.request(create(delivered())), 'Container "worker" exited with code 3.');
  });

  test('after the start, is judged by the revision that runs, also by the next resource', async () => {
    world.faults.RunTask = [(_, proceed) => {
      const started = proceed();
      register('worker');
      return started;
    }];
    world.lives = [exits(0, 3, 80 * 60)];
    expectAllSucceeded(await deploy(world, creating({ ExitCodeFrom: undefined, Logs: undefined, Request: delivered().Request })));
  });

  test('after its end, is judged by the revision that ran when a deployment asks whether it ever succeeded', async () => {
    const onCreate = { ExitCodeFrom: undefined, Logs: undefined, Request: delivered().Request, RunOn: 'CREATE', UsedAttributes: undefined };
    world.lives = [exits(0, 3, 80 * 60)];
    expectAllSucceeded(await deploy(world, creating(onCreate)));
    register('worker');
    world.stackStatus = 'UPDATE_IN_PROGRESS';
    world.lastUpdated = new Date(world.time);
    const shorter = update(properties(onCreate), nth(1, undefined, onCreate));
    expectSuccess(await world.request(sent(world, { ...shorter, RequestId: 'again' }, 1)), { Reason: 'No task was run: runOn is CREATE.' });
  });

  test('between the starts of two tasks, is judged by the revision of each', async () => {
    world.faults.RunTask = [passThrough, (_, proceed) => {
      register('app', 'worker');
      return proceed();
    }];
    world.lives = [exits(0, 3), exits(0, 0)];
    expectSuccess(await world.request(create(delivered({ count: '2' }))));
  });

  test('and cannot be read until the timeout, is named as what failed, although the status of the task is known', async () => {
    world.faults.RunTask = [(_, proceed) => {
      register('worker');
      return proceed();
    }];
    world.faults.DescribeTaskDefinition = [passThrough, ...times(1000, fails('ThrottlingException', 'Rate exceeded'))];
    world.lives = [exits(0, 0)];
    const { Reason } = await world.request(create(delivered()));
    expect(Reason).toMatch(/^The result of the task is unknown after 30 minutes: reading its task definition failed for the last 30 minutes\.\nAWS says: .*Rate exceeded/);
    expectStarted(world, 1);
  });

  test('is judged by the latest one if ECS does not say which one the task has', async () => {
    world.faults.DescribeTasks = times<Fault>(1000, (_, proceed) =>
      ({ tasks: proceed().tasks.map(({ taskDefinitionArn, ...task }: Task) => task) }));
    world.lives = [exits(0, 3)];
    expectSuccess(await world.request(create(delivered())));
    expect(world.callsOf('DescribeTaskDefinition')).toHaveLength(1);
  });

  test('names the log of the revision whose task failed', async () => {
    const logsTo = (group: string) => ({
      containerDefinitions: [{ name: 'app', essential: true, logConfiguration: { options: { 'awslogs-group': group, 'awslogs-stream-prefix': 'app' } } }],
    });
    world.revisions = [logsTo('/old')];
    world.faults.RunTask = [passThrough, (_, proceed) => {
      world.revisions.push(logsTo('/new'));
      return proceed();
    }];
    world.lives = [runs(60, 3), runs(60, 0)];
    expectFailed(await world.request(create(delivered({ count: '2' }))), 'Log group /old, stream app/app/1a.');
  });

  test('does not make a task fail that has succeeded when the next resource cannot read it for another task', async () => {
    world.lives = [exits(0, 0)];
    world.faults.RunTask = [passThrough, ...times(10_000, notPlaced('RESOURCE:MEMORY', 'x'.repeat(4_000)))];
    world.faults.DescribeTaskDefinition = [passThrough, ...times(10_000, fails('AccessDeniedException', 'User: x is not authorized to perform: ecs:DescribeTaskDefinition'))];
    const answers = await deploy(world, creating({ ExitCodeFrom: undefined, Logs: undefined, Request: delivered({ count: '2' }).Request }));
    expectFailed(answers[1], /^1 of 2 tasks failed: /);
  });

  test('is not judged while ECS does not return that one', async () => {
    world.faults.RunTask = [(_, proceed) => {
      register('app', 'worker');
      return proceed();
    }];
    world.faults.DescribeTaskDefinition = [passThrough, ...times(20, fails('ServerException', 'Service Unavailable', 500))];
    world.lives = [exits(0, 3)];
    expectFailed(await world.request(create(delivered())), 'Container "worker" exited with code 3.');
  });
});
