import { CfnParameter, Duration, Size, Tags, Token } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { RESOURCE_TYPE, RunTaskProperties } from '../../src/contract';
import { CompleteWhen, OnRollback, ResourceType, RunFargateTask, RunOn, RunTaskProps, TaskManagedVolume } from '../../src/index';
import { pathsInModels, pathsInRequest } from '../support/aws-model';
import { addVolume, propertiesOf, requestOf, runTask, Setup, setup, statementsOf } from '../support/stacks';

const ON = {
  Fargate: () => setup(),
  EC2: () => setup(ecs.Compatibility.EC2),
  EXTERNAL: () => setup(ecs.Compatibility.EXTERNAL),
};

/** What is rendered for a task of which nothing but cluster and definition is said. */
const NOTHING_SAID: { [on in keyof typeof ON]: RunTaskProperties['Request'] } = {
  Fargate: {
    cluster: '<Cluster.Arn>',
    taskDefinition: '<Definition>',
    launchType: 'FARGATE',
    networkConfiguration: {
      awsvpcConfiguration: {
        subnets: ['subnet-0000000a', 'subnet-0000000b'],
        securityGroups: ['<TaskSecurityGroup.GroupId>'],
        assignPublicIp: 'DISABLED',
      },
    },
  },
  EC2: { cluster: '<Cluster.Arn>', taskDefinition: '<Definition>', launchType: 'EC2' },
  EXTERNAL: { cluster: '<Cluster.Arn>', taskDefinition: '<Definition>', launchType: 'EXTERNAL' },
};

interface Row {
  readonly parameter: string;
  readonly on?: keyof typeof ON;
  readonly props: Partial<RunTaskProps> | ((setup: Setup) => Partial<RunTaskProps>);
  /** What is rendered beside what is always rendered. */
  readonly request: Partial<RunTaskProperties['Request']>;
}

const awsvpc = NOTHING_SAID.Fargate.networkConfiguration!.awsvpcConfiguration!;
const app = { containerName: 'app' };

