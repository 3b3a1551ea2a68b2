import { Aws, CfnCondition, CfnParameter, Duration, Fn, Lazy, Size, Stack, Tags, Token } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as s3 from 'aws-cdk-lib/aws-s3';
import type { IConstruct } from 'constructs';
import { ContainerOverride, NvidiaMps, OnRollback, ResourceType, RunOn, RunTask, RunTaskProps, TaskManagedVolume } from '../../src/index';
import { expectErrors } from '../support/expectations';
import { addVolume, requestOf, runTask, Setup, setup } from '../support/stacks';

const number = Token.asNumber({ Ref: 'Number' });
const text = Token.asString({ Ref: 'Text' });
const list = Token.asList({ Ref: 'List' });
const app = { containerName: 'app' };
const sharingStrategy = { nvidiaMps: { memoryMiB: 1 } };
const onFargate = () => setup();
const onEc2 = () => setup(ecs.Compatibility.EC2);

function repeat<T>(times: number, item: (index: number) => T): T[] {
  return Array.from({ length: times }, (_, index) => item(index));
}

function groups(stack: Setup['stack'], ids: string[]): ec2.ISecurityGroup[] {
  return ids.map((id, index) => ec2.SecurityGroup.fromSecurityGroupId(stack, `Group${index}`, id));
}

function volume(given: Setup, props: Partial<ConstructorParameters<typeof TaskManagedVolume>[2]> = {}): TaskManagedVolume {
  return addVolume(given, new TaskManagedVolume(given.stack, 'Data', { name: 'data', managedEBSVolume: { size: Size.gibibytes(10) }, ...props }));
}

function withTags(given: Setup, tags: { [key: string]: string }): TaskManagedVolume {
  return volume(given, { managedEBSVolume: { size: Size.gibibytes(1), tagSpecifications: [{ tags }] } });
}

function withShare(nvidiaMps: NvidiaMps): ContainerOverride {
  return { ...app, resourceRequirements: [{ type: ResourceType.GPU, sharingStrategy: { nvidiaMps } }] };
}

/** A further definition beside that of the setup. */
function other({ stack }: Setup, compatibility = ecs.Compatibility.FARGATE, networkMode?: ecs.NetworkMode): ecs.TaskDefinition {
  const definition = new ecs.TaskDefinition(stack, 'Other', { compatibility, networkMode, cpu: '256', memoryMiB: '512' });
  definition.addContainer('clean-up', { image: ecs.ContainerImage.fromRegistry('clean-up'), memoryLimitMiB: 256 });
  return definition;
}

/** The import of a definition for Fargate, which names no roles. */
function definitionOf(stack: Stack, taskDefinitionArn: string): ecs.ITaskDefinition {
  const networkMode = ecs.NetworkMode.AWS_VPC;
  return ecs.TaskDefinition.fromTaskDefinitionAttributes(stack, 'Imported', { taskDefinitionArn, networkMode, compatibility: ecs.Compatibility.FARGATE });
}

type Props = (given: Setup) => Partial<RunTaskProps>;

