/** Values on their way to PostgreSQL: what `jsonb` holds, and the text that COPY reads. */
import { type RowValue, readLiteral, scaleOf, wholeDigits } from '../schema/schema.ts';

/** What may not fit: an escape of NUL or of half a surrogate pair, a zero with a sign, a large number. */
const DOUBTFUL = /\\u(?:0000|[dD][89a-fA-F])|-0|\d[eE]|[\d.]{1000}/;
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

/** Digits that `numeric` has before its point, and behind it (its manual, 8.14: numbers of `jsonb` are `numeric`). */
const MOST_WHOLE = 131_072;
const MOST_SCALE = 16_383;

/**
 * Whether `jsonb` holds all values of a JSON text. The order of keys, and how numbers are spelled, are no
 * values; of two equal keys the last counts.
 *
 * @example fitsJsonb('[1e400,"a"]') // true
 * fitsJsonb('-0') // false: numeric has no negative zero
 */
export function fitsJsonb(json: string): boolean {
  if (!DOUBTFUL.test(json)) return true;
  for (const [token] of json.matchAll(TOKENS)) {
    if (token.startsWith('"') ? !isText(token) : !isNumeric(token)) return false;
  }
  return true;
}

function isText(token: string): boolean {
  if (!token.includes('\\')) return true;
  const text = JSON.parse(token) as string;
  return !text.includes('\0') && text.isWellFormed();
}

function isNumeric(token: string): boolean {
  const literal = readLiteral(token);
  if (literal.digits === '' && literal.isNegative) return false;
  const isSmall = Math.abs(literal.exponent) <= MOST_WHOLE;
  return isSmall && wholeDigits(literal) <= MOST_WHOLE && scaleOf(literal) <= MOST_SCALE;
}

// The text format of PostgreSQL's COPY (its manual, COPY, "Text Format").
const SPECIAL = /[\\\t\n\r]/;
const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
};

/** A value of a row as COPY reads it. Lists and structs are read as JSON text. */
export function copyText(value: RowValue): string {
  if (value === null) return '\\N';
  if (typeof value !== 'string') return String(value);
  return SPECIAL.test(value) ? value.replaceAll(/[\\\t\n\r]/g, (it) => ESCAPES[it]!) : value;
}
