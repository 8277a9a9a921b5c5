/** Bytes that are added at the end, little-endian. What grew once is filled again after `clear`. */
export class ByteBuffer {
  used = 0;
  /** Valid up to `used`; another one after `reserve`. */
  bytes: Uint8Array = new Uint8Array(64);
  #view = new DataView(this.bytes.buffer);

  /** Makes room for so many bytes more. */
  reserve(count: number): void {
    const needed = this.used + count;
    if (needed <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.bytes.length));
    larger.set(this.bytes.subarray(0, this.used));
    this.bytes = larger;
    this.#view = new DataView(larger.buffer);
  }

  clear(): void {
    this.used = 0;
  }

  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.used++] = value;
  }

  int32(value: number): void {
    this.reserve(4);
    this.#view.setInt32(this.used, value, true);
    this.used += 4;
  }

  /** 64 bits as two halves; what is above 32 bits in one is cut off. */
  int64(low: number, high: number): void {
    this.reserve(8);
    this.#view.setInt32(this.used, low, true);
    this.#view.setInt32(this.used + 4, high, true);
    this.used += 8;
  }

  double(value: number): void {
    this.reserve(8);
    this.#view.setFloat64(this.used, value, true);
    this.used += 8;
  }

  /** An integer up to 2^53 in groups of seven bits (unsigned LEB128). */
  varint(value: number): void {
    let rest = value;
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) this.byte((rest & 0x7f) | 0x80);
    this.byte(rest);
  }

  add(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.used);
    this.used += bytes.length;
  }

  /** What was added; it is written over after `clear`. */
  view(): Uint8Array {
    return this.bytes.subarray(0, this.used);
  }
}
