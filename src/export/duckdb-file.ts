import { randomBytes } from 'node:crypto';
import { rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { EverypageError, usageError } from '../core/errors.ts';
import { realPlace, statOrNull } from '../core/files.ts';
import type { TableOptions } from '../core/table-options.ts';
import { checkFound, noDatabase } from './database-table.ts';
import { findTable } from './duckdb-table.ts';
import {
  createTemporaryFile,
  type HoldFile,
  isWrittenInPlace,
  putInPlace,
  removeLeftovers,
  type TemporaryFile,
  temporaryOf,
} from './file-destination.ts';
import type { Destination, OutputDestination } from './format.ts';
import { loadOptional } from './optional-package.ts';
import { KEPT, outputError } from './output-error.ts';

/** A file of DuckDB that is changed as a whole or not at all. */
export interface DuckDbDestination extends OutputDestination {
  readonly path: string;
  readonly bytesWritten: number;
  /** Opens it, and begins the transaction that `commit` ends. Call it once. */
  connect(): Promise<DuckDBConnection>;
  /** Opens a file for rows on their way there. Its own `abort` removes it, and so does that of the database. */
  openRows(): TemporaryFile;
  /** Takes the file as it is now for the count of bytes. */
  measure(): Promise<void>;
}

/** Nothing is fetched from anywhere, and what does not fit in memory goes where nobody reads. */
const settings = (): Record<string, string> => ({
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
  memory_limit: '512MB',
  // More of them take as much memory each, and what waits for the disk is not faster by them.
  threads: '1',
  temp_directory: join(tmpdir(), `everypage-duckdb-${randomBytes(6).toString('hex')}`),
});

/**
 * Opens a file of DuckDB for output. One that is there is changed within one transaction, so its other
 * tables stay. A new one is made under a temporary name, and renamed on `commit`.
 *
 * @throws EverypageError USAGE where the package is missing, or the table may not be replaced; OUTPUT_WRITE
 * where the file is no database, or another process has it
 */
export async function createDuckDbDestination(
  path: string,
  hold: HoldFile,
  { table, ifExists }: TableOptions,
): Promise<DuckDbDestination> {
  if (isWrittenInPlace(path)) {
    throw usageError(
      `${path} is no regular file, and a DuckDB database is one; give -o items.duckdb`,
    );
  }
  const api = await loadOptional('DuckDB', '@duckdb/node-api@1', () => import('@duckdb/node-api'));
  const target = realPlace(path);
  // DuckDB makes a database of an empty file.
  const isNew = (statOrNull(target)?.size ?? 0) === 0;
  const place = isNew ? temporaryOf(target) : target;
  let open: { readonly instance: DuckDBInstance; readonly connection: DuckDBConnection } | null =
    null;
  let rows: TemporaryFile | null = null;
  let isCommitted = false;
  let bytesWritten = 0;
  const attempt = async <Result>(work: () => Result | Promise<Result>): Promise<Result> => {
    try {
      return await work();
    } catch (error) {
      throw duckDbError(path, error);
    }
  };
  const close = (): void => {
    const closing = open;
    open = null;
    closing?.connection.closeSync();
    closing?.instance.closeSync();
  };
  const commitNow = async (): Promise<void> => {
    if (isCommitted) return;
    isCommitted = true;
    await open?.connection.run('COMMIT');
    // What is in the log alone would not move with the file.
    await open?.connection.run('CHECKPOINT');
  };
  if (!isNew && table !== null) {
    await attempt(async () => {
      const instance = await api.DuckDBInstance.create(target, {
        ...settings(),
        access_mode: 'READ_ONLY',
      });
      const connection = await instance.connect();
      try {
        checkFound(await findTable(connection, table), { where: path, name: table, ifExists });
      } finally {
        connection.closeSync();
        instance.closeSync();
      }
    });
  }
  return {
    path,
    connect: () =>
      attempt(async () => {
        // Before the new file is there, which this process could not tell from a leftover.
        if (isNew) removeLeftovers(target, hold);
        const instance = await api.DuckDBInstance.create(place, settings());
        const connection = await instance.connect();
        open = { instance, connection };
        // Nobody else writes it now.
        if (!isNew) removeLeftovers(target, hold);
        await connection.run('BEGIN TRANSACTION');
        return connection;
      }),
    openRows() {
      rows = createTemporaryFile(target, hold, path);
      return rows;
    },
    measure: () =>
      attempt(async () => {
        // Nobody sees a new file before it has its name.
        if (isNew) await commitNow();
        bytesWritten = statSync(place).size;
      }),
    write() {
      throw new Error('a database takes rows, no bytes');
    },
    commit: () =>
      attempt(async () => {
        if (open === null) return;
        await commitNow();
        close();
        if (!isNew) return;
        putInPlace(place, target);
      }),
    abort() {
      rows?.abort();
      if (open === null) return;
      try {
        // Closing rolls back what was not committed.
        close();
        if (isNew) for (const file of [place, `${place}.wal`]) rmSync(file, { force: true });
      } catch {
        // What went wrong before matters more.
      }
    },
    get bytesWritten() {
      return bytesWritten;
    },
    waitsForReader: false,
  };
}

export function isDuckDb(destination: Destination): destination is DuckDbDestination {
  return 'connect' in destination;
}

/** What an error of DuckDB means to whoever asked for output at `path`. */
export function duckDbError(path: string, cause: unknown): Error {
  if (cause instanceof EverypageError) return cause;
  const [text = ''] = (cause instanceof Error ? cause.message : String(cause)).split('\n');
  const holder = /Conflicting lock is held in (.+? \(PID \d+\))/.exec(text)?.[1];
  if (holder !== undefined) {
    const message = `Cannot write ${path}: another process has it open, ${holder}. Close it there. ${KEPT}`;
    return new EverypageError('OUTPUT_WRITE', message, { cause });
  }
  // A file of SQLite it would open by an extension, which is not loaded.
  if (/is not a valid DuckDB database file|sqlite_scanner/.test(text)) {
    return noDatabase(path, 'DuckDB', cause);
  }
  if (/^(?:Constraint|Conversion|Dependency|Catalog) Error/.test(text)) {
    return usageError(`Cannot write ${path}: ${text} ${KEPT}`, cause);
  }
  if (/No space left on device/i.test(text)) {
    return outputError(path, Object.assign(new Error(text), { code: 'ENOSPC' }));
  }
  const said = Object.assign(new Error(text.replace(/\.$/, '')), {
    code: (cause as { code?: string }).code ?? '',
  });
  return outputError(path, said);
}
