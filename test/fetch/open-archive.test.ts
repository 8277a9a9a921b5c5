import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ArchiveThread } from '../../src/archive-thread/archive-thread.ts';
import type { RunEvent } from '../../src/core/events.ts';
import { prepare } from '../../src/fetch/prepare.ts';
import { openArchive } from '../../src/fetch/run-archive.ts';

const folder = mkdtempSync(join(tmpdir(), 'everypage-open-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

async function jobOf(name: string, onEvent: (event: RunEvent) => void = () => {}) {
  const sources = [{ kind: 'template', text: 'https://api.example.com/items?page=[1-3]' }] as const;
  return prepare(sources, { output: join(folder, name), onEvent });
}

test('a new run does not wait for its archive, and says that it starts', async () => {
  const events: RunEvent[] = [];
  const job = await jobOf('new.ndjson', (event) => events.push(event));
  const never = { call: () => new Promise<never>(() => {}) };
  const opened = await openArchive(never, job);
  assert.equal(opened.resumed, null);
  assert.deepEqual(
    events.map((event) => event.type === 'start' && [event.total, event.resumed]),
    [[3, null]],
  );
});

test('what a new run takes for granted is what its archive says', async () => {
  const job = await jobOf('said.ndjson');
  const thread = new ArchiveThread({ failed: (error) => assert.fail(String(error)) });
  const said = await thread.call('open', job.open);
  await thread.call('close', null);
  await thread.close();
  const never = { call: () => new Promise<never>(() => {}) };
  assert.deepEqual(await openArchive(never, job), said);
});

test('an archive that another run made meanwhile ends this one, whatever it asks for', async (t) => {
  const job = await jobOf('taken.ndjson');
  const other = new ArchiveThread({ failed: (error) => assert.fail(String(error)) });
  t.after(() => other.close());
  await other.call('open', job.open);
  const failures: unknown[] = [];
  const thread = new ArchiveThread({ failed: (error) => failures.push(error) });
  t.after(() => thread.close());
  await openArchive(thread, job);
  await assert.rejects(thread.call('keepPace', {}), { code: 'ARCHIVE_LOCKED' });
  assert.equal(failures.length, 1);
});
