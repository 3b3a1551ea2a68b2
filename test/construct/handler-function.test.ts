import * as fs from 'fs';
import * as path from 'path';
import * as cdk from 'aws-cdk-lib';
import { App, Aspects, NestedStack, RemovalPolicy, Stack, Stage } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { CustomResourceConfig } from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import { RESOURCE_TYPE } from '../../src/contract';
import { RunFargateTask, RunTask, RunTaskConfig, RunTaskFunctionOptions, RunTaskProps } from '../../src/index';
import { expectErrors } from '../support/expectations';
import { deployedPolicies, verdict } from '../support/iam';
import { everything, network, readable, runTask, Setup, setup, statementsOf } from '../support/stacks';

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

/** Configures the function of a stack, and adds a task to it. */
function configured(given: Setup, options: RunTaskFunctionOptions, props: Partial<RunTaskProps> = {}): RunTask {
  RunTaskConfig.of(given.stack).configureFunction(options);
  return runTask(given, props);
}

describe('the role of RunTaskConfig', () => {
  test('gets the permissions of the default role before the task starts', () => {
    const [ours, theirs] = [setup(), setup()];
    runTask(ours, { onDelete: {} });
    configured(theirs, { role: owned(theirs.stack) }, { onDelete: {} });
    const deployed = deployedPolicies(theirs.stack, PLACE);

    expect(deployed.role).toContain('role/Stack-Given');
    expect(statementsIn(deployed.policies)).toEqual(expect.arrayContaining(statementsIn(deployedPolicies(ours.stack, PLACE).policies)));
    expect(waitsFor(theirs.stack)).toEqual(expect.arrayContaining(['EcsRunTaskHandlerRunTask', 'EcsRunTaskHandlerInvokeSelf', 'TaskOnDelete']));
    expect(Object.keys(resourcesOf(theirs.stack)).filter((logicalId) => logicalId.startsWith('EcsRunTaskHandlerRole'))).toEqual([]);
  });

  test('makes the function wait for policies that the app adds to the role', () => {
    const given = setup();
    const role = owned(given.stack);
    configured(given, { role });
    role.addToPrincipalPolicy(new iam.PolicyStatement({ actions: ['kms:Decrypt'], resources: ['*'] }));

    Template.fromStack(given.stack).hasResource('AWS::Lambda::Function', { DependsOn: Match.arrayWith([Match.stringLikeRegexp('GivenDefaultPolicy')]) });
  });

  test('gets policies also if it is imported', () => {
    const given = setup();
    configured(given, { role: iam.Role.fromRoleName(given.stack, 'Given', 'theirs') }, { onDelete: {} });

    expect(deployedPolicies(given.stack, PLACE).policies).toHaveLength(3);
  });

  test.each<[string, (stack: Stack) => iam.IRole]>([
    ['imported as immutable', (stack) => iam.Role.fromRoleName(stack, 'Given', 'theirs', { mutable: false })],
    ['created withoutPolicyUpdates', (stack) => owned(stack).withoutPolicyUpdates()],
  ])('gets no policies if it is immutable, %s', (_, roleOf) => {
    const given = setup();
    configured(given, { role: roleOf(given.stack) }, { onDelete: {} });

    expect(deployedPolicies(given.stack, PLACE).policies).toEqual([]);
    expect(Object.values(resourcesOf(given.stack)).filter(({ Type }) => /^AWS::IAM::(Managed)?Policy$/.test(Type))).toEqual([]);
  });

  test('gets managed policies for what the first policy has no room for', () => {
    const { stack, cluster } = setup();
    RunTaskConfig.of(stack).configureFunction({ role: owned(stack) });
    Array.from({ length: 50 }, (_, index) => new RunTask(stack, `Task${index}`, {
      cluster,
      taskDefinition: ecs.TaskDefinition.fromTaskDefinitionArn(
        stack, `Imported${index}`, `arn:aws:ecs:eu-west-1:123456789012:task-definition/${'x'.repeat(150)}${index}:1`,
      ),
    }));
    const { policies } = deployedPolicies(stack, PLACE);

    expect(policies.map(({ name }) => name.replace(/[0-9A-F]{8}$/, ''))).toEqual([
      'EcsRunTaskHandlerRunTask', 'EcsRunTaskHandlerInvokeSelf', 'EcsRunTaskHandlerRunTask2',
    ]);
  });
});

