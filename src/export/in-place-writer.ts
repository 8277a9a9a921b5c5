/**
 * Writes to what is no regular file: a pipe, a terminal, `/dev/stdout`. Its reader may be slow, stuck or
 * not there yet, so nothing here blocks the thread: whoever waits can be told to leave.
 */
import { closeSync, constants, openSync, statSync, writeSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

const LOOK_AGAIN_MS = 20;

export interface InPlaceWriter {
  /** Resolves when the reader has room again; nothing where all was taken at once. */
  write(bytes: Uint8Array): Promise<void> | undefined;
  /** What is written later, or waits, fails. */
  close(): void;
}

/** Opens at once, but for a named pipe that nobody reads: that is opened when somebody does. */
export function openInPlace(path: string): InPlaceWriter {
  let descriptor = tryOpen(path);
  let isClosed = false;

  /** Whether it was written whole. */
  const go = (bytes: Uint8Array, from: { at: number }): boolean => {
    if (isClosed) throw new Error('the output is closed already');
    descriptor ??= tryOpen(path);
    if (descriptor === null) return false;
    while (from.at < bytes.length) {
      try {
        from.at += writeSync(descriptor, bytes, from.at, bytes.length - from.at);
      } catch (error) {
        if (codeOf(error) === 'EAGAIN') return false;
        throw error;
      }
    }
    return true;
  };

  return {
    write(bytes) {
      const from = { at: 0 };
      if (go(bytes, from)) return undefined;
      return (async () => {
        do await wait(LOOK_AGAIN_MS);
        while (!go(bytes, from));
      })();
    },
    close() {
      isClosed = true;
      const closing = descriptor;
      descriptor = null;
      if (closing !== null) closeSync(closing);
    },
  };
}

/** Null for a named pipe without a reader. */
function tryOpen(path: string): number | null {
  // Appending is what `>>` asks of `/dev/stdout`; to pipes and devices it makes no difference.
  const how = constants.O_WRONLY | constants.O_APPEND;
  try {
    return openSync(path, how | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if (codeOf(error) === 'ENXIO' && statSync(path).isFIFO()) return null;
    // A socket, which a parent may give in the place of a pipe, has no name to be opened by (open(2)).
    const [, inherited] = /^\/(?:dev|proc\/self)\/fd\/(\d+)$/.exec(path) ?? [];
    if (codeOf(error) === 'ENXIO' && inherited !== undefined) return Number(inherited);
    throw error;
  }
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown }).code);
}
