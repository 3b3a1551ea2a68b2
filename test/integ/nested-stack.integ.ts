import { Match } from '@aws-cdk/integ-tests-alpha';
import { NestedStack, Stack } from 'aws-cdk-lib';
import { RunTask } from 'cdk-ecs-run-task';
import { createApp, createCluster, createDefinition, Integration } from './support';

// A task runs in a nested stack, on the cluster of its parent.
const app = createApp();
const stack = new Stack(app, 'RunTaskNestedStack');
const cluster = createCluster(stack);
const nested = new NestedStack(stack, 'Nested');
new RunTask(nested, 'Task', {
  cluster,
  taskDefinition: createDefinition(nested, 'run-task-nested-stack', ['true']),
  assignPublicIp: true,
});

const integration = new Integration(app, stack);
integration.expectTasks(stack.stackName, 'run-task-nested-stack', [0]);
const resource = { StackName: stack.stackName, LogicalResourceId: nested.nestedStackResource!.logicalId };
const nestedName = integration.call('CloudFormation', 'describeStackResource', resource).getAttString('StackResourceDetail.PhysicalResourceId');
integration.call('CloudFormation', 'describeStackResources', { StackName: nestedName }, {
  StackResources: Match.arrayWith([Match.objectLike({ ResourceType: 'Custom::EcsRunTask', ResourceStatus: 'CREATE_COMPLETE' })]),
});
