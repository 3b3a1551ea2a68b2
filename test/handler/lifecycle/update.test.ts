import { create, ID, markOfTask, properties, runs, update, FakeAws, sentAfter, START } from '../../support/fake-aws';
import { expectSuccess, expectStarted } from '../../support/handler-expectations';

let world: FakeAws;
beforeEach(() => { world = new FakeAws(); });

describe('Update', () => {
  beforeEach(() => { world.stackStatus = 'UPDATE_IN_PROGRESS'; });

  test('runs the task and keeps the physical id', async () => {
    expectSuccess(await world.request(update()), { PhysicalResourceId: ID });
    expectStarted(world, 1);
  });

  test.each([
    ['in the same cluster', properties()],
    ['in another cluster', properties({}, { cluster: 'other' })],
  ])('stops the task that an earlier deployment left running %s', async (_, old) => {
    world.lives = [runs(60 * 60, 0), runs(5, 0)];
    world.lastUpdated = new Date(START);
    await world.invokeThenCrash({ ...create(old), RequestId: 'earlier' });
    expectSuccess(await world.request({ ...update(properties(), old), ResponseURL: sentAfter(3) }));
    expect(world.callsOf('StopTask')).toEqual([
      { cluster: old.Request.cluster, task: world.tasks[0].taskArn, reason: `cdk-ecs-run-task: CloudFormation sent a newer request (${markOfTask('earlier')})` },
    ]);
  });

  test('starts no task with runOn CREATE', async () => {
    expectSuccess(await world.request(update(properties({ RunOn: 'CREATE' }))), { Reason: 'No task was run: runOn is CREATE.' });
    expectStarted(world, 0);
  });
});
