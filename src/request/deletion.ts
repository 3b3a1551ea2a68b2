import { Duration } from 'aws-cdk-lib';
import { chooseLaunchType } from './task-definition';
import { CompleteWhen, RunOnDelete, RunTaskProps } from '../run-task-props';
import { LONGEST_SERVICE_TIMEOUT_SECONDS } from '../timing';

/** The props of the task that a Delete runs: what `onDelete` sets, and everything else from the RunTask. */
export function deriveDeletionProps(props: RunTaskProps, onDelete: RunOnDelete): RunTaskProps {
  const { taskDefinition = props.taskDefinition, command, environment, containerOverrides, taskOverrides, exitCodeFrom } = onDelete;
  return {
    ...props,
    taskDefinition,
    command,
    environment,
    containerOverrides,
    taskOverrides,
    exitCodeFrom,
    timeout: onDelete.timeout ?? limitToOneHour(props.timeout),
    count: undefined,
    launchType: chooseLaunchType(props), // not the default of another definition
    _fromService: props._fromService && {
      ...props._fromService,
      request: { ...props._fromService.request, ...taskDefinition !== props.taskDefinition && { taskDefinition: undefined } },
    },
    volumes: taskDefinition === props.taskDefinition ? props.volumes : undefined,
    completeWhen: CompleteWhen.TASK_STOPPED, // its network interface must be gone before its subnets and security groups are
  };
}

/** A Delete is one request, and CloudFormation waits at most one hour for it. */
function limitToOneHour(timeout?: Duration): Duration | undefined {
  const isLonger = timeout && !timeout.isUnresolved() && timeout.toSeconds({ integral: false }) > LONGEST_SERVICE_TIMEOUT_SECONDS;
  return isLonger ? Duration.seconds(LONGEST_SERVICE_TIMEOUT_SECONDS) : timeout;
}
