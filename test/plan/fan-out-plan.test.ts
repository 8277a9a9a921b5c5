import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Pagination } from '../../src/core/pagination.ts';
import { MOST_MEAGRE_PAGES } from '../../src/plan/fan-out-end.ts';
import { FanOutPlan } from '../../src/plan/fan-out-plan.ts';
import { offset } from '../../src/plan/styles/offset.ts';
import { page } from '../../src/plan/styles/page.ts';
import { range } from '../../src/plan/styles/range.ts';
import {
  answerCounted,
  type Driven,
  drive,
  numbers,
  paginationOf,
  recordsOf,
  type SimulatedApi,
  startAt,
  stored,
} from './simulated-list.ts';

const numRuns = Number(process.env['EVERYPAGE_FUZZ_RUNS'] ?? 100);
const url = 'https://a.example/items';

const byPage = paginationOf({ style: 'page', param: 'page', first: 1 });
const byOffset = paginationOf({ style: 'offset', param: 'offset', sizeParam: 'limit' });
const byBareOffset = paginationOf({ style: 'offset', param: 'offset' });
const byRange = paginationOf({ style: 'range', param: 'items', size: 5 });
const styles = { page, offset, range };

function planOf(pagination: Pagination, method: 'GET' | 'POST' = 'GET'): FanOutPlan {
  const style = styles[pagination.style as keyof typeof styles];
  return new FanOutPlan({ pagination, start: startAt(url, method), style });
}

function run(
  pagination: Pagination,
  api: SimulatedApi,
  options: { seed?: number; concurrency?: number; method?: 'GET' | 'POST' } = {},
): Driven & { readonly records: readonly number[]; readonly known: number | null } {
  const plan = planOf(pagination, options.method);
  const driven = drive(plan, (request) => answerCounted(api, request), options);
  const overlapAt = (position: number) => Math.min(position, pagination.overlap, api.size - 1);
  const by = pagination.style === 'page' ? 'page' : 'ordinal';
  return { ...driven, records: recordsOf(driven, by, overlapAt), known: plan.known() };
}

const positions = ({ asked }: Driven) => asked.map(({ place }) => place.position);
const urls = ({ asked }: Driven) => asked.map(({ url }) => url.slice('https://a.example/'.length));

test('with a total the first page comes alone, the second with twenty at most, and then all the others', () => {
  const plan = planOf(byPage);
  const [first, ...none] = plan.take(256);
  assert.deepEqual(none, []);
  assert.equal(first!.url, url);
  assert.equal(plan.known(), null);
  plan.onPage(first!, stored({ records: 10, total: 295, digest: 'a' }));
  assert.equal(plan.known(), 30);
  const [second, ...along] = plan.take(256);
  assert.equal(second!.url, `${url}?page=2`);
  assert.deepEqual(
    along.map(({ place }) => place.position),
    numbers(2, 21),
  );
  for (const request of [...along].reverse()) {
    plan.onPage(request, stored({ records: 10, total: 295, digest: request.url }));
  }
  assert.deepEqual(plan.take(256), []);
  plan.onPage(second!, stored({ records: 10, total: 295, digest: 'b' }));
  const others = plan.take(256);
  assert.deepEqual(
    others.map(({ place, speculative }) => [place.position, speculative]),
    numbers(21, 30).map((position) => [position, undefined]),
  );
  for (const request of [...others].reverse()) {
    assert.equal(plan.end(), null);
    const records = request.place.position === 29 ? 5 : 10;
    plan.onPage(request, stored({ records, total: 295, digest: `${request.place.position}` }));
  }
  assert.deepEqual(plan.end(), {
    reason: 'total',
    detail: null,
    ends: [{ branch: 0, position: 30 }],
  });
});

