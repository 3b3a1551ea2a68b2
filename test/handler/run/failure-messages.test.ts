import { awsError, create, FakeAws, fails, Fault, MINUTE, missing, notPlaced, passThrough, runs, times, unexpectedError } from '../../support/fake-aws';

let world: FakeAws;
beforeEach(() => { world = new FakeAws(); });

describe('the whole failure message', () => {
  const TASK_ARN = 'arn:aws:ecs:eu-west-1:111122223333:task/shop/1a';
  const TASK = `Task ${TASK_ARN}.`;
  const LOG = 'Log group /shop, stream app/app/1a.';
  const STILL_RUNNING = 'The task was still RUNNING after 30 minutes';
  const WHAT_TO_DO = 'Check what it was waiting for, or raise timeout.';
  const NEVER_SEEN = 'The function could never read the status of the task, so its result is unknown.';
  const MAY_STILL_RUN = `Could not confirm that this task stopped. Stop it manually: ${TASK_ARN}.`;
  const noAnswer = fails('TimeoutError', 'socket hang up');
  const cannotStop = () => { world.faults.StopTask = times(1000, fails('AccessDeniedException', 'not authorized to perform: ecs:StopTask')); };
  const NOT_STOPPED = 'StopTask failed (AccessDeniedException: not authorized to perform: ecs:StopTask).';
  const cannotHandOver = () => { world.faults.Invoke = times(100, fails('AccessDeniedException', 'no')); };

  test.each<[string, () => void, string[]]>([
    ['of a task that timed out', () => { world.lives = [runs(60 * 60, 0)]; }, [
      `${STILL_RUNNING}, so it was stopped. ${WHAT_TO_DO}`,
      LOG,
      TASK,
    ]],
    ['of a task that ECS does not get rid of', () => {
      world.lives = [[[0, {
        lastStatus: 'DEPROVISIONING',
        desiredStatus: 'STOPPED',
        stopCode: 'TaskFailedToStart',
        stoppedReason: 'Task failed to start',
        attachments: [{ details: [{ name: 'statusReason', value: 'ECS was unable to assume the configured ECS Infrastructure Role' }] }],
      }]]];
    }, [
      `The task was still DEPROVISIONING after 30 minutes, so it was stopped. ${WHAT_TO_DO}`,
      'AWS says: Task failed to start; ECS was unable to assume the configured ECS Infrastructure Role',
      LOG,
      TASK,
    ]],
    ['of a task that an earlier invocation has told to stop, and that does not end', () => {
      world.lives = [[[0, {
        lastStatus: 'RUNNING',
        desiredStatus: 'STOPPED',
        stopCode: 'UserInitiated',
        stoppedReason: 'cdk-ecs-run-task: ECS did not answer: TimeoutError: socket hang up (RunTask) (ec6d70dee764/4f3e2d1c/1/1/t85s00)',
      }]]];
      world.faults.StopTask = times(1000, () => ({}));
    }, [
      `${STILL_RUNNING} (an earlier StopTask had the reason: ECS did not answer: TimeoutError: socket hang up (RunTask)). ${WHAT_TO_DO}`,
      LOG,
      TASK,
      MAY_STILL_RUN,
    ]],
    ['of a task that does not stop', () => { world.lives = [runs(60 * 60, 0)]; cannotStop(); }, [
      `${STILL_RUNNING}. ${WHAT_TO_DO}`,
      LOG,
      TASK,
      MAY_STILL_RUN,
      NOT_STOPPED,
    ]],
    ['of a task that does not stop, while ListTasks is throttled at first', () => {
      world.lives = [runs(60 * 60, 0)];
      cannotStop();
      world.faults.ListTasks = [...times(2, passThrough), fails('ThrottlingException')];
    }, [
      `${STILL_RUNNING}. ${WHAT_TO_DO}`,
      LOG,
      TASK,
      MAY_STILL_RUN,
      NOT_STOPPED,
    ]],
    ['of a task that ECS never described', () => {
      world.lives = [runs(60 * 60, 0)];
      world.faults.DescribeTasks = times(10_000, fails('ThrottlingException'));
    }, [
      NEVER_SEEN,
      'AWS says: ThrottlingException',
      TASK,
      MAY_STILL_RUN,
      'Other tasks may still be running: listing them failed (ThrottlingException).',
    ]],
    ['of a task that the function never reached ECS to look at', () => {
      world.lives = [runs(60 * 60, 0)];
      world.faults.DescribeTasks = times(10_000, noAnswer);
    }, [
      'The function could never read the status of the task, so its result is unknown (TimeoutError: socket hang up).',
      TASK,
      MAY_STILL_RUN,
      'Other tasks may still be running: listing them failed (TimeoutError: socket hang up).',
    ]],
    ['of a task that the function could not reach ECS to look at since it ran', () => {
      world.lives = [runs(60 * 60, 0)];
      world.faults.DescribeTasks = [passThrough, ...times<Fault>(10_000, (_, proceed) => world.seconds() < 30 * 60 + 1 ? noAnswer() : proceed())];
    }, [
      'The function did not see the task end within 30 minutes: reading its status failed for the last 30 minutes (TimeoutError: socket hang up).',
      LOG,
      TASK,
    ]],
    ['of a task that ECS described only at first', () => {
      world.lives = [runs(60 * 60, 0)];
      world.faults.DescribeTasks = [passThrough, ...times<Fault>(10_000, (input, proceed) => {
        if (world.seconds() < 30 * 60) {
          throw awsError('ThrottlingException', 'Rate exceeded');
        }
        return missing(input, proceed);
      })];
    }, [
      'The task did not end within 30 minutes, and ECS did not report its status. Check what it was waiting for, or raise timeout.',
      LOG,
      TASK,
      MAY_STILL_RUN,
    ]],
    ['of a task that ECS has forgotten, and that nobody can have stopped', () => { // seed 11262848
      world.lives = [runs(60 * 60, 0)];
      world.faults.DescribeTasks = times(10_000, (input, proceed) => world.seconds() < 29 * 60 ? proceed() : missing(input, proceed));
      world.faults.StopTask = times(10_000, fails('InvalidParameterException', 'The referenced task was not found.'));
      world.faults.ListTasks = times(10_000, (_, proceed) => world.seconds() < 29 * 60 ? proceed() : { taskArns: [] });
    }, [
      'The task did not end within 30 minutes, and ECS did not report its status. Check what it was waiting for, or raise timeout.',
      LOG,
      TASK,
    ]],
    ['of a task that ECS let nobody look at since it ran', () => {
      world.lives = [runs(60 * 60, 0)];
      world.faults.DescribeTasks = [passThrough, ...times(10_000, fails('ThrottlingException', 'Rate exceeded'))];
    }, [
      'The function did not see the task end within 30 minutes: reading its status failed for the last 30 minutes.',
      'AWS says: ThrottlingException: Rate exceeded',
      LOG,
      TASK,
      MAY_STILL_RUN,
      'Other tasks may still be running: listing them failed (ThrottlingException: Rate exceeded).',
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
      'The task did not start within 30 minutes: no container instance has enough free resources for it. Add instances, or ask for less cpu and memory.',
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
    ['of a request that ECS rejects', () => { world.faults.RunTask = [fails('InvalidParameterException', 'Override for container named x is not a container in the TaskDefinition.')]; }, [
      'ECS rejected the request: InvalidParameterException (RunTask).',
      'AWS says: Override for container named x is not a container in the TaskDefinition.',
    ]],
    ['of a function without permission to run the task', () => { world.faults.RunTask = times(1000, fails('AccessDeniedException', 'not authorized to perform: ecs:RunTask')); }, [
      'ECS rejected the request: AccessDeniedException (RunTask). Check the role of the function, its permissions boundary, and the service control policies of the account.',
      'AWS says: not authorized to perform: ecs:RunTask',
    ]],
    ['of a start that ECS throttles until the deadline', () => { world.faults.RunTask = times(1000, fails('ThrottlingException', 'Rate exceeded')); }, [
      'The task did not start within 30 minutes: AWS throttled a request needed to start it. Start fewer tasks at the same time, or raise the rate limit of that service in Service Quotas.',
      'AWS says: ThrottlingException: Rate exceeded',
    ]],
    ['of a function without permission to describe the task', () => { world.faults.DescribeTasks = times(1000, fails('AccessDeniedException', 'not authorized to perform: ecs:DescribeTasks')); }, [
      NEVER_SEEN,
      'AWS says: AccessDeniedException: not authorized to perform: ecs:DescribeTasks',
      TASK,
      MAY_STILL_RUN,
      'Other tasks may still be running: listing them failed (AccessDeniedException: not authorized to perform: ecs:DescribeTasks).',
    ]],
    ['of a function that has lost the permission to list tasks', () => {
      world.lives = [runs(5, 3)];
      world.faults.ListTasks = [passThrough, passThrough, ...times(1000, fails('AccessDeniedException', 'not authorized to perform: ecs:ListTasks'))];
    }, [
      'Container "app" exited with code 3.',
      LOG,
      TASK,
      'Other tasks may still be running: listing them failed (AccessDeniedException: not authorized to perform: ecs:ListTasks).',
    ]],
    ['of a task that ECS no longer knows', () => { world.faults.DescribeTasks = times(1000, missing); }, [
      'ECS no longer returns the task, so its result is unknown.',
      TASK,
      MAY_STILL_RUN,
    ]],
    ['of a function that cannot invoke itself', () => { world.lives = [runs(28 * 60, 0)]; cannotHandOver(); }, [
      'The function could not invoke itself to continue waiting. Allow the role of the function to invoke the function itself (lambda:InvokeFunction).',
      'AWS says: AccessDeniedException: no',
    ]],
    ['of a function that cannot reach Lambda', () => { world.lives = [runs(28 * 60, 0)]; world.faults.Invoke = times(100, noAnswer); }, [
      'The function could not invoke itself to continue waiting (TimeoutError: socket hang up). Check that the function can reach AWS Lambda and is not throttled.',
    ]],
    ['of a function that cannot invoke itself while no capacity is available', () => { world.faults.RunTask = times(1000, notPlaced('RESOURCE:MEMORY')); cannotHandOver(); }, [
      'The function could not invoke itself to continue waiting. Allow the role of the function to invoke the function itself (lambda:InvokeFunction).',
      'AWS says: AccessDeniedException: no',
      'Before that: the task did not start: no container instance has enough free resources for it. AWS says: RESOURCE:MEMORY',
    ]],
    ['of a function that cannot invoke itself while ECS does not answer', () => { world.faults.RunTask = times(1000, noAnswer); cannotHandOver(); }, [
      'The function could not invoke itself to continue waiting. Allow the role of the function to invoke the function itself (lambda:InvokeFunction).',
      'AWS says: AccessDeniedException: no',
      'Before that: ECS did not answer: TimeoutError: socket hang up (RunTask).',
    ]],
    ['of a deployment that was cancelled before the event came', () => { world.time += MINUTE; world.stackStatus = 'ROLLBACK_IN_PROGRESS'; }, [
      'The deployment was cancelled before the task started.',
      'Before that: the task did not start: the stack is not being deployed (ROLLBACK_IN_PROGRESS).',
    ]],
    ['of an unexpected error', () => { world.faults.DescribeTasks = [unexpectedError('surprise')]; }, [
      'The function failed: TypeError: surprise.',
    ]],
  ])('%s', async (_, happens, text) => {
    happens();
    const { Status, Reason } = await world.request(create());
    expect(Status).toBe('FAILED');
    expect(Reason.split('\n')).toEqual([...text, 'CloudWatch Log Stream: 2026/01/01/[$LATEST]abc']);
  });
});
