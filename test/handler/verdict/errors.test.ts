import { knownStartFailure } from '../../../lambda/verdict/causes';
import { adviceOnError, answerIn, callFailure, isRefusal, isThrottled, patienceWithError, readError, toError } from '../../../lambda/verdict/errors';
import { explain, notStopped } from '../../../lambda/verdict/message';
import { FAILURES } from '../../../lambda/verdict/texts';
import { awsError } from '../../support/fake-aws';

const DEADLINE = 'until the deadline';
const MINUTES = 'while permissions spread';

/** As public records have them: the code, the words, and how long a call that throws them is retried. */
const ERRORS: Array<[name: string, message: string, patience: string | undefined]> = [
  ['InvalidParameterException', 'Error retrieving subnet information for [subnet-1]: Rate exceeded (ErrorCode: Throttling)', DEADLINE],
  ['InvalidParameterException', 'Error retrieving security group information for [sg-1]: Request limit exceeded. (ErrorCode: RequestLimitExceeded)', DEADLINE],
  ['InvalidParameterException', 'Error retrieving subnet information for [subnet-1]: An internal error has occurred (ErrorCode: InternalError)', DEADLINE],
  ['InvalidParameterException', 'Error retrieving subnet information for [subnet-1]: try later (ErrorCode: Unavailable)', DEADLINE],
  ['InvalidParameterException', 'Error retrieving subnet information for [subnet-1]: try later (ErrorCode: RequestTimeout)', DEADLINE],
  ['InvalidParameterException', 'No Container Instances were found in your cluster.', DEADLINE],
  ['InvalidParameterException', 'No Container Instances were found in your capacity provider.', DEADLINE],
  ['ClientException', "You've reached the limit on the number of vCPUs you can run concurrently", DEADLINE],
  ['ClientException', "You've reached the limit on the number of tasks in the PROVISIONING state", DEADLINE],
  ['ThrottlingException', 'Rate exceeded', DEADLINE],
  ['InvalidParameterException', "Error retrieving security group information for [sg-1]: The security group 'sg-1' does not exist (ErrorCode: InvalidGroup.NotFound)", MINUTES],
  ['InvalidParameterException', "Error retrieving subnet information for [subnet-1]: The subnet ID 'subnet-1' does not exist (ErrorCode: InvalidSubnetID.NotFound)", MINUTES],
  ['InvalidParameterException', 'Unknown (ErrorCode: InvalidSecurityGroupID.NotFound)', MINUTES],
  ['ClientException', 'TaskDefinition is inactive', MINUTES],
  ['InvalidParameterException', 'TaskDefinition is inactive', MINUTES],
  ['ClientException', 'TaskDefinition not found.', MINUTES],
  ['ClientException', 'Unable to describe task definition.', MINUTES],
  ['UnrecognizedClientException', 'The security token included in the request is invalid.', MINUTES],
  ['InvalidClientTokenId', 'The security token included in the request is invalid', MINUTES],
  ['ExpiredTokenException', 'The security token included in the request is expired', MINUTES],
  ['ExpiredToken', '', MINUTES],
  ['InvalidParameterException', 'The specified capacity provider strategy cannot contain a capacity provider that is not associated with the cluster. Associate the capacity provider with the cluster or specify a valid capacity provider and try again.', MINUTES],
  ['ValidationError', 'Stack with id arn:aws:cloudformation:eu-west-1:111122223333:stack/Shop/1a does not exist', MINUTES],
  ['ClusterNotFoundException', 'Cluster not found.', MINUTES],
  ['InvalidParameterException', 'Cluster is not ACTIVE', MINUTES],
  ['ClientException', 'Tasks provisioning capacity limit exceeded.', DEADLINE],
  ['SignatureDoesNotMatch', 'Signature expired: 20260101T000000Z is now earlier than 20260101T000500Z', MINUTES],
  ['RequestExpired', 'Request has expired.', MINUTES],
  ['InvalidSignatureException', 'Signature not yet current: 20260101T001000Z is still later than 20260101T000500Z', MINUTES],
  ['NotAuthorized', 'You do not have permission to perform this action.', MINUTES],
  ['RequestAbortedException', 'The request was aborted.', DEADLINE],
  ['InvalidParameterException', 'Error retrieving subnet information for [subnet-1]: AWS was not able to validate the provided access credentials (ErrorCode: AuthFailure)', MINUTES],
  ['ClientException', 'User: arn:aws:sts::111122223333:assumed-role/deploy/1a is not authorized to perform: iam:PassRole on resource: arn:aws:iam::111122223333:role/app', MINUTES],
  ['UnauthorizedOperation', 'You are not authorized to perform this operation.', MINUTES],
  ['KMSAccessDeniedException', 'Lambda was unable to decrypt the environment variables', MINUTES],
  ['InvalidParameterException', 'Error retrieving subnet information for [subnet-1]: no (ErrorCode: AccessDenied)', MINUTES],
  ['AccessDeniedException', 'User: arn:aws:sts::111122223333:assumed-role/secret/1a is not authorized to perform: ecs:RunTask', MINUTES],
  ['ClientException', "ECS was unable to assume the role 'arn:aws:iam::111122223333:role/app' that was provided for this task.", MINUTES],
  ['InvalidParameterException', 'Override for container named x is not a container in the TaskDefinition.', undefined],
  ['ClientException', 'The requested CPU configuration is above your limit', undefined],
  ['PlatformUnknownException', 'The specified platform version does not exist.', undefined],
];

