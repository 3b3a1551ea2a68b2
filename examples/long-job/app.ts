// What: waits for a job of up to 6 hours, a backfill, during `cdk deploy`.
// Why: CloudFormation waits at most one hour for a resource, and one invocation of the function lasts 15 minutes. The stack
//   gets one resource per 58 minutes of the timeout. All of them wait for the same task.
// Cost: about 0.07 USD for each hour that the job takes (1 vCPU, 2 GB, its public address, and the function that waits).
//   No NAT gateway.
// Run: in this folder, into your account (this job takes 6 minutes; with DAYS=18000 it takes 5 hours):
//   npx cdk deploy                             the deployment continues even if the CLI loses its credentials
import { App, Duration, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { RunFargateTask } from 'cdk-ecs-run-task';

const stack = new Stack(new App(), 'LongJob');
const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, subnetConfiguration: [{ name: 'Public', subnetType: ec2.SubnetType.PUBLIC }] });

new RunFargateTask(stack, 'Backfill', {
  vpc,
  assignPublicIp: true,
  image: ecs.ContainerImage.fromRegistry('public.ecr.aws/docker/library/busybox:stable'),
  command: ['sh', '-c', 'DAYS=365; for day in $(seq $DAYS); do echo "day $day of $DAYS"; sleep 1; done'],
  cpu: 1024,
  memoryLimitMiB: 2048,
  timeout: Duration.hours(6),
});
