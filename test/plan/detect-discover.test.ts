import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PageRequest } from '../../src/core/page-request.ts';
import type { Pagination } from '../../src/core/pagination.ts';
import { discoverPagination } from '../../src/plan/detect/discover.ts';
import type { PageView } from '../../src/plan/detect/page-view.ts';
import { MAX_REQUESTS } from '../../src/plan/detect/try-candidates.ts';
import { pinFlags } from '../../src/plan/pin-flags.ts';
import { startApiServer } from '../fixtures/apis/api-server.ts';
import { apiNames } from '../fixtures/apis/api-shapes.ts';
import { items, startAt, viewOf } from './detect-pages.ts';
import { fetchView } from './detect-reader.ts';
import { type DetectedRun, runDetected } from './detect-run.ts';

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json: unknown;
}

type Api = (query: (name: string) => string | null, request: PageRequest) => Answer;

const start = startAt('https://api.example/things');

function serve(api: Api): (request: PageRequest) => Promise<PageView> {
  return async (request) => {
    const { searchParams } = new URL(request.url);
    const { json, headers, status } = api((name) => searchParams.get(name), request);
    return viewOf(request, json, headers, status);
  };
}

function number(text: string | null, fallback: number): number {
  return text === null ? fallback : Number(text);
}

async function readAll(api: Api, url = start.url): Promise<DetectedRun> {
  const run = await runDetected(startAt(url), serve(api));
  const ids = run.records.map((record) => JSON.parse(record).id);
  assert.deepEqual(
    ids,
    Array.from({ length: 47 }, (_, index) => index + 1),
    run.found.evidence.join('; '),
  );
  return run;
}

