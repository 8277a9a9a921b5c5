import type { Pagination } from '../../core/pagination.ts';
import { pathOf } from '../../decode/decode.ts';
import { type Facts, saysEnd, saysMore } from '../detect/facts.ts';
import {
  found,
  linkingPage,
  literalOf,
  type PageView,
  type Shown,
  trial,
} from '../detect/page-view.ts';
import { isNothing, type PartValue, readScalar } from '../literal.ts';
import { squash } from '../names.ts';
import { isObject, keysOf, PAGE_ITSELF, valueAt } from '../page-fields.ts';
import { readQuery } from '../query-parameter.ts';
import { fitsHeader } from '../request-parts.ts';
import type { StartParam } from '../start-params.ts';
import { cursorStep, ended, literalOfNext, silent } from './page-reading.ts';
import { echoedEnd, nestedNames, siblingOf, withoutNext } from './parameter-names.ts';
import {
  type ChainStyle,
  candidate,
  firstRequest,
  isListOfValues,
  listForms,
  withParam,
} from './style.ts';

/** A token from the page before, in a parameter, a header or the body. A start cursor is the user's. */
export const cursor: ChainStyle = {
  kind: 'chain',
  docs: {
    evidence: 'a token in the body or in a header',
    flags: '`--page-param`, `--next-path` or `--next-header`',
  },
  first: firstRequest,
  next(pagination, start, _previous, { more, next }) {
    if (more === false || next?.kind !== 'cursor' || next.value === '') return null;
    return withParam(pagination, start, { text: next.value, isLiteral: next.literal === true });
  },
  readNext(pagination, page) {
    const literal = literalOfNext(pagination, page);
    if (literal === null) return silent;
    if (isNothing(literal)) return ended;
    const token = readScalar(literal);
    const isEncoded = pagination.nextIsEncoded === true && token !== null;
    return cursorStep(pagination, isEncoded ? decoded(token) : token);
  },
  detect: detectToken,
  candidates(facts) {
    const said = findToken(facts);
    if (said === null) return [];
    const { value, where, pagination } = said;
    const start = facts.params.cursor;
    const params = [...(start === null || !isSure(start, said) ? [] : [start]), ...said.params];
    const of = (param: Token['params'][number], isEncoded: boolean) => {
      const { name, carrier } = param;
      const to = carrier === 'header' ? `header ${name}` : name;
      const own = { ...pagination, param: name, carrier, nextIsEncoded: isEncoded };
      const why = `the token of ${where}${isEncoded ? ', decoded,' : ''} in ${to}`;
      return candidate(facts, own, isEncoded ? decoded(value) : value, why);
    };
    const asWritten = params.flatMap((param) => of(param, false));
    const inQuery = params.filter(({ carrier }) => carrier === 'query');
    const [likeliest] = inQuery;
    if (likeliest !== undefined && isListOfValues(value)) {
      const forms = listForms(likeliest.name).flatMap(([form, name]) =>
        candidate(facts, { ...pagination, ...form }, value, `the values of ${where} in ${name}`),
      );
      return [...forms, ...asWritten];
    }
    if (!isEncoded(said)) return asWritten;
    return [...inQuery.slice(0, MOST_DECODED).flatMap((param) => of(param, true)), ...asWritten];
  },
  readUsual(facts) {
    const said = findToken(facts);
    const param = facts.params.cursor ?? said?.params[0];
    return {
      ...(said?.pagination ?? { nextPath: facts.next.empty?.path ?? null }),
      param: param?.name ?? 'cursor',
      carrier: param?.carrier ?? 'query',
    };
  },
  trial: { nextOf },
};

/** Of the six tries that there are: a token that looks URL-encoded mostly is. */
const MOST_DECODED = 5;

/** Nothing but what needs no encoding and escapes: encoding it once more would be for nothing, or wrong. */
function isEncoded({ value: { text }, pagination }: Token): boolean {
  const needsNothing = !/[^\w.~%-]|%(?![\dA-F]{2})/i.test(text);
  return pagination.carrier === 'query' && text.includes('%') && needsNothing;
}

function decoded({ text, isLiteral }: PartValue): PartValue {
  try {
    return { text: decodeURIComponent(text), isLiteral };
  } catch {
    return { text, isLiteral };
  }
}

function nextOf(view: PageView, pagination: Pagination): string | null {
  const literal = literalOfNext(pagination, linkingPage(view));
  return isNothing(literal) ? null : literal;
}

