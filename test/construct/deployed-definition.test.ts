import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { App, Aspects, Aws, CfnCondition, CfnParameter, CfnResource, Fn, IResolveContext, Lazy, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import { CfnInclude } from 'aws-cdk-lib/cloudformation-include';
import type { IConstruct } from 'constructs';
import { RESOURCE_TYPE } from '../../src/contract';
import { RunTask, RunTaskProps } from '../../src/index';
import { readValue } from '../../src/request/resource-reader';
import { expectErrors, expectToWaitFor, resourceOf } from '../support/expectations';
import { network, propertiesOf, runTask, setup, statementsOf } from '../support/stacks';

const ROLE_ARN = 'arn:aws:iam::111122223333:role/theirs/other';

function resourcesFor(stack: Stack, action: string): string[] {
  return statementsOf(stack).filter(({ Action }) => Action === action).flatMap(({ Resource }) => Resource);
}

const change: [string, (definition: ecs.TaskDefinition, change: (resource: ecs.CfnTaskDefinition) => void) => void][] = [
  ['an aspect', (definition, apply) => Aspects.of(definition.node.root).add({
    visit: (node: IConstruct) => node instanceof ecs.CfnTaskDefinition && apply(node),
  })],
  ['an escape hatch', (definition, apply) => apply(definition.node.defaultChild as ecs.CfnTaskDefinition)],
];

describe.each(change)('what %s changes in the definition counts:', (_, changeWith) => {
  function given(apply: (resource: ecs.CfnTaskDefinition) => void) {
    const made = setup();
    made.taskDefinition.addContainer('agent', {
      image: ecs.ContainerImage.fromRegistry('agent'), logging: ecs.LogDrivers.awsLogs({ streamPrefix: 'agent', logGroup: new logs.LogGroup(made.stack, 'Logs') }),
    });
    const task = runTask(made);
    changeWith(made.taskDefinition, apply);
    return { ...made, task };
  }

  test('the family', () => {
    const { stack } = given((resource) => { resource.family = 'theteam-migrate'; });

    expect(resourcesFor(stack, 'ecs:RunTask')).toEqual([expect.stringMatching(/:task-definition\/theteam-migrate:\*$/)]);
  });

  test('no family, which CloudFormation then chooses', () => {
    const { stack } = given((resource) => resource.addPropertyDeletionOverride('Family'));

    expect(resourcesFor(stack, 'ecs:RunTask')).toEqual([expect.stringMatching(/:task-definition\/<<<Definition>\/\/#1>\/:#0>:\*$/)]);
  });

  test.each(['TaskRoleArn', 'ExecutionRoleArn'])('%s', (property) => {
    const { stack } = given((resource) => resource.addPropertyOverride(property, ROLE_ARN));

    expect(resourcesFor(stack, 'iam:PassRole')).toContain(ROLE_ARN);
    expect(resourcesFor(stack, 'iam:PassRole')).not.toContain(`<Definition${property.slice(0, -3)}.Arn>`);
  });

  test('a role of this app, with its policies', () => {
    const { stack, task } = given((resource) => resource.addPropertyOverride('TaskRoleArn', Fn.getAtt('Other', 'Arn')));
    const other = new iam.CfnRole(stack, 'Other', { assumeRolePolicyDocument: {} });
    const policyDocument = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'sqs:SendMessage', Resource: '*' }] };
    new iam.CfnRolePolicy(stack, 'Policy', { policyName: 'Policy', roleName: other.ref, policyDocument });

    expect(resourcesFor(stack, 'iam:PassRole')).toContain('<Other.Arn>');
    expectToWaitFor(resourceOf(task), 'Stack/Policy');
  });

  test('the policies of an imported role', () => {
    const { stack, task } = given((resource) => resource.addPropertyOverride('TaskRoleArn', ROLE_ARN));
    const policyDocument = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'sqs:SendMessage', Resource: '*' }] };
    new iam.CfnRolePolicy(stack, 'Policy', { policyName: 'Policy', roleName: 'other', policyDocument });

    expectToWaitFor(resourceOf(task), 'Stack/Policy');
  });

  test('whether a container is essential', () => {
    const { stack } = given((resource) => resource.addPropertyOverride('ContainerDefinitions.1.Essential', false));

    expect(propertiesOf(stack).ExitCodeFrom).toEqual(['app']);
  });

  test('the name of a container', () => {
    const { stack, taskDefinition } = given((resource) => resource.addPropertyOverride('ContainerDefinitions.0.Name', 'theteam-app'));
    new RunTask(stack, 'Second', { cluster: new ecs.Cluster(stack, 'Own'), taskDefinition, containerOverrides: [{ containerName: 'app' }] });

    expectErrors(() => Template.fromStack(stack),
      "[Stack/Second] containerOverrides must name containers of the taskDefinition, got: 'app'; the taskDefinition has: theteam-app, agent");
  });

  test('the name of the default container, which gets the command', () => {
    const made = setup();
    changeWith(made.taskDefinition, (resource) => resource.addPropertyOverride('ContainerDefinitions.0.Name', 'theteam-app'));
    runTask(made, { command: ['migrate'] });

    expect(propertiesOf(made.stack)).toMatchObject({
      Request: { overrides: { containerOverrides: [{ name: 'theteam-app', command: ['migrate'] }] } }, ExitCodeFrom: ['theteam-app'],
    });
  });

  test('another container', () => {
    const made = setup();
    changeWith(made.taskDefinition, (resource) => resource.addPropertyOverride('ContainerDefinitions.1', { Name: 'side', Image: 'side' }));
    runTask(made, { containerOverrides: [{ containerName: 'side', command: ['up'] }], exitCodeFrom: ['side'] });

    expect(propertiesOf(made.stack).ExitCodeFrom).toEqual(['side']);
  });

  test.each<[string, string, unknown]>([
    ['the containers', 'ContainerDefinitions', { 'Fn::If': ['Wanted', [{ Name: 'app', Image: 'app' }], [{ Name: 'other', Image: 'app' }]] }],
    ['one of the containers', 'ContainerDefinitions.1', { 'Fn::If': ['Wanted', { Name: 'side', Image: 'side' }, { Ref: 'AWS::NoValue' }] }],
    ['whether a container is essential', 'ContainerDefinitions.0.Essential', { 'Fn::If': ['Wanted', true, false] }],
  ])('a condition that decides about %s, so that the function reads the definition in the account', (__, property, value) => {
    const { stack } = given((resource) => resource.addPropertyOverride(property, value));

    expect(propertiesOf(stack)).not.toHaveProperty('ExitCodeFrom');
    expect(resourcesFor(stack, 'ecs:DescribeTaskDefinition')).toEqual(['*']);
  });

  test('a container that is named on condition, in whose place the default container still gets the command', () => {
    const made = setup();
    changeWith(made.taskDefinition, (resource) => resource.addPropertyOverride('ContainerDefinitions', { 'Fn::If': ['Wanted', [], []] }));
    runTask(made, { command: ['migrate'], containerOverrides: [{ containerName: 'other' }] });

    expect(propertiesOf(made.stack).Request.overrides!.containerOverrides).toEqual([{ name: 'app', command: ['migrate'] }, { name: 'other' }]);
  });

  test('volumes on condition, which are not checked', () => {
    const made = setup();
    const other = new ecs.FargateTaskDefinition(made.stack, 'Other');
    other.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app') });
    const volumes = { 'Fn::If': ['Wanted', [{ Name: 'data', ConfiguredAtLaunch: true }], { Ref: 'AWS::NoValue' }] };
    [made.taskDefinition, other].forEach((definition) => changeWith(definition, (resource) => resource.addPropertyOverride('Volumes', volumes)));
    runTask(made, { onDelete: { taskDefinition: other } });

    expect(propertiesOf(made.stack).Request).not.toHaveProperty('volumeConfigurations');
  });

  test('where a container logs to', () => {
    const { stack } = given((resource) => resource.addPropertyOverride('ContainerDefinitions.1.LogConfiguration.Options.awslogs-group', '/theteam'));

    expect(propertiesOf(stack).Logs).toEqual({ agent: { Group: '/theteam', StreamPrefix: 'agent' } });
    expect(resourcesFor(stack, 'logs:GetLogEvents')).toEqual([expect.stringMatching(/:log-group:\/theteam:log-stream:\*$/)]);
  });
});

