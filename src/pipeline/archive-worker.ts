import { Worker } from 'node:worker_threads';

/** Node runs the sources as they are and the built files alike. */
const ENTRY = new URL(
  import.meta.url.endsWith('.ts') ? './archive-thread-entry.ts' : './archive-thread-entry.js',
  import.meta.url,
);

/**
 * V8 lets a busy thread's young generation grow until the machine's memory says stop; what the
 * thread makes lives for one batch.
 */
const YOUNG_GENERATION_MIB = 24;

let early: Worker | null = null;

/**
 * Begins a worker before anybody asks for it: it comes up on a second core while the first still
 * loads what a run needs. One that nobody takes keeps no process alive.
 */
export function startArchiveWorker(): void {
  if (early !== null) return;
  const worker = createWorker();
  early = worker;
  worker.unref();
  worker.on('error', () => undefined);
  // The next one fails in the same way, before who took it.
  worker.once('exit', () => {
    if (early === worker) early = null;
  });
}

/** The worker that was begun early, or a new one; whoever takes it ends it. */
export function takeArchiveWorker(): Worker {
  const worker = early ?? createWorker();
  early = null;
  worker.ref();
  return worker;
}

function createWorker(): Worker {
  return new Worker(ENTRY, {
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MIB },
  });
}
