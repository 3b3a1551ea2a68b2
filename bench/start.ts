import { life } from './recorded';
import { deployment, measured } from './simulated';
import { median, quantile, Table } from './table';
import { Clock, Random } from '../test/simulation/clock';

const RUNS = 100;

/** The seconds from the request of CloudFormation until ECS has accepted the task; only for the library. */
export async function untilStart(): Promise<Table> {
  const [creates, updates] = [await measureStarts(false), await measureStarts(true)];
  const cells = (values: readonly number[]) => [median(values), quantile(values, 0.95)].map((value) => value.toFixed(2));
  return {
    title: 'Time from the request to the start',
    text: `Seconds from CloudFormation sending the request to ECS accepting the task, on virtual time, of ${RUNS} creations and ${RUNS} updates, alone in their account. An Update reads the `
      + 'status of the stack a second time before it starts anything, because DescribeStacks can be stale and a rollback must run no task. The difference is what that costs each deployment.',
    head: ['', 'median', 'p95'],
    rows: [['a Create', ...cells(creates)], ['an Update', ...cells(updates)], ['the second reading', (median(updates) - median(creates)).toFixed(2), '']],
  };
}

async function measureStarts(withUpdate: boolean): Promise<number[]> {
  const starts: number[] = [];
  for (let seed = 1; seed <= RUNS; seed++) {
    const clock = new Clock();
    const random = new Random(seed);
    const history = deployment(clock, random, life(random, 60), { withUpdate });
    await clock.run();
    starts.push(measured(history).untilStart!);
  }
  return starts;
}
