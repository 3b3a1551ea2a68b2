import { CfnParameter, Fn, Size, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as efs from 'aws-cdk-lib/aws-efs';
import { RESOURCE_TYPE } from '../../src/contract';
import { RunTask, TaskManagedVolume } from '../../src/index';
import { warningsOf } from '../support/expectations';
import { addVolume, propertiesOf, readable, requestOf, runTask, Setup, setup, statementsOf } from '../support/stacks';

const onEc2 = (networkMode?: ecs.NetworkMode) => setup(ecs.Compatibility.EC2, networkMode);

function autoScalingProvider({ stack, vpc, cluster }: Setup): ecs.AsgCapacityProvider {
  const autoScalingGroup = new autoscaling.AutoScalingGroup(stack, 'Instances', {
    vpc, instanceType: new ec2.InstanceType('t3.micro'), machineImage: ecs.EcsOptimizedImage.amazonLinux2(),
  });
  const provider = new ecs.AsgCapacityProvider(stack, 'Provider', { autoScalingGroup });
  cluster.addAsgCapacityProvider(provider);
  return provider;
}

/** The types of the resources on which the task waits, directly. */
function typesNeededBy(stack: Stack): string[] {
  const template = Template.fromStack(stack);
  const [resource] = Object.values(template.findResources(RESOURCE_TYPE));
  return resource.DependsOn.map((logicalId: string) => template.toJSON().Resources[logicalId].Type);
}

describe('a task runs on', () => {
  test('Fargate Spot, once the cluster has it', () => {
    const given = setup();
    given.cluster.enableFargateCapacityProviders();
    runTask(given, { capacityProviderStrategies: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }, { capacityProvider: 'FARGATE', base: 1 }] });

    expect(requestOf(given.stack)).toMatchObject({
      capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }, { capacityProvider: 'FARGATE', base: 1 }],
      networkConfiguration: expect.anything(),
    });
    expect(requestOf(given.stack)).not.toHaveProperty('launchType');
    expect(typesNeededBy(given.stack)).toContain('AWS::ECS::ClusterCapacityProviderAssociations');
    expect(warningsOf(given.stack)).toEqual([]);
  });

  test('an Auto Scaling group, once it is a capacity provider of the cluster', () => {
    const given = onEc2();
    runTask(given, { capacityProviderStrategies: [{ capacityProvider: autoScalingProvider(given).capacityProviderName }] });

    expect(requestOf(given.stack)).toMatchObject({ capacityProviderStrategy: [{ capacityProvider: '<Provider>' }] });
    expect(requestOf(given.stack)).not.toHaveProperty('launchType');
    expect(typesNeededBy(given.stack)).toContain('AWS::ECS::ClusterCapacityProviderAssociations');
  });

  test('a launch type that only the deployment knows, with all that is possible on one of them', () => {
    const given = setup(ecs.Compatibility.EC2_AND_FARGATE, ecs.NetworkMode.AWS_VPC);
    const cleanUp = new ecs.FargateTaskDefinition(given.stack, 'CleanUp');
    cleanUp.addContainer('clean', { image: ecs.ContainerImage.fromRegistry('clean') });
    const launchType = new CfnParameter(given.stack, 'LaunchType').valueAsString as ecs.LaunchType;
    runTask(given, {
      launchType,
      platformVersion: ecs.FargatePlatformVersion.VERSION1_4,
      taskOverrides: { ephemeralStorageGiB: 30 },
      placementConstraints: [ecs.PlacementConstraint.distinctInstances()],
      onDelete: { taskDefinition: cleanUp },
    });

    expect(requestOf(given.stack)).toMatchObject({ launchType: '<LaunchType>', platformVersion: '1.4.0', overrides: { ephemeralStorage: { sizeInGiB: 30 } } });
  });

  test("the cluster's default strategy, with an empty list of strategies", () => {
    const given = setup();
    given.cluster.enableFargateCapacityProviders();
    given.cluster.addDefaultCapacityProviderStrategy([{ capacityProvider: 'FARGATE_SPOT', weight: 1 }]);
    runTask(given, { capacityProviderStrategies: [] });

    expect(requestOf(given.stack)).not.toHaveProperty('launchType');
    expect(requestOf(given.stack)).not.toHaveProperty('capacityProviderStrategy');
    expect(typesNeededBy(given.stack)).toContain('AWS::ECS::ClusterCapacityProviderAssociations');
  });

  test.each([
    ['bridge', ecs.NetworkMode.BRIDGE, false],
    ['host', ecs.NetworkMode.HOST, false],
    ['awsvpc', ecs.NetworkMode.AWS_VPC, true],
  ])('EC2 with network mode %s', (_, networkMode, hasInterface) => {
    const given = onEc2(networkMode);
    runTask(given, { placementStrategies: [ecs.PlacementStrategy.packedByMemory()] });

    expect(requestOf(given.stack)).toMatchObject({ launchType: 'EC2', placementStrategy: [{ field: 'MEMORY', type: 'binpack' }] });
    expect(requestOf(given.stack).networkConfiguration !== undefined).toBe(hasInterface);
  });

  test('your own machines (EXTERNAL)', () => {
    const given = setup(ecs.Compatibility.EXTERNAL, ecs.NetworkMode.HOST);
    runTask(given);

    expect(requestOf(given.stack)).toMatchObject({ launchType: 'EXTERNAL' });
    expect(requestOf(given.stack)).not.toHaveProperty('networkConfiguration');
  });

  test('ECS Managed Instances, by the name of their capacity provider', () => {
    const given = onEc2(ecs.NetworkMode.AWS_VPC);
    runTask(given, { capacityProviderStrategies: [{ capacityProvider: 'managed-instances' }] });

    expect(requestOf(given.stack)).toMatchObject({
      capacityProviderStrategy: [{ capacityProvider: 'managed-instances' }], networkConfiguration: expect.anything(),
    });
    expect(requestOf(given.stack)).not.toHaveProperty('launchType');
  });
});

