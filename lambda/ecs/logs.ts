import { GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import type { RunSpec } from '../../src/contract';
import { TAIL_SETTLES_MS } from '../../src/timing';
import { Unusable } from '../verdict/failure';
import { printable } from '../verdict/message';
import { ERRORS } from '../verdict/texts';
import type { World } from '../world';

export interface LogStream {
  readonly group: string;
  readonly stream: string;
  /** If it is not the Region of the task. */
  readonly region?: string;
}

/** An output that a container prints for the stack, on a separate line. */
const OUTPUT = /^ecs-run-task-output ([A-Za-z0-9]+)=(.*)$/;

/** How far a log is read before its end is read again, to which lines come late. CloudWatch returns a page of 1 MB at most. */
export const PAGES = 20;

/** Where a container of a task logs to, if that is known. */
export function locateLog(spec: Pick<RunSpec, 'Logs'>, container: string, taskArn: string): LogStream | undefined {
  const location = Object.hasOwn(spec.Logs ?? {}, container) ? spec.Logs?.[container] : undefined; // a container may be named "constructor"
  const taskId = taskArn.split('/').pop();
  const region = location?.Region === taskArn.split(':')[3] ? undefined : location?.Region;
  return location && { group: location.Group, stream: `${location.StreamPrefix}/${container}/${taskId}`, region };
}

/** How far to read. */
interface Limits {
  /** How many events a page has at most. */
  readonly limit?: number;
  readonly pages: number;
  readonly until: number;
  /** Whether the beginning was reached before, so that only new lines are missing if this reading gives up. */
  readonly wasRead: boolean;
}

/**
 * The last lines of a log stream, oldest first, when no more lines arrive. Empty if they cannot be read: a missing log must not
 * hide the failure.
 */
export async function readTail(
  world: World, log: LogStream, lines: number, until: number,
): Promise<{ readonly tail: string[]; readonly unreadable?: string }> {
  let tail: string[] = [];
  let changedAt = world.now();
  let wasRead = false;
  for (;;) {
    let read: string[] = [];
    const error = await readBack(world, log, { limit: lines, pages: PAGES, until, wasRead }, (page) => {
      read = [...page.filter((line) => line.trim() !== ''), ...read];
      return read.length >= lines;
    });
    wasRead ||= error === undefined;
    const latest = read.slice(-lines);
    if (latest.length >= tail.length && latest.join('\n') !== tail.join('\n')) { // with fewer lines, not all pages were read
      [tail, changedAt] = [latest, world.now()];
    }
    const isSettled = tail.length > 0 && world.now() - changedAt >= TAIL_SETTLES_MS;
    if (isSettled || world.now() >= until) {
      return { tail, unreadable: tail.length === 0 && error !== undefined ? String(error) : undefined };
    }
    await world.sleep(Math.min(1_000, until - world.now()));
  }
}

export interface PrintedOutputs {
  /** The different values of each output. */
  readonly values: Map<string, Set<string>>;
  /** Why a log could not be read to its beginning. */
  readonly unread?: unknown;
}

/** The values of these outputs in the logs, read from their ends until all are found. */
export async function readOutputs(
  world: World, logs: readonly LogStream[], names: readonly string[], limits: Limits,
): Promise<PrintedOutputs> {
  const values = new Map<string, Set<string>>();
  const errors = await Promise.all(logs.map((log) => readBack(world, log, limits, (page) => {
    for (const line of page) {
      const [, name, value = ''] = OUTPUT.exec(line) ?? [];
      if (names.includes(name) && value.trim() !== '') {
        values.set(name, (values.get(name) ?? new Set()).add(value.trim()));
      }
    }
    return values.size >= names.length;
  })));
  return { values, unread: errors.find((error) => error !== undefined) };
}

/**
 * Gives the lines of each page of the log to `isEnough`, beginning with the last one, until that returns true. CloudWatch returns
 * empty and partly full pages for times in which little was printed. Returns why lines may be missing: a page could not be read, or
 * it gave up before the beginning.
 */
async function readBack(
  world: World, log: LogStream, { limit, pages, until, wasRead }: Limits, isEnough: (page: string[]) => boolean,
): Promise<unknown> {
  const client = log.region ? world.logsIn(log.region) : world.logs;
  let nextToken: string | undefined;
  for (let page = 1; ; page++) {
    const { messages, earlier, error } = await readPage(world, client, log, { limit, nextToken });
    if (isEnough(messages.flatMap(linesOf)) || !earlier || earlier === nextToken) { // CloudWatch returns the same token again at the end
      return error;
    }
    if (page >= pages || world.now() >= until) {
      return wasRead ? undefined : new Unusable(ERRORS.gaveUpOnLog);
    }
    nextToken = earlier;
  }
}

/** The lines of an event. A progress bar writes over its line: what follows it begins a new one. An output keeps its tabs. */
function linesOf(message: string): string[] {
  return printable(message.replace(/\r+\n?/g, '\n'), '\t').split('\n');
}

/** The last page of the log, or the page before another one. Empty if it cannot be read. */
async function readPage(
  world: World, client: World['logs'], { group, stream }: LogStream, page: { limit?: number; nextToken?: string },
): Promise<{ messages: string[]; earlier?: string; error?: unknown }> {
  try {
    const { events = [], nextBackwardToken } = await client.send(new GetLogEventsCommand({
      logGroupName: group,
      logStreamName: stream,
      startFromHead: false,
      ...page,
    }));
    return { messages: events.map((event) => event.message ?? ''), earlier: nextBackwardToken };
  } catch (error) {
    world.log(`GetLogEvents of ${group}, ${stream} failed: ${error}`);
    return { messages: [], error: isMissing(error) ? undefined : error };
  }
}

/** A container that printed nothing has no stream. It has a group unless someone deleted that: without it, the container would not have started. */
function isMissing(error: unknown): boolean {
  const { name, message = '' } = (error ?? {}) as Partial<Error>;
  return name === 'ResourceNotFoundException' && !/log group/i.test(String(message));
}
