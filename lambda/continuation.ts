import type { Answer } from './answer';
import { Event, Job, knownArns, Progress, TaskProgress } from './job';
import { persist } from './persist';
import type { Results } from './results';
import { describeStack, isOver, stackStatus } from './stack';
import type { Surroundings } from './surroundings';
import { LONGEST_SERVICE_TIMEOUT_SECONDS, TaskRun } from '../src/contract';

/**
 * What a resource has come to, for the one that goes on waiting for the same task: its attribute `Progress`.
 *
 * CloudFormation waits an hour for one resource, so that several of them wait in turn for a task that takes longer. Each
 * value has the id of its request, or CloudFormation would see no change in the one that follows.
 */
export type Passed = { readonly RequestId: string } & (
  /** The tasks by their ids alone: an answer has no room for ten ARNs. */
  | { readonly State: 'RUNNING'; readonly At: number; readonly ArnsBegin: string; readonly Progress: Progress }
  | { readonly State: 'SUCCEEDED'; readonly Results: Results }
  /** Whether the one that follows was there before. */
  | { readonly State: 'SKIPPED'; readonly WasContinued: boolean }
);

/** How much of the cause of a failure the next resource gets to know: of the first, and of the others. */
const MOST_OF_CAUSE = 80;
const MOST_OF_OTHER_CAUSE = 40;

/** How long CloudFormation may take to tell when the deployment began. */
const STACK_WITHIN_MS = 60_000;

/** What the resource before this one has come to; nothing where this request has to begin anew. */
export async function passedOn(world: Surroundings, event: Event): Promise<Passed | undefined> {
  const from: string | undefined = event.ResourceProperties?.Continues?.From;
  if (event.RequestType === 'Delete' || !from) {
    return undefined;
  }
  const passed = parse(from);
  switch (passed?.State) {
    case 'SUCCEEDED':
      return passed;
    case 'SKIPPED':
      return event.RequestType === 'Create' && passed.WasContinued ? undefined : passed; // the Create failed before, and no task has succeeded
    case 'RUNNING':
      return await isFromEarlierDeployment(world, event, passed.At) ? undefined : withArns(passed);
    default:
      return undefined;
  }
}

/** What can't be read begins anew: no event may end without an answer. */
function parse(from: string): Passed | undefined {
  try {
    return JSON.parse(from);
  } catch {
    return undefined;
  }
}

function withArns(passed: Passed & { State: 'RUNNING' }): Passed {
  const Tasks = passed.Progress.Tasks.map((task) => ({ ...task, TaskArn: task.TaskArn && passed.ArnsBegin + task.TaskArn }));
  return { ...passed, Progress: { ...passed.Progress, Tasks } };
}

/**
 * Without a rollback, only what has failed is asked for again: its task is over, and the resource before it passes on
 * nothing new. Where CloudFormation does not tell, the task does.
 */
async function isFromEarlierDeployment(world: Surroundings, event: Event, at: number): Promise<boolean> {
  try {
    const { LastUpdatedTime } = await persist(world, world.now() + STACK_WITHIN_MS, () => describeStack(world, event));
    return LastUpdatedTime !== undefined && LastUpdatedTime.getTime() > at;
  } catch (error) {
    world.log(`DescribeStacks: ${error}`);
    return false;
  }
}

/** Whether CloudFormation has gone on without this request, and perhaps with its task, for which the next resource waits then. */
export async function isLeftToTheNext({ event, sentAt: began, world }: Job): Promise<boolean> {
  if (event.ResourceProperties?.IsContinued === undefined || world.now() <= began + LONGEST_SERVICE_TIMEOUT_SECONDS * 1000) {
    return false;
  }
  const status = await stackStatus(world, event).catch((error) => { world.log(`DescribeStacks: ${error}`); });
  return !status || !isOver(status);
}

/** The answer with which the next resource goes on waiting. */
export function goesOn({ event, world }: Job, progress: Progress): Answer {
  const ArnsBegin = knownArns(progress)[0]?.replace(/[^/]*$/, '') ?? '';
  const first = progress.Tasks.find(({ Ended }) => Ended?.Failure);
  const Tasks = progress.Tasks.map(({ Problem, ...task }) => ({
    ...task,
    TaskArn: task.TaskArn?.slice(ArnsBegin.length),
    Ended: task.Ended && briefly(task.Ended, task.Number === first?.Number),
  }));
  return {
    status: 'SUCCESS',
    reason: ['The task goes on, and the next resource waits for it.'],
    data: passing({ State: 'RUNNING', RequestId: event.RequestId, At: world.now(), ArnsBegin, Progress: { ...progress, Tasks } }),
  };
}

/** Whole texts could be longer than an answer. */
function briefly({ Failure, ...ended }: NonNullable<TaskProgress['Ended']>, isFirst: boolean): TaskProgress['Ended'] {
  if (!Failure) {
    return ended;
  }
  const { cause, container, patience } = Failure;
  return {
    Failure: isFirst ? { cause: cause.slice(0, MOST_OF_CAUSE), container, patience } : { cause: cause.slice(0, MOST_OF_OTHER_CAUSE), patience },
  };
}

/** The attributes of a resource whose task has succeeded. */
export function dataOf({ IsContinued }: TaskRun, { event }: Job, results: Results): Results {
  return IsContinued ? passing({ State: 'SUCCEEDED', RequestId: event.RequestId, Results: results }) : results;
}

/** The attributes of a resource that has run no task. */
export function dataOfNone({ IsContinued }: Pick<TaskRun, 'IsContinued'>, { event }: Job, kept: Results): Results {
  const WasContinued = event.RequestType === 'Update' && event.OldResourceProperties.IsContinued !== undefined;
  return IsContinued ? passing({ State: 'SKIPPED', RequestId: event.RequestId, WasContinued }) : kept;
}

function passing(passed: Passed): Results {
  return { Progress: JSON.stringify(passed) };
}
