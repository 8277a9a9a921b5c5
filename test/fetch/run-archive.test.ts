import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ArchiveThread } from '../../src/archive-thread/archive-thread.ts';
import type { Opened } from '../../src/archive-thread/messages.ts';
import { prepare } from '../../src/fetch/prepare.ts';
import { openArchive } from '../../src/fetch/run-archive.ts';
import { temporaryFolder } from '../run/run-cli.ts';

/** A thread whose archive is open when the test says so. */
function slowThread() {
  const opening = Promise.withResolvers<Partial<Opened>>();
  const thread = { call: () => opening.promise } as unknown as ArchiveThread;
  return { thread, ...opening };
}

async function newJob(folder: string) {
  const source = { kind: 'template', text: 'https://a.example/items?page=[1-9]' } as const;
  return prepare([source], { archive: join(folder, 'items.everypage') });
}

test('nothing waits until a new archive is there, and what goes wrong with it is told', async (t) => {
  const job = await newJob(temporaryFolder(t));
  const { thread, reject } = slowThread();
  const failures: unknown[] = [];
  const opened = await openArchive(thread, job, (error) => failures.push(error));
  assert.equal(opened.resumed, null);
  assert.equal(opened.highestPosition, -1);
  const error = new Error('no space left');
  reject(error);
  await new Promise(setImmediate);
  assert.deepEqual(failures, [error]);
});

test('an archive that another process began at the same time is left to it', async (t) => {
  const job = await newJob(temporaryFolder(t));
  const { thread, resolve } = slowThread();
  const failures: unknown[] = [];
  await openArchive(thread, job, (error) => failures.push(error));
  resolve({ resumed: { stored: 3, ageMs: 10 } });
  await new Promise(setImmediate);
  assert.equal(failures.length, 1);
  assert.equal((failures[0] as { code?: string }).code, 'ARCHIVE_LOCKED');
});
