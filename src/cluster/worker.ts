/** One machine that fetches pages of a run: the engine of a single machine over the ranges that it takes. */
import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { ArchiveThread } from '../archive-thread/archive-thread.ts';
import type { ArrivedPage, TakenPage } from '../archive-thread/messages.ts';
import { systemClock as clock } from '../core/clock.ts';
import { usageError } from '../core/errors.ts';
import type { RunEvent } from '../core/events.ts';
import { Secret } from '../core/redact.ts';
import type { Stop } from '../core/summary.ts';
import { attemptsOfList } from '../fetch/attempt.ts';
import { Engine } from '../fetch/engine.ts';
import { type MakeTransport, openTransport } from '../fetch/open-transport.ts';
import { PageBatcher } from '../fetch/page-batcher.ts';
import type { Job } from '../fetch/prepare.ts';
import { ListSlices, type PlanSlices } from '../plan/list-slice.ts';
import type { PlanSource } from '../plan/plan.ts';
import { ChunkFeed } from './chunk-feed.ts';
import { openQueue, openWorker } from './chunk-queue.ts';
import type { QueueConnection } from './connect.ts';
import { Keeper } from './keeper.ts';
import { NEWS_CHANNEL, type RunKeys, runKeys } from './keys.ts';
import { PartWriter } from './part-writer.ts';
import { lostRun, type RunRecord, type RunState } from './run-record.ts';
import { runScript } from './scripts.ts';
import { SharedGate } from './shared-gate.ts';
import type { PartStore } from './store.ts';
import { StoredList } from './stored-list.ts';

const BEAT_MS = 1_000;

export interface WorkerParts {
  readonly connection: QueueConnection;
  readonly record: RunRecord;
  readonly store: PartStore;
  /** The run's own job, as this machine understands it: with its credentials and without outputs. */
  readonly job: Job;
  readonly slices: PlanSlices;
  readonly makeTransport: MakeTransport;
  readonly signal: AbortSignal;
}

/** How the work of a worker ended. */
export interface Worked {
  /** Of the run; `lost` where the queue does not know it any more. */
  readonly state: RunState | 'lost';
  /** Why this worker left before; null where it did not. */
  readonly stop: Stop | null;
  /** Pages that it stored. */
  readonly stored: number;
}

/** A name for a process: unique among all that ever work for the run. */
export function processName(): string {
  return randomBytes(6).toString('hex');
}

/** Works for a run until it has ended, or the signal comes, after which what is in flight is stored. */
export async function work(parts: WorkerParts): Promise<Worked> {
  const worker = new ClusterWorker(parts);
  return worker.run();
}

