import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { awsCustomResource } from './alternatives/aws-custom-resource';
import { fargateRunTask } from './alternatives/fargate-run-task';
import { plainLambda } from './alternatives/plain-lambda';
import { provider } from './alternatives/provider';
import { stepFunctions } from './alternatives/step-functions';
import { Ground, Way } from './app';
import { ours } from './ours';
import type { Table } from './table';

interface Resources { readonly [logicalId: string]: unknown }

/** What each way to run a task adds to the template of the app. */
export function resources(): Table {
  const ways: ReadonlyArray<readonly [name: string, way: Way]> = [
    ['ours', ours],
    ['(a) `Provider`, onEvent and isComplete', provider],
    ['(b) `AwsCustomResource` (does not wait)', awsCustomResource],
    ['(c) Step Functions `ecs:runTask.sync`', stepFunctions],
    ['(d) `cdk-fargate-run-task` (does not wait)', fargateRunTask],
    ['(e) plain Lambda, `waitUntilTasksStopped`', plainLambda],
    ['ours, with its own security groups', (ground) => ours(ground, false)],
  ];
  const before = synthesize(() => () => undefined, 1);
  const measured = ways.map(([name, way]) => {
    const [one, two] = [1, 2].map((runs) => synthesize(way, runs));
    const added = Object.keys(one).filter((id) => !(id in before));
    return { name, first: added.length, further: Object.keys(two).length - Object.keys(one).length, path: longestPath(one, added) };
  });
  const [own] = measured;
  return {
    title: 'Resources and critical path',
    text: 'Added to an app with a VPC, a cluster, a security group, a Fargate task definition and its log group. The critical path is the longest '
      + 'chain of `Ref`, `Fn::GetAtt`, `Fn::Sub` and `DependsOn` among the added resources: CloudFormation creates them one after the other. Every alternative but '
      + 'the last uses an existing security group.',
    head: ['', 'first run', 'each further one', 'critical path'],
    rows: measured.map(({ name, first, further, path }) => [name, first, further, path]),
    plot: { name: 'resources', alt: 'Resources of the first run and of each additional run, and the critical path, of each alternative', ways: measured },
    bars: [
      { what: 'resources of the first run', is: own.first, atMost: 4 },
      { what: 'of each additional run', is: own.further, atMost: 1 },
      { what: 'critical path', is: own.path, atMost: 3 },
    ],
  };
}

function synthesize(way: Way, runs: number): Resources {
  const ground = new Ground(new App({ analyticsReporting: false }));
  const run = way(ground);
  for (let number = 1; number <= runs; number++) {
    run(`Run${number}`);
  }
  return Template.fromStack(ground).toJSON().Resources;
}

function longestPath(all: Resources, added: readonly string[]): number {
  const lengths = new Map<string, number>();
  const lengthTo = (id: string): number => {
    if (!lengths.has(id)) {
      const needed = [...namesIn(all[id])].filter((name) => name !== id && added.includes(name));
      lengths.set(id, 1 + Math.max(0, ...needed.map(lengthTo)));
    }
    return lengths.get(id)!;
  };
  return Math.max(...added.map(lengthTo));
}

/** Returns all strings that can name a resource. */
function* namesIn(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) {
    return;
  }
  for (const [key, member] of Object.entries(value)) {
    if (key === 'Ref' || key === 'Fn::GetAtt' || key === 'DependsOn') {
      yield* [member].flat().map((name) => String(name));
    } else if (key === 'Fn::Sub') {
      yield* [...String([member].flat()[0]).matchAll(/\$\{(\w+)/g)].map(([, name]) => name);
    }
    yield* namesIn(member);
  }
}
