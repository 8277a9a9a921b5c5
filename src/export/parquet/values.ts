/**
 * The values of one column of a row group, in the encoding PLAIN of Parquet, with the least and the greatest
 * of them. No value is an object or a BigInt on its way here, and buffers are filled again for the next group.
 * https://parquet.apache.org/docs/file-format/data-pages/encodings/
 */
import { ByteBuffer } from './byte-buffer.ts';

const TWO_32 = 4_294_967_296;

export interface Bounds {
  readonly least: Uint8Array;
  readonly greatest: Uint8Array;
}

export abstract class ValueStore {
  protected readonly out = new ByteBuffer();
  count = 0;

  /** Bytes of the values in memory. */
  get bytes(): number {
    return this.out.used;
  }

  plain(): Uint8Array {
    return this.out.view();
  }

  /** Null where there is none. */
  abstract bounds(): Bounds | null;

  clear(): void {
    this.count = 0;
    this.out.clear();
  }
}

/** INT64: integers, moments, decimals. */
export class Longs extends ValueStore {
  #leastHigh = 0;
  #leastLow = 0;
  #greatestHigh = 0;
  #greatestLow = 0;

  /** Of at most 53 bits. */
  add(value: number): void {
    this.#add(value | 0, Math.floor(value / TWO_32));
  }

  /** `head` × `factor` + `tail`, exact in 64 bits, where each of the three is in 53. */
  addProduct(head: number, factor: number, tail: number, isNegative: boolean): void {
    const low = (Math.imul(head | 0, factor) + (tail | 0)) | 0;
    // The double is off by far less than 2^32, and the lower half is known.
    const high = Math.round((head * factor + tail - (low >>> 0)) / TWO_32);
    if (isNegative) this.#add(-low | 0, low === 0 ? -high : ~high);
    else this.#add(low, high);
  }

  addBigInt(value: bigint): void {
    this.#add(Number(BigInt.asIntN(32, value)), Number(value >> 32n));
  }

