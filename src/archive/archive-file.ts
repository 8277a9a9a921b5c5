/** An archive's file: made, locked, checked and let go. */
import {
  closeSync,
  existsSync,
  openSync,
  readSync,
  realpathSync,
  rmSync,
  type Stats,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { EverypageError, usageError } from '../core/errors.ts';
import { fileNumber, statOrNull, syncFolder } from '../core/files.ts';
import { archiveError, archiveIsGone, TEMPORARY } from './archive-faults.ts';
import type { RunSpecification } from './archive-types.ts';
import { checkLayout, checkLength, isEmptyDatabase } from './file-checks.ts';
import { fingerprintOf, writeRunChecksum } from './kept-run.ts';
import {
  APPLICATION_ID,
  FILE_LAYOUT,
  FORMAT_VERSION,
  fileLayout,
  PART_PAGE_BYTES,
  READER_SETTINGS,
  TABLES,
  TEMPORARY_SETTINGS,
  WRITER_SETTINGS,
} from './schema.ts';
import { Connection } from './sqlite.ts';

/** What a new archive begins with. */
export interface NewRun {
  readonly specification: RunSpecification;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** The largest body that is taken, decoded. */
  readonly maxDecodedBytes: number;
}

export interface WritableFile {
  readonly connection: Connection;
  readonly created: boolean;
  /** A power cut may take the name of the file. */
  readonly isUnsynced: boolean;
}

/** Takes the lock of an archive that exists, and goes on in it. */
export function openForWriting(path: string): WritableFile {
  return lookAgain(path, () => {
    mustExist(path);
    return takeOver(path, null, false);
  });
}

/** Another look is needed only where another process finishes an archive at that moment. */
const MOST_LOOKS = 10;

/** @param open null where what had the name when it was looked for no longer has it */
function lookAgain(path: string, open: () => WritableFile | null): WritableFile {
  for (let looks = 0; looks < MOST_LOOKS; looks += 1) {
    const opened = open();
    if (opened !== null) return opened;
  }
  mustExist(path);
  throw archiveIsGone(path);
}

/**
 * Takes the lock of the archive at `path`, which is made if there is none. A process killed while
 * it made one leaves an empty file or an empty database: that counts as none.
 */
export function openOrCreateForWriting(path: string, newRun: NewRun): WritableFile {
  return lookAgain(path, () => openOrCreate(path, newRun));
}

function openOrCreate(path: string, newRun: NewRun): WritableFile | null {
  let isMade = false;
  try {
    // SQLite gives its log the mode of the file.
    closeSync(openSync(path, 'wx', 0o600));
    isMade = true;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) {
      throw archiveError(error, path);
    }
    // The file has its final name by now, or was removed.
    if (statOrNull(path) === null) return null;
    mustExist(path);
  }
  try {
    return takeOver(path, newRun, isMade);
  } catch (error) {
    const isTaken = error instanceof EverypageError && error.code === 'ARCHIVE_LOCKED';
    if (isMade && !isTaken) rmSync(path, { force: true });
    throw error;
  }
}

/**
 * A database that only this connection sees, and that leaves no file behind.
 *
 * @param isForParts it is written out again and again, with few pages in it
 */
export function createTemporary(newRun: NewRun, isForParts: boolean): Connection {
  const layout = isForParts ? fileLayout(PART_PAGE_BYTES) : FILE_LAYOUT;
  const settings = `${READER_SETTINGS} ${layout} ${TEMPORARY_SETTINGS}`;
  const connection = new Connection(TEMPORARY, settings, false);
  try {
    connection.transaction('BEGIN', () => layOut(connection, newRun));
    return connection;
  } catch (error) {
    connection.close();
    throw archiveError(error, TEMPORARY);
  }
}

/**
 * Null where another file has the name, or none, once the lock is taken: then it locks nothing.
 *
 * @param isMade nothing was ever kept in the file, so nothing of it has to be synced yet
 */
function takeOver(path: string, newRun: NewRun | null, isMade: boolean): WritableFile | null {
  const number = numberAt(path);
  const hasLog = (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
  // To begin a log takes ten syncs, each of which may wait for what else the disk has to do. Nothing depends
  // on them in a new file: what is in the log is read from there, whatever the file itself holds.
  const sync = isMade ? 'PRAGMA synchronous = OFF;' : '';
  const settings = `PRAGMA locking_mode = EXCLUSIVE; ${sync} ${READER_SETTINGS} ${FILE_LAYOUT}`;
  const connection = new Connection(path, settings, false);
  try {
    connection.exec('BEGIN EXCLUSIVE');
    if (numberAt(path) !== number) {
      connection.close();
      return null;
    }
    const begun = newRun !== null && isEmptyDatabase(connection) ? newRun : null;
    if (begun === null) {
      checkLayout(connection);
      // With a log, the end of the file may still stand in that.
      if (!hasLog) checkLength(connection);
    }
    // Nothing was changed. The lock stays all the same, until the file is closed.
    connection.exec('ROLLBACK');
    const [mode] = connection.query<[string]>('PRAGMA journal_mode = WAL').get() ?? [];
    if (mode !== 'wal') throw new EverypageError('INTERNAL', `${path}: no write-ahead log.`);
    connection.exec(WRITER_SETTINGS);
    if (begun === null) return { connection, created: false, isUnsynced: false };
    // In the log, where it need not be synced: without it the file is an empty database, as before.
    connection.transaction('BEGIN', () => layOut(connection, begun));
    if (!isMade) syncFolder(dirname(path));
    return { connection, created: true, isUnsynced: isMade };
  } catch (error) {
    connection.close();
    throw archiveError(error, path, true);
  }
}

/** What tells the file at `path` from others; undefined where there is none, null where nothing tells. */
export function numberAt(path: string): string | null | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found && fileNumber(found);
}

