/** What SQLite and the disk say of an archive's file, as errors that a person can act on. */
import { accessSync, closeSync, constants, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { type ErrorCode, EverypageError } from '../core/errors.ts';
import { FILE_ERRORS, statOrNull } from '../core/files.ts';

/**
 * The path of a temporary database, as SQLite has it: pages beyond the cache go to a file that has no
 * name and is gone with the connection (https://www.sqlite.org/inmemorydb.html#temp_db).
 */
export const TEMPORARY = '';

/** What can be wrong with an archive's file, with what to do. */
const faults = {
  locked: [
    'ARCHIVE_LOCKED',
    (path: string) =>
      `${path} is in use by another everypage process. Wait until that one ends or stop it, then run the command again.`,
  ],
  damaged: [
    'ARCHIVE_DAMAGED',
    (path: string, why: string) =>
      `${path} is damaged or is not an archive of everypage: ${why}. Restore it from a copy, or run the fetch command again, with --fresh.`,
  ],
  writing: [
    'ARCHIVE_WRITE',
    (path: string, why: string) =>
      `Cannot write the archive ${path}: ${why}. Make room and run the same command again: it goes on with what is stored.`,
  ],
  access: [
    'ARCHIVE_WRITE',
    (path: string, why: string) =>
      `The archive ${path} cannot be opened: ${why}. Allow reading and writing of it and of its folder, or copy it, with its -wal file if there is one, to a folder of your own.`,
  ],
  noFolder: [
    'ARCHIVE_WRITE',
    (path: string) =>
      `The folder of the archive ${path} does not exist. Create it, or name another place with --archive.`,
  ],
  named: [
    'ARCHIVE_WRITE',
    (path: string, why: string) =>
      `The archive ${path} cannot be opened: ${why}. Name another place with --archive.`,
  ],
  crowded: [
    'ARCHIVE_WRITE',
    (path: string, why: string) =>
      `The archive ${path} cannot be opened: ${why}. Close some files or allow more, and run the same command again.`,
  ],
  gone: [
    'ARCHIVE_WRITE',
    (path: string) =>
      `The archive ${path} was removed, renamed or replaced while this process used it. Run the same command again, and leave its files alone until it ends.`,
  ],
  isFolder: ['USAGE', (path: string) => `${path} is a folder, not an archive.`],
  internal: ['INTERNAL', (path: string, why: string) => `The archive ${path} failed: ${why}.`],
} as const satisfies Record<string, readonly [ErrorCode, (path: string, why: string) => string]>;

type Fault = keyof typeof faults;

export function told(fault: Fault, path: string, why: string, cause?: unknown): EverypageError {
  const [code, text] = faults[fault];
  const message = path === TEMPORARY ? temporaryFault(fault, why) : text(path, why);
  return new EverypageError(code, message, { cause });
}

/** Nothing of it is kept, and only a folder can be at fault. */
function temporaryFault(fault: Fault, why: string): string {
  return fault === 'writing' || fault === 'access'
    ? `Cannot write the temporary archive of this run: ${why}. Make room in the folder for temporary files, name another one in TMPDIR, or set the option archive to a path elsewhere.`
    : `The temporary archive of this run failed: ${why}.`;
}

/** The file at `path` is not the one that was opened. */
export function archiveIsGone(path: string): EverypageError {
  return told('gone', path, '');
}

/** SQLITE_ERROR: a statement that SQLite does not take. */
const REFUSED = 1;
/** SQLITE_CANTOPEN */
const CANNOT_OPEN = 14;

/**
 * By result code, extended codes before primary ones (https://www.sqlite.org/rescode.html). The words
 * are SQLite's own where none stand here.
 */
const faultsOfSqlite: Readonly<Record<number, readonly [Fault, ((said: string) => string)?]>> = {
  3: ['access'],
  5: ['locked'],
  6: ['locked'],
  8: ['access'],
  10: ['writing', (said) => `${said}; the disk may be full, over quota, or limited in file size`],
  11: [
    'damaged',
    (said) => (/ image is malformed/.test(said) ? 'its parts do not fit together' : said),
  ],
  13: ['writing', () => 'the disk is full'],
  [CANNOT_OPEN]: ['access'],
  // Our statements break no rule of a whole file: 18 to 20 are rules that a damaged one breaks.
  18: ['damaged'],
  19: ['damaged'],
  20: ['damaged'],
  26: ['damaged', () => 'it is not a database'],
  // Reading, and reading less than there should be.
  266: ['damaged', (said) => `it cannot be read, ${said}`],
  522: ['damaged', (said) => `it cannot be read, ${said}`],
  // A file that may only be read cannot be locked for writing; some network drives lock nothing.
  2314: ['access', () => 'it cannot be locked'],
  // SQLITE_READONLY_DBMOVED
  1032: ['gone'],
  3850: ['access', () => 'it cannot be locked'],
};

/** What `node:fs` throws around the archive, or `node:sqlite` itself. */
const faultsOfNode: Readonly<Record<string, Fault>> = {
  ENOENT: 'noFolder',
  ENOTDIR: 'noFolder',
  EISDIR: 'isFolder',
  EACCES: 'access',
  EPERM: 'access',
  EROFS: 'access',
  EBUSY: 'writing',
  ENOSPC: 'writing',
  EDQUOT: 'writing',
  EFBIG: 'writing',
  EIO: 'writing',
  ELOOP: 'named',
  ENAMETOOLONG: 'named',
  EMFILE: 'crowded',
  ENFILE: 'crowded',
  ERR_OUT_OF_RANGE: 'damaged',
};

/**
 * The same error in words for the user.
 * @param isOfData a statement that SQLite refuses speaks of the file then, else of a mistake of ours
 */
export function archiveError(error: unknown, path: string, isOfData = false): EverypageError {
  if (error instanceof EverypageError) return error;
  const { message, code, errcode } = asThrown(error);
  // A schema that cannot be read is quoted with its line breaks.
  const said = message.replace(/\s+/g, ' ');
  if (errcode === undefined) {
    const words = FILE_ERRORS[code];
    const why = words === undefined ? said : `${words} (${code})`;
    return told(faultsOfNode[code] ?? 'internal', path, why, error);
  }
  if (errcode === REFUSED && isOfData) return told('damaged', path, said, error);
  const found = faultsOfSqlite[errcode] ?? faultsOfSqlite[errcode & 0xff] ?? ['internal'];
  const isUnopened = (errcode & 0xff) === CANNOT_OPEN;
  const refusal = isUnopened ? whyUnopened(path) : null;
  if (refusal !== null) return archiveError(refusal, path);
  const [fault, words = String] = found;
  return told(fault, path, words(said), error);
}

/**
 * SQLite says of a file only that it cannot be opened; who asks for it hears why. Its folder is opened in
 * its place: a lock of this process would be gone once the file is closed again (fcntl(2)).
 */
function whyUnopened(path: string): unknown {
  try {
    if (statOrNull(path) !== null) accessSync(path, constants.R_OK);
    // Windows opens no folder.
    if (process.platform !== 'win32') closeSync(openSync(dirname(path), 'r'));
    return null;
  } catch (cause) {
    return cause;
  }
}

function asThrown(error: unknown): { message: string; code: string; errcode: number | undefined } {
  if (!(error instanceof Error)) return { message: String(error), code: '', errcode: undefined };
  const { message } = error;
  const code = 'code' in error ? String(error.code) : '';
  const errcode = 'errcode' in error ? Number(error.errcode) : undefined;
  return { message, code, errcode };
}
