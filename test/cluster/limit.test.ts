import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Redis } from 'ioredis';
import { gateKeys } from '../../src/cluster/keys.ts';
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
    const PAGES = 400;
    let highest = 0;
    let refusedAt: number | null = null;
    let inside = 0;
    const cluster = await startCluster(t, {
      delayMs: 50,
      respond: ({ n }) => {
        const now = performance.now();
        if (refusedAt !== null && now < refusedAt + PAUSE_MS - 20) inside += 1;
        highest = Math.max(highest, n);
        // Each worker goes through its range in order: now two of them are at work.
        if (refusedAt !== null || n > highest - 10) return null;
        refusedAt = now;
        return { status: 429, headers: { 'retry-after': String(PAUSE_MS / 1000) } };
      },
    });
    const more = ['-c', '6'];
    const workers = [cluster.worker(more), cluster.worker(more)];
    await Promise.all(workers.map(({ untilSaid }) => untilSaid(isWaiting)));
    const { code, stderr } = await cluster.coordinate(PAGES, [...more, '--no-work']).ended;
    assert.equal(code, 0, stderr);
    assert.ok(refusedAt !== null, 'one worker did all');
    // Without the news, the other worker would go on. A busy machine delays the news; the soak with --limit counts what
    // was in flight.
    assert.ok(inside < PAGES / 4, `${inside} requests arrived within the pause`);
  });
});

function isWaiting(stderr: string): boolean {
  return stderr.includes('waiting for a run');
}

test('-c holds for all workers together, and the share of one that was killed comes back', {
  skip,
}, async (t) => {
  const [MOST, DELAY_MS, PAGES] = [3, 40, 200];
  const cluster = await startCluster(t, { delayMs: DELAY_MS, leaseShare: 0.15 });
  const more = ['-c', String(MOST)];
  const killed = cluster.worker(more);
  cluster.worker(more);
  const { ended } = cluster.coordinate(PAGES, [...more, '--no-work']);
  await cluster.untilRequested(20);
  killed.child.kill('SIGKILL');
  const { code, stderr } = await ended;
  assert.equal(code, 0, stderr);
  assert.ok(cluster.output() === cluster.expected(PAGES));
  const { maxInFlight } = cluster.server.counts();
  assert.ok(maxInFlight <= MOST, `${maxInFlight} in flight`);
});

interface Asked {
  readonly term?: number;
  /** When a refused request was sent, and how long all are to wait. */
  readonly pause?: number;
  readonly waits?: number;
  readonly leaves?: boolean;
  /** Workers and their starts. */
  readonly gives?: readonly string[];
}

const LEADS_MICROS = 1_500_000;

/** Asks as the gate of a worker does. Times are microseconds. */
async function ask(
  asked: Redis,
  limiter: string,
  who: string,
  { term = -1, pause, waits = 0, leaves = false, gives = [] }: Asked = {},
) {
  const { gate, reports, starts } = gateKeys(limiter);
  const values = [
    ...[who, `{"who":"${who}"}`, term, 'state', LEADS_MICROS, 'news'],
    ...[pause ?? '', waits, leaves ? 1 : 0, 0, ...gives],
  ];
  const answer = (await runScript(asked, 'ask', [gate, reports, starts], values)) as unknown[];
  const [now, inTerm, leads, epoch, until, , mine, told] = answer;
  return {
    now: Number(now),
    term: inTerm as number,
    leads: leads === 1,
    epoch: epoch as number,
    until: Number(until),
    mine: mine as string,
    told: told as string[],
  };
}

test('a longer pause is not cut short by a shorter one, and refusals together are one', {
  skip,
}, async (t) => {
  const { asked } = await startCluster(t);
  const first = await ask(asked, 'https://a.example', 'a');
  const long = await ask(asked, 'https://a.example', 'a', { pause: first.now, waits: 5_000_000 });
  assert.equal(long.until - long.now, 5_000_000);
  const short = await ask(asked, 'https://a.example', 'b', { pause: first.now, waits: 1_000_000 });
  assert.equal(short.until, long.until);
  assert.deepEqual([first.epoch, long.epoch, short.epoch], [0, 1, 1]);
  const later = { pause: long.now + 100_000, waits: 0 };
  assert.equal((await ask(asked, 'https://a.example', 'a', later)).epoch, 2);
});

test('one worker leads, hears what all tell and hands out starts; another leads when it is gone', {
  skip,
}, async (t) => {
  const { asked } = await startCluster(t);
  const limiter = 'https://b.example';
  const a = await ask(asked, limiter, 'a');
  const b = await ask(asked, limiter, 'b', { term: a.term, gives: ['c', '0:666'] });
  assert.deepEqual([a.leads, b.leads, b.told], [true, false, []]);
  const again = await ask(asked, limiter, 'a', { term: a.term, gives: ['b', '0:1,2'] });
  assert.deepEqual(again.told, ['{"who":"b"}', '{"who":"a"}']);
  await ask(asked, limiter, 'a', { term: a.term, gives: ['b', '0:3'] });
  assert.equal((await ask(asked, limiter, 'b')).mine, '0:1,2 0:3');
  assert.equal((await ask(asked, limiter, 'b')).mine, '');
  assert.equal((await ask(asked, limiter, 'c')).mine, '', 'who does not lead hands out nothing');
  await ask(asked, limiter, 'a', { leaves: true });
  const next = await ask(asked, limiter, 'b');
  assert.deepEqual([next.leads, next.term], [true, a.term + 1]);
  const zombie = await ask(asked, limiter, 'a', { term: a.term, gives: ['c', '0:7'] });
  assert.equal(zombie.leads, false);
  assert.equal((await ask(asked, limiter, 'c')).mine, '');
});

test('a gate lets nothing start before the queue has answered', { skip }, async (t) => {
  const { asked } = await startCluster(t);
  let woken = Promise.withResolvers<void>();
  // It stands still: an answer of a busy machine is never too old.
  const now = systemClock.now();
  const gate = new SharedGate('https://c.example', {
    redis: asked,
    clock: { ...systemClock, now: () => now },
    who: 'a',
    run: 'r',
    rate: null,
    isHeld: () => false,
    wake: () => woken.resolve(),
    fail: (error) => woken.reject(error),
  });
  t.after(() => gate.close());
  assert.equal(gate.startableAt(now), Number.POSITIVE_INFINITY);
  await woken.promise;
  assert.ok(gate.startableAt(now) <= now);
  gate.started(now);
  const hint = { waitMs: 30_000, limits: [] };
  const pause = gate.ended({ sentAt: now, now: now + 5, kind: 'refused', hint });
  assert.deepEqual(pause, { waitMs: 30_000, isNew: true });
  assert.ok(gate.startableAt(now + 6) > now + 20_000);
  woken = Promise.withResolvers();
  await woken.promise;
  assert.ok(gate.heldUntil(now) > now + 20_000);
});
