// What: runs a task on a GPU during `cdk deploy`, on an EC2 instance that starts for it and stops after it.
// Why: Fargate has no GPUs. The Auto Scaling group is empty until the task needs capacity. The task waits in PROVISIONING
//   until an instance has joined the cluster, and the deployment waits for the task.
// Cost: about 0.20 USD for each run: a g4dn.xlarge (0.53 USD an hour) takes some minutes to start, and ECS stops it
//   after 15 idle minutes. No NAT gateway. The quota for G instances of a new account is 0.
// Run: in this folder, into your account:
//   npx cdk deploy
import { App, Duration, Stack } from 'aws-cdk-lib';
import * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import { RunTask } from 'cdk-ecs-run-task';

const stack = new Stack(new App(), 'Gpu');
const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, subnetConfiguration: [{ name: 'Public', subnetType: ec2.SubnetType.PUBLIC }] });
const cluster = new ecs.Cluster(stack, 'Cluster', { vpc });

const launchTemplate = new ec2.LaunchTemplate(stack, 'LaunchTemplate', {
  instanceType: ec2.InstanceType.of(ec2.InstanceClass.G4DN, ec2.InstanceSize.XLARGE),
  machineImage: ecs.EcsOptimizedImage.amazonLinux2023(ecs.AmiHardwareType.GPU),
  userData: ec2.UserData.forLinux(),
  role: new iam.Role(stack, 'InstanceRole', { assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com') }),
  securityGroup: new ec2.SecurityGroup(stack, 'SecurityGroup', { vpc }),
  associatePublicIpAddress: true,
  requireImdsv2: true,
  blockDevices: [{ deviceName: '/dev/xvda', volume: ec2.BlockDeviceVolume.ebs(50, { encrypted: true }) }],
});
const gpus = new ecs.AsgCapacityProvider(stack, 'Gpus', {
  autoScalingGroup: new autoscaling.AutoScalingGroup(stack, 'AutoScalingGroup', { vpc, launchTemplate, minCapacity: 0, maxCapacity: 1 }),
  enableManagedTerminationProtection: false, // it would block `cdk destroy`
  enableManagedDraining: true, // without it, the CDK adds a function that drains instances
});
cluster.addAsgCapacityProvider(gpus);

const taskDefinition = new ecs.Ec2TaskDefinition(stack, 'TaskDefinition');
taskDefinition.addContainer('gpu', {
  image: ecs.ContainerImage.fromRegistry('public.ecr.aws/docker/library/ubuntu:24.04'),
  command: ['nvidia-smi'], // the driver of the instance adds it to every container with a GPU
  gpuCount: 1,
  memoryLimitMiB: 1024,
  logging: ecs.LogDrivers.awsLogs({ streamPrefix: 'gpu', logRetention: logs.RetentionDays.ONE_MONTH }),
});
new RunTask(stack, 'Run', {
  cluster,
  taskDefinition,
  capacityProviderStrategies: [{ capacityProvider: gpus.capacityProviderName, weight: 1 }],
  timeout: Duration.minutes(20), // includes the start of the instance
});
