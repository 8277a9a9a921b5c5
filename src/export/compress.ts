import { createGzip, createZstdCompress } from 'node:zlib';
import type { Compression, Destination } from './format.ts';

export interface Compressor extends Destination {
  write(bytes: Uint8Array): Promise<void>;
  /** Writes what is left. Call it once, at the end. */
  end(): Promise<void>;
  /** Frees what it holds, where it does not come to its end. */
  abort(): void;
}

/** Compresses what is written on its way to a destination, whose errors come back from `write` and `end`. */
export function createCompressor(kind: Compression, destination: Destination): Compressor {
  const stream = kind === '.gz' ? createGzip() : createZstdCompress();
  const passedOn = (async () => {
    for await (const chunk of stream) await destination.write(chunk);
  })();
  passedOn.catch(() => {});
  // A stream that is destroyed may leave a write without an answer.
  const failed = new Promise<never>((_, reject) => passedOn.catch(reject));
  failed.catch(() => {});
  return {
    write(bytes) {
      const written = new Promise<void>((resolve) => stream.write(bytes, () => resolve()));
      return Promise.race([written.then(() => undefined), failed]);
    },
    async end() {
      stream.end();
      await passedOn;
    },
    abort: () => void stream.destroy(),
  };
}
