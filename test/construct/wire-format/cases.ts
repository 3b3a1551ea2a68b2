import * as path from 'node:path';
import { Duration, NestedStack, RemovalPolicy, Size, Stack, Tags } from 'aws-cdk-lib';
import * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import {
  CompleteWhen, OnRollback, ResourceType, RunFargateTask, RunFargateTaskProps, RunOn, RunTask, RunTaskConfig, RunTaskFunctionOptions,
  RunTaskProps, TaskManagedVolume,
  TaskManagedVolumeProps,
} from '../../../src';

/** What a case starts from. It records the props that the case uses, so that a test finds props that no case uses. */
export class Given {
  public readonly vpc: ec2.IVpc;
  public readonly cluster: ecs.Cluster;
  public readonly props: [struct: string, props: object][] = [];

  constructor(public readonly stack: Stack) {
    this.vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
      vpcId: 'vpc-00000001',
      availabilityZones: ['a', 'b'],
      publicSubnetIds: ['subnet-000000aa', 'subnet-000000bb'],
      privateSubnetIds: ['subnet-0000000a', 'subnet-0000000b'],
      publicSubnetRouteTableIds: ['rtb-000000aa', 'rtb-000000bb'],
      privateSubnetRouteTableIds: ['rtb-0000000a', 'rtb-0000000b'],
    });
    this.cluster = new ecs.Cluster(stack, 'Cluster', { vpc: this.vpc });
  }

  /** A definition with a container `app`. */
  public definition(props: Partial<ecs.TaskDefinitionProps> = {}, logging?: ecs.LogDriver, id = 'TaskDefinition'): ecs.TaskDefinition {
    const taskDefinition = new ecs.TaskDefinition(this.stack, id, {
      compatibility: ecs.Compatibility.FARGATE, cpu: '256', memoryMiB: '512', ...props,
    });
    taskDefinition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app'), memoryLimitMiB: 256, logging });
    return taskDefinition;
  }

  public logging(id = 'Logs'): ecs.LogDriver {
    return ecs.LogDrivers.awsLogs({ streamPrefix: 'app', logGroup: new logs.LogGroup(this.stack, id) });
  }

  public runTask(props: Partial<RunTaskProps> = {}, id = 'Task', scope: Construct = this.stack): RunTask {
    const all = { cluster: this.cluster, taskDefinition: props.taskDefinition ?? this.definition({}, undefined, `${id}Definition`), ...props };
    this.props.push(['RunTaskProps', all]);
    return new RunTask(scope, id, all);
  }

  public runFargateTask(props: Partial<RunFargateTaskProps> = {}, id = 'Task'): RunFargateTask {
    const all = { image: ecs.ContainerImage.fromRegistry('app'), ...props };
    this.props.push(['RunFargateTaskProps', all]);
    return new RunFargateTask(this.stack, id, all);
  }

  public configureFunction(options: RunTaskFunctionOptions): void {
    this.props.push(['RunTaskFunctionOptions', options]);
    RunTaskConfig.of(this.stack).configureFunction(options);
  }

  public taskManagedVolume(props: TaskManagedVolumeProps): TaskManagedVolume {
    this.props.push(['TaskManagedVolumeProps', props]);
    return new TaskManagedVolume(this.stack, 'Volume', props);
  }

  public role(id: string): iam.IRole {
    return iam.Role.fromRoleArn(this.stack, id, `arn:aws:iam::123456789012:role/${id}`);
  }

  public securityGroup(id: string): ec2.ISecurityGroup {
    return ec2.SecurityGroup.fromSecurityGroupId(this.stack, `SecurityGroup${id}`, `sg-${id}`);
  }
}

function runWithVolume(given: Given, volume: ecs.ServiceManagedVolume): void {
  const taskDefinition = given.definition();
  taskDefinition.addVolume(volume);
  volume.mountIn(taskDefinition.findContainer('app')!, { containerPath: '/data', readOnly: false });
  given.runTask({ taskDefinition, volumes: [volume] });
}

