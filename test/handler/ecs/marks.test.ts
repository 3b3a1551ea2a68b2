import { RunTaskCommand } from '@aws-sdk/client-ecs';
import type { Request } from '../../../lambda/cloudformation/request';
import { markOf, parseMark, placeOf } from '../../../lambda/ecs/marks';
import { findTasks } from '../../../lambda/ecs/tasks';
import { CLUSTER, create, fails, ID, markOfTask, MINUTE, properties, remove, runs, FakeAws, times, missing, passThrough, type Fault } from '../../support/fake-aws';
import { expectNoneStopped, expectStopped, expectSuccess } from '../../support/handler-expectations';

let world: FakeAws;
beforeEach(() => { world = new FakeAws(); });

describe('finding the tasks of a resource', () => {
  beforeEach(() => { world.stackStatus = 'DELETE_IN_PROGRESS'; });

  test.each([
    ['when the user sets startedBy', { startedBy: 'deployments' }],
    ['when the user sets startedBy and tags', { startedBy: 'deployments', tags: [{ key: 'team', value: 'shop' }] }],
    ['when the user sets only tags', { tags: [{ key: 'team', value: 'shop' }] }],
  ])('finds only its own tasks %s', async (_, request) => {
    world.stackStatus = 'CREATE_IN_PROGRESS';
    world.lives = [runs(60 * 60, 0)];
    const delivered = properties({}, request);
    await world.invoke(create(delivered), 2 * MINUTE);
    await world.invokeThenCrash({ ...create(delivered), LogicalResourceId: 'Other', RequestId: 'other' });
    await world.request(remove(delivered));
    expectStopped(world, 1);
  });

  test('reads tags only when the user sets startedBy, because not every partition has tags', async () => {
    const includesOf = async (request: object) => {
      world = new FakeAws();
      await world.request(create(properties({}, request)));
      await world.request(remove(properties({}, request)));
      return new Set(world.callsOf('DescribeTasks').map(({ include }) => String(include)));
    };
    expect(await includesOf({ tags: [{ key: 'team', value: 'shop' }] })).toEqual(new Set(['undefined']));
    expect(await includesOf({ startedBy: 'deployments' })).toEqual(new Set(['undefined', 'TAGS']));
  });

  describe('of an earlier request, for which the user had set startedBy, and no longer does,', () => {
    beforeEach(async () => {
      world.stackStatus = 'CREATE_IN_PROGRESS';
      world.lives = [runs(60 * 60, 0)];
      await world.invokeThenCrash(create(properties({}, { startedBy: 'deployments' })));
      world.calls.splice(0);
    });

    test('finds it by its tag', async () => {
      expectSuccess(await world.request(remove()));
      expectStopped(world, 1);
    });

    test('finds it by its tag although a later list lacks it', async () => {
      world.faults.ListTasks = [...times(2, passThrough), ...times(100, () => ({ taskArns: [] }))];
      world.faults.DescribeTasks = [fails('ThrottlingException', 'Rate exceeded')];
      expectSuccess(await world.request(remove()));
      expectStopped(world, 1);
    });

    test('retries when reading the tags fails for a moment', async () => {
      world.faults.DescribeTasks = [passThrough, fails('ThrottlingException', 'Rate exceeded')];
      expectSuccess(await world.request(remove()));
      expectStopped(world, 1);
    });

    test('continues without tags in a partition that does not support them', async () => {
      const withoutTags: Fault = (input, answer) => input.include ? fails('InvalidParameterException', 'TAGS is not supported')() : answer();
      world.faults.DescribeTasks = times(100, withoutTags);
      expectSuccess(await world.request(remove()), { Reason: '' });
      expectNoneStopped(world);
    });
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
    expectStopped(world, 121);
    expect(world.callsOf('ListTasks').map(({ nextToken }) => nextToken)).toEqual(expect.arrayContaining([undefined, '100', '200']));
    expect(Math.max(...world.callsOf('DescribeTasks').map(({ tasks }) => tasks.length))).toBe(100); // the most that ECS accepts
  });

  test('describes hundreds of tasks at the same time', async () => {
    const taskArns = Array.from({ length: 250 }, (_, number) => `task/${number}`);
    world.faults.ListTasks = [() => ({ taskArns }), () => ({ taskArns: [] })];
    let [open, most] = [0, 0];
    world.faults.DescribeTasks = times(3, async ({ tasks }) => {
      most = Math.max(most, ++open);
      await new Promise(setImmediate);
      open--;
      return { tasks: tasks.map((taskArn: string) => ({ taskArn, lastStatus: 'STOPPED' })) };
    });
    expectSuccess(await world.request(remove()));
    expect(most).toBe(3);
  });

  test('finds a task that ECS lists before DescribeTasks knows it', async () => {
    world.stackStatus = 'CREATE_IN_PROGRESS';
    world.lives = [runs(60 * 60, 0)];
    await world.invokeThenCrash(create());
    world.faults.DescribeTasks = times(4, missing);
    await world.request(remove());
    expectStopped(world, 1);
  });

  test('includes a task that only an earlier list of the invocation has shown', async () => {
    const { cluster, taskDefinition } = properties().Request;
    world.lives = [runs(60 * 60, 0)];
    await world.ecs.send(new RunTaskCommand({ cluster, taskDefinition }));
    const request = { world, listed: new Map(), found: new Map(), answerBy: Infinity } as unknown as Request;
    const place = placeOf({ cluster, taskDefinition });
    expect(await findTasks(request, place)).toMatchObject([{ lastStatus: 'PROVISIONING' }]);
    world.faults.ListTasks = times(2, () => ({ taskArns: [] }));
    expect(await findTasks(request, place)).toMatchObject([{ taskArn: world.tasks[0].taskArn }]);
  });

  test('describes at most 100 tasks of an earlier list together, which is the most that ECS accepts', async () => {
    const { cluster, taskDefinition } = properties().Request;
    world.lives = [runs(60 * 60, 0)];
    for (let task = 0; task < 120; task++) {
      await world.ecs.send(new RunTaskCommand({ cluster, taskDefinition, clientToken: `${task}` }));
    }
    const request = { world, listed: new Map(), found: new Map(), answerBy: Infinity } as unknown as Request;
    await findTasks(request, placeOf({ cluster, taskDefinition }));
    world.faults.ListTasks = times(2, () => ({ taskArns: [] }));
    expect(await findTasks(request, placeOf({ cluster, taskDefinition }))).toHaveLength(100);
  });

  test('ends with a page of the list that has the token of the page before it', async () => {
    world.faults.ListTasks = times(20, () => ({ taskArns: [], nextToken: 'a' }));
    const { cluster, taskDefinition } = properties().Request;
    await findTasks({ world, listed: new Map(), found: new Map(), answerBy: Infinity } as unknown as Request, placeOf({ cluster, taskDefinition }));
    expect(world.callsOf('ListTasks').map(({ nextToken }) => nextToken)).toEqual([undefined, undefined, 'a', 'a']); // running and stopped tasks
  });

  test('gives up soon on a task that ECS no longer knows', async () => {
    world.faults.ListTasks = [() => ({ taskArns: ['forgotten'] })];
    world.faults.DescribeTasks = [() => ({ tasks: [{ taskArn: 'forgotten', startedBy: markOfTask('earlier'), lastStatus: 'RUNNING' }] })];
    world.faults.StopTask = times(100, fails('InvalidParameterException', 'The referenced task was not found.'));
    const { at } = await world.request(remove());
    expect(at).toBeGreaterThan(10); // it may be so new that not all of ECS knows it
    expect(at).toBeLessThan(15);
  });
});

test('a mark has at most 36 characters, and contains its parts', () => {
  const mark = markOf(ID, { requestId: 'c0ffee00-create', sentAt: Date.UTC(2038, 0, 1) }, 10, 9999);
  expect(mark.length).toBeLessThanOrEqual(36);
  expect(parseMark({ startedBy: mark })).toEqual({ request: 'ec6d70dee764/9efa4dfb', number: 10, tokenNumber: 9999, sentAt: Date.UTC(2038, 0, 1) });
  expect(parseMark({ startedBy: markOf(ID, { requestId: 'c0ffee00-create' }, 1, 1) })).toEqual({ request: 'ec6d70dee764/9efa4dfb', number: 1, tokenNumber: 1 });
});
