import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { exportArchive, run, verifyArchive } from '../../src/index.ts';
import {
  fetchJson,
  OUTPUT,
  startFixture,
  startJsonServer,
  wholeOutput,
} from './pagination-setup.ts';
import { temporaryFolder } from './run-cli.ts';
import { runCliHere } from './run-in-process.ts';

const AT_ONCE = { concurrency: 4 };
const ARCHIVE = `${OUTPUT}.everypage`;

const nameIn = (json: string): string => JSON.parse(json).verdict.name;
const linesOf = (text: string | null): string[] => (text ?? '').trimEnd().split('\n');

suite('what is written of a list that pages by itself', AT_ONCE, () => {
  test('whole pages with --pages', async (t) => {
    const { server, fetch, read } = await startFixture(t, { api: 'ckan' });
    const { pagination, output } = await fetch({ wholePages: true });
    const pages = linesOf(read()).map((line) => JSON.parse(line));
    assert.equal(pages.length, 6);
    assert.equal(output?.records, 6);
    assert.equal(pagination?.recordsPath, null);
    const ids = pages.flatMap(({ result }) => result.results.map(({ id }: { id: string }) => id));
    assert.deepEqual(ids, server.records);
  });

  test('what a dotted path leads to, also where it is not the records', async (t) => {
    const { server, fetch, read } = await startFixture(t, { api: 'npm-search' });
    await fetch({ select: 'objects' });
    assert.equal(read(), wholeOutput(server));
  });

  test('what an expression makes of each page; the records are counted all the same', async (t) => {
    const { server, fetch, read } = await startFixture(t, { api: 'npm-search' });
    const { verdict, output } = await fetch({ select: 'objects[].package.name' });
    assert.deepEqual(
      linesOf(read()),
      server.records.map((id) => JSON.stringify(id)),
    );
    assert.deepEqual([verdict.name, verdict.records?.fetched], ['complete', server.length]);
    assert.equal(output?.records, server.length);
  });

  test('an expression may leave records out, or give several lines for a page or none', async (t) => {
    const { server, fetch, read } = await startFixture(t, { api: 'stripe' });
    const { verdict } = await fetch({ select: 'data[?amount > `5000`].{id: id, amount: amount}' });
    const rich = server.lines
      .map((line) => JSON.parse(line))
      .filter(({ amount }) => amount > 5000)
      .map(({ id, amount }) => JSON.stringify({ id, amount }));
    assert.ok(rich.length > 0 && rich.length < server.length);
    assert.deepEqual(linesOf(read()), rich);
    assert.equal(verdict.name, 'proven');
  });

  test('a JSON array', async (t) => {
    const { server, folder, fetch, read } = await startFixture(t, { api: 'slack' });
    await fetch({ output: join(folder, 'out.json') });
    const expected = server.lines.map((line) => JSON.parse(line));
    assert.deepEqual(JSON.parse(read('out.json') ?? ''), expected);
  });

  test('the records that are found in a range too, with --records', async (t) => {
    const { server, folder, read } = await startFixture(t, { api: 'wordpress' });
    const source = { kind: 'template', text: `${server.url}&page=[1-14]` } as const;
    await run([source], { output: join(folder, OUTPUT), records: true });
    assert.equal(read(), wholeOutput(server));
    await run([source], { output: join(folder, 'pages.ndjson') });
    assert.equal(linesOf(read('pages.ndjson')).length, 14);
  });
});

