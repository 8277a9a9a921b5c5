/** A table of PostgreSQL: what is there, and how it takes rows that stand in a staging table. */
import type { Client } from 'pg';
import { columnNames } from '../core/column-names.ts';
import { usageError } from '../core/errors.ts';
import type { Field } from '../schema/schema.ts';
import {
  type FoundTable,
  MADE_BY,
  quoted,
  quotedText,
  type ThereColumn,
} from './database-table.ts';

/** Bytes of a name; PostgreSQL cuts what is longer (its manual, 4.1.1). */
const MOST_NAME_BYTES = 63;
/** A cut name has room for a suffix. */
const CUT_NAME_BYTES = 57;
/** Every table has these. */
const SYSTEM_COLUMNS = ['tableoid', 'xmin', 'cmin', 'xmax', 'cmax', 'ctid'];
const MOST_COLUMNS = 1600;

export interface TableName {
  readonly schema: string;
  readonly table: string;
  /** As SQL writes it. */
  readonly sql: string;
  /** As messages name it. */
  readonly shown: string;
}

export interface PostgresTable extends FoundTable {
  readonly columns: readonly ThereColumn[];
}

/**
 * Reads `table`, `schema.table` or `"a.b"`; without a schema it is the first one of the search path.
 *
 * @throws EverypageError USAGE for what cannot be a name
 */
export async function namedTable(client: Client, name: string): Promise<TableName> {
  const [, quotedSchema, bareSchema, quotedTable, bareTable] =
    /^(?:(?:"((?:[^"]|"")+)"|([^".]+))\.)?(?:"((?:[^"]|"")+)"|([^"]+))$/.exec(name) ?? [];
  const table = quotedTable?.replaceAll('""', '"') ?? bareTable;
  const given = quotedSchema?.replaceAll('""', '"') ?? bareSchema;
  const isName = (text: string | undefined): boolean =>
    text === undefined || (!/\p{Cc}/u.test(text) && Buffer.byteLength(text) <= MOST_NAME_BYTES);
  if (table === undefined || !isName(table) || !isName(given)) {
    throw usageError(
      `${JSON.stringify(name)} cannot be a table of PostgreSQL; it is table or schema.table, each of at most ${MOST_NAME_BYTES} bytes; choose another --table`,
    );
  }
  const { rows } = await client.query<{ schema: string | null; there: boolean }>(
    'SELECT coalesce($1, current_schema()) AS schema, to_regnamespace(quote_ident($1)) IS NOT NULL AS there',
    [given ?? null],
  );
  const { schema, there } = rows[0]!;
  if (schema === null) {
    throw usageError(
      `no schema of the search path is there, so no table ${table} can be; name one: --table public.${table}`,
    );
  }
  if (given !== undefined && !there) {
    throw usageError(
      `the database has no schema ${given}; create it: CREATE SCHEMA ${quoted(given)}`,
    );
  }
  const shown = given === undefined ? table : `${schema}.${table}`;
  return { schema, table, sql: `${quoted(schema)}.${quoted(table)}`, shown };
}

const KINDS: Readonly<Record<string, string>> = {
  r: 'table',
  p: 'table',
  v: 'view',
  m: 'materialized view',
  f: 'foreign table',
  S: 'sequence',
  c: 'type',
};

/** What stands under the name; null for nothing. */
export async function findTable(
  client: Client,
  { schema, table }: TableName,
): Promise<PostgresTable | null> {
  const found = await client.query<{ oid: number; relkind: string; comment: string | null }>(
    `SELECT c.oid, c.relkind::text, obj_description(c.oid, 'pg_class') AS comment
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relname = $2`,
    [schema, table],
  );
  const [row] = found.rows;
  if (row === undefined) return null;
  const columns = await client.query<{ name: string; type: string }>(
    `SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
     WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [row.oid],
  );
  return {
    kind: KINDS[row.relkind] ?? 'relation',
    isOurs: row.comment?.includes(MADE_BY) ?? false,
    columns: columns.rows.map(({ name, type }) => ({ name, type })),
  };
}

/** Whether PostgreSQL knows rows by this column. */
export async function hasUniqueIndex(
  client: Client,
  table: TableName,
  column: string,
): Promise<boolean> {
  const { rows } = await client.query(
    `SELECT 1 FROM pg_index i
     JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
     WHERE i.indrelid = $1::regclass AND a.attname = $2 AND i.indisunique AND i.indisvalid
       AND i.indimmediate AND i.indpred IS NULL AND i.indnkeyatts = 1`,
    [table.sql, column],
  );
  return rows.length > 0;
}

/**
 * The fields by names that a table of PostgreSQL can have: not longer than 63 bytes, and none of its own.
 *
 * @throws EverypageError USAGE where there are more than a table can have
 */
export function withPostgresNames(fields: readonly Field[]): readonly Field[] {
  if (fields.length > MOST_COLUMNS) {
    throw usageError(
      `the records have ${fields.length} columns, and a table of PostgreSQL has at most ${MOST_COLUMNS}; --select takes a part of each record`,
    );
  }
  const wanted = fields.map(({ name }) => cutName(name));
  const names = columnNames([...SYSTEM_COLUMNS, ...wanted], (name) => name.toLowerCase());
  return fields.map((field, index) => ({ ...field, name: names[SYSTEM_COLUMNS.length + index]! }));
}

function cutName(name: string): string {
  if (Buffer.byteLength(name) <= MOST_NAME_BYTES) return name;
  let cut = '';
  for (const character of name) {
    if (Buffer.byteLength(cut + character) > CUT_NAME_BYTES) break;
    cut += character;
  }
  return cut;
}

/** Names that the table has and the records have not, for a note; null where there are none. */
export function renamedNote(fields: readonly Field[], named: readonly Field[]): string | null {
  const renamed = named.flatMap(({ name }, index) => {
    const before = fields[index]!.name;
    return before === name ? [] : [`${JSON.stringify(before)} is ${JSON.stringify(name)}`];
  });
  if (renamed.length === 0) return null;
  const shown = renamed.slice(0, 3).join(', ');
  const more = renamed.length > 3 ? `, and ${renamed.length - 3} more` : '';
  return `names that PostgreSQL cannot have were changed: ${shown}${more}`;
}

/** Says in the table who made it. */
export function markStatement({ sql }: TableName): string {
  return `COMMENT ON TABLE ${sql} IS ${quotedText(MADE_BY)}`;
}

/** What the type and the name of a column do not tell; null where they tell all. */
export function columnComment(
  { sql }: TableName,
  { key, type }: Field,
  name: string,
): string | null {
  const facts = [
    ...(key === name ? [] : [`the field ${JSON.stringify(key)}`]),
    ...(type.kind === 'timestamp' && type.offset !== 'Z'
      ? [`the server writes the offset ${type.offset}`]
      : []),
  ];
  if (facts.length === 0) return null;
  return `COMMENT ON COLUMN ${sql}.${quoted(name)} IS ${quotedText(facts.join('; '))}`;
}
