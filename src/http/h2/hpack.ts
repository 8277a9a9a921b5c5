import { decodeHuffman } from './huffman.ts';
import { ConnectionError, ErrorCode } from './protocol.ts';
import {
  STATIC_LAST,
  STATIC_NAMES,
  STATIC_VALUES,
  staticIndexOfField,
  staticIndexOfName,
} from './static-table.ts';

/** What an entry counts beside its bytes (RFC 7541 §4.1). */
const ENTRY_OVERHEAD_BYTES = 32;

/** The table of RFC 7541 §2.3.2, newest first, as a ring: every operation costs the same. */
class DynamicTable {
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

const PLACES = 64;
/** Longer ones are hardly the same twice. */
const MOST_BYTES = 64;

/**
 * Strings by the bytes that they were decoded from. Some servers, nginx among them, put none of their fields
 * into the dynamic table and send the same few again with each answer: comparing their bytes takes less
 * time than making a string of them. Each has one place, which the next that belongs there takes.
 */
export class KnownStrings {
  readonly #bytes = Buffer.alloc(PLACES * MOST_BYTES);
  readonly #lengths = new Uint8Array(PLACES);
  readonly #texts = new Array<string>(PLACES).fill('');

  find(bytes: Uint8Array, start: number, end: number): string | undefined {
    const place = placeOf(bytes, start, end);
    const length = end - start;
    if (this.#lengths[place] !== length) return undefined;
    const known = this.#bytes;
    for (let at = place * MOST_BYTES, of = start; of < end; at += 1, of += 1) {
      if (known[at] !== bytes[of]) return undefined;
    }
    return this.#texts[place];
  }

  /** @param text what these bytes mean */
  keep(bytes: Buffer, start: number, end: number, text: string): void {
    if (end - start > MOST_BYTES) return;
    const place = placeOf(bytes, start, end);
    bytes.copy(this.#bytes, place * MOST_BYTES, start, end);
    this.#lengths[place] = end - start;
    this.#texts[place] = text;
  }
}

/** By its length and its last bytes: what changes from one to the next stands there. */
function placeOf(bytes: Uint8Array, start: number, end: number): number {
  const last = bytes[end - 1]! ^ (bytes[Math.max(start, end - 2)]! << 2);
  return (last ^ ((end - start) * 7)) % PLACES;
}

/** What a peer may assume that was told nothing else. */
const DEFAULT_TABLE_BYTES = 4096;

/** Header blocks to header lists (RFC 7541 §3, §6). Every error ends the connection (§4.3 of RFC 9113). */
export class HpackDecoder {
  readonly #table: DynamicTable;
  readonly #tableLimit: number;
  readonly #maxListBytes: number;
  readonly #known = new KnownStrings();
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
    const from = this.#at;
    const isHuffman = this.#bytes[from]! >= 0x80;
    const length = this.#integer(7);
    const start = this.#at;
    const end = start + length;
    if (end > this.#end) throw broken('a header block that ends within a string');
    this.#at = end;
    const known = this.#known.find(this.#bytes, from, end);
    if (known !== undefined) return known;
    const text = isHuffman ? this.#huffman(start, end) : this.#bytes.toString('latin1', start, end);
    this.#known.keep(this.#bytes, from, end, text);
    return text;
  }

  #huffman(start: number, end: number): string {
    const room = Math.ceil(((end - start) * 8) / 5);
    if (room > this.#scratch.length) this.#scratch = Buffer.allocUnsafeSlow(room * 2);
    const decoded = decodeHuffman(this.#bytes, start, end, this.#scratch);
    return this.#scratch.toString('latin1', 0, decoded);
  }
}

function broken(what: string): ConnectionError {
  return new ConnectionError(ErrorCode.COMPRESSION_ERROR, what);
}

/** Ours, and at most the peer's: enough for the headers of a run. */
const TABLE_BYTES = 4096;

/** `indexed`: repeats; `plain`: changes from request to request; `secret`: §7.1.3. */
export type FieldKind = 'indexed' | 'plain' | 'secret';

/**
 * Header lists to header blocks (RFC 7541 §6). Strings go as they are: Huffman coding would cost
 * more time than its few bytes, since all that repeats is one byte by way of the dynamic table.
 */
export class HpackEncoder {
  readonly #table = new DynamicTable(TABLE_BYTES);
  /** Number of the addition that brought a field into the table. */
  readonly #added = new Map<string, number>();
  #additions = 0;
  #resizes = 0;
  /** A size that the peer is still to be told: the least since the last block, and the last. */
  #pending: { least: number; last: number } | null = null;

  /** Counts what changes the table: blocks encoded at the same generation may be used again. */
  get generation(): number {
    return this.#additions + this.#resizes;
  }

  /** The peer's SETTINGS_HEADER_TABLE_SIZE. */
  limitTable(bytes: number): void {
    const last = Math.min(bytes, TABLE_BYTES);
    if (last === (this.#pending?.last ?? this.#table.maxBytes)) return;
    this.#pending = { least: Math.min(last, this.#pending?.least ?? last), last };
    this.#table.resize(this.#pending.least);
    this.#table.resize(last);
    this.#resizes += 1;
  }

  /** What must stand at the beginning of the next block (RFC 7541 §4.2). */
  begin(out: ByteSink): void {
    const pending = this.#pending;
    if (pending === null) return;
    this.#pending = null;
    if (pending.least < pending.last) putInteger(out, 0x20, 5, pending.least);
    putInteger(out, 0x20, 5, pending.last);
  }

  field(out: ByteSink, name: string, value: string, kind: FieldKind): void {
    if (kind !== 'secret') {
      const index = this.#find(name, value);
      if (index !== 0) {
        putInteger(out, 0x80, 7, index);
        return;
      }
    }
    const size = name.length + value.length + ENTRY_OVERHEAD_BYTES;
    // One large value is not worth all the others.
    const isAdded = kind === 'indexed' && size <= this.#table.maxBytes / 4;
    const nameIndex = staticIndexOfName(name);
    if (isAdded) putInteger(out, 0x40, 6, nameIndex);
    else putInteger(out, kind === 'secret' ? 0x10 : 0x00, 4, nameIndex);
    if (nameIndex === 0) putString(out, name);
    putString(out, value);
    if (isAdded) this.#add(name, value);
  }

  #find(name: string, value: string): number {
    const fixed = staticIndexOfField(name, value);
    if (fixed !== 0) return fixed;
    const number = this.#added.get(`${name}\n${value}`);
    if (number === undefined) return 0;
    const age = this.#additions - 1 - number;
    return age < this.#table.count ? STATIC_LAST + 1 + age : 0;
  }

  #add(name: string, value: string): void {
    // Where headers change without end, what was evicted must go from here too.
    if (this.#added.size >= 1024) this.#added.clear();
    this.#table.add(name, value);
    this.#added.set(`${name}\n${value}`, this.#additions);
    this.#additions += 1;
  }
}

interface ByteSink {
  push(byte: number): void;
}

/** RFC 7541 §5.1; `mark` is what stands above the prefix. */
export function putInteger(out: ByteSink, mark: number, prefixBits: number, value: number): void {
  const most = (1 << prefixBits) - 1;
  if (value < most) {
    out.push(mark | value);
    return;
  }
  out.push(mark | most);
  let rest = value - most;
  for (; rest >= 0x80; rest >>>= 7) out.push((rest & 0x7f) | 0x80);
  out.push(rest);
}

function putString(out: ByteSink, text: string): void {
  putInteger(out, 0, 7, text.length);
  for (let at = 0; at < text.length; at += 1) out.push(text.charCodeAt(at));
}
