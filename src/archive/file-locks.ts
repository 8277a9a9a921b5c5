/** Locks by which processes keep one another out of files, archives or not. */
import { realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { archiveError } from './archive-faults.ts';
import { Connection } from './sqlite.ts';

/**
 * Keeps other processes out of a file that need not be a sound archive; makes none. Returns what lets it go.
 * Throws `ARCHIVE_LOCKED`.
 *
 * @param whom `writers`: others may go on reading
 */
export function lockFile(path: string, whom: 'all' | 'writers' = 'all'): () => void {
  try {
    const begin = whom === 'all' ? 'BEGIN EXCLUSIVE' : 'BEGIN IMMEDIATE';
    const settings = `PRAGMA locking_mode = EXCLUSIVE; ${begin}`;
    const location = new URL(`${pathToFileURL(realpathSync.native(path)).href}?mode=rw`);
    const connection = new Connection(path, settings, false, location);
    return () => connection.close();
  } catch (error) {
    const told = archiveError(error, path);
    if (told.code === 'ARCHIVE_LOCKED') throw told;
    // Nobody can work in what cannot be opened.
    return () => {};
  }
}

/**
 * Holds a file that is no archive by the lock that archives have, and writes nothing to it nor beside it.
 * Returns what lets it go; null where another process holds it, or where nobody can tell.
 */
export function holdFile(path: string): (() => void) | null {
  // SQLite locks bytes behind the first GiB. On Windows, nobody can then write there, nor rename the file.
  if (process.platform === 'win32') return null;
  try {
    // A journal on the disk would be one more leftover of a process that is killed.
    const settings =
      'PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE';
    const connection = new Connection(path, settings, false);
    return () => connection.close();
  } catch (error) {
    // That it is no database shows only where nobody holds it.
    return archiveError(error, path).code === 'ARCHIVE_DAMAGED' ? () => {} : null;
  }
}
