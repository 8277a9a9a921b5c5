import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { exportArchive } from '../../src/index.ts';
import { startJsonServer } from './pagination-setup.ts';
import { temporaryFolder } from './run-cli.ts';
import { runCliHere } from './run-in-process.ts';

test('an export that is stopped leaves what was there, and nothing of its own', async (t) => {
  const { origin } = await startJsonServer(t, () => ({ body: [{ text: 'x'.repeat(3_000_000) }] }));
  const folder = temporaryFolder(t);
  const words = [`${origin}/?page=[1-4]`, '-o', 'all.everypage', '-q'];
  assert.equal((await runCliHere(folder, words)).code, 0);
  writeFileSync(join(folder, 'old.csv'), 'old');
  for (const name of ['old.csv', 'new.db', 'new.ndjson.gz']) {
    const controller = new AbortController();
    const reason = new Error('enough');
    // Others run while it reads: then it has begun to write.
    const stop = (): unknown =>
      readdirSync(folder).some((file) => file.endsWith('.everypage.tmp'))
        ? controller.abort(reason)
        : setImmediate(stop);
    setImmediate(stop);
    const { signal } = controller;
    const output = join(folder, name);
    await assert.rejects(exportArchive(join(folder, 'all.everypage'), { output, signal }), reason);
    assert.deepEqual(readdirSync(folder).toSorted(), ['all.everypage', 'old.csv']);
  }
  assert.equal(readFileSync(join(folder, 'old.csv'), 'utf8'), 'old');
});
