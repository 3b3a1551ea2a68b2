import { Stack, Token } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as patterns from 'aws-cdk-lib/aws-ecs-patterns';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { RESOURCE_TYPE } from '../../src/contract';
import { RunFargateTask, RunFargateTaskProps, TaskManagedVolume } from '../../src/index';
import { expectErrors } from '../support/expectations';
import { propertiesOf, readable, Setup, setup, statementsOf } from '../support/stacks';

const image = ecs.ContainerImage.fromRegistry('seed');

function runFargateTask({ stack, cluster }: Setup, props: Partial<RunFargateTaskProps> = {}): RunFargateTask {
  return new RunFargateTask(stack, 'Seed', { image, ...props.vpc ? {} : { cluster }, ...props });
}

function propertiesOfFirst(stack: Stack, type: string): any {
  const [resource] = Object.values(Template.fromStack(stack).findResources(type));
  return readable(resource.Properties);
}

/** The stack's task definition, which is that of the RunFargateTask. */
function definitionOf({ stack }: Setup): any {
  const definitions = Object.entries(Template.fromStack(stack).findResources('AWS::ECS::TaskDefinition'));
  return readable(definitions.find(([logicalId]) => logicalId.startsWith('SeedTaskDefinition'))![1].Properties);
}

describe('a RunFargateTask creates', () => {
  test('a task definition with the image, roles and a security group', () => {
    const given = setup();
    runFargateTask(given);

    expect(definitionOf(given)).toMatchObject({
      Cpu: '256',
      Memory: '512',
      NetworkMode: 'awsvpc',
      RequiresCompatibilities: ['FARGATE'],
      TaskRoleArn: '<SeedTaskDefinitionTaskRole.Arn>',
      ExecutionRoleArn: '<SeedTaskDefinitionExecutionRole.Arn>',
      ContainerDefinitions: [{ Name: 'app', Image: 'seed', Essential: true }],
    });
    expect(propertiesOf(given.stack)).toMatchObject({
      Request: {
        cluster: '<Cluster.Arn>',
        taskDefinition: '<SeedTaskDefinition>',
        launchType: 'FARGATE',
        networkConfiguration: { awsvpcConfiguration: { securityGroups: ['<SeedTaskSecurityGroup.GroupId>'] } },
      },
      ExitCodeFrom: ['app'],
    });
  });

  test('a container and a task definition with the settings of its props', () => {
    const given = setup();
    const secret = secretsmanager.Secret.fromSecretNameV2(given.stack, 'Secret', 'secret');
    runFargateTask(given, {
      containerName: 'seed',
      command: ['load', 'customers'],
      entryPoint: ['sh'],
      environment: { STAGE: 'beta' },
      secrets: { PASSWORD: ecs.Secret.fromSecretsManager(secret) },
      cpu: 1024,
      memoryLimitMiB: 2048,
      ephemeralStorageGiB: 50,
      runtimePlatform: { cpuArchitecture: ecs.CpuArchitecture.ARM64 },
      family: 'seed',
    });

    expect(definitionOf(given)).toMatchObject({
      Family: 'seed',
      Cpu: '1024',
      Memory: '2048',
      EphemeralStorage: { SizeInGiB: 50 },
      RuntimePlatform: { CpuArchitecture: 'ARM64' },
      ContainerDefinitions: [{
        Name: 'seed',
        Command: ['load', 'customers'],
        EntryPoint: ['sh'],
        Environment: [{ Name: 'STAGE', Value: 'beta' }],
        Secrets: [{ Name: 'PASSWORD', ValueFrom: expect.stringContaining('secret:secret') }],
      }],
    });
    Template.fromStack(given.stack).hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Action: ['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'] })]) },
      Roles: [{ Ref: Match.stringLikeRegexp('SeedTaskDefinitionExecutionRole') }],
    });
  });

  test('a log group with a retention of one month that survives the rollback of a first deployment', () => {
    const given = setup();
    runFargateTask(given);

    Template.fromStack(given.stack).hasResource('AWS::Logs::LogGroup', {
      Properties: { RetentionInDays: 30 },
      DeletionPolicy: 'Retain', // RetainExceptOnCreate would delete it with a first deployment that fails
      UpdateReplacePolicy: 'Retain',
    });
    expect(propertiesOf(given.stack).Logs).toEqual({ app: { Group: '<SeedLogGroup>', StreamPrefix: 'Seed' } });
  });

  test('a log driver in blocking mode, but only if the stack uses an output', () => {
    const [without, used] = [setup(), setup()];
    expect(runFargateTask(without).task.taskArn).toBeDefined();
    runFargateTask(used).task.getOutput('Name');
    const optionsOf = (given: Setup) => definitionOf(given).ContainerDefinitions[0].LogConfiguration.Options;

    expect(optionsOf(without)).not.toHaveProperty('mode');
    expect(optionsOf(used)).toEqual({ ...optionsOf(without), mode: 'blocking' });
  });

  test('no log group and no roles if the props name them', () => {
    const given = setup();
    const role = new iam.Role(given.stack, 'Role', { assumedBy: new iam.ServicePrincipal('ecs-tasks.amazonaws.com') });
    const logGroup = logs.LogGroup.fromLogGroupName(given.stack, 'Logs', 'logs');
    runFargateTask(given, {
      taskRole: role, executionRole: role, logDriver: ecs.LogDrivers.awsLogs({ streamPrefix: 'mine', logGroup }),
    });

    Template.fromStack(given.stack).resourceCountIs('AWS::Logs::LogGroup', 0);
    expect(definitionOf(given)).toMatchObject({ TaskRoleArn: '<Role.Arn>', ExecutionRoleArn: '<Role.Arn>' });
    expect(propertiesOf(given.stack).Logs).toEqual({ app: { Group: 'logs', StreamPrefix: 'mine' } });
  });

  test('one resource and its own security group if the stack already has a RunTask', () => {
    const given = setup();
    const count = (type: string) => Object.keys(Template.fromStack(given.stack).findResources(type)).length;
    runFargateTask(given);
    new RunFargateTask(given.stack, 'Second', { image, cluster: given.cluster });

    expect([count(RESOURCE_TYPE), count('AWS::Lambda::Function'), count('AWS::ECS::Cluster'), count('AWS::Logs::LogGroup')]).toEqual([2, 1, 1, 2]);
  });
});

