import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import {
  returnArchiveWorker,
  startArchiveWorker,
  takeArchiveWorker,
} from '../../src/archive-thread/archive-worker.ts';

test('a worker whose run has ended serves the next one, and two at once are two', async () => {
  const first = takeArchiveWorker();
  const second = takeArchiveWorker();
  assert.notEqual(first, second);
  returnArchiveWorker(first);
  assert.equal(takeArchiveWorker(), first);
  returnArchiveWorker(second);
  returnArchiveWorker(first);
  assert.deepEqual(new Set([takeArchiveWorker(), takeArchiveWorker()]), new Set([first, second]));
  await Promise.all([first.terminate(), second.terminate()]);
});

test('what the last run listened to is nothing to the next', async () => {
  const worker = takeArchiveWorker();
  worker.on('message', () => assert.fail('of a run that is over'));
  returnArchiveWorker(worker);
  const again = takeArchiveWorker();
  again.postMessage({ id: 1, call: 'close', ask: null });
  const [answer] = await once(again, 'message');
  assert.equal(answer.error.code, 'INTERNAL', 'it has no session yet');
  await again.terminate();
});

test('one that is not taken again ends by itself, and is not given to anybody', async () => {
  startArchiveWorker();
  const worker = takeArchiveWorker();
  returnArchiveWorker(worker);
  // It keeps no process alive, so this test has to.
  const alive = setInterval(() => {}, 1000);
  const [code] = await once(worker, 'exit');
  clearInterval(alive);
  assert.equal(code, 1, 'terminated');
  const next = takeArchiveWorker();
  assert.notEqual(next, worker);
  await next.terminate();
});

test('one that dies while it waits is replaced', async () => {
  const worker = takeArchiveWorker();
  returnArchiveWorker(worker);
  await worker.terminate();
  const next = takeArchiveWorker();
  assert.notEqual(next, worker);
  await next.terminate();
});

test('one that has failed and is not gone yet is given to nobody, who would hear only of its end', async () => {
  const worker = takeArchiveWorker();
  returnArchiveWorker(worker);
  worker.emit('error', new Error('EMFILE: too many open files'));
  const next = takeArchiveWorker();
  await Promise.all([next.terminate(), worker.terminate()]);
  assert.notEqual(next, worker);
});
