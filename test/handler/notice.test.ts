import { readFileSync, statSync } from 'node:fs';
import * as path from 'node:path';

const ROOT = path.join(__dirname, '..', '..');
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');
const BUNDLE = 'assets/lambda/handler/index.js';

const { bytes, inputs } = JSON.parse(read('dist/bundle.json')).outputs[BUNDLE] as { bytes: number; inputs: object };

/** Folders of the packages with a file of which something is in the bundle. */
const folders = [...new Set(Object.keys(inputs).flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? []))];
const packages = folders.map((folder) => {
  const { name, version } = JSON.parse(read(`${folder}/package.json`));
  return { title: `${name} ${version}`, license: read(`${folder}/LICENSE`).trim() };
});

test('the list of inputs matches the bundle', () => {
  expect(bytes).toBe(statSync(path.join(ROOT, BUNDLE)).size);
  expect(packages.map(({ title }) => title.replace(/ .*/, ''))).toContain('@aws-sdk/client-ecs');
});

test('NOTICE names the packages that the bundle contains, and no others', () => {
  const named = [...read('NOTICE').matchAll(/^={80}\n((?:.+\n)+)={80}\n/gm)].flatMap(([, titles]) => titles.trim().split('\n'));

  expect(named.sort()).toEqual(packages.map(({ title }) => title).sort());
});

test.each(packages)('NOTICE has the licence of $title', ({ title, license }) => {
  const chapter = read('NOTICE').split(`${title}\n`)[1].split(/^={80}\n/m);

  expect(chapter[1].trim()).toBe(license);
});

test('the SBOM lists the same packages', () => {
  const { bomFormat, components } = JSON.parse(read('dist/sbom.cdx.json'));

  expect(bomFormat).toBe('CycloneDX');
  expect(components.map(({ group, name, version }: any) => `${group ? `${group}/` : ''}${name} ${version}`).sort())
    .toEqual(packages.map(({ title }) => title).sort());
});
