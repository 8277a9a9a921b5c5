import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  AcceptedHistory,
  fitRate,
  fitRateAndBurst,
  type Segment,
} from '../../src/pace/limiter-fit.ts';
import { BucketLimiter } from './simulation/limiter.ts';

/** Sends at a rate from a time on until it is refused; returns when. */
function sendUntilRefused(
  limiter: BucketLimiter,
  history: AcceptedHistory,
  perSecond: number,
  from: number,
): number {
  for (let now = from; ; now += 1000 / perSecond) {
    if (!limiter.take(now)) return now;
    history.add(now);
  }
}

function segment(history: AcceptedHistory, from: number, to: number): Segment {
  return { from, to, accepted: history.between(from, to) };
}

for (const [perSecond, burst] of [
  [200, 40],
  [200, 200],
  [100, 20],
  [10, 10],
] as const) {
  test(`two refusals tell ${perSecond}/s and a burst of ${burst}, over a pause of a second`, () => {
    const limiter = new BucketLimiter(perSecond, burst);
    const history = new AcceptedHistory();
    const first = sendUntilRefused(limiter, history, 20 * perSecond, 0);
    const second = sendUntilRefused(limiter, history, 1.3 * perSecond, first + 1000);
    const segments = [segment(history, first, second)];
    const fit = fitRateAndBurst(history, 0, first, segments, (1.3 * perSecond) / 1000);
    assert.ok(Math.abs((fit.rate * 1000) / perSecond - 1) < 0.05, `${fit.rate * 1000}/s`);
    assert.ok(Math.abs(fit.burst / burst - 1) < 0.15, String(fit.burst));
  });
}

test('time in which the server’s bucket was full does not make the rate look lower', () => {
  const limiter = new BucketLimiter(100, 20);
  const history = new AcceptedHistory();
  const first = sendUntilRefused(limiter, history, 1000, 0);
  let now = first + 1000;
  for (; now < 30_000; now += 20) {
    assert.ok(limiter.take(now));
    history.add(now);
  }
  const second = sendUntilRefused(limiter, history, 120, now);
  const rate = fitRate(history, 20, segment(history, first, second), 0.12);
  assert.ok(Math.abs(rate - 0.1) < 0.002, `${rate * 1000}/s`);
});
