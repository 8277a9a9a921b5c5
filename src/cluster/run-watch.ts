/** Follows the state of a run, and its pauses, for a process that works for it. */
import type { Redis } from 'ioredis';
import { systemClock as clock } from '../core/clock.ts';
import type { Rate } from '../core/units.ts';
import type { Engine } from '../fetch/engine.ts';
import type { QueueConnection } from './connect.ts';
import { NEWS_CHANNEL, type RunKeys } from './keys.ts';
import type { RunState } from './run-record.ts';
import { runScript } from './scripts.ts';
import { SharedGate } from './shared-gate.ts';

const BEAT_MS = 2_000;
/** Shares of the requests in flight follow the work sooner. */
const SHARE_BEAT_MS = 1_000;
/** A share of a worker that is silent for so long is another's; the worker itself uses it for less. */
const SHARE_MS = 5_000;
const SHARE_VALID_MS = 4_000;

/** The parts of an engine that a paused or ended run controls. */
type Watched = Pick<Engine, 'stop' | 'dispatcher'>;

/** `lost`: the queue does not know the run any more. */
export type WatchedState = RunState | 'lost';

/** What the worker asks for. */
export interface WatchSettings {
  readonly concurrency: number | 'auto';
  readonly rate: Rate | null;
}

export class RunWatch {
  readonly #connection: QueueConnection;
  readonly #keys: RunKeys;
  readonly #who: string;
  readonly #settings: WatchSettings;
  readonly #isWorker: boolean;
  readonly #gates = new Map<string, SharedGate>();
  #engine: Watched | null = null;
  #news: Redis | null = null;
  #beating: NodeJS.Timeout | undefined;
  #tick: () => Promise<void> = async () => {};
  /** Whether there are pages to fetch. */
  hasPages: () => boolean = () => true;
  /** Requests that it may have in flight; null where no number holds for all workers together. */
  #share: number | null = null;
  #shareUntil = Number.POSITIVE_INFINITY;
  state: WatchedState = 'active';

  /** @param isWorker false for a process that only coordinates: it is not counted */
  constructor(
    connection: QueueConnection,
    keys: RunKeys,
    who: string,
    settings: WatchSettings,
    isWorker = true,
  ) {
    this.#isWorker = isWorker;
    this.#connection = connection;
    this.#keys = keys;
    this.#who = who;
    this.#settings = settings;
  }

  /** Nothing starts while the run is paused, or while the queue does not say that it is not. */
  get isHeld(): boolean {
    return this.state !== 'active';
  }

  /** The gate of a limiter of the engine that works for the run. */
  makeGate(limiter: string): SharedGate {
    const gate = new SharedGate(limiter, {
      redis: this.#connection.redis,
      clock,
      who: this.#who,
      run: this.#keys.run,
      rate: this.#settings.rate,
      isHeld: () => this.isHeld,
      wake: () => this.#engine?.dispatcher.wake(),
      fail: (error) => {
        // While the queue restarts, the gate stays shut. What is not the queue's would keep it shut for ever.
        if (isFault(error)) this.#engine?.dispatcher.fail(error);
      },
    });
    this.#gates.set(gate.keys.gate, gate);
    return gate;
  }

  /**
   * Begins to listen.
   *
   * @param engine is stopped when the run has ended
   * @param tick is called every second or two while the run is active
   */
  async begin(engine: Watched, tick: () => Promise<void>): Promise<void> {
    this.#engine = engine;
    this.#tick = tick;
    const isShared = this.#settings.concurrency !== 'auto';
    if (isShared) this.#setShare(0);
    const news = this.#connection.another();
    this.#news = news;
    news.on('message', (_channel, message: string) => {
      const [what, key = '', epoch, until] = message.split(' ');
      if (what === 'pause') this.#gates.get(key)?.heard(Number(epoch), Number(until));
      if (what === 'state' && key === this.#keys.run) void this.#beat();
    });
    await news.subscribe(NEWS_CHANNEL);
    const beatMs = isShared ? SHARE_BEAT_MS : BEAT_MS;
    this.#beating = setInterval(() => {
      if (clock.now() > this.#shareUntil) this.#setShare(0);
      void this.#beat();
    }, beatMs);
    await this.#beat();
  }

  /** There are pages to fetch: a worker without a share asks for one. */
  hasWork(): void {
    if (this.#share === 0 && this.#beating !== undefined) void this.#beat();
  }

  async end(): Promise<void> {
    clearInterval(this.#beating);
    this.#news?.disconnect();
    await Promise.all([...this.#gates.values()].map((gate) => gate.close()));
    const { redis } = this.#connection;
    await Promise.all([
      redis.zrem(this.#keys.workers, this.#who),
      this.#share === null ? null : redis.hdel(this.#keys.shares, this.#who),
    ]).catch(() => {});
  }

  set(state: WatchedState): void {
    // A queue that was emptied may be told of the run again.
    if (state === this.state || (hasEnded(this.state) && this.state !== 'lost')) return;
    this.state = state;
    if (state === 'active') this.#engine?.dispatcher.wake();
    if (hasEnded(state)) this.#engine?.stop({ kind: 'aborted' });
  }

  async #beat(): Promise<void> {
    const { run, workers, shares } = this.#keys;
    const { concurrency } = this.#settings;
    const askedAt = clock.now();
    try {
      const { redis } = this.#connection;
      const values = [
        this.#who,
        concurrency === 'auto' ? '' : concurrency,
        this.#engine?.dispatcher.inFlight ?? 0,
        this.hasPages() ? 1 : 0,
        this.#connection.leaseMs(SHARE_MS),
        this.#isWorker ? 1 : 0,
      ];
      const answer = await runScript(redis, 'beat', [run, workers, shares], values);
      const [state, share] = answer as [RunState | -1, number];
      if (concurrency !== 'auto') {
        this.#shareUntil = askedAt + this.#connection.leaseMs(SHARE_VALID_MS);
        this.#setShare(share);
      }
      this.set(state === -1 ? 'lost' : state);
      if (this.state === 'active') await this.#tick();
    } catch {
      // The queue restarts; the gates stay shut until it answers.
    }
  }

  #setShare(share: number): void {
    if (share === this.#share) return;
    this.#share = share;
    this.#engine?.dispatcher.change({ concurrency: share, rate: this.#settings.rate });
  }
}

/** Whether the program has a fault, not the queue. */
function isFault(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError;
}

/** For a worker: nothing it does counts any more. */
function hasEnded(state: WatchedState): boolean {
  return state === 'finished' || state === 'cancelled' || state === 'lost';
}
