import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { App, Aspects, CfnResource, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import { RESOURCE_TYPE } from '../../src/contract';
import { RunTask, RunTaskProps } from '../../src/index';
import type { Call } from '../e2e/proxy/calls';
import { neededPermissions, Permission } from '../e2e/proxy/needed-permissions';
import { expectToWaitFor, resourceOf } from '../support/expectations';
import { deployedPolicies, evaluator, NEAR_MISSES, Place, verdict } from '../support/iam';
import { everything, network, setup } from '../support/stacks';

const PLACES: [string, Place][] = [
  ['Ireland', { partition: 'aws', region: 'eu-west-1', account: '123456789012' }],
  ['Beijing', { partition: 'aws-cn', region: 'cn-north-1', account: '123456789012' }],
  ['GovCloud', { partition: 'aws-us-gov', region: 'us-gov-west-1', account: '123456789012' }],
];
const [[, IRELAND]] = PLACES;

/** Every call that the function can make for a RunTask, as its properties make it. */
function callsFor(stack: Stack, id: string, place: Place): Call[] {
  const value = evaluator(stack, place);
  const [, { Properties }] = Object.entries(Template.fromStack(stack).findResources(RESOURCE_TYPE)).find(([logicalId]) => logicalId.startsWith(id))!;
  const { ServiceToken, Request, Logs, OnDelete } = value(Properties);
  const [clusterName] = Request.cluster.split('/').slice(-1);
  const tasks = [`arn:${place.partition}:ecs:${place.region}:${place.account}:task/${clusterName}/0a1b2c`];
  const call = (service: string, operation: string, input: Call['input']): Call => ({ service, operation, input });
  return [
    call('cloudformation', 'DescribeStacks', { StackName: value({ Ref: 'AWS::StackId' }) }),
    call('ecs', 'DescribeTaskDefinition', { taskDefinition: Request.taskDefinition }),
    call('ecs', 'ListTasks', { cluster: Request.cluster, family: 'any' }),
    call('ecs', 'RunTask', Request.startedBy ? { ...Request, tags: ['its own'] } : Request),
    ...OnDelete ? [call('ecs', 'RunTask', OnDelete.Request)] : [],
    call('ecs', 'DescribeTasks', { cluster: Request.cluster, tasks }),
    call('ecs', 'StopTask', { cluster: Request.cluster, task: tasks[0] }),
    ...Object.values<any>(Logs ?? {}).map(({ Group, StreamPrefix }) =>
      call('logs', 'GetLogEvents', { logGroupName: Group, logStreamName: `${StreamPrefix}/app/0a1b2c` })),
    call('lambda', 'InvokeFunction', { url: `/2015-03-31/functions/${ServiceToken}/invocations` }),
  ];
}

function permissionsFor(stack: Stack, place: Place): Permission[] {
  const value = evaluator(stack, place);
  const definitions = Object.entries(Template.fromStack(stack).findResources('AWS::ECS::TaskDefinition')).map(([logicalId, { Properties }]) => ({
    taskDefinitionArn: value({ Ref: logicalId }),
    taskRoleArn: value(Properties.TaskRoleArn),
    executionRoleArn: value(Properties.ExecutionRoleArn),
  }));
  const imported = (taskDefinitionArn: string) => ({ taskDefinitionArn, taskRoleArn: `arn:${place.partition}:iam::${place.account}:role/imported` });
  const definitionOf = (arn: string) => definitions.find(({ taskDefinitionArn }) => taskDefinitionArn === arn) ?? imported(arn);
  return ['Task', 'Imported'].flatMap((id) => callsFor(stack, id, place)).flatMap((call) => neededPermissions(call, place, definitionOf));
}

describe.each(PLACES)('in %s, the policies of the function', (_, place) => {
  test('allow every call that it can make', async () => {
    const stack = everything(new App());
    const { role, policies } = deployedPolicies(stack, place);
    const needed = permissionsFor(stack, place);

    expect([...new Set(needed.map(({ action }) => action))].sort()).toEqual([
      'cloudformation:DescribeStacks', 'ecs:DescribeTaskDefinition', 'ecs:DescribeTasks', 'ecs:ListTasks', 'ecs:RunTask', 'ecs:StopTask',
      'ecs:TagResource', 'iam:PassRole', 'lambda:InvokeFunction', 'logs:GetLogEvents',
    ]);
    for (const permission of needed) {
      expect({ ...permission, verdict: await verdict(permission, policies, role) }).toEqual({ ...permission, verdict: 'Allowed' });
    }
  });
});

// The policy simulator knows long ARNs only.
test('the policies of the function allow it to see and to stop tasks with a short ARN, task/<id>, of its cluster', () => {
  const { policies } = deployedPolicies(everything(new App()), IRELAND);
  const statements = policies.flatMap(({ policy }) => policy.Statement).filter(({ Action }) => [Action].flat().includes('ecs:StopTask'));

  expect(statements).not.toEqual([]);
  for (const { Action, Resource, Condition } of statements) {
    expect({ Action, Resource, Condition }).toEqual({
      Action: ['ecs:DescribeTasks', 'ecs:StopTask'],
      Resource: `arn:aws:ecs:eu-west-1:${IRELAND.account}:task/*`,
      Condition: { ArnEquals: { 'ecs:cluster': expect.stringContaining(':cluster/') } },
    });
  }
});

test('docs/permissions.md has a row for each action of the function, with the resources of its statement', () => {
  const rows = readFileSync(path.join(__dirname, '..', '..', 'docs', 'permissions.md'), 'utf8').split('\n').map((line) => line.split(' | '));
  const { policies } = deployedPolicies(everything(new App()), IRELAND);

  for (const { Action, Resource } of policies.flatMap(({ policy }) => policy.Statement)) {
    for (const action of [Action].flat()) {
      const resources = rows.filter(([actions]) => actions.includes(`\`${action}\``)).map(([, resource]) => resource);
      expect([action, resources]).not.toEqual([action, []]);
      const written = resources.flatMap((resource) => /^`(.+)`$/.exec(resource)?.[1] ?? []); // all others are in words
      const patterns = written.map((resource) => new RegExp(`(^|:)${resource.replaceAll('*', '\\*').replace(/[A-Z]{4,}/, '[^*]+')}$`));
      const unlike = [Resource].flat().filter((arn) => patterns.length > 0 && !patterns.some((pattern) => pattern.test(arn)));
      expect([action, unlike]).toEqual([action, []]);
    }
  }
});

describe('the policies of the function do not allow it', () => {
  const stack = everything(new App());
  const needed = permissionsFor(stack, IRELAND);
  const { role, policies } = deployedPolicies(stack, IRELAND);

  test.each(NEAR_MISSES)('%s', async (_, action, change) => {
    const all = needed.filter((permission) => permission.action === action).map(change);

    expect(all).not.toEqual([]);
    for (const permission of all) {
      expect({ ...permission, verdict: await verdict(permission, policies, role) }).toEqual({ ...permission, verdict: 'ImplicitlyDenied' });
    }
  });

  test.each([
    ['to pass the role of a volume to tasks', 'VolumeEBSRole', 'ecs-tasks.amazonaws.com'],
    ['to pass the role of a task to ECS itself', 'TaskRole', 'ecs.amazonaws.com'],
  ])('%s', async (_, name, service) => {
    const permission = needed.find(({ action, resource }) => action === 'iam:PassRole' && resource.includes(`-${name}`))!;

    expect(await verdict({ ...permission, context: { 'iam:PassedToService': service } }, policies, role)).toBe('ImplicitlyDenied');
  });

  test.each([
    ['ec2:RunInstances', `arn:aws:ec2:eu-west-1:${IRELAND.account}:instance/*`],
    ['ecs:UpdateService', `arn:aws:ecs:eu-west-1:${IRELAND.account}:service/Everything-Cluster/service`],
    ['ecs:DeleteCluster', `arn:aws:ecs:eu-west-1:${IRELAND.account}:cluster/Everything-Cluster`],
    ['iam:AttachRolePolicy', role],
    ['secretsmanager:GetSecretValue', `arn:aws:secretsmanager:eu-west-1:${IRELAND.account}:secret:any-abcdef`],
  ])('%s', async (action, resource) => {
    expect(await verdict({ action, resource, context: {} }, policies, role)).toBe('ImplicitlyDenied');
  });
});

describe('in every partition:', () => {
  test.each([
    ['that only the deployment knows', undefined],
    ['of AWS', 'eu-west-1'],
    ['of China', 'cn-north-1'],
    ['of GovCloud', 'us-gov-west-1'],
  ])('a template for a Region %s has no ARN with a fixed partition', (_, region) => {
    const stack = everything(new App(), { env: { region, account: IRELAND.account } });

    expect(JSON.stringify(Template.fromStack(stack).toJSON())).not.toMatch(/arn:aws/);
  });

  test("the function has Lambda's default architecture, which every Region offers", () => {
    const stack = everything(new App(), { env: { region: IRELAND.region, account: IRELAND.account } });
    const [handler] = Object.values(Template.fromStack(stack).findResources('AWS::Lambda::Function'));

    expect(handler.Properties).not.toHaveProperty('Architectures');
  });
});

describe('many RunTasks in a stack', () => {
  /** As long names as stacks and definitions tend to have. */
  function stackOf(count: number, props: Partial<RunTaskProps> = {}): Stack {
    const stack = new Stack(new App(), 'ProductionShopDatabaseMigrations');
    const vpc = new ec2.Vpc(stack, 'Vpc');
    const cluster = new ecs.Cluster(stack, 'Cluster', { vpc });
    for (let index = 0; index < count; index += 1) {
      const taskDefinition = new ecs.FargateTaskDefinition(stack, `DatabaseMigration${index}`);
      taskDefinition.addContainer('migrate', { image: ecs.ContainerImage.fromRegistry('app'), logging: ecs.LogDrivers.awsLogs({ streamPrefix: 'app' }) });
      new RunTask(stack, `Migrate${index}`, { cluster, taskDefinition, ...props });
    }
    return stack;
  }

  const countOf = (stack: Stack, type: string) => Object.keys(Template.fromStack(stack).findResources(type)).length;
  const lengthOf = (policies: { readonly policy: object }[]) => policies.reduce((sum, { policy }) => sum + JSON.stringify(policy).length, 0);

  test.each([
    ['have one inline policy while it has room', 14, []],
    ['have an inline policy and a managed policy if one has no room', 15, ['EcsRunTaskHandlerRunTask20670195B']],
  ])('%s', (_, count, managed) => {
    const { policies } = deployedPolicies(stackOf(count), IRELAND);

    expect(policies.map(({ name }) => name)).toEqual(['RunTask', 'EcsRunTaskHandlerInvokeSelf3E3052F4', ...managed]);
    expect(lengthOf(policies)).toBeGreaterThan(7_000); // so that it is not split too early
  });

  test('share one function and one role, whose policies are within the limits of IAM', () => {
    const stack = stackOf(40);
    const { policies } = deployedPolicies(stack, { ...IRELAND, region: 'ap-northeast-1' });
    const managed = policies.filter(({ name }) => name.startsWith('EcsRunTaskHandlerRunTask'));
    const inline = policies.filter((policy) => !managed.includes(policy));

    expect(countOf(stack, 'AWS::Lambda::Function')).toBe(1);
    expect(countOf(stack, 'AWS::IAM::Role')).toBe(1 + 2 * 40);
    expect(managed).toHaveLength(4);
    expect(lengthOf(inline)).toBeLessThanOrEqual(10_240);
    managed.forEach((policy) => expect(lengthOf([policy])).toBeLessThanOrEqual(6_144));
  });

  test('add one resource and one security group each', () => {
    const [few, many] = [stackOf(1), stackOf(40)];

    for (const type of [RESOURCE_TYPE, 'AWS::EC2::SecurityGroup']) {
      expect([type, countOf(few, type), countOf(many, type)]).toEqual([type, 1, 40]);
    }
  });

  test('each have a policy that exists before the resource and is deleted after it', async () => {
    const stack = stackOf(40);
    const { role, policies } = deployedPolicies(stack, IRELAND);
    const value = evaluator(stack, IRELAND);

    for (const { DependsOn, Properties } of Object.values(Template.fromStack(stack).findResources(RESOURCE_TYPE))) {
      const { cluster, taskDefinition } = value(Properties.Request);
      const permission = { action: 'ecs:RunTask', resource: taskDefinition, context: { 'ecs:cluster': cluster } };
      const before = policies.filter(({ name }) => name === 'RunTask' || DependsOn.includes(name));
      expect({ ...permission, verdict: await verdict(permission, before, role) }).toEqual({ ...permission, verdict: 'Allowed' });
    }
  });

  test('share the permissions for a shared task definition', () => {
    const stack = stackOf(1);
    const cluster = stack.node.findChild('Cluster') as ecs.Cluster;
    const taskDefinition = stack.node.findChild('DatabaseMigration0') as ecs.FargateTaskDefinition;
    Array.from({ length: 39 }, (_, index) => new RunTask(stack, `Again${index}`, { cluster, taskDefinition }));

    expect(countOf(stack, 'AWS::IAM::ManagedPolicy')).toBe(0);
  });

  test.each([
    ['nine with onDelete can be', () => stackOf(9, { onDelete: {} }), true],
    ['ten with onDelete cannot', () => stackOf(10, { onDelete: {} }), false],
    ['sixty can be, about as many as a stack has room for', () => stackOf(60), true],
    ['eighty cannot', () => stackOf(80), false],
  ])('%s', (_, make, canBe) => {
    const synthesize = () => Template.fromStack(make());

    canBe ? expect(synthesize).not.toThrow() : expect(synthesize).toThrow(
      /\[ProductionShopDatabaseMigrations\/EcsRunTaskHandler\] the role of the function must have at most 10 managed policies, got: 1\d; move some of the RunTasks/,
    );
  });
});

describe('the policy of the function', () => {
  /** The policies as an aspect has them, the last one last. */
  const readInAspect = (stack: Stack) => {
    const read: any[] = [];
    Aspects.of(stack).add({
      visit: (node) => {
        const policies = node instanceof iam.CfnRole ? stack.resolve(node.policies) : undefined;
        read.push(...(policies ?? []).map(({ policyDocument }: any) => policyDocument));
      },
    });
    return read;
  };
  const familiesIn = ({ Statement }: any) => {
    const { Resource } = Statement.find(({ Action }: { Action: string }) => Action === 'ecs:RunTask');
    return [Resource].flat().map((arn) => arn['Fn::Join'][1].at(-1).match(/task-definition\/(.*):\*/)[1]);
  };

  test('is complete for an aspect, also in a second synthesis after changes', () => {
    const { stack, cluster, taskDefinition } = setup();
    const read = readInAspect(stack);
    const app = stack.node.root as App;
    const definition = taskDefinition.node.defaultChild as ecs.CfnTaskDefinition;
    new RunTask(stack, 'First', { cluster, taskDefinition });
    definition.family = 'first';
    app.synth();
    expect(read.map(familiesIn)).toEqual([['first']]);

    const second = new ecs.FargateTaskDefinition(stack, 'Other', { family: 'second' });
    second.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app') });
    new RunTask(stack, 'Second', { cluster, taskDefinition: second });
    definition.family = 'renamed';
    app.synth({ force: true });

    expect(read.map(familiesIn)).toEqual([['first'], ['renamed', 'second']]);
    const [{ PolicyDocument }] = Object.values(Template.fromStack(stack).findResources('AWS::IAM::Role')).flatMap(({ Properties }) => Properties.Policies ?? []);
    expect(PolicyDocument).toEqual(read[1]);
  });

  test.each(['Request', 'OnDelete.Request'])('follows what an escape hatch adds to %s, and the task waits for the policies of an added role', (request) => {
    const { stack, task } = network();
    const run = task({ onDelete: {} });
    const taskRole = new iam.Role(stack, 'Added', { assumedBy: new iam.ServicePrincipal('ecs-tasks.amazonaws.com') });
    taskRole.addToPolicy(new iam.PolicyStatement({ actions: ['s3:GetObject'], resources: ['*'] }));
    const resource = resourceOf(run) as CfnResource;
    resource.addPropertyOverride(`${request}.overrides.taskRoleArn`, taskRole.roleArn);
    resource.addPropertyOverride(`${request}.tags`, [{ key: 'team', value: 'shop' }]);
    resource.addPropertyOverride(`${request}.volumeConfigurations`, [{ name: 'data', managedEBSVolume: { roleArn: 'arn:aws:iam::111122223333:role/volumes' } }, { name: 'none' }]);
    const policies = Object.entries(Template.fromStack(stack).toJSON().Resources)
      .filter(([id]) => id.startsWith(request === 'Request' ? 'EcsRunTaskHandlerRole' : 'TaskOnDelete')).map(([, policy]) => JSON.stringify(policy));

    expect(policies).toEqual([expect.stringMatching(/"Added.*role\/volumes.*ecs:TagResource/)]);
    expectToWaitFor(run, 'Stack/Added/DefaultPolicy/Resource');
  });

  test('stay the same when an escape hatch removes the task of the deletion', () => {
    const { stack, task } = network();
    const resource = resourceOf(task({ onDelete: {} })) as CfnResource;
    resource.addPropertyDeletionOverride('OnDelete');
    expect(Object.keys(Template.fromStack(stack).toJSON().Resources)).toContainEqual(expect.stringMatching(/^TaskOnDelete/));
  });
});
