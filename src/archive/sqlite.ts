/**
 * The only use of `node:sqlite`: loads it without a warning, gives statements types, and throws errors in
 * words for the user (archive-faults.ts). It knows no table.
 */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { EverypageError } from '../core/errors.ts';
import { absolutePath } from '../core/files.ts';
import { archiveError, TEMPORARY, told } from './archive-faults.ts';

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
    throw new EverypageError(
      'INTERNAL',
      'there is no node:sqlite here; use Node 24 or newer, or a Bun or Deno that has it',
    );
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
  readonly #queries = new Map<string, Query<unknown>>();
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
      // A name such as `file:x?mode=ro` or `:memory:` means something else to SQLite; no absolute path does.
      const isFile = typeof location === 'string' && location !== TEMPORARY;
      const asked = isFile ? absolutePath(location) : location;
      this.#database = new DatabaseSync(asked, { readOnly: isReadOnly, timeout: 0 });
    } catch (error) {
      throw archiveError(error, path);
    }
    try {
      this.#database.exec(settings);
    } catch (error) {
      const told = archiveError(error, path, true);
      this.#database.close();
      throw told;
    }
  }

  get isOpen(): boolean {
    return this.#database.isOpen;
  }

  /** A call of this connection has failed, and its caller knows. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** Prepared once for each text. */
  query<Row>(sql: string): Query<Row> {
    const known = this.#queries.get(sql);
    if (known !== undefined) return known as Query<Row>;
    const query = this.#prepareQuery<Row>(sql);
    this.#queries.set(sql, query);
    return query;
  }

  #prepareQuery<Row>(sql: string): Query<Row> {
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

  /** Rows as objects, by the names of their columns: for what is read once. */
  objects<Row>(sql: string, ...values: SQLInputValue[]): Row[] {
    const statement = this.#prepare(sql);
    try {
      // SQLite's have no prototype.
      return statement.all(...values).map((row) => ({ ...row }) as Row);
    } catch (error) {
      throw this.#told(error, true);
    }
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
    return told('damaged', this.path, why);
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
