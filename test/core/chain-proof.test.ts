import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChainProof } from '../../src/core/chain-proof.ts';
import type { PaginationStyle } from '../../src/core/pagination.ts';
import { pageInfoOf } from '../archive/sample-pages.ts';

/** Pages of ten records with these last keys; each but the last names the next one by its own. */
function holds(
  lastKeys: readonly string[],
  style: PaginationStyle = 'next',
  without: readonly number[] = [],
): boolean {
  const proof = new ChainProof(style);
  for (const [index, lastKey] of lastKeys.entries()) {
    const isLast = index === lastKeys.length - 1 || without.includes(index);
    proof.onPage(pageInfoOf(10, { lastKey, ...(isLast ? {} : { nextHoldsKey: true }) }));
  }
  return proof.holds;
}

test('a chain is proven where each page but the last names the next by its last key', () => {
  assert.equal(holds(['"a"', '"b"', '"c"']), true);
  assert.equal(holds(['"a"', '"b"', '"c"'], 'next', [0]), false);
  assert.equal(holds(['17', '31', '44']), true);
  assert.equal(holds(['"17"', '"31"', '"44"']), true);
});

test('numbers that grow as the count of records does may be offsets, unless the request is ours', () => {
  assert.equal(holds(['10', '20', '30']), false);
  assert.equal(holds(['"10"', '"20"', '"30"']), false);
  assert.equal(holds(['1010', '1020', '1030']), false);
  assert.equal(holds(['10', '20', '30'], 'keyset'), true);
});

test('a hole in the keys of the last page, which names no next one, is no sign that they are none', () => {
  // ?offset=10 behind the ids 1 to 10, and then the ids 12 to 21.
  assert.equal(holds(['10', '21']), false);
  assert.equal(holds(['10', '20', '31']), false);
  assert.equal(holds(['10', '21', '31']), true);
});

test('one page names no next one, pages without records count for none, and no page proves nothing', () => {
  assert.equal(holds(['10']), true);
  const proof = new ChainProof('cursor');
  assert.equal(proof.holds, false);
  proof.onPage(pageInfoOf(0));
  assert.equal(proof.holds, false);
  proof.onPage(pageInfoOf(10, { lastKey: '"k"', nextHoldsKey: true }));
  proof.onPage(pageInfoOf(0));
  assert.equal(proof.holds, true);
});
