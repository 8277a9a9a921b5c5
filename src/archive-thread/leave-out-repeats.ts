import type { Place } from '../core/page-request.ts';
import { FLUSH } from '../export/format.ts';
import type { FollowedPage } from './follow-archive.ts';

/**
 * Where an expired cursor made the list be read again (FAULTS P6), the first reading's pages may have
 * been given already, in branch order. Of the pages that follow, records whose key was given are left
 * out, and pages that hold no other are left out whole.
 *
 * @param repeatsOf which records of a page, by index, have a key that a page of the branch of `last`
 *   up to it has
 */
export async function* leaveOutRepeats(
  pages: AsyncIterable<FollowedPage | typeof FLUSH>,
  repeatsOf: (last: Place) => (page: Place) => readonly number[],
): AsyncGenerator<FollowedPage | typeof FLUSH> {
  let last: Place | null = null;
  let find: ((page: Place) => readonly number[]) | null = null;
  for await (const page of pages) {
    if (page === FLUSH) {
      yield page;
      continue;
    }
    if (last !== null && page.place.branch !== last.branch) find = repeatsOf(last);
    last = page.place;
    const repeats = find === null ? [] : find(page.place);
    if (repeats.length === 0) yield page;
    else if (repeats.length < page.records) yield { ...page, repeats: new Set(repeats) };
  }
}
