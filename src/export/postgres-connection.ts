import type { Client } from 'pg';
import { readDatabaseUrl } from '../core/database-url.ts';
import type { TableOptions } from '../core/table-options.ts';
import { checkFound } from './database-table.ts';
import type { Destination, OutputDestination } from './format.ts';
import { loadOptional } from './optional-package.ts';
import { commitError, postgresError } from './postgres-errors.ts';
import { checkRights } from './postgres-rights.ts';
import { findTable, namedTable } from './postgres-table.ts';

/** A database of PostgreSQL, in which a transaction is made of all changes or of none. */
export interface PostgresDestination extends OutputDestination {
  /** As messages name it. */
  readonly shown: string;
  /** What the URL names; null without it. */
  readonly table: string | null;
  /** Connects and begins the transaction that `commit` ends. Call it once. */
  begin(): Promise<Client>;
  /** Bytes that were sent, for the counts. */
  sent(bytes: number): void;
  readonly bytesWritten: number;
}

const CONNECT_MS = 10_000;

/** Settings of the transaction alone. It waits at most 60 s for a reader that holds the table, since readers queue up behind it. */
const SETTINGS = `
  SET LOCAL statement_timeout = 0;
  SET LOCAL idle_in_transaction_session_timeout = 0;
  SET LOCAL lock_timeout = '60s';
  SET LOCAL synchronize_seqscans = off;
  SET LOCAL TimeZone = 'UTC';
  SET LOCAL client_min_messages = warning`;

/**
 * Looks at the database, whether it can be written, and disconnects: a run may take hours before the
 * first row. Everything is written in one transaction later. Variables of PostgreSQL (`PGHOST`,
 * `PGPASSWORD`, `PGPASSFILE` …) count where the URL says nothing.
 *
 * All methods but `abort` throw `EverypageError`: `OUTPUT_WRITE` where the database cannot be reached or
 * refuses, `USAGE` where the table or its columns do not allow it. No message has the password.
 *
 * @throws EverypageError the same; `USAGE` too where a package is missing or the URL cannot be read
 */
export async function createPostgresDestination(
  url: string,
  options: TableOptions,
): Promise<PostgresDestination> {
  const { connection, table, shown } = readDatabaseUrl(url);
  const pg = await loadPackages();
  const attempt = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    try {
      return await work();
    } catch (error) {
      throw postgresError(shown, error);
    }
  };
  const connect = (): Promise<Client> =>
    attempt(async () => {
      const client = new pg.Client({
        connectionString: withLibpqModes(connection),
        connectionTimeoutMillis: CONNECT_MS,
        application_name: 'everypage',
        keepAlive: true,
      });
      // What a query was waiting for rejects, too.
      client.on('error', () => {});
      await client.connect();
      return client;
    });
  const looking = await connect();
  let place: string;
  try {
    place = await attempt(() => placeOf(looking, table ?? options.table));
    const name = table ?? options.table;
    // `export` knows the name only when it has read the archive, and so has a run.
    if (name !== null) {
      await attempt(async () => {
        const target = await namedTable(looking, name);
        const found = await findTable(looking, target);
        checkFound(found, { where: shown, name: target.shown, ifExists: options.ifExists });
        await checkRights(looking, target, found, options.ifExists);
      });
    }
  } finally {
    await looking.end().catch(() => {});
  }
  let client: Client | null = null;
  let bytesWritten = 0;
  const leave = async (): Promise<void> => {
    const leaving = client;
    client = null;
    await leaving?.end().catch(() => {});
  };
  return {
    shown,
    table,
    async begin() {
      const begun = await connect();
      client = begun;
      await attempt(async () => {
        await begun.query('BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE');
        await begun.query(SETTINGS);
      });
      return begun;
    },
    sent(bytes) {
      bytesWritten += bytes;
    },
    write() {
      throw new Error('a database takes rows, no bytes');
    },
    async commit() {
      try {
        await client?.query('COMMIT');
      } catch (error) {
        throw commitError(shown, error);
      }
      await leave();
    },
    // Whoever leaves without COMMIT leaves nothing.
    abort: leave,
    get bytesWritten() {
      return bytesWritten;
    },
    waitsForReader: false,
    isRemote: true,
    place,
  };
}

/** A table by more than its URL, which may name a server, a database or a schema in several ways. */
async function placeOf(client: Client, name: string | null): Promise<string> {
  const { rows } = await client.query(
    'SELECT pg_postmaster_start_time()::text, current_database()',
  );
  const target = name === null ? null : await namedTable(client, name);
  return JSON.stringify([rows[0], target?.sql]);
}

export function isPostgres(destination: Destination): destination is PostgresDestination {
  return 'begin' in destination;
}

async function loadPackages(): Promise<Pick<typeof import('pg').default, 'Client'>> {
  return loadOptional('PostgreSQL', 'pg@8 pg-copy-streams@7', async () => {
    const { default: pg } = await import('pg');
    await import('pg-copy-streams');
    return pg;
  });
}

/** `sslmode` means what it means to psql and all other programs; `pg` would warn, and check more. */
function withLibpqModes(url: string): string {
  if (!/[?&]sslmode=/i.test(url) || /uselibpqcompat/i.test(url)) return url;
  return `${url}&uselibpqcompat=true`;
}