describe.each(change)('what %s changes in the definition afterwards, and the request cannot follow, is rejected:', (_, changeWith) => {
  function synthesizeWith(given: ReturnType<typeof setup>, apply: (resource: ecs.CfnTaskDefinition) => void, props: Partial<RunTaskProps> = {}) {
    runTask(given, props);
    changeWith(given.taskDefinition, apply);
    return () => Template.fromStack(given.stack);
  }

  const onEc2 = (networkMode?: ecs.NetworkMode) => setup(ecs.Compatibility.EC2, networkMode);

  test('a network mode with a network interface, for which there are no subnets', () => {
    expectErrors(synthesizeWith(onEc2(), (resource) => resource.addPropertyOverride('NetworkMode', 'awsvpc')),
      "[Stack/Task] taskDefinition must have a network mode other than awsvpc in the template, for which the RunTask was created, got: awsvpc for 'Stack/Definition/Resource'; "
      + 'give the construct and its resource the same networkMode, without an override');
  });

  test.each<[string, (resource: ecs.CfnTaskDefinition) => void, string]>([
    ['another network mode', (resource) => resource.addPropertyOverride('NetworkMode', 'host'), 'host'],
    ['a network mode that is set in the L1', (resource) => { resource.networkMode = 'bridge'; }, 'bridge'],
    ['no network mode, which is bridge', (resource) => resource.addPropertyDeletionOverride('NetworkMode'), 'bridge'],
    ['a network mode that CloudFormation removes', (resource) => resource.addPropertyOverride('NetworkMode', { Ref: 'AWS::NoValue' }), 'bridge'],
  ])('%s, although the task has a network interface', (__, apply, mode) => {
    expectErrors(synthesizeWith(onEc2(ecs.NetworkMode.AWS_VPC), apply),
      `[Stack/Task] taskDefinition must have network mode awsvpc in the template, for which the RunTask was created, got: ${mode} for 'Stack/Definition/Resource'; `
      + 'give the construct and its resource the same networkMode, without an override');
  });

  test.each<[string, unknown, Partial<RunTaskProps>, string]>([
    ['the default launch type', ['EC2'], {}, 'EC2'],
    ['a launch type that is set', ['EC2', 'MANAGED_INSTANCES'], { launchType: ecs.LaunchType.FARGATE }, 'EC2, MANAGED_INSTANCES'],
    ['the capacity provider of Fargate', ['EC2'], { capacityProviderStrategies: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }] }, 'EC2'],
    ['Fargate, for which ECS requires the list', { Ref: 'AWS::NoValue' }, {}, 'none'],
  ])('a compatibility without %s', (__, compatibilities, props, got) => {
    expectErrors(synthesizeWith(setup(), (resource) => resource.addPropertyOverride('RequiresCompatibilities', compatibilities), props),
      `[Stack/Task] taskDefinition must have FARGATE in its RequiresCompatibilities, because the task runs there, got: ${got} for 'Stack/Definition/Resource'; `
      + 'give the construct and its resource the same compatibility, without an override');
  });

  test('a compatibility without EC2', () => {
    expectErrors(synthesizeWith(onEc2(), (resource) => { resource.requiresCompatibilities = ['EXTERNAL']; }), /^\[Stack\/Task\] taskDefinition must have EC2 in .*, got: EXTERNAL for/);
  });

  test('both, of the definition of onDelete', () => {
    const given = setup();
    const taskDefinition = new ecs.TaskDefinition(given.stack, 'Other', { compatibility: ecs.Compatibility.FARGATE, cpu: '256', memoryMiB: '512' });
    taskDefinition.addContainer('clean', { image: ecs.ContainerImage.fromRegistry('clean') });
    runTask(given, { onDelete: { taskDefinition } });
    changeWith(taskDefinition, (resource) => {
      if (resource.node.path.includes('Other')) {
        resource.networkMode = 'bridge';
        resource.requiresCompatibilities = ['EC2'];
      }
    });

    expectErrors(() => Template.fromStack(given.stack),
      /^\[Stack\/Task\] onDelete\.taskDefinition must have network mode awsvpc .*, got: bridge for 'Stack\/Other\/Resource';/,
      /^\[Stack\/Task\] onDelete\.taskDefinition must have FARGATE .*, got: EC2 for 'Stack\/Other\/Resource';/);
  });

  test('once, if onDelete has the same definition', () => {
    expectErrors(synthesizeWith(setup(), (resource) => { resource.networkMode = 'bridge'; }, { onDelete: {} }), /^\[Stack\/Task\] taskDefinition must have network mode awsvpc/);
  });

  const onCondition = (value: unknown, other: unknown) => ({ 'Fn::If': ['Wanted', value, other] });

  test.each<[string, string, unknown]>([
    ['a network mode on condition', 'NetworkMode', onCondition('awsvpc', 'bridge')],
    ['a network mode from a parameter', 'NetworkMode', { Ref: 'Mode' }],
    ['another order of compatibilities', 'RequiresCompatibilities', ['EC2', 'FARGATE']],
    ['compatibilities on condition', 'RequiresCompatibilities', onCondition(['EC2'], ['FARGATE'])],
    ['a compatibility on condition', 'RequiresCompatibilities', ['EC2', onCondition('FARGATE', { Ref: 'AWS::NoValue' })]],
    ['compatibilities from a parameter', 'RequiresCompatibilities', { Ref: 'Mode' }],
  ])('but not %s, which may fit', (__, property, value) => {
    const given = setup();
    new CfnParameter(given.stack, 'Mode');

    expectErrors(synthesizeWith(given, (resource) => resource.addPropertyOverride(property, value)));
  });

  test('but not compatibilities that may include that of a capacity provider of the app', () => {
    expectErrors(synthesizeWith(onEc2(ecs.NetworkMode.AWS_VPC), (resource) => { resource.requiresCompatibilities = ['MANAGED_INSTANCES']; }, {
      capacityProviderStrategies: [{ capacityProvider: 'instances', weight: 1 }],
    }));
  });

  test('but not the absence of the list on EC2, which is the default', () => {
    expectErrors(synthesizeWith(onEc2(), (resource) => resource.addPropertyDeletionOverride('RequiresCompatibilities')));
  });

  test.each<[string, (resource: ecs.CfnService) => void, ...RegExp[]]>([
    ['but not for a service that is changed, too', (resource) => { resource.launchType = 'EC2'; }],
    ['but not for a service whose launch type is decided by a condition', (resource) => resource.addPropertyOverride('LaunchType', onCondition('EC2', 'FARGATE'))],
    ['a compatibility without the launch type of the service', () => {}, /^\[Stack\/Task\] taskDefinition must have FARGATE/],
    ['a compatibility without the capacity provider of the service', (resource) => {
      resource.launchType = undefined;
      resource.capacityProviderStrategy = [{ capacityProvider: 'FARGATE' }];
    }, /^\[Stack\/Task\] taskDefinition must have FARGATE/],
  ])('%s', (__, changeService, ...errors) => {
    const given = setup(ecs.Compatibility.EC2_AND_FARGATE, ecs.NetworkMode.AWS_VPC);
    const service = new ecs.FargateService(given.stack, 'Web', given);
    RunTask.forService(given.stack, 'Task', service);
    changeWith(given.taskDefinition, (resource) => { resource.requiresCompatibilities = ['EC2']; });
    changeService(service.node.defaultChild as ecs.CfnService);

    expectErrors(() => Template.fromStack(given.stack), ...errors);
  });
});

