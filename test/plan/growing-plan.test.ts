import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PageRequest, RECHECK_BRANCH } from '../../src/core/page-request.ts';
import { createGrowingPlan, growingPlan } from '../../src/plan/create-growing-plan.ts';
import type { GrowingPlan } from '../../src/plan/plan.ts';
import { parseSplit } from '../../src/plan/split-ranges.ts';
import {
  answerCounted,
  paginationOf,
  type SimulatedApi,
  startAt,
  stored,
} from './simulated-list.ts';

const byPage = paginationOf({ style: 'page', param: 'page', first: 1 });
const start = startAt('https://a.example/items');

/** Answers each page on a later turn, the last asked first. */
async function read(
  plan: GrowingPlan,
  answer: (request: PageRequest) => Parameters<GrowingPlan['onPage']>[1],
): Promise<PageRequest[]> {
  const asked: PageRequest[] = [];
  for await (const batch of plan.batches()) {
    assert.ok(batch.length >= 1 && batch.length <= 256);
    asked.push(...batch);
    for (const request of batch.toReversed()) {
      setImmediate(() => plan.onPage(request, answer(request)));
    }
  }
  return asked;
}

const from = (api: SimulatedApi) => (request: PageRequest) => answerCounted(api, request).ended;

test('batches wait for answers, and end when everything is answered', async () => {
  const plan = createGrowingPlan({ pagination: byPage, start, recheck: 'none' });
  assert.equal(await plan.count(), null);
  assert.throws(() => plan.end(), /has not ended/);
  const asked = await read(plan, from({ total: 2000, size: 3 }));
  assert.equal(asked.length, 667);
  assert.equal(plan.known(), 667);
  assert.equal(plan.end().reason, 'total');
});

test('a page that is answered before the plan is asked again loses nothing', async () => {
  const plan = createGrowingPlan({ pagination: byPage, start, recheck: 'none' });
  let count = 0;
  for await (const batch of plan.batches()) {
    for (const request of batch) {
      plan.onPage(request, from({ total: 50, size: 3, says: 'nothing' })(request));
      count += 1;
    }
  }
  assert.equal(plan.end().ends[0]!.position, 17);
  assert.ok(count >= 17);
});

test('an answer that the plan cannot take is thrown by the batches', async () => {
  const error = new RangeError('mine');
  const plan = growingPlan({
    take: () => [],
    onPage() {
      throw error;
    },
    known: () => null,
    end: () => null,
  });
  const reading = read(plan, () => stored({}));
  setImmediate(() => plan.onPage(start, stored({})));
  await assert.rejects(reading, error);
});

test('a body that is not JSON cannot carry a page number, and the message says what to do', async () => {
  const plan = createGrowingPlan({
    pagination: { ...byPage, carrier: 'body' },
    start: { ...start, method: 'POST', body: Buffer.from('a=1') },
  });
  const answer = () => stored({ records: 5, total: 50, digest: 'x' });
  await assert.rejects(read(plan, answer), { code: 'USAGE', message: /its body is not JSON/ });
});

test('the first and the last page are read again at the end', async () => {
  for (const says of ['total', 'nothing'] as const) {
    const plan = createGrowingPlan({ pagination: byPage, start });
    const asked = await read(plan, from({ total: 1200, size: 100, says }));
    const again = asked.slice(-2).map(({ expected: _, ...request }) => request);
    assert.deepEqual(again, [
      { ...start, place: { branch: RECHECK_BRANCH, position: 0 } },
      {
        ...start,
        url: 'https://a.example/items?page=12',
        place: { branch: RECHECK_BRANCH, position: 1 },
      },
    ]);
    assert.ok(asked.slice(0, -2).every(({ place }) => place.branch === 0));
  }
});

test('where pages past the end have records too, the last one before it is read again', async () => {
  const plan = createGrowingPlan({ pagination: byPage, start });
  const answer = from({ total: 1200, size: 100, says: 'nothing', pastEnd: 'last-again' });
  const asked = await read(plan, answer);
  const again = asked.filter(({ place }) => place.branch === RECHECK_BRANCH);
  assert.deepEqual(
    again.map(({ url }) => url),
    [start.url, 'https://a.example/items?page=12'],
  );
});

test('what comes of reading again does not change how the plan ended', async () => {
  const plan = createGrowingPlan({ pagination: byPage, start });
  await read(plan, (request) =>
    request.place.branch === RECHECK_BRANCH
      ? { state: 'failed', status: 500 }
      : from({ total: 20, size: 10 })(request),
  );
  assert.deepEqual(plan.end(), {
    reason: 'total',
    detail: null,
    ends: [{ branch: 0, position: 2 }],
  });
  assert.equal(plan.known(), 2);
});

test('a page that alone has records is read again where another was asked for to find the end', async () => {
  const plan = createGrowingPlan({ pagination: byPage, start });
  const asked = await read(plan, from({ total: 5, size: 10, says: 'nothing' }));
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
    const plan = createGrowingPlan({ pagination: byPage, start });
    const asked = await read(plan, answer);
    assert.ok(asked.every(({ place }) => place.branch === 0));
  }
});

test('of a split the first page of the first slice and the last of the last are read again', async () => {
  const split = parseSplit('from=0..29/10');
  const plan = createGrowingPlan({ pagination: { ...byPage, ceiling: 50 }, start, split });
  const asked = await read(plan, (request) => {
    const isFirst = request.url.includes('from=0&to=9');
    // The first slice is bisected, so its page is not part of the list.
    return from({ total: isFirst ? 60 : 25, size: 10 })(request);
  });
  assert.deepEqual(
    asked.slice(-2).map(({ place, url }) => [place.branch, place.position, url]),
    [
      [RECHECK_BRANCH, 0, 'https://a.example/items?from=0&to=4'],
      [RECHECK_BRANCH, 1, 'https://a.example/items?from=20&to=29&page=3'],
    ],
  );
});

test('a plan of one page asks once and says why', async () => {
  const single = paginationOf({ style: 'single', records: 'data' });
  for (const [pageInfo, reason] of [
    [{ records: 5 }, 'single'],
    [{ records: 5, total: 5 }, 'total'],
    [{ records: 5, total: 9 }, 'single'],
    [{ records: 5, more: false }, 'stated'],
  ] as const) {
    const plan = createGrowingPlan({ pagination: single, start });
    const asked = await read(plan, () => stored(pageInfo));
    assert.deepEqual(asked, [start]);
    assert.equal(plan.end().reason, reason);
  }
});

test('leaving the batches early leaves nothing behind', async () => {
  const plan = createGrowingPlan({ pagination: byPage, start });
  for await (const batch of plan.batches()) {
    assert.equal(batch.length, 1);
    break;
  }
  plan.onPage(start, stored({ records: 1, total: 9 }));
  assert.equal(plan.known(), 9);
});
