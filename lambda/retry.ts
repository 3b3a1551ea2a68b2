import { isRefusal, patienceWithError } from './verdict/causes';
import { Failed } from './verdict/failure';
import type { World } from './world';
import { PERMISSIONS_SPREAD_MS } from '../src/timing';

/**
 * Repeats a call until its error is a lasting one or the time is up, which comes earlier when a permission is missing. What is
 * no answer of AWS says nothing of permissions.
 */
export async function retry<T>(world: World, until: number, call: () => Promise<T>, permittedWithin = PERMISSIONS_SPREAD_MS): Promise<T> {
  const began = world.now();
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      const pause = backoff(attempt, world.random());
      const patience = error instanceof Failed ? undefined : patienceWithError(error);
      const spreadsBy = began + (isRefusal(error) ? permittedWithin : PERMISSIONS_SPREAD_MS);
      const end = patience === 'while permissions spread' ? Math.min(spreadsBy, until) : until;
      if (!patience || world.now() + pause >= end) {
        throw error;
      }
      world.log(`${error}; retrying`);
      await world.sleep(pause);
    }
  }
}

/** The time before the next attempt at what failed: doubles up to 30 seconds, with jitter so that a crowd spreads. */
export function backoff(attempt: number, random: number): number {
  return Math.min(1_000 * 2 ** Math.min(attempt, 10), 30_000) * (0.5 + random / 2);
}
