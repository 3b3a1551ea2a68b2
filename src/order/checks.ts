import { CfnResource, Stack, Stage } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { DependencyGraph, liftToCommonStack, listResources } from './dependency-graph';
import { RESOURCE_TYPE } from '../contract';
import type { TaskNetwork } from '../request/render-request';
import { listDependencyRoots, listStacksAround } from '../request/stacks';

/** What a task waits for, or is deployed with, by the name of the prop. */
interface NamedConstructs {
  readonly executeAfter: IConstruct[];
  readonly executeBefore: IConstruct[];
  readonly network?: TaskNetwork;
  readonly functionNetwork?: TaskNetwork;
}

/** CloudFormation deploys each stage separately. Call it at synthesis: until then a scope can be filled. */
export function* checkStages(task: IConstruct, { executeAfter, executeBefore, network, functionNetwork }: NamedConstructs): Generator<string> {
  const constructs = {
    'executeAfter': executeAfter.flatMap(listDependencyRoots),
    'executeBefore': executeBefore,
    'vpcSubnets': network?.subnets.subnets ?? [],
    'securityGroups': network?.securityGroups ?? [],
    'vpcSubnets of configureFunction': functionNetwork?.subnets.subnets ?? [],
    'securityGroups of configureFunction': functionNetwork?.securityGroups ?? [],
  };
  for (const [prop, scopes] of Object.entries(constructs)) {
    const found = scopes.flatMap(listResources).find((resource) => Stage.of(resource) !== Stage.of(task));
    if (found) {
      yield `${prop} must be in ${describeStage(task)}, like the RunTask, got: '${found.node.path}' in ${describeStage(found)}; `
        + 'move the RunTask to the other stage, or name only constructs in its stage, because each stage is deployed separately';
    }
  }
}

function describeStage(construct: IConstruct): string {
  const stage = Stage.of(construct);
  return stage?.parentStage ? `the stage '${stage.node.path}'` : 'the app itself';
}

/** Throws if what the task shall wait for needs the task. Not every version of the CDK reports that. */
export function checkNeeded(resource: CfnResource, scope: IConstruct, needed: CfnResource[], graph: DependencyGraph): void {
  const pairs = needed.map((dependency) => ({ dependency, lifted: liftToCommonStack(resource, dependency) }));
  const closure = graph.findClosure(pairs.map(({ lifted: [, other] }) => other));
  const cycle = pairs.filter(({ lifted: [task] }) => closure.has(task)).find(({ lifted: [task, other] }) => graph.findClosure([other]).has(task));
  if (cycle) {
    throw new Error(`[${resource.node.scope!.node.path}] executeAfter causes a dependency cycle: the task cannot wait for '${scope.node.path}', `
      + `because '${cycle.dependency.node.path}' depends on the task; remove it from executeAfter, or remove what makes it depend on the task`);
  }
}

/** Throws if a resource of the task needs something that needs that resource. Not every version of the CDK reports that. */
export function checkTaskCycle(resource: CfnResource, graph: DependencyGraph): void {
  const ofTask = listResources(resource.node.scope!);
  for (const own of ofTask) {
    const cause = [...graph.findClosure([own])].find((needed) => !ofTask.includes(needed) && graph.findNeeds(needed).has(own)
      && (own.cfnResourceType === RESOURCE_TYPE || own.stack === needed.stack)); // a rule in a nested stack has its own error
    if (cause) {
      throw new Error(`[${resource.node.scope!.node.path}] the task is part of a dependency cycle: it needs '${cause.node.path}', which depends on the task; `
        + 'remove what makes it depend on the task, and use executeAfter and executeBefore instead of node.addDependency()');
    }
  }
}

/** Throws for a scope in executeBefore, or the service of forService, that cannot wait. */
export function checkWaiters(last: CfnResource, before: IConstruct[], graph: DependencyGraph, service?: IConstruct): void {
  for (const scope of before) {
    const resources = listResources(scope);
    const waiters = resources.map((resource) => liftToCommonStack(resource, last));
    if (waiters.length > 0 && !waiters.some(([waiter, task]) => graph.findNeeds(waiter).has(task))) {
      const nestedStack = listStacksAround(resources[0]).find((stack) => stack.nestedStackResource === waiters[0][0]);
      throw explainNoWaiter(last.node.scope!, scope, scope === service, nestedStack);
    }
  }
}

function explainNoWaiter(task: IConstruct, { node: { path } }: IConstruct, isService: boolean, nestedStack?: Stack): Error {
  if (isService) {
    return new Error(`[${task.node.path}] forService cannot make '${path}' wait for the task, because the task needs everything in it; `
      + 'use new RunTask to run the task after the service, or remove what makes the task depend on it');
  }
  if (nestedStack) {
    return new Error(`[${task.node.path}] executeBefore cannot make '${path}' wait for the task, because the task needs resources of the nested stack `
      + `'${nestedStack.node.path}', which can only wait as a whole; create the RunTask in that nested stack, or remove what makes the task depend on it`);
  }
  return new Error(`[${task.node.path}] executeBefore cannot make '${path}' wait for the task, because the task needs everything in it; `
    + 'remove it from executeBefore, or remove what makes the task depend on it');
}
