import * as ecs from 'aws-cdk-lib/aws-ecs';
import { tasksOf } from './aws';
import { deploy } from './deploy';

interface Version {
  readonly definition: string;
  readonly command: string;
}

/** A service whose task definition the task uses, too. */
const update = ({ definition, command }: Version, ...options: string[]) => deploy('Hotswap', (stack) => {
  const taskDefinition = stack.define('Definition', { app: definition });
  const service = new ecs.FargateService(stack, 'Service', { cluster: stack.cluster, taskDefinition, desiredCount: 0, assignPublicIp: true });
  stack.runDefinition('Run', taskDefinition, { command: ['sh', '-c', command], executeBefore: [service] });
}, ...options);

const numberOfTasks = async () => (await tasksOf('Hotswap')).length;

beforeAll(async () => {
  const { status } = await update({ definition: 'serve 1', command: 'echo 1' }, '--strict'); // fails on a warning
  expect(status).toBe(0);
});

// The CLI says all of this, and the docs repeat it: docs/questions.md, "Does cdk deploy --hotswap or cdk watch run it?"
test('--hotswap-fallback runs the task when its properties change', async () => {
  const { output } = await update({ definition: 'serve 1', command: 'echo 2' }, '--hotswap-fallback');

  expect(output).toMatch(/The following non-hotswappable changes were found:\s+resource: Run\w+, type: Custom::EcsRunTask/);
  expect(await numberOfTasks()).toBe(2);
});

test('--hotswap does not run the task, and reports only a change of its definition', async () => {
  const { output: ofProperties } = await update({ definition: 'serve 1', command: 'echo 3' }, '--hotswap');
  const { output: ofDefinition } = await update({ definition: 'serve 2', command: 'echo 3' }, '--hotswap');

  expect(ofProperties).not.toContain('non-hotswappable');
  expect(ofProperties).toContain('(no changes)');
  expect(ofDefinition).toMatch(/A resource 'Run\w+' with Type 'Custom::EcsRunTask' that is not an ECS Service was found referencing the changed TaskDefinition/);
  expect(ofDefinition).toMatch(/AWS::ECS::Service '.*' hotswapped!/);
  expect(await numberOfTasks()).toBe(2);
});

test('after --hotswap, a deployment without it runs the task, but --hotswap-fallback does not', async () => {
  const { output } = await update({ definition: 'serve 2', command: 'echo 3' }, '--hotswap-fallback');

  expect(output).toContain('(no changes)');
  expect(await numberOfTasks()).toBe(2);

  await update({ definition: 'serve 2', command: 'echo 3' });

  expect(await numberOfTasks()).toBe(3);
});
