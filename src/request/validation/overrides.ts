import { Token } from 'aws-cdk-lib';
import { addPath, isIntegerWithin, isKnown } from './limits';
import { ContainerOverride, ResourceType, RunTaskProps } from '../../run-task-props';
import type { Request } from '../render-request';

export function* checkOverrides({ containerOverrides = [], taskOverrides }: Partial<RunTaskProps>, request: Request): Generator<string> {
  // Values that only the deployment knows count as empty: they can make it longer, not shorter.
  const json = JSON.stringify(request.overrides ?? {}, (_, value) => Token.isUnresolved(value) ? '' : value);
  if (json.length > 8192) {
    yield `containerOverrides and taskOverrides must have at most 8192 characters as JSON, got: ${json.length}; move long values to the taskDefinition or to environmentFiles`;
  }
  if (!isIntegerWithin(taskOverrides?.ephemeralStorageGiB, 21, 200)) {
    yield `taskOverrides.ephemeralStorageGiB must be an integer from 21 to 200, got: ${taskOverrides?.ephemeralStorageGiB}`;
  }
  for (const override of containerOverrides) {
    yield* addPath('containerOverrides', checkResourceRequirements(override));
  }
}

function* checkResourceRequirements({ containerName, gpuCount, resourceRequirements = [] }: ContainerOverride): Generator<string> {
  if (gpuCount !== undefined && resourceRequirements.some(({ type }) => type === ResourceType.GPU)) {
    yield `gpuCount and a resourceRequirement of type GPU exclude each other, got both for container '${containerName}'; remove gpuCount`;
  }
  for (const { type, value, sharingStrategy } of resourceRequirements) {
    if (sharingStrategy && type !== ResourceType.GPU) {
      yield `sharingStrategy is for resourceRequirements of type GPU only, got: ${type} for container '${containerName}'`;
    }
    if ((value === undefined) === (sharingStrategy === undefined)) {
      yield `resourceRequirements must have either a value or a sharingStrategy, got ${value === undefined ? 'neither' : 'both'} for ${type} of container '${containerName}'`;
    }
    if (type === ResourceType.NEURON_DEVICE && isKnown(value) && value !== 'ALL') {
      yield `resourceRequirements of type NeuronDevice must have the value ALL, got: ${value} for container '${containerName}'`;
    }
  }
}
