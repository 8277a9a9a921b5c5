import { randomBytes } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isDatabaseUrl } from '../core/database-url.ts';
import {
  absolutePath,
  realPlace,
  renameFile,
  statOrNull,
  syncFile,
  syncFolder,
} from '../core/files.ts';
import type { OutputDestination } from './format.ts';
import { openInPlace } from './in-place-writer.ts';
import { KEPT, outputError } from './output-error.ts';

/** A file that appears whole or not at all. */
export interface FileDestination extends OutputDestination {
  /** A promise where a reader must first make room; `bytes` may change once it resolves. */
  write(bytes: Uint8Array): Promise<void> | undefined;
  /** Puts what was written in the place of the old file and on the disk. Call it once, at the end. */
  commit(): void;
  /** Removes what was written; the old file stays. Does nothing after `commit`. */
  abort(): void;
  /** It is no regular file: whoever reads it may be slow, or not there. */
  readonly waitsForReader: boolean;
}

/**
 * Keeps a file from the other processes that ask in the same way, until the returned function is called.
 * Null where another one has it, or where nobody can tell.
 */
export type HoldFile = (path: string) => (() => void) | null;

/** What errors call the file, and what they say is to be done. */
export interface ToldOfFile {
  readonly name: string;
  readonly advice: string;
}

/**
 * Opens `path` for output. A regular file, there or to be, is written beside it under a temporary name
 * of this writer's own (`<name>.<random>.everypage.tmp`), and synced and renamed on `commit`; it keeps its
 * mode, and links are followed. What killed runs left is removed where no process holds it. Anything
 * else (a pipe, `/dev/stdout`) is written as it stands, and `commit` only closes it.
 *
 * All methods but `abort` throw `EverypageError`: `OUTPUT_WRITE`, with what to do; `OUTPUT_FOLDER`
 * where the folder is missing; `CLOSED_PIPE` where the reader went away.
 *
 *     const destination = createFileDestination('items.ndjson', holdFile);
 *     await ndjson(pages, destination, 'data');
 *     destination.commit();
 */
export function createFileDestination(
  path: string,
  hold: HoldFile,
  { name, advice }: ToldOfFile = { name: path, advice: KEPT },
): FileDestination {
  const attempt = <Result>(work: () => Result): Result => {
    try {
      return work();
    } catch (error) {
      throw outputError(name, error, advice);
    }
  };
  if (attempt(() => isWrittenInPlace(path))) return writeInPlace(path, attempt);
  const target = attempt(() => realPlace(path));
  removeLeftovers(target, hold);
  return writeBeside(target, hold, attempt);
}

/** A file on the way to another one: `abort` removes it. */
export interface TemporaryFile extends FileDestination {
  readonly path: string;
}

/**
 * Opens a file beside `target`, for what goes there in another form. What a killed run left of it is
 * removed as other leftovers are. Errors are those of `target`, which they call `name`.
 */
export function createTemporaryFile(target: string, hold: HoldFile, name: string): TemporaryFile {
  return writeBeside(target, hold, (work) => {
    try {
      return work();
    } catch (error) {
      throw outputError(name, error);
    }
  });
}

type Attempt = <Result>(work: () => Result) => Result;

/** Names of what a process has open (fd(4)). `/dev/shm` is a folder like any other. */
const DESCRIPTOR = /^\/(?:dev\/(?:std(?:in|out|err)$|fd\/)|proc\/[^/]+\/fd\/)/;

/**
 * Whether output to `path` goes to what is there, a pipe or a device, and puts nothing beside it.
 * `/dev/stdout` may be a regular file behind the scenes, but the name is not ours to rename.
 */
export function isWrittenInPlace(path: string): boolean {
  const existing = statOrNull(path);
  return existing !== null && (!existing.isFile() || DESCRIPTOR.test(absolutePath(path)));
}

/** Whether an output is a file that is put in its place, and may have others beside it. */
export function isWholeFile(output: string): boolean {
  return !isDatabaseUrl(output) && !isWrittenInPlace(output);
}

/** Writes a file that is this text: the whole of it, or nothing. */
export function writeAll(destination: FileDestination, text: string): void {
  try {
    destination.write(Buffer.from(text));
    destination.commit();
  } finally {
    destination.abort();
  }
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
    waitsForReader: true,
  };
}

