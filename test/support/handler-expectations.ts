import type { Answered, FakeAws } from './fake-aws';

export function expectSuccess(answer: Answered, more: object = {}): void {
  expect(answer).toMatchObject({ Status: 'SUCCESS', ...more });
}

/** FAILED, with a key part of the message. */
export function expectFailed(answer: Answered, part?: string | RegExp): void {
  const Reason = part instanceof RegExp ? expect.stringMatching(part) : expect.stringContaining(part ?? '');
  expect(answer).toMatchObject({ Status: 'FAILED', Reason });
}

export function expectStarted(world: FakeAws, count: number): void {
  expect(world.tasks).toHaveLength(count);
}

/** The function called StopTask once for each of these tasks, and for no other: the first task that was started is number 1. */
export function expectStopped(world: FakeAws, ...numbers: number[]): void {
  expect(world.callsOf('StopTask').map(({ task }) => task)).toEqual(numbers.map((number) => world.tasks[number - 1].taskArn));
}

export function expectNoneStopped(world: FakeAws): void {
  expect(world.callsOf('StopTask')).toEqual([]);
}
