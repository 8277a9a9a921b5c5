import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Limiter, type Reaction } from '../../src/fetch/limiter.ts';
import { LongWaits, pauseReason } from '../../src/fetch/long-waits.ts';
import { RequestQueues } from '../../src/fetch/request-queues.ts';
import { answer, createFakeEngine, pageTask } from './fake-network.ts';

test('a limiter ends the run where the wait is too long, or nothing ever comes', () => {
  const { options, clock, limiters, pauseMonitor } = createFakeEngine({ maxWaitMs: 10_000 });
  const waits = new LongWaits({ options, clock, pauseMonitor }, new RequestQueues(limiters));
  const settings = { concurrency: 'auto', rate: null } as const;
  const limiter = new Limiter('https://a.example', settings, () => 0.5, null, {
    isBusy: () => false,
  });
  const calm: Reaction = {
    pauseMs: null,
    isOwnPause: false,
    isOutage: false,
    attempt: 'counts',
    settled: null,
    isUnreachable: false,
  };
  const reason = pauseReason(answer(429, { 'retry-after': '60' }));
  const why = (reaction: Partial<Reaction>) =>
    waits.whyStop(limiter, { ...calm, ...reaction }, reason, pageTask(0), 2, clock.now());
  assert.equal(why({}), null);
  assert.equal(why({ pauseMs: 9_000 }), null);
  assert.deepEqual(why({ pauseMs: 60_000 }), {
    kind: 'max-wait',
    untilWallTime: clock.wallTime() + 60_000,
    reason,
  });
  assert.deepEqual(why({ pauseMs: 60_000, isOwnPause: true }), {
    kind: 'max-wait',
    untilWallTime: null,
    reason,
    ownPause: { nextMs: 60_000, pausesBefore: 2, url: 'https://a.example/items?page=1' },
  });
  assert.equal(why({ isUnreachable: true })?.kind, 'unreachable');
});
