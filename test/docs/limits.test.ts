import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { messages } from './messages';
import { LIMITS } from '../../src/request/validation/limits';

const ROOT = path.join(__dirname, '..', '..');
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');

/** Each row of docs/limits.md. */
const rows = [...read('docs/limits.md').matchAll(/^\| `(.+)` \| (.+) \| `(.+)` \| (.+) \| (.+) \|$/gm)].map(([, props, limit, error, page, tests]) => ({
  props: props.split('`, `'), limit, error: error.replace(/<.+?>/, '<...>'), page, tests: [...tests.matchAll(/"([^"]+)"/g)].map(([, name]) => name),
}));

/** What the library says about the request, without what it says about its own props. */
const errors = messages().filter(({ file }) => /validation\/(labels|network|overrides|placement|strategies|volumes)\.ts$/.test(file))
  .map(({ text }) => text).filter((text) => !/the reserved (key|tag)/.test(text));

const source = read('test/construct/validation.test.ts').replace(/\\'/g, "'") + read('test/construct/imports.test.ts');

describe('docs/limits.md', () => {
  test('has a row for each limit of the code', () => {
    expect(Object.keys(LIMITS).filter((name) => !rows.some(({ props }) => props.includes(name)))).toEqual([]);
  });

  test.each(Object.entries(LIMITS))('has the numbers of %s', (name, numbers) => {
    const limits = rows.filter(({ props }) => props.includes(name)).map(({ limit }) => limit).join('; ');

    const expected = numbers.filter((number) => number > 0 && number < Infinity).map((number) => number.toLocaleString('en-US'));
    expect(expected.filter((number) => !new RegExp(`\\b${number}\\b`).test(limits))).toEqual([]);
  });

  test.each(errors)('has a row for the error "%s"', (error) => {
    expect(rows.filter((row) => error.startsWith(row.error)).length).toBeGreaterThan(0);
  });

  test.each(rows.map((row) => [row.error, row] as const))('has no row for an error that the library does not have: %s', (error, { page, tests }) => {
    expect(messages().some(({ text }) => text.startsWith(error))).toBe(true);
    expect(page).toMatch(/^\[(\w+)\]\(https:\/\/docs\.aws\.amazon\.com\/AmazonECS\/latest\/APIReference\/API_\1\.html\)$/);
    expect(tests).not.toEqual([]);
    expect(tests.filter((name) => !source.includes(`'${name}'`))).toEqual([]);
  });
});
