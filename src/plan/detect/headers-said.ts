/** What the headers of a page say about the list. */
import { hasLink, linkTarget, OTHER_PAGES, parseLinkHeader } from '../link-header.ts';
import { headerMeans } from '../names.ts';
import { parseContentRange, type RecordRange, readRange } from '../styles/page-reading.ts';
import { asCount, type SaidNumber } from './numbers-said.ts';
import type { PageView } from './page-view.ts';

/** Links, totals, the next page's number or token. */
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

export function readHeaders(view: Pick<PageView, 'headers' | 'request'>): HeadersSaid {
  const { headers, request } = view;
  const links = parseLinkHeader(headers['link'] ?? '');
  const names = Object.keys(headers).filter((name) => name.length <= 64);
  const number = (isMeant: (name: string) => boolean): SaidNumber | null => {
    for (const name of names) {
      const value = isMeant(name) ? asCount(headers[name]?.trim()) : null;
      if (value !== null) return { path: null, header: name, value };
    }
    return null;
  };
  const said = headers['content-range'];
  const range = said === undefined ? null : readRange(said);
  const nextPage = names.find(headerMeans.nextPage);
  // Coinbase has a `cb-after` beside a `cb-before`; alone it could be a `Retry-After`.
  const isPaired = (name: string): boolean =>
    /-after$/.test(name) && names.includes(name.replace(/after$/, 'before'));
  const token = names.find(
    (name) => (headerMeans.token(name) || isPaired(name)) && headers[name]?.trim() !== '',
  );
  return {
    next: linkTarget(links, 'next', request.url),
    last: linkTarget(links, 'last', request.url),
    hasPagingLinks: ['next', ...OTHER_PAGES].some((rel) => hasLink(links, rel, request.url)),
    total: number(headerMeans.total) ?? totalOfRange(said) ?? number(headerMeans.someTotal),
    totalPages: number(headerMeans.totalPages),
    nextPage:
      nextPage === undefined
        ? null
        : { header: nextPage, value: asCount(headers[nextPage]?.trim()) },
    page: number(headerMeans.page),
    token: token === undefined ? null : { header: token, value: headers[token]!.trim() },
    range,
  };
}

function totalOfRange(said: string | undefined): SaidNumber | null {
  if (said === undefined || /^\s*bytes\b/i.test(said)) return null;
  const value = parseContentRange(said)?.total ?? null;
  return value === null ? null : { path: null, header: 'content-range', value };
}

/** Whether the headers of a first page without content say that its list is not empty. */
export function headersSayRecords(view: Pick<PageView, 'headers' | 'request'>): boolean {
  const { next, total, totalPages, nextPage, token } = readHeaders(view);
  const isCounted = (total?.value ?? 0) > 0 || (totalPages?.value ?? 0) > 1;
  return isCounted || next !== null || token !== null || (nextPage?.value ?? null) !== null;
}

/** Its name does not say that it counts the list. */
export function isUnsure({ header }: SaidNumber): boolean {
  return header !== null && header !== 'content-range' && !headerMeans.total(header);
}
