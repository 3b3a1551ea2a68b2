import { App, Aws, CfnParameter, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { RESOURCE_TYPE } from '../../src/contract';
import { RunTask, RunTaskProps } from '../../src/index';
import { expectErrors } from '../support/expectations';
import { readable, requestOf, statementsOf } from '../support/stacks';

const HERE = { account: '111122223333', region: 'eu-west-1' };
const ARN = 'arn:aws:ecs:eu-west-1:111122223333';
const OTHER_ACCOUNT = 'arn:aws:ecs:eu-west-1:444455556666';
const OTHER_REGION = 'arn:aws:ecs:us-east-1:111122223333';

interface Imports {
  readonly stack: Stack;
  readonly vpc: ec2.IVpc;
  readonly cluster: ecs.ICluster;
  readonly taskDefinition: ecs.ITaskDefinition;
}

/** A stack that knows where it is deployed to, and imports all that its task needs. */
function imports(env: { readonly account?: string; readonly region?: string } = HERE): Imports {
  const stack = new Stack(new App(), 'Stack', { env });
  const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
    vpcId: 'vpc-00000001', availabilityZones: ['a'], publicSubnetIds: ['subnet-000000aa'], privateSubnetIds: ['subnet-0000000a'],
  });
  return {
    stack,
    vpc,
    cluster: ecs.Cluster.fromClusterAttributes(stack, 'Cluster', { clusterName: 'shop', vpc }),
    taskDefinition: definitionIn(stack, `${ARN}:task-definition/migrate:7`),
  };
}

function definitionIn(stack: Stack, taskDefinitionArn: string, attributes: Partial<ecs.TaskDefinitionAttributes> = {}): ecs.ITaskDefinition {
  return ecs.TaskDefinition.fromTaskDefinitionAttributes(stack, `Definition${stack.node.children.length}`, {
    taskDefinitionArn,
    networkMode: ecs.NetworkMode.AWS_VPC,
    taskRole: iam.Role.fromRoleName(stack, `TaskRole${stack.node.children.length}`, 'task'),
    ...attributes,
  });
}

function runTask({ stack, cluster, taskDefinition }: Imports, props: Partial<RunTaskProps> = {}): RunTask {
  return new RunTask(stack, 'Task', { cluster, taskDefinition, ...props });
}

function ownDefinition(stack: Stack, props: ecs.FargateTaskDefinitionProps = {}): ecs.FargateTaskDefinition {
  const definition = new ecs.FargateTaskDefinition(stack, 'Own', props);
  definition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app') });
  return definition;
}

const role = (stack: Stack, account: string, options?: iam.FromRoleArnOptions): iam.IRole =>
  iam.Role.fromRoleArn(stack, `Role${stack.node.children.length}`, `arn:aws:iam::${account}:role/team/imported`, options);

/** The resources on which the task waits, directly. */
function dependenciesOf(stack: Stack): string[] {
  const [resource] = Object.values(Template.fromStack(stack).findResources(RESOURCE_TYPE));
  return readable((resource.DependsOn ?? []).map((logicalId: string) => ({ Ref: logicalId })));
}

