/** A page as a value, for looking at what it is like; no record of the output is made of it. */
import { endOfString } from './json-tokens.ts';

/** A value takes ten times the memory of its text, so larger pages are not made into values whole. */
const WHOLE_BYTES = 4 * 1024 * 1024;
/** So many elements of each array, and members of each object, are made into values of such a page. */
export const MOST_ELEMENTS = 1_000;
const MOST_MEMBERS = 100_000;
/** Of an array (ECMA-262 §10.4.2). */
const MOST_LENGTH = 2 ** 32 - 1;

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

const decoder = new TextDecoder();

/**
 * `JSON.parse` of a page that is known to be valid. Of a page of more than 4 MiB, arrays have their
 * length, and holes from element 1,000 on: see `elementsIn`.
 */
export function pageValue(page: Uint8Array): unknown {
  if (page.length <= WHOLE_BYTES) return JSON.parse(decoder.decode(page));
  const value: unknown = JSON.parse(decoder.decode(shortened(page)));
  stretch(value);
  return value;
}

/** The elements of a list of such a value without its holes: passing over millions of them takes long. */
export function elementsIn<Element>(list: readonly Element[]): Element[] {
  return Object.values(list);
}

/** An array that was longer has its true length as its last element, one more than the most. */
function shortened(page: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  /** Of each open container its commas so far, and whether it is an object. */
  const commas: number[] = [];
  const areObjects: boolean[] = [];
  let keptFrom = 0;
  /** The depth of the container whose rest is left out; 0 for none. */
  let leftAt = 0;
  for (let pos = 0; pos < page.length; pos++) {
    const c = page[pos]!;
    if (c === QUOTE) pos = endOfString(page, pos + 1, page.length) - 1;
    else if (c === OPEN_BRACKET || c === OPEN_BRACE) {
      commas.push(0);
      areObjects.push(c === OPEN_BRACE);
    } else if (c === COMMA) {
      const depth = commas.length;
      const count = ++commas[depth - 1]!;
      const most = areObjects[depth - 1]! ? MOST_MEMBERS : MOST_ELEMENTS;
      if (leftAt === 0 && count === most) {
        leftAt = depth;
        parts.push(page.subarray(keptFrom, pos));
      }
    } else if (c === CLOSE_BRACKET || c === CLOSE_BRACE) {
      if (leftAt === commas.length) {
        leftAt = 0;
        keptFrom = pos;
        if (c === CLOSE_BRACKET) parts.push(Buffer.from(`,${commas.at(-1)! + 1}`));
      }
      commas.pop();
      areObjects.pop();
    }
  }
  return Buffer.concat([...parts, page.subarray(keptFrom)]);
}

function stretch(root: unknown): void {
  const open = [root];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value !== 'object' || value === null) continue;
    const list = Array.isArray(value) && value.length === MOST_ELEMENTS + 1 ? value : null;
    const length: number = list?.pop() ?? 0;
    for (const own of Object.values(value)) if (typeof own === 'object') open.push(own);
    if (list !== null) {
      // Made so long first, its holes take no memory.
      list.length = MOST_LENGTH;
      list.length = length;
    }
  }
}
