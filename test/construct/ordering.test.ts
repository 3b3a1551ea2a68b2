import { App, Aspects, Aws, CfnCondition, CfnResource, Duration, Fn, NestedStack, Size, Stack, StackProps, Stage } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as efs from 'aws-cdk-lib/aws-efs';
import * as elasticache from 'aws-cdk-lib/aws-elasticache';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as opensearchserverless from 'aws-cdk-lib/aws-opensearchserverless';
import * as opensearch from 'aws-cdk-lib/aws-opensearchservice';
import * as rds from 'aws-cdk-lib/aws-rds';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { Construct, Dependable, DependencyGroup, IConstruct } from 'constructs';
import { OnRollback, RunTask, RunTaskConfig, TaskManagedVolume } from '../../src/index';
import { expectErrors, expectNotToWaitFor, expectToWaitFor, resourceOf, warningsOf } from '../support/expectations';
import { network, pathsOf } from '../support/stacks';


describe('the task starts after', () => {
  test('the policies of its roles', () => {
    const { stack, taskDefinition, task } = network();
    const run = task();
    taskDefinition.findContainer('app')!.addSecret('TOKEN', ecs.Secret.fromSecretsManager(new secretsmanager.Secret(stack, 'Secret')));
    new sqs.Queue(stack, 'Queue').grantSendMessages(run);

    expectToWaitFor(resourceOf(run),
      'Stack/Definition/TaskRole/DefaultPolicy/Resource', 'Stack/Definition/ExecutionRole/DefaultPolicy/Resource', 'Stack/Queue/Resource',
    );
  });

  test.each(['taskRole', 'executionRole'] as const)('the policies of a %s in taskOverrides, granted before or after the RunTask is created', (role) => {
    const { stack, task } = network();
    const given = new iam.Role(stack, 'Given', { assumedBy: new iam.ServicePrincipal('ecs-tasks.amazonaws.com') });
    const before = new sqs.Queue(stack, 'Before');
    before.grantSendMessages(given);
    const run = task({ taskOverrides: { [role]: given } });
    new sqs.Queue(stack, 'After').grantSendMessages(given);

    expectToWaitFor(resourceOf(run),
      'Stack/Given/DefaultPolicy/Resource', 'Stack/Before/Resource', 'Stack/After/Resource',
    );
  });

  test.each([
    ['a policy', (scope: Construct, role: iam.IRole) => new iam.Policy(scope, 'Own', { roles: [role] })],
    ['a managed policy', (scope: Construct, role: iam.IRole) => new iam.ManagedPolicy(scope, 'Own', { roles: [role] })],
  ])('%s that the app attaches to its role', (_, policyOf) => {
    const { stack, taskDefinition, task } = network();
    const run = task();
    const statement = new iam.PolicyStatement({ actions: ['sqs:SendMessage'], resources: ['*'] });
    const [other] = new ecs.FargateTaskDefinition(stack, 'Other').taskRole.node.scopes.slice(-1);
    policyOf(stack, taskDefinition.taskRole).addStatements(statement);
    policyOf(new Construct(stack, 'Stranger'), other as iam.Role).addStatements(statement);

    expectToWaitFor(resourceOf(run), 'Stack/Own/Resource');
    expectNotToWaitFor(resourceOf(run), 'Stack/Stranger/Own/Resource');
  });

  test('a policy that the app attaches to the role of its volume or of onDelete', () => {
    const { stack, taskDefinition, task } = network();
    const roles = ['ecs', 'ecs-tasks'].map((service) => new iam.Role(stack, service, { assumedBy: new iam.ServicePrincipal(`${service}.amazonaws.com`) }));
    const volume = new TaskManagedVolume(stack, 'Volume', {
      name: 'data', managedEBSVolume: { role: roles[0], size: Size.gibibytes(1), fileSystemType: ecs.FileSystemType.EXT4 },
    });
    taskDefinition.addVolume(volume);
    volume.mountIn(taskDefinition.findContainer('app')!, { containerPath: '/data', readOnly: false });
    const run = task({ volumes: [volume], onDelete: { taskOverrides: { taskRole: roles[1] } } });
    const statements = [new iam.PolicyStatement({ actions: ['kms:CreateGrant'], resources: ['*'] })];
    roles.forEach((role, index) => new iam.Policy(stack, `Policy${index}`, { roles: [role], statements }));

    expectToWaitFor(resourceOf(run), 'Stack/Policy0/Resource', 'Stack/Policy1/Resource');
  });

  test('an AWS::IAM::RolePolicy of its role', () => {
    const { stack, taskDefinition, task } = network();
    const policyDocument = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'sqs:SendMessage', Resource: '*' }] };
    new iam.CfnRolePolicy(stack, 'Inline', { policyName: 'Inline', roleName: taskDefinition.taskRole.roleName, policyDocument });

    expectToWaitFor(resourceOf(task()), 'Stack/Inline');
  });

  test('the policies that its stack adds to imported roles', () => {
    const { stack, cluster, task } = network();
    const [taskRole, executionRole] = ['task', 'execution'].map((name) => iam.Role.fromRoleName(stack, `${name}Role`, name));
    const taskDefinition = new ecs.FargateTaskDefinition(stack, 'OfOthers', { taskRole, executionRole });
    taskDefinition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app') });
    const run = task({ cluster, taskDefinition });
    new sqs.Queue(stack, 'Queue').grantSendMessages(run);
    new s3.Bucket(stack, 'Bucket').grantRead(executionRole);

    expectToWaitFor(resourceOf(run), /^Stack\/taskRole\/Policy/, /^Stack\/executionRole\/Policy/);
  });

  test('its log groups', () => {
    const { stack, taskDefinition, task } = network();
    const run = task();
    const logGroup = new logs.LogGroup(stack, 'Logs');
    taskDefinition.addContainer('other', { image: ecs.ContainerImage.fromRegistry('other'), logging: ecs.LogDrivers.awsLogs({ streamPrefix: 'other', logGroup }) });

    expectToWaitFor(resourceOf(run), 'Stack/Definition/app/LogGroup/Resource', 'Stack/Logs/Resource');
  });

  test('the routes of its subnets, as far as the internet', () => {
    const { task } = network();

    expectToWaitFor(resourceOf(task()),
      'Stack/Vpc/PrivateSubnet1/DefaultRoute', 'Stack/Vpc/PrivateSubnet2/DefaultRoute',
      'Stack/Vpc/PublicSubnet1/NATGateway', 'Stack/Vpc/PublicSubnet1/DefaultRoute', 'Stack/Vpc/VPCGW',
    );
  });

  test('everything that the app adds to internetConnectivityEstablished of its subnets', () => {
    const { stack, vpc, task } = network();
    const appliance = new CfnResource(stack, 'Appliance', { type: 'Custom::Thing' });
    (vpc.privateSubnets[0].internetConnectivityEstablished as DependencyGroup).add(appliance);

    expectToWaitFor(resourceOf(task()), 'Stack/Appliance');
  });

  test('all other routes of its subnets, including imported subnets', () => {
    const { stack, vpc, task } = network();
    const [private1, private2] = vpc.privateSubnets;
    (private1 as ec2.PrivateSubnet).addRoute('Peer', {
      routerType: ec2.RouterType.VPC_PEERING_CONNECTION, routerId: 'pcx-00000001', destinationCidrBlock: '10.1.0.0/16',
    });
    const table = new ec2.CfnRouteTable(stack, 'Table', { vpcId: vpc.vpcId });
    const subnet = new ec2.CfnSubnet(stack, 'Subnet', { vpcId: vpc.vpcId, cidrBlock: '10.0.250.0/24' });
    new ec2.CfnSubnetRouteTableAssociation(stack, 'Association', { routeTableId: table.ref, subnetId: subnet.ref });
    const imported = ec2.Subnet.fromSubnetAttributes(stack, 'Imported', { subnetId: subnet.ref, routeTableId: table.ref });
    new ec2.CfnRoute(stack, 'Route', { routeTableId: table.ref, destinationCidrBlock: '0.0.0.0/0', transitGatewayId: 'tgw-00000001' });
    const runIn = (id: string, ...subnets: ec2.ISubnet[]) => resourceOf(task({ vpcSubnets: { subnets } }, id));
    const [first, second, third] = [runIn('First', private1), runIn('Second', private2), runIn('Third', imported)];

    expectToWaitFor(first, 'Stack/Vpc/PrivateSubnet1/Peer');
    expectNotToWaitFor(second, 'Stack/Vpc/PrivateSubnet1/Peer');
    expectToWaitFor(third, 'Stack/Association', 'Stack/Route');
  });

  test('the endpoints of its VPC if its subnets are isolated', () => {
    const { stack, cluster: { vpc }, task } = network();
    const isolated = new ec2.Vpc(stack, 'Isolated', { subnetConfiguration: [{ name: 'isolated', subnetType: ec2.SubnetType.PRIVATE_ISOLATED }] });
    const cluster = new ecs.Cluster(stack, 'IsolatedCluster', { vpc: isolated });
    const [run, other] = [task({ cluster, vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED } }), task({}, 'Other')];
    isolated.addInterfaceEndpoint('Images', { service: ec2.InterfaceVpcEndpointAwsService.ECR, open: false }).connections.allowDefaultPortFrom(run);
    isolated.addGatewayEndpoint('Layers', { service: ec2.GatewayVpcEndpointAwsService.S3 });
    vpc.addInterfaceEndpoint('Images', { service: ec2.InterfaceVpcEndpointAwsService.ECR });

    expectToWaitFor(resourceOf(run),
      /^Stack\/Isolated\/Images\/Resource/, /^Stack\/Isolated\/Layers\/Resource/, /^Stack\/Isolated\/Images\/SecurityGroup\/from StackTaskSecurityGroup/,
      /^Stack\/Isolated\/isolatedSubnet1\/RouteTableAssociation/,
    );
    expectNotToWaitFor(resourceOf(run), 'Stack/Vpc/Images/Resource');
    expectNotToWaitFor(resourceOf(other), 'Stack/Vpc/Images/Resource');
  });

  describe('what an aspect or an escape hatch gives to', () => {
    function isolate({ stack }: ReturnType<typeof network>) {
      const vpc = new ec2.Vpc(stack, 'Isolated', { natGateways: 0, subnetConfiguration: [{ name: 'isolated', subnetType: ec2.SubnetType.PRIVATE_ISOLATED }] });
      vpc.addGatewayEndpoint('Layers', { service: ec2.GatewayVpcEndpointAwsService.S3 });
      const group = new ec2.SecurityGroup(stack, 'Group', { vpc });
      new ec2.SecurityGroup(stack, 'Database', { vpc }).addIngressRule(group, ec2.Port.tcp(5432), undefined, true);
      return { subnetIds: vpc.isolatedSubnets.map(({ subnetId }) => subnetId), securityGroupIds: [group.securityGroupId] };
    }
    const needed = [
      /^Stack\/Isolated\/Layers\/Resource/, /^Stack\/Isolated\/isolatedSubnet1\/RouteTableAssociation/, /^Stack\/Database\/from StackGroup/,
    ];

    test('its function: a network without a way out but endpoints', () => {
      const given = network();
      const run = given.task();
      const vpcConfig = isolate(given);
      given.vpc.addGatewayEndpoint('Tables', { service: ec2.GatewayVpcEndpointAwsService.DYNAMODB });
      Aspects.of(given.stack).add({ visit: (node) => node instanceof lambda.CfnFunction && Object.assign(node, { vpcConfig }) });

      expectToWaitFor(resourceOf(run), ...needed);
      expectNotToWaitFor(resourceOf(run), /^Stack\/Vpc\/Tables/);
    });

    test.each<[string, (list: string[]) => unknown]>([
      ['always', (list) => list],
      ['on condition', (list) => Fn.conditionIf('Condition', list, ['other-1'])],
    ])('its service, %s: other subnets and security groups', (_, make) => {
      const given = network();
      const { stack, cluster, taskDefinition } = given;
      new CfnCondition(stack, 'Condition', { expression: Fn.conditionEquals(Aws.REGION, 'eu-west-1') });
      const service = new ecs.FargateService(stack, 'Web', { cluster, taskDefinition });
      const run = RunTask.forService(stack, 'Task', service);
      const { subnetIds, securityGroupIds } = isolate(given);
      const path = 'NetworkConfiguration.AwsvpcConfiguration';
      (service.node.defaultChild as ecs.CfnService).addPropertyOverride(`${path}.Subnets`, make(subnetIds));
      (service.node.defaultChild as ecs.CfnService).addPropertyOverride(`${path}.SecurityGroups`, make(securityGroupIds));

      expectToWaitFor(resourceOf(run), ...needed);
    });
  });

  test("the cluster's capacity providers, once they are associated with it", () => {
    const { stack, cluster, task } = network();
    cluster.enableFargateCapacityProviders();
    const other = new ecs.Cluster(stack, 'Other', { vpc: cluster.vpc });
    new ecs.CfnClusterCapacityProviderAssociations(stack, 'Association', {
      cluster: other.clusterName, capacityProviders: ['FARGATE_SPOT'], defaultCapacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT' }],
    });
    const [run, runOnOther] = [task(), task({ cluster: other, capacityProviderStrategies: [] }, 'OnOther')];

    expect(Template.fromStack(stack).findResources('AWS::ECS::ClusterCapacityProviderAssociations')).toHaveProperty('Association');
    expectToWaitFor(resourceOf(run), 'Stack/Cluster/Cluster');
    expectNotToWaitFor(resourceOf(run), 'Stack/Association');
    expectToWaitFor(resourceOf(runOnOther), 'Stack/Association');
  });

  test.each<[string, (stack: Stack, created: ecs.CfnCluster, vpc: ec2.IVpc) => ecs.ICluster]>([
    ['name', (stack, { ref }, vpc) => ecs.Cluster.fromClusterAttributes(stack, 'Imported', { clusterName: ref, vpc })],
    ['ARN', (stack, { attrArn }) => ecs.Cluster.fromClusterArn(stack, 'Imported', attrArn)],
  ])('the capacity providers of a cluster that is an L1 construct, imported by its %s', (_, importCluster) => {
    const { stack, vpc, task } = network();
    const created = new ecs.CfnCluster(stack, 'Created');
    new ecs.CfnClusterCapacityProviderAssociations(stack, 'Association', {
      cluster: created.ref, capacityProviders: ['FARGATE'], defaultCapacityProviderStrategy: [{ capacityProvider: 'FARGATE' }],
    });
    const taskDefinition = new ecs.Ec2TaskDefinition(stack, 'OnBridge', { networkMode: ecs.NetworkMode.BRIDGE });
    taskDefinition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('alpine'), memoryLimitMiB: 64 });
    const run = task({ cluster: importCluster(stack, created, vpc), taskDefinition });

    expectToWaitFor(resourceOf(run), 'Stack/Association', 'Stack/Created');
  });

  test('the policies of the role with which ECS launches Managed Instances for it, and the routes and rules of these instances', () => {
    const { stack, vpc, cluster, taskDefinition, task } = network();
    const provider = (id: string) => {
      const role = new iam.Role(stack, `${id}Role`, { assumedBy: new iam.ServicePrincipal('ecs.amazonaws.com') });
      role.addToPolicy(new iam.PolicyStatement({ actions: ['iam:PassRole'], resources: [taskDefinition.taskRole.roleArn] }));
      const subnet = new ec2.PrivateSubnet(stack, `${id}Subnet`, { vpcId: vpc.vpcId, availabilityZone: 'a', cidrBlock: '10.1.0.0/24' });
      subnet.addDefaultNatRoute('nat-00000001');
      const group = new ec2.CfnSecurityGroup(stack, `${id}Group`, { vpcId: vpc.vpcId, groupDescription: id });
      new ec2.CfnSecurityGroupEgress(stack, `${id}Rule`, { groupId: group.attrGroupId, ipProtocol: '-1', cidrIp: '0.0.0.0/0' });
      const NetworkConfiguration = { Subnets: [subnet.subnetId], SecurityGroups: [group.attrGroupId] };
      const ManagedInstancesProvider = { InfrastructureRoleArn: role.roleArn, InstanceLaunchTemplate: { NetworkConfiguration } };
      const properties = { ClusterName: cluster.clusterName, ManagedInstancesProvider };
      return new CfnResource(stack, id, { type: 'AWS::ECS::CapacityProvider', properties }).ref;
    };
    provider('Other');
    const run = task({ capacityProviderStrategies: [{ capacityProvider: provider('Own'), weight: 1 }] });

    expectToWaitFor(resourceOf(run), 'Stack/Own', 'Stack/OwnRole/DefaultPolicy/Resource', 'Stack/OwnSubnet/DefaultRoute', 'Stack/OwnRule');
    expectNotToWaitFor(resourceOf(run), /^Stack.Other/);
  });

  test('the rules that name its security group', () => {
    const { task, database } = network();
    const run = task();
    database().connections.allowDefaultPortFrom(run);

    expectToWaitFor(resourceOf(run),
      /^Stack\/Database\/SecurityGroup\/from StackTaskSecurityGroup/, 'Stack/Database/Resource',
    );
  });

  test('the rules that name a security group in securityGroups, created or imported, before or after the RunTask', () => {
    const { stack, vpc, task, database } = network();
    const own = new ec2.SecurityGroup(stack, 'Own', { vpc, allowAllOutbound: false });
    const imported = ec2.SecurityGroup.fromSecurityGroupId(stack, 'Imported', 'sg-00000001');
    own.connections.allowTo(database(), ec2.Port.tcp(5432));
    const run = task({ securityGroups: [own, imported] });
    new ec2.CfnSecurityGroupIngress(stack, 'Rule', { groupId: 'sg-00000002', sourceSecurityGroupId: 'sg-00000001', ipProtocol: '-1' });
    new ec2.CfnSecurityGroupIngress(stack, 'Stranger', { groupId: 'sg-00000002', sourceSecurityGroupId: 'sg-00000003', ipProtocol: '-1' });

    expectToWaitFor(resourceOf(run),
      /^Stack\/Own\/to StackDatabase/, /^Stack\/Database\/SecurityGroup\/from StackOwn/, 'Stack/Rule',
    );
    expectNotToWaitFor(resourceOf(run), 'Stack/Stranger');
  });

  test('ingress and egress rules between its security group and groups without allowAllOutbound', () => {
    const { stack, vpc, task, database } = network();
    const [closed, sender, receiver, other] = ['Closed', 'Sender', 'Receiver', 'Other'].map((id) =>
      new ec2.SecurityGroup(stack, id, { vpc, allowAllOutbound: false }));
    const run = task({ securityGroups: [closed] });
    run.connections.allowToDefaultPort(database());
    run.connections.allowFrom(sender, ec2.Port.tcp(80));
    new ec2.CfnSecurityGroupEgress(stack, 'ToOthers', {
      groupId: closed.securityGroupId, destinationSecurityGroupId: receiver.securityGroupId, ipProtocol: '-1',
    });
    new ec2.CfnSecurityGroupEgress(stack, 'FromOthers', {
      groupId: other.securityGroupId, destinationSecurityGroupId: closed.securityGroupId, ipProtocol: '-1',
    });

    expectToWaitFor(resourceOf(run),
      /^Stack\/Closed\/to StackDatabaseSecurityGroup/, /^Stack\/Database\/SecurityGroup\/from StackClosed/,
      /^Stack\/Closed\/from StackSender/, /^Stack\/Sender\/to StackClosed/, /^Stack\/ToOthers$/, /^Stack\/FromOthers$/,
    );
  });

  test.each([
    ['made with it', () => ({})],
    ['given by its id', ({ stack }: { stack: Stack }) => ({ securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(stack, 'Given', 'sg-00000001')] })],
  ])('security groups with an inline rule that names its own security group, %s', (_, props) => {
    const given = network();
    const run = given.task(props(given));
    const [{ securityGroupId }] = run.connections.securityGroups;
    const group = (id: string, rules: Partial<ec2.CfnSecurityGroupProps>) =>
      new ec2.CfnSecurityGroup(given.stack, id, { vpcId: given.vpc.vpcId, groupDescription: id, ...rules });
    group('Receiver', { securityGroupIngress: [{ ipProtocol: '-1', sourceSecurityGroupId: securityGroupId }] });
    group('Sender', { securityGroupEgress: [{ ipProtocol: '-1', destinationSecurityGroupId: securityGroupId }] });
    group('Stranger', { securityGroupIngress: [{ ipProtocol: '-1', sourceSecurityGroupId: 'sg-00000002' }] });

    expectToWaitFor(resourceOf(run), 'Stack/Receiver', 'Stack/Sender');
    expectNotToWaitFor(resourceOf(run), 'Stack/Stranger');
  });

  test.each([true, false])('rules and dependencies that an aspect adds, however late (aspect stabilization: %s)', (stabilization) => {
    const { stack, vpc, task, database } = network({ '@aws-cdk/core:aspectStabilization': stabilization });
    const db = database();
    const run = task({ executeAfter: [db] });
    const last = new sqs.Queue(stack, 'Last').node.defaultChild;
    Aspects.of(stack).add({
      visit: (node) => {
        if (node === last) {
          db.connections.allowDefaultPortFrom(run);
          new CfnResource(db, 'Late', { type: 'Custom::Thing' });
          run.executeAfter(new ec2.SecurityGroup(stack, 'Later', { vpc }));
        }
      },
    });

    expectToWaitFor(resourceOf(run),
      /^Stack\/Database\/SecurityGroup\/from StackTask/, /^Stack\/Database\/Late/, /^Stack\/Later\/Resource/,
    );
  });

  test('the log group of its function, which newer versions of aws-cdk-lib create with a feature flag', () => {
    const { stack, task } = network({ '@aws-cdk/aws-lambda:useCdkManagedLogGroup': true });
    const run = task();

    expectToWaitFor(resourceOf(run), ...pathsOf(stack.node.findChild('EcsRunTaskHandler').node.findChild('Function')));
  });

  test('everything in the scopes of its cluster, task definitions, roles and volumes', () => {
    const { stack, cluster, taskDefinition, task } = network();
    cluster.addCapacity('Instances', { instanceType: new ec2.InstanceType('t3.micro') });
    const role = new iam.Role(stack, 'Given', { assumedBy: new iam.ServicePrincipal('ecs-tasks.amazonaws.com') });
    const cleanUp = new ecs.FargateTaskDefinition(stack, 'CleanUp');
    cleanUp.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app') });
    const volume = new TaskManagedVolume(stack, 'Volume', { name: 'data', managedEBSVolume: { size: Size.gibibytes(1), fileSystemType: ecs.FileSystemType.EXT4 } });
    taskDefinition.addVolume(volume);
    volume.mountIn(taskDefinition.findContainer('app')!, { containerPath: '/data', readOnly: false });
    const scopes = [cluster, taskDefinition, role, cleanUp, volume];
    scopes.forEach((scope) => new CfnResource(scope, 'Extra', { type: 'Custom::Thing' }));
    const run = task({ volumes: [volume], taskOverrides: { taskRole: role }, onDelete: { taskDefinition: cleanUp } });

    expectToWaitFor(resourceOf(run),
      ...scopes.map(({ node }) => `${node.path}/Extra`), 'Stack/Cluster/Instances/ASG',
    );
  });

  test('scopes in executeAfter, the prop and the method', () => {
    const { stack, task } = network();
    const [a, b] = ['A', 'B'].map((id) => new sqs.Queue(stack, id));
    const run = task({ executeAfter: [a] });
    run.executeAfter(b);

    expectToWaitFor(resourceOf(run), 'Stack/A/Resource', 'Stack/B/Resource');
  });

  test('what a construct in executeAfter stands for as a dependency', () => {
    const { stack, task } = network();
    const facade = new Construct(stack, 'Facade');
    Dependable.implement(facade, { dependencyRoots: [new sqs.Queue(stack, 'Queue')] });
    new sqs.Queue(facade, 'Own');
    const role = new iam.Role(stack, 'Role', { assumedBy: new iam.AccountRootPrincipal() });

    expectToWaitFor(resourceOf(task({ executeAfter: [facade, role.withoutPolicyUpdates()] })), 'Stack/Queue/Resource', 'Stack/Facade/Own/Resource', 'Stack/Role/Resource');
  });

  test('everything that the task of onDelete needs, including roles and log groups', () => {
    const { stack, task } = network();
    const cleanUp = new ecs.FargateTaskDefinition(stack, 'CleanUp');
    cleanUp.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app'), logging: ecs.LogDrivers.awsLogs({ streamPrefix: 'app' }) });
    const { taskRole } = new ecs.FargateTaskDefinition(stack, 'Other');
    const run = task({ onDelete: { taskDefinition: cleanUp, taskOverrides: { taskRole } } });
    new sqs.Queue(stack, 'Queue').grantSendMessages(taskRole);

    expectToWaitFor(resourceOf(run),
      'Stack/CleanUp/Resource', 'Stack/CleanUp/ExecutionRole/DefaultPolicy/Resource', 'Stack/CleanUp/app/LogGroup/Resource',
      'Stack/Other/TaskRole/DefaultPolicy/Resource',
    );
  });

  test('the policies that its function needs for onDelete', () => {
    const { task } = network();
    const [plain, run] = [task({ onRollback: OnRollback.RUN }, 'Plain'), task({ onDelete: {} })];

    expectToWaitFor(resourceOf(run), 'Stack/EcsRunTaskHandler/InvokeSelf/Resource', 'Stack/Task/OnDelete/Resource');
    expectNotToWaitFor(resourceOf(plain), /InvokeSelf|OnDelete/);
  });

  test('nothing that it does not need', () => {
    const { stack, task } = network();
    const run = task();
    new sqs.Queue(stack, 'Queue');

    expectNotToWaitFor(resourceOf(run), /Queue|InvokeSelf/);
  });

  test('no security group rule in executeAfter that allows something else, which could become a cycle', () => {
    const { stack, vpc, task, database } = network();
    const db = database();
    const other = new ec2.SecurityGroup(stack, 'Other', { vpc });
    const run = task({ executeAfter: [db] });
    db.connections.allowDefaultPortFrom(run);
    db.connections.allowDefaultPortFrom(other);
    db.connections.allowFrom(ec2.Peer.prefixList('pl-00000001'), ec2.Port.tcp(5432));

    expectToWaitFor(resourceOf(run), /\/from StackTaskSecurityGroup/, /\/from pl-00000001/);
    expectNotToWaitFor(resourceOf(run), /from StackOther|^Stack\/Other/);
  });

  test('a security group rule that executeAfter names itself', () => {
    const { stack, vpc, task } = network();
    const { securityGroupId } = new ec2.SecurityGroup(stack, 'Group', { vpc });
    const rule = new ec2.CfnSecurityGroupIngress(stack, 'Rule', { groupId: 'sg-00000001', sourceSecurityGroupId: securityGroupId, ipProtocol: '-1' });

    expectToWaitFor(resourceOf(task({ executeAfter: [rule] })), 'Stack/Rule');
  });
});

