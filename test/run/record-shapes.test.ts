/** Where the records of a page stand, in shapes that are no array of objects in an envelope. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { fetchJson, type JsonReply } from './pagination-setup.ts';

const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);

/** The page of `size` that the request asks for, of the numbers below `all`. */
function slice(url: URL, size: number, all: number): number[] {
  const page = Number(url.searchParams.get('page') ?? 1);
  return range(size * (page - 1), Math.min(all, size * page));
}

const lines = (text: string | null): string[] => (text ?? '').split('\n').slice(0, -1);

/** A number as the server writes it. */
const raw = (text: string): unknown =>
  (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(text);

suite('columns side by side', () => {
  const big = (id: number) => raw(`90071992547409${String(id).padStart(2, '0')}`);
  const columns = (url: URL): JsonReply => {
    const ids = slice(url, 25, 90);
    const data = {
      id: ids.map(big),
      name: ids.map((id) => `n${id}`),
      size: ids.map(() => raw('1.0')),
    };
    return { body: { page: Number(url.searchParams.get('page')), pages: 4, data } };
  };

  test('are written as rows, each value as the server wrote it', async (t) => {
    const { summary, text } = await fetchJson(t, columns, {}, '/things?page=1');
    assert.equal(summary.verdict.name, 'complete');
    assert.equal(summary.pagination?.recordsPath, 'rows(data)');
    const expected = range(0, 90).map(
      (id) => `{"id":90071992547409${String(id).padStart(2, '0')},"name":"n${id}","size":1.0}`,
    );
    assert.deepEqual(lines(text), expected);
  });

  test('beside other fields, too', async (t) => {
    const { summary, text } = await fetchJson(
      t,
      (url) => {
        const { data, ...rest } = columns(url).body as { data: object };
        return { body: { ...rest, ...data, unit: 'kg' } };
      },
      {},
      '/things?page=1',
    );
    assert.equal(summary.verdict.name, 'complete');
    assert.equal(summary.pagination?.recordsPath, 'rows({id: id, name: name, size: size})');
    assert.equal(lines(text).length, 90);
  });

  test('are incomplete where a page has columns of different lengths, or none', async (t) => {
    for (const data of [{ id: [1, 2], name: ['a'] }, undefined]) {
      const { summary, text } = await fetchJson(
        t,
        (url) =>
          url.searchParams.get('page') === '3'
            ? { body: { page: 3, pages: 4, data } }
            : columns(url),
        {},
        '/things?page=1',
      );
      assert.equal(summary.verdict.name, 'incomplete');
      assert.equal(summary.verdict.failed, 1);
      assert.match(summary.failures[0]?.reason ?? '', /rows/);
      assert.equal(text, null);
    }
  });

  test('are named in a list beside the values (Elasticsearch with columnar)', async (t) => {
    const { summary, text } = await fetchJson(
      t,
      (url) => {
        const ids = slice(url, 25, 90);
        const named = [
          { name: 'id', type: 'long' },
          { name: 'size', type: 'double' },
        ];
        const values = [ids.map(big), ids.map(() => raw('1.0'))];
        return {
          body: { page: Number(url.searchParams.get('page')), pages: 4, columns: named, values },
        };
      },
      {},
      '/things?page=1',
    );
    assert.equal(summary.verdict.name, 'complete');
    assert.equal(lines(text)[7], '{"id":9007199254740907,"size":1.0}');
    assert.equal(lines(text).length, 90);
  });
});

test('a page of two parts, what it says of itself and its list', async (t) => {
  const { summary, text } = await fetchJson(t, (url) => {
    const page = Number(url.searchParams.get('page') ?? 1);
    const meta = { page, pages: 7, per_page: '50', total: 304 };
    return { body: [meta, slice(url, 50, 304).map((id) => ({ id, country: { id: 'x' } }))] };
  });
  assert.equal(summary.verdict.name, 'complete');
  assert.equal(summary.pagination?.recordsPath, '[1]');
  assert.deepEqual(
    lines(text).map((line) => JSON.parse(line).id),
    range(0, 304),
  );
});

test('a page of two parts that comes as one is no empty page', async (t) => {
  const { summary } = await fetchJson(
    t,
    (url) => {
      const page = Number(url.searchParams.get('page') ?? 1);
      if (page === 3) return { body: [{ message: [{ id: '120', value: 'Invalid value' }] }] };
      return { body: [{ page, pages: 5 }, slice(url, 50, 250).map((id) => ({ id }))] };
    },
    {},
    '/things?page=1',
  );
  assert.equal(summary.verdict.name, 'incomplete');
  assert.equal(summary.verdict.failed, 1);
});

test('a list of strings, though a short list of objects stands beside it', async (t) => {
  const { summary, text } = await fetchJson(
    t,
    (url) => {
      const start = Number(url.searchParams.get('start') ?? 0);
      const idlist = range(start, Math.min(234, start + 50)).map((id) => `${38_000_000 + id}`);
      const numbers = { count: '234', max: `${idlist.length}`, start: `${start}` };
      const result = { ...numbers, idlist, sets: [{ from: 'x' }], query: 'x' };
      return { body: { header: { type: 'search', version: '0.3' }, result } };
    },
    {},
    '/things?start=0&max=50',
  );
  assert.equal(summary.verdict.name, 'proven');
  assert.deepEqual(
    lines(text),
    range(0, 234).map((id) => `"${38_000_000 + id}"`),
  );
});

test('a list of lists', async (t) => {
  const { summary, text } = await fetchJson(t, (url) => ({
    body: {
      total: 130,
      page_size: 50,
      columns: ['pk', 'x'],
      rows: slice(url, 50, 130).map((id) => [id, 'a']),
    },
  }));
  assert.equal(summary.verdict.name, 'complete');
  assert.deepEqual(
    lines(text),
    range(0, 130).map((id) => `[${id},"a"]`),
  );
});

test('what is null among the records is left out, and that is said', async (t) => {
  const { summary, text } = await fetchJson(
    t,
    (url) => {
      const items = slice(url, 25, 100).map((id) => (id % 10 === 0 ? null : { id }));
      return { body: { page: Number(url.searchParams.get('page')), pages: 4, items } };
    },
    {},
    '/things?page=1',
  );
  assert.equal(summary.verdict.name, 'complete', JSON.stringify(summary.verdict));
  assert.deepEqual(
    lines(text).map((line) => JSON.parse(line).id),
    range(0, 100).filter((id) => id % 10 !== 0),
  );
  assert.match(summary.verdict.evidence.join(), /10 places of the list hold null/);
});

test('a last page with one object in the place of the list has one record', async (t) => {
  const { summary, text } = await fetchJson(t, (url) => {
    const number = Number(url.searchParams.get('page') ?? 1);
    const rows = slice(url, 30, 121).map((id) => ({ id }));
    const next = number < 5 ? `/things?page=${number + 1}` : null;
    return { body: { d: { results: rows.length === 1 ? rows[0] : rows, __next: next } } };
  });
  assert.equal(summary.verdict.name, 'complete', JSON.stringify(summary.verdict));
  assert.deepEqual(
    lines(text).map((line) => JSON.parse(line).id),
    range(0, 121),
  );
});

test('a page without its list is no page of null', async (t) => {
  const { summary } = await fetchJson(
    t,
    (url) => {
      const page = Number(url.searchParams.get('page'));
      const items = slice(url, 25, 100).map((id) => (id % 10 === 0 ? null : { id }));
      return { body: page === 3 ? { page, pages: 4 } : { page, pages: 4, items } };
    },
    {},
    '/things?page=1',
  );
  assert.equal(summary.verdict.name, 'incomplete');
});

suite('lists two deep', () => {
  const groups = (url: URL): JsonReply => {
    const ids = slice(url, 20, 90);
    const half = Math.ceil(ids.length / 2);
    const parts = [ids.slice(0, half), ids.slice(half)].filter((part) => part.length > 0);
    const body = { page: Number(url.searchParams.get('page')), pages: 5 };
    return {
      body: { ...body, groups: parts.map((part) => ({ items: part.map((id) => ({ id })) })) },
    };
  };

  test('are read by --select', async (t) => {
    const { summary, text } = await fetchJson(
      t,
      groups,
      { select: 'groups[].items[]' },
      '/things?page=1',
    );
    assert.equal(summary.verdict.name, 'complete');
    assert.deepEqual(
      lines(text).map((line) => JSON.parse(line).id),
      range(0, 90),
    );
  });
});

suite('a map from names to lists', () => {
  const days = (url: URL): JsonReply => {
    const ids = slice(url, 20, 80);
    const data = { monday: ids.slice(0, 5), tuesday: ids.slice(5, 15), friday: ids.slice(15) };
    const named = Object.fromEntries(
      Object.entries(data).map(([name, list]) => [name, list.map((id) => ({ id }))]),
    );
    return { body: { page: Number(url.searchParams.get('page')), pages: 4, days: named } };
  };

  test('is no list, and it is said what it is and how to read it', async (t) => {
    const { summary, text } = await fetchJson(t, days, {}, '/things?page=1');
    assert.equal(summary.verdict.name, 'incomplete');
    assert.match(
      summary.verdict.reasons.join(),
      /it holds 3 lists under names of their own \(monday, tuesday, friday\).*--select 'days\.\*\[\]'/,
    );
    assert.equal(text, null);
  });

  test('is read with what is said', async (t) => {
    const { summary, text } = await fetchJson(t, days, { select: 'days.*[]' }, '/things?page=1');
    assert.equal(summary.verdict.name, 'complete');
    assert.deepEqual(
      lines(text).map((line) => JSON.parse(line).id),
      range(0, 80),
    );
  });
});

suite('of several lists of objects in a page', () => {
  /** Posts, and the authors of a page, who are more than its posts and other ones each time. */
  const posts = (url: URL, usual: number): JsonReply => {
    const page = Number(url.searchParams.get('page') ?? 1);
    const size = Number(url.searchParams.get('per_page') ?? usual);
    const ids = range(size * (page - 1), Math.min(90, size * page));
    const authors = ids.flatMap((id) => [
      { id: 2 * id, name: 'a' },
      { id: 2 * id + 1, name: 'b' },
    ]);
    return {
      body: {
        page,
        pages: Math.ceil(90 / size),
        authors,
        posts: ids.map((id) => ({ id, title: 't' })),
      },
    };
  };

  test('the one that has as many records as are asked for is the list', async (t) => {
    const { summary, text } = await fetchJson(t, (url) => posts(url, 20), {}, '/things?page=1');
    assert.equal(summary.pagination?.recordsPath, 'posts');
    assert.equal(summary.verdict.name, 'complete');
    assert.deepEqual(
      lines(text).map((line) => JSON.parse(line).id),
      range(0, 90),
    );
  });

  test('what is selected needs no such request', async (t) => {
    const { targets } = await fetchJson(
      t,
      (url) => posts(url, 20),
      { select: 'posts', recheck: 'none' },
      '/things?page=1',
    );
    assert.ok(
      targets.every((target) => !/per_page|limit/.test(target)),
      targets.join(' '),
    );
  });

  /** Two lists of which both change from page to page, or one of them; no size is obeyed. */
  const two =
    (names: readonly [string, string], isSecondStill = false) =>
    (url: URL): JsonReply => {
      const page = Number(url.searchParams.get('page') ?? 1);
      const rowsOf = (name: string, size: number, at: number) =>
        at > 4 ? [] : range(0, size).map((index) => ({ id: `${name} ${at} ${index}` }));
      const [own, other] = names;
      const still = isSecondStill ? 1 : page;
      return { body: { [own]: rowsOf(own, 20, page), [other]: rowsOf(other, 30, still) } };
    };
  const isOf = (text: string | null, name: string): boolean =>
    lines(text).every((line) => JSON.parse(line).id.startsWith(`${name} `));

  for (const [what, path, names] of [
    ['the one that the path names', '/v1/orders?page=1', ['orders', 'parts']],
    ['the one with a usual name', '/report?page=1', ['items', 'parts']],
  ] as const) {
    test(`${what} is the list, also where another is longer`, async (t) => {
      const { summary, text } = await fetchJson(t, two(names), {}, path);
      assert.equal(lines(text).length, 80, JSON.stringify(summary.verdict));
      assert.ok(isOf(text, names[0]));
    });
  }

  test('none is taken where nothing shows which one pages', async (t) => {
    for (const path of ['/report?page=1', '/report']) {
      const answer = two(['orders', 'parts']);
      const { summary, text, targets } = await fetchJson(t, answer, {}, path);
      assert.equal(summary.verdict.name, 'incomplete', JSON.stringify(summary.verdict));
      assert.match(summary.verdict.reasons.join(), /--select, one of parts, orders/);
      assert.deepEqual(summary.pagination?.cures?.map(({ flags }) => flags.at(-1)).sort(), [
        'orders',
        'parts',
      ]);
      assert.equal(text, null);
      assert.ok(targets.length <= 9, targets.join(' '));
    }
  });

  test('the one that alone is another on the second page is the list', async (t) => {
    const answer = two(['tags', 'parts'], true);
    const longer = await fetchJson(t, answer, {}, '/report?page=1');
    assert.equal(longer.summary.verdict.name, 'incomplete', JSON.stringify(longer.summary.verdict));
    const parts = (url: URL): JsonReply => {
      const page = Number(url.searchParams.get('page') ?? 1);
      const rowsOf = (at: number) =>
        at > 4 ? [] : range(0, 30).map((index) => ({ id: `parts ${at} ${index}` }));
      return { body: { parts: rowsOf(page), tags: range(0, 9).map((id) => ({ id })) } };
    };
    const { summary, text } = await fetchJson(t, parts, {}, '/report?page=1');
    assert.equal(lines(text).length, 120, JSON.stringify(summary.verdict));
    assert.ok(isOf(text, 'parts'));
  });
});
