import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { withWritten } from '../../src/archive/verdict.ts';
import { RECHECK_BRANCH } from '../../src/core/page-request.ts';
import {
  again,
  keysFrom,
  pagedArchive,
  pagesOf,
  pageWithInfo,
  paging,
  twice,
  verdictOf,
} from './paged-archive.ts';
import {
  BORN_AT,
  createArchive,
  failedPage,
  sha256,
  storedPage,
  temporaryFolder,
} from './sample-pages.ts';

const at = (position: number) => ({ branch: 0, position });

describe('the output of a list that pages by itself', () => {
  const complete = (t: TestContext) =>
    verdictOf(t, { pages: twice(pagesOf(30, false, { total: 30 })), end: 3 });

  it('holds as many records as were counted of the list', (t) => {
    const verdict = complete(t);
    assert.equal(verdict.name, 'complete');
    assert.deepEqual(withWritten(verdict, 30), verdict);
  });

  it('makes a verdict unverified by another number, and both are said', (t) => {
    const { name, reasons, records } = withWritten(complete(t), 29);
    assert.equal(name, 'unverified');
    assert.deepEqual(reasons, ['the output holds 29 records, the stored pages 30']);
    assert.deepEqual([records?.fetched, records?.written], [30, 29]);
    const { name: worse } = withWritten({ ...complete(t), name: 'drifted' }, 29);
    assert.equal(worse, 'drifted');
  });
});

