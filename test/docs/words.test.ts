import { readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import { filesOf, messages } from './messages';

const ROOT = path.join(__dirname, '..', '..');

/** Wording that a reader stumbles over, and what to write instead. An exception is a text that contains the pattern, with the reason. */
const WORDING: ReadonlyArray<{ pattern: RegExp; instead: string; exceptions?: ReadonlyArray<{ text: string; reason: string }> }> = [
  // Sentences that have to be read twice
  { pattern: /\bof which\b|\bof whom\b/, instead: 'two sentences, or "each" or "their"' },
  { pattern: /(^|[.:;|] )Of (a|an|the|all|several|different)\b/, instead: 'a sentence that begins with its subject' },
  { pattern: /\bwhat [^.;:|,()]{1,60} what\b/i, instead: 'the names of the things' },
  { pattern: /\b(who|what|where)ever\b/i, instead: 'the name of the thing or the person' },
  { pattern: /\b(no|some)body\b/i, instead: 'who acts: CloudFormation, ECS, the function, a person' },
  { pattern: /, and not\b/, instead: '"only" or "instead of"' },
  { pattern: /\bno \w+ but\b/, instead: '"only"' },
  // Who acts, in the words of the field
  { pattern: /\btells?\b|\btold\b/i, instead: 'report, return, show, set' },
  {
    pattern: /\brefuse[sd]?\b/i,
    instead: 'reject',
    exceptions: [{ text: 'A connection timed out (x, x) or was refused', reason: 'the words of TCP: connection refused' }],
  },
  { pattern: /\b(try|tries|tried) again\b/i, instead: 'retry' },
  { pattern: /\btime-outs?\b/i, instead: 'timeout' },
  { pattern: /\bby hand\b/i, instead: 'manually' },
  { pattern: /\b(takes?|took) (the|a) request\b|\bdid not take\b/, instead: 'accept, reject' },
  { pattern: /\blet(s|ting)? (in|wait|\w+ wait)\b/, instead: 'allow, make X wait for' },
  { pattern: /\bknown everywhere\b|\bget about\b/, instead: 'propagate' },
  { pattern: /\b(is|are|was|were|be|nearly) over\b/, instead: 'ended' },
  { pattern: /\b(is|are|was|were|be) there\b(?! (a|an|any|no)\b)/, instead: 'exist' },
  { pattern: /\b(go|goes|going|went) on\b(?! (for|to) )/, instead: 'continue' },
  { pattern: /\b(come|comes|came) back\b/, instead: 'return' },
  { pattern: /\bstands?\b(?! for\b)/, instead: 'is, has' },
  { pattern: /\b(has|have|had) to be\b/, instead: 'must' },
  // Old or vague words
  { pattern: /\banew\b|\bmend(s|ed)?\b|\bat hand\b|\bin the making\b/, instead: 'again, fix, available, in progress' },
  { pattern: /\bbeside\b/, instead: 'with, next to, in addition to' },
  { pattern: /\bby then\b/, instead: 'before' },
  { pattern: /\bfor ever\b/, instead: 'permanently, never changes' },
  { pattern: /\bany ?more\b/, instead: 'no longer' },
  { pattern: /\bof (its|their|your|our|his) own\b(?! (stacks|definition|values)\b)/, instead: '"its own", "your own" before the noun' },
  { pattern: /\b(as well|also)([.;)]|$)/, instead: '"too", or "also" before the verb' },
];

const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');

interface Text { readonly name: string; readonly text: string }

