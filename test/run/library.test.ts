import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  allPages,
  EverypageError,
  exportArchive,
  type IterateOptions,
  pages,
  type RunEvent,
  records,
  run,
  UnfinishedError,
  verifyArchive,
} from '../../src/index.ts';
import { pageLine, pageRecords } from '../servers/page-body.ts';
import {
  type PageServer,
  type PageServerOptions,
  startPageServer,
} from '../servers/page-server.ts';

const states = mkdtempSync(join(tmpdir(), 'everypage-states-'));
process.env['XDG_STATE_HOME'] = states;
process.env['NO_PROXY'] = 'localhost';
after(() => rmSync(states, { recursive: true, force: true }));

interface Setting {
  readonly server: PageServer;
  readonly folder: string;
  /** Trusts the server. */
  readonly options: IterateOptions & { readonly caFile: string };
  readonly url: (n: number) => string;
}

async function setUp(t: TestContext, served: PageServerOptions = {}): Promise<Setting> {
  const server = await startPageServer(served);
  t.after(() => server.close());
  const folder = mkdtempSync(join(tmpdir(), 'everypage-library-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const caFile = join(folder, 'ca.pem');
  writeFileSync(caFile, server.ca);
  return { server, folder, options: { caFile }, url: (n) => `${server.origin}/pages/${n}` };
}

/** Fails the test where an unfinished run leaves what keeps a program from ending. */
async function assertNothingRuns(server: PageServer): Promise<void> {
  assert.deepEqual(threads(), []);
  const before = server.counts().total;
  await sleep(50);
  assert.equal(server.counts().total, before);
}

/** Worker threads hold a message port each. */
function threads(): string[] {
  return process.getActiveResourcesInfo().filter((name) => /MessagePort|Worker/.test(name));
}

function stateFiles(): string[] {
  const folder = join(states, 'everypage');
  return existsSync(folder) ? readdirSync(folder) : [];
}

function rejection(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => assert.fail('it ended as if nothing were missing'),
    (reason: unknown) => reason,
  );
}

/** What lies beneath the reason of an abort. */
async function abortedAs(work: Promise<unknown>, signal: AbortSignal): Promise<UnfinishedError> {
  const error = await rejection(work);
  assert.equal(error, signal.reason);
  assert.ok(error instanceof DOMException);
  assert.equal(error.name, 'AbortError');
  assert.ok(error.cause instanceof UnfinishedError, String(error.cause));
  return error.cause;
}

async function unfinished(work: Promise<unknown>): Promise<UnfinishedError> {
  const error = await rejection(work);
  assert.ok(error instanceof UnfinishedError, String(error));
  assert.ok(error instanceof EverypageError);
  return error;
}

function lines(count: number): string {
  return Array.from({ length: count }, (_, index) => `${pageLine(index + 1)}\n`).join('');
}

test('records are found in the pages of a range where that is asked for', async (t) => {
  const { server, options } = await setUp(t);
  const ids = async (own: IterateOptions) => {
    const found: unknown[] = [];
    for await (const record of records(`${server.origin}/pages/[1-2]`, { ...options, ...own })) {
      found.push(record.text());
    }
    return found;
  };
  assert.equal((await ids({})).length, 2, 'each page is one record');
  assert.deepEqual(
    await ids({ records: true }),
    [1, 2].flatMap((n) => pageRecords(n)),
  );
});

test('pages come in order with what the server said of them', async (t) => {
  const { server, options, url } = await setUp(t, {
    respond: ({ n }) => ({
      delayMs: n % 7 === 0 ? 30 : 0,
      headers: { etag: `"${n}"`, 'set-cookie': 'a=b' },
    }),
  });
  let n = 0;
  for await (const page of pages(server.template(120), { ...options, concurrency: 10 })) {
    n += 1;
    assert.equal(page.place.position, n - 1);
    assert.equal(page.url, url(n));
    assert.equal(page.status, 200);
    assert.equal(page.headers['etag'], `"${n}"`);
    assert.equal(page.headers['set-cookie'], undefined);
    assert.equal(page.text(), pageLine(n));
    assert.equal(Buffer.compare(page.body, Buffer.from(pageLine(n))), 0);
    assert.equal(page.json<{ page: number }>().page, n);
  }
  assert.equal(n, 120);
  assert.equal(server.counts().total, 120);
  assert.deepEqual(stateFiles(), []);
  await assertNothingRuns(server);
});

test('records are cut out of their pages without changing a byte', async (t) => {
  const { server, options } = await setUp(t, { spaced: true });
  const found: string[] = [];
  for await (const record of records(server.template(20), { ...options, select: 'data.items' })) {
    assert.equal(record.bytes.length, Buffer.byteLength(record.text()));
    assert.equal(record.json<{ page: number }>().page, record.page.place.position + 1);
    found.push(record.text());
  }
  const expected = Array.from({ length: 20 }, (_, index) => pageRecords(index + 1)).flat();
  assert.deepEqual(found, expected);
});

test('a selection that is in no page is an error, and the iterator yields nothing', async (t) => {
  const { server, options } = await setUp(t);
  const all = records(server.template(3), { ...options, select: 'data.rows' });
  await assert.rejects(all.next(), { name: 'EverypageError', code: 'SELECTION' });
  await assertNothingRuns(server);
});

test('the pages of a list come in its order, and a URL that stands twice comes twice', async (t) => {
  const { options, url } = await setUp(t);
  const list = [5, 3, 5, 1, 3].map(url);
  const fromArray = await allPages(list, options);
  assert.deepEqual(
    fromArray.map((page) => page.url),
    list,
  );
  assert.deepEqual(
    fromArray.map((page) => page.json<{ page: number }>().page),
    [5, 3, 5, 1, 3],
  );
  async function* slowly() {
    for (const each of list) {
      await sleep(2);
      yield each;
    }
  }
  const fromGenerator = await allPages(slowly(), options);
  assert.deepEqual(
    fromGenerator.map((page) => page.url),
    list,
  );
});

test('URLs of a list stand as they are, and literal does the same for one string', async (t) => {
  const { server, options } = await setUp(t);
  const [page] = await allPages([`${server.origin}/pages/1?f=[1-3]`], options);
  assert.equal(page?.place.position, 0);
  const literal = `${server.origin}/pages/2?f=%5B1-3%5D{a,b}`;
  assert.equal((await allPages(literal, { ...options, literal: true })).length, 1);
  assert.equal((await allPages(literal, options)).length, 2);
});

test('leaving the iterator stops the run and lets go of everything', async (t) => {
  const { server, options } = await setUp(t, { delayMs: 2 });
  let taken = 0;
  for await (const page of pages(server.template(5000), options)) {
    taken += 1;
    if (page.place.position === 9) break;
  }
  assert.equal(taken, 10);
  assert.ok(server.counts().total < 1000, `${server.counts().total} requests`);
  await assertNothingRuns(server);
});

test('an error in the loop is the one that comes out, and the run has stopped', async (t) => {
  const { server, options } = await setUp(t, { delayMs: 2 });
  const loop = async () => {
    for await (const page of pages(server.template(5000), options)) {
      throw new RangeError(`no use for ${page.url}`);
    }
  };
  await assert.rejects(loop(), RangeError);
  await assertNothingRuns(server);
});

test('after an abort the same call goes on and asks for no stored page again', async (t) => {
  const { server, options } = await setUp(t, { delayMs: 5 });
  const abort = new AbortController();
  const resuming = { ...options, resume: true, concurrency: 4 };
  const template = server.template(400);
  const aborted = async () => {
    for await (const page of pages(template, { ...resuming, signal: abort.signal })) {
      if (page.place.position === 150) abort.abort();
    }
  };
  const { code, summary, message } = await abortedAs(aborted(), abort.signal);
  assert.equal(code, 'INTERRUPTED');
  assert.deepEqual(summary.stop, { kind: 'aborted' });
  assert.ok(summary.archivePath !== null && existsSync(summary.archivePath));
  assert.ok(message.includes(summary.archivePath));
  const { stored } = summary.verdict;
  assert.ok(stored > 150 && stored < 400, `${stored} stored`);
  await assertNothingRuns(server);

  const all = await allPages(template, resuming);
  assert.deepEqual(
    all.map((page) => page.place.position),
    Array.from({ length: 400 }, (_, index) => index),
  );
  // What arrived after the abort was stored as well.
  assert.equal(server.counts().total, 400);
  assert.equal(Math.max(...server.counts().requests.values()), 1);
});

test('an abort is heeded at once although every page is stored already, and loses none', async (t) => {
  const { server, options } = await setUp(t);
  const abort = new AbortController();
  const resuming = { ...options, resume: true };
  const template = server.template(600);
  let isExporting = false;
  let taken = 0;
  const onEvent = (event: RunEvent) => {
    if (event.type === 'phase') isExporting = event.phase === 'exporting';
  };
  const aborted = async () => {
    for await (const page of pages(template, { ...resuming, onEvent, signal: abort.signal })) {
      taken += 1;
      // The first page keeps the iterator busy until all the others were fetched.
      while (page.place.position === 0 && !isExporting) await sleep(5);
      if (page.place.position === 20) abort.abort();
    }
  };
  const { code, summary } = await abortedAs(aborted(), abort.signal);
  assert.equal(code, 'INTERRUPTED');
  assert.equal(taken, 21);
  assert.equal(summary.verdict.name, 'proven');
  assert.ok(summary.archivePath !== null && existsSync(summary.archivePath));
  assert.equal((await allPages(template, resuming)).length, 600);
  assert.equal(server.counts().total, 600);
  assert.equal(existsSync(summary.archivePath), false);
});

test('a signal that is aborted before the start asks for nothing', async (t) => {
  const { server, options } = await setUp(t);
  const signal = AbortSignal.abort();
  const { code } = await abortedAs(allPages(server.template(9), { ...options, signal }), signal);
  assert.equal(code, 'INTERRUPTED');
  assert.equal(server.counts().total, 0);
});

test('missing pages are an error at the end, after all pages that are there', async (t) => {
  const { server, options, url } = await setUp(t, {
    respond: ({ n }) => (n === 4 || n === 11 ? { status: 404 } : null),
  });
  const seen: number[] = [];
  const loop = async () => {
    for await (const page of pages(server.template(20), options)) seen.push(page.place.position);
  };
  const { code, summary, message } = await unfinished(loop());
  assert.equal(code, 'INCOMPLETE');
  assert.deepEqual(
    seen,
    Array.from({ length: 20 }, (_, index) => index).filter((at) => at !== 3 && at !== 10),
  );
  assert.deepEqual([summary.verdict.stored, summary.verdict.failed], [18, 2]);
  assert.deepEqual(
    summary.failures.map((failure) => [failure.url, failure.status]),
    [
      [url(4), 404],
      [url(11), 404],
    ],
  );
  assert.match(message, /2 of 20 pages failed/);
});

test('with allowIncomplete the iterator ends well without the missing pages', async (t) => {
  const { server, options } = await setUp(t, {
    respond: ({ n }) => (n === 1 ? { status: 410 } : null),
  });
  const all = await allPages(server.template(5), { ...options, allowIncomplete: true });
  assert.deepEqual(
    all.map((page) => page.place.position),
    [1, 2, 3, 4],
  );
});

test('a run that stopped is an error even with allowIncomplete', async (t) => {
  const { server, options } = await setUp(t);
  const stopped = allPages(server.template(20), { ...options, allowIncomplete: true, maxPages: 7 });
  const { code, summary } = await unfinished(stopped);
  assert.equal(code, 'STOPPED');
  assert.equal(summary.verdict.stored, 7);
  assert.equal(server.counts().total, 7);
});

test('what cannot be meant is refused before any request', async (t) => {
  const { server, options, url } = await setUp(t);
  const template = server.template(3);
  const wrong: [string, () => Promise<unknown>][] = [
    ['URL_INVALID', () => allPages('not a url', options)],
    ['URL_INVALID', () => allPages('ftp://localhost/items', options)],
    ['USAGE', () => allPages(template, { ...options, concurrency: 0 })],
    ['USAGE', () => allPages(template, { ...options, retries: -1 })],
    ['USAGE', () => allPages(template, JSON.parse('{"method":"DELETE"}'))],
    ['USAGE', () => run([{ kind: 'literal', text: url(1) }], { ...options, output: 'items.xlsx' })],
    ['USAGE', () => allPages(template, { ...options, headers: { 'a b': 'c' } })],
    ['OUTPUT_FOLDER', () => run([], { output: join(states, 'none', 'items.ndjson') })],
  ];
  for (const [code, refused] of wrong) {
    await assert.rejects(refused(), (error) => {
      assert.ok(error instanceof EverypageError, String(error));
      assert.ok(!(error instanceof UnfinishedError));
      assert.equal(error.code, code, error.message);
      return true;
    });
  }
  await assertNothingRuns(server);
  assert.equal(server.counts().total, 0);
});

test('events begin with start, tell every page once and end with the summary', async (t) => {
  const { server, options } = await setUp(t, { faults: { 3: [{ status: 503 }] } });
  const events: RunEvent[] = [];
  await allPages(server.template(30), { ...options, onEvent: (event) => events.push(event) });
  assert.deepEqual(events[0], {
    type: 'start',
    total: 30,
    archivePath: (events[0] as { archivePath: string }).archivePath,
    resumed: null,
    exportOnly: false,
  });
  const of = <T extends RunEvent['type']>(type: T) =>
    events.filter((event): event is Extract<RunEvent, { type: T }> => event.type === type);
  assert.deepEqual(
    of('page')
      .map((event) => event.place.position)
      .sort((a, b) => a - b),
    Array.from({ length: 30 }, (_, index) => index),
  );
  assert.deepEqual(
    of('phase').map((event) => event.phase),
    ['fetching', 'exporting'],
  );
  const [retry] = of('retry');
  assert.deepEqual([of('retry').length, retry?.place.position, retry?.status], [1, 2, 503]);
  const last = events.at(-1);
  assert.equal(last?.type, 'end');
  assert.equal(of('end').length, 1);
  assert.equal(of('end')[0]?.summary.verdict.name, 'proven');
});

test('run writes the file and tells what it did', async (t) => {
  const { server, folder, options } = await setUp(t);
  const output = join(folder, 'items.ndjson');
  const sources = [{ kind: 'template', text: server.template(25) }] as const;
  const summary = await run(sources, { ...options, output });
  const expected = lines(25);
  assert.equal(readFileSync(output, 'utf8'), expected);
  assert.deepEqual(summary.output, {
    destination: output,
    records: 25,
    bytes: Buffer.byteLength(expected),
    leftOut: 0,
    partial: false,
  });
  assert.deepEqual([summary.fetched, summary.stop, summary.verdict.name], [25, null, 'proven']);
  assert.equal(summary.archivePath, `${output}.everypage`);

  const again = join(folder, 'records.json');
  const exported = await exportArchive(summary.archivePath, {
    output: again,
    select: 'data.items',
  });
  const items = Array.from({ length: 25 }, (_, index) => pageRecords(index + 1)).flat();
  assert.equal(exported.records, items.length);
  assert.deepEqual(JSON.parse(readFileSync(again, 'utf8')), JSON.parse(`[${items.join()}]`));
  const verification = await verifyArchive(summary.archivePath);
  assert.equal(verification.verdict.name, 'proven');
  assert.deepEqual([verification.checkedPages, verification.problems], [25, []]);
});

test('an archive that pages were left out of exports only where that is allowed', async (t) => {
  const { server, folder, options } = await setUp(t, {
    respond: ({ n }) => (n === 2 ? { status: 404 } : null),
  });
  const output = join(folder, 'items.ndjson');
  const sources = [{ kind: 'template', text: server.template(3) }] as const;
  const summary = await run(sources, { ...options, output });
  assert.deepEqual([summary.verdict.name, summary.output], ['incomplete', null]);
  assert.equal(existsSync(output), false);
  const { archivePath } = summary;
  assert.ok(archivePath !== null);
  await assert.rejects(exportArchive(archivePath, { output }), { code: 'ARCHIVE_INCOMPLETE' });
  await exportArchive(archivePath, { output, allowIncomplete: true });
  assert.equal(readFileSync(output, 'utf8'), `${pageLine(1)}\n${pageLine(3)}\n`);
});

test('runs at once do not disturb each other, and one archive has one run', async (t) => {
  const { server, folder, options } = await setUp(t);
  const template = server.template(60);
  const sources = [{ kind: 'template', text: template }] as const;
  const outputs = ['a.ndjson', 'b.ndjson'].map((name) => join(folder, name));
  const [pagesOfIt] = await Promise.all([
    allPages(template, options),
    ...outputs.map((output) => run(sources, { ...options, output })),
  ]);
  assert.equal(pagesOfIt.map((page) => `${page.text()}\n`).join(''), lines(60));
  for (const output of outputs) assert.equal(readFileSync(output, 'utf8'), lines(60));

  const held = pages(template, { ...options, resume: true });
  await held.next();
  await assert.rejects(allPages(template, { ...options, resume: true }), {
    code: 'ARCHIVE_LOCKED',
  });
  let rest = 0;
  for await (const _ of held) rest += 1;
  assert.equal(rest, 59);
});

test('two reads of the same list go side by side, and leave no file', async (t) => {
  const { server, options } = await setUp(t);
  const template = server.template(60);
  const before = stateFiles();
  const held = pages(template, options);
  await held.next();
  assert.equal((await allPages(template, options)).length, 60);
  let rest = 0;
  for await (const _ of held) rest += 1;
  assert.equal(rest, 59);
  assert.deepEqual(stateFiles(), before);
});

test('a slow consumer loses no page, and fetching does not wait in memory for it', async (t) => {
  const bodyBytes = 60_000;
  const { server, options } = await setUp(t, { bodyBytes });
  let n = 0;
  // More than the recent pages that are held: most are read from the archive again.
  for await (const page of pages(server.template(500), { ...options, concurrency: 20 })) {
    n += 1;
    assert.equal(page.text(), pageLine(n, bodyBytes));
    if (n % 50 === 1) await sleep(40);
  }
  assert.equal(n, 500);
  assert.equal(server.counts().total, 500);
});
