import { create, fails, FakeAws, Fault, passThrough, properties, runs, sentAfter } from '../../support/fake-aws';
import { expectFailed, expectNoneStopped, expectStarted, expectSuccess } from '../../support/handler-expectations';
import { creating, deploy, expectAllSucceeded } from '../../support/relay';

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
