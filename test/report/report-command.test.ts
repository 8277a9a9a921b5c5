/** `everypage report` and `--report`, without a browser. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { before, type TestContext, test } from 'node:test';
import { listedArchive } from '../archive/listed-archive.ts';
import { temporaryFolder } from '../run/run-cli.ts';
import { runCliHere } from '../run/run-in-process.ts';
import { buildPageIfNeeded } from './built-page.ts';
import { startFlawedServer } from './flawed-server.ts';
import { readReport } from './read-report.ts';

process.env['NO_PROXY'] = '127.0.0.1';
before(buildPageIfNeeded);

/** A run over a server with flaws, with its report. */
async function flawedRun(t: TestContext, ...flags: readonly string[]) {
  const { url, origin } = await startFlawedServer(t);
  const folder = temporaryFolder(t);
  const words = [url, '--select', 'items', '-o', 'items.ndjson', '-q', ...flags];
  const { code, stderr } = await runCliHere(folder, words);
  return { folder, url, origin, code, stderr };
}

test('a run with --report draws what happened: tries, refusals, a pause, failures, sizes and types', async (t) => {
  const { folder, origin, code, stderr } = await flawedRun(t, '--report', 'run.html');
  assert.equal(code, 3, stderr);
  const { facts, attempts, urls } = await readReport(join(folder, 'run.html'));
  assert.equal(facts.verdict.name, 'incomplete');
  assert.match(facts.verdict.headline, /^59 of 60 pages are OK; 1 is missing\.$/);
  const { stored, failed, records } = facts.totals;
  assert.deepEqual({ stored, failed, records }, { stored: 59, failed: 1, records: 177 });
  // 60 pages, two retries of page 11, and those that were refused.
  const refused = facts.tally.find(({ kind }) => kind === 'refused')!;
  assert.ok(refused.attempts >= 1);
  assert.equal(facts.totals.attempts, 62 + refused.attempts);
  assert.equal(attempts.page.length, facts.totals.attempts);
  const told = [...attempts.told].filter((ms) => ms === 1000);
  assert.equal(told.length, 1);
  const errors = facts.tally.find(({ kind }) => kind === 'server-error')!;
  assert.deepEqual([errors.status, errors.attempts], [503, 2]);
  assert.equal(facts.pauses.length, 1);
  const [pause] = facts.pauses;
  assert.match(pause!.reason, /^429 Too Many Requests, Retry-After 1 s/);
  // It is noted once this process gets to it, which may be late; its end is the server's.
  assert.ok(pause!.to > pause!.from, `${pause!.from} to ${pause!.to}`);
  assert.deepEqual(facts.limiters, [origin]);
  assert.ok(facts.changes.length > 0);
  assert.deepEqual(
    facts.limits.map(({ from, to, ...limit }) => ({ ...limit, lasts: from < to })),
    [
      { policy: 'burst', limiter: 0, quota: 1000, windowMs: 10_000, leastLeft: 940, lasts: true },
      {
        policy: 'daily',
        limiter: 0,
        quota: 5_000_000,
        windowMs: 86_400_000,
        leastLeft: 4_000_000,
        lasts: true,
      },
    ],
  );
  assert.deepEqual(
    facts.failed.map(({ url, state }) => [url, state]),
    [[`${origin}/items?page=7`, 'failed']],
  );
  assert.match(
    facts.failed[0]!.attempts[0]!.outcome,
    /^404 Not Found; the server says "no such page"/,
  );
  assert.ok(
    facts.slowest.some(({ url }) => url === `${origin}/items?page=11`) ||
      facts.slowest.length === 25,
  );
  assert.equal(facts.tries.find(({ attempts: count }) => count === 3)?.pages, 1);
  assert.ok(urls.every((url) => url.startsWith(`${origin}/items?page=`)));
  assert.equal(
    facts.sizes!.bins.reduce((sum, { pages }) => sum + pages, 0),
    59,
  );
  const fields = facts.schema!.columns.map(({ name, type, mayBeNull, mayBeAbsent }) =>
    [name, type, mayBeNull && 'null', mayBeAbsent && 'absent'].filter(Boolean).join(' '),
  );
  assert.deepEqual(fields, [
    'id integer',
    'name string',
    'owner object',
    'owner.email string null',
    'note string absent',
  ]);
});

test('everypage report draws an unfinished archive as its run did, and says that it is unfinished', async (t) => {
  const { folder } = await flawedRun(t, '--report', 'run.html', '--max-pages', '30');
  const made = await runCliHere(folder, [
    'report',
    'items.ndjson.everypage.part',
    '-o',
    'later.html',
  ]);
  assert.equal(made.code, 0, made.stderr);
  assert.match(
    made.stderr,
    /^everypage: This run has not ended: .*\nreport → later\.html \(.* kB\)\n$/,
  );
  const [run, later] = [
    await readReport(join(folder, 'run.html')),
    await readReport(join(folder, 'later.html')),
  ];
  assert.equal(later.facts.notices.length, 1);
  assert.deepEqual(later.facts.notices, run.facts.notices);
  assert.deepEqual(later.attempts, run.attempts);
  assert.deepEqual(later.facts.pauses, run.facts.pauses);
  assert.deepEqual(later.facts.tally, run.facts.tally);
  assert.deepEqual(later.facts.schema, run.facts.schema);
});

