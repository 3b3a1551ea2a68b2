import type { Task, TaskStopCode } from '@aws-sdk/client-ecs';
import { explain, Line } from '../../../lambda/verdict/message';
import { judge, Outcome } from '../../../lambda/verdict/outcome';
import { ended, exited, neverStarted, TASK_ARN } from '../../support/endings';

interface Ending {
  ending: string;
  task: Task;
  exitCodeFrom?: string[];
  text: string[];
  /** By default what has run and failed by itself runs again as often as retryAttempts allows, and nothing else. */
  patience?: string;
}

const FAILED_BY_ITSELF: Array<TaskStopCode | undefined> = ['EssentialContainerExited', 'SpotInterruption', 'TerminationNotice', 'InfrastructureHealth'];

const ENDINGS: Ending[] = [
  {
    ending: 'exit code 1',
    task: exited(1),
    text: [
      'Container "app" exited with code 1.',
    ],
  },
  {
    ending: 'a container killed for its memory',
    task: exited(137, 'OutOfMemoryError: Container killed due to memory usage'),
    text: [
      'Container "app" exited with code 137: it ran out of memory. Raise memoryLimitMiB of the container or of the task.',
      'AWS says: OutOfMemoryError: Container killed due to memory usage',
    ],
  },
  {
    ending: 'exit code 137 without a reason',
    task: exited(137),
    text: [
      'Container "app" exited with code 137: it was killed with SIGKILL. Raise memoryLimitMiB if it ran out of memory, or stopTimeout if it was told to end.',
    ],
  },
  {
    ending: 'a segmentation fault',
    task: exited(139),
    text: [
      'Container "app" exited with code 139: it crashed with SIGSEGV, a segmentation fault. Check the native code in the image, and its CPU architecture.',
    ],
  },
  {
    ending: 'an abort',
    task: exited(134),
    text: [
      'Container "app" exited with code 134: it aborted with SIGABRT.',
    ],
  },
  {
    ending: 'a container told to end',
    task: exited(143),
    text: [
      'Container "app" exited with code 143: it was told to end with SIGTERM. See what stopped the task before it was done.',
    ],
  },
  {
    ending: 'a command that cannot be executed',
    task: exited(126),
    text: [
      'Container "app" exited with code 126: the command cannot be executed. Check its permission bits, its interpreter line, and the CPU architecture of the image.',
    ],
  },
  {
    ending: 'a command that is not there',
    task: exited(127),
    text: [
      'Container "app" exited with code 127: command not found. Check command and entryPoint, and the PATH of the image.',
    ],
  },
  {
    ending: 'an image that is not there',
    task: neverStarted('CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref 111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop:v9: 111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop:v9: not found'),
    text: [
      'The task did not start: there is no such image. Check its name and tag, and that it is pushed before this deployment.',
      'AWS says: CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref 111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop:v9: 111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop:v9: not found',
    ],
  },
  {
    ending: 'an image that is not there, on EC2',
    task: neverStarted('Task failed to start', 'CannotPullContainerError: Error response from daemon: manifest for shop:v9 not found: manifest unknown: Requested image not found'),
    text: [
      'The task did not start: there is no such image. Check its name and tag, and that it is pushed before this deployment.',
      'AWS says: Task failed to start; CannotPullContainerError: Error response from daemon: manifest for shop:v9 not found: manifest unknown: Requested image not found',
    ],
  },
  {
    ending: 'an image of another architecture',
    task: neverStarted("CannotPullContainerError: pull image manifest has been retried 7 time(s): image Manifest does not contain descriptor matching platform 'linux/amd64'"),
    text: [
      'The task did not start: the image is for another CPU architecture. Build it for that of the task, or set runtimePlatform of the task definition to that of the image.',
      "AWS says: CannotPullContainerError: pull image manifest has been retried 7 time(s): image Manifest does not contain descriptor matching platform 'linux/amd64'",
    ],
  },
  {
    ending: 'an image that the execution role may not pull',
    task: neverStarted('CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to authorize: AccessDeniedException: User is not authorized to perform: ecr:BatchGetImage'),
    text: [
      'The task did not start: the execution role may not pull the image. Grant it with repository.grantPull(taskDefinition.obtainExecutionRole()).',
      'AWS says: CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to authorize: AccessDeniedException: User is not authorized to perform: ecr:BatchGetImage',
    ],
    patience: 'while permissions spread',
  },
  {
    ending: 'a registry out of reach',
    task: neverStarted('CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref docker.io/library/alpine:3: dial tcp 203.0.113.7:443: i/o timeout'),
    text: [
      'The task did not start: there is no way from its subnets to the registry or to the store of a secret. Give them a NAT gateway or VPC endpoints, or use assignPublicIp in public subnets.',
      'AWS says: CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref docker.io/library/alpine:3: dial tcp 203.0.113.7:443: i/o timeout',
    ],
  },
  {
    ending: 'a registry that limits pulls',
    task: neverStarted('CannotPullContainerError: inspect image has been retried 5 time(s): httpReadSeeker: failed open: unexpected status code 429 Too Many Requests - toomanyrequests: You have reached your pull rate limit'),
    text: [
      'The task did not start: the registry limits how often its images are pulled. Keep a copy of the image in Amazon ECR, or give the container credentials for the registry.',
      'AWS says: CannotPullContainerError: inspect image has been retried 5 time(s): httpReadSeeker: failed open: unexpected status code 429 Too Many Requests - toomanyrequests: You have reached your pull rate limit',
    ],
  },
  {
    ending: 'a secret that the execution role may not read',
    task: neverStarted('ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf: AccessDeniedException: User is not authorized to perform: secretsmanager:GetSecretValue'),
    text: [
      'The task did not start: the execution role may not read a secret. Grant it with secret.grantRead(taskDefinition.obtainExecutionRole()), and let it decrypt with the KMS key of the secret.',
      'AWS says: ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf: AccessDeniedException: User is not authorized to perform: secretsmanager:GetSecretValue',
    ],
    patience: 'while permissions spread',
  },
  {
    ending: 'a secret that is not there',
    task: neverStarted("ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: ResourceNotFoundException: Secrets Manager can't find the specified secret."),
    text: [
      'The task did not start: a secret or parameter does not exist. Check its name, and that it is in this Region.',
      "AWS says: ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: ResourceNotFoundException: Secrets Manager can't find the specified secret.",
    ],
  },
  {
    ending: 'a secret without the key',
    task: neverStarted('ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): retrieved secret from Secrets Manager did not contain json key password'),
    text: [
      'The task did not start: a secret lacks the key that the container asks for. Check the second argument of Secret.fromSecretsManager.',
      'AWS says: ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): retrieved secret from Secrets Manager did not contain json key password',
    ],
  },
  {
    ending: 'a parameter that is not there',
    task: neverStarted('ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secrets from ssm: invalid ssm parameters: /shop/db'),
    text: [
      'The task did not start: a secret or parameter does not exist. Check its name, and that it is in this Region.',
      'AWS says: ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secrets from ssm: invalid ssm parameters: /shop/db',
    ],
  },
  {
    ending: 'a secret store out of reach',
    task: neverStarted('ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task and Amazon ECR. Check your task network configuration. RequestError: send request failed: context deadline exceeded'),
    text: [
      'The task did not start: there is no way from its subnets to the registry or to the store of a secret. Give them a NAT gateway or VPC endpoints, or use assignPublicIp in public subnets.',
      'AWS says: ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task and Amazon ECR. Check your task network configuration. RequestError: send request failed: context deadline exceeded',
    ],
  },
  {
    ending: 'a log group that is not there',
    task: neverStarted('ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist.: exit status 1'),
    text: [
      'The task did not start: the log group of the container does not exist. Create it, or set awslogs-create-group in the log options of the container.',
      'AWS says: ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist.: exit status 1',
    ],
  },
  {
    ending: 'a log group that the execution role may not write',
    task: neverStarted('ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: AccessDeniedException: User is not authorized to perform: logs:CreateLogStream: exit status 1'),
    text: [
      'The task did not start: the execution role may not write to the log group. Grant it with logGroup.grantWrite(taskDefinition.obtainExecutionRole()).',
      'AWS says: ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: AccessDeniedException: User is not authorized to perform: logs:CreateLogStream: exit status 1',
    ],
    patience: 'while permissions spread',
  },
  {
    ending: 'a file system out of reach',
    task: neverStarted('ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: Mount attempt 1/3 failed due to timeout after 15 sec'),
    text: [
      'The task did not start: the file system could not be mounted. Let its security group take NFS (port 2049) from the task, and check that each subnet has a mount target.',
      'AWS says: ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: Mount attempt 1/3 failed due to timeout after 15 sec',
    ],
  },
  {
    ending: 'a network interface that was not ready in time',
    task: neverStarted('Timeout waiting for network interface provisioning to complete.'),
    text: [
      'The task did not start: its network interface was not ready in time. Check the subnets and their free addresses, then deploy again.',
      'AWS says: Timeout waiting for network interface provisioning to complete.',
    ],
    patience: 'until the deadline',
  },
  {
    ending: 'a subnet without free addresses',
    task: neverStarted("Unexpected EC2 error while attempting to Create Network Interface in subnet 'subnet-1': InsufficientFreeAddressesInSubnet"),
    text: [
      'The task did not start: the subnet has no free address. Choose other subnets with vpcSubnets.',
      "AWS says: Unexpected EC2 error while attempting to Create Network Interface in subnet 'subnet-1': InsufficientFreeAddressesInSubnet",
    ],
  },
  {
    ending: 'Fargate without capacity',
    task: neverStarted('Capacity is unavailable at this time. Please try again later or in a different availability zone'),
    text: [
      'The task did not start: Fargate has no capacity for it in these Availability Zones. Give it more subnets or another size, or deploy again later.',
      'AWS says: Capacity is unavailable at this time. Please try again later or in a different availability zone',
    ],
    patience: 'until the deadline',
  },
  {
    ending: 'instances without memory',
    task: neverStarted('RESOURCE:MEMORY'),
    text: [
      'The task did not start: no container instance has enough room for it. Add instances, or ask for less cpu and memory.',
      'AWS says: RESOURCE:MEMORY',
    ],
    patience: 'until the deadline',
  },
  {
    ending: 'a container instance whose agent is away',
    task: neverStarted('AGENT'),
    text: [
      'The task did not start: the ECS agent of the container instance is not connected. Check the instance and its way to ECS.',
      'AWS says: AGENT',
    ],
    patience: 'until the deadline',
  },
  {
    ending: 'a constraint that no instance meets',
    task: neverStarted('MemberOf placement constraint unsatisfied.'),
    text: [
      'The task did not start: no container instance meets its constraints. Check placementConstraints, and the attributes that the task definition requires.',
      'AWS says: MemberOf placement constraint unsatisfied.',
    ],
  },
  {
    ending: 'a cluster without instances',
    task: neverStarted('EMPTY CAPACITY PROVIDER'),
    text: [
      'The task did not start: the cluster has no instance to run it on. Check the Auto Scaling group and the capacity providers of the cluster.',
      'AWS says: EMPTY CAPACITY PROVIDER',
    ],
    patience: 'until the deadline',
  },
  {
    ending: 'a role that ECS may not assume',
    task: neverStarted("ECS was unable to assume the role 'arn:aws:iam::111122223333:role/app' that was provided for this task."),
    text: [
      'The task did not start: ECS may not assume a role of the task. Let ecs-tasks.amazonaws.com assume it, and check that it exists.',
      "AWS says: ECS was unable to assume the role 'arn:aws:iam::111122223333:role/app' that was provided for this task.",
    ],
    patience: 'while permissions spread',
  },
  {
    ending: 'a command that the image lacks',
    task: neverStarted('Task failed to start', 'CannotStartContainerError: Error response from daemon: failed to create task for container: exec: "migrate": executable file not found in $PATH'),
    text: [
      'The task did not start: the image has no such command. Check command and entryPoint, and the PATH of the image.',
      'AWS says: Task failed to start; CannotStartContainerError: Error response from daemon: failed to create task for container: exec: "migrate": executable file not found in $PATH',
    ],
  },
  {
    ending: 'a volume that was not made',
    task: neverStarted('TaskFailedToStart: EBS volume could not be created: unable to create volume'),
    text: [
      'The task did not start: its volume could not be attached. Check volumes, and the role that ECS creates them with.',
      'AWS says: TaskFailedToStart: EBS volume could not be created: unable to create volume',
    ],
  },
  {
    ending: 'an error inside ECS',
    task: neverStarted('InternalError: The task failed to start'),
    text: [
      'The task did not start: ECS itself failed. Deploy again.',
      'AWS says: InternalError: The task failed to start',
    ],
    patience: 'until the deadline',
  },
  {
    ending: 'a start that nobody has seen fail so',
    task: neverStarted('Something new'),
    text: [
      'The task did not start.',
      'AWS says: Something new',
    ],
  },
  {
    ending: 'no exit code',
    task: ended({ containers: [{ name: 'app', lastStatus: 'STOPPED', reason: 'DockerTimeoutError: Could not transition to started; timed out after waiting 3m0s' }] }),
    text: [
      'Container "app" has no exit code: it never ran, or its host was lost.',
      'AWS says: DockerTimeoutError: Could not transition to started; timed out after waiting 3m0s',
    ],
  },
  {
    ending: 'no exit code, and a cause that is known',
    task: ended({ containers: [{ name: 'app', lastStatus: 'STOPPED', reason: 'CannotPullContainerError: ref pull has been retried 1 time(s): shop:2 not found' }] }),
    text: [
      'Container "app" has no exit code: there is no such image. Check its name and tag, and that it is pushed before this deployment.',
      'AWS says: CannotPullContainerError: ref pull has been retried 1 time(s): shop:2 not found',
    ],
  },
  {
    ending: 'no exit code, and no word of ECS',
    task: ended({ stoppedReason: undefined, containers: [{ name: 'app', lastStatus: 'STOPPED' }] }),
    text: [
      'Container "app" has no exit code: it never ran, or its host was lost.',
    ],
  },
  {
    ending: 'a container that ECS does not list',
    task: ended({ containers: [] }),
    text: [
      'Container "app" has no exit code: it never ran, or its host was lost.',
      'AWS says: Essential container in task exited',
    ],
  },
  {
    ending: 'a person who stopped it',
    task: ended({ stopCode: 'UserInitiated', stoppedReason: 'Task stopped by user', containers: [{ name: 'app', exitCode: 0, runtimeId: '1' }] }),
    text: [
      'The task was stopped from outside. Look in CloudTrail for who called StopTask.',
      'AWS says: Task stopped by user',
    ],
  },
  {
    ending: 'somebody who stopped it without a reason',
    task: ended({ stopCode: 'UserInitiated', stoppedReason: undefined, containers: [{ name: 'app', exitCode: 0, runtimeId: '1' }] }),
    text: [
      'The task was stopped from outside. Look in CloudTrail for who called StopTask.',
    ],
  },
  {
    ending: 'lost Spot capacity',
    task: ended({ stopCode: 'SpotInterruption', stoppedReason: 'Your Spot Task was interrupted.', containers: [{ name: 'app', exitCode: 143, runtimeId: '1' }] }),
    text: [
      'The task lost its Spot capacity. Run it on capacity that is not interrupted, or set retryAttempts.',
      'AWS says: Your Spot Task was interrupted.',
    ],
  },
  {
    ending: 'a host about to be terminated',
    task: ended({ stopCode: 'TerminationNotice', stoppedReason: 'Your Spot instance is being terminated', containers: [{ name: 'app', exitCode: 137, runtimeId: '1' }] }),
    text: [
      'The host of the task was about to be terminated. Deploy again, or set retryAttempts.',
      'AWS says: Your Spot instance is being terminated',
    ],
  },
  {
    ending: 'a host that failed',
    task: ended({ stopCode: 'InfrastructureHealth' as TaskStopCode, stoppedReason: 'The host was unhealthy', containers: [{ name: 'app', runtimeId: '1' }] }),
    text: [
      'The host of the task failed. Deploy again, or set retryAttempts.',
      'AWS says: The host was unhealthy',
    ],
  },
  {
    ending: 'the service scheduler',
    task: ended({ stopCode: 'ServiceSchedulerInitiated', stoppedReason: 'Scaling activity initiated by deployment', containers: [{ name: 'app', exitCode: 0, runtimeId: '1' }] }),
    text: [
      'The task was stopped by the scheduler of an ECS service.',
      'AWS says: Scaling activity initiated by deployment',
    ],
  },
  {
    ending: 'a stop code that is newer than this library',
    task: ended({ stopCode: 'SomethingNew' as TaskStopCode, stoppedReason: 'A new reason', containers: [{ name: 'app', exitCode: 0, runtimeId: '1' }] }),
    text: [
      'The task stopped with the code SomethingNew.',
      'AWS says: A new reason',
    ],
  },
  {
    ending: 'an essential sidecar that failed',
    task: ended({ containers: [{ name: 'app', exitCode: 0, runtimeId: '1' }, { name: 'proxy', exitCode: 1, runtimeId: '2' }] }),
    exitCodeFrom: ['app', 'proxy'],
    text: [
      'Container "proxy" exited with code 1.',
    ],
  },
  {
    ending: 'two containers that failed',
    task: ended({ containers: [{ name: 'app', exitCode: 2, runtimeId: '1' }, { name: 'proxy', exitCode: 137, runtimeId: '2' }] }),
    exitCodeFrom: ['app', 'proxy'],
    text: [
      'Container "app" exited with code 2; container "proxy" exited with code 137: it was killed with SIGKILL.',
    ],
  },
];

