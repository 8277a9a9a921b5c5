/**
 * Time in which this process ran. While it is stopped (SIGSTOP, a laptop's lid, a debugger) a server
 * waits in vain, so that time is not the server's: what is open then begins afresh.
 */

/** Looks that come so many times later than they are due show that nothing ran. */
const LATE = 2;
/** A busy machine may be so late. */
const LEAST_STOP_MS = 2000;

export class RunningTime {
  #lookedAt = performance.now();
  #stoodMs = 0;
  #stops = 0;

  /** Nobody has looked for a while, since nothing was waited for. */
  begin(): void {
    this.#lookedAt = performance.now();
  }

  /** How often the process was stopped, as far as was looked. */
  get stops(): number {
    return this.#stops;
  }

  /** To be called at least so often while something is waited for. Gives how often the process was stopped. */
  look(everyMs: number): number {
    const now = performance.now();
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
    return performance.now() - this.#stoodMs;
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
