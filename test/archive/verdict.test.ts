import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { PageInfo } from '../../src/core/page-info.ts';
import { RECHECK_BRANCH } from '../../src/core/page-request.ts';
import { keysFrom, pagedArchive, pageWithInfo, paging, verdictOf } from './paged-archive.ts';
import {
  BORN_AT,
  createArchive,
  failedPage,
  sha256,
  storedPage,
  temporaryFolder,
} from './sample-pages.ts';

/** Pages of ten records, the last one shorter, of a list of `records`. */
function pagesOf(records: number, byOrdinal: boolean, pageInfo: Partial<PageInfo> = {}) {
  const count = Math.ceil(records / 10);
  return Array.from({ length: count }, (_, index) =>
    pageWithInfo(
      byOrdinal ? index * 10 : index,
      keysFrom(index * 10, Math.min(records, index * 10 + 10)),
      pageInfo,
    ),
  );
}

function again(position: number, keys: readonly string[], pageInfo: Partial<PageInfo> = {}) {
  const place = { branch: RECHECK_BRANCH, position };
  return pageWithInfo(position, keys, pageInfo, { place, startedAt: BORN_AT + 1e6 });
}

const at = (position: number) => ({ branch: 0, position });

describe('a list that pages by itself is complete', () => {
  it('where as many records came as the server says at the start and at the end', (t) => {
    const pages = [
      ...pagesOf(137, false, { total: 137 }),
      again(0, keysFrom(0, 10), { total: 137 }),
    ];
    const verdict = verdictOf(t, { pages: pages.toReversed(), end: 14 });
    assert.deepEqual(verdict, {
      name: 'complete',
      planned: 14,
      stored: 14,
      failed: 0,
      pending: 0,
      beyondEnd: 0,
      end: 'total',
      reasons: [],
      notes: [],
      records: {
        fetched: 137,
        totalAtStart: 137,
        totalAtEnd: 137,
        unique: 137,
        duplicates: 0,
        sharedKeys: [],
        gaps: [],
        changed: [],
        restarts: [],
      },
    });
  });

  it('where the server said that there is no more, without a total and without keys', (t) => {
    const pages = pagesOf(25, false).map((page) => ({ ...page, keys: null }));
    const change = { key: null };
    const verdict = verdictOf(t, { style: 'cursor', change, pages, end: 3, reason: 'stated' });
    assert.equal(verdict.name, 'complete');
    assert.deepEqual([verdict.records?.unique, verdict.records?.totalAtEnd], [null, null]);
  });

  it('where the end was found by an empty page and the total agrees', (t) => {
    const pages = [...pagesOf(30, true, { total: 30 }), pageWithInfo(30, [], { total: 0 })];
    const verdict = verdictOf(t, { style: 'offset', pages, end: 30, reason: 'past-end' });
    assert.equal(verdict.name, 'complete');
    assert.equal(verdict.beyondEnd, 1);
  });

  it('where the list is empty', (t) => {
    const pages = [pageWithInfo(0, [], { total: 0 })];
    for (const style of ['page', 'offset', 'cursor'] as const) {
      assert.equal(verdictOf(t, { style, pages, end: 1, reason: 'stated' }).name, 'complete');
    }
  });

  it('where only the first page states a total, or a page says 0 for want of records', (t) => {
    const [first, ...others] = pagesOf(20, false);
    const pages = [
      { ...first!, pageInfo: { ...first!.pageInfo!, total: 20 } },
      ...others,
      pageWithInfo(2, [], { total: 0 }),
    ];
    const verdict = verdictOf(t, { style: 'cursor', pages, end: 3, reason: 'stated' });
    assert.deepEqual([verdict.name, verdict.records?.totalAtEnd], ['complete', 20]);
  });

  it('where some records have no key, which makes no two of them the same', (t) => {
    const pages = [pageWithInfo(0, ['', 'a', '']), pageWithInfo(1, ['', 'b'])];
    const { name, records } = verdictOf(t, { pages, end: 2, reason: 'stated' });
    assert.deepEqual([name, records?.unique, records?.duplicates], ['complete', 5, 0]);
  });

  it('where only something inside the records that have keys was another the second time', (t) => {
    const list = pagesOf(30, false, { total: 30 });
    const read = { end: 3, reason: 'stated' } as const;
    const ticked = [
      again(0, keysFrom(0, 10), { digest: 'f'.repeat(16) }),
      again(1, keysFrom(20, 30), { digest: 'e'.repeat(16) }),
    ];
    const pages = [...list, ...ticked];
    assert.equal(verdictOf(t, { ...read, pages }).name, 'complete');
    const bare = pages.map((page) => ({ ...page, keys: null }));
    const withoutKey = verdictOf(t, { ...read, pages: bare, change: { key: null } });
    assert.deepEqual(withoutKey.records?.changed, [at(0), at(2)]);
  });

  it('from where the user began, though the total is of the whole list', (t) => {
    const pages = pagesOf(50, true, { total: 80 });
    const verdict = verdictOf(t, { style: 'offset', change: { first: 30 }, pages, end: 50 });
    assert.deepEqual(verdict.reasons, []);
    const paged = pagesOf(50, false, { total: 80, totalPages: 8 });
    const byPage = verdictOf(t, { style: 'page', change: { first: 4 }, pages: paged, end: 5 });
    assert.deepEqual(byPage.reasons, []);
  });

  it('in slices, each with its own total', (t) => {
    const archive = pagedArchive(t, paging({ style: 'cursor' }));
    for (const [branch, from] of [0, 10, 15].entries()) {
      const to = [10, 15, 22][branch]!;
      const place = { branch: branch * 5, position: 0 };
      const pageInfo = { total: to - from };
      archive.store([pageWithInfo(0, keysFrom(from, to), pageInfo, { place })], []);
    }
    // A slice that was cut in two is not part of the list.
    const cut = { place: { branch: 3, position: 0 } };
    archive.store([pageWithInfo(0, keysFrom(0, 10), { total: 99 }, cut)], []);
    const ends = [0, 3, 5, 10].map((branch) => ({ branch, position: branch === 3 ? 0 : 1 }));
    archive.endPlan(4, sha256(new Uint8Array()), { reason: 'stated', detail: null, ends });
    const { name, records, stored, beyondEnd } = archive.verdict();
    assert.deepEqual([name, records?.totalAtEnd, records?.fetched], ['complete', 22, 22]);
    assert.deepEqual([stored, beyondEnd], [3, 1]);
    archive.close();
  });

  it('where each page of a keyset begins with the last record of the one before', (t) => {
    const pages = [0, 9, 18].map((from, index) => pageWithInfo(index, keysFrom(from, from + 10)));
    const read = { pages, end: 3, reason: 'stated' } as const;
    const verdict = verdictOf(t, { style: 'keyset', ...read });
    assert.equal(verdict.name, 'complete');
    const { fetched, unique, duplicates } = verdict.records!;
    assert.deepEqual([fetched, unique, duplicates], [28, 28, 0]);
    assert.equal(verdictOf(t, { style: 'cursor', ...read }).name, 'drifted');
    const once = [...pages.slice(0, 2), pageWithInfo(2, keysFrom(19, 29))];
    assert.equal(verdictOf(t, { style: 'keyset', ...read, pages: once }).name, 'drifted');
  });
});