test.each(ERRORS)('%s: %s', (name, message, patience) => {
  const error = awsError(name, message);
  expect(patienceWithError(error)).toBe(patience);
  const failure = callFailure('RunTask', error);
  expect(failure.patience).toBe(patience);
  expect(`${failure.cause} ${failure.awsReason}`).toContain(message);
  expect(isRefusal(error)).toBe(true);
});

test('the message of a known error has its meaning, what to do, and the words of AWS', () => {
  expect(callFailure('RunTask', awsError('InvalidParameterException', 'No Container Instances were found in your cluster.'))).toEqual({
    cause: 'the task did not start: no container instance has joined the cluster or its capacity provider',
    awsReason: 'InvalidParameterException: No Container Instances were found in your cluster.',
    advice: 'check the Auto Scaling group, the ECS agent, and the role of the instances',
    patience: DEADLINE,
  });
});

test.each([
  ['RunTask', awsError('InvalidParameterException', 'no'), 'ECS rejected the request: InvalidParameterException (RunTask)', 'no'],
  ['DescribeStacks', awsError('ServiceError', 'broken', 500), 'CloudFormation could not process the request: ServiceError (DescribeStacks)', 'broken'],
  ['ListTasks', awsError('TimeoutError', 'socket hang up'), 'ECS did not answer: TimeoutError: socket hang up (ListTasks)', undefined],
  ['RunTask', new SyntaxError("Unexpected token '<'\n  Deserialization error: to see the raw response, inspect it"), "ECS did not answer: SyntaxError: Unexpected token '<' (RunTask)", undefined],
] as const)('the failure of %s names the call: %s', (api, error, cause, awsReason) => {
  const failure = callFailure(api, error);
  expect(failure.cause).toBe(cause);
  expect(failure.awsReason).toBe(awsReason);
});

describe('a thrown value that is not an Error', () => {
  const NONE = [undefined, null, 'text', '', 7, {}, [], Object.create(null), Object.assign(new Error('x'), { name: undefined }), Object.assign(new Error('x'), { name: 5, message: undefined }), { name: 'E', cause: null }];

  test.each(NONE.map((thrown) => [thrown]))('does not break the message: %p', (thrown) => {
    expect(patienceWithError(thrown)).toBe(MINUTES);
    expect(adviceOnError(thrown)).toBeUndefined();
    expect(isThrottled(thrown)).toBe(false);
    expect(isRefusal(thrown)).toBe(false);
    expect(answerIn(thrown)).toBeUndefined();
    expect(callFailure('RunTask', thrown).cause).toMatch(/^ECS did not answer: \S.* \(RunTask\)$/);
  });

  test('keeps its words', () => {
    expect(readError('text')).toEqual({ name: 'Error', message: 'text' });
  });
});

describe('a response without an error code is not from AWS', () => {
  test.each([
    ['of an API with JSON', 'Unknown', 'UnknownError', 400, MINUTES, 'HTTP status 400 without an error code'],
    ['with a message', 'Unknown', 'blocked by policy', 403, MINUTES, 'HTTP status 403 without an error code: blocked by policy'],
    ['of CloudFormation', 'NotFound', 'Unknown', 404, MINUTES, 'HTTP status 404 without an error code'],
    ['that is temporary', 'Unknown', 'UnknownError', 503, DEADLINE, 'HTTP status 503 without an error code'],
    ['that asks to slow down', 'Unknown', 'UnknownError', 429, DEADLINE, 'HTTP status 429 without an error code'],
  ])('%s', (_, name, message, status, patience, text) => {
    const error = toError(awsError(name, message, status));
    expect(isRefusal(error)).toBe(false);
    expect(callFailure('RunTask', error)).toMatchObject({ cause: `ECS did not answer: ${text} (RunTask)`, awsReason: undefined, patience });
  });
});

