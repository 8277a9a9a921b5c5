import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Recheck } from '../../src/core/options.ts';
import type { PageEnd } from '../../src/core/page-info.ts';
import { isRecheck, type PageRequest, RECHECK_BRANCH } from '../../src/core/page-request.ts';
import type { Pagination } from '../../src/core/pagination.ts';
import { createGrowingPlan } from '../../src/plan/create-growing-plan.ts';
import { getQueryParameter } from '../../src/plan/query-parameter.ts';
import { parseSplit } from '../../src/plan/split-ranges.ts';
import {
  answerCounted,
  paginationOf,
  type SimulatedApi,
  startAt,
  stored,
} from './simulated-list.ts';

const byPage = paginationOf({ style: 'page', param: 'page', first: 1 });
const byCursor = paginationOf({ style: 'cursor', param: 'c', nextPath: 'next', key: 'id' });
const start = startAt('https://a.example/items');
const from = (api: SimulatedApi) => (request: PageRequest) => answerCounted(api, request).ended;

type Options = Omit<Parameters<typeof createGrowingPlan>[0], 'start'>;

/** Answers each batch backwards, as requests that were sent together may be. */
async function read(options: Options, answer: (request: PageRequest) => PageEnd) {
  const plan = createGrowingPlan({ start, ...options });
  const asked: PageRequest[] = [];
  for await (const batch of plan.batches()) {
    asked.push(...batch);
    for (const request of batch.toReversed()) {
      setImmediate(() => plan.onPage(request, answer(request)));
    }
  }
  const again = asked.filter(({ place }) => isRecheck(place));
  return { plan, asked, again, positions: again.map(({ place }) => place.position) };
}