  #add(low: number, upper: number): void {
    const high = upper | 0;
    this.out.int64(low, high);
    if (this.count++ === 0) {
      this.#leastHigh = this.#greatestHigh = high;
      this.#leastLow = this.#greatestLow = low;
      return;
    }
    if (isBelow(high, low, this.#leastHigh, this.#leastLow)) {
      this.#leastHigh = high;
      this.#leastLow = low;
    } else if (isBelow(this.#greatestHigh, this.#greatestLow, high, low)) {
      this.#greatestHigh = high;
      this.#greatestLow = low;
    }
  }

  bounds(): Bounds | null {
    if (this.count === 0) return null;
    const both = new ByteBuffer();
    both.int64(this.#leastLow, this.#leastHigh);
    both.int64(this.#greatestLow, this.#greatestHigh);
    return halved(both);
  }
}

function isBelow(high: number, low: number, otherHigh: number, otherLow: number): boolean {
  return high < otherHigh || (high === otherHigh && low >>> 0 < otherLow >>> 0);
}

function halved(both: ByteBuffer): Bounds {
  const bytes = both.view();
  const middle = bytes.length / 2;
  return { least: bytes.subarray(0, middle), greatest: bytes.subarray(middle) };
}

/** INT32 or DOUBLE. */
export class Numbers extends ValueStore {
  readonly #isDouble: boolean;
  #least = Number.POSITIVE_INFINITY;
  #greatest = Number.NEGATIVE_INFINITY;

  constructor(isDouble: boolean) {
    super();
    this.#isDouble = isDouble;
  }

  add(value: number): void {
    this.count += 1;
    if (value < this.#least) this.#least = value;
    if (value > this.#greatest) this.#greatest = value;
    if (this.#isDouble) this.out.double(value);
    else this.out.int32(value);
  }

  bounds(): Bounds | null {
    if (this.count === 0) return null;
    const both = new ByteBuffer();
    if (this.#isDouble) {
      // Readers may take the zeros for different ones (parquet.thrift, Statistics).
      both.double(this.#least === 0 ? -0 : this.#least);
      both.double(this.#greatest === 0 ? 0 : this.#greatest);
    } else {
      both.int32(this.#least);
      both.int32(this.#greatest);
    }
    return halved(both);
  }

  override clear(): void {
    super.clear();
    this.#least = Number.POSITIVE_INFINITY;
    this.#greatest = Number.NEGATIVE_INFINITY;
  }
}

/** BOOLEAN: a bit each, the lowest first. */
export class Booleans extends ValueStore {
  #trues = 0;

  add(isTrue: boolean): void {
    const bit = this.count++ & 7;
    if (bit === 0) this.out.byte(0);
    if (!isTrue) return;
    this.#trues += 1;
    this.out.bytes[this.out.used - 1]! |= 1 << bit;
  }

  bounds(): Bounds | null {
    if (this.count === 0) return null;
    const least = Uint8Array.of(this.#trues === this.count ? 1 : 0);
    return { least, greatest: Uint8Array.of(this.#trues === 0 ? 0 : 1) };
  }

  override clear(): void {
    super.clear();
    this.#trues = 0;
  }
}

/** Three bytes of a wide number, and as many digits as can be added to them at once. */
const LIMB = 2 ** 24;
const DIGITS_AT_ONCE = 7;
const POWERS = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7];

/** FIXED_LEN_BYTE_ARRAY: decimals of more than 18 digits, the highest byte first. */
export class WideDecimals extends ValueStore {
  readonly #width: number;
  readonly #limbs: Float64Array;
  #least: Uint8Array;
  #greatest: Uint8Array;

  /** @param width bytes of each */
  constructor(width: number) {
    super();
    this.#width = width;
    this.#limbs = new Float64Array(Math.ceil(width / 3));
    this.#least = new Uint8Array(width);
    this.#greatest = new Uint8Array(width);
  }

  /** The number of these digits, a byte from 0 to 9 each. */
  add(digits: Uint8Array, count: number, isNegative: boolean): void {
    const limbs = this.#limbs.fill(0);
    for (let from = 0; from < count; from += DIGITS_AT_ONCE) {
      const to = Math.min(count, from + DIGITS_AT_ONCE);
      let carry = 0;
      for (let at = from; at < to; at += 1) carry = carry * 10 + digits[at]!;
      const power = POWERS[to - from]!;
      for (let index = 0; index < limbs.length; index += 1) {
        const value = limbs[index]! * power + carry;
        carry = Math.floor(value / LIMB);
        limbs[index] = value - carry * LIMB;
      }
    }
    this.out.reserve(this.#width);
    const { bytes, used } = this.out;
    // Two's complement: all bits inverted, and one added.
    let carry = isNegative ? 1 : 0;
    for (let index = 0; index < this.#width; index += 1) {
      const byte = (limbs[Math.floor(index / 3)]! >> (8 * (index % 3))) & 0xff;
      const sum = (isNegative ? byte ^ 0xff : byte) + carry;
      bytes[used + this.#width - 1 - index] = sum & 0xff;
      carry = sum >> 8;
    }
    this.out.used += this.#width;
    this.#look(bytes, used);
  }

  #look(bytes: Uint8Array, at: number): void {
    if (this.count++ === 0) {
      this.#least.set(bytes.subarray(at, at + this.#width));
      this.#greatest.set(this.#least);
    } else if (this.#order(bytes, at, this.#least) < 0) {
      this.#least.set(bytes.subarray(at, at + this.#width));
    } else if (this.#order(bytes, at, this.#greatest) > 0) {
      this.#greatest.set(bytes.subarray(at, at + this.#width));
    }
  }

  #order(bytes: Uint8Array, at: number, other: Uint8Array): number {
    // The highest bit is the sign.
    const signs = (bytes[at]! ^ 0x80) - (other[0]! ^ 0x80);
    if (signs !== 0) return signs;
    for (let index = 1; index < this.#width; index += 1) {
      const difference = bytes[at + index]! - other[index]!;
      if (difference !== 0) return difference;
    }
    return 0;
  }

  bounds(): Bounds | null {
    return this.count === 0 ? null : { least: this.#least, greatest: this.#greatest };
  }
}
