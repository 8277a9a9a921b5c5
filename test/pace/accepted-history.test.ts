import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AcceptedHistory } from '../../src/pace/limiter-fit.ts';

test('answers that come back out of order are counted by when they were sent', () => {
  const history = new AcceptedHistory();
  for (const sentAt of [0, 30, 10, 20, 40]) history.add(sentAt);
  assert.equal(history.between(0, 30), 3);
  assert.equal(history.between(-1, 30), 4);
  assert.equal(history.total, 5);
});

test('the leaky bucket fills by one each, leaks at the rate, and never below empty', () => {
  const history = new AcceptedHistory();
  for (const sentAt of [100, 110, 120]) history.add(sentAt);
  assert.equal(history.levelAt(0, 2, 50, 130), 5);
  assert.equal(history.levelAt(0.05, 0, 50, 120), 2);
  assert.equal(history.levelAt(1, 10, 50, 1000), 0);
});

test('a day of requests takes bounded memory, and loses no count', () => {
  const history = new AcceptedHistory();
  for (let sentAt = 0; sentAt < 1_000_000; sentAt += 10) history.add(sentAt);
  assert.equal(history.between(-1, 1_000_000), 100_000);
  assert.equal(history.between(989_995, 1_000_000), 1000, 'the newest are exact');
  const level = history.levelAt(0.1, 0, -1, 1_000_000);
  assert.ok(level < 30, String(level));
});

test('forgotten requests are gone from the sums, not from the total', () => {
  const history = new AcceptedHistory();
  for (let sentAt = 0; sentAt < 100; sentAt += 10) history.add(sentAt);
  history.forgetBefore(50);
  assert.equal(history.between(-1, 100), 4);
  assert.equal(history.total, 10);
});
