import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Pagination } from '../../src/core/pagination.ts';
import { detect } from '../../src/plan/detect/detect.ts';
import type { Detection } from '../../src/plan/detect/page-view.ts';
import { pinFlags } from '../../src/plan/pin-flags.ts';
import { items, startAt, viewOf } from './detect-pages.ts';

interface Page {
  readonly url?: string;
  readonly post?: string;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json: unknown;
}

const A = 'https://api.example';

function detectIn({ url = '/things', post, status, headers, json }: Page): Detection {
  return detect(viewOf(startAt(`${A}${url}`, post ?? null), json, headers, status));
}

describe('a first page shows its style', () => {
  const cases: readonly (readonly [name: string, page: Page, expected: Partial<Pagination>])[] = [
    [
      'Link with next and last, one number apart (GitHub)',
      {
        url: '/repos/a/b/issues?per_page=3',
        headers: {
          link: `<${A}/repositories/7/issues?per_page=3&page=2>; rel="next", <${A}/repositories/7/issues?per_page=3&page=14>; rel="last"`,
        },
        json: items(0, 3),
      },
      { style: 'page', param: 'page', first: 1, totalPagesHeader: 'link', records: '@', key: 'id' },
    ],
    [
      'a total of the table before one of what the filter leaves (Directus)',
      {
        url: '/items/a?limit=3&offset=0',
        json: { meta: { total_count: 1250, filter_count: 549 }, data: items(0, 3) },
      },
      { totalPath: 'meta.filter_count' },
    ],
    [
      'a total of the table before one of what the filter leaves (DataTables)',
      {
        url: '/a?start=0&length=3',
        json: { recordsTotal: 1250, recordsFiltered: 549, data: items(0, 3) },
      },
      { style: 'offset', totalPath: 'recordsFiltered' },
    ],
    [
      'Link from page 0',
      {
        headers: { link: `<${A}/things?p=1>; rel=next, <${A}/things?p=9>; rel=last` },
        json: items(0, 3),
      },
      { style: 'page', param: 'p', first: 0 },
    ],
    [
      'Link without last (GitLab keyset)',
      { headers: { link: `<${A}/things?cursor=eyJ>; rel="next"` }, json: items(0, 3) },
      { style: 'link', param: null },
    ],
    [
      'Link that cannot be counted (Shopify)',
      {
        url: '/orders.json?limit=3',
        headers: { link: `<${A}/orders.json?limit=3&page_info=abc>; rel="next"` },
        json: { orders: items(0, 3) },
      },
      { style: 'link', records: 'orders' },
    ],
    [
      'Link, and a total number of pages in a header (WordPress)',
      {
        url: '/wp-json/wp/v2/posts',
        headers: {
          'x-wp-total': '95',
          'x-wp-totalpages': '10',
          link: `<${A}/wp-json/wp/v2/posts?page=2>; rel="next"`,
        },
        json: items(0, 10),
      },
      {
        style: 'page',
        param: 'page',
        totalPagesHeader: 'x-wp-totalpages',
        totalHeader: 'x-wp-total',
      },
    ],
    [
      'Link with offsets and a total',
      {
        url: '/things?offset=0',
        headers: { link: `</things?offset=3>; rel=next`, 'x-total-count': '95' },
        json: items(0, 3),
      },
      { style: 'offset', param: 'offset', first: 0, totalHeader: 'x-total-count' },
    ],
    [
      'a number of pages in a header that is called like a field',
      { url: '/things?page=1', headers: { 'x-pages': '32' }, json: items(0, 3) },
      { style: 'page', param: 'page', first: 1, totalPagesHeader: 'x-pages' },
    ],
    [
      'Content-Range with 206',
      { status: 206, headers: { 'content-range': 'items 0-2/3000' }, json: items(0, 3) },
      { style: 'range', param: 'items', totalHeader: 'content-range', first: 0 },
    ],
    [
      'next URL with a cursor',
      { json: { data: items(0, 3), links: { next: '/things?after=MQ==' } } },
      { style: 'next', nextPath: 'links.next', records: 'data' },
    ],
    [
      'next URL within an object (HAL)',
      { json: { _embedded: { users: items(0, 3) }, _links: { next: { href: '/things?c=x' } } } },
      { style: 'next', nextPath: '_links.next.href', records: '_embedded.users' },
    ],
    [
      'next URL under a name with dots (OData)',
      { json: { value: items(0, 3), '@odata.nextLink': `${A}/other?$skiptoken=x` } },
      { style: 'next', nextPath: '@odata\\.nextLink', records: 'value' },
    ],
    [
      'next URL in OData’s older envelope',
      { json: { d: { results: items(0, 3), __count: '95', __next: `${A}/x?$skiptoken=3` } } },
      { style: 'next', nextPath: 'd.__next', totalPath: 'd.__count', records: 'd.results' },
    ],
    [
      'a next path (Salesforce)',
      {
        json: { totalSize: 95, done: false, nextRecordsUrl: '/q/01g-3', records: items(0, 3) },
      },
      { style: 'next', nextPath: 'nextRecordsUrl', morePath: '!done', totalPath: 'totalSize' },
    ],
    [
      'a next URL that is only a query (Twitter)',
      { json: { statuses: items(0, 3), search_metadata: { next_results: '?max_id=5&q=x' } } },
      { style: 'next', nextPath: 'search_metadata.next_results' },
    ],
    [
      'a list of links (FHIR)',
      {
        json: {
          entry: items(0, 3),
          link: [
            { relation: 'self', url: `${A}/things` },
            { relation: 'next', url: `${A}/things?page=x` },
          ],
        },
      },
      { style: 'next', nextPath: 'link' },
    ],
    [
      'a next URL that counts pages, with a total (Django)',
      { json: { count: 95, next: `${A}/things?page=2`, previous: null, results: items(0, 3) } },
      { style: 'page', param: 'page', first: 1, totalPath: 'count', nextPath: 'next' },
    ],
    [
      'a next URL that counts records and adds the page size (PokeAPI)',
      { json: { count: 95, next: `${A}/things?offset=20&limit=20`, results: items(0, 20) } },
      { style: 'offset', param: 'offset', first: 0, totalPath: 'count' },
    ],
    [
      'a next URL that says http behind a proxy',
      { json: { count: 95, next: 'http://api.example/things?page=2', results: items(0, 3) } },
      { style: 'page', param: 'page' },
    ],
    [
      'a next URL that counts, but no total',
      { json: { next: `${A}/things?page=2`, results: items(0, 3) } },
      { style: 'next', nextPath: 'next' },
    ],
    [
      'the total beside another size (Bitbucket)',
      {
        json: { pagelen: 10, size: 422, page: 1, next: `${A}/things?page=2`, values: items(0, 10) },
      },
      {
        style: 'page',
        param: 'page',
        totalPath: 'size',
        sizePath: 'pagelen',
        positionPath: 'page',
      },
    ],
    [
      'MediaWiki’s continue',
      {
        url: '/w/api.php?action=query&list=allpages',
        json: { continue: { apcontinue: 'B', continue: '-||' }, query: { allpages: items(0, 3) } },
      },
      { style: 'continue', nextPath: 'continue', records: 'query.allpages' },
    ],
    [
      'GraphQL relay',
      {
        post: '{"query":"query($n: String) { repo { issues(first: 3, after: $n) { nodes { id } } } }"}',
        json: {
          data: {
            repo: {
              issues: { nodes: items(0, 3), pageInfo: { hasNextPage: true, endCursor: 'Y3' } },
            },
          },
        },
      },
      {
        style: 'graphql',
        param: 'variables.n',
        carrier: 'body',
        nextPath: 'data.repo.issues.pageInfo',
        records: 'data.repo.issues.nodes',
      },
    ],
    [
      'page number in the start URL and totals',
      {
        url: '/things?page=1&per_page=3',
        json: { page: 1, per_page: 3, total_pages: 32, things: items(0, 3) },
      },
      {
        style: 'page',
        param: 'page',
        first: 1,
        sizeParam: 'per_page',
        totalPagesPath: 'total_pages',
      },
    ],
    [
      'page numbers from 0 (Spring)',
      {
        url: '/things?page=0&size=3',
        json: {
          content: items(0, 3),
          page: { size: 3, totalElements: '95', totalPages: 32, number: 0 },
        },
      },
      { style: 'page', first: 0, totalPath: 'page.totalElements', positionPath: 'page.number' },
    ],
    [
      'a bare array and nothing but the start URL',
      { url: '/things?page=1&per_page=3', json: items(0, 3) },
      { style: 'page', param: 'page', first: 1 },
    ],
    [
      'page[number], written encoded',
      { url: '/things?page%5Bnumber%5D=1', json: { data: items(0, 3), meta: { total: 95 } } },
      { style: 'page', param: 'page[number]', totalPath: 'meta.total' },
    ],
    [
      'offset in the start URL and a total',
      { url: '/x?$limit=3&$offset=0', json: { rows: items(0, 3), meta: { totalRows: 95 } } },
      { style: 'offset', param: '$offset', first: 0, totalPath: 'meta.totalRows' },
    ],
    [
      'offset in a POST’s body',
      {
        post: '{"from":0,"size":3}',
        json: { hits: { total: { value: 95, relation: 'eq' }, hits: items(0, 3) } },
      },
      { style: 'offset', param: 'from', carrier: 'body', totalPath: 'hits.total' },
    ],
    [
      'cursor=* in the start URL (OpenAlex)',
      {
        url: '/works?cursor=*',
        json: { meta: { count: 95, next_cursor: 'Ils' }, results: items(0, 3) },
      },
      { style: 'cursor', param: 'cursor', nextPath: 'meta.next_cursor', totalPath: 'meta.count' },
    ],
    [
      'a cursor’s name with a dash (Crossref)',
      {
        url: '/works?cursor=*&rows=3',
        json: { message: { 'next-cursor': 'x/+', 'total-results': 95, items: items(0, 3) } },
      },
      { style: 'cursor', nextPath: 'message.next-cursor', totalPath: 'message.total-results' },
    ],
    [
      'a cursor whose repetition is the end (Solr)',
      {
        url: '/select?cursorMark=*&rows=3',
        json: { response: { numFound: 95, start: 0, docs: items(0, 3) }, nextCursorMark: 'AoE' },
      },
      { style: 'cursor', param: 'cursorMark', repeatIsEnd: true, totalPath: 'response.numFound' },
    ],
    [
      'a cursor in a POST’s body (Notion)',
      {
        post: '{"start_cursor":"x"}',
        json: { results: items(0, 3), has_more: true, next_cursor: 'y' },
      },
      { style: 'cursor', param: 'start_cursor', carrier: 'body', morePath: 'has_more' },
    ],
    [
      'numbers of the next and the last page (json-server)',
      {
        url: '/posts?_page=1',
        json: { first: 1, prev: null, next: 2, last: 10, pages: 10, items: 95, data: items(0, 10) },
      },
      {
        style: 'page',
        param: '_page',
        totalPagesPath: 'pages',
        totalPath: 'items',
        nextPath: 'next',
      },
    ],
    [
      'the next page’s number without a total: each page names the one after it',
      { url: '/x?page=1', json: { items: items(0, 3), next_page: 2 } },
      { style: 'cursor', param: 'page', nextPath: 'next_page' },
    ],
  ];
  for (const [name, page, expected] of cases) {
    test(name, () => {
      const detection = detectIn(page);
      assert.equal(detection.kind, 'found', JSON.stringify(detection));
      assert.ok(detection.kind === 'found' && !detection.lastPage);
      const { pagination, evidence } = detection;
      for (const [part, value] of Object.entries(expected)) {
        assert.deepEqual(pagination[part as keyof Pagination], value, part);
      }
      assert.ok(evidence.length > 0);
      assert.equal(pinFlags(pagination, {})[1], pagination.style);
    });
  }
});

