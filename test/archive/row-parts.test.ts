import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { ArchiveReader } from '../../src/archive/archive-reader.ts';
import { createJsonScanner, createKeyLister, parseSelection } from '../../src/decode/decode.ts';
import { createArchive, pageInfoOf, sha256, storedPage, temporaryFolder } from './sample-pages.ts';

/** An archive of one page of three megabytes, whose keys fill more than one part. */
function largeArchive(t: TestContext): { path: string; body: Uint8Array; lastKeys: string } {
  const path = join(temporaryFolder(t), 'large');
  const ids = Array.from({ length: 80_000 }, (_, index) => `{"id":"a long record ${index}"}`);
  const body = Buffer.from(`[${ids.join()}]`);
  const found = createJsonScanner(parseSelection('@')).scan(body);
  assert.ok(found.valid);
  const { parts, last } = createKeyLister('id')(body, found)!;
  assert.ok(parts.length > 1);
  const archive = createArchive(path);
  const page = { body, hash: sha256(body), keys: parts, pageInfo: pageInfoOf(80_000) };
  archive.store([storedPage(0, page)], []);
  archive.close();
  return { path, body, lastKeys: last };
}

function isSound(path: string): boolean {
  const archive = ArchiveReader.openReadOnly(path);
  try {
    return [...archive.checkRows()].every((row) => row.isSound);
  } finally {
    archive.close();
  }
}

test('a large body and its keys come back whole from the rows that hold their parts', (t) => {
  const { path, body, lastKeys } = largeArchive(t);
  const archive = ArchiveReader.openReadOnly(path);
  const [page] = archive.readPages(null, 1, 1);
  assert.ok(Buffer.from(page!.body).equals(body));
  const keys: string[] = JSON.parse(
    Buffer.from(archive.lastKeysAt({ branch: 0, position: 0 })!).toString(),
  );
  assert.equal(keys.at(-1), lastKeys);
  archive.close();
  assert.ok(isSound(path));
});

test('a part of a page’s keys that is gone or changed is found', (t) => {
  for (const sql of ['DELETE FROM more_keys', 'UPDATE more_keys SET first = first + 1']) {
    const { path } = largeArchive(t);
    const database = new DatabaseSync(path);
    database.exec(sql);
    database.close();
    assert.equal(isSound(path), false, sql);
  }
});

test('a body that lost a part is not read as a shorter one', (t) => {
  const { path, body } = largeArchive(t);
  const database = new DatabaseSync(path);
  database.exec('DELETE FROM more_body WHERE part = (SELECT max(part) FROM more_body)');
  database.close();
  const archive = ArchiveReader.openReadOnly(path);
  const [page] = archive.readPages(null, 1, 1);
  archive.close();
  assert.ok(page!.body.length < body.length);
  assert.notDeepEqual(sha256(page!.body), page!.hash);
});