test('a list of one page takes one request where the page says so', () => {
  for (const pagination of [byPage, byOffset, byRange]) {
    for (const total of [0, 1, 4, 5]) {
      for (const says of ['total', 'pages', 'more'] as const) {
        if (says === 'pages' && pagination !== byPage) continue;
        const flagged = { ...pagination, morePath: says === 'more' ? 'more' : null };
        const { asked, end, records } = run(flagged, { total, size: 5, says });
        // A number of pages may be one too few where the last of them is full; one record may be a whole page.
        // A total may be the number of records in a first page that is as long as was asked for.
        const isFull = says === 'total' && pagination === byRange && total === 5;
        // A flag may be the same on all pages.
        const isFlagged = says === 'more' && pagination === byRange && total === 5;
        const isChecked = (says === 'pages' && total > 1) || isFull || isFlagged;
        const requests = isChecked ? 2 : 1;
        assert.equal(asked.length, requests, `${pagination.style} ${total} ${says}`);
        assert.deepEqual(records, numbers(0, total));
        assert.equal(end.reason, says === 'total' ? 'total' : 'stated');
      }
    }
  }
});

test('pages in all are taken before a total of records', () => {
  const { end, asked } = run(byPage, { total: 12, size: 5, says: 'pages' });
  assert.equal(end.reason, 'stated');
  assert.equal(asked.length, 3);
});

test('a server that ignores the page number is stuck, and only its first page counts', () => {
  for (const pagination of [byPage, byOffset, byRange]) {
    for (const [total, seed] of [null, 40, 4000].flatMap((it) =>
      [1, 2, 3].map((at) => [it, at] as const),
    )) {
      const plan = planOf(pagination);
      const answer = () => ({
        records: numbers(0, 5),
        ended: stored({ records: 5, total, digest: 'x', firstKey: '0' }),
      });
      const driven = drive(plan, answer, { seed, concurrency: 20 });
      assert.equal(driven.end.reason, 'stuck');
      const along = pagination === byPage && total !== null ? Math.min(total / 5, 21) : 2;
      assert.equal(driven.asked.length, along);
      assert.equal(plan.known(), 1);
      assert.match(
        driven.end.detail!,
        /page 2 holds the same records as page 1.*(page|offset|items)/,
      );
      assert.deepEqual(recordsOf(driven, 'page'), numbers(0, 5));
    }
  }
});

test('where a server lowers the page size under way, what it left out is asked for exactly', () => {
  const clamp = (ordinal: number) => (ordinal >= 200 ? 50 : 100);
  const driven = run(byOffset, { total: 500, size: 100, clamp }, { concurrency: 1 });
  assert.deepEqual(driven.records, numbers(0, 500));
  assert.deepEqual(urls(driven).slice(0, 5), [
    'items',
    'items?offset=100',
    'items?offset=200',
    'items?offset=300',
    'items?offset=400',
  ]);
  assert.deepEqual(
    urls(driven).slice(5).sort(),
    ['items?offset=250&limit=50', 'items?offset=350&limit=50', 'items?offset=450&limit=50']
      .map((text) => text.replace(/(offset=\d+)&(limit=\d+)/, '$2&$1'))
      .sort(),
  );
  assert.equal(driven.known, 8);
});

test('a first page shorter than the others makes no short strides', () => {
  const driven = run(byOffset, {
    total: 95,
    size: 10,
    clamp: (ordinal) => (ordinal === 0 ? 3 : 10),
  });
  assert.deepEqual(driven.records, numbers(0, 95));
  assert.deepEqual(positions(driven), [0, 3, 13, 23, 33, 43, 53, 63, 73, 83, 93]);
  const pages = drive(planOf(byPage), (request) => {
    const answer = answerCounted({ total: 40, size: 10 }, request);
    if (request.place.position > 0) return answer;
    return { records: numbers(0, 9), ended: stored({ records: 9, total: 40, digest: 'first' }) };
  });
  // One record is missing, so the empty page behind the last one is asked for once more.
  assert.equal(pages.asked.length, 6);
  assert.deepEqual(pages.failed, []);
});

test('an empty page within the total leaves a gap and ends nothing', () => {
  const plan = planOf(byOffset);
  const driven = drive(plan, (request) => {
    const answer = answerCounted({ total: 50, size: 10 }, request);
    return request.place.position === 20 ? { records: [], ended: stored({ total: 50 }) } : answer;
  });
  assert.deepEqual(recordsOf(driven, 'ordinal'), [...numbers(0, 20), ...numbers(30, 50)]);
  assert.deepEqual(driven.end, {
    reason: 'total',
    detail: null,
    ends: [{ branch: 0, position: 50 }],
  });
  assert.equal(driven.asked.length, 5);
});

