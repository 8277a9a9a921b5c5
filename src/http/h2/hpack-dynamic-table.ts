import { ConnectionError } from './connection-error.ts';
import { ErrorCode } from './protocol-numbers.ts';

/** What an entry counts beside its bytes (RFC 7541 §4.1). */
export const ENTRY_OVERHEAD_BYTES = 32;

/** The table of RFC 7541 §2.3.2, newest first, as a ring: every operation costs the same. */
export class DynamicTable {
  readonly #names: string[];
  readonly #values: string[];
  readonly #mask: number;
  /** Entries added since ever; the newest is number `#added - 1`. */
  #added = 0;
  #count = 0;
  #bytes = 0;
  #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    // No entry is smaller than its overhead, so there are never more than these.
    const slots = 2 ** Math.ceil(Math.log2(Math.max(1, maxBytes / ENTRY_OVERHEAD_BYTES)));
    this.#mask = slots - 1;
    this.#names = new Array<string>(slots).fill('');
    this.#values = new Array<string>(slots).fill('');
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get maxBytes(): number {
    return this.#maxBytes;
  }

  /** Never above what the constructor was given. */
  resize(maxBytes: number): void {
    this.#maxBytes = maxBytes;
    this.#evictUntil(maxBytes);
  }

  /** An entry larger than the table empties it, and is no error (§4.4). */
  add(name: string, value: string): void {
    const size = name.length + value.length + ENTRY_OVERHEAD_BYTES;
    this.#evictUntil(this.#maxBytes - size);
    if (size > this.#maxBytes) return;
    const slot = this.#added & this.#mask;
    this.#names[slot] = name;
    this.#values[slot] = value;
    this.#added += 1;
    this.#count += 1;
    this.#bytes += size;
  }

  /** @param age 0 for the newest */
  name(age: number): string {
    return this.#names[this.#slot(age)]!;
  }

  value(age: number): string {
    return this.#values[this.#slot(age)]!;
  }

  #slot(age: number): number {
    if (age >= this.#count) {
      throw new ConnectionError(ErrorCode.COMPRESSION_ERROR, 'a header index that does not exist');
    }
    return (this.#added - 1 - age) & this.#mask;
  }

  #evictUntil(bytes: number): void {
    while (this.#bytes > bytes && this.#count > 0) {
      const slot = (this.#added - this.#count) & this.#mask;
      this.#bytes -= this.#names[slot]!.length + this.#values[slot]!.length + ENTRY_OVERHEAD_BYTES;
      // An entry may be large; it must not live on in its slot.
      this.#names[slot] = '';
      this.#values[slot] = '';
      this.#count -= 1;
    }
  }
}