test('an L1 resource that says something else than its import is rejected', () => {
  const given = setup();
  const resource = new ecs.CfnTaskDefinition(given.stack, 'L1', { requiresCompatibilities: ['FARGATE'], networkMode: 'awsvpc' });
  const taskDefinition = ecs.TaskDefinition.fromTaskDefinitionAttributes(given.stack, 'Imported', {
    taskDefinitionArn: resource.ref, compatibility: ecs.Compatibility.EC2, networkMode: ecs.NetworkMode.BRIDGE,
  });
  runTask(given, { taskDefinition });

  expectErrors(() => Template.fromStack(given.stack),
    /^\[Stack\/Task\] taskDefinition must have a network mode other than awsvpc .*, got: awsvpc for 'Stack\/L1';/,
    /^\[Stack\/Task\] taskDefinition must have EC2 in .*, got: FARGATE for 'Stack\/L1';/);
});

describe('the Region of a log', () => {
  function propertiesWith(logging: (stack: Stack) => ecs.LogDriver, region?: string) {
    const stack = new Stack(new App(), 'Stack', { env: { account: '111122223333', region } });
    const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', { vpcId: 'vpc-00000001', availabilityZones: ['a'], privateSubnetIds: ['subnet-0000000a'] });
    const taskDefinition = new ecs.FargateTaskDefinition(stack, 'Definition');
    taskDefinition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app'), logging: logging(stack) });
    new RunTask(stack, 'Task', { cluster: new ecs.Cluster(stack, 'Cluster', { vpc }), taskDefinition });
    return { location: propertiesOf(stack).Logs!.app, allowed: resourcesFor(stack, 'logs:GetLogEvents') };
  }

  const generic = (region?: string) => () => new ecs.GenericLogDriver({
    logDriver: 'awslogs', options: { 'awslogs-group': '/central', 'awslogs-stream-prefix': 'job', ...region ? { 'awslogs-region': region } : {} },
  });
  const imported = (region: string) => (stack: Stack) => ecs.LogDrivers.awsLogs({
    streamPrefix: 'job', logGroup: logs.LogGroup.fromLogGroupArn(stack, 'Central', `arn:aws:logs:${region}:111122223333:log-group:/central`),
  });

  test.each([
    ['of a log group imported from another Region', imported('us-east-1')],
    ['of a GenericLogDriver', generic('us-east-1')],
  ])('%s is known to the function and in its permission', (_, logging) => {
    expect(propertiesWith(logging, 'eu-west-1')).toEqual({
      location: { Group: '/central', StreamPrefix: 'job', Region: 'us-east-1' },
      allowed: ['arn:<AWS::Partition>:logs:us-east-1:111122223333:log-group:/central:log-stream:*'],
    });
  });

  test('is passed on in a stack for any Region, because it may be another one', () => {
    expect(propertiesWith(generic('us-east-1')).location).toMatchObject({ Region: 'us-east-1' });
  });

  test('can be a parameter', () => {
    expect(propertiesWith((stack) => generic(new CfnParameter(stack, 'LogRegion').valueAsString)(), 'eu-west-1')).toEqual({
      location: { Group: '/central', StreamPrefix: 'job', Region: '<LogRegion>' },
      allowed: ['arn:<AWS::Partition>:logs:<LogRegion>:111122223333:log-group:/central:log-stream:*'],
    });
  });

  test.each([
    ['an own log group', () => ecs.LogDrivers.awsLogs({ streamPrefix: 'job' }), undefined],
    ['an own log group in a Region', () => ecs.LogDrivers.awsLogs({ streamPrefix: 'job' }), 'eu-west-1'],
    ['a log group imported from the same Region', imported('eu-west-1'), 'eu-west-1'],
    ['a GenericLogDriver with the pseudo parameter', generic(Aws.REGION), 'eu-west-1'],
    ['a GenericLogDriver without a Region', generic(), 'eu-west-1'],
  ] as const)('is left out for %s', (_, logging, region) => {
    expect(propertiesWith(logging, region).location).not.toHaveProperty('Region');
  });
});

