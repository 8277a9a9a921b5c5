/**
 * What a literal of a page means. Numbers are never parsed where their text goes on to the server.
 * Positions in a JSON text, which is known to be valid, are characters.
 */

/** A literal as it goes back to the server, into a parameter, a header or a body. */
export interface PartValue {
  readonly text: string;
  /** `text` is the JSON of a number, an array or an object, and stands in a body without quotes. */
  readonly isLiteral: boolean;
}

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

/** Any shorter count is a safe integer. */
const LEAST_TOO_LONG = 16;

/**
 * Whether a literal is longer than what is read of one: a count of more digits than a number holds, or
 * a value that was cut to a lone quote (`createPicker`). It is there, and nobody knows what it says.
 */
export function isTooLong(literal: string | null): boolean {
  if (literal === null || (literal.length < LEAST_TOO_LONG && literal !== '"')) return false;
  return literal === '"' || (/^"?\d+"?$/.test(literal) && readCount(literal) === null);
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

export function skipJsonSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && ' \t\n\r'.includes(text.charAt(at))) at++;
  return at;
}

export interface JsonMember {
  /** The key with its quotes. */
  readonly key: string;
  /** Where the value begins and ends (exclusive). */
  readonly from: number;
  readonly to: number;
}

/** The members of the object that begins at `from`, equal keys among them. */
export function* jsonMembers(text: string, from: number): Generator<JsonMember> {
  let at = skipJsonSpace(text, from + 1);
  while (at < text.length && text.charAt(at) !== '}') {
    const keyEnd = endOfJsonString(text, at);
    const value = skipJsonSpace(text, skipJsonSpace(text, keyEnd) + 1);
    const to = endOfJsonValue(text, value);
    yield { key: text.slice(at, keyEnd), from: value, to };
    at = skipJsonSpace(text, to);
    if (text.charAt(at) === ',') at = skipJsonSpace(text, at + 1);
  }
}

/** The literals in the array that a JSON text is; none where it is no array. */
export function readElements(literal: string): readonly string[] {
  const elements: string[] = [];
  if (!literal.startsWith('[') || readJson(literal) === null) return elements;
  for (let at = skipJsonSpace(literal, 1); at < literal.length && literal.charAt(at) !== ']'; ) {
    const to = endOfJsonValue(literal, at);
    elements.push(literal.slice(at, to));
    at = skipJsonSpace(literal, to);
    if (literal.charAt(at) === ',') at = skipJsonSpace(literal, at + 1);
  }
  return elements;
}

/** Behind the closing quote of the string whose opening quote stands at `from`. */
function endOfJsonString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '"') return at + 1;
    if (character === '\\') at++;
  }
  return text.length;
}

/** Behind the value that begins at `from`. */
export function endOfJsonValue(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; ) {
    const character = text.charAt(at);
    if (character === '"') {
      at = endOfJsonString(text, at);
      if (depth === 0) return at;
      continue;
    }
    if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') {
      // Without one open, it closes what the value stands in.
      if (depth === 0) return at;
      if (--depth === 0) return at + 1;
    } else if (depth === 0 && ', \t\n\r'.includes(character)) return at;
    at++;
  }
  return text.length;
}
