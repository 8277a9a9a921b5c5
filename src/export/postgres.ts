import type { Client } from 'pg';
import { usageError } from '../core/errors.ts';
import type { TableOptions } from '../core/table-options.ts';
import type { RecordSchema } from '../schema/schema.ts';
import { type AskedFor, areRowsKept, checkFound, keyColumn } from './database-table.ts';
import type { PageSource, TableFormat } from './format.ts';
import { isPostgres, type PostgresDestination } from './postgres-connection.ts';
import { postgresError } from './postgres-errors.ts';
import { mergeRows, type PlannedColumn, planColumns, STAGING } from './postgres-merge.ts';
import {
  findTable,
  namedTable,
  type PostgresTable,
  renamedNote,
  type TableName,
  withPostgresNames,
} from './postgres-table.ts';
import { readFor } from './postgres-types.ts';
import { copyText, fitsJsonb } from './postgres-values.ts';
import { createRowTaker, inferSchema } from './typed-rows.ts';

/** Text that goes to COPY at once. */
const BLOCK_CHARACTERS = 256 * 1024;

/**
 * A table of PostgreSQL. Rows go by COPY to a staging table, and from there to the table, in one
 * transaction: whoever reads sees the old rows or the new ones. Nested values are `jsonb`, or `json`
 * where a value is among them that `jsonb` cannot hold.
 */
export const postgres: TableFormat = async (pages, destination, selection, options) => {
  if (!isPostgres(destination)) throw usageError('PostgreSQL is a database, and no stream');
  const name = destination.table ?? options.table;
  if (name === null) throw usageError('no name for the table is known; give --table items');
  const inferred = await inferSchema(pages, selection, { ...options, nested: 'typed' });
  const schema = { ...inferred, columns: withPostgresNames(inferred.columns) };
  const client = await destination.begin();
  try {
    const target = await namedTable(client, name);
    const writer = { client, target, schema, options, destination, pages, selection };
    const notes = await write(writer);
    const renamed = renamedNote(inferred.columns, schema.columns);
    return {
      records: schema.records,
      bytes: destination.bytesWritten,
      notes: [...schema.notes, ...(renamed === null ? [] : [renamed]), ...notes],
    };
  } catch (error) {
    throw postgresError(destination.shown, error);
  }
};

interface Writer {
  readonly client: Client;
  readonly target: TableName;
  readonly schema: RecordSchema;
  readonly options: TableOptions;
  readonly destination: PostgresDestination;
  readonly pages: PageSource;
  readonly selection: string | null;
}

/** @returns what a user should know */
async function write(writer: Writer): Promise<string[]> {
  const { client, target, schema, options, destination } = writer;
  const { ifExists } = options;
  const asked: AskedFor = { where: destination.shown, name: target.shown, ifExists };
  const found = await findTable(client, target);
  checkFound(found, asked);
  // No record says which columns there are.
  const isNothing = schema.records === 0 && found !== null;
  const fields = isNothing ? [] : schema.columns;
  const planned = planColumns(found, fields, asked);
  const keyIndex = isNothing || schema.records === 0 ? null : keyColumn(schema, options);
  const key = keyIndex === null ? null : planned[keyIndex]!;
  const declared = planned.map(({ staged, passage }) => `${staged} ${passage.staged}`);
  await client.query(
    `CREATE TEMPORARY TABLE ${STAGING.replace('pg_temp.', '')} (${declared.join(', ')}) ON COMMIT DROP`,
  );
  const misfits = isNothing ? [] : await copyRows(writer, planned);
  const isOurs = found === null || found.isOurs || !areRowsKept(ifExists);
  const columns = planned.map((column, index) => {
    const isJson = misfits[index] !== undefined || options.nested === 'json';
    return isJson ? asJson(column, isOurs) : column;
  });
  if (found !== null) await lock(writer, found, columns);
  const ordered = { client, target, found, asked, columns };
  await mergeRows({ ...ordered, key: key === null ? null : columns[planned.indexOf(key)]! });
  return misfits.flatMap((misfit, index) =>
    misfit === undefined || columns[index]!.type !== 'json'
      ? []
      : [noteOf(columns[index]!, misfit)],
  );
}

