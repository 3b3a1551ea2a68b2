import { CfnCondition, CfnResource, Duration, Fn, NestedStack, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as efs from 'aws-cdk-lib/aws-efs';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as rds from 'aws-cdk-lib/aws-rds';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { RESOURCE_TYPE } from '../../src/contract';
import { RunTask } from '../../src/index';
import { expectToWaitFor, resourceOf } from '../support/expectations';
import { network, statementsOf } from '../support/stacks';

function given() {
  const made = network();
  return { ...made, condition: new CfnCondition(made.stack, 'Wanted', { expression: Fn.conditionEquals('a', 'b') }) };
}

type Given = ReturnType<typeof given>;

function resourcesOf(stack: Stack): { [logicalId: string]: any } {
  return Template.fromStack(stack).toJSON().Resources;
}

/** Each DependsOn on a resource that may not exist, as CloudFormation rejects it. */
function unresolvedDependenciesOf(stack: Stack): string[] {
  const resources = resourcesOf(stack);
  return Object.entries(resources).flatMap(([id, { DependsOn = [], Condition }]) => [DependsOn].flat()
    .filter((other) => resources[other].Condition && resources[other].Condition !== Condition).map((other) => `${id} on ${other}`));
}

function waitsInMetadata(construct: Construct | CfnResource): object | undefined {
  const { stack, logicalId } = (CfnResource.isCfnResource(construct) ? construct : construct.node.defaultChild) as CfnResource;
  return resourcesOf(stack)[stack.resolve(logicalId)].Metadata?.['cdk-ecs-run-task:WaitsFor'];
}

const ifWanted = (id: string) => ({ 'Fn::If': ['Wanted', { Ref: id }, { Ref: 'AWS::NoValue' }] });

/** What the task waits for without that anybody names it. */
const COMPANIONS: [string, (given: Given, run: RunTask) => CfnResource][] = [
  ['a rule', ({ stack }, run) => new ec2.CfnSecurityGroupIngress(stack, 'Own', {
    groupId: 'sg-00000001', sourceSecurityGroupId: run.connections.securityGroups[0].securityGroupId, ipProtocol: '-1',
  })],
  ['a policy', ({ stack, taskDefinition: { taskRole } }) => new iam.CfnPolicy(stack, 'Own', {
    policyName: 'Own', roles: [taskRole.roleName], policyDocument: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'sqs:SendMessage', Resource: '*' }] },
  })],
  ['a route', ({ stack, vpc }) => new ec2.CfnRoute(stack, 'Own', {
    routeTableId: vpc.privateSubnets[0].routeTable.routeTableId, destinationCidrBlock: '10.1.0.0/16', transitGatewayId: 'tgw-00000001',
  })],
  ['the route to the internet', ({ vpc }) => vpc.privateSubnets[0].node.findChild('DefaultRoute') as ec2.CfnRoute],
  ['a mount target', ({ stack, vpc, taskDefinition }) => {
    const { fileSystemId } = new efs.FileSystem(stack, 'Files', { vpc });
    taskDefinition.addVolume({ name: 'files', efsVolumeConfiguration: { fileSystemId } });
    return new efs.CfnMountTarget(stack, 'Own', { fileSystemId, subnetId: vpc.privateSubnets[0].subnetId, securityGroups: [] });
  }],
  ['a rule between what it needs', ({ stack, vpc, database }, run) => {
    const groups = [new ec2.SecurityGroup(stack, 'Group', { vpc }), database()];
    run.executeAfter(...groups);
    return new ec2.CfnSecurityGroupIngress(stack, 'Own', {
      groupId: groups[1].connections.securityGroups[0].securityGroupId, sourceSecurityGroupId: groups[0].connections.securityGroups[0].securityGroupId, ipProtocol: '-1',
    });
  }],
];