describe('the task starts after what is written for it elsewhere:', () => {
  test('the network ACL of its subnets, associations and entries', () => {
    const { stack, vpc, task } = network();
    const [own, other] = ['Own', 'Other'].map((id) => new ec2.NetworkAcl(stack, id, { vpc }));
    own.associateWithSubnet('Association', { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS });
    other.associateWithSubnet('Association', { subnetType: ec2.SubnetType.PUBLIC });
    for (const acl of [own, other]) {
      acl.addEntry('Entry', { cidr: ec2.AclCidr.anyIpv4(), ruleNumber: 100, traffic: ec2.AclTraffic.allTraffic(), direction: ec2.TrafficDirection.EGRESS });
    }
    const run = task();

    expectToWaitFor(resourceOf(run), /^Stack\/Own\/DefaultAssociation|^Stack\/Own\/Association|^Stack\/Vpc\/PrivateSubnet1\/Association/, 'Stack/Own/Entry/Resource');
    expectNotToWaitFor(resourceOf(run), 'Stack/Other/Entry/Resource');
  });

  test('routes of a table that an association gives to its imported subnet', () => {
    const { stack, vpc, task } = network();
    const table = new ec2.CfnRouteTable(stack, 'Table', { vpcId: vpc.vpcId });
    new ec2.CfnSubnetRouteTableAssociation(stack, 'Association', { routeTableId: table.ref, subnetId: 'subnet-00000001' });
    new ec2.CfnRoute(stack, 'Route', { routeTableId: table.ref, destinationCidrBlock: '0.0.0.0/0', transitGatewayId: 'tgw-00000001' });

    expectToWaitFor(resourceOf(task({ vpcSubnets: { subnets: [ec2.Subnet.fromSubnetId(stack, 'Subnet', 'subnet-00000001')] } })), 'Stack/Association', 'Stack/Route');
  });

  const databaseWith = (given: ReturnType<typeof network>, secret: secretsmanager.ISecret) =>
    new rds.DatabaseInstance(given.stack, 'Db', { vpc: given.vpc, engine: rds.DatabaseInstanceEngine.POSTGRES, credentials: rds.Credentials.fromSecret(secret) });

  test('the attachment of a secret that its container reads', () => {
    const given = network();
    const [secret, other] = ['Own', 'Other'].map((id) => new rds.DatabaseSecret(given.stack, id, { username: 'app' }));
    databaseWith(given, secret);
    other.attach(given.database());
    given.taskDefinition.findContainer('app')!.addSecret('HOST', ecs.Secret.fromSecretsManager(secret, 'host'));
    const run = given.task();

    expectToWaitFor(resourceOf(run), 'Stack/Own/Attachment/Resource', 'Stack/Db/Resource');
    expectNotToWaitFor(resourceOf(run), 'Stack/Other/Attachment/Resource');
  });

  test('the attachment of a secret that its command reads, if executeAfter names the database', () => {
    const given = network();
    const secret = new rds.DatabaseSecret(given.stack, 'Secret', { username: 'app' });
    const db = databaseWith(given, secret);
    secret.grantRead(given.taskDefinition.taskRole);

    expectToWaitFor(resourceOf(given.task({ executeAfter: [db] })), 'Stack/Secret/Attachment/Resource');
  });

  test('the attachment of an imported secret, by the ARN that both name', () => {
    const given = network();
    const secretCompleteArn = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf';
    const secret = secretsmanager.Secret.fromSecretAttributes(given.stack, 'Secret', { secretCompleteArn });
    given.taskDefinition.findContainer('app')!.addSecret('HOST', ecs.Secret.fromSecretsManager(secret, 'host'));
    new secretsmanager.CfnSecretTargetAttachment(given.stack, 'Attachment', { secretId: secretCompleteArn, targetId: 'db', targetType: 'AWS::RDS::DBInstance' });

    expectToWaitFor(resourceOf(given.task()), 'Stack/Attachment');
  });

  describe.each<[string, StackProps]>([
    ['with an account and a Region', { env: { account: '111122223333', region: 'eu-west-1' } }],
    ['without an account and a Region', {}],
  ])('in a stack %s,', (_, props) => {
    test('the attachment of a secret that is imported by its name, and that its container reads', () => {
      const given = network({}, props);
      const [secret, other] = ['own', 'other'].map((name) => secretsmanager.Secret.fromSecretNameV2(given.stack, name, name));
      const attach = (id: string, { secretArn }: secretsmanager.ISecret) =>
        new secretsmanager.CfnSecretTargetAttachment(given.stack, id, { secretId: secretArn, targetId: 'db', targetType: 'AWS::RDS::DBInstance' });
      attach('Attachment', secret);
      attach('Others', other);
      given.taskDefinition.findContainer('app')!.addSecret('HOST', ecs.Secret.fromSecretsManager(secret, 'host'));
      const run = given.task();

      expectToWaitFor(resourceOf(run), 'Stack/Attachment');
      expectNotToWaitFor(resourceOf(run), 'Stack/Others');
    });

    test.each<[string, (stack: Stack) => Partial<ecs.ContainerDefinitionOptions>]>([
      ['secret', (stack) => ({ secrets: { A: ecs.Secret.fromSecretsManager(secretsmanager.Secret.fromSecretNameV2(stack, 'Imported', 'app/db')) } })],
      ['key of a secret', (stack) => ({ secrets: { A: ecs.Secret.fromSecretsManager(secretsmanager.Secret.fromSecretNameV2(stack, 'Imported', 'app/db'), 'host') } })],
      ['parameter', (stack) => ({
        secrets: { A: ecs.Secret.fromSsmParameter(ssm.StringParameter.fromSecureStringParameterAttributes(stack, 'Imported', { parameterName: '/app/db' })) },
      })],
      ['password of a registry', (stack) => ({
        image: ecs.ContainerImage.fromRegistry('app', { credentials: secretsmanager.Secret.fromSecretNameV2(stack, 'Imported', 'registry') }),
      })],
    ])('no key or bucket only because its policy has an ARN, like an imported %s', (__, options) => {
      const { stack, task } = network({}, props);
      const taskDefinition = new ecs.FargateTaskDefinition(stack, 'Own');
      taskDefinition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app'), ...options(stack) });
      const waiting = new kms.Key(stack, 'Waiting');
      const run = task({ taskDefinition, executeBefore: [waiting] });
      new kms.Key(stack, 'Key');
      new s3.Bucket(stack, 'Bucket', { enforceSSL: true });

      expectToWaitFor(waiting, 'Stack/Task/Resource');
      expectNotToWaitFor(resourceOf(run), /^Stack\/(Key|Bucket)/);
    });
  });

  test('no attachment whose database waits for the task', () => {
    const given = network();
    const secret = new rds.DatabaseSecret(given.stack, 'Secret', { username: 'app' });
    const db = databaseWith(given, secret);
    given.taskDefinition.findContainer('app')!.addSecret('PASSWORD', ecs.Secret.fromSecretsManager(secret, 'password'));
    const first = given.task({}, 'First', new NestedStack(given.stack, 'Nested'));
    db.node.addDependency(first);

    expectToWaitFor(db, 'Stack/Nested/First/Resource');
    expectNotToWaitFor(resourceOf(first), 'Stack/Secret/Attachment/Resource');
  });

  test.each([
    ['with its ARN', (stack: Stack) => iam.Role.fromRoleArn(stack, 'Role', 'arn:aws:iam::111122223333:role/theirs/task', { mutable: false })],
    ['by its name', (stack: Stack) => iam.Role.fromRoleName(stack, 'Role', 'task', { mutable: false })],
  ])('policies of buckets, secrets, queues, topics and keys that name its immutable role, imported %s', (_, roleIn) => {
    const { stack, task } = network();
    const role = roleIn(stack);
    const taskDefinition = new ecs.FargateTaskDefinition(stack, 'Own', { taskRole: role });
    taskDefinition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app') });
    const run = task({ taskDefinition });
    const statement = (...actions: string[]) => new iam.PolicyStatement({ principals: [role], actions, resources: ['*'] });
    new s3.Bucket(stack, 'Bucket').addToResourcePolicy(statement('s3:GetObject'));
    new secretsmanager.Secret(stack, 'Secret').addToResourcePolicy(statement('secretsmanager:GetSecretValue'));
    new sqs.Queue(stack, 'Queue').addToResourcePolicy(statement('sqs:SendMessage'));
    new sns.Topic(stack, 'Topic').addToResourcePolicy(statement('sns:Publish'));
    new kms.Key(stack, 'Key').addToResourcePolicy(statement('kms:Decrypt'));
    new s3.Bucket(stack, 'Stranger', { enforceSSL: true });

    expectToWaitFor(resourceOf(run), 'Stack/Bucket/Policy/Resource', 'Stack/Secret/Policy/Resource', 'Stack/Queue/Policy/Resource',
      'Stack/Topic/Policy/Resource', 'Stack/Key/Resource');
    expectNotToWaitFor(resourceOf(run), 'Stack/Stranger/Policy/Resource');
  });

  test.each([
    ['AWS::DynamoDB::GlobalTable', 'Replicas', (arn: string) => [{ Region: 'eu-west-1', ResourcePolicy: { PolicyDocument: { Statement: [{ Principal: { AWS: arn } }] } } }]],
    ['AWS::EKS::AccessEntry', 'PrincipalArn', (arn: string) => arn],
    ['AWS::Events::EventBusPolicy', 'Statement', (arn: string) => ({ Principal: { AWS: arn } })],
    ['AWS::LakeFormation::PrincipalPermissions', 'Principal', (arn: string) => ({ DataLakePrincipalIdentifier: arn })],
    ['AWS::MSK::ClusterPolicy', 'Policy', (arn: string) => ({ Statement: [{ Principal: { AWS: arn } }] })],
    ['AWS::OpenSearchService::Domain', 'AccessPolicies', (arn: string) => ({ Statement: [{ Principal: { AWS: arn } }] })],
    ['AWS::OpenSearchServerless::AccessPolicy', 'Policy', (arn: string) => Fn.sub('[{"Principal":["${Arn}"]}]', { Arn: arn })],
    ['AWS::OpenSearchServerless::AccessPolicy', 'Policy', (arn: string) => `[{"Principal":["${arn}"]}]`],
    ['AWS::S3Express::BucketPolicy', 'PolicyDocument', (arn: string) => ({ Statement: [{ Principal: { AWS: arn } }] })],
    ['AWS::S3Tables::TableBucketPolicy', 'ResourcePolicy', (arn: string) => ({ Statement: [{ Principal: { AWS: arn } }] })],
  ])('an %s that names its role in %s', (type, property, render) => {
    const { stack, taskDefinition, task } = network();
    const add = (id: string, role: iam.IRole) => new CfnResource(stack, id, { type, properties: { [property]: render(role.roleArn) } });
    add('Own', taskDefinition.taskRole);
    add('Others', new iam.Role(stack, 'Stranger', { assumedBy: new iam.AccountRootPrincipal() }));
    const run = task();

    expectToWaitFor(resourceOf(run), 'Stack/Own');
    expectNotToWaitFor(resourceOf(run), 'Stack/Others');
  });

  test('a policy that is JSON in a text, with the ARN of its imported role', () => {
    const { stack, task } = network();
    const taskRole = iam.Role.fromRoleArn(stack, 'Role', 'arn:aws:iam::111122223333:role/theirs/task', { mutable: false });
    const taskDefinition = new ecs.FargateTaskDefinition(stack, 'Own', { taskRole });
    taskDefinition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app') });
    const policy = JSON.stringify([{ Principal: [taskRole.roleArn] }]);
    new opensearchserverless.CfnAccessPolicy(stack, 'Policy', { name: 'data', type: 'data', policy });

    expectToWaitFor(resourceOf(task({ taskDefinition })), 'Stack/Policy');
  });

  test.each([
    ['of this app', (stack: Stack) => new iam.Role(stack, 'Role', { assumedBy: new iam.ServicePrincipal('ecs-tasks.amazonaws.com') })],
    ['imported', (stack: Stack) => iam.Role.fromRoleArn(stack, 'Role', 'arn:aws:iam::111122223333:role/theirs/task', { mutable: false })],
  ])('the access policy that a domain gets from a custom resource of the CDK, with its role %s', (_, roleIn) => {
    const { stack, task } = network();
    const taskRole = roleIn(stack);
    const taskDefinition = new ecs.FargateTaskDefinition(stack, 'Own', { taskRole });
    taskDefinition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app') });
    new opensearch.Domain(stack, 'Domain', {
      version: opensearch.EngineVersion.OPENSEARCH_2_5,
      accessPolicies: [new iam.PolicyStatement({ principals: [taskRole], actions: ['es:ESHttp*'], resources: ['*'] })],
    });

    expectToWaitFor(resourceOf(task({ taskDefinition })), 'Stack/Domain/AccessPolicy/Resource/Default');
  });

  test('no key or bucket only because a text in its policy is also the name of its imported cluster or role', () => {
    const { stack, vpc, task } = network();
    const cluster = ecs.Cluster.fromClusterAttributes(stack, 'Imported', { clusterName: 'prod', vpc });
    const taskDefinition = new ecs.FargateTaskDefinition(stack, 'Own', { taskRole: iam.Role.fromRoleName(stack, 'Role', 'app', { mutable: false }) });
    taskDefinition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app') });
    const run = task({ cluster, taskDefinition });
    const statement = (...values: string[]) => new iam.PolicyStatement({
      principals: [new iam.AnyPrincipal()], actions: ['*'], resources: ['*'], conditions: { StringEquals: { 'aws:PrincipalTag/name': values } },
    });
    new kms.Key(stack, 'Key').addToResourcePolicy(statement('prod'));
    new s3.Bucket(stack, 'Bucket').addToResourcePolicy(statement('prod', 'app'));
    new ecs.CfnClusterCapacityProviderAssociations(stack, 'Providers', { cluster: 'prod', capacityProviders: ['FARGATE'], defaultCapacityProviderStrategy: [] });

    expectToWaitFor(resourceOf(run), 'Stack/Providers');
    expectNotToWaitFor(resourceOf(run), /^Stack\/(Key|Bucket)/);
  });

  test('no policy of another role that may pass its role', () => {
    const { stack, taskDefinition, task } = network();
    taskDefinition.taskRole.grantPassRole(new iam.Role(stack, 'Scheduler', { assumedBy: new iam.ServicePrincipal('scheduler.amazonaws.com') }));

    expectNotToWaitFor(resourceOf(task()), /^Stack.Scheduler/);
  });

  test('what names its security group or its role with a function of CloudFormation that was written manually', () => {
    const { stack, taskDefinition, task } = network();
    const run = task();
    const idOf = (construct: IConstruct) => stack.resolve((construct.node.defaultChild as CfnResource).logicalId);
    const [group, role] = [run.connections.securityGroups[0], taskDefinition.taskRole].map(idOf);
    const rule = (id: string, SourceSecurityGroupId: object) =>
      new CfnResource(stack, id, { type: 'AWS::EC2::SecurityGroupIngress', properties: { GroupId: 'sg-00000001', IpProtocol: '-1', SourceSecurityGroupId } });
    rule('ByGetAtt', { 'Fn::GetAtt': `${group}.GroupId` });
    rule('BySub', { 'Fn::Sub': `\${${group}.GroupId}` });
    new CfnResource(stack, 'Policy', {
      type: 'AWS::SQS::QueuePolicy',
      properties: { PolicyDocument: { Statement: [{ Principal: { AWS: { 'Fn::Sub': `arn:\${AWS::Partition}:iam::\${AWS::AccountId}:role/\${${role}}` } } }] } },
    });

    expectToWaitFor(resourceOf(run), 'Stack/ByGetAtt', 'Stack/BySub', 'Stack/Policy');
  });
});

