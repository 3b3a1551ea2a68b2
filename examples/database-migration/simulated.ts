/** The story of the demo without its engines: what the example synthesizes, on the engine of test/simulation. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { ShopStack } from './app';
import type { Version } from './shop';
import { check, inOneLine, say, show, step } from './story';
import { RESOURCE_TYPE, RunTaskProperties } from '../../src/contract';
import { seconds } from '../../test/simulation/clock';
import type { Operation } from '../../test/simulation/cloudformation';
import type { Request } from '../../test/simulation/history';
import { lifeOf } from '../../test/simulation/lives';
import { check as violationsOf, play, Run } from '../../test/simulation/simulate';

const WORKS: Version = { migrationImage: 'shop-migration:1', webImage: 'shop-web:1' };
const BREAKS: Version = { migrationImage: 'shop-migration:2', webImage: 'shop-web:2' };

/** What the task of each revision does, and logs: as in the real demo. */
const LIVES = [
  lifeOf('migrate', 2, 0, { log: { late: 0, lines: ['applying 001_customers', 'applying 002_orders', 'the database is up to date'] } }),
  lifeOf('migrate', 2, 3, {
    log: {
      late: 0,
      lines: ['applying 003_currency', 'psql:/migrations/003_currency.sql:3: ERROR:  column "currency" of relation "orders" contains null values'],
    },
  }),
];

const ECS = 'arn:aws:ecs:eu-west-1:111122223333';

interface Resources {
  readonly [logicalId: string]: { readonly Type: string; readonly Properties: any; readonly DependsOn?: string[] };
}

export async function simulatedStory(): Promise<void> {
  const { works, breaks } = await step('Synthesize two versions of the shop', async () => ({ works: synthesize(WORKS), breaks: synthesize(BREAKS) }));
  const [[runTask]] = ofType(works, RESOURCE_TYPE);
  const [[, service]] = ofType(works, 'AWS::ECS::Service');
  check('the service waits for the migration', service.DependsOn!.includes(runTask));
  const [[, oldDefinition], [, newDefinition]] = [works, breaks].map((resources) => ofType(resources, 'AWS::ECS::TaskDefinition')[0]);
  check('another image makes another revision', JSON.stringify(oldDefinition) !== JSON.stringify(newDefinition));

  const operate = simulation();
  const first = await step('Simulated deployment: the migration works', () => operate('create', propertiesOf(works, 1)));
  check('the stack is CREATE_COMPLETE', statusOf(first) === 'CREATE_COMPLETE');
  check('one task ran', revisionsRun(first) === '1');

  const second = await step('Simulated deployment: the next version brings a migration that fails', () => operate('update', propertiesOf(breaks, 2)));
  const { Status, Reason = '' } = second.history.requests[1].answer!.parsed!;
  say('What a user sees:');
  show(Reason.split('\n'));
  check('CloudFormation receives FAILED', Status === 'FAILED');
  check('it names the container and its exit code', Reason.includes('Container "migrate" exited with code 3.'));
  check("it shows the end of the task's log", inOneLine(Reason).includes('column "currency" of relation "orders" contains null values'));
  check('the stack is UPDATE_ROLLBACK_COMPLETE', statusOf(second) === 'UPDATE_ROLLBACK_COMPLETE');
  check('the broken migration ran once, and the old one was not run again', revisionsRun(second) === '1,2');

  const third = await step('Simulated deployment: back to the version that works, nothing to change', () => operate('update', propertiesOf(works, 1)));
  check('the template is what is deployed', JSON.stringify(synthesize(WORKS)) === JSON.stringify(works));
  check('nothing was sent to the function', third.history.requests.length === second.history.requests.length);
  check('no task ran', revisionsRun(third) === '1,2');

  const destroyed = await step('Simulated deletion of the stack', () => operate('delete the stack'));
  check('the stack is gone', statusOf(destroyed) === 'DELETE_COMPLETE');
  check('no task ran', revisionsRun(destroyed) === '1,2');
  check('no invariant of the simulation is violated', violationsOf(destroyed).length === 0);
}

