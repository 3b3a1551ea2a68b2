import type { Patience } from './failure';

/** The cause of a failure, in words for the reader. */
export interface Explanation {
  /** Completes "the task did not start: ". */
  readonly means: string;
  readonly advice?: string;
  readonly patience?: Patience;
}

interface KnownCause extends Explanation {
  /** The words of AWS match all of these. */
  readonly says: readonly RegExp[];
}

/** For resources and permissions that are either too new or wrong. */
const MINUTES: Patience = 'while permissions spread';

/** For temporary problems. */
const DEADLINE: Patience = 'until the deadline';

const PULL = /CannotPull|registry auth|pull (the )?image|no such image/i;
const SETUP = /CannotPull|ResourceInitialization|CannotStart|CannotCreate|registry auth|log stream|log group|secret/i;
const THROTTLED = /Throttl(ing|ed)|Rate exceeded|Request ?Limit ?Exceeded|TooManyRequestsException|SlowDown|reduce your request rate|status ?code: 429/i;
const DENIED = /AccessDenied|access denied|not authorized|UnauthorizedOperation|403 Forbidden/i;
const REJECTED_PULL = /denied|not authorized|unauthorized|authorization failed|authentication required|no basic auth|docker login|insufficient_scope|role has the permissions|40[13] (Unauthorized|Forbidden)/i;
const AWS_REGISTRY = /\becr\b|starport|AccessDenied|not authorized to perform|role has the permissions/i;
const SERVER_ERROR = /unexpected (HTTP )?status.*[: ]5\d\d\b|OperationAborted|retry quota exceeded|\b50[0234] (Internal|Bad Gateway|Service|Gateway)|(status|status ?code|http status)\W{1,3}50[0234]\b|Internal(Service|Server)?(Error|Failure|Exception)\b|ServiceUnavailable|server is temporarily unable/i;
const BROKEN = /TLS handshake|remote error: tls|bad record MAC|\bEOF\b|reset by peer|connection reset|broken pipe|closed network connection|connection closed|server closed|GOAWAY|stream error|read tcp.*timeout|server misbehaving|inactivity time exceeded|temporary failure in name resolution/i;
const UNREACHABLE = /i\/o timeout|connection timed out|deadline exceeded|context canceled|Client\.Timeout|request canceled|connection issue|network configuration|connection refused|no route to host|network is unreachable|signal: killed|nil pointer dereference/i;
/** What ECS does over the network of the task before a container starts. */
const NETWORK = /CannotPull|ResourceInitialization|registry auth|log stream|logger|logging driver|fetching secret|env(ironment)? ?file/i;
const RUNTIME = /\bshim\b|runtime task|containerd:|ContainerRuntimeError|OCI runtime|runc create failed/i;
const FILE_SYSTEM = /EFS utils|amazon-ecs-volume-plugin|mount\.nfs|mount target/i;
const SECRET = /\bsecrets?\b|secretsmanager|\bssm\b/i;
const VOLUME = /\bEBS\b|\bvolumes?\b/i;
const MISSING_SECRET = /ResourceNotFound|can't find the specified secret|invalid (ssm )?parameters|ParameterNotFound|whether the secret exists|secret ARN is correct|marked for deletion/i;
/** The credentials for a registry, which ECS reads from a secret. */
const REGISTRY_SECRET = /asm fetching|registry auth from asm/i;
const KMS = /\bKMS key|Kms(Error|Exception)|KMS\w*Exception|customer master key|DecryptionFailure|InvalidKeyId/;
const LOG = /logs:|logger|logging driver|log stream|log group/i;

const MAY_NOT_PULL: Explanation = {
  means: 'the execution role is not allowed to pull the image',
  advice: 'grant it with repository.grantPull(taskDefinition.obtainExecutionRole()), and check that the repository exists',
  patience: MINUTES,
};