describe('a first page shows that there is more, and what may lead to it', () => {
  const cases: readonly (readonly [name: string, page: Page, params: readonly string[]])[] = [
    [
      'a cursor deep in an envelope (Slack)',
      { json: { ok: true, messages: items(0, 3), response_metadata: { next_cursor: 'dXN==' } } },
      ['cursor', 'next_cursor'],
    ],
    [
      'a page token (Google)',
      { json: { items: items(0, 3), nextPageToken: 'CAMQ' } },
      ['pageToken', 'nextPageToken'],
    ],
    [
      'a page token in snake case',
      { json: { objects: items(0, 3), next_page_token: 'CAMQ' } },
      ['page_token', 'next_page_token'],
    ],
    [
      'AWS’s own spelling',
      { json: { Reservations: items(0, 3), NextToken: 'a==' } },
      ['NextToken'],
    ],
    [
      'a number as text (HubSpot)',
      { json: { results: items(0, 3), paging: { next: { after: '3' } } } },
      ['after'],
    ],
    [
      'a token in offset (Airtable)',
      { json: { records: items(0, 3), offset: 'itr/r' } },
      ['offset'],
    ],
    [
      'a name that nothing explains',
      { json: { rows: items(0, 3), x: { marker: 'abc' } } },
      ['marker', '$marker', 'x[marker]', 'x.marker'],
    ],
    ['a response header', { headers: { 'x-next-cursor': 'abc' }, json: items(0, 3) }, ['cursor']],
    [
      'a continuation header, that goes back as one',
      { headers: { 'x-ms-continuation': 'abc' }, json: { Documents: items(0, 3) } },
      ['x-ms-continuation'],
    ],
    [
      'a flag and ids (Stripe)',
      { url: '/v1/charges?limit=3', json: { data: items(0, 3), has_more: true } },
      ['starting_after'],
    ],
    [
      'positions with a total (Jira)',
      { url: '/search', json: { startAt: 0, maxResults: 3, total: 95, issues: items(0, 3) } },
      ['startAt'],
    ],
    [
      'a page number and pages, in other words',
      { json: { payload: { list: items(0, 3), info: { currentPage: 1, pageCount: '32' } } } },
      ['page', 'currentPage'],
    ],
    [
      'a total, and rows asked for (CKAN)',
      { url: '/p?rows=3', json: { result: { count: 95, results: items(0, 3) } } },
      ['start'],
    ],
    [
      'a total, and size asked for (npm)',
      { url: '/s?size=3', json: { total: 95, objects: items(0, 3) } },
      ['from'],
    ],
    [
      'a total, and $top asked for',
      { url: '/s?$top=3', json: { total: 95, objects: items(0, 3) } },
      ['$skip'],
    ],
    [
      'a total, and page[size] asked for',
      { url: '/s?page[size]=3', json: { meta: { total: 95 }, data: items(0, 3) } },
      ['page[number]'],
    ],
    ['a total alone', { json: { total: 95, objects: items(0, 3) } }, ['page', 'offset']],
    [
      'a total in a header alone',
      { headers: { 'x-total-count': '95' }, json: items(0, 3) },
      ['page', 'offset'],
    ],
    ['a full page of a size asked for', { url: '/t?per_page=3', json: items(0, 3) }, ['page']],
    ['as many as pages often hold', { json: items(0, 20) }, ['page', 'offset']],
    ['the next page’s number', { json: { items: items(0, 3), pages: 32, next: 2 } }, ['page']],
    [
      'the next record’s ordinal',
      { json: { items: items(0, 5), nextOffset: 5, total: 95 } },
      ['offset'],
    ],
    [
      'the next page in a header (GitLab)',
      { headers: { 'x-next-page': '2', 'x-total-pages': '9' }, json: items(0, 3) },
      ['page'],
    ],
    [
      'a parameter that takes the last key',
      { url: '/t?since_id=0&limit=3', json: items(0, 3) },
      ['since_id'],
    ],
    [
      'hits that carry what they are sorted by (Elasticsearch)',
      {
        post: '{"size":2,"sort":["seq"]}',
        json: '{"hits":{"total":{"value":95},"hits":[{"_id":"a","sort":[1]},{"_id":"b","sort":[9007199254740993]}]}}',
      },
      ['search_after'],
    ],
  ];
  for (const [name, page, params] of cases) {
    test(name, () => {
      const detection = detectIn(page);
      assert.equal(detection.kind, 'candidates', JSON.stringify(detection));
      assert.ok(detection.kind === 'candidates');
      const tried = detection.candidates.map(({ pagination }) => pagination.param);
      assert.deepEqual(tried.slice(0, params.length), params);
      assert.ok(tried.length <= 6);
      assert.equal(
        new Set(detection.candidates.map(({ request }) => JSON.stringify(request))).size,
        tried.length,
      );
    });
  }

  test('the last key goes out as it stands in the page, beyond 2^53 too', () => {
    const json = '{"data":[{"id":9007199254740992},{"id":9007199254740993}],"has_more":true}';
    const detection = detectIn({ json });
    assert.ok(detection.kind === 'candidates');
    assert.equal(
      detection.candidates[0]?.request.url,
      `${A}/things?starting_after=9007199254740993`,
    );
  });

  test('a POST is never sent on a guess', () => {
    const detection = detectIn({ post: '{"q":1}', json: { total: 95, items: items(0, 3) } });
    assert.equal(detection.kind, 'single');
    assert.ok(detection.kind === 'single' && !detection.complete);
  });
});

