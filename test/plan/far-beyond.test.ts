import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PageInfo } from '../../src/core/page-info.ts';
import type { Pagination } from '../../src/core/pagination.ts';
import { createGrowingPlan } from '../../src/plan/create-growing-plan.ts';
import { contentOf, numbers, paginationOf, startAt, stored } from './simulated-list.ts';

const start = startAt('https://a.example/items');
const byCursor = paginationOf({ style: 'cursor', param: 'cursor', nextPath: 'next' });
const byPage = paginationOf({ style: 'page', param: 'page', first: 1 });
const byOffset = paginationOf({ style: 'offset', param: 'offset', first: 0 });

/** Reads a list of `length` pages of three records, each of which says `says`. */
async function read(
  pagination: Pagination,
  says: Partial<PageInfo>,
  { length = Number.POSITIVE_INFINITY, isBounded = false, most = 12_000 } = {},
) {
  const plan = createGrowingPlan({ pagination, start, recheck: 'none', isBounded });
  let asked = 0;
  for await (const batch of plan.batches()) {
    for (const request of batch) {
      asked += 1;
      const { position } = request.place;
      const at = pagination.style === 'offset' ? position / 3 : position;
      const next = { kind: 'cursor', value: String(at + 1) } as const;
      const chain = pagination.style === 'cursor' && at + 1 < length ? { next } : {};
      const records = at < length ? numbers(3 * at, 3 * at + 3) : [];
      plan.onPage(request, stored({ ...contentOf(records), ...chain, ...says }));
    }
    if (asked >= most) return { asked, end: null };
  }
  return { asked, end: plan.end() };
}

for (const [name, pagination] of Object.entries({ byCursor, byPage, byOffset })) {
  test(`a list without an end that states one is stopped far beyond it, ${name}`, async () => {
    for (const [says, words] of [
      [
        { totalPages: 5 },
        /^the server states 5 pages, and 10,\d\d\d pages with 3\d,\d\d\d records came/,
      ],
      [{ total: 15 }, /^the server states 15 records, and 10,\d\d\d pages/],
    ] as const) {
      if (pagination === byOffset && 'totalPages' in says) continue;
      const { end } = await read(pagination, says);
      assert.equal(end?.reason, 'broken');
      assert.match(end.detail ?? '', words);
    }
  });

  test(`it is read on as far as the user says, ${name}`, async () => {
    assert.equal((await read(pagination, { total: 15 }, { isBounded: true })).end, null);
  });

  test(`a longer list than the server says, or one of which it says nothing, is read whole, ${name}`, async () => {
    // A cap; the records of the page; nothing.
    for (const says of [{ total: 10_000 }, { total: 3 }, { total: 0 }, { totalPages: 3 }, {}]) {
      const { end } = await read(pagination, says, { length: 10_500 });
      assert.notEqual(end, null);
      assert.notEqual(end?.reason, 'broken');
    }
  });
}
