/** Ways to ask for the second page that are worth a try. */
import type { Pagination } from '../../core/pagination.ts';
import { getQueryParameter } from '../query-parameter.ts';
import type { PositionStyle } from '../styles/counted.ts';
import { guessedKeys, statedKeys } from '../styles/keyset.ts';
import { candidate, literalNumber } from '../styles/style.ts';
import { styles } from '../styles/styles.ts';
import { type Facts, nextNumber, numbersSayMore } from './facts.ts';
import { namesOffset, namesPage, namesSize, squash } from './names.ts';
import { type Candidate, keysOf } from './page-view.ts';

/** With the first page and one more to tell page 0 from page 1, eight requests in all. */
const MAX_CANDIDATES = 6;
/** A POST may do something: its token goes back under the names that are evident, and no others. */
const MAX_POST_CANDIDATES = 2;

/**
 * At most six, the surest first. A POST is never sent on a guess: only where the page holds what the
 * next one is asked for with, and at most twice.
 *
 * @param names parameters that may be guessed: those that mean nothing but a position, where nothing
 *   says that there is more
 */
export function listCandidates(facts: Facts, names: RegExp): readonly Candidate[] {
  const isPost = facts.view.request.method === 'POST';
  const all = isPost ? surest(facts) : (surest(facts) ?? guesses(facts, names));
  const seen = new Set<string>();
  const distinct = (all ?? []).filter(({ pagination: { carrier, param }, request }) => {
    const what = `${carrier} ${param} ${request.url}`;
    return !seen.has(what) && seen.add(what);
  });
  return distinct.slice(0, isPost ? MAX_POST_CANDIDATES : MAX_CANDIDATES);
}

/** What the first page itself holds for the next request; null where it holds nothing. */
function surest(facts: Facts): readonly Candidate[] | null {
  for (const style of Object.values(styles)) {
    const candidates = style.candidates?.(facts) ?? [];
    if (candidates.length > 0) return candidates;
  }
  return null;
}

type Guess = readonly [style: PositionStyle, name: string];

function guesses(facts: Facts, names: RegExp): readonly Candidate[] {
  const { count, numbers, next, params, view } = facts;
  const keys = guessedKeys(facts);
  const positions = orderedGuesses(facts).flatMap(([style, name]) => {
    if (style === 'offset' && count === 0) return [];
    // What the user set to something else than a beginning (`from=2020`) is the user's.
    const own = getQueryParameter(view.request.url, name);
    return names.test(name) && /^[01]?$/.test(own ?? '')
      ? positionCandidate(facts, style, name)
      : [];
  });
  // A flag and ids, and not one number: Stripe's way.
  const isFlagAlone = next.more?.value === true && !numbersSayMore(facts);
  const hasPosition = numbers.page !== null || numbers.offset !== null || next.number !== null;
  const stated = statedKeys(facts);
  if (params.keyset !== null) return [...stated, ...keys.slice(0, 1), ...positions];
  if (hasPosition) return [...stated, ...positions];
  if (isFlagAlone) return [...stated, ...keys.slice(0, 2), ...positions];
  return [...stated, ...positions.slice(0, 4), ...keys.slice(0, 1), ...positions.slice(4)];
}

function positionCandidate(facts: Facts, style: PositionStyle, name: string): readonly Candidate[] {
  const { base, numbers, next, headers, count } = facts;
  const usual = {
    page: { begin: 1, step: 1, words: 'page number' },
    offset: { begin: 0, step: count, words: 'offset' },
  }[style];
  const echo = numbers[style];
  const first = echo?.value ?? usual.begin;
  const counted: Pagination = {
    ...base,
    style,
    param: name,
    first,
    positionPath: echo?.path ?? null,
    // The second page shows whether it is a total: it is none if that page has records too.
    totalPath: base.totalPath ?? numbers.vagueTotal?.path ?? null,
  };
  const stated = nextNumber(facts);
  const hasTotal = numbers.total !== null || numbers.totalPages !== null;
  const pagination: Pagination =
    stated !== null && !hasTotal
      ? // Without a total its own count leads on surely, page by page, and says where the end is.
        { ...base, ...stated, style: 'cursor', param: name }
      : { ...counted, ...stated };
  const value = next.number?.value ?? headers.nextPage?.value ?? first + usual.step;
  return candidate(facts, pagination, literalNumber(value), `${name} as the ${usual.words}`);
}

