import { CfnResource, DefaultStackSynthesizer, Reference, Resource, Stack, Tokenization } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as logs from 'aws-cdk-lib/aws-logs';
import { FLAGS } from 'aws-cdk-lib/cx-api';
import type { Construct, IConstruct } from 'constructs';
import { isOutput } from '../contract';
import { addWarning } from './add-warning';
import type { RunTaskProps } from '../run-task-props';
import { LONGEST_SERVICE_TIMEOUT_SECONDS } from '../timing';
import { findDefinitionResource } from './deployed-definition';
import { warnOfEmptyExitCodeFrom } from './exit-code-warning';
import type { RenderedTask, TaskNetwork } from './render-request';
import { readProperties, readReferences, readValue, ResourceReader } from './resource-reader';
import { findOutermostStack, listDependencyRoots } from './stacks';
import { findDecidingContainers, findLogLocations, isFargateProvider, isOnFargate, listRoles, readIfKnown } from './task-definition';
import { informOfServiceConnect, warnOfDeploymentController } from './validation/service';

/** What the warnings about a task are about. */
interface WarnedTask {
  readonly task: RenderedTask;
  /** The task itself, and the task that a Delete runs. */
  readonly runs: RunTaskProps[];
  readonly network?: TaskNetwork;
  readonly after: IConstruct[];
  readonly before: IConstruct[];
  readonly usedAttributes: string[];
}

/** Adds all warnings about a task. Call it at synthesis: until then the app can add what is missing. */
export function warnOfTask(scope: Construct, { task, runs, network, after, before, usedAttributes }: WarnedTask, reader: ResourceReader): void {
  const { props } = task;
  runs.forEach((run) => warnOfUnknownRoles(scope, run));
  runs.forEach((run) => warnOfEmptyExitCodeFrom(scope, run));
  runs.forEach((run) => warnOfDefinitionElsewhere(scope, run));
  warnOfMissingProviders(scope, props, reader);
  warnOfNoWayOut(scope, task, network);
  warnOfEmptyScopes(scope, before, after);
  warnOfDeploymentController(scope, props);
  informOfServiceConnect(scope, props);
  warnOfExpiringCredentials(scope, props);
  warnOfInfrequentAccess(scope, props, usedAttributes);
}

/** An imported definition can have roles that its import does not name. */
function warnOfUnknownRoles(scope: Construct, props: RunTaskProps): void {
  if (!findDefinitionResource(props.taskDefinition) && listRoles(props).length === 0) {
    addWarning(scope, 'cdk-ecs-run-task:unknownRoles',
      'The imported taskDefinition names no roles, so the permission to pass them (iam:PassRole) is missing. '
      + 'Import it with TaskDefinition.fromTaskDefinitionAttributes and its taskRole and executionRole, '
      + 'or acknowledge this warning if the task definition has no roles.');
  }
}

/** It is not an error, because a cluster can also get capacity providers without the CDK knowing: by a custom resource or manually. */
function warnOfMissingProviders(
  scope: Construct, { cluster, capacityProviderStrategies = [] }: RunTaskProps, reader: ResourceReader,
): void {
  const named = capacityProviderStrategies.map(({ capacityProvider }) => capacityProvider).filter(isFargateProvider);
  if (named.length === 0 || !(cluster instanceof ecs.Cluster)) {
    return;
  }
  const given = JSON.stringify([...readProvidersIn(Stack.of(cluster), reader), ...readStrategiesOfServices(cluster, reader)]);
  const missing = named.filter((name) => !given.includes(`"${name}"`));
  if (missing.length > 0) {
    addWarning(scope, 'cdk-ecs-run-task:missingProviders',
      `capacityProviderStrategies names ${missing.join(' and ')}, which this app does not add to the cluster '${cluster.node.path}'. `
      + 'Call enableFargateCapacityProviders() of the cluster, or acknowledge this warning if the cluster gets its capacity providers in another way.');
  }
}

/** The lists of providers in a stack, in which conditions can decide about names. */
function readProvidersIn(stack: Stack, reader: ResourceReader): unknown[] {
  const resources = stack.node.findAll()
    .filter((construct) => construct instanceof ecs.CfnCluster || construct instanceof ecs.CfnClusterCapacityProviderAssociations);
  return resources.map((resource) => readProperties(reader.read(resource)).CapacityProviders);
}

