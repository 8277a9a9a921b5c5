/**
 * `Retry-After` (RFC 9110 §10.2.3): delay-seconds or an HTTP-date (§5.6.7) in one of its three
 * forms. The grammar is matched before anything is converted, because a lenient date parser reads
 * `5` as a year.
 */
import type { HeaderValues } from './transport.ts';

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
