import { LONGEST_KEY_BYTES, shortKey } from '../core/page-info.ts';
import { compactRange, endOfString } from './json-tokens.ts';
import { createPathWalk } from './pick-values.ts';
import type { FoundRecords } from './selection.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const LOWER_N = 0x6e;
const OPEN_BRACE = 0x7b;

/**
 * A function that reads the identity of each record: what stands at a dotted path from the record
 * (`id`, `node.id`; `@` is the record itself). Two records are the same one if their texts are equal:
 * - a number, `true` or `false` is its literal, so 1 and 1.0 differ and no digit is lost;
 * - a string is its text as `JSON.stringify` writes it, so `"1"` and `1` differ, and the same text
 *   with other escapes does not;
 * - an object or an array is its bytes without white space;
 * - null, or nothing there, is empty text: no identity, which no other record shares.
 *
 * Throws `EverypageError` with code `SELECTION` where the path cannot be read.
 *
 *     const keysOf = createKeyReader('id');
 *     keysOf(page, found); // ['1', '"a"', '']
 */
export function createKeyReader(path: string): (page: Uint8Array, found: FoundRecords) => string[] {
  const { walk, starts, ends } = createPathWalk([path]);

  return (page, found) => {
    const bytes = found.source ?? page;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const keys: string[] = [];
    for (let index = 0; index < found.count; index++) {
      walk(bytes, found.spans[2 * index]!, null);
      keys.push(starts[0]! < 0 ? '' : identityOf(text, starts[0]!, ends[0]!));
    }
    return keys;
  };
}

/** Keys that follow each other, without a text for each: a page may hold millions. */
export interface KeyPart {
  /** The number of the first one within its page. */
  readonly first: number;
  /** As the archive keeps them: JSON, a list with `shortKey` of each, in UTF-8. */
  readonly list: Uint8Array;
}

/** A part ends with the key that brings it to so many bytes; the same keys give the same parts. */
export const KEY_PART_BYTES = 1024 * 1024;

/** The keys of a page's records. */
export interface RecordKeys {
  /** At least one. */
  readonly parts: readonly KeyPart[];
  /** Whole. */
  readonly first: string;
  readonly last: string;
  /** A record has none. */
  readonly hasUnnamed: boolean;
}

/** Where each key stands in a part, its quotes with it; `""` is that of a record without one. */
export function eachKey(
  { first, list }: KeyPart,
  use: (start: number, end: number, index: number) => void,
): void {
  for (let start = 1, index = first; start < list.length; index++) {
    const end = endOfString(list, start + 1, list.length);
    use(start, end, index);
    start = end + 1;
  }
}

/** A key and what stands around it take no more: each byte may need a backslash, or it is a hash. */
const MOST_BYTES_A_KEY = 2 * LONGEST_KEY_BYTES + 32;

/** A function that reads the same keys as a list; null for no records. Throws as `createKeyReader` does. */
export function createKeyLister(
  path: string,
): (page: Uint8Array, found: FoundRecords) => RecordKeys | null {
  const { walk, starts, ends } = createPathWalk([path]);
  let out = Buffer.allocUnsafeSlow(1024);

  /** Writes the key that was found. Returns where it ends. */
  function write(text: Buffer, from: number): number {
    const [start, end] = [starts[0]!, ends[0]!];
    const first = start < 0 ? LOWER_N : text[start]!;
    let to = from;
    out[to++] = QUOTE;
    if (first === LOWER_N) {
      out[to++] = QUOTE;
      return to;
    }
    const isString = first === QUOTE;
    const contentEnd = isString ? end - 1 : end;
    let isPlain =
      end - start <= LONGEST_KEY_BYTES && first !== OPEN_BRACE && first !== OPEN_BRACKET;
    if (isPlain) {
      if (isString) out[to++] = BACKSLASH;
      out[to++] = first;
      for (let at = start + 1; at < contentEnd; at++) {
        const byte = text[at]!;
        if (byte === BACKSLASH) isPlain = false;
        out[to++] = byte;
      }
      if (isString) {
        out[to++] = BACKSLASH;
        out[to++] = QUOTE;
      }
    }
    if (!isPlain) {
      return from + out.write(JSON.stringify(shortKey(identityOf(text, start, end))), from);
    }
    out[to++] = QUOTE;
    return to;
  }

  function reserve(used: number): void {
    if (used + MOST_BYTES_A_KEY <= out.length) return;
    out = Buffer.from(out.buffer.transfer(2 * out.length));
  }

  return (page, found) => {
    if (found.count === 0) return null;
    const bytes = found.source ?? page;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const whole = (): string => (starts[0]! < 0 ? '' : identityOf(text, starts[0]!, ends[0]!));
    const parts: KeyPart[] = [];
    let first = '';
    let used = 0;
    let partFirst = 0;
    let hasUnnamed = false;
    for (let index = 0; index < found.count; index++) {
      walk(bytes, found.spans[2 * index]!, null);
      if (index === 0) first = whole();
      reserve(used);
      out[used++] = used === 1 ? OPEN_BRACKET : COMMA;
      const from = used;
      used = write(text, from);
      if (used === from + 2) hasUnnamed = true;
      if (used < KEY_PART_BYTES && index + 1 < found.count) continue;
      out[used++] = CLOSE_BRACKET;
      parts.push({ first: partFirst, list: Buffer.from(out.subarray(0, used)) });
      used = 0;
      partFirst = index + 1;
    }
    return { parts, first, last: whole(), hasUnnamed };
  };
}

function identityOf(text: Buffer, start: number, end: number): string {
  const first = text[start]!;
  if (first === LOWER_N) return '';
  if (first === OPEN_BRACE || first === OPEN_BRACKET) {
    return Buffer.from(compactRange(text, start, end)).toString();
  }
  const literal = text.toString('utf8', start, end);
  if (first !== QUOTE || text.subarray(start, end).indexOf(BACKSLASH) < 0) return literal;
  return JSON.stringify(JSON.parse(literal));
}
