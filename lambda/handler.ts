import { setTimeout } from 'node:timers/promises';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { ECSClient } from '@aws-sdk/client-ecs';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { put } from './cloudformation/put';
import { createHandler } from './lifecycle';

// A connection that hangs must not hang the deployment; the SDK repeats what timed out, with the same clientToken.
export const configuration = { requestHandler: { connectionTimeout: 3_000, requestTimeout: 15_000, throwOnRequestTimeout: true } };

export const handler = createHandler({
  // One repetition, for a clock that is wrong or a connection that was closed: who calls repeats the rest, and has to hear of throttling.
  ecs: new ECSClient({ ...configuration, maxAttempts: 2 }),
  logs: new CloudWatchLogsClient(configuration),
  cloudFormation: new CloudFormationClient(configuration),
  lambda: new LambdaClient(configuration),
  put,
  now: Date.now,
  sleep: async (milliseconds) => { await setTimeout(milliseconds); },
  random: Math.random,
  log: console.log,
});
