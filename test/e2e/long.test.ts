import { CfnOutput, Duration } from 'aws-cdk-lib';
import { outputsOf, reasonOfFailure, resourcesOf, stackStatus, tasksOf } from './aws';
import { deploy } from './deploy';
import { expectFaults, recorded, recordedCalls } from './proxy-control';
import { functionWithShortHour, HOUR_SECONDS } from './short-times';

/** A task that may take almost two hours, with two resources that wait for it. */
const deployLong = async (name: string, command: string) => {
  const folder = await functionWithShortHour();
  return deploy(name, (stack) => {
    const run = stack.run('Run', { app: command }, { timeout: Duration.minutes(110) });
    stack.run('Next', { app: 'echo next' }, { executeAfter: [run] });
    new CfnOutput(stack, 'Task', { value: run.taskArn });
    stack.replaceFunction(folder);
    stack.limitFunctionTo(40); // the local engine waits for the invocation that watches the stack after it has passed the task on
  });
};

beforeEach(() => expectFaults());
afterEach(() => recordedCalls());

test('a task that outlasts the hour of a resource is waited for by the next one, and is the same', async () => {
  const { status } = await deployLong('Long', `sleep ${HOUR_SECONDS}; echo done`);

  expect(status).toBe(0);
  expect(await resourcesOf('Long', 'Custom::EcsRunTask')).toHaveLength(3);
  const [task, next] = await tasksOf('Long');
  expect(await recorded('RunTask')).toHaveLength(2);
  expect(next.createdAt!.getTime()).toBeGreaterThanOrEqual(task.executionStoppedAt!.getTime());
  expect((await outputsOf('Long')).Task).toBe(task.taskArn);
});

test('a task that fails after the hour of the first resource fails the stack', async () => {
  const { status } = await deployLong('LongFails', `sleep ${HOUR_SECONDS}; exit 3`);

  expect(status).toBe(1);
  expect(await reasonOfFailure('LongFails')).toMatch(/^Container "app" exited with code 3\./);
  expect(await stackStatus('LongFails')).toBe('ROLLBACK_COMPLETE');
  expect(await tasksOf('LongFails')).toHaveLength(1);
});

test('a task that takes longer than all resources together is stopped', async () => {
  const { status } = await deployLong('TooLong', 'sleep 600');

  expect(status).toBe(1);
  expect(await reasonOfFailure('TooLong')).toMatch(/^The task was still RUNNING after .*, so it was stopped\./);
  expect(await tasksOf('TooLong')).toMatchObject([{ lastStatus: 'STOPPED', stopCode: 'UserInitiated' }]);
});
