import type { Task } from '@aws-sdk/client-ecs';
import { create, doesNotStart, notPlaced, passThrough, runs, FakeAws, START, times } from '../../support/fake-aws';
import { expectFailed, expectSuccess, expectStarted, expectNoneStopped } from '../../support/handler-expectations';
import { HOURS, nth, deploy, creating, expectAllSucceeded } from '../../support/relay';

let world: FakeAws;
beforeEach(() => { world = new FakeAws(); });

describe('a task of several hours', () => {
  test('runs once, and each resource continues waiting where the previous one stopped', async () => {
    world.lives = [runs(2.5 * HOURS, 0)];
    const answers = await deploy(world, creating());
    expect(answers.map(({ Status, at }) => ({ Status, minute: Math.round(at / 60) }))).toEqual([
      { Status: 'SUCCESS', minute: 58 }, { Status: 'SUCCESS', minute: 130 }, { Status: 'SUCCESS', minute: 151 }, // here the next resource begins when the invocation has ended, which watches the stack for as long as it lives
    ]);
    expectStarted(world, 1);
    expectNoneStopped(world);
  });

  test('is handed to the next resource in time, even when the ResponseURL has no date', async () => {
    world.lives = [runs(2 * HOURS, 0)];
    const answer = await world.request({ ...create(nth(1)), ResponseURL: 'https://cloudformation-custom-resource-response-euwest1.s3.eu-west-1.amazonaws.com/answer?Signature=secret' });
    expectSuccess(answer, { Data: { Baton: expect.stringContaining('RUNNING') } });
    expect(Math.round(answer.at / 60)).toBe(58);
  });

  test('returns its attributes from the last resource', async () => {
    world.lives = [runs(2.5 * HOURS, 0)];
    const [first, , last] = await deploy(world, creating());
    expect(first.Reason).toBe('The task is still running. The next resource continues waiting for it.');
    expect(Object.keys(first.Data!)).toEqual(['Baton']);
    expect(last.Data).toEqual({ TaskArn: world.tasks[0].taskArn });
  });

  test('needs no waiting in the later resources when it ends within the first hour', async () => {
    world.lives = [runs(5 * 60, 0)];
    const [, , last] = await deploy(world, creating());
    expectSuccess(last, { Data: { TaskArn: world.tasks[0].taskArn } });
    expect(last.at).toBeLessThan(5 * 60 + 40);
    expectStarted(world, 1);
  });

  test('fails the resource that waits for it, with the cause', async () => {
    world.lives = [runs(1.5 * HOURS, 3)];
    world.logEvents = ['out of ideas'];
    const answers = await deploy(world, creating());
    expect(answers.map(({ Status }) => Status)).toEqual(['SUCCESS', 'FAILED']);
    expect(answers[1].Reason).toContain('Container "app" exited with code 3.\nThe end of its log:\n  out of ideas');
  });

  test('is stopped at its deadline', async () => {
    world.lives = [runs(10 * HOURS, 0)];
    const answers = await deploy(world, creating());
    expect(answers.map(({ Status }) => Status)).toEqual(['SUCCESS', 'SUCCESS', 'FAILED']);
    expect(answers[2].Reason).toMatch(/^The task .*\b165 minutes\b/);
    expect(world.tasks[0].stoppedAt! - START).toBeGreaterThanOrEqual(9_900_000);
    expect(answers[2].at).toBeLessThan(9_900 + 120);
  });

  test('is not searched for by the later resources or by their next invocations', async () => {
    world.lives = [runs(2.5 * HOURS, 0)];
    await deploy(world, creating());
    expect(world.callsOf('ListTasks')).toHaveLength(2);
  });

  test('can start in a later resource when there was no capacity for an hour', async () => {
    world.faults.RunTask = times(1_000, (input, proceed) => (world.seconds() < 1.1 * HOURS ? notPlaced('RESOURCE:MEMORY') : passThrough)(input, proceed));
    const answers = await deploy(world, creating());
    expectAllSucceeded(answers);
    expect(answers[0].Data!.Baton).not.toContain(':task/');
    expectStarted(world, 1);
  });
});