/** Each operation is shown as it is added; the ones before it happen again as they did, because the seed is the same. */
function simulation(): (kind: Operation['kind'], properties?: RunTaskProperties) => Promise<Run> {
  const operations: Operation[] = [];
  let shown = 0;
  return async (kind, properties) => {
    operations.push({ kind, properties, after: 60 });
    const run = await play({
      seed: 1,
      scenario: {
        operations,
        families: { 'shop-migration': [{ name: 'migrate', essential: true }] },
        consistency: { unknown: 0, unlisted: 0, stale: 0, pageSize: 100 },
        fargate: true,
      },
      nextLife: (request) => LIVES[revisionOf(request) - 1],
    });
    const lines = timeline(run);
    show(lines.slice(shown));
    shown = lines.length;
    return run;
  };
}

/** The states of the stack, the log of the function and its answers to CloudFormation, in virtual time. */
function timeline({ history }: Run): string[] {
  const firstLine = (text: string) => text.split('\n')[0];
  return [
    ...history.logged.map(({ at, line }) => ({ at, text: `the function logs: ${firstLine(line)}` })),
    ...history.requests.map(({ answer }) => ({
      at: answer!.at, text: `CloudFormation receives ${[answer!.parsed!.Status, firstLine(answer!.parsed!.Reason ?? '')].filter(Boolean).join(': ')}`,
    })),
    ...history.statuses.map(({ at, status }) => ({ at, text: `the stack is ${status}` })),
  ].sort((one, other) => one.at - other.at).map(({ at, text }) => `${seconds(at).padStart(6)} s  ${text}`);
}

const statusOf = ({ history }: Run): string => history.statuses.at(-1)!.status;

const revisionOf = ({ properties }: Request): number => Number(properties.Request.taskDefinition!.split(':').pop());

/** The revisions of the task definition whose tasks ran, in order. */
const revisionsRun = ({ history }: Run): string => history.tasks.map(({ request }) => revisionOf(request)).join();

/** What `cdk synth` makes of a version. */
function synthesize(version: Version): Resources {
  const outdir = mkdtempSync(join(tmpdir(), 'shop-'));
  try {
    const app = new App({ outdir, context: { ...version, databaseUrl: 'postgresql://shop@database/shop' } });
    new ShopStack(app, 'Shop');
    return app.synth().getStackByName('Shop').template.Resources;
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

const ofType = (resources: Resources, type: string) => Object.entries(resources).filter(([, { Type }]) => Type === type);

/** The properties of the shop's RunTask, as CloudFormation would send them. */
function propertiesOf(resources: Resources, revision: number): RunTaskProperties {
  const [[, { Properties: { ServiceToken, ServiceTimeout, ...properties } }]] = ofType(resources, RESOURCE_TYPE);
  return resolve(properties, resources, revision);
}

function resolve(value: any, resources: Resources, revision: number): any {
  if (Array.isArray(value)) {
    return value.map((member) => resolve(member, resources, revision));
  }
  if (typeof value !== 'object') {
    return value;
  }
  const logicalId = value.Ref ?? value['Fn::GetAtt']?.[0];
  if (!logicalId) {
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, resolve(member, resources, revision)]));
  }
  const { Type, Properties } = resources[logicalId];
  const suffix = logicalId.slice(-8).toLowerCase();
  switch (Type) {
    case 'AWS::ECS::TaskDefinition': return `${ECS}:task-definition/${Properties.Family}:${revision}`;
    case 'AWS::ECS::Cluster': return `${ECS}:cluster/shop`;
    case 'AWS::EC2::Subnet': return `subnet-${suffix}`;
    case 'AWS::EC2::SecurityGroup': return `sg-${suffix}`;
    case 'AWS::Logs::LogGroup': return `Shop-${logicalId}`;
    default: throw new Error(`what is a reference to ${Type}?`);
  }
}