describe('the constructor of RunTask rejects', () => {
  test.each<[string, () => Setup, Props, ...Array<string | RegExp>]>([
    ['a count over 10', onFargate, () => ({ count: 11 }),
      '[Stack/Task] count must be an integer from 1 to 10, got: 11'],
    ['a count of 0', onFargate, () => ({ count: 0 }),
      /^\[Stack\/Task\] count .*, got: 0/],
    ['a launch type together with capacity providers', onFargate, () => ({ launchType: ecs.LaunchType.FARGATE, capacityProviderStrategies: [] }),
      '[Stack/Task] launchType and capacityProviderStrategies cannot both be set; remove one of them'],
    ['a definition for Managed Instances only, without capacity providers', () => setup(4 as ecs.Compatibility, ecs.NetworkMode.HOST), () => ({}),
      '[Stack/Task] capacityProviderStrategies must be set, because the taskDefinition is not compatible with FARGATE, EC2 or EXTERNAL; name a capacity provider for Managed Instances'],
    ['a launch type that the definition does not have', onEc2, () => ({ launchType: ecs.LaunchType.EXTERNAL }),
      "[Stack/Task] launchType must be compatible with the taskDefinition, got: EXTERNAL; remove launchType, or change the compatibility of 'Stack/Definition'"],
    ['more than 20 capacity providers', onEc2,
      () => ({ capacityProviderStrategies: repeat(21, (index) => ({ capacityProvider: `provider-${index}`, weight: 1 })) }),
      '[Stack/Task] capacityProviderStrategies must have at most 20 items, got: 21'],
    ['a platform version without Fargate', onEc2, () => ({ platformVersion: ecs.FargatePlatformVersion.VERSION1_4 }),
      '[Stack/Task] platformVersion can only be set for a task on Fargate, got: 1.4.0; remove it, or run the task on Fargate'],
    ['a platform version that is no version', onFargate, () => ({ platformVersion: '1.4' as ecs.FargatePlatformVersion }),
      "[Stack/Task] platformVersion must be LATEST or a version such as 1.4.0, got: '1.4'"],
    ['a platform version with capacity providers other than Fargate', onFargate,
      () => ({ platformVersion: ecs.FargatePlatformVersion.VERSION1_4, capacityProviderStrategies: [{ capacityProvider: 'instances' }] }),
      /^\[Stack\/Task\] platformVersion .*, got: 1\.4\.0/],
    ['more than 10 placement constraints', onEc2,
      () => ({ placementConstraints: repeat(11, () => ecs.PlacementConstraint.distinctInstances()) }),
      '[Stack/Task] placementConstraints must have at most 10 items, got: 11'],
    ['more than 5 placement strategies', onEc2, () => ({ placementStrategies: repeat(6, () => ecs.PlacementStrategy.randomly()) }),
      '[Stack/Task] placementStrategies must have at most 5 items, got: 6'],
    ['placement constraints on Fargate', onFargate, () => ({ placementConstraints: [ecs.PlacementConstraint.distinctInstances()] }),
      '[Stack/Task] placementConstraints cannot be set for a task on Fargate; remove it, or run the task on EC2'],
    ['placement constraints on Fargate, with a second provider that only the deployment knows', onFargate,
      () => ({ capacityProviderStrategies: [{ capacityProvider: 'FARGATE', weight: 1 }, { capacityProvider: text }], placementConstraints: [ecs.PlacementConstraint.distinctInstances()] }),
      /^\[Stack\/Task\] placementConstraints cannot be set for a task on Fargate/],
    ['placement strategies on Fargate Spot', onFargate,
      () => ({ capacityProviderStrategies: [{ capacityProvider: 'FARGATE_SPOT' }], placementStrategies: [ecs.PlacementStrategy.randomly()] }),
      '[Stack/Task] placementStrategies cannot be set for a task on Fargate; remove it, or run the task on EC2'],
    ['network settings without awsvpc', onEc2, () => ({ assignPublicIp: false }),
      '[Stack/Task] vpcSubnets, securityGroups and assignPublicIp can only be set for network mode awsvpc, got: bridge; remove them, or change the networkMode of the taskDefinition'],
    ['no subnets with awsvpc', onFargate, () => ({ vpcSubnets: { subnets: [] } }),
      '[Stack/Task] vpcSubnets must select at least one subnet for network mode awsvpc, got: none; select a type of subnet that the VPC has'],
    ['a type of subnet that the VPC does not have', onFargate, () => ({ vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED } }),
      /^\[Stack\/Task\] vpcSubnets must select subnets that the VPC 'Stack\/Vpc' has, got: There are no 'Isolated' subnet groups in this VPC\..*; set vpcSubnets to subnets of that VPC$/],
    ['a public IP address in a VPC without public subnets', onFargate, ({ stack }) => ({
      assignPublicIp: true,
      cluster: new ecs.Cluster(stack, 'Isolated', {
        vpc: new ec2.Vpc(stack, 'Other', { subnetConfiguration: [{ name: 'Isolated', subnetType: ec2.SubnetType.PRIVATE_ISOLATED }] }),
      }),
    }), /^\[Stack\/Task\] assignPublicIp must select subnets that the VPC 'Stack\/Other' has, got: There are no 'Public' subnet groups/],
    ['more than 16 subnets', onFargate,
      ({ stack }) => ({ vpcSubnets: { subnets: repeat(17, (index) => ec2.Subnet.fromSubnetId(stack, `Subnet${index}`, `subnet-0000000${index}`)) } }),
      '[Stack/Task] vpcSubnets must select at most 16 subnets, got: 17'],
    ['more than 5 security groups', onFargate, ({ stack }) => ({ securityGroups: groups(stack, repeat(6, (index) => `sg-0000000${index}`)) }),
      '[Stack/Task] securityGroups must have at most 5 items, got: 6'],
    ['ephemeral storage below 21 GiB', onFargate, () => ({ taskOverrides: { ephemeralStorageGiB: 20 } }),
      '[Stack/Task] taskOverrides.ephemeralStorageGiB must be an integer from 21 to 200, got: 20'],
    ['gpuCount together with a requirement for GPUs', onEc2,
      () => ({ containerOverrides: [{ ...app, gpuCount: 1, resourceRequirements: [{ type: ResourceType.GPU, value: '1' }] }] }),
      "[Stack/Task] containerOverrides.gpuCount and resourceRequirements of type GPU cannot both be set for container 'app'; remove gpuCount"],
    ['a sharing strategy for another device than a GPU', onEc2,
      () => ({
        containerOverrides: [{ ...app, resourceRequirements: [{ type: ResourceType.NEURON_DEVICE, sharingStrategy }] }],
      }),
      "[Stack/Task] containerOverrides.sharingStrategy can only be set for resourceRequirements of type GPU, got: NeuronDevice for container 'app'; remove sharingStrategy"],
    ['a requirement with neither value nor sharing strategy', onEc2,
      () => ({ containerOverrides: [{ ...app, resourceRequirements: [{ type: ResourceType.GPU }] }] }),
      "[Stack/Task] containerOverrides.resourceRequirements must have either a value or a sharingStrategy, got: neither for type GPU of container 'app'"],
    ['a requirement with both value and sharing strategy', onEc2,
      () => ({
        containerOverrides: [{ ...app, resourceRequirements: [{ type: ResourceType.GPU, value: '1', sharingStrategy }] }],
      }),
      "[Stack/Task] containerOverrides.resourceRequirements must have either a value or a sharingStrategy, got: both for type GPU of container 'app'"],
    ['a number of Neuron devices', onEc2,
      () => ({ containerOverrides: [{ ...app, resourceRequirements: [{ type: ResourceType.NEURON_DEVICE, value: '2' }] }] }),
      "[Stack/Task] containerOverrides.resourceRequirements of type NeuronDevice must have the value ALL, got: 2 for container 'app'"],
    ['weights of 0 only', onFargate,
      () => ({ capacityProviderStrategies: [{ capacityProvider: 'FARGATE', weight: 0 }, { capacityProvider: 'FARGATE_SPOT' }] }),
      '[Stack/Task] capacityProviderStrategies must have a weight above 0 for at least one provider, got: 0, 0; set a weight, which is 0 by default if there are several providers'],
    ['a weight of 0 for the only provider', onFargate, () => ({ capacityProviderStrategies: [{ capacityProvider: 'FARGATE', weight: 0 }] }),
      /^\[Stack\/Task\] capacityProviderStrategies .* weight above 0 .*, got: 0;/],
    ['a weight over 1000', onFargate, () => ({ capacityProviderStrategies: [{ capacityProvider: 'FARGATE', weight: 1001 }] }),
      '[Stack/Task] capacityProviderStrategies must have integer weights from 0 to 1000, got: 1001 for FARGATE'],
    ['half a weight', onFargate, () => ({ capacityProviderStrategies: [{ capacityProvider: 'FARGATE', weight: 0.5 }] }), /weights .*, got: 0\.5 for FARGATE$/],
    ['a negative base', onFargate, () => ({ capacityProviderStrategies: [{ capacityProvider: 'FARGATE', base: -1 }] }),
      '[Stack/Task] capacityProviderStrategies must have an integer base from 0 to 100000, got: -1 for FARGATE'],
    ['a base over 100000', onFargate, () => ({ capacityProviderStrategies: [{ capacityProvider: 'FARGATE', base: 100_001 }] }), /base .*, got: 100001 for FARGATE$/],
    ['two bases', onFargate,
      () => ({ capacityProviderStrategies: ['FARGATE', 'FARGATE_SPOT'].map((capacityProvider) => ({ capacityProvider, base: 1, weight: 1 })) }),
      '[Stack/Task] capacityProviderStrategies must have a base for at most one provider, got: FARGATE and FARGATE_SPOT; remove all but one base'],
    ['Fargate together with an Auto Scaling group', onFargate,
      () => ({ capacityProviderStrategies: ['FARGATE', 'instances'].map((capacityProvider) => ({ capacityProvider, weight: 1 })) }),
      '[Stack/Task] capacityProviderStrategies must not mix Fargate with other capacity providers, got: FARGATE and instances; keep only one kind'],
    ['Fargate together with a capacity provider of the app', onFargate, ({ stack }) => {
      const { ref } = new ecs.CfnCapacityProvider(stack, 'Provider', { autoScalingGroupProvider: { autoScalingGroupArn: 'arn' } });
      return { capacityProviderStrategies: [{ capacityProvider: ref, weight: 1 }, { capacityProvider: 'FARGATE_SPOT', weight: 1 }] };
    }, /must not mix Fargate .*, got: Stack\/Provider and FARGATE_SPOT;/],
    ['an expression over 2000 characters', onEc2, () => ({ placementConstraints: [ecs.PlacementConstraint.memberOf('x'.repeat(2001))] }),
      '[Stack/Task] placementConstraints must have expressions of at most 2000 characters, got: 2001'],
    ['no CPU for the task', onFargate, () => ({ taskOverrides: { cpu: 0 } }), '[Stack/Task] taskOverrides.cpu must be a positive integer, got: 0'],
    ['half a MiB for the task', onFargate, () => ({ taskOverrides: { memoryLimitMiB: 512.5 } }),
      '[Stack/Task] taskOverrides.memoryLimitMiB must be a positive integer, got: 512.5'],
    ['ephemeral storage without Fargate', onEc2, () => ({ taskOverrides: { ephemeralStorageGiB: 50 } }),
      '[Stack/Task] taskOverrides.ephemeralStorageGiB can only be set for a task on Fargate, got: 50; remove it, or run the task on Fargate'],
    ['more than 10 environment files', onFargate, ({ stack }) => {
      const bucket = s3.Bucket.fromBucketName(stack, 'Bucket', 'files');
      return { containerOverrides: [{ ...app, environmentFiles: repeat(11, (index) => ecs.EnvironmentFile.fromBucket(bucket, `${index}.env`)) }] };
    }, "[Stack/Task] containerOverrides.environmentFiles must have at most 10 items, got: 11 for container 'app'"],
    ['negative CPU units', onFargate, () => ({ containerOverrides: [{ ...app, cpu: -1 }] }),
      "[Stack/Task] containerOverrides.cpu must be an integer of at least 0, got: -1 for container 'app'"],
    ['less memory than a container can have', onFargate, () => ({ containerOverrides: [{ ...app, memoryLimitMiB: 3 }] }),
      "[Stack/Task] containerOverrides.memoryLimitMiB must be an integer of at least 4, got: 3 for container 'app'"],
    ['a fraction of a reservation', onFargate, () => ({ containerOverrides: [{ ...app, memoryReservationMiB: 99.5 }] }),
      /memoryReservationMiB must be an integer .*, got: 99\.5 for/],
    ['a limit below the reservation', onFargate, () => ({ containerOverrides: [{ ...app, memoryLimitMiB: 128, memoryReservationMiB: 256 }] }),
      "[Stack/Task] containerOverrides.memoryLimitMiB must not be less than memoryReservationMiB, got: 128 and 256 for container 'app'"],
    ['GPUs on Fargate', onFargate, () => ({ containerOverrides: [{ ...app, gpuCount: 1 }, { ...app, resourceRequirements: [] }], onDelete: { containerOverrides: [withShare({ memoryMiB: 1 })] } }),
      "[Stack/Task] containerOverrides.gpuCount and resourceRequirements cannot be set for a task on Fargate (container 'app'); remove them, or run the task on EC2",
      /^\[Stack\/Task\] onDelete\.containerOverrides\.gpuCount and resourceRequirements cannot be set/],
    ['no GPU at all', onEc2, () => ({ containerOverrides: [{ ...app, gpuCount: 0 }] }),
      "[Stack/Task] containerOverrides.gpuCount must be a positive integer, got: 0 for container 'app'"],
    ['a word as the number of GPUs', onEc2, () => ({ containerOverrides: [{ ...app, resourceRequirements: [{ type: ResourceType.GPU, value: 'two' }] }] }),
      "[Stack/Task] containerOverrides.resourceRequirements of type GPU must have a positive integer or ALL as value, got: two for container 'app'"],
    ['a requirement of an unknown type', onEc2, () => ({ containerOverrides: [{ ...app, resourceRequirements: [{ type: 'gpu' as ResourceType, value: '1' }] }] }),
      "[Stack/Task] containerOverrides.resourceRequirements must have a type of GPU, InferenceAccelerator, NeuronDevice, got: 'gpu' for container 'app'"],
    ['a share of a GPU without its size', onEc2, () => ({ containerOverrides: [withShare(undefined!)] }),
      "[Stack/Task] containerOverrides.nvidiaMps.memoryMiB must be a positive integer, got: undefined for container 'app'"],
    ['a share of a GPU without memory', onEc2, () => ({ containerOverrides: [withShare({ memoryMiB: 0 })] }),
      "[Stack/Task] containerOverrides.nvidiaMps.memoryMiB must be a positive integer, got: 0 for container 'app'"],
    ['more than all of a GPU', onEc2, () => ({ containerOverrides: [withShare({ memoryMiB: 1, maxComputePercent: 101 })] }),
      "[Stack/Task] containerOverrides.nvidiaMps.maxComputePercent must be an integer from 1 to 100, got: 101 for container 'app'"],
    ['Neuron devices in two containers', onEc2,
      () => ({ containerOverrides: ['app', 'b'].map((containerName) => ({ containerName, resourceRequirements: [{ type: ResourceType.NEURON_DEVICE, value: 'ALL' }] })) }),
      '[Stack/Task] containerOverrides.resourceRequirements of type NeuronDevice must be in one container only, got: app and b'],
    ['a shared GPU together with a GPU that is not shared', onEc2, () => ({ containerOverrides: [withShare({ memoryMiB: 1 }), { containerName: 'b', gpuCount: 1 }] }),
      '[Stack/Task] containerOverrides.resourceRequirements of type GPU must have a sharingStrategy in all containers or in none, got: app with one, b without'],
    ['startedBy over 128 characters', onFargate, () => ({ startedBy: 'x'.repeat(129) }),
      `[Stack/Task] startedBy must have 1 to 128 letters, digits, hyphens, underscores and slashes, got: '${'x'.repeat(129)}' with length 129`],
    ['startedBy with other characters', onFargate, () => ({ startedBy: 'a:b' }),
      /^\[Stack\/Task\] startedBy .*, got: 'a:b' with length 3/],
    ['a referenceId over 1024 characters', onFargate, () => ({ referenceId: 'x'.repeat(1025) }),
      '[Stack/Task] referenceId must have at most 1024 characters, got: 1025'],
    ['tags of a service', onFargate, () => ({ propagateTags: ecs.PropagatedTagSource.SERVICE }),
      '[Stack/Task] propagateTags must be TASK_DEFINITION or NONE, got: SERVICE; no service starts this task'],
    ['more than 50 tags', onFargate, () => ({ tags: Object.fromEntries(repeat(51, (index) => [`key-${index}`, ''])) }),
      '[Stack/Task] tags must have at most 50 items, got: 51'],
    ['50 tags together with startedBy, which adds one', onFargate,
      () => ({ startedBy: 'me', tags: Object.fromEntries(repeat(50, (index) => [`key-${index}`, ''])) }),
      '[Stack/Task] tags must have at most 49 items together with startedBy, got: 50'],
    ['a tag key over 128 characters', onFargate, () => ({ tags: { ['x'.repeat(129)]: '' } }),
      `[Stack/Task] tags must have keys of 1 to 128 characters, got: 129, '${'x'.repeat(129)}'`],
    ['a tag without a key', onFargate, () => ({ tags: { '': 'value' } }),
      /^\[Stack\/Task\] tags .*, got: 0, ''/],
    ['a tag value over 256 characters', onFargate, () => ({ tags: { key: 'x'.repeat(257) } }),
      "[Stack/Task] tags must have values of at most 256 characters, got: 257 for 'key'"],
    ['a tag key that begins with aws:', onFargate, () => ({ tags: { 'AWS:key': 'value' } }),
      "[Stack/Task] tags must not have keys or values that begin with 'aws:', got: 'AWS:key' = 'value'"],
    ['a tag value that begins with aws:', onFargate, () => ({ tags: { key: 'aws:value' } }),
      /^\[Stack\/Task\] tags .*, got: 'key' = 'aws:value'/],
    ['other characters in a tag value', onFargate, () => ({ tags: { commit: 'fix (urgent) #12' } }),
      "[Stack/Task] tags must contain only letters, digits, spaces and the characters _ . : / = + - @, got: 'commit' = 'fix (urgent) #12'; remove or replace all other characters"],
    ['other characters in a tag key', onFargate, () => ({ tags: { 'cost|centre': 'x' } }), /^\[Stack\/Task\] tags must contain only .*, got: 'cost\|centre' = 'x';/],
    ['brackets in a tag', onFargate, () => ({ tags: { step: 'build[1]' } }), /^\[Stack\/Task\] tags must contain only .*, got: 'step' = 'build\[1\]';/],
    ['a line break in a tag', onFargate, () => ({ tags: { commit: 'fix\nall' } }), /^\[Stack\/Task\] tags must contain only letters/, /^all'; remove or replace all other characters$/],
    ['an emoji in a tag', onFargate, () => ({ tags: { mood: '\u{1F600}' } }), /^\[Stack\/Task\] tags must contain only .*;/],
    ['the reserved tag key', onFargate, () => ({ tags: { 'cdk-ecs-run-task': 'value' } }),
      "[Stack/Task] tags must not have the reserved key 'cdk-ecs-run-task'; choose another key"],
    ['more than one volume', onFargate, ({ stack }) => ({
      volumes: repeat(2, (index) => new ecs.ServiceManagedVolume(stack, `V${index}`, { name: `v${index}`, managedEBSVolume: { size: Size.gibibytes(1) } })),
    }),
    '[Stack/Task] volumes must have at most one item, got: 2; ECS attaches at most one EBS volume to a task'],
    ['a volume without a size', onFargate, (given) => ({ volumes: [volume(given, { managedEBSVolume: undefined })] }),
      "[Stack/Task] volumes must have a size or a snapShotId, got: neither for 'data'; set one of them in managedEBSVolume"],
    ['a volume with the tags of a service', onFargate, (given) => ({
      volumes: [volume(given, {
        managedEBSVolume: { size: Size.gibibytes(1), tagSpecifications: [{ propagateTags: ecs.EbsPropagatedTagSource.SERVICE }] },
      })],
    }),
    "[Stack/Task] volumes must propagate tags from TASK_DEFINITION, got: SERVICE for 'data'; no service starts this task"],
    ['a magnetic volume on Fargate', onFargate, (given) => ({
      volumes: [volume(given, { managedEBSVolume: { size: Size.gibibytes(1), volumeType: ec2.EbsDeviceVolumeType.STANDARD } })],
    }),
    "[Stack/Task] volumes must have a volumeType other than standard for a task on Fargate, got: standard for 'data'; use another volumeType"],
    ['a tag of a volume that begins with aws:, with a long value', onFargate, (given) => ({ volumes: [withTags(given, { 'aws:x': 'y'.repeat(300) })] }),
      "[Stack/Task] volumes.tagSpecifications.tags must have values of at most 256 characters, got: 300 for 'aws:x'",
      /^\[Stack\/Task\] volumes\.tagSpecifications\.tags must not have keys or values that begin with 'aws:'/],
    ['other characters in a tag of a volume', onFargate, (given) => ({ volumes: [withTags(given, { 'a|b': '' })] }),
      /^\[Stack\/Task\] volumes\.tagSpecifications\.tags must contain only letters/],
    ['more than 50 tags of a volume', onFargate, (given) => ({
      volumes: [withTags(given, Object.fromEntries(repeat(51, (index) => [`key-${index}`, ''])))],
    }), '[Stack/Task] volumes.tagSpecifications.tags must have at most 50 items, got: 51'],
    ['a tag that ECS adds to a volume', onFargate, (given) => ({ volumes: [withTags(given, { AmazonECSManaged: 'true' })] }),
      "[Stack/Task] volumes.tagSpecifications.tags must not have the key 'AmazonECSManaged'; remove it, because ECS adds this tag itself"],
    ['a volume initialization rate below 100', onFargate,
      (given) => ({ volumes: [volume(given, { managedEBSVolume: { snapShotId: 'snap-00000001' }, volumeInitializationRate: Size.mebibytes(99) })] }),
      "[Stack/Task] volumeInitializationRate must be from 100 to 300 MiB per second, got: 99 for 'data'"],
    ['a volume initialization rate without a snapshot', onFargate,
      (given) => ({ volumes: [volume(given, { volumeInitializationRate: Size.mebibytes(100) })] }),
      "[Stack/Task] volumeInitializationRate can only be set for a volume with a snapShotId, got: 100 for 'data'; remove it"],
    ['a timeout over 12 hours', onFargate, () => ({ timeout: Duration.minutes(721) }),
      '[Stack/Task] timeout must be from 1 second to 12 hours, in whole seconds, got: 12 hours 1 minute'],
    ['no timeout at all', onFargate, () => ({ timeout: Duration.seconds(0) }),
      /^\[Stack\/Task\] timeout .*, got: 0 seconds/],
    ['a fraction of a second', onFargate, () => ({ timeout: Duration.millis(1500), onDelete: {} }),
      /^\[Stack\/Task\] timeout .*, got: 1 second 500 millis/],
    ['no container in exitCodeFrom', onFargate, () => ({ exitCodeFrom: [] }),
      '[Stack/Task] exitCodeFrom must name at least one container, got: []; remove exitCodeFrom to use the essential containers'],
    ['no success exit code', onFargate, () => ({ successExitCodes: [] }),
      '[Stack/Task] successExitCodes must be a list of at least one integer, got: []'],
    ['a success exit code that is no integer', onFargate, () => ({ successExitCodes: [0, 1.5] }),
      /^\[Stack\/Task\] successExitCodes .*, got: \[0, 1\.5\]/],
    ['a negative number of log lines', onFargate, () => ({ logTailLines: -1 }),
      '[Stack/Task] logTailLines must be an integer from 0 to 10000, got: -1'],
    ['more than 10 retries', onFargate, () => ({ retryAttempts: 11 }),
      '[Stack/Task] retryAttempts must be an integer from 0 to 10, got: 11'],
    ['a negative number of retries', onFargate, () => ({ retryAttempts: -1 }),
      /^\[Stack\/Task\] retryAttempts .*, got: -1/],
    ['half a retry', onFargate, () => ({ retryAttempts: 0.5 }),
      /^\[Stack\/Task\] retryAttempts .*, got: 0\.5/],
    ['onRollback for a task that only the creation runs', onFargate, () => ({ onRollback: OnRollback.RUN, runOn: RunOn.CREATE }),
      '[Stack/Task] onRollback RUN and runOn CREATE cannot both be set, because with CREATE only the creation runs the task; remove one of them'],
    ['ephemeral storage over 200 GiB on delete', onFargate, () => ({ onDelete: { taskOverrides: { ephemeralStorageGiB: 201 } } }),
      /^\[Stack\/Task\] onDelete\.taskOverrides\.ephemeralStorageGiB .*, got: 201/],
    ['gpuCount together with a requirement for GPUs on delete', onEc2,
      () => ({ onDelete: { containerOverrides: [{ ...app, gpuCount: 1, resourceRequirements: [{ type: ResourceType.GPU, value: '1' }] }] } }),
      /^\[Stack\/Task\] onDelete\.containerOverrides\.gpuCount .*cannot both be set/],
    ['minutes that only the deployment knows', onFargate, () => ({ timeout: Duration.minutes(Token.asNumber({ Ref: 'Minutes' })) }),
      '[Stack/Task] timeout must be a Duration.seconds() if only the deployment knows its value, got: Duration.minutes()'],
    ['a timeout over one hour on delete', onFargate, () => ({ onDelete: { timeout: Duration.hours(2) } }),
      '[Stack/Task] onDelete.timeout must be from 1 second to 1 hour, in whole seconds, got: 2 hours'],
    ['no container in exitCodeFrom on delete', onFargate, () => ({ onDelete: { exitCodeFrom: [] } }),
      /^\[Stack\/Task\] onDelete\.exitCodeFrom .*, got: \[\]/],
    ['a definition on delete that does not have the launch type', onFargate,
      (given) => ({ onDelete: { taskDefinition: other(given, ecs.Compatibility.EC2, ecs.NetworkMode.AWS_VPC) } }),
      "[Stack/Task] onDelete.taskDefinition must be compatible with the launch type of the RunTask, FARGATE, got: 'Stack/Other'; change its compatibility"],
    ['a definition on delete without the network interface of the other', () => setup(ecs.Compatibility.EC2, ecs.NetworkMode.AWS_VPC),
      (given) => ({ onDelete: { taskDefinition: other(given, ecs.Compatibility.EC2) } }),
      '[Stack/Task] onDelete.taskDefinition must have network mode awsvpc, like the taskDefinition of the RunTask, got: bridge; change its networkMode'],
    ['a definition on delete with a network interface that the other lacks', onEc2,
      (given) => ({ onDelete: { taskDefinition: other(given, ecs.Compatibility.EC2, ecs.NetworkMode.AWS_VPC) } }),
      '[Stack/Task] onDelete.taskDefinition must have a network mode other than awsvpc, like the taskDefinition of the RunTask, got: awsvpc; change its networkMode'],
  ])('%s', (_, make, props, ...messages) => {
    const given = make();

    expectErrors(() => runTask(given, props(given)), ...messages);
  });

  test.each<[string, Partial<RunTaskProps>, RegExp]>([
    ['a timeout', { timeout: Duration.hours(13) }, /timeout must be/],
    ['a number of retries', { retryAttempts: 11 }, /retryAttempts must be/],
    ['tags', { tags: { '': '' } }, /tags must have keys/],
  ])('%s that both tasks share with one error', (_, props, message) => {
    expectErrors(() => runTask(setup(), { ...props, onDelete: {} }), message);
  });

  describe('a value that the types forbid:', () => {
    const missing = (path: string) => `[Stack/Task] ${path} must have a value, got: nothing; `
      + 'set it, or leave it out if it is optional: a variable of process.env has no value unless it is set where you run the CDK';

    test.each<[string, { readonly [prop in keyof RunTaskProps]?: unknown }, ...(string | RegExp)[]]>([
      ['a variable of process.env that is not set', { environment: { URL: process.env.NOT_SET } }, missing('environment.URL')],
      ['null, which is None in Python', { environment: { URL: null } }, missing('environment.URL')],
      ['nothing in an override', { containerOverrides: [{ ...app, environment: { URL: undefined } }] }, missing('containerOverrides.app.environment.URL')],
      ['nothing in a command', { command: ['migrate', undefined] }, missing('command[1]')],
      ['nothing in the command of an override', { containerOverrides: [{ ...app, command: [null] }] }, missing('containerOverrides.app.command[0]')],
      ['nothing on delete', { onDelete: { command: [undefined], environment: { A: undefined }, containerOverrides: [undefined], exitCodeFrom: [null] } },
        missing('onDelete.command[0]'), missing('onDelete.environment.A'), missing('onDelete.containerOverrides[0]'), missing('onDelete.exitCodeFrom[0]')],
      ['a tag and a trigger without a value', { tags: { owner: undefined }, triggers: { commit: undefined } }, missing('tags.owner'), missing('triggers.commit')],
      ['gaps in lists', {
        capacityProviderStrategies: [undefined],
        containerOverrides: [null, { ...app, environmentFiles: [undefined], resourceRequirements: [undefined] }],
        placementConstraints: [undefined],
        placementStrategies: [undefined],
        securityGroups: [undefined],
        volumes: [undefined],
        vpcSubnets: { subnets: [undefined] },
        taskOverrides: { inferenceAccelerators: [undefined] },
      }, ...[
        'capacityProviderStrategies[0]', 'containerOverrides[0]', 'containerOverrides.app.environmentFiles[0]', 'containerOverrides.app.resourceRequirements[0]',
        'placementConstraints[0]', 'placementStrategies[0]', 'securityGroups[0]', 'volumes[0]', 'vpcSubnets.subnets[0]', 'taskOverrides.inferenceAccelerators[0]',
      ].map(missing)],
      ['items without a name', { capacityProviderStrategies: [{ weight: 1 }], containerOverrides: [{ command: ['migrate'] }, { containerName: 1 }] },
        missing('capacityProviderStrategies[0].capacityProvider'), missing('containerOverrides[0].containerName'),
        '[Stack/Task] containerOverrides[1].containerName must be a string, got: the number 1; convert it to a string'],
      ['a number', { environment: { PORT: 8080 } }, '[Stack/Task] environment.PORT must be a string, got: the number 8080; convert it to a string'],
      ['a boolean in a command', { command: ['--dry', true] }, '[Stack/Task] command[1] must be a string, got: the boolean true; convert it to a string'],
      ['a stack, which has the form of a token', { triggers: { stack: new Stack() }, group: new Stack() },
        ...['triggers.stack', 'group'].map((prop) => `[Stack/Task] ${prop} must be a string, got: an object; convert it to a string`)],
      ['an object', { triggers: { config: {} } }, '[Stack/Task] triggers.config must be a string, got: an object; convert it to a string'],
      ['a list', { tags: { zones: ['a'] } }, '[Stack/Task] tags.zones must be a string, got: a list; convert it to a string'],
      ['a function', { environment: { URL: () => '' } }, '[Stack/Task] environment.URL must be a string, got: a function; convert it to a string'],
      ['a string for a list', { command: 'npm run migrate' }, "[Stack/Task] command must be a list, got: 'npm run migrate'"],
      ['a construct for a list', { executeBefore: {} }, '[Stack/Task] executeBefore must be a list, got: an object'],
      ['null for a list', { containerOverrides: null }, '[Stack/Task] containerOverrides must be a list, got: nothing'],
      ['a list for a map', { environment: [{ name: 'A', value: 'a' }] }, '[Stack/Task] environment must be a map, got: a list'],
      ['null for a map', { tags: null }, '[Stack/Task] tags must be a map, got: nothing'],
      ['a string for a map', { triggers: 'v1' }, "[Stack/Task] triggers must be a map, got: 'v1'"],
      ['a number for a list', { successExitCodes: 0 }, '[Stack/Task] successExitCodes must be a list, got: the number 0'],
      ['a number for a Duration', { timeout: 30, onDelete: { timeout: 30 } },
        '[Stack/Task] timeout must be a Duration, got: the number 30', '[Stack/Task] onDelete.timeout must be a Duration, got: the number 30'],
      ['a number for a string', { startedBy: 5, referenceId: 5, group: 5 }, ...['startedBy', 'referenceId', 'group']
        .map((prop) => `[Stack/Task] ${prop} must be a string, got: the number 5; convert it to a string`)],
      ['a string for a boolean', { assignPublicIp: 'false' }, "[Stack/Task] assignPublicIp must be a boolean, got: 'false'"],
      ['a string for an object', { onDelete: 'x', taskOverrides: [] },
        "[Stack/Task] onDelete must be an object, got: 'x'", '[Stack/Task] taskOverrides must be an object, got: a list'],
      ['a number for a version', { platformVersion: 1.4 },
        '[Stack/Task] platformVersion must be a string, got: the number 1.4; convert it to a string'],
      ['a token for what synthesis reads', {
        securityGroups: list, timeout: number, tags: Token.asAny({ Ref: 'Map' }), containerOverrides: Token.asAny({ Ref: 'List' }), onDelete: Token.asAny({ Ref: 'Map' }),
      }, ...['securityGroups[0] must be a construct', 'timeout must be a Duration', 'tags must be a map', 'containerOverrides must be a list', 'onDelete must be an object']
        .map((error) => `[Stack/Task] ${error}, got: a token`)],
      ['requirements without a type, and an accelerator without a name', {
        containerOverrides: [{ ...app, resourceRequirements: [{ value: '1' }] }], taskOverrides: { inferenceAccelerators: [{ deviceType: 'eia1.medium' }] },
      }, missing('containerOverrides.app.resourceRequirements[0].type'), missing('taskOverrides.inferenceAccelerators[0].deviceName')],
      ['no cluster and no definition', { cluster: undefined, taskDefinition: null }, missing('cluster'), missing('taskDefinition')],
      ['an id or an ARN for a construct', {
        cluster: 'default', securityGroups: ['sg-1'], taskOverrides: { taskRole: 'arn:aws:iam::123456789012:role/app' }, volumes: [{ name: 'data' }],
      },
      "[Stack/Task] cluster must be a construct, got: 'default'", "[Stack/Task] securityGroups[0] must be a construct, got: 'sg-1'",
      "[Stack/Task] taskOverrides.taskRole must be a construct, got: 'arn:aws:iam::123456789012:role/app'",
      '[Stack/Task] volumes[0] must be a construct, got: an object'],
      ['objects that are not of the CDK', { containerOverrides: [{ ...app, environmentFiles: ['a.env'] }], placementConstraints: [{}], placementStrategies: [{}] },
        "[Stack/Task] containerOverrides.app.environmentFiles[0] must be an EnvironmentFile, got: 'a.env'",
        '[Stack/Task] placementConstraints[0] must be a PlacementConstraint, got: an object',
        '[Stack/Task] placementStrategies[0] must be a PlacementStrategy, got: an object'],
      ['a value that an enum does not have', { runOn: 'create', completeWhen: '', launchType: 'MANAGED_INSTANCES' },
        "[Stack/Task] launchType must be one of EC2, FARGATE, EXTERNAL, got: 'MANAGED_INSTANCES'",
        "[Stack/Task] runOn must be one of CHANGE, CREATE, EVERY_DEPLOYMENT, got: 'create'",
        "[Stack/Task] completeWhen must be one of EXIT_CODES_KNOWN, TASK_STOPPED, got: ''"],
    ])('%s', (_, props, ...messages) => {
      expectErrors(() => runTask(setup(), props as RunTaskProps), ...messages);
    });

    test('in a volume', () => {
      const props = { deleteOnTermination: 'no', volumeInitializationRate: 100 } as unknown as Parameters<typeof volume>[1];

      expectErrors(() => volume(setup(), props),
        "[Stack/Data] deleteOnTermination must be a boolean, got: 'no'", '[Stack/Data] volumeInitializationRate must be a Size, got: the number 100');
    });

    test('in the tags of a volume', () => {
      const given = setup();

      expectErrors(() => runTask(given, { volumes: [withTags(given, { owner: undefined as unknown as string })] }), missing('volumes.tagSpecifications.tags.owner'));
    });

    test('in a tag that the task inherits', () => {
      const given = setup();
      runTask(given, { inheritTags: true });
      Tags.of(given.stack).add('owner', 5 as unknown as string);

      expectErrors(() => Template.fromStack(given.stack), '[Stack/Task] tags.owner must be a string, got: the number 5; convert it to a string');
    });

    test('in a variable that is known late', () => {
      const given = setup();
      const late = Lazy.string({ produce: () => undefined });
      const onDelete = { containerOverrides: [{ ...app, environment: { URL: late } }] };
      runTask(given, { environment: { URL: late, PORT: Token.asString(8080) }, onDelete });

      expectErrors(() => Template.fromStack(given.stack),
        missing('environment.URL'), missing('onDelete.containerOverrides.app.environment.URL'));
    });

    test.each([['runOn', 'CHANGE, CREATE, EVERY_DEPLOYMENT'], ['onRollback', 'SKIP, RUN']])('a %s that only the deployment knows', (prop, values) => {
      expectErrors(() => runTask(setup(), { [prop]: text }), new RegExp(`^\\[Stack/Task\\] ${prop} must be known at synthesis, got: a token; use one of ${values}$`));
    });

    test('in the props of forService', () => {
      const { stack, cluster, taskDefinition } = setup();
      const service = new ecs.FargateService(stack, 'Service', { cluster, taskDefinition });
      const props = { environment: { URL: undefined as unknown as string }, executeBefore: stack as unknown as IConstruct[] };

      expectErrors(() => RunTask.forService(stack, 'Task', service, props), missing('environment.URL'), '[Stack/Task] executeBefore must be a list, got: an object');
    });

    test('but not a value that only the deployment knows, which can have any form', () => {
      const value = Token.asAny({ Ref: 'Value' }) as unknown as string;
      const given = setup();
      runTask(given, {
        command: ['sleep', value],
        environment: { A: value, B: number as unknown as string },
        tags: { a: value },
        triggers: { a: value },
        containerOverrides: undefined,
        taskOverrides: undefined,
      });

      expect(requestOf(given.stack).overrides?.containerOverrides?.[0].environment).toEqual([{ name: 'A', value: '<Value>' }, { name: 'B', value: '<Number>' }]);
    });
  });

  describe.each(['executeAfter', 'executeBefore'] as const)('in %s', (prop) => {
    test.each<[string, (given: Setup) => unknown, string]>([
      ['an element that is missing', () => undefined, 'nothing'],
      ['null, which is None in Python', () => null, 'nothing'],
      ['a list', ({ vpc }) => [vpc], 'a list'],
      ['a selection of subnets', ({ vpc }) => vpc.selectSubnets(), 'an object'],
      ['a name', () => 'Database', "'Database'"],
    ])('%s, as prop and by method', (_, make, found) => {
      const given = setup();
      const scopes = [given.cluster, make(given)] as IConstruct[];
      const message = `[Stack/Task] ${prop} must be a list of constructs, got: ${found} at index 1; remove it, or name the construct itself`;

      expectErrors(() => runTask(given, { [prop]: scopes }), message);
      expectErrors(() => runTask(setup())[prop](...scopes), message);
    });

    test('nothing that is imported or looked up', () => {
      const given = setup();
      const group = ec2.SecurityGroup.fromSecurityGroupId(given.stack, 'Group', 'sg-00000001');

      expectErrors(() => runTask(given, { [prop]: [group, given.vpc] }));
    });
  });

  test('all wrong props with one error', () => {
    expectErrors(() => runTask(setup(), { count: 11, startedBy: '' }), /count must be/, /startedBy must have/);
  });
});

