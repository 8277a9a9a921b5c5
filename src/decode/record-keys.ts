import { compactRange } from './compact.ts';
import type { FoundRecords } from './found-records.ts';
import { createPathWalk } from './pick-values.ts';

const QUOTE = 0x22;
const LOWER_N = 0x6e;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
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
