import type { FoundRecords } from './selection.ts';

const LOWER_N = 0x6e;

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
