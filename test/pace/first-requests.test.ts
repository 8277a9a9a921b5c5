import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FirstRequests } from '../../src/pace/first-requests.ts';
import { AcceptedHistory } from '../../src/pace/limiter-fit.ts';
import { WindowMode } from '../../src/pace/window-mode.ts';

test('requests that waited for a connection arrived a round trip before their answers', () => {
  const first = new FirstRequests();
  const history = new AcceptedHistory();
  // Sent together, each over a connection of its own.
  for (const now of [100, 130, 400]) first.add(0, now);
  assert.equal(first.answeredAt, 100);
  assert.equal(first.arrive(history, 20), 80);
  assert.deepEqual(
    [79, 80, 110, 380].map((until) => history.between(0, until)),
    [0, 1, 2, 3],
  );
});

test('a pause of 2.5 s is a window where a canary was refused, and not where the server named it', () => {
  const pause = (ms: number, isStated: boolean) => ({
    firstAt: 0,
    lastAt: 0,
    openAt: ms,
    isStated,
  });
  const rate = 30 / 1000;
  assert.ok(new WindowMode(null, 0).isLongAfter(pause(2500, false), rate));
  assert.ok(!new WindowMode(null, 0).isLongAfter(pause(2500, true), rate));
  assert.ok(new WindowMode(null, 0).isLongAfter(pause(4500, true), rate));
});
