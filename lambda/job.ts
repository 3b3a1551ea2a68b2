import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import type { Evidence } from './message';
import type { Failure } from './outcome';
import type { Surroundings } from './surroundings';

/** A request of CloudFormation, as delivered by it or handed over by the invocation before. */
export type Event = CloudFormationCustomResourceEvent & { readonly Progress?: Progress };

/** What the next invocation has to know. */
export interface Progress {
  /** When the request was first worked on, in milliseconds since 1970: the time-out counts from here. */
  Since: number;
  /** Which attempt to start tasks this is. Part of `clientToken`: the same attempt gets the same tasks. */
  Attempt: number;
  /** How often a start was tried, for the time between two of them. */
  Tries: number;
  /** Not before this time. */
  StartAt: number;
  TaskArns: string[];
  /** Why the last start failed. */
  Problem?: Failure;
  /** Since when ECS has not known a task that it had started. */
  MissingSince?: number;
}

/** One request in one invocation. */
export interface Job {
  readonly world: Surroundings;
  readonly event: Event;
  /** The name of the resource: its physical id, and what its tasks are found by. */
  readonly id: string;
  readonly functionArn: string;
  /** When this invocation hands over to the next one, and when it gives up trying to. */
  readonly handOverAt: number;
  readonly handOverBy: number;
}

/** The end of a request that no further attempt can mend. */
export class Failed extends Error {
  constructor(readonly failure: Failure, readonly task?: Pick<Evidence, 'taskArn'>) {
    super(failure.cause);
  }
}
