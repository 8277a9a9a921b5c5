import { endOfSpace, endOfString } from '../json-tokens.ts';

/** What JSON can say, as JavaScript holds it; objects have no prototype, so any key is only a key. */
export type JsonValue = string | number | boolean | null | JsonArray | JsonObject;
export type JsonArray = readonly JsonValue[];
interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** A page as values, and how the server wrote them. */
export interface PageTree {
  readonly root: JsonValue;
  readonly bytes: Uint8Array;
  /** Where each object and array stands: start and end (exclusive) in bytes. */
  readonly spans: ReadonlyMap<object, Span>;
  /**
   * Literals of numbers and strings that differ from what `JSON.stringify` writes for their value, by
   * key. What stands alone at the top counts as the first element of `ALONE`.
   */
  readonly texts: ReadonlyMap<object, ReadonlyMap<string | number, string>>;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** Stands for the container that a page's top-level value does not have. */
export const ALONE: JsonArray = Object.freeze([]);

interface Open {
  readonly start: number;
  readonly container: JsonValue[] | Record<string, JsonValue>;
  /** Of the value that comes next, where the container is an object. */
  key: string;
}

const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Reads a page that is known to be valid JSON. Of equal keys the last counts, as in `JSON.parse`. */
export function readPageTree(bytes: Uint8Array): PageTree {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const spans = new Map<object, Span>();
  const texts = new Map<object, Map<string | number, string>>();
  const opened: Open[] = [];
  const last = bytes.length;
  let escapeAt = -1;
  let pos = endOfSpace(bytes, bytes[0] === 0xef ? 3 : 0);

  /** The first backslash that stands at `pos` or later; asked for once for each backslash. */
  function nextEscape(): number {
    if (escapeAt < pos) escapeAt = text.indexOf(BACKSLASH, pos);
    if (escapeAt < 0) escapeAt = text.length;
    return escapeAt;
  }

  function readString(): string {
    const start = pos;
    const firstEscape = nextEscape();
    pos = endOfString(bytes, start + 1, last);
    return firstEscape > pos
      ? text.toString('utf8', start + 1, pos - 1)
      : JSON.parse(text.toString('utf8', start, pos));
  }

  function readKey(open: Open): void {
    open.key = readString();
    if (open.key in open.container) texts.get(open.container)?.delete(open.key);
    pos = endOfSpace(bytes, endOfSpace(bytes, pos) + 1);
  }

  function keepText(literal: string): void {
    const { container, key: name } = opened.at(-1) ?? { container: ALONE, key: '' };
    const key = Array.isArray(container) ? container.length : name;
    const others = texts.get(container);
    if (others === undefined) texts.set(container, new Map([[key, literal]]));
    else others.set(key, literal);
  }

  function readScalar(): JsonValue {
    const start = pos;
    if (bytes[pos] === QUOTE) {
      const firstEscape = nextEscape();
      const value = readString();
      if (firstEscape < pos) {
        const literal = text.toString('utf8', start, pos);
        if (literal !== JSON.stringify(value)) keepText(literal);
      }
      return value;
    }
    while (pos < last && isInLiteral(bytes[pos]!)) pos++;
    const literal = text.toString('latin1', start, pos);
    if (literal === 'true') return true;
    if (literal === 'false') return false;
    if (literal === 'null') return null;
    const value = Number(literal);
    if (String(value) !== literal) keepText(literal);
    return value;
  }

  for (;;) {
    const start = pos;
    const first = bytes[start]!;
    let value: JsonValue;
    if (first === OPEN_BRACE || first === OPEN_BRACKET) {
      const container: Open['container'] = first === OPEN_BRACE ? Object.create(null) : [];
      pos = endOfSpace(bytes, pos + 1);
      if (bytes[pos] !== CLOSE_BRACE && bytes[pos] !== CLOSE_BRACKET) {
        const open = { start, container, key: '' };
        opened.push(open);
        if (first === OPEN_BRACE) readKey(open);
        continue;
      }
      pos++;
      spans.set(container, { start, end: pos });
      value = container;
    } else value = readScalar();

    // A value is complete: a comma leads to the next one, a bracket completes the one around it.
    for (;;) {
      const around = opened.at(-1);
      if (around === undefined) return { root: value, bytes, spans, texts };
      if (Array.isArray(around.container)) around.container.push(value);
      else around.container[around.key] = value;
      pos = endOfSpace(bytes, pos);
      if (bytes[pos] === COMMA) {
        pos = endOfSpace(bytes, pos + 1);
        if (!Array.isArray(around.container)) readKey(around);
        break;
      }
      pos++;
      opened.pop();
      spans.set(around.container, { start: around.start, end: pos });
      value = around.container;
    }
  }
}

function isInLiteral(byte: number): boolean {
  return byte > SPACE && byte !== COMMA && byte !== CLOSE_BRACKET && byte !== CLOSE_BRACE;
}
