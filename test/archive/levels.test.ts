/** What lifts a list to `proven`, and what leaves it below. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { PageRow } from '../../src/archive/archive-types.ts';
import { isRecheck, RECHECK_BRANCH } from '../../src/core/page-request.ts';
import type { Verdict } from '../../src/core/summary.ts';
import {
  again,
  borderPage,
  endAt,
  keysFrom,
  overlappingPages,
  pagedArchive,
  pagesOf,
  pageWithInfo,
  paging,
  twice,
  verdictOf,
} from './paged-archive.ts';
import { failedPage, sha256 } from './sample-pages.ts';

const NOT_READ_AGAIN = 'no page was read again, so a change of the list would not be seen';
const ALL_READ_AGAIN = 'every page was read again at the end and had not changed';
const BORDERS = 'each page begins with the last record of the page before';
const NO_KEY =
  '1 record has no id, unlike those of the first page: that may be no record, or one that came before';
const BY_KEY = "each request names the last record's key";
const NO_TOTAL = 'the server states no total to check against';

function levelOf({ name, reasons, evidence }: Verdict) {
  return { name, reasons, evidence };
}

const proven = (evidence: string) => ({ name: 'proven', reasons: [], evidence: [evidence] });
const complete = (...evidence: string[]) => ({ name: 'complete', reasons: [], evidence });
const unverified = (...reasons: string[]) => ({ name: 'unverified', reasons, evidence: [] });
const drifted = (...reasons: string[]) => ({ name: 'drifted', reasons, evidence: [] });

/** Says a total on one of its pages alone. */
function saying(pages: readonly PageRow[], totals: Readonly<Record<number, number>>): PageRow[] {
  return pages.map((page, index) => ({
    ...page,
    pageInfo: { ...page.pageInfo!, total: totals[index] ?? page.pageInfo!.total },
  }));
}

