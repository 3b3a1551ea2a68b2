import * as fs from 'fs';
import * as path from 'path';
import { App, Aspects, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { RESOURCE_TYPE } from '../../src/contract';
import { RunTask, RunTaskProps } from '../../src/index';
import { expectErrors } from '../support/expectations';
import { deployedPolicies, verdict } from '../support/iam';
import { everything, readable, runTask, Setup, setup } from '../support/stacks';

const PLACE = { partition: 'aws', region: 'eu-west-1', account: '123456789012' };

const owned = (stack: Stack) => new iam.Role(stack, 'Given', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });

function resourcesOf(stack: Stack): { readonly [logicalId: string]: any } {
  return Template.fromStack(stack).toJSON().Resources;
}

const statementsIn = (policies: { readonly policy: any }[]) => policies.flatMap(({ policy }) => policy.Statement);

/** What the task's resource waits for, without the hashes. */
function waitsFor(stack: Stack): string[] {
  const [{ DependsOn }] = Object.values(Template.fromStack(stack).findResources(RESOURCE_TYPE));
  return DependsOn.map((logicalId: string) => logicalId.replace(/[0-9A-F]{8}$/, ''));
}

describe('handlerRole', () => {
  test('gets the permissions of the default role before the task starts', () => {
    const [ours, theirs] = [setup(), setup()];
    runTask(ours, { onDelete: {} });
    runTask(theirs, { onDelete: {}, handlerRole: owned(theirs.stack) });
    const deployed = deployedPolicies(theirs.stack, PLACE);

    expect(deployed.role).toContain('role/Stack-Given');
    expect(statementsIn(deployed.policies)).toEqual(expect.arrayContaining(statementsIn(deployedPolicies(ours.stack, PLACE).policies)));
    expect(waitsFor(theirs.stack)).toEqual(expect.arrayContaining(['EcsRunTaskHandlerRunTask', 'EcsRunTaskHandlerInvokeSelf', 'TaskOnDelete']));
    expect(Object.keys(resourcesOf(theirs.stack)).filter((logicalId) => logicalId.startsWith('EcsRunTaskHandlerRole'))).toEqual([]);
  });

  test('makes the function wait for policies that the app adds to the role', () => {
    const given = setup();
    const handlerRole = owned(given.stack);
    runTask(given, { handlerRole });
    handlerRole.addToPrincipalPolicy(new iam.PolicyStatement({ actions: ['kms:Decrypt'], resources: ['*'] }));

    Template.fromStack(given.stack).hasResource('AWS::Lambda::Function', { DependsOn: Match.arrayWith([Match.stringLikeRegexp('GivenDefaultPolicy')]) });
  });

  test('gets policies also if it is imported', () => {
    const given = setup();
    runTask(given, { onDelete: {}, handlerRole: iam.Role.fromRoleName(given.stack, 'Given', 'theirs') });

    expect(deployedPolicies(given.stack, PLACE).policies).toHaveLength(3);
  });

  test.each<[string, (stack: Stack) => iam.IRole]>([
    ['imported as immutable', (stack) => iam.Role.fromRoleName(stack, 'Given', 'theirs', { mutable: false })],
    ['created withoutPolicyUpdates', (stack) => owned(stack).withoutPolicyUpdates()],
  ])('gets no policies if it is immutable, %s', (_, roleOf) => {
    const given = setup();
    runTask(given, { onDelete: {}, handlerRole: roleOf(given.stack) });

    expect(deployedPolicies(given.stack, PLACE).policies).toEqual([]);
    expect(Object.values(resourcesOf(given.stack)).filter(({ Type }) => /^AWS::IAM::(Managed)?Policy$/.test(Type))).toEqual([]);
  });

  test('gets managed policies for what the first policy has no room for', () => {
    const { stack, cluster } = setup();
    const handlerRole = owned(stack);
    Array.from({ length: 50 }, (_, index) => new RunTask(stack, `Task${index}`, {
      cluster,
      taskDefinition: ecs.TaskDefinition.fromTaskDefinitionArn(
        stack, `Imported${index}`, `arn:aws:ecs:eu-west-1:123456789012:task-definition/${'x'.repeat(150)}${index}:1`,
      ),
      handlerRole,
    }));
    const { policies } = deployedPolicies(stack, PLACE);

    expect(policies.map(({ name }) => name.replace(/[0-9A-F]{8}$/, ''))).toEqual([
      'EcsRunTaskHandlerRunTask', 'EcsRunTaskHandlerInvokeSelf', 'EcsRunTaskHandlerRunTask2',
    ]);
  });
});

