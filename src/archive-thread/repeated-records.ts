/** Records at the front of a page of a chain that are the last ones of the page before. */
import { crc32 } from 'node:zlib';
import { type PageInfo, shortKey } from '../core/page-info.ts';
import type { Place } from '../core/page-request.ts';
import type { FoundRecords } from '../decode/decode.ts';

/** What pages are compared with. */
export interface KeptPages {
  /** The first page that has records, decoded, or null. */
  readonly firstWithRecords: () => Uint8Array | null;
  /** The keys of a page's records as they are kept; none where it is not stored. */
  readonly keysAt: (place: Place) => readonly string[];
  readonly pageInfoAt: (place: Place) => PageInfo | null;
}

interface PageWithKeys {
  readonly body: Uint8Array;
  readonly found: FoundRecords;
  readonly keys: readonly string[];
}

/** So many of a page's first records are, by key and bytes, the last ones of the page at `before`. */
export function countRepeats(
  { body, found, keys }: PageWithKeys,
  before: Place,
  kept: KeptPages,
): number {
  const repeats = repeatedFront(kept.keysAt(before), keys.map(shortKey));
  if (repeats === 0) return 0;
  // A record may be continued: then the two hold other properties of it.
  const { lastMarks = [] } = kept.pageInfoAt(before) ?? {};
  const own = marksOf(body, found, 0, repeats);
  const isSame = lastMarks
    .slice(-repeats)
    .every((mark, at, { length }) => mark === own.at(at - length));
  return isSame ? repeats : 0;
}

/** So many keys at the front are those that the page before ended with; less than it has. */
function repeatedFront(before: readonly string[], own: readonly string[]): number {
  const [first] = own;
  if (first === undefined || first === '') return 0;
  for (let at = before.indexOf(first, 1); at !== -1; at = before.indexOf(first, at + 1)) {
    const tail = before.slice(at);
    const isFront = tail.every((key, index) => key !== '' && key === own[index]);
    if (isFront) return tail.length;
  }
  return 0;
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
