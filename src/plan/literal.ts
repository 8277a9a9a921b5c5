/** What a literal of a page means. Numbers are never parsed where their text goes on to the server. */
import { jsonMembers } from './json-spans.ts';
import type { PartValue } from './request-parts.ts';

/** Nothing there, or something that APIs write for nothing: null, false, `""`, `{}`, `[]`. */
export function isNothing(literal: string | null): boolean {
  return literal === null || /^(?:null|false|""|\{\s*\}|\[\s*\])$/.test(literal);
}

/** A string's text, or another literal as it stands; null for nothing and for `true`. */
export function readScalar(literal: string | null): PartValue | null {
  if (literal === null || literal === 'true' || isNothing(literal)) return null;
  if (!literal.startsWith('"')) return { text: literal, isLiteral: true };
  const text = readString(literal);
  return text === null ? null : { text, isLiteral: false };
}

/** A string's text; null for all else. */
export function readString(literal: string | null): string | null {
  if (!literal?.startsWith('"')) return null;
  const value = readJson(literal);
  return typeof value === 'string' ? value : null;
}

/** A number of records or pages: digits alone, as a number or a string. -1 and 1e3 are none. */
export function readCount(literal: string | null): number | null {
  return countOf(readString(literal) ?? literal);
}

export function countOf(text: string | null): number | null {
  if (text === null || !/^[ \t]*[0-9]{1,16}[ \t]*$/.test(text)) return null;
  const count = Number(text);
  return Number.isSafeInteger(count) ? count : null;
}

/** true and false, also as strings; a number says how many more there are. */
export function readFlag(literal: string | null): boolean | null {
  const text = (readString(literal) ?? literal)?.toLowerCase();
  if (text === 'true' || text === 'false') return text === 'true';
  const count = countOf(text ?? null);
  return count === null ? null : count > 0;
}

/**
 * The members of an object as literals by name, or null where it is none. Keys are read one by one:
 * `JSON.parse` of a whole object may take an escaped key for another (V8, nodejs/node#63785).
 */
export function readMembers(literal: string): ReadonlyMap<string, string> | null {
  if (!literal.startsWith('{') || readJson(literal) === null) return null;
  const members = new Map<string, string>();
  for (const { key, from, to } of jsonMembers(literal, 0)) {
    members.set(JSON.parse(key), literal.slice(from, to));
  }
  return members;
}

/** A parsed value; null where it is no JSON. */
export function readJson(literal: string): unknown {
  try {
    return JSON.parse(literal);
  } catch {
    return null;
  }
}
