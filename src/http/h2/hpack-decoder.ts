/** Header blocks to header lists (RFC 7541 §3, §6). Every error ends the connection (§4.3 of RFC 9113). */
import { ConnectionError } from './connection-error.ts';
import { DynamicTable, ENTRY_OVERHEAD_BYTES } from './hpack-dynamic-table.ts';
import { decodeHuffman } from './hpack-huffman.ts';
import { STATIC_LAST, STATIC_NAMES, STATIC_VALUES } from './hpack-static-table.ts';
import { ErrorCode } from './protocol-numbers.ts';

/** What a peer may assume that was told nothing else. */
export const DEFAULT_TABLE_BYTES = 4096;

export class HpackDecoder {
  readonly #table: DynamicTable;
  readonly #tableLimit: number;
  readonly #maxListBytes: number;
  #scratch = Buffer.allocUnsafeSlow(1024);
  #bytes: Buffer = this.#scratch;
  #at = 0;
  #end = 0;

  /**
   * @param maxListBytes of names, values and 32 for each field (RFC 9113 §6.5.2)
   * @param tableBytes the table's size as the peer was told it
   */
  constructor(maxListBytes: number, tableBytes: number = DEFAULT_TABLE_BYTES) {
    this.#maxListBytes = maxListBytes;
    this.#tableLimit = tableBytes;
    this.#table = new DynamicTable(tableBytes);
  }

  get tableBytes(): number {
    return this.#table.bytes;
  }

  /**
   * The block in `bytes` from `start` to `end` as `[name, value, …]`; null where the list is too
   * large. The tables are kept right either way.
   *
   * @throws ConnectionError
   */
  decode(bytes: Buffer, start: number, end: number): string[] | null {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    const table = this.#table;
    const fields: string[] = [];
    let listBytes = 0;
    let maySize = true;
    while (this.#at < end) {
      const first = bytes[this.#at]!;
      let name: string;
      let value: string;
      if ((first & 0xe0) === 0x20) {
        if (!maySize) throw broken('a table size update within a header block');
        this.#resize(this.#integer(5));
        continue;
      }
      maySize = false;
      if (first >= 0x80) {
        const index = this.#integer(7);
        name = this.#nameAt(index);
        value = index > STATIC_LAST ? table.value(index - STATIC_LAST - 1) : STATIC_VALUES[index]!;
      } else {
        const isIndexed = first >= 0x40;
        const index = this.#integer(isIndexed ? 6 : 4);
        name = index === 0 ? this.#string() : this.#nameAt(index);
        value = this.#string();
        if (isIndexed) table.add(name, value);
      }
      listBytes += name.length + value.length + ENTRY_OVERHEAD_BYTES;
      if (listBytes <= this.#maxListBytes) fields.push(name, value);
    }
    return listBytes <= this.#maxListBytes ? fields : null;
  }

  #nameAt(index: number): string {
    if (index === 0) throw broken('header index 0');
    return index > STATIC_LAST ? this.#table.name(index - STATIC_LAST - 1) : STATIC_NAMES[index]!;
  }

  #resize(bytes: number): void {
    if (bytes > this.#tableLimit) throw broken('a header table larger than agreed');
    this.#table.resize(bytes);
  }

  /** RFC 7541 §5.1; what follows the prefix is at most four bytes, so that nothing overflows. */
  #integer(prefixBits: number): number {
    const most = (1 << prefixBits) - 1;
    const prefix = this.#bytes[this.#at]! & most;
    this.#at += 1;
    if (prefix < most) return prefix;
    let value = most;
    for (let shift = 0; shift <= 21; shift += 7) {
      if (this.#at >= this.#end) throw broken('a header block that ends within a number');
      const byte = this.#bytes[this.#at]!;
      this.#at += 1;
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw broken('a number too large for a header');
  }

  #string(): string {
    if (this.#at >= this.#end) throw broken('a header block that ends before a string');
    const isHuffman = this.#bytes[this.#at]! >= 0x80;
    const length = this.#integer(7);
    const start = this.#at;
    const end = start + length;
    if (end > this.#end) throw broken('a header block that ends within a string');
    this.#at = end;
    if (!isHuffman) return this.#bytes.toString('latin1', start, end);
    const room = Math.ceil((length * 8) / 5);
    if (room > this.#scratch.length) this.#scratch = Buffer.allocUnsafeSlow(room * 2);
    const decoded = decodeHuffman(this.#bytes, start, end, this.#scratch);
    return this.#scratch.toString('latin1', 0, decoded);
  }
}

function broken(what: string): ConnectionError {
  return new ConnectionError(ErrorCode.COMPRESSION_ERROR, what);
}