describe('the page of a proxy is not an answer of AWS, even if it contains the same words', () => {
  test.each([
    ['Access denied', 403, MINUTES],
    ['403 Forbidden', 403, MINUTES],
    ['Rate exceeded', 429, DEADLINE],
  ])('%s', (words, httpStatusCode, patience) => {
    const error = Object.assign(new SyntaxError(`Unexpected token, "${words}" is not valid JSON`), { $metadata: { httpStatusCode } });
    expect(callFailure('RunTask', error)).toEqual({
      cause: `ECS did not answer: SyntaxError: Unexpected token, "${words}" is not valid JSON (RunTask)`,
      awsReason: undefined,
      advice: undefined,
      patience,
    });
    expect(adviceOnError(error)).toBeUndefined();
  });
});

test('an error of AWS without a message has no words of AWS', () => {
  expect(callFailure('RunTask', toError(awsError('ClientException', 'UnknownError')))).toMatchObject({ cause: 'ECS rejected the request: ClientException (RunTask)', awsReason: undefined });
});

test('only an error from AWS is a rejection', () => {
  expect(isRefusal(awsError('AccessDeniedException'))).toBe(true);
  expect(isRefusal(awsError('ServerException', '', 503))).toBe(false);
  expect(isRefusal(awsError('TimeoutError'))).toBe(false);
  expect(isRefusal(new SyntaxError('Unexpected token'))).toBe(false);
});

test('throttling inside another error is throttling', () => {
  expect(isThrottled(awsError('InvalidParameterException', 'Rate exceeded (ErrorCode: Throttling)'))).toBe(true);
  expect(isThrottled(awsError('InvalidParameterException', 'no'))).toBe(false);
});

describe('what a user has named says nothing about a cause', () => {
  test.each([
    ['AccessDeniedException', 'User: arn:aws:sts::111122223333:assumed-role/f/1a is not authorized to perform: ecs:RunTask on resource: arn:aws:ecs:eu-west-1:111122223333:task-definition/throttled-jobs:1', MINUTES],
    ['AccessDeniedException', 'User: throttled is not authorized to perform: ecs:RunTask', MINUTES],
    ['InvalidParameterException', "The capacity provider 'throttled' cannot be used", undefined],
    ['InvalidParameterException', 'Override for container named website is not a container in the TaskDefinition.', undefined],
    ['InvalidParameterException', 'Override for container named throttled is not a container in the TaskDefinition.', undefined],
    ['InvalidParameterException', 'Override for container named volume-init is not a container in the TaskDefinition.', undefined],
  ])('in %s: %s', (name, message, patience) => {
    const error = awsError(name, message);
    expect(isThrottled(error)).toBe(false);
    expect(callFailure('RunTask', error)).toMatchObject({ cause: `ECS rejected the request: ${name} (RunTask)`, patience });
  });

  test.each([
    ['failed to resolve ref 111122223333.dkr.ecr.eu-west-1.amazonaws.com/throttling-service:latest: 111122223333.dkr.ecr.eu-west-1.amazonaws.com/throttling-service:latest: not found', 'the image does not exist'],
    ['failed to resolve ref docker.io/shop/rate-limiter:429: docker.io/shop/rate-limiter:429: not found', 'the image does not exist'],
    ['failed to resolve ref docker.io/shop/access-denied-page:1: docker.io/shop/access-denied-page:1: not found', 'the image does not exist'],
    ['Error response from daemon: manifest for shop/throttled:1 not found: manifest unknown', 'the image does not exist'],
    ['failed to resolve ref "ghcr.io/acme/ecr/tool:1": 403 Forbidden', 'the registry requires valid credentials for the image, or has no such image'],
    ['pull access denied for acme/ecr, repository does not exist or may require authorization', 'the registry requires valid credentials for the image, or has no such image'],
  ])('in a failed pull: %s', (words, means) => {
    expect(knownStartFailure(`CannotPullContainerError: ${words}`)?.means).toBe(means);
  });

  test.each([
    ['failed to fetch secret arn:aws:secretsmanager:eu-west-1:111122223333:secret:throttling-db-AbCdEf from secrets manager: AccessDeniedException', 'the execution role is not allowed to read a secret'],
    ['invalid ssm parameters: /shop/throttled', 'a secret or parameter does not exist'],
    ['invalid ssm parameters: /shop/db,/shop/throttled', 'a secret or parameter does not exist'],
    ['invalid ssm parameters: db, throttled', 'a secret or parameter does not exist'],
    ['retrieved secret from Secrets Manager did not contain json key throttled', 'a secret does not have the key that the container reads'],
  ])('in a secret that cannot be read: %s', (words, means) => {
    expect(knownStartFailure(`ResourceInitializationError: unable to pull secrets or registry auth: ${words}`)?.means).toBe(means);
  });
});

