import type { Container, Task } from '@aws-sdk/client-ecs';
import { judge, Rules } from '../../../lambda/verdict/outcome';
import { ended, exited } from '../../support/endings';

const RULES: Rules = { ExitCodeFrom: ['app'], SuccessExitCodes: [0], CompleteWhen: 'EXIT_CODES_KNOWN' };

const stopped = (name: string, exitCode?: number): Container => ({ name, lastStatus: 'STOPPED', exitCode });
const stateOf = (task: Task, rules: Partial<Rules> = {}) => judge(task, { ...RULES, ...rules }).state;

test.each(['PROVISIONING', 'PENDING', 'ACTIVATING', 'RUNNING', 'DEACTIVATING', 'STOPPING', 'SOMETHING_NEW', undefined])('a task in %s is running', (lastStatus) => {
  expect(stateOf(ended({ lastStatus, containers: [stopped('app', 0)] }))).toBe('running');
});

describe('a task in DEPROVISIONING', () => {
  const deprovisioning = (...containers: Container[]) => ended({ lastStatus: 'DEPROVISIONING', containers });

  test('is final when each container that decides has an exit code', () => {
    expect(stateOf(deprovisioning(stopped('app', 0)))).toBe('succeeded');
    expect(stateOf(deprovisioning(stopped('app', 1)))).toBe('failed');
  });

  test('is running while an exit code is missing', () => {
    expect(stateOf(deprovisioning(stopped('app')))).toBe('running');
    expect(stateOf(deprovisioning())).toBe('running');
  });

  test('is running while a container that decides is not stopped', () => {
    expect(stateOf(deprovisioning({ name: 'app', lastStatus: 'RUNNING', exitCode: 0 }))).toBe('running');
  });

  test('is running while no container decides', () => {
    expect(stateOf(deprovisioning(stopped('app', 0)), { ExitCodeFrom: [] })).toBe('running');
  });

  test('is running with completeWhen TASK_STOPPED', () => {
    expect(stateOf(deprovisioning(stopped('app', 0)), { CompleteWhen: 'TASK_STOPPED' })).toBe('running');
  });
});

describe('a task in STOPPED', () => {
  test('succeeds when the deciding containers succeed, even if a sidecar fails', () => {
    expect(stateOf(ended({ containers: [stopped('app', 0), stopped('sidecar', 137)] }))).toBe('succeeded');
  });

  test('fails when one of several that decide fails', () => {
    expect(stateOf(ended({ containers: [stopped('app', 0), stopped('proxy', 1)] }), { ExitCodeFrom: ['app', 'proxy'] })).toBe('failed');
  });

  test('fails without an exit code, which is not 0', () => {
    expect(stateOf(ended({ containers: [stopped('app')] }))).toBe('failed');
  });

  test('fails when no container decides', () => {
    expect(stateOf(exited(0), { ExitCodeFrom: [] })).toBe('failed');
  });

  test('succeeds with the exit codes that count as success', () => {
    expect(stateOf(exited(3), { SuccessExitCodes: [0, 3] })).toBe('succeeded');
    expect(stateOf(exited(0), { SuccessExitCodes: [3] })).toBe('failed');
  });

  test.each([
    [3221226505, 3221226505],
    [3221226505, -1073740791],
    [-1073740791, 3221226505],
  ])('succeeds with the Windows exit code %i even if ECS reports it as %i', (code, reported) => {
    expect(stateOf(exited(reported), { SuccessExitCodes: [0, code] })).toBe('succeeded');
    expect(stateOf(exited(reported), { SuccessExitCodes: [0, 1] })).toBe('failed');
  });

  test('fails when a person stopped it, even if the container then exited with 0', () => {
    expect(stateOf(ended({ stopCode: 'UserInitiated', containers: [stopped('app', 0)] }))).toBe('failed');
  });
});

describe('a retry', () => {
  const noCapacity = (more: Partial<Task>) => judge(ended({
    stopCode: 'TaskFailedToStart', stoppedReason: 'RESOURCE:MEMORY', startedAt: undefined, containers: [stopped('app')], ...more,
  }), RULES);

  test('makes sense if no container ran', () => {
    expect(noCapacity({})).toMatchObject({ failure: { patience: 'until the deadline' } });
  });

  test.each([
    ['a container has an exit code', { containers: [stopped('init', 0), stopped('app')] }],
    ['a container was made', { containers: [{ ...stopped('app'), runtimeId: 'x' }] }],
    ['the task had started', { startedAt: new Date() }],
  ])('would run user code twice if %s', (_, more) => {
    expect(noCapacity(more)).toMatchObject({ failure: { patience: 'as often as retryAttempts allows' } });
  });

  test.each([
    ['a GuardDuty agent', 'aws-guardduty-agent-fCWvbwA', undefined],
    ['a container that is not in the task definition', 'injected', ['app']],
  ])('makes sense if only %s ran', (_, name, Containers) => {
    const task = ended({
      stopCode: 'TaskFailedToStart', stoppedReason: 'RESOURCE:MEMORY', startedAt: undefined, containers: [stopped('app'), { ...stopped(name, 137), runtimeId: 'x' }],
    });
    expect(judge(task, { ...RULES, Containers })).toMatchObject({ failure: { patience: 'until the deadline' } });
  });

  test('makes sense if Spot capacity was lost before a container ran, but not afterwards', () => {
    const interrupted = (more: Partial<Task>) => judge(ended({ stopCode: 'SpotInterruption', containers: [stopped('app')], ...more }), RULES);
    expect(interrupted({ startedAt: undefined })).toMatchObject({ failure: { patience: 'until the deadline' } });
    expect(interrupted({})).not.toMatchObject({ failure: { patience: 'until the deadline' } });
  });
});
