import { existsSync, readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import { messages } from './messages';
import { START_FAILURES } from '../lambda/causes';

const ROOT = path.join(__dirname, '..');

/** All that people read, but what is generated. */
const PAGES = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md') && name !== 'API.md'),
  ...readdirSync(path.join(ROOT, 'docs')).map((name) => `docs/${name}`),
  ...readdirSync(path.join(ROOT, 'examples'), { recursive: true, encoding: 'utf8' }).filter((name) => /(?<!node_modules.*)\.md$/.test(name)).map((name) => `examples/${name}`),
];

const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');
const withoutCode = (text: string) => text.replace(/^```[^]*?^```/gm, '');

describe('docs/troubleshooting.md', () => {
  const bold = /\*\*`([^`]+)`\*\*/g;
  const inTable = /^\| `([^`]+)` \|/gm;
  const entries = [bold, inTable]
    .flatMap((pattern) => [...read('docs/troubleshooting.md').matchAll(pattern)])
    .map(([, text]) => text.replace(/\s+/g, ' '));
  const all = messages();

  test('is held against all messages of the library', () => {
    expect(all.length).toBeGreaterThan(120);
  });

  test.each(all.map(({ text, file, pattern }) => [text, file, pattern] as const))('has an entry for "%s" of %s', (text, _, pattern) => {
    expect(entries.some((entry) => pattern.test(entry)) ? text : entries).toBe(text);
  });

  test.each(entries)('has no entry for what the library does not say: %s', (entry) => {
    const [, why] = /^Container "<name>" exited with code \d+: (.*)$/.exec(entry) ?? [];

    expect(all.some(({ pattern }) => pattern.test(entry)) || START_FAILURES.some(({ means }) => means === why)).toBe(true);
  });

  test('has each entry once', () => {
    expect(entries.filter((entry, index) => entries.indexOf(entry) !== index)).toEqual([]);
  });
});

describe('links', () => {
  /** As GitHub makes them. */
  const fragmentsOf = (page: string): string[] => {
    const slugs = [...withoutCode(read(page)).matchAll(/^#+ (.*)$/gm)]
      .map(([, heading]) => heading.trim().toLowerCase().replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[^\p{L}\p{N} _-]/gu, '').replace(/ /g, '-'));
    return slugs.map((slug, index) => {
      const before = slugs.slice(0, index).filter((other) => other === slug).length;
      return before > 0 ? `${slug}-${before}` : slug;
    });
  };

  test.each(PAGES)('of %s lead to files and headings that are there', (page) => {
    const links = [...withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target).filter((target) => !/^[a-z]+:/.test(target));
    const broken = links.filter((link) => {
      const [file, fragment] = link.split('#');
      const target = file ? path.join(path.dirname(page), file) : page;
      return !existsSync(path.join(ROOT, target)) || (fragment !== undefined && !fragmentsOf(target).includes(fragment));
    });

    expect(broken).toEqual([]);
  });
});