describe('a list that pages by itself is complete', () => {
  it('where as many records came as the server says at the start and at the end', (t) => {
    // Every second page, as many as a list by page number needs.
    const pages = pagesOf(137, false, { total: 137 });
    const reread = twice(pages).filter(
      ({ place }) => place.branch === 0 || place.position % 2 === 0,
    );
    const verdict = verdictOf(t, { pages: reread.toReversed(), end: 14 });
    assert.deepEqual(verdict, {
      name: 'complete',
      planned: 14,
      stored: 14,
      failed: 0,
      pending: 0,
      beyondEnd: 0,
      end: 'total',
      reasons: [],
      evidence: [
        '7 pages were read again at the end and had not changed; a change on another page would not be seen',
      ],
      records: {
        fetched: 137,
        counts: 'list',
        written: 137,
        output: 'records',
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
    const pages = pagesOf(25, false).map((page) => ({ ...page, keys: [] }));
    const read = { style: 'cursor', change: { key: null }, end: 3, reason: 'stated' } as const;
    const verdict = verdictOf(t, { ...read, pages: twice(pages) });
    assert.equal(verdict.name, 'complete');
    assert.deepEqual(verdict.evidence, [
      'every page was read again at the end and had not changed',
    ]);
    assert.deepEqual([verdict.records?.unique, verdict.records?.totalAtEnd], [null, null]);
  });

  it('where the end was found by an empty page and the total agrees', (t) => {
    const list = twice(pagesOf(30, true, { total: 30 }));
    const pages = [...list, pageWithInfo(30, [], { total: 0 })];
    const verdict = verdictOf(t, { style: 'offset', pages, end: 30, reason: 'past-end' });
    assert.equal(verdict.name, 'complete');
    assert.equal(verdict.beyondEnd, 1);
  });

  it('where only the first page states a total, or a page says 0 for want of records', (t) => {
    const [first, ...others] = pagesOf(20, false);
    const pages = [
      { ...first!, pageInfo: { ...first!.pageInfo!, total: 20 } },
      ...others,
      pageWithInfo(2, [], { total: 0 }),
    ];
    const read = { style: 'cursor', end: 3, reason: 'stated' } as const;
    const verdict = verdictOf(t, { ...read, pages: twice(pages) });
    assert.deepEqual([verdict.name, verdict.records?.totalAtEnd], ['complete', 20]);
  });

  it('where some records have no key, which makes no two of them the same', (t) => {
    const pages = [pageWithInfo(0, ['', 'a', '']), pageWithInfo(1, ['', 'b'])];
    const { name, records } = verdictOf(t, { pages: twice(pages), end: 2, reason: 'stated' });
    assert.deepEqual([name, records?.unique, records?.duplicates], ['unverified', 5, 0]);
  });

  it('where only something inside the records that have keys was another the second time', (t) => {
    const list = pagesOf(30, false, { total: 30 });
    const read = { end: 3, reason: 'stated' } as const;
    const ticked = [
      again(0, keysFrom(0, 10), { digest: 'f'.repeat(16) }),
      again(2, keysFrom(20, 30), { digest: 'e'.repeat(16) }),
    ];
    const pages = [...list, ...ticked];
    const verdict = verdictOf(t, { ...read, pages });
    assert.equal(verdict.name, 'complete');
    assert.deepEqual(verdict.evidence, [
      '2 pages were read again at the end and had not changed; a change on another page would not be seen',
    ]);
    const bare = pages.map((page) => ({ ...page, keys: [] }));
    const withoutKey = verdictOf(t, { ...read, pages: bare, change: { key: null } });
    assert.equal(withoutKey.name, 'unverified');
    assert.deepEqual(withoutKey.records?.changed, []);
    assert.deepEqual(withoutKey.reasons, [
      'pages 1 and 3 held other bytes when read again; without a key (--key) that may be changed records or a changed list',
    ]);
  });

  it('from where the user began, though the total is of the whole list', (t) => {
    const pages = twice(pagesOf(50, true, { total: 80 }));
    const verdict = verdictOf(t, { style: 'offset', change: { first: 30 }, pages, end: 50 });
    assert.deepEqual([verdict.name, verdict.reasons], ['complete', []]);
    const paged = twice(pagesOf(50, false, { total: 80, totalPages: 8 }));
    const byPage = verdictOf(t, { style: 'page', change: { first: 4 }, pages: paged, end: 5 });
    assert.deepEqual([byPage.name, byPage.reasons], ['complete', []]);
  });

  it('where each page of a chain begins with the last record of the one before', (t) => {
    const pages = [0, 9, 18].map((from, index) => {
      const repeats = index === 0 ? {} : { repeats: 1 };
      return pageWithInfo(index, keysFrom(from, from + 10), repeats);
    });
    const read = { pages: twice(pages), end: 3, reason: 'stated' } as const;
    const verdict = verdictOf(t, { style: 'keyset', ...read });
    assert.equal(verdict.name, 'complete');
    const { fetched, unique, duplicates } = verdict.records!;
    assert.deepEqual([fetched, unique, duplicates], [28, 28, 0]);
    assert.equal(verdictOf(t, { style: 'cursor', ...read }).name, 'complete');
    const once = twice([...pages.slice(0, 2), pageWithInfo(2, keysFrom(19, 29))]);
    assert.equal(verdictOf(t, { style: 'keyset', ...read, pages: once }).name, 'incomplete');
  });
});

describe('a list that pages by itself is unverified', () => {
  it('where the end showed only by itself and no total was stated', (t) => {
    for (const reason of ['past-end', 'short'] as const) {
      const verdict = verdictOf(t, { pages: twice(pagesOf(25, false)), end: 3, reason });
      assert.equal(verdict.name, 'unverified');
      assert.deepEqual(verdict.reasons, ['the server states no total to check against']);
    }
  });

  it('where the total is a lower bound, and incomplete where not even that many came', (t) => {
    const pageInfo = { total: 20, totalIsLowerBound: true };
    const read = { end: 3, reason: 'past-end' } as const;
    const more = verdictOf(t, { ...read, pages: pagesOf(25, false, pageInfo) });
    assert.equal(more.name, 'unverified');
    assert.deepEqual(more.reasons, [
      'the server states only that the total is at least 20',
      'no page was read again, so a change of the list would not be seen',
    ]);
    assert.equal(more.records?.totalAtEnd, null);
    const fewer = verdictOf(t, { ...read, pages: pagesOf(15, false, pageInfo), end: 2 });
    assert.equal(fewer.name, 'incomplete');
    assert.match(fewer.reasons[0]!, /^5 records are missing: 15 came, the server says at least 20/);
  });

  it('unless the user said how many records there must be', (t) => {
    const read = { pages: twice(pagesOf(25, false)), end: 3, reason: 'past-end' } as const;
    assert.equal(verdictOf(t, { ...read, expect: 25 }).name, 'complete');
    const other = verdictOf(t, { ...read, expect: 26 });
    assert.equal(other.name, 'incomplete');
    assert.match(other.reasons[0]!, /^26 records were expected, 25 came$/);
  });

  it('where more records came than the server ever said, which may be wrong', (t) => {
    const verdict = verdictOf(t, { pages: twice(pagesOf(31, false, { total: 30 })), end: 4 });
    assert.equal(verdict.name, 'unverified');
    assert.deepEqual(verdict.reasons, ['31 records came, the server says 30']);
  });

  it('where a page could not be read again at the end', (t) => {
    const failed = failedPage(0, { place: { branch: RECHECK_BRANCH, position: 1 } });
    const pages = [...pagesOf(20, false, { total: 20 }), again(0, keysFrom(0, 10)), failed];
    const verdict = verdictOf(t, { pages, end: 2 });
    assert.equal(verdict.name, 'unverified');
    assert.deepEqual(verdict.reasons, [
      'page 2 could not be read again at the end, so a change there would not be seen',
    ]);
    assert.deepEqual(verdict.evidence, []);
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
    assert.match(loop.reasons[0]!, /led back to an earlier page: page 3 names itself/);
  });

  it('where fewer records came than the server says, and nothing else is wrong', (t) => {
    const pages = pagesOf(125, false, { total: 137 });
    const verdict = verdictOf(t, { pages, end: 13, reason: 'stated' });
    assert.equal(verdict.name, 'incomplete');
    assert.deepEqual(verdict.reasons, ['12 records are missing: 125 came, the server says 137']);
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
    assert.deepEqual(verdict.reasons, ['2 pages are missing: 5 came, the server says 7']);
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
      '19 records are missing: 45 came, the server says 64',
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
    assert.match(verdict.reasons[1]!, /^12 records are missing: /);
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
      '2 records stand on pages 2 and 3 both: rows may have been inserted before them',
      '1 record stands on pages 1 and 3 both',
      'page 3 holds 1 record twice',
    ]);
    assert.deepEqual(verdict.records?.sharedKeys, [
      { first: at(1), second: at(2), keys: 2, isSameAgain: false },
      { first: at(0), second: at(2), keys: 1, isSameAgain: false },
      { first: at(2), second: at(2), keys: 1, isSameAgain: false },
    ]);
    assert.deepEqual([verdict.records?.unique, verdict.records?.duplicates], [7, 4]);
  });

  it('is not what is said where the same records came with different content', (t) => {
    const keys = keysFrom(0, 10);
    const pages = Array.from({ length: 9 }, (_, position) =>
      pageWithInfo(position, keys, { digest: `content ${position}` }),
    );
    const { name, reasons, records } = verdictOf(t, { pages, end: 9, reason: 'stated' });
    assert.equal(name, 'incomplete');
    assert.deepEqual([reasons.length, records?.unique, records?.duplicates], [6, 10, 80]);
    assert.match(reasons[4]!, /^pages 5 and 6 hold the same 10 records by their keys/);
    assert.equal(reasons[5], '30 more records came again');
  });

  it('where many records came twice, of which the first pages are named', (t) => {
    const keys = keysFrom(0, 10);
    const pages = Array.from({ length: 9 }, (_, position) => pageWithInfo(position, keys));
    const verdict = verdictOf(t, { pages, end: 9, reason: 'stated' });
    assert.equal(verdict.records?.duplicates, 80);
    assert.equal(verdict.records?.sharedKeys.length, 5);
    assert.equal(verdict.reasons.at(-1), '30 more records came twice');
  });

  it('where pages held other records when they were read again', (t) => {
    const list = [...pagesOf(30, false, { total: 30 }), pageWithInfo(3, [], { total: 30 })];
    const read = { end: 4, reason: 'stated' } as const;
    const same = [again(0, keysFrom(0, 10)), again(2, keysFrom(20, 30))];
    assert.equal(verdictOf(t, { ...read, pages: [...list, ...same] }).name, 'complete');
    const other = [again(0, ['new', ...keysFrom(0, 9)]), again(2, keysFrom(20, 29))];
    const verdict = verdictOf(t, { ...read, pages: [...list, ...other] });
    assert.equal(verdict.name, 'drifted');
    assert.deepEqual(verdict.records?.changed, [at(0), at(2)]);
    assert.deepEqual(verdict.reasons, ['pages 1 and 3 held other records when read again']);
    assert.deepEqual(verdict.evidence, []);
  });

  it('where the last page was refused as past the end when it was to be read again', (t) => {
    const place = { branch: RECHECK_BRANCH, position: 2 };
    const gone = (status: number) => failedPage(2, { place, status, reason: `${status}` });
    const read = { end: 3, reason: 'stated' } as const;
    const pages = [...pagesOf(21, false), again(0, keysFrom(0, 10))];
    const verdict = verdictOf(t, { ...read, pages: [...pages, gone(404)] });
    assert.equal(verdict.name, 'drifted');
    assert.deepEqual(verdict.reasons, ['page 3 could no longer be found when read again']);
    assert.deepEqual(verdict.records?.changed, [at(2)]);
    const refused = verdictOf(t, { ...read, pages: [...pages, gone(500)] });
    assert.equal(refused.name, 'unverified');
    assert.deepEqual(refused.reasons, [
      'page 3 could not be read again at the end, so a change there would not be seen',
    ]);
  });

  it('rather than incomplete where records are missing because it changed', (t) => {
    const pages = pagesOf(20, false, { total: 21 });
    const verdict = verdictOf(t, { pages: [...pages, again(0, ['x'])], end: 2 });
    assert.equal(verdict.name, 'drifted');
    assert.match(verdict.reasons.at(-1)!, /^1 record is missing: /);
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

  it('are proven where the records that were read twice are the same', (t) => {
    const verdict = verdictOf(t, { ...read, pages: overlapping(keysFrom(8, 18)) });
    assert.deepEqual(verdict.reasons, []);
    const { fetched, unique, duplicates } = verdict.records!;
    assert.deepEqual([verdict.name, fetched, unique, duplicates], ['proven', 26, 26, 0]);
    assert.deepEqual(verdict.evidence, [
      'each page begins with the last records of the page before',
    ]);
  });

  it('have drifted where a row was inserted before them, or one deleted', (t) => {
    const inserted = verdictOf(t, { ...read, pages: overlapping(keysFrom(7, 17)) });
    assert.equal(inserted.name, 'drifted');
    assert.match(
      inserted.reasons[0]!,
      /^3 records stand on pages 1 and 2 both: rows may have been inserted/,
    );
    const deleted = verdictOf(t, { ...read, pages: overlapping(keysFrom(9, 19)) });
    assert.equal(deleted.name, 'drifted');
    assert.match(
      deleted.reasons[0]!,
      /^1 record stands on pages 1 and 2 both: rows may have been deleted/,
    );
    assert.match(
      deleted.reasons.join(),
      /pages 1 and 2 overlap, 2 records differed on the second read/,
    );
  });

  it('are compared as they stand where records have no key, and other bytes are no drift', (t) => {
    const total = { total: 18 };
    const read = { style: 'offset', change: { overlap: 2, key: null }, end: 18 } as const;
    const first = pageWithInfo(0, keysFrom(0, 10), total);
    const same = [...keysFrom(8, 10), 'k3', ...keysFrom(11, 18)];
    const alike = verdictOf(t, { ...read, pages: [first, pageWithInfo(10, same, total)] });
    // Records that are alike may be two, or one that came twice.
    assert.deepEqual([alike.name, alike.reasons], ['complete', []]);
    assert.deepEqual([alike.records?.unique, alike.records?.duplicates], [null, 0]);
    const other = verdictOf(t, {
      ...read,
      pages: [first, pageWithInfo(10, ['k8', 'x', ...keysFrom(10, 18)], total)],
    });
    assert.equal(other.name, 'unverified');
    assert.deepEqual(other.reasons, [
      'page 2 does not begin with the bytes that page 1 ended with; without a key (--key) that may be a changed record or a changed list',
    ]);
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
    const shorter = 'the list was shorter than before when its end was checked';
    assert.deepEqual(past(['k8']).reasons, [shorter]);
    const beyond = (status: number) =>
      failedPage(10, { state: 'beyond-end', status, reason: `${status}` });
    const refused = verdictOf(t, { ...read, pages: [first, beyond(404)] });
    assert.deepEqual(refused.reasons, [shorter]);
    assert.deepEqual(verdictOf(t, { ...read, pages: [first, beyond(503)] }).reasons, []);
  });

  it('count once where a server gave more than it was asked for', (t) => {
    const pages = twice([
      pageWithInfo(0, keysFrom(0, 10)),
      pageWithInfo(5, keysFrom(5, 20), { total: 20 }),
    ]);
    const verdict = verdictOf(t, { style: 'range', pages, end: 20 });
    assert.deepEqual([verdict.name, verdict.reasons], ['complete', []]);
    assert.deepEqual([verdict.records?.fetched, verdict.records?.unique], [20, 20]);
  });
});

describe('a list of known pages', () => {
  it('is held to the records that the user expects; a page that was not searched is one', (t) => {
    const archive = createArchive(join(temporaryFolder(t), 'a'));
    archive.store([storedPage(0, { records: 25 }), storedPage(1, { records: null })], []);
    archive.endPlan(2, sha256(new Uint8Array()));
    assert.equal(archive.verdict({ expect: 26 }).name, 'proven');
    const verdict = archive.verdict({ expect: 30 });
    assert.equal(verdict.name, 'incomplete');
    assert.deepEqual(verdict.reasons, ['30 records were expected, 26 came']);
    archive.close();
  });
});
