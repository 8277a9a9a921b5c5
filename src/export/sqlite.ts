import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { usageError } from '../core/errors.ts';
import type { TableOptions } from '../core/table-options.ts';
import { type ColumnType, jsonTextOf, type RecordSchema, type RowValue } from '../schema/schema.ts';
import { type AskedFor, keyColumn, onConflict, quoted } from './database-table.ts';
import type { TableFormat } from './format.ts';
import { isDatabase } from './sqlite-file.ts';
import { makeUnique, prepareTable, type TargetTable } from './sqlite-table.ts';
import { createRowTaker, inferSchema } from './typed-rows.ts';

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
  const schema = asStored(await inferSchema(pages, selection, options));
  const database = destination.database();
  const asked: AskedFor = { where: destination.path, name, ifExists };
  const table = destination.attempt(() => prepareTable(database, asked, schema));
  if (schema.records === 0) {
    return { records: 0, bytes: destination.bytesWritten, notes: schema.notes };
  }
  const insert = destination.attempt(() =>
    database.prepare(insertOf(database, asked, table, schema, options)),
  );
  const booleans = [...schema.columns.keys()].filter(
    (index) => schema.columns[index]!.type.kind === 'boolean',
  );
  const take = createRowTaker(schema, selection, options);
  let records = 0;
  for await (const page of pages()) {
    const rows = take(page);
    destination.attempt(() => {
      for (let index = 0; index < rows.count; index += 1) {
        const row = rows.read(index);
        for (const at of booleans) row[at] = boundOf(row[at]!);
        insert.run(...(row as SQLInputValue[]));
      }
    });
    records += rows.count;
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
  asked: AskedFor,
  table: TargetTable,
  schema: RecordSchema,
  options: TableOptions,
): string {
  const names = table.columns.map(quoted);
  const values = names.map(() => '?').join(', ');
  const insert = `INSERT INTO ${quoted(asked.name)} (${names.join(', ')}) VALUES (${values})`;
  const key = keyColumn(schema, options);
  if (key === null) return insert;
  makeUnique(database, asked, table, table.columns[key]!);
  return insert + onConflict(names, names[key]!);
}
