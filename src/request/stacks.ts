import { Stack } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** The stack of a construct and those in which it is nested, the innermost first. */
export function listStacksAround(scope: IConstruct): Stack[] {
  const stacks = [Stack.of(scope)];
  for (let stack = stacks[0].nestedStackParent; stack; stack = stack.nestedStackParent) {
    stacks.push(stack);
  }
  return stacks;
}

export function findOutermostStack(scope: IConstruct): Stack {
  return listStacksAround(scope).pop()!;
}
