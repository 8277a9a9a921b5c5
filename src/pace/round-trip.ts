import type { AcceptedHistory } from './limiter-fit.ts';

/** How much one answer moves the mean. */
const WEIGHT = 1 / 16;

/**
 * How long an answer takes, and when the first requests arrived: they waited for a connection, each for
 * its own over HTTP/1.1, so their time of sending says little.
 */
export class RoundTrip {
  #ms = 0;
  #answeredAt: number | null = null;
  #waiting: { readonly sentAt: number; readonly answeredAt: number }[] = [];

  get ms(): number {
    return this.#ms;
  }

  answered(sentAt: number, now: number): void {
    const tookMs = now - sentAt;
    if (this.#answeredAt === null) [this.#ms, this.#answeredAt] = [tookMs, now];
    this.#ms += (tookMs - this.#ms) * WEIGHT;
  }

  /** @returns whether it was sent before anything was answered; then `arrive` puts it into the history */
  waited(sentAt: number, now: number): boolean {
    if (sentAt >= (this.#answeredAt ?? 0)) return false;
    this.#waiting.push({ sentAt, answeredAt: now });
    return true;
  }

  /**
   * A request has shown how long an answer takes without a connection to make.
   *
   * @returns when the first request arrived
   */
  arrive(history: AcceptedHistory, tookMs: number): number {
    this.#ms = Math.min(this.#ms, tookMs);
    for (const { sentAt, answeredAt } of this.#waiting) {
      history.add(Math.max(sentAt, answeredAt - this.#ms));
    }
    this.#waiting = [];
    return (this.#answeredAt ?? 0) - this.#ms;
  }
}
