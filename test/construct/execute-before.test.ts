import { App, Aspects, CfnCondition, CfnResource, Duration, Fn, NestedStack, Stack, Stage, Tags } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as patterns from 'aws-cdk-lib/aws-ecs-patterns';
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as rds from 'aws-cdk-lib/aws-rds';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct, IConstruct } from 'constructs';
import { RunTask } from '../../src/index';
import { expectErrors, expectNotToWaitFor, expectToWaitFor, resourceOf, warningsOf } from '../support/expectations';
import { neededBy, network, pathsOf, setup } from '../support/stacks';

type Network = ReturnType<typeof network>;


/** The only resource of a type in a scope: what ECS or Lambda updates to a new revision. */
function only(scope: IConstruct, type: string): CfnResource {
  const [found, ...others] = scope.node.findAll().filter((each) => CfnResource.isCfnResource(each) && each.cfnResourceType === type);
  expect(others).toEqual([]);
  return found as CfnResource;
}

/** Instances for services and tasks on EC2. */
function addInstances({ stack, vpc, cluster }: Network): void {
  const autoScalingGroup = new autoscaling.AutoScalingGroup(stack, 'Instances', {
    vpc, instanceType: new ec2.InstanceType('t3.micro'), machineImage: ecs.EcsOptimizedImage.amazonLinux2(),
  });
  cluster.addAsgCapacityProvider(new ecs.AsgCapacityProvider(stack, 'Capacity', { autoScalingGroup }));
}

const image = ecs.ContainerImage.fromRegistry('web');

/** What is deployed with each new version of an app: its resource must not be updated before a migration has succeeded. */
const DEPLOYED: [string, string, (given: Network) => { scope: Construct; connections?: ec2.IConnectable }][] = [
  ['a FargateService', 'AWS::ECS::Service', ({ stack, cluster, taskDefinition }) => {
    const service = new ecs.FargateService(stack, 'App', { cluster, taskDefinition });
    return { scope: service, connections: service };
  }],
  ['a FargateService with a deployment circuit breaker', 'AWS::ECS::Service', ({ stack, cluster, taskDefinition }) => {
    const service = new ecs.FargateService(stack, 'App', { cluster, taskDefinition, circuitBreaker: { rollback: true } });
    return { scope: service, connections: service };
  }],
  ['an Ec2Service', 'AWS::ECS::Service', (given) => {
    addInstances(given);
    const taskDefinition = new ecs.Ec2TaskDefinition(given.stack, 'OnInstances', { networkMode: ecs.NetworkMode.AWS_VPC });
    taskDefinition.addContainer('app', { image, memoryLimitMiB: 256 });
    const service = new ecs.Ec2Service(given.stack, 'App', { cluster: given.cluster, taskDefinition });
    return { scope: service, connections: service };
  }],
  ['an ExternalService', 'AWS::ECS::Service', ({ stack, cluster }) => {
    const taskDefinition = new ecs.ExternalTaskDefinition(stack, 'Anywhere');
    taskDefinition.addContainer('app', { image, memoryLimitMiB: 256 });
    return { scope: new ecs.ExternalService(stack, 'App', { cluster, taskDefinition }) };
  }],
  ['a Lambda function', 'AWS::Lambda::Function', ({ stack, vpc }) => {
    const app = new lambda.Function(stack, 'App', {
      vpc, runtime: lambda.Runtime.NODEJS_20_X, handler: 'index.handler', code: lambda.Code.fromInline('//'),
    });
    new lambda.Alias(stack, 'Alias', { aliasName: 'live', version: app.currentVersion });
    return { scope: app, connections: app };
  }],
  ['an ApplicationLoadBalancedFargateService', 'AWS::ECS::Service', ({ stack, cluster }) => {
    const scope = new patterns.ApplicationLoadBalancedFargateService(stack, 'App', { cluster, taskImageOptions: { image } });
    scope.service.autoScaleTaskCount({ maxCapacity: 2 }).scaleOnCpuUtilization('Cpu', { targetUtilizationPercent: 50 });
    return { scope, connections: scope.service };
  }],
  ['an ApplicationLoadBalancedEc2Service', 'AWS::ECS::Service', (given) => {
    addInstances(given);
    const scope = new patterns.ApplicationLoadBalancedEc2Service(given.stack, 'App', {
      cluster: given.cluster, memoryLimitMiB: 256, taskImageOptions: { image },
    });
    return { scope, connections: scope.service };
  }],
  ['an ApplicationMultipleTargetGroupsFargateService', 'AWS::ECS::Service', ({ stack, cluster }) => {
    const scope = new patterns.ApplicationMultipleTargetGroupsFargateService(stack, 'App', { cluster, taskImageOptions: { image } });
    return { scope, connections: scope.service };
  }],
  ['a NetworkLoadBalancedFargateService', 'AWS::ECS::Service', ({ stack, cluster }) => {
    const scope = new patterns.NetworkLoadBalancedFargateService(stack, 'App', { cluster, taskImageOptions: { image } });
    return { scope, connections: scope.service };
  }],
  ['a QueueProcessingFargateService', 'AWS::ECS::Service', ({ stack, cluster }) => {
    const scope = new patterns.QueueProcessingFargateService(stack, 'App', { cluster, image });
    return { scope, connections: scope.service };
  }],
  ['a ScheduledFargateTask', 'AWS::Events::Rule', ({ stack, cluster }) => {
    const scope = new patterns.ScheduledFargateTask(stack, 'App', {
      cluster, schedule: events.Schedule.rate(Duration.hours(1)), scheduledFargateTaskImageOptions: { image, memoryLimitMiB: 512 },
    });
    return { scope, connections: new ec2.Connections({ securityGroups: scope.task.securityGroups }) };
  }],
];

