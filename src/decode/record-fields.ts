import { endOfSpace, keyName } from './json-tokens.ts';
import { endOfString, endOfValue } from './pick-values.ts';
import { parseSelection } from './selection.ts';
import { isWritten, writtenKey } from './written-key.ts';

/** Members of one object; with more it is a dictionary, and no columns are made of it. */
const MOST_MEMBERS = 2_000;
/** Objects within objects that are taken apart. */
const MOST_LEVELS = 24;
const MOST_FIELDS = 20_000;

const SPACE = 0x20;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const LOWER_N = 0x6e;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** A place in records: `city` in the `address` of each. */
export class Field {
  readonly parent: Field | null;
  readonly key: string;
  /** Among the members of its parent. */
  readonly index: number;
  /** The key as it was first written, without quotes. */
  readonly written: Uint8Array;
  readonly members: Field[] = [];
  /** By their written keys, byte for byte, and by what these mean. */
  readonly byWritten = new Map<string, Field>();
  readonly byKey = new Map<string, Field>();
  /** Objects here are values like any other. */
  isWhole = false;
  /** Members that are met for the first time are added. */
  isOpen = true;
  /** Something else than null and `{}` was a value here. */
  hasValues = false;
  /** The number of the last record that has something here. */
  seenIn = 0;
  /** Where the value stands in that record; −1 where its members hold it. */
  start = -1;
  end = -1;

  constructor(parent: Field | null, key: string, written: Uint8Array, isOpen: boolean) {
    this.parent = parent;
    this.key = key;
    this.written = written;
    this.index = parent?.members.length ?? 0;
    this.isOpen = isOpen;
    parent?.members.push(this);
    parent?.byKey.set(key, this);
    parent?.byWritten.set(Buffer.from(written).toString('latin1'), this);
  }

  /** From the record down. */
  get path(): readonly string[] {
    return this.parent === null ? [] : [...this.parent.path, this.key];
  }
}

/**
 * The fields of records, and where the values of a record stand. Objects are taken apart down to values
 * that are none: scalars, lists, `{}`. Objects with more than `MOST_MEMBERS` different keys over all
 * records, and what nests deeper than `MOST_LEVELS`, stay whole. Of equal keys in an object the last
 * counts, as in `JSON.parse`. No value is read, so none can change.
 *
 * @example
 * const fields = RecordFields.found();
 * fields.read(Buffer.from('{"id":1,"at":{"city":"Rome"}}'), 0);
 * fields.columns().map(({ path }) => path); // [['id'], ['at', 'city']]
 */
export class RecordFields {
  readonly root: Field;
  readonly #levels: number;
  /** Of the record that was read last, from 1. */
  record = 0;
  #count = 0;

  private constructor(isOpen: boolean, levels: number) {
    this.#levels = levels;
    this.root = new Field(null, '', new Uint8Array(0), isOpen);
  }

  /**
   * All fields of the records that will be read.
   *
   * @param levels objects within objects that are taken apart; 1: only the record itself
   */
  static found(levels = MOST_LEVELS): RecordFields {
    return new RecordFields(true, levels);
  }

  /**
   * The fields at these dotted paths, each whole; `@` is the record.
   *
   * @throws EverypageError SELECTION for text that is no path
   */
  static at(paths: readonly string[]): { readonly fields: RecordFields; readonly at: Field[] } {
    const fields = new RecordFields(false, MOST_LEVELS);
    const at = paths.map((path) => {
      const field = fields.add(parseSelection(path).keys.map(({ name }) => name));
      field.isWhole = true;
      return field;
    });
    return { fields, at };
  }

  /** Adds the field under these keys, whether or not a record has it. */
  add(keys: readonly string[]): Field {
    return keys.reduce((field, key) => {
      return field.byKey.get(key) ?? new Field(field, key, writtenKey(key), field.isOpen);
    }, this.root);
  }

  /** Finds where the values of the record stand that begins at `start`, which is valid JSON. */
  read(bytes: Uint8Array, start: number): void {
    this.record += 1;
    this.#value(bytes, start, this.root, 0);
  }

  /** Whether the record that was read last has a value of its own at a field, from `start` to `end` of it. */
  has(field: Field): boolean {
    return field.seenIn === this.record && field.start >= 0;
  }

