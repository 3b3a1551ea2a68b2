import { linesOf, reasonOfFailure, stackStatus, tasksOf } from './aws';
import { deploy, destroy } from './deploy';
import { expectFaults, recorded, recordedCalls } from './proxy-control';

interface Version {
  readonly command: string;
  readonly word?: string;
  readonly trigger?: string;
}

/** One stack, in the versions that its team deploys one after the other. */
const update = ({ command, word = 'one', trigger = 'none' }: Version) => deploy('Updates', (stack) => {
  stack.run('Run', { app: command }, {
    containerOverrides: [{ containerName: 'app', environment: { WORD: word } }],
    triggers: { trigger },
  });
});

beforeAll(async () => {
  const { status } = await update({ command: 'echo $WORD' });
  expect(status).toBe(0);
});
beforeEach(() => expectFaults());
afterEach(() => recordedCalls());

test('a deployment without a change runs nothing', async () => {
  const { status, output } = await update({ command: 'echo $WORD' });

  expect(status).toBe(0);
  expect(output).toContain('(no changes)');
  expect(await tasksOf('Updates')).toHaveLength(1);
  expect(await recordedCalls()).toEqual([]);
});

test('a new revision of the task definition runs it', async () => {
  const { status } = await update({ command: 'echo revision 2: $WORD' });

  expect(status).toBe(0);
  const tasks = await tasksOf('Updates');
  expect(tasks.map(revision)).toEqual(['1', '2']);
  expect(await linesOf('Updates')).toContain('revision 2: one');
});

test('another override runs it', async () => {
  const { status } = await update({ command: 'echo revision 2: $WORD', word: 'two' });

  expect(status).toBe(0);
  expect((await tasksOf('Updates')).map(revision)).toEqual(['1', '2', '2']);
  expect(await linesOf('Updates')).toContain('revision 2: two');
});

test('another trigger runs it', async () => {
  const { status } = await update({ command: 'echo revision 2: $WORD', word: 'two', trigger: 'pulled' });

  expect(status).toBe(0);
  expect((await tasksOf('Updates')).map(revision)).toEqual(['1', '2', '2', '2']);
});

test('an update that fails rolls back, and the rollback does not run the old task again', async () => {
  const { status } = await update({ command: 'echo broken; exit 3' });

  expect(status).toBe(1);
  expect(await stackStatus('Updates')).toBe('UPDATE_ROLLBACK_COMPLETE');
  expect(await reasonOfFailure('Updates')).toContain('Container "app" exited with code 3.');
  expect((await tasksOf('Updates')).map(revision)).toEqual(['1', '2', '2', '2', '3']);
  expect(await recorded('RunTask')).toHaveLength(1);
});

test('after a rollback, the old version is no change', async () => {
  const { status, output } = await update({ command: 'echo revision 2: $WORD', word: 'two', trigger: 'pulled' });

  expect(status).toBe(0);
  expect(output).toContain('(no changes)');
  expect(await tasksOf('Updates')).toHaveLength(5);
});

test('destroying the stack runs nothing', async () => {
  const { status } = await destroy('Updates');

  expect(status).toBe(0);
  expect(await stackStatus('Updates')).toBe('gone');
  expect(await recorded('RunTask')).toEqual([]);
  expect(await tasksOf('Updates')).toHaveLength(5);
});

function revision({ taskDefinitionArn }: { taskDefinitionArn?: string }): string {
  return taskDefinitionArn!.split(':').at(-1)!;
}
