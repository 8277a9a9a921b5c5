/** How long a page waits until it is tried again. */

const BACKOFF_BASE_MS = 500;
const BACKOFF_CAP_MS = 30_000;

/** How long a page waits that the server is still making, as long as it does not say. */
const NOT_READY_MS = 500;
const NOT_READY_GROWTH = 1.5;
const NOT_READY_CAP_MS = 5_000;

/**
 * How long one page waits before its next attempt: exponential backoff with full jitter
 * (delay = random × min(cap, base × 2^(n−1))). It spreads clients best and costs least total work.
 * Source: AWS Architecture Blog, "Exponential Backoff And Jitter" (2015).
 * @param failures attempts of this page that failed so far, from 1
 * @param random a number in [0, 1)
 * @returns milliseconds
 */
export function backoffDelayMs(failures: number, random: number): number {
  const ceiling = Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** (failures - 1));
  return random * ceiling;
}

/**
 * How long one page waits that the server is still making (202).
 * @param asked how often it was not ready so far, from 1
 */
export function notReadyDelayMs(asked: number): number {
  return Math.min(NOT_READY_CAP_MS, NOT_READY_MS * NOT_READY_GROWTH ** (asked - 1));
}

/**
 * The same after a refusal that may be a limit: half of it for certain, so that the retries of one page
 * do not all fall into a window of a second.
 */
export function refusalDelayMs(failures: number, random: number): number {
  const least = backoffDelayMs(failures, 0.5);
  return least + random * least;
}
