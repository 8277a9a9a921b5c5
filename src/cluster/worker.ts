/** One machine that fetches pages of a run: the engine of a single machine over the ranges that it takes. */
import { ArchiveThread } from '../archive-thread/archive-thread.ts';
import type { ArrivedPage } from '../archive-thread/messages.ts';
import { systemClock as clock } from '../core/clock.ts';
import { usageError } from '../core/errors.ts';
import { Secret } from '../core/redact.ts';
import { attemptsOfList } from '../fetch/attempt.ts';
import { Engine } from '../fetch/engine.ts';
import { openTransport } from '../fetch/open-transport.ts';
import { PageBatcher } from '../fetch/page-batcher.ts';
import type { Job } from '../fetch/prepare.ts';
import { ListSlices, type PlanSlices } from '../plan/list-slice.ts';
import type { PlanSource } from '../plan/plan.ts';
import { ChunkFeed } from './chunk-feed.ts';
import { LOCK_MS, openQueue, openWorker } from './chunk-queue.ts';
import { Keeper } from './keeper.ts';
import { runKeys } from './keys.ts';
import { workOnList } from './list-worker.ts';
import { countPart, PartWriter } from './part-writer.ts';
import { lostRun, type RunRecord } from './run-record.ts';
import { RunWatch } from './run-watch.ts';
import type { PartStore } from './store.ts';
import { StoredList } from './stored-list.ts';
import {
  openForParts,
  pageEvent,
  processName,
  type Worked,
  type WorkerParts,
  workedOf,
} from './worked.ts';

/** Works for a run until it has ended, or the signal comes, after which what is in flight is stored. */
export function work(parts: WorkerParts): Promise<Worked> {
  checkCredentials(parts.record, parts.job);
  return parts.record.isPaged ? workOnList(parts) : workOnRanges(parts);
}

async function workOnRanges(parts: WorkerParts): Promise<Worked> {
  const { job, makeTransport, record, slices, store, connection, signal } = parts;
  const { options } = job;
  const { redis } = connection;
  const keys = runKeys(record.id);
  const who = processName();
  const watch = new RunWatch(connection, keys, who);
  const over = Promise.withResolvers<void>();
  over.promise.catch(() => {});
  const thread = new ArchiveThread({ failed: over.reject });
  const transport = openTransport(makeTransport, job);
  const engine = new Engine({
    options,
    transport,
    clock,
    emit: job.emit,
    opened: null,
    keepsPages: true,
    makeGate: (limiter) => watch.makeGate(limiter, options.rate),
  });
  const worker = await openWorker(connection, keys, who);
  const queue = await openQueue(connection, keys);
  const keeper = new Keeper(redis, queue, record, who);
  const [first] = await slices.range(0, 1);
  const firstOrigin = first === undefined ? null : new URL(first.url).origin;
  const flushIfAll = (): void => {
    if (writer.waiting >= feed.pending) writer.flush();
  };
  const feed = new ChunkFeed({
    redis,
    keys,
    worker,
    lockMs: connection.leaseMs(LOCK_MS),
    slices,
    credentials: options.credentials,
    attempt: attemptsOfList(engine, () => firstOrigin),
    who,
    isHeld: () => watch.isHeld || writer.isBehind,
    onStarved: flushIfAll,
  });
  const writer = new PartWriter({
    store,
    who,
    write: (path) => thread.call('movePages', path),
    count: (name, moved) => countPart({ redis, keys, store, who }, name, moved),
    onCounted: (moved) => feed.ended(moved.map(({ place }) => place.position)),
    onLost: () => watch.set('lost'),
    fail: over.reject,
  });
  const traits = { pagingHeaders: [], pastEnd: [], credentials: options.credentials };
  const listener = {
    onPage: (_task: unknown, page: ArrivedPage): void => {
      if (page.state === 'stored') engine.counters.fetched += 1;
      job.emit(pageEvent(page, options.method));
      writer.add(page.bodyBytes);
      flushIfAll();
    },
  };
  const { dispatcher, paceLog } = engine;
  const batcher = new PageBatcher({ thread, dispatcher, listener, traits, transport, paceLog });
  const onAbort = (): void => engine.stop({ kind: 'aborted' });
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await thread.call('open', openForParts(job));
    await watch.begin(engine, () => keeper.tick());
    await worker.startStalledCheckTimer();
    if (signal.aborted) onAbort();
    await Promise.race([engine.fetch(feed, batcher), over.promise]);
    await writer.close();
  } finally {
    signal.removeEventListener('abort', onAbort);
    engine.ended();
    await feed.close();
    await keeper.release().catch(() => {});
    await watch.end();
    await Promise.all([worker.close(true), queue.close(), transport.close()]);
    await thread.giveUp();
    await thread.close();
  }
  return workedOf(watch, engine, signal);
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
