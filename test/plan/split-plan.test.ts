import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PageInfo } from '../../src/core/page-info.ts';
import type { PageRequest } from '../../src/core/page-request.ts';
import type { Pagination } from '../../src/core/pagination.ts';
import { ChainPlan } from '../../src/plan/chain-plan.ts';
import { FanOutPlan } from '../../src/plan/fan-out-plan.ts';
import type { PlanState } from '../../src/plan/plan.ts';
import { getQueryParameter } from '../../src/plan/query-parameter.ts';
import { SplitPlan } from '../../src/plan/split-plan.ts';
import { parseSplit } from '../../src/plan/split-ranges.ts';
import { cursor } from '../../src/plan/styles/cursor.ts';
import { offset } from '../../src/plan/styles/offset.ts';
import {
  type Answer,
  contentOf,
  drive,
  paginationOf,
  recordsOf,
  startAt,
  stored,
} from './simulated-list.ts';

const numRuns = Number(process.env['EVERYPAGE_FUZZ_RUNS'] ?? 30);
const byCursor = paginationOf({ style: 'cursor', param: 'cursor', nextPath: 'next' });
const byOffset = paginationOf({ style: 'offset', param: 'offset', sizeParam: 'limit' });

interface Options {
  readonly pagination?: Pagination;
  readonly activeSlices?: number;
  readonly start?: PageRequest;
}

function planOf(text: string, options: Options = {}): SplitPlan {
  const { pagination = byCursor, activeSlices = 16 } = options;
  const planOf = (start: PageRequest): PlanState =>
    pagination.style === 'offset'
      ? new FanOutPlan({ pagination, start, style: offset })
      : new ChainPlan({ pagination, start, style: cursor });
  const start = options.start ?? startAt('https://a.example/items?sort=id');
  return new SplitPlan({ split: parseSplit(text), pagination, start, planOf, activeSlices });
}

/** Records with ids, `size` a page, between `id[gte]` and `id[lt]`. */
function answer(ids: readonly number[], size: number, says: Partial<PageInfo> = {}) {
  return ({ url }: PageRequest): Answer => {
    const number = (name: string) => Number(getQueryParameter(url, name) ?? 0);
    const inside = ids.filter((id) => id >= number('id[gte]') && id < number('id[lt]'));
    const from = number('cursor') + number('offset');
    const records = inside.slice(from, from + size);
    const next = from + size < inside.length ? String(from + size) : null;
    const isCursor = !url.includes('offset=');
    return {
      records,
      ended: stored({
        ...contentOf(records),
        next: next !== null && isCursor ? { kind: 'cursor', value: next } : null,
        total: inside.length,
        ...says,
      }),
    };
  };
}

test('each slice is a branch of its own, with its bounds in the request', () => {
  const plan = planOf('id[gte]=0..29/10');
  const requests = plan.take(256);
  const width = requests[1]!.place.branch;
  assert.deepEqual(
    requests.map(({ place, url }) => [place, url]),
    [
      [{ branch: 0, position: 0 }, 'https://a.example/items?sort=id&id[gte]=0&id[lt]=10'],
      [{ branch: width, position: 0 }, 'https://a.example/items?sort=id&id[gte]=10&id[lt]=20'],
      [{ branch: 2 * width, position: 0 }, 'https://a.example/items?sort=id&id[gte]=20&id[lt]=30'],
    ],
  );
  assert.equal(Math.log2(width) % 1, 0);
  assert.ok(3 * width < 2 ** 22);
});

test('the bounds go into a JSON body where the list pages by its body', () => {
  const plan = planOf('filter.from=0..9/5', {
    pagination: { ...byCursor, carrier: 'body' },
    start: {
      ...startAt('https://a.example/', 'POST'),
      body: Buffer.from('{"filter":{"kind":"x"}}'),
    },
  });
  assert.deepEqual(
    plan.take(256).map(({ body }) => body?.toString()),
    ['{"filter":{"kind":"x","from":0,"to":5}}', '{"filter":{"kind":"x","from":5,"to":10}}'],
  );
});

test('so many slices at a time are asked for, and the next when one has ended', () => {
  const plan = planOf('id[gte]=0..9999/1', { activeSlices: 3 });
  const first = plan.take(256);
  assert.equal(first.length, 3);
  assert.deepEqual(plan.take(256), []);
  plan.onPage(first[1]!, stored({ records: 0, total: 0 }));
  const more = plan.take(256);
  assert.deepEqual(
    more.map(({ url }) => getQueryParameter(url, 'id[gte]')),
    ['3'],
  );
  assert.equal(plan.known(), null);
});

test('a slice that holds more than the server gives is bisected, and its page left out', () => {
  const ids = [...Array(100).keys()];
  const pagination = { ...byOffset, ceiling: 30 };
  const plan = planOf('id[gte]=0..99/100', { pagination });
  const driven = drive(plan, answer(ids, 10));
  assert.deepEqual(recordsOf(driven, 'ordinal'), ids);
  assert.equal(driven.end.reason, 'total');
  const outside = driven.end.ends.filter(({ position }) => position === 0);
  assert.equal(outside.length, 3);
  assert.equal(driven.asked.length, 3 + 4 * 3);
  assert.equal(plan.known(), 12);
});

