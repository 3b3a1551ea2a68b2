import { globalAgent } from 'node:https';
import type { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { ECSClient } from '@aws-sdk/client-ecs';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { readMetricTasks } from './cloudformation/metrics';
import { put } from './cloudformation/put';
import { createHandler } from './lifecycle';
import { ERRORS } from './verdict/texts';
import { withoutNulls } from './without-nulls';
import { METRIC_TASKS_VARIABLE } from '../src/contract';

/** How long the body of a response may take after its headers. Even a page of a log has one megabyte at most. */
const BODY_WITHIN_MS = 10_000;

// A connection that hangs must not hang the deployment; the SDK repeats what timed out, with the same clientToken.
export const configuration = {
  requestHandler: {
    connectionTimeout: 3_000,
    requestTimeout: 15_000,
    throwOnRequestTimeout: true,
    // Node.js sends requests through the proxy of HTTPS_PROXY only with its own agent.
    ...process.env.NODE_USE_ENV_PROXY === '1' && { httpsAgent: globalAgent },
  },
  extensions: [{ configure: limitBodies }],
  maxAttempts: 2, // the second attempt is for a wrong clock or a closed connection. The caller repeats everything else, and must see throttling
};

/** The SDK's requestTimeout ends with the headers. A body that never ends would block the invocation until Lambda ends it. */
function limitBodies(client: { httpHandler(): { handle(...request: any[]): Promise<{ response: { body?: Readable } }> } }): void {
  const httpHandler = client.httpHandler();
  const handle = httpHandler.handle.bind(httpHandler);
  httpHandler.handle = async (...request) => {
    const result = await handle(...request);
    const { body } = result.response;
    // With $metadata, the SDK does not add a hint to the message that only its own developers can follow.
    const error = Object.assign(new Error(ERRORS.responseTooSlow(String(BODY_WITHIN_MS))), { name: 'TimeoutError', $metadata: {} });
    const timer = setTimeout(() => body?.destroy(error), BODY_WITHIN_MS);
    body?.once('close', () => clearTimeout(timer));
    return result;
  };
}

export const handler = createHandler({
  ecs: withoutNulls(new ECSClient(configuration)),
  logs: withoutNulls(new CloudWatchLogsClient(configuration)),
  logsIn: (region) => withoutNulls(new CloudWatchLogsClient({ ...configuration, region })),
  cloudFormation: withoutNulls(new CloudFormationClient(configuration)),
  lambda: withoutNulls(new LambdaClient(configuration)),
  put,
  now: Date.now,
  sleep: async (milliseconds) => { await wait(milliseconds); },
  expire: async (milliseconds) => { await wait(milliseconds, undefined, { ref: false }); },
  random: Math.random,
  metricTasks: readMetricTasks(process.env[METRIC_TASKS_VARIABLE]),
  log: console.log,
});
