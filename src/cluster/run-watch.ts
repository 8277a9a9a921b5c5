/** What a process that works for a run hears of it: its state, and the pauses that others are told. */
import type { Redis } from 'ioredis';
import { systemClock as clock } from '../core/clock.ts';
import type { Rate } from '../core/units.ts';
import type { Engine } from '../fetch/engine.ts';
import type { QueueConnection } from './connect.ts';
import { NEWS_CHANNEL, type RunKeys } from './keys.ts';
import type { RunState } from './run-record.ts';
import { runScript } from './scripts.ts';
import { SharedGate } from './shared-gate.ts';

const BEAT_MS = 1_000;

/** What a run that is paused or has ended does to an engine. */
type Watched = Pick<Engine, 'stop' | 'dispatcher'>;

/** `lost`: the queue does not know the run any more. */
export type WatchedState = RunState | 'lost';

export class RunWatch {
  readonly #connection: QueueConnection;
  readonly #keys: RunKeys;
  readonly #who: string;
  readonly #gates = new Map<string, SharedGate>();
  #engine: Watched | null = null;
  #news: Redis | null = null;
  #beating: NodeJS.Timeout | undefined;
  #tick: () => Promise<void> = async () => {};
  state: WatchedState = 'active';

  constructor(connection: QueueConnection, keys: RunKeys, who: string) {
    this.#connection = connection;
    this.#keys = keys;
    this.#who = who;
  }

  /** Nothing starts while the run is paused, or while the queue does not say that it is not. */
  get isHeld(): boolean {
    return this.state !== 'active';
  }

  /** The gate of a limiter of the engine that works for the run. */
  makeGate(limiter: string, rate: Rate | null): SharedGate {
    const gate = new SharedGate(limiter, {
      redis: this.#connection.redis,
      clock,
      rate,
      isHeld: () => this.isHeld,
      wake: () => this.#engine?.dispatcher.wake(),
      fail: () => {},
    });
    this.#gates.set(gate.key, gate);
    return gate;
  }

  /**
   * Begins to listen.
   *
   * @param engine is stopped when the run has ended
   * @param tick is called about once a second while the run is active
   */
  async begin(engine: Watched, tick: () => Promise<void>): Promise<void> {
    this.#engine = engine;
    this.#tick = tick;
    const news = this.#connection.another();
    this.#news = news;
    news.on('message', (_channel, message: string) => {
      const [what, key = ''] = message.split(' ');
      if (what === 'pause') this.#gates.get(key)?.heard();
      if (what === 'state' && key === this.#keys.run) void this.#beat();
    });
    await news.subscribe(NEWS_CHANNEL);
    this.#beating = setInterval(() => void this.#beat(), BEAT_MS);
    await this.#beat();
  }

  async end(): Promise<void> {
    clearInterval(this.#beating);
    this.#news?.disconnect();
    await this.#connection.redis.zrem(this.#keys.workers, this.#who).catch(() => {});
  }

  set(state: WatchedState): void {
    // A queue that was emptied may be told of the run again.
    if (state === this.state || (hasEnded(this.state) && this.state !== 'lost')) return;
    this.state = state;
    if (state === 'active') this.#engine?.dispatcher.wake();
    if (hasEnded(state)) this.#engine?.stop({ kind: 'aborted' });
  }

  async #beat(): Promise<void> {
    const { run, workers } = this.#keys;
    try {
      const { redis } = this.#connection;
      const state = await runScript(redis, 'beat', [run, workers], [this.#who]);
      this.set(state === -1 ? 'lost' : (state as RunState));
      if (this.state === 'active') await this.#tick();
    } catch {
      // The queue restarts; the gates stay shut until it answers.
    }
  }
}

/** For a worker: nothing it does counts any more. */
function hasEnded(state: WatchedState): boolean {
  return state === 'finished' || state === 'cancelled' || state === 'lost';
}
