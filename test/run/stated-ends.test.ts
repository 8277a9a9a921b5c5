/** What servers state of where their list ends, right or wrong, and what a run makes of it. */
import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import type { PaginateOptions, RunOptions } from '../../src/index.ts';
import { fetchJson, type JsonReply } from './pagination-setup.ts';

const range = (from: number, to: number) =>
  Array.from({ length: Math.max(0, to - from) }, (_, index) => ({ id: from + index + 1 }));

/** The rows of `?page=`, from 1. */
const pageOf = (url: URL) => Number(url.searchParams.get('page') ?? 1);
const rowsOf = (page: number, size: number, records: number) =>
  range((page - 1) * size, Math.min(records, page * size));

async function read(
  t: TestContext,
  answer: (url: URL) => JsonReply,
  path: string,
  options: RunOptions = {},
) {
  const { summary, text, targets } = await fetchJson(t, answer, options, path);
  const ids =
    text
      ?.trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).id) ?? null;
  const { name, end, reasons, evidence } = summary.verdict;
  return { name, end, reasons, evidence, ids, targets, told: JSON.stringify(summary) };
}

const all = (records: number) => range(0, records).map(({ id }) => id);

suite('everything came', () => {
  for (const status of [404, 400, 410]) {
    test(`so a next link that answers ${status} is no failure`, async (t) => {
      const answer = (url: URL): JsonReply => {
        const after = Number(url.searchParams.get('search_after') ?? 0);
        const rows = range(after, Math.min(150, after + 25));
        if (rows.length === 0) return { status, body: { error: { code: 'NOT_FOUND' } } };
        const link = `<${url.origin}/drug?limit=25&search_after=${after + 25}>; rel="next"`;
        return { headers: { link }, body: { meta: { total: 150 }, results: rows } };
      };
      const { name, end, ids, told } = await read(t, answer, '/drug?limit=25');
      assert.deepEqual([name, end], ['complete', 'total'], told);
      assert.deepEqual(ids, all(150));
    });
  }

  test('by its total, so a number of pages that is the number of records is named and dropped', async (t) => {
    const answer = (url: URL): JsonReply => {
      const page = pageOf(url);
      const products = rowsOf(page, 24, 137);
      return { body: { count: 137, page, page_count: products.length, page_size: 24, products } };
    };
    const run = await read(t, answer, '/search?page_size=24&page=1');
    assert.equal(run.name, 'complete', run.told);
    assert.deepEqual(run.ids, all(137));
    assert.match(run.told, /page_count is the number of records in this page/);
    // Six pages, and each of them once more.
    assert.ok(run.targets.length < 20);
  });
});

