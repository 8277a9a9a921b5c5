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
