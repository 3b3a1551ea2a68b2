import { Aspects, Lazy } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { CUSTOM_RESOURCE_SINGLETON, CUSTOM_RESOURCE_SINGLETON_LOG_GROUP, CustomResourceLambdaRuntime } from 'aws-cdk-lib/custom-resources';

/** The version of Node.js for which projenrc/bundle.ts builds the code of the function. */
const OLDEST_NODE = 22;

/** Lets the function follow what `CustomResourceConfig` sets for all custom resources of a scope. */
export function followCustomResourceConfig(handler: lambda.Function): void {
  // By this metadata the aspects of CustomResourceConfig find the function, or the log group that a feature flag gives to it.
  const logGroup = handler.node.tryFindChild('LogGroup');
  (logGroup ?? handler).node.addMetadata(logGroup ? CUSTOM_RESOURCE_SINGLETON_LOG_GROUP : CUSTOM_RESOURCE_SINGLETON, true);
  const resource = handler.node.defaultChild as lambda.CfnFunction;
  resource.runtime = Lazy.string({ produce: () => findRuntime(handler) ?? handler.runtime.name });
}

/** Metadata would make an aspect set any runtime, also one that cannot run the code. */
function findRuntime(handler: lambda.Function): string | undefined {
  const aspects = handler.node.scopes.reverse().flatMap((scope) => [...Aspects.of(scope).all].reverse());
  const runtimes = aspects.filter((aspect) => aspect instanceof CustomResourceLambdaRuntime)
    .map((aspect) => aspect['lambdaRuntime']); // eslint-disable-line dot-notation
  const nearest = runtimes.find(({ family }) => family === lambda.RuntimeFamily.NODEJS);
  return nearest && Number(/^nodejs(\d+)/.exec(nearest.name)?.[1]) >= OLDEST_NODE ? nearest.name : undefined;
}