const ROWS: Row[] = [
  {
    parameter: 'capacityProviderStrategy',
    props: { capacityProviderStrategies: [{ capacityProvider: 'FARGATE_SPOT', base: 1, weight: 2 }, { capacityProvider: 'FARGATE' }] },
    request: {
      launchType: undefined,
      capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', base: 1, weight: 2 }, { capacityProvider: 'FARGATE' }],
    },
  },
  {
    parameter: 'capacityProviderStrategy of the cluster, by an empty list',
    props: { capacityProviderStrategies: [] },
    request: { launchType: undefined },
  },
  {
    parameter: 'capacityProviderStrategy with Managed Instances',
    on: 'EC2',
    props: { capacityProviderStrategies: [{ capacityProvider: 'managed-instances' }] },
    request: { launchType: undefined, capacityProviderStrategy: [{ capacityProvider: 'managed-instances' }] },
  },
  { parameter: 'count', props: { count: 3 }, request: { count: 3 } },
  { parameter: 'enableECSManagedTags', props: { enableEcsManagedTags: true }, request: { enableECSManagedTags: true } },
  { parameter: 'enableECSManagedTags, turned off', props: { enableEcsManagedTags: false }, request: { enableECSManagedTags: false } },
  { parameter: 'enableExecuteCommand', props: { enableExecuteCommand: true }, request: { enableExecuteCommand: true } },
  { parameter: 'group', props: { group: 'migrations' }, request: { group: 'migrations' } },
  { parameter: 'launchType FARGATE', props: { launchType: ecs.LaunchType.FARGATE }, request: { launchType: 'FARGATE' } },
  { parameter: 'launchType EC2', on: 'EC2', props: { launchType: ecs.LaunchType.EC2 }, request: { launchType: 'EC2' } },
  { parameter: 'launchType EXTERNAL', on: 'EXTERNAL', props: { launchType: ecs.LaunchType.EXTERNAL }, request: { launchType: 'EXTERNAL' } },
  {
    parameter: 'networkConfiguration.awsvpcConfiguration.subnets',
    props: { vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC } },
    request: { networkConfiguration: { awsvpcConfiguration: { ...awsvpc, subnets: ['subnet-000000aa', 'subnet-000000bb'] } } },
  },
  {
    parameter: 'networkConfiguration.awsvpcConfiguration.securityGroups',
    props: ({ stack }) => ({ securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-00000001')] }),
    request: { networkConfiguration: { awsvpcConfiguration: { ...awsvpc, securityGroups: ['sg-00000001'] } } },
  },
  {
    parameter: 'networkConfiguration.awsvpcConfiguration.assignPublicIp, which moves the task to public subnets',
    props: { assignPublicIp: true },
    request: {
      networkConfiguration: { awsvpcConfiguration: { ...awsvpc, subnets: ['subnet-000000aa', 'subnet-000000bb'], assignPublicIp: 'ENABLED' } },
    },
  },
  {
    parameter: 'overrides.containerOverrides.command',
    props: { containerOverrides: [{ ...app, command: ['migrate', '--all'] }] },
    request: { overrides: { containerOverrides: [{ name: 'app', command: ['migrate', '--all'] }] } },
  },
  {
    parameter: 'overrides.containerOverrides.environment',
    props: { containerOverrides: [{ ...app, environment: { STEP: '1', EMPTY: '' } }] },
    request: { overrides: { containerOverrides: [{ name: 'app', environment: [{ name: 'EMPTY', value: '' }, { name: 'STEP', value: '1' }] }] } },
  },
  {
    parameter: 'overrides.containerOverrides.environmentFiles',
    props: ({ stack }) => ({
      containerOverrides: [{ ...app, environmentFiles: [ecs.EnvironmentFile.fromBucket(s3.Bucket.fromBucketName(stack, 'Bucket', 'files'), 'a.env')] }],
    }),
    request: {
      overrides: { containerOverrides: [{ name: 'app', environmentFiles: [{ type: 's3', value: 'arn:<AWS::Partition>:s3:::files/a.env' }] }] },
    },
  },
  {
    parameter: 'overrides.containerOverrides.cpu, memory, memoryReservation',
    props: { containerOverrides: [{ ...app, cpu: 128, memoryLimitMiB: 256, memoryReservationMiB: 64 }] },
    request: { overrides: { containerOverrides: [{ name: 'app', cpu: 128, memory: 256, memoryReservation: 64 }] } },
  },
  {
    parameter: 'overrides.containerOverrides.resourceRequirements, by gpuCount',
    on: 'EC2',
    props: { containerOverrides: [{ ...app, gpuCount: 2 }] },
    request: { overrides: { containerOverrides: [{ name: 'app', resourceRequirements: [{ type: 'GPU', value: '2' }] }] } },
  },
  {
    parameter: 'overrides.containerOverrides.resourceRequirements',
    on: 'EC2',
    props: {
      containerOverrides: [{
        ...app,
        resourceRequirements: [
          { type: ResourceType.GPU, value: 'ALL' },
          { type: ResourceType.INFERENCE_ACCELERATOR, value: 'device' },
          { type: ResourceType.NEURON_DEVICE, value: 'ALL' },
        ],
      }],
    },
    request: {
      overrides: {
        containerOverrides: [{
          name: 'app',
          resourceRequirements: [
            { type: 'GPU', value: 'ALL' }, { type: 'InferenceAccelerator', value: 'device' }, { type: 'NeuronDevice', value: 'ALL' },
          ],
        }],
      },
    },
  },
  {
    parameter: 'overrides.containerOverrides.resourceRequirements.sharingStrategy',
    on: 'EC2',
    props: {
      containerOverrides: [{
        ...app,
        resourceRequirements: [{ type: ResourceType.GPU, sharingStrategy: { nvidiaMps: { memoryMiB: 1024, maxComputePercent: 50 } } }],
      }],
    },
    request: {
      overrides: {
        containerOverrides: [{
          name: 'app',
          resourceRequirements: [{ type: 'GPU', value: undefined, sharingStrategy: { nvidiaMps: { memory: 1024, maxComputePercent: 50 } } }],
        }],
      },
    },
  },
  {
    parameter: 'overrides.cpu, memory',
    props: { taskOverrides: { cpu: 512, memoryLimitMiB: 1024 } },
    request: { overrides: { cpu: '512', memory: '1024' } },
  },
  {
    parameter: 'overrides.ephemeralStorage',
    props: { taskOverrides: { ephemeralStorageGiB: 30 } },
    request: { overrides: { ephemeralStorage: { sizeInGiB: 30 } } },
  },
  {
    parameter: 'overrides.taskRoleArn, executionRoleArn',
    props: ({ stack }) => ({
      taskOverrides: {
        taskRole: iam.Role.fromRoleArn(stack, 'A', 'arn:aws:iam::123456789012:role/a'),
        executionRole: iam.Role.fromRoleArn(stack, 'B', 'arn:aws:iam::123456789012:role/b'),
      },
    }),
    request: { overrides: { taskRoleArn: 'arn:aws:iam::123456789012:role/a', executionRoleArn: 'arn:aws:iam::123456789012:role/b' } },
  },
  {
    parameter: 'overrides.inferenceAcceleratorOverrides',
    on: 'EC2',
    props: { taskOverrides: { inferenceAccelerators: [{ deviceName: 'device', deviceType: 'eia2.medium' }] } },
    request: { overrides: { inferenceAcceleratorOverrides: [{ deviceName: 'device', deviceType: 'eia2.medium' }] } },
  },
  {
    parameter: 'placementConstraints',
    on: 'EC2',
    props: {
      placementConstraints: [ecs.PlacementConstraint.distinctInstances(), ecs.PlacementConstraint.memberOf('attribute:a == 1', 'attribute:b == 2')],
    },
    request: {
      placementConstraints: [
        { type: 'distinctInstance' }, { type: 'memberOf', expression: 'attribute:a == 1' }, { type: 'memberOf', expression: 'attribute:b == 2' },
      ],
    },
  },
  {
    parameter: 'placementStrategy',
    on: 'EC2',
    props: { placementStrategies: [ecs.PlacementStrategy.packedByCpu(), ecs.PlacementStrategy.spreadAcrossInstances()] },
    request: { placementStrategy: [{ type: 'binpack', field: 'CPU' }, { type: 'spread', field: 'instanceId' }] },
  },
  { parameter: 'platformVersion', props: { platformVersion: ecs.FargatePlatformVersion.VERSION1_4 }, request: { platformVersion: '1.4.0' } },
  {
    parameter: 'propagateTags',
    props: { propagateTags: ecs.PropagatedTagSource.TASK_DEFINITION },
    request: { propagateTags: 'TASK_DEFINITION' },
  },
  { parameter: 'propagateTags, turned off', props: { propagateTags: ecs.PropagatedTagSource.NONE }, request: { propagateTags: 'NONE' } },
  { parameter: 'referenceId', props: { referenceId: 'job-1' }, request: { referenceId: 'job-1' } },
  { parameter: 'startedBy', props: { startedBy: 'pipeline/a_b-1' }, request: { startedBy: 'pipeline/a_b-1' } },
  { parameter: 'tags', props: { tags: { team: 'a', empty: '' } }, request: { tags: [{ key: 'empty', value: '' }, { key: 'team', value: 'a' }] } },
  {
    parameter: 'volumeConfigurations',
    props: (given) => ({ volumes: [addVolume(given, everythingAboutAVolume(given))] }),
    request: {
      volumeConfigurations: [{
        name: 'data',
        managedEBSVolume: {
          roleArn: '<DataEBSRole.Arn>',
          encrypted: true,
          kmsKeyId: 'arn:aws:kms:eu-west-1:123456789012:key/k',
          volumeType: 'gp3',
          sizeInGiB: 20,
          snapshotId: 'snap-00000001',
          volumeInitializationRate: 200,
          iops: 4000,
          throughput: 500,
          filesystemType: 'ext4',
          tagSpecifications: [{ resourceType: 'volume', tags: [{ key: 'team', value: 'a' }], propagateTags: 'TASK_DEFINITION' }],
          terminationPolicy: { deleteOnTermination: false },
        },
      }],
    },
  },
  {
    parameter: 'volumeConfigurations, of a volume as services have it',
    props: (given) => ({
      volumes: [addVolume(given, new ecs.ServiceManagedVolume(given.stack, 'Data', { name: 'data', managedEBSVolume: { size: Size.gibibytes(10) } }))],
    }),
    request: { volumeConfigurations: [{ name: 'data', managedEBSVolume: { roleArn: '<DataEBSRole.Arn>', sizeInGiB: 10 } }] },
  },
];

function everythingAboutAVolume({ stack }: Setup): TaskManagedVolume {
  return new TaskManagedVolume(stack, 'Data', {
    name: 'data',
    managedEBSVolume: {
      encrypted: true,
      kmsKeyId: kms.Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:eu-west-1:123456789012:key/k'),
      volumeType: ec2.EbsDeviceVolumeType.GP3,
      size: Size.gibibytes(20),
      snapShotId: 'snap-00000001',
      iops: 4000,
      throughput: 500,
      fileSystemType: ecs.FileSystemType.EXT4,
      tagSpecifications: [{ tags: { team: 'a' }, propagateTags: ecs.EbsPropagatedTagSource.TASK_DEFINITION }],
    },
    deleteOnTermination: false,
    volumeInitializationRate: Size.mebibytes(200),
  });
}

function render({ on = 'Fargate', props }: Row): RunTaskProperties['Request'] {
  const given = ON[on]();
  runTask(given, typeof props === 'function' ? props(given) : props);
  return requestOf(given.stack);
}

test.each(Object.keys(ON) as (keyof typeof ON)[])('on %s, the request without optional props contains only what ECS requires', (on) => {
  expect(render({ parameter: '', on, props: {}, request: {} })).toEqual(NOTHING_SAID[on]);
});

test.each(ROWS)('the request renders $parameter', (row) => {
  expect(render(row)).toEqual({ ...NOTHING_SAID[row.on ?? 'Fargate'], ...row.request });
});

test('every member of the request, as AWS models it, is reached by a prop', () => {
  const exceptions = [
    '.clientToken', // the handler's own: it keeps a repeated event from starting a second task
  ];
  const reached = new Set(ROWS.map(render).flatMap((request) => pathsInRequest(request)));

  expect(pathsInModels().filter((path) => !reached.has(path))).toEqual(exceptions);
});

describe('command and environment', () => {
  const overridesOf = (given: Setup) => requestOf(given.stack).overrides;

  test('override the default container, which can be added after the RunTask, and leave the others to containerOverrides', () => {
    const given = setup();
    const taskDefinition = new ecs.FargateTaskDefinition(given.stack, 'Late');
    runTask(given, { taskDefinition, command: ['up'], environment: { B: '2', A: '1' }, containerOverrides: [{ containerName: 'sidecar', cpu: 16 }] });
    taskDefinition.addContainer('sidecar', { image: ecs.ContainerImage.fromRegistry('sidecar'), essential: false });
    taskDefinition.addContainer('web', { image: ecs.ContainerImage.fromRegistry('web') });

    expect(overridesOf(given)).toEqual({
      containerOverrides: [
        { name: 'web', command: ['up'], environment: [{ name: 'A', value: '1' }, { name: 'B', value: '2' }] },
        { name: 'sidecar', cpu: 16 },
      ],
    });
  });

  test('override the container that the definition names as the default', () => {
    const given = setup();
    given.taskDefinition.defaultContainer = given.taskDefinition.addContainer('worker', { image: ecs.ContainerImage.fromRegistry('worker') });
    runTask(given, { command: ['up'] });

    expect(overridesOf(given)).toEqual({ containerOverrides: [{ name: 'worker', command: ['up'] }] });
  });

  test('of the RunTask do not apply on delete, which has its own', () => {
    const given = setup();
    runTask(given, { command: ['up'], environment: { A: '1' }, onDelete: { command: ['down'] } });

    expect(propertiesOf(given.stack).OnDelete!.Request.overrides).toEqual({ containerOverrides: [{ name: 'app', command: ['down'] }] });
  });

  test('of RunFargateTask are those of its definition, and override nothing', () => {
    const { stack, cluster } = setup();
    new RunFargateTask(stack, 'Fargate', { cluster, image: ecs.ContainerImage.fromRegistry('app'), command: ['up'], environment: { A: '1' } });

    expect(requestOf(stack)).not.toHaveProperty('overrides');
  });
});

describe('inheritTags', () => {
  const tagsOf = ({ stack }: Setup) => requestOf(stack).tags;
  const mayTag = ({ stack }: Setup) => statementsOf(stack).some(({ Action }) => Action === 'ecs:TagResource');

  test('adds the tags of all scopes, also to the task of onDelete, and a tag in tags wins', () => {
    const given = setup();
    Tags.of(given.stack.node.root).add('stage', 'prod');
    Tags.of(given.stack).add('team', 'platform');
    const task = runTask(given, { inheritTags: true, tags: { team: 'shop' }, onDelete: {} });
    Tags.of(task).add('app', 'orders');

    expect(tagsOf(given)).toEqual([{ key: 'app', value: 'orders' }, { key: 'stage', value: 'prod' }, { key: 'team', value: 'shop' }]);
    expect(propertiesOf(given.stack).OnDelete!.Request.tags).toEqual(tagsOf(given));
    expect(mayTag(given)).toBe(true);
  });

  test('adds the tags of a RunFargateTask', () => {
    const given = setup();
    Tags.of(new RunFargateTask(given.stack, 'Fargate', { cluster: given.cluster, image: ecs.ContainerImage.fromRegistry('app'), inheritTags: true })).add('a', 'b');

    expect(tagsOf(given)).toEqual([{ key: 'a', value: 'b' }]);
  });

  test('leaves out tags that are removed, or that exclude the type of the RunTask', () => {
    const given = setup();
    const task = runTask(given, { inheritTags: true });
    Tags.of(given.stack).add('version', '1', { excludeResourceTypes: ['Custom::EcsRunTask'] });
    Tags.of(given.stack).add('table', '1', { includeResourceTypes: ['AWS::DynamoDB::Table'] });
    Tags.of(given.stack).add('removed', '1');
    Tags.of(task).remove('removed');

    expect(requestOf(given.stack)).not.toHaveProperty('tags');
    expect(mayTag(given)).toBe(false);
  });

  test.each([undefined, false])('adds nothing if it is %s', (inheritTags) => {
    const given = setup();
    Tags.of(given.stack).add('team', 'shop');
    runTask(given, { inheritTags });

    expect(requestOf(given.stack)).toEqual(NOTHING_SAID.Fargate);
    expect(mayTag(given)).toBe(false);
  });
});

test('environment variables and tags are sorted, so that the order of a map does not matter', () => {
  const inOrderOf = (map: { [name: string]: string }) =>
    render({ parameter: '', props: { containerOverrides: [{ ...app, environment: map }], tags: map }, request: {} });

  expect(inOrderOf({ c: '', a: '', B: '' })).toEqual(inOrderOf({ a: '', B: '', c: '' }));
});

test('numbers and strings can be tokens', () => {
  const given = setup();
  ['Count', 'Group', 'Cpu', 'Memory'].forEach((id) => new CfnParameter(given.stack, id));
  runTask(given, {
    count: Token.asNumber({ Ref: 'Count' }),
    group: Token.asString({ Ref: 'Group' }),
    taskOverrides: { cpu: Token.asNumber({ Ref: 'Cpu' }), memoryLimitMiB: Token.asNumber({ Ref: 'Memory' }) },
  });

  Template.fromStack(given.stack).hasResourceProperties(RESOURCE_TYPE, {
    Request: { count: { Ref: 'Count' }, group: { Ref: 'Group' }, overrides: { cpu: { Ref: 'Cpu' }, memory: { Ref: 'Memory' } } },
  });
});

describe('the other properties', () => {
  test('contain the defaults for a task without optional props', () => {
    const given = setup();
    runTask(given);

    expect(propertiesOf(given.stack)).toEqual({
      ServiceTimeout: 2100,
      Request: NOTHING_SAID.Fargate,
      RunOn: 'CHANGE',
      TimeoutSeconds: 1800,
      ExitCodeFrom: ['app'],
      SuccessExitCodes: [0],
      CompleteWhen: 'EXIT_CODES_KNOWN',
      LogTailLines: 20,
    });
  });

  test.each<[string, Partial<RunTaskProps>, Partial<ReturnType<typeof propertiesOf>>]>([
    ['runOn', { runOn: RunOn.CREATE }, { RunOn: 'CREATE' }],
    ['runOn every deployment', { runOn: RunOn.EVERY_DEPLOYMENT }, { RunOn: 'EVERY_DEPLOYMENT', SynthesizedAt: expect.stringMatching(/^2.*Z$/) }],
    ['triggers', { triggers: { migrations: 'abc' } }, { Triggers: { migrations: 'abc' } }],
    ['timeout', { timeout: Duration.minutes(5) }, { TimeoutSeconds: 300, ServiceTimeout: 600 }],
    ['the longest timeout', { timeout: Duration.hours(1) }, { TimeoutSeconds: 3600, ServiceTimeout: 3600 }],
    ['exitCodeFrom', { exitCodeFrom: ['app'] }, { ExitCodeFrom: ['app'] }],
    ['successExitCodes', { successExitCodes: [0, 3] }, { SuccessExitCodes: [0, 3] }],
    ['completeWhen', { completeWhen: CompleteWhen.TASK_STOPPED }, { CompleteWhen: 'TASK_STOPPED' }],
    ['logTailLines', { logTailLines: 5 }, { LogTailLines: 5 }],
    ['retryAttempts', { retryAttempts: 2 }, { RetryAttempts: 2 }],
    ['onRollback', { onRollback: OnRollback.RUN }, { OnRollback: 'RUN' }],
  ])('%s', (_, props, expected) => {
    const given = setup();
    runTask(given, props);

    expect(propertiesOf(given.stack)).toMatchObject(expected);
  });

  test.each<[string, Partial<RunTaskProps>]>([
    ['no retries', { retryAttempts: 0 }],
    ['a rollback that skips the task', { onRollback: OnRollback.SKIP }],
    ['nothing on delete', { onDelete: undefined }],
  ])('do not change if a prop is set to its default: %s', (_, props) => {
    const [silent, said] = [setup(), setup()];
    runTask(silent);
    runTask(said, props);

    expect(Template.fromStack(said.stack).toJSON()).toEqual(Template.fromStack(silent.stack).toJSON());
  });

  test('contain retryAttempts that only the deployment knows', () => {
    const given = setup();
    runTask(given, { retryAttempts: new CfnParameter(given.stack, 'Retries', { type: 'Number' }).valueAsNumber });

    Template.fromStack(given.stack).hasResourceProperties(RESOURCE_TYPE, { RetryAttempts: { Ref: 'Retries' } });
  });

  test('contain the longest ServiceTimeout for a timeout that only the deployment knows', () => {
    const given = setup();
    const timeout = new CfnParameter(given.stack, 'Timeout', { type: 'Number' }).valueAsNumber;
    runTask(given, { timeout: Duration.seconds(timeout) });

    Template.fromStack(given.stack).hasResourceProperties(RESOURCE_TYPE, { ServiceTimeout: 3600, TimeoutSeconds: { Ref: 'Timeout' } });
  });

  test('name the essential containers and their logs, including containers added after the RunTask', () => {
    const given = setup();
    runTask(given);
    const logging = ecs.LogDrivers.awsLogs({ streamPrefix: 'late' });
    given.taskDefinition.addContainer('late', { image: ecs.ContainerImage.fromRegistry('late'), memoryLimitMiB: 1, logging });
    given.taskDefinition.addContainer('sidecar', { image: ecs.ContainerImage.fromRegistry('sidecar'), memoryLimitMiB: 1, essential: false });

    expect(propertiesOf(given.stack)).toMatchObject({
      ExitCodeFrom: ['app', 'late'],
      Logs: { late: { Group: '<DefinitionlateLogGroup>', StreamPrefix: 'late' } },
    });
  });

  test('name no log with logTailLines 0 or with a log driver other than awslogs', () => {
    const quiet = setup();
    const logging = ecs.LogDrivers.awsLogs({ streamPrefix: 'quiet' });
    quiet.taskDefinition.addContainer('quiet', { image: ecs.ContainerImage.fromRegistry('quiet'), logging });
    runTask(quiet, { logTailLines: 0 });
    const other = setup();
    other.taskDefinition.addContainer('other', { image: ecs.ContainerImage.fromRegistry('other'), logging: ecs.LogDrivers.jsonFile() });
    runTask(other);

    expect(propertiesOf(quiet.stack)).not.toHaveProperty('Logs');
    expect(propertiesOf(other.stack)).not.toHaveProperty('Logs');
  });
});

describe('the task of onDelete', () => {
  /** The properties of a task with these props, once AWS has passed its request. */
  function rendered(props: Partial<RunTaskProps>, given = setup()) {
    runTask(given, props);
    return propertiesOf(given.stack);
  }

  function cleanUp({ stack }: Setup): ecs.TaskDefinition {
    const definition = new ecs.FargateTaskDefinition(stack, 'CleanUp');
    definition.addContainer('clean', { image: ecs.ContainerImage.fromRegistry('clean'), logging: ecs.LogDrivers.awsLogs({ streamPrefix: 'clean' }) });
    definition.addContainer('sidecar', { image: ecs.ContainerImage.fromRegistry('sidecar'), essential: false });
    return definition;
  }

  test('is the task of the RunTask by default, and completes when it is STOPPED', () => {
    const { OnDelete, ...others } = rendered({ onDelete: {} });

    expect(OnDelete).toEqual({
      Request: NOTHING_SAID.Fargate,
      TimeoutSeconds: 1800,
      ExitCodeFrom: ['app'],
      SuccessExitCodes: [0],
      CompleteWhen: 'TASK_STOPPED',
      LogTailLines: 20,
    });
    expect({ ...others, ServiceTimeout: 2100 }).toEqual(rendered({}));
  });

  test('inherits capacity, network, labels and success rules of the RunTask, but neither count nor overrides', () => {
    const { Request, OnDelete, ...rules } = rendered({
      assignPublicIp: true,
      platformVersion: ecs.FargatePlatformVersion.VERSION1_4,
      enableExecuteCommand: true,
      group: 'migrations',
      startedBy: 'me',
      tags: { team: 'a' },
      timeout: Duration.minutes(5),
      retryAttempts: 2,
      successExitCodes: [0, 3],
      logTailLines: 5,
      count: 3,
      containerOverrides: [{ ...app, command: ['up'] }],
      taskOverrides: { cpu: 512 },
      exitCodeFrom: ['app'],
      completeWhen: CompleteWhen.EXIT_CODES_KNOWN,
      onDelete: {},
    });

    const { count, overrides, ...shared } = Request;
    expect([count, overrides]).toEqual([3, expect.anything()]);
    expect(OnDelete).toEqual({
      Request: shared,
      TimeoutSeconds: 300,
      RetryAttempts: 2,
      ExitCodeFrom: ['app'],
      SuccessExitCodes: [0, 3],
      CompleteWhen: 'TASK_STOPPED',
      LogTailLines: 5,
    });
    expect(rules).toMatchObject({ TimeoutSeconds: 300, RetryAttempts: 2, CompleteWhen: 'EXIT_CODES_KNOWN' });
  });

  test('has its own overrides, exitCodeFrom and timeout', () => {
    const { Request, ExitCodeFrom, OnDelete } = rendered({
      onDelete: {
        containerOverrides: [{ ...app, command: ['down'] }], taskOverrides: { cpu: 512 }, exitCodeFrom: ['app'], timeout: Duration.minutes(1),
      },
    });

    expect(Request).toEqual(NOTHING_SAID.Fargate);
    expect(ExitCodeFrom).toEqual(['app']);
    expect(OnDelete).toMatchObject({
      Request: { ...NOTHING_SAID.Fargate, overrides: { cpu: '512', containerOverrides: [{ name: 'app', command: ['down'] }] } },
      TimeoutSeconds: 60,
      ExitCodeFrom: ['app'],
    });
  });

  test('can have its own task definition, whose containers decide and whose logs are read', () => {
    const given = setup();
    const { Request, OnDelete, ExitCodeFrom, Logs } = rendered({ onDelete: { taskDefinition: cleanUp(given) }, exitCodeFrom: ['app'] }, given);

    expect([Request.taskDefinition, ExitCodeFrom, Logs]).toEqual(['<Definition>', ['app'], undefined]);
    expect(OnDelete).toMatchObject({
      Request: { ...NOTHING_SAID.Fargate, taskDefinition: '<CleanUp>' },
      ExitCodeFrom: ['clean'],
      Logs: { clean: { Group: '<CleanUpcleanLogGroup>', StreamPrefix: 'clean' } },
    });
  });

  test('runs with the launch type of the RunTask even if its own task definition is compatible with others', () => {
    const given = setup(ecs.Compatibility.EC2, ecs.NetworkMode.AWS_VPC);
    const taskDefinition = new ecs.TaskDefinition(given.stack, 'CleanUp', {
      compatibility: ecs.Compatibility.EC2_AND_FARGATE, networkMode: ecs.NetworkMode.AWS_VPC, cpu: '256', memoryMiB: '512',
    });
    taskDefinition.addContainer('clean', { image: ecs.ContainerImage.fromRegistry('clean') });

    expect(rendered({ onDelete: { taskDefinition } }, given).OnDelete!.Request).toMatchObject({ launchType: 'EC2' });
  });

  test('has the volume of the RunTask only with the same task definition', () => {
    const volumeOf = (given: Setup) => addVolume(given, new TaskManagedVolume(given.stack, 'Data', {
      name: 'data', managedEBSVolume: { size: Size.gibibytes(1) },
    }));
    const [same, other] = [setup(), setup()];
    const request = rendered({ volumes: [volumeOf(same)], onDelete: {} }, same).Request;

    expect(propertiesOf(same.stack).OnDelete!.Request.volumeConfigurations).toEqual(request.volumeConfigurations);
    expect(rendered({ volumes: [volumeOf(other)], onDelete: { taskDefinition: cleanUp(other) } }, other).OnDelete!.Request)
      .not.toHaveProperty('volumeConfigurations');
  });

  test.each<[string, Partial<RunTaskProps>, number]>([
    ['the time to stop a running task, and its own timeout', { onDelete: {} }, 2250],
    ['its own timeout if longer', { timeout: Duration.minutes(5), onDelete: { timeout: Duration.minutes(10) } }, 1050],
    ['the timeout of the RunTask if longer', { timeout: Duration.minutes(10), onDelete: { timeout: Duration.minutes(5) } }, 900],
    ['at most one hour', { onDelete: { timeout: Duration.hours(1) } }, 3600],
  ])('fits into ServiceTimeout: %s', (_, props, expected) => {
    expect(rendered(props).ServiceTimeout).toBe(expected);
  });

  test('gets the longest ServiceTimeout if only the deployment knows its timeout', () => {
    const given = setup();
    const timeout = new CfnParameter(given.stack, 'Timeout', { type: 'Number' }).valueAsNumber;
    runTask(given, { timeout: Duration.minutes(5), onDelete: { timeout: Duration.seconds(timeout) } });

    Template.fromStack(given.stack).hasResourceProperties(RESOURCE_TYPE, { ServiceTimeout: 3600, OnDelete: { TimeoutSeconds: { Ref: 'Timeout' } } });
  });
});
