import { using } from '../../support/attributes';
import { awsError, create, fails, FakeAws, MINUTE, notPlaced, properties, remove, runs, sentAfter, times, update } from '../../support/fake-aws';
import { expectFailed, expectStarted, expectSuccess } from '../../support/handler-expectations';

let world: FakeAws;
beforeEach(() => { world = new FakeAws(); });

/** Half a minute before CloudFormation gives up, and the last calls before the answer. */
const answeredInTime = (at: number, { ServiceTimeout }: { [name: string]: any }) => expect(at).toBeLessThan(Number(ServiceTimeout) - 30 + 10);

describe('the answer arrives before CloudFormation gives up', () => {
  test.each(['300', 300])('when it says so with %j', async (ServiceTimeout) => { // AWS delivers text, a local engine may deliver a number
    const delivered = properties({ TimeoutSeconds: '3600', ServiceTimeout });
    world.lives = [runs(2 * 60 * 60, 0)];
    const answer = await world.request(create(delivered));
    expectFailed(answer, 'The task was still RUNNING');
    answeredInTime(answer.at, delivered);
  });

  test('when a task that has succeeded late printed no output, and ListTasks is throttled', async () => {
    const delivered = properties({ ...using('OutputBucketName'), TimeoutSeconds: '3600' });
    world.lives = [runs(3_380, 0)];
    world.faults.RunTask = [notPlaced('RESOURCE:MEMORY')];
    world.faults.ListTasks = times(1000, (_, proceed) => world.seconds() < 10 ? proceed() : fails('ThrottlingException', 'Rate exceeded')());
    const answer = await world.request(create(delivered));
    expectFailed(answer, 'its output "BucketName" is not in its log');
    answeredInTime(answer.at, delivered);
  });

  test('when a Delete stops twice a task that does not end', async () => {
    const delivered = properties({ TimeoutSeconds: '5' });
    world.lives = [runs(60 * 60, 0)];
    await world.invokeThenCrash(create());
    await world.sleep(2 * MINUTE - world.seconds() * 1000);
    world.stackStatus = 'ROLLBACK_IN_PROGRESS';
    world.faults.StopTask = times(10_000, fails('ServerException', '', 500));
    const answer = await world.request({ ...remove(delivered, 'Shop-Migration-1ABCDEF'), ResponseURL: sentAfter(2) });
    expectSuccess(answer, { Reason: expect.stringContaining('Could not confirm that this task stopped.') });
    answeredInTime(answer.at - 120, delivered);
  });

  test('when the containers that decide cannot be read', async () => {
    const delivered = properties({ TimeoutSeconds: '20', ExitCodeFrom: undefined });
    world.faults.DescribeTaskDefinition = times(1000, fails('ThrottlingException', 'Rate exceeded'));
    const answer = await world.request(create(delivered));
    expectFailed(answer, 'Rate exceeded');
    expectStarted(world, 0);
    expect(answer.at).toBeLessThan(20 + 10);
  });

  test('when the outputs that the stack has kept cannot be read after a rollback whose task timed out', async () => {
    const delivered = properties({ ...using('TaskArn'), TimeoutSeconds: '3600', OnRollback: 'RUN' });
    world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    world.lives = [runs(2 * 60 * 60, 0)];
    world.faults.DescribeStacks = times(1000, (_, proceed) => world.seconds() < 3_400 ? proceed() : fails('ThrottlingException', 'Rate exceeded')());
    world.faults.StopTask = times(10_000, fails('ServerException', '', 500));
    const answer = await world.request(update(delivered));
    expectSuccess(answer, { Reason: expect.stringContaining('The rollback continues without its task.') });
    answeredInTime(answer.at, delivered);
  });

  test('when a rollback can read the status only late, and neither the tasks nor the outputs that the stack has kept', async () => {
    const delivered = properties({ ...using('TaskArn'), TimeoutSeconds: '5' });
    world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    let wasRead = false;
    world.faults.DescribeStacks = times(1000, (_, proceed) => {
      if (world.seconds() < 200 || wasRead) {
        throw awsError('ThrottlingException', 'Rate exceeded');
      }
      wasRead = true;
      return proceed();
    });
    world.faults.ListTasks = times(1000, fails('ThrottlingException', 'Rate exceeded'));
    const answer = await world.request(update(delivered));
    expectSuccess(answer, { Reason: expect.stringContaining('No task was run: this is a rollback.') });
    answeredInTime(answer.at, delivered);
  });
});
