/** What no check settles, and why. Each report lists it. */
export const NOT_CHECKED: ReadonlyArray<{ readonly believed: string; readonly because: string }> = [
  {
    believed: 'Without a service role, CloudFormation uses the credentials of the caller, which often expire after an hour.',
    because: 'A check would take more than an hour, and credentials without the role of `cdk bootstrap`.',
  },
  {
    believed: 'An asynchronous event that Lambda accepted can be lost when the function has too little concurrency.',
    because: 'Lambda loses events only under a load that would disturb everything else in the account.',
  },
  {
    believed: 'A response of `DescribeStacks` can lack `LastUpdatedTime` although an earlier response had it. The response can then belong to the next operation.',
    because: 'No call makes CloudFormation leave it out, so a check that does not see it proves nothing.',
  },
  {
    believed: 'Rows about each launch type, on Managed Instances and on EXTERNAL.',
    because: 'Both need instances that the checks do not set up. `task-on-fargate` and `ec2-cluster` check the other two.',
  },
  {
    believed: 'Rows about each partition, in other partitions.',
    because: 'A run checks only the partition of its account. Run it in the other partitions too.',
  },
];
