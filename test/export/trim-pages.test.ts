import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createTrimmer } from '../../src/export/trim-pages.ts';

/** Ordinals that are left of pages given as position and number of records. */
function kept(pages: readonly (readonly [number, number])[], overlap: number): number[] {
  const trim = createTrimmer(overlap);
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
  assert.deepEqual(
    kept(
      [
        [0, 2],
        [2, 5],
      ],
      10,
    ),
    [0, 1, 2, 3, 4],
  );
});

test('an overlap that a page does not repeat in full drops nothing', () => {
  // The page before held fewer records than were asked for.
  assert.deepEqual(
    kept(
      [
        [0, 1],
        [3, 4],
      ],
      2,
    ),
    [0, 1, 2, 3, 4],
  );
});

test('each branch begins anew', () => {
  const trim = createTrimmer();
  assert.equal(trim({ branch: 0, position: 0 }, 5), 0);
  assert.equal(trim({ branch: 1, position: 0 }, 5), 0);
  assert.equal(trim({ branch: 1, position: 4 }, 5), 1);
});

test('whatever the pages, each record comes once and in order', () => {
  const page = fc.tuple(fc.nat(20), fc.nat(6));
  fc.assert(
    fc.property(fc.array(page), fc.nat(4), (pages, overlap) => {
      const sorted = pages.toSorted(([a], [b]) => a - b);
      const ordinals = kept(sorted, overlap);
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
