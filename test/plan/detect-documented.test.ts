/** Parameters as documented APIs name them, found by the first page alone. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pinFlags } from '../../src/plan/pin-flags.ts';
import {
  type Api,
  type Asked,
  HOST,
  LENGTH,
  number,
  pageFrom,
  readWhole,
  serve,
} from './detect-api.ts';
import { items, startAt } from './detect-pages.ts';
import { runDetected } from './detect-run.ts';

const PAGE = 20;

/** A page from `at` on, whose position the server takes from `param` alone. */
type Wrap = (records: object[], at: number) => object;

const byOffset = (param: string, wrap: Wrap): Api => {
  return (query) => {
    const at = number(query.get(param), 0);
    return { json: wrap(pageFrom(at), at) };
  };
};

const byPage = (param: string, wrap: Wrap, base = 1): Api => {
  return (query) => {
    const at = PAGE * (number(query.get(param), base) - base);
    return { json: wrap(pageFrom(at), at) };
  };
};

const nextOf = (at: number): string | null =>
  at + PAGE < LENGTH ? Buffer.from(`key/${at + PAGE}`).toString('base64') : null;

const placeOf = (token: string): number =>
  Number(/^key\/(\d+)$/.exec(Buffer.from(token, 'base64').toString())?.[1] ?? 0);

const byToken = (
  param: string,
  wrap: (records: object[], next: string | null) => object,
  header: string | null = null,
): Api => {
  return (query) => {
    const at = placeOf(query.get(param) ?? '');
    const next = nextOf(at);
    const headers = header === null || next === null ? {} : { [header]: next };
    return { json: wrap(pageFrom(at), next), headers };
  };
};

function readOrNothing(
  read: (query: URLSearchParams) => readonly unknown[],
  query: URLSearchParams,
): readonly unknown[] {
  try {
    return read(query);
  } catch {
    return [];
  }
}

const total: Wrap = (things) => ({ things, total: LENGTH });
const withoutId = (record: object): object => ({ ...record, id: undefined });
const resource = (record: object): object => ({ ...record, type: 'thing', attributes: {} });