test('the log of a container whose name only the deployment knows is not read', () => {
  const made = setup();
  const containerName = new CfnParameter(made.stack, 'Name').valueAsString;
  const logging = ecs.LogDrivers.awsLogs({ streamPrefix: 'side' });
  made.taskDefinition.addContainer('side', { containerName, image: ecs.ContainerImage.fromRegistry('side'), memoryLimitMiB: 64, logging });
  runTask(made);

  expect(propertiesOf(made.stack)).toMatchObject({ ExitCodeFrom: ['app', '<Name>'] });
  expect(propertiesOf(made.stack)).not.toHaveProperty('Logs');
});

test('what an aspect adds to the definition is deployed, and counts', () => {
  const made = setup();
  const { stack, taskDefinition } = made;
  runTask(made);
  Aspects.of(stack).add({
    visit: (node) => {
      if (node === taskDefinition && !taskDefinition.findContainer('side')) {
        taskDefinition.addContainer('side', { image: ecs.ContainerImage.fromRegistry('side'), memoryLimitMiB: 64 });
        taskDefinition.addVolume({ name: 'data' });
      }
    },
  });
  const [{ Properties }] = Object.values(Template.fromStack(stack).findResources('AWS::ECS::TaskDefinition'));

  expect(Properties.ContainerDefinitions.map((container: { readonly Name: string }) => container.Name)).toEqual(['app', 'side']);
  expect(Properties.Volumes).toEqual([{ Name: 'data' }]);
  expect(propertiesOf(stack).ExitCodeFrom).toEqual(['app', 'side']);
});

