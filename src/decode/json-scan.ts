import { isUtf8 } from 'node:buffer';
import {
  badUtf8,
  behindValue,
  findBadUtf8,
  findWideEncoding,
  type JsonFault,
  stringFault,
  unexpected,
} from './body-faults.ts';
import { endOfLiteral, endOfSpace, endOfString, isKey } from './json-tokens.ts';
import type { FoundRecords, Selection } from './selection.ts';

/**
 * What one pass over a page found. The scanner owns `spans` and overwrites them in the next scan, unless
 * they are larger than `MOST_KEPT_SPANS`.
 */
export type JsonScan =
  | ({
      readonly valid: true;
      /** `missing`: the page has no such path. A path that leads to null has zero records. */
      readonly found: 'records' | 'missing';
    } & FoundRecords)
  | ({ readonly valid: false } & JsonFault);

export interface JsonScanner {
  scan(bytes: Uint8Array): JsonScan;
}

export interface JsonScannerOptions {
  /** Deepest nesting accepted; it costs a byte a level and no call stack. Default 1,000,000. */
  readonly maxDepth?: number;
}

const SPACE = 0x20;
const QUOTE = 0x22;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const LOWER_E = 0x65;
const LOWER_N = 0x6e;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Offsets of large pages are not kept for the next page: whoever got them may keep them. */
export const MOST_KEPT_SPANS = 131_072;

/** Lets go of the offsets of a large page now, and of what they count in, and not when memory is next looked for. */
export function freeSpans({ spans, source }: FoundRecords): void {
  if (spans.length <= MOST_KEPT_SPANS) return;
  for (const own of [spans, source]) if (own?.buffer instanceof ArrayBuffer) own.buffer.transfer(0);
}

/** What a `Uint32Array` of offsets can say. */
const MAX_BYTES = 0xffff_ffff;

/**
 * A scanner for pages under one selection. In one pass it judges a text exactly as `JSON.parse`
 * would (RFC 8259; a UTF-8 byte order mark is skipped) and marks where the records stand: the
 * elements where the path leads to an array, nothing where it leads to null, else that one value;
 * for the whole page the top-level value. It builds no values, so nothing of a page is rewritten.
 * Where the selection is an expression, that is applied to the page once it is known to be valid.
 *
 *     const scanner = createJsonScanner(parseSelection('data'));
 *     scanner.scan(Buffer.from('{"data":[1,2]}')); // count 2, spans 9 10 11 12
 */
