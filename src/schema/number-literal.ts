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

/** The number that stands at a place of valid JSON (RFC 8259 §6): where its parts are. */
export class NumberText {
  isNegative = false;
  /** Where the digits before the point begin and end. */
  start = 0;
  wholeEnd = 0;
  /** Where those behind the point end; `wholeEnd` without any. */
  digitsEnd = 0;
  hasExponent = false;
  end = 0;

  read(bytes: Uint8Array, from: number): void {
    let pos = from;
    this.isNegative = bytes[pos] === MINUS;
    if (this.isNegative) pos += 1;
    this.start = pos;
    while (isDigit(bytes[pos]!)) pos += 1;
    this.wholeEnd = pos;
    if (bytes[pos] === DOT) {
      do pos += 1;
      while (isDigit(bytes[pos]!));
    }
    this.digitsEnd = pos;
    this.hasExponent = bytes[pos] === UPPER_E || bytes[pos] === LOWER_E;
    if (this.hasExponent) {
      pos += 1;
      if (!isDigit(bytes[pos]!)) pos += 1;
      while (isDigit(bytes[pos]!)) pos += 1;
    }
    this.end = pos;
  }

  /** How many digits the number has without its point, with `scale` of them behind it. */
  digits(scale: number): number {
    return this.wholeEnd - this.start + scale;
  }

  /**
   * Puts these digits into `into`, from 0 to 9 each: `digits(scale)` of them. Behind the point stand no more
   * than `scale`.
   */
  copyDigits(bytes: Uint8Array, scale: number, into: Uint8Array): void {
    let at = 0;
    for (let pos = this.start; pos < this.digitsEnd; pos += 1) {
      if (pos !== this.wholeEnd) into[at++] = bytes[pos]! - 0x30;
    }
    into.fill(0, at, this.digits(scale));
  }
}

const MINUS = 0x2d;
const DOT = 0x2e;
const UPPER_E = 0x45;
const LOWER_E = 0x65;

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}
