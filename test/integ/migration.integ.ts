import { Match } from '@aws-cdk/integ-tests-alpha';
import { Stack } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { RunTask } from 'cdk-ecs-run-task';
import { addContainer, createApp, createCluster, createDefinition, Integration } from './support';

// A migration succeeds, and only then is the service created.
const app = createApp();
const stack = new Stack(app, 'RunTaskMigration');
const cluster = createCluster(stack);

const web = new ecs.FargateTaskDefinition(stack, 'Web', { family: 'run-task-migration-web' });
addContainer(web, ['sh', '-c', 'trap exit TERM; httpd -f -p 8080 & wait']);
const service = new ecs.FargateService(stack, 'Service', {
  serviceName: 'web', cluster, taskDefinition: web, desiredCount: 1, minHealthyPercent: 100, assignPublicIp: true, circuitBreaker: { rollback: true },
});

new RunTask(stack, 'Migration', {
  cluster,
  taskDefinition: createDefinition(stack, 'run-task-migration', ['false']),
  command: ['sh', '-c', 'test "$STAGE" = integ'],
  environment: { STAGE: 'integ' },
  assignPublicIp: true,
  executeBefore: [service],
});

const integration = new Integration(app, stack);
integration.expectTasks(stack.stackName, 'run-task-migration', [0], { launchType: 'FARGATE' });
integration.expectEvents(stack.stackName,
  ['Custom::EcsRunTask', 'CREATE_COMPLETE'],
  ['AWS::ECS::Service', 'CREATE_IN_PROGRESS'],
  ['AWS::ECS::Service', 'CREATE_COMPLETE']);
integration.call('ECS', 'describeServices', { cluster: stack.stackName, services: ['web'] }, { services: [Match.objectLike({ status: 'ACTIVE', runningCount: 1 })] });
