import { ByteBuffer } from './byte-buffer.ts';

const STOP = 0;
const TRUE = 1;
const FALSE = 2;
const I32 = 5;
const I64 = 6;
const BINARY = 8;
const LIST = 9;
const STRUCT = 12;

/**
 * Writes structs of Thrift's compact protocol, as far as the metadata of Parquet needs it: no number is
 * below zero, and fields come in the order of their numbers, less than 16 apart.
 * https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */
export class ThriftWriter {
  readonly out = new ByteBuffer();
  #lastField = 0;

  int(field: number, value: number): void {
    this.#field(field, I32);
    this.#zigzag(value);
  }

  long(field: number, value: number): void {
    this.#field(field, I64);
    this.#zigzag(value);
  }

  bool(field: number, value: boolean): void {
    this.#field(field, value ? TRUE : FALSE);
  }

  binary(field: number, value: string | Uint8Array): void {
    this.#field(field, BINARY);
    this.#binary(value);
  }

  struct(field: number, write: () => void): void {
    this.#field(field, STRUCT);
    this.top(write);
  }

  ints(field: number, values: readonly number[]): void {
    this.#list(field, I32, values.length);
    for (const value of values) this.#zigzag(value);
  }

  texts(field: number, values: readonly string[]): void {
    this.#list(field, BINARY, values.length);
    for (const value of values) this.#binary(value);
  }

  structs<Item>(field: number, items: readonly Item[], write: (item: Item) => void): void {
    this.#list(field, STRUCT, items.length);
    for (const item of items) this.top(() => write(item));
  }

  /** Structs that `top` of another writer wrote. */
  written(field: number, structs: readonly Uint8Array[]): void {
    this.#list(field, STRUCT, structs.length);
    for (const struct of structs) this.out.add(struct);
  }

  /** A struct that is no field of another. */
  top(write: () => void): void {
    const outer = this.#lastField;
    this.#lastField = 0;
    write();
    this.out.byte(STOP);
    this.#lastField = outer;
  }

  #field(field: number, type: number): void {
    this.out.byte(((field - this.#lastField) << 4) | type);
    this.#lastField = field;
  }

  #list(field: number, type: number, size: number): void {
    this.#field(field, LIST);
    if (size < 15) this.out.byte((size << 4) | type);
    else {
      this.out.byte(0xf0 | type);
      this.out.varint(size);
    }
  }

  #binary(value: string | Uint8Array): void {
    const bytes = typeof value === 'string' ? Buffer.from(value) : value;
    this.out.varint(bytes.length);
    this.out.add(bytes);
  }

  #zigzag(value: number): void {
    this.out.varint(2 * value);
  }
}
