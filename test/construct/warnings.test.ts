import {
  Annotations, App, Aspects, Aws, CfnCondition, CfnParameter, CliCredentialsStackSynthesizer, DefaultStackSynthesizer, Duration, Fn,
  LegacyStackSynthesizer, NestedStack, Stack, StackSynthesizer, Stage, Token,
} from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { FLAGS } from 'aws-cdk-lib/cx-api';
import { Construct, Dependable, IConstruct } from 'constructs';
import { RunFargateTask, RunTask, RunTaskProps } from '../../src/index';
import { warningsOf } from '../support/expectations';
import { requestOf, runTask, Setup, setup } from '../support/stacks';

describe('the warning about credentials that expire', () => {
  /** The warnings, and the role that the CDK CLI passes to CloudFormation. */
  function warningsWith(synthesizer: StackSynthesizer, props: Partial<RunTaskProps>, isNested = false) {
    const app = new App();
    const stack = new Stack(app, 'Stack', { synthesizer });
    const scope = isNested ? new NestedStack(stack, 'Nested') : stack;
    const taskDefinition = new ecs.FargateTaskDefinition(scope, 'Definition');
    taskDefinition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app') });
    const task = new RunTask(scope, 'Task', { cluster: new ecs.Cluster(scope, 'Cluster'), taskDefinition, ...props });
    const warnings = warningsOf(stack, `/${task.node.path}`);
    return { warnings, role: app.synth().getStackByName('Stack').cloudFormationExecutionRoleArn };
  }

  test('is absent if CloudFormation has an execution role', () => {
    const { warnings, role } = warningsWith(new DefaultStackSynthesizer(), { timeout: Duration.hours(2) });

    expect({ warnings, role }).toEqual({ warnings: [], role: expect.stringContaining('cfn-exec-role') });
  });

  test.each<[string, () => StackSynthesizer]>([
    ['CliCredentialsStackSynthesizer', () => new CliCredentialsStackSynthesizer()],
    ['LegacyStackSynthesizer', () => new LegacyStackSynthesizer()],
  ])('is present with %s, which passes none', (_, make) => {
    const { warnings, role } = warningsWith(make(), { timeout: Duration.hours(2) });

    expect({ warnings, role }).toEqual({ warnings: [expect.stringContaining('cdk-ecs-run-task:expiringCredentials')], role: undefined });
  });

  test('depends on the synthesizer of the parent stack for a task in a nested stack', () => {
    expect(warningsWith(new DefaultStackSynthesizer(), { timeout: Duration.hours(2) }, true).warnings).toEqual([]);
    expect(warningsWith(new CliCredentialsStackSynthesizer(), { timeout: Duration.hours(2) }, true).warnings).toHaveLength(1);
  });

  test('is absent up to one hour, and for a timeout that only the deployment knows', () => {
    expect(warningsWith(new CliCredentialsStackSynthesizer(), { timeout: Duration.hours(1) }).warnings).toEqual([]);
    expect(warningsWith(new CliCredentialsStackSynthesizer(), { timeout: Duration.seconds(Token.asNumber({ Ref: 'Seconds' })) }).warnings).toEqual([]);
  });

  test('names the cause and the fixes', () => {
    expect(warningsWith(new CliCredentialsStackSynthesizer(), { timeout: Duration.hours(2) }).warnings).toEqual([
      'timeout is longer than one hour, but the synthesizer of the stack deploys without a CloudFormation execution role. '
      + 'When the credentials of the caller expire, the deployment and its rollback fail. '
      + 'Use DefaultStackSynthesizer, or acknowledge this warning if you deploy with cdk deploy --role-arn. [ack: cdk-ecs-run-task:expiringCredentials]',
    ]);
  });
});

