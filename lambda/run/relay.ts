import { findOperationTime } from './operation-time';
import { isProgress, knownArns, Progress, Run, TaskProgress } from './progress';
import type { RunSpec } from '../../src/contract';
import { BETWEEN_READINGS_MS, CLOCKS_DIFFER_BY_MS, LONGEST_SERVICE_TIMEOUT_SECONDS, LOOK_AT_STACK_MS, STACK_WITHIN_MS, STALE_FOR_MS } from '../../src/timing';
import { Answer, Attributes, bytesOver } from '../cloudformation/answer';
import type { Request } from '../cloudformation/request';
import { isFinalStatus, readStackStatus } from '../cloudformation/stack-status';
import { OutOfDate } from '../verdict/failure';
import { sentence } from '../verdict/message';
import { NOTES } from '../verdict/texts';

/** The version of `Baton`. A change that the previous version of the function cannot read needs a new number. */
const VERSION = 1;

/**
 * What a resource passes to the next one, which continues waiting for the same task: its attribute `Baton`.
 *
 * CloudFormation waits an hour for one resource, so that several of them wait in turn for a task that takes longer. Each
 * value has the id of its request, or CloudFormation would see no change in the next resource.
 */
export type Baton = { readonly version: number; readonly requestId: string } & (
  /** The ids of the tasks: an answer has no room for ten ARNs. */
  | { readonly state: 'RUNNING'; readonly at: number; readonly arnPrefix: string; readonly progress: Progress }
  | { readonly state: 'SUCCEEDED'; readonly attributes: Attributes }
  /** Whether the next resource existed before. */
  | { readonly state: 'SKIPPED'; readonly hadNextLeg: boolean }
);

/** How much of a cause is passed on if not everything fits: for the first task that failed and for `unseenEarlier`, and for the other tasks. */
const CAUSE_LENGTHS = [[Infinity, 40], [80, 40], [40, 10], [20, 0]] as const;

/** A baton that another version of the function wrote may be unreadable. */
export type ReceivedBaton = Baton | { readonly state: 'UNKNOWN' };

/** What the previous resource has passed on; nothing when this request has to begin the run. */
export async function receiveBaton(request: Request): Promise<ReceivedBaton | undefined> {
  const { event } = request;
  const text: unknown = event.ResourceProperties.PreviousLeg?.Baton;
  if (event.HandedOver || !text) {
    return undefined;
  }
  const baton = parseBaton(text);
  switch (baton?.state) {
    case 'SUCCEEDED':
      return baton;
    case 'SKIPPED': // only runOn CREATE keeps a new resource from running the task
      return event.RequestType === 'Create' && event.ResourceProperties.RunOn !== 'CREATE' ? undefined : baton;
    case 'RUNNING':
      return await isFromEarlierDeployment(request, baton.at) ? undefined : withArns(baton);
    default:
      return { state: 'UNKNOWN' };
  }
}

function parseBaton(text: unknown): Baton | undefined {
  try {
    const baton = JSON.parse(String(text));
    return baton?.version === VERSION && isComplete(baton) ? baton : undefined;
  } catch {
    return undefined;
  }
}

function isComplete({ state, progress, attributes }: any): boolean {
  return state === 'RUNNING' ? isProgress(progress) : state !== 'SUCCEEDED' || attributes instanceof Object;
}

function withArns(baton: Baton & { state: 'RUNNING' }): Baton {
  const tasks = baton.progress.tasks.map((task) => ({ ...task, taskArn: task.taskArn && baton.arnPrefix + task.taskArn }));
  return { ...baton, progress: { ...baton.progress, tasks } };
}

/**
 * Without a rollback, the next deployment sends requests only for failed resources. The task of this one has ended, and the previous
 * resource passes on nothing new. If CloudFormation does not return when the deployment began, the task shows it. A stale response can
 * be of the deployment before: what was not passed on just now needs one that cannot be.
 */
async function isFromEarlierDeployment(request: Request, at: number): Promise<boolean> {
  const { world, sentAt } = request;
  const certainFrom = sentAt - at > CLOCKS_DIFFER_BY_MS ? sentAt + STALE_FOR_MS : 0;
  for (;;) {
    const began = await findOperationTime(request, STACK_WITHIN_MS);
    if (began === undefined || began > at || world.now() >= certainFrom) {
      return began !== undefined && began > at && began <= sentAt + CLOCKS_DIFFER_BY_MS;
    }
    await world.sleep(BETWEEN_READINGS_MS);
  }
}

