/** What a page names as the next one, in all its clothes. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { resolveUrl, underBase } from '../../src/plan/written-url.ts';
import { type Api, HOST, LENGTH, number, pageFrom, readWhole, serve } from './detect-api.ts';
import { startAt } from './detect-pages.ts';
import { runDetected } from './detect-run.ts';

const PAGE = 20;

/** Pages by an opaque token, and a page that wraps the token of the next one. */
function byToken(wrap: (next: string | null, records: object[]) => object): Api {
  return (query) => {
    const at = Number(Buffer.from(query.get('t') ?? '', 'base64url').toString() || 0);
    const next = at + PAGE < LENGTH ? Buffer.from(String(at + PAGE)).toString('base64url') : null;
    return { json: wrap(next, pageFrom(at)) };
  };
}

describe('a next link is known by its name, whatever stands before it', () => {
  for (const name of ['@odata.nextLink', '@iot.nextLink', 'odata.nextLink', 'sapNextLink']) {
    test(name, async () => {
      const api = byToken((next, value) => ({
        value,
        ...(next === null ? {} : { [name]: `${HOST}/things?t=${next}` }),
      }));
      assert.equal((await readWhole(api)).found.pagination.style, 'next');
    });
  }
});

describe('a next link that is not the URL itself', () => {
  test('a template whose expressions are left out', async () => {
    const api = byToken((next, things) => ({
      _embedded: { things },
      _links:
        next === null ? {} : { next: { href: `/things?t=${next}{&sort,dir}`, templated: true } },
    }));
    await readWhole(api);
    assert.equal(resolveUrl('/a{?page,size}{#top}', HOST), `${HOST}/a`);
    const json = '/a?filter={"limit":5,"where":{"a":1}}';
    assert.match(decodeURI(resolveUrl(json, HOST) ?? ''), /\{"limit":5,"where":\{"a":1\}\}$/);
  });

  test('parameters without a question mark, which are merged into the page’s own URL', async () => {
    const api: Api = (query, request) => {
      if (query.get('q') !== 'a') return { json: { things: [] } };
      return byToken((next, things) => ({
        things,
        paging: { next: next === null ? null : `t=${next}&limit=20` },
      }))(query, request);
    };
    await readWhole(api, '/things?q=a');
  });

  test('in a list of links, under uri, of which one has several relations', async () => {
    const api = byToken((next, things) => ({
      things,
      links: [
        { rel: ['self', 'canonical'], uri: '/things' },
        ...(next === null ? [] : [{ rel: ['next'], uri: `/things?t=${next}` }]),
      ],
    }));
    await readWhole(api);
  });

  test('relative to the base that the page states, of which only the path counts', async () => {
    const whole: Api = byToken((next, results) => ({
      results,
      _links: {
        base: 'http://inside.example/wiki',
        ...(next === null ? {} : { next: `/rest/things?t=${next}` }),
      },
    }));
    const api: Api = (query, request) =>
      new URL(request.url).pathname.startsWith('/wiki/')
        ? whole(query, request)
        : { json: {}, status: 404 };
    await readWhole(api, '/wiki/rest/things');
  });

  test('a base counts only where the page stands under it and the link does not', () => {
    const page = 'https://a.example/wiki/rest/x';
    const cases = [
      ['/rest/x?s=1', '/wiki', '/wiki/rest/x?s=1'],
      ['rest/x?s=1', 'https://b.example/wiki/', '/wiki/rest/x?s=1'],
      ['/wiki/rest/x?s=1', '/wiki', '/wiki/rest/x?s=1'],
      ['/rest/x?s=1', '/other', '/rest/x?s=1'],
      ['/rest/x?s=1', null, '/rest/x?s=1'],
      ['?s=1', '/wiki', '?s=1'],
      ['x?s=1', '/wiki', 'x?s=1'],
      ['https://c.example/x', '/wiki', 'https://c.example/x'],
      ['//c.example/x', '/wiki', '//c.example/x'],
    ] as const;
    for (const [target, base, expected] of cases) {
      assert.equal(underBase(target, base, page), expected, `${target} ${base}`);
    }
  });
});