function layOut(connection: Connection, { specification, now, maxDecodedBytes }: NewRun): void {
  connection.exec(TABLES);
  connection.writer(
    `INSERT INTO run (id, fingerprint, specification, created_at, max_decoded_bytes)
       VALUES (1, ?, ?, ?, ?)`,
  )(fingerprintOf(specification), JSON.stringify(specification), Math.round(now), maxDecodedBytes);
  writeRunChecksum(connection);
  connection.exec(
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
  // A pipe would be waited for.
  if (statOrNull(path)?.isFile() === false) throw isNoArchive(path);
  const header = headerOf(path);
  // There is no such file, or writing it will say why it cannot be read.
  if (header === null || header.length === 0) return;
  if (!isHeaderOfArchive(header)) throw isNoArchive(path);
}

/** Whether a file is an archive, by its content, or would be one by its name. */
export function isArchiveFile(path: string): boolean {
  if (/\.everypage(?:\.part)?$/.test(path)) return true;
  const header = statOrNull(path)?.isFile() ? headerOf(path) : null;
  return header !== null && isHeaderOfArchive(header);
}

/** Null where it cannot be read. */
function headerOf(path: string): Buffer | null {
  const header = Buffer.alloc(APPLICATION_ID_AT + 4);
  try {
    const file = openSync(path, 'r');
    try {
      return header.subarray(0, readSync(file, header, 0, header.length, 0));
    } finally {
      closeSync(file);
    }
  } catch {
    return null;
  }
}

function isHeaderOfArchive(header: Buffer): boolean {
  const isWhole = header.length >= APPLICATION_ID_AT + 4;
  return isWhole && header.readUInt32BE(APPLICATION_ID_AT) === APPLICATION_ID;
}

function isNoArchive(path: string): EverypageError {
  return usageError(
    `${path} is there and is no archive; move it away, or name another place with --archive`,
  );
}

/**
 * Opens an archive for reading only: its folder need not be writable, and several processes may read
 * at once. One that a killed process left is put in order first, where the folder allows it.
 */
export function openForReading(path: string): Connection {
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
    return openSnapshot(
      new URL(`${pathToFileURL(realpathSync.native(path)).href}?immutable=1`),
      path,
    );
  }
}

/** The file says that a log belongs to it, and there is none: killed on its last steps. */
class LeftInLogMode extends Error {}

function openSnapshot(location: string | URL, path: string): Connection {
  let connection: Connection | null = null;
  try {
    // Reading in one transaction: a writer that comes is refused rather than we.
    connection = new Connection(path, `${READER_SETTINGS} BEGIN`, true, location);
    checkLayout(connection);
    checkLength(connection);
    const [mode] = connection.query<[string]>('PRAGMA journal_mode').get() ?? [];
    if (mode === 'wal') throw new LeftInLogMode();
    return connection;
  } catch (error) {
    connection?.close();
    if (error instanceof LeftInLogMode) throw error;
    const told = archiveError(error, path, true);
    if (told.code === 'ARCHIVE_WRITE' && typeof location === 'string') throw new LeftInLogMode();
    throw told;
  }
}

function putInOrder(path: string): void {
  const { connection } = openForWriting(path);
  try {
    leaveOneFile(connection);
    // A reader that met the log made it; the lock says that nobody uses it.
    rmSync(`${path}-shm`, { force: true });
  } catch (error) {
    throw archiveError(error, path);
  } finally {
    connection.close();
  }
}

/** Brings the log into the file, syncs it, and removes the log. */
export function leaveOneFile(connection: Connection): void {
  connection.exec('PRAGMA journal_mode = DELETE');
}

function mustExist(path: string): void {
  let found: Stats | null;
  try {
    found = statOrNull(path);
  } catch (error) {
    throw archiveError(error, path);
  }
  if (found === null) {
    throw usageError(`There is no archive ${path}. Check the path.`);
  }
  if (!found.isFile()) {
    throw usageError(`${path} is not a file, so it is no archive.`);
  }
}