describe.each(DEPLOYED)('%s that uses the same database as the migration', (_, type, appIn) => {
  test('waits for the migration, which waits for the database', () => {
    const given = network();
    const db = given.database();
    const { scope, connections } = appIn(given);
    const run = given.task({ executeAfter: [db], executeBefore: [scope] });
    db.connections.allowDefaultPortFrom(run);
    if (connections) {
      db.connections.allowDefaultPortFrom(connections);
    }

    expectToWaitFor(only(scope, type), 'Stack/Task/Resource', 'Stack/Database/Resource');
    expectToWaitFor(resourceOf(run), 'Stack/Database/Resource');
    expectNotToWaitFor(resourceOf(run), only(scope, type).node.path);
  });

  test('waits for several tasks, in a row or in parallel, and runs before a smoke test', () => {
    const given = network();
    const { scope, connections } = appIn(given);
    const smoke = given.task({ executeAfter: [scope] }, 'Smoke');
    const seed = given.task({ executeBefore: [scope] }, 'Seed');
    const migration = given.task({ executeBefore: [seed, scope] }, 'Migration');
    const other = given.task({ executeBefore: [scope] }, 'Other');
    if (connections) {
      [smoke, seed, migration, other].forEach((run) => connections.connections.allowFrom(run, ec2.Port.tcp(80)));
    }

    expectToWaitFor(only(scope, type), 'Stack/Seed/Resource', 'Stack/Migration/Resource', 'Stack/Other/Resource');
    expectToWaitFor(resourceOf(seed), 'Stack/Migration/Resource');
    expectToWaitFor(resourceOf(smoke), only(scope, type).node.path);
    expectNotToWaitFor(resourceOf(other), /Seed|Migration|Smoke/);
  });

  test('waits for a migration in a nested stack', () => {
    const given = network();
    const db = given.database();
    const { scope, connections } = appIn(given);
    const run = given.task({ executeAfter: [db], executeBefore: [scope] }, 'Task', new NestedStack(given.stack, 'Nested'));
    run.connections.allowToDefaultPort(db);
    if (connections) {
      db.connections.allowDefaultPortFrom(connections);
    }

    expectToWaitFor(only(scope, type), 'Stack/Nested/Task/Resource');
    expectToWaitFor(resourceOf(run), 'Stack/Database/Resource');
  });
});

describe('a new revision of the task definition', () => {
  test('exists before the migration that shares it, and the service gets it after the migration', () => {
    const { stack, cluster, taskDefinition, task } = network();
    const service = new ecs.FargateService(stack, 'Service', { cluster, taskDefinition });
    const run = task({ executeBefore: [service] });

    expectToWaitFor(resourceOf(run), 'Stack/Definition/Resource');
    expectToWaitFor(service.node.findChild('Service'), 'Stack/Task/Resource');
  });

  test('does not wait for the migration if only the service uses it, but the service does', () => {
    const { stack, cluster, task } = network();
    const own = new ecs.FargateTaskDefinition(stack, 'Own');
    own.addContainer('web', { image });
    const service = new ecs.FargateService(stack, 'Service', { cluster, taskDefinition: own });
    task({ executeBefore: [service] });

    expectNotToWaitFor(own, 'Stack/Task/Resource');
    expectToWaitFor(service.node.findChild('Service'), 'Stack/Task/Resource', 'Stack/Own/Resource');
  });
});