describe('a link that says how it is to be asked for', () => {
  const start = '{"collections":["s2"],"big":12345678901234567890,"limit":20}';

  /** A search by POST whose links hold a body; a request of another kind gives nothing. */
  function search(link: (token: string, asked: string) => object, listed = true): Api {
    return (_query, { method, body }) => {
      const text = Buffer.from(body ?? []).toString();
      if (method !== 'POST') return { json: {}, status: 405 };
      if (!text.includes('12345678901234567890')) return { json: { features: [] } };
      const at = number(/"token":"n(\d+)"/.exec(text)?.[1] ?? null, 0);
      const isLast = at + PAGE >= LENGTH;
      const next = { href: `${HOST}/search`, method: 'POST', ...link(`n${at + PAGE}`, text) };
      const links = [
        { rel: 'self', href: `${HOST}/search` },
        ...(isLast ? [] : [{ rel: 'next', ...next }]),
      ];
      const paging = listed ? { links } : { next: isLast ? null : next };
      // As text, so that the number beyond 2^53 keeps its digits.
      return {
        json: `${JSON.stringify({ features: pageFrom(at), ...paging }).replace(/"RAW(.*?)RAW"/g, (_, raw) => JSON.parse(`"${raw}"`))}`,
      };
    };
  }
  const whole = (token: string, text: string) =>
    `RAW${text.replace(/,"token":"n\d+"/, '').replace(/\}$/, `,"token":"${token}"}`)}RAW`;

  test('with members that are merged into the body of the start', async () => {
    const api = search((token) => ({ body: { token }, merge: true }));
    const { found } = await readWhole(api, { path: '/search', body: start });
    assert.equal(found.pagination.nextPath, 'links');
  });

  test('with a whole body, whose numbers keep their digits', async () => {
    const api = search((token, text) => ({ body: whole(token, text), merge: false }));
    await readWhole(api, { path: '/search', body: start });
  });

  test('in an object called next', async () => {
    const api = search((token) => ({ body: { token }, merge: true }), false);
    const { found } = await readWhole(api, { path: '/search', body: start });
    assert.equal(found.pagination.nextPath, 'next');
  });

  for (const listed of [true, false]) {
    test(`with headers, of which a credential is never sent, ${listed ? 'in a list' : 'as next'}`, async () => {
      const sent = new Set<string>();
      const api: Api = (_query, { headers = {} }) => {
        for (const name of Object.keys(headers)) sent.add(name);
        const at = number(headers['search-after'] ?? null, 0);
        const named = { 'Search-After': `${at + PAGE}`, Authorization: 'Bearer x', Host: 'other' };
        const next = { rel: 'next', href: `${HOST}/search`, headers: named };
        const isLast = at + PAGE >= LENGTH;
        const paging = listed ? { links: isLast ? [] : [next] } : { next: isLast ? null : next };
        return { json: { features: pageFrom(at), ...paging } };
      };
      await readWhole(api, '/search');
      assert.deepEqual([...sent], ['search-after']);
    });
  }

  test('a GET is not gone on with by a POST', async () => {
    const methods: string[] = [];
    const api: Api = (_query, { method }) => {
      methods.push(method);
      const next = { rel: 'next', href: `${HOST}/search`, method: 'POST', body: { token: 'n20' } };
      return { json: { features: pageFrom(0), links: [next] } };
    };
    const { end } = await runDetected(startAt(`${HOST}/search`), serve(api));
    assert.deepEqual([end, methods], ['broken', ['GET']]);
  });
});

test('an array that a server reads in another way leads to no end', async () => {
  const api: Api = (query) => {
    const text = query.get('search_after');
    const at = text === null ? 0 : Number(text.split('|')[1]);
    const isLast = Number.isNaN(at) || at + PAGE >= LENGTH;
    const search_after = isLast ? null : [17, at + PAGE];
    return { json: { hits: Number.isNaN(at) ? [] : pageFrom(at), search_after } };
  };
  const { found } = await runDetected(startAt(`${HOST}/things`), serve(api));
  assert.deepEqual([found.kind, found.isWholeList], ['single', false]);
});

