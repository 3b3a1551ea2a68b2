import { expectedToFail, scenarios } from './scenarios';
import { findingsOf, storyOfScenario } from './scenarios/telling';
import { play } from './simulate';

test.each(scenarios)('$name', async (scenario) => {
  const findings = findingsOf(await play(storyOfScenario(scenario)), scenario);
  if (expectedToFail.includes(scenario.name)) {
    expect(findings).not.toEqual([]);
  } else {
    expect(findings).toEqual([]);
  }
}, 60_000);

test('the scenarios that are expected to fail exist, each with its own name', () => {
  const names = scenarios.map(({ name }) => name);
  expect(names).toEqual([...new Set(names)]);
  expect(names).toEqual(expect.arrayContaining(expectedToFail));
});
