/** Shapes that no table names, as they are met: several conventions in one answer, numbers as text. */
import type { Json } from './api-json.ts';
import type { ApiList } from './api-list.ts';
import { slug, smallId } from './api-records.ts';
import { sizeAsked, sliceAfterToken, urlWith, wholeNumber } from './api-request.ts';
import type { ApiReply, ApiRequest, ApiShape } from './api-shape.ts';
import { thing } from './api-thing.ts';

interface Counted {
  readonly rows: readonly Json[];
  readonly page: number;
  readonly size: number;
  readonly pages: number;
  readonly hasNext: boolean;
}

/** A page by its number, counted from `base`. */
function counted(
  request: ApiRequest,
  list: ApiList,
  param: string,
  base: number,
  sizeParam: string,
): Counted {
  const size = sizeAsked(request, sizeParam, request.pageSize);
  const page = wholeNumber(request.query.get(param), base, base);
  const index = page - base;
  const pages = Math.ceil(list.length / size);
  const rows = list.slice(index * size, (index + 1) * size);
  return { rows, page, size, pages, hasNext: index + 1 < pages };
}

function shape(
  name: string,
  about: string,
  start: string,
  recordsPath: string,
  answer: (request: ApiRequest, list: ApiList) => ApiReply,
): ApiShape {
  return { ...thing, name, about, start: () => start, recordsPath, answer };
}

const springPage = shape(
  'spring-page',
  'Spring’s Page as it stands: content, zero-based number, pageable and sort objects, last',
  '/api/v1/meters?size=20',
  'content',
  (request, list) => {
    const { rows, page, size, pages, hasNext } = counted(request, list, 'page', 0, 'size');
    const sort = { sorted: false, unsorted: true, empty: true };
    return {
      body: {
        content: rows,
        pageable: { sort, pageNumber: page, pageSize: size, offset: page * size, paged: true },
        totalPages: pages,
        totalElements: list.length,
        last: !hasNext,
        size,
        number: page,
        sort,
        numberOfElements: rows.length,
        first: page === 0,
        empty: rows.length === 0,
      },
    };
  },
);

const springSlice = shape(
  'spring-slice',
  'Spring’s Slice: zero-based, last says whether there is more, no total',
  '/api/v1/readings',
  'content',
  (request, list) => {
    const { rows, page, size, hasNext } = counted(request, list, 'page', 0, 'size');
    return {
      body: { content: rows, number: page, size, first: page === 0, last: !hasNext },
    };
  },
);

const lastKey = shape(
  'last-key',
  'hasMore and lastKey; the parameter is exclusiveStartKey',
  '/prod/devices',
  'body.devices',
  (request, list) => {
    const page = sliceAfterToken(list, request.query.get('exclusiveStartKey'), request.pageSize);
    const isMore = page.next !== null;
    return {
      body: {
        statusCode: 200,
        body: { devices: page.records, hasMore: isMore, lastKey: isMore ? page.next : null },
      },
    };
  },
);

const paginationObject = shape(
  'pagination-object',
  'pagination: { page, perPage, total, pageCount } with all numbers as text, beside filters',
  '/v2/shipments',
  'data.shipments',
  (request, list) => {
    const { rows, page, size, pages } = counted(request, list, 'page', 1, 'perPage');
    return {
      body: {
        success: true,
        filters: [{ id: 'open' }, { id: 'closed' }],
        data: { shipments: rows },
        pagination: {
          page: `${page}`,
          perPage: `${size}`,
          total: `${list.length}`,
          pageCount: `${pages}`,
        },
      },
    };
  },
);

const relLinks = shape(
  'rel-links',
  'links: [{ rel, href }], relative, below meta; the last page has prev alone',
  '/catalogue/v1/parts?limit=20',
  'items',
  (request, list) => {
    const size = sizeAsked(request, 'limit', 20);
    const offset = wholeNumber(request.query.get('offset'), 0);
    const to = (from: number): string =>
      urlWith(request, { offset: from }).replace(request.origin, '');
    const links = [{ rel: 'self', href: request.target }];
    if (offset > 0) links.push({ rel: 'prev', href: to(Math.max(0, offset - size)) });
    if (offset + size < list.length) links.push({ rel: 'next', href: to(offset + size) });
    return { body: { items: list.slice(offset, offset + size), meta: { links } } };
  },
);

const nextHref = shape(
  'next-href',
  'paging.next is an object with href and a method; null at the end; query only',
  '/v1/journal',
  'entries',
  (request, list) => {
    const page = sliceAfterToken(list, request.query.get('from_key'), request.pageSize);
    const query = page.next === null ? null : `?from_key=${encodeURIComponent(page.next)}`;
    return {
      body: {
        entries: page.records,
        paging: { next: query === null ? null : { href: query, method: 'GET' } },
      },
    };
  },
);

const snakeDeep = shape(
  'snake-deep',
  'response.result_set two deep, page_info with current_page and number_of_pages',
  '/api/report',
  'response.result_set.row_list',
  (request, list) => {
    const { rows, page, size, pages } = counted(request, list, 'current_page', 1, 'page_size');
    return {
      body: {
        response: {
          result_set: { row_list: rows },
          page_info: { current_page: page, page_size: size, number_of_pages: pages },
        },
        warnings: [],
      },
    };
  },
);