describe('a response header', () => {
  test('whose token goes back in the header that it came in', async () => {
    const api: Api = (_query, { headers }) => {
      const after = headers?.['cmr-search-after'];
      const at = after === undefined ? 0 : number(/\d+/.exec(after)?.[0] ?? null, 0);
      const last: Record<string, string> = { 'cmr-hits': String(LENGTH) };
      const more = { ...last, 'cmr-search-after': `["k",${at + PAGE}]` };
      return { json: { items: pageFrom(at) }, headers: at + PAGE < LENGTH ? more : last };
    };
    const { pagination, total } = (await readWhole(api)).found;
    assert.deepEqual([pagination.carrier, pagination.param], ['header', 'cmr-search-after']);
    assert.deepEqual([pagination.totalHeader, total], ['cmr-hits', LENGTH]);
  });

  test('that is the next page’s Range, or goes back without its next', async () => {
    for (const [sent, taken, write] of [
      ['next-range', 'range', (at: number) => `id ]${at}..; max=20`],
      ['x-next-cursor', 'x-cursor', (at: number) => `c${at}`],
    ] as const) {
      const api: Api = (_query, { headers }) => {
        const at = number(/\d+/.exec(headers?.[taken] ?? '')?.[0] ?? null, 0);
        const isLast = at + PAGE >= LENGTH;
        const next: Record<string, string> = isLast ? {} : { [sent]: write(at + PAGE) };
        return { json: pageFrom(at), headers: next, status: isLast ? 200 : 206 };
      };
      const { pagination } = (await readWhole(api)).found;
      assert.deepEqual([pagination.carrier, pagination.param], ['header', taken]);
    }
  });

  const byPage = (name: string, value: number | string): Api => {
    return (query) => {
      const at = (number(query.get('page'), 1) - 1) * PAGE;
      return { json: pageFrom(at), headers: { [name]: String(value) } };
    };
  };
  for (const name of [
    'x-article-count',
    'cmr-hits',
    'x-things-total',
    'total',
    'opensearch-totals',
  ]) {
    test(`${name} is the total`, async () => {
      const { found } = await readWhole(byPage(name, LENGTH));
      assert.equal(found.pagination.totalHeader, name);
    });
  }

  test('that only ends like a total does not end the list', async () => {
    const { found } = await readWhole(byPage('x-subscriber-count', 40));
    assert.equal(found.pagination.totalIsUnsure, true);
  });

  for (const [name, value] of [
    ['x-cache-hits', 500],
    ['x-ratelimit-total', 5000],
    ['x-request-count', 777],
    ['x-retry-count', 99],
    ['x-article-count', PAGE],
    ['x-article-count', 3],
  ] as const) {
    test(`${name} of ${value} is none`, async () => {
      const { found } = await readWhole(byPage(name, value));
      assert.equal(found.pagination.totalHeader, null);
    });
  }
});

describe('what goes on with more than one value', () => {
  test('an object of parameters that are added to the start', async () => {
    const api: Api = (query) => {
      const [at, date] = [number(query.get('last_index'), 0), query.get('last_date')];
      if ((at === 0) !== (date === null)) return { json: {}, status: 422 };
      const results = pageFrom(at);
      const isLast = at + PAGE >= LENGTH;
      const last = { last_index: String(at + PAGE), last_date: '2024-01-01', sort_null_only: null };
      const pagination = {
        pages: 7,
        per_page: PAGE,
        count: LENGTH,
        last_indexes: isLast ? null : last,
      };
      return { json: { api_version: '1.0', pagination, results } };
    };
    const { pagination } = (await readWhole(api, '/schedules?per_page=20')).found;
    assert.deepEqual(
      [pagination.style, pagination.nextPath],
      ['continue', 'pagination.last_indexes'],
    );
  });

  test('an array of sort values, in the body of a POST and in a URL', async () => {
    const byBody = (_query: URLSearchParams, { body }: { readonly body: Uint8Array | null }) =>
      JSON.parse(Buffer.from(body ?? []).toString()).search_after?.[1];
    const byUrl = (query: URLSearchParams) => JSON.parse(query.get('search_after') ?? '[]')[1];
    for (const [read, body] of [
      [byBody, '{"query":{},"size":20}'],
      [byUrl, undefined],
    ] as const) {
      const api: Api = (query, request) => {
        const at = Number(read(query, request) ?? 0);
        const isLast = at + PAGE >= LENGTH;
        const search_after = isLast ? null : [1700000000000, String(at + PAGE)];
        return { json: { documents: pageFrom(at), search_after } };
      };
      const { pagination } = (await readWhole(api, body === undefined ? {} : { body })).found;
      assert.deepEqual([pagination.style, pagination.param], ['cursor', 'search_after']);
    }
  });
});