describe('a position is asked for by the name that goes with', () => {
  const named: readonly (readonly [what: string, param: string, api: Api, path: string])[] = [
    ['sysparm_limit', 'sysparm_offset', byOffset('sysparm_offset', total), '?sysparm_limit=20'],
    ['_limit', '_skip', byOffset('_skip', total), '?_limit=20'],
    ['page_size', 'page_num', byPage('page_num', total), '?page_size=20'],
    ['ps', 'pn', byPage('pn', total), '?ps=20'],
    [
      'searchCriteria[pageSize]',
      'searchCriteria[currentPage]',
      byPage('searchCriteria[currentPage]', total),
      '?searchCriteria[pageSize]=20',
    ],
    [
      'an offset that is echoed beside a page number',
      'start_index',
      byOffset('start_index', (things, at) => ({
        ...{ things, total: LENGTH },
        ...{ page_number: at / PAGE + 1, start_index: at },
      })),
      '',
    ],
    [
      'an offset that is echoed in French',
      'debut',
      byOffset('debut', (things, at) => ({ header: { total: LENGTH, debut: at }, things })),
      '',
    ],
    [
      'a dataset of Socrata',
      '$offset',
      (query, request) => {
        const refused = [...query.keys()].some((name) => !name.startsWith('$'));
        if (refused) return { json: { error: true }, status: 400 };
        return byOffset('$offset', (records) => records)(query, request);
      },
      '/resource/abcd-1234.json',
    ],
    [
      'page_number beside page_size',
      'page[number]',
      byPage('page[number]', (things, at) => {
        const meta = { total_pages: 7, page_number: at / PAGE + 1, page_size: PAGE };
        return { things, meta };
      }),
      '',
    ],
  ];
  for (const [what, param, api, path] of named) {
    test(`${what}: ${param}`, async () => {
      const { found } = await readWhole(api, path.startsWith('/') ? path : `/things${path}`);
      assert.equal(found.pagination.param, param);
    });
  }

  test('a page number where only an offset is echoed', async () => {
    const api = byPage('page', (docs, at) => ({ docs, meta: { hits: LENGTH, offset: at } }), 0);
    const { pagination } = (await readWhole(api)).found;
    assert.deepEqual([pagination.param, pagination.first], ['page', 0]);
  });

  test('JSON:API, by number from 0 or by offset, where the page has neither', async () => {
    const wrap: Wrap = (records) => ({ data: records.map(resource), meta: { total: LENGTH } });
    for (const [param, api] of [
      ['page[number]', byPage('page[number]', wrap, 0)],
      ['page[offset]', byOffset('page[offset]', wrap)],
    ] as const) {
      const { found, records } = await runDetected(startAt(`${HOST}/things`), serve(api));
      assert.deepEqual([found.pagination.param, records.length], [param, LENGTH]);
    }
  });

  const bodyOf = (body: Uint8Array | null) => JSON.parse(Buffer.from(body ?? []).toString());

  test('a number three deep in the body', async () => {
    const api: Api = (_query, { body }) => {
      const { start } = bodyOf(body).options.paginate;
      return { json: { things: pageFrom(start), total: LENGTH } };
    };
    const body = '{"options":{"paginate":{"start":0,"rows":20}}}';
    const { pagination } = (await readWhole(api, { body })).found;
    assert.equal(pagination.param, 'options.paginate.start');
  });

  test('a next offset that the answer to a POST states', async () => {
    const api: Api = (_query, { body }) => {
      const at = bodyOf(body).offset ?? 0;
      const next_page_offset = at + PAGE < LENGTH ? at + PAGE : null;
      return { json: { result: { points: pageFrom(at), next_page_offset } } };
    };
    const { found } = await readWhole(api, { body: '{"limit":20}' });
    assert.deepEqual([found.pagination.param, found.pagination.carrier], ['offset', 'body']);
    assert.equal(found.responses.length, 2);
  });

  test('a pageInfo that counts pages and has no cursor', async () => {
    const api: Api = (_query, { body }) => {
      const { page } = bodyOf(body).variables;
      const pageInfo = { currentPage: page, hasNextPage: page * PAGE < LENGTH, perPage: PAGE };
      return { json: { data: { Page: { pageInfo, media: pageFrom(PAGE * (page - 1)) } } } };
    };
    const query =
      'query ($page: Int) { Page(page: $page) { pageInfo { hasNextPage } media { id } } }';
    const { found } = await readWhole(api, {
      body: JSON.stringify({ query, variables: { page: 1 } }),
    });
    assert.equal(found.pagination.param, 'variables.page');
  });
});

