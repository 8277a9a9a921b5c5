import { EverypageError } from '../core/errors.ts';
import { escapeText } from '../core/escape.ts';

/** Where the records of a page stand. */
export interface FoundRecords {
  /** Records under the selection. */
  readonly count: number;
  /** Start and end (exclusive) of each record, in bytes: `2 * count` numbers, then stale ones. */
  readonly spans: Uint32Array;
  /** No insignificant white space stands anywhere inside the top-level value. */
  readonly compact: boolean;
  /**
   * What the spans count in, where that is not the page's body: the records that an expression
   * made, in order, with one comma between two of them.
   */
  readonly source?: Uint8Array;
}

/** Where the records stand in a page. Made by `parseSelection` or `readSelection`. */
export interface Selection {
  /** As the user wrote it; empty for the whole page. */
  readonly text: string;
  /**
   * The keys to follow from the top, outermost first; none for the whole page and for `@`. Of an
   * expression those that lead to what it takes the values of, if that is all it does.
   */
  readonly keys: readonly SelectionKey[];
  /**
   * Only for an expression: the records it gives for a page that is known to be valid JSON. Throws
   * `EverypageError` with code `SELECTION` where it cannot be applied to the page.
   */
  readonly evaluate?: (page: Uint8Array) => FoundRecords;
}

export interface SelectionKey {
  readonly name: string;
  readonly utf8: Uint8Array;
}

/** What makes a selection an expression, unless a backslash stands before it. */
const EXPRESSION_CHARACTERS = '[]{}|*()&\'"`?,!=<>';

/**
 * Reads a dotted path: `data.items` is the value of `items` in the value of `data`. A dot or a
 * backslash within a key is written `\.` or `\\`; the characters of expressions and a lone `@` may
 * have a backslash before them too. Empty text and null mean the whole page; `@` means its elements
 * where the page is an array, else the page.
 *
 * Throws `EverypageError` with code `SELECTION` where a key is empty or a backslash stands alone.
 *
 *     parseSelection('hits.hits').keys.map((key) => key.name); // ['hits', 'hits']
 */
export function parseSelection(text: string | null): Selection {
  if (text === null || text === '') return { text: '', keys: [] };
  if (text === '@') return { text, keys: [] };
  const names = splitAtDots(text);
  if (names.includes('')) throw malformed(text, emptyKeyReason(text));
  return { text, keys: keysOf(names) };
}

/** The keys that a selection follows. */
export function keysOf(names: readonly string[]): Selection['keys'] {
  const encoder = new TextEncoder();
  return names.map((name) => ({ name, utf8: encoder.encode(name) }));
}

/**
 * The dotted path of these keys, such that `parseSelection` and `readSelection` read it as them.
 *
 *     pathOf(['@odata.nextLink', 'page[size]']); // '@odata\\.nextLink.page\\[size\\]'
 */
export function pathOf(names: readonly string[]): string {
  if (names.length === 1 && names[0] === '@') return '\\@';
  return names
    .map((name) =>
      Array.from(name, (character) => (isEscapable(character) ? `\\${character}` : character)).join(
        '',
      ),
    )
    .join('.');
}

/** Whether the text is a JMESPath expression and no dotted path. */
export function isExpression(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (EXPRESSION_CHARACTERS.includes(text.charAt(at))) return true;
  }
  return false;
}

function isEscapable(character: string): boolean {
  return character === '.' || character === '\\' || EXPRESSION_CHARACTERS.includes(character);
}

function splitAtDots(text: string): string[] {
  const names = [''];
  for (let at = 0; at < text.length; at++) {
    let character = text.charAt(at);
    if (character === '.') {
      names.push('');
      continue;
    }
    if (character === '\\') {
      character = text.charAt(++at);
      if (character === '' || (character !== '@' && !isEscapable(character))) {
        throw malformed(text, 'a backslash may only stand before a dot or a backslash');
      }
    }
    names[names.length - 1] += character;
  }
  return names;
}

function emptyKeyReason(text: string): string {
  if (text.startsWith('.')) return 'it begins with a dot';
  return text.includes('..') ? 'it has two dots in a row' : 'it ends with a dot';
}

function malformed(text: string, reason: string): EverypageError {
  return new EverypageError(
    'SELECTION',
    `The selection "${escapeText(text, 80)}" cannot be read: ${reason}. ` +
      'Write the keys that lead to the records with dots between them, such as data.items; ' +
      'a dot within a key is written \\.',
  );
}
