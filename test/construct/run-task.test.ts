import * as path from 'path';
import { App, CfnParameter, Size, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { RESOURCE_TYPE } from '../../src/contract';
import { OnRollback, RunTask, RunTaskProps, TaskManagedVolume } from '../../src/index';
import { warningsOf } from '../support/expectations';
import { addVolume, network, propertiesOf, requestOf, readable, runTask, Setup, setup, statementsOf, statementsOnDeleteOf } from '../support/stacks';

const TASKS = 'arn:<AWS::Partition>:ecs:<AWS::Region>:<AWS::AccountId>:task/*';
const TASKS_OF_CLUSTER = 'arn:<AWS::Partition>:ecs:<AWS::Region>:<AWS::AccountId>:task/<Cluster>/*';
const ON_CLUSTER = { ArnEquals: { 'ecs:cluster': '<Cluster.Arn>' } };
const ALWAYS = [
  {
    Effect: 'Allow',
    Action: 'ecs:RunTask',
    Resource: 'arn:<AWS::Partition>:ecs:<AWS::Region>:<AWS::AccountId>:task-definition/StackDefinition0424DE3A:*',
    Condition: ON_CLUSTER,
  },
  { Effect: 'Allow', Action: ['ecs:DescribeTasks', 'ecs:StopTask'], Resource: TASKS, Condition: ON_CLUSTER },
  { Effect: 'Allow', Action: 'ecs:ListTasks', Resource: '*', Condition: ON_CLUSTER },
  {
    Effect: 'Allow',
    Action: 'iam:PassRole',
    Resource: '<DefinitionTaskRole.Arn>',
    Condition: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
  },
  { Effect: 'Allow', Action: 'cloudformation:DescribeStacks', Resource: '<AWS::StackId>' },
];
const TAG = { Effect: 'Allow', Action: 'ecs:TagResource', Resource: TASKS_OF_CLUSTER, Condition: { StringEquals: { 'ecs:CreateAction': 'RunTask' } } };
const PASS_ROLE = (Resource: string | string[], service = 'ecs-tasks.amazonaws.com') =>
  ({ Effect: 'Allow', Action: 'iam:PassRole', Resource, Condition: { StringEquals: { 'iam:PassedToService': service } } });

function importedDefinition(stack: Stack, attributes: Partial<ecs.TaskDefinitionAttributes> = {}): ecs.ITaskDefinition {
  return ecs.TaskDefinition.fromTaskDefinitionAttributes(stack, 'Imported', {
    taskDefinitionArn: 'arn:aws:ecs:eu-west-1:123456789012:task-definition/imported:7', ...attributes,
  });
}

/** A task of which the stack makes nothing itself. */
function runImported(scope: Construct): RunTask {
  const stack = Stack.of(scope);
  return new RunTask(scope, 'Task', {
    cluster: ecs.Cluster.fromClusterArn(stack, 'Cluster', 'arn:aws:ecs:eu-west-1:123456789012:cluster/other'),
    taskDefinition: importedDefinition(stack, { networkMode: ecs.NetworkMode.BRIDGE, compatibility: ecs.Compatibility.EC2 }),
  });
}

function role(stack: Stack, name: string): iam.IRole {
  return iam.Role.fromRoleArn(stack, name, `arn:aws:iam::123456789012:role/${name}`);
}

describe('the function of a stack', () => {
  test('is one, with one role and one policy, however many tasks there are', () => {
    const given = setup();
    runTask(given);
    const countOf = (stack: Stack) => {
      const types = Object.values(Template.fromStack(stack).toJSON().Resources).map((resource: any) => resource.Type);
      return (type: string) => types.filter((other) => other === type).length;
    };
    const again = setup();
    ['Task', 'Second', 'Third'].forEach((id) => new RunTask(again.stack, id, { cluster: again.cluster, taskDefinition: again.taskDefinition }));

    const [one, three] = [countOf(given.stack), countOf(again.stack)];
    for (const type of ['AWS::Lambda::Function', 'AWS::IAM::Role', 'AWS::IAM::Policy', 'AWS::Logs::LogGroup']) {
      expect([type, three(type)]).toEqual([type, one(type)]);
    }
    expect([one('AWS::Lambda::Function'), one('AWS::IAM::Policy')]).toEqual([1, 1]);
    expect([one(RESOURCE_TYPE), three(RESOURCE_TYPE)]).toEqual([1, 3]);
    expect([one('AWS::EC2::SecurityGroup'), three('AWS::EC2::SecurityGroup')]).toEqual([1, 3]);
  });

  test('grows by one resource for a further task: a further task with a security group given adds one resource', () => {
    const given = setup();
    const { connections } = runTask(given);
    const before = Object.keys(Template.fromStack(given.stack).toJSON().Resources).length;
    const again = setup();
    const first = runTask(again);
    new RunTask(again.stack, 'Second', {
      cluster: again.cluster, taskDefinition: again.taskDefinition, securityGroups: first.connections.securityGroups,
    });

    expect(connections.securityGroups).toHaveLength(1);
    expect(Object.keys(Template.fromStack(again.stack).toJSON().Resources)).toHaveLength(before + 1);
  });

  test('has logical ids that no later version may change', () => {
    const given = setup();
    runTask(given);
    const logicalIds = Object.keys(Template.fromStack(given.stack).toJSON().Resources);

    expect(logicalIds.filter((logicalId) => /Handler|^Task/.test(logicalId))).toEqual([
      'TaskSecurityGroup7A9820DB',
      'Task79114B6B',
      'EcsRunTaskHandlerRoleEC2F5119',
      'EcsRunTaskHandlerFunction362D4374',
      'EcsRunTaskHandlerInvokeSelf3E3052F4',
    ]);
  });

  test('has the same logical id in whichever scope the first task is created', () => {
    const stack = new Stack(new Construct(new App(), 'Outer'), 'Inner');
    runImported(new Construct(stack, 'Scope'));

    Template.fromStack(stack).hasResourceProperties(RESOURCE_TYPE, { ServiceToken: { 'Fn::GetAtt': ['EcsRunTaskHandlerFunction362D4374', 'Arn'] } });
  });

  test('can have a role that the user creates manually', () => {
    const stack = new Stack(new App(), 'Stack');
    iam.Role.customizeRoles(stack, { usePrecreatedRoles: { 'Stack/EcsRunTaskHandler/Role': 'by-hand' } });
    runImported(stack);

    Template.fromStack(stack).resourceCountIs('AWS::IAM::Role', 0);
  });

  test('has a current runtime and the longest timeout of Lambda', () => {
    const given = setup();
    runTask(given);

    Template.fromStack(given.stack).hasResourceProperties('AWS::Lambda::Function', {
      Runtime: 'nodejs24.x', Handler: 'index.handler', Timeout: 900, MemorySize: 256,
    });
  });

  test('is allowed to invoke itself by a policy that nothing waits for', () => {
    const given = setup();
    runTask(given);
    const template = Template.fromStack(given.stack);

    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: [{ Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: { 'Fn::GetAtt': ['EcsRunTaskHandlerFunction362D4374', 'Arn'] } }],
      },
      Roles: [{ Ref: 'EcsRunTaskHandlerRoleEC2F5119' }],
    });
    const { EcsRunTaskHandlerInvokeSelf3E3052F4: policy, ...others } = template.toJSON().Resources;
    expect(policy).toBeDefined();
    expect(JSON.stringify(others)).not.toContain('EcsRunTaskHandlerInvokeSelf');
  });
});

