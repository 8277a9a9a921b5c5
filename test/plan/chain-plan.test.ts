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

const numRuns = Number(process.env['EVERYPAGE_FUZZ_RUNS'] ?? 150);
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

test('a URL is a stronger word than a flag that says that there is no more', () => {
  const to = (page: number) => toUrl(`https://a.example/items?${page}`);
  const says = (from: number, next: number | null) => ({
    ...contentOf(numbers(from, from + 2)),
    more: false,
    next: next === null ? null : to(next),
  });
  const pagination = paginationOf({ style: 'link', morePath: '!truncated' });
  const goesOn = follow(pagination, {
    items: says(0, 1),
    'items?1': says(2, 2),
    'items?2': says(4, null),
  });
  assert.deepEqual([goesOn.end.reason, goesOn.end.ends[0]!.position], ['stated', 3]);
  assert.deepEqual(
    goesOn.end.dropped?.map(({ what }) => what),
    ['more'],
  );
  assert.match(goesOn.end.dropped![0]!.why, /^!truncated says that page 1 is the last/);
  // Where it leads to nothing new, the flag was right.
  const last = says(2, 2);
  const ended = { items: { ...says(0, 1), more: true }, 'items?1': last };
  for (const third of [undefined, {}, says(2, 3)]) {
    const pages = third === undefined ? ended : { ...ended, 'items?2': third };
    const { end } = follow(pagination, pages);
    assert.deepEqual([end.reason, end.ends[0]!.position, end.dropped], ['stated', 2, undefined]);
  }
  const toItself = follow(pagination, { ...ended, 'items?1': says(2, 1) });
  assert.deepEqual([toItself.end.reason, toItself.end.ends[0]!.position], ['stated', 2]);
});

test('a page that only repeats records bears out that the one before is the last', () => {
  const to = (page: number) => toUrl(`https://a.example/items?${page}`);
  const says = (from: number, more: boolean, next: number) => ({
    ...contentOf(numbers(from, from + 2)),
    more,
    next: to(next),
  });
  // Zendesk's incremental exports: inclusive times, and a next page also behind the last.
  const { end } = follow(paginationOf({ style: 'link', morePath: '!end_of_stream' }), {
    items: says(0, true, 1),
    'items?1': says(2, false, 2),
    'items?2': { ...contentOf([3]), repeats: 1, more: false, next: to(2) },
  });
  assert.deepEqual([end.reason, end.ends[0]!.position, end.dropped], ['stated', 2, undefined]);
});

test('a token beside a flag that says that there is no more is tried once where the page is full', () => {
  const says = (from: number, to: number, more: boolean, next: string | null) => ({
    ...contentOf(numbers(from, to)),
    more,
    next: next === null ? null : toCursor(next),
  });
  const pagination = { ...byCursor, morePath: 'has_more' };
  const items = says(0, 2, true, 'a');
  const goesOn = follow(pagination, {
    items,
    'items?cursor=a': says(2, 4, false, 'b'),
    'items?cursor=b': says(4, 5, false, 'c'),
    'items?cursor=c': says(5, 6, false, null),
  });
  assert.deepEqual([goesOn.end.reason, goesOn.end.ends[0]!.position], ['stated', 4]);
  assert.match(goesOn.end.dropped![0]!.why, /^has_more says that page 2 is the last/);
  const last = says(2, 4, false, 'b');
  for (const behind of [undefined, {}, says(2, 4, false, 'b')]) {
    const pages = { items, 'items?cursor=a': last };
    const { end, asked } = follow(
      pagination,
      behind === undefined ? pages : { ...pages, 'items?cursor=b': behind },
    );
    assert.deepEqual([end.reason, end.ends[0]!.position, end.dropped], ['stated', 2, undefined]);
    assert.equal(asked.length, 3);
  }
  const short = follow(pagination, { items, 'items?cursor=a': says(2, 3, false, 'b') });
  assert.equal(short.asked.length, 2);
});

