/**
 * Preloaded by `npm test`: runs within a test's process use the archive thread that was built. Of the
 * sources, each thread would load a hundred modules, which takes longer than most of these runs.
 */
import { syncBuiltinESMExports } from 'node:module';
import { basename } from 'node:path';
import threads, { isMainThread, type WorkerOptions } from 'node:worker_threads';

const BUILT = new URL('../../dist/thread-entry.cjs', import.meta.url);

if (isMainThread) {
  threads.Worker = class extends threads.Worker {
    constructor(entry: string | URL, options?: WorkerOptions) {
      const isArchive = entry instanceof URL && basename(entry.pathname) === 'thread-entry.ts';
      // Without this file, which a thread would load too.
      super(isArchive ? BUILT : entry, { execArgv: [], ...options });
    }
  };
  syncBuiltinESMExports();
}
