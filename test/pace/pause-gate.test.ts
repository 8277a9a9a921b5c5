import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PauseGate } from '../../src/pace/pause-gate.ts';

function refusal(sentAt: number, now: number, retryAfterMs: number | null = null) {
  return { sentAt, now, retryAfterMs };
}

test('an open gate lets everything through', () => {
  const gate = new PauseGate(() => 0.5);
  for (let sent = 0; sent < 1000; sent += 1) {
    assert.ok(gate.startableAt() <= 0);
    gate.started(0);
  }
});

test('a stated wait closes the gate, one canary goes, and its success opens it at once', () => {
  const gate = new PauseGate(() => 0.5);
  gate.started(0);
  gate.ended(0);
  assert.deepEqual(gate.refused(refusal(0, 10, 2000)), { waitMs: 2000, isNew: true });
  assert.ok(gate.startableAt() > 2009.9);
  assert.ok(gate.startableAt() <= 2010);
  gate.started(2010);
  assert.ok(gate.startableAt() > 2011, 'the canary is still out');
  gate.ended(2010);
  assert.ok(gate.succeeded(2010));
  assert.ok(gate.startableAt() <= 2012);
  gate.started(2012);
  assert.ok(gate.startableAt() <= 2012);
});

test('a slow request from before the pause neither delays the canary nor counts as one', () => {
  const gate = new PauseGate(() => 0.5);
  gate.started(0);
  gate.started(1);
  gate.ended(0);
  gate.refused(refusal(0, 10, 1000));
  gate.started(1010);
  gate.ended(1);
  assert.ok(!gate.succeeded(1));
  assert.ok(gate.startableAt() > 1020, 'the canary is still out');
  gate.ended(1010);
  assert.ok(gate.succeeded(1010));
});

test('refusals of requests sent before the pause belong to it, and only lengthen it', () => {
  const gate = new PauseGate(() => 0.5);
  gate.refused(refusal(0, 10, 3000));
  assert.deepEqual(gate.refused(refusal(5, 20, 1000)), { waitMs: 2990, isNew: false });
  assert.deepEqual(gate.refused(refusal(6, 30)), { waitMs: 2980, isNew: false });
  assert.deepEqual(gate.refused(refusal(7, 40, 9000)), { waitMs: 9000, isNew: false });
});

test('without a stated wait the pause doubles while canaries are refused, and starts small after a success', () => {
  const gate = new PauseGate(() => 0.5);
  const waits: number[] = [];
  let now = 0;
  for (let round = 0; round < 10; round += 1) {
    const { waitMs } = gate.refused(refusal(now, now + 1));
    waits.push(waitMs);
    now += 1 + waitMs;
  }
  assert.deepEqual(waits.slice(0, 4), [500, 1000, 2000, 4000]);
  assert.equal(waits.at(-1), 60_000);
  gate.succeeded(now);
  assert.equal(gate.refused(refusal(now + 1, now + 2)).waitMs, 500);
});

test('a stated wait whose canary is refused is no longer believed to be enough', () => {
  const gate = new PauseGate(() => 0.5);
  assert.equal(gate.refused(refusal(0, 1, 100)).waitMs, 100);
  assert.equal(gate.refused(refusal(101, 102, 100)).waitMs, 1000);
  assert.equal(gate.refused(refusal(1102, 1103, 100)).waitMs, 2000);
});

test('a deadline without a refusal is obeyed, and no canary is needed after it', () => {
  const gate = new PauseGate(() => 0.5);
  gate.hold(5000);
  assert.equal(gate.startableAt(), 5000);
  gate.started(5000);
  assert.ok(gate.startableAt() <= 5000);
  assert.equal(gate.refusedForMs(5000), 0);
});
