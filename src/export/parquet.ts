import { zstdCompressSync } from 'node:zlib';
import type { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { ColumnType, RecordSchema, RowValue } from '../schema/schema.ts';
import type { Destination, TableFormat } from './format.ts';
import { inferSchema } from './infer-schema.ts';
import { parquetSchemaOf } from './parquet-schema.ts';
import { createRowTaker } from './typed-rows.ts';

/** A row group holds rows of so many bytes of JSON. Its columns are in memory until it is written. */
const GROUP_BYTES = 8 * 1024 * 1024;
/** As many as DuckDB writes. */
const GROUP_ROWS = 122_880;

/**
 * Apache Parquet, compressed with Zstandard: nested values as STRUCT and LIST, or as JSON text where the
 * user says so. It is written row group by row group. What its types do not tell (the offset of
 * timestamps, the keys of columns that were renamed) stands in the metadata, under `everypage.columns`.
 */
export const parquet: TableFormat = async (pages, destination, selection, options) => {
  const schema = await inferSchema(pages, selection, options);
  const file = await openParquet(schema, destination);
  const take = createRowTaker(schema, selection, options);
  let group = newGroup(schema);
  let groupRows = 0;
  let groupBytes = 0;
  let records = 0;
  for await (const page of pages()) {
    const rows = take(page);
    for (let index = 0; index < rows.count; index += 1) {
      const row = rows.read(index);
      for (let column = 0; column < row.length; column += 1) group[column]!.push(row[column]!);
      groupRows += 1;
      groupBytes += rows.bytesOf(index);
      if (groupBytes < GROUP_BYTES && groupRows < GROUP_ROWS) continue;
      await file.write(group, groupRows);
      records += groupRows;
      group = newGroup(schema);
      groupRows = 0;
      groupBytes = 0;
    }
  }
  if (groupRows > 0) await file.write(group, groupRows);
  records += groupRows;
  return { records, bytes: await file.end(), notes: schema.notes };
};

function newGroup({ columns }: RecordSchema): RowValue[][] {
  return columns.map(() => []);
}

interface ParquetFile {
  write(columns: readonly RowValue[][], rows: number): Promise<void>;
  /** @returns bytes in all */
  end(): Promise<number>;
}

async function openParquet(schema: RecordSchema, destination: Destination): Promise<ParquetFile> {
  // Loaded only where it is needed.
  const package_ = await import('hyparquet-writer');
  const buffer: ByteWriter = new package_.ByteWriter();
  const flush = async (): Promise<void> => {
    const bytes = buffer.getBytes().slice();
    buffer.index = 0;
    if (bytes.length > 0) await destination.write(bytes);
  };
  const writer: ParquetWriter = new package_.ParquetWriter({
    writer: buffer,
    schema: parquetSchemaOf(schema),
    codec: 'ZSTD',
    compressors: { ZSTD: (bytes) => zstdCompressSync(bytes) },
    createdBy: 'everypage',
    kvMetadata: [{ key: 'everypage.columns', value: JSON.stringify(schema.columns) }],
  });
  return {
    async write(columns, rows) {
      const columnData = schema.columns.map(({ name, type }, index) => ({
        name,
        data: columns[index]!,
        ...(hasNegativeZero(type) ? { encoding: 'PLAIN' as const } : {}),
      }));
      await writer.write({ columnData, rowGroupSize: rows });
      await flush();
    },
    async end() {
      await writer.finish();
      await flush();
      return buffer.offset;
    },
  };
}

/** The package's dictionaries take zero and negative zero for the same value. */
function hasNegativeZero(type: ColumnType): boolean {
  if (type.kind === 'list') return hasNegativeZero(type.items);
  if (type.kind === 'struct') return type.fields.some((field) => hasNegativeZero(field.type));
  return type.kind === 'double' && type.hasNegativeZero;
}
