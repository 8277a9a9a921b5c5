import type { TableOptions } from '../core/table-options.ts';
import type { RecordSchema } from '../schema/schema.ts';
import type { Destination, ExportCounts, PageSource, TableFormat } from './format.ts';
import { createRecordTaker } from './page-records.ts';
import { ParquetFile } from './parquet/parquet-file.ts';
import { parquetColumnsOf } from './parquet/schema.ts';
import { provenanceJson, splitColumns } from './provenance.ts';
import { inferSchema } from './typed-rows.ts';

/**
 * Apache Parquet, compressed with Zstandard: nested values as STRUCT and LIST, or as JSON text where the
 * user says so. What its types do not tell (the offset of timestamps, the keys of columns that were
 * renamed) stands in the metadata, under `everypage.columns`.
 */
export const parquet: TableFormat = async (pages, destination, selection, options) => {
  const schema = await inferSchema(pages, selection, options);
  const counts = await writeParquet(pages, schema, destination, selection, options);
  return { ...counts, notes: schema.notes };
};

/** A row group holds rows of so many bytes of JSON. Its columns are in memory until it is written. */
const GROUP_BYTES = 32 * 1024 * 1024;
/** Values may take more room than their JSON: eight bytes instead of the two of `1,`. */
const HELD_BYTES = 48 * 1024 * 1024;
/** The most rows of a row group, as DuckDB has it. */
const GROUP_ROWS = 122_880;

/**
 * Writes the records of all pages as a Parquet file, row group by row group, in their order.
 *
 * @param schema what `inferSchema` gave for the same options, with other names, and other types for the
 * same values, at most
 */
export async function writeParquet(
  pages: PageSource,
  schema: RecordSchema,
  destination: Destination,
  selection: string | null,
  options: Pick<TableOptions, 'provenance' | 'run'>,
): Promise<ExportCounts> {
  const { own, added } = splitColumns(schema, options);
  const columns = parquetColumnsOf(own, added);
  const file = new ParquetFile(columns);
  const take = createRecordTaker(selection);
  let records = 0;
  let rows = 0;
  let bytes = 0;
  const flush = async (): Promise<void> => {
    file.writeGroup(rows);
    records += rows;
    rows = 0;
    bytes = 0;
    await destination.write(file.take());
  };
  for await (const page of pages()) {
    const { source, spans } = take(page);
    const beside = options.provenance ? provenanceJson(page, options.run) : null;
    for (let at = 0; at < spans.length; at += 2) {
      columns.read(source, spans[at]!);
      if (beside !== null) columns.readAdded(beside);
      rows += 1;
      bytes += spans[at + 1]! - spans[at]!;
      if (bytes >= GROUP_BYTES || rows >= GROUP_ROWS) await flush();
    }
    if (file.heldBytes >= HELD_BYTES) await flush();
  }
  if (rows > 0) await flush();
  file.end({ 'everypage.columns': JSON.stringify(schema.columns) });
  await destination.write(file.take());
  return { records, bytes: file.bytes };
}