test.each([
  ['db:migrate*', 'db-migrate-'], // CloudWatch Logs rejects both characters in the name of a stream
  ['Tâche 🚀', 'Tâche 🚀'],
  ['x'.repeat(255), 'x'.repeat(200)],
])('the log stream of a RunFargateTask with the id %s has a valid name', (id, prefix) => {
  const given = setup();
  new RunFargateTask(given.stack, id, { image, cluster: given.cluster });

  expect(propertiesOf(given.stack).Logs).toEqual({ app: { Group: expect.any(String), StreamPrefix: prefix } });
});

test('the default child of a RunFargateTask is the resource of its task, as of a RunTask', () => {
  const given = setup();
  const { node, task } = runFargateTask(given);
  new sqs.Queue(given.stack, 'Queue').node.addDependency(node.defaultChild!);

  expect(node.defaultChild!.node.path).toBe('Stack/Seed/Task/Resource');
  expect(task.node.defaultChild).toBe(node.defaultChild);
  Template.fromStack(given.stack).hasResource('AWS::SQS::Queue', { DependsOn: [Match.stringLikeRegexp('^SeedTask')] });
});

test('a RunFargateTask passes all other props to its RunTask', () => {
  const given = setup();
  const volume = new TaskManagedVolume(given.stack, 'Data', { name: 'data', managedEBSVolume: { snapShotId: 'snap-00000001' } });
  const run = runFargateTask(given, {
    count: 2,
    tags: { key: 'value' },
    triggers: { hash: 'abc' },
    retryAttempts: 3,
    successExitCodes: [0, 3],
    assignPublicIp: true,
    volumes: [volume],
    onDelete: { containerOverrides: [{ containerName: 'app', command: ['unload'] }] },
  });
  run.taskDefinition.addVolume(volume);
  volume.mountIn(run.taskDefinition.defaultContainer!, { containerPath: '/data', readOnly: false });

  expect(propertiesOf(given.stack)).toMatchObject({
    Request: {
      count: 2,
      networkConfiguration: { awsvpcConfiguration: { assignPublicIp: 'ENABLED', subnets: ['subnet-000000aa', 'subnet-000000bb'] } },
      tags: [{ key: 'key', value: 'value' }],
      volumeConfigurations: [{ name: 'data' }],
    },
    Triggers: { hash: 'abc' },
    RetryAttempts: 3,
    SuccessExitCodes: [0, 3],
    OnDelete: { Request: { overrides: { containerOverrides: [{ name: 'app', command: ['unload'] }] } } },
  });
});

