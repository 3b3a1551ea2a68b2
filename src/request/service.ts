import { CfnResource, Lazy, Reference, Token, Tokenization } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { valueAsString } from './deployed-definition';
import { isText, listBranches, mapBranches } from './intrinsics';
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
  const { LaunchType, CapacityProviderStrategy, PlatformVersion } = readService(service);
  return {
    // With neither, it is the default strategy of the cluster.
    ...LaunchType
      ? { launchType: valueAsString(LaunchType) as ecs.LaunchType }
      : { capacityProviderStrategies: [CapacityProviderStrategy ?? []].flat().map(readStrategy) },
    ...isText(PlatformVersion) && { platformVersion: PlatformVersion as ecs.FargatePlatformVersion },
  };
}

/** An item of a strategy. One that a condition decides about has members that only the deployment knows. */
function readStrategy(item: any): ecs.CapacityProviderStrategy {
  const { CapacityProvider, Base, Weight } = item.CapacityProvider ? item : { CapacityProvider: item, Base: item, Weight: item };
  const asNumber = (value: any) => {
    const known = isText(value) ? Number(value) : value; // CloudFormation accepts both
    return typeof known === 'object' ? Token.asNumber(known) : known;
  };
  return { capacityProvider: valueAsString(CapacityProvider)!, base: asNumber(Base), weight: asNumber(Weight) };
}

function takeNetwork(service: ecs.BaseService): Partial<RunTaskProps> {
  return {
    vpcSubnets: { subnets: findSubnets(service, readNetwork(service, 'Subnets')) },
    securityGroups: service.connections.securityGroups,
    assignPublicIp: readNetwork(service, 'AssignPublicIp') === 'ENABLED',
  };
}

/** The values that the service decides when the template is written. */
function renderLate(service: ecs.BaseService) {
  const { family, taskDefinitionArn } = service.taskDefinition;
  const text = (produce: () => string) => Lazy.string({ produce });
  const list = (produce: () => string[]) => Lazy.list({ produce });
  return {
    // A service can have an older revision. The family alone is the latest one, but a new revision would not change the request.
    taskDefinition: text(() => mapBranches(readService(service).TaskDefinition, (name) => name === family ? taskDefinitionArn : name)),
    capacity: {
      launchType: text(() => readService(service).LaunchType) as Request['launchType'],
      capacityProviderStrategy: Lazy.any({
        produce: () => renderStrategy(readService(service).CapacityProviderStrategy),
      }, { omitEmptyArray: true }) as unknown as Request['capacityProviderStrategy'],
      platformVersion: text(() => readService(service).PlatformVersion),
    },
    subnets: { subnets: list(() => readNetwork(service, 'Subnets')) },
    securityGroups: { securityGroups: list(() => readNetwork(service, 'SecurityGroups')) },
    assignPublicIp: { assignPublicIp: text(() => readNetwork(service, 'AssignPublicIp')) as 'ENABLED' },
  };
}

/** A strategy with the names of the API. A condition can decide about the list, and about each item. */
function renderStrategy(strategy: any): any {
  return mapBranches(strategy, (value) => {
    if (Array.isArray(value)) {
      return value.map(renderStrategy);
    }
    return value?.CapacityProvider ? { capacityProvider: value.CapacityProvider, base: value.Base, weight: value.Weight } : value;
  });
}

/** What the task takes from a service, or what makes that impossible. */
const TAKEN = [
  'capacityProviderStrategy', 'cluster', 'deploymentController', 'launchType', 'networkConfiguration', 'platformVersion', 'serviceConnectConfiguration', 'taskDefinition',
];

export function readService(service: ecs.BaseService): { readonly [name: string]: any } {
  return readProperties(readResource(service.node.defaultChild as CfnResource, { only: TAKEN }));
}

/** A member of the network configuration. A condition can decide about each part of the configuration. */
function readNetwork(service: ecs.BaseService, name: string): any {
  return mapBranches(readService(service).NetworkConfiguration, (configuration) =>
    mapBranches(configuration?.AwsvpcConfiguration, (awsvpc) => awsvpc?.[name]));
}

/** The subnets with these ids, in any branch of a condition, if they are in the VPC or in this app. A list can be a token, whose members are unknown. */
function findSubnets({ stack, cluster: { vpc } }: ecs.BaseService, ids: any): ec2.ISubnet[] {
  const resolve = (list: unknown) => JSON.stringify(stack.resolve(list));
  const known = [...vpc.publicSubnets, ...vpc.privateSubnets, ...vpc.isolatedSubnets].map((subnet) => ({ subnet, list: resolve([subnet.subnetId]) }));
  const findKnown = (list: unknown) => known.filter((candidate) => candidate.list === resolve(list)).map(({ subnet }) => subnet);
  const findOther = (id: unknown) => {
    const subnet = Tokenization.reverseString(valueAsString(id) ?? '').tokens.find(Reference.isReference)?.target.node.scope;
    return subnet instanceof ec2.Subnet ? [subnet] : [];
  };
  const findAll = (list: any): ec2.ISubnet[] => Array.isArray(list)
    ? list.flatMap(listBranches).flatMap((id) => [...findKnown([id]), ...findOther(id)].slice(0, 1))
    : findKnown(list);
  return [...new Set(listBranches(ids).flatMap(findAll))];
}
