import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { gatherReport } from '../../src/archive-thread/gather-report.ts';
import { ReportAttempts, seenAttempt } from '../../src/archive-thread/report-attempts.ts';
import { ReportPages } from '../../src/archive-thread/report-pages.ts';
import { Timeline } from '../../src/archive-thread/report-timeline.ts';
import { attemptKinds } from '../../src/report/report-data.ts';
import {
  attemptAt,
  BORN_AT,
  createArchive,
  failedPage,
  storedPage,
  temporaryFolder,
} from '../archive/sample-pages.ts';

const HOUR = 3_600_000;

test('the hours between two runs are cut out of the time axis, and the pauses of one are not', () => {
  const time = new Timeline([
    { from: 1_000, to: 2_000 },
    { from: 2_000, to: 92_000 },
    { from: 92_000 + 8 * HOUR, to: 93_000 + 8 * HOUR },
  ]);
  assert.deepEqual(time.facts, { startedAt: 1_000, cuts: [{ at: 92_000, ms: 8 * HOUR - 1_000 }] });
  assert.equal(time.at(2_000), 1_000);
  assert.equal(time.at(92_000), 91_000);
  assert.equal(time.at(92_000 + 8 * HOUR), 92_000);
  assert.equal(time.endMs, 93_000);
});

test('the idle times of a pace of one request in two minutes stay', () => {
  const spans = Array.from({ length: 10 }, (_, at) => ({
    from: at * 120_000,
    to: at * 120_000 + 300,
  }));
  const time = new Timeline(spans);
  assert.deepEqual(time.facts.cuts, []);
  assert.equal(time.endMs, 9 * 120_000 + 300);
});

test('of more attempts than can be drawn some are left out, and all of them are counted', () => {
  const attempts = new ReportAttempts({ ok: 300_001, others: 100_000 });
  assert.deepEqual(attempts.drawn, { okEvery: 3, otherEvery: 2 });
  for (let position = 0; position < 100; position += 1) {
    const refused = attemptAt(position, {
      status: 429,
      outcome: '429',
      toldToWaitMs: 5,
      bodyBytes: 1,
    });
    const ok = attemptAt(position, { number: 2, bodyBytes: 10 });
    attempts.add(`u${position}`, [seenAttempt(refused, false), seenAttempt(ok, false)]);
  }
  assert.equal(attempts.count, 200);
  assert.equal(attempts.bytes, 1_100);
  assert.deepEqual(
    attempts.tally.map(({ kind, attempts: count, bytes }) => [kind, count, bytes]),
    [
      ['ok', 100, 1_000],
      ['refused', 100, 100],
    ],
  );
  const { kind, page } = attempts.columns((time) => time);
  const drawn = [...kind].map((index) => attemptKinds[index]);
  assert.equal(drawn.filter((name) => name === 'ok').length, 34);
  assert.equal(drawn.filter((name) => name === 'refused').length, 50);
  assert.ok([...page].every((index) => attempts.urls[index]?.startsWith('u')));
});

test('each kind of attempt is told from the others', () => {
  const kinds = [
    attemptAt(0),
    attemptAt(0, { status: 429, outcome: '429 Too Many Requests' }),
    attemptAt(0, { status: 403, outcome: '403 Forbidden', toldToWaitMs: 1_000 }),
    attemptAt(0, { status: 503, outcome: '503 Service Unavailable' }),
    attemptAt(0, { status: null, outcome: 'the connection was closed' }),
    attemptAt(0, { status: 200, outcome: 'the body is not JSON' }),
    attemptAt(0, { status: 202, outcome: '202 Accepted', toldToWaitMs: 1_000 }),
  ].map((attempt) => seenAttempt(attempt, false).kind);
  const expected = [
    'ok',
    'refused',
    'refused',
    'server-error',
    'no-answer',
    'not-a-page',
    'not-a-page',
  ];
  assert.deepEqual(kinds, expected);
  assert.equal(seenAttempt(attemptAt(0, { status: 404, outcome: '404' }), true).kind, 'past-end');
});

