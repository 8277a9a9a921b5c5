import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PageEnd, PageInfo } from '../../src/core/page-info.ts';
import type { PageRequest } from '../../src/core/page-request.ts';
import type { Pagination } from '../../src/core/pagination.ts';
import { ChainPlan } from '../../src/plan/chain-plan.ts';
import { getQueryParameter } from '../../src/plan/query-parameter.ts';
import { cursor } from '../../src/plan/styles/cursor.ts';
import { keyset } from '../../src/plan/styles/keyset.ts';
import { link } from '../../src/plan/styles/link.ts';
import {
  type Answer,
  contentOf,
  drive,
  numbers,
  paginationOf,
  recordsOf,
  startAt,
  stored,
} from './simulated-list.ts';

const numRuns = Number(process.env['EVERYPAGE_FUZZ_RUNS'] ?? 300);
const start = startAt('https://a.example/items');
const byLink = paginationOf({ style: 'link' });
const byCursor = paginationOf({ style: 'cursor', param: 'cursor', nextPath: 'next' });
const byKey = paginationOf({ style: 'keyset', param: 'after', key: 'id' });

const planOf = (pagination: Pagination, from = start) =>
  new ChainPlan({
    pagination,
    start: from,
    style: pagination.style === 'link' ? link : pagination.style === 'keyset' ? keyset : cursor,
  });

const toUrl = (url: string) => ({ kind: 'url', url }) as const;
const toCursor = (value: string) => ({ kind: 'cursor', value }) as const;

/** Pages by their URL. */
function follow(pagination: Pagination, pages: Readonly<Record<string, Partial<PageInfo>>>) {
  const plan = planOf(pagination);
  const driven = drive(plan, ({ url }) => {
    const pageInfo = pages[url.slice('https://a.example/'.length)];
    return pageInfo === undefined
      ? { records: [], ended: { state: 'failed', status: 500 } }
      : { records: [], ended: stored(pageInfo) };
  });
  return { ...driven, known: plan.known() };
}

/** The numbers from 0 to `total` - 1, `size` a page, from the one after the cursor or the key. */
function answer(
  by: 'cursor' | 'after',
  total: number,
  sizes: (from: number) => number,
  says: Partial<PageInfo> = {},
): (request: PageRequest) => Answer {
  return ({ url }) => {
    const token = getQueryParameter(url, by);
    const from = token === null ? 0 : Number(token) + (by === 'after' ? 1 : 0);
    const records = numbers(from, Math.min(total, from + sizes(from)));
    const next = by === 'after' ? from + records.length - 1 : from + records.length;
    const hasNext = by === 'after' ? records.length > 0 : next < total;
    return {
      records,
      ended: stored({
        ...contentOf(records),
        next: hasNext ? toCursor(String(next)) : null,
        ...says,
      }),
    };
  };
}

test('pages are asked for one at a time, until one names no next page', () => {
  const plan = planOf(byLink);
  const [first] = plan.take();
  assert.deepEqual(first, { ...start, place: { branch: 0, position: 0 } });
  assert.deepEqual(plan.take(), []);
  assert.equal(plan.known(), null);
  plan.onPage(first!, stored({ records: 2, next: toUrl('https://a.example/b') }));
  const [second] = plan.take();
  assert.equal(second!.url, 'https://a.example/b');
  assert.deepEqual(second!.place, { branch: 0, position: 1 });
  assert.equal(plan.end(), null);
  plan.onPage(second!, stored({ records: 1 }));
  assert.deepEqual(plan.take(), []);
  assert.deepEqual(plan.end(), {
    reason: 'stated',
    detail: null,
    ends: [{ branch: 0, position: 2 }],
  });
  assert.equal(plan.known(), 2);
});

test('a page that says that there is no more ends the chain, whatever it names', () => {
  const { end, asked } = follow(byCursor, {
    items: { records: 3, more: false, next: toCursor('x') },
  });
  assert.equal(end.reason, 'stated');
  assert.equal(asked.length, 1);
});

test('a page that says that there is more but names nothing usable breaks the chain', () => {
  const { end } = follow(byCursor, { items: { records: 3, more: true } });
  assert.equal(end.reason, 'broken');
  assert.match(end.detail!, /page 1 names as its next page cannot be asked for/);
});

