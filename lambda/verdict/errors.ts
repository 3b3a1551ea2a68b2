import { types } from 'node:util';
import { isServerError, isThrottlingError, isTransientError } from '@smithy/core/retry';
import { Explanation, knownStartFailure, saysThrottled } from './causes';
import { Failure, Patience, Unusable } from './failure';
import { ADVICE, ERRORS, FAILURES } from './texts';

const SERVICES = {
  'RunTask': 'ECS',
  'StopTask': 'ECS',
  'ListTasks': 'ECS',
  'DescribeTasks': 'ECS',
  'ListTasks or DescribeTasks': 'ECS',
  'DescribeTaskDefinition': 'ECS',
  'DescribeStacks': 'CloudFormation',
  'GetLogEvents': 'CloudWatch Logs',
  'Invoke': 'Lambda',
} as const;

/** A call that the handler makes. */
export type Api = keyof typeof SERVICES;

/** Why no task runs, if RunTask or a call before it threw this. */
export function callFailure(api: Api, thrown: unknown): Failure {
  const { name, message } = readError(thrown);
  const service = SERVICES[api];
  const known = knownError(thrown);
  const rest = { awsReason: message || undefined, advice: adviceOnError(thrown), patience: api === 'RunTask' ? patienceWithError(thrown) : patienceWithRead(thrown) };
  if (known) {
    return { ...rest, ...FAILURES.didNotStart(known.means), awsReason: textOf(thrown), advice: known.advice };
  }
  if (thrown instanceof Unusable) {
    return { ...FAILURES.didNotStart(thrown.message), patience: rest.patience };
  }
  switch (answerIn(thrown)) {
    case 'rejected':
      return { ...rest, ...FAILURES.rejected(service, name, api) };
    case 'failed':
      return { ...rest, ...FAILURES.notProcessed(service, name, api) };
    default: // the words are not those of AWS
      return { ...rest, ...FAILURES.noResponse(service, textOf(thrown), api), awsReason: undefined };
  }
}

/** Why something failed, if this error led to it. Only the words of an answer of AWS are called its words. */
export function reasonOf(thrown: unknown): Pick<Failure, 'reason' | 'awsReason'> {
  return answerIn(thrown) ? { awsReason: String(thrown) } : { reason: String(thrown) };
}

/** How AWS answered a call that threw this; undefined if the error is not an answer of AWS. */
export function answerIn(thrown: unknown): 'rejected' | 'failed' | undefined {
  const fault = (thrown as { $fault?: unknown } | undefined | null)?.$fault;
  return fault === 'client' ? 'rejected' : fault === 'server' ? 'failed' : undefined;
}

/** Whether AWS rejected the call. After any other error, the call may have taken effect. */
export function isRefusal(thrown: unknown): boolean {
  return answerIn(thrown) === 'rejected';
}

/** Whether AWS rejected credentials that have expired. The function gets new ones, even if its role has lost its permissions. */
export function haveExpired(thrown: unknown): boolean {
  return /^\w*Expired/.test(textOf(thrown));
}

/** Whether AWS throttled the call. */
export function isThrottled(thrown: unknown): boolean {
  return !isDenied(thrown) && (sdkSays(isThrottlingError, thrown) || saysThrottled(textOf(thrown)));
}

/** Whether a call that threw this may succeed when made again. */
export function patienceWithError(thrown: unknown): Patience | undefined {
  if (isThrottled(thrown) || sdkSays(isTransientError, thrown) || sdkSays(isServerError, thrown) || answerIn(thrown) === 'failed') {
    return 'until the deadline';
  }
  if (isDenied(thrown)) {
    return 'while permissions spread';
  }
  const known = knownStartFailure(textOf(thrown));
  // An error that is not from AWS, such as the page of a proxy, may be temporary.
  return known ? known.patience : answerIn(thrown) ? undefined : 'while permissions spread';
}

/** The same for a call that only reads. Even an unknown error of AWS can be temporary, and one failed look must not end a deployment. */
export function patienceWithRead(thrown: unknown): Patience {
  return patienceWithError(thrown) ?? 'while permissions spread';
}

/** What to do about a call that threw this. */
export function adviceOnError(thrown: unknown): string | undefined {
  if (isDenied(thrown)) {
    return ADVICE.checkRole;
  }
  return isThrottled(thrown) ? undefined : knownError(thrown)?.advice;
}

/** Name and message of anything that can be thrown. */
export function readError(thrown: unknown): { name: string; message: string } {
  if (typeof thrown !== 'object' || thrown === null) {
    return { name: 'Error', message: String(thrown) };
  }
  const { name, message } = thrown as Partial<Error>;
  // The SDK adds advice for its own developers on further lines, and says this if the response has no message.
  const words = String(message ?? '').split(/\n *Deserialization error/)[0].replace(/^Unknown(Error)?$/, '');
  return { name: String(name || 'Error'), message: words.trim() };
}

/** The names that the SDK gives to an error without a code. AWS always sends one: a proxy or a firewall has answered in its place. */
const WITHOUT_CODE = /^(Unknown|NotFound)$/;

/** What was thrown, as an Error, which can be logged and is never undefined, without the SDK's advice for its own developers. */
export function toError(thrown: unknown): Error {
  const { name, message } = readError(thrown);
  const { $fault, $metadata, code } = Object(thrown);
  if ($fault && WITHOUT_CODE.test(name)) {
    return Object.assign(new Error(message), { name: ERRORS.withoutCode(String($metadata?.httpStatusCode)), $metadata });
  }
  return types.isNativeError(thrown) && thrown.message === message ? thrown : Object.assign(new Error(message), { name, $fault, $metadata, code });
}

function textOf(thrown: unknown): string {
  const { name, message } = readError(thrown);
  return message ? `${name}: ${message}` : name;
}

/** The message of such an error contains names of resources, which can be any text: only the code and how the message begins count. */
const IS_DENIAL = /^\w*AccessDenied|^UnauthorizedOperation|^NotAuthorized|ErrorCode: (UnauthorizedOperation|AccessDenied)|^\w+: User: \S+ is not authorized to perform: /;

/** Whether a permission for the call is missing. */
export function isDenied(thrown: unknown): boolean {
  return IS_DENIAL.test(textOf(thrown));
}

/** Whether ECS does not know the cluster that the call names. */
export function isOfUnknownCluster(thrown: unknown): boolean {
  return readError(thrown).name === 'ClusterNotFoundException';
}

/** The cause that AWS names. The page of a proxy can contain the same words. */
function knownError(thrown: unknown): Explanation | undefined {
  return isDenied(thrown) || !answerIn(thrown) ? undefined : knownStartFailure(textOf(thrown));
}

type SdkError = Parameters<typeof isTransientError>[0];

/** The SDK's function fails for a value that is not an Error, or has such a cause. */
function sdkSays(is: (error: SdkError) => boolean, thrown: unknown): boolean {
  try {
    return is(thrown as SdkError);
  } catch {
    return false;
  }
}
