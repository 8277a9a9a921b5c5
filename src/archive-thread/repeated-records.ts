/** Records at the front of a page of a chain that are the last ones of the page before. */

import { crc32 } from 'node:zlib';
import type { Place } from '../core/page-request.ts';
import type { FoundRecords } from '../decode/decode.ts';
import type { KeptPages } from './kept-pages.ts';

interface PageWithKeys {
  readonly body: Uint8Array;
  readonly found: FoundRecords;
  /** Keys of the page's first records. */
  readonly keys: Uint8Array;
}

/** Counts the first records of a page that are, by key and bytes, the last ones of the page at `before`. */
export function countRepeats(
  { body, found, keys }: PageWithKeys,
  before: Place,
  kept: Pick<KeptPages, 'lastKeysAt' | 'pageInfoAt'>,
): number {
  const keysBefore = kept.lastKeysAt(before);
  const repeats = keysBefore === null ? 0 : repeatedFront(bufferOf(keysBefore), bufferOf(keys));
  if (repeats === 0) return 0;
  // A record may be continued: then the two hold other properties of it.
  const { lastMarks = [] } = kept.pageInfoAt(before) ?? {};
  const marks = lastMarks.slice(-repeats);
  const own = marksOf(body, found, repeats - marks.length, repeats);
  return marks.every((mark, at) => mark === own[at]) ? repeats : 0;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/**
 * Within a text of JSON no quote stands without a backslash before it: so this begins a key that is not
 * the first, and the other is one without text.
 */
const NEXT_KEY = ',"';
const NO_KEY = ',""';
/** Keys that a page has more often than this tell nothing. */
const MOST_PLACES = 100;

/** Counts the keys at the front that the page before ended with; never all of that page's keys. */
function repeatedFront(before: Buffer, own: Buffer): number {
  const first = own.subarray(1, endOfFirst(own));
  if (first.length === 2) return 0;
  const sought = Buffer.concat([Buffer.from(','), first]);
  let at = before.indexOf(sought, 1);
  for (let places = 0; at !== -1 && places < MOST_PLACES; places += 1) {
    // Both lists from a key on to a bracket; the bracket of the page before may be a comma here.
    const tail = before.subarray(at + 1, -1);
    const end = 1 + tail.length;
    const isEnd = end === own.length - 1 || own.indexOf(NEXT_KEY, end) === end;
    if (isEnd && own.subarray(1, end).equals(tail) && !tail.includes(NO_KEY)) {
      return countKeys(tail);
    }
    at = before.indexOf(sought, at + 1);
  }
  return 0;
}

/** Where the first key of a list ends, past its quote. */
function endOfFirst(list: Buffer): number {
  let at = 2;
  while (list[at] !== QUOTE) at += list[at] === BACKSLASH ? 2 : 1;
  return at + 1;
}

function countKeys(part: Buffer): number {
  let count = 1;
  for (let at = part.indexOf(NEXT_KEY); at !== -1; at = part.indexOf(NEXT_KEY, at + 1)) count += 1;
  return count;
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A page may begin some records before the end of the page before. */
const MOST_MARKS = 10;

export function lastMarksOf(body: Uint8Array, found: FoundRecords): readonly number[] {
  return marksOf(body, found, Math.max(0, found.count - MOST_MARKS), found.count);
}

/** Checksums of the records from `from` to `to`. */
export function marksOf(body: Uint8Array, found: FoundRecords, from: number, to: number): number[] {
  const { source: bytes = body, spans } = found;
  return Array.from({ length: to - from }, (_, index) => {
    const at = 2 * (from + index);
    return crc32(bytes.subarray(spans[at], spans[at + 1]));
  });
}
