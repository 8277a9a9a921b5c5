/** What an archive is called and where it is, from its first page to its last day. */
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { EverypageError } from '../core/errors.ts';
import { syncFolder } from '../core/files.ts';
import { lockFile } from './archive-file.ts';
import { archiveError } from './sqlite.ts';

const SUFFIX = '.everypage';
const PART = '.part';

/** The finished archive of an output that is a file: itself, where that is all there is to be. */
export function archiveOf(output: string): string {
  return output.endsWith(SUFFIX) ? output : output + SUFFIX;
}

/** The finished archive by what the user named, which may be the `.part` that we printed. */
function archiveNamed(archive: string): string {
  return archive.endsWith(SUFFIX + PART) ? archive.slice(0, -PART.length) : archive;
}

/** What a finished archive is called while pages are missing, or not exported yet. */
function partOf(complete: string): string {
  return complete + PART;
}

/** What SQLite may leave beside a file whose process was killed. */
const COMPANIONS = ['-wal', '-journal', '-shm'];

export interface ArchiveLocation {
  /** While pages are missing, or not exported yet. */
  readonly part: string;
  readonly complete: string;
}

export interface ArchivePlacement {
  /** A file's path; null for standard output, a database or no output. */
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
  return { part: partOf(complete), complete };
}

function completePath({ output, archive, stateFolder, fingerprint }: ArchivePlacement): string {
  if (archive !== null) return archiveNamed(archive);
  if (output !== null) return archiveOf(output);
  return archiveOf(join(stateFolder, Buffer.from(fingerprint).toString('hex')));
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
  } catch (error) {
    throw archiveError(error, folder);
  }
}

/** Gives a closed archive its final name, in place of an older one. Safe from a power cut after it. */
export function finishArchive(location: ArchiveLocation): void {
  const left = COMPANIONS.find((suffix) => existsSync(location.part + suffix));
  if (left !== undefined) {
    throw new EverypageError('INTERNAL', `${location.part} was not closed: ${left} is beside it.`);
  }
  try {
    renameSync(location.part, location.complete);
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
  const unlock = lockFile(path);
  try {
    // The file first: a log without its file is never replayed, a file without its log is broken.
    rmSync(path, { force: true });
    for (const suffix of COMPANIONS) rmSync(path + suffix, { force: true });
  } catch (error) {
    throw archiveError(error, path);
  } finally {
    unlock();
  }
}
