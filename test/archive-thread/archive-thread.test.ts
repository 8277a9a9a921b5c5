import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { ArchiveThread } from '../../src/archive-thread/archive-thread.ts';
import { batchOf, openRequest, temporaryFolder } from './session-run.ts';

/** A run's side of the archive, and what became of it. */
function begin(t: TestContext) {
  let text = '';
  let threads = 0;
  const failures: unknown[] = [];
  const onWorker = (): void => {
    threads += 1;
  };
  process.on('worker', onWorker);
  t.after(() => process.off('worker', onWorker));
  const thread = new ArchiveThread({
    async bytes(bytes) {
      text += Buffer.from(bytes).toString();
    },
    failed: (error) => failures.push(error),
  });
  thread.mayBeOnePage = true;
  return { thread, failures, text: () => text, threads: () => threads };
}

/** Stores pages and ends the run. */
async function fill(thread: ArchiveThread, count: number) {
  for (let position = 0; position < count; position += 1) {
    await thread.call('store', batchOf([{ position, body: `{"n":${position}}` }]));
  }
  await thread.call('endPlan', { count, digest: new Uint8Array(32), end: null });
  const { verdict, archivePath } = await thread.call('finish', { stopped: false });
  await thread.close();
  return { verdict: verdict.name, archivePath };
}

test('one page is stored and exported without a thread', async (t) => {
  const ask = openRequest(temporaryFolder(t));
  const { thread, failures, text, threads } = begin(t);
  const opening = thread.call('open', ask);
  assert.deepEqual(await fill(thread, 1), {
    verdict: 'proven',
    archivePath: ask.location?.complete,
  });
  assert.equal((await opening).resumed, null);
  assert.equal(text(), '{"n":0}\n');
  assert.deepEqual(failures, []);
  assert.equal(threads(), 0);
});

test('a second page begins the thread, which opens the archive anew', async (t) => {
  for (const waits of [false, true]) {
    const ask = openRequest(temporaryFolder(t));
    const { thread, failures, text, threads } = begin(t);
    const opening = thread.call('open', ask);
    // It is opened while the first answer is waited for.
    if (waits) await opening;
    assert.equal(existsSync(ask.location!.part), waits);
    thread.beginThread();
    assert.equal((await fill(thread, 3)).verdict, 'proven');
    assert.equal((await opening).resumed, null);
    assert.equal(text(), '{"n":0}\n{"n":1}\n{"n":2}\n');
    assert.deepEqual(failures, []);
    assert.ok(threads() <= 1, 'that of the round before is used again');
  }
});

test('a run that is given up before its first page leaves nothing behind', async (t) => {
  for (const waits of [false, true]) {
    const ask = openRequest(temporaryFolder(t));
    const { thread, threads } = begin(t);
    const opening = thread.call('open', ask);
    if (waits) await opening;
    await thread.giveUp();
    await thread.close();
    assert.equal(existsSync(ask.location!.part), false);
    assert.equal(threads(), 0);
  }
});

test('an archive that cannot be opened is told by its first call, on either thread', async (t) => {
  const folder = temporaryFolder(t);
  const holder = begin(t).thread;
  await holder.call('open', openRequest(folder));
  const { thread, failures } = begin(t);
  const locked = { code: 'ARCHIVE_LOCKED' };
  await assert.rejects(thread.call('open', openRequest(folder)), locked);
  await assert.rejects(thread.call('counts', null), locked);
  await thread.giveUp();
  const second = begin(t);
  second.thread.mayBeOnePage = false;
  await assert.rejects(second.thread.call('open', openRequest(folder)), locked);
  await Promise.all([thread.close(), second.thread.close(), holder.giveUp()]);
  assert.deepEqual(failures, []);
});