describe('a list that pages by itself is unverified', () => {
  it('where the end showed only by itself and no total was stated', (t) => {
    for (const reason of ['past-end', 'short'] as const) {
      const verdict = verdictOf(t, { pages: pagesOf(25, false), end: 3, reason });
      assert.equal(verdict.name, 'unverified');
      assert.deepEqual(verdict.reasons, ['the server states no total to check against']);
    }
  });

  it('where the total is a lower bound, and incomplete where not even that many came', (t) => {
    const pageInfo = { total: 20, totalIsLowerBound: true };
    const read = { end: 3, reason: 'past-end' } as const;
    const more = verdictOf(t, { ...read, pages: pagesOf(25, false, pageInfo) });
    assert.equal(more.name, 'unverified');
    assert.match(more.reasons[0]!, /at least 20$/);
    assert.equal(more.records?.totalAtEnd, null);
    const fewer = verdictOf(t, { ...read, pages: pagesOf(15, false, pageInfo), end: 2 });
    assert.equal(fewer.name, 'incomplete');
    assert.match(fewer.reasons[0]!, /^5 records are missing: the server says at least 20, 15 came/);
  });

  it('unless the user said how many records there must be', (t) => {
    const read = { pages: pagesOf(25, false), end: 3, reason: 'past-end' } as const;
    assert.equal(verdictOf(t, { ...read, expect: 25 }).name, 'complete');
    const other = verdictOf(t, { ...read, expect: 26 });
    assert.equal(other.name, 'incomplete');
    assert.match(other.reasons[0]!, /^26 records were expected, 25 came$/);
  });

  it('where a page could not be read again at the end', (t) => {
    const failed = failedPage(0, { place: { branch: RECHECK_BRANCH, position: 1 } });
    const pages = [...pagesOf(20, false, { total: 20 }), again(0, keysFrom(0, 10)), failed];
    const verdict = verdictOf(t, { pages, end: 2 });
    assert.equal(verdict.name, 'unverified');
    assert.match(verdict.reasons[0]!, /^page 2 could not be read again/);
  });
});

