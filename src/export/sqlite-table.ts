import type { DatabaseSync } from 'node:sqlite';
import { EverypageError, usageError } from '../core/errors.ts';
import type { IfExists, TableOptions } from '../core/table-options.ts';
import type { Field, RecordSchema } from '../schema/schema.ts';
import { isWrittenInPlace, outputError } from './file-destination.ts';
import { isDatabaseThere, loadSqlite } from './sqlite-file.ts';

/** SQLite keeps the text of CREATE TABLE, so the mark stays with the table. */
const MARK = '/* made by everypage */';

/** Where the rows go, once the table is there and has all columns. */
export interface TargetTable {
  /** Names of the table's columns, in the order of the schema's. */
  readonly columns: readonly string[];
}

/** What stands under a table's name; null for nothing. */
interface Found {
  readonly type: string;
  readonly isOurs: boolean;
}

export function findTable(database: DatabaseSync, name: string): Found | null {
  const row = database
    .prepare('SELECT type, sql FROM sqlite_schema WHERE name = ? COLLATE NOCASE')
    .get(name);
  if (row === undefined) return null;
  return { type: String(row['type']), isOurs: String(row['sql']).includes(MARK) };
}

/**
 * @throws EverypageError USAGE where the table is not everypage's, and nothing says what to do with it
 */
export function checkTableName(
  database: DatabaseSync,
  path: string,
  name: string,
  ifExists: IfExists | null,
): void {
  const found = findTable(database, name);
  if (found === null) return;
  if (found.type !== 'table') {
    throw usageError(`${path} has a ${found.type} called ${name}; choose another --table`);
  }
  if (found.isOurs || ifExists !== null) return;
  throw usageError(
    `${path} has a table ${name} that everypage did not make; choose another --table, or say what becomes of it: --if-exists replace, append or upsert`,
  );
}

/** Makes the table, or makes it ready for more rows. */
export function prepareTable(
  database: DatabaseSync,
  path: string,
  name: string,
  schema: RecordSchema,
  ifExists: IfExists | null,
): TargetTable {
  checkTableName(database, path, name, ifExists);
  const isKept = ifExists === 'append' || ifExists === 'upsert';
  const isThere = findTable(database, name) !== null;
  if (isThere && isKept) return widen(database, path, name, schema.columns);
  if (isThere) database.exec(`DROP TABLE ${quoted(name)}`);
  const columns = schema.columns.map((field) => `${quoted(field.name)} ${declared(field)}`.trim());
  database.exec(`CREATE TABLE ${quoted(name)} (${MARK} ${columns.join(', ')})`);
  return { columns: schema.columns.map((field) => field.name) };
}

/** Adds the columns that are new. Those that are there keep their types. */
function widen(
  database: DatabaseSync,
  path: string,
  name: string,
  fields: readonly Field[],
): TargetTable {
  const rows = database.prepare(`SELECT name, type FROM pragma_table_info(?)`).all(name);
  const there = new Map(rows.map((row) => [String(row['name']).toLowerCase(), row]));
  const columns = fields.map((field) => {
    const column = there.get(field.name.toLowerCase());
    if (column === undefined) {
      database.exec(
        `ALTER TABLE ${quoted(name)} ADD COLUMN ${quoted(field.name)} ${declared(field)}`,
      );
      return field.name;
    }
    const own = String(column['name']);
    const type = String(column['type']);
    if (!keeps(affinityOf(type), declared(field))) {
      throw usageError(
        `the column ${own} of ${name} in ${path} is ${type}, which would change values of type ${declared(field)}; take another --table, or --if-exists replace`,
      );
    }
    return own;
  });
  return { columns };
}

/** The declared type of a column. Without one SQLite changes no value, whatever comes later. */
export function declared({ type }: Field): string {
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

/** By the rules of SQLite, in their order. */
function affinityOf(type: string): string {
  if (/int/i.test(type)) return 'INTEGER';
  if (/char|clob|text/i.test(type)) return 'TEXT';
  if (type === '' || /blob/i.test(type)) return 'BLOB';
  return /real|floa|doub/i.test(type) ? 'REAL' : 'NUMERIC';
}

/** As SQL writes a name. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
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
  if (!isDatabaseThere(path) || table === null) return;
  const database = new (loadSqlite())(path, { readOnly: true });
  try {
    checkTableName(database, path, table, ifExists);
  } catch (error) {
    if (error instanceof EverypageError) throw error;
    throw outputError(path, error);
  } finally {
    database.close();
  }
}
