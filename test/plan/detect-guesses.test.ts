import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PageRequest } from '../../src/core/page-request.ts';
import { detect } from '../../src/plan/detect/detect.ts';
import { discoverPagination } from '../../src/plan/detect/discover.ts';
import { readFacts } from '../../src/plan/detect/facts.ts';
import type { PageView } from '../../src/plan/detect/page-view.ts';
import { MAX_REQUESTS } from '../../src/plan/detect/try-candidates.ts';
import { items, startAt, viewOf } from './detect-pages.ts';
import { runDetected } from './detect-run.ts';

const start = startAt('https://api.example/things');

type Api = (query: URLSearchParams) => { readonly json: unknown; readonly status?: number };

function serve(api: Api): (request: PageRequest) => Promise<PageView> {
  return async (request) => {
    const { json, status } = api(new URL(request.url).searchParams);
    return viewOf(request, json, {}, status);
  };
}

const discover = (api: Api) => discoverPagination(start, { pinned: {} }, serve(api));

/** Records that differ at each asking, whatever is asked for. */
function changing(count: number, named = false): Api {
  let time = 0;
  return () => {
    time += 1;
    const json = Array.from({ length: count }, (_, index) => ({
      ...(named ? { id: `${time}-${index}` } : { name: `h${index}` }),
      time,
    }));
    return { json };
  };
}

describe('a guess counts only where the second page is of the same kind', () => {
  const first = items(0, 130);
  const others: readonly (readonly [name: string, json: unknown])[] = [
    ['an envelope where the first page is an array', { page: 2, page_count: 2, items: first }],
    [
      'records of other properties',
      [
        { code: 1, text: 'a' },
        { code: 2, text: 'b' },
      ],
    ],
    ['scalars where the first page has objects', ['a', 'b', 'c']],
    ['arrays where the first page has objects', [[1], [2]]],
  ];
  for (const [name, json] of others) {
    test(`${name} is none`, async () => {
      const found = await discover((query) => ({ json: query.has('page') ? json : first }));
      assert.equal(found.kind, 'single', JSON.stringify(found.pagination));
      assert.equal(found.isWholeList, false);
      assert.match(found.evidence.join('\n'), /tried page .*(?:where the first page|another kind)/);
    });
  }

  test('an object where the envelope has a list is none', async () => {
    const page = { total: 95, rows: items(0, 10) };
    const found = await discover((query) => ({
      json: query.size > 0 ? { total: 95, rows: { message: 'no such row' } } : page,
    }));
    assert.equal(found.kind, 'single');
  });

  test('records that lack some properties are of the same kind', async () => {
    const rows = items(0, 47).map((row, index) => (index > 9 ? { ...row, extra: 1 } : row));
    const { records } = await runDetected(
      start,
      serve((query) => {
        const page = Number(query.get('page') ?? 1);
        return { json: { total: 47, rows: rows.slice(10 * page - 10, 10 * page) } };
      }),
    );
    assert.equal(records.length, 47);
  });
});

