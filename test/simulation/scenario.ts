import { Random } from './clock';
import type { Disturbance, Operation } from './cloudformation';
import type { Consistency, Families } from './ecs';
import { OUTPUT_PREFIX, RunTaskProperties, RunSpec } from '../../src/contract';

/** Everything that a seed decides in advance, except the faults. */
export interface Scenario {
  readonly operations: readonly Operation[];
  readonly families: Families;
  readonly consistency: Consistency;
  /** Whether each of its tasks has its own network interface. */
  readonly fargate: boolean;
  /** Whether a task can take longer than CloudFormation's hour. */
  readonly takesHours?: boolean;
}

/** Must never appear in a log or an answer. */
export const SECRETS = ['swordfish', 'hunter2'];

export function drawScenario(random: Random): Scenario {
  const families = {
    migrate: drawContainers(random),
    seed: drawContainers(random),
    cleanup: [{ name: 'app', essential: true }],
  };
  const properties = drawProperties(random);
  const noRollback = random.chance(0.25);
  const operations: Operation[] = [{ kind: 'create', after: 0, properties, noRollback, disturbance: drawDisturbance(random, true) }];
  let latest = properties;
  for (let updates = random.pick([0, 1, 1, 1, 2, 2, 3]); updates > 0; updates--) {
    const same = random.chance(noRollback ? 0.3 : 0.05);
    latest = same ? latest : drawChange(random, latest);
    operations.push({
      kind: 'update',
      after: random.magnitude(10, 1_800),
      properties: latest,
      noRollback,
      disturbance: drawDisturbance(random, false),
      putsBack: random.chance(0.3),
      oldIsWhatFailed: random.chance(0.5),
    });
    if (noRollback && random.chance(0.15)) {
      operations.push({ kind: 'roll back', after: random.magnitude(10, 600) });
    }
  }
  if (random.chance(0.4)) {
    operations.push({ kind: random.pick(['delete the stack', 'remove the resource']), after: random.magnitude(10, 1_800) });
  }
  const takesHours = random.fork('hours').chance(0.12);
  return {
    operations: withResults(random.fork('results'), takesHours ? inHours(random.fork('of hours'), operations) : operations),
    takesHours,
    families,
    fargate: random.chance(0.75),
    consistency: random.chance(0.4)
      ? { unknown: 10, unlisted: 10, stale: 3, pageSize: random.pick([1, 2, 100]) }
      : { unknown: 0, unlisted: 0, stale: 0, pageSize: 100 },
  };
}

/** The same with all times multiplied. */
function inHours(random: Random, operations: readonly Operation[]): Operation[] {
  const times = random.pick([2.5, 4, 8, 12]);
  return operations.map((operation) => {
    const { properties, disturbance } = operation;
    return {
      ...operation,
      ...properties && { properties: { ...properties, TimeoutSeconds: Math.min(Math.round(properties.TimeoutSeconds * times), 12 * 3_600) } },
      ...disturbance?.when === 'while ours runs' && { disturbance: { ...disturbance, after: drawMoment(random, disturbance.after * times) } },
    };
  });
}

/** Often near the time when one resource passes its task to the next. */
function drawMoment(random: Random, otherwise: number): number {
  return random.chance(0.4) ? Math.floor(random.magnitude(1, 5)) * 3_482 + random.between(-20, 20) : otherwise;
}

const ATTRIBUTES = ['TaskArn', 'TaskArns', 'ExitCode', 'StartedAt', 'StoppedAt', 'LogStreamName', `${OUTPUT_PREFIX}BucketName`, `${OUTPUT_PREFIX}Version`];

/** Makes some stacks use attributes; an update can use others. */
function withResults(random: Random, operations: readonly Operation[]): Operation[] {
  let used = random.chance(0.25) ? drawAttributes(random) : [];
  return operations.map((operation) => {
    const { properties } = operation;
    used = used.length > 0 && random.chance(0.1) ? drawAttributes(random) : used;
    const names = used.filter((name) => !name.startsWith(OUTPUT_PREFIX) || (properties?.Request.count ?? 1) === 1); // the construct rejects others
    return !properties || names.length === 0 ? operation : {
      ...operation,
      properties: {
        ...properties,
        Logs: { app: { Group: '/shop', StreamPrefix: 'app' } },
        UsedAttributes: Object.fromEntries(names.map((name) => [name, `Migration${name}`])),
      },
    };
  });
}

function drawAttributes(random: Random): string[] {
  return ATTRIBUTES.filter(() => random.chance(0.4));
}

/** The names of the outputs that the task must print. */
export function outputsOf(results: NonNullable<RunSpec['UsedAttributes']>): string[] {
  return Object.keys(results).filter((name) => name.startsWith(OUTPUT_PREFIX)).map((name) => name.slice(OUTPUT_PREFIX.length));
}

function drawContainers(random: Random): Families[string] {
  const app = { name: 'app', essential: true };
  return random.pick([
    [app],
    [app],
    [app],
    [app, { name: 'sidecar', essential: false }],
    [app, { name: 'proxy', essential: true }],
    [app, { name: 'proxy', essential: true }, { name: 'sidecar', essential: false }],
  ]);
}

