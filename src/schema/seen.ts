import { columnNames } from '../core/column-names.ts';
import {
  endOfSpace,
  endOfString,
  endOfValue,
  isWritten,
  keyName,
  writtenKey,
} from '../decode/decode.ts';
import { checkPinned, PinFault } from './check-pinned.ts';
import type { Pin, PinnedType } from './pinned-types.ts';
import { SeenNumbers } from './seen-numbers.ts';
import { SeenStrings } from './seen-strings.ts';
import { type ColumnType, type Field, type JsonKind, MOST_FIELDS, MOST_LEVELS } from './types.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const LOWER_F = 0x66;
const LOWER_N = 0x6e;
const LOWER_T = 0x74;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** What all places of the records share. */
export interface Budget {
  /** Fields that may still be added. */
  fields: number;
  /** An object had a key twice. */
  sameKeys: boolean;
}

class SeenField {
  readonly key: string;
  readonly index: number;
  readonly utf8: Uint8Array;
  readonly values: Seen;
  /** Objects that have it. */
  count = 0;
  /** The last object that had it, by its number. */
  lastIn = -1;

  constructor(key: string, index: number, utf8: Uint8Array, values: Seen) {
    this.key = key;
    this.index = index;
    this.utf8 = utf8;
    this.values = values;
  }
}

/** What was seen at one place of the records, and what the user pins there. */
export class Seen {
  readonly #pin: Pin;
  /** From the record, for messages. */
  readonly #path: string;
  hasNulls = false;
  readonly kinds = new Set<JsonKind>();
  #lastKind: JsonKind | null = null;
  /** What is there has no common type, or is too large to have one. */
  #isText = false;

  #numbers: SeenNumbers | null = null;
  #strings: SeenStrings | null = null;
  #items: Seen | null = null;

  #objects = 0;
  #fields: SeenField[] = [];
  #byKey = new Map<string, SeenField>();

  constructor(pin: Pin, path: string) {
    this.#pin = pin;
    this.#path = path;
    if (pin?.kind === 'json') this.#isText = true;
    else if (pin?.kind === 'list') this.#items = this.#below(pin.items, '[]');
    else if (pin?.kind === 'struct') {
      for (const [key, its] of pin.fields) this.#addField(key, writtenKey(key), its);
    }
  }

  #below(pin: Pin, step: string): Seen {
    return new Seen(pin, this.#path === '' ? step : `${this.#path}${step}`);
  }

  #addField(key: string, utf8: Uint8Array, pin: Pin): number {
    const step = this.#path === '' ? key : `.${key}`;
    const field = new SeenField(key, this.#fields.length, utf8, this.#below(pin, step));
    this.#byKey.set(key, field);
    return this.#fields.push(field) - 1;
  }

  /**
   * Looks at the value at `pos`. Returns where it ends.
   *
   * @throws PinFault where it is not what is pinned
   */
  look(bytes: Uint8Array, pos: number, level: number, budget: Budget): number {
    const first = bytes[pos]!;
    switch (first) {
      case LOWER_N:
        this.hasNulls = true;
        return pos + 4;
      case LOWER_T:
      case LOWER_F:
        this.#is('boolean', bytes, pos);
        return pos + (first === LOWER_T ? 4 : 5);
      case QUOTE:
        this.#is('string', bytes, pos);
        this.#strings ??= new SeenStrings();
        return this.#strings.look(bytes, pos);
      case OPEN_BRACE:
        this.#is('object', bytes, pos);
        return this.#isPassedOver(level)
          ? this.#passOver(bytes, pos)
          : this.#lookAtObject(bytes, pos, level, budget);
      case OPEN_BRACKET:
        this.#is('list', bytes, pos);
        return this.#isPassedOver(level)
          ? this.#passOver(bytes, pos)
          : this.#lookAtList(bytes, pos, level, budget);
      default:
        this.#is('number', bytes, pos);
        if (this.#isText) return endOfValue(bytes, pos);
        this.#numbers ??= new SeenNumbers();
        return this.#numbers.look(bytes, pos);
    }
  }

  #isPassedOver(level: number): boolean {
    return this.#isText || (level > MOST_LEVELS && this.#pin === null);
  }

  #is(kind: JsonKind, bytes: Uint8Array, pos: number): void {
    if (this.#pin !== null) checkPinned(this.#pin, kind, bytes, pos, this.#path);
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

  #lookAtList(bytes: Uint8Array, open: number, level: number, budget: Budget): number {
    this.#items ??= this.#below(null, '[]');
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
    if (guess !== undefined && isWritten(bytes, start, guess.utf8)) return expected;
    const content = bytes.subarray(start, end);
    const key = keyName(content);
    const known = this.#byKey.get(key);
    if (known !== undefined) return known.index;
    const pin = this.#pin?.kind === 'struct' ? this.#pin : null;
    const isFull = this.#fields.length >= MOST_FIELDS || budget.fields === 0;
    if (pin?.isOpen === false || (pin !== null && isFull)) throw this.#unknownKey(key, isFull);
    if (isFull) return -1;
    budget.fields -= 1;
    return this.#addField(key, content.slice(), null);
  }

  #unknownKey(key: string, isFull: boolean): PinFault {
    const what = this.#path === '' ? 'it' : this.#path;
    const why = isFull ? `and more than ${MOST_FIELDS} others` : 'which the schema does not name';
    const most = 60;
    const shown = JSON.stringify(key.length > most ? `${key.slice(0, most)}…` : key);
    return new PinFault(`${what} has the key ${shown}, ${why}`);
  }

  type(): ColumnType {
    if (this.#pin !== null) return this.#pinnedType(this.#pin);
    const kinds = [...this.kinds];
    const text: ColumnType = { kind: 'json', of: kinds };
    if (this.#isText) return text;
    switch (kinds[0]) {
      case undefined:
        return { kind: 'null' };
      case 'boolean':
        return { kind: 'boolean' };
      case 'number':
        return this.#numbers!.type() ?? text;
      case 'string':
        return this.#strings!.type() ?? text;
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

  #pinnedType(pin: PinnedType): ColumnType {
    switch (pin.kind) {
      case 'double':
        return { kind: 'double', hasNegativeZero: this.#numbers?.hasNegativeZero === true };
      case 'timestamp':
        return this.#strings?.timeForm?.kind === 'timestamp' ? this.#strings.timeForm : ANY_MOMENT;
      case 'list':
        return { kind: 'list', items: this.#items!.type(), hasNulls: this.#items!.hasNulls };
      case 'struct':
        return { kind: 'struct', fields: this.#fieldTypes() };
      case 'string':
        return this.#strings?.hasNul === true ? { kind: 'string', hasNul: true } : pin;
      default:
        return pin;
    }
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

/** The type of pinned moments that are written in several ways. */
const ANY_MOMENT: ColumnType = { kind: 'timestamp', offset: 'Z', digits: 6 };

/** Half of a surrogate pair is no UTF-8, and SQL ends at NUL. */
function writable(key: string): string {
  return key.toWellFormed().replaceAll('\0', '\uFFFD');
}
