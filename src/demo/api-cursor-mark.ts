/** Fixture APIs whose first cursor is `*`, and whose last page has a cursor too. */
import type { Json } from './api-json.ts';
import type { ApiList } from './api-list.ts';
import { bigId, personName, textId, title } from './api-records.ts';
import { indexOfToken, sizeAsked, tokenAfter, urlWith, wholeNumber } from './api-request.ts';
import { type ApiShape, Refusal } from './api-shape.ts';

/** The last page of records still has a cursor; after it comes an empty page without one. */
const openalex: ApiShape = {
  name: 'openalex',
  about:
    'cursor=* begins; meta.count; an empty last page with a null cursor; by page only 10,000 deep',
  start: (size) => `/works?filter=publication_year:2024&per_page=${size}&cursor=*`,
  pageSize: 25,
  ceiling: 10_000,
  recordsPath: 'results',
  keyPath: 'id',
  record: (item) => ({
    id: `https://openalex.org/W${2_741_809_807 + item.ordinal}`,
    title: title(item),
    authorships: [{ author: { display_name: personName(item) } }],
  }),
  answer(request, list) {
    const asked = request.query.get('per-page') ?? request.query.get('per_page');
    const size = Math.min(100, wholeNumber(asked, 25, 1));
    const cursor = request.query.get('cursor');
    const page = wholeNumber(request.query.get('page'), 1, 1);
    if (cursor === null && page * size > request.ceiling) {
      throw new Refusal(403, {
        error: 'Pagination error.',
        message: 'Cursor pagination is required.',
      });
    }
    const from =
      cursor === null ? (page - 1) * size : cursor === '*' ? 0 : indexOfToken(list, cursor);
    if (from === null) throw new Refusal(400, { error: 'Invalid query parameters error.' });
    const results = list.slice(from, from + size);
    const last = results.length === 0 ? null : tokenAfter(list.idAt(from + results.length - 1));
    return {
      body: {
        meta: {
          count: list.length,
          db_response_time_ms: 17,
          page: cursor === null ? page : null,
          per_page: size,
          next_cursor: cursor === null ? undefined : last,
          groups_count: null,
        },
        results,
        group_by: [],
      },
    };
  },
};

/** It always gives a cursor; past the end the same again, with no items. */
const crossref: ApiShape = {
  name: 'crossref',
  about:
    'cursor=* begins; the cursor must be encoded; the last page has one too, and leads to an empty page',
  start: (size) => `/works?query=water&rows=${size}&cursor=*`,
  pageSize: 20,
  recordsPath: 'message.items',
  keyPath: 'DOI',
  record: (item) => ({
    DOI: `10.5555/${textId('', item)}`,
    title: [title(item)],
    author: [{ given: 'Ada', family: 'Lovelace' }],
  }),
  answer(request, list) {
    const size = sizeAsked(request, 'rows', 20, 1000);
    const cursor = request.query.get('cursor');
    const offset = wholeNumber(request.query.get('offset'), 0);
    const from = cursor === null ? offset : cursor === '*' ? 0 : indexOfToken(list, cursor);
    if (from === null) {
      throw new Refusal(400, { status: 'failed', message: [{ type: 'cursor-not-valid' }] });
    }
    const items = list.slice(from, from + size);
    const next = items.length === 0 ? cursor : tokenAfter(list.idAt(from + items.length - 1));
    return {
      headers: { 'x-rate-limit-limit': '50', 'x-rate-limit-interval': '1s' },
      body: {
        status: 'ok',
        'message-type': 'work-list',
        'message-version': '1.0.0',
        message: {
          facets: {},
          'next-cursor': cursor === null ? undefined : next,
          'total-results': list.length,
          items,
          'items-per-page': size,
          query: { 'start-index': offset, 'search-terms': 'water' },
        },
      },
    };
  },
};

/** The records after a cursorMark and the mark after them; the same mark again says the end. */
function afterMark(list: ApiList, mark: string, size: number): { records: Json[]; next: string } {
  const from = mark === '*' ? 0 : indexOfToken(list, mark);
  if (from === null)
    throw new Refusal(400, { error: { msg: 'Unable to parse cursorMark', code: 400 } });
  const records = list.slice(from, from + size);
  const next = records.length === 0 ? mark : tokenAfter(list.idAt(from + records.length - 1));
  return { records, next };
}

/** https://solr.apache.org/guide/solr/latest/query-guide/pagination-of-results.html */
const solr: ApiShape = {
  name: 'solr',
  about:
    'cursorMark=* begins, with a sort by the unique key; the same nextCursorMark again is the end',
  start: (size) => `/solr/books/select?q=*:*&sort=id+asc&rows=${size}&cursorMark=*`,
  pageSize: 25,
  recordsPath: 'response.docs',
  keyPath: 'id',
  record: (item) => ({ id: textId('b', item), title_t: title(item), _version_: bigId(item) }),
  answer(request, list) {
    const rows = sizeAsked(request, 'rows', 10, 1_000_000);
    const mark = request.query.get('cursorMark');
    const start = wholeNumber(request.query.get('start'), 0);
    if (mark !== null && !/\bid\b/.test(request.query.get('sort') ?? '')) {
      const msg = 'Cursor functionality requires a sort containing a uniqueKey field tie breaker';
      throw new Refusal(400, { error: { msg, code: 400 } });
    }
    const page = mark === null ? null : afterMark(list, mark, rows);
    return {
      body: {
        responseHeader: { status: 0, QTime: 2, params: Object.fromEntries(request.query) },
        response: {
          numFound: list.length,
          start: mark === null ? start : 0,
          numFoundExact: true,
          docs: page?.records ?? list.slice(start, start + rows),
        },
        nextCursorMark: page?.next,
      },
    };
  },
};

const europepmc: ApiShape = {
  name: 'europepmc',
  about:
    'cursorMark=* begins; hitCount; the same nextCursorMark again is the end; echoes the request',
  start: (size) =>
    `/europepmc/webservices/rest/search?query=malaria&format=json&pageSize=${size}&cursorMark=*`,
  pageSize: 25,
  recordsPath: 'resultList.result',
  keyPath: 'id',
  record: (item) => ({
    id: `${38_000_000 + item.ordinal}`,
    source: 'MED',
    title: title(item),
    pubYear: '2024',
  }),
  answer(request, list) {
    const pageSize = sizeAsked(request, 'pageSize', 25, 1000);
    const cursorMark = request.query.get('cursorMark') ?? '*';
    const { records, next } = afterMark(list, cursorMark, pageSize);
    const isMore = next !== cursorMark;
    return {
      body: {
        version: '6.9',
        hitCount: list.length,
        nextCursorMark: next,
        nextPageUrl: isMore ? urlWith(request, { cursorMark: next }) : undefined,
        request: { queryString: 'malaria', resultType: 'lite', cursorMark, pageSize, sort: '' },
        resultList: { result: records },
      },
    };
  },
};

export const cursorMarkShapes: readonly ApiShape[] = [openalex, crossref, solr, europepmc];
