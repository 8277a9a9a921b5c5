import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { Archive } from '../../src/archive/archive.ts';
import type { PageRow } from '../../src/archive/archive-types.ts';
import type { NextStep, PageInfo } from '../../src/core/page-info.ts';
import { type Place, RECHECK_BRANCH } from '../../src/core/page-request.ts';
import { endAt, keysFrom, pagedArchive, pageWithInfo, paging } from './paged-archive.ts';
import { attemptAt, failedPage, sha256 } from './sample-pages.ts';

const cursorPaging = paging({ style: 'cursor', param: 'cursor', nextPath: 'next', overlap: 0 });

function cursor(value: string): NextStep {
  return { kind: 'cursor', value };
}

function positions(archive: Archive): number[] {
  return archive.readPages(null, 100, 1e9).map(({ place }) => place.position);
}

function beyond(position: number): PageRow {
  return failedPage(position, { state: 'beyond-end', status: 404, reason: '404 Not Found' });
}

test('how the list pages, how it ended and what each page said are remembered', (t) => {
  const archive = pagedArchive(t, cursorPaging);
  const said: Partial<PageInfo> = { next: cursor('a\u0000b'), total: 2 ** 60, more: true };
  archive.store([pageWithInfo(0, ['x'], said), failedPage(1)], []);
  endAt(archive, 2, 'broken', 'page 2 failed');
  archive.close();
  const again = Archive.openReadOnly(archive.path);
  assert.deepEqual(again.run.pagination, cursorPaging);
  assert.equal(again.verdict().end, 'broken');
  assert.deepEqual(again.storedIn(0, 0, 9)[0]?.pageInfo, pageWithInfo(0, ['x'], said).pageInfo);
  assert.equal(again.storedIn(0, 0, 9).length, 1);
  again.close();
});

test('a page whose next step was named before, or whose records were there before, says where', (t) => {
  const archive = pagedArchive(t, cursorPaging);
  const steps: NextStep[] = [
    cursor('a'),
    { kind: 'url', url: 'https://api.example.com/a' },
    { kind: 'parameters', values: { a: '1', b: '2' } },
    { kind: 'parameters', values: { b: '2', a: '1' } },
    cursor('https://api.example.com/a'),
    cursor('a'),
  ];
  const pageInfos = steps.flatMap((next, position) =>
    archive.store([pageWithInfo(position, [position === 4 ? 'k1' : `k${position}`], { next })], []),
  );
  const places: (Place | null)[] = pageInfos.map((pageInfo) => pageInfo!.nextSeenAt);
  const at = (position: number): Place => ({ branch: 0, position });
  assert.deepEqual(places, [null, null, null, at(2), null, at(0)]);
  const records = pageInfos.map((pageInfo) => pageInfo!.recordsSeenAt);
  assert.deepEqual(records, [null, null, null, null, at(1), null]);
  assert.deepEqual(archive.storedIn(0, 5, 6)[0]?.pageInfo?.nextSeenAt, at(0));
  archive.close();
});

test('pages of one group see each other in page order, and the answers stand in the order given', (t) => {
  const archive = pagedArchive(t, cursorPaging);
  const pages = [
    pageWithInfo(2, ['a'], { next: cursor('x') }),
    failedPage(1),
    pageWithInfo(0, ['a'], { next: cursor('x') }),
  ];
  const [third, second, first] = archive.store(pages, []);
  assert.equal(second, null);
  assert.equal(first?.nextSeenAt, null);
  assert.deepEqual(third?.nextSeenAt, { branch: 0, position: 0 });
  assert.deepEqual(third?.recordsSeenAt, { branch: 0, position: 0 });
  archive.close();
});

test('the same token in another branch is no loop, nor are two pages without records', (t) => {
  const archive = pagedArchive(t, cursorPaging);
  const pageInfo = { next: cursor('page 2') };
  archive.store([pageWithInfo(0, ['a'], pageInfo), pageWithInfo(1, [])], []);
  const place = { branch: 4, position: 0 };
  const [other, empty] = archive.store(
    [pageWithInfo(0, ['a'], pageInfo, { place }), pageWithInfo(2, [])],
    [],
  );
  assert.equal(other?.nextSeenAt, null);
  assert.equal(other?.recordsSeenAt, null);
  assert.equal(empty?.recordsSeenAt, null);
  archive.close();
});

