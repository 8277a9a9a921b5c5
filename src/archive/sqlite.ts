/**
 * The only use of `node:sqlite`: loads it without a warning, gives statements types, and turns what
 * SQLite and the disk say into errors that a person can act on. It knows no table.
 */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { EverypageError } from '../core/errors.ts';

type Sqlite = typeof import('node:sqlite');

let loaded: Sqlite | null = null;

function loadSqlite(): Sqlite {
  if (loaded !== null) return loaded;
  // Some releases of Node print an ExperimentalWarning when the module is first loaded. It tells
  // the user of a finished program nothing, and the load is synchronous, so no other is lost.
  const emitWarning = process.emitWarning;
  process.emitWarning = () => {};
  try {
    loaded = process.getBuiltinModule('node:sqlite');
  } finally {
    process.emitWarning = emitWarning;
  }
  if (loaded === undefined) {
    throw new EverypageError('INTERNAL', 'This Node has no SQLite. Use Node 24 or newer.');
  }
  return loaded;
}

/** A prepared statement whose rows are arrays: half the time of objects for small rows. */
export interface Query<Row> {
  all(...values: SQLInputValue[]): Row[];
  get(...values: SQLInputValue[]): Row | undefined;
  iterate(...values: SQLInputValue[]): Iterable<Row>;
}

/** A prepared statement that writes; it returns how many rows it changed. */
export type Writer = (...values: SQLInputValue[]) => number;

/** The open database of the archive at `path`. What it throws is an `EverypageError` in words for the user. */
export class Connection {
  readonly path: string;
  readonly #database: DatabaseSync;
  #hasFailed = false;

  /**
   * @param settings run at once; what they meet is the state of the file
   * @param location where it is not `path` itself
   */
  constructor(path: string, settings: string, isReadOnly: boolean, location: string | URL = path) {
    this.path = path;
    const { DatabaseSync } = loadSqlite();
    try {
      // No waiting for a lock: another process keeps its lock for as long as it runs.
      this.#database = new DatabaseSync(location, { readOnly: isReadOnly, timeout: 0 });
    } catch (error) {
      throw archiveError(error, path);
    }
    try {
      this.#database.exec(settings);
    } catch (error) {
      this.#database.close();
      throw archiveError(error, path, true);
    }
  }

  get isOpen(): boolean {
    return this.#database.isOpen;
  }

  /** Something that this connection was asked for failed, which its caller was told. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  query<Row>(sql: string): Query<Row> {
    const statement = this.#prepare(sql);
    statement.setReturnArrays(true);
    const rows = statement as unknown as Query<Row>;
    // Values that a statement cannot take are not as we wrote them.
    const told = (error: unknown): EverypageError => this.#told(error, true);
    return {
      all(...values) {
        try {
          return rows.all(...values);
        } catch (error) {
          throw told(error);
        }
      },
      get(...values) {
        try {
          return rows.get(...values);
        } catch (error) {
          throw told(error);
        }
      },
      *iterate(...values) {
        try {
          yield* rows.iterate(...values);
        } catch (error) {
          throw told(error);
        }
      },
    };
  }

  writer(sql: string): Writer {
    const statement = this.#prepare(sql);
    // A place is an integer beyond 2^53, and as the last row's id it comes back from every write:
    // without big integers Node 26 throws on it.
    statement.setReadBigInts(true);
    return (...values) => {
      try {
        return Number(statement.run(...values).changes);
      } catch (error) {
        throw this.#told(error);
      }
    };
  }

  exec(sql: string): void {
    try {
      this.#database.exec(sql);
    } catch (error) {
      throw this.#told(error);
    }
  }

  /** The number that a pragma has. */
  pragma(name: string): number {
    return this.query<[number]>(`PRAGMA ${name}`).get()?.[0] ?? 0;
  }

  /** All of `work` is committed, or nothing of it. */
  transaction<T>(begin: string, work: () => T): T {
    this.exec(begin);
    try {
      const result = work();
      this.exec('COMMIT');
      return result;
    } catch (error) {
      this.#hasFailed = true;
      this.#rollBack();
      throw error;
    }
  }

  damaged(why: string): EverypageError {
    return damaged(this.path, why);
  }

  close(): void {
    this.#database.close();
  }

  #rollBack(): void {
    // SQLite has rolled back by itself after most failures of the disk.
    if (!this.#database.isTransaction) return;
    try {
      this.#database.exec('ROLLBACK');
    } catch {
      // The first error is the one to tell.
    }
  }

  /** A statement that does not fit the tables says that the file is not as we wrote it. */
  #prepare(sql: string): StatementSync {
    try {
      return this.#database.prepare(sql);
    } catch (error) {
      throw this.#told(error, true);
    }
  }

  #told(error: unknown, isOfData = false): EverypageError {
    this.#hasFailed = true;
    return archiveError(error, this.path, isOfData);
  }
}

