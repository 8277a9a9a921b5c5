import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  openSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { EverypageError } from '../core/errors.ts';
import { syncFolder } from '../core/files.ts';
import type { Destination } from './format.ts';
import { openInPlace } from './in-place-writer.ts';

/** A file that appears whole or not at all. */
export interface FileDestination extends Destination {
  /** Takes over `bytes`. A promise where a reader must first make room. */
  write(bytes: Uint8Array): Promise<void> | undefined;
  /** Puts what was written in the place of the old file and on the disk. Call it once, at the end. */
  commit(): void;
  /** Removes what was written; the old file stays. Does nothing after `commit`. */
  abort(): void;
  readonly bytesWritten: number;
  /** It is no regular file: whoever reads it may be slow, or not there. */
  readonly waitsForReader: boolean;
}

/** As many as Linux follows. */
const MAX_LINKS = 40;

/**
 * Opens `path` for output. A regular file, there or to be, is written beside it under the name
 * `<name>.everypage.tmp` and synced and renamed on `commit`; it keeps its mode, links are followed,
 * and the leftover of a killed run is written anew. Anything else (a pipe, `/dev/stdout`) is written
 * as it stands, and `commit` only closes it.
 *
 * All methods but `abort` throw `EverypageError`: `OUTPUT_WRITE`, with what to do; `OUTPUT_FOLDER`
 * where the folder is missing; `CLOSED_PIPE` where the reader went away.
 *
 *     const destination = createFileDestination('items.ndjson');
 *     await ndjson(pages, destination, 'data');
 *     destination.commit();
 */
export function createFileDestination(path: string): FileDestination {
  const attempt = <Result>(work: () => Result): Result => {
    try {
      return work();
    } catch (error) {
      throw outputError(path, error);
    }
  };
  const existing = attempt(() => statSync(path, { throwIfNoEntry: false }));
  return isWrittenInPlace(path, existing)
    ? writeInPlace(path, attempt)
    : writeBeside(
        attempt(() => (existing ? realpathSync(path) : followDangling(path))),
        existing,
        attempt,
      );
}

type Attempt = <Result>(work: () => Result) => Result;

/** `/dev/stdout` may be a regular file behind the scenes, but the name is not ours to rename. */
function isWrittenInPlace(path: string, existing: Stats | undefined): boolean {
  return existing !== undefined && (!existing.isFile() || resolve(path).startsWith('/dev/'));
}

function writeInPlace(path: string, attempt: Attempt): FileDestination {
  const output = attempt(() => openInPlace(path));
  return {
    write(bytes) {
      return attempt(() => output.write(bytes))?.catch((error) => {
        throw outputError(path, error);
      });
    },
    commit: () => attempt(output.close),
    abort: () => quietly(output.close),
    get bytesWritten() {
      return output.bytesWritten;
    },
    waitsForReader: true,
  };
}

function writeBeside(
  target: string,
  existing: Stats | undefined,
  attempt: Attempt,
): FileDestination {
  const temporary = join(dirname(target), `${basename(target)}.everypage.tmp`);
  let committed = false;
  const output = openOutput(() => {
    // Renaming would replace a file that its owner has made read-only.
    if (existing) accessSync(target, constants.W_OK);
    rmSync(temporary, { force: true });
    const opened = openSync(temporary, 'wx');
    if (existing) fchmodSync(opened, existing.mode & 0o7777);
    return opened;
  }, attempt);
  return {
    write: output.write,
    commit() {
      attempt(() => {
        output.sync();
        output.close();
        renameSync(temporary, target);
        committed = true;
        syncFolder(dirname(target));
      });
    },
    abort() {
      quietly(output.close);
      if (!committed) quietly(() => rmSync(temporary, { force: true }));
    },
    get bytesWritten() {
      return output.bytesWritten();
    },
    waitsForReader: false,
  };
}

interface OpenOutput {
  write(bytes: Uint8Array): undefined;
  sync(): void;
  close(): void;
  bytesWritten(): number;
}

function openOutput(open: () => number, attempt: Attempt): OpenOutput {
  let descriptor: number | null = attempt(open);
  let bytesWritten = 0;
  const current = (): number => {
    if (descriptor === null) throw new Error('the output is closed already');
    return descriptor;
  };
  return {
    write(bytes) {
      attempt(() => {
        // A write may be short: near the end of the disk, or of the largest file allowed.
        for (let at = 0; at < bytes.length; ) {
          const written = writeSync(current(), bytes, at, bytes.length - at);
          at += written;
          bytesWritten += written;
        }
      });
      return undefined;
    },
    sync: () => fsyncSync(current()),
    close() {
      const closing = descriptor;
      descriptor = null;
      if (closing !== null) closeSync(closing);
    },
    bytesWritten: () => bytesWritten,
  };
}

/** Where a link that leads to no file yet would create one. */
function followDangling(path: string): string {
  let target = resolve(path);
  for (let links = 0; links < MAX_LINKS; links++) {
    const next = linkAt(target);
    if (next === null) return target;
    target = resolve(dirname(target), next);
  }
  return target;
}

function linkAt(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

/** For cleaning up after an error that matters more than what goes wrong here. */
function quietly(work: () => void): void {
  try {
    work();
  } catch {
    // Said above.
  }
}

const KEPT =
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
  EROFS: 'the disk is read-only. Write to another one.',
  EISDIR: 'it is a folder. Name a file in it.',
  ELOOP: 'its links lead in a circle. Name the file itself.',
};

/**
 * What a file system's error means to whoever asked for output at `path`.
 * @param then what became of the pages, and what to do
 */
export function outputError(path: string, cause: unknown, then: string = KEPT): EverypageError {
  if (cause instanceof EverypageError) return cause;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (code === 'EPIPE') {
    return new EverypageError('CLOSED_PIPE', `Whoever read ${path} has closed it.`, { cause });
  }
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    const message = `Cannot write ${path}: its folder does not exist. Create the folder, or write elsewhere.`;
    return new EverypageError('OUTPUT_FOLDER', message, { cause });
  }
  const known = CAUSES[code];
  const reason = known ?? `${cause instanceof Error ? cause.message : String(cause)}.`;
  const label = known === undefined || code === '' ? '' : ` (${code})`;
  return new EverypageError('OUTPUT_WRITE', `Cannot write ${path}${label}: ${reason} ${then}`, {
    cause,
  });
}
