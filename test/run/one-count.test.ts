import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import {
  exportArchive,
  type RunOptions,
  records,
  type Summary,
  UnfinishedError,
  type Verdict,
  verifyArchive,
} from '../../src/index.ts';
import { summaryText } from '../../src/report/summary-text.ts';
import { fetchJson, type JsonReply, OUTPUT, startJsonServer } from './pagination-setup.ts';
import { runCliHere } from './run-in-process.ts';

const AT_ONCE = { concurrency: 4 };
const numbers = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
const things = (from: number, to: number) => numbers(from, to).map((id) => ({ id }));
const numberIn = (url: URL, name: string, otherwise: number): number =>
  Number(url.searchParams.get(name) ?? otherwise);

const written = ({ records }: Verdict) => records?.written;

interface Counted {
  readonly summary: Summary;
  readonly lines: readonly string[];
  readonly text: string;
}

/** Runs a list, and holds every number that is said of its output against the lines that are there. */
async function countEverywhere(
  t: TestContext,
  answer: (url: URL) => JsonReply,
  options: RunOptions,
  path = '/things',
): Promise<Counted> {
  const { summary, text, folder } = await fetchJson(t, answer, options, path);
  const lines = (text ?? '').split('\n').filter((line) => line !== '');
  const count = lines.length;
  const { verdict, output, archivePath } = summary;
  const why = verdict.reasons.join('; ');
  assert.deepEqual([output?.records, written(verdict)], [count, count], why);

  const again = join(folder, 'again.ndjson');
  const exported = await exportArchive(archivePath!, { output: again });
  assert.equal(readFileSync(again, 'utf8'), text);
  assert.deepEqual([exported.records, written(exported.verdict)], [count, count]);
  assert.deepEqual(exported.verdict, verdict);

  assert.deepEqual((await verifyArchive(archivePath!)).verdict, verdict);
  const told = await runCliHere(folder, ['verify', archivePath!, '--json']);
  assert.deepEqual(JSON.parse(told.stdout).verdict, verdict);

  const bare = await fetchJson(
    t,
    answer,
    { ...options, output: join(folder, 'a.everypage') },
    path,
  );
  assert.deepEqual(bare.summary.verdict, verdict);

  const { origin } = await startJsonServer(t, answer);
  const yielded: string[] = [];
  const { output: _, ...own } = options;
  for await (const record of records(`${origin}${path}`, { ...own, retries: 0 })) {
    yielded.push(record.text());
  }
  assert.deepEqual(yielded, lines);
  const commands = { again: 'AGAIN', takeWhatIsThere: null, anew: 'ANEW', with: () => 'WITH' };
  const context = { color: false, wallTime: 0, total: null, outputs: [OUTPUT], commands };
  return { summary, lines, text: summaryText(summary, context) };
}

/** CouchDB's `startkey`: 137 records, and each page begins with the record that it is asked for by. */
const inclusive = (url: URL): JsonReply => {
  const from = numberIn(url, 'startkey', 1);
  return { body: { rows: things(from, Math.min(from + 25, 138)) } };
};
const byStartKey: RunOptions = {
  paginate: { style: 'keyset', param: 'startkey', records: 'rows', key: 'id' },
};

/** 100 records by a cursor; after its last page it gives that page again, for ever. */
const repeating = (url: URL): JsonReply => {
  const page = Math.min(3, numberIn(url, 'cursor', 0));
  const items = things(25 * page, 25 * page + 25);
  return { body: { items, next: String(Math.min(3, page + 1)) } };
};

/** Page numbers without a total: past the end comes the last page again. */
const repeatingPages = (url: URL): JsonReply => {
  const page = Math.min(4, numberIn(url, 'page', 1));
  return { body: { items: things(25 * (page - 1), 25 * page) } };
};

/** MediaWiki: 137 records in an object by their ids, in pages of 50. */
const mapped = (url: URL): JsonReply => {
  const from = numberIn(url, 'gapcontinue', 0);
  const to = Math.min(137, from + 50);
  const pages = Object.fromEntries(numbers(from, to).map((id) => [`k${id}`, { id }]));
  const more = to < 137 ? { continue: { gapcontinue: String(to), continue: 'gapcontinue||' } } : {};
  return { body: { batchcomplete: '', ...more, query: { pages } } };
};

/** 100 records by offset, which says how many there are. */
const byOffset = (url: URL): JsonReply => {
  const from = numberIn(url, 'offset', 0);
  return { body: { total: 100, items: things(from, Math.min(100, from + 25)) } };
};

