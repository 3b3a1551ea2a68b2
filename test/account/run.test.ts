import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineCheck, confirmed, refuted } from './checks/check';
import { mask } from './mask';
import { dollars } from './plan';
import { findingsOf, judge, writeReport } from './report';
import { decideStart, readState, remainingChecks, RunState, writeState } from './run-state';

const account = { id: '210987654321', region: 'eu-west-1' };

const state = (more: Partial<RunState> = {}): RunState => ({
  runId: '1a2b3c4d',
  account: account.id,
  region: account.region,
  image: 'busybox',
  checks: ['one', 'two'],
  startedAt: '2026-11-28T12:00:00.000Z',
  phase: 'checking',
  results: { one: { seconds: 12.3, evidence: { arn: `arn:aws:ecs:eu-west-1:${account.id}:task/c/1`, reads: [1, 2] } } },
  ...more,
});

describe('the start of a run', () => {
  test('is a new run if no other run has left anything', () => {
    expect(decideStart(false, undefined, [])).toEqual({ kind: 'new' });
    expect(decideStart(false, state({ phase: 'done' }), [])).toEqual({ kind: 'new' });
  });

  test.each([true, false])('is rejected if the account has resources of a run from another machine (--resume: %s)', (resume) => {
    expect(decideStart(resume, state(), ['1a2b3c4d', '99999999'])).toEqual({
      kind: 'refuse',
      because: 'There are resources of another run in this account and Region: 99999999. If nobody is running it, delete them with --clean-up 99999999.',
    });
  });

  test('is rejected if a run is unfinished, with the command that continues it', () => {
    expect(decideStart(false, state(), ['1a2b3c4d'])).toEqual({
      kind: 'refuse',
      because: 'Run 1a2b3c4d is unfinished: 1 of 2 checks are done. Continue with --resume, or delete what it created with --clean-up 1a2b3c4d.',
    });
  });

  test.each(['checking', 'cleaning up'] as const)('resumes a run that was interrupted while %s, even before it had created anything', (phase) => {
    const unfinished = state({ phase });
    expect(decideStart(true, unfinished, [])).toEqual({ kind: 'resume', state: unfinished });
  });

  test('is rejected if there is nothing to resume', () => {
    const because = 'There is no unfinished run to resume in this account and Region.';
    expect(decideStart(true, undefined, [])).toEqual({ kind: 'refuse', because });
    expect(decideStart(true, state({ phase: 'done' }), [])).toEqual({ kind: 'refuse', because });
  });

  test('repeats the interrupted check, but no finished one', () => {
    expect(remainingChecks(state())).toEqual(['two']);
  });
});

describe('the state file', () => {
  let folder: string;
  beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'verify-account-')); });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('exists after each step, only for its account and Region', () => {
    writeState(state(), folder);
    expect(readState(account, folder)).toEqual(state());
    writeState(state({ phase: 'done' }), folder);
    expect(readState(account, folder)?.phase).toBe('done');
    expect(readState({ ...account, region: 'us-east-1' }, folder)).toBeUndefined();
    expect(readdirSync(folder)).toHaveLength(1);
  });
});

describe('the mask', () => {
  test.each([
    [`arn:aws:ecs:eu-west-1:${account.id}:cluster/c`, 'arn:aws:ecs:eu-west-1:111122223333:cluster/c'],
    ['key AKIAIOSFODNN7EXAMPLE', 'key AKIA****************'],
    ['https://b.s3.amazonaws.com/k?X-Amz-Signature=abc&X-Amz-Date=1', 'https://b.s3.amazonaws.com/k?X-Amz-Signature=****&X-Amz-Date=****'],
  ])('hides what identifies the account or gives access to it: %s', (text, masked) => {
    expect(mask(text, account.id)).toBe(masked);
  });
});

test('a cost is rounded up to a tenth of a cent', () => {
  expect([0, 0.0001, 0.01, 0.1101].map(dollars)).toEqual(['0.000 USD', '0.001 USD', '0.010 USD', '0.111 USD']);
});

