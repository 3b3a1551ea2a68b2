import type { RunTaskProperties } from '../../../src/contract';
import { awsError } from '../faults';
import { UNREADABLE } from '../known-errors';
import {
  answeredAfter, both, callOf, cancelledAfter, create, deleteStack, MINUTE, NamedScenario, obstinate, ON_DELETE, properties, PROPERTIES, runs,
  SECOND, since, update,
} from './telling';

const throttled = () => awsError('ThrottlingException', 'Rate exceeded');
const denied = (action: string) => () => awsError('AccessDeniedException', `User is not authorized to perform: ${action}`);
const hangs = () => awsError('TimeoutError', 'Connection timed out after 15000 ms');
/** Two attempts of the SDK, 15 seconds each. */
const HANGS = 30_000;

/** Errors of polls of a healthy task: none of them shows anything about the task. */
const ODD_ANSWERS: { readonly [what: string]: () => unknown } = {
  'AccessDeniedException': denied('ecs:DescribeTasks'),
  'ClusterNotFoundException': () => awsError('ClusterNotFoundException', 'Cluster not found.'),
  'ExpiredTokenException': () => awsError('ExpiredTokenException', 'The security token included in the request is expired'),
  'UnrecognizedClientException': () => awsError('UnrecognizedClientException', 'The security token included in the request is invalid.'),
  ...UNREADABLE,
  'the 403 of a proxy': () => awsError('Unknown', 'UnknownError', 403),
  'a 400 with an empty body': () => awsError('UnknownError', 'UnknownError', 400),
  'a 408': () => awsError('RequestTimeout', 'Request Timeout', 408),
  'a text that is no Error': () => 'text',
  'an object without a name': () => ({}),
};

const oddLooks = Object.entries(ODD_ANSWERS).map(([what, error]): NamedScenario => ({
  name: `one DescribeTasks that meets ${what} in minute 5 leaves the task alone`,
  operations: [create()],
  lives: [runs(600)],
  faults: { calls: [{ name: 'an odd answer', api: 'DescribeTasks', times: 1, when: since(1, 300), error }] },
  expected: { answers: ['Create SUCCESS'], started: 1, stopped: 0 },
}));

/** RunTask took effect, but its response cannot be read. */
const lostStarts = ['HTML in place of JSON', 'EPROTO', 'HPE_INVALID_CONSTANT', 'ERR_STREAM_PREMATURE_CLOSE'].map((what): NamedScenario => ({
  name: `a task whose RunTask is answered with ${what} is continued or stopped`,
  operations: [create({}, { noRollback: true })],
  lives: [runs(600)],
  scenario: { consistency: { unknown: 0, unlisted: 5, stale: 0, pageSize: 100 } },
  faults: { calls: [{ name: 'an unreadable answer', api: 'RunTask', times: 1, error: ODD_ANSWERS[what], takesEffect: true }] },
  expected: { saysNot: /rejected/ },
}));

const BAD_PROPERTIES: { readonly [what: string]: object } = {
  'ExitCodeFrom []': { ExitCodeFrom: [] },
  'ExitCodeFrom with an empty name': { ExitCodeFrom: [''] },
  'no SuccessExitCodes': { SuccessExitCodes: undefined },
  'SuccessExitCodes []': { SuccessExitCodes: [] },
  'SuccessExitCodes as a text': { SuccessExitCodes: '0' },
  'count 0': { Request: { ...PROPERTIES.Request, count: 0 } },
  'count -1': { Request: { ...PROPERTIES.Request, count: -1 } },
  'count 150': { Request: { ...PROPERTIES.Request, count: 150 } },
  'TimeoutSeconds -5': { TimeoutSeconds: -5 },
  'LogTailLines -3': { LogTailLines: -3 },
  'no Request': { Request: undefined },
  'an unknown CompleteWhen': { CompleteWhen: 'SOON' },
  'an unknown RunOn': { RunOn: 'NEVER' },
};

