/** An archive's file: made, locked, checked and let go. */
import { closeSync, existsSync, openSync, readSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { EverypageError } from '../core/errors.ts';
import { syncFolder } from '../core/files.ts';
import type { RunSpecification } from './archive-types.ts';
import {
  APPLICATION_ID,
  FILE_LAYOUT,
  FORMAT_VERSION,
  READER_SETTINGS,
  STAND_IN,
  TABLE_NAMES,
  TABLES,
  UPGRADE,
  WRITER_SETTINGS,
} from './schema.ts';
import { archiveError, damaged, inTransaction, openDatabase, query, writer } from './sqlite.ts';

/** What a new archive begins with. `now` is milliseconds since 1970. */
export interface Birth {
  readonly specification: RunSpecification;
  readonly fingerprint: Uint8Array;
  readonly now: number;
}

export interface WritableFile {
  readonly database: DatabaseSync;
  readonly created: boolean;
}

/** Takes the lock of an archive that exists, and goes on in it. */
export function openForWriting(path: string): WritableFile {
  mustExist(path);
  return takeOver(path, null);
}

/**
 * Takes the lock of the archive at `path`, which is made if there is none. A process killed while
 * it made one leaves an empty file or an empty database: that counts as none.
 */
export function openOrCreateForWriting(path: string, birth: Birth): WritableFile {
  try {
    // SQLite gives its log the mode of the file.
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) {
      throw archiveError(error, path);
    }
    mustExist(path);
  }
  return takeOver(path, birth);
}

