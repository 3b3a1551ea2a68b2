import type { Answer } from './answer';
import type { Event, Job, Progress } from './job';
import type { Results } from './results';
import { sentAt } from './stack';
import { LONGEST_SERVICE_TIMEOUT_SECONDS, TaskRun } from '../src/contract';

/**
 * What a resource has come to, for the one that goes on waiting for the same task: its attribute `Progress`.
 *
 * CloudFormation waits an hour for one resource, so that several of them wait in turn for a task that takes longer. Each
 * value has the id of its request, or CloudFormation would see no change in the one that follows.
 */
export type Passed = { readonly RequestId: string } & (
  | { readonly State: 'RUNNING'; readonly At: number; readonly Progress: Progress }
  | { readonly State: 'SUCCEEDED'; readonly Results: Results }
  | { readonly State: 'SKIPPED' }
);

/** Between two resources pass seconds. What was passed on so much earlier was for a deployment that has failed since. */
const FRESH_FOR_MS = 10 * 60_000;

/** What the resource before this one has come to; nothing where this request has to begin anew. */
export function passedOn(event: Event): Passed | undefined {
  const from = fromOf(event.ResourceProperties);
  if (event.RequestType === 'Delete' || !from) {
    return undefined;
  }
  const passed = parse(from);
  if (passed?.State !== 'RUNNING') {
    return passed;
  }
  // Without a rollback, only what has failed is asked for again: its task is over, and the one before passes on nothing new.
  const isFailed = event.RequestType === 'Update' && fromOf(event.OldResourceProperties) === from;
  return isFailed || (sentAt(event) ?? passed.At) > passed.At + FRESH_FOR_MS ? undefined : passed;
}

/** What can't be read begins anew: no event may end without an answer. */
function parse(from: string): Passed | undefined {
  try {
    return JSON.parse(from);
  } catch {
    return undefined;
  }
}

function fromOf(properties?: { readonly [name: string]: any }): string | undefined {
  return properties?.Continues?.From;
}

/** Whether CloudFormation has gone on without this request, and perhaps with its task, for which the next resource waits then. */
export function isLeftToTheNext({ event, sentAt: began, world }: Job): boolean {
  return event.ResourceProperties?.IsContinued !== undefined && world.now() > began + LONGEST_SERVICE_TIMEOUT_SECONDS * 1000;
}

/** The answer with which the next resource goes on waiting. */
export function goesOn({ event, world }: Job, progress: Progress): Answer {
  const tasks = progress.Tasks.map(({ Problem, ...task }) => task); // its text could be longer than an answer
  return {
    status: 'SUCCESS',
    reason: ['The task goes on, and the next resource waits for it.'],
    data: passing({ State: 'RUNNING', RequestId: event.RequestId, At: world.now(), Progress: { ...progress, Tasks: tasks } }),
  };
}

/** The attributes of a resource whose task has succeeded. */
export function dataOf({ IsContinued }: TaskRun, { event }: Job, results: Results): Results {
  return IsContinued ? passing({ State: 'SUCCEEDED', RequestId: event.RequestId, Results: results }) : results;
}

/** The attributes of a resource that has run no task. */
export function dataOfNone({ IsContinued }: Pick<TaskRun, 'IsContinued'>, { event }: Job, kept: Results): Results {
  return IsContinued ? passing({ State: 'SKIPPED', RequestId: event.RequestId }) : kept;
}

function passing(passed: Passed): Results {
  return { Progress: JSON.stringify(passed) };
}