export function createJsonScanner(
  selection: Selection,
  options: JsonScannerOptions = {},
): JsonScanner {
  const maxDepth = options.maxDepth ?? 1_000_000;
  const keys = selection.keys;
  const wholePage = selection.text === '';
  /** For each open container, whether the one around it is an object. */
  let stack = new Uint8Array(256);
  let spans = new Uint32Array(256);

  function scan(bytes: Uint8Array): JsonScan {
    if (bytes.length > MAX_BYTES) return fault({ offset: MAX_BYTES, reason: 'it is too long' });
    const start = startOfText(bytes);
    const end = endOfText(bytes, start);
    if (!isUtf8(bytes)) return judgeBadUtf8(bytes, start, end);
    const verdict = scanText(bytes, start, end);
    if (verdict.valid) {
      if (selection.evaluate === undefined) return verdict;
      // The object whose values are selected is not there.
      if (keys.length > 0 && verdict.found === 'missing') return verdict;
      const made = selection.evaluate(bytes);
      const isNone = keys.length > 0 && made.count === 0 && verdict.count > 0;
      const isThere = !isNone || isEmptyObject(bytes, verdict);
      return { valid: true, found: isThere ? 'records' : 'missing', ...made };
    }
    const wide = findWideEncoding(bytes);
    return wide === null ? verdict : fault(wide);
  }

  function judgeBadUtf8(bytes: Uint8Array, start: number, end: number): JsonScan {
    const bad = findWideEncoding(bytes) ?? badUtf8(findBadUtf8(bytes));
    // A page in another character set is most often no JSON to begin with: the first fault counts.
    const verdict = bad.offset > start ? scanText(bytes, start, end) : null;
    return verdict?.valid === false && verdict.offset < bad.offset ? verdict : fault(bad);
  }

  function scanText(bytes: Uint8Array, start: number, end: number): JsonScan {
    const final = end > start ? bytes[end - 1] : 0;
    if (final === CLOSE_BRACE || final === CLOSE_BRACKET) {
      return scanValue(bytes, start, end - 1, end);
    }
    // Anything else is a lone scalar or no JSON; NUL stops every token as a bracket would.
    const padded = new Uint8Array(end + 1);
    padded.set(bytes.subarray(0, end));
    return scanValue(padded, start, end, end);
  }

  /**
   * Scans the value that begins at `from`. Every token but a string stops by itself at or before
   * byte `last`, so only strings and closing brackets have to look out for the end of the text.
   */
  function scanValue(bytes: Uint8Array, from: number, last: number, end: number): JsonScan {
    let pos = from;
    let depth = 0;
    let inObject = 0;
    let compact = true;
    let found: 'records' | 'missing' = wholePage ? 'records' : 'missing';
    let count = 0;
    // Values that begin at this depth are records; -1 where none are.
    let recordDepth = wholePage ? 0 : -1;
    let recordStart = 0;
    // Depth of the innermost open object on the path, whose keys are compared with the path's next.
    let pathDepth = 0;
    // Whether the next value is one that the path leads to or through.
    let arriving = !wholePage;

    value: for (;;) {
      let c = bytes[pos]!;
      if (c <= SPACE) {
        compact = false;
        pos = endOfSpace(bytes, pos);
        c = bytes[pos]!;
      }
      if (inObject === 1) {
        if (c !== QUOTE) return fault(unexpected(bytes, pos, end));
        const keyStart = pos + 1;
        pos = endOfString(bytes, keyStart, last);
        if (pos < 0) return fault(stringFault(bytes, ~pos, end));
        if (depth === pathDepth && isKey(bytes, keyStart, pos - 1, keys[depth - 1]!)) {
          // The last of equal keys wins, so what an earlier one led to no longer counts.
          arriving = true;
          found = 'missing';
          count = 0;
        }
        c = bytes[pos]!;
        if (c <= SPACE) {
          compact = false;
          pos = endOfSpace(bytes, pos);
          c = bytes[pos]!;
        }
        if (c !== COLON) return fault(unexpected(bytes, pos, end));
        c = bytes[++pos]!;
        if (c <= SPACE) {
          compact = false;
          pos = endOfSpace(bytes, pos);
          c = bytes[pos]!;
        }
      }
      if (arriving) {
        arriving = false;
        if (depth < keys.length) {
          if (c === OPEN_BRACE) pathDepth = depth + 1;
        } else {
          found = 'records';
          if (c === OPEN_BRACKET) recordDepth = depth + 1;
          else if (c !== LOWER_N) recordDepth = depth;
        }
      }
      if (depth === recordDepth) recordStart = pos;

      if (c === QUOTE) {
        pos = endOfString(bytes, pos + 1, last);
        if (pos < 0) return fault(stringFault(bytes, ~pos, end));
      } else if (c === OPEN_BRACE || c === OPEN_BRACKET) {
        const closer = c + 2;
        c = bytes[++pos]!;
        if (c <= SPACE) {
          compact = false;
          pos = endOfSpace(bytes, pos);
          c = bytes[pos]!;
        }
        if (c !== closer) {
          if (depth >= maxDepth) return fault(tooDeep(pos, maxDepth));
          if (depth === stack.length) stack = grownStack(stack);
          stack[depth++] = inObject;
          inObject = closer === CLOSE_BRACE ? 1 : 0;
          continue;
        }
        pos++;
        // An empty container holds neither records nor keys of the path.
        if (recordDepth > depth) recordDepth = -1;
        if (pathDepth > depth) pathDepth = depth;
      } else if ((c >= ZERO && c <= NINE) || c === MINUS) {
        if (c === MINUS) c = bytes[++pos]!;
        if (c === ZERO) c = bytes[++pos]!;
        else if (c < ZERO || c > NINE) return fault(unexpected(bytes, pos, end));
        else {
          do c = bytes[++pos]!;
          while (c >= ZERO && c <= NINE);
        }
        if (c === DOT) {
          c = bytes[++pos]!;
          if (c < ZERO || c > NINE) return fault(unexpected(bytes, pos, end));
          do c = bytes[++pos]!;
          while (c >= ZERO && c <= NINE);
        }
        if ((c | 0x20) === LOWER_E) {
          c = bytes[++pos]!;
          if (c === PLUS || c === MINUS) c = bytes[++pos]!;
          if (c < ZERO || c > NINE) return fault(unexpected(bytes, pos, end));
          do c = bytes[++pos]!;
          while (c >= ZERO && c <= NINE);
        }
      } else {
        const after = endOfLiteral(bytes, pos);
        if (after < 0) return fault(unexpected(bytes, pos, end));
        pos = after;
      }

      // A value is complete: a comma leads to the next one, a bracket completes the one around it.
      for (;;) {
        if (depth === recordDepth) {
          if (2 * count === spans.length) spans = grownSpans(spans, pos, end);
          spans[2 * count] = recordStart;
          spans[2 * count + 1] = pos;
          count++;
          if (inObject === 1) recordDepth = -1;
        }
        if (depth === 0) break value;
        c = bytes[pos]!;
        if (c <= SPACE) {
          compact = false;
          pos = endOfSpace(bytes, pos);
          c = bytes[pos]!;
        }
        if (c === COMMA) {
          pos++;
          continue value;
        }
        if (c !== (inObject === 1 ? CLOSE_BRACE : CLOSE_BRACKET)) {
          return fault(unexpected(bytes, pos, end));
        }
        pos++;
        if (depth === recordDepth) recordDepth = -1;
        if (depth === pathDepth) pathDepth--;
        inObject = stack[--depth]!;
        // One read past the end would make the engine compile slower reads for all pages to come.
        if (pos === end && depth > 0) return fault(unexpected(bytes, pos, end));
      }
    }
    if (pos !== end) return fault(behindValue(bytes, pos, end));
    const own = spans;
    if (own.length > MOST_KEPT_SPANS) spans = new Uint32Array(256);
    return { valid: true, found, count, spans: own, compact };
  }

  return { scan };
}