function failure(outcome: Outcome) {
  if (outcome.state !== 'failed') {
    throw new Error(`expected a failure, got ${outcome.state}`);
  }
  return outcome.failure;
}

const textsOf = (lines: Line[]) => lines.map(({ text }) => text);

describe('the failure text', () => {
  test.each(ENDINGS)('of $ending', ({ task, exitCodeFrom = ['app'], text, patience }) => {
    const found = failure(judge(task, { ExitCodeFrom: exitCodeFrom, SuccessExitCodes: [0], CompleteWhen: 'EXIT_CODES_KNOWN' }));
    expect(textsOf(explain(found))).toEqual(text);
    expect(found.patience).toEqual(patience ?? (FAILED_BY_ITSELF.includes(task.stopCode) ? 'as often as retryAttempts allows' : undefined));
  });

  test('of a task that did not start is beside the log of the container that kept it', () => {
    const task = { ...neverStarted('Task failed to start'), containers: [{ name: 'sidecar' }, { name: 'app', reason: 'CannotPullContainerError' }] };
    const found = failure(judge(task, { ExitCodeFrom: ['app'], SuccessExitCodes: [0], CompleteWhen: 'EXIT_CODES_KNOWN' }));
    expect(found.container).toBe('app');
  });

  test('ends with the last log lines, the log, and the task', () => {
    const found = failure(judge(exited(1), { ExitCodeFrom: ['app'], SuccessExitCodes: [0], CompleteWhen: 'EXIT_CODES_KNOWN' }));
    expect(textsOf(explain(found, { taskArn: TASK_ARN, log: { group: '/shop', stream: 'app/app/0f9c' }, tail: ['one', 'two'] }))).toEqual([
      'Container "app" exited with code 1.',
      'The end of its log:',
      '  one',
      '  two',
      'Log group /shop, stream app/app/0f9c.',
      `Task ${TASK_ARN}.`,
    ]);
  });
});
