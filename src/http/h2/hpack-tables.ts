import { ConnectionError, ErrorCode } from './protocol.ts';

/** RFC 7541 appendix A; index 1 is the first entry, 0 none. */
const ENTRIES: readonly (readonly [name: string, value: string])[] = [
  ['', ''],
  [':authority', ''],
  [':method', 'GET'],
  [':method', 'POST'],
  [':path', '/'],
  [':path', '/index.html'],
  [':scheme', 'http'],
  [':scheme', 'https'],
  [':status', '200'],
  [':status', '204'],
  [':status', '206'],
  [':status', '304'],
  [':status', '400'],
  [':status', '404'],
  [':status', '500'],
  ['accept-charset', ''],
  ['accept-encoding', 'gzip, deflate'],
  ['accept-language', ''],
  ['accept-ranges', ''],
  ['accept', ''],
  ['access-control-allow-origin', ''],
  ['age', ''],
  ['allow', ''],
  ['authorization', ''],
  ['cache-control', ''],
  ['content-disposition', ''],
  ['content-encoding', ''],
  ['content-language', ''],
  ['content-length', ''],
  ['content-location', ''],
  ['content-range', ''],
  ['content-type', ''],
  ['cookie', ''],
  ['date', ''],
  ['etag', ''],
  ['expect', ''],
  ['expires', ''],
  ['from', ''],
  ['host', ''],
  ['if-match', ''],
  ['if-modified-since', ''],
  ['if-none-match', ''],
  ['if-range', ''],
  ['if-unmodified-since', ''],
  ['last-modified', ''],
  ['link', ''],
  ['location', ''],
  ['max-forwards', ''],
  ['proxy-authenticate', ''],
  ['proxy-authorization', ''],
  ['range', ''],
  ['referer', ''],
  ['refresh', ''],
  ['retry-after', ''],
  ['server', ''],
  ['set-cookie', ''],
  ['strict-transport-security', ''],
  ['transfer-encoding', ''],
  ['user-agent', ''],
  ['vary', ''],
  ['via', ''],
  ['www-authenticate', ''],
];

export const STATIC_NAMES: readonly string[] = ENTRIES.map(([name]) => name);
export const STATIC_VALUES: readonly string[] = ENTRIES.map(([, value]) => value);
/** The last index of the static table; the dynamic one begins behind it. */
export const STATIC_LAST = ENTRIES.length - 1;

const byName = new Map<string, number>();
const byField = new Map<string, number>();
for (let index = STATIC_LAST; index > 0; index -= 1) {
  const [name, value] = ENTRIES[index]!;
  byName.set(name, index);
  byField.set(`${name}\n${value}`, index);
}

/** Index of the first entry with this name, or 0. */
export const staticIndexOfName = (name: string): number => byName.get(name) ?? 0;

/** Index of the entry with this name and value, or 0. */
export const staticIndexOfField = (name: string, value: string): number =>
  byField.get(`${name}\n${value}`) ?? 0;

/** Bits of each symbol's code, 32 in a row, EOS last. The code is canonical: there is no more to know. */
const CODE_BITS: readonly number[] = [
  '13 23 28 28 28 28 28 28 28 24 30 28 28 30 28 28 28 28 28 28 28 28 30 28 28 28 28 28 28 28 28 28',
  '6 10 10 12 13 6 8 11 10 10 8 11 8 6 6 6 5 5 5 6 6 6 6 6 6 6 7 8 15 6 12 10',
  '13 6 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 8 7 8 13 19 13 14 6',
  '15 5 6 5 6 5 6 6 6 5 7 7 6 6 6 5 6 7 6 5 5 6 7 7 7 7 7 15 11 14 13 28',
  '20 22 20 20 22 22 22 23 22 23 23 23 23 23 24 23 24 24 22 23 24 23 23 23 23 21 22 23 22 23 23 24',
  '22 21 20 22 22 23 23 21 23 22 22 24 21 22 23 23 21 21 22 21 23 22 23 23 20 22 22 22 23 22 22 23',
  '26 26 20 19 22 23 22 25 26 26 26 27 27 26 24 25 19 21 26 27 27 26 27 24 21 21 26 26 28 27 27 27',
  '20 24 20 21 22 21 21 23 22 22 25 25 24 24 26 23 26 27 26 26 27 27 27 27 27 28 27 27 27 27 27 26 30',
]
  .join(' ')
  .split(' ')
  .map(Number);

