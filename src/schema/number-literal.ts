/** A number as its literal says it: `digits` × 10^`exponent`. */
export interface Literal {
  readonly isNegative: boolean;
  /** Without leading zeros; empty for zero. */
  readonly digits: string;
  readonly exponent: number;
}

/** Reads the text of a valid JSON number (RFC 8259 §6). */
export function readLiteral(text: string): Literal {
  const isNegative = text.startsWith('-');
  const power = text.search(/[eE]/);
  const end = power < 0 ? text.length : power;
  const point = text.indexOf('.');
  const from = isNegative ? 1 : 0;
  const digits =
    point < 0 ? text.slice(from, end) : text.slice(from, point) + text.slice(point + 1, end);
  const places = point < 0 ? 0 : end - point - 1;
  let zeros = 0;
  while (digits.charCodeAt(zeros) === 0x30) zeros += 1;
  const exponent = (power < 0 ? 0 : Number(text.slice(power + 1))) - places;
  return { isNegative, digits: digits.slice(zeros), exponent };
}

/** Digits before the point. */
export function wholeDigits({ digits, exponent }: Literal): number {
  return digits === '' ? 0 : Math.max(0, digits.length + exponent);
}

/** Digits behind the point, as they were written. */
export function scaleOf({ exponent }: Literal): number {
  return Math.max(0, -exponent);
}

/** The number without its point, where it has `scale` digits behind it. It has no more, but for zeros. */
export function unscaled({ isNegative, digits, exponent }: Literal, scale: number): bigint {
  if (digits === '') return 0n;
  const power = exponent + scale;
  const value =
    power < 0 ? BigInt(digits) / 10n ** BigInt(-power) : BigInt(digits) * 10n ** BigInt(power);
  return isNegative ? -value : value;
}

const MOST_INT64 = 2n ** 63n - 1n;

/** @param literal one without digits behind the point */
export function fitsInt64(literal: Literal): boolean {
  const whole = wholeDigits(literal);
  if (whole !== 19) return whole < 19;
  const value = unscaled(literal, 0);
  return value <= MOST_INT64 && value >= -MOST_INT64 - 1n;
}

/** Whether the shortest form of the double next to the literal has the literal's digits. */
export function isDouble(text: string, literal: Literal): boolean {
  // A double holds every number of 15 digits (IEEE 754), but for those near its ends.
  if (literal.digits.length <= 15 && Math.abs(literal.exponent) < 280) return true;
  if (literal.digits === '') return true;
  const double = Number(text);
  if (!Number.isFinite(double) || double === 0) return false;
  return significant(readLiteral(String(double))) === significant(literal);
}

/** Digits and exponent without the zeros at the end, which say nothing. */
function significant({ digits, exponent }: Literal): string {
  const short = digits.replace(/0+$/, '');
  return `${short}e${exponent + digits.length - short.length}`;
}
