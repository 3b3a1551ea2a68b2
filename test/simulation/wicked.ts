import { HOUR, MINUTE, Random, SECOND } from './clock';
import { awsError, CallFault, FaultPlan } from './faults';
import { PASSING_PLACEMENTS, PASSING_REFUSALS, UNREADABLE } from './known-errors';
import type { Scenario } from './scenario';
import type { RunSpec } from '../../src/contract';

/** Something that AWS is known to do, or that its documentation does not exclude. */
export interface Wicked {
  readonly name: string;
  /** Whether runs have it by default. It is off if the handler does not handle it yet. */
  readonly isOn: boolean;
  /** The share of the runs that have it. */
  readonly share: number;
  /** The source. */
  readonly source: string;
  /** What the run records when it made a difference, if that is not the name. */
  readonly notedAs?: string;
  readonly add?: (random: Random, plan: FaultPlan) => void;
  /** What a person does, and how the tasks behave. */
  readonly change?: (random: Random, scenario: Scenario) => Scenario;
}

const LOOKS = ['DescribeTasks', 'ListTasks', 'DescribeStacks', 'DescribeTaskDefinition', 'GetLogEvents'];
const ALL_BUT_S3 = ['RunTask', 'StopTask', 'Invoke', ...LOOKS];
/** The SDK gives up on a response after this time, and makes two attempts. */
const ATTEMPT = 15 * SECOND;

const hangs = () => awsError('TimeoutError', 'Connection timed out after 15000 ms');
const expired = () => awsError('ExpiredTokenException', 'The security token included in the request is expired');
const denied = () => awsError('AccessDeniedException', 'User is not authorized to perform this action with an explicit deny');

/** When something in the middle of the story begins, mostly while the first tasks run. */
function moment(random: Random): number {
  return random.magnitude(30 * SECOND, HOUR);
}

function forAWhile(random: Random, fault: Omit<CallFault, 'from' | 'until'>, least: number, most: number, from = moment(random)): CallFault {
  return { ...fault, from, until: from + random.between(least, most) };
}

type Properties = NonNullable<Scenario['operations'][number]['properties']>;

function toEach(operations: Scenario['operations'], change: (properties: Properties) => object): Scenario['operations'] {
  return operations.map((operation) => {
    const { properties } = operation;
    return properties ? { ...operation, properties: { ...properties, ...change(properties) } } : operation;
  });
}

