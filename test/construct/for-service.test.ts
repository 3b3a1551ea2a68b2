import { App, Aspects, CfnCondition, CfnParameter, CfnResource, Fn, Lazy, NestedStack, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as patterns from 'aws-cdk-lib/aws-ecs-patterns';
import * as rds from 'aws-cdk-lib/aws-rds';
import { RunTask, RunTaskForServiceProps } from '../../src/index';
import { deployment } from '../support/app-shapes';
import { expectErrors, expectNotToWaitFor, expectToWaitFor, resourceOf, warningsOf } from '../support/expectations';
import { network, pathsOf, propertiesOf, readable, requestOf, setup, statementsOf } from '../support/stacks';

const image = ecs.ContainerImage.fromRegistry('web');
const NO_VALUE = { Ref: 'AWS::NoValue' };
const whenProd = (value: unknown, other: unknown) => ({ 'Fn::If': ['IsProd', value, other] });

interface Given {
  readonly stack: Stack;
  readonly cluster: ecs.ICluster;
  readonly taskDefinition: ecs.TaskDefinition;
}

function fargateService(given: Given, props: Partial<ecs.FargateServiceProps> = {}): ecs.FargateService {
  return new ecs.FargateService(given.stack, 'Web', { ...given, ...props });
}

/** The request of the task of a service, and what is in the template for the service. */
function rendered(service: ecs.BaseService, props: RunTaskForServiceProps = {}) {
  const { stack } = service;
  RunTask.forService(stack, 'Task', service, props);
  const [{ Properties }] = Object.values(Template.fromStack(stack).findResources('AWS::ECS::Service'));
  return { request: requestOf(stack), service: readable(Properties) };
}

describe('a task for a service', () => {
  test('runs like a FargateService', () => {
    const given = setup();
    const { request, service } = rendered(fargateService(given, { assignPublicIp: true, platformVersion: ecs.FargatePlatformVersion.VERSION1_4 }));
    const { subnets: Subnets, securityGroups: SecurityGroups, assignPublicIp: AssignPublicIp } = request.networkConfiguration!.awsvpcConfiguration!;

    expect(request).toEqual({
      cluster: '<Cluster.Arn>',
      taskDefinition: '<Definition>',
      launchType: 'FARGATE',
      platformVersion: '1.4.0',
      networkConfiguration: {
        awsvpcConfiguration: {
          subnets: ['subnet-000000aa', 'subnet-000000bb'], securityGroups: ['<WebSecurityGroup.GroupId>'], assignPublicIp: 'ENABLED',
        },
      },
    });
    expect({ Subnets, SecurityGroups, AssignPublicIp }).toEqual(service.NetworkConfiguration.AwsvpcConfiguration);
  });

  test('runs with the capacity providers of a FargateService', () => {
    const given = setup();
    given.cluster.enableFargateCapacityProviders();
    const { request } = rendered(fargateService(given, {
      capacityProviderStrategies: [{ capacityProvider: 'FARGATE_SPOT', weight: 2 }, { capacityProvider: 'FARGATE', base: 1, weight: 1 }],
    }));

    expect(request).not.toHaveProperty('launchType');
    expect(request.capacityProviderStrategy).toEqual([{ capacityProvider: 'FARGATE_SPOT', weight: 2 }, { capacityProvider: 'FARGATE', base: 1, weight: 1 }]);
  });

  test('runs with the Auto Scaling group capacity provider and the network of an Ec2Service', () => {
    const { stack, vpc, cluster } = network();
    const autoScalingGroup = new autoscaling.AutoScalingGroup(stack, 'Instances', {
      vpc, instanceType: new ec2.InstanceType('t3.micro'), machineImage: ecs.EcsOptimizedImage.amazonLinux2(),
    });
    const provider = new ecs.AsgCapacityProvider(stack, 'Provider', { autoScalingGroup });
    cluster.addAsgCapacityProvider(provider);
    const taskDefinition = new ecs.Ec2TaskDefinition(stack, 'OnInstances', { networkMode: ecs.NetworkMode.AWS_VPC });
    taskDefinition.addContainer('app', { image, memoryLimitMiB: 256 });
    const { request } = rendered(new ecs.Ec2Service(stack, 'Web', {
      cluster, taskDefinition, capacityProviderStrategies: [{ capacityProvider: provider.capacityProviderName, weight: 1 }],
    }));

    expect(request).toMatchObject({
      taskDefinition: '<OnInstances>',
      capacityProviderStrategy: [{ capacityProvider: '<Provider>', weight: 1 }],
      networkConfiguration: {
        awsvpcConfiguration: {
          subnets: ['<VpcPrivateSubnet1Subnet>', '<VpcPrivateSubnet2Subnet>'], securityGroups: ['<WebSecurityGroup.GroupId>'], assignPublicIp: 'DISABLED',
        },
      },
    });
    expect(request).not.toHaveProperty('launchType');
  });

  test.each<[string, ecs.Compatibility, string, (given: ReturnType<typeof setup>) => ecs.BaseService]>([
    ['an Ec2Service with network mode bridge', ecs.Compatibility.EC2, 'EC2', ({ stack, cluster, taskDefinition }) => {
      cluster.addCapacity('Capacity', { instanceType: new ec2.InstanceType('t3.micro') });
      return new ecs.Ec2Service(stack, 'Web', { cluster, taskDefinition });
    }],
    ['an ExternalService', ecs.Compatibility.EXTERNAL, 'EXTERNAL', ({ stack, cluster, taskDefinition }) =>
      new ecs.ExternalService(stack, 'Web', { cluster, taskDefinition })],
  ])('runs like %s', (_, compatibility, launchType, serviceOf) => {
    const { request } = rendered(serviceOf(setup(compatibility)));

    expect(request).toEqual({ cluster: '<Cluster.Arn>', taskDefinition: '<Definition>', launchType });
  });

  test('runs on the default strategy of the cluster if the service does', () => {
    const service = fargateService(setup());
    (service.node.defaultChild as ecs.CfnService).addPropertyDeletionOverride('LaunchType');
    const { request } = rendered(service);

    expect(request).not.toHaveProperty('launchType');
    expect(request).not.toHaveProperty('capacityProviderStrategy');
  });

  test('follows what aspects and escape hatches change in the service afterwards', () => {
    const given = setup();
    const service = fargateService(given);
    RunTask.forService(given.stack, 'Task', service);
    const resource = service.node.defaultChild as ecs.CfnService;
    const group = new ec2.SecurityGroup(given.stack, 'Corporate', { vpc: given.vpc });
    Aspects.of(given.stack).add({
      visit: (node) => {
        if (node instanceof ecs.CfnService) {
          node.platformVersion = '1.3.0';
          node.addPropertyOverride('NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp', 'ENABLED');
          node.addPropertyOverride('NetworkConfiguration.AwsvpcConfiguration.SecurityGroups', [group.securityGroupId]);
        }
      },
    });
    resource.launchType = undefined;
    resource.capacityProviderStrategy = [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }];

    const { capacityProviderStrategy, platformVersion, networkConfiguration, ...request } = requestOf(given.stack);
    expect(capacityProviderStrategy).toEqual([{ capacityProvider: 'FARGATE_SPOT', weight: 1 }]);
    expect(platformVersion).toBe('1.3.0');
    expect(networkConfiguration!.awsvpcConfiguration).toEqual({
      subnets: ['subnet-0000000a', 'subnet-0000000b'], securityGroups: ['<Corporate.GroupId>'], assignPublicIp: 'ENABLED',
    });
    expect(request).not.toHaveProperty('launchType');
  });

  test('leaves the service what the app adds to it afterwards', () => {
    const given = setup();
    const service = fargateService(given);
    RunTask.forService(given.stack, 'Task', service);
    service.enableDeploymentAlarms(['Failures']);

    Template.fromStack(given.stack).hasResourceProperties('AWS::ECS::Service', { DeploymentConfiguration: { Alarms: { AlarmNames: ['Failures'], Enable: true } } });
  });

  test.each<[string, ecs.TaskDefinitionRevision | undefined, string]>([
    ['the revision that is deployed', undefined, '<Definition>'],
    ['the latest revision, which is the one that is deployed', ecs.TaskDefinitionRevision.LATEST, '<Definition>'],
    ['an older revision', ecs.TaskDefinitionRevision.of(3), 'StackDefinition0424DE3A:3'],
  ])('runs %s', (_, taskDefinitionRevision, expected) => {
    const given = setup();
    const { request } = rendered(fargateService(given, { taskDefinitionRevision }), { onDelete: {} });

    expect(request.taskDefinition).toBe(expected);
    expect(propertiesOf(given.stack).OnDelete!.Request.taskDefinition).toBe(expected);
  });

  test('takes its own overrides, and all other props of a RunTask', () => {
    const given = setup();
    const { request } = rendered(fargateService(given), {
      command: ['migrate'],
      environment: { STAGE: 'prod' },
      taskOverrides: { cpu: 512 },
      vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC },
      securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(given.stack, 'Own', 'sg-00000001')],
      assignPublicIp: true,
      platformVersion: ecs.FargatePlatformVersion.LATEST,
      count: 2,
    });

    expect(request).toMatchObject({
      count: 2,
      launchType: 'FARGATE',
      platformVersion: 'LATEST',
      overrides: { cpu: '512', containerOverrides: [{ name: 'app', command: ['migrate'], environment: [{ name: 'STAGE', value: 'prod' }] }] },
      networkConfiguration: {
        awsvpcConfiguration: { subnets: ['subnet-000000aa', 'subnet-000000bb'], securityGroups: ['sg-00000001'], assignPublicIp: 'ENABLED' },
      },
    });
  });

  test('can have its own capacity, without the platform version of the service', () => {
    const given = setup();
    given.cluster.enableFargateCapacityProviders();
    const { request } = rendered(fargateService(given, { platformVersion: ecs.FargatePlatformVersion.VERSION1_4 }), {
      capacityProviderStrategies: [{ capacityProvider: 'FARGATE_SPOT' }], securityGroups: undefined,
    });

    expect(request).toMatchObject({ capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT' }] });
    expect(request).not.toHaveProperty('launchType');
    expect(request).not.toHaveProperty('platformVersion');
    expect(request.networkConfiguration!.awsvpcConfiguration!.securityGroups).toEqual(['<WebSecurityGroup.GroupId>']);
  });

  test('has a task of onDelete that also runs like the service', () => {
    const given = setup();
    const cleanUp = new ecs.FargateTaskDefinition(given.stack, 'CleanUp');
    cleanUp.addContainer('clean', { image });
    const { request } = rendered(fargateService(given, { assignPublicIp: true }), { command: ['up'], onDelete: { taskDefinition: cleanUp } });
    const { overrides, ...shared } = request;

    expect(propertiesOf(given.stack).OnDelete!.Request).toEqual({ ...shared, taskDefinition: '<CleanUp>' });
  });

  test('adds a Custom::EcsRunTask only, and no security group', () => {
    const given = setup();
    rendered(fargateService(given));

    expect(Object.keys(Template.fromStack(given.stack).findResources('AWS::EC2::SecurityGroup'))).toHaveLength(1);
  });

  test('has the connections and the grants of the service', () => {
    const given = setup();
    const service = fargateService(given);
    const task = RunTask.forService(given.stack, 'Task', service);

    expect(task.connections.securityGroups).toEqual(service.connections.securityGroups);
    expect(task.grantPrincipal).toBe(service.taskDefinition.taskRole);
  });

  test('shows that it cannot use the names of Service Connect', () => {
    const given = setup();
    given.cluster.addDefaultCloudMapNamespace({ name: 'shop', useForServiceConnect: true });
    const service = fargateService(given);
    RunTask.forService(given.stack, 'Task', service);
    service.enableServiceConnect();

    Annotations.fromStack(given.stack).hasInfo('/Stack/Task', Match.stringLikeRegexp('^The service uses Service Connect, but this task cannot use its names'));
  });
});