describe('where the first page differs each time that it is asked for, no guess is followed', () => {
  for (const [name, api] of [
    ['the records hold the time of asking', changing(30)],
    ['also where their keys are new each time', changing(30, true)],
    ['and a page of an unusual size', changing(7)],
  ] as const) {
    test(name, async () => {
      const found = await discover(api);
      assert.equal(found.kind, 'single', JSON.stringify(found.pagination));
      assert.equal(found.isWholeList, false);
      assert.match(found.unproven ?? '', /differs each time.*tried page as the page number/);
      assert.ok(found.responses.length <= MAX_REQUESTS);
    });
  }

  test('nor where a page past the end seems to be the first after it', async () => {
    let time = 0;
    const found = await discover((query) => {
      time += 1;
      const isPast = Number(query.get('page') ?? 1) > 1;
      return { json: isPast ? [] : items(0, 30).map((row) => [row, time]) };
    });
    assert.equal(found.kind, 'single', JSON.stringify(found.pagination));
  });

  test('nor a page number in the URL, where nothing else could show the end', async () => {
    const from = startAt('https://api.example/things?page=1');
    const found = await discoverPagination(from, { pinned: {} }, serve(changing(30)));
    assert.equal(found.kind, 'single');
    assert.match(found.unproven ?? '', /differs each time.*tried page\)/);
    const named = await discoverPagination(
      from,
      { pinned: { style: 'page' } },
      serve(changing(30)),
    );
    assert.deepEqual([named.kind, named.responses.length], ['found', 1]);
    const steady = await discoverPagination(
      from,
      { pinned: {} },
      serve(() => ({ json: items(0, 30) })),
    );
    assert.deepEqual([steady.kind, steady.responses.length], ['found', 1]);
  });

  test('a record that was added meanwhile is no such difference', async () => {
    let calls = 0;
    const found = await discover((query) => {
      calls += 1;
      const page = Number(query.get('page') ?? 0);
      const rows = calls > 3 ? items(1, 11) : items(10 * page, 10 * page + 10);
      return { json: { total: 470, rows } };
    });
    assert.equal(found.kind, 'found');
  });

  test('the first page is asked for again only where nothing else has shown it', async () => {
    const paged = (first: number): Api => {
      return (query) => {
        const page = Number(query.get('page') ?? first) - first;
        return { json: { total: 470, rows: items(10 * page, 10 * page + 10) } };
      };
    };
    const fromOne = await discover(paged(1));
    assert.deepEqual(
      fromOne.responses.map(({ request }) => new URL(request.url).search),
      ['', '?page=2', '?page=1'],
    );
    const fromZero = await discover(paged(0));
    assert.deepEqual(
      fromZero.responses.map(({ request }) => new URL(request.url).search),
      ['', '?page=2', '?page=1', ''],
    );
  });
});

describe('what a first page contradicts counts for nothing, and is named', () => {
  const rows = items(0, 24);

  test('a number of pages that is the number of records in the page', () => {
    const page = { count: 137, page: 1, page_count: 24, page_size: 24, products: rows };
    const { numbers, contradicted, base } = readFacts(viewOf(start, page));
    assert.equal(numbers.totalPages, null);
    assert.equal(base.totalPagesPath, null);
    assert.equal(numbers.total?.value, 137);
    assert.match(contradicted.join(), /page_count is the number of records in this page/);
  });

  test('the same without a total, where the name may mean it', () => {
    const { numbers } = readFacts(viewOf(start, { page: 1, page_count: 24, products: rows }));
    assert.equal(numbers.totalPages, null);
    const clear = readFacts(viewOf(start, { page: 1, total_pages: 24, products: rows }));
    assert.equal(clear.numbers.totalPages?.value, 24);
  });

  test('but not where the total agrees', () => {
    const page = { total: 570, page: 1, page_count: 24, products: rows };
    const { numbers, contradicted } = readFacts(viewOf(start, page));
    assert.equal(numbers.totalPages?.value, 24);
    assert.deepEqual(contradicted, []);
  });

  test('a total of less than the page holds', () => {
    const { numbers, contradicted } = readFacts(viewOf(start, { total: 0, products: rows }));
    assert.equal(numbers.total, null);
    assert.match(contradicted.join(), /total says 0 beside 24 records/);
  });

  test('a total that is of what is left, as the second page shows', async () => {
    const { found, records } = await runDetected(
      start,
      serve((query) => {
        const at = Number(query.get('offset') ?? 0);
        const rows = query.has('page') ? items(0, 10) : items(at, Math.min(47, at + 10));
        return { json: { total: 47 - at, rows } };
      }),
    );
    assert.equal(found.pagination.totalPath, null);
    assert.equal(records.length, 47);
  });

  test('a total of the whole table beside one of what the filter leaves', () => {
    const meta = { total_count: 1250, filter_count: 549 };
    assert.equal(
      readFacts(viewOf(start, { meta, data: rows })).base.totalPath,
      'meta.filter_count',
    );
  });

  for (const [name, json, headers] of [
    ['a URL', { rows, truncated: false, next_url: 'https://api.example/things?_next=24' }, {}],
    ['a token', { rows, truncated: false, next_token: 'abc' }, {}],
    ['a Link header', { rows, truncated: false }, { link: '</things?after=24>; rel="next"' }],
  ] as const) {
    test(`a flag that nothing was cut, beside ${name}`, () => {
      const view = viewOf(start, json, headers);
      const detection = detect(view);
      assert.notEqual(detection.kind, 'single');
      const { base, contradicted } = readFacts(view);
      assert.equal(base.morePath, null);
      assert.match(contradicted.join(), /truncated is false beside a next page/);
    });
  }

  test('a flag that says by name that there is no more counts, also beside a token', () => {
    const { next } = readFacts(viewOf(start, { rows, has_more: false, next_token: 'abc' }));
    assert.equal(next.more?.value, false);
  });
});