test('reading a lazy value does not fix it, in a box either', () => {
  const { stack } = setup();
  let value = 'early';
  const inner = Lazy.any({ produce: () => value });
  const box = { inner, creationStack: [], resolve(context: IResolveContext) { return this.inner.resolve(context); } };
  expect(readValue(stack, box)).toMatchObject({ value: 'early' });
  value = 'late';
  expect(stack.resolve(box)).toBe('late');
});

test('a definition that is an L1 resource is treated like an L2 construct', () => {
  const made = network();
  const role = new iam.Role(made.stack, 'Role', { assumedBy: new iam.ServicePrincipal('ecs-tasks.amazonaws.com') });
  const group = new logs.LogGroup(made.stack, 'Logs');
  const resource = new ecs.CfnTaskDefinition(made.stack, 'Raw', {
    family: 'raw',
    networkMode: 'awsvpc',
    requiresCompatibilities: ['FARGATE'],
    taskRoleArn: role.roleArn,
    containerDefinitions: [
      { name: 'app', image: 'app', logConfiguration: { logDriver: 'awslogs', options: { 'awslogs-group': group.logGroupName, 'awslogs-stream-prefix': 'raw' } } },
      { name: 'agent', image: 'agent', essential: false },
    ],
  });
  const taskDefinition = ecs.TaskDefinition.fromTaskDefinitionAttributes(made.stack, 'Imported', {
    taskDefinitionArn: resource.ref, networkMode: ecs.NetworkMode.AWS_VPC, compatibility: ecs.Compatibility.FARGATE,
  });
  new RunTask(made.stack, 'Task', { cluster: made.cluster, taskDefinition });
  resource.family = 'renamed';

  expect(resourcesFor(made.stack, 'ecs:RunTask')).toEqual([expect.stringMatching(/:task-definition\/renamed:\*$/)]);
  expect(resourcesFor(made.stack, 'iam:PassRole')).toEqual(['<Role.Arn>']);
  expect(resourcesFor(made.stack, 'ecs:DescribeTaskDefinition')).toEqual([]);
  expect(propertiesOf(made.stack)).toMatchObject({ ExitCodeFrom: ['app'], Logs: { app: { Group: '<Logs>', StreamPrefix: 'raw' } } });
});