/** Names that the response or the request suggest come first, then the usual ones. */
function orderedGuesses(facts: Facts): readonly Guess[] {
  const { numbers, params, next, headers, count } = facts;
  const guesses: Guess[] = [];
  const stated = next.number?.value ?? headers.nextPage?.value ?? null;
  const add = (style: Guess[0], ...names: readonly string[]): void => {
    for (const name of names) guesses.push([style, name]);
  };
  const sized = params.size === null ? [] : besideSize(params.size.name);
  if (numbers.page?.path != null) add('page', ...namesOfEcho(numbers.page.path));
  if (numbers.offset?.path != null && numbers.page === null) {
    add('offset', ...namesOfEcho(numbers.offset.path));
  }
  const isPage = numbers.page !== null || numbers.totalPages !== null;
  const isOffset = numbers.offset !== null;
  if (isPage !== isOffset) {
    const own = isPage ? 'page' : 'offset';
    guesses.push(...sized.filter(([style]) => style === own));
  }
  guesses.push(...sized);
  if (isPage) add('page', 'page', 'pageNumber', 'p');
  else if (isOffset) add('offset', 'offset', 'skip', 'start', 'from');
  add('page', 'page');
  add('offset', 'offset', 'start', 'from', 'skip');
  add('page', 'p', 'pageNumber', 'pageNo', 'pageNum', 'pageIndex');
  if (stated === null) return guesses;
  const isStatedOffset = count > 2 && (stated === count || stated === count + 1);
  return guesses.filter(([style]) => style === (isStatedOffset ? 'offset' : 'page'));
}

/** `current_page` is what `page` asks for; `page.number` may be `page[number]`. */
function namesOfEcho(path: string): readonly string[] {
  const keys = keysOf(path) ?? [];
  const name = keys.at(-1) ?? '';
  const parent = keys.at(-2) ?? '';
  const bare = name.replace(/^(?:current|this|cur)[_-]?(?=[a-z])/i, '');
  const isPageObject = /^page$/i.test(parent);
  const lower = bare.charAt(0).toLowerCase() + bare.slice(1);
  if (isPageObject && /^number$/i.test(name)) return ['page', 'page[number]'];
  if (isPageObject) return [`page[${name}]`, name];
  if (!namesPage(name) && !namesOffset(name)) return ['page'];
  // Feathers and OData echo `skip` for what `$skip` asks for.
  return bare === name ? [name, `$${name}`] : [lower, name];
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
  pagesize: [pages('~page'), pages('~pageNumber'), pages('pageIndex')],
};

function pages(name: string): Guess {
  return ['page', name];
}

function offsets(name: string): Guess {
  return ['offset', name];
}

function besideSize(size: string): readonly Guess[] {
  const [, outer, inner] = /^(\w+)\[(size|limit)\]$/i.exec(size) ?? [];
  if (outer !== undefined) {
    const both = [pages(`${outer}[number]`), offsets(`${outer}[offset]`)];
    return inner?.toLowerCase() === 'limit' ? both.reverse() : both;
  }
  const squashed = squash(size);
  // json-server
  if (squashed === 'limit' && size.startsWith('_')) return [pages('_page'), offsets('_start')];
  const beside = BESIDE_SIZE[squashed] ?? (namesSize(size) ? [pages('~page')] : []);
  const prefix = /^[$_]/.exec(size)?.[0] ?? '';
  const isSnake = /_/.test(size.slice(1));
  return beside.map(([style, written]) => {
    const bare = written.replace('~', '');
    const name = isSnake && bare === 'pageNumber' ? 'page_number' : bare;
    const cased = /^[A-Z]/.test(size) ? name.charAt(0).toUpperCase() + name.slice(1) : name;
    return [style, written.startsWith('~') ? prefix + cased : cased];
  });
}
