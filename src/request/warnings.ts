import { Annotations, Stack } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';
import type { RunTaskProps } from '../run-task-props';
import { isFargateProvider, ownedDefinition, rolesOf } from './task-definition';

/** An imported definition may have roles that its import does not name. */
export function warnOfUnknownRoles(scope: Construct, props: RunTaskProps): void {
  if (!ownedDefinition(props.taskDefinition) && rolesOf(props).length === 0) {
    Annotations.of(scope).addWarningV2('cdk-ecs-run-task:unknownRoles',
      'the imported taskDefinition names no roles, so that the permission to pass them (iam:PassRole) is missing: '
      + 'import it with TaskDefinition.fromTaskDefinitionAttributes and its taskRole and executionRole, '
      + 'or acknowledge this warning if the task has none');
  }
}

/**
 * A cluster is given its capacity providers until synthesis, and where the CDK does not see it: by a custom resource, as
 * was usual before there was a resource for it, or by hand. So this is no error.
 */
export function warnOfMissingProviders(scope: Construct, { cluster, capacityProviderStrategies = [] }: RunTaskProps): void {
  const named = capacityProviderStrategies.map(({ capacityProvider }) => capacityProvider).filter(isFargateProvider);
  if (named.length === 0 || !(cluster instanceof ecs.Cluster)) {
    return;
  }
  const given = Stack.of(cluster).node.findAll().flatMap((one) =>
    one instanceof ecs.CfnCluster || one instanceof ecs.CfnClusterCapacityProviderAssociations ? one.capacityProviders ?? [] : []);
  const missing = named.filter((name) => !given.includes(name));
  if (missing.length > 0) {
    Annotations.of(scope).addWarningV2('cdk-ecs-run-task:missingProviders',
      `capacityProviderStrategies names ${missing.join(' and ')}, which the cluster '${cluster.node.path}' lacks: `
      + 'call its enableFargateCapacityProviders(), or acknowledge this warning if it gets them in another way');
  }
}
