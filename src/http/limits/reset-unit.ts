/**
 * Finds the unit of a bare `…-Reset` number from how it goes on: seconds from now fall by one a
 * second, milliseconds by a thousand, and what stays the same while requests are counted is no time
 * from now at all but the length of a window.
 */
import { LONGEST_RESET_MS } from './stated-limit.ts';

export interface ResetReading {
  readonly resetMs: number | null;
  /** Set once the number turned out to be the length of the window. */
  readonly windowMs: number | null;
}

/** Whole seconds show their fall only over some time. */
const SHORTEST_FALL_MS = 2_000;
/** A number that has stood still for so long is no countdown, however late its answers came. */
const STANDSTILL_MS = 5_000;
/** Answers overtake each other, and clocks of servers are read at different moments. */
const SLACK = 0.4;

type Unit = 'unknown' | 'seconds' | 'milliseconds' | 'window';

/** What is known of one header of one bucket. */
export class ResetUnit {
  #unit: Unit = 'unknown';
  /** Where the current fall or standstill began. */
  #from: { readonly value: number; readonly at: number; readonly remaining: number | null } | null =
    null;

  /**
   * @param remaining requests left, which rise when a window begins anew
   * @param now milliseconds that never run backwards
   */
  read(value: number, remaining: number | null, now: number): ResetReading {
    this.#settle(value, remaining, now);
    if (this.#unit === 'milliseconds') return { resetMs: within(value), windowMs: null };
    const ms = within(value * 1_000);
    if (this.#unit !== 'window') return { resetMs: ms, windowMs: null };
    // Within the window the end is unknown; with nothing left it comes a whole window later at most.
    return { resetMs: remaining === 0 ? ms : null, windowMs: ms };
  }

  #settle(value: number, remaining: number | null, now: number): void {
    if (this.#unit === 'seconds' || this.#unit === 'milliseconds') return;
    const from = this.#from;
    const isRenewed =
      from === null ||
      value > from.value ||
      (remaining !== null && from.remaining !== null && remaining > from.remaining);
    if (isRenewed) {
      this.#from = { value, at: now, remaining };
      return;
    }
    const elapsedMs = now - from.at;
    const fall = from.value - value;
    if (fall === 0) {
      const isCounted = remaining !== null && from.remaining !== null && remaining < from.remaining;
      if (elapsedMs >= STANDSTILL_MS && isCounted) this.#unit = 'window';
    } else if (isNear(fall, elapsedMs) && elapsedMs > 100) {
      this.#unit = 'milliseconds';
    } else if (elapsedMs >= SHORTEST_FALL_MS && isNear(fall, elapsedMs / 1_000, 1)) {
      this.#unit = 'seconds';
    }
  }
}

function isNear(fall: number, expected: number, rounding = 0): boolean {
  return Math.abs(fall - expected) <= expected * SLACK + rounding;
}

function within(ms: number): number | null {
  return ms <= LONGEST_RESET_MS ? ms : null;
}
