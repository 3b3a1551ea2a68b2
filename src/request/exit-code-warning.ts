import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { addWarning } from './add-warning';
import { isNoValue } from './intrinsics';
import type { RunTaskProps } from '../run-task-props';

/** It is not an error, because only the deployment knows conditions and parameters. */
export function warnOfEmptyExitCodeFrom(scope: Construct, { exitCodeFrom }: RunTaskProps): void {
  const list = Stack.of(scope).resolve(exitCodeFrom);
  if (list !== undefined && canBeEmpty(list)) {
    addWarning(scope, 'cdk-ecs-run-task:emptyExitCodeFrom',
      `exitCodeFrom can be an empty list in the deployment, which the function rejects, got: ${JSON.stringify(list)}. `
      + 'Name at least one container without a condition, or acknowledge this warning if the list is never empty.');
  }
}

/** Whether a resolved list can be empty in the deployment. */
function canBeEmpty(list: any): boolean {
  if (!Array.isArray(list)) {
    const [, ...branches] = list['Fn::If'] ?? [];
    return branches.length > 0 ? branches.some(canBeEmpty) : true;
  }
  const removals = list.map(findRemoval).filter((removal) => removal !== undefined);
  const hasOpposites = removals.some((removal) => removals.some((other) => removal.condition === other.condition && removal.if !== other.if));
  return removals.length === list.length && !hasOpposites;
}

/** The condition, and its value, that removes a member from the list. */
function findRemoval(member: any): { readonly condition: string; readonly if: boolean } | undefined {
  if (isNoValue(member)) {
    return { condition: '', if: true };
  }
  const [condition, ...branches] = member['Fn::If'] ?? [];
  const removing = branches.findIndex(isNoValue);
  return removing < 0 ? undefined : { condition, if: removing === 0 };
}