suite('more was stated', () => {
  const limited = (refusals: number) => {
    let refused = 0;
    return (url: URL): JsonReply => {
      const page = pageOf(url);
      if (page > 2 && refused < refusals) {
        refused += 1;
        return { status: 400, body: { error_name: 'bad_request' } };
      }
      return { body: { items: rowsOf(page, 30, 300), has_more: page < 10 } };
    };
  };

  test('so a refusal is asked for again, and the list is read to its end', async (t) => {
    const run = await read(t, limited(3), '/questions?pagesize=30', { retries: 5 });
    assert.equal(run.name, 'complete', run.told);
    assert.deepEqual(run.ids, all(300));
  });

  test('so a refusal that stays leaves the list incomplete', async (t) => {
    const run = await read(t, limited(Number.POSITIVE_INFINITY), '/questions?pagesize=30');
    assert.equal(run.name, 'incomplete', run.told);
    assert.equal(run.ids, null);
  });

  test('so where nothing is given beyond a depth the list is capped', async (t) => {
    const byOffset = (url: URL): JsonReply => {
      const at = Number(url.searchParams.get('offset') ?? 0);
      const size = Number(url.searchParams.get('limit') ?? 100);
      if (at >= 992) return { status: 400, body: { error: 'not available' } };
      const data = range(at, Math.min(992, at + size));
      return { body: { total: 1735, offset: at, next: at + data.length, data } };
    };
    const cut = await read(t, byOffset, '/papers?limit=100&offset=0');
    assert.equal(cut.name, 'capped', cut.told);
    const byPage = (url: URL): JsonReply => {
      const page = Number(url.searchParams.get('page') ?? 0);
      const hits = rowsOf(page + 1, 100, 1000);
      const isOver = hits.length === 0;
      return { body: { hits, page, nbHits: isOver ? 0 : 5562, nbPages: isOver ? 0 : 10 } };
    };
    for (const path of ['/search?hitsPerPage=100&page=0', '/search?hitsPerPage=100']) {
      const counted = await read(t, byPage, path);
      assert.equal(counted.name, 'capped', counted.told);
      assert.match(counted.reasons[0]!, /there are said to be 5,562/);
    }
  });

  test('so where all pages beyond a depth fail, that depth is named', async (t) => {
    const answer = (url: URL): JsonReply => {
      const at = Number(url.searchParams.get('offset') ?? 0);
      if (at >= 2000) return { status: 500, body: { message: 'Error' } };
      return { body: { count: 3000, packages: range(at, at + 100) } };
    };
    const run = await read(t, answer, '/packages?offset=0&pageSize=100');
    assert.equal(run.name, 'incomplete', run.told);
    assert.match(run.reasons.join(), /pages after the first 2,0\d\d records do not come/);
  });

  test('by a link to a last page alone, so the first page is not the end', async (t) => {
    const paginate: PaginateOptions = { style: 'link' };
    const answer = (url: URL): JsonReply => ({
      headers: { link: `<${url.origin}/items?page=4>; rel="last"` },
      body: rowsOf(pageOf(url), 10, 40),
    });
    const run = await read(t, answer, '/items', { paginate });
    assert.equal(run.name, 'incomplete', run.told);
  });
});

suite('no alarm', () => {
  const links = (t: TestContext, rels: (page: number, url: (page: number) => string) => string) => {
    const answer = (url: URL): JsonReply => {
      const page = pageOf(url);
      const link = rels(page, (number) => `${url.origin}/items?page=${number}`);
      return { ...(link === '' ? {} : { headers: { link } }), body: rowsOf(page, 10, 37) };
    };
    return read(t, answer, '/items', { paginate: { style: 'link' } });
  };

  test('for a Link header with next and last and neither prev nor first', async (t) => {
    const run = await links(t, (page, url) =>
      page === 4 ? '' : `<${url(page + 1)}>; rel="next", <${url(4)}>; rel="last"`,
    );
    assert.equal(run.name, 'complete', run.told);
    assert.deepEqual(run.ids, all(37));
  });

  test('for a number of pages that grows as one goes on', async (t) => {
    const answer = (url: URL): JsonReply => {
      const page = pageOf(url);
      return { body: { page, pages: Math.min(12, page + 9), cards: rowsOf(page, 25, 300) } };
    };
    const run = await read(t, answer, '/cards?page=1');
    assert.equal(run.name, 'unverified', run.told);
    assert.deepEqual(run.ids, all(300));
    assert.match(run.evidence.join(), /the number of pages is another on each page/);
  });

  test('for a total that falls by a page with each page, or is 0', async (t) => {
    for (const totalAt of [(at: number) => 137 - at, () => 0]) {
      const answer = (url: URL): JsonReply => {
        const at = Number(url.searchParams.get('skip') ?? 0);
        const next = at + 25 < 137 ? { next: `${url.origin}/things?skip=${at + 25}` } : {};
        return { body: { count: totalAt(at), ...next, value: range(at, Math.min(137, at + 25)) } };
      };
      const paginate = { style: 'next', nextPath: 'next', totalPath: 'count' } as const;
      const run = await read(t, answer, '/things', { paginate, select: 'value' });
      assert.equal(run.name, 'complete', run.told);
      assert.deepEqual(run.ids, all(137));
      assert.match(run.evidence.join(), /count says /);
    }
  });

  test('for a flag that says no more of the page, beside a next URL', async (t) => {
    const answer = (url: URL): JsonReply => {
      const at = Number(url.searchParams.get('_next') ?? 0);
      const hasNext = at + 50 < 137;
      const next_url = hasNext ? `${url.origin}/rows?_next=${at + 50}` : null;
      return { body: { rows: range(at, Math.min(137, at + 50)), truncated: false, next_url } };
    };
    const run = await read(t, answer, '/rows');
    assert.equal(run.name, 'complete', run.told);
    assert.deepEqual(run.ids, all(137));
  });
});

