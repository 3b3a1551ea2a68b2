import { Duration } from 'aws-cdk-lib';
import { linesOf, reasonOfFailure, stackStatus, tasksOf } from './aws';
import { deploy } from './deploy';
import { until } from './engine/until';
import { expectFaults, recorded, recordedCalls } from './proxy-control';

beforeEach(() => expectFaults());
afterEach(() => recordedCalls());

test('a timeout stops the container and fails the stack', async () => {
  const { status } = await deploy('TimesOut', (stack) => {
    stack.run('Run', {
      // It lives on for a moment, because MiniStack removes a container at once, and loses the last lines that it has not read.
      app: 'trap "echo told to stop; sleep 2; exit 143" TERM; while true; do echo tick; sleep 0.5; done',
    }, { timeout: Duration.seconds(4) });
  });

  expect(status).toBe(1);
  expect(await stackStatus('TimesOut')).toBe('ROLLBACK_COMPLETE');
  expect(await reasonOfFailure('TimesOut')).toMatch(/^The task was still \w+ after 4 seconds, so it was stopped/i);
  expect(await tasksOf('TimesOut')).toMatchObject([{ lastStatus: 'STOPPED', stopCode: 'UserInitiated' }]);
  await until('the container has been told to stop', async () => (await linesOf('TimesOut')).includes('told to stop'));
  const ticks = (await linesOf('TimesOut')).length;
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(await linesOf('TimesOut')).toHaveLength(ticks);
});

test('a task that outlasts the function is waited for by its next invocation', async () => {
  const { status } = await deploy('Outlasts', (stack) => {
    stack.run('Run', { app: 'sleep 8; echo done' });
    stack.limitFunctionTo(10);
  });

  expect(status).toBe(0);
  expect(await recorded('InvokeFunction')).not.toHaveLength(0);
  expect(await recorded('RunTask')).toHaveLength(1);
  expect(await linesOf('Outlasts')).toEqual(['done']);
});

test('two tasks run one after the other', async () => {
  const { status } = await deploy('InOrder', (stack) => {
    const seed = stack.run('Seed', { app: 'echo seed' });
    stack.run('Migrate', { app: 'sleep 2; echo migrate' }, { executeBefore: [seed] });
  });

  expect(status).toBe(0);
  expect(await linesOf('InOrder')).toEqual(['migrate', 'seed']);
  const [first, second] = await tasksOf('InOrder');
  expect(first.taskDefinitionArn).toContain('Migrate');
  expect(second.createdAt!.getTime()).toBeGreaterThanOrEqual(first.executionStoppedAt!.getTime());
});
