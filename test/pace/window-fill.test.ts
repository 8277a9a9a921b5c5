import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WindowFill } from '../../src/pace/short-window.ts';

const WINDOW = { windowMs: 1000, quota: 50, opensAt: 300 };

function startsUntil(fill: WindowFill, from: number, to: number): number[] {
  const starts: number[] = [];
  for (let now = from; now < to; now += 1) {
    if (fill.startableAt(now) > now) continue;
    fill.started(now);
    starts.push(now);
  }
  return starts;
}

test('each window gets its quota, and none is sent near an opening', () => {
  const starts = startsUntil(new WindowFill(WINDOW, 300), 300, 3300);
  assert.equal(starts.length, 150);
  for (const at of starts) {
    const afterMs = (at - 300) % 1000;
    assert.ok(afterMs >= 50 && afterMs <= 950, `${afterMs} ms after an opening`);
  }
});

test('after a time one more is tried, and taken back where it is refused', () => {
  const fill = new WindowFill(WINDOW, 0);
  fill.tick(30_000);
  assert.equal(startsUntil(fill, 30_300, 31_300).length, 51);
  assert.equal(fill.rate, 0.05, 'what is only tried is not known');
  assert.ok(fill.refused(null, 31_400));
  assert.equal(startsUntil(fill, 32_300, 33_300).length, 50);
});

test('refused again and again at what was safe, the window is given up', () => {
  const fill = new WindowFill(WINDOW, 0);
  assert.ok(fill.refused(WINDOW, 1000));
  assert.ok(fill.refused(WINDOW, 3000));
  assert.ok(!fill.refused(WINDOW, 5000));
});