describe('the function is allowed to', () => {
  test('run and watch tasks of the family on the cluster, pass their role, and see its own stack', () => {
    const given = setup();
    runTask(given);

    expect(statementsOf(given.stack)).toEqual(ALWAYS);
  });

  test.each<[string, (given: Setup) => Partial<RunTaskProps>]>([
    ['tags', () => ({ tags: { key: 'value' } })],
    ['propagateTags', () => ({ propagateTags: ecs.PropagatedTagSource.TASK_DEFINITION })],
    ['enableEcsManagedTags', () => ({ enableEcsManagedTags: true })],
    ['startedBy', () => ({ startedBy: 'me' })],
    ['startedBy without enableEcsManagedTags', () => ({ startedBy: 'me', enableEcsManagedTags: false })],
  ])('tag the tasks that it starts with %s', (_, props) => {
    const given = setup();
    runTask(given, props(given));

    expect(statementsOf(given.stack)).toEqual([...ALWAYS, TAG]);
  });

  test('pass every role of the task, including the execution role that later containers bring and the roles in taskOverrides', () => {
    const given = setup();
    runTask(given, { taskOverrides: { taskRole: role(given.stack, 'a'), executionRole: role(given.stack, 'b') } });
    given.taskDefinition.obtainExecutionRole();

    expect(statementsOf(given.stack)).toContainEqual(PASS_ROLE([
      'arn:aws:iam::123456789012:role/a', 'arn:aws:iam::123456789012:role/b', '<DefinitionExecutionRole.Arn>', '<DefinitionTaskRole.Arn>',
    ]));
  });

  test('pass the role of an EBS volume to ECS itself', () => {
    const given = setup();
    const volume = new TaskManagedVolume(given.stack, 'Data', { name: 'data', managedEBSVolume: { size: Size.gibibytes(1) } });
    runTask(given, { volumes: [addVolume(given, volume)] });

    expect(statementsOf(given.stack)).toEqual(expect.arrayContaining([
      PASS_ROLE('<DefinitionTaskRole.Arn>'), PASS_ROLE('<DataEBSRole.Arn>', 'ecs.amazonaws.com'),
    ]));
  });

  test("read the log groups of the task's containers, each once", () => {
    const given = setup();
    const logGroup = new logs.LogGroup(given.stack, 'Logs');
    runTask(given);
    ['a', 'b'].forEach((streamPrefix) => given.taskDefinition.addContainer(streamPrefix, {
      image: ecs.ContainerImage.fromRegistry('image'), logging: ecs.LogDrivers.awsLogs({ streamPrefix, logGroup }),
    }));

    expect(statementsOf(given.stack)).toContainEqual({
      Effect: 'Allow',
      Action: 'logs:GetLogEvents',
      Resource: 'arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:<Logs>:log-stream:*',
    });
  });

  test('read no logs with logTailLines: 0', () => {
    const given = setup();
    given.taskDefinition.addContainer('a', { image: ecs.ContainerImage.fromRegistry('image'), logging: ecs.LogDrivers.awsLogs({ streamPrefix: 'a' }) });
    runTask(given, { logTailLines: 0 });

    expect(JSON.stringify(statementsOf(given.stack))).not.toContain('logs:');
  });

  test('describe an imported task definition, unless exitCodeFrom is set', () => {
    const [untold, told] = [setup(), setup()];
    runTask(untold, { taskDefinition: importedDefinition(untold.stack) });
    runTask(told, { taskDefinition: importedDefinition(told.stack), exitCodeFrom: ['app'] });

    expect(statementsOf(untold.stack)).toContainEqual({ Effect: 'Allow', Action: 'ecs:DescribeTaskDefinition', Resource: '*' });
    expect(JSON.stringify(statementsOf(told.stack))).not.toContain('ecs:DescribeTaskDefinition');
  });

  test('do all of it for two tasks, in one policy document', () => {
    const given = setup();
    const other = new ecs.FargateTaskDefinition(given.stack, 'Other');
    other.addContainer('other', { image: ecs.ContainerImage.fromRegistry('other') });
    runTask(given);
    new RunTask(given.stack, 'Second', { cluster: given.cluster, taskDefinition: other });

    expect(statementsOf(given.stack)).toEqual(ALWAYS.map((statement) => {
      switch (statement.Action) {
        case 'ecs:RunTask': return { ...statement, Resource: [statement.Resource, expect.stringMatching(/task-definition\/StackOther.*:\*$/)] };
        case 'iam:PassRole': return { ...statement, Resource: ['<DefinitionTaskRole.Arn>', '<OtherTaskRole.Arn>'] };
        default: return statement;
      }
    }));
  });
});

