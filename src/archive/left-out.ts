/** Which records an earlier page gave already, because of how the API pages: the one home of it. */
import type { PageInfo } from '../core/page-info.ts';
import type { Place } from '../core/page-request.ts';
import { isByOrdinal, isParallel, type Pagination } from '../core/pagination.ts';

/** What has to be known of a page. */
export interface CountedPage
  extends Partial<Pick<PageInfo, 'repeats' | 'goesOn' | 'firstKey' | 'lastKey'>> {
  readonly place: Place;
  readonly records: number;
}

/** The records of a page that are left out: how many at the front and at the back, and which others. */
export interface LeftOut {
  readonly front: number;
  readonly back: number;
  /** Others of its records, by their index, in order. */
  readonly others: readonly number[];
}

/**
 * Tells for each stored page which of its records an earlier page gave. It is told of all of them in
 * page order. The export leaves these records out, and the verdict does not count them, so both have
 * the same number.
 *
 * @param sharedBySlices which records of a page the slice before gave: see `sharedBySlices`
 */
export function createLeftOut(
  pagination: Pagination,
  sharedBySlices: () => (page: Place) => readonly number[],
): (page: CountedPage) => LeftOut {
  const within = leftOutOfBranch(pagination);
  // Without a key records that are alike may be two.
  if (pagination.slices === undefined || pagination.key === null) return within;
  let between: ReturnType<typeof sharedBySlices> | null = null;
  return (page) => {
    // Slices are exported when all have come; before that nothing is known of what they share.
    between ??= sharedBySlices();
    const { front, back } = within(page);
    const isLeft = (index: number) => index >= front && index < page.records - back;
    return { front, back, others: between(page.place).filter(isLeft) };
  };
}

/** What a page repeats of the pages before it in its own branch. */
function leftOutOfBranch(pagination: Pagination): (page: CountedPage) => LeftOut {
  if (isByOrdinal(pagination)) {
    const trim = createTrimmer(pagination.overlap);
    return ({ place, records }) => ({ ...NOTHING, front: trim(place, records) });
  }
  if (isParallel(pagination)) return () => NOTHING;
  if (pagination.keyFrom === 'first') return sharedAtTheBack();
  return ({ repeats = 0, goesOn = false, records }) => {
    const front = goesOn ? records : repeats;
    return front === 0 ? NOTHING : { ...NOTHING, front };
  };
}

const NOTHING: LeftOut = { front: 0, back: 0, others: [] };

/** A list that is read backwards, by its first key: a page ends with the record that led to it. */
function sharedAtTheBack(): (page: CountedPage) => LeftOut {
  let before: CountedPage | null = null;
  return (page) => {
    if (page.records === 0) return NOTHING;
    const key = before?.place.branch === page.place.branch ? before.firstKey : null;
    before = page;
    const isShared = key != null && key !== '' && key === page.lastKey;
    return isShared ? { ...NOTHING, back: 1 } : NOTHING;
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
export function createTrimmer(overlap: number): (place: Place, records: number) => number {
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