const NEEDS_CREDENTIALS: Explanation = {
  means: 'the registry requires valid credentials for the image, or has no such image',
  advice: 'give credentials to ContainerImage.fromRegistry, and check the name of the image',
};

const RUNTIME_SILENT: Explanation = {
  means: 'the container runtime of its host did not answer',
  advice: 'deploy again; if it happens again, raise memoryLimitMiB, or check the load and the disk of the container instance on EC2',
  patience: DEADLINE,
};

const MAY_NOT_READ_SECRET: Explanation = {
  means: 'the execution role is not allowed to read a secret',
  advice: 'grant it with secret.grantRead(taskDefinition.obtainExecutionRole()), and allow it to decrypt with the KMS key of the secret',
  patience: MINUTES,
};

const NO_SUCH_SECRET: Explanation = {
  means: 'a secret or parameter does not exist',
  advice: 'check its name, that it has a value, and that it is in this Region',
};

const KEY_UNUSABLE: Explanation = {
  means: 'a KMS key cannot be used',
  advice: 'check that the key is enabled, and that its policy allows the roles of the task to use it',
  patience: MINUTES,
};

const MAY_NOT_USE_INFRASTRUCTURE_ROLE: Explanation = {
  means: 'ECS is not allowed to use the infrastructure role',
  advice: 'allow ecs.amazonaws.com to assume it, and attach the policy AmazonECSInfrastructureRolePolicyForVolumes',
  patience: MINUTES,
};

/**
 * Why no container ran, most specific first: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
 *
 * Temporary problems are retried until the deadline. Resources that are either too new or wrong are retried for three minutes.
 */
