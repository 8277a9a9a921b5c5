import type { Place } from '../core/page-request.ts';

/**
 * How many records at the front of each page an earlier page has given already, for an API that
 * pages by offset: there a place's position is the ordinal of the page's first new record. Pages
 * are told of in page order, with the records that they hold. With `overlap`, a page repeats so many
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
