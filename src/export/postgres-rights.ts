/** What a user of PostgreSQL may do: known before the first request, and not when hours of pages have come. */
import type { Client } from 'pg';
import type { IfExists } from '../core/table-options.ts';
import { areRowsKept, quotedText } from './database-table.ts';
import type { PostgresTable, TableName } from './postgres-table.ts';

interface Rights {
  readonly user: string;
  readonly database: string;
  readonly isStandby: boolean;
  readonly temporary: boolean;
  readonly usage: boolean;
  readonly create: boolean;
  readonly insert: boolean;
  readonly update: boolean;
  readonly select: boolean;
  readonly delete: boolean;
}

/**
 * Rights on single columns count as rights here: whether they are enough is known with the records.
 *
 * @throws an error of the server's kind, with its code
 */
export async function checkRights(
  client: Client,
  { schema, sql, shown }: TableName,
  found: PostgresTable | null,
  ifExists: IfExists | null,
): Promise<void> {
  const onTable = (privilege: string): string =>
    found === null ? 'true' : `has_any_column_privilege(${quotedText(sql)}, '${privilege}')`;
  const { rows } = await client.query<Rights>(
    `SELECT current_user AS user, current_database() AS database, pg_is_in_recovery() AS "isStandby",
       has_database_privilege(current_database(), 'TEMPORARY') AS temporary,
       has_schema_privilege($1, 'USAGE') AS usage, has_schema_privilege($1, 'CREATE') AS create,
       ${found === null ? 'true' : `has_table_privilege(${quotedText(sql)}, 'DELETE')`} AS delete,
       ${onTable('INSERT')} AS insert, ${onTable('UPDATE')} AS update, ${onTable('SELECT')} AS select`,
    [schema],
  );
  const rights = rows[0]!;
  if (rights.isStandby) throw denied('25006', 'it is a standby');
  const missing = whatIsMissing(rights, { schema, shown }, found !== null, ifExists);
  if (missing !== null) {
    throw denied('42501', `permission denied: the user ${rights.user} lacks ${missing}`);
  }
}

function whatIsMissing(
  rights: Rights,
  { schema, shown }: Pick<TableName, 'schema' | 'shown'>,
  isThere: boolean,
  ifExists: IfExists | null,
): string | null {
  if (!rights.temporary) return `TEMPORARY on database ${rights.database}`;
  if (!rights.usage) return `USAGE on schema ${schema}`;
  if (!isThere) return rights.create ? null : `CREATE on schema ${schema}`;
  const needed: readonly ('insert' | 'update' | 'select' | 'delete')[] =
    ifExists === 'upsert'
      ? ['insert', 'update', 'select']
      : areRowsKept(ifExists)
        ? ['insert']
        : ['insert', 'delete'];
  const missing = needed.filter((right) => !rights[right]);
  if (missing.length === 0) return null;
  return `${missing.join(' and ').toUpperCase()} on table ${shown}`;
}

function denied(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
