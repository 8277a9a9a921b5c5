import { type JsonFault, stringFault, unexpected } from './body-faults.ts';
import { ENDS_PLAIN, endOfLiteral, endOfSpace, endOfString } from './json-tokens.ts';

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
const LOWER_E = 0x65;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

const NOTHING = new Uint8Array();

/** Deepest nesting accepted; it costs a byte a level and no call stack. */
export const MAX_DEPTH = 1_000_000;

/**
 * Checks text against the grammar of JSON (RFC 8259), value by value, each from a position to its end. What
 * breaks the grammar is the `fault`, and its end is -1. It keeps its memory from one text to the next.
 */
export class JsonReader {
  fault: JsonFault | null = null;
  /** No insignificant white space was read. */
  isCompact = true;
  bytes: Uint8Array = NOTHING;
  /** Of the text. */
  end = 0;
  #last = 0;
  #lastQuote = 0;
  /** What closes each open container, but for the innermost. */
  #closers = new Uint8Array(256);

  /**
   * The text is all before `end`. Every token but a string stops by itself at or before byte `last`, so only
   * strings and what is behind closing brackets have to look out for the end.
   */
  begin(bytes: Uint8Array, last: number, end: number): void {
    this.bytes = bytes;
    this.#last = last;
    this.end = end;
    this.#lastQuote = Buffer.from(bytes.buffer, bytes.byteOffset, last).lastIndexOf(QUOTE);
    this.fault = null;
    this.isCompact = true;
  }

  /** A text may be large. */
  forget(): void {
    this.bytes = NOTHING;
  }

  /**
   * The end of the value at `pos`, which stands in `depth` containers. This is where the time goes: it has few
   * variables, so that all of them are in registers.
   */
  endOfValue(pos: number, depth: number): number {
    const bytes = this.bytes;
    const lastQuote = this.#lastQuote;
    const end = this.end;
    let inner = 0;
    let closer = 0;
    for (;;) {
      let c = bytes[pos]!;
      if (c <= SPACE) {
        pos = this.endOfSpace(pos);
        c = bytes[pos]!;
      }
      if (closer === CLOSE_BRACE) {
        if (c !== QUOTE) return this.refuse(pos);
        pos = pos < lastQuote ? pastPlain(bytes, pos + 1) : pos + 1;
        if (bytes[pos] === QUOTE) pos++;
        else {
          pos = this.endOfString(pos);
          if (pos < 0) return pos;
        }
        c = bytes[pos]!;
        if (c <= SPACE) {
          pos = this.endOfSpace(pos);
          c = bytes[pos]!;
        }
        if (c !== COLON) return this.refuse(pos);
        c = bytes[++pos]!;
        if (c <= SPACE) {
          pos = this.endOfSpace(pos);
          c = bytes[pos]!;
        }
      }
      if (c === QUOTE) {
        pos = pos < lastQuote ? pastPlain(bytes, pos + 1) : pos + 1;
        if (bytes[pos] === QUOTE) pos++;
        else {
          pos = this.endOfString(pos);
          if (pos < 0) return pos;
        }
      } else if (c === OPEN_BRACE || c === OPEN_BRACKET) {
        const own = c + 2;
        c = bytes[++pos]!;
        if (c <= SPACE) {
          pos = this.endOfSpace(pos);
          c = bytes[pos]!;
        }
        if (c !== own) {
          if (depth + inner >= MAX_DEPTH) return this.refuseDepth(pos);
          if (inner === this.#closers.length) this.#moreClosers();
          this.#closers[inner++] = closer;
          closer = own;
          continue;
        }
        pos++;
        if (pos === end && inner > 0) return this.refuse(pos);
      } else if (c <= NINE) {
        if (c === MINUS) c = bytes[++pos]!;
        if (c === ZERO) c = bytes[++pos]!;
        else if (c < ZERO || c > NINE) return this.refuse(pos);
        else {
          do c = bytes[++pos]!;
          while (c >= ZERO && c <= NINE);
        }
        if (c === DOT) {
          c = bytes[++pos]!;
          if (c < ZERO || c > NINE) return this.refuse(pos);
          do c = bytes[++pos]!;
          while (c >= ZERO && c <= NINE);
        }
        if ((c | 0x20) === LOWER_E) {
          c = bytes[++pos]!;
          if (c === PLUS || c === MINUS) c = bytes[++pos]!;
          if (c < ZERO || c > NINE) return this.refuse(pos);
          do c = bytes[++pos]!;
          while (c >= ZERO && c <= NINE);
        }
      } else {
        const after = endOfLiteral(bytes, pos);
        if (after < 0) return this.refuse(pos);
        pos = after;
      }
      // A value is complete: a comma leads to the next one, a bracket completes the one around it.
      for (;;) {
        if (inner === 0) return pos;
        c = bytes[pos]!;
        if (c <= SPACE) {
          pos = this.endOfSpace(pos);
          c = bytes[pos]!;
        }
        if (c === COMMA) {
          pos++;
          break;
        }
        if (c !== closer) return this.refuse(pos);
        pos++;
        closer = this.#closers[--inner]!;
        // One read past the end would make the engine compile slower reads for all pages to come.
        if (pos === end && inner > 0) return this.refuse(pos);
      }
    }
  }

  /** Past the closing quote of the string that `pos` is in. */
  endOfString(pos: number): number {
    const end = endOfString(this.bytes, pos, this.#last);
    if (end >= 0) return end;
    this.fault = stringFault(this.bytes, ~end, this.end);
    return -1;
  }

  /** Past the white space at `pos`. */
  endOfSpace(pos: number): number {
    this.isCompact = false;
    return endOfSpace(this.bytes, pos);
  }

  refuse(pos: number): -1 {
    this.fault = unexpected(this.bytes, pos, this.end);
    return -1;
  }

  refuseDepth(offset: number): -1 {
    const reason = `it nests deeper than ${MAX_DEPTH.toLocaleString('en')} levels`;
    this.fault = { offset, reason };
    return -1;
  }

  #moreClosers(): void {
    const larger = new Uint8Array(2 * this.#closers.length);
    larger.set(this.#closers);
    this.#closers = larger;
  }
}

/** A string that begins before the last quote ends there at the latest: no byte of it is past the end. */
function pastPlain(bytes: Uint8Array, pos: number): number {
  while (
    ENDS_PLAIN[bytes[pos]!] === 0 &&
    ENDS_PLAIN[bytes[++pos]!] === 0 &&
    ENDS_PLAIN[bytes[++pos]!] === 0 &&
    ENDS_PLAIN[bytes[++pos]!] === 0
  ) {
    pos++;
  }
  return pos;
}
