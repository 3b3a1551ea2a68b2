import * as ecs from 'aws-cdk-lib/aws-ecs';
import { isIntegerWithin, isLongerThan } from './limits';
import type { RunTaskProps } from '../../run-task-props';
import type { Request } from '../render-request';
import { isOnFargate, chooseLaunchType, findOwnedDefinition } from '../task-definition';

export function* checkPlacement(props: RunTaskProps, request: Request): Generator<string> {
  const { launchType, capacityProviderStrategies, platformVersion, taskDefinition } = props;
  const owned = findOwnedDefinition(taskDefinition);
  if (!isIntegerWithin(props.count, 1, 10)) {
    yield `count must be an integer from 1 to 10, got: ${props.count}`;
  }
  if (launchType && capacityProviderStrategies) {
    yield `launchType and capacityProviderStrategies exclude each other, got: ${launchType} and ${capacityProviderStrategies.length} strategies; remove one of the two`;
  }
  if (!chooseLaunchType(props) && !capacityProviderStrategies) {
    yield 'capacityProviderStrategies is required: the taskDefinition is compatible with none of the launch types FARGATE, EC2 and EXTERNAL';
  }
  if (owned && launchType && !isCompatible(owned, launchType)) {
    yield `launchType must be one that the taskDefinition is compatible with, got: ${launchType}; remove it, or change the compatibility of '${owned.node.path}'`;
  }
  if (isLongerThan(20, capacityProviderStrategies)) {
    yield `capacityProviderStrategies must have at most 20 items, got: ${capacityProviderStrategies.length}`;
  }
  if (platformVersion && isOnFargate(props) === false) {
    yield `platformVersion is for tasks on Fargate only, got: ${platformVersion}; remove it, or run the task on Fargate`;
  }
  if (isLongerThan(10, request.placementConstraints)) {
    yield `placementConstraints must have at most 10 items, got: ${request.placementConstraints.length}`;
  }
  if (isLongerThan(5, request.placementStrategy)) {
    yield `placementStrategies must have at most 5 items, got: ${request.placementStrategy.length}`;
  }
  for (const name of ['placementConstraints', 'placementStrategies'] as const) {
    if (props[name]?.length && isOnFargate(props)) {
      yield `${name} must not be set for a task on Fargate, got: ${props[name].length}; remove it, or run the task on EC2`;
    }
  }
}

export function isCompatible(definition: ecs.TaskDefinition, launchType: ecs.LaunchType): boolean {
  switch (launchType) {
    case ecs.LaunchType.FARGATE: return definition.isFargateCompatible;
    case ecs.LaunchType.EC2: return definition.isEc2Compatible;
    case ecs.LaunchType.EXTERNAL: return definition.isExternalCompatible;
  }
}