describe('what executeBefore makes wait for the task', () => {
  test('are all resources of a scope, named by prop or by method, including resources added later', () => {
    const { stack, task } = network();
    const [a, b] = [new sqs.Queue(stack, 'A'), new Construct(stack, 'B')];
    const run = task({ executeBefore: [a] });
    run.executeBefore(b);
    const late = new sqs.Queue(b, 'Late');

    expectToWaitFor(a, 'Stack/Task/Resource');
    expectToWaitFor(late, 'Stack/Task/Resource');
  });

  test('is a service with the same task definition, but not the definition', () => {
    const { stack, cluster, taskDefinition, task } = network();
    const service = new ecs.FargateService(stack, 'Service', { cluster, taskDefinition });
    const run = task({ executeBefore: [service] });

    expectToWaitFor(service.node.findChild('Service'), 'Stack/Task/Resource');
    expectNotToWaitFor(taskDefinition, 'Stack/Task/Resource');
    expectNotToWaitFor(run, 'Stack/Service/Service');
  });

  test('is a service that is allowed to connect to the database, with the database first', () => {
    const { stack, cluster, taskDefinition, task, database } = network();
    const db = database();
    const service = new ecs.FargateService(stack, 'Service', { cluster, taskDefinition });
    const run = task({ executeAfter: [db], executeBefore: [service] });
    db.connections.allowDefaultPortFrom(service);
    db.connections.allowDefaultPortFrom(run);

    expectToWaitFor(service.node.findChild('Service'), 'Stack/Task/Resource');
    expectToWaitFor(resourceOf(run), 'Stack/Database/Resource');
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

    expectToWaitFor(web.service.node.findChild('Service'), 'Stack/Task/Resource');
    expectToWaitFor(web.loadBalancer, 'Stack/Task/Resource');
    expectNotToWaitFor(web.taskDefinition, 'Stack/Task/Resource');
  });

  test('is a service whose security group allows the task', () => {
    const { stack, cluster, task } = network();
    const web = new patterns.ApplicationLoadBalancedFargateService(stack, 'Web', {
      cluster, taskImageOptions: { image: ecs.ContainerImage.fromRegistry('web') },
    });
    const run = task({ executeBefore: [web] });
    web.service.connections.allowFrom(run, ec2.Port.tcp(80));

    expectToWaitFor(web.service.node.findChild('Service'), 'Stack/Task/Resource');
  });

  test('is a service with the same security group', () => {
    const { stack, vpc, cluster, taskDefinition, task, database } = network();
    const securityGroups = [new ec2.SecurityGroup(stack, 'Group', { vpc })];
    const service = new ecs.FargateService(stack, 'Service', { cluster, taskDefinition, securityGroups });
    const db = database();
    db.connections.allowDefaultPortFrom(service);
    const run = task({ securityGroups, executeBefore: [service] });

    expectToWaitFor(service, 'Stack/Task/Resource');
    expectToWaitFor(resourceOf(run), 'Stack/Database/Resource');
  });

  test('is neither the task definition of onDelete nor its policy', () => {
    const { stack, cluster, task } = network();
    const taskDefinition = new ecs.FargateTaskDefinition(stack, 'CleanUp');
    taskDefinition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app') });
    const service = new ecs.FargateService(stack, 'Service', { cluster, taskDefinition });
    const run = task({ onDelete: { taskDefinition } });
    run.executeBefore(stack);

    expectToWaitFor(service.node.findChild('Service'), 'Stack/Task/Resource');
    expectNotToWaitFor(taskDefinition, 'Stack/Task/Resource');
    expectNotToWaitFor(run.node.findChild('OnDelete'), 'Stack/Task/Resource');
    expectNotToWaitFor(stack.node.findChild('EcsRunTaskHandler'), 'Stack/Task/Resource');
  });

  test('is everything in a stack except what the task and its function need', () => {
    const given = network();
    const { stack, task } = given;
    addInstances(given);
    const queue = new sqs.Queue(stack, 'Queue');
    const run = task();
    run.executeBefore(stack);

    expectToWaitFor(queue, 'Stack/Task/Resource');
    expectNotToWaitFor(stack.node.findChild('EcsRunTaskHandler'), 'Stack/Task/Resource');
    expectToWaitFor(resourceOf(run), 'Stack/Capacity/Capacity');
  });

  test('is not what the task needs by a reference inside a text, or by Fn::Sub, Fn::GetAtt or DependsOn in an L1 resource or an override', () => {
    const { stack, task } = network();
    const scope = new Construct(stack, 'Scope');
    const [text, sub, getAtt, dependsOn, none] = ['Text', 'Sub', 'GetAtt', 'DependsOn', 'None'].map((id) => {
      const made = new CfnResource(scope, id, { type: 'Custom::Thing' });
      made.overrideLogicalId(id);
      return made;
    });
    const needs = new CfnResource(stack, 'Needs', {
      type: 'Custom::Thing', properties: { A: Fn.sub('${Sub.Arn}'), B: Fn.getAtt('GetAtt', 'Arn'), C: `before ${text.ref} after` },
    });
    needs.addOverride('DependsOn', ['DependsOn']);
    task({ executeAfter: [needs], executeBefore: [scope] });

    expectToWaitFor(none, 'Stack/Task/Resource');
    [text, sub, getAtt, dependsOn].forEach((other) => expectNotToWaitFor(other, 'Stack/Task/Resource'));
  });

  test('is what a command names only as a variable of the shell', () => {
    const { stack, taskDefinition, task } = network();
    const service = new CfnResource(stack, 'Web', { type: 'Custom::Thing' });
    taskDefinition.addContainer('sidecar', { image: ecs.ContainerImage.fromRegistry('sidecar'), essential: false, command: ['sh', '-c', 'echo ${Web}'] });
    task({ executeBefore: [service], command: ['sh', '-c', 'curl ${Web}'] });

    Template.fromStack(stack).hasResource('Custom::Thing', { DependsOn: ['Task79114B6B'] });
  });

  test('is another task, and everything that waits for the other task', () => {
    const { stack, task } = network();
    const queue = new sqs.Queue(stack, 'Queue');
    const [first, second] = [task({}, 'First'), task({}, 'Second')];
    second.executeBefore(queue);
    first.executeBefore(second);

    expectToWaitFor(resourceOf(second), 'Stack/First/Resource');
    expectToWaitFor(queue, 'Stack/First/Resource', 'Stack/Second/Resource');
  });

  test('can be something that another task needs, so that the other task waits too', () => {
    const { stack, task } = network();
    const queue = new sqs.Queue(stack, 'Queue');
    const taskDefinition = new ecs.FargateTaskDefinition(stack, 'Granted');
    taskDefinition.addContainer('app', { image });
    queue.grantSendMessages(taskDefinition.taskRole);
    const other = task({ taskDefinition }, 'Other');
    task({ executeBefore: [queue] });

    expectToWaitFor(queue, 'Stack/Task/Resource');
    expectToWaitFor(resourceOf(other), 'Stack/Task/Resource');
  });

  test('is another task, together with its executeAfter', () => {
    const { task } = network();
    const first = task({}, 'First');
    const second = task({ executeAfter: [first] }, 'Second');

    expectToWaitFor(resourceOf(second), 'Stack/First/Resource');
    expectNotToWaitFor(resourceOf(first), 'Stack/Second/Resource');
  });

  test('is each service in a row of tasks and services: migration, service, smoke test, next service', () => {
    const { stack, cluster, taskDefinition, task } = network();
    const [one, two] = ['One', 'Two'].map((id) => new patterns.ApplicationLoadBalancedFargateService(stack, id, {
      cluster, taskImageOptions: { image: ecs.ContainerImage.fromRegistry(id) },
    }));
    task({ taskDefinition: two.taskDefinition, executeBefore: [one] }, 'Migration');
    const smoke = task({ taskDefinition, executeAfter: [one], executeBefore: [two] }, 'Smoke');

    expectToWaitFor(resourceOf(smoke), 'Stack/Migration/Resource', 'Stack/One/Service/Service');
    expectToWaitFor(two.service, 'Stack/Smoke/Resource', 'Stack/Migration/Resource');
  });

  test('is a whole stack, if it is not the stack of the task', () => {
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

    expectToWaitFor(nested.nestedStackResource!, 'Stack/Task/Resource');
    expectNotToWaitFor(resourceOf(run), nested.nestedStackResource!.node.path);
  });

  test('is a service in the same nested stack as the task', () => {
    const { stack, cluster } = network();
    const nested = new NestedStack(stack, 'Nested');
    const taskDefinition = new ecs.FargateTaskDefinition(nested, 'Definition');
    taskDefinition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app') });
    const service = new ecs.FargateService(nested, 'Service', { cluster, taskDefinition });
    const run = new RunTask(nested, 'Task', { cluster, taskDefinition, executeBefore: [service] });
    service.connections.allowFrom(run, ec2.Port.tcp(80));

    expectToWaitFor(service.node.findChild('Service'), 'Stack/Nested/Task/Resource');
  });

  test('is nothing if the scope is empty', () => {
    const { stack, task } = network();
    task({ executeBefore: [new Construct(stack, 'Empty')] });

    expect(() => Template.fromStack(stack)).not.toThrow();
  });
});