describe('handlerVpc', () => {
  function inVpc(props: (stack: Stack) => Partial<RunTaskProps> = () => ({})) {
    const given = setup();
    const vpc = new ec2.Vpc(given.stack, 'HandlerVpc', { maxAzs: 2, natGateways: 1 });
    return { ...given, run: runTask(given, { handlerVpc: vpc, ...props(given.stack) }), vpc };
  }

  test('puts the function into the private subnets, with a security group and the permissions for its network interface', () => {
    const template = Template.fromStack(inVpc().stack);

    template.hasResourceProperties('AWS::Lambda::Function', {
      VpcConfig: {
        SubnetIds: [{ Ref: Match.stringLikeRegexp('PrivateSubnet1') }, { Ref: Match.stringLikeRegexp('PrivateSubnet2') }],
        SecurityGroupIds: [{ 'Fn::GetAtt': [Match.stringLikeRegexp('EcsRunTaskHandlerFunctionSecurityGroup'), 'GroupId'] }],
      },
    });
    const [role] = Object.entries(template.findResources('AWS::IAM::Role')).filter(([logicalId]) => logicalId.startsWith('EcsRunTaskHandler'));
    expect(readable(role[1].Properties.ManagedPolicyArns)).toEqual(['arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole']);
  });

  test('puts the function into handlerVpcSubnets and handlerSecurityGroups', () => {
    const { stack } = inVpc((scope) => ({
      handlerVpc: ec2.Vpc.fromVpcAttributes(scope, 'Theirs', { vpcId: 'vpc-00000002', availabilityZones: ['a', 'b'], isolatedSubnetIds: ['subnet-1', 'subnet-2'] }),
      handlerVpcSubnets: { availabilityZones: ['b'], subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
      handlerSecurityGroups: [ec2.SecurityGroup.fromSecurityGroupId(scope, 'Group', 'sg-00000001')],
    }));

    Template.fromStack(stack).hasResourceProperties('AWS::Lambda::Function', { VpcConfig: { SubnetIds: ['subnet-2'], SecurityGroupIds: ['sg-00000001'] } });
  });

  test('makes the task wait for the routes of the function and the rules that name its security groups', () => {
    const { stack, vpc } = inVpc((scope) => ({
      handlerSecurityGroups: [new ec2.SecurityGroup(scope, 'Group', { vpc: scope.node.findChild('HandlerVpc') as ec2.Vpc, allowAllOutbound: false })],
    }));
    const endpoint = new ec2.SecurityGroup(stack, 'EndpointGroup', { vpc });
    endpoint.connections.allowFrom(stack.node.findChild('Group') as ec2.SecurityGroup, ec2.Port.tcp(443));

    expect(waitsFor(stack)).toEqual(expect.arrayContaining([
      'HandlerVpcPrivateSubnet1DefaultRoute', 'HandlerVpcPrivateSubnet2DefaultRoute',
      expect.stringMatching(/^EndpointGroupfromStackGroup/), expect.stringMatching(/^GrouptoStackEndpointGroup/),
    ]));
  });

  test('makes the task wait for the VPC endpoints of isolated subnets', () => {
    const { stack, vpc } = inVpc((scope) => {
      const isolated = new ec2.Vpc(scope, 'Isolated', { subnetConfiguration: [{ name: 'Isolated', subnetType: ec2.SubnetType.PRIVATE_ISOLATED }] });
      return { handlerVpc: isolated };
    });
    const isolated = stack.node.findChild('Isolated') as ec2.Vpc;
    isolated.addInterfaceEndpoint('Ecs', { service: ec2.InterfaceVpcEndpointAwsService.ECS });
    vpc.addInterfaceEndpoint('Elsewhere', { service: ec2.InterfaceVpcEndpointAwsService.ECS });

    expect(waitsFor(stack)).toContain('IsolatedEcs');
    expect(waitsFor(stack).join()).not.toContain('Elsewhere');
  });

  test('adds no permissions for the network interface to a handlerRole', () => {
    const { stack } = inVpc((scope) => ({ handlerRole: owned(scope) }));

    expect(JSON.stringify(resourcesOf(stack))).not.toContain('AWSLambdaVPCAccessExecutionRole');
  });
});

describe('settings of the function on several RunTasks', () => {
  const second = ({ stack, cluster, taskDefinition }: Setup, props: Partial<RunTaskProps>) =>
    new RunTask(stack, 'Second', { cluster, taskDefinition, ...props });
  const vpcOf = (scope: Construct, id: string) => ec2.Vpc.fromVpcAttributes(scope, id, {
    vpcId: id, availabilityZones: ['a', 'b'], privateSubnetIds: [`${id}-a`, `${id}-b`],
  });

  test('are accepted if they are equal or absent', () => {
    const given = setup();
    const props = {
      handlerRole: owned(given.stack),
      handlerVpc: vpcOf(given.stack, 'HandlerVpc'),
      handlerVpcSubnets: { availabilityZones: ['a'] },
      handlerSecurityGroups: [ec2.SecurityGroup.fromSecurityGroupId(given.stack, 'Group', 'sg-00000001')],
    };
    runTask(given, props);
    second(given, props);
    new RunTask(given.stack, 'Third', { cluster: given.cluster, taskDefinition: given.taskDefinition });

    Template.fromStack(given.stack).resourceCountIs('AWS::Lambda::Function', 1);
  });

  test('may differ between stacks', () => {
    const [one, other] = [setup(), setup()];
    runTask(one, { handlerRole: owned(one.stack) });

    expect(() => runTask(other)).not.toThrow();
  });

  const different: [string, (scope: Construct) => Partial<RunTaskProps>, (scope: Construct) => Partial<RunTaskProps>, string | RegExp][] = [
    ['another role', (scope) => ({ handlerRole: iam.Role.fromRoleName(scope, 'A', 'a') }), (scope) => ({ handlerRole: iam.Role.fromRoleName(scope, 'B', 'b') }),
      '[Stack/Second] handlerRole must be as for the first RunTask of the stack, since all of them share one function, got: Stack/B, and there: Stack/A; set it on the first one only'],
    ['a role that the first did not name', () => ({}), (scope) => ({ handlerRole: iam.Role.fromRoleName(scope, 'B', 'b') }),
      /^\[Stack\/Second\] handlerRole .*got: Stack\/B, and there: none/],
    ['another VPC', (scope) => ({ handlerVpc: vpcOf(scope, 'A') }), (scope) => ({ handlerVpc: vpcOf(scope, 'B') }),
      /^\[Stack\/Second\] handlerVpc .*got: Stack\/B, and there: Stack\/A/],
    ['other subnets', (scope) => ({ handlerVpc: vpcOf(scope, 'A'), handlerVpcSubnets: { availabilityZones: ['a'] } }),
      (scope) => ({ handlerVpc: scope.node.findChild('A') as ec2.Vpc, handlerVpcSubnets: { availabilityZones: ['b'] } }),
      /^\[Stack\/Second\] handlerVpcSubnets .*got: Stack\/A\/PrivateSubnet2, and there: Stack\/A\/PrivateSubnet1/],
    ['other groups', (scope) => ({ handlerVpc: vpcOf(scope, 'A') }),
      (scope) => ({ handlerVpc: scope.node.findChild('A') as ec2.Vpc, handlerSecurityGroups: [ec2.SecurityGroup.fromSecurityGroupId(scope, 'Group', 'sg-1')] }),
      /^\[Stack\/Second\] handlerSecurityGroups .*got: Stack\/Group, and there: none/],
  ];
  test.each(different)('are rejected if they differ: %s', (_, propsOfFirst, propsOfSecond, message) => {
    const given = setup();
    runTask(given, propsOfFirst(given.stack));

    expectErrors(() => second(given, propsOfSecond(given.stack)), message);
  });

  test.each<[string, (scope: Construct) => Partial<RunTaskProps>]>([
    ['handlerVpcSubnets', () => ({ handlerVpcSubnets: {} })],
    ['handlerSecurityGroups', (scope) => ({ handlerSecurityGroups: [ec2.SecurityGroup.fromSecurityGroupId(scope, 'Group', 'sg-1')] })],
  ])('are rejected without handlerVpc: %s', (name, propsOf) => {
    const given = setup();

    expectErrors(() => runTask(given, propsOf(given.stack)), `[Stack/Task] ${name} is for a function in a VPC only, got no handlerVpc; set it, or remove ${name}`);
  });
});

describe('an account with rules for roles', () => {
  const rolesOf = (stack: Stack) => Object.values(Template.fromStack(stack).findResources('AWS::IAM::Role')).map(({ Properties }) => Properties);

  test('can set a permissions boundary on all roles', () => {
    const { stack, ...given } = setup();
    runTask({ stack, ...given }, { onDelete: {} });
    iam.PermissionsBoundary.of(stack).apply(iam.ManagedPolicy.fromManagedPolicyName(stack, 'Boundary', 'boundary'));

    expect(rolesOf(stack).length).toBeGreaterThan(1);
    rolesOf(stack).forEach(({ PermissionsBoundary }) => expect(readable(PermissionsBoundary)).toBe('arn:<AWS::Partition>:iam::<AWS::AccountId>:policy/boundary'));
  });

  test('can name all roles and set their paths with an aspect, which the policies follow', async () => {
    const stack = everything(new App());
    Aspects.of(stack).add({
      visit: (node) => {
        if (node instanceof iam.CfnRole) {
          node.path = '/platform/';
          node.roleName = `corp-${node.node.path.split('/').slice(1, -1).join('-')}`;
        }
      },
    });
    const { role, policies } = deployedPolicies(stack, PLACE);

    expect(role).toBe('arn:aws:iam::123456789012:role/platform/corp-EcsRunTaskHandler-Role');
    const resource = 'arn:aws:iam::123456789012:role/platform/corp-TaskRole';
    expect(await verdict({ action: 'iam:PassRole', resource, context: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } }, policies, role)).toBe('Allowed');
  });

  test('can create all roles by hand, from the report of Role.customizeRoles', () => {
    const app = new App();
    iam.Role.customizeRoles(app);
    const stack = everything(app, {}, (scope) => {
      const cleanUp = new ecs.FargateTaskDefinition(scope, 'CleanUp', { family: 'clean-up' });
      cleanUp.addContainer('app', { image: ecs.ContainerImage.fromRegistry('clean-up') });
      return { onDelete: { taskDefinition: cleanUp } };
    });
    const types = Object.values(resourcesOf(stack)).map(({ Type }) => Type);
    const report = JSON.parse(fs.readFileSync(path.join(app.synth().directory, 'iam-policy-report.json'), 'utf8'));
    const { identityPolicyStatements: statements } = report.roles.find(({ roleConstructPath }: any) => roleConstructPath === 'Everything/EcsRunTaskHandler/Role');

    expect(types.filter((type) => type.startsWith('AWS::IAM::'))).toEqual([]);
    expect([...new Set(statements.flatMap(({ Action }: any) => Action))].sort()).toEqual([
      'cloudformation:DescribeStacks', 'ecs:DescribeTaskDefinition', 'ecs:DescribeTasks', 'ecs:ListTasks', 'ecs:RunTask', 'ecs:StopTask',
      'ecs:TagResource', 'iam:PassRole', 'lambda:InvokeFunction', 'logs:GetLogEvents',
    ]);
    const definitions = statements.filter(({ Action }: any) => Action === 'ecs:RunTask').map(({ Resource }: any) => Resource.split('task-definition/')[1]);
    expect(definitions).toEqual(['app:*', 'clean-up:*', expect.anything()]); // the last is imported
  });

  test('can use precreated roles (Role.customizeRoles)', () => {
    const app = new App();
    iam.Role.customizeRoles(app, {
      usePrecreatedRoles: Object.fromEntries(
        ['Definition/TaskRole', 'Definition/ExecutionRole', 'TaskRole', 'ExecutionRole', 'Volume/EBSRole', 'EcsRunTaskHandler/Role']
          .map((role) => [`Everything/${role}`, role.replaceAll('/', '-')]),
      ),
    });

    expect(deployedPolicies(everything(app), PLACE)).toEqual({ role: 'arn:aws:iam::123456789012:role/EcsRunTaskHandler-Role', policies: [] });
  });
});
