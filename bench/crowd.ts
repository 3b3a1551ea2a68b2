import { latency, life } from './recorded';
import { deployment, measured } from './simulated';
import { median, quantile, round, Table } from './table';
import { Clock, Random } from '../test/simulation/clock';
import { awsError } from '../test/simulation/faults';

const CROWD = 100;
const SECONDS = 300;

/** Of an account in a Region: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html */
const READS = { burst: 100, perSecond: 20 };
const STARTS = { burst: 100, perSecond: 40 };

/** What ECS lets through, as AWS describes it: a bucket that fills steadily, from which each call takes one. */
class Bucket {
  readonly asked: number[] = [];
  refused = 0;
  private tokens: number;
  private since: number;

  constructor(private readonly clock: Clock, private readonly limit: typeof READS) {
    this.tokens = limit.burst;
    this.since = clock.now;
  }

  take(): boolean {
    const { burst, perSecond } = this.limit;
    this.tokens = Math.min(burst, this.tokens + (this.clock.now - this.since) / 1000 * perSecond);
    this.since = this.clock.now;
    this.asked.push(this.clock.now);
    const lets = this.tokens >= 1;
    this.tokens -= lets ? 1 : 0;
    this.refused += lets ? 0 : 1;
    return lets;
  }

  /** Calls a second, in each minute while anybody calls. */
  perMinute(): number[] {
    const [first, last] = [this.asked[0], this.asked[this.asked.length - 1]];
    const minutes = Math.max(1, Math.floor((last - first) / 60_000));
    return Array.from({ length: minutes }, (_, minute) =>
      this.asked.filter((at) => at >= first + minute * 60_000 && at < first + (minute + 1) * 60_000).length / 60);
  }
}

interface Buckets { readonly reads: Bucket; readonly starts: Bucket }

/** A call, made again by the SDK where ECS throttles it: twice by default, each time after a while. */
async function call(
  { clock, random, bucket, attempts = 3 }: { clock: Clock; random: Random; bucket: Bucket; attempts?: number }, make: () => Promise<unknown>,
): Promise<any> {
  for (let attempt = 0; !bucket.take(); attempt++) {
    await clock.sleep(latency(random));
    if (attempt === attempts - 1) {
      throw awsError('ThrottlingException', 'Rate exceeded');
    }
    await clock.sleep(random.next() * 500 * 2 ** attempt);
  }
  return make();
}

const bucketsOf = (clock: Clock): Buckets => ({ reads: new Bucket(clock, READS), starts: new Bucket(clock, STARTS) });
const lengthOf = (random: Random): number => random.between(0.8, 1.2) * SECONDS;

/** The library: as many stacks at once as there are RunTasks, which is what ECS sees of a stack with so many. */
async function ours(): Promise<{ buckets: Buckets; delays: number[] }> {
  const clock = new Clock();
  const buckets = bucketsOf(clock);
  const histories = Array.from({ length: CROWD }, (_, index) => {
    const random = new Random(index + 1);
    const throttled = random.fork('throttled');
    return deployment(clock, random, life(random, lengthOf(random)), {
      world: (world) => ({
        ...world,
        ecs: {
          send: (command: any) => {
            const bucket = /^(RunTask|StopTask)Command$/.test(command.constructor.name) ? buckets.starts : buckets.reads;
            return call({ clock, random: throttled, bucket, attempts: 2 }, () => // as in lambda/handler.ts
              (world.ecs.send as any)(command));
          },
        } as typeof world.ecs,
      }),
    }, new Random(1)); // all stacks ask at the same moment
  });
  await clock.run();
  return { buckets, delays: histories.map((history) => measured(history).delay!) };
}

/** (a): every five seconds, and its state machine repeats what throws. */
async function providerFramework(): Promise<{ buckets: Buckets; delays: number[] }> {
  const clock = new Clock();
  const buckets = bucketsOf(clock);
  const delays: number[] = [];
  for (let number = 1; number <= CROWD; number++) {
    const random = new Random(number);
    const { provisioning, pending, running, stopping, deprovisioning } = life(random, lengthOf(random));
    void (async () => {
      const wait = (calls: number) => clock.sleep(Array.from({ length: calls }, () => latency(random)).reduce((sum, one) => sum + one, 0));
      await clock.sleep(random.between(200, 3_000)); // a cold start
      await call({ clock, random, bucket: buckets.starts }, () => wait(1));
      const visible = clock.now + (provisioning + pending + running + stopping) * 1000;
      await wait(1);
      for (let isStopped = false; !isStopped;) {
        await wait(2);
        await call({ clock, random, bucket: buckets.reads }, () => {
          isStopped = clock.now >= visible + deprovisioning * 1000;
          return wait(1);
        }).catch(() => undefined);
        await clock.sleep(isStopped ? latency(random) : 5_000);
      }
      delays.push((clock.now - visible) / 1000);
    })();
  }
  await clock.run();
  return { buckets, delays };
}

/** As many tasks at once as ECS's rates can be felt with. */
export async function crowd(): Promise<Table> {
  const measuredWays = [['ours', await ours()], ['(a) `Provider`', await providerFramework()]] as const;
  const rates = (bucket: Bucket) => bucket.perMinute();
  const [[, own]] = measuredWays;
  return {
    title: `${CROWD} tasks at once`,
    text: `${CROWD} RunTasks that CloudFormation asks for at the same moment, each about ${SECONDS / 60} minutes long, in one account that does nothing else. ECS answers `
      + `${READS.perSecond} reads a second after a burst of ${READS.burst}, and starts ${STARTS.perSecond} tasks a second. Reads a second are those of the first minute, of the `
      + 'busiest after that, and of the last; refused are those that ECS throttled, all of which were made again.',
    head: ['', 'first minute', 'busiest later', 'last', 'refused', 'delay, median', 'delay, p95'],
    rows: measuredWays.map(([name, { buckets: { reads }, delays }]) => {
      const [first, ...later] = rates(reads);
      return [name, round(first), round(Math.max(...later)), round(later[later.length - 1]), `${round(100 * reads.refused / reads.asked.length)} %`,
        `${median(delays).toFixed(1)} s`, `${quantile(delays, 0.95).toFixed(1)} s`];
    }),
    bars: [
      { what: 'reads a second after the first minute, on average: a quarter of the rate is left to others', is: average(rates(own.buckets.reads).slice(1)), atMost: 0.75 * READS.perSecond },
      { what: 'in the busiest minute after the first', is: Math.max(...rates(own.buckets.reads).slice(1)), atMost: READS.perSecond },
      { what: 'deployments that fail', is: CROWD - own.delays.length, atMost: 0 },
    ],
  };
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