describe('a list that pages by itself is incomplete', () => {
  it('where a page failed, or the end was not reached', (t) => {
    const pages = [...pagesOf(20, false, { total: 30 }), failedPage(2)];
    const verdict = verdictOf(t, { pages, end: 3 });
    assert.equal(verdict.name, 'incomplete');
    assert.deepEqual(verdict.reasons, ['1 of 3 pages failed']);
    assert.deepEqual([verdict.planned, verdict.failed, verdict.pending], [3, 1, 0]);
    const broken = verdictOf(t, { pages, end: 3, reason: 'broken', detail: 'page 3 failed' });
    assert.deepEqual(broken.reasons, ['1 page failed', 'page 3 failed']);
    assert.deepEqual([broken.planned, broken.pending], [null, null]);
    const archive = pagedArchive(t, paging({ style: 'cursor' }));
    archive.store(pagesOf(20, false), []);
    assert.equal(archive.verdict().name, 'incomplete');
    assert.equal(archive.verdict().end, null);
    archive.close();
  });

  it('where the server led in a circle, gave the same page again, or one page is all there is', (t) => {
    const pages = pagesOf(20, false);
    const texts = (['loop', 'stuck', 'single'] as const).map((reason) => {
      const verdict = verdictOf(t, { pages, end: 2, reason });
      assert.equal(verdict.name, 'incomplete');
      return verdict.reasons[0]!;
    });
    assert.match(texts[0]!, /led back/);
    assert.match(texts[1]!, /first one again/);
    assert.match(texts[2]!, /^one page only: no pagination was detected/);
    const detail = 'page 3 names itself as the next page';
    const loop = verdictOf(t, { pages, end: 2, reason: 'loop', detail });
    assert.match(loop.reasons[0]!, /led back to where it had been: page 3 names itself/);
  });

  it('where fewer records came than the server says, and nothing else is wrong', (t) => {
    const pages = pagesOf(125, false, { total: 137 });
    const verdict = verdictOf(t, { pages, end: 13, reason: 'stated' });
    assert.equal(verdict.name, 'incomplete');
    assert.deepEqual(verdict.reasons, ['12 records are missing: the server says 137, 125 came']);
  });

  it('where a page between others is not there', (t) => {
    const pages = pagesOf(50, false).filter(({ place }) => place.position !== 3);
    const verdict = verdictOf(t, { pages, end: 6, reason: 'stated' });
    assert.equal(verdict.name, 'incomplete');
    assert.deepEqual(verdict.reasons, ['2 pages did not come']);
    assert.deepEqual([verdict.planned, verdict.pending], [6, 2]);
  });

  it('where the server speaks of more pages', (t) => {
    const pages = pagesOf(50, false, { totalPages: 7 });
    const verdict = verdictOf(t, { pages, end: 5, reason: 'past-end' });
    assert.deepEqual(verdict.reasons, ['the server speaks of 7 pages, 5 came']);
    assert.equal(verdict.name, 'incomplete');
  });

  it('where ordinals are covered by no page, in the middle and at the end', (t) => {
    const [first, , third, ...others] = pagesOf(60, true, { total: 64 });
    const short = pageWithInfo(20, keysFrom(20, 25), { total: 64 });
    assert.equal(third!.place.position, 20);
    const verdict = verdictOf(t, { style: 'offset', pages: [first!, short, ...others], end: 64 });
    assert.equal(verdict.name, 'incomplete');
    assert.deepEqual(verdict.records?.gaps, [
      { branch: 0, from: 10, to: 20 },
      { branch: 0, from: 25, to: 30 },
      { branch: 0, from: 60, to: 64 },
    ]);
    assert.deepEqual(verdict.reasons, [
      '19 records are missing: the server says 64, 45 came',
      'no page covers records 11 to 20, records 26 to 30, records 61 to 64',
    ]);
    assert.equal(verdict.records?.fetched, 45);
  });
});

