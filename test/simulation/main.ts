import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { seconds } from './clock';
import { passedOn } from './event';
import { describePlan } from './faults';
import { invariants } from './invariants';
import { Run, simulate } from './simulate';
import { WICKED } from './wicked';

/** The results of many runs. */
interface Summary {
  readonly covered: { [what: string]: number };
  readonly failing: string[];
}

/**
 * The command line: `--seed N` prints one run, `--runs N [--from M]` tries many. `--wicked NAME` adds that fault to each run; without
 * a name it lists them.
 */
async function main(args: string[]): Promise<void> {
  const option = (name: string) => args.includes(name) ? Number(args[args.indexOf(name) + 1]) : undefined;
  const seed = option('--seed');
  const [from, runs] = [option('--from') ?? 1, option('--runs') ?? 1_000];
  if (args.includes('--wicked') && wantedOf(args).length === 0) {
    console.log(WICKED.map(({ name, isOn }) => `${isOn ? ' on' : 'off'}  ${name}`).join('\n'));
    process.exitCode = 1;
  } else if (seed !== undefined) {
    await tell(seed, wantedOf(args));
  } else if (args.includes('--part')) {
    const summary = await tryMany(from, runs, wantedOf(args));
    await new Promise((resolve) => process.send!(summary, resolve));
    process.disconnect();
  } else {
    await shareOut(from, runs, args);
  }
}

/** The names that contain the given text. */
function wantedOf(args: readonly string[]): string[] {
  const asked = args[args.indexOf('--wicked') + 1];
  return args.includes('--wicked') && asked ? WICKED.map(({ name }) => name).filter((name) => name.includes(asked)) : [];
}

async function tell(seed: number, wicked: readonly string[]): Promise<void> {
  const { history, violations, story, outcomes } = await simulate(seed, { wicked });
  const plan = describePlan(story.faults!);
  console.log([
    `Seed ${seed}`,
    plan.length > 0 ? `What is to go wrong:\n${plan.map((line) => `  ${line}`).join('\n')}` : 'Nothing is to go wrong.',
    history.toString(),
    `Operations: ${outcomes.join('; ')}`,
    ...(history.excused.size > 0 ? [`Excused: ${[...history.excused].join('; ')}`] : []),
    violations.length === 0 ? 'Every invariant holds.' : violations.map(({ invariant, at, facts }) => [
      `VIOLATED at ${seconds(at)} s, ${invariant}: ${facts}`,
      `  ${invariants.find(({ name }) => name === invariant)!.sentence}`,
    ].join('\n')).join('\n'),
  ].join('\n\n'));
  process.exitCode = violations.length === 0 ? 0 : 1;
}

/** One process per core. */
async function shareOut(from: number, runs: number, args: readonly string[]): Promise<void> {
  const began = process.hrtime.bigint();
  const parts = Math.min(availableParallelism(), runs);
  const wicked = wantedOf(args).length > 0 ? ['--wicked', args[args.indexOf('--wicked') + 1]] : [];
  const first = (part: number) => from + Math.floor(runs * part / parts);
  const summaries = await Promise.all(Array.from({ length: parts }, (_, part) => new Promise<Summary>((resolve, reject) => {
    const child = fork(__filename, ['--part', '--from', String(first(part)), '--runs', String(first(part + 1) - first(part)), ...wicked]);
    child.once('message', (summary) => resolve(summary as Summary));
    child.once('exit', (code) => reject(new Error(`a part of the runs ended with code ${code}`)));
  })));
  const covered = new Map<string, number>();
  for (const [what, times] of summaries.flatMap((summary) => Object.entries(summary.covered))) {
    covered.set(what, (covered.get(what) ?? 0) + times);
  }
  const failing = summaries.flatMap((summary) => summary.failing);
  const took = Number(process.hrtime.bigint() - began) / 1e9;
  console.log([
    ...[...covered].sort(([one], [other]) => one < other ? -1 : 1).map(([what, times]) => `${String(times).padStart(7)}  ${what}`),
    ...failing,
    `${runs} runs in ${took.toFixed(1)} s, ${(runs / took).toFixed(0)} a second, ${failing.length} of them with violations`,
  ].join('\n'));
  process.exitCode = failing.length === 0 ? 0 : 1;
}

async function tryMany(from: number, runs: number, wicked: readonly string[]): Promise<Summary> {
  const summary: Summary = { covered: {}, failing: [] };
  for (let seed = from; seed < from + runs; seed++) {
    const run = await simulate(seed, { wicked });
    const { violations } = run;
    for (const what of new Set([...whatIsCoveredBy(run), ...violations.map(({ invariant }) => `VIOLATED: ${invariant}`)])) {
      summary.covered[what] = (summary.covered[what] ?? 0) + 1;
    }
    if (violations.length > 0) {
      summary.failing.push(`seed ${seed}: ${violations.map(({ invariant, facts }) => `${invariant}: ${facts}`).join(' | ')}`);
    }
  }
  return summary;
}

function whatIsCoveredBy({ faults, outcomes, history, story }: Run): string[] {
  const { operations } = story.scenario;
  return [
    `faults that struck: ${faults.struck.size > 5 ? '6 or more' : faults.struck.size}`,
    ...[...faults.struck].map((fault) => `fault: ${fault}`),
    ...outcomes.map((outcome) => `operation: ${outcome}`),
    ...operations.flatMap(({ disturbance }) => disturbance ? [`disturbance: ${disturbance.what} ${disturbance.when}`] : []),
    ...(operations.some(({ noRollback }) => noRollback) ? ['without rollback'] : []),
    ...history.requests.flatMap(({ isRollback, type, run, closedBy, answer }) => {
      const kind = `request: ${isRollback ? 'rollback ' : ''}${type}${run ? '' : ' that runs nothing'}`;
      return [`${kind}, ${closedBy === 'answer' ? answer!.parsed?.Status : closedBy}`];
    }),
    ...(story.scenario.takesHours ? ['takes hours'] : []),
    ...history.requests.flatMap(({ run, first, properties, answer, type, number }) => [
      ...first!.number !== number ? ['request: goes on with a run'] : [],
      ...answer?.parsed?.Data?.Baton ? [`request: passes on what is ${passedOn(answer.parsed.Data.Baton).state}`] : [],
      ...properties.UsedAttributes && !properties.HasNextLeg && type !== 'Delete' ? [`request: for results, ${answer?.parsed?.Status}`] : [],
      ...(run?.Request.count ?? 1) > 1 ? ['request: for several tasks'] : [],
      ...run?.RetryAttempts ? ['request: with retryAttempts'] : [],
      ...run?.Request.startedBy ? ['request: with startedBy of the user'] : [],
    ]),
    ...history.tasks.map(({ life, toldToStopAt }) => `task: ${toldToStopAt === undefined ? life.name : 'told to stop'}`),
    ...history.invocations.map(({ hop }) => hop > 0 ? `invocation: continued for the ${hop}. time` : 'invocation: of CloudFormation'),
    ...history.invocations.map(({ end }) => `invocation: ${end}`),
    ...[...history.keys].map((key) => `says: ${key}`),
    ...[...history.excused].map((excuse) => `excuse: ${excuse}`),
  ];
}

void main(process.argv.slice(2));
