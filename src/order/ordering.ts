import { Annotations, AspectPriority, Aspects, CfnResource, IAspect, Stack } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct, IConstruct } from 'constructs';
import { RESOURCE_TYPE } from '../contract';
import { DependencyGraph, meet, resourcesIn, stacksAround, withAddresses } from './dependency-graph';
import { Handler } from '../function/handler-function';
import type { TaskNetwork } from '../request/render-request';
import { ifKnown, ownedDefinition, rolesOf } from '../request/task-definition';
import type { RunTaskProps } from '../run-task-props';

/** Where the work is done: of what a stack has when its aspects begin, all has been visited by then. */
const LAST = 'EcsRunTaskOrdering';

/** What has to be there together with something that it names in one of these properties. */
const COMPANIONS: { [type: string]: string[] } = {
  'AWS::EC2::Route': ['RouteTableId'],
  'AWS::EC2::SecurityGroup': ['SecurityGroupEgress', 'SecurityGroupIngress'],
  'AWS::EC2::SecurityGroupEgress': ['DestinationSecurityGroupId', 'GroupId'],
  'AWS::EC2::SecurityGroupIngress': ['GroupId', 'SourceSecurityGroupId'],
  'AWS::EC2::SubnetRouteTableAssociation': ['SubnetId'],
  'AWS::EC2::VPCEndpoint': ['VpcId'],
  'AWS::ECS::ClusterCapacityProviderAssociations': ['Cluster'],
  'AWS::EFS::MountTarget': ['FileSystemId'],
  'AWS::IAM::ManagedPolicy': ['Roles'],
  'AWS::IAM::Policy': ['Roles'],
  'AWS::IAM::RolePolicy': ['RoleName'],
};

/** A task, and what has to do with its place in the order. */
export interface OrderedTask {
  readonly props: RunTaskProps;
  readonly network?: TaskNetwork;
  readonly securityGroups: ec2.ISecurityGroup[];
  readonly resource: CfnResource;
  /** The resource that waits for the end of a task of several hours; otherwise the same. */
  readonly last: CfnResource;
  /** What a Delete runs. */
  readonly deletion?: RunTaskProps;
  /** The scopes that the task waits for. */
  readonly after: Construct[];
  /** The scopes that wait for the task. */
  readonly before: Construct[];
}

/**
 * Puts the tasks of a stack, and of those nested in it, in order with the rest of the app.
 *
 * What names a task, such as a rule of a database's security group, and what is in a scope can be added until synthesis,
 * also by aspects. So all of it is looked at when the aspects are through with the stack.
 */
export class Ordering implements IAspect {
  public static of(scope: Construct): Ordering {
    const stack = stacksAround(scope).pop()!;
    const existing = Aspects.of(stack).all.find((aspect) => aspect instanceof Ordering);
    return existing ?? new Ordering(stack);
  }

  private readonly tasks: OrderedTask[] = [];

  private constructor(private readonly stack: Stack) {
    Aspects.of(stack).add(this, { priority: AspectPriority.READONLY }); // after those that change things
  }

  public add(task: OrderedTask): void {
    for (const { subnets } of networksOf(task)) {
      task.resource.node.addDependency(subnets.internetConnectivityEstablished);
    }
    this.tasks.push(task);
  }

  public visit(node: IConstruct): void {
    const last = this.stack.node.tryFindChild(LAST);
    if (node === this.stack && !last) {
      new Construct(this.stack, LAST);
    } else if (node === last) {
      this.putInOrder();
    }
  }

  /**
   * What the user says comes before what follows from it. A nested stack, which can only wait as a whole, waits rather than
   * the task for a rule in it; and of anything else only what the task does not need waits.
   *
   * The tasks take their turn in the order of their construction, each with what waits for those before it.
   */
  private putInOrder(): void {
    new Set(this.tasks.map(({ resource }) => Handler.of(resource))).forEach(({ policies }) => policies.split());
    const graph = new DependencyGraph(resourcesIn(this.stack));
    const companions = companionsIn(graph);
    const rules = [...companions.keys()].filter(isRule);
    this.tasks.forEach((task) => addScopes(task, graph));
    this.tasks.forEach((task) => makeWait(task, graph, (other) => graph.isNestedStack(other) || other.cfnResourceType === RESOURCE_TYPE));
    const added = this.tasks.flatMap((task) => addCompanions(task, graph, companions));
    this.tasks.forEach((task) => addRulesBetween(task, graph, rules));
    // One task does not wait for another only because a service that waits for both lets both in.
    const ofTasks = graph.closure(added.filter(isRule));
    this.tasks.forEach((task) => makeWait(task, graph, (other) => !ofTasks.has(other)));
    this.tasks.forEach((task) => checkThatOthersWait(task, graph));
  }
}

/** The function may have to find its way, too. */
function networksOf({ network, resource }: OrderedTask): TaskNetwork[] {
  return [network, Handler.of(resource).network].filter((one) => one !== undefined);
}

/** The task needs what its props name, and what it is told to come after. Security group rules in there may be about others. */
function addScopes({ resource, props, deletion, after }: OrderedTask, graph: DependencyGraph): void {
  const scopes: IConstruct[] = [
    // Not only the function: with a feature flag it comes with a log group, which Lambda would make first if it ran earlier.
    Handler.of(resource).function, props.cluster, ...props.volumes ?? [], ...after,
    ...[props, deletion].flatMap((run) => run ? [run.taskDefinition, ...rolesOf(run)] : []),
  ];
  for (const scope of scopes) {
    resourcesIn(scope).filter((other) => other === scope || !isRule(other)).forEach((other) => graph.addDependency(resource, other));
  }
}