/** Whether the one value that was found is `{}`. */
function isEmptyObject(bytes: Uint8Array, { count, spans }: FoundRecords): boolean {
  const open = spans[0] ?? 0;
  return (
    count === 1 && bytes[open] === OPEN_BRACE && bytes[endOfSpace(bytes, open + 1)] === CLOSE_BRACE
  );
}

/** Past a UTF-8 byte order mark and white space. */
function startOfText(bytes: Uint8Array): number {
  let start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  while (start < bytes.length && isSpace(bytes[start]!)) start++;
  return start;
}

function endOfText(bytes: Uint8Array, start: number): number {
  let end = bytes.length;
  while (end > start && isSpace(bytes[end - 1]!)) end--;
  return end;
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function fault(found: JsonFault): JsonScan {
  return { valid: false, offset: found.offset, reason: found.reason };
}

function tooDeep(offset: number, maxDepth: number): JsonFault {
  return { offset, reason: `it nests deeper than ${maxDepth.toLocaleString('en')} levels` };
}

function grownStack(stack: Uint8Array): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(2 * stack.length);
  larger.set(stack);
  return larger;
}

/**
 * A piece of so many bytes goes back to the system when it is freed. Of smaller ones the C library keeps
 * what lies between others (mallopt(3), `M_MMAP_THRESHOLD`). What nobody has written to takes no memory.
 */
const MAPPED_BYTES = 32 * 1024 * 1024 + 1;

/** Of a large page at once for as many records as are likely, and never for more than the rest can hold. */
function grownSpans(
  spans: Uint32Array<ArrayBuffer>,
  pos: number,
  end: number,
): Uint32Array<ArrayBuffer> {
  const { length } = spans;
  const likely = Math.ceil((1.02 * length * end) / pos);
  const isLarge = length > MOST_KEPT_SPANS / 2;
  // A record and its comma are two bytes.
  const most = length + end - pos + 2;
  const enough = Math.max(MAPPED_BYTES / 4, Math.min(most, Math.max(1.2 * length, likely)));
  const grown = new Uint32Array(isLarge ? 2 * Math.ceil(enough / 2) : 2 * length);
  grown.set(spans);
  if (isLarge) spans.buffer.transfer(0);
  return grown;
}