test.each<[string, (role: iam.CfnRole) => unknown, unknown]>([
  ['its name', () => 'ecsTaskExecutionRole', expect.stringMatching(/^arn:<AWS::Partition>:iam::<AWS::AccountId>:role\/ecsTaskExecutionRole$/)],
  ['its name with a path', () => 'theirs/task', expect.stringMatching(/:role\/theirs\/task$/)],
  ['a reference', (role) => role.ref, '<Role.Arn>'],
  ['its ARN', () => ROLE_ARN, ROLE_ARN],
  ['an attribute', (role) => role.attrArn, '<Role.Arn>'],
  ['a function of CloudFormation', () => Fn.importValue('Role'), '<import Role>'],
])('the function may pass a role that the definition has by %s', (_, render, arn) => {
  const { stack, taskDefinition, ...made } = setup();
  const role = new iam.CfnRole(stack, 'Role', { assumeRolePolicyDocument: {} });
  (taskDefinition.node.defaultChild as ecs.CfnTaskDefinition).addPropertyOverride('TaskRoleArn', render(role));
  runTask({ stack, taskDefinition, ...made });

  expect(resourcesFor(stack, 'iam:PassRole')).toEqual([arn]);
});

test('the function may pass each role between which a condition decides, also if the definition has its name', () => {
  const made = setup();
  const role = new iam.CfnRole(made.stack, 'Role', { assumeRolePolicyDocument: {} });
  new CfnCondition(made.stack, 'Wanted', { expression: Fn.conditionEquals('a', 'b') });
  (made.taskDefinition.node.defaultChild as ecs.CfnTaskDefinition).addPropertyOverride('TaskRoleArn', Fn.conditionIf('Wanted', role.ref, 'app'));
  runTask(made);

  expect(JSON.stringify(resourcesFor(made.stack, 'iam:PassRole'))).toEqual('[{"Fn::If":["Wanted","<Role.Arn>","arn:<AWS::Partition>:iam::<AWS::AccountId>:role/app"]}]');
});

