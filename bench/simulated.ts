import type { Measured } from './models';
import type { RunTaskProperties } from '../src/contract';
import { Clock, Random } from '../test/simulation/clock';
import { CloudFormation, Operation } from '../test/simulation/cloudformation';
import { Ecs } from '../test/simulation/ecs';
import { Faults, noFaults } from '../test/simulation/faults';
import { History } from '../test/simulation/history';
import { Change, Lambda } from '../test/simulation/lambda';
import type { Life } from '../test/simulation/lives';

const PROPERTIES: RunTaskProperties = {
  Request: { cluster: 'shop', taskDefinition: 'migrate:1', launchType: 'FARGATE' },
  RunOn: 'CHANGE',
  TimeoutSeconds: 3_600,
  ExitCodeFrom: ['app'],
  SuccessExitCodes: [0],
  CompleteWhen: 'EXIT_CODES_KNOWN',
  LogTailLines: 20,
};

/** A deployment that creates the resource, and a second one that changes it. */
const CREATE: Operation = { kind: 'create', after: 0, properties: PROPERTIES };
const UPDATE: Operation = { kind: 'update', after: 60, properties: { ...PROPERTIES, Triggers: { version: '2' } } };

/** Runs the handler of the library in the simulated AWS of the tests: it creates a resource, and updates it with `withUpdate`. */
export function deployment(
  clock: Clock, random: Random, life: Life, { change, ofStack = random.fork('cloudformation'), withUpdate = false }: {
    readonly change?: Change;
    readonly ofStack?: Random;
    readonly withUpdate?: boolean;
  } = {},
): History {
  const families = { migrate: [{ name: 'app', essential: true }] };
  const history = new History(clock);
  const faults = new Faults(clock, noFaults());
  const lambda = new Lambda(clock, random.fork('lambda'), faults, history, change);
  const cloudFormation = new CloudFormation(clock, ofStack, faults, history);
  const consistency = { unknown: 1, unlisted: 1, stale: 0, pageSize: 100 };
  lambda.ecs = new Ecs(clock, random.fork('ecs'), faults, history, families, consistency, () => life);
  lambda.cloudFormation = cloudFormation;
  cloudFormation.lambda = lambda;
  void cloudFormation.run(withUpdate ? [CREATE, UPDATE] : [CREATE]);
  return history;
}

/** One run of the library, alone in its account. */
export async function ours(random: Random, life: Life): Promise<Measured> {
  const clock = new Clock();
  const history = deployment(clock, random, life);
  await clock.run();
  return measured(history);
}

const OF_ECS = ['RunTask', 'DescribeTasks', 'ListTasks', 'StopTask', 'DescribeTaskDefinition'];

/** The result of the last deployment of a history. */
export function measured({ requests, tasks, calls }: History): Measured {
  const request = requests.filter(({ isRollback }) => !isRollback).pop()!;
  const isSuccess = request.answer?.parsed?.Status === 'SUCCESS';
  const task = tasks[tasks.length - 1];
  const made = calls.filter(({ api }) => api !== 'put').map(({ api }) => api);
  return {
    delay: isSuccess ? (request.closedAt! - task.codesAt) / 1000 : undefined,
    untilStart: isSuccess ? (task.createdAt - request.sentAt) / 1000 : undefined,
    ecsCalls: made.filter((api) => OF_ECS.includes(api)).length,
    allCalls: made.length,
  };
}