test('a slice that runs into a ceiling nobody knew of is bisected too', () => {
  const ids = [...Array(4000).keys()];
  const give = answer(ids, 100);
  const plan = planOf('id[gte]=0..3999/2000', { pagination: byOffset });
  const driven = drive(plan, (request) => {
    const offset = Number(getQueryParameter(request.url, 'offset') ?? 0);
    if (offset < 1200) return give(request);
    return {
      records: [],
      ended: { state: request.speculative ? 'beyond-end' : 'failed', status: 400 },
    };
  });
  assert.deepEqual(recordsOf(driven, 'ordinal'), ids);
  assert.equal(driven.end.reason, 'total');
  assert.deepEqual(driven.failed, []);
});

test('a slice of one unit that is still too much ends at the ceiling and is named', () => {
  const dense = Array.from({ length: 50 }, (_, index) => 5 + index / 100);
  const ids = [1, ...dense, 7];
  const plan = planOf('id[gte]=0..9/10', { pagination: { ...byOffset, ceiling: 20 } });
  const driven = drive(plan, answer(ids, 10));
  assert.equal(driven.end.reason, 'ceiling');
  assert.match(driven.end.detail!, /id\[gte\]=5, id\[lt\]=6: the server gives the first 20/);
  assert.deepEqual(recordsOf(driven, 'ordinal'), [1, ...dense.slice(0, 20), 7]);
});

test('halves of slices are asked for in the order of the range', () => {
  const plan = planOf('id[gte]=0..29/10', { pagination: { ...byOffset, ceiling: 5 } });
  for (const request of plan.take(256).toReversed()) {
    plan.onPage(request, stored({ records: 1, total: 6, digest: 'x' }));
  }
  assert.deepEqual(
    plan.take(256).map(({ url }) => getQueryParameter(url, 'id[gte]')),
    ['0', '5', '10', '15', '20', '25'],
  );
});

test('a slice among very many is bisected only as long as there are branches left', () => {
  const plan = planOf('id[gte]=0..65535999999/1000000', {
    pagination: { ...byOffset, ceiling: 20 },
  });
  const driven = drive(plan, (request) => {
    const isFirst = getQueryParameter(request.url, 'id[gte]') === '0';
    return isFirst ? answer([...Array(50).keys()], 10)(request) : answer([], 10)(request);
  });
  assert.equal(driven.end.reason, 'ceiling');
  assert.match(driven.end.detail!, /^id\[gte\]=0, id\[lt\]=62500: /);
  const branches = driven.end.ends.map(({ branch }) => branch);
  assert.equal(new Set(branches).size, branches.length);
  assert.ok(branches.at(-1)! < 2 ** 22);
});

test('the whole ends as the worst of its slices', () => {
  const driven = drive(planOf('id[gte]=0..29/10'), (request) => {
    const isSecond = getQueryParameter(request.url, 'id[gte]') === '10';
    return isSecond
      ? { records: [], ended: { state: 'failed', status: 500 } }
      : answer([1, 21], 10)(request);
  });
  assert.equal(driven.end.reason, 'broken');
  assert.match(driven.end.detail!, /^id\[gte\]=10, id\[lt\]=20: page 1 failed/);
});

test('records out are records in, in order, however dense the slices are', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat(400), { maxLength: 200 }),
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 20, max: 500 }),
      fc.integer({ min: 8, max: 40 }),
      fc.constantFrom(byCursor, byOffset),
      fc.integer({ min: 1 }),
      fc.integer({ min: 1, max: 5 }),
      (unsorted, size, step, ceiling, style, seed, activeSlices) => {
        const ids = unsorted.toSorted((a, b) => a - b);
        const pagination = { ...style, ceiling };
        const plan = planOf(`id[gte]=0..400/${step}`, { pagination, activeSlices });
        const driven = drive(plan, answer(ids, size), { seed });
        assert.deepEqual(recordsOf(driven, style === byOffset ? 'ordinal' : 'page'), ids);
        const places = driven.asked.map(({ place }) => `${place.branch} ${place.position}`);
        assert.equal(new Set(places).size, places.length);
        assert.ok(['total', 'stated', 'short'].includes(driven.end.reason), driven.end.reason);
        assert.ok(driven.end.ends.every(({ branch }) => branch < 2 ** 22));
        const endOf = new Map(driven.end.ends.map(({ branch, position }) => [branch, position]));
        // An empty slice, and what was asked for behind a full last page.
        const beyond = driven.asked.filter(
          ({ place }) => place.position >= (endOf.get(place.branch) ?? Number.POSITIVE_INFINITY),
        );
        assert.equal(plan.known(), places.length - beyond.length);
      },
    ),
    { numRuns },
  );
});