suite('one count, of what the output holds', AT_ONCE, () => {
  test('the record that two pages share by an inclusive key stands in the output once', async (t) => {
    const { summary, lines, text } = await countEverywhere(t, inclusive, byStartKey);
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).id),
      numbers(1, 138),
    );
    assert.equal(summary.verdict.records?.fetched, 137);
    assert.match(text, /^All \d+ pages are OK: 137 records,/);
    assert.match(text, /^137 records → /m);
  });

  test('newest first, the shared record is the last one of the page that follows', async (t) => {
    const newestFirst = (url: URL): JsonReply => {
      const to = numberIn(url, 'endkey', 137);
      return { body: { rows: things(Math.max(1, to - 24), to + 1) } };
    };
    const { lines } = await countEverywhere(t, newestFirst, {
      paginate: { style: 'keyset', param: 'endkey', records: 'rows', key: 'id', keyFrom: 'first' },
    });
    const ids = lines.map((line) => JSON.parse(line).id);
    assert.equal(ids.length, 137);
    assert.equal(new Set(ids).size, 137);
  });

  test('another selection is applied to what is left of a page without its shared record', async (t) => {
    const select = 'rows[].{n: id}';
    const { summary, lines, text } = await countEverywhere(t, inclusive, { ...byStartKey, select });
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).n),
      numbers(1, 138),
    );
    assert.equal(summary.verdict.records?.fetched, 137);
    assert.match(text, /: 137 records,/);
  });

  test('a filter is counted beside the records of the list', async (t) => {
    const select = 'items[?id < `42`]';
    const { summary, lines, text } = await countEverywhere(
      t,
      byOffset,
      { select },
      '/things?offset=0',
    );
    assert.equal(lines.length, 42);
    assert.deepEqual([summary.verdict.name, summary.verdict.records?.fetched], ['complete', 100]);
    assert.match(
      text,
      /^All 4 pages are OK: 100 records of the list, 42 by your selection, as many as the server says\.$/m,
    );
  });

  test('a selection applies to pages that overlap as if they did not', async (t) => {
    const options: RunOptions = { select: 'items[].id', paginate: { overlap: 5 } };
    const { lines } = await countEverywhere(t, byOffset, options, '/things?offset=0&limit=25');
    assert.deepEqual(lines, numbers(0, 100).map(String));
  });

  test('whole pages are counted as pages', async (t) => {
    const options: RunOptions = { wholePages: true };
    const { origin } = await startJsonServer(t, byOffset);
    const { summary, text, folder } = await fetchJson(t, byOffset, options, '/things?offset=0');
    assert.equal(text?.trimEnd().split('\n').length, 4);
    assert.deepEqual([summary.verdict.records?.fetched, written(summary.verdict)], [100, 4]);
    const { stderr } = await runCliHere(folder, [
      `${origin}/things?offset=0`,
      '--pages',
      '-o',
      'b.ndjson',
    ]);
    assert.match(
      stderr,
      /^All 4 pages are OK: 100 records of the list, as 4 whole pages, as many as/,
    );
    assert.match(stderr, /^4 pages → b\.ndjson/m);
  });

  test('with --repeat-is-end the page that comes again is not written', async (t) => {
    const options: RunOptions = {
      paginate: { style: 'cursor', param: 'cursor', nextPath: 'next', repeatIsEnd: true },
    };
    const { lines, text } = await countEverywhere(t, repeating, options);
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).id),
      numbers(0, 100),
    );
    assert.match(text, /: 100 records, up to the end that the server states\.$/m);
  });

  test('pages past the end that hold the last one again are not written while it is looked for', async (t) => {
    const options: RunOptions = {
      paginate: { style: 'page', param: 'page', repeatIsEnd: true },
      concurrency: 8,
    };
    const { summary, lines } = await countEverywhere(t, repeatingPages, options, '/things?page=1');
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).id),
      numbers(0, 100),
    );
    assert.equal(summary.verdict.name, 'unverified');
  });

  test('an expression says where the records stand that no list holds', async (t) => {
    const options: RunOptions = { select: 'query.pages.*' };
    const { summary, lines, text } = await countEverywhere(t, mapped, options);
    assert.equal(lines.length, 137);
    const { fetched, counts } = summary.verdict.records!;
    assert.deepEqual([summary.verdict.name, fetched, counts], ['complete', 137, 'list']);
    assert.match(
      text,
      /^All 3 pages are OK: 137 records, up to the end that the server states\.$/m,
    );
  });

  test('pages by number whose records stand in an object are read to their end by an expression', async (t) => {
    const dictionary = (url: URL): JsonReply => {
      const from = 25 * (numberIn(url, 'page', 1) - 1);
      const ids = numbers(from, Math.min(100, from + 25));
      const entities = Object.fromEntries(ids.map((id) => [`Q${id}`, { id }]));
      return { body: { total: 100, entities } };
    };
    const select = 'entities.*.id | [?@ < `42`]';
    const { summary, lines } = await countEverywhere(t, dictionary, { select }, '/things?page=1');
    assert.deepEqual(lines, numbers(0, 42).map(String));
    assert.deepEqual([summary.verdict.name, summary.verdict.records?.fetched], ['complete', 100]);
  });

  test('an envelope is no record: without --select and --pages nothing is written', async (t) => {
    const { summary, text } = await fetchJson(t, mapped);
    assert.equal(text, null);
    const { name, reasons } = summary.verdict;
    assert.equal(name, 'incomplete');
    assert.match(
      reasons[0]!,
      /the records in it were not found\. Say where they are with --select/,
    );
    assert.deepEqual([written(summary.verdict), summary.output], [0, null]);
    const { origin } = await startJsonServer(t, mapped);
    const yielded: string[] = [];
    await assert.rejects(async () => {
      for await (const record of records(`${origin}/things`)) yielded.push(record.text());
    }, UnfinishedError);
    assert.deepEqual(yielded, []);
  });

  test('whole pages of unknown records are written as pages, and said to be so', async (t) => {
    const { summary, text } = await fetchJson(t, mapped, { wholePages: true });
    assert.equal(text?.trimEnd().split('\n').length, 3);
    const { records, name } = summary.verdict;
    assert.deepEqual(
      [name, records?.fetched, records?.written, records?.counts],
      ['complete', 3, 3, 'output'],
    );
  });
});

