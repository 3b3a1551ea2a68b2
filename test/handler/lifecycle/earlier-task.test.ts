import { RunTaskCommand, StopTaskCommand, Task } from '@aws-sdk/client-ecs';
import { CLUSTER, create, fails, FakeAws, type Fault, markOfTask, MINUTE, passThrough, properties, remove, runs, sentAfter, START, times, update } from '../../support/fake-aws';
import { expectFailed, expectNoneStopped, expectStarted, expectStopped, expectSuccess } from '../../support/handler-expectations';

let world: FakeAws;
beforeEach(() => { world = new FakeAws(); });

const { RunOn, ServiceToken, ServiceTimeout, ...onDelete } = properties({ CompleteWhen: 'TASK_STOPPED' }, { taskDefinition: 'drop:1' });
const rollbackWithTask = () => ({ ...update(properties({ OnRollback: 'RUN' })), RequestId: 'next', ResponseURL: sentAfter(3) });
const deleteWithTask = () => ({ ...remove(properties({ OnDelete: onDelete })), RequestId: 'next', ResponseURL: sentAfter(3) });
const nextUpdate = () => ({ ...update(), RequestId: 'next', ResponseURL: sentAfter(3) });

const EVERYTHING_THAT_STARTS = [
  ['an Update', 'UPDATE_IN_PROGRESS', nextUpdate, 'FAILED', ''],
  ['a rollback with onRollback RUN', 'UPDATE_ROLLBACK_IN_PROGRESS', rollbackWithTask, 'SUCCESS', 'The rollback continues without its task.\n'],
  ['a Delete with onDelete', 'DELETE_IN_PROGRESS', deleteWithTask, 'FAILED', ''],
  ['a Delete with onDelete in a rollback', 'ROLLBACK_IN_PROGRESS', deleteWithTask, 'SUCCESS', 'The rollback continues without its task.\n'],
] as const;

describe('an earlier task that does not end', () => {
  test.each(EVERYTHING_THAT_STARTS)('prevents %s from starting a task, and is named', async (_, status, event, Status, before) => {
    world.stackStatus = 'UPDATE_IN_PROGRESS';
    world.lives = [runs(60 * 60, 0), runs(5, 0)];
    await world.invokeThenCrash(update());
    world.stackStatus = status;
    world.faults.StopTask = times(1000, fails('AccessDeniedException', 'not authorized to perform: ecs:StopTask'));
    expect(await world.request(event())).toMatchObject({
      Status,
      Reason: expect.stringContaining([
        `${before}A task of an earlier deployment may still be running, so no new task was started.`,
        `Could not confirm that this task stopped. Stop it manually: ${world.tasks[0].taskArn}.`,
        'StopTask failed (AccessDeniedException: not authorized to perform: ecs:StopTask).',
      ].join('\n')),
    });
    expectStarted(world, 1);
  });
});

describe('an earlier task that does not end is named by a request that starts nothing for another reason:', () => {
  const malformed = { SuccessExitCodes: [] };
  test.each([
    ['an Update with runOn CREATE', 'UPDATE_IN_PROGRESS', update(properties({ RunOn: 'CREATE' })), 'SUCCESS'],
    ['a Create with a malformed property', 'UPDATE_IN_PROGRESS', create(properties(malformed)), 'FAILED'],
    ['an Update with a malformed property', 'UPDATE_IN_PROGRESS', update(properties(malformed)), 'FAILED'],
    ['a rollback with a malformed property', 'UPDATE_ROLLBACK_IN_PROGRESS', update(properties({ OnRollback: 'RUN', ...malformed })), 'SUCCESS'],
    ['a Delete with a malformed onDelete', 'DELETE_IN_PROGRESS', remove(properties({ OnDelete: { ...onDelete, ...malformed } })), 'FAILED'],
  ])('%s', async (_, status, event, Status) => {
    world.stackStatus = 'UPDATE_IN_PROGRESS';
    world.lives = [runs(60 * 60, 0)];
    await world.invokeThenCrash({ ...update(), RequestId: 'earlier' });
    world.stackStatus = status;
    world.lastUpdated = new Date(2 * MINUTE + world.time);
    world.faults.StopTask = times(1000, fails('AccessDeniedException', 'not authorized to perform: ecs:StopTask'));
    const { Reason, ...answer } = await world.request({ ...event, RequestId: 'next', ResponseURL: sentAfter(3) });
    expect(answer).toMatchObject({ Status });
    expect(Reason.split('Could not confirm that this task stopped. Stop it manually: ')).toHaveLength(2);
  });
});

