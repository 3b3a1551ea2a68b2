import { Event, Job, knownArns, Progress, TaskProgress } from './progress';
import type { Answer } from '../cloudformation/answer';
import { persist } from '../retry';
import type { Results } from './results';
import { LONGEST_SERVICE_TIMEOUT_SECONDS, RunSpec } from '../../src/contract';
import { describeStack, isOver, stackStatus } from '../cloudformation/stack';
import type { World } from '../world';

/**
 * What a resource has come to, for the one that goes on waiting for the same task: its attribute `Baton`.
 *
 * CloudFormation waits an hour for one resource, so that several of them wait in turn for a task that takes longer. Each
 * value has the id of its request, or CloudFormation would see no change in the one that follows.
 */
export type Passed = { readonly requestId: string } & (
  /** The tasks by their ids alone: an answer has no room for ten ARNs. */
  | { readonly state: 'RUNNING'; readonly at: number; readonly arnPrefix: string; readonly progress: Progress }
  | { readonly state: 'SUCCEEDED'; readonly attributes: Results }
  /** Whether the one that follows was there before. */
  | { readonly state: 'SKIPPED'; readonly hadNextLeg: boolean }
);

/** How much of the cause of a failure the next resource gets to know: of the first, and of the others. */
const MOST_OF_CAUSE = 80;
const MOST_OF_OTHER_CAUSE = 40;

/** How long CloudFormation may take to tell when the deployment began. */
const STACK_WITHIN_MS = 60_000;

/** What the resource before this one has come to; nothing where this request has to begin anew. */
export async function passedOn(world: World, event: Event): Promise<Passed | undefined> {
  const from: string | undefined = event.ResourceProperties?.PreviousLeg?.Baton;
  if (event.RequestType === 'Delete' || !from) {
    return undefined;
  }
  const passed = parse(from);
  switch (passed?.state) {
    case 'SUCCEEDED':
      return passed;
    case 'SKIPPED':
      return event.RequestType === 'Create' && passed.hadNextLeg ? undefined : passed; // the Create failed before, and no task has succeeded
    case 'RUNNING':
      return await isFromEarlierDeployment(world, event, passed.at) ? undefined : withArns(passed);
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

function withArns(passed: Passed & { state: 'RUNNING' }): Passed {
  const tasks = passed.progress.tasks.map((task) => ({ ...task, taskArn: task.taskArn && passed.arnPrefix + task.taskArn }));
  return { ...passed, progress: { ...passed.progress, tasks } };
}

/**
 * Without a rollback, only what has failed is asked for again: its task is over, and the resource before it passes on
 * nothing new. Where CloudFormation does not tell, the task does.
 */
async function isFromEarlierDeployment(world: World, event: Event, at: number): Promise<boolean> {
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
  if (event.ResourceProperties?.HasNextLeg === undefined || world.now() <= began + LONGEST_SERVICE_TIMEOUT_SECONDS * 1000) {
    return false;
  }
  const status = await stackStatus(world, event).catch((error) => { world.log(`DescribeStacks: ${error}`); });
  return !status || !isOver(status);
}

/** The answer with which the next resource goes on waiting. */
export function goesOn({ event, world }: Job, progress: Progress): Answer {
  const arnPrefix = knownArns(progress)[0]?.replace(/[^/]*$/, '') ?? '';
  const first = progress.tasks.find(({ ended }) => ended?.failure);
  const tasks = progress.tasks.map(({ problem, ...task }) => ({
    ...task,
    taskArn: task.taskArn?.slice(arnPrefix.length),
    ended: task.ended && briefly(task.ended, task.number === first?.number),
  }));
  return {
    status: 'SUCCESS',
    reason: ['The task goes on, and the next resource waits for it.'],
    data: passing({ state: 'RUNNING', requestId: event.RequestId, at: world.now(), arnPrefix, progress: { ...progress, tasks } }),
  };
}

/** Whole texts could be longer than an answer. */
function briefly({ failure, ...ended }: NonNullable<TaskProgress['ended']>, isFirst: boolean): TaskProgress['ended'] {
  if (!failure) {
    return ended;
  }
  const { cause, container, patience } = failure;
  return {
    failure: isFirst ? { cause: cause.slice(0, MOST_OF_CAUSE), container, patience } : { cause: cause.slice(0, MOST_OF_OTHER_CAUSE), patience },
  };
}

/** The attributes of a resource whose task has succeeded. */
export function dataOf({ HasNextLeg }: RunSpec, { event }: Job, results: Results): Results {
  return HasNextLeg ? passing({ state: 'SUCCEEDED', requestId: event.RequestId, attributes: results }) : results;
}

/** The attributes of a resource that has run no task. */
export function dataOfNone({ HasNextLeg }: Pick<RunSpec, 'HasNextLeg'>, { event }: Job, kept: Results): Results {
  const hadNextLeg = event.RequestType === 'Update' && event.OldResourceProperties.HasNextLeg !== undefined;
  return HasNextLeg ? passing({ state: 'SKIPPED', requestId: event.RequestId, hadNextLeg }) : kept;
}

function passing(passed: Passed): Results {
  return { Baton: JSON.stringify(passed) };
}
