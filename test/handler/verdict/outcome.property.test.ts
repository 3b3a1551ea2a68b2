import { Container, Container$, Task, Task$, TaskStopCode } from '@aws-sdk/client-ecs';
import { NormalizedSchema } from '@smithy/core/schema';
import * as fc from 'fast-check';
import { judge, Outcome, Rules, STOPPED_BY } from '../../../lambda/verdict/outcome';
import { modelled, mostly, text } from '../../support/arbitraries';

const DECIDING = ['app', 'proxy'];

/** Words of ECS, which in any mixture may or may not make a cause that is known. */
const reason = fc.oneof(text, fc.array(fc.constantFrom(
  STOPPED_BY, 'CannotPullContainerError:', 'ResourceInitializationError:', 'RESOURCE:MEMORY', 'RESOURCE:ENI', 'AGENT', 'OutOfMemoryError:',
  'AccessDeniedException', 'secret', 'not found', 'i/o timeout', 'network interface', 'Capacity is unavailable', 'ECS was unable to assume the role',
), { maxLength: 3 }).map((words) => words.join(' ')));

const rarely = <T>(some: fc.Arbitrary<T>) => fc.option(some, { nil: undefined, freq: 1 });

const anyContainers = fc.array(modelled(NormalizedSchema.of(Container$), {
  '.name': mostly(...DECIDING, 'sidecar'),
  '.lastStatus': mostly('STOPPED', 'STOPPED', 'STOPPED', 'RUNNING'),
  '.exitCode': fc.constantFrom(undefined, undefined, 0, 0, 0, 0, 1, 137, -1),
  '.reason': rarely(reason),
  '.runtimeId': rarely(text),
}), { minLength: 1, maxLength: 5 });

/** Near the end, where there is something to decide, more often than not. */
const tasks: fc.Arbitrary<Task> = modelled(NormalizedSchema.of(Task$), {
  '.lastStatus': mostly('STOPPED', 'STOPPED', 'STOPPED', 'DEPROVISIONING', 'DELETED', 'STOPPING', 'RUNNING'),
  '.stopCode': mostly(...Object.values(TaskStopCode), ...Array<TaskStopCode>(6).fill('EssentialContainerExited'), 'TaskFailedToStart'),
  '.stoppedReason': reason,
  '.startedAt': rarely(fc.date({ noInvalidDate: true })),
  '.containers': anyContainers,
});

const rules: fc.Arbitrary<Rules> = fc.record({
  ExitCodeFrom: fc.shuffledSubarray(DECIDING, { minLength: 1 }),
  SuccessExitCodes: fc.uniqueArray(fc.constantFrom(0, 0, 0, 1, 137), { minLength: 1 }),
  CompleteWhen: fc.constantFrom('EXIT_CODES_KNOWN', 'TASK_STOPPED'),
});

const hasEnded = ({ lastStatus }: Task) => lastStatus === 'STOPPED' || lastStatus === 'DELETED';
const named = (task: Task, wanted: string) => task.containers?.find(({ name }) => name === wanted);
const failureOf = (outcome: Outcome) => outcome.state === 'failed' ? outcome.failure : undefined;

const RUNS = { numRuns: 1_000 };

/** As ECS has it: each name once. */
function onceEach(containers: Container[] | undefined): Container[] | undefined {
  return containers && [...new Map(containers.map((container) => [container.name, container])).values()];
}

function forAnyTask(holds: (task: Task, rules: Rules) => void): void {
  fc.assert(fc.property(tasks, rules, holds), RUNS);
}

test('a task succeeds only when it has ended and each deciding container has an exit code that counts as success', () => {
  forAnyTask((task, by) => {
    if (judge(task, by).state === 'succeeded') {
      expect(hasEnded(task) || task.lastStatus === 'DEPROVISIONING').toBe(true);
      for (const name of by.ExitCodeFrom) {
        expect(by.SuccessExitCodes).toContain(named(task, name)?.exitCode);
      }
    }
  });
});

test('a task whose end has another cause than the exit of its containers does not succeed', () => {
  forAnyTask((task, by) => {
    fc.pre(![undefined, 'EssentialContainerExited'].includes(task.stopCode));
    expect(judge(task, by).state).not.toBe('succeeded');
  });
});

test('a task that has ended is not running, and one that is not near its end is', () => {
  forAnyTask((task, by) => {
    fc.pre(task.lastStatus !== 'DEPROVISIONING');
    expect(judge(task, by).state === 'running').toBe(!hasEnded(task));
  });
});

test('a task in DEPROVISIONING is running while a container that decides has no exit code', () => {
  forAnyTask((task, by) => {
    fc.pre(!hasEnded(task) && by.ExitCodeFrom.some((name) => named(task, name)?.exitCode === undefined));
    expect(judge(task, by)).toEqual({ state: 'running' });
  });
});

test('each failure has a cause', () => {
  forAnyTask((task, by) => {
    const failure = failureOf(judge(task, by));
    fc.pre(failure !== undefined);
    expect(failure!.cause).toMatch(/^(the task|the host|the scheduler|container|another caller|a Spot interruption|no container) \S/);
  });
});

test('only a failure in which no container ran is retried whether the user wants it or not', () => {
  forAnyTask((task, by) => {
    const { patience } = failureOf(judge(task, by)) ?? {};
    if (patience === 'until the deadline' || patience === 'while permissions spread') {
      expect(task.startedAt).toBeUndefined();
      for (const { exitCode, runtimeId } of task.containers ?? []) {
        expect({ exitCode, runtimeId }).toEqual({});
      }
    }
  });
});

test('a task that was stopped on purpose is not run again', () => {
  forAnyTask((task, by) => {
    const stopped = { ...task, lastStatus: 'STOPPED', stopCode: TaskStopCode.USER_INITIATED };
    expect(failureOf(judge(stopped, by))).not.toHaveProperty('patience', expect.anything());
  });
});

test('the order of the containers does not matter', () => {
  const shuffled = tasks.map((task) => ({ ...task, containers: onceEach(task.containers) }))
    .chain((task) => fc.tuple(fc.constant(task), fc.shuffledSubarray(task.containers ?? [], { minLength: task.containers?.length })));
  fc.assert(fc.property(shuffled, rules, ([task, containers], by) => {
    const { awsReason, container, ...failure } = failureOf(judge(task, by)) ?? {}; // the reasons of a failed start are listed in order
    expect(judge({ ...task, containers }, by)).toMatchObject({ state: judge(task, by).state, ...awsReason || container ? { failure } : {} });
  }), RUNS);
});

test('the containers that do not decide do not matter', () => {
  fc.assert(fc.property(tasks, tasks, rules, (task, { containers: others = [] }, by) => {
    const without = (containers: Container[] = []) => containers.filter(({ name }) => by.ExitCodeFrom.includes(name!));
    const inOthersPlace = [...others.filter((container) => !without(others).includes(container)), ...without(task.containers)];
    expect(judge({ ...task, containers: inOthersPlace }, by).state).toBe(judge(task, by).state);
  }), RUNS);
});

test('a task that is final for TASK_STOPPED is also final for EXIT_CODES_KNOWN, with the same outcome', () => {
  forAnyTask((task, by) => {
    const stopped = judge(task, { ...by, CompleteWhen: 'TASK_STOPPED' });
    fc.pre(stopped.state !== 'running');
    expect(judge(task, { ...by, CompleteWhen: 'EXIT_CODES_KNOWN' })).toEqual(stopped);
  });
});