function takeOver(path: string, birth: Birth | null): WritableFile {
  const hasLog = (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
  let database: DatabaseSync | null = null;
  try {
    database = openDatabase(path, false);
    const opened = database;
    database.exec(`PRAGMA locking_mode = EXCLUSIVE; ${READER_SETTINGS} ${FILE_LAYOUT}`);
    const created = inTransaction(database, 'BEGIN EXCLUSIVE', () => {
      if (birth !== null && isUnborn(opened)) {
        layOut(opened, birth);
        return true;
      }
      const version = checkLayout(opened, path);
      // With a log, the end of the file may still stand in that.
      if (!hasLog) checkLength(opened, path);
      if (version < FORMAT_VERSION) opened.exec(UPGRADE);
      return false;
    });
    const [mode] = query<[string]>(database, 'PRAGMA journal_mode = WAL').get() ?? [];
    if (mode !== 'wal') throw new EverypageError('INTERNAL', `${path}: no write-ahead log.`);
    database.exec(WRITER_SETTINGS);
    if (created) syncFolder(dirname(path));
    return { database, created };
  } catch (error) {
    database?.close();
    throw archiveError(error, path, true);
  }
}

function isUnborn(database: DatabaseSync): boolean {
  return (
    query(database, 'SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined &&
    pragma(database, 'application_id') === 0
  );
}

function layOut(database: DatabaseSync, birth: Birth): void {
  database.exec(TABLES);
  writer(
    database,
    'INSERT INTO run (id, fingerprint, specification, created_at) VALUES (1, ?, ?, ?)',
  ).run(birth.fingerprint, JSON.stringify(birth.specification), Math.round(birth.now));
  database.exec(
    `PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${FORMAT_VERSION};`,
  );
}

/** Where SQLite's file format has the application's own number (https://sqlite.org/fileformat.html). */
const APPLICATION_ID_AT = 68;

/**
 * A finished archive takes the place of an older one, and of nothing else.
 *
 * @throws EverypageError USAGE where another file has its name
 */
export function checkReplaceable(path: string): void {
  const header = Buffer.alloc(APPLICATION_ID_AT + 4);
  let length: number;
  try {
    const file = openSync(path, 'r');
    try {
      length = readSync(file, header, 0, header.length, 0);
    } finally {
      closeSync(file);
    }
  } catch {
    // There is none, or it says so when it is written.
    return;
  }
  const isArchive = header.readUInt32BE(APPLICATION_ID_AT) === APPLICATION_ID;
  if (length === 0 || isArchive) return;
  throw new EverypageError(
    'USAGE',
    `${path} is there and is no archive; move it away, or name another place with --archive`,
  );
}

/**
 * Opens an archive for reading only: its folder need not be writable, and several processes may read
 * at once. One that a killed process left is put in order first, where the folder allows it.
 */
export function openForReading(path: string): DatabaseSync {
  mustExist(path);
  const unfinished = ['-wal', '-journal'].some((suffix) => existsSync(path + suffix));
  if (unfinished) putInOrder(path);
  try {
    return openSnapshot(path, path);
  } catch (error) {
    if (!(error instanceof LeftInLogMode)) throw error;
  }
  try {
    putInOrder(path);
    return openSnapshot(path, path);
  } catch (error) {
    if (!(error instanceof EverypageError && error.code === 'ARCHIVE_WRITE')) throw error;
    // No log beside it, and none can be made: what is in the file is all there is.
    return openSnapshot(new URL(`${pathToFileURL(path).href}?immutable=1`), path);
  }
}

/** The file says that a log belongs to it, and there is none: killed on its last steps. */
class LeftInLogMode extends Error {}

function openSnapshot(location: string | URL, path: string): DatabaseSync {
  let database: DatabaseSync | null = null;
  try {
    database = openDatabase(location, true);
    // Reading in one transaction: a writer that comes is refused rather than we.
    database.exec(`${READER_SETTINGS} BEGIN`);
    const version = checkLayout(database, path);
    checkLength(database, path);
    const [mode] = query<[string]>(database, 'PRAGMA journal_mode').get() ?? [];
    if (mode === 'wal') throw new LeftInLogMode();
    if (version < FORMAT_VERSION) database.exec(STAND_IN);
    return database;
  } catch (error) {
    database?.close();
    if (error instanceof LeftInLogMode) throw error;
    const told = archiveError(error, path, true);
    if (told.code === 'ARCHIVE_WRITE' && typeof location === 'string') throw new LeftInLogMode();
    throw told;
  }
}

function putInOrder(path: string): void {
  const { database } = openForWriting(path);
  try {
    leaveOneFile(database);
    // A reader that met the log made it; the lock says that nobody uses it.
    rmSync(`${path}-shm`, { force: true });
  } catch (error) {
    throw archiveError(error, path);
  } finally {
    database.close();
  }
}

/**
 * Keeps other processes out of a file that need not be a sound archive. Returns what lets it go.
 * Throws `ARCHIVE_LOCKED`.
 */
export function lockFile(path: string): () => void {
  let database: DatabaseSync | null = null;
  try {
    database = openDatabase(path, false);
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (error) {
    const told = archiveError(error, path);
    if (told.code === 'ARCHIVE_LOCKED') {
      database?.close();
      throw told;
    }
    // Nobody can work in what cannot be opened.
  }
  return () => database?.close();
}

/** Brings the log into the file, syncs it, and removes the log. */
export function leaveOneFile(database: DatabaseSync): void {
  database.exec('PRAGMA journal_mode = DELETE');
}

/** The file's format version. Cheap checks only: the same for ten pages and for a million. */
function checkLayout(database: DatabaseSync, path: string): number {
  if (pragma(database, 'page_count') === 0) throw damaged(path, 'it is empty');
  if (pragma(database, 'application_id') !== APPLICATION_ID) {
    throw damaged(path, 'it lacks the mark of an archive');
  }
  const version = pragma(database, 'user_version');
  if (version > FORMAT_VERSION) {
    throw new EverypageError(
      'ARCHIVE_NEWER',
      `${path} was made by a newer everypage (archive format ${version}; this one knows ${FORMAT_VERSION}). Update everypage.`,
    );
  }
  const names = TABLE_NAMES.get(version);
  if (names === undefined) throw damaged(path, `it has no format ${version}`);
  const schema = query<[string, string]>(database, 'SELECT type, name FROM sqlite_schema').all();
  const tables = new Set(schema.filter(([type]) => type === 'table').map(([, name]) => name));
  const missing = names.find((name) => !tables.has(name));
  if (missing !== undefined) throw damaged(path, `its table ${missing} is missing`);
  // A trigger or a view would let a file from elsewhere change what our statements do.
  if (schema.some(([type]) => type === 'trigger' || type === 'view')) {
    throw damaged(path, 'it holds something an archive does not');
  }
  return version;
}

/** SQLite notices missing pages of its file, but takes the missing end of the last one for zeros. */
function checkLength(database: DatabaseSync, path: string): void {
  const bytes = pragma(database, 'page_count') * pragma(database, 'page_size');
  if (statSync(path).size < bytes) throw damaged(path, 'it is cut off');
}

function pragma(database: DatabaseSync, name: string): number {
  return query<[number]>(database, `PRAGMA ${name}`).get()?.[0] ?? 0;
}

function mustExist(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) {
    throw new EverypageError('USAGE', `There is no archive ${path}. Check the path.`);
  }
  if (!found.isFile()) {
    throw new EverypageError('USAGE', `${path} is not a file, so it is no archive.`);
  }
}
