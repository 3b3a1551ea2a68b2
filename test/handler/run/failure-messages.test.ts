import { create, fails, runs, FakeAws, times, passThrough, notPlaced } from '../../support/fake-aws';

let world: FakeAws;
beforeEach(() => { world = new FakeAws(); });

describe('the whole failure message', () => {
  const TASK_ARN = 'arn:aws:ecs:eu-west-1:111122223333:task/shop/1a';
  const TASK = `Task ${TASK_ARN}.`;
  const LOG = 'Log group /shop, stream app/app/1a.';
  const TIMED_OUT = 'The task did not end within 30 minutes and was stopped; it was RUNNING. See what it waited for, or raise timeout.';
  const MAY_STILL_RUN = `May still be running, stop it by hand: ${TASK_ARN}.`;
  const cannotStop = () => { world.faults.StopTask = times(1000, fails('ServerException', '', 500)); };
  const cannotHandOver = () => { world.faults.Invoke = times(100, fails('AccessDeniedException', 'no')); };

  test.each<[string, () => void, string[]]>([
    ['of a task that timed out', () => { world.lives = [runs(60 * 60, 0)]; }, [
      TIMED_OUT,
      LOG,
      TASK,
    ]],
    ['of a task that does not stop', () => { world.lives = [runs(60 * 60, 0)]; cannotStop(); }, [
      TIMED_OUT,
      LOG,
      TASK,
      MAY_STILL_RUN,
    ]],
    ['of a task that does not stop, while ListTasks is throttled at first', () => {
      world.lives = [runs(60 * 60, 0)];
      cannotStop();
      world.faults.ListTasks = [...times(2, passThrough), fails('ThrottlingException')];
    }, [
      TIMED_OUT,
      LOG,
      TASK,
      MAY_STILL_RUN,
    ]],
    ['of a task that ECS never described', () => {
      world.lives = [runs(60 * 60, 0)];
      world.faults.DescribeTasks = times(10_000, fails('ThrottlingException'));
    }, [
      'The task did not end within 30 minutes and was stopped; it was unknown to ECS. See what it waited for, or raise timeout.',
      LOG,
      TASK,
      MAY_STILL_RUN,
      'More of its tasks may still be running: the function could not look for them (ThrottlingException).',
    ]],
    ['of a container that failed', () => {
      world.lives = [runs(60, 3)];
      world.logEvents = ['migrating', 'ERROR: relation "users" already exists\n'];
    }, [
      'Container "app" exited with code 3.',
      'The end of its log:',
      '  migrating',
      '  ERROR: relation "users" already exists',
      LOG,
      TASK,
    ]],
    ['of capacity that never becomes available', () => { world.faults.RunTask = times(1000, notPlaced('RESOURCE:MEMORY')); }, [
      'The task did not start within 30 minutes: no container instance has enough room for it. Add instances, or ask for less cpu and memory.',
      'AWS says: RESOURCE:MEMORY',
    ]],
    ['of a placement that is impossible', () => { world.faults.RunTask = [notPlaced('ATTRIBUTE')]; }, [
      'The task did not start: no container instance meets its constraints. Check placementConstraints, and the attributes that the task definition requires.',
      'AWS says: ATTRIBUTE',
    ]],
    ['of an unknown placement failure', () => { world.faults.RunTask = [notPlaced('NEW', 'never seen')]; }, [
      'The task did not start: ECS did not place it.',
      'AWS says: NEW: never seen',
    ]],
    ['of a request that ECS rejects', () => { world.faults.RunTask = [fails('InvalidParameterException', 'subnet-1 does not exist')]; }, [
      'AWS did not take the request: InvalidParameterException.',
      'AWS says: subnet-1 does not exist',
    ]],
    ['of a function without permission to run the task', () => { world.faults.RunTask = times(1000, fails('AccessDeniedException', 'not authorized to perform: ecs:RunTask')); }, [
      'AWS did not take the request: AccessDeniedException. Check the role of the function, its permissions boundary, and the service control policies of the account.',
      'AWS says: not authorized to perform: ecs:RunTask',
    ]],
    ['of a start that ECS throttles until the deadline', () => { world.faults.RunTask = times(1000, fails('ThrottlingException', 'Rate exceeded')); }, [
      'The task did not start within 30 minutes: AWS did not take the request: ThrottlingException.',
      'AWS says: Rate exceeded',
    ]],
    ['of a function without permission to describe the task', () => { world.faults.DescribeTasks = times(1000, fails('AccessDeniedException', 'not authorized to perform: ecs:DescribeTasks')); }, [
      'The function failed: AccessDeniedException: not authorized to perform: ecs:DescribeTasks. Check the role of the function, its permissions boundary, and the service control policies of the account.',
      MAY_STILL_RUN,
      'More of its tasks may still be running: the function could not look for them (AccessDeniedException: not authorized to perform: ecs:DescribeTasks).',
    ]],
    ['of a function without permission to list tasks', () => {
      world.lives = [runs(5, 3)];
      world.faults.ListTasks = times(1000, fails('AccessDeniedException', 'not authorized to perform: ecs:ListTasks'));
    }, [
      'Container "app" exited with code 3.',
      LOG,
      TASK,
      'More of its tasks may still be running: the function could not look for them (AccessDeniedException: not authorized to perform: ecs:ListTasks).',
    ]],
    ['of a task that ECS no longer knows', () => { world.faults.DescribeTasks = times(1000, () => ({ tasks: [] })); }, [
      'ECS does not know the task any more, so its result is unknown.',
      TASK,
      MAY_STILL_RUN,
    ]],
    ['of a function that cannot invoke itself', () => { world.lives = [runs(28 * 60, 0)]; cannotHandOver(); }, [
      'The function could not hand over to its next invocation before its time-out (AccessDeniedException: no). Let its role invoke the function itself (lambda:InvokeFunction).',
    ]],
    ['of a cancelled deployment', () => { world.stackStatus = 'ROLLBACK_IN_PROGRESS'; }, [
      'The deployment was cancelled before the task had started.',
    ]],
    ['of an unexpected error', () => { world.faults.DescribeTasks = [() => { throw new TypeError('surprise'); }]; }, [
      'The function failed: TypeError: surprise.',
    ]],
  ])('%s', async (_, happens, text) => {
    happens();
    const { Status, Reason } = await world.request(create());
    expect(Status).toBe('FAILED');
    expect(Reason.split('\n')).toEqual([...text, 'CloudWatch Log Stream: 2026/01/01/[$LATEST]abc']);
  });
});