describe('with executeAfter or a reference, the task starts after all parts of', () => {
  const writer = rds.ClusterInstance.serverlessV2('Writer');

  test('an RDS instance, its secret and its rule', () => {
    const { taskDefinition, task, database } = network();
    const db = database();
    taskDefinition.findContainer('app')!.addSecret('PASSWORD', ecs.Secret.fromSecretsManager(db.secret!, 'password'));
    const run = task({ executeAfter: [db] });
    db.connections.allowDefaultPortFrom(run);

    expectToWaitFor(resourceOf(run),
      /^Stack\/Database\/Resource/, /^Stack\/Database\/Secret\/Attachment\/Resource/, /^Stack\/Database\/SecurityGroup\/from StackTask/,
      /^Stack\/Definition\/ExecutionRole\/DefaultPolicy/,
    );
  });

  test('an Aurora cluster, its serverless instances and its rule', () => {
    const { stack, vpc, task } = network();
    const db = new rds.DatabaseCluster(stack, 'Aurora', {
      vpc,
      engine: rds.DatabaseClusterEngine.auroraPostgres({ version: rds.AuroraPostgresEngineVersion.VER_16_4 }),
      writer,
      readers: [rds.ClusterInstance.serverlessV2('Reader', { scaleWithWriter: true })],
    });
    const run = task({ executeAfter: [db] });
    db.connections.allowDefaultPortFrom(run);

    expectToWaitFor(resourceOf(run),
      /^Stack\/Aurora\/Resource/, /^Stack\/Aurora\/Writer\/Resource/, /^Stack\/Aurora\/Reader\/Resource/,
      /^Stack\/Aurora\/SecurityGroup\/from StackTask/, /^Stack\/Aurora\/Secret\/Attachment/,
    );
  });

  test('an RDS proxy, its targets, and the rules on the way through it', () => {
    const { stack, vpc, task } = network();
    const db = new rds.DatabaseCluster(stack, 'Aurora', {
      vpc, engine: rds.DatabaseClusterEngine.auroraPostgres({ version: rds.AuroraPostgresEngineVersion.VER_16_4 }), writer,
    });
    const proxy = new rds.DatabaseProxy(stack, 'Proxy', { vpc, proxyTarget: rds.ProxyTarget.fromCluster(db), secrets: [db.secret!], iamAuth: true });
    const run = task({ executeAfter: [proxy] });
    proxy.grantConnect(run, 'admin');
    proxy.connections.allowFrom(run, ec2.Port.tcp(5432));

    expectToWaitFor(resourceOf(run),
      /^Stack\/Proxy\/Resource/, /^Stack\/Proxy\/ProxyTargetGroup/, /^Stack\/Proxy\/IAMRole\/DefaultPolicy/, /^Stack\/Aurora\/Writer\/Resource/,
      /^Stack\/Proxy\/ProxySecurityGroup\/from StackTask/, /^Stack\/Aurora\/SecurityGroup\/from StackProxyProxySecurityGroup/,
      /^Stack\/Definition\/TaskRole\/DefaultPolicy/,
    );
  });

  test('a file system in its task definition with its mount targets, without executeAfter', () => {
    const { stack, vpc, taskDefinition, task } = network();
    const fileSystem = new efs.FileSystem(stack, 'Files', { vpc });
    const accessPoint = fileSystem.addAccessPoint('Access');
    taskDefinition.addVolume({
      name: 'files',
      efsVolumeConfiguration: {
        fileSystemId: fileSystem.fileSystemId, transitEncryption: 'ENABLED', authorizationConfig: { accessPointId: accessPoint.accessPointId, iam: 'ENABLED' },
      },
    });
    fileSystem.grantRootAccess(taskDefinition.taskRole);
    new efs.FileSystem(stack, 'Others', { vpc });
    const run = task();
    fileSystem.connections.allowDefaultPortFrom(run);

    expectToWaitFor(resourceOf(run),
      /^Stack\/Files\/Resource/, /^Stack\/Files\/Access\/Resource/, /^Stack\/Files\/EfsMountTarget1/, /^Stack\/Files\/EfsMountTarget2/,
      /^Stack\/Files\/EfsSecurityGroup\/from StackTask/,
    );
    expectNotToWaitFor(resourceOf(run), /^Stack\/Others/);
  });

  test('an S3 Files file system in its task definition with its mount targets, without executeAfter', () => {
    const { stack, vpc, taskDefinition, task } = network();
    const add = (id: string) => {
      const fileSystem = new CfnResource(stack, id, { type: 'AWS::S3Files::FileSystem', properties: { Bucket: 'bucket', RoleArn: 'role' } });
      const properties = { FileSystemId: fileSystem.ref, SubnetId: vpc.privateSubnets[0].subnetId };
      new CfnResource(stack, `${id}Target`, { type: 'AWS::S3Files::MountTarget', properties });
      return fileSystem;
    };
    add('Others');
    const definition = taskDefinition.node.defaultChild as CfnResource;
    definition.addPropertyOverride('Volumes', [{ Name: 'files', S3FilesVolumeConfiguration: { FileSystemArn: add('Files').getAtt('FileSystemArn') } }]);
    const run = task();

    expectToWaitFor(resourceOf(run), 'Stack/Files', 'Stack/FilesTarget');
    expectNotToWaitFor(resourceOf(run), /^Stack.Others/);
  });

  test('a cache that its environment names and its rule, without executeAfter', () => {
    const { stack, vpc, taskDefinition, task } = network();
    const group = new ec2.SecurityGroup(stack, 'CacheGroup', { vpc });
    const subnets = new elasticache.CfnSubnetGroup(stack, 'CacheSubnets', { description: 'cache', subnetIds: vpc.selectSubnets().subnetIds });
    const cache = new elasticache.CfnReplicationGroup(stack, 'Cache', {
      replicationGroupDescription: 'cache',
      engine: 'valkey',
      cacheNodeType: 'cache.t4g.micro',
      numCacheClusters: 1,
      cacheSubnetGroupName: subnets.ref,
      securityGroupIds: [group.securityGroupId],
    });
    taskDefinition.findContainer('app')!.addEnvironment('CACHE', cache.attrPrimaryEndPointAddress);
    const run = task();
    group.connections.allowFrom(run, ec2.Port.tcp(6379));

    expectToWaitFor(resourceOf(run), /^Stack\/Cache$/, /^Stack\/CacheSubnets$/, /^Stack\/CacheGroup\/from StackTask/);
  });

  test('a bucket and a secret that its roles may read, with their keys, without executeAfter', () => {
    const { stack, taskDefinition, task } = network();
    const run = task();
    const secret = new secretsmanager.Secret(stack, 'Secret', { encryptionKey: new kms.Key(stack, 'SecretKey') });
    taskDefinition.findContainer('app')!.addSecret('TOKEN', ecs.Secret.fromSecretsManager(secret));
    new s3.Bucket(stack, 'Bucket', { encryptionKey: new kms.Key(stack, 'BucketKey') }).grantReadWrite(run);

    expectToWaitFor(resourceOf(run),
      'Stack/Secret/Resource', 'Stack/SecretKey/Resource', 'Stack/Definition/ExecutionRole/DefaultPolicy/Resource',
      'Stack/Bucket/Resource', 'Stack/BucketKey/Resource', 'Stack/Definition/TaskRole/DefaultPolicy/Resource',
    );
  });

  test('a service and the rules between the service and its database', () => {
    const { stack, cluster, taskDefinition, task, database } = network();
    const db = database();
    const definition = new ecs.FargateTaskDefinition(stack, 'Web');
    definition.addContainer('web', { image: ecs.ContainerImage.fromRegistry('web'), environment: { HOST: db.dbInstanceEndpointAddress } });
    const service = new ecs.FargateService(stack, 'Service', { cluster, taskDefinition: definition });
    db.connections.allowDefaultPortFrom(service);

    expectToWaitFor(resourceOf(task({ taskDefinition, executeAfter: [service] })),
      /^Stack\/Service\/Service$/, /^Stack\/Database\/SecurityGroup\/from StackService/,
    );
  });
});