test.each<[string, ecs.ServiceManagedEBSVolumeConfiguration, RegExp]>([
  ['a size', { size: Size.gibibytes(16_385) }, /between 1 and 16384 GiB/],
  ['a number of IOPS', { size: Size.gibibytes(1), volumeType: ec2.EbsDeviceVolumeType.GP3, iops: 2_999 }, /between 3000 and/],
  ['a throughput', { size: Size.gibibytes(1), volumeType: ec2.EbsDeviceVolumeType.GP3, throughput: 5_000 }, /less than or equal to/],
])('the CDK itself rejects %s that no volume can have', (_, managedEBSVolume, message) => {
  expect(() => volume(setup(), { managedEBSVolume })).toThrow(message);
});

describe('synthesis rejects, when the task definition is complete,', () => {
  test.each<[string, Props, ...Array<string | RegExp>]>([
    ['overrides longer than 8192 characters', () => ({ containerOverrides: [{ ...app, command: ['x'.repeat(8192)] }] }),
      '[Stack/Task] containerOverrides and taskOverrides must have at most 8192 characters as JSON, got: 8246; move long values to the taskDefinition or to environmentFiles'],
    ['overrides longer than 8192 characters on delete', () => ({ onDelete: { containerOverrides: [{ ...app, command: ['x'.repeat(8192)] }] } }),
      /^\[Stack\/Task\] onDelete\.containerOverrides .*, got: 8246/],
    ...Object.entries({
      'next to one that only the deployment knows': 'x'.repeat(8192) + text,
      'that are known late': Lazy.string({ produce: () => 'x'.repeat(8192) }),
      'in JSON': new Stack().toJsonString({ a: text, b: 'x'.repeat(8186) }),
      'in Fn::Sub': Fn.sub(`${'x'.repeat(8192)}\${AWS::Region}`),
    }).map(([name, value]): [string, Props, RegExp] => [
      `overrides with more than 8192 characters ${name}`, () => ({ command: [value] }), /^\[Stack\/Task\] containerOverrides and taskOverrides must .*, got: 82\d\d;/,
    ]),
    ['more than 50 tags including those that the definition propagates', ({ taskDefinition }) => {
      repeat(30, (index) => Tags.of(taskDefinition).add(`tag-${index}`, ''));
      return { propagateTags: ecs.PropagatedTagSource.TASK_DEFINITION, tags: Object.fromEntries(repeat(30, (index) => [`tag-${index + 21}`, ''])) };
    },
    '[Stack/Task] tags must have at most 50 items together with those that propagateTags adds from the taskDefinition, got: 51'],
    ['more than 49 tags including those that the definition of onDelete propagates, with startedBy', (given) => {
      const taskDefinition = other(given);
      repeat(50, (index) => Tags.of(taskDefinition).add(`tag-${index}`, ''));
      return { startedBy: 'me', propagateTags: ecs.PropagatedTagSource.TASK_DEFINITION, onDelete: { taskDefinition } };
    },
    '[Stack/Task] tags must have at most 49 items together with those that propagateTags adds from the onDelete.taskDefinition, got: 50'],
    ['an override for a container that does not exist', () => ({ containerOverrides: [{ containerName: 'ap' }] }),
      "[Stack/Task] containerOverrides must name containers of the taskDefinition, got: 'ap'; the taskDefinition has: app"],
    ['enableExecuteCommand without a task role', ({ stack }) => {
      const resource = new ecs.CfnTaskDefinition(stack, 'L1', { networkMode: 'awsvpc', requiresCompatibilities: ['FARGATE'], cpu: '256', memory: '512' });
      return { enableExecuteCommand: true, taskDefinition: definitionOf(stack, resource.ref) };
    },
    "[Stack/Task] enableExecuteCommand requires a task role, got: none for 'Stack/L1'; set its taskRole, or taskOverrides.taskRole"],
    ['enableExecuteCommand with a task role for one of the two tasks', ({ stack, taskDefinition }) => {
      (taskDefinition.node.defaultChild as ecs.CfnTaskDefinition).addPropertyDeletionOverride('TaskRoleArn');
      return { enableExecuteCommand: true, taskOverrides: { taskRole: iam.Role.fromRoleName(stack, 'Role', 'app') }, onDelete: {} };
    },
    "[Stack/Task] enableExecuteCommand requires a task role, got: none for 'Stack/Definition/Resource'; set its taskRole, or onDelete.taskOverrides.taskRole"],
    ['an exit code from a container that does not exist', () => ({ exitCodeFrom: ['app', 'ap'] }),
      "[Stack/Task] exitCodeFrom must name containers of the taskDefinition, got: 'ap'; the taskDefinition has: app"],
    ['a command together with an override of the default container', () => ({ command: ['up'], environment: { A: '1' }, containerOverrides: [{ ...app, cpu: 1 }] }),
      "[Stack/Task] command and containerOverrides cannot both override the default container 'app'; move command into containerOverrides"],
    ['an environment together with an override of the default container', () => ({ environment: {}, containerOverrides: [app] }),
      "[Stack/Task] environment and containerOverrides cannot both override the default container 'app'; move environment into containerOverrides"],
    ['a command for an imported definition', ({ stack }) => ({
      command: ['up'],
      taskDefinition: ecs.TaskDefinition.fromTaskDefinitionAttributes(stack, 'Imported', {
        taskDefinitionArn: 'arn:aws:ecs:eu-west-1:123456789012:task-definition/imported:1',
        compatibility: ecs.Compatibility.FARGATE,
        networkMode: ecs.NetworkMode.AWS_VPC,
      }),
    }),
    '[Stack/Task] command cannot be set for an imported taskDefinition, because its default container is unknown; use containerOverrides instead'],
    ['an environment for a definition without an essential container', ({ stack }) => ({
      environment: { A: '1' }, taskDefinition: new ecs.FargateTaskDefinition(stack, 'Empty'),
    }),
    '[Stack/Task] environment cannot be set, because the taskDefinition has no default container; add an essential container, or use containerOverrides'],
    ['a command on delete together with an override of the default container', (given) => ({
      onDelete: { taskDefinition: other(given), command: ['down'], containerOverrides: [{ containerName: 'clean-up' }] },
    }),
    "[Stack/Task] onDelete.command and containerOverrides cannot both override the default container 'clean-up'; move command into containerOverrides"],
    ['a volume that the definition does not configure at launch', ({ stack }) => ({
      volumes: [new ecs.ServiceManagedVolume(stack, 'Data', { name: 'data', managedEBSVolume: { size: Size.gibibytes(1) } })],
    }),
    "[Stack/Task] volumes must name volumes that the taskDefinition configures at launch, got: 'data'; add the volume with taskDefinition.addVolume"],
    ['no volume, although the definition configures one at launch', (given) => {
      volume(given);
      return {};
    },
    "[Stack/Task] volumes must include 'data', which the taskDefinition configures at launch, got: none"],
    ['a volume with another name than the one that the definition configures at launch', (given) => {
      volume(given);
      return { volumes: [new ecs.ServiceManagedVolume(given.stack, 'Wrong', { name: 'date', managedEBSVolume: { size: Size.gibibytes(1) } })] };
    },
    /volumes must name volumes/, /volumes must include .*, got: date/],
    ['the reserved tag on a definition whose tags it propagates', ({ taskDefinition }) => {
      Tags.of(taskDefinition).add('cdk-ecs-run-task', 'value');
      return { propagateTags: ecs.PropagatedTagSource.TASK_DEFINITION };
    },
    "[Stack/Task] propagateTags must not propagate the reserved tag 'cdk-ecs-run-task', got: TASK_DEFINITION; remove the tag from the taskDefinition"],
    ['the reserved tag on a definition on delete whose tags it propagates', (given) => {
      const taskDefinition = other(given);
      Tags.of(taskDefinition).add('cdk-ecs-run-task', 'value');
      return { propagateTags: ecs.PropagatedTagSource.TASK_DEFINITION, onDelete: { taskDefinition } };
    },
    /remove the tag from the onDelete\.taskDefinition$/],
    ['more than 50 tags, including inherited tags', ({ stack }) => {
      repeat(26, (index) => Tags.of(stack).add(`inherited-${index}`, ''));
      return { inheritTags: true, tags: Object.fromEntries(repeat(25, (index) => [`tag-${index}`, ''])) };
    },
    '[Stack/Task] tags must have at most 50 items, got: 51'],
    ['the reserved tag among the inherited tags', ({ stack }) => {
      Tags.of(stack).add('cdk-ecs-run-task', 'value');
      return { inheritTags: true };
    },
    "[Stack/Task] tags must not have the reserved key 'cdk-ecs-run-task'; choose another key"],
    ['an exit code on delete from a definition without containers', ({ stack }) => ({
      onDelete: { taskDefinition: new ecs.FargateTaskDefinition(stack, 'Empty'), exitCodeFrom: ['app'] },
    }),
    "[Stack/Task] onDelete.exitCodeFrom must name containers of the onDelete.taskDefinition, got: 'app'; the onDelete.taskDefinition has: none"],
    ['an override on delete for a container that does not exist', () => ({ onDelete: { containerOverrides: [{ containerName: 'ap' }] } }),
      /^\[Stack\/Task\] onDelete\.containerOverrides .*, got: 'ap'/],
    ['an override on delete for a container of the other definition', (given) => ({
      onDelete: { taskDefinition: other(given), containerOverrides: [app] },
    }),
    "[Stack/Task] onDelete.containerOverrides must name containers of the onDelete.taskDefinition, got: 'app'; the onDelete.taskDefinition has: clean-up"],
    ['an exit code on delete from a container that does not exist', () => ({ onDelete: { exitCodeFrom: ['ap'] } }),
      /^\[Stack\/Task\] onDelete\.exitCodeFrom .*, got: 'ap'/],
    ['a definition on delete with its own volume', (given) => {
      const definition = other(given);
      definition.addVolume({ name: 'data', configuredAtLaunch: true });
      definition.findContainer('clean-up')!.addMountPoints({ sourceVolume: 'data', containerPath: '/data', readOnly: false });
      return { onDelete: { taskDefinition: definition } };
    },
    "[Stack/Task] onDelete.taskDefinition must not configure volumes at launch, got: 'data'; remove the volume, or use the taskDefinition of the RunTask"],
  ])('%s', (_, props, ...messages) => {
    const given = setup();
    runTask(given, props(given));

    expectErrors(() => Template.fromStack(given.stack), ...messages);
  });

  test('more than 10 placement constraints including constraints that the task definition gets later', () => {
    const given = onEc2();
    runTask(given, { placementConstraints: [ecs.PlacementConstraint.memberOf(...repeat(10, (index) => `attribute:b == ${index}`))] });
    given.taskDefinition.addPlacementConstraint(ecs.PlacementConstraint.memberOf('attribute:a == 1'));

    expectErrors(() => Template.fromStack(given.stack), '[Stack/Task] placementConstraints must have at most 10 items, including the constraints of the taskDefinition, got: 11');
  });

  test('but not 10 placement constraints', () => {
    const given = onEc2();
    runTask(given, { placementConstraints: [ecs.PlacementConstraint.memberOf(...repeat(9, (index) => `attribute:b == ${index}`))] });
    given.taskDefinition.addPlacementConstraint(ecs.PlacementConstraint.memberOf('attribute:a == 1'));

    expect(() => Template.fromStack(given.stack)).not.toThrow();
  });
});

