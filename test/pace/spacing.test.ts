import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Spacing } from '../../src/pace/spacing.ts';

/** When each of so many starts, by timers that fire at whole milliseconds. */
function startTimes(spacing: Spacing, count: number, from: number): number[] {
  const times: number[] = [];
  let now = from;
  while (times.length < count) {
    const at = spacing.startableAt(now);
    if (at > now) {
      now = Math.max(now + 1, Math.ceil(at));
      continue;
    }
    spacing.started(now);
    times.push(now);
  }
  return times;
}

test('without a rate nothing waits', () => {
  const spacing = new Spacing(20);
  assert.deepEqual(startTimes(spacing, 3, 7), [7, 7, 7]);
});

test('starts are evenly spaced, and timers of whole milliseconds lose nothing', () => {
  const spacing = new Spacing(20);
  spacing.setRate(0.3, 0);
  const times = startTimes(spacing, 3001, 0);
  assert.ok(Math.abs(times.at(-1)! - 10_000) <= 2, String(times.at(-1)));
  const gaps = times.slice(1).map((time, index) => time - times[index]!);
  assert.ok(Math.max(...gaps) <= 4 && Math.min(...gaps) >= 2);
});

test('an idle minute is not made good, a late timer is', () => {
  const spacing = new Spacing(20);
  spacing.setRate(0.5, 0);
  startTimes(spacing, 10, 0);
  assert.equal(startTimes(spacing, 100, 60_000).filter((time) => time === 60_000).length, 11);
});

test('what is granted may start at once, and is used up once', () => {
  const spacing = new Spacing(0);
  spacing.setRate(0.01, 0);
  startTimes(spacing, 1, 0);
  spacing.drain(50);
  spacing.grant(4, 50);
  assert.deepEqual(startTimes(spacing, 6, 50), [50, 50, 50, 50, 150, 250]);
});
