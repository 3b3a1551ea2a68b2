import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeLogStreamsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DescribeTasksCommand, ListTasksCommand, RunTaskCommand, RunTaskCommandInput, StopTaskCommand, Task } from '@aws-sdk/client-ecs';
import { Belief, confirmed, notSeen, refuted } from './check';
import type { Scene } from '../scene';
import { TAG } from '../tags';

/** A state that DescribeTasks returned, with the time of the first response that had it. */
export interface TaskState {
  readonly at: string;
  readonly lastStatus: string;
  readonly container?: string;
  readonly exitCode?: number;
}

/** What was seen of a task that ends by itself, and of a task that is stopped. */
export interface TaskEvidence {
  readonly taskArn: string;
  readonly startedBy: string;
  readonly startedByReturned?: string;
  /** From the answer of RunTask until ListTasks returned the task, if it did. */
  readonly listedAfterMs?: number;
  readonly states: TaskState[];
  readonly tagsWhileRunning: number;
  readonly tagsAfterStopTask: number;
  readonly logStreams: string[];
}

/** The exit code of the task that ends by itself. */
const EXIT_CODE = 3;
export const COMMAND = `echo started; sleep 5; exit ${EXIT_CODE}`;

/** 128 characters, of each kind that RunTask documents. */
const STARTED_BY = 'verify/account_1-'.padEnd(128, 'x');

type TaskRequest = Pick<RunTaskCommandInput, 'cluster' | 'taskDefinition' | 'launchType' | 'capacityProviderStrategy' | 'networkConfiguration'>;

/** Runs two tasks without CloudFormation, and reads them each second until they have stopped. */
export async function observeTasks(scene: Scene, request: TaskRequest, logGroupName: string): Promise<TaskEvidence> {
  const { ecs, logs } = scene.account;
  const { cluster } = request;
  const run = async (startedBy: string, command: string): Promise<Task> => {
    const { tasks: [task] = [], failures } = await ecs.send(new RunTaskCommand({
      ...request,
      startedBy,
      tags: [{ key: TAG, value: scene.runId }],
      overrides: { containerOverrides: [{ name: 'app', command: ['sh', '-c', command] }] },
    }));
    if (!task) {
      throw new Error(`ECS started no task: ${JSON.stringify(failures)}`);
    }
    return task;
  };
  const describe = async (taskArn: string): Promise<Task | undefined> =>
    (await ecs.send(new DescribeTasksCommand({ cluster, tasks: [taskArn], include: ['TAGS'] }))).tasks?.[0];
  const tagsOf = async (taskArn: string) => (await describe(taskArn))?.tags?.length ?? 0;

  scene.say('RunTask: a task that ends by itself');
  const task = await run(STARTED_BY, COMMAND);
  const answeredAt = Date.now();
  let listedAfterMs: number | undefined;
  const states: TaskState[] = [];
  let tagsWhileRunning = 0;
  let startedByReturned: string | undefined;
  await scene.until('it is STOPPED', async () => {
    if (listedAfterMs === undefined) {
      const { taskArns = [] } = await ecs.send(new ListTasksCommand({ cluster, startedBy: STARTED_BY }));
      listedAfterMs = taskArns.includes(task.taskArn!) ? Date.now() - answeredAt : undefined;
    }
    const now = await describe(task.taskArn!);
    startedByReturned ??= now?.startedBy;
    const [container] = now?.containers ?? [];
    const state = { lastStatus: now?.lastStatus ?? 'MISSING', container: container?.lastStatus, exitCode: container?.exitCode };
    tagsWhileRunning = state.lastStatus === 'RUNNING' ? now!.tags?.length ?? 0 : tagsWhileRunning;
    if (JSON.stringify(state) !== JSON.stringify({ ...states.at(-1), at: undefined })) {
      states.push({ at: new Date().toISOString(), ...state });
    }
    return state.lastStatus === 'STOPPED';
  });

  scene.say('RunTask: a task that is stopped');
  const { taskArn } = await run('verify-account', 'sleep 600');
  await scene.until('it is RUNNING', async () => (await describe(taskArn!))?.lastStatus === 'RUNNING');
  await ecs.send(new StopTaskCommand({ cluster, task: taskArn, reason: 'verify:account' }));
  await sleep(scene.account.localEngine ? 1_000 : 10_000);
  const tagsAfterStopTask = await tagsOf(taskArn!);

  const taskId = task.taskArn!.split('/').at(-1)!;
  const { logStreams = [] } = await logs.send(new DescribeLogStreamsCommand({ logGroupName }));
  return {
    taskArn: task.taskArn!,
    startedBy: STARTED_BY,
    startedByReturned,
    listedAfterMs,
    states,
    tagsWhileRunning,
    tagsAfterStopTask,
    logStreams: logStreams.map(({ logStreamName }) => logStreamName!).filter((name) => name.includes(taskId)),
  };
}

/** The assumptions about a task on each launch type. */
export const ON_EACH_LAUNCH_TYPE: ReadonlyArray<Belief<TaskEvidence>> = [
  {
    believed: 'Exit codes are final at `DEPROVISIONING`, when the containers are `STOPPED`: 12 to 24 seconds before the task is `STOPPED`. If an exit code is missing there, the function waits until `STOPPED`.',
    judge: ({ states }) => {
      const first = states.find(({ exitCode }) => exitCode !== undefined);
      const end = states.at(-1)!;
      if (!first) {
        return refuted('The task had no exit code at all.');
      }
      const earlier = (Date.parse(end.at) - Date.parse(first.at)) / 1000;
      const seen = `The exit code was ${first.exitCode} at ${first.lastStatus}, ${earlier.toFixed(1)} s before ${end.lastStatus}, and ${end.exitCode} then.`;
      if (first.exitCode !== end.exitCode || first.container !== 'STOPPED') {
        return refuted(seen);
      }
      return first.lastStatus === 'STOPPED' ? notSeen(seen) : confirmed(seen);
    },
    ifRefuted: '`isFinal` has to wait for `STOPPED`, or the verdict can change after the answer.',
    onlyOnAws: 'its tasks go from RUNNING to STOPPED.',
  },
  {
    believed: 'The stream of a container is `<prefix>/<container>/<task id>`, on every launch type.',
    judge: ({ logStreams, taskArn }) => {
      const expected = `verify/app/${taskArn.split('/').at(-1)}`;
      return logStreams.includes(expected) ? confirmed(`The stream was ${expected}.`) : refuted(`The streams of the task were: ${logStreams.join(', ') || 'none'}.`);
    },
    ifRefuted: 'The log tail and outputs are read from a stream that does not exist: `lambda/ecs/logs.ts` needs another name for this launch type.',
  },
];