test('the slowest pages are those whose attempts took longest together, and there are not too many', () => {
  const pages = new ReportPages();
  for (let position = 0; position < 200; position += 1) {
    const attempts = [1, 2].map((number) =>
      seenAttempt(attemptAt(position, { number, durationMs: (position * 37) % 200 }), false),
    );
    pages.add({ place: { branch: 0, position }, page: null, attempts });
  }
  const { slowest, tries } = pages.facts((time) => time);
  assert.equal(slowest.length, 25);
  assert.deepEqual(
    slowest.slice(0, 3).map(({ totalMs }) => totalMs),
    [398, 396, 394],
  );
  assert.deepEqual(tries, [{ attempts: 2, pages: 200 }]);
});

test('sizes that differ by powers of ten and sizes that are much alike both have bins that hold all', (t) => {
  for (const sizes of [
    [0, 3, 70, 70_000],
    [5_010, 5_020, 5_090],
    [4, 4],
  ]) {
    const pages = new ReportPages();
    for (const [position, bodyBytes] of sizes.entries()) {
      const place = { branch: 0, position };
      const own = {
        place,
        url: 'u',
        state: 'stored' as const,
        status: 200,
        headers: null,
        records: 1,
      };
      pages.add({ place, page: { ...own, bodyBytes }, attempts: [] });
    }
    const { bins, least, most } = pages.facts((time) => time).sizes!;
    t.diagnostic(JSON.stringify(bins));
    assert.deepEqual([least, most], [Math.min(...sizes), Math.max(...sizes)]);
    assert.equal(
      bins.reduce((sum, bin) => sum + bin.pages, 0),
      sizes.length,
    );
    assert.ok(bins[0]!.pages > 0 && bins.at(-1)!.pages > 0 && bins.length < 40);
  }
});

test('attempts of a page that has no end state, and pages without attempts, are in a report', (t) => {
  const archive = createArchive(join(temporaryFolder(t), 'a'));
  archive.store(
    [storedPage(0), failedPage(2)],
    [attemptAt(1), attemptAt(2, { status: 503, outcome: '503' })],
  );
  const { facts, urls, attempts } = gatherReport(archive, {
    name: 'a',
    verdict: archive.verdict(),
    output: { kind: 'selection', select: null },
    notices: [],
    now: BORN_AT,
  });
  assert.equal(facts.totals.attempts, 2);
  assert.equal(facts.failed.length, 1);
  assert.deepEqual(
    [...attempts.page].map((index) => urls[index] === ''),
    [true, false],
  );
  assert.ok(facts.slowest.some(({ state }) => state === 'pending'));
  archive.close();
});

test('a pause that a kill cut off ends when the next run begins', (t) => {
  const archive = createArchive(join(temporaryFolder(t), 'a'));
  const limiter = 'https://api.example';
  const startedAt = BORN_AT + 1_000;
  const pause = { limiter, startedAt, until: startedAt + HOUR, endedAt: null, reason: '429' };
  const pace = {
    limiter,
    concurrency: 5,
    perSecond: 2,
    statedPerSecond: 4,
    by: 'headers' as const,
  };
  const nextRun = BORN_AT + 600_000;
  archive.store(
    [storedPage(0), storedPage(1)],
    [attemptAt(0), attemptAt(1, { startedAt: nextRun })],
    {
      pauses: [{ ...pause, cause: 'limit' }],
      changes: [
        { ...pace, at: BORN_AT },
        { ...pace, at: nextRun, concurrency: 8 },
      ],
    },
  );
  const { facts } = gatherReport(archive, {
    name: 'a',
    verdict: archive.verdict(),
    output: { kind: 'selection', select: null },
    notices: [],
    now: BORN_AT,
  });
  const [drawn] = facts.pauses;
  assert.deepEqual([drawn!.from, drawn!.to, drawn!.cause], [1_000, 600_000, 'limit']);
  assert.deepEqual(
    facts.changes.map(({ at, concurrency }) => [at, concurrency]),
    [
      [0, 5],
      [600_000, 8],
    ],
  );
  assert.equal(facts.totals.pausedMs, 599_000);
  assert.equal(facts.pace, "Pace: 2.0 requests/s, set by the server's headers");
  archive.close();
});
