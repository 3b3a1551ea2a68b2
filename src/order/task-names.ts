import type { CfnResource } from 'aws-cdk-lib';
import type { CompanionIndex } from './companions';
import { DependencyGraph, resolveWithAddresses } from './dependency-graph';
import { findNetworks, OrderedTask } from './ordered-task';
import { Handler } from '../function/handler-function';
import { findDefinitionResource } from '../request/deployed-definition';
import { listBranches } from '../request/intrinsics';
import { listRoles, readIfKnown } from '../request/task-definition';

/** Rendered properties, or a part of them. */
interface Properties {
  readonly [name: string]: any;
}

/** The names, in the template, of what the task has. */
export function findNames(task: OrderedTask, graph: DependencyGraph, index: CompanionIndex): string[] {
  const definitions = task.runs.flatMap(({ taskDefinition }) => findDefinitionResource(taskDefinition) ?? [])
    .map((resource) => graph.renderProperties(resource));
  const providers = findCapacityProviders(task, graph);
  const roleArns = [
    ...definitions.flatMap((definition) => listValues(definition, 'TaskRoleArn', 'ExecutionRoleArn')),
    ...listValues(graph.renderProperties(task.resource),
      'Request.overrides.taskRoleArn', 'Request.overrides.executionRoleArn',
      'OnDelete.Request.overrides.taskRoleArn', 'OnDelete.Request.overrides.executionRoleArn',
    ),
    ...providers.flatMap((provider) => listValues(provider, 'ManagedInstancesProvider.InfrastructureRoleArn')),
  ];
  const names = [
    ...listGivenNames(task),
    ...listNetworkNames(task, graph, index),
    ...providers.flatMap(listInstanceNetwork),
    ...definitions.flatMap(listFileSystems),
    ...roleArns,
    ...roleArns.map(readName),
    ...definitions.flatMap(listSecrets),
  ];
  return names.filter((name) => name !== undefined).map((name) => JSON.stringify(name));
}

/** The names of the constructs in the props. Each list as a whole, because it can be a token: what names one of its members then contains that token. */
function listGivenNames(task: OrderedTask): unknown[] {
  const { props: { cluster, volumes = [] }, runs, securityGroups } = task;
  const networks = findNetworks(task);
  const isolated = networks.filter(({ vpc, subnets }) => subnets.subnets.some((subnet) => vpc.isolatedSubnets.includes(subnet)));
  const roles = [...runs.flatMap(listRoles), ...volumes.map((volume) => volume.role)];
  const lists = [
    ...[securityGroups, ...networks.map((network) => network.securityGroups)].map((groups) => groups.map((group) => group.securityGroupId)),
    ...networks.map(({ subnets }) => subnets.subnetIds),
    ...networks.map(({ subnets }) => subnets.subnets.map((subnet) => readIfKnown(() => subnet.routeTable.routeTableId))),
    [cluster.clusterName, cluster.clusterArn],
    isolated.map(({ vpc }) => vpc.vpcId), // whose endpoints are the only way out
    roles.map((role) => role.roleName),
    roles.map((role) => role.roleArn),
  ];
  return resolveWithAddresses(cluster, lists).flat();
}

/** The names in the template of the task's resource and of the function, which aspects and escape hatches can change. */
function listNetworkNames({ resource }: OrderedTask, graph: DependencyGraph, index: CompanionIndex): unknown[] {
  const ofFunction = graph.renderProperties(Handler.find(resource)!.function.node.defaultChild as CfnResource);
  const ofTask = graph.renderProperties(resource);
  const subnets = [...listValues(ofFunction, 'VpcConfig.SubnetIds'), ...listValues(ofTask, 'Request.networkConfiguration.awsvpcConfiguration.subnets')];
  return [
    ...subnets,
    ...findIsolatedVpcs(subnets, graph, index),
    ...listValues(ofFunction, 'VpcConfig.SecurityGroupIds'),
    ...listValues(ofTask, 'Request.networkConfiguration.awsvpcConfiguration.securityGroups'),
  ];
}