test('the first essential container of an L1 resource gets the command', () => {
  const made = setup();
  const resource = new ecs.CfnTaskDefinition(made.stack, 'L1', {
    family: 'app',
    networkMode: 'awsvpc',
    requiresCompatibilities: ['FARGATE'],
    containerDefinitions: [{ name: 'side', image: 'side', essential: false }, { name: 'main', image: 'main' }],
  });
  const taskDefinition = ecs.FargateTaskDefinition.fromFargateTaskDefinitionArn(made.stack, 'Imported', resource.ref);
  runTask(made, { taskDefinition, command: ['migrate'], onDelete: { containerOverrides: [{ containerName: 'side', command: ['drop'] }] } });

  expect(propertiesOf(made.stack)).toMatchObject({
    Request: { overrides: { containerOverrides: [{ name: 'main', command: ['migrate'] }] } },
    OnDelete: { Request: { overrides: { containerOverrides: [{ name: 'side', command: ['drop'] }] } } },
  });
});

test('references in the definition of another stack are right in the stack of the task', () => {
  const made = setup();
  const other = new Stack(made.stack.node.root, 'Other');
  new RunTask(other, 'Task', { cluster: made.cluster, taskDefinition: made.taskDefinition });
  made.taskDefinition.obtainExecutionRole();

  expect(resourcesFor(other, 'iam:PassRole')).toEqual(expect.arrayContaining([
    expect.stringMatching(/^<import Stack:ExportsOutputFnGetAttDefinitionTaskRole/), expect.stringMatching(/^<import Stack:ExportsOutputFnGetAttDefinitionExecutionRole/),
  ]));
});

test.each([true, false])('an aspect sees the managed policies of twenty definitions (aspect stabilization: %s)', (stabilization) => {
  const { stack, cluster } = network({ '@aws-cdk/core:aspectStabilization': stabilization });
  for (let number = 1; number <= 20; number++) {
    const taskDefinition = new ecs.FargateTaskDefinition(stack, `TaskDefinitionNumber${number}`);
    taskDefinition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app'), logging: ecs.LogDrivers.awsLogs({ streamPrefix: 'app' }) });
    new RunTask(stack, `Task${number}`, { cluster, taskDefinition });
  }
  Aspects.of(stack).add({ visit: (node) => { if (node instanceof iam.CfnManagedPolicy) { node.path = '/theteam/'; } } });
  const policies = Object.values(Template.fromStack(stack).findResources('AWS::IAM::ManagedPolicy'));

  expect(policies.length).toBeGreaterThan(0);
  expect(policies.map(({ Properties }) => Properties.Path)).toEqual(policies.map(() => '/theteam/'));
});

test('what an aspect makes too long for a policy moves to another one', () => {
  const { stack, cluster } = network();
  for (let number = 1; number <= 30; number++) {
    const taskDefinition = new ecs.FargateTaskDefinition(stack, `Definition${number}`);
    taskDefinition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app') });
    new RunTask(stack, `Task${number}`, { cluster, taskDefinition });
  }
  Aspects.of(stack).add({ visit: (node) => { if (node instanceof ecs.CfnTaskDefinition) { node.family = 'x'.repeat(200) + node.family; } } });
  const policies = Object.values(Template.fromStack(stack).findResources('AWS::IAM::ManagedPolicy'));

  expect(policies.length).toBeGreaterThan(0);
  policies.forEach(({ Properties }) => expect(JSON.stringify(Properties.PolicyDocument).length).toBeLessThan(6_144));
  expect(JSON.stringify(statementsOf(stack)).length).toBeLessThan(10_240);
  expect((stack.node.findChild('Task30').node.findChild('Resource') as CfnResource).node.dependencies.map(({ node }) => node.path)).toContain('Stack/EcsRunTaskHandler/RunTask2');
});

