import type { PageRequest } from '../../core/page-request.ts';
import type { Pagination } from '../../core/pagination.ts';
import type { PartValue } from '../literal.ts';
import { getQueryParameter, setQueryParameter } from '../query-parameter.ts';
import { setBodyMember, setPart, type UnplacedRequest } from '../request-parts.ts';
import { type ChainStyle, literalNumber, unplaced } from './style.ts';

/** Relay's `pageInfo`: the end cursor goes into a variable of the query. */
export const graphql: ChainStyle = {
  kind: 'chain',
  first: firstQuery,
  next(pagination, start, _previous, { more, next }) {
    if (more === false || next?.kind !== 'cursor' || next.value === '') return null;
    const value = { text: next.value, isLiteral: next.literal === true };
    return setVariable(firstQuery(pagination, start), pagination.param ?? 'after', value);
  },
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
  const literal = value.isLiteral ? value.text : JSON.stringify(value.text);
  const inner = path.slice('variables.'.length);
  const variables = setBodyMember(Buffer.from(written), inner, literal);
  if (variables === null) return null;
  const text = Buffer.from(variables).toString();
  return { ...request, url: setQueryParameter(request.url, 'variables', text) };
}

/** `after`, `$after` and `variables.after` all mean the variable. */
function variablePath(name: string): string {
  return name.startsWith('variables.') ? name : `variables.${name.replace(/^\$/, '')}`;
}
