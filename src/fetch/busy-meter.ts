import { performance } from 'node:perf_hooks';

/** A shorter look would catch single turns. */
const LOOK_MS = 250;
/** Fetching as fast as it can this thread is busy for 0.7 to 0.95 of the time; behind any network for less than 0.3. */
const BUSY_PART = 0.5;

/**
 * Whether this thread has little time to spare. Answers are then late because of us, so their latency
 * says nothing of the server.
 */
export class BusyMeter {
  #last = performance.eventLoopUtilization();
  #lookedAt: number | null = null;
  #isBusy = false;

  isBusy(now: number): boolean {
    if (this.#lookedAt === null) {
      // What came before the first answer was loading.
      this.#last = performance.eventLoopUtilization();
      this.#lookedAt = now;
    } else if (now - this.#lookedAt >= LOOK_MS) {
      this.#isBusy = performance.eventLoopUtilization(this.#last).utilization > BUSY_PART;
      this.#last = performance.eventLoopUtilization();
      this.#lookedAt = now;
    }
    return this.#isBusy;
  }
}
