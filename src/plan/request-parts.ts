/** The parts of a request that say which page it is: query parameter, header, member of the body. */
import { isDeepStrictEqual } from 'node:util';
import type { PageRequest } from '../core/page-request.ts';
import type { Pagination } from '../core/pagination.ts';
import { endOfJsonValue, jsonMembers, type PartValue, readJson, skipJsonSpace } from './literal.ts';
import { getQueryParameter, setQueryParameter } from './query-parameter.ts';

/** A request whose place in the plan is not given yet. */
export type UnplacedRequest = Omit<PageRequest, 'place'>;

/**
 * The request with one part set. Null where it cannot be: a header's value may hold no line break
 * and nothing beyond Latin-1, and a body has to be JSON.
 *
 * `filter.skip` is a member of the parameter `filter` where that holds a JSON object: `filter={"limit":50}`.
 */
export function setPart(
  request: UnplacedRequest,
  carrier: Pagination['carrier'],
  name: string,
  value: PartValue,
): UnplacedRequest | null {
  if (carrier === 'query') {
    const url = setInJson(request.url, name, value);
    return { ...request, url: url ?? setQueryParameter(request.url, name, value.text) };
  }
  if (carrier === 'header') {
    const headers = setHeader(request.headers, name, value.text);
    return headers === null ? null : { ...request, headers };
  }
  const body = setMember(request.body, name, value);
  return body === null ? null : { ...request, body };
}

/** A literal goes in as a string where a string stood before. */
export function setMember(
  body: Uint8Array | null,
  name: string,
  value: PartValue,
): Uint8Array | null {
  const isBare = value.isLiteral && !getBodyMember(body, name)?.startsWith('"');
  return setBodyMember(body, name, isBare ? value.text : JSON.stringify(value.text));
}

/** Null where the parameter before the dot holds no JSON object, or the URL has one of the whole name. */
function setInJson(url: string, name: string, value: PartValue): string | null {
  const dot = name.indexOf('.');
  if (dot < 1 || getQueryParameter(url, name) !== null) return null;
  const [outer, inner] = [name.slice(0, dot), name.slice(dot + 1)];
  const json = getQueryParameter(url, outer)?.trim() ?? '';
  if (!json.startsWith('{')) return null;
  const body = setMember(Buffer.from(json), inner, value);
  return body === null ? null : setQueryParameter(url, outer, Buffer.from(body).toString());
}