test('a run whose archive is not kept has its report all the same', async (t) => {
  const { url } = await startFlawedServer(t);
  const folder = temporaryFolder(t);
  const range = url.replace('[1-60]', '[30-35]');
  const streamed = await runCliHere(folder, [range, '--report', 'out.html', '-q']);
  assert.equal(streamed.code, 0, streamed.stderr);
  assert.equal(streamed.stdout.trim().split('\n').length, 6);
  const { facts } = await readReport(join(folder, 'out.html'));
  assert.deepEqual([facts.verdict.name, facts.totals.stored], ['proven', 6]);
  const removed = ['-o', 'a.ndjson', '--no-keep', '--report', 'kept.html', '-q'];
  assert.equal((await runCliHere(folder, [range, ...removed])).code, 0);
  assert.equal((await readReport(join(folder, 'kept.html'))).facts.totals.stored, 6);
  assert.deepEqual(readdirSync(folder).sort(), ['a.ndjson', 'kept.html', 'out.html']);
});

test('an archive that is not what was received is drawn, with a sentence that says so', async (t) => {
  const { path, folder } = listedArchive(t, ['{"id":1}', '{"id":2}']);
  const database = new DatabaseSync(path);
  database.exec(`UPDATE content SET body = CAST('{"id":9}' AS BLOB) WHERE id = 1`);
  database.close();
  const { code, stderr } = await runCliHere(folder, ['report', path, '-o', 'report.html']);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^everypage: 1 stored page is not what was received\./);
  const { facts } = await readReport(join(folder, 'report.html'));
  assert.equal(facts.verdict.name, 'incomplete');
  assert.match(facts.notices[0]!, /1 stored page is not what was received/);
  assert.equal(facts.schema, null);
});

test('what is no archive, and an output that cannot be, end in one line and write nothing', async (t) => {
  const { path, folder } = listedArchive(t, ['{"id":1}']);
  const before = readFileSync(path);
  writeFileSync(join(folder, 'text.everypage'), 'this is text');
  const wrong: readonly (readonly [words: readonly string[], code: number, said: RegExp])[] = [
    [
      ['nothing.everypage', '-o', 'a.html'],
      2,
      /There is no archive nothing\.everypage\. Check the path\./,
    ],
    [['text.everypage', '-o', 'a.html'], 1, /text\.everypage/],
    [[path, '-o', path], 2, /the archive and the output are the same file/],
    [
      [path, '-o', 'a.html', '-o', 'b.html'],
      2,
      /a report is one file; give one -o\n {2}try: everypage report /,
    ],
    [[path, '-o', join('missing', 'a.html')], 2, /the folder missing does not exist/],
    [[], 2, /everypage report needs an archive/],
  ];
  for (const [words, code, said] of wrong) {
    const result = await runCliHere(folder, ['report', ...words]);
    assert.equal(result.code, code, `${words.join(' ')}: ${result.stderr}`);
    assert.match(result.stderr, said);
    assert.ok(!result.stderr.includes('    at '), result.stderr);
  }
  assert.deepEqual(readFileSync(path), before);
  assert.ok(!existsSync(join(folder, 'a.html')));
});

test('--report is held against the other files of a run, and a report that was there is replaced whole', async (t) => {
  const { url } = await startFlawedServer(t);
  const folder = temporaryFolder(t);
  const range = url.replace('[1-60]', '[30-31]');
  const same = await runCliHere(folder, [range, '-o', 'a.ndjson', '--report', 'a.ndjson']);
  assert.equal(same.code, 2);
  assert.match(
    same.stderr,
    /--report and the output are the same file|the output and --report are the same file/,
  );
  assert.deepEqual(readdirSync(folder), []);
  writeFileSync(join(folder, 'r.html'), 'an older one');
  const made = await runCliHere(folder, [range, '-o', 'a.ndjson', '--report', 'r.html']);
  assert.equal(made.code, 0, made.stderr);
  assert.match(made.stderr, /\nreport → r\.html \(.* kB\)\n$/);
  assert.equal((await readReport(join(folder, 'r.html'))).facts.totals.stored, 2);
});

const skipOnOthers = process.platform === 'linux' ? false : 'only Linux has /dev/full';

test('a report that cannot be written ends in one line with the command that makes it again', {
  skip: skipOnOthers,
}, async (t) => {
  const { url } = await startFlawedServer(t);
  const folder = temporaryFolder(t);
  const range = url.replace('[1-60]', '[30-31]');
  const words = [range, '-o', 'a b.ndjson', '--report', '/dev/full', '-q'];
  const { code, stderr } = await runCliHere(folder, words);
  assert.equal(code, 1, stderr);
  assert.match(stderr, /^everypage: Cannot write --report \/dev\/full .*\n$/);
  assert.match(stderr, /everypage report 'a b\.ndjson\.everypage' -o \/dev\/full makes it again/);
  const again = await runCliHere(folder, ['report', 'a b.ndjson.everypage', '-o', 'r.html', '-q']);
  assert.deepEqual([again.code, again.stderr], [0, '']);
});

test('no credential is in a report: not of a header, a URL or what a server repeats', async (t) => {
  const { url } = await startFlawedServer(t);
  const folder = temporaryFolder(t);
  const secret = 'hunter2-hunter2-hunter2';
  const range = `${url.replace('[1-60]', '[6-8]')}&api_key=${secret}`;
  const words = [
    range,
    '-H',
    `authorization: Bearer ${secret}`,
    '--archive',
    'a.everypage',
    '--report',
    'r.html',
    '-q',
  ];
  await runCliHere(folder, words);
  const data = await readReport(join(folder, 'r.html'));
  const text = JSON.stringify(data.facts) + data.urls.join('\n');
  assert.match(text, /page=7/);
  assert.ok(!text.includes('hunter2'), text);
});