describe('the task waits, if it exists, for', () => {
  test('an instance of a database cluster', () => {
    const { stack, vpc, task, condition } = given();
    const db = new rds.DatabaseCluster(stack, 'Db', {
      vpc,
      engine: rds.DatabaseClusterEngine.auroraPostgres({ version: rds.AuroraPostgresEngineVersion.VER_16_4 }),
      writer: rds.ClusterInstance.serverlessV2('Writer'),
      readers: [rds.ClusterInstance.serverlessV2('Reader', { scaleWithWriter: true })],
    });
    (db.node.findChild('Reader').node.defaultChild as rds.CfnDBInstance).cfnOptions.condition = condition;
    const run = task({ executeAfter: [db] });

    expect(unresolvedDependenciesOf(stack)).toEqual([]);
    expect(waitsInMetadata(run)).toEqual({ DbReader965174EA: ifWanted('DbReader965174EA') });
    expectToWaitFor(resourceOf(run), 'Stack/Db/Writer/Resource', 'Stack/Db/Reader/Resource');
  });

  test.each(COMPANIONS)('%s that the app does not name', (_, add) => {
    const all = given();
    const run = all.task();
    const companion = add(all, run);
    companion.cfnOptions.condition = all.condition;

    expect(unresolvedDependenciesOf(all.stack)).toEqual([]);
    expectToWaitFor(resourceOf(run), companion.node.path);
  });

  test('a resource whose condition was set by an override', () => {
    const { stack, task } = given();
    const queue = new sqs.Queue(stack, 'Queue');
    (queue.node.defaultChild as CfnResource).addOverride('Condition', 'Wanted');
    const run = task({ executeAfter: [queue] });

    expect(unresolvedDependenciesOf(stack)).toEqual([]);
    expectToWaitFor(resourceOf(run), 'Stack/Queue/Resource');
  });

  test('a nested stack with what it needs', () => {
    const { stack, task, condition } = given();
    const nested = new NestedStack(stack, 'Nested');
    nested.nestedStackResource!.cfnOptions.condition = condition;
    const run = task({ executeAfter: [new sqs.Queue(nested, 'Queue')] });

    expect(unresolvedDependenciesOf(stack)).toEqual([]);
    expectToWaitFor(resourceOf(run), 'Stack/Nested/Queue/Resource');
  });

  test('a resource of the parent stack, from a nested stack', () => {
    const { stack, task, condition } = given();
    const nested = new NestedStack(stack, 'Nested');
    const queue = new sqs.CfnQueue(stack, 'Queue');
    queue.cfnOptions.condition = condition;
    const run = task({ executeAfter: [queue] }, 'Task', nested);

    expect(unresolvedDependenciesOf(stack)).toEqual([]);
    expect(waitsInMetadata(nested.nestedStackResource!)).toEqual({ Queue: ifWanted('Queue') });
    expect(waitsInMetadata(run)).toBeUndefined();
    expectToWaitFor(resourceOf(run), 'Stack/Queue');
  });
});