describe('the order of a service and its task', () => {
  /** A database that lets in a service, whose task names neither. */
  function shop() {
    const given = network();
    const database = given.database();
    const pattern = new patterns.ApplicationLoadBalancedFargateService(given.stack, 'App', {
      cluster: given.cluster,
      taskImageOptions: { image },
      cloudMapOptions: { name: 'web', cloudMapNamespace: given.cluster.addDefaultCloudMapNamespace({ name: 'shop' }) },
    });
    pattern.service.autoScaleTaskCount({ maxCapacity: 2 }).scaleOnCpuUtilization('Cpu', { targetUtilizationPercent: 50 });
    return { ...given, database, service: pattern.service };
  }

  test('is database, rules, task, service, with a load balancer and Cloud Map', () => {
    const { stack, database, service } = shop();
    database.connections.allowDefaultPortFrom(service);
    const task = RunTask.forService(stack, 'Task', service, { executeAfter: [database] });

    expectToWaitFor(service.node.defaultChild!, 'Stack/Task/Resource');
    expectToWaitFor(
      resourceOf(task), 'Stack/Database/Resource', /^Stack\/Database\/SecurityGroup\/from StackAppService/, 'Stack/App/Service/SecurityGroup/Resource',
      'Stack/Vpc/PrivateSubnet1/DefaultRoute', /^Stack\/App\/TaskDef\/ExecutionRole\/DefaultPolicy/,
    );
    expectNotToWaitFor(resourceOf(task), 'Stack/App/Service/Service', /TaskCount/);
  });

  test('has no cycle if the database allows the service to connect, and the service the database', () => {
    const { stack, database, service } = shop();
    service.connections.allowToDefaultPort(database);
    service.connections.allowFrom(database, ec2.Port.tcp(80));
    RunTask.forService(stack, 'Task', service, { executeAfter: [database] });

    expectToWaitFor(service.node.defaultChild!, 'Stack/Task/Resource', 'Stack/Database/Resource');
  });

  test('is right for several services on one definition, each with a task or with one for all', () => {
    const given = network();
    const web = fargateService(given);
    const worker = new ecs.FargateService(given.stack, 'Worker', given);
    web.connections.allowFrom(worker, ec2.Port.tcp(80));
    worker.connections.allowFrom(web, ec2.Port.tcp(81));
    const first = RunTask.forService(given.stack, 'First', web, { executeBefore: [worker] });
    RunTask.forService(given.stack, 'Second', worker);

    expectToWaitFor(web.node.defaultChild!, 'Stack/First/Resource');
    expectToWaitFor(worker.node.defaultChild!, 'Stack/First/Resource', 'Stack/Second/Resource');
    expectNotToWaitFor(resourceOf(first), 'Stack/Web/Service', 'Stack/Worker/Service', 'Stack/Second/Resource');
  });

  test('is right with the security groups and the database of another stack', () => {
    const app = new App();
    const data = new Stack(app, 'Data');
    const vpc = new ec2.Vpc(data, 'Vpc', { maxAzs: 2 });
    const group = new ec2.SecurityGroup(data, 'Group', { vpc });
    const database = new rds.DatabaseInstance(data, 'Database', { vpc, engine: rds.DatabaseInstanceEngine.POSTGRES });
    database.connections.allowDefaultPortFrom(group);
    const stack = new Stack(app, 'Stack');
    const taskDefinition = new ecs.FargateTaskDefinition(stack, 'Definition');
    taskDefinition.addContainer('app', { image, secrets: { PASSWORD: ecs.Secret.fromSecretsManager(database.secret!, 'password') } });
    const own = new ec2.SecurityGroup(stack, 'Own', { vpc });
    const service = fargateService({ stack, cluster: new ecs.Cluster(stack, 'Cluster', { vpc }), taskDefinition }, { securityGroups: [group, own] });
    service.connections.allowToDefaultPort(database);
    const task = RunTask.forService(stack, 'Task', service, { executeAfter: [database] });

    expect(requestOf(stack).networkConfiguration!.awsvpcConfiguration!.securityGroups)
      .toEqual([expect.stringMatching(/^<import Data:.*Group.*GroupId/), '<Own.GroupId>']);
    expectToWaitFor(service.node.defaultChild!, 'Stack/Task/Resource');
    expectToWaitFor(resourceOf(task), /^Stack\/Own\/DataDatabaseSecurityGroup/);
  });

  /** Aurora in a stack that is deployed first, with the secret that the app creates, and a service in another stack that reads it. */
  function auroraElsewhere() {
    const app = new App();
    const data = new Stack(app, 'Data');
    const vpc = new ec2.Vpc(data, 'Vpc', { maxAzs: 2 });
    const secret = new rds.DatabaseSecret(data, 'Secret', { username: 'app' });
    const database = new rds.DatabaseCluster(data, 'Database', {
      vpc,
      engine: rds.DatabaseClusterEngine.auroraPostgres({ version: rds.AuroraPostgresEngineVersion.VER_16_4 }),
      writer: rds.ClusterInstance.serverlessV2('Writer'),
      credentials: rds.Credentials.fromSecret(secret),
    });
    const stack = new Stack(app, 'Stack');
    const taskDefinition = new ecs.FargateTaskDefinition(stack, 'Definition');
    taskDefinition.addContainer('app', { image, secrets: { HOST: ecs.Secret.fromSecretsManager(secret, 'host') } });
    const service = fargateService({ stack, cluster: new ecs.Cluster(stack, 'Cluster', { vpc }), taskDefinition });
    return { data, stack, database, service };
  }

  test('is right with Aurora and its secret in another stack, if the service adds the rules', () => {
    const { data, stack, database, service } = auroraElsewhere();
    service.connections.allowToDefaultPort(database);
    const task = RunTask.forService(stack, 'Task', service, { executeAfter: [database] });

    expectToWaitFor(service.node.defaultChild!, 'Stack/Task/Resource');
    expectToWaitFor(resourceOf(task), /^Stack\/Web\/SecurityGroup\/DataDatabaseSecurityGroup.* to$/);
    expect(pathsOf(data)).toContain('Data/Secret/Attachment/Resource'); // which is complete before the other stack begins
    expect([data, stack].map((each) => each.dependencies.map(({ node }) => node.path))).toEqual([[], ['Data']]);
    expect(warningsOf(stack)).toEqual([]);
  });

  test.each([true, false])('is rejected by the CDK with Aurora in another stack, if the database adds the rule (with a task: %s)', (hasTask) => {
    const { data, stack, database, service } = auroraElsewhere();
    database.connections.allowDefaultPortFrom(service);
    if (hasTask) {
      RunTask.forService(stack, 'Task', service, { executeAfter: [database] });
    }

    expect(() => Template.fromStack(data)).toThrow(/would create a cyclic reference/);
  });

  test('is right in a nested stack, with the VPC and a security group of its parent', () => {
    const { stack, vpc, cluster } = network();
    const group = new ec2.SecurityGroup(stack, 'Group', { vpc });
    const nested = new NestedStack(stack, 'Nested');
    const taskDefinition = new ecs.FargateTaskDefinition(nested, 'Definition');
    taskDefinition.addContainer('app', { image });
    const service = fargateService({ stack: nested, cluster, taskDefinition }, { securityGroups: [group] });
    RunTask.forService(nested, 'Task', service);

    expect(requestOf(nested).networkConfiguration!.awsvpcConfiguration!.securityGroups).toEqual([expect.stringMatching(/^<referenceto.*Group/)]);
    expectToWaitFor(service.node.defaultChild!, 'Stack/Nested/Task/Resource');
  });

  test('waits for the routes of a subnet that is not of the VPC construct', () => {
    const { stack, vpc, cluster, taskDefinition } = network();
    const subnet = new ec2.PrivateSubnet(stack, 'Special', { vpcId: vpc.vpcId, cidrBlock: '10.0.255.0/28', availabilityZone: 'a' });
    subnet.addRoute('Out', { routerType: ec2.RouterType.TRANSIT_GATEWAY, routerId: 'tgw-1' });
    const service = fargateService({ stack, cluster, taskDefinition }, { vpcSubnets: { subnets: [subnet] } });
    const task = RunTask.forService(stack, 'Task', service);

    expectToWaitFor(resourceOf(task), 'Stack/Special/Out', 'Stack/Special/RouteTableAssociation');
  });
});

