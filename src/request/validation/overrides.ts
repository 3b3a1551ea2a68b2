import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { addPath, hasWrongLength, isIntegerWithin, isKnown, isOutside, LIMITS } from './limits';
import { ContainerOverride, ResourceType, RunTaskProps, TaskOverrides } from '../../run-task-props';
import { listBranches, readKnownPart } from '../intrinsics';
import type { Request } from '../render-request';

/** Call it at synthesis: until then, parts of the overrides can be unknown. */
export function* checkResolvedOverrides(scope: Construct, { overrides = {} }: Request): Generator<string> {
  const json = JSON.stringify(Stack.of(scope).resolve(overrides), (_, value) => readShortest(value));
  if (isOutside('overrides', json.length)) {
    yield `containerOverrides and taskOverrides must have at most 8192 characters as JSON, got: ${json.length}; move long values to the taskDefinition or to environmentFiles`;
  }
}

/** The known part of a resolved value, if conditions select the branch with the least characters. */
function readShortest(value: any): any {
  if (value?.['Fn::If'] === undefined) {
    return readKnownPart(value);
  }
  const branches = listBranches(value).map((branch = '') => JSON.stringify(branch, (_, part) => readShortest(part)));
  return JSON.parse(branches.sort((first, second) => first.length - second.length)[0]);
}

/** @param onFargate Undefined if only the deployment knows. */
export function* checkOverrides(
  { containerOverrides = [], taskOverrides }: Partial<RunTaskProps>, onFargate: boolean | undefined,
): Generator<string> {
  yield* addPath('taskOverrides', checkSizesOfTask(taskOverrides ?? {}, onFargate));
  for (const override of containerOverrides) {
    yield* addPath('containerOverrides', checkSizes(override));
    yield* addPath('containerOverrides', checkResourceRequirements(override));
    if (onFargate && (override.gpuCount !== undefined || override.resourceRequirements?.length)) {
      yield `containerOverrides.gpuCount and resourceRequirements cannot be set for a task on Fargate (container '${override.containerName}'); remove them, or run the task on EC2`;
    }
  }
  yield* addPath('containerOverrides', checkSharedDevices(containerOverrides));
}

/** The sizes of a whole task: those in its overrides, or those in the definition of RunFargateTask. */
export function* checkSizesOfTask(
  { cpu, memoryLimitMiB, ephemeralStorageGiB }: Pick<TaskOverrides, 'cpu' | 'memoryLimitMiB' | 'ephemeralStorageGiB'>, onFargate: boolean | undefined,
): Generator<string> {
  for (const [name, value] of Object.entries({ cpu, memoryLimitMiB })) {
    if (!isIntegerWithin(value, 1)) {
      yield `${name} must be a positive integer, got: ${value}`;
    }
  }
  if (isOutside('taskOverrides.ephemeralStorageGiB', ephemeralStorageGiB)) {
    yield `ephemeralStorageGiB must be an integer from 21 to 200, got: ${ephemeralStorageGiB}`;
  }
  if (ephemeralStorageGiB !== undefined && onFargate === false) {
    yield `ephemeralStorageGiB can only be set for a task on Fargate, got: ${ephemeralStorageGiB}; remove it, or run the task on Fargate`;
  }
}

function* checkSizes({ containerName, environmentFiles, cpu, memoryLimitMiB, memoryReservationMiB }: ContainerOverride): Generator<string> {
  if (hasWrongLength('environmentFiles', environmentFiles)) {
    yield `environmentFiles must have at most 10 items, got: ${environmentFiles.length} for container '${containerName}'`;
  }
  if (!isIntegerWithin(cpu, 0)) {
    yield `cpu must be an integer of at least 0, got: ${cpu} for container '${containerName}'`;
  }
  for (const [name, value] of Object.entries({ memoryLimitMiB, memoryReservationMiB })) {
    if (isOutside('memory', value)) {
      yield `${name} must be an integer of at least ${LIMITS.memory[0]}, got: ${value} for container '${containerName}'`;
    }
  }
  if (isKnown(memoryLimitMiB) && isKnown(memoryReservationMiB) && memoryLimitMiB < memoryReservationMiB) {
    yield `memoryLimitMiB must not be less than memoryReservationMiB, got: ${memoryLimitMiB} and ${memoryReservationMiB} for container '${containerName}'`;
  }
}

