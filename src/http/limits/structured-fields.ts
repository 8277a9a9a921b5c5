/**
 * Structured fields (RFC 9651), by the package `structured-headers`. A field that breaks the grammar
 * anywhere says nothing (§4.2): half a limit would be worse than none.
 */
import { type InnerList, type Item, parseDictionary, parseList } from 'structured-headers';

export type Member = Item | InnerList;

/** The members; null where the text is no list (§3.1). */
export function parseSfList(text: string): readonly Member[] | null {
  return parsed(text, parseList);
}

/** The members by key, the last of each winning; null where the text is no dictionary (§3.2). */
export function parseSfDictionary(text: string): ReadonlyMap<string, Member> | null {
  return parsed(text, parseDictionary);
}

export function isInteger(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value);
}

/** An empty field is none, since a server that says nothing states no limit. */
function parsed<T>(text: string, parse: (text: string) => T): T | null {
  if (text.trim() === '') return null;
  try {
    return parse(text);
  } catch {
    return null;
  }
}