describe('an earlier task that StopTask does not find', () => {
  const next = () => world.request(nextUpdate());
  beforeEach(async () => {
    world.stackStatus = 'UPDATE_IN_PROGRESS';
    world.lives = [runs(60 * 60, 0), runs(5, 0)];
    await world.invokeThenCrash(update());
    world.lastUpdated = new Date(2 * MINUTE + world.time);
    await world.sleep(3 * MINUTE - world.seconds() * 1000);
  });

  test.each([
    ['because ECS does not find the cluster', fails('ClusterNotFoundException', 'Cluster not found.')],
    ['because a proxy answers', () => { throw new SyntaxError('Unexpected token \'<\', "<html>404 Not Found" is not valid JSON'); }],
    ['although DescribeTasks does', fails('InvalidParameterException', 'The referenced task was not found.')],
  ])('prevents the start of another task: %s', async (_, fault) => {
    world.faults.StopTask = times(1000, fault);
    expectFailed(await next(), 'A task of an earlier deployment may still be running, so no new task was started.');
    expectStarted(world, 1);
  });
});

describe('an earlier task that ECS does not describe after StopTask', () => {
  const away = (minutes: number): Fault => (_, proceed) => {
    if (world.callsOf('StopTask').length > 0 && world.seconds() < minutes * 60) {
      throw Object.assign(new Error('socket hang up'), { name: 'TimeoutError' });
    }
    return proceed();
  };
  beforeEach(async () => {
    world.lives = [runs(60 * 60, 0), runs(5, 0)];
    await world.invokeThenCrash(create());
    await world.sleep(3 * MINUTE - world.seconds() * 1000);
  });
  const next = () => world.request({ ...create(), RequestId: 'next', ResponseURL: sentAfter(3) });

  test('prevents the start of another task, and the answer says that it may be running', async () => {
    world.faults.DescribeTasks = times(1000, away(60));
    const { Status, Reason } = await next();
    expect(Status).toBe('FAILED');
    expect(Reason).toContain(`A task of an earlier deployment may still be running, so no new task was started.\nCould not confirm that this task stopped. Stop it manually: ${world.tasks[0].taskArn}.`);
    expectStarted(world, 1);
  });

  test('is looked for again, and the next task starts once it is known to have ended', async () => {
    world.faults.DescribeTasks = times(1000, away(6));
    expectSuccess(await next(), { Reason: '' });
    expectStarted(world, 2);
  });
});

describe('an earlier task whose containers have ended', () => {
  beforeEach(async () => {
    world.stackStatus = 'UPDATE_IN_PROGRESS';
    world.lives = [runs(60 * 60, 0), runs(5, 0)];
    await world.invokeThenCrash(update());
    world.lastUpdated = new Date(world.time);
    const keepInterface = (task: Task): Task => ({ ...task, lastStatus: task.lastStatus === 'STOPPED' ? 'DEPROVISIONING' : task.lastStatus });
    world.faults.DescribeTasks = times(1000, (_, proceed) => ({ tasks: proceed().tasks.map(keepInterface) }));
  });

  test('does not prevent the next one from starting, although it is not STOPPED in time (seed 9314308)', async () => {
    expectSuccess(await world.request(nextUpdate()));
    expectStarted(world, 2);
  });

  test('prevents a Delete with onDelete from starting one', async () => {
    world.stackStatus = 'DELETE_IN_PROGRESS';
    expectFailed(await world.request(deleteWithTask()), 'A task of an earlier deployment may still be running, so no new task was started.');
    expectStarted(world, 1);
  });
});

