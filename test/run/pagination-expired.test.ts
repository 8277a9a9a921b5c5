import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { exportArchive, pages, records, run, verifyArchive } from '../../src/index.ts';
import { OUTPUT, startFixture, startJsonServer, wholeOutput } from './pagination-setup.ts';
import { startCli, temporaryFolder } from './run-cli.ts';
import { runCliHere } from './run-in-process.ts';

const AT_ONCE = { concurrency: 4 };
const ARCHIVE = `${OUTPUT}.everypage`;
const api = 'expiring-cursor';

suite('a cursor that expires under way', AT_ONCE, () => {
  test('has the list read again, and each record comes once, in order; the verdict says so', async (t) => {
    const { server, folder, args, read } = await startFixture(t, { api });
    const { code, stderr } = await runCliHere(folder, [...args, '--summary', 'summary.json']);
    assert.equal(code, 0, stderr);
    assert.equal(read(), wholeOutput(server));
    // Cursors that expire cannot be used a second time either.
    const { verdict } = JSON.parse(read('summary.json')!);
    const [unread = ''] = verdict.reasons;
    assert.match(
      unread,
      /^page \d could not be read again at the end, so a change there would not be seen$/,
    );
    assert.ok(stderr.includes(`All 7 pages are OK: 137 records, unverified: ${unread}.`), stderr);
    assert.match(
      stderr,
      /page 4 was refused with 410, probably because its cursor had expired; the list was read again/,
    );
    assert.deepEqual(verdict.records.restarts, [{ page: 4, status: 410 }]);
    assert.deepEqual([verdict.name, verdict.reasons], ['unverified', [unread]]);
    assert.deepEqual([verdict.stored, verdict.failed], [7, 0]);
    assert.equal(server.counts().requests, 3 + 1 + 7 + 7);
    const archive = join(folder, ARCHIVE);
    const again = await verifyArchive(archive);
    assert.deepEqual([again.verdict, again.problems], [verdict, []]);
    await exportArchive(archive, { output: join(folder, 'again.ndjson') });
    assert.equal(read('again.ndjson'), wholeOutput(server));
  });

  test('does so as often as each reading comes further', async (t) => {
    const { server, fetch, read } = await startFixture(t, { api, pageSize: 4 });
    const { verdict } = await fetch();
    assert.equal(read(), wholeOutput(server), JSON.stringify(verdict));
    const dead = verdict.records?.restarts.map(({ page }) => page);
    assert.deepEqual([verdict.name, dead], ['unverified', [4, 13]]);
    assert.match(
      verdict.reasons.join(),
      /^pages .* could not be read again at the end, so a change/,
    );
  });

  test('gives each record once to standard output and to an iterator, which had the first pages', async (t) => {
    const { server, folder } = await startFixture(t, { api });
    const { code, stdout, stderr } = await runCliHere(folder, [server.url, '-q']);
    assert.equal(code, 0, stderr);
    assert.equal(stdout.toString(), wholeOutput(server));
    const other = await startFixture(t, { api });
    const texts: string[] = [];
    for await (const record of records(other.server.url)) texts.push(record.text());
    assert.deepEqual(texts, other.server.lines);
  });

  test('gives each whole page once', async (t) => {
    const { server } = await startFixture(t, { api });
    const ids: string[] = [];
    for await (const page of pages(server.url)) {
      for (const [, id] of page.text().matchAll(/"id":(\d+)/g)) ids.push(id!);
    }
    assert.deepEqual(ids, server.records);
  });

  test('shows a row that went or came meanwhile as drift', async (t) => {
    for (const change of ['deleteAt', 'insertAt'] as const) {
      const { server, fetch, read } = await startFixture(t, {
        api,
        onRequest: (number, list) => number === 4 && list[change](5),
      });
      const { verdict } = await fetch();
      assert.equal(verdict.name, 'drifted', change);
      const text = change === 'deleteAt' ? /^1 record was gone/ : /^55 records stood elsewhere/;
      assert.match(verdict.reasons[0]!, text);
      assert.equal(read(), null);
      assert.equal(server.length, change === 'deleteAt' ? 136 : 138);
    }
  });

  test('gives each record once where the list was another the second time', async (t) => {
    const { fetch, read, server } = await startFixture(t, {
      api,
      onRequest: (number, list) => number === 4 && list.insertAt(5),
    });
    await fetch({ allowIncomplete: true });
    const lines = read()!.trimEnd().split('\n');
    assert.equal(new Set(lines).size, lines.length);
    assert.deepEqual(lines.toSorted(), server.lines.toSorted());
  });
});

