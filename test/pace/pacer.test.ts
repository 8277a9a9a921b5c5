import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Hint, Limit } from '../../src/core/hint.ts';
import { seededRandom } from '../../src/demo/demo-items.ts';
import type { Answer, LearnedPace, PaceSettings } from '../../src/pace/pace.ts';
import { Pacer } from '../../src/pace/pacer.ts';
import { BucketLimiter, type Limiter, NoLimiter, WindowLimiter } from './simulation/limiter.ts';
import { type RunResult, type Server, simulate } from './simulation/simulate.ts';

const AUTO: PaceSettings = { concurrency: 'auto', rate: null };

const UNLIMITED: LearnedPace = {
  version: 1,
  lowPerSecond: null,
  highPerSecond: null,
  burst: 0,
  windowMs: null,
  concurrency: 5,
};

function fetchAll(
  pacer: Pacer,
  limiter: Limiter,
  pages: number,
  more: Partial<Server> = {},
): RunResult {
  return simulate({
    server: { limiter, retryAfter: true, headers: null, failing: 0, losing: 0, ...more },
    network: { latencyMs: 50, sigma: 0.2, inOrder: false, serviceMs: 0 },
    client: pacer,
    random: seededRandom(7),
    durationMs: 3_600_000,
    pages,
  });
}

function answer(sentAt: number, now: number, more: Partial<Answer> = {}): Answer {
  return { sentAt, now, kind: 'accepted', hint: null, ...more };
}

function hint(waitMs: number | null, ...limits: Partial<Limit>[]): Hint {
  const empty = { policy: '', quota: null, remaining: null, resetMs: null, windowMs: null };
  return { waitMs, limits: limits.map((limit) => ({ ...empty, ...limit })) };
}

function pacer(settings: Partial<PaceSettings> = {}, learned: LearnedPace | null = null): Pacer {
  return new Pacer({ ...AUTO, ...settings }, () => 0.5, learned);
}

test('no more are in flight than the concurrency, and the next waits for an answer', () => {
  const paced = pacer({ concurrency: 2 });
  paced.started(0);
  assert.ok(paced.startableAt(0) <= 0);
  paced.started(0);
  assert.equal(paced.startableAt(0), Number.POSITIVE_INFINITY);
  paced.ended(answer(0, 10));
  assert.ok(paced.startableAt(10) <= 10);
});

test('the user’s rate is held in every stretch of time, and used', () => {
  for (const rate of [
    { count: 50, perMs: 1000 },
    { count: 5, perMs: 15_000 },
    { count: 1000, perMs: 3_600_000 },
  ]) {
    const paced = pacer({ rate });
    const times: number[] = [];
    let now = 0;
    while (times.length < 10 * rate.count && now < 100_000_000) {
      const at = paced.startableAt(now);
      if (at > now) {
        now = Math.max(now + 1, Math.ceil(at));
        continue;
      }
      paced.started(now);
      times.push(now);
      paced.ended(answer(now, now));
    }
    for (let index = rate.count; index < times.length; index += 1) {
      const spanMs = times[index]! - times[index - rate.count]!;
      assert.ok(spanMs >= rate.perMs, `${rate.count + 1} within ${spanMs} ms`);
    }
    const usedMs = (times.at(-1)! / (times.length - 1)) * rate.count;
    assert.ok(usedMs < 1.004 * rate.perMs, `${usedMs} for ${rate.perMs}`);
  }
});

test('a refusal pauses until its deadline; one that adds nothing is no new pause', () => {
  const paced = pacer();
  for (let sent = 0; sent < 3; sent += 1) paced.started(0);
  assert.deepEqual(paced.ended(answer(0, 50, { kind: 'refused', hint: hint(2000) })), {
    waitMs: 2000,
    isNew: true,
  });
  assert.equal(paced.ended(answer(0, 51, { kind: 'refused', hint: hint(1000) })), null);
  assert.deepEqual(paced.ended(answer(0, 52, { kind: 'refused', hint: hint(5000) })), {
    waitMs: 5000,
    isNew: false,
  });
  assert.equal(paced.startableAt(60), 5052);
  assert.equal(paced.heldUntil(0), 5052);
  assert.equal(paced.refusedForMs(1050), 1000);
});

test('a refusal that names the end of its window waits for that', () => {
  const paced = pacer();
  paced.started(0);
  const said = hint(null, { remaining: 0, resetMs: 31_000 });
  assert.equal(paced.ended(answer(0, 10, { kind: 'refused', hint: said }))?.waitMs, 31_000);
});

test('a refusal that asks for calm pauses, and halves what is in flight', () => {
  const paced = pacer({}, { ...UNLIMITED, concurrency: 12 });
  for (let sent = 0; sent < 3; sent += 1) paced.started(0);
  assert.ok(paced.ended(answer(0, 50, { kind: 'refused', isCalm: true }))?.isNew);
  paced.ended(answer(0, 51, { kind: 'refused', isCalm: true }));
  assert.equal(paced.concurrency, 5);
});

