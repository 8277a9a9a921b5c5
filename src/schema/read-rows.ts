import {
  copyCompact,
  endOfSpace,
  endOfString,
  endOfValue,
  isWritten,
  keyName,
  RecordFields,
  writtenKey,
} from '../decode/decode.ts';
import { readLiteral, unscaled } from './number-literal.ts';
import { daysAt, microsecondsAt, secondsAt } from './time-literal.ts';
import type { ColumnType, Field, RecordSchema, RowValue } from './types.ts';

/** The values of the record that begins at `start`, in the order of the columns; null where there is none. */
export type RowReader = (bytes: Uint8Array, start: number) => RowValue[];

const COMMA = 0x2c;
const MINUS = 0x2d;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const LOWER_N = 0x6e;
const LOWER_T = 0x74;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Reads the value at `pos`, which is not null. Leaves where it ends in the state. */
type ReadValue = (bytes: Uint8Array, pos: number) => RowValue;

/**
 * Reads the rows of the records from which a schema was inferred, each value as the type of its column
 * has it (`RowValue`).
 *
 * @example createRowReader(schema)(Buffer.from('{"id":1}'), 0) // [1n]
 */
export function createRowReader({ columns, paths, isWhole }: RecordSchema): RowReader {
  /** Where the value that was read last ends. */
  let end = 0;
  let scratch = new Uint8Array(256);
  /** The bytes that were read last as a buffer, whose strings can be taken. */
  let last: Uint8Array = new Uint8Array(0);
  let buffer: Buffer = Buffer.from(last.buffer);

  function readAt(read: ReadValue, bytes: Uint8Array, pos: number): RowValue {
    if (bytes[pos] !== LOWER_N) return read(bytes, pos);
    end = pos + 4;
    return null;
  }

  function readerOf(type: ColumnType): ReadValue {
    switch (type.kind) {
      case 'boolean':
        return (bytes, pos) => {
          const isTrue = bytes[pos] === LOWER_T;
          end = pos + (isTrue ? 4 : 5);
          return isTrue;
        };
      case 'integer':
        return readInteger;
      case 'decimal':
        return (bytes, pos) => unscaled(readLiteral(literalAt(bytes, pos)), type.scale);
      case 'double':
        return (bytes, pos) => Number(literalAt(bytes, pos));
      case 'date':
        return (bytes, pos) => {
          end = endOfString(bytes, pos + 1);
          return daysAt(bytes, pos + 1);
        };
      case 'timestamp':
        return (bytes, pos) => {
          end = endOfString(bytes, pos + 1);
          const seconds = BigInt(secondsAt(bytes, pos + 1));
          return seconds * 1_000_000n + BigInt(microsecondsAt(bytes, pos + 1));
        };
      case 'string':
        return stringAt;
      case 'list':
        return listReader(readerOf(type.items));
      case 'struct':
        return structReader(type.fields);
      default:
        return jsonAt;
    }
  }

  function bufferOf(bytes: Uint8Array): Buffer {
    if (bytes !== last) {
      last = bytes;
      buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    return buffer;
  }

  function latin1(bytes: Uint8Array, start: number, to: number): string {
    return bufferOf(bytes).toString('latin1', start, to);
  }

  function utf8(bytes: Uint8Array, start: number, to: number): string {
    return bufferOf(bytes).toString('utf8', start, to);
  }

  function literalAt(bytes: Uint8Array, pos: number): string {
    end = endOfValue(bytes, pos);
    return latin1(bytes, pos, end);
  }

  function readInteger(bytes: Uint8Array, pos: number): bigint {
    end = endOfValue(bytes, pos);
    if (end - pos > 15) return unscaled(readLiteral(latin1(bytes, pos, end)), 0);
    const isNegative = bytes[pos] === MINUS;
    let value = 0;
    for (let at = isNegative ? pos + 1 : pos; at < end; at += 1) {
      const digit = bytes[at]! - 0x30;
      if (digit < 0 || digit > 9) return unscaled(readLiteral(latin1(bytes, pos, end)), 0);
      value = value * 10 + digit;
    }
    return BigInt(isNegative ? -value : value);
  }

  function stringAt(bytes: Uint8Array, pos: number): string {
    end = endOfString(bytes, pos + 1);
    for (let at = pos + 1; at < end - 1; at += 1) {
      if (bytes[at] === BACKSLASH) return keyName(bytes.subarray(pos + 1, end - 1));
    }
    return utf8(bytes, pos + 1, end - 1);
  }

  function jsonAt(bytes: Uint8Array, pos: number): string {
    end = endOfValue(bytes, pos);
    const first = bytes[pos];
    if (first !== OPEN_BRACE && first !== OPEN_BRACKET) return utf8(bytes, pos, end);
    if (scratch.length < end - pos) scratch = new Uint8Array(2 * (end - pos));
    return utf8(scratch, 0, copyCompact(scratch, 0, bytes, pos, end));
  }

  function listReader(read: ReadValue): ReadValue {
    return (bytes, open) => {
      const values: RowValue[] = [];
      let pos = endOfSpace(bytes, open + 1);
      if (bytes[pos] === CLOSE_BRACKET) end = pos + 1;
      else {
        for (;;) {
          values.push(readAt(read, bytes, pos));
          pos = endOfSpace(bytes, end);
          end = pos + 1;
          if (bytes[pos] !== COMMA) break;
          pos = endOfSpace(bytes, pos + 1);
        }
      }
      return values;
    };
  }

  function structReader(fields: readonly Field[]): ReadValue {
    const readFields = fieldsReader(fields);
    const names = fields.map(({ name }) => name);
    return (bytes, pos) => {
      const values = readFields(bytes, pos);
      // A field may be called __proto__.
      const struct = Object.create(null) as { [name: string]: RowValue };
      for (let index = 0; index < names.length; index += 1) struct[names[index]!] = values[index]!;
      return struct;
    };
  }

  function fieldsReader(fields: readonly Field[]): (bytes: Uint8Array, pos: number) => RowValue[] {
    const byKey = new Map(fields.map(({ key }, index) => [key, index]));
    const readers = fields.map(({ type }) => readerOf(type));
    const keys = fields.map(({ key }) => writtenKey(key));
    return (bytes, open) => {
      const values: RowValue[] = new Array(readers.length).fill(null);
      let pos = endOfSpace(bytes, open + 1);
      if (bytes[pos] === CLOSE_BRACE) {
        end = pos + 1;
        return values;
      }
      for (let expected = 0; ; ) {
        const keyEnd = endOfString(bytes, pos + 1);
        const guess = keys[expected];
        const index =
          guess !== undefined && isWritten(bytes, pos + 1, guess)
            ? expected
            : byKey.get(keyName(bytes.subarray(pos + 1, keyEnd - 1)))!;
        expected = index + 1;
        pos = endOfSpace(bytes, endOfSpace(bytes, keyEnd) + 1);
        values[index] = readAt(readers[index]!, bytes, pos);
        pos = endOfSpace(bytes, end);
        end = pos + 1;
        if (bytes[pos] !== COMMA) return values;
        pos = endOfSpace(bytes, pos + 1);
      }
    };
  }

  if (paths !== null) {
    const { fields, at } = RecordFields.at(paths);
    const readers = columns.map(({ type }) => readerOf(type));
    return (bytes, start) => {
      fields.read(bytes, start);
      return at.map((field, index) =>
        fields.has(field) ? readAt(readers[index]!, bytes, field.start) : null,
      );
    };
  }
  if (isWhole) {
    const read = readerOf(columns[0]!.type);
    return (bytes, start) => [readAt(read, bytes, start)];
  }
  const readFields = fieldsReader(columns);
  return (bytes, start) =>
    bytes[start] === OPEN_BRACE ? readFields(bytes, start) : columns.map(() => null);
}
