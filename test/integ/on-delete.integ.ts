import { Match } from '@aws-cdk/integ-tests-alpha';
import { Stack } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { RunTask } from 'cdk-ecs-run-task';
import { addContainer, createApp, createCluster, createDefinition, Integration } from './support';

// The deletion of a stack runs a task that drops what another one has created. The assertions delete that stack: after them it would be too late.
const app = createApp();
const platform = new Stack(app, 'RunTaskOnDelete');
const cluster = createCluster(platform);

const tenant = new Stack(app, 'RunTaskOnDeleteTenant');
const drop = new ecs.FargateTaskDefinition(tenant, 'Drop', { family: 'run-task-on-delete-drop' });
addContainer(drop, ['true']);
new RunTask(tenant, 'Schema', {
  cluster,
  taskDefinition: createDefinition(tenant, 'run-task-on-delete', ['true']),
  onDelete: { taskDefinition: drop },
  assignPublicIp: true,
});

const integration = new Integration(app, platform, tenant);
integration.expectTasks(platform.stackName, 'run-task-on-delete', [0]);
integration.expectTasks(platform.stackName, 'run-task-on-delete-drop', []);

// After its deletion a stack is found by its id only. CloudFormation deletes it with the role by which the CLI has deployed it.
const StackName = integration.call('CloudFormation', 'describeStacks', { StackName: tenant.stackName }).getAttString('Stacks.0.StackId');
integration.call('CloudFormation', 'deleteStack', { StackName });
integration.call('CloudFormation', 'describeStacks', { StackName }, { Stacks: [Match.objectLike({ StackStatus: 'DELETE_COMPLETE' })] });
integration.expectTasks(platform.stackName, 'run-task-on-delete-drop', [0]);
