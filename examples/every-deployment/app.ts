// What: runs a task in every deployment, even if the template has not changed, and raises an alarm when it fails.
// Why: the work of the task can change without the template: its image has a mutable tag, as here, or its input is in a
//   bucket. CloudFormation sees no change, so by default the task would not run again.
//   A pipeline deploys without anybody watching: add an action to the alarm, such as an SNS topic, and it notifies you.
// Cost: less than a cent for each deployment, and 40 cents a month for the metric and the alarm. No NAT gateway.
// Run: in this folder, into your account, as often as you like:
//   npx cdk deploy
import { App, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
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

task.metricFailures({ period: Duration.minutes(5) }).createAlarm(stack, 'RunFailed', {
  threshold: 1,
  evaluationPeriods: 1,
  treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING, // no deployment, no data
});
new CfnOutput(stack, 'Version', { value: task.getOutput('Version') });
new CfnOutput(stack, 'RanAt', { value: task.startedAt });