function writeBeside(target: string, hold: HoldFile, attempt: Attempt): TemporaryFile {
  const existing = attempt(() => statOrNull(target));
  // Renaming would replace a file that its owner has made read-only.
  attempt(() => existing && accessSync(target, constants.W_OK));
  const { temporary, opened, release } = attempt(() => openTemporary(target, hold));
  const output = openOutput(() => opened, attempt);
  const isOurs = (): boolean => stands(opened, temporary);
  let isHeld = true;
  const letGo = (): void => {
    isHeld = false;
    try {
      output.close();
    } finally {
      release();
    }
  };
  const destination: TemporaryFile = {
    path: temporary,
    write: output.write,
    commit() {
      attempt(() => {
        output.sync();
        if (!isOurs()) throw new Error(`${temporary} was removed or replaced meanwhile`);
        renameFile(temporary, target);
        // Let go of earlier, it could be taken for a leftover.
        letGo();
        syncFolder(dirname(target));
      });
    },
    abort() {
      if (!isHeld) return;
      quietly(() => {
        if (isOurs()) rmSync(temporary);
      });
      quietly(letGo);
    },
    waitsForReader: false,
  };
  try {
    if (existing) attempt(() => fchmodSync(opened, existing.mode & 0o7777));
    return destination;
  } catch (error) {
    destination.abort();
    throw error;
  }
}

/**
 * Puts a new file, which is closed, in its place and on the disk.
 *
 * @throws where another program has made one there meanwhile, and what `node:fs` throws
 */
export function putInPlace(temporary: string, target: string): void {
  if ((statOrNull(target)?.size ?? 0) > 0) {
    throw new Error('another program made this file meanwhile');
  }
  syncFile(temporary);
  renameFile(temporary, target);
  syncFolder(dirname(target));
}

const TEMPORARY = /\.[0-9a-f]{12}\.everypage\.tmp$/;

/** The path of the output whose temporary file has this path; null for any other file. */
export function outputOfTemporary(path: string): string | null {
  return TEMPORARY.test(path) ? path.replace(TEMPORARY, '') : null;
}

interface Temporary {
  readonly temporary: string;
  readonly opened: number;
  readonly release: () => void;
}

/** Another one each time. */
export function temporaryOf(output: string): string {
  return `${output}.${randomBytes(6).toString('hex')}.everypage.tmp`;
}

/** Where nothing can be locked, as on some network drives and on Windows, a file is written all the same. */
const TRIES_TO_HOLD = 3;

function openTemporary(target: string, hold: HoldFile): Temporary {
  for (let tries = 1; ; tries += 1) {
    const temporary = temporaryOf(target);
    const opened = openSync(temporary, 'wx');
    const release = hold(temporary);
    // Until it was held, another process could take it for a leftover.
    const isOurs = stands(opened, temporary);
    if (isOurs && (release !== null || tries >= TRIES_TO_HOLD)) {
      return { temporary, opened, release: release ?? (() => {}) };
    }
    closeSync(opened);
    if (isOurs || release !== null) rmSync(temporary, { force: true });
    release?.();
  }
}

/** Whether the open file is the one that has the name. */
function stands(opened: number, path: string): boolean {
  const ours = fstatSync(opened, { bigint: true });
  const named = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return named?.ino === ours.ino && named.dev === ours.dev;
}

/** A process that was killed left its temporary file, and holds it no more. */
export function removeLeftovers(target: string, hold: HoldFile): void {
  const folder = dirname(target);
  quietly(() => {
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      if (!name.startsWith(basename(target)) || outputOfTemporary(path) !== target) continue;
      quietly(() => {
        if (!lstatSync(path).isFile()) return;
        const release = hold(path);
        if (release === null) return;
        quietly(() => rmSync(path));
        // The log of a database.
        quietly(() => rmSync(`${path}.wal`, { force: true }));
        release();
      });
    }
  });
}

interface OpenOutput {
  write(bytes: Uint8Array): undefined;
  sync(): void;
  close(): void;
}

function openOutput(open: () => number, attempt: Attempt): OpenOutput {
  let descriptor: number | null = attempt(open);
  const current = (): number => {
    if (descriptor === null) throw new Error('the output is closed already');
    return descriptor;
  };
  return {
    write(bytes) {
      attempt(() => {
        // A write may be short: near the end of the disk, or of the largest file allowed.
        for (let at = 0; at < bytes.length; ) {
          at += writeSync(current(), bytes, at, bytes.length - at);
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
  };
}

/** For cleaning up after an error that matters more than what goes wrong here. */
function quietly(work: () => void): void {
  try {
    work();
  } catch {
    // The error that came before is the one that counts.
  }
}
