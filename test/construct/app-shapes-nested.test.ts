import { App, NestedStack, Stack, Stage } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as elasticache from 'aws-cdk-lib/aws-elasticache';
import * as pipelines from 'aws-cdk-lib/pipelines';
import { RunFargateTask, RunTask } from '../../src/index';
import { addAurora, define, deployment, expectSound, image } from '../support/app-shapes';
import { expectNotToWaitFor, expectToWaitFor, resourceOf } from '../support/expectations';

describe('real app shapes: nested stacks with VPC, database and cache', () => {
  function shape() {
    const app = new App();
    const stack = new Stack(app, 'Forum');
    const network = new NestedStack(stack, 'Network');
    const vpc = new ec2.Vpc(network, 'Vpc', { maxAzs: 2, natGateways: 1 });
    const data = new NestedStack(stack, 'Data');
    const database = addAurora(data, vpc);
    const cacheGroup = new ec2.SecurityGroup(data, 'CacheGroup', { vpc });
    const subnets = new elasticache.CfnSubnetGroup(data, 'CacheSubnets', { description: 'cache', subnetIds: vpc.privateSubnets.map(({ subnetId }) => subnetId) });
    const cache = new elasticache.CfnReplicationGroup(data, 'Cache', {
      replicationGroupDescription: 'cache', engine: 'redis', cacheNodeType: 'cache.t4g.small', cacheSubnetGroupName: subnets.ref, securityGroupIds: [cacheGroup.securityGroupId],
    });
    const cluster = new ecs.Cluster(stack, 'Cluster', { vpc });
    const migration = new RunTask(stack, 'Migration', {
      cluster, taskDefinition: define(stack, 'Definition', { secrets: { PASSWORD: ecs.Secret.fromSecretsManager(database.secret!, 'password') } }), executeAfter: [data],
    });
    migration.connections.allowToDefaultPort(database);
    migration.connections.allowTo(cacheGroup, ec2.Port.tcp(6379));
    const web = new NestedStack(stack, 'Web');
    new ecs.FargateService(web, 'Service', { ...deployment, cluster, taskDefinition: define(web) });
    migration.executeBefore(web);
    return { app, migration, web, data, cache, database };
  }

  test('are deployed before the migration, and the nested stack of the web servers after it', () => {
    const { app, migration, web, cache, data } = shape();

    expectSound(app, () => shape().app);
    expectToWaitFor(web.nestedStackResource!, 'Forum/Migration/Resource');
    expectToWaitFor(
      resourceOf(migration), 'Forum/Network.NestedStack/Network.NestedStackResource', cache.node.path,
      'Forum/Data/Aurora/Writer/Resource', 'Forum/Network/Vpc/PrivateSubnet1/DefaultRoute',
    );
    expectNotToWaitFor(data.nestedStackResource!, /Migration/);
    expectNotToWaitFor(resourceOf(migration), /Forum.Web/);
  });

  test('have no cycle if the database allows the migration, because the VPC is in another nested stack', () => {
    const { app, migration, database } = shape();
    database.connections.allowDefaultPortFrom(migration);

    expectSound(app);
    expectToWaitFor(resourceOf(migration), 'Forum/Data/Aurora/Resource');
  });
});

