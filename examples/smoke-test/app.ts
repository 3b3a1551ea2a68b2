// What: requests a page of a service after each change of it; if that fails, the stack rolls the change back.
// Why: ECS considers a service steady when its containers are healthy, even if it returns wrong responses. The check is part
//   of the deployment and runs inside the VPC: CI could not reach this internal load balancer. The new version already serves
//   requests while the check runs.
// Cost: the load balancer about 20 USD a month, the service 13 USD with its public address, each check less than a cent.
//   No NAT gateway.
// Run: in this folder, into your account:
//   npx cdk deploy
//   npx cdk deploy --context page=/missing     shows a failure
import { App, Duration, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { ApplicationLoadBalancedFargateService } from 'aws-cdk-lib/aws-ecs-patterns';
import * as logs from 'aws-cdk-lib/aws-logs';
import { RunFargateTask } from 'cdk-ecs-run-task';

const stack = new Stack(new App(), 'SmokeTest');
const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, subnetConfiguration: [{ name: 'Public', subnetType: ec2.SubnetType.PUBLIC }] });

const service = new ApplicationLoadBalancedFargateService(stack, 'Service', {
  vpc,
  taskImageOptions: {
    image: ecs.ContainerImage.fromRegistry('public.ecr.aws/nginx/nginx:stable'),
    logDriver: ecs.LogDrivers.awsLogs({ streamPrefix: 'web', logRetention: logs.RetentionDays.ONE_MONTH }),
  },
  desiredCount: 1,
  minHealthyPercent: 100,
  circuitBreaker: { rollback: true },
  assignPublicIp: true, // to pull its image; its security group only allows the load balancer
  publicLoadBalancer: false,
  openListener: false,
});

const check = new RunFargateTask(stack, 'Check', {
  vpc, // and with it the cluster of the service
  assignPublicIp: true,
  image: ecs.ContainerImage.fromRegistry('public.ecr.aws/docker/library/busybox:stable'),
  command: ['wget', '-q', '-O', '-', `http://${service.loadBalancer.loadBalancerDnsName}${stack.node.tryGetContext('page') ?? '/'}`],
  triggers: { service: service.taskDefinition.taskDefinitionArn }, // check again after each new revision
  retryAttempts: 2, // a new DNS name takes a while to propagate
  timeout: Duration.minutes(10),
  executeAfter: [service],
});
service.listener.connections.allowDefaultPortFrom(check);
