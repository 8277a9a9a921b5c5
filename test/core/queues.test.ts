import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DelayQueue, Fifo } from '../../src/core/queues.ts';

test('a queue that is never empty gives everything back in order', () => {
  const queue = new Fifo<number>();
  const taken: (number | undefined)[] = [];
  let next = 0;
  for (let round = 0; round < 20_000; round += 1) {
    queue.push(next++);
    if (round % 3 > 0) queue.push(next++);
    taken.push(queue.shift());
    if (queue.size > 2000) while (queue.size > 5) taken.push(queue.shift());
    assert.equal(queue.size, next - taken.length);
  }
  while (queue.size > 0) taken.push(queue.shift());
  assert.equal(queue.shift(), undefined);
  assert.deepEqual(
    taken,
    Array.from({ length: next }, (_, index) => index),
  );
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
