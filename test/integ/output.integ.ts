import { Match } from '@aws-cdk/integ-tests-alpha';
import { Stack } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { RunFargateTask } from 'cdk-ecs-run-task';
import { createApp, createCluster, createLogs, Integration } from './support';

// A task prints a value, which becomes a parameter of the stack.
const app = createApp();
const stack = new Stack(app, 'RunTaskOutput');
const { task } = new RunFargateTask(stack, 'Bootstrap', {
  cluster: createCluster(stack),
  family: 'run-task-output',
  image: ecs.ContainerImage.fromRegistry('public.ecr.aws/docker/library/busybox:stable'),
  command: ['echo', 'ecs-run-task-output TenantId=tenant 42'],
  logDriver: ecs.LogDrivers.awsLogs({ streamPrefix: 'app', logGroup: createLogs(stack), mode: ecs.AwsLogDriverMode.BLOCKING }),
  assignPublicIp: true,
});
new ssm.StringParameter(stack, 'Parameter', { parameterName: '/run-task/output', stringValue: `${task.getOutput('TenantId')}, exit code ${task.exitCode}` });

const integration = new Integration(app, stack);
integration.expectTasks(stack.stackName, 'run-task-output', [0]);
integration.call('SSM', 'getParameter', { Name: '/run-task/output' }, { Parameter: Match.objectLike({ Value: 'tenant 42, exit code 0' }) });
integration.call('CloudFormation', 'describeStacks', { StackName: stack.stackName }, {
  Stacks: [Match.objectLike({ Outputs: Match.arrayWith([Match.objectLike({ OutputValue: 'tenant 42' })]) })],
});
