import { isUtf8 } from 'node:buffer';
import { escapeText } from '../core/escape.ts';
import { endOfSpace, endOfString, keyName } from './json-tokens.ts';
import type { Selection } from './selection.ts';

/** What is wrong with a body, in words for the reader of a message. Nothing here runs for good pages. */

const MAX_KEYS_SHOWN = 8;
const MAX_KEY_CHARACTERS = 40;
const QUOTE = 0x22;
const OPEN_BRACKET = 0x5b;
const OPEN_BRACE = 0x7b;
const COLON = 0x3a;
const COMMA = 0x2c;
const LINE_FEED = 0x0a;
const LESS_THAN = 0x3c;
const BEGINS_VALUE = Buffer.from('{["-0123456789tfn');

/** Why a text is not JSON. */
export interface JsonFault {
  /** Of the first byte that cannot stand where it stands; the length where the text ends early. */
  readonly offset: number;
  /** A few words that complete "the body is not JSON: …". */
  readonly reason: string;
}

/** What the text is if it is not UTF-8, or null. Looks at marks and at where the NUL bytes stand. */
export function findWideEncoding(bytes: Uint8Array): JsonFault | null {
  const [first, second, third, fourth] = bytes;
  const named = (name: string): JsonFault => ({ offset: 0, reason: `it is ${name}, not UTF-8` });
  if (first === 0xff && second === 0xfe) {
    return named(third === 0 && fourth === 0 ? 'UTF-32' : 'UTF-16');
  }
  if (first === 0xfe && second === 0xff) return named('UTF-16');
  if (first === 0 && second === 0 && (third !== 0 || fourth !== 0)) return named('UTF-32');
  if (second === 0 && third === 0 && fourth === 0) return named('UTF-32');
  if ((first === 0) !== (second === 0) && bytes.length > 1) return named('UTF-16');
  return null;
}

/** Bytes looked at together: short enough to search one by one, long enough to pass over quickly. */
const BLOCK_BYTES = 4096;

/** The offset of the first byte that begins no valid UTF-8 sequence, or -1. */
export function findBadUtf8(bytes: Uint8Array): number {
  let start = 0;
  while (start < bytes.length) {
    let end = Math.min(start + BLOCK_BYTES, bytes.length);
    // A block must not cut a sequence, and a sequence has at most three continuation bytes.
    for (let back = 0; back < 3 && end < bytes.length && isContinuation(bytes[end]!); back++) end--;
    if (!isUtf8(bytes.subarray(start, end))) return findBadUtf8Within(bytes, start, end);
    start = end;
  }
  return -1;
}

