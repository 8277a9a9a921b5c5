/** When a connection was last heard, and when it is to be asked (PING) or given up. */
import type { TransportTuning } from './transport.ts';

export type SilenceStep = 'wait' | 'ask' | 'give-up';

export class ConnectionSilence {
  readonly #tuning: TransportTuning;
  /** Counts what came, so that silence shows without a clock call for every chunk. */
  #heard = 0;
  #heardAtSweep = 0;
  #lastHeardAt = performance.now();
  #askedAt: number | null = null;

  constructor(tuning: TransportTuning) {
    this.#tuning = tuning;
  }

  /** How often it was heard; the same again means silence in between. */
  get heard(): number {
    return this.#heard;
  }

  onHeard(): void {
    this.#heard += 1;
  }

  onAsked(now: number): void {
    this.#askedAt = now;
  }

  onAnswer(): void {
    this.#askedAt = null;
    this.#heard += 1;
  }

  /** Called about once a second. */
  sweep(now: number, isBusy: boolean): SilenceStep {
    if (this.#heard !== this.#heardAtSweep) {
      this.#heardAtSweep = this.#heard;
      this.#lastHeardAt = now;
      return 'wait';
    }
    if (this.#askedAt !== null) {
      return now - this.#askedAt > this.#tuning.pingTimeoutMs ? 'give-up' : 'wait';
    }
    return isBusy && now - this.#lastHeardAt > this.#tuning.silenceMs ? 'ask' : 'wait';
  }

  /** An idle connection is taken up again; it may be dead without our knowing. */
  wake(now: number): 'wait' | 'ask' {
    // Heard since the last sweep means at most a sweep ago.
    const isFresh = this.#heard !== this.#heardAtSweep;
    const isLong = now - this.#lastHeardAt > this.#tuning.idleCheckMs;
    this.#heardAtSweep = this.#heard;
    this.#lastHeardAt = now;
    return !isFresh && isLong && this.#askedAt === null ? 'ask' : 'wait';
  }
}