describe('for onDelete, the function is allowed to', () => {
  const CLEAN_UP = ALWAYS.map((statement) => ({
    ...statement,
    Resource: (statement.Resource as string).replace('StackDefinition0424DE3A', 'StackCleanUp9EBC7E05').replace('Definition', 'CleanUp'),
  }));

  function cleanUp({ stack }: Setup): ecs.TaskDefinition {
    const definition = new ecs.FargateTaskDefinition(stack, 'CleanUp');
    definition.addContainer('clean', { image: ecs.ContainerImage.fromRegistry('clean') });
    return definition;
  }

  test('do nothing if onDelete is not set', () => {
    const given = setup();
    runTask(given);

    Template.fromStack(given.stack).resourceCountIs('AWS::IAM::ManagedPolicy', 0);
  });

  test('do the same as for the task of the RunTask, by a policy that is deleted after the resource', () => {
    const given = setup();
    runTask(given, { onDelete: {} });

    expect(statementsOf(given.stack)).toEqual(ALWAYS);
    expect(statementsOnDeleteOf(given.stack)).toEqual(ALWAYS);
  });

  test('run and watch tasks of the task definition of onDelete, and pass their roles', () => {
    const given = setup();
    runTask(given, { taskOverrides: { taskRole: role(given.stack, 'a') }, onDelete: { taskDefinition: cleanUp(given) } });

    expect(statementsOf(given.stack)).toContainEqual(PASS_ROLE(['arn:aws:iam::123456789012:role/a', '<DefinitionTaskRole.Arn>']));
    expect(statementsOnDeleteOf(given.stack)).toEqual(CLEAN_UP);
  });

  test('pass the roles in its taskOverrides, and tag the task', () => {
    const given = setup();
    runTask(given, { startedBy: 'me', onDelete: { taskOverrides: { taskRole: role(given.stack, 'a') } } });

    expect(statementsOnDeleteOf(given.stack)).toEqual(expect.arrayContaining([
      PASS_ROLE(['arn:aws:iam::123456789012:role/a', '<DefinitionTaskRole.Arn>']), TAG,
    ]));
    expect(statementsOf(given.stack)).toContainEqual(PASS_ROLE('<DefinitionTaskRole.Arn>'));
  });

  test('read the logs of its containers, including containers added later', () => {
    const given = setup();
    const taskDefinition = cleanUp(given);
    runTask(given, { onDelete: { taskDefinition } });
    taskDefinition.addContainer('late', { image: ecs.ContainerImage.fromRegistry('late'), logging: ecs.LogDrivers.awsLogs({ streamPrefix: 'late' }) });

    expect(statementsOnDeleteOf(given.stack)).toContainEqual({
      Effect: 'Allow',
      Action: 'logs:GetLogEvents',
      Resource: 'arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:<CleanUplateLogGroup>:log-stream:*',
    });
    expect(JSON.stringify(statementsOf(given.stack))).not.toContain('logs:');
  });

  test('describe its own imported task definition, unless its exitCodeFrom is set', () => {
    const [untold, told] = [setup(), setup()];
    runTask(untold, { exitCodeFrom: ['app'], onDelete: { taskDefinition: importedDefinition(untold.stack) } });
    runTask(told, { onDelete: { taskDefinition: importedDefinition(told.stack), exitCodeFrom: ['app'] } });

    expect(statementsOnDeleteOf(untold.stack)).toContainEqual({ Effect: 'Allow', Action: 'ecs:DescribeTaskDefinition', Resource: '*' });
    expect(JSON.stringify(statementsOnDeleteOf(told.stack))).not.toContain('ecs:DescribeTaskDefinition');
    Annotations.fromStack(told.stack).hasWarning('/Stack/Task', Match.stringLikeRegexp('The imported taskDefinition names no roles'));
  });

  test('do nothing more for onRollback and retryAttempts', () => {
    const given = setup();
    runTask(given, { onRollback: OnRollback.RUN, retryAttempts: 3 });

    expect(statementsOf(given.stack)).toEqual(ALWAYS);
    Template.fromStack(given.stack).resourceCountIs('AWS::IAM::ManagedPolicy', 0);
  });
});

