import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChainProof } from '../../src/core/chain-proof.ts';
import type { PaginationStyle } from '../../src/core/pagination.ts';
import { pageInfoOf } from '../archive/sample-pages.ts';

/** Its last record's key, and what it names as the next page; null names none. */
type Page = readonly [lastKey: number, next: number | null];

function holds(pages: readonly Page[], style: PaginationStyle = 'cursor'): boolean {
  const proof = new ChainProof(style);
  for (const [lastKey, next] of pages) {
    const pageInfo = pageInfoOf(10, {
      next: next === null ? null : { kind: 'cursor', value: `${next}` },
      lastKey: `${lastKey}`,
      ...(next === lastKey ? { nextHoldsKey: true } : {}),
    });
    proof.onPage(pageInfo);
  }
  return proof.holds;
}

test('a chain whose pages name the next one by their last keys is proven', () => {
  assert.ok(
    holds([
      [12, 12],
      [25, 25],
      [31, 31],
      [48, null],
    ]),
  );
  assert.ok(
    holds([
      [12, 12],
      [25, 25],
      [31, 31],
      [48, 48],
    ]),
    'an empty page follows',
  );
});

test('keys that grow by the size of a page may be offsets, also where the last page breaks the step', () => {
  assert.ok(
    !holds([
      [10, 10],
      [20, 20],
      [30, 30],
      [41, null],
    ]),
  );
  assert.ok(
    !holds([
      [10, 10],
      [20, null],
    ]),
  );
  assert.ok(
    holds(
      [
        [10, 10],
        [20, 20],
        [30, 30],
        [41, null],
      ],
      'keyset',
    ),
    'we made the request',
  );
});

test('one page that names another key than its last one breaks the proof', () => {
  assert.ok(
    !holds([
      [10, 10],
      [21, 20],
      [30, 30],
      [42, 42],
      [50, null],
    ]),
  );
  assert.ok(
    !holds([
      [12, 12],
      [25, 25],
      [31, 30],
    ]),
    'also the last one',
  );
});