test('empty pages with a token go on', () => {
  const { end, asked } = follow(byCursor, {
    items: { records: 1, next: toCursor('a') },
    'items?cursor=a': { records: 0, next: toCursor('b') },
    'items?cursor=b': { records: 0, next: toCursor('c') },
    'items?cursor=c': { records: 1 },
  });
  assert.equal(end.reason, 'stated');
  assert.equal(asked.length, 4);
});

test('empty pages without end are a loop', () => {
  let token = 0;
  const driven = drive(planOf(byCursor), () => ({
    records: [],
    ended: stored({ records: 0, next: toCursor(String(token++)) }),
  }));
  assert.equal(driven.end.reason, 'loop');
  assert.match(driven.end.detail!, /1,000 pages in a row were empty/);
  assert.equal(driven.asked.length, 1000);
});

test('a next URL that is the page itself is a loop', () => {
  const { end, asked } = follow(byLink, {
    items: { records: 1, digest: 'a', next: toUrl('https://a.example/b') },
    b: { records: 1, digest: 'b', next: toUrl('https://a.example/b') },
  });
  assert.equal(end.reason, 'loop');
  assert.equal(asked.length, 2);
  assert.deepEqual(end.ends, [{ branch: 0, position: 2 }]);
});

test('A → B → A is a loop at B, also where A is written in another way', () => {
  for (const back of ['https://a.example/items', 'https://a.example/items?']) {
    const { end, asked } = follow(byLink, {
      items: { records: 1, digest: 'a', next: toUrl('https://a.example/b') },
      b: { records: 1, digest: 'b', next: toUrl(back) },
      'items?': { records: 1, digest: 'a', next: toUrl('https://a.example/b') },
    });
    assert.equal(end.reason, 'loop');
    assert.equal(asked.length, back.endsWith('?') ? 3 : 2);
    assert.match(end.detail!, back.endsWith('?') ? /page 3 .* page 1/ : /back to the first page/);
  }
});

test('a cursor that the server ignores gives the first page again, and the chain is stuck', () => {
  const { end, asked, known } = follow(byCursor, {
    items: { records: 2, digest: 'x', next: toCursor('c') },
    'items?cursor=c': { records: 2, digest: 'x', next: toCursor('c') },
  });
  assert.equal(end.reason, 'stuck');
  assert.equal(asked.length, 2);
  assert.equal(known, 1);
});

test('the same cursor again is the end where the API says so', () => {
  const pagination = { ...byCursor, repeatIsEnd: true };
  const { end, known } = follow(pagination, {
    items: { records: 2, digest: 'x', next: toCursor('c') },
    'items?cursor=c': { records: 1, digest: 'y', next: toCursor('d') },
    'items?cursor=d': { records: 0, next: toCursor('d') },
  });
  assert.equal(end.reason, 'stated');
  assert.equal(known, 3);
  const solr = new ChainPlan({
    pagination,
    start: startAt('https://a.example/items?cursor=*'),
    style: cursor,
  });
  const empty = drive(solr, () => ({ records: [], ended: stored({ next: toCursor('*') }) }));
  assert.equal(empty.end.reason, 'stated');
  assert.equal(empty.asked.length, 1);
});

test('two pages with the same records and other next pages are no loop', () => {
  const { end, asked } = follow(byCursor, {
    items: { records: 1, digest: 'x', next: toCursor('a') },
    'items?cursor=a': { records: 1, digest: 'x', next: toCursor('b') },
    'items?cursor=b': { records: 1, digest: 'x' },
  });
  assert.equal(end.reason, 'stated');
  assert.equal(asked.length, 3);
});

test('the same pages over and over under new tokens are a loop', () => {
  let token = 0;
  const driven = drive(planOf(byCursor), () => {
    const records = numbers((token % 3) * 2, (token % 3) * 2 + 2);
    return {
      records,
      ended: stored({ ...contentOf(records), next: toCursor(String(token++)) }),
    };
  });
  assert.equal(driven.end.reason, 'loop');
  assert.match(driven.end.detail!, /10 pages in a row held records that had come before/);
  assert.equal(driven.asked.length, 13);
});

test('what another branch has seen says nothing of this one', () => {
  const plan = planOf(byCursor, { ...start, place: { branch: 8, position: 0 } });
  for (const position of [0, 1, 2]) {
    const [request] = plan.take();
    assert.deepEqual(request!.place, { branch: 8, position });
    const next = toCursor(String(position));
    plan.onPage(request!, stored({ records: 1, next, nextSeenAt: { branch: 4, position: 0 } }));
    assert.equal(plan.end(), null);
  }
});

