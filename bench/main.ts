// What: measures the library beside the other ways to run a task in a deployment, and writes bench/RESULTS.md.
// Cost: nothing, a quarter of an hour at most. It leaves nothing running.
// Run: npm run bench, or npm run bench -- --quick for a first look: few rounds, no local engine, and a report in .local/bench
import { readFileSync, writeFileSync } from 'node:fs';
import { arch, cpus, totalmem, type } from 'node:os';
import { join, relative } from 'node:path';
import { coldStart } from './cold-start';
import { cost } from './cost';
import { crowd } from './crowd';
import { delayAndCalls } from './delay';
import { deploy } from './deploy';
import { polling } from './polling';
import { resources } from './resources';
import { CHECKOUT, LOCAL, nodeOfTheRuntime, run, setUp } from './setup';
import { untilStart } from './start';
import { synthTime } from './synth-time';
import { isMet, markdown, round, Table } from './table';

async function main(): Promise<void> {
  const quick = process.argv.includes('--quick');
  console.log('Setting up');
  setUp();
  const measurements: Array<() => Table | Table[] | Promise<Table | Table[]>> = [
    resources,
    delayAndCalls,
    untilStart,
    polling,
    crowd,
    cost,
    () => coldStart(quick ? 3 : 41),
    () => synthTime(quick ? 3 : 15),
    ...(quick ? [] : [() => deploy(3)]),
  ];
  const tables: Table[] = [];
  for (const measurement of measurements) {
    const made = [await measurement()].flat();
    made.forEach(({ title }) => console.log(title));
    tables.push(...made);
  }
  const bars = tables.flatMap((table) => table.bars ?? []);
  const report = [
    '# Measured beside the alternatives',
    'Written by `npm run bench`; not edited. Each row is measured in the same run, on the same small app.',
    '- (a) `custom_resources.Provider` with onEvent and isComplete, as the documentation of the CDK teaches\n'
    + '- (b) `AwsCustomResource` with `ecs:runTask`, which does not wait\n'
    + '- (c) Step Functions `ecs:runTask.sync` behind a custom resource\n'
    + '- (d) `cdk-fargate-run-task` from npm, which does not wait\n'
    + '- (e) a plain Lambda function that waits with `waitUntilTasksStopped`',
    await conditions(quick),
    `${bars.filter(isMet).length} of ${bars.length} bars are met.`,
    ...tables.map(markdown),
  ].join('\n\n');
  const file = join(quick ? LOCAL : __dirname, 'RESULTS.md');
  writeFileSync(file, `${report}\n`);
  console.log(`${relative(CHECKOUT, file)}: ${bars.filter(isMet).length} of ${bars.length} bars are met`);
}

async function conditions(quick: boolean): Promise<string> {
  const version = (name: string) => `${name} ${JSON.parse(readFileSync(join(CHECKOUT, 'node_modules', name, 'package.json'), 'utf8')).version}`;
  const { output } = await run(nodeOfTheRuntime(), ['-p', 'JSON.stringify(process.version)'], process.env);
  return [
    `${new Date().toISOString().slice(0, 10)}, on ${cpus().length} cores (${cpus()[0].model.trim()}), ${round(totalmem() / 2 ** 30)} GiB of memory, ${type()} ${arch()}`,
    `Node.js ${process.version.slice(1)} for the tools and ${output.slice(1)} for what is measured`,
    `${['aws-cdk-lib', 'constructs', '@aws-sdk/client-ecs', 'esbuild', 'aws-cdk'].map(version).join(', ')}.${quick ? ' With `--quick`: too few rounds to rely on.' : ''}`,
  ].join('; ');
}

void main();