/** A token that the page holds, and the pagination that lacks only its parameter. */
interface Token {
  /** Style `cursor`, without its parameter. */
  readonly pagination: Pagination;
  /** Where the token stands, for people. */
  readonly where: string;
  readonly value: PartValue;
  /** Parameters that may take it, the likeliest first. */
  readonly params: readonly { readonly name: string; readonly carrier: Pagination['carrier'] }[];
}

function detectToken(facts: Facts): Shown | null {
  const { next, headers, base, params } = facts;
  const param = params.cursor;
  const token = findToken(facts);
  if (token === null) {
    const isEnd = next.empty?.kind === 'token' && !saysMore(facts) && next.number === null;
    if (!isEnd || next.empty === null || headers.token !== null) return null;
    const own = { param: param?.name ?? 'cursor', carrier: param?.carrier ?? 'query' };
    return found(
      { ...base, style: 'cursor', ...own, nextPath: next.empty.path },
      [`${next.empty.path} is empty`],
      true,
    );
  }
  const { pagination, where } = token;
  if (next.more?.value === false && headers.token === null) return null;
  const evidence = [`${where} holds a token`];
  const isOpen = isEncoded(token) || isListOfValues(token.value);
  if (param === null || !isSure(param, token) || isOpen) return trial(evidence);
  evidence.push(`the start ${param.carrier === 'body' ? 'body' : 'URL'} has ${param.name}`);
  return found(
    {
      ...pagination,
      param: param.name,
      carrier: param.carrier,
      // Where `*` begins a list (Solr, Crossref), the same cursor again ends it.
      repeatIsEnd: pagination.repeatIsEnd || param.text === '*',
    },
    evidence,
    false,
  );
}

/** `after` may be a date that the user filters by; then it is tried like any other name. */
function isSure({ name, text }: StartParam, { params }: Token): boolean {
  if (/cursor|token|scroll|continuation|page/i.test(name) || text === '') return true;
  return name === params[0]?.name && !/^\d{4}-\d\d/.test(text);
}

export function findToken(facts: Facts): Token | null {
  const { next, base, headers, view } = facts;
  const isPost = view.request.method === 'POST';
  const carrier = isPost ? 'body' : 'query';
  const byPath = (path: string, morePath = base.morePath): Token | null => {
    const value = readScalar(literalOf(view, path));
    if (value === null) return null;
    const repeatIsEnd = /cursormark$/.test(squash(path));
    const own = { carrier, nextPath: path, morePath, repeatIsEnd } as const;
    const names = namesFor(path, value.text, facts);
    return {
      pagination: { ...base, style: 'cursor', ...own },
      where: path,
      value,
      params: names.map((name) => ({ name, carrier })),
    };
  };
  const { pageInfo } = next;
  if (pageInfo !== null) {
    const isOpen = pageInfo.hasNext && pageInfo.cursor !== null;
    return isOpen ? byPath(`${pageInfo.path}.endCursor`, `${pageInfo.path}.hasNextPage`) : null;
  }
  if (next.token !== null) return byPath(next.token.path);
  if (next.number !== null && saysEnd(facts) === null && !isPosition(next.number.value, facts)) {
    return byPath(next.number.path);
  }
  if (headers.token === null || !fitsHeader(headers.token.value)) return null;
  const { header, value } = headers.token;
  return {
    pagination: { ...base, style: 'cursor', carrier, nextHeader: header },
    where: `header ${header}`,
    value: { text: value, isLiteral: false },
    params: paramsForHeader(header),
  };
}

/** Whether a number for what comes next is the next page's, or the next record's ordinal. */
function isPosition(value: number, { offset, count, params, numbers }: Facts): boolean {
  const page = params.page?.number ?? numbers.page?.value ?? null;
  if (page === null ? value === 1 || value === 2 : value === page + 1) return true;
  return count > 0 && (value === offset + count || value === offset + count + 1);
}