/** Malformed properties, which only a mistake or another version can send, are delivered. */
const badProperties = Object.entries(BAD_PROPERTIES).map(([what, bad]): NamedScenario => ({
  name: `${what} is answered FAILED, and no task is run`,
  operations: [create()],
  lives: [runs(10, 1)],
  faults: { quirks: { delivers: (good) => ({ ...good, ...bad }) } },
  expected: {
    answers: ['Create FAILED', 'Delete SUCCESS'],
    started: 0,
    others: ({ history: { requests: [{ answer }] } }) => /undefined|not a function|reading '/.test(answer?.parsed?.Reason ?? '') ? [`the reason is ${answer!.parsed!.Reason}`] : [],
  },
}));

/** Checks that the handler itself answers a request before CloudFormation gives up, with a margin. */
function inTime(request: number) {
  return ({ history }: Parameters<typeof answeredAfter>[0]) => {
    const { deadline, sentAt } = history.requests[request - 1];
    const [took, most] = [answeredAfter({ history }, request), (deadline - sentAt) / SECOND - 15];
    return took <= most ? [] : [`R${request} was answered after ${took.toFixed(0)} s, of ${most.toFixed(0)}`];
  };
}

const allButS3 = ['RunTask', 'DescribeTasks', 'ListTasks', 'StopTask', 'DescribeStacks', 'GetLogEvents', 'Invoke', 'DescribeTaskDefinition'];
const OF_AN_HOUR: Partial<RunTaskProperties> = { OnRollback: 'RUN', TimeoutSeconds: 3_600, UsedAttributes: { TaskArn: 'MigrationTaskArn' } };
const OVER_AN_HOUR: Partial<RunTaskProperties> = { TimeoutSeconds: 9_000 };

