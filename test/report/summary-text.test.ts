import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { verificationText } from '../../src/cli/verification-text.ts';
import { shellQuote } from '../../src/core/escape.ts';
import type { PaginationFacts, Stop, Summary } from '../../src/core/summary.ts';
import { summaryJson } from '../../src/report/json-log.ts';
import { flagsAfter } from '../../src/report/stop-text.ts';
import { type SummaryContext, summaryText } from '../../src/report/summary-text.ts';
import { hostileText } from './sample-events.ts';
import { complete, failedPage, incomplete, pagedVerdict } from './sample-summary.ts';

const context: SummaryContext = {
  color: false,
  wallTime: Date.UTC(2025, 0, 1),
  total: 500,
  outputs: ['items.ndjson'],
  commands: {
    again: 'everypage AGAIN',
    takeWhatIsThere: 'everypage TAKE',
    anew: 'everypage ANEW',
    with: (flags, isOtherRun) =>
      ['everypage URL', ...flags.map(shellQuote), ...(isOtherRun ? ['--fresh'] : [])].join(' '),
  },
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
        "35.2 pages/s · 3 retries · paused 4.0 s for the server's limit · HTTP/2, 1 connection",
        'pace: 24 requests at once, found by latency: more did not raise throughput',
      ].join('\n'),
    );
  });

  it('says how a list of URLs was written where nobody said what a record is', () => {
    const lines = summaryText(complete, { ...context, isWholeByDefault: true }).split('\n');
    assert.equal(lines[1], '25,000 whole pages → items.ndjson (12.4 MB) in 14.2 s');
    assert.match(lines[2]!, /^Each URL was fetched as one page .*--records or --select PATH/);
    assert.doesNotMatch(summaryText(complete, context), /whole page|--records/);
  });

  it('does not count nothing on standard output where no page came', () => {
    const verdict = { ...incomplete.verdict, planned: 1, stored: 0, failed: 1 };
    const output = {
      ...complete.output!,
      destination: 'stdout',
      records: 0,
      bytes: 0,
      partial: true,
    };
    const summary = {
      ...incomplete,
      verdict,
      output,
      outputs: [output],
      failures: [failedPage(1)],
    };
    assert.doesNotMatch(summaryText(summary, { ...context, outputs: [] }), /→/);
    assert.match(summaryText(summary, context), /0 records → /);
  });

  it('does not say that no limit was reached where the server asked for a pause', () => {
    const pace = [{ ...complete.pace[0]!, by: 'none' as const }];
    assert.match(
      summaryText({ ...complete, pace }, context),
      /24 requests at once, between the pauses/,
    );
    const free = summaryText({ ...complete, pace, pausedMs: 0 }, context);
    assert.match(free, /24 requests at once, no limit was reached/);
  });

  it('says what a resumed run found there, and names both protocols', () => {
    const text = summaryText(
      {
        ...complete,
        fetched: 100,
        retries: 0,
        pausedMs: 0,
        outageMs: 0,
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
    const text = summaryText(
      { ...complete, output: null, outputs: [] },
      { ...context, outputs: [] },
    );
    assert.match(text, /500 pages → items\.ndjson\.everypage \(2\.5 MB received\)/);
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
      'To write what is there:',
      '  everypage TAKE',
    ]);
  });

  it('says that --strict is why nothing was written, and how to get a better verdict', () => {
    const summary = {
      ...complete,
      output: null,
      outputs: [],
      verdict: pagedVerdict({ name: 'complete' }),
    };
    const text = summaryText(summary, { ...context, strict: 'proven' });
    assert.match(
      text,
      /items\.ndjson was not written: the verdict is complete, and --strict=proven needs more\. /,
    );
    assert.match(text, /agree:\n {2}everypage ANEW\nTo write what is there:\n {2}everypage TAKE$/);
    assert.doesNotMatch(summaryText(summary, { ...context, strict: 'complete' }), /--strict|ANEW/);
    const sent = { ...summary, output: complete.output, outputs: complete.outputs };
    const said = summaryText(sent, { ...context, outputs: [], strict: 'proven' });
    assert.match(
      said,
      /^The exit code is 3: the verdict is complete, and --strict=proven needs more\.$/m,
    );
  });

  it('says that the API sent no JSON, before it offers to try again', () => {
    const verdict = { ...incomplete.verdict, planned: 1, stored: 0, failed: 1 };
    const text = (code: 'NOT_JSON' | 'TRUNCATED') => {
      const failures = [{ ...failedPage(1), status: 200, code, reason: 'why' }];
      return summaryText({ ...incomplete, verdict, failures }, context);
    };
    assert.match(
      text('NOT_JSON'),
      /\neverypage fetches JSON only\. Check the URL; .*\nTo try the missing page again:\n/,
    );
    assert.doesNotMatch(text('TRUNCATED'), /fetches JSON only/);
  });

  it('says that no page was fetched where a stop came first', () => {
    const verdict = { ...incomplete.verdict, planned: null, stored: 0, failed: 0, end: null };
    const stop = { kind: 'aborted' } as const;
    const text = summaryText(
      { ...incomplete, failures: [], verdict, stop },
      { ...context, total: null },
    );
    assert.match(text, /^No page was fetched\.\nStopped\.\n/);
  });

  it('counts a stopped run against the total that was known, and otherwise says so', () => {
    const verdict = { ...incomplete.verdict, planned: null, end: null, stored: 100, failed: 2 };
    const stop = { kind: 'aborted' } as const;
    const known = summaryText({ ...incomplete, verdict, stop }, context);
    assert.match(known, /^100 of 500 pages are OK; 400 are missing, 2 failed\./);
    const unknown = summaryText({ ...incomplete, verdict, stop }, { ...context, total: null });
    assert.match(unknown, /^100 pages are OK; the total is not known yet, 2 failed\./);
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
    const text = summaryText({ ...incomplete, output, outputs: [output] }, context);
    assert.match(text, /in 14\.2 s, without the missing pages/);
    assert.doesNotMatch(text, /TAKE/);
  });

  it('says why it stopped and how to go on, for every reason', () => {
    assert.match(stopped({ kind: 'signal', signal: 'SIGINT' }), /Stopped by SIGINT\..*To resume:/s);
    assert.match(stopped({ kind: 'aborted' }), /Stopped\./);
    assert.match(stopped({ kind: 'max-pages', maxPages: 7 }), /--max-pages 7/);
    assert.match(stopped({ kind: 'deadline', deadlineMs: 90_000 }), /--deadline 1 min 30 s/);
    const untilWallTime = context.wallTime + 7_200_000;
    assert.match(
      stopped({ kind: 'max-wait', untilWallTime, reason: '429' }),
      /until 2025-01-01T02:00:00Z, 2 h from now \(429\).*--max-wait; run again then/,
    );
    assert.match(
      stopped({
        kind: 'credentials',
        status: 401,
        url: 'https://a.example/',
        credentials: 'sent',
        answer: null,
      }),
      /rejects the credentials \(401 for https:\/\/a\.example\/\)/,
    );
    const other = stopped({ kind: 'safety', code: 'OTHER_ORIGIN', message: 'another origin' });
    assert.match(other, /another origin\. --allow-origin/);
    const said = stopped({ kind: 'safety', code: 'CERTIFICATE', message: 'expired; use -k' });
    assert.equal(said.match(/-k\b/g)?.length, 1);
    assert.equal(stopped({ kind: 'closed-pipe' }), '');
  });

  it('heads the command with what it needs first, or leaves it out where it would end in the same way', () => {
    const refused = (credentials: 'sent' | 'none' | 'withheld', status = 401) =>
      stopped({
        kind: 'credentials',
        status,
        url: 'https://a.example/',
        credentials,
        answer: null,
      });
    assert.match(refused('sent'), /To resume with new ones:\n {2}everypage AGAIN/);
    assert.match(refused('none'), /To resume, add one of these flags to:\n {2}everypage AGAIN/);
    assert.doesNotMatch(refused('withheld'), /AGAIN/);
    const unsafe = (code: (Stop & { kind: 'safety' })['code'], message: string) =>
      stopped({ kind: 'safety', code, message });
    assert.match(unsafe('CERTIFICATE', 'it is self-signed'), /add one of these flags to:\n/);
    assert.match(
      unsafe('OTHER_ORIGIN', 'a link leads elsewhere'),
      /To resume, add that flag to:\n/,
    );
    const led =
      'a link leads to another origin, http://b.example. If you trust it, add --allow-origin http://b.example; it gets none';
    assert.match(unsafe('OTHER_ORIGIN', led), /To resume with that flag:\n/);
    assert.deepEqual(flagsAfter({ kind: 'safety', code: 'OTHER_ORIGIN', message: led }), [
      '--allow-origin',
      'http://b.example',
    ]);
    const inside = 'x resolves to 10.0.0.5. If you mean it, add --allow-address 10.0.0.5';
    assert.deepEqual(flagsAfter({ kind: 'safety', code: 'PRIVATE_ADDRESS', message: inside }), [
      '--allow-address',
      '10.0.0.5',
    ]);
    const downgrade = unsafe('OTHER_ORIGIN', 'it leads to http; that is never followed');
    assert.doesNotMatch(downgrade, /AGAIN|--allow-origin/);
    const expected = (summary: Partial<Summary>) =>
      summaryText({ ...incomplete, failures: [], ...summary }, { ...context, expect: 5 });
    const list = { ...incomplete.verdict, stored: 9, planned: 9, failed: 0 };
    const verdict = { ...list, reasons: ['5 records were expected, 9 came'] };
    assert.match(expected({ verdict }), /To resume with another --expect:\n {2}everypage AGAIN/);
    const paged = pagedVerdict({ name: 'incomplete', reasons: ['5 records were expected'] });
    assert.match(
      expected({ verdict: paged }),
      /If these are all records:\n {2}everypage URL --expect 137$/m,
    );
    const both = pagedVerdict({ name: 'incomplete', reasons: ['5 were expected', 'it is short'] });
    assert.doesNotMatch(expected({ verdict: both }), /With another/);
  });

  it('does not offer to ask again for what is refused outright, or to read what leads back again', () => {
    const failing = (status: number | null, stored = 0) => {
      const verdict = { ...incomplete.verdict, stored, planned: null, failed: 1 };
      const failures = [{ ...failedPage(1), status, reason: 'refused' }];
      return summaryText({ ...incomplete, verdict, failures }, context);
    };
    for (const status of [400, 404, 406]) {
      assert.doesNotMatch(failing(status), /missing pages? again|AGAIN/);
      assert.match(
        failing(status),
        /will probably be refused again\. Check the URL and the headers/,
      );
    }
    for (const status of [408, 429, 503, null]) assert.match(failing(status), /missing page again/);
    assert.match(failing(404, 3), /missing page again/);
    const looped = pagedVerdict({ name: 'incomplete', end: 'loop', reasons: ['it led back'] });
    const text = summaryText({ ...incomplete, failures: [], verdict: looped }, context);
    assert.doesNotMatch(text, /--fresh|ANEW/);
    assert.match(text, /in the same loop\. Say how the list is paginated with --paginate/);
  });

  it('names the flags for credentials where none were sent, and what the server answers', () => {
    const url = 'https://a.example/';
    const of = (status: number, credentials: 'sent' | 'none' | 'withheld') =>
      stopped({ kind: 'credentials', status, url, credentials, answer: '"no key"' });
    assert.match(
      of(401, 'none'),
      /Stopped: 401 for https:\/\/a\.example\/: no credentials were sent\. The server says "no key"\. Give them with --bearer-env VAR, -u USER, -n or -H @FILE\./,
    );
    assert.match(
      of(403, 'none'),
      /403 for \S+: no credentials were sent\..* Give them with .*, if it needs some\./,
    );
    assert.match(of(401, 'sent'), /rejects the credentials \(401 for \S+\)\. The server says "no/);
    assert.match(
      of(401, 'withheld'),
      /no credentials were sent, because they were given for another/,
    );
  });

  it('says a long reason once for all pages that share it', () => {
    const reason = 'the body is not JSON (byte 0: it looks like HTML); it is text/html';
    const of = (count: number, failed = count) => {
      const failures = Array.from({ length: count }, (_, index) => ({
        ...failedPage(index),
        status: 200,
        reason,
        attempts: 6,
      }));
      const verdict = { ...incomplete.verdict, stored: 500 - failed, failed };
      const lines = summaryText({ ...incomplete, failures, verdict }, context).split('\n');
      return lines.slice(
        1,
        lines.findIndex((line) => line.includes('was not written')),
      );
    };
    assert.deepEqual(of(2), [
      `  200  2 pages: ${reason} (6 attempts each)`,
      '    https://a.example/?page=0',
      '    https://a.example/?page=1',
    ]);
    assert.deepEqual(of(14).slice(-2), ['    https://a.example/?page=9', '  and 4 more']);
    assert.equal(of(20, 37)[0], `  200  20 pages or more: ${reason} (6 attempts each)`);
    assert.equal(of(20, 37).at(-1), '  and 27 more');
  });

  it('says nothing of what was kept, nor of connections, where no page came', () => {
    const verdict = { ...incomplete.verdict, stored: 0, failed: 500 };
    const none = { ...incomplete, verdict, fetched: 0, retries: 0, pausedMs: 0 };
    const text = summaryText(none, context);
    assert.match(text, /^items\.ndjson was not written\.$/m);
    assert.doesNotMatch(text, /kept in|connection/);
    assert.doesNotMatch(summaryText(none, { ...context, outputs: [] }), /^$/m);
  });

  it('offers nothing to go on with where all is gone in a moment', () => {
    const text = summaryText(incomplete, { ...context, outputName: 'a.ndjson' });
    assert.match(text, /^a\.ndjson was not written\.$/m);
    assert.doesNotMatch(text, /kept in|everypage (?:AGAIN|TAKE)/);
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

const facts: PaginationFacts = {
  style: 'page',
  evidence: ['Link header: rel="next" and rel="last" (14 in page)', 'page 2 differs from page 1'],
  flags: ['--paginate', 'page', '--page-param', 'page[no]'],
  recordsPath: 'data.items',
};

describe('the summary of a list that pages by itself', () => {
  const linesOf = (...change: Parameters<typeof pagedVerdict>): string[] =>
    summaryText(
      { ...complete, verdict: pagedVerdict(...change), output: null, outputs: [] },
      context,
    ).split('\n');

  it('says how many records came and what the server says of that', () => {
    assert.equal(linesOf()[0], 'All 14 pages are OK: 137 records, as many as the server says.');
    const silent = { totalAtStart: null, totalAtEnd: null };
    assert.equal(
      linesOf({ end: 'stated' }, silent)[0],
      'All 14 pages are OK: 137 records, up to the end that the server states.',
    );
    const one = linesOf({ planned: 1, stored: 1 }, { fetched: 1, totalAtEnd: 1 });
    assert.equal(one[0], 'The page is OK: 1 record, as many as the server says.');
    const lines = linesOf(
      { name: 'unverified', end: 'past-end', reasons: ['the server states no total'] },
      silent,
    );
    assert.equal(
      lines[0],
      'All 14 pages are OK: 137 records, unverified: the server states no total.',
    );
    assert.ok(!lines.join().includes('To '));
  });

  it('says what the level rests on, and what changed meanwhile', () => {
    const note = 'the total went from 137 to 138 while the list was read';
    const borders = 'each page begins with the last record of the page before';
    const proven = linesOf({ name: 'proven', evidence: [borders] });
    assert.equal(proven[0], `All 14 pages are OK: 137 records, proven: ${borders}.`);
    assert.match(proven[1]!, /^14 pages → /);
    const read = '5 pages were read again at the end and had not changed';
    assert.deepEqual(linesOf({ evidence: [read, note] }).slice(0, 3), [
      'All 14 pages are OK: 137 records, as many as the server says.',
      `  ${read}`,
      `  ${note}`,
    ]);
    const list = summaryText({ ...complete, output: null, outputs: [] }, context).split('\n');
    assert.equal(list[0], 'All 500 pages are OK.');
  });

  it('says what speaks against it, and what can be done about it', () => {
    const drifted = linesOf({
      name: 'drifted',
      reasons: ['the total went from 137 to 138 while the list was read', 'page 1 held others'],
    });
    assert.deepEqual(drifted.slice(0, 3), [
      'Drifted: the total went from 137 to 138 while the list was read.',
      '  page 1 held others',
      '  137 records on 14 pages',
    ]);
    assert.deepEqual(drifted.slice(-4), [
      'To read it again, until two readings agree:',
      '  everypage ANEW',
      'To write what is there:',
      '  everypage TAKE',
    ]);
    const capped = linesOf({ name: 'capped', end: 'ceiling', reasons: ['no more than 100'] });
    assert.equal(capped[0], 'Capped: no more than 100.');
    assert.match(capped.join('\n'), /--split fetches/);
    const single = linesOf({ name: 'incomplete', end: 'single', reasons: ['one page only: why'] });
    assert.equal(single[0], 'Incomplete: one page only: why.');
    assert.doesNotMatch(single.join('\n'), /AGAIN|ANEW/);
    const cures = [{ heading: 'If this page is all', flags: ['--paginate', 'none'] }];
    const helped = summaryText(
      {
        ...complete,
        output: null,
        outputs: [],
        verdict: pagedVerdict({ name: 'incomplete', end: 'single', reasons: ['one page only'] }),
        pagination: { ...facts, cures },
      },
      context,
    );
    assert.match(
      helped,
      /\nIf this page is all:\n {2}everypage URL --paginate none --fresh\nTo write what is there:/,
    );
    assert.doesNotMatch(helped, /to skip detection next time/);
    const missing = linesOf({ name: 'incomplete', reasons: ['12 records are missing'] });
    assert.match(missing.join('\n'), /To read it all again:\n {2}everypage ANEW/);
  });

  it('says where it stands when pages failed or the end was not reached', () => {
    const reasons = ['1 of 14 pages failed'];
    const failed = linesOf(
      { name: 'incomplete', stored: 13, failed: 1, reasons },
      { fetched: 130 },
    );
    assert.deepEqual(failed.slice(0, 2), [
      'Incomplete: 1 of 14 pages failed.',
      '  130 records on 13 of 14 pages',
    ]);
    assert.match(failed.join('\n'), /To try the missing page again:\n {2}everypage AGAIN/);
    const open = linesOf({ name: 'incomplete', planned: null, end: null, reasons: ['no end'] });
    assert.equal(open[1], '  137 records on 14 pages');
    assert.match(open.join('\n'), /To resume:\n {2}everypage AGAIN/);
  });

  it('says how it paged and how to pin that', () => {
    const of = (pagination: PaginationFacts, more: Partial<Summary> = {}): string =>
      summaryText({ ...complete, verdict: pagedVerdict(), pagination, ...more }, context);
    assert.match(
      of(facts),
      /^paginated by page number, 14 pages in parallel · Link header: rel="next" and rel="last" \(14 in page\); page 2 differs from page 1 · records at data\.items\nto skip detection next time:\n {2}everypage URL --paginate page --page-param 'page\[no\]'$/m,
    );
    const cursor: PaginationFacts = { style: 'cursor', evidence: [], flags: [], recordsPath: '@' };
    assert.match(of(cursor), /^paginated by cursor · each page is a list of records$/m);
    assert.match(of(cursor, { readings: 3 }), /^paginated by cursor · .* · read 3 times$/m);
    const single: PaginationFacts = { ...cursor, style: 'single', recordsPath: null };
    assert.match(of(single), /^one page$/m);
  });

  it('does not say that pages are missing from an output where none are', () => {
    const output = { ...complete.output!, partial: true };
    const lineOf = (change: Parameters<typeof pagedVerdict>[0]): string =>
      summaryText({ ...complete, verdict: pagedVerdict(change), outputs: [output] }, context);
    assert.match(
      lineOf({ name: 'drifted' }),
      /14\.2 s, though the list changed while it was read$/m,
    );
    assert.match(lineOf({ name: 'capped' }), /14\.2 s, as many as the server returns$/m);
    assert.match(lineOf({ name: 'incomplete', stored: 13 }), /without the missing pages$/m);
    assert.match(lineOf({ name: 'incomplete' }), /though it may be incomplete$/m);
  });

  it('holds no control of a server', () => {
    const text = summaryText(
      {
        ...complete,
        verdict: pagedVerdict({ name: 'drifted', reasons: [hostileText, hostileText] }),
        pagination: {
          style: 'next',
          evidence: [hostileText],
          flags: ['--next-path', hostileText],
          recordsPath: hostileText,
        },
      },
      context,
    );
    assert.doesNotMatch(text, /[^\P{Cc}\n]|\p{Bidi_Control}/u);
  });
});

describe('the summary as JSON', () => {
  it('is the summary and the exit code', () => {
    assert.deepEqual(JSON.parse(summaryJson(incomplete, 3)), { ...incomplete, exitCode: 3 });
  });
});

describe('the text of verify', () => {
  const verified = {
    verdict: complete.verdict,
    archivePath: 'items.ndjson.everypage',
    checkedPages: 500,
    checkedBytes: 12_400_000,
    problems: [],
    failures: [],
  };

  it('says the verdict and what was read for it', () => {
    assert.match(
      verificationText(verified, false),
      /^All 500 pages are OK\.\nitems\.ndjson\.everypage: 500 pages checked, 12\.4 MB/,
    );
  });

  it('says what the records showed', () => {
    const verdict = pagedVerdict({ name: 'drifted', reasons: ['the total changed', 'and more'] });
    assert.match(
      verificationText({ ...verified, verdict }, false),
      /^Drifted: the total changed\.\n {2}and more\n {2}137 records on 14 pages\n/,
    );
  });

  it('does not call pages OK that do not prove themselves', () => {
    const place = { branch: 0, position: 1 };
    const problems = Array.from({ length: 12 }, () => ({
      place,
      url: hostileText,
      problem: 'the hash differs',
    }));
    const text = verificationText({ ...verified, problems }, false);
    assert.match(text, /^12 stored pages are not what was received\./);
    assert.match(text, /the hash differs.*and 2 more/s);
    assert.doesNotMatch(text, /OK/);
    assert.doesNotMatch(text, /[^\P{Cc}\n]|\p{Bidi_Control}/u);
  });
});
