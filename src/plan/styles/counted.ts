/** What page numbers and offsets have in common: how they are asked for, and what shows them. */
import type { PageRequest } from '../../core/page-request.ts';
import type { Pagination } from '../../core/pagination.ts';
import { type Facts, nextNumber, numbersSayMore, saysEnd, sourceOf } from '../detect/facts.ts';
import { namesCursor, namesOffset, namesPage, namesSize } from '../detect/names.ts';
import { found, type Shown } from '../detect/page-view.ts';
import { isNothing } from '../literal.ts';
import { differInOneNumber, readQuery, setQueryParameter } from '../query-parameter.ts';
import { setPart, type UnplacedRequest } from '../request-parts.ts';
import { raiseScheme } from '../written-url.ts';
import {
  ended,
  linkStep,
  literalOfNext,
  type NextReading,
  type ReadablePage,
  silent,
  unusable,
} from './page-reading.ts';
import { literalNumber, unplaced, withSize } from './style.ts';

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

/** Where pages are counted, what names the next one is evidence alone. */
export function evidenceOfNext(pagination: Pagination, page: ReadablePage): NextReading {
  if (pagination.nextHeader === 'link' || pagination.totalPagesHeader === 'link') {
    const { step, more } = linkStep(page);
    return { step: null, more: step === null ? more : true };
  }
  const literal = literalOfNext(pagination, page);
  if (literal === null) return silent;
  // No number of a next page is 0.
  return isNothing(literal) || literal === '0' ? ended : unusable;
}

/** The start URL or body names a page number or an offset itself. */
export function detectStartNumber(facts: Facts, style: PositionStyle): Shown | null {
  const { params, numbers, next, base } = facts;
  // Of both, it is the page that counts where the server speaks of one.
  const isPage = params.page !== null && (numbers.page !== null || params.offset === null);
  const param = isPage === (style === 'page') ? params[style] : null;
  if (param?.number == null) return null;
  const isBacked = numbersSayMore(facts) || numbers.page !== null || numbers.offset !== null;
  // A token beside a bare number goes further than the number does.
  if (next.token !== null && (!isBacked || params.cursor !== null)) return null;
  const { name, carrier, number } = param;
  if (!isBacked && !isPlain(name, number)) return null;
  const stated = nextNumber(facts);
  const own = { param: name, carrier, ...stated };
  const { total, totalPages } = numbers;
  const pagination: Pagination =
    stated !== null && total === null && totalPages === null
      ? // Without a total its own count leads on surely, page by page, and says where the end is.
        { ...base, ...own, style: 'cursor' }
      : { ...base, positionPath: numbers[style]?.path ?? null, ...own, style, first: number };
  const evidence = [`the start ${carrier === 'body' ? 'body' : 'URL'} has ${name}=${number}`];
  if (totalPages !== null) evidence.push(`${sourceOf(totalPages)} says ${totalPages.value} pages`);
  if (total !== null) evidence.push(`${sourceOf(total)} says ${total.value} records`);
  return found(pagination, evidence, saysEnd(facts) !== null);
}

/**
 * Whether a parameter pages though nothing in the answer says so: `from=2020` is a year and `p=7` a
 * project as well as a position.
 */
function isPlain(name: string, value: number): boolean {
  return /page|offset|skip/i.test(name) || (value === 0 && /^[$_]?start/i.test(name));
}

/** What the style takes where the user names it alone; `begin` is where most of its APIs count from. */
export function usualPosition(
  { params, numbers, view }: Facts,
  style: PositionStyle,
  begin: 0 | 1,
): Partial<Pagination> {
  const own = params[style];
  const echo = numbers[style];
  return {
    param: own?.name ?? style,
    carrier: own?.carrier ?? (view.request.method === 'POST' ? 'body' : 'query'),
    first: own?.number ?? echo?.value ?? begin,
    positionPath: echo?.path ?? null,
  };
}

/** How a next URL counts on from the first one. */
interface UrlStep {
  readonly style: PositionStyle;
  readonly param: string;
  /** The first URL's number, or what it stands for where it names none. */
  readonly first: number;
}

/**
 * What a next URL does, if all it does is to count: the page number goes up by one, or the offset by
 * as many records as the page held. Null for everything else, which has to be followed as it stands.
 *
 * Page sizes that the server adds to its links are no difference, for they are its default.
 */
export function stepOfUrl(start: string, next: string, count: number): UrlStep | null {
  const raised = raiseScheme(next, start);
  const difference = differInOneNumber(alignSizes(start, raised, count), raised);
  if (difference === null || !('param' in difference)) return null;
  const { param, a, b } = difference;
  if (namesCursor(param) && !namesPage(param) && !namesOffset(param)) return null;
  const byPage: UrlStep = { style: 'page', param, first: a ?? b - 1 };
  const byOffset: UrlStep = { style: 'offset', param, first: a ?? b - count };
  const pages = a === null ? b === 1 || b === 2 : b - a === 1;
  const records = count > 0 && (a === null ? b === count || b === count + 1 : b - a === count);
  if (namesPage(param)) return pages ? byPage : null;
  if (namesOffset(param)) return records ? byOffset : null;
  if (pages === records) return null;
  return pages ? byPage : byOffset;
}

function alignSizes(start: string, next: string, count: number): string {
  const known = new Set(readQuery(start).map(([name]) => name));
  let aligned = start;
  for (const [name, value] of readQuery(next)) {
    const isDefault = !known.has(name) && namesSize(name) && value === String(count);
    // A page of two records may meet `?page=2`, and a name that can be either is the position.
    if (isDefault && !namesPage(name) && !namesOffset(name)) {
      aligned = setQueryParameter(aligned, name, value);
    }
  }
  return aligned;
}

/** Pages counted as a URL counts them, with what else says where the end is. */
export function stepped(
  { base, numbers }: Facts,
  { style, param, first }: UrlStep,
  rest: Partial<Pagination>,
): Pagination {
  return { ...base, positionPath: numbers[style]?.path ?? null, style, param, first, ...rest };
}
