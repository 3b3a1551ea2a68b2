import { Token } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';
import { checkAccountAndRegion } from './account-and-region';
import { checkConstraints, checkContainers, checkDefaultContainer, checkLaunchVolumes, checkPropagatedTags, checkTaskRole } from './definition';
import { checkDeletion, checkDeletionDefinition } from './deletion';
import { checkDeployedDefinition } from './deployed-definition';
import { checkLabels, checkResolvedLabels } from './labels';
import { isKnown } from './limits';
import { checkNetwork } from './network';
import { checkResolvedOverrides, checkOverrides } from './overrides';
import { checkPlacement } from './placement';
import { checkVolumes } from './volumes';
import { checkLazyTimeout, checkRollback, checkTimeout, checkVerdict } from './waiting';
import { checkValues, describeValue } from '../../given-values';
import { CompleteWhen, OnRollback, RunOn, RunTaskProps } from '../../run-task-props';
import { resolveLazy } from '../known-values';
import type { RenderedTask } from '../render-request';
import { collectTags } from '../tags';
import { findOwnedDefinition, isOnFargate } from '../task-definition';

/** Lists everything that is wrong with the props. What only the deployment can know is accepted. */
export function checkTask(scope: Construct, { props, request }: RenderedTask, deletion?: RenderedTask): string[] {
  return [
    ...checkEnums(props),
    ...checkAccountAndRegion(scope, props),
    ...checkPlacement(props, request),
    ...checkNetwork(props, request),
    ...checkOverrides(props, isOnFargate(props)),
    ...checkLabels(props),
    ...checkVolumes(props),
    ...checkTimeout(props),
    ...checkVerdict(props),
    ...checkRollback(props),
    ...deletion ? checkDeletion(scope, props, deletion) : [],
  ];
}

/**
 * Checks lazy values, inherited tags, the resolved overrides, and the props against the task definitions. Containers, constraints and
 * volumes can be added to these until synthesis.
 */
export function checkAtSynthesis(scope: Construct, task: RenderedTask, deletion?: RenderedTask): string[] {
  return [...new Set(listErrorsAtSynthesis(scope, resolveProps(scope, task), deletion && resolveProps(scope, deletion)))];
}

function resolveProps(scope: Construct, { props, request }: RenderedTask): RenderedTask {
  const { placementConstraints, placementStrategy } = request;
  return {
    props: { ...resolveLazy(scope, { ...props, _fromService: undefined }), _fromService: props._fromService },
    request: { ...request, ...resolveLazy(scope, { placementConstraints, placementStrategy }) },
  };
}

function listErrorsAtSynthesis(scope: Construct, task: RenderedTask, deletion?: RenderedTask): string[] {
  const { props, request } = task;
  const owned = findOwnedDefinition(props.taskDefinition);
  const wrong = [...checkValues(props)];
  return wrong.length > 0 ? wrong : [
    ...checkTask(scope, task, deletion),
    ...props._inheritedTags ? checkInheritedTags({ ...props, tags: collectTags(props) }) : [],
    ...checkLazyTimeout(scope, props),
    ...checkResolvedLabels(scope, props),
    ...checkDeployedDefinition(scope, request, props.taskDefinition),
    ...checkResolvedOverrides(scope, request),
    ...checkDefaultContainer(props, props.taskDefinition),
    ...checkContainers(props, props.taskDefinition),
    ...checkTaskRole(props, props.taskDefinition),
    ...owned ? [
      ...checkConstraints(request, owned),
      ...checkPropagatedTags(props, owned),
      ...checkLaunchVolumes(props, owned),
    ] : [],
    ...deletion ? checkDeletionDefinition(scope, props, deletion) : [],
  ];
}

/** JavaScript has no enums, and any other value would fail in the deployment, or silently do something else. */
function* checkEnums(props: RunTaskProps): Generator<string> {
  const { LaunchType: launchType, PropagatedTagSource: propagateTags } = ecs;
  const enums = { launchType, propagateTags, runOn: RunOn, onRollback: OnRollback, completeWhen: CompleteWhen };
  for (const [name, members] of Object.entries(enums)) {
    const [value, values]: [unknown, unknown[]] = [props[name as keyof typeof enums], Object.values(members)];
    if (isKnown(value) && !values.includes(value)) {
      yield `${name} must be one of ${values.join(', ')}, got: ${describeValue(value)}`;
    }
    if (Token.isUnresolved(value) && ['runOn', 'onRollback'].includes(name)) {
      yield `${name} must be known at synthesis, got: a token; use one of ${values.join(', ')}`;
    }
  }
}

function checkInheritedTags(props: RunTaskProps): string[] {
  const missing = [...checkValues({ tags: props.tags })];
  return missing.length > 0 ? missing : [...checkLabels(props)];
}