describe('the task waits for what it has only if a condition is true:', () => {
  const when = (value: unknown, otherwise: unknown = { Ref: 'AWS::NoValue' }) => ({ 'Fn::If': ['Wanted', value, otherwise] });

  function expectWithDefinition(all: Given, overrides: { [path: string]: unknown }, ...paths: Array<string | RegExp>): void {
    const definition = all.taskDefinition.node.defaultChild as CfnResource;
    Object.entries(overrides).forEach(([path, value]) => definition.addPropertyOverride(path, value));

    expectToWaitFor(resourceOf(all.task()), ...paths);
  }

  test.each<[string, (fileSystemId: string) => unknown]>([
    ['the id', (id) => [{ Name: 'files', EFSVolumeConfiguration: { FilesystemId: when(id, 'fs-00000001') } }]],
    ['the configuration', (id) => [{ Name: 'files', EFSVolumeConfiguration: when({ FilesystemId: id }) }]],
    ['the volume', (id) => [when({ Name: 'files', EFSVolumeConfiguration: { FilesystemId: id } })]],
    ['the volumes', (id) => when([{ Name: 'files', EFSVolumeConfiguration: { FilesystemId: id } }])],
  ])('the mount targets of a file system, if the condition decides about %s', (_, volumes) => {
    const all = given();
    const { fileSystemId } = new efs.FileSystem(all.stack, 'Files', { vpc: all.vpc });

    expectWithDefinition(all, { Volumes: volumes(fileSystemId) }, /^Stack\/Files\/EfsMountTarget1/, /^Stack\/Files\/EfsMountTarget2/);
  });

  test('the mount targets of an S3 Files file system', () => {
    const all = given();
    const files = new CfnResource(all.stack, 'Files', { type: 'AWS::S3Files::FileSystem', properties: { Bucket: 'bucket' } });
    new CfnResource(all.stack, 'Target', { type: 'AWS::S3Files::MountTarget', properties: { FileSystemId: files.ref } });

    expectWithDefinition(all, { Volumes: [{ Name: 'files', S3FilesVolumeConfiguration: { FileSystemArn: when(files.getAtt('FileSystemArn')) } }] }, 'Stack/Target');
  });

  test.each(['TaskRoleArn', 'ExecutionRoleArn'])('the policies of a role in %s', (property) => {
    const all = given();
    const role = new iam.Role(all.stack, 'Role', { assumedBy: new iam.ServicePrincipal('ecs-tasks.amazonaws.com') });
    const imported = iam.Role.fromRoleArn(all.stack, 'Imported', 'arn:aws:iam::111122223333:role/theirs/task');
    for (const each of [role, imported]) {
      each.addToPrincipalPolicy(new iam.PolicyStatement({ actions: ['sqs:SendMessage'], resources: ['*'] }));
    }

    expectWithDefinition(all, { [property]: when(role.roleArn, imported.roleArn) }, 'Stack/Role/DefaultPolicy/Resource', 'Stack/Imported/Policy/Resource');
  });

  test.each<[string, (arn: string) => { [path: string]: unknown }]>([
    ['the ARN', (arn) => ({ 'ContainerDefinitions.0.Secrets': [{ Name: 'HOST', ValueFrom: when(arn, 'other') }] })],
    ['the ARN with a key', (arn) => ({ 'ContainerDefinitions.0.Secrets': [{ Name: 'HOST', ValueFrom: when(`${arn}:host::`, 'other') }] })],
    ['the variable', (arn) => ({ 'ContainerDefinitions.0.Secrets': [when({ Name: 'HOST', ValueFrom: arn })] })],
    ['the variables', (arn) => ({ 'ContainerDefinitions.0.Secrets': when([{ Name: 'HOST', ValueFrom: arn }]) })],
    ['the container', (arn) => ({ ContainerDefinitions: [{ Name: 'app' }, when({ Name: 'side', Secrets: [{ Name: 'HOST', ValueFrom: arn }] })] })],
    ['the containers', (arn) => ({ ContainerDefinitions: when([{ Name: 'app', Secrets: [{ Name: 'HOST', ValueFrom: arn }] }], [{ Name: 'app' }]) })],
    ['the options of the logs', (arn) => ({ 'ContainerDefinitions.0.LogConfiguration.SecretOptions': when([{ Name: 'token', ValueFrom: arn }]) })],
    ['the credentials of the registry', (arn) => ({ 'ContainerDefinitions.0.RepositoryCredentials': when({ CredentialsParameter: arn }) })],
  ])('the attachment of a secret, if the condition decides about %s', (_, overrides) => {
    const all = given();
    const secret = new secretsmanager.Secret(all.stack, 'Secret');
    const targetId = new CfnResource(all.stack, 'Database', { type: 'Custom::Database' }).ref;
    new secretsmanager.CfnSecretTargetAttachment(all.stack, 'Attachment', { secretId: secret.secretArn, targetId, targetType: 'AWS::RDS::DBInstance' });

    expectWithDefinition(all, overrides(secret.secretArn), 'Stack/Attachment');
  });

  test('the role, the routes and the rules of its Managed Instances', () => {
    const { stack, vpc, cluster, task } = given();
    const role = new iam.Role(stack, 'Role', { assumedBy: new iam.ServicePrincipal('ecs.amazonaws.com') });
    role.addToPolicy(new iam.PolicyStatement({ actions: ['ec2:RunInstances'], resources: ['*'] }));
    const subnet = new ec2.PrivateSubnet(stack, 'Subnet', { vpcId: vpc.vpcId, availabilityZone: 'a', cidrBlock: '10.1.0.0/24' });
    subnet.addDefaultNatRoute('nat-00000001');
    const group = new ec2.CfnSecurityGroup(stack, 'Group', { vpcId: vpc.vpcId, groupDescription: 'Group' });
    new ec2.CfnSecurityGroupEgress(stack, 'Rule', { groupId: group.attrGroupId, ipProtocol: '-1', cidrIp: '0.0.0.0/0' });
    const NetworkConfiguration = { Subnets: when([subnet.subnetId]), SecurityGroups: [when(group.attrGroupId)] };
    const ManagedInstancesProvider = when({
      InfrastructureRoleArn: when(role.roleArn), InstanceLaunchTemplate: when({ NetworkConfiguration: when(NetworkConfiguration) }),
    });
    const properties = { ClusterName: cluster.clusterName, ManagedInstancesProvider };
    const provider = new CfnResource(stack, 'Own', { type: 'AWS::ECS::CapacityProvider', properties });
    const run = task({ capacityProviderStrategies: [{ capacityProvider: provider.ref, weight: 1 }] });

    expectToWaitFor(resourceOf(run), 'Stack/Role/DefaultPolicy/Resource', 'Stack/Subnet/DefaultRoute', 'Stack/Rule');
  });
});

