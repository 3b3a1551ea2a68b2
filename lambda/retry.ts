import { backoff } from './run/schedule';
import { patienceWithError, PERMISSIONS_SPREAD_MS } from './verdict/causes';
import type { World } from './world';

/** Makes a call again while its error is a passing one and the time allows, which is less where a permission is missing. */
export async function persist<T>(world: World, until: number, call: () => Promise<T>, permittedWithin = PERMISSIONS_SPREAD_MS): Promise<T> {
  const permittedBy = world.now() + permittedWithin;
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      const pause = backoff(attempt, world.random());
      const patience = patienceWithError(error as Error);
      const end = patience === 'while permissions spread' ? Math.min(permittedBy, until) : until;
      if (!patience || world.now() + pause >= end) {
        throw error;
      }
      world.log(`${error}; the next attempt follows`);
      await world.sleep(pause);
    }
  }
}
