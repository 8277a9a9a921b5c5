/** What pages state of where their list ends, held against what comes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pagination } from '../../src/core/pagination.ts';
import { FanOutPlan } from '../../src/plan/fan-out-plan.ts';
import { offset } from '../../src/plan/styles/offset.ts';
import { page } from '../../src/plan/styles/page.ts';
import {
  answerCounted,
  drive,
  numbers,
  paginationOf,
  recordsOf,
  startAt,
  stored,
} from './simulated-list.ts';

const byPage = paginationOf({ style: 'page', param: 'page', first: 1 });
const byOffset = paginationOf({ style: 'offset', param: 'offset', sizeParam: 'limit' });

function planOf(pagination: Pagination): FanOutPlan {
  const style = pagination.style === 'page' ? page : offset;
  return new FanOutPlan({ pagination, start: startAt('https://a.example/items'), style });
}

test('a number of pages that is one too few loses nothing', () => {
  for (const [total, said] of [
    [137, 5],
    [30, 1],
    [75, 2],
  ] as const) {
    const plan = planOf({ ...byPage, totalPagesPath: 'total_pages' });
    const driven = drive(plan, (request) => {
      const { records, ended } = answerCounted({ total, size: 25, says: 'nothing' }, request);
      if (ended.state !== 'stored') return { records, ended };
      return { records, ended: stored({ ...ended.pageInfo, totalPages: said }) };
    });
    assert.deepEqual(recordsOf(driven, 'page'), numbers(0, total));
    assert.equal(driven.end.reason, 'past-end');
    const [dropped] = driven.end.dropped ?? [];
    assert.equal(dropped?.what, 'totalPages');
    assert.match(dropped.why, /^total_pages says \d pages?, and page \d has records$/);
  }
});

test('whether a full last page is the last is settled by one request more', () => {
  const ofPages = (pastEnd: 'empty' | 'last-again' | number) => {
    const fails = (ordinal: number) => pastEnd === 500 && ordinal >= 50;
    const own = pastEnd === 500 ? { fails } : { pastEnd };
    return drive(planOf(byPage), (request) =>
      answerCounted({ total: 50, size: 25, says: 'pages', ...own }, request),
    );
  };
  for (const pastEnd of ['empty', 'last-again', 404, 400] as const) {
    const { end, asked } = ofPages(pastEnd);
    assert.deepEqual([end.reason, end.ends[0]!.position], ['stated', 2], String(pastEnd));
    assert.equal(asked.length, 3);
  }
  // What cannot be read proves nothing, and is no failure of the list.
  const { end } = ofPages(500);
  assert.deepEqual([end.reason, end.ends[0]!.position], ['past-end', 2]);
  assert.match(end.dropped![0]!.why, /the last of them is full, and what follows it could not be/);
});

test('of two totals that do not agree, the one that came counts', () => {
  const ofBoth = (total: number, said: number, pages: (page: number) => number) => {
    const plan = planOf({ ...byPage, totalPath: 'total', totalPagesPath: 'pages' });
    return drive(plan, (request) => {
      const { records, ended } = answerCounted({ total, size: 25, says: 'nothing' }, request);
      if (ended.state !== 'stored') return { records, ended };
      const totalPages = pages(records.length);
      return { records, ended: stored({ ...ended.pageInfo, total: said, totalPages }) };
    });
  };
  // One page too few; the records in the page; one that is of something else.
  for (const pages of [() => 5, (records: number) => records, () => 40]) {
    const driven = ofBoth(137, 137, pages);
    assert.equal(driven.end.reason, 'total');
    assert.deepEqual(recordsOf(driven, 'page'), numbers(0, 137));
    assert.deepEqual(
      driven.end.dropped?.map(({ what }) => what),
      ['totalPages'],
    );
    assert.ok(driven.asked.length <= 7);
  }
  // The total is of something else, and smaller than a page, or is the number in the page.
  for (const said of [3, 25]) {
    const driven = ofBoth(137, said, () => 6);
    assert.deepEqual(recordsOf(driven, 'page'), numbers(0, 137));
    assert.deepEqual(
      driven.end.dropped?.map(({ what }) => what),
      ['total'],
    );
    assert.equal(driven.end.reason, 'stated');
  }
});

test('where pages come to an end before a larger total, the server gives no more', () => {
  const plan = planOf({ ...byPage, first: 0, totalPath: 'nbHits' });
  const driven = drive(plan, (request) => {
    const { records, ended } = answerCounted(
      { total: 5562, size: 100, says: 'nothing', ceiling: 1000 },
      { ...request, url: request.url.replace(/page=(\d+)/, (_, n) => `page=${Number(n) + 1}`) },
    );
    if (ended.state !== 'stored') return { records, ended };
    const isOver = records.length === 0;
    const totals = { total: isOver ? 0 : 5562, totalPages: isOver ? 0 : 10 };
    return { records, ended: stored({ ...ended.pageInfo, ...totals }) };
  });
  assert.equal(driven.end.reason, 'ceiling');
  assert.match(
    driven.end.detail!,
    /the first 1,000 records are empty, and there are said to be 5,562/,
  );
});

test('a refusal where more was stated is asked for again, and is then no end', () => {
  const refusing = (times: number, status = 400) => {
    let refused = 0;
    const driven = drive(planOf({ ...byPage, morePath: 'has_more' }), (request) => {
      if (request.place.position >= 2 && refused < times) {
        refused += 1;
        const state = request.speculative ? 'beyond-end' : 'failed';
        return { records: [], ended: { state, status } };
      }
      return answerCounted({ total: 300, size: 30, says: 'more' }, request);
    });
    return { ...driven, records: recordsOf(driven, 'page') };
  };
  const healed = refusing(2);
  assert.deepEqual(healed.records, numbers(0, 300));
  assert.equal(healed.end.reason, 'stated');
  const again = refusing(99);
  assert.deepEqual(again.failed, [{ branch: 0, position: 2 }]);
  assert.deepEqual(again.records, numbers(0, 60));
  const gone = refusing(99, 404);
  assert.equal(gone.end.reason, 'past-end');
  assert.match(
    gone.end.detail!,
    /says that there is more, and the one after it was refused \(404\)/,
  );
});

test('a page that is cut short by a ceiling leaves a list that is capped, not failed', () => {
  const api = { total: 1735, size: 100, ceiling: 992, pastEnd: 400 } as const;
  const driven = drive(planOf({ ...byOffset, totalPath: 'total' }), (request) =>
    answerCounted(api, request),
  );
  assert.equal(driven.end.reason, 'ceiling');
  assert.deepEqual(driven.failed, []);
  assert.match(
    driven.end.detail!,
    /the first 992 records are refused \(400\), and there are said to be 1,735/,
  );
});

test('an empty page in mid-list is asked for again, or goes on where it says that there is more', () => {
  const holed = (more: boolean | null, isOnce: boolean) => {
    let empty = 0;
    return drive(planOf({ ...byPage, morePath: 'has_more' }), (request) => {
      const answer = answerCounted({ total: 90, size: 10, says: 'more' }, request);
      if (request.place.position !== 3 || (isOnce && empty > 0)) return answer;
      empty += 1;
      return { records: [], ended: stored({ more }) };
    });
  };
  assert.deepEqual(recordsOf(holed(null, true), 'page'), numbers(0, 90));
  const skipped = [...numbers(0, 30), ...numbers(40, 90)];
  assert.deepEqual(recordsOf(holed(true, false), 'page'), skipped);
});

test('an end is stated by a number of pages only where they came', () => {
  const short = drive(planOf({ ...byPage, totalPagesPath: 'pages' }), (request) => {
    const { records, ended } = answerCounted({ total: 60, size: 10, says: 'nothing' }, request);
    if (ended.state !== 'stored') return { records, ended };
    return { records, ended: stored({ ...ended.pageInfo, totalPages: 10 }) };
  });
  assert.equal(short.end.reason, 'past-end');
  assert.match(short.end.detail!, /after 60 records are empty, though the server states 10 pages/);
});

test('where nothing states an end, empty pages behind a full one are looked behind and asked for again', () => {
  const api = { total: 90, size: 10, says: 'nothing' } as const;
  const holed = (positions: readonly number[], times: number) => {
    const left = new Map(positions.map((position) => [position, times]));
    return drive(planOf(byPage), (request) => {
      const { position } = request.place;
      const more = left.get(position) ?? 0;
      left.set(position, more - 1);
      return more > 0 ? { records: [], ended: stored({}) } : answerCounted(api, request);
    });
  };
  // A server that filters its pages; one whose copies differ for a moment.
  for (const [positions, missing] of [
    [[2, 3], numbers(20, 40)],
    [[1, 2, 3], numbers(10, 40)],
  ] as const) {
    const rest = numbers(0, 90).filter((record) => !missing.includes(record));
    assert.deepEqual(recordsOf(holed(positions, 9), 'page'), rest);
  }
  for (const position of [1, 2, 4, 8]) {
    assert.deepEqual(recordsOf(holed([position], 1), 'page'), numbers(0, 90), String(position));
  }
  // A short page shows the end by itself, and so does an empty one once it was looked behind.
  const short = drive(planOf(byPage), (request) => answerCounted({ ...api, total: 15 }, request));
  assert.equal(short.asked.length, 4);
  const full = holed([], 0);
  assert.equal(full.asked.filter(({ place }) => place.position === 9).length, 2);
});
