import { escapeText } from '../core/escape.ts';
import { createJsonScanner } from './json-scan.ts';
import { endOfSpace, endOfString, keyName } from './json-tokens.ts';
import type { Selection } from './selection.ts';

const MAX_KEYS_SHOWN = 8;
const MAX_KEY_CHARACTERS = 40;
const QUOTE = 0x22;
const OPEN_BRACKET = 0x5b;
const OPEN_BRACE = 0x7b;
const COLON = 0x3a;

/**
 * Says why a page has no value under a selection, by naming what it has instead:
 * `data.items is not in this page (it has: error, code)`, or, where the path begins well,
 * `data.items is not in this page (data has: rows, total)`. `body` is a page that a scan of
 * `selection` found valid, and `missing`.
 */
export function describeMissing(body: Uint8Array, selection: Selection): string {
  const selected = escapeText(selection.text, 80);
  for (let length = selection.keys.length - 1; length > 0; length--) {
    const keys = selection.keys.slice(0, length);
    const text = keys.map((key) => key.name.replace(/[\\.]/g, '\\$&')).join('.');
    const scan = createJsonScanner({ text, keys }).scan(body);
    if (!scan.valid || scan.found === 'missing') continue;
    const prefix = escapeText(text, 80);
    const inner = scan.count === 1 ? shapeOf(body, scan.spans[0]!) : null;
    // The scanner gives an array's elements: only what stands before them tells it from an object.
    if (inner?.keys != null && precededByColon(body, scan.spans[0]!)) {
      return `${selected} is not in this page (${prefix} has: ${inner.keys})`;
    }
    return `${selected} is not in this page (${prefix} is no object)`;
  }
  const shape = shapeOf(body, endOfSpace(body, startOf(body)));
  const has = shape.keys === null ? `it is ${shape.name}` : `it has: ${shape.keys}`;
  return `${selected} is not in this page (${has})`;
}

function startOf(body: Uint8Array): number {
  return body[0] === 0xef ? 3 : 0;
}

function precededByColon(body: Uint8Array, start: number): boolean {
  let pos = start - 1;
  while (pos > 0 && body[pos]! <= 0x20) pos--;
  return body[pos] === COLON;
}

function shapeOf(
  body: Uint8Array,
  start: number,
): { readonly name: string; readonly keys: string | null } {
  const first = body[start]!;
  if (first === OPEN_BRACE) return { name: 'an object', keys: listKeys(body, start) };
  if (first === OPEN_BRACKET) return { name: 'an array', keys: null };
  if (first === QUOTE) return { name: 'a string', keys: null };
  if (first === 0x6e) return { name: 'null', keys: null };
  return { name: first === 0x74 || first === 0x66 ? 'a boolean' : 'a number', keys: null };
}

/** The first keys of the valid object that begins at `start`, as text to show. */
function listKeys(body: Uint8Array, start: number): string {
  const names: string[] = [];
  let depth = 0;
  let pos = start;
  while (pos < body.length) {
    const c = body[pos]!;
    if (c === QUOTE) {
      const end = endOfString(body, pos + 1, body.length);
      if (depth === 1 && body[endOfSpace(body, end)] === COLON) {
        if (names.length === MAX_KEYS_SHOWN) return `${names.join(', ')}, …`;
        const name = keyName(body.subarray(pos + 1, end - 1));
        names.push(escapeText(name, MAX_KEY_CHARACTERS));
      }
      pos = end;
      continue;
    }
    if (c === OPEN_BRACE || c === OPEN_BRACKET) depth++;
    else if (c === OPEN_BRACE + 2 || c === OPEN_BRACKET + 2) depth--;
    if (depth === 0) break;
    pos++;
  }
  return names.length === 0 ? 'no keys' : names.join(', ');
}