describe('what is inside a scope that the task needs', () => {
  /** A service with a definition of its own, and what follows from it, in the scope of something else. */
  function serviceIn(scope: Construct, cluster: ecs.ICluster): ecs.FargateService {
    const taskDefinition = new ecs.FargateTaskDefinition(scope, 'Web');
    taskDefinition.addContainer('web', { image });
    const service = new ecs.FargateService(scope, 'Service', { cluster, taskDefinition });
    new CfnResource(scope, 'Alarm', { type: 'Custom::Alarm', properties: { Service: service.serviceName } });
    return service;
  }

  const SCOPES: [string, (given: Network) => Construct][] = [
    ['its cluster', ({ cluster }) => cluster],
    ['its task definition', ({ taskDefinition }) => taskDefinition],
    ['its task role', ({ taskDefinition }) => taskDefinition.taskRole.node.scopes.slice(-1)[0] as Construct],
  ];

  describe.each(SCOPES)('%s', (_, scopeOf) => {
    test('waits for the task if executeBefore names it', () => {
      const given = network();
      const service = serviceIn(scopeOf(given), given.cluster);
      const run = given.task({ executeBefore: [service] });

      expectToWaitFor(service.node.findChild('Service'), 'Stack/Task/Resource');
      expectNotToWaitFor(resourceOf(run), /Service|Alarm|Web/);
    });

    test('is not waited for if it runs tasks, even with other resources in its scope', () => {
      const given = network();
      const scope = scopeOf(given);
      serviceIn(scope, given.cluster);
      given.task({}, 'Sibling', scope);
      new CfnResource(scope, 'Extra', { type: 'Custom::Thing' });
      const run = given.task();

      expectToWaitFor(resourceOf(run), `${scope.node.path}/Extra`);
      expectNotToWaitFor(resourceOf(run), /\/Service\/|Alarm|Web|Sibling/);
    });

    test('is not waited for if it is an Express Mode service', () => {
      const given = network();
      const scope = scopeOf(given);
      const properties = { Cluster: given.cluster.clusterName };
      for (const parent of [scope, new Construct(scope, 'Web')]) {
        new CfnResource(parent, 'Express', { type: 'AWS::ECS::ExpressGatewayService', properties });
      }
      const run = given.task();

      expectNotToWaitFor(resourceOf(run), /Express/);
    });

    test('is not waited for in another stack', () => {
      const given = network();
      const inner = new Stack(scopeOf(given), 'Inner');
      new sqs.CfnQueue(inner, 'Queue', { queueName: `${given.cluster.clusterName}-queue` });
      given.task();
      Template.fromStack(inner);

      expect(given.stack.dependencies).toEqual([]);
    });
  });

  test('executeAfter names a database, and executeBefore the proxy in its scope', () => {
    const { stack, vpc, task, database } = network();
    const db = database();
    const run = task({ executeAfter: [db] });
    db.connections.allowDefaultPortFrom(run);
    const proxy = db.addProxy('Proxy', { vpc, secrets: [db.secret!] });
    run.executeBefore(proxy);

    expectToWaitFor(proxy.node.findChild('Resource'), 'Stack/Task/Resource');
    expectToWaitFor(resourceOf(run), 'Stack/Database/Resource', 'Stack/Database/Secret/Attachment/Resource', /^Stack\/Database\/SecurityGroup\/from StackTask/);
    expectNotToWaitFor(resourceOf(run), /Proxy/);
    expect(warningsOf(stack)).toEqual([]);
  });

  test('executeAfter names the construct around the task, and executeBefore another part of it', () => {
    const { stack, task } = network();
    const scope = new Construct(stack, 'Scope');
    const [first, later] = ['First', 'Later'].map((id) => new sqs.Queue(scope, id));
    const afterLater = new sqs.CfnQueue(scope, 'AfterLater', { queueName: later.queueName });
    const run = task({ executeAfter: [scope], executeBefore: [later] }, 'Task', scope);

    expectToWaitFor(resourceOf(run), first.node.findChild('Resource').node.path);
    expectToWaitFor(later, 'Stack/Scope/Task/Resource');
    expectNotToWaitFor(resourceOf(run), afterLater.node.path);
  });

  test('the innermost of three scopes wins', () => {
    const { stack, task } = network();
    const outer = new Construct(stack, 'Outer');
    const middle = new Construct(outer, 'Middle');
    const [waits, needed] = ['Waits', 'Needed'].map((id) => new sqs.Queue(middle, id));
    const run = task({ executeAfter: [outer, needed], executeBefore: [middle] });

    expectToWaitFor(waits, 'Stack/Task/Resource');
    expectToWaitFor(resourceOf(run), 'Stack/Outer/Middle/Needed/Resource');
  });

  test('a service in the cluster is waited for if executeAfter names it, or the cluster', () => {
    const { cluster, task } = network();
    const service = serviceIn(cluster, cluster);
    const [smoke, other] = [task({ executeAfter: [service] }, 'Smoke'), task({ executeAfter: [cluster] }, 'Other')];

    [smoke, other].forEach((run) => expectToWaitFor(resourceOf(run), 'Stack/Cluster/Service/Service'));
  });
});