describe('shapes that no table names are read to the end', () => {
  test('pages from 0 that nothing echoes', async () => {
    const run = await readAll((query) => {
      const page = number(query('page'), 0);
      return { json: { total: '47', list: items(10 * page, Math.min(47, 10 * page + 10)) } };
    });
    assert.equal(run.found.pagination.first, 0);
    // The first page again: only that shows that its records do not change each time.
    assert.equal(run.found.responses.length, 4);
  });

  test('pages from 1 that nothing echoes', async () => {
    const run = await readAll((query) => {
      const page = Math.max(1, number(query('page'), 1));
      return { json: { total: '47', list: items(10 * page - 10, Math.min(47, 10 * page)) } };
    });
    assert.equal(run.found.pagination.first, 1);
  });

  test('pages from 0 that the server echoes, in camel case two deep', async () => {
    const run = await readAll((query) => {
      const pageIndex = number(query('pageIndex'), 0);
      const rows = items(10 * pageIndex, Math.min(47, 10 * pageIndex + 10));
      return { json: { reply: { body: { rows }, paging: { pageIndex, totalRecords: '47' } } } };
    });
    assert.equal(run.found.pagination.first, 0);
    assert.equal(run.found.responses.length, 2);
  });

  test('offsets that count from 1 and that nothing echoes', async () => {
    const run = await readAll((query) => {
      const from = Math.max(1, number(query('startIndex'), 1));
      return { json: { total: 47, found: items(from - 1, Math.min(47, from + 9)) } };
    }, `${start.url}?resultsPerPage=10`);
    assert.equal(run.found.pagination.style, 'offset');
    assert.equal(run.found.pagination.first, 1);
  });

  test('offsets that count from 1, echoed', async () => {
    const run = await readAll((query) => {
      const startIndex = number(query('startIndex'), 1);
      const entry = items(startIndex - 1, Math.min(47, startIndex + 9));
      return { json: { feed: { startIndex, itemsPerPage: 10, totalResults: 47, entry } } };
    });
    assert.equal(run.found.pagination.first, 1);
    assert.equal(run.found.responses.length, 2);
  });

  test('a parameter called start that counts pages', async () => {
    const run = await readAll((query) => {
      const page = number(query('start'), 0);
      return { json: { total: 470, rows: items(10 * page, Math.min(47, 10 * page + 10)) } };
    }, `${start.url}?rows=3`).catch((error: Error) => error);
    // Ten pages on, it is empty: without a page there is nothing to accept.
    assert.ok(run instanceof Error);
  });

  test('a total that is only the page’s', async () => {
    const run = await readAll((query) => {
      const from = number(query('from'), 0);
      const objects = items(from, Math.min(47, from + 20));
      return { json: { objects, total: objects.length } };
    }, `${start.url}?size=20`);
    assert.equal(run.found.pagination.totalPath, null);
    assert.equal(run.found.pagination.param, 'from');
  });

  test('a token that goes on through an empty page', async () => {
    const run = await readAll((query) => {
      const from = number(query('after')?.slice(1) ?? null, 0);
      if (from === 10 && query('again') === null) {
        return { json: { rows: [], meta: { cursors: { after: 'b11' } } } };
      }
      const at = from === 11 ? 10 : from;
      const to = Math.min(47, at + 10);
      const after = to === 47 ? null : `a${to}`;
      return { json: { rows: items(at, to), meta: { cursors: { after } } } };
    });
    assert.equal(run.found.pagination.param, 'after');
  });

  test('a last page that is empty, led to by a token', async () => {
    const run = await readAll((query) => {
      const json =
        query('cursor') === null
          ? { rows: items(0, 47), next_cursor: 'x' }
          : { rows: [], next_cursor: null };
      return { json };
    });
    assert.equal(run.found.pagination.style, 'cursor');
    assert.equal(run.end, 'stated');
  });

  test('an array that stays the same beside the records', async () => {
    const users = items(100, 130);
    const run = await readAll((query) => {
      const page = number(query('page'), 1);
      const events = items(10 * page - 10, Math.min(47, 10 * page));
      return { json: { users, events, page, total_pages: 5 } };
    });
    assert.equal(run.found.pagination.records, 'events');
  });

  test('neighbouring ids that a double cannot tell apart', async () => {
    const id = (index: number): string => String(9_007_199_254_740_993n + BigInt(index));
    const rows = (from: number, to: number): string =>
      Array.from({ length: to - from }, (_, index) => `{"id":${id(from + index)}}`).join();
    const run = await runDetected(
      start,
      serve((query) => {
        const page = number(query('page'), 1);
        return {
          json: `{"total":7,"page":${page},"rows":[${page > 3 ? '' : rows(3 * page - 3, Math.min(7, 3 * page))}]}`,
        };
      }),
    );
    assert.equal(run.found.pagination.key, 'id');
    assert.deepEqual(run.records, rows(0, 7).split(','));
  });
});

describe('what cannot be told is not guessed', () => {
  const total = { total: 95 };
  const cases: readonly (readonly [name: string, api: Api])[] = [
    ['every parameter is ignored', () => ({ json: { ...total, rows: items(0, 10) } })],
    [
      'every parameter is ignored, and something changes each time',
      (() => {
        let calls = 0;
        return () => ({ json: { ...total, rows: items(0, 10), took: calls++ } });
      })(),
    ],
    [
      'every parameter is refused',
      (_, { url }) =>
        url.includes('?')
          ? { status: 400, json: { error: 'x' } }
          : { json: { ...total, rows: items(0, 10) } },
    ],
    [
      'every parameter is a filter that nothing passes',
      (_, { url }) => ({ json: { ...total, rows: url.includes('?') ? [] : items(0, 10) } }),
    ],
    [
      'the server says that it is another page',
      (_, { url }) => ({
        json: { ...total, page: 1, rows: url.includes('?') ? items(50, 60) : items(0, 10) },
      }),
    ],
    [
      'the pages overlap',
      (_, { url }) => ({
        json: { ...total, rows: url.includes('?') ? items(5, 15) : items(0, 10) },
      }),
    ],
    [
      'answers are no JSON',
      (_, { url }) => ({ json: url.includes('?') ? '<html>' : { ...total, rows: items(0, 10) } }),
    ],
  ];
  for (const [name, api] of cases) {
    test(name, async () => {
      const found = await discoverPagination(start, { pinned: {} }, serve(api));
      assert.equal(found.kind, 'single', JSON.stringify(found.pagination));
      assert.equal(found.isWholeList, false);
      assert.equal(found.pagination.records, 'rows');
      assert.ok(found.responses.length <= MAX_REQUESTS);
      assert.ok(found.evidence.length > 1);
    });
  }

  test('a total that is the number of records in a full page is believed where fewer records have the same', async () => {
    for (const isObeyed of [true, false]) {
      const api: Api = (query) => ({
        json: { total: 20, rows: items(0, isObeyed ? number(query('limit'), 20) : 20) },
      });
      const found = await discoverPagination(start, { pinned: {} }, serve(api));
      assert.equal(found.kind, 'single');
      assert.equal(found.isWholeList, isObeyed);
    }
  });

  test('a count that stays when the page is empty counts the list', async () => {
    const api: Api = (query) => ({
      json: { count: 4, rows: query('page') === '2' ? [] : items(0, 4) },
    });
    const found = await discoverPagination(start, { pinned: {} }, serve(api));
    assert.equal(found.isWholeList, true);
    assert.equal(found.responses.length, 2);
  });
});

