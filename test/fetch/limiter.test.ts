import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Limiter } from '../../src/fetch/limiter.ts';
import type { AttemptResult } from '../../src/fetch/task.ts';
import { classifyFault } from '../../src/http/outcome.ts';
import { TransportError, type TransportFault } from '../../src/http/transport.ts';

function failed(fault: TransportFault): AttemptResult {
  return {
    outcome: classifyFault(new TransportError(fault, fault)),
    response: null,
    fault,
    hint: null,
  };
}

test('ENHANCE_YOUR_CALM pauses the queue and halves what is in flight; a lost connection does not', () => {
  const pace = new Limiter('b', { concurrency: 'auto', rate: null }, () => 0.5, null, {
    isBusy: () => false,
  });
  pace.started(0);
  pace.started(0);
  pace.ended(failed('reset'), 0, 0, 40);
  assert.equal(pace.concurrency, 5);
  const { pauseMs } = pace.ended(failed('calm'), 0, 0, 50);
  assert.ok(pauseMs !== null && pauseMs > 0);
  assert.equal(pace.concurrency, 2);
});
