import type { Size } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';

/**
 * Properties of a `TaskManagedVolume`.
 */
export interface TaskManagedVolumeProps extends ecs.ServiceManagedVolumeProps {
  /**
   * Whether ECS deletes the volume when the task stops.
   *
   * @default - true, by default of the service
   */
  readonly deleteOnTermination?: boolean;

  /**
   * How much of the snapshot is loaded into the volume per second, 100 to 300 MiB. An error without a snapshot.
   *
   * @default - as EBS loads it
   */
  readonly volumeInitializationRate?: Size;
}

/**
 * An EBS volume with what only the volume of a standalone task can have.
 *
 * The task definition takes it with `addVolume`: in TypeScript as it is, in other languages by its `name` and its
 * `configuredAtLaunch`.
 *
 * @see https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskManagedEBSVolumeConfiguration.html
 */
export class TaskManagedVolume extends ecs.ServiceManagedVolume {
  /**
   * Whether ECS deletes the volume when the task stops.
   */
  public readonly deleteOnTermination?: boolean;

  /**
   * How much of the snapshot is loaded into the volume per second.
   */
  public readonly volumeInitializationRate?: Size;

  constructor(scope: Construct, id: string, props: TaskManagedVolumeProps) {
    super(scope, id, props);
    this.deleteOnTermination = props.deleteOnTermination;
    this.volumeInitializationRate = props.volumeInitializationRate;
  }
}