/** The strategies of the services of a cluster: if these work, the cluster has the providers. */
function readStrategiesOfServices(cluster: ecs.Cluster, reader: ResourceReader): unknown[] {
  const services = cluster.node.root.node.findAll().filter((construct) => construct instanceof ecs.CfnService);
  return services.flatMap((service) => {
    const { Cluster, CapacityProviderStrategy } = readProperties(reader.read(service));
    const resolve = (value: unknown) => JSON.stringify(service.stack.resolve(value));
    const isHere = [cluster.clusterName, cluster.clusterArn].some((own) => resolve(own) === resolve(Cluster));
    return isHere ? [CapacityProviderStrategy] : [];
  });
}

/** Neither is an error, because VPC endpoints and routes that the CDK does not know can be enough. */
function warnOfNoWayOut(scope: Construct, { props, request }: RenderedTask, network: TaskNetwork | undefined): void {
  const { taskDefinition } = props;
  const onFargate = isOnFargate(props) ?? (taskDefinition.isFargateCompatible && !taskDefinition.isEc2Compatible);
  if (!network || !onFargate) {
    return;
  }
  const { subnets, assignPublicIp = 'DISABLED' } = readReferences(readValue(scope, request.networkConfiguration!.awsvpcConfiguration));
  const resolve = (list: unknown) => JSON.stringify(Stack.of(scope).resolve(list));
  const lists = (Array.isArray(subnets) ? subnets.map((id) => [id]) : [subnets]).map(resolve);
  const areAll = (known: ec2.ISubnet[]) => lists.every((list) => known.some(({ subnetId }) => resolve([subnetId]) === list));
  const { vpc } = network;
  if (assignPublicIp === 'DISABLED' && areAll(vpc.publicSubnets) && !hasOtherWayOut(network)) {
    addWarning(scope, 'cdk-ecs-run-task:noPublicIp',
      'The task runs in public subnets without a public IP address, so it cannot reach the internet or pull an image from it. Set assignPublicIp: true, '
      + 'select private subnets with vpcSubnets, or acknowledge this warning if the task reaches everything that it needs through VPC endpoints.');
  }
  if (vpc instanceof ec2.Vpc && areAll(vpc.isolatedSubnets) && !hasOtherWayOut(network) && !hasRoute(vpc.isolatedSubnets)) {
    addWarning(scope, 'cdk-ecs-run-task:noWayOut',
      'The task runs in isolated subnets, and this app adds no interface VPC endpoints for them, so it cannot pull its image. Set assignPublicIp: true for public subnets, '
      + 'select other subnets with vpcSubnets, add VPC endpoints, or acknowledge this warning if the subnets have another route to the registry.');
  }
}

/** Whether the app gives the subnets IPv6 addresses, or the VPC endpoints with a network interface. */
function hasOtherWayOut({ vpc, subnets: { subnets } }: TaskNetwork): boolean {
  const hasIpv6 = subnets.some(({ node }) => node.defaultChild instanceof ec2.CfnSubnet && node.defaultChild.ipv6CidrBlock !== undefined);
  return hasIpv6 || vpc.node.root.node.findAll().some((construct) => construct instanceof ec2.CfnVPCEndpoint
    && construct.vpcEndpointType === ec2.VpcEndpointType.INTERFACE
    && JSON.stringify(construct.stack.resolve(construct.vpcId)) === JSON.stringify(construct.stack.resolve(vpc.vpcId)));
}

function hasRoute(subnets: ec2.ISubnet[]): boolean {
  const routes = subnets[0].node.root.node.findAll().filter((construct) => construct instanceof ec2.CfnRoute);
  const isOf = (route: ec2.CfnRoute, { routeTable }: ec2.ISubnet) =>
    JSON.stringify(route.stack.resolve(route.routeTableId)) === JSON.stringify(route.stack.resolve(routeTable.routeTableId));
  return routes.some((route) => subnets.some((subnet) => isOf(route, subnet)));
}

function warnOfEmptyScopes(scope: Construct, before: IConstruct[], after: IConstruct[]): void {
  for (const { node } of before.filter((waiting) => !hasAny([waiting], CfnResource.isCfnResource))) {
    addWarning(scope, 'cdk-ecs-run-task:nothingWaits',
      `executeBefore names '${node.path}', which has no resource in this app, so nothing waits for the task. Imported resources are deployed elsewhere. `
      + 'Name a construct that this app creates, or remove it from executeBefore.');
  }
  // Something imported exists already, which is what the task needs.
  const isThere = (construct: IConstruct) => CfnResource.isCfnResource(construct) || Resource.isResource(construct);
  for (const { node } of after.filter((needed) => !hasAny(listDependencyRoots(needed), isThere))) {
    addWarning(scope, 'cdk-ecs-run-task:nothingToWaitFor',
      `executeAfter names '${node.path}', which has no resource, so there is nothing in it that the task waits for. `
      + 'Name the construct that creates the resources, or remove it from executeAfter.');
  }
}

