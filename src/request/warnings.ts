import { Annotations, Stack } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';
import type { RunTaskProps } from '../run-task-props';
import { findOwnedDefinition, isFargateProvider, listRoles } from './task-definition';

/** An imported definition can have roles that its import does not name. */
export function warnOfUnknownRoles(scope: Construct, props: RunTaskProps): void {
  if (!findOwnedDefinition(props.taskDefinition) && listRoles(props).length === 0) {
    Annotations.of(scope).addWarningV2('cdk-ecs-run-task:unknownRoles',
      'the imported taskDefinition names no roles, so that the permission to pass them (iam:PassRole) is missing: '
      + 'import it with TaskDefinition.fromTaskDefinitionAttributes and its taskRole and executionRole, '
      + 'or acknowledge this warning if the task has none');
  }
}

/**
 * Call it at synthesis: until then the app can add capacity providers to the cluster. It is not an error, because a cluster
 * can also get them without the CDK knowing: by a custom resource or by hand.
 */
export function warnOfMissingProviders(scope: Construct, { cluster, capacityProviderStrategies = [] }: RunTaskProps): void {
  const named = capacityProviderStrategies.map(({ capacityProvider }) => capacityProvider).filter(isFargateProvider);
  if (named.length === 0 || !(cluster instanceof ecs.Cluster)) {
    return;
  }
  const given = Stack.of(cluster).node.findAll().flatMap((construct) =>
    construct instanceof ecs.CfnCluster || construct instanceof ecs.CfnClusterCapacityProviderAssociations ? construct.capacityProviders ?? [] : []);
  const missing = named.filter((name) => !given.includes(name));
  if (missing.length > 0) {
    Annotations.of(scope).addWarningV2('cdk-ecs-run-task:missingProviders',
      `capacityProviderStrategies names ${missing.join(' and ')}, which the cluster '${cluster.node.path}' lacks: `
      + 'call its enableFargateCapacityProviders(), or acknowledge this warning if it gets them in another way');
  }
}
