/** What page numbers and offsets have in common: how they are asked for, and how a start that has one shows them. */
import type { PageRequest } from '../../core/page-request.ts';
import type { Pagination } from '../../core/pagination.ts';
import { type Facts, numbersSayMore, saysEnd, sourceOf } from '../detect/facts.ts';
import { found, type Shown } from '../detect/page-view.ts';
import { isNothing } from '../literal.ts';
import { means } from '../names.ts';
import { hasPart, setPart, type UnplacedRequest } from '../request-parts.ts';
import {
  ended,
  linkStep,
  literalOfNext,
  type NextReading,
  type ReadablePage,
  silent,
  unusable,
} from './page-reading.ts';
import { firstRequest, literalNumber, unplaced, withSize } from './style.ts';

export type PositionStyle = 'page' | 'offset';

/** The start with the position set: the first page's number or offset, and what comes before it. */
export function atPosition(
  pagination: Pagination,
  start: PageRequest,
  at: number,
  size: number | null,
): UnplacedRequest | null {
  const { param, carrier, first } = pagination;
  if (param === null) return null;
  const request = withSize(pagination, unplaced(start), size);
  return setPart(request, carrier, param, literalNumber(first + at));
}

/**
 * The start as it stands, unless the user begins further on than a bare URL can: nothing but `--first`
 * gives it a first page beyond 1.
 */
export function firstCounted(pagination: Pagination, start: PageRequest): UnplacedRequest {
  const { param, carrier, first, size } = pagination;
  const isBare = param !== null && !hasPart(start, carrier, param);
  const set = first > 1 && isBare ? atPosition(pagination, start, 0, size) : null;
  return set ?? firstRequest(pagination, start);
}

/** Where pages are counted, a page's next link only shows whether there is a next page. */
export function evidenceOfNext(pagination: Pagination, page: ReadablePage): NextReading {
  if (pagination.nextHeader === 'link' || pagination.totalPagesHeader === 'link') {
    const { step, more } = linkStep(page);
    return { step: null, more: step === null ? more : true };
  }
  const literal = literalOfNext(pagination, page);
  if (literal === null) return silent;
  // The number of a next page is never 0.
  return isNothing(literal) || literal === '0' ? ended : unusable;
}

/** Where most APIs of a style count from, and how people call what is counted. */
export const positions = {
  page: { begin: 1, words: 'page number' },
  offset: { begin: 0, words: 'offset' },
} as const;

/** Pages counted by a parameter; where the page names the next number and no total, by its own count. */
export function countedBy(
  facts: Facts,
  style: PositionStyle,
  own: Pick<Pagination, 'param' | 'carrier' | 'first' | 'totalPath'>,
): Pagination {
  const { base, numbers, next, headers } = facts;
  const { param, carrier } = own;
  const nextPath = next.number?.path ?? null;
  const nextHeader = nextPath === null ? (headers.nextPage?.header ?? null) : null;
  const isStated = nextPath !== null || nextHeader !== null;
  // Without a total, the page's own next number is safer, and it says where the list ends.
  if (isStated && numbers.total === null && numbers.totalPages === null) {
    return { ...base, style: 'cursor', param, carrier, nextPath, nextHeader };
  }
  const positionPath = numbers[style]?.path ?? null;
  return { ...base, ...own, style, positionPath, nextPath, nextHeader };
}

/** The start URL or body names a page number or an offset itself. */
export function detectStartNumber(facts: Facts, style: PositionStyle): Shown | null {
  const { params, numbers, next, base } = facts;
  // With both, the page number counts if the server states a page.
  const isPage = params.page !== null && (numbers.page !== null || params.offset === null);
  const start = isPage === (style === 'page') ? params[style] : null;
  if (start?.number == null) return null;
  const isBacked = numbersSayMore(facts) || numbers.page !== null || numbers.offset !== null;
  // A token reaches further than a number that nothing else supports.
  if (next.token !== null && (!isBacked || params.cursor !== null)) return null;
  const { name: param, carrier, number: first } = start;
  if (!isBacked && !isPlain(param, first)) return null;
  const { total, totalPages } = numbers;
  const evidence = [`the start ${carrier === 'body' ? 'body' : 'URL'} has ${param}=${first}`];
  if (totalPages !== null) evidence.push(`${sourceOf(totalPages)} says ${totalPages.value} pages`);
  if (total !== null) evidence.push(`${sourceOf(total)} says ${total.value} records`);
  const { totalPath } = base;
  const pagination = countedBy(facts, style, { param, carrier, first, totalPath });
  return found(pagination, evidence, saysEnd(facts) !== null);
}

/**
 * Whether a parameter is a position even though nothing in the answer says so: `from=2020` may be a
 * year, and `p=7` a project.
 */
function isPlain(name: string, value: number): boolean {
  return means.onlyPosition(name) || (value === 0 && /^[$_]?start/i.test(name));
}

/** What the style takes where the user names it alone. */
export function usualPosition(
  { params, numbers, view }: Facts,
  style: PositionStyle,
): Partial<Pagination> {
  const own = params[style];
  const echo = numbers[style];
  return {
    param: own?.name ?? style,
    carrier: own?.carrier ?? (view.request.method === 'POST' ? 'body' : 'query'),
    first: own?.number ?? echo?.value ?? positions[style].begin,
    positionPath: echo?.path ?? null,
  };
}
