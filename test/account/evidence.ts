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

/** A request of CloudFormation, as the function has logged it. */
export interface Request {
  readonly at: string;
  readonly type: string;
  readonly resource: string;
  readonly request: string;
}

/** The requests for a construct: its logical id begins with its id. A request that is continued by another invocation counts once. */
export function findRequests(log: readonly LogLine[], id: string): Request[] {
  return log.flatMap(({ at, text }) => {
    const [, type, resource, request, continued] = /(Create|Update|Delete) of (\w+), request ([\w-]+)(, continued)?/.exec(text) ?? [];
    return resource?.startsWith(id) && !continued ? [{ at, type, resource, request }] : [];
  }).filter(({ request }, index, all) => all.findIndex((other) => other.request === request) === index);
}

export const secondsBetween = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / 1000;
