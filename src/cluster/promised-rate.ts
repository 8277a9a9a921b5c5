/**
 * A rate that the user set is a promise to the server: no window of it holds more. So what starts may be late, and what
 * requests may need until they are on their way, is taken off the rate.
 */
import type { Rate } from '../core/units.ts';

/** A start that is later than this part of the rate's window is dropped: late ones would make a burst with those after them. */
const LATE_PART = 0.018;
const LEAST_LATE_MS = 18;
const MOST_LATE_MS = 500;
/** For so long the requests of a new worker may wait for a connection, and so late they may arrive. */
const CONNECTS_MS = 1000;
const CONNECT_MS = 100;

/** By how much a start may be late, in milliseconds. */
export function lateMsOf(windowMs: number): number {
  return Math.min(MOST_LATE_MS, Math.max(LEAST_LATE_MS, LATE_PART * windowMs));
}

/** @param sinceMs how long the newest of its workers has been there */
export function promisedPerMs(rate: Rate | null, sinceMs: number): number {
  if (rate === null) return Number.POSITIVE_INFINITY;
  const { count, perMs } = rate;
  return count / (perMs + lateMsOf(perMs) + (sinceMs < CONNECTS_MS ? CONNECT_MS : 0));
}
