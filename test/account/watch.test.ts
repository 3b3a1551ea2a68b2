import { findRequests, findStates, secondsUntil } from './evidence';
import { countByAge, findLostTimes, findStaleReads, findUnexpectedMoves, Period, Read, summarizeReads } from './watch';
import { create, FakeAws, fails, MINUTE } from '../support/fake-aws';

const at = (seconds: number) => Date.parse('2026-11-28T12:00:00Z') + seconds * 1000;

/** Reads that were sent at these seconds, with responses half a second later. */
const reads = (...given: Array<[number, string, string?]>): Read[] =>
  given.map(([seconds, status, lastUpdated]) => ({ sentAt: at(seconds), receivedAt: at(seconds + 0.5), status, lastUpdated }));

describe('reads of a stack', () => {
  test('that are equal in a row are one period', () => {
    expect(summarizeReads(reads([0, 'A'], [1, 'A'], [2, 'B'], [3, 'A']))).toEqual([
      { from: '2026-11-28T12:00:00.000Z', to: '2026-11-28T12:00:01.500Z', reads: 2, status: 'A' },
      { from: '2026-11-28T12:00:02.000Z', to: '2026-11-28T12:00:02.500Z', reads: 1, status: 'B' },
      { from: '2026-11-28T12:00:03.000Z', to: '2026-11-28T12:00:03.500Z', reads: 1, status: 'A' },
    ]);
  });

  test('are stale when they were sent after a newer state had been answered', () => {
    expect(findStaleReads(reads([0, 'OLD', '1'], [1, 'NEW', '2'], [4, 'OLD', '1'], [5, 'NEW', '2']))).toEqual([
      { at: '2026-11-28T12:00:04.000Z', status: 'OLD', after: 'NEW', ageMs: 2500 },
    ]);
  });

  test('are not stale when they were under way when the state changed, or when the same status comes again in the next operation', () => {
    expect(findStaleReads(reads([0, 'OLD'], [1, 'NEW'], [1.4, 'OLD']))).toEqual([]);
    expect(findStaleReads(reads([0, 'SAME'], [1, 'ThrottlingException'], [2, 'SAME']))).toEqual([]);
    expect(findStaleReads(reads([0, 'DONE', '1'], [1, 'BUSY', '2'], [2, 'DONE', '2'], [3, 'BUSY', '3'], [4, 'DONE', '3']))).toEqual([]);
  });
});

test('stale reads are counted by their age', () => {
  expect(countByAge([0, 1000, 1001, 5000, 60_000, 60_001].map((ageMs) => ({ ageMs })))).toBe('2 by up to 1 s, 2 by up to 5 s, 1 by up to 60 s, 1 by more than 60 s');
  expect(countByAge([])).toBe('');
});

test('the time until an event is counted from the last event of the other status before it', () => {
  const events = [[0, 'UPDATE_IN_PROGRESS'], [10, 'UPDATE_COMPLETE'], [20, 'UPDATE_IN_PROGRESS'], [81, 'UPDATE_FAILED'], [90, 'UPDATE_IN_PROGRESS']]
    .map(([seconds, status]) => ({ at: new Date(at(seconds as number)).toISOString(), resource: 'Resource', status: status as string }));
  expect(secondsUntil(events, 'UPDATE_FAILED', 'UPDATE_IN_PROGRESS')).toBe(61);
  expect(secondsUntil(events, 'DELETE_FAILED', 'DELETE_IN_PROGRESS')).toBeUndefined();
  expect(secondsUntil(events.slice(3), 'UPDATE_FAILED', 'UPDATE_IN_PROGRESS')).toBeUndefined();
});