suite('the archive of a list that pages by itself', AT_ONCE, () => {
  for (const api of ['graph', 'jira-offset', 'couchdb']) {
    test(`gives the same bytes again, and whole pages (${api})`, async (t) => {
      const { server, folder, fetch, read } = await startFixture(t, { api });
      const { verdict } = await fetch();
      const archive = join(folder, ARCHIVE);
      const again = await exportArchive(archive, { output: join(folder, 'again.ndjson') });
      assert.equal(read('again.ndjson'), wholeOutput(server));
      assert.deepEqual(again.verdict, verdict);
      const output = join(folder, 'pages.ndjson');
      const whole = await exportArchive(archive, { output, wholePages: true });
      assert.equal(whole.records, verdict.stored);
      assert.equal(linesOf(read('pages.ndjson')).length, verdict.stored);
    });
  }

  test('by the command line: export and verify', async (t) => {
    const { server, folder, fetch, read } = await startFixture(t, { api: 'mediawiki' });
    const { verdict } = await fetch();
    const exported = await runCliHere(folder, ['export', ARCHIVE, '-o', 'again.ndjson']);
    assert.equal(exported.code, 0, exported.stderr);
    assert.equal(read('again.ndjson'), wholeOutput(server));
    const pages = await runCliHere(folder, ['export', ARCHIVE, '--pages']);
    assert.equal(linesOf(pages.stdout).length, verdict.stored);
    const verified = await runCliHere(folder, ['verify', ARCHIVE, '--json']);
    assert.equal(verified.code, 0, verified.stderr);
    const found = JSON.parse(verified.stdout);
    assert.deepEqual(found.verdict, JSON.parse(JSON.stringify(verdict)));
    assert.equal(found.verdict.name, 'complete');
  });

  test('verify names each verdict', async (t) => {
    const unverified = await startFixture(t, { api: 'plain' });
    await unverified.fetch();
    const args = ['verify', ARCHIVE, '--json', '--strict'];
    const strict = await runCliHere(unverified.folder, args);
    assert.deepEqual([strict.code, nameIn(strict.stdout)], [3, 'unverified']);
    const { verdict } = await verifyArchive(join(unverified.folder, ARCHIVE));
    assert.equal(verdict.name, 'unverified');

    const part = `${ARCHIVE}.part`;
    const drifted = await startFixture(t, {
      api: 'ckan',
      onRequest: (number, list) => number === 4 && list.deleteAt(3),
    });
    await drifted.fetch();
    const verified = await runCliHere(drifted.folder, ['verify', part, '--json']);
    assert.deepEqual([verified.code, nameIn(verified.stdout)], [3, 'drifted']);

    const capped = await startFixture(t, { api: 'sliced' });
    await capped.fetch({ paginate: { ceiling: 50 } });
    const found = await verifyArchive(join(capped.folder, part));
    assert.deepEqual([found.verdict.name, found.verdict.end], ['capped', 'ceiling']);
  });
});

suite('what counts as complete', AT_ONCE, () => {
  test('--expect', async (t) => {
    const { folder, fetch, read, server } = await startFixture(t, { api: 'plain' });
    writeFileSync(join(folder, OUTPUT), 'older\n');
    const wrong = await fetch({ expect: 136 });
    assert.equal(wrong.verdict.name, 'incomplete');
    assert.match(wrong.verdict.reasons.join(), /136 records were expected, 137 came/);
    assert.equal(read(), 'older\n');
    const before = server.counts().requests;
    // The number is what there was to check against.
    const right = await fetch({ expect: 137, strict: true });
    assert.equal(right.verdict.name, 'complete', right.verdict.reasons.join());
    assert.equal(read(), wholeOutput(server));
    // It goes on with the archive, and reads each page again at its end.
    assert.equal(server.counts().requests - before, right.verdict.stored);
  });

  test('--strict', async (t) => {
    const { folder, args, read, server } = await startFixture(t, { api: 'plain' });
    writeFileSync(join(folder, OUTPUT), 'older\n');
    const strict = await runCliHere(folder, [...args, '--strict']);
    assert.equal(strict.code, 3, strict.stderr);
    assert.match(strict.stderr, /the server states no total to check against/);
    assert.equal(read(), 'older\n');
    const before = server.counts().requests;
    const summary = join(folder, 'summary.json');
    const lax = await runCliHere(folder, [...args, '--summary', summary]);
    assert.equal(lax.code, 0, lax.stderr);
    assert.match(lax.stderr, /unverified/);
    assert.equal(JSON.parse(readFileSync(summary, 'utf8')).verdict.name, 'unverified');
    assert.equal(read(), wholeOutput(server));
    assert.equal(server.counts().requests - before, 6);
  });

  test('--strict=proven, which a list that was only read again in part or in whole is not', async (t) => {
    const { folder, args, read, server } = await startFixture(t, { api: 'wordpress' });
    const proven = await runCliHere(folder, [...args, '--strict=proven']);
    assert.equal(proven.code, 3, proven.stderr);
    assert.match(proven.stderr, /every page was read again at the end and had not changed/);
    assert.equal(read(), null);
    const complete = await runCliHere(folder, [...args, '--strict']);
    assert.equal(complete.code, 0, complete.stderr);
    assert.equal(read(), wholeOutput(server));
    const verify = async (strict: string) =>
      (await runCliHere(folder, ['verify', ARCHIVE, strict])).code;
    assert.deepEqual([await verify('--strict'), await verify('--strict=proven')], [0, 3]);

    const overlapping = await startFixture(t, { api: 'ckan' });
    const told = await runCliHere(overlapping.folder, [...overlapping.args, '--strict=proven']);
    assert.equal(told.code, 0, told.stderr);
    assert.match(told.stderr, /each page begins with the last record of the page before/);
    assert.equal(overlapping.read(), wholeOutput(overlapping.server));
  });

  test('--prove, after which verify says proven', async (t) => {
    const { folder, args, read, server } = await startFixture(t, { api: 'wordpress' });
    const { code, stderr } = await runCliHere(folder, [...args, '--prove', '--strict=proven']);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /two readings of the whole list agree/);
    assert.equal(read(), wholeOutput(server));
    const verified = await runCliHere(folder, ['verify', ARCHIVE, '--json', '--strict=proven']);
    assert.deepEqual([verified.code, nameIn(verified.stdout)], [0, 'proven']);
  });

  test('--recheck none, all and a share, which the verdict tells apart', async (t) => {
    const said = async (recheck: 'none' | 'all' | '50%') => {
      const { server, fetch } = await startFixture(t, { api: 'wordpress', pageSize: 14 });
      const { verdict } = await fetch({ recheck });
      const requests = server.counts().requests - verdict.stored;
      return [verdict.name, requests, [...verdict.reasons, ...verdict.evidence].join()];
    };
    assert.deepEqual(await said('none'), [
      'unverified',
      0,
      'no page was read again, so a change of the list would not be seen',
    ]);
    const all = 'every page was read again at the end and had not changed';
    assert.deepEqual(await said('all'), ['complete', 10, all]);
    assert.deepEqual(await said('50%'), [
      'complete',
      5,
      '5 pages were read again at the end and had not changed; a change on another page would not be seen',
    ]);
  });
});

