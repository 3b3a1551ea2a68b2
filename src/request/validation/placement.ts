import * as ecs from 'aws-cdk-lib/aws-ecs';
import { hasWrongLength, isKnown, isOutside } from './limits';
import { checkStrategies } from './strategies';
import type { RunTaskProps } from '../../run-task-props';
import type { Request } from '../render-request';
import { isOnFargate, chooseLaunchType, findOwnedDefinition } from '../task-definition';

export function* checkPlacement(props: RunTaskProps, request: Request): Generator<string> {
  const { launchType, capacityProviderStrategies, platformVersion, taskDefinition } = props;
  const owned = findOwnedDefinition(taskDefinition);
  if (isOutside('count', props.count)) {
    yield `count must be an integer from 1 to 10, got: ${props.count}`;
  }
  if (launchType && capacityProviderStrategies) {
    yield 'launchType and capacityProviderStrategies cannot both be set; remove one of them';
  }
  if (!chooseLaunchType(props) && !capacityProviderStrategies) {
    yield 'capacityProviderStrategies must be set, because the taskDefinition is not compatible with FARGATE, EC2 or EXTERNAL; name a capacity provider for Managed Instances';
  }
  if (owned && launchType && !isCompatible(owned, launchType)) {
    yield `launchType must be compatible with the taskDefinition, got: ${launchType}; remove launchType, or change the compatibility of '${owned.node.path}'`;
  }
  yield* checkStrategies(capacityProviderStrategies ?? []);
  if (platformVersion && isOnFargate(props) === false) {
    yield `platformVersion can only be set for a task on Fargate, got: ${platformVersion}; remove it, or run the task on Fargate`;
  }
  if (isKnown(platformVersion) && !/^(LATEST|\d+\.\d+\.\d+)$/.test(platformVersion)) {
    yield `platformVersion must be LATEST or a version such as 1.4.0, got: '${platformVersion}'`;
  }
  if (hasWrongLength('placementConstraints', request.placementConstraints)) {
    yield `placementConstraints must have at most 10 items, got: ${request.placementConstraints.length}`;
  }
  for (const { expression } of isKnown(request.placementConstraints) ? request.placementConstraints : []) {
    if (hasWrongLength('placementConstraints.expression', expression)) {
      yield `placementConstraints must have expressions of at most 2000 characters, got: ${expression.length}`;
    }
  }
  if (hasWrongLength('placementStrategies', request.placementStrategy)) {
    yield `placementStrategies must have at most 5 items, got: ${request.placementStrategy.length}`;
  }
  for (const name of ['placementConstraints', 'placementStrategies'] as const) {
    if (props[name]?.length && isOnFargate(props)) {
      yield `${name} cannot be set for a task on Fargate; remove it, or run the task on EC2`;
    }
  }
}

export function isCompatible(definition: ecs.TaskDefinition, launchType: ecs.LaunchType): boolean {
  switch (launchType) {
    case ecs.LaunchType.FARGATE: return definition.isFargateCompatible;
    case ecs.LaunchType.EC2: return definition.isEc2Compatible;
    case ecs.LaunchType.EXTERNAL: return definition.isExternalCompatible;
    default: return true; // only the deployment knows it
  }
}
