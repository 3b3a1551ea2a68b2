import * as ecs from 'aws-cdk-lib/aws-ecs';
import { linesOf, reasonOfFailure, stackStatus, tasksOf } from './aws';
import { deploy } from './deploy';
import { expectFaults, recordedCalls } from './proxy-control';

beforeAll(() => expectFaults());
afterAll(() => recordedCalls());

// Each with a stack of its own, and all at once: most of the time, the CLI waits.
test.concurrent('a task that succeeds lets the stack succeed', async () => {
  const { status } = await deploy('Succeeds', (stack) => {
    stack.run('Run', { app: 'echo "hello from $WHERE"' }, { containerOverrides: [{ containerName: 'app', environment: { WHERE: 'the task' } }] });
  });

  expect(status).toBe(0);
  expect(await stackStatus('Succeeds')).toBe('CREATE_COMPLETE');
  expect(await linesOf('Succeeds')).toEqual(['hello from the task']);
  expect(await tasksOf('Succeeds')).toMatchObject([{ lastStatus: 'STOPPED', containers: [{ exitCode: 0 }] }]);
});

test.concurrent('a task that fails fails the stack, with the container, its exit code and its last words', async () => {
  const { status, output } = await deploy('Fails', (stack) => {
    stack.run('Run', { app: 'echo first; echo last words >&2; exit 42' });
  });

  expect(status).toBe(1);
  expect(await stackStatus('Fails')).toBe('ROLLBACK_COMPLETE');
  const [task] = await tasksOf('Fails');
  const taskId = task.taskArn!.split('/').at(-1);
  expect((await reasonOfFailure('Fails')).split('\n').slice(0, 6)).toEqual([
    'Container "app" exited with code 42.',
    'The end of its log:',
    '  first',
    '  last words',
    `Log group /e2e/Fails, stream e2e/app/${taskId}.`,
    `Task ${task.taskArn}.`,
  ]);
  expect(output).toContain('Container "app" exited with code 42.');
  expect(output).toContain('last words');
});

test.concurrent('an image that is missing fails the stack, and says so', async () => {
  const { status, output } = await deploy('ImageMissing', (stack) => {
    stack.run('Run', { app: { image: ecs.ContainerImage.fromRegistry('localhost/no-such-image:1') } });
  });

  expect(status).toBe(1);
  expect(await stackStatus('ImageMissing')).toBe('ROLLBACK_COMPLETE');
  expect(await reasonOfFailure('ImageMissing')).toMatch(/^The task did not start: /);
  expect(output).toContain('no-such-image'); // each container engine has its own words around it
});

test.concurrent('a sidecar that fails does not fail the stack', async () => {
  const { status } = await deploy('SidecarFails', (stack) => {
    stack.run('Run', { app: 'sleep 2', sidecar: { command: ['exit 9'], essential: false } });
  });

  expect(status).toBe(0);
  expect(exitCodes(await tasksOf('SidecarFails'))).toEqual([{ app: 0, sidecar: 9 }]);
});

test.concurrent('a sidecar that fails fails the stack where exitCodeFrom names it', async () => {
  const { status } = await deploy('ExitCodeFrom', (stack) => {
    stack.run('Run', { app: 'sleep 2', sidecar: { command: ['echo no; exit 9'], essential: false } }, { exitCodeFrom: ['sidecar'] });
  });

  expect(status).toBe(1);
  expect(exitCodes(await tasksOf('ExitCodeFrom'))).toEqual([{ app: 0, sidecar: 9 }]);
  expect(await reasonOfFailure('ExitCodeFrom')).toContain('Container "sidecar" exited with code 9.');
});

test.concurrent('a count of 2 runs the task twice, and waits for both', async () => {
  const { status } = await deploy('Twice', (stack) => stack.run('Run', { app: 'echo ran' }, { count: 2 }));

  expect(status).toBe(0);
  expect(await linesOf('Twice')).toEqual(['ran', 'ran']);
  expect(exitCodes(await tasksOf('Twice'))).toEqual([{ app: 0 }, { app: 0 }]);
});

function exitCodes(tasks: Awaited<ReturnType<typeof tasksOf>>): object[] {
  return tasks.map(({ containers = [] }) => Object.fromEntries(containers.map(({ name, exitCode }) => [name, exitCode])));
}
