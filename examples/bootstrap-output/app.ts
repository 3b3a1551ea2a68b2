// What: creates an installation id once, with the stack, and passes it to an SSM parameter and a stack output.
// Why: a command creates some things outside CloudFormation and prints the result: the first user, a tenant at a partner, a
//   random seed. The rest of the stack needs the result, and a second run would create a second one.
// Cost: less than a cent, once. No NAT gateway.
// Run: in this folder, into your account:
//   npx cdk deploy
import { App, CfnOutput, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { RunFargateTask, RunOn } from 'cdk-ecs-run-task';

const stack = new Stack(new App(), 'BootstrapOutput');
const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, subnetConfiguration: [{ name: 'Public', subnetType: ec2.SubnetType.PUBLIC }] });

const { task } = new RunFargateTask(stack, 'Bootstrap', {
  vpc,
  assignPublicIp: true,
  image: ecs.ContainerImage.fromRegistry('public.ecr.aws/docker/library/busybox:stable'),
  command: ['sh', '-c', 'echo "ecs-run-task-output InstallationId=$(cat /proc/sys/kernel/random/uuid)"'],
  runOn: RunOn.CREATE,
});

// Both keep the value of that run in later deployments.
const installationId = task.getOutput('InstallationId');
new ssm.StringParameter(stack, 'Parameter', { stringValue: installationId });
new CfnOutput(stack, 'InstallationId', { value: installationId });
