/**
 * What stands in a `…-Reset` header: a moment, a time from now, or a number that could be either.
 */

import { parseMoment } from './moment.ts';
import { durationMs, LONGEST_RESET_MS, plainNumber } from './stated-limit.ts';

export type ResetValue =
  /** Milliseconds since 1970. */
  | { readonly kind: 'moment'; readonly at: number }
  /** With its unit: nothing is left to find out. */
  | { readonly kind: 'span'; readonly ms: number }
  /** A bare number: most probably seconds from now. */
  | { readonly kind: 'number'; readonly value: number };

const EPOCH_MS = 1e12;
const EPOCH_S = 1e9;

/** @returns null for what is none of these */
export function parseReset(text: string, wallTime: number): ResetValue | null {
  const value = plainNumber(text);
  if (value !== null) {
    if (value >= EPOCH_MS) return { kind: 'moment', at: value };
    if (value >= EPOCH_S) return { kind: 'moment', at: value * 1_000 };
    return { kind: 'number', value };
  }
  const ms = durationMs(text);
  if (ms !== null) return { kind: 'span', ms };
  // Without a zone it is UTC, as everything that HTTP dates.
  const moment = parseMoment(text, wallTime);
  return moment === null || moment.unknownZone ? null : { kind: 'moment', at: moment.at };
}

/** A moment this far past is another clock's; one just past is a window that ends now. */
const PAST_TOLERANCE_MS = 60_000;

/**
 * Time from a response to a moment it named.
 *
 * @param sentAt when the response was sent, by the clock the moment is of
 */
export function untilMoment(at: number, sentAt: number): number | null {
  const ms = at - sentAt;
  if (ms < -PAST_TOLERANCE_MS || ms > LONGEST_RESET_MS) return null;
  return Math.max(0, ms);
}

/**
 * When the response was sent by its own clock: `Date`, and what a cache adds to it (RFC 9111 §4.2.3).
 * The machine's own time where it has none.
 */
export function sentAt(date: string | null, age: string | null, wallTime: number): number {
  const stated = date === null ? null : parseMoment(date, wallTime);
  if (stated?.unknownZone !== null) return wallTime;
  return stated.at + (age === null ? 0 : (plainNumber(age) ?? 0) * 1_000);
}

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

/**
 * Finds the unit of one header's bare `…-Reset` number from how it changes: seconds from now fall by
 * one a second, milliseconds by a thousand, and what stays the same while requests are counted is no
 * time from now at all but the length of a window.
 */
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
