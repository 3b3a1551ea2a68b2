import { Stack } from 'aws-cdk-lib';
import { Dependable, IConstruct } from 'constructs';

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

/** The scopes that a construct stands for as a dependency: itself, and others if it says so. */
export function listDependencyRoots(construct: IConstruct): IConstruct[] {
  return [...new Set([construct, ...Dependable.of(construct).dependencyRoots])];
}

/** Whether a construct is still part of the app, which can remove it with `Node.tryRemoveChild`. */
export function isInTree({ node }: IConstruct): boolean {
  const [, ...scopes] = node.scopes;
  return scopes.every((construct) => construct.node.scope!.node.tryFindChild(construct.node.id) === construct);
}
