import type { DuckDBConnection } from '@duckdb/node-api';
import { usageError } from '../core/errors.ts';
import type { TableOptions } from '../core/table-options.ts';
import type { ColumnType, Field, RecordSchema } from '../schema/schema.ts';
import {
  type AskedFor,
  checkFound,
  keyColumn,
  onConflict,
  quoted,
  quotedText,
  type TargetColumn,
} from './database-table.ts';
import { type DuckDbDestination, duckDbError, isDuckDb } from './duckdb-file.ts';
import { findTable, isMadeAnew, makeTable, makeUnique, widenTable } from './duckdb-table.ts';
import { readAs } from './duckdb-types.ts';
import type { PageSource, TableFormat } from './format.ts';
import { writeParquet } from './parquet.ts';
import { inferSchema } from './typed-rows.ts';

/**
 * A table of DuckDB, with LIST and STRUCT for nested values. Rows go by a Parquet file, which DuckDB reads:
 * its appender takes values of JavaScript, which took half as much CPU again and twice the memory (issue 17).
 */
export const duckdb: TableFormat = async (pages, destination, selection, options) => {
  if (!isDuckDb(destination)) {
    throw usageError('a DuckDB database is a file, and no stream: give -o items.duckdb');
  }
  const { table: name, ifExists } = options;
  if (name === null) throw usageError('no name for the table is known; give --table items');
  const { path } = destination;
  const schema = await inferSchema(pages, selection, options);
  const connection = await destination.connect();
  const asked: AskedFor = { where: path, name, ifExists };
  const rows: Rows = { destination, connection, pages, schema, selection, options };
  try {
    const found = await findTable(connection, name);
    checkFound(found, asked);
    const isAnew = isMadeAnew(found, asked);
    if (schema.records === 0 && found !== null) {
      if (isAnew) await connection.run(`DELETE FROM ${quoted(found.name)}`);
    } else {
      const columns = isAnew
        ? await makeTable(connection, found, name, schema.columns)
        : await widenTable(connection, found!, schema.columns, asked);
      if (schema.records > 0) {
        const key = keyColumn(schema, options);
        if (key !== null) await makeUnique(connection, found, asked, columns[key]!.name);
        await insertRows(rows, isAnew ? name : found!.name, columns, key, isAnew && key === null);
      }
    }
    await destination.measure();
  } catch (error) {
    throw duckDbError(path, error);
  }
  return { records: schema.records, bytes: destination.bytesWritten, notes: schema.notes };
};

interface Rows {
  readonly destination: DuckDbDestination;
  readonly connection: DuckDBConnection;
  readonly pages: PageSource;
  readonly schema: RecordSchema;
  readonly selection: string | null;
  readonly options: TableOptions;
}

/** Adds rows to those that a table has; with a key, they replace rows of the same. */
async function insertRows(
  { destination, connection, pages, schema, selection, options }: Rows,
  table: string,
  columns: readonly TargetColumn[],
  key: number | null,
  isWithoutIndex: boolean,
): Promise<void> {
  // Names that neither a column of DuckDB's own (`file_row_number`) nor another spelling can meet.
  const read = schema.columns.map((field, index) => ({
    ...field,
    name: `c${index}`,
    type: readAs(columns[index]!.type, field.type),
  }));
  const file = destination.openRows();
  try {
    await writeParquet(pages, { ...schema, columns: read }, file, selection, options);
    await connection.run(`SET memory_limit = '${memoryFor(read, isWithoutIndex)}MB'`);
    await connection.run(insertStatement(table, columns, key, file.path));
  } finally {
    file.abort();
  }
}

/** A table that may have an index, all of which is in memory. */
const INDEXED_MB = 512;
/** Rows of 25 columns take less than 100 MB: DuckDB uses all the memory that it may have, and is no faster. */
const NEW_TABLE_MB = 100;
/** Each column has a block of 256 KiB, and one for its nulls, from which DuckDB does not part. */
const COLUMN_MB = 1;

/** How much memory DuckDB may have for rows, in MB. */
function memoryFor(fields: readonly Field[], isWithoutIndex: boolean): number {
  const columns = fields.reduce((sum, { type }) => sum + columnsIn(type), 0);
  return (isWithoutIndex ? NEW_TABLE_MB : INDEXED_MB) + COLUMN_MB * columns;
}

/** Columns in which DuckDB stores the values of a type. */
function columnsIn(type: ColumnType): number {
  if (type.kind === 'list') return 1 + columnsIn(type.items);
  if (type.kind !== 'struct') return 1;
  return type.fields.reduce((sum, field) => sum + columnsIn(field.type), 1);
}

/** DuckDB keeps the order of the rows. */
function insertStatement(
  table: string,
  columns: readonly TargetColumn[],
  key: number | null,
  file: string,
): string {
  const names = columns.map(({ name }) => quoted(name));
  const values = columns.map(({ type }, index) => `CAST(c${index} AS ${type})`);
  // A folder of the path may be called `a=b`, which would make a column.
  const rows = `read_parquet(${quotedText(file)}, hive_partitioning = false, file_row_number = true)`;
  const insert = `INSERT INTO ${quoted(table)} (${names.join(', ')}) SELECT ${values.join(', ')} FROM ${rows}`;
  if (key === null) return insert;
  // Of records with the same key the last counts, as if each were written by itself.
  const last = `file_row_number IN (SELECT max(file_row_number) FROM ${rows} GROUP BY c${key})`;
  return `${insert} WHERE ${last} ORDER BY file_row_number${onConflict(names, names[key]!)}`;
}
