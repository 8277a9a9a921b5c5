/**
 * How long a rate is held before the next is tried. A refusal costs what its pause loses. So a rate is
 * held longer where a pause loses more, and where there is less to find out.
 */
import { LONG_PAUSE_MS } from './window-mode.ts';

/** What the search knows of the limiter; rates per millisecond. */
export interface Known {
  readonly rate: number;
  readonly low: number;
  readonly high: number;
  readonly burst: number;
  /** How many more refusals must come where the fit predicts them before it is trusted. */
  readonly doubts: number;
  readonly isSlow: boolean;
  /** How many refusals there were, and how many in a row told the same of a window. */
  readonly events: number;
  readonly agreements: number;
  readonly isWindow: boolean;
  readonly longestPauseMs: number;
  /** What the last pause lost: the time in which the server's bucket was full. */
  readonly lostMs: number;
}

/** So many refusals must come where the estimate predicts them before it is trusted. */
export const DOUBTS = 3;
/** A cruise: time, requests, and times what a pause loses. */
const CRUISE_MS = 15_000;
const CRUISE_REQUESTS = 300;
const CRUISE_SLOW_REQUESTS = 450;
const LOSSES_AT_FIRST = 15;
const LOSSES = 80;
const LOSSES_TRUSTED = 160;
/** The first cruises are shorter by these, and double. */
const FIRST_PART = 1 / 8;
const FIRST_SLOW_PART = 1 / 4;
const WIDE = 1.15;
/** A probe: time, requests, or until it has proved something. */
const PROBE_MS = 1000;
const PROBE_REQUESTS = 10;
const UNSURE = 1.05;
const SOON_EMPTY_MS = 3000;
const LONGEST_PROOF_MS = 20_000;
/** A step of a measurement, at first and later. */
const MEASURE_MS = 250;
const MEASURE_AGAIN_MS = 400;
const MEASURE_REQUESTS = 8;

export function cruiseMs(known: Known): number {
  const { rate, low, high, doubts, isSlow, events, agreements, lostMs } = known;
  const part = Math.min(1, 2 ** (events - 1) * (isSlow ? FIRST_SLOW_PART : FIRST_PART));
  const requests = isSlow ? CRUISE_SLOW_REQUESTS : CRUISE_REQUESTS;
  const isNew = doubts === DOUBTS || (doubts > 0 && high > WIDE * low);
  const losses = isNew ? LOSSES_AT_FIRST : doubts === 0 ? LOSSES_TRUSTED : LOSSES;
  return Math.max(part * 2 ** agreements * Math.max(CRUISE_MS, requests / rate), losses * lostMs);
}

/** @param isAgain whether something was measured before */
export function measureMs({ rate, longestPauseMs }: Known, isAgain: boolean): number {
  const pauseMs = longestPauseMs > LONG_PAUSE_MS ? longestPauseMs : 0;
  return Math.max(isAgain ? MEASURE_AGAIN_MS : MEASURE_MS, MEASURE_REQUESTS / rate, pauseMs);
}

export function probeMs(known: Known): number {
  const { rate, low, high, burst, doubts, isWindow, longestPauseMs } = known;
  const pauseMs = longestPauseMs > LONG_PAUSE_MS ? 2 * longestPauseMs : 0;
  const emptyMs = rate > low ? burst / (rate - low) : 0;
  // Long enough to prove something, as long as little is known.
  const isUnsure = high > UNSURE * low && !isWindow && doubts > 0;
  // A step that soon empties the server's bucket is held until it has done so.
  const isEnough = doubts === 0 && emptyMs < SOON_EMPTY_MS;
  const proofMs = isUnsure ? 2 * emptyMs : isEnough ? 1.5 * emptyMs : 0;
  return Math.max(PROBE_MS, PROBE_REQUESTS / rate, pauseMs, Math.min(LONGEST_PROOF_MS, proofMs));
}