describe('a RunTask accepts a cluster that is imported', () => {
  test.each<[string, (given: Imports) => ecs.ICluster, string]>([
    ['by its name and VPC', ({ cluster }) => cluster, 'arn:<AWS::Partition>:ecs:eu-west-1:111122223333:cluster/shop'],
    ['by its ARN and VPC', ({ stack, vpc }) => ecs.Cluster.fromClusterAttributes(stack, 'C', { clusterName: 'shop', clusterArn: `${ARN}:cluster/shop`, vpc }),
      `${ARN}:cluster/shop`],
    ['by an ARN that only the deployment knows', ({ stack, vpc }) => ecs.Cluster.fromClusterAttributes(stack, 'C', {
      clusterName: 'shop', clusterArn: new CfnParameter(stack, 'Arn').valueAsString, vpc,
    }), '<Arn>'],
  ])('%s', (_, cluster, expected) => {
    const given = imports();
    runTask(given, { cluster: cluster(given) });

    expect(requestOf(given.stack)).toMatchObject({ cluster: expected, networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-0000000a'] } } });
    expect(statementsOf(given.stack)).toContainEqual(expect.objectContaining({ Action: 'ecs:RunTask', Condition: { ArnEquals: { 'ecs:cluster': expected } } }));
  });

  test('by its ARN alone, for a task without a network interface', () => {
    const given = imports();
    runTask(given, {
      cluster: ecs.Cluster.fromClusterArn(given.stack, 'C', `${ARN}:cluster/shop`),
      taskDefinition: definitionIn(given.stack, `${ARN}:task-definition/migrate:7`, { networkMode: ecs.NetworkMode.BRIDGE }),
      launchType: ecs.LaunchType.EC2,
    });

    expect(requestOf(given.stack)).toMatchObject({ cluster: `${ARN}:cluster/shop` });
    expect(requestOf(given.stack)).not.toHaveProperty('networkConfiguration');
  });

  test('with the security groups of its instances, which a task without a network interface uses', () => {
    const given = imports();
    const instances = ec2.SecurityGroup.fromSecurityGroupId(given.stack, 'Instances', 'sg-00000001');
    const run = runTask(given, {
      cluster: ecs.Cluster.fromClusterAttributes(given.stack, 'C', { clusterName: 'shop', vpc: given.vpc, securityGroups: [instances] }),
      taskDefinition: definitionIn(given.stack, `${ARN}:task-definition/migrate:7`, { networkMode: ecs.NetworkMode.HOST }),
      launchType: ecs.LaunchType.EC2,
    });

    expect(run.connections.securityGroups).toEqual([instances]);
  });
});

describe('a RunTask accepts a task definition that is imported', () => {
  test.each([
    ['by its ARN', `${ARN}:task-definition/migrate:7`],
    ['by an ARN without a revision, which is the latest', `${ARN}:task-definition/migrate`],
    ['by family and revision', 'migrate:7'],
    ['by its family', 'migrate'],
  ])('%s', (_, taskDefinitionArn) => {
    const given = imports();
    runTask(given, { taskDefinition: definitionIn(given.stack, taskDefinitionArn) });

    expect(requestOf(given.stack).taskDefinition).toBe(taskDefinitionArn);
    expect(statementsOf(given.stack)).toContainEqual(expect.objectContaining({
      Action: 'ecs:RunTask', Resource: 'arn:<AWS::Partition>:ecs:eu-west-1:111122223333:task-definition/migrate:*',
    }));
  });
});

describe('an imported role', () => {
  test('gets policies from grants, and the task waits for them', () => {
    const given = imports();
    const taskRole = role(given.stack, HERE.account);
    const run = runTask(given, { taskDefinition: ownDefinition(given.stack, { taskRole }) });
    new s3.Bucket(given.stack, 'Bucket').grantRead(run);

    Template.fromStack(given.stack).hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: { Statement: [Match.objectLike({ Action: ['s3:GetObject*', 's3:GetBucket*', 's3:List*'] })] },
      Roles: ['imported'],
    });
    expect(dependenciesOf(given.stack)).toContainEqual(expect.stringMatching(/^<Role\d+Policy>$/));
    expect(statementsOf(given.stack)).toContainEqual(expect.objectContaining({
      Action: 'iam:PassRole', Resource: expect.stringContaining('111122223333:role/team/imported'),
    }));
  });

  test('gets no policies if it is immutable, and the function can pass it', () => {
    const given = imports();
    const taskRole = role(given.stack, HERE.account, { mutable: false });
    const run = runTask(given, { taskDefinition: ownDefinition(given.stack, { taskRole }), enableExecuteCommand: true });
    new s3.Bucket(given.stack, 'Bucket').grantRead(run);

    expect(Object.values(Template.fromStack(given.stack).findResources('AWS::IAM::Policy')).map(({ Properties }) => Properties.Roles))
      .toEqual([[{ Ref: expect.stringContaining('EcsRunTaskHandler') }]]);
    expect(statementsOf(given.stack)).toContainEqual(expect.objectContaining({
      Action: 'iam:PassRole', Resource: expect.stringContaining('111122223333:role/team/imported'),
    }));
  });

  test('gets policies from grants if it belongs to an imported task definition', () => {
    const given = imports();
    const taskRole = role(given.stack, HERE.account);
    runTask(given, { taskDefinition: definitionIn(given.stack, `${ARN}:task-definition/migrate:7`, { taskRole }), enableExecuteCommand: true });

    Template.fromStack(given.stack).hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Action: Match.arrayWith(['ssmmessages:OpenDataChannel']) })]) },
      Roles: ['imported'],
    });
  });
});