describe('synthesis rejects a lazy value that is outside its limit:', () => {
  const lazy = (value: number) => Lazy.number({ produce: () => value });
  const lazyText = (value: string) => Lazy.string({ produce: () => value });
  test.each<[string, () => Setup, Props, ...Array<string | RegExp>]>([
    ['a count', onFargate, () => ({ count: lazy(11) }), '[Stack/Task] count must be an integer from 1 to 10, got: 11'],
    ['a count that is a text', onFargate, () => ({ count: Token.asNumber(Lazy.any({ produce: () => '11' })) }), '[Stack/Task] count must be an integer from 1 to 10, got: 11'],
    ['the number of retries and of lines', onFargate, () => ({ retryAttempts: lazy(11), logTailLines: lazy(-1) }), /retryAttempts must .*, got: 11$/, /logTailLines must .*, got: -1$/],
    ['a timeout', onFargate, () => ({ timeout: Duration.seconds(lazy(7200)), onDelete: { timeout: Duration.seconds(lazy(0)) } }),
      '[Stack/Task] timeout must be from 1 second to 1 hour if it is lazy, in whole seconds, got: 7200 seconds',
      '[Stack/Task] onDelete.timeout must be from 1 second to 1 hour if it is lazy, in whole seconds, got: 0 seconds'],
    ['an exit code', onFargate, () => ({ successExitCodes: [0, lazy(1.5)] }), '[Stack/Task] successExitCodes must be a list of at least one integer, got: [0, 1.5]'],
    ['a weight and a base', onFargate, () => ({ capacityProviderStrategies: [{ capacityProvider: 'FARGATE', weight: lazy(1001), base: lazy(-1) }] }),
      /integer weights .*, got: 1001 for FARGATE$/, /integer base .*, got: -1 for FARGATE$/],
    ['sizes in overrides, of onDelete too', onFargate, () => ({
      containerOverrides: [{ ...app, cpu: lazy(-1) }], onDelete: { taskOverrides: { ephemeralStorageGiB: lazy(20) } },
    }), /^\[Stack\/Task\] containerOverrides\.cpu must .*, got: -1/, /^\[Stack\/Task\] onDelete\.taskOverrides\.ephemeralStorageGiB must .*, got: 20$/],
    ['a launch type', onEc2, () => ({ launchType: lazyText('EC3') as ecs.LaunchType }), /launchType must be one of .*, got: 'EC3'$/, /must have EC3 in its RequiresCompatibilities/],
    ['a launch type that is no text yet', onEc2, () => ({ launchType: Lazy.any({ produce: () => 'EC3' }) as unknown as ecs.LaunchType }), /launchType must be one of .*, got: 'EC3'$/, /must have EC3 in/],
    ['a tag that begins with aws:', onFargate, () => ({ tags: { [lazyText('aws:a')]: 'b' } }), /must not have keys or values that begin with 'aws:', got: 'aws:a' = 'b'$/],
    ['the name of a container', onFargate, () => ({ containerOverrides: [{ containerName: lazyText('ap') }], exitCodeFrom: [lazyText('ap')] }),
      /^\[Stack\/Task\] containerOverrides must name containers .*, got: 'ap'/, /^\[Stack\/Task\] exitCodeFrom must name containers .*, got: 'ap'/],
    ['the name of a container that is a number', onFargate, () => ({ exitCodeFrom: [Token.asString(Lazy.any({ produce: () => 5 }))] }), /exitCodeFrom must name containers .*, got: '5'/],
    ['a list of containers', onFargate, () => ({ exitCodeFrom: Lazy.list({ produce: () => ['ap'] }) }), /exitCodeFrom must name containers .*, got: 'ap'/],
    ['an expression', onEc2, () => ({ placementConstraints: [ecs.PlacementConstraint.memberOf(lazyText('x'.repeat(2001)))] }), /expressions of at most 2000 characters, got: 2001$/],
    ['a variable without a value', onFargate, () => ({ command: [Lazy.string({ produce: () => undefined })] }), /^\[Stack\/Task\] command\[0\] must have a value/],
  ])('%s', (_, make, props, ...messages) => {
    const given = make();
    runTask(given, props(given));

    expectErrors(() => Template.fromStack(given.stack), ...messages);
  });

  test('but not one within its limit', () => {
    const given = setup();
    runTask(given, { count: lazy(10), startedBy: lazyText('me'), command: [lazyText('migrate')] });

    expect(requestOf(given.stack)).toMatchObject({ count: 10, startedBy: 'me' });
  });
});