describe('a list whose pages overlap by one record', () => {
  const read = { style: 'offset', change: { overlap: 1 }, end: 28 } as const;
  const keyless = { ...read, change: { overlap: 1, key: null } } as const;

  it('is proven where each border holds and the last page gives the total', (t) => {
    for (const how of [read, keyless, { ...read, style: 'range' } as const]) {
      const verdict = verdictOf(t, { ...how, pages: overlappingPages(28, { total: 28 }) });
      assert.deepEqual(levelOf(verdict), proven(BORDERS));
      const { fetched, duplicates } = verdict.records!;
      assert.deepEqual([fetched, duplicates, verdict.stored], [28, 0, 3]);
    }
  });

  it('is proven where the last page says that nothing follows, without a total', (t) => {
    const pages = saying(overlappingPages(28), {});
    const last = { ...pages[2]!, pageInfo: { ...pages[2]!.pageInfo!, more: false } };
    const ended = [pages[0]!, pages[1]!, last];
    const verdict = verdictOf(t, { ...read, pages: ended, reason: 'stated' });
    assert.deepEqual(levelOf(verdict), proven(BORDERS));
  });

  it('is proven by a page past the end that holds the last record and no other', (t) => {
    const past = borderPage(28, ['k27']);
    const pages = [...overlappingPages(28), past];
    const verdict = verdictOf(t, { ...read, pages, reason: 'past-end' });
    assert.deepEqual(levelOf(verdict), proven(BORDERS));
    assert.deepEqual([verdict.stored, verdict.beyondEnd, verdict.records?.fetched], [3, 1, 28]);
  });

  it('is unverified where that happens at a round depth, which may be as far as the server goes', (t) => {
    const pages = [...overlappingPages(1000), borderPage(1000, ['k999'])];
    const verdict = verdictOf(t, { ...read, end: 1000, pages, reason: 'past-end' });
    assert.deepEqual(levelOf(verdict), unverified(NO_TOTAL));
  });

  it('is proven where a page shares more than one record with those before it', (t) => {
    const pages = overlappingPages(28, { total: 28 });
    // The server gave half a page; what it left out was asked for, beside the page that follows.
    const half = borderPage(10, keysFrom(9, 14), { total: 28 });
    const fill = (keys: readonly string[]) => borderPage(14, keys, { total: 28 });
    const filled = (keys: readonly string[]) => [pages[0]!, half, fill(keys), pages[2]!];
    const held = verdictOf(t, { ...read, pages: filled(keysFrom(13, 23)) });
    assert.deepEqual(levelOf(held), proven(BORDERS));
    const shifted = filled([...keysFrom(13, 18), 'new', ...keysFrom(18, 22)]);
    const verdict = verdictOf(t, { ...read, pages: shifted });
    assert.equal(verdict.name, 'drifted');
    assert.ok(
      verdict.reasons.includes(
        'where pages 3 and 4 overlap, 5 records differed on the second read',
      ),
      verdict.reasons.join(),
    );
  });

  it('is unverified where its end is a refusal past the end', (t) => {
    const refused = failedPage(28, { state: 'beyond-end', status: 503 });
    const pages = [...overlappingPages(28), refused];
    const verdict = verdictOf(t, { ...read, pages, reason: 'past-end' });
    assert.deepEqual(levelOf(verdict), unverified(NO_TOTAL));
  });

  it('has drifted where it ended with another record when its end was checked', (t) => {
    const pages = [...overlappingPages(28), borderPage(28, ['k28'])];
    const verdict = verdictOf(t, { ...read, pages, reason: 'past-end' });
    assert.equal(verdict.name, 'drifted');
    assert.equal(
      verdict.reasons[0],
      'the list no longer ended with the last record of page 3 when its end was checked',
    );
  });

  it('has drifted where a page begins with another record than the page before ended with', (t) => {
    const pages = overlappingPages(28, { total: 28 }, { 19: keysFrom(19, 29) });
    assert.deepEqual(
      levelOf(verdictOf(t, { ...read, pages })),
      drifted('page 3 did not begin with the last record of page 2, as it was asked to'),
    );
  });

  it('is unverified where other bytes stand at a border and no key tells what they are', (t) => {
    const pages = overlappingPages(28, { total: 28 }, { 19: ['x', ...keysFrom(19, 28)] });
    assert.deepEqual(
      levelOf(verdictOf(t, { ...keyless, pages })),
      unverified(
        'page 3 does not begin with the bytes that page 2 ended with; without a key (--key) that may be a changed record or a changed list',
      ),
    );
  });

  it('is unverified where a border could not be compared', (t) => {
    const [first, second, third] = overlappingPages(28, { total: 28 });
    const { firstRecord: _, ...pageInfo } = third!.pageInfo!;
    const pages = [first!, second!, { ...third!, pageInfo }];
    assert.deepEqual(
      levelOf(verdictOf(t, { ...read, pages })),
      unverified(
        '1 border between pages could not be compared, so a change there would not be seen',
      ),
    );
    const failed = verdictOf(t, { ...read, pages: [first!, failedPage(10), third!] });
    assert.equal(failed.name, 'incomplete');
    assert.ok(!failed.reasons.join().includes('could not be compared'));
  });

  it('is complete where records are alike, and unverified where one has no key', (t) => {
    const alike = { 10: ['k9', 'k3', ...keysFrom(11, 19)] };
    const pages = overlappingPages(28, { total: 28 }, alike);
    assert.deepEqual(levelOf(verdictOf(t, { ...keyless, pages })), complete());
    const unnamed = { 10: ['k9', '', ...keysFrom(11, 19)] };
    const nameless = overlappingPages(28, { total: 28 }, unnamed);
    assert.deepEqual(levelOf(verdictOf(t, { ...read, pages: nameless })), unverified(NO_KEY));
  });

  it('has drifted where a record came twice though each border holds', (t) => {
    const twice = { 19: [...keysFrom(18, 27), 'k3'] };
    const verdict = verdictOf(t, { ...read, pages: overlappingPages(28, { total: 28 }, twice) });
    assert.deepEqual(levelOf(verdict), drifted('1 record stands on pages 1 and 3 both'));
  });

  it('is complete with a note where the total changed and each border holds', (t) => {
    for (const total of [27, 29]) {
      const pages = saying(overlappingPages(28, { total: 28 }), { 0: total });
      assert.deepEqual(
        levelOf(verdictOf(t, { ...read, pages })),
        complete(BORDERS, `the total went from ${total} to 28 while the list was read`),
      );
    }
  });

  it('is unverified where more came than the server ever said', (t) => {
    const pages = overlappingPages(28, { total: 20 });
    const [first, second, third] = pages;
    const ended = [first!, second!, { ...third!, pageInfo: { ...third!.pageInfo!, more: false } }];
    assert.deepEqual(
      levelOf(verdictOf(t, { ...read, pages: ended, reason: 'stated' })),
      unverified('28 records came, the server says 20'),
    );
  });
});

