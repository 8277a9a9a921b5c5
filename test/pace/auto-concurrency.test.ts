import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AutoConcurrency } from '../../src/pace/auto-concurrency.ts';

/** Keeps the limit full against a server whose latency depends on how many are in flight. */
function settle(auto: AutoConcurrency, latencyOf: (inFlight: number) => number, ms = 9000): void {
  let now = 0;
  while (now < ms) {
    const inFlight = auto.limit;
    const latencyMs = latencyOf(inFlight);
    const sentAt = now;
    now += latencyMs;
    for (let answers = 0; answers < inFlight; answers += 1) {
      auto.ended('answered', inFlight, sentAt, now);
    }
  }
}

test('a server that takes 50 ms however many it has is asked for as many as allowed', () => {
  const auto = new AutoConcurrency(null);
  assert.equal(auto.limit, 5);
  settle(auto, () => 50);
  assert.equal(auto.limit, 64);
  assert.ok(!auto.isByLatency);
});

test('a server that does one after the other settles at one or two', () => {
  const auto = new AutoConcurrency(null);
  settle(auto, (inFlight) => 5 * inFlight);
  assert.ok(auto.limit <= 2, String(auto.limit));
  assert.ok(auto.isByLatency);
});

test('a queue behind a network settles near where the queue begins', () => {
  const auto = new AutoConcurrency(null);
  settle(auto, (inFlight) => Math.max(60, 5 * inFlight));
  assert.ok(auto.limit >= 12 && auto.limit <= 18, String(auto.limit));
});

test('errors shrink it, and never make it grow', () => {
  const auto = new AutoConcurrency(40);
  let now = 0;
  for (let round = 0; round < 200; round += 1) {
    now += 10;
    auto.ended(round % 2 === 0 ? 'strained' : 'answered', auto.limit, now - 10, now);
  }
  assert.ok(auto.limit < 27, String(auto.limit));
});

test('while the rate holds requests back the concurrency does not change', () => {
  const auto = new AutoConcurrency(null);
  for (let now = 0; now < 60_000; now += 10) auto.ended('answered', 2, now, now + 10);
  assert.equal(auto.limit, 5);
});

test('the concurrency that an earlier run found is the start', () => {
  assert.equal(new AutoConcurrency(27).limit, 27);
  assert.equal(new AutoConcurrency(0).limit, 1);
});

test('a server that asks for calm gets half as many, once for all requests in flight', () => {
  const auto = new AutoConcurrency(40);
  auto.calmed(1000, 1050);
  auto.calmed(1010, 1060);
  assert.equal(auto.limit, 18);
  auto.calmed(2000, 2050);
  assert.equal(auto.limit, 8);
  for (let now = 3000; now < 10_000; now += 1000) auto.calmed(now, now + 50);
  assert.equal(auto.limit, 1);
});

test('where answers take long, as many as help are in flight within seconds', () => {
  const auto = new AutoConcurrency(null);
  settle(auto, () => 500, 7000);
  assert.equal(auto.limit, 64);
});

test('where this process is the bottleneck, latency is not taken for the server’s, and enough are sent at once', () => {
  const auto = new AutoConcurrency(null);
  let now = 0;
  for (let round = 0; round < 400; round += 1) {
    // As a queue would look: twice as many take twice as long.
    now += auto.limit;
    const inFlight = auto.limit;
    for (let answers = 0; answers < inFlight; answers += 1) {
      auto.ended('busy', inFlight, now - inFlight, now);
    }
  }
  assert.equal(auto.limit, 27);
  assert.ok(!auto.isByLatency);
});
