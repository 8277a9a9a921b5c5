import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createTrimmer } from '../../src/archive/left-out.ts';

type Page = readonly [position: number, records: number];

/** How far a plan lets the pages overlap: never by all that the first one holds. */
function overlapOf([first]: readonly Page[], asked: number): number {
  if (first === undefined || first[0] > 0) return 0;
  return Math.max(0, Math.min(asked, first[1] - 1));
}

/** Ordinals that are left of the pages. */
function kept(pages: readonly Page[], asked: number): number[] {
  const trim = createTrimmer(asked);
  const overlap = overlapOf(pages, asked);
  return pages.flatMap(([position, records]) => {
    const skip = trim({ branch: 0, position }, records);
    const first = Math.max(0, position - overlap);
    return Array.from({ length: records - skip }, (_, index) => first + skip + index);
  });
}

test('pages that join leave every record', () => {
  assert.deepEqual(
    kept(
      [
        [0, 2],
        [2, 2],
        [4, 0],
      ],
      0,
    ),
    [0, 1, 2, 3],
  );
});

test('records that an earlier page gave are left out', () => {
  assert.deepEqual(
    kept(
      [
        [0, 3],
        [2, 3],
        [3, 1],
        [5, 1],
      ],
      0,
    ),
    [0, 1, 2, 3, 4, 5],
  );
});

test('a gap stays a gap', () => {
  assert.deepEqual(
    kept(
      [
        [0, 1],
        [3, 1],
      ],
      0,
    ),
    [0, 3],
  );
});

test('an overlap is left out of all pages but the first', () => {
  assert.deepEqual(
    kept(
      [
        [0, 3],
        [3, 4],
        [6, 3],
      ],
      1,
    ),
    [0, 1, 2, 3, 4, 5, 6, 7],
  );
});

test('an overlap is at most one record less than the first page holds', () => {
  assert.deepEqual(
    kept(
      [
        [0, 2],
        [2, 5],
      ],
      10,
    ),
    [0, 1, 2, 3, 4, 5],
  );
  const trim = createTrimmer(2);
  assert.equal(trim({ branch: 0, position: 0 }, 2), 0);
  assert.equal(trim({ branch: 0, position: 2 }, 2), 1, 'it holds the records 1 and 2');
});

test('an overlap that a page does not repeat in full drops nothing', () => {
  // The page before held fewer records than were asked for.
  assert.deepEqual(
    kept(
      [
        [0, 3],
        [5, 4],
      ],
      2,
    ),
    [0, 1, 2, 3, 4, 5, 6],
  );
});

test('each branch begins anew', () => {
  const trim = createTrimmer(0);
  assert.equal(trim({ branch: 0, position: 0 }, 5), 0);
  assert.equal(trim({ branch: 1, position: 0 }, 5), 0);
  assert.equal(trim({ branch: 1, position: 4 }, 5), 1);
});

test('whatever the pages, each record comes once and in order', () => {
  const page = fc.tuple(fc.nat(20), fc.nat(6));
  fc.assert(
    fc.property(fc.array(page), fc.nat(4), (pages, asked) => {
      const sorted = pages.toSorted(([a], [b]) => a - b);
      const overlap = overlapOf(sorted, asked);
      const ordinals = kept(sorted, asked);
      const covered = sorted.flatMap(([position, records]) =>
        Array.from({ length: records }, (_, index) => Math.max(0, position - overlap) + index),
      );
      assert.deepEqual(
        ordinals,
        [...new Set(covered)].sort((a, b) => a - b),
      );
    }),
  );
});
