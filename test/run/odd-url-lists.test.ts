/** Lists of URLs in which a page is unlike the others: it must not end a run green. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { exportArchive, type RunOptions, verifyArchive } from '../../src/index.ts';
import { fetchJson, type JsonReply, startJsonServer } from './pagination-setup.ts';
import { temporaryFolder } from './run-cli.ts';
import { runCliHere } from './run-in-process.ts';

const rows = Array.from({ length: 120 }, (_, at) => ({ id: at * 3 + 7, tags: [{ name: 't' }] }));
const pageOf = ({ searchParams }: URL) => Number(searchParams.get('page') ?? 1);
const ofPage = (page: number) => rows.slice((page - 1) * 20, page * 20);
const LIST = '/things?page=[1-6]';
const fail = { error: 'shard down' };

suite('an error within a 200 fails in a list of URLs', () => {
  for (const select of [
    'data.items[].id',
    'data.items[?id > `0`]',
    'data.items[*].{id: id}',
    'data.items[].tags[].name',
    'data.items[:5]',
    'data.items[].id | [0]',
  ]) {
    test(`with --select ${select}`, async (t) => {
      for (const odd of [fail, { data: null, message: 'try again' }, { rows: ofPage(3) }]) {
        const answer = (url: URL): JsonReply => {
          const page = pageOf(url);
          return { body: page === 3 ? odd : { data: { items: ofPage(page) } } };
        };
        const { summary } = await fetchJson(t, answer, { select }, LIST);
        assert.equal(summary.verdict.name, 'incomplete', JSON.stringify(odd));
        assert.equal(summary.verdict.failed, 1);
      }
    });
  }

  for (const [select, page] of [
    ['[].id', (items: object[]) => items],
    ['*.id', (items: object[]) => Object.fromEntries(items.map((item, at) => [`k${at}`, item]))],
  ] as const) {
    test(`with --select ${select} of the page itself`, async (t) => {
      const answer = (url: URL): JsonReply => {
        const number = pageOf(url);
        return { body: number === 3 ? fail : page(ofPage(number)) };
      };
      const { summary } = await fetchJson(t, answer, { select }, LIST);
      assert.equal(summary.verdict.name, 'incomplete', JSON.stringify(summary.verdict));
      assert.equal(summary.verdict.failed, 1);
    });
  }

  test('but a page whose list is empty, or of which a filter leaves nothing, is one', async (t) => {
    for (const select of ['items[?id > `200`].id', 'items[].id', 'items[].id | length(@)']) {
      const answer = (url: URL): JsonReply => {
        const page = pageOf(url);
        return { body: { items: page === 3 ? [] : ofPage(page) } };
      };
      const { summary } = await fetchJson(t, answer, { select }, LIST);
      assert.equal(summary.verdict.name, 'proven', JSON.stringify(summary.verdict));
    }
  });

  for (const [what, options] of [
    ['--records', { records: true }],
    ['--select items', { select: 'items' }],
    ['--select items[].id', { select: 'items[].id' }],
  ] as const satisfies readonly (readonly [string, RunOptions])[]) {
    test(`as the first page too, with ${what}, after it was asked for again`, async (t) => {
      const answer = (url: URL): JsonReply => {
        const page = pageOf(url);
        return { body: page === 1 ? fail : { items: ofPage(page) } };
      };
      const { summary, targets } = await fetchJson(t, answer, { ...options, retries: 1 }, LIST);
      assert.equal(summary.verdict.name, 'incomplete', JSON.stringify(summary.verdict));
      assert.equal(summary.verdict.failed, 1);
      assert.equal(summary.verdict.stored, 5);
      assert.equal(targets.filter((target) => target.endsWith('page=1')).length, 2);
    });

    test(`and the list is whole where the first page comes the second time, with ${what}`, async (t) => {
      let asked = 0;
      const answer = (url: URL): JsonReply => {
        const page = pageOf(url);
        return { body: page === 1 && asked++ === 0 ? fail : { items: ofPage(page) } };
      };
      const { summary, text } = await fetchJson(t, answer, { ...options, retries: 1 }, LIST);
      assert.equal(summary.verdict.name, 'proven', JSON.stringify(summary.verdict));
      assert.equal(text?.split('\n').length, rows.length + 1);
    });
  }

  test('where the first page fails, the records are found in the next one, and the others are compared', async (t) => {
    const answer = (url: URL): JsonReply => {
      const page = pageOf(url);
      if (page === 1) return { status: 500 };
      return { body: page === 4 ? { items: [], ...fail } : { items: ofPage(page) } };
    };
    const { summary } = await fetchJson(t, answer, { records: true }, LIST);
    assert.equal(summary.verdict.name, 'incomplete', JSON.stringify(summary.verdict));
    assert.deepEqual([summary.verdict.stored, summary.verdict.failed], [4, 2]);
  });
});

test('where the first pages fail, no other is taken without a comparison', async (t) => {
  const { summary, targets } = await fetchJson(t, () => ({ body: fail }), { records: true }, LIST);
  assert.equal(summary.verdict.name, 'incomplete', JSON.stringify(summary.verdict));
  assert.deepEqual([summary.verdict.stored, summary.verdict.failed], [0, 1]);
  assert.equal(targets.length, 3);
});

suite('null in the place of a record is none in a list of URLs', () => {
  const answer = (url: URL): JsonReply => {
    const page = pageOf(url);
    return { body: { items: ofPage(page).map((row, at) => (page === 3 && at < 2 ? null : row)) } };
  };
  const lines = rows
    .flatMap((row, at) => (at === 40 || at === 41 ? [] : `${JSON.stringify(row)}\n`))
    .join('');

  for (const options of [{ records: true }, { select: 'items' }]) {
    test(`with ${Object.keys(options)}: it is not written, said, and the list is not proven`, async (t) => {
      const { summary, text } = await fetchJson(t, answer, options, LIST);
      assert.equal(text, lines);
      assert.equal(summary.verdict.name, 'complete', JSON.stringify(summary.verdict));
      assert.match(summary.verdict.evidence.join(), /2 places of the lists? hold null/);
      const { verdict } = await verifyArchive(summary.archivePath!);
      assert.deepEqual(verdict, summary.verdict);
      const output = `${summary.archivePath}.ndjson`;
      await exportArchive(summary.archivePath!, { output });
      assert.equal(readFileSync(output, 'utf8'), lines);
    });
  }

  test('it is not counted by --expect', async (t) => {
    const { summary } = await fetchJson(t, answer, { select: 'items', expect: 118 }, LIST);
    assert.equal(summary.verdict.name, 'complete', JSON.stringify(summary.verdict));
  });

  test('whole pages hold it', async (t) => {
    const { summary, text } = await fetchJson(t, answer, {}, LIST);
    assert.equal(summary.verdict.name, 'proven');
    assert.match(text ?? '', /\[null,null,/);
  });
});

test('lists that are given together are fetched page by page as URLs, and the summary says so', async (t) => {
  const server = await startJsonServer(t, (url) => ({
    body: { total: 120, items: ofPage(pageOf(url)) },
  }));
  const folder = temporaryFolder(t);
  const urls = [`${server.origin}/a`, `${server.origin}/b`];
  const whole = await runCliHere(folder, [...urls, '-o', 'a.ndjson']);
  assert.equal(whole.code, 0, whole.stderr);
  assert.match(whole.stderr, /\n2 whole pages → a\.ndjson.*\nEach URL was fetched as one page/);
  for (const flag of ['--records', '--pages', '--select=items']) {
    const { stderr } = await runCliHere(folder, [...urls, '-o', 'a.ndjson', flag]);
    assert.doesNotMatch(stderr, /Each URL was fetched/, flag);
  }
});