describe('a first page shows that it is all', () => {
  const cases: readonly (readonly [name: string, page: Page])[] = [
    ['next is null', { json: { count: 3, next: null, results: items(0, 3) } }],
    [
      'the token is empty',
      { json: { items: items(0, 3), response_metadata: { next_cursor: '' } } },
    ],
    ['has_more is false', { json: { data: items(0, 3), has_more: false } }],
    ['isLast is true', { json: { values: items(0, 3), isLast: true } }],
    ['the total is what the page holds', { json: { total: 3, items: items(0, 3) } }],
    ['a total of 0', { json: { total: 0, items: [] } }],
    ['page 1 of 1', { json: { page: 1, total_pages: 1, items: items(0, 3) } }],
    ['x-next-page is empty', { headers: { 'x-next-page': '' }, json: items(0, 3) }],
    [
      'links to the first page alone',
      { headers: { link: `<${A}/things>; rel=first` }, json: items(0, 3) },
    ],
    [
      'links without one to the next',
      { json: { data: items(0, 3), links: { first: '/a', last: '/a' } } },
    ],
    ['OData links to all that is left', { json: { '@odata.context': 'x', value: items(0, 3) } }],
    [
      'batchcomplete without continue',
      { json: { batchcomplete: '', query: { allpages: items(0, 3) } } },
    ],
    [
      'the last page of several',
      { url: '/t?page=4&per_page=3', json: { page: 4, pages: 4, items: items(9, 11) } },
    ],
    ['an empty array', { json: [] }],
  ];
  for (const [name, page] of cases) {
    test(name, () => {
      const detection = detectIn(page);
      const isEnd =
        detection.kind === 'found'
          ? detection.lastPage
          : detection.kind === 'single' && detection.complete;
      assert.ok(isEnd, JSON.stringify(detection));
    });
  }
});

