import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Gate } from '../../src/pace/gate.ts';

test('an open gate lets everything through', () => {
  const gate = new Gate();
  for (let sent = 0; sent < 1000; sent += 1) {
    assert.ok(gate.mayStart(0));
    gate.started();
  }
});

test('a stated wait closes the gate until its deadline, then one canary may go', () => {
  const gate = new Gate();
  gate.started();
  assert.deepEqual(gate.refused({ sentAt: 0, now: 10, retryAfterMs: 2000 }), {
    waitMs: 2000,
    isNew: true,
  });
  gate.ended();
  assert.ok(!gate.mayStart(2009.9));
  assert.ok(gate.mayStart(2010));
  gate.started();
  assert.ok(!gate.mayStart(2011), 'the canary is still out');
  gate.ended();
  gate.succeeded(2010);
  assert.ok(gate.mayStart(2012));
  gate.started();
  assert.ok(gate.mayStart(2012), 'after a success two may be in flight');
});

test('refusals of requests sent before the pause belong to it, and only lengthen it', () => {
  const gate = new Gate();
  gate.refused({ sentAt: 0, now: 10, retryAfterMs: 3000 });
  assert.deepEqual(gate.refused({ sentAt: 5, now: 20, retryAfterMs: 1000 }), {
    waitMs: 2990,
    isNew: false,
  });
  assert.deepEqual(gate.refused({ sentAt: 6, now: 30, retryAfterMs: null }), {
    waitMs: 2980,
    isNew: false,
  });
  assert.deepEqual(gate.refused({ sentAt: 7, now: 40, retryAfterMs: 9000 }), {
    waitMs: 9000,
    isNew: false,
  });
});

test('without a stated wait the pause grows while canaries are refused, and starts small after a success', () => {
  const gate = new Gate();
  const waits: number[] = [];
  let now = 0;
  for (let round = 0; round < 12; round += 1) {
    const { waitMs } = gate.refused({ sentAt: now, now: now + 1, retryAfterMs: null });
    waits.push(Math.round(waitMs));
    now += 1 + waitMs;
  }
  assert.deepEqual(waits.slice(0, 4), [500, 850, 1445, 2457]);
  assert.equal(waits.at(-1), 60_000);
  gate.succeeded(now);
  assert.equal(gate.refused({ sentAt: now + 1, now: now + 2, retryAfterMs: null }).waitMs, 500);
});

test('an answer to a request from before the pause does not open the gate', () => {
  const gate = new Gate();
  gate.started();
  gate.started();
  gate.refused({ sentAt: 0, now: 10, retryAfterMs: 1000 });
  gate.ended();
  gate.succeeded(0);
  gate.ended();
  assert.ok(gate.refusedForMs(500) > 0);
  gate.started();
  assert.ok(!gate.mayStart(1500), 'one canary, no more');
});

test('no sequence of answers lets a request start before a deadline that was stated', () => {
  const step = fc.record({
    afterMs: fc.integer({ min: 0, max: 800 }),
    refuse: fc.boolean(),
    retryAfterMs: fc.option(fc.integer({ min: 1, max: 5000 })),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const gate = new Gate();
      const inFlight: number[] = [];
      let now = 0;
      let stated = Number.NEGATIVE_INFINITY;
      for (const { afterMs, refuse, retryAfterMs } of steps) {
        now += afterMs;
        if (gate.mayStart(now)) {
          assert.ok(now >= stated, `started at ${now}, but ${stated} was stated`);
          gate.started();
          inFlight.push(now);
        }
        const sentAt = inFlight.shift();
        if (sentAt === undefined) continue;
        now += 1;
        gate.ended();
        if (refuse) {
          gate.refused({ sentAt, now, retryAfterMs });
          if (retryAfterMs !== null) stated = Math.max(stated, now + retryAfterMs);
        } else gate.succeeded(sentAt);
      }
      assert.ok(
        gate.mayStart(Math.max(now, gate.opensAt) + 1) || inFlight.length > 0,
        'no deadlock',
      );
    }),
    { numRuns: 2000 },
  );
});