describe('synthesis rejects a contradictory order', () => {
  test('executeBefore with something that the task needs', () => {
    const { stack, taskDefinition, task } = network();
    task({ executeBefore: [taskDefinition] });

    expect(() => Template.fromStack(stack)).toThrow(new Error("[Stack/Task] executeBefore cannot make 'Stack/Definition' wait for the task, "
      + 'because the task needs everything in it; remove it from executeBefore, or remove what makes the task depend on it'));
  });

  describe('a nested stack with the VPC and a database', () => {
    function given() {
      const { stack } = network();
      const nested = new NestedStack(stack, 'Nested');
      const vpc = new ec2.Vpc(nested, 'Vpc', { maxAzs: 2, natGateways: 1 });
      const db = new rds.DatabaseInstance(nested, 'Database', { vpc, engine: rds.DatabaseInstanceEngine.POSTGRES });
      const taskDefinition = new ecs.FargateTaskDefinition(stack, 'Migrate');
      taskDefinition.addContainer('app', { image });
      const run = new RunTask(stack, 'Task', { cluster: new ecs.Cluster(stack, 'Other', { vpc }), taskDefinition, executeAfter: [db] });
      return { stack, db, run };
    }

    test('whose rule for the task would make it need itself', () => {
      const { stack, db, run } = given();
      db.connections.allowDefaultPortFrom(run);

      expectErrors(() => Template.fromStack(stack), new RegExp("^\\[Stack/Task\\] 'Stack/Nested/Database/SecurityGroup/from .*' causes a dependency cycle: "
        + "it is in the nested stack 'Stack/Nested' and depends on 'Stack/Task/SecurityGroup/Resource', which depends on that stack; "
        + 'create it outside that stack, for example with connections\\.allowTo\\(\\) of the RunTask$'));
    });

    test('but not if the task adds the rule', () => {
      const { db, run } = given();
      run.connections.allowToDefaultPort(db);

      expectToWaitFor(resourceOf(run), /^Stack\/Task\/SecurityGroup\/StackNestedDatabase/, 'Stack/Nested/Database/Resource');
    });
  });

  describe('a nested stack with the VPC, and a service outside', () => {
    function given(scopeOf: (stack: Stack, nested: Stack) => Construct) {
      const stack = new Stack(new App(), 'Stack');
      const nested = new NestedStack(new NestedStack(stack, 'Outer'), 'Inner');
      const cluster = new ecs.Cluster(nested, 'Cluster', { vpc: new ec2.Vpc(nested, 'Vpc', { maxAzs: 2, natGateways: 1 }) });
      const define = (scope: Construct, id: string) => {
        const taskDefinition = new ecs.FargateTaskDefinition(scope, id);
        taskDefinition.addContainer('app', { image });
        return taskDefinition;
      };
      const service = new ecs.FargateService(stack, 'Web', { cluster, taskDefinition: define(stack, 'WebDefinition') });
      const scope = scopeOf(stack, nested);
      const run = new RunTask(scope, 'Task', { cluster, taskDefinition: define(scope, 'TaskDefinition') });
      run.connections.allowTo(service, ec2.Port.tcp(80));
      return { stack, run };
    }

    test('that would need itself because of a rule of a task in the nested stack', () => {
      const { stack } = given((_, nested) => nested);

      expectErrors(() => Template.fromStack(stack), new RegExp("^\\[Stack/Outer/Inner/Task\\] 'Stack/Outer/Inner/Task/SecurityGroup/.*' causes a dependency cycle: "
        + "it is in the nested stack 'Stack/Outer' and depends on 'Stack/Web/SecurityGroup/Resource', which depends on that stack; "
        + 'create the RunTask outside that stack$'));
    });

    test('but not if the task is outside, too', () => {
      const { run } = given((stack) => stack);

      expectToWaitFor(resourceOf(run), /^Stack\/Web\/SecurityGroup\/from StackTask/, 'Stack/Outer.NestedStack/Outer.NestedStackResource');
    });
  });

  test('two tasks, each before the other (executeBefore)', () => {
    const { stack, task } = network();
    const [first, second] = [task({}, 'First'), task({}, 'Second')];
    first.executeBefore(second);
    second.executeBefore(first);

    expect(() => Template.fromStack(stack)).toThrow("[Stack/Second] executeBefore cannot make 'Stack/First' wait for the task");
  });

  test('three tasks in a circle, through a queue that another task needs too', () => {
    const { stack, task } = network();
    const queue = new sqs.Queue(stack, 'Queue');
    task({ executeAfter: [queue], executeBefore: [new sqs.Queue(stack, 'Other')] }, 'First');
    const second = task({ executeBefore: [queue] }, 'Second');
    task({ executeAfter: [queue], executeBefore: [second] }, 'Third');

    expect(() => Template.fromStack(stack)).toThrow("[Stack/Second] executeBefore cannot make 'Stack/Queue' wait for the task");
  });

  test('two tasks, each after the other (executeAfter)', () => {
    const { stack, task } = network();
    const [first, second] = [task({}, 'First'), task({}, 'Second')];
    first.executeAfter(second);
    second.executeAfter(first);

    expectErrors(() => Template.fromStack(stack), "[Stack/Second] executeAfter causes a dependency cycle: the task cannot wait for 'Stack/First', "
      + "because 'Stack/First/Resource' depends on the task; remove it from executeAfter, or remove what makes it depend on the task");
  });

  test('executeBefore with a stack that the stack of the task depends on', () => {
    const { stack, cluster } = network();
    const other = new Stack(stack.node.root, 'Other');
    const taskDefinition = new ecs.FargateTaskDefinition(other, 'Definition');
    taskDefinition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app') });
    new RunTask(other, 'Task', { cluster, taskDefinition, executeBefore: [new sqs.Queue(stack, 'Queue')] });

    expect(() => Template.fromStack(other)).toThrow(/cyclic/);
  });
});

