import type { Event } from '../../../lambda/cloudformation/request';
import { create, fails, MINUTE, properties, remove, runs, START, update, FakeAws } from '../../support/fake-aws';

let world: FakeAws;
beforeEach(() => { world = new FakeAws(); });

const HOURS = 3_600;

/** The properties of the so-manieth of three resources that wait for a task of up to 165 minutes. */
function nth(number: number, from?: string, more: object = {}) {
  return properties({
    ServiceTimeout: '3600',
    TimeoutSeconds: '9900',
    UsedAttributes: { TaskArn: 'MigrationTaskArn' },
    ...number < 3 ? { HasNextLeg: 'true' } : {},
    ...number > 1 ? { PreviousLeg: { First: 'Migration', Baton: from } } : {},
    ...more,
  });
}

/** The event as CloudFormation sends it now, to one of the resources. */
function sent(event: Event, number: number): Event {
  const signed = new Date(START + world.seconds() * 1000).toISOString().replace(/[-:]|\.\d+/g, '');
  return {
    ...event,
    RequestId: `${event.RequestId}-${number}`,
    LogicalResourceId: number === 1 ? 'Migration' : `Migration${number}`,
    ResponseURL: `https://bucket.example/answer?X-Amz-Date=${signed}&X-Amz-Signature=secret`,
  };
}

/** A deployment of the three, up to the first that fails; gives their answers. */
async function deploy(eventOf: (number: number, from?: string) => Event, upTo = 3) {
  const answers = [];
  let from: string | undefined;
  for (let number = 1; number <= upTo; number++) {
    const answer = await world.request(sent(eventOf(number, from), number));
    answers.push(answer);
    from = answer.Data?.Baton;
    if (answer.Status === 'FAILED') {
      break;
    }
  }
  return answers;
}

const creating = (more?: object) => (number: number, from?: string) => create(nth(number, from, more));
const updating = (more?: object) => (number: number, from?: string) => update(nth(number, from, more), nth(number, 'old', more));