describe('across stacks, the task starts after', () => {
  test('a database in another stack and its rule, which the task adds with allowTo', () => {
    const { stack, cluster, taskDefinition, database } = network();
    const db = database();
    const other = new Stack(stack.node.root, 'Other');
    const definition = new ecs.FargateTaskDefinition(other, 'Definition');
    definition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app') });
    const run = new RunTask(other, 'Task', { cluster, taskDefinition: definition, executeAfter: [db] });
    run.connections.allowToDefaultPort(db);

    expectToWaitFor(resourceOf(run), /^Other\/Task\/SecurityGroup\/StackDatabaseSecurityGroup/);
    expect(other.dependencies).toEqual([stack]);
    expect(taskDefinition.stack).toBe(stack);
  });

  test('the rules of a security group that the stack of the database creates for it', () => {
    const { stack, vpc, cluster, database } = network();
    const db = database();
    const client = new ec2.SecurityGroup(stack, 'Client', { vpc });
    db.connections.allowDefaultPortFrom(client);
    const other = new Stack(stack.node.root, 'Other');
    const definition = new ecs.FargateTaskDefinition(other, 'Definition');
    definition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app') });
    new RunTask(other, 'Task', { cluster, taskDefinition: definition, securityGroups: [client] });
    Template.fromStack(other);

    expect(other.dependencies).toEqual([stack]);
    expect(pathsOf(stack)).toContainEqual(expect.stringMatching(/^Stack\/Database\/SecurityGroup\/from StackClient/));
  });

  test('a database in the parent of its nested stack and its rule, which the task adds with allowTo', () => {
    const { stack, cluster, taskDefinition, task, database } = network();
    const db = database();
    const service = new ecs.FargateService(stack, 'Service', { cluster, taskDefinition });
    db.connections.allowDefaultPortFrom(service);
    const run = task({ executeAfter: [db], executeBefore: [service] }, 'Task', new NestedStack(stack, 'Nested'));
    run.connections.allowToDefaultPort(db);

    expectToWaitFor(resourceOf(run),
      /^Stack\/Database\/Resource/, /^Stack\/Nested\/Task\/SecurityGroup\/StackDatabaseSecurityGroup/, /^Stack\/Vpc\/PrivateSubnet1\/DefaultRoute/,
    );
    expectToWaitFor(service.node.findChild('Service'), 'Stack/Nested/Task/Resource');
    expect(warningsOf(stack, '/Stack/Nested/Task')).toEqual([]);
  });

  test('a database in a nested stack and the rule in the nested stack', () => {
    const { stack, task, database } = network();
    const db = database(new NestedStack(stack, 'Nested'));
    const run = task({ executeAfter: [db] });
    db.connections.allowDefaultPortFrom(run);

    expectToWaitFor(resourceOf(run), /^Stack\/Nested\/Database\/Resource/, /^Stack\/Nested\/Database\/SecurityGroup\/from StackTask/);
  });

  test('rules in the parent of its nested stack that name a security group of the parent', () => {
    const { stack, vpc, task, database } = network();
    const client = new ec2.SecurityGroup(stack, 'Client', { vpc });
    const run = task({ securityGroups: [client] }, 'Task', new NestedStack(stack, 'Nested'));
    database().connections.allowDefaultPortFrom(client);

    expectToWaitFor(resourceOf(run), /^Stack\/Database\/SecurityGroup\/from StackClient/);
  });

  test('no rule in the parent of its nested stack that names a security group of the nested stack; a warning explains it', () => {
    const { stack, task, database } = network();
    const db = database();
    const nested = new NestedStack(stack, 'Nested');
    const run = task({ executeAfter: [db] }, 'Task', nested);
    db.connections.allowDefaultPortFrom(run);

    expectToWaitFor(resourceOf(run), 'Stack/Database/Resource');
    expect(warningsOf(stack, '/Stack/Nested/Task')).toEqual([
      expect.stringMatching(/^'Stack\/Database\/SecurityGroup\/from .*' is created after the task: it is outside the task's nested stack and depends on it. Create it inside, for example with connections\.allowTo\(\) of the RunTask\. \[ack: cdk-ecs-run-task:lateCompanion\]$/),
    ]);
  });
});

describe('a stack in the scope of the stack of the task, which is deployed after it,', () => {
  /** Everything that the task could wait for, in a stack that needs the stack of the task. */
  const COMPANIONS: [string, (inner: Stack, given: ReturnType<typeof network>, run: RunTask) => unknown][] = [
    ['a database with a rule for the task', (inner, { database }, run) => database(inner).connections.allowDefaultPortFrom(run)],
    ['a service with a rule for the task', (inner, { cluster, taskDefinition }, run) =>
      new ecs.FargateService(inner, 'Service', { cluster, taskDefinition, securityGroups: [new ec2.SecurityGroup(inner, 'Group', { vpc: cluster.vpc })] })
        .connections.allowFrom(run, ec2.Port.tcp(80))],
    ['a policy of its role', (inner, { taskDefinition: { taskRole } }) => new iam.CfnManagedPolicy(inner, 'Policy', {
      roles: [taskRole.roleName], policyDocument: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'sqs:SendMessage', Resource: '*' }] },
    })],
    ['a route of its subnets', (inner, { vpc }) => new ec2.CfnRoute(inner, 'Route', {
      routeTableId: vpc.privateSubnets[0].routeTable.routeTableId, destinationCidrBlock: '10.1.0.0/16', transitGatewayId: 'tgw-00000001',
    })],
    ['mount targets of its file system', (inner, { vpc, taskDefinition }) => {
      const { fileSystemId } = new efs.FileSystem(taskDefinition.stack, 'Files', { vpc });
      taskDefinition.addVolume({ name: 'files', efsVolumeConfiguration: { fileSystemId } });
      new efs.CfnMountTarget(inner, 'MountTarget', { fileSystemId, subnetId: vpc.privateSubnets[0].subnetId, securityGroups: [] });
    }],
  ];

  test.each(COMPANIONS)('can have %s', (_, addTo) => {
    const given = network();
    const run = given.task();
    const inner = new Stack(given.stack, 'Inner');
    addTo(inner, given, run);
    Template.fromStack(inner);

    expect(inner.dependencies).toEqual([given.stack]);
    expect(given.stack.dependencies).toEqual([]);
  });

  test('is not part of the stack in executeAfter', () => {
    const { stack, task } = network();
    const queue = new sqs.Queue(stack, 'Queue');
    const run = task({ executeAfter: [stack] });
    const inner = new Stack(stack, 'Inner');
    new sqs.CfnQueue(inner, 'Other', { queueName: `${queue.queueName}-other` });

    expectToWaitFor(resourceOf(run), 'Stack/Queue/Resource');
    expect(stack.dependencies).toEqual([]);
  });

  test('can be the one that the stack of the task needs, also if executeBefore names that', () => {
    const { stack, task } = network();
    const inner = new Stack(stack, 'Inner');
    const needed = new sqs.Queue(inner, 'Needed');
    const queue = new sqs.CfnQueue(stack, 'Queue', { queueName: `${needed.queueName}-other` });
    task({ executeBefore: [stack] });

    expectToWaitFor(queue, 'Stack/Task/Resource');
    expect(stack.dependencies).toEqual([inner]);
  });
});

