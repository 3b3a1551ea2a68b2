import { awsError, CallFacts, CallFault } from '../faults';
import { PASSING_PLACEMENTS, PASSING_REFUSALS } from '../known-errors';
import {
  answeredAfter, both, callOf, cancelledAfter, create, deleteStack, MINUTE, NamedScenario, ON_DELETE, properties, runs, SECOND, since, statusSaid,
  update,
} from './telling';

/** Whether a request has started a task. */
const hasStarted = (request: number) => ({ history, invocation }: CallFacts) =>
  invocation.request.number === request && history.tasks.some((task) => task.request.number === request);

const stale = (status: string, when: CallFault['when'], times?: number): CallFault =>
  ({ name: `DescribeStacks is stale: ${status}`, api: 'DescribeStacks', when, times, change: statusSaid(status) });

const startsRefused = (error: () => unknown, seconds: number): CallFault =>
  ({ name: 'RunTask is refused for a while', api: 'RunTask', when: since(1, 0, seconds), error });

/** Errors that last longer than three minutes, and are retried even so. */
const UNTIL_THE_DEADLINE = /^(EC2 throttles|no instance)/;

/** Why a task did not start for some time. */
const PASSING_STARTS: { readonly [what: string]: string } = {
  'ECR throttles': 'CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref: ThrottlingException: Rate exceeded',
  'the registry fails with 5xx': 'CannotPullContainerError: pull image manifest has been retried 5 time(s): httpReadSeeker: failed open: unexpected status code 503 Service Unavailable',
  'the registry answers 429': 'CannotPullContainerError: failed to copy: httpReadSeeker: failed open: unexpected status code https://registry/v2/: 429 Too Many Requests',
  'the registry ends the connection': 'CannotPullContainerError: failed to copy: httpReadSeeker: failed open: EOF',
  'the connection to the registry is reset': 'CannotPullContainerError: failed to copy: read tcp 10.0.0.1:443: connection reset by peer',
  'Secrets Manager throttles': 'ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 5 time(s): ThrottlingException: Rate exceeded',
  'SSM throttles': 'ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secrets from ssm: ThrottlingException: Rate exceeded',
  'CloudWatch Logs throttles': 'ResourceInitializationError: failed to create Cloudwatch log stream: ThrottlingException: Rate exceeded',
};

const notStarted = (stoppedReason: string) => runs(0, 0, { runs: false, exitCodes: {}, stopCode: 'TaskFailedToStart', stoppedReason });

/** The errors of DescribeTasks in minute 20. */
const HICCUPS = ['AccessDeniedException', 'ExpiredTokenException', 'UnrecognizedClientException', 'InvalidClientTokenId'];