describe('a list that pages by itself is capped', () => {
  it('where the server gives nothing beyond a depth', (t) => {
    const pages = pagesOf(30, true, { total: 42 });
    const read = { style: 'offset', pages, end: 30, reason: 'ceiling' } as const;
    const verdict = verdictOf(t, { ...read, change: { ceiling: 30 } });
    assert.equal(verdict.name, 'capped');
    assert.match(verdict.reasons[0]!, /nothing beyond 30 records/);
    assert.match(verdict.reasons[1]!, /^12 records are missing/);
    const told = verdictOf(t, { ...read, detail: 'page 4 was refused after 30 of 42 records' });
    assert.equal(told.reasons[0], 'page 4 was refused after 30 of 42 records');
  });
});

describe('a list that pages by itself has drifted', () => {
  it('where the total changed, whichever page came last', (t) => {
    const pages = pagesOf(30, false, { total: 30 });
    const late = pageWithInfo(1, keysFrom(10, 20), { total: 31 }, { startedAt: BORN_AT + 99 });
    const verdict = verdictOf(t, { pages: [late, pages[2]!, pages[0]!], end: 3 });
    assert.equal(verdict.name, 'drifted');
    assert.equal(verdict.reasons[0], 'the total went from 30 to 31 while the list was read');
    assert.deepEqual([verdict.records?.totalAtStart, verdict.records?.totalAtEnd], [30, 31]);
    const between = verdictOf(t, {
      pages: [{ ...late, startedAt: 0 }, pages[2]!, pages[0]!],
      end: 3,
    });
    assert.match(between.reasons[0]!, /^the total was 30 at first and 31 in between$/);
    const checked = [...pages, again(1, keysFrom(20, 30), { total: 29 })];
    const atEnd = verdictOf(t, { pages: checked, end: 3 });
    assert.match(atEnd.reasons[0]!, /from 30 to 29/);
    assert.equal(atEnd.name, 'drifted');
  });

  it('where the number of pages changed', (t) => {
    const [first, ...others] = pagesOf(30, false, { totalPages: 3 });
    const fewer = { ...first!, pageInfo: { ...first!.pageInfo!, totalPages: 2 } };
    const verdict = verdictOf(t, { pages: [fewer, ...others], end: 3, reason: 'stated' });
    assert.equal(verdict.name, 'drifted');
    assert.match(verdict.reasons[0]!, /^the server stated 2 pages at first and 3 at the end$/);
    const [one, two, three] = pagesOf(30, false, { totalPages: 3 });
    const more = { ...two!, pageInfo: { ...two!.pageInfo!, totalPages: 4 } };
    const between = verdictOf(t, { pages: [one!, more, three!], end: 3, reason: 'stated' });
    assert.deepEqual(between.reasons, ['the server stated 3 pages at first and 4 in between']);
    assert.equal(between.name, 'drifted');
  });

  it('where records stand on two pages, and neighbours are named first', (t) => {
    const pages = [
      pageWithInfo(0, ['a', 'b', 'c']),
      pageWithInfo(1, ['d', 'e', 'f']),
      pageWithInfo(2, ['e', 'f', 'a', 'g', 'g']),
    ];
    const verdict = verdictOf(t, { pages, end: 3, reason: 'stated' });
    assert.equal(verdict.name, 'drifted');
    assert.deepEqual(verdict.reasons, [
      '2 records stand on pages 2 and 3 both: rows were inserted before them',
      '1 record stands on pages 1 and 3 both',
      'page 3 holds 1 record twice',
    ]);
    assert.deepEqual(verdict.records?.sharedKeys, [
      { first: at(1), second: at(2), keys: 2 },
      { first: at(0), second: at(2), keys: 1 },
      { first: at(2), second: at(2), keys: 1 },
    ]);
    assert.deepEqual([verdict.records?.unique, verdict.records?.duplicates], [7, 4]);
  });

  it('where many records came twice, of which the first pages are named', (t) => {
    const keys = keysFrom(0, 10);
    const pages = Array.from({ length: 9 }, (_, position) => pageWithInfo(position, keys));
    const verdict = verdictOf(t, { pages, end: 9, reason: 'stated' });
    assert.equal(verdict.records?.duplicates, 80);
    assert.equal(verdict.records?.sharedKeys.length, 5);
    assert.equal(verdict.reasons.at(-1), '30 more records came twice');
  });

  it('where the first or the last page with records held others when it was read again', (t) => {
    const list = [...pagesOf(30, false, { total: 30 }), pageWithInfo(3, [], { total: 30 })];
    const read = { end: 4, reason: 'stated' } as const;
    const same = [again(0, keysFrom(0, 10)), again(1, keysFrom(20, 30))];
    assert.equal(verdictOf(t, { ...read, pages: [...list, ...same] }).name, 'complete');
    const other = [again(0, ['new', ...keysFrom(0, 9)]), again(1, keysFrom(20, 29))];
    const verdict = verdictOf(t, { ...read, pages: [...list, ...other] });
    assert.equal(verdict.name, 'drifted');
    assert.deepEqual(verdict.records?.changed, [at(0), at(2)]);
    assert.deepEqual(verdict.reasons, [
      'page 1 held other records when it was read again',
      'page 3 held other records when it was read again',
    ]);
  });

  it('where the last page was refused as past the end when it was to be read again', (t) => {
    const place = { branch: RECHECK_BRANCH, position: 1 };
    const gone = (status: number) => failedPage(1, { place, status, reason: `${status}` });
    const read = { end: 3, reason: 'stated' } as const;
    const pages = [...pagesOf(21, false), again(0, keysFrom(0, 10))];
    const verdict = verdictOf(t, { ...read, pages: [...pages, gone(404)] });
    assert.equal(verdict.name, 'drifted');
    assert.deepEqual(verdict.reasons, ['page 3 was no longer there when it was to be read again']);
    assert.deepEqual(verdict.records?.changed, [at(2)]);
    assert.equal(verdictOf(t, { ...read, pages: [...pages, gone(500)] }).name, 'unverified');
  });

  it('where more records came than the server says', (t) => {
    const verdict = verdictOf(t, { pages: pagesOf(31, false, { total: 30 }), end: 4 });
    assert.equal(verdict.name, 'drifted');
    assert.deepEqual(verdict.reasons, ['31 records came, the server says 30']);
  });

  it('rather than incomplete where records are missing because it changed', (t) => {
    const pages = pagesOf(20, false, { total: 21 });
    const verdict = verdictOf(t, { pages: [...pages, again(0, ['x'])], end: 2 });
    assert.equal(verdict.name, 'drifted');
    assert.match(verdict.reasons.at(-1)!, /^1 record is missing/);
  });
});