describe('the report', () => {
  const one = defineCheck<{ reads: number[] }>({
    id: 'one',
    does: '',
    creates: '',
    minutes: 1,
    usage: {},
    beliefs: [
      { believed: 'Reads | are numbers.', judge: ({ reads }) => confirmed(`${reads.length} reads.`), ifRefuted: 'a' },
      { believed: 'There is one.', judge: () => refuted('There were two.'), ifRefuted: 'Read `once`.', onlyOnAws: 'it has none.' },
    ],
    observe: async () => ({ reads: [] }),
  });
  const two = { ...one, id: 'two' };
  const reportOf = (run: RunState, isLocalEngine = false, left: string[] = []) =>
    writeReport({ state: run, checks: [one, two], isLocalEngine, version: 'v1', left });

  test('shows for each belief what was seen, what a refuted one means for the code, and the evidence, without the account id', () => {
    const report = reportOf(state({ checks: ['one'] }));
    expect(report.slice(0, report.indexOf('### Not checked'))).toBe([
      '## verify:account 1a2b3c4d',
      '',
      'Version v1, Region eu-west-1, begun 2026-11-28T12:00:00.000Z.',
      '1 confirmed, 1 refuted, 0 not seen.',
      'Everything that the run created is deleted.',
      '',
      '| verdict | believed | seen | check |',
      '|---|---|---|---|',
      '| confirmed | Reads \\| are numbers. | 2 reads. | `one` |',
      '| **refuted** | There is one. | There were two. | `one` |',
      '',
      '### What it means for the code',
      '',
      '- refuted: There is one. → Read `once`.',
      '- The other findings change nothing.',
      '', '',
    ].join('\n'));
    expect(report.slice(report.indexOf('### Evidence'))).toBe([
      '### Evidence', '',
      '<details><summary>one (12 s)</summary>', '',
      '```json',
      '{', '  "arn": "arn:aws:ecs:eu-west-1:111122223333:task/c/1",', '  "reads": [', '    1,', '    2', '  ]', '}',
      '```', '', '</details>', '', '',
    ].join('\n'));
    expect(report).not.toContain(account.id);
  });

  test('says what becomes possible when a belief is confirmed, and when nothing changes', () => {
    const confirmedOnly = (ifConfirmed?: string) => writeReport({
      state: state({ checks: ['one'] }), checks: [{ ...one, beliefs: [{ ...one.beliefs[0], ifConfirmed }] }], isLocalEngine: false, version: 'v1', left: [],
    });
    expect(confirmedOnly('Drop it.')).toContain('\n- confirmed: Reads | are numbers. → Drop it.\n');
    expect(confirmedOnly()).toContain('\n### What it means for the code\n\nThese findings change nothing.\n');
  });

  test('names what could not be deleted', () => {
    expect(reportOf(state({ checks: ['one'] }), false, ['arn:x'])).toContain('\n**Not cleaned up:** arn:x\n');
  });

  test('of a failed check shows the failure for each of its beliefs', () => {
    const failed = state({ results: { one: { seconds: 1, error: 'AccessDenied: no\nmore' } }, checks: ['one'] });
    expect(findingsOf(failed, [one, two], false).map(({ verdict, seen }) => [verdict, seen])).toEqual([
      ['not seen', 'The check failed: AccessDenied: no'],
      ['not seen', 'The check failed: AccessDenied: no'],
    ]);
    expect(reportOf(failed)).toContain('{"error":"AccessDenied: no\\nmore"}');
  });

  test('names what the local engine cannot show, even if it cannot run the check at all', () => {
    expect(judge(one, state().results.one, true).map(({ verdict, seen }) => [verdict, seen])).toEqual([
      ['confirmed', '2 reads.'],
      ['not seen', 'The local engine cannot show it: it has none.'],
    ]);
    const aws = { ...two, beliefs: [one.beliefs[1]] };
    expect(findingsOf(state(), [one, aws], true).at(-1)).toMatchObject({ check: { id: 'two' }, seen: 'The local engine cannot show it: it has none.' });
    expect(reportOf(state({ checks: ['one'] }), true)).toContain('**On a local engine, not on AWS.** Version v1');
  });

  test('fits into an issue: the evidence of confirmed checks is only in the file next to it', () => {
    const big = { seconds: 1, evidence: { reads: Array.from({ length: 20_000 }, (_, index) => index) } };
    const settled = { ...one, beliefs: [one.beliefs[0]] };
    const report = writeReport({ state: state({ results: { one: big } }), checks: [settled], isLocalEngine: false, version: 'v1', left: [] });
    expect(report.length).toBeLessThan(65_536);
    expect(report).toMatch(/The evidence of the other checks is in the file beside the report\.\n$/);
  });
});
