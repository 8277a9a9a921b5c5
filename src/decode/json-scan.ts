import { isUtf8 } from 'node:buffer';
import {
  badUtf8,
  behindValue,
  findBadUtf8,
  findWideEncoding,
  type JsonFault,
} from './body-faults.ts';
import { JsonReader, MAX_DEPTH } from './json-reader.ts';
import { endOfSpace, isKey } from './json-tokens.ts';
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

const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
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
export function createJsonScanner(selection: Selection): JsonScanner {
  const reader = new JsonReader();
  const keys = selection.keys;
  const wholePage = selection.text === '';
  let found: 'records' | 'missing' = 'missing';
  let count = 0;
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

  /** `last` is for `JsonReader.begin`. */
  function scanValue(bytes: Uint8Array, from: number, last: number, end: number): JsonScan {
    reader.begin(bytes, last, end);
    found = wholePage ? 'records' : 'missing';
    count = 0;
    const after = wholePage ? endOfRecord(from, 0) : endOnPath(from, 0);
    reader.forget();
    if (after < 0) return fault(reader.fault!);
    if (after !== end) return fault(behindValue(bytes, after, end));
    const own = spans;
    if (own.length > MOST_KEPT_SPANS) spans = new Uint32Array(256);
    return { valid: true, found, count, spans: own, compact: reader.isCompact };
  }

  /** The end of the value at `pos`, to which `depth` keys have led. */
  function endOnPath(pos: number, depth: number): number {
    const c = reader.bytes[pos]!;
    if (depth < keys.length) {
      return c === OPEN_BRACE ? endOfEach(pos, depth) : reader.endOfValue(pos, depth);
    }
    found = 'records';
    if (c === OPEN_BRACKET) return endOfEach(pos, depth);
    return c === LOWER_N ? reader.endOfValue(pos, depth) : endOfRecord(pos, depth);
  }

  /** The end of the object on the path or the array of records at `pos`. */
  function endOfEach(pos: number, depth: number): number {
    const { bytes } = reader;
    const closer = bytes[pos]! + 2;
    pos = afterSpace(pos + 1);
    if (bytes[pos] === closer) return pos + 1;
    if (depth >= MAX_DEPTH) return reader.refuseDepth(pos);
    for (;;) {
      pos = closer === CLOSE_BRACE ? endOfMember(pos, depth + 1) : endOfRecord(pos, depth + 1);
      if (pos < 0) return pos;
      if (pos === reader.end) return reader.refuse(pos);
      pos = afterSpace(pos);
      if (bytes[pos] !== COMMA) return bytes[pos] === closer ? pos + 1 : reader.refuse(pos);
      pos = afterSpace(pos + 1);
    }
  }

  function endOfMember(pos: number, depth: number): number {
    const { bytes } = reader;
    if (bytes[pos] !== QUOTE) return reader.refuse(pos);
    const end = reader.endOfString(pos + 1);
    if (end < 0) return end;
    const colon = afterSpace(end);
    if (bytes[colon] !== COLON) return reader.refuse(colon);
    const value = afterSpace(colon + 1);
    const isOnPath = isKey(bytes, pos + 1, end - 1, keys[depth - 1]!);
    if (!isOnPath) return reader.endOfValue(value, depth);
    // The last of equal keys wins, so what an earlier one led to no longer counts.
    found = 'missing';
    count = 0;
    return endOnPath(value, depth);
  }

  function endOfRecord(pos: number, depth: number): number {
    const end = reader.endOfValue(pos, depth);
    if (end < 0) return end;
    if (2 * count === spans.length) spans = grownSpans(spans, end, reader.end);
    spans[2 * count] = pos;
    spans[2 * count + 1] = end;
    count++;
    return end;
  }

  function afterSpace(pos: number): number {
    return reader.bytes[pos]! <= SPACE ? reader.endOfSpace(pos) : pos;
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