test('a Retry-After with a success is obeyed too', () => {
  const paced = pacer();
  paced.started(0);
  assert.deepEqual(paced.ended(answer(0, 10, { hint: hint(3000) })), { waitMs: 3000, isNew: true });
  assert.equal(paced.startableAt(20), 3010);
  assert.equal(paced.refusedForMs(1000), 0);
});

test('a window of which nothing is left is a pause, reported once', () => {
  const paced = pacer();
  paced.started(0);
  paced.started(1);
  const usedUp = (resetMs: number) => hint(null, { quota: 100, remaining: 0, resetMs });
  assert.deepEqual(paced.ended(answer(0, 10, { hint: usedUp(31_000) })), {
    waitMs: 31_000,
    isNew: true,
  });
  assert.equal(paced.ended(answer(1, 20, { hint: usedUp(32_000) })), null);
  assert.equal(paced.heldUntil(30), 32_020);
  assert.equal(paced.startableAt(30), 32_020);
  assert.ok(paced.heldUntil(33_000) <= 33_000);
});

test('a canary that is lost is sent again', () => {
  const paced = pacer();
  paced.started(0);
  paced.ended(answer(0, 10, { kind: 'refused', hint: hint(1000) }));
  paced.started(1010);
  assert.equal(paced.startableAt(1020), Number.POSITIVE_INFINITY);
  paced.ended(answer(1010, 1030, { kind: 'lost' }));
  assert.ok(paced.startableAt(1030) <= 1030);
});

test('refusals win over headers that promise more', () => {
  const paced = pacer();
  const headers = () =>
    hint(null, { quota: 5000, remaining: 4000, resetMs: 10_000, windowMs: 10_000 }).limits;
  const { refused, sent, endedAt } = fetchAll(paced, new BucketLimiter(50, 50), 5000, { headers });
  assert.ok(refused < 0.02 * sent, `${refused} refused of ${sent}`);
  assert.ok(endedAt < 105_000, `${endedAt} ms`);
  assert.equal(paced.basis(endedAt).by, 'refusals');
});

test('headers that say less than the limiter gives are obeyed', () => {
  const paced = pacer();
  const headers = () => hint(null, { quota: 10, windowMs: 1000 }).limits;
  const { endedAt } = fetchAll(paced, new NoLimiter(), 200, { headers });
  assert.ok(endedAt > 18_000);
  assert.equal(paced.basis(endedAt).by, 'headers');
});

test('the user’s rate is not exceeded, whatever headers and the limiter give', () => {
  const paced = pacer({ rate: { count: 20, perMs: 1000 } });
  const headers = () => hint(null, { quota: 500, windowMs: 1000 }).limits;
  const { endedAt, refused } = fetchAll(paced, new NoLimiter(), 400, { headers });
  assert.ok(endedAt > 19_900 && refused === 0);
  const { by, perSecond } = paced.basis(endedAt);
  assert.equal(by, 'user');
  assert.ok(perSecond! > 19.9 && perSecond! <= 20);
});

test('what a run found of a limiter spares the next run the search', () => {
  const first = pacer();
  fetchAll(first, new BucketLimiter(100, 100), 5000);
  const learned: LearnedPace = JSON.parse(JSON.stringify(first.learned()));
  assert.ok(Math.abs(learned.lowPerSecond! / 100 - 1) < 0.03, String(learned.lowPerSecond));
  const second = pacer({}, learned);
  const { refused } = fetchAll(second, new BucketLimiter(100, 100), 1500);
  assert.ok(refused <= 3, `${refused} refused`);
  assert.equal(second.basis(0).by, 'refusals');
});

for (const windowMs of [1000, 10_000]) {
  test(`a run that goes on against a window of ${windowMs} ms knows it, and is refused less`, () => {
    const learned: LearnedPace = {
      ...{ version: 1, lowPerSecond: 100, highPerSecond: 103, burst: 0, concurrency: 40 },
      windowMs: null,
    };
    let [known, unknown] = [0, 0];
    for (const phase of [0.1, 0.3, 0.5, 0.7, 0.9]) {
      const limiter = () => new WindowLimiter(windowMs / 10, windowMs, phase);
      unknown += fetchAll(pacer({}, learned), limiter(), 4000).refused;
      const paced = pacer({}, { ...learned, windowMs });
      known += fetchAll(paced, limiter(), 4000).refused;
      assert.equal(paced.learned().windowMs, windowMs);
    }
    assert.ok(known < unknown, `${known} and ${unknown} refused`);
  });
}

test('a server without a limit is not held back, but for its latency where it queues', () => {
  const fast = pacer();
  const { endedAt } = fetchAll(fast, new NoLimiter(), 5000);
  assert.deepEqual(fast.basis(endedAt), {
    by: 'none',
    perSecond: null,
    concurrency: 64,
    windowMs: null,
  });
  assert.equal(pacer({ concurrency: 7 }).basis(0).by, 'user');
  assert.deepEqual(fast.learned().lowPerSecond, null);
});
