import type { Size } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';
import { checkValues } from './given-values';
import { throwErrors } from './throw-errors';

/**
 * Properties for a `TaskManagedVolume`.
 */
export interface TaskManagedVolumeProps extends ecs.ServiceManagedVolumeProps {
  /**
   * Whether ECS deletes the volume when the task stops.
   *
   * @default true
   */
  readonly deleteOnTermination?: boolean;

  /**
   * The amount of snapshot data to load into the volume per second, from 100 to 300 MiB. Setting it for a volume without a snapshot is
   * an error.
   *
   * @default - the default initialization rate of Amazon EBS
   */
  readonly volumeInitializationRate?: Size;
}

/**
 * An EBS volume of a task, with the settings that ECS supports for standalone tasks only.
 *
 * Add it to the task definition with `addVolume`. In TypeScript, pass the volume itself; in other languages, pass its `name` and
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
   * The amount of snapshot data to load into the volume per second.
   */
  public readonly volumeInitializationRate?: Size;

  constructor(scope: Construct, id: string, props: TaskManagedVolumeProps) {
    super(scope, id, props);
    const { deleteOnTermination, volumeInitializationRate } = props;
    throwErrors(this.node.path, [...checkValues({ deleteOnTermination, volumeInitializationRate })]);
    this.deleteOnTermination = deleteOnTermination;
    this.volumeInitializationRate = volumeInitializationRate;
  }
}
