import type { PageRequest } from '../../core/page-request.ts';
import type { Pagination } from '../../core/pagination.ts';
import { type Facts, onePage } from '../detect/facts.ts';
import { type Candidate, found, type Shown } from '../detect/page-view.ts';
import { isNothing, type PartValue, readFlag, readScalar } from '../literal.ts';
import { isObject } from '../page-fields.ts';
import { getQueryParameter, setQueryParameter } from '../query-parameter.ts';
import { parsedBody, setMember, setPart, type UnplacedRequest } from '../request-parts.ts';
import {
  cursorStep,
  ended,
  type NextReading,
  type PageToRead,
  silent,
  unusable,
} from './page-reading.ts';
import { type ChainStyle, candidate, literalNumber, unplaced } from './style.ts';

/** The GraphQL Cursor Connections specification: the end cursor goes into a variable of the query. */
export const graphql: ChainStyle = {
  kind: 'chain',
  docs: {
    evidence: '`pageInfo`, and a query with `after: $cursor`',
    flags: '`--page-param variables.cursor`',
  },
  usual: { carrier: 'body' },
  first: firstQuery,
  next(pagination, start, _previous, { more, next }) {
    if (more === false || next?.kind !== 'cursor' || next.value === '') return null;
    const value = { text: next.value, isLiteral: next.literal === true };
    return setVariable(firstQuery(pagination, start), pagination.param ?? 'after', value);
  },
  readNext: readPageInfo,
  detect: detectRelay,
  readUsual: ({ next: { pageInfo } }) => ({
    param: 'variables.after',
    carrier: 'body',
    nextPath: pageInfo?.path ?? null,
    morePath: pageInfo === null ? null : `${pageInfo.path}.hasNextPage`,
  }),
};

function firstQuery({ sizeParam, size }: Pagination, start: PageRequest): UnplacedRequest {
  const request = unplaced(start);
  if (sizeParam === null || size === null) return request;
  return setVariable(request, sizeParam, literalNumber(size)) ?? request;
}

/** By GET the variables are JSON in a query parameter (GraphQL over HTTP §6.2). */
function setVariable(
  request: UnplacedRequest,
  name: string,
  value: PartValue,
): UnplacedRequest | null {
  const path = variablePath(name);
  if (request.method === 'POST') return setPart(request, 'body', path, value);
  const written = getQueryParameter(request.url, 'variables') ?? '';
  const variables = setMember(Buffer.from(written), path.slice('variables.'.length), value);
  if (variables === null) return null;
  const text = Buffer.from(variables).toString();
  return { ...request, url: setQueryParameter(request.url, 'variables', text) };
}

/** `after`, `$after` and `variables.after` all mean the variable. */
function variablePath(name: string): string {
  return name.startsWith('variables.') ? name : `variables.${name.replace(/^\$/, '')}`;
}

function readPageInfo(pagination: Pagination, { literal }: PageToRead): NextReading {
  const path = pagination.nextPath;
  if (path === null) return silent;
  const cursor = literal(`${path}.endCursor`) ?? literal(`${path}.end_cursor`);
  const more = readFlag(literal(`${path}.hasNextPage`) ?? literal(`${path}.has_next_page`));
  if (more === false) return ended;
  if (cursor !== null) {
    if (!isNothing(cursor)) return { ...cursorStep(pagination, readScalar(cursor)), more };
    return more === true ? unusable : ended;
  }
  if (more === true) return unusable;
  // The path may lead to the cursor itself.
  const whole = literal(path);
  if (whole === null || whole.startsWith('{')) return silent;
  return isNothing(whole) ? ended : cursorStep(pagination, readScalar(whole));
}

/** Where the query takes the cursor from a variable. */
function detectRelay(facts: Facts): Shown | null {
  const { pageInfo } = facts.next;
  const { base } = facts;
  const query = queryOf(facts);
  if (pageInfo === null || query === null) return null;
  const variable = variableOf(query);
  const seen = `${pageInfo.path} has hasNextPage and endCursor`;
  if (variable === null && pageInfo.hasNext) return onePage(facts, false, [seen]);
  return found(
    {
      ...base,
      style: 'graphql',
      param: `variables.${variable ?? 'after'}`,
      carrier: 'body',
      nextPath: pageInfo.path,
      morePath: `${pageInfo.path}.hasNextPage`,
    },
    [seen, ...(variable === null ? [] : [`the query has after: $${variable}`])],
    !pageInfo.hasNext,
  );
}

function variableOf(query: string): string | null {
  return /\bafter\s*:\s*\$([A-Za-z_]\w*)/.exec(query)?.[1] ?? null;
}

/** A query may count instead: `offset: $offset` (Hasura, PostGraphile), `skip: $skip` (Prisma). */
export function offsetOfQuery(facts: Facts): readonly Candidate[] {
  const { base, count, view } = facts;
  const query = queryOf(facts);
  if (query === null || count === 0 || view.request.method !== 'POST') return [];
  const [, name, variable] = /\b(offset|skip)\s*:\s*\$([A-Za-z_]\w*)/.exec(query) ?? [];
  if (variable === undefined) return [];
  const param = `variables.${variable}`;
  const pagination = { ...base, style: 'offset', param, carrier: 'body', first: 0 } as const;
  return candidate(facts, pagination, literalNumber(count), `$${variable}, the query's ${name}`);
}

/** The text of the query; by GET it stands in the URL (GraphQL over HTTP §6.2). */
function queryOf({ view: { request } }: Facts): string | null {
  const body = parsedBody(request);
  const query =
    request.method === 'POST'
      ? isObject(body) && body['query']
      : getQueryParameter(request.url, 'query');
  return typeof query === 'string' && query.includes('{') ? query : null;
}

/** What has to change in a query so that it can be gone on with; null where that is not what is missing. */
export function cureOfQuery(facts: Facts): string | null {
  const query = queryOf(facts);
  const { pageInfo } = facts.next;
  if (query === null || facts.records === null) return null;
  const variable = 'take the cursor from a variable, as in query($after: String) and after: $after';
  if (pageInfo?.hasNext === true && variableOf(query) === null) {
    return `The query takes no cursor: ${variable}`;
  }
  if (pageInfo !== null || !isObject(facts.view.json) || !('data' in facts.view.json)) return null;
  return `If the list is a connection, ask for pageInfo { hasNextPage endCursor } in it, and ${variable}`;
}
