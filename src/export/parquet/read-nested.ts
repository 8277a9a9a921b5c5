import { EverypageError } from '../../core/errors.ts';
import {
  endOfSpace,
  endOfString,
  endOfValue,
  type Field,
  keyName,
  RecordFields,
  writtenKey,
} from '../../decode/decode.ts';
import type { Leaf } from './leaf.ts';
import type { Reader } from './read-values.ts';

const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const CLOSE_BRACKET = 0x5d;
const LOWER_N = 0x6e;
const CLOSE_BRACE = 0x7d;

interface Member {
  readonly index: number;
  readonly reader: Reader;
  /** The key as JSON writes it most often, without quotes. */
  readonly written: Uint8Array;
  /** The number of the last object that had it. */
  seenIn: number;
  /** Where its value stands in that object; only where keys may come twice. */
  at: number;
}

export interface MemberOf {
  readonly key: string;
  readonly reader: Reader;
}

/** Objects of one place. Members that it does not know are passed over. */
export class ObjectReader implements Reader {
  readonly leaves: readonly Leaf[];
  readonly #members: readonly Member[];
  readonly #byKey: ReadonlyMap<string, Member>;
  readonly #definition: number;
  readonly #hasSameKeys: boolean;
  #number = 0;

  /**
   * @param definition of an object that is there
   * @param hasSameKeys an object may have a key twice; then the last counts
   */
  constructor(members: readonly MemberOf[], definition: number, hasSameKeys: boolean) {
    this.#members = members.map(({ key, reader }, index) => ({
      index,
      reader,
      written: writtenKey(key),
      seenIn: 0,
      at: 0,
    }));
    this.#byKey = new Map(members.map(({ key }, index) => [key, this.#members[index]!]));
    this.#definition = definition;
    this.#hasSameKeys = hasSameKeys;
    this.leaves = members.flatMap(({ reader }) => reader.leaves);
  }

  read(bytes: Uint8Array, open: number, repetition: number): number {
    const number = ++this.#number;
    const members = this.#members;
    let pos = open + 1;
    if (bytes[pos]! <= SPACE) pos = endOfSpace(bytes, pos);
    if (bytes[pos] === CLOSE_BRACE) pos += 1;
    else {
      let expected = 0;
      do {
        if (bytes[pos]! <= SPACE) pos = endOfSpace(bytes, pos);
        const keyStart = pos + 1;
        let member = members[expected];
        if (member !== undefined && isWritten(bytes, keyStart, member.written)) {
          pos = keyStart + member.written.length + 1;
        } else {
          pos = endOfString(bytes, keyStart);
          member = this.#byKey.get(keyName(bytes.subarray(keyStart, pos - 1)));
        }
        if (bytes[pos]! <= SPACE) pos = endOfSpace(bytes, pos);
        pos += 1;
        if (bytes[pos]! <= SPACE) pos = endOfSpace(bytes, pos);
        if (member === undefined) pos = endOfValue(bytes, pos);
        else {
          expected = member.index + 1;
          pos = this.#take(member, number, bytes, pos, repetition);
        }
        if (bytes[pos]! <= SPACE) pos = endOfSpace(bytes, pos);
        pos += 1;
      } while (bytes[pos - 1] === COMMA);
    }
    for (const member of members) {
      if (member.seenIn !== number) member.reader.absent(this.#definition, repetition);
      else if (this.#hasSameKeys) this.#value(member, bytes, member.at, repetition);
    }
    return pos;
  }

  absent(definition: number, repetition: number): void {
    for (const { reader } of this.#members) reader.absent(definition, repetition);
  }

  #take(
    member: Member,
    number: number,
    bytes: Uint8Array,
    pos: number,
    repetition: number,
  ): number {
    if (this.#hasSameKeys) {
      member.seenIn = number;
      member.at = pos;
      return endOfValue(bytes, pos);
    }
    if (member.seenIn === number) {
      throw new EverypageError(
        'INTERNAL',
        'an object has a key twice, which its schema does not say',
      );
    }
    member.seenIn = number;
    return this.#value(member, bytes, pos, repetition);
  }

  #value({ reader }: Member, bytes: Uint8Array, pos: number, repetition: number): number {
    if (bytes[pos] !== LOWER_N) return reader.read(bytes, pos, repetition);
    reader.absent(this.#definition, repetition);
    return pos + 4;
  }
}

/** Lists of one place. */
export class ListReader implements Reader {
  readonly leaves: readonly Leaf[];
  readonly #items: Reader;
  readonly #definition: number;
  readonly #repetition: number;

  /**
   * @param definition of a list that is there
   * @param repetition of every item but the first
   */
  constructor(items: Reader, definition: number, repetition: number) {
    this.#items = items;
    this.#definition = definition;
    this.#repetition = repetition;
    this.leaves = items.leaves;
  }

  read(bytes: Uint8Array, open: number, repetition: number): number {
    let pos = endOfSpace(bytes, open + 1);
    if (bytes[pos] === CLOSE_BRACKET) {
      this.#items.absent(this.#definition, repetition);
      return pos + 1;
    }
    for (let level = repetition; ; level = this.#repetition) {
      if (bytes[pos] === LOWER_N) {
        this.#items.absent(this.#definition + 1, level);
        pos += 4;
      } else pos = this.#items.read(bytes, pos, level);
      pos = endOfSpace(bytes, pos);
      if (bytes[pos] !== COMMA) return pos + 1;
      pos = endOfSpace(bytes, pos + 1);
    }
  }

  absent(definition: number, repetition: number): void {
    this.#items.absent(definition, repetition);
  }
}

/** Columns at paths that the user named, which may stand within each other. */
export class PathsReader {
  readonly leaves: readonly Leaf[];
  readonly #fields: RecordFields;
  readonly #columns: readonly { readonly field: Field; readonly reader: Reader }[];

  /** @param readers of the values at the paths */
  constructor(paths: readonly string[], readers: readonly Reader[]) {
    const { fields, at } = RecordFields.at(paths);
    this.#fields = fields;
    this.#columns = readers.map((reader, index) => ({ field: at[index]!, reader }));
    this.leaves = readers.flatMap((reader) => reader.leaves);
  }

  read(bytes: Uint8Array, start: number): void {
    this.#fields.read(bytes, start);
    for (const { field, reader } of this.#columns) {
      const isThere = this.#fields.has(field) && bytes[field.start] !== LOWER_N;
      if (isThere) reader.read(bytes, field.start, 0);
      else reader.absent(0, 0);
    }
  }
}

/** As in decode/written-key.ts. Called for each member across files of `dist/`, it took 6 % more CPU. */
function isWritten(bytes: Uint8Array, start: number, key: Uint8Array): boolean {
  const { length } = key;
  for (let at = 0; at < length; at += 1) if (bytes[start + at] !== key[at]) return false;
  return bytes[start + length] === QUOTE;
}
