import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Verdict } from '../../src/core/summary.ts';
import { keysFrom, pagedArchive, pageWithInfo, paging, twice } from './paged-archive.ts';

const again = (position: number, keys: readonly string[]) =>
  pageWithInfo(position, keys, {}, { place: { branch: 1, position } });

/** A reading of two pages that was given up, and the one that came to the end. */
function verdictOf(t: TestContext, first: readonly string[], second: readonly string[]): Verdict {
  const archive = pagedArchive(t, paging({ style: 'cursor' }));
  archive.store([pageWithInfo(0, first.slice(0, 3)), pageWithInfo(1, first.slice(3))], []);
  // The reading that came to the end, each page twice.
  archive.store(twice([again(0, second.slice(0, 4)), again(1, second.slice(4))]), []);
  archive.endPlan(0, new Uint8Array(), {
    reason: 'stated',
    detail: null,
    ends: [
      { branch: 0, position: 0 },
      { branch: 1, position: 2 },
    ],
    restarts: [{ branch: 0, position: 2, status: 404, into: 1 }],
  });
  const verdict = archive.verdict();
  archive.close();
  return verdict;
}

test('a reading that begins as the one before is complete, however its pages are cut', (t) => {
  const { name, stored, beyondEnd, records } = verdictOf(t, keysFrom(0, 6), keysFrom(0, 9));
  assert.deepEqual([name, stored, beyondEnd], ['complete', 2, 2]);
  assert.deepEqual([records?.fetched, records?.unique, records?.duplicates], [9, 9, 0]);
  assert.deepEqual(records?.restarts, [{ page: 3, status: 404 }]);
});

test('a record that went, came or moved before where the first reading ended is drift', (t) => {
  const went = verdictOf(t, keysFrom(0, 6), keysFrom(1, 9));
  assert.equal(went.name, 'drifted');
  assert.match(went.reasons[0]!, /^1 record was gone when the list was read again after page 2$/);
  const came = verdictOf(t, keysFrom(0, 6), ['new', ...keysFrom(0, 9)]);
  assert.match(came.reasons[0]!, /^6 records stood elsewhere when/);
  assert.equal(came.name, 'drifted');
  const moved = verdictOf(t, keysFrom(0, 6), ['k1', 'k0', ...keysFrom(2, 9)]);
  assert.match(moved.reasons[0]!, /^2 records stood elsewhere/);
  const shorter = verdictOf(t, keysFrom(0, 6), keysFrom(0, 5));
  assert.match(shorter.reasons[0]!, /^1 record was gone/);
});

test('a record without a key is told from none', (t) => {
  const { name, reasons } = verdictOf(t, ['k0', '', 'k2', 'k3'], ['k0', '', ...keysFrom(2, 9)]);
  assert.equal(name, 'incomplete');
  assert.match(reasons.join(), /^1 record has no key, so it is not known whether they came again/);
});

test('keys that came up to a page are found on another one, long ones too, and none without a key', (t) => {
  const archive = pagedArchive(t, paging({ style: 'cursor' }));
  const long = JSON.stringify('x'.repeat(500));
  archive.store([pageWithInfo(0, ['1', '']), pageWithInfo(1, [long]), pageWithInfo(2, ['3'])], []);
  archive.store([again(0, ['', '4', '1', long, '3', '"1"'])], []);
  const find = archive.repeatsOf({ branch: 0, position: 1 });
  assert.deepEqual(find({ branch: 1, position: 0 }), [2, 3]);
  assert.deepEqual(find({ branch: 1, position: 7 }), []);
  const all = archive.repeatsOf({ branch: 0, position: 2 });
  assert.deepEqual(all({ branch: 1, position: 0 }), [2, 3, 4]);
  archive.close();
});
