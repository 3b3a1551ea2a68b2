// What: runs a task in every deployment, even if the template has not changed.
// Why: the work of the task can change without the template: its image has a mutable tag, as here, or its input is in a
//   bucket. CloudFormation sees no change, so by default the task would not run again.
// Cost: less than a cent for each deployment. No NAT gateway.
// Run: in this folder, into your account, as often as you like:
//   npx cdk deploy
import { App, CfnOutput, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { RunFargateTask, RunOn } from 'cdk-ecs-run-task';

const stack = new Stack(new App(), 'EveryDeployment');
const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, subnetConfiguration: [{ name: 'Public', subnetType: ec2.SubnetType.PUBLIC }] });

const { task } = new RunFargateTask(stack, 'Run', {
  vpc,
  assignPublicIp: true,
  image: ecs.ContainerImage.fromRegistry('public.ecr.aws/docker/library/busybox:stable'),
  command: ['sh', '-c', 'echo "ecs-run-task-output Version=$(busybox | head -n 1)"'],
  runOn: RunOn.EVERY_DEPLOYMENT, // `cdk diff` always shows the time of the synthesis
});
new CfnOutput(stack, 'Version', { value: task.getOutput('Version') });
new CfnOutput(stack, 'RanAt', { value: task.startedAt });
