import {
  fitsInt64,
  isDouble,
  NumberText,
  readLiteral,
  scaleOf,
  wholeDigits,
} from './number-literal.ts';
import { type ColumnType, MOST_DIGITS } from './types.ts';

/** A double holds each number of so many digits, but for those near its ends. */
const DIGITS_OF_DOUBLE = 15;

const ZERO = 0x30;

/** The number that was looked at last. */
const number = new NumberText();

/** What the numbers at one place of the records need of a type. */
export class SeenNumbers {
  #mostWhole = 0;
  #mostScale = 0;
  #isInt64 = true;
  #isDouble = true;
  hasNegativeZero = false;

  /** Looks at the number at `pos`. Returns where it ends. */
  look(bytes: Uint8Array, pos: number): number {
    number.read(bytes, pos);
    const { end, start, wholeEnd, digitsEnd, isNegative } = number;
    // Only zero begins with one.
    const whole = bytes[start] === ZERO ? 0 : wholeEnd - start;
    const scale = digitsEnd === wholeEnd ? 0 : digitsEnd - wholeEnd - 1;
    const isPlain = !number.hasExponent && whole + scale <= DIGITS_OF_DOUBLE;
    if (!isPlain || (isNegative && whole === 0)) {
      this.#note(textOf(bytes, pos, end));
      return end;
    }
    if (whole > this.#mostWhole) this.#mostWhole = whole;
    if (scale > 0) {
      this.#isInt64 = false;
      if (scale > this.#mostScale) this.#mostScale = scale;
    }
    return end;
  }

  #note(text: string): void {
    const literal = readLiteral(text);
    const scale = scaleOf(literal);
    this.#mostWhole = Math.max(this.#mostWhole, wholeDigits(literal));
    this.#mostScale = Math.max(this.#mostScale, scale);
    if (literal.digits === '' && literal.isNegative) this.hasNegativeZero = true;
    this.#isInt64 &&= scale === 0 && fitsInt64(literal);
    this.#isDouble &&= isDouble(text, literal);
  }

  /** The type that takes all of them; null where none does. */
  type(): ColumnType | null {
    const precision = this.#mostWhole + this.#mostScale;
    const { hasNegativeZero } = this;
    if (!hasNegativeZero && this.#isInt64) return { kind: 'integer' };
    if (!hasNegativeZero && precision <= MOST_DIGITS) {
      return { kind: 'decimal', precision: Math.max(1, precision), scale: this.#mostScale };
    }
    return this.#isDouble ? { kind: 'double', hasNegativeZero } : null;
  }
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1', start, end);
}
