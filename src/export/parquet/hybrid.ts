import { ByteBuffer } from './byte-buffer.ts';

/** Values that are packed bit by bit come in groups of eight, at most so many of them in one run. */
const GROUP = 8;
const MOST_GROUPS = 63;

/**
 * Writes small integers as runs of equal ones, and packed bit by bit between them, while they come: Parquet's
 * RLE/bit-packing hybrid. A column that is null nearly everywhere costs nearly nothing.
 * https://parquet.apache.org/docs/file-format/data-pages/encodings/
 */
export class HybridWriter {
  readonly #out = new ByteBuffer();
  readonly #width: number;
  /** Values of a group that is not full; all are the same where it follows a run. */
  readonly #waiting = new Uint16Array(GROUP);
  #waitingCount = 0;
  #last = -1;
  /** How often the last value came in sequence, from eight on without waiting. */
  #repeats = 0;
  /** Where the header of the packed run stands that can still grow; −1 where none can. */
  #headerAt = -1;
  #groups = 0;

  /** @param width bits of each value, at most 16 */
  constructor(width: number) {
    this.#width = width;
  }

  add(value: number): void {
    if (value === this.#last) {
      this.#repeats += 1;
      if (this.#repeats >= GROUP) return;
    } else {
      if (this.#repeats >= GROUP) this.#writeRun();
      this.#repeats = 1;
      this.#last = value;
    }
    this.#waiting[this.#waitingCount++] = value;
    if (this.#waitingCount === GROUP) this.#pack();
  }

  /** What was added so far, as one piece, which `clear` gives up. */
  finish(): Uint8Array {
    if (this.#repeats >= GROUP) this.#writeRun();
    else if (this.#waitingCount > 0) {
      this.#waiting.fill(0, this.#waitingCount);
      this.#pack();
    }
    this.#endPacked();
    return this.#out.view();
  }

  clear(): void {
    this.#out.clear();
    this.#waitingCount = 0;
    this.#repeats = 0;
    this.#last = -1;
  }

  #writeRun(): void {
    this.#endPacked();
    this.#out.varint(2 * this.#repeats);
    for (let bits = 0; bits < this.#width; bits += 8) this.#out.byte((this.#last >> bits) & 0xff);
    this.#repeats = 0;
    this.#waitingCount = 0;
  }

  #pack(): void {
    if (this.#groups === MOST_GROUPS) this.#endPacked();
    if (this.#headerAt < 0) {
      this.#headerAt = this.#out.used;
      this.#out.byte(0);
    }
    this.#out.reserve(this.#width);
    const { bytes } = this.#out;
    let bits = 0;
    let held = 0;
    for (let index = 0; index < GROUP; index += 1) {
      held |= this.#waiting[index]! << bits;
      for (bits += this.#width; bits >= 8; bits -= 8) {
        bytes[this.#out.used++] = held & 0xff;
        held >>>= 8;
      }
    }
    this.#groups += 1;
    this.#waitingCount = 0;
    this.#repeats = 0;
  }

  #endPacked(): void {
    if (this.#headerAt < 0) return;
    this.#out.bytes[this.#headerAt] = (this.#groups << 1) | 1;
    this.#headerAt = -1;
    this.#groups = 0;
  }
}
