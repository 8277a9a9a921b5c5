import { type EventLoopUtilization, performance } from 'node:perf_hooks';

/** A shorter look would catch single turns. */
const LOOK_MS = 250;
/** What comes with the first answers is loading. A run of one page is over by then, and never loads `perf_hooks`. */
const LOADING_MS = 20;
/** Fetching as fast as it can this thread is busy for 0.7 to 0.95 of the time; behind any network for less than 0.3. */
const BUSY_PART = 0.5;

/**
 * Whether this thread has little time to spare. Answers are then late because of us, so their latency
 * says nothing about the server.
 */
export class BusyMeter {
  #last: EventLoopUtilization | null = null;
  #lookedAt: number | null = null;
  #isBusy = false;

  isBusy(now: number): boolean {
    this.#lookedAt ??= now;
    if (now - this.#lookedAt < (this.#last === null ? LOADING_MS : LOOK_MS)) return this.#isBusy;
    if (this.#last !== null) {
      this.#isBusy = performance.eventLoopUtilization(this.#last).utilization > BUSY_PART;
    }
    this.#last = performance.eventLoopUtilization();
    this.#lookedAt = now;
    return this.#isBusy;
  }
}
