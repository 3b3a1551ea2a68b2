import { create, fails, Fault, properties, runs, FakeAws, times, missing } from '../../support/fake-aws';
import { expectSuccess, expectFailed, expectNoneStopped, expectStopped } from '../../support/handler-expectations';

let world: FakeAws;
beforeEach(() => { world = new FakeAws(); });

describe('waiting for a task', () => {
  test('answers as soon as the exit code is known, before the task is STOPPED', async () => {
    world.lives = [runs(60, 0)];
    const { at } = await world.request(create());
    expect(at).toBeGreaterThan(90);
    expect(at).toBeLessThan(93);
  });

  test('lasts until the task is STOPPED with completeWhen TASK_STOPPED', async () => {
    world.lives = [runs(60, 0)];
    const { at } = await world.request(create(properties({ CompleteWhen: 'TASK_STOPPED' })));
    expect(at).toBeGreaterThan(110);
  });

  test('continues when ECS reports the task as MISSING right after the start', async () => {
    world.faults.DescribeTasks = times(5, missing);
    expectSuccess(await world.request(create()));
  });

  test('continues when ECS reports the task as MISSING for almost five minutes after the start', async () => {
    world.lives = [runs(25 * 60, 0)];
    world.faults.DescribeTasks = times<Fault>(1000, (input, proceed) => world.seconds() < 295 ? missing(input, proceed) : proceed());
    expectSuccess(await world.request(create()));
    expectNoneStopped(world);
  });

  test('fails when ECS has not known the task for five minutes', async () => {
    world.faults.DescribeTasks = times(1000, missing);
    const answer = await world.request(create());
    expectFailed(answer, 'ECS no longer returns the task, so its result is unknown.');
    expectStopped(world, 1);
    expect(world.tasks[0].stoppedAt! - world.tasks[0].at).toBeGreaterThanOrEqual(300_000);
    expect(world.tasks[0].stoppedAt! - world.tasks[0].at).toBeLessThan(305_000);
  });

  test('continues after throttling and server errors of DescribeTasks', async () => {
    world.faults.DescribeTasks = [...times(3, fails('ThrottlingException')), ...times(3, fails('ServerException', '', 500))];
    expectSuccess(await world.request(create()));
  });

  test('polls less often the longer the task runs', async () => {
    world.lives = [runs(8 * 60, 0)];
    await world.request(create());
    const looks = world.calls.filter(({ name }) => name === 'DescribeTasks').map(({ at }) => at);
    const gaps = looks.slice(1).map((at, index) => at - looks[index]);
    expect(Math.min(...gaps)).toBeCloseTo(1.05, 1);
    expect(gaps[gaps.length - 1]).toBeCloseTo(2.75, 1);
  });

  test('polls far less often after ECS has throttled a call', async () => {
    world.lives = [runs(8 * 60, 0)];
    world.faults.DescribeTasks = [fails('ThrottlingException')];
    await world.request(create());
    const looks = world.calls.filter(({ name }) => name === 'DescribeTasks');
    expect(looks.length).toBeLessThan(8 * 60 / 10 + 10);
  });
});
