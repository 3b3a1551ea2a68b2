import { haveExpired, isRefusal, patienceWithRead } from './verdict/errors';
import { Failed } from './verdict/failure';
import type { World } from './world';
import { PERMISSIONS_SPREAD_MS } from '../src/timing';

/**
 * Repeats a call that only reads until the time is up. The time is shorter if the error can be permanent, such as a missing permission,
 * from the first such failure in a row. An error that is not from AWS says nothing about permissions.
 */
export async function retry<T>(world: World, until: number, call: () => Promise<T>, permittedWithin = PERMISSIONS_SPREAD_MS): Promise<T> {
  let spreadsSince: number | undefined;
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      const pause = backoff(attempt, world.random());
      const patience = error instanceof Failed ? undefined : patienceWithRead(error);
      spreadsSince = patience === 'while permissions spread' ? spreadsSince ?? world.now() : undefined;
      const spreadsWithin = isRefusal(error) && !haveExpired(error) ? permittedWithin : PERMISSIONS_SPREAD_MS;
      const end = Math.min(until, (spreadsSince ?? Infinity) + spreadsWithin);
      if (!patience || world.now() + pause >= end) {
        throw error;
      }
      world.log(`${error}; retrying`);
      await world.sleep(pause);
    }
  }
}

/** The time before the next attempt: doubles up to 30 seconds, with jitter to spread the calls of many functions. */
export function backoff(attempt: number, random: number): number {
  return Math.min(1_000 * 2 ** Math.min(attempt, 10), 30_000) * (0.5 + random / 2);
}