describe('a token goes back by the name that goes with', () => {
  const named: readonly (readonly [what: string, param: string, api: Api, asked: Asked])[] = [
    ['end', 'from', byToken('from', (chunk, end) => ({ start: 't', chunk, end })), {}],
    ['next_batch', 'since', byToken('since', (chunk, next_batch) => ({ chunk, next_batch })), {}],
    [
      'next_cursor',
      'start_cursor',
      byToken('start_cursor', (results, next_cursor) => ({ results, next_cursor })),
      {},
    ],
    ['next', 'offset', byToken('offset', (data, next) => ({ data, next })), {}],
    [
      'next in the family of the page size',
      'pagination[cursor]',
      byToken('pagination[cursor]', (things, next) => ({ things, pagination: { next } })),
      { path: '/things?pagination[count]=20' },
    ],
    [
      'next_page_token in a URL whose names have hyphens',
      'page-token',
      byToken('page-token', (things, next_page_token) => ({ things, next_page_token })),
      { path: '/things?org-slug=a' },
    ],
    [
      'header x-nomad-nexttoken',
      'next_token',
      byToken('next_token', (records) => records, 'x-nomad-nexttoken'),
      {},
    ],
    [
      'header x-ms-continuationtoken',
      'continuationToken',
      byToken('continuationToken', (value) => ({ value }), 'x-ms-continuationtoken'),
      {},
    ],
  ];
  for (const [what, param, api, asked] of named) {
    test(`${what}: ${param}`, async () => {
      assert.equal((await readWhole(api, asked)).found.pagination.param, param);
    });
  }

  test('header cb-after beside cb-before: after', async () => {
    const api: Api = (query) => {
      const at = number(query.get('after'), 0);
      const json = pageFrom(at);
      const ends = { 'cb-before': String(at), 'cb-after': String(at + json.length) };
      return { json, headers: json.length === 0 ? {} : ends };
    };
    const { param, nextHeader } = (await readWhole(api)).found.pagination;
    assert.deepEqual([param, nextHeader], ['after', 'cb-after']);
  });

  test('a moment: until', async () => {
    const START = 1_700_000_000_000;
    const api: Api = (query) => {
      const at = (START - number(query.get('until'), START)) / 1000;
      const next = at + PAGE < LENGTH ? START - 1000 * (at + PAGE) : null;
      return { json: { things: pageFrom(at), pagination: { count: PAGE, next } } };
    };
    assert.equal((await readWhole(api)).found.pagination.param, 'until');
  });

  test('the last of the records, which are names: next_openid', async () => {
    const names = items(0, LENGTH).map((_, at) => `o${1000 + at}`);
    const api: Api = (query) => {
      const at = 1 + names.indexOf(query.get('next_openid') ?? '');
      const openid = names.slice(at, at + PAGE);
      const next_openid = openid.at(-1) ?? '';
      return { json: { total: LENGTH, count: openid.length, data: { openid }, next_openid } };
    };
    const { records } = await runDetected(startAt(`${HOST}/user/get`), serve(api));
    assert.deepEqual(
      records.map((text) => JSON.parse(text)),
      names,
    );
  });

  test('an object with the key of the last record: ExclusiveStartKey', async () => {
    const api: Api = (query) => {
      const key = JSON.parse(query.get('ExclusiveStartKey') ?? '{"id":{"N":"0"}}');
      const at = Number(key.id.N);
      const Items = pageFrom(at);
      const last = at + PAGE < LENGTH ? { LastEvaluatedKey: { id: { N: String(at + PAGE) } } } : {};
      return { json: { Items, Count: Items.length, ScannedCount: Items.length, ...last } };
    };
    const { pagination } = (await readWhole(api, '/things?Limit=20')).found;
    assert.deepEqual(
      [pagination.style, pagination.param, pagination.nextPath],
      ['cursor', 'ExclusiveStartKey', 'LastEvaluatedKey'],
    );
  });

  test('what the last record is sorted by, in the query: search_after', async () => {
    const api: Api = (query) => {
      const [, id = 0] = JSON.parse(query.get('search_after') ?? '[]');
      const hits = pageFrom(id).map((record, index) => ({
        ...record,
        sort: ['x', id + index + 1],
      }));
      return { json: { hits: { total: { value: LENGTH }, hits } } };
    };
    const { found, records } = await runDetected(
      startAt(`${HOST}/_search?size=20&sort=name,id`),
      serve(api),
    );
    const { style, param } = found.pagination;
    assert.deepEqual([style, param, records.length], ['keyset', 'search_after', LENGTH]);
  });

  test('several values, in the one way that the server reads: search_after', async () => {
    const asJson = (query: URLSearchParams) => JSON.parse(query.get('search_after') ?? '[]');
    const withCommas = (query: URLSearchParams) => query.get('search_after')?.split(',') ?? [];
    const repeated = (query: URLSearchParams) => query.getAll('search_after');
    const inBrackets = (query: URLSearchParams) => query.getAll('search_after[]');
    for (const [read, param, nextList] of [
      [asJson, 'search_after', null],
      [withCommas, 'search_after', 'commas'],
      [repeated, 'search_after', 'repeated'],
      [inBrackets, 'search_after[]', 'repeated'],
    ] as const) {
      const api: Api = (query) => {
        const given = [...query.keys()].some((name) => name.startsWith('search_after'));
        const values = given ? readOrNothing(read, query) : [];
        if (given && values[1] !== 'x y') return { json: { error: 'search_after' }, status: 400 };
        const at = given ? Number(values[0]) : 0;
        const search_after = at + PAGE < LENGTH ? [at + PAGE, 'x y'] : null;
        return { json: { things: pageFrom(at), search_after } };
      };
      const { pagination } = (await readWhole(api, '/things?limit=20')).found;
      assert.deepEqual([pagination.param, pagination.nextList], [param, nextList]);
      const flags = pinFlags(pagination, {});
      assert.equal(flags.includes('--next-list'), nextList !== null);
    }
  });

  test('last_id, of a server that refuses any other name: after_id', async () => {
    const api: Api = (query) => {
      const refused = [...query.keys()].some((name) => name !== 'after_id' && name !== 'limit');
      if (refused) return { json: { error: 'Extra inputs are not permitted' }, status: 400 };
      const at = number(query.get('after_id'), 0);
      const data = pageFrom(at);
      return {
        json: { data, has_more: at + PAGE < LENGTH, first_id: at + 1, last_id: at + data.length },
      };
    };
    assert.equal((await readWhole(api, '/things?limit=20')).found.pagination.param, 'after_id');
  });
});

