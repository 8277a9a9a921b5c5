import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Json, readJson, readMember } from '../../src/demo/api-json.ts';
import {
  type ApiServer,
  type ApiServerOptions,
  startApiServer,
} from '../../src/demo/api-server.ts';
import { type Asked, ask, first, keyOf, type ReadPage, walk, withParam } from './api-client.ts';
import { steps } from './api-steps.ts';

async function withApi(
  options: ApiServerOptions,
  use: (server: ApiServer) => Promise<void>,
): Promise<void> {
  const server = await startApiServer(options);
  try {
    await use(server);
  } finally {
    await server.close();
  }
}

const keysOf = (server: ApiServer, page: ReadPage): string[] =>
  page.records.map((record) => keyOf(record, server.keyPath));

const secondOf = (server: ApiServer, page: ReadPage): Asked =>
  steps[server.api]!(server.url)(page, first(server), page.records.length)!;

test('github clamps per_page in silence, and links to another path with rel="last"', async () => {
  await withApi({ api: 'github' }, async (server) => {
    const page = await ask(server, { url: withParam(server.url, 'per_page', 1000) });
    assert.equal(page.records.length, 100);
    const link = page.headers.get('link')!;
    assert.match(link, /\/organizations\/4417\/repos\?per_page=1000&page=2>; rel="next"/);
    assert.match(link, /page=2>; rel="last"/);
  });
});

test('gitlab leaves totals out above 10,000 records, and refuses offsets beyond 50,000', async () => {
  await withApi({ api: 'gitlab', records: 10_001 }, async (server) => {
    const page = await ask(server, first(server));
    assert.equal(page.headers.get('x-total'), null);
    assert.equal(page.headers.get('x-next-page'), '2');
    assert.doesNotMatch(page.headers.get('link')!, /rel="last"/);
    assert.equal((await ask(server, { url: withParam(server.url, 'page', 2501) })).status, 405);
    const last = await ask(server, { url: withParam(server.url, 'page', 501) });
    assert.equal(last.headers.get('x-next-page'), '');
  });
});

test('shopify refuses page_info together with other parameters', async () => {
  await withApi({ api: 'shopify' }, async (server) => {
    const next = secondOf(server, await ask(server, first(server)));
    assert.equal((await ask(server, next)).status, 200);
    const edited = { url: withParam(next.url, 'status', 'active') };
    assert.equal((await ask(server, edited)).status, 400);
  });
});

test('the Link header of link-grammar cannot be read by splitting at commas', async () => {
  await withApi({ api: 'link-grammar' }, async (server) => {
    const link = (await ask(server, first(server))).headers.get('link')!;
    assert.match(link, /<\?ids=1,2;3&size=25&page=2>/);
    assert.match(link, /REL="section {2}next"/);
    assert.match(link, /title="a, <b>; rel=\\"next\\""/);
  });
});

test('wordpress and django answer a page past the end with 400 and 404', async () => {
  for (const [api, status] of [
    ['wordpress', 400],
    ['django', 404],
  ] as const) {
    await withApi({ api }, async (server) => {
      assert.equal((await ask(server, { url: withParam(server.url, 'page', 15) })).status, status);
      assert.equal(server.counts().refused, 1);
    });
  }
});

test('an empty page with a token stands in google and graph-delta, whose last pages have other tokens', async () => {
  for (const api of ['google', 'graph-delta']) {
    await withApi({ api }, async (server) => {
      const pages = await walk(server, steps[api]!(server.url));
      const sizes = pages.map((page) => page.records.length);
      assert.equal(sizes[1], 0);
      assert.ok(sizes[2]! > 0);
      const names = Object.keys(pages.at(-1)!.body as object);
      assert.ok(names.includes(api === 'google' ? 'nextSyncToken' : '@odata.deltaLink'));
    });
  }
});

test('slack and salesforce have short pages in mid-list, and slack refuses with 200', async () => {
  for (const api of ['slack', 'salesforce']) {
    await withApi({ api }, async (server) => {
      const pages = await walk(server, steps[api]!(server.url));
      const sizes = pages.slice(0, -1).map((page) => page.records.length);
      assert.ok(new Set(sizes).size > 1, `${api}: ${sizes}`);
      if (api === 'slack') {
        const wrong = await ask(server, { url: withParam(server.url, 'cursor', 'x') });
        assert.equal(wrong.status, 200);
        assert.equal(readMember(wrong.body, 'ok'), false);
        assert.equal(readMember(pages.at(-1)!.body, 'response_metadata.next_cursor'), '');
      }
    });
  }
});