test('a page that is stored again, by a run that goes on, gets its first pageInfo back', (t) => {
  const archive = pagedArchive(t, cursorPaging);
  const page = pageWithInfo(0, ['a', 'b'], { next: cursor('x') });
  const [first] = archive.store([page], []);
  archive.close();
  const again = Archive.open(archive.path);
  const changed = pageWithInfo(0, ['a', 'c'], { next: cursor('x') });
  assert.deepEqual(again.store([changed], []), [first]);
  assert.deepEqual(again.store([page], []), [first]);
  assert.equal(first?.nextSeenAt, null);
  endAt(again, 1, 'stated');
  const { records } = again.verdict();
  assert.deepEqual([records?.fetched, records?.unique, records?.duplicates], [2, 2, 0]);
  again.close();
});

test('a page beyond the end that is stored again stays there, with its first pageInfo', (t) => {
  const archive = pagedArchive(t, cursorPaging);
  const [, kept] = archive.store(
    [pageWithInfo(0, ['a']), pageWithInfo(1, ['b'], { total: 7 })],
    [],
  );
  endAt(archive, 1, 'loop');
  assert.deepEqual(archive.store([pageWithInfo(1, ['c']), failedPage(1)], []), [kept, kept]);
  assert.deepEqual(archive.counts(), { stored: 1, failed: 0, beyondEnd: 1 });
  assert.deepEqual(archive.pageAt({ branch: 0, position: 1 })?.records, 1);
  assert.equal(archive.verdict().records?.unique, 1);
  archive.close();
});

test('a page that is lost and stored again is not taken for a loop of its own', (t) => {
  const archive = pagedArchive(t, cursorPaging);
  const page = pageWithInfo(0, ['a'], { next: cursor('x') });
  archive.store([page], []);
  archive.close();
  const database = new DatabaseSync(archive.path);
  database.exec('DELETE FROM page; DELETE FROM page_info; UPDATE tally SET stored = 0');
  database.close();
  const again = Archive.open(archive.path);
  const [pageInfo] = again.store([page], []);
  assert.deepEqual([pageInfo?.nextSeenAt, pageInfo?.recordsSeenAt], [null, null]);
  again.close();
});

test('a group that cannot be stored leaves no step behind that would look like a loop', (t) => {
  const archive = pagedArchive(t, cursorPaging);
  const page = pageWithInfo(0, ['a'], { next: cursor('x') });
  assert.throws(() => archive.store([page, pageWithInfo(1, [], {}, { body: null })], []), {
    code: 'INTERNAL',
  });
  const [pageInfo] = archive.store([pageWithInfo(3, ['a'], { next: cursor('x') })], []);
  assert.equal(pageInfo?.nextSeenAt, null);
  assert.equal(pageInfo?.recordsSeenAt, null);
  archive.close();
});

test('pages from the end on leave counts, exports and failures, and keep what they hold', (t) => {
  const archive = pagedArchive(t, paging({ style: 'page' }));
  archive.store([pageWithInfo(0, ['a']), pageWithInfo(1, ['b']), pageWithInfo(2, [])], []);
  archive.store([failedPage(3), beyond(4)], []);
  assert.deepEqual(archive.counts(), { stored: 3, failed: 1, beyondEnd: 1 });
  endAt(archive, 2, 'past-end');
  assert.deepEqual(archive.counts(), { stored: 2, failed: 0, beyondEnd: 3 });
  assert.equal(archive.run.planCount, 2);
  assert.deepEqual(positions(archive), [0, 1]);
  assert.deepEqual(archive.readStored(0, 0, 9, 1e9).length, 2);
  assert.deepEqual(archive.failures(9), []);
  const { planned, stored, beyondEnd, pending } = archive.verdict();
  assert.deepEqual([planned, stored, beyondEnd, pending], [2, 2, 3, 0]);
  const known = archive.storedIn(0, 0, 9);
  assert.deepEqual(
    known.map(({ position, pageInfo }) => [position, pageInfo?.records]),
    [
      [0, 1],
      [1, 1],
      [2, 0],
    ],
  );
  assert.equal(archive.pageAt({ branch: 0, position: 2 })?.place.position, 2);
  assert.equal(archive.pageAt({ branch: 0, position: 4 }), null);
  archive.close();
  const read = Archive.openReadOnly(archive.path);
  assert.deepEqual(read.counts(), { stored: 2, failed: 0, beyondEnd: 3 });
  read.close();
});