test('a total that grows extends the plan, also behind a last page that had come short', () => {
  for (let seed = 1; seed < 40; seed++) {
    for (const pagination of [byPage, byOffset, byBareOffset]) {
      const totalAt = (ordinal: number) => (ordinal < 50 ? 62 : 78);
      const { records, end } = run(pagination, { total: 78, size: 10, totalAt }, { seed });
      assert.deepEqual(records, numbers(0, 78), `${pagination.style} seed ${seed}`);
      assert.equal(end.reason, 'total');
    }
  }
});

test('a total that shrinks spares the pages that were not asked for, but for one look', () => {
  const totalAt = (ordinal: number) => (ordinal === 0 ? 1000 : 42);
  const { asked, records, end } = run(byOffset, { total: 42, size: 10, totalAt });
  assert.deepEqual(records, numbers(0, 42));
  assert.ok(asked.length <= 7, `${asked.length} requests`);
  assert.equal(end.reason, 'total');
});

test('a total that one page says too small does not cut the list', () => {
  const totalAt = (ordinal: number) => (ordinal === 10 ? 30 : 100);
  for (let seed = 1; seed < 20; seed++) {
    const { records } = run(byOffset, { total: 100, size: 10, totalAt }, { seed });
    assert.deepEqual(records, numbers(0, 100));
  }
});

test('a total that the first page contradicts is not believed', () => {
  const plan = planOf(byPage);
  const driven = drive(plan, (request) => {
    const answer = answerCounted({ total: 33, size: 10, says: 'more' }, request);
    const { ended, records } = answer;
    if (ended.state !== 'stored') return answer;
    return { records, ended: stored({ ...ended.pageInfo, total: records.length }) };
  });
  assert.deepEqual(recordsOf(driven, 'page'), numbers(0, 33));
  assert.equal(driven.end.reason, 'stated');
});

test('without a total windows grow to 64, and no page behind the last window is asked for', () => {
  const { asked, records, end, known } = run(byPage, { total: 1000, size: 1, says: 'nothing' });
  assert.deepEqual(records, numbers(0, 1000));
  assert.deepEqual(end, {
    reason: 'past-end',
    detail: null,
    ends: [{ branch: 0, position: 1000 }],
  });
  assert.ok(asked.length <= 1064);
  assert.ok(asked.slice(1).every(({ speculative }) => speculative === true));
  assert.equal(known, 1000);
  const alone = planOf(byPage);
  const lengths: number[] = [];
  for (let position = 0; lengths.length < 9; ) {
    const window = alone.take(256);
    lengths.push(window.length);
    assert.deepEqual(alone.take(256), []);
    for (const request of window) {
      alone.onPage(request, stored({ records: 1, digest: `${position++}` }));
    }
  }
  assert.deepEqual(lengths, [1, 1, 2, 4, 8, 16, 32, 64, 64]);
});

for (const pastEnd of ['empty', 404, 'last-again', 'first-again'] as const) {
  test(`the end is found where pages past it are ${pastEnd}`, () => {
    for (let total = 0; total < 60; total++) {
      // Where pages come again, by offset the parts of them that are asked for look like new ones.
      const isOld = pastEnd === 'last-again' || pastEnd === 'first-again';
      for (const pagination of isOld ? [byPage] : [byPage, byOffset]) {
        const { records, end, known } = run(
          pagination,
          { total, size: 3, says: 'nothing', pastEnd },
          { seed: total + 1 },
        );
        const shown = `${pagination.style} ${total}`;
        assert.deepEqual(records, numbers(0, total), shown);
        // A full last page with a round number may be as far as the server goes.
        const isEnd = !isOld || (pastEnd === 'last-again' && total !== 30);
        const reason = total > 0 && total <= 3 && isOld ? 'stuck' : 'loop';
        const expected = total === 0 || (isEnd && reason !== 'stuck') ? 'past-end' : reason;
        assert.equal(end.reason, expected, shown);
        if (pagination === byPage) {
          assert.equal(known, Math.max(1, Math.ceil(total / 3)), shown);
        }
      }
    }
  });
}