/** The refuted and the unproven assumptions about AWS. */
export const audit: readonly NamedScenario[] = [
  // R4
  {
    name: 'E1: a rollback whose first look at the stack is stale is not answered FAILED',
    operations: [create(), update({}, cancelledAfter(20))],
    lives: [runs(10), runs(100)],
    faults: { calls: [stale('UPDATE_IN_PROGRESS', callOf(3, 1))] },
    expected: { answers: ['Create SUCCESS', 'Update cancelled', 'rollback SUCCESS'], started: 2 },
  },
  {
    name: 'E1b: a rollback whose looks at the stack are stale for some seconds starts no old task',
    operations: [create(), update({}, cancelledAfter(20))],
    lives: [runs(10), runs(100)],
    faults: { calls: [{ ...stale('UPDATE_IN_PROGRESS', both(({ invocation }) => invocation.request.number === 3, ({ at, invocation }) => at < invocation.startedAt + 2.9 * SECOND)) }] },
    expected: { answers: ['Create SUCCESS', 'Update cancelled', 'rollback SUCCESS'], started: 2 },
  },
  {
    name: 'E9: one stale UPDATE_COMPLETE after the start stops no task',
    operations: [create(), update()],
    lives: [runs(10), runs(300)],
    faults: { calls: [stale('UPDATE_COMPLETE', hasStarted(2), 1)] },
    expected: { answers: ['Create SUCCESS', 'Update SUCCESS'], stopped: 0 },
  },
  {
    name: 'E9b: one stale REVIEW_IN_PROGRESS in a first deployment stops no task',
    operations: [create()],
    lives: [runs(300)],
    faults: { calls: [stale('REVIEW_IN_PROGRESS', hasStarted(1), 1)] },
    expected: { answers: ['Create SUCCESS'], stopped: 0 },
  },
  {
    name: 'E9c: one stale ROLLBACK in minute 3 stops no task',
    operations: [create(), update()],
    lives: [runs(10), runs(400)],
    faults: { calls: [stale('UPDATE_ROLLBACK_COMPLETE', both(hasStarted(2), since(2, 170)), 1)] },
    expected: { answers: ['Create SUCCESS', 'Update SUCCESS'], stopped: 0 },
  },
  {
    name: 'E9d: an Update right after a rollback runs its task although the first look shows the cleanup of that rollback',
    operations: [create(), update({}, cancelledAfter(20)), update({}, { after: 1 }, 3)],
    lives: [runs(10), runs(100), runs(10)],
    faults: { calls: [stale('UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS', callOf(4, 1))] },
    expected: { answers: ['Create SUCCESS', 'Update cancelled', 'rollback SUCCESS', 'Update SUCCESS'], started: 3 },
  },
  {
    name: 'a stale status before a start does not fail the Update',
    operations: [create(), update()],
    lives: [runs(10), runs(100)],
    faults: { calls: [stale('UPDATE_COMPLETE', both(({ history }) => history.tasks.length === 1, callOf(2, 2)), 1)] },
    expected: { answers: ['Create SUCCESS', 'Update SUCCESS'], started: 2 },
  },
  // R1, R2, U8
  ...Object.entries(PASSING_REFUSALS).map(([what, error]): NamedScenario => ({
    name: `RunTask is asked again while ${what}`,
    operations: [create()],
    faults: { calls: [startsRefused(error, UNTIL_THE_DEADLINE.test(what) ? 240 : 60)] },
    expected: { answers: ['Create SUCCESS'], started: 1 },
  })),
  {
    name: 'a stack that DescribeStacks does not know yet holds no task up',
    operations: [create()],
    faults: { calls: [{ name: 'the stack is new', api: 'DescribeStacks', when: since(1, 0, 20), error: () => awsError('ValidationError', 'Stack with id Shop does not exist') }] },
    expected: { answers: ['Create SUCCESS'] },
  },
  {
    name: 'a subnet that never exists fails after some three minutes',
    operations: [create()],
    faults: { calls: [startsRefused(PASSING_REFUSALS['the subnet is new'], 10_000)] },
    expected: {
      answers: ['Create FAILED', 'Delete SUCCESS'],
      started: 0,
      others: (run) => answeredAfter(run, 1) > 150 && answeredAfter(run, 1) < 260 ? [] : [`answered after ${answeredAfter(run, 1)} s`],
    },
  },
  // R3
  ...Object.entries(PASSING_PLACEMENTS).map(([what, reason]): NamedScenario => ({
    name: `RunTask is asked again while ${what}`,
    operations: [create()],
    faults: { placements: [{ name: what, first: 1, last: 8, reason, ghost: false }] },
    expected: { answers: ['Create SUCCESS'], started: 1 },
  })),
  // Principle 6, after the start
  ...Object.entries(PASSING_STARTS).map(([what, reason]): NamedScenario => ({
    name: `a task is started again when ${what}`,
    operations: [create()],
    lives: [notStarted(reason), notStarted(reason), runs(40)],
    expected: { answers: ['Create SUCCESS'], started: 3 },
  })),
  // R9
  ...HICCUPS.map((error): NamedScenario => ({
    name: `one ${error} in minute 20 of a healthy task stops nothing`,
    operations: [create()],
    lives: [runs(1_500)],
    faults: { calls: [{ name: error, api: 'DescribeTasks', when: since(1, 1_200), times: 1, error: () => awsError(error, 'not now') }] },
    expected: { answers: ['Create SUCCESS'], stopped: 0 },
  })),
  {
    name: 'a policy that denies every call for a minute in the middle stops nothing',
    operations: [create()],
    lives: [runs(1_000)],
    faults: {
      calls: ['DescribeTasks', 'DescribeStacks', 'ListTasks', 'StopTask', 'RunTask', 'DescribeTaskDefinition', 'Invoke']
        .map((api) => ({ name: `${api} is denied`, api, when: since(1, 500, 560), error: () => awsError('AccessDeniedException', 'explicit deny') })),
    },
    expected: { answers: ['Create SUCCESS'], stopped: 0 },
  },
  ...['AccessDeniedException', 'ExpiredTokenException'].map((error): NamedScenario => ({
    name: `a start in minute 7 that meets ${error} for a minute is tried again`,
    operations: [create({ RetryAttempts: 1 })],
    lives: [runs(400, 1), runs(40)],
    faults: { calls: [{ name: error, api: 'RunTask', when: since(1, 300, 490), error: () => awsError(error, 'not now') }] },
    expected: { answers: ['Create SUCCESS'], started: 2 },
  })),
  // R8
  {
    name: 'a Delete waits for a task with the user\'s startedBy although StopTask has deleted its tags',
    operations: [create({ Request: { ...properties(1).Request, startedBy: 'deployments' } }, cancelledAfter(60))],
    lives: [runs(2_000, 0, { deprovisioning: 40, whenToldToStop: { after: 60, exitCode: 137 } })],
    faults: {
      quirks: { stopDeletesTags: true },
      // The invocation of the Create has called StopTask before the Delete lists the task.
      deliveries: [{ name: 'the event of the Delete is late', event: 2, delay: 70 * SECOND }],
    },
  },
  // U1
  ...(['before', 'during'] as const).map((deletesFailed): NamedScenario => ({
    name: `the Delete of what a failed Create has left, ${deletesFailed} the next run, stops no task of that run`,
    operations: [create({}, { noRollback: true }), update({}, { noRollback: true })],
    lives: [runs(10, 1), runs(300)],
    faults: { quirks: { deletesFailed } },
    expected: { stopped: 0, others: ({ outcomes }) => outcomes[1] === 'update -> UPDATE_COMPLETE' ? [] : [outcomes.join('; ')] },
  })),
  {
    name: 'the Delete of a failed second resource, while the task of the next deployment runs in the first, stops nothing',
    operations: [create({ TimeoutSeconds: 9_000 }, { noRollback: true }), update({ TimeoutSeconds: 9_000 }, { noRollback: true })],
    lives: [runs(4_000, 1), runs(4_000)],
    faults: { quirks: { deletesFailed: 'during' } },
    expected: { stopped: 0, others: ({ outcomes }) => outcomes[1] === 'update -> UPDATE_COMPLETE' ? [] : [outcomes.join('; ')] },
  },
  // U2
  {
    name: 'the Update with which --no-rollback puts a failed resource back runs nothing',
    operations: [create({}, { noRollback: true }), update({}, { noRollback: true, putsBack: true })],
    lives: [runs(10), runs(10, 1), runs(10)],
    expected: { answers: ['Create SUCCESS', 'Update FAILED', 'Update SUCCESS'], started: 2 },
  },
  // U3
  {
    name: 'a LastUpdatedTime that moves in the first minute stops no task',
    operations: [create(), update()],
    lives: [runs(10), runs(300)],
    faults: { quirks: { lastUpdatedMoves: 30 } },
    expected: { answers: ['Create SUCCESS', 'Update SUCCESS'], stopped: 0 },
  },
  {
    name: 'a LastUpdatedTime that moves in the first minute fails no Update whose task starts later',
    operations: [create(), update({ RetryAttempts: 1 })],
    lives: [runs(10), runs(100, 1), runs(40)],
    faults: { quirks: { lastUpdatedMoves: 30 }, placements: [{ name: 'no room', first: 2, last: 9, reason: 'RESOURCE:MEMORY', ghost: false }] },
    expected: { answers: ['Create SUCCESS', 'Update SUCCESS'], started: 3 },
  },
  {
    name: 'a LastUpdatedTime that moves makes a second resource, whose event is late, wait for the same task',
    operations: [create({ TimeoutSeconds: 9_000 }), update({ TimeoutSeconds: 9_000 })],
    lives: [runs(10), runs(5_000)],
    faults: {
      quirks: { lastUpdatedMoves: 30 },
      deliveries: [{ name: 'the event of the second resource is late', event: 10, delay: 40 * SECOND }],
    },
    expected: { started: 2, stopped: 0, others: ({ outcomes }) => outcomes[1] === 'update -> UPDATE_COMPLETE' ? [] : [outcomes.join('; ')] },
  },
  {
    name: 'a rollback stops the task although the clocks differ by nine seconds',
    operations: [create(), update({}, cancelledAfter(3))],
    lives: [runs(10), runs(300)],
    faults: { quirks: { clocks: { ecs: 4.5, cloudFormation: -4.5 } } },
    expected: {
      answers: ['Create SUCCESS', 'Update cancelled', 'rollback SUCCESS'],
      others: ({ history: { tasks: [, task], requests: [, , rollback] } }) => task.toldToStopAt! < rollback.answer!.at ? [] : ['the rollback did not stop the task'],
    },
  },
  // U4
  {
    name: 'a task that ends some seconds after a hand-over that is lost is answered',
    operations: [create()],
    lives: [runs(618)],
    faults: { deliveries: [{ name: 'the first hand-over is lost', event: 1, lost: true }] },
    expected: { answers: ['Create SUCCESS'] },
  },
  // U10
  {
    name: 'a task that is listed 40 seconds after its start does not outlive a Delete that came before by minutes',
    operations: [create({}, cancelledAfter(2.2))],
    lives: [runs(1_500)],
    scenario: { consistency: { unknown: 0, unlisted: 0, stale: 0, pageSize: 100 } },
    faults: {
      calls: [{
        name: 'the task is not listed yet',
        api: 'ListTasks',
        when: ({ at, history }) => history.tasks.some(({ createdAt }) => at < createdAt + 40 * SECOND),
        change: (result) => ({ ...result, taskArns: [] }),
      }],
    },
    expected: { others: ({ history: { tasks: [task] } }) => !task || (task.toldToStopAt ?? Infinity) < task.createdAt + 45 * SECOND ? [] : [`the task ran until ${(task.endedAt - task.createdAt) / MINUTE} minutes`] },
  },
  // R5
  {
    name: 'a nested stack that its parent rolls back gets the attributes of the last good deployment',
    operations: [create({ UsedAttributes: { TaskArn: 'MigrationTaskArn' } }), update({ UsedAttributes: { TaskArn: 'MigrationTaskArn' } })],
    lives: [runs(10)],
    faults: { quirks: { parentFails: true } },
  },
  {
    name: 'a nested stack that its parent rolls back gets the attributes of the last good deployment although the task of the rollback fails',
    operations: [create, update].map((deploy) => deploy({ UsedAttributes: { TaskArn: 'MigrationTaskArn' }, OnRollback: 'RUN' })),
    lives: [runs(10), runs(10), runs(10, 1)],
    faults: { quirks: { parentFails: true } },
  },
  // R6
  {
    name: 'a cleanup that asks three times for a Delete runs a failing onDelete three times at most',
    operations: [create({ OnDelete: ON_DELETE }), { kind: 'remove the resource', after: 60 }],
    lives: [runs(10), runs(10, 1)],
    faults: { quirks: { asksThrice: true } },
    expected: { answers: ['Create SUCCESS', 'Delete FAILED', 'Delete FAILED', 'Delete FAILED'], started: 4 },
  },
  // Signature version 2
  {
    name: 'URLs that do not tell when they were signed change nothing',
    operations: [create({ TimeoutSeconds: 9_000 }), update(), deleteStack],
    lives: [runs(4_000), runs(40)],
    faults: { quirks: { signsWithoutDate: true } },
  },
  // U5
  {
    name: 'a hand-over that waits for a free slot loses nothing',
    operations: [create()],
    lives: [runs(900)],
    faults: { quirks: { slots: 1 } },
    expected: { answers: ['Create SUCCESS'] },
  },
];
