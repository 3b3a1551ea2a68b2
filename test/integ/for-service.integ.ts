import { Match } from '@aws-cdk/integ-tests-alpha';
import { Stack } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { RunTask } from 'cdk-ecs-run-task';
import { createApp, createCluster, createDefinition, Integration } from './support';

// A task takes everything but its command from a service, and the service waits for it.
const app = createApp();
const stack = new Stack(app, 'RunTaskForService');
const service = new ecs.FargateService(stack, 'Service', {
  serviceName: 'web',
  cluster: createCluster(stack),
  taskDefinition: createDefinition(stack, 'run-task-for-service', ['sh', '-c', 'trap exit TERM; httpd -f -p 8080 & wait']),
  desiredCount: 1,
  minHealthyPercent: 100,
  assignPublicIp: true,
  circuitBreaker: { rollback: true },
});
RunTask.forService(stack, 'Migration', service, { command: ['true'], environment: { STAGE: 'integ' } });

const integration = new Integration(app, stack);
integration.expectTasks(stack.stackName, 'run-task-for-service', [0], {
  launchType: 'FARGATE',
  overrides: Match.objectLike({ containerOverrides: [Match.objectLike({ name: 'app', command: ['true'], environment: [{ name: 'STAGE', value: 'integ' }] })] }),
}, 1);
integration.expectEvents(stack.stackName, ['Custom::EcsRunTask', 'CREATE_COMPLETE'], ['AWS::ECS::Service', 'CREATE_IN_PROGRESS']);
integration.call('ECS', 'describeServices', { cluster: stack.stackName, services: ['web'] }, { services: [Match.objectLike({ status: 'ACTIVE', runningCount: 1 })] });
