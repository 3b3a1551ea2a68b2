import type { CloudFormationCustomResourceEvent, Context } from 'aws-lambda';
import { identity } from './identity';
import { CLOCKS_DIFFER_BY_MS, HAND_OVER_BY, HAND_OVER_FROM, reserveOf } from '../../src/timing';
import type { World } from '../world';

/** What one invocation of the function passes to the next, which continues the same request. */
export interface HandedOver {
  /** Of the shape of `progress`: a function that was updated or rolled back in between may not know it. */
  readonly version: number;
  readonly sentAt: number;
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
  readonly functionArn: string;
  /** When this invocation began. */
  readonly receivedAt: number;
  /** When this invocation hands over to the next, and until when it tries to. */
  readonly handOverAt: number;
  readonly handOverBy: number;
}

export type LambdaContext = Pick<Context, 'invokedFunctionArn' | 'logStreamName' | 'getRemainingTimeInMillis'>;

export function receiveRequest(world: World, event: Event, context: LambdaContext): Request {
  const remaining = context.getRemainingTimeInMillis();
  const endsAt = world.now() + remaining;
  return {
    world,
    event,
    id: identity(event),
    sentAt: sentAt(event) ?? event.HandedOver?.sentAt ?? world.now(),
    functionArn: context.invokedFunctionArn,
    receivedAt: world.now(),
    handOverAt: endsAt - HAND_OVER_FROM * reserveOf(remaining),
    handOverBy: endsAt - HAND_OVER_BY * reserveOf(remaining),
  };
}

/** When CloudFormation sent the request, in milliseconds since 1970, by the signature of its URL. */
export function sentAt({ ResponseURL }: Pick<CloudFormationCustomResourceEvent, 'ResponseURL'>): number | undefined {
  const signed = URL.canParse(ResponseURL) ? new URL(ResponseURL).searchParams.get('X-Amz-Date') ?? '' : '';
  const time = Date.parse(signed.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  return Number.isNaN(time) ? undefined : time;
}

/** Whether the time is certain to be after CloudFormation sent the request. */
export function isNewerThan(event: Event, time: Date | undefined): boolean {
  return time !== undefined && time.getTime() > (sentAt(event) ?? Infinity) + CLOCKS_DIFFER_BY_MS;
}