test('a statement that there is no more ends the list, whatever pages past it hold', () => {
  for (const pastEnd of ['empty', 404, 'last-again', 'first-again'] as const) {
    for (const total of [7, 30, 31, 61]) {
      const { records, end } = run(byPage, { total, size: 3, says: 'more', pastEnd });
      assert.deepEqual(records, numbers(0, total));
      assert.equal(end.reason, 'stated');
    }
  }
});

test('pages that come again are the end where that is known of the API', () => {
  const pagination = { ...byPage, repeatIsEnd: true };
  const { end } = run(pagination, { total: 30, size: 3, says: 'nothing', pastEnd: 'last-again' });
  assert.equal(end.reason, 'past-end');
});

test('an empty page in mid-window is only an empty page', () => {
  const driven = drive(planOf(byPage), (request) => {
    const answer = answerCounted({ total: 40, size: 2, says: 'nothing' }, request);
    return [5, 6].includes(request.place.position) ? { records: [], ended: stored({}) } : answer;
  });
  assert.deepEqual(recordsOf(driven, 'page'), [...numbers(0, 10), ...numbers(14, 40)]);
  assert.equal(driven.end.reason, 'past-end');
});

test('a page that is refused although pages behind it have records is asked for again', () => {
  const answer = (refusals: number) => {
    let left = refusals;
    return drive(planOf(byPage), (request) => {
      if (request.place.position === 9 && left-- > 0) {
        const state = request.speculative ? 'beyond-end' : 'failed';
        return { records: [], ended: { state, status: 404 } };
      }
      return answerCounted({ total: 40, size: 2, says: 'nothing' }, request);
    });
  };
  const healed = answer(1);
  assert.deepEqual(recordsOf(healed, 'page'), numbers(0, 40));
  const again = healed.asked.filter(({ place }) => place.position === 9);
  assert.deepEqual(
    again.map(({ speculative }) => speculative),
    [true, undefined],
  );
  assert.equal(again[0]!.url, again[1]!.url);
  const failed = answer(2);
  assert.deepEqual(failed.failed, [{ branch: 0, position: 9 }]);
  assert.equal(failed.end.reason, 'past-end');
  assert.equal(failed.end.ends[0]!.position, 20);
});

test('a page that is always refused is missing after two requests, wherever it stands before the end', () => {
  const pages = [[1], [2], [3], [2, 3], [1, 2, 3], [9], [19]];
  for (const pagination of [byPage, byOffset]) {
    for (const status of [404, 410, 416, 400]) {
      for (const refused of pages) {
        const from = (position: number) => (pagination === byPage ? position : position / 10);
        const api: SimulatedApi = { total: 207, size: 10, says: 'nothing', pastEnd: status };
        const driven = drive(planOf(pagination), (request) => {
          if (!refused.includes(from(request.place.position))) return answerCounted(api, request);
          const state = request.speculative ? 'beyond-end' : 'failed';
          return { records: [], ended: { state, status } };
        });
        const what = `${pagination.style} ${status} ${refused}`;
        const failed = driven.failed.map(({ position }) => from(position));
        assert.deepEqual(failed.sort(), [...refused].sort(), what);
        for (const page of refused) {
          const asked = driven.asked.filter(({ place }) => from(place.position) === page);
          assert.equal(asked.length, 2, what);
        }
        assert.equal(driven.end.reason, 'past-end', what);
      }
    }
  }
});

test('a refusal behind a short page is the end, and so are four behind a full one', () => {
  for (const [total, pages] of [
    [9, [0, 1, 2, 3]],
    [10, [0, 1, 2, 3, 4, 5]],
  ] as const) {
    const answer = run(byPage, { total, size: 5, says: 'nothing', pastEnd: 404 });
    assert.deepEqual(positions(answer), pages);
    assert.equal(answer.end.reason, 'past-end');
  }
});

