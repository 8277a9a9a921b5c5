/** What page numbers and offsets have in common: how they are asked for, and what shows them. */

import type { PageRequest } from '../../core/page-request.ts';
import type { Pagination } from '../../core/pagination.ts';
import { type Facts, numbersSayMore, saysEnd, sourceOf } from '../detect/facts.ts';
import { type Candidate, found, type Shown } from '../detect/page-view.ts';
import { isNothing } from '../literal.ts';
import { means, squash } from '../names.ts';
import { isObject, keysOf } from '../page-fields.ts';
import {
  differInOneNumber,
  getQueryParameter,
  readQuery,
  setQueryParameter,
} from '../query-parameter.ts';
import { hasPart, setPart, type UnplacedRequest } from '../request-parts.ts';
import type { StartParam } from '../start-params.ts';
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
import { nestedNames, siblingOf } from './parameter-names.ts';
import { candidate, firstRequest, literalNumber, unplaced, withSize } from './style.ts';

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
const positions = {
  page: { begin: 1, words: 'page number' },
  offset: { begin: 0, words: 'offset' },
} as const;

/** Pages counted by a parameter; where the page names the next number and no total, by its own count. */
function countedBy(
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
 */
export function stepOfUrl(start: string, next: string, count: number): UrlStep | null {
  const raised = raiseScheme(next, start);
  const aligned = alignSizes(alignPaths(start, raised), raised, count);
  const difference = differInOneNumber(aligned, raised);
  if (difference === null || !('param' in difference)) return null;
  const { param, a, b } = difference;
  if (means.cursor(param) && !means.page(param) && !means.offset(param)) return null;
  const byPage: UrlStep = { style: 'page', param, first: a ?? b - 1 };
  const byOffset: UrlStep = { style: 'offset', param, first: a ?? b - count };
  const pages = a === null ? b === 1 || b === 2 : b - a === 1;
  const records = count > 0 && (a === null ? b === count || b === count + 1 : b - a === count);
  if (means.page(param)) return pages ? byPage : null;
  if (means.offset(param)) return records ? byOffset : null;
  if (pages === records) return null;
  return pages ? byPage : byOffset;
}

/**
 * A server that redirects `/items` to `/items/`, or `/` to `/index.php`, links to where it redirected. With
 * another query it redirects too.
 */
function alignPaths(start: string, next: string): string {
  const [own, other] = [URL.parse(start), URL.parse(next)];
  if (own === null || other === null || own.pathname === other.pathname) return start;
  const folder = own.pathname.replace(/\/?$/, '/');
  const isSame =
    other.pathname === folder || /^index\.\w+$/.test(other.pathname.replace(folder, ''));
  if (!isSame || !other.pathname.startsWith(folder)) return start;
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

/** A parameter, and the page size that goes with it where the two are of one family. */
type Guess = readonly [
  style: PositionStyle,
  name: string,
  sized?: Pick<Pagination, 'sizeParam' | 'size'>,
];

/** Parameters that may take the next position, of those that may be one by their names. */
export function guessedPositions(
  facts: Facts,
  mayBe: (name: string) => boolean,
): readonly Candidate[] {
  const { base, numbers, count, view } = facts;
  return orderedGuesses(facts).flatMap(([style, param, sized = {}]) => {
    if (style === 'offset' && count === 0) return [];
    // A value that is not a beginning (`from=2020`) has a meaning for the user and is kept.
    const own = getQueryParameter(view.request.url, param) ?? '';
    if (!mayBe(param) || !/^[01]?$/.test(own)) return [];
    const { begin, words } = positions[style];
    const first = numbers[style]?.value ?? begin;
    // If the second page has records too, this was not the total.
    const totalPath = base.totalPath ?? numbers.vagueTotal?.path ?? null;
    const isBody = view.request.method === 'POST' && facts.params.size === null;
    const carrier = isBody ? 'body' : base.carrier;
    const pagination = countedBy(facts, style, { param, carrier, first, totalPath });
    const value = statedNumber(facts) ?? first + (style === 'page' ? 1 : count);
    const why = `${param} as the ${words}`;
    return candidate(facts, { ...pagination, ...sized }, literalNumber(value), why);
  });
}

/** The next page's number or offset, as the page says it. */
function statedNumber({ next, headers }: Facts): number | null {
  return next.number?.value ?? headers.nextPage?.value ?? null;
}

/** Names that the response or the request suggest come first, then the usual ones. */
function orderedGuesses(facts: Facts): readonly Guess[] {
  const { numbers, params, count, next } = facts;
  const guesses: Guess[] = [];
  const stated = statedNumber(facts);
  const add = (style: Guess[0], ...names: readonly string[]): void => {
    for (const name of names) guesses.push([style, name]);
  };
  const sized = params.size === null ? [] : besideSize(params.size.name);
  const echoed = numbers.offset?.path == null ? [] : byEcho(facts, 'offset', numbers.offset.path);
  if (numbers.page?.path != null) {
    guesses.push(...byEcho(facts, 'page', numbers.page.path), pages('page'));
    // Some say the page too, and take only where it begins (Companies House).
    guesses.push(...echoed.slice(0, 1));
  } else guesses.push(...echoed);
  const isPage = numbers.page !== null || numbers.totalPages !== null;
  const isOffset = numbers.offset !== null;
  if (isPage !== isOffset) {
    const own = isPage ? 'page' : 'offset';
    guesses.push(...sized.filter(([style]) => style === own));
  }
  guesses.push(...sized);
  guesses.push(...(BESIDE_FLAG[squash(keysOf(next.more?.path ?? '')?.at(-1) ?? '')] ?? []));
  // JSON:API names them so (§ pagination).
  if (isJsonApi(facts)) guesses.push(pages('page[number]'), offsets('page[offset]'));
  if (isPage) add('page', 'page', 'pageNumber', 'p');
  else if (isOffset) add('offset', 'offset');
  // Whoever takes page numbers may echo where the page begins (The New York Times).
  add('page', 'page');
  if (isOffset) add('offset', 'skip', 'start', 'from');
  add('offset', 'offset', 'start', 'from', 'skip');
  add('page', 'p', 'pageNumber', 'pageNo', 'pageNum', 'pageIndex');
  if (stated === null) return guesses;
  const isStatedOffset = count > 2 && (stated === count || stated === count + 1);
  return guesses.filter(([style]) => style === (isStatedOffset ? 'offset' : 'page'));
}

/** Whether the records are resource objects of JSON:API. */
function isJsonApi({ records }: Facts): boolean {
  const isResource = (item: unknown): boolean =>
    isObject(item) &&
    typeof item['type'] === 'string' &&
    'id' in item &&
    isObject(item['attributes']);
  return records !== null && records.items.length > 0 && records.items.every(isResource);
}

/** Parameters for a number by where the page echoes it, with the page size that it echoes there. */
function byEcho({ numbers, params }: Facts, style: PositionStyle, path: string): readonly Guess[] {
  const keys = keysOf(path) ?? [];
  const parent = keys.at(-2) ?? '';
  const [name = '', ...others] = namesOfEcho(keys.at(-1) ?? '', parent);
  const sibling = siblingOf(params.size?.name ?? null, name);
  const sizeKeys = keysOf(numbers.size?.path ?? '') ?? [];
  const isBeside = sizeKeys.slice(0, -1).join() === keys.slice(0, -1).join();
  const sizeNames =
    isBeside && params.size === null ? nestedNames(parent, sizeKeys.at(-1) ?? '') : [];
  // `page: { number }` is `page[number]`, which its own names hold.
  const within = /^page$/i.test(parent) ? [] : nestedNames(parent, name);
  const nested = within.map((param, at): Guess => {
    const sizeParam = sizeNames[at] ?? null;
    return sizeParam === null
      ? [style, param]
      : [style, param, { sizeParam, size: numbers.size!.value }];
  });
  return [
    ...(sibling === null ? [] : [[style, sibling] as const]),
    [style, name],
    ...nested,
    ...others.map((other): Guess => [style, other]),
  ];
}

/** `current_page` is what `page` asks for; `page.number` may be `page[number]`. */
function namesOfEcho(name: string, parent: string): readonly string[] {
  const bare = name.replace(/^(?:current|this|cur)[_-]?(?=[a-z])/i, '');
  const isPageObject = /^page$/i.test(parent);
  const lower = bare.charAt(0).toLowerCase() + bare.slice(1);
  if (isPageObject && /^number$/i.test(name)) return ['page', 'page[number]'];
  if (isPageObject) return [`page[${name}]`, name];
  if (!means.page(name) && !means.offset(name)) return ['page'];
  // Beside `page_size` it is what `page[number]` asks for (Telnyx).
  if (/^page[_-]?number$/i.test(name)) return [name, 'page[number]'];
  if (bare !== name) return [lower, name];
  // Feathers and OData echo `skip` for what `$skip` asks for.
  return means.offset(name) ? [name, `$${name}`] : [name];
}

/**
 * What stands beside a page size in the APIs that call it so, the likeliest first. `~` stands for the
 * prefix of the size's name (`$top`, `_limit`); where that begins with a capital, all do.
 */
const BESIDE_SIZE: Readonly<Record<string, readonly Guess[]>> = {
  limit: [offsets('~offset'), pages('~page'), offsets('~skip')],
  top: [offsets('~skip'), pages('page')],
  take: [offsets('~skip'), pages('page')],
  rows: [offsets('~start'), pages('page')],
  size: [offsets('~from'), pages('~page'), offsets('offset')],
  maxresults: [offsets('startAt'), offsets('startIndex'), offsets('start')],
  resultsperpage: [pages('page'), offsets('startIndex')],
  count: [offsets('offset'), offsets('startIndex'), offsets('start')],
  num: [offsets('start')],
  pagesize: [pages('~page'), pages('~pageNumber'), pages('~pageNum')],
  ps: [pages('pn'), pages('p'), pages('page')],
  resultrecordcount: [offsets('resultOffset')],
  retmax: [offsets('retstart')],
  maxresultcount: [offsets('skipCount')],
};

/** What takes the position in the APIs that say with such a flag that there is more. */
const BESIDE_FLAG: Readonly<Record<string, readonly Guess[]>> = {
  // ArcGIS
  exceededtransferlimit: [offsets('resultOffset')],
};

function pages(name: string): Guess {
  return ['page', name];
}

function offsets(name: string): Guess {
  return ['offset', name];
}

function besideSize(size: string): readonly Guess[] {
  const [, outer, inner = ''] = /^(\w+)\[(\w+)\]$/.exec(size) ?? [];
  if (outer !== undefined) {
    const both = [pages(`${outer}[number]`), offsets(`${outer}[offset]`)];
    if (squash(inner) === 'limit') return both.reverse();
    if (squash(inner) === 'size') return both;
    // Magento: `searchCriteria[pageSize]`.
    return [pages(`${outer}[page]`), pages(`${outer}[currentPage]`)];
  }
  const [, within, member] = /^(.+\.)([^.]+)$/.exec(size) ?? [];
  if (within !== undefined && member !== undefined) {
    return besideSize(member).map(([style, name]) => [style, `${within}${name}`]);
  }
  const squashed = squash(size);
  // json-server
  if (squashed === 'limit' && size.startsWith('_')) {
    return [pages('_page'), offsets('_start'), offsets('_skip')];
  }
  const [, family, own] = /^([a-z]+[_-])([a-z]+)$/i.exec(size) ?? [];
  // ServiceNow: `sysparm_limit`.
  if (family !== undefined && own !== undefined && BESIDE_SIZE[squashed] === undefined) {
    const inFamily = (BESIDE_SIZE[squash(own)] ?? []).filter(([, name]) => name.startsWith('~'));
    if (inFamily.length > 0) {
      return inFamily.map(([style, name]) => [style, family + name.slice(1)]);
    }
  }
  const beside = BESIDE_SIZE[squashed] ?? (means.size(size) ? [pages('~page')] : []);
  const prefix = /^[$_]/.exec(size)?.[0] ?? '';
  const isSnake = /_/.test(size.slice(1));
  return beside.map(([style, written]) => {
    const bare = written.replace('~', '');
    const name = isSnake ? bare.replace(/^page(?=N)/, 'page_').toLowerCase() : bare;
    const cased = /^[A-Z]/.test(size) ? name.charAt(0).toUpperCase() + name.slice(1) : name;
    return [style, written.startsWith('~') ? prefix + cased : cased];
  });
}
