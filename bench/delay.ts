import { Measured, providerFramework, providerFrameworkWithOurRule, stepFunctions, waiter } from './models';
import { inWords, LENGTHS, life } from './recorded';
import { ours } from './simulated';
import { median, quantile, round, Table } from './table';
import { Random } from '../test/simulation/clock';
import type { Life } from '../test/simulation/lives';

const RUNS = 100;

const WAYS: ReadonlyArray<readonly [name: string, run: (random: Random, life: Life) => Measured | Promise<Measured>]> = [
  ['ours', ours],
  ['(a) `Provider`', providerFramework],
  ['(a) with our rule for the end', providerFrameworkWithOurRule],
  ['(c) Step Functions', stepFunctions],
  ['(e) plain Lambda', waiter],
];

interface Runs { readonly name: string; readonly byLength: ReadonlyArray<readonly Measured[]>; readonly mixed: readonly Measured[] }

/** The seconds from the exit that ECS reports to the answer, and the API calls until then. */
export async function delayAndCalls(): Promise<Table[]> {
  const measured: Runs[] = [];
  for (const [name, run] of WAYS) {
    const many = async (count: number, seconds: (random: Random) => number) => {
      const all: Measured[] = [];
      for (let seed = 1; seed <= count; seed++) {
        const random = new Random(seed);
        all.push(await run(random, life(random, seconds(random))));
      }
      return all;
    };
    const byLength: Measured[][] = [];
    for (const length of LENGTHS) {
      byLength.push(await many(RUNS, (random) => length * random.between(1, 1.05))); // otherwise all tasks would end at the same time between two polls
    }
    measured.push({ name, byLength, mixed: await many(4 * RUNS, (random) => random.magnitude(LENGTHS[0], LENGTHS[LENGTHS.length - 1])) });
  }
  return [delays(measured), calls(measured)];
}

function delays(measured: readonly Runs[]): Table {
  const [own] = measured;
  const worst = Math.max(...own.byLength.map((runs) => of(runs, 0.95)));
  return {
    title: 'Time from the exit to the answer',
    text: 'Seconds from when ECS shows the exit code of the last deciding container until CloudFormation has the answer, median / 95th '
      + `percentile, on virtual time: ${RUNS} runs for each length, and ${4 * RUNS} of mixed lengths, with every order of magnitude equally likely. The `
      + 'handler is the real one. The alternatives are models of their documentation (`models.ts`). Tasks end as recorded on Fargate (`recorded.ts`). '
      + '(b) and (d) do not wait.',
    head: ['', ...LENGTHS.map(inWords), 'mixed'],
    rows: measured.map(({ name, byLength, mixed }) => [name, ...[...byLength, mixed].map((runs) => {
      const answered = runs.filter(({ delay }) => delay !== undefined).length;
      return answered < runs.length / 2 ? 'no answer' : `${of(runs, 0.5).toFixed(1)} / ${of(runs, 0.95).toFixed(1)}${answered < runs.length ? ` (${runs.length - answered} without answer)` : ''}`;
    })]),
    bars: [
      { what: 'median, mixed lengths', is: of(own.mixed, 0.5), atMost: 1, unit: ' s' },
      { what: '95th percentile, mixed lengths', is: of(own.mixed, 0.95), atMost: 3, unit: ' s' },
      { what: '95th percentile, the worst length', is: worst, atMost: 3, unit: ' s' },
    ],
  };
}

function calls(measured: readonly Runs[]): Table {
  const [own, framework] = measured;
  const shown = measured.filter(({ name }) => !name.startsWith('(e)'));
  const averages = (runs: readonly Measured[]) => (['ecsCalls', 'allCalls'] as const).map((kind) => runs.reduce((sum, one) => sum + one[kind], 0) / runs.length);
  const growth = ({ byLength }: Runs, kind: 0 | 1) => {
    const [longest, before] = [LENGTHS.length - 1, LENGTHS.length - 2];
    return (averages(byLength[longest])[kind] - averages(byLength[before])[kind]) / (LENGTHS[longest] - LENGTHS[before]) * 60;
  };
  return {
    title: 'API calls of a run',
    text: 'Calls of ECS / of all AWS APIs (for (a) also those with which its state machine and its functions call each other), on average of the runs above. '
      + `Growth is the increase per minute, from ${inWords(LENGTHS[LENGTHS.length - 2])} to ${inWords(LENGTHS[LENGTHS.length - 1])}.`,
    head: ['', ...LENGTHS.map(inWords), 'growth'],
    rows: shown.map((runs) => [
      runs.name,
      ...runs.byLength.map((some) => averages(some).map(Math.round).join(' / ')),
      `${round(growth(runs, 0))} / ${round(growth(runs, 1))}`,
    ]),
    plot: {
      name: 'delay-and-calls',
      alt: 'The median delay of the answer against the API calls of a run, from 5 seconds to 50 minutes, of each alternative',
      ways: shown.map(({ name, byLength }) => ({
        name,
        runs: byLength.map((runs, index) => ({ length: inWords(LENGTHS[index]), delay: of(runs, 0.5), calls: averages(runs)[1] })),
      })),
    },
    bars: [
      { what: 'calls of a run of 50 minutes, all APIs, against (a)', is: averages(own.byLength[LENGTHS.length - 1])[1], atMost: averages(framework.byLength[LENGTHS.length - 1])[1] },
      { what: 'growth per minute, all APIs, against (a)', is: growth(own, 1), atMost: growth(framework, 1) },
      {
        what: 'growth per minute, ECS alone, against (a)',
        is: growth(own, 0),
        atMost: growth(framework, 0),
        because: 'polling every 5 seconds, as (a) does, is 4.75 seconds late for one task in twenty',
      },
    ],
  };
}

function of(runs: readonly Measured[], part: number): number {
  const known = runs.flatMap(({ delay }) => delay ?? []);
  return part === 0.5 ? median(known) : quantile(known, part);
}