describe('a task for a service that', () => {
  test('creates constructs when its lifecycle hooks are rendered does not create them twice', () => {
    const { stack, cluster, taskDefinition } = network();
    const service = fargateService({ stack, cluster, taskDefinition });
    const task = RunTask.forService(stack, 'Task', service);
    (service.node.defaultChild as ecs.CfnService).deploymentConfiguration = Lazy.any({
      produce: () => ({ alarms: { alarmNames: [new CfnResource(stack, 'Hook', { type: 'Custom::Hook' }).ref], enable: true, rollback: true } }),
    });
    new RunTask(stack, 'Later', { cluster, taskDefinition, executeAfter: [service] });

    expectToWaitFor(service, 'Stack/Hook');
    expectToWaitFor(service, 'Stack/Task/Resource');
    expectNotToWaitFor(resourceOf(task), 'Stack/Hook');
  });

  test('is inside the scope of its cluster runs before it, and needs no other service in that scope', () => {
    const { stack, cluster, taskDefinition } = network();
    const web = new ecs.FargateService(cluster, 'Web', { ...deployment, cluster, taskDefinition });
    const worker = new ecs.FargateService(cluster, 'Worker', { ...deployment, cluster, taskDefinition });
    const task = RunTask.forService(cluster, 'Migration', web);

    expectToWaitFor(web.node.defaultChild!, 'Stack/Cluster/Migration/Resource');
    expectToWaitFor(resourceOf(task), 'Stack/Cluster/Web/SecurityGroup/Resource', 'Stack/Vpc/PrivateSubnet1/DefaultRoute');
    expectNotToWaitFor(resourceOf(task), /^Stack.Cluster.(Web.Service|Worker)/);
    expectNotToWaitFor(worker.node.defaultChild!, /Migration/);
    expect(warningsOf(stack, '*')).toEqual([]);
  });

  test('names a Fargate capacity provider has no warning that the cluster lacks it', () => {
    const given = setup();
    RunTask.forService(given.stack, 'Task', fargateService(given, { capacityProviderStrategies: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }] }));

    expect(requestOf(given.stack).capacityProviderStrategy).toEqual([{ capacityProvider: 'FARGATE_SPOT', weight: 1 }]);
    expect(warningsOf(given.stack)).toEqual([]);
  });

  test('has a definition that aspects change is allowed to run the family and pass the roles in the template', () => {
    const given = setup();
    RunTask.forService(given.stack, 'Task', fargateService(given), { command: ['up'] });
    Aspects.of(given.stack.node.root).add({
      visit: (node) => {
        if (node instanceof ecs.CfnTaskDefinition) {
          node.family = `theteam-${node.family}`;
          node.addPropertyOverride('TaskRoleArn', 'arn:aws:iam::111122223333:role/theteam');
        }
      },
    });

    expect(statementsOf(given.stack)).toEqual(expect.arrayContaining([
      expect.objectContaining({ Action: 'ecs:RunTask', Resource: expect.stringMatching(/:task-definition\/theteam-StackDefinition\w+:\*$/) }),
      expect.objectContaining({ Action: 'iam:PassRole', Resource: 'arn:aws:iam::111122223333:role/theteam' }),
    ]));
  });
});

