import { zstdCompressSync } from 'node:zlib';
import { ByteBuffer } from './byte-buffer.ts';
import type { Leaf } from './leaf.ts';
import type { ParquetColumns } from './schema.ts';
import type { SchemaElement } from './schema-element.ts';
import { Texts } from './texts.ts';
import { ThriftWriter } from './thrift.ts';

/** Numbers of the format (parquet.thrift). */
const PLAIN = 0;
const RLE = 3;
const RLE_DICTIONARY = 8;
const DICTIONARY_PAGE = 2;
const DATA_PAGE_V2 = 3;
const ZSTD = 6;
const MICROSECONDS = 2;
const VERSION = 2;
const MAGIC = Buffer.from('PAR1');

/** What a column takes in the file. */
interface Chunk {
  readonly leaf: Leaf;
  readonly encodings: readonly number[];
  readonly dictionaryAt: number | null;
  readonly dataAt: number;
  readonly start: number;
  readonly bytes: number;
  /** Without compression. */
  readonly plainBytes: number;
}

/**
 * Writes the bytes of a Parquet file, row group by row group, compressed with Zstandard. What it must know of a
 * group at the end are some hundred bytes a column. https://parquet.apache.org/docs/file-format/
 */
export class ParquetFile {
  readonly #columns: ParquetColumns;
  #out = new ByteBuffer();
  /** Their metadata. */
  readonly #groups: Uint8Array[] = [];
  #rows = 0;
  /** Bytes that `take` gave. */
  #taken = 0;

  constructor(columns: ParquetColumns) {
    this.#columns = columns;
    this.#out.add(MAGIC);
  }

  /** What was written since the last call. Whoever takes it may keep or transfer its memory. */
  take(): Uint8Array {
    const bytes = this.#out.view();
    this.#taken += bytes.length;
    this.#out = new ByteBuffer();
    return bytes;
  }

  get bytes(): number {
    return this.#taken + this.#out.used;
  }

  /** Bytes of the values in the columns, which no group has yet. */
  get heldBytes(): number {
    return this.#columns.leaves.reduce((sum, { values }) => sum + values.bytes, 0);
  }

  /** Writes the rows in the columns as a group, and empties the columns. */
  writeGroup(rows: number): void {
    const start = this.bytes;
    const chunks = this.#columns.leaves.map((leaf) => this.#writeChunk(leaf, rows));
    const thrift = new ThriftWriter();
    thrift.top(() => {
      thrift.structs(1, chunks, (chunk) => writeChunkMetadata(thrift, chunk));
      thrift.long(
        2,
        chunks.reduce((sum, { plainBytes }) => sum + plainBytes, 0),
      );
      thrift.long(3, rows);
      thrift.long(5, start);
      thrift.long(6, this.bytes - start);
    });
    this.#groups.push(thrift.out.view().slice());
    this.#rows += rows;
    for (const leaf of this.#columns.leaves) leaf.clear();
  }

  /** @param metadata what else a reader may want to know */
  end(metadata: Readonly<Record<string, string>>): void {
    const { elements, leaves } = this.#columns;
    const thrift = new ThriftWriter();
    thrift.top(() => {
      thrift.int(1, VERSION);
      thrift.structs(2, elements, (element) => writeElement(thrift, element));
      thrift.long(3, this.#rows);
      thrift.written(4, this.#groups);
      thrift.structs(5, Object.entries(metadata), ([key, value]) => {
        thrift.binary(1, key);
        thrift.binary(2, value);
      });
      thrift.binary(6, 'everypage');
      // Limits are in the order of the type.
      thrift.structs(7, leaves, () => thrift.struct(1, () => {}));
    });
    this.#out.add(thrift.out.view());
    this.#out.int32(thrift.out.used);
    this.#out.add(MAGIC);
  }

  #writeChunk(leaf: Leaf, rows: number): Chunk {
    const start = this.bytes;
    const dictionary = leaf.values instanceof Texts ? leaf.values.dictionary() : null;
    let plainBytes = 0;
    if (dictionary !== null) plainBytes += this.#writeDictionary(dictionary);
    const dataAt = this.bytes;
    plainBytes += this.#writeData(leaf, rows, dictionary?.indexes ?? null);
    return {
      leaf,
      encodings: dictionary === null ? [PLAIN, RLE] : [PLAIN, RLE, RLE_DICTIONARY],
      dictionaryAt: dictionary === null ? null : start,
      dataAt,
      start,
      bytes: this.bytes - start,
      plainBytes,
    };
  }

  /** Returns how many bytes it is without compression. */
  #writeDictionary({ plain, entries }: { plain: Uint8Array; entries: number }): number {
    const packed = zstdCompressSync(plain);
    const header = pageHeader(DICTIONARY_PAGE, plain.length, packed.length, (thrift) =>
      thrift.struct(7, () => {
        thrift.int(1, entries);
        thrift.int(2, PLAIN);
      }),
    );
    this.#out.add(header);
    this.#out.add(packed);
    return header.length + plain.length;
  }

  #writeData(leaf: Leaf, rows: number, indexes: Uint8Array | null): number {
    const values = indexes ?? leaf.values.plain();
    const packed = values.length === 0 ? values : zstdCompressSync(values);
    const repetitions = leaf.repetitions?.finish() ?? new Uint8Array(0);
    const definitions = leaf.definitions.finish();
    const levelBytes = repetitions.length + definitions.length;
    const header = pageHeader(
      DATA_PAGE_V2,
      levelBytes + values.length,
      levelBytes + packed.length,
      (thrift) =>
        thrift.struct(8, () => {
          thrift.int(1, leaf.places);
          thrift.int(2, leaf.places - leaf.values.count);
          thrift.int(3, rows);
          thrift.int(4, indexes === null ? PLAIN : RLE_DICTIONARY);
          thrift.int(5, definitions.length);
          thrift.int(6, repetitions.length);
          thrift.bool(7, values.length > 0);
        }),
    );
    this.#out.add(header);
    this.#out.add(repetitions);
    this.#out.add(definitions);
    this.#out.add(packed);
    return header.length + levelBytes + values.length;
  }
}

