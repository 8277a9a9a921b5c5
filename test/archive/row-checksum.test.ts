/** What a fallen bit is found by that no body's hash covers. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { exportArchive } from '../../src/api/export-archive.ts';
import { verifyArchive } from '../../src/api/verify-archive.ts';
import type { Archive } from '../../src/archive/archive.ts';
import { RECHECK_BRANCH } from '../../src/core/page-request.ts';
import { endAt, keysFrom, pagedArchive, pageWithInfo, paging } from './paged-archive.ts';
import { createArchive, failedPage, sha256, storedPages, temporaryFolder } from './sample-pages.ts';

function list(t: TestContext): Archive {
  const archive = createArchive(join(temporaryFolder(t), 'list'));
  archive.store([...storedPages(0, 4), failedPage(4)], []);
  archive.endPlan(5, sha256(new Uint8Array()));
  return archive;
}

function paged(t: TestContext): Archive {
  const archive = pagedArchive(t, paging({ style: 'page' }));
  archive.store([pageWithInfo(0, keysFrom(0, 3)), pageWithInfo(1, keysFrom(3, 6))], []);
  endAt(archive, 2, 'stated');
  return archive;
}

/** Positions of the pages that verification names once `sql` has changed the file. */
async function namedAfter(archive: Archive, sql: string): Promise<number[]> {
  archive.close();
  const database = new DatabaseSync(archive.path);
  const before = database.prepare('SELECT total_changes() AS changes').get()?.['changes'];
  database.exec(sql);
  const after = database.prepare('SELECT total_changes() AS changes').get()?.['changes'];
  database.close();
  assert.ok(Number(after) > Number(before), `${sql} changes nothing`);
  const { verdict, problems } = await verifyArchive(archive.path);
  if (problems.length > 0) assert.equal(verdict.name, 'incomplete');
  return [...new Set(problems.map(({ place }) => place.position))];
}

test('an archive that nobody changed has no problem, in whatever states its pages are', async (t) => {
  const archive = paged(t);
  const readAgain = { branch: RECHECK_BRANCH, position: 0 };
  archive.store([pageWithInfo(2, keysFrom(6, 9)), failedPage(3, { state: 'beyond-end' })], []);
  archive.store([pageWithInfo(0, keysFrom(0, 3), {}, { place: readAgain })], []);
  // The third page is moved behind the end, and back.
  endAt(archive, 2, 'stated');
  endAt(archive, 3, 'stated');
  archive.close();
  const { verdict, problems, checkedPages } = await verifyArchive(archive.path);
  // One page of three was read again, which is too few.
  assert.deepEqual([verdict.name, problems, checkedPages], ['unverified', [], 3]);
});

const rowChanges = [
  'UPDATE content SET status = 201 WHERE id = 2',
  "UPDATE content SET headers = replace(headers, 'json', 'jsom') WHERE id = 2",
  'UPDATE content SET headers = NULL WHERE id = 2',
  'UPDATE content SET records = 2 WHERE id = 2',
  'UPDATE content SET attempts = 2 WHERE id = 2',
  'UPDATE content SET started_at = started_at + 1 WHERE id = 2',
  'UPDATE content SET duration_ms = duration_ms + 0.25 WHERE id = 2',
  "UPDATE content SET reason = 'x' WHERE id = 2",
  "UPDATE content SET encoding = 'identity' WHERE id = 2",
  "UPDATE page SET url = replace(url, 'api', 'apj') WHERE place = 1",
  'UPDATE page SET key = zeroblob(16) WHERE place = 1',
  'UPDATE page SET checksum = checksum + 1 WHERE place = 1',
];

for (const sql of rowChanges) {
  test(`verification names the page after ${sql}`, async (t) => {
    assert.deepEqual(await namedAfter(list(t), sql), [1]);
  });
}

test('so it does for a page that failed', async (t) => {
  const change = "UPDATE content SET code = 'HTTP_502' WHERE reason IS NOT NULL";
  assert.deepEqual(await namedAfter(list(t), change), [4]);
  const moved = 'UPDATE content SET status = 404 WHERE reason IS NOT NULL';
  assert.deepEqual(await namedAfter(list(t), moved), [4]);
});