describe('an imported task definition', () => {
  test.each([
    ['an ARN', 'arn:aws:ecs:eu-west-1:123456789012:task-definition/imported:7', 'imported'],
    ['an ARN without revision', 'arn:aws:ecs:eu-west-1:123456789012:task-definition/imported', 'imported'],
  ])('is allowed by its family, taken from %s', (_, taskDefinitionArn, family) => {
    const given = setup();
    runTask(given, { taskDefinition: importedDefinition(given.stack, { taskDefinitionArn }) });

    expect(statementsOf(given.stack)[0].Resource).toBe(`arn:<AWS::Partition>:ecs:<AWS::Region>:<AWS::AccountId>:task-definition/${family}:*`);
    expect(requestOf(given.stack)).toMatchObject({ taskDefinition: taskDefinitionArn, launchType: 'FARGATE' });
  });

  test('is allowed by its family, taken from an ARN that only the deployment knows', () => {
    const given = setup();
    const taskDefinitionArn = new CfnParameter(given.stack, 'Arn').valueAsString;
    runTask(given, { taskDefinition: importedDefinition(given.stack, { taskDefinitionArn }) });
    const [policy] = Object.values(Template.fromStack(given.stack).findResources('AWS::IAM::Role', {
      Properties: { Policies: Match.anyValue() },
    })).map((resource) => resource.Properties.Policies[0].PolicyDocument.Statement[0].Resource['Fn::Join'][1]);

    expect(policy.slice(-2)).toEqual([
      { 'Fn::Select': [0, { 'Fn::Split': [':', { 'Fn::Select': [1, { 'Fn::Split': ['/', { Ref: 'Arn' }] }] }] }] },
      ':*',
    ]);
  });

  test('adds the permission to pass the roles that its import names', () => {
    const given = setup();
    runTask(given, {
      taskDefinition: importedDefinition(given.stack, { taskRole: role(given.stack, 'a'), executionRole: role(given.stack, 'b') }),
    });

    expect(statementsOf(given.stack)).toContainEqual(PASS_ROLE(['arn:aws:iam::123456789012:role/a', 'arn:aws:iam::123456789012:role/b']));
    expect(warningsOf(given.stack)).toEqual([]);
  });

  test('adds a warning if its import names no role', () => {
    const given = setup();
    runTask(given, { taskDefinition: importedDefinition(given.stack) });

    expect(JSON.stringify(statementsOf(given.stack))).not.toContain('iam:PassRole');
    Annotations.fromStack(given.stack).hasWarning('/Stack/Task', Match.stringLikeRegexp(
      'The imported taskDefinition names no roles, .* Import it with TaskDefinition.fromTaskDefinitionAttributes and its taskRole and executionRole, '
      + 'or acknowledge this warning if the task definition has no roles. \\[ack: cdk-ecs-run-task:unknownRoles\\]$',
    ));
  });

  test('leaves the containers that decide to the function', () => {
    const given = setup();
    runTask(given, { taskDefinition: importedDefinition(given.stack) });

    expect(propertiesOf(given.stack)).not.toHaveProperty('ExitCodeFrom');
    expect(propertiesOf(given.stack)).not.toHaveProperty('Logs');
  });

  test.each<[string, Partial<ecs.TaskDefinitionAttributes>, Partial<RunTaskProps>, boolean]>([
    ['its import says awsvpc', { networkMode: ecs.NetworkMode.AWS_VPC }, { launchType: ecs.LaunchType.EC2 }, true],
    ['its import says bridge', { networkMode: ecs.NetworkMode.BRIDGE }, { launchType: ecs.LaunchType.EC2 }, false],
    ['it runs on Fargate', {}, {}, true],
    ['it runs on Fargate Spot', {}, { capacityProviderStrategies: [{ capacityProvider: 'FARGATE_SPOT' }] }, true],
    ['it runs on Fargate by its provider', {}, { capacityProviderStrategies: [{ capacityProvider: 'FARGATE' }] }, true],
    ['there are network settings', {}, { launchType: ecs.LaunchType.EC2, assignPublicIp: false }, true],
    ['there are subnets', {}, { launchType: ecs.LaunchType.EC2, vpcSubnets: { availabilityZones: ['a'] } }, true],
    ['without any hint there is none', {}, { launchType: ecs.LaunchType.EC2 }, false],
  ])('decides about the network interface: %s', (_, attributes, props, expected) => {
    const given = setup();
    runTask(given, { taskDefinition: importedDefinition(given.stack, attributes), ...props });

    expect(requestOf(given.stack).networkConfiguration !== undefined).toBe(expected);
  });
});

