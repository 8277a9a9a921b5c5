/** Shapes that no table names: tokens at odd places, under odd names, and links that lead back. */
import type { Json } from './api-json.ts';
import type { ApiList } from './api-list.ts';
import { createdText, sortableBigId, title } from './api-records.ts';
import { sizeAsked, sliceAfterToken, urlWith } from './api-request.ts';
import { type ApiRequest, type ApiShape, Refusal } from './api-shape.ts';
import { thing } from './api-thing.ts';

function resultOf(
  request: ApiRequest,
  list: ApiList,
  param: string,
): { rows: Json[]; next: string | null } {
  const page = sliceAfterToken(list, request.query.get(param), request.pageSize);
  return { rows: page.records, next: page.next };
}

const nested: ApiShape = {
  ...thing,
  name: 'nested',
  about: 'an envelope two deep; the parameter is named like the field: nextToken',
  start: () => '/v3/report',
  recordsPath: 'payload.result.rows',
  answer(request, list) {
    const { rows, next } = resultOf(request, list, 'nextToken');
    return { body: { status: 'OK', payload: { result: { rows, meta: { nextToken: next } } } } };
  },
};

const nestedParent: ApiShape = {
  ...thing,
  name: 'nested-parent',
  about: 'the parameter is named like the field and what holds it: meta[marker]',
  start: () => '/v3/report',
  recordsPath: 'payload.rows',
  answer(request, list) {
    const { rows, next } = resultOf(request, list, 'meta[marker]');
    return { body: { payload: { rows, meta: { marker: next, hasMore: next !== null } } } };
  },
};

const nestedDollar: ApiShape = {
  ...thing,
  name: 'nested-dollar',
  about: 'the parameter is named like the field, with a dollar sign: $skipToken',
  start: () => '/v3/report',
  recordsPath: 'data',
  answer(request, list) {
    const { rows, next } = resultOf(request, list, '$skipToken');
    return { body: { totalRecords: list.length, data: rows, skipToken: next ?? '' } };
  },
};

const headerCursor: ApiShape = {
  ...thing,
  name: 'header-cursor',
  about: 'the token stands in the response header x-next-cursor and goes on as ?cursor=',
  start: (size) => `/v1/things?limit=${size}`,
  recordsPath: '@',
  answer(request, list) {
    const page = sliceAfterToken(
      list,
      request.query.get('cursor'),
      sizeAsked(request, 'limit', 25),
    );
    return {
      headers: page.next === null ? {} : { 'x-next-cursor': page.next },
      body: page.records,
    };
  },
};

const loop: ApiShape = {
  ...thing,
  name: 'loop',
  about: 'the second page’s next leads back to the first',
  start: () => '/v1/loop',
  recordsPath: 'data',
  answer(request, list) {
    const isSecond = request.query.get('cursor') === 'b';
    const from = isSecond ? request.pageSize : 0;
    return {
      body: {
        data: list.slice(from, from + request.pageSize),
        next: urlWith(request, { cursor: isSecond ? 'a' : 'b' }),
      },
    };
  },
};

const selfNext: ApiShape = {
  ...thing,
  name: 'self-next',
  about: 'next is the page’s own URL',
  start: () => '/v1/self',
  recordsPath: 'data',
  answer: (request, list) => ({
    body: {
      data: list.slice(0, request.pageSize),
      next: `${request.origin}${request.target}`,
    },
  }),
};

/** A numeric id that only grows, which the body never speaks of. */
const sinceId: ApiShape = {
  name: 'since-id',
  about: 'since_id takes the last id, beyond 2^53; a bare array; an empty array past the end',
  start: (size) => `/v1/statuses?since_id=0&limit=${size}`,
  pageSize: 25,
  recordsPath: '@',
  keyPath: 'id',
  record: (item) => ({ id: sortableBigId(item), text: title(item), created_at: createdText(item) }),
  answer(request, list) {
    const since = request.query.get('since_id') ?? '0';
    if (!/^\d+$/.test(since)) throw new Refusal(400, { error: 'since_id is no number' });
    const from = list.countWhere((item) => sortableBigId(item) <= BigInt(since));
    return { body: list.slice(from, from + sizeAsked(request, 'limit', 25)) };
  },
};

export const unnamedCursorShapes: readonly ApiShape[] = [
  nested,
  nestedParent,
  nestedDollar,
  headerCursor,
  sinceId,
  loop,
  selfNext,
];
