import { App, Duration, Size, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { CompleteWhen, OnRollback, ResourceType, RunOn, RunTask, TaskManagedVolume } from 'cdk-ecs-run-task';

const app = new App();
const stack = new Stack(app, 'Shop');
const orders = new sqs.Queue(stack, 'Orders');
const cluster = new ecs.Cluster(stack, 'Cluster', { vpc: new ec2.Vpc(stack, 'Vpc', { maxAzs: 2 }) });

const taskDefinition = new ecs.FargateTaskDefinition(stack, 'Definition');
taskDefinition.addContainer('app', {
  image: ecs.ContainerImage.fromRegistry('shop'),
  logging: ecs.LogDrivers.awsLogs({ streamPrefix: 'shop' }),
});
const service = new ecs.FargateService(stack, 'Service', { cluster, taskDefinition });

const migration = new RunTask(stack, 'Migration', {
  cluster,
  taskDefinition,
  containerOverrides: [{
    containerName: 'app',
    command: ['migrate', '--to', 'latest'],
    environment: { STAGE: 'prod', LOG_LEVEL: 'debug', DRY_RUN: 'no' },
    cpu: 128,
    memoryReservationMiB: 256,
  }],
  taskOverrides: { cpu: 512, memoryLimitMiB: 1024, ephemeralStorageGiB: 30 },
  count: 2,
  platformVersion: ecs.FargatePlatformVersion.VERSION1_4,
  vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC },
  assignPublicIp: true,
  referenceId: 'release-7',
  tags: { team: 'shop', purpose: 'migration', costs: '42' },
  propagateTags: ecs.PropagatedTagSource.TASK_DEFINITION,
  enableEcsManagedTags: true,
  enableExecuteCommand: true,
  runOn: RunOn.CHANGE,
  onRollback: OnRollback.RUN,
  triggers: { schema: '7', migrations: '3f2a91' },
  timeout: Duration.minutes(20),
  exitCodeFrom: ['app'],
  successExitCodes: [0, 3],
  retryAttempts: 2,
  completeWhen: CompleteWhen.TASK_STOPPED,
  logTailLines: 50,
  onDelete: {
    containerOverrides: [{ containerName: 'app', command: ['drop'] }],
    timeout: Duration.minutes(5),
  },
  executeAfter: [orders],
  executeBefore: [service],
});
orders.grantSendMessages(migration);
migration.connections.allowFrom(service, ec2.Port.tcp(9000));

const trainingDefinition = new ecs.Ec2TaskDefinition(stack, 'TrainingDefinition', { networkMode: ecs.NetworkMode.AWS_VPC });
const trainer = trainingDefinition.addContainer('trainer', {
  image: ecs.ContainerImage.fromRegistry('trainer'),
  memoryLimitMiB: 2048,
});
const data = new TaskManagedVolume(stack, 'Data', {
  name: 'data',
  managedEBSVolume: { size: Size.gibibytes(20), volumeType: ec2.EbsDeviceVolumeType.GP3 },
  deleteOnTermination: true,
});
trainingDefinition.addVolume(data);
data.mountIn(trainer, { containerPath: '/data', readOnly: false });

const training = new RunTask(stack, 'Training', {
  cluster,
  taskDefinition: trainingDefinition,
  containerOverrides: [{
    containerName: 'trainer',
    resourceRequirements: [{ type: ResourceType.GPU, sharingStrategy: { nvidiaMps: { memoryMiB: 4096, maxComputePercent: 50 } } }],
  }],
  placementConstraints: [ecs.PlacementConstraint.memberOf('attribute:ecs.instance-type =~ g5.*')],
  placementStrategies: [ecs.PlacementStrategy.packedByMemory()],
  runOn: RunOn.CREATE,
  volumes: [data],
});
training.executeAfter(migration);

app.synth();