describe('the warning about outputs in a log group of the class INFREQUENT_ACCESS', () => {
  const { INFREQUENT_ACCESS, STANDARD } = logs.LogGroupClass;

  function addContainer({ stack, taskDefinition }: Setup, containerName: string, logGroupClass: logs.LogGroupClass, essential = true): void {
    const logGroup = new logs.LogGroup(stack, `Log-${containerName}`, { logGroupClass });
    taskDefinition.addContainer(containerName, {
      image: ecs.ContainerImage.fromRegistry(containerName), essential, logging: ecs.LogDrivers.awsLogs({ streamPrefix: 'x', logGroup }),
    });
  }

  test('names the container, the log group and the fix', () => {
    const given = setup();
    addContainer(given, 'worker', INFREQUENT_ACCESS);
    runTask(given).getOutput('Name');

    expect(warningsOf(given.stack)).toEqual([
      "getOutput reads the log of container 'worker', but the log group 'Stack/Log-worker/Resource' has the class INFREQUENT_ACCESS, "
      + 'and CloudWatch Logs might reject the request. Use the class STANDARD, or acknowledge this warning. [ack: cdk-ecs-run-task:infrequentAccess]',
    ]);
  });

  test('is present for a log group that the container names by a fixed name', () => {
    const given = setup();
    new logs.CfnLogGroup(given.stack, 'Log', { logGroupName: '/shop', logGroupClass: INFREQUENT_ACCESS });
    const logging = new ecs.GenericLogDriver({ logDriver: 'awslogs', options: { 'awslogs-group': '/shop', 'awslogs-stream-prefix': 'shop' } });
    given.taskDefinition.addContainer('worker', { image: ecs.ContainerImage.fromRegistry('worker'), logging });
    runTask(given).getOutput('Name');

    expect(warningsOf(given.stack)).toEqual([expect.stringContaining("'Stack/Log'")]);
  });

  test('is absent if the stack uses no output', () => {
    const given = setup();
    addContainer(given, 'worker', INFREQUENT_ACCESS);
    expect(runTask(given).taskArn).toBeDefined();

    expect(warningsOf(given.stack)).toEqual([]);
  });

  test('is absent for a container that does not decide, and for the class STANDARD', () => {
    const given = setup();
    addContainer(given, 'worker', STANDARD);
    addContainer(given, 'sidecar', INFREQUENT_ACCESS, false);
    runTask(given).getOutput('Name');

    expect(warningsOf(given.stack)).toEqual([]);
  });

  test('is absent for a log group that is imported', () => {
    const given = setup();
    const logGroup = logs.LogGroup.fromLogGroupName(given.stack, 'Log', '/shop');
    const logging = ecs.LogDrivers.awsLogs({ streamPrefix: 'x', logGroup });
    given.taskDefinition.addContainer('worker', { image: ecs.ContainerImage.fromRegistry('worker'), logging });
    runTask(given).getOutput('Name');

    expect(warningsOf(given.stack)).toEqual([]);
  });
});

