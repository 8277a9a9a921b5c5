import { copyCompact, copyRange, writeMeaning } from '../decode/decode.ts';

const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const LOWER_N = 0x6e;
const OPEN_BRACE = 0x7b;

/** What spreadsheets may take for a formula where a cell begins with it. */
const FORMULA = new Set([...'=+-@\t\r\n'].map((character) => character.charCodeAt(0)));

const ESCAPES = 1;
const QUOTED = 2;

/** Writes JSON values as cells. Numbers keep their literal digits. */
export class CsvCells {
  /** What makes a cell quoted, and the backslash, by which strings of JSON are unlike their text. */
  readonly #marks = new Uint8Array(256);
  readonly #isSafe: boolean;
  #scratch = new Uint8Array(1024);

  /** @param isSafe text that spreadsheets may take for a formula gets an apostrophe */
  constructor(delimiter: string, isSafe: boolean) {
    this.#marks[BACKSLASH] = ESCAPES;
    for (const byte of [delimiter.charCodeAt(0), QUOTE, LF, CR]) this.#marks[byte] = QUOTED;
    this.#isSafe = isSafe;
  }

  /**
   * Writes the value from `start` to `end` of `source`, which is valid JSON: null as nothing, an empty
   * string as two quotes, lists and objects as JSON text. Returns where the cell ends. `target` must have
   * room for twice the value, and three bytes.
   */
  write(target: Uint8Array, at: number, source: Uint8Array, start: number, end: number): number {
    switch (source[start]) {
      case QUOTE:
        return this.#string(target, at, source, start + 1, end - 1);
      case OPEN_BRACKET:
      case OPEN_BRACE:
        return this.#json(target, at, source, start, end);
      case LOWER_N:
        return at;
      default:
        return copyRange(target, at, source, start, end);
    }
  }

  /** An empty cell that shows. */
  writeEmpty(target: Uint8Array, at: number): number {
    target[at] = QUOTE;
    target[at + 1] = QUOTE;
    return at + 2;
  }

  /** A cell of this text, which stands in no page. */
  textOf(text: string): string {
    const bytes = Buffer.from(text);
    const target = new Uint8Array(2 * bytes.length + 3);
    return Buffer.from(target.buffer, 0, this.#text(target, 0, bytes, 0, bytes.length)).toString();
  }

  #string(target: Uint8Array, at: number, source: Uint8Array, start: number, end: number): number {
    if (start < end && !(this.#isSafe && FORMULA.has(source[start]!))) {
      // Most cells are as the page has them.
      const marks = this.#marks;
      let pos = start;
      for (let to = at; pos < end; pos += 1) {
        const c = source[pos]!;
        if (marks[c] !== 0) break;
        target[to++] = c;
      }
      if (pos === end) return at + end - start;
    }
    const scratch = this.#room(end - start);
    return this.#text(target, at, scratch, 0, writeMeaning(scratch, source, start, end));
  }

  #json(target: Uint8Array, at: number, source: Uint8Array, start: number, end: number): number {
    const scratch = this.#room(end - start);
    return this.#text(target, at, scratch, 0, copyCompact(scratch, 0, source, start, end));
  }

  #text(target: Uint8Array, from: number, source: Uint8Array, start: number, end: number): number {
    if (start === end) return this.writeEmpty(target, from);
    let at = from;
    const isFormula = this.#isSafe && FORMULA.has(source[start]!);
    if (!this.#needsQuotes(source, start, end)) {
      if (isFormula) target[at++] = APOSTROPHE;
      return copyRange(target, at, source, start, end);
    }
    target[at++] = QUOTE;
    if (isFormula) target[at++] = APOSTROPHE;
    for (let pos = start; pos < end; pos += 1) {
      const c = source[pos]!;
      if (c === QUOTE) target[at++] = QUOTE;
      target[at++] = c;
    }
    target[at++] = QUOTE;
    return at;
  }

  #needsQuotes(source: Uint8Array, start: number, end: number): boolean {
    const marks = this.#marks;
    for (let pos = start; pos < end; pos += 1) {
      if (marks[source[pos]!] === QUOTED) return true;
    }
    return false;
  }

  #room(bytes: number): Uint8Array {
    if (this.#scratch.length < bytes) this.#scratch = new Uint8Array(2 * bytes);
    return this.#scratch;
  }
}
