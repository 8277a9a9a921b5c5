/** The parts of a request that say which page it is: query parameter, header, member of the body. */
import type { PageRequest } from '../core/page-request.ts';
import type { Pagination } from '../core/pagination.ts';
import { setQueryParameter } from './query-parameter.ts';
import { getBodyMember, setBodyMember } from './request-body.ts';

export { differInOneNumber } from './one-number.ts';
export { getQueryParameter, mergeParameters, setQueryParameter } from './query-parameter.ts';
export { getBodyMember, setBodyMember } from './request-body.ts';

/** A request whose place in the plan is not given yet. */
export type UnplacedRequest = Omit<PageRequest, 'place'>;

/** What goes into a part. */
export interface PartValue {
  readonly text: string;
  /** `text` is the JSON of a number, an array or an object, and stands in a body without quotes. */
  readonly isLiteral: boolean;
}

/**
 * The request with one part set. Null where it cannot be: a header's value may hold no line break
 * and nothing beyond Latin-1, and a body has to be JSON.
 *
 * A literal goes into a body as a string where a string stood before.
 */
export function setPart(
  request: UnplacedRequest,
  carrier: Pagination['carrier'],
  name: string,
  value: PartValue,
): UnplacedRequest | null {
  if (carrier === 'query') {
    return { ...request, url: setQueryParameter(request.url, name, value.text) };
  }
  if (carrier === 'header') {
    const headers = setHeader(request.headers, name, value.text);
    return headers === null ? null : { ...request, headers };
  }
  const isBare = value.isLiteral && !getBodyMember(request.body, name)?.startsWith('"');
  const literal = isBare ? value.text : JSON.stringify(value.text);
  const body = setBodyMember(request.body, name, literal);
  return body === null ? null : { ...request, body };
}

/** The headers with one set, its name in lower case; null where HTTP cannot carry the value. */
export function setHeader(
  headers: Readonly<Record<string, string>> | undefined,
  name: string,
  value: string,
): Readonly<Record<string, string>> | null {
  return fitsHeader(value) ? { ...headers, [name.toLowerCase()]: value } : null;
}

/** Whether a value can stand in a header (RFC 9110 §5.5): no control character, Latin-1 at most. */
export function fitsHeader(value: string): boolean {
  return !/[^\t\P{Cc}]|[^\0-\u00ff]/u.test(value);
}
