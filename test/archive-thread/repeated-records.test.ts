import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countRepeats, lastMarksOf } from '../../src/archive-thread/repeated-records.ts';
import { createJsonScanner } from '../../src/decode/json-scan.ts';
import { createKeyLister } from '../../src/decode/record-keys.ts';
import { parseSelection } from '../../src/decode/selection.ts';

function pageOf(ids: readonly (string | number | null)[]) {
  const body = Buffer.from(JSON.stringify(ids.map((id) => ({ id }))));
  const found = createJsonScanner(parseSelection('@')).scan(body);
  assert.ok(found.valid);
  const keys = createKeyLister('id')(body, found)!.parts[0]!.list;
  return { body, found, keys };
}

function repeats(before: readonly (string | number | null)[], own: typeof before): number {
  const [last, page] = [pageOf(before), pageOf(own)];
  const lastMarks = lastMarksOf(last.body, last.found);
  const place = { branch: 0, position: 0 };
  return countRepeats(page, place, {
    lastKeysAt: () => last.keys,
    pageInfoAt: () => ({ lastMarks }) as never,
  });
}

test('records at the front of a page are counted that the page before ended with', () => {
  assert.equal(repeats([1, 2, 3], [3, 4, 5]), 1);
  assert.equal(repeats([1, 2, 3, 4], [3, 4, 5]), 2);
  assert.equal(repeats([1, 2, 3], [2, 3]), 2);
  assert.equal(repeats(['a', 'b"c', ',""'], ['b"c', ',""', 'd']), 2);
  assert.equal(repeats([1, 5, 2, 5], [5, 6]), 1);
});

test('no records are counted where keys only look alike, are missing, or make up the whole page before', () => {
  assert.equal(repeats([1, 2, 3], [1, 2, 3]), 0);
  assert.equal(repeats([1, 2, 13], [3, 4]), 0);
  assert.equal(repeats([1, 2, 3], [33, 4]), 0);
  assert.equal(repeats([1, 2, 3], [2, 4]), 0);
  assert.equal(repeats([1, null], [null, 2]), 0);
  assert.equal(repeats([1, 2, null], [2, null, 3]), 0);
  assert.equal(repeats([1, 2, 3], [2]), 0);
});
