import type { LogState } from '../../lambda/cloudformation/log-state';

/** An event of a stack. */
export interface Event {
  readonly at: string;
  readonly resource: string;
  readonly status: string;
  readonly physicalId?: string;
  readonly reason?: string;
}

/** A line of the log of the function. */
export interface LogLine {
  readonly at: string;
  readonly text: string;
}

/** Returns the lines of the function's log that report a state. */
export function findStates(log: readonly LogLine[], state: LogState): LogLine[] {
  return log.filter(({ text }) => text.includes(`"state":"${state}"`));
}

/** A request of CloudFormation, as the function logged it. */
export interface Request {
  readonly at: string;
  readonly type: string;
  readonly resource: string;
  readonly request: string;
}

/** Returns the requests for a construct, whose logical id begins with its construct id. A request that another invocation continues counts once. */
export function findRequests(log: readonly LogLine[], id: string): Request[] {
  return findStates(log, 'RECEIVED').flatMap(({ at, text }) => {
    const [, type, resource, request] = /(Create|Update|Delete) of (\w+) .*"request":"([\w-]+)"/.exec(text) ?? [];
    return resource?.startsWith(id) ? [{ at, type, resource, request }] : [];
  }).filter(({ request }, index, all) => all.findIndex((other) => other.request === request) === index);
}

export const secondsBetween = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / 1000;

/** Returns the seconds until the first event with the status `ended`, counted from the last event before it with the status `begun`. */
export function secondsUntil(events: readonly Event[], ended: string, begun: string): number | undefined {
  const index = events.findIndex(({ status }) => status === ended);
  const begin = events.slice(0, index).findLast(({ status }) => status === begun);
  return index < 0 || !begin ? undefined : secondsBetween(begin.at, events[index].at);
}