const onEc2 = { compatibility: ecs.Compatibility.EC2 };

/**
 * Small stacks, each for one prop or a few. Users have stacks like these, so a case never changes. A new prop gets a new case
 * at the end.
 */
export const CASES: { readonly [name: string]: (given: Given) => void } = {
  'only what is required': (given) => {
    given.runTask();
  },
  'several tasks in one stack': (given) => {
    const taskDefinition = given.definition();
    given.runTask({ taskDefinition });
    given.runTask({ taskDefinition }, 'Second');
    given.runTask({}, 'Third');
  },
  'a nested stack': (given) => {
    const nested = new NestedStack(given.stack, 'Nested');
    given.runTask({ onRollback: OnRollback.RUN, taskDefinition: given.definition({}, given.logging()) }, 'Task', nested).getOutput('BucketName');
  },
  'count': (given) => {
    given.runTask({ count: 3 });
  },
  'labels': (given) => {
    given.runTask({ group: 'migrations', startedBy: 'pipeline/a_b-1', referenceId: 'job-1', tags: { team: 'shop', empty: '' } });
  },
  'tags from the task definition, and those of ECS': (given) => {
    given.runTask({ propagateTags: ecs.PropagatedTagSource.TASK_DEFINITION, enableEcsManagedTags: true });
  },
  'no tags from anywhere': (given) => {
    given.runTask({ propagateTags: ecs.PropagatedTagSource.NONE, enableEcsManagedTags: false });
  },
  'ECS Exec': (given) => {
    given.runTask({ enableExecuteCommand: true });
  },
  'launch type FARGATE with a platform version': (given) => {
    given.runTask({ launchType: ecs.LaunchType.FARGATE, platformVersion: ecs.FargatePlatformVersion.VERSION1_4 });
  },
  'launch type EC2 with network mode awsvpc': (given) => {
    const taskDefinition = given.definition({ compatibility: ecs.Compatibility.EC2_AND_FARGATE, networkMode: ecs.NetworkMode.AWS_VPC });
    given.runTask({ taskDefinition, launchType: ecs.LaunchType.EC2 });
  },
  'EC2 with network mode bridge and placement': (given) => {
    given.runTask({
      taskDefinition: given.definition(onEc2),
      placementConstraints: [ecs.PlacementConstraint.distinctInstances(), ecs.PlacementConstraint.memberOf('attribute:a == 1', 'attribute:b == 2')],
      placementStrategies: [ecs.PlacementStrategy.packedByCpu(), ecs.PlacementStrategy.spreadAcrossInstances(), ecs.PlacementStrategy.randomly()],
    });
  },
  'EC2 with a capacity provider of an Auto Scaling group': (given) => {
    const autoScalingGroup = new autoscaling.AutoScalingGroup(given.stack, 'Instances', {
      vpc: given.vpc,
      launchTemplate: new ec2.LaunchTemplate(given.stack, 'Template', {
        instanceType: new ec2.InstanceType('t3.micro'),
        machineImage: ecs.EcsOptimizedImage.amazonLinux2(),
        userData: ec2.UserData.forLinux(),
        role: new iam.Role(given.stack, 'InstanceRole', { assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com') }),
        securityGroup: given.securityGroup('00000004'),
      }),
    });
    const provider = new ecs.AsgCapacityProvider(given.stack, 'Provider', { autoScalingGroup });
    given.cluster.addAsgCapacityProvider(provider);
    given.runTask({
      taskDefinition: given.definition(onEc2), capacityProviderStrategies: [{ capacityProvider: provider.capacityProviderName, base: 1, weight: 2 }],
    });
  },
  'Fargate Spot': (given) => {
    given.cluster.enableFargateCapacityProviders();
    given.runTask({ capacityProviderStrategies: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }, { capacityProvider: 'FARGATE', base: 1 }] });
  },
  'the default strategy of the cluster': (given) => {
    given.runTask({ capacityProviderStrategies: [] });
  },
  'launch type EXTERNAL': (given) => {
    const taskDefinition = given.definition({ compatibility: ecs.Compatibility.EXTERNAL, networkMode: ecs.NetworkMode.HOST });
    given.runTask({ taskDefinition, launchType: ecs.LaunchType.EXTERNAL });
  },
  'subnets and security groups': (given) => {
    given.runTask({
      vpcSubnets: { subnets: [ec2.Subnet.fromSubnetAttributes(given.stack, 'Subnet', { subnetId: 'subnet-00000001', routeTableId: 'rtb-00000001' })] },
      securityGroups: [given.securityGroup('00000001'), given.securityGroup('00000002')],
    });
  },
  'a public IP address': (given) => {
    given.runTask({ assignPublicIp: true });
  },
  'no public IP address, in subnets of a type': (given) => {
    given.runTask({ assignPublicIp: false, vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC } });
  },
  'a volume with all that a task can ask of it': (given) => runWithVolume(given, given.taskManagedVolume({
    name: 'data',
    managedEBSVolume: {
      encrypted: true,
      kmsKeyId: kms.Key.fromKeyArn(given.stack, 'Key', 'arn:aws:kms:eu-west-1:123456789012:key/k'),
      volumeType: ec2.EbsDeviceVolumeType.GP3,
      size: Size.gibibytes(20),
      snapShotId: 'snap-00000001',
      iops: 4000,
      throughput: 500,
      fileSystemType: ecs.FileSystemType.EXT4,
      tagSpecifications: [{ tags: { team: 'shop' }, propagateTags: ecs.EbsPropagatedTagSource.TASK_DEFINITION }],
    },
    deleteOnTermination: false,
    volumeInitializationRate: Size.mebibytes(200),
  })),
  'a volume as services have it': (given) => runWithVolume(given, new ecs.ServiceManagedVolume(given.stack, 'Volume', {
    name: 'data', managedEBSVolume: { size: Size.gibibytes(10) },
  })),
  'overrides of a container': (given) => {
    given.runTask({
      containerOverrides: [{
        containerName: 'app',
        command: ['migrate', '--all'],
        environment: { SECOND: '2', FIRST: '1' },
        cpu: 128,
        memoryLimitMiB: 512,
        memoryReservationMiB: 256,
      }],
    });
  },
  'environment files from a bucket and from an asset': (given) => {
    const bucket = s3.Bucket.fromBucketName(given.stack, 'Bucket', 'files');
    given.runTask({
      containerOverrides: [{
        containerName: 'app',
        environmentFiles: [ecs.EnvironmentFile.fromBucket(bucket, 'app.env'), ecs.EnvironmentFile.fromAsset(path.join(__dirname, 'app.env'))],
      }],
    });
  },
  'GPUs': (given) => {
    given.runTask({ taskDefinition: given.definition(onEc2), containerOverrides: [{ containerName: 'app', gpuCount: 1 }] });
  },
  'resources of each type': (given) => {
    given.runTask({
      taskDefinition: given.definition(onEc2),
      containerOverrides: [{
        containerName: 'app',
        resourceRequirements: [
          { type: ResourceType.GPU, value: '2' },
          { type: ResourceType.INFERENCE_ACCELERATOR, value: 'device' },
          { type: ResourceType.NEURON_DEVICE, value: 'ALL' },
        ],
      }],
    });
  },
  'a share of a GPU': (given) => {
    given.runTask({
      taskDefinition: given.definition(onEc2),
      containerOverrides: [{
        containerName: 'app',
        resourceRequirements: [{ type: ResourceType.GPU, sharingStrategy: { nvidiaMps: { memoryMiB: 1024, maxComputePercent: 50 } } }],
      }],
    });
  },
  'overrides of the task': (given) => {
    given.runTask({
      taskOverrides: {
        cpu: 512, memoryLimitMiB: 1024, ephemeralStorageGiB: 30, taskRole: given.role('task'), executionRole: given.role('execution'),
      },
    });
  },
  'inference accelerators': (given) => {
    given.runTask({
      taskDefinition: given.definition(onEc2), taskOverrides: { inferenceAccelerators: [{ deviceName: 'device', deviceType: 'eia2.medium' }] },
    });
  },
  'run on a change': (given) => {
    given.runTask({ runOn: RunOn.CHANGE, triggers: { version: '1', build: '2' } });
  },
  'run on creation only': (given) => {
    given.runTask({ runOn: RunOn.CREATE });
  },
  'run in every deployment': (given) => {
    given.runTask({ runOn: RunOn.EVERY_DEPLOYMENT });
  },
  'a rollback skips the task': (given) => {
    given.runTask({ onRollback: OnRollback.SKIP });
  },
  'a rollback runs the task': (given) => {
    given.runTask({ onRollback: OnRollback.RUN });
  },
  'a deletion runs the task as it is': (given) => {
    given.runTask({ onDelete: {} });
  },
  'a deletion runs another task': (given) => {
    given.runTask({
      taskDefinition: given.definition({}, given.logging()),
      timeout: Duration.hours(2),
      onDelete: {
        taskDefinition: given.definition({}, given.logging('DropLogs'), 'Drop'),
        containerOverrides: [{ containerName: 'app', command: ['drop'] }],
        taskOverrides: { cpu: 512 },
        exitCodeFrom: ['app'],
        timeout: Duration.minutes(50),
      },
    });
  },
  'before and after other resources': (given) => {
    given.runTask({ executeAfter: [new logs.LogGroup(given.stack, 'Before')], executeBefore: [new logs.LogGroup(given.stack, 'After')] });
  },
  'a given role for the function': (given) => {
    given.configureFunction({ role: given.role('handler') });
    given.runTask();
  },
  'the function in a VPC': (given) => {
    given.configureFunction({ vpc: given.vpc });
    given.runTask();
  },
  'the function in given subnets and security groups': (given) => {
    given.configureFunction({ vpc: given.vpc, vpcSubnets: { availabilityZones: ['b'] }, securityGroups: [given.securityGroup('00000003')] });
    given.runTask({ onDelete: {} });
  },
  'a timeout below an hour': (given) => {
    given.runTask({ timeout: Duration.seconds(90) });
  },
  'a timeout of three hours, which needs several resources': (given) => {
    given.runTask({ timeout: Duration.hours(3), onDelete: {}, taskDefinition: given.definition({}, given.logging()) }).getOutput('BucketName');
  },
  'how the task is judged': (given) => {
    given.runTask({ exitCodeFrom: ['app'], successExitCodes: [0, 3], retryAttempts: 2, completeWhen: CompleteWhen.TASK_STOPPED, logTailLines: 100 });
  },
  'exit codes end the wait': (given) => {
    given.runTask({ completeWhen: CompleteWhen.EXIT_CODES_KNOWN });
  },
  'logs of several containers': (given) => {
    const taskDefinition = given.definition({}, given.logging());
    taskDefinition.addContainer('sidecar', {
      image: ecs.ContainerImage.fromRegistry('sidecar'), essential: false, memoryLimitMiB: 256, logging: given.logging('SidecarLogs'),
    });
    given.runTask({ taskDefinition });
  },
  'logs that nothing reads': (given) => {
    given.runTask({ taskDefinition: given.definition({}, given.logging()), logTailLines: 0 });
  },
  'all attributes and an output': (given) => {
    const task = given.runTask({ taskDefinition: given.definition({}, given.logging()) });
    [task.taskArn, task.taskArns, task.exitCode, task.startedAt, task.stoppedAt, task.logStreamName, task.getOutput('BucketName')].forEach(String);
  },
  'an imported cluster and definition': (given) => {
    given.runTask({
      cluster: ecs.Cluster.fromClusterAttributes(given.stack, 'Shared', { clusterName: 'shared', vpc: given.vpc }),
      taskDefinition: ecs.TaskDefinition.fromTaskDefinitionAttributes(given.stack, 'Imported', {
        taskDefinitionArn: 'arn:aws:ecs:eu-west-1:123456789012:task-definition/imported:7',
        networkMode: ecs.NetworkMode.AWS_VPC,
        taskRole: given.role('imported'),
      }),
    }).taskArn.toString();
  },
  'more permissions than one policy has room for': (given) => {
    for (const name of ['One', 'Two']) {
      const taskDefinition = given.definition({}, undefined, `Definition${name}`);
      for (let index = 0; index < 16; index += 1) {
        const logGroup = logs.LogGroup.fromLogGroupName(given.stack, `Logs${name}${index}`, `/${'long-'.repeat(98)}/${name}/${index}`);
        taskDefinition.addContainer(`sidecar${index}`, {
          image: ecs.ContainerImage.fromRegistry('sidecar'),
          essential: false,
          memoryLimitMiB: 16,
          logging: ecs.LogDrivers.awsLogs({ streamPrefix: 'sidecar', logGroup }),
        });
      }
      given.runTask({ taskDefinition }, name);
    }
  },
  'RunFargateTask with an image only': (given) => {
    given.runFargateTask();
  },
  'RunFargateTask in a VPC': (given) => {
    given.runFargateTask({ vpc: given.vpc, capacityProviderStrategies: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }] });
  },
  'RunFargateTask with all that it takes': (given) => {
    const secret = secretsmanager.Secret.fromSecretCompleteArn(given.stack, 'Secret', 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf');
    given.runFargateTask({
      cluster: given.cluster,
      containerName: 'migrate',
      command: ['up'],
      entryPoint: ['/migrate'],
      environment: { STAGE: 'prod' },
      secrets: { PASSWORD: ecs.Secret.fromSecretsManager(secret) },
      cpu: 512,
      memoryLimitMiB: 1024,
      ephemeralStorageGiB: 30,
      runtimePlatform: { cpuArchitecture: ecs.CpuArchitecture.ARM64, operatingSystemFamily: ecs.OperatingSystemFamily.LINUX },
      family: 'migrate',
      taskRole: given.role('task'),
      executionRole: given.role('execution'),
      logDriver: given.logging(),
      timeout: Duration.minutes(10),
    }).task.exitCode.toString();
  },
  'overrides of the default container, also on delete': (given) => {
    given.runTask({
      command: ['migrate'],
      environment: { STAGE: 'prod' },
      onDelete: { command: ['drop'], environment: { STAGE: 'gone' } },
    });
  },
  'a task for a service': (given) => {
    const taskDefinition = given.definition();
    const service = new ecs.FargateService(given.stack, 'Service', { cluster: given.cluster, taskDefinition, assignPublicIp: true });
    RunTask.forService(given.stack, 'Task', service, { command: ['migrate'] });
  },
  'tags of the scopes': (given) => {
    given.runTask({ inheritTags: true, tags: { team: 'shop' }, onDelete: {} });
    Tags.of(given.stack).add('stage', 'prod');
  },
  'the function with environment variables, tracing and a log group': (given) => {
    given.runTask();
    given.configureFunction({
      environment: { AWS_USE_FIPS_ENDPOINT: 'true' },
      tracing: lambda.Tracing.ACTIVE,
      logGroup: logs.LogGroup.fromLogGroupName(given.stack, 'HandlerLogs', 'handler'),
    });
  },
  'the function with the retention and the removal policy of its log': (given) => {
    given.runTask();
    given.configureFunction({ logRetention: logs.RetentionDays.ONE_MONTH, logRemovalPolicy: RemovalPolicy.DESTROY });
  },
};