describe('the warning about an exitCodeFrom that may be empty', () => {
  const only = (condition: string, name: string) => Token.asString(Fn.conditionIf(condition, name, Aws.NO_VALUE));
  const unless = (condition: string, name: string) => Token.asString(Fn.conditionIf(condition, Aws.NO_VALUE, name));
  const warningsWith = (exitCodeFrom: string[]) => {
    const given = setup();
    ['A', 'B', 'IsProd'].forEach((id) => new CfnCondition(given.stack, id, { expression: Fn.conditionEquals('a', 'b') }));
    ['Name', 'Names'].forEach((id) => new CfnParameter(given.stack, id));
    runTask(given, { exitCodeFrom });
    return warningsOf(given.stack);
  };

  test('names the list and the fixes', () => {
    expect(warningsWith([only('IsProd', 'app')])).toEqual([
      'exitCodeFrom can be an empty list in the deployment, which the function rejects, got: [{"Fn::If":["IsProd","app",{"Ref":"AWS::NoValue"}]}]. '
      + 'Name at least one container without a condition, or acknowledge this warning if the list is never empty. [ack: cdk-ecs-run-task:emptyExitCodeFrom]',
    ]);
  });

  test.each<[string, () => string[]]>([
    ['two members with different conditions', () => [only('A', 'app'), unless('B', 'worker')]],
    ['AWS::NoValue alone', () => [Aws.NO_VALUE]],
    ['a list parameter', () => Token.asList({ Ref: 'Names' })],
    ['a list that a condition removes', () => Token.asList(Fn.conditionIf('A', ['app'], Aws.NO_VALUE))],
  ])('is present for %s', (_, make) => {
    expect(warningsWith(make())).toEqual([expect.stringContaining('cdk-ecs-run-task:emptyExitCodeFrom')]);
  });

  test.each<[string, () => string[]]>([
    ['names', () => ['app']],
    ['a name from a parameter', () => [Token.asString({ Ref: 'Name' })]],
    ['a member without a condition', () => [only('A', 'app'), 'app']],
    ['a condition between two names', () => [Token.asString(Fn.conditionIf('A', 'app', 'worker'))]],
    ['members with opposite conditions', () => [only('A', 'app'), unless('A', 'worker')]],
    ['a condition between two lists', () => Token.asList(Fn.conditionIf('A', ['app'], ['worker']))],
  ])('is absent for %s', (_, make) => {
    expect(warningsWith(make())).toEqual([]);
  });

  test('is present for onDelete', () => {
    const given = setup();
    runTask(given, { onDelete: { exitCodeFrom: new CfnParameter(given.stack, 'Names', { type: 'CommaDelimitedList' }).valueAsList } });

    expect(warningsOf(given.stack)).toEqual([expect.stringContaining('got: {"Ref":"Names"}')]);
  });
});

type Make = (stack: Stack, vpc: ec2.Vpc) => Partial<RunTaskProps> | void;

function warningsInVpc(make: Make = () => {}, vpcProps: ec2.VpcProps = {}) {
  const stack = new Stack(new App(), 'Stack');
  const vpc = new ec2.Vpc(stack, 'Vpc', vpcProps);
  const taskDefinition = new ecs.FargateTaskDefinition(stack, 'Definition');
  taskDefinition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app') });
  new RunTask(stack, 'Task', { cluster: new ecs.Cluster(stack, 'Cluster', { vpc }), taskDefinition, ...make(stack, vpc) });
  return warningsOf(stack);
}

const onEc2: Make = (stack) => {
  const taskDefinition = new ecs.Ec2TaskDefinition(stack, 'OnEc2', { networkMode: ecs.NetworkMode.AWS_VPC });
  taskDefinition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app'), memoryLimitMiB: 64 });
  return { taskDefinition };
};

describe('the warning about isolated subnets without VPC endpoints', () => {
  test('names the fixes, in a VPC without NAT gateways', () => {
    expect(warningsInVpc(() => {}, { natGateways: 0 })).toEqual([
      'The task runs in isolated subnets, and this app adds no interface VPC endpoints for them, so it cannot pull its image. Set assignPublicIp: true for public subnets, '
      + 'select other subnets with vpcSubnets, add VPC endpoints, or acknowledge this warning if the subnets have another route to the registry. [ack: cdk-ecs-run-task:noWayOut]',
    ]);
  });

  test.each<[string, Make]>([
    ['public subnets', () => ({ assignPublicIp: true })],
    ['interface endpoints in the VPC', (_, vpc) => {
      vpc.addInterfaceEndpoint('Registry', { service: ec2.InterfaceVpcEndpointAwsService.ECR_DOCKER });
    }],
    ['a route to somewhere else', (stack, vpc) => {
      const [{ routeTable: { routeTableId } }] = vpc.isolatedSubnets;
      new ec2.CfnRoute(stack, 'Route', { routeTableId, destinationCidrBlock: '0.0.0.0/0', transitGatewayId: 'tgw-12345678' });
    }],
    ['an imported VPC, which can have endpoints that this app does not know', (stack) => {
      const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Imported', { vpcId: 'vpc-12345678', availabilityZones: ['a'], isolatedSubnetIds: ['subnet-12345678'] });
      return { cluster: new ecs.Cluster(stack, 'InImported', { vpc }) };
    }],
    ['a task on EC2, whose instance pulls the image', onEc2],
  ])('is absent with %s', (_, make) => {
    expect(warningsInVpc(make, { natGateways: 0 })).toEqual([]);
  });
});

