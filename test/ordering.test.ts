import { App, Aspects, CfnResource, Fn, NestedStack, Stack, Tags } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as patterns from 'aws-cdk-lib/aws-ecs-patterns';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as rds from 'aws-cdk-lib/aws-rds';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct, IConstruct } from 'constructs';
import { setup } from './stacks';
import { OnRollback, RunTask, RunTaskProps } from '../src';

/** A stack with a VPC of its own, as the order of a first deployment needs it. */
function network(context = {}) {
  const stack = new Stack(new App({ context }), 'Stack');
  const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 1 });
  const cluster = new ecs.Cluster(stack, 'Cluster', { vpc });
  const taskDefinition = new ecs.FargateTaskDefinition(stack, 'Definition');
  taskDefinition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app'), logging: ecs.LogDrivers.awsLogs({ streamPrefix: 'app' }) });
  const task = (props: Partial<RunTaskProps> = {}, id = 'Task') => new RunTask(stack, id, { cluster, taskDefinition, ...props });
  const database = () => new rds.DatabaseInstance(stack, 'Database', { vpc, engine: rds.DatabaseInstanceEngine.POSTGRES, storageEncrypted: true });
  return { stack, vpc, cluster, taskDefinition, task, database };
}

/** The paths of all resources that have to be there before a construct's, by the template; throws on a cycle. */
function neededBy(construct: IConstruct): string[] {
  const stack = Stack.of(construct);
  const resources: { [logicalId: string]: any } = Template.fromStack(stack).toJSON().Resources;
  const found = new Set(resourcesOf(construct).map((resource) => stack.resolve(resource.logicalId) as string));
  for (const logicalId of found) {
    const references = JSON.stringify(resources[logicalId]).matchAll(/"Ref":"(\w+)"|"Fn::GetAtt":\["(\w+)"|\$\{(\w+)/g);
    [...references].map(([, ref, getAtt, sub]) => ref ?? getAtt ?? sub)
      .concat(resources[logicalId].DependsOn ?? [])
      .filter((other) => other in resources)
      .forEach((other) => found.add(other));
  }
  const pathOf = new Map(resourcesOf(stack).map((resource) => [stack.resolve(resource.logicalId), resource.node.path]));
  return [...found].map((logicalId) => pathOf.get(logicalId)!);
}

function resourcesOf(scope: IConstruct): CfnResource[] {
  return scope.node.findAll().filter((construct) => CfnResource.isCfnResource(construct));
}

const resource = (construct: Construct) => construct.node.findChild('Resource');
const pathsOf = (scope: IConstruct) => resourcesOf(scope).map(({ node }) => node.path);

describe('the task starts after', () => {
  test('the policies of its roles', () => {
    const { stack, taskDefinition, task } = network();
    const run = task();
    taskDefinition.findContainer('app')!.addSecret('TOKEN', ecs.Secret.fromSecretsManager(new secretsmanager.Secret(stack, 'Secret')));
    new sqs.Queue(stack, 'Queue').grantSendMessages(run);

    expect(neededBy(resource(run))).toEqual(expect.arrayContaining([
      'Stack/Definition/TaskRole/DefaultPolicy/Resource', 'Stack/Definition/ExecutionRole/DefaultPolicy/Resource', 'Stack/Queue/Resource',
    ]));
  });

  test('the policies of roles that override its own', () => {
    const { stack, task } = network();
    const taskRole = new ecs.FargateTaskDefinition(stack, 'Other').taskRole;
    const run = task({ taskOverrides: { taskRole } });
    new sqs.Queue(stack, 'Queue').grantSendMessages(run);

    expect(neededBy(resource(run))).toContain('Stack/Other/TaskRole/DefaultPolicy/Resource');
  });

  test('its log groups', () => {
    const { stack, taskDefinition, task } = network();
    const run = task();
    const logGroup = new logs.LogGroup(stack, 'Logs');
    taskDefinition.addContainer('other', { image: ecs.ContainerImage.fromRegistry('other'), logging: ecs.LogDrivers.awsLogs({ streamPrefix: 'other', logGroup }) });

    expect(neededBy(resource(run))).toEqual(expect.arrayContaining(['Stack/Definition/app/LogGroup/Resource', 'Stack/Logs/Resource']));
  });

  test('the routes of its subnets, as far as the internet', () => {
    const { task } = network();

    expect(neededBy(resource(task()))).toEqual(expect.arrayContaining([
      'Stack/Vpc/PrivateSubnet1/DefaultRoute', 'Stack/Vpc/PrivateSubnet2/DefaultRoute',
      'Stack/Vpc/PublicSubnet1/NATGateway', 'Stack/Vpc/PublicSubnet1/DefaultRoute', 'Stack/Vpc/VPCGW',
    ]));
  });

  test('the endpoints of its VPC in isolated subnets, which have no other way out', () => {
    const { stack, cluster: { vpc }, task } = network();
    const isolated = new ec2.Vpc(stack, 'Isolated', { subnetConfiguration: [{ name: 'isolated', subnetType: ec2.SubnetType.PRIVATE_ISOLATED }] });
    const cluster = new ecs.Cluster(stack, 'IsolatedCluster', { vpc: isolated });
    const [run, other] = [task({ cluster, vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED } }), task({}, 'Other')];
    isolated.addInterfaceEndpoint('Images', { service: ec2.InterfaceVpcEndpointAwsService.ECR });
    vpc.addInterfaceEndpoint('Images', { service: ec2.InterfaceVpcEndpointAwsService.ECR });

    expect(neededBy(resource(run))).toContain('Stack/Isolated/Images/Resource');
    expect(neededBy(resource(run))).not.toContain('Stack/Vpc/Images/Resource');
    expect(neededBy(resource(other))).not.toContain('Stack/Vpc/Images/Resource');
  });

  test("the cluster's capacity providers", () => {
    const { cluster, task } = network();
    cluster.enableFargateCapacityProviders();

    expect(neededBy(resource(task()))).toContain('Stack/Cluster/Cluster');
  });

  test('the rules that name its security group', () => {
    const { task, database } = network();
    const run = task();
    database().connections.allowDefaultPortFrom(run);

    expect(neededBy(resource(run))).toEqual(expect.arrayContaining([
      expect.stringMatching(/^Stack\/Database\/SecurityGroup\/from StackTaskSecurityGroup/), 'Stack/Database/Resource',
    ]));
  });

  test('the rules that name a security group that was given, made before the task or after it, also one from elsewhere', () => {
    const { stack, vpc, task, database } = network();
    const own = new ec2.SecurityGroup(stack, 'Own', { vpc, allowAllOutbound: false });
    const imported = ec2.SecurityGroup.fromSecurityGroupId(stack, 'Imported', 'sg-00000001');
    own.connections.allowTo(database(), ec2.Port.tcp(5432));
    const run = task({ securityGroups: [own, imported] });
    new ec2.CfnSecurityGroupIngress(stack, 'Rule', { groupId: 'sg-00000002', sourceSecurityGroupId: 'sg-00000001', ipProtocol: '-1' });
    new ec2.CfnSecurityGroupIngress(stack, 'Stranger', { groupId: 'sg-00000002', sourceSecurityGroupId: 'sg-00000003', ipProtocol: '-1' });

    expect(neededBy(resource(run))).toEqual(expect.arrayContaining([
      expect.stringMatching(/^Stack\/Own\/to StackDatabase/), expect.stringMatching(/^Stack\/Database\/SecurityGroup\/from StackOwn/), 'Stack/Rule',
    ]));
    expect(neededBy(resource(run))).not.toContain('Stack/Stranger');
  });

  test('all of its function: with a feature flag, later versions of aws-cdk-lib make a log group for it', () => {
    const { stack, task } = network({ '@aws-cdk/aws-lambda:useCdkManagedLogGroup': true });
    const run = task();

    expect(neededBy(resource(run))).toEqual(expect.arrayContaining(pathsOf(stack.node.findChild('EcsRunTaskHandler').node.findChild('Function'))));
  });

  test('what it is told to, by prop and by method', () => {
    const { stack, task } = network();
    const [a, b] = ['A', 'B'].map((id) => new sqs.Queue(stack, id));
    const run = task({ executeAfter: [a] });
    run.executeAfter(b);

    expect(neededBy(resource(run))).toEqual(expect.arrayContaining(['Stack/A/Resource', 'Stack/B/Resource']));
  });

  test('what the task needs that runs when it is deleted, its roles and its log groups included', () => {
    const { stack, task } = network();
    const cleanUp = new ecs.FargateTaskDefinition(stack, 'CleanUp');
    cleanUp.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app'), logging: ecs.LogDrivers.awsLogs({ streamPrefix: 'app' }) });
    const { taskRole } = new ecs.FargateTaskDefinition(stack, 'Other');
    const run = task({ onDelete: { taskDefinition: cleanUp, taskOverrides: { taskRole } } });
    new sqs.Queue(stack, 'Queue').grantSendMessages(taskRole);

    expect(neededBy(resource(run))).toEqual(expect.arrayContaining([
      'Stack/CleanUp/Resource', 'Stack/CleanUp/ExecutionRole/DefaultPolicy/Resource', 'Stack/CleanUp/app/LogGroup/Resource',
      'Stack/Other/TaskRole/DefaultPolicy/Resource',
    ]));
  });

  test('the policies without which its function could not run a task and wait for it when it is deleted', () => {
    const { task } = network();
    const [plain, run] = [task({ onRollback: OnRollback.RUN }, 'Plain'), task({ onDelete: {} })];

    expect(neededBy(resource(run))).toEqual(expect.arrayContaining(['Stack/EcsRunTaskHandler/Continue/Resource', 'Stack/Task/OnDelete/Resource']));
    expect(neededBy(resource(plain)).filter((path) => /Continue|OnDelete/.test(path))).toEqual([]);
  });

  test('nothing that it does not need', () => {
    const { stack, task } = network();
    const run = task();
    new sqs.Queue(stack, 'Queue');

    expect(neededBy(resource(run)).filter((path) => /Queue|Continue/.test(path))).toEqual([]);
  });
});

describe('what waits for the task', () => {
  test('are the resources of a scope, by prop and by method, also those that come later', () => {
    const { stack, task } = network();
    const [a, b] = [new sqs.Queue(stack, 'A'), new Construct(stack, 'B')];
    const run = task({ executeBefore: [a] });
    run.executeBefore(b);
    const late = new sqs.Queue(b, 'Late');

    expect(neededBy(a)).toContain('Stack/Task/Resource');
    expect(neededBy(late)).toContain('Stack/Task/Resource');
  });

  test('is a service with the same task definition, but not the definition', () => {
    const { stack, cluster, taskDefinition, task } = network();
    const service = new ecs.FargateService(stack, 'Service', { cluster, taskDefinition });
    const run = task({ executeBefore: [service] });

    expect(neededBy(service.node.findChild('Service'))).toContain('Stack/Task/Resource');
    expect(neededBy(taskDefinition)).not.toContain('Stack/Task/Resource');
    expect(neededBy(run)).not.toContain('Stack/Service/Service');
  });

  test('is a service that the database lets in, with the database first', () => {
    const { stack, cluster, taskDefinition, task, database } = network();
    const db = database();
    const service = new ecs.FargateService(stack, 'Service', { cluster, taskDefinition });
    const run = task({ executeAfter: [db], executeBefore: [service] });
    db.connections.allowDefaultPortFrom(service);
    db.connections.allowDefaultPortFrom(run);

    expect(neededBy(service.node.findChild('Service'))).toContain('Stack/Task/Resource');
    expect(neededBy(resource(run))).toContain('Stack/Database/Resource');
  });

  test('is a load-balanced service, its load balancer included, when the migration shares its definition', () => {
    const { stack, cluster, task, database } = network();
    const db = database();
    const web = new patterns.ApplicationLoadBalancedFargateService(stack, 'Web', {
      cluster, taskImageOptions: { image: ecs.ContainerImage.fromRegistry('web') },
    });
    db.connections.allowDefaultPortFrom(web.service);
    const run = task({ taskDefinition: web.taskDefinition, executeAfter: [db], executeBefore: [web] });
    db.connections.allowDefaultPortFrom(run);

    expect(neededBy(web.service.node.findChild('Service'))).toContain('Stack/Task/Resource');
    expect(neededBy(web.loadBalancer)).toContain('Stack/Task/Resource');
    expect(neededBy(web.taskDefinition)).not.toContain('Stack/Task/Resource');
  });

  test("is a service whose security group the task's traffic may enter", () => {
    const { stack, cluster, task } = network();
    const web = new patterns.ApplicationLoadBalancedFargateService(stack, 'Web', {
      cluster, taskImageOptions: { image: ecs.ContainerImage.fromRegistry('web') },
    });
    const run = task({ executeBefore: [web] });
    web.service.connections.allowFrom(run, ec2.Port.tcp(80));

    expect(neededBy(web.service.node.findChild('Service'))).toContain('Stack/Task/Resource');
  });

  test('is a service with the same security group', () => {
    const { stack, vpc, cluster, taskDefinition, task, database } = network();
    const securityGroups = [new ec2.SecurityGroup(stack, 'Group', { vpc })];
    const service = new ecs.FargateService(stack, 'Service', { cluster, taskDefinition, securityGroups });
    const db = database();
    db.connections.allowDefaultPortFrom(service);
    const run = task({ securityGroups, executeBefore: [service] });

    expect(neededBy(service)).toContain('Stack/Task/Resource');
    expect(neededBy(resource(run))).toContain('Stack/Database/Resource');
  });

  test('is neither the definition that runs when it is deleted, nor the policy for it', () => {
    const { stack, cluster, task } = network();
    const taskDefinition = new ecs.FargateTaskDefinition(stack, 'CleanUp');
    taskDefinition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app') });
    const service = new ecs.FargateService(stack, 'Service', { cluster, taskDefinition });
    const run = task({ onDelete: { taskDefinition } });
    run.executeBefore(stack);

    expect(neededBy(service.node.findChild('Service'))).toContain('Stack/Task/Resource');
    expect(neededBy(taskDefinition)).not.toContain('Stack/Task/Resource');
    expect(neededBy(run.node.findChild('OnDelete'))).not.toContain('Stack/Task/Resource');
    expect(neededBy(stack.node.findChild('EcsRunTaskHandler'))).not.toContain('Stack/Task/Resource');
  });

  test('is everything in a stack that the task can do without, but not what its function needs to go on', () => {
    const { stack, cluster, vpc, task } = network();
    const autoScalingGroup = new autoscaling.AutoScalingGroup(stack, 'Instances', {
      vpc, instanceType: new ec2.InstanceType('t3.micro'), machineImage: ecs.EcsOptimizedImage.amazonLinux2(),
    });
    cluster.addAsgCapacityProvider(new ecs.AsgCapacityProvider(stack, 'Capacity', { autoScalingGroup }));
    const queue = new sqs.Queue(stack, 'Queue');
    const run = task();
    run.executeBefore(stack);

    expect(neededBy(queue)).toContain('Stack/Task/Resource');
    expect(neededBy(stack.node.findChild('EcsRunTaskHandler'))).not.toContain('Stack/Task/Resource');
    expect(neededBy(resource(run))).toContain('Stack/Capacity/Capacity');
  });

  test('is not what the task needs by Fn::Sub, Fn::GetAtt or DependsOn written by hand', () => {
    const { stack, task } = network();
    const scope = new Construct(stack, 'Scope');
    const [sub, getAtt, dependsOn, none] = ['Sub', 'GetAtt', 'DependsOn', 'None'].map((id) => {
      const made = new CfnResource(scope, id, { type: 'Custom::Thing' });
      made.overrideLogicalId(id);
      return made;
    });
    const needs = new CfnResource(stack, 'Needs', { type: 'Custom::Thing', properties: { A: Fn.sub('${Sub.Arn}'), B: Fn.getAtt('GetAtt', 'Arn') } });
    needs.addOverride('DependsOn', ['DependsOn']);
    task({ executeAfter: [needs], executeBefore: [scope] });

    expect(neededBy(none)).toContain('Stack/Task/Resource');
    [sub, getAtt, dependsOn].forEach((other) => expect(neededBy(other)).not.toContain('Stack/Task/Resource'));
  });

  test('is another task, and what waits for that', () => {
    const { stack, task } = network();
    const queue = new sqs.Queue(stack, 'Queue');
    const [first, second] = [task({}, 'First'), task({}, 'Second')];
    second.executeBefore(queue);
    first.executeBefore(second);

    expect(neededBy(resource(second))).toContain('Stack/First/Resource');
    expect(neededBy(queue)).toEqual(expect.arrayContaining(['Stack/First/Resource', 'Stack/Second/Resource']));
  });

  test('is another task that is told to come after', () => {
    const { task } = network();
    const first = task({}, 'First');
    const second = task({ executeAfter: [first] }, 'Second');

    expect(neededBy(resource(second))).toContain('Stack/First/Resource');
    expect(neededBy(resource(first))).not.toContain('Stack/Second/Resource');
  });

  test('is each service in a row of tasks and services: migration, service, smoke test, next service', () => {
    const { stack, cluster, taskDefinition, task } = network();
    const [one, two] = ['One', 'Two'].map((id) => new patterns.ApplicationLoadBalancedFargateService(stack, id, {
      cluster, taskImageOptions: { image: ecs.ContainerImage.fromRegistry(id) },
    }));
    task({ taskDefinition: two.taskDefinition, executeBefore: [one] }, 'Migration');
    const smoke = task({ taskDefinition, executeAfter: [one], executeBefore: [two] }, 'Smoke');

    expect(neededBy(resource(smoke))).toEqual(expect.arrayContaining(['Stack/Migration/Resource', 'Stack/One/Service/Service']));
    expect(neededBy(two.service)).toEqual(expect.arrayContaining(['Stack/Smoke/Resource', 'Stack/Migration/Resource']));
  });

  test('is a stack other than that of the task, as a whole', () => {
    const { stack, task } = network();
    const other = new Stack(stack.node.root, 'Other');
    task({ executeBefore: [new sqs.Queue(other, 'Queue')] });
    Template.fromStack(other);

    expect(other.dependencies).toEqual([stack]);
  });

  test('is a nested stack', () => {
    const { stack, cluster, task } = network();
    const nested = new NestedStack(stack, 'Nested');
    const queue = new sqs.Queue(nested, 'Queue', { queueName: cluster.clusterName });
    const run = task({ executeBefore: [queue] });
    Template.fromStack(stack);

    expect(neededBy(nested.nestedStackResource!)).toContain('Stack/Task/Resource');
    expect(neededBy(resource(run))).not.toContain(nested.nestedStackResource!.node.path);
  });

  test('is a service beside the task in a nested stack', () => {
    const { stack, cluster } = network();
    const nested = new NestedStack(stack, 'Nested');
    const taskDefinition = new ecs.FargateTaskDefinition(nested, 'Definition');
    taskDefinition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app') });
    const service = new ecs.FargateService(nested, 'Service', { cluster, taskDefinition });
    const run = new RunTask(nested, 'Task', { cluster, taskDefinition, executeBefore: [service] });
    service.connections.allowFrom(run, ec2.Port.tcp(80));

    expect(neededBy(service.node.findChild('Service'))).toContain('Stack/Nested/Task/Resource');
  });

  test('is nothing in an empty scope', () => {
    const { stack, task } = network();
    task({ executeBefore: [new Construct(stack, 'Empty')] });

    expect(() => Template.fromStack(stack)).not.toThrow();
  });
});

describe('contradictory orders fail', () => {
  test('before what the task needs', () => {
    const { stack, taskDefinition, task } = network();
    task({ executeBefore: [taskDefinition] });

    expect(() => Template.fromStack(stack)).toThrow(new Error("[Stack/Task] executeBefore cannot let 'Stack/Definition' wait: "
      + 'the task itself needs everything in it; remove it from executeBefore, or what makes the task need it'));
  });

  test('two tasks, each before the other', () => {
    const { stack, task } = network();
    const [first, second] = [task({}, 'First'), task({}, 'Second')];
    first.executeBefore(second);
    second.executeBefore(first);

    expect(() => Template.fromStack(stack)).toThrow("[Stack/Second] executeBefore cannot let 'Stack/First' wait");
  });

  test('three tasks in a circle, by way of a queue that another task needs too', () => {
    const { stack, task } = network();
    const queue = new sqs.Queue(stack, 'Queue');
    task({ executeAfter: [queue], executeBefore: [new sqs.Queue(stack, 'Other')] }, 'First');
    const second = task({ executeBefore: [queue] }, 'Second');
    task({ executeAfter: [queue], executeBefore: [second] }, 'Third');

    expect(() => Template.fromStack(stack)).toThrow("[Stack/Second] executeBefore cannot let 'Stack/Queue' wait");
  });

  test('two tasks, each after the other', () => {
    const { stack, task } = network();
    const [first, second] = [task({}, 'First'), task({}, 'Second')];
    first.executeAfter(second);
    second.executeAfter(first);

    expect(() => Template.fromStack(stack)).toThrow(/cycle/);
  });

  test('before a stack that the stack of the task depends on', () => {
    const { stack, cluster } = network();
    const other = new Stack(stack.node.root, 'Other');
    const taskDefinition = new ecs.FargateTaskDefinition(other, 'Definition');
    taskDefinition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app') });
    new RunTask(other, 'Task', { cluster, taskDefinition, executeBefore: [new sqs.Queue(stack, 'Queue')] });

    expect(() => Template.fromStack(other)).toThrow(/cyclic/);
  });
});

test('resources that an aspect makes or changes keep their order', () => {
  const { stack, task } = network();
  const queue = new sqs.Queue(stack, 'Queue');
  task({ executeBefore: [queue] });
  Tags.of(stack).add('team', 'a');
  Aspects.of(stack).add({ visit: (node) => node === stack && new sqs.Queue(queue, 'Made') });
  Template.fromStack(stack);

  expect(neededBy(queue.node.findChild('Made'))).toContain('Stack/Task/Resource');
});

test('the dependencies of a hundred tasks are found without looking at the stack a hundred times', () => {
  const given = setup();
  const queue = new sqs.Queue(given.stack, 'Queue');
  const resolve = jest.spyOn(queue.node.defaultChild as CfnResource, '_toCloudFormation');
  for (let index = 0; index < 100; index++) {
    new RunTask(given.stack, `Task${index}`, {
      cluster: given.cluster,
      taskDefinition: given.taskDefinition,
      securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(given.stack, `Group${index}`, 'sg-00000001')],
      executeAfter: [queue],
      executeBefore: [new sqs.Queue(given.stack, `Queue${index}`)],
    });
  }
  Template.fromStack(given.stack);
  const withTasks = resolve.mock.calls.length;

  const plain = setup();
  const other = jest.spyOn(new sqs.Queue(plain.stack, 'Queue').node.defaultChild as CfnResource, '_toCloudFormation');
  Template.fromStack(plain.stack);
  expect(withTasks).toBe(other.mock.calls.length + 1);
  expect(pathsOf(given.stack).filter((path) => /Task\d+\/Resource/.test(path))).toHaveLength(100);
});

test('executeBefore passes over what is left out of the template, such as a policy without statements', () => {
  const { stack, task, taskDefinition } = network();
  new iam.Policy(taskDefinition, 'WithoutStatements', { roles: [taskDefinition.taskRole] });
  const queue = new sqs.Queue(stack, 'Queue');
  const run = task({ executeBefore: [queue] });

  expect(neededBy(queue)).toContain(resource(run).node.path);
});
