/** Parameters that may take the next page's number or offset, by what the page and its request call theirs. */
import type { Pagination } from '../../core/pagination.ts';
import { elementsIn } from '../../decode/decode.ts';
import type { Facts } from '../detect/facts.ts';
import type { Candidate } from '../detect/page-view.ts';
import { means, squash } from '../names.ts';
import { isObject, keysOf } from '../page-fields.ts';
import { getQueryParameter } from '../query-parameter.ts';
import { countedBy, type PositionStyle, positions } from './counted.ts';
import { nestedNames, siblingOf } from './parameter-names.ts';
import { candidate, literalNumber } from './style.ts';

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
  if (SOCRATA.test(facts.view.request.url)) guesses.push(offsets('$offset'));
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
  return (
    records !== null && records.items.length > 0 && elementsIn(records.items).every(isResource)
  );
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
  // SCIM asks for it by that name (RFC 7644 section 3.4.2.4), Rally by `start`.
  if (/^start[_-]?index$/i.test(name)) return [name, 'start'];
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

/** Socrata has many hosts, and refuses names without a dollar. */
const SOCRATA = /\/resource\/[a-z0-9]{4}-[a-z0-9]{4}(?:\.json)?(?:$|\?)/;

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
