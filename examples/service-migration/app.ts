// What: runs a command in the image of a service before each new version of the service rolls out.
// Why: a migration is often a command of the app itself. The task takes everything else from the service: cluster, task
//   definition with image, secrets and roles, subnets, and security groups, which the database already allows.
// Cost: about 13 USD a month for the service with its public address; the task less than a cent for each deployment. No NAT
//   gateway.
// Run: in this folder, into your account:
//   npx cdk deploy
import { App, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as logs from 'aws-cdk-lib/aws-logs';
import { RunTask } from 'cdk-ecs-run-task';

const stack = new Stack(new App(), 'ServiceMigration');
const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, subnetConfiguration: [{ name: 'Public', subnetType: ec2.SubnetType.PUBLIC }] });

const taskDefinition = new ecs.FargateTaskDefinition(stack, 'Web');
taskDefinition.addContainer('web', {
  image: ecs.ContainerImage.fromRegistry('public.ecr.aws/docker/library/busybox:stable'),
  command: ['sh', '-c', 'trap exit TERM; httpd -f -p 8080 & wait'],
  logging: ecs.LogDrivers.awsLogs({ streamPrefix: 'shop', logRetention: logs.RetentionDays.ONE_MONTH }),
});
const service = new ecs.FargateService(stack, 'Service', {
  cluster: new ecs.Cluster(stack, 'Cluster', { vpc }),
  taskDefinition,
  desiredCount: 1,
  minHealthyPercent: 100,
  circuitBreaker: { rollback: true },
  assignPublicIp: true,
});

RunTask.forService(stack, 'Migration', service, {
  command: ['sh', '-c', 'echo "The $STAGE schema is up to date."'],
  environment: { STAGE: 'production' },
});