suite('a list deeper than the server answers', AT_ONCE, () => {
  const split = 'created[gte]=2024-01-01..2024-12-31/200d';

  test('is read whole in slices, and slices that are too deep are halved', async (t) => {
    const { server, fetch, read } = await startFixture(t, { api: 'sliced' });
    const { verdict } = await fetch({ paginate: { split, ceiling: 50 } });
    assert.equal(read(), wholeOutput(server), JSON.stringify(verdict));
    assert.equal(server.lines.length, 137);
    assert.equal(verdict.failed, 0);
    // That nothing lies between two slices rests on the names of their bounds.
    assert.equal(verdict.name, 'complete', JSON.stringify(verdict));
    assert.match(verdict.evidence[0]!, /slices, each from where the one before ends/);
  });

  test('by ids, and gone on with after a stop', async (t) => {
    const { server, fetch, read } = await startFixture(t, { api: 'sliced' });
    const paginate = { split: 'id[gte]=1000..1200/90', ceiling: 50 };
    assert.equal((await fetch({ paginate, maxPages: 9 })).stop?.kind, 'max-pages');
    const before = server.counts().requests;
    await fetch({ paginate });
    assert.equal(read(), wholeOutput(server));
    const repeated = server.log.slice(before).filter((line) => server.log.indexOf(line) < before);
    assert.deepEqual(repeated, []);
  });

  test('is capped without slices, and says so', async (t) => {
    const { fetch, read } = await startFixture(t, { api: 'sliced' });
    const { verdict } = await fetch({ paginate: { ceiling: 50 } });
    assert.deepEqual([verdict.name, verdict.end], ['capped', 'ceiling']);
    assert.match(verdict.reasons.join(), /first 50 records.*137/);
    assert.equal(read(), null);
  });

  test('gives what there is with --allow-incomplete', async (t) => {
    const { server, fetch, read } = await startFixture(t, { api: 'sliced' });
    await fetch({ paginate: { ceiling: 50 }, allowIncomplete: true });
    assert.deepEqual(linesOf(read()), server.lines.slice(0, 50));
  });
});

