/**
 * `Retry-After` (RFC 9110 §10.2.3): delay-seconds or an HTTP-date (§5.6.7) in one of its three
 * forms. The grammar is matched before anything is converted, because a lenient date parser reads
 * `5` as a year.
 */

import type { Hint, Limit, WaitSource } from '../../core/hint.ts';
import type { HeaderValues } from '../transport.ts';
import { LONGEST_RESET_MS, plainNumber } from './stated-limit.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const MONTH = MONTHS.join('|');
/** Longer waits end beyond what a date can name; a hundred years are as good as never. */
const LONGEST_MS = 100 * 366 * 86_400_000;
const SECONDS = /^\d+(?:\.\d+)?$/;
const IMF_FIXDATE = new RegExp(
  `^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\\d{2}) (${MONTH}) (\\d{4}) (\\d{2}):(\\d{2}):(\\d{2}) GMT$`,
);
const RFC850_DATE = new RegExp(
  `^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (\\d{2})-(${MONTH})-(\\d{2}) (\\d{2}):(\\d{2}):(\\d{2}) GMT$`,
);
const ASCTIME_DATE = new RegExp(
  `^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (${MONTH}) ([ \\d]\\d) (\\d{2}):(\\d{2}):(\\d{2}) (\\d{4})$`,
);

/**
 * @param value an HTTP-date
 * @param wallTime now, to place the two-digit years of RFC 850 dates
 * @returns milliseconds since 1970, or null where the text is not an HTTP-date
 */
export function parseHttpDate(value: string, wallTime: number): number | null {
  let match = IMF_FIXDATE.exec(value);
  if (match) return utc(Number(match[3]), match[2], match[1], match[4], match[5], match[6]);
  match = RFC850_DATE.exec(value);
  if (match) {
    // RFC 9110 §5.6.7: more than 50 years ahead means the most recent past year with those digits.
    const thisYear = new Date(wallTime).getUTCFullYear();
    let year = Math.floor(thisYear / 100) * 100 + Number(match[3]);
    if (year > thisYear + 50) year -= 100;
    else if (year <= thisYear - 50) year += 100;
    return utc(year, match[2], match[1], match[4], match[5], match[6]);
  }
  match = ASCTIME_DATE.exec(value);
  if (match) return utc(Number(match[6]), match[1], match[2], match[3], match[4], match[5]);
  return null;
}

type Digits = string | undefined;

function utc(
  year: number,
  month: Digits,
  day: Digits,
  h: Digits,
  m: Digits,
  s: Digits,
): number | null {
  const [d, hours, minutes, seconds] = [Number(day), Number(h), Number(m), Number(s)];
  // 60 is a leap second.
  if (d < 1 || d > 31 || hours > 23 || minutes > 59 || seconds > 60) return null;
  return Date.UTC(year, MONTHS.indexOf(month ?? ''), d, hours, minutes, seconds);
}

/**
 * How long the response asks us to wait.
 *
 * A date is read against the response's own `Date`, so that a client clock that is wrong by an hour
 * neither sends early nor waits an hour more.
 *
 * @returns milliseconds, or null where the header is absent, malformed, repeated, zero or past
 */
export function retryAfterMs(headers: HeaderValues, wallTime: number): number | null {
  const value = headers['retry-after'];
  if (typeof value !== 'string') return null;
  const text = value.trim();
  let waitMs: number;
  if (SECONDS.test(text)) {
    waitMs = Number(text) * 1000;
  } else {
    const until = parseHttpDate(text, wallTime);
    if (until === null) return null;
    const date = headers['date'];
    const sent = typeof date === 'string' ? parseHttpDate(date.trim(), wallTime) : null;
    waitMs = until - (sent ?? wallTime);
  }
  return waitMs > 0 ? Math.min(waitMs, LONGEST_MS) : null;
}

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

export interface RefusalWait {
  /** Null where the server named no time. */
  readonly waitMs: number | null;
  readonly waitFrom: WaitSource | null;
}

/** A window that has no stated end is waited out whole where it is as short as this (HubSpot's 10 s). */
const SHORT_WINDOW_MS = 10_000;

/** When the headers of a refusal say that a limit was met, and until when. */
export function isExhausted({ limits }: Hint): boolean {
  return limits.some(({ remaining }) => remaining === 0);
}

/** Whether a status that can mean something else means a limit: a wait is named, or nothing is left. */
export function isRefusal(hint: Hint): boolean {
  return hint.waitMs !== null || isExhausted(hint);
}

export function refusalWait(hint: Hint): RefusalWait {
  if (hint.waitMs !== null) return { waitMs: hint.waitMs, waitFrom: 'retry-after' };
  const resetMs = latestReset(spent(hint.limits));
  return resetMs > 0 ? { waitMs: resetMs, waitFrom: 'reset' } : { waitMs: null, waitFrom: null };
}

/** The limits that may be the one that was met: those with nothing left, or those that never say. */
function spent(limits: readonly Limit[]): readonly Limit[] {
  const counted = limits.filter(({ remaining }) => remaining !== null);
  // Something is left of each: it was another limit, and its end is not known.
  return counted.length === 0 ? limits : counted.filter(({ remaining }) => remaining === 0);
}

function latestReset(limits: readonly Limit[]): number {
  let latestMs = 0;
  for (const { resetMs, windowMs } of limits) {
    const isShort = windowMs !== null && windowMs <= SHORT_WINDOW_MS;
    latestMs = Math.max(latestMs, resetMs ?? (isShort ? windowMs : 0));
  }
  return latestMs;
}