function findBadUtf8Within(bytes: Uint8Array, start: number, end: number): number {
  let pos = start;
  while (pos < end) {
    const lead = bytes[pos]!;
    const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (length > 1 && !isUtf8(bytes.subarray(pos, pos + length))) break;
    pos += length;
  }
  return pos;
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

export function badUtf8(offset: number): JsonFault {
  return { offset, reason: 'it is not valid UTF-8' };
}

/** What is wrong at `offset` inside a string of a text that ends at `end`. */
export function stringFault(bytes: Uint8Array, offset: number, end: number): JsonFault {
  if (offset >= end - 1) return { offset: end, reason: 'it ends early' };
  const control = bytes[offset]! < 0x20 && bytes[offset - 1] !== 0x5c;
  return { offset, reason: `a string holds ${control ? 'a control character' : 'a bad escape'}` };
}

/** What is wrong at `offset`, where something else was due, in a text that ends at `end`. */
export function unexpected(bytes: Uint8Array, offset: number, end: number): JsonFault {
  if (offset >= end) return { offset: end, reason: 'it ends early' };
  const next = Buffer.from(bytes.subarray(offset, Math.min(offset + 12, end)));
  const isCut = (literal: string): boolean => literal.startsWith(next.toString('latin1'));
  if (['true', 'false', 'null'].some(isCut)) return { offset: end, reason: 'it ends early' };
  const constant = /^(?:NaN|Infinity|undefined|None|True|False)\b/.exec(next.toString('latin1'));
  if (constant) return { offset, reason: `${constant[0]} is not JSON` };
  const character = String.fromCodePoint(next.toString().codePointAt(0)!);
  const isTrailing = (character === '}' || character === ']') && isAfterComma(bytes, offset);
  if (isTrailing) return { offset, reason: `a comma stands before ${character}` };
  return { offset, reason: `unexpected character ${escapeText(character)}` };
}

function isAfterComma(bytes: Uint8Array, offset: number): boolean {
  let before = offset - 1;
  while (before >= 0 && bytes[before]! <= 0x20) before--;
  return bytes[before] === COMMA;
}

/** What is wrong behind a whole value that ends at `from`, in a text that ends at `end`. */
export function behindValue(bytes: Uint8Array, from: number, end: number): JsonFault {
  const offset = endOfSpace(bytes, from);
  const isLine = bytes.subarray(from, offset).includes(LINE_FEED);
  if (isLine && offset < end && BEGINS_VALUE.includes(bytes[offset]!)) {
    return {
      offset,
      reason: 'another value begins on a line of its own: it looks like JSON Lines',
    };
  }
  return unexpected(bytes, offset, end);
}

/** Elements that begin an HTML page or a fragment; XML names its own. */
const HTML =
  /^<(?:!doctype\s+html|!--|\/?(?:html|head|body|title|meta|link|script|style|h[1-6]|p|div|span|pre|center|table|ul|ol|img|br|hr|a|b|i|em|strong|font|form|main|section|header|svg)\b)/i;
/** A call of a function, be it behind a comment, around the JSON. */
const JSONP = /^(?:\/\*[^*]{0,80}\*\/)?\s*[A-Za-z_$][\w$.[\]]{0,99}\s*\(\s*(?:[{[\])]|$)/;

/** What a body is that breaks the grammar at `offset`, where its beginning tells; null where not. */
export function nameFormat(bytes: Uint8Array, offset: number): string | null {
  const begin = bytes[0] === 0xef ? 3 : 0;
  const start = Buffer.from(bytes.subarray(begin, begin + 300))
    .toString('latin1')
    .trimStart();
  if (bytes[offset] === LESS_THAN && start.startsWith('<') && isFirst(bytes, offset)) {
    return HTML.test(start) ? 'HTML' : 'XML';
  }
  return JSONP.test(start) ? 'JSONP' : null;
}

/** Whether nothing but white space and a byte order mark stands before `offset`. */
function isFirst(bytes: Uint8Array, offset: number): boolean {
  return bytes.subarray(0, offset).every((byte) => byte <= 0x20 || byte >= 0xbb);
}

/** Whether it begins as something that people can read. */
export function isText(bytes: Uint8Array): boolean {
  const start = bytes.subarray(0, 64);
  return (
    isUtf8(start.subarray(0, start.findLastIndex((byte) => byte < 0x80) + 1)) && !start.includes(0)
  );
}

/**
 * Says why a page has no value under a selection, by naming what it has instead:
 * `data.items is not in this page (it has: error, code)`, or, where the path begins well,
 * `data.items is not in this page (data has: rows, total)`. `body` is a page that a scan of
 * `selection` found valid, and `missing`.
 */
export function describeMissing(body: Uint8Array, { text, keys }: Selection): string {
  let at = endOfSpace(body, body[0] === 0xef ? 3 : 0);
  let followed = 0;
  for (const key of keys) {
    const next = memberOf(body, at, key.name);
    if (next === null) break;
    at = next;
    followed++;
  }
  const has = body[at] === OPEN_BRACE ? `has: ${listKeys(body, at)}` : null;
  const prefix = keys.slice(0, followed).map((key) => key.name.replace(/[\\.]/g, '\\$&'));
  const instead =
    followed === 0
      ? `it ${has ?? `is ${nameOf(body[at]!)}`}`
      : `${escapeText(prefix.join('.'), 80)} ${has ?? 'is no object'}`;
  return `${escapeText(text, 80)} is not in this page (${instead})`;
}

/** Where the value of a key begins in the value at `start`, or null. Of equal keys the last counts. */
function memberOf(body: Uint8Array, start: number, key: string): number | null {
  if (body[start] !== OPEN_BRACE) return null;
  let found: number | null = null;
  for (const [name, valueAt] of members(body, start)) if (name === key) found = valueAt;
  return found;
}

function nameOf(first: number): string {
  if (first === OPEN_BRACKET) return 'an array';
  if (first === QUOTE) return 'a string';
  if (first === 0x6e) return 'null';
  return first === 0x74 || first === 0x66 ? 'a boolean' : 'a number';
}

/** The first keys of the valid object that begins at `start`, as text to show. */
function listKeys(body: Uint8Array, start: number): string {
  const names: string[] = [];
  for (const [name] of members(body, start)) {
    if (names.length === MAX_KEYS_SHOWN) return `${names.join(', ')}, …`;
    names.push(escapeText(name, MAX_KEY_CHARACTERS));
  }
  return names.length === 0 ? 'no keys' : names.join(', ');
}

/** Each key of the valid object that begins at `start`, and where its value begins. */
function* members(body: Uint8Array, start: number): Generator<readonly [string, number]> {
  let depth = 0;
  let pos = start;
  do {
    const c = body[pos]!;
    if (c === QUOTE) {
      const end = endOfString(body, pos + 1, body.length);
      const colon = endOfSpace(body, end);
      if (depth === 1 && body[colon] === COLON) {
        yield [keyName(body.subarray(pos + 1, end - 1)), endOfSpace(body, colon + 1)];
      }
      pos = end;
      continue;
    }
    if (c === OPEN_BRACE || c === OPEN_BRACKET) depth++;
    else if (c === OPEN_BRACE + 2 || c === OPEN_BRACKET + 2) depth--;
    pos++;
  } while (depth > 0);
}
