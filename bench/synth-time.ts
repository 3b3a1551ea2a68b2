import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LOCAL, nodeOfTheRuntime, run } from './setup';
import { median, round, Table } from './table';

interface Took {
  readonly inProcess: number;
  readonly whole: number;
  /** The processor time in process, which other processes of the machine do not lengthen as they do the time that passes. */
  readonly cpu: number;
}

const COUNTS = [0, 1, 10, 100];
/** From how many tasks to how many the time of a further task is taken: the first ones also pay for what Node.js compiles once. */
const FURTHER = [10, 100];
const MOST_MS_PER_TASK = 3.3;
const WAYS = [['ours', 'ours'], ['(a) `Provider`', 'provider']] as const;

/** How long the library takes of a `cdk synth`. */
export async function synthTime(rounds: number): Promise<Table[]> {
  const outdir = mkdtempSync(join(tmpdir(), 'bench-'));
  const measure = async (...args: string[]): Promise<Took> => {
    const { output, took } = await run(nodeOfTheRuntime(), [join(LOCAL, 'synth-time.js'), ...args], { ...process.env, OUTDIR: outdir });
    return { inProcess: output.took, whole: took, cpu: output.cpu };
  };
  const cases = [
    ...COUNTS.map((count) => ['ours', String(count)]),
    ...COUNTS.slice(1).map((count) => ['provider', String(count)]),
    ...FURTHER.map((count) => ['ours', String(count), 'large']),
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
  rmSync(outdir, { recursive: true });

  /** The median of the differences in the same round. */
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
    bars: [['the small app', ''], ['an app with 400 more resources', ' large']].map(([name, size]) => ({
      what: `each further task, from ${FURTHER.join(' to ')}, in processor time, in ${name}`,
      is: more(`ours ${FURTHER[1]}${size}`, `ours ${FURTHER[0]}${size}`, 'cpu') / (FURTHER[1] - FURTHER[0]),
      atMost: MOST_MS_PER_TASK,
      unit: ' ms',
    })),
  }, {
    title: 'Time to import',
    text: 'Milliseconds that the package takes to load in an app that has already loaded aws-cdk-lib and the modules that the package needs, in process and for the whole process.',
    head: ['', 'in process', 'whole process'],
    rows: [['ours', round(importTime), round(more('import with', 'import without', 'whole'))]],
    bars: [{ what: 'added to aws-cdk-lib\'s own', is: importTime, atMost: 50, unit: ' ms' }],
  }];
}
