import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { gateKey } from '../../src/cluster/keys.ts';
import { runScript } from '../../src/cluster/scripts.ts';
import { SharedGate } from '../../src/cluster/shared-gate.ts';
import { systemClock } from '../../src/core/clock.ts';
import { startCluster } from './cluster-setup.ts';
import { WITHOUT_REDIS } from './redis-process.ts';

const skip = WITHOUT_REDIS ?? false;

// Most of their time they wait for each other.
suite('a limit over many workers', { concurrency: 4 }, () => {
  test('a rate holds for all workers together', { skip }, async (t) => {
    const arrivals: number[] = [];
    const cluster = await startCluster(t, {
      respond: () => {
        arrivals.push(performance.now());
        return null;
      },
    });
    for (let count = 0; count < 2; count += 1) cluster.worker();
    const beganAt = performance.now();
    const { code, stderr } = await cluster.coordinate(600, ['--rate', '200/s']).ended;
    assert.equal(code, 0, stderr);
    assert.equal(arrivals.length, 600);
    // Counted from before the first one: a busy machine makes arrivals later only, and cannot break this.
    for (const [index, at] of arrivals.entries()) {
      const permitted = (at - beganAt) / 5 + 1;
      assert.ok(index < permitted, `${index + 1} requests after ${at - beganAt} ms`);
    }
  });

  test('a pause that one worker is told holds for all', {
    skip,
  }, async (t) => {
    const PAUSE_MS = 2000;
    const CONCURRENCY = 2;
    const WORKERS = 3;
    let refusedAt: number | null = null;
    let inside = 0;
    // Each may send while it has no news, which a busy machine delays; the soak with --limit counts those in flight.
    const MOST_INSIDE = 24;
    const cluster = await startCluster(t, {
      delayMs: 100,
      respond: ({ n, attempt }) => {
        const now = performance.now();
        if (refusedAt !== null && now > refusedAt && now < refusedAt + PAUSE_MS - 20) inside += 1;
        if (n !== 60 || attempt > 1) return null;
        refusedAt = now;
        return { status: 429, headers: { 'retry-after': String(PAUSE_MS / 1000) } };
      },
    });
    const more = ['-c', String(CONCURRENCY)];
    for (let count = 0; count < WORKERS - 1; count += 1) cluster.worker(more);
    const { code, stderr } = await cluster.coordinate(110, more).ended;
    assert.equal(code, 0, stderr);
    assert.ok(refusedAt !== null);
    assert.ok(inside <= MOST_INSIDE, `${inside} of 50 requests arrived within the pause`);
  });
});

test('a longer pause is not cut short by a shorter one', { skip }, async (t) => {
  const { asked } = await startCluster(t);
  const key = gateKey('https://a.example');
  const pause = async (ms: number): Promise<number> => {
    const [now, until] = (await runScript(asked, 'pause', [key], [ms * 1000, 'news'])) as string[];
    return (Number(until) - Number(now)) / 1000;
  };
  assert.equal(Math.round(await pause(5000)), 5000);
  assert.ok((await pause(1000)) > 4000);
});

test('no two workers are given the same start, and none one in a pause', { skip }, async (t) => {
  const { asked } = await startCluster(t);
  const key = gateKey('https://b.example');
  const BETWEEN = 2000;
  const starts: number[] = [];
  for (let call = 0; call < 40; call += 1) {
    const answer = (await runScript(
      asked,
      'reserve',
      [key],
      [7, BETWEEN, 100_000, 20_000, 80_000],
    )) as string[];
    const [now, first, count] = answer.map(Number);
    for (let index = 0; index < count!; index += 1) starts.push(first! + index * BETWEEN);
    assert.ok(count === 0 || first! <= now! + 100_000);
  }
  assert.ok(starts.length > 20);
  for (const [index, start] of starts.entries()) {
    if (index > 0) assert.ok(start - starts[index - 1]! >= BETWEEN - 1);
  }
  await runScript(asked, 'pause', [key], [60_000_000, 'news']);
  const [, , count] = (await runScript(
    asked,
    'reserve',
    [key],
    [7, BETWEEN, 100_000, 20_000, 80_000],
  )) as unknown[];
  assert.equal(count, 0);
});

test('a gate lets nothing start before the queue has answered', { skip }, async (t) => {
  const { asked } = await startCluster(t);
  const woken = Promise.withResolvers<void>();
  const gate = new SharedGate('https://c.example', {
    redis: asked,
    clock: systemClock,
    rate: null,
    isHeld: () => false,
    wake: () => woken.resolve(),
    fail: woken.reject,
  });
  assert.equal(gate.startableAt(systemClock.now()), Number.POSITIVE_INFINITY);
  await woken.promise;
  const now = systemClock.now();
  assert.ok(gate.startableAt(now) <= now);
  gate.pause(30_000);
  assert.ok(gate.startableAt(systemClock.now()) > now + 20_000);
});