class ClusterWorker {
  readonly #parts: WorkerParts;
  readonly #keys: RunKeys;
  readonly #who = processName();
  readonly #redis: Redis;
  readonly #gates = new Map<string, SharedGate>();
  #state: RunState | 'lost' = 'active';
  #engine!: Engine;
  #failure: { readonly error: unknown } | null = null;
  #isOver = Promise.withResolvers<void>();

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    this.#keys = runKeys(parts.record.id);
    this.#redis = parts.connection.redis;
  }

  async run(): Promise<Worked> {
    const { job, makeTransport, record, slices, connection, signal } = this.#parts;
    checkCredentials(record, job);
    const { options } = job;
    const thread = new ArchiveThread({ failed: (error) => this.#fail(error) });
    const transport = openTransport(makeTransport, job);
    const engine = new Engine({
      options,
      transport,
      clock,
      emit: job.emit,
      opened: null,
      keepsPages: true,
      makeGate: (limiter) => this.#gateOf(limiter),
    });
    this.#engine = engine;
    const worker = await openWorker(connection, this.#keys, this.#who);
    const queue = await openQueue(connection, this.#keys);
    const keeper = new Keeper(this.#redis, queue, record, this.#who);
    const [first] = await slices.range(0, 1);
    const firstOrigin = first === undefined ? null : new URL(first.url).origin;
    const feed = new ChunkFeed({
      redis: this.#redis,
      keys: this.#keys,
      worker,
      slices,
      credentials: options.credentials,
      attempt: attemptsOfList(engine, () => firstOrigin),
      who: this.#who,
      isHeld: () => this.#isHeld(),
      onStarved: () => {
        if (writer.waiting >= feed.pending) writer.flush();
      },
    });
    const writer = new PartWriter({
      redis: this.#redis,
      keys: this.#keys,
      store: this.#parts.store,
      thread,
      who: this.#who,
      onEnded: (positions) => feed.ended(positions),
      onLost: () => this.#setState('lost'),
      fail: (error) => this.#fail(error),
    });
    const traits = { pagingHeaders: [], pastEnd: [], credentials: options.credentials };
    const listener = {
      onPage: (_task: unknown, page: ArrivedPage): void => {
        if (page.state === 'stored') engine.counters.fetched += 1;
        job.emit(pageEvent(page));
        writer.add(page.bodyBytes);
        if (writer.waiting >= feed.pending) writer.flush();
      },
    };
    const batcher = new PageBatcher({
      thread,
      dispatcher: engine.dispatcher,
      listener,
      traits,
      transport,
    });
    const onAbort = (): void => engine.stop({ kind: 'aborted' });
    signal.addEventListener('abort', onAbort, { once: true });
    const news = await this.#subscribe();
    const beating = setInterval(() => void this.#beat(keeper), BEAT_MS);
    try {
      await thread.call('open', { ...job.open, location: null, isForParts: true, targets: [] });
      await this.#beat(keeper);
      await worker.startStalledCheckTimer();
      if (signal.aborted) onAbort();
      await Promise.race([engine.fetch(feed, batcher), this.#isOver.promise]);
      if (this.#failure !== null) throw this.#failure.error;
      await writer.close();
    } finally {
      signal.removeEventListener('abort', onAbort);
      clearInterval(beating);
      engine.ended();
      await feed.close();
      await keeper.release().catch(() => {});
      await this.#redis.zrem(this.#keys.workers, this.#who).catch(() => {});
      news.disconnect();
      await Promise.all([worker.close(true), queue.close(), transport.close()]);
      await thread.giveUp();
      await thread.close();
    }
    const own = engine.stopped;
    const isRunOver = own?.kind === 'aborted' && !signal.aborted;
    return {
      state: this.#state,
      stop: isRunOver ? null : own,
      stored: engine.counters.fetched,
    };
  }

  /** Nothing starts while the run is paused, or while the queue does not say that it is not. */
  #isHeld(): boolean {
    return this.#state !== 'active';
  }

  #gateOf(limiter: string): SharedGate {
    const gate = new SharedGate(limiter, {
      redis: this.#redis,
      clock,
      rate: this.#parts.job.options.rate,
      random: Math.random,
      isHeld: () => this.#isHeld(),
      wake: () => this.#engine.dispatcher.wake(),
      fail: () => {},
    });
    this.#gates.set(gate.key, gate);
    return gate;
  }

  async #subscribe(): Promise<Redis> {
    const news = this.#parts.connection.another();
    news.on('message', (_channel, message: string) => {
      const [what, key = ''] = message.split(' ');
      if (what === 'pause') this.#gates.get(key)?.heard();
      if (what === 'state' && key === this.#keys.run) void this.#beat(null);
    });
    await news.subscribe(NEWS_CHANNEL);
    return news;
  }

  /** Says that this worker is there, hears how the run is, and keeps the queue filled if nobody else does. */
  async #beat(keeper: Keeper | null): Promise<void> {
    const { run, workers } = this.#keys;
    try {
      const state = await runScript(this.#redis, 'beat', [run, workers], [this.#who]);
      this.#setState(state === -1 ? 'lost' : (state as RunState));
      if (this.#state === 'active') await keeper?.tick();
    } catch {
      // The queue restarts; the gates stay shut until it answers.
    }
  }

  #setState(state: RunState | 'lost'): void {
    if (state === this.#state || hasEnded(this.#state)) return;
    this.#state = state;
    if (state === 'active') this.#engine.dispatcher.wake();
    if (hasEnded(state)) this.#engine.stop({ kind: 'aborted' });
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#isOver.resolve();
  }
}

/** For this worker: nothing it does counts any more. */
function hasEnded(state: RunState | 'lost'): boolean {
  return state === 'finished' || state === 'cancelled' || state === 'lost';
}

/** The plan of a run, as a machine makes it that has its words and its store. */
export function slicesOf(
  record: RunRecord,
  store: PartStore,
  sources: readonly PlanSource[],
  { options }: Job,
): PlanSlices {
  const { method, body, secretParams } = options;
  if (record.hasList) return new StoredList(store.path, record.total, method, body);
  const slices = new ListSlices({ sources, method, body, secretParams });
  if (slices.total !== record.total) throw lostRun(record);
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

/** A page that has reached its end state, for whoever shows it. */
export function pageEvent(page: TakenPage): Extract<RunEvent, { type: 'page' }> {
  const { place, url, state, status, code, reason, bodyBytes, durationMs, attempts } = page;
  const shown = { place, url, state, status, code, reason, bodyBytes, durationMs, attempts };
  return { type: 'page', ...shown };
}
