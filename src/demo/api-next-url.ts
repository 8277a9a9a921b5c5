/** Fixture APIs whose body holds the next page's URL. */
import { amount, createdText, personName, slug, smallId, title, uuid } from './api-records.ts';
import { sizeAsked, sliceAfterToken, tokenAfter, urlWith, wholeNumber } from './api-request.ts';
import { type ApiShape, Refusal } from './api-shape.ts';

const pokeapi: ApiShape = {
  name: 'pokeapi',
  about: 'count, next, previous, results; records have a name and a URL, and no id',
  start: (size) => `/api/v2/pokemon?limit=${size}`,
  pageSize: 20,
  recordsPath: 'results',
  keyPath: 'name',
  record: (item) => ({
    name: slug(item),
    url: `https://pokeapi.co/api/v2/pokemon/${item.ordinal + 1}/`,
  }),
  answer(request, list) {
    const limit = sizeAsked(request, 'limit', 20, 100_000);
    const offset = wholeNumber(request.query.get('offset'), 0);
    const to = (at: number) => urlWith(request, { offset: at, limit });
    return {
      body: {
        count: list.length,
        next: offset + limit < list.length ? to(offset + limit) : null,
        previous: offset > 0 ? to(Math.max(0, offset - limit)) : null,
        results: list.slice(offset, offset + limit),
      },
    };
  },
};

/** Django REST framework's PageNumberPagination. Behind a proxy that ends TLS its links say http. */
const django: ApiShape = {
  name: 'django',
  about:
    'count, next, previous, results; a page past the end is 404; links may say http over https',
  start: () => '/api/orders/',
  pageSize: 25,
  recordsPath: 'results',
  keyPath: 'id',
  record: (item) => ({
    id: smallId(item),
    customer: personName(item),
    total: amount(item) / 100,
    lines: [{ sku: slug(item), quantity: 1 + (item.ordinal % 3) }],
  }),
  answer(request, list) {
    const size = request.pageSize;
    const pages = Math.max(1, Math.ceil(list.length / size));
    const asked = request.query.get('page');
    const page = asked === null ? 1 : asked === 'last' ? pages : wholeNumber(asked, 0, 1);
    if (page < 1 || page > pages) throw new Refusal(404, { detail: 'Invalid page.' });
    const to = (number: number) =>
      urlWith(request, { page: number === 1 ? null : number }).replace(/^https:/, 'http:');
    return {
      body: {
        count: list.length,
        next: page < pages ? to(page + 1) : null,
        previous: page > 1 ? to(page - 1) : null,
        results: list.slice((page - 1) * size, page * size),
      },
    };
  },
};

/** Microsoft Graph counts only where the header asks for it, and only in the first page. */
const graph: ApiShape = {
  name: 'graph',
  about: '@odata.nextLink, which leads to another path; the count stands in the first page only',
  start: (size) => `/v1.0/users?$count=true&$top=${size}`,
  otherPaths: /^\/v1\.0\/\$pages\/users$/,
  headers: { consistencylevel: 'eventual' },
  pageSize: 25,
  recordsPath: 'value',
  keyPath: 'id',
  record: (item) => ({
    '@odata.type': '#microsoft.graph.user',
    id: uuid(item),
    displayName: personName(item),
    businessPhones: [],
  }),
  answer(request, list) {
    const size = sizeAsked(request, '$top', 100, 999);
    const token = request.query.get('$skiptoken');
    const page = sliceAfterToken(
      list,
      token,
      size,
      new Refusal(400, { error: { code: 'Directory_InvalidPageToken' } }),
    );
    const isCounted =
      token === null &&
      request.query.get('$count') === 'true' &&
      request.headers['consistencylevel'] === 'eventual';
    const next =
      page.next === null
        ? undefined
        : urlWith(request, { $skiptoken: page.next }, '/v1.0/$pages/users');
    return {
      body: {
        '@odata.context': `${request.origin}/v1.0/$metadata#users`,
        '@odata.count': isCounted ? list.length : undefined,
        '@odata.nextLink': next,
        value: page.records,
      },
    };
  },
};

