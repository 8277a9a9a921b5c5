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
import { syncFolder } from '../core/files.ts';
import type { Destination } from './format.ts';
import { outputError } from './output-error.ts';

/** A file that appears whole or not at all. */
export interface FileDestination extends Destination {
  write(bytes: Uint8Array): void;
  /** Puts what was written in the place of the old file and on the disk. Call it once, at the end. */
  commit(): void;
  /** Removes what was written; the old file stays. Does nothing after `commit`. */
  abort(): void;
  readonly bytesWritten: number;
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
  // Appending is what `>>` asks of `/dev/stdout`; to pipes and devices it makes no difference.
  const output = openOutput(() => openSync(path, constants.O_WRONLY | constants.O_APPEND), attempt);
  return {
    write: output.write,
    commit: () => attempt(output.close),
    abort: () => quietly(output.close),
    get bytesWritten() {
      return output.bytesWritten();
    },
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
  };
}

interface OpenOutput {
  write(bytes: Uint8Array): void;
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
