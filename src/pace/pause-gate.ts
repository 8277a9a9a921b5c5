/**
 * The gate of one limiter. It is open until a server asks for a pause. Then nothing starts before
 * the latest deadline that any response stated. After that one request, the canary, goes out alone;
 * if it is accepted, the gate opens. How fast requests follow then, the rate says.
 */
import type { LimiterPause } from './pace.ts';

export interface RefusedRequest {
  /** When the refused request was sent. */
  readonly sentAt: number;
  readonly now: number;
  /** What the server asked for, or null where it said nothing usable. */
  readonly retryAfterMs: number | null;
}

/** First pause where the server names none, and how it grows while canaries are refused. */
export const OWN_PAUSE_MS = 500;
const OWN_PAUSE_GROWTH = 2;
const OWN_PAUSE_CAP_MS = 60_000;
const JITTER = 0.2;

export class PauseGate {
  /** Nothing starts before this time; the server's own deadlines only ever move it forward. */
  #opensAt = Number.NEGATIVE_INFINITY;
  /** The part of it that a server stated: beyond that the wait is our own. */
  #statedUntil = Number.NEGATIVE_INFINITY;
  #closedAt = Number.NEGATIVE_INFINITY;
  #firstPauseMs = OWN_PAUSE_MS;
  #ownPauseMs = OWN_PAUSE_MS;
  /** Whether only a canary may go. */
  #isProving = false;
  #canarySentAt: number | null = null;
  readonly #random: () => number;
  /** When the current run of refusals began, or null after a success. */
  #refusedSince: number | null = null;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Time from which the next request may start. */
  get opensAt(): number {
    return this.#opensAt;
  }

  /** The latest deadline that a server stated; in the past while there is none. */
  get statedUntil(): number {
    return this.#statedUntil;
  }

  /** Nothing is waited for, and nothing is to be proved. */
  isOpen(now: number): boolean {
    return !this.#isProving && now >= this.#opensAt;
  }

  /** The pause where the server names none, once more is known of it than the default. */
  set firstPauseMs(value: number) {
    this.#firstPauseMs = value;
    if (this.#refusedSince === null) this.#ownPauseMs = value;
  }

  /** Milliseconds since the first refusal that no success has followed; 0 where there is none. */
  refusedForMs(now: number): number {
    return this.#refusedSince === null ? 0 : now - this.#refusedSince;
  }

  /** Nothing was asked for so long by the user's own will, which is no refusal of the server's. */
  excuse(ms: number, now: number): void {
    if (this.#refusedSince !== null) this.#refusedSince = Math.min(now, this.#refusedSince + ms);
  }

  /** Infinity while the canary is out. */
  startableAt(): number {
    return this.#canarySentAt === null ? this.#opensAt : Number.POSITIVE_INFINITY;
  }

  started(now: number): void {
    if (this.#isProving) this.#canarySentAt = now;
  }

  /** Call once for each `started`, whatever came of the request, before `succeeded` or `refused`. */
  ended(sentAt: number): void {
    // Requests from before the pause may still come back while the canary is out.
    if (sentAt === this.#canarySentAt) this.#canarySentAt = null;
  }

  /**
   * A response that was not a refusal.
   * @returns whether it was the canary that opened the gate
   */
  succeeded(sentAt: number): boolean {
    // An answer to a request from before the pause says nothing about the time after it.
    if (!this.#isProving || sentAt < this.#opensAt) return false;
    this.#refusedSince = null;
    this.#ownPauseMs = this.#firstPauseMs;
    this.#isProving = false;
    return true;
  }

  /** A deadline that came with a response which was no refusal: nothing to prove after it. */
  hold(until: number): void {
    this.#statedUntil = Math.max(this.#statedUntil, until);
    this.#opensAt = Math.max(this.#opensAt, until);
  }

  /**
   * A response that asked for a pause.
   * @returns how long the gate is closed from now, and whether this is a new pause (requests
   * sent before the gate closed belong to the pause that closed it)
   */
  refused({ sentAt, now, retryAfterMs }: RefusedRequest): LimiterPause {
    const isNew = sentAt >= this.#closedAt && sentAt >= this.#opensAt;
    const statedMs = retryAfterMs ?? 0;
    if (isNew) {
      const isCanary = this.#refusedSince !== null;
      if (isCanary)
        this.#ownPauseMs = Math.min(OWN_PAUSE_CAP_MS, this.#ownPauseMs * OWN_PAUSE_GROWTH);
      this.#refusedSince ??= now;
      this.#closedAt = now;
      // A stated wait is believed once: where the canary after it was refused, the longer one counts.
      const believed = statedMs > 0 && !isCanary;
      // Jitter, so that canaries fall into no other client's rhythm.
      const ownMs = this.#ownPauseMs * (1 - JITTER / 2 + JITTER * this.#random());
      if (!believed) this.#opensAt = Math.max(this.#opensAt, now + ownMs);
    }
    this.hold(now + statedMs);
    this.#isProving = true;
    return { waitMs: Math.max(0, this.#opensAt - now), isNew };
  }
}