export const START_FAILURES: readonly KnownCause[] = [
  {
    says: [/no match(ing manifest)? for|descriptor matching platform|cannot be used on this platform|exec format error|does not match the host operating system/i],
    means: 'the image is for another CPU architecture or operating system',
    advice: 'build it for the platform of the task, or set runtimePlatform of the task definition to the platform of the image',
  },
  {
    says: [THROTTLED],
    means: 'AWS throttled a request needed to start it',
    advice: 'start fewer tasks at the same time, or raise the rate limit of that service in Service Quotas',
    patience: DEADLINE,
  },
  {
    says: [/UnrecognizedClient|InvalidClientTokenId|InvalidAccessKeyId|ExpiredToken|RequestExpired|SignatureDoesNotMatch|InvalidSignature|IncompleteSignature|MissingAuthenticationToken|AuthFailure|security token included in the request is (invalid|expired)|authorization token has expired/i],
    means: 'AWS rejected temporary credentials',
    advice: 'deploy again',
    patience: MINUTES,
  },
  {
    says: [PULL, /toomanyrequests|too many requests|rate limit|\b429\b/i],
    means: 'the registry limits how often its images are pulled',
    advice: 'keep a copy of the image in Amazon ECR, or give the container credentials for the registry',
    patience: DEADLINE,
  },
  {
    says: [/no space left on device|insufficient disk space|not enough (disk )?space|free data blocks/i],
    means: 'the image does not fit on the disk',
    advice: 'raise ephemeralStorageGiB on Fargate, or free disk space on the container instances',
  },
  { ...MAY_NOT_READ_SECRET, says: [REGISTRY_SECRET, DENIED] },
  { ...NO_SUCH_SECRET, says: [REGISTRY_SECRET, MISSING_SECRET] },
  {
    says: [/asm fetching (authorization data|username|password)/i],
    means: 'the secret with the credentials for the registry is not in the format that ECS reads',
    advice: 'store them as {"username": "...", "password": "..."}',
  },
  { ...MAY_NOT_PULL, says: [PULL, AWS_REGISTRY, REJECTED_PULL] },
  { ...NEEDS_CREDENTIALS, says: [PULL, REJECTED_PULL] },
  { ...KEY_UNUSABLE, says: [PULL, KMS] },
  {
    says: [PULL, /x509:|HTTP response to HTTPS client/i],
    means: 'the registry has no certificate that ECS trusts',
    advice: 'use a registry with a valid certificate of a public authority; on EC2, you can add another one to the container instances',
  },
  {
    says: [PULL, /(?<!credentials: )not found|does not exist|manifest unknown|name unknown|whether the image exists|invalid reference format/i],
    means: 'the image does not exist',
    advice: 'check its name and tag, and that it is pushed before this deployment',
  },
  {
    says: [FILE_SYSTEM, /failed to resolve|name resolution/i],
    means: 'the name of its file system could not be resolved',
    advice: 'check that the file system has a mount target in each Availability Zone, and the DNS settings of the VPC',
    patience: MINUTES,
  },
  {
    says: [FILE_SYSTEM, DENIED],
    means: 'the task is not allowed to mount its file system',
    advice: 'grant it with fileSystem.grantReadWrite(taskDefinition.taskRole), set iam to ENABLED in its volume, and check the policy of the file system',
    patience: MINUTES,
  },
  {
    says: [FILE_SYSTEM, /no such file or directory/i],
    means: 'its file system does not have the root directory',
    advice: 'create the rootDirectory of the volume, or use an access point, which creates its directory',
  },
  {
    says: [FILE_SYSTEM],
    means: 'the file system could not be mounted',
    advice: 'allow NFS (port 2049) from the task in the security group of the file system, and check that each Availability Zone has a mount target',
    patience: MINUTES,
  },
  {
    says: [/logging driver/i, /^(?!.*(cloudwatch|amazonaws)).*dial (tcp|udp|unix)/is],
    means: 'its log driver could not connect to the log router or server',
    advice: 'check that it runs and that the container can reach it, and let the container wait for a log router with addContainerDependencies',
    patience: MINUTES,
  },
  { ...RUNTIME_SILENT, says: [RUNTIME, /deadline exceeded|context canceled|\bEOF\b|reset by peer|broken pipe/i] },
  { ...RUNTIME_SILENT, says: [/docker daemon at|docker\.sock/i] },
  {
    says: [SETUP, SERVER_ERROR],
    means: 'a registry or an AWS service failed',
    advice: 'deploy again',
    patience: DEADLINE,
  },
  {
    says: [SETUP, BROKEN],
    means: 'a connection to the registry or to an AWS service broke',
    advice: 'deploy again; if it happens again, check the NAT gateway or the VPC endpoints of its subnets',
    patience: DEADLINE,
  },
  {
    says: [NETWORK, /no such host/i],
    means: 'the name of the image registry or of an AWS service could not be resolved',
    advice: 'check the name of the image, and the DNS settings of the VPC',
    patience: MINUTES,
  },
  {
    says: [NETWORK, UNREACHABLE],
    means: 'its subnets cannot reach the image registry or an AWS service',
    advice: 'give them a NAT gateway or VPC endpoints, or use assignPublicIp in public subnets',
  },
  { ...NEEDS_CREDENTIALS, says: [PULL, /failed to authorize|failed to fetch \w+ token/i] },
  {
    says: [PULL],
    means: 'the image could not be pulled',
    advice: 'check its name and tag, and the network path from the subnets to its registry',
  },
  {
    says: [/CreateLogGroup|create Cloudwatch log group/i, DENIED],
    means: 'the execution role is not allowed to create the log group',
    advice: 'create the log group in your app and remove awslogs-create-group, or allow the execution role logs:CreateLogGroup',
    patience: MINUTES,
  },
  {
    says: [LOG, DENIED],
    means: 'the execution role is not allowed to write to the log group',
    advice: 'grant it with logGroup.grantWrite(taskDefinition.obtainExecutionRole())',
    patience: MINUTES,
  },
  {
    says: [/log group does not exist|cannot find the Amazon CloudWatch log group/i],
    means: 'the log group of the container does not exist',
    advice: 'create it in your app; awslogs-create-group works only if the execution role is allowed logs:CreateLogGroup',
  },
  {
    says: [/logger args|logging driver/i],
    means: 'its log driver could not be set up',
    advice: 'check the log options of the container',
  },
  {
    says: [/env(ironment)? ?files?\b|firelens s3 config/i, DENIED],
    means: 'the execution role is not allowed to read an environment file or a configuration of FireLens',
    advice: 'grant it with bucket.grantRead(taskDefinition.obtainExecutionRole())',
    patience: MINUTES,
  },
  {
    says: [/env(ironment)? ?files?\b/i],
    means: 'an environment file could not be read',
    advice: 'check that the file exists in its bucket',
  },
  {
    says: [/did not contain json key|looking for beginning of value/i],
    means: 'a secret does not have the key that the container reads',
    advice: 'check the second argument of Secret.fromSecretsManager',
  },
  { ...MAY_NOT_USE_INFRASTRUCTURE_ROLE, says: [/infrastructure role/i] },
  {
    says: [/service[- ]linked role/i],
    means: 'ECS cannot use its service-linked role',
    advice: 'deploy again; if it happens again, create the role: aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com',
    patience: MINUTES,
  },
  {
    says: [/unable to assume|cannot be assumed|perform: sts:AssumeRole/i],
    means: 'ECS is not allowed to assume a role of the task',
    advice: 'allow ecs-tasks.amazonaws.com to assume it, and check that it exists',
    patience: MINUTES,
  },
  { ...MAY_NOT_READ_SECRET, says: [SECRET, DENIED] },
  { ...NO_SUCH_SECRET, says: [SECRET, MISSING_SECRET] },
  { ...KEY_UNUSABLE, says: [KMS] },
  {
    says: [/\bInvalid(Group|SecurityGroup|Subnet)\w*\.NotFound\b|(security group|subnet)s?\b.*\b(does|do) not exist/i],
    means: 'EC2 cannot find one of its subnets or security groups',
    advice: 'check that vpcSubnets and securityGroups exist in this account and Region',
    patience: MINUTES,
  },
  {
    says: [/\bInvalid\w+\.NotFound\b/],
    means: 'EC2 cannot find a resource that the task uses',
    advice: 'check that it exists in this account and Region',
    patience: MINUTES,
  },
  {
    says: [/task ?definition.*(inactive|not found|not exist)|unable to describe task definition/i],
    means: 'ECS cannot find its task definition, or the definition is inactive',
    advice: 'check that the revision exists in this account and Region and was not deregistered',
    patience: MINUTES,
  },
  {
    says: [/not compatible with the selected compute strategy|not support launch_?type/i],
    means: 'its task definition does not fit the launch type or the capacity provider',
    advice: 'check compatibility of the task definition, and launchType or capacityProviderStrategies',
  },
  {
    says: [/capacity ?provider/i, /not associated|not found|does not exist|not ACTIVE/i],
    means: 'its capacity provider is not associated with the cluster',
    advice: 'associate the capacity provider with the cluster, before the task if both are in this app',
    patience: MINUTES,
  },
  {
    says: [/ClusterNotFound|cluster (was )?not found|cluster (is|was) (inactive|not active)/i],
    means: 'ECS cannot find the cluster',
    advice: 'check that the cluster exists in this account and Region',
    patience: MINUTES,
  },
  {
    says: [/\bstack\b.*does not exist/i],
    means: 'CloudFormation cannot find the stack',
    advice: 'deploy again',
    patience: MINUTES,
  },
  {
    says: [/InsufficientFreeAddresses/i],
    means: 'the subnet has no free IP address',
    advice: 'choose other subnets with vpcSubnets',
  },
  {
    says: [/RESOURCE:ENI|unused device index/],
    means: 'no container instance has a free network interface',
    advice: 'use larger instances, or turn on ENI trunking',
    patience: DEADLINE,
  },
  {
    says: [/Timeout waiting for network interface/i],
    means: 'its network interface was not ready in time',
    advice: 'check the subnets and their free addresses, then deploy again',
    patience: DEADLINE,
  },
  {
    says: [/configure ENI|netplugin/i],
    means: 'its host could not configure its network interface',
    advice: 'deploy again; if it happens again, check the subnets, and the ECS agent on EC2',
    patience: DEADLINE,
  },
  {
    says: [/network interface|Unexpected EC2 error/i, DENIED],
    means: 'ECS is not allowed to create its network interface',
    advice: 'check the service control policies of the account, and the service-linked role of ECS',
    patience: MINUTES,
  },
  {
    says: [/network interface|Unexpected EC2 error/i],
    means: 'EC2 could not create its network interface',
    advice: 'look up the error of EC2, and check the subnets and their free addresses',
    patience: DEADLINE,
  },
  {
    says: [/ephemeral ?storage/i, /timeout|timed out|provision|attach|unavailable|unable|failed/i],
    means: 'its ephemeral storage was not ready in time',
    advice: 'deploy again',
    patience: DEADLINE,
  },
  {
    says: [/Capacity is unavailable/i],
    means: 'Fargate has no capacity for it in these Availability Zones',
    advice: 'give it more subnets or another size, or deploy again later',
    patience: DEADLINE,
  },
  {
    says: [/insufficient capacity|Insufficient\w*Capacity|UnfulfillableCapacity|ReservationCapacityExceeded/i],
    means: 'EC2 has no capacity for it in these Availability Zones',
    advice: 'allow more instance types or subnets, or deploy again later',
    patience: DEADLINE,
  },
  {
    says: [/VcpuLimitExceeded|InstanceLimitExceeded|MaxSpotInstanceCountExceeded/],
    means: "the account's EC2 quota is used up",
    advice: 'wait until other instances have ended, or raise the quota in Service Quotas',
    patience: DEADLINE,
  },
  {
    says: [/\btasks\b.*\bprovisioning\b/i, /limit/i],
    means: 'too many tasks of the cluster are waiting for capacity',
    advice: 'add instances, or deploy again later',
    patience: DEADLINE,
  },
  {
    says: [/configuration is above your limit/i],
    means: "it is larger than the account's Fargate quota allows",
    advice: 'ask for less cpu and memory, or raise the Fargate vCPU quota in Service Quotas',
  },
  {
    says: [/(reached|exceed(ed|s)?|hit) (the|your|an?) (\w+ )?(limit|quota)\b.*\b(vCPUs?|tasks?|Fargate|concurrent(ly)?)\b/i],
    means: "the account's Fargate quota is used up",
    advice: 'wait until other tasks have ended, or raise the Fargate vCPU quota in Service Quotas',
    patience: DEADLINE,
  },
  {
    says: [/RESOURCE:\w+/],
    means: 'no container instance has enough free resources for it',
    advice: 'add instances, or ask for less cpu and memory',
    patience: DEADLINE,
  },
  {
    says: [/No Container Instances? (were|was) found|NO ACTIVE INSTANCES|EMPTY CAPACITY PROVIDER/i],
    means: 'no container instance has joined the cluster or its capacity provider',
    advice: 'check the Auto Scaling group, the ECS agent, and the role of the instances',
    patience: DEADLINE,
  },
  {
    says: [/\bAGENT\b/],
    means: 'the ECS agent of the container instance is not connected',
    advice: 'check the instance and its connection to ECS',
    patience: DEADLINE,
  },
  {
    says: [/[Pp]lacement constraint|\bATTRIBUTE\b|\bLOCATION\b/],
    means: 'no container instance meets its constraints',
    advice: 'check placementConstraints, and the attributes that the task definition requires',
  },
  {
    says: [/could not transition to (created|started|running)/i],
    means: 'a container did not start in time',
    advice: 'check that its subnets can reach CloudWatch Logs, and the load and the disk of the container instance on EC2',
    patience: MINUTES,
  },
  {
    says: [/chdir to cwd/i],
    means: 'the working directory of the container does not exist, or its user is not allowed to enter it',
    advice: 'check workingDirectory of the container, and the user of the image',
  },
  {
    says: [/error mounting|to rootfs at|(mount|bind) source path/i],
    means: 'a volume could not be mounted in a container',
    advice: 'check that the source exists, and that the mount point in the image is of the same kind: a file or a directory',
  },
  {
    says: [/port is already allocated|address already in use/i],
    means: 'a host port of the container is in use',
    advice: 'use dynamic host ports or the network mode awsvpc',
    patience: MINUTES,
  },
  {
    says: [/could not select device driver|nvidia-container-cli/i],
    means: 'its container instance has no GPU that containers can use',
    advice: 'use instances with a GPU and the GPU-optimized AMI of ECS',
  },
  {
    says: [/unable to find (user|group)|\/etc\/passwd/i],
    means: 'the image does not have the user of the container',
    advice: 'check user of the container, or use a numeric id',
  },
  {
    says: [/executable file not found|no such file or directory|CreateProcess.{0,200}system cannot find the (file|path)/i],
    means: 'the image does not contain the command',
    advice: 'check command and entryPoint, and the PATH of the image',
  },
  {
    says: [/permission denied/i],
    means: 'the command is not executable',
    advice: 'check its permission bits, and the user of the image',
  },
  {
    says: [/CannotInspectContainer|transition to inspecting/i],
    means: 'Docker did not answer the ECS agent in time',
    advice: 'the container may have run: check its log, and the load and the disk of the container instance',
  },
  {
    says: [/failed to get container status/i],
    means: 'ECS could not read the status of a container',
    advice: 'raise memoryLimitMiB of the container or of the task',
  },
  {
    says: [/OutOfMemory/],
    means: 'it ran out of memory',
    advice: 'raise memoryLimitMiB of the container or of the task',
  },
  {
    says: [/CannotCreateVolume/i],
    means: 'a volume of its task definition could not be created',
    advice: 'check volumes of the task definition',
  },
  { ...MAY_NOT_USE_INFRASTRUCTURE_ROLE, says: [VOLUME, DENIED] },
  {
    says: [VOLUME],
    means: 'its volume could not be attached',
    advice: 'check the size, type, snapshot, file system and KMS key of the volume',
  },
  {
    says: [DENIED],
    means: 'AWS denied a request needed to start it',
    advice: 'allow the role that AWS names to make the request',
    patience: MINUTES,
  },
  {
    says: [/Internal ?(Error|Failure|Exception)|internal server error|RequestAborted|ErrorCode: ((Service)?Unavailable|RequestTimeout)|RequestTimeout: send request failed/i],
    means: 'ECS itself failed',
    advice: 'deploy again',
    patience: DEADLINE,
  },
];

