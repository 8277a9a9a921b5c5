/** Time as a transport reads it, in the hands of a test: no load of the machine makes a timeout expire. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { systemClock } from '../../src/core/clock.ts';

/** Of the same order as the intervals at which transports of tests look at the time. */
const STEP_MS = 5;
/** So many turns of the event loop mean that nothing will come. */
const MOST_TURNS = 60_000;

export interface StoppedTime {
  /** Lets so much time pass, at once, with each look at the clock that is due in it. */
  pass(ms: number): void;
  /** As much as it takes to stop a process and to let it go on: time passes, and nothing is run. */
  jump(ms: number): void;
  /** Lets time pass until the promise is settled. */
  passUntilSettled<T>(promise: Promise<T>): Promise<T>;
}

/**
 * Stops the clock and `setInterval`, by which a transport measures silence, slowness and the
 * length of attempts. Sockets and `setTimeout` go on. To be called before the transport is made.
 */
export function stopTime(context: TestContext): StoppedTime {
  let now = systemClock.now();
  context.mock.method(systemClock, 'now', () => now);
  context.mock.timers.enable({ apis: ['setInterval'] });
  const pass = (ms: number): void => {
    for (const end = now + ms; now < end; ) {
      now += STEP_MS;
      context.mock.timers.tick(STEP_MS);
    }
  };
  return {
    pass,
    jump(ms) {
      now += ms;
    },
    async passUntilSettled(promise) {
      let isSettled = false;
      const settle = (): void => {
        isSettled = true;
      };
      promise.then(settle, settle);
      while (!isSettled) {
        pass(STEP_MS);
        await new Promise(setImmediate);
      }
      return await promise;
    },
  };
}

/** Waits, by turns of the event loop, for what sockets must bring. */
export async function until(isThere: () => boolean): Promise<void> {
  for (let turn = 0; !isThere(); turn += 1) {
    if (turn > 1000) await new Promise((next) => setTimeout(next, 1));
    assert.ok(turn < MOST_TURNS, 'it never came');
    await new Promise(setImmediate);
  }
}