/** Pages of a list by page number that were read again, of so many. */
async function positionsOf(pages: number, recheck: Recheck = 'auto'): Promise<readonly number[]> {
  const options = { pagination: byPage, recheck };
  return (await read(options, from({ total: pages * 2, size: 2 }))).positions;
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

/** A chain of pages of ten records; `key` names the last one of a page. */
function chainOf(pages: number, key: (page: number) => string, holds: (page: number) => boolean) {
  return ({ url }: PageRequest): PageEnd => {
    const page = Number(getQueryParameter(url, 'c')?.replace('p', '') ?? 0);
    const next = page < pages - 1 ? ({ kind: 'cursor', value: `p${page + 1}` } as const) : null;
    return stored({
      records: 10,
      digest: `d${page}`,
      next,
      lastKey: key(page),
      ...(next !== null && holds(page) ? { nextHoldsKey: true as const } : {}),
    });
  };
}

const textKey = (page: number) => `"k${page}"`;

test('up to 50 pages are all read again, each at its own position, by the request it had', async () => {
  for (const says of ['total', 'nothing'] as const) {
    const { asked, again } = await read(
      { pagination: byPage },
      from({ total: 1200, size: 100, says }),
    );
    assert.deepEqual(
      again,
      upTo(12).map((position) => {
        const url = position === 0 ? start.url : `${start.url}?page=${position + 1}`;
        return { ...start, url, place: { branch: RECHECK_BRANCH, position } };
      }),
    );
    assert.deepEqual(asked.slice(-12), again, 'they come last');
  }
  assert.deepEqual(await positionsOf(50), upTo(50));
});

test('of more pages 50 are read again, the first and the last among them, in page order', async () => {
  for (const pages of [51, 100, 200, 201, 400, 1000, 5000]) {
    const positions = await positionsOf(pages);
    assert.equal(positions.length, 50, `${pages} pages`);
    assert.equal(new Set(positions).size, 50);
    assert.deepEqual(
      positions,
      positions.toSorted((a, b) => a - b),
    );
    assert.deepEqual([positions[0], positions.at(-1)], [0, pages - 1]);
  }
});

test('they are the denser the nearer they are to the start', async () => {
  for (const pages of [200, 1000]) {
    const positions = await positionsOf(pages);
    const inQuarter = (quarter: number) =>
      positions.filter((at) => Math.floor((4 * at) / pages) === quarter).length;
    const counts = [0, 1, 2, 3].map(inQuarter);
    assert.deepEqual(
      counts,
      counts.toSorted((a, b) => b - a),
    );
    assert.ok(counts[0]! > 1.5 * counts[3]!, counts.join());
  }
});

test('none, all and a share of the pages are read again where that is asked for', async () => {
  assert.deepEqual(await positionsOf(120, 'none'), []);
  assert.deepEqual(await positionsOf(300, 'all'), upTo(300));
  const tenth = await positionsOf(300, '10%');
  assert.equal(tenth.length, 30);
  assert.deepEqual([tenth[0], tenth.at(-1)], [0, 299]);
  assert.equal((await positionsOf(300, '0.1%')).length, 1);
  assert.deepEqual(await positionsOf(7, '100%'), upTo(7));
});

test('a list whose pages overlap is not read again, unless that is asked for', async () => {
  const pagination: Pagination = paginationOf({ style: 'offset', param: 'offset', overlap: 1 });
  const answer = from({ total: 95, size: 10 });
  assert.deepEqual((await read({ pagination }, answer)).again, []);
  const apart = { ...pagination, overlap: 0 };
  assert.deepEqual(
    (await read({ pagination: apart }, answer)).positions,
    upTo(10).map((at) => at * 10),
  );
  const { asked, again } = await read({ pagination, recheck: 'all' }, answer);
  assert.equal(again.length, asked.length - again.length);
  assert.deepEqual(
    again.map(({ url }) => url),
    asked.slice(0, again.length).map(({ url }) => url),
  );
});

test('a chain is not read again where each request holds the last key', async () => {
  const pagination = byCursor;
  const proven = await read(
    { pagination },
    chainOf(6, textKey, () => true),
  );
  assert.deepEqual(proven.again, []);
  const all = await read(
    { pagination, recheck: 'all' },
    chainOf(6, textKey, () => true),
  );
  assert.deepEqual(all.positions, upTo(6));
  const oneWithout = await read(
    { pagination },
    chainOf(6, textKey, (page) => page !== 2),
  );
  assert.deepEqual(oneWithout.positions, upTo(6));
  const opaque = await read(
    { pagination },
    chainOf(6, textKey, () => false),
  );
  assert.deepEqual(opaque.positions, upTo(6));
});

test('a chain is read again where its keys count the records, since they may be offsets', async () => {
  const counting = (page: number) => String(10 * page + 10);
  const answer = chainOf(6, counting, () => true);
  assert.deepEqual((await read({ pagination: byCursor }, answer)).positions, upTo(6));
  const quoted = chainOf(
    6,
    (page) => `"${10 * page + 17}"`,
    () => true,
  );
  assert.deepEqual((await read({ pagination: byCursor }, quoted)).positions, upTo(6));
  const withHole = (page: number) => String(10 * page + (page < 3 ? 10 : 11));
  const hole = chainOf(6, withHole, () => true);
  assert.deepEqual((await read({ pagination: byCursor }, hole)).again, []);
});

test('where pages past the end have records too, they are not read again', async () => {
  const answer = from({ total: 1200, size: 100, says: 'nothing', pastEnd: 'last-again' });
  assert.deepEqual((await read({ pagination: byPage }, answer)).positions, upTo(12));
});

test('a page without records is not read again', async () => {
  const answer = from({ total: 5, size: 10, says: 'nothing' });
  const { asked } = await read({ pagination: byPage }, answer);
  assert.deepEqual(
    asked.map(({ place, url }) => [place.branch, place.position, url]),
    [
      [0, 0, start.url],
      [0, 1, 'https://a.example/items?page=2'],
      [RECHECK_BRANCH, 0, start.url],
    ],
  );
});

test('nothing is read again where one page was asked for, none had records, or the second was the first', async () => {
  for (const answer of [
    from({ total: 5, size: 10 }),
    from({ total: 0, size: 10, says: 'nothing' }),
    () => stored({ records: 3, digest: 'x' }),
    () => ({ state: 'failed', status: 500 }) as const,
  ]) {
    assert.deepEqual((await read({ pagination: byPage }, answer)).again, []);
  }
});

test('what comes of reading again does not change how the plan ended, nor how many pages there are', async () => {
  const { plan, again } = await read({ pagination: byPage }, (request) =>
    isRecheck(request.place)
      ? { state: 'failed', status: 500 }
      : from({ total: 20, size: 10 })(request),
  );
  assert.equal(again.length, 2);
  const ends = [{ branch: 0, position: 2 }];
  assert.deepEqual(plan.end(), { reason: 'total', detail: null, ends });
  assert.equal(plan.known(), 2);
});

test('the plan has not ended before the last page that is read again is answered', async () => {
  const plan = createGrowingPlan({ pagination: byPage, start });
  const answer = from({ total: 20, size: 10 });
  const waiting: PageRequest[] = [];
  for await (const batch of plan.batches()) {
    for (const request of batch) {
      if (!isRecheck(request.place)) plan.onPage(request, answer(request));
      else waiting.push(request);
    }
    if (waiting.length === 0) continue;
    assert.throws(() => plan.end(), /has not ended/);
    plan.onPage(waiting[1]!, answer(waiting[1]!));
    assert.throws(() => plan.end(), /has not ended/);
    plan.onPage(waiting[0]!, answer(waiting[0]!));
  }
  assert.equal(waiting.length, 2);
  assert.equal(plan.end().reason, 'total');
});

test('of a split the pages of all slices that are part of the list are read again, in their branches', async () => {
  const split = parseSplit('from[gte]=0..29/10');
  const pagination = { ...byPage, ceiling: 50 };
  const { plan, again } = await read({ pagination, split }, (request) => {
    const isFirst = request.url.includes('from[gte]=0&from[lt]=10');
    // The first slice is bisected, so its page is not part of the list.
    return from({ total: isFirst ? 60 : 25, size: 10 })(request);
  });
  const inList = plan
    .end()
    .ends.flatMap(({ branch, position }) =>
      upTo(position).map((at) => ({ branch: branch + RECHECK_BRANCH, position: at })),
    );
  assert.equal(inList.length, 4 * 3);
  assert.deepEqual(
    again.map(({ place }) => place),
    inList,
  );
  assert.ok(again.every(({ url }) => !url.includes('from[gte]=0&from[lt]=10')));
  assert.ok(again[0]!.url.includes('from[gte]=0&from[lt]=5'), again[0]!.url);
});
