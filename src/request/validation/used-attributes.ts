import { Token } from 'aws-cdk-lib';
import { isOutput, usesLogs } from '../../contract';
import type { RunTaskProps } from '../../run-task-props';
import { findDecidingContainers, findLogLocations, findOwnedDefinition } from '../task-definition';

/** Checks the attributes that the stack uses: it can start to use one until synthesis. */
export function checkUsedAttributes(props: RunTaskProps, attributes: string[]): string[] {
  if (!usesLogs(attributes)) {
    return [];
  }
  const outputs = attributes.filter(isOutput);
  const deciding = findDecidingContainers(props);
  const streams = findLogLocations(props);
  const errors = [];
  if (outputs.length > 0 && props.count !== undefined && props.count !== 1) {
    errors.push(`getOutput is for a single task, got: count ${Token.isUnresolved(props.count) ? 'from the deployment' : props.count}; remove count`);
  }
  if (outputs.length > 0 && !deciding?.some((name) => name in streams)) {
    errors.push(`getOutput needs a container that decides, in a taskDefinition of this app, with the awslogs driver and a streamPrefix, got: ${deciding?.join(', ') || 'none'}; give it logging: ecs.LogDrivers.awsLogs({ streamPrefix: '...' })`);
  }
  if (attributes.includes('LogStreamName') && deciding && findOwnedDefinition(props.taskDefinition) && !(deciding[0] in streams)) {
    errors.push(`logStreamName needs the awslogs driver and a streamPrefix, which the container '${deciding[0]}' of the taskDefinition lacks; give it logging: ecs.LogDrivers.awsLogs({ streamPrefix: '...' })`);
  }
  return errors;
}
