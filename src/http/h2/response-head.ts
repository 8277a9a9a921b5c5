/** What a decoded header list of a response may be (RFC 9113 §8.2, §8.3.2), and its fields by name. */
import type { HeaderValues } from '../transport.ts';
import { checkFieldName, isFieldValue } from './field-rules.ts';

export interface ResponseHead {
  readonly status: number;
  readonly headers: HeaderValues;
}

const STATUS = /^[1-9][0-9][0-9]$/;
const DIGITS = /^[0-9]{1,15}$/;
/** Checked names, since the same few come again and again; bounded, since the server picks them. */
const knownNames = new Set<string>();
const MAX_KNOWN_NAMES = 256;

/** @returns the head, or what is malformed about it */
export function readResponseHead(fields: readonly string[]): ResponseHead | string {
  const status = fields[1];
  if (fields[0] !== ':status' || status === undefined) return 'a response without :status first';
  if (!STATUS.test(status)) return 'a :status that is no status';
  const headers = collectFields(fields, 2);
  return typeof headers === 'string' ? headers : { status: Number(status), headers };
}

/** @returns null, or what is malformed about trailers */
export function checkTrailers(fields: readonly string[]): string | null {
  const headers = collectFields(fields, 0);
  return typeof headers === 'string' ? headers : null;
}

/**
 * No name means anything but itself, `__proto__` and `constructor` included: what these objects
 * inherit from is empty. An object without a prototype would do as well, but for V8 that is a hash
 * table, which costs 2 µs more a page to fill and to walk.
 */
const Fields = function Fields() {} as unknown as new () => Record<
  string,
  string | string[] | undefined
>;
Fields.prototype = Object.create(null);

/** A repeated field becomes a list, in the order received. */
function collectFields(fields: readonly string[], from: number): HeaderValues | string {
  const headers = new Fields();
  for (let at = from; at < fields.length; at += 2) {
    const name = fields[at]!;
    let value = fields[at + 1]!;
    const malformed = checkName(name);
    if (malformed !== null) return malformed;
    if (!isFieldValue(value)) return `a control character in ${name}`;
    // Not allowed, but harmless and sent by some: no reason to lose a page.
    if (isBlank(value, 0) || isBlank(value, value.length - 1)) value = value.trim();
    const before = headers[name];
    if (name === 'content-length' && (before !== undefined || !DIGITS.test(value))) {
      return 'a content-length that is no length';
    }
    if (before === undefined) headers[name] = name === 'set-cookie' ? [value] : value;
    else if (typeof before === 'string') headers[name] = [before, value];
    else before.push(value);
  }
  return headers;
}

function checkName(name: string): string | null {
  if (knownNames.has(name)) return null;
  const wrong = checkFieldName(name);
  if (wrong === null && knownNames.size < MAX_KNOWN_NAMES && name.length <= 64) {
    knownNames.add(name);
  }
  return wrong;
}

function isBlank(value: string, at: number): boolean {
  const code = value.charCodeAt(at);
  return code === 0x20 || code === 0x09;
}
