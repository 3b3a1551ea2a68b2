import { readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';

const ROOT = path.join(__dirname, '..');
const WORKFLOWS = path.join(ROOT, '.github', 'workflows');
const actions = readdirSync(WORKFLOWS).flatMap((file) =>
  [...readFileSync(path.join(WORKFLOWS, file), 'utf8').matchAll(/^\s*(?:- )?uses: (\S+)/gm)].map(([, action]) => [file, action] as const));

test('the workflows pin every action by its commit (projenrc/workflows.ts)', () => {
  expect(actions.length).toBeGreaterThan(30);
  expect(actions.filter(([, action]) => !/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/.test(action))).toEqual([]);
});

test('the integration tests are started manually, and get their credentials from OIDC alone', () => {
  const workflow = readFileSync(path.join(WORKFLOWS, 'integ.yml'), 'utf8');

  expect(/^on:\n((?: .*\n)+)/m.exec(workflow)![1].match(/^ {2}\w+/gm)).toEqual(['  workflow_dispatch']);
  expect(workflow).toContain('id-token: write');
  expect(workflow).not.toMatch(/secrets\.|access-key/);
});

test('the gate of GitHub runs every lane of .ci/run', () => {
  const script = readFileSync(path.join(ROOT, '.ci', 'run'), 'utf8');
  const lanes = [...script.matchAll(/^(\w+)\(\) \{\n(?= {2}step )/gm)].map(([, name]) => name);
  const [, matrix] = /lane:\n((?: +- \w+\n)+)/.exec(readFileSync(path.join(WORKFLOWS, 'build.yml'), 'utf8'))!;

  expect(lanes).toContain('engines');
  expect([...matrix.matchAll(/- (\w+)/g)].map(([, name]) => name)).toEqual(lanes);
});

test.each([['.', 400], ['test/integ', 10]])('the lock file in %s leaves the choice of the registry to the configuration of its reader', (folder, size) => {
  const lock = readFileSync(path.join(ROOT, folder, 'package-lock.json'), 'utf8');
  const { packages } = JSON.parse(lock) as { packages: { [name: string]: { resolved?: string } } };

  expect(Object.keys(packages).length).toBeGreaterThan(size);
  expect(Object.entries(packages).filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
});
