import { Match } from '@aws-cdk/integ-tests-alpha';
import { Duration, Stack } from 'aws-cdk-lib';
import { RunTask } from 'cdk-ecs-run-task';
import { createApp, createCluster, createDefinition, Integration } from './support';

// A task that may take three hours has several resources. It ends in the first hour, and runs once.
const app = createApp();
const stack = new Stack(app, 'RunTaskLongTimeout');
new RunTask(stack, 'Task', {
  cluster: createCluster(stack),
  taskDefinition: createDefinition(stack, 'run-task-long-timeout', ['sleep', '30']),
  timeout: Duration.hours(3),
  assignPublicIp: true,
});

const integration = new Integration(app, stack);
integration.expectTasks(stack.stackName, 'run-task-long-timeout', [0]);
const complete = Match.objectLike({ ResourceType: 'Custom::EcsRunTask', ResourceStatus: 'CREATE_COMPLETE' });
integration.call('CloudFormation', 'describeStackResources', { StackName: stack.stackName }, { StackResources: Match.arrayWith([complete, complete, complete, complete]) });