describe('order between nested stacks:', () => {
  /** A service in a nested stack, with a definition of its own. */
  function serviceIn(scope: Construct, cluster: ecs.ICluster): ecs.FargateService {
    const taskDefinition = new ecs.FargateTaskDefinition(scope, 'Web');
    taskDefinition.addContainer('web', { image });
    return new ecs.FargateService(scope, 'Service', { cluster, taskDefinition });
  }

  test('a service in a nested stack waits for the task in the parent stack, which the service and the database allow to connect', () => {
    const { stack, cluster, task, database } = network();
    const db = database();
    const service = serviceIn(new NestedStack(stack, 'Nested'), cluster);
    const run = task({ executeAfter: [db], executeBefore: [service] });
    service.connections.allowFrom(run, ec2.Port.tcp(80));
    db.connections.allowDefaultPortFrom(service);
    db.connections.allowDefaultPortFrom(run);

    expectToWaitFor(service, 'Stack/Task/Resource', 'Stack/Database/Resource');
    expectToWaitFor(resourceOf(run),
      'Stack/Database/Resource', /^Stack\/Database\/SecurityGroup\/from StackTask/,
    );
  });

  test('a service in a nested stack waits for tasks in a row in the parent stack, and allows all of them to connect', () => {
    const { stack, cluster, task } = network();
    const service = serviceIn(new NestedStack(stack, 'Nested'), cluster);
    const [first, second] = [task({}, 'First'), task({ executeBefore: [service] }, 'Second')];
    first.executeBefore(second);
    [first, second].forEach((run) => service.connections.allowFrom(run, ec2.Port.tcp(80)));

    expectToWaitFor(service, 'Stack/First/Resource', 'Stack/Second/Resource');
  });

  test('a nested stack that waits for the task can contain security group rules for the task, without a warning', () => {
    const { stack, vpc, cluster, task, database } = network();
    const db = database();
    const bastion = new ec2.SecurityGroup(stack, 'Bastion', { vpc });
    const nested = new NestedStack(stack, 'Nested');
    const run = task({ executeAfter: [db, bastion], executeBefore: [new sqs.Queue(nested, 'Queue')] });
    serviceIn(nested, cluster).connections.allowFrom(run, ec2.Port.tcp(80));
    const groupId = db.connections.securityGroups[0].securityGroupId;
    new ec2.CfnSecurityGroupIngress(nested, 'Rule', { groupId, sourceSecurityGroupId: bastion.securityGroupId, ipProtocol: '-1' });

    expectNotToWaitFor(resourceOf(run), /^Stack\/Nested/);
    expectToWaitFor(nested.nestedStackResource!, 'Stack/Task/Resource');
    expect(warningsOf(stack)).toEqual([]);
  });

  test('a service that waits for a task in a nested stack can allow the task to connect, without a warning', () => {
    const { stack, cluster, task } = network();
    const service = serviceIn(stack, cluster);
    const run = task({ executeBefore: [service] }, 'Task', new NestedStack(stack, 'Nested'));
    service.connections.allowFrom(run, ec2.Port.tcp(80));

    expectToWaitFor(service, 'Stack/Nested/Task/Resource');
    expect(warningsOf(stack, '/Stack/Nested/Task')).toEqual([]);
  });

  test('a service in a nested stack waits for the task in another nested stack', () => {
    const { stack, cluster, task, database } = network();
    const db = database();
    const [migrations, services] = ['Migrations', 'Services'].map((id) => new NestedStack(stack, id));
    const service = serviceIn(services, cluster);
    const run = task({ executeAfter: [db], executeBefore: [service] }, 'Task', migrations);
    run.connections.allowToDefaultPort(db);
    service.connections.allowToDefaultPort(db);

    expectToWaitFor(service, 'Stack/Migrations/Task/Resource');
    expectToWaitFor(resourceOf(run), 'Stack/Database/Resource');
  });

  test('a service waits for the task in a stack that is nested twice, and the other resources of that stack do not', () => {
    const { stack, cluster, task } = network();
    const outer = new NestedStack(stack, 'Outer');
    const inner = new NestedStack(outer, 'Inner');
    const service = serviceIn(stack, cluster);
    const queue = new sqs.Queue(inner, 'Queue');
    const other = new sqs.Queue(outer, 'Queue');
    const run = task({ executeBefore: [service, other] }, 'Task', inner);

    expectToWaitFor(service, 'Stack/Outer/Inner/Task/Resource');
    expectToWaitFor(other, 'Stack/Outer/Inner/Task/Resource');
    expectNotToWaitFor(queue, 'Stack/Outer/Inner/Task/Resource');
    expectNotToWaitFor(resourceOf(run), 'Stack/Outer/Queue/Resource');
  });

  test('a resource does not wait if another resource in the nested stack of the task needs it', () => {
    const { stack, task } = network();
    const nested = new NestedStack(stack, 'Nested');
    const scope = new Construct(stack, 'Scope');
    const [needed, free] = ['Needed', 'Free'].map((id) => new sqs.Queue(scope, id));
    new CfnResource(nested, 'Thing', { type: 'Custom::Thing', properties: { Queue: needed.queueArn } });
    task({ executeBefore: [scope] }, 'Task', nested);

    expectToWaitFor(free, 'Stack/Nested/Task/Resource');
    expectNotToWaitFor(needed, 'Stack/Nested/Task/Resource');
  });

  test('resources of different stacks with the same logical id are distinguished', () => {
    const { stack, task } = network();
    const nested = new NestedStack(stack, 'Nested');
    const [inside, outside] = [nested, stack].map((scope) => new sqs.Queue(scope, 'Queue'));
    const needs = new CfnResource(nested, 'Needs', { type: 'Custom::Thing', properties: { Queue: inside.queueArn } });
    needs.addDependency(inside.node.defaultChild as CfnResource);
    task({ executeAfter: [needs], executeBefore: [outside] });

    const [id, same] = [inside, outside].map(({ stack: of, node }) => of.resolve((node.defaultChild as CfnResource).logicalId));
    expect(id).toBe(same);
    expectToWaitFor(outside, 'Stack/Task/Resource');
  });

  test('a nested stack that the task needs cannot wait for it', () => {
    const { stack, cluster, task, database } = network();
    const nested = new NestedStack(stack, 'Nested');
    task({ executeAfter: [database(nested)], executeBefore: [serviceIn(nested, cluster)] });

    expect(() => Template.fromStack(stack)).toThrow(new Error("[Stack/Task] executeBefore cannot make 'Stack/Nested/Service' wait for the task, "
      + "because the task needs resources of the nested stack 'Stack/Nested', which can only wait as a whole; create the RunTask in that nested stack, "
      + 'or remove what makes the task depend on it'));
  });
});

