import { Stack } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { RunTask } from 'cdk-ecs-run-task';
import { addContainer, createApp, createCluster, Integration } from './support';

// A command fails once, and succeeds when it is run again.
const app = createApp();
const stack = new Stack(app, 'RunTaskRetryAttempts');
const parameter = new ssm.StringParameter(stack, 'Parameter', { parameterName: '/run-task/retry-attempts', stringValue: 'new' });

const taskDefinition = new ecs.FargateTaskDefinition(stack, 'TaskDefinition', { family: 'run-task-retry-attempts', memoryLimitMiB: 512 });
addContainer(taskDefinition, ['-c', [
  'value=$(aws ssm get-parameter --name /run-task/retry-attempts --query Parameter.Value --output text) || exit 2',
  '[ "$value" = tried ] && exit 0',
  'aws ssm put-parameter --name /run-task/retry-attempts --value tried --overwrite || exit 3',
  'exit 1',
].join('\n')], { image: ecs.ContainerImage.fromRegistry('public.ecr.aws/aws-cli/aws-cli:2.31.0'), entryPoint: ['sh'], memoryLimitMiB: 512 });
parameter.grantRead(taskDefinition.taskRole);
parameter.grantWrite(taskDefinition.taskRole);

new RunTask(stack, 'Task', { cluster: createCluster(stack), taskDefinition, retryAttempts: 2, assignPublicIp: true, executeAfter: [parameter] });

const integration = new Integration(app, stack);
integration.expectTasks(stack.stackName, 'run-task-retry-attempts', [1, 0]);