test('POST is never speculated with: one page at a time, each after one with records', () => {
  const plan = planOf(byPage, 'POST');
  const driven = drive(plan, (request) =>
    answerCounted({ total: 21, size: 5, says: 'nothing' }, request),
  );
  assert.equal(driven.mostOutstanding, 1);
  assert.deepEqual(positions(driven), [0, 1, 2, 3, 4, 5]);
  assert.deepEqual(recordsOf(driven, 'page'), numbers(0, 21));
});

test('a first page that fails leaves the rest unknown', () => {
  const { end, asked } = run(byPage, { total: 9, size: 3, fails: () => true });
  assert.equal(end.reason, 'broken');
  assert.deepEqual(end.ends, [{ branch: 0, position: 1 }]);
  assert.equal(asked.length, 1);
});

test('a page that fails is missing, and the others come', () => {
  for (const says of ['total', 'nothing'] as const) {
    const fails = (ordinal: number) => ordinal === 9;
    const { end, failed, records } = run(byPage, { total: 30, size: 3, says, fails });
    assert.deepEqual(failed, [{ branch: 0, position: 3 }]);
    assert.deepEqual(records, [...numbers(0, 9), ...numbers(12, 30)]);
    assert.equal(end.reason, says === 'total' ? 'total' : 'past-end');
  }
});

test('where all pages of a window fail the end stays unknown', () => {
  const fails = (ordinal: number) => ordinal >= 9;
  const { end, asked } = run(byPage, { total: 300, size: 3, says: 'nothing', fails });
  assert.equal(end.reason, 'broken');
  assert.ok(asked.length < 20);
});

test('nothing is asked for beyond a known ceiling', () => {
  for (const says of ['total', 'nothing', 'lower-bound'] as const) {
    for (const pagination of [byPage, byOffset]) {
      const capped = { ...pagination, ceiling: 100 };
      const driven = run(capped, { total: 250, size: 30, says });
      assert.equal(driven.end.reason, 'ceiling');
      assert.match(driven.end.detail!, /the first 100 records/);
      const last = Math.max(...positions(driven));
      assert.equal(last, pagination === byPage ? 3 : 90);
      assert.deepEqual(driven.records.slice(0, 100), numbers(0, 100));
      if (pagination === byOffset) assert.match(urls(driven).join(), /limit=10&offset=90/);
      const small = run(capped, { total: 80, size: 30, says });
      assert.notEqual(small.end.reason, 'ceiling');
      assert.deepEqual(small.records, numbers(0, 80));
    }
  }
});

for (const pastEnd of [400, 404, 'empty'] as const) {
  test(`an unknown ceiling, where pages are ${pastEnd}, is found and not stormed`, () => {
    for (let seed = 1; seed < 10; seed++) {
      const driven = run(
        byOffset,
        { total: 1_000_000, size: 100, ceiling: 10_000, pastEnd },
        { seed },
      );
      assert.equal(driven.end.reason, 'ceiling');
      assert.match(driven.end.detail!, /after the first 10,000 records.*said to be 1,000,000/);
      assert.deepEqual(driven.end.ends, [{ branch: 0, position: 10_000 }]);
      assert.deepEqual(driven.failed, []);
      assert.equal(driven.records.length, 10_000);
      assert.ok(driven.asked.length < 250, `${driven.asked.length} requests`);
      assert.equal(driven.known, 100);
    }
  });
}

test('a total that is a lower bound is followed and looked behind', () => {
  for (const pastEnd of ['empty', 404] as const) {
    const api = { total: 140, size: 10, says: 'lower-bound', pastEnd } as const;
    const totalAt = () => 100;
    const { end, records } = run(byOffset, { ...api, totalAt });
    assert.deepEqual(records, numbers(0, 140));
    assert.equal(end.reason, 'past-end');
  }
  const capped = run(byOffset, {
    total: 12_000,
    size: 100,
    says: 'lower-bound',
    totalAt: () => 10_000,
    ceiling: 10_000,
    pastEnd: 400,
  });
  assert.equal(capped.end.reason, 'ceiling');
});

