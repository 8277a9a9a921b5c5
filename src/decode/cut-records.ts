/** Records that are none, or are not wanted, and a page without them. */
import type { FoundRecords } from './selection.ts';

const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const LOWER_N = 0x6e;

/**
 * A page without some of its records, by their index; all else keeps its bytes. A record that is no
 * element of an array stays.
 *
 * @param found where the records stand in `page`
 */
export function withoutRecords(
  page: Uint8Array,
  { count, spans }: FoundRecords,
  left: ReadonlySet<number>,
): Uint8Array {
  if (count === 0 || !isElement(page, spans[0]!)) return page;
  const parts: Uint8Array[] = [page.subarray(0, spans[0])];
  for (let index = 0; index < count; index += 1) {
    if (left.has(index)) continue;
    if (parts.length > 1) parts.push(Uint8Array.of(COMMA));
    parts.push(page.subarray(spans[2 * index], spans[2 * index + 1]));
  }
  parts.push(page.subarray(spans[2 * count - 1]));
  return Buffer.concat(parts);
}

/** Whether the first of the records stands at the beginning of an array. */
function isElement(page: Uint8Array, start: number): boolean {
  let at = start - 1;
  while (at >= 0 && page[at]! <= 0x20) at -= 1;
  return page[at] === OPEN_BRACKET;
}

/**
 * Which records of a page are `null`, by their index. A list that was an object with gaps in its numbers
 * has them (Firebase), and one of which a server could not give every part. They are no records.
 *
 * @param found where the records stand in `page`
 */
export function nullsIn(
  page: Uint8Array,
  { count, spans, source }: FoundRecords,
): readonly number[] {
  const bytes = source ?? page;
  const nulls: number[] = [];
  for (let index = 0; index < count; index++) {
    if (bytes[spans[2 * index]!] === LOWER_N) nulls.push(index);
  }
  return nulls;
}