describe('order between stacks:', () => {
  /** A task in a stack of its own. */
  function taskIn(stack: Stack, { cluster }: Network, props = {}): RunTask {
    const taskDefinition = new ecs.FargateTaskDefinition(stack, 'Definition');
    taskDefinition.addContainer('app', { image });
    return new RunTask(stack, 'Task', { cluster, taskDefinition, ...props });
  }

  test('network, database, task and service can each have their own stack', () => {
    const given = network();
    const { stack, cluster, vpc } = given;
    const [data, migrations, services] = ['Data', 'Migrations', 'Services'].map((id) => new Stack(stack.node.root, id));
    const db = given.database(data);
    const definition = new ecs.FargateTaskDefinition(services, 'Definition');
    definition.addContainer('web', { image });
    const service = new ecs.FargateService(services, 'Service', {
      cluster, taskDefinition: definition, securityGroups: [new ec2.SecurityGroup(services, 'Group', { vpc })],
    });
    const run = taskIn(migrations, given, { executeAfter: [db], executeBefore: [service] });
    run.connections.allowToDefaultPort(db);
    service.connections.allowToDefaultPort(db);
    Template.fromStack(services);

    expect(migrations.dependencies).toEqual(expect.arrayContaining([stack, data]));
    expect(services.dependencies).toEqual(expect.arrayContaining([migrations]));
    expectToWaitFor(resourceOf(run), /^Migrations\/Task\/SecurityGroup\/DataDatabase/);
  });

  test('a nested stack waits for a task in a nested stack of another stack', () => {
    const given = network();
    const [one, other] = ['One', 'Another'].map((id) => new Stack(given.stack.node.root, id));
    const queue = new sqs.Queue(new NestedStack(other, 'Nested'), 'Queue');
    const run = given.task({ executeBefore: [queue] }, 'Task', new NestedStack(one, 'Nested'));
    Template.fromStack(one);

    expect(other.dependencies).toEqual([one]);
    expectToWaitFor(resourceOf(run), 'One/Nested/EcsRunTaskHandler/Function/Resource');
  });

  test('the CDK rejects a database whose rule names the security group of a task in a later stack', () => {
    const given = network();
    const db = given.database();
    const run = taskIn(new Stack(given.stack.node.root, 'Other'), given, { executeAfter: [db] });
    db.connections.allowDefaultPortFrom(run);

    expect(() => Template.fromStack(given.stack)).toThrow(/cyclic/);
  });
});

test('a task in a stage of an app keeps its order', () => {
  const stack = new Stack(new Stage(new App(), 'Stage'), 'Stack');
  const cluster = new ecs.Cluster(stack, 'Cluster');
  const taskDefinition = new ecs.FargateTaskDefinition(stack, 'Definition');
  taskDefinition.addContainer('app', { image });
  const queue = new sqs.Queue(stack, 'Queue');
  new RunTask(stack, 'Task', { cluster, taskDefinition, executeBefore: [queue] });

  expectToWaitFor(queue, 'Stage/Stack/Task/Resource');
});