describe('pages that were read again at the end', () => {
  const read = { end: 3, reason: 'total' } as const;

  it('are all pages where the last one is empty', (t) => {
    const pages = twice([...pagesOf(30, false, { total: 30 }), pageWithInfo(3, [])]);
    assert.deepEqual(levelOf(verdictOf(t, { end: 4, pages })), complete(ALL_READ_AGAIN));
  });

  it('leave the list unverified where there are none', (t) => {
    const pages = pagesOf(30, false, { total: 30 });
    assert.deepEqual(levelOf(verdictOf(t, { ...read, pages })), unverified(NOT_READ_AGAIN));
  });

  it('go without saying where they are none and something is wrong', (t) => {
    const verdict = verdictOf(t, { ...read, pages: pagesOf(29, false, { total: 30 }) });
    const missing = '1 record is missing: 29 came, the server says 30';
    assert.deepEqual([verdict.name, verdict.reasons], ['incomplete', [missing]]);
  });

  it('make a list complete that only grew behind what they held', (t) => {
    const pages = pagesOf(25, false, { total: 25 });
    const grown = [
      again(0, keysFrom(0, 10), { total: 27 }),
      again(2, keysFrom(20, 27), { total: 27 }),
    ];
    const note = 'the total went from 25 to 27 while the list was read';
    assert.deepEqual(
      levelOf(verdictOf(t, { ...read, pages: [...pages, ...grown] })),
      complete(
        '2 pages were read again at the end and had not changed; a change on another page would not be seen',
        note,
      ),
    );
    const unchecked = saying(pages, { 2: 27 });
    assert.deepEqual(levelOf(verdictOf(t, { ...read, pages: unchecked })).name, 'drifted');
  });

  it('make a list complete that is shorter now, but only if they are all pages', (t) => {
    const pages = saying(pagesOf(29, false, { total: 29 }), { 0: 30 });
    const note = 'the total went from 30 to 29 while the list was read';
    const all = [0, 1, 2].map((at) =>
      again(at, keysFrom(at * 10, Math.min(29, at * 10 + 10)), { total: 29 }),
    );
    assert.deepEqual(
      levelOf(verdictOf(t, { ...read, pages: [...pages, ...all] })),
      complete(ALL_READ_AGAIN, note),
    );
    const some = [all[0]!, all[2]!];
    const partly = verdictOf(t, { ...read, pages: [...pages, ...some] });
    assert.deepEqual([partly.name, partly.reasons], ['drifted', [note]]);
  });

  it('show drift where one holds others, or fewer, also without a key', (t) => {
    const pages = pagesOf(30, false, { total: 30 });
    const other = again(1, keysFrom(11, 21), { total: 30 });
    assert.deepEqual(
      levelOf(verdictOf(t, { ...read, pages: [...pages, other] })),
      drifted('page 2 held other records when read again'),
    );
    const bare = pages.map((page) => ({ ...page, keys: [] }));
    const change = { key: null };
    const fewer = { ...again(2, keysFrom(20, 29), { total: 30 }), keys: [] };
    const shorter = verdictOf(t, { ...read, change, pages: [...bare, fewer] });
    assert.deepEqual(levelOf(shorter), drifted('page 3 held other records when read again'));
    const different = { ...other, keys: [] };
    assert.deepEqual(
      levelOf(verdictOf(t, { ...read, change, pages: [...bare, different] })),
      unverified(
        'page 2 held other bytes when read again; without a key (--key) that may be changed records or a changed list',
      ),
    );
  });

  it('are compared by keys that are texts as by those that are numbers', (t) => {
    // As they stand in an archive: each is the literal of its page.
    const texts = (from: number, to: number) =>
      keysFrom(from, to).map((key) => JSON.stringify(key));
    const pages = [0, 10, 20].map((from, at) => pageWithInfo(at, texts(from, from + 10)));
    const first = again(0, texts(0, 10));
    const of = (page: PageRow) =>
      levelOf(verdictOf(t, { ...read, pages: [...pages, first, page] }));
    const other = again(1, texts(11, 21));
    assert.deepEqual(of(other), drifted('page 2 held other records when read again'));
    const ticked = again(1, texts(10, 20), { digest: 'f'.repeat(16) });
    assert.equal(of(ticked).name, 'complete');
    const grown = again(2, texts(20, 32));
    assert.equal(of(grown).name, 'complete');
    const unnamed = again(1, ['', ...texts(11, 20)], { digest: 'f'.repeat(16) });
    assert.equal(of(unnamed).name, 'unverified');
    const quotes = again(1, [...texts(11, 20), JSON.stringify('a,""b[""')]);
    assert.equal(of(quotes).name, 'drifted');
  });

  it('are named, the first five of many', (t) => {
    const pages = pagesOf(70, false, { total: 70 });
    const others = [0, 1, 2, 3, 4, 5, 6].map((at) => again(at, keysFrom(at + 1, at + 11)));
    const verdict = verdictOf(t, { ...read, end: 7, pages: [...pages, ...others] });
    assert.deepEqual(verdict.reasons, [
      'pages 1, 2, 3, 4, 5 and 2 more held other records when read again',
    ]);
    assert.equal(verdict.records?.changed.length, 7);
  });

  it('count for no page of the list, whatever became of them', (t) => {
    const place = { branch: RECHECK_BRANCH, position: 1 };
    const pages = [...pagesOf(30, false, { total: 30 }), again(0, keysFrom(0, 10))];
    const verdict = verdictOf(t, { ...read, pages: [...pages, failedPage(1, { place })] });
    const { planned, stored, failed, pending, beyondEnd, records } = verdict;
    assert.deepEqual([planned, stored, failed, pending, beyondEnd], [3, 3, 0, 0, 0]);
    assert.equal(records?.fetched, 30);
    assert.deepEqual(
      levelOf(verdict),
      unverified('page 2 could not be read again at the end, so a change there would not be seen'),
    );
  });
});

