import type { Writable } from 'node:stream';
import { EverypageError } from '../core/errors.ts';
import { outputError } from '../export/output-error.ts';

export interface StdoutSink {
  /**
   * Resolves when it has been written and more may come; rejects with `CLOSED_PIPE` once nobody reads,
   * with `OUTPUT_WRITE` where it cannot be written.
   */
  write(bytes: Uint8Array): Promise<void>;
  /** Resolves when everything has left the process, or nobody reads; rejects where it could not. */
  flush(): Promise<void>;
}

/**
 * Standard output with backpressure: a slow reader slows the export, not the memory. What was written is
 * known before more is: an archive may go once its records are out.
 */
export function createStdoutSink(stream: Writable): StdoutSink {
  /** The first: what comes after it says only that the stream is closed. */
  let failure: EverypageError | null = null;
  const failed = (cause: NodeJS.ErrnoException): EverypageError => {
    failure ??=
      cause.code === 'EPIPE' || cause.code === 'ERR_STREAM_DESTROYED'
        ? new EverypageError('CLOSED_PIPE', 'nobody reads standard output any more', { cause })
        : outputError('standard output', cause, 'The same command goes on once it can be written.');
    return failure;
  };
  stream.on('error', failed);

  const write = (bytes: Uint8Array | string): Promise<void> =>
    new Promise((resolve, reject) => {
      if (failure !== null) reject(failure);
      else stream.write(bytes, (error) => (error == null ? resolve() : reject(failed(error))));
    });

  return {
    write,
    async flush() {
      if (failure === null && stream.writableLength > 0) await write('').catch(() => undefined);
      if (failure !== null && failure.code !== 'CLOSED_PIPE') throw failure;
    },
  };
}