test('killed while the list is read again, a run goes on to the same bytes', async (t) => {
  let wake: (number: number) => void = () => {};
  const onRequest = (number: number): void => wake(number);
  const list = { api, latencyMs: 30, onRequest };
  for (const kill of [5, 9]) {
    const { server, folder, args, fetch, read } = await startFixture(t, list);
    const wanted = new Promise<void>((resolve) => {
      wake = (number) => number === kill && resolve();
    });
    const { child, ended } = startCli(folder, [...args, '-q']);
    await Promise.race([wanted, ended]);
    child.kill('SIGKILL');
    await ended;
    assert.equal(read(), null);
    const { verdict } = await fetch();
    assert.equal(read(), wholeOutput(server), JSON.stringify(verdict));
    // How many cursors are dead by the end depends on when it was killed.
    const { name, reasons, evidence } = verdict;
    assert.ok(name === 'complete' || name === 'unverified', name);
    const said = { complete: /^every page was read again/, unverified: /could not be read again/ };
    assert.match([...reasons, ...evidence].join(), said[name]);
    assert.equal(verdict.records?.restarts[0]?.page, 4);
  }
});

interface Search {
  readonly origin: string;
  /** Whether a cursor is dead, by the number of the search it is of. */
  isDead: (search: number, page: number) => boolean;
  rows: (page: number) => object[];
}

/** Six pages of five; each first request begins a search. */
async function startSearch(t: TestContext): Promise<Search> {
  let searches = 0;
  const search = {
    origin: '',
    isDead: (_search: number, _page: number) => false,
    rows: (page: number): object[] => [0, 1, 2, 3, 4].map((at) => ({ id: page * 5 + at })),
  };
  const { origin } = await startJsonServer(t, ({ searchParams }) => {
    const cursor = searchParams.get('cursor');
    if (cursor === null) searches += 1;
    const [number, page] = (cursor ?? `${searches}-0`).split('-').map(Number) as [number, number];
    if (search.isDead(number, page)) return { status: 404, body: { error: 'search missing' } };
    const next = page === 5 ? null : `${number}-${page + 1}`;
    return { body: { items: search.rows(page), next_cursor: next } };
  });
  search.origin = origin;
  return search;
}

test('a run that goes on and finds its cursor dead reads the list again', async (t) => {
  const search = await startSearch(t);
  const folder = temporaryFolder(t);
  const output = join(folder, OUTPUT);
  const source = { kind: 'template', text: `${search.origin}/items` } as const;
  for (const maxPages of [3, 2]) {
    const { stop } = await run([source], { output, maxPages });
    assert.equal(stop?.kind, 'max-pages');
    // Over night the server forgets its searches.
    const before = search.isDead;
    const newest = maxPages === 3 ? 1 : 2;
    search.isDead = (number, page) => before(number, page) || (number <= newest && page > 0);
  }
  const { verdict } = await run([source], { output });
  assert.deepEqual([verdict.name, verdict.records?.fetched], ['complete', 30]);
  assert.deepEqual(
    verdict.records?.restarts.map(({ page }) => page),
    [4, 2],
  );
});

