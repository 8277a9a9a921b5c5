import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunEvent } from '../../src/core/events.ts';
import { KnownCredentials } from '../../src/core/known-credentials.ts';
import { PaceLog } from '../../src/fetch/pace-log.ts';

const LIMITER = 'https://api.example';

function setUp() {
  const pace = {
    limiter: LIMITER,
    concurrency: 5,
    perSecond: null as number | null,
    statedPerSecond: null as number | null,
    by: 'none' as const,
  };
  const clock = { at: 1000, now: () => clock.at, wallTime: () => clock.at };
  const credentials = new KnownCredentials([{ name: 'TOKEN', value: 'hunter2-hunter2' }], []);
  const log = new PaceLog({ clock, limiters: { paces: () => [{ ...pace }] }, credentials });
  return { pace, clock, log };
}

type PauseEvent = Extract<RunEvent, { type: 'pause' | 'pause-extended' }>;

function pause(durationMs: number, now: number, reason = '429'): PauseEvent {
  const untilWallTime = now + durationMs;
  return { type: 'pause', limiter: LIMITER, cause: 'limit', reason, durationMs, untilWallTime };
}

test('the pace is noted when it is first seen and when it changes, and not in between', () => {
  const { pace, clock, log } = setUp();
  assert.deepEqual(log.take()?.changes, [{ ...pace, at: 1000 }]);
  assert.equal(log.take(), null);
  pace.concurrency = 8;
  clock.at = 1010;
  assert.deepEqual(log.take()?.changes, [{ ...pace, at: 1010 }]);
});

test('a rate that headers state anew with each answer is noted once a second, and where it differs', () => {
  const { pace, clock, log } = setUp();
  pace.statedPerSecond = 10;
  log.take();
  const noted: (number | null)[] = [];
  for (let tick = 1; tick <= 40; tick += 1) {
    clock.at += 100;
    pace.statedPerSecond = tick < 25 ? 10.1 : tick;
    noted.push(...(log.take()?.changes ?? []).map(({ statedPerSecond }) => statedPerSecond));
  }
  assert.deepEqual(noted, [25, 35]);
});

test('a pause is one row, which grows and ends', () => {
  const { clock, log } = setUp();
  log.event(pause(5000, 1000));
  const [begun] = log.take()!.pauses;
  assert.deepEqual([begun!.startedAt, begun!.until, begun!.endedAt], [1000, 6000, null]);
  clock.at = 3000;
  log.event({
    ...pause(9000, 3000),
    type: 'pause-extended',
  });
  clock.at = 12_000;
  log.event({ type: 'resume', limiter: LIMITER, ended: false });
  const pauses = log.take()!.pauses;
  assert.equal(pauses.length, 1);
  assert.deepEqual(pauses[0], { ...begun, until: 12_000, endedAt: 12_000 });
  log.event(pause(10, 12_000));
  assert.equal(log.take()!.pauses[0]!.startedAt, 12_000);
});

test('a credential that a reason repeats is not noted', () => {
  const { log } = setUp();
  log.event(pause(10, 1000, '429, slow down hunter2-hunter2'));
  const text = JSON.stringify(log.take());
  assert.ok(!text.includes('hunter2'), text);
  assert.match(text, /slow down/);
});