/** A delta query ends with a deltaLink, which begins the next round and is no next page. */
const graphDelta: ApiShape = {
  name: 'graph-delta',
  about: '@odata.nextLink until @odata.deltaLink; an empty page with a nextLink goes on',
  start: () => '/v1.0/users/delta',
  pageSize: 25,
  recordsPath: 'value',
  keyPath: 'id',
  record: (item) => ({ id: uuid(item), displayName: personName(item) }),
  answer(request, list) {
    const size = request.pageSize;
    const asked = request.query.get('$skiptoken');
    const isHole = asked?.startsWith('hole-') === true;
    const token = isHole ? asked.slice('hole-'.length) : asked;
    const page = sliceAfterToken(list, token, isHole ? 0 : size);
    // The page after the first one is empty.
    const nextToken = isHole
      ? token
      : page.from === 0 && page.next
        ? `hole-${page.next}`
        : page.next;
    const next = nextToken === null ? undefined : urlWith(request, { $skiptoken: nextToken });
    const delta = urlWith(request, { $skiptoken: null, $deltatoken: 'latest-1' });
    return {
      body: {
        '@odata.context': `${request.origin}/v1.0/$metadata#users`,
        value: isHole ? [] : page.records,
        ...(next === undefined ? { '@odata.deltaLink': delta } : { '@odata.nextLink': next }),
      },
    };
  },
};

/** Query locators are `ID-offset`. */
const salesforce: ApiShape = {
  name: 'salesforce',
  about: 'relative nextRecordsUrl until done; totalSize; any batch may be short',
  start: () => '/services/data/v60.0/query?q=SELECT+Id,+Name+FROM+Account',
  otherPaths: /^\/services\/data\/v60\.0\/query\/01gD0000002HU6K-\d+$/,
  pageSize: 25,
  recordsPath: 'records',
  keyPath: 'Id',
  record: (item) => {
    const id = `001D000000${String(item.ordinal).padStart(5, '0')}AAA`;
    return {
      attributes: { type: 'Account', url: `/services/data/v60.0/sobjects/Account/${id}` },
      Id: id,
      Name: personName(item),
    };
  },
  answer(request, list) {
    const offset = wholeNumber(/-(\d+)$/.exec(request.path)?.[1], 0);
    const isShort = Math.floor(offset / request.pageSize) % 2 === 1;
    const size = isShort ? Math.max(1, request.pageSize >> 1) : request.pageSize;
    const end = Math.min(list.length, offset + size);
    const isDone = end >= list.length;
    return {
      headers: { 'sforce-limit-info': 'api-usage=18/5000' },
      body: {
        totalSize: list.length,
        done: isDone,
        nextRecordsUrl: isDone ? undefined : `/services/data/v60.0/query/01gD0000002HU6K-${end}`,
        records: list.slice(offset, end),
      },
    };
  },
};

/** Without page[size] Zendesk pages by number, which is another API. */
const zendesk: ApiShape = {
  name: 'zendesk',
  about: 'links.next and meta.has_more; without page[size] it pages by number, 10,000 deep',
  start: (size) => `/api/v2/tickets.json?page[size]=${size}`,
  pageSize: 25,
  ceiling: 10_000,
  recordsPath: 'tickets',
  keyPath: 'id',
  record: (item) => ({
    id: smallId(item),
    subject: title(item),
    tags: ['late'],
    custom_fields: [
      { id: 360_000, value: null },
      { id: 360_001, value: `v${item.ordinal}` },
    ],
    created_at: createdText(item),
  }),
  answer(request, list) {
    if (request.query.get('page[size]') === null) {
      const size = sizeAsked(request, 'per_page', 100);
      const page = wholeNumber(request.query.get('page'), 1, 1);
      if (page * size > request.ceiling)
        throw new Refusal(400, { error: 'InvalidPaginationDepth' });
      const hasMore = page * size < list.length;
      return {
        body: {
          tickets: list.slice((page - 1) * size, page * size),
          next_page: hasMore ? urlWith(request, { page: page + 1 }) : null,
          previous_page: page > 1 ? urlWith(request, { page: page - 1 }) : null,
          count: list.length,
        },
      };
    }
    const size = sizeAsked(request, 'page[size]', 100);
    const page = sliceAfterToken(
      list,
      request.query.get('page[after]'),
      size,
      new Refusal(400, { errors: [{ code: 'InvalidCursor' }] }),
    );
    const last = page.records.length === 0 ? null : list.idAt(page.from + page.records.length - 1);
    return {
      body: {
        tickets: page.records,
        meta: {
          has_more: page.next !== null,
          after_cursor: last === null ? null : tokenAfter(last),
          before_cursor: page.records.length === 0 ? null : tokenAfter(list.idAt(page.from)),
        },
        links: {
          prev:
            page.from > 0 ? urlWith(request, { 'page[before]': 'x', 'page[after]': null }) : null,
          next: page.next === null ? null : urlWith(request, { 'page[after]': page.next }),
        },
      },
    };
  },
};

export const nextUrlShapes: readonly ApiShape[] = [
  pokeapi,
  django,
  graph,
  graphDelta,
  salesforce,
  zendesk,
];
