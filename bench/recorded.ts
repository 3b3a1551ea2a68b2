import { Random } from '../test/simulation/clock';
import { Life, lifeOf } from '../test/simulation/lives';

/**
 * The seconds that Fargate took in events and descriptions of tasks that people published from 2018 to 2025: from the end of the
 * container until the task is stopping, and from then until it is STOPPED.
 */
const UNTIL_STOPPING = [0.6, 10.8, 10.5, 0.7, 0.07, 10.0, 0.45];
const UNTIL_STOPPED = [12.7, 12.5, 13.0, 12.6, 22.8, 23.6, 12.9, 23.0, 14.1, 14.2, 12.4];

/** The milliseconds that AWS takes for one call, as in the simulation. */
export const latency = (random: Random): number => random.between(20, 120);

/** Task lengths, from 5 seconds to 50 minutes. */
export const LENGTHS = [5, 15, 60, 300, 900, 3_000];

export const inWords = (seconds: number): string => seconds < 120 ? `${seconds} s` : `${seconds / 60} min`;

/** The life of a task that works for this many seconds, with a usual start and a recorded end. */
export function life(random: Random, seconds: number): Life {
  return lifeOf('app', seconds, 0, {
    provisioning: random.between(8, 16),
    pending: random.between(8, 22),
    stopping: random.pick(UNTIL_STOPPING),
    deprovisioning: random.pick(UNTIL_STOPPED),
  });
}
