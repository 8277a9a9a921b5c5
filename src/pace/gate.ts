/**
 * pace/ says WHEN a request may start: pure state machines that are told the time and never do
 * I/O or set timers. They import core/ alone.
 *
 * The gate of one bucket. It is open until a server asks for a pause; then nothing starts before
 * the latest deadline any response stated; then one canary goes out, and each success lets one more
 * be in flight, which doubles it every round trip, until the gate is fully open again.
 */
export interface Refusal {
  /** When the refused request was sent. */
  readonly sentAt: number;
  readonly now: number;
  /** What the server asked for, or null where it said nothing usable. */
  readonly retryAfterMs: number | null;
}

/** First pause where the server names none, and how it grows while canaries are refused. */
const OWN_PAUSE_MS = 500;
const OWN_PAUSE_GROWTH = 1.7;
const OWN_PAUSE_CAP_MS = 60_000;
/** In flight at which a reopened gate counts as fully open. */
const RAMP_END = 64;

export class Gate {
  /** Nothing starts before this time; the server's own deadlines only ever move it forward. */
  #opensAt = Number.NEGATIVE_INFINITY;
  #closedAt = Number.NEGATIVE_INFINITY;
  #ownPauseMs = OWN_PAUSE_MS;
  /** Most requests in flight, Infinity when fully open. */
  #allowance = Number.POSITIVE_INFINITY;
  #inFlight = 0;
  /** When the current run of refusals began, or null after a success. */
  #refusedSince: number | null = null;

  /** Time from which the next request may start, not counting the allowance. */
  get opensAt(): number {
    return this.#opensAt;
  }

  /** Milliseconds since the first refusal that no success has followed; 0 where there is none. */
  refusedForMs(now: number): number {
    return this.#refusedSince === null ? 0 : now - this.#refusedSince;
  }

  mayStart(now: number): boolean {
    return now >= this.#opensAt && this.#inFlight < this.#allowance;
  }

  started(): void {
    this.#inFlight += 1;
  }

  /** Call once for each `started`, whatever came of the request. */
  ended(): void {
    this.#inFlight -= 1;
  }

  /** A response that was not a refusal: the canary came through, or the ramp goes on. */
  succeeded(sentAt: number): void {
    // An answer to a request from before the pause says nothing about the time after it.
    if (sentAt < this.#opensAt) return;
    this.#refusedSince = null;
    this.#ownPauseMs = OWN_PAUSE_MS;
    this.#allowance = this.#allowance < RAMP_END ? this.#allowance + 1 : Number.POSITIVE_INFINITY;
  }

  /**
   * A response that asked for a pause.
   * @returns how long the bucket is closed from now, and whether this is a new pause (requests
   * sent before the gate closed belong to the pause that closed it)
   */
  refused({ sentAt, now, retryAfterMs }: Refusal): { waitMs: number; isNew: boolean } {
    const isNew = sentAt >= this.#closedAt && now >= this.#opensAt;
    if (isNew) {
      const isCanary = this.#refusedSince !== null;
      if (isCanary)
        this.#ownPauseMs = Math.min(OWN_PAUSE_CAP_MS, this.#ownPauseMs * OWN_PAUSE_GROWTH);
      this.#refusedSince ??= now;
      this.#closedAt = now;
      this.#opensAt = now + (retryAfterMs ?? this.#ownPauseMs);
    } else if (retryAfterMs !== null) {
      this.#opensAt = Math.max(this.#opensAt, now + retryAfterMs);
    }
    this.#allowance = 1;
    return { waitMs: Math.max(0, this.#opensAt - now), isNew };
  }
}
