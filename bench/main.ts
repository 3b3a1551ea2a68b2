// What: measures the library against the other ways to run a task in a deployment, and writes bench/RESULTS.md
//   with its plots, and results.json, from which `npm run bench:report` writes them again.
// Cost: nothing, a quarter of an hour at most. It leaves nothing running.
// Run: npm run bench, or npm run bench -- --quick for a first look: few rounds, no local engine, and a report in .local/bench
import { readFileSync } from 'node:fs';
import { arch, cpus, totalmem, type } from 'node:os';
import { join, relative } from 'node:path';
import { coldStart } from './cold-start';
import { cost } from './cost';
import { crowd } from './crowd';
import { delayAndCalls } from './delay';
import { deploy } from './deploy';
import { polling } from './polling';
import { barsOf, writeReport } from './report';
import { resources } from './resources';
import { CHECKOUT, LOCAL, nodeOfTheRuntime, run, setUp } from './setup';
import { untilStart } from './start';
import { synthTime } from './synth-time';
import { isMet, round, Table } from './table';

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
  const results = { conditions: await conditions(quick), tables };
  const folder = quick ? LOCAL : __dirname;
  writeReport(folder, results);
  const bars = barsOf(results);
  console.log(`${relative(CHECKOUT, join(folder, 'RESULTS.md'))}: ${bars.filter(isMet).length} of ${bars.length} bars are met`);
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
