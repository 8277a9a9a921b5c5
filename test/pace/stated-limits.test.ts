import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Limit } from '../../src/core/hint.ts';
import { StatedLimits } from '../../src/pace/stated-limits.ts';

function limit(said: Partial<Limit>): Limit {
  return { policy: '', quota: null, remaining: null, resetMs: null, windowMs: null, ...said };
}

/** A window that has been seen to end at the same moment for a while. */
function inWindow(remaining: number, inFlight = 0): StatedLimits {
  const limits = new StatedLimits();
  limits.said([limit({ remaining: remaining + 10, resetMs: 33_000 })], -1000, -1000, inFlight);
  limits.said([limit({ remaining, resetMs: 30_000 })], 1900, 2000, inFlight);
  return limits;
}

test('without stated limits nothing is held back', () => {
  const limits = new StatedLimits();
  assert.equal(limits.rate(0), Number.POSITIVE_INFINITY);
  assert.equal(limits.startableAt(0, 0), Number.NEGATIVE_INFINITY);
});

test('what is left of a window is spread over the rest of it, less what is in flight', () => {
  assert.equal(inWindow(60).rate(2000), 60 / 30_000);
  assert.equal(inWindow(60, 30).rate(2000), 30 / 30_000);
  assert.equal(inWindow(60).rate(17_000), 60 / 15_000);
});

test('where none is left, requests wait until the window ends', () => {
  const limits = new StatedLimits();
  limits.said([limit({ remaining: 0, resetMs: 5000 })], 900, 1000, 0);
  assert.equal(limits.startableAt(1000, 0), 6000);
  assert.ok(limits.startableAt(6000, 0) <= 6000);
});

test('what is sent counts against what is left before the server says so', () => {
  const limits = new StatedLimits();
  limits.said([limit({ remaining: 2, resetMs: 5000 })], 900, 1000, 0);
  limits.started();
  assert.ok(limits.startableAt(1001, 1) <= 1001);
  limits.started();
  assert.equal(limits.startableAt(1001, 2), Number.POSITIVE_INFINITY, 'an answer will tell');
  assert.equal(limits.startableAt(1001, 0), 6000);
});

test('a quota and its window are a rate, also where the window is short', () => {
  const limits = new StatedLimits();
  limits.said([limit({ quota: 100, windowMs: 1000, remaining: 40, resetMs: 1000 })], 0, 0, 0);
  assert.ok(Math.abs(limits.rate(0) - 0.0985) < 1e-9);
});

test('where no window is stated, the change in what is left shows the refill', () => {
  const limits = new StatedLimits();
  const answered = (now: number, remaining: number) =>
    limits.said([limit({ quota: 20, remaining, resetMs: 2000 })], now, now, 0);
  // Two a 100 ms are taken, and one of them is refilled.
  for (let round = 0; round <= 32; round += 1) answered(round * 50, 18 - Math.floor(round / 2));
  assert.ok(Math.abs(limits.rate(1600) / 0.01 - 1) < 0.15, String(limits.rate(1600)));
});

test('of several policies the tightest counts', () => {
  const limits = new StatedLimits();
  const policies = [
    limit({ policy: 'burst', quota: 100, windowMs: 1000 }),
    limit({ policy: 'day', quota: 1000, windowMs: 100_000 }),
  ];
  limits.said(policies, 0, 0, 0);
  assert.ok(Math.abs(limits.rate(0) - 0.00985) < 1e-9);
});

test('an answer that was overtaken by a later request’s does not count', () => {
  const limits = new StatedLimits();
  limits.said([limit({ remaining: 0, resetMs: 5000 })], 1000, 1100, 0);
  limits.said([limit({ remaining: 10, resetMs: 5000 })], 500, 1200, 0);
  assert.equal(limits.startableAt(1200, 0), 6100);
});

test('a policy that says "none left" at the start of every window is not believed', () => {
  const limits = new StatedLimits();
  let now = 0;
  for (let window = 0; window < 5; window += 1) {
    limits.said([limit({ quota: 100, remaining: 0, resetMs: 5000 })], now, now, 0);
    now += 5000;
  }
  assert.equal(limits.startableAt(now - 5000, 0), Number.NEGATIVE_INFINITY);
});

test('a server that names new policies again and again fills no memory', () => {
  const limits = new StatedLimits();
  for (let name = 0; name < 1000; name += 1) {
    limits.said([limit({ policy: String(name), quota: 1000 - name, windowMs: 1000 })], 0, 0, 0);
  }
  assert.ok(limits.rate(0) > 0.9);
});

test('of a long window most may be used at once, and what is left then is spread', () => {
  const limits = new StatedLimits();
  limits.said([limit({ quota: 5000, remaining: 4999, resetMs: 3_600_000 })], 900, 1000, 0);
  assert.equal(limits.rate(1000), Number.POSITIVE_INFINITY);
  limits.said([limit({ quota: 5000, remaining: 501, resetMs: 3_000_000 })], 600_000, 601_000, 0);
  assert.equal(limits.rate(601_000), Number.POSITIVE_INFINITY);
  limits.started();
  assert.equal(limits.rate(601_000), 500 / 3_000_000);
});

test('a quota of a day that names no end is used at once too, as Salesforce states it', () => {
  const limits = new StatedLimits();
  limits.said([limit({ quota: 5000, remaining: 4000, windowMs: 86_400_000 })], 900, 1000, 0);
  assert.equal(limits.rate(1000), Number.POSITIVE_INFINITY);
});

test('an answer that names no end keeps the one that was named, until that has passed', () => {
  const limits = new StatedLimits();
  limits.said([limit({ remaining: 1, resetMs: 5000 })], 900, 1000, 0);
  limits.said([limit({ remaining: 0 })], 1900, 2000, 0);
  assert.equal(limits.startableAt(2000, 0), 6000);
  assert.equal(limits.usedUpUntil(2000), 6000);
  limits.said([limit({ remaining: 0 })], 6900, 7000, 0);
  assert.ok(limits.startableAt(7000, 0) <= 7000);
});

test('a quota of 0 counts as no quota: it neither stops the run nor gives a rate that is no number', () => {
  const limits = new StatedLimits();
  for (let now = 0; now <= 4000; now += 500) {
    limits.said([limit({ quota: 0, remaining: 1, resetMs: 1000 })], now, now, 0);
  }
  assert.equal(limits.rate(4000), Number.POSITIVE_INFINITY);
  limits.said([limit({ quota: 0, windowMs: 1000 })], 5000, 5000, 0);
  assert.equal(limits.rate(5000), Number.POSITIVE_INFINITY);
});

test('of several policies the window is that of the one that sets the rate', () => {
  const limits = new StatedLimits();
  const burst = { policy: 'burst', quota: 200, windowMs: 5000, remaining: 150, resetMs: 5000 };
  const daily = { policy: 'day', quota: 1e9, windowMs: 86_400_000, remaining: 9e8, resetMs: 1e7 };
  limits.said([daily, burst], 0, 0, 0);
  assert.equal(limits.windowMs(0), 5000);
});