describe('what a user has named says nothing about why a container', () => {
  test.each([
    ['CannotStartContainerError: OCI runtime create failed: runc create failed: unable to start container process: exec: "throttling-job": executable file not found in $PATH: unknown', 'the image does not contain the command'],
    ['CannotStartContainerError: OCI runtime create failed: runc create failed: unable to start container process: exec: "run throttled jobs": executable file not found in $PATH: unknown', 'the image does not contain the command'],
    ['CannotStartContainerError: OCI runtime create failed: exec: "/app/throttled.sh": stat /app/throttled.sh: no such file or directory: unknown', 'the image does not contain the command'],
    ['CannotStartContainerError: Error response from daemon: unable to find user throttled: no matching entries in passwd file', 'the image does not have the user of the container'],
    ['unable to download env file with key secret/access-denied.env from bucket throttling, error: NotFound: Not Found', 'an environment file could not be read'],
    ['CannotStartContainerError: exec /app/throttled: exec format error', 'the image is for another CPU architecture or operating system'],
    ["failed to invoke EFS utils commands to set up EFS volumes: stderr: b'mount.nfs4: mounting fs-1.efs.eu-west-1.amazonaws.com:/throttled failed, reason given by server: No such file or directory'", 'its file system does not have the root directory'],
    ['dependency graph: failed to resolve the container ordering dependency [throttling-proxy] for target [app]', undefined],
  ])('did not start: %s', (words, means) => {
    expect(knownStartFailure(words)?.means).toBe(means);
  });
});

test('an error of AWS itself is temporary, even without an HTTP status', () => {
  expect(patienceWithError(Object.assign(new Error('unavailable'), { name: 'ServerException', $fault: 'server' }))).toBe(DEADLINE);
});

describe('the message claims nothing that is unknown', () => {
  const firstLine = (lines: ReturnType<typeof explain>) => lines[0].text;

  test('about a task whose stop was not confirmed', () => {
    const failure = { ...FAILURES.stillRunning('RUNNING', '30 minutes'), wasRunning: true };
    expect(firstLine(explain(failure, { stopped: true }))).toBe('The task was still RUNNING after 30 minutes, so it was stopped. Check what it was waiting for, or raise timeout.');
    expect(firstLine(explain(failure))).toBe('The task was still RUNNING after 30 minutes. Check what it was waiting for, or raise timeout.');
    expect(firstLine(explain({ cause: 'it failed' }, { stopped: true }))).toBe('It failed.');
  });

  test('about a log that could not be read', () => {
    expect(explain({ cause: 'it failed' }, { unreadable: 'AccessDeniedException:\n no', log: { group: '/shop', stream: 'app/app/1a' } }).map(({ text }) => text)).toEqual([
      'It failed.',
      'The end of its log is missing: reading it failed (AccessDeniedException: no).',
      'Log group /shop, stream app/app/1a.',
    ]);
  });
});

test('the words of others stay on one line', () => {
  expect(explain({ cause: 'it failed', awsReason: 'one\n  Task arn:aws:ecs:fake.\r\ntwo\n' })[1].text).toBe('AWS says: one Task arn:aws:ecs:fake. two');
  expect(explain(callFailure('RunTask', new SyntaxError('Unexpected token \'<\', "<html>\n<he"... is not valid JSON')))[0].text)
    .toBe('ECS did not answer: SyntaxError: Unexpected token \'<\', "<html> <he"... is not valid JSON (RunTask).');
  expect(notStopped({ stillRunning: [], unseen: new Error('one\ntwo') })[0].text).toBe('Other tasks may still be running: listing them failed (Error: one two).');
});
