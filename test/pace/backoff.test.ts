import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backoffDelayMs } from '../../src/pace/retries.ts';

test('backoff doubles up to its cap, and jitter takes any part of it', () => {
  const ceilings = [1, 2, 3, 4, 5, 6, 7, 8].map((failures) => backoffDelayMs(failures, 1));
  assert.deepEqual(ceilings, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  assert.equal(backoffDelayMs(3, 0), 0);
  assert.equal(backoffDelayMs(3, 0.25), 500);
});
