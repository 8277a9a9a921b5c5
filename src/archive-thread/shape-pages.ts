import { isByOrdinal, type Pagination } from '../core/pagination.ts';
import type { FoundRecords } from '../decode/decode.ts';
import { FLUSH } from '../export/format.ts';
import { createTrimmer } from '../export/trim-pages.ts';
import type { DecodedPage } from './decode-stored.ts';
import type { FollowedPage } from './follow-archive.ts';

export type ShapedItem = DecodedPage | typeof FLUSH;

const NO_RECORDS: FoundRecords = { count: 0, spans: new Uint32Array(0), compact: true };

/**
 * Makes pages ready for a format: marks the records that an earlier page gave already, and lets a
 * format use the records that the check has found only where it wants the same ones.
 *
 * @param exportsFound whether the export takes what the check counted
 */
export async function* shapedPages(
  pages: AsyncIterable<FollowedPage | typeof FLUSH>,
  pagination: Pagination | null,
  exportsFound: boolean,
): AsyncGenerator<ShapedItem> {
  const shape = createShaper(pagination, exportsFound);
  for await (const page of pages) yield page === FLUSH ? page : shape(page);
}

/** The same for pages one by one. */
export function createShaper(
  pagination: Pagination | null,
  exportsFound: boolean,
): (page: FollowedPage) => DecodedPage {
  if (pagination === null) return (page) => page;
  const trim = isByOrdinal(pagination) ? createTrimmer(pagination.overlap) : () => 0;
  return (page) => {
    const { found, records, repeats, ...bare } = page;
    const skip = trim(page.place, records);
    // What is skipped are records of the list; another selection has other records.
    if (!exportsFound) return bare;
    const shaped = repeats === undefined ? { ...bare, skip } : { ...bare, skip, repeats };
    if (records === 0) return { ...shaped, found: NO_RECORDS };
    return found === undefined ? shaped : { ...shaped, found };
  };
}
