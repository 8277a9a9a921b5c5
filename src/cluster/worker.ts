/** One machine that fetches pages of a run: the engine of a single machine over the ranges and chains that it takes. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Worker } from 'bullmq';
import { ArchiveThread } from '../archive-thread/archive-thread.ts';
import type { PlacedState } from '../archive-thread/messages.ts';
import { systemClock as clock } from '../core/clock.ts';
import { usageError } from '../core/errors.ts';
import { isRecheck, type Place } from '../core/page-request.ts';

import { Secret } from '../core/redact.ts';
import { attemptsFrom, attemptsOfList } from '../fetch/attempt.ts';
import { Engine } from '../fetch/engine.ts';
import { openTransport } from '../fetch/open-transport.ts';
import { PageBatcher, type PageListener } from '../fetch/page-batcher.ts';
import { pageEvent } from '../fetch/pending-pages.ts';
import type { Job } from '../fetch/prepare.ts';
import { createTask } from '../fetch/task.ts';
import { branchesOf } from '../plan/create-growing-plan.ts';
import { ListSlices, type PlanSlices } from '../plan/list-slice.ts';
import type { PlanSource } from '../plan/plan.ts';
import { pagingHeaders } from '../plan/read-page-info.ts';
import { ChunkFeed } from './chunk-feed.ts';
import { type Chain, type Chunk, LOCK_MS, openQueue, openWorker } from './chunk-queue.ts';
import { Keeper } from './keeper.ts';
import { runKeys } from './keys.ts';
import { OpenChain } from './open-chain.ts';
import { countPart, type Lock, PartWriter } from './part-writer.ts';
import { lostRun, type RunPlan, type RunRecord, readPlan } from './run-record.ts';
import { RunWatch } from './run-watch.ts';
import { type PartStore, partOf } from './store.ts';
import { StoredList } from './stored-list.ts';
import {
  isInChains,
  openForParts,
  processName,
  type Worked,
  type WorkerParts,
  workedOf,
} from './worked.ts';

/** How often it is looked whether it is known how the list pages. */
const FOUND_MS = 100;

/** Works for a run until it has ended, or the signal comes, after which what is in flight is stored. */
export async function work(parts: WorkerParts): Promise<Worked> {
  const { job, makeTransport, record, connection, signal } = parts;
  checkCredentials(record, job);
  const { options, emit } = job;
  const keys = runKeys(record.id);
  const who = processName();
  const watch = new RunWatch(connection, keys, who, options);
  const over = Promise.withResolvers<void>();
  over.promise.catch(() => {});
  const thread = new ArchiveThread({ failed: over.reject });
  const transport = openTransport(makeTransport, job);
  const makeGate = (limiter: string) => watch.makeGate(limiter);
  const keepsPages = true;
  const engine = new Engine({
    options,
    transport,
    clock,
    emit,
    opened: null,
    keepsPages,
    makeGate,
  });
  const worker = await openWorker(connection, keys, who);
  const queue = await openQueue(connection, keys);
  const keeper = new Keeper(connection.redis, queue, record, who);
  const onAbort = (): void => engine.stop({ kind: 'aborted' });
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await thread.call('open', openForParts(job));
    watch.hasPages = () => false;
    await watch.begin(engine, () => keeper.tick());
    await worker.startStalledCheckTimer();
    if (signal.aborted) onAbort();
    const found = job.open.isPaginated ? await untilFound(parts, engine) : null;
    if (engine.stopped === null) {
      const own = { ...parts, who, watch, over, thread, transport, engine, worker, found };
      await Promise.race([fetchChunks(own), over.promise]);
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    engine.ended();
    await keeper.release().catch(() => {});
    await watch.end();
    await Promise.all([worker.close(true), queue.close(), transport.close()]);
    await thread.giveUp();
    await thread.close();
  }
  return workedOf(watch, engine, signal);
}

/** How the pages are read, once the coordinator says it; null where the work ends before. */
async function untilFound(
  { connection, record }: WorkerParts,
  engine: Engine,
): Promise<RunPlan | null> {
  while (engine.stopped === null) {
    const found = await readPlan(connection.redis, runKeys(record.id));
    if (found !== null) return found;
    await wait(FOUND_MS);
  }
  return null;
}

interface Machine extends WorkerParts {
  readonly who: string;
  readonly watch: RunWatch;
  readonly over: PromiseWithResolvers<void>;
  readonly thread: ArchiveThread;
  readonly transport: ReturnType<typeof openTransport>;
  readonly engine: Engine;
  readonly worker: Worker<Chunk>;
  readonly found: RunPlan | null;
}