describe('a task of several hours that failed', () => {
  test('is rerun as often as retryAttempts allows, over all resources', async () => {
    world.lives = [runs(50 * 60, 1), runs(50 * 60, 1), runs(60, 0)];
    const answers = await deploy(world, creating({ RetryAttempts: '2' }));
    expectAllSucceeded(answers);
    expectStarted(world, 3);
    expect(world.callsOf('RunTask').map(({ clientToken }) => clientToken)).toEqual([1, 2, 3].map((attempt) => `c0ffee00-create-1-1-${attempt}`));
  });

  test('is rerun by the first resource at the very end of its hour', async () => {
    world.lives = [runs(HOURS, 1), runs(60, 0)];
    await deploy(world, creating({ RetryAttempts: '1' }));
    expect(world.callsOf('RunTask').map(({ clientToken }) => clientToken)).toEqual([1, 2].map((attempt) => `c0ffee00-create-1-1-${attempt}`));
  });

  test('fails the next resource when no attempt is left', async () => {
    world.lives = [runs(50 * 60, 1)];
    const answers = await deploy(world, creating({ RetryAttempts: '1' }));
    expect(answers.map(({ Status }) => Status)).toEqual(['SUCCESS', 'FAILED']);
    expect(answers[1].Reason).toContain('After 2 attempts: container "app" exited with code 1.');
  });
});

describe('several tasks of several hours', () => {
  test('are all waited for', async () => {
    world.lives = [runs(2 * HOURS, 0), runs(2.5 * HOURS, 0)];
    const answers = await deploy(world, (number, baton) => create({ ...nth(number, baton), Request: { ...nth(number).Request, count: '2' } }));
    expectAllSucceeded(answers);
    expect(new Set(world.callsOf('DescribeTasks').flatMap(({ tasks }) => tasks))).toEqual(new Set(world.tasks.map(({ taskArn }) => taskArn)));
  });

  test.each([
    ['succeeded', 0, { Status: 'SUCCESS', Data: { ExitCode: '0', StoppedAt: expect.stringMatching(/^2026-01-01T00:00:40/) } }],
    ['failed', 3, { Status: 'FAILED', Reason: expect.stringContaining('1 of 2 tasks failed: container "app" exited with code 3.') }],
  ])('are waited for when ECS no longer knows a task that %s', async (_, exitCode, expected) => {
    world.lives = [runs(10, exitCode, { executionStoppedAt: new Date('2026-01-01T00:00:40Z') }), runs(2.5 * HOURS, 0)];
    world.faults.DescribeTasks = times(20_000, (_input, proceed) => ({ tasks: proceed().tasks.filter((task: Task) => task.lastStatus !== 'STOPPED') }));
    const answers = await deploy(world, (number, baton) => {
      const delivered = nth(number, baton, { UsedAttributes: { ExitCode: 'MigrationExitCode', StoppedAt: 'MigrationStoppedAt' } });
      return create({ ...delivered, Request: { ...delivered.Request, count: '2' } });
    });
    expect(answers).toHaveLength(3);
    expect(answers[2]).toMatchObject(expected);
    expectNoneStopped(world);
  });

  test('fail a later resource with the words of ECS that there was room for', async () => {
    world.lives = [doesNotStart('CannotPullContainerError: ref v9: not found'), runs(1.5 * HOURS, 0)];
    const answers = await deploy(world, (number, baton) => create({ ...nth(number, baton), Request: { ...nth(number).Request, count: '2' } }));
    expectFailed(answers[1], /^1 of 2 tasks failed: the task did not start: .*\nAWS says: CannotPullContainerError: ref v9: not found/);
  });

  test('fit into the baton when ECS returns a long message', async () => {
    world.lives = [runs(2 * HOURS, 0)];
    world.faults.RunTask = [notPlaced('RESOURCE:MEMORY', 'x'.repeat(5_000))];
    const [first] = await deploy(world, (number, baton) => create({ ...nth(number, baton), Request: { ...nth(number).Request, count: '10' } }), 1);
    expectSuccess(first);
    expect(JSON.stringify(first).length).toBeLessThan(4_096);
  });

  test('fit into the baton with the beginning of a long cause for each of ten tasks', async () => {
    const deciding = ['x', 'y', 'z', 'w'].map((letter) => letter.repeat(255));
    const failed = { lastStatus: 'STOPPED', containers: deciding.map((name) => ({ name, lastStatus: 'STOPPED', exitCode: 3 })) };
    world.lives = [...Array.from({ length: 9 }, () => [[0, failed]] as const), [[0, { lastStatus: 'RUNNING' }], [1.5 * HOURS, failed]]];
    const answers = await deploy(world, (number, baton) => {
      const delivered = nth(number, baton, { ExitCodeFrom: deciding });
      return create({ ...delivered, Request: { ...delivered.Request, count: '10' } });
    });
    expect(JSON.stringify(answers[0]).length).toBeLessThan(3_300); // the names of stack, resource and cluster can be longer than here
    expect(answers[1].Reason).toMatch(/^10 of 10 tasks failed: container "x{69}\.\n/);
  });
});
