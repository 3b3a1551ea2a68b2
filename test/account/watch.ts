import { setTimeout as sleep } from 'node:timers/promises';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import type { Account } from './account';

/** One response of DescribeStacks. */
export interface Read {
  readonly sentAt: number;
  readonly receivedAt: number;
  readonly status: string;
  readonly lastUpdated?: string;
  readonly outputs?: string;
}

/** The same response, several times in a row. */
export interface Period {
  readonly from: string;
  readonly to: string;
  readonly reads: number;
  readonly status: string;
  readonly lastUpdated?: string;
  readonly outputs?: string;
}

/** Reads a stack repeatedly. Each poller has its own connections, because only some servers of AWS may lag behind. */
export class StackWatch {
  private readonly reads: Read[] = [];
  private readonly polling: Promise<unknown>;
  private stopped = false;

  constructor(account: Pick<Account, 'createCloudFormation'>, private readonly name: string, pollers = 1, everyMs = 1000) {
    this.polling = Promise.all(Array.from({ length: pollers }, async (_, poller) => {
      const client = account.createCloudFormation();
      await sleep(poller * everyMs / pollers);
      while (!this.stopped) {
        await this.read(client);
        await sleep(everyMs);
      }
    }));
  }

  public async stop(): Promise<Read[]> {
    this.stopped = true;
    await this.polling;
    return this.reads.sort((a, b) => a.receivedAt - b.receivedAt);
  }

  private async read(client: CloudFormationClient): Promise<void> {
    const sentAt = Date.now();
    const read = await client.send(new DescribeStacksCommand({ StackName: this.name })).then(
      ({ Stacks: [stack] = [] }) => ({
        status: stack.StackStatus!,
        lastUpdated: stack.LastUpdatedTime?.toISOString(),
        outputs: stack.Outputs?.map(({ OutputKey, OutputValue }) => `${OutputKey}=${OutputValue}`).sort().join(' '),
      }),
      ({ name, message }) => ({ status: /does not exist/.test(message) ? 'unknown' : name }),
    );
    this.reads.push({ sentAt, receivedAt: Date.now(), ...read });
  }
}

const isStatus = (status: string): boolean => /^[A-Z_]+$/.test(status);

const keyOf = ({ status, lastUpdated, outputs }: Read): string => [status, lastUpdated, outputs].join(' ');

/** Summarizes the responses over time: the evidence, in a form that fits into an issue. */
export function summarizeReads(reads: readonly Read[]): Period[] {
  const periods: Array<{ key: string; reads: Read[] }> = [];
  for (const read of reads) {
    if (periods.at(-1)?.key === keyOf(read)) {
      periods.at(-1)!.reads.push(read);
    } else {
      periods.push({ key: keyOf(read), reads: [read] });
    }
  }
  return periods.map(({ reads: same }) => ({
    from: new Date(same[0].sentAt).toISOString(),
    to: new Date(same.at(-1)!.receivedAt).toISOString(),
    reads: same.length,
    status: same[0].status,
    lastUpdated: same[0].lastUpdated,
    outputs: same[0].outputs,
  }));
}

export interface StaleRead {
  readonly at: string;
  readonly status: string;
  /** The status in another response, which had arrived before this read was sent. */
  readonly after: string;
  readonly ageMs: number;
}

/** Returns the reads that were sent after a newer state had been returned. A state is newer if it was first returned later. */
export function findStaleReads(all: readonly Read[]): StaleRead[] {
  const reads = all.filter(({ status }) => status === 'unknown' || isStatus(status)); // an error is no state
  const firstSeen = new Map<string, Read>();
  reads.forEach((read) => firstSeen.has(keyOf(read)) || firstSeen.set(keyOf(read), read));
  const order = [...firstSeen.keys()];
  return reads.flatMap((read) => {
    const later = order.slice(order.indexOf(keyOf(read)) + 1).map((key) => firstSeen.get(key)!);
    const newer = later.find(({ receivedAt }) => receivedAt < read.sentAt);
    return newer
      ? [{ at: new Date(read.sentAt).toISOString(), status: read.status, after: newer.status, ageMs: read.sentAt - newer.receivedAt }]
      : [];
  });
}

/** The age groups of stale reads: their upper limits in seconds. */
const AGES = [1, 5, 15, 60, Infinity];

/** Counts stale reads by age, for example "3 by up to 1 s, 1 by up to 15 s". */
export function countByAge(stale: ReadonlyArray<Pick<StaleRead, 'ageMs'>>): string {
  return AGES.flatMap((limit, index) => {
    const count = stale.filter(({ ageMs }) => ageMs <= limit * 1000 && ageMs > (AGES[index - 1] ?? -1) * 1000).length;
    return count > 0 ? [`${count} by ${limit === Infinity ? `more than ${AGES[index - 1]}` : `up to ${limit}`} s`] : [];
  }).join(', ');
}

/** Returns the statuses without LastUpdatedTime, if an earlier response had it. */
export function findLostTimes(periods: readonly Period[]): string[] {
  const known = periods.filter(({ status }) => isStatus(status));
  const firstDated = known.findIndex(({ lastUpdated }) => lastUpdated);
  return firstDated < 0 ? [] : known.slice(firstDated).filter(({ lastUpdated }) => !lastUpdated).map(({ status }) => status);
}

/** The statuses in which an operation begins. */
const BEGIN = ['REVIEW_IN_PROGRESS', 'CREATE_IN_PROGRESS', 'UPDATE_IN_PROGRESS', 'DELETE_IN_PROGRESS'];

/** Describes in sentences when LastUpdatedTime changed although no operation began, or was set before the first update. */
export function findUnexpectedMoves(periods: readonly Period[]): string[] {
  const known = periods.filter(({ status }) => isStatus(status));
  const isNewest = ({ lastUpdated = '' }: Period, index: number) => known.slice(0, index).every((earlier) => (earlier.lastUpdated ?? '') <= lastUpdated);
  const newest = known.filter(isNewest); // a stale read is no change
  return newest.flatMap((period, index) => {
    const { lastUpdated: last, status: previous } = newest[index - 1] ?? {};
    if (period.lastUpdated && /^(REVIEW|CREATE)_/.test(period.status) && last !== period.lastUpdated) {
      return [`It was ${period.lastUpdated} at ${period.status}, before the first update.`];
    }
    return period.lastUpdated === last || BEGIN.includes(period.status) && previous !== period.status
      ? []
      : [`It moved from ${last} to ${period.lastUpdated} at ${period.status}.`];
  });
}