function* checkResourceRequirements({ containerName, gpuCount, resourceRequirements = [] }: ContainerOverride): Generator<string> {
  if (gpuCount !== undefined && resourceRequirements.some(({ type }) => type === ResourceType.GPU)) {
    yield `gpuCount and resourceRequirements of type GPU cannot both be set for container '${containerName}'; remove gpuCount`;
  }
  if (!isIntegerWithin(gpuCount, 1)) {
    yield `gpuCount must be a positive integer, got: ${gpuCount} for container '${containerName}'`;
  }
  for (const { type, value, sharingStrategy } of resourceRequirements) {
    if (isKnown(type) && !Object.values(ResourceType).includes(type)) {
      yield `resourceRequirements must have a type of ${Object.values(ResourceType).join(', ')}, got: '${type}' for container '${containerName}'`;
    }
    if (sharingStrategy && type !== ResourceType.GPU) {
      yield `sharingStrategy can only be set for resourceRequirements of type GPU, got: ${type} for container '${containerName}'; remove sharingStrategy`;
    }
    if ((value === undefined) === (sharingStrategy === undefined)) {
      yield `resourceRequirements must have either a value or a sharingStrategy, got: ${value === undefined ? 'neither' : 'both'} for type ${type} of container '${containerName}'`;
    }
    if (type === ResourceType.GPU && isKnown(value) && !/^(ALL|[1-9]\d*)$/.test(value)) {
      yield `resourceRequirements of type GPU must have a positive integer or ALL as value, got: ${value} for container '${containerName}'`;
    }
    if (type === ResourceType.NEURON_DEVICE && isKnown(value) && value !== 'ALL') {
      yield `resourceRequirements of type NeuronDevice must have the value ALL, got: ${value} for container '${containerName}'`;
    }
    const { memoryMiB, maxComputePercent } = sharingStrategy?.nvidiaMps ?? {};
    if (sharingStrategy && !isIntegerWithin(memoryMiB ?? NaN, 1)) {
      yield `nvidiaMps.memoryMiB must be a positive integer, got: ${memoryMiB} for container '${containerName}'`;
    }
    if (isOutside('maxComputePercent', maxComputePercent)) {
      yield `nvidiaMps.maxComputePercent must be an integer from 1 to 100, got: ${maxComputePercent} for container '${containerName}'`;
    }
  }
}

/** Checks limits that apply to all containers of a task together. */
function* checkSharedDevices(overrides: ContainerOverride[]): Generator<string> {
  const needing = (type: ResourceType) => overrides.filter(({ resourceRequirements = [] }) => resourceRequirements.some((one) => one.type === type));
  const withNeuron = needing(ResourceType.NEURON_DEVICE);
  if (withNeuron.length > 1) {
    yield `resourceRequirements of type NeuronDevice must be in one container only, got: ${joinNames(withNeuron)}`;
  }
  const shares = ({ resourceRequirements = [] }: ContainerOverride) => resourceRequirements.some(({ sharingStrategy }) => sharingStrategy);
  const withGpu = overrides.filter((override) => override.gpuCount !== undefined || needing(ResourceType.GPU).includes(override));
  if (withGpu.some(shares) && !withGpu.every(shares)) {
    yield `resourceRequirements of type GPU must have a sharingStrategy in all containers or in none, got: ${joinNames(withGpu.filter(shares))} with one, ${joinNames(withGpu.filter((one) => !shares(one)))} without`;
  }
}

function joinNames(overrides: ContainerOverride[]): string {
  return overrides.map(({ containerName }) => containerName).join(' and ');
}
