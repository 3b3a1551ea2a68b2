import { latency, life } from './recorded';
import { deployment, measured } from './simulated';
import { median, quantile, round, Table } from './table';
import { Clock, Random } from '../test/simulation/clock';
import { awsError } from '../test/simulation/faults';

const CROWD = 100;
const SECONDS = 300;

/** The rate limit of an account in a Region: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html */
const READS = { burst: 100, perSecond: 20 };
const STARTS = { burst: 100, perSecond: 40 };

/** The rate limit of DescribeStacks, which AWS does not publish: as reported in https://github.com/aws/aws-sam-cli/issues/2671. */
const STACKS = { burst: 5, perSecond: 5 };

/** The rate limit of an API, as AWS describes it: a bucket that refills steadily, with one token per call. */
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

  /** Calls per second, in each minute with calls. */
  perMinute(): number[] {
    const [first, last] = [this.asked[0], this.asked[this.asked.length - 1]];
    const minutes = Math.max(1, Math.floor((last - first) / 60_000));
    return Array.from({ length: minutes }, (_, minute) =>
      this.asked.filter((at) => at >= first + minute * 60_000 && at < first + (minute + 1) * 60_000).length / 60);
  }
}

interface Buckets { readonly reads: Bucket; readonly starts: Bucket; readonly stacks: Bucket }

/** A call that the SDK retries if ECS throttles it: by default twice, each time after a pause. */
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

const bucketsOf = (clock: Clock): Buckets => ({
  reads: new Bucket(clock, READS),
  starts: new Bucket(clock, STARTS),
  stacks: new Bucket(clock, STACKS),
});
const lengthOf = (random: Random): number => random.between(0.8, 1.2) * SECONDS;

/** The calls of all deployments, and the seconds of each deployment that succeeded. */
interface Crowd { readonly buckets: Buckets; readonly delays: readonly number[]; readonly starts: readonly number[] }

/** The library, with one stack per RunTask: ECS sees the same calls as from one stack with all RunTasks. */
async function ours(withUpdate: boolean): Promise<Crowd> {
  const clock = new Clock();
  const buckets = bucketsOf(clock);
  const histories = Array.from({ length: CROWD }, (_, index) => {
    const random = new Random(index + 1);
    const throttled = random.fork('throttled');
    const limit = <Client extends { send(command: any): Promise<any> }>(client: Client, choose: (api: string) => Bucket) => ({
      send: (command: any) => call({ clock, random: throttled, bucket: choose(command.constructor.name), attempts: 2 }, () => // as in lambda/handler.ts
        client.send(command)),
    } as Client);
    return deployment(clock, random, life(random, lengthOf(random)), {
      change: {
        world: (world) => ({
          ...world,
          ecs: limit(world.ecs, (api) => /^(RunTask|StopTask)Command$/.test(api) ? buckets.starts : buckets.reads),
          cloudFormation: limit(world.cloudFormation, () => buckets.stacks),
        }),
      },
      ofStack: new Random(1), // all stacks send their request at the same moment
      withUpdate,
    });
  });
  await clock.run();
  const runs = histories.map(measured);
  return { buckets, delays: runs.flatMap(({ delay }) => delay ?? []), starts: runs.flatMap(({ untilStart }) => untilStart ?? []) };
}

/** (a) polls every five seconds, and its state machine retries errors. */
async function providerFramework(): Promise<Crowd> {
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
  return { buckets, delays, starts: [] };
}

/** Enough tasks at the same time to reach the rate limits of ECS and CloudFormation. */
export async function crowd(): Promise<Table> {
  const [own, framework, update] = [await ours(false), await providerFramework(), await ours(true)];
  const rates = ({ buckets }: Crowd) => buckets.reads.perMinute();
  const refused = ({ refused: count, asked }: Bucket) => `${round(100 * count / asked.length)} %`;
  const seconds = (values: readonly number[]) => values.length > 0 ? [median(values), quantile(values, 0.95)].map((value) => value.toFixed(1)).join(' / ') : 'not measured';
  return {
    title: `${CROWD} tasks at once`,
    text: `CloudFormation starts ${CROWD} RunTasks of about ${SECONDS / 60} minutes at the same time, in an account that does nothing else. ECS answers `
      + `${READS.perSecond} reads a second after a burst of ${READS.burst}, and starts ${STARTS.perSecond} tasks a second. CloudFormation answers ${STACKS.perSecond} `
      + 'DescribeStacks a second, as one person has reported; AWS does not publish the limit. The table shows reads of ECS a second in the first minute, in the '
      + 'busiest minute after that, and in the last. Refused reads are those that were throttled. All of them were retried. An Update reads the status of the stack twice before it starts anything: '
      + 'its row contains the update and the creation before it, with the times of the update. Times are seconds, median / 95th percentile.',
    head: ['', 'first minute', 'busiest later', 'last', 'refused by ECS', 'by CloudFormation', 'from the request to the start', 'from the exit to the answer'],
    rows: ([['ours', own], ['ours, an Update', update], ['(a) `Provider`', framework]] as const).map(([name, way]) => {
      const [first, ...later] = rates(way);
      const { buckets: { reads, stacks }, delays, starts } = way;
      return [name, round(first), round(Math.max(...later)), round(later[later.length - 1]), refused(reads), stacks.asked.length > 0 ? refused(stacks) : 'none asked', seconds(starts), seconds(delays)];
    }),
    bars: [
      { what: 'reads a second after the first minute, on average: a quarter of the rate is left to others', is: average(rates(own).slice(1)), atMost: 0.75 * READS.perSecond },
      { what: 'in the busiest minute after the first', is: Math.max(...rates(own).slice(1)), atMost: READS.perSecond },
      { what: 'deployments that fail', is: 2 * CROWD - own.delays.length - update.delays.length, atMost: 0 },
    ],
  };
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