describe('a chain whose requests hold the last key', () => {
  const read = { style: 'cursor', end: 3, reason: 'stated' } as const;
  /** The last page names none. */
  function chain(names: readonly string[], holds: readonly boolean[] = [true, true, false]) {
    return [0, 1, 2].map((index) => {
      const keys = names.slice(index * 10, index * 10 + 10);
      return pageWithInfo(index, keys, holds[index] ? { nextHoldsKey: true } : {});
    });
  }
  const numbers = Array.from({ length: 30 }, (_, index) => String(index + 1));

  it('is proven up to a stated end', (t) => {
    const verdict = verdictOf(t, { ...read, pages: chain(keysFrom(0, 30)) });
    assert.deepEqual(levelOf(verdict), proven(BY_KEY));
    const total = chain(keysFrom(0, 30)).map((page) => ({
      ...page,
      pageInfo: { ...page.pageInfo!, total: 30 },
    }));
    const counted = verdictOf(t, { ...read, pages: total, reason: 'total' });
    assert.deepEqual(levelOf(counted), proven(BY_KEY));
  });

  it('is proven up to an empty page where as many came as the server says', (t) => {
    const pages = chain(keysFrom(0, 30)).map((page) => ({
      ...page,
      pageInfo: { ...page.pageInfo!, total: 30, nextHoldsKey: true as const },
    }));
    const ended = [...pages, pageWithInfo(3, [])];
    const verdict = verdictOf(t, { ...read, pages: ended, end: 4, reason: 'past-end' });
    assert.deepEqual(levelOf(verdict), proven(BY_KEY));
    const more = ended.map((page) => ({ ...page, pageInfo: { ...page.pageInfo!, total: null } }));
    const unsaid = verdictOf(t, { ...read, pages: more, end: 4, reason: 'past-end' });
    assert.deepEqual(levelOf(unsaid), unverified(NO_TOTAL));
  });

  it('is unverified where only its own rule ended it, or one request held none', (t) => {
    const short = verdictOf(t, { ...read, pages: chain(keysFrom(0, 30)), reason: 'short' });
    assert.deepEqual(levelOf(short), unverified(NO_TOTAL));
    const without = chain(keysFrom(0, 30), [true, false, false]);
    assert.deepEqual(
      levelOf(verdictOf(t, { ...read, pages: without })),
      unverified(NOT_READ_AGAIN),
    );
  });

  it('proves nothing where the keys count the records, as an offset would', (t) => {
    const pages = chain(numbers);
    assert.deepEqual(levelOf(verdictOf(t, { ...read, pages })), unverified(NOT_READ_AGAIN));
    assert.deepEqual(
      levelOf(verdictOf(t, { ...read, pages: twice(pages) })),
      complete(ALL_READ_AGAIN),
    );
    const ours = verdictOf(t, { ...read, style: 'keyset', pages });
    assert.deepEqual(levelOf(ours), proven(BY_KEY));
    const withHole = chain([...numbers.slice(0, 12), ...numbers.slice(13), '31']);
    assert.deepEqual(levelOf(verdictOf(t, { ...read, pages: withHole })), proven(BY_KEY));
  });

  it('is unverified where a record has no key', (t) => {
    const names = [...keysFrom(0, 4), '', ...keysFrom(5, 30)];
    const verdict = verdictOf(t, { ...read, pages: chain(names) });
    assert.deepEqual(levelOf(verdict), unverified(NO_KEY));
  });

  it('is proven though a page held others later, and complete with a note where its total changed', (t) => {
    const pages = chain(keysFrom(0, 30));
    const later = [...pages, again(0, ['new', ...keysFrom(0, 9)])];
    const verdict = verdictOf(t, { ...read, pages: later });
    assert.deepEqual(levelOf(verdict), proven(BY_KEY));
    assert.deepEqual(verdict.records?.changed, [{ branch: 0, position: 0 }]);
    const grown = saying(pages, { 0: 29, 1: 29, 2: 30 });
    assert.deepEqual(
      levelOf(verdictOf(t, { ...read, pages: grown })),
      complete(BY_KEY, 'the total went from 29 to 30 while the list was read'),
    );
  });

  it('has drifted where a record came twice', (t) => {
    const names = [...keysFrom(0, 25), 'k3', ...keysFrom(26, 30)];
    const verdict = verdictOf(t, { ...read, pages: chain(names) });
    assert.deepEqual(levelOf(verdict), drifted('1 record stands on pages 1 and 3 both'));
  });
});

