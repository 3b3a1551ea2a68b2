import type { Task, TaskStopCode } from '@aws-sdk/client-ecs';
import { explain, Line } from '../../../lambda/verdict/message';
import { judge, Outcome, Rules } from '../../../lambda/verdict/outcome';
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
      'Container "app" exited with code 137: it was killed with SIGKILL. Raise memoryLimitMiB if it ran out of memory, or stopTimeout if it was told to stop.',
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
      'Container "app" exited with code 143: it was ended with SIGTERM. Check what stopped the task before the command finished.',
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
      'The task did not start: the image does not exist. Check its name and tag, and that it is pushed before this deployment.',
      'AWS says: CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref 111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop:v9: 111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop:v9: not found',
    ],
  },
  {
    ending: 'an image that is not there, on EC2',
    task: neverStarted('Task failed to start', 'CannotPullContainerError: Error response from daemon: manifest for shop:v9 not found: manifest unknown: Requested image not found'),
    text: [
      'The task did not start: the image does not exist. Check its name and tag, and that it is pushed before this deployment.',
      'AWS says: Task failed to start; CannotPullContainerError: Error response from daemon: manifest for shop:v9 not found: manifest unknown: Requested image not found',
    ],
  },
  {
    ending: 'an image of another architecture',
    task: neverStarted("CannotPullContainerError: pull image manifest has been retried 7 time(s): image Manifest does not contain descriptor matching platform 'linux/amd64'"),
    text: [
      'The task did not start: the image is for another CPU architecture or operating system. Build it for the platform of the task, or set runtimePlatform of the task definition to the platform of the image.',
      "AWS says: CannotPullContainerError: pull image manifest has been retried 7 time(s): image Manifest does not contain descriptor matching platform 'linux/amd64'",
    ],
  },
  {
    ending: 'an image that the execution role may not pull',
    task: neverStarted('CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to authorize: AccessDeniedException: User is not authorized to perform: ecr:BatchGetImage'),
    text: [
      'The task did not start: the execution role is not allowed to pull the image. Grant it with repository.grantPull(taskDefinition.obtainExecutionRole()), and check that the repository exists.',
      'AWS says: CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to authorize: AccessDeniedException: User is not authorized to perform: ecr:BatchGetImage',
    ],
    patience: 'while permissions spread',
  },
  {
    ending: 'a registry out of reach',
    task: neverStarted('CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref docker.io/library/alpine:3: dial tcp 203.0.113.7:443: i/o timeout'),
    text: [
      'The task did not start: its subnets cannot reach the image registry or an AWS service. Give them a NAT gateway or VPC endpoints, or use assignPublicIp in public subnets.',
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
    patience: 'until the deadline',
  },
  {
    ending: 'a secret that the execution role may not read',
    task: neverStarted('ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf: AccessDeniedException: User is not authorized to perform: secretsmanager:GetSecretValue'),
    text: [
      'The task did not start: the execution role is not allowed to read a secret. Grant it with secret.grantRead(taskDefinition.obtainExecutionRole()), and allow it to decrypt with the KMS key of the secret.',
      'AWS says: ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf: AccessDeniedException: User is not authorized to perform: secretsmanager:GetSecretValue',
    ],
    patience: 'while permissions spread',
  },
  {
    ending: 'a secret that is not there',
    task: neverStarted("ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: ResourceNotFoundException: Secrets Manager can't find the specified secret."),
    text: [
      'The task did not start: a secret or parameter does not exist. Check its name, that it has a value, and that it is in this Region.',
      "AWS says: ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: ResourceNotFoundException: Secrets Manager can't find the specified secret.",
    ],
  },
  {
    ending: 'a secret without the key',
    task: neverStarted('ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): retrieved secret from Secrets Manager did not contain json key password'),
    text: [
      'The task did not start: a secret does not have the key that the container reads. Check the second argument of Secret.fromSecretsManager.',
      'AWS says: ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): retrieved secret from Secrets Manager did not contain json key password',
    ],
  },
  {
    ending: 'a parameter that is not there',
    task: neverStarted('ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secrets from ssm: invalid ssm parameters: /shop/db'),
    text: [
      'The task did not start: a secret or parameter does not exist. Check its name, that it has a value, and that it is in this Region.',
      'AWS says: ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secrets from ssm: invalid ssm parameters: /shop/db',
    ],
  },
  {
    ending: 'a secret store out of reach',
    task: neverStarted('ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task and Amazon ECR. Check your task network configuration. RequestError: send request failed: context deadline exceeded'),
    text: [
      'The task did not start: its subnets cannot reach the image registry or an AWS service. Give them a NAT gateway or VPC endpoints, or use assignPublicIp in public subnets.',
      'AWS says: ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task and Amazon ECR. Check your task network configuration. RequestError: send request failed: context deadline exceeded',
    ],
  },
  {
    ending: 'a log group that is not there',
    task: neverStarted('ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist.: exit status 1'),
    text: [
      'The task did not start: the log group of the container does not exist. Create it in your app; awslogs-create-group works only if the execution role is allowed logs:CreateLogGroup.',
      'AWS says: ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist.: exit status 1',
    ],
  },
  {
    ending: 'a log group that the execution role may not write',
    task: neverStarted('ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: AccessDeniedException: User is not authorized to perform: logs:CreateLogStream: exit status 1'),
    text: [
      'The task did not start: the execution role is not allowed to write to the log group. Grant it with logGroup.grantWrite(taskDefinition.obtainExecutionRole()).',
      'AWS says: ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: AccessDeniedException: User is not authorized to perform: logs:CreateLogStream: exit status 1',
    ],
    patience: 'while permissions spread',
  },
  {
    ending: 'a file system out of reach',
    task: neverStarted('ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: Mount attempt 1/3 failed due to timeout after 15 sec'),
    text: [
      'The task did not start: the file system could not be mounted. Allow NFS (port 2049) from the task in the security group of the file system, and check that each Availability Zone has a mount target.',
      'AWS says: ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: Mount attempt 1/3 failed due to timeout after 15 sec',
    ],
    patience: 'while permissions spread',
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
      'The task did not start: the subnet has no free IP address. Choose other subnets with vpcSubnets.',
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
      'The task did not start: no container instance has enough free resources for it. Add instances, or ask for less cpu and memory.',
      'AWS says: RESOURCE:MEMORY',
    ],
    patience: 'until the deadline',
  },
  {
    ending: 'a container instance whose agent is away',
    task: neverStarted('AGENT'),
    text: [
      'The task did not start: the ECS agent of the container instance is not connected. Check the instance and its connection to ECS.',
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
      'The task did not start: no container instance has joined the cluster or its capacity provider. Check the Auto Scaling group, the ECS agent, and the role of the instances.',
      'AWS says: EMPTY CAPACITY PROVIDER',
    ],
    patience: 'until the deadline',
  },
  {
    ending: 'a role that ECS may not assume',
    task: neverStarted("ECS was unable to assume the role 'arn:aws:iam::111122223333:role/app' that was provided for this task."),
    text: [
      'The task did not start: ECS is not allowed to assume a role of the task. Allow ecs-tasks.amazonaws.com to assume it, and check that it exists.',
      "AWS says: ECS was unable to assume the role 'arn:aws:iam::111122223333:role/app' that was provided for this task.",
    ],
    patience: 'while permissions spread',
  },
  {
    ending: 'a command that the image lacks',
    task: neverStarted('Task failed to start', 'CannotStartContainerError: Error response from daemon: failed to create task for container: exec: "migrate": executable file not found in $PATH'),
    text: [
      'The task did not start: the image does not contain the command. Check command and entryPoint, and the PATH of the image.',
      'AWS says: Task failed to start; CannotStartContainerError: Error response from daemon: failed to create task for container: exec: "migrate": executable file not found in $PATH',
    ],
  },
  {
    ending: 'a volume that was not made',
    task: neverStarted('TaskFailedToStart: EBS volume could not be created: unable to create volume'),
    text: [
      'The task did not start: its volume could not be attached. Check the size, type, snapshot, file system and KMS key of the volume.',
      'AWS says: TaskFailedToStart: EBS volume could not be created: unable to create volume',
    ],
  },
  {
    ending: 'a volume for which only its attachment has the reason',
    task: {
      ...neverStarted('Task failed to start'),
      attachments: [
        { type: 'ElasticNetworkInterface', status: 'DELETED', details: [{ name: 'subnetId', value: 'subnet-1' }] },
        { type: 'AmazonElasticBlockStorage', status: 'FAILED', details: [{ name: 'volumeName', value: 'data' }, { name: 'statusReason', value: 'ECS timed out while configuring the EBS volume attachment to your Task.' }] },
      ],
    },
    text: [
      'The task did not start: its volume could not be attached. Check the size, type, snapshot, file system and KMS key of the volume.',
      'AWS says: Task failed to start; ECS timed out while configuring the EBS volume attachment to your Task.',
    ],
  },
  {
    ending: 'an infrastructure role that ECS may not assume',
    task: neverStarted("ECS was unable to assume the configured ECS Infrastructure Role 'arn:aws:iam::111122223333:role/volumes'. Please verify that the role being passed has the proper trust relationship with Amazon ECS"),
    text: [
      'The task did not start: ECS is not allowed to use the infrastructure role. Allow ecs.amazonaws.com to assume it, and attach the policy AmazonECSInfrastructureRolePolicyForVolumes.',
      "AWS says: ECS was unable to assume the configured ECS Infrastructure Role 'arn:aws:iam::111122223333:role/volumes'. Please verify that the role being passed has the proper trust relationship with Amazon ECS",
    ],
    patience: 'while permissions spread',
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
    task: ended({ containers: [{ name: 'app', lastStatus: 'STOPPED', reason: 'CannotInspectContainerError: Could not transition to inspecting; timed out after waiting 30s' }] }),
    text: [
      'Container "app" has no exit code: Docker did not answer the ECS agent in time. The container may have run: check its log, and the load and the disk of the container instance.',
      'AWS says: CannotInspectContainerError: Could not transition to inspecting; timed out after waiting 30s',
    ],
  },
  {
    ending: 'no exit code, and a cause that is known',
    task: ended({ containers: [{ name: 'app', lastStatus: 'STOPPED', reason: 'CannotPullContainerError: ref pull has been retried 1 time(s): shop:2 not found' }] }),
    text: [
      'Container "app" has no exit code: the image does not exist. Check its name and tag, and that it is pushed before this deployment.',
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
    ending: 'a container that the task does not have',
    task: exited(0),
    exitCodeFrom: ['migrate'],
    text: [
      'Container "migrate" has no exit code: the task has no container of this name. Correct exitCodeFrom.',
      'AWS says: container "app" exited with code 0',
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
      'Another caller of StopTask stopped the task. Find the StopTask event in CloudTrail.',
      'AWS says: Task stopped by user; container "app" exited with code 0',
    ],
  },
  {
    ending: 'somebody who stopped it without a reason',
    task: ended({ stopCode: 'UserInitiated', stoppedReason: undefined, containers: [{ name: 'app', exitCode: 0, runtimeId: '1' }] }),
    text: [
      'Another caller of StopTask stopped the task. Find the StopTask event in CloudTrail.',
      'AWS says: container "app" exited with code 0',
    ],
  },
  {
    ending: 'lost Spot capacity',
    task: ended({ stopCode: 'SpotInterruption', stoppedReason: 'Your Spot Task was interrupted.', containers: [{ name: 'app', exitCode: 143, runtimeId: '1' }] }),
    text: [
      'A Spot interruption stopped the task. Run it on capacity that is not interrupted, or set retryAttempts.',
      'AWS says: Your Spot Task was interrupted.; container "app" exited with code 143',
    ],
  },
  {
    ending: 'a host about to be terminated',
    task: ended({ stopCode: 'TerminationNotice', stoppedReason: 'Your Spot instance is being terminated', containers: [{ name: 'app', exitCode: 137, runtimeId: '1' }] }),
    text: [
      'The host of the task was about to be terminated. Deploy again, or set retryAttempts.',
      'AWS says: Your Spot instance is being terminated; container "app" exited with code 137',
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
      'The scheduler of an ECS service stopped the task.',
      'AWS says: Scaling activity initiated by deployment; container "app" exited with code 0',
    ],
  },
  {
    ending: 'a stop code that is newer than this library',
    task: ended({ stopCode: 'SomethingNew' as TaskStopCode, stoppedReason: 'A new reason', containers: [{ name: 'app', exitCode: 0, runtimeId: '1' }] }),
    text: [
      'The task stopped with the stop code SomethingNew.',
      'AWS says: A new reason; container "app" exited with code 0',
    ],
  },
  {
    ending: 'an essential sidecar that failed',
    task: ended({ containers: [{ name: 'app', exitCode: 0, runtimeId: '1' }, { name: 'proxy', exitCode: 1, runtimeId: '2' }] }),
    exitCodeFrom: ['app', 'proxy'],
    text: [
      'Container "proxy" exited with code 1.',
      'AWS says: container "app" exited with code 0',
    ],
  },
  {
    ending: 'a stop code that is newer than this library, with the reason of a container',
    task: ended({ stopCode: 'SomethingNew' as TaskStopCode, stoppedReason: 'A new reason', containers: [{ name: 'app', reason: 'A reason of its own', exitCode: 3, runtimeId: '1' }] }),
    text: [
      'The task stopped with the stop code SomethingNew.',
      'AWS says: A new reason; container "app" exited with code 3: A reason of its own',
    ],
  },
  {
    ending: 'a failed health check behind an exit code',
    task: ended({ stoppedReason: 'Task failed container health checks', containers: [{ name: 'app', exitCode: 143, runtimeId: '1' }] }),
    text: [
      'Container "app" exited with code 143: it was ended with SIGTERM. Check what stopped the task before the command finished.',
      'AWS says: Task failed container health checks',
    ],
  },
  {
    ending: 'an init container that failed, so that the task did not start',
    task: ended({
      stopCode: 'TaskFailedToStart',
      stoppedReason: 'Task failed to start',
      startedAt: undefined,
      containers: [
        { name: 'app', reason: 'dependency graph: failed to resolve container ordering dependency [init] for target [app] as dependency did not exit successfully.' },
        { name: 'init', exitCode: 2, runtimeId: '1' },
        { name: 'proxy', exitCode: 137, runtimeId: '2' },
      ],
    }),
    text: [
      'The task did not start: container "init" exited with code 2.',
      'AWS says: Task failed to start; container "app": dependency graph: failed to resolve container ordering dependency [init] for target [app] as dependency did not exit successfully.; container "proxy" exited with code 137',
    ],
    patience: 'as often as retryAttempts allows',
  },
  {
    ending: 'an image that is not there, which stopped a container that ran',
    task: ended({
      stopCode: 'TaskFailedToStart',
      stoppedReason: 'Task failed to start',
      startedAt: undefined,
      containers: [{ name: 'app', reason: 'CannotPullContainerError: shop:v9: not found' }, { name: 'proxy', exitCode: 137, runtimeId: '2' }],
    }),
    text: [
      'The task did not start: the image does not exist. Check its name and tag, and that it is pushed before this deployment.',
      'AWS says: Task failed to start; container "app": CannotPullContainerError: shop:v9: not found; container "proxy" exited with code 137',
    ],
    patience: 'as often as retryAttempts allows',
  },
  {
    ending: 'two containers with reasons',
    task: ended({
      containers: [
        { name: 'app', exitCode: 1, reason: 'the first reason', runtimeId: '1' },
        { name: 'proxy', exitCode: 137, reason: 'OutOfMemoryError: Container killed due to memory usage', runtimeId: '2' },
      ],
    }),
    exitCodeFrom: ['app', 'proxy'],
    text: [
      'Container "app" exited with code 1; container "proxy" exited with code 137: it ran out of memory.',
      'AWS says: container "app": the first reason; container "proxy": OutOfMemoryError: Container killed due to memory usage',
    ],
  },
  {
    ending: 'the same reason twice',
    task: ended({ stoppedReason: 'OutOfMemoryError', containers: [{ name: 'app', exitCode: 137, reason: 'OutOfMemoryError', runtimeId: '1' }] }),
    text: [
      'Container "app" exited with code 137: it ran out of memory. Raise memoryLimitMiB of the container or of the task.',
      'AWS says: OutOfMemoryError',
    ],
  },
  {
    ending: 'a task that this library stopped',
    task: ended({ stopCode: 'UserInitiated', stoppedReason: 'cdk-ecs-run-task: the resource is being deleted', containers: [{ name: 'app', exitCode: 143, runtimeId: '1' }] }),
    text: [
      'The task was stopped: the resource is being deleted.',
      'AWS says: container "app" exited with code 143',
    ],
  },
  {
    ending: 'an access violation on Windows',
    task: exited(3221225477),
    text: ['Container "app" exited with code 3221225477: it crashed with an access violation (0xC0000005). Check the native code in the image.'],
  },
  {
    ending: 'an access violation on Windows, with a sign',
    task: exited(-1073741819),
    text: ['Container "app" exited with code -1073741819: it crashed with an access violation (0xC0000005). Check the native code in the image.'],
  },
  {
    ending: 'no container that decides',
    task: exited(1),
    exitCodeFrom: [],
    text: [
      'The task has no container that decides its result. Name a container in exitCodeFrom.',
      'AWS says: container "app" exited with code 1',
    ],
    patience: 'none',
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

const DEADLINE = 'until the deadline';
const MINUTES = 'while permissions spread';
const LASTING = undefined;

/** Words of ECS as they were seen in public, what they mean, and how long a start that ends with them is retried. */
const STARTS: Array<[words: string, means: string, patience: string | undefined]> = [
  ['CannotPullECRContainerError: ThrottlingException: Rate exceeded status code: 400, request id: 75567eb3-6abb-11e6-9d4c-cb4ccd1cee97', 'AWS throttled a request needed to start it', DEADLINE],
  ['CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref public.ecr.aws/nginx/nginx:1: unexpected status code 429 Too Many Requests - toomanyrequests: Rate exceeded', 'AWS throttled a request needed to start it', DEADLINE],
  ['ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secrets from ssm: service call has been retried 5 time(s): ThrottlingException: Rate exceeded', 'AWS throttled a request needed to start it', DEADLINE],
  ['ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 5 time(s): failed to fetch secret arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf from secrets manager: operation error Secrets Manager: GetSecretValue, https response error StatusCode: 429, RequestID: d45b80b7: api error TooManyRequestsException', 'AWS throttled a request needed to start it', DEADLINE],
  ['ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ThrottlingException: Rate exceeded : exit status 1', 'AWS throttled a request needed to start it', DEADLINE],
  ['Unexpected EC2 error while attempting to Create Network Interface in subnet subnet-1: RequestLimitExceeded', 'AWS throttled a request needed to start it', DEADLINE],
  ['CannotPullContainerError: ERROR: toomanyrequests: Too Many Requests.', 'the registry limits how often its images are pulled', DEADLINE],
  ['CannotPullContainerError: httpReadSeeker: failed open: unexpected status code https://images.example/v2/shop/blobs/sha256:1a: 429 Too Many Requests', 'the registry limits how often its images are pulled', DEADLINE],
  ['CannotPullContainerError: ref pull has been retried 5 time(s): failed to copy: httpReadSeeker: failed open: unexpected status code https://images.example/v2/shop/blobs/sha256:1a: 503 Service Unavailable', 'a registry or an AWS service failed', DEADLINE],
  ['CannotPullContainerError: failed to resolve ref docker.io/library/busybox:1: unexpected status from HEAD request: 503 Service Unavailable', 'a registry or an AWS service failed', DEADLINE],
  ['CannotPullContainerError: Error response from daemon: received unexpected HTTP status: 502 Bad Gateway', 'a registry or an AWS service failed', DEADLINE],
  ['ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 5 time(s): InternalServiceError: An error occurred on the server side', 'a registry or an AWS service failed', DEADLINE],
  ['CannotPullContainerError: ref pull has been retried 1 time(s): failed to copy: httpReadSeeker: failed open: unexpected EOF', 'a connection to the registry or to an AWS service broke', DEADLINE],
  ['CannotPullContainerError: inspect image has been retried 5 time(s): failed to resolve ref docker.io/library/alpine:3: failed to do request: Head https://registry-1.docker.io/v2/library/alpine/manifests/3: EOF', 'a connection to the registry or to an AWS service broke', DEADLINE],
  ['CannotPullContainerError: ref pull has been retried 5 time(s): failed to copy: httpReadSeeker: failed open: failed to do request: Get https://images.example/v2/: net/http: TLS handshake timeout', 'a connection to the registry or to an AWS service broke', DEADLINE],
  ['CannotPullContainerError: ref pull has been retried 5 time(s): failed to copy: read tcp 10.0.1.2:43210->203.0.113.7:443: read: connection reset by peer', 'a connection to the registry or to an AWS service broke', DEADLINE],
  ['ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been retried 3 time(s): RequestError: send request failed caused by: Post "https://api.ecr.eu-west-1.amazonaws.com/": EOF', 'a connection to the registry or to an AWS service broke', DEADLINE],
  ['ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been retried 3 time(s): RequestError: send request failed caused by: Post "https://api.ecr.us-west-2.amazonaws.com/": dial tcp 203.0.113.9:443: i/o timeout', 'its subnets cannot reach the image registry or an AWS service', LASTING],
  ['ResourceInitializationError: failed to validate logger args: The task cannot find the Amazon CloudWatch log group defined in the task definition. There is a connection issue between the task and Amazon CloudWatch. Check your network configuration. : signal: killed', 'its subnets cannot reach the image registry or an AWS service', LASTING],
  ['CannotPullContainerError: API error (500): Get https://111122223333.dkr.ecr.us-east-1.amazonaws.com/v2/: net/http: request canceled while waiting for connection', 'its subnets cannot reach the image registry or an AWS service', LASTING],
  ['ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been retried 1 time(s): operation error ECR: GetAuthorizationToken, https response error StatusCode: 400, RequestID: 24460c33, api error AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role/app/1a is not authorized to perform: ecr:GetAuthorizationToken', 'the execution role is not allowed to pull the image', MINUTES],
  ['CannotPullContainerError: Error response from daemon: pull access denied for 111122223333.dkr.ecr.us-east-1.amazonaws.com/shop, repository does not exist or may require docker login: denied', 'the execution role is not allowed to pull the image', MINUTES],
  ['CannotPullContainerError: Error response from daemon: Get https://111122223333.dkr.ecr.us-east-1.amazonaws.com/v2/shop/manifests/1: no basic auth credentials', 'the execution role is not allowed to pull the image', MINUTES],
  ["CannotPullContainerError: The task can't pull the image. Check that the role has the permissions to pull images from the registry.", 'the execution role is not allowed to pull the image', MINUTES],
  ["CannotPullContainerError: Error response from daemon: pull access denied for shop/private, repository does not exist or may require 'docker login': denied: requested access to the resource is denied", 'the registry requires valid credentials for the image, or has no such image', LASTING],
  ['CannotPullContainerError: inspect image has been retried 1 time(s): failed to resolve ref ghcr.io/shop/app:1: failed to authorize: failed to fetch anonymous token: unexpected status: 401 Unauthorized', 'the registry requires valid credentials for the image, or has no such image', LASTING],
  ['CannotPullContainerError: inspect image has been retried 1 time(s): failed to resolve ref "images.example.com/acme/job:1": failed to authorize: failed to fetch anonymous token.', 'the registry requires valid credentials for the image, or has no such image', LASTING],
  ['CannotPullContainerError: failed to resolve ref docker.io/shop/app:1: failed to authorize: failed to fetch oauth token: Post "https://auth.docker.io/token": dial tcp 203.0.113.9:443: i/o timeout', 'its subnets cannot reach the image registry or an AWS service', LASTING],
  ['CannotPullContainerError: Error response from daemon: unauthorized: authentication required', 'the registry requires valid credentials for the image, or has no such image', LASTING],
  ['CannotPullContainerError: API error (404): repository 111122223333.dkr.ecr.us-east-1.amazonaws.com/shop not found', 'the image does not exist', LASTING],
  ['CannotPullContainerError: write /var/lib/docker/tmp/GetImageBlob111111111: no space left on device', 'the image does not fit on the disk', LASTING],
  ['CannotPullContainerError: ref pull has been retried 1 time(s): failed to extract layer sha256:7c52: write /var/lib/containerd/a.pyc: no space left on device: unknown', 'the image does not fit on the disk', LASTING],
  ['Timeout waiting for EphemeralStorage provisioning to complete.', 'its ephemeral storage was not ready in time', DEADLINE],
  ['ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log group: AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role/app/1a is not authorized to perform: logs:CreateLogGroup : exit status 1', 'the execution role is not allowed to create the log group', MINUTES],
  ['CannotStartContainerError: Error response from daemon: failed to initialize logging driver: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist.', 'the log group of the container does not exist', LASTING],
  ['ResourceInitializationError: failed to validate logger args: unable to get awslogs driver arguments: awslogs-region is required', 'its log driver could not be set up', LASTING],
  ["ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: failed to fetch secret arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf: ResourceNotFoundException: Secrets Manager can't find the specified secret value for staging label: AWSCURRENT.", 'a secret or parameter does not exist', LASTING],
  ['ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: failed to fetch secret arn:aws:secretsmanager:eu-west-1:111122223333:secret:app from secrets manager: AccessDeniedException: Access to KMS is not allowed', 'the execution role is not allowed to read a secret', MINUTES],
  ['ResourceInitializationError: failed to download env files: file download command: non empty error stream: AccessDenied: Access Denied status code: 403', 'the execution role is not allowed to read an environment file or a configuration of FireLens', MINUTES],
  ['ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: Failed to resolve "fs-1.efs.eu-west-1.amazonaws.com" - check that your file system ID is correct', 'the name of its file system could not be resolved', MINUTES],
  ['ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: mount.nfs4: Connection reset by peer : unsuccessful EFS utils command execution; code: 32', 'the file system could not be mounted', MINUTES],
  ['ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: Mount attempt 1/3 failed due to timeout after 15 sec, wait 0 sec before next attempt. b\'mount.nfs4: Connection timed out\' : unsuccessful EFS utils command execution; code: 32', 'the file system could not be mounted', MINUTES],
  ['ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: mount.nfs4: Connection refused : unsuccessful EFS utils command execution; code: 32', 'the file system could not be mounted', MINUTES],
  ['CannotCreateVolumeError: Error response from daemon: create ecs-migrate-1: VolumeDriver.Create: mounting volume failed: Mount attempt 1/3 failed due to b\'mount.nfs4: Connection reset by peer\\n\', wait 1 sec before next attempt.', 'the file system could not be mounted', MINUTES],
  ['ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: b\'mount.nfs4: access denied by server while mounting 127.0.0.1:/\' : unsuccessful EFS utils command execution; code: 32', 'the task is not allowed to mount its file system', MINUTES],
  ['ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: b\'mount.nfs4: mounting fs-1.efs.eu-west-1.amazonaws.com:/shop failed, reason given by server: No such file or directory\' : unsuccessful EFS utils command execution; code: 32', 'its file system does not have the root directory', LASTING],
  ['CannotStartContainerError: ResourceInitializationError: failed to create new container runtime task: failed to create shim task: context deadline exceeded: unknown', 'the container runtime of its host did not answer', DEADLINE],
  ['CannotStartContainerError: Error response from daemon: failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: read init-p: connection reset by peer: unknown', 'the container runtime of its host did not answer', DEADLINE],
  ['CannotCreateVolumeError: unable to copy contents to volume on host: containerd: failed to get image reference: context deadline exceeded', 'the container runtime of its host did not answer', DEADLINE],
  ['CannotCreateVolumeError: Error response from daemon: create data: plugin "rexray/ebs" not found', 'a volume of its task definition could not be created', LASTING],
  ['CannotStartContainerError: ResourceInitializationError: failed to create new container runtime task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "/app/start.sh": stat /app/start.sh: no such file or directory: unknown', 'the image does not contain the command', LASTING],
  ['CannotStartContainerError: ResourceInitializationError: unable to create new container: mount callback failed on /tmp/containerd-mount916692511: open /tmp/containerd-mount916692511/etc/passwd: no such file or directory', 'the image does not have the user of the container', LASTING],
  ['CannotStartContainerError: Error response from daemon: unable to find user shop: no matching entries in passwd file', 'the image does not have the user of the container', LASTING],
  ['CannotStartContainerError: failed to get container status: container stopped', 'ECS could not read the status of a container', LASTING],
  ['CannotStartContainerError: Error response from daemon: failed to initialize logging driver: failed to create Cloudwatch log stream: RequestError: send request failed caused by: Post "https://logs.eu-west-1.amazonaws.com/": dial tcp 203.0.113.9:443: i/o timeout', 'its subnets cannot reach the image registry or an AWS service', LASTING],
  ['CannotCreateContainerError: API error (500): devmapper: Thin Pool has 4350 free data blocks which is less than minimum required 4454 free data blocks. Create more free space in thin pool or use dm.min_free_space option to change behavior', 'the image does not fit on the disk', LASTING],
  ['DockerTimeoutError: Could not transition to started; timed out after waiting 3m0s', 'a container did not start in time', MINUTES],
  ['ContainerRuntimeTimeoutError: Could not transition to running; timed out after waiting 1m: unknown', 'a container did not start in time', MINUTES],
  ['ResourceInitializationError: unable to pull secrets or registry auth: pull command failed: : signal: killed', 'its subnets cannot reach the image registry or an AWS service', LASTING],
  ['ResourceInitializationError: failed to validate logger args: : signal: killed', 'its subnets cannot reach the image registry or an AWS service', LASTING],
  ['CannotPullContainerError: pull command failed: panic: runtime error: invalid memory address or nil pointer dereference', 'its subnets cannot reach the image registry or an AWS service', LASTING],
  ['CannotPullContainerError: The task can\'t pull the image. Check your network configuration', 'its subnets cannot reach the image registry or an AWS service', LASTING],
  ['ResourceInitializationError: unable to pull secrets or registry auth: unable to retrieve secrets from ssm: The task cannot pull secrets from AWS Systems Manager. There is a connection issue between the task and AWS Systems Manager Parameter Store. Check your task network configuration. RequestCanceled: request context canceled caused by: context deadline exceeded', 'its subnets cannot reach the image registry or an AWS service', LASTING],
  ['CannotPullContainerError: failed to resolve ref images.example.com/acme/job:1: failed to do request: Head "https://images.example.com/v2/acme/job/manifests/1": dial tcp: lookup images.example.com on 10.0.0.2:53: no such host', 'the name of the image registry or of an AWS service could not be resolved', MINUTES],
  ['ResourceInitializationError: unable to pull secrets or registry auth: ResourceNotFoundException: The task can\'t retrieve the secret with ARN \'arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf\' from AWS Secrets Manager. Check whether the secret exists in the specified Region.', 'a secret or parameter does not exist', LASTING],
  ['The selected task definition is not compatible with the selected compute strategy.', 'its task definition does not fit the launch type or the capacity provider', LASTING],
  ['ResourceInitializationError: failed to configure ENI: failed to setup regular eni: netplugin failed with no error message', 'its host could not configure its network interface', DEADLINE],
  ['Task definition does not support launch_type FARGATE.', 'its task definition does not fit the launch type or the capacity provider', LASTING],
  ['Unable to attach network interface to unused device index', 'no container instance has a free network interface', DEADLINE],
  ["You've reached the limit on the number of vCPUs you can run concurrently", "the account's Fargate quota is used up", DEADLINE],
  ['You\u2019ve reached the limit on the number of tasks you can run concurrently. For more information, see the Troubleshooting section.', "the account's Fargate quota is used up", DEADLINE],
  ['The requested CPU configuration is above your limit.', "it is larger than the account's Fargate quota allows", LASTING],
  ['No Container Instances were found in your capacity provider.', 'no container instance has joined the cluster or its capacity provider', DEADLINE],
  ["Unexpected EC2 error while attempting to Create Network Interface: The security group 'sg-1' does not exist (ErrorCode: InvalidGroup.NotFound)", 'EC2 cannot find one of its subnets or security groups', MINUTES],
  ["ECS was unable to create the EBS volume: InvalidSnapshot.NotFound: The snapshot 'snap-1' does not exist.", 'EC2 cannot find a resource that the task uses', MINUTES],
  // Credentials that are too new or too old, of every role
  ['CannotPullECRContainerError: UnrecognizedClientException: The security token included in the request is invalid. status code: 400', 'AWS rejected temporary credentials', MINUTES],
  ['ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been retried 3 time(s): ExpiredTokenException: The security token included in the request is expired', 'AWS rejected temporary credentials', MINUTES],
  ['CannotPullContainerError: Error response from daemon: Head "https://111122223333.dkr.ecr.eu-west-1.amazonaws.com/v2/app/manifests/1": denied: Your authorization token has expired. Reauthenticate and try again.', 'AWS rejected temporary credentials', MINUTES],
  ['ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: UnrecognizedClientException: The security token included in the request is invalid. : exit status 1', 'AWS rejected temporary credentials', MINUTES],
  ['ResourceInitializationError: failed to download env files: file download command: non empty error stream: InvalidAccessKeyId: The AWS Access Key Id you provided does not exist in our records.', 'AWS rejected temporary credentials', MINUTES],
  // The secret with the credentials for a private registry
  ['CannotPullContainerAuthError: asm fetching secret from the service for arn:aws:secretsmanager:eu-west-1:111122223333:secret:registry-AbCdEf: AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role/app/1a is not authorized to perform: secretsmanager:GetSecretValue', 'the execution role is not allowed to read a secret', MINUTES],
  ['ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to get registry auth from asm: service call has been retried 1 time(s): AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role/app/1a is not authorized to perform: secretsmanager:GetSecretValue', 'the execution role is not allowed to read a secret', MINUTES],
  ["ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to get registry auth from asm: service call has been retried 1 time(s): ResourceNotFoundException: Secrets Manager can't find the specified secret.", 'a secret or parameter does not exist', LASTING],
  ['ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to get registry auth from asm: asm fetching username: AuthorizationData is malformed, empty field', 'the secret with the credentials for the registry is not in the format that ECS reads', LASTING],
  ['CannotPullContainerAuthError: asm fetching authorization data: unable to unmarshal secret value, invalid schema', 'the secret with the credentials for the registry is not in the format that ECS reads', LASTING],
  ['CannotPullECRContainerError: engine ecr credentials: not found', 'the image could not be pulled', LASTING],
  // Keys
  ['CannotPullContainerError: ref pull has been retried 1 time(s): failed to copy: httpReadSeeker: failed open: unexpected status code https://111122223333.dkr.ecr.eu-west-1.amazonaws.com/v2/app/blobs/sha256:1a: 400 Bad Request - Server message: unknown: KmsError: The ciphertext refers to a customer master key that does not exist', 'a KMS key cannot be used', MINUTES],
  ["ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: DecryptionFailure: Secrets Manager can't decrypt the protected secret text using the provided KMS key.", 'a KMS key cannot be used', MINUTES],
  ['ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secrets from ssm: service call has been retried 1 time(s): InvalidKeyId: The key is disabled', 'a KMS key cannot be used', MINUTES],
  ['ECS was unable to create the EBS volume: the KMS key is disabled', 'a KMS key cannot be used', MINUTES],
  // Secrets, as the agent on EC2 reports them
  ['fetching secret data from SSM Parameter Store in eu-west-1: invalid parameters: /shop/db', 'a secret or parameter does not exist', LASTING],
  ["ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: InvalidRequestException: You can't perform this operation on the secret because it was marked for deletion.", 'a secret or parameter does not exist', LASTING],
  ['fetching secret data from SSM Parameter Store in eu-west-1: operation error SSM: GetParameters, exceeded maximum number of attempts, 3, request send failed, Post "https://ssm.eu-west-1.amazonaws.com/": dial tcp 203.0.113.9:443: i/o timeout', 'its subnets cannot reach the image registry or an AWS service', LASTING],
  ['unable to download firelens s3 config file: unable to download s3 config extra.conf from bucket config: AccessDenied: Access Denied', 'the execution role is not allowed to read an environment file or a configuration of FireLens', MINUTES],
  // Servers and connections
  ['CannotPullContainerError: failed to resolve ref docker.io/library/alpine:3: unexpected status from HEAD request to https://registry-1.docker.io/v2/library/alpine/manifests/3: 521', 'a registry or an AWS service failed', DEADLINE],
  ['CannotPullContainerError: Error response from daemon: received unexpected HTTP status: 520 ', 'a registry or an AWS service failed', DEADLINE],
  ['ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log group: OperationAbortedException: A conflicting operation is currently in progress against this resource. Please try again.', 'a registry or an AWS service failed', DEADLINE],
  ['ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secrets from ssm: operation error SSM: GetParameters, failed to get rate limit token, retry quota exceeded, 0 available, 5 requested', 'a registry or an AWS service failed', DEADLINE],
  ['CannotPullContainerError: failed to resolve ref images.example.com/app:1: failed to do request: Head "https://images.example.com/v2/app/manifests/1": tls: failed to verify certificate: x509: certificate signed by unknown authority', 'the registry has no certificate that ECS trusts', LASTING],
  ['CannotPullContainerError: failed to do request: Head "https://images.example.com:5000/v2/app/manifests/1": http: server gave HTTP response to HTTPS client', 'the registry has no certificate that ECS trusts', LASTING],
  ['CannotPullContainerError: inactivity time exceeded timeout while pulling image', 'a connection to the registry or to an AWS service broke', DEADLINE],
  ['CannotCreateVolumeError: Error response from daemon: create data: Post "http://%2Frun%2Fdocker%2Fplugins%2Famazon-ecs-volume-plugin.sock/VolumeDriver.Create": context deadline exceeded', 'the file system could not be mounted', MINUTES],
  // Containers that cannot be started
  ['CannotStartContainerError: Error response from daemon: failed to initialize logging driver: dial tcp 127.0.0.1:24224: connect: connection refused', 'its log driver could not connect to the log router or server', MINUTES],
  ['CannotStartContainerError: Error response from daemon: failed to initialize logging driver: dial unix /var/run/fluent.sock: connect: no such file or directory', 'its log driver could not connect to the log router or server', MINUTES],
  ['CannotStartContainerError: OCI runtime create failed: runc create failed: unable to start container process: chdir to cwd ("/srv/app") set in config.json failed: no such file or directory: unknown', 'the working directory of the container does not exist, or its user is not allowed to enter it', LASTING],
  ['CannotStartContainerError: OCI runtime create failed: runc create failed: unable to start container process: chdir to cwd ("/root") set in config.json failed: permission denied: unknown', 'the working directory of the container does not exist, or its user is not allowed to enter it', LASTING],
  ['CannotStartContainerError: OCI runtime create failed: runc create failed: unable to start container process: error during container init: error mounting "/data/a" to rootfs at "/etc/a": mount through procfd: no such file or directory: unknown', 'a volume could not be mounted in a container', LASTING],
  ["CannotStartContainerError: Error response from daemon: error while creating mount source path '/data': mkdir /data: read-only file system", 'a volume could not be mounted in a container', LASTING],
  ['CannotStartContainerError: Error response from daemon: driver failed programming external connectivity on endpoint app: Bind for 0.0.0.0:8080 failed: port is already allocated', 'a host port of the container is in use', MINUTES],
  ['CannotStartContainerError: Error response from daemon: could not select device driver "nvidia" with capabilities: [[gpu]]', 'its container instance has no GPU that containers can use', LASTING],
  ['CannotStartContainerError: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?', 'the container runtime of its host did not answer', DEADLINE],
  ['CannotStartContainerError: dial unix /var/run/docker.sock: connect: no such file or directory', 'the container runtime of its host did not answer', DEADLINE],
  ['CannotStartContainerError: Error response from daemon: container 1a encountered an error during hcsshim::System::CreateProcess: failure in a Windows system call: The system cannot find the file specified. (0x2)', 'the image does not contain the command', LASTING],
  ['CannotStartContainerError: Error response from daemon: hcsshim::CreateComputeSystem 1a: The container operating system does not match the host operating system.', 'the image is for another CPU architecture or operating system', LASTING],
  // Roles and capacity
  ['Unable to assume the service linked role. Please verify that the ECS service linked role exists.', 'ECS cannot use its service-linked role', MINUTES],
  ['Unexpected EC2 error while attempting to Create Network Interface in subnet subnet-1: UnauthorizedOperation: You are not authorized to perform this operation.', 'ECS is not allowed to create its network interface', MINUTES],
  ['failed to retrieve fsx windows file server file systems: AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role/app/1a is not authorized to perform: fsx:DescribeFileSystems', 'AWS denied a request needed to start it', MINUTES],
  ['InsufficientInstanceCapacity: We currently do not have sufficient capacity in the Availability Zone you requested.', 'EC2 has no capacity for it in these Availability Zones', DEADLINE],
  ['VcpuLimitExceeded: You have requested more vCPU capacity than your current vCPU limit of 32 allows', "the account's EC2 quota is used up", DEADLINE],
  ['ECS was unable to create the EBS volume: UnauthorizedOperation: You are not authorized to perform this operation.', 'ECS is not allowed to use the infrastructure role', MINUTES],
  ['ECS failed to set up the EBS volume. Encountered IdempotentParameterMismatch', 'its volume could not be attached', LASTING],
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
    expect(found.patience ?? 'none').toEqual(patience ?? (FAILED_BY_ITSELF.includes(task.stopCode) ? 'as often as retryAttempts allows' : 'none'));
  });

  test.each(STARTS)('of a start that ends with: %s', (words, means, patience) => {
    const rules: Rules = { ExitCodeFrom: ['app'], SuccessExitCodes: [0], CompleteWhen: 'EXIT_CODES_KNOWN' };
    const found = failure(judge(neverStarted(words), rules));
    expect(found).toMatchObject({ cause: `the task did not start: ${means}`, awsReason: words });
    expect(found.patience).toBe(patience);
    // On EC2 the container has the reason.
    expect(failure(judge(neverStarted('Task failed to start', words), rules))).toMatchObject({ cause: found.cause, awsReason: `Task failed to start; ${words}` });
  });

  test('of a container whose state could not change claims no timeout', () => {
    const rules: Rules = { ExitCodeFrom: ['app'], SuccessExitCodes: [0], CompleteWhen: 'EXIT_CODES_KNOWN' };
    expect(failure(judge(neverStarted('ImpossibleStateTransitionError: Cannot transition to RUNNING'), rules)).cause).toBe('the task did not start');
  });

  test('of a task that did not start is next to the log of the container that prevented the start', () => {
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
