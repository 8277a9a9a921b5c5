/** Dates and moments, of which RFC 3339 has the grammar, read from the bytes of their text. */

/** Characters of a date, and of the longest moment. */
const DATE_LENGTH = '2024-01-31'.length;
const SECONDS_LENGTH = '2024-01-31T12:34:56'.length;
const LONGEST_TIME = '2024-01-31T12:34:56.123456+02:00'.length;

const DASH = 0x2d;
const DOT = 0x2e;
const COLON = 0x3a;
const PLUS = 0x2b;
const UPPER_T = 0x54;
const UPPER_Z = 0x5a;

/** What all values of a column of dates or timestamps share. */
export type TimeForm =
  | { readonly kind: 'date' }
  | { readonly kind: 'timestamp'; readonly offset: string; readonly digits: number };

const DATE: TimeForm = { kind: 'date' };

/** Null for a text that is neither a date of the calendar nor a moment with an offset. */
export function timeFormOf(bytes: Uint8Array, start: number, end: number): TimeForm | null {
  const length = end - start;
  if (length < DATE_LENGTH || length > LONGEST_TIME || !beginsWithDate(bytes, start)) return null;
  if (length === DATE_LENGTH) return DATE;
  const at = endOfSeconds(bytes, start);
  const digits = at < 0 ? -1 : at - start - SECONDS_LENGTH - 1;
  // A point stands before digits, and digits behind a point.
  if (at < 0 || digits === 0 || digits > 6 || !isOffset(bytes, at, end)) return null;
  const offset = Buffer.from(bytes.subarray(at, end)).toString('latin1');
  return { kind: 'timestamp', offset, digits: Math.max(0, digits) };
}

/** Whether `timeFormOf` would give this form. */
export function isOfForm(form: TimeForm, bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  if (form.kind === 'date') return length === DATE_LENGTH && beginsWithDate(bytes, start);
  const { offset, digits } = form;
  const seconds = SECONDS_LENGTH + (digits === 0 ? 0 : digits + 1);
  if (length !== seconds + offset.length || !beginsWithDate(bytes, start)) return false;
  if (endOfSeconds(bytes, start) !== start + seconds) return false;
  for (let index = 0; index < offset.length; index += 1) {
    if (bytes[start + seconds + index] !== offset.charCodeAt(index)) return false;
  }
  return true;
}

/** Days since 1970 of a text that begins with a date. */
export function daysAt(bytes: Uint8Array, start: number): number {
  const month = number(bytes, start + 5, 2);
  const day = number(bytes, start + 8, 2);
  // A year that begins with March has its leap day at the end, and 400 of them have 146,097 days.
  const year = number(bytes, start, 4) - (month <= 2 ? 1 : 0);
  const era = Math.floor(year / 400);
  const yearOfEra = year - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const leapDays = Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100);
  return era * 146_097 + yearOfEra * 365 + leapDays + dayOfYear - 719_468;
}

/** Whole seconds since 1970, UTC, of a text that `timeFormOf` calls a timestamp. */
export function secondsAt(bytes: Uint8Array, start: number): number {
  const minutes = number(bytes, start + 11, 2) * 60 + number(bytes, start + 14, 2);
  let at = start + SECONDS_LENGTH;
  if (bytes[at] === DOT) {
    do at += 1;
    while (isDigit(bytes[at]!));
  }
  const local = daysAt(bytes, start) * 86_400 + minutes * 60 + number(bytes, start + 17, 2);
  return local - offsetMinutes(bytes, at) * 60;
}

/** The microseconds of the same text behind its seconds. */
export function microsecondsAt(bytes: Uint8Array, start: number): number {
  if (bytes[start + SECONDS_LENGTH] !== DOT) return 0;
  let value = 0;
  let at = start + SECONDS_LENGTH + 1;
  for (let left = 6; left > 0; left -= 1) {
    value = value * 10 + (isDigit(bytes[at]!) ? bytes[at++]! - 0x30 : 0);
  }
  return value;
}

/** Where the offset of a moment begins; −1 where no time of the day stands before it. */
function endOfSeconds(bytes: Uint8Array, start: number): number {
  const isTime =
    bytes[start + 10] === UPPER_T && bytes[start + 13] === COLON && bytes[start + 16] === COLON;
  if (!isTime || !isUpTo(bytes, start + 11, 23) || !isUpTo(bytes, start + 14, 59)) return -1;
  // A leap second has no microsecond of its own.
  if (!isUpTo(bytes, start + 17, 59)) return -1;
  let at = start + SECONDS_LENGTH;
  if (bytes[at] === DOT) {
    do at += 1;
    while (isDigit(bytes[at]!));
  }
  return at;
}

function isOffset(bytes: Uint8Array, at: number, end: number): boolean {
  if (bytes[at] === UPPER_Z) return end === at + 1;
  const isSigned = bytes[at] === PLUS || bytes[at] === DASH;
  if (!isSigned || end !== at + 6 || bytes[at + 3] !== COLON) return false;
  return isUpTo(bytes, at + 1, 18) && isUpTo(bytes, at + 4, 59);
}

function offsetMinutes(bytes: Uint8Array, at: number): number {
  if (bytes[at] === UPPER_Z) return 0;
  const minutes = number(bytes, at + 1, 2) * 60 + number(bytes, at + 4, 2);
  return bytes[at] === DASH ? -minutes : minutes;
}

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function beginsWithDate(bytes: Uint8Array, start: number): boolean {
  if (bytes[start + 4] !== DASH || bytes[start + 7] !== DASH) return false;
  const year = number(bytes, start, 4);
  const month = number(bytes, start + 5, 2);
  const day = number(bytes, start + 8, 2);
  if (year < 1 || month < 1 || month > 12 || day < 1) return false;
  const isLeap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day <= DAYS[month - 1]! + (isLeap ? 1 : 0);
}

function isUpTo(bytes: Uint8Array, at: number, most: number): boolean {
  const value = number(bytes, at, 2);
  return value >= 0 && value <= most;
}

/** The number of so many digits; −1 where something else is among them. */
function number(bytes: Uint8Array, at: number, length: number): number {
  let value = 0;
  for (let pos = at; pos < at + length; pos += 1) {
    const digit = bytes[pos]! - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}
