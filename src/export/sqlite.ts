import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { usageError } from '../core/errors.ts';
import type { TableOptions } from '../core/table-options.ts';
import {
  type ColumnType,
  createRowReader,
  jsonTextOf,
  type RecordSchema,
  type RowValue,
} from '../schema/schema.ts';
import type { TableFormat } from './format.ts';
import { inferSchema } from './infer-schema.ts';
import { createRecordTaker } from './page-records.ts';
import { isDatabase } from './sqlite-file.ts';
import { prepareTable, quoted, type TargetTable } from './sqlite-table.ts';

/**
 * A table of SQLite. Integers of 64 bits are INTEGER; decimals, dates and moments are text as the
 * server wrote them, and nested values JSON text.
 */
export const sqlite: TableFormat = async (pages, destination, selection, options) => {
  if (!isDatabase(destination)) {
    throw usageError('a SQLite database is a file, and no stream: give -o items.db');
  }
  const { table: name, ifExists } = options;
  if (name === null) throw usageError('no name for the table is known; give --table items');
  const inferred = await inferSchema(pages, selection);
  const schema = asStored(inferred);
  const database = destination.database();
  const table = prepareTable(database, destination.path, name, schema, ifExists);
  const insert = database.prepare(insertOf(database, name, table, schema, options));
  const readRow = createRowReader(schema);
  const booleans = [...schema.columns.keys()].filter(
    (index) => schema.columns[index]!.type.kind === 'boolean',
  );
  const take = createRecordTaker(selection);
  let records = 0;
  for await (const page of pages()) {
    const { source, spans } = take(page);
    for (let at = 0; at < spans.length; at += 2) {
      const row = readRow(source, spans[at]!);
      for (const index of booleans) row[index] = boundOf(row[index]!);
      insert.run(...(row as SQLInputValue[]));
      records += 1;
    }
  }
  return { records, bytes: destination.bytesWritten, notes: schema.notes };
};

/** With the types that SQLite has for the same values. */
export function asStored(schema: RecordSchema): RecordSchema {
  const columns = schema.columns.map((field) => ({ ...field, type: storedType(field.type) }));
  return { ...schema, columns };
}

function storedType(type: ColumnType): ColumnType {
  switch (type.kind) {
    case 'decimal':
    case 'list':
    case 'struct':
      return jsonTextOf(type);
    case 'double':
      // SQLite stores a whole double as an integer, which has no negative zero.
      return type.hasNegativeZero ? jsonTextOf(type) : type;
    case 'date':
    case 'timestamp':
      return { kind: 'string' };
    default:
      return type;
  }
}

/** SQLite has no booleans. */
function boundOf(value: RowValue): RowValue {
  return value === null ? null : Number(value);
}

function insertOf(
  database: DatabaseSync,
  name: string,
  { columns }: TargetTable,
  schema: RecordSchema,
  { ifExists, key }: TableOptions,
): string {
  const names = columns.map(quoted);
  const values = columns.map(() => '?').join(', ');
  const insert = `INSERT INTO ${quoted(name)} (${names.join(', ')}) VALUES (${values})`;
  if (ifExists !== 'upsert') return insert;
  const index = schema.columns.findIndex((field) => field.key === key);
  if (key === null || index < 0) {
    const what = key === null ? 'no key of the records is known' : `no record has the key ${key}`;
    throw usageError(`${what}, and --if-exists upsert needs one; give --key id`);
  }
  const { hasNulls, isOptional } = schema.columns[index]!;
  if (hasNulls || isOptional) {
    throw usageError(`a record has no ${key}, so --if-exists upsert cannot place it`);
  }
  makeUnique(database, name, columns[index]!);
  const others = names.filter((_, at) => at !== index);
  const set = others.map((other) => `${other} = excluded.${other}`).join(', ');
  const what = others.length === 0 ? 'NOTHING' : `UPDATE SET ${set}`;
  return `${insert} ON CONFLICT (${names[index]}) DO ${what}`;
}

function makeUnique(database: DatabaseSync, table: string, column: string): void {
  const index = quoted(`${table}_${column}_key`);
  try {
    database.exec(
      `CREATE UNIQUE INDEX IF NOT EXISTS ${index} ON ${quoted(table)} (${quoted(column)})`,
    );
  } catch (cause) {
    throw usageError(
      `rows of ${table} have the same ${column}, so --if-exists upsert cannot tell them apart`,
      cause,
    );
  }
}
