export { RunFargateTask } from './run-fargate-task';
export type { RunFargateTaskProps } from './run-fargate-task';
export { RunTask } from './run-task';
export { RunTaskConfig } from './run-task-config';
export type { RunTaskFunctionOptions } from './run-task-config';
export { CompleteWhen, OnRollback, ResourceType, RunOn } from './run-task-props';
export type { ContainerOverride, NvidiaMps, ResourceRequirement, RunOnDelete, RunTaskForServiceProps, RunTaskOptions, RunTaskProps, SharingStrategy, TaskOverrides } from './run-task-props';
export { TaskManagedVolume } from './task-managed-volume';
export type { TaskManagedVolumeProps } from './task-managed-volume';
