import { columnNames } from '../core/column-names.ts';
import { endOfSpace, endOfString, endOfValue, keyName } from '../decode/decode.ts';
import { kindsOf } from './column-types.ts';
import { fitsInt64, isDouble, readLiteral, scaleOf, wholeDigits } from './number-literal.ts';
import { NumberText } from './number-text.ts';
import { isOfForm, type TimeForm, timeFormOf } from './time-literal.ts';
import type { ColumnType, Field, JsonKind, RecordSchema } from './types.ts';

/** Collects what the values of each column have in common. */
export interface Inference {
  /** Looks at the record that begins at `start`, which is valid JSON. */
  add(bytes: Uint8Array, start: number): void;
  /** The schema of the records so far. */
  schema(): RecordSchema;
}

/**
 * Starts an inference. Its memory depends on the number of columns, never on the number of records: an
 * object with more than `MOST_FIELDS` keys, as a dictionary has them, becomes JSON text, and so does
 * what nests deeper than `MOST_LEVELS`.
 *
 * @example
 * const inference = createInference();
 * inference.add(Buffer.from('{"id":1}'), 0);
 * inference.schema().columns[0].type; // { kind: 'integer' }
 */
export function createInference(): Inference {
  const seen = new Seen();
  const budget = { fields: MOST_FIELDS_IN_ALL, sameKeys: false };
  let records = 0;
  return {
    add(bytes, start) {
      records += 1;
      seen.look(bytes, start, 0, budget);
    },
    schema: () => schemaOf(seen, records, budget.sameKeys),
  };
}

/** Keys of one object. SQLite's tables have as many columns. */
export const MOST_FIELDS = 2_000;
const MOST_FIELDS_IN_ALL = 20_000;
export const MOST_LEVELS = 24;
const MOST_DIGITS = 38;
/** A double holds each number of so many digits, but for those near its ends. */
const DIGITS_OF_DOUBLE = 15;

const QUOTE = 0x22;
const COMMA = 0x2c;
const ZERO = 0x30;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const BACKSLASH = 0x5c;
const LOWER_F = 0x66;
const LOWER_N = 0x6e;
const LOWER_T = 0x74;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** The number that was looked at last. */
const number = new NumberText();

interface Budget {
  fields: number;
  /** An object had a key twice. */
  sameKeys: boolean;
}

class SeenField {
  readonly key: string;
  readonly index: number;
  readonly utf8: Uint8Array;
  readonly values = new Seen();
  /** Objects that have it. */
  count = 0;
  /** The last object that had it, by its number. */
  lastIn = -1;

  constructor(key: string, index: number, utf8: Uint8Array) {
    this.key = key;
    this.index = index;
    this.utf8 = utf8;
  }
}

/** What was seen at one place of the records. */
class Seen {
  hasNulls = false;
  readonly kinds = new Set<JsonKind>();
  #lastKind: JsonKind | null = null;
  /** What is there has no common type, or is too large to have one. */
  #isText = false;

  #mostWhole = 0;
  #mostScale = 0;
  #isInt64 = true;
  #isDouble = true;
  #hasNegativeZero = false;

  /** Undefined before the first string; null where they have no form in common. */
  #timeForm: TimeForm | null | undefined = undefined;
  #isUnicode = true;
  #hasNul = false;

  #items: Seen | null = null;

  #objects = 0;
  #fields: SeenField[] = [];
  #byKey = new Map<string, SeenField>();

  /** Looks at the value at `pos`. Returns where it ends. */
  look(bytes: Uint8Array, pos: number, level: number, budget: Budget): number {
    const first = bytes[pos]!;
    switch (first) {
      case LOWER_N:
        this.hasNulls = true;
        return pos + 4;
      case LOWER_T:
      case LOWER_F:
        this.#is('boolean');
        return pos + (first === LOWER_T ? 4 : 5);
      case QUOTE:
        this.#is('string');
        return this.#lookAtString(bytes, pos);
      case OPEN_BRACE:
        this.#is('object');
        return this.#isText || level > MOST_LEVELS
          ? this.#passOver(bytes, pos)
          : this.#lookAtObject(bytes, pos, level, budget);
      case OPEN_BRACKET:
        this.#is('list');
        return this.#isText || level > MOST_LEVELS
          ? this.#passOver(bytes, pos)
          : this.#lookAtList(bytes, pos, level, budget);
      default:
        this.#is('number');
        return this.#lookAtNumber(bytes, pos);
    }
  }

  #is(kind: JsonKind): void {
    if (kind === this.#lastKind) return;
    this.#lastKind = kind;
    if (this.kinds.has(kind)) return;
    this.kinds.add(kind);
    if (this.kinds.size > 1) this.#becomeText();
  }