describe('a cluster', () => {
  test('that is imported is named by its ARN', () => {
    const given = setup();
    const cluster = ecs.Cluster.fromClusterAttributes(given.stack, 'ImportedCluster', {
      clusterName: 'other', clusterArn: 'arn:aws:ecs:eu-west-1:123456789012:cluster/other', vpc: given.vpc,
    });
    runTask(given, { cluster });

    expect(requestOf(given.stack).cluster).toBe('arn:aws:ecs:eu-west-1:123456789012:cluster/other');
    expect(statementsOf(given.stack)[1]).toEqual({
      ...ALWAYS[1],
      Condition: { ArnEquals: { 'ecs:cluster': 'arn:aws:ecs:eu-west-1:123456789012:cluster/other' } },
    });
  });

  test('of another stack is imported from there', () => {
    const given = setup();
    const stack = new Stack(given.stack.node.root, 'Other');
    const taskDefinition = new ecs.FargateTaskDefinition(stack, 'Definition');
    taskDefinition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app') });
    new RunTask(stack, 'Task', { cluster: given.cluster, taskDefinition });

    expect(requestOf(stack).cluster).toMatch(/^<import Stack:ExportsOutputFnGetAttCluster/);
    expect(stack.dependencies).toEqual([given.stack]);
  });
});

