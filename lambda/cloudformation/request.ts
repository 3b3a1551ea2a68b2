import type { Output } from '@aws-sdk/client-cloudformation';
import type { Task } from '@aws-sdk/client-ecs';
import type { CloudFormationCustomResourceEvent, Context } from 'aws-lambda';
import { endCallsBy } from './end-calls';
import { identity } from './identity';
import {
  CLOCKS_DIFFER_BY_MS, DONE_BY, HAND_OVER_BY, HAND_OVER_FROM, LAST_CALLS_MS,
  LONGEST_SERVICE_TIMEOUT_SECONDS, reserveOf, JUST_SENT_MS, RESPONSE_URL_SECONDS, SEND_SECONDS, STALE_FOR_MS,
} from '../../src/timing';
import type { World } from '../world';

/** What one invocation of the function passes to the next, which continues the same request. */
export interface HandedOver {
  /** The version of `progress`: a function that was updated or rolled back in between may not know it. */
  readonly version: number;
  readonly sentAt: number;
  /** When the first invocation received the event. */
  readonly receivedAt: number;
  /** How far the run has come: run/hand-over.ts reads it. */
  readonly progress: unknown;
}

/** The event of a custom resource, as delivered by CloudFormation or handed over by the previous invocation. */
export type Event = CloudFormationCustomResourceEvent & { readonly HandedOver?: HandedOver };

/** One request of CloudFormation in one invocation of the function. */
export interface Request {
  readonly world: World;
  readonly event: Event;
  /** The name of the resource: its physical id, and how its tasks are found. */
  readonly id: string;
  /** When CloudFormation sent the request, as far as that is known. */
  readonly sentAt: number;
  /** When the first invocation received the event. */
  readonly receivedAt: number;
  /** When the answer must be on its way. */
  readonly answerBy: number;
  /** When this invocation must be done with everything except the answer. */
  readonly doneBy: number;
  readonly functionArn: string;
  /** When this invocation hands over to the next, and until when it tries to. */
  readonly handOverAt: number;
  readonly handOverBy: number;
  /** The tasks that ECS has listed as running or that no look has described, by their place: a later list can leave one out. */
  readonly listed: Map<string, Set<string>>;
  /** What the last look has found at each place: it still counts if the next look fails. */
  readonly found: Map<string, readonly Task[]>;
  /** How far the stack had come when DescribeStacks was last up to date. */
  latest?: StackPoint;
  /** Whether the operation of the request is known to have ended, and the next one to have begun. */
  isPast?: boolean;
}

/** How far a stack had come. */
export interface StackPoint {
  /** When the operation began, in milliseconds since 1970, or 0 for the creation of the stack. */
  readonly began: number;
  /** The phase of the operation, in order. */
  readonly phase: number;
  readonly status: string;
  /** No update changes them before it has succeeded. */
  readonly outputs?: readonly Output[];
  readonly readAt: number;
}

export type LambdaContext = Pick<Context, 'invokedFunctionArn' | 'logStreamName' | 'getRemainingTimeInMillis'>;

export function receiveRequest(world: World, delivered: Event, context: LambdaContext): Request {
  const event = withProperties(delivered);
  const now = world.now();
  const remaining = context.getRemainingTimeInMillis();
  const sent = findSentAt(event) ?? now;
  const answerBy = sent + (serviceTimeoutOf(event) - SEND_SECONDS) * 1000;
  const doneBy = now + remaining - DONE_BY * reserveOf(remaining);
  return {
    world: endCallsBy(world, now < answerBy ? Math.min(doneBy, answerBy + LAST_CALLS_MS) : doneBy),
    event,
    id: identity(event),
    sentAt: sent,
    receivedAt: timeOf(event.HandedOver?.receivedAt) ?? (event.HandedOver ? sent : now), // it was in time for an earlier invocation
    answerBy,
    doneBy,
    functionArn: context.invokedFunctionArn,
    listed: new Map(),
    found: new Map(),
    handOverAt: now + remaining - HAND_OVER_FROM * reserveOf(remaining),
    handOverBy: now + remaining - HAND_OVER_BY * reserveOf(remaining),
  };
}

/** Lambda accepts any event: one without properties is like one with none of them. */
function withProperties(event: Event): Event {
  const ResourceProperties = event.ResourceProperties ?? {};
  return event.RequestType === 'Update'
    ? { ...event, ResourceProperties, OldResourceProperties: event.OldResourceProperties ?? {} }
    : { ...event, ResourceProperties };
}

/** What another version of the function has handed over may be anything. */
function timeOf(value: unknown): number | undefined {
  return Number.isFinite(value) ? value as number : undefined;
}

/** How long CloudFormation waits for the answer. It delivers every number as a string. */
function serviceTimeoutOf({ ResourceProperties }: Event): number {
  const timeout: unknown = ResourceProperties.ServiceTimeout;
  const seconds = typeof timeout === 'object' ? NaN : Number(timeout); // an object may have no text
  return seconds >= 1 && seconds <= LONGEST_SERVICE_TIMEOUT_SECONDS ? seconds : LONGEST_SERVICE_TIMEOUT_SECONDS;
}

/** The end of something that takes at most this long: early enough for the answer to arrive in time. */
export function limit({ world, answerBy, doneBy }: Request, milliseconds: number): number {
  return Math.min(world.now() + milliseconds, answerBy, doneBy);
}

/**
 * The end of looking at something before a task starts. A late event may be a repeated one, and an earlier invocation may be waiting
 * for its task: a failure after some minutes would end the deployment that this one waits for.
 */
export function limitOfLook(request: Request, milliseconds: number): number {
  return wasJustSent(request) ? limit(request, milliseconds) : Math.min(limit(request, Infinity), request.handOverAt);
}

/**
 * When CloudFormation sent the request, in milliseconds since 1970, by the signature of its URL. An older kind of signature
 * has only the time at which it expires.
 */
export function readSentAt({ ResponseURL }: Pick<CloudFormationCustomResourceEvent, 'ResponseURL'>): number | undefined {
  const query = URL.canParse(ResponseURL) ? new URL(ResponseURL).searchParams : new URLSearchParams();
  const signed = (query.get('X-Amz-Date') ?? '').replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z');
  const expires = Number(query.get('Expires') ?? undefined);
  const time = signed ? Date.parse(signed) : (expires - RESPONSE_URL_SECONDS) * 1000;
  return Number.isFinite(time) ? time : undefined;
}

function findSentAt(event: Event): number | undefined {
  return readSentAt(event) ?? timeOf(event.HandedOver?.sentAt);
}

/** Whether the time is certain to be after CloudFormation sent the request. */
export function isNewerThan(event: Event, time: Date | undefined, clocksDifferBy = CLOCKS_DIFFER_BY_MS): boolean {
  return time !== undefined && time.getTime() > (findSentAt(event) ?? Infinity) + clocksDifferBy;
}

/** Whether CloudFormation sent the request so recently that a Delete, which looks twice, would still find the task that it starts. */
export function wasJustSent({ world, event }: Request): boolean {
  const sentAt = findSentAt(event);
  return sentAt !== undefined && Math.abs(world.now() - sentAt) < JUST_SENT_MS;
}

/** Whether Lambda delivered the event so late that CloudFormation may have moved on: it may even be a repeated one. */
export function isLate({ sentAt, receivedAt }: Request): boolean {
  return receivedAt - sentAt > STALE_FOR_MS;
}
