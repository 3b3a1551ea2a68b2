import type { Construct } from 'constructs';
import { checkConstraints, checkContainers, checkDefaultContainer, checkLaunchVolumes, checkPropagatedTags } from './definition';
import { checkDeletion, checkDeletionDefinition } from './deletion';
import { checkDeployedDefinition } from './deployed-definition';
import { checkEnvironment } from './environment';
import { checkLabels } from './labels';
import { checkNetwork } from './network';
import { checkResolvedOverrides, checkOverrides } from './overrides';
import { checkPlacement } from './placement';
import { checkVolumes } from './volumes';
import { checkRollback, checkTimeout, checkVerdict } from './waiting';
import { checkValues } from '../../given-values';
import type { RunTaskProps } from '../../run-task-props';
import type { RenderedTask } from '../render-request';
import { collectTags } from '../tags';
import { findOwnedDefinition, isOnFargate } from '../task-definition';

/** Lists everything that is wrong with the props. What only the deployment can know is accepted. */
export function checkTask(scope: Construct, { props, request }: RenderedTask, deletion?: RenderedTask): string[] {
  return [
    ...checkEnvironment(scope, props),
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

/** Checks inherited tags, the resolved overrides, and the props against the task definitions. Containers, constraints and volumes can be added to these until synthesis. */
export function checkAgainstDefinitions(scope: Construct, { props, request }: RenderedTask, deletion?: RenderedTask): string[] {
  const owned = findOwnedDefinition(props.taskDefinition);
  return [
    ...props._inheritedTags ? checkInheritedTags({ ...props, tags: collectTags(props) }) : [],
    ...checkDeployedDefinition(scope, request, props.taskDefinition),
    ...checkResolvedOverrides(scope, request),
    ...checkDefaultContainer(props, props.taskDefinition),
    ...checkContainers(props, props.taskDefinition),
    ...owned ? [
      ...checkConstraints(request, owned),
      ...checkPropagatedTags(props, owned),
      ...checkLaunchVolumes(props, owned),
    ] : [],
    ...deletion ? checkDeletionDefinition(scope, props, deletion) : [],
  ];
}

function checkInheritedTags(props: RunTaskProps): string[] {
  const missing = [...checkValues({ tags: props.tags })];
  return missing.length > 0 ? missing : [...checkLabels(props)];
}