test('a plan that ends further on takes pages back, and one branch does not end another', (t) => {
  const archive = pagedArchive(t, paging({ style: 'page' }));
  const other = { place: { branch: 1, position: 7 } };
  archive.store([...[0, 1, 2].map((at) => pageWithInfo(at, [`k${at}`]))], []);
  archive.store([pageWithInfo(0, ['z'], {}, other)], []);
  archive.endPlan(0, sha256(new Uint8Array()), {
    reason: 'stated',
    detail: null,
    ends: [
      { branch: 0, position: 1 },
      { branch: 1, position: 8 },
    ],
  });
  assert.deepEqual(archive.counts(), { stored: 2, failed: 0, beyondEnd: 2 });
  assert.equal(archive.verdict().records?.unique, 2);
  archive.endPlan(0, sha256(new Uint8Array()), {
    reason: 'stated',
    detail: null,
    ends: [
      { branch: 0, position: 3 },
      { branch: 1, position: 0 },
    ],
  });
  assert.deepEqual(archive.counts(), { stored: 3, failed: 0, beyondEnd: 1 });
  assert.deepEqual(positions(archive), [0, 1, 2]);
  assert.equal(archive.verdict().records?.unique, 3);
  archive.close();
});

test('a run that goes on asks again for what failed or was refused, and keeps pages with an info', (t) => {
  const archive = pagedArchive(t, paging({ style: 'page' }));
  archive.store([pageWithInfo(0, ['a']), failedPage(1), pageWithInfo(2, []), beyond(3)], []);
  const recheck = { place: { branch: RECHECK_BRANCH, position: 0 } };
  archive.store([pageWithInfo(0, ['a'], {}, recheck)], [attemptAt(3)]);
  endAt(archive, 2, 'past-end');
  archive.seal('incomplete', 1);
  archive.forgetFailed();
  assert.deepEqual(archive.counts(), { stored: 1, failed: 0, beyondEnd: 1 });
  assert.equal(archive.run.verdict, null);
  assert.equal(archive.run.planCount, null);
  const { name, reasons } = archive.verdict();
  assert.equal(name, 'incomplete');
  assert.deepEqual(reasons, ['the end of the list was not reached']);
  const known = archive.storedIn(0, 0, 9).map(({ position }) => position);
  assert.deepEqual(known, [0, 2]);
  assert.deepEqual(archive.storedIn(RECHECK_BRANCH, 0, 9), []);
  assert.equal(archive.attemptsOf({ branch: 0, position: 3 }).length, 1);
  archive.store([pageWithInfo(1, ['b']), beyond(3)], []);
  endAt(archive, 2, 'past-end');
  assert.equal(archive.verdict().name, 'unverified');
  archive.close();
});

test('an archive that is sealed as having everything forgets nothing', (t) => {
  const archive = pagedArchive(t, paging({ style: 'page' }));
  archive.store([pageWithInfo(0, ['a']), beyond(1)], []);
  endAt(archive, 1, 'past-end');
  archive.seal('unverified', 5);
  archive.forgetFailed();
  assert.equal(archive.run.verdict, 'unverified');
  assert.equal(archive.counts().beyondEnd, 1);
  assert.equal(archive.verdict().end, 'past-end');
  archive.close();
});

