import { endOfString, keyName } from '../decode/decode.ts';
import { isOfForm, type TimeForm, timeFormOf } from './time-literal.ts';
import type { ColumnType } from './types.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** What the strings at one place of the records have in common. */
export class SeenStrings {
  /** Undefined before the first string; null where they have no form in common. */
  #form: TimeForm | null | undefined = undefined;
  #isUnicode = true;
  hasNul = false;

  /** How all of them write a date or a moment. */
  get timeForm(): TimeForm | null {
    return this.#form ?? null;
  }

  /** Looks at the string at `pos`. Returns where it ends. */
  look(bytes: Uint8Array, pos: number): number {
    let end = pos + 1;
    let c = bytes[end]!;
    while (c !== QUOTE && c !== BACKSLASH) c = bytes[++end]!;
    if (c === BACKSLASH) {
      const firstEscape = end;
      end = endOfString(bytes, end);
      if (this.#isUnicode) {
        const escapes = oddEscapes(bytes, firstEscape, end);
        if ((escapes & NUL_ESCAPE) !== 0) this.hasNul = true;
        if ((escapes & HIGH_ESCAPE) !== 0) {
          this.#isUnicode = keyName(bytes.subarray(pos + 1, end - 1)).isWellFormed();
        }
      }
    } else end += 1;
    const form = this.#form;
    if (form === undefined) this.#form = timeFormOf(bytes, pos + 1, end - 1);
    else if (form !== null && !isOfForm(form, bytes, pos + 1, end - 1)) this.#form = null;
    return end;
  }

  /** Null where what they hold is no text. */
  type(): ColumnType | null {
    if (!this.#isUnicode) return null;
    return this.#form ?? (this.hasNul ? { kind: 'string', hasNul: true } : { kind: 'string' });
  }
}

const NUL_ESCAPE = 1;
const HIGH_ESCAPE = 2;

/** Whether a string holds NUL, or may hold half of a surrogate pair: only escapes (`\ud83d`) write them. */
function oddEscapes(bytes: Uint8Array, start: number, end: number): number {
  let found = 0;
  for (let pos = start; pos < end; pos += 1) {
    if (bytes[pos] !== BACKSLASH) continue;
    pos += 1;
    if (bytes[pos] !== 0x75) continue;
    const first = bytes[pos + 1]!;
    if ((first | 0x20) === 0x64) found |= HIGH_ESCAPE;
    else if (first === 0x30 && isZeros(bytes, pos + 2)) found |= NUL_ESCAPE;
  }
  return found;
}

function isZeros(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0x30 && bytes[at + 1] === 0x30 && bytes[at + 2] === 0x30;
}
