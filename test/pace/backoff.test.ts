import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backoffDelayMs, DelayQueue } from '../../src/pace/retries.ts';

test('backoff doubles up to its cap, and jitter takes any part of it', () => {
  const ceilings = [1, 2, 3, 4, 5, 6, 7, 8].map((failures) => backoffDelayMs(failures, 1));
  assert.deepEqual(ceilings, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  assert.equal(backoffDelayMs(3, 0), 0);
  assert.equal(backoffDelayMs(3, 0.25), 500);
});

test('the delay queue gives what is due, earliest first', () => {
  const queue = new DelayQueue<number>();
  const times = Array.from({ length: 500 }, (_, index) => (index * 7919) % 503);
  for (const time of times) queue.add(time, time);
  assert.equal(queue.nextDueAt, Math.min(...times));
  const taken: number[] = [];
  for (let due = queue.takeDue(250); due !== undefined; due = queue.takeDue(250)) taken.push(due);
  assert.deepEqual(
    taken,
    times.filter((time) => time <= 250).sort((a, b) => a - b),
  );
  assert.equal(queue.size, 500 - taken.length);
  assert.ok(queue.nextDueAt > 250);
});