test('without a total a refusal at a round depth is taken for a ceiling', () => {
  const api = { total: 9_000, size: 100, says: 'nothing', ceiling: 5_000 } as const;
  assert.equal(run(byOffset, { ...api, pastEnd: 400 }).end.reason, 'ceiling');
  assert.equal(run(byOffset, { ...api, pastEnd: 404 }).end.reason, 'ceiling');
  assert.equal(run(byOffset, { ...api, pastEnd: 404, ceiling: 4_900 }).end.reason, 'past-end');
  assert.equal(run(byOffset, { ...api, pastEnd: 400, ceiling: 5_050 }).end.reason, 'past-end');
});

test('empty pages where the total says more end the asking, and the plan says so', () => {
  const { end, asked } = run(byOffset, { total: 100_000, size: 10, ceiling: 300 });
  assert.equal(end.reason, 'past-end');
  assert.match(end.detail!, /after 300 records are empty.*100,000 records/);
  assert.ok(asked.length < 100);
});

test('a list that begins further on has what is left of the total', () => {
  const plan = new FanOutPlan({
    pagination: { ...byOffset, first: 40 },
    start: startAt(`${url}?offset=40`),
    style: offset,
  });
  const driven = drive(plan, (request) => answerCounted({ total: 95, size: 10 }, request));
  assert.deepEqual(recordsOf(driven, 'ordinal'), numbers(40, 95));
  assert.equal(driven.asked.length, 6);
  assert.deepEqual(driven.end.ends, [{ branch: 0, position: 55 }]);
  for (const says of ['total', 'pages'] as const) {
    const pages = new FanOutPlan({
      pagination: { ...byPage, first: 4 },
      start: startAt(`${url}?page=4`),
      style: page,
    });
    const last = drive(pages, (request) => answerCounted({ total: 95, size: 10, says }, request));
    assert.deepEqual(recordsOf(last, 'page'), numbers(30, 95));
    assert.equal(last.asked.length, 7);
  }
});

test('each page repeats the end of the one before where an overlap is asked for', () => {
  const pagination = { ...byOffset, overlap: 2 };
  const driven = run(pagination, { total: 35, size: 10 });
  assert.deepEqual(driven.records, numbers(0, 35));
  assert.deepEqual(urls(driven), [
    'items',
    'items?offset=8',
    'items?offset=16',
    'items?offset=24',
    'items?offset=32',
  ]);
  assert.deepEqual(positions(driven), [0, 10, 18, 26, 34]);
});

test('pages of a known total are made as they are taken', () => {
  const plan = planOf(byPage);
  const pageInfo = (position: number) => stored({ records: 1, total: 1e5, digest: `${position}` });
  let outstanding = 0;
  let answered = 0;
  const queue: ReturnType<typeof plan.take>[number][] = [];
  while (plan.end() === null) {
    if (queue.length < 300) queue.push(...plan.take(256));
    outstanding = Math.max(outstanding, queue.length);
    for (const request of queue.splice(0, 200)) {
      plan.onPage(request, pageInfo(request.place.position));
      answered += 1;
    }
  }
  assert.equal(answered, 1e5);
  assert.ok(outstanding < 1000);
  assert.equal(plan.known(), 1e5);
});

const size = fc.integer({ min: 1, max: 12 });
const apis = size.chain((size) =>
  fc.record({
    size: fc.constant(size),
    total: fc.oneof(
      fc.constantFrom(0, 1, size - 1, size, size + 1, 2 * size, 2 * size + 1),
      fc.nat(30 * size),
      fc.integer({ min: 1000, max: 3000 }),
    ),
    says: fc.constantFrom('total' as const, 'pages' as const, 'more' as const, 'nothing' as const),
    pastEnd: fc.constantFrom('empty' as const, 404, 400, 'last-again' as const),
    shrinksAt: fc.option(fc.nat(20 * size)),
    shrinksTo: fc.integer({ min: Math.min(2, size), max: size }),
  }),
);
const drives = fc.record({
  seed: fc.integer({ min: 1 }),
  concurrency: fc.integer({ min: 1, max: 30 }),
  method: fc.constantFrom('GET' as const, 'GET' as const, 'POST' as const),
});

