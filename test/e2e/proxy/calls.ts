import type { IncomingMessage } from 'node:http';

/** A call that the function made to AWS. */
export interface Call {
  readonly service: string;
  readonly operation: string;
  readonly input: Record<string, any>;
}

/** How the proxy answers in place of ECS. */
export interface Fault {
  readonly operation: string;
  /** How many calls it answers. */
  readonly times: number;
  readonly status?: number;
  readonly answer?: object;
  /** Hands the call on, and lets its answer get lost. */
  readonly loseAnswer?: boolean;
}

/** What the proxy tells a test. */
export interface Recording {
  readonly calls: Call[];
  /** What AWS's model of ECS says against the calls. */
  readonly problems: string[];
}

/** Reads a call from its wire format: JSON and query services name the operation, the others show it by their path. */
export function readCall({ headers, url = '' }: IncomingMessage, body: string): Call {
  const service = /\/([\w-]+)\/aws4_request/.exec(headers.authorization ?? '')?.[1] ?? 'unsigned';
  const target = headers['x-amz-target'];
  if (typeof target === 'string') {
    return { service, operation: target.split('.').at(-1)!, input: JSON.parse(body || '{}') };
  }
  const query = new URLSearchParams(body);
  if (query.has('Action')) {
    return { service, operation: query.get('Action')!, input: Object.fromEntries(query) };
  }
  return { service, operation: service === 'lambda' ? 'InvokeFunction' : url, input: { url: decodeURIComponent(url) } };
}
