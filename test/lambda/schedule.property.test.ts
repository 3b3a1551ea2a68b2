import * as fc from 'fast-check';
import { backoff, deadline, passOnAt, pollInterval, reserve } from '../../lambda/schedule';
import { resourcesFor } from '../../src/contract';

const attempts = fc.integer({ min: 1, max: 10_000 });
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const milliseconds = fc.integer({ min: 1, max: 12 * 3_600_000 });

test('the time before the next attempt is between one second and 30, and its bounds never shrink', () => {
  fc.assert(fc.property(attempts, random, (attempt, chance) => {
    const pause = backoff(attempt, chance);
    expect(pause).toBeGreaterThanOrEqual(1_000);
    expect(pause).toBeLessThanOrEqual(30_000);
    expect(backoff(attempt + 1, chance)).toBeGreaterThanOrEqual(pause);
  }));
});

test('two attempts that fail together need not be made again together', () => {
  fc.assert(fc.property(attempts, (attempt) => {
    expect(backoff(attempt, 0.9)).toBeGreaterThan(1.3 * backoff(attempt, 0.1));
  }));
});

test('the longer a task runs, the rarer it is looked at, but every three seconds at least', () => {
  fc.assert(fc.property(milliseconds, milliseconds, (elapsed, more) => {
    expect(pollInterval(elapsed)).toBeGreaterThanOrEqual(1_000);
    expect(pollInterval(elapsed + more)).toBeGreaterThanOrEqual(pollInterval(elapsed));
    expect(pollInterval(elapsed + more)).toBeLessThanOrEqual(3_000);
  }));
});

test('the end of an invocation leaves time for its beginning', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 900_000 }), (remaining) => {
    expect(reserve(remaining)).toBeGreaterThan(0);
    expect(reserve(remaining)).toBeLessThan(remaining);
    expect(reserve(remaining)).toBeLessThanOrEqual(reserve(remaining + 1));
  }));
});

test('a task gets the time that the user allows, unless stopping it would make the answer late', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 3_600 }), (seconds) => {
    const allowed = deadline({ TimeoutSeconds: seconds }, 0, 0);
    expect(allowed).toBeLessThanOrEqual(seconds * 1_000);
    expect(allowed).toBeLessThanOrEqual((3_600 - 150) * 1_000); // two minutes to stop, and some for the answer
    expect(allowed).toBeGreaterThanOrEqual(Math.min(seconds, 3_000) * 1_000);
  }));
});

test('a task of more than an hour gets all its time from the resources that wait for it in turn, each within its own hour', () => {
  fc.assert(fc.property(fc.integer({ min: 3_601, max: 43_200 }), fc.integer({ min: 0, max: 10 }), (seconds, gap) => {
    const waiting = { TimeoutSeconds: seconds, Continues: { First: '', From: '' } };
    let sentAt = 0;
    for (let resource = 1; resource < resourcesFor(seconds); resource++) {
      const end = passOnAt({ ...waiting, IsContinued: true }, sentAt);
      expect(end).toBeLessThan(sentAt + 3_600_000);
      expect(deadline({ ...waiting, IsContinued: true }, 0, sentAt)).toBe(seconds * 1_000);
      sentAt = end + gap * 1_000;
    }
    expect(deadline(waiting, 0, sentAt)).toBe(seconds * 1_000);
    expect(deadline(waiting, 0, sentAt)).toBeLessThan(sentAt + (3_600 - 150) * 1_000);
  }));
});
