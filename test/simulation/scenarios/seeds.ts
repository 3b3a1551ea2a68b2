import { awsError, CallFault } from '../faults';
import { both, callOf, cancelledAfter, create, deleteStack, NamedScenario, ON_DELETE, PROPERTIES, properties, runs, SECOND, since, update } from './telling';

const throttled = () => awsError('ThrottlingException', 'Rate exceeded');
const denied = () => awsError('AccessDeniedException', 'not authorized to perform: ecs:StopTask');
const unavailable = () => Object.assign(new Error('503'), { status: 503 });
const hungUp = () => awsError('TimeoutError', 'socket hang up');

const undated = (when: CallFault['when']): CallFault => ({
  name: 'DescribeStacks leaves LastUpdatedTime out',
  api: 'DescribeStacks',
  when,
  change: ({ Stacks: [stack] }) => ({ Stacks: [{ ...stack, LastUpdatedTime: undefined }] }),
});

/** DescribeStacks returns stale responses. */
const stale = (when: CallFault['when'], changes: object): CallFault => ({
  name: 'DescribeStacks tells what has been',
  api: 'DescribeStacks',
  when,
  change: ({ Stacks: [stack] }) => ({ Stacks: [{ ...stack, LastUpdatedTime: undefined, ...changes }] }),
});

/** With the task of the first deployment in its outputs. */
const KEPT = { RunOn: 'CREATE', UsedAttributes: { TaskArn: 'MigrationTaskArn' } } as const;

