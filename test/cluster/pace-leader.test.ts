import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PaceLeader } from '../../src/cluster/pace-leader.ts';
import { lateMsOf } from '../../src/cluster/promised-rate.ts';
import { StartsInTime } from '../../src/cluster/starts-in-time.ts';
import { seededRandom } from '../../src/demo/demo-items.ts';
import { BucketLimiter } from '../pace/simulation/limiter.ts';
import { figuresOf } from '../pace/simulation/measure.ts';
import { networkOf } from '../pace/simulation/scenarios.ts';
import { simulate } from '../pace/simulation/simulate.ts';
import { fleetClient } from './fleet-client.ts';

const RATE = { count: 100, perMs: 1000 };

function report(who: string, run = 'r', more = {}) {
  return { who, run, rate: RATE, wants: null, told: [], dropped: [], ...more };
}

/** In virtual time; `soak:cluster -- --limit --unknown` measures it with processes. */
test('four workers find a limit together that shows in refusals alone', () => {
  for (const retryAfter of [false, true]) {
    const random = seededRandom(7);
    const result = simulate({
      server: {
        limiter: new BucketLimiter(100, 100),
        retryAfter,
        headers: null,
        failing: 0,
        losing: 0,
      },
      network: networkOf(50),
      client: fleetClient(4, random),
      random,
      durationMs: 120_000,
      pages: Number.POSITIVE_INFINITY,
    });
    const { efficiency, refused } = figuresOf(result);
    assert.ok(efficiency >= 93, `${efficiency} % of what is permitted`);
    assert.ok(refused < 1.5, `${refused} % refused`);
    assert.equal(result.early, 0);
  }
});

test('no more starts are handed out in any second than the rate allows', () => {
  const leader = new PaceLeader('a', () => 0.5, null, 0);
  const starts: number[] = [];
  for (let now = 0; now < 20_000_000; now += 150_000 + (now % 7) * 90_000) {
    leader.take([report('a'), report('b')], now);
    for (const names of leader.allot(now, 0).values()) starts.push(...names);
  }
  assert.ok(starts.length > 1800);
  starts.sort((a, b) => a - b);
  for (const [index, start] of starts.entries()) {
    const earlier = starts[index - RATE.count];
    if (earlier !== undefined) assert.ok(start - earlier >= 1_000_000 - 2, `${start}`);
  }
});

test('runs share a limit alike, however many workers each has, and take what others leave', () => {
  const leader = new PaceLeader('a1', () => 0.5, null, 0);
  const given = new Map<string, number>();
  const workers = [...['a1', 'a2', 'a3', 'a4', 'a5', 'a6'], ...['b1', 'b2']];
  const count = (until: number, wantsOfB: number | null): number[] => {
    given.clear();
    for (let now = until - 10_000_000; now < until; now += 150_000) {
      leader.take(
        workers.map((who) => report(who, who[0], who[0] === 'b' ? { wants: wantsOfB } : {})),
        now,
      );
      for (const [who, names] of leader.allot(now, 0)) {
        given.set(who[0]!, (given.get(who[0]!) ?? 0) + names.length);
      }
    }
    return [given.get('a') ?? 0, given.get('b') ?? 0];
  };
  const [a = 0, b = 0] = count(10_000_000, null);
  assert.ok(Math.abs(a - b) < 20, `${a} and ${b}`);
  const [all = 0, none = 0] = count(20_000_000, 0);
  assert.ok(all > 900 && none === 0, `${all} and ${none}`);
});

test('the lowest rate of the runs that share a server holds for all, until its run has ended', () => {
  const leader = new PaceLeader('a', () => 0.5, null, 0);
  const slow = report('b', 's', { rate: { count: 10, perMs: 1000 } });
  leader.take([report('a'), slow], 0);
  assert.ok(leader.state(0).basis!.perSecond < 9, 'first requests wait for connections');
  leader.take([report('a'), slow], 3_000_000);
  // Less by what starts may be late.
  const perSecond = (count: number): number => (count / (1000 + lateMsOf(1000))) * 1000;
  assert.equal(leader.state(3_000_000).basis?.perSecond, perSecond(10));
  leader.take([report('a')], 9_000_000);
  assert.equal(leader.state(9_000_000).basis?.perSecond, perSecond(100));
});

test('a start that is late is dropped, and a slow answer of the queue makes none early', () => {
  const starts = new StartsInTime(1000);
  // The clock of the queue is 1,000 s ahead. Its answers take 1 to 200 ms.
  starts.sawTime(1_000_000_000, 0, 1);
  starts.sawTime(1_000_300_000, 200, 400);
  assert.ok(starts.localOf(1_000_500_000) >= 500 && starts.localOf(1_000_500_000) < 501.1);
  starts.add([1_000_500_000, 1_000_510_000]);
  assert.ok(starts.next(450) >= 500);
  assert.ok(starts.next(525) >= 510, 'the first is 25 ms late');
  starts.started(526, false);
  assert.deepEqual([starts.takeDropped(526), starts.ended(526)], [[1_000_500_000], 1_000_510_000]);
  // Another queue, whose clock is behind: what was known of the first is forgotten.
  starts.sawTime(5_000_000, 1000, 1001);
  assert.equal(starts.localOf(5_000_000), 1001);
});
