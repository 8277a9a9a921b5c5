import { hash } from 'node:crypto';
import { endOfSpace, keyName } from './json-tokens.ts';
import type { FoundRecords } from './selection.ts';
import { parseSelection } from './selection.ts';

/**
 * Texts of the values at some paths, in their order: the bytes of the literal as the server wrote
 * them (strings with their quotes and escapes), null where a path leads nowhere, `TOO_LONG` where the
 * value has more than 64 KiB.
 */
export type Picked = readonly (string | null)[];

/** Where the values at some paths stand, found by `createPathWalk`. */
interface PathWalk {
  /** Start of the value at each path, -1 where it leads nowhere. Overwritten by the next walk. */
  readonly starts: Float64Array;
  /** End (exclusive) of the value at each path. */
  readonly ends: Float64Array;
  /**
   * Finds the paths in the value that begins at `from`, which is valid JSON. `records` are passed
   * over at once where no path leads into them.
   */
  walk(bytes: Uint8Array, from: number, records: FoundRecords | null): void;
}

/** A step of one or more paths; those that end here have their number in `slots`. */
interface Step {
  readonly name: string;
  readonly utf8: Uint8Array;
  readonly children: Step[];
  readonly slots: number[];
  /** The paths that end here or lead through here. */
  readonly passing: number[];
}

const MAX_TEXT_BYTES = 65_536;

/**
 * Stands for a value that is too long: a string that does not end, so that nobody can read it as a
 * value. Null would mean that nothing is there, and a list would end without its next page.
 */
const TOO_LONG = '"';

const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
/** Opening brackets and braces differ in this bit alone, and so do closing ones. */
const BRACE_BIT = 0x20;

/**
 * A function that picks the values at dotted paths out of pages, in one pass that builds nothing
 * else. A number in a path is an index where it meets an array (`links.0.href`); `@` is the whole
 * page. Of equal keys the last counts, as in `JSON.parse`, so a page is read to its end even when
 * everything has been seen. `page` is known to be valid JSON; with `found`, its records under some
 * dotted path, they need not be read unless a path leads into them.
 *
 * Throws `EverypageError` with code `SELECTION` where a path cannot be read.
 *
 *     const pick = createPicker(['meta.next', 'total']);
 *     pick(Buffer.from('{"meta":{"next":"a\\/b"},"data":[1]}')); // ['"a\\/b"', null]
 */
export function createPicker(
  paths: readonly string[],
): (page: Uint8Array, found?: FoundRecords) => Picked {
  const { walk, starts, ends } = createPathWalk(paths);
  return (page, found) => {
    const records = found === undefined || found.source !== undefined ? null : found;
    walk(page, endOfSpace(page, page[0] === 0xef ? 3 : 0), records);
    const text = Buffer.from(page.buffer, page.byteOffset, page.byteLength);
    return paths.map((_, slot) => {
      const [start, end] = [starts[slot]!, ends[slot]!];
      if (start < 0) return null;
      return end - start > MAX_TEXT_BYTES ? TOO_LONG : text.toString('utf8', start, end);
    });
  };
}

export function createPathWalk(paths: readonly string[]): PathWalk {
  const root = readPaths(paths);
  const starts = new Float64Array(paths.length);
  const ends = new Float64Array(paths.length);
  // Start of the first record and end of the last one; -1 where they must be read.
  let recordsStart = -1;
  let recordsEnd = -1;

  function walk(bytes: Uint8Array, from: number, records: FoundRecords | null): void {
    recordsStart = -1;
    if (records !== null && records.count > 0) {
      recordsStart = records.spans[0]!;
      recordsEnd = records.spans[2 * records.count - 1]!;
    }
    starts.fill(-1);
    enter(bytes, from, root);
  }

  /** Passes over the value at `pos`, which `step` leads to. Returns where it ends. */
  function enter(bytes: Uint8Array, pos: number, step: Step): number {
    const first = bytes[pos];
    let end: number;
    if (step.children.length > 0 && first === OPEN_BRACE) end = enterObject(bytes, pos, step);
    else if (step.children.length > 0 && first === OPEN_BRACKET) end = enterArray(bytes, pos, step);
    else end = skipValue(bytes, pos, recordsStart, recordsEnd);
    for (const slot of step.slots) {
      starts[slot] = pos;
      ends[slot] = end;
    }
    return end;
  }

  function enterObject(bytes: Uint8Array, open: number, { children }: Step): number {
    let pos = endOfSpace(bytes, open + 1);
    if (bytes[pos] === CLOSE_BRACE) return pos + 1;
    for (;;) {
      const keyStart = pos + 1;
      let hasEscape = false;
      let c = bytes[++pos]!;
      while (c !== QUOTE) {
        if (c === BACKSLASH) {
          hasEscape = true;
          pos++;
        }
        c = bytes[++pos]!;
      }
      const child = childUnder(bytes, children, keyStart, pos, hasEscape);
      // Past the quote, and past the colon.
      pos = endOfSpace(bytes, endOfSpace(bytes, pos + 1) + 1);
      if (child === null) pos = skipValue(bytes, pos, recordsStart, recordsEnd);
      else {
        for (const slot of child.passing) starts[slot] = -1;
        pos = enter(bytes, pos, child);
      }
      if (bytes[pos]! <= SPACE) pos = endOfSpace(bytes, pos);
      if (bytes[pos] !== COMMA) return pos + 1;
      pos = endOfSpace(bytes, pos + 1);
    }
  }

  function enterArray(bytes: Uint8Array, open: number, { children }: Step): number {
    let pos = endOfSpace(bytes, open + 1);
    if (bytes[pos] === CLOSE_BRACKET) return pos + 1;
    for (let index = 0; ; index++) {
      const name = String(index);
      const child = children.find((candidate) => candidate.name === name);
      pos =
        child === undefined
          ? skipValue(bytes, pos, recordsStart, recordsEnd)
          : enter(bytes, pos, child);
      pos = endOfSpace(bytes, pos);
      if (bytes[pos] !== COMMA) return pos + 1;
      pos = endOfSpace(bytes, pos + 1);
    }
  }

  return { starts, ends, walk };
}

