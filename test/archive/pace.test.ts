import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { Archive } from '../../src/archive/archive.ts';
import { createArchive, temporaryFolder } from './sample-pages.ts';

test('what was measured of a limiter is there when the archive is opened again', (t) => {
  const path = join(temporaryFolder(t), 'a');
  const first = createArchive(path);
  assert.deepEqual(first.pace(), {});
  first.keepPace({ 'https://a.example': { low: 9.5 }, 'https://b.example': { low: 2 } });
  first.keepPace({ 'https://a.example': { low: 10 } });
  first.close();
  const again = Archive.open(path);
  assert.deepEqual(again.pace(), {
    'https://a.example': { low: 10 },
    'https://b.example': { low: 2 },
  });
  again.close();
  const read = Archive.openReadOnly(path);
  assert.deepEqual(read.pace()['https://b.example'], { low: 2 });
  read.close();
});

test('an entry that cannot be read is passed over', (t) => {
  const path = join(temporaryFolder(t), 'a');
  const archive = createArchive(path);
  archive.keepPace({ a: { low: 1 }, b: { low: 2 } });
  archive.close();
  const database = new DatabaseSync(path);
  database.exec("UPDATE pace SET state = '{\"low' WHERE limiter = 'a'");
  database.close();
  const again = Archive.open(path);
  assert.deepEqual(again.pace(), { b: { low: 2 } });
  again.close();
});
