import { App, CfnResource, Size, Stack, StackProps } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as rds from 'aws-cdk-lib/aws-rds';
import type { Construct, IConstruct } from 'constructs';
import { validateRequest } from './aws-model';
import { RESOURCE_TYPE, RunTaskProperties } from '../../src/contract';
import { RunTask, RunTaskProps, TaskManagedVolume } from '../../src/index';

/** What a test of one task starts from. */
export interface Setup {
  readonly stack: Stack;
  readonly vpc: ec2.IVpc;
  readonly cluster: ecs.Cluster;
  readonly taskDefinition: ecs.TaskDefinition;
}

/** A stack with a cluster in a VPC from elsewhere, and a definition with a container `app`. */
export function setup(compatibility = ecs.Compatibility.FARGATE, networkMode?: ecs.NetworkMode): Setup {
  const stack = new Stack(new App(), 'Stack');
  const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
    vpcId: 'vpc-00000001',
    availabilityZones: ['a', 'b'],
    publicSubnetIds: ['subnet-000000aa', 'subnet-000000bb'],
    privateSubnetIds: ['subnet-0000000a', 'subnet-0000000b'],
  });
  const cluster = new ecs.Cluster(stack, 'Cluster', { vpc });
  const taskDefinition = new ecs.TaskDefinition(stack, 'Definition', { compatibility, networkMode, cpu: '256', memoryMiB: '512' });
  taskDefinition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app'), memoryLimitMiB: 256 });
  return { stack, vpc, cluster, taskDefinition };
}

/** The task of a setup, with a container `app` unless the props say otherwise. */
export function runTask({ stack, cluster, taskDefinition }: Setup, props: Partial<RunTaskProps> = {}): RunTask {
  return new RunTask(stack, 'Task', { cluster, taskDefinition, ...props });
}

/** Gives the definition the volume, mounted in its container `app`. */
export function addVolume<T extends ecs.ServiceManagedVolume>({ taskDefinition }: Pick<Setup, 'taskDefinition'>, volume: T): T {
  taskDefinition.addVolume(volume);
  volume.mountIn(taskDefinition.findContainer('app')!, { containerPath: '/data', readOnly: false });
  return volume;
}

/** A stack of its own, with tasks that use all there is. */
export function everything(
  app: App, props: StackProps = {}, more: (stack: Stack, vpc: ec2.Vpc) => Partial<RunTaskProps> = () => ({}),
): Stack {
  const stack = new Stack(app, 'Everything', props);
  const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2 });
  const cluster = new ecs.Cluster(stack, 'Cluster', { vpc });
  const role = (id: string, service: string) => new iam.Role(stack, id, { assumedBy: new iam.ServicePrincipal(service) });
  const taskDefinition = new ecs.FargateTaskDefinition(stack, 'Definition', { family: 'app' });
  const logGroup = new logs.LogGroup(stack, 'Logs', { retention: logs.RetentionDays.ONE_MONTH });
  const logging = ecs.LogDrivers.awsLogs({ streamPrefix: 'app', logGroup });
  taskDefinition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app'), logging });
  const volume = new TaskManagedVolume(stack, 'Volume', { name: 'data', managedEBSVolume: { size: Size.gibibytes(1) } });
  new RunTask(stack, 'Task', {
    cluster,
    taskDefinition,
    taskOverrides: { taskRole: role('TaskRole', 'ecs-tasks.amazonaws.com'), executionRole: role('ExecutionRole', 'ecs-tasks.amazonaws.com') },
    volumes: [addVolume({ taskDefinition }, volume)],
    tags: { team: 'shop' },
    onDelete: {},
    ...more(stack, vpc),
  });
  new RunTask(stack, 'Imported', {
    cluster,
    taskDefinition: ecs.TaskDefinition.fromTaskDefinitionAttributes(stack, 'ImportedDefinition', {
      taskDefinitionArn: stack.formatArn({ service: 'ecs', resource: 'task-definition', resourceName: 'imported:1' }),
      networkMode: ecs.NetworkMode.AWS_VPC,
      taskRole: iam.Role.fromRoleName(stack, 'ImportedRole', 'imported'),
    }),
    startedBy: 'me',
  });
  return stack;
}

/** A stack with a VPC of its own, as the order of a first deployment needs it. */
export function network(context = {}, stackProps: StackProps = {}) {
  const stack = new Stack(new App({ context }), 'Stack', stackProps);
  const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 1 });
  const cluster = new ecs.Cluster(stack, 'Cluster', { vpc });
  const taskDefinition = new ecs.FargateTaskDefinition(stack, 'Definition');
  taskDefinition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app'), logging: ecs.LogDrivers.awsLogs({ streamPrefix: 'app' }) });
  const task = (props: Partial<RunTaskProps> = {}, id = 'Task', scope: Construct = stack) =>
    new RunTask(scope, id, { cluster, taskDefinition, ...props });
  const database = (scope: Construct = stack) =>
    new rds.DatabaseInstance(scope, 'Database', { vpc, engine: rds.DatabaseInstanceEngine.POSTGRES, storageEncrypted: true });
  return { stack, vpc, cluster, taskDefinition, task, database };
}