// aws-cdk-lib has it in later versions than the oldest that this library works with.
const { PropertyInjectors } = cdk as any;
const testWithInjectors = PropertyInjectors ? test : test.skip;

describe('the VPC of RunTaskConfig', () => {
  function inVpc(options: (stack: Stack) => RunTaskFunctionOptions = () => ({})) {
    const given = setup();
    const vpc = new ec2.Vpc(given.stack, 'HandlerVpc', { maxAzs: 2, natGateways: 1 });
    return { ...given, run: configured(given, { vpc, ...options(given.stack) }), vpc };
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

  test('puts the function into the given subnets and security groups', () => {
    const { stack } = inVpc((scope) => ({
      vpc: ec2.Vpc.fromVpcAttributes(scope, 'Theirs', { vpcId: 'vpc-00000002', availabilityZones: ['a', 'b'], isolatedSubnetIds: ['subnet-1', 'subnet-2'] }),
      vpcSubnets: { availabilityZones: ['b'], subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
      securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(scope, 'Group', 'sg-00000001')],
    }));

    Template.fromStack(stack).hasResourceProperties('AWS::Lambda::Function', { VpcConfig: { SubnetIds: ['subnet-2'], SecurityGroupIds: ['sg-00000001'] } });
  });

  test('makes the task wait for the routes of the function and the rules that name its security groups', () => {
    const { stack, vpc } = inVpc((scope) => ({
      securityGroups: [new ec2.SecurityGroup(scope, 'Group', { vpc: scope.node.findChild('HandlerVpc') as ec2.Vpc, allowAllOutbound: false })],
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
      return { vpc: isolated };
    });
    const isolated = stack.node.findChild('Isolated') as ec2.Vpc;
    isolated.addInterfaceEndpoint('Ecs', { service: ec2.InterfaceVpcEndpointAwsService.ECS });
    vpc.addInterfaceEndpoint('Elsewhere', { service: ec2.InterfaceVpcEndpointAwsService.ECS });

    expect(waitsFor(stack)).toContain('IsolatedEcs');
    expect(waitsFor(stack).join()).not.toContain('Elsewhere');
  });

  test('can be that of an aspect: the task waits for its routes and rules, too', () => {
    const { stack, vpc } = inVpc();
    const [subnet, group] = [new ec2.PrivateSubnet(stack, 'Late', { vpcId: vpc.vpcId, availabilityZone: 'a', cidrBlock: '10.1.0.0/24' }), 'sg-00000001'];
    subnet.addDefaultNatRoute('nat-00000001');
    new ec2.CfnSecurityGroupIngress(stack, 'Rule', { groupId: 'sg-00000002', sourceSecurityGroupId: group, ipProtocol: '-1' });
    Aspects.of(stack).add({
      visit: (node) => {
        if (node instanceof lambda.CfnFunction) {
          node.vpcConfig = { subnetIds: [subnet.subnetId], securityGroupIds: [group] };
        }
      },
    });

    expect(waitsFor(stack)).toEqual(expect.arrayContaining(['LateDefaultRoute', 'LateRouteTableAssociation', 'Rule']));
  });

  testWithInjectors('can be that of a property injector: the role has the permissions for the network interface', () => {
    const { stack, cluster, ...given } = setup();
    PropertyInjectors.of(stack).add({
      constructUniqueId: 'aws-cdk-lib.aws-lambda.Function', inject: (props: lambda.FunctionProps) => ({ ...props, vpc: cluster.vpc }),
    });
    runTask({ stack, cluster, ...given });

    Template.fromStack(stack).hasResourceProperties('AWS::IAM::Role', {
      ManagedPolicyArns: [{ 'Fn::Join': ['', Match.arrayWith([':iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole'])] }],
    });
  });

  test('adds no permissions for the network interface to a role from the props', () => {
    const { stack } = inVpc((scope) => ({ role: owned(scope) }));

    expect(JSON.stringify(resourcesOf(stack))).not.toContain('AWSLambdaVPCAccessExecutionRole');
  });
});

describe('RunTaskConfig', () => {
  /** The resource of the stack's function. */
  const functionOf = (stack: Stack): any => Object.values(Template.fromStack(stack).findResources('AWS::Lambda::Function'))[0];
  const variablesOf = (stack: Stack) => functionOf(stack).Properties.Environment?.Variables;
  const groupOf = (scope: Construct) => ec2.SecurityGroup.fromSecurityGroupId(scope, 'Group', 'sg-00000001');

  /** A stack with a task in a stage of an app. */
  function inStage(): Setup & { readonly app: App; readonly stage: Stage } {
    const app = new App();
    const stage = new Stage(app, 'Stage');
    const stack = new Stack(stage, 'Stack');
    const { vpc } = new ecs.Cluster(stack, 'Cluster');
    const cluster = stack.node.findChild('Cluster') as ecs.Cluster;
    const taskDefinition = new ecs.FargateTaskDefinition(stack, 'Definition');
    taskDefinition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app') });
    return { app, stage, stack, vpc, cluster, taskDefinition };
  }

  test('of the nearest scope wins: of the stack, the stage, the app', () => {
    const { app, stage, stack, ...given } = inStage();
    const other = new Stack(app, 'Other');
    RunTaskConfig.of(stack).configureFunction({ role: iam.Role.fromRoleName(stack, 'Role', 'of-stack'), environment: { A: 'stack' } });
    RunTaskConfig.of(stage).configureFunction({ tracing: lambda.Tracing.PASS_THROUGH, environment: { A: 'stage', B: 'stage' } });
    RunTaskConfig.of(app).configureFunction({
      role: iam.Role.fromRoleName(other, 'Role', 'of-app'), tracing: lambda.Tracing.ACTIVE, environment: { A: 'app', B: 'app', C: 'app' },
    });
    runTask({ stack, ...given });
    const { Properties } = functionOf(stack);

    expect(readable(Properties.Role)).toMatch(/role\/of-stack$/);
    expect(Properties.TracingConfig).toEqual({ Mode: 'PassThrough' });
    expect(Properties.Environment.Variables).toEqual({ A: 'stack', B: 'stage', C: 'app' });
  });

  test('applies to all stacks of the scope, including nested stacks, and to no other stack', () => {
    const { app, stage, stack, ...given } = inStage();
    const nested = new NestedStack(stack, 'Nested');
    RunTaskConfig.of(stage).configureFunction({ environment: { A: 'stage' } });
    RunTaskConfig.of(stack).configureFunction({ environment: { B: 'stack' } });
    new RunTask(nested, 'Task', given);
    const other = setup();
    runTask(other);

    expect(variablesOf(nested)).toEqual({ A: 'stage', B: 'stack' });
    expect(variablesOf(other.stack)).toBeUndefined();
  });

  test('takes the VPC with its subnets and groups from one scope, and the log settings from one scope', () => {
    const { app, stage, stack, ...given } = inStage();
    const own = ec2.Vpc.fromVpcAttributes(stack, 'Own', { vpcId: 'vpc-1', availabilityZones: ['a', 'b'], privateSubnetIds: ['subnet-a', 'subnet-b'] });
    RunTaskConfig.of(app).configureFunction({
      vpc: given.vpc, vpcSubnets: { availabilityZones: ['x'] }, securityGroups: [groupOf(stack)], logRetention: logs.RetentionDays.ONE_DAY,
    });
    RunTaskConfig.of(stack).configureFunction({ vpc: own, logRemovalPolicy: RemovalPolicy.DESTROY });
    runTask({ stack, ...given });

    expect(readable(functionOf(stack).Properties.VpcConfig)).toEqual({
      SubnetIds: ['subnet-a', 'subnet-b'], SecurityGroupIds: ['<EcsRunTaskHandlerFunctionSecurityGroup.GroupId>'],
    });
    Template.fromStack(stack).hasResource('AWS::Logs::LogGroup', { Properties: { RetentionInDays: 731 }, DeletionPolicy: 'Delete' });
  });

  test.each<[string, (given: Setup) => void]>([
    ['before the first RunTask', (given) => {
      configure(given.stack.node.root as App, given);
      runTask(given);
    }],
    ['after it, on the stack', (given) => {
      runTask(given);
      configure(given.stack, given);
    }],
    ['after it, on the app', (given) => {
      runTask(given);
      configure(given.stack.node.root as App, given);
    }],
  ])('sets the log group, the environment and the tracing: %s', (_, act) => {
    const [given, plain] = [setup(), setup()];
    act(given);
    runTask(plain);
    const [actual, expected] = [functionOf(given.stack), functionOf(plain.stack)];

    expect(actual.Properties).toEqual({
      ...expected.Properties,
      Environment: { Variables: { AWS_USE_FIPS_ENDPOINT: 'true' } },
      TracingConfig: { Mode: 'Active' },
      LoggingConfig: { LogGroup: { Ref: expect.stringMatching('^Logs') } },
    });
    expect(statementsOf(given.stack)).toContainEqual({ Effect: 'Allow', Action: ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'], Resource: '*' });
    expect(waitsFor(given.stack)).toContain('EcsRunTaskHandlerFunction');
    expect(idsOf(given.stack)).toEqual(idsOf(plain.stack));
  });

  function configure(scope: Stack | App, { stack }: Setup): void {
    const logGroup = new logs.LogGroup(stack, 'Logs', { encryptionKey: new kms.Key(stack, 'Key') });
    RunTaskConfig.of(scope).configureFunction({ logGroup, environment: { AWS_USE_FIPS_ENDPOINT: 'true' } });
    RunTaskConfig.of(scope).configureFunction({ tracing: lambda.Tracing.ACTIVE });
  }

  /** The logical id of the function, and the ServiceToken. */
  function idsOf(stack: Stack): unknown {
    const [task] = Object.values(Template.fromStack(stack).findResources(RESOURCE_TYPE));
    return [Object.keys(Template.fromStack(stack).findResources('AWS::Lambda::Function')), task.Properties.ServiceToken];
  }

  test('keeps logs for a time in a log group that exists before the task, with the last settings', () => {
    const given = setup();
    configured(given, { logRetention: logs.RetentionDays.ONE_DAY });
    RunTaskConfig.of(given.stack).configureFunction({ logRetention: logs.RetentionDays.ONE_MONTH, logRemovalPolicy: RemovalPolicy.DESTROY });
    const template = Template.fromStack(given.stack);
    const [[logicalId, group], ...others] = Object.entries(template.findResources('AWS::Logs::LogGroup'));

    expect(others).toEqual([]);
    expect(group).toMatchObject({ Properties: { RetentionInDays: 30 }, DeletionPolicy: 'Delete' });
    expect(functionOf(given.stack).Properties.LoggingConfig).toEqual({ LogGroup: { Ref: logicalId } });
    expect(waitsFor(given.stack)).toContain('EcsRunTaskHandlerFunctionLogGroup');
  });

  test('replaces the retention by a log group, without a log group that nothing uses', () => {
    const given = setup();
    configured(given, { logRetention: logs.RetentionDays.ONE_DAY });
    RunTaskConfig.of(given.stack).configureFunction({ logGroup: logs.LogGroup.fromLogGroupName(given.stack, 'Theirs', 'theirs') });

    expect(functionOf(given.stack).Properties.LoggingConfig).toEqual({ LogGroup: 'theirs' });
    Template.fromStack(given.stack).resourceCountIs('AWS::Logs::LogGroup', 0);
  });

  test('also gives a role from the props the permission to send traces', () => {
    const given = setup();
    configured(given, { role: owned(given.stack) });
    RunTaskConfig.of(given.stack).configureFunction({ tracing: lambda.Tracing.ACTIVE });

    expect(JSON.stringify(deployedPolicies(given.stack, PLACE).policies)).toContain('xray:PutTraceSegments');
  });

  test('of an outer scope does not trace what an inner scope excludes', () => {
    const given = setup();
    RunTaskConfig.of(given.stack.node.root).configureFunction({ tracing: lambda.Tracing.ACTIVE });
    configured(given, { tracing: lambda.Tracing.DISABLED });

    expect(functionOf(given.stack).Properties).not.toHaveProperty('TracingConfig');
    expect(JSON.stringify(resourcesOf(given.stack))).not.toContain('xray');
  });

  const late: [string, (scope: Stack) => RunTaskFunctionOptions, ...string[]][] = [
    ['a role', (scope) => ({ role: owned(scope) }), 'role'],
    ['a VPC with its subnets and security groups', (scope) => (
      { vpc: ec2.Vpc.fromVpcAttributes(scope, 'Late', { vpcId: 'vpc-1', availabilityZones: ['a'] }), vpcSubnets: {}, securityGroups: [groupOf(scope)] }
    ), 'vpc', 'vpcSubnets', 'securityGroups'],
  ];
  test.each(late)('rejects after the first RunTask of the scope: %s', (_, options, ...names) => {
    const given = setup();
    runTask(given);
    new Stack(given.stack.node.root as App, 'Other');
    const message = (scope: string, name: string) => `[${scope}] ${name} of the function must be set before the first RunTask of the scope, `
      + "but it was set after 'Stack/Task'; call RunTaskConfig.of(...).configureFunction earlier";

    const set = options(given.stack);
    expectErrors(() => RunTaskConfig.of(given.stack).configureFunction(set), ...names.map((name) => message('Stack', name)));
    expectErrors(() => RunTaskConfig.of(given.stack.node.root).configureFunction(set), ...names.map((name) => message('App', name)));
    expect(() => RunTaskConfig.of(given.stack.node.root.node.findChild('Other')).configureFunction(set)).not.toThrow();
  });

  const wrong: [string, (scope: Stack) => RunTaskFunctionOptions, string][] = [
    ['subnets without a VPC', () => ({ vpcSubnets: {} }),
      '[Stack] vpcSubnets of the function must be set together with vpc, got: no vpc; set vpc, or remove vpcSubnets'],
    ['security groups without a VPC', (scope) => ({ securityGroups: [groupOf(scope)] }),
      '[Stack] securityGroups of the function must be set together with vpc, got: no vpc; set vpc, or remove securityGroups'],
    ['a variable of the environment without a value', () => ({ environment: { AWS_USE_FIPS_ENDPOINT: undefined! } }),
      '[Stack] environment.AWS_USE_FIPS_ENDPOINT must have a value, got: nothing; '
      + 'set it, or leave it out if it is optional: a variable of process.env has no value unless it is set where you run the CDK'],
    ['an ARN for a role', () => ({ role: 'arn:aws:iam::123456789012:role/app' as unknown as iam.IRole }),
      "[Stack] role must be a construct, got: 'arn:aws:iam::123456789012:role/app'"],
    ['a retention that CloudWatch Logs does not have', () => ({ logRetention: NaN }), '[Stack] logRetention of the function must be one of '
      + `${Object.values(logs.RetentionDays).filter(Number.isInteger).join(', ')}, got: the number NaN`],
    ['a tracing mode that Lambda does not have', () => ({ tracing: 'On' as lambda.Tracing }),
      "[Stack] tracing of the function must be one of Active, PassThrough, Disabled, got: 'On'"],
    ['a removal policy that the CDK does not have', () => ({ logRemovalPolicy: 'DESTROY' as RemovalPolicy }),
      `[Stack] logRemovalPolicy of the function must be one of ${Object.values(RemovalPolicy).join(', ')}, got: 'DESTROY'`],
    ['a retention with a log group', (scope) => ({ logRetention: logs.RetentionDays.ONE_DAY, logGroup: new logs.LogGroup(scope, 'Logs') }),
      "[Stack] logRetention and logGroup of the function cannot both be set; remove logRetention, and set it on the log group 'Stack/Logs'"],
    ['a removal policy with a log group', (scope) => ({ logRemovalPolicy: RemovalPolicy.DESTROY, logGroup: new logs.LogGroup(scope, 'Logs') }),
      "[Stack] logRemovalPolicy and logGroup of the function cannot both be set; remove logRemovalPolicy, and set it on the log group 'Stack/Logs'"],
  ];
  test.each(wrong)('rejects %s', (_, options, message) => {
    const { stack } = setup();

    expectErrors(() => RunTaskConfig.of(stack).configureFunction(options(stack)), message);
  });

  test('rejects a role, a log group and a VPC from elsewhere', () => {
    const app = new App();
    const stack = new Stack(app, 'Stack', { env: { account: '123456789012', region: 'eu-west-1' } });
    RunTaskConfig.of(app).configureFunction({
      role: iam.Role.fromRoleArn(stack, 'Role', 'arn:aws:iam::210987654321:role/theirs'),
      vpc: ec2.Vpc.fromVpcAttributes(stack, 'Shared', { vpcId: 'vpc-1', availabilityZones: ['a'], privateSubnetIds: ['subnet-1'], region: 'us-east-1' }),
      logGroup: logs.LogGroup.fromLogGroupArn(stack, 'Logs', 'arn:aws:logs:us-east-1:210987654321:log-group:theirs'),
    });
    new RunFargateTask(stack, 'Task', { vpc: new ec2.Vpc(stack, 'Vpc'), image: ecs.ContainerImage.fromRegistry('app') });

    const place = (name: string, kind: string, own: string, other: string) =>
      `[Stack/EcsRunTaskHandler] ${name} of the function must be in the ${kind} of the stack, ${own}, got: ${other}; set another ${name} for this stack`;
    expectErrors(() => app.synth(),
      place('role', 'account', '123456789012', '210987654321'), place('logGroup', 'account', '123456789012', '210987654321'),
      place('logGroup', 'Region', 'eu-west-1', 'us-east-1'), place('vpc', 'Region', 'eu-west-1', 'us-east-1'));
  });

  test('rejects public subnets, in which a function cannot reach AWS', () => {
    const { stack, vpc, ...given } = setup();
    RunTaskConfig.of(stack).configureFunction({ vpc, vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC } });

    expectErrors(() => runTask({ stack, vpc, ...given }), '[Stack/Task] vpcSubnets of the function must be private, '
      + "got: the public subnet 'Stack/Vpc/PublicSubnet1'; select private subnets with a route to AWS, or remove vpc");
  });

  test('rejects subnets that the VPC does not have', () => {
    const { stack, vpc, ...given } = setup();
    RunTaskConfig.of(stack).configureFunction({ vpc, vpcSubnets: { subnetGroupName: 'Function' } });

    expectErrors(() => runTask({ stack, vpc, ...given }),
      /^\[Stack\/Task\] vpcSubnets of the function must select subnets that the VPC 'Stack\/Vpc' has, got: There are no subnet groups with name 'Function'/);
  });

  test('rejects a scope that shares a function with others', () => {
    const { stack } = setup();

    expectErrors(() => RunTaskConfig.of(new Construct(stack, 'Part')),
      '[Stack/Part] RunTaskConfig.of requires an App, a Stage or a Stack, because all tasks of a stack share one function; pass Stack.of(...) of this construct');
  });

  describe('follows CustomResourceConfig', () => {
    test('in the retention and removal policy of the logs', () => {
      const given = setup();
      runTask(given);
      CustomResourceConfig.of(given.stack.node.root).addLogRetentionLifetime(logs.RetentionDays.ONE_WEEK);
      CustomResourceConfig.of(given.stack.node.root).addRemovalPolicy(RemovalPolicy.DESTROY);
      const [[logicalId, group], ...others] = Object.entries(Template.fromStack(given.stack).findResources('AWS::Logs::LogGroup'));

      expect(others).toEqual([]);
      expect(group).toMatchObject({ Properties: { RetentionInDays: 7 }, DeletionPolicy: 'Delete' });
      expect(functionOf(given.stack).Properties.LoggingConfig).toEqual({ LogGroup: { Ref: logicalId } });
      expect(waitsFor(given.stack)).toContain(logicalId.replace(/[0-9A-F]{8}$/, ''));
    });

    test('in the retention and removal policy of the log group that newer versions of aws-cdk-lib create with a feature flag', () => {
      const { stack, task } = network({ '@aws-cdk/aws-lambda:useCdkManagedLogGroup': true });
      task();
      CustomResourceConfig.of(stack.node.root).addLogRetentionLifetime(logs.RetentionDays.ONE_MONTH);
      CustomResourceConfig.of(stack.node.root).addRemovalPolicy(RemovalPolicy.DESTROY);
      const groups = Object.entries(Template.fromStack(stack).findResources('AWS::Logs::LogGroup'));
      const ofFunction = groups.filter(([logicalId]) => logicalId.startsWith('EcsRunTaskHandler'));

      expect(ofFunction.map(([, { Properties, DeletionPolicy }]) => [Properties.RetentionInDays, DeletionPolicy])).toEqual([[30, 'Delete']]);
    });

    test('unless it has its own settings', () => {
      const given = setup();
      configured(given, { logRetention: logs.RetentionDays.ONE_DAY });
      CustomResourceConfig.of(given.stack).addLogRetentionLifetime(logs.RetentionDays.ONE_WEEK);
      CustomResourceConfig.of(given.stack).addRemovalPolicy(RemovalPolicy.DESTROY);

      const groups = Object.values(Template.fromStack(given.stack).findResources('AWS::Logs::LogGroup'));
      expect(groups.map(({ Properties, DeletionPolicy }) => [Properties.RetentionInDays, DeletionPolicy])).toEqual([[1, 'Retain']]);
    });

    test.each([
      ['nodejs26.x', 'nodejs26.x'],
      ['nodejs22.x', 'nodejs22.x'],
      ['nodejs20.x', 'nodejs24.x'],
      ['python3.13', 'nodejs24.x'],
    ])('with the runtime %s it has %s', (name, expected) => {
      const given = setup();
      runTask(given);
      const family = name.startsWith('nodejs') ? lambda.RuntimeFamily.NODEJS : lambda.RuntimeFamily.PYTHON;
      CustomResourceConfig.of(given.stack).addLambdaRuntime(new lambda.Runtime(name, family));

      expect(functionOf(given.stack).Properties.Runtime).toBe(expected);
    });

    test('with the runtime of the nearest scope', () => {
      const given = setup();
      runTask(given);
      const runtime = (name: string) => new lambda.Runtime(name, lambda.RuntimeFamily.NODEJS);
      CustomResourceConfig.of(given.stack).addLambdaRuntime(runtime('nodejs22.x'));
      CustomResourceConfig.of(given.stack.node.root).addLambdaRuntime(runtime('nodejs26.x'));

      expect(functionOf(given.stack).Properties.Runtime).toBe('nodejs22.x');
    });

    test('with the Node.js of an outer scope when the nearest scope sets only a Python', () => {
      const given = setup();
      runTask(given);
      CustomResourceConfig.of(given.stack).addLambdaRuntime(new lambda.Runtime('python3.13', lambda.RuntimeFamily.PYTHON));
      CustomResourceConfig.of(given.stack.node.root).addLambdaRuntime(new lambda.Runtime('nodejs22.x', lambda.RuntimeFamily.NODEJS));

      expect(functionOf(given.stack).Properties.Runtime).toBe('nodejs22.x');
    });
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

  test('can create all roles manually, from the report of Role.customizeRoles', () => {
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