test('solr, europepmc and crossref say the end by naming the same cursor again', async () => {
  const paths = {
    solr: 'nextCursorMark',
    europepmc: 'nextCursorMark',
    crossref: 'message.next-cursor',
  };
  for (const [api, path] of Object.entries(paths)) {
    await withApi({ api }, async (server) => {
      const pages = await walk(server, steps[api]!(server.url));
      const [before, last] = pages.slice(-2);
      assert.equal(last!.records.length, 0);
      assert.equal(readMember(last!.body, path), readMember(before!.body, path));
    });
  }
});

test('a cursor of crossref that is not encoded is refused', async () => {
  await withApi({ api: 'crossref' }, async (server) => {
    const page = await ask(server, first(server));
    const cursor = String(readMember(page.body, 'message.next-cursor'));
    assert.match(cursor, /\+/);
    const raw = { url: server.url.replace(/cursor=\*/, `cursor=${cursor}`) };
    assert.equal((await ask(server, raw)).status, 400);
    const encoded = { url: withParam(server.url, 'cursor', cursor) };
    assert.equal((await ask(server, encoded)).status, 200);
  });
});

test('solr refuses a cursor without a sort by the unique key', async () => {
  await withApi({ api: 'solr' }, async (server) => {
    assert.equal(
      (await ask(server, { url: withParam(server.url, 'sort', 'score desc') })).status,
      400,
    );
  });
});

test('openalex ends with an empty page and a null cursor, and by page goes 10,000 deep', async () => {
  await withApi({ api: 'openalex' }, async (server) => {
    const pages = await walk(server, steps['openalex']!(server.url));
    assert.equal(pages.at(-1)!.records.length, 0);
    assert.equal(readMember(pages.at(-1)!.body, 'meta.next_cursor'), null);
    assert.equal(typeof readMember(pages.at(-2)!.body, 'meta.next_cursor'), 'string');
    const byPage = server.url.replace('&cursor=*', '&page=401');
    assert.equal((await ask(server, { url: byPage })).status, 403);
  });
});

test('mediawiki gives a batch in two responses, and refuses what is left of an earlier continue', async () => {
  await withApi({ api: 'mediawiki' }, async (server) => {
    const [one, two, three] = await walk(server, steps['mediawiki']!(server.url));
    assert.deepEqual(
      [one, two, three].map((page) => readMember(page!.body, 'batchcomplete')),
      [undefined, true, undefined],
    );
    assert.deepEqual(Object.keys(readMember(one!.body, 'continue') as object), [
      'excontinue',
      'continue',
    ]);
    assert.equal((await ask(server, { url: three!.url })).status, 200);
    const stale = await ask(server, { url: withParam(three!.url, 'excontinue', 10) });
    assert.equal(readMember(stale.body, 'error.code'), 'badcontinue');
  });
});

test('jira lowers maxResults in mid-list, and says so where it pages by startAt', async () => {
  for (const api of ['jira', 'jira-offset']) {
    await withApi({ api }, async (server) => {
      const pages = await walk(server, steps[api]!(server.url));
      const sizes = pages.map((page) => page.records.length);
      assert.deepEqual(sizes.slice(0, 4), [25, 25, 12, 12]);
      if (api === 'jira-offset') assert.equal(readMember(pages[2]!.body, 'maxResults'), 12);
      if (api === 'jira') assert.equal(readMember(pages.at(-1)!.body, 'nextPageToken'), undefined);
    });
  }
});