describe('the warning about Fargate capacity providers that the cluster lacks', () => {
  const strategies = { capacityProviderStrategies: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }, { capacityProvider: 'FARGATE' }] };

  test('names the providers and the way to enable them', () => {
    const given = setup();
    runTask(given, strategies);

    Annotations.fromStack(given.stack).hasWarning('/Stack/Task', Match.stringLikeRegexp(
      "names FARGATE_SPOT and FARGATE, which this app does not add to the cluster 'Stack/Cluster'. Call enableFargateCapacityProviders\\(\\) of the cluster, or acknowledge this warning if the cluster gets its capacity providers in another way. \\[ack: cdk-ecs-run-task:missingProviders\\]$"));
  });

  test('is absent if another stack enables them after the RunTask', () => {
    const given = setup();
    const other = new Stack(given.stack.node.root, 'Other');
    const cluster = new ecs.Cluster(other, 'Cluster', { vpc: new ec2.Vpc(other, 'Vpc') });
    runTask(given, { cluster, ...strategies });
    cluster.enableFargateCapacityProviders();

    expect(warningsOf(given.stack)).toEqual([]);
  });

  test.each<[string, (given: Setup) => unknown]>([
    ['', ({ stack, cluster, taskDefinition }) => new ecs.FargateService(stack, 'Service', { cluster, taskDefinition, ...strategies })],
    [' in another stack', ({ stack, cluster }) => {
      const other = new Stack(stack.node.root, 'Other');
      const taskDefinition = new ecs.FargateTaskDefinition(other, 'Definition');
      taskDefinition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app') });
      return new ecs.FargateService(other, 'Service', { cluster, taskDefinition, ...strategies });
    }],
    [' that is an L1', ({ stack, cluster }) => new ecs.CfnService(stack, 'Service', {
      cluster: cluster.clusterArn, capacityProviderStrategy: [{ capacityProvider: 'FARGATE' }, { capacityProvider: 'FARGATE_SPOT' }, { weight: 1 }],
    })],
    [' in the branches of a condition', ({ stack, cluster }) => new ecs.CfnService(stack, 'Service', { cluster: cluster.clusterName })
      .addPropertyOverride('CapacityProviderStrategy', { 'Fn::If': ['A', [{ CapacityProvider: 'FARGATE' }], [{ 'Fn::If': ['B', { CapacityProvider: 'FARGATE_SPOT' }, { Ref: 'AWS::NoValue' }] }]] })],
  ])('is absent if a service of the cluster names them%s', (_, make) => {
    const given = setup();
    runTask(given, strategies);
    make(given);

    expect(warningsOf(given.stack)).toEqual([]);
  });

  test.each<[string, (resource: ecs.CfnCluster) => void]>([
    ['a condition', (resource) => { resource.capacityProviders = Fn.conditionIf('A', ['FARGATE'], ['FARGATE', 'FARGATE_SPOT']) as unknown as string[]; }],
    ['an escape hatch', (resource) => resource.addPropertyOverride('CapacityProviders', ['FARGATE', { 'Fn::If': ['A', 'FARGATE_SPOT', { Ref: 'AWS::NoValue' }] }])],
  ])('is absent if the cluster has them through %s', (_, change) => {
    const given = setup();
    runTask(given, strategies);
    change(given.cluster.node.defaultChild as ecs.CfnCluster);

    expect(warningsOf(given.stack)).toEqual([]);
  });

  test('is present for what only a service of another cluster names', () => {
    const given = setup();
    const other = new ecs.Cluster(given.stack, 'Other', { vpc: given.vpc });
    new ecs.FargateService(given.stack, 'Service', { cluster: other, taskDefinition: given.taskDefinition, ...strategies });
    runTask(given, strategies);

    expect(warningsOf(given.stack)).toEqual([expect.stringContaining('missingProviders')]);
  });

  test('is absent for a capacity provider other than Fargate', () => {
    const given = setup();
    runTask(given, { capacityProviderStrategies: [{ capacityProvider: 'instances' }] });

    expect(warningsOf(given.stack)).toEqual([]);
  });

  test('is absent for an imported cluster', () => {
    const given = setup();
    const cluster = ecs.Cluster.fromClusterAttributes(given.stack, 'Imported', { clusterName: 'Imported', vpc: given.vpc });
    runTask(given, { cluster, ...strategies });

    expect(warningsOf(given.stack)).toEqual([]);
  });
});