export const WICKED: readonly Wicked[] = [
  {
    name: 'DescribeStacks tells what has been',
    isOn: true,
    share: 0.06,
    source: 'aws/aws-cdk-cli#1802: a poll issued after ExecuteChangeSet can still report the status from before',
    notedAs: 'quirk: staleStacks',
    add: (random, { quirks }) => { quirks.staleStacks = { within: random.magnitude(2, 60), chance: random.between(0.1, 0.5), inARow: 1 }; },
  },
  {
    name: 'DescribeStacks tells for seconds what has been',
    isOn: true,
    share: 0.03,
    source: 'aws/aws-cdk-cli#1802',
    notedAs: 'quirk: staleStacks for seconds',
    add: (random, { quirks }) => { quirks.staleStacks = { within: random.between(1, 4), chance: 1, inARow: Infinity }; },
  },
  {
    name: 'DescribeStacks leaves LastUpdatedTime out',
    isOn: true,
    share: 0.02,
    source: 'DescribeStacks, API reference: the field is optional',
    notedAs: 'quirk: noLastUpdatedTime',
    add: (random, { quirks }) => { quirks.noLastUpdatedTime = random.between(0.1, 0.5); },
  },
  {
    name: 'LastUpdatedTime moves in the first minute of a request',
    isOn: true,
    share: 0.02,
    source: 'Stack, API reference: "The time the stack was last updated", and nothing of when that is',
    notedAs: 'quirk: lastUpdatedMoves',
    add: (random, { quirks }) => { quirks.lastUpdatedMoves = random.between(11, 50); },
  },
  {
    name: 'StopTask deletes the tags',
    isOn: true,
    share: 0.5,
    source: 'StopTask, API reference: "Any tags associated with the task will be deleted."',
    notedAs: 'quirk: stopDeletesTags',
    add: (_random, { quirks }) => { quirks.stopDeletesTags = true; },
  },
  {
    name: 'tasks take minutes to stop',
    isOn: true,
    share: 0.03,
    source: 'ECS_CONTAINER_STOP_TIMEOUT and stopTimeout have no upper limit on EC2',
    notedAs: 'quirk: stopTakes',
    add: (random, { quirks }) => { quirks.stopTakes = random.between(120, 600); },
  },
  {
    name: 'tasks never stop',
    isOn: true,
    share: 0.02,
    source: 'the agent of a container instance can be disconnected',
    notedAs: 'quirk: stopTakes Infinity',
    add: (_random, { quirks }) => { quirks.stopTakes = Infinity; },
  },
  {
    name: 'a call hangs',
    isOn: true,
    share: 0.05,
    source: 'a NAT gateway drops idle connections without a word',
    add: (random, { calls }) => {
      const api = random.pick(ALL_BUT_S3);
      calls.push(forAWhile(random, { name: 'a call hangs', api, error: hangs, delay: 2 * ATTEMPT, takesEffect: random.chance(0.5) }, 10 * SECOND, 3 * MINUTE));
    },
  },
  {
    name: 'the body of an answer drips',
    isOn: true,
    share: 0.03,
    source: 'a proxy that stalls: the request times out by its body, not its head',
    add: (random, { calls }) => {
      const api = random.pick(ALL_BUT_S3);
      calls.push(forAWhile(random, { name: 'the body of an answer drips', api, takesEffect: true, delay: random.between(5, 28) * SECOND }, 10 * SECOND, 3 * MINUTE));
    },
  },
  {
    name: 'an answer is unreadable',
    isOn: true,
    share: 0.06,
    source: 'proxies and captive portals answer in the place of AWS; TLS and HTTP parsers throw what is no error of AWS',
    add: (random, { calls }) => {
      const api = random.pick(ALL_BUT_S3);
      const error = UNREADABLE[random.pick(Object.keys(UNREADABLE))];
      calls.push(forAWhile(random, { name: 'an answer is unreadable', api, error, takesEffect: random.chance(0.5) }, SECOND, 2 * MINUTE));
    },
  },
  {
    name: 'every API but S3 is away for minutes',
    isOn: true,
    share: 0.02,
    source: 'a VPC without a way out, an outage of the Region',
    add: (random, { calls }) => {
      const from = moment(random);
      const until = from + random.between(5, 10) * MINUTE;
      const refused = () => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
      const [error, delay] = random.pick([[hangs, 2 * ATTEMPT], [refused, 0]] as const);
      calls.push(...ALL_BUT_S3.map((api) => ({ name: 'every API but S3 is away for minutes', api, from, until, error, delay })));
    },
  },
  {
    name: 'a permission goes and comes back',
    isOn: true,
    share: 0.04,
    source: 'inline policies that the same deployment rewrites, service control policies that are rolled out',
    add: (random, { calls }) => {
      const from = moment(random);
      for (const api of random.pick([ALL_BUT_S3, [random.pick(ALL_BUT_S3)]])) {
        calls.push(forAWhile(random, { name: 'a permission goes and comes back', api, error: denied }, 5 * SECOND, 90 * SECOND, from));
      }
    },
  },
  {
    name: 'the credentials expire for a moment',
    isOn: true,
    share: 0.03,
    source: 'boto/botocore#3600, aws/copilot-cli#5984',
    add: (random, { calls }) => {
      const from = moment(random);
      calls.push(...ALL_BUT_S3.map((api) => forAWhile(random, { name: 'the credentials expire for a moment', api, error: expired }, SECOND, 30 * SECOND, from)));
    },
  },
  {
    name: 'RunTask throws what passes',
    isOn: true,
    share: 0.06,
    source: 'dagster-io/dagster#33439, aws/amazon-ecs-cli#1122, and others in known-errors.ts',
    add: (random, { calls }) => {
      const error = PASSING_REFUSALS[random.pick(Object.keys(PASSING_REFUSALS))];
      const first = random.whole(1, 3);
      calls.push({ name: 'RunTask throws what passes', api: 'RunTask', first, last: first + random.whole(0, 3), error });
    },
  },
  {
    name: 'a quota of Fargate is used up',
    isOn: true,
    share: 0.03,
    source: 'throttling and quotas of Fargate, developer guide: failures[] of an HTTP status 200',
    add: (random, { placements }) => {
      const first = random.whole(1, 3);
      const reason = random.pick(Object.values(PASSING_PLACEMENTS));
      placements.push({ name: 'a quota of Fargate is used up', first, last: first + random.whole(0, 6), reason, ghost: false });
    },
  },
  {
    name: 'what is thrown is no Error',
    isOn: true,
    share: 0.02,
    source: 'a trap: the SDK wraps what it throws',
    add: (random, { calls }) => {
      const [first, error] = [random.whole(1, 40), random.pick([() => 'text', () => ({}), () => Object.assign(new Error('no name'), { name: undefined })])];
      calls.push({ name: 'what is thrown is no Error', api: random.pick(LOOKS), first, last: first + random.whole(0, 2), error });
    },
  },
  {
    name: 'URLs do not tell when they were signed',
    isOn: true,
    share: 0.03,
    source: 'events until 2018 had URLs of signature version 2',
    notedAs: 'quirk: signsWithoutDate',
    add: (_random, { quirks }) => { quirks.signsWithoutDate = true; },
  },
  {
    name: 'clocks differ',
    isOn: true,
    share: 0.03,
    source: 'AWS promises no common clock',
    notedAs: 'quirk: clocks',
    add: (random, { quirks }) => { quirks.clocks = { ecs: random.between(-4.5, 4.5), cloudFormation: random.between(-4.5, 4.5) }; },
  },
  {
    name: 'ListTasks leaves a young task out',
    isOn: true,
    share: 0.03,
    source: 'RunTask, API reference: eventual consistency, "up to about five minutes"',
    notedAs: 'quirk: listsWithout',
    add: (random, { quirks }) => { quirks.listsWithout = { youngerThan: random.magnitude(5, 60), chance: random.between(0.1, 0.5) }; },
  },
  {
    name: 'up to ten tasks in one request',
    isOn: true,
    share: 0.03,
    source: 'RunTask, API reference: count',
    change: (random, scenario) => {
      const count = random.whole(5, 10);
      const operations = toEach(scenario.operations, ({ Request, UsedAttributes }) => UsedAttributes ? {} : { Request: { ...Request, count } });
      return { ...scenario, operations };
    },
  },
  {
    name: 'a new revision is registered',
    isOn: true,
    share: 0.04,
    source: 'RunTask, API reference: taskDefinition, "If a revision isn\'t specified, the latest ACTIVE revision is used"',
    notedAs: 'quirk: registers',
    add: (random, { quirks }) => { quirks.registers = Array.from({ length: random.whole(1, 4) }, () => random.magnitude(1, 7_200)); },
    change: (random, scenario) => {
      const families = Object.fromEntries(Object.keys(scenario.families).map((family) =>
        [family, [{ name: 'app', essential: true }, { name: 'proxy', essential: random.chance(0.5) }]]));
      const withoutRevision = <T extends RunSpec>(run: T) => ({
        ...run,
        Request: { ...run.Request, taskDefinition: run.Request.taskDefinition!.replace(/:\d+$/, '') },
        ExitCodeFrom: undefined,
        Logs: undefined,
        UsedAttributes: undefined,
      });
      const operations = toEach(scenario.operations, ({ OnDelete, ...run }) =>
        ({ ...withoutRevision(run), OnDelete: OnDelete && withoutRevision(OnDelete) }));
      return { ...scenario, families, operations };
    },
  },
  {
    name: 'hundreds of other tasks in the family',
    isOn: true,
    share: 0.02,
    source: 'a service with the same task definition',
    notedAs: 'quirk: othersInFamily',
    add: (random, { quirks }) => { quirks.othersInFamily = random.whole(100, 600); },
  },
  {
    name: 'another version of the function goes on',
    isOn: true,
    share: 0.03,
    source: 'an update of the stack, or its rollback, replaces the function while it waits',
    notedAs: 'quirk: anotherVersion',
    add: (random, { quirks }) => { quirks.anotherVersion = random.pick([{ version: 99, later: true }, {}, { HandedOver: 'x' }]); },
  },
  {
    name: 'properties are malformed',
    isOn: true,
    share: 0.01,
    source: 'conditions leave lists empty; an escape hatch or another version of the construct writes what it likes',
    notedAs: 'quirk: delivers',
    add: (random, { quirks }) => {
      const bad = random.pick<object>([
        { ExitCodeFrom: [] }, { ExitCodeFrom: [''] }, { SuccessExitCodes: '0' }, { SuccessExitCodes: [] }, { TimeoutSeconds: 'soon' },
        { TimeoutSeconds: '-5' }, { CompleteWhen: 'SOON' },
      ]);
      quirks.delivers = (good) => ({ ...good, ...bad });
    },
  },
  {
    name: 'a hand-over is lost',
    isOn: true,
    share: 0.03,
    source: 'Invoke, API reference: "events may be lost"',
    add: (random, { deliveries }) => { deliveries.push({ name: 'a hand-over is lost', event: random.whole(1, 2), lost: true }); },
  },
  {
    name: 'few slots for invocations',
    isOn: true,
    share: 0.02,
    source: 'new accounts have ten concurrent executions in all',
    notedAs: 'quirk: slots',
    add: (random, { quirks }) => { quirks.slots = random.whole(1, 2); },
  },
  {
    name: 'others in the stack take long',
    isOn: true,
    share: 0.03,
    source: 'a database, a distribution: half an hour after the task',
    notedAs: 'quirk: othersTake',
    add: (random, { quirks }) => { quirks.othersTake = random.magnitude(60, 3_000); },
  },
  {
    name: 'the parent of a nested stack fails',
    isOn: true,
    share: 0.02,
    source: 'knowledge center, "cloudformation-stack-cleanup-stuck"',
    notedAs: 'quirk: parentFails',
    // Synthesis refuses the attributes of a task in a nested stack that its rollback would get wrong. Those of onRollback RUN are
    // left out, too: where that task fails, the outputs are all there is.
    change: (_random, scenario) => ({
      ...scenario,
      operations: toEach(scenario.operations, ({ RunOn }) => RunOn === 'CREATE' ? {} : { UsedAttributes: undefined }),
    }),
    add: (_random, { quirks }) => { quirks.parentFails = true; },
  },
  {
    name: 'Express mode',
    isOn: true,
    share: 0.02,
    source: 'express mode: no rollback, nothing waits until what it needs is stable',
    change: (_random, scenario) => ({ ...scenario, operations: scenario.operations.map((operation) => ({ ...operation, noRollback: true })) }),
    add: (random, { calls }) => {
      const until = random.between(5, 90) * SECOND;
      calls.push(
        { name: 'Express mode', api: 'RunTask', until: until + 60 * SECOND, error: PASSING_REFUSALS[random.pick(['the subnet is new', 'the security group is new', 'the task definition is new'])] },
        { name: 'Express mode', api: 'DescribeStacks', until, error: () => awsError('ValidationError', 'Stack with id Shop does not exist') },
      );
    },
  },
  {
    name: 'a cleanup asks three times',
    isOn: true,
    share: 0.5,
    source: 'using-cfn-updating-stacks-monitor-stack: three attempts to delete',
    notedAs: 'quirk: asksThrice',
    add: (_random, { quirks }) => { quirks.asksThrice = true; },
  },
  {
    name: 'what a failed Create has left is deleted before the next Create',
    isOn: true,
    share: 0.1,
    source: 'stack failure options: "deleted upon the next stack operation", and nothing says when',
    notedAs: 'quirk: deletesFailed before',
    add: (_random, { quirks }) => { quirks.deletesFailed = 'before'; },
  },
  {
    name: 'what a failed Create has left is deleted during the next run',
    isOn: true,
    share: 0.1,
    source: 'stack failure options: "deleted upon the next stack operation", and nothing says when',
    notedAs: 'quirk: deletesFailed during',
    add: (_random, { quirks }) => { quirks.deletesFailed = 'during'; },
  },
];

/** Which of them a run has: those that are on, each with its share, and those that were requested. */
export function drawWicked(random: Random, wanted: readonly string[] = []): Wicked[] {
  return WICKED.filter(({ name, isOn, share }) => wanted.includes(name) || (isOn && random.fork(name).chance(share)));
}
