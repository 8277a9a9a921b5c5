/**
 * From a run's first refusal to its first rate: a guess grows until it is refused again, and then
 * both refusals together show rate and burst.
 */
import type { AcceptedHistory } from './limiter-fit.ts';
import { fitRateAndBurst, type Segment } from './limiter-fit.ts';
import { OWN_PAUSE_MS } from './pause-gate.ts';
import type { RefusalEvent } from './short-window.ts';

/** Accepted requests between two refusals that make an estimate. */
export const ENOUGH = 12;
/** So many may be in flight after the first refusal: they are refused if the server's bucket is empty. */
const PART_AT_ONCE = 1 / 40;
/** After a refusal that comes after few requests: the next rate as a part of what was accepted. */
const SLOW_PART = 0.7;
/** Where likely rates lie so far apart, they are measured once more. */
const WIDE = 1.3;

/** The moment of a refusal: the rate in requests per millisecond. */
export interface Circumstances {
  readonly rate: number;
  readonly roundTripMs: number;
  /** One request in the shortest wait that the server named; 0 where it named none. */
  readonly promisedRate: number;
}

export interface Measured {
  /** What is known now, or null where too little was accepted to tell. */
  readonly found: { readonly low: number; readonly high: number; readonly burst: number } | null;
  /** At which rate to measure once more, or null where it is enough. */
  readonly nextRate: number | null;
  readonly accepted: number;
}

export class Measurement {
  #startedAt = 0;
  #firstAt = 0;
  #firstRate = 0;
  #ownPauseMs = OWN_PAUSE_MS;
  #isSlow = false;
  /** The first refusal came before enough was accepted to tell anything. */
  #isUninformed = false;
  /** The lowest rate that was refused. */
  #refusedAt = Number.POSITIVE_INFINITY;
  #segments: Segment[] = [];

  /** Refused again after a few requests: a low rate, of which every refusal is a large part. */
  get isSlow(): boolean {
    return this.#isSlow;
  }

  get ownPauseMs(): number {
    return this.#ownPauseMs;
  }

  /**
   * @param startedAt when the first request arrived
   * @returns the rate to go on with after the first refusal
   */
  first(
    history: AcceptedHistory,
    event: RefusalEvent,
    startedAt: number,
    roundTripMs: number,
    isLong: boolean,
  ): number {
    this.#startedAt = startedAt;
    const ms = Math.max(1, event.firstAt - startedAt);
    // Of requests sent together, some that were accepted were sent after one that was refused.
    const accepted = history.between(Number.NEGATIVE_INFINITY, event.openAt) - 1;
    this.#firstAt = event.lastAt;
    this.#firstRate = accepted / ms;
    const pauseMs = event.openAt - event.lastAt;
    const atOnce = Math.max(1, accepted * PART_AT_ONCE) / Math.max(1, roundTripMs);
    // A refusal at once means that others had used the limit up: it says nothing of the rate.
    this.#isUninformed = accepted < ENOUGH;
    if (this.#isUninformed) return Math.min(atOnce, Math.max(1, accepted) / (ms + OWN_PAUSE_MS));
    const byAccepted = accepted / (ms + (isLong ? pauseMs : OWN_PAUSE_MS));
    return Math.min(byAccepted, atOnce);
  }

  /** The next guess. It grows slowly beyond what the run's start had accepted: no bucket refills faster. */
  grown(rate: number): number {
    if (this.#isSlow || this.#isUninformed) return 1.5 * rate;
    return Math.min(1.6 * rate, Math.max(1.1 * this.#firstRate, 1.06 * rate));
  }

  /** The burst is not known yet: rate and burst must explain all refusals so far together. */
  next(
    history: AcceptedHistory,
    last: RefusalEvent,
    event: RefusalEvent,
    { rate, roundTripMs, promisedRate }: Circumstances,
  ): Measured {
    const accepted = history.between(last.lastAt, event.firstAt);
    const spanMs = Math.max(1, event.firstAt - last.lastAt);
    if (accepted < ENOUGH) {
      const slowRate = (SLOW_PART * Math.max(1, accepted)) / spanMs;
      // A server that names a wait says that one request may follow it: the rate is no slower.
      const nextRate = Math.min(rate, Math.max(slowRate, promisedRate));
      this.#ownPauseMs = Math.max(OWN_PAUSE_MS, 1.5 / nextRate);
      this.#isSlow = true;
      return { found: null, nextRate, accepted };
    }
    this.#segments.push({ from: last.lastAt, to: event.firstAt, accepted });
    // The number in flight may have held requests below the rate that was set.
    const lately = Math.max(250, 2 * roundTripMs, 8 / rate);
    const used = history.between(event.firstAt - lately, event.firstAt) / lately;
    this.#refusedAt = Math.min(this.#refusedAt, rate, 1.15 * used);
    const fit = fitRateAndBurst(
      history,
      this.#startedAt,
      this.#firstAt,
      this.#segments,
      this.#refusedAt,
    );
    const isWide = fit.mostLikely > WIDE * fit.leastLikely;
    const high = Math.max(1.02 * fit.rate, fit.mostLikely);
    const isOnceMore = isWide && !this.#isSlow && this.#segments.length === 1;
    const nextRate = isOnceMore ? Math.sqrt(fit.leastLikely * fit.mostLikely) : null;
    if (!isOnceMore) this.#segments = [];
    return { found: { low: fit.rate, high, burst: fit.burst }, nextRate, accepted };
  }
}