describe('synthesis rejects', () => {
  const cycle = (task: string, scope: string, resource: string) =>
    `[${task}] executeAfter causes a dependency cycle: the task cannot wait for '${scope}', because '${resource}' depends on the task; `
    + 'remove it from executeAfter, or remove what makes it depend on the task';

  test('three tasks in a circle of scopes', () => {
    const { stack, task } = network();
    const scopes = ['A', 'B', 'C'].map((id) => new Construct(stack, id));
    const [first, second, third] = scopes.map((scope) => task({}, 'Task', scope));
    first.executeAfter(scopes[1]);
    second.node.addDependency(scopes[2]);
    third.executeAfter(scopes[0]);

    expectErrors(() => Template.fromStack(stack), cycle('Stack/C/Task', 'Stack/A', 'Stack/A/Task/Resource'));
  });

  type Make = (given: ReturnType<typeof network>, run: RunTask) => Construct;

  test.each<[string, Make, string]>([
    ['depends on the task', ({ stack }, run) => {
      const queue = new sqs.Queue(stack, 'Queue');
      queue.node.addDependency(run);
      return queue;
    }, 'Stack/Queue/Resource'],
    ['uses an attribute of the task', ({ stack }, run) => new sqs.Queue(stack, 'Queue', { queueName: run.taskArn }), 'Stack/Queue/Resource'],
    ['is in a nested stack that uses an attribute of the task', ({ stack }, run) => {
      const nested = new NestedStack(stack, 'Nested');
      new sqs.Queue(nested, 'User', { queueName: run.taskArn });
      return new sqs.Queue(nested, 'Queue');
    }, 'Stack/Nested/Queue/Resource'],
    ['is a dependency through another construct', ({ stack }, run) => {
      const facade = new Construct(stack, 'Facade');
      Dependable.implement(facade, { dependencyRoots: [new sqs.Queue(stack, 'Queue', { queueName: run.taskArn })] });
      return facade;
    }, 'Stack/Queue/Resource'],
  ])('a construct in executeAfter that %s', (_, make, resource) => {
    const given = network();
    const run = given.task();
    const construct = make(given, run);
    run.executeAfter(construct);

    expectErrors(() => Template.fromStack(given.stack), cycle('Stack/Task', construct.node.path, resource));
  });

  const ownCycle = (resource: string) =>
    `[Stack/Task] the task is part of a dependency cycle: it needs '${resource}', which depends on the task; `
    + 'remove what makes it depend on the task, and use executeAfter and executeBefore instead of node.addDependency()';

  test.each<[string, (given: ReturnType<typeof network>, run: RunTask) => void, string]>([
    ['its cluster', ({ cluster }, run) => cluster.node.addDependency(run), 'Stack/Cluster/Resource'],
    ['its task definition, by an attribute', ({ taskDefinition }, run) => {
      taskDefinition.findContainer('app')!.addEnvironment('TASK', run.taskArn);
    }, 'Stack/Definition/Resource'],
    ['the function', ({ stack }, run) => stack.node.findChild('EcsRunTaskHandler').node.addDependency(run), 'Stack/EcsRunTaskHandler/Function/Resource'],
    ['a nested stack with something that its definition names', ({ stack, taskDefinition }, run) => {
      const nested = new NestedStack(stack, 'Nested');
      taskDefinition.findContainer('app')!.addEnvironment('QUEUE', new sqs.Queue(nested, 'Queue').queueUrl);
      new sqs.Queue(nested, 'User', { queueName: run.taskArn });
    }, 'Stack/Nested/User/Resource'],
  ])('%s that waits for the task', (_, make, resource) => {
    const given = network();
    make(given, given.task());

    expectErrors(() => Template.fromStack(given.stack), ownCycle(resource));
  });

  test('a service that waits with its security group, which forService also gives to the task', () => {
    const { stack, cluster, taskDefinition } = network();
    const service = new ecs.FargateService(stack, 'Web', { cluster, taskDefinition });
    service.node.addDependency(RunTask.forService(stack, 'Task', service));

    expectErrors(() => Template.fromStack(stack), ownCycle('Stack/Web/SecurityGroup/Resource'));
  });

  test('a rule that names its security group, in a database for which node.addDependency() makes that group wait', () => {
    const { stack, task, database } = network();
    const [db, run] = [database(), task()];
    db.connections.allowDefaultPortFrom(run);
    run.node.addDependency(db);

    expectErrors(() => Template.fromStack(stack), ownCycle('Stack/Database/SecurityGroup/from StackTaskSecurityGroup4518D89F:{IndirectPort}'));
  });

  test('a scope that waits for a task in it that takes several hours', () => {
    const { stack, task } = network();
    stack.node.addDependency(task({ timeout: Duration.hours(3) }));

    expectErrors(() => Template.fromStack(stack), /^\[Stack\/Task\] the task is part of a dependency cycle: it needs 'Stack\//);
  });

  test('not a policy of its role that waits for the task, because it can be for what follows; a warning explains it', () => {
    const { stack, taskDefinition, task } = network();
    const run = task();
    taskDefinition.addToTaskRolePolicy(new iam.PolicyStatement({ actions: ['s3:GetObject'], resources: [run.getOutput('Bucket')] }));

    expect(warningsOf(stack)).toEqual([
      "The policy 'Stack/Definition/TaskRole/DefaultPolicy/Resource' of a role of the task is created after the task, because it depends on the task. The task starts without its permissions. "
      + 'Put permissions that depend on the task into a separate policy, and name that policy in executeBefore. [ack: cdk-ecs-run-task:latePolicy]',
    ]);
  });

  test('not a policy of its role in executeBefore, without a warning', () => {
    const { stack, taskDefinition, task } = network();
    const run = task();
    const statements = [new iam.PolicyStatement({ actions: ['s3:GetObject'], resources: [run.getOutput('Bucket')] })];
    const policy = new iam.Policy(stack, 'Policy', { roles: [taskDefinition.taskRole], statements });
    run.executeBefore(policy);

    expect(warningsOf(stack)).toEqual([]);
    expectToWaitFor(policy, 'Stack/Task/Resource');
  });

  test('not a scope or a stack that contains the task, for which it waits except for itself', () => {
    const { stack, task } = network();
    const scope = new Construct(stack, 'Scope');
    new sqs.Queue(scope, 'Queue');
    const run = task({ timeout: Duration.hours(2) }, 'Task', scope);
    run.executeAfter(scope, stack, run);

    expectToWaitFor(resourceOf(run), 'Stack/Scope/Queue/Resource');
    expectNotToWaitFor(resourceOf(run), 'Stack/Scope/Task/Resource2');
  });

  test('not the stack around the nested stack of the task', () => {
    const { stack, task } = network();
    new sqs.Queue(stack, 'Queue');
    const run = task({}, 'Task', new NestedStack(stack, 'Nested'));
    run.executeAfter(stack);

    expectToWaitFor(resourceOf(run), 'Stack/Queue/Resource');
  });

  const inAnotherStage = (stack: Stack) => new Stack(new Stage(stack.node.root, 'Other'), 'Stack');
  const wayOut = 'move the RunTask to the other stage, or name only constructs in its stage, because each stage is deployed separately';

  test.each<['executeAfter' | 'executeBefore', string, (stack: Stack) => IConstruct]>((['executeAfter', 'executeBefore'] as const).flatMap((prop) => [
    [prop, 'a construct', (stack) => new sqs.Queue(inAnotherStage(stack), 'Queue')],
    [prop, 'a scope with a construct', (stack) => new sqs.Queue(inAnotherStage(stack), 'Queue').node.root],
  ]))('in %s %s of another stage', (prop, _, make) => {
    const { stack, task } = network();
    task({ [prop]: [make(stack)] });

    expectErrors(() => Template.fromStack(stack),
      `[Stack/Task] ${prop} must be in the app itself, like the RunTask, got: 'Other/Stack/Queue/Resource' in the stage 'Other'; ${wayOut}`);
  });

  test('in executeAfter a construct outside the stage', () => {
    const app = new App();
    const stack = new Stack(new Stage(app, 'Prod'), 'Stack');
    const vpc = new ec2.Vpc(stack, 'Vpc');
    const taskDefinition = new ecs.FargateTaskDefinition(stack, 'Definition');
    taskDefinition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app') });
    const executeAfter = [new sqs.Queue(new Stack(app, 'Shared'), 'Queue')];
    new RunTask(stack, 'Task', { cluster: new ecs.Cluster(stack, 'Cluster', { vpc }), taskDefinition, executeAfter });

    expectErrors(() => app.synth(), `[Prod/Stack/Task] executeAfter must be in the stage 'Prod', like the RunTask, got: 'Shared/Queue/Resource' in the app itself; ${wayOut}`);
  });

  test('subnets and security groups of another stage', () => {
    const given = network();
    const vpc = new ec2.Vpc(inAnotherStage(given.stack), 'Vpc');
    const securityGroups = [new ec2.SecurityGroup(vpc, 'Group', { vpc })];
    given.task({ cluster: new ecs.Cluster(given.stack, 'Own', { vpc }), securityGroups });

    expectErrors(() => Template.fromStack(given.stack),
      /^\[Stack\/Task\] vpcSubnets must be .*, got: 'Other\/Stack\/Vpc\/PrivateSubnet1\/Subnet' in the stage 'Other';/,
      /^\[Stack\/Task\] securityGroups must be .*, got: 'Other\/Stack\/Vpc\/Group\/Resource' in the stage 'Other';/);
  });

  test('the network of the function in another stage', () => {
    const { stack, task } = network();
    const vpc = new ec2.Vpc(inAnotherStage(stack), 'Vpc');
    RunTaskConfig.of(stack).configureFunction({ vpc, securityGroups: [new ec2.SecurityGroup(vpc, 'Group', { vpc })] });
    task();

    expectErrors(() => Template.fromStack(stack),
      /^\[Stack\/Task\] vpcSubnets of configureFunction must be .*, got: 'Other\/Stack\/Vpc\/PrivateSubnet1\/Subnet' in the stage 'Other';/,
      /^\[Stack\/Task\] securityGroups of configureFunction must be .*, got: 'Other\/Stack\/Vpc\/Group\/Resource' in the stage 'Other';/);
  });

  test('nothing that is imported in another stage', () => {
    const { stack, task } = network();
    const executeAfter = [sqs.Queue.fromQueueArn(inAnotherStage(stack), 'Queue', 'arn:aws:sqs:eu-west-1:111122223333:queue')];
    task({ executeAfter, executeBefore: [new sqs.Queue(stack, 'Own')] });

    expectErrors(() => Template.fromStack(stack));
  });
});
