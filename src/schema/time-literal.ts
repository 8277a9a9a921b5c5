/** Dates and moments, of which RFC 3339 has the grammar. */

const DAY_MS = 86_400_000;
const TIMESTAMP = /^(\d{4}-\d\d-\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(Z|[+-]\d\d:\d\d)$/;

/** Bytes of the shortest and the longest one. */
const DATE_LENGTH = 10;
const LONGEST = '2024-01-31T12:34:56.123456+02:00'.length;

/** What all values of a column of dates or timestamps share. */
export type TimeForm =
  | { readonly kind: 'date' }
  | { readonly kind: 'timestamp'; readonly offset: string; readonly digits: number };

/** Null for a text that is neither a date of the calendar nor a moment with an offset. */
export function timeFormOf(text: string): TimeForm | null {
  if (text.length < DATE_LENGTH || text.length > LONGEST) return null;
  if (text.length === DATE_LENGTH) return isDate(text) ? { kind: 'date' } : null;
  const [, date, hour, minute, second, fraction = '', offset] = TIMESTAMP.exec(text) ?? [];
  if (date === undefined || offset === undefined || !isDate(date)) return null;
  // A leap second has no microsecond of its own.
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null;
  if (Math.abs(offsetMinutes(offset)) > 18 * 60 || Number(offset.slice(4)) > 59) return null;
  return { kind: 'timestamp', offset, digits: fraction.length };
}

/** Days since 1970 of a text that `timeFormOf` calls a date. */
export function daysOf(date: string): number {
  return Date.parse(`${date}T00:00:00Z`) / DAY_MS;
}

/** Microseconds since 1970, UTC, of a text that `timeFormOf` calls a timestamp. */
export function microsecondsOf(timestamp: string): bigint {
  const [, date, hour, minute, second, fraction = '', offset] = TIMESTAMP.exec(timestamp)!;
  const minutes = Number(hour) * 60 + Number(minute) - offsetMinutes(offset!);
  const seconds = daysOf(date!) * 86_400 + minutes * 60 + Number(second);
  return BigInt(seconds) * 1_000_000n + BigInt(fraction.padEnd(6, '0'));
}

function offsetMinutes(offset: string): number {
  if (offset === 'Z') return 0;
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(4));
  return offset[0] === '-' ? -minutes : minutes;
}

function isDate(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text) || text.startsWith('0000')) return false;
  const at = Date.parse(`${text}T00:00:00Z`);
  // The 30th of February is read as a day of March.
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text);
}