suite('too little is stated', () => {
  test('by a number of pages that is one too few, and no record is lost', async (t) => {
    const answer = (url: URL): JsonReply => {
      const page = pageOf(url);
      return { body: { page, total_pages: 5, items: rowsOf(page, 25, 137) } };
    };
    const run = await read(t, answer, '/items?page=1');
    assert.deepEqual(run.ids, all(137));
    assert.equal(run.name, 'unverified', run.told);
    assert.match(run.evidence.join(), /total_pages says 5 pages, and page 6 has records/);
  });

  test('by a path to the next page that no page had', async (t) => {
    const answer = (): JsonReply => ({ body: { items: range(0, 10), nextPage: 'abc' } });
    const paginate = { style: 'cursor', param: 'cursor', nextPath: 'next.page' } as const;
    const run = await read(t, answer, '/items', { paginate });
    // The page holds a token that nothing was told of.
    assert.equal(run.name, 'incomplete', run.told);
    assert.match(run.reasons.join(), /next.page is not in it/);
  });

  test('where one total is of the table and one of what the filter leaves', async (t) => {
    const answer = (url: URL): JsonReply => {
      const at = Number(url.searchParams.get('offset') ?? 0);
      const data = range(at, Math.min(549, at + 50));
      return { body: { meta: { total_count: 1250, filter_count: 549 }, data } };
    };
    const run = await read(t, answer, '/articles?limit=50&offset=0');
    assert.equal(run.name, 'proven', run.told);
    assert.deepEqual(run.ids, all(549));
  });
});

suite('a page past the last one is the last one again', () => {
  /** Too high a number is taken for that of the last page; `from` says which page that is. */
  const clamped =
    (size: number, records: number, last = Math.ceil(records / size)) =>
    (url: URL): JsonReply => {
      const page = Math.min(last, pageOf(url));
      return { body: { items: rowsOf(page, size, records) } };
    };

  for (const [what, size, records] of [
    ['that is full', 25, 100],
    ['that is short', 25, 110],
    ['of two', 25, 50],
  ] as const) {
    test(`${what}: the end, and unverified without a total`, async (t) => {
      const run = await read(t, clamped(size, records), '/items?page=1');
      assert.deepEqual(run.ids, all(records), run.told);
      assert.equal(run.name, 'unverified');
    });
  }

  for (const [what, size, last] of [
    ['page', 25, 10],
    ['number of records', 250, 4],
  ] as const) {
    test(`no end behind a round ${what}, which may be as far as the server goes`, async (t) => {
      const run = await read(t, clamped(size, 5000, last), '/items?page=1');
      assert.equal(run.ids, null, run.told);
      assert.equal(run.name, 'incomplete');
    });
  }

  test('no end where it is the first page that comes again, or records have no key', async (t) => {
    const back = (url: URL): JsonReply => {
      const page = pageOf(url);
      return { body: { items: rowsOf(page > 4 ? 1 : page, 25, 100) } };
    };
    assert.equal((await read(t, back, '/items?page=1')).name, 'incomplete');
    const alike = (url: URL): JsonReply => {
      const page = pageOf(url);
      const value = (at: number) => (page < 3 ? page * 100 + at : 7);
      return { body: { items: Array.from({ length: 25 }, (_, at) => ({ value: value(at) })) } };
    };
    assert.equal((await read(t, alike, '/items?page=1')).ids, null);
  });
});