function hasAny(scopes: IConstruct[], isSuch: (construct: IConstruct) => boolean): boolean {
  return scopes.some(({ node }) => node.findAll().some(isSuch));
}

/** CloudFormation rejects a change of an export that another stack imports, and a new revision changes the ARN. */
function warnOfDefinitionElsewhere(scope: Construct, { taskDefinition }: RunTaskProps): void {
  const { target } = Tokenization.reverseString(taskDefinition.taskDefinitionArn).tokens.find(Reference.isReference) ?? {};
  if (!target || findOutermostStack(target) === findOutermostStack(scope) || readReferenceStrength(scope, target) !== 'strong') {
    return;
  }
  addWarning(scope, 'cdk-ecs-run-task:definitionInOtherStack',
    `The task definition '${target.node.path}' is in another stack, which cannot deploy a new revision while this stack imports its ARN. `
    + `Move the RunTask to that stack, use weak references ('${REFERENCE_STRENGTH}': 'weak' in the context, if your CDK version supports them), `
    + 'or acknowledge this warning if the task definition never changes.');
}

/** A feature flag since aws-cdk-lib 2.254.0. */
const REFERENCE_STRENGTH = '@aws-cdk/core:defaultCrossStackReferences';

function readReferenceStrength(scope: Construct, target: IConstruct): string {
  if (!(REFERENCE_STRENGTH in FLAGS)) {
    return 'strong'; // this version has no others, even if the context sets one
  }
  const ofTarget = target as { readonly _crossStackReferenceStrengthOverride?: string };
  return ofTarget._crossStackReferenceStrengthOverride ?? Stack.of(scope).node.tryGetContext(REFERENCE_STRENGTH) ?? 'strong';
}

/**
 * Without a role CloudFormation acts with the credentials of the caller, which it cannot renew. Some synthesizers deploy
 * without one.
 */
function warnOfExpiringCredentials(scope: Construct, { timeout }: RunTaskProps): void {
  if (!timeout || timeout.isUnresolved() || timeout.toSeconds() <= LONGEST_SERVICE_TIMEOUT_SECONDS) {
    return;
  }
  const synthesizer: Partial<DefaultStackSynthesizer> = findOutermostStack(scope).synthesizer;
  if (!readIfKnown(() => synthesizer.cloudFormationExecutionRoleArn)) {
    addWarning(scope, 'cdk-ecs-run-task:expiringCredentials',
      'timeout is longer than one hour, but the synthesizer of the stack deploys without a CloudFormation execution role. '
      + 'When the credentials of the caller expire, the deployment and its rollback fail. '
      + 'Use DefaultStackSynthesizer, or acknowledge this warning if you deploy with cdk deploy --role-arn.');
  }
}

/** CloudWatch Logs restricts how events of this class can be read, so the function may not find the outputs in the log. */
function warnOfInfrequentAccess(scope: Construct, props: RunTaskProps, attributes: string[]): void {
  if (!attributes.some(isOutput)) {
    return;
  }
  const deciding = findDecidingContainers(props) ?? [];
  for (const [container, { Group }] of Object.entries(findLogLocations(props)).filter(([name]) => deciding.includes(name))) {
    const group = findLogGroup(scope, Group);
    if (group?.logGroupClass === logs.LogGroupClass.INFREQUENT_ACCESS) {
      addWarning(scope, 'cdk-ecs-run-task:infrequentAccess',
        `getOutput reads the log of container '${container}', but the log group '${group.node.path}' has the class INFREQUENT_ACCESS, `
        + 'and CloudWatch Logs might reject the request. Use the class STANDARD, or acknowledge this warning.');
    }
  }
}

/** The log group, if this app creates it. */
function findLogGroup(scope: Construct, name: string): logs.CfnLogGroup | undefined {
  const target = Tokenization.reverseString(name).tokens.find(Reference.isReference)?.target;
  const groups = Stack.of(scope).node.findAll().filter((construct) => construct instanceof logs.CfnLogGroup);
  return target instanceof logs.CfnLogGroup ? target : groups.find(({ logGroupName }) => logGroupName === name);
}
