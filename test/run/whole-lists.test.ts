/** A list on one page that says no word of paging: whether that page is all. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { MAX_REQUESTS } from '../../src/plan/detect/discover.ts';
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
