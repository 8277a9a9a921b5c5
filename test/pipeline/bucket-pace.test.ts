import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classifyFault } from '../../src/http/outcome.ts';
import { TransportError, type TransportFault } from '../../src/http/transport.ts';
import type { AttemptResult } from '../../src/pipeline/attempt.ts';
import { BucketPace } from '../../src/pipeline/bucket-pace.ts';
import { BusyMeter } from '../../src/pipeline/busy-meter.ts';

function failed(fault: TransportFault): AttemptResult {
  return {
    outcome: classifyFault(new TransportError(fault, fault)),
    response: null,
    fault,
    hint: null,
  };
}

test('ENHANCE_YOUR_CALM pauses the bucket and halves what is in flight; a lost connection does not', () => {
  const pace = new BucketPace(
    'b',
    { concurrency: 'auto', rate: null },
    () => 0.5,
    null,
    new BusyMeter(),
  );
  pace.started(0);
  pace.started(0);
  pace.ended(failed('reset'), 0, 0, 40);
  assert.equal(pace.concurrency, 5);
  const { pauseMs } = pace.ended(failed('calm'), 0, 0, 50);
  assert.ok(pauseMs !== null && pauseMs > 0);
  assert.equal(pace.concurrency, 2);
});
