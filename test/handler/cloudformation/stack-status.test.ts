import { fails, update, FakeAws, times } from '../../support/fake-aws';
import { expectSuccess, expectFailed, expectStarted } from '../../support/handler-expectations';

let world: FakeAws;
beforeEach(() => { world = new FakeAws(); });

describe('the stack status of an Update', () => {
  beforeEach(() => { world.stackStatus = 'UPDATE_IN_PROGRESS'; });

  test('is requested again when the permission has not propagated yet', async () => {
    world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    world.faults.DescribeStacks = [fails('AccessDenied', 'not authorized to perform: cloudformation:DescribeStacks')];
    expectSuccess(await world.request(update()), { Reason: 'No task was run: this is a rollback.' });
    expect(world.lines).toContainEqual(expect.stringContaining('AccessDenied: not authorized to perform: cloudformation:DescribeStacks'));
  });

  test('is requested again when CloudFormation once returns no stack', async () => {
    world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    world.faults.DescribeStacks = [() => ({ Stacks: [] })];
    expectSuccess(await world.request(update()), { Reason: 'No task was run: this is a rollback.' });
  });

  test('fails the Update before a task starts when CloudFormation returns none', async () => {
    world.faults.DescribeStacks = times(1000, () => ({ Stacks: [] }));
    expectFailed(await world.request(update()), [
      'Could not find out whether this is a rollback, so no task was started (CloudFormation did not return the status of the stack). Deploy again, or continue the rollback.',
      'CloudWatch',
    ].join('\n'));
    expectStarted(world, 0);
  });

  test('fails the Update before a task starts when the function has no permission to read it', async () => {
    world.faults.DescribeStacks = times(1000, fails('AccessDenied', 'not authorized to perform: cloudformation:DescribeStacks'));
    const { Status, Reason } = await world.request(update());
    expect(Status).toBe('FAILED');
    expect(Reason.split('\n').slice(0, 2)).toEqual([
      'Could not find out whether this is a rollback, so no task was started. Check the role of the function, its permissions boundary, and the service control policies of the account.',
      'AWS says: AccessDenied: not authorized to perform: cloudformation:DescribeStacks',
    ]);
    expect(world.seconds()).toBeLessThan(180);
    expectStarted(world, 0);
  });

  test('fails the Update with an error of the network, which the message does not call the words of AWS', async () => {
    world.faults.DescribeStacks = times(1000, fails('TimeoutError', 'socket hang up'));
    expectFailed(await world.request(update()), 'so no task was started (TimeoutError: socket hang up). Deploy again, or continue the rollback.\nCloudWatch');
  });

  test('is requested for four minutes, and the message then says what to do', async () => {
    world.faults.DescribeStacks = times(1000, fails('ThrottlingException', 'Rate exceeded'));
    const { Reason, at } = await world.request(update());
    expect(Reason).toContain('so no task was started. Deploy again, or continue the rollback.\nAWS says: ThrottlingException: Rate exceeded');
    expect(at).toBeGreaterThan(3 * 60);
    expect(at).toBeLessThanOrEqual(4 * 60);
  });
});
