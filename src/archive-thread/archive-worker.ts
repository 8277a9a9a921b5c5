import { SHARE_ENV, Worker } from 'node:worker_threads';

/** Where the thread begins: among the sources, or beside the file of `dist/` that this is part of. */
function threadEntry(): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'cjs';
  return new URL(`./thread-entry.${extension}`, import.meta.url);
}

/**
 * V8 lets a busy thread's young generation grow until the machine's memory says stop; what the
 * thread makes lives for one batch. Three times `SEMI_SPACE_BYTES`, which is not imported: this file is loaded alone.
 */
const YOUNG_GENERATION_MIB = 12;

/** How long a worker waits for a next run: one that follows begins 0.2 s of a core earlier. */
const SPARE_MS = 1000;

/** Workers that nobody uses, and what ends each. None of them keeps the process alive. */
const spares = new Map<Worker, NodeJS.Timeout>();

/**
 * Begins a worker before anybody asks for it: it comes up on a second core while the first still
 * loads what a run needs, or waits for a server. One that nobody takes ends.
 */
export function startArchiveWorker(): void {
  if (spares.size === 0) returnArchiveWorker(createWorker());
}

/** A worker that is there already, or a new one; whoever takes it returns or ends it. */
export function takeArchiveWorker(): Worker {
  const [spare] = spares;
  if (spare === undefined) return createWorker();
  const [worker, ending] = spare;
  spares.delete(worker);
  clearTimeout(ending);
  forget(worker);
  worker.ref();
  return worker;
}

/** Takes a worker that no run uses, or none any more: its run has ended well. */
export function returnArchiveWorker(worker: Worker): void {
  forget(worker);
  const ending = setTimeout(() => {
    spares.delete(worker);
    void worker.terminate();
  }, SPARE_MS);
  keepSpare(worker, ending.unref());
}

function keepSpare(worker: Worker, ending: NodeJS.Timeout): void {
  spares.set(worker, ending);
  worker.unref();
  // The next one fails in the same way, before who took it. Its error comes first, its exit some turns later.
  for (const event of ['error', 'exit']) worker.on(event, () => spares.delete(worker));
}

/** Removes listeners event by event: the worker also listens to itself, to know when to read its port. */
function forget(worker: Worker): void {
  for (const event of ['message', 'error', 'exit']) worker.removeAllListeners(event);
}

function createWorker(): Worker {
  return new Worker(threadEntry(), {
    // The worker starts before --env-file is read, and a sink or a database needs its variables.
    env: SHARE_ENV,
    // Nobody writes to it. Without this, Node makes the thread's stream to close it: 1 ms of its start.
    stdin: true,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MIB },
  });
}