function drawDisturbance(random: Random, isCreate: boolean): Disturbance | undefined {
  const what = isCreate
    ? random.weighted({ 'none': 75, 'another resource fails': 22, 'the stack is deleted': 3, 'the user cancels': 0 })
    : random.weighted({ 'none': 72, 'another resource fails': 20, 'the user cancels': 8, 'the stack is deleted': 0 });
  if (what === 'none') {
    return undefined;
  }
  const when = what === 'another resource fails' && random.chance(0.35) ? 'after ours' : 'while ours runs';
  return { what, when, after: random.magnitude(0.2, when === 'after ours' ? 60 : 900) };
}

function drawRun(random: Random, family: string): RunSpec {
  return {
    Request: {
      cluster: 'arn:aws:ecs:eu-west-1:111122223333:cluster/shop',
      taskDefinition: `arn:aws:ecs:eu-west-1:111122223333:task-definition/${family}:${random.whole(1, 9)}`,
      launchType: 'FARGATE',
      ...(random.chance(0.15) ? { count: random.whole(2, 4) } : {}),
      ...(random.chance(0.15) ? { startedBy: 'deployments' } : {}),
      ...(random.chance(0.2) ? { enableExecuteCommand: false } : {}),
      ...(random.chance(0.2) ? { tags: [{ key: 'team', value: 'shop' }] } : {}),
      overrides: {
        containerOverrides: [{ name: 'app', command: ['migrate', `--password=${SECRETS[1]}`], environment: [{ name: 'TOKEN', value: SECRETS[0] }] }],
      },
    },
    TimeoutSeconds: random.chance(0.5) ? 1_800 : Math.round(random.magnitude(60, 3_600)),
    ...(random.chance(0.3) ? { RetryAttempts: random.whole(0, 3) } : {}),
    ...(random.chance(0.85) ? { ExitCodeFrom: ['app'] } : {}),
    SuccessExitCodes: random.chance(0.85) ? [0] : [0, 3],
    CompleteWhen: random.chance(0.85) ? 'EXIT_CODES_KNOWN' : 'TASK_STOPPED',
    LogTailLines: random.chance(0.7) ? 20 : 0,
    ...(random.chance(0.85) ? { Logs: { app: { Group: '/shop', StreamPrefix: 'app' } } } : {}),
  };
}

function drawProperties(random: Random): RunTaskProperties {
  return {
    ...drawRun(random, 'migrate'),
    RunOn: random.weighted({ CHANGE: 80, CREATE: 12, EVERY_DEPLOYMENT: 8 }),
    ...(random.chance(0.15) ? { OnRollback: 'RUN' } : {}),
    ...(random.chance(0.2) ? { OnDelete: drawOnDelete(random) } : {}),
  };
}

/** The construct requires STOPPED here: the network interface must be removed before its subnets and security groups. */
function drawOnDelete(random: Random): RunSpec {
  return { ...drawRun(random, 'cleanup'), CompleteWhen: 'TASK_STOPPED' };
}

const CHANGES = { triggers: 3, timeout: 2, revision: 4, family: 1, count: 1, startedBy: 0.5, RunOn: 0.5, OnRollback: 0.5, OnDelete: 0.5, codes: 0.5 };

/** What an update can change; sometimes several things. */
function drawChange(random: Random, old: RunTaskProperties): RunTaskProperties {
  const changed = { ...old };
  for (let changes = random.pick([1, 1, 2, 3]); changes > 0; changes--) {
    const request = { ...changed.Request };
    switch (random.weighted(CHANGES)) {
      case 'triggers': Object.assign(changed, { Triggers: { nonce: String(random.whole(1, 1e9)) } }); break;
      case 'timeout': Object.assign(changed, { TimeoutSeconds: Math.round(random.magnitude(60, 3_600)) }); break;
      case 'revision': request.taskDefinition = request.taskDefinition!.replace(/\d+$/, (revision) => String(Number(revision) + 1)); break;
      case 'family': request.taskDefinition = request.taskDefinition!.replace(/(migrate|seed)(?=:)/, (family) => family === 'seed' ? 'migrate' : 'seed'); break;
      case 'count': request.count = random.whole(1, 3); break;
      case 'startedBy': request.startedBy = request.startedBy ? undefined : 'deployments'; break;
      case 'RunOn': Object.assign(changed, { RunOn: random.pick(['CHANGE', 'CREATE']) }); break;
      case 'OnRollback': Object.assign(changed, { OnRollback: changed.OnRollback ? undefined : 'RUN' }); break;
      case 'OnDelete': Object.assign(changed, { OnDelete: changed.OnDelete ? undefined : drawOnDelete(random) }); break;
      case 'codes': Object.assign(changed, { SuccessExitCodes: [0, 3] }); break;
    }
    Object.assign(changed, { Request: request });
  }
  return changed;
}
