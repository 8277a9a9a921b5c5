import { ByteBuffer } from './byte-buffer.ts';
import { HybridWriter } from './hybrid.ts';
import { type Bounds, ValueStore } from './values.ts';

/** Longer texts have bounds that are no longer than this. */
const BOUND_BYTES = 64;

/** A dictionary is given up where so many values came and it holds more than half of their bytes. */
const TRIED_VALUES = 1024;
const MOST_ENTRIES = 2 ** 16;
const FIRST_SLOTS = 64;
/** Of the length that stands before each text. */
const LENGTH_BYTES = 4;

export interface Dictionary {
  readonly entries: number;
  readonly plain: Uint8Array;
  /** Indexes of the values, behind a byte that says how many bits each has. */
  readonly indexes: Uint8Array;
}

/** BYTE_ARRAY: texts in UTF-8, each once in a dictionary as long as that saves half of the room. */
export class Texts extends ValueStore {
  // Of a dictionary, while there is one, `out` holds the entries.
  readonly #indexes = new ByteBuffer();
  #isDictionary = true;
  /** Where each entry begins. */
  #starts = new Int32Array(16);
  /** Numbers of entries from 1, by the hashes of their texts; 0 is free. */
  #slots = new Int32Array(FIRST_SLOTS);
  #entries = 0;
  #plainBytes = 0;
  readonly #least = new Bound();
  readonly #greatest = new Bound();