// https://www.sqlite.org/rescode.html
const SQLITE_ERROR = 1;
const SQLITE_PERM = 3;
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_READONLY = 8;
const SQLITE_IOERR = 10;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_CANTOPEN = 14;
const SQLITE_TOOBIG = 18;
const SQLITE_CONSTRAINT = 19;
const SQLITE_MISMATCH = 20;
const SQLITE_NOTADB = 26;
const SQLITE_IOERR_READ = 266;
const SQLITE_IOERR_SHORT_READ = 522;
const SQLITE_IOERR_RDLOCK = 2314;
const SQLITE_IOERR_LOCK = 3850;

/** Result code of an error that SQLite threw, or null for any other. */
function sqliteCode(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error)) return null;
  return typeof error.errcode === 'number' ? error.errcode : null;
}

/**
 * The same error in words for the user.
 * @param isOfData a statement that SQLite refuses speaks of the file then, else of a mistake of ours
 */
export function archiveError(error: unknown, path: string, isOfData = false): EverypageError {
  if (error instanceof EverypageError) return error;
  const code = sqliteCode(error);
  if (code === null) return otherError(error, path);
  // A schema that cannot be read is quoted with its line breaks.
  const said = error instanceof Error ? error.message.replace(/\s+/g, ' ') : '';
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return new EverypageError(
        'ARCHIVE_LOCKED',
        `${path} is in use by another everypage process. Wait until that one ends or stop it, then run the command again.`,
        { cause: error },
      );
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    // Our statements break no rule of a whole file: one that they break is a table that lies.
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
      return damaged(path, corruption(said), error);
    case SQLITE_FULL:
      return writeFailed(path, 'the disk is full', error);
    case SQLITE_IOERR:
      return ioFailed(path, code, said, error);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
      return notWritable(path, said, error);
    case SQLITE_ERROR:
      if (isOfData) return damaged(path, said, error);
  }
  return new EverypageError('INTERNAL', `The archive ${path} failed: ${said}.`, { cause: error });
}

function corruption(said: string): string {
  if (said === 'database disk image is malformed') return 'its parts do not fit together';
  return said === 'file is not a database' ? 'it is not a database' : said;
}

function ioFailed(path: string, code: number, said: string, cause: unknown): EverypageError {
  switch (code) {
    case SQLITE_IOERR_READ:
    case SQLITE_IOERR_SHORT_READ:
      return damaged(path, `it cannot be read, ${said}`, cause);
    // A file that may only be read cannot be locked for writing; some network drives lock nothing.
    case SQLITE_IOERR_RDLOCK:
    case SQLITE_IOERR_LOCK:
      return notWritable(path, 'it cannot be locked', cause);
  }
  const why = `${said}; the disk may be full, over quota, or limited in file size`;
  return writeFailed(path, why, cause);
}

/** What `node:fs` threw around the archive, or `node:sqlite` itself. */
function otherError(error: unknown, path: string): EverypageError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new EverypageError(
        'ARCHIVE_WRITE',
        `The folder of the archive ${path} does not exist. Create it, or name another place with --archive.`,
        { cause: error },
      );
    case 'ERR_OUT_OF_RANGE':
      return damaged(path, 'a number in it is larger than any that we write', error);
    case 'EISDIR':
      return new EverypageError('USAGE', `${path} is a folder, not an archive.`, { cause: error });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return notWritable(path, String(code), error);
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return writeFailed(path, `the disk is full or over quota (${code})`, error);
    case 'EIO':
      return writeFailed(path, 'the disk reported an error (EIO)', error);
  }
  const said = error instanceof Error ? error.message : String(error);
  return new EverypageError('INTERNAL', `The archive ${path} failed: ${said}.`, { cause: error });
}

function damaged(path: string, why: string, cause?: unknown): EverypageError {
  return new EverypageError(
    'ARCHIVE_DAMAGED',
    `${path} is damaged or is not an archive of everypage: ${why}. Restore it from a copy, or run the command that fetched it again, with --fresh.`,
    { cause },
  );
}

function writeFailed(path: string, why: string, cause: unknown): EverypageError {
  return new EverypageError(
    'ARCHIVE_WRITE',
    `Cannot write the archive ${path}: ${why}. Make room and run the same command again: it goes on with what is stored.`,
    { cause },
  );
}

function notWritable(path: string, why: string, cause: unknown): EverypageError {
  return new EverypageError(
    'ARCHIVE_WRITE',
    `The archive ${path} cannot be opened: ${why}. Allow reading and writing of it and of its folder, or copy it, with its -wal file if there is one, to a folder of your own.`,
    { cause },
  );
}