  #becomeText(): void {
    this.#isText = true;
    this.#items = null;
    this.#fields = [];
    this.#byKey = new Map();
  }

  #passOver(bytes: Uint8Array, pos: number): number {
    if (!this.#isText) this.#becomeText();
    return endOfValue(bytes, pos);
  }

  #lookAtNumber(bytes: Uint8Array, pos: number): number {
    if (this.#isText) return endOfValue(bytes, pos);
    number.read(bytes, pos);
    const { end, start, wholeEnd, digitsEnd, isNegative } = number;
    // Only zero begins with one.
    const whole = bytes[start] === ZERO ? 0 : wholeEnd - start;
    const scale = digitsEnd === wholeEnd ? 0 : digitsEnd - wholeEnd - 1;
    const isPlain = !number.hasExponent && whole + scale <= DIGITS_OF_DOUBLE;
    if (!isPlain || (isNegative && whole === 0)) {
      this.#lookAtLiteral(textOf(bytes, pos, end));
      return end;
    }
    if (whole > this.#mostWhole) this.#mostWhole = whole;
    if (scale > 0) {
      this.#isInt64 = false;
      if (scale > this.#mostScale) this.#mostScale = scale;
    }
    return end;
  }

  #lookAtLiteral(text: string): void {
    const literal = readLiteral(text);
    const scale = scaleOf(literal);
    this.#mostWhole = Math.max(this.#mostWhole, wholeDigits(literal));
    this.#mostScale = Math.max(this.#mostScale, scale);
    if (literal.digits === '' && literal.isNegative) this.#hasNegativeZero = true;
    this.#isInt64 &&= scale === 0 && fitsInt64(literal);
    this.#isDouble &&= isDouble(text, literal);
  }

  #lookAtString(bytes: Uint8Array, pos: number): number {
    let end = pos + 1;
    let c = bytes[end]!;
    while (c !== QUOTE && c !== BACKSLASH) c = bytes[++end]!;
    if (c === BACKSLASH) {
      const firstEscape = end;
      end = endOfString(bytes, end);
      if (this.#isUnicode) {
        const escapes = oddEscapes(bytes, firstEscape, end);
        if ((escapes & NUL_ESCAPE) !== 0) this.#hasNul = true;
        if ((escapes & HIGH_ESCAPE) !== 0) {
          this.#isUnicode = keyName(bytes.subarray(pos + 1, end - 1)).isWellFormed();
        }
      }
    } else end += 1;
    const form = this.#timeForm;
    if (form === undefined) this.#timeForm = timeFormOf(bytes, pos + 1, end - 1);
    else if (form !== null && !isOfForm(form, bytes, pos + 1, end - 1)) this.#timeForm = null;
    return end;
  }

  #lookAtList(bytes: Uint8Array, open: number, level: number, budget: Budget): number {
    this.#items ??= new Seen();
    let pos = endOfSpace(bytes, open + 1);
    if (bytes[pos] === CLOSE_BRACKET) return pos + 1;
    for (;;) {
      pos = endOfSpace(bytes, this.#items.look(bytes, pos, level + 1, budget));
      if (bytes[pos] !== COMMA) return pos + 1;
      pos = endOfSpace(bytes, pos + 1);
    }
  }

  #lookAtObject(bytes: Uint8Array, open: number, level: number, budget: Budget): number {
    const number = this.#objects++;
    let pos = endOfSpace(bytes, open + 1);
    if (bytes[pos] === CLOSE_BRACE) return pos + 1;
    for (let expected = 0; ; ) {
      const keyEnd = endOfString(bytes, pos + 1);
      const at = this.#fieldAt(bytes, pos + 1, keyEnd - 1, expected, budget);
      if (at < 0) {
        this.#becomeText();
        return endOfValue(bytes, open);
      }
      const field = this.#fields[at]!;
      expected = at + 1;
      if (field.lastIn === number) budget.sameKeys = true;
      else field.count += 1;
      field.lastIn = number;
      // Past the colon.
      pos = endOfSpace(bytes, endOfSpace(bytes, keyEnd) + 1);
      pos = endOfSpace(bytes, field.values.look(bytes, pos, level + 1, budget));
      if (bytes[pos] !== COMMA) return pos + 1;
      pos = endOfSpace(bytes, pos + 1);
    }
  }

  /** The index of the field under a key, most often the one that followed before; −1 where there are too many. */
  #fieldAt(
    bytes: Uint8Array,
    start: number,
    end: number,
    expected: number,
    budget: Budget,
  ): number {
    const guess = this.#fields[expected];
    if (guess !== undefined && isSame(bytes, start, end, guess.utf8)) return expected;
    const content = bytes.subarray(start, end);
    const key = keyName(content);
    const known = this.#byKey.get(key);
    if (known !== undefined) return known.index;
    if (this.#fields.length >= MOST_FIELDS || budget.fields === 0) return -1;
    budget.fields -= 1;
    const field = new SeenField(key, this.#fields.length, content.slice());
    this.#byKey.set(key, field);
    return this.#fields.push(field) - 1;
  }

  type(): ColumnType {
    const kinds = [...this.kinds];
    const text: ColumnType = { kind: 'json', of: kinds };
    if (this.#isText) return text;
    switch (kinds[0]) {
      case undefined:
        return { kind: 'null' };
      case 'boolean':
        return { kind: 'boolean' };
      case 'number':
        return this.#numberType() ?? text;
      case 'string':
        if (!this.#isUnicode) return text;
        return (
          this.#timeForm ?? (this.#hasNul ? { kind: 'string', hasNul: true } : { kind: 'string' })
        );
      case 'list': {
        const items = this.#items!.type();
        return items.kind === 'null'
          ? text
          : { kind: 'list', items, hasNulls: this.#items!.hasNulls };
      }
      default:
        return this.#fields.length === 0 ? text : { kind: 'struct', fields: this.#fieldTypes() };
    }
  }

  #numberType(): ColumnType | null {
    const precision = this.#mostWhole + this.#mostScale;
    const hasNegativeZero = this.#hasNegativeZero;
    if (!hasNegativeZero && this.#isInt64) return { kind: 'integer' };
    if (!hasNegativeZero && precision <= MOST_DIGITS) {
      return { kind: 'decimal', precision: Math.max(1, precision), scale: this.#mostScale };
    }
    return this.#isDouble ? { kind: 'double', hasNegativeZero } : null;
  }

  #fieldTypes(): Field[] {
    const names = columnNames(
      this.#fields.map(({ key }) => writable(key)),
      // As in SQL.
      (name) => name.toLowerCase(),
    );
    return this.#fields.map(({ key, values, count }, index) => ({
      key,
      name: names[index]!,
      type: values.type(),
      hasNulls: values.hasNulls,
      isOptional: count < this.#objects,
    }));
  }
}

function schemaOf(seen: Seen, records: number, hasSameKeys: boolean): RecordSchema {
  const type = seen.type();
  const isWhole = type.kind !== 'struct';
  const columns = isWhole
    ? [{ key: 'value', name: 'value', type, hasNulls: seen.hasNulls, isOptional: false }]
    : // A record that is null has no field.
      type.fields.map((field) => ({ ...field, isOptional: field.isOptional || seen.hasNulls }));
  const notes = notesOf(columns, isWhole, records, hasSameKeys);
  return { columns, isWhole, hasNulls: seen.hasNulls, hasSameKeys, records, notes };
}

function notesOf(
  columns: readonly Field[],
  isWhole: boolean,
  records: number,
  sameKeys: boolean,
): string[] {
  const notes: string[] = [];
  const renamed = renamedIn(columns);
  if (renamed.length > 0) {
    const shown = renamed
      .slice(0, 5)
      .map(({ key, name }) => `${JSON.stringify(key)} is ${JSON.stringify(name)}`);
    const more = renamed.length > shown.length ? `, and ${renamed.length - shown.length} more` : '';
    notes.push(`names of columns were changed so that each is its own: ${shown.join(', ')}${more}`);
  }
  if (sameKeys) {
    notes.push('an object has the same key twice; the last value counts, as for most readers');
  }
  if (isWhole && records > 0 && columns[0]!.type.kind !== 'null') {
    const kinds = kindsOf(columns[0]!.type);
    const isObjects = kinds.length === 1 && kinds[0] === 'object';
    const why = isObjects ? 'have no keys, or too many' : 'are not all objects';
    notes.push(`the records ${why}, so each stands whole in the column "value"`);
  }
  return notes;
}

function renamedIn(fields: readonly Field[]): Field[] {
  return fields.flatMap((field) => {
    let { type } = field;
    while (type.kind === 'list') type = type.items;
    const below = type.kind === 'struct' ? renamedIn(type.fields) : [];
    return field.key === field.name ? below : [field, ...below];
  });
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

function isSame(bytes: Uint8Array, start: number, end: number, key: Uint8Array): boolean {
  if (key.length !== end - start) return false;
  for (let at = 0; at < key.length; at += 1) if (bytes[start + at] !== key[at]) return false;
  return true;
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1', start, end);
}

/** Half of a surrogate pair is no UTF-8, and SQL ends at NUL. */
function writable(key: string): string {
  return key.toWellFormed().replaceAll('\0', '\uFFFD');
}
