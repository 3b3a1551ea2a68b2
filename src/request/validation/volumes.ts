import * as ecs from 'aws-cdk-lib/aws-ecs';
import { isIntegerWithin } from './limits';
import type { RunTaskProps } from '../../run-task-props';
import { TaskManagedVolume } from '../../task-managed-volume';

export function* checkVolumes({ volumes = [] }: RunTaskProps): Generator<string> {
  if (volumes.length > 1) {
    yield `volumes must have at most one item, got: ${volumes.length}; ECS attaches one EBS volume to a task`;
  }
  for (const volume of volumes) {
    const { size, snapShotId, tagSpecifications = [] } = volume.config ?? {};
    if (!size && !snapShotId) {
      yield `volumes must have a size or a snapShotId, got neither for '${volume.name}'; set them in its managedEBSVolume`;
    }
    if (tagSpecifications.some(({ propagateTags }) => propagateTags === ecs.EbsPropagatedTagSource.SERVICE)) {
      yield `volumes must take their tags from TASK_DEFINITION, got: SERVICE for '${volume.name}'; no service starts this task`;
    }
    const rate = volume instanceof TaskManagedVolume ? volume.volumeInitializationRate : undefined;
    if (rate && !rate.isUnresolved() && !isIntegerWithin(rate.toMebibytes(), 100, 300)) {
      yield `volumeInitializationRate must be from 100 to 300 MiB per second, got: ${rate.toMebibytes()} for '${volume.name}'`;
    }
    if (rate && !snapShotId) {
      yield `volumeInitializationRate is for volumes with a snapShotId only, got: ${rate.toMebibytes()} for '${volume.name}'; remove it`;
    }
  }
}
