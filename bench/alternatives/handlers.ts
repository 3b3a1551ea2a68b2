import { DescribeTasksCommand, ECSClient, RunTaskCommand, waitUntilTasksStopped } from '@aws-sdk/client-ecs';

/** The functions of the alternatives, as short as in their documentation. */

const ecs = new ECSClient({});

async function start(event: any): Promise<string> {
  const { tasks = [], failures = [] } = await ecs.send(new RunTaskCommand(event.ResourceProperties.Request));
  if (!tasks[0]) {
    throw new Error(JSON.stringify(failures));
  }
  return tasks[0].taskArn!;
}

async function describe(event: any, taskArn: string) {
  const { tasks = [] } = await ecs.send(new DescribeTasksCommand({ cluster: event.ResourceProperties.Request.cluster, tasks: [taskArn] }));
  return tasks[0];
}

function check(task: Awaited<ReturnType<typeof describe>>): void {
  if (task.containers?.some(({ exitCode }) => exitCode !== 0)) {
    throw new Error(`${task.stopCode}: ${task.stoppedReason}`);
  }
}

/** (a) */
export async function onEvent(event: any) {
  return { PhysicalResourceId: event.RequestType === 'Delete' ? event.PhysicalResourceId : await start(event) };
}

/** (a) */
export async function isComplete(event: any) {
  if (event.RequestType === 'Delete') {
    return { IsComplete: true };
  }
  const task = await describe(event, event.PhysicalResourceId);
  if (task?.lastStatus !== 'STOPPED') {
    return { IsComplete: false };
  }
  check(task);
  return { IsComplete: true };
}

async function answer(event: any, Status: string, Reason?: string): Promise<void> {
  const { StackId, RequestId, LogicalResourceId, PhysicalResourceId = RequestId } = event;
  const body = JSON.stringify({ Status, Reason, StackId, RequestId, LogicalResourceId, PhysicalResourceId });
  await fetch(event.ResponseURL, { method: 'PUT', body, headers: { 'content-type': '' } });
}

/** (c) */
export async function answerFor({ event, error }: any) {
  await answer(event, error ? 'FAILED' : 'SUCCESS', error?.Cause?.slice(0, 1_000));
}

/** (e) */
export async function runAndWait(event: any) {
  try {
    if (event.RequestType !== 'Delete') {
      const taskArn = await start(event);
      await waitUntilTasksStopped({ client: ecs, maxWaitTime: 840 }, { cluster: event.ResourceProperties.Request.cluster, tasks: [taskArn] });
      check(await describe(event, taskArn));
    }
    await answer(event, 'SUCCESS');
  } catch (error) {
    await answer(event, 'FAILED', String(error).slice(0, 1_000));
  }
}