describe('the records are the list that pages', () => {
  const topic = (id: number) => ({ id, title: `t${id}`, posters: [{ user_id: id }] });
  const users = (from: number, to: number) => items(from, to).map((user) => ({ ...user, seen: 1 }));

  test('not what they refer to, though that be longer', async () => {
    const api: Api = (query) => {
      const at = 30 * (Number(query.get('page') ?? 1) - 1);
      const topics = Array.from({ length: Math.max(0, Math.min(30, 137 - at)) }, (_, index) =>
        topic(at + index),
      );
      return { json: { users: users(at, at + 37), list: { topics } } };
    };
    const { records, found } = await runDetected(start, serve(api));
    assert.equal(found.pagination.records, 'list.topics');
    assert.equal(records.length, 137);
  });

  test('a link to more of them names the next page (Discourse)', () => {
    const topics = [topic(1), topic(2)];
    const list = { per_page: 2, topics, more_topics_url: '/latest?page=1' };
    const shown = detect(viewOf(start, { users: users(0, 5), topic_list: list }));
    assert.equal(shown.kind === 'found' && shown.pagination.style, 'next');
    assert.equal(shown.kind === 'found' && shown.pagination.records, 'topic_list.topics');
  });
});

describe('a key that asks for its own record too', () => {
  const from =
    (name: string, rest: object): Api =>
    (query) => {
      const at = Number(query.get(name) ?? 1) - 1;
      return { json: { ...rest, messages: items(at, Math.min(70, at + 20)) } };
    };
  const cases: readonly (readonly [url: string, api: Api])[] = [
    ['https://api.example/messages', from('anchor', { found_newest: false })],
    ['https://api.example/messages?anchor=1', from('anchor', {})],
    ['https://api.example/trades?fromId=1', from('fromId', {})],
  ];
  for (const [url, api] of cases) {
    test(`is followed, and the record stands once: ${url}`, async () => {
      const run = await runDetected(startAt(url), serve(api));
      const { style, key } = run.found.pagination;
      assert.deepEqual([style, key], ['keyset', 'id'], run.found.evidence.join('; '));
      assert.match(run.found.evidence.join('\n'), /begins with the last record/);
      assert.ok(run.found.responses.length <= MAX_REQUESTS);
      assert.equal(new Set(run.records).size, 70);
    });
  }

  test('is not followed back to older records', async () => {
    const found = await discoverPagination(
      startAt('https://api.example/messages?anchor=1'),
      { pinned: {} },
      serve((query) => {
        const at = Number(query.get('anchor') ?? 1);
        const rows = at === 1 ? items(50, 70) : [...items(69, 70), ...items(0, 19)];
        return { json: { messages: rows } };
      }),
    );
    assert.equal(found.kind, 'single', JSON.stringify(found.pagination));
  });
});

test('all requests that are left go to different parameters, where the total may be the page’s own', async () => {
  // As Verdaccio's search: the fourth name that is tried.
  const rows = Array.from({ length: 70 }, (_, at) => ({ package: { name: `thing-${at}` } }));
  const api: Api = (query) => {
    const at = Number(query.get('from') ?? 0);
    const objects = rows.slice(at, at + 20);
    return { json: { objects, total: objects.length } };
  };
  const { pagination, responses } = await discover(api);
  assert.deepEqual([pagination.style, pagination.param], ['offset', 'from']);
  assert.ok(responses.length <= MAX_REQUESTS);
});

test('StartIndex is asked for by start, too, as in Rally', async () => {
  const { kind, pagination } = await discover((query) => {
    const at = Number(query.get('start') ?? 1);
    const Results = items(at, Math.min(138, at + 20));
    return { json: { QueryResult: { TotalResultCount: 137, StartIndex: at, Results } } };
  });
  assert.equal(kind, 'found');
  assert.deepEqual([pagination.param, pagination.first], ['start', 1]);
});

test('a token whose page begins with the last record again leads on', async () => {
  const { kind, pagination } = await discover((query) => {
    const at = Number(query.get('cursor')?.slice(1) ?? 0);
    return { json: { items: items(at, at + 20), next_cursor: `c${at + 19}` } };
  });
  assert.equal(kind, 'found');
  assert.equal(pagination.param, 'cursor');
});
