import { patienceWithError } from './causes';
import { backoff } from './schedule';
import type { Surroundings } from './surroundings';

/** Makes a call again while its error is a passing one and the time allows. */
export async function persist<T>(world: Surroundings, until: number, call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      const pause = backoff(attempt, world.random());
      if (!patienceWithError(error as Error) || world.now() + pause >= until) {
        throw error;
      }
      world.log(`${error}; the next attempt follows`);
      await world.sleep(pause);
    }
  }
}