describe('a first page that says nothing', () => {
  const all = items(0, 7);
  const paged = (query: (name: string) => string | null, name: string, base: number) =>
    number(query(name), base) === base ? all : [];
  const proven: readonly (readonly [what: string, Partial<Pagination>, Api])[] = [
    [
      'pages from 1, empty past the end',
      { style: 'page', param: 'page', first: 1 },
      (query) => ({ json: paged(query, 'page', 1) }),
    ],
    [
      'pages from 1, 404 past the end',
      { style: 'page', param: 'page', first: 1 },
      (query) =>
        number(query('page'), 1) > 1 ? { status: 404, json: { detail: 'x' } } : { json: all },
    ],
    [
      'pages from 0',
      { style: 'page', param: 'page', first: 0 },
      (query) => ({ json: { list: paged(query, 'page', 0) } }),
    ],
    [
      'offsets',
      { style: 'offset', param: 'offset', first: 0 },
      (query) => ({ json: all.slice(number(query('offset'), 0)) }),
    ],
    [
      'keys',
      { style: 'keyset', param: 'after' },
      (query) => ({ json: { data: all.slice(number(query('after'), 0)) } }),
    ],
  ];
  for (const [what, expected, api] of proven) {
    test(`is all where a parameter leads past the end and to the page itself: ${what}`, async () => {
      const run = await runDetected(start, serve(api));
      const { pagination, evidence, responses } = run.found;
      for (const [part, value] of Object.entries(expected)) {
        assert.equal(pagination[part as keyof Pagination], value, evidence.join('; '));
      }
      assert.deepEqual(
        run.records,
        all.map((record) => JSON.stringify(record)),
      );
      assert.equal(run.end, 'past-end');
      assert.ok(responses.length <= MAX_REQUESTS);
    });
  }

  test('goes on where pages count from 0 and page 2 is the third', async () => {
    const api: Api = (query) => {
      const page = number(query('page'), 0);
      return { json: items(7 * page, Math.min(14, 7 * page + 7)) };
    };
    const run = await runDetected(start, serve(api));
    assert.equal(run.records.length, 14);
    assert.equal(run.found.pagination.first, 0);
  });

  test('goes on where a page of an unusual size is not the last', async () => {
    const run = await readAll((query) => {
      const page = number(query('page'), 1);
      return { json: items(7 * page - 7, Math.min(47, 7 * page)) };
    });
    assert.equal(run.found.pagination.style, 'page');
  });

  const ofHosts: readonly (readonly [url: string, json: unknown, style: string])[] = [
    ['https://api.github.com/users/ada/repos', items(0, 12), 'link'],
    ['https://api.github.com/users/ada/repos', items(0, 30), 'link'],
    ['https://acme.myshopify.com/admin/api/orders.json', { orders: items(0, 3) }, 'link'],
    ['https://api.airtable.com/v0/app/Table', { records: items(0, 4) }, 'cursor'],
    ['https://www.googleapis.com/drive/v3/files', { kind: 'x', files: items(0, 9) }, 'cursor'],
    ['https://api.hubapi.com/crm/v3/objects/deals', { results: items(0, 2) }, 'cursor'],
    ['https://slack.com/api/users.list', { ok: true, members: items(0, 5) }, 'cursor'],
  ];
  for (const [url, json, style] of ofHosts) {
    test(`is the last where the host is known to end so: ${new URL(url).hostname}`, async () => {
      const run = await runDetected(startAt(url), async (request) => viewOf(request, json));
      // The host is known to end so; the list itself states nothing.
      assert.deepEqual([run.found.pagination.style, run.end, run.requests], [style, 'short', 1]);
      assert.match(run.found.evidence.join(), /where a page that names no next one is the last/);
    });
  }

  test('is not the last where its host cuts lists without a word, or says that there is more', async () => {
    for (const json of [items(0, 1000), { total: 90, rows: items(0, 9) }, { id: 1, name: 'x' }]) {
      const github = startAt('https://api.github.com/x');
      const run = await runDetected(github, async (request) => viewOf(request, json));
      assert.deepEqual([run.found.kind, run.end], ['single', 'single']);
    }
  });

  test('is not taken for many where only a link to the request itself changes', async () => {
    const { found, records } = await runDetected(start, async (request) =>
      viewOf(request, { items: all, meta: { links: [{ rel: 'self', href: request.url }] } }),
    );
    assert.deepEqual(
      [found.kind, found.pagination.records, records.length],
      ['single', 'items', 7],
    );
  });

  const unproven: readonly (readonly [what: string, Api])[] = [
    ['every parameter is ignored', () => ({ json: all })],
    [
      'every parameter is a filter that nothing passes',
      (_, { url }) => ({ json: url.includes('?') ? [] : all }),
    ],
    [
      'every parameter is unknown, with 404',
      (_, { url }) => (url.includes('?') ? { status: 404, json: {} } : { json: all }),
    ],
    [
      'deeper pages are refused',
      (query) => (number(query('page'), 1) > 1 ? { status: 400, json: {} } : { json: all }),
    ],
  ];
  for (const [what, api] of unproven) {
    test(`is one page only where ${what}`, async () => {
      const { found, end } = await runDetected(start, serve(api));
      assert.deepEqual([found.kind, found.isWholeList, end], ['single', false, 'single']);
      assert.ok(found.responses.length <= MAX_REQUESTS);
    });
  }
});