test('elasticsearch counts no further than 10,000, gives no more, and needs its sort values exactly', async () => {
  await withApi({ api: 'elasticsearch', ceiling: 100 }, async (server) => {
    const page = await ask(server, first(server));
    assert.deepEqual(readMember(page.body, 'hits.total'), { value: 100, relation: 'gte' });
    const body = readJson(server.body!) as Record<string, Json>;
    assert.equal((await ask(server, { url: server.url, body: { ...body, from: 80 } })).status, 400);
    const [sort] = readMember(page.records.at(-1), 'sort') as readonly bigint[];
    assert.notEqual(BigInt(Number(sort)), sort);
    const rounded = { ...body, search_after: [BigInt(Number(sort) - 1)] };
    const again = await ask(server, { url: server.url, body: rounded });
    assert.equal(keysOf(server, again)[0], page.lastKey);
  });
  await withApi({ api: 'elasticsearch-from', records: 10_001 }, async (server) => {
    const deep = await ask(server, { url: withParam(server.url, 'from', 9_990) });
    assert.equal(deep.status, 400);
    const page = await ask(server, first(server));
    assert.equal(readMember(page.body, 'hits.total.relation'), 'gte');
  });
});

test('couchdb’s startkey is JSON and gives the last row again', async () => {
  await withApi({ api: 'couchdb' }, async (server) => {
    const page = await ask(server, first(server));
    const url = withParam(server.url, 'startkey', JSON.stringify(page.lastKey));
    const next = await ask(server, { url });
    assert.equal(keysOf(server, next)[0], page.lastKey);
    assert.equal(readMember(next.body, 'offset'), 24);
    assert.equal(
      (await ask(server, { url: withParam(server.url, 'startkey', page.lastKey!) })).status,
      400,
    );
  });
});

test('zendesk pages by number, and only so deep, where page[size] is missing', async () => {
  await withApi({ api: 'zendesk', ceiling: 100 }, async (server) => {
    const url = server.url.replace(/\?.*/, '?per_page=50');
    const page = await ask(server, { url });
    assert.equal(readMember(page.body, 'count'), 137);
    assert.equal(readMember(page.body, 'links'), undefined);
    assert.equal((await ask(server, { url: `${url}&page=3` })).status, 400);
  });
});

test('notion and aws take their cursors in the body, and notion refuses a null one', async () => {
  await withApi({ api: 'notion' }, async (server) => {
    const body = { ...(readJson(server.body!) as object), start_cursor: null };
    assert.equal((await ask(server, { url: server.url, body })).status, 400);
    const bare = { ...server, headers: {} };
    assert.equal((await ask(bare, first(server))).status, 400);
    assert.equal((await fetch(server.url)).status, 405);
  });
});

test('graphql gives the first page for ever where the cursor goes nowhere, and refuses with 200', async () => {
  await withApi({ api: 'github-graphql' }, async (server) => {
    const { query } = readJson(server.body!) as { query: string };
    const lost = await ask(server, {
      url: server.url,
      body: { query: query.replace(', after: $endCursor', ''), variables: { endCursor: 'x' } },
    });
    assert.equal(keysOf(server, lost)[0], server.records[0]);
    const refused = await ask(server, {
      url: server.url,
      body: { query, variables: { endCursor: 'x' } },
    });
    assert.equal(refused.status, 200);
    assert.equal(readMember(refused.body, 'data'), null);
  });
});

test('stripe and discord are newest first; ids of discord are strings beyond 2^53', async () => {
  await withApi({ api: 'stripe' }, async (server) => {
    const page = await ask(server, first(server));
    const created = page.records.map((record) => Number(readMember(record, 'created')));
    assert.deepEqual(
      created,
      created.toSorted((a, b) => b - a),
    );
    assert.equal((await ask(server, { url: withParam(server.url, 'limit', 101) })).status, 400);
    const wrong = withParam(server.url, 'starting_after', 'ch_nothing');
    assert.equal((await ask(server, { url: wrong })).status, 400);
  });
  await withApi({ api: 'discord' }, async (server) => {
    const ids = server.records.map(BigInt);
    assert.deepEqual(
      ids,
      ids.toSorted((a, b) => (a < b ? 1 : -1)),
    );
    assert.notEqual(BigInt(Number(ids[0])), ids[0]);
  });
});

test('range answers 206 with Content-Range, and 416 past the end', async () => {
  await withApi({ api: 'range' }, async (server) => {
    const page = await ask(server, first(server));
    assert.equal(page.status, 206);
    assert.equal(page.headers.get('content-range'), 'items 0-24/137');
    const last = await ask(server, { url: server.url, headers: { range: 'items=125-149' } });
    assert.equal(last.headers.get('content-range'), 'items 125-136/137');
    const past = await ask(server, { url: server.url, headers: { range: 'items=137-161' } });
    assert.equal(past.status, 416);
    assert.equal(past.headers.get('content-range'), 'items */137');
  });
});