test('a family is read without the parts that are left out', () => {
  const { stack, cluster } = network();
  const taskDefinition = new ecs.FargateTaskDefinition(stack, 'Shop', { family: `${Lazy.string({ produce: () => undefined })}shop` });
  taskDefinition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app') });
  new RunTask(stack, 'Task', { cluster, taskDefinition });

  expect(JSON.stringify(statementsOf(stack))).toContain('task-definition/shop:*');
});

test('a family or a place of the log that a condition can leave out is not relied on', () => {
  const given = network();
  const resource = given.taskDefinition.node.defaultChild as CfnResource;
  const optional = { 'Fn::If': ['IsProd', 'shop', { Ref: 'AWS::NoValue' }] };
  resource.addPropertyOverride('Family', optional);
  resource.addPropertyOverride('ContainerDefinitions.0.LogConfiguration.Options.awslogs-stream-prefix', optional);
  given.task();
  const [{ Resource }] = statementsOf(given.stack).filter(({ Action }) => Action === 'ecs:RunTask');

  expect(Resource).toContain('<Definition>');
  expect(JSON.stringify(Resource)).not.toContain('Fn::If');
  expect(propertiesOf(given.stack).Logs).toBeUndefined();
});

test('Fn::Sub with references to a template in CfnInclude becomes Fn::Join', () => {
  const { stack, cluster } = setup();
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'include-'));
  const templateFile = path.join(directory, 'template.json');
  fs.writeFileSync(templateFile, JSON.stringify({
    Parameters: { Stage: { Type: 'String' } },
    Resources: {
      Role: { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: {} } },
      Jobs: {
        Type: 'AWS::ECS::TaskDefinition',
        Properties: {
          Family: { 'Fn::Sub': 'jobs-${Stage}' },
          NetworkMode: 'awsvpc',
          TaskRoleArn: { 'Fn::Sub': '${Role.Arn}' },
          ExecutionRoleArn: { 'Fn::Sub': ['arn:aws:iam::${AWS::AccountId}:role/${Stage}-${Name}', { Name: { 'Fn::Sub': '${Stage}-pull' } }] },
          ContainerDefinitions: [{
            Name: 'app', Image: 'app', LogConfiguration: { LogDriver: 'awslogs', Options: { 'awslogs-group': { 'Fn::Sub': '/${Stage}/${Role}-${AWS::Region}' }, 'awslogs-stream-prefix': 'app' } },
          }],
        },
      },
    },
  }));
  const taskDefinitionArn = new CfnInclude(stack, 'Included', { templateFile }).getResource('Jobs').ref;
  const taskDefinition = ecs.TaskDefinition.fromTaskDefinitionAttributes(stack, 'Jobs', {
    taskDefinitionArn, networkMode: ecs.NetworkMode.AWS_VPC, compatibility: ecs.Compatibility.EC2,
  });
  new RunTask(stack, 'Task', { cluster, taskDefinition });
  fs.rmSync(directory, { recursive: true });

  const [{ Properties }] = Object.values(Template.fromStack(stack).findResources(RESOURCE_TYPE));
  const [{ Properties: { Policies: [{ PolicyDocument }] } }] = Object.values(Template.fromStack(stack).findResources('AWS::IAM::Role'))
    .filter((role) => role.Properties.Policies);
  expect(Properties.Logs.app.Group).toEqual({ 'Fn::Join': ['', ['/', { Ref: 'Stage' }, '/', { Ref: 'Role' }, { 'Fn::Sub': '-${AWS::Region}' }]] });
  expect(JSON.stringify(PolicyDocument.Statement)).toContain(':task-definition/jobs-",{"Ref":"Stage"},":*"');
  expect(PolicyDocument.Statement).toContainEqual(expect.objectContaining({
    Action: 'iam:PassRole',
    Resource: [{ 'Fn::GetAtt': ['Role', 'Arn'] }, {
      'Fn::Join': ['', [
        { 'Fn::Sub': ['arn:aws:iam::${AWS::AccountId}:role/', { Name: { 'Fn::Join': ['', [{ Ref: 'Stage' }, '-pull']] } }] },
        { Ref: 'Stage' },
        { 'Fn::Sub': ['-${Name}', { Name: { 'Fn::Join': ['', [{ Ref: 'Stage' }, '-pull']] } }] },
      ]],
    }],
  }));
});