/**
 * The paths of all resources that have to be there before a construct's, by the templates; throws on a cycle.
 *
 * A nested stack is there with all that is in it, and begins when there is what it needs.
 */
export function neededBy(construct: IConstruct): string[] {
  const stack = Stack.of(construct);
  const template: { [logicalId: string]: any } = Template.fromStack(stack).toJSON().Resources;
  const resources = new Map(resourcesOf(stack).filter((each) => each.stack === stack).map((each) => [stack.resolve(each.logicalId) as string, each]));
  const own = new Set(resourcesOf(construct));
  const found = new Set([...resources].filter(([, each]) => own.has(each)).map(([logicalId]) => logicalId));
  for (const logicalId of found) {
    const references = JSON.stringify(template[logicalId]).matchAll(/"Ref":"(\w+)"|"Fn::GetAtt":\["(\w+)"|\$\{(\w+)/g);
    [...references].map(([, ref, getAtt, sub]) => ref ?? getAtt ?? sub)
      .concat(template[logicalId].DependsOn ?? [])
      .filter((other) => other in template)
      .forEach((other) => found.add(other));
  }
  const needed = [...found].flatMap((logicalId) => resources.get(logicalId) ?? []);
  const nested = stack.node.findAll().filter((each) => Stack.isStack(each) && each.nestedStackParent === stack) as Stack[];
  const complete = nested.filter(({ nestedStackResource }) => needed.some((each) => each === nestedStackResource && !own.has(each)));
  const around = stack.nestedStackResource;
  return [
    ...needed.map(({ node }) => node.path),
    ...complete.flatMap(pathsOf),
    ...around ? neededBy(around).filter((path) => path !== around.node.path) : [],
  ];
}

export function pathsOf(scope: IConstruct): string[] {
  return resourcesOf(scope).map(({ node }) => node.path);
}

function resourcesOf(scope: IConstruct): CfnResource[] {
  return scope.node.findAll().filter((construct) => CfnResource.isCfnResource(construct));
}

/** The rendered properties of the stack's task, once AWS's validator has passed its request. */
export function propertiesOf(stack: Stack): RunTaskProperties & { readonly ServiceTimeout: number } {
  const [resource] = Object.values(Template.fromStack(stack).findResources(RESOURCE_TYPE));
  const { ServiceToken, ...properties } = readable(resource.Properties);
  validateRequest(properties);
  return properties;
}

/** The rendered request of the stack's task. */
export function requestOf(stack: Stack): RunTaskProperties['Request'] {
  return propertiesOf(stack).Request;
}

/** What the stack's function may do, as rendered in its role. */
export function statementsOf(stack: Stack): { readonly [member: string]: any }[] {
  const roles = Object.entries(Template.fromStack(stack).findResources('AWS::IAM::Role'));
  const [, role] = roles.find(([logicalId]) => logicalId.startsWith('EcsRunTaskHandler'))!;
  expect(role.Properties.Policies).toHaveLength(1);
  return readable(role.Properties.Policies[0].PolicyDocument.Statement);
}

/** What it may do beside that to run a task when its resource is deleted, as rendered in a policy of the task. */
export function statementsOnDeleteOf(stack: Stack): { readonly [member: string]: any }[] {
  const [policy, ...others] = Object.values(Template.fromStack(stack).findResources('AWS::IAM::ManagedPolicy'));
  expect(others).toEqual([]);
  expect(readable(policy.Properties.Roles)).toEqual(['<EcsRunTaskHandlerRole>']);
  return readable(policy.Properties.PolicyDocument.Statement);
}

/** The template with a short string for each reference: `<Cluster.Arn>` is that attribute of the resource `Cluster`. */
export function readable(value: any): any {
  if (Array.isArray(value)) {
    return value.map(readable);
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const [[name, argument] = [], ...others] = Object.entries<any>(value);
  if (others.length > 0 || !name) {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, readable(member)]));
  }
  const withoutHash = (logicalId: string) => logicalId.replace(/[0-9A-F]{8}$/, '');
  switch (name) {
    case 'Ref': return `<${withoutHash(argument)}>`;
    case 'Fn::GetAtt': return `<${withoutHash(argument[0])}.${argument[1]}>`;
    case 'Fn::Join': return readable(argument[1]).join(argument[0]);
    case 'Fn::Sub': return argument.replaceAll('${', '<').replaceAll('}', '>');
    case 'Fn::Select': return `<${readable(argument[1])}#${argument[0]}>`;
    case 'Fn::Split': return `${readable(argument[1])}/${argument[0]}`;
    case 'Fn::ImportValue': return `<import ${argument}>`;
    case 'Fn::GetStackOutput': return `<output ${argument.OutputName}>`;
    default: return { [name]: readable(argument) };
  }
}
