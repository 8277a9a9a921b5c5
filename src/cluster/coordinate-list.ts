/**
 * The coordinator of a list that pages by itself: it finds out how, and makes the plan as one machine does. What the plan
 * asks for is handed out to workers, and what is in their parts answers it. So the evidence is that of one machine: every
 * page is in one archive when the plan hears of it.
 */
import { systemClock as clock } from '../core/clock.ts';
import { usageError } from '../core/errors.ts';
import type { PaginationFacts } from '../core/summary.ts';
import { Engine } from '../fetch/engine.ts';
import { findPages } from '../fetch/find-pages.ts';
import { openTransport } from '../fetch/open-transport.ts';
import { fetchPages } from '../fetch/run-archive.ts';
import { openChunks, openQueue } from './chunk-queue.ts';
import { settleRun } from './collect.ts';
import { HandedOut } from './handed-out.ts';
import { runKeys } from './keys.ts';
import { PartTaker } from './part-taker.ts';
import { endRun, publishPlan } from './run-record.ts';
import { RunWatch } from './run-watch.ts';
import { type ListParts, SpreadPages } from './spread-pages.ts';
import { isInChains, processName } from './worked.ts';

/** How often it is looked whether the run is to stop. */
const LOOK_MS = 50;
/** Slices that all workers together read at once. */
const ACTIVE_SLICES = 64;

/** Brings the pages of the list into the archive of the output. Says how the list was found to page. */
export async function coordinateList(parts: ListParts): Promise<PaginationFacts | null> {
  return withGate(parts, async (engine, watch) => {
    const queue = await openQueue(parts.connection, runKeys(parts.record.id));
    try {
      const taker = new PartTaker(parts);
      // Looked at before the parts: a chunk that ends in between is then found in a part.
      const before = await openChunks(queue);
      await taker.takeBefore();
      const { job, thread } = parts.run;
      const opened = await thread.call('look', { goesOn: true });
      const own = { job, thread, engine, opened, activeSlices: ACTIVE_SLICES };
      const found = await findPages(own);
      if (found === null) return null;
      const { told } = found;
      const areChained = told !== null && isInChains({ told }, job);
      if (areChained && job.options.maxPages !== null) {
        throw usageError(
          '--max-pages does not stop a worker that reads a list where each page follows from the one before; leave out one of --max-pages and --queue',
        );
      }
      const handedOut = new HandedOut({
        ...{ redis: parts.connection.redis, keys: runKeys(parts.record.id), queue },
        isInChains: areChained,
        split: job.paginate?.split ?? null,
      });
      handedOut.adopt(before);
      const { pending } = found;
      const skip = (name: string): void => taker.skip(name);
      const onWork = (): void => watch.hasWork();
      const pages = new SpreadPages({ ...parts, pending, handedOut, told, onOwn: skip, onWork });
      // Pages that workers fetch count as theirs.
      watch.hasPages = () => pages.own > 0;
      const over = new AbortController();
      const taking = taker.take({ handedOut, pages, engine, signal: over.signal });
      try {
        const fetching = fetchPages(engine, { ...found, pending: pages }, thread);
        fetching.catch(() => {});
        // A stop ends both; what the taking throws ends the run.
        await Promise.race([fetching, taking.then(() => fetching)]);
      } finally {
        over.abort();
        await taking.catch(() => {});
      }
      const end = pending.end();
      await pages.store();
      if (engine.stopped === null && end !== null) {
        await settleRun(parts, job.options.credentials.withholdIn(end), taker.gone);
        if (!parts.isReadAgain) await endRun(parts.connection.redis, parts.record.id);
      }
      return found.facts;
    } finally {
      await queue.close();
    }
  });
}

/**
 * Finds where the records stand in the pages of a list (`--records`), so that workers can begin.
 *
 * @returns false where no first page came; it is in the archive as what failed
 */
export async function findRecords(parts: ListParts): Promise<boolean> {
  return withGate(parts, async (engine) => {
    const { job, thread, opened } = parts.run;
    const found = await findPages({ job, thread, opened, engine });
    if (found === null) return false;
    if (found.told === null || found.pending.mostPages === 1) {
      await fetchPages(engine, found, thread);
      return false;
    }
    const plan = { told: found.told, first: null };
    await publishPlan(parts.connection.redis, runKeys(parts.record.id), plan);
    return true;
  });
}

/** The requests of this process itself obey the shared limit, and count as its own. */
async function withGate<T>(
  { connection, record, run, makeTransport }: ListParts,
  use: (engine: Engine, watch: RunWatch) => Promise<T>,
): Promise<T> {
  const { job } = run;
  const { options, emit } = job;
  const watch = new RunWatch(connection, runKeys(record.id), processName(), options, false);
  const transport = openTransport(makeTransport, job);
  const makeGate = (limiter: string) => watch.makeGate(limiter);
  const unlimited = { ...options, deadlineMs: null };
  const engine = new Engine({
    ...{ transport, clock, emit, makeGate },
    options: unlimited,
    opened: null,
    keepsPages: true,
  });
  const stopping = setInterval(() => {
    if (run.engine.stopped !== null) engine.stop(run.engine.stopped);
  }, LOOK_MS);
  try {
    // The end of the run stops workers, but not this process, which declares it.
    await watch.begin({ dispatcher: engine.dispatcher, stop: () => {} }, async () => {});
    return await use(engine, watch);
  } finally {
    clearInterval(stopping);
    engine.ended();
    if (engine.stopped !== null) run.engine.stop(engine.stopped);
    for (const name of Object.keys(engine.counters) as (keyof Engine['counters'])[]) {
      run.engine.counters[name] += engine.counters[name];
    }
    await watch.end();
    await transport.close();
  }
}