describe('the connections of a RunTask', () => {
  test('allow access to a database without a warning', () => {
    const { stack, task, database } = network();
    const run = task();
    run.connections.allowToDefaultPort(database());

    Annotations.fromStack(stack).hasNoWarning('*', Match.anyValue());
    Template.fromStack(stack).resourceCountIs('AWS::EC2::SecurityGroupIngress', 1);
  });

  test('keep the warning for a security group of the user', () => {
    const { stack, vpc, task, database } = network();
    const run = task({ securityGroups: [new ec2.SecurityGroup(stack, 'Mine', { vpc })] });
    run.connections.allowToDefaultPort(database());

    Annotations.fromStack(stack).hasWarning('/Stack/Mine', Match.stringLikeRegexp('Ignoring Egress rule'));
  });

  test.each([
    ['without securityGroups', undefined],
    ['with an empty list, for which ECS would use the default group of the VPC', []],
  ])('are those of a new security group, which allows all outbound traffic, %s', (_, securityGroups) => {
    const given = setup();
    const { connections } = runTask(given, { securityGroups });

    expect(connections.securityGroups).toHaveLength(1);
    Template.fromStack(given.stack).hasResourceProperties('AWS::EC2::SecurityGroup', {
      SecurityGroupEgress: [Match.objectLike({ CidrIp: '0.0.0.0/0', IpProtocol: '-1' })],
    });
  });

  test('use the security groups in the props', () => {
    const given = setup();
    const securityGroups = ['sg-00000001', 'sg-00000002'].map((id) => ec2.SecurityGroup.fromSecurityGroupId(given.stack, id, id));

    expect(runTask(given, { securityGroups }).connections.securityGroups).toEqual(securityGroups);
    Template.fromStack(given.stack).resourceCountIs('AWS::EC2::SecurityGroup', 0);
  });

  test("use the security groups of the cluster's instances for a task without a network interface, with rules in the task's stack", () => {
    const app = new App();
    const clusterStack = new Stack(app, 'ClusterStack');
    const vpc = new ec2.Vpc(clusterStack, 'Vpc');
    const cluster = new ecs.Cluster(clusterStack, 'Cluster', { vpc });
    cluster.connections.addSecurityGroup(new ec2.SecurityGroup(clusterStack, 'Instances', { vpc }));
    const stack = new Stack(app, 'Stack');
    const taskDefinition = new ecs.TaskDefinition(stack, 'Definition', { compatibility: ecs.Compatibility.EC2 });
    taskDefinition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app'), memoryLimitMiB: 256 });
    const database = new ec2.SecurityGroup(stack, 'Database', { vpc });
    const run = new RunTask(stack, 'Task', { cluster, taskDefinition });
    database.connections.allowFrom(run, ec2.Port.tcp(5432));
    run.connections.allowFrom(database, ec2.Port.tcp(80));

    expect(requestOf(stack)).not.toHaveProperty('networkConfiguration');
    const rules = Object.values(Template.fromStack(stack).findResources('AWS::EC2::SecurityGroupIngress'));
    const instances = expect.stringMatching(/^<import ClusterStack:ExportsOutputFnGetAttInstances/);
    expect(readable(rules.map(({ Properties }) => Properties))).toEqual([
      expect.objectContaining({ GroupId: '<Database.GroupId>', SourceSecurityGroupId: instances }),
      expect.objectContaining({ GroupId: instances, SourceSecurityGroupId: '<Database.GroupId>' }),
    ]);
  });

  test('use a security group of the task also on EC2 with awsvpc', () => {
    const given = setup(ecs.Compatibility.EC2, ecs.NetworkMode.AWS_VPC);
    runTask(given);

    expect(requestOf(given.stack)).toMatchObject({
      launchType: 'EC2', networkConfiguration: { awsvpcConfiguration: { securityGroups: ['<TaskSecurityGroup.GroupId>'] } },
    });
  });
});

