import type { Writable } from 'node:stream';
import { EverypageError } from '../core/errors.ts';

export interface StdoutSink {
  /** Resolves when more may be written; rejects with `CLOSED_PIPE` once nobody reads. */
  write(bytes: Uint8Array): Promise<void>;
  /** Resolves when everything has left the process. */
  flush(): Promise<void>;
}

/** Standard output with backpressure: a slow reader slows the export, not the memory. */
export function createStdoutSink(stream: Writable): StdoutSink {
  let failure: Error | null = null;
  let wake: (() => void) | null = null;

  stream.on('error', (cause: NodeJS.ErrnoException) => {
    failure =
      cause.code === 'EPIPE' || cause.code === 'ERR_STREAM_DESTROYED'
        ? new EverypageError('CLOSED_PIPE', 'nobody reads standard output any more', { cause })
        : new EverypageError(
            'OUTPUT_WRITE',
            `standard output cannot be written: ${cause.message}; the same command goes on once it can`,
            { cause },
          );
    wake?.();
  });
  stream.on('drain', () => wake?.());

  const woken = () =>
    new Promise<void>((resolve) => {
      wake = () => {
        wake = null;
        resolve();
      };
    });

  return {
    async write(bytes) {
      if (failure === null && !stream.write(bytes)) await woken();
      if (failure !== null) throw failure;
    },
    flush: () =>
      new Promise((resolve) => {
        if (failure !== null || stream.writableLength === 0) resolve();
        else stream.write('', () => resolve());
      }),
  };
}
