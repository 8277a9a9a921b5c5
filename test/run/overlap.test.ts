/** Offset lists whose pages begin with the last record of the page before, and those that cannot. */
import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import type { RunOptions, Summary } from '../../src/index.ts';
import type { ApiChanges } from '../fixtures/apis/api-server.ts';
import { fetchJson, type JsonReply, startFixture, wholeOutput } from './pagination-setup.ts';

const AT_ONCE = { concurrency: 4 };

const BORDERS = 'each page begins with the last record of the page before';
const ALL_READ_AGAIN = 'every page was read again at the end and had not changed';

interface List {
  readonly length?: number;
  /** What the server gives instead of its page; null: nothing. */
  readonly instead?: (offset: number, limit: number) => JsonReply | null;
  readonly row?: (at: number) => object;
  readonly limit?: number;
  readonly options?: RunOptions;
}

interface Read {
  readonly summary: Summary;
  /** Offset and limit of each request, in order of arrival. */
  readonly asked: readonly (readonly [offset: number, limit: number])[];
  readonly lines: readonly string[];
  readonly rows: readonly string[];
}

/** Reads a list by offset with a total, one request at a time. */
async function read(
  t: TestContext,
  { length = 35, instead = () => null, row = (at) => ({ id: at * 3 }), limit = 10, options }: List,
): Promise<Read> {
  const rows = Array.from({ length }, (_, at) => row(at));
  const pageAt = (offset: number, most: number) => ({
    total: length,
    items: rows.slice(offset, offset + most),
  });
  const answer = ({ searchParams }: URL): JsonReply => {
    const offset = Number(searchParams.get('offset'));
    const most = Number(searchParams.get('limit'));
    return instead(offset, most) ?? { body: pageAt(offset, most) };
  };
  const path = `/things?limit=${limit}&offset=0`;
  const { summary, text, targets } = await fetchJson(
    t,
    answer,
    { concurrency: 1, ...options },
    path,
  );
  const asked = targets.map((target) => {
    const { searchParams } = new URL(target, 'http://a.example');
    return [Number(searchParams.get('offset')), Number(searchParams.get('limit'))] as const;
  });
  return {
    summary,
    asked,
    lines: (text ?? '').split('\n').slice(0, -1),
    rows: rows.map((row) => JSON.stringify(row)),
  };
}

function said({ summary: { verdict, pagination } }: Read) {
  // In the phrase that the summary shows.
  const apart = /pages do not overlap: .*/.exec(pagination?.evidence[0] ?? '')?.[0];
  return { name: verdict.name, evidence: verdict.evidence, apart };
}

