import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Archive } from '../../src/archive/archive.ts';
import type { StoredPage } from '../../src/archive/archive-types.ts';
import { fingerprintOf } from '../../src/archive/kept-run.ts';
import { RECHECK_BRANCH } from '../../src/core/page-request.ts';
import {
  attemptAt,
  BORN_AT,
  createArchive,
  failedPage,
  sampleBody,
  sha256,
  specification,
  storedPage,
  storedPages,
  temporaryFolder,
} from './sample-pages.ts';

const digest = sha256(new Uint8Array([1]));

test('a new archive says what was asked for, when, and that nothing is there yet', (t) => {
  const path = join(temporaryFolder(t), 'a.everypage.part');
  createArchive(path).close();
  const archive = Archive.open(path);
  assert.deepEqual(archive.run.specification, specification);
  assert.deepEqual(archive.run.fingerprint, fingerprintOf(specification));
  assert.equal(archive.run.createdAt, BORN_AT);
  assert.equal(archive.run.planCount, null);
  assert.equal(archive.run.planDigest, null);
  assert.equal(archive.run.verdict, null);
  assert.equal(archive.run.exportedAt, null);
  assert.equal(archive.highestPosition(0), -1);
  assert.deepEqual(archive.counts(), { stored: 0, failed: 0, beyondEnd: 0 });
  assert.deepEqual(archive.readPages(null, 10, 1000), []);
  archive.close();
});

test('a page comes back as it was stored, byte for byte', (t) => {
  const archive = createArchive(join(temporaryFolder(t), 'a'));
  const everyByte = Uint8Array.from({ length: 70_000 }, (_, index) => index & 0xff);
  // A view into a larger buffer, as bodies arrive.
  const body = everyByte.subarray(3, 66_000);
  const page = storedPage(7, { body, encoding: 'gzip', records: null, headers: null });
  archive.store([page], []);
  const expected: StoredPage = {
    place: { branch: 0, position: 7 },
    key: page.key,
    url: page.url,
    status: 200,
    headers: null,
    encoding: 'gzip',
    body: new Uint8Array(body),
    hash: page.hash!,
    records: null,
    isAsStored: true,
  };
  const [read] = archive.readPages(null, 1, 1);
  assert.deepEqual(
    { ...read, key: new Uint8Array(read!.key) },
    {
      ...expected,
      key: new Uint8Array(expected.key),
    },
  );
  archive.close();
});

test('pages stored out of order are read in page order, branch by branch', (t) => {
  const archive = createArchive(join(temporaryFolder(t), 'a'));
  const places = [
    [1, 0],
    [0, 900_000_000_000],
    [0, 3],
    [4_000_000, 2],
    [0, 0],
    [1, 5],
    [0, 1],
  ].map(([branch, position]) => ({ branch: branch!, position: position! }));
  for (const place of places) archive.store([storedPage(1, { place })], []);
  // What was read again at the end of a run is compared, and no page of the list.
  const again = { branch: RECHECK_BRANCH, position: 0 };
  archive.store([storedPage(1, { place: again })], []);
  assert.deepEqual(archive.counts(), { stored: places.length, failed: 0, beyondEnd: 0 });
  const read = archive.readPages(null, 100, 1e9).map(({ place }) => place);
  const ordered = places.toSorted((a, b) => a.branch - b.branch || a.position - b.position);
  assert.deepEqual(read, ordered);
  assert.equal(archive.highestPosition(0), 900_000_000_000);
  assert.equal(archive.highestPosition(1), 5);
  assert.equal(archive.highestPosition(2), -1);
  archive.close();
});