describe('ListTasks that fails for good', () => {
  const DENIED = 'Other tasks may still be running: listing them failed (AccessDeniedException: not authorized to perform: ecs:ListTasks).';
  beforeEach(async () => {
    await world.sleep(3 * MINUTE);
    world.faults.ListTasks = times(1000, fails('AccessDeniedException', 'not authorized to perform: ecs:ListTasks'));
  });

  test.each(EVERYTHING_THAT_STARTS)('prevents %s from starting a task, and the message says so', async (_, status, event, Status, before) => {
    world.stackStatus = status;
    expect(await world.request(event())).toMatchObject({
      Status, Reason: expect.stringContaining(`${before}A task of an earlier deployment may still be running, so no new task was started.\n${DENIED}`),
    });
    expectStarted(world, 0);
  });

  test.each([
    ['a Delete', 'DELETE_IN_PROGRESS', () => ({ ...remove(), ResponseURL: sentAfter(3) })],
    ['a rollback', 'UPDATE_ROLLBACK_IN_PROGRESS', nextUpdate],
  ])('lets %s succeed and say that tasks may still be running', async (_, status, event) => {
    world.stackStatus = status;
    expectSuccess(await world.request(event()), { Reason: expect.stringContaining(DENIED) });
  });

});

describe('ListTasks that is not permitted', () => {
  const denied = fails('AccessDeniedException', 'not authorized to perform: ecs:ListTasks');

  test('in the first minutes of a new stack delays a Create', async () => {
    world.faults.ListTasks = times(20, denied);
    expectSuccess(await world.request(create()), { Reason: '' });
    expectStarted(world, 1);
  });

  test('delays a Create for three minutes from the first denied call, however long ListTasks was throttled before', async () => {
    const throttled = fails('ThrottlingException', 'Rate exceeded');
    world.faults.ListTasks = times(1000, (input, proceed) => {
      const fault = world.seconds() < 2 * 60 ? throttled : world.seconds() < 4 * 60 ? denied : passThrough;
      return fault(input, proceed);
    });
    expectSuccess(await world.request(create()), { Reason: '' });
    expectStarted(world, 1);
  });

  test('prevents a Create from starting a second task next to that of a Create that has failed', async () => {
    world.lives = [runs(60 * 60, 0), runs(5, 0)];
    await world.invokeThenCrash(create());
    await world.sleep(3 * MINUTE - world.seconds() * 1000);
    world.faults.ListTasks = times(1000, denied);
    expectFailed(await world.request({ ...create(), RequestId: 'next', ResponseURL: sentAfter(3) }), 'A task of an earlier deployment may still be running, so no new task was started.');
    expectStarted(world, 1);
  });
});

describe('a task that ECS lists once', () => {
  const listedOnce: Fault[] = [passThrough, passThrough, ...times(1000, () => ({ taskArns: [] }))];

  test('is stopped by a Delete, although it was not described at that time', async () => {
    world.lives = [runs(60 * 60, 0)];
    await world.invokeThenCrash(create());
    await world.sleep(3 * MINUTE - world.seconds() * 1000);
    world.stackStatus = 'DELETE_IN_PROGRESS';
    world.faults.ListTasks = listedOnce;
    world.faults.DescribeTasks = [fails('ThrottlingException', 'Rate exceeded')];
    expectSuccess(await world.request({ ...remove(), ResponseURL: sentAfter(3) }), { Reason: '' });
    expectStopped(world, 1);
  });
});

test('a Delete says that a task may still run that ECS has listed as stopped but never described, although later lists lack it (seed 13661266)', async () => {
  world.lives = [runs(60 * 60, 0)];
  await world.invokeThenCrash(create());
  world.stackStatus = 'DELETE_IN_PROGRESS';
  await world.ecs.send(new StopTaskCommand({ task: world.tasks[0].taskArn }));
  world.faults.ListTasks = [passThrough, passThrough, ...times(1000, () => ({ taskArns: [] }))];
  world.faults.DescribeTasks = times(1000, fails('AccessDeniedException', 'not authorized to perform: ecs:DescribeTasks'));
  const Reason = 'Other tasks may still be running: listing them failed (AccessDeniedException: not authorized to perform: ecs:DescribeTasks).';
  expectSuccess(await world.request({ ...remove(), ResponseURL: sentAfter(3) }), { Reason });
});

describe('a Create that cannot find out about earlier tasks', () => {
  const unreadable: Fault = () => { throw new SyntaxError('Unexpected end of JSON input'); };

  test.each([
    ['an answer that cannot be read', unreadable],
    ['an error of the service', fails('ServerException', 'Service Unavailable', 503)],
  ])('does not start a task next to one of them: %s', async (_, fault) => {
    world.lives = [runs(60 * 60, 0), runs(5, 0)];
    await world.invokeThenCrash(create());
    await world.sleep(3 * MINUTE - world.seconds() * 1000);
    world.faults.ListTasks = times(12, fault); // for half a minute
    expectSuccess(await world.request({ ...create(), RequestId: 'next', ResponseURL: sentAfter(3) }));
    expectStopped(world, 1);
  });

  test('fails within minutes when AWS never answers', async () => {
    world.faults.ListTasks = times(1000, unreadable);
    const answer = await world.request(create());
    expectFailed(answer, 'A task of an earlier deployment may still be running, so no new task was started.');
    expect(answer.at).toBeLessThan(5 * 60);
    expectStarted(world, 0);
  });
});