suite('pages of a list by offset', AT_ONCE, () => {
  test('overlap by one record: the size stays, the step is one less, and no page is asked for twice', async (t) => {
    const result = await read(t, {});
    assert.deepEqual(said(result), { name: 'proven', evidence: [BORDERS], apart: undefined });
    assert.deepEqual(result.asked, [
      [0, 10],
      [9, 10],
      [18, 10],
      [27, 10],
    ]);
    assert.deepEqual(result.lines, result.rows);
  });

  test('overlap where records have no key but are all different', async (t) => {
    const result = await read(t, { row: (at) => ({ label: `row ${at}` }) });
    assert.deepEqual(said(result), { name: 'proven', evidence: [BORDERS], apart: undefined });
    assert.deepEqual(result.lines, result.rows);
  });

  test('do not where the server refuses an offset that is no multiple of the size', async (t) => {
    const instead = (offset: number, limit: number) =>
      offset % limit === 0 ? null : { status: 400, body: { error: 'offset must be a multiple' } };
    const result = await read(t, { instead });
    assert.deepEqual(said(result), {
      name: 'complete',
      evidence: [ALL_READ_AGAIN],
      apart: 'pages do not overlap: the server refused a page that begins in another (400)',
    });
    const pages = [0, 10, 20, 30];
    assert.deepEqual(
      result.asked.map(([offset]) => offset),
      [0, 9, ...pages.slice(1), ...pages],
    );
    assert.deepEqual(result.lines, result.rows);
    assert.equal(result.summary.verdict.failed, 0);
  });

  test('do not where the server rounds the offset down to a multiple of the size', async (t) => {
    const rows = Array.from({ length: 35 }, (_, at) => ({ id: at * 3 }));
    const instead = (offset: number, limit: number) => {
      const from = offset - (offset % limit);
      return { body: { total: 35, items: rows.slice(from, from + limit) } };
    };
    const result = await read(t, { instead });
    assert.deepEqual(said(result), {
      name: 'complete',
      evidence: [ALL_READ_AGAIN],
      apart: 'pages do not overlap: the server rounds the position of a page',
    });
    assert.deepEqual(result.lines, result.rows);
  });

  test('leave no gap to fill where the server rounds, behind a short page', async (t) => {
    // Asked for 9 records from 11 on, it would give those from 9 on again.
    const rows = Array.from({ length: 11 }, (_, at) => ({ n: at % 4 }));
    const instead = (offset: number, limit: number) => {
      const from = offset - (offset % limit);
      return { body: { items: rows.slice(from, from + limit) } };
    };
    const result = await read(t, { instead });
    assert.deepEqual(
      result.lines,
      rows.map((row) => JSON.stringify(row)),
    );
  });

  for (const [what, items, why] of [
    ['is empty', [], 'a page that begins in another was empty'],
    [
      'holds others',
      [{ id: 'x' }, { id: 'y' }],
      'a page that begins in another had other records there',
    ],
  ] as const) {
    test(`do not where the page that begins in another ${what}`, async (t) => {
      const instead = (offset: number, limit: number) =>
        offset % limit === 0 ? null : { body: { total: 35, items } };
      const result = await read(t, { instead });
      const apart = `pages do not overlap: ${why}`;
      assert.deepEqual(said(result), { name: 'complete', evidence: [ALL_READ_AGAIN], apart });
      assert.deepEqual(result.lines, result.rows);
    });
  }

  for (const length of [35, 300]) {
    test(`show that an offset counts pages, of a list of ${length}`, async (t) => {
      const rows = Array.from({ length }, (_, at) => ({ id: at * 3 }));
      const instead = (offset: number, limit: number) => ({
        body: { items: rows.slice(offset * limit, (offset + 1) * limit) },
      });
      const result = await read(t, { instead });
      const [evidence] = result.summary.pagination?.evidence ?? [];
      assert.match(evidence ?? '', /offset counts pages: at 1 there are none of the first page's/);
      assert.deepEqual(
        result.lines,
        rows.map((row) => JSON.stringify(row)),
      );
    });
  }

  test('do not where they hold fewer than ten records', async (t) => {
    const result = await read(t, { limit: 9 });
    assert.deepEqual(said(result), {
      name: 'complete',
      evidence: [ALL_READ_AGAIN],
      apart: undefined,
    });
    const pages = [0, 9, 18, 27];
    assert.deepEqual(
      result.asked.map(([offset]) => offset),
      [...pages, ...pages],
    );
  });

  test('do not where the first is the last', async (t) => {
    const result = await read(t, { length: 10 });
    assert.deepEqual(said(result), {
      name: 'proven',
      evidence: ['nothing follows its one page'],
      apart: undefined,
    });
    // As many as were asked for, and as the total says: that may be the number of records in the page.
    assert.deepEqual(result.asked, [
      [0, 10],
      [10, 10],
    ]);
  });

  test('do not with --overlap 0, nor where whole pages or an expression are written', async (t) => {
    const pages = [0, 10, 20, 30];
    for (const options of [
      { paginate: { overlap: 0 } },
      { wholePages: true },
      { select: 'items[].{id: id}' },
    ]) {
      const result = await read(t, { options });
      const how = JSON.stringify(options);
      assert.deepEqual(
        [said(result).name, said(result).evidence],
        ['complete', [ALL_READ_AGAIN]],
        how,
      );
      assert.deepEqual(
        result.asked.map(([offset]) => offset),
        [...pages, ...pages],
        how,
      );
      const ids = result.lines.join().match(/"id":/g);
      assert.equal(ids?.length, 35, how);
    }
  });
});

/** A row is deleted and one appended before a request, and the total stays. */
function changeBefore(due: number, number: number, list: ApiChanges): void {
  if (number !== due) return;
  list.deleteAt(3);
  list.insertAt(list.length);
}

suite('a row that is deleted while another is appended, with the same total', AT_ONCE, () => {
  // It takes three requests to find how the first one pages.
  for (const [api, due] of [
    ['ckan', 6],
    ['range', 4],
  ] as const) {
    test(`shows at a border (${api})`, async (t) => {
      const { server, fetch, read } = await startFixture(t, {
        api,
        pageSize: 25,
        onRequest: (number, list) => changeBefore(due, number, list),
      });
      const { verdict } = await fetch({ concurrency: 1 });
      assert.equal(verdict.name, 'drifted');
      assert.deepEqual(verdict.reasons, [
        'page 4 did not begin with the last record of page 3, as it was asked to',
      ]);
      assert.deepEqual([verdict.records?.totalAtStart, verdict.records?.totalAtEnd], [137, 137]);
      assert.equal(server.length, 137);
      assert.equal(read(), null);
    });
  }

  test('leaves a list without a key unverified, since a row may only have been changed', async (t) => {
    const label = (at: number) => ({ label: `row ${at}` });
    const instead = (offset: number) => {
      if (offset < 27) return null;
      // As many rows, each one further to the front.
      const items = [0, 1, 2, 3, 4, 5, 6, 7].map((at) => label(offset + at + 1));
      return { body: { total: 35, items } };
    };
    const { summary } = await read(t, { row: label, instead });
    assert.equal(summary.verdict.name, 'unverified');
    assert.deepEqual(summary.verdict.reasons, [
      'page 4 does not begin with the bytes that page 3 ended with; without a key (--key) that may be a changed record or a changed list',
    ]);
    assert.deepEqual(summary.verdict.evidence, []);
  });

  test('shows when the pages are read again, where it keeps them from overlapping', async (t) => {
    const { fetch } = await startFixture(t, {
      api: 'ckan',
      pageSize: 25,
      onRequest: (number, list) => changeBefore(4, number, list),
    });
    const { verdict, pagination } = await fetch({ concurrency: 1 });
    assert.match(pagination!.evidence.join(), /pages do not overlap: .* had other records there/);
    assert.equal(verdict.name, 'drifted');
    assert.deepEqual(verdict.reasons, ['pages 1 and 2 held other records when read again']);
  });

  test('shows when the pages are read again, where they cannot overlap', async (t) => {
    const { fetch, read } = await startFixture(t, {
      api: 'wordpress',
      pageSize: 25,
      onRequest: (number, list) => changeBefore(4, number, list),
    });
    const { verdict } = await fetch({ concurrency: 1 });
    assert.equal(verdict.name, 'drifted');
    assert.deepEqual(verdict.reasons, ['pages 1, 2 and 3 held other records when read again']);
    assert.equal(read(), null);
  });

  test('is proven to be whole where it was read until two readings agree', async (t) => {
    const { server, fetch, read } = await startFixture(t, {
      api: 'ckan',
      pageSize: 25,
      onRequest: (number, list) => changeBefore(6, number, list),
    });
    const { verdict, readings } = await fetch({ concurrency: 1, prove: true });
    assert.deepEqual([verdict.name, readings], ['proven', 3]);
    assert.equal(read(), wholeOutput(server));
  });
});