test('reading goes on after a place, bounded by pages and by bytes, past pages that failed', (t) => {
  const archive = createArchive(join(temporaryFolder(t), 'a'));
  archive.store([...storedPages(0, 4), failedPage(4), ...storedPages(5, 10)], []);
  const positions = (pages: StoredPage[]) => pages.map(({ place }) => place.position);
  assert.deepEqual(positions(archive.readPages(null, 3, 1e9)), [0, 1, 2]);
  assert.deepEqual(positions(archive.readPages({ branch: 0, position: 2 }, 4, 1e9)), [3, 5, 6, 7]);
  assert.deepEqual(positions(archive.readPages({ branch: 0, position: 4 }, 1, 1e9)), [5]);
  const bodyBytes = sampleBody(0).length;
  assert.deepEqual(positions(archive.readPages(null, 10, bodyBytes + 1)), [0, 1]);
  assert.deepEqual(positions(archive.readPages(null, 10, 1)), [0]);
  assert.deepEqual(positions(archive.readStored(0, 3, 7, 1e9)), [3, 5, 6]);
  assert.deepEqual(positions(archive.readStored(0, 3, 7, 1)), [3]);
  assert.deepEqual(positions(archive.readStored(0, 8, Number.MAX_SAFE_INTEGER, 1e9)), [8, 9]);
  assert.deepEqual(archive.readPages({ branch: 0, position: 9 }, 10, 1e9), []);
  archive.close();
});

test('a live reader sees how far pages are final without a gap', (t) => {
  const archive = createArchive(join(temporaryFolder(t), 'a'));
  archive.store([storedPage(0), failedPage(1), storedPage(3)], []);
  assert.equal(archive.finalRun(0, 0, 100), 2);
  assert.equal(archive.finalRun(0, 0, 1), 1);
  assert.equal(archive.finalRun(0, 2, 100), 0);
  assert.equal(archive.finalRun(0, 3, 100), 1);
  archive.store([storedPage(2)], []);
  assert.equal(archive.finalRun(0, 0, 100), 4);
  archive.close();
});

test('a look-up finds the stored pages of a range, with key and URL', (t) => {
  const archive = createArchive(join(temporaryFolder(t), 'a'));
  archive.store([...storedPages(0, 3), failedPage(3), storedPage(4)], []);
  archive.store([storedPage(0, { place: { branch: 1, position: 2 } })], []);
  const known = archive.storedIn(0, 1, 5);
  assert.deepEqual(
    known.map(({ position }) => position),
    [1, 2, 4],
  );
  assert.equal(known[0]?.url, storedPage(1).url);
  assert.equal(Buffer.compare(known[0]!.key, storedPage(1).key), 0);
  archive.close();
});

test('what is stored stays: a later failure or copy of the page changes nothing', (t) => {
  const archive = createArchive(join(temporaryFolder(t), 'a'));
  archive.store([storedPage(0)], []);
  const other = sampleBody(99);
  archive.store([failedPage(0)], []);
  archive.store([storedPage(0, { body: other, hash: sha256(other) })], []);
  archive.store([failedPage(0, { state: 'beyond-end' })], []);
  assert.deepEqual(archive.counts(), { stored: 1, failed: 0, beyondEnd: 0 });
  assert.deepEqual(archive.readPages(null, 1, 1)[0]?.body, sampleBody(0));
  archive.close();
});

test('a failed page is replaced by what came later, also within one group', (t) => {
  const path = join(temporaryFolder(t), 'a');
  const archive = createArchive(path);
  archive.store([failedPage(0), failedPage(1), failedPage(2, { state: 'beyond-end' })], []);
  archive.store(
    [failedPage(1, { status: 404, code: 'HTTP_404', reason: 'HTTP 404', attempts: 1 })],
    [],
  );
  assert.deepEqual(archive.counts(), { stored: 0, failed: 2, beyondEnd: 1 });
  archive.store([storedPage(0), failedPage(3), storedPage(3), storedPage(2)], []);
  assert.deepEqual(archive.counts(), { stored: 3, failed: 1, beyondEnd: 0 });
  assert.deepEqual(archive.failures(10), [
    {
      place: { branch: 0, position: 1 },
      url: storedPage(1).url,
      status: 404,
      code: 'HTTP_404',
      reason: 'HTTP 404',
      attempts: 1,
    },
  ]);
  archive.close();
});

