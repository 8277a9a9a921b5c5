/**
 * Time as the rest of the program sees it. It is a value, so that state machines can be tested on a
 * fake one.
 */
export interface Clock {
  /** Milliseconds that never run backwards; for durations and deadlines of this process. */
  now(): number;
  /** Milliseconds since 1970 by the machine's clock; for what is stored and shown. */
  wallTime(): number;
}

export const systemClock: Clock = {
  /** Not `performance.now`, which is no faster: loading what stands behind it takes 3 ms in each thread. */
  now() {
    // Not taken apart by a pattern, which would make an iterator for each of a page's looks at the clock.
    const time = process.hrtime();
    return time[0] * 1e3 + time[1] / 1e6;
  },
  wallTime: Date.now,
};

/*
 * Time in which this process ran. While it is stopped (SIGSTOP, a laptop's lid, a debugger) a server
 * waits in vain, so that time is not the server's: what is open then begins afresh.
 */

/** Looks that come so many times later than they are due show that nothing ran. */
const LATE = 2;
/** A busy machine may be so late. */
const LEAST_STOP_MS = 2000;

class RunningTime {
  #lookedAt = systemClock.now();
  #stoodMs = 0;
  #stops = 0;

  /** Nobody has looked for a while, since nothing was waited for. */
  begin(): void {
    this.#lookedAt = systemClock.now();
  }

  /** How often the process was stopped, as far as was looked. */
  get stops(): number {
    return this.#stops;
  }

  /** To be called at least so often while something is waited for. Gives how often the process was stopped. */
  look(everyMs: number): number {
    const now = systemClock.now();
    const sinceMs = now - this.#lookedAt;
    this.#lookedAt = now;
    if (sinceMs > Math.max(LATE * everyMs, LEAST_STOP_MS)) {
      this.#stoodMs += sinceMs;
      this.#stops += 1;
    }
    return this.#stops;
  }

  /** Milliseconds, without those in which the process stood. */
  now(): number {
    return systemClock.now() - this.#stoodMs;
  }
}

/** Of this process. */
export const runningTime = new RunningTime();

const SLICES = 4;
const LONGEST_SLICE_MS = 1000;

/**
 * A timeout that counts running time: it goes by slices, and one that ends late counts once.
 *
 * @returns what cancels it
 */
export function setRunningTimeout(callback: () => void, ms: number): () => void {
  const slice = Math.max(1, Math.min(LONGEST_SLICE_MS, Math.ceil(ms / SLICES)));
  let left = ms;
  let timer: NodeJS.Timeout;
  const next = (): void => {
    const part = Math.min(slice, left);
    timer = setTimeout(() => {
      left -= part;
      if (left > 0) next();
      else callback();
    }, part);
  };
  next();
  return () => clearTimeout(timer);
}
