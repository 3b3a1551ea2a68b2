import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { checkTags } from './labels';
import { addPath, hasWrongLength, isOutside } from './limits';
import type { RunTaskProps } from '../../run-task-props';
import { TaskManagedVolume } from '../../task-managed-volume';
import { isOnFargate } from '../task-definition';

/** ECS adds these tags to the volume itself. */
const RESERVED_VOLUME_TAGS = ['AmazonECSCreated', 'AmazonECSManaged'];

/** Sizes, IOPS and throughput are checked by the CDK, when the volume is created. */
export function* checkVolumes(props: RunTaskProps): Generator<string> {
  const { volumes = [] } = props;
  if (hasWrongLength('volumes', volumes)) {
    yield `volumes must have at most one item, got: ${volumes.length}; ECS attaches at most one EBS volume to a task`;
  }
  for (const volume of volumes) {
    const { size, snapShotId, volumeType, tagSpecifications = [] } = volume.config ?? {};
    if (!size && !snapShotId) {
      yield `volumes must have a size or a snapShotId, got: neither for '${volume.name}'; set one of them in managedEBSVolume`;
    }
    if (volumeType === ec2.EbsDeviceVolumeType.STANDARD && isOnFargate(props)) {
      yield `volumes must have a volumeType other than standard for a task on Fargate, got: standard for '${volume.name}'; use another volumeType`;
    }
    if (tagSpecifications.some(({ propagateTags }) => propagateTags === ecs.EbsPropagatedTagSource.SERVICE)) {
      yield `volumes must propagate tags from TASK_DEFINITION, got: SERVICE for '${volume.name}'; no service starts this task`;
    }
    for (const { tags = {} } of tagSpecifications) {
      yield* addPath('volumes.tagSpecifications', checkTags(tags));
      for (const key of RESERVED_VOLUME_TAGS.filter((reserved) => reserved in tags)) {
        yield `volumes.tagSpecifications.tags must not have the key '${key}'; remove it, because ECS adds this tag itself`;
      }
    }
    const rate = volume instanceof TaskManagedVolume ? volume.volumeInitializationRate : undefined;
    if (rate && !rate.isUnresolved() && isOutside('volumeInitializationRate', rate.toMebibytes())) {
      yield `volumeInitializationRate must be from 100 to 300 MiB per second, got: ${rate.toMebibytes()} for '${volume.name}'`;
    }
    if (rate && !snapShotId) {
      yield `volumeInitializationRate can only be set for a volume with a snapShotId, got: ${rate.toMebibytes()} for '${volume.name}'; remove it`;
    }
  }
}