/** Faults that new seeds have found. */
export const seeds: readonly NamedScenario[] = [
  {
    name: 'an answer comes in time although DescribeTaskDefinition is throttled beyond the deadline (seed 3076423)',
    operations: [create({ TimeoutSeconds: 132, ExitCodeFrom: undefined })],
    lives: [runs(220)],
    faults: {
      crashes: [
        { name: 'the first invocation crashes', invocation: 1, inAwait: 11 },
        { name: 'the second invocation crashes', invocation: 2, inAwait: 88 },
      ],
      calls: [
        { name: 'DescribeTaskDefinition is throttled', api: 'DescribeTaskDefinition', when: since(1, 150), error: throttled },
        { name: 'the response URL is down for a moment', api: 'put', when: callOf(1, 1), error: unavailable },
        { name: 'the response URL times out', api: 'put', when: callOf(1, 2, 3), error: hungUp, delay: 15_000 },
      ],
    },
  },
  {
    name: 'a Delete that may not stop a task is answered in time (seed 3083980)',
    operations: [create({ TimeoutSeconds: 30 }, cancelledAfter(20))],
    lives: [runs(1_000)],
    faults: {
      calls: [
        { name: 'StopTask is denied', api: 'StopTask', error: denied },
        { name: 'the response URL is down for a moment', api: 'put', when: callOf(2, 1, 5), error: unavailable },
      ],
    },
  },
  {
    name: 'a Delete that may not stop a task is answered in time after a crash (seed 7148660)',
    operations: [create({ TimeoutSeconds: 78 }, cancelledAfter(20))],
    lives: [runs(1_000)],
    faults: {
      calls: [{ name: 'StopTask is denied', api: 'StopTask', error: denied }],
      crashes: [{ name: 'the invocation of the Delete crashes', invocation: 2, inAwait: 200 }],
    },
  },
  {
    name: 'a rollback stops the task of the cancelled Update although the status of the stack is unknown (seed 3133989)',
    operations: [create(), update({}, cancelledAfter(60))],
    lives: [runs(10), runs(1_000)],
    faults: { calls: [{ name: 'DescribeStacks is throttled', api: 'DescribeStacks', when: since(2, 40, 600), error: throttled }] },
  },
  {
    name: 'a rollback names the task of the failed Update although the status of the stack is unknown (seed 7124065)',
    operations: [create({ TimeoutSeconds: 338 }), update({ TimeoutSeconds: 338 })],
    lives: [runs(10), runs(1_000)],
    faults: {
      calls: [
        { name: 'StopTask is denied', api: 'StopTask', error: denied },
        { name: 'DescribeStacks is throttled', api: 'DescribeStacks', when: since(2, 400, 900), error: throttled },
      ],
    },
  },
  {
    name: 'a Create stops the task of the failed one, whose tag has its mark because that one had a startedBy (seed 501375)',
    operations: [
      create({ Request: { ...PROPERTIES.Request, startedBy: 'deployments' } }, { noRollback: true, ...cancelledAfter(70) }),
      update({}, { noRollback: true, after: 5 }),
    ],
    lives: [runs(600), runs(60)],
    expected: { answers: ['Create cancelled', 'Create SUCCESS', 'Delete SUCCESS'], started: 2, stopped: 1 },
  },
  {
    name: 'a Create that cannot read the list of earlier tasks for half a minute starts none beside them (seed 511814)',
    operations: [create({}, { noRollback: true, ...cancelledAfter(70) }), update({}, { noRollback: true, after: 5 })],
    lives: [runs(600), runs(60)],
    faults: { calls: [{ name: 'an answer is unreadable', api: 'ListTasks', when: since(2, 0, 30), error: () => new SyntaxError('Unexpected end of JSON input') }] },
    expected: { answers: ['Create cancelled', 'Create SUCCESS', 'Delete SUCCESS'], started: 2, stopped: 1 },
  },
  {
    name: 'a look for a task that RunTask may have started names what was not answered (seed 509608)',
    operations: [create(), update({ TimeoutSeconds: 100 }, { noRollback: true })],
    faults: {
      placements: [{ name: 'no room', first: 2, last: 100, reason: 'RESOURCE:MEMORY', ghost: false }],
      calls: [{ name: 'a call hangs', api: 'DescribeTasks', when: since(2, 15, 100), error: hungUp, delay: 30_000 }],
    },
    expected: { answers: ['Create SUCCESS', 'Update FAILED'], started: 1, says: /ECS did not answer: TimeoutError: socket hang up \(ListTasks or DescribeTasks\)/ },
  },
  {
    name: 'runOn CREATE runs nothing in a second resource that only a cancelled Update asked for (seed 7037161)',
    operations: [
      create({}, { noRollback: true }),
      update({ RunOn: 'CREATE', TimeoutSeconds: 4_905 }, { noRollback: true, ...cancelledAfter(0.02) }),
      { kind: 'update', after: 800, properties: properties(2, { RunOn: 'CREATE', TimeoutSeconds: 4_905 }), noRollback: true, oldIsWhatFailed: true },
      deleteStack,
    ],
    expected: { started: 1 },
  },
  // Early enough for its first readings, and for the readings before its start.
  ...[20, 70].map((after): NamedScenario => ({
    name: `a cancelled Update starts nothing in a deployment that begins ${after} seconds later, when CloudFormation does not tell when that began (seed 7403682)`,
    operations: [create(), update({}, { after: 2 * 3_600, ...cancelledAfter(1) }), update({}, { after }, 3)],
    lives: [runs(10), runs(40)],
    faults: {
      deliveries: [{ name: 'the event of the Update is late', event: 2, delay: 20 * SECOND }],
      calls: [undated(({ invocation, history }) => invocation.request.number === 2 && history.operations.length === 3)],
    },
    expected: { answers: ['Create SUCCESS', 'Update cancelled', 'rollback SUCCESS', 'Update SUCCESS'], started: 2 },
  })),
  {
    name: 'a cancelled Update starts nothing in the next deployment although CloudFormation does not tell when that began (seed 8300018)',
    operations: [create(), update({}, { noRollback: true, ...cancelledAfter(1) }), update({}, { noRollback: true, after: 60 }, 3)],
    lives: [runs(10), runs(40)],
    faults: {
      // Except once, when it checks whether CloudFormation restores the previous properties.
      calls: [undated(({ invocation: { request }, history: { operations, calls } }) => request.number === 2
        && (operations.length < 3 || calls.some((call) => call.api === 'DescribeStacks' && call.invocation.request === request && call.at > operations[2])))],
    },
    expected: { answers: ['Create SUCCESS', 'Update cancelled', 'Update SUCCESS'], started: 2 },
  },
  {
    name: 'a rollback whose event comes again in the next deployment starts nothing although CloudFormation does not tell when that began (seed 8300123)',
    operations: [create(), update({}, cancelledAfter(20)), update({}, { after: 20 }, 3)],
    lives: [runs(10), runs(40), runs(300)],
    faults: {
      deliveries: [{ name: 'the event of the rollback comes again', event: 3, againAfter: [130 * SECOND] }],
      calls: [{ name: 'the Update starts late', api: 'RunTask', when: both(since(4, 0, 200), ({ invocation }) => invocation.request.number === 4), error: throttled }, undated(({ invocation, history }) => invocation.request.number === 3 && history.requests.length > 3)],
    },
    expected: { answers: ['Create SUCCESS', 'Update cancelled', 'rollback SUCCESS', 'Update SUCCESS'], started: 3 },
  },
  {
    name: 'a second resource waits for no task of an earlier deployment although CloudFormation leaves out at first when this one began (seed 62)',
    operations: [
      create({ TimeoutSeconds: 9_000 }),
      update({ TimeoutSeconds: 9_000 }, { noRollback: true }),
      update({ TimeoutSeconds: 9_000 }, { noRollback: true }),
    ],
    lives: [runs(10), runs(4_000, 1), runs(40)],
    faults: { calls: [{ ...undated(({ invocation, history }) => history.operations.length === 3 && invocation.request.number > 5), times: 1 }] },
    expected: { started: 3, others: ({ outcomes }) => outcomes[2] === 'update -> UPDATE_COMPLETE' ? [] : [outcomes.join('; ')] },
  },
  {
    name: 'a rollback whose event comes again leaves the task of a Delete alone that is sent within seconds (seed 8509047)',
    operations: [create({ OnDelete: ON_DELETE }), update({ OnDelete: ON_DELETE }), { ...deleteStack, after: 10 }],
    lives: [runs(10), runs(10, 1), runs(300)],
    faults: { deliveries: [{ name: 'the event of the rollback comes again', event: 3, againAfter: [2 * SECOND] }] },
    expected: { answers: ['Create SUCCESS', 'Update FAILED', 'rollback SUCCESS', 'Delete SUCCESS'], started: 3, stopped: 0 },
  },
  ...[0, 50].map((until): NamedScenario => ({
    name: `a cancelled Create starts nothing in the next deployment, which begins within a minute; no status for ${until} seconds (seeds 8503174 and 8522962)`,
    operations: [
      create({ TimeoutSeconds: 300 }, { noRollback: true, ...cancelledAfter(5) }),
      update({}, { noRollback: true, after: 30 }),
    ],
    lives: [runs(60)],
    faults: {
      placements: [{ name: 'no room', first: 1, last: 3, reason: 'RESOURCE:MEMORY', ghost: false }],
      calls: [{ name: 'DescribeStacks is throttled', api: 'DescribeStacks', when: both(since(1, 0, until), ({ invocation }) => invocation.request.number === 1), error: throttled }],
    },
    expected: { started: 1, others: ({ history }) => history.tasks.flatMap(({ request, name }) => request.number === 1 ? [`R1 started ${name}`] : []) },
  })),
  ...(['reports a failure for', 'does not answer about'] as const).map((what): NamedScenario => ({
    name: `an Update that is cancelled stops the task that ECS starts and ${what} (seed 8504498)`,
    operations: [create(), update({}, cancelledAfter(2))],
    lives: [runs(10), runs(1_000)],
    scenario: { consistency: { unknown: 0, unlisted: 8, stale: 0, pageSize: 100 } },
    faults: what === 'reports a failure for'
      ? { placements: [{ name: 'a task in spite of a failure', first: 2, last: 2, reason: 'RESOURCE:MEMORY', ghost: true }] }
      : { calls: [{ name: 'the answer of RunTask is lost', api: 'RunTask', when: callOf(2, 1), error: hungUp, takesEffect: true }] },
    expected: { answers: ['Create SUCCESS', 'Update cancelled', 'rollback SUCCESS'], started: 2 },
  })),
  {
    name: 'an Update that runs no task keeps the attributes although CloudFormation tells at first of the time before there were any (seed 8413938)',
    operations: [create(KEPT), update(KEPT, { after: 10 })],
    faults: { calls: [stale(callOf(2, 4), { StackStatus: 'CREATE_IN_PROGRESS', Outputs: [] })] },
    expected: { answers: ['Create SUCCESS', 'Update SUCCESS'], started: 1 },
  },
  {
    name: 'a rollback keeps the attributes although CloudFormation tells at first of the time before there were any',
    operations: [create({ ...KEPT, RunOn: 'CHANGE' }), update({ ...KEPT, RunOn: 'CHANGE' }, { after: 10 })],
    lives: [runs(10), runs(10, 1)],
    faults: { calls: [stale(callOf(3, 2), { StackStatus: 'CREATE_IN_PROGRESS', Outputs: undefined })] },
    expected: { answers: ['Create SUCCESS', 'Update FAILED', 'rollback SUCCESS'], started: 2 },
  },
  {
    name: 'a second resource waits for no task of an earlier deployment although CloudFormation tells at first of that one (seed 8413781)',
    operations: [
      create({ TimeoutSeconds: 7_200 }, { noRollback: true, ...cancelledAfter(3_550) }),
      update({ TimeoutSeconds: 7_200 }, { noRollback: true, oldIsWhatFailed: true }, 1),
    ],
    lives: [runs(5_000), runs(40)],
    faults: { calls: [stale(callOf(3, 1), { StackStatus: 'CREATE_FAILED' })] },
    expected: { started: 2, others: ({ outcomes }) => outcomes[1] === 'update -> UPDATE_COMPLETE' ? [] : [outcomes.join('; ')] },
  },
  {
    name: 'a task that was passed on is stopped when the deployment fails shortly before, and the next one begins a minute later (seed 8701484)',
    operations: [
      create({ TimeoutSeconds: 7_200 }, { noRollback: true, ...cancelledAfter(3_475) }),
      update({ TimeoutSeconds: 7_200, Request: { ...PROPERTIES.Request, taskDefinition: PROPERTIES.Request.taskDefinition!.replace('migrate', 'seed') } }, { after: 62 }),
    ],
    lives: [runs(7_000), runs(40)],
    expected: { stopped: 1 },
  },
];