describe('a POST is sent again only with what its page gave', () => {
  const post = startAt('https://api.example/query', '{"filter":"x"}');
  const bodiesOf = async (json: object): Promise<readonly string[]> => {
    const bodies: string[] = [];
    await discoverPagination(post, { pinned: {} }, async (request) => {
      bodies.push(Buffer.from(request.body!).toString());
      return viewOf(request, json);
    });
    return bodies;
  };

  test('its own token, under two names at most', async () => {
    assert.deepEqual(await bodiesOf({ results: items(0, 10), next_cursor: 'abc' }), [
      '{"filter":"x"}',
      '{"filter":"x","start_cursor":"abc"}',
      '{"filter":"x","cursor":"abc"}',
    ]);
  });

  test('not where there is a total, a full page or nothing', async () => {
    for (const json of [
      { total: 47, results: items(0, 10) },
      { results: items(0, 100) },
      { results: items(0, 7) },
      { has_more: true, results: items(0, 7) },
    ]) {
      assert.deepEqual(await bodiesOf(json), ['{"filter":"x"}']);
    }
  });
});

describe('what the user said wins', () => {
  const bare: Api = () => ({ json: { list: items(0, 7), next: '/things?x=1', token: 'abc' } });
  const cases: readonly (readonly [Partial<Pagination>, Partial<Pagination>])[] = [
    [
      { style: 'page', param: 'seite' },
      { style: 'page', param: 'seite', first: 1, records: 'list' },
    ],
    [{ style: 'offset' }, { style: 'offset', param: 'offset', first: 0 }],
    [{ param: 'skip' }, { style: 'cursor', param: 'skip' }],
    [{ nextPath: 'next' }, { style: 'next', nextPath: 'next' }],
    [
      { nextPath: 'token', param: 'tk' },
      { style: 'cursor', nextPath: 'token', param: 'tk' },
    ],
    [{ style: 'link' }, { style: 'link', records: 'list', key: 'id' }],
    [
      { style: 'keyset', param: 'after_id', key: 'name' },
      { style: 'keyset', param: 'after_id', key: 'name' },
    ],
    [{ key: 'name' }, { style: 'next', key: 'name' }],
    [{ totalPath: 'n' }, { style: 'next', totalPath: 'n' }],
  ];
  for (const [pinned, expected] of cases) {
    test(JSON.stringify(pinned), async () => {
      const found = await discoverPagination(start, { pinned }, serve(bare));
      // Page 1 shows whether a page number counts from 0.
      assert.equal(found.responses.length, pinned.style === 'page' ? 2 : 1);
      for (const [part, value] of Object.entries({ ...pinned, ...expected })) {
        assert.equal(found.pagination[part as keyof Pagination], value, part);
      }
    });
  }

  test('the flags pin what was found: with them nothing else is found', async () => {
    const api: Api = (query) => {
      const page = number(query('page'), 1);
      return { json: { page, total: 47, list: items(10 * page - 10, Math.min(47, 10 * page)) } };
    };
    const found = await discoverPagination(start, { pinned: {} }, serve(api));
    assert.equal(
      pinFlags(found.pagination, {}).join(' '),
      '--paginate page --page-param page --total-path total --select list --key id',
    );
    const { style, param, totalPath, records, key } = found.pagination;
    const pinned = { style, param, totalPath, records, key };
    const again = await discoverPagination(start, { pinned }, serve(api));
    assert.deepEqual(again.pagination, found.pagination);
    assert.equal(again.responses.length, 1);
  });
});