suite('pages that overlap', AT_ONCE, () => {
  for (const api of ['ckan', 'couchdb', 'range']) {
    test(`give each record once (${api})`, async (t) => {
      const { server, folder, fetch, read } = await startFixture(t, { api });
      const { verdict } = await fetch({ paginate: { overlap: 2 } });
      assert.equal(read(), wholeOutput(server), JSON.stringify(verdict));
      assert.equal(verdict.name, 'proven', verdict.reasons.join());
      const again = join(folder, 'again.ndjson');
      await exportArchive(join(folder, ARCHIVE), { output: again });
      assert.equal(read('again.ndjson'), wholeOutput(server));
    });
  }

  for (const says of ['a total', 'whether there is more', 'nothing']) {
    test(`give each record once where the server lowers the page size below them; it states ${says}`, async (t) => {
      const rows = Array.from({ length: 63 }, (_, id) => ({ id, name: `row ${id}` }));
      const { origin } = await startJsonServer(t, ({ searchParams }) => {
        const from = Number(searchParams.get('offset') ?? 0);
        const most = from < 20 ? 100 : from < 40 ? 4 : 2;
        const items = rows.slice(from, from + Math.min(most, Number(searchParams.get('limit'))));
        const total = says === 'a total' ? { total: rows.length } : {};
        const more = { has_more: from + items.length < rows.length };
        return { body: { items, ...total, ...(says === 'whether there is more' ? more : {}) } };
      });
      const folder = temporaryFolder(t);
      const source = { kind: 'template', text: `${origin}/items?limit=10&offset=0` } as const;
      const paginate = { overlap: 4, style: 'offset', param: 'offset' } as const;
      const output = join(folder, OUTPUT);
      const { verdict } = await run([source], { output, paginate });
      const expected = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
      assert.equal(readFileSync(output, 'utf8'), expected, JSON.stringify(verdict));
      assert.equal(verdict.name, 'unverified');
      const uncompared = /\d+ borders between pages could not be compared, so a change there/;
      assert.match(verdict.reasons.join(), uncompared);
      const again = join(folder, 'again.ndjson');
      await exportArchive(`${output}.everypage`, { output: again });
      assert.equal(readFileSync(again, 'utf8'), expected);
    });
  }

  test('show a row that was inserted and one that was deleted between two pages', async (t) => {
    const { fetch } = await startFixture(t, {
      api: 'ckan',
      onRequest: (number, list) => {
        if (number !== 6) return;
        list.insertAt(3);
        list.deleteAt(list.length - 1);
      },
    });
    const { verdict } = await fetch({ paginate: { overlap: 2 }, concurrency: 1 });
    assert.equal(verdict.name, 'drifted');
    assert.match(verdict.reasons.join(), /where pages 3 and 4 overlap/);
  });
});

test('a list is read again until two readings agree, with --prove', async (t) => {
  const { server, fetch, read } = await startFixture(t, {
    api: 'ckan',
    onRequest: (number, list) => number === 4 && list.deleteAt(3),
  });
  const { verdict, readings } = await fetch({ prove: true });
  assert.equal(read(), wholeOutput(server), JSON.stringify(verdict));
  assert.deepEqual([server.length, readings], [136, 3]);
});

test('pages of a list that pages by itself can stream to a receiver', async (t) => {
  const { server, options } = await startFixture(t, { api: 'slack' });
  const blocks: Uint8Array[] = [];
  await run([{ kind: 'template', text: server.url }], {
    ...options,
    stdout: {
      write: async (bytes) => {
        blocks.push(bytes.slice());
      },
    },
  });
  assert.equal(Buffer.concat(blocks).toString(), wholeOutput(server));
});

suite('a next page that is named by a text of 70,000 bytes', AT_ONCE, () => {
  const long = 'x'.repeat(70_000);
  const ways = [
    ['a URL', { style: 'next', nextPath: 'next' }, `/things?at=${long}`],
    ['a URL in an object', { style: 'next', nextPath: 'next' }, { href: '/things?at=2', long }],
    ['a cursor', { style: 'cursor', nextPath: 'next', param: 'at' }, long],
    ['a cursor that is an array', { style: 'cursor', nextPath: 'next', param: 'at' }, [long]],
  ] as const;
  for (const [name, paginate, next] of ways) {
    test(`does not end the list as complete: ${name}`, async (t) => {
      const answer = ({ searchParams }: URL) => ({
        body: searchParams.has('at') ? { items: [{ id: 2 }] } : { items: [{ id: 1 }], next },
      });
      const { summary, text } = await fetchJson(t, answer, { paginate });
      assert.equal(summary.verdict.name, 'incomplete', JSON.stringify(summary.verdict));
      assert.match(
        summary.verdict.reasons.join(),
        /page 1 names as its next page cannot be asked for/,
      );
      assert.equal(text, null);
    });
  }
});
