/** Request and response headers as node:http2 takes and gives them. */
import { type IncomingHttpHeaders, sensitiveHeaders } from 'node:http2';
import type { HeaderValues, TransportRequest } from './transport.ts';

/** Values that must not end up in a compression table that others share (RFC 7541 §7.1.3). */
const CREDENTIAL_NAME =
  /^(authorization|proxy-authorization|cookie)$|token|secret|password|api-?key|auth|session|signature/;

interface HeaderTail {
  readonly fields: readonly string[];
  readonly sensitive: string[];
}

/** The headers of a run are one object, page after page: flatten it once. */
const tails = new WeakMap<TransportRequest['headers'], HeaderTail>();

function tailOf(headers: TransportRequest['headers']): HeaderTail {
  let tail = tails.get(headers);
  if (tail === undefined) {
    const names = Object.keys(headers);
    tail = {
      fields: names.flatMap((name) => [name, headers[name] ?? '']),
      sensitive: names.filter((name) => CREDENTIAL_NAME.test(name)),
    };
    // A caller may still change an object that it has not frozen.
    if (Object.isFrozen(headers)) tails.set(headers, tail);
  }
  return tail;
}

/** Flat `[name, value, …]`: node:http2 copies an object, and takes a list as it is. */
export function requestHeaders(
  request: TransportRequest,
  scheme: string,
  authority: string,
): string[] {
  const tail = tailOf(request.headers);
  const list = [
    ':method',
    request.method,
    ':authority',
    authority,
    ':scheme',
    scheme,
    ':path',
    request.path,
    ...tail.fields,
  ];
  if (request.body !== null) list.push('content-length', String(request.body.length));
  // node:http2 reads this property of a list, as of an object; its types do not know.
  Reflect.set(list, sensitiveHeaders, tail.sensitive);
  return list;
}

/**
 * Node keeps only the first of a repeated header that may stand once. A repeated Retry-After is to
 * be seen as such, so that one, and only that one, is counted in the list as received.
 */
export function responseHeaders(
  headers: IncomingHttpHeaders,
  received: readonly unknown[],
): HeaderValues {
  if (headers['retry-after'] === undefined) return headers;
  const values: string[] = [];
  for (let index = 0; index < received.length; index += 2) {
    if (received[index] === 'retry-after') values.push(String(received[index + 1]));
  }
  if (values.length < 2) return headers;
  return { ...headers, 'retry-after': values } as HeaderValues;
}
