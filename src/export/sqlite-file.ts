import { rmSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { usageError } from '../core/errors.ts';
import { realPlace, statOrNull } from '../core/files.ts';
import { noDatabase } from './database-table.ts';
import {
  type FileDestination,
  type HoldFile,
  putInPlace,
  removeLeftovers,
  temporaryOf,
} from './file-destination.ts';
import type { Destination } from './format.ts';
import { outputError } from './output-error.ts';

/** A file of SQLite that is changed as a whole or not at all. */
export interface DatabaseDestination extends FileDestination {
  readonly path: string;
  readonly bytesWritten: number;
  /** The database, in a transaction that `commit` ends. It is opened at the first call. */
  database(): DatabaseSync;
  /** Does what SQLite may refuse, and says its error of this file. */
  attempt<Result>(work: () => Result): Result;
}

/** How long another program may hold the database. */
const BUSY_MS = 10_000;
/** SQLITE_NOTADB (https://www.sqlite.org/rescode.html#notadb). */
const NOT_A_DATABASE = 26;

/**
 * Opens a file of SQLite for output. One that is there is changed within one transaction, so its other
 * tables stay, and whoever reads it sees the old table or the new one. A new one is made under a
 * temporary name, and renamed on `commit`.
 *
 * `commit` throws `EverypageError` with code `OUTPUT_WRITE`, with what to do.
 */
export function createDatabaseDestination(path: string, hold: HoldFile): DatabaseDestination {
  const target = realPlace(path);
  const isNew = !isDatabaseThere(target);
  const place = isNew ? temporaryOf(target) : target;
  let connection: DatabaseSync | null = null;
  const attempt = <Result>(work: () => Result): Result => {
    try {
      return work();
    } catch (error) {
      throw sqliteError(path, error);
    }
  };
  const open = (): DatabaseSync => {
    if (isNew) removeLeftovers(target, hold);
    const opened = new (loadSqlite())(place);
    try {
      opened.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
      // Nobody sees a new file before it is whole. Its lock tells other processes that it is no leftover.
      if (isNew) opened.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = OFF');
      if (isNew) opened.exec('PRAGMA synchronous = OFF');
      opened.exec(isNew ? 'BEGIN EXCLUSIVE' : 'BEGIN IMMEDIATE');
    } catch (error) {
      opened.close();
      throw error;
    }
    connection = opened;
    return opened;
  };
  const close = (): void => {
    const closing = connection;
    connection = null;
    closing?.close();
  };
  return {
    path,
    database: () => connection ?? attempt(open),
    attempt,
    write() {
      throw new Error('a database takes rows, no bytes');
    },
    commit() {
      attempt(() => {
        connection?.exec('COMMIT');
        close();
        if (!isNew) return;
        putInPlace(place, target);
      });
    },
    abort() {
      if (connection === null) return;
      try {
        // Closing rolls back what was not committed.
        close();
        if (isNew) rmSync(place, { force: true });
      } catch {
        // What went wrong before matters more.
      }
    },
    get bytesWritten() {
      return connection === null ? 0 : sizeOf(connection);
    },
    waitsForReader: false,
  };
}

export function isDatabase(destination: Destination): destination is DatabaseDestination {
  return 'database' in destination;
}

/** What an error of SQLite means to whoever asked for output at `path`. */
export function sqliteError(path: string, cause: unknown): Error {
  const isOther = cause instanceof Error && 'errcode' in cause && cause.errcode === NOT_A_DATABASE;
  if (isOther) return noDatabase(path, 'SQLite', cause);
  // An extended code has the code in its last byte.
  const isRule = cause instanceof Error && 'errcode' in cause && Number(cause.errcode) % 256 === 19;
  if (!isRule) return outputError(path, cause);
  return usageError(
    `the table in ${path} does not take a record: ${cause.message}; leave such records out with --where, or take another --table`,
    cause,
  );
}

/** Only a run that writes a database loads SQLite for it. */
export function loadSqlite(): typeof DatabaseSync {
  return process.getBuiltinModule('node:sqlite').DatabaseSync;
}

/** An empty file is what SQLite makes of a new name. */
export function isDatabaseThere(path: string): boolean {
  return (statOrNull(path)?.size ?? 0) > 0;
}

function sizeOf(connection: DatabaseSync): number {
  const pages = connection.prepare('PRAGMA page_count').get()!['page_count'];
  const bytes = connection.prepare('PRAGMA page_size').get()!['page_size'];
  return Number(pages) * Number(bytes);
}
