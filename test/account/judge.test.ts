import { CHECKS } from './checks';
import type { Verdict } from './checks/check';

const at = (seconds: number) => new Date(Date.parse('2026-11-28T12:00:00Z') + seconds * 1000).toISOString();
const period = (seconds: number, status: string, more: object = {}) => ({ from: at(seconds), to: at(seconds + 1), reads: 1, status, ...more });
const request = (type: string, seconds = 0, resource = 'Run') => ({ at: at(seconds), type, resource, request: `r-${seconds}` });
const event = (seconds: number, resource: string, status: string, more: object = {}) => ({ at: at(seconds), resource, status, ...more });
const line = (text: string) => ({ at: at(0), text });

const task = {
  taskArn: 'arn:aws:ecs:eu-west-1:111122223333:task/c/1',
  startedBy: 'mark',
  startedByReturned: 'mark',
  listedAfterMs: 900,
  states: [
    { at: at(0), lastStatus: 'RUNNING', container: 'RUNNING' },
    { at: at(10), lastStatus: 'DEPROVISIONING', container: 'STOPPED', exitCode: 3 },
    { at: at(30), lastStatus: 'STOPPED', container: 'STOPPED', exitCode: 3 },
  ],
  tagsWhileRunning: 1,
  tagsAfterStopTask: 0,
  logStreams: ['verify/app/1'],
  serviceLinkedRole: 'exists',
};
const operations = {
  periods: [period(0, 'UPDATE_IN_PROGRESS', { lastUpdated: '1' }), period(9, 'UPDATE_ROLLBACK_IN_PROGRESS', { lastUpdated: '1' })],
  reads: 100,
  stale: [],
  cancelledAt: at(5),
  log: [],
  requests: [],
  stopped: [{ stoppedReason: 'cdk-ecs-run-task: the deployment is over' }],
};
const nested = { periods: [period(0, 'UPDATE_COMPLETE'), period(9, 'UPDATE_ROLLBACK_IN_PROGRESS')], before: '1', during: ['2'], after: '1', requests: [request('Update', 9)], failedAt: at(8) };
const cleanup = { succeeded: true, status: 'UPDATE_COMPLETE', requests: [request('Delete', 1), request('Delete', 2), request('Delete', 3)], events: [] };
const order = { without: true, events: [event(20, 'Slow', 'CREATE_COMPLETE'), event(21, 'Next', 'CREATE_IN_PROGRESS')] };