test('resources that an aspect adds or changes keep their order', () => {
  const { stack, task } = network();
  const queue = new sqs.Queue(stack, 'Queue');
  task({ executeBefore: [queue] });
  Tags.of(stack).add('team', 'a');
  Aspects.of(stack).add({ visit: (node) => node === stack && new sqs.Queue(queue, 'Made') });
  Template.fromStack(stack);

  expectToWaitFor(queue.node.findChild('Made'), 'Stack/Task/Resource');
});

describe.each<[string, (resource: CfnResource) => void]>([
  ['a list', (resource) => resource.addOverride('DependsOn', ['Other'])],
  ['a text', (resource) => resource.addOverride('DependsOn', 'Other')],
  ['nothing', (resource) => resource.addDeletionOverride('DependsOn')],
])('an override that replaces DependsOn by %s does not change the order of', (_, override) => {
  function given() {
    const made = network();
    new CfnResource(made.stack, 'Other', { type: 'Custom::Thing' });
    new CfnCondition(made.stack, 'Wanted', { expression: Fn.conditionEquals('a', 'b') });
    const service = new ecs.FargateService(made.stack, 'Web', { cluster: made.cluster, taskDefinition: made.taskDefinition });
    return { ...made, service, resource: service.node.defaultChild as CfnResource };
  }

  test('a service and its task', () => {
    const { stack, service, resource } = given();
    override(resource);
    RunTask.forService(stack, 'Task', service);

    expectToWaitFor(resource, 'Stack/Task/Resource');
  });

  test('a conditional service and the task before it', () => {
    const { task, resource } = given();
    override(resource);
    resource.addOverride('Condition', 'Wanted');
    task({ executeBefore: [resource] });

    expectToWaitFor(resource, 'Stack/Task/Resource');
  });

  test('a service and a conditional task', () => {
    const { stack, task, resource } = given();
    override(resource);
    const run = resourceOf(task({ executeBefore: [resource] })) as CfnResource;
    run.addOverride('Condition', 'Wanted');
    const { Metadata } = Template.fromStack(stack).toJSON().Resources[stack.resolve(resource.logicalId)];

    expect(Object.values(Metadata['cdk-ecs-run-task:WaitsFor'])).toEqual([
      { 'Fn::If': ['Wanted', { Ref: stack.resolve(run.logicalId) }, { Ref: 'AWS::NoValue' }] },
    ]);
  });

  test('a nested stack and the task before it', () => {
    const { stack, task } = given();
    const nested = new NestedStack(stack, 'Nested');
    override(nested.nestedStackResource!);
    task({ executeBefore: [new sqs.Queue(nested, 'Queue')] });

    expectToWaitFor(nested.nestedStackResource!, 'Stack/Task/Resource');
  });

  test('the task and a policy that the template leaves out, to which nothing can refer', () => {
    const { stack, task } = given();
    const empty = new iam.Policy(stack, 'Empty');
    const resource = resourceOf(task({ executeAfter: [empty] })) as CfnResource;
    override(resource);
    const { Metadata } = Template.fromStack(stack).toJSON().Resources[stack.resolve(resource.logicalId)];

    expect(Object.keys(Metadata['cdk-ecs-run-task:WaitsFor'])).not.toContain(stack.resolve((empty.node.defaultChild as CfnResource).logicalId));
  });

  test('the task and everything that it needs, including the policies of its function', () => {
    const needs = (change: (resource: CfnResource) => void) => {
      const { task, database } = given();
      const resource = resourceOf(task({ executeAfter: [database()], onDelete: {} })) as CfnResource;
      change(resource);
      return neededBy(resource);
    };
    const plain = needs(() => undefined);

    expect(plain).toEqual(expect.arrayContaining(['Stack/Task/OnDelete/Resource', 'Stack/Database/Resource', 'Stack/Vpc/PrivateSubnet1/DefaultRoute']));
    expect(needs(override)).toEqual(expect.arrayContaining(plain));
  });
});

test.each([true, false])('resources that an aspect adds to a waiting scope wait, however late (aspect stabilization: %s)', (stabilization) => {
  const { stack, task } = network({ '@aws-cdk/core:aspectStabilization': stabilization });
  const queue = new sqs.Queue(stack, 'Queue');
  task({ executeBefore: [queue] });
  const last = new sqs.Queue(stack, 'Last').node.defaultChild;
  Aspects.of(stack).add({ visit: (node) => node === last && new sqs.Queue(queue, 'Made') });
  Template.fromStack(stack);

  expectToWaitFor(queue.node.findChild('Made'), 'Stack/Task/Resource');
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

test('tasks in a row on one database do not depend on the security group rules of all previous tasks', () => {
  const { stack, task, database } = network();
  const db = database();
  const runs = ['First', 'Second', 'Third'].map((id) => task({ executeAfter: [db] }, id));
  runs.forEach((run, index) => {
    db.connections.allowDefaultPortFrom(run);
    run.executeBefore(...runs.slice(index + 1, index + 2));
  });
  const { logicalId } = resourceOf(runs[2]) as CfnResource;
  const { DependsOn } = Template.fromStack(stack).toJSON().Resources[stack.resolve(logicalId)];

  expect(DependsOn.filter((id: string) => /fromStack/.test(id))).toEqual([expect.stringContaining('fromStackThird')]);
});

test('executeBefore ignores resources that the template leaves out, such as a policy without statements', () => {
  const { stack, task, taskDefinition } = network();
  new iam.Policy(taskDefinition, 'WithoutStatements', { roles: [taskDefinition.taskRole] });
  const queue = new sqs.Queue(stack, 'Queue');
  const run = task({ executeBefore: [queue] });

  expectToWaitFor(queue, resourceOf(run).node.path);
});
