/** What a page says about its list, by the run's pagination: pure, and it never throws. */
import type { NextStep, PageInfo } from '../core/page-info.ts';
import type { Pagination } from '../core/pagination.ts';
import { parseLinkHeader } from './link-header.ts';
import { countOf, isTooLong, readCount, readFlag, readString } from './literal.ts';
import { nextDrops } from './next-drops.ts';
import { nextHoldsKey } from './next-holds-key.ts';
import { readSkips } from './next-skips.ts';
import {
  type ContentRange,
  type PageToRead,
  parseContentRange,
  type ReadablePage,
} from './styles/page-reading.ts';
import { styleOf } from './styles/styles.ts';

export type { PageToRead };

/** What has been seen before is not known here: `nextSeenAt` and `recordsSeenAt` are null. */
export function readPageInfo(pagination: Pagination, given: PageToRead): PageInfo {
  const style = styleOf(pagination);
  const { headers, literal } = given;
  const names = pagingHeaders(pagination);
  const links = names.includes('link') ? parseLinkHeader(headers['link'] ?? '') : [];
  const range = names.includes('content-range')
    ? parseContentRange(headers['content-range'] ?? '')
    : null;
  const page: ReadablePage = { ...given, links, range };
  const { step = null, more = null, isPart = false } = style?.readNext(pagination, page) ?? {};
  const position = readAt(page, pagination.positionPath);
  const isUnreadable = statesTooLong(pagination, page);
  const echoedSize = readAt(page, pagination.sizePath);
  return {
    records: page.recordCount,
    next: step,
    more: readMore(pagination, literal) ?? more,
    ...readTotal(pagination, page, range),
    totalPages: readTotalPages(pagination, page),
    ...(isUnreadable ? { totalIsUnreadable: true } : {}),
    ...partialBy(pagination, literal),
    echoedSize,
    echoedPosition: position ?? style?.echoedPosition?.(page) ?? null,
    digest: page.digest,
    firstKey: page.firstKey,
    lastKey: page.lastKey,
    ...(isPart ? { isPart } : {}),
    ...(style?.kind === 'chain' ? ofChain(pagination, step, { ...page, echoedSize }) : {}),
    nextSeenAt: null,
    recordsSeenAt: null,
  };
}

function ofChain(
  pagination: Pagination,
  step: NextStep | null,
  page: ReadablePage & Pick<PageInfo, 'echoedSize'>,
): Pick<PageInfo, 'nextHoldsKey' | 'nextDrops' | 'skips' | 'shortOf'> {
  if (nextHoldsKey(step, page)) return { nextHoldsKey: true };
  const dropped = nextDrops(step, page.url);
  const drops = dropped === null ? {} : { nextDrops: dropped };
  return { ...readSkips(step, page, pagination), ...drops };
}

/** Names, in lower case, of the response headers that a page info is read from. */
export function pagingHeaders(pagination: Pagination): readonly string[] {
  const { nextHeader, totalHeader, totalPagesHeader } = pagination;
  const own = styleOf(pagination)?.headers ?? [];
  const names = new Set([nextHeader, totalHeader, totalPagesHeader, ...own]);
  return [...names].filter((name) => name !== null);
}

function partialBy(
  { partialPath }: Pagination,
  literal: PageToRead['literal'],
): Pick<PageInfo, 'partialBy'> {
  if (partialPath === undefined || readFlag(literal(partialPath)) !== true) return {};
  return { partialBy: partialPath };
}

function readMore({ morePath }: Pagination, literal: PageToRead['literal']): boolean | null {
  if (morePath === null) return null;
  const isDone = morePath.startsWith('!');
  const found = literal(isDone ? morePath.slice(1) : morePath);
  // A flag that cannot be read must not end a list.
  if (isTooLong(found)) return true;
  const flag = readFlag(found);
  return flag === null || !isDone ? flag : !flag;
}

/** Whether a total is there, and is longer than what is read of one. */
function statesTooLong(
  { totalPath, totalPagesPath, totalHeader, totalPagesHeader }: Pagination,
  { headers, literal }: PageToRead,
): boolean {
  const isLong = (path: string | null): boolean => {
    if (path === null) return false;
    const found = literal(path);
    return isTooLong(found?.startsWith('{') ? literal(`${path}.value`) : found);
  };
  const isLongHeader = (name: string | null): boolean =>
    name !== null && isTooLong(headers[name]?.trim() ?? null);
  return (
    [totalPath, totalPagesPath].some(isLong) || [totalHeader, totalPagesHeader].some(isLongHeader)
  );
}

export function readTotal(
  { totalHeader, totalPath, totalIsUnsure = false }: Pagination,
  { headers, literal }: Pick<PageToRead, 'headers' | 'literal'>,
  range: ContentRange | null,
): Pick<PageInfo, 'total' | 'totalIsLowerBound'> {
  const stated =
    totalHeader === null || totalHeader === 'content-range'
      ? null
      : headerCount(headers[totalHeader]);
  const total = stated ?? range?.total ?? null;
  if (total !== null || totalPath === null) {
    return { total, totalIsLowerBound: stated !== null && totalIsUnsure };
  }
  const found = literal(totalPath);
  if (!found?.startsWith('{')) return readStatedTotal(found);
  // Elasticsearch: {"value": 10000, "relation": "gte"}.
  const value = readCount(literal(`${totalPath}.value`));
  const relation = readString(literal(`${totalPath}.relation`));
  return { total: value, totalIsLowerBound: value !== null && /^gte?$/i.test(relation ?? '') };
}

/** `">1000"`, `"1000+"`: so many at least. */
function readStatedTotal(literal: string | null): Pick<PageInfo, 'total' | 'totalIsLowerBound'> {
  const exact = readCount(literal);
  if (exact !== null) return { total: exact, totalIsLowerBound: false };
  const [, more, over] = /^"(?:>=?\s*(\d+)|(\d+)\s*\+)"$/.exec(literal ?? '') ?? [];
  const least = countOf(more ?? over ?? null);
  return { total: least, totalIsLowerBound: least !== null };
}

function readTotalPages(pagination: Pagination, page: ReadablePage): number | null {
  const { totalPagesHeader, totalPagesPath } = pagination;
  const stated = readAt(page, totalPagesPath);
  if (stated !== null) return stated;
  if (totalPagesHeader !== null && totalPagesHeader !== 'link') {
    return headerCount(page.headers[totalPagesHeader]);
  }
  return styleOf(pagination)?.totalPages?.(pagination, page) ?? null;
}

export function readAt(
  { literal }: Pick<PageToRead, 'literal'>,
  path: string | null,
): number | null {
  return path === null ? null : readCount(literal(path));
}

/** A header that came twice with one value counts once. */
function headerCount(value: string | undefined): number | null {
  const counts = new Set((value ?? '').split(',').map(countOf));
  const [count] = counts;
  return counts.size === 1 ? (count ?? null) : null;
}
