/** When the simulated world begins. */
export const START = Date.UTC(2026, 0, 1);

export const SECOND = 1_000;
export const MINUTE = 60_000;
export const HOUR = 3_600_000;

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly ring: () => void;
}

/** Virtual time: jumps to the next timer when nothing is left to do at the current time. */
export class Clock {
  now = START;
  private order = 0;
  /** A binary heap, the earliest timer first; of two timers for the same time, the one that was set first. */
  private readonly timers: Timer[] = [];

  after(milliseconds: number, ring: () => void): void {
    const { timers } = this;
    timers.push({ at: this.now + Math.max(0, milliseconds), order: this.order++, ring });
    for (let child = timers.length - 1; child > 0;) {
      const parent = Math.floor((child - 1) / 2);
      if (!isBefore(timers[child], timers[parent])) {
        break;
      }
      [timers[child], timers[parent]] = [timers[parent], timers[child]];
      child = parent;
    }
  }

  sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => this.after(milliseconds, resolve));
  }

  /** Advances time until no timer is left. */
  async run(): Promise<void> {
    for (;;) {
      await microtasksDone();
      const timer = this.earliest();
      if (!timer) {
        return;
      }
      this.now = timer.at;
      timer.ring();
    }
  }

  private earliest(): Timer | undefined {
    const { timers } = this;
    const first = timers[0];
    const last = timers.pop();
    if (last && timers.length > 0) {
      timers[0] = last;
      for (let parent = 0; ;) {
        const left = 2 * parent + 1;
        const right = left + 1;
        const child = right < timers.length && isBefore(timers[right], timers[left]) ? right : left;
        if (child >= timers.length || !isBefore(timers[child], timers[parent])) {
          break;
        }
        [timers[child], timers[parent]] = [timers[parent], timers[child]];
        parent = child;
      }
    }
    return first;
  }
}

function isBefore(one: Timer, other: Timer): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}

/** Node.js runs its tick queue when no microtask is left. A setImmediate would do the same at several times the cost. */
function microtasksDone(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

/** The seconds since the world began, as text. */
export function seconds(at: number): string {
  return ((at - START) / SECOND).toFixed(1);
}

/* eslint-disable no-bitwise -- what such generators are made of */

/** Returns the same numbers for the same seed (mulberry32). */
export class Random {
  constructor(private state: number) {}

  /** A separate generator for one part of the world, so that the other parts do not change when this part draws more. */
  fork(part: string): Random {
    let state = this.state;
    for (const character of part) {
      state = Math.imul(state ^ character.charCodeAt(0), 0x9e3779b1) >>> 0;
    }
    return new Random(state ^ (state >>> 15));
  }

  /** A number from 0 to 1. */
  next = (): number => {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  between(least: number, most: number): number {
    return least + this.next() * (most - least);
  }

  whole(least: number, most: number): number {
    return Math.floor(this.between(least, most + 1));
  }

  /** Every order of magnitude is equally likely. */
  magnitude(least: number, most: number): number {
    return least * (most / least) ** this.next();
  }

  pick<T>(from: readonly T[]): T {
    return from[this.whole(0, from.length - 1)];
  }

  /** Returns one of the keys, with the number as its weight. */
  weighted<K extends string>(weights: { readonly [key in K]: number }): K {
    const entries = Object.entries(weights) as Array<[K, number]>;
    let left = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    return (entries.find(([, weight]) => (left -= weight) < 0) ?? entries[entries.length - 1])[0];
  }
}