describe('nothing is called all without evidence', () => {
  const cases: readonly (readonly [name: string, page: Page])[] = [
    ['a bare array of a few', { json: items(0, 7) }],
    ['fewer than were asked for', { url: '/t?per_page=100', json: items(0, 7) }],
    ['one thing', { json: { id: 7, name: 'x', owner: { id: 1 } } }],
    ['a scalar', { json: 7 }],
    ['null', { json: null }],
    ['no JSON', { json: '<html>' }],
    ['a refusal', { status: 500, json: { error: 'x', total: 0, items: [] } }],
    [
      'a total that the page does not reach, and next is null',
      { json: { total: 95, next: null, items: items(0, 3) } },
    ],
    [
      'a total that is the page size',
      { url: '/t?size=20', json: { total: 20, items: items(0, 20) } },
    ],
  ];
  for (const [name, page] of cases) {
    test(name, () => {
      const detection = detectIn(page);
      assert.notEqual(detection.kind, 'found', JSON.stringify(detection));
      assert.ok(detection.kind !== 'single' || !detection.complete, JSON.stringify(detection));
    });
  }
});

function urlsTried(page: Page): readonly string[] {
  const detection = detectIn(page);
  return detection.kind === 'candidates'
    ? detection.candidates.map(({ request }) => request.url)
    : [];
}

