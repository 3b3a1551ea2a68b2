/** What no check settles, and why. Each report lists it. */
export const NOT_CHECKED: ReadonlyArray<{ readonly believed: string; readonly because: string }> = [
  {
    believed: 'Without a service role, CloudFormation acts with the credentials of the caller, which expire: often after an hour.',
    because: 'A check would take more than an hour, and credentials without the role of `cdk bootstrap`.',
  },
  {
    believed: 'An asynchronous event that Lambda accepted can be lost when the function has too little concurrency.',
    because: 'Lambda loses events only under a load that would disturb everything else in the account.',
  },
  {
    believed: 'An answer of `DescribeStacks` can lack `LastUpdatedTime` although an earlier one had it. Then it can be of the next operation.',
    because: 'No call makes CloudFormation leave it out, so that its absence would prove nothing.',
  },
  {
    believed: 'What is believed of each launch type, on Managed Instances and on EXTERNAL.',
    because: 'Both need instances that the checks do not set up. `task-on-fargate` and `ec2-cluster` check the other two.',
  },
  {
    believed: 'What is believed of each partition, in the others.',
    because: 'A run sees the partition of its account. Run it in the others, too.',
  },
];
