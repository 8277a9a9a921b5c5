/** A list that stands still, paged in any style, whose pages state any part of the truth. */
import { createHash } from 'node:crypto';
import type { PageInfo } from '../../src/core/page-info.ts';
import type { PageRequest } from '../../src/core/page-request.ts';
import { noPagination, type Pagination } from '../../src/core/pagination.ts';
import { getQueryParameter } from '../../src/plan/query-parameter.ts';
import { readPageInfo } from '../../src/plan/read-page-info.ts';

export const pagedStyles = [
  'page',
  'offset',
  'range',
  'cursor',
  'next',
  'link',
  'keyset',
  'continue',
  'graphql',
] as const;
export type PagedStyle = (typeof pagedStyles)[number];

/** What pages may state beside their records. */
export const words = [
  'total',
  'totalPages',
  'more',
  'next',
  'first',
  'prev',
  'last',
  'echo',
] as const;
export type Word = (typeof words)[number];

export interface StillList {
  readonly style: PagedStyle;
  readonly total: number;
  readonly size: number;
  readonly states: ReadonlySet<Word>;
  /** Pages count from here. */
  readonly base: 0 | 1;
  readonly pastEnd: 'empty' | 'refused';
  /** Past the end its numbers are 0. */
  readonly forgets: boolean;
  /** How the last page writes that there is no next one. */
  readonly noNext: 'absent' | 'null';
}

/** Styles whose pages cannot be asked for without a word of the page before. */
export const needsNext = new Set<PagedStyle>(['cursor', 'next', 'link', 'continue', 'graphql']);

export function paginationOfList({ style, states, base, size }: StillList): Pagination {
  const isCounted = style === 'page' || style === 'offset' || style === 'range';
  const own: Partial<Pagination> =
    style === 'page'
      ? { param: 'page', first: base }
      : style === 'offset'
        ? { param: 'offset' }
        : style === 'range'
          ? { param: 'items', carrier: 'header', size, totalHeader: 'content-range' }
          : style === 'cursor'
            ? { param: 'cursor' }
            : style === 'keyset'
              ? { param: 'after' }
              : style === 'graphql'
                ? { param: 'variables.after', carrier: 'body' }
                : {};
  const nextPath =
    style === 'link' || style === 'keyset' ? null : style === 'graphql' ? 'page' : 'next';
  const isLinked = style === 'page' && states.has('last');
  return {
    ...noPagination,
    style,
    records: 'items',
    key: 'id',
    ...own,
    nextPath: isCounted && !states.has('next') ? null : nextPath,
    morePath: states.has('more') && style !== 'graphql' ? 'has_more' : null,
    totalPath: states.has('total') && style !== 'range' ? 'total' : null,
    totalPagesPath: states.has('totalPages') ? 'pages' : null,
    totalPagesHeader: isLinked ? 'link' : null,
    sizePath: states.has('echo') ? 'size' : null,
    positionPath: states.has('echo') ? 'at' : null,
  };
}

export const startOfList = ({ style }: StillList): PageRequest => ({
  place: { branch: 0, position: 0 },
  method: style === 'graphql' ? 'POST' : 'GET',
  url: 'https://a.example/items',
  body: style === 'graphql' ? Buffer.from('{"query":"q","variables":{}}') : null,
  source: null,
});

export interface StillPage {
  /** Null: refused, as past the end. */
  readonly pageInfo: PageInfo | null;
  readonly ids: readonly string[];
  readonly status: number;
}

