import type { Task } from '@aws-sdk/client-ecs';
import * as fc from 'fast-check';
import { backoff } from '../../../lambda/retry';
import { deadline, passBatonAt, pollInterval } from '../../../lambda/run/schedule';
import { formatDuration } from '../../../lambda/verdict/message';
import { reserveOf, resourcesFor, SEND_SECONDS, serviceTimeoutFor } from '../../../src/timing';

const attempts = fc.integer({ min: 1, max: 10_000 });
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const milliseconds = fc.integer({ min: 1, max: 12 * 3_600_000 });

test('the backoff is between one second and 30, and its bounds never shrink', () => {
  fc.assert(fc.property(attempts, random, (attempt, chance) => {
    const pause = backoff(attempt, chance);
    expect(pause).toBeGreaterThanOrEqual(1_000);
    expect(pause).toBeLessThanOrEqual(30_000);
    expect(backoff(attempt + 1, chance)).toBeGreaterThanOrEqual(pause);
  }));
});

test('the backoff of two attempts that fail together differs', () => {
  fc.assert(fc.property(attempts, (attempt) => {
    expect(backoff(attempt, 0.9)).toBeGreaterThan(1.3 * backoff(attempt, 0.1));
  }));
});

const NOW = Date.UTC(2026, 0, 1);
const runningFor = (ran: number): Task => ({ lastStatus: 'RUNNING', desiredStatus: 'RUNNING', startedAt: new Date(NOW - ran) });

test('the poll interval grows while a task runs, and stays below three seconds', () => {
  fc.assert(fc.property(milliseconds, milliseconds, (ran, more) => {
    const pause = pollInterval([runningFor(ran)], NOW);
    expect(pause).toBeGreaterThanOrEqual(1_000);
    expect(pollInterval([runningFor(ran + more)], NOW)).toBeGreaterThanOrEqual(pause);
    expect(pollInterval([runningFor(ran + more)], NOW)).toBeLessThanOrEqual(2_700);
  }));
});

test('a task needs fewer DescribeTasks calls per second the longer it runs', () => {
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

test('the poll interval of several tasks is the shortest interval of those that have not ended', () => {
  fc.assert(fc.property(fc.array(milliseconds, { minLength: 1, maxLength: 10 }), (ages) => {
    const ended: Task = { lastStatus: 'STOPPED', desiredStatus: 'STOPPED' };
    expect(pollInterval([ended, ...ages.map(runningFor)], NOW)).toBe(Math.min(...ages.map((ran) => pollInterval([runningFor(ran)], NOW))));
  }));
});

test.each<[string, Task[], number]>([
  ['before a task has started', [], 1_000],
  ['of a task that is starting', [{ lastStatus: 'PENDING', desiredStatus: 'RUNNING' }], 2_000],
  ['of a task that started in the future of this clock', [runningFor(-5_000)], 1_000],
  ['of a task that is stopping', [{ ...runningFor(3_000_000), lastStatus: 'STOPPING', desiredStatus: 'STOPPED' }], 1_000],
  ['of a task whose network interface is being removed', [{ ...runningFor(3_000_000), lastStatus: 'DEPROVISIONING', desiredStatus: 'STOPPED' }], 1_000],
])('the poll interval %s has its fixed value', (_, tasks, pause) => {
  expect(pollInterval(tasks, NOW)).toBe(pause);
});

test('a request that cannot look at its tasks calls as seldom as one whose task has run for long', () => {
  const blind = { of: 'status' as const, since: NOW - 60_000, reason: 'ServerException' };
  expect(pollInterval([], NOW, { blind })).toBe(pollInterval([runningFor(3_000_000)], NOW));
});

test('a hundred throttled requests together call DescribeTasks at half the rate limit', () => {
  fc.assert(fc.property(milliseconds, (ran) => {
    expect(100 * 1_000 / pollInterval([runningFor(ran)], NOW, { isThrottled: true })).toBeLessThanOrEqual(20 / 2);
  }));
});

test('the time that an invocation reserves for its end is less than its remaining time', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 900_000 }), (remaining) => {
    expect(reserveOf(remaining)).toBeGreaterThan(0);
    expect(reserveOf(remaining)).toBeLessThan(remaining);
    expect(reserveOf(remaining)).toBeLessThanOrEqual(reserveOf(remaining + 1));
  }));
});

/** When the answer has to be on its way, for a request that was sent at that time. */
const answerBy = (sentAt: number, timeoutSeconds: number) => sentAt + (serviceTimeoutFor(timeoutSeconds) - SEND_SECONDS) * 1_000;

test('the deadline is the timeout, unless stopping the task would make the answer late', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 3_600 }), (seconds) => {
    const allowed = deadline({ TimeoutSeconds: seconds }, 0, answerBy(0, seconds));
    expect(allowed).toBeLessThanOrEqual(seconds * 1_000);
    expect(allowed).toBeLessThanOrEqual((3_600 - 150) * 1_000); // two minutes to stop, and some for the answer
    expect(allowed).toBeGreaterThanOrEqual(Math.min(seconds, 3_000) * 1_000);
  }));
});

test('the deadline of a late event leaves as much time for the answer as that of a punctual event', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 3_600 }), fc.integer({ min: 0, max: 3_600 }), (seconds, late) => {
    const gaveUpAt = Math.min(seconds + 300, 3_600) * 1_000;
    expect(deadline({ TimeoutSeconds: seconds }, late * 1_000, answerBy(0, seconds))).toBeLessThanOrEqual(gaveUpAt - 150_000);
  }));
});

test('the deadline of a task of several hours is its timeout, and each resource stays within its own hour', () => {
  fc.assert(fc.property(fc.integer({ min: 3_601, max: 43_200 }), fc.integer({ min: 0, max: 10 }), (seconds, gap) => {
    const waiting = { TimeoutSeconds: seconds, PreviousLeg: { First: '', Baton: '' } };
    let sentAt = 0;
    for (let resource = 1; resource < resourcesFor(seconds); resource++) {
      const end = passBatonAt({ ...waiting, HasNextLeg: true }, sentAt);
      expect(end).toBeLessThan(sentAt + 3_600_000);
      expect(deadline({ ...waiting, HasNextLeg: true }, 0, answerBy(sentAt, seconds))).toBe(seconds * 1_000);
      sentAt = end + gap * 1_000;
    }
    expect(deadline(waiting, 0, answerBy(sentAt, seconds))).toBe(seconds * 1_000);
    expect(deadline(waiting, 0, answerBy(sentAt, seconds))).toBeLessThan(sentAt + (3_600 - 150) * 1_000);
  }));
});

test.each([[76_400, '76 seconds'], [119_000, '119 seconds'], [120_000, '2 minutes'], [219_000, '3.7 minutes'], [3_420_000, '57 minutes']])(
  'a duration of %d ms is written as %s', (time, text) => {
    expect(formatDuration(time)).toBe(text);
  });
