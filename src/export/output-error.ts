/** What a file system's error means to whoever asked for an output. */
import { EverypageError } from '../core/errors.ts';
import { FILE_ERRORS } from '../core/files.ts';

export const KEPT =
  'The pages are kept in the archive: run the same command again and nothing is fetched twice.';

const WRITE_ELSEWHERE = 'Change the permissions of the file and its folder, or write elsewhere.';
const MAKE_ROOM = 'Free some room, or write to another disk.';

/** What to do, by the code of the error. */
const CURES: Readonly<Record<string, string>> = {
  ENOSPC: MAKE_ROOM,
  EDQUOT: MAKE_ROOM,
  EFBIG: 'Raise it, or write elsewhere.',
  EIO: 'Write to another disk, and check this one.',
  EACCES: WRITE_ELSEWHERE,
  EPERM: WRITE_ELSEWHERE,
  EBUSY: 'Close it there.',
  EROFS: 'Write to another one.',
  EISDIR: 'Name a file in it.',
  ELOOP: 'Name the file itself.',
  ENAMETOOLONG: 'Take a shorter one: .everypage.tmp follows it while it is written.',
  EMFILE: 'Allow more.',
  ENFILE: 'Close some.',
};

/** What SQLite says about its file, by result code (https://www.sqlite.org/rescode.html). */
const CAUSES_OF_SQLITE: Readonly<Record<number, string>> = {
  5: causeOf('EBUSY')!,
  8: causeOf('EACCES')!,
  13: causeOf('ENOSPC')!,
  // It tells no limit from a broken disk.
  778: 'the disk reports an error, or the file may not grow further (see ulimit -f). Write to another disk.',
};

function causeOf(code: string): string | null {
  return Object.hasOwn(CURES, code) ? `${FILE_ERRORS[code]}. ${CURES[code]}` : null;
}

/**
 * What a file system's error means to whoever asked for output at `path`.
 * @param then what became of the pages, and what to do
 */
export function outputError(path: string, cause: unknown, then: string = KEPT): EverypageError {
  if (cause instanceof EverypageError) return cause;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (code === 'EPIPE') {
    return new EverypageError('CLOSED_PIPE', `The reader of ${path} has closed it.`, { cause });
  }
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    const message = `Cannot write ${path}: its folder does not exist. Create the folder, or write elsewhere.`;
    return new EverypageError('OUTPUT_FOLDER', message, { cause });
  }
  const known = causeOf(code);
  const ofSqlite =
    cause instanceof Error && 'errcode' in cause
      ? CAUSES_OF_SQLITE[Number(cause.errcode)]
      : undefined;
  const reason = known ?? ofSqlite ?? `${cause instanceof Error ? cause.message : String(cause)}.`;
  const label = known === null ? '' : ` (${code})`;
  return new EverypageError('OUTPUT_WRITE', `Cannot write ${path}${label}: ${reason} ${then}`, {
    cause,
  });
}