/**
 * Exit codes that a shell, a signal or Windows gives a meaning:
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html,
 * https://learn.microsoft.com/openspecs/windows_protocols/ms-erref/596a1078-e883-4972-9bbc-49e60bebca55
 */
export const EXIT_CODES: { readonly [code: number]: Explanation } = {
  126: { means: 'the command cannot be executed', advice: 'check its permission bits, its interpreter line, and the CPU architecture of the image' },
  127: { means: 'command not found', advice: 'check command and entryPoint, and the PATH of the image' },
  134: { means: 'it aborted with SIGABRT' },
  137: { means: 'it was killed with SIGKILL', advice: 'raise memoryLimitMiB if it ran out of memory, or stopTimeout if it was told to stop' },
  139: { means: 'it crashed with SIGSEGV, a segmentation fault', advice: 'check the native code in the image, and its CPU architecture' },
  143: { means: 'it was ended with SIGTERM', advice: 'check what stopped the task before the command finished' },
  0x40010004: { means: 'it was terminated from outside (0x40010004)', advice: 'check what stopped the task before the command finished' },
  0xc0000005: { means: 'it crashed with an access violation (0xC0000005)', advice: 'check the native code in the image' },
  0xc0000017: { means: 'Windows could not give it enough memory (0xC0000017)', advice: 'raise memoryLimitMiB of the container or of the task' },
  0xc000001d: { means: 'it crashed with an illegal instruction (0xC000001D)', advice: 'check the native code in the image, and its CPU architecture' },
  0xc000007b: { means: 'a file is for another CPU architecture (0xC000007B)', advice: 'check that its DLLs are for the architecture of the image' },
  0xc00000fd: { means: 'its stack overflowed (0xC00000FD)', advice: 'look for an endless recursion' },
  0xc0000135: { means: 'a DLL was not found (0xC0000135)', advice: 'check that the image has all DLLs and the runtime that the program needs' },
  0xc0000139: { means: 'a DLL lacks a function (0xC0000139)', advice: 'check the versions of the DLLs in the image' },
  0xc000013a: { means: 'it was ended by Ctrl+C or a shutdown (0xC000013A)', advice: 'check what stopped the task before the command finished' },
  0xc0000142: { means: 'a DLL failed to initialize (0xC0000142)', advice: 'check that the base image matches the version of Windows' },
  0xc0000374: { means: 'it crashed with a corrupted heap (0xC0000374)', advice: 'check the native code in the image' },
  0xc0000409: { means: 'it ended itself because of a fatal error (0xC0000409)', advice: 'check the native code in the image' },
  0xe0434352: { means: 'it ended with an unhandled .NET exception (0xE0434352)' },
};