test('synthesis rejects more than 10 placement constraints including constraints of the task definition of onDelete', () => {
  const given = onEc2();
  const taskDefinition = other(given, ecs.Compatibility.EC2);
  runTask(given, {
    placementConstraints: [ecs.PlacementConstraint.memberOf(...repeat(10, (index) => `attribute:b == ${index}`))], onDelete: { taskDefinition },
  });
  taskDefinition.addPlacementConstraint(ecs.PlacementConstraint.memberOf('attribute:a == 1'));

  expectErrors(() => Template.fromStack(given.stack), /including the constraints of the onDelete\.taskDefinition, got: 11$/);
});

describe('synthesis rejects labels that the deployment completes:', () => {
  const characters = (tag: string) => `[Stack/Task] tags must contain only letters, digits, spaces and the characters _ . : / = + - @, got: ${tag}; remove or replace all other characters`;
  test.each<[string, Props, ...Array<string | RegExp>]>([
    ['other characters of startedBy', () => ({ startedBy: `deploy:${Aws.STACK_NAME}` }),
      "[Stack/Task] startedBy must have 1 to 128 letters, digits, hyphens, underscores and slashes, got: 'deploy:' with length 7"],
    ['other characters of startedBy, between values', () => ({ startedBy: Fn.join('.', [Aws.STACK_NAME, Aws.REGION]) }), /startedBy must .*, got: '\.' with length 1$/],
    ['other characters of startedBy, in a text to fill in', () => ({ startedBy: Fn.sub('of ${AWS::StackName}') }), /startedBy must .*, got: 'of ' with length 3$/],
    ['other characters of startedBy, in a text to fill in with variables', () => ({ startedBy: Fn.sub('of ${Name}', { Name: Aws.REGION }) }), /startedBy must .*, got: 'of ' with length 3$/],
    ['a long startedBy', () => ({ startedBy: 'x'.repeat(129) + Aws.STACK_NAME }), /startedBy must have 1 to 128 .* with length 129$/],
    ['a long referenceId', () => ({ referenceId: 'x'.repeat(1025) + text }), '[Stack/Task] referenceId must have at most 1024 characters, got: 1025'],
    ['long tags, and tags with other characters', () => ({ tags: { cause: `fix #${text}`, [`#${text}`]: 'a', long: 'x'.repeat(257) + text } }),
      characters("'cause' = 'fix #'"), characters("'#' = 'a'"), "[Stack/Task] tags must have values of at most 256 characters, got: 257 for 'long'"],
    ['tags of a volume', (given) => ({ volumes: [withTags(given, { cause: `fix #${text}` })] }), /^\[Stack\/Task\] volumes\.tagSpecifications\.tags must contain only .*'fix #'/],
    ['lazy values, which synthesis knows', () => ({
      tags: { cause: Lazy.string({ produce: () => '#1' }) }, startedBy: Lazy.string({ produce: () => '' }),
    }), /startedBy must have .*, got: '' with length 0$/, characters("'cause' = '#1'")],
  ])('%s', (_, props, ...messages) => {
    const given = setup();
    new CfnParameter(given.stack, 'Text');
    runTask(given, props(given));

    expectErrors(() => Template.fromStack(given.stack), ...messages);
  });

  test('a tag that the task inherits', () => {
    const given = setup();
    runTask(given, { inheritTags: true });
    Tags.of(given.stack).add('cause', `fix #${Aws.STACK_NAME}`);

    expectErrors(() => Template.fromStack(given.stack), characters("'cause' = 'fix #'"));
  });

  describe('what is wrong in each branch of a condition', () => {
    const either = (first: unknown, second: unknown) => Fn.conditionIf('Condition', first, second).toString();
    test.each<[string, Partial<RunTaskProps>, ...Array<string | RegExp>]>([
      ['startedBy', { startedBy: either('a b', 'b.') }, /startedBy must have .*, got: 'a b' with length 3$/],
      ['the characters of a tag', { tags: { cause: either('#1', either('#2', '#3')) } }, characters("'cause' = '#1'")],
      ['the length of a tag', { tags: { long: either('x'.repeat(257), 'x'.repeat(300)) } }, /at most 256 characters, got: 257 for 'long'$/],
      ['the length of a variable', { environment: { A: either('x'.repeat(9000), `${'x'.repeat(9001)}${Aws.REGION}`) } }, /must have at most 8192 characters as JSON, got: 90\d\d;/],
      ['the length of a list', { command: Token.asList(Fn.conditionIf('Condition', ['x'.repeat(8192)], repeat(2, () => 'x'.repeat(9000)))) }, /got: 82\d\d;/],
    ])('%s', (_, props, ...messages) => {
      const given = setup();
      new CfnCondition(given.stack, 'Condition');
      runTask(given, props);

      expectErrors(() => Template.fromStack(given.stack), ...messages);
    });

    test.each<[string, Partial<RunTaskProps>]>([
      ['a tag', { tags: { cause: either('#', 'longer') } }],
      ['startedBy, which can be left out', { startedBy: either('a b', Aws.NO_VALUE) }],
      ['the length of a variable, or of a list', {
        environment: { A: either('x'.repeat(9000), Aws.NO_VALUE) }, command: Token.asList(Fn.conditionIf('Condition', ['x'.repeat(9000)], [])),
      }],
    ])('but not in one of them: %s', (_, props) => {
      const given = setup();
      new CfnCondition(given.stack, 'Condition');
      runTask(given, props);

      expect(() => Template.fromStack(given.stack)).not.toThrow();
    });
  });

  test('but not what a condition can leave out', () => {
    const given = setup();
    const condition = new CfnCondition(given.stack, 'Condition', { expression: Fn.conditionEquals(Aws.REGION, 'eu-west-1') });
    const optional = Token.asString(Fn.conditionIf(condition.logicalId, 'a', Aws.NO_VALUE));
    runTask(given, { startedBy: Fn.join('.', ['deploy', optional]), tags: { [Aws.REGION]: Aws.STACK_NAME } });

    expect(() => Template.fromStack(given.stack)).not.toThrow();
  });
});

