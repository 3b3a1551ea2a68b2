import { CfnOutput } from 'aws-cdk-lib';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { RunOn, RunTaskProps } from 'cdk-ecs-run-task';
import { outputsOf, reasonOfFailure, stackStatus, tasksOf } from './aws';
import { deploy, Ground } from './deploy';
import { expectFaults, recorded, recordedCalls } from './proxy-control';
import { functionWithoutPatienceForLogs } from './short-times';

/** A task that creates a bucket, whose name the stack uses. */
const deployBucket = (command: string, props: Partial<RunTaskProps> = {}, more: (stack: Ground) => void = () => undefined) => deploy('Results', (stack) => {
  const bootstrap = stack.run('Bootstrap', { app: command }, props);
  const parameter = new ssm.StringParameter(stack, 'Parameter', { stringValue: bootstrap.getOutput('BucketName') });
  new CfnOutput(stack, 'Bucket', { value: parameter.stringValue });
  new CfnOutput(stack, 'Task', { value: `${bootstrap.taskArn} ${bootstrap.exitCode}` });
  more(stack);
});

beforeEach(() => expectFaults());
afterEach(() => recordedCalls());

test('what the task printed goes to a parameter and to the outputs of the stack', async () => {
  const { status } = await deployBucket('echo creating; echo "ecs-run-task-output BucketName=shop-7"; echo done');

  expect(status).toBe(0);
  const [task] = await tasksOf('Results');
  expect(await outputsOf('Results')).toMatchObject({ Bucket: 'shop-7', Task: `${task.taskArn} 0` });
});

test('what it does not print fails the deployment, and the values stay as they were', async () => {
  const before = await outputsOf('Results');
  const folder = await functionWithoutPatienceForLogs();
  const { status } = await deployBucket('echo nothing to say', {}, (stack) => stack.replaceFunction(folder));

  expect(status).toBe(1);
  expect(await reasonOfFailure('Results')).toMatch(/^The task succeeded, but its output "BucketName" is not in its log\..*\nThe end of its log:\n {2}nothing to say\n/);
  expect(await stackStatus('Results')).toBe('UPDATE_ROLLBACK_COMPLETE');
  expect(await outputsOf('Results')).toEqual(before);
});

test('a rollback because of another resource restores the values, and runs no task for that', async () => {
  const before = await outputsOf('Results');
  const { status } = await deployBucket('echo "ecs-run-task-output BucketName=shop-8"', {}, (stack) => {
    const [bootstrap] = stack.node.findAll().filter(({ node }) => node.id === 'Bootstrap');
    stack.run('Sibling', { app: 'exit 4' }).node.addDependency(bootstrap);
  });

  expect(status).toBe(1);
  expect(await reasonOfFailure('Results')).toMatch(/^Container "app" exited with code 4\./);
  expect(await stackStatus('Results')).toBe('UPDATE_ROLLBACK_COMPLETE');
  expect(await outputsOf('Results')).toEqual(before);
});

test('an update that runs no task keeps the values', async () => {
  const before = await outputsOf('Results');
  const { status } = await deployBucket('echo "ecs-run-task-output BucketName=shop-9"', { runOn: RunOn.CREATE });

  expect(status).toBe(0);
  expect(await recorded('RunTask')).toEqual([]);
  expect(await outputsOf('Results')).toEqual(before);
});