describe('real app shapes: an AI platform with Aurora and Valkey, a definition of several containers and forService', () => {
  function shape(isolated: boolean) {
    const app = new App();
    const stack = new Stack(app, 'Platform');
    const vpc = new ec2.Vpc(stack, 'Vpc', isolated
      ? { maxAzs: 2, natGateways: 0, subnetConfiguration: [{ name: 'Isolated', subnetType: ec2.SubnetType.PRIVATE_ISOLATED }] }
      : { maxAzs: 2, natGateways: 1 });
    if (isolated) {
      vpc.addInterfaceEndpoint('Ecr', { service: ec2.InterfaceVpcEndpointAwsService.ECR_DOCKER });
      vpc.addGatewayEndpoint('S3', { service: ec2.GatewayVpcEndpointAwsService.S3 });
    }
    const vpcSubnets = { subnets: isolated ? vpc.isolatedSubnets : vpc.privateSubnets };
    const database = addAurora(stack, vpc, { vpcSubnets });
    const valkeyGroup = new ec2.SecurityGroup(stack, 'ValkeyGroup', { vpc });
    const valkey = new elasticache.CfnServerlessCache(stack, 'Valkey', { engine: 'valkey', serverlessCacheName: 'platform', securityGroupIds: [valkeyGroup.securityGroupId] });
    const cluster = new ecs.Cluster(stack, 'Cluster', { vpc });
    const definition = define(stack, 'ApiDefinition', {
      containerName: 'Main', secrets: { DB_HOST: ecs.Secret.fromSecretsManager(database.secret!, 'host') },
    });
    definition.addContainer('Worker', { image, logging: ecs.LogDrivers.awsLogs({ streamPrefix: 'worker' }) });
    definition.addContainer('Sandbox', { image, essential: false, logging: ecs.LogDrivers.awsLogs({ streamPrefix: 'sandbox' }) });
    const api = new ecs.FargateService(stack, 'Api', {
      ...deployment,
      cluster,
      taskDefinition: definition,
      vpcSubnets,
      capacityProviderStrategies: [{ capacityProvider: 'FARGATE', weight: 0 }, { capacityProvider: 'FARGATE_SPOT', weight: 1 }],
    });
    database.connections.allowDefaultPortFrom(api);
    valkeyGroup.connections.allowFrom(api, ec2.Port.tcp(6379));
    const web = new ecs.FargateService(stack, 'Web', { ...deployment, cluster, taskDefinition: define(stack, 'WebDefinition'), vpcSubnets });
    const migration = RunTask.forService(stack, 'Migration', api, {
      exitCodeFrom: ['Main'], environment: { MODE: 'migration' }, executeAfter: [database, valkey],
    });
    return { app, migration, api, web };
  }

  test.each([['with a NAT gateway', false], ['in isolated subnets', true]])('is migrated before its API starts, %s', (_, isolated) => {
    const { app, migration, api, web } = shape(isolated);

    const [template] = expectSound(app, () => shape(isolated).app);
    const [{ Properties }] = Object.values(template).filter(({ Type }) => Type === 'Custom::EcsRunTask');
    expect(Properties.ExitCodeFrom).toEqual(['Main']);
    expect(Properties.Request.capacityProviderStrategy).toEqual([{ capacityProvider: 'FARGATE', weight: 0 }, { capacityProvider: 'FARGATE_SPOT', weight: 1 }]);
    expectToWaitFor(
      resourceOf(migration), 'Platform/Aurora/Writer/Resource', 'Platform/Aurora/Secret/Attachment/Resource', 'Platform/Valkey', /^Platform.Aurora.SecurityGroup.from PlatformApi/,
      /^Platform.ValkeyGroup.from PlatformApi/, /^Platform.ApiDefinition.ExecutionRole.DefaultPolicy/,
      ...isolated ? ['Platform/Vpc/Ecr/Resource', 'Platform/Vpc/S3/Resource'] : ['Platform/Vpc/PrivateSubnet1/DefaultRoute'],
    );
    expectToWaitFor(api.node.defaultChild!, 'Platform/Migration/Resource');
    expectNotToWaitFor(web.node.defaultChild!, /Migration/);
    expectNotToWaitFor(resourceOf(migration), /^Platform.(Api|Web).Service/, /WebDefinition/);
  });
});

describe('real app shapes: a pipeline with two stages in two Regions', () => {
  function shape() {
    const app = new App();
    const account = '111122223333';
    const delivery = new Stack(app, 'Delivery', { env: { account, region: 'eu-west-1' } });
    const input = pipelines.CodePipelineSource.connection('shop/shop', 'main', { connectionArn: 'arn:aws:codestar-connections:eu-west-1:111122223333:connection/1' });
    const pipeline = new pipelines.CodePipeline(delivery, 'Pipeline', { synth: new pipelines.ShellStep('Synth', { input, commands: ['npx cdk synth'] }) });
    const stages = ['eu-west-1', 'us-east-1'].map((region) => {
      const stage = new Stage(app, region, { env: { account, region } });
      const stack = new Stack(stage, 'Service');
      const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 1 });
      const database = addAurora(stack, vpc);
      const cluster = new ecs.Cluster(stack, 'Cluster', { vpc });
      const service = new ecs.FargateService(stack, 'Web', { ...deployment, cluster, taskDefinition: define(stack) });
      database.connections.allowDefaultPortFrom(service);
      const migration = RunTask.forService(stack, 'Migration', service, { executeAfter: [database] });
      const smokeTest = new RunFargateTask(stack, 'SmokeTest', { cluster, image, executeAfter: [service] });
      pipeline.addStage(stage);
      return { stage, service, migration, smokeTest };
    });
    return { app, stages };
  }

  test('deploys in each database, migration, service and smoke test, and publishes the function', () => {
    const { app, stages } = shape();

    const templates = expectSound(app, () => shape().app, [['Delivery/Pipeline', /pipelineType/]]);
    const functions = templates.flatMap((template) => Object.entries(template).filter(([id]) => id.startsWith('EcsRunTaskHandlerFunction')));
    expect(functions).toHaveLength(2);
    functions.forEach(([, { Properties }]) => expect(JSON.stringify(templates[0])).toContain(Properties.Code.S3Key.replace('.zip', ':')));
    for (const { stage, service, migration, smokeTest } of stages) {
      const path = `${stage.node.id}/Service`;
      expectToWaitFor(resourceOf(migration), `${path}/Aurora/Writer/Resource`);
      expectToWaitFor(service.node.defaultChild!, `${path}/Migration/Resource`);
      expectToWaitFor(resourceOf(smokeTest.task), `${path}/Web/Service`);
      expectNotToWaitFor(resourceOf(migration), `${path}/Web/Service`, /SmokeTest.Task.Resource/);
    }
  });
});
