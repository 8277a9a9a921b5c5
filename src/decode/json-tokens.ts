import type { SelectionKey } from './selection.ts';

const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LOWER_U = 0x75;

/** 1 for the bytes that end a run of plain string bytes: quote, backslash, control characters. */
export const ENDS_PLAIN = new Uint8Array(256);
ENDS_PLAIN.fill(1, 0, 0x20);
ENDS_PLAIN[QUOTE] = 1;
ENDS_PLAIN[BACKSLASH] = 1;

const FOLLOWS_BACKSLASH = tableOf('"\\/bfnrt');
const HEX_DIGIT = tableOf('0123456789abcdefABCDEF');

function tableOf(characters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const character of characters) table[character.charCodeAt(0)] = 1;
  return table;
}

/** The first position from `pos` on that holds no white space (RFC 8259 §2). */
export function endOfSpace(bytes: Uint8Array, pos: number): number {
  let c = bytes[pos]!;
  while (c <= SPACE && (c === SPACE || c === 0x0a || c === 0x0d || c === 0x09)) {
    c = bytes[++pos]!;
    // What follows is most often the indentation of a line.
    if (c === SPACE) c = bytes[++pos]!;
    if (c === SPACE) c = bytes[++pos]!;
    if (c === SPACE) c = bytes[++pos]!;
  }
  return pos;
}

/**
 * The position after the closing quote of the string whose content begins at `pos`, or the
 * complement of where it breaks the grammar. Byte `last` is no part of any string.
 */
export function endOfString(bytes: Uint8Array, pos: number, last: number): number {
  while (pos < last && ENDS_PLAIN[bytes[pos]!] === 0) pos++;
  return bytes[pos] === QUOTE ? pos + 1 : endOfEscapedString(bytes, pos, last);
}

function endOfEscapedString(bytes: Uint8Array, pos: number, last: number): number {
  while (pos < last) {
    const c = bytes[pos]!;
    if (c === QUOTE) return pos + 1;
    if (c === BACKSLASH) {
      const escaped = bytes[++pos]!;
      if (escaped === LOWER_U) {
        for (let digit = 0; digit < 4; digit++) {
          if (HEX_DIGIT[bytes[++pos]!] === 0) return ~pos;
        }
      } else if (FOLLOWS_BACKSLASH[escaped] === 0) return ~pos;
    } else if (c < SPACE) return ~pos;
    pos++;
    while (pos < last && ENDS_PLAIN[bytes[pos]!] === 0) pos++;
  }
  return ~pos;
}

/** The position after `true`, `false` or `null`, or -1 where none of them stands at `pos`. */
export function endOfLiteral(bytes: Uint8Array, pos: number): number {
  switch (bytes[pos]) {
    case 0x74: // t
      return bytes[pos + 1] === 0x72 && bytes[pos + 2] === 0x75 && bytes[pos + 3] === 0x65
        ? pos + 4
        : -1;
    case 0x66: // f
      return bytes[pos + 1] === 0x61 &&
        bytes[pos + 2] === 0x6c &&
        bytes[pos + 3] === 0x73 &&
        bytes[pos + 4] === 0x65
        ? pos + 5
        : -1;
    case 0x6e: // n
      return bytes[pos + 1] === 0x75 && bytes[pos + 2] === 0x6c && bytes[pos + 3] === 0x6c
        ? pos + 4
        : -1;
    default:
      return -1;
  }
}

/** Whether the string content from `start` to `end` means the same as `key`. */
export function isKey(bytes: Uint8Array, start: number, end: number, key: SelectionKey): boolean {
  const utf8 = key.utf8;
  const length = end - start;
  if (length === utf8.length) {
    let same = 0;
    while (same < length && bytes[start + same] === utf8[same]) same++;
    // Equal bytes with a backslash among them mean something else: `\\` is one backslash.
    if (same === length) return !utf8.includes(BACKSLASH);
  }
  // An escape is longer than what it stands for.
  if (length <= utf8.length) return false;
  const content = bytes.subarray(start, end);
  return content.includes(BACKSLASH) && keyName(content) === key.name;
}

/** What the content of a key between its quotes means. */
export function keyName(content: Uint8Array): string {
  return JSON.parse(`"${Buffer.from(content).toString()}"`);
}

/** Below this length a loop beats the call that copies a whole range. */
const LOOP_BYTES = 48;

/**
 * Copies bytes `start` to `end` of `source` to `target` at `at`, unchanged. Returns where the copy
 * ends. `target` must have room.
 */
export function copyRange(
  target: Uint8Array,
  at: number,
  source: Uint8Array,
  start: number,
  end: number,
): number {
  if (end - start < LOOP_BYTES) {
    for (let pos = start; pos < end; pos++) target[at++] = source[pos]!;
    return at;
  }
  target.set(source.subarray(start, end), at);
  return at + end - start;
}

/**
 * The range, which is valid JSON, as bytes of its own without insignificant white space. For many
 * ranges `copyCompact` into one buffer is cheaper.
 */
export function compactRange(source: Uint8Array, start: number, end: number): Uint8Array {
  const target = new Uint8Array(end - start);
  return target.subarray(0, copyCompact(target, 0, source, start, end));
}

/**
 * Copies a range that is valid JSON without its insignificant white space (RFC 8259 §2); every
 * other byte stays as it is. Returns where the copy ends. `target` must have room for the range
 * as it stands.
 */
export function copyCompact(
  target: Uint8Array,
  at: number,
  source: Uint8Array,
  start: number,
  end: number,
): number {
  let pos = start;
  while (pos < end) {
    const c = source[pos++]!;
    if (c <= SPACE) continue;
    target[at++] = c;
    if (c !== QUOTE) continue;
    let inside = source[pos++]!;
    target[at++] = inside;
    while (inside !== QUOTE) {
      if (inside === BACKSLASH) target[at++] = source[pos++]!;
      inside = source[pos++]!;
      target[at++] = inside;
    }
  }
  return at;
}
