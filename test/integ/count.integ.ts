import { Stack } from 'aws-cdk-lib';
import { RunTask } from 'cdk-ecs-run-task';
import { createApp, createCluster, createDefinition, Integration } from './support';

// Three tasks run at the same time, and all of them succeed.
const app = createApp();
const stack = new Stack(app, 'RunTaskCount');
new RunTask(stack, 'Tasks', {
  cluster: createCluster(stack),
  taskDefinition: createDefinition(stack, 'run-task-count', ['true']),
  count: 3,
  assignPublicIp: true,
});

const integration = new Integration(app, stack);
integration.expectTasks(stack.stackName, 'run-task-count', [0, 0, 0]);
