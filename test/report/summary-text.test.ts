import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Stop, Summary } from '../../src/core/summary.ts';
import { summaryJson } from '../../src/report/summary-json.ts';
import { type SummaryContext, summaryText } from '../../src/report/summary-text.ts';
import { verificationText } from '../../src/report/verification-text.ts';
import { hostileText } from './sample-events.ts';
import { complete, failedPage, incomplete } from './sample-summary.ts';

const context: SummaryContext = {
  color: false,
  wallTime: Date.UTC(2025, 0, 1),
  total: 500,
  output: 'items.ndjson',
  commands: { again: 'everypage AGAIN', takeWhatIsThere: 'everypage TAKE' },
};

function stopped(stop: Stop): string {
  return summaryText({ ...incomplete, failures: [], stop }, context);
}

describe('the summary of a complete run', () => {
  it('says that all pages are OK, where the records went, and how it went', () => {
    assert.equal(
      summaryText(complete, context),
      [
        'All 500 pages are OK.',
        '25,000 records → items.ndjson (12.4 MB) in 14.2 s',
        "35.2 pages/s · 3 retries · paused 4.0 s for the server's limit · HTTP/2, 1 connection · concurrency 24",
      ].join('\n'),
    );
  });

  it('says what a resumed run found there, and names both protocols', () => {
    const text = summaryText(
      {
        ...complete,
        fetched: 100,
        retries: 0,
        pausedMs: 0,
        connections: { 'HTTP/1.1': 5, 'HTTP/2': 2 },
      },
      context,
    );
    assert.match(text, /400 pages stored before · HTTP\/2, 2 connections · HTTP\/1\.1, 5 conn/);
    assert.doesNotMatch(text, /retr|paused/);
  });

  it('reads well for one page and for none', () => {
    const of = (count: number): Summary => ({
      ...complete,
      verdict: { ...complete.verdict, planned: count, stored: count },
    });
    assert.match(summaryText(of(1), context), /^The page is OK\./);
    assert.match(summaryText(of(0), context), /^The plan has no pages\./);
  });

  it('names the archive where there is no output', () => {
    const text = summaryText({ ...complete, output: null }, { ...context, output: null });
    assert.match(text, /500 pages → items\.ndjson\.everypage \(2\.5 MB on the wire\)/);
  });
});

describe('the summary of an incomplete run', () => {
  it('names ten pages and their reasons, how many more, and both commands', () => {
    const lines = summaryText(incomplete, context).split('\n');
    assert.equal(lines[0], '463 of 500 pages are OK; 37 are missing.');
    assert.equal(lines[1], '  404  https://a.example/?page=0  Not Found');
    assert.equal(lines[10], '  404  https://a.example/?page=9  Not Found');
    assert.equal(lines[11], '  and 27 more');
    assert.match(lines[12]!, /items\.ndjson was not written.*items\.ndjson\.everypage\.part/);
    assert.deepEqual(lines.slice(-4), [
      'To try the missing pages again:',
      '  everypage AGAIN',
      'To take what is there:',
      '  everypage TAKE',
    ]);
  });

  it('counts a stopped run against the total that was known, and otherwise says so', () => {
    const verdict = { ...incomplete.verdict, planned: null, stored: 100, failed: 2 };
    const stop = { kind: 'aborted' } as const;
    const known = summaryText({ ...incomplete, verdict, stop }, context);
    assert.match(known, /^100 of 500 pages are OK; 400 are missing, 2 failed\./);
    const unknown = summaryText({ ...incomplete, verdict, stop }, { ...context, total: null });
    assert.match(unknown, /^100 pages are OK; how many there are is not known yet, 2 failed\./);
  });

  it('does not say a status twice, nor count a page that failed as one that was there', () => {
    const failures = [{ ...failedPage(1), reason: '404 Not Found' }];
    const verdict = { ...incomplete.verdict, stored: 499, failed: 1 };
    const text = summaryText({ ...incomplete, verdict, failures, fetched: 499 }, context);
    assert.match(text, /^ {2}404 {2}\S+ {2}Not Found$/m);
    assert.doesNotMatch(text, /stored before/);
  });

  it('offers no other output where one was written from what is there', () => {
    const output = { ...complete.output!, partial: true };
    const text = summaryText({ ...incomplete, output }, context);
    assert.match(text, /in 14\.2 s, without the pages that are missing/);
    assert.doesNotMatch(text, /TAKE/);
  });

  it('says why it stopped and how to go on, for every reason', () => {
    assert.match(stopped({ kind: 'signal', signal: 'SIGINT' }), /Stopped by SIGINT\..*To go on:/s);
    assert.match(stopped({ kind: 'aborted' }), /Stopped\./);
    assert.match(stopped({ kind: 'max-pages', maxPages: 7 }), /--max-pages 7/);
    assert.match(stopped({ kind: 'deadline', deadlineMs: 90_000 }), /--deadline 1 min 30 s/);
    const untilWallTime = context.wallTime + 7_200_000;
    assert.match(
      stopped({ kind: 'max-wait', untilWallTime, reason: '429' }),
      /until 2025-01-01T02:00:00Z, 2 h from now \(429\).*--max-wait; come back then/,
    );
    assert.match(
      stopped({ kind: 'credentials', status: 401, url: 'https://a.example/' }),
      /refuses the credentials \(401 for https:\/\/a\.example\/\)/,
    );
    const other = stopped({ kind: 'safety', code: 'OTHER_ORIGIN', message: 'another origin' });
    assert.match(other, /another origin\. --allow-origin/);
    const said = stopped({ kind: 'safety', code: 'CERTIFICATE', message: 'expired; use -k' });
    assert.equal(said.match(/-k\b/g)?.length, 1);
    assert.equal(stopped({ kind: 'closed-pipe' }), '');
  });

  it('holds no control of a server', () => {
    const failures = [{ ...failedPage(1), url: hostileText, reason: hostileText }];
    const summary: Summary = {
      ...incomplete,
      failures,
      stop: { kind: 'max-wait', untilWallTime: 0, reason: hostileText },
    };
    assert.doesNotMatch(summaryText(summary, context), /[^\P{Cc}\n]|\p{Bidi_Control}/u);
  });
});

describe('the summary as JSON', () => {
  it('is the summary and the exit code', () => {
    assert.deepEqual(JSON.parse(summaryJson(incomplete, 3)), { ...incomplete, exitCode: 3 });
  });
});

describe('the text of verify', () => {
  const facts = {
    verdict: complete.verdict,
    archivePath: 'items.ndjson.everypage',
    checkedPages: 500,
    checkedBytes: 12_400_000,
    problems: [],
    failures: [],
  };

  it('says the verdict and what was read for it', () => {
    assert.match(
      verificationText(facts, false),
      /^All 500 pages are OK\.\nitems\.ndjson\.everypage: 500 pages read again, 12\.4 MB/,
    );
  });

  it('does not call pages OK that do not prove themselves', () => {
    const place = { branch: 0, position: 1 };
    const problems = Array.from({ length: 12 }, () => ({
      place,
      url: hostileText,
      problem: 'the hash differs',
    }));
    const text = verificationText({ ...facts, problems }, false);
    assert.match(text, /^12 stored pages do not hold what was received\./);
    assert.match(text, /the hash differs.*and 2 more/s);
    assert.doesNotMatch(text, /OK/);
    assert.doesNotMatch(text, /[^\P{Cc}\n]|\p{Bidi_Control}/u);
  });
});
