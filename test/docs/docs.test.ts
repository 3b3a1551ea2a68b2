import { readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import * as ts from 'typescript';
import { filesOf, messages, unfoundTexts } from './messages';
import { START_FAILURES } from '../../lambda/verdict/causes';
import { invariants } from '../simulation/invariants';

const ROOT = path.join(__dirname, '..', '..');

/** All that people read, but what is generated. */
const PAGES = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md') && name !== 'API.md'),
  ...readdirSync(path.join(ROOT, 'docs')).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`),
  ...readdirSync(path.join(ROOT, 'examples'), { recursive: true, encoding: 'utf8' }).filter((name) => /(?<!(node_modules|\.venv).*)\.md$/.test(name)).map((name) => `examples/${name}`),
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

  test('is compared with all messages of the library', () => {
    expect(all.length).toBeGreaterThan(120);
  });

  test.each(all.map(({ text, file, pattern }) => [text, file, pattern] as const))('has an entry for "%s" of %s', (text, _, pattern) => {
    expect(entries.some((entry) => pattern.test(entry)) ? text : entries).toBe(text);
  });

  test('misses no text of src', () => {
    expect(filesOf('src').filter((file) => file !== 'src/function/nag.ts').flatMap(unfoundTexts)).toEqual([]); // reasons for cdk-nag
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
  test('of the README are absolute, since the registries show it without the other files', () => {
    const links = [...withoutCode(read('README.md')).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target);

    expect(links.filter((link) => !/^https:|^#/.test(link))).toEqual([]);
  });
});

describe('tests that are named', () => {
  /** `[test/some.test.ts](...) "its name", "another"`, or an invariant of the simulation. */
  const named = PAGES.flatMap((page) => [...read(page).matchAll(/\[(test\/[^\]]+\.ts)\]\([^)]+\)((?:,? "[^"]+")*)/g)]
    .map(([, file, names]) => [page, file, [...names.matchAll(/"([^"]+)"/g)].map(([, name]) => name)] as const));

  test('are many', () => {
    expect(named.length).toBeGreaterThan(40);
  });

  test.each(named)('in %s are in %s: %s', (_, file, names) => {
    const source = read(file).replace(/\\'/g, "'");

    const there = file.endsWith('invariants.ts') ? invariants.map(({ name }) => name) : names.filter((name) => source.includes(name));
    expect(there).toEqual(expect.arrayContaining(names));
  });
});

test('every snippet of docs/ compiles, as those of the README do', () => {
  const [before, after] = read('rosetta/default.ts-fixture').split('/// here');
  const snippets = new Map<string, string>();
  for (const page of PAGES.filter((name) => name !== 'README.md')) {
    for (const [index, [, code]] of [...read(page).matchAll(/^```ts\n([^]*?)^```/gm)].entries()) {
      snippets.set(path.join(ROOT, 'test', `${page.replace(/\W/g, '-')}-${index + 1}.ts`), before + code + after);
    }
  }
  const { config } = ts.readConfigFile(path.join(ROOT, 'test', 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, path.join(ROOT, 'test'));
  const compiler: ts.CompilerOptions = { ...options, noUnusedLocals: false, noUnusedParameters: false };
  const host = ts.createCompilerHost(compiler);
  const { fileExists, getSourceFile, readFile } = host;
  host.fileExists = (name) => snippets.has(name) || fileExists(name);
  host.readFile = (name) => snippets.get(name) ?? readFile(name);
  host.getSourceFile = (name, ...rest) => {
    const snippet = snippets.get(name);
    return snippet === undefined ? getSourceFile(name, ...rest) : ts.createSourceFile(name, snippet, ts.ScriptTarget.ES2022, true);
  };
  const program = ts.createProgram([...snippets.keys()], compiler, host);

  const problems = [...snippets.keys()].flatMap((name) => {
    const file = program.getSourceFile(name)!;
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]
      .map(({ messageText }) => `${path.basename(name)}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`);
  });
  expect(snippets.size).toBeGreaterThan(10);
  expect(problems).toEqual([]);
}, 120_000);
