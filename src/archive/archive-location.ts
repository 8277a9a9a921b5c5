/** What an archive is called and where it is, from its first page to its last day. */
import { accessSync, chmodSync, constants, existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { EverypageError } from '../core/errors.ts';
import { realPlace, renameFile, syncFolder, whyUnreadable } from '../core/files.ts';
import { archiveError, archiveIsGone } from './archive-faults.ts';
import { numberAt } from './archive-file.ts';
import type { ArchiveLocation } from './archive-types.ts';
import { lockFile } from './file-locks.ts';

const SUFFIX = '.everypage';
const PART = '.part';

/** The finished archive of an output that is a file: itself, where that is all there is to be. */
export function archiveOf(output: string): string {
  return output.endsWith(SUFFIX) ? output : output + SUFFIX;
}

/** What SQLite may leave beside a file whose process was killed. */
const COMPANIONS = ['-wal', '-journal', '-shm'];

/** The archive's file and what SQLite may put beside it, which is where a link leads to. */
export function filesOfArchive(path: string): readonly string[] {
  let place = path;
  try {
    place = realPlace(path);
  } catch {
    // Said where it is opened.
  }
  const beside = COMPANIONS.flatMap((suffix) => [path + suffix, place + suffix]);
  return [path, ...beside];
}

export interface ArchivePlacement {
  /** A file's path; null for standard output, a pipe, a device, a database or no output. */
  readonly output: string | null;
  /** As the user named it; it may be the `.part` that we printed. */
  readonly archive: string | null;
  readonly stateFolder: string;
  readonly fingerprint: Uint8Array;
}

/**
 * Beside the output file, where the user said, or in the state folder. Touches no file.
 *
 * @example locateArchive({ output: 'items.ndjson', … }).part === 'items.ndjson.everypage.part'
 */
export function locateArchive(placement: ArchivePlacement): ArchiveLocation {
  const complete = completePath(placement);
  return { part: complete + PART, complete };
}

function completePath({ output, archive, stateFolder, fingerprint }: ArchivePlacement): string {
  if (archive !== null) {
    return archive.endsWith(SUFFIX + PART) ? archive.slice(0, -PART.length) : archive;
  }
  return archiveOf(output ?? join(stateFolder, Buffer.from(fingerprint).toString('hex')));
}

/** `$XDG_STATE_HOME/everypage`, by default `~/.local/state/everypage`. Touches no file. */
export function stateFolder(
  environment: Readonly<Record<string, string | undefined>>,
  home: string,
): string {
  const named = environment['XDG_STATE_HOME'];
  // The XDG specification wants relative paths there to be ignored.
  const base = named !== undefined && isAbsolute(named) ? named : join(home, '.local', 'state');
  return join(base, 'everypage');
}

/** Makes the state folder where it is missing, open to nobody else. */
export function makeStateFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if ((statSync(folder).mode & 0o077) !== 0) chmodSync(folder, 0o700);
    accessSync(folder, constants.W_OK);
  } catch (cause) {
    const message = `the folder ${folder} cannot be used: ${whyUnreadable(cause)}. Without an output file the archive is kept there; name another place with --archive, or set XDG_STATE_HOME to a folder of your own`;
    throw new EverypageError('OUTPUT_FOLDER', message, { cause });
  }
}

/**
 * Closes an archive and gives it its final name, in place of an older one. Safe from a power cut after it.
 *
 * @returns false where another process has taken the archive over as soon as it was closed: it is whole,
 *   and that one gives it its name
 */
export function finishArchive(location: ArchiveLocation, close: () => void): boolean {
  const { part } = location;
  const number = numberAt(part);
  close();
  const unlock = lockIfFree(part);
  if (unlock === null) return false;
  try {
    if (numberAt(part) !== number) throw archiveIsGone(part);
    nameFinally(location);
    return true;
  } finally {
    unlock();
  }
}

/** Null where another process works in it. */
function lockIfFree(path: string): (() => void) | null {
  // Windows renames no file that is open.
  if (process.platform === 'win32') return () => {};
  try {
    return lockFile(path, 'writers');
  } catch (error) {
    if (error instanceof EverypageError && error.code === 'ARCHIVE_LOCKED') return null;
    throw error;
  }
}

function nameFinally(location: ArchiveLocation): void {
  const left = COMPANIONS.find((suffix) => existsSync(location.part + suffix));
  if (left !== undefined) {
    throw new EverypageError('INTERNAL', `${location.part} was not closed: ${left} is beside it.`);
  }
  // A log that a killed process left would be taken for the new file's.
  if (COMPANIONS.some((suffix) => existsSync(location.complete + suffix))) {
    discardArchive(location.complete);
  }
  try {
    renameFile(location.part, location.complete);
    syncFolder(dirname(location.complete));
  } catch (error) {
    throw archiveError(error, location.part);
  }
}

/**
 * Removes an archive and what lies beside it, also a damaged one; nothing there is fine. Throws
 * `ARCHIVE_LOCKED` while a process works in it.
 */
export function discardArchive(path: string): void {
  if (!existsSync(path)) {
    for (const suffix of COMPANIONS) rmSync(path + suffix, { force: true });
    return;
  }
  let unlock = lockFile(path);
  try {
    if (process.platform === 'win32') {
      // It removes no file that is open, not by us nor by a process that opens it meanwhile.
      unlock();
      unlock = () => {};
    }
    // The file first: a log without its file is never replayed, a file without its log is broken.
    rmSync(path, { force: true });
    for (const suffix of COMPANIONS) rmSync(path + suffix, { force: true });
  } catch (error) {
    throw archiveError(error, path);
  } finally {
    unlock();
  }
}
