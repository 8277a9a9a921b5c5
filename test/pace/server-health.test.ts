import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServerHealth } from '../../src/pace/server-health.ts';

/** Fails until the tokens are used up; returns what is made of the last failure. */
function exhaust(health: ServerHealth, now = 0) {
  for (let failures = 1; failures <= 100; failures += 1) {
    const judged = health.failed('error', now, now);
    if (judged.attempt === 'counts') continue;
    assert.equal(failures, 100, '500 tokens, 5 a retry');
    return judged;
  }
  throw new Error('never doubted');
}

/** A server that has answered, and given a page. */
function known(maxWaitMs?: number): ServerHealth {
  const health = new ServerHealth(() => 0.5, maxWaitMs);
  health.answered(-1);
  health.hasWitness = true;
  return health;
}

/** Sends a probe at a time. */
function probe(health: ServerHealth, now: number): void {
  assert.ok(health.startableAt() <= now);
  health.started(now);
  assert.equal(health.startableAt(), Number.POSITIVE_INFINITY);
}

test('a failure now and then is an attempt: each first success gives a token back', () => {
  const health = known();
  for (let round = 0; round < 10_000; round += 1) {
    assert.equal(health.failed('error', round, round).attempt, 'counts');
    health.succeeded(1, round);
  }
  assert.equal(health.tokens, 500);
});

test('timeouts cost twice as much', () => {
  const health = known();
  let failures = 0;
  while (health.failed('timeout', 0, 0).attempt === 'counts') failures += 1;
  assert.equal(failures, 49);
});

test('a server without a witness is down when the tokens are used up; pauses between probes grow', () => {
  const health = new ServerHealth(() => 0.5);
  let now = 0;
  let { attempt, waitMs } = exhaust(health);
  assert.deepEqual([attempt, waitMs], ['excused', 750]);
  const waits: number[] = [];
  for (let probes = 0; probes < 9; probes += 1) {
    now += waitMs!;
    assert.equal(health.startableAt(), now);
    probe(health, now);
    ({ attempt, waitMs } = health.failed('error', now, now));
    assert.equal(attempt, 'excused');
    waits.push(waitMs!);
  }
  assert.deepEqual(waits.slice(0, 3), [1500, 3000, 6000]);
  assert.equal(waits.at(-1), 22_500);
  assert.ok(health.downForMs(now) > 0);
});

test('with a witness the failures are held until it is seen whether that one comes', () => {
  const health = known();
  assert.equal(exhaust(health).attempt, 'held');
  assert.equal(health.isDown, false);
  assert.equal(health.isWitnessDue, true);
  probe(health, 1);
  // Of a request from before.
  assert.equal(health.failed('error', 0, 2).attempt, 'held');
  assert.equal(health.succeeded(0, 1), true);
  assert.equal(health.isWitnessDue, false);
  // Half of them: the failures are the pages' own.
  assert.equal(health.tokens, 250);
});

test('where the witness does not come either, twice, the server is down', () => {
  const health = known();
  exhaust(health);
  probe(health, 1);
  assert.deepEqual(health.failed('error', 1, 2), { attempt: 'held', waitMs: null });
  assert.equal(health.isWitnessDue, true);
  probe(health, 2);
  assert.deepEqual(health.failed('error', 2, 2), { attempt: 'excused', waitMs: 750 });
  assert.equal(health.isDown, true);
  // Of a request from before: no attempt either, and the pause stays.
  assert.deepEqual(health.failed('error', 0, 3), { attempt: 'excused', waitMs: null });
  assert.equal(health.opensAt, 752);
});

test('a witness that cannot be connected to is believed at once', () => {
  const health = known();
  exhaust(health);
  probe(health, 1);
  assert.equal(health.failed('unreachable', 1, 2).attempt, 'excused');
  assert.equal(health.isDown, true);
});

test('one failure to connect is enough where nothing else was answered since', () => {
  const health = known();
  assert.equal(health.failed('unreachable', 5, 6).attempt, 'excused');
  assert.equal(health.isDown, true);
  const busy = known();
  busy.answered(6);
  assert.equal(busy.failed('unreachable', 5, 7).attempt, 'counts');
  const unknown = new ServerHealth(() => 0.5);
  assert.equal(unknown.failed('unreachable', 5, 6).attempt, 'counts');
});

test('a witness with a trouble of its own keeps nothing down: every fourth probe is a page', () => {
  const health = known();
  health.failed('unreachable', 5, 6);
  const isWitness: boolean[] = [];
  for (let probes = 0; probes < 8; probes += 1) {
    const now = health.opensAt;
    isWitness.push(health.isWitnessDue);
    probe(health, now);
    health.failed('error', now, now);
  }
  const four = [true, true, true, false];
  assert.deepEqual(isWitness, [...four, ...four]);
});

test('no pause goes beyond the longest wait', () => {
  const health = known(2000);
  let now = 6;
  health.failed('unreachable', 5, now);
  while (health.downForMs(now) < 2000) {
    now = health.opensAt;
    probe(health, now);
    health.failed('unreachable', now, now);
  }
  assert.equal(now, 2006);
});

test('a probe that succeeds ends the outage and gives tokens for ten retries', () => {
  const health = known();
  exhaust(health);
  probe(health, 1);
  health.failed('timeout', 1, 1);
  const now = health.opensAt;
  probe(health, now);
  assert.equal(health.succeeded(2, now), true);
  assert.equal(health.downForMs(now), 0);
  assert.ok(health.startableAt() <= now);
  assert.equal(health.tokens, 50);
});

test('a probe that was refused by a limit says nothing: another may go', () => {
  const health = known();
  health.failed('unreachable', 5, 6);
  const now = health.opensAt;
  probe(health, now);
  health.ended(now);
  assert.equal(health.startableAt(), now);
});