/** Fetches what the queue hands out, and writes it to parts. */
async function fetchChunks(machine: Machine): Promise<void> {
  const { job, record, store, slices, connection, who, watch, over, thread, engine } = machine;
  const { options } = job;
  const { redis } = connection;
  const keys = runKeys(record.id);
  const plan = machine.found?.plan;
  const epoch = record.isPaged ? machine.found?.epoch : undefined;
  if (plan !== undefined) {
    const { told, first } = plan;
    if (first === null) await thread.call('paginate', told);
    for await (const part of store.open(first === null ? [] : [{ name: first, except: [] }])) {
      const path = await part.path();
      await thread.call('paginate', path === null ? told : { ...told, firstIn: path });
    }
  }
  const pagination = plan?.told.pagination ?? null;
  const { isPaged } = record;
  // The pages of a chain are compared with those before, so they stay here when they are in a part.
  const hasChains = plan !== undefined && isInChains(plan, job);
  let kept: Place[] = [];
  const flushIfAll = (): void => {
    if (writer.waiting >= feed.pending) writer.flush();
  };
  const start = job.paginate?.start ?? (await slices.range(0, 1))[0];
  const feed: ChunkFeed = new ChunkFeed({
    redis,
    keys,
    worker: machine.worker,
    lockMs: connection.leaseMs(LOCK_MS),
    range: (from, to) => slices.range(from, to),
    follow: (chain, lock) => followChain(machine, chain, lock),
    credentials: options.credentials,
    attempt:
      isPaged && start !== undefined
        ? attemptsFrom(engine, start.url)
        : attemptsOfList(engine, () => (start === undefined ? null : new URL(start.url).origin)),
    witness: isPaged && start !== undefined ? createTask(start, options.credentials) : null,
    who,
    epoch,
    onStale: () => watch.set('lost'),
    inFlight: () => engine.dispatcher.inFlight,
    isHeld: () => watch.isHeld || writer.isBehind,
    onTaken: () => watch.hasWork(),
    onStarved: flushIfAll,
    fail: over.reject,
  });
  const locksOf = (pages: readonly PlacedState[]): readonly Lock[] => {
    const chains = new Set(pages.map(({ place }) => feed.chainOf(place)));
    return [...chains].flatMap((chain) => (chain === null ? [] : [chain.lock]));
  };
  const writer = new PartWriter({
    store,
    who,
    write: (path) => {
      if (!hasChains) return thread.call('movePages', path);
      const isOwn = (place: Place): boolean =>
        feed.chainOf(place) !== null || feed.numberOf(place) !== null;
      const places = kept.filter(isOwn);
      kept = [];
      return thread.call('copyPages', { path, places });
    },
    count: (name, pages) => {
      const numberOf = (place: Place) => feed.numberOf(place);
      const planned = isPaged && epoch !== undefined && { epoch, numberOf, locks: locksOf(pages) };
      return countPart({ redis, keys, store, who, ...(planned && { planned }) }, name, pages);
    },
    onCounted: (pages) => feed.ended(pages, isPaged),
    onRefused: (pages) => feed.drop(pages),
    onLost: () => watch.set('lost'),
    fail: over.reject,
  });
  watch.hasPages = () => feed.pending > writer.waiting;
  const listener: PageListener = {
    onPage(task, page, pageInfo) {
      const { place } = page;
      feed.came(place, isPaged);
      const chain = feed.chainOf(place);
      if (chain !== null) chain.onPage(task, page, pageInfo);
      else {
        if (page.state === 'stored' && !isRecheck(place)) engine.counters.fetched += 1;
        job.emit(pageEvent(page, options.method));
      }
      // Another worker has taken this page over, and stores it.
      if (hasChains && chain === null && feed.numberOf(place) === null) return;
      if (hasChains) kept.push(place);
      writer.add(page.bodyBytes);
      flushIfAll();
    },
  };
  const traits = {
    pagingHeaders: pagination === null ? [] : pagingHeaders(pagination),
    pastEnd: pagination?.pastEnd ?? [],
    credentials: options.credentials,
  };
  const { dispatcher, paceLog } = engine;
  const batcher = new PageBatcher({
    ...{ thread, dispatcher, listener, traits, paceLog },
    transport: machine.transport,
  });
  try {
    await Promise.race([engine.fetch(feed, batcher), over.promise]);
    await writer.close();
  } finally {
    await feed.close();
  }
}

/** Begins at the parts that hold pages of the chain. */
async function followChain(machine: Machine, chain: Chain, lock: Lock): Promise<OpenChain> {
  const { thread, engine, job, store, connection, record, found } = machine;
  const { pagination } = found!.plan.told;
  if (pagination === null) throw new TypeError('a chain without a pagination');
  const branches = branchesOf(job.paginate!.split, chain.branch);
  if (chain.isBegun) {
    const counted = await connection.redis.lrange(runKeys(record.id).parts, 0, -1);
    for await (const part of store.open(counted.map(partOf))) {
      const path = await part.path();
      if (path === null) continue;
      await thread.call('takePages', { path, except: [], which: 'stored', branches });
    }
  }
  const opened = await thread.call('look', { goesOn: false });
  return new OpenChain({ job, opened, thread, engine }, pagination, chain, lock);
}

/** The plan of a run, as a machine makes it that has its words and its store. */
export function slicesOf(
  record: RunRecord,
  store: PartStore,
  sources: readonly PlanSource[],
  { options }: Job,
): PlanSlices {
  const { method, body, secretParams } = options;
  if (record.hasList) return new StoredList(store.home, record.total, method, body);
  const slices = new ListSlices({ sources, method, body, secretParams });
  if (!record.isPaged && slices.total !== record.total) throw lostRun(record);
  return slices;
}

/** A worker without the credentials of the run would fetch refusals. */
function checkCredentials({ secretHeaders, id }: RunRecord, { options }: Job): void {
  const own = new Set(
    options.headers.filter(({ value }) => value instanceof Secret).map(({ name }) => name),
  );
  const missing = secretHeaders.find((name) => !own.has(name));
  if (missing === undefined) return;
  throw usageError(
    `run ${id} sends the header ${missing}, and this worker has no value for it; give it with --bearer-env, --netrc or -H @file`,
  );
}
