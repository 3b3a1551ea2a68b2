import type { Stack } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import type { Construct, IConstruct } from 'constructs';
import { neededBy } from './stacks';

/** The custom resource of a RunTask. */
export function resourceOf(task: Construct): IConstruct {
  return task.node.findChild('Resource');
}

/** Expects that CloudFormation creates a construct after these resources, which are given by their paths. */
export function expectToWaitFor(construct: IConstruct, ...paths: Array<string | RegExp>): void {
  expect(neededBy(construct)).toEqual(expect.arrayContaining(paths.map((path) => typeof path === 'string' ? path : expect.stringMatching(path))));
}

export function expectNotToWaitFor(construct: IConstruct, ...paths: Array<string | RegExp>): void {
  const needed = neededBy(construct);
  expect(needed.filter((path) => paths.some((pattern) => typeof pattern === 'string' ? path === pattern : pattern.test(path)))).toEqual([]);
}

/** The texts of the warnings about a construct. */
export function warningsOf(stack: Stack, path = '/Stack/Task'): unknown[] {
  return Annotations.fromStack(stack).findWarning(path, Match.anyValue()).map(({ entry }) => entry.data);
}

/** Expects exactly these errors of the constructor or of the synthesis: whole texts, or parts of them as regular expressions. */
export function expectErrors(act: () => unknown, ...errors: Array<string | RegExp>): void {
  expect(errorsOf(act)).toEqual(errors.map((error) => typeof error === 'string' ? error : expect.stringMatching(error)));
}

/** One line for each error. CDK puts a heading before errors of the synthesis. */
function errorsOf(act: () => unknown): string[] {
  try {
    act();
  } catch (error) {
    return (error as Error).message.split('\n').map((line) => line.trim()).filter((line) => !/^Validation failed/.test(line));
  }
  return [];
}