describe('a grant', () => {
  test('goes to the task role', () => {
    const given = setup();
    new s3.Bucket(given.stack, 'Bucket').grantRead(runTask(given));

    Template.fromStack(given.stack).hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: { Statement: [Match.objectLike({ Action: ['s3:GetObject*', 's3:GetBucket*', 's3:List*'] })] },
      Roles: [{ Ref: Match.stringLikeRegexp('DefinitionTaskRole') }],
    });
  });

  test('goes to the task role in taskOverrides', () => {
    const given = setup();
    const taskRole = new iam.Role(given.stack, 'Override', { assumedBy: new iam.ServicePrincipal('ecs-tasks.amazonaws.com') });

    expect(runTask(given, { taskOverrides: { taskRole } }).grantPrincipal).toBe(taskRole);
  });

  test('adds a warning if an imported task definition does not name its task role', () => {
    const given = setup();
    const grantPrincipal = runTask(given, { taskDefinition: importedDefinition(given.stack) }).grantPrincipal as iam.UnknownPrincipal;
    grantPrincipal.addToPrincipalPolicy(new iam.PolicyStatement({ actions: ['sqs:SendMessage'], resources: ['*'] }));

    Annotations.fromStack(given.stack).hasWarning('/Stack/Task', Match.stringLikeRegexp("Add statement to this resource's role"));
  });

  test('for several environment files from the disk goes to the execution role', () => {
    const given = setup();
    const files = [ecs.EnvironmentFile.fromAsset(__filename), ecs.EnvironmentFile.fromAsset(path.join(__dirname, 'imports.test.ts'))];
    runTask(given, { containerOverrides: [{ containerName: 'app', environmentFiles: files }] });
    const [override] = requestOf(given.stack).overrides!.containerOverrides!;

    expect(override.environmentFiles).toHaveLength(2);
    expect(override.environmentFiles![0].value).not.toEqual(override.environmentFiles![1].value);
  });

  test('for environment files of onDelete goes to the execution role of the task definition of onDelete', () => {
    const given = setup();
    const taskDefinition = new ecs.FargateTaskDefinition(given.stack, 'CleanUp');
    taskDefinition.addContainer('clean', { image: ecs.ContainerImage.fromRegistry('clean') });
    const environmentFiles = [ecs.EnvironmentFile.fromAsset(__filename)];
    runTask(given, {
      containerOverrides: [{ containerName: 'app', environmentFiles }],
      onDelete: { taskDefinition, containerOverrides: [{ containerName: 'clean', environmentFiles }] },
    });
    const policiesOf = (name: string) => Object.keys(Template.fromStack(given.stack).findResources('AWS::IAM::Policy', {
      Properties: {
        PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Action: 's3:GetObject' })]) },
        Roles: [{ Ref: Match.stringLikeRegexp(`${name}ExecutionRole`) }],
      },
    }));

    expect([policiesOf('Definition'), policiesOf('CleanUp')]).toEqual([[expect.anything()], [expect.anything()]]);
  });

  test('for enableExecuteCommand goes to the task roles of both definitions, and once to a shared role', () => {
    const [shared, own] = [setup(), setup()];
    runTask(shared, { enableExecuteCommand: true, onDelete: {} });
    const taskDefinition = new ecs.FargateTaskDefinition(own.stack, 'CleanUp');
    taskDefinition.addContainer('clean', { image: ecs.ContainerImage.fromRegistry('clean') });
    runTask(own, { enableExecuteCommand: true, onDelete: { taskDefinition } });
    const granted = (stack: Stack, name: string) => Object.values(Template.fromStack(stack).findResources('AWS::IAM::Policy', {
      Properties: { Roles: [{ Ref: Match.stringLikeRegexp(`${name}TaskRole`) }] },
    })).flatMap(({ Properties }) => Properties.PolicyDocument.Statement).length;

    expect([granted(shared.stack, 'Definition'), granted(own.stack, 'Definition'), granted(own.stack, 'CleanUp')]).toEqual([3, 3, 3]);
  });

  test('of ecs:TagResource to the function needs a tag', () => {
    const given = setup();
    runTask(given, { tags: {}, propagateTags: ecs.PropagatedTagSource.NONE, enableEcsManagedTags: false });

    expect(statementsOf(given.stack).map(({ Action }) => Action)).not.toContain('ecs:TagResource');
  });

  test('for environment files goes to the execution role', () => {
    const given = setup();
    const file = ecs.EnvironmentFile.fromBucket(s3.Bucket.fromBucketName(given.stack, 'Bucket', 'files'), 'a.env');
    runTask(given, { containerOverrides: [{ containerName: 'app', environmentFiles: [file] }] });
    const policies = Object.values(Template.fromStack(given.stack).findResources('AWS::IAM::Policy', {
      Properties: { Roles: [{ Ref: Match.stringLikeRegexp('DefinitionExecutionRole') }] },
    }));

    expect(readable(policies.map(({ Properties }) => Properties.PolicyDocument.Statement))).toEqual([[
      { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:<AWS::Partition>:s3:::files/a.env' },
      { Effect: 'Allow', Action: 's3:GetBucketLocation', Resource: 'arn:<AWS::Partition>:s3:::files' },
    ]]);
  });

  test('for environment files goes to the execution role in taskOverrides', () => {
    const given = setup();
    const executionRole = new iam.Role(given.stack, 'Override', { assumedBy: new iam.ServicePrincipal('ecs-tasks.amazonaws.com') });
    const file = ecs.EnvironmentFile.fromBucket(s3.Bucket.fromBucketName(given.stack, 'Bucket', 'files'), 'a.env');
    runTask(given, { containerOverrides: [{ containerName: 'app', environmentFiles: [file] }], taskOverrides: { executionRole } });

    Template.fromStack(given.stack).hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Action: 's3:GetObject' })]) },
      Roles: [{ Ref: Match.stringLikeRegexp('^Override') }],
    });
  });

  test('that has no role, because an imported task definition names none, is not an error', () => {
    const given = setup();
    const file = ecs.EnvironmentFile.fromBucket(s3.Bucket.fromBucketName(given.stack, 'Bucket', 'files'), 'a.env');
    const props = { enableExecuteCommand: true, containerOverrides: [{ containerName: 'app', environmentFiles: [file] }] };

    expect(() => runTask(given, { taskDefinition: importedDefinition(given.stack), ...props })).not.toThrow();
  });
});