/** The same, and each page says that there are 137. */
const totalled = (url: URL): JsonReply => {
  const { body } = mapped(url) as { body: object };
  return { body: { total: 137, ...body } };
};

suite('what a total is held against where the records of the list are unknown', AT_ONCE, () => {
  const paginate = { style: 'continue', nextPath: 'continue', totalPath: 'total' } as const;

  test('as many of the selection as the total says are evidence', async (t) => {
    const options: RunOptions = { select: 'values(query.pages)', paginate };
    const { summary, text } = await countEverywhere(t, totalled, options);
    assert.equal(summary.verdict.name, 'complete');
    assert.match(text, /: 137 records, as many as the server says\.$/m);
  });

  test('another number may be a filter, so it cannot be told whether all came', async (t) => {
    const options: RunOptions = { select: 'values(query.pages)[?id < `42`]', paginate };
    const { summary, lines } = await countEverywhere(t, totalled, options);
    assert.deepEqual([summary.verdict.name, lines.length], ['unverified', 42]);
    assert.match(
      summary.verdict.reasons[0]!,
      /^the server says 137 records, the selection gives 42: it may leave some out/,
    );
  });

  test('whole pages are not counted against it', async (t) => {
    const { summary } = await fetchJson(t, totalled, { wholePages: true, paginate });
    assert.equal(summary.verdict.name, 'unverified');
    assert.match(
      summary.verdict.reasons[0]!,
      /^the server says 137 records; the records were not found in the pages/,
    );
  });
});

/** MediaWiki without `batchcomplete`: the same 50 pages each time, each time more of their properties. */
const byParts = (url: URL): JsonReply => {
  const from = numberIn(url, 'rvcontinue', 0);
  const pages = numbers(1, 51).map((pageid) => ({
    pageid,
    ...(pageid > from && pageid <= from + 10 ? { revisions: [{ revid: pageid }] } : {}),
  }));
  const more =
    from < 40
      ? { continue: { rvcontinue: String(from + 10), continue: '||' } }
      : { batchcomplete: true };
  return { body: { ...more, query: { pages } } };
};

suite('records that come again with further properties', AT_ONCE, () => {
  test('are counted and written once, with all of them', async (t) => {
    const { summary, text } = await fetchJson(t, byParts);
    const { name, reasons, records } = summary.verdict;
    assert.deepEqual([name, records?.unique], ['complete', 50], reasons.join('; '));
    assert.deepEqual([records?.fetched, records?.written], [50, 50]);
    assert.equal(text?.match(/"revisions":/g)?.length, 50);
  });

  test('are not written as if there were more of them, where they cannot be put together', async (t) => {
    const { summary, text } = await fetchJson(t, (url) => {
      const from = numberIn(url, 'rvcontinue', 0);
      const { body } = byParts(url) as { body: { query: { pages: object[] } } };
      const pages = body.query.pages.map((page) => ({ ...page, from }));
      return { body: { ...body, query: { pages } } };
    });
    assert.equal(text, null);
    const { name, reasons, records } = summary.verdict;
    assert.deepEqual([name, records?.unique], ['incomplete', 50], reasons.join('; '));
    assert.match(
      reasons[0]!,
      /^pages 1 and 2 hold the same 50 records by their keys, with different content/,
    );
    assert.doesNotMatch(reasons.join(), /inserted|deleted|twice/);
  });

  test('are all there in whole pages', async (t) => {
    const { summary, text } = await fetchJson(t, byParts, { wholePages: true });
    assert.equal(text?.trimEnd().split('\n').length, 5);
    assert.equal(summary.verdict.name, 'complete');
  });
});
