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
  const instances = findManagedInstances(task, graph);
  const { Request, OnDelete } = graph.renderProperties(task.resource);
  const roleArns = [
    ...definitions.flatMap(({ TaskRoleArn, ExecutionRoleArn }) => [TaskRoleArn, ExecutionRoleArn]),
    ...[Request, OnDelete?.Request].flatMap((request) => [request?.overrides?.taskRoleArn, request?.overrides?.executionRoleArn]),
    ...instances.map(({ InfrastructureRoleArn }) => InfrastructureRoleArn),
  ];
  const names = [
    ...listGivenNames(task),
    ...listNetworkNames(task, graph, index),
    ...instances.flatMap(listInstanceNetwork),
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
    [cluster.clusterName],
    isolated.map(({ vpc }) => vpc.vpcId), // whose endpoints are the only way out
    roles.map((role) => role.roleName),
    roles.map((role) => role.roleArn),
  ];
  return resolveWithAddresses(cluster, lists).flat();
}

/** The names in the template of the task's resource and of the function, which aspects and escape hatches can change. */
function listNetworkNames({ resource }: OrderedTask, graph: DependencyGraph, index: CompanionIndex): unknown[] {
  const { VpcConfig } = graph.renderProperties(Handler.find(resource)!.function.node.defaultChild as CfnResource);
  const { awsvpcConfiguration } = graph.renderProperties(resource).Request.networkConfiguration ?? {};
  const subnets = [VpcConfig?.SubnetIds, awsvpcConfiguration?.subnets].flatMap(listMembers);
  return [
    ...subnets,
    ...findIsolatedVpcs(subnets, graph, index),
    ...[VpcConfig?.SecurityGroupIds, awsvpcConfiguration?.securityGroups].flatMap(listMembers),
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

/** The members of a rendered list, also in the branches of an Fn::If. A list that only the deployment knows is a member itself. */
function listMembers(list: unknown): unknown[] {
  return listBranches(list).flat().flatMap(listBranches);
}

/** What the capacity providers that the task needs say about their Managed Instances. */
function findManagedInstances({ resource }: OrderedTask, graph: DependencyGraph): Properties[] {
  const providers = [...graph.findClosure([resource])].filter(({ cfnResourceType }) => cfnResourceType === 'AWS::ECS::CapacityProvider');
  return providers.flatMap((provider) => graph.renderProperties(provider).ManagedInstancesProvider ?? []);
}

function listInstanceNetwork({ InstanceLaunchTemplate }: Properties): unknown[] {
  const { Subnets, SecurityGroups } = InstanceLaunchTemplate?.NetworkConfiguration ?? {};
  return [Subnets, SecurityGroups].flat();
}

function listFileSystems({ Volumes = [] }: Properties): unknown[] {
  return [Volumes].flat().map(({ EFSVolumeConfiguration, S3FilesVolumeConfiguration }) =>
    EFSVolumeConfiguration?.FilesystemId ?? readName(S3FilesVolumeConfiguration?.FileSystemArn));
}

/** The secrets that a rendered definition reads. */
function listSecrets(definition: Properties): unknown[] {
  const containers: any[] = Array.isArray(definition.ContainerDefinitions) ? definition.ContainerDefinitions : [];
  return containers.flatMap(({ Secrets, LogConfiguration, RepositoryCredentials }) => [
    ...[Secrets, LogConfiguration?.SecretOptions].flat().map((secret) => secret?.ValueFrom), RepositoryCredentials?.CredentialsParameter,
  ]).map(readSecret);
}

/** The reference to a secret, or its ARN, without the key of the value. Only a reference stands for the secret: ARNs have their first parts in common. */
function readSecret(value: any): unknown {
  const [separator, parts] = value?.['Fn::Join'] ?? [];
  const dropKey = (part: unknown) => typeof part === 'string' ? part.replace(/(:secret:[^:]+).*/, '$1') : part;
  if (!parts) {
    return dropKey(value);
  }
  return parts[0].Ref ? parts[0] : { 'Fn::Join': [separator, parts.map(dropKey)] };
}

/** The name in a rendered ARN: something imported has its ARN, a resource of this app is a reference. */
function readName(arn: any): unknown {
  const text = typeof arn === 'object' ? [arn['Fn::Join']?.[1]].flat().pop() : arn;
  return typeof text === 'string' ? text.split('/').pop() : arn;
}
