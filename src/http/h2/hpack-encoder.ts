/**
 * Header lists to header blocks (RFC 7541 §6). Strings go as they are: Huffman coding would cost
 * more time than its few bytes, since all that repeats is one byte by way of the dynamic table.
 */
import { DynamicTable, ENTRY_OVERHEAD_BYTES } from './hpack-dynamic-table.ts';
import { STATIC_LAST, staticIndexOfField, staticIndexOfName } from './hpack-static-table.ts';

/** Ours, and at most the peer's: enough for the headers of a run. */
const TABLE_BYTES = 4096;

/** `indexed`: repeats; `plain`: changes from request to request; `secret`: §7.1.3. */
export type FieldKind = 'indexed' | 'plain' | 'secret';

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
  begin(out: number[]): void {
    const pending = this.#pending;
    if (pending === null) return;
    this.#pending = null;
    if (pending.least < pending.last) putInteger(out, 0x20, 5, pending.least);
    putInteger(out, 0x20, 5, pending.last);
  }

  field(out: number[], name: string, value: string, kind: FieldKind): void {
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

/** RFC 7541 §5.1; `mark` is what stands above the prefix. */
export function putInteger(out: number[], mark: number, prefixBits: number, value: number): void {
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

export function putString(out: number[], text: string): void {
  putInteger(out, 0, 7, text.length);
  for (let at = 0; at < text.length; at += 1) out.push(text.charCodeAt(at));
}
