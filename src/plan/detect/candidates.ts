/** Ways to ask for the second page that are worth a try. */

import type { Pagination } from '../../core/pagination.ts';
import type { PartValue } from '../literal.ts';
import { getQueryParameter } from '../query-parameter.ts';
import { setPart } from '../request-parts.ts';
import { compareKeys } from './compare-pages.ts';
import { type Facts, numbersSayMore } from './facts.ts';
import { isObject, keysOf } from './fields.ts';
import { namesOffset, namesPage, namesSize, squash } from './names.ts';
import { recordIdentities } from './page-records.ts';
import type { Candidate } from './page-view.ts';
import { parseBody } from './start-params.ts';
import { statedKeyCandidates } from './stated-key.ts';
import { tokenStyle } from './token-candidates.ts';

/** With the first page and one more to tell page 0 from page 1, eight requests in all. */
const MAX_CANDIDATES = 6;
/** A POST may do something: its token goes back under the names that are evident, and no others. */
const MAX_POST_CANDIDATES = 2;
const ANY_NAME = /(?:)/;
/** `from`, `start` and `p` may as well be dates or projects. */
export const CLEAR_NAMES = /page|offset|skip/i;

/**
 * At most six, the surest first. A POST is never sent on a guess: only where the page holds what the
 * next one is asked for with, and at most twice.
 *
 * @param namesOnly where nothing says that there is more: names that mean nothing but a position
 */
export function listCandidates(facts: Facts, namesOnly = ANY_NAME): readonly Candidate[] {
  const token = tokenCandidates(facts);
  const isPost = facts.view.request.method === 'POST';
  const sure = token.length > 0 ? token : sortCandidates(facts);
  const guesses =
    isPost || sure.length > 0
      ? []
      : [...statedKeyCandidates(facts), ...guessedCandidates(facts, namesOnly)];
  const seen = new Set<string>();
  const all = [...sure, ...guesses].filter(({ pagination: { carrier, param }, request }) => {
    const what = `${carrier} ${param} ${request.url}`;
    return !seen.has(what) && seen.add(what);
  });
  return all.slice(0, isPost ? MAX_POST_CANDIDATES : MAX_CANDIDATES);
}

function tokenCandidates(facts: Facts): readonly Candidate[] {
  const said = tokenStyle(facts);
  if (said === null) return [];
  return said.params.flatMap(({ name, carrier }) =>
    candidate(
      facts,
      { ...said.pagination, param: name, carrier },
      said.value,
      `the token of ${said.where} in ${carrier === 'header' ? 'header' : ''} ${name}`,
    ),
  );
}

type Guess = readonly [style: 'page' | 'offset', name: string];

function guessedCandidates(facts: Facts, namesOnly: RegExp): readonly Candidate[] {
  const { count, numbers, view } = facts;
  const keysets = keysetCandidates(facts);
  const guesses = orderedGuesses(facts).flatMap(([style, name]) => {
    if (style === 'offset' && count === 0) return [];
    // What the user set to something else than a beginning (`from=2020`) is the user's.
    const own = getQueryParameter(view.request.url, name);
    if (!namesOnly.test(name) || !/^[01]?$/.test(own ?? '')) return [];
    return candidate(
      facts,
      guessed(facts, style, name),
      positionAfter(facts, style),
      why(style, name),
    );
  });
  // A flag and ids, and not one number: Stripe's way.
  const isFlagAlone = facts.next.more?.value === true && !numbersSayMore(facts);
  const hasPosition =
    numbers.page !== null || numbers.offset !== null || facts.next.number !== null;
  if (facts.params.keyset !== null) return [...keysets.slice(0, 1), ...guesses];
  if (isFlagAlone && !hasPosition) return [...keysets.slice(0, 2), ...guesses];
  return [...guesses.slice(0, 4), ...(hasPosition ? [] : keysets.slice(0, 1)), ...guesses.slice(4)];
}

function why(style: 'page' | 'offset', name: string): string {
  return `${name} as the ${style === 'page' ? 'page number' : 'offset'}`;
}

function guessed(facts: Facts, style: 'page' | 'offset', name: string): Pagination {
  const { base, numbers } = facts;
  const echo = style === 'page' ? numbers.page : numbers.offset;
  const counted: Pagination = {
    ...base,
    style,
    param: name,
    first: echo?.value ?? (style === 'page' ? 1 : 0),
    positionPath: echo?.path ?? null,
    // The second page shows whether it is a total: it is none if that page has records too.
    totalPath: base.totalPath ?? numbers.vagueTotal?.path ?? null,
  };
  const stated = nextNumber(facts);
  if (stated === null) return counted;
  if (numbers.total !== null || numbers.totalPages !== null) return { ...counted, ...stated };
  // Without a total its own count leads on surely, page by page, and says where the end is.
  return { ...base, ...stated, style: 'cursor', param: name };
}

/** Where the page names the number of the next one; null where it does not. */
export function nextNumber({
  next,
  headers,
}: Facts): Pick<Pagination, 'nextPath' | 'nextHeader'> | null {
  if (next.number !== null) return { nextPath: next.number.path, nextHeader: null };
  if (headers.nextPage === null) return null;
  return { nextPath: null, nextHeader: headers.nextPage.header };
}

