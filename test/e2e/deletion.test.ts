import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CfnResource } from 'aws-cdk-lib';
import { RunOnDelete } from 'cdk-ecs-run-task';
import { reasonOfFailure, stackStatus, tasksOf } from './aws';
import { deploy, destroy, sharedFolder } from './deploy';
import { until } from './engine/until';
import { expectFaults, recordedCalls } from './proxy-control';
import { replay } from './replay';

beforeAll(() => expectFaults());
afterAll(() => recordedCalls());

// Each with a stack of its own, and all at once: most of the time, the CLI waits.
test.concurrent('a RunTask that leaves the stack, and a stack that is destroyed, run the task of onDelete and wait for it', async () => {
  const build = (...ids: string[]) => deploy('Undoes', (stack) => {
    ids.forEach((id) => stack.run(id, { app: 'true' }, { onDelete: onDelete(`sleep 2; echo ${id} >> /shared/undone`) }));
    stack.share(sharedFolder('Undoes'));
  });
  expect((await build('Schema', 'Users')).status).toBe(0);
  expect(undone('Undoes')).toEqual([]);

  expect((await build('Schema')).status).toBe(0);
  expect(await stackStatus('Undoes')).toBe('UPDATE_COMPLETE');
  expect(undone('Undoes')).toEqual(['Users']);
  expect(await tasksOf('Undoes')).toHaveLength(3);

  expect((await destroy('Undoes')).status).toBe(0);
  expect(await stackStatus('Undoes')).toBe('gone');
  expect(undone('Undoes')).toEqual(['Users', 'Schema']);
  const tasks = await tasksOf('Undoes');
  expect(tasks).toHaveLength(4);
  tasks.forEach((task) => expect(task).toMatchObject({ lastStatus: 'STOPPED', containers: [{ exitCode: 0 }] }));
});

test.concurrent('a task of onDelete that fails lets the stack stay, and says why', async () => {
  const { status: deployed } = await deploy('UndoFails', (stack) => {
    stack.run('Run', { app: 'true' }, { onDelete: onDelete('echo still in use; exit 5') });
  });
  expect(deployed).toBe(0);

  const { status, output } = await destroy('UndoFails');

  expect(status).toBe(1);
  expect(await stackStatus('UndoFails')).toBe('DELETE_FAILED');
  expect(await reasonOfFailure('UndoFails')).toMatch(/^Container "app" exited with code 5\.\nThe end of its log:\n {2}still in use\n/);
  expect(output).toContain('Container "app" exited with code 5.');
});

test.concurrent('a first deployment that fails undoes what has succeeded, and not what has failed', async () => {
  let failed = '';
  const deployment = deploy('NeverMade', (stack) => {
    const first = stack.run('Succeeds', { app: 'true' }, { onDelete: onDelete('sleep 45; echo Succeeds >> /shared/undone') });
    const second = stack.run('Fails', { app: 'exit 6' }, { executeAfter: [first], onDelete: onDelete('echo Fails >> /shared/undone') });
    failed = stack.getLogicalId(second.node.defaultChild as CfnResource);
    stack.share(sharedFolder('NeverMade'));
  });
  await until('the stack is rolled back', async () => await stackStatus('NeverMade') === 'ROLLBACK_IN_PROGRESS', 60);
  const created = await replay('NeverMade', failed, { RequestType: 'Create' });
  const deleted = await replay('NeverMade', failed, { RequestType: 'Delete', PhysicalResourceId: created.PhysicalResourceId });
  expect(await stackStatus('NeverMade')).toBe('ROLLBACK_IN_PROGRESS'); // so that what was sent was like what AWS sends
  const { status } = await deployment;

  expect(created).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('cancelled'), PhysicalResourceId: expect.stringMatching(/\/failed$/) });
  expect(deleted).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: created.PhysicalResourceId });
  expect(status).toBe(1);
  expect(await stackStatus('NeverMade')).toBe('ROLLBACK_COMPLETE');
  expect(undone('NeverMade')).toEqual(['Succeeds']);
  expect(await tasksOf('NeverMade')).toHaveLength(3);
});

function onDelete(command: string): RunOnDelete {
  return { containerOverrides: [{ containerName: 'app', command: ['sh', '-c', command] }] };
}

/** What the tasks of onDelete have left in the folder that outlasts them. */
function undone(name: string): string[] {
  const file = join(sharedFolder(name), 'undone');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
}