/** Names that the page and the request show first, then the usual ones. */
function namesFor(path: string, value: string, { params, view }: Facts): readonly string[] {
  const keys = keysOf(path) ?? [];
  const name = keys.at(-1) ?? '';
  const parent = keys.at(-2) ?? '';
  const size = params.size?.name ?? null;
  const bare = withoutNext(name);
  const names: string[] = [];
  // What takes the position comes back beside it.
  const beside = valueAt(view.json, keys.length > 1 ? pathOf(keys.slice(0, -1)) : PAGE_ITSELF);
  const echo = echoedEnd(name, isObject(beside) ? Object.keys(beside) : []);
  if (echo !== null) names.push(echo);
  // `page[size]=10` asks for pages by the same family of names.
  if (size?.toLowerCase() === 'page[size]') names.push('page[after]', 'page[cursor]');
  names.push(siblingOf(size, bare || 'cursor') ?? '', siblingOf(size, name) ?? '');
  const usual = conventional(name, parent, view.request.method === 'POST');
  if (size?.startsWith('$')) names.push(`$${bare || name}`, '$skiptoken');
  const [nested, dotted] = nestedNames(parent, bare || name);
  if (MOMENT.test(value)) names.push('until', 'before');
  names.push(...usual.slice(0, 2), bare, dotted ?? '', nested ?? '', name);
  // OData takes `$skipToken` for what its page calls `skipToken`.
  if (bare === name) names.push(`$${name}`);
  names.push(...usual.slice(2));
  if (parent !== '' && squash(parent) !== 'next') {
    names.push(`${parent}[${name}]`, `${parent}.${name}`);
  }
  names.push('cursor', 'after', 'page_token', 'pageToken');
  const written = spelledAs(readQuery(view.request.url), names);
  return [...new Set(written)].filter((each) => each !== '' && !each.startsWith('@'));
}

/** A moment in seconds or milliseconds, as lists that begin with the newest go on from. */
const MOMENT = /^1\d{9}(?:\d{3})?$/;

/** Names as the URL spells its own: beside `org-slug` a page token is `page-token`. */
function spelledAs(
  query: ReturnType<typeof readQuery>,
  names: readonly string[],
): readonly string[] {
  const isKebab = query.some(([name]) => /[a-z]-[a-z]/.test(name));
  return isKebab ? names.flatMap((name) => [name.replaceAll('_', '-'), name]) : names;
}

/** The usual parameters for a token of that name. */
function conventional(name: string, parent: string, isPost: boolean): readonly string[] {
  switch (squash(name)) {
    case 'nextcursor':
      return isPost ? ['start_cursor', 'cursor'] : ['cursor', name, 'after', 'start_cursor'];
    // AWS sends it back under the same name, in its own spelling.
    case 'nexttoken':
      return [name, 'pagination_token', 'page_token'];
    case 'endcursor':
    case 'aftercursor':
      return squash(parent) === 'meta' ? ['page[after]', 'after', 'cursor'] : ['after', 'cursor'];
    case 'lastevaluatedkey':
    case 'lastkey':
      // DynamoDB itself, and whoever passes its words on.
      if (/^[A-Z]/.test(name)) return ['ExclusiveStartKey', name, 'exclusiveStartKey', 'startKey'];
      return [name, 'exclusiveStartKey', 'startKey', 'lastKey'];
    case 'end':
      return ['from'];
    case 'nextbatch':
      return ['since', 'from', 'batch'];
    case 'nextkey':
    case 'nextmarker':
      return [withoutNext(name), name, 'startkey', 'start_key'];
    case 'next':
      if (/^cursors?$/i.test(parent)) return ['cursor', 'after', 'next'];
      return ['next', 'cursor', 'page', 'after', 'start', 'offset'];
    default:
      return [];
  }
}

function paramsForHeader(header: string): Token['params'] {
  const bare = header
    .replace(/^x-/, '')
    .replace(/^(?!search)[a-z]+-(?=next|continuation|after$)/, '')
    .replace(/^(next|continuation)(?=(?:token|key|marker|cursor)$)/, '$1-');
  const snake = withoutNext(bare).replaceAll('-', '_');
  const camel = snake.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const query = [...new Set([snake, camel, 'cursor', bare.replaceAll('-', '_'), 'after'])];
  const params = query.map((name) => ({ name, carrier: 'query' }) as const);
  const same = { name: header, carrier: 'header' } as const;
  const own = { name: header.replace(/next-/, ''), carrier: 'header' } as const;
  // Heroku gives the next page's Range.
  if (own.name === 'range') return [own];
  // Azure takes a continuation back in the header it came in, and CMR a `search-after`.
  return /continuation|search-after/.test(header)
    ? [same, ...params]
    : [...params.slice(0, 4), same, ...(own.name === header ? [] : [own])];
}