/** Whether the request has something in that part; nothing after `page=` counts as nothing. */
export function hasPart(
  { url, headers = {}, body }: UnplacedRequest,
  carrier: Pagination['carrier'],
  name: string,
): boolean {
  if (carrier === 'query') return (getQueryParameter(url, name) ?? '') !== '';
  if (carrier === 'header') return headers[name.toLowerCase()] !== undefined;
  return getBodyMember(body, name) !== null;
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

/** Whether two requests ask a server for the same thing. */
export function isSameRequest(a: UnplacedRequest, b: UnplacedRequest): boolean {
  return (
    a.url === b.url &&
    a.method === b.method &&
    isSameBody(a.body, b.body) &&
    isDeepStrictEqual({ ...a.headers }, { ...b.headers })
  );
}

function isSameBody(a: Uint8Array | null, b: Uint8Array | null): boolean {
  if (a === null || b === null) return a === b;
  return Buffer.compare(a, b) === 0;
}

/**
 * Members of a JSON request body, changed in place: only the member's own bytes are replaced, so
 * numbers beyond 2^53, key order and white space elsewhere stay as the user wrote them.
 */

/**
 * The body with the member at a dotted path set to a JSON text. What is missing on the way, or null,
 * becomes an object; a number names an element of an array. No body counts as `{}`.
 *
 * Null where that cannot be done: the body is no JSON, or something else stands in the way.
 *
 *     setBodyMember(Buffer.from('{"id":1e0}'), 'page.after', '"x"'); // {"id":1e0,"page":{"after":"x"}}
 */
export function setBodyMember(
  body: Uint8Array | null,
  path: string,
  literal: string,
): Uint8Array | null {
  const names = splitPath(path);
  const text = latin1Of(body);
  if (names === null || text === null) return null;
  const place = walk(text, names);
  if (place === null) return null;
  const { rest } = place;
  const member = rest.map((name) => `{${JSON.stringify(name)}:`).join('');
  const written = latin1(member + literal + '}'.repeat(rest.length));
  const before = text.slice(0, place.from);
  if (!place.isObject) return Buffer.from(before + written + text.slice(place.to), 'latin1');
  // Into an object, behind its last member: without the braces of its own.
  const comma = place.isEmpty ? '' : ',';
  return Buffer.from(`${before}${comma}${written.slice(1, -1)}${text.slice(place.to)}`, 'latin1');
}

/** The parsed body; null without one, and where it is no JSON. */
export function parsedBody({ body }: Pick<UnplacedRequest, 'body'>): unknown {
  return body === null ? null : readJson(Buffer.from(body).toString());
}

/** The literal text at a dotted path of a JSON body, or null where nothing stands there. */
export function getBodyMember(body: Uint8Array | null, path: string): string | null {
  const names = splitPath(path);
  const text = latin1Of(body);
  const place = names === null || text === null ? null : walk(text, names);
  if (text === null || place === null || place.rest.length > 0) return null;
  return Buffer.from(text.slice(place.from, place.to), 'latin1').toString();
}

/** Where a path ends, or where what is missing of it has to go. */
interface Place {
  readonly from: number;
  readonly to: number;
  /** Names that are not there. */
  readonly rest: readonly string[];
  /** They are to be added to an object; else they replace it. */
  readonly isObject: boolean;
  readonly isEmpty: boolean;
}

function walk(text: string, names: readonly string[]): Place | null {
  let from = skipJsonSpace(text, 0);
  for (const [index, name] of names.entries()) {
    const opener = text.charAt(from);
    const rest = names.slice(index);
    if (opener === 'n') return { from, to: from + 4, rest, isObject: false, isEmpty: false };
    if (opener === '[') {
      const element = findElement(text, from, name);
      if (element === null) return null;
      from = element;
      continue;
    }
    if (opener !== '{') return null;
    const { at, end, isEmpty } = findMember(text, from, name);
    if (at === null) return { from: end, to: end, rest, isObject: true, isEmpty };
    from = at;
  }
  return { from, to: endOfJsonValue(text, from), rest: [], isObject: false, isEmpty: false };
}

interface Found {
  readonly at: number | null;
  /** Behind the last value. */
  readonly end: number;
  readonly isEmpty: boolean;
}

/** Of equal keys the last counts, as for `JSON.parse`. */
function findMember(text: string, object: number, name: string): Found {
  let at: number | null = null;
  let end = object + 1;
  let isEmpty = true;
  for (const { key, from, to } of jsonMembers(text, object)) {
    if (JSON.parse(Buffer.from(key, 'latin1').toString()) === name) at = from;
    end = to;
    isEmpty = false;
  }
  return { at, end, isEmpty };
}

function findElement(text: string, array: number, name: string): number | null {
  let at = skipJsonSpace(text, array + 1);
  for (let index = 0; text.charAt(at) !== ']'; index++) {
    if (String(index) === name) return at;
    at = skipJsonSpace(text, endOfJsonValue(text, at));
    if (text.charAt(at) === ',') at = skipJsonSpace(text, at + 1);
  }
  return null;
}

/** One character a byte: positions are bytes, and text search still works. Null: no JSON. */
function latin1Of(body: Uint8Array | null): string | null {
  if (body === null || body.length === 0) return '{}';
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body));
  } catch {
    return null;
  }
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1');
}

function latin1(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/** A dotted path's names; `\.` is a dot and `\\` a backslash within one. Null for an empty path. */
function splitPath(path: string): readonly string[] | null {
  if (path === '') return null;
  const names = [''];
  for (const [part] of path.matchAll(/\\[.\\]|./gs)) {
    if (part === '.') names.push('');
    else names[names.length - 1] += part.length === 2 ? part.charAt(1) : part;
  }
  return names;
}
