import { retryAfterMs } from '../retry-after.ts';
import type { HeaderValues } from '../transport.ts';
import { LONGEST_RESET_MS, plainNumber } from './stated-limit.ts';

/** Azure and OpenAI say it finer than in seconds; some gateways say it under a name of their own. */
const VENDOR_WAITS: readonly (readonly [string, number])[] = [
  ['retry-after-ms', 1],
  ['x-ms-retry-after-ms', 1],
  ['x-retry-after', 1_000],
];

/**
 * How long a refusal asks to wait; `Retry-After` wins over all.
 *
 * @returns milliseconds, or null where nothing says so in a form that can be read
 */
export function statedWaitMs(headers: HeaderValues, wallTime: number): number | null {
  const standard = retryAfterMs(headers, wallTime);
  if (standard !== null) return standard;
  for (const [name, unitMs] of VENDOR_WAITS) {
    const value = headers[name];
    const amount = typeof value === 'string' ? plainNumber(value.trim()) : null;
    const ms = amount === null ? 0 : amount * unitMs;
    if (ms > 0 && ms <= LONGEST_RESET_MS) return ms;
  }
  return null;
}
