import { App, Aspects, CfnCondition, CfnOutput, CfnParameter, CfnResource, Duration, Fn, LegacyStackSynthesizer, NestedStack, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as rds from 'aws-cdk-lib/aws-rds';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import { RunFargateTask, RunTask } from '../../src/index';
import { addAurora, define, deployment, expectSound, image } from '../support/app-shapes';
import { expectNotToWaitFor, expectToWaitFor, resourceOf } from '../support/expectations';

describe('real app shapes: a backend with Aurora and a conditional reader, Cloud Map and a nested stack', () => {
  function shape() {
    const app = new App();
    const stack = new Stack(app, 'Backend');
    const available = new CfnCondition(stack, 'HighAvailability', {
      expression: Fn.conditionEquals(new CfnParameter(stack, 'EnableHighAvailability', { default: 'false' }), 'true'),
    });
    const capacity = new CfnParameter(stack, 'MinCapacity', { type: 'Number', default: 0.5 });
    const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 1 });
    const cluster = new ecs.Cluster(stack, 'Cluster', { vpc, defaultCloudMapNamespace: { name: 'backend.internal' } });
    const database = addAurora(stack, vpc, { readers: [rds.ClusterInstance.serverlessV2('Reader', { scaleWithWriter: true })] });
    (database.node.findChild('Reader').node.defaultChild as CfnResource).cfnOptions.condition = available;
    (database.node.defaultChild as CfnResource).addPropertyOverride('ServerlessV2ScalingConfiguration.MinCapacity', capacity.valueAsNumber);

    const bootstrap = new RunFargateTask(stack, 'Bootstrap', { cluster, image, secrets: { PGHOST: ecs.Secret.fromSecretsManager(database.secret!, 'host') } });
    bootstrap.executeAfter(database);
    database.connections.allowDefaultPortFrom(bootstrap);

    const realtime = new ecs.FargateService(stack, 'Realtime', { ...deployment, cluster, taskDefinition: define(stack, 'RealtimeDefinition'), cloudMapOptions: { name: 'realtime' } });
    realtime.connections.allowToDefaultPort(database, 'database');
    const migration = RunTask.forService(stack, 'RealtimeMigration', realtime, { command: ['migrate'], executeAfter: [bootstrap] });

    const studio = new NestedStack(stack, 'Studio');
    const web = new ecs.FargateService(studio, 'Web', { ...deployment, cluster, taskDefinition: define(studio) });
    bootstrap.executeBefore(realtime, studio);
    return { app, bootstrap, migration, realtime, web, studio };
  }

  test('is deployed in order, whether or not there is a reader', () => {
    const { app, bootstrap, migration, realtime, web, studio } = shape();

    const [template] = expectSound(app, () => shape().app, [['Backend/Realtime/SecurityGroup', /ipv4IgnoreEgressRule/]]);
    const { DependsOn, Metadata } = Object.entries(template).find(([id]) => id.startsWith('BootstrapTask') && template[id].Type === 'Custom::EcsRunTask')![1];
    expect(DependsOn.join()).toMatch(/AuroraWriter/);
    expect(DependsOn.join()).not.toMatch(/AuroraReader/);
    expect(JSON.stringify(Metadata)).toMatch(/"Fn::If":\["HighAvailability",\{"Ref":"AuroraReader/);
    expectToWaitFor(resourceOf(bootstrap.task), 'Backend/Aurora/Resource', 'Backend/Aurora/Secret/Attachment/Resource', /^Backend.Aurora.SecurityGroup.from BackendBootstrap/);
    expectToWaitFor(resourceOf(migration), 'Backend/Bootstrap/Task/Resource', /^Backend.RealtimeDefinition.ExecutionRole.DefaultPolicy/);
    expectToWaitFor(realtime.node.defaultChild!, 'Backend/RealtimeMigration/Resource');
    expectToWaitFor(web.node.defaultChild!, 'Backend/Bootstrap/Task/Resource');
    expectNotToWaitFor(studio.nestedStackResource!, /RealtimeMigration/);
    expectNotToWaitFor(resourceOf(bootstrap.task), /Realtime.Service/, /RealtimeMigration.Resource/, /Studio/);
  });
});

describe('real app shapes: tenants in stacks that import lists', () => {
  /** What the exports of the network stack are for the stacks of the tenants. */
  function importNetwork(scope: Construct) {
    const list = (name: string) => Fn.split(',', Fn.importValue(name));
    const vpc = ec2.Vpc.fromVpcAttributes(scope, 'Vpc', {
      vpcId: Fn.importValue('VpcId'), availabilityZones: list('Zones'), privateSubnetIds: list('Subnets'), privateSubnetRouteTableIds: list('Tables'),
    });
    return { vpc, cluster: ecs.Cluster.fromClusterAttributes(scope, 'Cluster', { vpc, clusterName: Fn.importValue('Cluster'), hasEc2Capacity: true }) };
  }

  function shape() {
    const app = new App();
    const base = new Stack(app, 'Base');
    const own = new ec2.Vpc(base, 'Own', { maxAzs: 2, natGateways: 1 });
    const exported = {
      VpcId: own.vpcId,
      Zones: Fn.join(',', own.availabilityZones),
      Subnets: Fn.join(',', own.privateSubnets.map(({ subnetId }) => subnetId)),
      Tables: Fn.join(',', own.privateSubnets.map(({ routeTable }) => routeTable.routeTableId)),
      Cluster: new ecs.Cluster(base, 'OwnCluster', { vpc: own }).clusterName,
    };
    Object.entries(exported).forEach(([exportName, value]) => new CfnOutput(base, exportName, { value, exportName }));

    const [basic, premium] = ['Basic', 'Premium'].map((tier) => {
      const stack = new Stack(app, tier);
      stack.addDependency(base);
      const { cluster } = importNetwork(stack);
      const products = ['Orders', 'Products'].map((name) => {
        const compatible = tier === 'Basic' ? ecs.Compatibility.FARGATE : ecs.Compatibility.EC2;
        const taskDefinition = new ecs.TaskDefinition(stack, `${name}Definition`, {
          compatibility: compatible, cpu: '256', memoryMiB: '512', networkMode: ecs.NetworkMode.AWS_VPC,
        });
        taskDefinition.addContainer('app', { image, memoryLimitMiB: 256 });
        const service: ecs.BaseService = tier === 'Basic'
          ? new ecs.FargateService(stack, name, { ...deployment, cluster, taskDefinition })
          : new ecs.Ec2Service(stack, name, { ...deployment, cluster, taskDefinition });
        (service.node.defaultChild as CfnResource).overrideLogicalId(`${name}Service`);
        return { service, seed: RunTask.forService(stack, `Seed${name}`, service, { command: ['seed', tier] }) };
      });
      return { stack, products };
    });
    Aspects.of(app).add({
      visit: (node) => {
        if (node instanceof ecs.CfnTaskDefinition) {
          node.family = `saas-${Stack.of(node).node.id}-${node.node.scope!.node.id}`.toLowerCase();
        }
      },
    });
    return { app, basic, premium };
  }

  test('are seeded, each service before it starts, on Fargate and on EC2', () => {
    const { app, basic, premium } = shape();

    const templates = expectSound(app, () => shape().app, [['Basic/Vpc', /IsListToken/], ['Premium/Vpc', /IsListToken/]]);
    for (const { products } of [basic, premium]) {
      for (const [index, { service, seed }] of products.entries()) {
        expectToWaitFor(service.node.defaultChild!, seed.node.findChild('Resource').node.path);
        expectNotToWaitFor(service.node.defaultChild!, products[1 - index].seed.node.findChild('Resource').node.path);
      }
    }
    const requests = templates.flatMap((template) => Object.values(template).filter(({ Type }) => Type === 'Custom::EcsRunTask').map(({ Properties }) => Properties.Request));
    expect(requests.map(({ launchType }) => launchType)).toEqual(['FARGATE', 'FARGATE', 'EC2', 'EC2']);
    expect(requests.map(({ networkConfiguration }) => networkConfiguration.awsvpcConfiguration.subnets))
      .toEqual(requests.map(() => ({ 'Fn::Split': [',', { 'Fn::ImportValue': 'Subnets' }] })));
    expect(JSON.stringify(templates[1])).toContain(':task-definition/saas-basic-ordersdefinition:*');
  });
});

describe('real app shapes: a catalogue of services with subnets from SSM, FireLens and the legacy synthesizer', () => {
  function shape() {
    const app = new App();
    const stack = new Stack(app, 'Catalogue', { synthesizer: new LegacyStackSynthesizer() });
    const parameter = { parameterName: '/account/vpc/subnets' };
    const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
      vpcId: ssm.StringParameter.valueForStringParameter(stack, '/account/vpc/id'),
      availabilityZones: ['a'], // as many as members of the list, which the CDK takes for one
      privateSubnetIds: ssm.StringListParameter.fromListParameterAttributes(stack, 'Subnets', parameter).stringListValue,
    });
    const database = new rds.DatabaseInstance(stack, 'Database', { vpc, engine: rds.DatabaseInstanceEngine.POSTGRES });
    const cluster = new ecs.Cluster(stack, 'Cluster', { vpc });
    const logged = (id: string) => {
      const definition = define(stack, id, {
        logging: ecs.LogDrivers.firelens({ options: { Name: 'kinesis_streams', stream: 'logs' } }),
        secrets: { DATABASE_HOST: ecs.Secret.fromSecretsManager(database.secret!, 'host') },
      });
      definition.addFirelensLogRouter('Router', {
        image, firelensConfig: { type: ecs.FirelensLogRouterType.FLUENTBIT }, logging: ecs.LogDrivers.awsLogs({ streamPrefix: 'router' }),
      });
      return definition;
    };
    const migration = new RunTask(stack, 'Prisma', {
      cluster, taskDefinition: logged('PrismaDefinition'), exitCodeFrom: ['app'], triggers: { migrations: '4f0c' }, executeAfter: [database],
    });
    migration.connections.allowToDefaultPort(database);
    const schedules = ['GitHub', 'Aws'].map((name) => new events.Rule(stack, name, {
      schedule: events.Schedule.rate(Duration.days(1)),
      targets: [new targets.EcsTask({ cluster, taskDefinition: logged(`${name}Definition`), securityGroups: [new ec2.SecurityGroup(stack, `${name}Group`, { vpc })] })],
    }));
    migration.executeBefore(...schedules);
    return { app, migration, schedules };
  }

  test('migrates its database before anything is scheduled', () => {
    const { app, migration, schedules } = shape();

    const [template] = expectSound(app, () => shape().app, [['Catalogue/Vpc', /IsListToken|noSubnetRouteTableId/]]);
    const [{ Properties }] = Object.values(template).filter(({ Type }) => Type === 'Custom::EcsRunTask');
    expect(Properties.Request.networkConfiguration.awsvpcConfiguration.subnets).toEqual({ Ref: 'SubnetsParameter' });
    expectToWaitFor(
      resourceOf(migration), 'Catalogue/Database/Resource', 'Catalogue/Database/Secret/Attachment/Resource', /^Catalogue.Database.SecurityGroup.from CataloguePrisma/,
      /^Catalogue.PrismaDefinition.ExecutionRole.DefaultPolicy/,
    );
    schedules.forEach((schedule) => expectToWaitFor(schedule.node.defaultChild!, 'Catalogue/Prisma/Resource'));
    expectNotToWaitFor(resourceOf(migration), ...schedules.flatMap(({ node }) => [new RegExp(`^${node.path}`)]));
  });
});