describe('the warning about public subnets without a public IP address', () => {
  const warningsWith = (make?: Make, vpcProps: ec2.VpcProps = {}) =>
    warningsInVpc(make, { natGateways: 0, subnetConfiguration: [{ name: 'Public', subnetType: ec2.SubnetType.PUBLIC }], ...vpcProps });

  test('names the fixes', () => {
    expect(warningsWith()).toEqual([
      'The task runs in public subnets without a public IP address, so it cannot reach the internet or pull an image from it. Set assignPublicIp: true, '
      + 'select private subnets with vpcSubnets, or acknowledge this warning if the task reaches everything that it needs through VPC endpoints. [ack: cdk-ecs-run-task:noPublicIp]',
    ]);
  });

  test.each<[string, Make, ec2.VpcProps?]>([
    ['public subnets that the user selects', () => ({ vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC } }), { subnetConfiguration: undefined, natGateways: 1 }],
    ['the capacity provider of Fargate', (stack, vpc) => {
      const cluster = new ecs.Cluster(stack, 'WithProviders', { vpc, enableFargateCapacityProviders: true });
      return { cluster, capacityProviderStrategies: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }] };
    }],
    ["the cluster's default strategy, for a definition that is for Fargate only", () => ({ capacityProviderStrategies: [] })],
    ['a VPC with a gateway endpoint only', (_, vpc) => {
      vpc.addGatewayEndpoint('S3', { service: ec2.GatewayVpcEndpointAwsService.S3 });
    }],
  ])('is present with %s', (...[, make, vpcProps]) => {
    expect(warningsWith(make, vpcProps)).toEqual([expect.stringContaining('cdk-ecs-run-task:noPublicIp')]);
  });

  test.each<[string, Make, ec2.VpcProps?]>([
    ['assignPublicIp', () => ({ assignPublicIp: true })],
    ['private subnets', () => {}, { subnetConfiguration: undefined, natGateways: 1 }],
    ['interface endpoints in the VPC', (_, vpc) => {
      vpc.addInterfaceEndpoint('Registry', { service: ec2.InterfaceVpcEndpointAwsService.ECR_DOCKER });
    }],
    ['IPv6', () => {}, { ipProtocol: ec2.IpProtocol.DUAL_STACK }],
    ['a task on EC2, whose instance pulls the image', onEc2],
  ])('is absent with %s', (...[, make, vpcProps]) => {
    expect(warningsWith(make, vpcProps)).toEqual([]);
  });

  test.each<[string, string, unknown, number]>([
    ['the public IP address that the service gets later', 'AssignPublicIp', 'ENABLED', 0],
    ['the public IP address that the service does not get', 'AssignPublicIp', { Ref: 'AWS::NoValue' }, 1],
    ['the subnets that the service gets later', 'Subnets', ['subnet-00000001'], 0],
  ])('depends on %s', (_, property, value, count) => {
    const stack = new Stack(new App(), 'Stack');
    const vpc = new ec2.Vpc(stack, 'Vpc', { natGateways: 0, subnetConfiguration: [{ name: 'Public', subnetType: ec2.SubnetType.PUBLIC }] });
    const taskDefinition = new ecs.FargateTaskDefinition(stack, 'Definition');
    taskDefinition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app') });
    const service = new ecs.FargateService(stack, 'Web', { cluster: new ecs.Cluster(stack, 'Cluster', { vpc }), taskDefinition });
    RunTask.forService(stack, 'Task', service);
    (service.node.defaultChild as ecs.CfnService).addPropertyOverride(`NetworkConfiguration.AwsvpcConfiguration.${property}`, value);

    expect(warningsOf(stack)).toHaveLength(count);
  });

  test('is present for RunFargateTask', () => {
    const stack = new Stack(new App(), 'Stack');
    const vpc = new ec2.Vpc(stack, 'Vpc', { natGateways: 0, subnetConfiguration: [{ name: 'Public', subnetType: ec2.SubnetType.PUBLIC }] });
    new RunFargateTask(stack, 'Migration', { vpc, image: ecs.ContainerImage.fromRegistry('app') });

    expect(warningsOf(stack, '/Stack/Migration/Task')).toEqual([expect.stringContaining('cdk-ecs-run-task:noPublicIp')]);
  });
});

