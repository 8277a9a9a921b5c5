/** Which records an earlier page gave already, because of how the API pages: the one home of it. */
import type { Place } from '../core/page-request.ts';
import { factsOf, isByOrdinal, type Pagination } from '../core/pagination.ts';

/** What has to be known of a page. */
export interface CountedPage {
  readonly place: Place;
  readonly records: number;
  /** Null without a key or without records. Only where pages may share boundaries. */
  readonly firstKey: string | null;
  readonly lastKey: string | null;
}

/** So many records at the front and at the back of a page. */
export interface LeftOut {
  readonly front: number;
  readonly back: number;
}

/**
 * Tells for each stored page which of its records an earlier page gave. It is told of all of them in
 * page order. The export leaves these records out, and the verdict does not count them, so both have
 * the same number.
 */
export function createLeftOut(pagination: Pagination): (page: CountedPage) => LeftOut {
  if (isByOrdinal(pagination)) {
    const trim = createTrimmer(pagination.overlap);
    return ({ place, records }) => ({ front: trim(place, records), back: 0 });
  }
  if (factsOf(pagination).mayShareBoundaries === true) return sharedBoundaries(pagination);
  return () => NOTHING;
}

const NOTHING: LeftOut = { front: 0, back: 0 };

/** Where a key is inclusive (CouchDB's `startkey`), a page holds the record that led to it. */
function sharedBoundaries({ keyFrom }: Pagination): (page: CountedPage) => LeftOut {
  let before: CountedPage | null = null;
  return (page) => {
    if (page.records === 0) return NOTHING;
    const led = before?.place.branch === page.place.branch ? before : null;
    before = page;
    const [key, own] =
      keyFrom === 'last' ? [led?.lastKey, page.firstKey] : [led?.firstKey, page.lastKey];
    if (key == null || key === '' || key !== own) return NOTHING;
    return keyFrom === 'last' ? { front: 1, back: 0 } : { front: 0, back: 1 };
  };
}

/**
 * How many records at the front of each page an earlier page has given already, for an API that
 * pages by offset: there a place's position is the ordinal of the page's first new record. It is told
 * of pages in page order, with the records that they hold. With `overlap`, a page repeats so many
 * records before its position, as far as there are any, and at most one less than the first page holds.
 *
 *     const trim = createTrimmer(1);
 *     trim({ branch: 0, position: 0 }, 3); // 0: holds the records 0, 1, 2
 *     trim({ branch: 0, position: 3 }, 3); // 1: holds 2, 3, 4
 *     trim({ branch: 0, position: 4 }, 3); // 2: holds 3, 4, 5, since a page was asked for too early
 */
export function createTrimmer(overlap = 0): (place: Place, records: number) => number {
  let branch = -1;
  let expected = 0;
  let repeated = 0;
  return (place, records) => {
    if (place.branch !== branch) {
      branch = place.branch;
      expected = 0;
      // As the plan does: an overlap is never as long as the first page.
      repeated = place.position === 0 ? Math.max(0, Math.min(overlap, records - 1)) : 0;
    }
    const first = Math.max(0, place.position - repeated);
    const skip = Math.min(records, Math.max(0, expected - first));
    expected = Math.max(expected, first + records);
    return skip;
  };
}