describe('a task of several hours', () => {
  test('runs once, and each resource goes on waiting where the one before it has to end', async () => {
    world.lives = [runs(2.5 * HOURS, 0)];
    const answers = await deploy(creating());
    expect(answers.map(({ Status, at }) => ({ Status, minute: Math.round(at / 60) }))).toEqual([
      { Status: 'SUCCESS', minute: 58 }, { Status: 'SUCCESS', minute: 117 }, { Status: 'SUCCESS', minute: 151 }, // after a minute in which the first looks back
    ]);
    expect(world.tasks).toHaveLength(1);
    expect(world.callsOf('StopTask')).toEqual([]);
  });

  test('is passed on in time also where the URL of the request does not tell when it was sent', async () => {
    world.lives = [runs(2 * HOURS, 0)];
    const answer = await world.request({ ...create(nth(1)), ResponseURL: 'https://bucket.example/answer?Signature=secret' });
    expect(answer).toMatchObject({ Status: 'SUCCESS', Data: { Baton: expect.stringContaining('RUNNING') } });
    expect(Math.round(answer.at / 60)).toBe(58);
  });

  test.each([
    ['succeeded', 0, { Status: 'SUCCESS', Data: { ExitCode: '0', StoppedAt: expect.stringMatching(/^2026-01-01T00:00:40/) } }],
    ['failed', 3, { Status: 'FAILED', Reason: expect.stringContaining('1 of 2 tasks failed: container "app" exited with code 3.') }],
  ])('is waited for when ECS has forgotten another that has %s', async (_, exitCode, expected) => {
    world.lives = [runs(10, exitCode), runs(2.5 * HOURS, 0)];
    const forget = (_input: any, proceed: () => any) => ({ tasks: proceed().tasks.filter((task: any) => task.lastStatus !== 'STOPPED') });
    world.faults.DescribeTasks = Array.from({ length: 20_000 }, () => forget);
    const answers = await deploy((number, from) => {
      const delivered = nth(number, from, { UsedAttributes: { ExitCode: 'MigrationExitCode', StoppedAt: 'MigrationStoppedAt' } });
      return create({ ...delivered, Request: { ...delivered.Request, count: '2' } });
    });
    expect(answers).toHaveLength(3);
    expect(answers[2]).toMatchObject(expected);
    expect(world.callsOf('StopTask')).toEqual([]);
  });

  test('gives its results to the stack in the end', async () => {
    world.lives = [runs(2.5 * HOURS, 0)];
    const [first, , last] = await deploy(creating());
    expect(first.Reason).toBe('The task goes on, and the next resource waits for it.');
    expect(Object.keys(first.Data!)).toEqual(['Baton']);
    expect(last.Data).toEqual({ TaskArn: world.tasks[0].taskArn });
  });

  test('is done at once for those that follow, when it ends within the first hour', async () => {
    world.lives = [runs(5 * 60, 0)];
    const [, , last] = await deploy(creating());
    expect(last).toMatchObject({ Status: 'SUCCESS', Data: { TaskArn: world.tasks[0].taskArn } });
    expect(last.at).toBeLessThan(5 * 60 + 40);
    expect(world.tasks).toHaveLength(1);
  });

  test('fails the resource that waits for it, with its cause', async () => {
    world.lives = [runs(1.5 * HOURS, 3)];
    world.logEvents = ['out of ideas'];
    const answers = await deploy(creating());
    expect(answers.map(({ Status }) => Status)).toEqual(['SUCCESS', 'FAILED']);
    expect(answers[1].Reason).toContain('Container "app" exited with code 3.\nThe end of its log:\n  out of ideas');
  });

  test('is stopped at its deadline', async () => {
    world.lives = [runs(10 * HOURS, 0)];
    const answers = await deploy(creating());
    expect(answers.map(({ Status }) => Status)).toEqual(['SUCCESS', 'SUCCESS', 'FAILED']);
    expect(answers[2].Reason).toContain('The task did not end within 165 minutes and was stopped; it was RUNNING. See what it waited for, or raise timeout.');
    expect(world.tasks[0].stoppedAt! - START).toBeGreaterThanOrEqual(9_900_000);
    expect(answers[2].at).toBeLessThan(9_900 + 120);
  });

  test('runs again as often as it may, over all of them', async () => {
    world.lives = [runs(50 * 60, 1), runs(50 * 60, 1), runs(60, 0)];
    const answers = await deploy(creating({ RetryAttempts: '2' }));
    expect(answers.map(({ Status }) => Status)).toEqual(['SUCCESS', 'SUCCESS', 'SUCCESS']);
    expect(world.tasks).toHaveLength(3);
    expect(world.callsOf('RunTask').map(({ clientToken }) => clientToken)).toEqual([1, 2, 3].map((attempt) => `c0ffee00-create-1-1-${attempt}`));
  });

  test('runs again for the first of them also where the next one has just begun', async () => {
    world.lives = [runs(HOURS, 1), runs(60, 0)];
    await deploy(creating({ RetryAttempts: '1' }));
    expect(world.callsOf('RunTask').map(({ clientToken }) => clientToken)).toEqual([1, 2].map((attempt) => `c0ffee00-create-1-1-${attempt}`));
  });

  test('is not looked for by those that go on, nor by their next invocations', async () => {
    world.lives = [runs(2.5 * HOURS, 0)];
    await deploy(creating());
    expect(world.callsOf('ListTasks')).toHaveLength(2);
  });

  test('fails once it may not run again', async () => {
    world.lives = [runs(50 * 60, 1)];
    const answers = await deploy(creating({ RetryAttempts: '1' }));
    expect(answers.map(({ Status }) => Status)).toEqual(['SUCCESS', 'FAILED']);
    expect(answers[1].Reason).toContain('After 2 attempts: container "app" exited with code 1.');
  });

  test('is still to be started where ECS has had no room for it in the whole first hour', async () => {
    const room = (_input: unknown, proceed: () => unknown) => world.seconds() < 1.1 * HOURS ? { failures: [{ reason: 'RESOURCE:MEMORY' }] } : proceed();
    world.faults.RunTask = Array.from({ length: 1_000 }, () => room);
    const answers = await deploy(creating());
    expect(answers.map(({ Status }) => Status)).toEqual(['SUCCESS', 'SUCCESS', 'SUCCESS']);
    expect(answers[0].Data!.Baton).not.toContain(':task/');
    expect(world.tasks).toHaveLength(1);
  });

  test('is waited for together with the others of its request', async () => {
    world.lives = [runs(2 * HOURS, 0), runs(2.5 * HOURS, 0)];
    const answers = await deploy((number, from) => create({ ...nth(number, from), Request: { ...nth(number).Request, count: '2' } }));
    expect(answers.map(({ Status }) => Status)).toEqual(['SUCCESS', 'SUCCESS', 'SUCCESS']);
    expect(new Set(world.callsOf('DescribeTasks').flatMap(({ tasks }) => tasks))).toEqual(new Set(world.tasks.map(({ taskArn }) => taskArn)));
  });

  test('passes on little enough for an answer, whatever ECS had to say', async () => {
    world.lives = [runs(2 * HOURS, 0)];
    world.faults.RunTask = [() => ({ failures: [{ reason: 'RESOURCE:MEMORY', detail: 'x'.repeat(5_000) }] })];
    const [first] = await deploy((number, from) => create({ ...nth(number, from), Request: { ...nth(number).Request, count: '10' } }), 1);
    expect(first).toMatchObject({ Status: 'SUCCESS' });
    expect(JSON.stringify(first).length).toBeLessThan(4_096);
  });

  test('passes on the beginning of a long cause, for as many tasks as there can be', async () => {
    const deciding = 'x'.repeat(255);
    const failed = { lastStatus: 'STOPPED', containers: [{ name: deciding, lastStatus: 'STOPPED', exitCode: 3 }] };
    world.lives = [...Array.from({ length: 9 }, () => [[0, failed]] as const), [[0, { lastStatus: 'RUNNING' }], [1.5 * HOURS, failed]]];
    const answers = await deploy((number, from) => {
      const delivered = nth(number, from, { ExitCodeFrom: [deciding] });
      return create({ ...delivered, Request: { ...delivered.Request, count: '10' } });
    });
    expect(JSON.stringify(answers[0]).length).toBeLessThan(3_200); // the names of stack, resource and cluster can be longer than here
    expect(answers[1].Reason).toMatch(/^10 of 10 tasks failed: container "x{69}\.\n/);
  });
});


describe('a repeated event', () => {
  test('of a resource that has passed on its task does not touch it', async () => {
    world.lives = [runs(2.5 * HOURS, 0)];
    await deploy(creating(), 1);
    const late = { ...sent(create(nth(1)), 1), ResponseURL: 'https://bucket.example/answer?X-Amz-Date=20260101T000000Z&X-Amz-Signature=secret' };
    world.time += 10 * MINUTE;
    await world.invoke(late);
    world.faults.DescribeStacks = [() => { throw new Error('no'); }];
    await world.invoke(late);
    expect(world.answers).toHaveLength(1);
    expect(world.callsOf('StopTask')).toEqual([]);
    expect(world.tasks).toHaveLength(1);
  });

  test('of a resource whose time is over, because its invocation had died, stops the task where nobody goes on waiting', async () => {
    world.lives = [runs(2.5 * HOURS, 0)];
    let event = sent(create(nth(1)), 1);
    while (world.seconds() < 50 * 60) {
      await world.invoke(event);
      event = world.handedOver.shift()!;
    }
    world.stackStatus = 'CREATE_FAILED';
    world.time += 12 * MINUTE;
    await world.invoke(event);
    expect(world.callsOf('StopTask')).toHaveLength(1);
    expect(world.tasks).toHaveLength(1);
  });

  test('of a resource that goes on waiting finds the same task', async () => {
    world.lives = [runs(1.2 * HOURS, 0)];
    const [{ Data }] = await deploy(creating(), 1);
    const event = sent(create(nth(2, Data!.Baton)), 2);
    await world.request(event);
    await world.request(event);
    expect(world.answers.map(({ Status }) => Status)).toEqual(['SUCCESS', 'SUCCESS', 'SUCCESS']);
    expect(world.tasks).toHaveLength(1);
  });
});

describe('a resource that has passed on its task looks back a minute later', () => {
  const passOn = async (stackStatus: string) => {
    world.lives = [runs(2.5 * HOURS, 0)];
    const [put] = [world.put];
    world.put = async (url, body) => {
      world.stackStatus = stackStatus;
      return put(url, body);
    };
    await deploy(creating(), 1);
  };

  test.each(['CREATE_FAILED', 'UPDATE_FAILED'])('and stops it where the stack is %s: no resource will go on waiting', async (status) => {
    await passOn(status);
    expect(world.callsOf('StopTask')).toMatchObject([{ reason: `cdk-ecs-run-task: the deployment is over (${status}), and nobody waits for the task` }]);
    expect(world.answers).toHaveLength(1);
  });

  test('and asks again where CloudFormation does not tell at once', async () => {
    const throttled = [fails('ThrottlingException'), fails('ThrottlingException')];
    const throttle = (_: unknown, proceed: () => unknown) => (world.answers.length > 0 ? throttled.shift() ?? proceed : proceed)();
    world.faults.DescribeStacks = Array.from({ length: 200 }, () => throttle);
    await passOn('CREATE_FAILED');
    expect(world.callsOf('StopTask')).toHaveLength(1);
  });

  test.each(['CREATE_IN_PROGRESS', 'UPDATE_ROLLBACK_IN_PROGRESS', 'DELETE_IN_PROGRESS'])('and lets it run where the stack is %s: others see to it', async (status) => {
    await passOn(status);
    expect(world.callsOf('StopTask')).toEqual([]);
  });

  test('and lets it run where CloudFormation does not tell', async () => {
    world.faults.DescribeStacks = Array.from({ length: 200 }, () => (_: unknown, proceed: () => unknown) => {
      if (world.answers.length > 0) {
        throw new Error('no');
      }
      return proceed();
    });
    await passOn('CREATE_FAILED');
    expect(world.callsOf('StopTask')).toEqual([]);
    expect(world.answers).toHaveLength(1);
  });
});

describe('an Update', () => {
  beforeEach(() => { world.stackStatus = 'UPDATE_IN_PROGRESS'; });

  test('runs the task anew, and tells those that follow by another value', async () => {
    world.lives = [runs(60, 0)];
    const before = await deploy(creating());
    const after = await deploy((number, from) => ({ ...update(nth(number, from)), RequestId: 'another' }));
    expect(after.map(({ Status }) => Status)).toEqual(['SUCCESS', 'SUCCESS', 'SUCCESS']);
    expect(after[0].Data!.Baton).not.toBe(before[0].Data!.Baton);
    expect(world.tasks).toHaveLength(2);
  });

  test('of a resource that alone has failed runs the task anew, and those that follow go on with that', async () => {
    world.lives = [runs(1.5 * HOURS, 3), runs(1.5 * HOURS, 0)];
    const [{ Data }] = await deploy(creating());
    world.lastUpdated = new Date(world.time);
    const again = await world.request(sent({ ...update(nth(2, Data!.Baton), nth(2, Data!.Baton)), RequestId: 'again' }, 2));
    expect(again).toMatchObject({ Status: 'SUCCESS', Data: { Baton: expect.stringContaining('again-2') } });
    expect(await world.request(sent(update(nth(3, again.Data!.Baton), nth(3, 'old')), 3))).toMatchObject({ Status: 'SUCCESS' });
    expect(world.tasks).toHaveLength(2);
  });

  test('of a resource that alone has failed runs the task anew also where CloudFormation tells of the deployment only when asked again', async () => {
    world.lives = [runs(1.5 * HOURS, 3), runs(60, 0)];
    const [{ Data }] = await deploy(creating());
    world.lastUpdated = new Date(world.time);
    world.faults.DescribeStacks = [fails('ThrottlingException')];
    const again = await world.request(sent({ ...update(nth(2, Data!.Baton), nth(2, Data!.Baton)), RequestId: 'again' }, 2));
    expect(again).toMatchObject({ Status: 'SUCCESS', Data: { Baton: expect.stringContaining('again-2') } });
    expect(world.tasks).toHaveLength(2);
  });

  test('of a resource that alone has failed goes on where CloudFormation does not tell when the deployment began', async () => {
    world.lives = [runs(1.5 * HOURS, 0)];
    const [{ Data }] = await deploy(creating(), 1);
    world.faults.DescribeStacks = [(_, proceed) => proceed(), () => { throw new Error('no'); }];
    expect(await world.request(sent(update(nth(2, Data!.Baton), nth(2, 'old')), 2))).toMatchObject({ Status: 'SUCCESS' });
    expect(world.tasks).toHaveLength(1);
  });

  test('with runOn CREATE runs the task where its first run has failed in a resource that goes on', async () => {
    world.lives = [runs(1.5 * HOURS, 3), runs(60, 0)];
    const skipping = { RunOn: 'CREATE', UsedAttributes: undefined };
    await deploy(creating(skipping));
    world.lastUpdated = new Date(world.time);
    const changed = { ...skipping, Triggers: { nonce: '2' } };
    const answers = await deploy((number, from) => ({
      ...number === 1 ? update(nth(1, from, changed), nth(1, from, skipping)) : create(nth(number, from, changed)),
      RequestId: 'again',
    }));
    expect(answers.map(({ Status }) => Status)).toEqual(['SUCCESS', 'SUCCESS', 'SUCCESS']);
    expect(world.tasks).toHaveLength(2);
  });

  test('that creates it again after it has failed runs the task anew', async () => {
    world.lives = [runs(1.5 * HOURS, 3), runs(60, 0)];
    const [{ Data }] = await deploy(creating());
    world.lastUpdated = new Date(world.time);
    expect(await world.request(sent({ ...create(nth(2, Data!.Baton)), RequestId: 'again' }, 2))).toMatchObject({ Status: 'SUCCESS' });
    expect(world.tasks).toHaveLength(2);
  });

  test('with runOn CREATE runs nothing, and answers with what the stack has kept', async () => {
    world.outputs = { MigrationTaskArn: 'kept' };
    const answers = await deploy(updating({ RunOn: 'CREATE' }));
    expect(answers.map(({ Status }) => Status)).toEqual(['SUCCESS', 'SUCCESS', 'SUCCESS']);
    expect(answers[2].Data).toEqual({ TaskArn: 'kept' });
    expect(world.tasks).toHaveLength(0);
  });

  test.each([
    [1, properties({ RunOn: 'CREATE' })],
    [2, properties({ RunOn: 'CREATE', TimeoutSeconds: '6000', HasNextLeg: 'true' })],
  ])('with runOn CREATE runs nothing either in a resource that a longer timeout has added to %d', async (before, old) => {
    world.outputs = { MigrationTaskArn: 'kept' };
    const answers = await deploy((number, from) => {
      const delivered = nth(number, from, { RunOn: 'CREATE' });
      return number > before ? create(delivered) : update(delivered, { ...old, HasNextLeg: number < before ? 'true' : undefined });
    });
    expect(answers.map(({ Status }) => Status)).toEqual(['SUCCESS', 'SUCCESS', 'SUCCESS']);
    expect(world.tasks).toHaveLength(0);
  });
});

describe('a rollback', () => {
  const rollBack = (more?: object) => (number: number, from?: string) => ({ ...update(nth(number, from, more)), RequestId: 'rollback' });

  test('stops the task, starts none, and restores the results', async () => {
    world.outputs = { MigrationTaskArn: 'kept' };
    world.lives = [runs(2.5 * HOURS, 0)];
    await deploy(creating(), 1);
    world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    const answers = await deploy(rollBack());
    expect(answers.map(({ Status }) => Status)).toEqual(['SUCCESS', 'SUCCESS', 'SUCCESS']);
    expect(answers[2].Data).toEqual({ TaskArn: 'kept' });
    expect(world.callsOf('StopTask')).toHaveLength(1);
    expect(world.tasks).toHaveLength(1);
  });

  test('that is to run the task waits for it with all of them', async () => {
    world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    world.lives = [runs(2.5 * HOURS, 0)];
    const answers = await deploy(rollBack({ OnRollback: 'RUN' }));
    expect(answers[2]).toMatchObject({ Status: 'SUCCESS', Data: { TaskArn: world.tasks[0].taskArn } });
    expect(world.tasks).toHaveLength(1);
    expect(world.callsOf('StopTask')).toEqual([]);
    expect(world.callsOf('ListTasks')).toHaveLength(2); // the first has looked for what it has to stop
  });

  test('that has run the task passes its results on to those that have nothing left to wait for', async () => {
    world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    world.outputs = { MigrationTaskArn: 'kept' };
    world.lives = [runs(60, 0)];
    const answers = await deploy(rollBack({ OnRollback: 'RUN' }));
    expect(answers[2]).toMatchObject({ Status: 'SUCCESS', Data: { TaskArn: world.tasks[0].taskArn } });
    expect(world.tasks).toHaveLength(1);
  });

  test.each([1.5 * HOURS, 60])('that is to run the task goes on without it when it fails after %d seconds', async (seconds) => {
    world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    world.outputs = { MigrationTaskArn: 'kept' };
    world.lives = [runs(seconds, 1)];
    const running = { OnRollback: 'RUN' };
    const answers = await deploy((number, from) => ({ ...update(nth(number, from, running), nth(number, 'old', running)), RequestId: 'rollback' }));
    expect(answers.map(({ Status }) => Status)).toEqual(['SUCCESS', 'SUCCESS', 'SUCCESS']);
    expect(answers[2].Data).toEqual({ TaskArn: 'kept' });
    expect(world.tasks).toHaveLength(1);
  });
});

test('a Delete of any of them stops the task', async () => {
  world.lives = [runs(2.5 * HOURS, 0)];
  const [{ Data }] = await deploy(creating(), 1);
  world.stackStatus = 'DELETE_IN_PROGRESS';
  expect(await world.request(sent(remove(nth(2, Data!.Baton), 'Shop-Migration2-INVENTED'), 2))).toMatchObject({ Status: 'SUCCESS' });
  expect(world.callsOf('StopTask')).toHaveLength(1);
});