const skipTake = shape(
  'skip-take',
  '.NET: PascalCase Items and TotalCount; Skip and Take',
  '/Api/Orders?Take=20',
  'Result.Items',
  (request, list) => {
    const size = sizeAsked(request, 'Take', 20);
    const skip = wholeNumber(request.query.get('Skip'), 0);
    return {
      body: {
        Result: { Items: list.slice(skip, skip + size), TotalCount: list.length },
        Errors: [],
      },
    };
  },
);

const headerToken = shape(
  'header-token',
  'the token stands in x-continuation-token and goes on as continuationToken',
  '/odata-ish/machines',
  'value',
  (request, list) => {
    const page = sliceAfterToken(list, request.query.get('continuationToken'), request.pageSize);
    return {
      headers: page.next === null ? {} : { 'x-continuation-token': page.next },
      body: { value: page.records, count: page.records.length },
    };
  },
);

const headerPages = shape(
  'header-pages',
  'Pagination-Page, Pagination-Limit and Pagination-Count in headers; a bare array',
  '/shows/trending?limit=20',
  '@',
  (request, list) => {
    const { rows, page, size, pages } = counted(request, list, 'page', 1, 'limit');
    return {
      headers: {
        'pagination-page': `${page}`,
        'pagination-limit': `${size}`,
        'pagination-page-count': `${pages}`,
        'pagination-item-count': `${list.length}`,
      },
      body: rows,
    };
  },
);

const jsonapiNumber = shape(
  'jsonapi-number',
  'JSON:API with page[number], links as objects with href, null at the end, totals in meta.page',
  '/v1/tickets?page[size]=20',
  'data',
  (request, list) => {
    const { rows, page, size, pages, hasNext } = counted(
      request,
      list,
      'page[number]',
      1,
      'page[size]',
    );
    const to = (number: number) => ({ href: urlWith(request, { 'page[number]': number }) });
    return {
      body: {
        jsonapi: { version: '1.1' },
        data: rows,
        links: { self: to(page), next: hasNext ? to(page + 1) : null, last: to(pages) },
        meta: { page: { total: list.length, size } },
        included: [{ type: 'user', id: '1' }],
      },
    };
  },
);

const startEnd = shape(
  'start-end',
  'range in the answer: start, end and total; goes on by startIndex, from 1',
  '/search/v1/papers?count=25',
  'feed.entry',
  (request, list) => {
    const size = sizeAsked(request, 'count', 25);
    const start = wholeNumber(request.query.get('startIndex'), 1, 1);
    return {
      body: {
        feed: {
          'opensearch:totalResults': `${list.length}`,
          'opensearch:startIndex': `${start}`,
          'opensearch:itemsPerPage': `${size}`,
          link: [{ rel: 'self', href: request.target }],
          entry: list.slice(start - 1, start - 1 + size),
        },
      },
    };
  },
);

const cursorPair = shape(
  'cursor-pair',
  'cursors: { before, after, hasNext } in a list object; goes on by after; before is always there',
  '/graph-ish/v9/posts',
  'list.nodes',
  (request, list) => {
    const page = sliceAfterToken(list, request.query.get('after'), request.pageSize);
    return {
      body: {
        list: {
          nodes: page.records,
          cursors: { before: 'QkVGT1JF', after: page.next ?? 'RU5E', hasNext: page.next !== null },
        },
      },
    };
  },
);

const nextPageNumber = shape(
  'next-page-number',
  'nextPage is a number as text and empty at the end; the parameter is pageNum',
  '/mobile/feed',
  'payload.feedItems',
  (request, list) => {
    const { rows, page, hasNext } = counted(request, list, 'pageNum', 1, 'n');
    return {
      body: {
        payload: { feedItems: rows, nextPage: hasNext ? `${page + 1}` : '' },
        ts: 1700000000,
      },
    };
  },
);

const lastSeq: ApiShape = {
  name: 'last-seq',
  about: 'CouchDB’s _changes: last_seq is the last record’s seq, and since goes on after it',
  start: (size) => `/db/_changes?limit=${size}`,
  pageSize: 25,
  recordsPath: 'results',
  keyPath: 'seq',
  record: (item) => ({ seq: smallId(item), id: slug(item), changes: [{ rev: '1-a' }] }),
  answer(request, list) {
    const since = request.query.get('since') ?? '0';
    const begin = since === '0' ? 0 : (list.after(since) ?? 0);
    const results = list.slice(begin, begin + sizeAsked(request, 'limit', 25));
    const end = begin + results.length;
    return {
      body: {
        results,
        last_seq: end === 0 ? 0 : Number(list.idAt(end - 1)),
        pending: list.length - end,
      },
    };
  },
};

export const unnamedMixedShapes: readonly ApiShape[] = [
  springPage,
  springSlice,
  lastKey,
  paginationObject,
  relLinks,
  nextHref,
  snakeDeep,
  skipTake,
  headerToken,
  headerPages,
  jsonapiNumber,
  startEnd,
  cursorPair,
  nextPageNumber,
  lastSeq,
];