describe('pages that overlap by ordinal', () => {
  const read = { style: 'offset', change: { overlap: 2 }, end: 26 } as const;

  /** Page 1 has 10, the others 2 of the page before and 8 of their own; `second` stands at 10. */
  function overlapping(second: readonly string[]) {
    const total = { total: 26 };
    return [
      pageWithInfo(0, keysFrom(0, 10), total),
      pageWithInfo(10, second, total),
      pageWithInfo(18, keysFrom(16, 26), total),
    ];
  }

  it('are complete where the records that were read twice are the same', (t) => {
    const verdict = verdictOf(t, { ...read, pages: overlapping(keysFrom(8, 18)) });
    assert.deepEqual(verdict.reasons, []);
    const { fetched, unique, duplicates } = verdict.records!;
    assert.deepEqual([verdict.name, fetched, unique, duplicates], ['complete', 26, 26, 0]);
  });

  it('have drifted where a row was inserted before them, or one deleted', (t) => {
    const inserted = verdictOf(t, { ...read, pages: overlapping(keysFrom(7, 17)) });
    assert.equal(inserted.name, 'drifted');
    assert.match(
      inserted.reasons[0]!,
      /^3 records stand on pages 1 and 2 both: rows were inserted/,
    );
    const deleted = verdictOf(t, { ...read, pages: overlapping(keysFrom(9, 19)) });
    assert.equal(deleted.name, 'drifted');
    assert.match(deleted.reasons[0]!, /^1 record stands on pages 1 and 2 both: rows were deleted/);
    assert.match(
      deleted.reasons.join(),
      /pages 1 and 2 overlap, 2 records differed on the second read/,
    );
  });

  it('show a deletion even where they overlap by one record', (t) => {
    const total = { total: 18 };
    const pages = [
      pageWithInfo(0, keysFrom(0, 10), total),
      pageWithInfo(10, keysFrom(10, 19), total),
    ];
    const change = { overlap: 1 };
    const verdict = verdictOf(t, { style: 'offset', change, pages, end: 18 });
    assert.equal(verdict.name, 'drifted');
    assert.equal(verdict.records?.duplicates, 0);
    assert.match(
      verdict.reasons[0]!,
      /pages 1 and 2 overlap, 1 record differed on the second read/,
    );
  });

  it('are compared as they stand where records have no key, and alike ones may be two', (t) => {
    const total = { total: 19 };
    const read = { style: 'offset', change: { overlap: 1, key: null }, end: 19 } as const;
    const first = pageWithInfo(0, keysFrom(0, 10), total);
    const same = ['k9', 'k3', ...keysFrom(11, 19)];
    const verdict = verdictOf(t, { ...read, pages: [first, pageWithInfo(10, same, total)] });
    assert.deepEqual(verdict.reasons, []);
    assert.deepEqual([verdict.records?.unique, verdict.records?.duplicates], [null, 0]);
    const moved = verdictOf(t, {
      ...read,
      pages: [first, pageWithInfo(10, keysFrom(10, 20), total)],
    });
    assert.equal(moved.name, 'drifted');
    assert.match(moved.reasons[0]!, /pages 1 and 2 overlap, 1 record differed on the second read/);
  });

  it('show also past the end that the list is another, or has become shorter', (t) => {
    const total = { total: 10 };
    const read = { style: 'offset', change: { overlap: 2 }, end: 10 } as const;
    const first = pageWithInfo(0, keysFrom(0, 10), total);
    const past = (keys: readonly string[]) =>
      verdictOf(t, { ...read, pages: [first, pageWithInfo(10, keys, total)] });
    assert.deepEqual(past(keysFrom(8, 10)).reasons, []);
    const moved = past(['k9', 'k12']);
    assert.equal(moved.name, 'drifted');
    assert.deepEqual(moved.reasons, [
      'at the end of page 1, 2 records differed on the second read',
    ]);
    assert.equal(moved.records?.fetched, 10);
    const shorter = 'the list was shorter than what had come when its end was checked';
    assert.deepEqual(past(['k8']).reasons, [shorter]);
    const beyond = (status: number) =>
      failedPage(10, { state: 'beyond-end', status, reason: `${status}` });
    const refused = verdictOf(t, { ...read, pages: [first, beyond(404)] });
    assert.deepEqual(refused.reasons, [shorter]);
    assert.deepEqual(verdictOf(t, { ...read, pages: [first, beyond(503)] }).reasons, []);
  });

  it('count once where a server gave more than it was asked for', (t) => {
    const pages = [
      pageWithInfo(0, keysFrom(0, 10)),
      pageWithInfo(5, keysFrom(5, 20), { total: 20 }),
    ];
    const verdict = verdictOf(t, { style: 'range', pages, end: 20 });
    assert.deepEqual(verdict.reasons, []);
    assert.deepEqual([verdict.records?.fetched, verdict.records?.unique], [20, 20]);
  });
});

describe('a list of known pages', () => {
  it('is held to the records that the user expects; a page that was not searched is one', (t) => {
    const archive = createArchive(join(temporaryFolder(t), 'a'));
    archive.store([storedPage(0, { records: 25 }), storedPage(1, { records: null })], []);
    archive.endPlan(2, sha256(new Uint8Array()));
    assert.equal(archive.verdict({ expect: 26 }).name, 'complete');
    const verdict = archive.verdict({ expect: 30 });
    assert.equal(verdict.name, 'incomplete');
    assert.deepEqual(verdict.reasons, ['30 records were expected, 26 came']);
    archive.close();
  });
});
