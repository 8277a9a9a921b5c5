/** A table of a DuckDB database: what is there, and how it takes rows. */
import type { DuckDBConnection, DuckDBType } from '@duckdb/node-api';
import type { Field } from '../schema/schema.ts';
import {
  type AskedFor,
  areRowsKept,
  type Dialect,
  type FoundTable,
  MADE_BY,
  noUniqueIndex,
  quoted,
  quotedText,
  sameKeys,
  type TargetColumn,
  type ThereColumn,
  targetColumns,
} from './database-table.ts';
import { commonType, duckDbType } from './duckdb-types.ts';

interface DuckDbColumn extends ThereColumn {
  readonly parsed: DuckDBType;
}

export interface DuckDbTable extends FoundTable {
  /** As it is spelled there. */
  readonly name: string;
  readonly columns: readonly DuckDbColumn[];
}

const HERE = 'database_name = current_database() AND schema_name = current_schema()';

/** What stands under the name, in upper or lower case; null for nothing. */
export async function findTable(
  connection: DuckDBConnection,
  name: string,
): Promise<DuckDbTable | null> {
  const { rows } = await read(
    connection,
    `SELECT table_name, 'table', comment FROM duckdb_tables() WHERE ${HERE} AND lower(table_name) = lower($1)
     UNION ALL
     SELECT view_name, 'view', comment FROM duckdb_views() WHERE ${HERE} AND lower(view_name) = lower($1)`,
    name,
  );
  const [row] = rows;
  if (row === undefined) return null;
  const [own, kind, comment] = row.map((it) => String(it ?? ''));
  const result = await connection.run(`SELECT * FROM ${quoted(own!)} LIMIT 0`);
  const types = result.columnTypes();
  const columns = result
    .columnNames()
    .map((column, index) => ({ name: column, type: String(types[index]), parsed: types[index]! }));
  return { name: own!, kind: kind!, isOurs: comment!.includes(MADE_BY), columns };
}

async function read(connection: DuckDBConnection, sql: string, value: string) {
  const reader = await connection.runAndReadAll(sql, [value]);
  return { rows: reader.getRows() };
}

/** How DuckDB names and compares types. */
function dialect(isOurs: boolean): Dialect {
  return {
    fold: (name) => name.toLowerCase(),
    typeOf: ({ type }) => duckDbType(type),
    fit(column, { type }) {
      const { parsed, type: own } = column as DuckDbColumn;
      // Text takes all values as the server wrote them.
      const common = own === 'VARCHAR' ? own : commonType(parsed, type, isOurs);
      if (common === null) return 'changes';
      return common === own ? 'fits' : { widened: common };
    },
  };
}

/** Makes the table anew, in the place of one that is there. */
export async function makeTable(
  connection: DuckDBConnection,
  found: DuckDbTable | null,
  name: string,
  fields: readonly Field[],
): Promise<readonly TargetColumn[]> {
  if (found !== null) await connection.run(`DROP TABLE ${quoted(found.name)}`);
  const columns = fields.map((field): TargetColumn => {
    return { name: field.name, type: duckDbType(field.type), change: 'none' };
  });
  await connection.run(`CREATE TABLE ${quoted(name)} (${declaration(columns)})`);
  await connection.run(markStatement(name));
  return columns;
}

function declaration(columns: readonly Pick<TargetColumn, 'name' | 'type'>[]): string {
  return columns.map(({ name, type }) => `${quoted(name)} ${type}`).join(', ');
}

/** Gives a table that is there the columns and types that it lacks. */
export async function widenTable(
  connection: DuckDBConnection,
  found: DuckDbTable,
  fields: readonly Field[],
  asked: AskedFor,
): Promise<readonly TargetColumn[]> {
  const columns = targetColumns(found.columns, fields, asked, dialect(found.isOurs));
  const indexes = await indexesOf(connection, found.name);
  if (indexes.length > 0 && columns.some(({ change }) => change === 'widen')) {
    await rebuild(connection, found, columns, indexes);
    return columns;
  }
  for (const { name, type, change } of columns) {
    if (change === 'none') continue;
    const what =
      change === 'add'
        ? `ADD COLUMN ${quoted(name)} ${type}`
        : `ALTER COLUMN ${quoted(name)} SET DATA TYPE ${type}`;
    await connection.run(`ALTER TABLE ${quoted(found.name)} ${what}`);
  }
  return columns;
}