test('a Delete with onDelete stops what an event that came again has started while one of its looks failed (seed 25095924)', async () => {
  world.stackStatus = 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS';
  world.time = START + 3 * MINUTE;
  world.lives = [runs(60 * 60, 0), runs(5, 0)];
  const failsFor20Seconds: Fault = ({ family }, proceed) => {
    if (family === 'drop' || world.seconds() > 3 * 60 + 20) {
      return proceed();
    }
    if (world.tasks.length === 0 && world.seconds() > 3 * 60 + 5) {
      const startedBy = markOfTask('c0ffee00-delete');
      void world.ecs.send(new RunTaskCommand({ cluster: CLUSTER, taskDefinition: 'drop:1', clientToken: 'earlier', startedBy }));
    }
    return fails('ServerException', 'Service Unavailable', 500)();
  };
  world.faults.ListTasks = times(1000, failsFor20Seconds);
  expectSuccess(await world.request(deleteWithTask()), { Reason: '' });
  expect(world.tasks[0].stoppedAt).toBeLessThan(world.tasks[1].at);
});

test('an Update starts its task although each look at the family before takes ten seconds', async () => {
  const ghost: Fault = ({ family, desiredStatus }, proceed) =>
    family === 'old' && desiredStatus === 'STOPPED' ? { taskArns: ['arn:aws:ecs:eu-west-1:111122223333:task/shop/ghost'] } : proceed();
  world.stackStatus = 'UPDATE_IN_PROGRESS';
  world.faults.ListTasks = times(10_000, ghost);
  expectSuccess(await world.request(update(properties(), properties({}, { taskDefinition: 'old:1' }))));
  expect(world.callsOf('ListTasks').length).toBeLessThanOrEqual(6);
  expect((world.tasks[0].at - START) / 1000).toBeLessThan(30);
});

test('a Delete stops a task that ECS has listed, although the next list lacks it after DescribeTasks was throttled (seed 8857949)', async () => {
  world.lives = [runs(60 * 60, 0)];
  await world.invokeThenCrash(create());
  world.stackStatus = 'ROLLBACK_IN_PROGRESS';
  const listsNothing: Fault = () => ({ taskArns: [] });
  world.faults.ListTasks = [passThrough, passThrough, listsNothing, listsNothing];
  world.faults.DescribeTasks = [fails('ThrottlingException')];
  expectSuccess(await world.request({ ...remove(properties()), ResponseURL: sentAfter(3) }), { Reason: '' });
  expectStopped(world, 1);
});

test('a Delete looks for a task until the function has new credentials (seed 10131819)', async () => {
  world.lives = [runs(60 * 60, 0)];
  await world.invokeThenCrash(create());
  world.stackStatus = 'DELETE_IN_PROGRESS';
  const renewedAt = world.seconds() + 30;
  const expired = fails('ExpiredTokenException', 'The security token included in the request is expired');
  world.faults.ListTasks = times<Fault>(100, (_, proceed) => world.seconds() < renewedAt ? expired() : proceed());
  expectSuccess(await world.request({ ...remove(), ResponseURL: sentAfter(3) }), { Reason: '' });
  expectStopped(world, 1);
});

test('a Delete does not name a task that stops just before the Delete has to answer (seed 1788)', async () => {
  world.lives = [runs(60 * 60, 0)];
  await world.invokeThenCrash(create());
  world.stackStatus = 'DELETE_IN_PROGRESS';
  const listed = world.callsOf('ListTasks').length;
  const onlyAfterLists = (lists: number): Fault => (_, proceed) =>
    world.callsOf('ListTasks').length > listed + lists ? proceed() : fails('ServerException', '', 500)();
  world.faults.DescribeTasks = [passThrough, ...times(1000, onlyAfterLists(2))]; // the look for more tasks is the first to show its end
  expectSuccess(await world.request({ ...remove(properties()), ResponseURL: sentAfter(3) }), { Reason: '' });
});