// aws-cdk-lib has these constructs in later versions than the oldest that this library works with.
const { ManagedInstancesCapacityProvider, Compatibility: { MANAGED_INSTANCES } } = ecs as any;
const testWithManagedInstances = ManagedInstancesCapacityProvider ? test : test.skip;

testWithManagedInstances('a task runs on ECS Managed Instances, once the cluster has their capacity provider', () => {
  const given = setup(MANAGED_INSTANCES, ecs.NetworkMode.AWS_VPC);
  const provider = new ManagedInstancesCapacityProvider(given.stack, 'Managed', {
    subnets: given.vpc.privateSubnets,
    securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(given.stack, 'Instances', 'sg-00000001')],
    instanceRequirements: { vCpuCountMin: 1, memoryMin: Size.gibibytes(2) },
  });
  (given.cluster as any).addManagedInstancesCapacityProvider(provider);
  runTask(given, { capacityProviderStrategies: [{ capacityProvider: provider.capacityProviderName }] });

  expect(requestOf(given.stack)).toMatchObject({ capacityProviderStrategy: [{ capacityProvider: '<Managed>' }] });
  expect(requestOf(given.stack)).not.toHaveProperty('launchType');
  Template.fromStack(given.stack).hasResourceProperties('AWS::ECS::CapacityProvider', { ClusterName: { Ref: Match.stringLikeRegexp('^Cluster') } });
});

describe('a task can have', () => {
  test('more GPUs than its container definition (gpuCount)', () => {
    const given = onEc2();
    const gpuDefinition = new ecs.Ec2TaskDefinition(given.stack, 'Gpu');
    gpuDefinition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app'), memoryLimitMiB: 256, gpuCount: 1 });
    runTask(given, { taskDefinition: gpuDefinition, containerOverrides: [{ containerName: 'app', gpuCount: 2 }] });

    expect(requestOf(given.stack)).toMatchObject({
      overrides: { containerOverrides: [{ name: 'app', resourceRequirements: [{ type: 'GPU', value: '2' }] }] },
    });
  });

  test('an EBS volume that ECS creates for it', () => {
    const given = setup();
    const volume = addVolume(given, new TaskManagedVolume(given.stack, 'Data', { name: 'data', managedEBSVolume: { size: Size.gibibytes(10) } }));
    runTask(given, { volumes: [volume] });

    expect(requestOf(given.stack)).toMatchObject({
      volumeConfigurations: [{ name: 'data', managedEBSVolume: { sizeInGiB: 10, roleArn: '<DataEBSRole.Arn>' } }],
    });
  });

  test('an EFS volume, after the mount targets and the rule that allows the task', () => {
    const given = setup();
    const fileSystem = new efs.FileSystem(given.stack, 'Files', { vpc: given.vpc });
    given.taskDefinition.addVolume({ name: 'files', efsVolumeConfiguration: { fileSystemId: fileSystem.fileSystemId } });
    given.taskDefinition.findContainer('app')!.addMountPoints({ sourceVolume: 'files', containerPath: '/files', readOnly: false });
    const run = runTask(given, { executeAfter: [fileSystem] });
    fileSystem.connections.allowDefaultPortFrom(run);

    expect(requestOf(given.stack)).not.toHaveProperty('volumeConfigurations');
    expect(typesNeededBy(given.stack)).toEqual(expect.arrayContaining(['AWS::EFS::MountTarget', 'AWS::EC2::SecurityGroupIngress']));
  });

  test('enableExecuteCommand', () => {
    const given = setup();
    runTask(given, { enableExecuteCommand: true });

    expect(requestOf(given.stack)).toMatchObject({ enableExecuteCommand: true });
    Template.fromStack(given.stack).resourceCountIs('AWS::IAM::Policy', 2);
  });
});

