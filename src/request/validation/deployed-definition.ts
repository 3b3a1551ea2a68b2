import { Stack } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';
import { findDefinitionResource, readDefinition } from '../deployed-definition';
import { isText } from '../intrinsics';
import type { Request } from '../render-request';
import { isFargateProvider } from '../task-definition';

/**
 * Compares the request with the definition in the template: the request follows the construct, but an aspect or an escape hatch can
 * change the resource, and an import of an L1 resource can differ from it.
 */
export function* checkDeployedDefinition(
  scope: Construct, request: Request, definition: ecs.ITaskDefinition, owner = 'taskDefinition',
): Generator<string> {
  const resource = findDefinitionResource(definition);
  if (!resource) {
    return;
  }
  const { NetworkMode = ecs.NetworkMode.BRIDGE, RequiresCompatibilities = [] } = readDefinition(definition)!;
  const isAwsvpc = request.networkConfiguration !== undefined;
  if (isText(NetworkMode) && isAwsvpc !== (NetworkMode === ecs.NetworkMode.AWS_VPC)) {
    const expected = isAwsvpc ? 'network mode awsvpc' : 'a network mode other than awsvpc';
    yield `${owner} must have ${expected} in the template, for which the RunTask was created, got: ${NetworkMode} for '${resource.node.path}'; give the construct and its resource the same networkMode, without an override`;
  }
  const launchType = findRequiredLaunchType(scope, request);
  const types: unknown[] | undefined = Array.isArray(RequiresCompatibilities) ? RequiresCompatibilities : undefined;
  const isOpen = types?.length === 0 && launchType !== ecs.LaunchType.FARGATE; // without the list, ECS accepts any launch type but Fargate
  if (launchType && types?.every(isText) && !types.includes(launchType) && !isOpen) {
    yield `${owner} must have ${launchType} in its RequiresCompatibilities, because the task runs there, got: ${types.join(', ') || 'none'} for '${resource.node.path}'; give the construct and its resource the same compatibility, without an override`;
  }
}

/** The launch type that the definition must be compatible with, if known. */
function findRequiredLaunchType(scope: Construct, { launchType, capacityProviderStrategy }: Request): string | undefined {
  const resolved = Stack.of(scope).resolve({ launchType, strategy: capacityProviderStrategy });
  if (resolved.launchType !== undefined) {
    return isText(resolved.launchType) ? resolved.launchType : undefined;
  }
  const providers: any[] = Array.isArray(resolved.strategy) ? resolved.strategy : [];
  return providers.some(({ capacityProvider }) => isFargateProvider(capacityProvider)) ? ecs.LaunchType.FARGATE : undefined;
}
