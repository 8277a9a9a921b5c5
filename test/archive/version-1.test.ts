import assert from 'node:assert/strict';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { verifyArchive } from '../../src/api/verify-archive.ts';
import { Archive } from '../../src/archive/archive.ts';
import { fingerprintOf } from '../../src/archive/fingerprint.ts';
import { noPagination } from '../../src/core/pagination.ts';
import {
  failedPage,
  pageInfoOf,
  sampleBody,
  specification,
  storedPage,
  storedPages,
  temporaryFolder,
} from './sample-pages.ts';
import { writeVersion1 } from './version-1.ts';

const { pagination: _, ...specification1 } = specification;

function version1(context: TestContext, failed: boolean): string {
  const path = join(temporaryFolder(context), 'old.everypage');
  const last = failed ? failedPage(4) : storedPage(4);
  const pages = [...storedPages(0, 4), last];
  writeVersion1(path, specification1, fingerprintOf(specification), pages, 5);
  return path;
}

test('an archive of version 1 is read and verified as it is, and stays as it was', async (t) => {
  const path = version1(t, false);
  const before = readFileSync(path);
  chmodSync(path, 0o400);
  const archive = Archive.openReadOnly(path);
  assert.deepEqual(archive.specification, specification);
  assert.equal(archive.pagination, null);
  assert.equal(archive.planCount, 5);
  const read = archive.readPages(null, 10, 1e9);
  assert.deepEqual(
    read.map(({ body }) => body),
    [0, 1, 2, 3, 4].map((position) => sampleBody(position)),
  );
  assert.equal(archive.storedIn(0, 0, 5)[4]?.pageInfo, null);
  assert.equal(archive.verdict().name, 'complete');
  archive.close();
  const { verdict, problems, checkedPages } = await verifyArchive(path);
  assert.equal(verdict.name, 'complete');
  assert.deepEqual([problems.length, checkedPages], [0, 5]);
  assert.equal(Buffer.compare(readFileSync(path), before), 0);
});

test('an archive of version 1 goes on as one of this version, with the same fingerprint', (t) => {
  const path = version1(t, true);
  const found = Archive.openOrCreate(path, specification, fingerprintOf(specification), 1);
  assert.equal(found.created, false);
  let { archive } = found;
  assert.deepEqual(archive.fingerprint, fingerprintOf(specification));
  assert.equal(archive.verdict().name, 'incomplete');
  archive.forgetFailed();
  archive.store([storedPage(4)], []);
  assert.equal(archive.verdict().name, 'complete');
  archive.close();
  archive = Archive.open(path);
  assert.equal(archive.counts().stored, 5);
  assert.deepEqual(archive.readPages(null, 10, 1e9)[4]?.body, sampleBody(4));
  // And has the tables that a list does not need.
  archive.setPagination({ ...noPagination, style: 'cursor' });
  const [pageInfo] = archive.store([storedPage(5, { pageInfo: pageInfoOf(3), keys: ['a'] })], []);
  assert.equal(pageInfo?.records, 3);
  archive.close();
});
