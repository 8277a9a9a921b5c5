/**
 * What all databases have in common: whether a table may be replaced, which columns it gets, and by what
 * its rows are known. How that is said to SQLite, DuckDB or PostgreSQL stands in their own files.
 */
import { usageError } from '../core/errors.ts';
import type { IfExists, TableOptions } from '../core/table-options.ts';
import { type ColumnType, type Field, jsonTextOf, type RecordSchema } from '../schema/schema.ts';

/** What a table says that everypage made: in a comment, which stays with it. */
export const MADE_BY = 'made by everypage';

/** A table of a database, and what was asked for it. */
export interface AskedFor {
  /** The database, as messages name it. */
  readonly where: string;
  readonly name: string;
  readonly ifExists: IfExists | null;
}

/** What stands under a table's name. */
export interface FoundTable {
  /** `table`, or what else it is: `view`. */
  readonly kind: string;
  /** Everypage made it. */
  readonly isOurs: boolean;
}

/** The file is there, and is something else. */
export function noDatabase(path: string, program: string, cause: unknown): Error {
  return usageError(`${path} is there, and is no database of ${program}; give another -o`, cause);
}

/**
 * @param found null for nothing
 * @throws EverypageError USAGE where the table is not everypage's, and nothing says what to do with it
 */
export function checkFound(found: FoundTable | null, { where, name, ifExists }: AskedFor): void {
  if (found === null) return;
  if (found.kind !== 'table') {
    throw usageError(`${where} has a ${found.kind} called ${name}; choose another --table`);
  }
  if (found.isOurs || ifExists !== null) return;
  throw usageError(
    `${where} has a table ${name} that everypage did not make; choose another --table, or say what becomes of it: --if-exists replace, append or upsert`,
  );
}

/** Whether the rows of a table that is there stay. */
export function areRowsKept(ifExists: IfExists | null): boolean {
  return ifExists === 'append' || ifExists === 'upsert';
}

/** A column of a table that is there. */
export interface ThereColumn {
  readonly name: string;
  readonly type: string;
}

/**
 * Whether a column takes all values of a field as they are: it does, it does once it has another type, or
 * it does not.
 */
export type Fit = 'fits' | { readonly widened: string } | 'changes';

/** How a database names and compares types. */
export interface Dialect {
  /** What is the same for names of columns. */
  fold(name: string): string;
  typeOf(field: Field): string;
  fit(column: ThereColumn, field: Field): Fit;
}

export interface TargetColumn {
  readonly name: string;
  readonly type: string;
  /** What is to be done before it takes the values. */
  readonly change: 'none' | 'add' | 'widen';
}

/**
 * The columns that take the values, in the order of the schema's.
 *
 * @throws EverypageError USAGE where a column that is there would change values
 */
export function targetColumns(
  there: readonly ThereColumn[],
  fields: readonly Field[],
  { where, name: table }: AskedFor,
  dialect: Dialect,
): readonly TargetColumn[] {
  const byName = new Map(there.map((column) => [dialect.fold(column.name), column]));
  return fields.map((field): TargetColumn => {
    const column = byName.get(dialect.fold(field.name));
    const type = dialect.typeOf(field);
    if (column === undefined) return { name: field.name, type, change: 'add' };
    const fit = dialect.fit(column, field);
    if (fit === 'fits') return { ...column, change: 'none' };
    if (fit !== 'changes') return { name: column.name, type: fit.widened, change: 'widen' };
    throw usageError(
      `the column ${column.name} of ${table} in ${where} is ${column.type}, which would change values of type ${type}; take another --table, or --if-exists replace`,
    );
  });
}

/**
 * The column by which rows are known where they are updated; null where they are not.
 *
 * @returns its index in the schema
 * @throws EverypageError USAGE where no such column is known, or a record has none
 */
export function keyColumn(
  { columns, paths }: RecordSchema,
  { ifExists, key }: TableOptions,
): number | null {
  if (ifExists !== 'upsert') return null;
  // A column that the user named is known by its place in the record.
  const index = (paths ?? columns.map((field) => field.key)).indexOf(key ?? '');
  if (key === null || index < 0) {
    const what = key === null ? 'no key of the records is known' : `no record has the key ${key}`;
    throw usageError(`${what}, and --if-exists upsert needs one; give --key id`);
  }
  const { hasNulls, isOptional } = columns[index]!;
  if (hasNulls || isOptional) {
    const field = /^[a-z_][\w.]*$/i.test(key) ? key : JSON.stringify(key);
    throw usageError(
      `a record has no ${key}, so --if-exists upsert cannot place it; leave such records out: --where '${field} != null'`,
    );
  }
  return index;
}

/** Rows of a table that is there are not unique by the key. */
export function sameKeys(table: string, column: string, cause: unknown): Error {
  return usageError(
    `rows of ${table} have the same ${column}, so --if-exists upsert cannot tell them apart`,
    cause,
  );
}

/** A stranger's table gets no index that nobody asked for. */
export function noUniqueIndex({ name, where }: AskedFor, column: string, statement: string): Error {
  return usageError(
    `${name} in ${where} has no unique index on ${column}, which --if-exists upsert needs; make one: ${statement}`,
  );
}

/** What becomes of a row whose key is there: the end of an INSERT. `names` are quoted, and so is that of the key. */
export function onConflict(names: readonly string[], key: string): string {
  const set = names.filter((name) => name !== key).map((name) => `${name} = excluded.${name}`);
  return ` ON CONFLICT (${key}) DO ${set.length === 0 ? 'NOTHING' : `UPDATE SET ${set.join(', ')}`}`;
}

/** How a column of text takes values of a type: as the server wrote them. */
export function asText(type: ColumnType): ColumnType {
  const isText = type.kind === 'string' || type.kind === 'date' || type.kind === 'timestamp';
  return isText ? { kind: 'string' } : jsonTextOf(type);
}

/** Digits of an exact number before the point, and behind it. */
export interface Digits {
  readonly whole: number;
  readonly scale: number;
}

/** A number of 64 bits, of which 2^63 has the most digits. */
export const INT64_DIGITS: Digits = { whole: 19, scale: 0 };

/** Digits that hold what a column has and what comes; null where the column's own do, or what comes is no exact number. */
export function widenedDigits(there: Digits, type: ColumnType): Digits | null {
  if (type.kind !== 'integer' && type.kind !== 'decimal') return null;
  const come =
    type.kind === 'integer'
      ? INT64_DIGITS
      : { whole: type.precision - type.scale, scale: type.scale };
  if (come.whole <= there.whole && come.scale <= there.scale) return null;
  return { whole: Math.max(there.whole, come.whole), scale: Math.max(there.scale, come.scale) };
}

/** As SQL writes a name. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** As SQL writes a text. */
export function quotedText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