/** The VPCs of the subnets of this app that have no default route. */
function findIsolatedVpcs(subnets: unknown[], graph: DependencyGraph, index: CompanionIndex): unknown[] {
  const names = new Set(subnets.map((subnet) => JSON.stringify(subnet)));
  const nameOf = ({ node }: CfnResource) => JSON.stringify({ Ref: node.addr });
  const found = graph.resources.filter((resource) => resource.cfnResourceType === 'AWS::EC2::Subnet' && names.has(nameOf(resource)));
  const isDefaultRoute = (companion: CfnResource) => {
    const { DestinationCidrBlock, DestinationIpv6CidrBlock } = graph.renderProperties(companion);
    return DestinationCidrBlock === '0.0.0.0/0' || DestinationIpv6CidrBlock === '::/0';
  };
  const isolated = found.filter((subnet) => !index.findCompanionsOf([nameOf(subnet)]).some(isDefaultRoute));
  return isolated.map((subnet) => graph.renderProperties(subnet).VpcId);
}

/**
 * The values at these paths in rendered properties. Each part of a path can be a list, and a condition (Fn::If) can decide about it.
 *
 * A list that only the deployment knows is a value itself.
 */
function listValues(properties: Properties, ...paths: string[]): unknown[] {
  const listMembers = (value: unknown) => listBranches(value).flat().flatMap(listBranches);
  const listAt = (path: string) => path.split('.').reduce((values: unknown[], name) => values.flatMap((value) => listMembers(Object(value)[name])), [properties]);
  return paths.flatMap(listAt);
}

/** The capacity providers that the task needs. */
function findCapacityProviders({ resource }: OrderedTask, graph: DependencyGraph): Properties[] {
  const providers = [...graph.findClosure([resource])].filter(({ cfnResourceType }) => cfnResourceType === 'AWS::ECS::CapacityProvider');
  return providers.map((provider) => graph.renderProperties(provider));
}

/** The network of the Managed Instances of a capacity provider. */
function listInstanceNetwork(provider: Properties): unknown[] {
  const path = 'ManagedInstancesProvider.InstanceLaunchTemplate.NetworkConfiguration';
  return listValues(provider, `${path}.Subnets`, `${path}.SecurityGroups`);
}

function listFileSystems(definition: Properties): unknown[] {
  return [
    ...listValues(definition, 'Volumes.EFSVolumeConfiguration.FilesystemId'),
    ...listValues(definition, 'Volumes.S3FilesVolumeConfiguration.FileSystemArn').map(readName),
  ];
}

/** The secrets that a rendered definition reads. */
function listSecrets(definition: Properties): unknown[] {
  return listValues(definition,
    'ContainerDefinitions.Secrets.ValueFrom',
    'ContainerDefinitions.LogConfiguration.SecretOptions.ValueFrom',
    'ContainerDefinitions.RepositoryCredentials.CredentialsParameter',
  ).map(readSecret);
}

/** The reference to a secret, or its ARN, without the key of the value. Only a reference stands for the secret: ARNs have their first parts in common. */
function readSecret(value: any): unknown {
  const [separator, parts] = value?.['Fn::Join'] ?? [];
  const dropKey = (part: unknown) => typeof part === 'string' ? part.replace(/(:secret:[^:]+).*/, '$1') : part;
  if (!parts) {
    return dropKey(value);
  }
  return parts[0]?.Ref ? parts[0] : { 'Fn::Join': [separator, parts.map(dropKey)] };
}

/** The name in a rendered ARN: something imported has its ARN, a resource of this app is a reference. */
function readName(arn: any): unknown {
  const text = typeof arn === 'object' ? [arn['Fn::Join']?.[1]].flat().pop() : arn;
  return typeof text === 'string' ? text.split('/').pop() : arn;
}