test('failures come in page order, as many as asked for', (t) => {
  const archive = createArchive(join(temporaryFolder(t), 'a'));
  for (const position of [9, 2, 7, 4]) archive.store([failedPage(position)], []);
  archive.store([failedPage(3, { state: 'beyond-end' })], []);
  const positions = archive.failures(3).map(({ place }) => place.position);
  assert.deepEqual(positions, [2, 4, 7]);
  archive.close();
});

test('failed pages can be forgotten, so that the next run tries them again', (t) => {
  const path = join(temporaryFolder(t), 'a');
  let archive = createArchive(path);
  archive.store([storedPage(0), failedPage(1), storedPage(2)], [attemptAt(1)]);
  archive.forgetFailed();
  assert.deepEqual(archive.counts(), { stored: 2, failed: 0, beyondEnd: 0 });
  assert.equal(archive.finalRun(0, 0, 10), 1);
  assert.equal(archive.attemptsOf({ branch: 0, position: 1 }).length, 1);
  archive.close();
  archive = Archive.open(path);
  assert.deepEqual(archive.counts(), { stored: 2, failed: 0, beyondEnd: 0 });
  archive.store([storedPage(1)], []);
  archive.endPlan(3, digest);
  assert.equal(archive.verdict().name, 'proven');
  archive.close();
});

test('every try of a page is kept, over several runs that each count from one', (t) => {
  const path = join(temporaryFolder(t), 'a');
  const first = [
    attemptAt(5, { status: null, outcome: 'connection reset' }),
    attemptAt(5, { number: 2, startedAt: BORN_AT + 900, status: 429, toldToWaitMs: 2500.5 }),
  ];
  const later = attemptAt(5, { startedAt: BORN_AT + 90_000 });
  let archive = createArchive(path);
  archive.store([failedPage(5)], first);
  archive.close();
  archive = Archive.open(path);
  archive.store([storedPage(5)], [later]);
  assert.deepEqual(archive.attemptsOf({ branch: 0, position: 5 }), [...first, later]);
  assert.deepEqual(archive.attemptsOf({ branch: 0, position: 6 }), []);
  archive.close();
});

test('counts are right at once when an archive is opened again', (t) => {
  const path = join(temporaryFolder(t), 'a');
  const archive = createArchive(path);
  archive.store([...storedPages(0, 250), failedPage(250)], []);
  archive.store([failedPage(300, { state: 'beyond-end' }), storedPage(250)], []);
  const counts = { stored: 251, failed: 0, beyondEnd: 1 };
  assert.deepEqual(archive.counts(), counts);
  archive.close();
  const again = Archive.open(path);
  assert.deepEqual(again.counts(), counts);
  again.close();
  const reader = Archive.openReadOnly(path);
  assert.deepEqual(reader.counts(), counts);
  reader.close();
});

test('a group that cannot be stored leaves nothing of itself behind', (t) => {
  const archive = createArchive(join(temporaryFolder(t), 'a'));
  archive.store([storedPage(0)], []);
  assert.throws(() => archive.store([storedPage(1), storedPage(2, { body: null })], []), {
    code: 'INTERNAL',
  });
  assert.deepEqual(archive.counts(), { stored: 1, failed: 0, beyondEnd: 0 });
  assert.equal(archive.highestPosition(0), 0);
  archive.store([storedPage(1)], []);
  assert.deepEqual(archive.counts(), { stored: 2, failed: 0, beyondEnd: 0 });
  archive.close();
});

