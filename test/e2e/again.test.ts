import { OnRollback, RunTaskProps } from 'cdk-ecs-run-task';
import { linesOf, reasonOfFailure, stackStatus, tasksOf } from './aws';
import { deploy, Ground, sharedFolder } from './deploy';
import { expectFaults, recordedCalls } from './proxy-control';

/** One stack, in the versions that its team deploys one after the other. */
const deployVersion = (command: string, more: (stack: Ground, props: Partial<RunTaskProps>) => void = () => undefined) => deploy('Again', (stack) => {
  const run = stack.run('Run', { app: command }, { retryAttempts: 1, onRollback: OnRollback.RUN });
  more(stack, { executeAfter: [run] });
  stack.share(sharedFolder('Again'));
});

/** Fails the first time that it runs, and once the schema is a newer one than it knows. */
const VERSION_1 = 'echo version 1; test ! -e /shared/newer-schema && { test -e /shared/ran || ! touch /shared/ran; }';

beforeEach(() => expectFaults());
afterEach(() => recordedCalls());

test('a task that fails is run again, and the stack succeeds with the second one', async () => {
  const { status } = await deployVersion(VERSION_1);

  expect(status).toBe(0);
  expect(await stackStatus('Again')).toBe('CREATE_COMPLETE');
  expect(await runsOf('Again')).toEqual(['revision 1: 1', 'revision 1: 0']);
  expect(await linesOf('Again')).toEqual(['version 1', 'version 1']);
});

test('a task that fails each time fails the stack after as many attempts as it has', async () => {
  const { status, output } = await deployVersion('echo version 2; exit 3');

  expect(status).toBe(1);
  expect(await reasonOfFailure('Again')).toMatch(/^After 2 attempts: container "app" exited with code 3\.\nThe end of its log:\n {2}version 2\n/);
  expect(output).toContain('After 2 attempts: container "app" exited with code 3.');
  expect((await runsOf('Again')).slice(2, 4)).toEqual(['revision 2: 3', 'revision 2: 3']);
});

test('the rollback has run the task of the version before, and waited for it', async () => {
  expect(await stackStatus('Again')).toBe('UPDATE_ROLLBACK_COMPLETE');
  expect((await runsOf('Again')).slice(4)).toEqual(['revision 1: 0']);
  expect(await linesOf('Again')).toEqual(['version 1', 'version 1', 'version 2', 'version 2', 'version 1']);
});

test('a rollback because of another resource runs it too, and continues if it fails', async () => {
  const { status } = await deployVersion('echo version 3; touch /shared/newer-schema', (stack, props) => {
    stack.run('Sibling', { app: 'exit 4' }, props);
  });

  expect(status).toBe(1);
  expect(await reasonOfFailure('Again')).toMatch(/^Container "app" exited with code 4\./); // the last one to fail, so the rollback did not
  expect(await stackStatus('Again')).toBe('UPDATE_ROLLBACK_COMPLETE');
  expect((await runsOf('Again')).slice(5)).toEqual(['revision 3: 0', 'revision 1: 4', 'revision 1: 1', 'revision 1: 1']);
});

/** With which revision each task ran, and its exit code. */
async function runsOf(name: string): Promise<string[]> {
  return (await tasksOf(name)).map(({ taskDefinitionArn, containers }) => `revision ${taskDefinitionArn!.split(':').at(-1)}: ${containers![0].exitCode}`);
}
