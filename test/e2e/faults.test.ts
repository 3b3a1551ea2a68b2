import { reasonOfFailure, stackStatus, tasksOf } from './aws';
import { deploy } from './deploy';
import type { Fault } from './proxy/calls';
import { expectFaults, recorded, recordedCalls } from './proxy-control';

let round = 0;

/** One stack, that each test makes run its task once more. */
const runAgain = () => deploy('Faults', (stack) => stack.run('Run', { app: 'echo ran' }, { triggers: { round: String(round) } }));

beforeAll(async () => {
  await expectFaults();
  expect((await runAgain()).status).toBe(0);
});
beforeEach(() => {
  round += 1;
});
afterEach(() => recordedCalls());

const error = (type: string, message: string): Pick<Fault, 'status' | 'answer'> => ({ status: 400, answer: { __type: type, message } });

const TRANSIENT: [string, Fault][] = [
  ['throttles', { operation: 'RunTask', times: 6, ...error('ThrottlingException', 'Rate exceeded') }],
  ['has not heard of the new permissions', {
    operation: 'RunTask', times: 2, ...error('AccessDeniedException', 'User is not authorized to perform: ecs:RunTask'),
  }],
  ['has no capacity', {
    operation: 'RunTask', times: 1, answer: { tasks: [], failures: [{ arn: 'arn:aws:ecs:us-east-1:123456789012:container-instance/one', reason: 'RESOURCE:MEMORY' }] },
  }],
  ['does not see the task that it has just started', {
    operation: 'DescribeTasks', times: 2, answer: { tasks: [], failures: [{ arn: 'arn:aws:ecs:us-east-1:123456789012:task/Faults/one', reason: 'MISSING' }] },
  }],
];

test.each(TRANSIENT)('one task runs and the stack succeeds although ECS at first %s', async (_, fault) => {
  const before = (await tasksOf('Faults')).length;
  await expectFaults([fault]);

  const { status, output } = await runAgain();

  expect(output).toContain('✅');
  expect(status).toBe(0);
  expect(await tasksOf('Faults')).toHaveLength(before + 1);
  expect((await recorded(fault.operation)).length).toBeGreaterThan(fault.times);
});

test('an answer of ECS that gets lost after it started the task starts no second one', async () => {
  const before = (await tasksOf('Faults')).length;
  await expectFaults([{ operation: 'RunTask', times: 1, loseAnswer: true }]);

  const { status } = await runAgain();

  expect(status).toBe(0);
  expect(await tasksOf('Faults')).toHaveLength(before + 1);
  const requests = await recorded('RunTask');
  expect(requests.length).toBeGreaterThan(1);
  expect(new Set(requests.map(({ input }) => input.clientToken)).size).toBe(1);
});

test('a request that ECS rejects permanently is not repeated', async () => {
  const before = (await tasksOf('Faults')).length;
  await expectFaults([{ operation: 'RunTask', times: 1, ...error('InvalidParameterException', 'The cluster of kind X is not valid.') }]);

  const { status } = await runAgain();

  expect(status).toBe(1);
  expect(await stackStatus('Faults')).toBe('UPDATE_ROLLBACK_COMPLETE');
  expect(await reasonOfFailure('Faults')).toContain('The cluster of kind X is not valid');
  expect(await tasksOf('Faults')).toHaveLength(before);
  expect(await recorded('RunTask')).toHaveLength(1);
});