describe('the warning about a scope in executeBefore for which nothing waits', () => {
  test('names the scope and the fix', () => {
    const given = setup();
    const service = ecs.FargateService.fromFargateServiceAttributes(given.stack, 'Web', { cluster: given.cluster, serviceName: 'web' });
    runTask(given, { executeBefore: [service] });

    expect(warningsOf(given.stack)).toEqual([
      "executeBefore names 'Stack/Web', which has no resource in this app, so nothing waits for the task. Imported resources are deployed elsewhere. "
      + 'Name a construct that this app creates, or remove it from executeBefore. [ack: cdk-ecs-run-task:nothingWaits]',
    ]);
  });

  test('is present for each scope without resources', () => {
    const given = setup();
    const task = runTask(given, { executeBefore: [new Construct(given.stack, 'Empty'), new sqs.Queue(given.stack, 'First')] });
    task.executeBefore(lambda.Function.fromFunctionName(given.stack, 'Function', 'web'));
    task.executeBefore(new sqs.Queue(given.stack, 'Second'));

    expect(warningsOf(given.stack)).toEqual([expect.stringContaining("'Stack/Empty'"), expect.stringContaining("'Stack/Function'")]);
  });

  test('is absent for a construct that is filled later', () => {
    const given = setup();
    const scope = new Construct(given.stack, 'Later');
    runTask(given, { executeBefore: [scope] });
    new sqs.Queue(scope, 'Queue');

    expect(warningsOf(given.stack)).toEqual([]);
  });
});

describe('the warning about a scope in executeAfter in which there is nothing to wait for', () => {
  test('names the scope and the fix', () => {
    const given = setup();
    runTask(given, { executeAfter: [new Construct(given.stack, 'Empty'), new sqs.Queue(given.stack, 'Queue')] }).executeAfter(new Construct(given.stack, 'Second'));

    expect(warningsOf(given.stack)).toEqual([
      "executeAfter names 'Stack/Empty', which has no resource, so there is nothing in it that the task waits for. "
      + 'Name the construct that creates the resources, or remove it from executeAfter. [ack: cdk-ecs-run-task:nothingToWaitFor]',
      expect.stringContaining("'Stack/Second'"),
    ]);
  });

  test.each<[string, (scope: Construct) => IConstruct]>([
    ['a scope of empty scopes', (scope) => new Construct(new Construct(scope, 'Around'), 'Empty').node.scope!],
    ['an empty stack', (scope) => new Stack(scope.node.root, 'Other')],
    ['a parameter', (scope) => new CfnParameter(scope, 'Text')],
    ['a construct whose dependencies have no resource', (scope) => {
      const construct = new Construct(scope, 'Dependable');
      Dependable.implement(construct, { dependencyRoots: [new Construct(scope, 'Empty')] });
      return construct;
    }],
  ])('is present for %s', (_, make) => {
    const given = setup();
    runTask(given, { executeAfter: [make(given.stack)] });

    expect(warningsOf(given.stack)).toEqual([expect.stringContaining('cdk-ecs-run-task:nothingToWaitFor')]);
  });

  test.each<[string, (scope: Construct) => IConstruct]>([
    ['a VPC that is imported', (scope) => ec2.Vpc.fromVpcAttributes(scope, 'Imported', { vpcId: 'vpc-00000002', availabilityZones: ['a'] })],
    ['a function that is imported', (scope) => lambda.Function.fromFunctionName(scope, 'Function', 'web')],
    ['a scope of imported resources', (scope) => iam.Role.fromRoleName(new Construct(scope, 'Around'), 'Role', 'role').node.scope!],
    ['a role that is not changed', (scope) => new iam.Role(scope, 'Role', { assumedBy: new iam.AccountRootPrincipal() }).withoutPolicyUpdates()],
    ['an L1 resource', (scope) => new sqs.CfnQueue(scope, 'Queue')],
    ['a scope with a resource that an aspect adds', (scope) => {
      const around = new Construct(scope, 'Around');
      Aspects.of(around).add({ visit: (node) => { around.node.tryFindChild('Queue') ?? (node === around && new sqs.Queue(around, 'Queue')); } });
      return around;
    }],
  ])('is absent for %s', (_, make) => {
    const given = setup();
    runTask(given, { executeAfter: [make(given.stack)] });

    expect(warningsOf(given.stack)).toEqual([]);
  });

  test('is absent for a construct that is filled later', () => {
    const given = setup();
    const scope = new Construct(given.stack, 'Later');
    runTask(given, { executeAfter: [scope] });
    new sqs.Queue(scope, 'Queue');

    expect(warningsOf(given.stack)).toEqual([]);
  });

  test('is absent if the stack acknowledges it', () => {
    const given = setup();
    Annotations.of(given.stack).acknowledgeWarning('cdk-ecs-run-task:nothingToWaitFor');
    runTask(given, { executeAfter: [new Construct(given.stack, 'Empty')] });

    expect(warningsOf(given.stack)).toEqual([]);
  });
});