/** The prose of each section of a page: without code, the addresses of links, the names of tests, and the titles of documents. */
function sectionsOf(page: string): Text[] {
  const prose = read(page)
    .replace(/^```[^]*?^```/gm, '')
    .replace(/`[^`]*`/g, 'x')
    .replace(/\]\([^)]*\)/g, ']')
    .replace(/"[^"\n]*"/g, '"x"')
    .replace(/(?<![*\w])\*[^*\n]+\*(?!\*)/g, 'x');
  return prose.split(/^(?=## )/m).map((text, index) => ({ name: index ? `${page} ${/^## (.*)/.exec(text)![1]}` : page, text }));
}

/** The comments of a file: docstrings become API.md and the help of each language. */
function commentsOf(file: string): string {
  const comments = read(file).matchAll(/\/\*\*[^]*?\*\/|(?:^ *\/\/ .*\n)+|\/\/ .*/gm);
  return [...comments].map(([text]) => text.replace(/^\s*(?:\/?\*+\/?|\/\/)/gm, '').replace(/`[^`]*`/g, 'x')).join('\n\n');
}

/** The names of tests, except those in a table of `test.each`. */
function testNamesOf(file: string): string {
  const names = read(file).matchAll(/(?:\b(?:test|describe)|\]\)|\.each\([^()]+\))\(\s*(['"`])((?:\\.|(?!\1).)+)\1/g);
  return [...names].map(([, , name]) => name).join('\n\n');
}

const pages = ['README.md', 'SECURITY.md', 'CONTRIBUTING.md', 'test/README.md', 'examples/README.md',
  ...readdirSync(path.join(ROOT, 'docs')).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)];
const publicFiles = new Set([...read('src/index.ts').matchAll(/from '\.\/(.*)'/g)].map(([, name]) => `src/${name}.ts`));

const texts: Text[] = [
  ...pages.flatMap(sectionsOf),
  ...['bench', 'examples', 'lambda', 'projenrc', 'src'].flatMap(filesOf).map((file) => ({ name: file, text: commentsOf(file) })),
  ...filesOf('test').filter((file) => file.endsWith('.test.ts')).map((file) => ({ name: file, text: testNamesOf(file) })),
  { name: 'messages', text: messages().map(({ text }) => text).join('\n\n') },
];

/** A sentence can be spread over several lines. */
function sentencesOf(text: string): string[] {
  return text.split(/\n\s*\n|\n(?=[-|#\d]|\s*@)|(?<=[.:;]) | \| /).map((sentence) => sentence.replace(/\s+/g, ' ').trim());
}

function violationsIn(text: string): string[] {
  return sentencesOf(text).flatMap((sentence) => WORDING
    .filter(({ pattern, exceptions = [] }) => pattern.test(sentence) && !exceptions.some((exception) => sentence.includes(exception.text)))
    .map(({ pattern, instead }) => `"${pattern.exec(sentence)![0].trim()}" in "${sentence}". Write: ${instead}`));
}

test.each([...publicFiles])('the docstrings of %s have an at sign only before a tag: elsewhere it ends the text in API.md and in all languages', (file) => {
  const lines = [...read(file).matchAll(/\/\*\*[^]*?\*\//g)].flatMap(([text]) => text.split('\n'));

  expect(lines.filter((line) => /[^\s*/].*@/.test(line))).toEqual([]);
});

test.each(texts)('$name has no wording that readers stumble over', ({ text }) => {
  expect(violationsIn(text)).toEqual([]);
});

test.each(WORDING.flatMap(({ pattern, exceptions = [] }) => exceptions.map(({ text }) => ({ pattern, text }))))(
  'the exception "$text" is still needed', ({ pattern, text }) => {
    expect(texts.flatMap((one) => sentencesOf(one.text)).filter((sentence) => pattern.test(sentence) && sentence.includes(text))).not.toEqual([]);
  });

test.each([
  ['For longer timeouts the stack has several, of which each goes on waiting.', ['of which', 'goes on']],
  ['Nothing tells whether the task is over.', ['tells', 'is over']],
  ['The task ended, so the function stopped waiting.', []],
])('finds the patterns in "%s"', (sentence, found) => {
  expect(violationsIn(sentence).map((violation) => /^"([^"]+)"/.exec(violation)![1])).toEqual(found);
});