/** Evidence for each verdict of a belief. `words` are part of the text of the belief. */
const CASES: ReadonlyArray<[check: string, words: string, evidence: object, verdict: Verdict, seen: string]> = [
  ['operations', 'eventually consistent', { ...operations, stale: [{ ageMs: 2500 }] }, 'confirmed', '1 of 100 reads were stale: 1 by up to 5 s.'],
  ['operations', 'eventually consistent', { ...operations, stale: [{ ageMs: 500 }, { ageMs: 900 }, { ageMs: 61_000 }] }, 'refuted', '3 of 100 reads were stale: 2 by up to 1 s, 1 by more than 60 s.'],
  ['operations', 'eventually consistent', operations, 'not seen', 'None of 100 reads was stale.'],
  ['operations', '`LastUpdatedTime` changes', operations, 'confirmed', 'It moved only when an operation began, and was missing before the first update.'],
  ['operations', '`LastUpdatedTime` changes', { periods: [...operations.periods, period(12, 'UPDATE_ROLLBACK_COMPLETE', { lastUpdated: '2' })] }, 'refuted',
    'It moved from 1 to 2 at UPDATE_ROLLBACK_COMPLETE.'],
  ['operations', 'can lack `LastUpdatedTime`', operations, 'not seen', 'None of 100 reads lost it.'],
  ['operations', 'can lack `LastUpdatedTime`', { periods: [...operations.periods, period(12, 'UPDATE_ROLLBACK_COMPLETE')] }, 'confirmed', 'It was missing again at UPDATE_ROLLBACK_COMPLETE.'],
  ['operations', 'is cancelled or fails', operations, 'confirmed',
    'After the cancellation the stack was UPDATE_ROLLBACK_IN_PROGRESS; the task was stopped with the reason "cdk-ecs-run-task: the deployment is over".'],
  ['operations', 'is cancelled or fails', { ...operations, stopped: [] }, 'refuted',
    'After the cancellation the stack was UPDATE_ROLLBACK_IN_PROGRESS; the task was stopped with the reason "none".'],
  ['operations', 'is authorized on', operations, 'confirmed', '0 requests read the status, 0 times without permission. A stack that existed was never unknown.'],
  ['operations', 'is authorized on', { ...operations, log: [line('DescribeStacks: AccessDenied')] }, 'refuted',
    '0 requests read the status, 1 times without permission. A stack that existed was never unknown.'],
  ['nested-rollback', 'When the parent stack rolls back', nested, 'confirmed', 'The nested stack was UPDATE_ROLLBACK_IN_PROGRESS when its RunTask got the Update of the rollback.'],
  ['nested-rollback', 'When the parent stack rolls back', { ...nested, periods: [period(0, 'UPDATE_IN_PROGRESS')] }, 'refuted',
    'The nested stack was UPDATE_IN_PROGRESS when its RunTask got the Update of the rollback.'],
  ['nested-rollback', 'failed deployment', nested, 'confirmed', 'The output was 1 before, 2 in the rollback, and 1 after it.'],
  ['nested-rollback', 'failed deployment', { ...nested, during: ['1'] }, 'refuted', 'The output was 1 before, 1 in the rollback, and 1 after it.'],
  ['import', 'imports existing resources', { periods: [period(0, 'CREATE_IN_PROGRESS')], requests: [request('Create', 1)] }, 'confirmed',
    'The stack was CREATE_IN_PROGRESS, and CREATE_IN_PROGRESS when the task was requested.'],
  ['import', 'imports existing resources', { periods: [period(0, 'IMPORT_IN_PROGRESS')], requests: [request('Create', 1)] }, 'refuted',
    'The stack was IMPORT_IN_PROGRESS, and IMPORT_IN_PROGRESS when the task was requested.'],
  ['no-rollback-update', 'restores the previous properties', {
    repairedAt: at(0), requests: [request('Update', 1), request('Update', 5)], events: [event(1, 'run-task-verify-x', 'UPDATE_IN_PROGRESS')],
  }, 'confirmed', 'The deployment that repaired it sent 2 Updates; the stack was UPDATE_IN_PROGRESS.'],
  ['no-rollback-update', 'restores the previous properties', { repairedAt: at(0), requests: [request('Update', 1)], events: [event(1, 'run-task-verify-x', 'UPDATE_IN_PROGRESS')] }, 'refuted',
    'The deployment that repaired it sent 1 Updates; the stack was UPDATE_IN_PROGRESS.'],
  ['no-rollback-create', 'the next operation deletes', { repairedAt: at(0), first: [request('Update', 1, 'First')], second: [request('Delete', 3, 'Second')] }, 'confirmed',
    'The Delete came in the next deployment. The other requests came -2 s after it (Update of First).'],
  ['no-rollback-create', 'the next operation deletes', { repairedAt: at(0), first: [], second: [] }, 'refuted', 'No Delete was sent.'],
  ['no-rollback-create', 'no outputs', { outputs: 0 }, 'confirmed', 'It had no outputs.'],
  ['no-rollback-create', 'no outputs', { outputs: 1 }, 'refuted', 'It had 1 outputs.'],
  ['first-answer', 'first answer', { succeeded: true, value: 'first' }, 'confirmed', 'The deployment succeeded with the value of the first answer.'],
  ['first-answer', 'first answer', { succeeded: false }, 'refuted', 'The deployment failed with the value "undefined".'],
  ['service-timeout', 'ServiceTimeout', { updateSeconds: 61, deleteSeconds: 64, rollbackSeconds: 60.4 }, 'confirmed',
    'The Update timed out after 61 s, the Delete timed out after 64 s, and the Update of a rollback timed out after 60 s.'],
  ['service-timeout', 'ServiceTimeout', { updateSeconds: 300, deleteSeconds: 60, rollbackSeconds: 60 }, 'refuted',
    'The Update timed out after 300 s, the Delete timed out after 60 s, and the Update of a rollback timed out after 60 s.'],
  ['service-timeout', 'ServiceTimeout', { updateSeconds: 60, deleteSeconds: 60 }, 'refuted',
    'The Update timed out after 60 s, the Delete timed out after 60 s, and the Update of a rollback did not time out.'],
  ['delete-in-cleanup', 'three times', cleanup, 'confirmed', 'CloudFormation sent 3 Deletes, the deployment succeeded, and the stack was UPDATE_COMPLETE.'],
  ['delete-in-cleanup', 'three times', { ...cleanup, requests: [request('Delete')] }, 'refuted',
    'CloudFormation sent 1 Deletes, the deployment succeeded, and the stack was UPDATE_COMPLETE.'],
  ['cancelled-create', 'cancelled', { waited: 3, requests: [request('Delete')], events: [event(0, 'Run', 'DELETE_IN_PROGRESS', { physicalId: 's-Run-1' })] }, 'confirmed',
    'The Delete came 3 s after the stack was told to go, with the physical id "s-Run-1".'],
  ['cancelled-create', 'cancelled', { waited: 600, requests: [request('Delete')], events: [] }, 'refuted',
    'The Delete came 600 s after the stack was told to go, with the physical id "".'],
  ['cancelled-create', 'cancelled', { requests: [], events: [] }, 'refuted', 'No Delete was sent.'],
  ['metadata-reference', 'Metadata', order, 'confirmed', 'The resource began 1.0 s after the one in its Metadata was complete. The stack without the conditional resource was deployed.'],
  ['metadata-reference', 'Metadata', { ...order, without: false }, 'refuted',
    'The resource began 1.0 s after the one in its Metadata was complete. The stack without the conditional resource was refused.'],
  ['metadata-reference', 'Metadata', { ...order, events: [] }, 'not seen', 'One of the two resources was not created.'],
  ['task-on-fargate', 'Exit codes', task, 'confirmed', 'The exit code was 3 at DEPROVISIONING, 20.0 s before STOPPED, and 3 then.'],
  ['task-on-fargate', 'Exit codes', { states: [...task.states.slice(0, 2), { at: at(30), lastStatus: 'STOPPED', exitCode: 137 }] }, 'refuted',
    'The exit code was 3 at DEPROVISIONING, 20.0 s before STOPPED, and 137 then.'],
  ['task-on-fargate', 'Exit codes', { states: [{ at: at(30), lastStatus: 'STOPPED' }] }, 'refuted', 'The task had no exit code at all.'],
  ['ec2-cluster', 'Exit codes', { states: task.states.slice(2) }, 'not seen', 'The exit code was 3 at STOPPED, 0.0 s before STOPPED, and 3 then.'],
  ['managed-instances', 'Exit codes', task, 'confirmed', 'The exit code was 3 at DEPROVISIONING, 20.0 s before STOPPED, and 3 then.'],
  ['managed-instances', 'stream', task, 'confirmed', 'The stream was verify/app/1.'],
  ['ec2-cluster', 'stream', { ...task, logStreams: ['other/1'] }, 'refuted', 'The streams of the task were: other/1.'],
  ['ec2-cluster', 'No Container Instances', { log: [line('No Container Instances were found in your cluster.')] }, 'confirmed',
    'RunTask was refused 1 times for want of instances before it ran the task.'],
  ['ec2-cluster', 'No Container Instances', { log: [] }, 'not seen', 'RunTask was refused 0 times for want of instances before it ran the task.'],
  ['task-on-fargate', 'stream', task, 'confirmed', 'The stream was verify/app/1.'],
  ['task-on-fargate', 'up to 128', task, 'confirmed', '4 characters were accepted and returned.'],
  ['task-on-fargate', 'up to 128', { ...task, startedByReturned: 'm' }, 'refuted', '"m" was returned for "mark".'],
  ['task-on-fargate', 'lists a started task within', task, 'confirmed', 'It was listed after 0.9 s.'],
  ['task-on-fargate', 'lists a started task within', { listedAfterMs: 12_000 }, 'refuted', 'It was listed after 12 s.'],
  ['task-on-fargate', 'lists a started task within', {}, 'refuted', 'It was not listed before it ended.'],
  ['task-on-fargate', 'include: TAGS', task, 'confirmed', 'It returned the tags, in the partition of this Region.'],
  ['task-on-fargate', 'include: TAGS', { tagsWhileRunning: 0 }, 'refuted', 'It returned no tags for a task that was started with one.'],
  ['task-on-fargate', 'deletes the tags', task, 'confirmed', 'The task had 1 tags while it ran, and 0 after StopTask.'],
  ['task-on-fargate', 'deletes the tags', { ...task, tagsAfterStopTask: 1 }, 'refuted', 'The task had 1 tags while it ran, and 1 after StopTask.'],
  ['task-on-fargate', 'name of the cluster', task, 'confirmed', 'The ARN was arn:aws:ecs:eu-west-1:111122223333:task/c/1.'],
  ['task-on-fargate', 'name of the cluster', { taskArn: 'arn:aws:ecs:eu-west-1:111122223333:task/1' }, 'refuted', 'The ARN was arn:aws:ecs:eu-west-1:111122223333:task/1.'],
  ['task-on-fargate', 'service-linked', task, 'confirmed', 'The role exists.'],
  ['task-on-fargate', 'service-linked', { serviceLinkedRole: 'NoSuchEntity' }, 'refuted', 'GetRole: NoSuchEntity.'],
  ['task-tags', 'ecs:CreateAction', { succeeded: true, tags: ['purpose', 'cdk-ecs-run-task:verify', 'aws:ecs:clusterName'] }, 'confirmed',
    'The deployment succeeded, and the task had the tags purpose, cdk-ecs-run-task:verify, aws:ecs:clusterName.'],
  ['task-tags', 'ecs:CreateAction', { succeeded: true, tags: ['purpose'] }, 'refuted', 'The deployment succeeded, and the task had the tags purpose.'],
  ['task-tags', 'ecs:CreateAction', { succeeded: false, tags: [] }, 'refuted', 'The deployment failed, and the task had the tags none.'],
  ['created-seconds-ago', 'ECS may also not know', { answers: ['started', 'ClientException: inactive'] }, 'confirmed', '1 of 2 new task definitions could not be run at once: ClientException: inactive.'],
  ['created-seconds-ago', 'ECS may also not know', { answers: ['started'] }, 'not seen',
    'All of 1 new task definitions could be run at once. Subnets, security groups, capacity providers and roles were not tried.'],
  ['metadata-change', 'Metadata', { succeeded: true, status: 'UPDATE_COMPLETE', requests: [request('Create')] }, 'confirmed', 'CloudFormation sent 0 Updates, and the stack was UPDATE_COMPLETE.'],
  ['metadata-change', 'Metadata', { succeeded: true, status: 'UPDATE_COMPLETE', requests: [request('Create'), request('Update', 60)] }, 'refuted',
    'CloudFormation sent 1 Updates, and the stack was UPDATE_COMPLETE.'],
  ['metadata-change', 'Metadata', { succeeded: true, status: 'CREATE_COMPLETE', requests: [request('Create')] }, 'not seen', 'CloudFormation sent 0 Updates, and the stack was CREATE_COMPLETE.'],
  ['unassociated-provider', 'FARGATE_SPOT', { answers: ['started', 'started'] }, 'confirmed', 'FARGATE: started. FARGATE_SPOT: started.'],
  ['unassociated-provider', 'FARGATE_SPOT', { answers: ['started', 'InvalidParameterException: not found'] }, 'refuted',
    'FARGATE: started. FARGATE_SPOT: InvalidParameterException: not found.'],
  ['self-invocation', 'invoke itself', { succeeded: true, tasks: 1, handOvers: 2 }, 'confirmed', '2 invocations handed over to the next one, 1 tasks ran, and the deployment succeeded.'],
  ['self-invocation', 'invoke itself', { succeeded: true, tasks: 2, handOvers: 2 }, 'refuted', '2 invocations handed over to the next one, 2 tasks ran, and the deployment succeeded.'],
  ['refused-describe-tasks', 'can fail for reasons that have nothing', { succeeded: true, log: [line('could not read the status of the task {"state":"UNKNOWN"}')] }, 'confirmed', '1 looks at the task were refused, and the deployment succeeded.'],
  ['refused-describe-tasks', 'can fail for reasons that have nothing', { succeeded: false, log: [line('could not read the status of the task {"state":"UNKNOWN"}')] }, 'refuted', '1 looks at the task were refused, and the deployment failed.'],
  ['refused-describe-tasks', 'can fail for reasons that have nothing', { succeeded: true, log: [] }, 'not seen', '0 looks at the task were refused, and the deployment succeeded.'],
  ['log-class', 'Infrequent', { succeeded: false, readAs: 'InvalidParameterException: class' }, 'confirmed', 'GetLogEvents: InvalidParameterException: class. The deployment failed.'],
  ['log-class', 'Infrequent', { succeeded: false, readAs: 'returned 1 lines' }, 'refuted', 'GetLogEvents: returned 1 lines. The deployment failed.'],
  ['twelve-tasks', 'concurrent execution', { succeeded: true, delays: [1, 40] }, 'confirmed',
    'The slowest of 2 invocations came 40 s after CloudFormation began with its resource, and the deployment succeeded.'],
  ['twelve-tasks', 'concurrent execution', { succeeded: true, delays: [1, 2] }, 'not seen',
    'The slowest of 2 invocations came 2 s after CloudFormation began with its resource, and the deployment succeeded. The account has enough concurrent executions.'],
  ['twelve-tasks', 'concurrent execution', { succeeded: false, delays: [] }, 'not seen', 'The log has no Create of any of them.'],
  ['twelve-tasks', 'quota', { log: [line("You've reached the limit")] }, 'confirmed', "You've reached the limit"],
  ['twelve-tasks', 'quota', { log: [] }, 'not seen', 'The quota of the account was not reached.'],
];

const find = (id: string, words: string) => CHECKS.find((check) => check.id === id)!.beliefs.filter(({ believed }) => believed.includes(words));

test.each(CASES)('%s: what is believed ("%s") is judged from the evidence %j: %s', (id, words, evidence, verdict, seen) => {
  expect(find(id, words).map((belief) => belief.judge(evidence))).toEqual([{ verdict, seen }]);
});

test.each(CASES)('%s: what is believed ("%s") is judged alike when the evidence comes from the file of an interrupted run: %j', (id, words, evidence) => {
  const [belief] = find(id, words);
  expect(belief.judge(JSON.parse(JSON.stringify(evidence)))).toEqual(belief.judge(evidence));
});

test('every belief of every check is judged in at least two ways, over all launch types', () => {
  const casesOf = (believed: string) => CASES.filter(([id, words]) => find(id, words)[0]?.believed === believed);
  const verdictsOf = (believed: string) => new Set(casesOf(believed).map(([,,, verdict]) => verdict));
  const all = [...new Set(CHECKS.flatMap(({ beliefs }) => beliefs.map(({ believed }) => believed)))];
  expect(all.filter((believed) => verdictsOf(believed).size < 2)).toEqual([]);
});