/**
 * Whether CloudFormation has continued without this request. The next resource may then wait for its task. A second reading shows a
 * deployment that fails just now, because the answer of this request did not arrive: then nothing waits for the task. What cannot be
 * read shows neither: the invocation looks as long as it lives.
 */
export async function isSupersededByNextResource(request: Request): Promise<boolean> {
  const { event, sentAt, doneBy, world } = request;
  if (event.ResourceProperties.HasNextLeg === undefined || world.now() <= sentAt + LONGEST_SERVICE_TIMEOUT_SECONDS * 1000) {
    return false;
  }
  for (let readings = 0; ;) {
    try {
      if (isFinalStatus(await readStackStatus(request))) {
        return false;
      }
      readings++;
    } catch (error) {
      if (error instanceof OutOfDate) {
        return true;
      }
      world.log(`DescribeStacks failed: ${error}`);
    }
    const pause = readings > 0 ? BETWEEN_READINGS_MS : LOOK_AT_STACK_MS;
    if (readings === 2 || world.now() + pause >= doneBy) {
      return true;
    }
    await world.sleep(pause);
  }
}

/** The answer with which the next resource continues waiting: with as much of the progress as fits into it. */
export function passBaton({ request, progress }: Run): Answer {
  const whole = { ...progress, blind: undefined };
  const batons = [whole, ...CAUSE_LENGTHS.map((lengths) => shorten(whole, lengths))].map((passed) => batonOf(request, passed));
  const data = batons.find((baton) => bytesOver(request, baton) <= 0) ?? batons[batons.length - 1];
  return { status: 'SUCCESS', reason: [sentence(NOTES.passed)], data };
}

function batonOf({ event, world }: Request, progress: Progress): Attributes {
  const arnPrefix = knownArns(progress)[0]?.replace(/[^/]*$/, '') ?? '';
  const tasks = progress.tasks.map((task) => ({ ...task, taskArn: task.taskArn?.slice(arnPrefix.length) }));
  return asAttribute({ version: VERSION, state: 'RUNNING', requestId: event.RequestId, at: world.now(), arnPrefix, progress: { ...progress, tasks } });
}

function shorten(progress: Progress, [ofFirst, ofOthers]: readonly [number, number]): Progress {
  const first = progress.tasks.find(({ ended }) => ended?.failure);
  const tasks = progress.tasks.map(({ problem, earlier, revision, ...task }) =>
    ({ ...task, ended: task.ended && shortenEnd(task.ended, task.number === first?.number, task.number === first?.number ? ofFirst : ofOthers) }));
  return { ...progress, containers: undefined, unseenEarlier: progress.unseenEarlier?.slice(0, ofFirst), tasks };
}

function shortenEnd({ failure, ...ended }: NonNullable<TaskProgress['ended']>, isFirst: boolean, length: number): TaskProgress['ended'] {
  if (!failure || length === Infinity) {
    return { failure, ...ended };
  }
  const { cause, container, patience } = failure;
  return { failure: { cause: cause.slice(0, length), container: isFirst ? container : undefined, patience } };
}

/** The attributes of a resource whose task has succeeded. */
export function attributesOfRun({ event }: Request, { HasNextLeg }: Pick<RunSpec, 'HasNextLeg'>, attributes: Attributes): Attributes {
  return HasNextLeg ? asAttribute({ version: VERSION, state: 'SUCCEEDED', requestId: event.RequestId, attributes }) : attributes;
}

/** The attributes of a resource that has run no task. */
export function attributesWithoutRun({ event }: Request, { HasNextLeg }: Pick<RunSpec, 'HasNextLeg'>, kept: Attributes): Attributes {
  const hadNextLeg = event.RequestType === 'Update' && event.OldResourceProperties.HasNextLeg !== undefined;
  return HasNextLeg ? asAttribute({ version: VERSION, state: 'SKIPPED', requestId: event.RequestId, hadNextLeg }) : kept;
}

function asAttribute(baton: Baton): Attributes {
  return { Baton: JSON.stringify(baton) };
}
