import { invariants, Violation } from './invariants';
import type { Change } from './lambda';
import { lifeOf } from './lives';
import { mutants } from './mutants';
import { PROPERTIES } from './scenarios/telling';
import { check, play, simulate } from './simulate';
import { WICKED } from './wicked';

const SEEDS = 2_000;
/** The number of seeds within which each mutant must be noticed. */
const SEEDS_OF_MUTANT = 300;

test(`in ${SEEDS} simulated worlds every invariant holds`, async () => {
  const failing: string[] = [];
  const struck = new Set<string>();
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { violations, faults } = await simulate(seed);
    failing.push(...violations.map((violation) => report(seed, violation)));
    faults.struck.forEach((fault) => struck.add(fault));
  }
  expect(failing.slice(0, 10)).toEqual([]);
  // A fault that never happens tests nothing.
  expect(WICKED.filter(({ isOn, name, notedAs = name }) => isOn && !struck.has(notedAs)).map(({ name }) => name)).toEqual([]);
}, 300_000);

test.each(mutants)('$name: breaks "$breaks"', async ({ breaks, seed, wicked, ...change }) => {
  expect(invariants.map(({ name }) => name)).toContain(breaks);
  expect(await firstSeedThatBreaks(breaks, change, wicked, seed)).toBeDefined();
}, 120_000);

test('the same seed gives the same story', async () => {
  const [one, other] = [await simulate(7), await simulate(7)];
  expect(one.history.toString()).toBe(other.history.toString());
});

test('a story needs no seed', async () => {
  const run = await play({
    seed: 0,
    scenario: {
      operations: [{ kind: 'create', after: 0, properties: PROPERTIES }, { kind: 'delete the stack', after: 60 }],
      families: { migrate: [{ name: 'app', essential: true }] },
      consistency: { unknown: 0, unlisted: 0, stale: 0, pageSize: 100 },
      fargate: true,
    },
    nextLife: () => lifeOf('app', 40, 0),
  });
  expect(run.outcomes).toEqual(['create -> CREATE_COMPLETE', 'delete the stack -> DELETE_COMPLETE']);
  expect(check(run)).toEqual([]);
});

async function firstSeedThatBreaks(invariant: string, change: Change, wicked?: readonly string[], known?: number): Promise<number | undefined> {
  for (const seed of known ? [known] : Array.from({ length: SEEDS_OF_MUTANT }, (_, index) => index + 1)) {
    // A violation that also happens without the mutation does not count.
    if (await isViolated(invariant, seed, wicked, change) && !await isViolated(invariant, seed, wicked)) {
      return seed;
    }
  }
  return undefined;
}

async function isViolated(invariant: string, seed: number, wicked?: readonly string[], change?: Change): Promise<boolean> {
  return (await simulate(seed, { change, wicked, isPlain: true })).violations.some((violation) => violation.invariant === invariant);
}

function report(seed: number, { invariant, facts }: Violation): string {
  return `${invariant}: ${facts} (npm run simulate -- --seed ${seed})`;
}
