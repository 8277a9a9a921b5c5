/** A list on one page that says no word of paging: whether that page is all. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { MAX_REQUESTS } from '../../src/plan/detect/try-candidates.ts';
import { fetchJson, type JsonReply } from './pagination-setup.ts';

const things = (from: number, to: number): object[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, index) => ({ id: from + index }));

/** A list of `all` records that obeys a size and knows no other parameter. */
const sized =
  (all: number, { param = 'limit', usual = all, most = 1000 } = {}) =>
  (url: URL): JsonReply => {
    const size = Number(url.searchParams.get(param) ?? usual);
    return { body: things(0, Math.min(all, size, most)) };
  };

suite('a page is the whole list, unverified', () => {
  for (const [name, answer, path] of [
    ['where limit=1 gives one record and a larger limit no more', sized(37), '/things'],
    ['where per_page does so', sized(31, { param: 'per_page' }), '/things'],
    ['where more was asked for than came, and the size is obeyed', sized(37), '/things?limit=50'],
    ['where the size has a name of its own', sized(37, { param: 'maxRows' }), '/things?maxRows=50'],
  ] as const) {
    test(name, async (t) => {
      const { summary, text, targets } = await fetchJson(t, answer, {}, path);
      const { name: verdict, end } = summary.verdict;
      assert.deepEqual([verdict, end], ['unverified', 'short'], summary.verdict.reasons.join());
      const count = (answer(new URL(`http://a${path}`)).body as object[]).length;
      assert.equal(text?.split('\n').length, count + 1);
      assert.match(
        summary.pagination?.evidence[0] ?? '',
        /=1 gives one record, and .* no more than/,
      );
      assert.ok(targets.length <= MAX_REQUESTS, targets.join(' '));
    });
  }

  test('where another form of the answer has the total (RabbitMQ)', async (t) => {
    const { summary, text } = await fetchJson(t, (url) => {
      const page = url.searchParams.get('page');
      if (page === null) return { body: things(0, 130) };
      const items = things(100 * (Number(page) - 1), Math.min(130, 100 * Number(page)));
      return {
        body: { items, page: Number(page), page_count: 2, page_size: 100, total_count: 130 },
      };
    });
    assert.equal(summary.verdict.name, 'unverified');
    assert.equal(text?.split('\n').length, 131);
    assert.match(summary.pagination?.evidence[0] ?? '', /\?page=2 says a total of 130/);
  });
});

suite('a page is not taken for the whole list', () => {
  for (const [name, answer] of [
    [
      'where no size is obeyed, whatever number of records it holds',
      () => ({ body: things(0, 12) }),
    ],
    ['where a larger size brings more', sized(61, { usual: 12 })],
    ...[12, 15, 16, 30, 100].map(
      (most) =>
        [
          `where as many came as servers give at most: ${most}`,
          sized(300, { usual: most, most }),
        ] as const,
    ),
    [
      'where the other form has another total',
      (url: URL) => {
        const page = url.searchParams.get('page');
        if (page === null) return { body: things(0, 12) };
        return { body: { items: things(0, 12), total_count: 24 } };
      },
    ],
    [
      'where its records differ each time',
      (() => {
        let time = 0;
        return (url: URL) => {
          time += 1;
          const size = Number(url.searchParams.get('limit') ?? 37);
          return { body: things(0, Math.min(37, size)).map((thing) => ({ ...thing, time })) };
        };
      })(),
    ],
  ] as const) {
    test(name, async (t) => {
      const { summary, text, targets } = await fetchJson(t, answer);
      assert.equal(summary.verdict.name, 'incomplete');
      assert.equal(text, null);
      assert.ok(targets.length <= MAX_REQUESTS, targets.join(' '));
    });
  }

  test('and where more was seen, the advice is not that it is all', async (t) => {
    const { summary } = await fetchJson(t, sized(61, { usual: 12 }));
    const reasons = summary.verdict.reasons.join();
    assert.match(reasons, /it says that there is more|limit=100 gives 49 more records/);
    assert.doesNotMatch(reasons, /--paginate none/);
  });
});

const items = (from: number, to: number) => ({ items: things(from, to) });
const sizeIn = (url: URL) => Number(url.searchParams.get('limit') ?? 25);
const offsetIn = (url: URL) => Number(url.searchParams.get('offset') ?? 0);
const pageIn = (url: URL) => Number(url.searchParams.get('page') ?? 1);
const lines = (text: string | null) => (text ?? '').split('\n').length - 1;

suite('a full page whose total is the number of its records', () => {
  for (const [what, count, path] of [
    ['that the URL asks for', 25, '/things?limit=25'],
    ['that pages commonly hold', 50, '/things'],
  ] as const) {
    test(`is not the whole list where nothing that is tried is obeyed: as many ${what}`, async (t) => {
      const body = { ...items(0, count), total: count };
      const { summary, text, targets } = await fetchJson(t, () => ({ body }), {}, path);
      assert.equal(summary.verdict.name, 'incomplete', JSON.stringify(summary.verdict));
      assert.match(summary.verdict.reasons.join(), /its total of \d+ may count its own records/);
      assert.equal(text, null);
      assert.ok(targets.length <= MAX_REQUESTS, targets.join(' '));
    });
  }

  test('is not where the total follows the size', async (t) => {
    const answer = (url: URL): JsonReply => ({
      body: { ...items(0, sizeIn(url)), total: sizeIn(url) },
    });
    const { summary } = await fetchJson(t, answer, {}, '/things?limit=25');
    assert.equal(summary.verdict.name, 'incomplete', JSON.stringify(summary.verdict));
  });

  test('is where one record has the same total beside it', async (t) => {
    const answer = (url: URL): JsonReply => ({
      body: { ...items(0, Math.min(25, sizeIn(url))), total: 25 },
    });
    const { summary, text } = await fetchJson(t, answer, {}, '/things?limit=25');
    assert.equal(summary.verdict.name, 'proven', JSON.stringify(summary.verdict));
    assert.equal(lines(text), 25);
    assert.match(summary.pagination?.evidence[0] ?? '', /limit=1 .* still a total of 25/);
  });

  test('is where the page behind it is empty and has the same total', async (t) => {
    const answer = (url: URL): JsonReply => ({
      body: { ...items(offsetIn(url), 25), total: 25 },
    });
    const { summary, text, targets } = await fetchJson(t, answer, {}, '/things?limit=25');
    assert.equal(summary.verdict.name, 'proven', JSON.stringify(summary.verdict));
    assert.equal(lines(text), 25);
    assert.equal(targets.length, 2, targets.join(' '));
  });
});