describe('what only looks like paging is left alone', () => {
  test('a count of shards is no total', () => {
    const json = { _shards: { total: 50, skipped: 0 }, hits: { total: 95, hits: items(0, 3) } };
    const detection = detectIn({ url: '/s?size=3&from=0', json });
    assert.ok(detection.kind === 'found');
    assert.equal(detection.pagination.totalPath, 'hits.total');
    assert.equal(detection.pagination.positionPath, null);
  });

  test('a year is no offset', () => {
    const urls = urlsTried({ url: '/t?from=2020', json: items(0, 20) });
    assert.ok(urls.length > 0 && urls.every((url) => url.includes('from=2020')), urls.join());
  });

  test('the cursor that was sent is not the next one', () => {
    const json = { items: items(0, 3), cursor: 'abc' };
    const detection = detectIn({ url: '/t?cursor=abc', json });
    assert.notEqual(detection.kind, 'found');
  });

  test('what is said of another list ends nothing', () => {
    const facets = { has_more: false, next: null, total: 20 };
    const page = { url: '/t?page=1', json: { data: items(0, 20), facets } };
    const detection = detectIn(page);
    assert.ok(detection.kind === 'found' && !detection.lastPage, JSON.stringify(detection));
    assert.equal(detection.pagination.morePath, null);
    const bare = detectIn({ json: { data: items(0, 7), facets: { ...facets, total: 7 } } });
    assert.ok(bare.kind === 'candidates' && bare.isSilent, JSON.stringify(bare));
  });

  test('an empty cursor that may be the one that was sent ends nothing', () => {
    const detection = detectIn({ json: { items: items(0, 20), limit: 20, cursor: null } });
    assert.equal(detection.kind, 'candidates');
  });

  test('a date that is filtered by is not taken for the cursor’s parameter', () => {
    const json = { items: items(0, 3), next_cursor: 'x' };
    const detection = detectIn({ url: '/t?after=2024-01-01', json });
    assert.ok(detection.kind === 'candidates');
    assert.equal(detection.candidates[0]?.request.url, `${A}/t?after=2024-01-01&cursor=x`);
  });

  test('a project’s number is no page number', () => {
    const urls = urlsTried({ url: '/t?p=7', json: items(0, 20) });
    assert.ok(urls.length > 0 && urls.every((url) => url.includes('p=7')), urls.join());
  });

  test('as many as $top asked for are not all', () => {
    const json = { '@odata.context': 'x', value: items(0, 3) };
    const detection = detectIn({ url: '/t?$top=3', json });
    assert.ok(detection.kind === 'candidates');
    assert.equal(detection.candidates[0]?.pagination.param, '$skip');
  });

  test('a token to sync with later is not the next page’s', () => {
    const urls = urlsTried({ json: { items: items(0, 3), nextSyncToken: 'x', sync_token: 'y' } });
    assert.ok(urls.length > 0 && urls.every((url) => !/=[xy]$/.test(url)), urls.join());
  });
});