const EOS = 256;
const LONGEST_BITS = 30;
/** A transition: the next node in the lowest byte, the symbol above it, and what happens. */
const EMITS = 1 << 16;
const FAILS = 1 << 17;

interface Machine {
  /** By node and half byte. */
  readonly transitions: Uint32Array;
  /** Nodes at which a string may end: padding is fewer than 8 bits, all of them ones. */
  readonly mayEnd: Uint8Array;
}

let machine: Machine | null = null;

/**
 * Decodes a Huffman string (RFC 7541 §5.2, appendix B), half a byte at a time: `bytes` from `start`
 * to `end`, to `out` at 0, which must have room for 8/5 as many bytes.
 *
 * @returns how many bytes it gave
 * @throws ConnectionError for EOS within and for wrong padding
 */
export function decodeHuffman(bytes: Uint8Array, start: number, end: number, out: Buffer): number {
  machine ??= buildMachine();
  const { transitions, mayEnd } = machine;
  let node = 0;
  let length = 0;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at]!;
    let step = transitions[(node << 4) | (byte >>> 4)]!;
    if (step >= EMITS) {
      if (step >= FAILS) throw eosFound();
      out[length] = step >>> 8;
      length += 1;
    }
    step = transitions[((step & 0xff) << 4) | (byte & 0xf)]!;
    if (step >= EMITS) {
      if (step >= FAILS) throw eosFound();
      out[length] = step >>> 8;
      length += 1;
    }
    node = step & 0xff;
  }
  if (mayEnd[node] === 0) {
    throw new ConnectionError(
      ErrorCode.COMPRESSION_ERROR,
      'a Huffman string that ends within a code',
    );
  }
  return length;
}

function eosFound(): ConnectionError {
  return new ConnectionError(ErrorCode.COMPRESSION_ERROR, 'EOS within a Huffman string');
}

/** Inner nodes by number, the root 0: `[child at 0, child at 1]`, a leaf as `-1 - symbol`. */
function buildTree(): [number, number][] {
  const nodes: [number, number][] = [[0, 0]];
  let code = 0;
  for (let bits = 1; bits <= LONGEST_BITS; bits += 1) {
    for (let symbol = 0; symbol <= EOS; symbol += 1) {
      if (CODE_BITS[symbol] !== bits) continue;
      let node = 0;
      for (let bit = bits - 1; bit > 0; bit -= 1) {
        const children = nodes[node]!;
        const side = (code >>> bit) & 1;
        if (children[side] === 0) children[side] = nodes.push([0, 0]) - 1;
        node = children[side]!;
      }
      nodes[node]![code & 1] = -1 - symbol;
      code += 1;
    }
    code <<= 1;
  }
  return nodes;
}

function buildMachine(): Machine {
  const nodes = buildTree();
  const transitions = new Uint32Array(nodes.length * 16);
  for (let from = 0; from < nodes.length; from += 1) {
    for (let half = 0; half < 16; half += 1) {
      let node = from;
      let marks = 0;
      for (let bit = 3; bit >= 0; bit -= 1) {
        const next = nodes[node]![(half >>> bit) & 1]!;
        node = Math.max(next, 0);
        // No code is shorter than five bits, so there is one at most.
        if (next === -1 - EOS) marks = FAILS;
        else if (next < 0) marks = EMITS | ((-1 - next) << 8);
      }
      transitions[from * 16 + half] = node | marks;
    }
  }
  const mayEnd = new Uint8Array(nodes.length);
  for (let node = 0, ones = 0; ones < 8; ones += 1) {
    mayEnd[node] = 1;
    node = nodes[node]![1];
  }
  return { transitions, mayEnd };
}
