/** What the checks cannot settle, why, and how a person can. The plan and each report list it. */
export interface NotChecked {
  readonly believed: string;
  readonly because: string;
  readonly manually: string;
}

export const NOT_CHECKED: readonly NotChecked[] = [
  {
    believed: 'Without a service role, CloudFormation uses the credentials of the caller, which often expire after an hour.',
    because: 'It needs credentials that can deploy without the roles of `cdk bootstrap`, and that expire soon. The program creates no such role in your account.',
    manually: 'Assume an administrator role for 15 minutes (`aws sts assume-role --duration-seconds 900`). With these credentials, deploy a stack with a `CliCredentialsStackSynthesizer` '
      + 'and a RunTask whose task takes 20 minutes. The row is right if CloudFormation then cannot create the next resource.',
  },
  {
    believed: 'An asynchronous event that Lambda accepted can be lost when the function has too little concurrency.',
    because: 'Lambda loses events only under a load that would disturb everything else in the account.',
    manually: 'Deploy a RunTask whose task takes 20 minutes. Set the reserved concurrency of its function to 0 after 8 minutes, and remove it after 14. '
      + 'The row is right if the log has `HANDED_OVER` without `CONTINUED` after it.',
  },
  {
    believed: 'Rows about each launch type, on EXTERNAL.',
    because: 'An external instance is your own machine, outside AWS. `task-on-fargate`, `ec2-cluster` and `managed-instances` check the others.',
    manually: 'Register a machine with ECS Anywhere, run a task on it whose command is `sh -c "sleep 5; exit 3"`, and call `aws ecs describe-tasks` each second. '
      + 'The rows are right if the exit code is 3 as soon as the container is STOPPED, and the stream of its log is `<prefix>/<container>/<task id>`.',
  },
  {
    believed: 'ECS may also not know new subnets, security groups, capacity providers and roles.',
    because: '`created-seconds-ago` tries only task definitions. The others must be created without CloudFormation, so a run that is killed could leave them behind.',
    manually: 'Call `aws ec2 create-security-group`, and immediately `aws ecs run-task` with the new group, a few times. Do the same with a subnet, a capacity provider and a task role.',
  },
  {
    believed: 'A page of `ListTasks` can miss a task while others of the family end: no document says how the next page is found. '
      + 'A list that leaves a task out is therefore no proof after a `RunTask` without an answer.',
    because: 'It needs hundreds of tasks that end while they are listed.',
    manually: 'Run 200 tasks of one family that sleep for a random time, and another one that sleeps longer. Call `aws ecs list-tasks --max-items 10` with each `--starting-token` in turn, '
      + 'again and again. The row is right if a list does not have the longer one.',
  },
  {
    believed: 'A task with a timeout of more than an hour is passed from one resource to the next.',
    because: 'The first resource passes the task on after 58 minutes.',
    manually: 'Deploy a RunTask with a timeout of two hours and a task that takes 70 minutes and fails, with `--no-rollback`. Then repair the task, and deploy again. '
      + 'The task of the second deployment must run to its end.',
  },
  {
    believed: 'Rows about each partition, in other partitions.',
    because: 'A run checks only the partition of its account.',
    manually: 'Run this program with accounts of the other partitions (China, GovCloud) too.',
  },
];

export const describeNotChecked = ({ believed, because, manually }: NotChecked): string => `${believed} Not checked here: ${because} To check manually: ${manually}`;