/** Made to be unreadable without a word from the user, or to be stopped at. */
const notByItself = new Set([
  'sliced',
  'ambiguous',
  'expiring-cursor',
  'loop',
  'self-next',
  'single',
]);

describe('the fixture APIs are read to the end, found by themselves', () => {
  for (const api of apiNames.filter((name) => !notByItself.has(name))) {
    test(api, async () => {
      const server = await startApiServer({ api });
      try {
        const first = { ...startAt(server.url, server.body) };
        const run = await runDetected(first, (request) => fetchView(request, server.headers));
        const { evidence, pagination, responses } = run.found;
        assert.deepEqual(run.records, server.lines, evidence.join('; '));
        assert.equal(pagination.records, server.recordsPath);
        assert.ok(responses.length <= MAX_REQUESTS);
      } finally {
        await server.close();
      }
    });
  }

  test('where nothing leads on, that is said', async () => {
    for (const api of ['ambiguous', 'single']) {
      const server = await startApiServer({ api });
      try {
        const fetchPage = (request: PageRequest) => fetchView(request, server.headers);
        const found = await discoverPagination(startAt(server.url), { pinned: {} }, fetchPage);
        assert.equal(found.kind, 'single', api);
        assert.equal(found.isWholeList, false, api);
      } finally {
        await server.close();
      }
    }
  });
});

test('pages that are large and differ are not asked for until the memory is full', async () => {
  const padding = 'x'.repeat(20 * 1024 * 1024);
  let asked = 0;
  // No two answers are alike, and none leads on.
  const api: Api = () => ({ json: { data: items(0, 20), asked: asked++, padding } });
  const { responses, kind } = await discoverPagination(start, { pinned: {} }, serve(api));
  assert.equal(kind, 'single');
  assert.equal(responses.length, 3);
});
