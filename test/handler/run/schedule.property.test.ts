import type { Task } from '@aws-sdk/client-ecs';
import * as fc from 'fast-check';
import { backoff } from '../../../lambda/retry';
import { deadline, passBatonAt, pollInterval } from '../../../lambda/run/schedule';
import { formatDuration } from '../../../lambda/verdict/message';
import { resourcesFor, reserveOf } from '../../../src/timing';

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

const NOW = Date.UTC(2026, 0, 1);
const runningFor = (ran: number): Task => ({ lastStatus: 'RUNNING', desiredStatus: 'RUNNING', startedAt: new Date(NOW - ran) });

test('the longer a task runs, the rarer it is looked at, but often enough for an answer within three seconds', () => {
  fc.assert(fc.property(milliseconds, milliseconds, (ran, more) => {
    const pause = pollInterval([runningFor(ran)], NOW);
    expect(pause).toBeGreaterThanOrEqual(1_000);
    expect(pollInterval([runningFor(ran + more)], NOW)).toBeGreaterThanOrEqual(pause);
    expect(pollInterval([runningFor(ran + more)], NOW)).toBeLessThanOrEqual(2_700);
  }));
});

test('a task costs fewer calls for each further second', () => {
  const calls = (seconds: number) => {
    let count = 0;
    for (let at = 0; at < seconds * 1_000; count++) {
      at += pollInterval([runningFor(at)], NOW);
    }
    return count;
  };
  fc.assert(fc.property(fc.integer({ min: 10, max: 1_800 }), (seconds) => {
    expect(calls(2 * seconds) - calls(seconds)).toBeLessThanOrEqual(calls(seconds) + 1);
  }), { numRuns: 20 });
});

test('several tasks are looked at as often as the one that needs it most, and those that have ended need it no more', () => {
  fc.assert(fc.property(fc.array(milliseconds, { minLength: 1, maxLength: 10 }), (ages) => {
    const ended: Task = { lastStatus: 'STOPPED', desiredStatus: 'STOPPED' };
    expect(pollInterval([ended, ...ages.map(runningFor)], NOW)).toBe(Math.min(...ages.map((ran) => pollInterval([runningFor(ran)], NOW))));
  }));
});

test.each<[string, Task[], number]>([
  ['that nothing has started for', [], 1_000],
  ['that is starting', [{ lastStatus: 'PENDING', desiredStatus: 'RUNNING' }], 2_000],
  ['that has started in the future of this clock', [runningFor(-5_000)], 1_000],
  ['that is stopping', [{ ...runningFor(3_000_000), lastStatus: 'STOPPING', desiredStatus: 'STOPPED' }], 1_000],
  ['whose network interface goes', [{ ...runningFor(3_000_000), lastStatus: 'DEPROVISIONING', desiredStatus: 'STOPPED' }], 1_000],
])('a request %s is looked at after this time', (_, tasks, pause) => {
  expect(pollInterval(tasks, NOW)).toBe(pause);
});

test('a hundred requests that ECS has throttled ask half as often as it allows', () => {
  fc.assert(fc.property(milliseconds, (ran) => {
    expect(100 * 1_000 / pollInterval([runningFor(ran)], NOW, true)).toBeLessThanOrEqual(20 / 2);
  }));
});

test('the end of an invocation leaves time for its beginning', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 900_000 }), (remaining) => {
    expect(reserveOf(remaining)).toBeGreaterThan(0);
    expect(reserveOf(remaining)).toBeLessThan(remaining);
    expect(reserveOf(remaining)).toBeLessThanOrEqual(reserveOf(remaining + 1));
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

test('an event that comes late leaves as much time for the answer as one that does not', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 3_600 }), fc.integer({ min: 0, max: 3_600 }), (seconds, late) => {
    const gaveUpAt = Math.min(seconds + 300, 3_600) * 1_000;
    expect(deadline({ TimeoutSeconds: seconds }, late * 1_000, 0)).toBeLessThanOrEqual(gaveUpAt - 150_000);
  }));
});

test('a task of more than an hour gets all its time from the resources that wait for it in turn, each within its own hour', () => {
  fc.assert(fc.property(fc.integer({ min: 3_601, max: 43_200 }), fc.integer({ min: 0, max: 10 }), (seconds, gap) => {
    const waiting = { TimeoutSeconds: seconds, PreviousLeg: { First: '', Baton: '' } };
    let sentAt = 0;
    for (let resource = 1; resource < resourcesFor(seconds); resource++) {
      const end = passBatonAt({ ...waiting, HasNextLeg: true }, sentAt);
      expect(end).toBeLessThan(sentAt + 3_600_000);
      expect(deadline({ ...waiting, HasNextLeg: true }, 0, sentAt)).toBe(seconds * 1_000);
      sentAt = end + gap * 1_000;
    }
    expect(deadline(waiting, 0, sentAt)).toBe(seconds * 1_000);
    expect(deadline(waiting, 0, sentAt)).toBeLessThan(sentAt + (3_600 - 150) * 1_000);
  }));
});

test.each([[76_400, '76 seconds'], [119_000, '119 seconds'], [120_000, '2 minutes'], [219_000, '3.7 minutes'], [3_420_000, '57 minutes']])(
  '%d ms are said to be %s', (time, said) => {
    expect(formatDuration(time)).toBe(said);
  });