test('the template contains what is added to the task definition after the RunTask', () => {
  const given = onEc2();
  runTask(given, {});
  given.taskDefinition.addPlacementConstraint(ecs.PlacementConstraint.memberOf('attribute:a == 1'));
  given.taskDefinition.addVolume({ name: 'late' });

  Template.fromStack(given.stack).hasResourceProperties('AWS::ECS::TaskDefinition', {
    PlacementConstraints: [{ Type: 'memberOf', Expression: 'attribute:a == 1' }],
    Volumes: [{ Name: 'late' }],
  });
});

describe('a RunTask accepts', () => {
  test.each<[string, () => Setup, Props]>([
    ['a count', onFargate, () => ({ count: number })],
    ['capacity providers on Fargate', onFargate, () => ({
      capacityProviderStrategies: [{ capacityProvider: text, base: number, weight: number }], platformVersion: ecs.FargatePlatformVersion.LATEST,
    })],
    ['capacity providers other than Fargate', onEc2,
      () => ({ capacityProviderStrategies: [{ capacityProvider: text }], placementStrategies: [ecs.PlacementStrategy.randomly()] })],
    ['a platform version', onFargate, () => ({ platformVersion: text as ecs.FargatePlatformVersion })],
    ['placement', onEc2, () => ({
      placementConstraints: [ecs.PlacementConstraint.memberOf(text)], placementStrategies: [ecs.PlacementStrategy.spreadAcross(text)],
    })],
    ['subnets', onFargate, ({ stack }) => ({ vpcSubnets: { subnets: [ec2.Subnet.fromSubnetId(stack, 'Subnet', text)] } })],
    ['security groups', onFargate, ({ stack }) => ({ securityGroups: groups(stack, [text]) })],
    ['overrides', onFargate, () => ({ containerOverrides: [{ ...app, command: list, environment: { A: text.repeat(500) } }] })],
    ['overrides of the task', onFargate, () => ({ taskOverrides: { cpu: number, memoryLimitMiB: number, ephemeralStorageGiB: number } })],
    ['devices', onEc2, () => ({ containerOverrides: [{ ...app, resourceRequirements: [{ type: ResourceType.NEURON_DEVICE, value: text }] }] })],
    ['a name of a container', onFargate, () => ({ containerOverrides: [{ containerName: text }], exitCodeFrom: [text] })],
    ['names of containers', onFargate, () => ({ exitCodeFrom: list })],
    ['startedBy', onFargate, () => ({ startedBy: text })],
    ['referenceId', onFargate, () => ({ referenceId: text })],
    ['propagateTags', onFargate, () => ({ propagateTags: text as ecs.PropagatedTagSource })],
    ['tags', onFargate, () => ({ tags: { 'key': text, [text]: 'value', 'CDK-ECS-RUN-TASK': 'another key' } })],
    ['sizes of a container', onFargate, () => ({ containerOverrides: [{ ...app, cpu: number, memoryLimitMiB: number, memoryReservationMiB: number }] })],
    ['GPUs', onEc2, () => ({ containerOverrides: [{ ...app, gpuCount: number }] })],
    ['a share of a GPU', onEc2, () => ({ containerOverrides: [withShare({ memoryMiB: number, maxComputePercent: number })] })],
    ['weights and bases of several capacity providers', onFargate, () => ({
      capacityProviderStrategies: ['FARGATE', text].map((capacityProvider) => ({ capacityProvider, weight: number, base: number })),
    })],
    ['a volume', onFargate, (given) => ({
      volumes: [volume(given, {
        managedEBSVolume: { snapShotId: text, tagSpecifications: [{ tags: { key: text, [text]: 'value' } }] },
        volumeInitializationRate: Size.mebibytes(Lazy.number({ produce: () => 100 })),
      })],
    })],
    ['a timeout', onFargate, () => ({ timeout: Duration.seconds(number) })],
    ['exit codes', onFargate, () => ({ successExitCodes: [number] })],
    ['log lines', onFargate, () => ({ logTailLines: number })],
    ['retries', onFargate, () => ({ retryAttempts: number })],
    ['everything on delete', onFargate, () => ({
      onDelete: {
        containerOverrides: [{ containerName: text, command: list }],
        taskOverrides: { ephemeralStorageGiB: number },
        exitCodeFrom: list,
        timeout: Duration.seconds(number),
      },
    })],
  ])('a token for %s', (_, make, props) => {
    const given = make();
    ['Number', 'Text', 'List'].forEach((id) => new CfnParameter(given.stack, id));
    runTask(given, props(given));

    expect(() => Template.fromStack(given.stack)).not.toThrow();
  });

  test.each<[string, Partial<RunTaskProps>]>([
    ["with the cluster's default strategy", { capacityProviderStrategies: [] }],
    ['when only the deployment knows one of the providers', { capacityProviderStrategies: [{ capacityProvider: text }, { capacityProvider: 'instances', weight: 1 }] }],
  ])('a platform version %s', (_, props) => {
    expect(() => runTask(setup(), { ...props, platformVersion: ecs.FargatePlatformVersion.VERSION1_4 })).not.toThrow();
  });

  test.each<[string, Partial<RunTaskProps>]>([
    ['overrides of 8192 characters', { containerOverrides: [{ ...app, command: ['x'.repeat(8138)] }] }],
    ['a referenceId of 1024 characters', { referenceId: 'x'.repeat(1024) }],
    ['50 tags', { tags: Object.fromEntries(repeat(50, (index) => [`key-${index}`, ''])) }],
    ['49 tags in addition to the tag that startedBy adds', { startedBy: 'me', tags: Object.fromEntries(repeat(49, (index) => [`key-${index}`, ''])) }],
    ['a tag of 128 and 256 characters', { tags: { ['x'.repeat(128)]: 'x'.repeat(256) } }],
    ['tags with all characters that ECS allows', { tags: { 'Größe 1_./=+-:@': '東京\u00a01' } }],
    ['a tag of 128 characters outside the BMP', { tags: { ['\u{20000}'.repeat(128)]: '\u{20000}'.repeat(256) } }],
    ['a weight for one of two providers', { capacityProviderStrategies: [{ capacityProvider: 'FARGATE', base: 1 }, { capacityProvider: 'FARGATE_SPOT', weight: 1 }] }],
    ['one provider without a weight', { capacityProviderStrategies: [{ capacityProvider: 'FARGATE_SPOT' }] }],
    ['weights and bases at their limits', { capacityProviderStrategies: [{ capacityProvider: 'FARGATE', base: 100_000, weight: 1000 }, { capacityProvider: 'FARGATE_SPOT', base: 0, weight: 0 }] }],
    ['sizes of a container at their limits', { containerOverrides: [{ ...app, cpu: 0, memoryLimitMiB: 4, memoryReservationMiB: 4 }] }],
    ['a tag with aws: in it', { tags: { 'not-aws:key': 'not-aws:value' } }],
  ])('%s', (_, props) => {
    const given = setup();
    runTask(given, props);

    expect(() => Template.fromStack(given.stack)).not.toThrow();
  });

  test('gpuCount together with a requirement for another device', () => {
    const resourceRequirements = [{ type: ResourceType.NEURON_DEVICE, value: 'ALL' }];

    expect(() => runTask(onEc2(), { containerOverrides: [{ ...app, gpuCount: 1, resourceRequirements }] })).not.toThrow();
  });

  test('the name of a container that is added later', () => {
    const given = setup();
    runTask(given, { containerOverrides: [{ containerName: 'late' }], exitCodeFrom: ['late'] });
    given.taskDefinition.addContainer('late', { image: ecs.ContainerImage.fromRegistry('late') });

    expect(() => Template.fromStack(given.stack)).not.toThrow();
  });

  test('a volume that the shared task definition configures at launch', () => {
    const given = setup();
    runTask(given, { volumes: [volume(given)], onDelete: {} });

    expect(() => Template.fromStack(given.stack)).not.toThrow();
  });

  test('an imported task definition of onDelete without a network mode', () => {
    const given = setup();
    const taskDefinition = ecs.TaskDefinition.fromTaskDefinitionArn(given.stack, 'Imported',
      'arn:aws:ecs:eu-west-1:123456789012:task-definition/imported:1');
    runTask(given, { onDelete: { taskDefinition, containerOverrides: [{ containerName: 'any' }], exitCodeFrom: ['any'] } });

    expect(() => Template.fromStack(given.stack)).not.toThrow();
  });

  test('any container name for an imported task definition', () => {
    const given = setup();
    const taskDefinition = ecs.TaskDefinition.fromTaskDefinitionArn(given.stack, 'Imported',
      'arn:aws:ecs:eu-west-1:123456789012:task-definition/imported:1');
    runTask(given, { taskDefinition, containerOverrides: [{ containerName: 'any' }], exitCodeFrom: ['any'] });

    expect(() => Template.fromStack(given.stack)).not.toThrow();
  });
});
