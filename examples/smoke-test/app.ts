// What: requests a page of a service after each change of it; if that fails, the stack rolls the change back.
// Why: for ECS a service is steady when its containers are healthy, which does not mean that it gives the right answer.
//   The check is a part of the deployment, and inside the VPC: no CI step could reach this load balancer, which is an
//   internal one. While it is checked, the new version serves already.
// Cost: the load balancer about 20 USD a month, the service 13 USD with its public address, each check less than a cent.
//   No NAT gateway.
// Run: in this folder, into your account:
//   npx cdk deploy
//   npx cdk deploy --context page=/missing     to see what a failure says
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
  assignPublicIp: true, // to pull its image; its security group lets in the load balancer only
  publicLoadBalancer: false,
  openListener: false,
});

const check = new RunFargateTask(stack, 'Check', {
  vpc, // and with it the cluster of the service
  assignPublicIp: true,
  image: ecs.ContainerImage.fromRegistry('public.ecr.aws/docker/library/busybox:stable'),
  command: ['wget', '-q', '-O', '-', `http://${service.loadBalancer.loadBalancerDnsName}${stack.node.tryGetContext('page') ?? '/'}`],
  triggers: { service: service.taskDefinition.taskDefinitionArn }, // a new revision is a reason to check again
  retryAttempts: 2, // a name that is a minute old may not be known everywhere
  timeout: Duration.minutes(10),
  executeAfter: [service],
});
service.listener.connections.allowDefaultPortFrom(check);
