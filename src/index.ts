export { RunTask } from './run-task';
export { CompleteWhen, OnRollback, ResourceType, RunOn } from './run-task-props';
export type { ContainerOverride, NvidiaMps, ResourceRequirement, RunOnDelete, RunTaskProps, SharingStrategy, TaskOverrides } from './run-task-props';
export { TaskManagedVolume } from './task-managed-volume';
export type { TaskManagedVolumeProps } from './task-managed-volume';