describe('a log router of FireLens', () => {
  const addRouter = ({ taskDefinition }: Setup) => taskDefinition.addFirelensLogRouter('log-router', {
    image: ecs.ContainerImage.fromRegistry('fluent-bit'),
    firelensConfig: { type: ecs.FirelensLogRouterType.FLUENTBIT },
    logging: ecs.LogDrivers.awsLogs({ streamPrefix: 'router' }),
    memoryReservationMiB: 50,
  });

  test('decides like any essential container, and the function reads its log', () => {
    const given = setup();
    given.taskDefinition.addContainer('worker', { image: ecs.ContainerImage.fromRegistry('worker'), logging: ecs.LogDrivers.firelens({}) });
    runTask(given);
    addRouter(given);

    expect(propertiesOf(given.stack)).toMatchObject({
      ExitCodeFrom: ['app', 'worker', 'log-router'], Logs: { 'log-router': { Group: expect.anything(), StreamPrefix: 'router' } },
    });
    expect(Object.keys(propertiesOf(given.stack).Logs!)).toEqual(['log-router']);
  });

  test('decides and has its log read also if the CDK adds it', () => {
    const given = setup();
    runTask(given);
    given.taskDefinition.addContainer('worker', { image: ecs.ContainerImage.fromRegistry('worker'), logging: ecs.LogDrivers.firelens({}) });
    const { ExitCodeFrom, Logs } = propertiesOf(given.stack);

    expect(ExitCodeFrom).toEqual(['app', 'worker', 'log-router']);
    expect(Logs).toEqual({ 'log-router': { Group: expect.anything(), StreamPrefix: 'firelens' } });
    expect(statementsOf(given.stack)).toContainEqual(expect.objectContaining({ Action: 'logs:GetLogEvents' }));
  });
});

test.each([
  ['without a stream prefix', 'awslogs', { 'awslogs-group': '/shop' }],
  ['without a group', 'awslogs', { 'awslogs-stream-prefix': 'shop' }],
  ['with another driver', 'fluentd', { 'awslogs-group': '/shop', 'awslogs-stream-prefix': 'shop' }],
])('the function reads no log of a container %s', (_, logDriver, options) => {
  const given = setup();
  const logging = new ecs.GenericLogDriver({ logDriver, options: options as Record<string, string> });
  given.taskDefinition.addContainer('worker', { image: ecs.ContainerImage.fromRegistry('worker'), logging });
  runTask(given);

  expect(propertiesOf(given.stack)).not.toHaveProperty('Logs');
});

describe('a sidecar does not decide', () => {
  test('if it is not essential', () => {
    const given = setup();
    given.taskDefinition.addContainer('proxy', { image: ecs.ContainerImage.fromRegistry('proxy'), essential: false });
    runTask(given);

    expect(propertiesOf(given.stack).ExitCodeFrom).toEqual(['app']);
  });

  test('if it is the Service Connect proxy, which ECS adds to tasks of a service only', () => {
    const given = setup();
    given.cluster.addDefaultCloudMapNamespace({ name: 'shop', useForServiceConnect: true });
    given.taskDefinition.findContainer('app')!.addPortMappings({ name: 'http', containerPort: 80 });
    const service = new ecs.FargateService(given.stack, 'Service', {
      cluster: given.cluster, taskDefinition: given.taskDefinition, serviceConnectConfiguration: { services: [{ portMappingName: 'http' }] },
    });
    new RunTask(given.stack, 'Task', { cluster: given.cluster, taskDefinition: given.taskDefinition, executeBefore: [service] });
    const [{ DependsOn }] = Object.values(Template.fromStack(given.stack).findResources('AWS::ECS::Service'));

    expect(propertiesOf(given.stack).ExitCodeFrom).toEqual(['app']);
    expect(readable(DependsOn.map((logicalId: string) => ({ Ref: logicalId })))).toContain('<Task>');
  });
});
