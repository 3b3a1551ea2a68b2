import { Duration } from 'aws-cdk-lib';
import { CompleteWhen, RunOnDelete, RunTaskProps } from '../run-task-props';
import { launchTypeOf } from './task-definition';

/** The task of a Delete as the props of a RunTask: what is said of it alone, and all the rest as for the other task. */
export function propsOfDeletion(props: RunTaskProps, onDelete: RunOnDelete): RunTaskProps {
  const { taskDefinition = props.taskDefinition, containerOverrides, taskOverrides, exitCodeFrom, timeout = withinAnHour(props.timeout) } = onDelete;
  return {
    ...props,
    taskDefinition,
    containerOverrides,
    taskOverrides,
    exitCodeFrom,
    timeout,
    count: undefined,
    launchType: launchTypeOf(props), // not the default of another definition
    volumes: taskDefinition === props.taskDefinition ? props.volumes : undefined,
    completeWhen: CompleteWhen.TASK_STOPPED, // its network interface must be gone before its subnets and security groups are
  };
}

/** A Delete is one request, for which CloudFormation waits no longer. */
function withinAnHour(timeout?: Duration): Duration | undefined {
  return timeout && !timeout.isUnresolved() && timeout.toSeconds({ integral: false }) > 3600 ? Duration.hours(1) : timeout;
}