function pageHeader(
  type: number,
  plainBytes: number,
  packedBytes: number,
  writeOwn: (thrift: ThriftWriter) => void,
): Uint8Array {
  const thrift = new ThriftWriter();
  thrift.top(() => {
    thrift.int(1, type);
    thrift.int(2, plainBytes);
    thrift.int(3, packedBytes);
    writeOwn(thrift);
  });
  return thrift.out.view();
}

function writeChunkMetadata(thrift: ThriftWriter, chunk: Chunk): void {
  const { leaf, encodings, dictionaryAt, dataAt, start, bytes, plainBytes } = chunk;
  thrift.long(2, start);
  thrift.struct(3, () => {
    thrift.int(1, leaf.element.type!);
    thrift.ints(2, encodings);
    thrift.texts(3, leaf.path);
    thrift.int(4, ZSTD);
    thrift.long(5, leaf.places);
    thrift.long(6, plainBytes);
    thrift.long(7, bytes);
    thrift.long(9, dataAt);
    if (dictionaryAt !== null) thrift.long(11, dictionaryAt);
    thrift.struct(12, () => {
      thrift.long(3, leaf.places - leaf.values.count);
      const bounds = leaf.values.bounds();
      if (bounds === null) return;
      thrift.binary(5, bounds.greatest);
      thrift.binary(6, bounds.least);
    });
  });
}

function writeElement(thrift: ThriftWriter, element: SchemaElement): void {
  const { name, type, typeLength, repetition, children, converted, scale, precision } = element;
  if (type !== undefined) thrift.int(1, type);
  if (typeLength !== undefined) thrift.int(2, typeLength);
  if (repetition !== undefined) thrift.int(3, repetition);
  thrift.binary(4, name);
  if (children !== undefined) thrift.int(5, children);
  if (converted !== undefined) thrift.int(6, converted);
  if (scale !== undefined) thrift.int(7, scale);
  if (precision !== undefined) thrift.int(8, precision);
  if (!element.isMoment) return;
  // Which says that the moments are in UTC.
  thrift.struct(10, () =>
    thrift.struct(8, () => {
      thrift.bool(1, true);
      thrift.struct(2, () => thrift.struct(MICROSECONDS, () => {}));
    }),
  );
}