suite('a flag that says that nothing follows a full first page', () => {
  const byPage = (url: URL) => items(25 * (pageIn(url) - 1), Math.min(137, 25 * pageIn(url)));
  const byOffset = (url: URL) => items(offsetIn(url), Math.min(137, offsetIn(url) + 25));

  for (const flag of [{ has_more: false }, { truncated: false }, { isLastPage: true }]) {
    for (const [path, body] of [
      ['/things?limit=25', byPage],
      ['/things?limit=25', byOffset],
      ['/things?limit=25&page=1', byPage],
      ['/things?limit=25&offset=0', byOffset],
    ] as const) {
      test(`ends no list that goes on: ${JSON.stringify(flag)} ${body.name} ${path}`, async (t) => {
        const answer = (url: URL): JsonReply => ({ body: { ...body(url), ...flag } });
        const { summary, text } = await fetchJson(t, answer, {}, path);
        assert.equal(lines(text), 137, JSON.stringify(summary.verdict));
        assert.notEqual(summary.verdict.name, 'complete', JSON.stringify(summary.verdict));
      });

      test(`gives way to a total that says more: ${JSON.stringify(flag)} ${body.name} ${path}`, async (t) => {
        const answer = (url: URL): JsonReply => ({ body: { ...body(url), ...flag, total: 137 } });
        const { summary, text } = await fetchJson(t, answer, {}, path);
        assert.equal(lines(text), 137, JSON.stringify(summary.verdict));
        assert.match(summary.verdict.name, /proven|complete/);
        assert.match(summary.pagination?.evidence.join() ?? '', /a number that more does/);
      });
    }
  }

  test('gives way to a total that says more, where pages name the next one', async (t) => {
    const answer = (url: URL): JsonReply => {
      const from = Number(url.searchParams.get('cursor')?.slice(1) ?? 0);
      const next = from + 25 < 137 ? `c${from + 25}` : null;
      return {
        body: { ...items(from, Math.min(137, from + 25)), next, has_more: false, total: 137 },
      };
    };
    const { summary, text } = await fetchJson(t, answer, {}, '/things');
    assert.equal(lines(text), 137, JSON.stringify(summary.verdict));
    assert.equal(summary.verdict.name, 'complete');
  });

  for (const [what, answer, requests] of [
    ['where the page behind it is empty', (url: URL) => items(offsetIn(url), 25), 2],
    ['where nothing that is tried is obeyed', () => items(0, 25), MAX_REQUESTS],
  ] as const) {
    test(`is the end ${what}`, async (t) => {
      const { summary, text, targets } = await fetchJson(
        t,
        (url) => ({ body: { ...answer(url), has_more: false } }),
        {},
        '/things?limit=25',
      );
      assert.equal(summary.verdict.end, 'stated', JSON.stringify(summary.verdict));
      assert.equal(lines(text), 25);
      assert.ok(targets.length <= requests, targets.join(' '));
    });
  }

  test('is the end where a page behind it is empty or not there', async (t) => {
    for (const [path, status] of [
      ['/things?limit=25&page=1', 404],
      ['/things?limit=25&offset=0', 200],
    ] as const) {
      const answer = (url: URL): JsonReply => {
        const isFirst = pageIn(url) === 1 && offsetIn(url) === 0;
        const body = { ...items(0, isFirst ? 25 : 0), has_more: false };
        return { status: isFirst ? 200 : status, body };
      };
      const { summary, text, targets } = await fetchJson(t, answer, {}, path);
      assert.equal(summary.verdict.end, 'stated', JSON.stringify(summary.verdict));
      assert.equal(lines(text), 25);
      assert.equal(targets.length, 2, targets.join(' '));
    }
  });

  test('says nothing where it is false beside one record of them, too', async (t) => {
    const answer = (url: URL): JsonReply => ({
      body: { ...items(0, sizeIn(url)), has_more: false },
    });
    const { summary, text } = await fetchJson(t, answer, {}, '/things?limit=25');
    assert.equal(summary.verdict.name, 'incomplete', JSON.stringify(summary.verdict));
    assert.match(summary.pagination?.evidence.join() ?? '', /has_more is the same beside it/);
    assert.equal(text, null);
  });

  test('is about that page where its name is that of a cut, and nothing else speaks', async (t) => {
    const body = { ...items(0, 25), truncated: false };
    const { summary } = await fetchJson(t, () => ({ body }), {}, '/things?limit=25');
    assert.equal(summary.verdict.name, 'incomplete', JSON.stringify(summary.verdict));
  });
});
