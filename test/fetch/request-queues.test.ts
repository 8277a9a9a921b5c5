import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fifo } from '../../src/fetch/request-queues.ts';

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