test('without conditions the task has no references in its metadata, and one with the condition of the task is a DependsOn', () => {
  const { stack, task, condition } = given();
  const [queue, other] = ['Queue', 'Other'].map((id) => new sqs.CfnQueue(stack, id));
  const [run, conditional] = [task({ executeAfter: [other] }), task({ executeAfter: [queue] }, 'Conditional')];
  for (const resource of [queue, resourceOf(conditional) as CfnResource]) {
    resource.cfnOptions.condition = condition;
  }

  expect(unresolvedDependenciesOf(stack)).toEqual([]);
  expect([run, conditional].map(waitsInMetadata)).toEqual([undefined, undefined]);
  expectToWaitFor(resourceOf(conditional), 'Stack/Queue');
});

describe('a conditional task', () => {
  function conditional(all: Given, props: object, scope?: Construct): RunTask {
    const run = all.task(props, 'Task', scope);
    (resourceOf(run) as CfnResource).cfnOptions.condition = all.condition;
    return run;
  }

  test('is waited for by its service if it exists', () => {
    const all = given();
    const service = new ecs.FargateService(all.stack, 'Service', { cluster: all.cluster, taskDefinition: all.taskDefinition });
    const run = conditional(all, { executeBefore: [service] });
    const { logicalId } = resourceOf(run) as CfnResource;

    expect(unresolvedDependenciesOf(all.stack)).toEqual([]);
    expect(waitsInMetadata(service.node.findChild('Service') as CfnResource)).toEqual({ [all.stack.resolve(logicalId)]: ifWanted(all.stack.resolve(logicalId)) });
    expectToWaitFor(service.node.findChild('Service'), 'Stack/Task/Resource');
  });

  test('is waited for by a nested stack, and waits itself for another one', () => {
    const all = given();
    const nested = new NestedStack(all.stack, 'Nested');
    const first = all.task({}, 'First');
    const run = conditional(all, { executeBefore: [new sqs.Queue(nested, 'Queue')] });
    first.executeBefore(run);

    expect(unresolvedDependenciesOf(all.stack)).toEqual([]);
    expectToWaitFor(nested.nestedStackResource!, 'Stack/Task/Resource', 'Stack/First/Resource');
  });

  test('has the condition of its service, because without the condition the security group does not exist', () => {
    const { stack, cluster, taskDefinition, condition } = given();
    const service = new ecs.FargateService(stack, 'Service', { cluster, taskDefinition });
    const group = service.node.findChild('SecurityGroup').node.defaultChild as CfnResource;
    const task = RunTask.forService(stack, 'OfService', service, { timeout: Duration.hours(2) });
    (service.node.findChild('Service') as CfnResource).cfnOptions.condition = condition;
    group.addOverride('Condition', 'Wanted');

    const resources = resourcesOf(stack);
    const tasks = Object.entries(resources).filter(([id]) => id.startsWith('OfService'));
    expect(tasks.map(([, { Condition }]) => Condition)).toEqual(['Wanted', 'Wanted', 'Wanted']);
    expectToWaitFor(service.node.defaultChild!, `${task.node.path}/Resource3`);
    expect(unresolvedDependenciesOf(stack)).toEqual([]);
  });

  test('passes its condition to its resources for further hours and to its outputs', () => {
    const all = given();
    const run = conditional(all, { timeout: Duration.hours(2), executeBefore: [new sqs.Queue(all.stack, 'Queue')] });
    const arn = run.taskArn;
    const template = Template.fromStack(all.stack);

    expect(arn).toBeDefined();
    expect(unresolvedDependenciesOf(all.stack)).toEqual([]);
    expect(Object.values(template.findResources(RESOURCE_TYPE)).map(({ Condition }) => Condition)).toEqual(['Wanted', 'Wanted', 'Wanted']);
    expect(Object.values(template.findOutputs('*')).map(({ Condition }) => Condition)).toEqual(['Wanted']);
  });
});

