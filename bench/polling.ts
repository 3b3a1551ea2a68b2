import type { Task } from '@aws-sdk/client-ecs';
import { latency, LENGTHS, life } from './recorded';
import { median, quantile, round, Table } from './table';
import { pollInterval } from '../lambda/run/schedule';
import { Random } from '../test/simulation/clock';
import type { Life } from '../test/simulation/lives';

/** The milliseconds until the next poll. */
type Plan = (task: Task, now: number) => number;

const every = (seconds: number): Plan => () => 1_000 * seconds;

const stairs: Plan = ({ createdAt }, now) => {
  const minutes = (now - createdAt!.getTime()) / 60_000;
  return minutes < 2 ? 1_000 : minutes < 10 ? 2_000 : 3_000;
};

/** √(2wt) between two limits, if this many calls cost as much as a second of delay. */
const root = (callsForASecond: number, least: number, most: number): Plan => ({ startedAt }, now) =>
  1_000 * (startedAt ? Math.min(Math.max(Math.sqrt(2 * (now - startedAt.getTime()) / 1_000 / callsForASecond), least), most) : 2);

const PLANS: ReadonlyArray<readonly [name: string, plan: Plan]> = [
  ['**chosen**: `pollInterval` of lambda/run/schedule.ts', (task, now) => pollInterval([task], now)],
  ['every second', every(1)],
  ['every 2 s', every(2)],
  ['every 3 s', every(3)],
  ['every 5 s', every(5)],
  ['1 s for two minutes, 2 s until ten, then 3 s', stairs],
  ['√, 32 calls for a second, 1 to 2.7 s', root(32, 1, 2.7)],
  ['√, 128 calls for a second, 1 to 2.7 s', root(128, 1, 2.7)],
  ['√, 512 calls for a second, 1 to 2.7 s', root(512, 1, 2.7)],
  ['√, 128 calls for a second, 0.5 to 2.7 s', root(128, 0.5, 2.7)],
  ['√, 128 calls for a second, 1 to 5 s', root(128, 1, 5)],
  ['√, 128 calls for a second, no limits', root(128, 0, Infinity)],
];

/** Polling interval: the delay and the calls of each plan. */
export function polling(): Table {
  const random = new Random(1);
  const mixed = Array.from({ length: 4_000 }, () => life(random, random.magnitude(LENGTHS[0], LENGTHS[LENGTHS.length - 1])));
  const longest = Array.from({ length: 400 }, () => life(random, LENGTHS[LENGTHS.length - 1]));
  const measured = PLANS.map(([name, plan]) => {
    const [all, long] = [mixed, longest].map((lives) => lives.map((one) => follow(one, plan, random)));
    return { name, all, long };
  });
  return {
    title: 'Polling interval',
    text: 'The objective is a low total cost of delay and calls: delay + w × calls. The length of a task is unknown. If each order of magnitude '
      + 'is equally likely, a task that has run for t seconds ends in the next second with the probability 1/t. Polls that are p seconds apart then cost w/p '
      + 'in calls and p/2 × 1/t in delay each second. The sum is lowest with p = √(2wt). The table shows the delay in seconds and the number of polls over mixed '
      + 'lengths from 5 s to 50 min, and the 95th percentile at 50 minutes. We chose the schedule with the fewest calls whose median stays below 1 s, and whose '
      + '95th percentile stays below 3 s for every length. The interval is at least 1 s, so that no task is polled more than 60 times a minute. '
      + 'It is 2 s while a task starts, when only a failure can be reported, and 1 s while it stops.',
    head: ['plan', 'delay, median', 'delay, p95', 'delay, p95 at 50 min', 'polls, average', 'polls at 50 min'],
    rows: measured.map(({ name, all, long }) => {
      const polls = (some: typeof all) => round(averagePolls(some));
      const late = [all, long].map((some) => quantile(delaysOf(some), 0.95).toFixed(2));
      return [name, median(delaysOf(all)).toFixed(2), ...late, polls(all), polls(long)];
    }),
    plot: {
      name: 'polling',
      alt: 'The 95th percentile of the delay against the number of polls, of each schedule',
      plans: measured.map(({ name, all }) => ({ name, p95: quantile(delaysOf(all), 0.95), polls: averagePolls(all) })),
    },
    notes: [
      'Dropped: half a second at first. It brings the median down by less than two tenths of a second, for a tenth more calls, which reduces the rate limit for other tasks of the account.',
      'Dropped: up to 5 s for long tasks. It saves a quarter of the calls of 50 minutes, and one answer in twenty comes later than 3 s.',
      'Dropped: the SDK\'s own `retryMode: adaptive`. Its rate never falls below one call in two seconds, which is too often for a hundred functions together.',
      'Dropped: polling less often when other functions poll too, before ECS throttles. A function does not know how many others poll, and finding out would take another call.',
    ],
  };
}

interface Followed { readonly delay: number; readonly polls: number }

const delaysOf = (runs: readonly Followed[]) => runs.map(({ delay }) => delay);
const averagePolls = (runs: readonly Followed[]) => runs.reduce((sum, { polls }) => sum + polls, 0) / runs.length;

function follow({ provisioning, pending, running, stopping }: Life, plan: Plan, random: Random): Followed {
  const [started, over] = [(provisioning + pending) * 1_000, (provisioning + pending + running) * 1_000];
  const visible = over + stopping * 1_000;
  let at = 0;
  for (let polls = 1; ; polls++) {
    const task: Task = { createdAt: new Date(0), startedAt: at >= started ? new Date(started) : undefined, desiredStatus: at >= over ? 'STOPPED' : 'RUNNING' };
    const saw = at;
    at += latency(random);
    if (saw >= visible) {
      return { delay: (at + latency(random) / 2 - visible) / 1_000, polls };
    }
    at += plan(task, at);
  }
}
