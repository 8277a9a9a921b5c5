import { EverypageError } from '../core/errors.ts';
import { escapeText } from '../core/escape.ts';

/** Where the records stand in a page. Made by `parseSelection`; never written by hand. */
export interface Selection {
  /** As the user wrote it; empty for the whole page. */
  readonly text: string;
  /** The keys to follow from the top, outermost first. */
  readonly keys: readonly SelectionKey[];
}

export interface SelectionKey {
  readonly name: string;
  readonly utf8: Uint8Array;
}

/**
 * Reads a dotted path: `data.items` is the value of `items` in the value of `data`. A dot or a
 * backslash within a key is written `\.` or `\\`. Empty text and null mean the whole page.
 *
 * Throws `EverypageError` with code `SELECTION` where a key is empty or a backslash stands alone.
 *
 *     parseSelection('hits.hits').keys.map((key) => key.name); // ['hits', 'hits']
 */
export function parseSelection(text: string | null): Selection {
  if (text === null || text === '') return { text: '', keys: [] };
  const names = splitAtDots(text);
  if (names.includes('')) throw malformed(text, emptyKeyReason(text));
  const encoder = new TextEncoder();
  return { text, keys: names.map((name) => ({ name, utf8: encoder.encode(name) })) };
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
      if (character !== '.' && character !== '\\') {
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