describe('a list', () => {
  it('of one page is proven where that page states its end, and complete where it is empty', (t) => {
    const one = 'nothing follows its one page';
    for (const style of ['page', 'offset', 'cursor', 'single'] as const) {
      for (const count of [0, 7]) {
        const pages = [pageWithInfo(0, keysFrom(0, count), { total: count })];
        for (const reason of ['stated', 'total'] as const) {
          const end = style === 'offset' ? count : 1;
          const verdict = verdictOf(t, { style, pages, end: Math.max(1, end), reason });
          const level = count === 0 ? complete() : proven(one);
          assert.deepEqual(levelOf(verdict), level, `${style} ${count} ${reason}`);
        }
      }
    }
    const unstated = [pageWithInfo(0, keysFrom(0, 7))];
    const past = verdictOf(t, { pages: twice(unstated), end: 1, reason: 'past-end' });
    assert.deepEqual([past.name, past.reasons], ['unverified', [NO_TOTAL]]);
  });

  it('in slices of one page each is proven, each slice with its own total', (t) => {
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
    assert.deepEqual([name, records?.totalAtEnd, records?.fetched], ['proven', 22, 22]);
    assert.deepEqual([stored, beyondEnd], [3, 1]);
    archive.close();
  });

  it('of which two readings agree is proven, unless the reading itself found it wrong', (t) => {
    const agreedOn = (pages: readonly PageRow[], reason: 'total' | 'past-end') => {
      const archive = pagedArchive(t, paging({ style: 'page' }));
      archive.store([...pages], []);
      endAt(archive, 3, reason);
      const before = archive.verdict().name;
      archive.markAgreed();
      const after = archive.verdict();
      archive.close();
      return [before, levelOf(after)] as const;
    };
    const agree = proven('two readings of the whole list agree');
    const pages = pagesOf(30, false, { total: 30 });
    assert.deepEqual(agreedOn(pages, 'total'), ['unverified', agree]);
    assert.deepEqual(agreedOn(twice(pages), 'total'), ['complete', agree]);
    assert.deepEqual(agreedOn(pagesOf(30, false), 'past-end'), ['unverified', agree]);
    const [before, after] = agreedOn(pagesOf(29, false, { total: 30 }), 'total');
    assert.deepEqual([before, after.name], ['incomplete', 'incomplete']);
    const changed = [...pages, again(0, keysFrom(1, 11))];
    assert.equal(agreedOn(changed, 'total')[1].name, 'drifted');
  });
});

describe('too few pages that were read again', () => {
  const of = (t: TestContext, style: 'page' | 'cursor', reread: number) => {
    const pages = pagesOf(100, false, { total: 100 });
    const again = twice(pages).filter(({ place }) => isRecheck(place) && place.position < reread);
    return levelOf(verdictOf(t, { style, pages: [...pages, ...again], end: 10 }));
  };

  it('leave a list by page number unverified below a half', (t) => {
    assert.equal(of(t, 'page', 5).name, 'complete');
    const { name, reasons } = of(t, 'page', 4);
    assert.equal(name, 'unverified');
    assert.match(reasons.join(), /^4 of 10 pages were read again, .*--recheck 50% reads enough/);
  });

  it('leave a chain unverified where any was left out', (t) => {
    assert.equal(of(t, 'cursor', 10).name, 'complete');
    const { name, reasons } = of(t, 'cursor', 9);
    assert.equal(name, 'unverified');
    assert.match(reasons.join(), /^9 of 10 pages were read again, .*--recheck all reads enough/);
  });
});
