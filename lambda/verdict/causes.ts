import { isServerError, isThrottlingError, isTransientError } from '@smithy/core/retry';
import type { Patience } from './failure';

/** What stands behind an ending, in the reader's words. */
export interface Explanation {
  /** Completes "the task did not start: ". */
  readonly means: string;
  readonly advice?: string;
  readonly patience?: Patience;
}

interface KnownCause extends Explanation {
  /** What ECS says then, all of it. */
  readonly says: readonly RegExp[];
}

const DENIED = /AccessDenied|access denied|not authorized|no basic auth|403 Forbidden/i;
const UNREACHABLE = /i\/o timeout|context deadline exceeded|context canceled|Client\.Timeout|request canceled|connection issue|connection refused|no such host|network is unreachable/i;
const SECRET = /secret|ssm/i;

/** Why no container ran, most specific first: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html */
export const START_FAILURES: readonly KnownCause[] = [
  {
    says: [/no matching manifest|does not contain descriptor matching platform|exec format error/i],
    means: 'the image is for another CPU architecture',
    advice: 'build it for that of the task, or set runtimePlatform of the task definition to that of the image',
  },
  {
    says: [/CannotPull/, /toomanyrequests|rate limit/i],
    means: 'the registry limits how often its images are pulled',
    advice: 'keep a copy of the image in Amazon ECR, or give the container credentials for the registry',
  },
  {
    says: [/CannotPull/, /not found|does not exist|manifest unknown|name unknown/i],
    means: 'there is no such image',
    advice: 'check its name and tag, and that it is pushed before this deployment',
  },
  {
    says: [/CannotPull/, DENIED],
    means: 'the execution role may not pull the image',
    advice: 'grant it with repository.grantPull(taskDefinition.obtainExecutionRole())',
    patience: 'while permissions spread',
  },
  {
    says: [/CannotPull|ResourceInitialization/, UNREACHABLE],
    means: 'there is no way from its subnets to the registry or to the store of a secret',
    advice: 'give them a NAT gateway or VPC endpoints, or use assignPublicIp in public subnets',
  },
  {
    says: [/CannotPull|no such image/i],
    means: 'the image could not be pulled',
    advice: 'check its name and tag, and the way from the subnets to its registry',
  },
  {
    says: [/log group does not exist/i],
    means: 'the log group of the container does not exist',
    advice: 'create it, or set awslogs-create-group in the log options of the container',
  },
  {
    says: [/logs:|logger|log stream/i, DENIED],
    means: 'the execution role may not write to the log group',
    advice: 'grant it with logGroup.grantWrite(taskDefinition.obtainExecutionRole())',
    patience: 'while permissions spread',
  },
  {
    says: [/did not contain json key/i],
    means: 'a secret lacks the key that the container asks for',
    advice: 'check the second argument of Secret.fromSecretsManager',
  },
  {
    says: [SECRET, DENIED],
    means: 'the execution role may not read a secret',
    advice: 'grant it with secret.grantRead(taskDefinition.obtainExecutionRole()), and let it decrypt with the KMS key of the secret',
    patience: 'while permissions spread',
  },
  {
    says: [SECRET, /ResourceNotFound|can't find the specified secret|invalid ssm parameters|ParameterNotFound/i],
    means: 'a secret or parameter does not exist',
    advice: 'check its name, and that it is in this Region',
  },
  {
    says: [/unable to assume the (service linked )?role/i],
    means: 'ECS may not assume a role of the task',
    advice: 'let ecs-tasks.amazonaws.com assume it, and check that it exists',
    patience: 'while permissions spread',
  },
  {
    says: [/EFS utils|mount\.nfs|mount target/i],
    means: 'the file system could not be mounted',
    advice: 'let its security group take NFS (port 2049) from the task, and check that each subnet has a mount target',
  },
  {
    says: [/InsufficientFreeAddresses/i],
    means: 'the subnet has no free address',
    advice: 'choose other subnets with vpcSubnets',
  },
  {
    says: [/RESOURCE:ENI/],
    means: 'no container instance has a network interface left',
    advice: 'use larger instances, or turn on ENI trunking',
    patience: 'until the deadline',
  },
  {
    says: [/network interface/i],
    means: 'its network interface was not ready in time',
    advice: 'check the subnets and their free addresses, then deploy again',
    patience: 'until the deadline',
  },
  {
    says: [/Capacity is unavailable/i],
    means: 'Fargate has no capacity for it in these Availability Zones',
    advice: 'give it more subnets or another size, or deploy again later',
    patience: 'until the deadline',
  },
  {
    says: [/RESOURCE:\w+/],
    means: 'no container instance has enough room for it',
    advice: 'add instances, or ask for less cpu and memory',
    patience: 'until the deadline',
  },
  {
    says: [/NO ACTIVE INSTANCES|EMPTY CAPACITY PROVIDER/i],
    means: 'the cluster has no instance to run it on',
    advice: 'check the Auto Scaling group and the capacity providers of the cluster',
    patience: 'until the deadline',
  },
  {
    says: [/\bAGENT\b/],
    means: 'the ECS agent of the container instance is not connected',
    advice: 'check the instance and its way to ECS',
    patience: 'until the deadline',
  },
  {
    says: [/placement constraint|\bATTRIBUTE\b|\bLOCATION\b/i],
    means: 'no container instance meets its constraints',
    advice: 'check placementConstraints, and the attributes that the task definition requires',
  },
  {
    says: [/executable file not found|no such file or directory/i],
    means: 'the image has no such command',
    advice: 'check command and entryPoint, and the PATH of the image',
  },
  {
    says: [/permission denied/i],
    means: 'the command may not be executed',
    advice: 'check its permission bits, and the user of the image',
  },
  {
    says: [/OutOfMemory/],
    means: 'it ran out of memory',
    advice: 'raise memoryLimitMiB of the container or of the task',
  },
  {
    says: [/EBS|volume/i],
    means: 'its volume could not be attached',
    advice: 'check volumes, and the role that ECS creates them with',
  },
  {
    says: [/Internal ?Error|internal server error/i],
    means: 'ECS itself failed',
    advice: 'deploy again',
    patience: 'until the deadline',
  },
];

/** Exit codes that the shell or a signal gives a meaning: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html */
export const EXIT_CODES: { readonly [code: number]: Explanation } = {
  126: { means: 'the command cannot be executed', advice: 'check its permission bits, its interpreter line, and the CPU architecture of the image' },
  127: { means: 'command not found', advice: 'check command and entryPoint, and the PATH of the image' },
  134: { means: 'it aborted with SIGABRT' },
  137: { means: 'it was killed with SIGKILL', advice: 'raise memoryLimitMiB if it ran out of memory, or stopTimeout if it was told to end' },
  139: { means: 'it crashed with SIGSEGV, a segmentation fault', advice: 'check the native code in the image, and its CPU architecture' },
  143: { means: 'it was told to end with SIGTERM', advice: 'see what stopped the task before it was done' },
};

/** What ECS means by its reason for a task that did not start, where that is known. */
export function knownStartFailure(reason: string): Explanation | undefined {
  return START_FAILURES.find((cause) => cause.says.every((pattern) => pattern.test(reason)));
}

/** What an exit code means, where it means the same everywhere. */
export function meaningOfExitCode(code: number): Explanation | undefined {
  return EXIT_CODES[code];
}

/** Whether a call that threw this may succeed when made again. */
export function patienceWithError(error: Error): Patience | undefined {
  if (isThrottlingError(error as SdkError) || isTransientError(error as SdkError) || isServerError(error as SdkError)) {
    return 'until the deadline';
  }
  if (/limit.*PROVISIONING|PROVISIONING.*limit/i.test(error.message)) {
    return 'until the deadline';
  }
  // Just created, and not yet known everywhere: roles, the service-linked role, the cluster, its capacity providers.
  const spreads = /^(AccessDenied|ClusterNotFound)/.test(error.name) || /unable to assume|service linked role|capacity provider.*not found/i.test(error.message);
  return spreads ? 'while permissions spread' : undefined;
}

/** What to do about a call that threw this. */
export function adviceOnError({ name, message }: Error): string | undefined {
  return name.startsWith('AccessDenied')
    ? 'check the role of the function, its permissions boundary, and the service control policies of the account'
    : knownStartFailure(message)?.advice;
}

type SdkError = Parameters<typeof isTransientError>[0];
