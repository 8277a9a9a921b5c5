/** Next links that count on, and what they count. */
import type { Pagination } from '../../core/pagination.ts';
import type { Facts } from '../detect/facts.ts';
import type { Candidate } from '../detect/page-view.ts';
import { means } from '../names.ts';
import {
  differInOneNumber,
  getQueryParameter,
  readQuery,
  setQueryParameter,
  stepsBy,
} from '../query-parameter.ts';
import type { StartParam } from '../start-params.ts';
import { raiseScheme } from '../written-url.ts';
import type { PositionStyle } from './counted.ts';
import { candidate, literalNumber, unplaced } from './style.ts';

/**
 * The number in the start URL that the page's own next link leaves as it is, to count in another: WordPress
 * links from `?offset=0` to `?offset=0&page=2`, and gives the first page there. Null without one.
 */
export function rivalOf({ params, view }: Facts, next: string): StartParam | null {
  const { offset, page } = params;
  const rival =
    [offset, page].find((own) => own?.carrier === 'query' && own.number !== null) ?? null;
  const isFirst = rival?.number === 0 || rival?.number === 1;
  if (!isFirst || view.request.method !== 'GET') return null;
  return getQueryParameter(next, rival.name) === rival.text ? rival : null;
}

/** Both ways to the second page, the start's own first. */
export function rivalCandidates(
  facts: Facts,
  next: string,
  byLink: Pagination,
): readonly Candidate[] {
  const rival = rivalOf(facts, next);
  if (rival?.number == null) return [];
  const { base, count, params, view } = facts;
  const style = rival === params.offset ? 'offset' : 'page';
  const { name: param, number: first } = rival;
  const own: Pagination = { ...base, style, param, carrier: 'query', first };
  const at = literalNumber(first + (style === 'page' ? 1 : count));
  const followed = { ...unplaced(view.request), url: raiseScheme(next, view.request.url) };
  return [
    ...candidate(facts, own, at, `${param}, which the start URL has`),
    { pagination: byLink, request: followed, why: 'the next link' },
  ];
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
 * A page size that the server adds to its links is its default, and so no difference.
 *
 * @param samePath a path that is another name of the list's; null where none is known
 */
export function stepOfUrl(
  start: string,
  next: string,
  count: number,
  samePath: string | null = null,
): UrlStep | null {
  const raised = raiseScheme(next, start);
  const aligned = alignSizes(alignPaths(start, raised, samePath), raised, count);
  const difference = differInOneNumber(aligned, raised);
  if (difference === null || !('param' in difference)) return null;
  const { param, a, b } = difference;
  if (means.cursor(param) && !means.page(param) && !means.offset(param)) return null;
  const byPage: UrlStep = { style: 'page', param, first: a ?? b - 1 };
  const byOffset: UrlStep = { style: 'offset', param, first: a ?? b - count };
  const { pages, records } = stepsBy(difference, count);
  if (means.page(param)) return pages ? byPage : null;
  if (means.offset(param)) return records ? byOffset : null;
  if (pages === records) return null;
  return pages ? byPage : byOffset;
}

/**
 * A server that redirects `/items` to `/items/`, or `/` to `/index.php`, links to where it redirected. With
 * another query it redirects too.
 */
function alignPaths(start: string, next: string, samePath: string | null): string {
  const [own, other] = [URL.parse(start), URL.parse(next)];
  if (own === null || other === null || own.pathname === other.pathname) return start;
  const folder = own.pathname.replace(/\/?$/, '/');
  const within = other.pathname.startsWith(folder) ? other.pathname.slice(folder.length) : null;
  const isRedirected = within !== null && /^(?:index\.\w+)?$/.test(within);
  if (!isRedirected && samePath !== other.pathname) return start;
  own.pathname = other.pathname;
  return own.href;
}

function alignSizes(start: string, next: string, count: number): string {
  const known = new Set(readQuery(start).map(([name]) => name));
  let aligned = start;
  for (const [name, value] of readQuery(next)) {
    const isDefault = !known.has(name) && means.size(name) && value === String(count);
    // A page of two records may meet `?page=2`, and a name that can be either is the position.
    if (isDefault && !means.page(name) && !means.offset(name)) {
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