describe('the cluster of a RunFargateTask', () => {
  test('is shared with aws-ecs-patterns services of the same VPC that are created after it', () => {
    const given = setup();
    const run = runFargateTask(given, { vpc: given.vpc });
    const again = new RunFargateTask(given.stack, 'Again', { image, vpc: given.vpc });
    const service = new patterns.ApplicationLoadBalancedFargateService(given.stack, 'Service', { vpc: given.vpc, taskImageOptions: { image } });

    expect([again.cluster, service.cluster]).toEqual([run.cluster, run.cluster]);
    expect(run.cluster.vpc).toBe(given.vpc);
    Template.fromStack(given.stack).resourceCountIs('AWS::ECS::ClusterCapacityProviderAssociations', 0);
  });

  test('is shared with aws-ecs-patterns services of the same VPC that are created before it', () => {
    const given = setup();
    const service = new patterns.ApplicationLoadBalancedFargateService(given.stack, 'Service', { vpc: given.vpc, taskImageOptions: { image } });

    expect(runFargateTask(given, { vpc: given.vpc }).cluster).toBe(service.cluster);
  });

  test('has a new VPC if the props name neither cluster nor VPC', () => {
    const stack = new Stack();
    const run = new RunFargateTask(stack, 'Seed', { image });

    expect(Stack.of(run.cluster.vpc)).toBe(stack);
    Template.fromStack(stack).resourceCountIs('AWS::EC2::VPC', 1);
  });

  test('has Fargate Spot if the task uses it', () => {
    const given = setup();
    runFargateTask(given, { vpc: given.vpc, capacityProviderStrategies: [{ capacityProvider: 'FARGATE_SPOT' }] });

    expect(propertiesOfFirst(given.stack, 'AWS::ECS::ClusterCapacityProviderAssociations').CapacityProviders).toEqual(['FARGATE', 'FARGATE_SPOT']);
    expect(propertiesOf(given.stack).Request).toMatchObject({ capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT' }] });
    expect(propertiesOf(given.stack).Request).not.toHaveProperty('launchType');
  });
});

describe('a RunFargateTask in a stack', () => {
  test('has the connections and grants of its RunTask', () => {
    const given = setup();
    const run = runFargateTask(given);
    const database = new ec2.SecurityGroup(given.stack, 'Database', { vpc: given.vpc });
    database.connections.allowFrom(run, ec2.Port.tcp(5432));
    new s3.Bucket(given.stack, 'Bucket').grantRead(run);

    expect(propertiesOfFirst(given.stack, 'AWS::EC2::SecurityGroupIngress')).toMatchObject({
      GroupId: '<Database.GroupId>', SourceSecurityGroupId: '<SeedTaskSecurityGroup.GroupId>',
    });
    expect(run.grantPrincipal).toBe(run.taskDefinition.taskRole);
    expect(statementsOf(given.stack)).toContainEqual(expect.objectContaining({
      Action: 'iam:PassRole', Resource: ['<SeedTaskDefinitionExecutionRole.Arn>', '<SeedTaskDefinitionTaskRole.Arn>'],
    }));
  });

  test('runs after executeAfter and before executeBefore, also before another RunFargateTask', () => {
    const given = setup();
    const [before, after] = ['Before', 'After'].map((id) => new sqs.Queue(given.stack, id));
    const [early, late] = ['Early', 'Late'].map((id) => new sqs.Queue(given.stack, id));
    const run = runFargateTask(given, { executeAfter: [early], executeBefore: [late] });
    const second = new RunFargateTask(given.stack, 'Second', { image, cluster: given.cluster });
    run.executeAfter(before);
    run.executeBefore(after, second);
    const resources = Object.entries(Template.fromStack(given.stack).toJSON().Resources as Record<string, { DependsOn?: string[] }>);
    const dependsOn = (name: string) => readable(resources.find(([logicalId]) => logicalId.replace(/[0-9A-F]{8}$/, '') === name)![1].DependsOn
      ?.map((logicalId) => ({ Ref: logicalId })) ?? []);

    expect(dependsOn('SeedTask')).toEqual(expect.arrayContaining(['<Before>', '<Early>']));
    expect(['After', 'Late', 'SecondTask', 'SecondTaskDefinition'].map(dependsOn)).toEqual(Array(4).fill(expect.arrayContaining(['<SeedTask>'])));
    expect(dependsOn('SeedTaskDefinition')).not.toContain('<SeedTask>');
  });
});

describe('a RunFargateTask rejects', () => {
  test.each<[string, (given: Setup) => Partial<RunFargateTaskProps>, ...Array<string | RegExp>]>([
    ['a cluster together with a VPC', ({ cluster, vpc }) => ({ cluster, vpc }),
      '[Stack/Seed] cluster and vpc cannot both be set; remove vpc, because the cluster already has a VPC'],
    ['capacity that is not on Fargate', () => ({ capacityProviderStrategies: [{ capacityProvider: 'instances' }, { capacityProvider: 'FARGATE' }] }),
      '[Stack/Seed] capacityProviderStrategies must name only FARGATE and FARGATE_SPOT, got: instances; use RunTask for other capacity providers'],
    ['values that are missing or not strings, as a RunTask does', () => ({
      command: ['load', 5 as unknown as string], entryPoint: [undefined!], environment: { URL: undefined! }, secrets: { PASSWORD: undefined! },
    }),
    /^\[Stack\/Seed\] command\[1\] must be a string, got: the number 5;/, /^\[Stack\/Seed\] entryPoint\[0\] must have a value, got: nothing;/,
    /^\[Stack\/Seed\] environment\.URL must have a value/, /^\[Stack\/Seed\] secrets\.PASSWORD must have a value/],
    ['another kind of value than an image and a secret', ({ stack }) => ({
      image: 'nginx' as unknown as ecs.ContainerImage, secrets: { PASSWORD: new secretsmanager.Secret(stack, 'Secret') as unknown as ecs.Secret },
    }), "[Stack/Seed] image must be a ContainerImage, got: 'nginx'", '[Stack/Seed] secrets.PASSWORD must be an ecs.Secret, got: an object'],
    ['sizes that are not numbers, such as those of a variable that is not set', () => ({ cpu: NaN, memoryLimitMiB: 0, ephemeralStorageGiB: NaN }),
      '[Stack/Seed] cpu must be a positive integer, got: NaN', '[Stack/Seed] memoryLimitMiB must be a positive integer, got: 0',
      '[Stack/Seed] ephemeralStorageGiB must be an integer from 21 to 200, got: NaN'],
    ['no image', () => ({ image: undefined }), /^\[Stack\/Seed\] image must have a value, got: nothing;/],
    ['everything that a RunTask rejects', () => ({ count: 11, retryAttempts: -1 }),
      /^\[Stack\/Seed\/Task\] count must be/, /^\[Stack\/Seed\/Task\] retryAttempts must be/],
    ['a cluster that is imported without its VPC',
      ({ stack }) => ({ cluster: ecs.Cluster.fromClusterArn(stack, 'Imported', 'arn:aws:ecs:eu-west-1:123456789012:cluster/other') }),
      /^\[Stack\/Seed\/Task\] cluster must have a VPC/],
  ])('%s', (_, props, ...messages) => {
    const given = setup();

    expectErrors(() => runFargateTask(given, props(given)), ...messages);
  });

  test('no capacity provider that only the deployment knows', () => {
    const capacityProvider = Token.asString({ Ref: 'Provider' });

    expect(() => runFargateTask(setup(), { capacityProviderStrategies: [{ capacityProvider }] })).not.toThrow();
  });
});
