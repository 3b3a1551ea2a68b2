import * as ecs from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';
import { checkAccountAndRegion } from './account-and-region';
import { checkConstraints, checkContainers, checkDefaultContainer, checkPropagatedTags, checkTaskRole } from './definition';
import { checkDeployedDefinition } from './deployed-definition';
import { addPath } from './limits';
import { checkResolvedOverrides, checkOverrides } from './overrides';
import { isCompatible } from './placement';
import { checkLazyTimeout, checkTimeout, checkVerdict } from './waiting';
import type { RunTaskProps } from '../../run-task-props';
import type { RenderedTask } from '../render-request';
import { isAwsvpc, chooseLaunchType, listLaunchVolumes, findNetworkMode, findOwnedDefinition, isOnFargate } from '../task-definition';

/** Checks what onDelete sets. Everything else is checked with the task of the RunTask. */
export function* checkDeletion(scope: Construct, props: RunTaskProps, { props: deletion }: RenderedTask): Generator<string> {
  const { taskDefinition } = deletion;
  yield* addPath('onDelete', checkAccountAndRegion(scope, props.onDelete!));
  yield* addPath('onDelete', checkOverrides(props.onDelete!, isOnFargate(deletion)));
  yield* addPath('onDelete', checkTimeout(props.onDelete!, true));
  yield* addPath('onDelete', checkVerdict(props.onDelete!));
  if (taskDefinition === props.taskDefinition) {
    return;
  }
  const owned = findOwnedDefinition(taskDefinition);
  const launchType = chooseLaunchType(props);
  if (owned && launchType && !isCompatible(owned, launchType)) {
    yield `onDelete.taskDefinition must be compatible with the launch type of the RunTask, ${launchType}, got: '${owned.node.path}'; change its compatibility`;
  }
  const networkMode = findNetworkMode(taskDefinition);
  if (networkMode && isAwsvpc(props) !== (networkMode === ecs.NetworkMode.AWS_VPC)) {
    const expected = isAwsvpc(props) ? 'network mode awsvpc' : 'a network mode other than awsvpc';
    yield `onDelete.taskDefinition must have ${expected}, like the taskDefinition of the RunTask, got: ${networkMode}; change its networkMode`;
  }
}

/** Checks onDelete against its task definition, to which containers can be added until synthesis. */
export function* checkDeletionDefinition(scope: Construct, props: RunTaskProps, deletion: RenderedTask): Generator<string> {
  const { props: { taskDefinition }, request } = deletion;
  const owned = findOwnedDefinition(taskDefinition);
  const isOther = taskDefinition !== props.taskDefinition;
  const owner = isOther ? 'onDelete.taskDefinition' : 'taskDefinition';
  yield* addPath('onDelete', checkLazyTimeout(scope, props.onDelete!));
  yield* addPath('onDelete', checkResolvedOverrides(scope, request));
  yield* addPath('onDelete', checkDefaultContainer(props.onDelete!, taskDefinition, owner));
  yield* addPath('onDelete', checkContainers(props.onDelete!, taskDefinition, owner));
  yield* checkTaskRole(deletion.props, taskDefinition, 'onDelete.');
  if (isOther) {
    yield* checkDeployedDefinition(scope, request, taskDefinition, owner);
  }
  if (owned && isOther) {
    yield* checkConstraints(request, owned, owner);
    yield* checkPropagatedTags(props, owned, owner);
    for (const volume of listLaunchVolumes(owned) ?? []) {
      yield `onDelete.taskDefinition must not configure volumes at launch, got: '${volume}'; remove the volume, or use the taskDefinition of the RunTask`;
    }
  }
}