describe('a RunTask rejects', () => {
  test.each<[string, (given: Imports) => Partial<RunTaskProps>, ...Array<string | RegExp>]>([
    ['a cluster without its VPC, for a task with a network interface',
      ({ stack }) => ({ cluster: ecs.Cluster.fromClusterArn(stack, 'C', `${ARN}:cluster/shop`) }),
      '[Stack/Task] cluster must have a VPC for network mode awsvpc, got: none; import the cluster with Cluster.fromClusterAttributes and its vpc'],
    ['a cluster of another account, also without its VPC',
      ({ stack }) => ({ cluster: ecs.Cluster.fromClusterArn(stack, 'C', `${OTHER_ACCOUNT}:cluster/shop`) }),
      /cluster must be in the account/, /cluster must have a VPC/],
    ['a cluster of another account', ({ stack, vpc }) => ({
      cluster: ecs.Cluster.fromClusterAttributes(stack, 'C', { clusterName: 'shop', clusterArn: `${OTHER_ACCOUNT}:cluster/shop`, vpc }),
    }),
    '[Stack/Task] cluster must be in the account of the stack, 111122223333, got: 444455556666; move the RunTask to a stack in that account'],
    ['a cluster of another Region', ({ stack, vpc }) => ({
      cluster: ecs.Cluster.fromClusterAttributes(stack, 'C', { clusterName: 'shop', clusterArn: `${OTHER_REGION}:cluster/shop`, vpc }),
    }),
    '[Stack/Task] cluster must be in the Region of the stack, eu-west-1, got: us-east-1; move the RunTask to a stack in that Region'],
    ['a cluster that a stack of another Region makes', ({ stack }) => {
      const other = new Stack(stack.node.root, 'Other', { env: { ...HERE, region: 'us-east-1' } });
      return { cluster: new ecs.Cluster(other, 'C') };
    },
    /^\[Stack\/Task\] cluster must be in the Region/],
    ['a definition of another account', ({ stack }) => ({ taskDefinition: definitionIn(stack, `${OTHER_ACCOUNT}:task-definition/migrate:7`) }),
      /^\[Stack\/Task\] taskDefinition must be in the account/],
    ['a definition of another Region', ({ stack }) => ({ taskDefinition: definitionIn(stack, `${OTHER_REGION}:task-definition/migrate`) }),
      /^\[Stack\/Task\] taskDefinition must be in the Region/],
    ['a definition of another account on delete',
      ({ stack }) => ({ onDelete: { taskDefinition: definitionIn(stack, `${OTHER_ACCOUNT}:task-definition/clean-up:7`) } }),
      /^\[Stack\/Task\] onDelete\.taskDefinition must be in the account/],
    ['a task role of another account', ({ stack }) => ({ taskDefinition: ownDefinition(stack, { taskRole: role(stack, '444455556666') }) }),
      '[Stack/Task] taskDefinition.taskRole must be in the account of the stack, 111122223333, got: 444455556666; use a role of this account that is allowed to assume the other role'],
    ['an execution role of another account', ({ stack }) => ({ taskDefinition: ownDefinition(stack, { executionRole: role(stack, '444455556666') }) }),
      /^\[Stack\/Task\] taskDefinition\.executionRole must be in the account/],
    ['a task role of another account in the overrides', ({ stack }) => ({ taskOverrides: { taskRole: role(stack, '444455556666') } }),
      /^\[Stack\/Task\] taskOverrides\.taskRole must be in the account/],
    ['an execution role of another account in the overrides on delete',
      ({ stack }) => ({ onDelete: { taskOverrides: { executionRole: role(stack, '444455556666') } } }),
      /^\[Stack\/Task\] onDelete\.taskOverrides\.executionRole must be in the account/],
  ])('%s', (_, props, ...messages) => {
    const given = imports();

    expectErrors(() => runTask(given, props(given)), ...messages);
  });
});

describe('a RunTask accepts what only the deployment can know:', () => {
  test.each<[string, () => Imports, (given: Imports) => Partial<RunTaskProps>]>([
    ['whether a stack that is deployed anywhere is where all that is', () => imports({}), ({ stack, vpc }) => ({
      cluster: ecs.Cluster.fromClusterAttributes(stack, 'C', { clusterName: 'shop', clusterArn: `${OTHER_REGION}:cluster/shop`, vpc }),
      taskDefinition: definitionIn(stack, `${OTHER_ACCOUNT}:task-definition/migrate:7`),
      taskOverrides: { taskRole: role(stack, '444455556666') },
    })],
    ['whether ARNs from parameters are of this place', imports, ({ stack, vpc }) => ({
      cluster: ecs.Cluster.fromClusterAttributes(stack, 'C', { clusterName: 'shop', clusterArn: new CfnParameter(stack, 'A').valueAsString, vpc }),
      taskDefinition: definitionIn(stack, new CfnParameter(stack, 'B').valueAsString),
      taskOverrides: { taskRole: iam.Role.fromRoleArn(stack, 'R', new CfnParameter(stack, 'D').valueAsString) },
    })],
    ['whether this account is that one', imports, ({ stack, vpc }) => ({
      cluster: ecs.Cluster.fromClusterAttributes(stack, 'C', {
        clusterName: 'shop', clusterArn: `arn:${Aws.PARTITION}:ecs:${Aws.REGION}:${Aws.ACCOUNT_ID}:cluster/shop`, vpc,
      }),
      taskOverrides: { taskRole: role(stack, Aws.ACCOUNT_ID) },
    })],
    ['where a cluster is that an ARN out of a parameter names, for a task without a network interface', imports, ({ stack }) => ({
      cluster: ecs.Cluster.fromClusterArn(stack, 'C', new CfnParameter(stack, 'A').valueAsString),
      taskDefinition: definitionIn(stack, `${ARN}:task-definition/migrate:7`, { networkMode: ecs.NetworkMode.BRIDGE }),
      launchType: ecs.LaunchType.EC2,
    })],
  ])('%s', (_, make, props) => {
    const given = make();
    runTask(given, props(given));

    expect(() => Template.fromStack(given.stack)).not.toThrow();
  });
});
