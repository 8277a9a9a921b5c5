import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HiddenLimits } from '../../src/fetch/hidden-limits.ts';
import { Limiter } from '../../src/fetch/limiter.ts';
import type { AttemptResult, Task } from '../../src/fetch/task.ts';
import { answer, fault, pageTask } from './fake-network.ts';

/** A limiter whose last success was sent at 100. */
function served(): Limiter {
  const settings = { concurrency: 'auto', rate: null } as const;
  const limiter = new Limiter('a', settings, () => 0.5, null, { isBusy: () => false });
  limiter.started(100);
  limiter.ended(answer(200), 0, 100, 110);
  return limiter;
}

/** A page that has failed twice, the last time at this moment. */
function failedTwice(sentAt: number): Task {
  const task = pageTask(1);
  task.attempts = 2;
  task.doubtful.sentAt = sentAt;
  return task;
}

const kindOf = ({ outcome }: AttemptResult): string => outcome.kind;

test('a page that is answered 503 again while others came is refused', () => {
  const limits = new HiddenLimits();
  const refused = limits.read(failedTwice(90), answer(503), served());
  assert.equal(kindOf(refused), 'pause');
  assert.equal(refused.response?.status, 503);
});

test('where nothing came meanwhile, or it is something else, it is an error', () => {
  const limits = new HiddenLimits();
  assert.equal(kindOf(limits.read(failedTwice(200), answer(503), served())), 'retry');
  assert.equal(kindOf(limits.read(failedTwice(90), answer(500), served())), 'retry');
  assert.equal(kindOf(limits.read(failedTwice(90), fault('reset'), served())), 'retry');
  const first = pageTask(1);
  assert.equal(kindOf(limits.read(first, answer(503), served())), 'retry');
});

test('it is tried three times in vain, and goes on where it helped', () => {
  const limits = new HiddenLimits();
  const limiter = served();
  const task = failedTwice(90);
  const kinds = Array.from({ length: 4 }, () => kindOf(limits.read(task, answer(503), limiter)));
  assert.deepEqual(kinds, ['pause', 'pause', 'pause', 'retry']);
  limits.read(task, answer(200), limiter);
  assert.equal(kindOf(limits.read(failedTwice(90), answer(503), limiter)), 'pause');
});
