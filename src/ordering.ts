import { AspectPriority, Aspects, CfnResource, IAspect, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import type { Construct, IConstruct } from 'constructs';
import { Handler } from './handler';
import type { TaskNetwork } from './request';
import type { RunTaskProps } from './run-task-props';
import { rolesOf } from './task-definition';

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
  /** The scopes that wait for the task. */
  readonly waiting: Construct[];
}

/**
 * Puts the tasks of a stack in order with the rest of the app.
 *
 * What a task's own props name is known at once. What names the task, such as a rule of a database's security group,
 * and what a waiting scope contains can be added until synthesis: an aspect looks at those, once per stack.
 */
export class Ordering implements IAspect {
  public static of(scope: Construct): Ordering {
    const stack = Stack.of(scope);
    const existing = Aspects.of(stack).all.find((aspect) => aspect instanceof Ordering);
    return existing ?? new Ordering(stack);
  }

  private readonly tasks: OrderedTask[] = [];

  private constructor(private readonly stack: Stack) {
    Aspects.of(stack).add(this, { priority: AspectPriority.READONLY }); // after those that change things
  }

  public add(task: OrderedTask): void {
    const { cluster, taskDefinition, volumes = [] } = task.props;
    // Not only the function: with a feature flag it comes with a log group, which Lambda would make first if it ran earlier.
    task.resource.node.addDependency(Handler.of(this.stack).function);
    task.resource.node.addDependency(cluster, taskDefinition, ...rolesOf(task.props), ...volumes, ...task.securityGroups);
    for (const { subnets } of this.networksOf(task)) {
      task.resource.node.addDependency(subnets.internetConnectivityEstablished);
    }
    if (task.deletion) {
      task.resource.node.addDependency(task.deletion.taskDefinition, ...rolesOf(task.deletion));
    }
    this.tasks.push(task);
  }

  public visit(node: IConstruct): void {
    if (node === this.stack) {
      Handler.of(node).policies.split();
      const resources = resourcesIn(node);
      this.dependOnNetwork(resources);
      this.makeWait(resources);
    }
  }

  /** The function may have to find its way, too. */
  private networksOf({ network }: OrderedTask): TaskNetwork[] {
    return [network, Handler.of(this.stack).network].filter((one) => one !== undefined);
  }

  /** A task needs each rule that names one of its groups, and in isolated subnets the endpoints of its VPC. */
  private dependOnNetwork(resources: CfnResource[]): void {
    const key = (id?: string) => JSON.stringify(this.stack.resolve(id));
    const rules = new Map<string, CfnResource[]>();
    const endpoints = new Map<string, CfnResource[]>();
    const add = (index: Map<string, CfnResource[]>, id: string | undefined, resource: CfnResource) =>
      index.set(key(id), [...index.get(key(id)) ?? [], resource]);
    for (const resource of resources) {
      if (resource instanceof ec2.CfnSecurityGroupIngress) {
        [resource.groupId, resource.sourceSecurityGroupId].forEach((id) => add(rules, id, resource));
      } else if (resource instanceof ec2.CfnSecurityGroupEgress) {
        [resource.groupId, resource.destinationSecurityGroupId].forEach((id) => add(rules, id, resource));
      } else if (resource instanceof ec2.CfnVPCEndpoint) {
        add(endpoints, resource.vpcId, resource);
      }
    }
    for (const task of this.tasks) {
      const networks = this.networksOf(task);
      const groups = [...task.securityGroups, ...networks.flatMap(({ securityGroups }) => securityGroups)];
      const isolated = networks.filter(({ vpc, subnets }) => subnets.subnets.some((subnet) => vpc.isolatedSubnets.includes(subnet)));
      task.resource.node.addDependency(
        ...groups.flatMap((group) => rules.get(key(group.securityGroupId)) ?? []),
        ...isolated.flatMap(({ vpc }) => endpoints.get(key(vpc.vpcId)) ?? []),
      );
    }
  }

  /**
   * Everything in a waiting scope depends on the task, except what the task needs itself, which would be a cycle.
   *
   * The tasks take their turn in the order of their construction, each with what waits for those before it.
   */
  private makeWait(resources: CfnResource[]): void {
    const tasks = this.tasks.filter(({ waiting }) => waiting.length > 0);
    if (tasks.length === 0) {
      return;
    }
    const graph = new DependencyGraph(this.stack, resources);
    const neededByAll = [
      ...resourcesIn(Handler.of(this.stack)),
      ...resources.filter((resource) => resource instanceof ecs.CfnCapacityProvider), // CDK joins them to the cluster later
    ];
    for (const { last, waiting } of tasks) {
      const needed = graph.closure([last, ...neededByAll]);
      for (const scope of waiting) {
        const all = resourcesIn(scope);
        const able = all.filter((other) => !needed.has(other));
        if (all.length > 0 && able.length === 0) {
          throw new Error(`[${last.node.scope!.node.path}] executeBefore cannot let '${scope.node.path}' wait: `
            + 'the task itself needs everything in it; remove it from executeBefore, or what makes the task need it');
        }
        able.forEach((other) => graph.addDependency(other, last));
      }
    }
  }
}

/** What needs what, as far as anybody asks: each resource is resolved at most once. */
class DependencyGraph {
  private readonly byLogicalId: Map<string, CfnResource>;
  private readonly needs = new Map<CfnResource, Set<CfnResource>>();
  private readonly contents = new Map<IConstruct, CfnResource[]>();

  constructor(private readonly stack: Stack, resources: CfnResource[]) {
    this.byLogicalId = new Map(resources.map((resource) => [stack.resolve(resource.logicalId), resource]));
  }

  public closure(roots: CfnResource[]): Set<CfnResource> {
    const found = new Set(roots);
    for (const resource of found) { // comes to those that are added on the way, too
      this.needsOf(resource).forEach((needed) => found.add(needed));
    }
    return found;
  }

  public addDependency(resource: CfnResource, on: CfnResource): void {
    resource.node.addDependency(on);
    this.needs.get(resource)?.add(on);
  }

  private needsOf(resource: CfnResource): Set<CfnResource> {
    const known = this.needs.get(resource);
    if (known) {
      return known;
    }
    const needs = new Set([
      ...this.referencesOf(resource),
      ...resource.node.scopes.flatMap((scope) => scope.node.dependencies).flatMap((dependency) => this.contentsOf(dependency)),
    ]);
    this.needs.set(resource, needs);
    return needs;
  }

  /** Read from the template, where also those stand that were written by hand. */
  private referencesOf(resource: CfnResource): CfnResource[] {
    const { Resources } = this.stack.resolve(resource._toCloudFormation());
    if (!Resources) { // a policy without statements is left out of the template
      return [];
    }
    const references = JSON.stringify(Resources).matchAll(/"Ref":"(\w+)"|"Fn::GetAtt":\["(\w+)"|\$\{(\w+)/g);
    const logicalIds = [...references].map(([, ref, getAtt, sub]) => ref ?? getAtt ?? sub);
    const [{ DependsOn = [] }] = Object.values<{ DependsOn?: string | string[] }>(Resources);
    return logicalIds.concat(DependsOn).flatMap((logicalId) => this.byLogicalId.get(logicalId) ?? []);
  }

  private contentsOf(scope: IConstruct): CfnResource[] {
    const contents = this.contents.get(scope) ?? resourcesIn(scope);
    this.contents.set(scope, contents);
    return contents;
  }
}

function resourcesIn(scope: IConstruct): CfnResource[] {
  return scope.node.findAll().filter((construct) => CfnResource.isCfnResource(construct));
}
