/** The Huffman code of RFC 7541, appendix B: decoding. */
import { ConnectionError, ErrorCode } from './protocol.ts';

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
const EMITS = 1 << 16;
const FAILS = 1 << 17;

interface HuffmanMachine {
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
function buildHuffmanMachine(): HuffmanMachine {
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

/** Made for the first string: many responses have none. */
let machine: HuffmanMachine | null = null;

/**
 * Decodes a Huffman string (RFC 7541 §5.2, appendix B), half a byte at a time: `bytes` from `start`
 * to `end`, to `out` at 0, which must have room for 8/5 as many bytes.
 *
 * @returns how many bytes it gave
 * @throws ConnectionError for EOS within and for wrong padding
 */
export function decodeHuffman(bytes: Uint8Array, start: number, end: number, out: Buffer): number {
  machine ??= buildHuffmanMachine();
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
