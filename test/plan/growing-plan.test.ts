import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PageRequest } from '../../src/core/page-request.ts';
import { createGrowingPlan, growingPlan } from '../../src/plan/create-growing-plan.ts';
import type { GrowingPlan } from '../../src/plan/plan.ts';
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