describe('a service whose properties conditions and parameters decide', () => {
  const FARGATE = { CapacityProvider: 'FARGATE', Base: 1, Weight: 1 };
  const SPOT = { CapacityProvider: 'FARGATE_SPOT', Weight: 2 };
  const [fargate, spot] = [{ capacityProvider: 'FARGATE', base: 1, weight: 1 }, { capacityProvider: 'FARGATE_SPOT', weight: 2 }];

  function givenWith(overrides: { [path: string]: unknown }, props: Partial<ecs.FargateServiceProps> = {}) {
    const given = setup();
    new CfnCondition(given.stack, 'IsProd', { expression: Fn.conditionEquals('a', 'b') });
    new CfnParameter(given.stack, 'Text');
    new CfnParameter(given.stack, 'List', { type: 'CommaDelimitedList' });
    const service = fargateService(given, props);
    const resource = service.node.defaultChild as CfnResource;
    const override = () => Object.entries(overrides).forEach(([path, value]) => resource.addPropertyOverride(path, value));
    return { ...given, service, override };
  }

  function requestIn(stack: Stack) {
    const [{ Properties }] = Object.values(Template.fromStack(stack).findResources('Custom::EcsRunTask'));
    return Properties.Request;
  }

  type Case = [string, { [path: string]: unknown }, object];

  /** Sets them before and after the task is made, which reads them twice. */
  describe.each([true, false])('(before the task: %s)', (isBefore) => {
    function requestWith(overrides: { [path: string]: unknown }, props: RunTaskForServiceProps = {}) {
      const { stack, service, override } = givenWith(overrides);
      if (isBefore) {
        override();
      }
      RunTask.forService(stack, 'Task', service, props);
      override();
      const request = requestIn(stack);
      expect(warningsOf(stack)).toEqual([]);
      return request;
    }

    const strategies: Case[] = [
      ['a strategy', { LaunchType: NO_VALUE, CapacityProviderStrategy: whenProd([FARGATE, SPOT], [SPOT]) },
        { capacityProviderStrategy: whenProd([fargate, spot], [spot]) }],
      ['the existence of a strategy', { LaunchType: whenProd(NO_VALUE, 'FARGATE'), CapacityProviderStrategy: whenProd([SPOT], NO_VALUE) },
        { launchType: whenProd(NO_VALUE, 'FARGATE'), capacityProviderStrategy: whenProd([spot], NO_VALUE) }],
      ['a strategy in two steps', { LaunchType: NO_VALUE, CapacityProviderStrategy: whenProd([FARGATE], whenProd([SPOT], NO_VALUE)) },
        { capacityProviderStrategy: whenProd([fargate], whenProd([spot], NO_VALUE)) }],
      ['an item of a strategy', { LaunchType: NO_VALUE, CapacityProviderStrategy: [whenProd(FARGATE, NO_VALUE), SPOT] },
        { capacityProviderStrategy: [whenProd(fargate, NO_VALUE), spot] }],
      ['no item of a strategy', { LaunchType: NO_VALUE, CapacityProviderStrategy: [NO_VALUE, SPOT] }, { capacityProviderStrategy: [spot] }],
      ['the members of an item', {
        LaunchType: NO_VALUE,
        CapacityProviderStrategy: [{ CapacityProvider: whenProd('FARGATE', 'FARGATE_SPOT'), Base: whenProd(1, NO_VALUE), Weight: { Ref: 'Text' } }],
      }, { capacityProviderStrategy: [{ capacityProvider: whenProd('FARGATE', 'FARGATE_SPOT'), base: whenProd(1, NO_VALUE), weight: { Ref: 'Text' } }] }],
      ['a provider with variables', { LaunchType: NO_VALUE, CapacityProviderStrategy: [{ CapacityProvider: { 'Fn::Sub': ['${Base}', { Base: 'a' }] } }] },
        { capacityProviderStrategy: [{ capacityProvider: { 'Fn::Sub': ['${Base}', { Base: 'a' }] } }] }],
      ['numbers as texts', { LaunchType: NO_VALUE, CapacityProviderStrategy: [{ CapacityProvider: 'FARGATE', Weight: '1' }] },
        { capacityProviderStrategy: [{ capacityProvider: 'FARGATE', weight: '1' }] }],
      ['the default strategy of the cluster', { LaunchType: NO_VALUE }, {}],
    ];
    test.each(strategies)('%s', (_, overrides, { ...expected }) => {
      const { launchType, capacityProviderStrategy } = requestWith(overrides);

      expect({ launchType, capacityProviderStrategy }).toEqual({ launchType: undefined, capacityProviderStrategy: undefined, ...expected });
    });

    test.each([{ Ref: 'Text' }, whenProd('FARGATE', 'EC2'), { 'Fn::FindInMap': ['A', 'B', 'C'] }])('a launch type and a platform version: %j', (value) => {
      expect(requestWith({ LaunchType: value, PlatformVersion: value })).toMatchObject({ launchType: value, platformVersion: value });
    });

    test('a platform version that is left out, and a launch type of EC2', () => {
      expect(requestWith({ LaunchType: whenProd('FARGATE', 'EC2'), PlatformVersion: NO_VALUE })).not.toHaveProperty('platformVersion');
    });

    const NETWORK = 'NetworkConfiguration.AwsvpcConfiguration';
    const [own, other] = [['subnet-000000aa'], ['subnet-0000000b', 'subnet-00000099']];

    const networks: Case[] = [
      ['the public IP address', { [`${NETWORK}.AssignPublicIp`]: whenProd('ENABLED', 'DISABLED') }, { assignPublicIp: whenProd('ENABLED', 'DISABLED') }],
      ['the public IP address from a parameter', { [`${NETWORK}.AssignPublicIp`]: { Ref: 'Text' } }, { assignPublicIp: { Ref: 'Text' } }],
      ['the subnets', { [`${NETWORK}.Subnets`]: whenProd(own, other) }, { subnets: whenProd(own, other) }],
      ['the subnets from a parameter', { [`${NETWORK}.Subnets`]: { Ref: 'List' } }, { subnets: { Ref: 'List' } }],
      ['the subnets from a map', { [`${NETWORK}.Subnets`]: { 'Fn::FindInMap': ['A', 'B', 'C'] } }, { subnets: { 'Fn::FindInMap': ['A', 'B', 'C'] } }],
      ['a subnet', { [`${NETWORK}.Subnets`]: [whenProd(own[0], NO_VALUE), { Ref: 'Text' }, { 'Fn::Select': [0, { Ref: 'List' }] }] },
        { subnets: [whenProd(own[0], NO_VALUE), { Ref: 'Text' }, { 'Fn::Select': [0, { Ref: 'List' }] }] }],
      ['the security groups', { [`${NETWORK}.SecurityGroups`]: whenProd(['sg-1'], NO_VALUE) }, { securityGroups: whenProd(['sg-1'], NO_VALUE) }],
      ['a security group', { [`${NETWORK}.SecurityGroups`]: ['sg-1', whenProd('sg-2', NO_VALUE)] }, { securityGroups: ['sg-1', whenProd('sg-2', NO_VALUE)] }],
      ['the awsvpc configuration', { [NETWORK]: whenProd({ Subnets: own, AssignPublicIp: 'ENABLED' }, { Subnets: other, SecurityGroups: ['sg-1'] }) },
        { subnets: whenProd(own, other), assignPublicIp: whenProd('ENABLED', NO_VALUE), securityGroups: whenProd(NO_VALUE, ['sg-1']) }],
      ['the network configuration', {
        NetworkConfiguration: whenProd(
          { AwsvpcConfiguration: { Subnets: own } },
          { AwsvpcConfiguration: whenProd({ Subnets: other }, { Subnets: own }) },
        ),
      }, { subnets: whenProd(own, whenProd(other, own)), assignPublicIp: whenProd(NO_VALUE, whenProd(NO_VALUE, NO_VALUE)) }],
    ];
    test.each(networks)('%s', (_, overrides, expected) => {
      expect(requestWith(overrides).networkConfiguration.awsvpcConfiguration).toMatchObject(expected);
    });

    test('a network configuration that may be missing, without the subnets that the props have', () => {
      const { networkConfiguration } = requestWith({ NetworkConfiguration: whenProd({ AwsvpcConfiguration: { SecurityGroups: ['sg-1'] } }, NO_VALUE) }, {
        vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
      });

      expect(networkConfiguration.awsvpcConfiguration).toMatchObject({ subnets: ['subnet-0000000a', 'subnet-0000000b'], securityGroups: whenProd(['sg-1'], NO_VALUE) });
    });

    test('an older revision', () => {
      const family = 'StackDefinition0424DE3A';

      expect(requestWith({ TaskDefinition: whenProd(family, `${family}:3`) }).taskDefinition)
        .toEqual(whenProd({ Ref: expect.stringMatching(/^Definition/) }, `${family}:3`));
    });

    test('a deployment controller that is ECS in any case', () => {
      requestWith({ DeploymentController: whenProd({ Type: 'ECS' }, whenProd(NO_VALUE, { Type: NO_VALUE })) });
    });
  });

  test.each<[string, { [path: string]: unknown }, string]>([
    ['a network configuration that is missing', { NetworkConfiguration: NO_VALUE }, '"none"'],
    ['a network configuration that may be missing', { NetworkConfiguration: whenProd({ AwsvpcConfiguration: { Subnets: ['subnet-1'] } }, NO_VALUE) },
      '{"Fn::If":["IsProd",{"AwsvpcConfiguration":{"Subnets":["subnet-1"]}},{"Ref":"AWS::NoValue"}]}'],
    ['a network configuration that may be without subnets', { NetworkConfiguration: { AwsvpcConfiguration: { Subnets: whenProd(['subnet-1'], NO_VALUE) } } },
      expect.stringContaining('"Subnets":{"Fn::If":')],
  ])('rejects %s', (_, overrides, got) => {
    const { stack, service, override } = givenWith(overrides);
    RunTask.forService(stack, 'Task', service);
    override();

    expectErrors(() => Template.fromStack(stack), typeof got !== 'string' ? /"Subnets":\{"Fn::If":/
      : `[Stack/Task] forService requires a service with subnets in its NetworkConfiguration, got: ${got} for 'Stack/Web'; set vpcSubnets, or use new RunTask`);
  });

  test('may have a platform version on condition only, although it does not run on Fargate', () => {
    const given = setup(ecs.Compatibility.EXTERNAL);
    const service = new ecs.ExternalService(given.stack, 'Web', given);
    (service.node.defaultChild as ecs.CfnService).addPropertyOverride('PlatformVersion', whenProd('1.4.0', NO_VALUE));
    RunTask.forService(given.stack, 'Task', service);

    expect(requestIn(given.stack)).toMatchObject({ launchType: 'EXTERNAL', platformVersion: whenProd('1.4.0', NO_VALUE) });
  });

  test('rejects a deployment controller that is never ECS', () => {
    const { stack, service, override } = givenWith({ 'DeploymentController.Type': whenProd('EXTERNAL', 'CODE_DEPLOY') });
    override();

    expectErrors(() => RunTask.forService(stack, 'Task', service), /^\[Stack\/Task\] forService .* deploymentController ECS, got: EXTERNAL or CODE_DEPLOY for 'Stack\/Web';/);
  });

  test.each<[string, { [path: string]: unknown }, string]>([
    ['may be another one', { 'DeploymentController.Type': whenProd('EXTERNAL', 'ECS') }, '["EXTERNAL"]'],
    ['comes from a parameter', { 'DeploymentController.Type': { Ref: 'Text' } }, '[{"Ref":"Text"}]'],
    ['is in a condition as a whole', { DeploymentController: whenProd({ Type: { 'Fn::FindInMap': ['A', 'B', 'C'] } }, NO_VALUE) }, '[{"Fn::FindInMap":["A","B","C"]}]'],
  ])('has a warning if the deployment controller %s', (_, overrides, got) => {
    const { stack, service, override } = givenWith(overrides);
    override();
    RunTask.forService(stack, 'Task', service);

    expect(warningsOf(stack)).toEqual([
      `The deploymentController of the service 'Stack/Web' may not be ECS in the deployment, got: ${got}. `
      + 'With CODE_DEPLOY or EXTERNAL, the deployment of the service does not wait for the task. '
      + 'Use new RunTask for such a service, or acknowledge this warning if the deploymentController is always ECS. [ack: cdk-ecs-run-task:deploymentController]',
    ]);
  });

  test('waits for the routes of the subnets in each branch', () => {
    const { stack, vpc, cluster, taskDefinition } = network();
    new CfnCondition(stack, 'IsProd', { expression: Fn.conditionEquals('a', 'b') });
    const special = new ec2.PrivateSubnet(stack, 'Special', { vpcId: vpc.vpcId, cidrBlock: '10.0.255.0/28', availabilityZone: 'a' });
    special.addRoute('Out', { routerType: ec2.RouterType.TRANSIT_GATEWAY, routerId: 'tgw-1' });
    const service = fargateService({ stack, cluster, taskDefinition });
    (service.node.defaultChild as ecs.CfnService).addPropertyOverride('NetworkConfiguration.AwsvpcConfiguration.Subnets', {
      'Fn::If': ['IsProd', [special.subnetId], [vpc.privateSubnets[0].subnetId, { 'Fn::If': ['IsProd', NO_VALUE, vpc.privateSubnets[0].subnetId] }]],
    });
    const task = RunTask.forService(stack, 'Task', service);

    expectToWaitFor(resourceOf(task), 'Stack/Special/Out', 'Stack/Vpc/PrivateSubnet1/DefaultRoute');
    expectNotToWaitFor(resourceOf(task), 'Stack/Vpc/PrivateSubnet2/DefaultRoute');
  });

  test.each<[string, unknown, number]>([
    ['in one of the branches', whenProd({ Enabled: true }, NO_VALUE), 1],
    ['by a parameter', { Enabled: { Ref: 'Text' } }, 1],
    ['in no branch', whenProd({ Enabled: 'false' }, { Enabled: false }), 0],
  ])('has the information about Service Connect if it is enabled %s', (_, configuration, count) => {
    const { stack, service, override } = givenWith({ ServiceConnectConfiguration: configuration });
    override();
    RunTask.forService(stack, 'Task', service);

    expect(Annotations.fromStack(stack).findInfo('/Stack/Task', Match.anyValue())).toHaveLength(count);
  });
});

describe('forService rejects', () => {
  test.each<[string, (given: ReturnType<typeof setup>) => any, string | RegExp]>([
    ['an imported service', ({ stack, cluster }) => ecs.FargateService.fromFargateServiceAttributes(stack, 'Imported', { cluster, serviceName: 'web' }),
      "[Stack/Task] forService requires an ecs.FargateService, ecs.Ec2Service or ecs.ExternalService of this app, got: 'Stack/Imported'; "
      + 'for an imported service, use new RunTask; for a construct of aws-ecs-patterns, pass its service property'],
    ['a service imported by its ARN', ({ stack }) => ecs.FargateService.fromFargateServiceArn(stack, 'Imported', 'arn:aws:ecs:us-east-1:1:service/c/web'),
      "[Stack/Task] forService requires an ecs.FargateService, ecs.Ec2Service or ecs.ExternalService of this app, got: 'Stack/Imported'; "
      + 'for an imported service, use new RunTask; for a construct of aws-ecs-patterns, pass its service property'],
    ['a pattern', ({ stack, cluster }) => new patterns.ApplicationLoadBalancedFargateService(stack, 'App', { cluster, taskImageOptions: { image } }),
      "[Stack/Task] forService requires an ecs.FargateService, ecs.Ec2Service or ecs.ExternalService of this app, got: 'Stack/App'; "
      + 'for an imported service, use new RunTask; for a construct of aws-ecs-patterns, pass its service property'],
    ['a service that is missing', () => undefined, /^\[Stack\/Task\] service must have a value, got: nothing;/],
    ['the deployment controller CODE_DEPLOY', (given) => fargateService(given, { deploymentController: { type: ecs.DeploymentControllerType.CODE_DEPLOY } }),
      "[Stack/Task] forService requires a service with the deploymentController ECS, got: CODE_DEPLOY for 'Stack/Web'; "
      + 'use new RunTask, and start the deployment of that controller after the task'],
    ['the deployment controller EXTERNAL', (given) => fargateService(given, { deploymentController: { type: ecs.DeploymentControllerType.EXTERNAL } }),
      "[Stack/Task] forService requires a service with the deploymentController ECS, got: EXTERNAL for 'Stack/Web'; "
      + 'use new RunTask, and start the deployment of that controller after the task'],
    ['a service of another stack', ({ stack, cluster }) => {
      const other = new Stack(stack.node.root as App, 'Other');
      const taskDefinition = new ecs.FargateTaskDefinition(other, 'Definition');
      taskDefinition.addContainer('app', { image });
      return new ecs.FargateService(other, 'Web', { cluster, taskDefinition });
    },
    "[Stack/Task] forService requires a scope in the stack of the service, 'Other', got: 'Stack'; use a scope in that stack, because otherwise the two stacks would depend on each other"],
  ])('%s', (_, serviceOf, message) => {
    const given = setup();

    expectErrors(() => RunTask.forService(given.stack, 'Task', serviceOf(given)), message);
  });

  test('a deployment controller and a definition that are set afterwards', () => {
    const given = setup();
    const service = fargateService(given);
    RunTask.forService(given.stack, 'Task', service);
    (service.node.defaultChild as ecs.CfnService).taskDefinition = 'theirs:1';

    expectErrors(() => Template.fromStack(given.stack), "[Stack/Task] forService requires a service that runs its taskDefinition 'Stack/Definition', got: \"theirs:1\"; "
      + 'remove the override of TaskDefinition, or use new RunTask');

    (service.node.defaultChild as ecs.CfnService).deploymentController = { type: 'EXTERNAL' };
    expectErrors(() => Template.fromStack(given.stack), /got: EXTERNAL for/);
  });

  test.each<[string, (other: ecs.Cluster) => unknown, string]>([
    ['with another cluster', ({ clusterName }) => clusterName, '{"Ref":"Other34654A52"}'],
    ['with another cluster on condition', ({ clusterName }) => whenProd({ Ref: 'ClusterEB0386A7' }, clusterName),
      '{"Fn::If":["IsProd",{"Ref":"ClusterEB0386A7"},{"Ref":"Other34654A52"}]}'],
    ['without its cluster', () => NO_VALUE, 'none'],
  ])('a service %s, which an escape hatch sets before or afterwards', (_, clusterOf, got) => {
    const error = `[Stack/Task] forService requires a service that runs on its cluster 'Stack/Cluster', got: ${got}; `
      + 'remove the override of Cluster, or use new RunTask';
    const givenWith = (act: (override: () => void, run: () => void) => void) => {
      const given = setup();
      const service = fargateService(given);
      const cluster = clusterOf(new ecs.Cluster(given.stack, 'Other'));
      act(() => (service.node.defaultChild as ecs.CfnService).addPropertyOverride('Cluster', cluster), () => RunTask.forService(given.stack, 'Task', service));
      return given;
    };

    expectErrors(() => givenWith((override, run) => { override(); run(); }), error);
    const { stack } = givenWith((override, run) => { run(); override(); });
    expectErrors(() => Template.fromStack(stack), error);
  });

  test.each<[string, (cluster: ecs.ICluster) => unknown]>([
    ['ARN', ({ clusterArn }) => clusterArn],
    ['name or its ARN, on condition', ({ clusterArn, clusterName }) => whenProd(clusterArn, clusterName)],
  ])('not a service that names its cluster by its %s', (_, nameOf) => {
    const given = setup();
    const imported = ecs.Cluster.fromClusterAttributes(given.stack, 'Imported', { clusterName: Fn.importValue('Cluster'), vpc: given.vpc });
    for (const cluster of [given.cluster, imported]) {
      const service = new ecs.FargateService(given.stack, `On${cluster.node.id}`, { ...given, cluster });
      (service.node.defaultChild as ecs.CfnService).addPropertyOverride('Cluster', nameOf(cluster));
      RunTask.forService(given.stack, `Task${cluster.node.id}`, service);
    }

    expect(() => Template.fromStack(given.stack)).not.toThrow();
  });

  test('a service that the task must also wait for', () => {
    const given = setup();
    const service = fargateService(given);
    RunTask.forService(given.stack, 'Smoke', service, { executeAfter: [service] });

    expectErrors(() => Template.fromStack(given.stack), "[Stack/Smoke] forService cannot make 'Stack/Web' wait for the task, because the task needs everything in it; "
      + 'use new RunTask to run the task after the service, or remove what makes the task depend on it');
  });

  test('a default container that is overridden twice, as RunTask does', () => {
    const given = setup();
    RunTask.forService(given.stack, 'Task', fargateService(given), { command: ['up'], containerOverrides: [{ containerName: 'app' }] });

    expectErrors(() => Template.fromStack(given.stack), /^\[Stack\/Task\] command and containerOverrides cannot both override/);
  });
});
