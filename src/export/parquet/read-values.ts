/** Readers that take values out of the bytes of a record, straight into the columns of a row group. */
import { copyCompact, endOfString, endOfValue, writeMeaning } from '../../decode/decode.ts';
import {
  daysAt,
  microsecondsAt,
  NumberText,
  readLiteral,
  secondsAt,
  unscaled,
} from '../../schema/schema.ts';
import type { Leaf } from './leaf.ts';
import type { Texts } from './texts.ts';
import type { Booleans, Longs, Numbers, WideDecimals } from './values.ts';

const BACKSLASH = 0x5c;
const QUOTE = 0x22;
const LOWER_T = 0x74;

/** Reads the values at one place of the records. */
export interface Reader {
  readonly leaves: readonly Leaf[];
  /** Takes the value that begins at `pos`, which is not null. Returns where it ends. */
  read(bytes: Uint8Array, pos: number, repetition: number): number;
  /** Nothing is there: what is there above ends at `definition`. */
  absent(definition: number, repetition: number): void;
}

abstract class LeafReader<Values extends Leaf['values']> implements Reader {
  readonly leaf: Leaf<Values>;
  readonly leaves: readonly Leaf[];

  constructor(leaf: Leaf<Values>) {
    this.leaf = leaf;
    this.leaves = [leaf];
  }

  absent(definition: number, repetition: number): void {
    this.leaf.absent(definition, repetition);
  }

  abstract read(bytes: Uint8Array, pos: number, repetition: number): number;
}

/** Of numbers with so many digits behind the point. */
abstract class ScaledReader<Values extends Leaf['values']> extends LeafReader<Values> {
  protected readonly scale: number;

  constructor(leaf: Leaf<Values>, scale: number) {
    super(leaf);
    this.scale = scale;
  }
}

export class BooleanReader extends LeafReader<Booleans> {
  override read(bytes: Uint8Array, pos: number, repetition: number): number {
    const isTrue = bytes[pos] === LOWER_T;
    this.leaf.present(repetition);
    this.leaf.values.add(isTrue);
    return pos + (isTrue ? 4 : 5);
  }
}

/** A double holds each number of so many digits. */
const DIGITS_OF_DOUBLE = 15;
const TAIL_DIGITS = 9;
const TAIL = 1e9;

const number = new NumberText();
/** Of the number that was read last: as many as a decimal has, a zero before the point, and `0.` apart. */
const digits = new Uint8Array(64);

/** Integers of 64 bits, and decimals of up to 18 digits. */
export class LongReader extends ScaledReader<Longs> {
  override read(bytes: Uint8Array, pos: number, repetition: number): number {
    this.leaf.present(repetition);
    number.read(bytes, pos);
    const { isNegative, end } = number;
    const count = number.digits(this.scale);
    if (number.hasExponent || count > DIGITS_OF_DOUBLE + 4) {
      this.leaf.values.addBigInt(bigIntAt(bytes, pos, end, this.scale));
      return end;
    }
    number.copyDigits(bytes, this.scale, digits);
    if (count <= DIGITS_OF_DOUBLE) {
      const value = digitsFrom(0, count);
      this.leaf.values.add(isNegative ? -value : value);
    } else {
      const head = digitsFrom(0, count - TAIL_DIGITS);
      this.leaf.values.addProduct(head, TAIL, digitsFrom(count - TAIL_DIGITS, count), isNegative);
    }
    return end;
  }
}

/** Decimals of up to 9 digits. */
export class IntReader extends ScaledReader<Numbers> {
  override read(bytes: Uint8Array, pos: number, repetition: number): number {
    this.leaf.present(repetition);
    number.read(bytes, pos);
    if (number.hasExponent) {
      this.leaf.values.add(Number(bigIntAt(bytes, pos, number.end, this.scale)));
    } else {
      number.copyDigits(bytes, this.scale, digits);
      const value = digitsFrom(0, number.digits(this.scale));
      this.leaf.values.add(number.isNegative ? -value : value);
    }
    return number.end;
  }
}

export class WideDecimalReader extends ScaledReader<WideDecimals> {
  override read(bytes: Uint8Array, pos: number, repetition: number): number {
    this.leaf.present(repetition);
    number.read(bytes, pos);
    const { end, hasExponent } = number;
    let { isNegative } = number;
    let count = number.digits(this.scale);
    if (hasExponent) {
      const value = bigIntAt(bytes, pos, end, this.scale);
      isNegative = value < 0n;
      const text = (isNegative ? -value : value).toString();
      count = text.length;
      for (let at = 0; at < count; at += 1) digits[at] = text.charCodeAt(at) - 0x30;
    } else number.copyDigits(bytes, this.scale, digits);
    this.leaf.values.add(digits, count, isNegative);
    return end;
  }
}

export class DoubleReader extends LeafReader<Numbers> {
  override read(bytes: Uint8Array, pos: number, repetition: number): number {
    this.leaf.present(repetition);
    const end = endOfValue(bytes, pos);
    this.leaf.values.add(Number(latin1(bytes, pos, end)));
    return end;
  }
}

export class DateReader extends LeafReader<Numbers> {
  override read(bytes: Uint8Array, pos: number, repetition: number): number {
    this.leaf.present(repetition);
    this.leaf.values.add(daysAt(bytes, pos + 1));
    return endOfString(bytes, pos + 1);
  }
}

export class MomentReader extends LeafReader<Longs> {
  override read(bytes: Uint8Array, pos: number, repetition: number): number {
    this.leaf.present(repetition);
    const seconds = secondsAt(bytes, pos + 1);
    this.leaf.values.addProduct(seconds, 1_000_000, microsecondsAt(bytes, pos + 1), false);
    return endOfString(bytes, pos + 1);
  }
}

let scratch = new Uint8Array(1024);

function room(count: number): Uint8Array {
  if (scratch.length < count) scratch = new Uint8Array(2 * count);
  return scratch;
}

export class TextReader extends LeafReader<Texts> {
  override read(bytes: Uint8Array, pos: number, repetition: number): number {
    this.leaf.present(repetition);
    let end = pos + 1;
    let c = bytes[end]!;
    while (c !== QUOTE && c !== BACKSLASH) c = bytes[++end]!;
    if (c === QUOTE) {
      this.leaf.values.add(bytes, pos + 1, end);
      return end + 1;
    }
    end = endOfString(bytes, end);
    const meaning = room(end - pos);
    this.leaf.values.add(meaning, 0, writeMeaning(meaning, bytes, pos + 1, end - 1));
    return end;
  }
}

/** The text of the value, without insignificant white space. */
export class JsonReader extends LeafReader<Texts> {
  override read(bytes: Uint8Array, pos: number, repetition: number): number {
    this.leaf.present(repetition);
    const end = endOfValue(bytes, pos);
    const text = room(end - pos);
    this.leaf.values.add(text, 0, copyCompact(text, 0, bytes, pos, end));
    return end;
  }
}

function digitsFrom(from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at += 1) value = value * 10 + digits[at]!;
  return value;
}

function bigIntAt(bytes: Uint8Array, start: number, end: number, scale: number): bigint {
  return unscaled(readLiteral(latin1(bytes, start, end)), scale);
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1', start, end);
}