  /**
   * The fields that hold values, members behind the field they belong to. Null and `{}` make none
   * where other records have something. Of records that are no objects it is the root.
   */
  columns(): readonly Field[] {
    const columns: Field[] = [];
    const add = (field: Field): void => {
      if (field.hasValues || field.members.length === 0) columns.push(field);
      for (const member of field.members) add(member);
    };
    for (const member of this.root.members) add(member);
    const isAlone = columns.length === 0 && this.record > 0;
    return this.root.hasValues || isAlone ? [...columns, this.root] : columns;
  }

  /** Returns where the value ends. */
  #value(bytes: Uint8Array, pos: number, field: Field, level: number): number {
    if (field.seenIn === this.record) forget(field);
    field.seenIn = this.record;
    field.start = pos;
    const isObject = bytes[pos] === OPEN_BRACE;
    const isEmpty = isObject && bytes[endOfSpace(bytes, pos + 1)] === CLOSE_BRACE;
    const isTaken = field.members.length > 0 || (!field.isWhole && level < this.#levels);
    if (isObject && !isEmpty && isTaken) {
      field.end = this.#members(bytes, pos + 1, field, level + 1);
      if (field.isWhole) field.hasValues = true;
      else field.start = -1;
    } else {
      field.end = endOfValue(bytes, pos);
      if (!isEmpty && bytes[pos] !== LOWER_N) field.hasValues = true;
    }
    return field.end;
  }

  #members(bytes: Uint8Array, from: number, field: Field, level: number): number {
    const { members } = field;
    let expected = 0;
    for (let pos = from; ; ) {
      if (bytes[pos]! <= SPACE) pos = endOfSpace(bytes, pos);
      const keyStart = pos + 1;
      // Records of a list mostly have the same keys in the same order.
      let member: Field | null | undefined = members[expected];
      if (member !== undefined && isWritten(bytes, keyStart, member.written)) {
        pos = keyStart + member.written.length + 1;
      } else {
        pos = endOfString(bytes, keyStart);
        member = this.#memberAt(bytes, keyStart, pos - 1, field);
      }
      if (member !== null) expected = member.index + 1;
      if (bytes[pos]! <= SPACE) pos = endOfSpace(bytes, pos);
      pos += 1;
      if (bytes[pos]! <= SPACE) pos = endOfSpace(bytes, pos);
      pos = member === null ? endOfValue(bytes, pos) : this.#value(bytes, pos, member, level);
      if (bytes[pos]! <= SPACE) pos = endOfSpace(bytes, pos);
      pos += 1;
      if (bytes[pos - 1] !== COMMA) return pos;
    }
  }

  /** Null for a member that is none of the fields. */
  #memberAt(bytes: Uint8Array, start: number, end: number, field: Field): Field | null {
    if (!field.isOpen && field.members.length <= MOST_COMPARED) {
      const known = comparedMember(bytes, start, end, field.members);
      if (known !== undefined) return known;
    }
    const content = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
    const written = content.toString('latin1');
    const known = field.byWritten.get(written);
    if (known !== undefined) return known;
    const key = keyName(content);
    const other = field.byKey.get(key);
    if (other !== undefined || !field.isOpen) return other ?? null;
    this.#count += 1;
    const isFull = field.members.length === MOST_MEMBERS && field.parent !== null;
    if (!isFull && this.#count <= MOST_FIELDS)
      return new Field(field, key, Buffer.from(content), true);
    this.#close(field);
    return null;
  }

  /** From now on it holds its objects whole. */
  #close(field: Field): void {
    field.isOpen = false;
    field.isWhole = true;
    field.hasValues = true;
    this.#count -= fieldsIn(field);
    field.members.length = 0;
    field.byKey.clear();
    field.byWritten.clear();
  }
}

/** An equal key comes later in the same object, and counts instead. */
function forget(field: Field): void {
  field.seenIn = 0;
  for (const member of field.members) forget(member);
}

function fieldsIn(field: Field): number {
  return field.members.reduce((sum, member) => sum + 1 + fieldsIn(member), 0);
}

/** A few keys are compared sooner than a key is made a string. */
const MOST_COMPARED = 16;

/** The member under a key; null for none of them, undefined for a key with an escape. */
function comparedMember(
  bytes: Uint8Array,
  start: number,
  end: number,
  members: readonly Field[],
): Field | null | undefined {
  for (const member of members) {
    if (isWritten(bytes, start, member.written)) return member;
  }
  for (let at = start; at < end; at += 1) if (bytes[at] === BACKSLASH) return undefined;
  return null;
}
