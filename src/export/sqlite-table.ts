import { accessSync, constants } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { usageError } from '../core/errors.ts';
import type { TableOptions } from '../core/table-options.ts';
import type { Field, RecordSchema } from '../schema/schema.ts';
import {
  type AskedFor,
  areRowsKept,
  checkFound,
  type Dialect,
  type FoundTable,
  MADE_BY,
  noUniqueIndex,
  quoted,
  sameKeys,
  targetColumns,
} from './database-table.ts';
import { isWrittenInPlace } from './file-destination.ts';
import { isDatabaseThere, loadSqlite, sqliteError } from './sqlite-file.ts';

/** SQLite keeps the text of CREATE TABLE, so the mark stays with the table. */
const MARK = `/* ${MADE_BY} */`;

/** Where the rows go, once the table is there and has all columns. */
export interface TargetTable {
  /** Names of the table's columns, in the order of the schema's; none where no row comes. */
  readonly columns: readonly string[];
  readonly isOurs: boolean;
}

function findTable(database: DatabaseSync, name: string): FoundTable | null {
  const row = database
    .prepare('SELECT type, sql FROM sqlite_schema WHERE name = ? COLLATE NOCASE')
    .get(name);
  if (row === undefined) return null;
  return { kind: String(row['type']), isOurs: String(row['sql']).includes(MARK) };
}

/** Makes the table, or makes it ready for more rows. */
export function prepareTable(
  database: DatabaseSync,
  asked: AskedFor,
  schema: RecordSchema,
): TargetTable {
  const { name, ifExists } = asked;
  const found = findTable(database, name);
  checkFound(found, asked);
  const isKept = areRowsKept(ifExists);
  if (found !== null && (isKept || schema.records === 0)) {
    if (!isKept) database.exec(`DELETE FROM ${quoted(name)}`);
    const fields = schema.records === 0 ? [] : schema.columns;
    return { columns: widen(database, asked, fields), isOurs: found.isOurs };
  }
  if (found !== null) database.exec(`DROP TABLE ${quoted(name)}`);
  const columns = schema.columns.map((field) => `${quoted(field.name)} ${declared(field)}`.trim());
  database.exec(`CREATE TABLE ${quoted(name)} (${MARK} ${columns.join(', ')})`);
  return { columns: schema.columns.map((field) => field.name), isOurs: true };
}

/** Adds the columns that are new. Those that are there keep their types. */
function widen(
  database: DatabaseSync,
  asked: AskedFor,
  fields: readonly Field[],
): readonly string[] {
  const rows = database.prepare(`SELECT name, type FROM pragma_table_info(?)`).all(asked.name);
  const there = rows.map((row) => ({ name: String(row['name']), type: String(row['type']) }));
  const columns = targetColumns(there, fields, asked, DIALECT);
  for (const { name, type, change } of columns) {
    if (change === 'none') continue;
    const column = `${quoted(name)} ${type}`.trim();
    database.exec(`ALTER TABLE ${quoted(asked.name)} ADD COLUMN ${column}`);
  }
  return columns.map(({ name }) => name);
}

const DIALECT: Dialect = {
  fold: (name) => name.toLowerCase(),
  typeOf: declared,
  fit: ({ type }, field) => (keeps(affinityOf(type), declared(field)) ? 'fits' : 'changes'),
};

/** Makes an index by which rows are known, where there is none. */
export function makeUnique(
  database: DatabaseSync,
  asked: AskedFor,
  { isOurs }: TargetTable,
  column: string,
): void {
  const { name } = asked;
  if (isUnique(database, name, column)) return;
  const statement = `CREATE UNIQUE INDEX ${quoted(`${name}_${column}_key`)} ON ${quoted(name)} (${quoted(column)})`;
  if (!isOurs) throw noUniqueIndex(asked, column, statement);
  try {
    database.exec(statement);
  } catch (cause) {
    throw sameKeys(name, column, cause);
  }
}

function isUnique(database: DatabaseSync, table: string, column: string): boolean {
  const columns = database.prepare('SELECT name, type, pk FROM pragma_table_info(?)').all(table);
  const keys = columns.filter(({ pk }) => pk !== 0);
  if (keys.length === 1 && keys[0]!['name'] === column) return true;
  const indexes = database
    .prepare('SELECT name FROM pragma_index_list(?) WHERE "unique" AND NOT partial')
    .all(table);
  return indexes.some(({ name }) => {
    const parts = database.prepare('SELECT name FROM pragma_index_info(?)').all(String(name));
    return parts.length === 1 && parts[0]!['name'] === column;
  });
}

/** The declared type of a column. Without one SQLite changes no value, whatever comes later. */
function declared({ type }: Field): string {
  switch (type.kind) {
    case 'null':
      return '';
    case 'boolean':
    case 'integer':
      return 'INTEGER';
    case 'double':
      return 'REAL';
    default:
      return 'TEXT';
  }
}

/** Whether a column stores such values as they are (sqlite.org/datatype3.html §3). */
function keeps(affinity: string, type: string): boolean {
  if (affinity === 'BLOB' || affinity === type || type === '') return true;
  return type === 'INTEGER' && (affinity === 'TEXT' || affinity === 'NUMERIC');
}

/** A column's affinity, by SQLite's rules in their order. */
function affinityOf(type: string): string {
  if (/int/i.test(type)) return 'INTEGER';
  if (/char|clob|text/i.test(type)) return 'TEXT';
  if (type === '' || /blob/i.test(type)) return 'BLOB';
  return /real|floa|doub/i.test(type) ? 'REAL' : 'NUMERIC';
}

/**
 * Looks at a database before anything is fetched for it.
 *
 * @throws EverypageError USAGE where it is none, or has a table that may not be replaced
 */
export function checkDatabase(path: string, { table, ifExists }: TableOptions): void {
  if (isWrittenInPlace(path)) {
    throw usageError(`${path} is no regular file, and a SQLite database is one; give -o items.db`);
  }
  if (!isDatabaseThere(path)) return;
  try {
    accessSync(path, constants.W_OK);
  } catch (cause) {
    throw usageError(`${path} is not writable for you; chmod u+w it, or give another -o`, cause);
  }
  if (table === null) return;
  const database = new (loadSqlite())(path, { readOnly: true });
  try {
    checkFound(findTable(database, table), { where: path, name: table, ifExists });
  } catch (error) {
    throw sqliteError(path, error);
  } finally {
    database.close();
  }
}