/** The page that a request asks for, and what the program reads of it. */
export function pageOfList(list: StillList, request: PageRequest): StillPage {
  const { style, total, size, states } = list;
  const from = ordinalOf(list, request);
  const to = Math.min(total, from + size);
  const isPast = from >= total && from > 0;
  if (isPast && list.pastEnd === 'refused') {
    return { pageInfo: null, ids: [], status: style === 'range' ? 416 : 404 };
  }
  const ids = Array.from({ length: Math.max(0, to - from) }, (_, index) => String(from + index));
  const isLast = to >= total;
  const said = isPast && list.forgets ? 0 : total;
  const body: Record<string, unknown> = { items: ids.map((id) => ({ id: Number(id) })) };
  if (states.has('total')) body['total'] = said;
  if (states.has('totalPages')) body['pages'] = Math.ceil(said / size);
  if (states.has('more')) body['has_more'] = !isLast;
  if (states.has('echo')) {
    body['size'] = size;
    body['at'] = style === 'page' ? from / size + list.base : from;
  }
  const page = from / size + list.base;
  const url = (number: number): string => `https://a.example/items?page=${number}`;
  if (style === 'graphql') body['page'] = { hasNextPage: !isLast, endCursor: String(to) };
  else if (states.has('next') && style !== 'link') {
    if (!isLast) body['next'] = nextOf(list, to, url(page + 1));
    else if (list.noNext === 'null') body['next'] = null;
  }
  const lastPage = Math.max(0, Math.ceil(total / size) - 1) + list.base;
  const links = [
    ...(states.has('next') && style === 'link' && !isLast ? [[url(page + 1), 'next']] : []),
    ...(states.has('first') ? [[url(list.base), 'first']] : []),
    ...(states.has('prev') && from > 0 ? [[url(page - 1), 'prev']] : []),
    ...(states.has('last') ? [[url(lastPage), 'last']] : []),
  ].map(([target, rel]) => `<${target}>; rel="${rel}"`);
  const headers: Record<string, string> = links.length === 0 ? {} : { link: links.join(', ') };
  if (style === 'range') {
    const range = ids.length === 0 ? '*' : `${from}-${to - 1}`;
    headers['content-range'] = `items ${range}/${states.has('total') ? said : '*'}`;
  }
  const pageInfo = readPageInfo(paginationOfList(list), {
    url: request.url,
    headers,
    literal: (path) => literalIn(body, path),
    recordCount: ids.length,
    firstKey: ids[0] ?? null,
    lastKey: ids.at(-1) ?? null,
    digest:
      ids.length === 0 ? null : createHash('sha256').update(ids.join()).digest('hex').slice(0, 16),
  });
  return { pageInfo, ids, status: 200 };
}

function nextOf({ style }: StillList, to: number, url: string): unknown {
  if (style === 'next') return url;
  if (style === 'continue') return { from: String(to), continue: '-||' };
  if (style === 'cursor') return `c${to}`;
  return url;
}

function ordinalOf({ style, size, base }: StillList, request: PageRequest): number {
  const query = (name: string): string | null => getQueryParameter(request.url, name);
  switch (style) {
    case 'page':
    case 'next':
    case 'link':
      return (Number(query('page') ?? base) - base) * size;
    case 'offset':
      return Number(query('offset') ?? 0);
    case 'range':
      return Number(/=(\d+)-/.exec(request.headers?.['range'] ?? '=0-')![1]);
    case 'cursor':
      return Number((query('cursor') ?? 'c0').slice(1));
    case 'keyset': {
      const after = query('after');
      return after === null ? 0 : Number(after) + 1;
    }
    case 'continue':
      return Number(query('from') ?? 0);
    case 'graphql': {
      const { variables } = JSON.parse(Buffer.from(request.body!).toString());
      return Number(variables.after ?? 0);
    }
  }
}

function literalIn(body: unknown, path: string): string | null {
  let value = body;
  for (const key of path.split('.')) value = (value as Record<string, unknown> | null)?.[key];
  return value === undefined ? null : JSON.stringify(value);
}

/** Whether anything that pages state says where the list ends. */
export function statesEnd(list: StillList): boolean {
  const { style, states, total, size, noNext } = list;
  if (states.has('total') || states.has('more') || style === 'graphql') return true;
  if (style === 'page' && (states.has('totalPages') || states.has('last'))) return true;
  // The only page of a list without a link to the first or the last has no Link header at all.
  if (style === 'link') return total > size || states.has('first') || states.has('last');
  // A next one that is named nowhere says nothing, and one that is null says that there is none.
  return style !== 'keyset' && states.has('next') && (total > size || noNext === 'null');
}
