import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveOptions } from '../../src/core/resolve-options.ts';
import { findPagination } from '../../src/fetch/find-pagination.ts';
import { pageTask, settle } from './fake-network.ts';

test('detection of a run that was aborted before its first page holds no process', async () => {
  const job = {
    start: pageTask(0).request,
    pinned: {},
    usual: null,
    split: null,
    next: null,
  };
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout');
  const before = timers();
  let asked = 0;
  void findPagination(job, resolveOptions({}), () => {
    asked += 1;
    return new Promise(() => {});
  });
  await settle();
  assert.equal(asked, 1);
  assert.deepEqual(timers(), before);
});
