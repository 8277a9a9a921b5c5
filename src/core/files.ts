/** Files that the user named, and the folders they stand in. */
import {
  closeSync,
  fsyncSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readlinkSync,
  realpathSync,
  renameSync,
  type Stats,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, isAbsolute, join, resolve, sep } from 'node:path';
import { EverypageError } from './errors.ts';

/** What an error of the file system means, by its code. */
export const FILE_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  ENOTDIR: 'it does not exist',
  EISDIR: 'it is a folder',
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
  EBUSY: 'another program has it open',
  EROFS: 'the disk is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'your quota on this disk is used up',
  EFBIG: 'it may not grow further, see ulimit -f or the limit of its file system',
  EIO: 'the disk reports an error',
  ELOOP: 'its links lead in a circle',
  ENAMETOOLONG: 'its name is too long',
  EMFILE: 'too many files are open, see ulimit -n',
  ENFILE: 'too many files are open on this machine',
};

/**
 * Why a file that the user named cannot be read or written, in words.
 *
 * @param error what `node:fs` threw
 */
export function whyUnreadable(error: unknown): string {
  const { code = '' } = error as { code?: string };
  return reasonOfFile(error) ?? FILE_ERRORS[code] ?? (code || String(error));
}

/** The same; null for what says nothing of a file, or nothing that a user could mend. */
export function reasonOfFile(error: unknown): string | null {
  const { code = '', syscall } = error as { code?: string; syscall?: string };
  if (isOwnCodeGone(error, code)) {
    return 'everypage was updated or removed while it ran (the same command goes on)';
  }
  if (syscall === 'uv_cwd') return 'the folder that the command was started in was removed';
  return syscall === undefined ? null : (FILE_ERRORS[code] ?? null);
}

/** Code is loaded at its first use, which may be hours after the start. */
function isOwnCodeGone(error: unknown, code: string): boolean {
  return (
    /^(?:ENOENT|ENOTDIR|(?:ERR_)?MODULE_NOT_FOUND)$/.test(code) &&
    error instanceof Error &&
    error.message.includes(import.meta.dirname)
  );
}

/**
 * A folder of this process's own for files that nobody is to keep.
 *
 * @throws EverypageError OUTPUT_FOLDER where none can be made
 */
export function makeTemporaryFolder(name: string): string {
  const place = tmpdir();
  try {
    return mkdtempSync(join(place, `${name}-`));
  } catch (cause) {
    throw new EverypageError(
      'OUTPUT_FOLDER',
      `no file can be made in the folder for temporary files, ${place}: ${whyUnreadable(cause)}; set TMPDIR to a folder of your own`,
      { cause },
    );
  }
}

/** What stands at `path`, links followed; null where nothing does. Throws what `node:fs` throws. */
export function statOrNull(path: string): Stats | null {
  return statSync(path, { throwIfNoEntry: false }) ?? null;
}

/**
 * What tells a file from every other, whatever it is called; null on a disk that does not number its
 * files, as some network drives of Windows.
 */
export function fileNumber({ dev, ino }: { dev: bigint; ino: bigint }): string | null {
  return ino === 0n ? null : `${dev}:${ino}`;
}

/** `..` is not taken away, since it may follow a link to another folder. */
export function absolutePath(path: string): string {
  // Windows takes `..` away by itself, and `C:items` stands in the folder that this drive is at.
  if (process.platform === 'win32') return resolve(path);
  return isAbsolute(path) ? path : process.cwd() + sep + path;
}

/** Linux follows as many links. */
const MAX_LINKS = 40;

/**
 * Where what is written to `path` stands, or would be created: a link is followed also where it leads
 * to no file yet.
 *
 * @throws what `node:fs` throws, as for links in a circle, or a folder that is missing
 */
export function realPlace(path: string): string {
  let place = absolutePath(path);
  for (let links = 0; links < MAX_LINKS; links += 1) {
    const folder = realpathSync.native(dirname(place));
    place = join(folder, basename(place));
    const next = linkAt(place);
    if (next === null) return place;
    place = isAbsolute(next) ? next : folder + sep + next;
  }
  throw Object.assign(new Error(`too many links: ${path}`), { code: 'ELOOP' });
}

function linkAt(path: string): string | null {
  try {
    // To make the error of reading what is no link takes ten times as long as to look.
    const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink();
    return isLink ? readlinkSync(path) : null;
  } catch {
    return null;
  }
}

/** How often and how long a file that another program has open is waited for: a second in all. */
const BUSY_WAITS_MS: readonly number[] = [5, 15, 40, 90, 150, 200, 250, 250];

/** What Windows says of a file that a virus scanner, an indexer or a reader has open. */
const BUSY: ReadonlySet<unknown> = new Set(['EBUSY', 'EPERM', 'EACCES']);

/**
 * Renames a file, also over one that is there. On Windows both may be open elsewhere for a moment, so it
 * is tried again for about a second.
 *
 * @throws what `node:fs` throws
 */
export function renameFile(
  from: string,
  to: string,
  { rename = renameSync, platform = process.platform, pause = sleep } = {},
): void {
  for (const waitMs of platform === 'win32' ? BUSY_WAITS_MS : []) {
    try {
      rename(from, to);
      return;
    } catch (error) {
      if (!BUSY.has((error as { code?: unknown }).code)) throw error;
    }
    pause(waitMs);
  }
  rename(from, to);
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** Makes the content of a file survive a power cut. */
export function syncFile(path: string): void {
  // Windows syncs only what is open for writing.
  const descriptor = openSync(path, 'r+');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** How file systems say that they cannot sync a folder, as some network drives. */
const NO_FOLDER_SYNC: ReadonlySet<unknown> = new Set(['EINVAL', 'ENOTSUP', 'ENOSYS', 'EISDIR']);

/** Makes created, renamed and removed names in `folder` survive a power cut (fsync(2), NOTES). */
export function syncFolder(folder: string, sync: (descriptor: number) => void = fsyncSync): void {
  // Windows cannot open a folder as a file, and journals names by itself.
  if (process.platform === 'win32') return;
  const descriptor = openSync(folder, 'r');
  try {
    sync(descriptor);
  } catch (error) {
    if (!NO_FOLDER_SYNC.has((error as { code?: unknown }).code)) throw error;
  } finally {
    closeSync(descriptor);
  }
}
