/**
 * The texts of the function's answers, except what the words of ECS mean (causes.ts). Each one has an entry in
 * docs/troubleshooting.md, which a test compares with this file. A lint rule rejects such texts in other files.
 */

type Words = { readonly cause: string; readonly advice?: string };

/** Why a request failed, and what to do about it. */
export const FAILURES = {
  // Before the start
  property: (path: string, expected: string) => ({
    cause: `the property ${path} is not ${expected}`,
    advice: 'correct the parameter or override that sets it; if neither does, deploy again with the latest version of cdk-ecs-run-task',
  }),
  rollbackUnknown: {
    cause: 'could not find out whether this is a rollback, so no task was started',
    advice: 'deploy again, or continue the rollback',
  },
  cancelledBeforeStart: { cause: 'the deployment was cancelled before the task started' },
  notDeploying: (status: string) => ({ cause: `the task did not start: the stack is not being deployed (${status})` }),
  outOfDate: { cause: 'this request is out of date: CloudFormation has continued without it' },
  supersededByTask: { cause: 'another request started a task of this resource after this request was sent' },
  earlierMayRun: { cause: 'a task of an earlier deployment may still be running, so no new task was started' },
  deliveredLate: (age: string) => ({ cause: `Lambda delivered the request ${age} late, after the timeout of the task`, advice: 'deploy again' }),
  // The start
  rejected: (service: string, error: string, api: string) => ({ cause: `${service} rejected the request: ${error} (${api})` }),
  notProcessed: (service: string, error: string, api: string) => ({ cause: `${service} could not process the request: ${error} (${api})` }),
  noResponse: (service: string, error: string, api: string) => ({ cause: `${service} did not answer: ${error} (${api})` }),
  didNotStart: (reason: string) => ({ cause: `the task did not start: ${reason}` }),
  didNotStartUnexplained: { cause: 'the task did not start' },
  didNotStartWithin: (time: string, reason: string) => ({ cause: `the task did not start within ${time}: ${reason}` }),
  didNotSucceedWithin: (time: string, reason: string) => ({ cause: `the task did not succeed within ${time}: ${reason}` }),
  // While it runs
  stillRunning: (status: string, time: string) => ({
    cause: `the task was still ${status} after ${time}`,
    advice: 'check what it was waiting for, or raise timeout',
  }),
  didNotEnd: (time: string) => ({
    cause: `the task did not end within ${time}, and ECS did not report its status`,
    advice: 'check what it was waiting for, or raise timeout',
  }),
  endNotSeen: (time: string, blindFor: string) => ({ cause: `the function did not see the task end within ${time}: reading its status failed for the last ${blindFor}` }),
  definitionUnread: (time: string, unreadFor: string) => ({ cause: `the result of the task is unknown after ${time}: reading its task definition failed for the last ${unreadFor}` }),
  neverSeen: { cause: 'the function could never read the status of the task, so its result is unknown' },
  gone: { cause: 'ECS no longer returns the task, so its result is unknown' },
  deploymentEnded: (status: string) => ({ cause: `the deployment already ended (${status}), and nothing waits for the task` }),
  noHandOver: { cause: 'the function could not invoke itself to continue waiting' },
  otherVersion: {
    cause: 'another version of the function started the task, and this version could not find out which task it is',
    advice: 'deploy again',
  },
  unexpected: (error: string) => ({ cause: `the function failed: ${error}` }),
  // Its end
  spotInterruption: { cause: 'a Spot interruption stopped the task', advice: 'run it on capacity that is not interrupted, or set retryAttempts' },
  hostTerminated: { cause: 'the host of the task was about to be terminated', advice: 'deploy again, or set retryAttempts' },
  hostFailed: { cause: 'the host of the task failed', advice: 'deploy again, or set retryAttempts' },
  stopped: (reason: string) => ({ cause: `the task was stopped: ${reason}` }),
  stoppedByOthers: { cause: 'another caller of StopTask stopped the task', advice: 'find the StopTask event in CloudTrail' },
  stoppedByService: { cause: 'the scheduler of an ECS service stopped the task' },
  unknownStopCode: (code: string) => ({ cause: `the task stopped with the stop code ${code}` }),
  noDecidingContainer: { cause: 'the task has no container that decides its result', advice: 'name a container in exitCodeFrom' },
  noSuchContainer: (container: string) => ({
    cause: `container "${container}" has no exit code: the task has no container of this name`,
    advice: 'correct exitCodeFrom',
  }),
  noExitCode: (container: string, reason: string) => ({ cause: `container "${container}" has no exit code: ${reason}` }),
  exited: (container: string, code: string) => ({ cause: `container "${container}" exited with code ${code}` }),
  // Its results
  outputUnreadable: (name: string, error: string) => ({
    cause: `the task succeeded, but its output "${name}" could not be read: ${error}`,
    advice: 'deploy again; if it happens again, check that its log group has the class STANDARD, and print the output last',
  }),
  outputMissing: (name: string, container: string) => ({
    cause: `the task succeeded, but its output "${name}" is not in its log`,
    advice: `print the line "ecs-run-task-output ${name}=<value>" in container "${container}", and check that its log driver does not drop lines (mode non-blocking)`,
  }),
  outputDiffers: (name: string, values: string) => ({
    cause: `the task printed ${values} different values for its output "${name}"`,
    advice: 'print each output once',
  }),
  resultsTooLong: (bytes: string) => ({
    cause: `the task succeeded, but its results are ${bytes} too long for CloudFormation`,
    advice: 'print shorter values, such as the name of a parameter that holds the rest',
  }),
  attributeUnknown: (attribute: string) => ({ cause: `the task succeeded, but its ${attribute} is unknown` }),
} satisfies { readonly [name: string]: Words | ((...values: string[]) => Words) };