function childUnder(
  bytes: Uint8Array,
  children: readonly Step[],
  start: number,
  end: number,
  hasEscape: boolean,
): Step | null {
  if (hasEscape) {
    const name = keyName(bytes.subarray(start, end));
    return children.find((child) => child.name === name) ?? null;
  }
  for (let index = 0; index < children.length; index++) {
    const utf8 = children[index]!.utf8;
    if (utf8.length !== end - start) continue;
    let same = 0;
    while (same < utf8.length && utf8[same] === bytes[start + same]) same++;
    if (same === utf8.length) return children[index]!;
  }
  return null;
}

/** The end of the value at `pos`. Bytes between the two given positions are not looked at. */
function skipValue(
  bytes: Uint8Array,
  pos: number,
  recordsStart: number,
  recordsEnd: number,
): number {
  let c = bytes[pos]!;
  if (c === QUOTE) return endOfString(bytes, pos + 1);
  if (c === OPEN_BRACE || c === OPEN_BRACKET) {
    return skipContainer(bytes, pos, recordsStart, recordsEnd);
  }
  const length = bytes.length;
  while (c > SPACE && c !== COMMA && (c | BRACE_BIT) !== CLOSE_BRACE) {
    if (++pos === length) break;
    c = bytes[pos]!;
  }
  return pos;
}

/** Where the value that begins at `pos`, which is valid JSON, ends. */
export function endOfValue(bytes: Uint8Array, pos: number): number {
  return skipValue(bytes, pos, -1, -1);
}

/** Longer strings are searched by one call, which costs as much as looking at some 30 bytes. */
const NEAR = 24;

/** The position after the quote that ends the string whose content begins at `pos`; it is valid JSON. */
export function endOfString(bytes: Uint8Array, pos: number): number {
  const far = pos + NEAR;
  let c = bytes[pos]!;
  while (c !== QUOTE) {
    if (c === BACKSLASH) pos++;
    c = bytes[++pos]!;
    if (pos >= far) return endOfLongString(bytes, pos);
  }
  return pos + 1;
}

/** The same from a place within the content that is not escaped. */
function endOfLongString(bytes: Uint8Array, from: number): number {
  for (let quote = from - 1; ; ) {
    quote = indexOf.call(bytes, QUOTE, quote + 1);
    // An odd number of backslashes before it makes it part of the content.
    let first = quote;
    while (first > from && bytes[first - 1] === BACKSLASH) first -= 1;
    if (((quote - first) & 1) === 0) return quote + 1;
  }
}

const { indexOf } = Buffer.prototype;

function skipContainer(
  bytes: Uint8Array,
  pos: number,
  recordsStart: number,
  recordsEnd: number,
): number {
  let depth = 0;
  for (;;) {
    const c = bytes[pos++]!;
    if (c === QUOTE) pos = endOfString(bytes, pos);
    else if ((c | BRACE_BIT) === OPEN_BRACE) {
      depth++;
      if (pos <= recordsStart && endOfSpace(bytes, pos) === recordsStart) pos = recordsEnd;
    } else if ((c | BRACE_BIT) === CLOSE_BRACE && --depth === 0) return pos;
  }
}

function readPaths(paths: readonly string[]): Step {
  const root = step('', new Uint8Array(0));
  for (const [slot, path] of paths.entries()) {
    let at = root;
    at.passing.push(slot);
    for (const { name, utf8 } of parseSelection(path).keys) {
      let next = at.children.find((child) => child.name === name);
      if (next === undefined) {
        next = step(name, utf8);
        at.children.push(next);
      }
      next.passing.push(slot);
      at = next;
    }
    at.slots.push(slot);
  }
  return root;
}

function step(name: string, utf8: Uint8Array): Step {
  return { name, utf8, children: [], slots: [], passing: [] };
}

/**
 * The first 16 hex digits of a SHA-256 over the bytes from a page's first record to the end of its
 * last one; null without records. Two pages with one digest gave the same records.
 */
export function recordsDigest(page: Uint8Array, found: FoundRecords): string | null {
  if (found.count === 0) return null;
  const bytes = found.source ?? page;
  const region = bytes.subarray(found.spans[0]!, found.spans[2 * found.count - 1]!);
  return hash('sha256', region, 'hex').slice(0, 16);
}