describe('a next link is found', () => {
  const byLink = (wrap: (next: string | null, things: object[]) => object): Api => {
    return (query) => {
      const at = placeOf(query.get('t') ?? '');
      const next = nextOf(at);
      return { json: wrap(next && `t=${encodeURIComponent(next)}`, pageFrom(at)) };
    };
  };

  test('named next_collection_link', async () => {
    const api = byLink((next, entries) => ({
      ...{ entries, total_size: LENGTH },
      ...(next === null ? {} : { next_collection_link: `${HOST}/things?${next}` }),
    }));
    assert.equal((await readWhole(api)).found.pagination.style, 'next');
  });

  test('whole, where a path beside it is relative to something else', async () => {
    const api = byLink((next, data) => ({
      data,
      next_page:
        next === null
          ? null
          : { offset: 'x', path: `/things?${next}`, uri: `${HOST}/api/things?${next}` },
    }));
    const atApi: Api = (query, request) =>
      new URL(request.url).pathname === '/api/things'
        ? api(query, request)
        : { json: { error: 'no such route' }, status: 404 };
    await readWhole(atApi, '/api/things');
  });

  test('in a list of links that is named after the records', async () => {
    const api = byLink((next, servers) => ({
      servers,
      ...(next === null
        ? {}
        : { servers_links: [{ rel: 'next', href: `${HOST}/things?${next}` }] }),
    }));
    assert.equal((await readWhole(api)).found.pagination.style, 'next');
  });

  test('by what it does, where its name is in no table', async () => {
    const api: Api = (query) => {
      const page = number(query.get('p'), 1);
      const isLast = page * PAGE >= LENGTH;
      const next = isLast ? {} : { '@nasta_sida': `${HOST}/lista?sok=a&p=${page + 1}` };
      const lista = { '@sida': `${page}`, '@sista_sida': `${HOST}/lista?sok=a&p=7`, ...next };
      return { json: { lista: { ...lista, dokument: pageFrom(PAGE * (page - 1)) } } };
    };
    await readWhole(api, '/lista?sok=a');
  });
});

test('a page is not said to differ each time where no request was left to see it', async () => {
  // The sixth name that is tried, and pages count from 0: no request but one is left.
  const api = byPage('p', (things) => ({ things: things.map(withoutId), hits: LENGTH }), 0);
  const { found } = await runDetected(startAt(`${HOST}/things?limit=20`), serve(api));
  assert.equal(found.kind, 'single');
  assert.match(found.unproven ?? '', /no request was left/);
});
