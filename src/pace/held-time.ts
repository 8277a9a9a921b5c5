/**
 * How long a rate is held before the next is tried. A refusal costs what its pause loses. So a rate is
 * held longer where a pause loses more, and where there is less to find out.
 */

export interface Held {
  /** The rate, per millisecond. */
  readonly rate: number;
  readonly isSlow: boolean;
  /** How many refusals there were, and how many in a row told the same of a window. */
  readonly events: number;
  readonly agreements: number;
  readonly isWindow: boolean;
  readonly longestPauseMs: number;
  readonly lastPauseMs: number;
}

/** What is believed of the limiter; rates per millisecond. */
export interface Known {
  readonly low: number;
  readonly high: number;
  readonly burst: number;
  readonly doubts: number;
}

/** So many refusals must come where the estimate predicts them before it is trusted. */
export const DOUBTS = 3;
/** A cruise: time, requests, and times what a pause loses. */
const CRUISE_MS = 15_000;
const CRUISE_REQUESTS = 300;
const CRUISE_SLOW_REQUESTS = 450;
const LOSSES_AT_FIRST = 15;
const LOSSES = 120;
/** The first cruise is shorter by this, and the next ones double. */
const FIRST_PART = 1 / 8;
const FIRST_SLOW_PART = 1 / 4;
/** A probe: time, requests, or until it has proved something. */
const PROBE_MS = 1000;
const PROBE_REQUESTS = 10;
const UNSURE = 1.05;
const SOON_EMPTY_MS = 3000;
const LONGEST_PROOF_MS = 7000;
/** A step of a measurement. */
const MEASURE_MS = 250;
const MEASURE_REQUESTS = 8;

export function cruiseMs(held: Held, { low, burst, doubts }: Known): number {
  const { rate, isSlow, events, agreements, lastPauseMs } = held;
  // While the server's bucket is full, a pause costs.
  const lostMs = low === 0 ? 0 : Math.max(0, lastPauseMs - burst / low);
  const part = Math.min(1, 2 ** (events - 1) * (isSlow ? FIRST_SLOW_PART : FIRST_PART));
  const requests = isSlow ? CRUISE_SLOW_REQUESTS : CRUISE_REQUESTS;
  const losses = doubts === DOUBTS ? LOSSES_AT_FIRST : LOSSES;
  return Math.max(part * 2 ** agreements * Math.max(CRUISE_MS, requests / rate), losses * lostMs);
}

export function measureMs({ rate, isWindow, longestPauseMs }: Held): number {
  const pauseMs = isWindow ? longestPauseMs : 0;
  return Math.max(MEASURE_MS, MEASURE_REQUESTS / rate, pauseMs);
}

export function probeMs(held: Held, { low, high, burst, doubts }: Known): number {
  const { rate, isWindow, longestPauseMs } = held;
  const pauseMs = isWindow ? 2 * longestPauseMs : 0;
  const emptyMs = rate > low ? burst / (rate - low) : 0;
  // Long enough to prove something, as long as little is known.
  const isUnsure = high > UNSURE * low && !isWindow && doubts > 0;
  // A step that soon empties the server's bucket is held until it has done so.
  const isEnough = doubts === 0 && emptyMs < SOON_EMPTY_MS;
  const proofMs = isUnsure ? 2 * emptyMs : isEnough ? 1.5 * emptyMs : 0;
  return Math.max(PROBE_MS, PROBE_REQUESTS / rate, pauseMs, Math.min(LONGEST_PROOF_MS, proofMs));
}
