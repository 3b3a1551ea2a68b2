import { Annotations, CfnResource, Lazy, Reference, Stack, Token, Tokenization } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';
import type { Request } from './render-request';
import { readProperties, readResource } from './resource-reader';
import type { RunTaskForServiceProps, RunTaskProps } from '../run-task-props';

/**
 * The props of a task that runs like those of a service.
 *
 * Each value is read twice. Validation, permissions and order need what the service has now. The request gets what the
 * service has when the template is written: aspects and escape hatches can change its resource until then.
 */
export function takeFromService(service: ecs.BaseService, given: RunTaskForServiceProps): RunTaskProps {
  const props = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as RunTaskForServiceProps;
  const takesCapacity = !props.launchType && !props.capacityProviderStrategies;
  const isAwsvpc = service.taskDefinition.networkMode === ecs.NetworkMode.AWS_VPC;
  const late = renderLate(service);
  return {
    cluster: service.cluster,
    taskDefinition: service.taskDefinition,
    ...takesCapacity && takeCapacity(service),
    ...isAwsvpc && takeNetwork(service),
    ...props,
    executeBefore: [service, ...props.executeBefore ?? []],
    _fromService: {
      service,
      request: {
        taskDefinition: late.taskDefinition,
        ...takesCapacity && late.capacity,
        ...props.platformVersion && { platformVersion: props.platformVersion },
        ...isAwsvpc && {
          networkConfiguration: {
            awsvpcConfiguration: {
              ...!props.vpcSubnets && late.subnets,
              ...!props.securityGroups && late.securityGroups,
              ...props.assignPublicIp === undefined && late.assignPublicIp,
            } as ReturnType<typeof renderLate>['subnets'],
          },
        },
      },
    },
  };
}

function takeCapacity(service: ecs.BaseService): Partial<RunTaskProps> {
  const { LaunchType, CapacityProviderStrategy = [], PlatformVersion } = readService(service);
  const capacityProviderStrategies = CapacityProviderStrategy.map(({ CapacityProvider, Base, Weight }: any) => (
    { capacityProvider: Token.asString(CapacityProvider), base: Base, weight: Weight }));
  return {
    ...LaunchType ? { launchType: LaunchType } : { capacityProviderStrategies }, // with neither, it is the default strategy of the cluster
    ...PlatformVersion && { platformVersion: PlatformVersion },
  };
}

function takeNetwork(service: ecs.BaseService): Partial<RunTaskProps> {
  const { Subnets, AssignPublicIp } = readNetwork(service);
  return {
    vpcSubnets: { subnets: findSubnets(service, Subnets) },
    securityGroups: service.connections.securityGroups,
    assignPublicIp: AssignPublicIp === 'ENABLED',
  };
}

/** The values that the service decides when the template is written. */
function renderLate(service: ecs.BaseService) {
  const { family, taskDefinitionArn } = service.taskDefinition;
  const text = (produce: () => string) => Lazy.string({ produce });
  const list = (produce: () => string[]) => Lazy.list({ produce });
  return {
    // A service can have an older revision. The family alone is the latest one, but a new revision would not change the request.
    taskDefinition: text(() => {
      const { TaskDefinition } = readService(service);
      return TaskDefinition === family ? taskDefinitionArn : TaskDefinition;
    }),
    capacity: {
      launchType: text(() => readService(service).LaunchType) as Request['launchType'],
      capacityProviderStrategy: Lazy.any({
        produce: () => readService(service).CapacityProviderStrategy?.map(({ CapacityProvider, Base, Weight }: any) => (
          { capacityProvider: CapacityProvider, base: Base, weight: Weight })),
      }, { omitEmptyArray: true }) as unknown as Request['capacityProviderStrategy'],
      platformVersion: text(() => readService(service).PlatformVersion),
    },
    subnets: { subnets: list(() => readNetwork(service).Subnets) },
    securityGroups: { securityGroups: list(() => readNetwork(service).SecurityGroups) },
    assignPublicIp: { assignPublicIp: text(() => readNetwork(service).AssignPublicIp) as 'ENABLED' },
  };
}

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
  const { DeploymentController, TaskDefinition } = readService(service);
  const controller = DeploymentController?.Type;
  if (controller === 'CODE_DEPLOY' || controller === 'EXTERNAL') {
    yield `forService requires a service with the deploymentController ECS, got: ${controller} for '${service.node.path}'; `
      + 'use new RunTask, and start the deployment of that controller after the task';
    return;
  }
  const { family, taskDefinitionArn, node } = service.taskDefinition;
  const names = [taskDefinitionArn, family];
  if (!names.includes(TaskDefinition) && !`${TaskDefinition}`.startsWith(`${family}:`)) {
    yield `forService requires a service that runs its taskDefinition '${node.path}', got: ${JSON.stringify(Stack.of(service).resolve(TaskDefinition))}; `
      + 'remove the override of TaskDefinition, or use new RunTask';
  }
}

/** It is not a warning, because most of these tasks need only a database. */
export function informOfServiceConnect(scope: Construct, { _fromService }: RunTaskProps): void {
  const { Enabled = false } = _fromService ? readService(_fromService.service).ServiceConnectConfiguration ?? {} : {};
  if (Enabled !== false) {
    Annotations.of(scope).addInfo('The service uses Service Connect, but this task cannot use its names: ECS adds the Service Connect proxy only to tasks of services. '
      + 'To call other services, use Cloud Map or a load balancer.');
  }
}

function readService(service: ecs.BaseService): { readonly [name: string]: any } {
  return readProperties(readResource(service.node.defaultChild as CfnResource));
}

function readNetwork(service: ecs.BaseService): { readonly [name: string]: any } {
  return readService(service).NetworkConfiguration?.AwsvpcConfiguration ?? {};
}

/** The subnets with these ids, if they are in the VPC or in this app. The list can be a token, whose members are unknown. */
function findSubnets({ stack, cluster: { vpc } }: ecs.BaseService, ids: string[]): ec2.ISubnet[] {
  const resolve = (list: unknown) => JSON.stringify(stack.resolve(list));
  const known = [...vpc.publicSubnets, ...vpc.privateSubnets, ...vpc.isolatedSubnets].map((subnet) => ({ subnet, list: resolve([subnet.subnetId]) }));
  const findKnown = (list: unknown) => known.filter((candidate) => candidate.list === resolve(list)).map(({ subnet }) => subnet);
  const findOther = (id: string) => {
    const subnet = Tokenization.reverseString(id).tokens.find(Reference.isReference)?.target.node.scope;
    return subnet instanceof ec2.Subnet ? [subnet] : [];
  };
  return Array.isArray(ids) ? ids.flatMap((id) => [...findKnown([id]), ...findOther(id)].slice(0, 1)) : findKnown(ids);
}
