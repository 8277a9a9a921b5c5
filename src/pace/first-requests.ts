import type { AcceptedHistory } from './limiter-fit.ts';

/**
 * When the first requests arrived: they waited for a connection, each for its own over HTTP/1.1, so
 * their time of sending says little.
 */
export class FirstRequests {
  /** When the first answer came. What was sent before may have waited for a connection. */
  answeredAt: number;
  #waiting: { readonly sentAt: number; readonly answeredAt: number }[] = [];

  /** @param isKnown nothing needs to be known of them */
  constructor(isKnown = false) {
    this.answeredAt = isKnown ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }

  /** A request that was sent before `answeredAt` was accepted. */
  add(sentAt: number, now: number): void {
    this.answeredAt = Math.min(this.answeredAt, now);
    this.#waiting.push({ sentAt, answeredAt: now });
  }

  /**
   * Puts them into the history.
   *
   * @param tookMs an answer takes so long without a connection to make
   * @returns when the first request arrived, or null where none was kept
   */
  arrive(history: AcceptedHistory, tookMs: number): number | null {
    if (this.#waiting.length === 0) return null;
    for (const { sentAt, answeredAt } of this.#waiting) {
      history.add(Math.max(sentAt, answeredAt - tookMs));
    }
    this.#waiting = [];
    return this.answeredAt - tookMs;
  }
}
