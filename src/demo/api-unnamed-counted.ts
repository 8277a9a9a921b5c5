/** Shapes that no table names: pages, offsets and ranges that say little of themselves, or lie. */
import type { Json } from './api-json.ts';
import type { ApiList } from './api-list.ts';
import { amount, createdText, personName, slug, smallId, textId } from './api-records.ts';
import { sizeAsked, wholeNumber } from './api-request.ts';
import { type ApiReply, type ApiShape, Refusal } from './api-shape.ts';
import { inSlice } from './api-slice.ts';
import { thing } from './api-thing.ts';

function pageOf(list: ApiList, page: number, size: number): Json[] {
  return list.slice(page * size, (page + 1) * size);
}

/** RFC 9110 §14: the unit is `items`, and without a Range the first ones are given. */
const range: ApiShape = {
  ...thing,
  name: 'range',
  about:
    'Range: items=25-49 is answered by 206 and Content-Range: items 25-49/137; 416 past the end',
  start: () => '/v1/items',
  recordsPath: '@',
  answer(request, list) {
    const asked = /^items=(\d+)-(\d*)$/.exec(request.headers['range'] ?? '');
    const first = Number(asked?.[1] ?? 0);
    const last = Math.min(
      Number(asked?.[2] || Number.POSITIVE_INFINITY),
      first + request.pageSize - 1,
    );
    if (first >= list.length) {
      if (first === 0) return { headers: { 'content-range': 'items */0' }, body: [] };
      return { status: 416, headers: { 'content-range': `items */${list.length}` }, body: null };
    }
    const end = Math.min(last, list.length - 1);
    return {
      status: 206,
      headers: {
        'accept-ranges': 'items',
        'content-range': `items ${first}-${end}/${list.length}`,
      },
      body: list.slice(first, end + 1),
    };
  },
};

const camel: ApiShape = {
  name: 'camel',
  about: 'camelCase, zero-based pageIndex, totals as strings; the start URL names no parameter',
  start: () => '/api/v2/orders',
  pageSize: 25,
  recordsPath: 'orders',
  keyPath: 'orderId',
  record: (item) => ({
    orderId: textId('O', item),
    customerName: personName(item),
    total: amount(item),
  }),
  answer(request, list) {
    const size = sizeAsked(request, 'pageSize', request.pageSize);
    const pageIndex = wholeNumber(request.query.get('pageIndex'), 0);
    return {
      body: {
        pageInfo: {
          pageIndex,
          pageSize: size,
          totalItems: `${list.length}`,
          totalPages: `${Math.ceil(list.length / size)}`,
        },
        orders: pageOf(list, pageIndex, size),
      },
    };
  },
};

const strangePage: ApiShape = {
  ...thing,
  name: 'strange-page',
  about: 'zero-based pageNo and a number of pages; no total of records',
  start: () => '/rest/meters',
  recordsPath: 'rows',
  answer(request, list) {
    const pageNo = wholeNumber(request.query.get('pageNo'), 0);
    const pages = Math.ceil(list.length / request.pageSize);
    return { body: { rows: pageOf(list, pageNo, request.pageSize), pageNo, pages } };
  },
};

const plain: ApiShape = {
  ...thing,
  name: 'plain',
  about: 'a bare array that says nothing; ?page=2 works; an empty array past the end',
  start: () => '/things',
  recordsPath: '@',
  answer(request, list) {
    const page = wholeNumber(request.query.get('page'), 1, 1);
    return { body: pageOf(list, page - 1, request.pageSize) };
  },
};

const offsetOnly: ApiShape = {
  ...thing,
  name: 'offset-only',
  about: 'items and a count written as a string; goes on by skip, which it never names',
  start: () => '/things',
  recordsPath: 'items',
  answer(request, list) {
    const skip = wholeNumber(request.query.get('skip'), 0);
    return { body: { items: list.slice(skip, skip + request.pageSize), count: `${list.length}` } };
  },
};

const clamped: ApiShape = {
  ...thing,
  name: 'clamped',
  about: 'asked for 100 it gives 50, and does not say so',
  start: (size) => `/things?page=1&per_page=${size}`,
  pageSize: 100,
  recordsPath: 'data',
  answer(request, list) {
    const size = sizeAsked(request, 'per_page', 25, 50);
    const page = wholeNumber(request.query.get('page'), 1, 1);
    return { body: { data: pageOf(list, page - 1, size), total: list.length } };
  },
};

/** Records by day or id, so that a list deeper than the ceiling can be read in slices. */
const sliced: ApiShape = {
  name: 'sliced',
  about:
    'offset and limit, only so deep; created[gte], created[lt], id[gte], id[lt] cut it into slices',
  start: (size) => `/v1/events?limit=${size}`,
  pageSize: 10,
  ceiling: 50,
  recordsPath: 'events',
  keyPath: 'id',
  record: (item) => ({ id: smallId(item), kind: slug(item), created: createdText(item) }),
  answer(request, list) {
    const size = sizeAsked(request, 'limit', 10);
    const offset = wholeNumber(request.query.get('offset'), 0);
    if (offset + size > request.ceiling) {
      throw new Refusal(400, { error: `only the first ${request.ceiling} events can be read` });
    }
    const found = inSlice(request, list);
    return {
      body: {
        events: found.slice(offset, offset + size),
        offset,
        limit: size,
        total: found.length,
      },
    };
  },
};

/** Says that there is more, and gives its first page whatever it is asked. */
const ambiguous: ApiShape = {
  ...thing,
  name: 'ambiguous',
  about: 'says that there are more, but no parameter leads to them',
  start: () => '/things',
  recordsPath: 'items',
  answer: (request, list) => ({
    body: { total: list.length, items: list.slice(0, request.pageSize) },
  }),
};

const single: ApiShape = {
  ...thing,
  name: 'single',
  about: 'one page, and nothing that says whether there is more',
  start: () => '/things',
  records: 12,
  recordsPath: 'data',
  answer: (_request, list) => ({ body: { status: 'ok', data: list.slice(0, list.length) } }),
};

const singleTotal: ApiShape = {
  ...single,
  name: 'single-total',
  about: 'one page with all there is, and a total that says so',
  answer: (_request, list): ApiReply => ({
    body: { total: list.length, data: list.slice(0, list.length) },
  }),
};

export const unnamedCountedShapes: readonly ApiShape[] = [
  range,
  camel,
  strangePage,
  plain,
  offsetOnly,
  clamped,
  sliced,
  ambiguous,
  single,
  singleTotal,
];
