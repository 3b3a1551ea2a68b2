import { toError } from '../verdict/errors';
import { ERRORS } from '../verdict/texts';
import type { World } from '../world';

/** The SDK gives up on a call after two attempts of 15 seconds each, with a pause between them. */
const LONGEST_CALL_MS = 40_000;

/**
 * The same world, in which each call of AWS ends with the time, and throws nothing but Errors. A call that is still in progress
 * may take effect.
 */
export function endCallsBy(world: World, time: number): World {
  const endCalls = <T extends { send: any }>(client: T): T => ({
    send: (command: unknown) => {
      const left = time - world.now();
      const response = client.send(command).catch((thrown: unknown) => { throw toError(thrown); });
      return left > LONGEST_CALL_MS ? response : Promise.race([response, endAfter(world, left)]);
    },
  } as T);
  const { ecs, logs, cloudFormation, lambda } = world;
  return {
    ...world,
    ecs: endCalls(ecs),
    logs: endCalls(logs),
    logsIn: (region) => endCalls(world.logsIn(region)),
    cloudFormation: endCalls(cloudFormation),
    lambda: endCalls(lambda),
  };
}

async function endAfter(world: World, milliseconds: number): Promise<never> {
  await world.expire(Math.max(0, milliseconds));
  throw Object.assign(new Error(ERRORS.invocationEnds), { name: 'TimeoutError' });
}
