import { isUtf8 } from 'node:buffer';
import { escapeText } from '../core/escape.ts';

/** Why a text is not JSON. */
export interface JsonFault {
  /** Of the first byte that cannot stand where it stands; the length where the text ends early. */
  readonly offset: number;
  /** A few words that complete "the body is not JSON: …". */
  readonly reason: string;
}

/** What the text is if it is not UTF-8, or null. Looks at marks and at where the NUL bytes stand. */
export function findWideEncoding(bytes: Uint8Array): JsonFault | null {
  const [first, second, third, fourth] = bytes;
  const named = (name: string): JsonFault => ({ offset: 0, reason: `it is ${name}, not UTF-8` });
  if (first === 0xff && second === 0xfe) {
    return named(third === 0 && fourth === 0 ? 'UTF-32' : 'UTF-16');
  }
  if (first === 0xfe && second === 0xff) return named('UTF-16');
  if (first === 0 && second === 0 && (third !== 0 || fourth !== 0)) return named('UTF-32');
  if (second === 0 && third === 0 && fourth === 0) return named('UTF-32');
  if ((first === 0) !== (second === 0) && bytes.length > 1) return named('UTF-16');
  return null;
}

/** Bytes looked at together: short enough to search one by one, long enough to pass over quickly. */
const BLOCK_BYTES = 4096;

/** The offset of the first byte that begins no valid UTF-8 sequence, or -1. */
export function findBadUtf8(bytes: Uint8Array): number {
  let start = 0;
  while (start < bytes.length) {
    let end = Math.min(start + BLOCK_BYTES, bytes.length);
    // A block must not cut a sequence, and a sequence has at most three continuation bytes.
    for (let back = 0; back < 3 && end < bytes.length && isContinuation(bytes[end]!); back++) end--;
    if (!isUtf8(bytes.subarray(start, end))) return findBadUtf8Within(bytes, start, end);
    start = end;
  }
  return -1;
}

function findBadUtf8Within(bytes: Uint8Array, start: number, end: number): number {
  let pos = start;
  while (pos < end) {
    const lead = bytes[pos]!;
    const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (length > 1 && !isUtf8(bytes.subarray(pos, pos + length))) break;
    pos += length;
  }
  return pos;
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

export function badUtf8(offset: number): JsonFault {
  return { offset, reason: 'it is not valid UTF-8' };
}

/** What is wrong at `offset` inside a string of a text that ends at `end`. */
export function stringFault(bytes: Uint8Array, offset: number, end: number): JsonFault {
  if (offset >= end - 1) return { offset: end, reason: 'it ends early' };
  const control = bytes[offset]! < 0x20 && bytes[offset - 1] !== 0x5c;
  return { offset, reason: `a string holds ${control ? 'a control character' : 'a bad escape'}` };
}

/** What is wrong at `offset`, where something else was due, in a text that ends at `end`. */
export function unexpected(bytes: Uint8Array, offset: number, end: number): JsonFault {
  if (offset >= end) return { offset: end, reason: 'it ends early' };
  const next = Buffer.from(bytes.subarray(offset, Math.min(offset + 12, end)));
  const isCut = (literal: string): boolean => literal.startsWith(next.toString('latin1'));
  if (['true', 'false', 'null'].some(isCut)) return { offset: end, reason: 'it ends early' };
  const constant = /^(?:NaN|Infinity|undefined|None|True|False)\b/.exec(next.toString('latin1'));
  if (constant) return { offset, reason: `${constant[0]} is not JSON` };
  const character = String.fromCodePoint(next.toString().codePointAt(0)!);
  return { offset, reason: `unexpected ${escapeText(character)}` };
}