test('where as many records came as are stated, the refusal of a next page is the end', () => {
  const pages = (total: number) => ({
    items: { ...contentOf([0, 1]), total, next: toUrl('https://a.example/b') },
    b: { ...contentOf([2, 3]), total, next: toUrl('https://a.example/c') },
  });
  const refused = (status: number, total = 4, second: Partial<PageInfo> = {}) => {
    const plan = planOf(byLink);
    return drive(plan, ({ url }) => {
      const { items, b } = pages(total);
      if (url.endsWith('/items')) return { records: [], ended: stored(items) };
      if (url.endsWith('/b')) return { records: [], ended: stored({ ...b, ...second }) };
      return { records: [], ended: { state: 'failed', status } };
    }).end;
  };
  for (const status of [404, 204, 400, 410, 416]) {
    const end = refused(status);
    assert.deepEqual([end.reason, end.ends[0]!.position], ['total', 2], String(status));
  }
  const alwaysNext = follow(byLink, {
    ...pages(4),
    c: { next: toUrl('https://a.example/d') },
  });
  assert.deepEqual([alwaysNext.end.reason, alwaysNext.asked.length], ['total', 3]);
  assert.equal(refused(500).reason, 'broken');
  assert.equal(refused(404, 5).reason, 'broken');
  assert.equal(refused(404, 4, { total: 2 }).reason, 'broken', 'totals that are not one');
  assert.equal(refused(404, 4, { totalIsLowerBound: true }).reason, 'broken');
});

test('where no page ever named a next one, a page that names none states no end', () => {
  const one = contentOf([0, 1]);
  assert.equal(follow(byCursor, { items: one }).end.reason, 'short');
  assert.equal(follow(byCursor, { items: { ...one, total: 2 } }).end.reason, 'total');
  assert.equal(follow(byCursor, { items: { ...one, more: false } }).end.reason, 'stated');
});

test('an empty page that says nothing after one that says there is more is no end', () => {
  const first = { ...contentOf([0, 1]), more: true, next: toCursor('x') };
  const endWith = (last: Partial<PageInfo>) =>
    drive(planOf(byCursor), ({ url }) => ({
      records: [],
      ended: stored(url.includes('cursor') ? last : first),
    }));
  const empty = endWith({});
  assert.deepEqual([empty.end.reason, empty.end.ends[0]!.position], ['broken', 1]);
  assert.equal(empty.end.detail, 'page 1 says that there is more, and what follows it is empty');
  // It is known to be expected, so the engine has asked for it twice.
  assert.equal(empty.asked[1]!.expected, 'promised');
  assert.equal(endWith({ more: false }).end.reason, 'stated');
});

test('a total that a page contradicts is dropped, and named', () => {
  const pages = (totals: readonly number[]) => {
    const pagination = { ...byCursor, totalPath: 'meta.total' };
    const entries = totals.map((total, index) => {
      const records = contentOf(numbers(index * 3, index * 3 + 3));
      const next = index === totals.length - 1 ? null : toCursor(String(index + 1));
      return [
        index === 0 ? 'items' : `items?cursor=${index}`,
        { ...records, total, next },
      ] as const;
    });
    return follow(pagination, Object.fromEntries(entries)).end;
  };
  const why = (totals: readonly number[]) => pages(totals).dropped?.map((each) => each.why) ?? [];
  assert.deepEqual(why([9, 9, 9]), []);
  assert.deepEqual(why([0, 0]), ['meta.total says 0 records in all on a page that holds 3']);
  // What is left from this page on, and what is in this page.
  assert.match(why([9, 6, 3])[0]!, /says 3 records in all on a page whose 3 records come after 6/);
  assert.match(why([3, 3])[0]!, /says 3 records in all on a page whose 3 records come after 3/);
  assert.equal(pages([3, 3]).reason, 'stated');
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
  assert.equal(run(45, {}).end.reason, 'stated');
  assert.equal(run(45, {}).asked.length, 5);
});

test('a full last page that names nothing is asked behind once, if the steps before show how', () => {
  const run = (total: number, says: Partial<PageInfo> = {}) =>
    drive(
      planOf(byCursor),
      answer('cursor', total, () => 10, says),
    );
  assert.equal(run(50).asked.length, 6);
  assert.equal(run(50).end.reason, 'stated');
  assert.deepEqual(run(50).end.ends, [{ branch: 0, position: 5 }]);
  assert.equal(run(45).asked.length, 5);
  assert.equal(run(50, { total: 50 }).asked.length, 5);
  assert.equal(run(50, { totalPages: 5 }).asked.length, 5);
  assert.equal(run(10).asked.length, 1);
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
        // Where one page is all, none has named a next one.
        const isOne = driven.asked.length === 1;
        const reason = by === 'after' ? 'past-end' : isOne ? 'short' : 'stated';
        assert.equal(driven.end.reason, reason);
        assert.equal(driven.mostOutstanding, 1);
      },
    ),
    { numRuns },
  );
});
