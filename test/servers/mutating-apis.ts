/** The styles by which a changing list is read. */
import type { PaginateOptions } from '../../src/index.ts';
import type { MutatingList, MutatingRecord } from './mutating-list.ts';

export interface MutatingApi {
  readonly name: string;
  readonly paginate: PaginateOptions | 'auto';
  /** Query of the first request. */
  start(size: number): string;
  /** Index of the first record that a request asks for, and how many it asks for. */
  place(
    query: URLSearchParams,
    list: MutatingList,
  ): { readonly from: number; readonly asked: number };
  /** What the page says besides its records: members of its body, or a Link header. */
  says(page: SaidOf): { readonly body?: Readonly<Record<string, unknown>>; readonly link?: string };
  /** Each page begins behind a record, not at a number, so that no change moves it. */
  readonly isStable?: true;
  /** A page past the end is 404. */
  readonly refuses?: true;
}

export interface SaidOf {
  readonly query: URLSearchParams;
  readonly records: readonly MutatingRecord[];
  readonly from: number;
  readonly asked: number;
  readonly length: number;
  readonly hasMore: boolean;
  /** The request's URL with other parameters. */
  readonly urlWith: (change: Readonly<Record<string, number>>) => string;
}

const PAGE = 'page';
const numberIn = (query: URLSearchParams, name: string, otherwise: number): number =>
  Number(query.get(name) ?? otherwise);

const byPage = {
  start: (size: number) => `per_page=${size}`,
  place(query: URLSearchParams) {
    const asked = numberIn(query, 'per_page', 1);
    return { from: (numberIn(query, PAGE, 1) - 1) * asked, asked };
  },
} as const;

const byOffset = {
  start: (size: number) => `limit=${size}`,
  place: (query: URLSearchParams) => ({
    from: numberIn(query, 'offset', 0),
    asked: numberIn(query, 'limit', 1),
  }),
} as const;

const byKey = {
  start: (size: number) => `limit=${size}`,
  place(query: URLSearchParams, list: MutatingList) {
    const after = query.get('after');
    const from = after === null ? 0 : list.after(Number(after));
    return { from, asked: numberIn(query, 'limit', 1) };
  },
  isStable: true,
} as const;

const page: PaginateOptions = { style: 'page', param: PAGE, first: 1 };
const offset: PaginateOptions = { style: 'offset', param: 'offset', sizeParam: 'limit' };
const pageOf = ({ query }: SaidOf): number => numberIn(query, PAGE, 1);
const total = ({ length }: SaidOf) => ({ body: { total: length } });
const nothing = () => ({});
const more = ({ hasMore }: SaidOf) => ({ body: { has_more: hasMore } });

function links({ urlWith, hasMore, asked, length, query }: SaidOf, saysLast: boolean) {
  const page = numberIn(query, PAGE, 1);
  const last = Math.ceil(length / asked);
  const next = hasMore ? [`<${urlWith({ page: page + 1 })}>; rel="next"`] : [];
  const end = hasMore && saysLast ? [`<${urlWith({ page: last })}>; rel="last"`] : [];
  return next.length === 0 ? {} : { link: [...next, ...end].join(', ') };
}

function nextUrl({ urlWith, hasMore, from, asked }: SaidOf): string | null {
  return hasMore ? urlWith({ offset: from + asked }) : null;
}

function nextCursor({ records, hasMore }: SaidOf): string | null {
  return hasMore ? `${records.at(-1)?.id ?? 0}` : null;
}

const overlapping = (overlap: number): PaginateOptions => ({ ...offset, overlap });

export const mutatingApis: readonly MutatingApi[] = [
  {
    name: 'page, total',
    paginate: 'auto',
    ...byPage,
    says: (it) => ({ body: { page: pageOf(it), total: it.length } }),
  },
  {
    name: 'page, pages',
    paginate: 'auto',
    ...byPage,
    says: (it) => ({ body: { page: pageOf(it), total_pages: Math.ceil(it.length / it.asked) } }),
  },
  { name: 'page, has_more', paginate: { ...page, morePath: 'has_more' }, ...byPage, says: more },
  { name: 'page, nothing', paginate: page, ...byPage, says: nothing },
  {
    name: 'page, total, 404',
    paginate: 'auto',
    refuses: true,
    ...byPage,
    says: (it) => ({ body: { page: pageOf(it), total: it.length } }),
  },
  { name: 'page, nothing, 404', paginate: page, refuses: true, ...byPage, says: nothing },
  {
    name: 'offset, total, 404',
    paginate: 'auto',
    refuses: true,
    ...byOffset,
    says: (it) => ({ body: { offset: it.from, total: it.length } }),
  },
  {
    name: 'offset, total',
    paginate: 'auto',
    ...byOffset,
    says: (it) => ({ body: { offset: it.from, total: it.length } }),
  },
  {
    name: 'offset, has_more',
    paginate: { ...offset, morePath: 'has_more' },
    ...byOffset,
    says: more,
  },
  { name: 'offset, nothing', paginate: offset, ...byOffset, says: nothing },
  {
    name: 'offset, total, overlap 1',
    paginate: { ...overlapping(1), totalPath: 'total' },
    ...byOffset,
    says: total,
  },
  {
    name: 'offset, total, overlap 2',
    paginate: { ...overlapping(2), totalPath: 'total' },
    ...byOffset,
    says: total,
  },
  {
    name: 'offset, has_more, overlap 1',
    paginate: { ...overlapping(1), morePath: 'has_more' },
    ...byOffset,
    says: more,
  },
  { name: 'offset, nothing, overlap 2', paginate: overlapping(2), ...byOffset, says: nothing },
  { name: 'link, next and last', paginate: 'auto', ...byPage, says: (it) => links(it, true) },
  { name: 'link, next', paginate: 'auto', ...byPage, says: (it) => links(it, false) },
  {
    name: 'next URL, total',
    paginate: 'auto',
    ...byOffset,
    says: (it) => ({ body: { next: nextUrl(it), total: it.length } }),
  },
  {
    name: 'next URL',
    paginate: 'auto',
    ...byOffset,
    says: (it) => ({ body: { next: nextUrl(it) } }),
  },
  {
    name: 'cursor, total',
    paginate: { style: 'cursor', param: 'after', nextPath: 'next_cursor', totalPath: 'total' },
    ...byKey,
    says: (it) => ({ body: { next_cursor: nextCursor(it), total: it.length } }),
  },
  {
    name: 'cursor',
    paginate: { style: 'cursor', param: 'after', nextPath: 'next_cursor' },
    ...byKey,
    says: (it) => ({ body: { next_cursor: nextCursor(it) } }),
  },
  {
    name: 'keyset, has_more',
    paginate: { style: 'keyset', param: 'after', key: 'id', morePath: 'has_more' },
    ...byKey,
    says: more,
  },
];
