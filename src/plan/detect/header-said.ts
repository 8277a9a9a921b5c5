/** What a response's headers say of the list: links, totals, the next page's number or token. */
import { parseContentRange } from '../content-range.ts';
import { linkTarget, parseLinkHeader } from '../link-header.ts';
import { squash } from './names.ts';
import { asCount, type SaidNumber } from './numbers-said.ts';
import type { PageView } from './page-view.ts';

export interface HeadersSaid {
  /** Absolute; null without one. */
  readonly next: string | null;
  readonly last: string | null;
  /** Links that only a paged list has, whether or not one is `next`. */
  readonly hasPagingLinks: boolean;
  readonly total: SaidNumber | null;
  readonly totalPages: SaidNumber | null;
  /** The next page's number; `value` is null where the header is there and empty. */
  readonly nextPage: { readonly header: string; readonly value: number | null } | null;
  readonly page: SaidNumber | null;
  readonly token: { readonly header: string; readonly value: string } | null;
  readonly range: RecordRange | null;
}

export interface RecordRange {
  /** Empty where the server names none (PostgREST). */
  readonly unit: string;
  readonly first: number;
  readonly last: number;
  /** Null for `*`. */
  readonly total: number | null;
}

const TOTAL =
  /^(?:x)?(?:pagination|paging|page|wp|list|result|results|records|item|items|hits|data|api|search)?(?:total|totalcount|totalresults|totalrecords|totalitems|totalelements|counttotal|resultcount|totalsize|totalhits)$/;
const TOTAL_PAGES =
  /^(?:x)?(?:pagination|paging|page|wp|list|api)?(?:totalpages|pagecount|totalpagecount|pagetotal|pagestotal|numpages|lastpage)$/;
const NEXT_PAGE = /^(?:x)?(?:pagination|paging|list|api)?(?:nextpage|pagenext)$/;
const PAGE = /^(?:x)?(?:pagination|paging|list|api)?(?:page|currentpage|pagenumber|pagecurrent)$/;
const TOKEN =
  /^(?:x)?(?:[a-z]{0,12})?(?:next(?:page)?(?:cursor|token|marker|key|id)|cursornext|nextcontinuationtoken|continuation|continuationtoken|aftercursor|cursorafter|endcursor)$/;

export function readHeaders(view: Pick<PageView, 'headers' | 'request'>): HeadersSaid {
  const { headers, request } = view;
  const links = parseLinkHeader(headers['link'] ?? '');
  const rels = new Set(links.flatMap(({ rels }) => rels));
  const names = Object.keys(headers).filter((name) => name.length <= 64);
  const number = (pattern: RegExp): SaidNumber | null => {
    for (const name of names) {
      const value = pattern.test(squash(name)) ? asCount(headers[name]?.trim()) : null;
      if (value !== null) return { path: null, header: name, value };
    }
    return null;
  };
  const range = readRange(headers['content-range'] ?? '');
  const counted = parseContentRange(headers['content-range'] ?? '')?.total ?? null;
  const isBytes = /^\s*bytes\b/i.test(headers['content-range'] ?? '');
  const rangeTotal =
    counted === null || isBytes ? null : { path: null, header: 'content-range', value: counted };
  const nextPage = names.find((name) => NEXT_PAGE.test(squash(name)));
  const token = names.find((name) => TOKEN.test(squash(name)) && headers[name]?.trim() !== '');
  return {
    next: linkTarget(links, 'next', request.url),
    last: linkTarget(links, 'last', request.url),
    hasPagingLinks: ['next', 'prev', 'previous', 'first', 'last'].some((rel) => rels.has(rel)),
    total: number(TOTAL) ?? rangeTotal,
    totalPages: number(TOTAL_PAGES),
    nextPage:
      nextPage === undefined
        ? null
        : { header: nextPage, value: asCount(headers[nextPage]?.trim()) },
    page: number(PAGE),
    token: token === undefined ? null : { header: token, value: headers[token]!.trim() },
    range,
  };
}

/** Null for bytes, and for what does not say which records it is. */
function readRange(value: string): RecordRange | null {
  const range = parseContentRange(value);
  const unit = /^\s*([\w-]+)[ =:]/.exec(value)?.[1] ?? '';
  if (range === null || range.from === null || range.to === null) return null;
  if (/^bytes$/i.test(unit) || range.to < range.from) return null;
  return { unit, first: range.from, last: range.to, total: range.total };
}