describe('the warning about a task definition in another stack', () => {
  const KEY = '@aws-cdk/core:defaultCrossStackReferences';

  function synthesizeWith(context: { [key: string]: string }, make: (other: Stack, stack: Stack) => ecs.ITaskDefinition) {
    const app = new App({ context });
    const [other, stack] = [new Stack(app, 'Definitions'), new Stack(app, 'Stack')];
    runTask({ ...setup(), stack, cluster: new ecs.Cluster(stack, 'Cluster'), taskDefinition: make(other, stack) as ecs.TaskDefinition });
    return { stack, warnings: warningsOf(stack) };
  }

  const define = (scope: Construct) => {
    const taskDefinition = new ecs.FargateTaskDefinition(scope, 'Definition');
    taskDefinition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app') });
    return taskDefinition;
  };
  const imports = (scope: Construct, taskDefinitionArn: string) => ecs.TaskDefinition.fromTaskDefinitionAttributes(scope, 'Imported', {
    taskDefinitionArn, networkMode: ecs.NetworkMode.AWS_VPC, taskRole: iam.Role.fromRoleName(scope, 'Role', 'task'),
  });

  test('names the definition and the fixes', () => {
    expect(synthesizeWith({}, define).warnings).toEqual([
      "The task definition 'Definitions/Definition/Resource' is in another stack, which cannot deploy a new revision while this stack imports its ARN. "
      + `Move the RunTask to that stack, use weak references ('${KEY}': 'weak' in the context, if your CDK version supports them), `
      + 'or acknowledge this warning if the task definition never changes. [ack: cdk-ecs-run-task:definitionInOtherStack]',
    ]);
  });

  test('is present for an L1, and with strong references by name', () => {
    const L1 = { networkMode: 'awsvpc', requiresCompatibilities: ['FARGATE'] };
    const { warnings } = synthesizeWith({ [KEY]: 'strong' }, (other, stack) => imports(stack, new ecs.CfnTaskDefinition(other, 'Definition', L1).ref));

    expect(warnings).toEqual([expect.stringContaining("'Definitions/Definition'")]);
  });

  /** Versions of the CDK without the flag ignore it. */
  test.each(['strong', 'both', 'weak'])('is present only if the stack imports the ARN, with %s references in the context', (strength) => {
    const { stack, warnings } = synthesizeWith({ [KEY]: strength }, define);
    const { taskDefinition } = requestOf(stack);

    expect(taskDefinition).toMatch(strength !== 'strong' && KEY in FLAGS ? /^<output / : /^<import /);
    expect(warnings).toHaveLength(taskDefinition!.startsWith('<import ') ? 1 : 0);
  });

  describe('with a CDK that knows weak references,', () => {
    const isKnown = KEY in FLAGS;
    beforeAll(() => { FLAGS[KEY] ??= FLAGS[Object.keys(FLAGS)[0]]; });
    afterAll(() => {
      if (!isKnown) {
        delete FLAGS[KEY];
      }
    });
    const defineWeak = (scope: Construct) => {
      const taskDefinition = define(scope);
      Object.defineProperty(taskDefinition.node.defaultChild!, '_crossStackReferenceStrengthOverride', { value: 'weak' });
      return taskDefinition;
    };

    test.each<[string, { [key: string]: string }, typeof define, number]>([
      ['is present by default', {}, define, 1],
      ['is absent with weak references in the context', { [KEY]: 'weak' }, define, 0],
      ['is absent with weak references to the definition', { [KEY]: 'strong' }, defineWeak, 0],
    ])('%s', (_, context, make, count) => {
      expect(synthesizeWith(context, make).warnings).toHaveLength(count);
    });
  });

  test('is present for onDelete', () => {
    const given = setup();
    const other = new Stack(given.stack.node.root, 'Definitions');
    runTask(given, { onDelete: { taskDefinition: define(other) } });

    expect(warningsOf(given.stack)).toEqual([expect.stringContaining("'Definitions/Definition/Resource'")]);
  });

  test.each<[string, { [key: string]: string }, (other: Stack, stack: Stack) => ecs.ITaskDefinition]>([
    ['a definition of the same stack', {}, (_, stack) => define(stack)],
    ['a definition of a nested stack', {}, (_, stack) => define(new NestedStack(stack, 'Nested'))],
    ['a definition that is imported by its ARN', {}, (_, stack) => imports(stack, 'arn:aws:ecs:eu-west-1:111122223333:task-definition/shop')],
  ])('is absent with %s', (_, context, make) => {
    expect(synthesizeWith(context, make).warnings).toEqual([]);
  });
});

