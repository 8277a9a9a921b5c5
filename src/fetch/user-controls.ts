/** What a user may change while a run goes on, and see of it. */
import type { ArchiveThread } from '../archive-thread/archive-thread.ts';
import type { PaceSettings } from '../pace/pace.ts';
import type { LivePace } from '../report/live-data.ts';
import type { Engine } from './engine.ts';
import { MOST_BY_AUTO, mostOfControlled } from './open-transport.ts';

export interface ControlState {
  readonly isPaused: boolean;
  /** Requests in flight. */
  readonly inFlight: number;
  /** Null before the run begins. */
  readonly pace: LivePace | null;
  /** What `concurrency` may be at most: there are so many connections. */
  readonly mostConcurrency: number;
}

/** A run that its user may control. */
export interface Controlled {
  readonly controls?: UserControls;
}

/** A rate is kept to over so long, as `--rate 5/s` is. */
const RATE_MS = 1_000;

/**
 * Pauses a run, resumes it, and changes its pace. It outlives one reading of the list: what the user said
 * in the first reading of `--prove` holds in the second.
 *
 * A pause keeps everything from being started; what is in flight arrives. `--max-wait` does not count it,
 * `--deadline` does. What a server asked for (`Retry-After`) holds after it as it would have without.
 */
export class UserControls {
  #engine: Engine | null = null;
  #thread: ArchiveThread | null = null;
  #isPaused = false;
  #pace: PaceSettings | null = null;
  #mostConcurrency = MOST_BY_AUTO;
  /** Whether somebody looks, so that the end of the run is worth a report. */
  isWatched = false;
  /** What a report shows of the run that has ended; null where nobody looked. */
  finalReport: Uint8Array | null = null;

  get state(): ControlState {
    const settings = this.#pace ?? this.#engine?.options ?? null;
    return {
      isPaused: this.#isPaused,
      inFlight: this.#engine?.dispatcher.inFlight ?? 0,
      pace: settings === null ? null : userPace(settings),
      mostConcurrency: this.#mostConcurrency,
    };
  }

  pause(): void {
    this.#isPaused = true;
    this.#engine?.dispatcher.hold();
  }

  resume(): void {
    this.#isPaused = false;
    this.#engine?.dispatcher.release();
  }

  /** @param concurrency from 1 to `mostConcurrency`, or auto */
  setPace({ concurrency, perSecond }: LivePace): void {
    const rate =
      perSecond === null ? null : { count: perSecond * (RATE_MS / 1_000), perMs: RATE_MS };
    this.#pace = { concurrency, rate };
    this.#engine?.dispatcher.change(this.#pace);
  }

  /** What a report shows of the run so far, as `packReport` gives it; null where there is nothing yet. */
  async report(): Promise<Uint8Array | null> {
    const [engine, thread] = [this.#engine, this.#thread];
    if (engine === null || thread === null) return null;
    try {
      const { paceLog } = engine;
      return await thread.call('report', { notes: paceLog.take(), open: paceLog.open });
    } catch {
      // The run ends by what went wrong there; this was a look at it.
      return null;
    }
  }

  /** A reading begins. */
  attach(engine: Engine, thread: ArchiveThread): void {
    this.#engine = engine;
    this.#thread = thread;
    this.#mostConcurrency = mostOfControlled(engine.options);
    if (this.#pace !== null) engine.dispatcher.change(this.#pace);
    if (this.#isPaused) engine.dispatcher.hold();
  }

  /** Its pages are fetched: there is nothing to control any more. */
  detach(): void {
    this.#engine = null;
    this.#thread = null;
  }
}

function userPace({ concurrency, rate }: PaceSettings): LivePace {
  return { concurrency, perSecond: rate === null ? null : (rate.count * 1_000) / rate.perMs };
}
