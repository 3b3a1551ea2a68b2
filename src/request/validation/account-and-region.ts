import { Arn, ArnFormat, IResource, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { isKnown } from './limits';
import type { RunTaskProps } from '../../run-task-props';
import { readIfKnown } from '../task-definition';

/** ECS runs a task in the account and the Region of the function that starts it, which are those of the stack. */
export function* checkAccountAndRegion(scope: Construct, { cluster, taskDefinition, taskOverrides }: Partial<RunTaskProps>): Generator<string> {
  const stack = Stack.of(scope);
  const places = {
    cluster: cluster && readAccountAndRegion(cluster, cluster.clusterArn),
    taskDefinition: taskDefinition && readAccountAndRegion(taskDefinition, taskDefinition.taskDefinitionArn),
  };
  for (const [name, place] of Object.entries(places)) {
    if (areDifferent(place?.account, stack.account)) {
      yield `${name} must be in the account of the stack, ${stack.account}, got: ${place?.account}; move the RunTask to a stack in that account`;
    }
    if (areDifferent(place?.region, stack.region)) {
      yield `${name} must be in the Region of the stack, ${stack.region}, got: ${place?.region}; move the RunTask to a stack in that Region`;
    }
  }
  const roles = {
    'taskDefinition.taskRole': taskDefinition && readIfKnown(() => taskDefinition.taskRole),
    'taskDefinition.executionRole': taskDefinition?.executionRole,
    'taskOverrides.taskRole': taskOverrides?.taskRole,
    'taskOverrides.executionRole': taskOverrides?.executionRole,
  };
  for (const [name, role] of Object.entries(roles)) {
    if (areDifferent(role?.env.account, stack.account)) {
      yield `${name} must be in the account of the stack, ${stack.account}, got: ${role?.env.account}; use a role of this account that is allowed to assume the other role`;
    }
  }
}

/** Prefers the ARN, if it is known: some imports do not know their own account and Region. */
function readAccountAndRegion(resource: IResource, arn: string): { readonly account?: string; readonly region?: string } {
  return isKnown(arn) && arn.startsWith('arn:') ? Arn.split(arn, ArnFormat.SLASH_RESOURCE_NAME) : resource.env;
}

export function areDifferent(actual: string | undefined, expected: string): boolean {
  return isKnown(actual) && isKnown(expected) && actual !== expected;
}