test('clamped gives 50 of the 100 it is asked for, and ckan no more than 1,000', async () => {
  await withApi({ api: 'clamped' }, async (server) => {
    assert.match(server.url, /per_page=100/);
    assert.equal((await ask(server, first(server))).records.length, 50);
  });
  await withApi({ api: 'ckan', records: 1001 }, async (server) => {
    const page = await ask(server, { url: withParam(server.url, 'rows', 5000) });
    assert.equal(page.records.length, 1000);
    const wrong = await ask(server, { url: withParam(server.url, 'start', 'x') });
    assert.equal(wrong.status, 200);
    assert.equal(readMember(wrong.body, 'success'), false);
  });
});

test('totals of camel and offset-only are strings, and camel counts from zero', async () => {
  await withApi({ api: 'camel' }, async (server) => {
    const { body } = await ask(server, first(server));
    assert.deepEqual(readMember(body, 'pageInfo'), {
      pageIndex: 0,
      pageSize: 25,
      totalItems: '137',
      totalPages: '6',
    });
  });
  await withApi({ api: 'offset-only' }, async (server) => {
    assert.equal(readMember((await ask(server, first(server))).body, 'count'), '137');
  });
});

test('ambiguous gives its first page whatever it is asked', async () => {
  await withApi({ api: 'ambiguous' }, async (server) => {
    for (const param of ['page', 'offset', 'skip', 'start', 'cursor', 'pageNo']) {
      const page = await ask(server, { url: withParam(server.url, param, 2) });
      assert.equal(keysOf(server, page)[0], server.records[0], param);
    }
  });
});

test('loop leads from its second page back to its first, and self-next to itself', async () => {
  await withApi({ api: 'loop' }, async (server) => {
    const one = await ask(server, first(server));
    const two = await ask(server, { url: String(readMember(one.body, 'next')) });
    const three = await ask(server, { url: String(readMember(two.body, 'next')) });
    assert.notDeepEqual(keysOf(server, two), keysOf(server, one));
    assert.deepEqual(keysOf(server, three), keysOf(server, one));
    assert.equal(readMember(three.body, 'next'), two.url);
  });
  await withApi({ api: 'self-next' }, async (server) => {
    assert.equal(readMember((await ask(server, first(server))).body, 'next'), server.url);
  });
});

test('slices of sliced by date or id hold each record once, and each less than its ceiling', async () => {
  await withApi({ api: 'sliced' }, async (server) => {
    assert.equal((await ask(server, { url: withParam(server.url, 'offset', 50) })).status, 400);
    const bounds = ['2024-01-01', '2024-04-15', '2024-08-01', '2024-11-15', '2025-01-01'];
    const read: string[] = [];
    for (const [index, bound] of bounds.slice(1).entries()) {
      let url = withParam(server.url, 'created[gte]', bounds[index]!);
      url = withParam(url, 'created[lt]', bound);
      const { total } = (await ask(server, { url })).body as { total: number };
      assert.ok(total <= 50, `${total}`);
      for (let offset = 0; offset < total; offset += 10) {
        read.push(...keysOf(server, await ask(server, { url: withParam(url, 'offset', offset) })));
      }
    }
    assert.deepEqual(read, server.records);
    const byId = withParam(withParam(server.url, 'id[gte]', 1011), 'id[lt]', 1013);
    assert.deepEqual(keysOf(server, await ask(server, { url: byId })), ['1011', '1012']);
  });
});

test('slices of stripe by created hold each record once', async () => {
  await withApi({ api: 'stripe', pageSize: 100 }, async (server) => {
    const middle = Date.UTC(2024, 6, 1) / 1000;
    const late = await ask(server, { url: withParam(server.url, 'created[gte]', middle) });
    const early = await ask(server, { url: withParam(server.url, 'created[lt]', middle) });
    assert.deepEqual([...keysOf(server, late), ...keysOf(server, early)], server.records);
  });
});