describe('LastUpdatedTime', () => {
  const periods = (...given: Array<[string, string?]>): Period[] => given.map(([status, lastUpdated]) => ({ from: '', to: '', reads: 1, status, lastUpdated }));

  test('can move when an operation begins', () => {
    expect(findUnexpectedMoves(periods(
      ['unknown'], ['REVIEW_IN_PROGRESS'], ['CREATE_IN_PROGRESS'], ['CREATE_COMPLETE'], ['UPDATE_IN_PROGRESS', '1'], ['UPDATE_COMPLETE', '1'],
      ['UPDATE_IN_PROGRESS', '2'], ['UPDATE_ROLLBACK_IN_PROGRESS', '2'], ['UPDATE_ROLLBACK_COMPLETE', '2'], ['ThrottlingException'],
    ))).toEqual([]);
  });

  test.each<[string, Array<[string, string?]>, string]>([
    ['at the beginning of a rollback', [['UPDATE_IN_PROGRESS', '1'], ['UPDATE_ROLLBACK_IN_PROGRESS', '2']], 'It moved from 1 to 2 at UPDATE_ROLLBACK_IN_PROGRESS.'],
    ['in the middle of an operation', [['UPDATE_IN_PROGRESS', '1'], ['UPDATE_IN_PROGRESS', '2']], 'It moved from 1 to 2 at UPDATE_IN_PROGRESS.'],
    ['when nothing happens', [['UPDATE_IN_PROGRESS', '1'], ['UPDATE_COMPLETE', '1'], ['UPDATE_COMPLETE', '2']], 'It moved from 1 to 2 at UPDATE_COMPLETE.'],
    ['before the first update', [['CREATE_IN_PROGRESS', '1']], 'It was 1 at CREATE_IN_PROGRESS, before the first update.'],
  ])('must not move %s', (_, given, sentence) => {
    expect(findUnexpectedMoves(periods(...given))).toEqual([sentence]);
  });

  test('is lost if an earlier read had it and a later status has not; an error is no status', () => {
    expect(findLostTimes(periods(['CREATE_COMPLETE'], ['UPDATE_IN_PROGRESS', '1'], ['ThrottlingException'], ['UPDATE_COMPLETE'], ['UPDATE_COMPLETE', '1']))).toEqual(['UPDATE_COMPLETE']);
    expect(findLostTimes(periods(['CREATE_COMPLETE'], ['ThrottlingException'], ['UPDATE_IN_PROGRESS', '1']))).toEqual([]);
  });

  test('is not judged by stale reads', () => {
    expect(findUnexpectedMoves(periods(['UPDATE_IN_PROGRESS', '1'], ['UPDATE_COMPLETE', '1'], ['UPDATE_IN_PROGRESS', '2'], ['UPDATE_COMPLETE', '1'], ['UPDATE_IN_PROGRESS', '2'])))
      .toEqual([]);
  });
});

test('requests are taken from the log of the function, each once, even if another invocation continues them', () => {
  const received = (words: string, resource: string, request: string, state = 'RECEIVED') => `INFO ${words} {"state":"${state}","resource":"${resource}","request":"${request}","seconds":0}`;
  const log = [
    received('Create of Run1A', 'Run1A', 'r-1'), received('Create of Run1A', 'Run1A', 'r-1', 'CONTINUED'), received('Create of Run1A', 'Run1A', 'r-1'),
    received('Update of Other', 'Other', 'r-2'), received('the task is RUNNING', 'Run1A', 'r-1', 'RUNNING'), received('Delete of Run1A', 'Run1A', 'r-3'),
  ].map((text, index) => ({ at: String(index), text }));
  expect(findRequests(log, 'Run')).toEqual([
    { at: '0', type: 'Create', resource: 'Run1A', request: 'r-1' },
    { at: '5', type: 'Delete', resource: 'Run1A', request: 'r-3' },
  ]);
});

test('the lines of the log that a check looks for are those that the function writes', async () => {
  const world = new FakeAws();
  world.faults.DescribeTasks = [fails('AccessDeniedException')];
  await world.invoke(create(), MINUTE);
  const log = world.lines.map((text) => ({ at: '0', text }));
  expect(findRequests(log, 'Migration')).toEqual([{ at: '0', type: 'Create', resource: 'Migration', request: 'c0ffee00-create' }]);
  expect(findStates(log, 'UNKNOWN')).toHaveLength(1);
  expect(findStates(log, 'HANDED_OVER')).toHaveLength(1);
});
