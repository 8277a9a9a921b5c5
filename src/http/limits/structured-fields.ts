/**
 * Structured fields (RFC 9651): lists and dictionaries of items with parameters. The grammar is
 * strict on purpose: a field that breaks it anywhere says nothing (§4.2), and half a limit would be
 * worse than none.
 */
export type BareItem =
  | { readonly type: 'integer' | 'decimal' | 'date'; readonly value: number }
  | { readonly type: 'string' | 'token' | 'bytes'; readonly value: string }
  | { readonly type: 'boolean'; readonly value: boolean };

export interface Item {
  /** Null for an inner list, whose members nothing here asks for. */
  readonly bare: BareItem | null;
  readonly parameters: ReadonlyMap<string, BareItem>;
}

/** @returns the members, or null where the text is no list (§3.1) */
export function parseSfList(text: string): readonly Item[] | null {
  return whole(text, (cursor) => {
    const members: Item[] = [];
    do members.push(readMember(cursor));
    while (readComma(cursor));
    return members;
  });
}

/** @returns the members by key, the last of each winning, or null where the text is no dictionary (§3.2) */
export function parseSfDictionary(text: string): ReadonlyMap<string, Item> | null {
  return whole(text, (cursor) => {
    const members = new Map<string, Item>();
    do {
      const key = readKey(cursor);
      const item = cursor.take('=')
        ? readMember(cursor)
        : { bare: TRUE, parameters: readParameters(cursor) };
      members.set(key, item);
    } while (readComma(cursor));
    return members;
  });
}

const TRUE: BareItem = { type: 'boolean', value: true };

class Malformed extends Error {}

class Cursor {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  get next(): string {
    return this.text.charAt(this.at);
  }

  take(character: string): boolean {
    if (this.next !== character) return false;
    this.at += 1;
    return true;
  }

  /** What a sticky expression matches here. */
  match(grammar: RegExp): string {
    grammar.lastIndex = this.at;
    const found = grammar.exec(this.text);
    if (found === null) throw new Malformed();
    this.at += found[0].length;
    return found[0];
  }

  skip(blanks: string): void {
    while (this.at < this.text.length && blanks.includes(this.next)) this.at += 1;
  }
}

function whole<T>(text: string, read: (cursor: Cursor) => T): T | null {
  const cursor = new Cursor(text);
  cursor.skip(' ');
  try {
    const value = read(cursor);
    cursor.skip(' ');
    return cursor.at === text.length ? value : null;
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}

/** Whether another member follows; a comma at the very end is malformed (§4.2.1). */
function readComma(cursor: Cursor): boolean {
  const before = cursor.at;
  cursor.skip(' \t');
  if (!cursor.take(',')) {
    cursor.at = before;
    return false;
  }
  cursor.skip(' \t');
  return true;
}

function readMember(cursor: Cursor): Item {
  if (!cursor.take('(')) {
    return { bare: readBare(cursor), parameters: readParameters(cursor) };
  }
  for (;;) {
    cursor.skip(' ');
    if (cursor.take(')')) return { bare: null, parameters: readParameters(cursor) };
    readBare(cursor);
    readParameters(cursor);
    if (cursor.next !== ' ' && cursor.next !== ')') throw new Malformed();
  }
}

function readParameters(cursor: Cursor): ReadonlyMap<string, BareItem> {
  const parameters = new Map<string, BareItem>();
  while (cursor.take(';')) {
    cursor.skip(' ');
    const key = readKey(cursor);
    parameters.set(key, cursor.take('=') ? readBare(cursor) : TRUE);
  }
  return parameters;
}

const KEY = /[a-z*][a-z0-9_.*-]*/y;
const NUMBER = /-?\d{1,15}(?:\.\d{1,3})?(?![\d.])/y;
const TOKEN = /[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*/y;
const STRING = /"(?:[ !#-[\]-~]|\\["\\])*"/y;
const BYTES = /:[A-Za-z0-9+/]*={0,2}:/y;
const DISPLAY_STRING = /%"(?:[ !#$&-~]|%[0-9a-f]{2})*"/y;

function readKey(cursor: Cursor): string {
  return cursor.match(KEY);
}

function readBare(cursor: Cursor): BareItem {
  const { next } = cursor;
  if (next === '"') {
    return { type: 'string', value: cursor.match(STRING).slice(1, -1).replace(/\\(.)/g, '$1') };
  }
  if (next === ':') return { type: 'bytes', value: cursor.match(BYTES).slice(1, -1) };
  if (next === '%') return { type: 'string', value: cursor.match(DISPLAY_STRING).slice(2, -1) };
  if (cursor.take('?')) return { type: 'boolean', value: readBoolean(cursor) };
  if (cursor.take('@')) {
    const value = readNumber(cursor);
    if (value.type !== 'integer') throw new Malformed();
    return { type: 'date', value: value.value };
  }
  if (next === '-' || (next >= '0' && next <= '9')) return readNumber(cursor);
  return { type: 'token', value: cursor.match(TOKEN) };
}

function readBoolean(cursor: Cursor): boolean {
  if (cursor.take('1')) return true;
  if (cursor.take('0')) return false;
  throw new Malformed();
}

function readNumber(cursor: Cursor): { type: 'integer' | 'decimal'; value: number } {
  const text = cursor.match(NUMBER);
  const dot = text.indexOf('.');
  if (dot === -1) return { type: 'integer', value: Number(text) };
  // §4.2.4: twelve digits at most before the dot of a decimal.
  if (text.replace('-', '').indexOf('.') > 12) throw new Malformed();
  return { type: 'decimal', value: Number(text) };
}
