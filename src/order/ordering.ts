import { CfnResource, Stack } from 'aws-cdk-lib';
import { Dependable, IConstruct } from 'constructs';
import { RESOURCE_TYPE } from '../contract';
import { checkNeeded, checkTaskCycle, checkWaiters } from './checks';
import { CompanionIndex, isAttachment, isPolicyOfRoles, isRule, listCompanions } from './companions';
import { DependencyGraph, liftToCommonStack, listResources } from './dependency-graph';
import { findNetworks, OrderedTask } from './ordered-task';
import { findNames } from './task-names';
import { Handler } from '../function/handler-function';
import { addWarning } from '../request/add-warning';
import type { ResourceReader } from '../request/resource-reader';
import { findOutermostStack, listDependencyRoots, listStacksAround } from '../request/stacks';
import { listRoles } from '../request/task-definition';

/**
 * Puts the tasks of a stack, and of the stacks nested in it, in order with the rest of the app.
 *
 * `executeAfter` and `executeBefore` come before what the library derives. A nested stack can only wait as a whole: it waits for the
 * task, instead of the task for a rule in it. Otherwise, only resources that the task does not need wait for it.
 *
 * The tasks are put in order one after the other, as they were constructed, so that each sees what waits for the previous ones.
 */
export function putInOrder(stack: Stack, tasks: OrderedTask[], reader: ResourceReader): void {
  const graph = new DependencyGraph(stack, reader);
  const companions = listCompanions(graph);
  const index = new CompanionIndex(companions);
  const parts = new Map<IConstruct, CfnResource[]>();
  const links = companions.filter(({ resource }) => isRule(resource) || isAttachment(resource)).map(({ resource }) => resource);
  tasks.forEach((task) => addRoutes(task, graph));
  tasks.forEach((task) => addScopes(task, graph, parts));
  tasks.forEach(({ resource }) => checkTaskCycle(resource, graph));
  tasks.forEach((task) => addWaiters(task, graph, (resource) => graph.isNestedStack(resource) || resource.cfnResourceType === RESOURCE_TYPE));
  const added = tasks.flatMap((task) => addCompanions(task, graph, index));
  tasks.forEach((task) => addLinks(task, graph, links));
  // A task does not wait for another task only because a service that waits for both allows both to connect.
  const ofTasks = graph.findClosure(added.filter(isRule));
  tasks.forEach((task) => addWaiters(task, graph, (resource) => !ofTasks.has(resource)));
  tasks.forEach(({ last, before, props }) => checkWaiters(last, before, graph, props._fromService?.service));
}

function addRoutes(task: OrderedTask, graph: DependencyGraph): void {
  const roots = findNetworks(task).flatMap(({ subnets }) => Dependable.of(subnets.internetConnectivityEstablished).dependencyRoots);
  roots.flatMap(listResources).forEach((dependency) => graph.addDependency(task.resource, dependency));
}

/** The task needs the constructs of its props and of `executeAfter`, except for security group rules in there that may belong to others. */
function addScopes({ resource, props, runs, after, before }: OrderedTask, graph: DependencyGraph, parts: Map<IConstruct, CfnResource[]>): void {
  const named: IConstruct[] = [props.cluster, ...props.volumes ?? [], ...runs.flatMap((run) => [run.taskDefinition, ...listRoles(run)])];
  named.forEach((scope) => parts.set(scope, parts.get(scope) ?? listParts(scope, graph))); // tasks have most of them in common
  const afterScopes = after.map((scope) => {
    const resources = listDependencyRoots(scope).flatMap((root) => leaveOutWaiting(listResources(root), root, before, graph));
    const others = resources.filter((found) => !isPartOf(found, resource));
    checkNeeded(resource, scope, others, graph);
    return others;
  });
  const needed = [
    ...resource.node.dependencies.flatMap(listResources), // the policies of the function, which an override of DependsOn would drop
    // With a feature flag the function has a log group, which Lambda would create first if the function ran earlier.
    ...listResources(Handler.find(resource)!.function),
    ...named.flatMap((scope) => leaveOutWaiting(parts.get(scope)!, scope, before, graph)),
    ...afterScopes.flat(),
  ];
  needed.forEach((dependency) => graph.addDependency(resource, dependency));
}

/** Whether a resource is of the task, or a nested stack around it: a scope can contain the task itself. */
function isPartOf(found: CfnResource, resource: CfnResource): boolean {
  const [task, other] = liftToCommonStack(resource, found);
  return task === other || found.node.scopes.includes(resource.node.scope!);
}

/** The narrower scope wins: if the task needs a scope, it does not need the resources in it that wait for the task, nor what needs these. */
function leaveOutWaiting(resources: CfnResource[], scope: IConstruct, before: IConstruct[], graph: DependencyGraph): CfnResource[] {
  const waiting = new Set(before.filter((narrower) => narrower !== scope && narrower.node.scopes.includes(scope)).flatMap(listResources));
  const waits = (found: CfnResource) => waiting.size > 0 && graph.needsAny(found, (need) => waiting.has(need));
  return resources.filter((found) => (found === scope || !isRule(found)) && !waits(found));
}

