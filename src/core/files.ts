/** Files that the user named, and the folders they stand in. */
import {
  closeSync,
  fsyncSync,
  openSync,
  readlinkSync,
  realpathSync,
  type Stats,
  statSync,
} from 'node:fs';
import { basename, dirname, isAbsolute, join, sep } from 'node:path';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  ENOTDIR: 'it does not exist',
  EISDIR: 'it is a folder',
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
  ELOOP: 'its links lead in a circle',
  ENAMETOOLONG: 'its name is too long',
  EMFILE: 'too many files are open (see ulimit -n)',
  ENFILE: 'too many files are open on this machine',
};

/**
 * Why a file that the user named cannot be read or written, in words.
 *
 * @param error what `node:fs` threw
 */
export function whyUnreadable(error: unknown): string {
  const { code } = error as { code?: string };
  return REASONS[code ?? ''] ?? code ?? String(error);
}

/** What stands at `path`, links followed; null where nothing does. Throws what `node:fs` throws. */
export function statOrNull(path: string): Stats | null {
  return statSync(path, { throwIfNoEntry: false }) ?? null;
}

/** `..` is not taken away, since it may follow a link to another folder. */
export function absolutePath(path: string): string {
  return isAbsolute(path) ? path : process.cwd() + sep + path;
}

/** As many as Linux follows. */
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
    return readlinkSync(path);
  } catch {
    return null;
  }
}

/** Makes created, renamed and removed names in `folder` survive a power cut (fsync(2), NOTES). */
export function syncFolder(folder: string): void {
  // Windows cannot open a folder as a file, and journals names by itself.
  if (process.platform === 'win32') return;
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