/** The numbered faults that once broke the handler. */
export const faults: readonly NamedScenario[] = [
  // 1
  {
    name: 'a rollback with OnRollback RUN starts nothing beside a task that does not end, and names it',
    operations: [create({ OnRollback: 'RUN' }), update({ OnRollback: 'RUN' }, cancelledAfter(60))],
    lives: [runs(10), obstinate(2_000, 1_500), runs(10)],
    expected: { answers: ['Create SUCCESS', 'Update cancelled', 'rollback SUCCESS'], started: 2, says: /task\/shop\/2/ },
  },
  {
    name: 'a Delete with OnDelete starts nothing beside a task that does not end, and fails with its name',
    operations: [create({ OnDelete: ON_DELETE }), update({ OnDelete: ON_DELETE }, { ...cancelledAfter(60), noRollback: true }), deleteStack],
    lives: [runs(10), obstinate(2_000, 1_500), runs(10)],
    expected: { answers: ['Create SUCCESS', 'Update cancelled', 'Delete FAILED'], started: 2, says: /task\/shop\/2/ },
  },
  // 2
  ...oddLooks,
  {
    name: 'four minutes without permission to look leave a task alone that has been seen',
    operations: [create()],
    lives: [runs(900)],
    faults: { calls: [{ name: 'DescribeTasks is denied', api: 'DescribeTasks', when: since(1, 400, 640), error: denied('ecs:DescribeTasks') }] },
    expected: { answers: ['Create SUCCESS'], stopped: 0 },
  },
  {
    name: 'a task that has been seen and then never again is waited for until the deadline, and the answer says why',
    operations: [create({ TimeoutSeconds: 1_200 })],
    lives: [runs(900)],
    faults: { calls: [{ name: 'DescribeTasks is denied', api: 'DescribeTasks', when: both(since(1, 400), ({ invocation }) => invocation.request.number === 1), error: denied('ecs:DescribeTasks') }] },
    expected: {
      answers: ['Create FAILED', 'Delete SUCCESS'],
      others: (run) => [
        ...(answeredAfter(run, 1) < 1_150 ? ['gave up before the deadline'] : []),
        ...(/DescribeTasks/.test(run.history.requests[0].answer?.parsed?.Reason ?? '') ? [] : ['the answer does not name DescribeTasks']),
      ],
    },
  },
  {
    name: 'a task that can never be looked at fails after some five minutes',
    operations: [create()],
    lives: [runs(1_500)],
    faults: { calls: [{ name: 'DescribeTasks is denied', api: 'DescribeTasks', when: ({ invocation }) => invocation.request.number === 1, error: denied('ecs:DescribeTasks') }] },
    expected: {
      answers: ['Create FAILED', 'Delete SUCCESS'],
      others: (run) => answeredAfter(run, 1) >= 240 && answeredAfter(run, 1) <= 600 ? [] : [`answered after ${answeredAfter(run, 1)} s`],
    },
  },
  {
    name: 'DescribeTaskDefinition that is throttled around the hand-over leaves the task alone',
    operations: [create({ ExitCodeFrom: undefined })],
    lives: [runs(1_200)],
    faults: { calls: [{ name: 'DescribeTaskDefinition is throttled', api: 'DescribeTaskDefinition', when: since(1, 600, 1_100), error: throttled }] },
    expected: { answers: ['Create SUCCESS'], stopped: 0 },
  },
  {
    name: 'an invocation does not run out of time while DescribeTaskDefinition fails for twenty minutes',
    operations: [create({ ExitCodeFrom: undefined })],
    faults: {
      calls: [{ name: 'DescribeTaskDefinition fails', api: 'DescribeTaskDefinition', when: since(1, 0, 1_200), error: () => awsError('ServerException', 'Service Unavailable', 503) }],
    },
    expected: { others: inTime(1) },
  },
  // 4c
  {
    name: 'a rollback whose task times out is answered in time although the outputs of the stack cannot be read',
    operations: [create({ OnRollback: 'RUN', TimeoutSeconds: 3_600, UsedAttributes: { TaskArn: 'MigrationTaskArn' } }), update({ OnRollback: 'RUN', TimeoutSeconds: 3_600, UsedAttributes: { TaskArn: 'MigrationTaskArn' } })],
    lives: [runs(10), runs(10, 1), obstinate(5_000, 6_000)],
    faults: { calls: [{ name: 'DescribeStacks is throttled', api: 'DescribeStacks', when: since(3, 60), error: throttled }] },
    expected: { answers: ['Create SUCCESS', 'Update FAILED', 'rollback SUCCESS'], others: inTime(3) },
  },
  // 4d
  {
    name: 'a task that ends shortly before the deadline, and whose siblings cannot be listed, is answered in time',
    operations: [create({ TimeoutSeconds: 3_600, LogTailLines: 20, Logs: { app: { Group: '/shop', StreamPrefix: 'app' } }, UsedAttributes: { OutputVersion: 'Version' } })],
    lives: [runs(5, 0, { runs: false, exitCodes: {}, stopCode: 'TaskFailedToStart', stoppedReason: 'Capacity is unavailable at this time.' }), runs(3_330)],
    faults: { calls: [{ name: 'ListTasks is throttled', api: 'ListTasks', when: since(1, 60), error: throttled }] },
    expected: { others: inTime(1) },
  },
  // 4e
  {
    name: 'ten tasks are stopped in time while ECS hangs',
    operations: [create({ TimeoutSeconds: 600, Request: { ...properties(1).Request, count: 10 } })],
    lives: [runs(5_000)],
    faults: { calls: ['StopTask', 'DescribeTasks', 'ListTasks'].map((api) => ({ name: `${api} hangs`, api, when: since(1, 500), error: hangs, delay: HANGS })) },
    expected: { others: inTime(1) },
  },
  {
    name: 'ten tasks of which none can be started while ECS hangs are answered in time',
    operations: [create({ TimeoutSeconds: 600, Request: { ...properties(1).Request, count: 10 } })],
    lives: [runs(5_000)],
    faults: { calls: ['RunTask', 'StopTask', 'DescribeTasks', 'ListTasks'].map((api) => ({ name: `${api} hangs`, api, when: since(1, 0), error: hangs, delay: HANGS })) },
    expected: { others: inTime(1) },
  },
  // 4f
  {
    name: 'three thousand tasks of a service in the family hold nobody up',
    operations: [create({ TimeoutSeconds: 600 }), update({ TimeoutSeconds: 600 }), deleteStack],
    faults: { quirks: { othersInFamily: 3_000 } },
    expected: {
      answers: ['Create SUCCESS', 'Update SUCCESS', 'Delete SUCCESS'],
      others: (run) => answeredAfter(run, 2) < 180 && answeredAfter(run, 3) < 120 ? [] : [`the Update took ${answeredAfter(run, 2)} s, the Delete ${answeredAfter(run, 3)}`],
    },
  },
  // 4g
  {
    name: 'the rollback of a task with a short timeout is answered in time although CloudFormation says nothing for minutes',
    operations: [
      create({ TimeoutSeconds: 30, UsedAttributes: { TaskArn: 'MigrationTaskArn' } }),
      update({ TimeoutSeconds: 30, UsedAttributes: { TaskArn: 'MigrationTaskArn' } }, cancelledAfter(20)),
    ],
    lives: [runs(1, 0, { provisioning: 1, pending: 1 }), obstinate(2_000, 1_500)],
    faults: { calls: [{ name: 'DescribeStacks is throttled', api: 'DescribeStacks', when: since(3, 0, 200), error: throttled }] },
    expected: { answers: ['Create SUCCESS', 'Update cancelled', 'rollback SUCCESS'], others: inTime(3) },
  },
  {
    name: 'a request is answered in time while every API but S3 hangs',
    operations: [create({ TimeoutSeconds: 300 })],
    lives: [runs(1_000)],
    faults: { calls: allButS3.map((api) => ({ name: `${api} hangs`, api, when: since(1, 100, 700), error: hangs, delay: HANGS })) },
    expected: { others: inTime(1) },
  },
  {
    name: 'a Delete is answered in time while every API but S3 hangs',
    operations: [create({ TimeoutSeconds: 300 }), deleteStack],
    faults: { calls: allButS3.map((api) => ({ name: `${api} hangs`, api, when: since(2, 0), error: hangs, delay: HANGS })) },
    expected: { answers: ['Create SUCCESS', 'Delete SUCCESS'], others: inTime(2) },
  },
  ...[1, 10].flatMap((count) => [3_300, 3_390, 3_410].map((from): NamedScenario => ({
    name: `${count} tasks with a timeout of an hour are answered in time while every API but S3 hangs from second ${from} on`,
    operations: [create({ ...OF_AN_HOUR, Request: { ...properties(1).Request, count } })],
    lives: [runs(5_000)],
    faults: { calls: allButS3.map((api) => ({ name: `${api} hangs`, api, when: since(1, from), error: hangs, delay: HANGS })) },
    expected: { answers: ['Create FAILED', 'Delete SUCCESS'], others: inTime(1) },
  }))),
  ...[3_300, 3_390, 3_410].map((from): NamedScenario => ({
    name: `a rollback whose task has a timeout of an hour is answered in time while every API but S3 hangs from second ${from} on`,
    operations: [create(OF_AN_HOUR), update(OF_AN_HOUR)],
    lives: [runs(10), runs(10, 1), runs(5_000)],
    faults: { calls: allButS3.map((api) => ({ name: `${api} hangs`, api, when: since(3, from), error: hangs, delay: HANGS })) },
    expected: { answers: ['Create SUCCESS', 'Update FAILED', 'rollback SUCCESS'], others: inTime(3) },
  })),
  // 6
  {
    name: 'a task that was passed on is stopped when its stack has failed, although CloudFormation says nothing for two minutes',
    operations: [create(OVER_AN_HOUR, { noRollback: true, disturbance: { what: 'another resource fails', when: 'while ours runs', after: 3_481 } })],
    lives: [runs(8_000)],
    faults: { calls: [{ name: 'DescribeStacks is throttled', api: 'DescribeStacks', when: since(1, 3_490, 3_610), error: throttled }] },
    expected: { stopped: 1 },
  },
  // 7
  ...badProperties,
  // 9
  {
    name: 'an Update that may not list tasks does not start one beside the earlier task in silence',
    operations: [create(), update({}, { ...cancelledAfter(60), noRollback: true }), update({}, {}, 3)],
    lives: [runs(10), obstinate(2_000, 1_500), runs(10)],
    faults: {
      calls: [
        { name: 'ListTasks is denied', api: 'ListTasks', when: since(3, 0), error: denied('ecs:ListTasks') },
        { name: 'the first invocation of the Update is blind', api: 'DescribeStacks', when: ({ invocation, at, history }) => invocation.request.number === 2 && at > history.requests[1].sentAt + 30 * SECOND, error: throttled },
      ],
    },
    expected: { started: 2, others: ({ history }) => /FAILED/.test(history.requests[2]?.answer?.parsed?.Status ?? '') ? [] : ['the Update was answered SUCCESS'] },
  },
  {
    name: 'a Delete that may not list tasks says so',
    operations: [create(), deleteStack],
    faults: { calls: [{ name: 'ListTasks is denied', api: 'ListTasks', when: since(2, 0), error: denied('ecs:ListTasks') }] },
    expected: { answers: ['Create SUCCESS', 'Delete SUCCESS'], says: /may still be running/i },
  },
  {
    name: 'a Delete with OnDelete that may not list tasks fails and starts nothing',
    operations: [create({ OnDelete: ON_DELETE }), deleteStack],
    faults: { calls: [{ name: 'ListTasks is throttled', api: 'ListTasks', when: since(2, 0), error: throttled }] },
    expected: { answers: ['Create SUCCESS', 'Delete FAILED'], started: 1 },
  },
  // 10
  ...lostStarts,
  // 12
  {
    name: 'a tag of the user with the reserved key does not hide his task from the Delete',
    operations: [create({ Request: { ...properties(1).Request, tags: [{ key: 'cdk-ecs-run-task', value: 'mine' }] } }, cancelledAfter(60)), deleteStack],
    lives: [runs(2_000)],
    expected: { others: ({ history }) => history.tasks.every(({ toldToStopAt }) => toldToStopAt !== undefined) ? [] : ['the task was not stopped'] },
  },
  // 14
  ...['{"State":"RUNNING"}', '{"version":1,"state":"RUNNING"}', 'null', '[]', '"x"', '{"version":99,"state":"LATER"}'].map((baton): NamedScenario => ({
    name: `a baton that this version cannot read is answered: ${baton}`,
    operations: [create(OVER_AN_HOUR)],
    lives: [runs(4_000)],
    change: {
      event: (event) => event.ResourceProperties.PreviousLeg
        ? { ...event, ResourceProperties: { ...event.ResourceProperties, PreviousLeg: { ...event.ResourceProperties.PreviousLeg, Baton: baton } } }
        : event,
    },
    expected: {
      started: 1,
      others: ({ history: { requests: [, second] } }) => second?.answer && second.answer.at - second.sentAt < 58 * MINUTE ? [] : ['the second resource was not answered'],
    },
  })),
  ...['{}', '{"version":1}', '{"version":1,"progress":{}}', '"x"', '{"version":99,"progress":{"later":true}}'].map((handedOver): NamedScenario => ({
    name: `a hand-over that this version cannot read is answered: ${handedOver}`,
    operations: [create()],
    lives: [runs(1_000)],
    change: { event: (event) => event.HandedOver ? { ...event, HandedOver: JSON.parse(handedOver) } : event },
    expected: {
      started: 1,
      others: ({ history: { requests: [first] } }) => first.answer && first.answer.at - first.sentAt < 28 * MINUTE ? [] : ['the request was not answered'],
    },
  })),
  // the small ones
  {
    name: 'an answer of DescribeStacks without a stack does not fail a rollback',
    operations: [create(), update({}, cancelledAfter(60))],
    lives: [runs(10), runs(200)],
    faults: { calls: [{ name: 'no stack', api: 'DescribeStacks', when: callOf(3, 1), change: () => ({ Stacks: [] }) }] },
    expected: { answers: ['Create SUCCESS', 'Update cancelled', 'rollback SUCCESS'] },
  },
];
