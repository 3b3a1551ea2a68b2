import { Annotations, Stack } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';
import type { RunTaskProps, TakenFromService } from '../../run-task-props';
import { addWarning } from '../add-warning';
import { isText, listBranches, mapBranches } from '../intrinsics';
import type { Request } from '../render-request';
import { readReferences, readValue } from '../resource-reader';
import { readService } from '../service';

/** Lists why a task cannot run like those of a service. */
export function* checkService(scope: Construct, service: ecs.IService): Generator<string> {
  if (!(service instanceof ecs.BaseService)) {
    yield `forService requires an ecs.FargateService, ecs.Ec2Service or ecs.ExternalService of this app, got: '${service.node.path}'; `
      + 'for an imported service, use new RunTask; for a construct of aws-ecs-patterns, pass its service property';
    return;
  }
  if (Stack.of(scope) !== service.stack) {
    yield `forService requires a scope in the stack of the service, '${service.stack.node.path}', got: '${Stack.of(scope).node.path}'; `
      + 'use a scope in that stack, because otherwise the two stacks would depend on each other';
    return;
  }
  const controllers = listControllers(service);
  if (controllers.every(isUnsupported)) {
    yield `forService requires a service with the deploymentController ECS, got: ${controllers.join(' or ')} for '${service.node.path}'; `
      + 'use new RunTask, and start the deployment of that controller after the task';
    return;
  }
  const { family, taskDefinitionArn, node } = service.taskDefinition;
  const { Cluster, TaskDefinition } = readService(service);
  if (!listBranches(TaskDefinition).every((name) => [taskDefinitionArn, family].includes(name) || `${name}`.startsWith(`${family}:`))) {
    yield `forService requires a service that runs its taskDefinition '${node.path}', got: ${JSON.stringify(Stack.of(service).resolve(TaskDefinition))}; `
      + 'remove the override of TaskDefinition, or use new RunTask';
  }
  const { clusterName, clusterArn, node: { path } } = service.cluster;
  const render = (value: unknown) => JSON.stringify(service.stack.resolve(value));
  const clusterNames = [clusterName, clusterArn].map((name) => render(readReferences(readValue(service, name)))); // an imported name can have several parts
  if (!listBranches(Cluster).every((name) => clusterNames.includes(render(name)))) {
    yield `forService requires a service that runs on its cluster '${path}', got: ${render(Cluster) ?? 'none'}; `
      + 'remove the override of Cluster, or use new RunTask';
  }
}

/** Whether the network of the service, at synthesis, has what the task takes from it. */
export function* checkTakenNetwork(scope: Construct, { service }: TakenFromService, { networkConfiguration }: Request): Generator<string> {
  const { subnets } = Stack.of(scope).resolve(networkConfiguration?.awsvpcConfiguration) ?? {};
  if (networkConfiguration && listBranches(subnets).includes(undefined)) {
    const { NetworkConfiguration = 'none' } = Stack.of(scope).resolve(readService(service as ecs.BaseService));
    yield `forService requires a service with subnets in its NetworkConfiguration, got: ${JSON.stringify(NetworkConfiguration)} for '${service.node.path}'; `
      + 'set vpcSubnets, or use new RunTask';
  }
}

/** It is not an error, because only the deployment knows conditions and parameters. */
export function warnOfDeploymentController(scope: Construct, { _fromService }: RunTaskProps): void {
  const uncertain = _fromService ? listControllers(_fromService.service).filter((type) => isUnsupported(type) || !isText(type ?? '')) : [];
  if (uncertain.length > 0) {
    addWarning(scope, 'cdk-ecs-run-task:deploymentController',
      `The deploymentController of the service '${_fromService!.service.node.path}' may not be ECS in the deployment, got: ${JSON.stringify(Stack.of(scope).resolve(uncertain))}. `
      + 'With CODE_DEPLOY or EXTERNAL, the deployment of the service does not wait for the task. '
      + 'Use new RunTask for such a service, or acknowledge this warning if the deploymentController is always ECS.');
  }
}

/** All types that the deployment controller can have; undefined is ECS. */
function listControllers(service: ecs.BaseService): unknown[] {
  return listBranches(mapBranches(readService(service).DeploymentController, (controller) => controller?.Type));
}

function isUnsupported(controller: unknown): boolean {
  return controller === 'CODE_DEPLOY' || controller === 'EXTERNAL';
}

/** It is not a warning, because most of these tasks need only a database. */
export function informOfServiceConnect(scope: Construct, { _fromService }: RunTaskProps): void {
  const configuration = _fromService && readService(_fromService.service).ServiceConnectConfiguration;
  if (listBranches(mapBranches(configuration, (branch) => branch?.Enabled)).some((enabled) => String(enabled ?? false) !== 'false')) {
    Annotations.of(scope).addInfo('The service uses Service Connect, but this task cannot use its names: ECS adds the Service Connect proxy only to tasks of services. '
      + 'To call other services, use Cloud Map or a load balancer.');
  }
}