test('a list that dies at the same page each time ends incomplete, and the same command tries again', async (t) => {
  const search = await startSearch(t);
  search.isDead = (_, page) => page === 4;
  const output = join(temporaryFolder(t), OUTPUT);
  const source = { kind: 'template', text: `${search.origin}/items` } as const;
  const { verdict, failures } = await run([source], { output });
  assert.equal(verdict.name, 'incomplete');
  assert.match(verdict.reasons.join(), /page 5 was refused \(404\).*came no further/);
  assert.deepEqual([verdict.stored, verdict.failed, verdict.records?.fetched], [4, 1, 20]);
  assert.equal(failures.length, 1);
  assert.ok(!existsSync(output));
  search.isDead = () => false;
  const again = await run([source], { output });
  assert.deepEqual([again.verdict.name, again.verdict.records?.fetched], ['complete', 30]);
  assert.deepEqual(again.verdict.records?.restarts, []);
});

test('without a key the list is not read again, and that is said', async (t) => {
  const search = await startSearch(t);
  search.rows = (page) => [{ name: `a${page}` }, { name: `b${page}` }];
  search.isDead = (number, page) => number === 1 && page === 3;
  const folder = temporaryFolder(t);
  const { code, stderr } = await runCliHere(folder, [`${search.origin}/items`, '-o', OUTPUT]);
  assert.equal(code, 3, stderr);
  assert.match(stderr, /page 4 was refused \(404\).*no key is known.*--key/s);
  assert.ok(!existsSync(join(folder, OUTPUT)));
});

test('records without a key among others do not pass as told apart', async (t) => {
  const search = await startSearch(t);
  search.rows = (page) => [{ id: page }, { id: page === 1 ? null : `b${page}` }];
  search.isDead = (number, page) => number === 1 && page === 3;
  const output = join(temporaryFolder(t), OUTPUT);
  const source = { kind: 'template', text: `${search.origin}/items` } as const;
  const { verdict } = await run([source], { output, paginate: { key: 'id' } });
  assert.equal(verdict.name, 'incomplete');
  assert.match(
    verdict.reasons.join(),
    /1 record has no key, so it is not known whether they came again/,
  );
});

test('a slice whose cursor expires is read again, and the output keeps the order of the slices', async (t) => {
  let died = 0;
  const { origin } = await startJsonServer(t, ({ searchParams }) => {
    const from = Number(searchParams.get('id[gte]'));
    const to = Number(searchParams.get('id[lt]') ?? 60);
    const after = Number(searchParams.get('cursor') ?? from);
    if (from === 20 && after === 30 && died === 0) {
      died += 1;
      return { status: 410, body: { error: 'expired' } };
    }
    const end = Math.min(to, after + 5, 60);
    const items = Array.from({ length: end - after }, (_, at) => ({ id: after + at }));
    return { body: { items, next_cursor: end < to ? `${end}` : null } };
  });
  const output = join(temporaryFolder(t), OUTPUT);
  const source = { kind: 'template', text: `${origin}/items` } as const;
  const split = 'id[gte]=0..59/20';
  const paginate = { style: 'cursor', param: 'cursor', nextPath: 'next_cursor', split } as const;
  const { verdict } = await run([source], { output, paginate });
  const expected = Array.from({ length: 60 }, (_, id) => `{"id":${id}}\n`).join('');
  assert.ok(existsSync(output), JSON.stringify(verdict));
  assert.equal(readFileSync(output, 'utf8'), expected, JSON.stringify(verdict));
  assert.deepEqual([verdict.name, verdict.stored], ['complete', 12]);
  assert.deepEqual(verdict.records?.restarts, [{ page: 3, status: 410 }]);
});

test('two readings agree with --prove where the first of them was begun again', async (t) => {
  const { server, fetch, read } = await startFixture(t, { api });
  const summary = await fetch({ prove: true });
  assert.equal(read(), wholeOutput(server));
  assert.deepEqual([summary.readings, summary.verdict.name], [2, 'proven']);
  assert.deepEqual(summary.verdict.evidence, ['two readings of the whole list agree']);
});