test('a condition that an escape hatch gives to the RunTask, or to its service, is a condition like any other', () => {
  const { stack, task, cluster, taskDefinition } = given();
  const queue = new sqs.Queue(stack, 'Queue');
  const run = task({ timeout: Duration.hours(2), executeBefore: [queue] });
  const service = new ecs.FargateService(stack, 'Service', { cluster, taskDefinition });
  const ofService = RunTask.forService(stack, 'OfService', service, {});
  for (const resource of [resourceOf(run), service.node.defaultChild] as CfnResource[]) {
    resource.addOverride('Condition', 'Wanted');
  }
  expect([run.taskArn, ofService.taskArn]).toHaveLength(2);
  const template = Template.fromStack(stack).toJSON();

  const tasks = Object.values<any>(template.Resources).filter(({ Type }) => Type === RESOURCE_TYPE);
  expect([...tasks, ...Object.values<any>(template.Outputs)].map(({ Condition }) => Condition)).toEqual(Array(6).fill('Wanted'));
  expect(unresolvedDependenciesOf(stack)).toEqual([]);
  expectToWaitFor(queue, 'Stack/Task/Resource3');
});

describe('the permissions of the function name a conditional resource only under its condition:', () => {
  /** The references to resources that may not exist, in the policies of the function. */
  function unresolvedReferencesOf(stack: Stack): string[] {
    const resources = resourcesOf(stack);
    const find = (value: any, holding: string[]): string[] => {
      if (typeof value !== 'object' || value === null) {
        return [];
      }
      const [condition, whenTrue, whenFalse] = value['Fn::If'] ?? [];
      const needed = resources[value.Ref ?? value['Fn::GetAtt']?.[0]]?.Condition;
      return condition
        ? [...find(whenTrue, [...holding, condition]), ...find(whenFalse, holding)]
        : [...needed && !holding.includes(needed) ? [needed] : [], ...Object.values(value).flatMap((member) => find(member, holding))];
    };
    return Object.entries(resources).filter(([id, { Type }]) => /IAM/.test(Type) && /EcsRunTaskHandler|OnDelete/.test(id))
      .flatMap(([id, { Properties, Condition }]) => find(Properties, [Condition]).map((condition) => `${id} if ${condition}`));
  }

  const inScope = (scope: Construct) => scope.node.findAll().filter((construct) => CfnResource.isCfnResource(construct)) as CfnResource[];
  const give = (condition: CfnCondition, resources: CfnResource[]) => resources.forEach(({ cfnOptions }) => (cfnOptions.condition = condition));
  const definition = ({ stack }: Given, id: string) => {
    const made = new ecs.FargateTaskDefinition(stack, id);
    made.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app'), logging: ecs.LogDrivers.awsLogs({ streamPrefix: 'app' }) });
    return made;
  };

  const CONDITIONAL: [string, (given: Given) => [props: object, resources: CfnResource[]]][] = [
    ['the task role', ({ taskDefinition }) => [{}, inScope(taskDefinition.taskRole)]],
    ['the execution role', ({ taskDefinition }) => [{}, inScope(taskDefinition.executionRole!)]],
    ['a role of taskOverrides', ({ stack }) => {
      const taskRole = new iam.Role(stack, 'Own', { assumedBy: new iam.ServicePrincipal('ecs-tasks.amazonaws.com') });
      return [{ taskOverrides: { taskRole } }, inScope(taskRole)];
    }],
    ['the definition with its log group and roles', ({ taskDefinition }) => [{}, inScope(taskDefinition)]],
    ['the cluster', ({ cluster }) => [{ tags: { team: 'shop' } }, inScope(cluster)]],
    ['the definition of onDelete', (all) => {
      const taskDefinition = definition(all, 'Drop');
      return [{ onDelete: { taskDefinition } }, inScope(taskDefinition)];
    }],
    ['its security group', ({ stack, vpc }) => {
      const group = new ec2.SecurityGroup(stack, 'Group', { vpc });
      return [{ securityGroups: [group] }, inScope(group)];
    }],
  ];

  test.each(CONDITIONAL)('%s of a task with the same condition', (_, make) => {
    const all = given();
    const [props, resources] = make(all);
    const run = all.task(props);
    give(all.condition, [...resources, resourceOf(run) as CfnResource]);

    expect(unresolvedReferencesOf(all.stack)).toEqual([]);
    expect(unresolvedDependenciesOf(all.stack)).toEqual([]);
  });

  test('in each statement that names it, next to all other statements', () => {
    const all = given();
    all.task({ taskDefinition: definition(all, 'Other') }, 'Always');
    give(all.condition, [...inScope(all.taskDefinition), resourceOf(all.task()) as CfnResource]);
    const statements = statementsOf(all.stack);
    const passRole = (...roles: string[]) => expect.objectContaining({ Action: 'iam:PassRole', Resource: roles });

    expect(statements).toContainEqual(passRole('<OtherExecutionRole.Arn>', '<OtherTaskRole.Arn>'));
    expect(statements.filter((statement) => statement['Fn::If'])).toEqual([
      { 'Fn::If': ['Wanted', passRole('<DefinitionTaskRole.Arn>', '<DefinitionExecutionRole.Arn>'), '<AWS::NoValue>'] },
      { 'Fn::If': ['Wanted', expect.objectContaining({ Action: 'logs:GetLogEvents' }), '<AWS::NoValue>'] },
    ]);
  });

  test('a role whose condition was set by an override, and a role that is named under its condition already', () => {
    const all = given();
    const resource = all.taskDefinition.node.defaultChild as ecs.CfnTaskDefinition;
    const role = new iam.Role(all.stack, 'Own', { assumedBy: new iam.ServicePrincipal('ecs-tasks.amazonaws.com') });
    give(all.condition, inScope(role));
    resource.taskRoleArn = Fn.conditionIf('Wanted', role.roleArn, 'arn:aws:iam::111122223333:role/other') as any;
    all.task({}, 'Always');
    const overridden = definition(all, 'Overridden');
    inScope(overridden).forEach((found) => found.addOverride('Condition', 'Wanted'));
    (resourceOf(all.task({ taskDefinition: overridden })) as CfnResource).addOverride('Condition', 'Wanted');
    const passRoles = statementsOf(all.stack).filter((statement) => /PassRole/.test(JSON.stringify(statement)));

    expect(unresolvedReferencesOf(all.stack)).toEqual([]);
    expect(passRoles.map((statement) => Object.keys(statement)[0])).toEqual(['Action', 'Fn::If']);
    expect(passRoles[0].Resource).toContainEqual({ 'Fn::If': ['Wanted', '<Own.Arn>', 'arn:aws:iam::111122223333:role/other'] });
  });

  test('roles that conditions can leave out, each in its own statement, because IAM rejects a statement without a resource', () => {
    const all = given();
    const resource = all.taskDefinition.node.defaultChild as ecs.CfnTaskDefinition;
    resource.addPropertyOverride('TaskRoleArn', ifWanted('Role'));
    resource.addPropertyOverride('ExecutionRoleArn', { 'Fn::If': ['Wanted', { Ref: 'AWS::NoValue' }, 'arn:aws:iam::111122223333:role/other'] });
    all.task();
    const passRole = (role: string) => expect.objectContaining({ Action: 'iam:PassRole', Resource: role });

    expect(statementsOf(all.stack).filter((statement) => /PassRole/.test(JSON.stringify(statement)))).toEqual([
      { 'Fn::If': ['Wanted', passRole('<Role>'), '<AWS::NoValue>'] },
      { 'Fn::If': ['Wanted', '<AWS::NoValue>', passRole('arn:aws:iam::111122223333:role/other')] },
    ]);
  });

  test('with two conditions both', () => {
    const all = given();
    const other = new CfnCondition(all.stack, 'Also', { expression: Fn.conditionEquals('c', 'd') });
    give(all.condition, inScope(all.taskDefinition.taskRole));
    give(other, inScope(all.taskDefinition.executionRole!));
    all.task();

    const [statement] = statementsOf(all.stack).filter((each) => /PassRole/.test(JSON.stringify(each)));
    expect(statement).toEqual({ 'Fn::If': ['Wanted', { 'Fn::If': ['Also', expect.objectContaining({ Action: 'iam:PassRole' }), '<AWS::NoValue>'] }, '<AWS::NoValue>'] });
  });
});