/** What has the containers of a task. */
const RUN_BY_ECS = ['AWS::ECS::TaskDefinition', 'AWS::ECS::ExpressGatewayService'];

/** The resources in the scope of a cluster, definition, role or volume, except constructs that use it to run tasks, such as a service. */
function listParts(scope: IConstruct, graph: DependencyGraph): CfnResource[] {
  const resources = listResources(scope).filter((found) => findOutermostStack(found) === findOutermostStack(scope));
  const users = resources.filter((found) => graph.needsAny(found, (need) =>
    RUN_BY_ECS.includes(need.cfnResourceType) && !(need === found && found === scope.node.defaultChild)));
  const constructs = new Set(users.map((user) => user.node.scope).filter((construct) => construct !== scope));
  return resources.filter((found) => !users.includes(found) && !found.node.scopes.some((construct) => constructs.has(construct)));
}

/** Makes everything in a waiting scope depend on the task, except what the task needs itself, which would be a cycle. */
function addWaiters({ last, before }: OrderedTask, graph: DependencyGraph, filter: (waiter: CfnResource) => boolean): void {
  const closures = new Map<CfnResource, Set<CfnResource>>();
  const needs = (task: CfnResource, waiter: CfnResource) => {
    const closure = closures.get(task) ?? graph.findClosure([task, ...listResources(Handler.find(last)!)]);
    closures.set(task, closure);
    return closure.has(waiter);
  };
  for (const [waiter, task] of before.flatMap(listResources).map((resource) => liftToCommonStack(resource, last))) {
    if (filter(waiter) && !needs(task, waiter)) {
      graph.addDependency(waiter, task);
    }
  }
}

/** Makes the task wait for the companions of what it has, unless they need the task. Returns the companions that it waits for. */
function addCompanions(task: OrderedTask, graph: DependencyGraph, index: CompanionIndex): CfnResource[] {
  return index.findCompanionsOf(findNames(task, graph, index)).filter((companion) => {
    const [resource, dependency] = liftToCommonStack(task.resource, companion);
    checkCycle(task, companion, graph);
    const possible = !graph.findClosure([dependency]).has(resource);
    const isNamed = task.before.some((scope) => companion.node.scopes.includes(scope));
    if (possible) {
      graph.addDependency(resource, dependency);
    } else if (resource === task.resource && isPolicyOfRoles(companion) && !isNamed) {
      addWarning(task.resource.node.scope!, 'cdk-ecs-run-task:latePolicy',
        `The policy '${companion.node.path}' of a role of the task is created after the task, because it depends on the task. The task starts without its permissions. `
        + 'Put permissions that depend on the task into a separate policy, and name that policy in executeBefore.');
    } else if (resource !== task.resource && !isNamed) {
      addWarning(task.resource.node.scope!, 'cdk-ecs-run-task:lateCompanion',
        `'${companion.node.path}' is created after the task: it is outside the task's nested stack and depends on it. `
        + 'Create it inside, for example with connections.allowTo() of the RunTask.');
    }
    return possible;
  });
}

/** Throws if a nested stack would depend on itself because of a companion. Not every version of the CDK reports that. */
function checkCycle({ resource }: OrderedTask, companion: CfnResource, graph: DependencyGraph): void {
  const needs = (found: CfnResource, { nestedStackResource }: Stack) => graph.needsAny(found, (other) => other === nestedStackResource);
  const stack = listStacksAround(companion).reverse().find((around) => around.nestedStackResource && needs(companion, around));
  if (stack) {
    const need = [...graph.findNeeds(companion)].find((found) => needs(found, stack))!;
    throw new Error(`[${resource.node.scope!.node.path}] '${companion.node.path}' causes a dependency cycle: it is in the nested stack `
      + `'${stack.node.path}' and depends on '${need.node.path}', which depends on that stack; `
      + (listStacksAround(resource).includes(stack)
        ? 'create the RunTask outside that stack'
        : 'create it outside that stack, for example with connections.allowTo() of the RunTask'));
  }
}

/** Makes the task wait for rules between resources that it needs, such as between a proxy and its database, unless they need the task. */
function addLinks({ resource }: OrderedTask, graph: DependencyGraph, links: CfnResource[]): void {
  const needed = graph.findClosure([resource]);
  for (const link of links.filter((candidate) => !needed.has(candidate))) {
    const needs = [...graph.findNeeds(link)];
    if (needs.length > 0 && needs.every((need) => needed.has(need))) {
      const [task, dependency] = liftToCommonStack(resource, link);
      if (!graph.findClosure([dependency]).has(task)) {
        graph.addDependency(task, dependency);
      }
    }
  }
}