describe('a warning is absent if it is acknowledged', () => {
  const acknowledge = (scope: IConstruct, id = 'nothingWaits') => Annotations.of(scope).acknowledgeWarning(`cdk-ecs-run-task:${id}`);

  test.each<[string, (task: IConstruct) => IConstruct]>([
    ['at the RunTask', (task) => task.node.findChild('Task')],
    ['at the RunFargateTask around it', (task) => task],
    ['at its stack', (task) => Stack.of(task)],
    ['at its stage', (task) => Stage.of(task)!],
  ])('%s', (_, find) => {
    const stack = new Stack(new Stage(new App(), 'Stage'), 'Stack');
    const executeBefore = [new Construct(stack, 'Empty')];
    acknowledge(find(new RunFargateTask(stack, 'Task', { image: ecs.ContainerImage.fromRegistry('app'), executeBefore })));

    expect(warningsOf(stack, '/Stage/Stack/Task/Task')).toEqual([]);
  });

  test('before the RunTask is created', () => {
    const given = setup();
    acknowledge(given.stack);
    runTask(given, { executeBefore: [new Construct(given.stack, 'Empty')] });

    expect(warningsOf(given.stack)).toEqual([]);
  });

  test('but not with another id, or at another RunTask', () => {
    const given = setup();
    const task = runTask(given, { executeBefore: [new Construct(given.stack, 'Empty')] });
    acknowledge(task, 'noPublicIp');
    acknowledge(new RunTask(given.stack, 'Other', given));

    expect(warningsOf(given.stack)).toEqual([expect.stringContaining('cdk-ecs-run-task:nothingWaits')]);
  });
});
