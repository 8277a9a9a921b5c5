/** Rows of a staging table become those of a table, in the transaction that they came in. */
import type { Client } from 'pg';
import { usageError } from '../core/errors.ts';
import { escapeText } from '../core/escape.ts';
import type { Field } from '../schema/schema.ts';
import {
  type AskedFor,
  areRowsKept,
  noUniqueIndex,
  onConflict,
  quoted,
  sameKeys,
  type TargetColumn,
  targetColumns,
} from './database-table.ts';
import {
  columnComment,
  hasUniqueIndex,
  markStatement,
  type PostgresTable,
  type TableName,
} from './postgres-table.ts';
import { type Passage, passageTo, postgresDialect, postgresType } from './postgres-types.ts';

/** Gone with its transaction, and seen by nobody else: a process that is killed leaves nothing. */
export const STAGING = 'pg_temp.everypage_rows';

export interface PlannedColumn extends TargetColumn {
  readonly field: Field;
  readonly passage: Passage;
  /** In the staging table. */
  readonly staged: string;
}

/**
 * Which columns take the values, and how.
 *
 * @throws EverypageError USAGE where a column that is there would change values
 */
export function planColumns(
  found: PostgresTable | null,
  fields: readonly Field[],
  asked: AskedFor,
): readonly PlannedColumn[] {
  const there = found?.columns ?? [];
  // A column of another type is replaced, too.
  const kept = areRowsKept(asked.ifExists)
    ? there
    : there.filter(({ name, type }) =>
        fields.some((field) => field.name === name && isSameType(type, field)),
      );
  const dialect = postgresDialect(found?.isOurs ?? true);
  return targetColumns(kept, fields, asked, dialect).map((column, index): PlannedColumn => {
    const field = fields[index]!;
    const passage = passageTo(column.type, field.type);
    if (passage === null) throw new Error(`${column.type} does not take ${field.type.kind}`);
    return { ...column, field, passage, staged: `c${index}` };
  });
}

function isSameType(type: string, field: Field): boolean {
  return type === postgresType(field) || (type === 'json' && postgresType(field) === 'jsonb');
}

export interface Merge {
  readonly client: Client;
  readonly target: TableName;
  readonly found: PostgresTable | null;
  readonly asked: AskedFor;
  readonly columns: readonly PlannedColumn[];
  /** The column that rows are known by; null where they are only added. */
  readonly key: PlannedColumn | null;
}

/** Makes the table ready, and moves the rows there. Without columns no row came. */
export async function mergeRows(merge: Merge): Promise<void> {
  const { client, target, found, asked, columns, key } = merge;
  if (found === null) await createTable(merge);
  else {
    if (!areRowsKept(asked.ifExists)) await client.query(`DELETE FROM ${target.sql}`);
    await changeColumns(merge, found);
  }
  if (columns.length === 0) return;
  if (key !== null) await makeUnique(merge, key);
  await checkCasts(merge);
  const names = columns.map(({ name }) => quoted(name));
  const conflict = key === null ? '' : onConflict(names, quoted(key.name));
  const values = columns.map(({ staged, passage }) =>
    passage.cast === null ? staged : `${staged}::${passage.cast}`,
  );
  await client.query(
    `INSERT INTO ${target.sql} (${names.join(', ')}) SELECT ${values.join(', ')} FROM ${STAGING}${conflict}`,
  );
}

async function createTable({ client, target, columns }: Merge): Promise<void> {
  const declared = columns.map(({ name, type }) => `${quoted(name)} ${type}`);
  await client.query(`CREATE TABLE ${target.sql} (${declared.join(', ')})`);
  await client.query(markStatement(target));
  await comment(client, target, columns);
}

/** A table that is replaced keeps its rights, its indexes, and the columns that stay as they are. */
async function changeColumns(
  { client, target, asked, columns }: Merge,
  found: PostgresTable,
): Promise<void> {
  const isReplaced = !areRowsKept(asked.ifExists) && columns.length > 0;
  const stay = new Set(columns.filter(({ change }) => change === 'none').map(({ name }) => name));
  const gone = isReplaced ? found.columns.filter(({ name }) => !stay.has(name)) : [];
  // Another type would rewrite the table, which then looks empty to those who began to read before.
  const added = columns.filter(
    ({ change }) => change === 'add' || (isReplaced && change === 'widen'),
  );
  const changes = [
    ...gone.map(({ name }) => `DROP COLUMN ${quoted(name)}`),
    ...columns.flatMap(({ name, type, change }) =>
      change === 'widen' && !isReplaced ? [`ALTER COLUMN ${quoted(name)} TYPE ${type}`] : [],
    ),
    ...added.map(({ name, type }) => `ADD COLUMN ${quoted(name)} ${type}`),
  ];
  if (changes.length === 0) return;
  await client.query(`ALTER TABLE ${target.sql} ${changes.join(', ')}`);
  if (found.isOurs) await comment(client, target, added);
}

async function comment(
  client: Client,
  target: TableName,
  columns: readonly PlannedColumn[],
): Promise<void> {
  const comments = columns.flatMap(({ field, name }) => columnComment(target, field, name) ?? []);
  if (comments.length > 0) await client.query(comments.join('; '));
}

async function makeUnique(
  { client, target, found, asked }: Merge,
  key: PlannedColumn,
): Promise<void> {
  // Of records with the same key the last counts, as if each were written by itself.
  const { staged } = key;
  await client.query(
    `DELETE FROM ${STAGING} a USING ${STAGING} b WHERE a.${staged} = b.${staged} AND a.ctid < b.ctid`,
  );
  if (await hasUniqueIndex(client, target, key.name)) return;
  const statement = `CREATE UNIQUE INDEX ON ${target.sql} (${quoted(key.name)})`;
  if (found !== null && !found.isOurs) throw noUniqueIndex(asked, key.name, statement);
  try {
    await client.query(statement);
  } catch (cause) {
    if ((cause as { code?: string }).code !== '23505') throw cause;
    throw sameKeys(target.shown, key.name, cause);
  }
}

/**
 * Holds each value against what its column makes of it.
 *
 * @throws EverypageError USAGE for the first that changes, which PostgreSQL would do without a word
 */
async function checkCasts({ client, target, asked, columns }: Merge): Promise<void> {
  for (const { name, staged, type, passage } of columns) {
    if (!passage.isChecked || passage.cast === null) continue;
    const back = `${staged}::${passage.cast}::${passage.staged}`;
    const { rows } = await client.query<{ value: string }>(
      `SELECT ${staged}::text AS value FROM ${STAGING} WHERE ${back} IS DISTINCT FROM ${staged} LIMIT 1`,
    );
    if (rows[0] === undefined) continue;
    throw usageError(
      `the column ${name} of ${target.shown} in ${asked.where} is ${type}, which would change the value ${escapeText(rows[0].value, 60)}; take another --table, or --if-exists replace`,
    );
  }
}