test('a list of pages is proven only if the plan has ended and each of its pages is stored', (t) => {
  const archive = createArchive(join(temporaryFolder(t), 'a'));
  archive.store(storedPages(0, 3), []);
  assert.deepEqual(archive.verdict(), {
    name: 'incomplete',
    planned: null,
    stored: 3,
    failed: 0,
    pending: null,
    beyondEnd: 0,
    end: null,
    reasons: ['the end of the list was not reached'],
    evidence: [],
    records: null,
  });
  archive.endPlan(5, digest);
  archive.store([failedPage(4)], []);
  assert.deepEqual(archive.verdict(), {
    name: 'incomplete',
    planned: 5,
    stored: 3,
    failed: 1,
    pending: 1,
    beyondEnd: 0,
    end: 'list',
    reasons: ['1 page failed', '1 page did not come'],
    evidence: [],
    records: null,
  });
  archive.store([storedPage(4)], []);
  assert.equal(archive.verdict().name, 'incomplete');
  archive.store([storedPage(3)], []);
  assert.deepEqual(archive.verdict(), {
    name: 'proven',
    planned: 5,
    stored: 5,
    failed: 0,
    pending: 0,
    beyondEnd: 0,
    end: 'list',
    reasons: [],
    evidence: [],
    records: null,
  });
  archive.store([failedPage(7, { state: 'beyond-end' })], []);
  assert.equal(archive.verdict().name, 'proven');
  archive.close();
});

test('as many pages as planned do not make it proven where one stands outside the plan', (t) => {
  const archive = createArchive(join(temporaryFolder(t), 'a'));
  archive.store([...storedPages(0, 4), storedPage(9)], []);
  archive.endPlan(5, digest);
  assert.equal(archive.verdict().name, 'incomplete');
  archive.close();
});

test('an empty plan that ended is proven', (t) => {
  const archive = createArchive(join(temporaryFolder(t), 'a'));
  assert.equal(archive.verdict().name, 'incomplete');
  archive.endPlan(0, digest);
  assert.equal(archive.verdict().name, 'proven');
  archive.close();
});

test('plan, verdict and export are remembered, and a seal ends with the next page', (t) => {
  const path = join(temporaryFolder(t), 'a');
  let archive = createArchive(path);
  archive.store([storedPage(0), failedPage(1)], []);
  archive.endPlan(2, digest);
  archive.seal('incomplete', BORN_AT + 1000);
  archive.markExported(BORN_AT + 2000);
  archive.close();
  archive = Archive.open(path);
  assert.equal(archive.run.planCount, 2);
  assert.deepEqual(archive.run.planDigest, digest);
  assert.equal(archive.run.verdict, 'incomplete');
  assert.equal(archive.run.completedAt, BORN_AT + 1000);
  assert.equal(archive.run.exportedAt, BORN_AT + 2000);
  archive.store([storedPage(1)], []);
  assert.equal(archive.run.verdict, null);
  assert.equal(archive.run.exportedAt, null);
  archive.close();
  archive = Archive.open(path);
  assert.equal(archive.run.verdict, null);
  assert.equal(archive.run.completedAt, null);
  assert.equal(archive.run.planCount, 2);
  archive.close();
});

test('pauses and changes of the pace are kept with a batch, and a pause that ended replaces its first row', (t) => {
  const archive = createArchive(join(temporaryFolder(t), 'a'));
  const limiter = 'https://api.example';
  const begun = {
    limiter,
    startedAt: BORN_AT,
    until: BORN_AT + 5000,
    endedAt: null,
    cause: 'limit' as const,
    reason: '429 Too Many Requests',
  };
  const change = {
    limiter,
    at: BORN_AT,
    concurrency: 5,
    perSecond: 12.5,
    statedPerSecond: null,
    by: 'refusals' as const,
  };
  archive.store(storedPages(0, 2), [], { pauses: [begun], changes: [change] });
  assert.deepEqual(archive.paceNotes(), { pauses: [begun], changes: [change] });
  const ended = { ...begun, endedAt: BORN_AT + 5001.4 };
  archive.keepPace({}, { pauses: [ended], changes: [] });
  archive.store([], [], { pauses: [], changes: [{ ...change, at: BORN_AT + 1, concurrency: 8 }] });
  const { pauses, changes } = archive.paceNotes();
  assert.deepEqual(pauses, [{ ...begun, endedAt: BORN_AT + 5001 }]);
  assert.deepEqual(
    changes.map(({ concurrency }) => concurrency),
    [5, 8],
  );
  archive.close();
});
