/** The tables of RFC 7541. `hpack.ts` is what works with them. */

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
const CODE_BITS = [
  '13 23 28 28 28 28 28 28 28 24 30 28 28 30 28 28 28 28 28 28 28 28 30 28 28 28 28 28 28 28 28 28',
  '6 10 10 12 13 6 8 11 10 10 8 11 8 6 6 6 5 5 5 6 6 6 6 6 6 6 7 8 15 6 12 10',
  '13 6 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 8 7 8 13 19 13 14 6',
  '15 5 6 5 6 5 6 6 6 5 7 7 6 6 6 5 6 7 6 5 5 6 7 7 7 7 7 15 11 14 13 28',
  '20 22 20 20 22 22 22 23 22 23 23 23 23 23 24 23 24 24 22 23 24 23 23 23 23 21 22 23 22 23 23 24',
  '22 21 20 22 22 23 23 21 23 22 22 24 21 22 23 23 21 21 22 21 23 22 23 23 20 22 22 22 23 22 22 23',
  '26 26 20 19 22 23 22 25 26 26 26 27 27 26 24 25 19 21 26 27 27 26 27 24 21 21 26 26 28 27 27 27',
  '20 24 20 21 22 21 21 23 22 22 25 25 24 24 26 23 26 27 26 26 27 27 27 27 27 28 27 27 27 27 27 26 30',
];

const EOS = 256;
/** A transition: the next node in the lowest byte, the symbol above it, and what happens. */
export const EMITS = 1 << 16;
export const FAILS = 1 << 17;

export interface HuffmanMachine {
  /** By node and half byte. */
  readonly transitions: Uint32Array;
  /** Nodes at which a string may end: padding is fewer than 8 bits, all of them ones. */
  readonly mayEnd: Uint8Array;
}

/** Transitions by node and bit, the root 0. */
function buildSteps(): number[] {
  // Shorter codes come first, and those of one length in the order of their symbols.
  const symbolsOf: number[][] = [];
  for (const [symbol, bits] of CODE_BITS.join(' ').split(' ').entries()) {
    symbolsOf[Number(bits)] ??= [];
    symbolsOf[Number(bits)]!.push(symbol);
  }
  const steps = [0, 0];
  let code = 0;
  for (const [length, symbols = []] of symbolsOf.entries()) {
    code <<= 1;
    for (const symbol of symbols) {
      let node = 0;
      for (let bit = length - 1; bit > 0; bit -= 1) {
        const at = 2 * node + ((code >>> bit) & 1);
        if (steps[at] === 0) steps[at] = steps.push(0, 0) / 2 - 1;
        node = steps[at]!;
      }
      steps[2 * node + (code & 1)] = symbol === EOS ? FAILS : EMITS | (symbol << 8);
      code += 1;
    }
  }
  return steps;
}

/** The code of appendix B, to be read half a byte at a time. */
export function buildHuffmanMachine(): HuffmanMachine {
  const steps = Uint32Array.from(buildSteps());
  const mayEnd = new Uint8Array(steps.length / 2);
  for (let node = 0, ones = 0; ones < 8; ones += 1) {
    mayEnd[node] = 1;
    node = steps[2 * node + 1]!;
  }
  return { transitions: joined(joined(steps, 1), 2), mayEnd };
}

/** Transitions by twice as many bits. No code is shorter than five, so one of two steps at most emits. */
function joined(steps: Uint32Array, bits: number): Uint32Array {
  const inputs = 1 << bits;
  const twice = new Uint32Array(steps.length * inputs);
  for (let at = 0; at < steps.length; at += 1) {
    const step = steps[at]!;
    const next = (step & 0xff) << bits;
    for (let input = 0; input < inputs; input += 1) {
      twice[at * inputs + input] = (step & ~0xff) | steps[next | input]!;
    }
  }
  return twice;
}
