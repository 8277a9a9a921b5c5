/**
 * How long one page waits before its next attempt: exponential backoff with full jitter
 * (delay = random × min(cap, base × 2^(n−1))), which spreads clients best and costs least total
 * work; source: AWS Architecture Blog, "Exponential Backoff And Jitter" (2015).
 */
const BACKOFF_BASE_MS = 500;
const BACKOFF_CAP_MS = 30_000;

/**
 * @param failures attempts of this page that failed so far, from 1
 * @param random a number in [0, 1)
 * @returns milliseconds
 */
export function backoffDelayMs(failures: number, random: number): number {
  const ceiling = Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** (failures - 1));
  return random * ceiling;
}