/** Everything in a waiting scope depends on the task, except what the task needs itself, which would be a cycle. */
function makeWait({ last, before }: OrderedTask, graph: DependencyGraph, which: (other: CfnResource) => boolean): void {
  const closures = new Map<CfnResource, Set<CfnResource>>();
  const needs = (task: CfnResource, other: CfnResource) => {
    const closure = closures.get(task) ?? graph.closure([task, ...resourcesIn(Handler.of(last))]);
    closures.set(task, closure);
    return closure.has(other);
  };
  for (const [other, task] of before.flatMap(resourcesIn).map((each) => meet(each, last))) {
    if (which(other) && !needs(task, other)) {
      graph.addDependency(other, task);
    }
  }
}

function checkThatOthersWait({ last, before }: OrderedTask, graph: DependencyGraph): void {
  for (const scope of before) {
    const others = resourcesIn(scope).map((other) => meet(other, last));
    if (others.length > 0 && !others.some(([other, task]) => graph.needsOf(other).has(task))) {
      throw new Error(`[${last.node.scope!.node.path}] executeBefore cannot let '${scope.node.path}' wait: `
        + 'the task itself needs everything in it; remove it from executeBefore, or what makes the task need it');
    }
  }
}

/** Each with what it names, as in the template. */
function companionsIn(graph: DependencyGraph): Map<CfnResource, string> {
  return new Map(graph.resources.filter(({ cfnResourceType }) => cfnResourceType in COMPANIONS).map((resource) => {
    const properties = graph.propertiesOf(resource);
    return [resource, JSON.stringify(COMPANIONS[resource.cfnResourceType].map((name) => properties[name]))];
  }));
}

/** The task needs the companions of what it has, unless they need the task. Tells which it waits for now. */
function addCompanions(task: OrderedTask, graph: DependencyGraph, companions: Map<CfnResource, string>): CfnResource[] {
  const names = namesOf(task, graph);
  const needed = [...companions.keys()].filter((companion) => names.some((name) => companions.get(companion)!.includes(name)));
  return needed.filter((companion) => {
    const [resource, on] = meet(task.resource, companion);
    const able = !graph.closure([on]).has(resource);
    if (able) {
      graph.addDependency(resource, on);
    } else if (resource !== task.resource && !task.before.some((scope) => companion.node.scopes.includes(scope))) {
      Annotations.of(task.resource.node.scope!).addWarningV2('cdk-ecs-run-task:lateCompanion',
        `'${companion.node.path}' cannot be there before the task: it is outside of the task's nested stack, and needs that stack; `
        + 'make it inside, such as a security group rule with connections.allowTo of the RunTask');
    }
    return able;
  });
}

/** It needs the rules between what it needs as well, such as that of a proxy and its database, unless they need the task. */
function addRulesBetween({ resource }: OrderedTask, graph: DependencyGraph, rules: CfnResource[]): void {
  const needed = graph.closure([resource]);
  for (const rule of rules.filter((each) => !needed.has(each))) {
    const needs = [...graph.needsOf(rule)];
    const [task, on] = meet(resource, rule);
    if (needs.length > 0 && needs.every((other) => needed.has(other)) && !graph.closure([on]).has(task)) {
      graph.addDependency(task, on);
    }
  }
}

/** How the template names what the task has. */
function namesOf(task: OrderedTask, graph: DependencyGraph): string[] {
  const { props, deletion, securityGroups } = task;
  const { cluster, volumes = [] } = props;
  const runs = deletion ? [props, deletion] : [props];
  const networks = networksOf(task);
  const isolated = networks.filter(({ vpc, subnets }) => subnets.subnets.some((subnet) => vpc.isolatedSubnets.includes(subnet)));
  const ids = [
    cluster.clusterName,
    ...[...securityGroups, ...networks.flatMap((network) => network.securityGroups)].map((group) => group.securityGroupId),
    ...networks.flatMap(({ subnets }) => subnets.subnets).flatMap((subnet) => [subnet.subnetId, ifKnown(() => subnet.routeTable.routeTableId)]),
    ...isolated.map(({ vpc }) => vpc.vpcId), // whose endpoints are the only way out
    ...[...runs.flatMap(rolesOf), ...volumes.map((volume) => volume.role)].map((role) => role.roleName),
  ];
  const definitions = runs.flatMap(({ taskDefinition }) => ownedDefinition(taskDefinition)?.node.defaultChild as CfnResource ?? []);
  const fileSystems = definitions.flatMap((definition) => graph.propertiesOf(definition).Volumes ?? [])
    .map((volume) => volume.EFSVolumeConfiguration?.FilesystemId);
  return [...ids.map((id) => withAddresses(cluster, id)), ...fileSystems].filter((name) => name !== undefined).map((name) => JSON.stringify(name));
}

function isRule({ cfnResourceType }: CfnResource): boolean {
  return cfnResourceType === 'AWS::EC2::SecurityGroupIngress' || cfnResourceType === 'AWS::EC2::SecurityGroupEgress';
}