/** Where the first value stands that `jsonb` cannot hold. */
interface Misfit {
  readonly url: string;
  /** In the page, from 1. */
  readonly record: number;
}

function noteOf({ name, field }: PlannedColumn, { url, record }: Misfit): string {
  const what = field.type.kind === 'string' ? 'text with NUL' : 'a value that jsonb cannot hold';
  return `the column ${name} is json, because it has ${what} (record ${record} of ${url})`;
}

/** Writes all rows to the staging table. Returns where each column has its first misfit. */
async function copyRows(
  { client, schema, destination, pages, selection, options }: Writer,
  columns: readonly PlannedColumn[],
): Promise<readonly (Misfit | undefined)[]> {
  const { from } = await import('pg-copy-streams');
  const stream = client.query(from(`COPY ${STAGING} FROM STDIN`));
  const ended = new Promise<void>((resolve, reject) => {
    stream.once('finish', resolve);
    stream.once('error', reject);
    client.once('end', () => reject(new Error('the connection was lost')));
  });
  // Marks the rejection as handled: it may come while nobody awaits it.
  ended.catch(() => {});
  const misfits: (Misfit | undefined)[] = columns.map(() => undefined);
  const watched = columns.flatMap(({ passage }, index) =>
    passage.cast === 'jsonb' ? [index] : [],
  );
  const read = readFor(
    schema,
    columns.map(({ passage }) => passage),
  );
  const take = createRowTaker(read, selection, options);
  let text = '';
  const send = async (): Promise<void> => {
    const bytes = Buffer.from(text);
    text = '';
    destination.sent(bytes.length);
    await Promise.race([
      ended,
      new Promise<void>((resolve, reject) => {
        stream.write(bytes, (error) => (error ? reject(error) : resolve()));
      }),
    ]);
  };
  for await (const page of pages()) {
    const rows = take(page);
    for (let at = 0; at < rows.count; at += 1) {
      const row = rows.read(at);
      for (const index of watched) {
        const value = row[index];
        if (typeof value !== 'string' || misfits[index] !== undefined || fitsJsonb(value)) continue;
        misfits[index] = { url: page.url, record: at + 1 };
      }
      for (let index = 0; index < row.length; index += 1) {
        text += index === 0 ? copyText(row[index]!) : `\t${copyText(row[index]!)}`;
      }
      text += '\n';
      if (text.length >= BLOCK_CHARACTERS) await send();
    }
  }
  if (text !== '') await send();
  stream.end();
  await ended;
  return misfits;
}

/** With `json` in the place of `jsonb`, where the table is ours to change. */
function asJson(column: PlannedColumn, isOurs: boolean): PlannedColumn {
  const { passage, change, name, type } = column;
  if (passage.cast !== 'jsonb') return column;
  if (change === 'none' && !isOurs) {
    throw usageError(
      `the column ${name} is ${type}, which cannot hold a value of the records; make it json: ALTER COLUMN ${name} TYPE json`,
    );
  }
  const json = { ...passage, cast: 'json' };
  return { ...column, type: 'json', passage: json, change: change === 'add' ? 'add' : 'widen' };
}

/** Nobody else writes meanwhile; readers go on. */
async function lock(
  { client, target, options }: Writer,
  found: PostgresTable,
  columns: readonly PlannedColumn[],
): Promise<void> {
  const isAlone = !areRowsKept(options.ifExists) || columns.some(({ change }) => change !== 'none');
  const mode = isAlone ? 'SHARE ROW EXCLUSIVE' : 'ROW EXCLUSIVE';
  await client.query(`LOCK TABLE ${target.sql} IN ${mode} MODE`);
  const now = await findTable(client, target);
  if (JSON.stringify(now) === JSON.stringify(found)) return;
  throw usageError(
    `${target.shown} was changed by somebody else meanwhile; run the same command again`,
  );
}
