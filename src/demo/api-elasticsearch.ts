/** Elasticsearch by search_after and by from and size. */
import { type Json, readMember } from './api-json.ts';
import type { ApiList } from './api-list.ts';
import { amount, personName, sortableBigId, textId } from './api-records.ts';
import { sizeAsked, wholeNumber } from './api-request.ts';
import { type ApiShape, Refusal } from './api-shape.ts';

/** The sort value of each hit is beyond 2^53: read as a double it leads to another place. */
const elasticsearch: ApiShape = {
  name: 'elasticsearch',
  about:
    'POST with search_after: the last hit’s sort values, 64-bit; hits.total may be a lower bound',
  start: () => '/orders/_search',
  body: (size) => ({ size, query: { match_all: {} }, sort: [{ seq: 'asc' }] }),
  pageSize: 25,
  ceiling: 10_000,
  recordsPath: 'hits.hits',
  keyPath: '_id',
  record: (item) => ({
    _index: 'orders',
    _id: textId('o', item),
    _score: null,
    _source: { customer: personName(item), seq: sortableBigId(item) },
    sort: [sortableBigId(item)],
  }),
  answer(request, list) {
    const size = wholeNumber(readMember(request.body, 'size'), 10);
    const from = wholeNumber(readMember(request.body, 'from'), 0);
    const after = readMember(request.body, 'search_after');
    if (from + size > request.ceiling) throw refusedSearch('Result window is too large');
    if (after === undefined) {
      return { body: searchBody(list, request.ceiling, list.slice(from, from + size)) };
    }
    const [value] = Array.isArray(after) && after.length === 1 ? (after as readonly Json[]) : [];
    const isNumber = typeof value === 'bigint' || typeof value === 'number';
    if (!isNumber || from > 0 || readMember(request.body, 'sort') === undefined) {
      throw refusedSearch('search_after must have as many values as sort has, and no from');
    }
    const begin = list.countWhere((item) => sortableBigId(item) <= BigInt(value));
    return { body: searchBody(list, request.ceiling, list.slice(begin, begin + size)) };
  },
};

const refusedSearch = (reason: string): Refusal =>
  new Refusal(400, { error: { type: 'illegal_argument_exception', reason }, status: 400 });

/** `index.max_result_window` is 10,000; `total` counts no further unless it is told to. */
const elasticsearchFrom: ApiShape = {
  name: 'elasticsearch-from',
  about: 'from and size, 10,000 deep; hits.total is {value, relation} and may be a lower bound',
  start: (size) => `/orders/_search?size=${size}`,
  pageSize: 25,
  ceiling: 10_000,
  recordsPath: 'hits.hits',
  keyPath: '_id',
  record: (item) => ({
    _index: 'orders',
    _id: textId('o', item),
    _score: 1,
    _source: { customer: personName(item), total: amount(item) },
  }),
  answer(request, list) {
    const size = sizeAsked(request, 'size', 10, request.ceiling);
    const from = wholeNumber(request.query.get('from'), 0);
    if (from + size > request.ceiling) {
      const reason = `Result window is too large, from + size must be less than or equal to: [${request.ceiling}]`;
      throw new Refusal(400, {
        error: { type: 'illegal_argument_exception', reason },
        status: 400,
      });
    }
    return { body: searchBody(list, request.ceiling, list.slice(from, from + size)) };
  },
};

function searchBody(list: ApiList, ceiling: number, hits: readonly Json[]): Json {
  const isAll = list.length <= ceiling;
  return {
    took: 3,
    timed_out: false,
    _shards: { total: 1, successful: 1, skipped: 0, failed: 0 },
    hits: {
      total: { value: isAll ? list.length : ceiling, relation: isAll ? 'eq' : 'gte' },
      max_score: null,
      hits,
    },
  };
}

export const elasticsearchShapes: readonly ApiShape[] = [elasticsearch, elasticsearchFrom];