/** DuckDB changes no type in a table that has an index, also where the same transaction drops it. */
async function rebuild(
  connection: DuckDBConnection,
  found: DuckDbTable,
  columns: readonly TargetColumn[],
  indexes: readonly Index[],
): Promise<void> {
  const rebuilt = quoted(`${found.name} everypage`);
  const changed = new Map(columns.map((column) => [column.name, column.type]));
  const kept = found.columns.map(({ name, type }) => ({ name, type: changed.get(name) ?? type }));
  const added = columns.filter(({ change }) => change === 'add');
  const names = kept.map(({ name }) => quoted(name)).join(', ');
  const table = quoted(found.name);
  for (const statement of [
    `CREATE TABLE ${rebuilt} (${declaration([...kept, ...added])})`,
    `INSERT INTO ${rebuilt} (${names}) SELECT ${names} FROM ${table} ORDER BY rowid`,
    `DROP TABLE ${table}`,
    `ALTER TABLE ${rebuilt} RENAME TO ${table}`,
    markStatement(found.name),
    ...indexes.map(({ sql }) => sql),
  ]) {
    await connection.run(statement);
  }
}

function markStatement(name: string): string {
  return `COMMENT ON TABLE ${quoted(name)} IS ${quotedText(MADE_BY)}`;
}

interface Index {
  readonly name: string;
  readonly isUnique: boolean;
  readonly columns: string;
  readonly sql: string;
}

async function indexesOf(connection: DuckDBConnection, table: string): Promise<readonly Index[]> {
  const { rows } = await read(
    connection,
    `SELECT index_name, is_unique, expressions, sql FROM duckdb_indexes() WHERE ${HERE} AND table_name = $1`,
    table,
  );
  return rows.map(([name, isUnique, columns, sql]) => ({
    name: String(name),
    isUnique: isUnique === true,
    columns: String(columns),
    sql: String(sql),
  }));
}

/** Makes an index by which rows are known, where there is none. */
export async function makeUnique(
  connection: DuckDBConnection,
  found: DuckDbTable | null,
  asked: AskedFor,
  column: string,
): Promise<void> {
  const name = found?.name ?? asked.name;
  const { rows: keys } = await read(
    connection,
    `SELECT constraint_column_names FROM duckdb_constraints()
     WHERE ${HERE} AND table_name = $1 AND constraint_type IN ('PRIMARY KEY', 'UNIQUE')`,
    name,
  );
  const isOnly = ([columns]: readonly unknown[]): boolean => {
    const { items = [] } = (columns ?? {}) as { readonly items?: readonly unknown[] };
    return items.length === 1 && items[0] === column;
  };
  if (keys.some(isOnly)) return;
  const indexes = await indexesOf(connection, name);
  const written = new Set([`[${column}]`, `[${quoted(column)}]`, `['${quoted(column)}']`]);
  if (indexes.some((index) => index.isUnique && written.has(index.columns))) return;
  const statement = `CREATE UNIQUE INDEX ${quoted(`${name}_${column}_key`)} ON ${quoted(name)} (${quoted(column)})`;
  if (found !== null && !found.isOurs) throw noUniqueIndex(asked, column, statement);
  try {
    await connection.run(statement);
  } catch (cause) {
    throw sameKeys(name, column, cause);
  }
}

/** Whether rows go straight to the table: they are all that it has. */
export function isMadeAnew(found: DuckDbTable | null, { ifExists }: AskedFor): boolean {
  return found === null || !areRowsKept(ifExists);
}