function positionAfter(facts: Facts, style: 'page' | 'offset'): PartValue {
  const { numbers, next, headers, count } = facts;
  const stated = next.number?.value ?? headers.nextPage?.value ?? null;
  const echo = style === 'page' ? numbers.page : numbers.offset;
  const value = stated ?? (style === 'page' ? (echo?.value ?? 1) + 1 : (echo?.value ?? 0) + count);
  return { text: String(value), isLiteral: true };
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

/** What stands beside a page size in the APIs that call it so. */
function besideSize(size: string): readonly Guess[] {
  const own = (name: string): string =>
    /^[A-Z]/.test(size) ? name.charAt(0).toUpperCase() + name.slice(1) : name;
  const bracket = /^(\w+)\[(size|limit)\]$/i.exec(size);
  if (bracket !== null) {
    const [, outer, inner] = bracket;
    const pair: Guess[] = [
      ['page', `${outer}[number]`],
      ['offset', `${outer}[offset]`],
    ];
    return inner?.toLowerCase() === 'limit' ? pair.reverse() : pair;
  }
  const prefix = /^[$_]/.exec(size)?.[0] ?? '';
  const with_ = (name: string): string => prefix + own(name);
  switch (squash(size)) {
    case 'limit':
      return prefix === '_'
        ? [
            ['page', '_page'],
            ['offset', '_start'],
          ]
        : [
            ['offset', with_('offset')],
            ['page', with_('page')],
            ['offset', with_('skip')],
          ];
    case 'top':
    case 'take':
      return [
        ['offset', with_('skip')],
        ['page', 'page'],
      ];
    case 'rows':
      return [
        ['offset', with_('start')],
        ['page', 'page'],
      ];
    case 'size':
      return [
        ['offset', with_('from')],
        ['page', with_('page')],
        ['offset', 'offset'],
      ];
    case 'maxresults':
      return [
        ['offset', own('startAt')],
        ['offset', own('startIndex')],
        ['offset', 'start'],
      ];
    case 'resultsperpage':
      return [
        ['page', 'page'],
        ['offset', own('startIndex')],
      ];
    case 'count':
      return [
        ['offset', own('offset')],
        ['offset', own('startIndex')],
        ['offset', own('start')],
      ];
    case 'num':
      return [['offset', own('start')]];
    case 'pagesize':
      return [
        ['page', with_('page')],
        ['page', with_(/_/.test(size.slice(1)) ? 'page_number' : 'pageNumber')],
        ['page', 'pageIndex'],
      ];
    default:
      return namesSize(size) ? [['page', with_('page')]] : [];
  }
}

/** Elasticsearch: each hit carries the values it is sorted by, and the last one's go on. */
function sortCandidates(facts: Facts): readonly Candidate[] {
  const { records, base, view, params } = facts;
  const body = parseBody(view.request.body);
  if (records === null || !numbersSayMore(facts) || !isObject(body) || !('sort' in body)) return [];
  const isSorted = records.items.every((item) => isObject(item) && Array.isArray(item['sort']));
  if (!isSorted || params.offset !== null) return [];
  const last = recordIdentities(view, records.path, 'sort')?.at(-1);
  if (last === undefined) return [];
  const param = 'search_after';
  return candidate(
    facts,
    { ...base, style: 'keyset', param, carrier: 'body', key: 'sort' },
    { text: last, isLiteral: true },
    `the last record's sort in ${param}`,
  );
}

/** The last record's key as the start of the next page. */
function keysetCandidates(facts: Facts): readonly Candidate[] {
  const { records, base, view, params } = facts;
  if (records === null || base.key === null || records.count < 2) return [];
  const keys = recordIdentities(view, records.path, base.key);
  const last = keys?.at(-1);
  const first = keys?.[0];
  if (last === undefined || first === undefined) return [];
  const value: PartValue = last.startsWith('"')
    ? { text: JSON.parse(last), isLiteral: false }
    : { text: last, isLiteral: true };
  if (/[{[]/.test(last.charAt(0)) || value.text === '') return [];
  // Chat and event logs give the newest first and take what lies before.
  const falls = compareKeys(first, last) > 0;
  const isFlagged = facts.next.more !== null;
  const own = params.keyset?.carrier === 'query' ? [params.keyset.name] : [];
  const names = isFlagged
    ? [...own, 'starting_after', falls ? 'before' : 'after']
    : [...own, falls ? 'before' : 'after'];
  return names.flatMap((name) =>
    candidate(
      facts,
      { ...base, style: 'keyset', param: name },
      value,
      `the last record's ${base.key} in ${name}`,
    ),
  );
}

function candidate(
  facts: Facts,
  pagination: Pagination,
  value: PartValue,
  reason: string,
): readonly Candidate[] {
  const { carrier, param } = pagination;
  const { place: _, speculative: __, ...start } = facts.view.request;
  const request = param === null ? null : setPart(start, carrier, param, value);
  return request === null ? [] : [{ pagination, request, why: reason.replaceAll(/ {2,}/g, ' ') }];
}