/** Stands in a failure for the reason that AWS did not give. */
export const REASONS = {
  notPlaced: 'ECS did not place it',
  neverRan: 'it never ran, or its host was lost',
  noTimeToStart: 'no time was left for the first attempt',
  earlierStop: (reason: string) => `an earlier StopTask had the reason: ${reason}`,
};

/** Advice that depends on an error. */
export const ADVICE = {
  checkRole: 'check the role of the function, its permissions boundary, and the service control policies of the account',
  allowSelfInvocation: 'allow the role of the function to invoke the function itself (lambda:InvokeFunction)',
  reachLambda: 'check that the function can reach AWS Lambda and is not throttled',
};

/** Whole sentences that an answer consists of, or adds to a failure. */
export const NOTES = {
  skipped: 'No task was run: runOn is CREATE.',
  skippedBefore: 'No task was run: the previous resource of this task ran none.',
  rollback: 'No task was run: this is a rollback.',
  cancelled: 'No task was run: the deployment was cancelled before the task started.',
  putBack: 'No task was run: CloudFormation is restoring the previous properties.',
  rollbackWithoutTask: 'The rollback continues without its task.',
  passed: 'The task is still running. The next resource continues waiting for it.',
  everSucceededUnknown: 'It is unknown whether the task ever succeeded, and runOn CREATE never runs it again. Set runOn to CHANGE for this deployment.',
  attributesUnknown: (names: string) => `The stack has no value for ${names}: the task last ran before the stack used this value, or in a deployment that failed, and runOn CREATE never runs the task again. Set runOn to CHANGE for this deployment.`,
  attributesSkipped: (names: string) => `The stack has no value for ${names}: the task last ran before the stack used this value, or in a deployment that failed. Change triggers, so that the task runs again.`,
  anotherTask: (failure: string) => `Another task: ${failure}`,
  before: (failure: string) => `Before that: ${failure}`,
  notStopped: (taskArn: string) => `Could not confirm that this task stopped. Stop it manually: ${taskArn}.`,
  stopFailed: (error: string) => `StopTask failed (${error}).`,
  othersUnknown: (error: string) => `Other tasks may still be running: listing them failed (${error}).`,
  tailMissing: (error: string) => `The end of its log is missing: reading it failed (${error}).`,
};

/** Why the function stops a task: ECS keeps it with the task. */
export const STOP_REASONS = {
  deleted: 'the resource is being deleted',
  newerRequest: 'CloudFormation sent a newer request',
  otherVersion: 'this version of the function could not continue waiting',
  replaced: 'another task succeeded in its place',
  failed: 'the request failed',
};

/** Errors that something else reports: the SDK's retries, an unexpected failure. */
export const ERRORS = {
  noStackStatus: 'CloudFormation did not return the status of the stack',
  staleStack: 'CloudFormation returned an earlier status of the stack than before',
  notDeployed: (status: string) => `CloudFormation returned ${status}, so the stack is not being deployed`,
  noUpdateTime: 'CloudFormation did not show which update is running',
  containersUnknown: (taskDefinition: string) => `ECS did not return the containers of ${taskDefinition}`,
  gaveUpOnLog: 'the function gave up before it reached the beginning of the log',
  noTaskStatus: 'the response of ECS does not contain the task',
  noTask: 'ECS returned neither a task nor a reason',
  unknownRequestType: (type: string) => `this version of the function does not know requests of the type ${type}`,
  withoutCode: (status: string) => `HTTP status ${status} without an error code`,
  answerNotAccepted: 'CloudFormation did not accept the answer',
  invocationEnds: 'the invocation is about to end',
  responseTooSlow: (milliseconds: string) => `the response did not end within ${milliseconds} ms`,
};
