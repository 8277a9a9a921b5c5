/** What a page teaches about its list, by the run's pagination: pure, and it never throws. */
import type { PageInfo } from '../core/page-info.ts';
import type { Pagination } from '../core/pagination.ts';
import { type ContentRange, parseContentRange } from './content-range.ts';
import { type Link, linkTarget, pagesByLinks, parseLinkHeader } from './link-header.ts';
import { countOf, readCount, readFlag, readString } from './literal.ts';
import type { PageToRead } from './page-to-read.ts';
import { getQueryParameter, wholeNumber } from './query-parameter.ts';
import { readNext } from './read-next.ts';

export type { PageToRead };

/** What has been seen before is not known here: `nextSeenAt` and `recordsSeenAt` are null. */
export function readPageInfo(pagination: Pagination, page: PageToRead): PageInfo {
  const links = usesLinks(pagination) ? parseLinkHeader(page.headers['link'] ?? '') : [];
  const range = usesContentRange(pagination)
    ? parseContentRange(page.headers['content-range'] ?? '')
    : null;
  const { step, more } = readNext(pagination, page, links);
  return {
    records: page.recordCount,
    next: step,
    more: readMore(pagination, page) ?? more,
    ...readTotal(pagination, page, range),
    totalPages: readTotalPages(pagination, page, links),
    echoedSize: readAt(page, pagination.sizePath),
    echoedPosition: readAt(page, pagination.positionPath) ?? echoedOrdinal(pagination, range),
    digest: page.digest,
    firstKey: page.firstKey,
    lastKey: page.lastKey,
    nextSeenAt: null,
    recordsSeenAt: null,
  };
}

/** Names, in lower case, of the response headers that a page info is read from. */
export function pagingHeaders(pagination: Pagination): readonly string[] {
  const { nextHeader, totalHeader, totalPagesHeader } = pagination;
  const names = new Set([nextHeader, totalHeader, totalPagesHeader]);
  names.delete(null);
  if (usesLinks(pagination)) names.add('link');
  if (usesContentRange(pagination)) names.add('content-range');
  return [...names].filter((name) => name !== null);
}

function usesLinks({ style, nextHeader, totalPagesHeader }: Pagination): boolean {
  return style === 'link' || nextHeader === 'link' || totalPagesHeader === 'link';
}

function usesContentRange({ style, totalHeader }: Pagination): boolean {
  return style === 'range' || totalHeader === 'content-range';
}

function readMore({ morePath }: Pagination, { literal }: PageToRead): boolean | null {
  if (morePath === null) return null;
  if (!morePath.startsWith('!')) return readFlag(literal(morePath));
  const done = readFlag(literal(morePath.slice(1)));
  return done === null ? null : !done;
}

function readTotal(
  { totalHeader, totalPath }: Pagination,
  { headers, literal }: PageToRead,
  range: ContentRange | null,
): Pick<PageInfo, 'total' | 'totalIsLowerBound'> {
  const stated =
    totalHeader === null || totalHeader === 'content-range'
      ? null
      : headerCount(headers[totalHeader]);
  const total = stated ?? range?.total ?? null;
  if (total !== null || totalPath === null) return { total, totalIsLowerBound: false };
  const found = literal(totalPath);
  if (!found?.startsWith('{')) return { total: readCount(found), totalIsLowerBound: false };
  // Elasticsearch: {"value": 10000, "relation": "gte"}.
  const value = readCount(literal(`${totalPath}.value`));
  const relation = readString(literal(`${totalPath}.relation`));
  return { total: value, totalIsLowerBound: value !== null && /^gte?$/i.test(relation ?? '') };
}

function readTotalPages(
  pagination: Pagination,
  page: PageToRead,
  links: readonly Link[],
): number | null {
  const { style, totalPagesHeader, totalPagesPath } = pagination;
  const stated = readAt(page, totalPagesPath);
  if (stated !== null) return stated;
  if (totalPagesHeader !== null && totalPagesHeader !== 'link') {
    return headerCount(page.headers[totalPagesHeader]);
  }
  if (style === 'link') return pagesByLinks(links, page.url);
  return totalPagesHeader === 'link' ? pagesByLastLink(pagination, page, links) : null;
}

/** As every total, of the whole list: where the run begins on a later page makes no difference. */
function pagesByLastLink(
  { style, param, first }: Pagination,
  page: PageToRead,
  links: readonly Link[],
): number | null {
  const last = linkTarget(links, 'last', page.url);
  if (style !== 'page' || param === null || last === null) return null;
  const number = wholeNumber(getQueryParameter(last, param));
  return number === null ? null : number + (first === 0 ? 1 : 0);
}

function echoedOrdinal({ style }: Pagination, range: ContentRange | null): number | null {
  return style === 'range' ? (range?.from ?? null) : null;
}

function readAt({ literal }: PageToRead, path: string | null): number | null {
  return path === null ? null : readCount(literal(path));
}

/** A header that came twice with one value counts once. */
function headerCount(value: string | undefined): number | null {
  const counts = new Set((value ?? '').split(',').map(countOf));
  const [count] = counts;
  return counts.size === 1 ? (count ?? null) : null;
}
