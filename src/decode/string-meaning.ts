const BACKSLASH = 0x5c;
const LOWER_U = 0x75;

/** What a backslash and this character mean; `u` apart. */
const ESCAPED = new Uint8Array(256);
for (const character of '"\\/') ESCAPED[character.charCodeAt(0)] = character.charCodeAt(0);
for (const [character, meaning] of Object.entries({ b: 8, f: 12, n: 0x0a, r: 0x0d, t: 0x09 })) {
  ESCAPED[character.charCodeAt(0)] = meaning;
}

/**
 * Writes what the content of a JSON string means, in UTF-8, to the front of `target`, which must have room
 * for the content as it stands. Half of a surrogate pair, which no UTF-8 has, stays as written. Returns
 * where it ends.
 */
export function writeMeaning(
  target: Uint8Array,
  source: Uint8Array,
  start: number,
  end: number,
): number {
  let at = 0;
  for (let pos = start; pos < end; ) {
    const c = source[pos]!;
    if (c !== BACKSLASH) {
      target[at++] = c;
      pos += 1;
      continue;
    }
    const meaning = ESCAPED[source[pos + 1]!]!;
    if (meaning !== 0) {
      target[at++] = meaning;
      pos += 2;
      continue;
    }
    let unit = hexAt(source, pos + 2);
    let length = 6;
    if (
      unit >= 0xd800 &&
      unit < 0xdc00 &&
      source[pos + 6] === BACKSLASH &&
      source[pos + 7] === LOWER_U
    ) {
      const low = hexAt(source, pos + 8);
      if (low >= 0xdc00 && low < 0xe000) {
        unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
        length = 12;
      }
    }
    const isHalf = unit >= 0xd800 && unit < 0xe000;
    if (isHalf) for (let index = 0; index < length; index += 1) target[at++] = source[pos + index]!;
    else at = writeUtf8(target, at, unit);
    pos += length;
  }
  return at;
}

function hexAt(source: Uint8Array, pos: number): number {
  let value = 0;
  for (let index = 0; index < 4; index += 1) {
    const c = source[pos + index]!;
    value = value * 16 + (c <= 0x39 ? c - 0x30 : (c | 0x20) - 0x57);
  }
  return value;
}

function writeUtf8(target: Uint8Array, at: number, point: number): number {
  if (point < 0x80) target[at++] = point;
  else if (point < 0x800) {
    target[at++] = 0xc0 | (point >> 6);
    target[at++] = 0x80 | (point & 0x3f);
  } else if (point < 0x10000) {
    target[at++] = 0xe0 | (point >> 12);
    target[at++] = 0x80 | ((point >> 6) & 0x3f);
    target[at++] = 0x80 | (point & 0x3f);
  } else {
    target[at++] = 0xf0 | (point >> 18);
    target[at++] = 0x80 | ((point >> 12) & 0x3f);
    target[at++] = 0x80 | ((point >> 6) & 0x3f);
    target[at++] = 0x80 | (point & 0x3f);
  }
  return at;
}