test('records out are records in, in order, for every counted style', () => {
  const paginations = fc.constantFrom(
    byPage,
    byOffset,
    byBareOffset,
    byRange,
    { ...byOffset, overlap: 2 },
    { ...byRange, size: null },
  );
  fc.assert(
    fc.property(apis, paginations, drives, (given, pagination, how) => {
      const isPaged = pagination.style === 'page';
      // A page number cannot follow pages that shrink.
      const shrinksAt = isPaged ? null : given.shrinksAt;
      // Nor can a page no longer than the overlap bring anything new; thousands that bring one each look endless.
      const least = given.total > MOST_MEAGRE_PAGES.records ? 2 : 1;
      const shrinksTo = Math.max(given.shrinksTo, pagination.overlap + least);
      const clamp = (ordinal: number) =>
        shrinksAt !== null && ordinal >= shrinksAt ? shrinksTo : Number.POSITIVE_INFINITY;
      const isPages = given.says === 'pages' && !isPaged;
      const says = isPages ? 'total' : given.says;
      // Pages again, told from others by their position, would be records to an offset.
      const pastEnd = isPaged || given.pastEnd !== 'last-again' ? given.pastEnd : 'empty';
      const known = pagination.style === 'range' ? { ...pagination, size: given.size } : pagination;
      const api = { ...given, says, clamp, pastEnd } satisfies SimulatedApi;
      const plan = planOf(known, how.method);
      const driven = drive(plan, (request) => answerCounted(api, request), how);
      const overlapAt = (position: number) =>
        Math.min(position, known.overlap, Math.max(0, firstLength(driven) - 1));
      const out = recordsOf(driven, isPaged ? 'page' : 'ordinal', overlapAt);
      assert.deepEqual(out, numbers(0, given.total));
      const places = positions(driven);
      // What is empty behind a full page is asked for again.
      const twice = places.filter((place, index) => places.indexOf(place) !== index);
      const mayBeTwice = says === 'nothing' && pastEnd === 'empty' ? 1 : 0;
      assert.ok(twice.length <= mayBeTwice, 'a place was asked for twice');
      assert.deepEqual(driven.failed, []);
      const end = driven.end.ends[0]!.position;
      const beyond = driven.asked.filter(({ place }) => place.position >= end);
      assert.ok(beyond.every(({ speculative }) => speculative === true));
      assert.ok(twice.every((place) => place >= end));
      const inside = places.length - beyond.length;
      // Pages that come again count as the end only when a whole window of them came.
      const most = pastEnd === 'last-again' ? 3 * Math.min(64, inside) : Math.min(64, inside);
      const more = pastEnd === 'last-again' ? 1 : 4;
      assert.ok(beyond.length <= most + more, `${beyond.length} beyond ${inside}`);
      if (how.method === 'POST' && says === 'nothing') assert.equal(driven.mostOutstanding, 1);
    }),
    { numRuns },
  );
});

test('the same pageInfos lead to the same requests, whatever order they come in', () => {
  fc.assert(
    fc.property(
      apis,
      fc.constantFrom(byPage, byOffset),
      drives,
      drives,
      (given, by, one, other) => {
        const clamp = (ordinal: number) =>
          by === byOffset && ordinal >= (given.shrinksAt ?? 1e9) ? given.shrinksTo : 1e9;
        const api = {
          ...given,
          says: given.says === 'pages' ? 'total' : given.says,
          clamp,
        } as const;
        const askedIn = (how: typeof one) =>
          run(by, api, { ...how, method: 'GET' })
            .asked.map((request) => `${request.place.position} ${request.url}`)
            .sort();
        assert.deepEqual(askedIn(one), askedIn(other));
      },
    ),
    { numRuns: Math.ceil(numRuns / 3) },
  );
});

function firstLength({ pages }: Driven): number {
  return pages.get('0 0')?.records.length ?? 0;
}
