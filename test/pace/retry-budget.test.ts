import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RetryBudget } from '../../src/pace/retries.ts';

/** Fails until the budget pauses; returns the pause. */
function exhaust(budget: RetryBudget, now = 0): number {
  for (let failures = 1; failures <= 100; failures += 1) {
    const pause = budget.failed('error', now, now);
    if (pause === null) continue;
    assert.equal(failures, 100, '500 tokens, 5 a retry');
    return pause.waitMs;
  }
  throw new Error('never paused');
}

test('a failure now and then never pauses: each first success gives a token back', () => {
  const budget = new RetryBudget(() => 0.5);
  for (let round = 0; round < 10_000; round += 1) {
    assert.equal(budget.failed('error', round, round), null);
    budget.succeeded(1, round);
  }
  assert.equal(budget.tokens, 500);
});

test('timeouts cost twice as much', () => {
  const budget = new RetryBudget(() => 0.5);
  let failures = 0;
  while (budget.failed('timeout', 0, 0) === null) failures += 1;
  assert.equal(failures, 49);
});

test('an empty budget pauses the limiter; probes go one at a time, and pauses grow while they fail', () => {
  const budget = new RetryBudget(() => 0.5);
  let now = 0;
  let waitMs = exhaust(budget);
  assert.equal(waitMs, 750);
  const waits: number[] = [];
  for (let probes = 0; probes < 9; probes += 1) {
    now += waitMs;
    assert.equal(budget.startableAt(), now);
    budget.started(now);
    assert.equal(budget.startableAt(), Number.POSITIVE_INFINITY);
    waitMs = budget.failed('error', now, now)!.waitMs;
    waits.push(waitMs);
  }
  assert.deepEqual(waits.slice(0, 3), [1500, 3000, 6000]);
  assert.equal(waits.at(-1), 45_000);
  assert.ok(budget.pausedForMs(now) > 0);
});

test('failures of requests from before the pause do not lengthen it', () => {
  const budget = new RetryBudget(() => 0.5);
  const waitMs = exhaust(budget);
  assert.equal(budget.failed('error', 0, 10), null);
  assert.equal(budget.opensAt, waitMs);
});

test('a probe that succeeds ends the pause and gives tokens for ten retries', () => {
  const budget = new RetryBudget(() => 0.5);
  const waitMs = exhaust(budget);
  budget.started(waitMs);
  budget.succeeded(2, waitMs);
  assert.equal(budget.pausedForMs(waitMs), 0);
  assert.ok(budget.startableAt() <= waitMs);
  assert.equal(budget.tokens, 50);
});

test('a probe that was refused by a limit says nothing: another may go', () => {
  const budget = new RetryBudget(() => 0.5);
  const waitMs = exhaust(budget);
  budget.started(waitMs);
  budget.ended(waitMs);
  assert.equal(budget.startableAt(), waitMs);
});
