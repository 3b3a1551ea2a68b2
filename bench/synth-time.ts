import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LOCAL, nodeOfTheRuntime, run } from './setup';
import { median, round, Table } from './table';

interface Took {
  readonly inProcess: number;
  readonly whole: number;
}

const COUNTS = [0, 1, 10, 100];
const MOST_MS_PER_TASK = 3.3;
const SIZES: ReadonlyArray<readonly [size: string, name: string, because?: string]> = [
  ['small', 'the small app'],
  ['large', 'an app with 400 more resources', 'the CDK takes most of it, by hand too: a task waits for each of the 100 rules of its security group, which the CDK sorts by their paths'],
];
const PROCESSES = 3;
const WAYS = [['ours', 'ours'], ['(a) `Provider`', 'provider']] as const;

interface PerTask {
  readonly ours: number;
  readonly byHand: number;
}

/** The smallest processor time of several rounds, because other processes of the machine can only add to it. */
async function furtherTask(size: string, rounds: number, outdir: string): Promise<PerTask> {
  const measured: PerTask[] = [];
  for (let number = 0; number < PROCESSES; number++) {
    const args = ['--expose-gc', join(LOCAL, 'further-task.js'), size, String(rounds)];
    measured.push((await run(nodeOfTheRuntime(), args, { ...process.env, OUTDIR: outdir })).output);
  }
  return { ours: median(measured.map(({ ours }) => ours)), byHand: median(measured.map(({ byHand }) => byHand)) };
}

/** How much time the library adds to a `cdk synth`. */
export async function synthTime(rounds: number): Promise<Table[]> {
  const outdir = mkdtempSync(join(tmpdir(), 'bench-'));
  const measure = async (...args: string[]): Promise<Took> => {
    const { output, took } = await run(nodeOfTheRuntime(), [join(LOCAL, 'synth-time.js'), ...args], { ...process.env, OUTDIR: outdir });
    return { inProcess: output.took, whole: took };
  };
  const cases = [
    ...COUNTS.map((count) => ['ours', String(count)]),
    ...COUNTS.slice(1).map((count) => ['provider', String(count)]),
    ['import', 'without'],
    ['import', 'with'],
  ];
  const took = new Map<string, Took[]>(cases.map((args) => [args.join(' '), []]));
  for (let number = -1; number < rounds; number++) {
    for (const args of cases) {
      const one = await measure(...args);
      if (number >= 0) {
        took.get(args.join(' '))!.push(one);
      }
    }
  }
  const perProcess = Math.ceil(rounds / PROCESSES);
  const perTask: PerTask[] = [];
  for (const [size] of SIZES) {
    perTask.push(await furtherTask(size, perProcess, outdir));
  }
  rmSync(outdir, { recursive: true });

  /** The median of the differences within the same round. */
  const more = (one: string, other: string, part: keyof Took) =>
    median(took.get(one)!.map((first, index) => first[part] - took.get(other)![index][part]));
  const further = (way: string, from: number, to: number, part: keyof Took = 'inProcess') => more(`${way} ${to}`, `${way} ${from}`, part) / (to - from);
  const importTime = more('import with', 'import without', 'inProcess');
  return [{
    title: 'Time to synthesize',
    text: `Milliseconds that tasks add to the synthesis of the app, in fresh processes, the medians of ${rounds} alternating rounds. The app without tasks takes `
      + `${round(median(took.get('ours 0')!.map(({ inProcess }) => inProcess)))} ms.`,
    head: ['', '1 task', '10 tasks', '100 tasks', 'each further, up to 10', 'up to 100'],
    plot: {
      name: 'synth-time',
      alt: 'The milliseconds that 1, 10 and 100 tasks add to the synthesis of the app',
      ways: WAYS.map(([name, way]) => ({ name, added: COUNTS.slice(1).map((tasks) => ({ tasks, milliseconds: more(`${way} ${tasks}`, 'ours 0', 'inProcess') })) })),
    },
    rows: WAYS.flatMap(([name, way]) => (['inProcess', 'whole'] as const).map((part) => [
      `${name}, ${part === 'whole' ? 'whole process' : 'in process'}`,
      ...COUNTS.slice(1).map((count) => round(more(`${way} ${count}`, 'ours 0', part))),
      ...[[1, 10], [10, 100]].map(([from, to]) => round(further(way, from, to, part))),
    ])),
  }, {
    title: 'Time that a further task takes',
    text: 'Milliseconds of processor time for each further task, from 10 to 100 tasks, after what Node.js compiles at first. Each number is from the least time of '
      + `${perProcess} rounds that alternate between the ways, the median of ${PROCESSES} processes. By hand is the same resource with the same properties and dependencies, as a \`CfnResource\`.`,
    head: ['', 'ours', 'by hand', 'the difference'],
    rows: perTask.map(({ ours, byHand }, index) => [SIZES[index][1], round(ours), round(byHand), round(ours - byHand)]),
    bars: SIZES.map(([, name, because], index) => ({ what: `each further task in ${name}`, is: perTask[index].ours, atMost: MOST_MS_PER_TASK, unit: ' ms', because })),
  }, {
    title: 'Time to import',
    text: 'Milliseconds that the package takes to load in an app that has already loaded aws-cdk-lib and the modules that the package needs, in process and for the whole process.',
    head: ['', 'in process', 'whole process'],
    rows: [['ours', round(importTime), round(more('import with', 'import without', 'whole'))]],
    bars: [{ what: 'added to aws-cdk-lib\'s own', is: importTime, atMost: 50, unit: ' ms' }],
  }];
}
