/** Dates and moments, of which RFC 3339 has the grammar. */

const DAY_MS = 86_400_000;

/** Characters of a date, and of the longest moment. */
const DATE_LENGTH = '2024-01-31'.length;
const SECONDS_LENGTH = '2024-01-31T12:34:56'.length;
export const LONGEST_TIME = '2024-01-31T12:34:56.123456+02:00'.length;

/** What all values of a column of dates or timestamps share. */
export type TimeForm =
  | { readonly kind: 'date' }
  | { readonly kind: 'timestamp'; readonly offset: string; readonly digits: number };

const DATE: TimeForm = { kind: 'date' };

/** Null for a text that is neither a date of the calendar nor a moment with an offset. */
export function timeFormOf(text: string): TimeForm | null {
  const { length } = text;
  if (length < DATE_LENGTH || length > LONGEST_TIME || !beginsWithDate(text)) return null;
  if (length === DATE_LENGTH) return DATE;
  const at = endOfSeconds(text);
  const digits = at < 0 ? -1 : at - SECONDS_LENGTH - 1;
  // A point stands before digits, and digits behind a point.
  if (at < 0 || digits === 0 || digits > 6) return null;
  const offset = text.slice(at);
  return isOffset(offset) ? { kind: 'timestamp', offset, digits: Math.max(0, digits) } : null;
}

/** Days since 1970 of a text that begins with a date. */
export function daysOf(text: string): number {
  const date = new Date(0);
  date.setUTCFullYear(number(text, 0, 4), number(text, 5, 2) - 1, number(text, 8, 2));
  return date.getTime() / DAY_MS;
}

/** Microseconds since 1970, UTC, of a text that `timeFormOf` calls a timestamp. */
export function microsecondsOf(text: string): bigint {
  const at = endOfSeconds(text);
  const fraction = text.slice(SECONDS_LENGTH + 1, at).padEnd(6, '0');
  const minutes = number(text, 11, 2) * 60 + number(text, 14, 2) - offsetMinutes(text.slice(at));
  const seconds = daysOf(text) * 86_400 + minutes * 60 + number(text, 17, 2);
  return BigInt(seconds) * 1_000_000n + BigInt(fraction);
}

/** Where the offset of a moment begins; −1 where no time of the day stands before it. */
function endOfSeconds(text: string): number {
  const isTime = text[10] === 'T' && text[13] === ':' && text[16] === ':';
  if (!isTime || !isUpTo(text, 11, 23) || !isUpTo(text, 14, 59)) return -1;
  // A leap second has no microsecond of its own.
  if (!isUpTo(text, 17, 59)) return -1;
  let at = SECONDS_LENGTH;
  if (text[at] === '.')
    do at += 1;
    while (isDigit(text.charCodeAt(at)));
  return at;
}

function isOffset(text: string): boolean {
  if (text === 'Z') return true;
  const isSigned = text[0] === '+' || text[0] === '-';
  return (
    text.length === 6 && isSigned && text[3] === ':' && isUpTo(text, 1, 18) && isUpTo(text, 4, 59)
  );
}

function offsetMinutes(offset: string): number {
  if (offset === 'Z') return 0;
  const minutes = number(offset, 1, 2) * 60 + number(offset, 4, 2);
  return offset[0] === '-' ? -minutes : minutes;
}

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function beginsWithDate(text: string): boolean {
  if (text[4] !== '-' || text[7] !== '-') return false;
  const [year, month, day] = [number(text, 0, 4), number(text, 5, 2), number(text, 8, 2)];
  // NaN is in no range.
  if (!(year >= 1 && month >= 1 && month <= 12 && day >= 1)) return false;
  const isLeap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day <= DAYS[month - 1]! + (isLeap ? 1 : 0);
}

function isUpTo(text: string, at: number, most: number): boolean {
  return number(text, at, 2) <= most;
}

/** The number of so many digits; NaN where something else is among them. */
function number(text: string, at: number, length: number): number {
  let value = 0;
  for (let index = at; index < at + length; index += 1) {
    const code = text.charCodeAt(index);
    if (!isDigit(code)) return Number.NaN;
    value = value * 10 + code - 0x30;
  }
  return value;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