test('a page that fails breaks the chain, and it stays part of the plan', () => {
  const { end, known } = follow(byLink, {
    items: { records: 1, next: toUrl('https://a.example/gone') },
  });
  assert.equal(end.reason, 'broken');
  assert.match(end.detail!, /page 2 failed, so what follows it is unknown/);
  assert.equal(known, 2);
});

test('a keyset ends with an empty page, which a short one is not', () => {
  const sizes = (from: number) => (from === 5 ? 2 : 5);
  const driven = drive(planOf(byKey), answer('after', 20, sizes));
  assert.deepEqual(recordsOf(driven, 'page'), numbers(0, 20));
  assert.equal(driven.end.reason, 'past-end');
  assert.equal(driven.asked.length, 6);
});

test('a keyset that begins with the row before ends where that row comes alone', () => {
  const driven = drive(planOf(byKey), ({ url }) => {
    const from = Number(getQueryParameter(url, 'after') ?? 0);
    const records = numbers(from, Math.min(9, from + 3));
    const next = toCursor(String(records.at(-1)));
    return { records, ended: stored({ ...contentOf(records), next }) };
  });
  assert.equal(driven.end.reason, 'past-end');
  assert.deepEqual(recordsOf(driven, 'page'), [0, 1, 2, 2, 3, 4, 4, 5, 6, 6, 7, 8]);
});

test('a record without a key breaks a keyset', () => {
  const { end } = follow(byKey, { items: { records: 2, digest: 'x' } });
  assert.equal(end.reason, 'broken');
  assert.match(end.detail!, /no key/);
});

test('a known ceiling ends a chain only while the total says more', () => {
  const pagination = { ...byCursor, ceiling: 20 };
  const run = (total: number, says: Partial<PageInfo>) =>
    drive(
      planOf(pagination),
      answer('cursor', total, () => 10, says),
    );
  assert.equal(run(50, { total: 50 }).end.reason, 'ceiling');
  assert.equal(run(50, { total: 50 }).asked.length, 2);
  assert.equal(run(20, { total: 20 }).end.reason, 'stated');
  assert.equal(run(50, {}).end.reason, 'stated');
  assert.equal(run(50, {}).asked.length, 5);
});

test('a refusal deep in a list whose total says more is a ceiling, before that a failure', () => {
  const run = (depth: number, total: number | null) => {
    const give = answer('cursor', 5000, () => 100, { total });
    return drive(planOf(byCursor), (request): Answer => {
      const from = Number(getQueryParameter(request.url, 'cursor') ?? 0);
      const state = request.speculative ? 'beyond-end' : 'failed';
      const ended: PageEnd = { state, status: 400 };
      return from < depth ? give(request) : { records: [], ended };
    });
  };
  const { end, asked } = run(1000, 5000);
  assert.equal(end.reason, 'ceiling');
  assert.match(end.detail!, /page 11 was refused after 1,000 of 5,000 records/);
  assert.deepEqual(end.ends, [{ branch: 0, position: 10 }]);
  assert.ok(asked.every(({ speculative, place }) => speculative !== true || place.position === 10));
  assert.equal(run(900, 5000).end.reason, 'broken');
  assert.equal(run(1000, null).end.reason, 'broken');
});

test('records out are records in, in order, for chains', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.oneof(fc.nat(200), fc.constantFrom(0, 1)),
      fc.constantFrom(byCursor, byKey),
      fc.infiniteStream(fc.nat(3)),
      (size, total, pagination, cuts) => {
        const by = pagination === byKey ? 'after' : 'cursor';
        const sizeAt = new Map<number, number>();
        const sizes = (from: number) => {
          const cut = cuts.next().value ?? 0;
          if (!sizeAt.has(from)) sizeAt.set(from, Math.max(1, size - cut));
          return sizeAt.get(from)!;
        };
        const driven = drive(planOf(pagination), answer(by, total, sizes));
        assert.deepEqual(recordsOf(driven, 'page'), numbers(0, total));
        assert.equal(new Set(driven.asked.map(({ url }) => url)).size, driven.asked.length);
        assert.equal(driven.end.reason, by === 'after' ? 'past-end' : 'stated');
        assert.equal(driven.mostOutstanding, 1);
      },
    ),
    { numRuns },
  );
});
