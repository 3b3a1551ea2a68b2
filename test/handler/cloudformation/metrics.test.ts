import { readMetricTasks } from '../../../lambda/cloudformation/metrics';
import { create, FakeAws, properties, runs, update } from '../../support/fake-aws';

let world: FakeAws;
beforeEach(() => {
  world = new FakeAws();
  world.metricTasks = { Migration: 'Shop/Migration' };
});

const metrics = () => world.lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));

test('a task that fails after a rerun has the metrics Failures, Reruns and Duration, after its answer', async () => {
  world.lives = [runs(60, 3), runs(60, 3)];
  const { at } = await world.request(create(properties({ RetryAttempts: '1' })));
  expect(metrics()).toEqual([{
    _aws: {
      Timestamp: expect.any(Number),
      CloudWatchMetrics: [{
        Namespace: 'EcsRunTask',
        Dimensions: [['Task']],
        Metrics: [{ Name: 'Failures', Unit: 'Count' }, { Name: 'Reruns', Unit: 'Count' }, { Name: 'Duration', Unit: 'Seconds' }],
      }],
    },
    Task: 'Shop/Migration',
    Failures: 1,
    Reruns: 1,
    Duration: Math.round(at),
    Cause: 'After 2 attempts: container "app" exited with code 3.',
  }]);
  expect(world.lines[world.lines.length - 1]).toMatch(/^\{"_aws"/);
});

test('a task that succeeds has no failure', async () => {
  await world.request(create());
  expect(metrics()).toMatchObject([{ Failures: 0, Reruns: 0 }]);
  expect(metrics()[0]).not.toHaveProperty('Cause');
});

test('a request that runs no task has no metrics', async () => {
  await world.request(update(properties({ RunOn: 'CREATE' })));
  expect(metrics()).toEqual([]);
});

test('a task sends no metrics if the app does not use them', async () => {
  world.metricTasks = { Other: 'Shop/Other' };
  await world.request(create());
  expect(metrics()).toEqual([]);
});

test.each([[undefined, {}], ['', {}], ['no JSON', {}], ['null', {}], ['{"A":"Shop/A"}', { A: 'Shop/A' }]])('the setting %s is read as %j', (text, tasks) => {
  expect(readMetricTasks(text)).toEqual(tasks);
});