describe('a status of the stack that cannot be read', () => {
  test.each(['UPDATE_IN_PROGRESS', 'UPDATE_ROLLBACK_IN_PROGRESS'])('fails the Update after the earlier task was stopped: %s', async (status) => {
    world.stackStatus = 'UPDATE_IN_PROGRESS';
    world.lives = [runs(60 * 60, 0)];
    await world.invokeThenCrash(update());
    world.stackStatus = status;
    world.faults.DescribeStacks = times(1000, fails('ThrottlingException', 'Rate exceeded'));
    expectFailed(await world.request(nextUpdate()), 'Could not find out whether this is a rollback, so no task was started.');
    expectStopped(world, 1);
    expectStarted(world, 1);
  });
});

describe('Delete of a task with the startedBy of the user that is stopping,', () => {
  const delivered = properties({}, { startedBy: 'deployments' });
  const deleteOnceToldToStop = async (reason?: string, startedBy = 'deployments') => {
    world.lives = [runs(60 * 60, 0)];
    await world.invokeThenCrash(create(properties({}, { startedBy })));
    await world.ecs.send(new StopTaskCommand({ task: world.tasks[0].taskArn, reason }));
    const toldAt = world.seconds();
    world.calls.splice(0);
    world.stackStatus = 'DELETE_IN_PROGRESS';
    const { at } = await world.request({ ...remove(delivered), ResponseURL: sentAfter(3) });
    expectNoneStopped(world);
    return at - toldAt;
  };

  test.each([
    ['the function', `cdk-ecs-run-task: the deployment already ended (UPDATE_FAILED), and nothing waits for the task (${markOfTask(create().RequestId)})`],
    ['a person', 'no more'],
    ['somebody without a reason', undefined],
  ])('recognized by %s waits for its end, although StopTask has deleted the tag with its mark', async (_, reason) => {
    expect(await deleteOnceToldToStop(reason)).toBeGreaterThanOrEqual(30);
  });

  test('waits for its end, although only the list shows yet that it is stopping (seed 10056174)', async () => {
    let isStale = true;
    world.faults.DescribeTasks = times<Fault>(1000, (_, proceed) => {
      const { tasks } = proceed();
      if (!isStale || world.stackStatus !== 'DELETE_IN_PROGRESS') {
        return { tasks };
      }
      isStale = false;
      return { tasks: tasks.map((task: Task) => ({ ...task, desiredStatus: 'RUNNING', stoppedReason: undefined })) };
    });
    expect(await deleteOnceToldToStop()).toBeGreaterThanOrEqual(30);
  });

  test('does not wait for it when it has another startedBy', async () => {
    expect(await deleteOnceToldToStop('no more', 'others')).toBeLessThan(5);
  });
});

describe('Delete of a Create that failed', () => {
  const failedCreate = async () => {
    world.lives = [runs(5, 1)];
    return (await world.request(create())).PhysicalResourceId;
  };

  test('does not stop the task of the next deployment', async () => {
    const physicalId = await failedCreate();
    world.lives = [runs(60 * 60, 0)];
    await world.sleep(3 * MINUTE - world.seconds() * 1000);
    await world.invokeThenCrash({ ...create(), RequestId: 'next', ResponseURL: sentAfter(3) });
    expectSuccess(await world.request({ ...remove(properties(), physicalId), ResponseURL: sentAfter(6) }), { PhysicalResourceId: physicalId, Reason: '' });
    expectNoneStopped(world);
  });

  test('stops the task that the failed Create could not stop', async () => {
    world.lives = [runs(60 * 60, 0)];
    world.faults.StopTask = times(1000, fails('AccessDeniedException'));
    const { PhysicalResourceId } = await world.request(create(properties({ TimeoutSeconds: '60' })));
    world.faults.StopTask = [];
    world.calls.splice(0);
    expectSuccess(await world.request({ ...remove(properties(), PhysicalResourceId), ResponseURL: sentAfter(6) }));
    expectStopped(world, 1);
  });

  test('has a physical id that names the request, so that each failed Create has its own', async () => {
    const first = await failedCreate();
    const second = (await world.request({ ...create(), RequestId: 'another', ResponseURL: sentAfter(3) })).PhysicalResourceId;
    expect(second).not.toBe(first);
  });
});