test('pages read for comparison are in no count and no export, and the last reading stands', (t) => {
  const archive = pagedArchive(t, cursorPaging);
  const again = (position: number) => ({ place: { branch: RECHECK_BRANCH, position } });
  archive.store([pageWithInfo(0, ['a'], { next: cursor('x') }), pageWithInfo(1, ['b'])], []);
  const [pageInfo] = archive.store(
    [pageWithInfo(0, ['z'], { next: cursor('x') }, again(0)), failedPage(1, again(1))],
    [],
  );
  assert.equal(pageInfo?.nextSeenAt, null);
  assert.deepEqual(archive.counts(), { stored: 2, failed: 0, beyondEnd: 0 });
  assert.deepEqual(archive.failures(9), []);
  assert.deepEqual(positions(archive), [0, 1]);
  assert.equal(archive.highestPosition(0), 1);
  endAt(archive, 2, 'stated');
  assert.equal(archive.verdict().records?.changed.length, 1);
  archive.store([pageWithInfo(0, ['a'], {}, again(0)), pageWithInfo(1, ['b'], {}, again(1))], []);
  const { name, records, stored } = archive.verdict();
  assert.equal(name, 'complete');
  assert.deepEqual([records?.changed, records?.unique, stored], [[], 2, 2]);
  archive.close();
});

test('pageInfos, keys and ends that are no longer what was kept are damage', (t) => {
  const harms = [
    "UPDATE page_info SET text = 'x'",
    `UPDATE page_info SET text = '{"records":-1}'`,
    "UPDATE run SET plan_end = '{}'",
    "UPDATE run SET pagination = '[]'",
    `UPDATE run SET pagination = '{"style":"psychic"}'`,
    "UPDATE record_keys SET keys = '[\"'",
    "UPDATE page SET state = 'beyond-end' WHERE place = 1",
    'DROP TABLE record_keys',
  ];
  for (const harm of harms) {
    const archive = pagedArchive(t, cursorPaging);
    archive.store([pageWithInfo(0, ['a']), pageWithInfo(1, ['b'])], []);
    endAt(archive, 2, 'stated');
    archive.close();
    const database = new DatabaseSync(archive.path);
    database.exec(harm);
    database.close();
    const use = (): void => {
      const read = Archive.openReadOnly(archive.path);
      try {
        read.verdict();
      } finally {
        read.close();
      }
    };
    assert.throws(use, { code: 'ARCHIVE_DAMAGED' }, harm);
  }
});

test('among 100,000 keys those that come twice are found, also where they are too long to keep', (t) => {
  const archive = pagedArchive(t, paging({ style: 'cursor' }));
  const long = (from: number, to: number) =>
    keysFrom(from, to).map((key) => `${key}${'ü'.repeat(30)}\u0000${key}`);
  const pages = Array.from({ length: 1000 }, (_, position) => {
    const from = position * 100;
    const keys = position < 10 ? long(from, from + 100) : keysFrom(from, from + 100);
    if (position === 9) keys.splice(3, 2, ...long(4, 6));
    if (position === 700) keys.splice(90, 2, ...keysFrom(5000, 5002));
    return pageWithInfo(position, keys);
  });
  archive.store(pages, []);
  endAt(archive, 1000, 'stated');
  const { name, records, reasons } = archive.verdict();
  assert.equal(name, 'drifted');
  assert.deepEqual([records?.fetched, records?.unique, records?.duplicates], [100_000, 99_996, 4]);
  assert.deepEqual(records?.sharedKeys, [
    {
      first: { branch: 0, position: 0 },
      second: { branch: 0, position: 9 },
      keys: 2,
      isSameAgain: false,
    },
    {
      first: { branch: 0, position: 50 },
      second: { branch: 0, position: 700 },
      keys: 2,
      isSameAgain: false,
    },
  ]);
  assert.deepEqual(reasons, [
    '2 records stand on pages 1 and 10 both',
    '2 records stand on pages 51 and 701 both',
  ]);
  archive.close();
});
