import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AcceptedHistory } from '../../src/pace/limiter-fit.ts';
import { WindowPhase } from '../../src/pace/short-window.ts';
import { BucketLimiter, type Limiter, WindowLimiter } from './simulation/limiter.ts';

/** Sends evenly at each rate until it is refused, and waits a second. */
function refusals(limiter: Limiter, ratesPerSecond: readonly number[]): WindowPhase {
  const history = new AcceptedHistory();
  const phase = new WindowPhase(1000);
  let now = 0;
  for (const perSecond of ratesPerSecond) {
    while (limiter.take(now)) {
      history.add(now);
      now += 1000 / perSecond;
    }
    const event = { firstAt: now, lastAt: now, openAt: now + 1000, isStated: false };
    now += 1000;
    phase.refused(history, event);
  }
  return phase;
}

test('refusals at many rates show a window’s quota and when it opens', () => {
  const found = refusals(new WindowLimiter(100, 1000, 0.3), [220, 130, 108, 103]).find(0);
  assert.ok(found !== null);
  assert.ok(Math.abs(found.quota - 100) < 5, String(found.quota));
  const offMs = (found.opensAt % 1000) - 700;
  assert.ok(Math.abs(offMs) <= 60, String(offMs));
});

test('the refusals of a token bucket show no window', () => {
  for (const burst of [20, 100]) {
    for (const part of [1.3, 1.5, 1.7, 2.1]) {
      const found = refusals(new BucketLimiter(100, burst), [220, 100 * part, 117, 107]).find(0);
      assert.equal(found, null, `burst ${burst}, ${part}`);
    }
  }
});

test('two refusals are too few to tell', () => {
  assert.equal(refusals(new WindowLimiter(100, 1000, 0.3), [220, 130]).find(0), null);
});

test('a window that accepts nothing is not a window, whatever an earlier run kept', () => {
  const phase = new WindowPhase(1000, 0);
  const history = new AcceptedHistory();
  for (let n = 1; n <= 6; n += 1) {
    phase.refused(history, {
      firstAt: n * 1000,
      lastAt: n * 1000,
      openAt: n * 1000 + 200,
      isStated: false,
    });
  }
  assert.equal(phase.find(0), null);
});