test('a page in another state than it was is named, or the counts differ', async (t) => {
  const swapped = `UPDATE page SET state = CASE place WHEN 0 THEN 'beyond-end' ELSE state END;
    UPDATE tally SET stored = 1, beyond_end = 1`;
  assert.deepEqual(await namedAfter(paged(t), swapped), [0]);
  await assert.rejects(
    namedAfter(paged(t), "UPDATE page SET state = 'beyond-end' WHERE place = 0"),
    { code: 'ARCHIVE_DAMAGED' },
  );
});

test('two bodies that changed places are found, also with their hashes or whole rows', async (t) => {
  const swap = (columns: readonly string[]) => {
    const other = (column: string) =>
      `${column} = (SELECT ${column} FROM old WHERE id = 5 - content.id)`;
    return `CREATE TEMP TABLE old AS SELECT * FROM content;
      UPDATE content SET ${columns.map(other).join(', ')} WHERE id IN (2, 3)`;
  };
  assert.deepEqual(await namedAfter(list(t), swap(['body'])), [1, 2]);
  assert.deepEqual(await namedAfter(list(t), swap(['body', 'hash'])), [1, 2]);
  const rows =
    'UPDATE page SET content = -content; UPDATE page SET content = CASE place WHEN 1 THEN 3 WHEN 2 THEN 2 ELSE -content END';
  assert.deepEqual(await namedAfter(list(t), rows), [1, 2]);
});

test('a change of what the archive says of its run is damage', async (t) => {
  for (const sql of [
    "UPDATE run SET specification = replace(specification, 'items', 'jtems')",
    'UPDATE run SET max_decoded_bytes = max_decoded_bytes + 1',
    'UPDATE run SET plan_count = 6',
    'UPDATE run SET created_at = created_at + 1',
    'UPDATE run SET fingerprint = zeroblob(32)',
  ]) {
    const message = /what it says of its run is not what was written/;
    await assert.rejects(namedAfter(list(t), sql), { code: 'ARCHIVE_DAMAGED', message }, sql);
  }
});

test('what a page says of the list, when it was read, and its keys are covered too', async (t) => {
  for (const sql of [
    'UPDATE page_info SET text = replace(text, \'"total":null\', \'"total":6\') WHERE place = 1',
    'UPDATE page_info SET read_at = read_at + 1 WHERE place = 1',
    "UPDATE record_keys SET keys = replace(keys, 'k4', 'k9') WHERE place = 1",
    'DELETE FROM record_keys WHERE place = 1',
  ]) {
    assert.deepEqual(await namedAfter(paged(t), sql), [1], sql);
  }
});

test('an export writes no page in the place of another', async (t) => {
  const exchanges = {
    'bodies with their hashes': `CREATE TEMP TABLE old AS SELECT * FROM content;
      UPDATE content SET (body, hash) = (SELECT body, hash FROM old WHERE id = 5 - content.id)
        WHERE id IN (2, 3)`,
    places: `UPDATE page SET place = 99 WHERE place = 1; UPDATE page SET place = 1 WHERE place = 2;
      UPDATE page SET place = 2 WHERE place = 99`,
    'all but places': `CREATE TEMP TABLE old AS SELECT * FROM page;
      UPDATE page SET (key, content, checksum, url) =
        (SELECT key, content, checksum, url FROM old WHERE place = 3 - page.place)
        WHERE place IN (1, 2)`,
  };
  for (const [what, sql] of Object.entries(exchanges)) {
    const archive = list(t);
    assert.deepEqual(await namedAfter(archive, sql), [1, 2], what);
    const output = `${archive.path}.ndjson`;
    await assert.rejects(exportArchive(archive.path, { output, allowIncomplete: true }), {
      code: 'ARCHIVE_DAMAGED',
      message: /is not what was stored in its place.*everypage verify/,
    });
    assert.deepEqual(readdirSync(dirname(output)), ['list'], what);
  }
});