  /** The text from `start` to `end` of `source`. */
  add(source: Uint8Array, start: number, end: number): void {
    this.count += 1;
    if (this.#isDictionary) this.#addToDictionary(source, start, end);
    else this.#append(source, start, end);
  }

  #append(source: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (this.#least.isEmpty || this.#least.order(source, start, end) < 0) {
      this.#least.set(source, start, end);
    }
    if (this.#greatest.isEmpty || this.#greatest.order(source, start, end) > 0) {
      this.#greatest.set(source, start, end);
    }
    const out = this.out;
    out.int32(length);
    out.reserve(length);
    const { bytes, used } = out;
    if (length < 64) {
      for (let at = 0; at < length; at += 1) bytes[used + at] = source[start + at]!;
    } else bytes.set(source.subarray(start, end), used);
    out.used = used + length;
  }

  #addToDictionary(source: Uint8Array, start: number, end: number): void {
    this.#plainBytes += end - start + LENGTH_BYTES;
    const slot = this.#slotOf(source, start, end);
    let entry = this.#slots[slot]!;
    if (entry === 0) {
      entry = this.#entries + 1;
      if (entry > MOST_ENTRIES) {
        this.#giveUp();
        this.#append(source, start, end);
        return;
      }
      this.#slots[slot] = entry;
      this.#start(entry - 1, this.out.used);
      this.#entries = entry;
      this.#append(source, start, end);
      if (2 * this.#entries > this.#slots.length) this.#moreSlots();
    }
    this.#indexes.int32(entry - 1);
    if (this.count >= TRIED_VALUES && 2 * this.out.used > this.#plainBytes) this.#giveUp();
  }

  #start(entry: number, at: number): void {
    if (entry === this.#starts.length) {
      const larger = new Int32Array(2 * entry);
      larger.set(this.#starts);
      this.#starts = larger;
    }
    this.#starts[entry] = at;
  }

  /** The slot of the text's entry, or the free one where it belongs. */
  #slotOf(source: Uint8Array, start: number, end: number): number {
    const mask = this.#slots.length - 1;
    const { bytes } = this.out;
    for (let slot = hashOf(source, start, end) & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#slots[slot]!;
      if (entry === 0) return slot;
      const at = this.#starts[entry - 1]!;
      if (lengthAt(bytes, at) !== end - start) continue;
      let same = start;
      const shift = at + LENGTH_BYTES - start;
      while (same < end && source[same] === bytes[same + shift]) same += 1;
      if (same === end) return slot;
    }
  }

  #moreSlots(): void {
    this.#slots = new Int32Array(2 * this.#slots.length);
    const { bytes } = this.out;
    for (let entry = 0; entry < this.#entries; entry += 1) {
      const from = this.#starts[entry]! + LENGTH_BYTES;
      const to = from + lengthAt(bytes, from - LENGTH_BYTES);
      this.#slots[this.#slotOf(bytes, from, to)] = entry + 1;
    }
  }

  /** Writes the values so far as they are, and goes on without a dictionary. */
  #giveUp(): void {
    const entries = this.out.view().slice();
    const count = this.#indexes.used / 4;
    this.#isDictionary = false;
    this.out.clear();
    for (let index = 0; index < count; index += 1) {
      const at = this.#starts[lengthAt(this.#indexes.bytes, 4 * index)]!;
      const length = LENGTH_BYTES + lengthAt(entries, at);
      this.out.add(entries.subarray(at, at + length));
    }
  }

  override get bytes(): number {
    return super.bytes + this.#indexes.used;
  }

  /** Null where there is none; then `plain` has the values. */
  dictionary(): Dictionary | null {
    if (!this.#isDictionary || this.count === 0) return null;
    if (this.#entries === this.count && this.count < TRIED_VALUES) return null;
    const width = Math.max(1, 32 - Math.clz32(this.#entries - 1));
    const packed = new HybridWriter(width);
    for (let at = 0; at < this.#indexes.used; at += 4) {
      packed.add(lengthAt(this.#indexes.bytes, at));
    }
    const indexes = Buffer.concat([Uint8Array.of(width), packed.finish()]);
    return { entries: this.#entries, plain: this.out.view(), indexes };
  }

  bounds(): Bounds | null {
    if (this.count === 0) return null;
    const greatest = this.#greatest.asUpper();
    return greatest === null ? null : { least: this.#least.asLower(), greatest };
  }

  override clear(): void {
    super.clear();
    this.#indexes.clear();
    if (this.#entries > 0) this.#slots.fill(0);
    this.#isDictionary = true;
    this.#entries = 0;
    this.#plainBytes = 0;
    this.#least.isEmpty = true;
    this.#greatest.isEmpty = true;
  }
}

/** FNV-1a, with its bits mixed once more, since slots are chosen by the lowest. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}

function lengthAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

/** The beginning of the least or the greatest text. */
class Bound {
  isEmpty = true;
  #length = 0;
  #isCut = false;
  readonly #bytes = new Uint8Array(BOUND_BYTES);

  /** Below zero where the text comes before it, in the order of bytes. */
  order(source: Uint8Array, start: number, end: number): number {
    const length = Math.min(this.#length, end - start);
    for (let at = 0; at < length; at += 1) {
      const difference = source[start + at]! - this.#bytes[at]!;
      if (difference !== 0) return difference;
    }
    // Of texts that begin like one that was cut, any order will do: both limits hold for all.
    return end - start > BOUND_BYTES && this.#isCut ? 0 : end - start - this.#length;
  }

  set(source: Uint8Array, start: number, end: number): void {
    this.isEmpty = false;
    this.#isCut = end - start > BOUND_BYTES;
    this.#length = Math.min(BOUND_BYTES, end - start);
    for (let at = 0; at < this.#length; at += 1) this.#bytes[at] = source[start + at]!;
  }

  /** A text that is not greater. */
  asLower(): Uint8Array {
    return this.#bytes.subarray(0, this.#isCut ? this.#endOfCharacters() : this.#length);
  }

  /** A text that is not less; null where none is short. */
  asUpper(): Uint8Array | null {
    if (!this.#isCut) return this.#bytes.subarray(0, this.#length);
    const points = Array.from(
      Buffer.from(this.#bytes.subarray(0, this.#endOfCharacters())).toString(),
      (character) => character.codePointAt(0)!,
    );
    for (let last = points.pop(); last !== undefined; last = points.pop()) {
      // Behind the last character before the surrogates comes the first after them.
      const next = last === 0xd7ff ? 0xe000 : last + 1;
      if (next <= 0x10ffff) return Buffer.from(String.fromCodePoint(...points, next));
    }
    return null;
  }

  /** Where the last whole character of a text that was cut ends. */
  #endOfCharacters(): number {
    let start = this.#length - 1;
    while (start > 0 && (this.#bytes[start]! & 0xc0) === 0x80) start -= 1;
    const first = this.#bytes[start]!;
    const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    return start + length <= this.#length ? start + length : start;
  }
}
