import { Annotations, DefaultStackSynthesizer, Reference, Stack, Tokenization } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { isOutput } from '../contract';
import type { RunTaskProps } from '../run-task-props';
import { LONGEST_SERVICE_TIMEOUT_SECONDS } from '../timing';
import { findOutermostStack } from './stacks';
import { findDecidingContainers, findLogLocations, findOwnedDefinition, isFargateProvider, listRoles, readIfKnown } from './task-definition';

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

/**
 * Without a role CloudFormation acts with the credentials of the caller, which it cannot renew. Some synthesizers deploy
 * without one.
 */
export function warnOfExpiringCredentials(scope: Construct, { timeout }: RunTaskProps): void {
  if (!timeout || timeout.isUnresolved() || timeout.toSeconds() <= LONGEST_SERVICE_TIMEOUT_SECONDS) {
    return;
  }
  const synthesizer: Partial<DefaultStackSynthesizer> = findOutermostStack(scope).synthesizer;
  if (!readIfKnown(() => synthesizer.cloudFormationExecutionRoleArn)) {
    Annotations.of(scope).addWarningV2('cdk-ecs-run-task:expiringCredentials',
      'timeout is longer than one hour, but the synthesizer of the stack deploys without a CloudFormation execution role: '
      + 'the deployment fails when the credentials of the caller expire, and so does its rollback; '
      + 'use DefaultStackSynthesizer, or acknowledge this warning if you deploy with cdk deploy --role-arn');
  }
}

/** CloudWatch Logs restricts how events of this class can be read, so the function may not find the outputs in the log. */
export function warnOfInfrequentAccess(scope: Construct, props: RunTaskProps, attributes: string[]): void {
  if (!attributes.some(isOutput)) {
    return;
  }
  const deciding = findDecidingContainers(props) ?? [];
  for (const [container, { Group }] of Object.entries(findLogLocations(props)).filter(([name]) => deciding.includes(name))) {
    const group = findLogGroup(scope, Group);
    if (group?.logGroupClass === logs.LogGroupClass.INFREQUENT_ACCESS) {
      Annotations.of(scope).addWarningV2('cdk-ecs-run-task:infrequentAccess',
        `getOutput reads the log of container '${container}', but the log group '${group.node.path}' has the class INFREQUENT_ACCESS, `
        + 'for which CloudWatch Logs may refuse that: use the class STANDARD, or acknowledge this warning');
    }
  }
}

/** The log group, if this app creates it. */
function findLogGroup(scope: Construct, name: string): logs.CfnLogGroup | undefined {
  const target = Tokenization.reverseString(name).tokens.find(Reference.isReference)?.target;
  const groups = Stack.of(scope).node.findAll().filter((construct) => construct instanceof logs.CfnLogGroup);
  return target instanceof logs.CfnLogGroup ? target : groups.find(({ logGroupName }) => logGroupName === name);
}
