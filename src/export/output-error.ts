/** What a file system's error means to whoever asked for an output. */
import { EverypageError } from '../core/errors.ts';

export const KEPT =
  'The pages are kept in the archive: run the same command again and nothing is fetched twice.';

const CAUSES: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full. Free some room, or write to another disk.',
  EDQUOT: 'your quota on this disk is used up. Free some room, or write to another disk.',
  EFBIG: 'the file may not grow further (see ulimit -f, or the limit of the file system).',
  EIO: 'the disk reports an error. Write to another disk, and check this one.',
  EACCES:
    'permission is denied. Change the permissions of the file and its folder, or write elsewhere.',
  EPERM:
    'it is not permitted. Change the permissions of the file and its folder, or write elsewhere.',
  EBUSY: 'another program has it open. Close it there.',
  EROFS: 'the disk is read-only. Write to another one.',
  EISDIR: 'it is a folder. Name a file in it.',
  ELOOP: 'its links lead in a circle. Name the file itself.',
  ENAMETOOLONG:
    'its name is too long, or becomes so with .everypage.tmp at its end. Take a shorter one.',
  EMFILE: 'too many files are open. Allow more (ulimit -n).',
  ENFILE: 'too many files are open on this machine. Close some.',
};

/** What SQLite says about its file, by result code (https://www.sqlite.org/rescode.html). */
const CAUSES_OF_SQLITE: Readonly<Record<number, string>> = {
  5: CAUSES['EBUSY']!,
  8: CAUSES['EACCES']!,
  13: CAUSES['ENOSPC']!,
  // It tells no limit from a broken disk.
  778: 'the disk reports an error, or the file may not grow further (see ulimit -f). Write to another disk.',
};

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
  const known = CAUSES[code];
  const ofSqlite =
    cause instanceof Error && 'errcode' in cause
      ? CAUSES_OF_SQLITE[Number(cause.errcode)]
      : undefined;
  const reason = known ?? ofSqlite ?? `${cause instanceof Error ? cause.message : String(cause)}.`;
  const label = known === undefined || code === '' ? '' : ` (${code})`;
  return new EverypageError('OUTPUT_WRITE', `Cannot write ${path}${label}: ${reason} ${then}`, {
    cause,
  });
}
