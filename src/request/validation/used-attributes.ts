import { Stack, Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { isKnown } from './limits';
import { isOutput, usesLogs } from '../../contract';
import { OnRollback, RunOn, RunTaskProps } from '../../run-task-props';
import { findDecidingContainers, findLogLocations, findOwnedDefinition } from '../task-definition';

/** Checks the attributes that the stack uses: it can start to use one until synthesis. */
export function checkUsedAttributes(scope: Construct, props: RunTaskProps, attributes: string[]): string[] {
  return [...checkNestedStack(scope, props, attributes), ...usesLogs(attributes) ? checkLogs(props, attributes) : []];
}

/**
 * A rollback takes the attributes from the outputs of the stack. Those of a nested stack change as soon as it is updated, so
 * in a rollback of its parent they are those of the failed deployment.
 */
function* checkNestedStack(scope: Construct, { runOn, onRollback }: RunTaskProps, attributes: string[]): Generator<string> {
  if (attributes.length > 0 && Stack.of(scope).nested && runOn !== RunOn.CREATE && onRollback !== OnRollback.RUN) {
    yield `attributes and outputs cannot be used in a nested stack, because they would be wrong after a rollback of the parent stack, got: ${attributes.join(', ')}; move the RunTask to the parent stack, or set onRollback to RUN or runOn to CREATE`;
  }
}

function checkLogs(props: RunTaskProps, attributes: string[]): string[] {
  const outputs = attributes.filter(isOutput);
  const deciding = findDecidingContainers(props);
  const streams = findLogLocations(props);
  const canBeIn = (name: string) => name in streams || (!isKnown(name) && Object.keys(streams).length > 0);
  const errors = [];
  if (outputs.length > 0 && props.count !== undefined && props.count !== 1) {
    errors.push(`getOutput can only be used for a single task, got: count ${Token.isUnresolved(props.count) ? 'from the deployment' : props.count}; remove count`);
  }
  if (outputs.length > 0 && !(deciding ?? Object.keys(streams)).some(canBeIn)) {
    errors.push(`getOutput requires a deciding container with the awslogs driver and a streamPrefix, in a taskDefinition of this app, got: ${deciding?.join(', ') || 'none'}; set its logging to ecs.LogDrivers.awsLogs({ streamPrefix: '...' })`);
  }
  if (attributes.includes('LogStreamName') && deciding && findOwnedDefinition(props.taskDefinition) && !canBeIn(deciding[0])) {
    errors.push(`logStreamName requires the awslogs driver and a streamPrefix, which the container '${deciding[0]}' of the taskDefinition does not have; set its logging to ecs.LogDrivers.awsLogs({ streamPrefix: '...' })`);
  }
  return errors;
}