/** What ECS means by its reason for a task that did not start, if that is known. */
export function knownStartFailure(reason: string): Explanation | undefined {
  const specific = withoutNames(reason).replace(/unable to pull secrets or registry auth:?/gi, ''); // begins the failures of both
  return START_FAILURES.find((cause) => cause.says.every((pattern) => pattern.test(specific)));
}

/** Whether AWS says that it throttled a call. If EC2 throttles ECS, ECS reports that in its own error. */
export function saysThrottled(words: string): boolean {
  return THROTTLED.test(withoutNames(words));
}

/** What follows these words is a name, unless it is an image with its host. */
const NAMING = 'container named|manifest for|access denied for|no such image:|stack with id|json key|with key|from bucket|find user|exec:';
const NAMED = new RegExp(`\\b(${NAMING}) (?!(?:[\\w-]+\\.)+[\\w-]+(?::\\d+)?\\/)(?:"[^"]*"|[^\\s,;]+)`, 'gi');

/** The words of AWS without what a user has named: an image called "throttling-proxy" is no throttling. Keeps services and hosts. */
function withoutNames(words: string): string {
  return words
    .replace(/(arn:[\w-]+:[\w-]+:[\w-]*:\d*:[\w-]+)[^\s"',;)\]]*/g, '$1')
    .replace(/((?:[\w-]+\.)+[\w-]+(?::\d+)?\/)[^\s"',;)\]]*/g, '$1') // an image, or the address of a request
    .replace(NAMED, '$1')
    .replace(/\b(parameters:)(?: ?[^\s;,]+,)* ?[^\s;,]+/gi, '$1')
    .replace(/\[[\w./:-]+\]|'[\w.-]+'/g, '') // a container, a subnet
    .replace(/(?<![\w./-])\/(?!\/|\S*(?:etc\/passwd|\.sock\b))[^\s"',;:)\]]+/g, ''); // a file
}

/** What an exit code means, if it means the same everywhere. */
export function meaningOfExitCode(code: number): Explanation | undefined {
  return EXIT_CODES[removeSign(code)];
}

/** ECS reports the exit codes of Windows, which have 32 bits, with and without a sign. */
export function removeSign(code: number): number {
  return code < 0 ? code + 2 ** 32 : code;
}
