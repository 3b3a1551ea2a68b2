import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { CHECKS } from './checks';
import { describeNotChecked, NOT_CHECKED } from './checks/not-checked';
import { minutesOf, totalCost } from './plan';
import { isOnlyOnAws } from './report';
import type { Build, Scene } from './scene';
import { buildGround, CheckStack, createApp, Ground } from './stacks';
import { PREFIX, stackName, TAG } from './tags';
import { sayPlan } from './terminal';

jest.mock('node:timers/promises', () => ({ setTimeout: async () => undefined }));

const ROOT = resolve(__dirname, '../..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

const rows = read('docs/aws-behaviour.md').split('\n').filter((line) => line.startsWith('| ')).map((line) => line.slice(2, -2).split(' | '));
const beliefs = CHECKS.flatMap((check) => check.beliefs.map((belief) => ({ check, ...belief })));

describe('what the code believes', () => {
  test.each(rows.filter(([, , known]) => known === 'unproven'))('has a check, or a reason and a way to check it manually: %s', (behaviour) => {
    const settled = [...beliefs, ...NOT_CHECKED].filter(({ believed }) => believed === behaviour);
    expect(settled).not.toHaveLength(0);
  });

  test('is a row of docs/aws-behaviour.md, word for word', () => {
    const known = rows.map(([behaviour]) => behaviour);
    expect(beliefs.map(({ believed }) => believed).filter((believed) => !known.includes(believed))).toEqual([]);
  });

  test('names code that exists, in what a refuted belief means', () => {
    const named = beliefs.flatMap(({ ifRefuted }) => [...ifRefuted.matchAll(/`(lambda\/[\w/-]+\.ts)`/g)].map(([, file]) => file));
    expect(named.filter((file) => !read(file))).toEqual([]);
    expect(beliefs.filter(({ ifRefuted }) => ifRefuted.length < 20)).toEqual([]);
  });
});

describe('the page that says how to run it', () => {
  const page = read('docs/verify-account.md');

  test.each(CHECKS)('names the check $id', (check) => {
    const { id, does, minutes } = check;
    const local = isOnlyOnAws(check) ? 'no' : check.beliefs.some(({ onlyOnAws }) => onlyOnAws) ? 'in part' : 'yes';
    expect(page).toContain(`| \`${id}\` | ${does.replace(/\.$/, '')} | ${minutes} | ${local} |\n`);
  });

  test.each(NOT_CHECKED)('names what is not checked, why, and how to check it manually: $believed', (row) => {
    expect(page).toContain(`- ${describeNotChecked(row)}\n`);
  });

  test('is linked from docs/aws-behaviour.md', () => {
    expect(read('docs/aws-behaviour.md')).toContain('(verify-account.md)');
  });
});

describe('the plan on the terminal', () => {
  const print = jest.spyOn(console, 'log').mockImplementation();
  sayPlan(CHECKS);
  const plan = print.mock.calls.join('\n');
  print.mockRestore();

  test('shows the minutes and the cost of each check, the time before and after them, and a total that is their sum', () => {
    const shown = CHECKS.map(({ id }) => new RegExp(`^${id}: about (\\d+) minutes, (\\d\\.\\d{3}) USD$`, 'm').exec(plan)!.slice(1).map(Number));
    const others = /Before them, (\d+) minutes .* after them, (\d+) minutes /.exec(plan)!.slice(1).map(Number);
    const [minutes, cost] = /^Together: about (\d+) minutes, (\d\.\d{3}) USD$/m.exec(plan)!.slice(1).map(Number);
    const sum = (numbers: number[]) => numbers.reduce((all, number) => all + number, 0);
    expect(minutes).toBe(sum([...shown.map(([each]) => each), ...others]));
    expect(cost).toBeCloseTo(sum(shown.map(([, each]) => each)), 6);
  });

  test.each(NOT_CHECKED)('lists what is not checked, why, and how to check it manually: $believed', ({ believed, because, manually }) => {
    expect(plan).toContain(`  - ${believed}\n    Why: ${because}\n    To check manually: ${manually}`);
  });
});

describe('the checks', () => {
  test('have unique ids that fit into the name of a function', () => {
    const names = CHECKS.map(({ id }) => stackName('1a2b3c4d', id));
    expect(new Set(names).size).toBe(names.length);
    names.forEach((name) => expect(`${name}-in`.length).toBeLessThanOrEqual(64));
  });

  test('together cost and take no more than the page says', () => {
    expect(read('docs/verify-account.md')).toContain('about three hours, less than 0.20 USD');
    expect(totalCost(CHECKS)).toBeLessThan(0.2);
    expect(minutesOf(CHECKS)).toBeLessThan(190);
  });

  test('run on the local engine unless it can show none of their beliefs', () => {
    expect(CHECKS.filter((check) => !isOnlyOnAws(check)).map(({ id }) => id))
      .toEqual(['import', 'no-rollback-create', 'metadata-change', 'task-on-fargate', 'created-seconds-ago', 'self-invocation']);
  });
});

describe('what is deployed', () => {
  const ground: Ground = { cluster: 'c', logGroup: '/l', vpc: 'vpc-1', zones: ['a', 'b'], subnets: ['subnet-1', 'subnet-2'], securityGroup: 'sg-1' };

  /** Synthesizes what a check deploys. In the fake account nothing ever happens, so most checks stop in the middle. */
  async function synthesize(id: string): Promise<CheckStack[]> {
    const stacks: CheckStack[] = [];
    const tryDeploy = async (_: string, build: Build) => {
      const stack = new CheckStack(createApp(), { runId: '1a2b3c4d', check: id, ground, image: 'busybox' });
      build(stack);
      stack.nameFunction();
      stacks.push(stack);
      return { succeeded: true, output: '' };
    };
    const client = { send: async () => ({}) };
    const scene = {
      account: { region: 'eu-west-1', cloudFormation: client, ecs: client, iam: client, logs: client },
      ground,
      runId: '1a2b3c4d',
      image: 'busybox',
      stackName: stackName('1a2b3c4d', id),
      tryDeploy,
      deploy: tryDeploy,
      say: () => undefined,
      until: async () => undefined,
      untilTaskRuns: async () => undefined,
      describe: async () => ({ id: 'id', status: 'UPDATE_COMPLETE', outputs: {} }),
      watch: () => ({ stop: async () => [] }),
      events: async () => [{ at: '', resource: 'Nested', status: '', physicalId: ':stack/nested' }],
      functionLog: async () => [],
      tasks: async () => [],
    } as unknown as Scene;
    await CHECKS.find((check) => check.id === id)!.observe(scene).catch(() => undefined);
    return stacks;
  }

  const ALLOWED = /^(Custom::(EcsRunTask|Answering)|AWS::(CloudFormation::Stack|ECS::(TaskDefinition|Cluster|ClusterCapacityProviderAssociations|CapacityProvider)|IAM::(Role|Policy|ManagedPolicy|InstanceProfile)|Lambda::(Function|Permission)|Logs::LogGroup|AutoScaling::(AutoScalingGroup|LifecycleHook)|SNS::(Topic|Subscription)|EC2::(LaunchTemplate|SecurityGroup)))$/;

  test.each(CHECKS.filter(({ id }) => !['created-seconds-ago', 'unassociated-provider'].includes(id)))('by $id has the tag and the name of the run, and nothing that the plan does not mention', async ({ id }) => {
    const stacks = await synthesize(id);
    expect(stacks).not.toHaveLength(0);
    for (const stack of stacks) {
      expect(stack.stackName).toBe(`${PREFIX}-1a2b3c4d-${id}`);
      expect(stack.tags.tagValues()).toEqual({ [TAG]: '1a2b3c4d' });
      const template = Template.fromStack(stack).toJSON();
      const types = Object.values<{ Type: string }>(template.Resources ?? {}).map(({ Type }) => Type);
      expect(types.filter((type) => !ALLOWED.test(type))).toEqual([]);
      const tokens = Object.values<any>(template.Resources ?? {}).map(({ Properties }) => Properties?.ServiceToken?.['Fn::GetAtt'][0]).filter(Boolean);
      tokens.forEach((handler) => expect(template.Resources[handler].Properties.FunctionName).toBe(stack.stackName)); // the log that is read
    }
  });

  test('as the shared stack has no NAT gateway, and outputs what the checks need', () => {
    const app = createApp();
    buildGround(app, '1a2b3c4d');
    const stack = app.node.findChild(`${PREFIX}-1a2b3c4d-ground`) as CheckStack;
    expect(stack.tags.tagValues()).toEqual({ [TAG]: '1a2b3c4d' });
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::EC2::NatGateway', 0);
    expect(Object.keys(template.toJSON().Outputs).sort()).toEqual(Object.keys(ground).sort());
  });
});
